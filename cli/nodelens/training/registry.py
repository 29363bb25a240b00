"""The tables of losses, optimizers and schedules: a new one is a row here, and perhaps a function.

All else that is said of them (choices, refusals, defaults) is read from these rows.
"""

from dataclasses import dataclass
from typing import Any, Literal

from nodelens.registry import load, table


@dataclass(frozen=True)
class Choice:
    """Something that a user chooses by name.

    Attributes:
        name: The name.
        function: The implementation, as `module:attribute`.
    """

    name: str
    function: str

    def load(self) -> Any:
        """Loads the implementation."""
        return load(self.function)


@dataclass(frozen=True)
class Loss(Choice):
    """A loss.

    For numbers a function of the error of each component in units of its scale, which keeps the
    shape; for labels a function of labels [batch] and logits [batch, classes], of shape [batch].

    Attributes:
        compares: The kind of data that it compares; the first row of each is the default.
    """

    compares: Literal["numbers", "labels"] = "numbers"


_LOSSES = "nodelens.training.loop.losses:"
LOSSES = table(
    Loss("mean_absolute_error", "tensorflow:abs"),
    Loss("mean_squared_error", "tensorflow:square"),
    Loss("huber", _LOSSES + "huber"),
    Loss("log_cosh", _LOSSES + "log_cosh"),
    Loss("cross_entropy", "tensorflow.nn:sparse_softmax_cross_entropy_with_logits", "labels"),
)


@dataclass(frozen=True)
class Optimizer(Choice):
    """An optimizer, a class of Keras.

    Attributes:
        always_decays: True if it cannot do without a number for the weight decay, be it zero.
    """

    always_decays: bool = False


_KERAS = "keras.optimizers:"
OPTIMIZERS = table(
    Optimizer("adadelta", _KERAS + "Adadelta"),
    Optimizer("adafactor", _KERAS + "Adafactor"),
    Optimizer("adagrad", _KERAS + "Adagrad"),
    Optimizer("adam", _KERAS + "Adam"),
    Optimizer("adamax", _KERAS + "Adamax"),
    Optimizer("adamw", _KERAS + "AdamW", always_decays=True),
    Optimizer("ftrl", _KERAS + "Ftrl"),
    Optimizer("lamb", _KERAS + "Lamb"),
    Optimizer("lion", _KERAS + "Lion"),
    Optimizer("muon", _KERAS + "Muon"),
    Optimizer("nadam", _KERAS + "Nadam"),
    Optimizer("rmsprop", _KERAS + "RMSprop"),
    Optimizer("sgd", _KERAS + "SGD"),
)


@dataclass(frozen=True)
class Schedule(Choice):
    """A course of the learning rate.

    A function of the first rate, the final one in multiples of it and the number of steps, which
    makes a schedule of Keras.

    Attributes:
        final: The final rate where none is given, in multiples of the first; None if the rate does
            not fall, and so has no final one.
        reaches_zero: True if the final rate may be zero.
    """

    final: float | None = None
    reaches_zero: bool = False


_SCHEDULES = "nodelens.training.loop.schedules:"
SCHEDULES = table(
    Schedule("constant", _SCHEDULES + "constant"),
    Schedule("cosine", _SCHEDULES + "cosine", 0.0, reaches_zero=True),
    Schedule("exponential", _SCHEDULES + "exponential", 0.01),
    Schedule("linear", _SCHEDULES + "linear", 0.0, reaches_zero=True),
    Schedule("inverse_time", _SCHEDULES + "inverse_time", 0.01),
)
