"""The state is flattened once at the border: any nest of tensors becomes [batch, size]."""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

State = Any


@dataclass(frozen=True)
class Layout:
    """The mapping from a nest of tensors to one tensor of shape [batch, size].

    A joint solve has batch 1 and the whole state in one row, so that there is one step size; in an
    independent solve the first axis of every leaf is the batch.

    Args:
        template: The nest, with one `tf.TensorSpec` a leaf.
        shapes: Shape of each leaf (without the batch axis if independent), static where known.
        sizes: Number of elements of each leaf (of one sample if independent).
        independent: Whether the first axis is a batch of separate problems.
    """

    template: State
    shapes: tuple[Any, ...]
    sizes: tuple[Any, ...]
    independent: bool = False

    @classmethod
    def of(cls, state: State, independent: bool = False) -> "Layout":
        """Reads the layout of a nest of tensors."""
        shapes, sizes = [], []
        for leaf in tf.nest.flatten(state):
            skip = 1 if independent else 0
            static = leaf.shape[skip:]
            if static.is_fully_defined():
                shapes.append(static.as_list())
                sizes.append(static.num_elements())
            else:
                dynamic = tf.shape(leaf)[skip:]
                shapes.append(dynamic)
                sizes.append(tf.reduce_prod(dynamic))
        template = tf.nest.map_structure(lambda x: tf.TensorSpec(x.shape, x.dtype), state)
        return cls(template, tuple(shapes), tuple(sizes), independent)

    def time(self, t: tf.Tensor) -> tf.Tensor:
        """Shapes times [batch] as the user sees them: a scalar, or [batch, 1, ...] if independent.

        They then broadcast against the first leaf.
        """
        if not self.independent:
            return t[0]
        rank = tf.nest.flatten(self.template)[0].shape.rank
        return tf.reshape(t, [-1] + [1] * (rank - 1))

    def pack(self, state: State) -> tf.Tensor:
        """Flattens a nest of tensors to [batch, size]."""
        leaves = tf.nest.flatten(state)
        rows = [
            tf.reshape(leaf, [-1 if self.independent else 1, size])
            for leaf, size in zip(leaves, self.sizes, strict=True)
        ]
        return rows[0] if len(rows) == 1 else tf.concat(rows, axis=1)

    def unpack(self, packed: tf.Tensor) -> State:
        """Restores the nest from [..., batch, size], keeping the axes before the batch."""
        leading = packed.shape[:-2].as_list()
        batch = [tf.shape(packed)[-2] if packed.shape[-2] is None else packed.shape[-2]]
        parts = [packed] if len(self.sizes) == 1 else tf.split(packed, list(self.sizes), axis=-1)
        leaves = []
        for part, shape in zip(parts, self.shapes, strict=True):
            front = leading + (batch if self.independent else [])
            static = isinstance(shape, list)
            leaves.append(
                tf.reshape(part, front + shape if static else tf.concat([front, shape], 0))
            )
        return tf.nest.pack_sequence_as(self.template, leaves)
