"""The user's own field: how it is found, and how a bad one is named."""

import json
from pathlib import Path

import pytest

from nodelens.entry import run

FIELDS = """
import keras, tensorflow as tf
keras.utils.set_random_seed(1)

class Net(keras.layers.Layer):
    def __init__(self, dtype="float64", dropout=False):
        super().__init__(dtype=dtype)
        self.dense = keras.layers.Dense(2, activation="tanh", dtype=dtype)
        self.dropout = keras.layers.Dropout(0.5, dtype=dtype) if dropout else None
        self.dense.build((None, 2))

    def call(self, t, z):
        z = self.dense(z) * (1 + tf.cast(t, z.dtype))
        return z if self.dropout is None else self.dropout(z, training=True)

net, single, random = Net(), Net("float32"), Net(dropout=True)
W = tf.Variable([[0.0, 1.0], [-1.0, 0.0]], dtype=tf.float64, name="W")
ORDER = tf.constant([1, 0])
CALLS = tf.Variable(0.0, dtype=tf.float64)
number = 3

def factory():
    return Net()

def turn(t, z):
    return tf.linalg.matvec(W, z)

def turn_by_index(t, z):
    return tf.gather(z, ORDER) * tf.constant([1.0, -1.0], tf.float64) * W[0, 1]

def wide(t, z):
    return tf.concat([z, z], -1)

def leaves_its_domain(t, z):
    return tf.sqrt(0.5 - t) * z

def undefined(t, z):
    return z / 0.0

def stiff(t, z):
    return -1e6 * (z - tf.cos(t))

def in_numpy(t, z):
    import numpy
    return numpy.sin(z)
"""


@pytest.fixture
def place(tmp_path: Path) -> str:
    path = tmp_path / "fields.py"
    path.write_text(FIELDS)
    return str(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "z0", "variables", "precision"),
    [
        ("net", "[[1.0, 0.5]]", {"dense.kernel", "dense.bias"}, "float64"),
        ("single", "[[1.0, 0.5]]", {"dense_1.kernel", "dense_1.bias"}, "float32"),
        ("turn", "1, 0.5", {""}, "float64"),
        ("turn_by_index", "1, 0.5", {""}, "float64"),
    ],
)
def test_a_layer_and_a_function_are_checked_with_what_they_capture(
    name: str,
    z0: str,
    variables: set[str],
    precision: str,
    place: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["--field", f"{place}:{name}", "--z0", z0, "--times", "0,0.4,1"]
    assert run(["adjoint-check", "-q", "--json", "--adjoint", "backsolve", *arguments]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["precision"] == precision
    blocks = {check["block"] for check in document["checks"]}
    assert {"z0", "theta", "t0", "t[1]", "t1"} <= blocks
    found = {
        block.removeprefix("theta.").split(".")[-1]
        for block in blocks
        if block.startswith("theta.")
    }
    assert found == {variable.split(".")[-1] for variable in variables} - {""}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "z0", "code", "cause"),
    [
        ("random", "[[1.0, 0.5]]", 2, "is random"),
        ("wide", "1, 2", 2, "returned shape (4,) for a state of shape (2,)"),
        ("turn", "1, 2, 3", 2, "z0 must have the shape it expects"),
        ("undefined", "1", 2, "returns NaN or Inf at t0 = 0, at z0 itself"),
        ("in_numpy", "1", 2, "NumPy carries no gradient"),
        ("number", "1", 2, "a callable f(t, z) was expected"),
        ("trun", "1", 2, "did you mean `turn`?"),
        ("leaves_its_domain", "1", 4, "returns NaN or Inf near t = 0.5"),
        ("stiff", "1.5", 4, "too stiff for dopri5"),
    ],
)
def test_a_bad_field_is_named_by_its_cause(
    name: str, z0: str, code: int, cause: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["adjoint-check", "-q", "--field", f"{place}:{name}", "--z0", z0]) == code
    assert cause in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (["--field", "fields.py"], "names no field"),
        (["--field", "nowhere.py:f"], "there is no file 'nowhere.py'"),
        (["--field", "no_such_module:f"], "cannot be imported"),
        (["--field", "math:sin"], "the state at which the field is checked is missing"),
        (["--field", "math:sin", "--z0", "1,b"], "is no list of numbers"),
    ],
)
def test_a_call_that_cannot_be_right_is_told(
    arguments: list[str], cause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["adjoint-check", *arguments]) == 2
    assert cause in capsys.readouterr().err


STIFF = """
import tensorflow as tf
K = tf.Variable(60.0, dtype=tf.float64, name="K")
def relaxing(t, z): return -K * (z - tf.cos(t))
"""


@pytest.mark.slow
def test_a_drift_of_the_backward_solve_is_told_and_named_as_the_cause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Solved backwards, a relaxation grows as e^60: nothing is left of the state.
    (tmp_path / "stiff.py").write_text(STIFF)
    arguments = ["--field", f"{tmp_path / 'stiff.py'}:relaxing", "--z0", "1.5"]
    arguments += ["--adjoint", "backsolve"]
    assert run(["adjoint-check", "-q", *arguments]) == 0
    verdict, drift, loose = capsys.readouterr().out.splitlines()[-3:]
    assert verdict.startswith("pass: ")
    assert drift.startswith("beware: on ")
    # The solver forgets where it came from, and so does the gradient.
    assert loose.startswith("beware: on ") and "a wrong dL/dt0 would pass" in loose
    assert run(["adjoint-check", "-q", *arguments, "--set", "tolerance=1e-6"]) == 3
    verdict, cause = capsys.readouterr().out.splitlines()[-2:]
    assert verdict.startswith("fail: ")
    assert cause.startswith("cause: on ")
    assert cause.endswith("use the adjoint discrete")


@pytest.mark.slow
def test_a_pair_that_comes_apart_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["adjoint-check", "-q", "--problem", "spiral", "--adjoint", "reversible"]
    # The limits of so loose a tolerance tell nothing, and the check says so.
    for tolerance, told in (("1e-2", True), ("1e-6", False)):
        assert run([*arguments, "--rtol", tolerance, "--atol", tolerance]) == (3 if told else 0)
        text = capsys.readouterr().out
        assert ("reversible: the two states of the pair came apart" in text) is told
        assert ("undecided: on 'spiral' the limits are too loose" in text) is told
