"""Training steps and gradients against diffrax and torchdiffeq, in one run on the same work.

    python -m tests.benchmarks.ode_training [--quick]

prints a Markdown table and one JSON document: medians of several repetitions, taken in turns so
that a busy machine is busy for all. Peers that are not installed are left out.
"""

import argparse
import importlib.util
import itertools
import json
import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from scipy.integrate import solve_ivp

from nodelens.ode import Discrete, odeint_vjp

WINDOW, BATCH = 10, 20
Work = tuple[Callable[[], float], float]


def spiral() -> tuple[np.ndarray, np.ndarray]:
    """The cubic spiral of torchdiffeq's demonstration: 1000 points on [0, 25]."""
    matrix = np.array([[-0.1, 2.0], [-2.0, -0.1]])
    times = np.linspace(0, 25, 1000)
    solution = solve_ivp(
        lambda t, z: (z**3) @ matrix, (0, 25), [2.0, 0.0], t_eval=times, rtol=1e-9, atol=1e-11
    )
    return times, solution.y.T.astype("f4")


TIMES, DATA = spiral()
RANDOM = np.random.default_rng(0)
WEIGHTS = [
    RANDOM.normal(0, 0.1, (2, 50)).astype("f4"),
    np.zeros(50, "f4"),
    RANDOM.normal(0, 0.1, (50, 2)).astype("f4"),
    np.zeros(2, "f4"),
]
STARTS = RANDOM.integers(0, 1000 - WINDOW, (200, BATCH))


def ours_spiral(adjoint, rtol: float, atol: float, steps: int) -> Work:
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
                adjoint=adjoint,
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


def diffrax_spiral(adjoint, rtol: float, atol: float, steps: int) -> Work:
    """The same in diffrax inside `lax.scan`."""
    import diffrax
    import jax
    import jax.numpy as jnp

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


def torchdiffeq_spiral(rtol: float, atol: float, steps: int) -> Work:
    """The same with torchdiffeq's adjoint, step by step as it is used."""
    import torch
    from torchdiffeq import odeint_adjoint

    data, times = torch.tensor(DATA), torch.tensor(TIMES[:WINDOW], dtype=torch.float32)

    class Field(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.p = torch.nn.ParameterList([torch.nn.Parameter(torch.tensor(w)) for w in WEIGHTS])

        def forward(self, t, z):
            return torch.tanh(z**3 @ self.p[0] + self.p[1]) @ self.p[2] + self.p[3]

    def train() -> float:
        field = Field()
        optimizer = torch.optim.RMSprop(field.parameters(), lr=1e-3, alpha=0.9, eps=1e-7)
        for i in range(steps):
            rows = torch.tensor(STARTS[i])
            optimizer.zero_grad()
            states = odeint_adjoint(field, data[rows], times, rtol=rtol, atol=atol)
            target = data[rows[None] + torch.arange(WINDOW)[:, None]]
            loss = torch.mean(torch.abs(states - target))
            loss.backward()
            optimizer.step()
        return float(loss)

    return train, 0.0


def mlp_weights(sizes: list[int]) -> list[np.ndarray]:
    """Seeded weights and zero biases of a multilayer perceptron."""
    random = np.random.default_rng(1)
    weights = []
    for fan_in, fan_out in itertools.pairwise(sizes):
        weights.append(random.normal(0, 1 / np.sqrt(fan_in), (fan_in, fan_out)).astype("f4"))
        weights.append(np.zeros(fan_out, "f4"))
    return weights


def ours_gradient(adjoint, sizes, batch, end, tolerance, activation) -> Work:
    """One call, one gradient of sum(z(end)**2), with one's own compiled function."""
    z0 = tf.constant(np.random.default_rng(2).normal(size=(batch, sizes[0])).astype("f4"))
    act = {"softplus": tf.math.softplus, "tanh": tf.tanh}

    def field(t, z, p):
        for k in range(0, len(p), 2):
            z = z @ p[k] + p[k + 1]
            z = act[activation[k // 2]](z) if activation[k // 2] else z
        return z

    @tf.function(jit_compile=True)
    def gradient(weights):
        solution, pullback = odeint_vjp(
            field, z0, [0.0, end], params=weights, rtol=tolerance, atol=tolerance, adjoint=adjoint
        )
        last = solution.states[-1]
        return tf.reduce_sum(last**2), pullback(tf.stack([tf.zeros_like(z0), 2 * last])).params

    weights = [tf.constant(w) for w in mlp_weights(sizes)]
    start = time.perf_counter()
    gradient(weights)[0].numpy()
    compile_seconds = time.perf_counter() - start

    def run() -> float:
        loss, gradients = gradient(weights)
        gradients[0].numpy()
        return float(loss)

    return run, compile_seconds


def diffrax_gradient(adjoint, sizes, batch, end, tolerance, activation) -> Work:
    """The same in diffrax under `jit(value_and_grad)`."""
    import diffrax
    import jax
    import jax.numpy as jnp

    z0 = jnp.asarray(np.random.default_rng(2).normal(size=(batch, sizes[0])).astype("f4"))
    act = {"softplus": jax.nn.softplus, "tanh": jnp.tanh}

    def field(t, z, p):
        for k in range(0, len(p), 2):
            z = z @ p[k] + p[k + 1]
            z = act[activation[k // 2]](z) if activation[k // 2] else z
        return z

    @jax.jit
    @jax.value_and_grad
    def gradient(weights):
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
    jax.block_until_ready(gradient(weights))
    compile_seconds = time.perf_counter() - start

    def run() -> float:
        return float(jax.block_until_ready(gradient(weights))[0])

    return run, compile_seconds


def measure(works: dict[str, Work], repetitions: int, per_call: int) -> dict[str, dict]:
    """Medians in milliseconds, the works taking turns."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    losses = {}
    for _ in range(repetitions):
        for name, (run, _) in works.items():
            start = time.perf_counter()
            losses[name] = run()
            seconds[name].append((time.perf_counter() - start) / per_call)
    return {
        name: {
            "median_ms": round(1e3 * float(np.median(values)), 4),
            "best_ms": round(1e3 * min(values), 4),
            "compile_s": round(works[name][1], 2),
            "loss": losses[name],
        }
        for name, values in seconds.items()
    }


def main() -> None:
    """Runs everything and prints the table and the JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer steps and repetitions")
    quick = parser.parse_args().quick
    steps, repetitions = (20, 3) if quick else (100, 9)
    peers = {n for n in ("diffrax", "torchdiffeq") if importlib.util.find_spec(n)}
    results: dict[str, dict] = {}
    for rtol, atol in ((1e-3, 1e-4), (1e-6, 1e-7)):
        works = {
            "nodelens discrete": ours_spiral(Discrete(capacity=64), rtol, atol, steps),
            "nodelens backsolve": ours_spiral("backsolve", rtol, atol, steps),
        }
        if "diffrax" in peers:
            for adjoint in ("RecursiveCheckpointAdjoint", "BacksolveAdjoint"):
                works[f"diffrax {adjoint}"] = diffrax_spiral(adjoint, rtol, atol, steps)
        results[f"spiral training step, rtol {rtol:g}"] = measure(works, repetitions, steps)
        if "torchdiffeq" in peers:
            slow = {"torchdiffeq odeint_adjoint": torchdiffeq_spiral(rtol, atol, 5)}
            results[f"spiral training step, rtol {rtol:g}"] |= measure(slow, 3, 5)
    small = ([4, 32, 4], 64, 10.0, ["softplus", "tanh"])
    large = ([64, 1024, 1024, 64], 512, 1.0, ["tanh", "tanh", None])
    for title, (sizes, batch, end, act), tolerance in (
        ("gradient of a small field, tol 1e-3", small, 1e-3),
        ("gradient of a small field, tol 1e-6", small, 1e-6),
        ("gradient of a large field, tol 1e-3", large, 1e-3),
    ):
        works = {
            f"nodelens {name}": ours_gradient(adjoint, sizes, batch, end, tolerance, act)
            for name, adjoint in (("discrete", Discrete(capacity=64)), ("backsolve", "backsolve"))
        }
        if "diffrax" in peers:
            for adjoint in ("RecursiveCheckpointAdjoint", "BacksolveAdjoint"):
                works[f"diffrax {adjoint}"] = diffrax_gradient(
                    adjoint, sizes, batch, end, tolerance, act
                )
        count = 3 if sizes[1] > 100 else (20 if quick else 100)
        results[title] = measure(works, count, 1)
    for title, rows in results.items():
        print(f"\n### {title}\n\n| who | median ms | best ms | compile s | loss |")
        print("|---|---|---|---|---|")
        for name, row in rows.items():
            print(
                f"| {name} | {row['median_ms']} | {row['best_ms']} | {row['compile_s']} "
                f"| {row['loss']:.6g} |"
            )
    print(json.dumps({"schema": 1, "benchmark": "ode_training", "results": results}))


if __name__ == "__main__":
    main()
