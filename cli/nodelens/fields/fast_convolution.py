"""A convolution whose gradient is quick in a compiled loop on a CPU too.

XLA's own gradient of a convolution is 20 times slower there than the operations of which it is made
here: a convolution forward, and one product of matrices.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="nodelens")
class Convolution(keras.layers.Conv2D):
    """`keras.layers.Conv2D` of square kernels, with its weights drawn from a seed.

    Args:
        filters: The channels of the output.
        kernel_size: Rows and columns of the kernel.
        seed: The seed of the weights (Glorot uniform).
        **kwargs: Of `keras.layers.Conv2D`; channels come last, and nothing is dilated or grouped.
    """

    def __init__(self, filters: int, kernel_size: int, seed: int = 0, **kwargs: Any) -> None:
        start = {"kernel_initializer": keras.initializers.GlorotUniform(seed=seed)}
        super().__init__(filters, kernel_size, **{**start, **kwargs})

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Convolves, without bias and activation."""
        (size, _), (stride, _) = self.kernel_size, self.strides
        if self.padding == "same":
            pads = [_same(length, size, stride) for length in inputs.shape[1:3]]
            inputs = tf.pad(inputs, [[0, 0], *pads, [0, 0]])
        return convolve(inputs, tf.convert_to_tensor(kernel), stride)


def convolve(x: tf.Tensor, kernel: tf.Tensor, stride: int) -> tf.Tensor:
    """Computes y[n, i, j, f] = Σ x[n, s·i + a, s·j + b, c] · kernel[a, b, c, f].

    Args:
        x: Shape [batch, height, width, channels], with height and width known.
        kernel: Shape [rows, columns, channels, filters].
        stride: s.

    Returns:
        Shape [batch, (height − rows) // s + 1, (width − columns) // s + 1, filters].
    """
    if stride == 1:
        return _convolve(x, kernel)
    # Blocks of s × s cells become one cell with more channels, of x and of the kernel alike: what
    # took strides of s over cells takes strides of one over blocks.
    sizes = [-(-size // stride) * stride for size in kernel.shape[:2]]
    counts = [(x.shape[axis + 1] - kernel.shape[axis]) // stride for axis in (0, 1)]
    lengths = [count * stride + size for count, size in zip(counts, sizes, strict=True)]
    folded = _blocks(_fit(x, 1, lengths), 1, stride)
    return _convolve(folded, _blocks(_fit(kernel, 0, sizes), 0, stride))


def _fit(x: tf.Tensor, axis: int, lengths: list[int]) -> tf.Tensor:
    """Cuts or fills up with zeros the two axes from `axis` on."""
    cut = [slice(None)] * axis + [slice(0, length) for length in lengths]
    x = x[tuple(cut)]
    missing = [[0, length - x.shape[axis + i]] for i, length in enumerate(lengths)]
    return tf.pad(x, [[0, 0]] * axis + missing + [[0, 0]] * (len(x.shape) - axis - 2))


def _blocks(x: tf.Tensor, axis: int, size: int) -> tf.Tensor:
    """Moves the cells of blocks of the axes `axis` and `axis + 1` into the axis after them."""
    before, (rows, columns, channels, *after) = [-1] * axis, x.shape[axis:]
    shape = [*before, rows // size, size, columns // size, size, channels, *after]
    order = [axis, axis + 2, axis + 1, axis + 3, axis + 4]
    behind = range(axis + 5, len(shape))
    apart = tf.transpose(tf.reshape(x, shape), [*range(axis), *order, *behind])
    shape = [*before, rows // size, columns // size, size * size * channels, *after]
    return tf.reshape(apart, shape)


@tf.custom_gradient
def _convolve(x: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable[..., Any]]:
    def gradient(by_y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return _by_input(by_y, kernel), _by_kernel(by_y, x, kernel)

    return tf.nn.conv2d(x, kernel, 1, "VALID"), gradient


def _by_input(by_y: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """dL/dx: convolves dL/dy with the kernel turned by 180 degrees."""
    rows, columns, _, _ = kernel.shape
    margins = [[0, 0], [rows - 1, rows - 1], [columns - 1, columns - 1], [0, 0]]
    turned = tf.transpose(kernel[::-1, ::-1], [0, 1, 3, 2])
    return tf.nn.conv2d(tf.pad(by_y, margins), turned, 1, "VALID")


def _by_kernel(by_y: tf.Tensor, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """dL/dkernel: the product of dL/dy with the part of x that each weight saw."""
    _, rows, columns, filters = by_y.shape
    height, width, channels, _ = kernel.shape
    seen = [x[:, a : a + rows, b : b + columns] for a in range(height) for b in range(width)]
    patches = tf.reshape(tf.concat(seen, axis=-1), [-1, height * width * channels])
    product = tf.matmul(patches, tf.reshape(by_y, [-1, filters]), transpose_a=True)
    return tf.reshape(product, [height, width, channels, filters])


def _same(length: int, size: int, stride: int) -> list[int]:
    """Margins so that the output has ⌈length / stride⌉ entries."""
    total = max((-(-length // stride) - 1) * stride + size - length, 0)
    return [total // 2, total - total // 2]
