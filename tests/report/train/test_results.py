"""The summary, the page and the document of a run say the same numbers, without a training."""

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from nodelens.ode import Discrete
from nodelens.ode.adjoints.auto import Choice
from nodelens.report.train.page import run_page, write_pages
from nodelens.report.train.summary import train_summary
from nodelens.training.loop.experiment import (
    ComponentScore,
    FigureFile,
    SampleResult,
    TrajectoryResult,
    TrajectoryScore,
)
from nodelens.training.loop.state import Best, Guard, Totals, TrainingState
from nodelens.training.loop.train import Training
from nodelens.training.runs.document import run_document
from nodelens.training.runs.result import RunResult

SCORE = TrajectoryScore("a", start=0.0, first=True, error=0.125, held_out_error=None, reached=9.0)
TRAJECTORY = TrajectoryResult(0.125, None, {}, (SCORE,))
NETWORK = SampleResult(
    network="ODE network",
    parameters=1234,
    part="test",
    loss=0.5,
    accuracy=0.75,
    mean_absolute_error=None,
    classes=("cat", "dog"),
    confusion=np.array([[2, 0], [1, 1]]),
)


class Concluded:
    """A conclusion that is known already."""

    def __init__(self, result: TrajectoryResult | SampleResult) -> None:
        self.result = result

    def figures(self, curves: object, baseline: object = None) -> list[FigureFile]:
        """Draws nothing."""
        return []


@pytest.fixture
def finished(tmp_path: Path) -> RunResult:
    """A run of four steps, the first of which was skipped."""
    (tmp_path / "config.yaml").write_text("seed: 3\n")
    state = TrainingState(
        step=4,
        losses=np.array([np.nan, 8.0, 1.0, 3.0], np.float32),
        totals=Totals(nfe_forward=40, nfe_backward=82, drift=0.0),
        guard=Guard(scale=0.5, skipped=1),
    )
    return RunResult(
        directory=tmp_path,
        title="the data",
        split="3 windows to train on",
        training=Training(state, 2.5, 120.0, "finished"),
        gradient=Choice("discrete", Discrete(), "its store fits"),
        conclusion=Concluded(TRAJECTORY),
        figures=(FigureFile("figure", "fit.png", "The fit", b"\x89PNG"),),
        artifacts={
            "config": tmp_path / "config.yaml",
            "model": tmp_path / "model.keras",
            "page": tmp_path / "report.md",
            "html": tmp_path / "report.html",
        },
        epoch=1.33333,
        window=5,
        learning_rate=0.01,
    )


def with_state(run: RunResult, **changes: object) -> RunResult:
    state = replace(run.training.state, **changes)
    return replace(run, training=replace(run.training, state=state))


def summary(run: RunResult) -> dict[str, str]:
    """The rows of the summary as it is printed."""
    screen = Console(file=io.StringIO(), width=400)
    screen.print(train_summary(run))
    lines = screen.file.getvalue().splitlines()
    pairs = [line.strip().split("   ", 1) for line in lines]
    return {pair[0].strip(): pair[-1].strip() for pair in pairs}


def test_skipped_steps_count_in_no_loss(finished: RunResult) -> None:
    document = run_document(finished)
    assert document["initial"] == {"step": 2, "train_loss": 8.0}
    assert document["best"] == {"step": 3, "train_loss": 1.0, "val_loss": None}
    assert document["final"]["train_loss"] == 4.0  # (8 + 1 + 3) / 3
    assert document["final"]["epoch"] == 1.333
    assert document["skipped"] == {"steps": 1, "rate_scale": 0.5}
    rows = summary(finished)
    assert rows["loss"] == "8 → 4 (2.0 times smaller)"
    assert rows["evaluations"] == "10.0 forward, 20.5 backward per step"
    assert rows["adjoint"] == "discrete: its store fits"
    assert run_document(finished)["adjoint"] == {"method": "discrete", "reason": "its store fits"}
    assert rows["speed"] == "120 steps/s after 2.5 s of compilation"
    assert rows["skipped"] == (
        "1 step that was not finite; the learning rate was multiplied by 0.5"
    )
    assert rows["model"] == str(finished.artifacts["model"])


def test_trajectories_have_errors_and_fitted_parameters(finished: RunResult) -> None:
    rows = summary(finished)
    assert rows["whole trajectory"] == "mean absolute error 0.125, solved from z0 alone"
    assert not {"held-out part", "fitted", "validation"} & set(rows)
    scores = (replace(SCORE, held_out_error=0.25),)
    found = TrajectoryResult(0.125, 0.25, {"a": 2.0, "b": 1 / 3}, scores)
    run = replace(finished, conclusion=Concluded(found))
    run = with_state(run, best=Best(step=3, loss=0.0625))
    rows = summary(run)
    assert rows["held-out part"] == "mean absolute error 0.25, solved from z0 alone"
    assert rows["fitted"] == "a = 2, b = 0.333333"
    assert rows["validation"] == "loss 0.0625, best after step 3"
    document = run_document(run)
    assert document["fitted"] == {"a": 2.0, "b": 1 / 3}
    assert document["final"]["extrapolation_error"] == 0.25
    assert document["final"]["val_loss"] == document["best"]["val_loss"] == 0.0625


def test_of_several_trajectories_the_worst_is_named_and_one_held_out_too(
    finished: RunResult,
) -> None:
    worse = replace(SCORE, name="b", error=0.5)
    out = replace(SCORE, name="c", error=None, held_out_error=0.75)
    empty = replace(SCORE, name="d", start=None, error=None)
    found = TrajectoryResult(0.3, 0.75, {}, (SCORE, worse, out, empty))
    rows = summary(replace(finished, conclusion=Concluded(found)))
    assert rows["whole trajectories"] == (
        "mean absolute error 0.3, solved from z0 alone; of 2 the worst is 'b' with 0.5"
    )
    assert rows["held out"] == "mean absolute error of 'c' 0.75, solved from z0 alone"
    assert rows["not judged"] == "'d': no state to start from was measured completely"
    named = run_document(replace(finished, conclusion=Concluded(found)))["trajectories"]
    assert [(each["name"], each["trajectory_error"]) for each in named] == [
        ("a", 0.125),
        ("b", 0.5),
        ("c", None),
        ("d", None),
    ]
    assert replace(finished, conclusion=Concluded(found)).failure is None


def test_a_trajectory_that_cannot_be_solved_is_a_failure_and_the_worst(finished: RunResult) -> None:
    later = replace(SCORE, start=1.0, first=False)
    bad = replace(SCORE, name="b", error=np.nan, reached=2.5, status="STEP_UNDERFLOW")
    run = replace(finished, conclusion=Concluded(TrajectoryResult(np.nan, None, {}, (later, bad))))
    assert summary(run)["whole trajectories"] == (
        "mean absolute error nan, solved from z0 alone, 1 of them from their first complete state; "
        "of 2 the worst is 'b' with nan"
    )
    assert run.failure == (
        "the trained field cannot be solved over 'b' beyond t = 2.5: STEP_UNDERFLOW"
    )
    alone = replace(run, conclusion=Concluded(TrajectoryResult(0.125, None, {}, (later,))))
    assert summary(alone)["whole trajectory"] == (
        "mean absolute error 0.125, solved from the state at t = 1 alone, the first complete one"
    )


def test_a_network_is_compared_with_its_baseline(finished: RunResult) -> None:
    other = replace(NETWORK, network="Residual network of 2 blocks", parameters=99, accuracy=0.5)
    baseline = replace(finished, conclusion=Concluded(other))
    run = replace(finished, conclusion=Concluded(NETWORK), baseline=baseline)
    rows = summary(run)
    assert rows["network"] == "ODE network, 1,234 parameters"
    assert rows["on the test part"] == "accuracy 75.00%, loss 0.5"
    assert rows["baseline"] == (
        "Residual network of 2 blocks, 99 parameters: accuracy 50.00%, loss 0.5"
    )
    document = run_document(run)
    assert document["against"]["parameters"] == 99
    assert document["confusion"] == [[2, 0], [1, 1]]
    assert document["final"]["accuracy"] == 0.75
    assert "mean_absolute_error" not in document["final"]


def test_a_network_that_computes_values_has_an_error(finished: RunResult) -> None:
    values = replace(NETWORK, accuracy=None, mean_absolute_error=0.2, classes=(), confusion=None)
    run = replace(finished, conclusion=Concluded(values))
    assert summary(run)["on the test part"] == "mean absolute error 0.2"
    document = run_document(run)
    assert document["final"]["mean_absolute_error"] == 0.2
    assert not {"classes", "confusion"} & set(document)


def test_the_page_has_the_rows_of_the_summary(finished: RunResult) -> None:
    run = with_state(finished, totals=Totals(40, 82, 0.03))
    page, rows = run_page(run), summary(run)
    shared = dict(page.rows)
    assert shared.pop("steps") == "4 (finished)"
    assert shared.pop("data") == "3 windows to train on"
    assert shared.pop("largest drift of the backward solve") == "3.0e-02"
    assert shared.items() <= rows.items()
    assert page.pictures == (("figures/fit.png", "The fit"),)
    assert page.commands[0][1] == "node train-ode --resume ."  # the run may be moved
    write_pages(run)
    assert (run.directory / "report.md").read_text().startswith("# Neural ODE after 4 steps: the")
    assert "data:image/png;base64," in (run.directory / "report.html").read_text()


def test_a_run_that_was_only_concluded_has_no_speed(finished: RunResult) -> None:
    trained = replace(finished.training, compile_seconds=None, steps_per_second=None)
    assert "speed" in summary(finished)
    assert "speed" not in summary(replace(finished, training=trained))


@pytest.mark.parametrize(
    ("error", "mean", "first", "words"),
    [
        (0.3, 1.0, 0.7, None),
        (0.5, 1.0, 0.7, "little better than none: its error over the whole trajectories is 0.5"),
        (0.8, 1.0, 0.7, "no better than none: .* first state 0.7"),
        (0.8, 1.0, 1.7, "little better than none"),
    ],
)
def test_a_fit_is_compared_with_no_model_at_all(
    finished: RunResult, error: float, mean: float, first: float, words: str | None
) -> None:
    found = replace(TRAJECTORY, trajectory_error=error, mean_error=mean, persistence_error=first)
    run = replace(finished, conclusion=Concluded(found))
    assert summary(run)["without a model"] == (
        f"the mean of the data has {mean:g}, the first state {first:g}"
    )
    expected = {"mean_error": mean, "persistence_error": first}
    assert run_document(run)["final"]["without_model"] == expected
    if words is None:
        assert run.weakness is None
    else:
        assert run.weakness is not None
        assert re.search(words, run.weakness)


def test_a_small_component_that_is_not_fitted_is_named(finished: RunResult) -> None:
    scores = (ComponentScore("A", 0.04, 0.5), ComponentScore("B", 1.9e-5, 1.3e-5))
    found = replace(
        TRAJECTORY, trajectory_error=0.02, mean_error=0.3, persistence_error=0.3, components=scores
    )
    run = replace(finished, conclusion=Concluded(found))
    assert run.weakness is not None
    assert re.search("fit of B is no better than none: its error is 1.9e-05", run.weakness)
    document = run_document(run)
    assert document["warning"] == run.weakness
    assert document["final"].keys() and document["components"][1]["name"] == "B"
    assert document["training"] == {"window": 5, "learning_rate": 0.01}
    good = replace(found, components=scores[:1] * 2)
    assert replace(finished, conclusion=Concluded(good)).weakness is None
