"""The ranges of axes follow from the data."""

import numpy as np
import pytest

from nodelens.figures.ranges import comparable, data_range, share_axes

T = np.linspace(0, 6, 50)
SWING = np.column_stack([np.cos(T), np.sin(T)])


@pytest.mark.parametrize(
    ("values", "share"),
    [
        (SWING, True),
        (SWING * [1, 30], False),
        (SWING * [1, 1e-5], False),
        (np.column_stack([0 * T + 100, 0.1 * T]), False),  # a dose and a concentration
        (np.column_stack([0 * T + 1, T]), True),
        (np.where(SWING > 2, SWING, np.nan)[:0], True),
    ],
)
def test_components_share_axes_unless_one_would_look_constant(values, share) -> None:
    if not len(values):
        values = np.zeros((3, 2))
    assert share_axes(values) is share


def test_an_equal_aspect_is_for_quantities_that_move_alike() -> None:
    assert comparable(SWING) and comparable(SWING * [1, 2.5])
    assert not comparable(SWING * [1, 30]) and not comparable(SWING * [30, 1])
    assert not comparable(np.column_stack([T, 0 * T]))


def test_a_model_widens_the_range_a_little_and_leaves_it_beyond() -> None:
    data = np.array([0.0, np.nan, 2.0])
    near = data_range(data, np.array([-0.5, 2.5]), 0.5)
    assert (near.low < -0.5, near.high > 2.5, near.leaves) == (True, True, False)
    far = data_range(data, np.array([1.0, 1e9, np.inf, np.nan]), 0.5)
    assert (-0.3 < far.low < 0, 3 < far.high < 3.3, far.leaves) == (True, True, True)


@pytest.mark.parametrize("value", [0.0, 5.0, -5.0])
def test_constant_data_has_room_around_it(value: float) -> None:
    found = data_range(np.full(3, value), np.full(3, value), 0.5)
    assert found.low < value < found.high and not found.leaves
    assert not data_range(np.full(3, value), np.full(3, value + 1), 0.5).leaves


def test_without_data_the_model_makes_the_range() -> None:
    found = data_range(np.zeros(0), np.array([3.0, 7.0]), 0.5)
    assert found.low < 3 and found.high > 7 and not found.leaves
    assert data_range(np.zeros(0), np.zeros(0), 0.5).low < 0
