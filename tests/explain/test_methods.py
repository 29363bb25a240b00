import numpy as np
import pytest

from nodelens.explain.methods import METHODS, gradcam, positive_part


def captum_example() -> tuple[np.ndarray, np.ndarray]:
    """The hand example of Captum's test of layer Grad-CAM, before its ReLU layer.

    A 4x4 image 0…15, two 3x3 convolutions of ones with the biases -50 and -75, a ReLU, flattened
    channel first, a dense row of five ones and three minus ones. The sums of the four 3x3 windows
    are 45, 54, 81, 90, so the activations are these; the gradient is the dense row where the
    activation is positive.
    """
    windows = np.array([[45.0, 54.0], [81.0, 90.0]])
    activations = np.stack([windows - 50, windows - 75], axis=-1)
    row = np.array([[1, 1, 1, 1], [1, -1, -1, -1]], float).reshape(2, 2, 2).transpose(1, 2, 0)
    return activations, row * (activations > 0)


def test_captums_hand_example_gives_captums_numbers():
    activations, gradients = captum_example()
    np.testing.assert_allclose(gradcam(activations, gradients), [[11.25, 13.5], [20.25, 22.5]])


def test_each_channel_is_weighted_by_the_spatial_mean_of_its_gradient():
    activations, gradients = captum_example()
    first, second = (
        gradcam(activations[..., k : k + 1], gradients[..., k : k + 1]) for k in (0, 1)
    )
    np.testing.assert_allclose(first, [[-3.75, 3], [23.25, 30]])
    np.testing.assert_allclose(second, [[15, 10.5], [-3, -7.5]])


def test_height_width_and_channels_are_not_mixed_up():
    # By hand: alpha = (mean of 0…5, mean of 10…15) = (2.5, 12.5) on a map that is not square.
    gradients = np.stack([np.arange(6.0).reshape(2, 3), np.arange(10.0, 16).reshape(2, 3)], axis=-1)
    activations = np.zeros((2, 3, 2))
    activations[0, 2] = [1, 0]
    activations[1, 0] = [0, 1]
    expected = np.zeros((2, 3))
    expected[0, 2], expected[1, 0] = 2.5, 12.5
    np.testing.assert_allclose(gradcam(activations, gradients), expected)


def test_a_negated_gradient_gives_the_negated_map():
    activations, gradients = captum_example()
    total = gradcam(activations, gradients) + gradcam(activations, -gradients)
    np.testing.assert_allclose(total, 0, atol=1e-12)


def test_only_what_speaks_for_the_class_stays():
    np.testing.assert_array_equal(
        positive_part(np.array([[-1.0, 0.0], [2.0, -3.0]])), [[0, 0], [2, 0]]
    )


@pytest.mark.parametrize("method", METHODS)
def test_every_method_leaves_its_arguments_alone_and_returns_one_value_a_cell(method):
    generator = np.random.default_rng(0)
    activations, gradients = generator.normal(size=(2, 3, 5, 7)).astype(np.float32)
    before = activations.copy(), gradients.copy()
    assert METHODS[method](activations, gradients).shape == (3, 5)
    np.testing.assert_array_equal(activations, before[0])
    np.testing.assert_array_equal(gradients, before[1])
