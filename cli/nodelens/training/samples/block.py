"""The middle of a network: solved or run through, with the gradient pulled back."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import tensorflow as tf

from nodelens.fields.blocks import ResidualBlocks
from nodelens.fields.functional import as_function, parameters
from nodelens.fields.layer import NeuralODE
from nodelens.ode import Adjoint, Status, odeint, odeint_vjp
from nodelens.ode.options import OdeintArguments
from nodelens.training.loop.task import Cost

# From dL/dz1 to dL/dz0, the gradients for the variables of the block, in their order, and the cost.
Pullback = Callable[[tf.Tensor], tuple[tf.Tensor, list[tf.Tensor], Cost]]


def run_block(
    block: NeuralODE | ResidualBlocks, z0: tf.Tensor, adjoint: Adjoint
) -> tuple[tf.Tensor, Pullback]:
    """Runs a block so that its gradient can be computed.

    Args:
        block: The block.
        z0: Its input, shape [batch, ...].
        adjoint: The gradient of an ODE block.

    Returns:
        Its output z1, and the pullback.
    """
    if isinstance(block, NeuralODE):
        return _solved(block, z0, adjoint)
    with tf.GradientTape() as tape:
        tape.watch(z0)
        z1 = block(z0)

    def pullback(by_z1: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor], Cost]:
        by_z0, *params = tape.gradient(z1, [z0, *block.trainable_variables], output_gradients=by_z1)
        count, none = tf.constant(len(block.fields)), tf.constant(0)
        success = tf.constant(int(Status.SUCCESS))
        return by_z0, params, Cost(count, count, none, success, tf.constant(0.0))

    return z1, pullback


def _solved(block: NeuralODE, z0: tf.Tensor, adjoint: Adjoint) -> tuple[tf.Tensor, Pullback]:
    solution, pull = odeint_vjp(
        as_function(block.vector_field),
        z0,
        tf.constant(block.times, tf.float64),
        **_arguments(block, adjoint),
    )

    def pullback(by_z1: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor], Cost]:
        gradients = pull(tf.stack([tf.zeros_like(by_z1), by_z1]))
        forward, back = solution.stats, gradients.stats
        succeeded = solution.status == int(Status.SUCCESS)
        cost = Cost(
            nfe_forward=forward.nfe,
            nfe_backward=back.nfe,
            rejected=forward.rejected,
            status=tf.where(succeeded, back.status, solution.status),
            drift=tf.cast(tf.reduce_max(back.drift), tf.float32),
        )
        return gradients.z0, gradients.params, cost

    return solution.states[-1], pullback


def _arguments(block: NeuralODE, adjoint: str | Adjoint = "backsolve") -> OdeintArguments:
    options = replace(block.options, adjoint=adjoint)
    return {"params": parameters(block.vector_field), **options.arguments()}


def way_through(
    block: NeuralODE | ResidualBlocks, z0: tf.Tensor, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Computes the states on the way through a block.

    Args:
        block: The block.
        z0: Its input, shape [batch, ...].
        count: The number of depths for an ODE; a residual network has its blocks.

    Returns:
        The depths from 0 to 1, shape [depths], and the states, shape [depths, batch, ...].
    """
    if isinstance(block, ResidualBlocks):
        states = tf.stack(block.states(z0)).numpy()
        return np.linspace(0.0, 1.0, len(states)), states
    depths = np.linspace(block.times[0], block.times[-1], count)
    solution = odeint(
        as_function(block.vector_field),
        z0,
        tf.constant(depths, tf.float64),
        **_arguments(block),
        throw=False,
    )
    return depths, solution.states.numpy()


def evaluations(block: NeuralODE, z0: tf.Tensor) -> np.ndarray:
    """Finds where the solver evaluates a field of one component on the way from one state.

    Args:
        block: The block.
        z0: Its input, shape [1, 1].

    Returns:
        Depth and state of each evaluation, shape [evaluations, 2].
    """
    seen: list[tuple[float, float]] = []
    function = as_function(block.vector_field)

    def note(t: np.ndarray, z: np.ndarray) -> np.ndarray:
        seen.append((float(t), float(z[0, 0])))
        return z

    def noted(t: tf.Tensor, z: tf.Tensor, params: list[tf.Tensor]) -> tf.Tensor:
        (same,) = tf.numpy_function(note, [t, z], [z.dtype])
        return function(t, tf.ensure_shape(same, z.shape), params)

    odeint(
        noted,
        z0,
        tf.constant(block.times, tf.float64),
        **_arguments(block),
        throw=False,
        jit_compile=False,
    )
    return np.array(seen)
