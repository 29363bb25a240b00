"""The conformance list: states and gradients against closed forms, each adjoint on its share.

All problems by each: `python -m tests.benchmarks.conformance`.
"""

import numpy as np
import pytest
import tensorflow as tf
from tests.benchmarks.conformance import errors
from tests.ode.conformance import CONFORMANCE
from tests.ode.conformance.stiff import BACKSOLVE_TRAPS

from nodelens.ode import odeint_vjp
from nodelens.ode.status import DRIFT_LIMIT

SHARES = {
    "L1": "reversible",
    "L3": "backsolve",
    "N1": "backsolve",
    "A4": "checkpointed",
    "L2": "backsolve",
    "C1x": "reversible",
    "E4": "checkpointed",
    "E5": "backsolve",
}
BY_NAME = {problem.name: problem for problem in CONFORMANCE}


@pytest.mark.parametrize(
    ("problem", "adjoint"),
    [(problem, SHARES.get(problem.name, "discrete")) for problem in CONFORMANCE],
    ids=lambda x: x if isinstance(x, str) else x.name,
)
def test_a_problem_is_solved_within_its_limit(problem, adjoint):
    for part, error in errors(problem, adjoint).items():
        assert error < problem.limit, part


def test_the_exact_gradients_are_those_of_central_differences():
    problem = BY_NAME["E5"]
    weights = np.random.default_rng(0).normal(size=(3, 2))
    exact = problem.gradients(weights)

    def loss(z0, times):
        return np.sum(weights * problem.flow(z0[None], np.zeros((1, 0)), times[None]))

    for i in range(2):
        shift = 1e-5 * np.eye(2)[i]
        change = loss(problem.z0 + shift, problem.times) - loss(problem.z0 - shift, problem.times)
        assert exact.z0[i] == pytest.approx(change / 2e-5, rel=1e-6)
    for i in range(3):
        shift = 1e-5 * np.eye(3)[i]
        change = loss(problem.z0, problem.times + shift) - loss(problem.z0, problem.times - shift)
        assert exact.times[i] == pytest.approx(change / 2e-5, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("solver", "adjoint"), [("dopri5", "backsolve"), ("tsit5", "discrete"), ("dopri8", "backsolve")]
)
def test_states_and_gradients_follow_the_tolerance_down_to_1e_12(solver, adjoint):
    problem = BY_NAME["L1"]
    weights = np.random.default_rng(0).normal(size=(3, 1))
    exact = problem.gradients(weights)
    for tolerance in (1e-6, 1e-9, 1e-12):
        solution, pullback = odeint_vjp(
            problem.vector_field,
            tf.constant(problem.z0),
            tf.constant(problem.times),
            params=[tf.constant(x) for x in problem.params],
            solver=solver,
            rtol=tolerance,
            atol=tolerance,
            adjoint=adjoint,
            jit_compile=False,
        )
        gradients = pullback(tf.constant(weights))
        limit = {"rtol": 0, "atol": 100 * tolerance}
        np.testing.assert_allclose(solution.states, exact.states, **limit)
        np.testing.assert_allclose(gradients.z0, exact.z0, **limit)
        np.testing.assert_allclose(gradients.params[0], exact.params[0], **limit)
        np.testing.assert_allclose(gradients.times, exact.times, **limit)


def test_backsolve_flags_the_traps_that_it_cannot_retrace():
    # Backward, an error of 1e-6 grows by exp(rate): to 1.5e-4 at 5, to 5e2 at 20.
    drifts = []
    for rate in BACKSOLVE_TRAPS:
        solution, pullback = odeint_vjp(
            trap,
            tf.constant([1.0], tf.float64),
            [0.0, 1.0],
            params=tf.constant(rate, tf.float64),
            rtol=1e-6,
            atol=1e-9,
            adjoint="backsolve",
            jit_compile=False,
        )
        drifts.append(float(pullback(tf.ones_like(solution.states)).stats.drift[0]))
    assert drifts[0] < DRIFT_LIMIT
    assert min(drifts[2:]) > DRIFT_LIMIT


def trap(t, z, rate):
    return -rate * z
