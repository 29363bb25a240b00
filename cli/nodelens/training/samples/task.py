"""Training on samples: stem, ODE block and head, from x to the loss against y."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import keras
import numpy as np
import tensorflow as tf

from nodelens.datasets.samples import Samples
from nodelens.fields.functional import run_layers
from nodelens.fields.network import Network
from nodelens.ode import Adjoint
from nodelens.training.loop.task import StepResult, Validation
from nodelens.training.registry import Loss
from nodelens.training.samples.block import run_block

BATCH = 500  # samples that are predicted at once


@dataclass(frozen=True)
class SampleTask:
    """A network that learns to classify samples or to compute values from them: a `Task`.

    Attributes:
        network: The network.
        x: The samples to train on, on the device, as they are stored.
        y: Their answers.
        validation: Samples that are held out; None if there are none.
        loss: The loss.
        scale: The size of each value of y, shape [outputs]; ones for labels.
        adjoint: The gradient of the ODE block.
        batch_size: The samples of a batch.
        seed: The seed of the draws.
    """

    network: Network
    x: tf.Tensor
    y: tf.Tensor
    validation: Samples | None
    loss: Loss
    scale: np.ndarray
    adjoint: Adjoint
    batch_size: int
    seed: int

    @property
    def model(self) -> keras.Model:
        """The network, all layers."""
        return self.network.model

    @property
    def beside(self) -> tuple[keras.Variable, ...]:
        """See `Task.beside`."""
        return ()

    def draw(self, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Draws samples with replacement; the seed and the step decide which."""
        chosen = tf.random.stateless_uniform(
            [self.batch_size],
            seed=tf.stack([tf.constant(self.seed % 2**31, tf.int32), step]),
            maxval=int(self.x.shape[0]),
            dtype=tf.int32,
        )
        return tf.cast(tf.gather(self.x, chosen), tf.float32), tf.gather(self.y, chosen)

    def differentiate(self, batch: tuple[tf.Tensor, tf.Tensor]) -> StepResult:
        """Computes the loss, and pulls its gradient back through head, block and stem."""
        x, y = batch
        network = self.network
        with tf.GradientTape() as stem_tape:
            z0 = run_layers(network.stem, x)
        z1, pullback = run_block(network.block, z0, self.adjoint)
        with tf.GradientTape() as head_tape:
            head_tape.watch(z1)
            outputs = run_layers(network.head, z1)
            loss = tf.reduce_mean(self.losses(outputs, y))
        in_stem, in_head = (
            [variable for layer in part for variable in layer.trainable_variables]
            for part in (network.stem, network.head)
        )
        by_z1, *by_head = head_tape.gradient(loss, [z1, *in_head])
        by_z0, by_block, cost = pullback(by_z1)
        by_stem = stem_tape.gradient(z0, in_stem, output_gradients=by_z0)
        variables = [*in_stem, *network.block.trainable_variables, *in_head]
        found = [*by_stem, *by_block, *by_head]
        gradient_of = {id(v): g for v, g in zip(variables, found, strict=True)}
        return StepResult(
            loss=loss,
            accuracy=self.accuracy(outputs, y),
            gradients=[gradient_of[id(v)] for v in self.model.trainable_variables],
            cost=cost,
        )

    def roomier(self) -> "SampleTask | None":
        """See `Task.roomier`."""
        larger = self.adjoint.larger()
        return None if larger is None else replace(self, adjoint=larger)

    def losses(self, outputs: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Computes the loss of each sample, shape [batch].

        Args:
            outputs: Logits or values, shape [batch, outputs].
            y: Labels, shape [batch], or values, shape [batch, outputs].
        """
        compare = self.loss.load()
        if self.loss.compares == "labels":
            return compare(y, outputs)
        error = (outputs - y) / self.scale.astype(np.float32)
        return tf.reduce_mean(compare(error), axis=-1)

    def accuracy(self, outputs: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Computes the fraction with the greatest logit at the label; NaN where y are values."""
        if self.loss.compares != "labels":
            return tf.constant(float("nan"))
        right = tf.argmax(outputs, axis=-1, output_type=tf.int32) == y
        return tf.reduce_mean(tf.cast(right, tf.float32))

    def validator(self) -> Callable[[], Validation] | None:
        """Compiles the loss and the accuracy on the samples held out."""
        if self.validation is None:
            return None
        samples, predict = self.validation, make_predictor(self.model)
        return lambda: self.evaluate(predict(samples.x), samples)

    def evaluate(self, outputs: np.ndarray, samples: Samples) -> Validation:
        """Computes loss and accuracy of predictions; the loss is infinite if a solve failed."""
        loss = float(tf.reduce_mean(self.losses(tf.constant(outputs), tf.constant(samples.y))))
        right = np.argmax(outputs, axis=1) == samples.y if samples.labelled else None
        return Validation(
            loss if np.isfinite(loss) else float("inf"),
            None if right is None else float(np.mean(right)),
        )


def make_predictor(model: keras.Model) -> Callable[[np.ndarray], np.ndarray]:
    """Compiles a network for batches of one size.

    Returns:
        A function from samples, shape [samples, ...], to outputs, shape [samples, outputs]; NaN
        where a solve failed.
    """

    @tf.function(jit_compile=True, reduce_retracing=False, autograph=False)
    def run(x: tf.Tensor) -> tf.Tensor:
        return model(tf.cast(x, tf.float32), training=False)

    def predict(x: np.ndarray) -> np.ndarray:
        size = -(-len(x) // -(-len(x) // BATCH))
        outputs = np.empty((len(x), *model.output_shape[1:]), np.float32)
        for start in range(0, len(x), size):
            # The last batch goes back over earlier samples, so that all have the compiled size.
            rows = slice(min(start, len(x) - size), min(start, len(x) - size) + size)
            outputs[rows] = run(tf.constant(x[rows])).numpy()
        return outputs

    return predict
