"""The work done by nodelens."""

import time

import numpy as np
import tensorflow as tf
from tests.benchmarks.ode_training.work import (
    DATA,
    STARTS,
    TIMES,
    WEIGHTS,
    WINDOW,
    Work,
    mlp_weights,
)

from nodelens.ode import Discrete, odeint_vjp


def adjoint_of(name: str):
    """The adjoint, with room for the steps that this work takes."""
    return Discrete(capacity=64) if name == "discrete" else name


def spiral(adjoint: str, rtol: float, atol: float, steps: int) -> Work:
    """`steps` training steps inside one XLA loop; returns the loss of the last one."""
    data, starts = tf.constant(DATA), tf.constant(STARTS)

    def field(t, z, p):
        return tf.tanh(z**3 @ p[0] + p[1]) @ p[2] + p[3]

    @tf.function(jit_compile=True)
    def train(weights):
        def body(i, loss, weights, squares):
            rows = starts[i]
            target = tf.gather(data, rows[None] + np.arange(WINDOW)[:, None])
            solution, pullback = odeint_vjp(
                field,
                tf.gather(data, rows),
                TIMES[:WINDOW],
                params=weights,
                rtol=rtol,
                atol=atol,
                adjoint=adjoint_of(adjoint),
            )
            with tf.GradientTape() as tape:
                tape.watch(solution.states)
                loss = tf.reduce_mean(tf.abs(solution.states - target))
            gradients = pullback(tape.gradient(loss, solution.states)).params
            squares = [0.9 * v + 0.1 * g * g for v, g in zip(squares, gradients, strict=True)]
            weights = [
                w - 1e-3 * g / (tf.sqrt(v) + 1e-7)
                for w, v, g in zip(weights, squares, gradients, strict=True)
            ]
            return i + 1, loss, weights, squares

        return tf.while_loop(
            lambda i, *_: i < steps,
            body,
            (tf.constant(0), tf.constant(0.0), weights, [tf.zeros_like(w) for w in weights]),
            maximum_iterations=steps,
        )[1]

    weights = [tf.constant(w) for w in WEIGHTS]
    start = time.perf_counter()
    train(weights).numpy()
    return lambda: float(train(weights)), time.perf_counter() - start


def start_of(sizes, batch) -> tf.Tensor:
    """The seeded initial state."""
    return tf.constant(np.random.default_rng(2).normal(size=(batch, sizes[0])).astype("f4"))


def mlp(activation):
    """The vector field of `gradient`."""
    act = {"softplus": tf.math.softplus, "tanh": tf.tanh}

    def field(t, z, p):
        for k in range(0, len(p), 2):
            z = z @ p[k] + p[k + 1]
            z = act[activation[k // 2]](z) if activation[k // 2] else z
        return z

    return field


def gradient(adjoint: str, sizes, batch, end, tolerance, activation) -> Work:
    """One call, one gradient of sum(z(end)**2), with one's own compiled function.

    "bare" makes the evaluations that "discrete" makes, and nothing else.
    """
    if adjoint == "bare":
        return bare_evaluations(sizes, batch, end, tolerance, activation)
    z0, field = start_of(sizes, batch), mlp(activation)

    @tf.function(jit_compile=True)
    def loss_and_gradient(weights):
        solution, pullback = odeint_vjp(
            field,
            z0,
            [0.0, end],
            params=weights,
            rtol=tolerance,
            atol=tolerance,
            adjoint=adjoint_of(adjoint),
        )
        last = solution.states[-1]
        return tf.reduce_sum(last**2), pullback(tf.stack([tf.zeros_like(z0), 2 * last])).params

    weights = [tf.constant(w) for w in mlp_weights(sizes)]
    start = time.perf_counter()
    # Half of the 0.2 ms of a call finds the trace for the arguments: called directly, it is known.
    call = loss_and_gradient.get_concrete_function(weights)
    call(weights)[0].numpy()
    compile_seconds = time.perf_counter() - start

    def run() -> float:
        loss, gradients = call(weights)
        gradients[0].numpy()
        return float(loss)

    return run, compile_seconds


def bare_evaluations(sizes, batch, end, tolerance, activation) -> Work:
    """As many evaluations of f, and of f with its VJP, as the adjoint "discrete" makes."""
    z0, field = start_of(sizes, batch), mlp(activation)
    weights = [tf.constant(w) for w in mlp_weights(sizes)]
    solution, pullback = odeint_vjp(
        field,
        z0,
        [0.0, end],
        params=weights,
        rtol=tolerance,
        atol=tolerance,
        adjoint=adjoint_of("discrete"),
    )
    ahead = int(solution.stats.nfe)
    back = int(pullback(tf.ones_like(solution.states)).stats.nfe)

    def step_back(i, z, a, sums):
        with tf.GradientTape() as tape:
            tape.watch([z, *weights])
            value = field(0.0, z, weights)
        by_z, *by_weights = tape.gradient(value, [z, *weights], output_gradients=a)
        sums = [old + new for old, new in zip(sums, by_weights, strict=True)]
        return i + 1, z - 1e-3 * value, a + 1e-3 * by_z, sums

    @tf.function(jit_compile=True)
    def evaluate(weights):
        zero = tf.constant(0)
        _, z = tf.while_loop(
            lambda i, z: i < ahead,
            lambda i, z: (i + 1, z + 1e-3 * field(0.0, z, weights)),
            (zero, z0),
            maximum_iterations=ahead,
        )
        sums = [tf.zeros_like(w) for w in weights]
        _, z, a, sums = tf.while_loop(
            lambda i, *_: i < back, step_back, (zero, z, 2 * z, sums), maximum_iterations=back
        )
        return tf.reduce_sum(z**2), [a, *sums]

    start = time.perf_counter()
    evaluate(weights)[0].numpy()
    compile_seconds = time.perf_counter() - start

    def run() -> float:
        loss, gradients = evaluate(weights)
        gradients[0].numpy()
        return float(loss)

    return run, compile_seconds
