"""The figure of a study: a curve for each adjoint, both axes logarithmic."""

from matplotlib.figure import Figure

from nodelens.figures.adjoint_curves import Study
from nodelens.figures.style import INK, MUTED, SERIES, new_figure, tidy

TITLES = {
    "order": "The error falls with the tolerance",
    "stiffness": "The error rises with stiffness",
    "memory": "What each step costs in memory",
    "drift": "The state solved backwards drifts away",
}
WRONG = 10.0
MARKS = ("o", "s", "^", "D", "v")


def draw_study(study: Study) -> Figure:
    """Draws the curves of a study.

    Args:
        study: The curves.

    Returns:
        The figure.
    """
    figure = new_figure(6.4, 4.2)
    axes = figure.subplots()
    for number, each in enumerate(study.series):
        slope = "" if each.slope is None else f" (slope {each.slope:.2f})"
        axes.loglog(
            each.x,
            each.y,
            marker=MARKS[number % len(MARKS)],
            color=SERIES[number % len(SERIES)],
            ls="-" if number < len(SERIES) else "--",
            # Curves that coincide are distinguished by the sizes of their marks.
            ms=8 - number,
            lw=1.4,
            label=each.name + (slope if study.name == "order" else ""),
        )
    # Beyond ten times the gradient itself the size of the error has no meaning.
    shown = [y for each in study.series for y in each.y if y > 0]
    if study.name != "memory" and max(shown, default=0) > WRONG:
        axes.set_ylim(bottom=min(shown) / 10, top=WRONG)
    if study.limit is not None:
        axes.axhline(study.limit, color=MUTED, lw=1, ls="--")
    axes.legend(frameon=False, fontsize=9, labelcolor=INK)
    title = f"{TITLES[study.name]}: {study.problem}"
    tidy(axes, title, study.x_label, study.y_label)
    return figure
