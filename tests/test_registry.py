from dataclasses import dataclass
from typing import Annotated, Literal

import pytest

from nodelens.registry import load, not_a_choice, table
from nodelens.settings.base import Settings
from nodelens.settings.checks import name_in
from nodelens.settings.errors import SettingsError
from nodelens.settings.resolve import resolve


@dataclass(frozen=True)
class Tree:
    name: str


TREES = table(Tree("oak"), Tree("spruce"))


class ByTable(Settings):
    tree: Annotated[str, name_in(TREES)] = "oak"
    many: tuple[Annotated[str, name_in(TREES, "all")], ...] = ()
    maybe: Annotated[str, name_in(TREES)] | None = None


class ByLiteral(Settings):
    tree: Literal["oak", "spruce"] = "oak"
    many: tuple[Literal["oak", "spruce", "all"], ...] = ()
    maybe: Literal["oak", "spruce"] | None = None


def refused(model: type[Settings], assignment: str) -> str:
    with pytest.raises(SettingsError) as error:
        resolve(model, overrides=[assignment])
    return str(error.value)


@pytest.mark.parametrize(
    "assignment",
    [
        *("tree=sprice", "tree=x", "tree=3", "tree=[oak]", "tree=null", "tree={a: 1}"),
        *("many=[oak, al]", "many=[x]", "many=oak", "maybe=oka", "maybe=true"),
    ],
)
def test_a_name_of_a_table_is_refused_as_a_literal_is(assignment: str) -> None:
    assert refused(ByTable, assignment) == refused(ByLiteral, assignment)


def test_names_of_a_table_are_taken() -> None:
    given = resolve(ByTable, overrides=["tree=spruce", "many=[all, oak]", "maybe=oak"]).settings
    assert (given.tree, given.many, given.maybe) == ("spruce", ("all", "oak"), "oak")


def test_a_row_that_is_added_later_is_a_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TREES, "elm", Tree("elm"))
    assert resolve(ByTable, overrides=["tree=elm"]).settings.tree == "elm"


def test_a_table_refuses_two_rows_of_one_name() -> None:
    with pytest.raises(ValueError, match="oak"):
        table(Tree("oak"), Tree("oak"))


def test_what_a_row_names_is_loaded() -> None:
    assert load("nodelens.registry:not_a_choice") is not_a_choice
