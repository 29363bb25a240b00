"""Class activation mapping: from activations and gradients of one layer to a map.

Every method is a pure function of two arrays, a `CamMethod`; none knows of models, layers or
images. All return the signed map, of which usually the positive part is shown.
"""

from collections.abc import Callable

import numpy as np

Combine = Callable[[np.ndarray], np.ndarray]
"""From what each channel adds, `(n, m, channels)`, to one map `(n, m)`."""

CamMethod = Callable[[np.ndarray, np.ndarray, Combine], np.ndarray]
"""`(activations, gradients, combine) -> signed map`, float32 as the activations.

The activations $A$, shape `(n, m, channels)`, are the output of the layer; the gradients
$\\partial y^c / \\partial A$ have the same shape, the map `(n, m)`. `combine` makes one map of what
each channel adds: their sum, unless the map is smoothed.
"""

_TINY = 1e-12


def add_channels(parts: np.ndarray) -> np.ndarray:
    """Adds up the channels, as the papers do: `(n, m, channels)` to `(n, m)`."""
    return parts.sum(axis=-1)


def first_component(parts: np.ndarray) -> np.ndarray:
    """Finds the pattern that the channels share: their first principal component.

    Used in place of the sum, it leaves out what single channels add by themselves ("eigen
    smoothing", Gildenblat's pytorch-grad-cam). The mean of each channel is subtracted first. A
    principal component has no sign of its own; the one is taken that agrees with the sum of the
    channels.
    """
    height, width, channels = parts.shape
    places = parts.reshape(-1, channels)
    centred = places - places.mean(axis=0)
    directions = np.linalg.svd(centred, full_matrices=False)[2]
    component = (centred @ directions[0]).reshape(height, width)
    agreement = (component * parts.sum(axis=-1)).sum()
    return component if agreement >= 0 else -component


def gradcam(
    activations: np.ndarray, gradients: np.ndarray, combine: Combine = add_channels
) -> np.ndarray:
    r"""Computes Grad-CAM: channels weighted by the spatial mean of their gradient.

    $\sum_k \alpha_k^c A^k$ with $\alpha_k^c = \frac{1}{n m} \sum_{ij}
    \partial y^c / \partial A^k_{ij}$ (Selvaraju et al. 2017, equations 1 and 2; the ReLU of
    equation 2 is `positive_part`).
    """
    return combine(activations * gradients.mean(axis=(0, 1)))


def gradcam_plus_plus(
    activations: np.ndarray, gradients: np.ndarray, combine: Combine = add_channels
) -> np.ndarray:
    r"""Computes Grad-CAM++: every place of a channel counts by itself, positive gradients only.

    $w_k = \sum_{ij} a^k_{ij} \mathrm{ReLU}(g^k_{ij})$ with
    $a = g^2 / (2 g^2 + g^3 \sum A^k) = 1 / (2 + g \sum A^k)$ (Chattopadhay et al. 2018,
    equations 5 and 19, for the score $\exp(y^c)$, whose common factor is left out).
    """
    total = activations.sum(axis=(0, 1))
    below = 2 + total * gradients
    counts = (gradients > 0) & (np.abs(below) > _TINY)
    weights = np.divide(gradients, below, out=np.zeros_like(gradients), where=counts)
    return combine(activations * weights.sum(axis=(0, 1)))


def hirescam(
    activations: np.ndarray, gradients: np.ndarray, combine: Combine = add_channels
) -> np.ndarray:
    r"""Computes HiResCAM: gradient times activation at every place, without averaging.

    $\sum_k \partial y^c / \partial A^k \odot A^k$ (Draelos & Carin 2020). It shows only places that
    the model used, where one dense layer follows.
    """
    return combine(activations * gradients)


def xgradcam(
    activations: np.ndarray, gradients: np.ndarray, combine: Combine = add_channels
) -> np.ndarray:
    r"""Computes XGrad-CAM: channels weighted by their gradient where they are active.

    $w_k = \sum_{ij} g^k_{ij} A^k_{ij} / \sum_{ij} A^k_{ij}$ (Fu et al. 2020, equation 8). The map
    adds up to the same as HiResCAM's.
    """
    total = activations.sum(axis=(0, 1))
    share = (activations * gradients).sum(axis=(0, 1))
    weights = np.divide(share, total, out=np.zeros_like(share), where=np.abs(total) > _TINY)
    return combine(activations * weights)


def layercam(
    activations: np.ndarray, gradients: np.ndarray, combine: Combine = add_channels
) -> np.ndarray:
    r"""Computes LayerCAM: HiResCAM with positive gradients only, made for shallow layers.

    $\sum_k \mathrm{ReLU}(g^k) \odot A^k$ (Jiang et al. 2021, equations 5 and 6).
    """
    return combine(activations * np.maximum(gradients, 0))


def eigencam(
    activations: np.ndarray, gradients: np.ndarray, combine: Combine = add_channels
) -> np.ndarray:
    """Computes Eigen-CAM: the first principal component of the activations, for no class.

    Muhammad & Yeasin 2020; mean and sign as in `first_component`.
    """
    return first_component(activations)


def eigengradcam(
    activations: np.ndarray, gradients: np.ndarray, combine: Combine = add_channels
) -> np.ndarray:
    """Computes Eigen-Grad-CAM: the first principal component of gradient times activation.

    Gildenblat's pytorch-grad-cam; mean and sign as in `first_component`.
    """
    return first_component(activations * gradients)


def random(
    activations: np.ndarray, gradients: np.ndarray, combine: Combine = add_channels
) -> np.ndarray:
    """Computes a control: channels with random weights from -1 to 1, always the same.

    A method that is not clearly better than this one explains nothing.
    """
    return combine(activations * random_weights(activations.shape[-1], 0))


def random_weights(channels: int, seed: int) -> np.ndarray:
    """Draws the weights of the control, from -1 to 1, float32 `(channels,)`."""
    return 2 * np.random.default_rng(seed).random(channels, np.float32) - 1


def positive_part(signed_map: np.ndarray) -> np.ndarray:
    """Sets negative values to zero: the ReLU that ends a class activation map."""
    return np.maximum(signed_map, 0)
