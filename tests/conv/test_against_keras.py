"""Every kind of layer against Keras: the same shapes, the same parameters, the same refusals."""

import random
from typing import Any

import pytest

from nodelens.conv.errors import ConvolutionError
from nodelens.conv.kinds import make

CASES_PER_KIND = 60

KERNELS = {
    "Conv1D": 1,
    "Conv2D": 2,
    "Conv3D": 3,
    "DepthwiseConv1D": 1,
    "DepthwiseConv2D": 2,
    "SeparableConv1D": 1,
    "SeparableConv2D": 2,
    "Conv1DTranspose": 1,
    "Conv2DTranspose": 2,
    "Conv3DTranspose": 3,
}
WINDOWS = {f"{kind}Pooling{rank}D": rank for kind in ("Max", "Average") for rank in (1, 2, 3)}
GLOBALS = {f"Global{kind}": rank for kind, rank in WINDOWS.items()}
BORDERS = {f"{kind}{rank}D": rank for kind in ("ZeroPadding", "Cropping") for rank in (1, 2, 3)}
RESIZERS = {f"UpSampling{rank}D": rank for rank in (1, 2, 3)}
OTHERS = dict.fromkeys(
    ("Dense", "Flatten", "Reshape", "BatchNormalization", "LayerNormalization", "Normalization"), 2
)


def sizes(draw: random.Random, rank: int, top: int, *, zero: bool = False) -> Any:
    """One number or one an axis; now and then something that is refused."""
    if draw.random() < 0.03:
        return draw.choice([0, -1, [1] * (rank + 1)])
    low = 0 if zero else 1
    if rank > 1 and draw.random() < 0.4:
        return [draw.randint(low, top) for _ in range(rank)]
    return draw.randint(low, top)


def spatial(draw: random.Random, rank: int) -> list[int | None]:
    return [None if draw.random() < 0.1 else draw.randint(1, 12) for _ in range(rank)]


def kernel_case(draw: random.Random, kind: str, rank: int) -> dict[str, Any]:
    settings: dict[str, Any] = {"kernel_size": sizes(draw, rank, 5)}
    if draw.random() < 0.5:
        settings["strides"] = sizes(draw, rank, 3)
    if draw.random() < 0.3:
        settings["dilation"] = sizes(draw, rank, 3)
    if draw.random() < 0.6:
        settings["padding"] = draw.choice(
            ["valid", "same", "SAME", "causal", "full"][: 5 - (draw.random() < 0.8)]
        )
    if "Depthwise" not in kind:
        settings["filters"] = draw.choice([0, -2]) if draw.random() < 0.03 else draw.randint(1, 8)
    if ("Depthwise" in kind or "Separable" in kind) and draw.random() < 0.5:
        settings["depth_multiplier"] = draw.randint(0, 3)
    if kind in ("Conv1D", "Conv2D", "Conv3D") and draw.random() < 0.4:
        settings["groups"] = draw.randint(0, 4)
    if "Transpose" in kind and draw.random() < 0.3:
        settings["output_padding"] = sizes(draw, rank, 2, zero=True)
    if draw.random() < 0.3:
        settings["use_bias"] = draw.random() < 0.5
    return settings


def border_case(draw: random.Random, kind: str, rank: int) -> dict[str, Any]:
    key = "padding" if "Padding" in kind else "cropping"
    # Keras takes a negative ZeroPadding2D for a crop, which is refused here.
    lowest = -1 if draw.random() < 0.05 and "Padding" not in kind else 0
    value: Any = draw.randint(lowest, 4)
    if rank > 1 and draw.random() < 0.6:
        value = [[draw.randint(0, 4), draw.randint(0, 4)] for _ in range(rank)]
    elif rank == 1 and draw.random() < 0.5:
        value = [draw.randint(0, 4), draw.randint(0, 4)]
    return {key: value}


def other_case(draw: random.Random, kind: str, shape: list[int | None]) -> dict[str, Any]:
    if kind == "Dense":
        return {"units": draw.randint(-1, 20), "use_bias": draw.random() < 0.5}
    if kind == "Reshape":
        return {"target_shape": draw.choice([[-1], [-1, 2], [2, -1, 3], [6, 4], [-1, -1]])}
    if kind == "Flatten":
        return {}
    settings: dict[str, Any] = {"axis": draw.choice([-1, 1, 2, 3, -2])}
    if kind != "Normalization":
        settings |= {"scale": draw.random() < 0.5, "center": draw.random() < 0.5}
    return settings


def case(
    draw: random.Random, kind: str, rank: int
) -> tuple[dict[str, Any], tuple[int | None, ...]]:
    """Draw the settings of a layer and the shape of its input."""
    shape = spatial(draw, rank if draw.random() < 0.97 else rank + 1)
    channels = draw.choice([1, 2, 3, 4, 6])
    if kind in OTHERS:
        return other_case(draw, kind, shape), (*shape, channels)
    if kind in BORDERS:
        settings = border_case(draw, kind, rank)
    elif kind in RESIZERS:
        settings = {"size": sizes(draw, rank, 4) if rank > 1 else draw.randint(1, 4)}
    elif kind in GLOBALS:
        settings = {"keepdims": draw.random() < 0.5}
    elif kind in WINDOWS:
        settings = {"kernel_size": sizes(draw, rank, 4)}
        if draw.random() < 0.5:
            settings["strides"] = sizes(draw, rank, 3)
        if draw.random() < 0.5:
            settings["padding"] = draw.choice(["valid", "same"])
    else:
        settings = kernel_case(draw, kind, rank)
    if draw.random() < 0.25 and kind not in ("Cropping1D", "UpSampling1D"):
        settings["data_format"] = "channels_first"
        return settings, (channels, *shape)
    return settings, (*shape, channels)


def ours(kind: str, settings: dict[str, Any], shape: tuple[int | None, ...]) -> Any:
    try:
        layer = make(kind, settings, shape)
        output = layer.output_shape(shape)
        weights = layer.weights(shape)
    except ConvolutionError:
        return "refused"
    return output, weights.kernel + weights.bias + weights.statistics, weights.statistics


def theirs(kind: str, settings: dict[str, Any], shape: tuple[int | None, ...]) -> Any:
    """Build the Keras layer from the same settings, not from what was made of them."""
    import keras

    names = {"dilation": "dilation_rate"}
    if kind in WINDOWS:
        names["kernel_size"] = "pool_size"
    arguments = {names.get(key, key): value for key, value in settings.items()}
    try:
        with keras.StatelessScope():
            layer = getattr(keras.layers, kind)(**arguments)
            layer.build((None, *shape))
            output = tuple(layer.compute_output_shape((None, *shape)))[1:]
            if layer.input_spec is not None:
                keras.src.layers.input_spec.assert_input_compatibility(
                    layer.input_spec, keras.KerasTensor((None, *shape)), layer.name
                )
    except (ValueError, TypeError, IndexError, ZeroDivisionError):
        return "refused"
    total = layer.count_params()
    fixed = sum(_values(weight) for weight in layer.non_trainable_weights)
    return output, total, fixed


def _values(weight: Any) -> int:
    count = 1
    for size in weight.shape:
        count *= size
    return count


ALL = KERNELS | WINDOWS | GLOBALS | BORDERS | RESIZERS | OTHERS


@pytest.mark.parametrize("kind", ALL)
def test_random_layers_have_keras_shapes_parameters_and_refusals(kind: str) -> None:
    draw = random.Random(f"{kind}, 1")
    accepted = 0
    for _ in range(CASES_PER_KIND):
        settings, shape = case(draw, kind, ALL[kind])
        mine, keras_says = ours(kind, settings, shape), theirs(kind, settings, shape)
        assert mine == keras_says, (kind, settings, shape)
        accepted += mine != "refused"
    assert accepted > CASES_PER_KIND // 4


MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")


@pytest.mark.parametrize("kind", MERGES)
def test_random_merges_have_keras_shapes_and_refusals(kind: str) -> None:
    import keras

    draw = random.Random(f"{kind}, 2")
    outcomes = set()
    for _ in range(CASES_PER_KIND):
        settings = {"axis": draw.choice([-1, 1, 2, 3])} if kind == "Concatenate" else {}
        base = [draw.choice([1, 3, 4, None]) for _ in range(3)]
        count = 2 if kind == "Subtract" else draw.randint(2, 3)
        shapes = [tuple(draw.choice([size] * 8 + [5]) for size in base) for _ in range(count)]
        batched = [(None, *shape) for shape in shapes]
        layer = make(kind, settings, shapes[0])
        try:
            mine: Any = layer.output_shape(*shapes)
        except ConvolutionError:
            mine = "refused"
        try:
            tensors = [keras.KerasTensor(shape) for shape in batched]
            theirs_says: Any = tuple(getattr(keras.layers, kind)(**settings)(tensors).shape[1:])
        except ValueError:
            theirs_says = "refused"
        assert mine == theirs_says, (kind, settings, shapes)
        outcomes.add(mine == "refused")
    assert outcomes == {True, False}
