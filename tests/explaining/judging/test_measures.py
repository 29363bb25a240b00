"""The table of measures: what a new row brings with it."""

import numpy as np
import pytest

from nodelens.explaining.averages import Mean, MethodMeans
from nodelens.explaining.judging.faithfulness import Plain, Trial, faithfulness
from nodelens.explaining.judging.registry import MEASURES, Measure, Panel, runs_needed
from nodelens.explaining.settings import GradcamSettings
from nodelens.report.gradcam.metrics import metrics_html


def brightness(trial: Trial) -> tuple[float, list[np.ndarray]]:
    return float(trial.shown.mean()), [np.array([1.0, 0.5])]


def test_a_measure_is_a_function_and_a_row(monkeypatch):
    row = Measure(
        "brightness", "higher", ".2f", f"{__name__}:brightness", lambda _: 5, title="bright",
        mean="mean_brightness", panel=Panel("Brightness", "shown", "", ("brightness_curve",)),
    )  # fmt: skip
    monkeypatch.setattr("nodelens.explaining.judging.registry.load", lambda place: brightness)
    monkeypatch.setattr("nodelens.explaining.judging.registry.MEASURES", {"brightness": row})
    image = np.ones((2, 2, 1), np.float32)
    plain = Plain(image, image, image)
    found = faithfulness(Trial(np.eye(2) * 2, image, lambda x: x, plain, 1))
    assert (found.brightness, found.brightness_curve) == (0.5, (1.0, 0.5))
    assert runs_needed(GradcamSettings()) == 5
    means = MethodMeans("gradcam", "conv", 1, 1, {"mean_brightness": Mean(0.5, None)})
    assert '<th class="number">bright ↑</th>' in metrics_html([means])


def test_every_function_of_the_table_is_there():
    for row in MEASURES.values():
        assert not row.function or callable(row.load())
        assert row.better in {"lower", "higher", ""}
        assert not row.panel or row.function


@pytest.mark.parametrize("name", ["name", "mean", "title"])
def test_no_two_measures_share_a_name(name):
    names = [getattr(row, name) for row in MEASURES.values()]
    assert len(set(names)) == len(names)
