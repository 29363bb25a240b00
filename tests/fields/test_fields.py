"""Vector fields: values by hand, saving and loading, and what they refuse."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from nodelens.errors import UsageError
from nodelens.fields.build import make_field
from nodelens.fields.expressions import ExpressionError, parse
from nodelens.fields.functional import as_function, parameters
from nodelens.fields.higher_order import HigherOrderField
from nodelens.fields.hybrid import HybridField, make_hybrid
from nodelens.fields.mlp import MLPField
from nodelens.fields.model import Frame
from nodelens.fields.own import OwnField
from nodelens.fields.scaled import ScaledField
from nodelens.fields.settings import (
    HigherOrderFieldSettings,
    HybridFieldSettings,
    MLPFieldSettings,
    OwnFieldSettings,
)

LOTKA_VOLTERRA = {"x": "alpha*x - beta*x*y", "y": "delta*x*y - gamma*y"}
RATES = {"alpha": 1.5, "beta": 1.0, "gamma": 3.0, "delta": 0.5}

FIELDS = {
    "mlp": lambda: MLPField(2, hidden=(4, 3), input_power=3, seed=1),
    "mlp with time": lambda: MLPField(2, hidden=(4,), time=True, seed=1),
    "linear": lambda: MLPField(2, hidden=(), seed=1),
    "second order": lambda: HigherOrderField(2, hidden=(4,), time=True, seed=1),
    "second order, scaled": lambda: HigherOrderField(2, 2, (4,), mean=(1.0, 2.0), scale=(3.0, 0.5)),
    "hybrid": lambda: HybridField(("x", "y"), LOTKA_VOLTERRA, RATES, hidden=(4,), seed=1),
    "scaled": lambda: ScaledField(MLPField(2, hidden=(4,), seed=1), (1.0, 2.0), (3.0, 0.5)),
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_is_saved_and_loaded(name: str, tmp_path: Path) -> None:
    field = FIELDS[name]()
    for variable in field.trainable_variables:
        variable.assign(variable + 0.1)
    t, z = tf.constant(0.7), tf.constant([[1.0, -2.0], [0.5, 3.0]])
    field.save(tmp_path / "field.keras")
    loaded = keras.models.load_model(tmp_path / "field.keras")
    np.testing.assert_array_equal(loaded(t, z), field(t, z))
    assert loaded.autonomous == field.autonomous


@pytest.mark.parametrize("name", FIELDS)
def test_the_function_of_a_field_is_the_field(name: str) -> None:
    field = FIELDS[name]()
    t, z = tf.constant(0.7), tf.constant([[1.0, -2.0], [0.5, 3.0]])
    np.testing.assert_allclose(as_function(field)(t, z, parameters(field)), field(t, z), rtol=1e-6)


@pytest.mark.parametrize("name", FIELDS)
def test_autonomous_means_that_the_time_does_not_matter(name: str) -> None:
    field = FIELDS[name]()
    z = tf.constant([[1.0, -2.0]])
    same = np.allclose(field(tf.constant(0.0), z), field(tf.constant(2.0), z))
    assert same == field.autonomous


OWN = """
import keras

class Rate(keras.layers.Layer):
    def build(self, *shapes):
        self.rate = self.add_weight(shape=(), initializer="random_normal")

    def call(self, t, z):
        return self.rate * t * z

def make():
    return Rate()

def plain(t, z):
    return z
"""
# A class is called without arguments, as a function that makes one is.
MAKERS = ("make", "Rate")


@pytest.mark.parametrize("maker", MAKERS)
def test_a_field_of_the_users_own_is_seeded_trained_saved_and_loaded(
    maker: str, tmp_path: Path
) -> None:
    (tmp_path / "my.py").write_text(OWN)
    field, again = (
        make_field(
            OwnFieldSettings(kind="own", path=tmp_path / "my.py", name=maker),
            ("x", "y"),
            3,
            np.zeros(2),
            np.ones(2),
        )
        for _ in range(2)
    )
    assert isinstance(field, OwnField)
    (rate,) = parameters(field)
    assert float(rate) == float(parameters(again)[0]) != 0
    t, z = tf.constant([[2.0], [3.0]]), tf.constant([[1.0, -2.0], [0.5, 3.0]])
    field.trainable_variables[0].assign(0.5)
    np.testing.assert_allclose(as_function(field)(t, z, parameters(field)), 0.5 * t * z)
    field.save(tmp_path / "field.keras")
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "field.keras")(t, z), 0.5 * t * z)


@pytest.mark.parametrize(
    ("name", "message"),
    [("plain", "needs a Keras layer"), ("mak", "did you mean `make`"), ("Missing", "defines no")],
)
def test_what_is_no_trainable_field_is_refused(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "my.py").write_text(OWN)
    settings = OwnFieldSettings(kind="own", path=tmp_path / "my.py", name=name)
    with pytest.raises(UsageError) as caught:
        make_field(settings, ("x", "y"), 0, np.zeros(2), np.ones(2))
    assert message in f"{caught.value} {caught.value.hint}"


def test_a_file_that_raises_is_named(tmp_path: Path) -> None:
    (tmp_path / "my.py").write_text("1 / 0")
    settings = OwnFieldSettings(kind="own", path=tmp_path / "my.py")
    with pytest.raises(UsageError, match="cannot be imported: ZeroDivisionError: division"):
        make_field(settings, ("x", "y"), 0, np.zeros(2), np.ones(2))


def test_times_of_each_sample_are_those_of_each_sample() -> None:
    field = FIELDS["mlp with time"]()
    z = tf.constant([[1.0, -2.0], [1.0, -2.0]])
    both = field(tf.constant([[0.0], [2.0]]), z)
    np.testing.assert_allclose(both[:1], field(tf.constant(0.0), z[:1]), rtol=1e-6)
    np.testing.assert_allclose(both[1:], field(tf.constant(2.0), z[1:]), rtol=1e-6)


def test_the_perceptron_by_hand() -> None:
    field = MLPField(1, hidden=(1,), input_power=2)
    for variable, value in zip(
        field.trainable_variables, ([[2.0]], [1.0], [[3.0]], [-1.0]), strict=True
    ):
        variable.assign(value)
    # 3 tanh(2·2² + 1) - 1
    np.testing.assert_allclose(
        field(tf.constant(0.0), tf.constant([[2.0]])), [[3 * np.tanh(9.0) - 1]], rtol=1e-6
    )


def test_the_higher_order_field_moves_each_derivative_by_the_next() -> None:
    field = HigherOrderField(6, order=3, hidden=(3,))
    derivative = field(tf.constant(0.0), tf.constant([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]))
    np.testing.assert_array_equal(derivative[0, :4], [3.0, 4.0, 5.0, 6.0])


def test_a_velocity_stays_the_derivative_of_its_position_whatever_the_scales() -> None:
    settings = HigherOrderFieldSettings(kind="second_order", hidden=())
    field = make_field(settings, ("x", "v"), 0, np.array([1.0, 2.0]), np.array([3.0, 0.5]))
    field.trainable_variables[0].assign([[2.0], [-1.0]])
    field.trainable_variables[1].assign([0.25])
    derivative = field(tf.constant(0.0), tf.constant([[4.0, 3.0]]))
    # x' = v; v' = 0.5 (2 (4 - 1) / 3 - (3 - 2) / 0.5 + 0.25)
    np.testing.assert_allclose(derivative, [[3.0, 0.5 * (2 - 2 + 0.25)]], rtol=1e-6)


def test_the_hybrid_field_by_hand_and_its_parameters() -> None:
    field = HybridField(("x", "y"), LOTKA_VOLTERRA, RATES)
    derivative = field(tf.constant(0.0), tf.constant([[2.0, 3.0]]))
    np.testing.assert_allclose(derivative, [[1.5 * 2 - 2 * 3, 0.5 * 2 * 3 - 3 * 3]])
    assert field.fitted() == RATES


def test_the_scaled_field_has_the_units_of_the_data() -> None:
    inner = MLPField(2, hidden=(), seed=1)
    field = ScaledField(inner, (1.0, 2.0), (3.0, 0.5))
    z = np.array([[4.0, 3.0]], np.float32)
    expected = np.array([3.0, 0.5]) * inner(tf.constant(0.0), (z - [1, 2]) / [3, 0.5]).numpy()
    np.testing.assert_allclose(field(tf.constant(0.0), tf.constant(z)), expected, rtol=1e-6)


def test_augmented_components_are_not_scaled() -> None:
    settings = MLPFieldSettings(augment=2)
    field = make_field(settings, ("x", "y"), 0, np.array([1.0, 2.0]), np.array([3.0, 0.5]))
    assert field.mean == (1.0, 2.0, 0.0, 0.0)
    assert field.scale == (3.0, 0.5, 1.0, 1.0)


def test_a_field_of_higher_order_needs_all_derivatives() -> None:
    settings = HigherOrderFieldSettings(kind="higher_order", order=3)
    with pytest.raises(UsageError, match="that 3 divides; it has 2"):
        make_field(settings, ("x", "v"), 0, np.zeros(2), np.ones(2))


def test_the_second_order_is_two() -> None:
    with pytest.raises(ValueError, match="higher_order"):
        HigherOrderFieldSettings(kind="second_order", order=3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x", 2.0),
        ("-x + 3*y", 7.0),
        ("x**2 / (1 + y)", 1.0),
        ("sin(x) * exp(-y)", np.sin(2.0) * np.exp(-3.0)),
        ("1e-3 * x", 2e-3),
        ("  (x)  ", 2.0),
    ],
)
def test_expressions_have_their_values(text: str, value: float) -> None:
    result = parse(text, {"x", "y"}).evaluate({"x": tf.constant(2.0), "y": tf.constant(3.0)})
    np.testing.assert_allclose(result, value, rtol=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "x.__class__",
        "x[0]",
        "lambda: x",
        "[x for x in y]",
        "x if x else y",
        "x < y",
        "x and y",
        "'text'",
        "True",
        "x; y",
        "sin(x, y)",
        "max(x, y)",
        "z",
        "x +",
        "",
        "f'{x}'",
        "x := 1",
        "x @ y",
        "1j",
        "(" * 300 + "x" + ")" * 300,
        "x" * 2000,
        "-" * 990 + "x",
        "x / (1 - 1) + 1/0",
        "x + 9**9**9**9",
        "1e400 * x",
        "x * (0-1)**0.5",
    ],
)
def test_anything_but_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text, {"x", "y"})


def test_the_parameters_of_equations_are_trained_in_units_of_their_first_values() -> None:
    settings = HybridFieldSettings(
        kind="hybrid", equations={"x": "a*x - b + c"}, parameters={"a": -50.0, "b": 0.02, "c": 0.0}
    )
    field = make_hybrid(settings, Frame(1, ("x",), (0.0,), (1.0,)), 0)
    assert field.fitted() == pytest.approx({"a": -50.0, "b": 0.02, "c": 0.0})
    weights = [float(weight.numpy()) for weight in field.trainable_variables]
    assert weights == [-1.0, 1.0, 0.0]
    assert float(field(tf.constant(0.0), tf.constant([[1.0]]))[0, 0]) == pytest.approx(-50.02)
    for weight in field.trainable_variables:
        weight.assign_add(0.5)
    assert field.fitted() == pytest.approx({"a": -25.0, "b": 0.03, "c": 0.5})
    copy = HybridField.from_config(field.get_config())
    assert [float(weight.numpy()) for weight in copy.trainable_variables] == [-1.0, 1.0, 0.0]
    # What earlier versions have saved says nothing of units: weights are the parameters.
    config = {key: value for key, value in field.get_config().items() if key != "relative"}
    earlier = HybridField.from_config(config)
    found = [float(weight.numpy()) for weight in earlier.trainable_variables]
    assert found == pytest.approx([-50.0, 0.02, 0.0])
