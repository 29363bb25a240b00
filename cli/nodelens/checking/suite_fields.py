"""The vector fields of the suite `fields`: one for each kind that has a trap of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nodelens.checking.checked_field import CheckedField

DOUBLE = tf.float64
Z0 = (0.5, -0.3, 0.8)
TIMES = (0.0, 0.4, 1.0)
REFUSED = "refused"

Activation = Callable[[tf.Tensor], tf.Tensor]
# f(W, c, t, z) of a variable W [3, 3], a captured tensor c [3], the time and the state [3].
Body = Callable[[tf.Variable, tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


@dataclass(frozen=True)
class SuiteCase:
    """A field, and the outcome that is right.

    Attributes:
        given: The field, and where it is checked.
        fault: A block in which its gradient is wrong, on purpose or because it jumps, such as
            `field.z`; `refused` for a field that must be refused; None for one whose gradients
            are right.
    """

    given: CheckedField
    fault: str | None = None


def suite_cases() -> Iterator[SuiteCase]:
    """Yields the fields of the suite, each with weights of its own."""
    for name, activation in _activations():
        yield _case(f"activation {name}", _around(activation), _JUMPS.get(name))
    for name, body in _OPERATIONS.items():
        yield _case(name, body)
    for name, make in _LAYERS.items():
        yield SuiteCase(CheckedField(name, make(), Z0, TIMES))
    for name, (body, fault) in _FAULTS.items():
        yield _case(name, body, fault)
    yield SuiteCase(CheckedField("dropout", _dropout(), Z0, TIMES), REFUSED)


def _case(name: str, body: Body, fault: str | None = None) -> SuiteCase:
    generator = np.random.default_rng(7)
    w = tf.Variable(0.5 * generator.normal(size=(3, 3)), dtype=DOUBLE, name="W")
    c = tf.constant(generator.uniform(0.3, 0.9, size=3), DOUBLE)
    return SuiteCase(CheckedField(name, lambda t, z: body(w, c, t, z), Z0, TIMES), fault)


def _activations() -> Iterator[tuple[str, Activation]]:
    """Yields every activation of Keras, as a function of a vector that keeps its size."""
    for name in sorted(vars(keras.activations)):
        function = getattr(keras.activations, name)
        if name.startswith("_") or name in ("get", "serialize", "deserialize"):
            continue
        if not callable(function) or isinstance(function, type):
            continue
        yield name, _SPECIAL.get(name, _of_row)(function)


_mv = tf.linalg.matvec


def _around(activation: Activation) -> Body:
    return lambda w, c, t, z: _mv(w, activation(_mv(w, z)))


def _of_doubled(activation: Activation) -> Activation:
    return lambda x: activation(tf.concat([x, x], 0))


def _of_threshold(activation: Callable[..., tf.Tensor]) -> Activation:
    return lambda x: activation(x, 0.1, 0.0)


def _of_row(activation: Activation) -> Activation:
    return lambda x: activation(x[None])[0]


# These jump, `sparsemax` in Keras's implementation alone. The solution crosses the jump, where its
# derivative is not that of the field on either side: no tape can find it, and a check must say so.
_JUMPS = {"hard_shrink": "z0", "sparsemax": "z0"}

_SPECIAL = {"glu": _of_doubled, "threshold": _of_threshold}


@tf.custom_gradient
def _by_hand(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    y = tf.tanh(x)
    return y, lambda upstream: upstream * (1 - y * y)


def _spectrum(w: tf.Variable, z: tf.Tensor) -> tf.Tensor:
    filtered = tf.signal.fft(tf.cast(z, tf.complex128)) * tf.cast(w[0], tf.complex128)
    return tf.math.real(tf.signal.ifft(filtered))


def _sparse(w: tf.Variable, c: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    matrix = tf.sparse.SparseTensor([[0, 1], [1, 0], [2, 2]], c, [3, 3])
    return w[0, 0] * tf.sparse.sparse_dense_matmul(matrix, z[:, None])[:, 0]


_OPERATIONS: dict[str, Body] = {
    "plain operations": lambda w, c, t, z: _mv(w, tf.tanh(c * z)) + tf.sin(t),
    "custom gradient": lambda w, c, t, z: _mv(w, _by_hand(z)),
    "recompute_grad": lambda w, c, t, z: tf.recompute_grad(lambda x: tf.tanh(_mv(w, x)))(z),
    "tf.cond": lambda w, c, t, z: tf.cond(
        tf.reduce_sum(z) > 5.0, lambda: _mv(w, z), lambda: -_mv(w, c * z)
    ),
    "tf.while_loop": lambda w, c, t, z: tf.while_loop(
        lambda i, x: i < 3,
        lambda i, x: (i + 1, tf.tanh(_mv(w, x))),
        (0, z),
        maximum_iterations=3,
    )[1],
    "nested tf.function": lambda w, c, t, z: tf.function(lambda x: tf.tanh(_mv(w, x)))(z),
    "tf.map_fn": lambda w, c, t, z: tf.map_fn(lambda x: tf.sin(x) * w[0, 1], z),
    "tf.vectorized_map": lambda w, c, t, z: tf.vectorized_map(lambda x: tf.sin(x) * w[0, 1], z),
    "tf.einsum": lambda w, c, t, z: tf.einsum("ij,j->i", w, z),
    "sparse matrix": lambda w, c, t, z: _sparse(w, c, z),
    "tf.linalg.solve": lambda w, c, t, z: tf.linalg.solve(
        3 * tf.eye(3, dtype=DOUBLE) + w, z[:, None]
    )[:, 0],
    "FFT": lambda w, c, t, z: _spectrum(w, z),
    "gather": lambda w, c, t, z: (
        tf.gather(w, tf.constant([2, 0, 1]))[:, 0] * tf.gather(z, [1, 2, 0])
    ),
    "complex inside": lambda w, c, t, z: tf.math.real(
        tf.exp(tf.complex(-z, _mv(w, z))) * tf.complex(0.1 * c, 0.1 * c)
    ),
}


def _layer(layer: keras.layers.Layer, shape: tuple[int, ...]) -> Callable[..., tf.Tensor]:
    """Makes a field of a layer that keeps a shape; normalised values are scaled by the state."""
    layer.build((1, *shape))

    def field(t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        return tf.reshape(layer(tf.reshape(z, (1, *shape))), [-1]) * (1 + 0.1 * z)

    return field


def _seeded(make: Callable[[], Callable[..., tf.Tensor]]) -> Callable[[], Callable[..., tf.Tensor]]:
    def seeded() -> Callable[..., tf.Tensor]:
        keras.utils.set_random_seed(3)
        return make()

    return seeded


def _gru() -> Callable[..., tf.Tensor]:
    cell = keras.layers.GRUCell(3, dtype="float64")
    cell.build((1, 3))
    return lambda t, z: cell(z[None], [z[None]])[0][0] - z


def _attention() -> Callable[..., tf.Tensor]:
    layer = keras.layers.MultiHeadAttention(1, 2, dtype="float64")
    layer(tf.zeros((1, 3, 1), DOUBLE), tf.zeros((1, 3, 1), DOUBLE))
    return lambda t, z: layer(z[None, :, None], z[None, :, None])[0, :, 0]


def _convolution_2d() -> Callable[..., tf.Tensor]:
    layer = keras.layers.Conv2D(1, (3, 1), padding="same", dtype="float64")
    return _layer(layer, (3, 1, 1))


def _dropout() -> Callable[..., tf.Tensor]:
    layer = keras.layers.Dropout(0.5, dtype="float64")
    return lambda t, z: layer(z, training=True)


_LAYERS: dict[str, Callable[[], Callable[..., tf.Tensor]]] = {
    name: _seeded(make)
    for name, make in {
        "Dense": lambda: _layer(keras.layers.Dense(3, "tanh", dtype="float64"), (3,)),
        "LayerNormalization": lambda: _layer(
            keras.layers.LayerNormalization(dtype="float64"), (3,)
        ),
        "BatchNormalization": lambda: _layer(
            keras.layers.BatchNormalization(dtype="float64"), (3,)
        ),
        "GroupNormalization": lambda: _layer(
            keras.layers.GroupNormalization(1, dtype="float64"), (3,)
        ),
        "SpectralNormalization": lambda: _layer(
            keras.layers.SpectralNormalization(
                keras.layers.Dense(3, dtype="float64"), dtype="float64"
            ),
            (3,),
        ),
        "Conv1D": lambda: _layer(
            keras.layers.Conv1D(1, 3, padding="same", dtype="float64"), (3, 1)
        ),
        "Conv2D": _convolution_2d,
        "GRUCell": _gru,
        "MultiHeadAttention": _attention,
    }.items()
}


def _wrong(derivative: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]) -> Callable[..., Any]:
    """Makes tanh with this as its vector-Jacobian product of upstream and 1 - tanh(x)²."""

    @tf.custom_gradient
    def function(x: tf.Tensor) -> Any:
        y = tf.tanh(x)
        return y, lambda upstream: derivative(upstream, 1 - y * y)

    return function


@tf.custom_gradient
def _without_time(t: tf.Tensor, z: tf.Tensor) -> Any:
    return (1 + t) * z, lambda upstream: (tf.zeros_like(t), (1 + t) * upstream)


@tf.custom_gradient
def _wrong_weights(w: tf.Tensor, z: tf.Tensor) -> Any:
    def gradient(upstream: tf.Tensor) -> Any:
        return 1.001 * upstream[:, None] * z[None], _mv(w, upstream, transpose_a=True)

    return _mv(w, z), gradient


_TOO_LARGE = _wrong(lambda upstream, slope: 1.001 * upstream * slope)
_WRONG_SIGN = _wrong(lambda upstream, slope: -upstream * slope)
_SWAPPED = _wrong(lambda upstream, slope: tf.reverse(upstream * slope, [0]))

_FAULTS: dict[str, tuple[Body, str]] = {
    "wrong by 1.001": (lambda w, c, t, z: _mv(w, _TOO_LARGE(z)), "field.z"),
    "wrong sign": (lambda w, c, t, z: _mv(w, _WRONG_SIGN(z)), "field.z"),
    "components swapped": (lambda w, c, t, z: _mv(w, _SWAPPED(z)), "field.z"),
    "weights wrong by 1.001": (
        lambda w, c, t, z: _wrong_weights(w, tf.tanh(z)),
        "field.theta.W",
    ),
    "time gradient lost": (lambda w, c, t, z: _mv(w, _without_time(t, z)), "field.t"),
}
