"""Dates as times: read from CSV files, counted from the earliest, and written again."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from nodelens.datasets.csv_files import read_csv, read_points, read_time_column
from nodelens.datasets.dates import Calendar
from nodelens.errors import UsageError


def write(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "data.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize(
    ("dates", "times", "meaning"),
    [
        (["2024-02-28", "2024-03-01"], [0, 2], "days since 2024-02-28"),
        (["2024-03-01 06:00", "2024-03-02T18:00:00"], [0, 1.5], "days since 2024-03-01T06:00:00"),
        (["2024-03-01T12:00", "2024-03-01T12:00:00.5"], [0, 0.5],
         "seconds since 2024-03-01T12:00:00"),
        (["2024-03-31T00:00+01:00", "2024-04-01T00:00+02:00"], [0, 23 * 3600],
         "seconds since 2024-03-31T00:00:00+01:00"),
        (["2024-03-01T00:00Z", "2024-03-03T12:00Z"], [0, 2.5],
         "days since 2024-03-01T00:00:00+00:00"),
        # The days between the Julian day numbers 2299160.5 and 2451544.5.
        (["1582-10-15", "2000-01-01"], [0, 152384], "days since 1582-10-15"),
    ],
)  # fmt: skip
def test_dates_become_numbers(
    tmp_path: Path, dates: list[str], times: list[float], meaning: str
) -> None:
    data = read_csv(write(tmp_path, "when,x", *(f"{date},1" for date in dates)))
    np.testing.assert_array_equal(data.trajectories[0].times, times)
    assert str(data.calendar) == data.time == meaning
    assert data.calendar is not None
    again = [datetime.fromisoformat(each) for each in data.calendar.dates(np.array(times))]
    assert again == [datetime.fromisoformat(each) for each in dates]


def test_trajectories_have_one_origin_and_a_file_without_a_header_is_read(tmp_path: Path) -> None:
    rows = ["2024-03-05,b,1", "2024-03-06,b,2", "2024-03-01,a,3", "2024-03-02,a,4"]
    data = read_csv(write(tmp_path, "date,trajectory,x", *rows))
    assert [(each.name, each.times.tolist()) for each in data.trajectories] == [
        ("b", [4, 5]),
        ("a", [0, 1]),
    ]
    data = read_csv(write(tmp_path, "2024-03-01,3", "2024-03-02,4"))
    np.testing.assert_array_equal(data.trajectories[0].states, [[3], [4]])


def test_numbers_have_no_calendar(tmp_path: Path) -> None:
    assert read_csv(write(tmp_path, "year,x", "2023,1", "2024,1")).calendar is None
    assert read_csv(write(tmp_path, "t,x", "20240229,1", "20240301,1")).calendar is None


def test_dates_without_dashes_are_read_in_a_column_that_is_called_a_date(tmp_path: Path) -> None:
    data = read_csv(write(tmp_path, "Date,x", "20240228,1", "20240301,1"))
    np.testing.assert_array_equal(data.trajectories[0].times, [0, 2])
    assert read_csv(write(tmp_path, "date,x", "2023,1", "2024,1")).calendar is None


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        (["2024-03-01", "3"], ["line 3", "a date was expected, as in the rows before", "'3'"]),
        (["3", "2024-03-01"], ["line 3", "a number was expected", "'2024-03-01'"]),
        (["01.03.2024", "02.03.2024"], ["line 2", "a number or a date was expected"]),
        (["2024-02-30", "2024-03-01"], ["line 2", "'2024-02-30'"]),
        (["2024-03-01", "2024-03-02Z"], ["line 3", "'2024-03-02Z'"]),
        (["2024-03-01T00:00", "2024-03-02T00:00Z"], ["line 3", "a date with no time zone"]),
        (["2024-03-01T00:00Z", "2024-03-02"], ["line 3", "a date with a time zone"]),
        (["2024-03-01", ""], ["line 3", "column 't'", "''"]),
        (["2024-03-02", "2024-03-01"], ["line 3", "the time 2024-03-01 does not come after"]),
    ],
)
def test_mixed_and_unreadable_dates_are_named(
    tmp_path: Path, dates: list[str], words: list[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        read_csv(write(tmp_path, "t,x", *(f"{date},1" for date in dates)))
    for word in words:
        assert word in str(caught.value)


def test_the_times_of_states_are_counted_as_those_of_the_data(tmp_path: Path) -> None:
    path = write(tmp_path, "date,x", "2024-03-03,1", "2024-03-02T12:00,2")
    calendar = Calendar("days", "2024-03-01")
    np.testing.assert_array_equal(read_points(path, ("x",), calendar).times, [2, 1.5])
    with pytest.raises(UsageError, match="times are dates, and those of the run's data"):
        read_points(path, ("x",))
    with pytest.raises(UsageError, match="with and without a time zone"):
        read_points(path, ("x",), Calendar("days", "2024-03-01T00:00:00+00:00"))
    with pytest.raises(UsageError, match="times are dates, and numbers were expected"):
        read_time_column(path)


def test_a_time_beyond_all_dates_is_refused() -> None:
    with pytest.raises(UsageError, match="not all in the years 1 to 9999"):
        Calendar("days", "2024-03-01").dates(np.array([0.0, 1e7]))
