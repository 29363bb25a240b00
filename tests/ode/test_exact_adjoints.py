"""Adjoints that are exact agree with the tape through the loop, step for step."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.integrate import solve_ivp

from nodelens.ode import ADJOINTS, Checkpointed, Direct, Discrete, Reversible, Status, odeint_vjp

RATES = tf.constant([1.5, 1.0, 3.0, 1.0], tf.float64)
Z0 = tf.constant([1.0, 1.0], tf.float64)
TIMES = np.linspace(0.0, 3.0, 7)
WEIGHTS = tf.constant(np.random.default_rng(0).normal(size=(7, 2)))


def lotka_volterra(t, z, p):
    """Time-dependent Lotka-Volterra; the prey's birth rate swings with t."""
    prey, predator = z[0], z[1]
    return tf.stack(
        [
            (p[0] + 0.3 * tf.sin(2 * t)) * prey - p[1] * prey * predator,
            p[3] * prey * predator - p[2] * predator,
        ]
    )


def gradients(adjoint, solver="dopri5", tolerance=1e-6, step_size=None, max_steps=300):
    solution, pullback = odeint_vjp(
        lotka_volterra,
        Z0,
        TIMES,
        params=RATES,
        solver=solver,
        rtol=tolerance,
        atol=tolerance,
        adjoint=adjoint,
        step_size=step_size,
        max_steps=max_steps,
        jit_compile=False,
    )
    assert int(solution.status) == Status.SUCCESS
    return solution, pullback(WEIGHTS)


@pytest.mark.slow
@pytest.mark.parametrize(("solver", "step_size"), [("dopri5", None), ("rk4", 0.03)])
def test_exact_adjoints_agree_with_the_tape_through_the_loop(solver, step_size):
    _, reference = gradients(Direct(), solver, 1e-4, step_size)
    exact = [row.made for row in ADJOINTS.values() if row.exact and row.name != "direct"]
    for adjoint in (*exact, Checkpointed(checkpoints=4)):
        solution, found = gradients(adjoint, solver, 1e-4, step_size)
        assert int(solution.stats.accepted) > 4
        np.testing.assert_allclose(found.z0, reference.z0, rtol=1e-11)
        np.testing.assert_allclose(found.params, reference.params, rtol=1e-11)
        np.testing.assert_allclose(found.times, reference.times, rtol=1e-9, atol=1e-11)


def test_checkpoints_hold_whatever_the_number_of_steps():
    # 100 steps in 6 checkpoints: the stride doubles five times, and segments exceed the ring.
    _, reference = gradients(Discrete(), "euler", step_size=0.03)
    _, found = gradients(Checkpointed(checkpoints=6), "euler", step_size=0.03)
    np.testing.assert_allclose(found.params, reference.params, rtol=1e-12)
    np.testing.assert_allclose(found.z0, reference.z0, rtol=1e-12)
    assert int(found.stats.nfe) < 6 * int(reference.stats.nfe)


def forward_sensitivities():
    """dL/dz0 and dL/dp of the Lotka-Volterra problem by SciPy, from dS/dt = f_z S + f_(z0, p)."""

    def slope(t, y):
        (prey, predator), s = y[:2], y[2:].reshape(2, 6)
        birth, p = RATES[0].numpy() + 0.3 * np.sin(2 * t), RATES.numpy()
        by_state = [[birth - p[1] * predator, -p[1] * prey], [p[3] * predator, p[3] * prey - p[2]]]
        by_rates = [[0, 0, prey, -prey * predator, 0, 0], [0, 0, 0, 0, -predator, prey * predator]]
        f = [(birth - p[1] * predator) * prey, (p[3] * prey - p[2]) * predator]
        return np.concatenate([f, (by_state @ s + by_rates).ravel()])

    start = np.concatenate([Z0, np.eye(2, 6).ravel()])
    found = solve_ivp(
        slope, (0, 3), start, method="DOP853", rtol=1e-13, atol=1e-14, t_eval=TIMES
    ).y.T[:, 2:]
    return np.split(np.einsum("ts,tsd->d", WEIGHTS, found.reshape(-1, 2, 6)), [2])


@pytest.mark.slow
def test_all_adjoints_agree_with_scipy_at_tight_tolerance():
    # The bar of SciML's test of sensitivities: 1e-9 in float64.
    by_z0, by_rates = forward_sensitivities()
    names = ("discrete", "checkpointed", "backsolve", "reversible")
    every = [gradients(name, "tsit5", 1e-13, max_steps=5000)[1] for name in names]
    for name, found in zip(names, every, strict=True):
        np.testing.assert_allclose(found.z0, by_z0, rtol=1e-9, err_msg=name)
        np.testing.assert_allclose(found.params, by_rates, rtol=1e-9, err_msg=name)
        np.testing.assert_allclose(found.times, every[0].times, rtol=1e-9, atol=1e-9)


def test_an_odd_number_of_checkpoints_is_refused():
    with pytest.raises(ValueError, match="even"):
        Checkpointed(checkpoints=5)


@pytest.mark.parametrize(("solver", "step_size"), [("rk4", 0.03), ("tsit5", None)])
def test_the_reversible_adjoint_is_the_exact_gradient_of_its_own_scheme(solver, step_size):
    solution, found = gradients("reversible", solver, 1e-8, step_size)
    _, reference = gradients(Discrete(), "tsit5", 1e-11, max_steps=2000)
    limit = 1e-4 if step_size else 1e-6
    np.testing.assert_allclose(found.z0, reference.z0, rtol=limit)
    np.testing.assert_allclose(found.params, reference.params, rtol=limit)
    np.testing.assert_allclose(found.times, reference.times, rtol=limit, atol=limit)
    assert float(found.stats.drift[0]) < 1e-11
    assert int(solution.stats.accepted) > 20


def test_the_reversible_adjoint_agrees_with_differences_of_its_own_solve():
    # Nothing is damped here, so the coupling is a constant of the differences too.
    def growth(t, z, p):
        return p[0] * z + p[1] * tf.cos(t) * z**2

    def solve(params):
        return odeint_vjp(
            growth,
            Z0,
            TIMES / 4,
            params=params,
            solver="heun",
            step_size=0.25,
            adjoint="reversible",
            jit_compile=False,
        )

    def loss(params):
        return float(tf.reduce_sum(WEIGHTS * solve(params)[0].states))

    params = tf.constant([0.4, 0.3], tf.float64)
    found = solve(params)[1](WEIGHTS)
    for k in range(2):
        shift = tf.one_hot(k, 2, dtype=tf.float64) * 1e-5
        difference = (loss(params + shift) - loss(params - shift)) / 2e-5
        assert float(found.params[k]) == pytest.approx(difference, rel=1e-7)


@pytest.mark.parametrize(
    "adjoint", [Discrete(2), Checkpointed(4, max_accepted=3), Reversible(max_accepted=3)]
)
def test_a_store_that_grew_is_walked_back_whole(adjoint):
    # 20 Euler steps of dz/dt = -z, one after the other outgrowing the store: dL/dz0 = 0.95**20.
    # The reversible scheme has a gradient of its own, of the same order of accuracy.
    solution, pullback = odeint_vjp(
        lambda t, z: -z,
        tf.constant([1.0], tf.float64),
        [0.0, 1.0],
        solver="euler",
        step_size=0.05,
        adjoint=adjoint,
        jit_compile=False,
    )
    found = pullback(tf.constant([[0.0], [1.0]], tf.float64))
    assert int(solution.stats.accepted) == 20
    # The flow is linear, so the gradient is the solution itself.
    assert float(found.z0[0]) == pytest.approx(float(solution.states[-1, 0]), rel=1e-12)


def test_the_reversible_adjoint_refuses_an_implicit_solver():
    with pytest.raises(ValueError, match="needs an explicit solver"):
        odeint_vjp(lambda t, z: -z, Z0, TIMES, solver="kvaerno3", adjoint="reversible")
