"""A curve in one line of text."""

import itertools
import math
from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
WIDTH = 40


def sparkline(values: Sequence[float], width: int = WIDTH) -> str:
    """Draws positive numbers on a logarithmic scale, from the lowest to the highest of them.

    Args:
        values: The numbers in their order; neighbours are averaged if there are more than fit, and
            those that are not positive leave a gap.
        width: The most characters.

    Returns:
        At most `width` characters.
    """
    count = min(width, len(values))
    edges = [round(index * len(values) / count) for index in range(count + 1)] if count else []
    means = [
        math.fsum(values[start:end]) / (end - start) for start, end in itertools.pairwise(edges)
    ]
    heights = [math.log(mean) if 0 < mean < math.inf else math.nan for mean in means]
    known = [height for height in heights if math.isfinite(height)]
    low, span = (min(known), max(known) - min(known)) if known else (0.0, 0.0)

    def bar(height: float) -> str:
        if not math.isfinite(height):
            return " "
        return BARS[round((height - low) / span * (len(BARS) - 1))] if span else BARS[0]

    return "".join(bar(height) for height in heights)
