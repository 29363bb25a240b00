"""CSV files as people write them, and what is wrong with them."""

from pathlib import Path

import numpy as np
import pytest

from nodelens.datasets.csv_files import read_csv, read_points
from nodelens.errors import UsageError


def write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "data.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_plain_file(tmp_path: Path) -> None:
    data = read_csv(write(tmp_path, "year,hare,lynx\n1900,30,4\n1901,47.2,6.1\n"))
    assert (data.components, data.time) == (("hare", "lynx"), "year")
    (trajectory,) = data.trajectories
    np.testing.assert_array_equal(trajectory.times, [1900, 1901])
    np.testing.assert_array_equal(trajectory.states, [[30, 4], [47.2, 6.1]])


def test_semicolons_decimal_commas_a_byte_order_mark_comments_and_blank_lines(
    tmp_path: Path,
) -> None:
    text = "# measured in spring\nx;time;y\n1,5;0;2\n\n2,5;1;-3,25\n"
    data = read_csv(write(tmp_path, text, "utf-8-sig"))
    assert data.components == ("x", "y")
    np.testing.assert_array_equal(data.trajectories[0].states, [[1.5, 2], [2.5, -3.25]])


def test_without_a_header_the_first_column_is_the_time(tmp_path: Path) -> None:
    data = read_csv(write(tmp_path, "0\t1\t2\n1\t3\t4\n"))
    assert data.components == ("column2", "column3")
    np.testing.assert_array_equal(data.trajectories[0].times, [0, 1])


def test_cells_in_quotes_may_hold_separators_and_line_breaks(tmp_path: Path) -> None:
    data = read_csv(write(tmp_path, 't,"x, in m","y\nin s"\n0,1,2\n1,"3",4\n'))
    assert data.components == ("x, in m", "y in s")
    np.testing.assert_array_equal(data.trajectories[0].states, [[1, 2], [3, 4]])


def test_missing_values_are_not_observed(tmp_path: Path) -> None:
    data = read_csv(write(tmp_path, "t,x,y\n0,1,2\n1,NA,3\n2,4,\n"))
    observed = data.trajectories[0].observed
    np.testing.assert_array_equal(observed, [[True, True], [False, True], [True, False]])


def test_several_trajectories_and_chosen_columns(tmp_path: Path) -> None:
    text = "t,id,x,note\n0,a,1,u\n1,a,2,v\n0,b,5,w\n0.5,b,6,w\n2,b,7,w\n"
    data = read_csv(write(tmp_path, text), columns=("x",), trajectory="id")
    assert [t.name for t in data.trajectories] == ["a", "b"]
    assert [len(t) for t in data.trajectories] == [2, 3]
    assert data.components == ("x",)


def test_a_column_called_trajectory_holds_the_names_of_trajectories(tmp_path: Path) -> None:
    path = write(tmp_path, "Trajectory,time,x\nup,0,1\ndown,0,5\nup,1,2\ndown,2,6\n")
    data = read_csv(path)
    assert data.components == ("x",)
    assert [(t.name, t.times.tolist()) for t in data.trajectories] == [
        ("up", [0, 1]),
        ("down", [0, 2]),
    ]
    # Where it is named as a state it is one.
    path = write(tmp_path, "time,trajectory\n0,1\n1,2\n")
    assert read_csv(path, columns=("trajectory",)).components == ("trajectory",)


def test_a_row_of_no_trajectory_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "trajectory,t,x\na,0,1\na,1,2\n,2,3\n")
    with pytest.raises(UsageError, match=r"line 4, column 'trajectory': the name or number"):
        read_csv(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("t,x\n0,1\n1,two\n", ["line 3", "column 'x'", "'two'"]),
        ("t,x\n0,1\n\n# c\n1,inf\n", ["line 5", "'inf'"]),
        ("t,x\n0,1\nNA,2\n", ["line 3", "column 't'"]),
        ("t,x\n0,1\n0,2\n", ["line 3", "does not come after"]),
        ("t,x\n1,1\n0,2\n", ["line 3", "does not come after"]),
        ('t,"x\ny"\n0,1\n1,two\n', ["line 4", "'two'"]),
        ("t,x\n0,1\n1\n", ["line 3", "2 cells were expected, 1 were found"]),
        ("t,x\n0,1\n", ["a single row"]),
        ("t,x\n", ["no rows"]),
        ("", ["is empty"]),
        ("t\n0\n1\n", ["no column besides the time"]),
        ("t,x,y\n0,1,\n1,2,NA\n", ["'y'", "no value at all"]),
        ("t,x,x\n0,1,2\n1,2,3\n", ["same name"]),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        read_csv(write(tmp_path, text))
    for word in words:
        assert word in str(caught.value)


def test_unknown_columns_and_unreadable_files_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, "t,x\n0,1\n1,2\n")
    with pytest.raises(UsageError, match="no column 'z'") as caught:
        read_csv(path, columns=("z",))
    assert "t, x" in (caught.value.hint or "")
    with pytest.raises(UsageError, match="No such file"):
        read_csv(tmp_path / "absent.csv")
    path.write_bytes(bytes(range(256)))
    with pytest.raises(UsageError, match="not UTF-8"):
        read_csv(path)


@pytest.mark.parametrize("columns", [("x", "x"), ("t", "x"), ("id", "x")])
def test_a_column_has_one_meaning(tmp_path: Path, columns: tuple[str, ...]) -> None:
    path = write(tmp_path, "t,id,x\n0,1,1\n1,1,2\n")
    with pytest.raises(UsageError, match=f"names '{columns[0]}', which is there already"):
        read_csv(path, columns=columns, trajectory="id")


def test_thousands_of_columns(tmp_path: Path) -> None:
    header = ",".join(["t", *(f"x{i}" for i in range(3000))])
    rows = "\n".join(",".join([str(t), *["1"] * 3000]) for t in range(2))
    assert len(read_csv(write(tmp_path, f"{header}\n{rows}\n")).components) == 3000


def test_points_are_read_by_name_with_their_times(tmp_path: Path) -> None:
    found = read_points(write(tmp_path, "y,x\n1,2\n3,4\n"), ("x", "y"))
    np.testing.assert_array_equal(found.states, [[2, 1], [4, 3]])
    assert found.times is None
    found = read_points(write(tmp_path, "y,time [s],x\n1,7,2\n3,8,4\n"), ("x", "y"))
    np.testing.assert_array_equal(found.times, [7, 8])
