"""Where a training stands, as plain arrays that can be saved and put back bit for bit."""

from dataclasses import dataclass, field

import keras
import numpy as np


@dataclass(frozen=True)
class Totals:
    """What a training has cost so far.

    Attributes:
        nfe_forward: Evaluations of the field by all forward solves.
        nfe_backward: Evaluations of the field with its VJP by all gradients.
        drift: The largest drift of a state that was integrated backward.
    """

    nfe_forward: int = 0
    nfe_backward: int = 0
    drift: float = 0.0


@dataclass(frozen=True)
class Best:
    """The best validation so far.

    Attributes:
        step: After this step; 0 if there was none yet.
        loss: Its loss.
        waited: Validations since then.
        weights: The weights of the field then.
    """

    step: int = 0
    loss: float = float("inf")
    waited: int = 0
    weights: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True)
class Guard:
    """What steps that were not finite have led to.

    Attributes:
        scale: What the learning rate is multiplied by.
        skipped: The steps that were left out.
        in_a_row: How many of them were the last ones.
    """

    scale: float = 1.0
    skipped: int = 0
    in_a_row: int = 0

    def tripped(self, shrink: float, *, first: bool) -> "Guard":
        """After one more step that was left out, the first one in a row or not."""
        return Guard(self.scale * shrink, self.skipped + 1, 1 if first else self.in_a_row + 1)


@dataclass(frozen=True)
class TrainingState:
    """Everything that the rest of a training depends on.

    Attributes:
        step: The steps taken, those that were left out included.
        weights: Of the field, in the order of its variables.
        optimizer: Its variables (iteration, learning rate, moments), in their order.
        losses: The loss of each step, shape [step]; NaN where it was left out.
        totals: What it has cost.
        best: The best validation so far.
        guard: What steps that were not finite have led to.
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


def put_back(variables: list[keras.Variable], values: tuple[np.ndarray, ...]) -> None:
    """Gives variables their values back."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
