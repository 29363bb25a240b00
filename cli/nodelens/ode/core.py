"""A solve and its gradient as two pure functions of tensors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import tensorflow as tf

from nodelens.ode.adjoints.base import Adjoint, Backward, Forward, Reached, Solve, zero_gradients
from nodelens.ode.integrate import Method
from nodelens.ode.jumps import both_sides, off_jumps, sided
from nodelens.ode.observe import Inputs
from nodelens.ode.solution import BackwardStats, Stats
from nodelens.ode.status import Status
from nodelens.ode.vector_field import FlatField, Source


@dataclass(frozen=True)
class Core:
    """A configured solve: its parts, and nothing else.

    The inputs of its methods hold the values of the captures at the end of theta, so that the
    caller's tape connects them. Inside, the captures themselves stand in their place: the field
    reads them where they are, and the tape of each step watches them.

    Args:
        field: The vector field on the flattened state.
        method: Solver and controller.
        adjoint: How the gradient is found.
        sources: What the field captured.
    """

    field: FlatField
    method: Method
    adjoint: Adjoint
    sources: tuple[Source, ...] = ()

    def forward(self, inputs: Inputs) -> Forward:
        """Solves from the first time on."""
        if inputs.times.shape[0] == 1:
            return _no_forward(inputs)
        return self.adjoint.forward(self.at_jumps(inputs))

    def at_jumps(self, inputs: Inputs) -> Solve:
        """Returns what is to be solved: it has no more jumps that anybody needs to know of."""
        params = inputs.theta[: len(inputs.theta) - len(self.sources)]
        inputs = inputs._replace(theta=[*params, *self.sources])
        if not inputs.jumps:
            return Solve(self.method, self.field, inputs)
        jumps = inputs.jumps[0] + tf.zeros_like(inputs.times[:1])
        moved = inputs._replace(times=off_jumps(inputs.times, jumps), jumps=())
        method = replace(self.method, stops=both_sides(jumps))
        return Solve(method, sided(self.field, jumps), moved)

    def taped(self, inputs: Inputs) -> Forward:
        """Solves so that TensorFlow's own tape finds the gradients, those of the times included."""
        _, field, moved = self.at_jumps(inputs)
        z0 = _start_moves(field, moved)
        forward = self.forward(inputs._replace(z0=z0, times=tf.stop_gradient(inputs.times)))
        return forward._replace(states=_ends_move(field, moved, forward.states))

    def backward(
        self, inputs: Inputs, forward: Forward, cotangent: tf.Tensor
    ) -> tuple[Backward, tf.Tensor]:
        """Returns the gradient for z0, theta and the times.

        Args:
            inputs: Of the solve.
            forward: The solve.
            cotangent: dL/dstates, shape [count, batch, size].

        Returns:
            The backward pass and dL/dtimes, shape [count, batch].
        """
        _require_recording()
        if inputs.times.shape[0] == 1:
            return _no_backward(inputs, forward, cotangent), tf.zeros_like(inputs.times)
        solve = self.at_jumps(inputs)
        backward = self.adjoint.backward(solve, forward, cotangent)
        backward = _unless_assigned(backward, inputs.theta, solve.inputs.theta)
        return backward, _time_gradient(solve, forward.states, cotangent, backward.z0)


def _unless_assigned(
    backward: Backward, before: Sequence[tf.Tensor], now: Sequence[Source]
) -> Backward:
    """Fails a backward pass, with gradients of NaN, that reads other values than the solve did."""
    both = zip(before, now, strict=True)
    pairs = [(x, tf.convert_to_tensor(y)) for x, y in both if isinstance(y, tf.Variable)]
    if not pairs:
        return backward
    same = [tf.reduce_all((x == y) | ((x != x) & (y != y))) for x, y in pairs]
    kept = tf.reduce_all(tf.stack(same))
    stats = backward.stats
    status = tf.where(kept, stats.status, int(Status.VARIABLE_ASSIGNED))
    return backward._replace(stats=stats._replace(status=status)).voided(~kept)


def _time_gradient(
    solve: Solve, states: tf.Tensor, cotangent: tf.Tensor, by_z0: tf.Tensor
) -> tf.Tensor:
    """Returns dL/dt_i = <f(t_i, z_i), dL/dz_i>; t_0, with z0 fixed, adds -<f(t_0, z_0), dL/dz0>.

    This is the derivative of the flow itself, not of the interpolant between steps, and costs one
    evaluation a time (nothing where the compiler sees that nobody asks).
    """
    _, field, inputs = solve
    gradient = _slopes(field, inputs, states, cotangent)
    start = _slope(field, inputs.times[0], inputs.z0, inputs.theta, by_z0)
    return tf.tensor_scatter_nd_sub(gradient, [[0]], [start])


def _require_recording() -> None:
    """Raises if tapes are paused: the backward pass, which uses its own, would be silently zero."""
    one = tf.constant(1.0)
    with tf.GradientTape() as tape:
        tape.watch(one)
        same = tf.identity(one)
    if tape.gradient(same, one) is None:
        raise RuntimeError(
            "The backward pass of odeint was built where recording is paused (tape.stop_recording "
            "or tf.init_scope). Run it outside of that block."
        )


def _slope(
    field: FlatField, t: tf.Tensor, z: tf.Tensor, theta: Sequence[Source], against: tf.Tensor
) -> tf.Tensor:
    """Returns <f(t, z), against>, shape [batch]."""
    product = field(t, z, theta) * tf.math.conj(against)
    return tf.cast(tf.reduce_sum(tf.math.real(product), axis=-1), t.dtype)


def _slopes(field: FlatField, inputs: Inputs, states: tf.Tensor, cotangent: tf.Tensor) -> tf.Tensor:
    """Returns <f(t_i, z_i), dL/dz_i> for every time, shape [count, batch]."""
    times = inputs.times
    count = times.shape[0] if times.shape[0] is not None else tf.shape(times)[0]

    def body(i: tf.Tensor, gradient: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        value = _slope(field, times[i], states[i], inputs.theta, cotangent[i])
        return i + 1, tf.tensor_scatter_nd_update(gradient, [[i]], [value])

    return tf.while_loop(
        lambda i, _: i < count,
        body,
        (tf.constant(0), tf.zeros_like(times)),
        maximum_iterations=count,
    )[1]


def _start_moves(field: FlatField, inputs: Inputs) -> tf.Tensor:
    """Returns z0, with the gradient that moving t_0 under it has."""

    @tf.custom_gradient
    def identity(z0: tf.Tensor, t0: tf.Tensor) -> tuple[tf.Tensor, Callable[..., tuple]]:
        def gradient(by_z0: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return by_z0, -_slope(field, t0, z0, inputs.theta, by_z0)

        return tf.identity(z0), gradient

    return identity(inputs.z0, inputs.times[0])


def _ends_move(field: FlatField, inputs: Inputs, states: tf.Tensor) -> tf.Tensor:
    """Returns the states, with the gradient that moving each time has."""

    @tf.custom_gradient
    def identity(states: tf.Tensor, times: tf.Tensor) -> tuple[tf.Tensor, Callable[..., tuple]]:
        def gradient(cotangent: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            moved = inputs._replace(times=times)
            return cotangent, _slopes(field, moved, states, cotangent)

        return tf.identity(states), gradient

    return identity(states, inputs.times)


def _no_forward(inputs: Inputs) -> Forward:
    """Returns z0 itself, which is all that one time asks for."""
    count = tf.zeros(tf.shape(inputs.times)[1:], tf.int32)
    return Forward(
        inputs.z0[None],
        count + int(Status.SUCCESS),
        Reached(inputs.times[0], tf.zeros_like(inputs.times[0]), inputs.z0),
        Stats(count, count, count),
        (),
    )


def _no_backward(inputs: Inputs, forward: Forward, cotangent: tf.Tensor) -> Backward:
    """Returns the gradient of one time, that of the identity."""
    count = forward.status
    stats = BackwardStats(count, count, count, count, tf.zeros_like(inputs.times))
    return Backward(cotangent[0], zero_gradients(inputs.theta), stats)
