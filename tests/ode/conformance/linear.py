"""Linear systems: exact states by the matrix exponential."""

import numpy as np
import tensorflow as tf
from scipy.linalg import expm
from tests.ode.conformance.exact import ExactProblem, array

from nodelens.ode.problems import LinearProblem


def _flow_of(matrix: np.ndarray, z0: np.ndarray, times: np.ndarray) -> np.ndarray:
    """States [copies, count, size] of dz/dt = A z, for A of shape [copies, size, size]."""
    spans = (times - times[:, :1])[..., None, None]
    return np.einsum("ncij,nj->nci", expm(matrix[:, None] * spans), z0)


def linear_flow(z0: np.ndarray, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The flow of dz/dt = A z, with all of A in theta."""
    return _flow_of(theta.reshape(-1, z0.shape[1], z0.shape[1]), z0, times)


def _fixed(name: str, title: str, matrix: np.ndarray, z0: np.ndarray, end: float) -> ExactProblem:
    """A system whose matrix is no parameter."""

    def flow(z0: np.ndarray, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
        spans, index = np.unique(times - times[:, :1], return_inverse=True)
        moved = expm(matrix * spans[:, None, None])[index.reshape(times.shape)]
        return np.einsum("ncij,nj->nci", moved, z0)

    return ExactProblem(
        name=name,
        title=title,
        vector_field=lambda t, z, params: tf.linalg.matvec(matrix, z),
        z0=z0,
        times=np.linspace(0.0, end, 4),
        params=(),
        flow=flow,
        limit=1e-5,
        tolerance=1e-7,
    )


def _decay_chain() -> np.ndarray:
    matrix = -np.eye(10) + np.eye(10, k=-1)
    matrix[-1, -1] = 0.0
    return matrix


def _density_field(t: tf.Tensor, z: tf.Tensor, params: list[tf.Tensor]) -> tf.Tensor:
    del t
    matrix, shift = params
    flow = tf.linalg.matvec(matrix, z[:-1]) + shift
    return tf.concat([flow, -tf.linalg.trace(matrix)[None]], 0)


def _density_flow(z0: np.ndarray, theta: np.ndarray, times: np.ndarray) -> np.ndarray:
    # (z, 1) obeys a linear system; the log-density falls by the trace.
    size = z0.shape[1] - 1
    matrix = theta[:, : size**2].reshape(-1, size, size)
    zero = np.zeros((len(z0), 1, size + 1))
    affine = np.concatenate([matrix, theta[:, size**2 :, None]], axis=2)
    start = np.concatenate([z0[:, :size], np.ones((len(z0), 1))], axis=1)
    moved = _flow_of(np.concatenate([affine, zero], axis=1), start, times)[..., :size]
    fall = np.trace(matrix, axis1=1, axis2=2)[:, None] * (times - times[:, :1])
    return np.concatenate([moved, (z0[:, -1:] - fall)[..., None]], axis=2)


_L2 = LinearProblem.random(size=10, count=4)

LINEAR = (
    ExactProblem(
        name="L2",
        title="dz/dt = A z, ten components",
        vector_field=LinearProblem.vector_field,
        z0=_L2.z0,
        times=_L2.times,
        params=(_L2.matrix,),
        flow=linear_flow,
        limit=1e-5,
    ),
    _fixed(
        "B2",
        "DETEST B2, a linear chemical reaction",
        array([[-1, 1, 0], [1, -2, 1], [0, 1, -1]]),
        array([2, 0, 1]),
        20.0,
    ),
    _fixed("C1", "DETEST C1, a radioactive decay chain", _decay_chain(), np.eye(10)[0], 20.0),
    _fixed(
        "C4",
        "DETEST C4, the heat equation on 51 points",
        np.eye(51, k=1) + np.eye(51, k=-1) - 2 * np.eye(51),
        np.eye(51)[0],
        20.0,
    ),
    ExactProblem(
        name="C1x",
        title="the flow dz/dt = A z + b and the log-density that it carries",
        vector_field=_density_field,
        z0=array([0.4, -0.9, 0.2]),
        times=array([0.0, 0.5, 1.0]),
        params=(array([[-0.6, 1.1], [-0.7, 0.2]]), array([0.3, -0.2])),
        flow=_density_flow,
        limit=1e-5,
    ),
)
