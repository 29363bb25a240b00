"""All classes that a saved model may contain; importing this makes Keras know them."""

from nodelens.fields.blocks import Augment, ResidualBlocks
from nodelens.fields.conv import ConvField
from nodelens.fields.fast_convolution import Convolution
from nodelens.fields.higher_order import HigherOrderField
from nodelens.fields.hybrid import HybridField
from nodelens.fields.layer import NeuralODE
from nodelens.fields.mlp import MLPField
from nodelens.fields.own import OwnField
from nodelens.fields.scaled import ScaledField

REGISTERED = (
    Augment,
    ConvField,
    Convolution,
    HigherOrderField,
    HybridField,
    MLPField,
    NeuralODE,
    OwnField,
    ResidualBlocks,
    ScaledField,
)
