"""The verb `visibility` of products and categories: who sees one, by customer group and by customer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl.commands._command import Call, command
from custctl.commands._common import find, given, key_in, table, write_item
from custctl.errors import usage
from custctl.resources import CUSTOMER, GROUP, PRODUCT, Noun, reference
from custctl.result import Result, Row
from custctl.store import reads

if TYPE_CHECKING:
    from custctl.store.unit import Unit

ForAll = Annotated[str | None, typer.Option("--all", metavar="CHOICE", help="For everybody.")]
ForGroups = Annotated[
    list[str] | None, typer.Option("--group", metavar="GROUP=CHOICE", help="For a customer group; may be repeated.")
]
ForCustomers = Annotated[
    list[str] | None, typer.Option("--customer", metavar="CUSTOMER=CHOICE", help="For a customer; may be repeated.")
]
LEVELS = ("level", "of", "choice", "stored")


def visibility_verb(app: typer.Typer, noun: Noun, argument: Any, text: str, *examples: str) -> None:
    """Give a group the verb `visibility`, which shows who sees a record, and sets it."""

    def visibility(
        call: Call, key: Any, for_all: ForAll = None, groups: ForGroups = None, customers: ForCustomers = None
    ) -> Result:
        if (for_all, groups, customers) == (None, None, None):
            return _shown(call, noun, key)
        return call.write(lambda unit: _set(unit, noun, key, for_all, groups or (), customers or ()))

    visibility.__doc__ = text
    visibility.__annotations__["key"] = argument
    command(app, "visibility", examples=examples)(visibility)


def _shown(call: Call, noun: Noun, text: str) -> Result:
    """A row for everybody, and one for each group and customer for which something is said."""
    image = reads.record(call.read(), noun, text)
    rows = [{"level": "all", "of": None, **_choice(image["visibility"], _unsaid(noun, image))}]
    rows += [
        {"level": level, "of": reference(who, key), **_choice(word, word)}
        for level, who, name in _LEVELS
        for key, word in image[name].items()
    ]
    return table(call, rows, LEVELS, LEVELS)


_LEVELS = (("group", GROUP, "visibility_for_groups"), ("customer", CUSTOMER, "visibility_for_customers"))


def _choice(word: str | None, unsaid: str) -> Row:
    return {"choice": word or unsaid, "stored": word is not None}


def _unsaid(noun: Noun, image: Row) -> str:
    """What counts for everybody where nothing is said."""
    above, follow = ("category", "category") if noun is PRODUCT else ("parent", "parent_category")
    return follow if image[above] is not None else "config"


def _set(
    unit: Unit, noun: Noun, text: str, for_all: str | None, groups: Sequence[str], customers: Sequence[str]
) -> None:
    draft = find(unit, noun, text)
    values: dict[str, Any] = {"key": draft.key} | given(visibility=for_all)
    for who, pairs, name in (
        (GROUP, groups, "visibility_for_groups"),
        (CUSTOMER, customers, "visibility_for_customers"),
    ):
        if pairs:
            values[name] = {**draft.image[name], **dict(_pairs(unit, who, pairs))}
    write_item(unit, noun, values)


def _pairs(unit: Unit, who: Noun, texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The keys and choices of `partners=hidden`; nothing behind the sign is the choice that counts unsaid."""
    for text in texts:
        key, equals, choice = text.rpartition("=")
        if not equals or not key:
            raise usage(f"{text!r} is not {who.title.upper().split()[-1]}=CHOICE", "like partners=hidden")
        yield key_in(unit.connection, who, key), choice
