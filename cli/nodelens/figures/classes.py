"""The figure of a confusion matrix."""

from dataclasses import dataclass

import numpy as np

from nodelens.figures.style import INK, colour_bar, new_figure, tidy, to_png

MOST_NAMES = 30  # more classes have no names on the axes and no numbers in the cells
LONGEST_NAME = 14


@dataclass(frozen=True)
class ConfusionPicture:
    """A confusion matrix.

    Attributes:
        title: The network and the data.
        part: The name of the part of the data that was classified.
        classes: The names of the classes.
        matrix: The number of samples of each class (row) classified as each class (column).
    """

    title: str
    part: str
    classes: tuple[str, ...]
    matrix: np.ndarray


def draw_confusion(picture: ConfusionPicture) -> bytes:
    """Draws the confusion matrix, coloured by the fraction of each true class.

    Args:
        picture: The matrix and its names.

    Returns:
        The bytes of a PNG file.
    """
    matrix, count = picture.matrix, len(picture.classes)
    fraction = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = min(3.2 + 0.42 * count, 12.0)
    figure = new_figure(side + 0.8, side)
    axes = figure.subplots()
    image = axes.imshow(fraction, cmap="Blues", vmin=0, vmax=1)
    right, total = int(np.trace(matrix)), int(matrix.sum())
    words = f"{picture.part}: {right:,} of {total:,} correct, accuracy {right / total:.2%}"
    tidy(axes, words, "classified as", "true class")
    axes.grid(visible=False)
    if count <= MOST_NAMES:
        names = [name[:LONGEST_NAME] for name in picture.classes]
        long = max(len(name) for name in names) > 3
        axes.set_xticks(range(count), names, rotation=45 if long else 0, fontsize=8)
        axes.set_yticks(range(count), names, fontsize=8)
        for row, column in np.argwhere(matrix > 0):
            colour = "white" if fraction[row, column] > 0.5 else INK
            text = f"{matrix[row, column]:,}"
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
    colour_bar(axes, image, "fraction of the true class", shrink=0.7)
    figure.suptitle(picture.title, fontsize=11, color=INK)
    return to_png(figure)
