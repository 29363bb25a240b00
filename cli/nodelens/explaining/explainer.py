"""Explaining what a classifier saw in a photo."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nodelens.explaining.explanation import Explanation
from nodelens.explaining.judging.faithfulness import Trial, faithfulness
from nodelens.explaining.judging.localisation import localise, region_box
from nodelens.explaining.judging.measuring import Control, controls_of
from nodelens.explaining.methods.cam import gradcam, positive_part
from nodelens.explaining.methods.image_score import ImageScore, compile_image_score
from nodelens.explaining.methods.layer_maps import layer_map
from nodelens.explaining.methods.pixels import INPUT, Attribution
from nodelens.explaining.methods.registry import Method, layer_methods, pixel_methods
from nodelens.explaining.methods.reruns import Reruns, compile_reruns
from nodelens.explaining.model.classes import Prediction
from nodelens.explaining.model.classifier import Classifier
from nodelens.explaining.model.gradients import Evidence, compile_evidence
from nodelens.explaining.model.grids import CHANNELS_LAST
from nodelens.explaining.model.layers import LayerRow, find_layers, list_layers
from nodelens.explaining.model.targets import score_of, these_classes, top_k
from nodelens.explaining.out_of_memory import memory_errors
from nodelens.explaining.pictures.boxes import Box, boxes_of, refuse_outside
from nodelens.explaining.pictures.photo import Photo
from nodelens.explaining.preparation import Prepared, prepare
from nodelens.explaining.question import (
    find_classes,
    read_question_boxes,
    refuse_contradictions,
)
from nodelens.explaining.result import HeatMap
from nodelens.explaining.settings import GradcamSettings

PREDICTIONS = 5
"""The number of best classes that are reported."""


class Explainer:
    """Explains one photo after another with the same settings.

    The computation is compiled at the first photo and used again for the others.

    Args:
        classifier: The model.
        settings: What is asked; what is written where, and how batches are run, is for others.

    Raises:
        UsageError: There is no such class or layer, no map can be made of the layer, or the
            settings contradict each other.
    """

    def __init__(
        self,
        classifier: Classifier,
        settings: GradcamSettings = GradcamSettings(),  # noqa: B008
    ) -> None:
        names = classifier.class_names
        self.classifier, self.settings = classifier, settings
        self.classes = find_classes(settings, names)
        refuse_contradictions(settings, self.classes, len(names))
        self.boxes = read_question_boxes(settings)
        rows = list_layers(classifier.model, classifier.input_size)
        wanted = settings.layers or [classifier.default_layer]
        self.layers = find_layers(rows, wanted) if layer_methods(settings.methods) else []
        score = score_of(settings.target, self.classes.against)
        explained = self.classes.explained
        grids = [row.grid or CHANNELS_LAST for row in self.layers]
        self._evidence = compile_evidence(
            classifier.model,
            [row.layer for row in self.layers],
            these_classes(explained) if explained else top_k(settings.top_k),
            grids=grids,
            score=score,
            output=classifier.output,
        )
        # Nothing is traced before it is first used.
        self._reruns = [
            compile_reruns(classifier.model, row.layer, score, grid=grid, output=classifier.output)
            for row, grid in zip(self.layers, grids, strict=True)
        ]
        self._image_score = compile_image_score(classifier.model, score, output=classifier.output)

    def explain(self, photo: Photo) -> Explanation:
        """Explains one photo, in its own size."""
        return self.explain_batch([self.prepare(photo)])[0]

    def prepare(self, photo: Photo) -> Prepared:
        """Makes the input of the model from a photo in its own size; any thread may do it.

        Raises:
            UsageError: A box lies outside the photo.
        """
        refuse_outside(photo.path, photo.size, self._boxes_of(photo.path))
        return prepare(photo, self.classifier, self.settings.pixels.baseline)

    def explain_batch(self, batch: Sequence[Prepared], size: int = 1) -> list[Explanation]:
        """Explains photos together.

        The batch is filled up to a size, so that all batches have the same and nothing is compiled
        twice.

        Raises:
            OutOfMemoryError: The memory is not enough for such a batch.
        """
        images = [each.image for each in batch]
        filling = [images[-1]] * (size - len(images))
        with memory_errors():
            evidence = self._evidence(np.stack([*images, *filling]))
            return [self._explanation(each, evidence.of(n)) for n, each in enumerate(batch)]

    def _explanation(self, prepared: Prepared, evidence: Evidence) -> Explanation:
        best = np.argsort(-evidence.logits[0], kind="stable")[:PREDICTIONS]
        targets = [self._prediction(evidence, index) for index in evidence.classes[0]]
        views = [
            self._image_score(prepared.image, prepared.baseline, target.index) for target in targets
        ]
        return Explanation(
            photo=prepared.photo,
            predictions=tuple(self._prediction(evidence, index) for index in best),
            maps=tuple(
                self._judged(heat_map, view, prepared)
                for heat_map, view in self._maps(evidence, targets, views)
            ),
            model=self.classifier.name,
            weights=self.classifier.weights,
            controls=tuple(self._controls(evidence, targets, views, prepared)),
        )

    def _controls(
        self,
        evidence: Evidence,
        targets: list[Prediction],
        views: list[ImageScore],
        prepared: Prepared,
    ) -> Iterator[Control]:
        if self.settings.metrics:
            yield from controls_of(
                evidence,
                self.layers,
                targets,
                views,
                prepared.plain,
                self.settings.metric_steps,
                pixels=bool(pixel_methods(self.settings.methods)),
            )

    def _prediction(self, evidence: Evidence, index: int) -> Prediction:
        return Prediction(
            index=int(index),
            name=self.classifier.class_names[index],
            score=float(evidence.probabilities[0, index]),
            logit=float(evidence.logits[0, index]),
        )

    def _maps(
        self, evidence: Evidence, targets: list[Prediction], views: list[ImageScore]
    ) -> Iterator[tuple[HeatMap, ImageScore]]:
        for number, layer in enumerate(self.layers):
            for rank, (target, view) in enumerate(zip(targets, views, strict=True)):
                for method in layer_methods(self.settings.methods):
                    signed = self._at_layer(evidence, number, rank, method, view)
                    yield self._map(layer.name, target, method, Attribution(signed), layer), view
        for target, view in zip(targets, views, strict=True):
            for method in pixel_methods(self.settings.methods):
                found = method.load()(view, self.settings.pixels, self.settings.seed)
                yield self._map(INPUT, target, method, found), view

    def _boxes_of(self, photo: Path) -> tuple[Box, ...]:
        """Returns the region of all photos, and the boxes of this one."""
        region = self.settings.region
        return (*([region] if region else []), *boxes_of(photo, self.boxes))

    def _judged(self, heat_map: HeatMap, view: ImageScore, prepared: Prepared) -> HeatMap:
        """Adds its place to a map, and its measures if they are asked for."""
        values, size = heat_map.values, prepared.photo.size
        boxes = self._boxes_of(prepared.photo.path)
        heat_map = replace(
            heat_map,
            box=region_box(values, size, self.classifier.input_size),
            localisation=localise(values, size, boxes) if boxes else None,
        )
        if heat_map.empty or not self.settings.metrics:
            return heat_map
        steps = self.settings.metric_steps
        trial = Trial(values, view.image, view.probability_of, prepared.plain, steps)
        return replace(heat_map, faithfulness=faithfulness(trial))

    def _at_layer(
        self, evidence: Evidence, number: int, rank: int, method: Method, view: ImageScore
    ) -> np.ndarray:
        """Computes the signed map of a method that looks at a layer."""
        activations = evidence.activations[number][0]
        gradients = evidence.gradients[number][0, rank]
        if method.kind == "guided":
            return method.load()(positive_part(gradcam(activations, gradients)), view)
        index = int(evidence.classes[0, rank])

        def reruns(image: np.ndarray) -> Reruns:
            return self._reruns[number](image, index)

        return layer_map(method, activations, gradients, reruns, view.image, self.settings)

    def _map(
        self,
        where: str,
        target: Prediction,
        method: Method,
        found: Attribution,
        layer: LayerRow | None = None,
    ) -> HeatMap:
        settings, signed = self.settings, found.values
        return HeatMap(
            layer=where,
            target=target,
            method=method.name,
            shape=signed.shape,
            values=signed if settings.signed else positive_part(signed),
            max=float(signed.max()),
            min=float(signed.min()),
            receptive_field=layer.receptive_field if layer else None,
            signed=settings.signed,
            counterfactual=settings.counterfactual,
            smooth=settings.smooth,
            explains=settings.target,
            details=found.details,
            before_relu=signed,
        )
