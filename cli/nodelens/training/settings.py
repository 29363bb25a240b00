"""Settings of `train-ode`."""

from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from nodelens.datasets.settings import DataChoice, SimulatedData
from nodelens.fields.settings import FieldChoice, MLPFieldSettings
from nodelens.fields.solve_settings import AdjointSettings, SolverSettings
from nodelens.settings.base import Partial, Settings
from nodelens.settings.checks import name_in
from nodelens.training.registry import LOSSES, OPTIMIZERS, SCHEDULES

LossName = Annotated[str, name_in(LOSSES)]
OptimizerName = Annotated[str, name_in(OPTIMIZERS)]
ScheduleName = Annotated[str, name_in(SCHEDULES)]


class EarlyStoppingSettings(Settings):
    """Stop after `patience` validations without a better one; the best weights are kept."""

    patience: PositiveInt = 10


class NanGuardSettings(Settings):
    """The treatment of a step whose solve fails, or whose loss or gradient is not finite.

    It is skipped and the learning rate multiplied by `shrink`; after more than `patience` such
    steps in a row the training stops.
    """

    patience: NonNegativeInt = 5
    shrink: float = Field(0.5, gt=0, le=1)


class PhaseSolverSettings(Partial, SolverSettings):
    """The solve of a phase; what is not given is as in `solver`."""


class PhaseAdjointSettings(Partial, AdjointSettings):
    """The gradient in a phase; what is not given is as in `adjoint`."""


class PhaseSettings(Settings):
    """The steps before step `until`, with a window, a solve and a gradient of their own.

    Windows that grow from phase to phase are a curriculum on the horizon. What is not given is as
    in the rest of the training.
    """

    until: PositiveInt
    window: int | None = Field(None, ge=0)
    solver: PhaseSolverSettings = PhaseSolverSettings()
    adjoint: PhaseAdjointSettings = PhaseAdjointSettings()


class RegularizationSettings(Settings):
    """Weights of integrals along the solution that are added to the loss.

    The squared speed of the state, and the squared norm of the Jacobian of the field in a random
    direction, both in units of the scale of each component (Finlay et al. 2020).
    """

    kinetic_energy: float = Field(0.0, ge=0)
    jacobian_norm: float = Field(0.0, ge=0)


class TrainingSettings(Settings):
    """The optimisation. A step fits `batch_size` samples, or windows of `window` points.

    Without a `window` its points span twice the time in which the data moves by its own size, 5 to
    100 of them; `window: 0` fits whole trajectories. Without a `learning_rate` it is 1e-2 for
    trajectories and 1e-3 for samples. Without a `loss`, labels are compared by cross entropy and
    numbers by the mean absolute error. `steps_per_call` steps run inside one compiled call;
    checkpoints and validations happen between calls. `epochs` takes the place of `steps`
    where it is given: one is as many examples as there are samples, or windows, to train on.
    """

    steps: PositiveInt = 2000
    epochs: PositiveFloat | None = None
    batch_size: PositiveInt = 20
    window: int | None = Field(None, ge=0)
    optimizer: OptimizerName = "adam"
    # What else the Keras optimizer takes, such as {momentum: 0.9} or {beta_1: 0.95}.
    optimizer_options: dict[str, float | bool] = Field(default_factory=dict)
    learning_rate: PositiveFloat | None = None
    # Over all steps the rate falls to `final_learning_rate`, by default 0 (cosine, linear) or a
    # hundredth (exponential, inverse_time), after it has risen linearly for `warmup` steps.
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
    """The files that are written; without a directory, in a new one below `runs/train-ode`.

    `tensorboard` writes the metrics as event files too.
    """

    directory: str | None = None
    figures: bool = True
    tensorboard: bool = False


class TrainOdeSettings(Settings):
    """Everything that may be set for `train-ode`."""

    seed: NonNegativeInt = Field(0, lt=2**32)
    device: str = "auto"
    data: DataChoice = SimulatedData()
    field: FieldChoice = MLPFieldSettings()
    # Trained on the same samples in the same way, to compare with.
    against: FieldChoice | None = None
    solver: SolverSettings = SolverSettings()
    adjoint: AdjointSettings = AdjointSettings()
    training: TrainingSettings = TrainingSettings()
    output: OutputSettings = OutputSettings()
