"""Trajectories from CSV files: a time, the states, perhaps a column that distinguishes them.

Headers, byte-order marks, separators (comma, semicolon, tab) and decimal commas are recognised.
Empty cells and `NA`, `NaN`, `null`, `-` are missing values.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodelens.datasets.trajectories import Points, Trajectory, TrajectoryData
from nodelens.errors import UsageError

MAX_BYTES = 200_000_000
MISSING = {"", "na", "n/a", "nan", "null", "none", "-"}
TIME_NAMES = ("t", "time", "times", "year", "date", "day", "days", "hour", "hours", "seconds", "s")
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

    def numbers(self, column: int, *, missing: bool) -> np.ndarray:
        """Reads a column as float64; NaN where a value is missing.

        Args:
            column: Its index.
            missing: True if values may be missing.

        Raises:
            UsageError: If a cell is no number; row and column are named.
        """
        values = np.empty(len(self.rows))
        for index, row in enumerate(self.rows):
            text = row[column].strip()
            try:
                values[index] = self._number(text)
                valid = np.isfinite(values[index]) or missing
            except ValueError:
                valid = False
            if not valid:
                raise UsageError(
                    f"{self.path}, line {self.lines[index]}, column "
                    f"{self.columns[column]!r}: a number was expected, {text!r} was found",
                    hint="name the columns to use with data.columns",
                )
        return values

    def _number(self, text: str) -> float:
        if text.lower() in MISSING:
            return float("nan")
        value = float(text.replace(",", ".") if self.decimal_comma else text)
        if np.isinf(value):
            raise ValueError
        return value


def read_csv(
    path: Path,
    *,
    time: str | None = None,
    columns: tuple[str, ...] = (),
    trajectory: str | None = None,
) -> TrajectoryData:
    """Reads trajectories from a CSV file.

    Args:
        path: The file.
        time: The time column; by default one that is called like a time, else the first.
        columns: The state columns; by default all others.
        trajectory: The column whose value distinguishes trajectories, if there is one.

    Raises:
        UsageError: If the file cannot be read as trajectories; the message names row and column.
    """
    table = _read_table(path)
    time_index = _time_column(table, time)
    id_index = None if trajectory is None else _column(table, trajectory)
    taken = {time_index, id_index}
    states = [_column(table, name) for name in columns] or [
        index for index in range(len(table.columns)) if index not in taken
    ]
    repeated = [table.columns[index] for index in states if states.count(index) > 1]
    if repeated or taken & set(states):
        wrong = repeated or [table.columns[index] for index in states if index in taken]
        raise UsageError(
            f"data.columns names {wrong[0]!r}, which is there already",
            hint="name each state column once, and neither the time nor the trajectory",
        )
    if not states:
        raise UsageError(f"{path} has no column besides the time {table.columns[time_index]!r}")
    times = table.numbers(time_index, missing=False)
    values = np.stack([table.numbers(index, missing=True) for index in states], axis=1)
    for column, name in enumerate(table.columns[index] for index in states):
        if not np.isfinite(values[:, column]).any():
            raise UsageError(f"{path}: the column {name!r} has no value at all")
    labels = [row[id_index].strip() if id_index is not None else "" for row in table.rows]
    return TrajectoryData(
        trajectories=tuple(_split(path, table, labels, times, values)),
        components=tuple(table.columns[index] for index in states),
        title=path.stem.replace("_", " "),
        source=str(path),
    )


def _read_table(path: Path) -> Table:
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
    if all(_is_number(cell) for cell in columns):
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


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return text.lower() in MISSING
    return True


def _column(table: Table, name: str) -> int:
    if name not in table.columns:
        raise UsageError(
            f"{table.path} has no column {name!r}", hint=f"its columns: {', '.join(table.columns)}"
        )
    return table.columns.index(name)


def _time_column(table: Table, name: str | None) -> int:
    if name is not None:
        return _column(table, name)
    return _known_time(table) or 0


def _known_time(table: Table) -> int | None:
    """The column that is called like a time, if there is one."""
    lowered = [column.lower().split(" ")[0].split("[")[0] for column in table.columns]
    return next((lowered.index(known) for known in TIME_NAMES if known in lowered), None)


def _split(
    path: Path, table: Table, labels: list[str], times: np.ndarray, values: np.ndarray
) -> list[Trajectory]:
    trajectories = []
    for label in dict.fromkeys(labels):
        rows = np.array([index for index, other in enumerate(labels) if other == label])
        name = label or "trajectory 1"
        if len(rows) < 2:
            raise UsageError(f"{path}: {name!r} has a single row; a trajectory needs two or more")
        steps = np.diff(times[rows])
        if (steps <= 0).any():
            bad = rows[int(np.argmax(steps <= 0)) + 1]
            raise UsageError(
                f"{path}, line {table.lines[bad]}: the time {times[bad]:g} does not come "
                "after the one before it",
                hint="sort the rows by time; if the file holds several trajectories, "
                "name the column that distinguishes them with data.trajectory",
            )
        trajectories.append(Trajectory(times[rows], values[rows], name))
    return trajectories


def read_points(path: Path, components: tuple[str, ...]) -> Points:
    """Reads states from a CSV file with a column for each component, perhaps with their times.

    Args:
        path: The file.
        components: The names of the columns.

    Raises:
        UsageError: If a column is missing or a cell is no number.
    """
    table = _read_table(path)
    columns = [_column(table, name) for name in components]
    states = np.stack([table.numbers(index, missing=False) for index in columns], axis=1)
    time = _known_time(table)
    if time is None or time in columns:
        return Points(states, None)
    return Points(states, table.numbers(time, missing=False))


def read_time_column(path: Path) -> np.ndarray:
    """Reads times from the only column of a CSV file, or the one that is called like a time.

    Raises:
        UsageError: If there is no such column, or a cell of it is no number.
    """
    table = _read_table(path)
    column = 0 if len(table.columns) == 1 else _known_time(table)
    if column is None:
        raise UsageError(
            f"{path} has {len(table.columns)} columns; one column of times was expected, or one "
            "that is called `time`",
            hint=f"its columns: {', '.join(table.columns)}",
        )
    return table.numbers(column, missing=False)
