"""The state of a training, as plain arrays that can be saved and restored bit for bit."""

from dataclasses import dataclass, field

import keras
import numpy as np


@dataclass(frozen=True)
class Totals:
    """The cost of a training so far.

    Attributes:
        nfe_forward: Evaluations of the field by all forward solves.
        nfe_backward: Evaluations of the field with its VJP by all gradients.
        drift: The largest drift of a state that was integrated backward.
        left_out: The examples that were left out of steps because their solves fail.
    """

    nfe_forward: int = 0
    nfe_backward: int = 0
    drift: float = 0.0
    left_out: int = 0


@dataclass(frozen=True)
class Best:
    """The best validation so far.

    Attributes:
        step: The step after which it was; 0 if there was none yet.
        loss: Its loss.
        waited: The number of validations since then.
        weights: The weights of the model then.
    """

    step: int = 0
    loss: float = float("inf")
    waited: int = 0
    weights: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True)
class Guard:
    """The consequences of steps that were skipped because they were not finite.

    Attributes:
        scale: The factor of the learning rate.
        skipped: The number of skipped steps.
        in_a_row: The number of these that were the last steps.
    """

    scale: float = 1.0
    skipped: int = 0
    in_a_row: int = 0

    def tripped(self, shrink: float, *, first: bool) -> "Guard":
        """Returns the guard after one more skipped step, the first one in a row or not."""
        return Guard(self.scale * shrink, self.skipped + 1, 1 if first else self.in_a_row + 1)


@dataclass(frozen=True)
class TrainingState:
    """Everything that the rest of a training depends on.

    Attributes:
        step: The steps taken, those that were skipped included.
        weights: The weights of the model, in the order of its variables.
        optimizer: The variables of the optimizer: iteration, learning rate, moments.
        losses: The loss of each step, shape [step]; NaN where it was skipped.
        totals: The cost.
        best: The best validation so far.
        guard: The consequences of skipped steps.
    """

    step: int = 0
    weights: tuple[np.ndarray, ...] = ()
    optimizer: tuple[np.ndarray, ...] = ()
    losses: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    totals: Totals = Totals()
    best: Best = Best()
    guard: Guard = Guard()


def values_of(variables: list[keras.Variable]) -> tuple[np.ndarray, ...]:
    """Copies the values of variables."""
    return tuple(np.array(variable.numpy()) for variable in variables)


def restore(variables: list[keras.Variable], values: tuple[np.ndarray, ...]) -> None:
    """Assigns values to variables."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
