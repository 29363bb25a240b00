"""Settings whose value is a name from a table, or a group whose kind is one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Annotated, Any, Protocol, get_args

from pydantic import BaseModel, BeforeValidator, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from nodelens.registry import not_a_choice


def name_in(names: Iterable[str], *others: str) -> BeforeValidator:
    """Makes the check that a value is one of the names of a table.

        Method = Annotated[str, name_in(METHODS)]

    The error reads as that of a `Literal` of the same names; but the table is read at each check,
    so that names which are added to it later count as well.

    Args:
        names: The table, or its names.
        others: Words that are valid besides, such as `all`.

    Returns:
        The annotation for pydantic.
    """

    def check(value: object) -> object:
        choices = [*names, *others]
        if value not in choices:
            raise ValueError(not_a_choice(value, choices))
        return value

    return BeforeValidator(check)


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
