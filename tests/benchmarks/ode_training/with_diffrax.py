"""The work done by diffrax."""

import time

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from tests.benchmarks.ode_training.work import (
    DATA,
    STARTS,
    TIMES,
    WEIGHTS,
    WINDOW,
    Work,
    mlp_weights,
)


def spiral(adjoint: str, rtol: float, atol: float, steps: int) -> Work:
    """`steps` training steps inside one `lax.scan`; returns the loss of the last one."""
    data, starts = jnp.asarray(DATA), jnp.asarray(STARTS)
    times = jnp.asarray(TIMES[:WINDOW], jnp.float32)

    def field(t, z, p):
        return jnp.tanh(z**3 @ p[0] + p[1]) @ p[2] + p[3]

    def loss_of(weights, rows):
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(field),
            diffrax.Dopri5(),
            times[0],
            times[-1],
            None,
            data[rows],
            args=weights,
            saveat=diffrax.SaveAt(ts=times),
            stepsize_controller=diffrax.PIDController(rtol=rtol, atol=atol),
            adjoint=getattr(diffrax, adjoint)(),
            max_steps=256,
        )
        target = data[rows[None] + np.arange(WINDOW)[:, None]]
        return jnp.mean(jnp.abs(solution.ys - target))

    @jax.jit
    def train(weights):
        def body(carry, i):
            weights, squares = carry
            loss, gradients = jax.value_and_grad(loss_of)(weights, starts[i])
            squares = [0.9 * v + 0.1 * g * g for v, g in zip(squares, gradients, strict=True)]
            weights = [
                w - 1e-3 * g / (jnp.sqrt(v) + 1e-7)
                for w, v, g in zip(weights, squares, gradients, strict=True)
            ]
            return (weights, squares), loss

        zeros = [jnp.zeros_like(w) for w in weights]
        return jax.lax.scan(body, (weights, zeros), jnp.arange(steps))[1][-1]

    weights = [jnp.asarray(w) for w in WEIGHTS]
    start = time.perf_counter()
    train(weights).block_until_ready()
    return lambda: float(train(weights)), time.perf_counter() - start


def gradient(adjoint: str, sizes, batch, end, tolerance, activation) -> Work:
    """One call, one gradient of sum(z(end)**2), under `jit(value_and_grad)`."""
    z0 = jnp.asarray(np.random.default_rng(2).normal(size=(batch, sizes[0])).astype("f4"))
    act = {"softplus": jax.nn.softplus, "tanh": jnp.tanh}

    def field(t, z, p):
        for k in range(0, len(p), 2):
            z = z @ p[k] + p[k + 1]
            z = act[activation[k // 2]](z) if activation[k // 2] else z
        return z

    @jax.jit
    @jax.value_and_grad
    def loss_and_gradient(weights):
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(field),
            diffrax.Dopri5(),
            0.0,
            end,
            None,
            z0,
            args=weights,
            stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance),
            adjoint=getattr(diffrax, adjoint)(),
            max_steps=256,
        )
        return jnp.sum(solution.ys[-1] ** 2)

    weights = [jnp.asarray(w) for w in mlp_weights(sizes)]
    start = time.perf_counter()
    jax.block_until_ready(loss_and_gradient(weights))
    compile_seconds = time.perf_counter() - start

    def run() -> float:
        return float(jax.block_until_ready(loss_and_gradient(weights))[0])

    return run, compile_seconds
