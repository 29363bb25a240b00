"""Results as documents, and read back from them."""

import json
from pathlib import Path

import pytest

from nodelens.conv.receptive_field import AxisField
from nodelens.explaining.judging.faithfulness import Faithfulness
from nodelens.explaining.judging.localisation import Localisation
from nodelens.explaining.judging.measuring import Control
from nodelens.explaining.judging.sanity import Sanity
from nodelens.explaining.model.classes import Prediction
from nodelens.explaining.model.receptive_field import ReceptiveField
from nodelens.explaining.output.document import image_document, read_image
from nodelens.explaining.result import MapFiles, MapResult, PictureResult
from nodelens.runtime.documents import to_json

CAT = Prediction(1, "cat", 0.75, 2.0)
MEASURES = Faithfulness({"deletion": 0.25, "increase": 1.0}, {"deletion_curve": (0.5, 0.0)})
FULL = MapResult(
    layer="conv",
    target=CAT,
    method="gradcam",
    shape=(7, 9),
    max=1.5,
    min=-0.5,
    receptive_field=ReceptiveField(AxisField(5, 2, 1, 0.5, 5), AxisField(7, 2, None, None, 7)),
    signed=True,
    counterfactual=True,
    smooth="aug",
    explains="margin",
    details={"windows": 4},
    box=(0, 1, 2, 3),
    localisation=Localisation(((0, 0, 4, 4), (5, 5, 6, 6)), 0.5, 0.25, hit=True),
    faithfulness=MEASURES,
    files=MapFiles(overlay=Path("a/o.png"), raw=Path("a/r.npy")),
)
BARE = MapResult(
    layer="input", target=CAT, method="saliency", shape=(8, 8), max=0.0, min=0.0,
    receptive_field=None,
)  # fmt: skip
PICTURE = PictureResult(
    path=Path("cat.jpg"),
    sha256="12ab",
    size=(20, 10),
    notes=("5 frames",),
    predictions=(CAT, Prediction(0, "dog", 0.25, 1.0)),
    maps=(FULL, BARE),
    controls=(Control("conv", CAT, MEASURES),),
    sanity=Sanity(("top", "below"), ((0.5, None), (None, 1.0))),
    figures={"metrics": Path("a/metrics.png")},
)


def test_what_was_written_is_read_back_as_it_was():
    assert read_image(json.loads(to_json(image_document(PICTURE)))) == PICTURE


def test_the_keys_of_a_map_are_those_of_schema_1():
    full, bare = image_document(PICTURE)["maps"]
    assert list(full) == [
        "layer", "class_index", "class_name", "score", "logit", "method", "target", "signed",
        "counterfactual", "smooth", "shape", "max", "min", "empty", "receptive_field", "details",
        "box", "localisation", "metrics", "files",
    ]  # fmt: skip
    assert full["metrics"] == {"deletion": 0.25, "increase": 1.0, "deletion_curve": (0.5, 0.0)}
    assert full["receptive_field"]["width"] == {
        "size": 7, "stride": 2, "padding": None, "center": None,
    }  # fmt: skip
    assert bare["localisation"] is bare["metrics"] is bare["box"] is None
    assert (bare["files"], bare["empty"]) == ({}, True)


def test_a_number_that_is_not_finite_is_read_back_as_nan():
    found = json.loads(to_json(image_document(PICTURE)))
    found["predictions"][0]["logit"] = None
    assert str(read_image(found).predictions[0].logit) == "nan"


@pytest.mark.parametrize("key", ["maps", "size", "predictions", "sanity"])
def test_a_document_that_lacks_something_is_no_result(key):
    found = image_document(PICTURE)
    del found[key]
    with pytest.raises(KeyError):
        read_image(found)
