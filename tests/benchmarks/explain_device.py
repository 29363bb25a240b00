"""Throughput of explanations on the device that TensorFlow sees, and its maps beside the CPU's.

    python -m tests.benchmarks.explain_device [--quick]

prints one JSON document: pictures a second of the bare forward pass, of scores and maps, and of a
directory with decoding, for VGG19 and ResNet50 at several batch sizes; and how far the maps of the
four sample images are from those that a process without a GPU finds, without TensorFloat-32 and as
TensorFlow is set. Exit status 1 if they differ by more than 1e-4 of their maximum without it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

NETWORKS = ("vgg19", "resnet50")
LIMIT = 1e-4


def maps(*, exact: bool) -> dict[str, np.ndarray]:
    """The signed maps of the sample images, by network; weights are the same on every device."""
    import tensorflow as tf

    from nodelens.explaining.explainer import Explainer
    from nodelens.explaining.pictures.photo import load_photo
    from nodelens.explaining.settings import GradcamSettings
    from nodelens.runtime.resources import sample_images

    tf.config.experimental.enable_tensor_float_32_execution(not exact)
    photos = [load_photo(path) for path in sorted(sample_images().glob("*.jpg"))]
    found = {}
    for network in NETWORKS:
        explainer = Explainer(seeded(network), GradcamSettings(signed=True, classes=[285]))
        batch = [explainer.prepare(photo) for photo in photos]
        explanations = explainer.explain_batch(batch, len(batch))
        found[network] = np.stack([explanation.maps[0].values for explanation in explanations])
    return found


def seeded(network: str):
    """The network with weights that NumPy draws."""
    from nodelens.explaining.model.loading import load_classifier
    from nodelens.explaining.settings import ModelSettings

    classifier, random = (
        load_classifier(ModelSettings(name=network, weights="random")),
        np.random.default_rng(0),
    )
    for weight in classifier.model.weights:
        if len(weight.shape) > 1:
            deviation = np.sqrt(2 / np.prod(weight.shape[:-1]))
            weight.assign(random.normal(0, deviation, weight.shape).astype("f4"))
    return classifier


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, as a share of the largest value."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def throughput(network: str, size: int, rounds: int) -> dict[str, float]:
    """Pictures a second, medians."""
    from tests.benchmarks.explain import ours

    works: dict[str, tuple[Callable[[], float], int]] = {
        "forward": (ours.forward("", network, size)[0], size),
        "explained": (ours.explained("1", network, size)[0], size),
        "directory, raw": (ours.directory("raw", network, size, 4 * size)[0], 4 * size),
    }
    found = {}
    for name, (run, pictures) in works.items():
        seconds = []
        for _ in range(rounds):
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
        found[name] = round(pictures / median(seconds), 2)
    return found


def main() -> int:
    """Runs everything and prints the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small batches, fewer repetitions")
    parser.add_argument("--cpu-maps", metavar="FILE", help="only write the maps of the CPU")
    arguments = parser.parse_args()
    from nodelens.runtime.tensorflow import start_tensorflow

    if arguments.cpu_maps:
        start_tensorflow("cpu", 0)
        np.savez(arguments.cpu_maps, **maps(exact=True))
        return 0
    device = start_tensorflow("auto", 0)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "maps.npz"
        command = [sys.executable, "-m", "tests.benchmarks.explain_device", "--cpu-maps", str(file)]
        subprocess.run(command, check=True)
        with np.load(file) as arrays:
            expected = dict(arrays)
    differences: dict[str, dict[str, float]] = {}
    for name, exact in (("float32", True), ("as TensorFlow is set", False)):
        differences[name] = {
            network: float(
                np.abs(found - expected[network]).max() / np.abs(expected[network]).max()
            )
            for network, found in maps(exact=exact).items()
        }
    on_gpu = device.name.startswith("/GPU")
    sizes = [4] if arguments.quick and not on_gpu else [1, 8] if not on_gpu else [1, 16, 64]
    rounds = 2 if arguments.quick else 7
    speed: dict[str, Any] = {
        network: {str(size): throughput(network, size, rounds) for size in sizes}
        for network in NETWORKS
    }
    document = {
        "schema": 1,
        "benchmark": "explain_device",
        "device": device.description,
        "pictures_per_second": speed,
        "largest_difference_from_cpu": differences,
        "limit": LIMIT,
    }
    print(json.dumps(document))
    return int(max(differences["float32"].values()) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
