"""The time axis is logarithmic where the times are, and named as the data names the time."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from nodelens.figures.time_axis import TimeAxis

SPACED = np.geomspace(1e-5, 1e5, 50)


@pytest.mark.parametrize(
    ("times", "first"),
    [
        (SPACED, 1e-5),
        (np.concatenate([[0.0], SPACED]), 1e-5),
        (np.linspace(0, 1e5, 50), None),
        (np.linspace(1900, 1920, 21), None),
        (np.array([0, 0.25, 0.5, 1, 2, 4, 8, 12, 24]), None),  # one blood sample after a dose
        (np.concatenate([[-1.0], SPACED]), None),
        (np.concatenate([np.linspace(1, 2, 99), [1e5]]), None),  # even, and one that is late
        (np.array([0.0, 3.0]), None),
    ],
)
def test_times_that_are_spaced_logarithmically_have_a_logarithmic_axis(times, first) -> None:
    assert TimeAxis.of(times).first == (None if first is None else pytest.approx(first))


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("t", "time t"),
        ("Time", "time t"),
        ("t_ms", "t_ms"),
        ("time [h]", "time [h]"),
        ("year", "year"),
    ],
)
def test_a_name_that_says_more_is_the_label(name: str, label: str) -> None:
    assert TimeAxis.of(np.arange(3.0), name).label == label


def test_times_between_are_even_on_the_axis_and_hold_both_ends() -> None:
    axis = TimeAxis.of(SPACED)
    up, down = axis.between(0.0, 10.0, 7), axis.between(10.0, 0.0, 7)
    np.testing.assert_allclose(up, [0, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10])
    np.testing.assert_array_equal(down, up[::-1])
    np.testing.assert_array_equal(TimeAxis().between(2.0, 4.0, 3), [2, 3, 4])
    assert axis.resolves(up, 0.17) and not axis.resolves(up, 0.16)
    assert not axis.resolves(np.linspace(0, 10, 1000), 0.17)
    assert TimeAxis().resolves(np.linspace(5, 0, 11), 0.11)


def test_a_logarithmic_axis_holds_the_time_zero() -> None:
    axes = Figure().subplots()
    TimeAxis.of(SPACED).show(axes, np.array([0.0, 1e5]), SPACED)
    assert axes.get_xscale() == "symlog"
    assert axes.get_xlim()[0] < 0 < 1e5 < axes.get_xlim()[1]
    places = axes.transData.transform([[t, 0] for t in (0, 1e-5, 1e-4, 1e5)])[:, 0]
    assert places[1] - places[0] < places[2] - places[1] < (places[3] - places[2]) / 8
    later = Figure().subplots()
    TimeAxis.of(SPACED).show(later, SPACED, SPACED)
    assert later.get_xscale() == "log"
    assert 0 < later.get_xlim()[0] < 1e-5


def test_years_have_whole_ticks_whatever_the_times_of_the_curve_are() -> None:
    years, curve = np.arange(1900.0, 1921.0), np.linspace(1900, 1920, 500)
    ticks = []
    for measured in (years, curve):
        axes = Figure(figsize=(5, 4)).subplots()
        TimeAxis("year").show(axes, curve, measured)
        ticks.append(axes.get_xticks())
    assert np.all(ticks[0] == np.round(ticks[0])) and not np.all(ticks[1] == np.round(ticks[1]))
