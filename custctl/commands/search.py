"""Finding records of any kind by what stands in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from custctl.commands._arguments import Limit
from custctl.commands._command import Call, command, group
from custctl.commands._common import table
from custctl.errors import did_you_mean, invalid, near
from custctl.resources import SHORT_TYPES, TAG
from custctl.result import Result
from custctl.store import lookup, reads, search

if TYPE_CHECKING:
    from custctl.resources import Noun

app = group("search", "Search.")

COLUMNS = ("record", "name", "matched", "text")
FIELDS = ("record", "type", "key", "name", "matched", "text")


@command(
    app,
    "search",
    examples=("custctl search 'Haines City'", "custctl search lee --type user --type contact --tag vip --limit 20"),
)
def search_(
    call: Call,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Words, all of which must be found; parts of them do.")],
    types: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help="Only records of this type; may be repeated.")
    ] = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", metavar="TAG", help="Only with this tag; repeated, with all of them.")
    ] = None,
    limit: Limit = None,
) -> Result:
    """Find records by name, key, e-mail, phone, number, address, tag or external id, the best first."""
    nouns = [_searched(name) for name in types or ()] or search.SEARCHED
    connection = call.read()
    keys = [lookup.require(connection, TAG, tag)[1] for tag in tags or ()]
    rows = search.found(connection, search.Wanted(text, nouns, keys))
    return table(call, call.noting(reads.limited(rows, limit), "nothing found"), COLUMNS, FIELDS)


def _searched(name: str) -> Noun:
    """The noun of a type, long or short (exit 4 for one that is not searched)."""
    known = {noun.name: noun for noun in search.TYPES.values()} | dict(search.TYPES)
    noun = known.get(SHORT_TYPES.get(name, name))
    if noun is None:
        hint = did_you_mean(near(name, search.TYPES)) or f"these are searched: {', '.join(search.TYPES)}"
        raise invalid(f"{name!r} is no type of record that is searched", value=name, hint=hint)
    return noun
