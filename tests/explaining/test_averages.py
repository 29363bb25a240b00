"""The comparison of methods over pictures."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from nodelens.explaining.averages import compare_methods, interval, wilson
from nodelens.explaining.judging.faithfulness import Faithfulness
from nodelens.explaining.judging.localisation import Localisation
from nodelens.explaining.judging.measuring import Control
from nodelens.explaining.model.classes import Prediction
from nodelens.explaining.output.document import metrics_document
from nodelens.explaining.result import MapResult, PictureResult

TARGET = Prediction(1, "cat", 0.5, 2.0)


def measures(value: float, increase: float = 0.0) -> Faithfulness:
    values = {"deletion": value, "insertion": 1 - value, "road": value, "drop": value / 2}
    return Faithfulness({**values, "increase": increase, "sparsity": value}, {})


def measured(method: str, value: float | None, **changes: float) -> MapResult:
    found = None if value is None else measures(value, **changes)
    return MapResult(
        layer="top", target=TARGET, method=method, shape=(2, 2), max=1.0, min=0.0,
        receptive_field=None, faithfulness=found,
    )  # fmt: skip


def picture(name: str, *maps: MapResult, control: float | None = None) -> PictureResult:
    controls = () if control is None else (Control("top", TARGET, measures(control)),)
    return PictureResult(Path(name), "", (2, 2), (), (TARGET,), maps, controls)


def documents(*pictures: PictureResult) -> list[dict]:
    return metrics_document(compare_methods(pictures))


def test_the_table_holds_the_means_of_each_method_and_layer():
    first, second = documents(
        picture("a", measured("gradcam", 0.2, increase=1.0), measured("random", None)),
        picture("b", measured("gradcam", 0.6), measured("random", 0.5)),
    )
    assert (first["method"], first["layer"], first["maps"]) == ("gradcam", "top", 2)
    np.testing.assert_allclose(
        [first[key] for key in ("deletion", "insertion", "average_drop", "road")],
        [0.4, 0.6, 0.2, 0.4],
    )
    assert first["increase_in_confidence"] == 0.5
    assert (second["method"], second["maps"], second["deletion"]) == ("random", 1, 0.5)
    assert second["intervals"]["deletion"] is None
    # Only the second picture has both.
    assert first["against_random"]["deletion"] == {"mean": pytest.approx(0.1), "interval": None}
    assert second["against_random"] == {}


def test_boxes_have_means_of_their_own():
    located = Localisation(((0, 0, 1, 1),), share=0.75, area=0.25, hit=True)
    found = MapResult(
        layer="top", target=TARGET, method="gradcam", shape=(2, 2), max=1.0, min=0.0,
        receptive_field=None, localisation=located,
    )  # fmt: skip
    (row,) = documents(picture("a", found))
    assert (row["pointing_game"], row["share_in_boxes"], row["area_of_boxes"]) == (1.0, 0.75, 0.25)
    assert "deletion" not in row


def test_the_controls_make_a_row_unless_random_was_asked_for():
    image = picture("a", measured("gradcam", 0.2), control=0.3)
    assert [row["method"] for row in documents(image)] == ["gradcam", "random"]
    image = picture("a", measured("gradcam", 0.2), measured("random", 0.9), control=0.3)
    assert [row["deletion"] for row in documents(image)] == [0.2, 0.9]


def test_the_maps_of_one_picture_count_as_one():
    # By hand: the means of the pictures are 0.2 and 0.6, and 12.706 is Student's t for one degree.
    (row,) = documents(
        picture("a", measured("gradcam", 0.1), measured("gradcam", 0.3)),
        picture("b", measured("gradcam", 0.6)),
    )
    assert (row["maps"], row["pictures"], row["deletion"]) == (3, 2, pytest.approx(0.4))
    np.testing.assert_allclose(
        row["intervals"]["deletion"], [0.4 - 12.706 * 0.2, 0.4 + 12.706 * 0.2], rtol=1e-4
    )


def test_the_interval_of_a_share_is_wilsons():
    # SciPy: binomtest(3, 10).proportion_ci(method="wilson").
    expected = binomtest(3, 10).proportion_ci(method="wilson")
    np.testing.assert_allclose(wilson(0.3, 10), expected, rtol=1e-9)
    assert wilson(0.0, 4)[0] == 0
    (row,) = documents(
        picture("a", measured("gradcam", 0.2, increase=1.0)),
        picture("b", measured("gradcam", 0.2, increase=0.0)),
    )
    assert row["intervals"]["increase_in_confidence"] == wilson(0.5, 2)


def test_the_interval_of_a_mean_is_students():
    # By hand: 1, 2, 3, 4 have the mean 2.5 and s = 1.2909944; t with three degrees is 3.1824463.
    half = 3.1824463 * 1.2909944 / 2
    np.testing.assert_allclose(
        interval([1, 2, 3, 4]),
        [2.5 - half, 2.5 + half],
        rtol=1e-5,
    )
    assert interval([1.0]) is None
