"""Settings of the data of `train-ode`, and the table of its kinds."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from nodelens.datasets.systems import SYSTEMS
from nodelens.registry import load, table
from nodelens.settings.base import Settings
from nodelens.settings.checks import name_in
from nodelens.settings.choices import KindIn
from nodelens.settings.times import Times

SystemName = Annotated[str, name_in(SYSTEMS)]
SplitBy = Literal["time", "trajectory", "points"]


class ValidationSettings(Settings):
    """The part of trajectories that is held out for validation.

    Attributes:
        fraction: The fraction that is held out; 0 is none.
        by: What is held out: the end of every trajectory (`time`), whole trajectories
            (`trajectory`), or points drawn at random (`points`).
    """

    fraction: float = Field(0.0, ge=0, lt=1)
    by: SplitBy = "time"


class DrawnPart(Settings):
    """A fraction of the samples, drawn at random; of labels the same fraction of every class.

    Attributes:
        fraction: The fraction of the samples; 0 is none.
    """

    fraction: float = Field(0.1, ge=0, lt=1)


class DataSettings(Settings):
    """Settings of data of any kind; those that are not named here are arguments of its reader.

    Attributes:
        kind: The kind of data.
        scale: True brings every component near one: its mean is taken out, and its deviation.
    """

    if TYPE_CHECKING:  # each kind declares them itself, where they belong among its own settings
        kind: str
        scale: bool


class TrajectoryDataSettings(DataSettings):
    """Settings of data that is trajectories.

    Attributes:
        validation: The part that is held out for validation.
    """

    if TYPE_CHECKING:
        validation: ValidationSettings


class SampleDataSettings(DataSettings):
    """Settings of data that is samples x with an answer y each; `test` is optional for a kind.

    Attributes:
        validation: The part that is drawn for validation.
        test: The part that is drawn to be evaluated once, at the end, where the data has none.
    """

    if TYPE_CHECKING:
        validation: DrawnPart


class SimulatedData(TrajectoryDataSettings):
    """A system with known equations, simulated to tight tolerance.

    Attributes:
        system: The system.
        parameters: Parameters of the system by name; those left out have their usual values.
        z0: Initial states, one trajectory each; [] is the usual one of the system.
        t_end: The last time, in the unit of the system's equations; null is the usual one.
        points: The number of times, both ends included.
        irregular: True draws the inner times at random.
        times: All times, the first one that of z0, in place of t_end, points and irregular; null
            leaves it to these.
        noise: Standard deviation of the noise on every component, in units of the data; 0 is none.
    """

    kind: Literal["simulated"] = "simulated"
    system: SystemName = "cubic_spiral"
    parameters: dict[str, float] = Field(default_factory=dict)
    z0: tuple[tuple[float, ...], ...] = ()
    t_end: PositiveFloat | None = None
    points: int = Field(1000, ge=2, le=1_000_000)
    irregular: bool = False
    times: Times | None = None
    noise: float = Field(0.0, ge=0)
    scale: bool = False
    validation: ValidationSettings = ValidationSettings()

    @model_validator(mode="after")
    def _times_are_said_once(self) -> Self:
        usual = type(self).model_fields
        beside = [
            x for x in ("t_end", "points", "irregular") if getattr(self, x) != usual[x].default
        ]
        if self.times is not None and beside:
            raise ValueError(
                f"`times` was given, and {', '.join(beside)} beside it; one of the two"
            )
        return self


class CsvData(TrajectoryDataSettings):
    """A CSV file: a time column, state columns, perhaps one that distinguishes trajectories.

    Attributes:
        path: The file.
        time: The time column, of numbers or of ISO dates (2024-03-01, 2024-03-01T12:00:00), which
            become days since the earliest, or seconds if all lie within less than a day; null is
            the one that is called like a time, else the first.
        columns: The state columns; [] is all others.
        trajectory: The column of names or numbers that distinguishes trajectories; null is the one
            that is called `trajectory`, if there is one.
    """

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


class ArrayData(TrajectoryDataSettings):
    """A NumPy file of trajectories.

    An NPZ file has the arrays `times` and `states`; an NPY file has one whose first column is the
    time.

    Attributes:
        path: The file.
    """

    kind: Literal["npz", "npy"]
    path: Path
    scale: bool = True
    validation: ValidationSettings = ValidationSettings()


class SamplesData(SampleDataSettings):
    """An NPZ file with arrays `x` and `y`: whole numbers are labels, others are values to fit.

    Further arrays `x_test` and `y_test`, if there are any, are the test part.

    Attributes:
        path: The file.
        scale: True takes mean and deviation of the training part out of x, and out of y where y are
            values.
    """

    kind: Literal["samples"]
    path: Path
    scale: bool = True
    validation: DrawnPart = DrawnPart()
    test: DrawnPart = DrawnPart()


class ImagesData(SampleDataSettings):
    """Images with labels: a folder of folders, one for each class, or an NPZ file (`x`, `y`).

    Attributes:
        path: The folder or the file.
    """

    kind: Literal["images"]
    path: Path
    scale: bool = True
    validation: DrawnPart = DrawnPart()
    test: DrawnPart = DrawnPart()


class MnistData(SampleDataSettings):
    """The handwritten digits of MNIST.

    Attributes:
        path: A copy of `mnist.npz`; null is what Keras fetches.
    """

    kind: Literal["mnist"]
    path: Path | None = None
    scale: bool = True
    validation: DrawnPart = DrawnPart(fraction=0.02)


class AnnuliData(SampleDataSettings):
    """Points of a ball (class `inner`) and of a shell around it (class `outer`), as many of each.

    No flow separates them: it cannot tear the shell (Dupont et al. 2019, section 3).

    Attributes:
        samples: The number of points of both classes together.
        dimension: The dimension of the space; null is 2 for annuli, 3 for nested_spheres.
        radii: The radius of the ball, then the inner and the outer radius of the shell.
    """

    kind: Literal["annuli", "nested_spheres"]
    samples: int = Field(1500, ge=10, le=1_000_000)
    dimension: PositiveInt | None = None
    radii: tuple[PositiveFloat, PositiveFloat, PositiveFloat] = (0.5, 1.0, 1.5)
    scale: bool = False
    validation: DrawnPart = DrawnPart()
    test: DrawnPart = DrawnPart(fraction=0.2)


@dataclass(frozen=True)
class DataKind:
    """A kind of data.

    Attributes:
        name: The name that a user gives as `data.kind`.
        settings: The class of its settings: `TrajectoryDataSettings` or `SampleDataSettings`.
        reader: A function, as `module:attribute`, that makes `TrajectoryData` or `SampleData`. Its
            arguments are the settings by name, without `kind`, `scale`, `validation` and `test`.
        seeded: True if the reader draws at random, and takes `seed` as well.
        suffixes: Endings of the files that are taken for data of this kind, in lower case.
        folder: True if a folder is taken for data of this kind.
        arrays: A file in which one of these arrays is found is taken for data of this kind.
    """

    name: str
    settings: type[DataSettings]
    reader: str
    seeded: bool = False
    suffixes: tuple[str, ...] = ()
    folder: bool = False
    arrays: tuple[str, ...] = ()

    def read(self, settings: DataSettings, seed: int) -> Any:
        """Reads the data, or draws or simulates it.

        Args:
            settings: Settings of this kind.
            seed: The seed of what is drawn.

        Raises:
            UsageError: If the data cannot be read.
        """
        arguments = dict(settings)
        for name in ("kind", "scale", "validation", "test"):
            arguments.pop(name, None)
        return load(self.reader)(**arguments, **({"seed": seed} if self.seeded else {}))


_HERE = "nodelens.datasets."
DATA = table(
    DataKind("simulated", SimulatedData, _HERE + "simulation:simulate", seeded=True),
    DataKind("csv", CsvData, _HERE + "csv_files:read_csv", suffixes=(".csv", ".tsv", ".txt")),
    DataKind("npz", ArrayData, _HERE + "numpy_files:read_arrays", suffixes=(".npz",)),
    DataKind("npy", ArrayData, _HERE + "numpy_files:read_arrays", suffixes=(".npy",)),
    DataKind("samples", SamplesData, _HERE + "sample_files:read_samples", arrays=("x", "x_train")),
    DataKind("images", ImagesData, _HERE + "sample_files:read_images", folder=True),
    DataKind("mnist", MnistData, _HERE + "sample_files:read_mnist"),
    DataKind("annuli", AnnuliData, _HERE + "annuli:annuli", seeded=True),
    DataKind("nested_spheres", AnnuliData, _HERE + "annuli:nested_spheres", seeded=True),
)
DataChoice = Annotated[DataSettings, KindIn(DATA)]


def read_data(settings: DataSettings, seed: int) -> Any:
    """Reads the data that settings describe; see `DataKind.read`."""
    return DATA[settings.kind].read(settings, seed)
