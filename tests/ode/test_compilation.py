"""Compiled once, the same eager, as a graph and by XLA, and against SciPy."""

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from nodelens.ode import Status, odeint
from nodelens.ode.compiled import compiled
from nodelens.ode.prepare import prepare

Z0 = tf.constant([1.0, 0.0], tf.float64)
TIMES = np.array([0.0, 1.0, 3.0])


def pendulum(t, z):
    return tf.stack([z[1], -tf.sin(z[0]) + 0.1 * tf.cos(t)])


def test_eager_graph_and_xla_agree():
    def states(**kwargs):
        return odeint(pendulum, Z0, TIMES, rtol=1e-8, atol=1e-8, **kwargs).states

    by_xla, by_graph = states(), states(jit_compile=False)
    inside = tf.function(states, jit_compile=True)()
    np.testing.assert_allclose(by_xla, by_graph, rtol=1e-12)
    np.testing.assert_allclose(inside, by_graph, rtol=1e-12)


def test_new_tolerances_times_and_states_do_not_trace_again():
    calls = []

    def field(t, z):
        calls.append(1)
        return -z

    for k in range(4):
        odeint(
            field,
            Z0 + float(k),
            np.array([0.0, 1.0 + k]),
            rtol=10.0 ** -(3 + k),
            atol=10.0 ** -(4 + k),
            jit_compile=False,
        )
        if k == 0:
            first = len(calls)
    assert len(calls) == first


def test_what_xla_cannot_compile_runs_as_a_graph_with_one_warning():
    def field(t, z):
        return -z + 0 * tf.numpy_function(lambda x: x, [z], tf.float64, stateful=False)[..., :1] * 0

    def shaped(t, z):
        return tf.ensure_shape(field(t, z), z.shape)

    with pytest.warns(RuntimeWarning, match="XLA cannot compile"):
        first = odeint(shaped, Z0, TIMES)
    np.testing.assert_allclose(first.states[-1], Z0 * np.exp(-3.0), atol=1e-5)


@pytest.mark.parametrize("method", ["LSODA", "DOP853"])
def test_scipy_is_a_reference_without_gradient(method):
    ours = odeint(pendulum, Z0, TIMES[::-1].copy(), rtol=1e-9, atol=1e-9, jit_compile=False)
    with tf.GradientTape() as tape:
        tape.watch(Z0)
        theirs = odeint(
            pendulum, Z0, TIMES[::-1].copy(), solver=f"scipy:{method}", rtol=1e-9, atol=1e-9
        )
        loss = tf.reduce_sum(theirs.states)
    assert int(theirs.status) == Status.SUCCESS
    np.testing.assert_allclose(ours.states, theirs.states, atol=1e-6)
    with pytest.raises(ValueError, match="no gradient"):
        tape.gradient(loss, Z0)
    with pytest.raises(ValueError, match="Did you mean 'LSODA'"):
        odeint(pendulum, Z0, TIMES, solver="scipy:LSOD")


TWO_REPLICAS = """
import tensorflow as tf
from nodelens.ode import odeint

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, 2 * [tf.config.LogicalDeviceConfiguration()])
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    rate = tf.Variable(-1.0, dtype=tf.float64)

def replica():
    start = tf.distribute.get_replica_context().replica_id_in_sync_group + 1
    z0 = tf.cast(start, tf.float64)[None]
    with tf.GradientTape() as tape:
        states = odeint(
            lambda t, z, p: p * z, z0, [0.0, 1.0], params=rate, adjoint="discrete", atol=1e-9
        ).states
        loss = tf.reduce_sum(states[-1])
    return tape.gradient(loss, rate)

@tf.function
def total():
    return strategy.reduce("SUM", strategy.run(replica), axis=None)

print(strategy.num_replicas_in_sync, float(total()))
"""


@pytest.mark.slow
def test_gradients_work_under_a_mirrored_strategy_of_two_devices():
    # Replicas start from 1 and 2: dL/drate = (1 + 2) exp(-1). Devices can only be split in a
    # process that has not used them yet.
    run = subprocess.run(
        [sys.executable, "-c", TWO_REPLICAS],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    replicas, gradient = run.stdout.split()
    assert int(replicas) == 2
    assert float(gradient) == pytest.approx(3 * np.exp(-1.0), rel=1e-5)


def test_the_compiled_functions_of_a_configuration_are_cached():
    first = prepare(pendulum, Z0, TIMES)
    second = prepare(pendulum, Z0 + 1, TIMES + 1)
    assert compiled(first.core, True) is compiled(second.core, True)
