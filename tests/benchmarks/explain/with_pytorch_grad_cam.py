"""The work done by pytorch-grad-cam, as its documentation does it."""

from collections.abc import Callable

import numpy as np
import torch
import torchvision
from pytorch_grad_cam import GradCAM

LAYERS = {"vgg19": lambda model: model.features[35], "resnet50": lambda model: model.layer4[-1]}


def forward(way: str, network: str, size: int) -> tuple[Callable[[], float], float]:
    """The model alone."""
    del way
    model, images = _model(network), _images(size)

    def run() -> float:
        with torch.inference_mode():
            return float(model(images).max())

    return run, 0.0


def explained(way: str, network: str, size: int) -> tuple[Callable[[], float], float]:
    """One batch of pictures, each for its best class."""
    del way
    model, images = _model(network), _images(size)
    cam = GradCAM(model=model, target_layers=[LAYERS[network](model)])
    return lambda: float(cam(input_tensor=images, targets=None).max()), 0.0


def _model(network: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return getattr(torchvision.models, network)(weights=None).eval()


def _images(size: int) -> torch.Tensor:
    random = np.random.default_rng(0)
    return torch.tensor(random.normal(size=(size, 3, 224, 224)).astype("f4"))
