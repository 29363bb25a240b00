"""What one cell of a layer sees of the image."""

from dataclasses import dataclass

import keras

_LOCAL = (keras.layers.Conv2D, keras.layers.MaxPooling2D, keras.layers.AveragePooling2D)
_POINTWISE = (
    keras.layers.Activation,
    keras.layers.BatchNormalization,
    keras.layers.Dropout,
    keras.layers.ReLU,
    keras.layers.Rescaling,
)


@dataclass(frozen=True)
class AxisField:
    """The receptive field along one axis, in pixels of the model's input.

    Attributes:
        size: How many pixels one cell sees.
        stride: How far the fields of two neighbouring cells lie apart.
        padding: How far the field of the first cell reaches beyond the border of the image.
        center: Position of the centre of the first cell's field, `(size - 1) / 2 - padding`.
    """

    size: int
    stride: int
    padding: int

    @property
    def center(self) -> float:
        """Where the field of the first cell has its middle."""
        return (self.size - 1) / 2 - self.padding


@dataclass(frozen=True)
class ReceptiveField:
    """The receptive field along both axes."""

    height: AxisField
    width: AxisField


def receptive_field(layer: keras.Layer) -> ReceptiveField | None:
    r"""Follows a plain chain of layers from the image to the output of a layer.

    With kernel $k$, dilation $d$, stride $s$ and padding $p$ of each layer in turn, from
    $r = j = 1$, $P = 0$: $r \leftarrow r + d (k - 1) j$, $P \leftarrow P + p j$, $j \leftarrow s j$
    (Araujo, Norris & Sim 2019).

    Args:
        layer: The layer.

    Returns:
        The field, or None where the chain branches, holds a layer of another kind, or is unknown
        because the model is no graph of layers.
    """
    try:
        chain = _chain(layer)
    except (AttributeError, ValueError):  # Keras raises either for a layer without a graph
        return None
    if chain is None:
        return None
    return ReceptiveField(_along(chain, axis=0), _along(chain, axis=1))


def _along(chain: list[keras.Layer], axis: int) -> AxisField:
    size, stride, padding = 1, 1, 0
    for layer in chain:
        if isinstance(layer, _POINTWISE):
            continue
        kernel = _kernel(layer)[axis]
        step = layer.strides[axis]
        reach = getattr(layer, "dilation_rate", (1, 1))[axis] * (kernel - 1)
        if layer.padding == "same":
            length = layer.input.shape[1 + axis]
            total = max((-(-length // step) - 1) * step + reach + 1 - length, 0)
            padding += total // 2 * stride
        size += reach * stride
        stride *= step
    return AxisField(size, stride, padding)


def _kernel(layer: keras.Layer) -> tuple[int, int]:
    return layer.kernel_size if isinstance(layer, keras.layers.Conv2D) else layer.pool_size


def _chain(layer: keras.Layer) -> list[keras.Layer] | None:
    """The layers from the image to this one, or None if they are no plain chain."""
    chain: list[keras.Layer] = []
    current = layer
    while not isinstance(current, keras.layers.InputLayer):
        if not isinstance(current, (*_LOCAL, *_POINTWISE)):
            return None
        if len(current.input.shape) != 4 or None in current.input.shape[1:3]:
            return None
        chain.append(current)
        # The only place where Keras keeps which layer a symbolic tensor came from.
        current = current.input._keras_history.operation
    return chain[::-1]
