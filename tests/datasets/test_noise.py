"""The noise of measured trajectories."""

import numpy as np
import pytest

from nodelens.datasets.noise import noise
from nodelens.datasets.trajectories import Trajectory

NAN = float("nan")


def wave(times: np.ndarray, level: float) -> np.ndarray:
    states = np.column_stack([np.sin(times), 100 * np.cos(2 * times)])
    return states + level * np.array([1, 100]) * np.random.default_rng(0).normal(size=states.shape)


@pytest.mark.parametrize("uneven", [False, True])
def test_noise_is_found_component_by_component(uneven: bool) -> None:
    times = np.linspace(0, 20, 400)
    if uneven:
        times = np.sort(np.random.default_rng(1).uniform(0, 20, 400))
    found = noise((Trajectory(times, wave(times, 0.1), "a"),))
    np.testing.assert_allclose(found, [0.1, 10.0], rtol=0.15)


def test_smooth_motion_has_none_and_missing_measurements_do_not_matter() -> None:
    times = np.linspace(0, 20, 400)
    states = wave(times, 0.0)
    assert noise((Trajectory(times, states, "a"),)) == pytest.approx([0, 0], abs=1e-2)
    noisy = wave(times, 0.1)
    noisy[::7, 0] = NAN
    noisy[::2, 1] = NAN  # never five in a row
    short = Trajectory(times[:3], states[:3], "b")
    found = noise((Trajectory(times, noisy, "a"), short))
    assert found[0] == pytest.approx(0.1, rel=0.2) and found[1] == 0
    np.testing.assert_array_equal(noise((short,)), [0, 0])
