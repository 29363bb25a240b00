"""The curves that the figures of `adjoint-check` show, as plain data without Matplotlib."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Series:
    """One curve of a study.

    Attributes:
        name: The adjoint.
        x: The abscissae.
        y: The ordinates; NaN where a solve failed.
        nfe: Evaluations of the field, forward and backward, at each point; 0 where a solve failed,
            and None where they are not counted.
        slope: Of log y over log x, where that means something.
        seconds: The time of a gradient at each point, where it is measured.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    nfe: tuple[int, ...] | None
    slope: float | None = None
    seconds: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Study:
    """The outcome of a study.

    Attributes:
        name: `order`, `stiffness`, `drift` or `memory`.
        problem: The problem that was solved.
        x_label: The meaning of the abscissae.
        y_label: The meaning of the ordinates.
        series: A curve for each adjoint.
        limit: A level of y that is drawn, if there is one.
        sentences: The conclusions.
    """

    name: str
    problem: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    limit: float | None
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class ProofCurves:
    """The curves of the proof.

    Attributes:
        name: The problem.
        times: Where the curves are evaluated, shape [points].
        adjoint: a_z(t), shape [points, size].
        integrand: a_zᵀ ∂f/∂θ, shape [points, parameters].
        steps: ε.
        errors: ‖(a(t+ε) − a(t))/ε + a ∂g/∂Z‖ / ‖a ∂g/∂Z‖ for each ε.
        order: The slope of the errors.
    """

    name: str
    times: np.ndarray
    adjoint: np.ndarray
    integrand: np.ndarray
    steps: np.ndarray
    errors: np.ndarray
    order: float
