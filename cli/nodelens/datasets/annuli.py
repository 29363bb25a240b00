"""Nested spheres: the samples that a plain Neural ODE cannot separate."""

import numpy as np

from nodelens.datasets.samples import SampleData, Samples
from nodelens.errors import UsageError

Radii = tuple[float, float, float]


def annuli(samples: int, dimension: int | None, radii: Radii, seed: int) -> SampleData:
    """Draws points of a disc and of a ring around it: `nested_spheres` in the plane.

    Raises:
        UsageError: If another dimension is given, or the radii do not increase.
    """
    if dimension not in (None, 2):
        raise UsageError(
            "annuli lie in a plane", hint="use data.kind=nested_spheres for data.dimension"
        )
    return nested_spheres(samples, 2, radii, seed)


def nested_spheres(samples: int, dimension: int | None, radii: Radii, seed: int) -> SampleData:
    """Draws points of a ball (label 0) and of a shell around it (label 1), as many of each.

    In two dimensions these are concentric annuli (Dupont et al. 2019, section 3.2): class 0 has
    |x| ≤ r₁, class 1 has r₂ ≤ |x| ≤ r₃, uniform over the volume.

    Args:
        samples: The number of samples in all.
        dimension: The dimension of the space; None is 3.
        radii: r₁ ≤ r₂ < r₃.
        seed: The seed of the draw.

    Raises:
        UsageError: If the radii do not increase.
    """
    dimension = dimension or 3
    inner, near, far = radii
    if not inner < near < far:
        raise UsageError(
            f"data.radii {list(radii)} do not increase",
            hint="the radius of the ball, then the inner and the outer radius of the shell",
        )
    generator = np.random.default_rng(seed)
    y = (np.arange(samples) % 2).astype(np.int32)
    direction = generator.normal(size=(samples, dimension))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    low = np.where(y == 0, 0.0, near) ** dimension
    high = np.where(y == 0, inner, far) ** dimension
    radius = (low + generator.uniform(size=samples) * (high - low)) ** (1 / dimension)
    x = (direction * radius[:, None]).astype(np.float32)
    title = "concentric annuli" if dimension == 2 else f"nested spheres in {dimension} dimensions"
    return SampleData(
        Samples(x, y, ("inner", "outer")), None, title, f"drawn uniformly with seed {seed}"
    )
