"""Preparing a photo as the input of a model, with the pictures that it is compared with."""

from dataclasses import dataclass

import numpy as np

from nodelens.errors import UsageError
from nodelens.explaining.judging.faithfulness import Plain
from nodelens.explaining.methods.image_score import baseline_pixels
from nodelens.explaining.model.classifier import Classifier
from nodelens.explaining.pictures.photo import Photo, to_model_input
from nodelens.explaining.settings import Baseline

GREY = 128
"""The grey that stands for deleted pixels."""


@dataclass(frozen=True)
class Prepared:
    """A photo as the input of a model: preprocessed pictures, float32 `(h, w, channels)`.

    Attributes:
        photo: The photo in its own size.
        image: The photo as the model sees it.
        baseline: The picture with nothing to see.
        plain: The pixels that replace others when maps are measured.
    """

    photo: Photo
    image: np.ndarray
    baseline: np.ndarray
    plain: Plain


def prepare(photo: Photo, classifier: Classifier, baseline: Baseline) -> Prepared:
    """Makes the input of a model from a photo in its own size.

    Raises:
        UsageError: The photo is the model's input already, and of another shape.
    """
    if photo.tensor is not None:
        return _given(photo, photo.tensor, classifier, baseline)
    pixels = to_model_input(photo, classifier.input_size)
    kinds = [baseline_pixels(pixels, kind) for kind in (baseline, "blur", "black")]
    grey = np.full_like(pixels, GREY)
    image, start, blurred, black, grey = classifier.preprocess(np.stack([pixels, *kinds, grey]))
    return Prepared(photo, image, start, Plain(blurred, grey, black))


def _given(
    photo: Photo, tensor: np.ndarray, classifier: Classifier, baseline: Baseline
) -> Prepared:
    """Prepares a picture that is preprocessed already: its mean stands for it blurred."""
    plain = np.zeros((2, *classifier.input_size, 3), np.uint8)
    plain[1] = GREY
    black, grey = classifier.preprocess(plain)
    if tensor.shape != black.shape:
        raise UsageError(
            f"{photo.path}: the model takes the shape {black.shape}, the array has {tensor.shape}",
            hint="store pixels as uint8 to have them resized and preprocessed",
        )
    mean = np.broadcast_to(tensor.mean(axis=(0, 1)), tensor.shape)
    start = black if baseline == "black" else mean
    return Prepared(photo, tensor, start, Plain(mean, grey, black))
