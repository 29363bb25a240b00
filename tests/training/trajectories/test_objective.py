"""A batch is solved as the settings say."""

import numpy as np
import tensorflow as tf

from nodelens.fields.hybrid import HybridField
from nodelens.ode import SolveOptions
from nodelens.training.registry import LOSSES
from nodelens.training.trajectories.evaluate import solve_whole
from nodelens.training.trajectories.objective import Objective
from nodelens.training.trajectories.windows import Batch


def test_steps_of_a_fixed_size_are_those_of_the_method() -> None:
    # Euler's method for x' = a x with step h multiplies by 1 + a h.
    options = SolveOptions("euler", step_size=0.25, adjoint="discrete")
    field = HybridField(("x",), {"x": "a*x"}, {"a": -0.5})
    objective = Objective(field, 0, np.ones(1), LOSSES["huber"], options)
    times = tf.constant([0.0, 0.5, 2.0], tf.float64)
    one = tf.ones([1, 1])
    solution, _ = objective.solve(Batch(one, one * 0, times, one, one))
    expected = 0.875 ** np.array([0.0, 2.0, 8.0])
    np.testing.assert_allclose(solution.states[:, 0, 0], expected, rtol=1e-6)
    states, _ = solve_whole(objective, np.ones(1), np.array([0.0, 0.5, 2.0]))
    np.testing.assert_allclose(states[:, 0], expected, rtol=1e-6)
