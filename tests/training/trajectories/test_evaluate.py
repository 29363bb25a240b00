"""The picture of a field is drawn around any data."""

import numpy as np
import pytest

from nodelens.fields.hybrid import HybridField
from nodelens.figures.fit import FitPicture, draw_fit
from nodelens.ode import SolveOptions
from nodelens.training.registry import LOSSES
from nodelens.training.trajectories.evaluate import field_on_grid
from nodelens.training.trajectories.objective import Objective

TIMES = np.arange(8.0)
DATA = {
    "constant": np.column_stack([TIMES, np.ones(8)]),
    "at rest": np.zeros((8, 2)),
    "far from zero": np.column_stack([1e6 + TIMES, 1e9 + 1e-3 * TIMES]),
}


@pytest.mark.parametrize("states", DATA.values(), ids=DATA.keys())
def test_the_field_is_drawn(states: np.ndarray) -> None:
    field = HybridField(("x", "y"), {"x": "y", "y": "0 - x"}, {})
    objective = Objective(field, 0, np.ones(2), LOSSES["huber"], SolveOptions())
    grid, slopes = field_on_grid(objective, states, 0.0)
    assert (grid[0, 0] < states.min(axis=0)).all()
    assert (grid[-1, -1] > states.max(axis=0)).all()
    np.testing.assert_allclose(slopes[..., 0], grid[..., 1], rtol=1e-6, atol=1e-6)
    picture = FitPicture(
        title="",
        components=("x", "y"),
        times=TIMES,
        data=states,
        curve_times=TIMES,
        curve=states,
        train_points=8,
        grid=grid,
        field=slopes,
        losses=np.array([1.0, np.nan, 0.5]),
    )
    assert draw_fit(picture).startswith(b"\x89PNG")


def test_the_field_of_a_single_component_is_a_curve_at_the_time_asked_for() -> None:
    field = HybridField(("x",), {"x": "t - x"}, {})
    objective = Objective(field, 0, np.ones(1), LOSSES["huber"], SolveOptions())
    grid, slopes = field_on_grid(objective, TIMES[:, None], 3.0)
    assert grid[0, 0] < 0 and grid[-1, 0] > 7
    np.testing.assert_allclose(slopes, 3.0 - grid, rtol=1e-6, atol=1e-6)
