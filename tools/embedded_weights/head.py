"""The head: one dense layer on averaged features, distilled from two teachers."""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

RIDGE = 0.001  # of the mean diagonal
SHARPNESS = 1.5
PARTS_WEIGHT = 0.3  # of all five parts of a photo together; the whole weighs one
EPOCHS, BATCH, RATE = 8, 256, 1e-3


@dataclass(frozen=True)
class Judged:
    """The answers of a network for photos, whole and in parts.

    Attributes:
        maps: Its last maps, shape [count, 7, 7, channels].
        kernel: Of the dense layer behind them, shape [channels, classes].
        bias: Shape [classes].
    """

    maps: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray

    @property
    def logits(self) -> np.ndarray:
        """Shape [1 + 5, count, classes]: of the whole, then of the parts."""
        return averages(self.maps) @ self.kernel + self.bias


def averages(maps: np.ndarray) -> np.ndarray:
    """Averages maps over the whole and over five parts of 4 x 4 cells: the corners, the middle.

    Args:
        maps: Shape [count, 7, 7, channels].

    Returns:
        Shape [1 + 5, count, channels].
    """
    corners = [(0, 0), (0, 3), (3, 0), (3, 3), (1, 1)]
    parts = [maps[:, y : y + 4, x : x + 4].mean(axis=(1, 2)) for y, x in corners]
    return np.stack([maps.mean(axis=(1, 2)), *parts])


def distill(
    maps: np.ndarray, resnet50: Judged, lite0: Judged, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Finds the dense layer that says of the maps what the teachers say.

    First a ridge regression to the mixed logits of the teachers, then gradient descent on the
    divergence from their mixed probabilities, held near the logits.

    Args:
        maps: Of the network that gets the head, shape [count, 7, 7, channels].
        resnet50: What the first teacher says of the same photos.
        lite0: What the second one says.
        seed: Of the batches.

    Returns:
        Kernel [channels, classes] and bias [classes].
    """
    features = averages(maps)
    mean, deviation = features[0].mean(axis=0), features[0].std(axis=0) + 1e-6
    features = (features - mean) / deviation
    by_resnet50, by_lite0 = resnet50.logits, lite0.logits
    target = SHARPNESS * _centred(0.5 * by_resnet50 + 0.75 * by_lite0)
    kernel, bias = _ridge(features, target)
    layer = keras.layers.Dense(target.shape[-1])
    layer.build(features.shape[1:])
    layer.set_weights([kernel, bias])
    probabilities = 0.5 * _softmax(by_resnet50[0]) + 0.5 * _softmax(1.5 * by_lite0[0])
    _refine(layer, features[0], target[0], probabilities, seed)
    kernel, bias = layer.get_weights()
    kernel = kernel / deviation[:, None]
    return kernel, bias - mean @ kernel


def _ridge(features: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    parts = len(features) - 1
    weight = np.repeat([1.0, *[PARTS_WEIGHT / parts] * parts], features.shape[1])[:, None]
    x, y = (flat.reshape(-1, flat.shape[-1]).astype(float) for flat in (features, target))
    x_mean, y_mean = ((weight * flat).sum(axis=0) / weight.sum() for flat in (x, y))
    x, y = x - x_mean, y - y_mean
    gram = x.T @ (weight * x)
    gram += RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    kernel = np.linalg.solve(gram, x.T @ (weight * y))
    return kernel.astype(np.float32), (y_mean - x_mean @ kernel).astype(np.float32)


def _refine(
    layer: keras.layers.Dense,
    features: np.ndarray,
    target: np.ndarray,
    probabilities: np.ndarray,
    seed: int,
) -> None:
    rows = tf.data.Dataset.from_tensor_slices(
        (features.astype("f4"), target.astype("f4"), probabilities.astype("f4"))
    )
    rows = rows.shuffle(len(features), seed=seed).batch(BATCH)
    steps = EPOCHS * len(rows)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps))
    for _ in range(EPOCHS):
        for x, logits, p in rows:
            with tf.GradientTape() as tape:
                found = layer(x)
                likely = tf.reduce_sum(p * tf.nn.log_softmax(found), axis=-1)
                loss = tf.reduce_mean(0.1 * tf.reduce_mean((found - logits) ** 2, -1) - likely)
            variables = layer.trainable_variables
            optimizer.apply(tape.gradient(loss, variables), variables)


def _centred(logits: np.ndarray) -> np.ndarray:
    return logits - logits.mean(axis=-1, keepdims=True)


def _softmax(logits: np.ndarray) -> np.ndarray:
    likely = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return likely / likely.sum(axis=-1, keepdims=True)
