"""A solve that failed says why, in numbers, and what to do."""

import numpy as np
import pytest
import tensorflow as tf

from nodelens.ode import SOLVERS, PIDController, SolveError, Status, odeint
from nodelens.ode.diagnosis import stability_limit

Z0 = tf.constant([1.0, 0.5], tf.float64)

CASES = [
    # The solution 1 / (1 - t) grows beyond all bounds at t = 1.
    (lambda t, z: z * z, 2.0, {}, Status.STEP_UNDERFLOW, "t = 1.* blows up: .* from 0.79 to"),
    # Growth that overflows: exp(50 t) is 1e305 at t = 14.
    (lambda t, z: 50 * z, 20.0, {}, Status.NON_FINITE, "blows up"),
    # The slope of the root is infinite where the solution (1 - t/2)**2 reaches zero, at t = 2.
    (lambda t, z: -tf.sqrt(z), 4.0, {}, Status.NON_FINITE, "t = 1.41.* leaves the domain"),
    (lambda t, z: z / (t - t), 1.0, {}, Status.NON_FINITE, "NaN or Inf in 2 of 2 components"),
    # Dormand and Prince's pair is stable on the real axis up to 3.3, so up to steps of 3.3e-3.
    (
        lambda t, z: -1000 * (z - tf.cos(t)),
        1.0,
        {"max_steps": 100},
        Status.MAX_STEPS,
        "fastest rate is 1e\\+03.*up to 3.3e-03 only.*solver='kencarp5'",
    ),
    # f jumps from -1 to 1 in one of two components, by sqrt(2) in the root mean square.
    (
        lambda t, z: -tf.sign(z - [0.0, 0.3]),
        2.0,
        {"max_steps": 300, "rtol": 1e-9, "atol": 1e-9},
        Status.MAX_STEPS,
        "t = 0.2.* jumps: f changes by 1.4 over",
    ),
    # A harmonic oscillator is neither: it takes the steps that it takes, 325 in all.
    (
        lambda t, z: tf.stack([z[1], -z[0]]),
        100.0,
        {"max_steps": 50},
        Status.MAX_STEPS,
        "some 2[678]. more",
    ),
    (
        lambda t, z: -tf.exp(5 * z),
        10.0,
        {"solver": "kvaerno3", "controller": PIDController(first_step=9.0, min_step=9.0)},
        Status.NEWTON_FAILED,
        "did not find an implicit stage",
    ),
]


@pytest.mark.parametrize(("field", "end", "options", "status", "message"), CASES)
def test_the_cause_is_named_with_its_numbers(field, end, options, status, message):
    with pytest.raises(SolveError, match=message) as raised:
        odeint(field, Z0, [0.0, end], jit_compile=False, **options)
    assert raised.value.status == status


@pytest.mark.parametrize(
    ("solver", "limit"),
    # Euler: |1 - x| <= 1. RK4 and Dormand-Prince: Hairer and Wanner II, figure IV.2.1.
    [("euler", 2.0), ("midpoint", 2.0), ("bosh3", 2.5127), ("rk4", 2.7853), ("dopri5", 3.3066)],
)
def test_the_limit_of_stability_is_that_of_the_literature(solver, limit):
    found = stability_limit(SOLVERS[solver].tableau)
    assert found == pytest.approx(limit, abs=0.051)


def test_nothing_is_extrapolated_without_the_exception():
    solution = odeint(lambda t, z: z * z, Z0, [0.0, 0.5, 2.0], throw=False, jit_compile=False)
    assert np.isnan(solution.states[-1]).all()
