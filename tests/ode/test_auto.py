"""The adjoint that is chosen by the memory that its store would take."""

import numpy as np
import pytest
import tensorflow as tf

from nodelens.ode import Auto, Checkpointed, Discrete, SolveOptions, odeint, odeint_vjp
from nodelens.ode.adjoints import auto


def spec(*shape, dtype=tf.float32):
    return tf.TensorSpec(shape, dtype)


@pytest.mark.parametrize(
    ("shape", "room"),
    # A step takes 8 bytes a component and 16 of times.
    [((1, 2), 4096), ((1, 128), 1008), ((1, 10**5), 256), ((None, 64), 256)],
)
def test_a_store_that_fits_is_taken(shape, room, monkeypatch):
    monkeypatch.setattr(auto, "memory_bytes", lambda: 64 * 10**9)
    choice = Auto().choose(spec(*shape))
    assert (choice.name, choice.adjoint) == ("discrete", Discrete(room))


def test_the_share_of_memory_decides(monkeypatch):
    # 256 steps of two states of 1,000 numbers and two times are 2,052,096 bytes.
    state = spec(1, 1000)
    monkeypatch.setattr(auto, "memory_bytes", lambda: 64 * 2_052_096)
    chosen = Auto().choose(state)
    assert chosen.name == "discrete"
    assert (
        chosen.reason == "a store of 256 steps takes 2.05 MB, within a 64th of the memory, 2.05 MB"
    )
    monkeypatch.setattr(auto, "memory_bytes", lambda: 64 * 2_052_095)
    chosen = Auto().choose(state)
    assert chosen.adjoint == Checkpointed(max_accepted=4096)
    assert "more than" in chosen.reason


def test_more_room_leads_to_checkpoints(monkeypatch):
    monkeypatch.setattr(auto, "memory_bytes", lambda: 64 * 10**6)
    adjoint, names = Auto(room=10), []
    for _ in range(5):
        names.append(adjoint.choose(spec(1, 1000)).adjoint)
        adjoint = adjoint.larger()
    assert names[:2] == [Discrete(10), Discrete(40)]
    # 160 steps are beyond 1 MB; the number of checkpoints stays, the room for times grows.
    assert names[2:] == [Checkpointed(max_accepted=room) for room in (4096, 4096, 4096)]
    assert Auto(room=10, growth=4**6).choose(spec(1, 1000)).adjoint.max_accepted == 40960


def test_it_is_the_default_and_its_gradient_is_exact():
    assert SolveOptions().adjoint == "auto"
    z0 = tf.constant([1.5, -0.5], tf.float64)
    options = {"rtol": 1e-4, "atol": 1e-4, "jit_compile": False}

    def gradient(**adjoint):
        solution, pullback = odeint_vjp(
            lambda t, z: tf.sin(z) - t, z0, [0.0, 2.0], **options, **adjoint
        )
        return pullback(tf.ones_like(solution.states)).z0

    np.testing.assert_array_equal(gradient(), gradient(adjoint="discrete"))


def test_an_eager_gradient_of_many_steps_finds_room(monkeypatch):
    monkeypatch.setattr(auto, "LEAST_ROOM", 2)
    monkeypatch.setattr(auto, "MOST_ROOM", 2)
    z0 = tf.constant([1.0], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(z0)
        solution = odeint(lambda t, z: -z, z0, [0.0, 2.0], jit_compile=False)
    assert int(solution.stats.accepted) > 2
    np.testing.assert_allclose(tape.gradient(solution.states, z0)[0], 1 + np.exp(-2), atol=1e-5)
