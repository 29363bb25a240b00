"""Trajectories from CSV files: a time, the states, perhaps a column that distinguishes them."""

from pathlib import Path

import numpy as np

from nodelens.datasets.csv_table import Table, read_table
from nodelens.datasets.dates import Calendar
from nodelens.datasets.trajectories import Points, Trajectory, TrajectoryData
from nodelens.errors import UsageError

TIME_NAMES = (
    *("t", "time", "times", "year", "date", "datetime", "timestamp", "day", "days"),
    *("hour", "hours", "seconds", "s"),
)
TRAJECTORY_NAME = "trajectory"


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
        time: The time column, of numbers or dates; by default one that is called like a time,
            else the first.
        columns: The state columns; by default all others.
        trajectory: The column of numbers or names that distinguishes trajectories; by default the
            one that is called `trajectory`, if there is one.

    Raises:
        UsageError: If the file cannot be read as trajectories; the message names row and column.
    """
    table = read_table(path)
    time_index = _time_column(table, time)
    states = [table.index(name) for name in columns]
    id_index = _trajectory_column(table, trajectory, {time_index, *states})
    taken = {time_index, id_index}
    states = states or [index for index in range(len(table.columns)) if index not in taken]
    repeated = [table.columns[index] for index in states if states.count(index) > 1]
    if repeated or taken & set(states):
        wrong = repeated or [table.columns[index] for index in states if index in taken]
        raise UsageError(
            f"data.columns names {wrong[0]!r}, which is there already",
            hint="name each state column once, and neither the time nor the trajectory",
        )
    if not states:
        raise UsageError(f"{path} has no column besides the time {table.columns[time_index]!r}")
    times, calendar = table.times(time_index)
    values = np.stack([table.numbers(index) for index in states], axis=1)
    for column, name in enumerate(table.columns[index] for index in states):
        if not np.isfinite(values[:, column]).any():
            raise UsageError(f"{path}: the column {name!r} has no value at all")
    return TrajectoryData(
        trajectories=tuple(_split(table, time_index, id_index, times, values)),
        components=tuple(table.columns[index] for index in states),
        title=path.stem.replace("_", " "),
        source=str(path),
        calendar=calendar,
        time=table.columns[time_index] if calendar is None else str(calendar),
    )


def _time_column(table: Table, name: str | None) -> int:
    if name is not None:
        return table.index(name)
    return _known_time(table) or 0


def _known_time(table: Table) -> int | None:
    """The column that is called like a time, if there is one."""
    lowered = [column.lower().split(" ")[0].split("[")[0] for column in table.columns]
    return next((lowered.index(known) for known in TIME_NAMES if known in lowered), None)


def _trajectory_column(table: Table, name: str | None, others: set[int]) -> int | None:
    if name is not None:
        return table.index(name)
    lowered = [column.lower() for column in table.columns]
    found = lowered.index(TRAJECTORY_NAME) if TRAJECTORY_NAME in lowered else None
    return None if found in others else found


def _split(
    table: Table, time: int, trajectory: int | None, times: np.ndarray, values: np.ndarray
) -> list[Trajectory]:
    """Divides the rows by the names of their trajectories, in the order of the file."""
    rows_of: dict[str, list[int]] = {}
    for index, row in enumerate(table.rows):
        name = "trajectory 1" if trajectory is None else row[trajectory].strip()
        rows_of.setdefault(name, []).append(index)
    if trajectory is not None and "" in rows_of:
        raise table.wrong(
            rows_of[""][0],
            trajectory,
            "the name or number of a trajectory was expected",
            hint="fill in the column in every row, or name another one with data.trajectory",
        )
    trajectories = []
    for name, indices in rows_of.items():
        rows = np.array(indices)
        if len(rows) < 2:
            raise UsageError(
                f"{table.path}: {name!r} has a single row; a trajectory needs two or more"
            )
        steps = np.diff(times[rows])
        if (steps <= 0).any():
            bad = rows[int(np.argmax(steps <= 0)) + 1]
            raise UsageError(
                f"{table.path}, line {table.lines[bad]}: the time {table.rows[bad][time].strip()} "
                "does not come after the one before it",
                hint="sort the rows by time; if the file holds several trajectories, "
                "name the column that distinguishes them with data.trajectory",
            )
        trajectories.append(Trajectory(times[rows], values[rows], name))
    return trajectories


def read_points(
    path: Path, components: tuple[str, ...], calendar: Calendar | None = None
) -> Points:
    """Reads states from a CSV file with a column for each component, perhaps with their times.

    Args:
        path: The file.
        components: The names of the columns.
        calendar: The meaning of the numbers that dates become; None if there are none.

    Raises:
        UsageError: If a column is missing, a cell is no number, or times are dates and the
            calendar is not known.
    """
    table = read_table(path)
    columns = [table.index(name) for name in components]
    states = np.stack([table.numbers(index) for index in columns], axis=1)
    if not np.isfinite(states).all():
        index, component = np.argwhere(~np.isfinite(states))[0]
        raise table.wrong(
            int(index),
            columns[component],
            "a number was expected",
            hint="put a number where a component was not measured",
        )
    time = _known_time(table)
    if time is None or time in columns:
        return Points(states, None)
    times, own = table.times(time)
    if own is None:
        return Points(states, times)
    if calendar is None:
        raise UsageError(
            f"{path}: the times are dates, and those of the run's data are numbers",
            hint="write the times as numbers, in the unit of the data",
        )
    return Points(states, calendar.numbers(own.moments(times)))


def read_time_column(path: Path) -> np.ndarray:
    """Reads times from the only column of a CSV file, or the one that is called like a time.

    Raises:
        UsageError: If there is no such column, or a cell of it is no number.
    """
    table = read_table(path)
    column = 0 if len(table.columns) == 1 else _known_time(table)
    if column is None:
        raise UsageError(
            f"{path} has {len(table.columns)} columns; one column of times was expected, or one "
            "that is called `time`",
            hint=f"its columns: {', '.join(table.columns)}",
        )
    times, calendar = table.times(column)
    if calendar is not None:
        raise UsageError(
            f"{path}: the times are dates, and numbers were expected",
            hint="write the times as numbers, in the unit of the data",
        )
    return times
