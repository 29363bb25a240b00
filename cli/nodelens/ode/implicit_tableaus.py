"""The diagonally implicit Runge-Kutta methods; a row holds its diagonal coefficient last."""

from nodelens.ode.tableau import Tableau

IMPLICIT_EULER = Tableau(name="implicit_euler", order=1, a=((1.0,),), b=(1.0,), c=(1.0,))


def _kvaerno3() -> Tableau:
    """Makes the 3(2) pair of Kvaerno (2004): L-stable, its last stage is the solution.

    "Singly diagonally implicit Runge-Kutta methods with an explicit first stage".
    """
    g = 0.43586652150845967
    a31 = (-4 * g**2 + 6 * g - 1) / (4 * g)
    a32 = (1 - 2 * g) / (4 * g)
    b = ((6 * g - 1) / (12 * g), -1 / ((24 * g - 12) * g), (-6 * g**2 + 6 * g - 1) / (6 * g - 3), g)
    return Tableau(
        name="kvaerno3",
        order=3,
        a=((), (g, g), (a31, a32, g), b),
        b=b,
        c=(0.0, 2 * g, 1.0, 1.0),
        error=(b[0] - a31, b[1] - a32, b[2] - g, g),
        error_order=2,
    )


def _kencarp5() -> Tableau:
    """Makes the implicit half of ARK5(4)8L[2]SA of Kennedy and Carpenter (2003).

    Additive Runge-Kutta schemes for convection-diffusion-reaction equations. L-stable of order
    five, its last stage is the solution, and all stages lie inside the step.
    """
    g = 41 / 200
    b = (
        -872700587467 / 9133579230613,
        0.0,
        0.0,
        22348218063261 / 9555858737531,
        -1143369518992 / 8141816002931,
        -39379526789629 / 19018526304540,
        32727382324388 / 42900044865799,
        g,
    )
    b_hat = (
        -975461918565 / 9796059967033,
        0.0,
        0.0,
        78070527104295 / 32432590147079,
        -548382580838 / 3424219808633,
        -33438840321285 / 15594753105479,
        3629800801594 / 4656183773603,
        4035322873751 / 18575991585200,
    )
    rows = (
        (),
        (g, g),
        (41 / 400, -567603406766 / 11931857230679, g),
        (683785636431 / 9252920307686, 0.0, -110385047103 / 1367015193373, g),
        (
            3016520224154 / 10081342136671,
            0.0,
            30586259806659 / 12414158314087,
            -22760509404356 / 11113319521817,
            g,
        ),
        (
            218866479029 / 1489978393911,
            0.0,
            638256894668 / 5436446318841,
            -1179710474555 / 5321154724896,
            -60928119172 / 8023461067671,
            g,
        ),
        (
            1020004230633 / 5715676835656,
            0.0,
            25762820946817 / 25263940353407,
            -2161375909145 / 9755907335909,
            -211217309593 / 5846859502534,
            -4269925059573 / 7827059040719,
            g,
        ),
        b,
    )
    return Tableau(
        name="kencarp5",
        order=5,
        a=rows,
        b=b,
        c=(
            0.0,
            41 / 100,
            2935347310677 / 11292855782101,
            1426016391358 / 7196633302097,
            92 / 100,
            24 / 100,
            3 / 5,
            1.0,
        ),
        error=tuple(x - y for x, y in zip(b, b_hat, strict=True)),
        error_order=4,
    )


KVAERNO3 = _kvaerno3()
KENCARP5 = _kencarp5()
