"""Classifiers around models that tests build by themselves."""

from collections.abc import Sequence

import keras

from nodelens.explaining.model.classes import ClassNames
from nodelens.explaining.model.classifier import Classifier, Weights
from nodelens.explaining.model.preprocessing import preprocessor


def classifier_of(
    model: keras.Model,
    *,
    name: str = "small",
    classes: Sequence[str] = ("a", "b", "c"),
    preprocess: str = "unit",
    input_size: tuple[int, int] | None = None,
    default_layer: str = "auto",
) -> Classifier:
    """A classifier with random weights, whose input is that of the model unless it is given."""
    return Classifier(
        name=name,
        model=model,
        weights=Weights("random", "from a seed", None),
        input_size=input_size or model.input_shape[1:3],
        preprocess_name=preprocess,
        preprocess=preprocessor(preprocess),
        class_names=ClassNames(tuple(classes)),
        default_layer=default_layer,
    )
