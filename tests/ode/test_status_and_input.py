"""A solve that fails says so, and wrong arguments are refused before anything is compiled."""

import numpy as np
import pytest
import tensorflow as tf

from nodelens.ode import (
    Checkpointed,
    Discrete,
    PIDController,
    Reversible,
    SolveError,
    Status,
    odeint,
    odeint_vjp,
)

ONE = tf.constant([1.0], tf.float64)


def solve(field, times=(0.0, 1.0), z0=ONE, **kwargs):
    return odeint(field, z0, np.array(times), **{"jit_compile": False, **kwargs})


def test_a_blow_up_is_a_failure_and_nothing_is_extrapolated():
    # dz/dt = z**2 from 1 has the solution 1 / (1 - t): it does not reach t = 2.
    with pytest.raises(SolveError, match="t = 1"):
        solve(lambda t, z: z * z, (0.0, 0.5, 2.0))
    solution = solve(lambda t, z: z * z, (0.0, 0.5, 2.0), throw=False)
    assert Status(int(solution.status)) in (Status.STEP_UNDERFLOW, Status.NON_FINITE)
    assert float(solution.states[1, 0]) == pytest.approx(2.0, rel=1e-5)
    assert np.isnan(solution.states[2, 0])


def test_leaving_the_domain_of_the_field_is_no_silent_extrapolation():
    # The solution exp(t) reaches the edge of the square root's domain at t = log 20.
    def field(t, z):
        return z + 0 * tf.sqrt(20 - z)

    solution = solve(field, (0.0, 2.0, 4.0), throw=False)
    assert Status(int(solution.status)) == Status.NON_FINITE
    assert float(solution.states[1, 0]) == pytest.approx(np.exp(2.0), rel=1e-5)
    assert np.isnan(solution.states[2, 0])


def test_too_few_steps_have_their_own_status():
    solution = solve(lambda t, z: -z, max_steps=2, throw=False)
    assert Status(int(solution.status)) == Status.MAX_STEPS


# Less room than the steps there are.
SMALL = [Discrete(capacity=2), Checkpointed(2, max_accepted=3), Reversible(max_accepted=2)]


@pytest.mark.parametrize("adjoint", SMALL, ids=lambda each: type(each).__name__)
def test_a_full_store_leaves_the_states_and_voids_the_gradient_of_a_graph(adjoint):
    @tf.function
    def in_a_graph(z0):
        solution, pullback = odeint_vjp(lambda t, z: -z, z0, [0.0, 2.0], adjoint=adjoint)
        return solution, pullback(solution.states)

    solution, gradients = in_a_graph(ONE)
    assert Status(int(solution.status)) == Status.SUCCESS
    np.testing.assert_allclose(solution.states[-1], np.exp([-2.0]), atol=1e-5)
    assert Status(int(gradients.stats.status)) == Status.CAPACITY
    assert np.isnan(gradients.z0).all()


@pytest.mark.parametrize("adjoint", SMALL, ids=lambda each: type(each).__name__)
def test_an_eager_gradient_finds_room_for_its_steps(adjoint):
    z0 = tf.constant([1.0], tf.float64)
    options = {"adjoint": adjoint, "jit_compile": False}
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z0)
        # The second solve was made with little room too.
        solutions = [solve(lambda t, z: -z, (0.0, 2.0), z0=z0, **options) for _ in range(2)]
        losses = [tf.reduce_sum(solution.states[-1]) for solution in solutions]
    assert int(solutions[0].stats.accepted) > 3
    for loss in losses:
        np.testing.assert_allclose(tape.gradient(loss, z0), np.exp([-2.0]), atol=1e-4)


def test_status_survives_xla():
    @tf.function(jit_compile=True)
    def compiled(z0):
        return odeint(lambda t, z: z * z, z0, [0.0, 2.0])

    assert int(compiled(ONE).status) != Status.SUCCESS
    assert np.isnan(compiled(ONE).states[-1, 0])


def test_backsolve_reports_drift_where_it_cannot_retrace():
    # Backward, dz/dt = -40 z grows by exp(40): what comes back is noise.
    solution, pullback = odeint_vjp(
        lambda t, z: -40 * z, ONE, [0.0, 1.0], adjoint="backsolve", jit_compile=False
    )
    stats = pullback(tf.ones_like(solution.states)).stats
    assert float(tf.reduce_max(stats.drift)) > 1e-3
    mild, pullback = odeint_vjp(lambda t, z: -z, ONE, [0.0, 1.0], jit_compile=False)
    assert float(tf.reduce_max(pullback(tf.ones_like(mild.states)).stats.drift)) < 1e-5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"times": (0.0, 1.0, 0.5)}, "direction"),
        ({"times": (0.0, float("nan"))}, "finite"),
        ({"times": ()}, "count >= 1"),
        ({"z0": tf.constant([np.nan])}, "z0 must be finite"),
        ({"z0": tf.constant([1, 2])}, "float32"),
        ({"z0": (tf.constant(1.0), tf.constant(1.0, tf.float64))}, "one dtype"),
        ({"rtol": 0.0}, "rtol"),
        ({"atol": -1.0}, "atol"),
        ({"solver": "dopri55"}, "Did you mean 'dopri5'"),
        ({"adjoint": "backsolv"}, "Did you mean 'backsolve'"),
        ({"max_steps": 0}, "max_steps"),
        ({"solver": "rk4", "controller": PIDController()}, "estimates no error"),
        ({"step_size": -0.1, "solver": "rk4"}, "positive"),
        ({"field": 3}, "callable"),
        ({"field": lambda t, z: None}, "NoneType"),
        ({"field": lambda t, z: np.zeros(1)}, "NumPy"),
        ({"field": lambda t, z: (z, z)}, "nest like its state"),
        ({"field": lambda t, z: tf.concat([z, z], 0)}, "exactly the shape"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        solve(**{"field": lambda t, z: -z, **arguments})
