"""Explaining what a classifier saw in a photo."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nodelens.explain.classifier import Classifier, Weights
from nodelens.explain.gradients import Evidence, compile_evidence
from nodelens.explain.images import Photo, to_model_input
from nodelens.explain.layers import find_layer, list_layers
from nodelens.explain.methods import METHODS, positive_part
from nodelens.explain.receptive_field import ReceptiveField
from nodelens.explain.targets import ClassSelector, these_classes, top_k

PREDICTIONS = 5
"""How many of the best classes are told."""


@dataclass(frozen=True)
class Prediction:
    """One class and how sure the model is of it.

    Attributes:
        index: Of the class.
        name: Of the class.
        score: The probability.
        logit: The score before the softmax.
    """

    index: int
    name: str
    score: float
    logit: float


@dataclass(frozen=True)
class HeatMap:
    """Where one layer found evidence for one class.

    Attributes:
        layer: Name of the layer.
        target: The explained class, as the model scores it on this photo.
        method: Name of the method.
        values: The map at the size of the layer, after the ReLU, float32 `(h, w)`.
        max: Largest value before the ReLU; zero or less means that nothing speaks for the class.
        min: Smallest value before the ReLU.
        receptive_field: What one cell of the map sees of the model's input, where that is simple.
    """

    layer: str
    target: Prediction
    method: str
    values: np.ndarray
    max: float
    min: float
    receptive_field: ReceptiveField | None

    @property
    def empty(self) -> bool:
        """Whether there is no positive evidence at this layer."""
        return self.max <= 0


@dataclass(frozen=True)
class Explanation:
    """All that was found out about one photo.

    Attributes:
        photo: The photo in its own size.
        predictions: The best classes, best first.
        maps: One for each layer, class and method, in this order.
        model: Name of the model.
        weights: Which weights it ran with.
    """

    photo: Photo
    predictions: tuple[Prediction, ...]
    maps: tuple[HeatMap, ...]
    model: str
    weights: Weights


class Explainer:
    """Explains one photo after another with the same model, layers, classes and methods.

    The computation is compiled at the first photo and used again for the others.

    Args:
        classifier: The model.
        layers: Names of layers; none stands for the default layer of the classifier.
        classes: Indices of classes; none stands for the best ones of each photo.
        best: How many of the best classes are explained where none are named.
        methods: Names of methods in `nodelens.explain.methods.METHODS`.

    Raises:
        UsageError: There is no such layer, or no map can be made of it.
    """

    def __init__(
        self,
        classifier: Classifier,
        *,
        layers: Sequence[str] = (),
        classes: Sequence[int] = (),
        best: int = 1,
        methods: Sequence[str] = ("gradcam",),
    ) -> None:
        self._classifier = classifier
        names = list(layers) or [classifier.default_layer]
        rows = list_layers(classifier.model, classifier.input_size)
        self._layers = [find_layer(rows, name) for name in names]
        self._classes, self._best = list(classes), best
        self._methods = list(methods)
        selector: ClassSelector = these_classes(classes) if classes else top_k(best)
        self._evidence = compile_evidence(
            classifier.model,
            [row.layer for row in self._layers],
            selector,
            output=classifier.output,
        )

    @property
    def question(self) -> str:
        """What is asked of every photo, in a word: the layers, and the classes if not the best."""
        words = ["+".join(layer.name for layer in self._layers)]
        names = self._classifier.class_names
        words += [f"{index}-{names[index]}" for index in self._classes]
        return "-".join(words if self._best == 1 else [*words, f"top{self._best}"])

    def explain(self, photo: Photo) -> Explanation:
        """Explains one photo.

        Args:
            photo: The photo in its own size.

        Returns:
            The predictions and the maps.
        """
        classifier = self._classifier
        batch = to_model_input(photo, classifier.input_size)[None]
        evidence = self._evidence(classifier.preprocess(batch))
        best = np.argsort(-evidence.logits[0], kind="stable")[:PREDICTIONS]
        return Explanation(
            photo=photo,
            predictions=tuple(self._prediction(evidence, index) for index in best),
            maps=tuple(self._maps(evidence)),
            model=classifier.name,
            weights=classifier.weights,
        )

    def _prediction(self, evidence: Evidence, index: int) -> Prediction:
        return Prediction(
            index=int(index),
            name=self._classifier.class_names[index],
            score=float(evidence.probabilities[0, index]),
            logit=float(evidence.logits[0, index]),
        )

    def _maps(self, evidence: Evidence) -> list[HeatMap]:
        maps = []
        for number, layer in enumerate(self._layers):
            for rank, index in enumerate(evidence.classes[0]):
                for method in self._methods:
                    signed = METHODS[method](
                        evidence.activations[number][0], evidence.gradients[number][0, rank]
                    )
                    maps.append(
                        HeatMap(
                            layer=layer.name,
                            target=self._prediction(evidence, index),
                            method=method,
                            values=positive_part(signed),
                            max=float(signed.max()),
                            min=float(signed.min()),
                            receptive_field=layer.receptive_field,
                        )
                    )
        return maps


def explain_image(
    classifier: Classifier,
    photo: Photo,
    *,
    layers: Sequence[str] = (),
    classes: Sequence[int] = (),
    best: int = 1,
    methods: Sequence[str] = ("gradcam",),
) -> Explanation:
    """Explains one photo; `Explainer` says what the arguments mean and is faster for many photos.

    Args:
        classifier: The model.
        photo: The photo in its own size.
        layers: Names of layers.
        classes: Indices of classes.
        best: How many of the best classes are explained where none are named.
        methods: Names of methods.

    Returns:
        The predictions and the maps.
    """
    explainer = Explainer(classifier, layers=layers, classes=classes, best=best, methods=methods)
    return explainer.explain(photo)
