"""Points at which a field is stiff only later, or around which it is no field any more."""

import numpy as np
import tensorflow as tf

from nodelens.checking.checked_field import CheckedField, problem_of
from nodelens.checking.gradients import check_gradients
from nodelens.checking.settings import AdjointCheckSettings, CheckedSolverSettings

TIGHT = CheckedSolverSettings(rtol=1e-8, atol=1e-12)
RATE = tf.Variable(1e4, dtype=tf.float64)


def decaying(t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """A reaction of second order: from a negative amount it blows up."""
    return -RATE * z**2


def later(t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    return -1e4 * tf.cast(t, z.dtype) * z


def test_differences_are_left_out_where_they_leave_the_domain_of_the_field() -> None:
    given = CheckedField("decaying", decaying, [1e-3], [0.0, 1.0])
    settings = AdjointCheckSettings(adjoints=("discrete",), solver=TIGHT)
    (report,) = check_gradients(settings, given=given).problems
    assert report.passed and report.skipped.keys() == {"differences"}
    assert "moved by 0.002" in report.skipped["differences"]
    (theta,) = {
        check.rel_error < 1e-6
        for check in report.checks
        if (check.block, check.method, check.reference) == ("theta", "discrete", "sensitivity")
    }
    assert theta


def test_a_problem_that_is_stiff_later_only_is_found_out() -> None:
    problem, _ = problem_of(CheckedField("later", later, [1.0], [0.0, 0.5, 1.0]))
    _, at_start, *_ = problem.plain.jacobians(0.0, problem.z0, problem.theta)
    assert np.linalg.norm(at_start, 2) == 0
    assert 0.9e4 < problem.steepest < 1.1e4
