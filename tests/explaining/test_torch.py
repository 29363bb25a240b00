"""VGG19 and ResNet50 with the same seeded weights in Keras and PyTorch give the same maps.

The numbers of PyTorch, of pytorch-grad-cam and of Captum were computed in float64 by
`golden/make_torch.py`; here Keras runs in float32. Each map is compared after its ReLU, with the
largest value of the other one as the unit.
"""

from pathlib import Path

import numpy as np
import pytest
from tests.explaining.classifiers import classifier_of
from tests.explaining.golden.networks import CLASSES, EXPLAINED, LAYERS, build, pixels

from nodelens.explaining.explainer import Explainer
from nodelens.explaining.explanation import Explanation
from nodelens.explaining.model.classifier import Classifier
from nodelens.explaining.pictures.photo import Photo
from nodelens.explaining.settings import GradcamSettings, PixelSettings

CAMS = ["gradcam", "hirescam", "xgradcam", "layercam", "gradcam++", "eigencam"]
AT_PIXELS = ["saliency", "guided-backprop", "integrated-gradients"]
"""Captum's, every second row and column."""
NETWORKS = [pytest.param(name, marks=pytest.mark.slow) for name in LAYERS]


@pytest.fixture(scope="module", params=NETWORKS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def classifier(name: str) -> Classifier:
    names = [f"class_{index}" for index in range(CLASSES)]
    return classifier_of(build(name), name=name, classes=names, preprocess="tf")


@pytest.fixture(scope="module")
def found(name: str, classifier: Classifier) -> Explanation:
    question = GradcamSettings(
        layers=LAYERS[name],
        classes=[EXPLAINED[name]],
        methods=[*CAMS, *AT_PIXELS],
        pixels=PixelSettings(steps=16),
    )
    return Explainer(classifier, question).explain(Photo(Path("seeded.png"), "", pixels()))


@pytest.fixture(scope="module")
def torch(name: str) -> dict[str, np.ndarray]:
    with np.load(Path(__file__).parent / "golden" / f"torch-{name}.npz") as arrays:
        return dict(arrays)


def difference(values: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(values - expected).max() / np.abs(expected).max())


def test_the_logits_are_those_of_torch(found, torch):
    logits = np.empty(CLASSES)
    for each in found.predictions:
        logits[each.index] = each.logit
    best = [each.index for each in found.predictions]
    assert best == list(np.argsort(-torch["logits"])[: len(best)])
    assert difference(logits[best], torch["logits"][best]) <= 1e-5


@pytest.mark.parametrize("method", CAMS)
def test_maps_of_layers_are_those_of_pytorch_grad_cam(found, torch, name, method):
    for layer in LAYERS[name]:
        (values,) = (m.values for m in found.maps if (m.layer, m.method) == (layer, method))
        expected = torch[f"{layer}/{method}"]
        if method == "eigencam" and (expected * values).sum() < 0:
            expected = -expected  # a principal component has no sign of its own
        assert difference(values, np.maximum(expected, 0)) <= 1e-5


@pytest.mark.parametrize(
    ("method", "most"),
    # In float32 some ReLUs and maxima switch at another place, and with them many pixels: the
    # integrated gradients of VGG19 in PyTorch's own float32 differ by 0.0045 from its float64.
    [("saliency", 2e-3), ("guided-backprop", 1e-5), ("integrated-gradients", 0.02)],
)
def test_attributions_to_pixels_are_those_of_captum(found, torch, method, most):
    (values,) = (m.values for m in found.maps if m.method == method)
    expected = np.maximum(torch[method], 0)
    error = np.linalg.norm(values[::2, ::2] - expected) / np.linalg.norm(expected)
    assert error <= most
