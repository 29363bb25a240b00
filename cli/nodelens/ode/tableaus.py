"""The explicit Runge-Kutta methods of order up to five: a new solver is a new tableau."""

from fractions import Fraction as F

from nodelens.ode.tableau import Tableau


def _tableau(
    name: str,
    order: int,
    a: list[list[F]],
    b: list[F],
    b_hat: list[F] | None = None,
    error_order: int = 0,
    dense: list[list[float]] | None = None,
    dense_order: int = 3,
) -> Tableau:
    """Builds a tableau from exact fractions; c follows from the row sums of a.

    An adaptive method whose last stage is not f(t + h, y_1) gets that stage appended: the next step
    starts with it, so it costs no evaluation, and the Hermite interpolant needs it.
    """
    rows = [[], *a]
    error = None if b_hat is None else [x - y for x, y in zip(b, b_hat, strict=True)]
    if error is not None and not (b[-1] == 0 and rows[-1] == b[:-1]):
        rows, b, error = [*rows, b], [*b, F(0)], [*error, F(0)]
    return Tableau(
        name=name,
        order=order,
        a=tuple(tuple(float(x) for x in row) for row in rows),
        b=tuple(float(x) for x in b),
        c=tuple(float(sum(row, F(0))) for row in rows),
        error=None if error is None else tuple(float(x) for x in error),
        error_order=error_order,
        dense=None if dense is None else tuple(tuple(row) for row in dense),
        dense_order=dense_order,
    )


EULER = _tableau("euler", 1, [], [F(1)])
MIDPOINT = _tableau("midpoint", 2, [[F(1, 2)]], [F(0), F(1)])
HEUN = _tableau("heun", 2, [[F(1)]], [F(1, 2), F(1, 2)])
RALSTON = _tableau("ralston", 2, [[F(2, 3)]], [F(1, 4), F(3, 4)])
RK4 = _tableau(
    "rk4",
    4,
    [[F(1, 2)], [F(0), F(1, 2)], [F(0), F(0), F(1)]],
    [F(1, 6), F(1, 3), F(1, 3), F(1, 6)],
)
RK4_38 = _tableau(
    "rk4_38",
    4,
    [[F(1, 3)], [F(-1, 3), F(1)], [F(1), F(-1), F(1)]],
    [F(1, 8), F(3, 8), F(3, 8), F(1, 8)],
)
HEUN_EULER = _tableau(
    "heun_euler", 2, [[F(1)]], [F(1, 2), F(1, 2)], b_hat=[F(1), F(0)], error_order=1
)
# Bogacki and Shampine (1989), "A 3(2) pair of Runge-Kutta formulas".
BOSH3 = _tableau(
    "bosh3",
    3,
    [[F(1, 2)], [F(0), F(3, 4)], [F(2, 9), F(1, 3), F(4, 9)]],
    [F(2, 9), F(1, 3), F(4, 9), F(0)],
    b_hat=[F(7, 24), F(1, 4), F(1, 3), F(1, 8)],
    error_order=2,
)
# Fehlberg (1969), the 4(5) pair, propagating the fourth-order solution as published.
FEHLBERG = _tableau(
    "fehlberg",
    4,
    [
        [F(1, 4)],
        [F(3, 32), F(9, 32)],
        [F(1932, 2197), F(-7200, 2197), F(7296, 2197)],
        [F(439, 216), F(-8), F(3680, 513), F(-845, 4104)],
        [F(-8, 27), F(2), F(-3544, 2565), F(1859, 4104), F(-11, 40)],
    ],
    [F(25, 216), F(0), F(1408, 2565), F(2197, 4104), F(-1, 5), F(0)],
    b_hat=[F(16, 135), F(0), F(6656, 12825), F(28561, 56430), F(-9, 50), F(2, 55)],
    error_order=4,
)
# Dormand and Prince (1980), RK5(4)7M, with Shampine's fourth-order interpolant (1986).
DOPRI5 = _tableau(
    "dopri5",
    5,
    [
        [F(1, 5)],
        [F(3, 40), F(9, 40)],
        [F(44, 45), F(-56, 15), F(32, 9)],
        [F(19372, 6561), F(-25360, 2187), F(64448, 6561), F(-212, 729)],
        [F(9017, 3168), F(-355, 33), F(46732, 5247), F(49, 176), F(-5103, 18656)],
        [F(35, 384), F(0), F(500, 1113), F(125, 192), F(-2187, 6784), F(11, 84)],
    ],
    [F(35, 384), F(0), F(500, 1113), F(125, 192), F(-2187, 6784), F(11, 84), F(0)],
    # The companion of Shampine (1986), Some practical Runge-Kutta formulas, Math. Comp. 46. Other
    # Neural-ODE solvers use it too, so that a tolerance means here what it means there.
    b_hat=[
        F(1951, 21600),
        F(0),
        F(22642, 50085),
        F(451, 720),
        F(-12231, 42400),
        F(649, 6300),
        F(1, 60),
    ],
    error_order=4,
    dense=[
        [1.0, -8048581381 / 2820520608, 8663915743 / 2820520608, -12715105075 / 11282082432],
        [0.0, 0.0, 0.0, 0.0],
        [0.0, 131558114200 / 32700410799, -68118460800 / 10900136933, 87487479700 / 32700410799],
        [0.0, -1754552775 / 470086768, 14199869525 / 1410260304, -10690763975 / 1880347072],
        [0.0, 127303824393 / 49829197408, -318862633887 / 49829197408, 701980252875 / 199316789632],
        [0.0, -282668133 / 205662961, 2019193451 / 616988883, -1453857185 / 822651844],
        [0.0, 40617522 / 29380423, -110615467 / 29380423, 69997945 / 29380423],
    ],
    dense_order=4,
)
