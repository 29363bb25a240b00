"""The work done by nodelens, and the bare computation that it is measured against.

The weights are random: the time does not depend on them.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from nodelens.explaining.batch import Batch, explain_files
from nodelens.explaining.explainer import Explainer
from nodelens.explaining.model.classifier import Classifier
from nodelens.explaining.model.loading import load_classifier
from nodelens.explaining.naming import plan_files
from nodelens.explaining.output.save import FILES
from nodelens.explaining.pictures.photo import load_photo
from nodelens.explaining.preparation import Prepared
from nodelens.explaining.settings import GradcamSettings, ModelSettings
from nodelens.runtime.resources import sample_images

# What a contestant makes: a call that does the work and returns a number, and the seconds that
# compiling it took.
Work = tuple[Callable[[], float], float]


def forward(way: str, network: str, size: int) -> Work:
    """The model alone, compiled."""
    del way
    classifier = _load(network)
    images = tf.convert_to_tensor(np.stack([each.image for each in _prepared(classifier, size)]))
    run = tf.function(lambda: classifier.model(images, training=False))
    return _compiled(lambda: float(run().numpy().max()))


def explained(way: str, network: str, size: int) -> Work:
    """One batch of pictures: scores and maps, `way` being how many classes or the method."""
    classifier = _load(network)
    best, methods = (int(way), ("gradcam",)) if way.isdigit() else (1, (way,))
    explainer = Explainer(classifier, GradcamSettings(top_k=best, methods=methods))
    prepared = _prepared(classifier, size)
    return _compiled(lambda: explainer.explain_batch(prepared, size)[0].maps[0].max)


def directory(way: str, network: str, size: int, count: int) -> Work:
    """A directory of pictures, `way` being what is written; or `bare`: the compiled function."""
    classifier = _load(network)
    explainer = Explainer(classifier, GradcamSettings())
    if way == "bare":
        images = np.stack([each.image for each in _prepared(classifier, size)])
        return _compiled(
            lambda: [float(explainer._evidence(images).logits.max()) for _ in range(count // size)][
                -1
            ]
        )
    place = Path(tempfile.mkdtemp(prefix="nodelens-benchmark-"))
    pictures = [place / f"{number:04d}.jpg" for number in range(count)]
    samples = sorted(sample_images().glob("*.jpg"))
    for number, picture in enumerate(pictures):
        shutil.copy(samples[number % len(samples)], picture)
    plan = plan_files(explainer, pictures, place / "out")
    batch = Batch({}, size=size, files=FILES if way == "all" else (way,), force=True)

    def run() -> float:
        done = list(explain_files(explainer, plan, batch))
        shutil.rmtree(place / "out")
        return done[-1].document["maps"][0]["max"]

    return _compiled(run)


def _load(network: str) -> Classifier:
    return load_classifier(ModelSettings(name=network, weights="random"))


def _prepared(classifier: Classifier, size: int) -> list[Prepared]:
    photos = [load_photo(path) for path in sorted(sample_images().glob("*.jpg"))]
    explainer = Explainer(classifier, GradcamSettings())
    return [explainer.prepare(photos[number % len(photos)]) for number in range(size)]


def _compiled(run: Callable[[], float]) -> Work:
    start = time.perf_counter()
    run()
    return run, time.perf_counter() - start
