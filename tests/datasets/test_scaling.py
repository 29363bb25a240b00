"""Mean, size and rate of data."""

import numpy as np
import pytest

from nodelens.datasets.trajectories import Scaling, Trajectory


def swing(unit: float = 1.0, noise: float = 0.0, size: float = 1.0) -> Trajectory:
    """Ten turns of a circle in 200 points, the time in other units."""
    t = np.linspace(0, 20 * np.pi, 200)
    states = np.stack([np.sin(t), np.cos(t)], -1)
    states += noise * np.random.default_rng(0).normal(size=states.shape)
    return Trajectory(unit * t, size * states, "swing")


def test_the_rate_is_that_of_the_motion_in_sizes_per_unit_of_time() -> None:
    # |dz/dt| of each component is 1 in the root mean square of cos, 0.71, which is its size too.
    # Chords are shorter than arcs, by 2 % over half a size.
    assert Scaling.standard((swing(),)).rate == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize("unit", [1e-3, 1e3, 31_556_952.0])
def test_the_rate_goes_with_the_unit_of_time_and_not_with_that_of_the_state(unit: float) -> None:
    rate = Scaling.standard((swing(),)).rate
    assert Scaling.standard((swing(unit),)).rate == pytest.approx(rate / unit, rel=1e-9)
    assert Scaling.standard((swing(size=1e6),)).rate == pytest.approx(rate, rel=1e-9)


def test_noise_is_no_motion() -> None:
    t = np.linspace(0, 1, 2000)  # a slow decay in many points, with noise of 5 % of its size
    decay = np.exp(-t)
    noise = 0.05 * decay.std() * np.random.default_rng(0).normal(size=t.size)
    rates = [
        Scaling.standard((Trajectory(t, values[:, None], "decay"),)).rate
        for values in (decay, decay + noise)
    ]
    assert rates[1] == pytest.approx(rates[0], rel=0.1)


def test_missing_values_and_rest_have_a_rate() -> None:
    swung = swing()
    states = swung.states.copy()
    states[::3, 0] = np.nan
    found = Scaling.standard((Trajectory(swung.times, states, "gaps"),)).rate
    assert found == pytest.approx(1.0, rel=0.15)
    assert Scaling.standard((Trajectory(swung.times, np.ones((200, 1)), "rest"),)).rate == 1.0
    assert Scaling.standard((Trajectory(np.array([0.0, 2.0]), np.eye(2), "two"),)).rate > 0
