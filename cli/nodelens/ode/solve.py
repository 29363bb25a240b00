"""The public functions: `odeint`, and `odeint_vjp` for those who write their own loops."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Unpack

import numpy as np
import tensorflow as tf

from nodelens.ode.adjoints.base import Adjoint, Forward
from nodelens.ode.compiled import CompiledCore, compiled
from nodelens.ode.controllers import Controller
from nodelens.ode.dense import ROOM, Steps, find_ends
from nodelens.ode.diagnosis import diagnose
from nodelens.ode.drift import warn_of_drift
from nodelens.ode.first_order import by_leaves_alone, once
from nodelens.ode.memo import clear_memos
from nodelens.ode.norms import Norm, rms_norm
from nodelens.ode.observe import take_rows
from nodelens.ode.options import OdeintArguments
from nodelens.ode.prepare import PreparedSolve, prepare
from nodelens.ode.reference import PREFIX, SCIPY_METHODS, solve_with_scipy
from nodelens.ode.solution import BackwardStats, DenseSolution, Gradients, Solution, Stats
from nodelens.ode.status import SolveError, Status
from nodelens.ode.tables import look_up


@tf.autograph.experimental.do_not_convert
def odeint(
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
    dense: bool | int = False,
    throw: bool = True,
    jit_compile: bool = True,
) -> Solution | DenseSolution:
    """Solves the initial value problem dz/dt = f(t, z), z(t_0) = z0 at the given times.

    Gradients flow through `tf.GradientTape` to z0, to `params`, to every variable and tensor that
    the field captures, and to each time. Works in eager code, where the solve is compiled once and
    cached, and inside a `tf.function`, compiled by XLA or not.

    Args:
        vector_field: f(t, z), or f(t, z, params) if `params` is given, of TensorFlow operations. It
            gets t as a scalar in the real dtype of z; if `batching` is "independent", with shape
            [batch, 1, ...], so that it broadcasts against the (first) tensor of z.
        z0: The initial state, a floating tensor or a nest of tensors of one dtype.
        times: Increasing or decreasing, shape [count]; the first one is where z0 holds. Kept in
            float64 whatever the state. If `batching` is "independent", [count, batch] gives each
            sample its own times, in its own direction; repeat the last one to fill up a short grid.
        params: Parameters of the field, a nest of tensors.
        solver: Name of the solver, one of `nodelens.ode.SOLVERS`; or `scipy:LSODA` and the like as
            a reference, in eager code and without gradient.
        rtol: Relative tolerance, a number or a nest like z0.
        atol: Absolute tolerance, likewise. The norm of error / (atol + rtol |z|) is kept below one
            in each step.
        adjoint: Name of the adjoint, one of `nodelens.ode.ADJOINTS`, or a configured one. "auto"
            is the exact gradient of the steps taken, from stored steps while their store fits a
            64th of the memory, else from checkpoints. Inside a `tf.function` its store has room for
            256 to 4096 steps, 1 MB if that is between; beyond it the gradient is NaN.
        controller: Step-size controller; by default a `PIDController` for a solver that estimates
            its error, a `FixedController` for one that does not.
        norm: Reduces the error in units of the tolerance, a real tensor [batch, size] with the
            state as one row, to [batch]; by default the root mean square. Where the state and its
            adjoint are solved together, the root mean square of the norms of both counts.
        max_steps: Attempted steps after which the solve fails; by default the adjoint's.
        step_size: Shorthand for `controller=FixedController(step_size)`.
        batching: "joint" takes steps of one size for the whole state. "independent" takes the first
            axis of every tensor of z0 for a batch of problems: each sample has its own steps,
            status and cost, as if it were solved alone. The field must not mix samples.
        jump_times: Times, shape [count], at which the field jumps. Steps end there, and the field
            is evaluated on the proper side only, never at the jump itself. They are constants to
            every gradient; for that of a jump at s let it be a time, and chain two solves:
            `middle = odeint(f, z0, [t0, s], jump_times=[s]).states[-1]`, then
            `odeint(f, middle, [s, t1], jump_times=[s])`.
        dense: Whether `interpolate` is to give the solution at any other time too; the solution is
            then a `DenseSolution`. It costs a second solve, and every step the work and memory of
            a requested time. Inside a `tf.function` there is room for 256 steps, or the number
            that is given here; beyond it the status is `CAPACITY`.
        throw: Whether a failed solve raises. Inside a `tf.function` nothing can be raised: look at
            `Solution.status`; the states that were not reached are NaN.
        jit_compile: Whether eager calls compile with XLA. If XLA cannot, the graph is run as it is,
            with a warning once.

    Returns:
        The solution. Its states have the time axis in front.

    Raises:
        ValueError: An argument is wrong; the message says which and what to do.
        SolveError: The solve failed and `throw` is true.
    """
    if isinstance(solver, str) and solver.startswith(PREFIX):
        if batching != "joint":
            raise ValueError(f"The solver {solver!r} solves jointly; leave out batching.")
        if jump_times is not None:
            raise ValueError(f"The solver {solver!r} takes no jump_times: solve from jump to jump.")
        if dense:
            raise ValueError(f"The solver {solver!r} has no dense output here; leave out dense.")
        return _reference(vector_field, z0, times, params, solver, rtol, atol, throw)
    problem = prepare(
        vector_field,
        z0,
        times,
        params=params,
        solver=solver,
        rtol=rtol,
        atol=atol,
        adjoint=adjoint,
        controller=controller,
        norm=norm,
        max_steps=max_steps,
        step_size=step_size,
        batching=batching,
        jump_times=jump_times,
    )
    if dense:
        return _solve_densely(problem, ROOM if dense is True else dense, throw, jit_compile)
    return solve(problem, throw, jit_compile)


def _solve_densely(
    problem: PreparedSolve, room: int, throw: bool, jit_compile: bool
) -> DenseSolution:
    """Finds the steps, then solves at the end of each."""
    if room < 1:
        raise ValueError(f"dense must be True, False or a number of steps; got {room}.")
    ends = find_ends(problem, room, jit_compile)
    times = problem.inputs.times
    solution, states = solve_at(problem, tf.concat([times, ends.times], 0), throw, jit_compile)
    requested, at_ends = tf.split(states, [times.shape[0], ends.times.shape[0]])
    steps = Steps(
        problem,
        tf.concat([times[:1], ends.times], 0),
        tf.concat([problem.inputs.z0[None], at_ends], 0),
    )
    searched = problem.per_sample(ends.status)
    return DenseSolution(
        states=problem.layout.unpack(requested),
        times=problem.per_sample(times),
        status=tf.where(solution.status != int(Status.SUCCESS), solution.status, searched),
        stats=Stats(
            *[a + problem.per_sample(b) for a, b in zip(solution.stats, ends.stats, strict=True)]
        ),
        steps=steps,
    )


def solve_at(
    problem: PreparedSolve, times: tf.Tensor, throw: bool, jit_compile: bool
) -> tuple[Solution, tf.Tensor]:
    """Solves a prepared problem at other times than its own, with gradients.

    Args:
        problem: The solve.
        times: In any order, shape [count, batch]; the first one is that of z0.
        throw: As in `odeint`.
        jit_compile: As in `odeint`.

    Returns:
        The solution, its times in the order of the solve; and the states in the order of the given
        times, [count, batch, size].
    """
    own = problem.inputs.times
    order = tf.argsort((times - times[0]) * tf.sign(own[-1] - own[0]), axis=0, stable=True)
    ordered = replace(problem, inputs=problem.inputs._replace(times=take_rows(times, order)))
    solution = solve(ordered, throw, jit_compile)
    states = take_rows(ordered.pack_states(solution.states), tf.argsort(order, axis=0))
    return solution, states


def solve(problem: PreparedSolve, throw: bool, jit_compile: bool) -> Solution:
    """Solves a prepared problem as one differentiable operation, in eager code or in a graph."""
    if not tf.executing_eagerly():
        return _solution(problem, *_differentiable_graph(problem))
    functions = compiled(problem.core, jit_compile)
    if problem.core.adjoint.differentiable:
        forward = functions.taped(problem.inputs)
        states = forward.states
    else:
        states, forward = _differentiable_eager(problem, functions, throw)
    if throw:
        raise_if_failed(problem, forward)
    return _solution(problem, states, forward)


class Pullback:
    """Takes dL/dstates of a solve to the gradients; made by `odeint_vjp`.

    Args:
        problem: The solve.
        run: Runs its backward pass.
    """

    def __init__(self, problem: PreparedSolve, run: Callable[[tf.Tensor], Any]) -> None:
        self._problem = problem
        self._run = run

    @property
    def sources(self) -> tuple[tf.Variable | tf.Tensor, ...]:
        """The variables and tensors that the field captured."""
        return self._problem.sources

    @tf.autograph.experimental.do_not_convert
    def __call__(self, cotangent: Any) -> Gradients:
        """Runs the backward pass.

        Args:
            cotangent: dL/dstates, a nest of tensors like `Solution.states`.

        Returns:
            The gradients and what they cost.
        """
        problem = self._problem
        backward, by_times = self._run(problem.pack_states(cotangent))
        by_theta = problem.spread(backward.theta)
        by_params = by_theta[: problem.param_count]
        stats = BackwardStats(*[problem.per_sample(x) for x in backward.stats])
        if problem.layout.independent and problem.shared_times:
            by_times = tf.reduce_sum(by_times, axis=1)
        else:
            by_times = problem.per_sample(by_times)
        return Gradients(
            z0=problem.layout.unpack(backward.z0),
            params=None
            if problem.params is None
            else tf.nest.pack_sequence_as(problem.params, by_params),
            times=by_times,
            captures=tuple(by_theta[problem.param_count :]),
            stats=stats,
        )


@tf.autograph.experimental.do_not_convert
def odeint_vjp(
    vector_field: Callable[..., Any],
    z0: Any,
    times: Any,
    *,
    batching: str = "joint",
    jit_compile: bool = True,
    **options: Unpack[OdeintArguments],
) -> tuple[Solution, Pullback]:
    """Solves, and returns with the solution the function that pulls a cotangent back.

    The explicit form of the gradient: no tape and no hidden state, and the backward pass reports
    its cost. It is meant for a training loop that is compiled whole, and for checking gradients:

        solution, pullback = odeint_vjp(field, z0, times, params=params)
        with tf.GradientTape() as tape:
            tape.watch(solution.states)
            loss = loss_of(solution.states)
        gradients = pullback(tape.gradient(loss, solution.states))

    Args:
        vector_field: As in `odeint`.
        z0: As in `odeint`.
        times: As in `odeint`.
        batching: As in `odeint`.
        jit_compile: As in `odeint`.
        options: The other options of `odeint` but `throw`.

    Returns:
        The solution and its pullback. Nothing is raised for a failed solve: see its status.

    Raises:
        ValueError: An argument is wrong; the message says which and what to do.
    """
    problem = prepare(vector_field, z0, times, batching=batching, **options)
    if tf.executing_eagerly():
        functions = compiled(problem.core, jit_compile)
        forward_pass, backward_pass = functions.forward, functions.backward
    else:
        forward_pass, backward_pass = problem.core.forward, problem.core.backward
    forward = forward_pass(problem.inputs)
    pullback = Pullback(problem, lambda g: backward_pass(problem.inputs, forward, g))
    return _solution(problem, forward.states, forward), pullback


def _reference(
    vector_field: Callable[..., Any],
    z0: Any,
    times: Any,
    params: Any,
    solver: str,
    rtol: Any,
    atol: Any,
    throw: bool,
) -> Solution:
    """Solves with SciPy, in eager code."""
    if not tf.executing_eagerly():
        raise ValueError(f"The solver {solver!r} runs in eager code only, not in a tf.function.")
    method = look_up(
        "SciPy method", solver.removeprefix(PREFIX), {name: name for name in SCIPY_METHODS}
    )
    problem = prepare(
        vector_field,
        z0,
        times,
        params=params,
        rtol=rtol,
        atol=atol,
        adjoint="direct",
    )
    forward = solve_with_scipy(problem.core, problem.inputs, method)
    if throw:
        raise_if_failed(problem, forward)
    return _solution(problem, forward.states, forward)


def _differentiable_graph(problem: PreparedSolve) -> tuple[tf.Tensor, Forward]:
    """Solves as one differentiable operation of the graph that is being traced."""
    core = problem.core
    if core.adjoint.differentiable:
        forward = core.taped(problem.inputs)
        return forward.states, forward
    kept: list[Forward] = []

    @tf.custom_gradient
    def solve(*leaves: tf.Tensor) -> tuple[tf.Tensor, Callable[..., Any]]:
        inputs = problem.rebuild(leaves)
        forward = core.forward(inputs)
        kept.append(forward)

        def gradient(cotangent: tf.Tensor) -> list[tf.Tensor | None]:
            (backward, by_times) = once(core.backward, inputs, forward, cotangent)
            return problem.gradients_of_leaves(backward, by_times)

        return forward.states, by_leaves_alone(gradient)

    return solve(*problem.leaves), kept[0]


def _differentiable_eager(
    problem: PreparedSolve, functions: CompiledCore, throw: bool
) -> tuple[tf.Tensor, Forward]:
    """Solves as one differentiable operation of eager code."""
    kept: list[Forward] = []

    @tf.custom_gradient
    def solve(*leaves: tf.Tensor) -> tuple[tf.Tensor, Callable[..., Any]]:
        inputs = problem.rebuild(leaves)
        forward = functions.forward(inputs)
        kept.append(forward)

        def gradient(cotangent: tf.Tensor) -> list[tf.Tensor | None]:
            backward, by_times = once(functions.backward, inputs, forward, cotangent)
            status = Status(int(tf.reduce_max(backward.stats.status)))
            if throw and status != Status.SUCCESS:
                raise SolveError(status, "some time of the backward solve")
            # A sample whose forward solve failed has no states to stray from.
            solved = forward.status == int(Status.SUCCESS)
            warn_of_drift(problem.core.adjoint, tf.where(solved, backward.stats.drift, 0))
            return problem.gradients_of_leaves(backward, by_times)

        return forward.states, by_leaves_alone(gradient)

    return solve(*problem.leaves), kept[0]


def _solution(problem: PreparedSolve, states: tf.Tensor, forward: Forward) -> Solution:
    """Puts the user's structure back."""
    return Solution(
        states=problem.layout.unpack(states),
        times=problem.per_sample(problem.inputs.times),
        status=problem.per_sample(forward.status),
        stats=Stats(*[problem.per_sample(x) for x in forward.stats]),
    )


def raise_if_failed(problem: PreparedSolve, forward: Forward) -> None:
    """Raises the worst status of an eager solve, with its cause, if any sample failed."""
    codes = forward.status.numpy()
    if codes.any():
        sample = int(codes.argmax())
        where = f"{forward.reached.t[sample]:.6g}"
        if codes.size > 1:
            where += f" in sample {sample} ({np.count_nonzero(codes)} of {codes.size} failed)"
        found = diagnose(problem.core, problem.inputs, forward, sample)
        raise SolveError(Status(int(codes[sample])), where, found)


def forget_compiled_solves() -> None:
    """Forgets the traced and compiled solves of eager code, so that their memory is freed.

    They are kept by field and configuration, the last 128 of each.
    """
    clear_memos()
