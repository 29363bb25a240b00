"""The content of the figures of a network: its decisions, its flow, its field."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from nodelens.datasets.samples import Samples
from nodelens.fields.blocks import ResidualBlocks
from nodelens.fields.functional import run_layers
from nodelens.fields.layer import NeuralODE
from nodelens.fields.network import Network
from nodelens.figures.depth import DepthPanel
from nodelens.figures.flow import FlowPanel
from nodelens.training.samples.block import evaluations, way_through

SHOWN = 240  # points whose way through the block is drawn
LINES = 9  # of one component
DEPTHS = 41
GRID = 161
ROWS, COLUMNS = 16, 19  # of arrows
MARGIN = 0.15


def flow_panel(
    network: Network, predict: Callable[[np.ndarray], np.ndarray], samples: Samples, name: str
) -> FlowPanel:
    """Computes decisions over the plane, and the way of some samples through the block.

    Args:
        network: A network of two features.
        predict: Its outputs.
        samples: Labelled samples.
        name: The title of the panel.
    """
    low, high = samples.x.min(axis=0), samples.x.max(axis=0)
    margin = MARGIN * (high - low)
    axes = [np.linspace(low[i] - margin[i], high[i] + margin[i], GRID) for i in range(2)]
    grid = np.stack(np.meshgrid(*axes), axis=-1).astype(np.float32)
    decided = np.argmax(predict(grid.reshape(-1, 2)), axis=1).reshape(GRID, GRID)
    some = samples.at(np.arange(min(SHOWN, len(samples))))
    _, paths = way_through(network.block, _entering(network, some.x), DEPTHS)
    return FlowPanel(name, samples.classes, samples.x, samples.y, grid, decided, paths, some.y)


def flows_in_one_dimension(network: Network, samples: Samples) -> bool:
    """Checks whether the state of the block is a single number."""
    return _entering(network, samples.x[:1]).shape == (1, 1)


def depth_panel(network: Network, samples: Samples, name: str) -> DepthPanel:
    """Computes the way of some inputs through a block of one component, and its field.

    Args:
        network: A network whose block has one component.
        samples: Samples of one feature, which give the range of the inputs.
        name: The title of the panel.
    """
    block = network.block
    x = np.linspace(samples.x.min(), samples.x.max(), LINES, dtype=np.float32)[:, None]
    z0 = _entering(network, x)
    depths, paths = way_through(block, z0, DEPTHS)
    paths = paths[..., 0]
    reach = MARGIN * (paths.max() - paths.min())
    states = np.linspace(paths.min() - reach, paths.max() + reach, COLUMNS, dtype=np.float32)
    if isinstance(block, ResidualBlocks):
        depths = np.arange(len(block.fields) + 1.0)
        rows = depths[:-1]
        evaluated = np.stack([np.broadcast_to(rows[:, None], paths[:-1].shape), paths[:-1]], -1)
        slopes = [field(tf.zeros([]), tf.constant(states[:, None])) for field in block.fields]
    else:
        rows = np.linspace(depths[0], depths[-1], ROWS)
        evaluated = np.concatenate([evaluations(block, z[None]) for z in z0])
        slopes = [_slope(block, row, states) for row in rows]
    return DepthPanel(
        name=name,
        depths=depths,
        paths=paths,
        evaluated=evaluated.reshape(-1, 2),
        field_depths=rows,
        field_states=states,
        field=np.stack([np.asarray(slope)[:, 0] for slope in slopes]),
    )


def _slope(block: NeuralODE, depth: float, states: np.ndarray) -> tf.Tensor:
    return block.vector_field(tf.constant(depth, tf.float32), tf.constant(states[:, None]))


def _entering(network: Network, x: np.ndarray) -> tf.Tensor:
    return run_layers(network.stem, tf.constant(x, tf.float32))
