"""The pace of a batch, with a clock that the test turns."""

import pytest

from nodelens.report.gradcam.progress import Pace, shown_pace
from nodelens.report.output import Output


def test_the_pace_is_of_what_was_explained_and_not_of_what_was_skipped():
    now = [100.0]
    pace = Pace(1000, clock=lambda: now[0])
    assert pace.words() == ""
    pace.seen.update(explained=50, before=440, failed=10)
    now[0] = 110.0
    # 50 in 10 s; 500 are left.
    assert pace.words() == "5 images/s, 1 min 40 s left"
    assert pace.summary() == (
        "50 pictures in 10 s: 5 images/s; 440 explained before and not again (--force does)"
    )
    pace.seen.update(before=500)
    now[0] = 100.0 + 7260
    assert pace.summary().startswith("50 pictures in 2 h 1 min: 0.0069 images/s")


def test_a_log_gets_a_line_now_and_then_and_one_at_the_end(capsys, monkeypatch):
    monkeypatch.setattr("nodelens.report.gradcam.progress.LOG_SECONDS", 0.0)
    with shown_pace(Output("gradcam"), 3) as tell:
        for outcome in ("explained", "before", "failed"):
            tell(outcome)
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert [line.split(",")[0] for line in lines[:2]] == ["1 of 3 pictures", "2 of 3 pictures"]
    assert len(lines) == 3
    assert "1 explained before" in lines[2]


@pytest.mark.parametrize(("json", "quiet", "lines"), [(True, False, 1), (False, True, 0)])
def test_a_script_is_not_disturbed(capsys, monkeypatch, json, quiet, lines):
    monkeypatch.setattr("nodelens.report.gradcam.progress.LOG_SECONDS", 0.0)
    with shown_pace(Output("gradcam", json=json, quiet=quiet), 3) as tell:
        for _ in range(3):
            tell("explained")
    assert len(capsys.readouterr().err.splitlines()) == lines


def test_a_single_picture_has_no_pace(capsys):
    with shown_pace(Output("gradcam"), 1) as tell:
        tell("explained")
    assert capsys.readouterr().err == ""
