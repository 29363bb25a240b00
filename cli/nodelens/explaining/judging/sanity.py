"""Do the maps depend on what the model has learned? Its weights are shuffled to find out."""

from dataclasses import replace

import keras
import numpy as np

from nodelens.errors import UsageError
from nodelens.explaining.explainer import Explainer
from nodelens.explaining.model.classifier import Classifier
from nodelens.explaining.model.layers import list_layers
from nodelens.explaining.result import Explanation, Sanity


def with_sanity(explainer: Explainer, explanation: Explanation) -> Explanation:
    """Adds to an explanation what becomes of its maps when the weights are shuffled.

    Cascading randomization (Adebayo et al. 2018, section 3.1): from the top of the network down one
    layer after the other loses what it has learned, and the maps of the same classes are made anew.
    Here the weights of a layer are shuffled, so that they keep their distribution. The maps
    are compared before the ReLU, by Spearman's rank correlation. The model itself is not touched.

    Args:
        explainer: What is asked of which model.
        explanation: What it found.

    Returns:
        The explanation with its `sanity`.

    Raises:
        UsageError: The model cannot be copied.
    """
    changes = {
        "classes": tuple(dict.fromkeys(each.target.index for each in explanation.maps)),
        "top_k": 1,
        "signed": True,
        "metrics": False,
        "region": None,
        "boxes": None,
    }
    settings = explainer.settings.model_copy(update=changes)
    copied = copy_of(explainer.classifier)
    again = Explainer(copied, settings)
    before = [each.values for each in again.explain(explanation.photo).maps]
    rows = list_layers(copied.model, copied.input_size)
    weighty = [row for row in reversed(rows) if row.layer.weights and not _inner(row.layer)]
    generator = np.random.default_rng(settings.seed)
    curves: list[list[float | None]] = [[] for _ in before]
    for row in weighty:
        row.layer.set_weights([_shuffled(each, generator) for each in row.layer.get_weights()])
        for curve, first, found in zip(
            curves, before, again.explain(explanation.photo).maps, strict=True
        ):
            curve.append(rank_correlation(first, found.values))
    return replace(
        explanation,
        sanity=Sanity(tuple(row.name for row in weighty), tuple(map(tuple, curves))),
    )


def copy_of(classifier: Classifier) -> Classifier:
    """A classifier with a model of its own.

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
            hint="a class of its own needs get_config and from_config; or leave out --sanity",
        ) from error
    return replace(classifier, model=copy)


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float | None:
    """Spearman's rank correlation of two maps of one shape.

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


def _inner(layer: keras.Layer) -> bool:
    return any(True for _ in layer._flatten_layers(include_self=False))


def _shuffled(weights: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    return generator.permutation(weights.ravel()).reshape(weights.shape)
