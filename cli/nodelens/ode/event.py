"""An event: a function of time and state, and what its zeros mean."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from nodelens.ode.layout import Layout
from nodelens.ode.vector_field import Source, find_captures, spec_of


@dataclass(frozen=True)
class Event:
    """A function of time and state whose zeros end a solve, or are recorded.

    Value and slope are looked at eight times a step, on the solution inside the step. Two crossings
    between two looks are found where the slope turns between them; three, or two turns of the
    slope, are not told from one. Bound the steps with `PIDController(max_step=...)` where the
    function oscillates that much faster than the solution. Zero that is only touched is no
    crossing, and a solve that starts exactly on zero does not start with one.

    Args:
        function: g(t, z), or g(t, z, params) if the solve has `params`, a real scalar made of
            TensorFlow operations; if the batching is "independent", one for each sample, of shape
            [batch]. It gets t as the vector field does. Gradients flow to what it captures.
        direction: +1 for crossings from negative to positive in the direction of the solve, -1 for
            those from positive to negative, 0 for both.
        terminal: Whether the first crossing ends the solve. Else crossings are recorded.
        max_hits: How many crossings of an event that is not terminal there is room for; later ones
            are counted only. Each costs what a requested time costs, used or not.
    """

    function: Callable[..., Any]
    direction: int = 0
    terminal: bool = True
    max_hits: int = 16

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise ValueError(
                f"An event needs a callable g(t, z); got {type(self.function).__name__}."
            )
        if self.direction not in (-1, 0, 1):
            raise ValueError(f"direction must be -1, 0 or +1; got {self.direction!r}.")
        if self.max_hits < 1:
            raise ValueError(f"max_hits must be at least 1; got {self.max_hits}.")

    @property
    def room(self) -> int:
        """The number of crossings that are kept."""
        return 1 if self.terminal else self.max_hits

    def value(self, layout: Layout, t: tf.Tensor, z: Any, params: Any) -> tf.Tensor:
        """Evaluates the function.

        Args:
            layout: Of the state.
            t: Shape [batch].
            z: The nest of the state.
            params: The nest of parameters, or `None`.

        Returns:
            Shape [batch], which is [1] in a joint solve.

        Raises:
            ValueError: It returned something that is no real scalar, or not one for each sample.
        """
        time = layout.time(t)
        value = self.function(time, z) if params is None else self.function(time, z, params)
        if not isinstance(value, tf.Tensor):
            raise ValueError(
                f"An event function must return a TensorFlow tensor; got {type(value).__name__}."
            )
        batch = tf.nest.flatten(layout.template)[0].shape[:1] if layout.independent else []
        fits = value.shape.rank == len(batch) and value.shape.is_compatible_with(batch)
        if not (value.dtype.is_floating and fits):
            expected, axis = "a real scalar, a floating tensor of shape ()", ""
            if layout.independent:
                expected, axis = "one real number a sample, a floating tensor of shape [batch]", "1"
            raise ValueError(
                f"An event function must return {expected}; got {value.dtype.name} of shape "
                f"{value.shape}. Take one component, or reduce it with "
                f"tf.reduce_min{f' over the axes from {axis} on' if axis else ''} or the like."
            )
        return tf.reshape(value, [-1])


@dataclass(frozen=True)
class CheckedEvents:
    """Events whose functions have been traced once.

    Args:
        events: The events.
        layout: Of the state.
        params: A nest like the parameters, or `None`.
    """

    events: tuple[Event, ...]
    layout: Layout
    params: Any

    def values(self, times: tf.Tensor, states: tf.Tensor, theta: Sequence[Source]) -> tf.Tensor:
        """Evaluates each event at its own times and flattened states.

        Args:
            times: Shape [events, batch].
            states: Shape [events, batch, size].
            theta: Of the solve.

        Returns:
            Shape [events, batch], in the real dtype of the state.
        """
        params, found = None, []
        if self.params is not None:
            leaves = theta[: len(tf.nest.flatten(self.params))]
            params = tf.nest.pack_sequence_as(self.params, leaves)
        real = states.dtype.real_dtype
        for i, event in enumerate(self.events):
            z = self.layout.unpack(states[i])
            value = event.value(self.layout, tf.cast(times[i], real), z, params)
            found.append(tf.cast(value, real))
        return tf.ensure_shape(tf.stack(found), times.shape)


def check_events(events: Sequence[Event], layout: Layout, params: Any) -> CheckedEvents:
    """Traces the event functions once and checks what they return.

    Raises:
        ValueError: A function returns something that is no real scalar, or has side effects.
    """
    template = None if params is None else tf.nest.map_structure(spec_of, params)
    leaves = [] if params is None else tf.nest.flatten(template)
    first = tf.nest.flatten(layout.template)[0]
    real, batch = first.dtype.real_dtype, first.shape[:1] if layout.independent else [1]
    for event in events:

        def call(t: tf.Tensor, z: Any, *theta: tf.Tensor, event: Event = event) -> tf.Tensor:
            nest = None if params is None else tf.nest.pack_sequence_as(params, list(theta))
            return event.value(layout, t, z, nest)

        find_captures(call, tf.TensorSpec(batch, real), layout.template, *leaves)
    return CheckedEvents(tuple(events), layout, template)
