"""Every kind of field of the table is made, runs, and is known to Keras again."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from nodelens.errors import UsageError
from nodelens.fields.build import augmented, make_field
from nodelens.fields.layer import NeuralODE
from nodelens.fields.network import make_network
from nodelens.fields.settings import FIELDS, FieldSettings

MORE: dict[str, dict[str, Any]] = {
    "hybrid": {"equations": {"x": "a*v", "v": "-x"}, "parameters": {"a": 1.0}},
    "conv": {"filters": 4, "downsample": 1},
    "resnet": {"blocks": 2},
}
OWN = """
import keras

class Rate(keras.layers.Layer):
    def build(self, *shapes):
        self.rate = self.add_weight(shape=())

    def call(self, t, z):
        return self.rate * z

def field():
    return Rate()
"""


def settings_of(name: str, folder: Path) -> FieldSettings:
    (folder / "own.py").write_text(OWN)
    more = {"path": folder / "own.py"} if name == "own" else MORE.get(name, {})
    return FIELDS[name].settings(kind=name, **more)


@pytest.mark.parametrize("name", [name for name, kind in FIELDS.items() if kind.trajectories])
def test_a_kind_for_trajectories_makes_a_field_of_the_data(name: str, tmp_path: Path) -> None:
    settings = settings_of(name, tmp_path)
    mean, scale = np.array([1.0, 2.0]), np.array([3.0, 0.5])
    field = make_field(settings, ("x", "v"), 0, mean, scale)
    z = tf.constant([[1.0, -2.0]])
    assert augmented(settings) == 0
    slope = field(tf.constant(0.5), z)
    assert slope.shape == (1, 2)
    field.save(tmp_path / "field.keras")
    again = keras.models.load_model(tmp_path / "field.keras")
    np.testing.assert_allclose(again(tf.constant(0.5), z), slope, rtol=1e-6)


def test_a_field_of_the_users_sees_the_units_of_the_data_unless_asked_otherwise(
    tmp_path: Path,
) -> None:
    mean, scale, z = np.array([1.0, 2.0]), np.array([3.0, 0.5]), tf.constant([[4.0, -2.0]])
    plain = settings_of("own", tmp_path)
    field = make_field(plain, ("x", "v"), 0, mean, scale)
    (rate,) = field.trainable_variables
    rate.assign(-2.0)
    np.testing.assert_allclose(field(tf.constant(0.0), z), [[-8.0, 4.0]])
    standardized = plain.model_copy(update={"standardized": True, "augment": 1})
    field = make_field(standardized, ("x", "v"), 0, mean, scale)
    (rate,) = field.trainable_variables
    rate.assign(-2.0)
    # s · rate · (z - m) / s = rate · (z - m); the component that was added has no scale.
    slope = field(tf.constant(0.0), tf.constant([[4.0, -2.0, 7.0]]))
    np.testing.assert_allclose(slope, [[-6.0, 8.0, -14.0]], rtol=1e-6)


@pytest.mark.parametrize("name", [name for name, kind in FIELDS.items() if kind.trajectories])
def test_a_loaded_field_is_exported_for_states_of_any_number(name: str, tmp_path: Path) -> None:
    field = make_field(settings_of(name, tmp_path), ("x", "v"), 0, np.zeros(2), np.full(2, 2.0))
    field.save(tmp_path / "field.keras")
    again = keras.models.load_model(tmp_path / "field.keras")
    again.export(tmp_path / "exported", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "exported"))
    for count in (1, 3):
        z = tf.reshape(tf.range(2.0 * count), [count, 2])
        slope = field(tf.constant(0.5), z)
        np.testing.assert_allclose(served.serve(tf.constant(0.5), z), slope, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [name for name, kind in FIELDS.items() if kind.network])
def test_a_kind_for_samples_makes_a_network(name: str, tmp_path: Path) -> None:
    none = np.zeros(()), np.ones(())
    network = make_network(
        settings_of(name, tmp_path),
        (8, 8, 1) if name == "conv" else (3,),
        2,
        0,
        inputs=none,
        results=none,
        block=lambda field: NeuralODE(field, solver="euler", step_size=0.5),
    )
    assert network.model(tf.ones([1, *network.model.input_shape[1:]])).shape == (1, 2)


@pytest.mark.parametrize("name", FIELDS)
def test_a_kind_is_refused_for_what_it_does_not_learn_from(name: str, tmp_path: Path) -> None:
    kind, settings = FIELDS[name], settings_of(name, tmp_path)
    assert kind.trajectories or kind.network
    if not kind.trajectories:
        with pytest.raises(UsageError, match=f"{name} learns from samples"):
            make_field(settings, ("x", "v"), 0, np.zeros(2), np.ones(2))
    none = np.zeros(()), np.ones(())
    if not kind.network:
        with pytest.raises(UsageError, match=f"{name} learns from trajectories"):
            make_network(settings, (3,), 2, 0, inputs=none, results=none, block=NeuralODE)
