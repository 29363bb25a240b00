"""The adjoint of a training: chosen by memory, with more room where a step needs it."""

from dataclasses import dataclass

import tensorflow as tf

from nodelens.ode import Adjoint, Auto, SolveOptions

FEW_STEPS = 64
"""Steps there is room for at first: what is reserved is cleared in every step of the training."""


@dataclass(frozen=True)
class Gradient:
    """The adjoint of a training.

    Attributes:
        name: Its name.
        adjoint: The adjoint.
        reason: The reason of the choice, as a clause; None if the settings name the adjoint.
    """

    name: str
    adjoint: Adjoint
    reason: str | None = None

    @classmethod
    def of(cls, options: SolveOptions, state: tuple[int, int]) -> "Gradient":
        """Chooses the adjoint of a solve.

        Args:
            options: The options of the solve, with the name of an adjoint.
            state: The shape of the flattened state, [batch, size].
        """
        name = str(options.adjoint)
        if name != "auto":
            return cls(name, options.make_adjoint())
        auto = Auto(room=FEW_STEPS)
        chosen = auto.choose(tf.TensorSpec(state, tf.float32))
        return cls(chosen.name, auto, chosen.reason)


def gradient_document(gradient: Gradient | None) -> dict[str, str | None] | None:
    """Makes the entry `adjoint` of the documents of a training."""
    return None if gradient is None else {"method": gradient.name, "reason": gradient.reason}
