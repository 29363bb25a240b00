"""The directions in which directional derivatives are taken, block by block."""

from dataclasses import dataclass

import numpy as np

from nodelens.checking.problem import Block, Layout

# Larger blocks are probed in a few random directions instead of along every axis.
FULL_BLOCK = 48
PROBES = 12


@dataclass(frozen=True)
class Directions:
    """Unit directions in the space of (z0, θ, times); each lies in one block.

    Attributes:
        rows: Shape [directions, total].
        parts: For each block that does not overlap others, which rows belong to it.
    """

    rows: np.ndarray
    parts: tuple[tuple[Block, slice], ...]

    def of(self, block: Block) -> np.ndarray:
        """Returns the numbers of the rows that lie in a block."""
        found = [
            np.arange(rows.start, rows.stop)
            for piece, rows in self.parts
            if block.part.start <= piece.part.start and piece.part.stop <= block.part.stop
        ]
        return np.concatenate(found)


def choose_directions(layout: Layout, seed: int) -> Directions:
    """Takes every axis of a small block, and random directions in a large one."""
    generator = np.random.default_rng([seed, 1])
    rows, parts, start = [], [], 0
    for piece in layout.pieces():
        if piece.size <= FULL_BLOCK:
            inner = np.eye(piece.size)
        else:
            inner = generator.normal(size=(PROBES, piece.size))
            inner /= np.linalg.norm(inner, axis=1, keepdims=True)
        padded = np.zeros((len(inner), layout.total))
        padded[:, piece.part] = inner
        rows.append(padded)
        parts.append((piece, slice(start, start + len(inner))))
        start += len(inner)
    return Directions(np.concatenate(rows), tuple(parts))
