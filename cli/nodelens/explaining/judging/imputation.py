"""Filling in the pixels that are taken out of a picture, so that the hole is no information."""

import numpy as np

SIDE, CORNER = 1 / 6, 1 / 12
"""Weights of a neighbour beside a pixel and of one across its corner."""
NOISE = 0.01
"""Standard deviation of the noise, as a share of that of the picture."""

_NEIGHBOURS = tuple((y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if y or x)


def impute(image: np.ndarray, missing: np.ndarray, *, seed: int = 0) -> np.ndarray:
    r"""Fills in pixels by noisy linear imputation: each is the mean of its neighbours, and noise.

    $x_i = \sum_j w_{ij} x_j + \epsilon_i$ over the eight neighbours, $w$ being 1/6 at a side and
    1/12 at a corner, scaled to a sum of one at the border; the equations of all missing pixels are
    solved together (Rong et al. 2022, section 5.1, ROAD). A classifier cannot tell the shape of the
    hole from such a filling as it can from a grey one.

    Args:
        image: The picture, `(h, w, channels)`.
        missing: True at the pixels that are filled in, bool `(h, w)`; not everywhere.
        seed: Seed of the noise.

    Returns:
        The picture, filled in.
    """
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import splu

    count = int(missing.sum())
    if not count:
        return image
    number = np.full(missing.shape, -1)
    number[missing] = np.arange(count)
    y, x = np.nonzero(missing)
    diagonal, known = np.zeros(count), np.zeros((count, image.shape[-1]))
    rows, columns, values = [], [], []
    for down, right in _NEIGHBOURS:
        weight = CORNER if down and right else SIDE
        inside = (y + down >= 0) & (y + down < image.shape[0])
        inside &= (x + right >= 0) & (x + right < image.shape[1])
        (here,) = np.nonzero(inside)
        there = y[here] + down, x[here] + right
        diagonal[here] += weight
        unknown = missing[there]
        rows.append(here[unknown])
        columns.append(number[there][unknown])
        values.append(np.full(unknown.sum(), -weight))
        known[here[~unknown]] += weight * image[there][~unknown]
    everywhere = np.arange(count)
    matrix = csc_array(
        (
            np.concatenate([*values, diagonal]),
            (np.concatenate([*rows, everywhere]), np.concatenate([*columns, everywhere])),
        ),
        shape=(count, count),
    )
    # The matrix is symmetric and dominated by its diagonal: no pivots need to be looked for.
    solver = splu(
        matrix,
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    noise = np.random.default_rng(seed).standard_normal(known.shape) * NOISE * image.std()
    filled = image.copy()
    filled[missing] = solver.solve(known) + noise
    return filled
