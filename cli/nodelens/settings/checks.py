"""Checks that stand in the annotations of settings; light, because pydantic is not imported."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from nodelens.registry import not_a_choice


@dataclass(frozen=True, eq=False)
class Check:
    """The annotation of a setting whose value a function reads before its type is looked at.

        Shape = Annotated[tuple[int, ...], Check(read_shape)]

    Attributes:
        read: Returns the value, or raises a `ValueError` whose text is the message.
        allowed: Returns in words what is valid; None where the type says it.
    """

    read: Callable[[Any], Any]
    allowed: Callable[[], str] | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Makes the schema of the check before that of the type."""
        from pydantic_core.core_schema import no_info_before_validator_function

        return no_info_before_validator_function(self.read, handler(source))


def name_in(names: Iterable[str], *others: str) -> Check:
    """Makes the check that a value is one of the names of a table.

        Method = Annotated[str, name_in(METHODS)]

    The error reads as that of a `Literal` of the same names; but the table is read at each check,
    so that names which are added to it later count as well.

    Args:
        names: The table, or its names.
        others: Words that are valid besides, such as `all`.
    """

    def check(value: object) -> object:
        choices = [*names, *others]
        if value not in choices:
            raise ValueError(not_a_choice(value, choices))
        return value

    return Check(check, lambda: " | ".join([*names, *others]))
