"""The base of all groups of settings."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Frozen settings: unknown keys are errors, and nothing changes after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Partial(Settings):
    """Settings that may be left out: `class Some(Partial, All)` has those of `All`, or None each.

    Laid over settings of the whole class by `merged`.
    """

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Makes every setting optional."""
        for field in cls.model_fields.values():
            whole: Any = field.annotation
            if field.metadata:
                whole = Annotated[(whole, *field.metadata)]
            field.annotation, field.metadata, field.default = whole | None, [], None
        cls.model_rebuild(force=True)


S = TypeVar("S", bound=Settings)


def merged(whole: S, part: Partial) -> S:
    """Lays the settings that a part gives over those of the whole, and validates the result.

    Args:
        whole: The settings that hold where nothing is given.
        part: Settings of the partial class.
    """
    given = {name: value for name, value in part if value is not None}
    return type(whole).model_validate({**dict(whole), **given})
