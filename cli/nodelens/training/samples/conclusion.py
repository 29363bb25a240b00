"""What a network makes of samples that it has not seen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nodelens.datasets.sample_split import SampleSplit
from nodelens.datasets.samples import Samples
from nodelens.fields.blocks import Augment
from nodelens.fields.layer import NeuralODE
from nodelens.figures.classes import ConfusionPicture, draw_confusion
from nodelens.figures.depth import draw_depth
from nodelens.figures.flow import draw_flow
from nodelens.figures.training import (
    Accuracy,
    draw_training,
    metrics_column,
    training_picture,
)
from nodelens.training.loop.experiment import Picture
from nodelens.training.loop.state import TrainingState
from nodelens.training.loop.task import Validation
from nodelens.training.samples.panels import depth_panel, flow_panel, flows_in_one_dimension
from nodelens.training.samples.task import SampleTask, make_predictor

LOSS_SHOWN = "Loss, evaluations of the field, and accuracy"


@dataclass(frozen=True)
class SampleConclusion:
    """What a trained network makes of its data: a `Conclusion`.

    Attributes:
        task: The network and its loss.
        split: What it was trained on and what was kept back.
        title: What the data is.
        part: Which part it is judged by: `test`, `validation` or `training`.
        judged: The samples of this part.
        predict: Computes the outputs of samples.
        outputs: Those of the samples that it is judged by, shape [samples, outputs].
        verdict: Its loss and accuracy on these.
    """

    task: SampleTask
    split: SampleSplit
    title: str
    part: str
    judged: Samples
    predict: Callable[[np.ndarray], np.ndarray]
    outputs: np.ndarray
    verdict: Validation

    @classmethod
    def of(cls, task: SampleTask, split: SampleSplit, title: str) -> "SampleConclusion":
        """Predicts the test part, else the validation part, else what was trained on."""
        parts = {"test": split.test, "validation": split.validation, "training": split.train}
        part, judged = next((name, each) for name, each in parts.items() if each is not None)
        predict = make_predictor(task.model)
        outputs = predict(judged.x)
        verdict = task.judge(outputs, judged)
        return cls(task, split, title, part, judged, predict, outputs, verdict)

    def final(self) -> dict[str, Any]:
        """Loss and accuracy, or mean absolute error, on the part it is judged by."""
        found: dict[str, Any] = {"judged_by": self.part, "loss": self.verdict.loss}
        if self.judged.labelled:
            found["accuracy"] = self.verdict.accuracy
        else:
            found["mean_absolute_error"] = float(np.mean(np.abs(self.outputs - self.judged.y)))
        return found

    def findings(self) -> dict[str, Any]:
        """What the network is; for labels the confusion matrix, a row for each true class."""
        parameters = self.task.model.count_params()
        found: dict[str, Any] = {"network": self.name(), "parameters": parameters}
        if self.judged.labelled:
            found["classes"] = list(self.judged.classes)
            found["confusion"] = self.confusion().tolist()
        return found

    def confusion(self) -> np.ndarray:
        """How many samples of each class (row) were taken for each class (column)."""
        count = len(self.judged.classes)
        matrix = np.zeros((count, count), np.int64)
        np.add.at(matrix, (self.judged.y, np.argmax(self.outputs, axis=1)), 1)
        return matrix

    def pictures(
        self,
        state: TrainingState,
        rows: list[dict[str, Any]],
        rival: "SampleConclusion | None" = None,
    ) -> list[Picture]:
        """For one or two features the flow; the training; for labels the confusion matrix."""
        title = f"{self.name()} after {state.step:,} steps: {self.title}"
        accuracy = None
        if self.judged.labelled:
            train = metrics_column(rows, "accuracy")
            accuracy = Accuracy(train, metrics_column(rows, "val_accuracy"))
        drawn = draw_training(training_picture(title, state.losses, rows, accuracy))
        pictures = [Picture("training_figure", "training.png", LOSS_SHOWN, drawn)]
        if self.judged.labelled:
            confusion = ConfusionPicture(title, self.part, self.judged.classes, self.confusion())
            shown = "Which classes are taken for which"
            pictures.append(Picture("confusion", "confusion.png", shown, draw_confusion(confusion)))
        features = self.judged.x.shape[1:]
        compared = ([rival] if rival is not None else []) + [self]
        if features == (2,) and self.judged.labelled:
            flows = [
                flow_panel(each.task.network, each.predict, each.judged, each._words())
                for each in compared
            ]
            shown = "What the network decides, and how it moves the points"
            pictures.insert(0, Picture("figure", "flow.png", shown, draw_flow(self.title, flows)))
        elif features == (1,) and all(
            flows_in_one_dimension(each.task.network, each.judged) for each in compared
        ):
            depths = [
                depth_panel(each.task.network, each.judged, each._words()) for each in compared
            ]
            shown = "The hidden state on its way through the network"
            pictures.insert(
                0, Picture("figure", "depth.png", shown, draw_depth(self.title, depths))
            )
        return pictures

    def name(self) -> str:
        """What the network is."""
        network = self.task.network
        if not isinstance(network.block, NeuralODE):
            return f"Residual network of {len(network.block.fields)} blocks"
        extra = [layer.extra for layer in network.stem if isinstance(layer, Augment)]
        return f"ODE network augmented by {extra[0]}" if extra else "ODE network"

    def _words(self) -> str:
        if self.judged.labelled:
            return f"{self.name()}: {self.verdict.accuracy:.1%} right"
        return f"{self.name()}: error {self.final()['mean_absolute_error']:.2g}"
