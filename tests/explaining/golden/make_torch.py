"""Computes the golden maps in PyTorch, in float64: `python -m tests.explaining.golden.make_torch`.

Needs the extra `bench` and Captum. The networks are those of torchvision, changed where Keras'
differ: VGG19 without the pooling to 7 x 7, ResNet50 with the stride in the first convolution of a
block, biases in all of them and Keras' epsilon. The methods are those of pytorch-grad-cam and
Captum; Grad-CAM++ is written out, because the other one adds 1e-6 to its denominator.
"""

import os

os.environ["KERAS_BACKEND"] = "torch"  # TensorFlow and PyTorch do not live in one process

from pathlib import Path

import keras
import numpy as np
import torch
from captum.attr import GuidedBackprop, IntegratedGradients, Saliency
from pytorch_grad_cam import EigenCAM, GradCAM, HiResCAM, LayerCAM, XGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from tests.explaining.golden.networks import CLASSES, EXPLAINED, LAYERS, SIZE, build, pixels
from torch import nn
from torchvision.models import resnet50, vgg19

HERE = Path(__file__).parent
STEPS = 16
METHODS = {
    "gradcam": GradCAM,
    "hirescam": HiResCAM,
    "xgradcam": XGradCAM,
    "layercam": LayerCAM,
    "eigencam": EigenCAM,
}


def tensor(values: np.ndarray) -> torch.Tensor:
    return torch.tensor(np.asarray(values), dtype=torch.float64)


def fill(module: nn.Module, layer: keras.Layer) -> None:
    """Copies the weights; kernels are `(h, w, in, out)` in Keras, `(out, in, h, w)` in PyTorch."""
    weights = [tensor(values) for values in layer.get_weights()]
    if isinstance(module, nn.BatchNorm2d):
        module.eps = layer.epsilon
        names = ("weight", "bias", "running_mean", "running_var")
        for name, values in zip(names, weights, strict=True):
            getattr(module, name).data = values
        return
    order = (3, 2, 0, 1) if isinstance(module, nn.Conv2d) else (1, 0)
    module.weight.data = weights[0].permute(order).contiguous()
    module.bias = nn.Parameter(weights[1])


def torch_vgg19(model: keras.Model) -> tuple[nn.Module, dict[str, nn.Module]]:
    network = vgg19(weights=None, num_classes=CLASSES)
    network.avgpool = nn.Identity()
    convolutions = [m for m in network.features if isinstance(m, nn.Conv2d)]
    named = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    for module, layer in zip(convolutions, named, strict=True):
        fill(module, layer)
    dense = [m for m in network.classifier if isinstance(m, nn.Linear)]
    for module, name in zip(dense, ("fc1", "fc2", "predictions"), strict=True):
        fill(module, model.get_layer(name))
    # Keras flattens channel last, PyTorch channel first.
    height, width = SIZE[0] // 32, SIZE[1] // 32
    rows = dense[0].weight.data.reshape(4096, height, width, 512)
    dense[0].weight.data = rows.permute(0, 3, 1, 2).reshape(4096, -1)
    after = {
        layer.name: network.features[list(network.features).index(module) + 1]
        for module, layer in zip(convolutions, named, strict=True)
    }
    return network, after


def torch_resnet50(model: keras.Model) -> tuple[nn.Module, dict[str, nn.Module]]:
    network = resnet50(weights=None, num_classes=CLASSES)
    fill(network.conv1, model.get_layer("conv1_conv"))
    fill(network.bn1, model.get_layer("conv1_bn"))
    fill(network.fc, model.get_layer("predictions"))
    after = {}
    stages = (network.layer1, network.layer2, network.layer3, network.layer4)
    for stage, blocks in enumerate(stages, start=2):
        for number, block in enumerate(blocks, start=1):
            name = f"conv{stage}_block{number}"
            block.conv1.stride, block.conv2.stride = block.conv2.stride, (1, 1)
            for place in (1, 2, 3):
                fill(getattr(block, f"conv{place}"), model.get_layer(f"{name}_{place}_conv"))
                fill(getattr(block, f"bn{place}"), model.get_layer(f"{name}_{place}_bn"))
            if block.downsample is not None:
                fill(block.downsample[0], model.get_layer(f"{name}_0_conv"))
                fill(block.downsample[1], model.get_layer(f"{name}_0_bn"))
            after[f"{name}_out"] = block
    return network, after


def without_inplace(network: nn.Module) -> nn.Module:
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    return network.double().eval()


def signed_map(
    method: type, network: nn.Module, layer: nn.Module, x: torch.Tensor, index: int
) -> np.ndarray:
    """What pytorch-grad-cam computes before it cuts off, scales and enlarges the map."""
    found = {}

    class Noting(method):
        def get_cam_image(self, *args, **kwargs):
            found["map"] = super().get_cam_image(*args, **kwargs)
            return found["map"]

    with Noting(network, [layer]) as cam:
        cam(x, [ClassifierOutputTarget(index)])
    return np.asarray(found["map"])[0]


def gradcam_plus_plus(
    network: nn.Module, layer: nn.Module, x: torch.Tensor, index: int
) -> np.ndarray:
    """Equation 19 and the weights of equation 5 of Chattopadhay et al. 2018."""
    seen = []
    handle = layer.register_forward_hook(lambda module, given, output: seen.append(output))
    score = network(x)[0, index]
    handle.remove()
    a, g = seen[0][0].detach(), torch.autograd.grad(score, seen[0])[0][0]
    share = g**2 / (2 * g**2 + a.sum((1, 2), keepdim=True) * g**3)
    weights = (torch.where(g == 0, 0, share) * g.clamp(min=0)).sum((1, 2))
    return torch.einsum("k,kij->ij", weights, a).numpy()


def main() -> None:
    image = pixels()
    x = (tensor(image) / 127.5 - 1).permute(2, 0, 1)[None]
    for name, port in (("vgg19", torch_vgg19), ("resnet50", torch_resnet50)):
        model, index = build(name), EXPLAINED[name]
        network, after = port(model)
        network = without_inplace(network)
        golden = {"logits": network(x)[0].detach().numpy()}
        for layer in LAYERS[name]:
            for title, method in METHODS.items():
                golden[f"{layer}/{title}"] = signed_map(method, network, after[layer], x, index)
            golden[f"{layer}/gradcam++"] = gradcam_plus_plus(network, after[layer], x, index)
        whole = x.clone().requires_grad_()
        magnitude = Saliency(network).attribute(whole, target=index)
        golden["saliency"] = magnitude[0].amax(0).detach().numpy()
        guided = GuidedBackprop(network).attribute(whole, target=index)
        golden["guided-backprop"] = guided[0].abs().amax(0).detach().numpy()
        way = IntegratedGradients(network).attribute(
            x, baselines=-torch.ones_like(x), target=index, n_steps=STEPS, internal_batch_size=8
        )
        golden["integrated-gradients"] = way[0].sum(0).detach().numpy()
        for title in ("saliency", "guided-backprop", "integrated-gradients"):
            golden[title] = golden[title][::2, ::2]
        arrays = {key: values.astype(np.float32) for key, values in golden.items()}
        np.savez_compressed(HERE / f"torch-{name}.npz", **arrays)
        print(name, golden["logits"])


if __name__ == "__main__":
    main()
