"""A curve in one line: its shape, its scale, and what is no number in it."""

import math

from nodelens.report.sparkline import sparkline


def test_each_tenfold_is_as_high_as_the_next() -> None:
    assert sparkline([1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1e0]) == "█▇▆▅▄▃▂▁"


def test_neighbours_are_averaged_where_there_are_too_many() -> None:
    # Means 50.5 and 1: the highest and the lowest.
    assert sparkline([100, 1, 1, 1], width=2) == "█▁"
    assert len(sparkline([float(i + 1) for i in range(1001)])) == 40


def test_what_is_no_positive_number_leaves_a_gap() -> None:
    assert sparkline([10, math.nan, 1, math.inf, 0, 10]) == "█ ▁  █"


def test_nothing_and_a_constant() -> None:
    assert sparkline([]) == ""
    assert sparkline([3.0, 3.0]) == "▁▁"
    assert sparkline([math.nan]) == " "
