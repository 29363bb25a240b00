"""The state that a vector field is made for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """A state space, in the units of the data.

    Attributes:
        dimension: The number of components, those that augment the data included, or of channels.
        components: The names of the components of the data; empty inside a network.
        mean: The mean of each of these.
        scale: The size of each of these.
    """

    dimension: int
    components: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
