"""The border: what the user gave becomes checked, flattened tensors and a configuration."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from nodelens.ode.adjoints import ADJOINTS
from nodelens.ode.adjoints.base import Adjoint, Backward, is_differentiable
from nodelens.ode.controllers import Controller, FixedController, PIDController
from nodelens.ode.core import Core
from nodelens.ode.identity import identify, remark_on_compilations
from nodelens.ode.integrate import Method, Tolerances
from nodelens.ode.layout import Layout
from nodelens.ode.memo import Memo
from nodelens.ode.norms import Norm, rms_norm
from nodelens.ode.observe import Inputs
from nodelens.ode.runge_kutta import ExplicitRungeKutta
from nodelens.ode.solvers import SOLVERS
from nodelens.ode.tables import look_up
from nodelens.ode.vector_field import Source, trace


@dataclass(frozen=True)
class PreparedSolve:
    """A checked call of `odeint`.

    Args:
        core: The configuration.
        layout: Of the state.
        inputs: The tensors.
        params: The nest of parameters, or `None`.
        shared_times: Whether the times were given once for all samples.
    """

    core: Core
    layout: Layout
    inputs: Inputs
    params: Any
    shared_times: bool = True

    @property
    def sources(self) -> tuple[Source, ...]:
        """The captures of the field."""
        return self.core.sources

    @property
    def param_count(self) -> int:
        """The number of leaves of theta that are parameters; the others are captures."""
        return len(self.inputs.theta) - len(self.sources)

    @property
    def leaves(self) -> list[tf.Tensor]:
        """The tensors as a flat list."""
        return tf.nest.flatten(self.inputs)

    def rebuild(self, leaves: Sequence[tf.Tensor]) -> Inputs:
        """Puts flat tensors back into the nest; undoes `leaves`."""
        return tf.nest.pack_sequence_as(self.inputs, list(leaves))

    def per_sample(self, x: tf.Tensor) -> tf.Tensor:
        """Drops the batch axis, the last one of x, from what a joint solve says once."""
        return x if self.layout.independent else tf.squeeze(x, -1)

    def spread(self, by_theta: Sequence[tf.Tensor]) -> list[tf.Tensor | None]:
        """Gives each leaf of theta its gradient, `None` to integers."""
        gradients = iter(by_theta)
        return [next(gradients) if is_differentiable(x) else None for x in self.inputs.theta]

    def gradients_of_leaves(
        self, backward: Backward, by_times: tf.Tensor
    ) -> list[tf.Tensor | None]:
        """Orders a gradient as `leaves`; the tolerances and the jumps have none."""
        constants = [None, None, *[None for _ in self.inputs.jumps]]
        return [backward.z0, by_times, *self.spread(backward.theta), *constants]

    def pack_states(self, states: Any) -> tf.Tensor:
        """Flattens a nest like `Solution.states` to [count, batch, size]."""
        tf.nest.assert_same_structure(self.layout.template, states)
        lead = tf.shape(self.inputs.times)
        leaves = zip(tf.nest.flatten(states), self.layout.sizes, strict=True)
        rows = [tf.reshape(leaf, tf.concat([lead, [size]], 0)) for leaf, size in leaves]
        return rows[0] if len(rows) == 1 else tf.concat(rows, axis=-1)


_PREPARED: Memo[Core] = Memo(capacity=128)


def prepare(
    vector_field: Callable[..., Any],
    z0: Any,
    times: Any,
    *,
    params: Any = None,
    solver: str = "dopri5",
    rtol: Any = 1e-6,
    atol: Any = 1e-6,
    adjoint: str | Adjoint = "auto",
    controller: Controller | None = None,
    norm: Norm = rms_norm,
    max_steps: int | None = None,
    step_size: float | None = None,
    batching: str = "joint",
    jump_times: Any = None,
) -> PreparedSolve:
    """Checks the arguments of `odeint` and makes a problem of them.

    Raises:
        ValueError: An argument is wrong.
    """
    if not callable(vector_field):
        raise ValueError(
            f"vector_field must be a callable f(t, z); got {type(vector_field).__name__}."
        )
    z0 = tf.nest.map_structure(tf.convert_to_tensor, z0)
    dtype = _state_dtype(z0)
    layout = _layout(z0, batching)
    times = _times(times, layout)
    shared_times = times.shape.rank == 1
    if params is not None:
        params = tf.nest.map_structure(tf.convert_to_tensor, params)
    chosen_solver = look_up("solver", solver, SOLVERS).made if isinstance(solver, str) else solver
    _check_size(chosen_solver, layout)
    chosen_adjoint = (
        look_up("adjoint", adjoint, ADJOINTS).made if isinstance(adjoint, str) else adjoint
    )
    method = Method(
        chosen_solver,
        _controller(chosen_solver, controller, step_size),
        _max_steps(max_steps, chosen_adjoint),
        _norm(norm, layout, dtype),
    )

    def make() -> Core:
        if tf.executing_eagerly():
            remark_on_compilations(vector_field)
        traced = trace(vector_field, layout, params, dtype)
        return Core(traced.flat, method, chosen_adjoint, traced.sources)

    if tf.executing_eagerly():
        _check_finite("z0", z0)
        specs = str((_specs(z0), None if params is None else _specs(params)))
        count = times.shape[0]
        key = (identify(vector_field), specs, count, batching, method, chosen_adjoint)
        core = _PREPARED.get(key, make)
    else:
        core = make()
    theta = [] if params is None else tf.nest.flatten(params)
    theta = [*theta, *[tf.convert_to_tensor(source) for source in core.sources]]
    tolerances = Tolerances(
        _tolerance("rtol", rtol, layout, dtype), _tolerance("atol", atol, layout, dtype)
    )
    packed = layout.pack(z0)
    if shared_times:
        times = tf.broadcast_to(times[:, None], [times.shape[0], tf.shape(packed)[0]])
        times = tf.ensure_shape(times, [None, packed.shape[0]])
    inputs = Inputs(packed, times, theta, tolerances, _jumps(jump_times))
    chosen_adjoint.check(method, inputs)
    return PreparedSolve(core, layout, inputs, params, shared_times)


def _specs(nest: Any) -> Any:
    return tf.nest.map_structure(lambda x: (x.shape, x.dtype), nest)


def _state_dtype(z0: Any) -> tf.DType:
    """Checks that all leaves share one floating or complex dtype."""
    leaves = tf.nest.flatten(z0)
    if not leaves:
        raise ValueError("z0 is empty; expected a tensor or a nest of tensors.")
    dtypes = {leaf.dtype for leaf in leaves}
    allowed = {tf.float32, tf.float64, tf.complex64, tf.complex128}
    if len(dtypes) > 1 or not dtypes <= allowed:
        names = ", ".join(sorted(dtype.name for dtype in dtypes))
        raise ValueError(
            "z0 must be of one dtype, float32, float64, complex64 or complex128; "
            f"got {names}. Cast it with tf.cast."
        )
    return dtypes.pop()


def _layout(z0: Any, batching: str) -> Layout:
    """Chooses how the state is flattened."""
    if batching == "joint":
        return Layout.of(z0)
    if batching != "independent":
        raise ValueError(
            f"There is no batching {batching!r}. Known: joint (one step size for the whole state), "
            "independent (the first axis of z0 is a batch, each sample steps alone)."
        )
    leaves = tf.nest.flatten(z0)
    if any(leaf.shape.rank == 0 for leaf in leaves):
        raise ValueError(
            'batching="independent" needs a batch axis in front of every tensor of z0.'
        )
    batches = {leaf.shape[0] for leaf in leaves}
    if len(batches - {None}) > 1:
        raise ValueError(
            f'batching="independent" needs one batch size; the tensors of z0 have {batches}.'
        )
    return Layout.of(z0, independent=True)


def _times(times: Any, layout: Layout) -> tf.Tensor:
    """Converts the times to float64 and, where their values are known, checks them."""
    if not tf.is_tensor(times):
        times = tf.constant(np.asarray(times))
    if not (times.dtype.is_floating or times.dtype.is_integer):
        raise ValueError(f"times must be real numbers; got {times.dtype.name}.")
    if times.shape.rank not in ((1, 2) if layout.independent else (1,)) or times.shape[0] == 0:
        expected = "[count] or [count, batch]" if layout.independent else "[count]"
        raise ValueError(f"times must have shape {expected} with count >= 1; got {times.shape}.")
    batch = tf.nest.flatten(layout.template)[0].shape[:1]
    if times.shape.rank == 2 and not times.shape[1:].is_compatible_with(batch):
        raise ValueError(
            f"times must have one column a sample, {batch[0]} here; got shape {times.shape}."
        )
    if tf.executing_eagerly():
        _check_times(times.numpy().astype(np.float64))
    return tf.cast(times, tf.float64)


def _check_times(values: np.ndarray) -> None:
    if not np.isfinite(values).all():
        raise ValueError(f"times must be finite; got {values}.")
    steps = np.diff(values, axis=0)
    turns = (steps > 0).any(axis=0) & (steps < 0).any(axis=0)
    if turns.any():
        where = f" of sample {int(turns.argmax())}" if values.ndim == 2 else ""
        found = values[:, int(turns.argmax())] if values.ndim == 2 else values
        raise ValueError(
            f"times{where} must not change direction: give them in increasing or in decreasing "
            f"order; got {found}."
        )


def _jumps(jump_times: Any) -> tuple[tf.Tensor, ...]:
    """Converts the times of jumps to float64, shape [jumps, 1]; nothing if there are none."""
    if jump_times is None:
        return ()
    jumps = tf.stop_gradient(tf.convert_to_tensor(jump_times, dtype_hint=tf.float64))
    if not (jumps.dtype.is_floating or jumps.dtype.is_integer) or jumps.shape.rank != 1:
        raise ValueError(
            f"jump_times must be real numbers of shape [count]; got {jumps.dtype.name} of shape "
            f"{jumps.shape}."
        )
    if tf.executing_eagerly() and not np.isfinite(jumps.numpy()).all():
        raise ValueError(f"jump_times must be finite; got {jumps.numpy()}.")
    return () if jumps.shape[0] == 0 else (tf.cast(jumps, tf.float64)[:, None],)


def _check_size(solver: ExplicitRungeKutta, layout: Layout) -> None:
    limit = solver.largest_state
    if limit is None or not all(isinstance(size, int) for size in layout.sizes):
        return
    size = sum(layout.sizes)
    if size > limit:
        raise ValueError(
            f"The solver {solver.name!r} builds a dense {size} x {size} Jacobian for this state; "
            f"the limit is {limit} components. Use an explicit solver, or, if the state is a batch "
            'of samples, batching="independent", which builds one Jacobian a sample.'
        )


def _check_finite(name: str, value: Any) -> None:
    for leaf in tf.nest.flatten(value):
        if not np.isfinite(leaf.numpy()).all():
            raise ValueError(f"{name} must be finite; it contains NaN or Inf.")


def _controller(
    solver: ExplicitRungeKutta, controller: Controller | None, step_size: float | None
) -> Controller:
    """Chooses the default controller, and refuses one that the solver cannot serve."""
    if step_size is not None:
        if controller is not None:
            raise ValueError("Give either step_size or controller, not both.")
        if not (math.isfinite(step_size) and step_size > 0):
            raise ValueError(f"step_size must be a positive number; got {step_size}.")
        return FixedController(step_size)
    if controller is None:
        return PIDController() if solver.adaptive else FixedController()
    if isinstance(controller, PIDController) and not solver.adaptive:
        raise ValueError(
            f"The solver {solver.name!r} estimates no error, so its steps cannot be adapted. Use "
            "FixedController(step_size), or a solver such as 'dopri5'."
        )
    return controller


def _norm(norm: Norm, layout: Layout, dtype: tf.DType) -> Norm:
    """Checks a norm of the user's on one row of ones."""
    if norm is rms_norm:
        return norm
    ones = tf.ones([1, tf.reduce_sum(layout.sizes)], dtype.real_dtype)
    value = norm(ones)
    if value.shape.as_list() != [1] or value.dtype != ones.dtype:
        raise ValueError(
            f"norm must reduce the last axis of a {ones.dtype.name} tensor [batch, size]; from "
            f"{ones.shape} it made {value.dtype.name} of shape {value.shape}. For the largest "
            "component, for instance: norm=lambda x: tf.reduce_max(x, axis=-1)."
        )
    return norm


def _max_steps(max_steps: int | None, adjoint: Adjoint) -> int:
    if max_steps is None:
        return adjoint.default_max_steps
    if max_steps < 1:
        raise ValueError(f"max_steps must be at least 1; got {max_steps}.")
    return int(max_steps)


def _tolerance(name: str, value: Any, layout: Layout, dtype: tf.DType) -> tf.Tensor:
    """Turns a tolerance into a tensor of shape [1] or [size] in the real dtype of the state."""
    real = dtype.real_dtype
    if tf.nest.is_nested(value):
        tf.nest.assert_same_structure(layout.template, value)
        parts = [
            tf.broadcast_to(tf.cast(part, real), shape)
            for part, shape in zip(tf.nest.flatten(value), layout.shapes, strict=True)
        ]
        tolerance = layout.pack(tf.nest.pack_sequence_as(layout.template, parts))[0]
    elif isinstance(value, float | int):
        _check_tolerance(name, value, np.asarray(value))
        if not tf.executing_eagerly():
            return tf.constant([value], real)
        return _TOLERANCES.get((value, real), lambda: tf.constant([value], real))
    else:
        tolerance = tf.cast(tf.convert_to_tensor(value, dtype_hint=tf.float64), real)
        if tolerance.shape.rank == 0:
            tolerance = tolerance[None]
        else:
            parts = [tf.broadcast_to(tolerance, shape) for shape in layout.shapes]
            tolerance = layout.pack(tf.nest.pack_sequence_as(layout.template, parts))[0]
    if tf.executing_eagerly():
        _check_tolerance(name, value, tolerance.numpy())
    return tolerance


_TOLERANCES: Memo[tf.Tensor] = Memo(capacity=128)


def _check_tolerance(name: str, given: Any, values: np.ndarray) -> None:
    smallest = 0.0 if name == "atol" else np.nextafter(0.0, 1.0)
    if not np.isfinite(values).all() or (values < smallest).any():
        raise ValueError(f"{name} must be a positive number; got {given}.")
