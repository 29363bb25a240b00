"""Times are written in one way in every command and every setting."""

from pathlib import Path

import numpy as np
import pytest

from nodelens.checking.settings import AdjointCheckSettings
from nodelens.datasets.settings import SimulatedData
from nodelens.datasets.simulation import simulate
from nodelens.datasets.times import read_times
from nodelens.errors import UsageError
from nodelens.settings.errors import SettingsError
from nodelens.settings.resolve import resolve
from nodelens.training.settings import TrainOdeSettings


@pytest.mark.parametrize(
    ("written", "times"),
    [
        ("0:2:5", [0.0, 0.5, 1.0, 1.5, 2.0]),
        ("1:-1:3", [1.0, 0.0, -1.0]),
        ("0,0.5,1", [0.0, 0.5, 1.0]),
        (" [0, 0.5, 1e1] ", [0.0, 0.5, 10.0]),
        ([3, 1, 1], [3.0, 1.0, 1.0]),
        ((0.0, 0.5), [0.0, 0.5]),
    ],
)
def test_a_grid_and_a_list_are_read(written: str | list[float], times: list[float]) -> None:
    found = read_times(written)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, times)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "0\n0.5\n2\n"),
        ("a.TXT", "# seconds\nday\n0\n0.5\n2\n"),
        ("a.csv", "x,time\n7,0\n8,0.5\n9,2\n"),
        ("a.tsv", "\ufeffday\ttime\n0\t0\n1\t0,5\n2\t2\n"),
    ],
)
def test_a_column_of_a_text_file_is_read(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    np.testing.assert_array_equal(read_times(str(tmp_path / name)), [0.0, 0.5, 2.0])


def test_a_numpy_file_is_read(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([0, 1, 2], np.int32))
    np.savez(tmp_path / "a.npz", times=np.array([0.0, 1.0, 2.0]), states=np.zeros([3, 2]))
    for name in ("a.npy", "a.npz"):
        np.testing.assert_array_equal(read_times(str(tmp_path / name)), [0.0, 1.0, 2.0])


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("0:2", "is not start:stop:count"),
        ("0:2:2.5", "is not start:stop:count"),
        ("0:2:5:7", "is not start:stop:count"),
        ("1:1:5", "is not start:stop:count"),
        ("0,x", "is no list of times"),
        ("", "is no list of times"),
        (5, "is no list of times"),
        ("0,,1", "is no list of times"),
        ("0", "2 to 1,000,000 times were expected, 1 were given"),
        ([0, "1"], "'1' is no time"),
        ([0, True], "True is no time"),
        ("0,inf", "must be finite; inf is not"),
        ("0,2,1", "must increase, or decrease, from the first to the last one; 1 follows 2"),
        ("1,1", "1 follows 1"),
        ("nowhere.csv", "nowhere.csv cannot be read"),
    ],
)
def test_what_is_wrong_is_said(written: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_times(written)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "a,b\n0,1\n1,2\n", "2 columns; one column of times"),
        ("a.txt", "time\n0\nnoon\n", "line 3.*'noon' was found"),
        ("a.txt", "0\n2\n1\n", "a.txt: times must increase"),
        ("a.npy", np.zeros([2, 2]), "times of shape .2, 2."),
        ("a.npy", np.array(["a"]), "real numbers were expected"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(
    tmp_path: Path, name: str, content: str | np.ndarray, message: str
) -> None:
    if isinstance(content, str):
        (tmp_path / name).write_text(content)
    else:
        np.save(tmp_path / name, content)
    with pytest.raises(UsageError, match=message):
        read_times(str(tmp_path / name))


@pytest.mark.parametrize("written", ["0:2:5", "1:2:5", "0,0.5,1", "[0, 0.5, 1]", "t.csv"])
def test_yaml_and_flags_write_them_alike(tmp_path: Path, written: str) -> None:
    config, column = tmp_path / "check.yaml", "0\n1\n3\n"
    config.write_text(f"times: {written}\n")
    (tmp_path / "t.csv").write_text(column)
    in_file = resolve(AdjointCheckSettings, file=config).settings.times
    flag = str(tmp_path / written) if written == "t.csv" else written
    of_flag = resolve(AdjointCheckSettings, flags={"times": ("--times", flag)}).settings.times
    np.testing.assert_array_equal(read_times(in_file), read_times(of_flag))
    np.testing.assert_array_equal(read_times(in_file), read_times(flag))


def test_wrong_times_of_yaml_are_shown_at_their_place(tmp_path: Path) -> None:
    config = tmp_path / "check.yaml"
    config.write_text("seed: 1\ntimes: 0:2\n")
    with pytest.raises(SettingsError, match=r"check\.yaml:2:1: times: '0:2' is not"):
        resolve(AdjointCheckSettings, file=config)


def test_a_system_is_simulated_at_given_times() -> None:
    options = {"z0": ((1.0, 0.0), (2.0, 0.0))}
    usual = simulate("linear", t_end=2.0, points=5, **options)  # type: ignore[arg-type]
    given = simulate("linear", times="0:2:5", **options)  # type: ignore[arg-type]
    for one, other in zip(usual.trajectories, given.trajectories, strict=True):
        np.testing.assert_array_equal(one.times, other.times)
        np.testing.assert_array_equal(one.states, other.states)
    (later,) = simulate("linear", times=(1.0, 1.5, 3.0)).trajectories
    (first,) = simulate("linear", times="0,0.5,2").trajectories
    np.testing.assert_array_equal(later.times, [1.0, 1.5, 3.0])
    np.testing.assert_allclose(later.states, first.states, atol=1e-9)  # the system is autonomous
    with pytest.raises(UsageError, match="must increase strictly"):
        simulate("linear", times="2,1,0")


def test_the_data_of_a_training_take_times_and_the_keys_of_before() -> None:
    def data_of(*overrides: str) -> SimulatedData:
        data = resolve(TrainOdeSettings, overrides=overrides).settings.data
        assert isinstance(data, SimulatedData)
        return data

    assert data_of("data.times=0:2:5").times == "0:2:5"
    assert data_of("data.times=[0, 1, 2]").times == (0.0, 1.0, 2.0)
    before = data_of("data.t_end=2", "data.points=5", "data.irregular=true")
    assert (before.t_end, before.points, before.irregular, before.times) == (2.0, 5, True, None)
    with pytest.raises(SettingsError, match="`times` was given, and points beside it"):
        data_of("data.times=0:2:5", "data.points=7")
