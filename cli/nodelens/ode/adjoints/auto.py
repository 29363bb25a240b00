"""The exact gradient by the adjoint that memory allows."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import tensorflow as tf

from nodelens.ode.adjoints.base import Adjoint, Backward, Forward, Solve
from nodelens.ode.adjoints.checkpointed import Checkpointed
from nodelens.ode.adjoints.discrete import Discrete

MEMORY_SHARE = 1 / 64
"""Of the machine's memory, which the store of `discrete` may take."""

CHEAP_BYTES = 2**20
"""A store of this size costs little to reserve: it has more room than is likely to be used."""

LEAST_ROOM, MOST_ROOM = 256, 4096
UNKNOWN_AXIS = 128
"""The length assumed of an axis that is not known when the solve is traced."""


@dataclass(frozen=True)
class Choice:
    """The adjoint that was chosen.

    Attributes:
        name: Its name, one of `nodelens.ode.ADJOINTS`.
        adjoint: The adjoint.
        reason: The reason, as a clause; None if the user has named the adjoint.
    """

    name: str
    adjoint: Adjoint
    reason: str | None = None


@dataclass(frozen=True)
class Auto(Adjoint):
    """`discrete` while its store fits a 64th of the machine's memory, else `checkpointed`.

    Both give the exact gradient of the steps taken, so the choice changes cost alone. Beyond the
    room that is reserved the gradient is NaN with the status `CAPACITY`; eager calls then solve
    again with four times the room, with `checkpointed` where that is too much.

    Args:
        room: Accepted steps there is room for; `None` reserves 1 MB, but room for 256 to 4096.
        growth: How many times as much is reserved.
    """

    room: int | None = None
    growth: int = 1

    def choose(self, z0: tf.Tensor | tf.TensorSpec) -> Choice:
        """Chooses by the size of a state.

        Args:
            z0: The flattened state, shape [batch, size], or its shape and dtype.
        """
        step = _bytes_of_a_step(z0)
        usual = max(LEAST_ROOM, min(MOST_ROOM, CHEAP_BYTES // step))
        room = self.growth * (usual if self.room is None else self.room)
        memory = memory_bytes()
        limit = int(memory * MEMORY_SHARE)
        store = f"a store of {room:,} steps takes {_megabytes(room * step)}"
        share = f"a 64th of the memory, {_megabytes(limit)}"
        if room * step <= limit:
            return Choice("discrete", Discrete(room), f"{store}, within {share}")
        adjoint = Checkpointed(max_accepted=max(room, MOST_ROOM))
        return Choice("checkpointed", adjoint, f"{store}, more than {share}")

    def forward(self, solve: Solve) -> Forward:
        """Solves as the chosen adjoint does."""
        return self.choose(solve.inputs.z0).adjoint.forward(solve)

    def backward(self, solve: Solve, forward: Forward, cotangent: tf.Tensor) -> Backward:
        """Differentiates as the chosen adjoint does."""
        return self.choose(solve.inputs.z0).adjoint.backward(solve, forward, cotangent)

    def larger(self) -> "Auto":
        """Returns the same with four times the room."""
        return replace(self, growth=4 * self.growth)


def _bytes_of_a_step(z0: tf.Tensor | tf.TensorSpec) -> int:
    """Returns what `discrete` stores of a step: two states and two times."""
    batch, size = (UNKNOWN_AXIS if axis is None else axis for axis in z0.shape)
    return int(batch) * (2 * int(size) * z0.dtype.size + 2 * tf.float64.size)


def memory_bytes() -> int:
    """Returns the memory of this machine, or of the container if that is less."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="utf-8").strip()
    except OSError:  # no Linux, or no container
        return memory
    return min(memory, int(limit)) if limit.isdigit() else memory


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.3g} MB"
