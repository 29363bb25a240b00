"""Settings of `train-ode`."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from nodelens.datasets.settings import DataChoice, SimulatedData
from nodelens.fields.settings import FieldChoice, MLPFieldSettings
from nodelens.fields.solve_settings import AdjointSettings, SolverSettings
from nodelens.settings.base import Partial, Settings
from nodelens.settings.checks import Check, name_in
from nodelens.training.registry import LOSSES, OPTIMIZERS, SCHEDULES

LossName = Annotated[str, name_in(LOSSES)]
OptimizerName = Annotated[str, name_in(OPTIMIZERS)]
ScheduleName = Annotated[str, name_in(SCHEDULES)]
InitialStates = Literal["auto", "measured", "fitted"]


def _points(value: object) -> object:
    if value == 1 and value is not True:
        raise ValueError("2 points or more were expected, or 0 for whole trajectories; 1 was given")
    return value


WindowLength = Annotated[int, Field(ge=0), Check(_points, lambda: "0 | whole number ≥ 2")]


class EarlyStoppingSettings(Settings):
    """The end of a training before its last step; the best weights are kept.

    Attributes:
        patience: Validations without a better one after which the training stops.
    """

    patience: PositiveInt = 10


class NanGuardSettings(Settings):
    """The treatment of a step whose solve fails, or whose loss or gradient is not finite.

    It is skipped.

    Attributes:
        patience: Such steps in a row that are borne; one more ends the training.
        shrink: The factor of the learning rate after such a step.
    """

    patience: NonNegativeInt = 5
    shrink: float = Field(0.5, gt=0, le=1)


class PhaseSolverSettings(Partial, SolverSettings):
    """The solve of a phase; what is not given is as in `solver`."""


class PhaseAdjointSettings(Partial, AdjointSettings):
    """The gradient in a phase; what is not given is as in `adjoint`."""


class PhaseSettings(Settings):
    """The steps before step `until`, with a window, a solve and a gradient of their own.

    Windows that grow from phase to phase are a curriculum on the horizon.

    Attributes:
        until: The step before which the phase ends.
        window: Points of a window, as `training.window` (0: whole trajectories); null is that of
            the training.
        solver: The solve in the phase; null is as in `solver`.
        adjoint: The gradient in the phase; null is as in `adjoint`.
    """

    until: PositiveInt
    window: WindowLength | None = None
    solver: PhaseSolverSettings = PhaseSolverSettings()
    adjoint: PhaseAdjointSettings = PhaseAdjointSettings()


class RegularizationSettings(Settings):
    """Integrals along the solution that are added to the loss, in units of the scale of the data.

    They keep the flow straight and cheap to solve (Finlay et al. 2020).

    Attributes:
        kinetic_energy: Weight of the squared speed of the state; 0 leaves it out.
        jacobian_norm: Weight of the squared norm of the Jacobian of the field in a random
            direction; 0 leaves it out.
    """

    kinetic_energy: float = Field(0.0, ge=0)
    jacobian_norm: float = Field(0.0, ge=0)


class TrainingSettings(Settings):
    """The optimisation. A step fits `batch_size` samples, or windows of `window` points.

    Attributes:
        steps: Steps of the optimizer.
        epochs: The length of the training in place of `steps`: one epoch is as many examples as
            there are samples, or windows, to train on; null leaves it to `steps`.
        batch_size: Samples, or windows, in a step.
        window: Points of a window of a trajectory; 0 fits whole trajectories; null: as many as
            span twice the time in which the data moves by its own size, 5 to 100.
        initial_states: The states that windows start from: measured, or fitted together with the
            field; auto fits those of noisy data if the field has few parameters or the windows
            are whole trajectories.
        optimizer: The optimizer of Keras.
        optimizer_options: What else the optimizer takes, such as {momentum: 0.9}.
        learning_rate: The first learning rate; null is 0.01 for trajectories, 0.001 for samples.
        schedule: The course of the learning rate over all steps.
        final_learning_rate: The learning rate at the last step; null is 0 (cosine, linear) or a
            hundredth of the first (exponential, inverse_time).
        warmup: Steps in which the learning rate first rises linearly from zero; 0 is none.
        clip_norm: Longer gradients are shortened to this norm; null shortens none.
        weight_decay: The decay of weights by the optimizer; 0 is none.
        loss: The loss; null is cross_entropy for labels, mean_absolute_error for numbers.
        regularization: Integrals along the solution that are added to the loss.
        steps_per_call: Steps inside one compiled call; checkpoints and validations happen between
            calls.
        checkpoint_every: Steps from one checkpoint to the next.
        validate_every: Steps from one validation to the next.
        early_stopping: The end of the training before its last step, by the validation; null
            takes all steps.
        nan_guard: The treatment of steps that are not finite.
        phases: Earlier steps with windows, solves and gradients of their own, in their order.
    """

    steps: PositiveInt = 2000
    epochs: PositiveFloat | None = None
    batch_size: PositiveInt = 20
    window: WindowLength | None = None
    initial_states: InitialStates = "auto"
    optimizer: OptimizerName = "adam"
    optimizer_options: dict[str, float | bool] = Field(default_factory=dict)
    learning_rate: PositiveFloat | None = None
    schedule: ScheduleName = "cosine"
    final_learning_rate: float | None = Field(None, ge=0)
    warmup: NonNegativeInt = 0
    clip_norm: PositiveFloat | None = 1.0
    weight_decay: float = Field(0.0, ge=0)
    loss: LossName | None = None
    regularization: RegularizationSettings = RegularizationSettings()
    steps_per_call: PositiveInt = 50
    checkpoint_every: PositiveInt = 500
    validate_every: PositiveInt = 200
    early_stopping: EarlyStoppingSettings | None = None
    nan_guard: NanGuardSettings = NanGuardSettings()
    phases: tuple[PhaseSettings, ...] = ()


class OutputSettings(Settings):
    """The files that are written.

    Attributes:
        directory: The run directory; null makes a new one below `runs/train-ode`.
        figures: True draws figures at the end.
        tensorboard: True writes the metrics as event files too.
    """

    directory: str | None = None
    figures: bool = True
    tensorboard: bool = False


class TrainOdeSettings(Settings):
    """Everything that may be set for `train-ode`.

    Attributes:
        seed: Seed of all random numbers.
        device: The device to compute on: auto, cpu, gpu or gpu:N.
        data: What is learned from.
        field: The vector field f of dz/dt = f(t, z).
        against: A second network, trained on the same samples in the same way, to compare with;
            null is none.
        solver: The forward solve.
        adjoint: The gradient of the solve.
        training: The optimisation.
        output: The files that are written.
    """

    seed: NonNegativeInt = Field(0, lt=2**32)
    device: str = "auto"
    data: DataChoice = SimulatedData()
    field: FieldChoice = MLPFieldSettings()
    against: FieldChoice | None = None
    solver: SolverSettings = SolverSettings()
    adjoint: AdjointSettings = AdjointSettings()
    training: TrainingSettings = TrainingSettings()
    output: OutputSettings = OutputSettings()
