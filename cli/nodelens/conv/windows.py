"""Windows: the cells of one array that those of another see, along one axis.

A sliding window maps the output cell j to the input cells js - p … js - p + e - 1: each cell sees
as much as any other, one stride further on. Up-sampling and transposed convolution are different:
neighbours may see the same cells, and a later layer then sees a number of cells that depends on
where it stands. All of this is periodic, so it can be written down exactly: after `period` output
cells the pattern repeats `step` input cells further on.

The receptive field of a layer is the composition of the windows between it and the input, as in
Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks" (Distill
2019), extended to periodic windows.
"""

from functools import lru_cache
from math import gcd, lcm
from typing import NamedTuple

Span = tuple[int, int]
"""First and last cell seen."""

LONGEST_PERIOD = 4096
"""Beyond this the pattern is not written out: no network in use comes near it."""


class Window(NamedTuple):
    """The cells of the input that each output cell sees along one axis.

    Attributes:
        period: Number of output cells after which the pattern repeats.
        step: Number of input cells by which it then has moved on.
        spans: For each of the first `period` output cells the first and last input cell seen;
            `None` for a cell that sees nothing.
        anchored: True if the cells are counted from the input's first. If not, only sizes and
            strides mean something (the padding depends on a size that is not known).
    """

    period: int
    step: int
    spans: tuple[Span | None, ...]
    anchored: bool = True

    def span_of(self, cell: int) -> Span | None:
        """Returns the first and last input cell that an output cell sees, None for nothing.

        Cells may be negative: they lie in the padding.
        """
        turns, phase = divmod(cell, self.period)
        seen = self.spans[phase]
        if seen is None:
            return None
        return seen[0] + turns * self.step, seen[1] + turns * self.step

    @property
    def size(self) -> int:
        """Number of input cells that an output cell sees; the most where it varies."""
        return max((last - first + 1 for first, last in filter(None, self.spans)), default=0)

    @property
    def smallest_size(self) -> int:
        """The least number of input cells that an output cell sees."""
        return min((s[1] - s[0] + 1 if s else 0 for s in self.spans), default=0)

    def aligned_with(self, other: "Window") -> bool:
        """Checks whether a window of the same stride looks at the same places.

        It does if the centres of the spans agree, on the mean over a period.
        """
        mine, count = self._drift()
        theirs, other_count = other._drift()
        return mine * other_count * other.period == theirs * count * self.period

    def _drift(self) -> tuple[int, int]:
        """Returns 2·period·(sum of centre - place by the stride) and the number of cells summed."""
        seen = [(cell, s) for cell, s in enumerate(self.spans) if s]
        drift = sum(self.period * (s[0] + s[1]) - 2 * cell * self.step for cell, s in seen)
        return drift, len(seen)


@lru_cache(maxsize=1024)
def sliding(extent: int, stride: int, before: int | None) -> Window:
    """Returns the window, of period 1, of a convolution or pooling along one axis.

    Args:
        extent: Cells from the kernel's first to its last.
        stride: Input cells from one position to the next.
        before: Zeros before the first cell, `None` if unknown.
    """
    first = -(before or 0)
    return Window(1, stride, ((first, first + extent - 1),), before is not None)


IDENTITY = sliding(1, 1, 0)
"""Every cell sees the one at its own place."""


def spreading(extent: int, stride: int, cut: int) -> Window | None:
    """Returns the window of a transposed convolution along one axis.

    Output cell j gets something from input cell i if i·s ≤ j + cut ≤ i·s + e - 1.

    Args:
        extent: Cells e from the kernel's first to its last.
        stride: Output cells s from one input cell's patch to the next.
        cut: Cells cut off before the first output cell.

    Returns:
        A window of period `stride`, or `None` if that is too long to be written out.
    """
    if stride > LONGEST_PERIOD:
        return None
    spans: list[Span | None] = []
    for cell in range(cut, cut + stride):
        first, last = -((extent - 1 - cell) // stride), cell // stride
        spans.append((first, last) if first <= last else None)
    return _shortest(Window(stride, 1, tuple(spans)))


@lru_cache(maxsize=1024)
def compose(outer: Window, inner: Window) -> Window | None:
    """Returns the window of two layers one after the other.

    Args:
        outer: The window of the last array's cells onto the middle one.
        inner: The window of the middle array's cells onto the first one.

    Returns:
        The last array's window onto the first one, or `None` if it cannot be given: the pattern is
        too long, or depends on a padding that is not known.
    """
    anchored = outer.anchored and inner.anchored
    if outer.period == inner.period == 1:
        (near,), (far,) = outer.spans, inner.spans
        if near is None or far is None:
            return Window(1, outer.step * inner.step, (None,), anchored)
        span = (near[0] * inner.step + far[0], near[1] * inner.step + far[1])
        return Window(1, outer.step * inner.step, (span,), anchored)
    if not outer.anchored and inner.period > 1:
        return None
    turns = inner.period // gcd(outer.step, inner.period)
    period = outer.period * turns
    if period > LONGEST_PERIOD:
        return None
    spans = tuple(_through(outer.span_of(cell), inner) for cell in range(period))
    step = outer.step * turns // inner.period * inner.step
    return _shortest(Window(period, step, spans, anchored))


def union(windows: tuple[Window, ...]) -> Window:
    """Returns the window of a cell that sees the same input on several branches.

    Args:
        windows: At least one window; all with the same step for one period.

    Returns:
        For each cell the span from the first to the last cell seen on any branch.
    """
    period = lcm(*(window.period for window in windows))
    spans: list[Span | None] = []
    for cell in range(period):
        seen = [s for s in (window.span_of(cell) for window in windows) if s]
        spans.append((min(s[0] for s in seen), max(s[1] for s in seen)) if seen else None)
    step = windows[0].step * (period // windows[0].period)
    return _shortest(Window(period, step, tuple(spans), all(w.anchored for w in windows)))


def _through(near: Span | None, inner: Window) -> Span | None:
    """Returns the span of the first array behind a span of the middle one."""
    if near is None:
        return None
    first, last = near
    if inner.period == 1:
        start, end = inner.span_of(first), inner.span_of(last)
    else:
        end_cell = min(last, first + inner.period - 1)
        start = next(filter(None, map(inner.span_of, range(first, end_cell + 1))), None)
        first_cell = max(first, last - inner.period + 1)
        end = next(filter(None, map(inner.span_of, range(last, first_cell - 1, -1))), None)
    return (start[0], end[1]) if start and end else None


@lru_cache(maxsize=1024)
def _divisors(number: int) -> tuple[int, ...]:
    """Returns all divisors below the number itself, ascending."""
    return tuple(d for d in range(1, number // 2 + 1) if number % d == 0)


def _shortest(window: Window) -> Window:
    """Writes the same pattern with its shortest period."""
    for period in _divisors(window.period):
        if window.step * period % window.period:
            continue
        step = window.step * period // window.period
        shorter = Window(period, step, window.spans[:period], window.anchored)
        if all(shorter.span_of(cell) == span for cell, span in enumerate(window.spans)):
            return shorter
    return window
