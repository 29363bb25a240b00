"""States of any structure and dtype; times in either direction, equal, repeated, alone."""

import numpy as np
import pytest
import tensorflow as tf

from nodelens.ode import FixedController, PIDController, Status, odeint, odeint_vjp


@pytest.mark.parametrize("adjoint", ["discrete", "backsolve"])
def test_complex_states_have_the_gradient_of_the_real_pair(adjoint):
    # dz/dt = a z with complex a: the same flow written on (Re z, Im z) is the reference.
    rate = np.array([-0.4 + 1.3j])
    start = np.array([0.8 - 0.5j])
    weight = np.array([1.0 - 2.0j])

    def pair_field(t, z, p):
        return tf.stack([p[0] * z[0] - p[1] * z[1], p[1] * z[0] + p[0] * z[1]])

    def of(value):
        return tf.constant([value[0].real, value[0].imag], tf.float64)

    options = {"rtol": 1e-9, "atol": 1e-9, "adjoint": adjoint, "jit_compile": False}
    _, pullback = odeint_vjp(pair_field, of(start), [0.0, 1.0], params=of(rate), **options)
    real = pullback(tf.stack([tf.zeros(2, tf.float64), of(weight)]))
    solution, pullback = odeint_vjp(
        lambda t, z, p: p * z, tf.constant(start), [0.0, 1.0], params=tf.constant(rate), **options
    )
    found = pullback(tf.constant(np.stack([0 * weight, weight])))
    np.testing.assert_allclose(solution.states[-1], start * np.exp(rate), atol=1e-8)
    for name in ("z0", "params"):
        value, expected = getattr(found, name), getattr(real, name)
        np.testing.assert_allclose(
            [value[0].numpy().real, value[0].numpy().imag], expected, atol=1e-7
        )
    np.testing.assert_allclose(found.times, real.times, atol=1e-7)


def test_a_nest_of_tensors_comes_back_as_it_went_in():
    z0 = {"position": tf.constant([1.0, 0.0]), "velocity": (tf.constant([[0.0, 1.0]]),)}

    def field(t, z):
        return {"position": z["velocity"][0][0], "velocity": (-z["position"][None],)}

    solution = odeint(field, z0, [0.0, np.pi / 2, np.pi], jit_compile=False)
    assert solution.states["position"].shape == (3, 2)
    assert solution.states["velocity"][0].shape == (3, 1, 2)
    np.testing.assert_allclose(solution.states["position"], [[1, 0], [0, 1], [-1, 0]], atol=1e-4)


@pytest.mark.parametrize("adjoint", ["discrete", "backsolve"])
@pytest.mark.parametrize(
    "times", [[0.0, 0.0], [0.5], [1.0, 0.2], [0.0, 0.0, 0.3, 0.3, 1.0, 1.0], [2.0, 2.0, 2.0]]
)
def test_reversed_equal_repeated_and_single_times(adjoint, times):
    # dz/dt = -z: z_i = exp(t_0 - t_i) z_0, so dL/dz_0, dL/dt_i and dL/dt_0 follow by hand.
    times = np.array(times)
    weights = np.linspace(1.0, 2.0, len(times))
    solution, pullback = odeint_vjp(
        lambda t, z: -z,
        tf.constant([3.0], tf.float64),
        times,
        rtol=1e-9,
        atol=1e-9,
        adjoint=adjoint,
        jit_compile=False,
    )
    found = pullback(tf.constant(weights[:, None]))
    states = 3.0 * np.exp(times[0] - times)
    by_times = -states * weights
    by_times[0] += np.sum(weights * states)
    np.testing.assert_allclose(solution.states[:, 0], states, atol=1e-8)
    assert float(found.z0[0]) == pytest.approx(np.sum(weights * states) / 3.0, abs=1e-8)
    np.testing.assert_allclose(found.times, by_times if len(times) > 1 else [0.0], atol=1e-8)


def test_small_steps_survive_in_float32():
    # Times near 1e4 that are 1e-3 apart: float32 resolves 1e-3 there, the solver must not lose it.
    times = 1e4 + np.linspace(0.0, 1e-3, 3)
    solution = odeint(lambda t, z: -1000.0 * z, tf.constant([1.0]), times, jit_compile=False)
    np.testing.assert_allclose(solution.states[:, 0], np.exp([0.0, -0.5, -1.0]), rtol=1e-4)


def test_controllers_keep_their_bounds():
    z0, times = tf.constant([1.0], tf.float64), [0.0, 2.0]

    def solve(controller, solver="dopri5"):
        return odeint(
            lambda t, z: -z,
            z0,
            times,
            solver=solver,
            controller=controller,
            jit_compile=False,
            throw=False,
        )

    assert int(solve(PIDController(max_step=0.1)).stats.accepted) >= 20
    assert Status(int(solve(PIDController(min_step=1.0)).status)) == Status.STEP_UNDERFLOW
    assert int(solve(FixedController(0.25), "rk4").stats.accepted) == 8
    smooth = solve(PIDController(proportional=0.3, integral=0.4))
    assert float(smooth.states[-1, 0]) == pytest.approx(np.exp(-2), abs=1e-5)


def test_tolerances_may_differ_by_component():
    z0 = {"a": tf.constant([1.0], tf.float64), "b": tf.constant([1.0], tf.float64)}

    def field(t, z):
        return {"a": -z["a"], "b": tf.cos(20 * t) * z["b"]}

    tight = {"a": 1e-8, "b": 1e-8}
    loose = {"a": 1e-8, "b": 1e2}
    first = odeint(field, z0, [0.0, 3.0], rtol=1e-8, atol=tight, jit_compile=False)
    second = odeint(
        field, z0, [0.0, 3.0], rtol={"a": 1e-8, "b": 1.0}, atol=loose, jit_compile=False
    )
    assert int(second.stats.nfe) < int(first.stats.nfe) / 2
    np.testing.assert_allclose(second.states["a"][-1], np.exp([-3.0]), atol=1e-6)


def test_a_list_of_times_is_not_rounded_to_float32():
    solution = odeint(
        lambda t, z: -z,
        tf.constant([1.0], tf.float64),
        [0.2, 1.7],
        rtol=1e-10,
        atol=1e-10,
        jit_compile=False,
    )
    assert float(solution.states[-1, 0]) == pytest.approx(np.exp(-1.5), abs=1e-9)
