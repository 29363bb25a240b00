"""Checkpoints are whole or passed over."""

from pathlib import Path

import numpy as np

from nodelens.training.loop.checkpoints import Checkpoints, _from_arrays, _to_arrays
from nodelens.training.loop.state import Best, Totals, TrainingState


def state(step: int) -> TrainingState:
    return TrainingState(
        step=step,
        weights=(np.full((2, 3), step, np.float32), np.zeros(0, np.float32)),
        optimizer=tuple(np.array(value) for value in range(12)),
        losses=np.arange(step, dtype=np.float32),
        totals=Totals(7, 8, 0.5),
        best=Best(step - 1, 0.25, 3, (np.ones(2, np.float32),)),
    )


def test_a_state_comes_back_bit_for_bit(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(state(5))
    found, damaged = checkpoints.newest()
    assert found is not None
    assert damaged == []
    assert (found.step, found.totals) == (5, Totals(7, 8, 0.5))
    assert (found.best.step, found.best.loss, found.best.waited) == (4, 0.25, 3)
    for name in ("weights", "optimizer"):
        for value, expected in zip(getattr(found, name), getattr(state(5), name), strict=True):
            np.testing.assert_array_equal(value, expected)
            assert value.dtype == expected.dtype
    np.testing.assert_array_equal(found.losses, state(5).losses)


def test_a_checkpoint_of_before_examples_were_left_out_is_read() -> None:
    arrays = _to_arrays(state(5))
    del arrays["left_out"]
    found = _from_arrays({name: np.asarray(value) for name, value in arrays.items()})
    assert found.totals == Totals(7, 8, 0.5)


def test_only_the_newest_two_are_kept(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for step in (1, 2, 3, 1000):
        checkpoints.save(state(step))
    assert [path.name for path in checkpoints.paths()] == [
        "step-000000003.npz",
        "step-000001000.npz",
    ]


def test_a_damaged_checkpoint_is_passed_over_and_named(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(state(1))
    checkpoints.save(state(2))
    newest = checkpoints.paths()[-1]
    content = bytearray(newest.read_bytes())
    for damage in (content[:100], b"", content[:50] + b"x" * 200 + content[250:]):
        newest.write_bytes(bytes(damage))
        found, damaged = checkpoints.newest()
        assert found is not None
        assert found.step == 1
        assert damaged == [newest]


def test_no_flipped_bit_of_the_table_of_contents_gives_another_state(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(TrainingState(2, weights=(np.ones(1),), optimizer=(np.ones(1), np.zeros(1))))
    (path,) = checkpoints.paths()
    good = path.read_bytes()
    (intact, _) = checkpoints.newest()
    for position in range(good.index(b"PK\x01\x02"), len(good)):
        bad = bytearray(good)
        bad[position] ^= 1 << position % 8
        path.write_bytes(bad)
        found, _ = checkpoints.newest()
        # Some bits mean nothing, such as those of the hour at which an array was stored.
        assert found is None or repr(found) == repr(intact), position


def test_without_checkpoints_there_is_no_state(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path / "absent").newest() == (None, [])
