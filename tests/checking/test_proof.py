"""The proof of the adjoint in numbers: it holds, and a wrong sign in any line is seen."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from nodelens.checking.plain_fields import NumpyField
from nodelens.checking.proof import prove
from nodelens.checking.textbook import textbook_problem
from nodelens.entry import run


def proved(plain: Any = None) -> dict[str, bool]:
    """Which lines hold for the driven growth, seen through a field."""
    problem = textbook_problem("growth", 0)
    problem = replace(problem, times=problem.times[[0, -1]], plain=plain or problem.plain)
    checks, _ = prove(problem, np.array([0.7]), [], 1e-6)
    return {check.block.removeprefix("proof."): check.passed for check in checks}


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
    assert last.startswith("pass: all 14 equations of the proof hold on the problem 'growth'")
    document = json.loads((tmp_path / "adjoint-check.json").read_text())
    assert abs(document["limit"]["order"] - 1) < 0.1
    integrals = [c for c in document["checks"] if c["block"] == "proof.integral"]
    assert {check["method"] for check in integrals} == {"tape", "backsolve"}
    assert max(check["rel_error"] for check in integrals) < 1e-6
    assert (tmp_path / "proof.png").read_bytes().startswith(b"\x89PNG")
    suites = ElementTree.parse(report).getroot()
    assert (suites.get("tests"), suites.get("failures")) == ("14", "0")
    assert len(suites.findall("./testsuite/testcase")) == 14


@pytest.mark.slow
def test_a_proof_is_about_one_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["adjoint-check", "--proof"]) == 2
    assert "a proof is about one problem, and there are 9" in capsys.readouterr().err
