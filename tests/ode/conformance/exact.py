"""What an initial value problem with a known solution is, and its exact gradients."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nodelens.ode.problems import ExactGradients, Flow

_STEP = 1e-30


@dataclass(frozen=True)
class ExactProblem:
    """An initial value problem whose solution is known in closed form.

    Args:
        name: Its name in the conformance list.
        title: What it is.
        vector_field: f(t, z, params) of TensorFlow operations, `params` being a list.
        z0: Initial state, shape [size].
        times: Requested times, shape [count].
        params: The parameters.
        flow: The exact states.
        limit: Largest error of states and gradients with dopri5 in float64, relative to the largest
            component where that is above one.
        tolerance: The rtol and atol at which the limit holds. Below 1e-6 for a problem that
            magnifies the error of each step (SciPy's RK45 then errs as much), or whose exact
            gradient differs more from that of a few large steps.
        analytic: Whether the flow takes complex numbers and general z0, so that it can be
            differentiated.
    """

    name: str
    title: str
    vector_field: Callable[..., Any]
    z0: np.ndarray
    times: np.ndarray
    params: tuple[np.ndarray, ...]
    flow: Flow
    limit: float
    tolerance: float = 1e-6
    analytic: bool = True

    def states(self) -> np.ndarray:
        """Returns z(t_i), shape [count, size]."""
        theta = np.concatenate([np.zeros(0), *map(np.ravel, self.params)])
        return self.flow(self.z0[None], theta[None], self.times[None])[0]

    def gradients(self, weights: np.ndarray) -> ExactGradients:
        """Returns the exact gradients of L = sum_i <weights_i, z(t_i)>.

        By a complex step, Im L(x + ih e_j) / h: no cancellation, exact to rounding (Squire and
        Trapp 1998).

        Args:
            weights: The cotangents, shape [count, size].
        """
        sizes = [self.z0.size, *(x.size for x in self.params), self.times.size]
        point = np.concatenate([self.z0, *map(np.ravel, self.params), self.times])
        stepped = point + 1j * _STEP * np.eye(point.size)
        z0, theta, times = np.split(stepped, [sizes[0], sum(sizes[:-1])], axis=1)
        change = np.einsum("nts,ts->n", self.flow(z0, theta, times), weights).imag / _STEP
        by_z0, *by_params, by_times = np.split(change, np.cumsum(sizes)[:-1])
        shaped = (x.reshape(p.shape) for x, p in zip(by_params, self.params, strict=True))
        return ExactGradients(self.states(), by_z0, tuple(shaped), by_times)


def array(values: Sequence[Any] | float) -> np.ndarray:
    """Returns a float64 array."""
    return np.array(values, np.float64)
