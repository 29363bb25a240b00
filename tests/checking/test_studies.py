"""The studies: their slopes, what they advise, and what they write."""

import json
from pathlib import Path

import pytest

from nodelens.entry import run
from nodelens.ode import ADJOINTS


def study(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    capsys.readouterr()
    assert run(["adjoint-check", "-q", "--json", "--study", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_the_error_of_the_gradient_falls_with_the_tolerance(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--problem", "growth", "--adjoint", "discrete", "--out", str(tmp_path))
    document = study(capsys, "order", *arguments)
    (series,) = document["series"]
    assert series["name"] == "discrete"
    assert series["x"][0] == 1e-3
    assert series["x"][-1] == 1e-10
    # An error per step of tol makes a global error of about tol, not of its square or its root.
    assert 0.8 < series["slope"] < 1.3
    assert series["y"][-1] < 1e-8
    assert (tmp_path / "order.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_drift_grows_without_bound_and_the_remedy_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = study(capsys, "drift")
    drifts = document["series"][0]["y"]
    assert drifts[0] < 1e-6
    # e^300 times an error of 1e-6: nothing is left of the state.
    assert drifts[-1] > 1e50
    assert "use discrete there" in document["sentences"][0]


@pytest.mark.slow
def test_the_discrete_adjoint_does_not_mind_stiffness(capsys: pytest.CaptureFixture[str]) -> None:
    document = study(capsys, "stiffness", "--adjoint", "discrete")
    assert max(document["series"][0]["y"]) < 1e-4
    assert document["sentences"] == ["discrete: stays within 1e-04 up to λ = 300"]


@pytest.mark.slow
def test_the_memory_of_the_backward_solve_does_not_grow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slopes(steps: tuple[int, int], *adjoints: str) -> dict[str, float]:
        monkeypatch.setattr("nodelens.checking.peak_memory.STEPS", steps)
        arguments = ("memory", *[word for name in adjoints for word in ("--adjoint", name)])
        return {each["name"]: each["slope"] for each in study(capsys, *arguments)["series"]}

    # Of two peaks that should be equal one may be some 20 states higher: over many steps that is
    # little. The tape takes few, because it keeps every stage of every step.
    found = {**slopes((25, 250), "backsolve", "discrete"), **slopes((10, 40), "direct")}
    for name, slope in found.items():
        assert (slope < 0.2) == ADJOINTS[name].constant_memory
    # RK4 carries nothing over, so the start of each step is one state.
    assert found["discrete"] == pytest.approx(1, abs=0.3)
    assert found["direct"] > 4


def test_a_study_that_there_is_not_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["adjoint-check", "--study", "speed"]) == 2
    assert "order, stiffness, drift" in capsys.readouterr().err
