"""Tables of texts from CSV files, whose columns are read as numbers or dates.

Headers, byte-order marks, separators (comma, semicolon, tab) and decimal commas are recognised.
Empty cells and `NA`, `NaN`, `null`, `-` are missing values.
"""

import csv
import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from nodelens.datasets.dates import FORMS, Calendar, read_date
from nodelens.errors import UsageError

MAX_BYTES = 200_000_000
MISSING = {"", "na", "n/a", "nan", "null", "none", "-"}
SEPARATORS = (";", "\t", ",")


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes:
        path: The file.
        columns: The names of its columns.
        rows: Its cells.
        lines: The line of each row in the file, from 1.
        decimal_comma: True if numbers are written as `1,5`.
    """

    path: Path
    columns: list[str]
    rows: list[list[str]]
    lines: list[int]
    decimal_comma: bool

    def index(self, name: str) -> int:
        """Returns the index of a column.

        Raises:
            UsageError: If there is none of this name.
        """
        if name not in self.columns:
            raise UsageError(
                f"{self.path} has no column {name!r}",
                hint=f"its columns: {', '.join(self.columns)}",
            )
        return self.columns.index(name)

    def numbers(self, column: int) -> np.ndarray:
        """Reads a column as float64; NaN where a value is missing.

        Args:
            column: Its index.

        Raises:
            UsageError: If a cell is no number; row and column are named.
        """
        values = np.empty(len(self.rows))
        for index, row in enumerate(self.rows):
            try:
                values[index] = self._number(row[column].strip())
            except ValueError as error:
                raise self.wrong(
                    index,
                    column,
                    "a number was expected",
                    hint="name the state columns with data.columns, and a column that tells "
                    "trajectories apart with data.trajectory",
                ) from error
        return values

    def times(self, column: int) -> tuple[np.ndarray, Calendar | None]:
        """Reads a column of times, which are numbers or dates.

        Args:
            column: Its index.

        Returns:
            The times as float64; and what the numbers mean, if they are dates.

        Raises:
            UsageError: If a cell is neither, or not what the first one is; row and column are
                named.
        """
        first = self.rows[0][column]
        # 20240301 is a number, unless its column is called a date.
        dated = self.columns[column].lower().startswith("date")
        if (dated or not is_number(first)) and read_date(first) is not None:
            moments = self._dates(column)
            calendar = Calendar.of(moments)
            return calendar.numbers(moments), calendar
        values = np.empty(len(self.rows))
        for index, row in enumerate(self.rows):
            try:
                values[index] = self._number(row[column].strip())
            except ValueError:
                values[index] = np.nan
        if np.isfinite(values).all():
            return values, None
        index = int(np.argmin(np.isfinite(values)))
        expected = "a number" if index else "a number or a date"
        raise self._no_time(index, column, expected)

    def _dates(self, column: int) -> list[datetime]:
        moments: list[datetime] = []
        for index, row in enumerate(self.rows):
            moment = read_date(row[column])
            if moment is None:
                raise self._no_time(index, column, "a date")
            if moments and (moment.tzinfo is None) != (moments[0].tzinfo is None):
                zone = "a time zone" if moment.tzinfo is None else "no time zone"
                raise self._no_time(index, column, f"a date with {zone}")
            moments.append(moment)
        return moments

    def _no_time(self, index: int, column: int, expected: str) -> UsageError:
        before = ", as in the rows before" if index else ""
        return self.wrong(
            index,
            column,
            f"{expected} was expected{before}",
            hint=f"write all times as numbers, or all as dates such as {FORMS}; data.time names "
            "another column",
        )

    def wrong(self, index: int, column: int, expected: str, *, hint: str) -> UsageError:
        """Makes the error of a cell, which names row and column."""
        found = self.rows[index][column].strip()
        return UsageError(
            f"{self.path}, line {self.lines[index]}, column {self.columns[column]!r}: {expected}, "
            f"{found!r} was found",
            hint=hint,
        )

    def _number(self, text: str) -> float:
        if text.lower() in MISSING:
            return float("nan")
        value = float(text.replace(",", ".") if self.decimal_comma else text)
        if np.isinf(value):
            raise ValueError
        return value


def read_table(path: Path) -> Table:
    """Reads a CSV file.

    Raises:
        UsageError: If it is no table: not text, empty, or with rows of different lengths.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path} has more than {MAX_BYTES:,} bytes")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is not UTF-8 text; a CSV file was expected", hint="save it as CSV in UTF-8"
        ) from error
    numbered = [
        (number, line)
        for number, line in enumerate(io.StringIO(text, newline=None), start=1)
        if line.strip() and not line.startswith("#")
    ]
    if not numbered:
        raise UsageError(f"{path} is empty; a header and rows of numbers were expected")
    header = numbered[0][1]
    separator = next((mark for mark in SEPARATORS if mark in header), ",")
    reader = csv.reader((line for _, line in numbered), delimiter=separator)
    cells, lines = [], []
    try:
        for row in reader:
            # A cell in quotes may hold line breaks: a row is named by the line it ends on.
            cells.append([" ".join(cell.split()) for cell in row])
            lines.append(numbered[reader.line_num - 1][0])
    except csv.Error as error:
        raise UsageError(f"{path} cannot be read as CSV: {error}") from error
    decimal_comma = separator != "," and any("," in cell for row in cells[1:] for cell in row)
    columns = cells[0]
    if all(is_number(cell) or read_date(cell) for cell in columns):
        columns = [f"column{index + 1}" for index in range(len(columns))]
    else:
        cells, lines = cells[1:], lines[1:]
    if not cells:
        raise UsageError(f"{path} has a header and no rows")
    for row, line in zip(cells, lines, strict=True):
        if len(row) != len(columns):
            raise UsageError(
                f"{path}, line {line}: {len(columns)} cells were expected, {len(row)} were found"
            )
    if len(set(columns)) != len(columns):
        raise UsageError(f"{path}: two columns have the same name in {', '.join(columns)}")
    return Table(path, columns, cells, lines, decimal_comma)


def is_number(text: str) -> bool:
    """Checks whether a cell is a number, or a missing one."""
    try:
        float(text.replace(",", "."))
    except ValueError:
        return text.lower() in MISSING
    return True
