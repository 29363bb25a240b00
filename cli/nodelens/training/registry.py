"""The tables of losses, optimizers and schedules: a new one is a row here, and perhaps a function.

All else that is said of them (choices, refusals, defaults) is read from these rows.
"""

from dataclasses import dataclass
from typing import Any, Literal

from nodelens.registry import load, table


@dataclass(frozen=True)
class Loss:
    """A loss.

    Attributes:
        name: The name that a user gives as `training.loss`.
        function: The implementation, as `module:attribute`. For numbers a function of the error of
            each component in units of its scale, which keeps the shape; for labels a function of
            labels [batch] and logits [batch, classes] with a result of shape [batch].
        compares: The kind of data that it compares; the first row of each is the default.
    """

    name: str
    function: str
    compares: Literal["numbers", "labels"] = "numbers"

    def load(self) -> Any:
        """Loads the function."""
        return load(self.function)


_LOSSES = "nodelens.training.loop.losses:"
LOSSES = table(
    Loss("mean_absolute_error", "tensorflow:abs"),
    Loss("mean_squared_error", "tensorflow:square"),
    Loss("huber", _LOSSES + "huber"),
    Loss("log_cosh", _LOSSES + "log_cosh"),
    Loss("cross_entropy", "tensorflow.nn:sparse_softmax_cross_entropy_with_logits", "labels"),
)


@dataclass(frozen=True)
class Optimizer:
    """An optimizer of Keras.

    Attributes:
        name: The name that a user gives as `training.optimizer`.
        function: The class, as `module:attribute`.
        always_decays: True if it cannot do without a number for the weight decay, be it zero.
    """

    name: str
    function: str
    always_decays: bool = False

    def load(self) -> Any:
        """Loads the class."""
        return load(self.function)


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
class Schedule:
    """The course of the learning rate over a training.

    Attributes:
        name: The name that a user gives as `training.schedule`.
        function: The implementation, as `module:attribute`: a function of the first rate, the
            final one and the number of steps that makes a schedule of Keras.
        final: The final rate where none is given, in multiples of the first; None if the rate does
            not fall, and so has no final one.
        reaches_zero: True if the final rate may be zero.
    """

    name: str
    function: str
    final: float | None
    reaches_zero: bool = False

    def load(self) -> Any:
        """Loads the function."""
        return load(self.function)


_SCHEDULES = "nodelens.training.loop.schedules:"
SCHEDULES = table(
    Schedule("constant", _SCHEDULES + "constant", None),
    Schedule("cosine", _SCHEDULES + "cosine", 0.0, reaches_zero=True),
    Schedule("exponential", _SCHEDULES + "exponential", 0.01),
    Schedule("linear", _SCHEDULES + "linear", 0.0, reaches_zero=True),
    Schedule("inverse_time", _SCHEDULES + "inverse_time", 0.01),
)
