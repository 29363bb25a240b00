"""Tables of numbers as text."""

import csv
import io
from collections.abc import Iterable, Sequence

DIGITS = 9  # as many as it takes to tell two numbers of single precision apart


def as_csv(header: Sequence[str], rows: Iterable[Sequence[float]]) -> str:
    """A CSV table.

    Args:
        header: The names of the columns.
        rows: Their numbers.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([f"{value:.{DIGITS}g}" for value in row] for row in rows)
    return text.getvalue()
