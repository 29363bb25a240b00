"""What may be set for the data of `train-ode`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, field_validator

from nodelens.datasets.sample_settings import AnnuliData, ImagesData, MnistData, SamplesData
from nodelens.settings.base import Settings

SystemName = Literal[
    "cubic_spiral", "linear", "harmonic_oscillator", "damped_oscillator", "lotka_volterra",
    "van_der_pol", "pendulum", "double_well", "lorenz", "fitzhugh_nagumo", "sir",
]  # fmt: skip


class ValidationSettings(Settings):
    """What is kept back to judge by.

    The end of every trajectory (`time`), whole trajectories (`trajectory`), or points drawn at
    random (`points`).
    """

    fraction: float = Field(0.0, ge=0, lt=1)
    by: Literal["time", "trajectory", "points"] = "time"


class SimulatedData(Settings):
    """A system with known equations, simulated to tight tolerance.

    `parameters`, `z0` (a list of initial states, one trajectory each) and `t_end` have the usual
    values of the system where they are not given.
    """

    kind: Literal["simulated"] = "simulated"
    system: SystemName = "cubic_spiral"
    parameters: dict[str, float] = Field(default_factory=dict)
    z0: tuple[tuple[float, ...], ...] = ()
    t_end: PositiveFloat | None = None
    points: int = Field(1000, ge=2, le=1_000_000)
    irregular: bool = False
    noise: float = Field(0.0, ge=0)
    scale: bool = False
    validation: ValidationSettings = ValidationSettings()


class CsvData(Settings):
    """A CSV file: a time column, state columns, perhaps one that tells trajectories apart."""

    kind: Literal["csv"]
    path: Path
    time: str | None = None
    columns: tuple[str, ...] = ()
    trajectory: str | None = None
    scale: bool = True
    validation: ValidationSettings = ValidationSettings()

    @field_validator("path")
    @classmethod
    def _is_named(cls, path: Path) -> Path:
        if not path.name:
            raise ValueError("the path of a CSV file was expected")
        return path


class ArrayData(Settings):
    """A NumPy file.

    An NPZ file has the arrays `times` and `states`; an NPY file has one whose first column is the
    time.
    """

    kind: Literal["npz", "npy"]
    path: Path
    scale: bool = True
    validation: ValidationSettings = ValidationSettings()


TrajectoryDataSettings = SimulatedData | CsvData | ArrayData
DataSettings = Annotated[
    SimulatedData | CsvData | ArrayData | SamplesData | ImagesData | MnistData | AnnuliData,
    Field(discriminator="kind"),
]
