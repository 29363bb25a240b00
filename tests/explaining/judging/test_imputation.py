import numpy as np

from nodelens.explaining.judging.imputation import impute


def ramp() -> np.ndarray:
    y, x = np.mgrid[:20, :30].astype(float)
    return np.stack([2 * x + 3 * y, 50 - x], axis=-1)


def test_a_ramp_is_filled_in_as_it_was_but_for_the_noise():
    # Every pixel of a ramp is the mean of its neighbours.
    image, missing = ramp(), np.zeros((20, 30), bool)
    missing[4:12, 5:20] = True
    filled = impute(image, missing)
    np.testing.assert_array_equal(filled[~missing], image[~missing])
    noise = (filled - image)[missing] / image.std()
    np.testing.assert_allclose(noise.std(), 0.01, rtol=0.1)
    assert abs(noise.mean()) < 0.003


def test_every_missing_pixel_is_the_weighted_mean_of_its_neighbours():
    # Half of the pixels, at the border too: the equations are checked one by one.
    generator = np.random.default_rng(0)
    image, missing = generator.random((9, 11, 2)), generator.random((9, 11)) < 0.5
    image[0, 0] = 1e6  # the noise is measured by this; it is taken off below
    missing[0, 0] = False
    filled = impute(image, missing, seed=3)
    noise = np.random.default_rng(3).standard_normal((missing.sum(), 2)) * 0.01 * image.std()
    filled[missing] -= noise
    padded = np.pad(filled, ((1, 1), (1, 1), (0, 0)), constant_values=np.nan)
    weights = np.array([[1, 2, 1], [2, 0, 2], [1, 2, 1]])[..., None] / 12
    for y, x in zip(*np.nonzero(missing), strict=True):
        around = padded[y : y + 3, x : x + 3]
        there = ~np.isnan(around)
        mean = np.where(there, around * weights, 0).sum((0, 1)) / (weights * there).sum((0, 1))
        np.testing.assert_allclose(filled[y, x], mean, rtol=1e-6)


def test_nothing_missing_changes_nothing():
    np.testing.assert_array_equal(impute(ramp(), np.zeros((20, 30), bool)), ramp())
