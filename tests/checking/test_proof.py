"""The proof of the adjoint in numbers: it holds, and a wrong sign in any line is seen."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from nodelens.checking.augmented import block_jacobian
from nodelens.checking.plain_fields import NumpyField
from nodelens.checking.proof import prove
from nodelens.checking.textbook import textbook_problem
from nodelens.entry import run


def proved(plain: Any = None) -> dict[str, bool]:
    """Which lines hold for the driven growth, seen through a field."""
    problem = textbook_problem("growth", 0)
    problem = replace(problem, times=problem.times[[0, -1]], plain=plain or problem.plain)
    checks, _ = prove(problem, np.array([0.7]), [], 1e-6)
    lines: dict[str, bool] = {}
    for check in checks:
        line = check.block.removeprefix("proof.")
        lines[line] = check.passed and lines.get(line, True)
    return lines


def test_all_lines_hold() -> None:
    lines = proved()
    assert set(lines) == {
        *("transition", "limit.order", "limit", "jacobian", "jacobian.zero_rows", "derivative"),
        *("t1", "t0"),
    }
    assert all(lines.values())


@dataclass(frozen=True)
class WrongJacobian(NumpyField):
    """A field whose Jacobian of one kind is wrong."""

    wrong: int = 1

    def jacobians(self, t: float, z: np.ndarray, theta: np.ndarray) -> Any:
        parts = list(super().jacobians(t, z, theta))
        parts[self.wrong] = -parts[self.wrong]
        return tuple(parts)


@pytest.mark.parametrize(
    ("wrong", "broken"),
    [
        (1, {"transition", "limit.order", "limit", "jacobian", "t0"}),
        (2, {"transition", "jacobian"}),
        (3, {"transition", "jacobian"}),
    ],
    ids=["f_z", "f_theta", "f_t"],
)
def test_a_wrong_derivative_breaks_the_lines_it_stands_in(wrong: int, broken: set[str]) -> None:
    good = textbook_problem("growth", 0).plain
    assert isinstance(good, NumpyField)
    lines = proved(WrongJacobian(good.field, good.shapes, wrong=wrong))
    failed = {line for line, passed in lines.items() if not passed}
    assert {"transition", "jacobian"} <= failed <= broken


@pytest.mark.slow
def test_the_proof_is_printed_drawn_and_written_for_ci(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "ci" / "junit.xml"
    report.parent.mkdir()
    arguments = ["--problem", "growth", "--adjoint", "backsolve", "--out", str(tmp_path)]
    assert run(["adjoint-check", "-q", "--proof", "--junit", str(report), *arguments]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("pass: all 15 equations of the proof hold on the problem 'growth'")
    document = json.loads((tmp_path / "adjoint-check.json").read_text())
    assert abs(document["limit"]["order"] - 1) < 0.1
    integrals = [c for c in document["checks"] if c["block"] == "proof.integral"]
    assert {check["method"] for check in integrals} == {"tape", "backsolve"}
    assert max(check["rel_error"] for check in integrals) < 1e-6
    assert (tmp_path / "proof.png").read_bytes().startswith(b"\x89PNG")
    suites = ElementTree.parse(report).getroot()
    assert (suites.get("tests"), suites.get("failures")) == ("15", "0")
    assert len(suites.findall("./testsuite/testcase")) == 15


def test_the_block_jacobian_is_found_by_automatic_differentiation() -> None:
    problem = textbook_problem("network", 0)
    z, t = np.array([0.3, -0.7]), 0.4
    jacobian = block_jacobian(problem, t, z)
    # An independent way to the same: complex steps of the field in NumPy.
    f_z, f_theta, f_t = problem.plain.jacobians(t, z, problem.theta)[1:]
    np.testing.assert_allclose(jacobian[:2], np.hstack([f_z, f_theta, f_t[:, None]]), rtol=1e-12)
    assert jacobian.shape == (27, 27)
    assert not jacobian[2:].any()


def test_a_field_in_single_precision_is_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "single.py"
    path.write_text("import tensorflow as tf\ndef f(t, z): return z * tf.constant(0.5)\n")
    assert run(["adjoint-check", "--proof", "--field", f"{path}:f", "--z0", "1"]) == 2
    assert "single.py:f computes in float32" in capsys.readouterr().err


@pytest.mark.slow
def test_a_proof_is_about_one_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["adjoint-check", "--proof"]) == 2
    assert "a proof is about one problem, and there are 9" in capsys.readouterr().err
