"""What is asked about a photo."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nodelens.errors import UsageError


@dataclass(frozen=True)
class Question:
    """Which layers, which classes, by which method.

    Attributes:
        layers: Names of layers; none stands for the default layer of the classifier.
        classes: Indices of classes; none stands for the best ones of each photo.
        best: How many of the best classes are explained where none are named.
        methods: Names of methods in `METHODS` and `RERUN_METHODS`.
        target: The score that is explained: the `logit`, the probability (`prob`), or the `margin`
            of the logit over that of another class.
        against: The other class of the margin; None stands for the best other one.
        counterfactual: Whether the gradient is negated.
        signed: Whether what speaks against the class is shown as well.
    """

    layers: Sequence[str] = ()
    classes: Sequence[int] = ()
    best: int = 1
    methods: Sequence[str] = ("gradcam",)
    target: Literal["logit", "prob", "margin"] = "logit"
    against: int | None = None
    counterfactual: bool = False
    signed: bool = False

    def refuse_if_contradictory(self, classes: int) -> None:
        """Refuses what cannot be asked of a model.

        Args:
            classes: How many classes the model tells apart.

        Raises:
            UsageError: Two parts of the question contradict each other or the model.
        """
        if self.best > classes:
            raise UsageError(
                f"the {self.best} best classes were asked for, and the model knows {classes}"
            )
        without_gradient = {"ablationcam", "scorecam", "eigencam", "random"} & set(self.methods)
        if self.counterfactual and without_gradient:
            raise UsageError(
                f"{', '.join(sorted(without_gradient))} takes no gradient that could be negated",
                hint="use --signed, which shows what speaks against the class as well",
            )
        if self.against is not None and self.target != "margin":
            raise UsageError(
                f"a class to compare with was given, and the target is {self.target}",
                hint="add --target margin",
            )
        if self.against is not None and self.against in self.classes:
            raise UsageError(f"the class {self.against} cannot be compared with itself")
