"""What may be set for the vector field of `train-ode`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from nodelens.settings.base import Settings

Activation = Literal["tanh", "softplus", "elu", "silu", "gelu", "sigmoid", "relu"]


class MLPFieldSettings(Settings):
    """A multilayer perceptron of the state, or of state and time.

    `input_power` raises the state to a power first. `augment` adds that many components to the
    state, zero at the start, which the data does not show (Dupont et al. 2019).
    """

    kind: Literal["mlp"] = "mlp"
    hidden: tuple[PositiveInt, ...] = (50,)
    activation: Activation = "tanh"
    input_power: PositiveInt = 1
    time: bool = False
    augment: NonNegativeInt = 0


class LinearFieldSettings(Settings):
    """dz/dt = Wz + b."""

    kind: Literal["linear"]
    augment: NonNegativeInt = 0


class HigherOrderFieldSettings(Settings):
    """x'' = network(x, x'), or of a higher `order`: only the highest derivative is learned.

    The components are those of x, then those of x', and so on.
    """

    kind: Literal["second_order", "higher_order"]
    order: int = Field(2, ge=2)
    hidden: tuple[PositiveInt, ...] = (50,)
    activation: Activation = "tanh"
    time: bool = False

    @model_validator(mode="after")
    def _second_is_two(self) -> "HigherOrderFieldSettings":
        if self.kind == "second_order" and self.order != 2:
            raise ValueError("a field of another order than two is a higher_order field")
        return self


class HybridFieldSettings(Settings):
    """Equations with parameters that are fitted, plus a network for what they leave out.

    `equations` gives for each component its derivative as an arithmetic expression of the
    components, `t` and the parameters; `parameters` their first guesses. `hidden` is the network
    that is added; without it the equations stand alone.
    """

    kind: Literal["hybrid"]
    equations: dict[str, str]
    parameters: dict[str, float]
    hidden: tuple[PositiveInt, ...] = ()
    activation: Activation = "tanh"


class OwnFieldSettings(Settings):
    """A Keras layer or model of your own, called as f(t, z), or a function that makes one.

    `path` is a Python file, `name` what it defines there. The file is run as your own code. z has
    shape [batch, components]; t is a scalar or of shape [batch, 1].
    """

    kind: Literal["own"]
    path: Path
    name: str = "field"
    augment: NonNegativeInt = 0


class ConvFieldSettings(Settings):
    """The ODE-Net for images (Chen et al. 2018): two convolutions that see the time as a channel.

    The network around it has a stem (one convolution, then `downsample` ones that halve height and
    width) and a head (group norm, activation, mean over all positions, dense). `filters` is the
    number of channels everywhere, `augment` adds that many channels that start as zero.
    """

    kind: Literal["conv"]
    filters: PositiveInt = 64
    activation: Activation = "relu"
    time: bool = True
    downsample: int = Field(2, ge=0, le=6)
    augment: NonNegativeInt = 0


class ResnetFieldSettings(Settings):
    """A residual network instead of an ODE: h + f(h) by `blocks` blocks with weights of their own.

    `block` is one f, of kind mlp or conv; stem and head are those of the ODE-Net.
    """

    kind: Literal["resnet"]
    blocks: PositiveInt = 6
    block: Annotated[MLPFieldSettings | ConvFieldSettings, Field(discriminator="kind")] = (
        MLPFieldSettings()
    )


FieldSettings = Annotated[
    MLPFieldSettings
    | LinearFieldSettings
    | HigherOrderFieldSettings
    | HybridFieldSettings
    | OwnFieldSettings
    | ConvFieldSettings
    | ResnetFieldSettings,
    Field(discriminator="kind"),
]
