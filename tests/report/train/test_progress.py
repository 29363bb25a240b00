"""How a training is watched, in a log and in a terminal."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from rich.console import Console

from nodelens.report.output import Output
from nodelens.report.train import progress as train_progress
from nodelens.report.train.progress import duration, watch_training


@dataclass(frozen=True)
class Kept:
    """A validation."""

    loss: float
    accuracy: float | None = None


@dataclass(frozen=True)
class Now:
    """One moment of a training."""

    step: int
    validation: Kept | None = None
    accuracy: float | None = None
    steps: int = 1000
    loss: float = 0.25
    nfe_forward: float = 14.0
    nfe_backward: float = 20.0
    steps_per_second: float = 10.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The time that the display sees."""
    now = [0.0]
    monkeypatch.setattr(train_progress.time, "monotonic", lambda: now[0])
    yield now


def test_a_log_gets_a_line_every_half_minute_and_one_at_the_end(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with watch_training(Output("train-ode"), lambda: 812_000_000) as tell:
        for seconds, now in [
            (1, Now(100, Kept(0.5))),
            (29, Now(200)),
            (30, Now(300)),
            (59, Now(400)),
            (61, Now(500, Kept(0.125))),
            (62, Now(1000)),
        ]:
            clock[0] = seconds
            tell(now)
    lines = capsys.readouterr().err.splitlines()
    rest = "14 + 20 evaluations, 10 steps/s, 812 MB"
    assert lines == [
        f"step 300/1000: loss 0.25, kept back 0.5, {rest}, 1 min 10 s to go",
        f"step 500/1000: loss 0.25, kept back 0.125, {rest}, 50 s to go",
        f"step 1000/1000: loss 0.25, kept back 0.125, {rest}",
    ]


def test_a_classifier_tells_what_it_gets_right(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with watch_training(Output("train-ode"), lambda: 0) as tell:
        tell(Now(1000, Kept(0.5, 0.875), 0.91))
    assert "loss 0.25 (91.0% right), kept back 0.5 (87.5% right), " in capsys.readouterr().err


def test_quiet_says_nothing(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with watch_training(Output("train-ode", quiet=True), lambda: 0) as tell:
        tell(Now(1000))
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_live_display(monkeypatch: pytest.MonkeyPatch) -> None:
    output = Output("train-ode")
    screen = Console(file=io.StringIO(), force_terminal=True, width=80)
    monkeypatch.setitem(output.__dict__, "console", screen)
    with watch_training(output, lambda: 812_000_000) as tell:
        tell(Now(400, Kept(0.5)))
    shown = screen.file.getvalue()
    for words in ("compiling", "400/1000", "kept back 0.5", "812 MB"):
        assert words in shown


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59.6, "1 min 0 s"), (3725, "1 h 2 min")]
)
def test_durations_are_short(seconds: float, words: str) -> None:
    assert duration(seconds) == words
