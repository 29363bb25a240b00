"""Groups of settings whose kind is a name from a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Annotated, Any, Protocol, get_args

from pydantic import BaseModel, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema


class Kind(Protocol):
    """A row of a table of kinds: its name is the `kind` of a group of settings of its own."""

    @property
    def name(self) -> str:
        """The name that a user gives as `kind`."""

    @property
    def settings(self) -> type[BaseModel]:
        """The class of its settings; `kind` is a `Literal` that has the name among its values."""


@dataclass(frozen=True, eq=False)
class KindIn:
    """The annotation of a group of settings, one class of a table by its key `kind`.

        FieldChoice = Annotated[FieldSettings, KindIn(FIELDS)]

    The table is read when the settings that hold the group are defined: rows that are added to it
    must be there by then.

    Attributes:
        rows: The table.
    """

    rows: Mapping[str, Kind]

    def __post_init__(self) -> None:
        """Refuses rows whose settings do not know the name."""
        for row in self.rows.values():
            if row.name not in get_args(row.settings.model_fields["kind"].annotation):
                raise ValueError(f"{row.settings.__name__} is not of the kind {row.name}")

    @property
    def models(self) -> tuple[type[BaseModel], ...]:
        """The classes of the settings, each once."""
        return tuple(dict.fromkeys(row.settings for row in self.rows.values()))

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Makes the schema of a union with the discriminator `kind`."""
        union: Any = reduce(or_, self.models)
        return handler.generate_schema(Annotated[union, Field(discriminator="kind")])
