"""Settings whose value is a name from a table."""

from collections.abc import Iterable

from pydantic import BeforeValidator

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
