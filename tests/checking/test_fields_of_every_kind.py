"""Fields of every kind: right ones are solved and pass, wrong derivatives are named."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from nodelens.checking import suite_fields
from nodelens.checking.checked_field import problem_of
from nodelens.checking.derivatives import check_derivatives
from nodelens.checking.settings import AdjointCheckSettings
from nodelens.checking.suite import CaseReport, check_suite
from nodelens.checking.suite_fields import SuiteCase, suite_cases
from nodelens.entry import run
from nodelens.errors import UsageError
from nodelens.ode import odeint

CASES = {case.given.name: case for case in suite_cases()}
FAULTS = [name for name, case in CASES.items() if (case.fault or "").startswith("field.")]
RIGHT = [
    name for name, case in CASES.items() if case.fault is None and not name.startswith("activation")
]


def wrong_blocks(case: SuiteCase) -> list[str]:
    problem, _ = problem_of(case.given)
    checks = check_derivatives(problem, 0.3, problem.z0.ravel())
    assert checks[0].block == "field.z"
    return [check.block for check in checks if not check.passed]


@pytest.mark.parametrize("name", FAULTS)
def test_a_wrong_derivative_is_named_by_its_block(name: str) -> None:
    assert wrong_blocks(CASES[name]) == [CASES[name].fault]


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_derivative_passes(name: str) -> None:
    assert wrong_blocks(CASES[name]) == []


def test_dropout_is_refused() -> None:
    with pytest.raises(UsageError, match="random"):
        problem_of(CASES["dropout"].given)


def test_every_activation_of_keras_has_its_gradient_through_a_solve() -> None:
    # Two Euler steps written out under the tape are the reference: equal to rounding.
    activations = [function for _, function in suite_fields._activations()]
    assert len(activations) > 25
    w = tf.Variable(np.linspace(0.4, 1.2, 3), dtype=tf.float64)

    def field(t: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        return tf.stack([act(w * z[i]) for i, act in enumerate(activations)])

    z0 = tf.constant(np.random.default_rng(0).normal(size=(len(activations), 3)))
    with tf.GradientTape() as tape:
        solution = odeint(
            field,
            z0,
            [0.0, 0.5],
            solver="euler",
            step_size=0.25,
            adjoint="discrete",
            jit_compile=False,
        )
        loss = tf.reduce_sum(solution.states[-1] ** 2)
    found = tape.gradient(loss, w)
    with tf.GradientTape() as tape:
        z = z0
        for t in (0.0, 0.25):
            z = z + 0.25 * field(tf.constant(t, tf.float64), z)
        loss = tf.reduce_sum(z**2)
    np.testing.assert_allclose(found, tape.gradient(loss, w), rtol=1e-12)


@pytest.mark.slow
def test_the_suite_tells_right_fields_from_wrong_ones() -> None:
    names = ("recompute_grad", "wrong by 1.001", "dropout", "activation hard_shrink")
    cases = [CASES[name] for name in names]
    report = check_suite(cases, AdjointCheckSettings(adjoints=("discrete",)))
    assert report.passed
    right, wrong, refused, jumping = report.cases
    assert right.found is not None and "tape" in right.found.skipped
    assert "discrete" in {check.method for check in wrong.failed}
    assert "random" in refused.refusal
    # Its derivatives are right wherever there are any, and its gradient is not: it jumps.
    assert {check.block for check in jumping.failed} >= {"z0", "theta"}
    assert not any(check.block.startswith("field.") for check in jumping.failed)
    assert not CaseReport("x", None, wrong.found).passed
    assert not CaseReport("x", "field.t", wrong.found).passed


@pytest.mark.slow
def test_a_gradient_of_terms_that_cancel_may_differ_by_their_rounding() -> None:
    # A bias of all keys moves no attention: its gradient is zero but for rounding.
    case = CASES["MultiHeadAttention"]
    report = check_suite([case], AdjointCheckSettings(adjoints=("discrete",)))
    assert report.passed


@pytest.mark.slow
def test_an_adjoint_that_tensorflow_cannot_take_is_left_out_or_refused() -> None:
    case = CASES["recompute_grad"]
    report = check_suite([case], AdjointCheckSettings(adjoints=("direct", "discrete")))
    (found,) = report.cases
    assert report.passed and found.found is not None
    assert {"tape", "direct"} <= set(found.found.skipped)
    assert set(found.found.costs) >= {"discrete"} and "direct" not in found.found.costs


@pytest.mark.slow
def test_a_wrong_custom_gradient_ends_with_exit_3_and_its_cause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "fields.py"
    place.write_text(
        "import tensorflow as tf\n"
        "W = tf.Variable([[0.0, 1.0], [-1.0, 0.0]], dtype=tf.float64, name='W')\n"
        "@tf.custom_gradient\n"
        "def wrong(x):\n"
        "    return tf.tanh(x), lambda g: 1.001 * g * (1 - tf.tanh(x) ** 2)\n"
        "def field(t, z):\n"
        "    return tf.linalg.matvec(W, wrong(z))\n"
        "def broken(t, z):\n"
        "    return {}['rate'] * z\n"
    )
    arguments = ["adjoint-check", "-q", "--z0", "1,0.5", "--field"]
    only = ["--json", "--adjoint", "discrete"]
    assert run([*arguments, f"{place}:field", *only]) == 3
    document = json.loads(capsys.readouterr().out)
    assert "with respect to z" in document["causes"][0]
    assert run([*arguments, f"{place}:broken"]) == 2
    assert f"KeyError: 'rate' ({place}, line 9)" in capsys.readouterr().err
