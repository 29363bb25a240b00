"""Vector fields written once for TensorFlow and NumPy: the referees need no TensorFlow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from nodelens.checking.problem import TensorField

COMPLEX_STEP = 1e-30


@dataclass(frozen=True)
class Operations:
    """The few operations that textbook problems need, in one of both libraries."""

    sin: Callable[[Any], Any]
    cos: Callable[[Any], Any]
    tanh: Callable[[Any], Any]
    exp: Callable[[Any], Any]
    matvec: Callable[[Any, Any], Any]
    stack: Callable[[Sequence[Any]], Any]
    unstack: Callable[[Any], Sequence[Any]]


TENSORFLOW = Operations(
    tf.sin,
    tf.cos,
    tf.tanh,
    tf.exp,
    tf.linalg.matvec,
    lambda parts: tf.stack(parts, axis=-1),
    lambda vector: tf.unstack(vector, axis=-1),
)
NUMPY = Operations(
    np.sin,
    np.cos,
    np.tanh,
    np.exp,
    lambda matrix, vector: (matrix @ vector[..., None])[..., 0],
    lambda parts: np.stack(parts, axis=-1),
    lambda vector: list(np.moveaxis(vector, -1, 0)),
)

# f(operations, t, z, params) -> dz/dt. t and the components of z may be scalars or have an axis
# of copies in front; the components of z are `operations.unstack(z)`.
TextbookField = Callable[[Operations, Any, Any, Sequence[Any]], Any]


def in_tensorflow(field: TextbookField) -> TensorField:
    """Makes the field for TensorFlow. Once a field: the compiled solves are kept by it."""

    def vector_field(t: tf.Tensor, z: tf.Tensor, params: list[tf.Tensor]) -> tf.Tensor:
        return field(TENSORFLOW, t, z, params)

    return vector_field


@dataclass(frozen=True)
class NumpyField:
    """The field as the referees see it; its Jacobians are found by a complex step, to rounding.

    Attributes:
        field: The field.
        shapes: The shapes of the parameters.
        analytic: It takes complex numbers.
        epsilon: Its rounding error.
    """

    field: TextbookField
    shapes: tuple[tuple[int, ...], ...]
    analytic: bool = True
    epsilon: float = float(np.finfo(np.float64).eps)

    def copies(self, t: np.ndarray, z: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Evaluates f for many copies at once; see `PlainField`."""
        params, start = [], 0
        for shape in self.shapes:
            stop = start + int(np.prod(shape))
            params.append(theta[:, start:stop].reshape(-1, *shape))
            start = stop
        return np.asarray(self.field(NUMPY, t, z, params))

    def jacobians(
        self, t: float, z: np.ndarray, theta: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Returns Im f(x + ih eⱼ) / h, exact for an analytic field (Squire and Trapp 1998)."""
        point = np.concatenate([z, theta, [t]])
        stepped = point + 1j * COMPLEX_STEP * np.eye(point.size)
        size = z.size
        values = self.copies(stepped[:, -1], stepped[:, :size], stepped[:, size:-1])
        jacobian = values.imag.T / COMPLEX_STEP
        return values[0].real, jacobian[:, :size], jacobian[:, size:-1], jacobian[:, -1]
