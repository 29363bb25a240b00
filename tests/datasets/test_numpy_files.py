"""NumPy files as people save them, and what is wrong with them."""

from pathlib import Path

import numpy as np
import pytest

from nodelens.datasets.numpy_files import read_arrays, read_point_arrays
from nodelens.errors import UsageError

TIMES = np.array([0.0, 1.0, 2.5])
STATES = np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 6.0]])


def saved(tmp_path: Path, **arrays: np.ndarray) -> Path:
    path = tmp_path / "data.npz"
    np.savez(path, **arrays)
    return path


def test_one_trajectory_and_several_of_an_npz_file(tmp_path: Path) -> None:
    (one,) = read_arrays(saved(tmp_path, times=TIMES, states=STATES)).trajectories
    np.testing.assert_array_equal(one.times, TIMES)
    np.testing.assert_array_equal(one.states, STATES)
    two = np.stack([STATES, STATES + 1])
    data = read_arrays(saved(tmp_path, times=np.stack([TIMES, TIMES + 9]), states=two))
    np.testing.assert_array_equal(data.trajectories[1].times, TIMES + 9)
    np.testing.assert_array_equal(data.trajectories[1].states, STATES + 1)
    assert data.components == ("z1", "z2")


def test_the_first_column_of_an_npy_file_is_the_time(tmp_path: Path) -> None:
    table = np.column_stack([TIMES, STATES])
    np.save(tmp_path / "one.npy", table)
    (one,) = read_arrays(tmp_path / "one.npy").trajectories
    np.testing.assert_array_equal(one.times, TIMES)
    np.testing.assert_array_equal(one.states, STATES)
    np.save(tmp_path / "two.npy", np.stack([table, table + 1]).astype(np.float32))
    data = read_arrays(tmp_path / "two.npy")
    np.testing.assert_array_equal(data.trajectories[1].states, STATES + 1)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"times": TIMES}, "holds times; the arrays `times` and `states`"),
        ({"times": TIMES[:2], "states": STATES}, "[2] do not fit states of shape [3, 2]"),
        ({"times": np.stack([TIMES] * 3), "states": np.stack([STATES] * 2)}, "as many"),
        ({"times": np.float64(0), "states": STATES}, "do not fit"),
        ({"times": TIMES[::-1], "states": STATES}, "strictly increasing"),
        ({"times": TIMES[:1], "states": STATES[:1]}, "a single point"),
        ({"times": TIMES, "states": STATES[:, :0]}, "nothing to learn"),
        ({"times": TIMES, "states": STATES * np.nan}, "component 1 of the states has no value"),
        ({"times": TIMES, "states": np.full((3, 2), np.inf)}, "a state is infinite"),
        ({"times": TIMES, "states": np.full((3, 2), "a")}, "'states' is of <U1; real numbers"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, arrays: dict, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_arrays(saved(tmp_path, **arrays))
    assert words in str(caught.value)


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "data.npy"
    for content, words in [(b"t,x\n0,1\n", "no NumPy file"), (b"", "no NumPy file")]:
        path.write_bytes(content)
        with pytest.raises(UsageError, match=words):
            read_arrays(path)
    path.write_bytes(saved(tmp_path, times=TIMES, states=STATES).read_bytes()[:-40])
    with pytest.raises(UsageError, match="no NumPy file"):
        read_arrays(path)
    with pytest.raises(UsageError, match="No such file"):
        read_arrays(tmp_path / "absent.npy")
    np.save(path, TIMES)
    with pytest.raises(UsageError, match="1 \\+ dimension"):
        read_arrays(path)


def test_points_may_have_times(tmp_path: Path) -> None:
    states = np.arange(6.0).reshape(3, 2)
    found = read_point_arrays(saved(tmp_path, states=states, times=TIMES, other=TIMES), 2)
    np.testing.assert_array_equal(found.states, states)
    np.testing.assert_array_equal(found.times, TIMES)
    np.save(tmp_path / "points.npy", states)
    assert read_point_arrays(tmp_path / "points.npy", 2).times is None
    with pytest.raises(UsageError, match=r"\[points, 3\] was expected"):
        read_point_arrays(tmp_path / "points.npy", 3)
    with pytest.raises(UsageError, match="one time for each"):
        read_point_arrays(saved(tmp_path, states=states, times=TIMES[:2]), 2)
    with pytest.raises(UsageError, match="must be finite"):
        read_point_arrays(saved(tmp_path, states=STATES), 2)
    with pytest.raises(UsageError, match="an array `states`"):
        read_point_arrays(saved(tmp_path, a=states, b=states), 2)
