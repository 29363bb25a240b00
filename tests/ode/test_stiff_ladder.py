"""How the adjoints stand growing stiffness, and that backsolve says where it cannot."""

import pytest
import tensorflow as tf
from tests.ode.conformance.stiff import STIFF_LADDER

from nodelens.ode import Discrete, Reversible, odeint_vjp
from nodelens.ode.solve import DRIFT_LIMIT


def error_and_drift(problem, adjoint):
    solution, pullback = odeint_vjp(
        problem.vector_field,
        tf.constant([problem.z0], tf.float64),
        [0.0, problem.end],
        params=tf.constant(problem.rate, tf.float64),
        adjoint=adjoint,
        jit_compile=False,
    )
    assert float(solution.states[-1, 0]) == pytest.approx(problem.state(), abs=1e-5)
    gradients = pullback(tf.constant([[0.0], [1.0]], tf.float64))
    error = abs(float(gradients.params) / problem.by_rate() - 1)
    return error, float(tf.reduce_max(gradients.stats.drift))


def test_discrete_stays_within_the_limit_on_every_rung():
    for problem in STIFF_LADDER:
        error, _ = error_and_drift(problem, Discrete(capacity=256))
        assert error < 5e-4, problem


def test_reversible_stays_within_the_limit_on_every_rung():
    # With the coupling left as it is the pair comes apart: 8e-2 off at 10, 1e9 at 30.
    for problem in STIFF_LADDER:
        error, drift = error_and_drift(problem, "reversible")
        assert error < 5e-4, problem
        assert drift < 1e-8, problem


def test_reversible_flags_itself_where_its_anchors_do_not_suffice():
    assert error_and_drift(STIFF_LADDER[-1], Reversible(anchors=4))[1] > DRIFT_LIMIT


def test_backsolve_flags_itself_wherever_it_is_off():
    flagged = 0
    for problem in STIFF_LADDER:
        error, drift = error_and_drift(problem, "backsolve")
        if error > 1e-3:
            flagged += 1
            assert drift > DRIFT_LIMIT, problem
    assert flagged > 0
    assert error_and_drift(STIFF_LADDER[0], "backsolve")[1] < DRIFT_LIMIT
