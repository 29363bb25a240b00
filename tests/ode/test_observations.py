"""Many requested times: each step sees those near it, and every one of them."""

import numpy as np
import pytest
import tensorflow as tf

from nodelens.ode import odeint_vjp
from nodelens.ode.observations import CHUNK, Observed, pull_back

RNG = np.random.default_rng(0)
WEIGHTS = tf.constant(0.5 * RNG.normal(size=(3, 3)))
Z0 = tf.constant(RNG.normal(size=(4, 3)))
COUNT = 2 * CHUNK + 5  # two whole chunks and a part between the first and the last time
# With times that repeat: at the start, in the middle, at the end.
DRAWN = RNG.uniform(0, 5, COUNT - 6)
TIMES = np.sort(np.concatenate([[0, 0, DRAWN[0], 5, 5, 5], DRAWN]))
COTANGENT = tf.constant(RNG.normal(size=(COUNT, 4, 3)))


def field(t: tf.Tensor, z: tf.Tensor, params: list[tf.Tensor]) -> tf.Tensor:
    del t
    return tf.tanh(z @ params[0])


def solved(times: np.ndarray, adjoint: str, batching: str) -> tuple[np.ndarray, ...]:
    solution, pullback = odeint_vjp(
        field,
        Z0,
        times,
        params=[WEIGHTS],
        solver="bosh3",
        rtol=1e-7,
        atol=1e-7,
        adjoint=adjoint,
        batching=batching,
    )
    found = pullback(COTANGENT)
    gradients = (found.z0, found.params[0], found.times)
    return solution.states.numpy(), *(x.numpy() for x in gradients)


@pytest.mark.parametrize(
    ("batching", "backward", "adjoints"),
    [("joint", False, ("discrete", "reversible")), ("independent", True, ("discrete",))],
)
def test_states_and_gradients_at_many_times_are_those_of_the_tape(
    batching: str, backward: bool, adjoints: tuple[str, ...]
) -> None:
    # The tape sees all times in every step.
    times = TIMES[::-1].copy() if backward else TIMES
    if batching == "independent":
        times = np.stack([factor * times for factor in (1.0, 0.5, 0.1, 0.99)], axis=1)
    expected = solved(times, "direct", batching)
    for adjoint in adjoints:
        found = solved(times, adjoint, batching)
        assert np.isfinite(found[0]).all()
        tolerance = 1e-10 if adjoint == "discrete" else 1e-4
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, atol=tolerance)


def test_a_step_visits_only_the_chunks_that_it_reaches_into() -> None:
    times = np.arange(1.0, 1 + 4 * CHUNK)[:, None] * [1.0, 10.0]
    observed = Observed.of(tf.constant(times), tf.zeros([4 * CHUNK, 2, 1], tf.float64))
    assert observed.times.shape == (4, CHUNK, 2)

    def reached(*steps: tuple[float, float]) -> tuple[int, int]:
        t0, t1 = (tf.constant(each, tf.float64) for each in zip(*steps, strict=True))
        first, end = observed.reached(t0, t1)
        return int(first), int(end)

    assert reached((0.0, 3.0), (0.0, 0.0)) == (0, 1)
    assert reached((CHUNK + 1, CHUNK + 2), (0.0, 0.0)) == (1, 2)
    assert reached((CHUNK - 1, 2 * CHUNK), (0.0, 0.0)) == (0, 2)
    assert reached((float(CHUNK), CHUNK + 0.5), (0.0, 0.0)) == (1, 1)  # between two chunks
    # The slower sample decides on the first chunk, the faster one on the last.
    assert reached((1.0, 2.0), (250.0, 260.0)) == (0, 4)
    first, end = reached((3.0, 3.0), (4.0, 4.0))  # nobody moved
    assert first >= end


def test_what_fills_the_last_chunk_up_counts_for_nothing() -> None:
    times = np.arange(1.0, CHUNK + 2)[:, None]
    cotangent = tf.constant(RNG.normal(size=(CHUNK + 1, 1, 2)))
    t0, t1 = tf.constant([3.0], tf.float64), tf.constant([CHUNK + 1.5], tf.float64)
    chunks, whole = (
        Observed.of(tf.constant(times), cotangent, taped=taped) for taped in (False, True)
    )
    assert (chunks.times.shape[0], whole.times.shape[0]) == (2, 1)
    found, expected = (pull_back(each, t0, t1, columns=2) for each in (chunks, whole))
    x = (times[3:] - 3.0) / (CHUNK - 1.5)
    by_hand = np.sum(x[..., None] ** 2 * cotangent[3:], axis=0)
    np.testing.assert_allclose(found.columns[1], by_hand, rtol=1e-12)
    for one, other in zip(tf.nest.flatten(found), tf.nest.flatten(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    assert np.array_equal(chunks.all_values(), cotangent)
