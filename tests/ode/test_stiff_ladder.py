"""How the adjoints stand growing stiffness, and that they say where they cannot."""

import numpy as np
import pytest
import tensorflow as tf
from tests.ode.conformance.stiff import STIFF_LADDER

from nodelens.ode import Discrete, DriftWarning, Reversible, odeint, odeint_vjp
from nodelens.ode.status import DRIFT_LIMIT


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
    return error, gradients.stats.drift.numpy()


def test_discrete_stays_within_the_limit_on_every_rung():
    for problem in STIFF_LADDER:
        error, _ = error_and_drift(problem, Discrete(capacity=256))
        assert error < 5e-4, problem


def test_reversible_stays_within_the_limit_on_every_rung():
    # With the coupling left as it is the pair comes apart: 8e-2 off at 10, 1e9 at 30.
    for problem in STIFF_LADDER:
        error, (strayed, gap) = error_and_drift(problem, "reversible")
        assert error < 5e-4, problem
        assert strayed < 1e-8, problem
        assert gap < DRIFT_LIMIT, problem


def test_reversible_flags_itself_where_its_anchors_do_not_suffice():
    assert error_and_drift(STIFF_LADDER[-1], Reversible(anchors=4))[1][0] > DRIFT_LIMIT


def spiral(t, z, p):
    return tf.stack([p * z[1] ** 3 - 0.1 * z[0] ** 3, -2 * z[0] ** 3 - p / 20 * z[1] ** 3])


def hunted(t, z, p):
    return tf.stack([1.5 * z[0] - p * z[0] * z[1], z[0] * z[1] - 3.0 * z[1]])


def relaxed(t, z, p):
    return 5 * p * (tf.cos(t) - z)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "parameter", "start", "end"),
    [(spiral, 2.0, (2.0, 0.0), 5.0), (hunted, 1.0, (1.0, 1.0), 10.0), (relaxed, 2.0, (1.5,), 5.0)],
)
def test_reversible_flags_itself_where_a_loose_tolerance_parts_its_pair(
    field, parameter, start, end
):
    times = np.linspace(0, end, 6)
    weights = np.random.default_rng(0).normal(size=(6, len(start)))
    flags = []

    def by_parameter(adjoint, tolerance):
        _, pullback = odeint_vjp(
            field,
            tf.constant(start, tf.float64),
            times,
            params=tf.constant(parameter, tf.float64),
            adjoint=adjoint,
            rtol=tolerance,
            atol=tolerance,
            jit_compile=False,
        )
        found = pullback(tf.constant(weights))
        return float(found.params), float(tf.reduce_max(found.stats.drift))

    exact, none = by_parameter("discrete", 1e-11)
    assert none == 0
    for tolerance in (1e-2, 1e-3, 1e-6):
        found, drift = by_parameter("reversible", tolerance)
        flags.append(drift > DRIFT_LIMIT)
        assert flags[-1] or abs(found / exact - 1) < 0.05, tolerance
    # The first tolerance is too loose for all of these, and the last one for none.
    assert flags[0] and not flags[-1]


def test_a_flagged_gradient_of_reversible_warns():
    rate = tf.Variable(10.0, dtype=tf.float64)
    with tf.GradientTape() as tape:
        solution = odeint(
            lambda t, z: rate * (tf.cos(t) - z),
            tf.constant([1.5], tf.float64),
            [0.0, 2.0],
            adjoint="reversible",
            rtol=1e-2,
            atol=1e-2,
            jit_compile=False,
        )
        loss = solution.states[-1, 0]
    with pytest.warns(DriftWarning, match="The two states of the pair came apart.*tighten rtol"):
        tape.gradient(loss, rate)


def test_backsolve_flags_itself_wherever_it_is_off():
    flagged = 0
    for problem in STIFF_LADDER:
        error, drift = error_and_drift(problem, "backsolve")
        if error > 1e-3:
            flagged += 1
            assert drift.max() > DRIFT_LIMIT, problem
    assert flagged > 0
    assert error_and_drift(STIFF_LADDER[0], "backsolve")[1].max() < DRIFT_LIMIT
