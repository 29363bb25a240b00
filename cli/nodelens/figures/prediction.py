"""The figure of a prediction: each component over time."""

import numpy as np

from nodelens.figures.style import SERIES, new_figure, tidy, to_png


def draw_prediction(
    title: str, components: tuple[str, ...], times: np.ndarray, states: np.ndarray
) -> bytes:
    """Draws predicted trajectories.

    Args:
        title: The run that predicts.
        components: The names of the components of the state.
        times: Shape [times].
        states: Shape [trajectories, times, dimension].

    Returns:
        The bytes of a PNG file.
    """
    count = len(components)
    figure = new_figure(9.0, 1.4 + 1.7 * count)
    rows = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
    for index, (axes, name) in enumerate(zip(rows, components, strict=True)):
        axes.plot(times, states[:, :, index].T, color=SERIES[index % len(SERIES)], linewidth=1.3)
        tidy(axes, name, "time t" if index == count - 1 else "")
    figure.suptitle(title, fontsize=12)
    return to_png(figure)
