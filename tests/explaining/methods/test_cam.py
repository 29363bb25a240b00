import numpy as np
import pytest

from nodelens.explaining.methods.cam import (
    eigencam,
    eigengradcam,
    gradcam,
    gradcam_plus_plus,
    hirescam,
    layercam,
    positive_part,
    random,
    xgradcam,
)
from nodelens.explaining.methods.registry import METHODS


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


CAMS = [row for row in METHODS.values() if row.kind == "cam"]


@pytest.mark.parametrize("method", CAMS, ids=lambda row: row.name)
def test_every_method_leaves_its_arguments_alone_and_returns_one_value_a_cell(method):
    generator = np.random.default_rng(0)
    activations, gradients = generator.normal(size=(2, 3, 5, 7)).astype(np.float32)
    before = activations.copy(), gradients.copy()
    assert method.load()(activations, gradients).shape == (3, 5)
    np.testing.assert_array_equal(activations, before[0])
    np.testing.assert_array_equal(gradients, before[1])
    assert method.load()(activations, gradients).dtype == np.float32


def random_pair(seed: int = 0, *, positive: bool = True) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    activations, gradients = generator.normal(size=(2, 4, 5, 6))
    return (np.maximum(activations, 0) if positive else activations), gradients


def test_hirescam_keeps_the_place_of_every_gradient():
    # By hand: Captum's example, gradient times activation added over the two channels.
    np.testing.assert_allclose(hirescam(*captum_example()), [[0, 4], [25, 25]])


def test_layercam_leaves_out_what_speaks_against_the_class():
    # By hand: as HiResCAM, without the two cells of the second channel whose gradient is -1.
    np.testing.assert_allclose(layercam(*captum_example()), [[0, 4], [31, 40]])


def test_xgradcam_weights_by_the_gradient_where_the_channel_is_active():
    # By hand, one channel: (1*2 + 3*6) / (2 + 6) = 2.5.
    activations = np.array([[[2.0], [6.0]]])
    gradients = np.array([[[1.0], [3.0]]])
    np.testing.assert_allclose(xgradcam(activations, gradients), [[5.0, 15.0]])


def test_gradcam_plus_plus_follows_its_formula():
    # By hand, one channel with sum 8: a = 1 / (2 + 8 g) = 1/10 and 1/26; w = 1/10 + 3/26.
    activations = np.array([[[2.0], [6.0], [0.0]]])
    gradients = np.array([[[1.0], [3.0], [-5.0]]])
    weight = 1 / 10 + 3 / 26
    np.testing.assert_allclose(
        gradcam_plus_plus(activations, gradients), [[2 * weight, 6 * weight, 0]]
    )


def test_xgradcam_and_hirescam_add_up_to_the_same():
    # In XGrad-CAM every channel adds up to the sum of its gradient times activation.
    activations, gradients = random_pair()
    np.testing.assert_allclose(
        xgradcam(activations, gradients).sum(), hirescam(activations, gradients).sum()
    )


def test_where_every_channel_has_one_gradient_gradcam_hirescam_and_xgradcam_agree():
    # So it is behind an average over space; with positive gradients LayerCAM joins them.
    activations, gradients = random_pair()
    gradients = np.broadcast_to(gradients[0, 0], gradients.shape)
    expected = gradcam(activations, gradients)
    np.testing.assert_allclose(hirescam(activations, gradients), expected)
    np.testing.assert_allclose(xgradcam(activations, gradients), expected)
    upwards = np.abs(gradients)
    np.testing.assert_allclose(layercam(activations, upwards), gradcam(activations, upwards))


def test_a_dead_channel_is_no_division_by_zero():
    activations, gradients = random_pair()
    activations[..., 2] = 0
    for method in [row.load() for row in CAMS]:
        assert np.isfinite(method(activations, gradients)).all()
        assert np.isfinite(method(np.zeros_like(activations), gradients)).all()


def test_eigencam_finds_the_pattern_that_the_channels_share():
    # Channels that are one pattern times a number have this pattern as their only component.
    pattern = np.array([[0.0, 1.0, 0.0], [2.0, 8.0, 1.0]])
    activations = pattern[..., None] * np.array([1.0, 2.0, 0.5])
    found = eigencam(activations, np.zeros_like(activations))
    centred = pattern - pattern.mean()
    np.testing.assert_allclose(found / found.max(), centred / centred.max(), atol=1e-12)


def test_the_sign_of_a_principal_component_does_not_depend_on_chance():
    # Permuting channels or places may flip what the decomposition returns, but not the map.
    activations, gradients = random_pair()
    for method in (eigencam, eigengradcam):
        expected = method(activations, gradients)
        for seed in range(5):
            order = np.random.default_rng(seed).permutation(activations.shape[-1])
            np.testing.assert_allclose(
                method(activations[..., order], gradients[..., order]), expected, atol=1e-10
            )
        flipped = method(activations[::-1], gradients[::-1])
        np.testing.assert_allclose(flipped[::-1], expected, atol=1e-10)


def test_eigencam_knows_of_no_class_and_the_control_of_no_gradient():
    activations, gradients = random_pair()
    for method in (eigencam, random):
        np.testing.assert_array_equal(
            method(activations, gradients), method(activations, -gradients)
        )
