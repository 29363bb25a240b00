"""The ranges of axes: what can share one, and how far a model may widen that of the data."""

from dataclasses import dataclass

import numpy as np

FLAT = 0.05
"""A component that moves by less than this part of an axis looks constant on it."""
SIMILAR = 3.0
"""Two quantities are of comparable size if neither moves more than this many times the other."""
MARGIN = 0.05
LEAST = 1e-5  # the smallest extent of data, in parts of its values


def extents(values: np.ndarray) -> np.ndarray:
    """Returns by how much each component varies, 0 without a value; values [points, dimension]."""
    finite = np.where(np.isfinite(values), values, np.nan)
    seen = finite[:, np.isfinite(finite).any(axis=0)]
    found = np.zeros(values.shape[1])
    found[np.isfinite(finite).any(axis=0)] = np.nanmax(seen, axis=0) - np.nanmin(seen, axis=0)
    return found


def share_axes(values: np.ndarray) -> bool:
    """True if no component that moves looks constant on axes that hold all of them.

    Args:
        values: Shape [points, dimension], NaN where there is none.
    """
    finite = values[np.isfinite(values)]
    each = extents(values)
    return bool(np.all((each == 0) | (each >= FLAT * (finite.max() - finite.min()))))


def comparable(values: np.ndarray) -> bool:
    """True if the first two components move by about as much; values [points, dimension]."""
    one, other = extents(values)[:2]
    return bool(0 < one <= SIMILAR * other and other <= SIMILAR * one)


@dataclass(frozen=True)
class Range:
    """The range of an axis.

    Attributes:
        low: Its lower end.
        high: Its upper end.
        leaves: True if the model goes beyond it.
    """

    low: float
    high: float
    leaves: bool


def data_range(data: np.ndarray, model: np.ndarray, room: float) -> Range:
    """Finds the range that shows all data, and the model as far as it stays near it.

    Args:
        data: Values of any shape; NaN where there is none.
        model: The values of the model, likewise.
        room: How far the model widens the range of the data to either side, in its extents.
    """
    data, model = data[np.isfinite(data)], model[np.isfinite(model)]
    shown = np.concatenate([data, model])
    if not len(shown):
        return Range(-1.0, 1.0, False)
    low, high = float(shown.min()), float(shown.max())
    leaves = False
    if len(data):
        least, most = float(data.min()), float(data.max())
        # Data that hardly varies is surrounded by room for the rounding errors of a model.
        extent = max(most - least, LEAST * max(abs(least), abs(most))) if most > least else 0.0
        extent = extent or abs(most) or np.inf
        allowed = least - room * extent, most + room * extent
        leaves = low < allowed[0] or high > allowed[1]
        low, high = max(low, allowed[0]), min(high, allowed[1])
    margin = MARGIN * ((high - low) or abs(high) or 1.0)
    return Range(low - margin, high + margin, leaves)
