"""The script of a user of diffrax: reads a table, fits a network, prints its errors."""

import json
import sys

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from tests.benchmarks.fitting.__main__ import BATCH, HELD_OUT, TOLERANCE

PER_CALL = 50


def solve(field, times, z0):
    """Solves from one state."""
    return diffrax.diffeqsolve(
        diffrax.ODETerm(lambda t, z, args: field(z)),
        diffrax.Tsit5(),
        times[0],
        times[-1],
        times[1] - times[0],
        z0,
        saveat=diffrax.SaveAt(ts=times),
        stepsize_controller=diffrax.PIDController(rtol=TOLERANCE, atol=TOLERANCE),
        throw=False,
    ).ys


def main(path: str, recipe: str, seed: int, steps: int, window: int) -> None:
    """Trains and prints the errors over both parts, solved from the first state alone."""
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    cut = round((1 - HELD_OUT) * len(table))
    mean, size = table[:cut, 1:].mean(axis=0), table[:cut, 1:].std(axis=0)
    states = jnp.asarray((table[:, 1:] - mean) / size, jnp.float32)
    times = jnp.asarray(table[:, 0], jnp.float32)
    key = jax.random.PRNGKey(seed)
    field = eqx.nn.MLP(2, 2, 50, 1, jnp.tanh, key=key)
    parts, static = eqx.partition(field, eqx.is_inexact_array)
    if recipe == "same recipe":
        # In the time in which the data moves by its own size, as nodelens chooses it.
        stages = [(steps, window)]
        rate = optax.cosine_decay_schedule(1e-2, steps)
        optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(rate))
        times = times * (2.0 / (window * (table[1, 0] - table[0, 0])))
    else:
        stages = [(steps // 10, cut // 10), (steps, cut)]
        optimizer = optax.adabelief(3e-3)
    memory = optimizer.init(parts)

    def loss_of(parts, rows, length):
        field = eqx.combine(parts, static)
        target = states[rows[:, None] + jnp.arange(length)]
        own = times[:length] - times[0]
        found = jax.vmap(lambda z0: solve(field, own, z0))(target[:, 0])
        error = found - target
        return jnp.mean(jnp.abs(error) if recipe == "same recipe" else error**2)

    done = 0
    for until, length in stages:
        starts = cut - length + 1
        batch = min(BATCH, starts)

        @eqx.filter_jit
        def call(parts, memory, first, starts=starts, batch=batch, length=length):
            def step(carry, i):
                parts, memory = carry
                drawn = jax.random.randint(jax.random.fold_in(key, i), (batch,), 0, starts)
                gradient = jax.grad(loss_of)(parts, drawn, length)
                updates, memory = optimizer.update(gradient, memory, parts)
                return (eqx.apply_updates(parts, updates), memory), None

            return jax.lax.scan(step, (parts, memory), first + jnp.arange(PER_CALL))[0]

        while done < until:
            parts, memory = call(parts, memory, jnp.asarray(done))
            done += PER_CALL
    found = np.asarray(eqx.filter_jit(solve)(eqx.combine(parts, static), times, states[0]))
    error = np.abs(found * size + mean - table[:, 1:])
    errors = {"trajectory_error": error[:cut].mean(), "extrapolation_error": error[cut:].mean()}
    print(json.dumps({name: float(value) for name, value in errors.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
