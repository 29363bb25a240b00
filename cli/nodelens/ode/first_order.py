"""The border to the caller's tape: gradients of first order, that raise rather than be wrong."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from nodelens.ode.adjoints.base import Backward, Forward
from nodelens.ode.observe import Inputs


class SecondOrderError(ValueError):
    """A gradient was differentiated again by an adjoint that gives first-order gradients only."""


def once(
    run: Callable[[Inputs, Forward, tf.Tensor], tuple[Backward, tf.Tensor]],
    inputs: Inputs,
    forward: Forward,
    cotangent: tf.Tensor,
) -> tuple[Backward, tf.Tensor]:
    """Runs a backward pass that raises, rather than be wrong, if it is differentiated again."""
    shaped: list[Any] = []

    @tf.custom_gradient
    def backward_pass(*arguments: tf.Tensor) -> tuple[list[tf.Tensor], Callable[..., Any]]:
        result = run(inputs, forward, arguments[-1])
        shaped.append(result)

        def again(*_: tf.Tensor, variables: Any = None) -> None:
            del variables
            raise SecondOrderError(
                "This gradient was asked to be differentiated again, which the adjoint cannot do. "
                "Use adjoint='direct' for second-order gradients."
            )

        return tf.nest.flatten(result), again

    flat = backward_pass(*tf.nest.flatten(inputs), cotangent)
    return tf.nest.pack_sequence_as(shaped[0], flat)


def by_leaves_alone(gradient: Callable[..., Any]) -> Callable[..., Any]:
    """Makes the gradient function of a `tf.custom_gradient` whose body reads variables.

    TensorFlow asks for the gradients of those variables too. They have none of their own here:
    their values are among the leaves, through which the caller's tape reaches them.
    """

    def with_variables(cotangent: tf.Tensor, variables: Any = None) -> Any:
        found = gradient(cotangent)
        return (found, [None] * len(variables)) if variables else found

    return with_variables
