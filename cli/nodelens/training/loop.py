"""The compiled training loop: many whole steps in one call.

A step draws a batch of windows, solves, compares, finds the gradient and updates the weights.
Nothing leaves the device between the steps of a call; what is worth knowing is gathered inside
and read once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import keras
import tensorflow as tf

from nodelens.datasets.trajectories import Trajectory
from nodelens.fields.functional import as_function, parameters
from nodelens.ode import ADJOINTS, Adjoint, Backsolve, Status, odeint_vjp
from nodelens.settings.train_ode import AdjointSettings, TrainOdeSettings


class CallMetrics(NamedTuple):
    """What is known after one call of `steps_per_call` steps or fewer.

    Attributes:
        done: The steps that were taken, int32.
        losses: The loss before each update, shape [steps_per_call]; meaningful up to `done`.
        gradient_norm: The largest norm of a gradient.
        nfe_forward: Evaluations of the field by the forward solves, int32.
        nfe_backward: Evaluations of the field with its vector-Jacobian product, int32.
        rejected: Rejected steps of the forward solves, int32.
        status: Of the step that failed, if one did (`nodelens.ode.Status`), int32.
        finite: Whether every loss and gradient was finite. The update of a step that was not is
            left out, and the call ends there.
        drift: The largest drift of a state that was integrated backward (see `BackwardStats`).
    """

    done: tf.Tensor
    losses: tf.Tensor
    gradient_norm: tf.Tensor
    nfe_forward: tf.Tensor
    nfe_backward: tf.Tensor
    rejected: tf.Tensor
    status: tf.Tensor
    finite: tf.Tensor
    drift: tf.Tensor


# steps(first, count) trains from step number `first` (from 0) for `count` steps.
TrainingCall = Callable[[tf.Tensor, tf.Tensor], CallMetrics]


@dataclass(frozen=True)
class Windows:
    """Where batches come from: windows of consecutive points of one evenly sampled trajectory.

    Attributes:
        states: The trajectory, shape [points, dimension].
        times: The times of a window, counted from its start, float64, shape [window].
        batch_size: The windows of a batch.
        seed: With the number of the step it decides which windows are drawn.
    """

    states: tf.Tensor
    times: tf.Tensor
    batch_size: int
    seed: int

    @classmethod
    def of(cls, trajectory: Trajectory, settings: TrainOdeSettings) -> "Windows":
        """Puts a trajectory on the device."""
        training = settings.training
        times = trajectory.times[: training.window] - trajectory.times[0]
        return cls(
            tf.constant(trajectory.states),
            tf.constant(times, tf.float64),
            training.batch_size,
            settings.seed,
        )

    def draw(self, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The initial states [batch, dimension] and all states [window, batch, dimension]."""
        window = self.times.shape[0]
        starts = tf.random.stateless_uniform(
            [self.batch_size],
            seed=tf.stack([tf.constant(self.seed % 2**31, tf.int32), step]),
            maxval=self.states.shape[0] - window + 1,
            dtype=tf.int32,
        )
        rows = starts[None, :] + tf.range(window)[:, None]
        return tf.gather(self.states, starts), tf.gather(self.states, rows)


def make_adjoint(settings: AdjointSettings) -> Adjoint:
    """The adjoint of the settings; only the one that solves backward has tolerances of its own."""
    if settings.method == "backsolve":
        return Backsolve(rtol=settings.rtol, atol=settings.atol)
    return ADJOINTS[settings.method]


def make_training_call(
    field: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    windows: Windows,
    settings: TrainOdeSettings,
) -> TrainingCall:
    """Compiles the training loop.

    Args:
        field: The vector field; its trainable variables are updated in place.
        optimizer: A Keras optimizer, built for these variables.
        windows: Where batches come from.
        settings: Solver, adjoint, loss and the steps of a call.
    """
    vector_field = as_function(field)
    variables = field.trainable_variables
    loss_function = keras.losses.get(settings.training.loss)
    solver, adjoint = settings.solver, make_adjoint(settings.adjoint)
    capacity = settings.training.steps_per_call

    def train_step(step: tf.Tensor, metrics: CallMetrics) -> CallMetrics:
        z0, target = windows.draw(step)
        solution, pullback = odeint_vjp(
            vector_field,
            z0,
            windows.times,
            params=parameters(field),
            solver=solver.method,
            rtol=solver.rtol,
            atol=solver.atol,
            max_steps=solver.max_steps,
            adjoint=adjoint,
        )
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(solution.states)
            loss = tf.reduce_mean(loss_function(target, solution.states))
        gradients = pullback(tape.gradient(loss, solution.states))
        norm = tf.linalg.global_norm(gradients.params)
        solved = solution.status == int(Status.SUCCESS)
        status = tf.where(solved, gradients.stats.status, solution.status)
        finite = tf.math.is_finite(loss) & tf.math.is_finite(norm)

        def update() -> tf.Tensor:
            optimizer.apply(gradients.params, variables)
            return tf.constant(1)

        good = finite & (status == int(Status.SUCCESS))
        done = tf.cond(good, update, lambda: tf.constant(0))
        return CallMetrics(
            done=metrics.done + done,
            losses=tf.tensor_scatter_nd_update(metrics.losses, [[metrics.done]], [loss]),
            gradient_norm=tf.maximum(metrics.gradient_norm, norm),
            nfe_forward=metrics.nfe_forward + solution.stats.nfe,
            nfe_backward=metrics.nfe_backward + gradients.stats.nfe,
            rejected=metrics.rejected + solution.stats.rejected,
            status=tf.maximum(metrics.status, status),
            finite=metrics.finite & finite,
            drift=tf.maximum(
                metrics.drift, tf.cast(tf.reduce_max(gradients.stats.drift), tf.float32)
            ),
        )

    @tf.function(jit_compile=True)
    def steps(first: tf.Tensor, count: tf.Tensor) -> CallMetrics:
        zero = tf.constant(0)
        start = CallMetrics(
            done=zero,
            losses=tf.zeros([capacity]),
            gradient_norm=tf.constant(0.0),
            nfe_forward=zero,
            nfe_backward=zero,
            rejected=zero,
            status=zero,
            finite=tf.constant(True),
            drift=tf.constant(0.0),
        )

        def going(metrics: CallMetrics) -> tf.Tensor:
            good = metrics.finite & (metrics.status == int(Status.SUCCESS))
            return (metrics.done < count) & good

        (end,) = tf.while_loop(
            going,
            lambda metrics: (train_step(first + metrics.done, metrics),),
            (start,),
            maximum_iterations=capacity,
        )
        return end

    return steps
