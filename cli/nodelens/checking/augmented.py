"""The augmented system g(Z) = [f, 0, 1] of Z = [z, θ, t], and its Jacobian by TensorFlow's tape."""

import numpy as np
import tensorflow as tf

from nodelens.checking.problem import CheckProblem
from nodelens.checking.tensor_fields import TensorField64


def block_jacobian(problem: CheckProblem, t: float, z: np.ndarray) -> np.ndarray:
    """Returns ∂g/∂Z = [[f_z, f_θ, f_t], [0, 0, 0], [0, 0, 0]] by automatic differentiation.

    Args:
        problem: The problem, whose `vector_field` is differentiated as the solver sees it.
        t: The time.
        z: The state, flat.

    Returns:
        Shape [size + parameters + 1, size + parameters + 1].
    """
    if isinstance(problem.plain, TensorField64):
        _, *found = problem.plain.jacobians(t, z, problem.theta)
        rows = np.concatenate([*found[:2], found[2].reshape(-1, 1)], axis=1)
        return np.pad(rows, [(0, rows.shape[1] - rows.shape[0]), (0, 0)])
    point = tf.constant(np.concatenate([z, problem.theta, [t]]), tf.float64)
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(point)
        slope = _augmented(problem, point)
    zero = tf.UnconnectedGradients.ZERO
    jacobian = tape.jacobian(slope, point, zero, experimental_use_pfor=False)
    return np.asarray(jacobian, np.float64)


def _augmented(problem: CheckProblem, point: tf.Tensor) -> tf.Tensor:
    size = problem.layout.size
    z, theta, t = point[:size], point[size:-1], point[-1]
    shapes = [value.shape for value in problem.params.values()]
    leaves = tf.split(theta, [int(np.prod(shape)) for shape in shapes]) if shapes else []
    params = [tf.reshape(leaf, shape) for leaf, shape in zip(leaves, shapes, strict=True)]
    f = problem.vector_field(t, tf.reshape(z, problem.z0.shape), params)
    return tf.concat([tf.reshape(f, [-1]), tf.zeros_like(theta), tf.ones([1], point.dtype)], 0)
