"""The progress of a training in a log and in a terminal."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from rich.console import Console

from nodelens.report.output import Output
from nodelens.report.train import progress as train_progress
from nodelens.report.train.progress import duration, watch_training
from nodelens.training.loop.task import Validation
from nodelens.training.loop.train import Progress


def moment(
    step: int, validation: Validation | None = None, accuracy: float | None = None
) -> Progress:
    """One moment of a training."""
    return Progress(
        step=step,
        steps=1000,
        losses=np.array([0.25]),
        accuracy=accuracy,
        validation=validation,
        gradient_norm=1.0,
        nfe_forward=14.0,
        nfe_backward=20.0,
        rejected=0,
        drift=0.0,
        skipped=0,
        seconds=1.0,
        steps_per_second=10.0,
    )


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The time that the display sees."""
    now = [0.0]
    monkeypatch.setattr(train_progress.time, "monotonic", lambda: now[0])
    yield now


def test_a_log_gets_a_line_every_half_minute_and_one_at_the_end(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with watch_training(Output("train-ode"), lambda: 812_000_000) as show:
        for seconds, now in [
            (1, moment(100, Validation(0.5))),
            (29, moment(200)),
            (30, moment(300)),
            (59, moment(400)),
            (61, moment(500, Validation(0.125))),
            (62, moment(1000)),
        ]:
            clock[0] = seconds
            show(now)
    lines = capsys.readouterr().err.splitlines()
    rest = "14 + 20 evaluations, 10 steps/s, 812 MB"
    assert lines == [
        f"step 300/1000: loss 0.25, validation 0.5, {rest}, 1 min 10 s to go",
        f"step 500/1000: loss 0.25, validation 0.125, {rest}, 50 s to go",
        f"step 1000/1000: loss 0.25, validation 0.125, {rest}",
    ]


def test_the_accuracy_of_a_classifier_is_printed(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with watch_training(Output("train-ode"), lambda: 0) as show:
        show(moment(1000, Validation(0.5, 0.875), 0.91))
    assert "loss 0.25 (91.0% correct), validation 0.5 (87.5% correct), " in capsys.readouterr().err


def test_quiet_says_nothing(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with watch_training(Output("train-ode", quiet=True), lambda: 0) as show:
        show(moment(1000))
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_live_display(monkeypatch: pytest.MonkeyPatch) -> None:
    output = Output("train-ode")
    screen = Console(file=io.StringIO(), force_terminal=True, width=80)
    monkeypatch.setitem(output.__dict__, "console", screen)
    with watch_training(output, lambda: 812_000_000) as show:
        show(moment(400, Validation(0.5)))
    shown = screen.file.getvalue()
    for words in ("compiling", "400/1000", "validation 0.5", "812 MB"):
        assert words in shown


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59.6, "1 min 0 s"), (3725, "1 h 2 min")]
)
def test_durations_are_short(seconds: float, words: str) -> None:
    assert duration(seconds) == words
