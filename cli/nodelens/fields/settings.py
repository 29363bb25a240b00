"""Settings of the vector field of `train-ode`, and the table of its kinds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Protocol, runtime_checkable

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from nodelens.registry import table
from nodelens.settings.base import Settings
from nodelens.settings.choices import KindIn

Activation = Literal["tanh", "softplus", "elu", "silu", "gelu", "sigmoid", "relu"]

Initialization = Literal["fan_in", "small"]


class FieldSettings(Settings):
    """Settings of a vector field of any kind.

    Attributes:
        kind: The kind of field.
    """

    kind: str


class MLPFieldSettings(FieldSettings):
    """A multilayer perceptron of the state, or of state and time.

    Components that are added (`augment`): Dupont et al. 2019.

    Attributes:
        hidden: Units of each hidden layer.
        activation: The activation of the hidden layers.
        initialization: The start of the weights: between ±1/√inputs of their layer (`fan_in`), or
            N(0, 0.1²), a `small` field.
        input_power: The power that the state is raised to first; 1 is the state itself.
        time: True if the field sees the time.
        augment: Components added to the state, zero at the start, which the data does not show.
    """

    kind: Literal["mlp"] = "mlp"
    hidden: tuple[PositiveInt, ...] = (50,)
    activation: Activation = "tanh"
    initialization: Initialization = "fan_in"
    input_power: PositiveInt = 1
    time: bool = False
    augment: NonNegativeInt = 0


class LinearFieldSettings(FieldSettings):
    """dz/dt = Wz + b.

    Attributes:
        augment: Components added to the state, zero at the start, which the data does not show.
    """

    kind: Literal["linear"]
    augment: NonNegativeInt = 0


class HigherOrderFieldSettings(FieldSettings):
    """x'' = network(x, x'), or of a higher `order`: only the highest derivative is learned.

    The components are those of x, then those of x', and so on.

    Attributes:
        order: The order of the derivative that is learned.
        hidden: Units of each hidden layer.
        activation: The activation of the hidden layers.
        initialization: The start of the weights: between ±1/√inputs of their layer (`fan_in`), or
            N(0, 0.1²), a `small` field.
        time: True if the field sees the time.
    """

    kind: Literal["second_order", "higher_order"]
    order: int = Field(2, ge=2)
    hidden: tuple[PositiveInt, ...] = (50,)
    activation: Activation = "tanh"
    initialization: Initialization = "fan_in"
    time: bool = False

    @model_validator(mode="after")
    def _second_is_two(self) -> "HigherOrderFieldSettings":
        if self.kind == "second_order" and self.order != 2:
            raise ValueError("a field of another order than two is a higher_order field")
        return self


class HybridFieldSettings(FieldSettings):
    """Equations with parameters that are fitted, plus a network for what they leave out.

    Attributes:
        equations: For each component its derivative, an arithmetic expression of the components,
            `t` and the parameters.
        parameters: The first guess of each parameter.
        hidden: Units of each hidden layer of the network that is added; [] adds none.
        activation: The activation of the hidden layers.
    """

    kind: Literal["hybrid"]
    equations: dict[str, str]
    parameters: dict[str, float]
    hidden: tuple[PositiveInt, ...] = ()
    activation: Activation = "tanh"


class OwnFieldSettings(FieldSettings):
    """A Keras layer or model of your own, called as f(t, z), or a function that makes one.

    The file is run as your own code. z has shape [batch, components]; t is a scalar or of shape
    [batch, 1]. Of trajectories both are in the units of the data, so that equations hold as they
    are written.

    Attributes:
        path: The Python file.
        name: What the file defines: a layer, a model, or a function without arguments.
        standardized: True if the field sees (z - mean) / deviation and returns its derivative,
            which suits a network.
        augment: Components added to the state, zero at the start, which the data does not show.
    """

    kind: Literal["own"]
    path: Path
    name: str = "field"
    standardized: bool = False
    augment: NonNegativeInt = 0


class ConvFieldSettings(FieldSettings):
    """The ODE-Net for images (Chen et al. 2018): two convolutions that see the time as a channel.

    The network around it has a stem (one convolution, then `downsample` ones) and a head (group
    norm, activation, mean over all positions, dense).

    Attributes:
        filters: The number of channels everywhere.
        activation: The activation after each group norm.
        time: True if the field sees the time.
        downsample: Convolutions of the stem that halve height and width.
        augment: Channels added to the state, zero at the start.
    """

    kind: Literal["conv"]
    filters: PositiveInt = 64
    activation: Activation = "relu"
    time: bool = True
    downsample: int = Field(2, ge=0, le=6)
    augment: NonNegativeInt = 0


class ResnetFieldSettings(FieldSettings):
    """A residual network instead of an ODE: h + f(h) by `blocks` blocks with weights of their own.

    Stem and head are those of the ODE-Net.

    Attributes:
        blocks: The number of blocks.
        block: One f.
    """

    kind: Literal["resnet"]
    blocks: PositiveInt = 6
    block: Annotated[MLPFieldSettings | ConvFieldSettings, Field(discriminator="kind")] = (
        MLPFieldSettings()
    )


@runtime_checkable
class Augmenting(Protocol):
    """Settings of a field that can add components to the state, zero at the start."""

    @property
    def augment(self) -> int:
        """The number of components, or of channels, that are added."""


@dataclass(frozen=True)
class FieldKind:
    """A kind of vector field.

    Attributes:
        name: The name that a user gives as `field.kind`.
        settings: The class of its settings.
        builder: A function, as `module:attribute`, of settings of this class, the `Frame` and the
            seed of the weights, which makes the untrained Keras model. It raises `ValueError` if
            the field does not fit the state.
        trajectories: True if it learns from trajectories.
        network: A function, as `module:attribute`, that makes the layers around the field in a
            network for samples, such as `network:vector_layers`; empty if it learns from none.
        scales: True if the field takes mean and scale of the data from the frame, or is written in
            the units of the data; any other is made for numbers near one, and scaled around.
    """

    name: str
    settings: type[FieldSettings]
    builder: str
    trajectories: bool = True
    network: str = ""
    scales: bool = False


_HERE = "nodelens.fields."
_VECTORS = _HERE + "network:vector_layers"
_HIGHER = _HERE + "higher_order:make_higher_order"
FIELDS = table(
    FieldKind("mlp", MLPFieldSettings, _HERE + "mlp:make_mlp", network=_VECTORS),
    FieldKind("linear", LinearFieldSettings, _HERE + "mlp:make_linear", network=_VECTORS),
    FieldKind("second_order", HigherOrderFieldSettings, _HIGHER, scales=True),
    FieldKind("higher_order", HigherOrderFieldSettings, _HIGHER, scales=True),
    FieldKind("hybrid", HybridFieldSettings, _HERE + "hybrid:make_hybrid", scales=True),
    FieldKind("own", OwnFieldSettings, _HERE + "own:make_own", network=_VECTORS, scales=True),
    FieldKind(
        "conv",
        ConvFieldSettings,
        _HERE + "conv:make_conv",
        trajectories=False,
        network=_HERE + "network:image_layers",
    ),
    FieldKind(
        "resnet",
        ResnetFieldSettings,
        "",  # it has several fields, of another kind each
        trajectories=False,
        network=_HERE + "network:residual_layers",
    ),
)
FieldChoice = Annotated[FieldSettings, KindIn(FIELDS)]
