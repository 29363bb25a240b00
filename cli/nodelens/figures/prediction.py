"""The figure of a prediction: each component over time."""

from nodelens.figures.over_time import OverTime
from nodelens.figures.style import new_figure, to_png


def draw_prediction(title: str, picture: OverTime) -> bytes:
    """Draws predicted trajectories, and data beside them.

    Args:
        title: The run that predicts.
        picture: The trajectories.

    Returns:
        The bytes of a PNG file.
    """
    panels = picture.panels
    figure = new_figure(9.0 if panels.columns == 1 else 12.0, 1.6 + 1.9 * panels.rows)
    picture.draw(panels.place(figure))
    figure.suptitle(title, fontsize=12)
    return to_png(figure)
