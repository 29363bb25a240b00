"""The user's vector field: checked once, its captures found by tracing and made arguments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from nodelens.ode.layout import Layout

# field(t, y, theta) -> dy/dt; t: [batch], y and dy/dt: [batch, size], theta: flat list of tensors.
FlatField = Callable[[tf.Tensor, tf.Tensor, Sequence[tf.Tensor]], tf.Tensor]


class VectorFieldError(ValueError):
    """The vector field cannot be integrated as it is."""


@dataclass(frozen=True)
class LiftedField:
    """A vector field that is a pure function of its arguments.

    Args:
        flat: The field on the flattened state.
        sources: What the field captured: variables, or tensors. Their values are appended to the
            leaves of `params` to make theta.
    """

    flat: FlatField
    sources: tuple[tf.Variable | tf.Tensor, ...]


def lift(
    vector_field: Callable[..., Any], layout: Layout, params: Any, dtype: tf.DType
) -> LiftedField:
    """Traces a vector field once, checks what it returns and lifts what it captures.

    Args:
        vector_field: f(t, z), or f(t, z, params) if `params` is given.
        layout: Of the state z.
        params: A nest of tensors, or `None`.
        dtype: Of the state.

    Returns:
        The lifted field.

    Raises:
        VectorFieldError: It returns something that is no time derivative of its state, or it reads
            a variable where its gradient could not be followed.
    """
    user = getattr(vector_field, "python_function", vector_field)
    leaves = tf.nest.flatten(params) if params is not None else []
    real = dtype.real_dtype
    time_shape = _time_shape(layout)

    def call(t: tf.Tensor, z: Any, *theta: tf.Tensor) -> Any:
        if params is None:
            return user(t, z)
        return user(t, z, tf.nest.pack_sequence_as(params, list(theta)))

    def checked(t: tf.Tensor, z: Any, *theta: tf.Tensor) -> list[tf.Tensor]:
        return check_derivative(call(t, z, *theta), layout)

    body, sources = lift_captures(
        checked,
        tf.TensorSpec(time_shape, real),
        layout.template,
        *[tf.TensorSpec(leaf.shape, leaf.dtype) for leaf in leaves],
    )

    def flat(t: tf.Tensor, y: tf.Tensor, theta: Sequence[tf.Tensor]) -> tf.Tensor:
        time = tf.cast(t, real)
        time = (
            time[0]
            if not layout.independent
            else tf.reshape(time, [-1] + [1] * (len(time_shape) - 1))
        )
        return layout.pack(body(time, layout.unpack(y), *theta))

    return LiftedField(flat, sources)


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


def lift_captures(
    function: Callable[..., list[tf.Tensor]], *specs: Any
) -> tuple[Callable[..., list[tf.Tensor]], tuple[tf.Variable | tf.Tensor, ...]]:
    """Traces a function once and finds what it captures.

    Args:
        function: Of tensors and nests of tensors; returns a list of tensors.
        specs: Of its arguments.

    Returns:
        The function that takes the values of its captures behind its arguments, and the captures.
    """
    traced = tf.function(function, autograph=False).get_concrete_function(*specs)
    captures = list(
        zip(traced.captured_inputs, traced.inputs[-len(traced.captured_inputs) :], strict=False)
    )
    return _replace_captures(traced, captures) if captures else (function, ())


def _replace_captures(
    traced: Any, captures: list[tuple[tf.Tensor, tf.Tensor]]
) -> tuple[Callable[..., list[tf.Tensor]], tuple[tf.Variable | tf.Tensor, ...]]:
    """Turns a traced function with captures into one that takes their values as arguments.

    The graph is imported again with each captured tensor, and each read of a captured variable,
    replaced by an argument. So the solver differentiates with respect to plain tensors, and the
    caller's tape sees the variables where their values are read, outside of the solver.
    """
    graph_def = traced.graph.as_graph_def()
    explicit = traced.inputs[: len(traced.inputs) - len(captures)]
    sources: list[tf.Variable | tf.Tensor] = []
    replaced: dict[str, int] = {}  # tensor name -> index into explicit + lifted arguments
    dropped: set[str] = set()
    for external, internal in captures:
        position = len(explicit) + len(sources)
        placeholder = internal.op.name
        if external.dtype == tf.resource:
            sources.append(_variable_of(external, traced))
            dropped.add(placeholder)
            for node in graph_def.node:
                if node.op == "ReadVariableOp" and node.input[0].split(":")[0] == placeholder:
                    dropped.add(node.name)
                    replaced[f"{node.name}:0"] = position
        else:
            sources.append(external)
            replaced[f"{placeholder}:0"] = position
    for position, tensor in enumerate(explicit):
        replaced[tensor.name] = position
    kept = [node for node in graph_def.node if node.name not in dropped]
    del graph_def.node[:]
    for node in kept:
        inputs = [
            name
            for name in node.input
            if name.removeprefix("^") not in dropped or not name.startswith("^")
        ]
        used = {name.split(":")[0] for name in inputs} & dropped
        if used - {name.removesuffix(":0") for name in replaced}:
            raise VectorFieldError(
                f"A vector field or event function uses a variable inside {node.op!r} (a nested "
                "tf.function, a branch, a loop or an assignment), where its gradient cannot be "
                "followed. Read the variable outside of it, pass its value through `params`, and "
                "do not assign to it."
            )
        del node.input[:]
        node.input.extend(inputs)
        graph_def.node.append(node)
    outputs = [tensor.name for tensor in tf.nest.flatten(traced.structured_outputs)]

    @tf.function(autograph=False)
    def lifted(*arguments: tf.Tensor) -> list[tf.Tensor]:
        return tf.graph_util.import_graph_def(
            graph_def,
            input_map={name: arguments[index] for name, index in replaced.items()},
            return_elements=outputs,
            name="vector_field",
        )

    def body(t: tf.Tensor, z: Any, *theta: tf.Tensor) -> list[tf.Tensor]:
        return lifted(t, *tf.nest.flatten(z), *theta)

    return body, tuple(sources)


def _variable_of(handle: tf.Tensor, traced: Any) -> tf.Variable:
    """Finds the variable that a captured resource belongs to."""
    for variable in traced.variables:
        if variable.handle is handle:
            return variable
    raise VectorFieldError(
        "The vector field captures a resource that is not a variable (a table or an iterator). "
        "Look its value up outside of the field."
    )
