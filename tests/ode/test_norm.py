"""The norm of the error can be the user's own."""

import pytest
import tensorflow as tf

from nodelens.ode import odeint, odeint_vjp


def largest(x):
    return tf.reduce_max(x, axis=-1)


@pytest.mark.parametrize("adjoint", ["backsolve", "reversible"])
def test_the_largest_component_alone_decides_on_the_steps(adjoint):
    # Fifteen components at rest would make the root mean square four times smaller.
    def falling_and_resting(t, z):
        return tf.concat([-z[:1], tf.zeros_like(z[1:])], 0)

    def costs(z0, norm):
        options = {} if norm is None else {"norm": norm}
        solution, pullback = odeint_vjp(
            falling_and_resting, z0, [0.0, 3.0], adjoint=adjoint, jit_compile=False, **options
        )
        gradients = pullback(tf.ones_like(solution.states))
        return int(solution.stats.nfe), int(gradients.stats.nfe)

    alone = tf.constant([1.0], tf.float64)
    crowd = tf.pad(alone, [[0, 15]])
    assert costs(crowd, largest) == costs(alone, None)
    assert costs(crowd, None)[0] < costs(alone, None)[0]


@pytest.mark.parametrize("norm", [tf.reduce_max, tf.abs, lambda x: tf.ones([1])])
def test_a_norm_that_reduces_something_else_is_refused(norm):
    with pytest.raises(ValueError, match="norm must reduce the last axis"):
        odeint(lambda t, z: -z, tf.ones([2, 2], tf.float64), [0.0, 1.0], norm=norm)
