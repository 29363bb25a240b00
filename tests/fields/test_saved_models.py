"""Saved models load after `import nodelens`, whatever was imported first."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import nodelens.fields
from nodelens.fields.layer import NeuralODE
from nodelens.fields.mlp import MLPField
from nodelens.fields.registered import CLASSES, StandIn
from nodelens.registry import load


def test_each_class_that_registers_itself_has_a_stand_in() -> None:
    (folder,) = nodelens.fields.__path__
    marked = "@keras.saving.register_keras_serializable"
    homes = {path.stem for path in Path(folder).glob("*.py") if marked in path.read_text()}
    assert set(CLASSES.values()) == homes
    for name, module in CLASSES.items():
        found = load(f"nodelens.fields.{module}:{name}")
        assert keras.saving.get_registered_name(found) == f"nodelens>{name}"
        assert keras.saving.get_registered_object(f"nodelens>{name}") is found
    ours = {x for x in keras.saving.get_custom_objects() if x.startswith("nodelens>")}
    assert ours == {f"nodelens>{name}" for name in CLASSES}


def test_a_stand_in_makes_an_object_of_the_class() -> None:
    field = MLPField(2, hidden=(3,))
    again = StandIn("nodelens.fields.mlp:MLPField").from_config(field.get_config())
    assert type(again) is MLPField and again.get_config() == field.get_config()


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    field = MLPField(2, hidden=(3,))
    model = keras.Sequential([keras.Input([2]), NeuralODE(field), keras.layers.Dense(1)])
    model.save(folder / "model.keras")
    np.save(folder / "expected.npy", model(np.ones([1, 2])).numpy())
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "imports",
    [
        "import nodelens, keras",
        "import keras, nodelens",
        "import nodelens; import tensorflow as tf; keras = tf.keras",
    ],
)
def test_a_model_loads_in_a_new_process(saved: Path, imports: str) -> None:
    code = f"""
{imports}
import sys, numpy as np
assert "nodelens.fields.layer" not in sys.modules
model = keras.models.load_model("model.keras")
np.testing.assert_allclose(model(np.ones([1, 2])), np.load("expected.npy"), rtol=1e-5)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=saved, timeout=300)
