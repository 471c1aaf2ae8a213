"""What somebody sees, and why: the verbs `context` and `content` of users, customers and visitors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl import shell
from custctl.commands._command import Call, command
from custctl.commands._common import record, table
from custctl.resources import CONTENT, CUSTOMER, USER, Noun
from custctl.result import Result
from custctl.store import lookup

if TYPE_CHECKING:
    import sqlite3

    from custctl.store.onlookers import Person

SEEN_COLUMNS = ("content", "kind", "variant", "why", "text")
SEEN_FIELDS = ("content", "title", *SEEN_COLUMNS[1:])
EXPLAINED = ("variant", "for", "weight", "fits", "shown", "text")

OfContent = Annotated[
    str | None, typer.Option("--explain", metavar="CONTENT", help="Every variant of this one, and which counts.")
]


def register(app: typer.Typer, noun: Noun, argument: Any, *, example: str = "") -> None:
    """Give the group of users, of customers or of visitors the verbs `context` and `content`."""
    group, example = noun.group, example or {USER: "anna@acme.example", CUSTOMER: "acme"}.get(noun, "")
    told = {USER: "a customer user sees and may do", CUSTOMER: "the users of a customer see"}
    sees = told.get(noun, "a visitor sees and may do")

    def context(call: Call, key: Any = None) -> Result:
        from custctl.store import context as contexts

        connection = call.read()
        return record(call, contexts.of(connection, person(connection, noun, key)))

    def content(call: Call, key: Any = None, explain: OfContent = None) -> Result:
        connection = call.read()
        return _content(call, connection, person(connection, noun, key), explain)

    context.__doc__ = f"Show all that makes out what {sees}: every value with where it comes from."
    content.__doc__ = f"List the contents of the website with the variant that {sees.removesuffix(' and may do')}."
    for function in (context, content):
        function.__annotations__["key"] = argument
    if noun in (USER, CUSTOMER):  # a visitor may have no session, and so no key
        context.__defaults__, content.__defaults__ = (), (None,)
    who = example.split()
    command(app, "context", examples=(shell.command(f"{group} context", *who),))(context)
    explained = shell.command(f"{group} content", *who, explain="home-banner")
    command(app, "content", examples=(explained,))(content)


def person(connection: sqlite3.Connection, noun: Noun | None, text: str | None) -> Person:
    """Who looks: a customer user, a customer, else a visitor, perhaps one without a session."""
    from custctl.store import onlookers

    if noun is USER or noun is CUSTOMER:
        assert text is not None, "the argument is required"
        return onlookers.user(connection, text) if noun is USER else onlookers.customer(connection, text)
    return onlookers.visitor(connection, text)


def _content(call: Call, connection: sqlite3.Connection, looker: Person, explain: str | None) -> Result:
    from custctl.store import contents, onlookers

    looks = onlookers.onlooker(looker, onlookers.counting(connection, looker))
    if explain is not None:
        row_id, key = lookup.require(connection, CONTENT, explain)
        rows = contents.explained(connection, row_id, looks)
        if not any(row["shown"] for row in rows):
            call.note(f"{looker.reference} does not see content:{key}: no variant is for them")
        return table(call, rows, EXPLAINED, EXPLAINED)
    return table(call, call.noting(contents.seen(connection, looks), "no contents"), SEEN_COLUMNS, SEEN_FIELDS)
