"""A field of TensorFlow operations as the referees see it: flat NumPy vectors in, and out."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from nodelens.ode.adjoints.base import is_differentiable
from nodelens.ode.compiled import NOT_COMPILABLE
from nodelens.ode.layout import Layout
from nodelens.ode.vector_field import Source, TracedField, trace


def trace_field(
    field: Callable[..., Any], z0: np.ndarray, dtype: str
) -> tuple[TracedField, list[np.ndarray], list[str]]:
    """Traces a field f(t, z) and finds what it captures: its parameters.

    Raises:
        VectorFieldError: If the field cannot be solved as it is.
    """
    start = tf.constant(z0, dtype)
    traced = trace(field, Layout.of(start), None, start.dtype)
    parameters = [source for source in traced.sources if is_differentiable(source)]
    values = [np.asarray(source).astype(np.float64) for source in parameters]
    names: list[str] = []
    for index, source in enumerate(parameters):
        name = _name_of(source, index)
        names.append(name if name not in names else f"{name}_{index}")
    return traced, values, names


def _name_of(source: Any, index: int) -> str:
    """Shortens a variable's own name: `dense/kernel:0` becomes `dense.kernel`."""
    if not isinstance(source, tf.Variable):
        return f"tensor_{index}"
    parts = source.name.split(":")[0].split("/")
    return ".".join(parts[-2:])


class TensorField64:
    """Evaluates a field and its Jacobians, computed in the field's own precision.

    The field is traced on copies of the variables that it captures, so that other parameters can be
    tried while the user's variables stay as they are.

    Args:
        field: The traced field.
        size: The number of components of the state.
        dtype: In which it computes.
    """

    analytic = False

    def __init__(self, field: TracedField, size: int, dtype: str) -> None:
        self._dtype = tf.as_dtype(dtype)
        self._copied = [
            tf.Variable(x) if isinstance(x, tf.Variable) else None for x in field.sources
        ]
        self._sources = field.sources
        self._flat = tf.function(
            lambda t, y: field.flat(t, y, ()), autograph=False
        ).get_concrete_function(
            tf.TensorSpec([1], self._dtype), tf.TensorSpec([1, size], self._dtype)
        )
        self._compile = True

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
        if self._compile:
            try:
                return self._copies_by_xla(*tensors).numpy().astype(np.float64)
            except NOT_COMPILABLE:
                self._compile = False
        return self._copies(*tensors).numpy().astype(np.float64)

    def jacobians(
        self, t: float, z: np.ndarray, theta: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Finds f and its Jacobians by TensorFlow's tape; see `PlainField`."""
        tensors = [tf.constant(x, self._dtype) for x in (t, z, theta)]
        f, by_z, by_theta, by_t = [x.numpy().astype(np.float64) for x in self._jacobians(*tensors)]
        return f, by_z, by_theta, by_t

    def _with(self, theta: tf.Tensor) -> list[Source]:
        """Makes the field read these parameters from now on.

        Returns:
            What stands for each capture that is a real number: a variable, or a part of theta.
        """
        sizes = [int(np.prod(x.shape)) for x in self._sources if is_differentiable(x)]
        leaves = iter(tf.split(theta, sizes) if sizes else [])
        captures, parameters = [], []
        for source, copied in zip(self._sources, self._copied, strict=True):
            if not is_differentiable(source):
                captures.append(source.handle if isinstance(source, tf.Variable) else source)
                continue
            leaf = tf.reshape(tf.cast(next(leaves), source.dtype), source.shape)
            if copied is not None:
                copied.assign(leaf)
            captures.append(leaf if copied is None else copied.handle)
            parameters.append(leaf if copied is None else copied)
        self._flat.set_external_captures(captures)
        return parameters

    def _every_copy(self, t: tf.Tensor, z: tf.Tensor, theta: tf.Tensor) -> tf.Tensor:
        def one(copy: tuple[tf.Tensor, ...]) -> tf.Tensor:
            t, z, theta = copy
            self._with(theta)
            return self._flat(t[None], z[None])[0]

        # One by one: the variables hold one set of parameters at a time.
        return tf.map_fn(one, (t, z, theta), fn_output_signature=self._dtype, parallel_iterations=1)

    @cached_property
    def _copies(self) -> Any:
        return tf.function(self._every_copy, autograph=False, reduce_retracing=True)

    @cached_property
    def _copies_by_xla(self) -> Any:
        return tf.function(self._every_copy, autograph=False, jit_compile=True)

    @cached_property
    def _jacobians(self) -> Any:
        def every(t: tf.Tensor, z: tf.Tensor, theta: tf.Tensor) -> tuple[tf.Tensor, ...]:
            with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
                parameters = self._with(theta)
                tape.watch([t, z, parameters])
                value = self._flat(t[None], z[None])[0]
            zero = tf.UnconnectedGradients.ZERO
            by_z, by_t, *by_parameters = [
                tape.jacobian(value, x, unconnected_gradients=zero, experimental_use_pfor=False)
                for x in (z, t, *parameters)
            ]
            rows = [tf.cast(tf.reshape(x, [z.shape[0], -1]), z.dtype) for x in by_parameters]
            by_theta = tf.concat([tf.zeros([z.shape[0], 0], z.dtype), *rows], 1)
            return value, by_z, by_theta, by_t

        return tf.function(every, autograph=False)
