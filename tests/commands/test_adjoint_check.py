"""`adjoint-check` as a user types it, and the faults it must find."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nodelens.entry import run
from nodelens.ode import ADJOINTS, Backsolve
from nodelens.ode.adjoints.base import Backward


def document_of(
    capsys: pytest.CaptureFixture[str], *arguments: str, code: int
) -> dict[str, object]:
    capsys.readouterr()
    assert run(["adjoint-check", "--json", "-q", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


@pytest.mark.slow
def test_the_adjoints_agree_with_the_closed_form_and_the_tape(
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = document_of(capsys, code=0)
    assert (document["schema"], document["command"]) == (1, "adjoint-check")
    assert document["verdict"] == "pass"
    checks = document["checks"]
    pairs = {(check["method"], check["reference"]) for check in checks}
    assert pairs == {
        ("tape", "closed form"),
        ("backsolve", "closed form"),
        ("backsolve", "tape"),
        ("discrete", "closed form"),
        ("discrete", "tape"),
    }
    assert {check["block"] for check in checks} == {"z0", "theta", "t0", "t1", "times"}
    for check in checks:
        assert set(check) >= {"abs_error", "rel_error", "cosine", "tolerance", "passed"}
        assert check["rel_error"] < 1e-6
        # The discrete adjoint is the tape's gradient, to rounding.
        if (check["method"], check["reference"]) == ("discrete", "tape"):
            assert check["rel_error"] < 1e-13
    assert document["stats"]["backsolve"]["nfe_backward"] > 0


class Wrong(Backsolve):
    """An adjoint with a planted fault."""

    fault = "none"

    def backward(self, *arguments: object) -> Backward:
        result = super().backward(*arguments)  # type: ignore[arg-type]
        if self.fault == "sign of theta":
            return result._replace(theta=[-value for value in result.theta])
        if self.fault == "sign of z0":
            return result._replace(z0=-result.z0)
        return result


class WrongTheta(Wrong):
    fault = "sign of theta"


class WrongZ0(Wrong):
    fault = "sign of z0"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("adjoint", "blocks"),
    [(WrongTheta(), {"theta"}), (WrongZ0(), {"z0", "t0", "times"}), (Wrong(), set())],
    ids=["sign of theta", "sign of z0", "no fault"],
)
def test_a_planted_sign_error_ends_with_3_and_is_named(
    adjoint: Wrong,
    blocks: set[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(ADJOINTS, "backsolve", adjoint)
    code = 3 if blocks else 0
    document = document_of(capsys, "--adjoint", "backsolve", code=code)
    assert document["verdict"] == ("fail" if blocks else "pass")
    failed = {check["block"] for check in document["checks"] if not check["passed"]}
    assert failed == blocks


@pytest.mark.slow
def test_the_table_says_fail_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(ADJOINTS, "backsolve", WrongTheta())
    assert run(["adjoint-check", "--adjoint", "backsolve", "-q"]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert "fail: 2 of 15 comparisons disagree: backsolve dL/dθ" in lines
    table = [line for line in lines if "backsolve" in line and "closed form" in line]
    assert "dL/dθ" in table[0]
    assert table[0].rstrip().endswith("FAIL")


@pytest.mark.slow
def test_a_loose_solver_is_judged_by_its_own_tolerance(capsys: pytest.CaptureFixture[str]) -> None:
    document = document_of(capsys, "--rtol", "1e-4", "--atol", "1e-4", code=0)
    assert {check["tolerance"] for check in document["checks"]} == {1e-2}
    strict = document_of(
        capsys, "--rtol", "1e-4", "--atol", "1e-4", "--set", "tolerance=1e-9", code=3
    )
    assert strict["verdict"] == "fail"


@pytest.mark.slow
def test_a_solve_that_cannot_be_done_is_4(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["adjoint-check", "--set", "solver.max_steps=3"]) == 4
    assert "MAX_STEPS" in capsys.readouterr().err


def test_unknown_names_are_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["adjoint-check", "--adjoint", "backsolv", "--solver", "dopr5"]) == 2
    message = capsys.readouterr().err
    assert "did you mean `backsolve`?" in message
    assert "did you mean `dopri5`?" in message


@pytest.mark.slow
def test_the_document_can_be_written_and_is_not_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["adjoint-check", "-q", "--adjoint", "backsolve", "--out", str(tmp_path)]
    assert run(arguments) == 0
    assert json.loads((tmp_path / "adjoint-check.json").read_text())["verdict"] == "pass"
    assert run(arguments) == 2
    assert "nothing is overwritten unasked" in capsys.readouterr().err


@pytest.mark.slow
def test_a_quiet_check_says_nothing_on_stderr() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "nodelens", "adjoint-check", "-q", "--adjoint", "backsolve"],
        capture_output=True,
        timeout=300,
    )
    assert (result.returncode, result.stderr) == (0, b"")
