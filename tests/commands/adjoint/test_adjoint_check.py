"""`adjoint-check` as a user types it, and the faults it must find."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nodelens.entry import run
from nodelens.ode import ADJOINTS, Backsolve
from nodelens.ode.adjoints import AdjointRow
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
def test_the_adjoints_agree_with_every_reference(capsys: pytest.CaptureFixture[str]) -> None:
    document = document_of(capsys, "--problem", "linear", code=0)
    assert (document["schema"], document["command"]) == (1, "adjoint-check")
    assert document["verdict"] == "pass"
    checks = document["checks"]
    pairs = {(check["method"], check["reference"]) for check in checks}
    independent = {"closed form", "sensitivity", "complex step", "differences"}
    assert pairs == {
        *((method, other) for method in ("tape", "backsolve", "discrete") for other in independent),
        *((method, other) for method in ("backsolve", "discrete") for other in ("tape", "odeint")),
        *((other, "sensitivity") for other in independent - {"sensitivity"}),
    }
    gradients = {"z0", "theta", "t0", "t[1]", "t[2]", "t[3]", "t1", "times"}
    assert {check["block"] for check in checks} == {*gradients, "states", "dot"}
    for check in checks:
        assert set(check) >= {"abs_error", "rel_error", "cosine", "tolerance", "passed"}
        assert check["rel_error"] < 1e-6
        # The discrete adjoint is the tape's gradient, to rounding.
        if (check["method"], check["reference"]) == ("discrete", "tape"):
            assert check["rel_error"] < 1e-13
        # The references agree far better than the solver under test.
        if check["method"] in independent:
            assert check["rel_error"] < 1e-10
    assert document["stats"]["backsolve"]["nfe_backward"] > 0


@pytest.mark.slow
def test_each_variable_has_a_row_with_its_shape(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--problem", "network", "--adjoint", "backsolve")
    document = document_of(capsys, *arguments, code=0)
    shapes = {check["block"]: check["shape"] for check in document["checks"]}
    assert shapes["theta.inner"] == [4, 2]
    assert shapes["theta.outer"] == [2, 4]
    assert shapes["theta"] == [24]


@pytest.mark.slow
def test_two_runs_give_the_same_document_apart_from_times(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ("--problem", "network", "--problem", "growth", "--adjoint", "backsolve")
    first, second = (document_of(capsys, *arguments, code=0) for _ in range(2))

    def without_times(value: object) -> object:
        if isinstance(value, dict):
            timed = ("seconds", "wall_seconds")
            return {key: without_times(x) for key, x in value.items() if key not in timed}
        return [without_times(x) for x in value] if isinstance(value, list) else value

    assert without_times(first) == without_times(second)
    assert first["problems"][0]["seconds"]["backsolve"] > 0


def test_the_problems_are_listed_without_tensorflow() -> None:
    code = (
        "import sys; from nodelens.entry import run; code = run(['adjoint-check', "
        "'--list-problems']); sys.exit(code or 'tensorflow' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert "lotka-volterra" in result.stdout


def row_of(adjoint: type[Backsolve]) -> AdjointRow:
    """The row of `backsolve` with another class."""
    return replace(ADJOINTS["backsolve"], implementation=f"{__name__}:{adjoint.__name__}")


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
    [(WrongTheta, {"theta"}), (WrongZ0, {"z0", "t0", "times"})],
    ids=["sign of theta", "sign of z0"],
)
def test_a_planted_sign_error_ends_with_3_and_is_named(
    adjoint: type[Wrong],
    blocks: set[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(ADJOINTS, "backsolve", row_of(adjoint))
    document = document_of(capsys, "--problem", "linear", "--adjoint", "backsolve", code=3)
    assert document["verdict"] == "fail"
    failed = {check["block"] for check in document["checks"] if not check["passed"]}
    assert failed == blocks | {"dot"}


@pytest.mark.slow
def test_the_table_says_fail_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(ADJOINTS, "backsolve", row_of(WrongTheta))
    assert run(["adjoint-check", "--problem", "linear", "--adjoint", "backsolve", "-q"]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("fail: ")
    assert lines[-1].endswith("comparisons disagree: backsolve dL/dθ, backsolve ⟨λ, Jv⟩")
    # The worst row comes first.
    assert lines[3].split()[0] == "dL/dθ"
    assert lines[3].endswith("FAIL")


@pytest.mark.slow
def test_a_loose_solver_is_judged_by_its_own_tolerance(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--problem", "linear", "--adjoint", "discrete", "--rtol", "1e-4", "--atol", "1e-4")
    document = document_of(capsys, *arguments, code=0)
    adjoint = [c for c in document["checks"] if c["method"] == "discrete"]
    limits = [c["tolerance"] for c in adjoint if c["reference"] == "closed form"]
    assert 1e-2 < min(limits) < max(limits) < 1
    assert max(c["rel_error"] for c in adjoint) > 1e-5
    strict = document_of(capsys, *arguments, "--set", "tolerance=1e-9", code=3)
    assert strict["verdict"] == "fail"
    assert {check["tolerance"] for check in strict["checks"]} == {1e-9}


@pytest.mark.slow
def test_fixed_steps_are_judged_by_what_half_a_step_changes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--problem", "linear", "--adjoint", "discrete", "--solver", "rk4"]
    limits = []
    for step in ("0.05", "0.025"):
        document = document_of(capsys, *arguments, "--set", f"solver.step_size={step}", code=0)
        (states,) = (
            c for c in document["checks"] if (c["block"], c["method"]) == ("states", "discrete")
        )
        assert states["rel_error"] < states["tolerance"] < 100 * states["rel_error"]
        limits.append(states["tolerance"])
    # RK4 is of fourth order.
    assert 12 < limits[0] / limits[1] < 20
    monkeypatch.setitem(ADJOINTS, "backsolve", row_of(WrongTheta))
    arguments[3] = "backsolve"
    document_of(capsys, *arguments, "--set", "solver.step_size=0.05", code=3)


def test_fixed_steps_of_no_size_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for way in ([], ["--study", "order"]):
        assert run(["adjoint-check", "--problem", "growth", "--solver", "rk4", *way]) == 2
    message = capsys.readouterr().err
    assert "solver.step_size=0.01" in message
    assert "the study of the order varies the tolerance" in message


@pytest.mark.slow
def test_single_precision_is_judged_by_what_it_can_hold(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--problem", "linear", "--adjoint", "discrete", "--float32")
    document = document_of(capsys, *arguments, code=0)
    assert document["precision"] == "float32"
    errors = [c["rel_error"] for c in document["checks"] if c["method"] == "discrete"]
    assert 1e-7 < max(errors) < 1e-3


@pytest.mark.slow
def test_a_solve_that_cannot_be_done_is_4(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["adjoint-check", "--problem", "linear", "--set", "solver.max_steps=3"]) == 4
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
    arguments = ["adjoint-check", "-q", "--problem", "growth", "--out", str(tmp_path)]
    assert run(arguments) == 0
    assert json.loads((tmp_path / "adjoint-check.json").read_text())["verdict"] == "pass"
    assert run(arguments) == 2
    assert "nothing is overwritten unasked" in capsys.readouterr().err


@pytest.mark.slow
def test_a_quiet_check_says_nothing_on_stderr() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "nodelens", "adjoint-check", "-q", "--problem", "growth"],
        capture_output=True,
        timeout=300,
    )
    assert (result.returncode, result.stderr) == (0, b"")


def test_a_suite_has_times_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["adjoint-check", "--suite", "fields", "--times", "0:1:3"]) == 2
    error = capsys.readouterr().err
    assert "--suite has fields of its own" in error and "--times cannot be given beside" in error
