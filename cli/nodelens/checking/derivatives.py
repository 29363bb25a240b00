"""The derivatives of a field itself: its tape against central differences of its values.

The solvers and adjoints are made of these derivatives. A wrong one, of a gradient written by hand
for instance, makes every gradient wrong; and ∂f/∂t, which no gradient of a solve needs, is wrong
unseen.
"""

import numpy as np

from nodelens.checking.directions import choose_directions
from nodelens.checking.problem import CheckProblem, Layout
from nodelens.checking.referees import difference_steps, extrapolate, reaches
from nodelens.checking.results import Check

METHOD = "tape of f"
_ROUNDING = 1e3


def check_derivatives(problem: CheckProblem, t: float, z: np.ndarray, seed: int = 0) -> list[Check]:
    """Compares ∂f/∂z, ∂f/∂θ and ∂f/∂t at one point with central differences of f.

    Args:
        problem: The problem.
        t: The time.
        z: The state, flat.
        seed: That of the directions in large blocks.

    Returns:
        A check for each block: `field.z`, `field.theta.NAME`, `field.t`.
    """
    layout = Layout(z.size, problem.layout.variables, 1)
    directions = choose_directions(layout, seed)
    f, by_z, by_theta, by_t = problem.plain.jacobians(t, z, problem.theta)
    found = directions.rows @ np.hstack([by_z, by_theta, by_t[:, None]]).T
    steps = difference_steps(problem)
    offsets = np.concatenate([[step, -step] for step in steps])
    point = np.concatenate([z, problem.theta, [t]])
    reach = reaches(problem, directions)[:, None]
    points = (point + offsets[:, None, None] * reach * directions.rows).reshape(-1, point.size)
    values = problem.plain.copies(points[:, -1], points[:, : z.size], points[:, z.size : -1])
    values = values.reshape(len(steps), 2, *found.shape)
    expected, change = (each / reach for each in extrapolate(values, steps))
    epsilon = problem.plain.epsilon
    noise = epsilon * np.abs(f).max() * (10 / (steps[-1] * reach) + _ROUNDING)
    checks = []
    for block, rows in directions.parts:
        name = {"z0": "z", "t1": "t"}.get(block.name, block.name)
        actual, reference = found[rows], expected[rows]
        allowed = 3 * float(np.linalg.norm(change[rows] + noise[rows]))
        allowed += _ROUNDING * epsilon * float(np.linalg.norm(reference))
        checks.append(
            Check.comparing(
                actual,
                reference,
                allowed=allowed,
                problem=problem.name,
                block=f"field.{name}",
                shape=block.shape,
                method=METHOD,
                reference="differences of f",
            )
        )
    return checks
