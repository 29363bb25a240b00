"""The middle of a network: solved or run through, with the gradient pulled back."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from nodelens.fields.blocks import ResidualBlocks
from nodelens.fields.functional import as_function, parameters
from nodelens.fields.layer import NeuralODE
from nodelens.ode import Adjoint, Status, odeint, odeint_vjp
from nodelens.ode.options import OdeintArguments


class Pulled(NamedTuple):
    """The gradient of a block.

    Attributes:
        z0: The gradient for the input.
        params: The gradients for the variables of the block, in their order.
        nfe: Evaluations of the field with its vector-Jacobian product, int32.
        drift: The drift of a state that was integrated backward.
        status: The status of the backward solve, int32.
    """

    z0: tf.Tensor
    params: list[tf.Tensor]
    nfe: tf.Tensor
    drift: tf.Tensor
    status: tf.Tensor


class Passed(NamedTuple):
    """The result of a block.

    Attributes:
        z1: The output.
        nfe: Evaluations of the field, int32.
        rejected: Rejected steps, int32.
        status: The status of the solve, int32.
        pullback: The function from dL/dz1 to the gradient of the block.
    """

    z1: tf.Tensor
    nfe: tf.Tensor
    rejected: tf.Tensor
    status: tf.Tensor
    pullback: Callable[[tf.Tensor], Pulled]


def run_block(block: NeuralODE | ResidualBlocks, z0: tf.Tensor, adjoint: Adjoint) -> Passed:
    """Runs a block so that its gradient can be computed, and counts evaluations.

    Args:
        block: The block.
        z0: Its input, shape [batch, ...].
        adjoint: The gradient of an ODE block.
    """
    if isinstance(block, NeuralODE):
        return _solved(block, z0, adjoint)
    with tf.GradientTape() as tape:
        tape.watch(z0)
        z1 = block(z0)
    variables, count = block.trainable_variables, tf.constant(len(block.fields))
    success = tf.constant(int(Status.SUCCESS))

    def pullback(by_z1: tf.Tensor) -> Pulled:
        by_z0, *params = tape.gradient(z1, [z0, *variables], output_gradients=by_z1)
        return Pulled(by_z0, params, count, tf.constant(0.0), success)

    return Passed(z1, count, tf.constant(0), success, pullback)


def _solved(block: NeuralODE, z0: tf.Tensor, adjoint: Adjoint) -> Passed:
    solution, pull = odeint_vjp(
        as_function(block.vector_field),
        z0,
        tf.constant(block.times, tf.float64),
        **_arguments(block, adjoint),
    )

    def pullback(by_z1: tf.Tensor) -> Pulled:
        gradients = pull(tf.stack([tf.zeros_like(by_z1), by_z1]))
        stats = gradients.stats
        drift = tf.cast(tf.reduce_max(stats.drift), tf.float32)
        return Pulled(gradients.z0, gradients.params, stats.nfe, drift, stats.status)

    stats = solution.stats
    return Passed(solution.states[-1], stats.nfe, stats.rejected, solution.status, pullback)


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
