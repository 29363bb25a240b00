"""Class activation mapping: from activations and gradients of one layer to a map.

Every method is a pure function of two arrays; none knows of models, layers or images.
"""

from collections.abc import Callable, Mapping

import numpy as np

CamMethod = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""`(activations, gradients) -> signed map`, shapes `(h, w, channels)` twice and `(h, w)`."""


def gradcam(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    r"""The weighted sum of Grad-CAM, before its ReLU.

    $\sum_k \alpha_k^c A^k$ with $\alpha_k^c = \frac{1}{n m} \sum_{ij}
    \partial y^c / \partial A^k_{ij}$ (Selvaraju et al. 2017, equations 1 and 2).

    Args:
        activations: $A$, output of the layer, shape `(n, m, channels)`.
        gradients: $\partial y^c / \partial A$, the same shape.

    Returns:
        The signed map, shape `(n, m)`.
    """
    alpha = gradients.mean(axis=(0, 1))
    return activations @ alpha


METHODS: Mapping[str, CamMethod] = {"gradcam": gradcam}
"""The methods by the name that a user gives."""


def positive_part(signed_map: np.ndarray) -> np.ndarray:
    """The ReLU that ends a class activation map: only what speaks for the class.

    Args:
        signed_map: What a method returns.

    Returns:
        The map with every negative value set to zero.
    """
    return np.maximum(signed_map, 0)
