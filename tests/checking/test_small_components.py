"""Fields with a component of the state that is far smaller than one, as in chemical reactions."""

import numpy as np
import pytest
import tensorflow as tf

from nodelens.checking.checked_field import CheckedField, problem_of
from nodelens.checking.derivatives import check_derivatives
from nodelens.checking.directions import choose_directions
from nodelens.checking.referees import by_central_differences, solve_sensitivity

SIZES = np.array([[1.0, 3e-6], [1.0, 3e-6]])


def reaction(t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """The derivatives of a function of z / size are as large as 1 / size."""
    z = z / SIZES
    large, small = z[:, 0], z[:, 1]
    return SIZES * tf.stack([tf.sin(2 * small) - large, tf.cos(3 * large) - small * large], 1)


@pytest.mark.parametrize("scale", [SIZES[0], None], ids=["known", "unknown"])
def test_differences_move_a_small_component_in_proportion(scale: np.ndarray | None) -> None:
    """The steps of a problem of size one are too wide by far: the case would fail without."""
    given = CheckedField("reaction", reaction, SIZES * [[1, 0.4], [0.5, 1]], [0, 0.5], scale=scale)
    problem, _ = problem_of(given)
    checks = check_derivatives(problem, 0.5, problem.z0.ravel())
    by_state = next(check for check in checks if check.block == "field.z")
    directions = choose_directions(problem.layout, 0)
    weights = problem.weights(0)
    differences = by_central_differences(problem, directions, weights).values
    expected = solve_sensitivity(problem, directions).reference(weights).values
    right = np.allclose(differences[:4], expected[:4], rtol=1e-6)
    known = scale is not None
    assert right == known
    assert (by_state.rel_error < 1e-8) == known
    if known:
        assert by_state.passed and by_state.tolerance < 1e-5
