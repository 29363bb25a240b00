"""What a vector field captures gets its gradient, or the solve refuses to start."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from nodelens.ode import SolveError, VectorFieldError, odeint

TIMES = np.array([0.0, 0.4, 1.0])
Z0 = np.array([[1.0, -0.5], [0.3, 0.8]])
SPAN = 1.0


def gradient_of(field, sources, adjoint="discrete", z0=Z0, **kwargs):
    with tf.GradientTape() as tape:
        for source in sources:
            if isinstance(source, tf.Tensor):
                tape.watch(source)
        solution = odeint(
            field, tf.constant(z0), TIMES, adjoint=adjoint, jit_compile=False, **kwargs
        )
        loss = tf.reduce_sum(solution.states[-1])
    return tape.gradient(loss, sources)


@pytest.mark.parametrize("adjoint", ["discrete", "backsolve", "direct"])
def test_watched_tensor_and_variable_in_a_closure_get_their_gradients(adjoint):
    # dz/dt = (a b) z, so dL/da = b z(1) summed and dL/db = a z(1) summed.
    a, b = tf.constant(-0.7, tf.float64), tf.Variable(2.0, dtype=tf.float64)
    by_a, by_b = gradient_of(lambda t, z: a * b * z, [a, b], adjoint, rtol=1e-9, atol=1e-9)
    end = Z0.sum() * np.exp(-1.4)
    assert float(by_a) == pytest.approx(2.0 * end, abs=1e-7)
    assert float(by_b) == pytest.approx(-0.7 * end, abs=1e-7)


def test_captures_get_the_same_gradients_inside_a_function():
    a, b = tf.constant(-0.7, tf.float64), tf.Variable(2.0, dtype=tf.float64)

    @tf.function(jit_compile=True)
    def inside():
        c = a * 1.0  # a symbolic tensor of this very graph
        with tf.GradientTape() as tape:
            tape.watch(c)
            states = odeint(
                lambda t, z: c * b * z, tf.constant(Z0), TIMES, adjoint="discrete"
            ).states
            loss = tf.reduce_sum(states[-1])
        return tape.gradient(loss, [c, b])

    expected = gradient_of(lambda t, z: a * b * z, [a, b])
    np.testing.assert_allclose(inside(), expected, rtol=1e-12)


def test_keras_layers_get_the_same_gradients_as_by_central_differences():
    layers = keras.Sequential(
        [
            keras.layers.Dense(3, activation="tanh", dtype="float64"),
            keras.layers.Dense(2, dtype="float64"),
        ]
    )
    layers.build((2, 2))
    weights = [weight.value for weight in layers.trainable_variables]
    gradients = gradient_of(lambda t, z: layers(z), weights, rtol=1e-10, atol=1e-10)

    def loss():
        solution = odeint(
            lambda t, z: layers(z),
            tf.constant(Z0),
            TIMES,
            jit_compile=False,
            rtol=1e-10,
            atol=1e-10,
        )
        return float(tf.reduce_sum(solution.states[-1]))

    kernel, step = weights[0], 1e-5
    value = kernel.numpy()
    moved = value.copy()
    moved[0, 1] += step
    kernel.assign(moved)
    up = loss()
    moved[0, 1] -= 2 * step
    kernel.assign(moved)
    down = loss()
    kernel.assign(value)
    assert float(gradients[0][0, 1]) == pytest.approx((up - down) / (2 * step), abs=1e-7)
    assert all(gradient is not None for gradient in gradients)


def test_a_new_value_of_a_variable_is_used_without_a_new_trace():
    rate = tf.Variable(1.0, dtype=tf.float64)
    traces = []

    def field(t, z):
        traces.append(1)
        return rate * z

    first = odeint(field, tf.constant(Z0), TIMES, jit_compile=False)
    count = len(traces)
    rate.assign(-1.0)
    second = odeint(field, tf.constant(Z0), TIMES, jit_compile=False, rtol=1e-8, atol=1e-8)
    assert len(traces) == count
    np.testing.assert_allclose(first.states[-1], Z0 * np.exp(1.0), rtol=1e-5)
    np.testing.assert_allclose(second.states[-1], Z0 * np.exp(-1.0), rtol=1e-6)


def test_a_frozen_variable_gets_no_gradient_and_an_unused_parameter_gets_zero():
    frozen = tf.Variable(-1.0, dtype=tf.float64, trainable=False)
    used, unused = tf.constant(2.0, tf.float64), tf.constant([1.0, 2.0], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch([used, unused])
        states = odeint(
            lambda t, z, p: frozen * p[0] * z,
            tf.constant(Z0),
            TIMES,
            params=[used, unused],
            adjoint="backsolve",
            jit_compile=False,
        ).states
        loss = tf.reduce_sum(states[-1])
    by_frozen, by_used, by_unused = tape.gradient(loss, [frozen, used, unused])
    assert by_frozen is None
    assert float(by_used) == pytest.approx(-Z0.sum() * np.exp(-2.0), abs=1e-5)
    np.testing.assert_array_equal(by_unused, [0.0, 0.0])


@pytest.mark.parametrize("adjoint", ["discrete", "backsolve"])
def test_integer_parameters_do_not_crash(adjoint):
    index, rate = tf.constant(1), tf.constant([5.0, -1.0], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(rate)
        states = odeint(
            lambda t, z, p: tf.gather(p["rate"], p["index"]) * z,
            tf.constant(Z0),
            TIMES,
            params={"index": index, "rate": rate},
            adjoint=adjoint,
            jit_compile=False,
        ).states
        loss = tf.reduce_sum(states[-1])
    np.testing.assert_allclose(tape.gradient(loss, rate), [0, Z0.sum() * np.exp(-1)], atol=1e-5)


def test_a_decorated_field_is_traced_through():
    rate = tf.Variable(-1.0, dtype=tf.float64)

    @tf.function
    def field(t, z):
        return rate * z

    (by_rate,) = gradient_of(field, [rate])
    assert float(by_rate) == pytest.approx(Z0.sum() * np.exp(-1), abs=1e-5)


@tf.custom_gradient
def hand_written(x):
    y = tf.tanh(x)
    return y, lambda upstream: upstream * (1 - y * y)


STRANGE = {
    "custom gradient of TensorFlow's own": lambda w, t, z: w * tf.nn.silu(z),
    "custom gradient by hand": lambda w, t, z: w * hand_written(z),
    "recomputed": lambda w, t, z: tf.recompute_grad(lambda r, x: tf.tanh(r * x))(w, z),
    "branch": lambda w, t, z: tf.cond(t > 0.5, lambda: w * z, lambda: -w * z),
    "loop": lambda w, t, z: tf.while_loop(
        lambda i, x: i < 3,
        lambda i, x: (i + 1, tf.tanh(w * x)),
        (0, z),
        maximum_iterations=3,
    )[1],
    "nested function": lambda w, t, z: tf.function(lambda x: tf.sin(w * x))(z),
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_field_is_more_than_a_list_of_operations(name):
    # The reference is the tape through an Euler method written out; in float64 both agree to
    # rounding, whatever stands between the variable and the state.
    w, c = tf.Variable(0.7, dtype=tf.float64), tf.constant(1.3, tf.float64)

    def field(t, z):
        return STRANGE[name](w * c, t, z)

    found = gradient_of(field, [w, c], solver="euler", step_size=0.2)
    with tf.GradientTape() as tape:
        tape.watch(c)
        z = tf.constant(Z0)
        for i in range(5):
            z = z + 0.2 * field(tf.constant(0.2 * i, tf.float64), z)
        loss = tf.reduce_sum(z)
    np.testing.assert_allclose(found, tape.gradient(loss, [w, c]), rtol=1e-12)


def test_a_variable_that_is_assigned_between_the_solve_and_its_gradient_is_an_error():
    rate = tf.Variable(-1.0, dtype=tf.float64)
    with tf.GradientTape(persistent=True) as tape:
        states = odeint(
            lambda t, z: rate * z, tf.constant(Z0), TIMES, adjoint="discrete", jit_compile=False
        ).states
        loss = tf.reduce_sum(states[-1])
    tape.gradient(loss, rate)
    rate.assign(-2.0)
    with pytest.raises(SolveError, match="VARIABLE_ASSIGNED"):
        tape.gradient(loss, rate)


def test_an_error_in_the_field_names_its_place():
    def field(t, z):
        return {}["rate"] * z

    with pytest.raises(VectorFieldError, match=r"KeyError: 'rate' \(.*test_captures.py, line \d+"):
        odeint(field, tf.constant(Z0), TIMES)


def test_a_field_that_draws_random_numbers_is_refused():
    dropout = keras.layers.Dropout(0.5, dtype="float64")
    for field in (
        lambda t, z: dropout(z, training=True),
        lambda t, z: tf.random.normal([2, 2], dtype=tf.float64) * z,
    ):
        with pytest.raises(VectorFieldError, match="draws random numbers"):
            odeint(field, tf.constant(Z0), TIMES)


def test_a_field_that_assigns_to_a_variable_is_refused():
    calls = tf.Variable(0.0, dtype=tf.float64)

    def field(t, z):
        calls.assign_add(1.0)
        return -z

    with pytest.raises(VectorFieldError, match="assign"):
        odeint(field, tf.constant(Z0), TIMES)


def test_a_float32_layer_under_a_float64_state_is_refused_with_the_remedy():
    layer = keras.layers.Dense(2)
    with pytest.raises(VectorFieldError, match='dtype="float64"'):
        odeint(lambda t, z: layer(z), tf.constant(Z0), TIMES)


@pytest.mark.slow
def test_differentiating_twice_raises_unless_direct():
    rate = tf.Variable(-1.0, dtype=tf.float64)

    def second(adjoint):
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                states = odeint(
                    lambda t, z: rate * z,
                    tf.constant([2.0], tf.float64),
                    TIMES,
                    solver="rk4",  # of few stages: TensorFlow makes each gradient of each loop
                    step_size=0.02,
                    adjoint=adjoint,
                    jit_compile=False,
                ).states
                loss = tf.reduce_sum(states[-1])
            first = inner.gradient(loss, rate)
        return outer.gradient(first, rate)

    assert float(second("direct")) == pytest.approx(2 * SPAN**2 * np.exp(-1), abs=1e-6)
    for adjoint in ("discrete", "backsolve"):
        with pytest.raises(ValueError, match="adjoint='direct'"):
            second(adjoint)
