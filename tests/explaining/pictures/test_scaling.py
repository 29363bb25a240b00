"""Maps enlarged to the size of a picture, and scaled by their maximum."""

import numpy as np
import pytest
import tensorflow as tf

from nodelens.explaining.pictures.scaling import divide_by_maximum, enlarge


def one_hot() -> np.ndarray:
    values = np.zeros((14, 14), np.float32)
    values[3, 10] = 1
    return values


def test_a_cell_lands_on_the_centre_of_its_receptive_field():
    # VGG19, block5_conv4: the centre of cell (i, j) is 7.5 + 16 (i, j), here (55.5, 167.5).
    large = enlarge(one_hot(), (224, 224)).astype(float)
    rows, columns = np.mgrid[:224, :224]
    centre = (rows * large).sum() / large.sum(), (columns * large).sum() / large.sum()
    np.testing.assert_allclose(centre, (55.5, 167.5), atol=1e-4)


def test_a_cell_is_enlarged_without_under_or_overshoot():
    # By hand: the nearest pixel centres lie 1/32 of a cell away, (1 - 1/32)^2 = 0.938.
    large = enlarge(one_hot(), (224, 224))
    assert large.min() == 0
    np.testing.assert_allclose(large.max(), (31 / 32) ** 2, rtol=1e-6)


@pytest.mark.parametrize("size", [(224, 224), (451, 300), (15, 1000)])
def test_enlarging_is_tensorflows_bilinear_resize(size):
    values = np.random.default_rng(0).random((14, 9)).astype(np.float32)
    expected = tf.image.resize(values[..., None], (size[1], size[0]), method="bilinear")[..., 0]
    np.testing.assert_allclose(enlarge(values, size), expected, atol=2e-5)


def test_the_largest_value_becomes_one_and_zero_stays_zero():
    np.testing.assert_allclose(divide_by_maximum(np.array([0.0, 1, 4])), [0, 0.25, 1])


def test_a_constant_map_is_constant_and_a_zero_map_is_zero():
    np.testing.assert_array_equal(divide_by_maximum(np.full((2, 2), 0.3)), np.ones((2, 2)))
    np.testing.assert_array_equal(divide_by_maximum(np.zeros((2, 2))), np.zeros((2, 2)))


def test_a_signed_map_is_divided_by_its_largest_magnitude():
    np.testing.assert_allclose(divide_by_maximum(np.array([-4.0, 0, 1])), [-1, 0, 0.25])
