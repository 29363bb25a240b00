"""The conclusion of a training on samples: the predictions for samples that were not trained on."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nodelens.datasets.sample_split import SampleSplit
from nodelens.datasets.samples import Samples
from nodelens.fields.blocks import Augment
from nodelens.fields.layer import NeuralODE
from nodelens.fields.network import Network
from nodelens.figures.classes import ConfusionPicture, draw_confusion
from nodelens.figures.depth import draw_depth
from nodelens.figures.flow import draw_flow
from nodelens.figures.training import Curves, draw_training
from nodelens.training.loop.experiment import FigureFile, SampleResult
from nodelens.training.samples.panels import depth_panel, flow_panel, flows_in_one_dimension
from nodelens.training.samples.task import SampleTask, make_predictor


@dataclass(frozen=True)
class SampleConclusion:
    """A trained network on its data: a `Conclusion`.

    Attributes:
        network: The network.
        title: The data, in words.
        samples: The samples of the part that the network is evaluated on.
        predict: The function from samples to outputs.
        outputs: The outputs for `samples`, shape [samples, outputs].
        result: The quality of these.
    """

    network: Network
    title: str
    samples: Samples
    predict: Callable[[np.ndarray], np.ndarray]
    outputs: np.ndarray
    result: SampleResult

    @classmethod
    def of(cls, task: SampleTask, split: SampleSplit, title: str) -> "SampleConclusion":
        """Predicts the test part, else the validation part, else the training part."""
        parts = {"test": split.test, "validation": split.validation, "training": split.train}
        part, samples = next((name, each) for name, each in parts.items() if each is not None)
        predict = make_predictor(task.model)
        outputs = predict(samples.x)
        found = task.evaluate(outputs, samples)
        labelled = samples.labelled
        result = SampleResult(
            network=_name(task.network),
            parameters=task.model.count_params(),
            part=part,
            loss=found.loss,
            accuracy=found.accuracy,
            mean_absolute_error=None if labelled else float(np.mean(np.abs(outputs - samples.y))),
            classes=samples.classes,
            confusion=_confusion(outputs, samples) if labelled else None,
        )
        return cls(task.network, title, samples, predict, outputs, result)

    def figures(
        self, curves: Curves, baseline: "SampleConclusion | None" = None
    ) -> list[FigureFile]:
        """Draws the flow of one or two features, the training, and the confusion matrix."""
        found, features = self.result, self.samples.x.shape[1:]
        title = f"{found.network} after {len(curves.losses):,} steps: {self.title}"
        both = [self] if baseline is None else [baseline, self]
        figures = []
        if features == (2,) and self.samples.labelled:
            flows = [flow_panel(e.network, e.predict, e.samples, e._caption()) for e in both]
            shown = "What the network decides, and how it moves the points"
            figures.append(FigureFile("figure", "flow.png", shown, draw_flow(self.title, flows)))
        elif features == (1,) and all(
            flows_in_one_dimension(each.network, each.samples) for each in both
        ):
            depths = [depth_panel(each.network, each.samples, each._caption()) for each in both]
            shown = "The hidden state on its way through the network"
            figures.append(FigureFile("figure", "depth.png", shown, draw_depth(self.title, depths)))
        shown = "Loss, evaluations of the field, and accuracy"
        drawn = draw_training(title, curves)
        figures.append(FigureFile("training_figure", "training.png", shown, drawn))
        if found.confusion is not None:
            confusion = ConfusionPicture(title, found.part, found.classes, found.confusion)
            shown = "Which classes are taken for which"
            drawn = draw_confusion(confusion)
            figures.append(FigureFile("confusion", "confusion.png", shown, drawn))
        return figures

    def _caption(self) -> str:
        found = self.result
        if found.accuracy is not None:
            return f"{found.network}: {found.accuracy:.1%} correct"
        return f"{found.network}: error {found.mean_absolute_error:.2g}"


def _confusion(outputs: np.ndarray, samples: Samples) -> np.ndarray:
    """The number of samples of each class (row) classified as each class (column)."""
    matrix = np.zeros((len(samples.classes),) * 2, np.int64)
    np.add.at(matrix, (samples.y, np.argmax(outputs, axis=1)), 1)
    return matrix


def _name(network: Network) -> str:
    if not isinstance(network.block, NeuralODE):
        return f"Residual network of {len(network.block.fields)} blocks"
    extra = [layer.extra for layer in network.stem if isinstance(layer, Augment)]
    return f"ODE network augmented by {extra[0]}" if extra else "ODE network"
