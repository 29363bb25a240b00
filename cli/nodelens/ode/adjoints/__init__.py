"""The adjoints: a row each, known by name without TensorFlow. A new one is a class and a row."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from nodelens.ode.tables import load

if TYPE_CHECKING:
    from nodelens.ode.adjoints.base import Adjoint


@dataclass(frozen=True)
class AdjointRow:
    """An adjoint as users choose it.

    Attributes:
        name: The name that users give.
        title: What it does, in a few words.
        implementation: Its class, a subclass of `Adjoint`, as `module:attribute`.
        exact: True if it differentiates the very steps that the solver took, as the tape does.
        constant_memory: True if its memory does not grow with the number of steps.
        own_tolerances: True if it takes tolerances of its own, `rtol` and `atol`.
        chooses: True if it stands for one of the others.
        bounded: True if memory is reserved for `max_steps` steps, so that a default of its own is
            better than a generous bound.
    """

    name: str
    title: str
    implementation: str
    exact: bool = False
    constant_memory: bool = False
    own_tolerances: bool = False
    bounded: bool = False
    chooses: bool = False

    @cached_property
    def made(self) -> "Adjoint":
        """The adjoint with its defaults."""
        adjoint: Adjoint = load(self.implementation)()
        return adjoint


_HERE = "nodelens.ode.adjoints"
_ROWS = (
    AdjointRow(
        "auto",
        "discrete while its store fits a 64th of the memory, else checkpointed",
        f"{_HERE}.auto:Auto",
        exact=True,
        chooses=True,
    ),
    AdjointRow(
        "backsolve",
        "the continuous adjoint, solved backward in time (Chen et al. 2018)",
        f"{_HERE}.backsolve:Backsolve",
        constant_memory=True,
        own_tolerances=True,
    ),
    AdjointRow(
        "discrete",
        "the exact gradient of the steps taken, from stored steps",
        f"{_HERE}.discrete:Discrete",
        exact=True,
    ),
    AdjointRow(
        "checkpointed",
        "the exact gradient of the steps taken, from a fixed number of checkpoints",
        f"{_HERE}.checkpointed:Checkpointed",
        exact=True,
        constant_memory=True,
    ),
    AdjointRow(
        "reversible",
        "the exact gradient of a scheme that can be run backwards",
        f"{_HERE}.reversible:Reversible",
        constant_memory=True,
    ),
    AdjointRow(
        "forward",
        "forward sensitivities, for few parameters",
        f"{_HERE}.forward:ForwardSensitivity",
        constant_memory=True,
    ),
    AdjointRow(
        "direct",
        "TensorFlow's own tape through the loop, as the reference",
        f"{_HERE}.direct:Direct",
        exact=True,
        bounded=True,
    ),
)

ADJOINTS: dict[str, AdjointRow] = {row.name: row for row in _ROWS}
