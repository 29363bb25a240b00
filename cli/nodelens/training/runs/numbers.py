"""Tables of numbers as text."""

import csv
import io
from collections.abc import Iterable, Sequence

DIGITS = 9  # enough to distinguish all numbers of single precision


def as_csv(
    header: Sequence[str], rows: Iterable[Sequence[float | str]], digits: int = DIGITS
) -> str:
    """Makes a CSV table.

    Args:
        header: The names of the columns.
        rows: Numbers and texts; those that are no floats are written as they are.
        digits: The significant digits of a float.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(
        [f"{value:.{digits}g}" if isinstance(value, float) else value for value in row]
        for row in rows
    )
    return text.getvalue()
