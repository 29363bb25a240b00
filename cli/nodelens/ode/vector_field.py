"""The user's vector field: checked once, its captures found by tracing it; called as it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import tensorflow as tf

from nodelens.ode.layout import Layout
from nodelens.ode.user_code import describe_user_error

Source: TypeAlias = tf.Variable | tf.Tensor
"""What a function captures, and tapes watch."""

# field(t, y, theta) -> dy/dt; t: [batch], y and dy/dt: [batch, size]; theta: the leaves of the
# parameters, which it takes, and behind them its captures, which it reads where they are.
FlatField = Callable[[tf.Tensor, tf.Tensor, Sequence[Source]], tf.Tensor]


class VectorFieldError(ValueError):
    """The vector field cannot be integrated as it is."""


@dataclass(frozen=True)
class TracedField:
    """A vector field that has been traced once.

    Args:
        flat: The field on the flattened state.
        sources: What the field captured: variables, or tensors.
    """

    flat: FlatField
    sources: tuple[Source, ...]


def trace(
    vector_field: Callable[..., Any], layout: Layout, params: Any, dtype: tf.DType
) -> TracedField:
    """Traces a vector field once, checks what it returns and finds what it captures.

    Args:
        vector_field: f(t, z), or f(t, z, params) if `params` is given.
        layout: Of the state z.
        params: A nest of tensors, or `None`.
        dtype: Of the state.

    Returns:
        The traced field.

    Raises:
        VectorFieldError: It raises, returns something that is no time derivative of its state,
            assigns to a variable, or draws random numbers.
    """
    user = getattr(vector_field, "python_function", vector_field)
    leaves = tf.nest.flatten(params) if params is not None else []
    real = dtype.real_dtype

    def checked(t: tf.Tensor, z: Any, *theta: tf.Tensor) -> list[tf.Tensor]:
        nest = [] if params is None else [tf.nest.pack_sequence_as(params, list(theta))]
        try:
            derivative = user(t, z, *nest)
        except Exception as error:  # whatever the user's own code raises
            raise VectorFieldError(
                f"The vector field raised {describe_user_error(error)}."
            ) from error
        return check_derivative(derivative, layout)

    sources = find_captures(
        checked,
        tf.TensorSpec(_time_shape(layout), real),
        layout.template,
        *map(spec_of, leaves),
    )

    def flat(t: tf.Tensor, y: tf.Tensor, theta: Sequence[Source]) -> tf.Tensor:
        time = layout.time(tf.cast(t, real))
        return layout.pack(checked(time, layout.unpack(y), *theta[: len(leaves)]))

    return TracedField(flat, sources)


def spec_of(tensor: tf.Tensor) -> tf.TensorSpec:
    """Returns the shape and the dtype of a tensor."""
    return tf.TensorSpec(tensor.shape, tensor.dtype)


def _time_shape(layout: Layout) -> list[int | None]:
    """Returns [] for a scalar time, else a shape that broadcasts against the first leaf."""
    if not layout.independent:
        return []
    first = tf.nest.flatten(layout.template)[0].shape
    return [first[0]] + [1] * (first.rank - 1)


def check_derivative(derivative: Any, layout: Layout) -> list[tf.Tensor]:
    """Checks that a field returned one tensor a leaf of its state, of the same shape and dtype.

    Raises:
        VectorFieldError: It does not match the state.
    """
    try:
        tf.nest.assert_same_structure(layout.template, derivative)
    except (TypeError, ValueError) as error:
        raise VectorFieldError(
            "The vector field must return a nest like its state z, one tensor for each tensor of "
            f"z; it returned {type(derivative).__name__}. Return dz/dt in the structure of z."
        ) from error
    result = tf.nest.flatten(derivative)
    for leaf, spec in zip(result, tf.nest.flatten(layout.template), strict=True):
        if not isinstance(leaf, tf.Tensor):
            raise VectorFieldError(
                f"The vector field returned {type(leaf).__name__} where a TensorFlow tensor of "
                f"shape {spec.shape} was expected. Compute dz/dt with TensorFlow "
                "operations only: NumPy values carry no gradient."
            )
        if leaf.dtype != spec.dtype:
            raise VectorFieldError(
                f"The vector field returned {leaf.dtype.name} for a state of {spec.dtype.name}. "
                f'Build its layers with dtype="{spec.dtype.name}" (or cast z0 to '
                f"{leaf.dtype.name}): a layer that computes in another precision "
                "would silently spoil the solution."
            )
        if not leaf.shape.is_compatible_with(spec.shape) or leaf.shape.rank != spec.shape.rank:
            raise VectorFieldError(
                f"The vector field returned shape {leaf.shape} for a state of shape {spec.shape}. "
                "dz/dt must have exactly the shape of z."
            )
    return result


def find_captures(function: Callable[..., Any], *specs: Any) -> tuple[Source, ...]:
    """Traces a function once and finds the variables and tensors that it captures.

    Args:
        function: Of tensors and nests of tensors; returns tensors.
        specs: Of its arguments.

    Returns:
        The captures, each once.

    Raises:
        VectorFieldError: It has side effects, or captures a resource that is no variable.
    """
    traced = tf.function(function, autograph=False).get_concrete_function(*specs)
    _refuse_side_effects(traced.graph)
    handles = {id(variable.handle): variable for variable in traced.variables}
    sources = []
    for external in traced.captured_inputs:
        if external.dtype != tf.resource:
            sources.append(external)
        elif id(external) in handles:
            sources.append(handles[id(external)])
        else:
            raise VectorFieldError(
                "The vector field captures a resource that is not a variable (a table or an "
                "iterator). Look its value up outside of the field."
            )
    return tuple(sources)


def _refuse_side_effects(graph: Any) -> None:
    """Refuses a graph that is no function of its inputs: a solver calls it many times a step."""
    definition = graph.as_graph_def()
    nodes = [*definition.node, *[n for f in definition.library.function for n in f.node_def]]
    operations = {node.op for node in nodes}
    assigned = sorted(filter(_assigns, operations))
    # Keras draws by a seed that it counts up in a variable.
    seeded = bool(assigned) and any(name.startswith("Stateless") for name in operations)
    if seeded or any(map(_draws, operations)):
        raise VectorFieldError(
            "The vector field draws random numbers, so it is no function of (t, z). Call dropout "
            "and noise layers with training=False, or draw the numbers once, outside of the field."
        )
    if assigned:
        raise VectorFieldError(
            f"The vector field assigns to a variable ({assigned[0]}), so it is no function of "
            "(t, z). Call its layers with training=False, and do not assign in it."
        )


def _draws(operation: str) -> bool:
    """True for operations whose values are random, but those that a seed in the graph fixes."""
    return operation.startswith(("Random", "TruncatedNormal", "Multinomial", "RngReadAndSkip"))


def _assigns(operation: str) -> bool:
    writes = ("Assign", "ResourceScatter", "ResourceApply", "ResourceStridedSliceAssign")
    return operation.startswith(writes)
