"""A field of TensorFlow operations as the referees see it: flat NumPy vectors in, and out."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from nodelens.ode.adjoints.base import is_differentiable
from nodelens.ode.layout import Layout
from nodelens.ode.vector_field import FlatField, LiftedField, lift


def lift_field(
    field: Callable[..., Any], z0: np.ndarray, dtype: str
) -> tuple[LiftedField, list[np.ndarray], list[str]]:
    """Traces a field f(t, z) and finds what it captures: its parameters.

    Raises:
        VectorFieldError: If the field cannot be solved as it is.
    """
    start = tf.constant(z0, dtype)
    lifted = lift(field, Layout.of(start), None, start.dtype)
    parameters = [source for source in lifted.sources if is_differentiable(source)]
    values = [np.asarray(source).astype(np.float64) for source in parameters]
    names: list[str] = []
    for index, source in enumerate(parameters):
        name = _name_of(source, index)
        names.append(name if name not in names else f"{name}_{index}")
    return lifted, values, names


def _name_of(source: Any, index: int) -> str:
    """Shortens a variable's own name: `dense/kernel:0` becomes `dense.kernel`."""
    if not isinstance(source, tf.Variable):
        return f"tensor_{index}"
    parts = source.name.split(":")[0].split("/")
    return ".".join(parts[-2:])


class TensorField64:
    """Evaluates a lifted field and its Jacobians, computed in the field's own precision.

    Args:
        flat: The field on flat states [1, size].
        sources: What it captures; those that are real numbers are its parameters.
        dtype: In which it computes.
    """

    analytic = False

    def __init__(
        self, flat: FlatField, sources: Sequence[tf.Variable | tf.Tensor], dtype: str
    ) -> None:
        self._flat = flat
        self._sources = list(sources)
        self._sizes = [int(np.prod(x.shape)) for x in sources if is_differentiable(x)]
        self._dtype = tf.as_dtype(dtype)

    @property
    def dtype(self) -> str:
        """The precision in which it computes."""
        return str(self._dtype.name)

    @property
    def epsilon(self) -> float:
        """The rounding error of the field."""
        return float(np.finfo(self._dtype.as_numpy_dtype).eps)

    def copies(self, t: np.ndarray, z: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """Evaluates f for many copies at once; see `PlainField`."""
        tensors = [tf.constant(x, self._dtype) for x in (t, z, theta)]
        return self._copies(*tensors).numpy().astype(np.float64)

    def jacobians(
        self, t: float, z: np.ndarray, theta: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Finds f and its Jacobians by TensorFlow's tape; see `PlainField`."""
        tensors = [tf.constant(x, self._dtype) for x in (t, z, theta)]
        f, by_z, by_theta, by_t = [x.numpy().astype(np.float64) for x in self._jacobians(*tensors)]
        return f, by_z, by_theta, by_t

    def value(self, t: tf.Tensor, z: tf.Tensor, theta: tf.Tensor) -> tf.Tensor:
        """Evaluates the field of one flat state and all parameters in one vector."""
        leaves = iter(tf.split(theta, self._sizes) if self._sizes else [])
        params = [
            tf.reshape(next(leaves), x.shape) if is_differentiable(x) else tf.convert_to_tensor(x)
            for x in self._sources
        ]
        return self._flat(t[None], z[None], params)[0]

    @cached_property
    def _copies(self) -> Any:
        def every(t: tf.Tensor, z: tf.Tensor, theta: tf.Tensor) -> tf.Tensor:
            def one(copy: tuple[tf.Tensor, ...]) -> tf.Tensor:
                return self.value(*copy)

            try:
                return tf.vectorized_map(one, (t, z, theta), fallback_to_while_loop=False)
            except (ValueError, NotImplementedError):
                # Some operation has no vectorised form.
                return tf.map_fn(one, (t, z, theta), fn_output_signature=self._dtype)

        return tf.function(every, autograph=False, reduce_retracing=True)

    @cached_property
    def _jacobians(self) -> Any:
        def every(t: tf.Tensor, z: tf.Tensor, theta: tf.Tensor) -> tuple[tf.Tensor, ...]:
            with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
                tape.watch([t, z, theta])
                value = self.value(t, z, theta)
            zero = tf.UnconnectedGradients.ZERO
            found = [
                tape.jacobian(value, x, unconnected_gradients=zero, experimental_use_pfor=False)
                for x in (z, theta, t)
            ]
            return (value, *found)

        return tf.function(every, autograph=False)
