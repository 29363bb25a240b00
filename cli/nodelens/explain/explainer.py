"""Explaining what a classifier saw in a photo."""

import numpy as np

from nodelens.explain.classifier import Classifier
from nodelens.explain.explanation import Explanation, HeatMap, Prediction
from nodelens.explain.gradients import Evidence, compile_evidence
from nodelens.explain.images import Photo, to_model_input
from nodelens.explain.layers import find_layers, list_layers
from nodelens.explain.methods import METHODS, positive_part
from nodelens.explain.question import Question
from nodelens.explain.reruns import RERUN_METHODS, compile_reruns
from nodelens.explain.targets import score_of, selector_of

PREDICTIONS = 5
"""How many of the best classes are told."""


class Explainer:
    """Asks the same question about one photo after another.

    The computation is compiled at the first photo and used again for the others.

    Args:
        classifier: The model.
        question: What is asked.

    Raises:
        UsageError: There is no such layer, no map can be made of it, or the question contradicts
            itself.
    """

    def __init__(self, classifier: Classifier, question: Question = Question()) -> None:  # noqa: B008
        question.refuse_if_contradictory(len(classifier.class_names))
        self.classifier, self.question = classifier, question
        rows = list_layers(classifier.model, classifier.input_size)
        self.layers = find_layers(rows, question.layers or [classifier.default_layer])
        self._evidence = compile_evidence(
            classifier.model,
            [row.layer for row in self.layers],
            selector_of(question),
            score=score_of(question),
            output=classifier.output,
        )
        # Nothing is traced before it is first used.
        self._reruns = [
            compile_reruns(
                classifier.model, row.layer, score_of(question), output=classifier.output
            )
            for row in self.layers
        ]

    def explain(self, photo: Photo) -> Explanation:
        """Explains one photo.

        Args:
            photo: The photo in its own size.

        Returns:
            The predictions and the maps.
        """
        batch = to_model_input(photo, self.classifier.input_size)[None]
        images = self.classifier.preprocess(batch)
        evidence = self._evidence(images)
        best = np.argsort(-evidence.logits[0], kind="stable")[:PREDICTIONS]
        return Explanation(
            photo=photo,
            predictions=tuple(self._prediction(evidence, index) for index in best),
            maps=tuple(self._maps(evidence, images[0])),
            model=self.classifier.name,
            weights=self.classifier.weights,
        )

    def _prediction(self, evidence: Evidence, index: int) -> Prediction:
        return Prediction(
            index=int(index),
            name=self.classifier.class_names[index],
            score=float(evidence.probabilities[0, index]),
            logit=float(evidence.logits[0, index]),
        )

    def _maps(self, evidence: Evidence, image: np.ndarray) -> list[HeatMap]:
        return [
            self._map(evidence, image, number, rank, method)
            for number in range(len(self.layers))
            for rank in range(evidence.classes.shape[1])
            for method in self.question.methods
        ]

    def _map(
        self, evidence: Evidence, image: np.ndarray, number: int, rank: int, method: str
    ) -> HeatMap:
        question, layer = self.question, self.layers[number]
        target = self._prediction(evidence, evidence.classes[0, rank])
        activations = evidence.activations[number][0]
        if method in RERUN_METHODS:
            signed = RERUN_METHODS[method](activations, self._reruns[number](image, target.index))
        else:
            gradients = evidence.gradients[number][0, rank]
            signed = METHODS[method](
                activations, -gradients if question.counterfactual else gradients
            )
        return HeatMap(
            layer=layer.name,
            target=target,
            method=method,
            values=signed if question.signed else positive_part(signed),
            max=float(signed.max()),
            min=float(signed.min()),
            receptive_field=layer.receptive_field,
            signed=question.signed,
            counterfactual=question.counterfactual,
            explains=question.target,
        )


def explain_image(
    classifier: Classifier,
    photo: Photo,
    question: Question = Question(),  # noqa: B008
) -> Explanation:
    """Explains one photo; for many photos an `Explainer` is faster.

    Args:
        classifier: The model.
        photo: The photo in its own size.
        question: What is asked.

    Returns:
        The predictions and the maps.
    """
    return Explainer(classifier, question).explain(photo)
