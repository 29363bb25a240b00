"""Simulated systems against closed forms and conserved quantities."""

import numpy as np
import pytest

from nodelens.datasets import simulation
from nodelens.datasets.settings import SimulatedData
from nodelens.datasets.simulation import simulate
from nodelens.datasets.systems import SYSTEMS
from nodelens.errors import UsageError


def states_of(name: str, **options: object) -> tuple[np.ndarray, np.ndarray]:
    (trajectory,) = simulate(name, **options).trajectories  # type: ignore[arg-type]
    return trajectory.times, trajectory.states


def test_the_settings_know_all_systems() -> None:
    assert [SimulatedData(system=name).system for name in SYSTEMS] == list(SYSTEMS)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_runs_with_its_usual_values(name: str) -> None:
    times, states = states_of(name, points=50)
    assert states.shape == (50, len(SYSTEMS[name].components))
    assert np.isfinite(states).all()
    np.testing.assert_allclose(states[0], SYSTEMS[name].z0, rtol=1e-12)
    assert times[-1] == SYSTEMS[name].t_end


def test_the_linear_spiral_is_its_closed_form() -> None:
    times, states = states_of("linear", points=40)
    radius = 2 * np.exp(-0.1 * times)
    exact = np.stack([radius * np.cos(2 * times), radius * np.sin(2 * times)], axis=1)
    np.testing.assert_allclose(states, exact, atol=1e-7)


def test_the_damped_oscillator_is_its_closed_form() -> None:
    times, states = states_of("damped_oscillator", points=40)
    omega = np.sqrt(1 - 0.1**2)
    decay = np.exp(-0.1 * times)
    exact = decay * (np.cos(omega * times) + 0.1 / omega * np.sin(omega * times))
    np.testing.assert_allclose(states[:, 0], exact, atol=1e-7)


def test_lotka_volterra_keeps_its_first_integral() -> None:
    _, states = states_of("lotka_volterra", points=40)
    prey, predators = states.T
    integral = prey - 3.0 * np.log(prey) + predators - 1.5 * np.log(predators)
    np.testing.assert_allclose(integral, integral[0], atol=1e-6)


def test_the_epidemic_keeps_its_people() -> None:
    np.testing.assert_allclose(states_of("sir", points=40)[1].sum(axis=1), 1.0, atol=1e-9)


def test_noise_and_irregular_times_follow_the_seed() -> None:
    options = {"points": 200, "noise": 0.1, "irregular": True}
    times, states = states_of("linear", seed=1, **options)
    again_times, again = states_of("linear", seed=1, **options)
    np.testing.assert_array_equal(times, again_times)
    np.testing.assert_array_equal(states, again)
    assert (np.diff(times) > 0).all()
    assert not np.allclose(np.diff(times), np.diff(times)[0])
    radius = 2 * np.exp(-0.1 * times)
    clean = np.stack([radius * np.cos(2 * times), radius * np.sin(2 * times)], axis=1)
    # The standard deviation of 400 draws is within 15 % of its value, 6 times its own spread.
    assert abs(np.std(states - clean) - 0.1) < 0.015


def test_several_initial_states_are_several_trajectories() -> None:
    data = simulate("pendulum", z0=((1.0, 0.0), (2.0, 0.0)), points=10)
    assert [t.states[0, 0] for t in data.trajectories] == [1.0, 2.0]


def test_wrong_parameters_and_states_are_named() -> None:
    with pytest.raises(UsageError, match="no parameter nu"):
        simulate("van_der_pol", parameters={"nu": 1.0})
    with pytest.raises(UsageError, match="has 2 components"):
        simulate("van_der_pol", z0=((1.0,),))


def test_a_simulation_that_would_never_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "MOST_EVALUATIONS", 2_000)
    with pytest.raises(UsageError, match=r"2,000 evaluations reached t = \S+ of 1e\+12"):
        simulate("lorenz", t_end=1e12, points=5)
