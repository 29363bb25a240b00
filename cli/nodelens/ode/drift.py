"""The warning about a gradient whose backward solve is off."""

import warnings

import tensorflow as tf

from nodelens.ode.adjoints.base import Adjoint
from nodelens.ode.status import DRIFT_LIMIT


class DriftWarning(UserWarning):
    """A backward solve whose states are off, so that its gradient is not to be trusted."""


def warn_of_drift(adjoint: Adjoint, drift: tf.Tensor) -> None:
    """Warns if the states of a backward solve are not those of the forward solve."""
    worst = float(tf.reduce_max(drift))
    if not worst <= DRIFT_LIMIT:
        warnings.warn(
            f"{adjoint.strayed[0].upper()}{adjoint.strayed[1:]} by {worst:.1e} of the size of the "
            f"state (limit {DRIFT_LIMIT:.0e}): the gradient of {type(adjoint).__name__} is not "
            "reliable here. Use adjoint='discrete', or tighten rtol and atol.",
            DriftWarning,
            stacklevel=2,
        )
