"""`node conv-params`: what a convolution, or a whole network of them, costs and sees."""

import gc

from nodelens.commands.conv.options import ConvParamsCall
from nodelens.errors import ExitCode


def conv_params(call: ConvParamsCall) -> ExitCode:
    """Count parameters, operations, memory and receptive fields of convolutions.

    A MAC is one multiplication with its addition; the bias is not counted. FLOPs are 2·MACs plus
    one addition for each output value with a bias. Activations, pooling, normalisation and merging
    are not counted. Operations are for one sample. Memory: each layer's output once, for the
    batch, and each weight once.
    """
    from nodelens.commands.conv.answer import answer

    # Deep networks make hundreds of thousands of small objects, all of them in use: looking for
    # garbage among them would take a fifth of the time.
    gc.disable()
    try:
        return answer(call)
    finally:
        gc.enable()
