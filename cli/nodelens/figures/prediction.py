"""The picture of a prediction: each component over time."""

from dataclasses import dataclass

import numpy as np

from nodelens.figures.style import SERIES, new_figure, tidy, to_png


@dataclass(frozen=True)
class PredictionPicture:
    """What the picture shows.

    Attributes:
        title: What was predicted.
        components: The names of the components of the state.
        times: Shape [times].
        states: Shape [trajectories, times, dimension].
    """

    title: str
    components: tuple[str, ...]
    times: np.ndarray
    states: np.ndarray


def draw_prediction(picture: PredictionPicture) -> bytes:
    """Draws the picture.

    Args:
        picture: What it shows.

    Returns:
        The bytes of a PNG file.
    """
    count = len(picture.components)
    figure = new_figure(9.0, 1.4 + 1.7 * count)
    rows = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
    for index, (axes, name) in enumerate(zip(rows, picture.components, strict=True)):
        for states in picture.states:
            axes.plot(
                picture.times, states[:, index], color=SERIES[index % len(SERIES)], linewidth=1.3
            )
        tidy(axes, name, "time t" if index == count - 1 else "")
    figure.suptitle(picture.title, fontsize=12)
    return to_png(figure)
