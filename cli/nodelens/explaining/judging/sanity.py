"""The dependence of maps on what the model has learned: its weights are shuffled to find out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import keras
import numpy as np

from nodelens.errors import UsageError
from nodelens.explaining.model.classifier import Classifier
from nodelens.explaining.model.layers import list_layers


@dataclass(frozen=True)
class Sanity:
    """The change of maps while the weights are shuffled, layer by layer from the top.

    Attributes:
        layers: The layers in the order in which they are shuffled; those before stay shuffled.
        correlations: For each map of an explanation, and then for each layer, the rank correlation
            with the map before; None where one of both is the same everywhere.
    """

    layers: tuple[str, ...]
    correlations: tuple[tuple[float | None, ...], ...]


def shuffle_from_top(classifier: Classifier, seed: int) -> Iterator[str]:
    """Shuffles the weights of one layer after the other, from the top of the network down.

    Args:
        classifier: The classifier; its model is changed.
        seed: Seed of the shuffling.

    Yields:
        The name of each layer when it has been shuffled.
    """
    generator = np.random.default_rng(seed)
    for row in reversed(list_layers(classifier.model, classifier.input_size)):
        if row.layer.weights and not _has_inner_layers(row.layer):
            weights = row.layer.get_weights()
            row.layer.set_weights(
                [generator.permutation(each.ravel()).reshape(each.shape) for each in weights]
            )
            yield row.name


def copy_of(classifier: Classifier) -> Classifier:
    """Copies a classifier together with its model.

    Args:
        classifier: The classifier.

    Returns:
        The same with a copy of the model.

    Raises:
        UsageError: Keras cannot copy the model.
    """
    model = classifier.model
    try:
        copy = keras.models.clone_model(model)
        if not copy.built:
            copy(np.zeros((1, *classifier.input_size, 3), np.float32))
        copy.set_weights(model.get_weights())
    except (ValueError, TypeError, NotImplementedError) as error:
        raise UsageError(
            f"the model cannot be copied, and its own weights are not shuffled: {error}",
            hint="a class of its own needs get_config and from_config; or leave out `sanity`",
        ) from error
    return replace(classifier, model=copy)


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float | None:
    """Computes Spearman's rank correlation of two maps of one shape.

    Args:
        first: A map.
        second: Another one.

    Returns:
        From -1 to 1; None where one of both is the same everywhere.
    """
    from scipy.stats import spearmanr

    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(spearmanr(first, second, axis=None).statistic)


def _has_inner_layers(layer: keras.Layer) -> bool:
    return any(True for _ in layer._flatten_layers(include_self=False))
