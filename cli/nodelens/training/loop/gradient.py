"""The adjoint of a training: chosen by memory, with more room where a step needs it."""

from dataclasses import replace

import tensorflow as tf

from nodelens.ode import Auto, SolveOptions
from nodelens.ode.adjoints.auto import Choice

FEW_STEPS = 64
"""Steps there is room for at first: what is reserved is cleared in every step of the training."""


def choose_adjoint(options: SolveOptions, state: tuple[int, int]) -> Choice:
    """Chooses the adjoint of a training.

    Args:
        options: The options of the solve, with the name of an adjoint.
        state: The shape of the flattened state, [batch, size].

    Returns:
        The adjoint, its name and the reason; `auto` stays one that can have more room.
    """
    name = str(options.adjoint)
    if name != "auto":
        return Choice(name, options.make_adjoint())
    auto = Auto(room=FEW_STEPS)
    return replace(auto.choose(tf.TensorSpec(state, tf.float32)), adjoint=auto)


def gradient_document(gradient: Choice | None) -> dict[str, str | None] | None:
    """Makes the entry `adjoint` of the documents of a training."""
    return None if gradient is None else {"method": gradient.name, "reason": gradient.reason}
