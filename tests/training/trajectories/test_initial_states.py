"""States that windows start from: their choice, their gradient, and what they are good for."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import yaml

from nodelens.datasets.trajectories import Trajectory, TrajectoryData
from nodelens.entry import run
from nodelens.fields.hybrid import HybridField
from nodelens.ode import SolveOptions
from nodelens.settings.resolve import resolve
from nodelens.training.earlier import as_begun
from nodelens.training.loop.checkpoints import Checkpoints
from nodelens.training.registry import LOSSES
from nodelens.training.runs.load import load_run
from nodelens.training.settings import TrainOdeSettings
from nodelens.training.trajectories.initial_states import MOST, FittedStarts, choose_starts
from nodelens.training.trajectories.objective import Objective
from nodelens.training.trajectories.task import TrajectoryTask
from nodelens.training.trajectories.windows import make_windows

ONE = np.ones(1)


def decay(noise: float, points: int = 200) -> TrajectoryData:
    times = np.linspace(0, 4, points)
    states = np.exp(-times) + noise * np.random.default_rng(3).normal(size=points)
    return TrajectoryData((Trajectory(times, states[:, None], "a"),), ("x",), "", "")


def test_noisy_data_gets_fitted_starts_if_the_field_is_determined_well() -> None:
    noisy, clean = decay(0.05), decay(0.0)
    assert choose_starts("auto", clean, ONE, 3, whole=True).method == "measured"
    found = choose_starts("auto", noisy, ONE, 3, whole=False)
    assert found.method == "fitted" and found.reason is not None
    assert "noise of about 5" in found.reason and "3 parameters" in found.reason
    assert choose_starts("auto", noisy, ONE, 1000, whole=False).method == "measured"
    assert choose_starts("auto", noisy, ONE, 1000, whole=True).method == "fitted"
    large = decay(0.05, MOST + 1)
    assert choose_starts("auto", large, ONE, 3, whole=True).method == "measured"
    assert choose_starts("fitted", clean, ONE, 1000, whole=False).method == "fitted"
    assert choose_starts("measured", noisy, ONE, 3, whole=True).method == "measured"


@pytest.mark.parametrize("spares", [False, True])
def test_the_gradient_of_a_start_is_that_of_the_closed_form(spares: bool) -> None:
    # x' = a x: dx(t)/dz0 = exp(a t). Two windows of a batch start at the same point.
    options = SolveOptions(rtol=1e-7, atol=1e-7, adjoint="discrete")
    field = HybridField(("x",), {"x": "a*x"}, {"a": -0.5})
    objective = Objective(field, 0, ONE, LOSSES["mean_squared_error"], options)
    times, states = np.arange(4.0), np.array([[1.0], [2.0], [3.0], [4.0]])
    data = TrajectoryData((Trajectory(times, states, "a"),), ("x",), "", "")
    windows = make_windows(data, 2)
    starts = FittedStarts.of(data, 200 * ONE)  # in units of 1
    starts.deviations.assign(np.array([[0.5], [0.0], [-1.0], [0.0]], np.float32))
    task = replace(TrajectoryTask(objective, windows, None, 2, 3, 0), starts=starts, spares=spares)
    result = task.differentiate(windows.batch(tf.constant([0, 2, 0])))
    z0, factor = np.array([1.5, 2.0, 1.5]), np.exp(-0.5)
    errors = np.stack([z0 - [1, 3, 1], z0 * factor - [2, 4, 2]])
    assert float(result.loss) == pytest.approx(np.mean(errors**2), rel=1e-5)
    each = 2 * (errors[0] + errors[1] * factor) / 6
    expected = [each[0] + each[2], 0, each[1], 0]
    np.testing.assert_allclose(result.gradients[1][:, 0], expected, rtol=1e-4)
    assert len(result.gradients) == 2 and result.gradients[1].shape == (4, 1)


def _oscillator(path: Path) -> None:
    times = np.linspace(0, 12, 61)
    states = np.column_stack([np.cos(times), -np.sin(times)])
    states += 0.1 * np.random.default_rng(8).normal(size=states.shape)
    states[0] = [1.3, 0.3]  # the first measurement is a bad one
    np.savetxt(path, np.column_stack([times, states]), delimiter=",", header="t,x,v", comments="")


@pytest.fixture(scope="module")
def oscillator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration of a noisy oscillator with an unknown frequency, in its own directory."""
    place = tmp_path_factory.mktemp("oscillator")
    _oscillator(place / "data.csv")
    settings = {
        "data": {"kind": "csv", "path": "data.csv", "scale": False},
        "field": {
            "kind": "hybrid",
            "equations": {"x": "k*v", "v": "0 - k*x"},
            "parameters": {"k": 0.8},
        },
        "solver": {"method": "rk4", "step_size": 0.2},
        "training": {
            "steps": 300,
            "window": 0,
            "batch_size": 1,
            "checkpoint_every": 100,
            "schedule": "constant",
            "learning_rate": 1e-2,
        },
        "output": {"figures": False},
    }
    (place / "config.yaml").write_text(yaml.safe_dump(settings))
    return place / "config.yaml"


def _train(config: Path, name: str, *options: str) -> dict:
    out = config.parent / name
    assert run(["train-ode", "-c", str(config), "--out", str(out), "-q", *options]) == 0
    return json.loads((out / "report.json").read_text())


@pytest.fixture(scope="module")
def fitted(oscillator: Path) -> Path:
    """The run directory of 300 steps."""
    _train(oscillator, "fitted")
    return oscillator.parent / "fitted"


@pytest.mark.slow
def test_a_bad_first_measurement_does_not_spoil_the_fit(oscillator: Path, fitted: Path) -> None:
    report = json.loads((fitted / "report.json").read_text())
    measured = _train(oscillator, "measured", "--set", "training.initial_states=measured")
    assert report["initial_states"]["method"] == "fitted"
    assert "noise" in report["initial_states"]["reason"]
    (one,) = report["trajectories"]
    assert one["initial_state_fitted"] is True
    assert one["initial_state"] == pytest.approx([1.0, 0.0], abs=0.1)
    (other,) = measured["trajectories"]
    assert other["initial_state_fitted"] is False and other["initial_state"] == [1.3, 0.3]
    # The noise alone has a mean of 0.08.
    assert report["final"]["trajectory_error"] < 0.1
    assert measured["final"]["trajectory_error"] > 0.15
    # What predicts without --z0 goes from the fitted state on.
    np.testing.assert_allclose(load_run(fitted).first_state, one["initial_state"], rtol=1e-6)


@pytest.mark.slow
def test_a_resumed_run_goes_on_with_its_fitted_states_bit_for_bit(
    oscillator: Path, fitted: Path
) -> None:
    _train(oscillator, "part", "--steps", "100")
    part = oscillator.parent / "part"
    assert run(["train-ode", "--resume", str(part), "--steps", "300", "-q"]) == 0
    ends = [Checkpoints(place / "checkpoints").newest()[0] for place in (fitted, part)]
    for one, other in zip(*(end.weights for end in ends if end is not None), strict=True):
        np.testing.assert_array_equal(one, other)
    assert ends[0] is not None and np.any(ends[0].weights[1] != 0)


def test_a_run_of_before_is_resumed_from_measured_states(oscillator: Path) -> None:
    def begun(*overrides: str) -> str:
        resolved = resolve(TrainOdeSettings, file=oscillator, overrides=overrides)
        return as_begun(resolved).settings.training.initial_states

    # Its configuration has all settings of its version, and this is none of them.
    assert begun() == "measured"
    assert begun("training.initial_states=auto") == "auto"
