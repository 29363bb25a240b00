"""What may be set for `train-ode`."""

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from nodelens.settings.base import Settings
from nodelens.settings.names import AdjointName, SolverName


class SpiralData(Settings):
    """The cubic spiral dz/dt = z³A of torchdiffeq's demo, simulated to tight tolerance."""

    kind: Literal["spiral"] = "spiral"
    t_end: PositiveFloat = 25.0
    points: int = Field(1000, ge=2, le=1_000_000)
    z0: tuple[float, float] = (2.0, 0.0)
    noise: float = Field(0.0, ge=0)


class MLPFieldSettings(Settings):
    """A multilayer perceptron: dz/dt = W₂ tanh(W₁ zᵖ + b₁) + b₂."""

    kind: Literal["mlp"] = "mlp"
    hidden: tuple[PositiveInt, ...] = (50,)
    activation: Literal["tanh", "softplus", "elu", "swish", "gelu", "sigmoid", "relu"] = "tanh"
    input_power: PositiveInt = 1


class SolverSettings(Settings):
    """The forward solve."""

    method: SolverName = "dopri5"
    rtol: PositiveFloat = 1e-3
    atol: PositiveFloat = 1e-4
    max_steps: PositiveInt = 1000


class AdjointSettings(Settings):
    """The gradient; tolerances that are not given are those of the solver."""

    method: AdjointName = "backsolve"
    rtol: PositiveFloat | None = None
    atol: PositiveFloat | None = None


class TrainingSettings(Settings):
    """The optimisation. A step fits `batch_size` windows of `window` consecutive points."""

    steps: PositiveInt = 2000
    batch_size: PositiveInt = 20
    window: int = Field(10, ge=2)
    optimizer: Literal["rmsprop", "adam", "adamw", "nadam", "sgd", "lion"] = "rmsprop"
    learning_rate: PositiveFloat = 1e-3
    # `cosine` lowers the rate to zero over all steps; `constant` keeps it.
    schedule: Literal["constant", "cosine"] = "constant"
    loss: Literal["mean_absolute_error", "mean_squared_error"] = "mean_absolute_error"
    steps_per_call: PositiveInt = 50


class OutputSettings(Settings):
    """What is written, and where; without a directory, a new one below `runs/train-ode`."""

    directory: str | None = None
    figures: bool = True


class TrainOdeSettings(Settings):
    """Everything that may be set for `train-ode`."""

    seed: int = Field(0, ge=0, lt=2**32)
    device: str = "auto"
    data: SpiralData = SpiralData()
    field: MLPFieldSettings = MLPFieldSettings()
    solver: SolverSettings = SolverSettings()
    adjoint: AdjointSettings = AdjointSettings()
    training: TrainingSettings = TrainingSettings()
    output: OutputSettings = OutputSettings()

    @model_validator(mode="after")
    def _window_fits(self) -> "TrainOdeSettings":
        if self.training.window > self.data.points:
            raise ValueError(
                f"training.window is {self.training.window}, but the data has only "
                f"{self.data.points} points"
            )
        return self
