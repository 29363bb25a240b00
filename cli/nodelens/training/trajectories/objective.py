"""What is trained: a field on windows, compared by a loss."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from nodelens.fields.functional import VectorField, as_function, parameters
from nodelens.fields.solve_settings import AdjointSettings, SolverSettings
from nodelens.ode import Adjoint, Solution, SolveOptions, odeint_vjp
from nodelens.ode.solve import Pullback
from nodelens.training.registry import Loss
from nodelens.training.trajectories.regularization import Penalties
from nodelens.training.trajectories.windows import Batch


@dataclass(frozen=True)
class Problem:
    """A field and how its solutions are compared with data.

    Attributes:
        field: The vector field, of the components of the data and `augment` more.
        augment: The components that the data does not show; they start at zero.
        scale: The size of each component of the data, shape [dimension].
        loss: The loss, one that compares numbers.
        solver: The forward solve.
        adjoint: The gradient.
        penalties: What is integrated along with the state; None if nothing is.
    """

    field: keras.Model
    augment: int
    scale: np.ndarray
    loss: Loss
    solver: SolverSettings
    adjoint: AdjointSettings
    penalties: Penalties | None = None

    def solve(self, batch: Batch) -> tuple[Solution, Pullback]:
        """Solves from where windows start, each with steps of its own if their times differ.

        Returns:
            The solution, of all components and those of the penalties, and its pullback.
        """
        return odeint_vjp(
            self._from(batch),
            tf.pad(batch.z0, [[0, 0], [0, self.augment + self._integrals]]),
            batch.times,
            batching="joint" if batch.times.shape.rank == 1 else "independent",
            params=parameters(self.field),
            solver=self.solver.method,
            rtol=self.solver.rtol,
            atol=self.atol(),
            max_steps=self.solver.max_steps,
            step_size=self.solver.step_size,
            adjoint=make_adjoint(self.adjoint),
        )

    def _from(self, batch: Batch) -> VectorField:
        """The field with the time counted from the start of each window."""
        field = as_function(self.field)
        function = field
        if not self.field.autonomous:

            def function(t: tf.Tensor, z: tf.Tensor, params: Sequence[tf.Tensor]) -> tf.Tensor:
                return field(t + batch.t0, z, params)

        if self.penalties is None:
            return function
        probe = tf.zeros([]) if batch.probe is None else batch.probe
        return self.penalties.along(function, probe)

    @property
    def _integrals(self) -> int:
        return len(self.penalties.weights) if self.penalties else 0

    def compare(self, states: tf.Tensor, batch: Batch) -> tf.Tensor:
        """The mean loss over all measurements, and the penalties.

        Args:
            states: Of all components, shape [window, batch, components].
            batch: What was measured.
        """
        dimension = len(self.scale)
        error = (states[..., :dimension] - batch.target) / self.scale.astype(np.float32)
        losses = self.loss.load()(error) * batch.weight
        mean = tf.reduce_sum(losses) / tf.maximum(tf.reduce_sum(batch.weight), 1.0)
        return mean if self.penalties is None else mean + self.penalties.of(states[-1])

    def atol(self) -> float | tf.Tensor:
        """The absolute tolerance of each component, in its own unit."""
        if np.all(self.scale == 1):
            return self.solver.atol
        scale = np.concatenate([self.scale, np.ones(self.augment + self._integrals)])
        return tf.constant(self.solver.atol * scale, tf.float32)


def make_adjoint(settings: AdjointSettings) -> Adjoint:
    """The adjoint of the settings; only the one that solves backward has tolerances of its own."""
    return SolveOptions(
        adjoint=settings.method, adjoint_rtol=settings.rtol, adjoint_atol=settings.atol
    ).make_adjoint()
