"""The figure of a study: a curve for each adjoint, both axes logarithmic."""

from typing import Any

from nodelens.figures.style import INK, MUTED, SERIES, new_figure, tidy, to_png

TITLES = {
    "order": "The error falls with the tolerance",
    "stiffness": "The error rises with stiffness",
    "memory": "What each step costs in memory",
    "drift": "The state solved backwards drifts away",
}
WRONG = 10.0
MARKS = ("o", "s", "^", "D", "v")


def draw_study(document: dict[str, Any]) -> bytes:
    """Draws the curves of a study.

    Args:
        document: The JSON document of `adjoint-check --study`.

    Returns:
        The bytes of a PNG file.
    """
    figure = new_figure(6.4, 4.2)
    axes = figure.subplots()
    for number, each in enumerate(document["series"]):
        slope = "" if each["slope"] is None else f" (slope {each['slope']:.2f})"
        axes.loglog(
            each["x"],
            each["y"],
            marker=MARKS[number % len(MARKS)],
            color=SERIES[number % len(SERIES)],
            ls="-" if number < len(SERIES) else "--",
            # Curves that coincide are told apart by their sizes.
            ms=8 - number,
            lw=1.4,
            label=each["name"] + (slope if document["study"] == "order" else ""),
        )
    # Beyond ten times the gradient itself nobody asks by how much it is wrong.
    shown = [y for each in document["series"] for y in each["y"] if y > 0]
    if document["study"] != "memory" and max(shown, default=0) > WRONG:
        axes.set_ylim(bottom=min(shown) / 10, top=WRONG)
    if document["limit"] is not None:
        axes.axhline(document["limit"], color=MUTED, lw=1, ls="--")
    axes.legend(frameon=False, fontsize=9, labelcolor=INK)
    title = f"{TITLES[document['study']]}: {document['problem']}"
    tidy(axes, title, document["x_label"], document["y_label"])
    return to_png(figure)
