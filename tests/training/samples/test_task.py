"""Training on samples: gradients through the whole network, labels, augmentation, resume."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from nodelens.fields.network import Network
from nodelens.ode import ADJOINTS
from nodelens.settings.resolve import resolve
from nodelens.training.loop.state import TrainingState
from nodelens.training.loop.train import Hooks, train
from nodelens.training.runs.prepare import prepare
from nodelens.training.runs.run import save_model
from nodelens.training.samples.block import way_through
from nodelens.training.samples.experiment import SampleExperiment
from nodelens.training.samples.task import SampleTask
from nodelens.training.settings import TrainOdeSettings

ANNULI = ["data={kind: annuli, samples: 60}", "field={kind: mlp, hidden: [8], augment: 1}"]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve random pictures of 6 by 6 pixels, of three classes."""
    path = tmp_path_factory.mktemp("data") / "pictures.npz"
    generator = np.random.default_rng(3)
    x = generator.integers(0, 255, (12, 6, 6)).astype(np.uint8)
    np.savez(path, x=x, y=np.arange(12) % 3)
    return path


def experiment(*overrides: str) -> SampleExperiment:
    found = prepare(resolve(TrainOdeSettings, overrides=overrides).settings)
    assert isinstance(found, SampleExperiment)
    return found


def of_pictures(path: Path, *more: str) -> SampleExperiment:
    return experiment(
        f"data={{kind: images, path: {path}, validation: {{fraction: 0}}, test: {{fraction: 0}}}}",
        "field={kind: conv, filters: 4, downsample: 1, activation: softplus, augment: 2}",
        "solver={method: dopri5, rtol: 1e-6, atol: 1e-6}",
        "training={batch_size: 12}",
        *more,
    )


def normalised(z: tf.Tensor, layer: keras.layers.Layer) -> tf.Tensor:
    """Group norm as its paper writes it (Wu and He 2018, equation 1)."""
    shape = z.shape
    z = tf.reshape(z, [shape[0], shape[1] * shape[2], layer.groups, -1])
    mean, variance = tf.nn.moments(z, [1, 3], keepdims=True)
    z = tf.reshape((z - mean) / tf.sqrt(variance + 1e-5), shape)
    return z * layer.gamma + layer.beta


def slope(field: keras.Model, t: float, z: tf.Tensor) -> tf.Tensor:
    """The field of the ODE-Net in TensorFlow's own operations, the time as a channel."""
    for norm, convolution in zip(field.norms[:2], field.convolutions, strict=True):
        z = tf.math.softplus(normalised(z, norm))
        z = tf.concat([z, tf.fill([*z.shape[:3], 1], np.float32(t))], axis=-1)
        z = tf.nn.conv2d(z, convolution.kernel, 1, "SAME") + convolution.bias
    return normalised(z, field.norms[2])


def unrolled(network: Network, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """The loss with the ODE solved by 20 unrolled steps of the classical Runge-Kutta method."""
    first, norm, _, _, second = network.stem[1:6]
    z = (x - tf.reduce_mean(x)) / tf.math.reduce_std(x)
    z = tf.nn.conv2d(z, first.kernel, 1, "VALID") + first.bias
    z = tf.pad(tf.math.softplus(normalised(z, norm)), [[0, 0], [1, 1], [1, 1], [0, 0]])
    z = tf.nn.conv2d(z, second.kernel, 2, "VALID") + second.bias
    z = tf.concat([z, tf.zeros([*z.shape[:3], 2])], axis=-1)
    field, steps = network.block.vector_field, 20
    h = 1 / steps
    for t in np.arange(steps) * h:
        k1 = slope(field, t, z)
        k2 = slope(field, t + h / 2, z + h / 2 * k1)
        k3 = slope(field, t + h / 2, z + h / 2 * k2)
        k4 = slope(field, t + h, z + h * k3)
        z += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    norm, _, _, dense = network.head
    z = tf.reduce_mean(tf.math.softplus(normalised(z, norm)), axis=[1, 2])
    logits = z @ dense.kernel + dense.bias
    log_probability = logits - tf.reduce_logsumexp(logits, axis=1, keepdims=True)
    return -tf.reduce_mean(tf.gather(log_probability, y, batch_dims=1))


@pytest.mark.slow
def test_the_gradient_is_that_of_a_tape_through_an_unrolled_network(pictures: Path) -> None:
    task = of_pictures(pictures).task
    batch = tf.cast(task.x, tf.float32), task.y
    with tf.GradientTape() as tape:
        loss = unrolled(task.network, *batch)
    expected = tape.gradient(loss, task.model.trainable_variables)
    for method in ("discrete", "backsolve"):
        ours = SampleTask(**{**vars(task), "adjoint": ADJOINTS[method].made})
        found = tf.function(ours.differentiate, autograph=False)(batch)
        np.testing.assert_allclose(found.loss, loss, rtol=1e-5)
        for variable, value, reference in zip(
            task.model.trainable_variables, found.gradients, expected, strict=True
        ):
            scale = max(float(tf.reduce_max(tf.abs(reference))), 1e-4)
            np.testing.assert_allclose(
                value, reference, atol=2e-3 * scale, err_msg=f"{method} {variable.path}"
            )


def test_a_residual_network_is_differentiated_too() -> None:
    task = experiment(
        "data={kind: annuli, samples: 60}",
        "field={kind: resnet, blocks: 3, block: {kind: mlp, hidden: [8]}}",
    ).task
    batch = task.draw(tf.constant(0))
    found = task.differentiate(batch)
    with tf.GradientTape() as tape:
        h = batch[0]
        for field in task.network.block.fields:
            (inner, outer) = field.stack
            h = h + tf.tanh(h @ inner.kernel + inner.bias) @ outer.kernel + outer.bias
        (dense,) = task.network.head
        logits = h @ dense.kernel + dense.bias
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(batch[1], logits)
        loss = tf.reduce_mean(losses)
    expected = tape.gradient(loss, task.model.trainable_variables)
    assert int(found.cost.nfe_forward) == 3
    for value, reference in zip(found.gradients, expected, strict=True):
        np.testing.assert_allclose(value, reference, atol=1e-6)


def test_the_odenet_of_the_paper_has_its_parameters(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    x = generator.integers(0, 255, (60, 28, 28)).astype(np.uint8)
    np.savez(tmp_path / "mnist.npz", x_train=x, y_train=np.arange(60) % 10)
    data = f"data={{kind: mnist, path: {tmp_path / 'mnist.npz'}}}"
    model = experiment(data, "field={kind: conv}").task.model
    # Stem 640 + 128 + 65600 + 128 + 65600, field 3·128 + 2·(65·64·9 + 64), head 128 + 650: the
    # network of torchdiffeq's demo, 0.2 million.
    assert model.count_params() == 132_096 + 75_392 + 778
    assert model.layers[-5].output.shape[1:] == (6, 6, 64)


def test_augmented_components_start_at_zero_and_move() -> None:
    found = experiment(*ANNULI)
    network, x = found.task.network, found.split.train.x[:5]
    z0 = network.stem[-1](network.stem[0](x))
    assert z0.shape == (5, 3)
    depths, states = way_through(network.block, z0, 4)
    np.testing.assert_allclose(depths, [0, 1 / 3, 2 / 3, 1])
    np.testing.assert_array_equal(states[0, :, :2], x)
    np.testing.assert_array_equal(states[0, :, 2], np.zeros(5))
    assert np.abs(states[-1, :, 2]).min() > 0


def test_a_batch_has_samples_with_their_own_labels() -> None:
    task = experiment(*ANNULI).task
    x, y = task.draw(tf.constant(7))
    assert x.shape == (20, 2)
    np.testing.assert_array_equal(np.linalg.norm(x, axis=1) > 0.75, y == 1)
    again, other = task.draw(tf.constant(7))[0], task.draw(tf.constant(8))[0]
    np.testing.assert_array_equal(x, again)
    assert np.any(x != other)


def test_loss_and_accuracy_belong_to_the_label(pictures: Path) -> None:
    task = of_pictures(pictures).task
    logits = np.array([[2.0, 0.0, 0.0], [0.0, 0.0, 3.0]], np.float32)
    labels = np.array([0, 1])
    expected = [-2 + np.log(np.exp(2) + 2), np.log(2 + np.exp(3))]
    np.testing.assert_allclose(task.losses(logits, labels), expected, rtol=1e-6)
    assert float(task.accuracy(tf.constant(logits), tf.constant(labels, tf.int32))) == 0.5


def trained(start: TrainingState | None, kept: list[TrainingState]) -> TrainingState:
    more = ["training={steps: 6, steps_per_call: 2, checkpoint_every: 2, validate_every: 2}"]
    found = experiment(*ANNULI, *more, "training.optimizer=adam", "solver.method=heun_euler")
    return train(
        found.stages,
        found.settings,
        Hooks(lambda progress: None, kept.append, lambda: False),
        start=start,
    ).state


@pytest.mark.slow
def test_a_resumed_classification_is_the_same_bit_for_bit() -> None:
    kept: list[TrainingState] = []
    straight = trained(None, kept)
    assert [state.step for state in kept] == [2, 4, 6]
    resumed = trained(kept[1], [])
    assert straight.best.step == resumed.best.step
    np.testing.assert_array_equal(straight.losses, resumed.losses)
    for name in ("weights", "optimizer"):
        for one, other in zip(getattr(straight, name), getattr(resumed, name), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_a_saved_network_predicts_what_the_run_predicted(pictures: Path, tmp_path: Path) -> None:
    import subprocess
    import sys

    found = of_pictures(pictures, "solver={method: heun_euler, rtol: 1e-2, atol: 1e-2}")
    conclusion = found.conclude()
    save_model(found.task.model, tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", found.split.train.x)
    code = (
        "import nodelens, keras, numpy as np\n"
        "model = keras.models.load_model('model.keras')\n"
        "np.save('y.npy', model.predict(np.load('x.npy'), verbose=0))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, timeout=300)
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), conclusion.outputs, atol=1e-5)
    assert conclusion.result.part == "training"
    matrix = conclusion.result.confusion
    np.testing.assert_array_equal(matrix.sum(axis=1), [4, 4, 4])
