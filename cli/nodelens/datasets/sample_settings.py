"""What may be set for the data of `train-ode` where samples x have an answer y each."""

from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from nodelens.settings.base import Settings


class DrawnPart(Settings):
    """A share of the samples, drawn at random; of labels the same share of every class."""

    fraction: float = Field(0.1, ge=0, lt=1)


class SamplesData(Settings):
    """An NPZ file with arrays `x` and `y`: whole numbers are labels, others are values to fit.

    Further arrays `x_test` and `y_test`, if there are any, are the test part. `scale` takes mean
    and scale of the training part out of x, and of y where y are values.
    """

    kind: Literal["samples"]
    path: Path
    scale: bool = True
    validation: DrawnPart = DrawnPart()
    test: DrawnPart = DrawnPart()


class ImagesData(Settings):
    """Images with labels: a folder of folders, one for each class, or an NPZ file (`x`, `y`)."""

    kind: Literal["images"]
    path: Path
    scale: bool = True
    validation: DrawnPart = DrawnPart()
    test: DrawnPart = DrawnPart()


class MnistData(Settings):
    """The handwritten digits of MNIST: a copy of `mnist.npz` at `path`, else what Keras fetches."""

    kind: Literal["mnist"]
    path: Path | None = None
    scale: bool = True
    validation: DrawnPart = DrawnPart(fraction=0.02)


class AnnuliData(Settings):
    """Points of a disc (class `inner`) and of a ring around it (class `outer`), as many of each.

    No flow of the plane separates them: it cannot tear the ring (Dupont et al. 2019, section 3).
    `radii` are those of the disc and of the inner and outer edge of the ring. `kind:
    nested_spheres` is the same in `dimension` dimensions.
    """

    kind: Literal["annuli", "nested_spheres"]
    samples: int = Field(1500, ge=10, le=1_000_000)
    dimension: PositiveInt | None = None
    radii: tuple[PositiveFloat, PositiveFloat, PositiveFloat] = (0.5, 1.0, 1.5)
    scale: bool = False
    validation: DrawnPart = DrawnPart()
    test: DrawnPart = DrawnPart(fraction=0.2)


SampleDataSettings = SamplesData | ImagesData | MnistData | AnnuliData
