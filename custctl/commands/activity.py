"""Activities: calls, e-mails, tasks, events and notes, each about any number of records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from custctl.commands import _import
from custctl.commands._arguments import After, Count, Key, Limit, NewKey, Owner, Sort, Where
from custctl.commands._command import Call, command, group
from custctl.commands._common import Asked, given, listed, listing
from custctl.commands._common import add as add_record
from custctl.commands._common import edit as edit_record
from custctl.commands._common import show as show_record
from custctl.commands._many import delete_verb
from custctl.resources import ABOUT, ACTIVITY, NOUNS
from custctl.result import Result
from custctl.store import timeline

if TYPE_CHECKING:
    import sqlite3

    from custctl.store.unit import Unit

app = group("activity", "Activities: calls, e-mails, tasks, events and notes about records.")

ActivityArg = Annotated[str, typer.Argument(metavar="ACTIVITY", help="An activity: its key or id:N.")]
SomeActivities = Annotated[
    list[str] | None,
    typer.Argument(metavar="ACTIVITY...", help="Activities: keys or id:N; - reads them from standard input."),
]
KINDS = "call|email|task|event|note"
KindArg = Annotated[str, typer.Argument(metavar=KINDS, help="What it is.")]
SubjectArg = Annotated[str, typer.Argument(metavar="SUBJECT", help="What it is about, in a few words.")]
On = Annotated[
    list[str] | None, typer.Option("--on", metavar="TYPE:KEY", help="A record that it is about; may be repeated.")
]
At = Annotated[
    str | None, typer.Option("--at", metavar="TIME", help="When it was or will be, RFC 3339; by default now.")
]
EndsAt = Annotated[str | None, typer.Option("--ends-at", metavar="TIME", help="When it ends.")]
Direction = Annotated[
    str | None, typer.Option("--direction", metavar="incoming|outgoing", help="Who began a call or an e-mail.")
]
Status = Annotated[
    str | None, typer.Option("--status", metavar="open|in_progress|closed", help="How far a task is; open by default.")
]
Description = Annotated[str | None, typer.Option("--description", help="What was said or is to be done.")]

_NOUNS = tuple(NOUNS[name] for name in ABOUT)


@command(
    app,
    "list",
    examples=(
        "custctl activity list --on account:acme",
        "custctl activity list --where kind=task --where status!=closed --sort at",
    ),
)
def list_(
    call: Call,
    on: Annotated[
        list[str] | None,
        typer.Option(
            "--on",
            metavar="TYPE:KEY",
            help="Only those about this record, of an account also about what hangs on it; may be repeated.",
        ),
    ] = None,
    where: Where = None,
    sort: Sort = None,
    limit: Limit = None,
    after: After = None,
    count: Count = False,
) -> Result:
    """List activities, the latest first."""
    found = [timeline.record_of(call.read(), text, _NOUNS, "--on") for text in on or ()]
    conditions = (timeline.activities_of(noun, row_id, f"on{at}") for at, (noun, row_id, _) in enumerate(found))
    return listing(call, ACTIVITY, Asked(where, sort, limit, after, count), timeline.of_all(conditions))


@command(app, "show", examples=("custctl activity show talked-about-prices",))
def show(call: Call, activity: ActivityArg) -> Result:
    """Show an activity with the records that it is about."""
    return show_record(call, ACTIVITY, activity)


@command(
    app,
    "add",
    examples=(
        "custctl activity add call 'Talked about prices' --on account:acme --on contact:ann-lee --direction outgoing",
        "custctl activity add task 'Send the offer' --on opportunity:anvils --at 2026-12-01 --owner 'Sam Delgado'",
    ),
)
def add(
    call: Call,
    kind: KindArg,
    subject: SubjectArg,
    on: On = None,
    direction: Direction = None,
    at: At = None,
    ends_at: EndsAt = None,
    status: Status = None,
    description: Description = None,
    owner: Owner = None,
    key: Key = None,
) -> Result:
    """Keep a call, an e-mail, a task, an event or a note."""
    values = given(key=key, kind=kind, subject=subject, direction=direction, at=at, ends_at=ends_at, status=status)
    values |= given(description=description, owner=owner)
    about = listed(on) or []
    return call.write(lambda unit: add_record(unit, ACTIVITY, values | _about(unit.connection, about), subject))


@command(app, "edit", examples=("custctl activity edit send-the-offer --status closed",))
def edit(
    call: Call,
    activity: ActivityArg,
    kind: Annotated[str | None, typer.Option("--kind", metavar=KINDS, help="What it is.")] = None,
    subject: Annotated[str | None, typer.Option("--subject", help="What it is about, in a few words.")] = None,
    on: Annotated[
        list[str] | None,
        typer.Option(
            "--on", metavar="TYPE:KEY", help='The records it is about from now on; repeat it for all, "" none.'
        ),
    ] = None,
    direction: Direction = None,
    at: At = None,
    ends_at: EndsAt = None,
    status: Status = None,
    description: Description = None,
    owner: Owner = None,
    key: NewKey = None,
) -> Result:
    """Change fields of an activity; "" clears one. A task is done with --status closed, and open again with open."""
    values = given(kind=kind, subject=subject, direction=direction, at=at, ends_at=ends_at, status=status)
    values |= given(description=description, owner=owner)
    about = listed(on)

    def work(unit: Unit) -> None:
        named = {} if about is None else {name: [] for name in ABOUT.values()} | _about(unit.connection, about)
        edit_record(unit, ACTIVITY, activity, values | named, key)

    return call.write(work)


def _about(connection: sqlite3.Connection, texts: Sequence[str]) -> dict[str, list[str]]:
    """The records that references mean, by the field of an activity that holds them."""
    fields: dict[str, list[str]] = {}
    for text in texts:
        noun, _, key = timeline.record_of(connection, text, _NOUNS, "--on")
        fields.setdefault(ABOUT[noun.name], []).append(key)
    return fields


delete_verb(app, ACTIVITY, SomeActivities, "Delete activities; the records they are about stay.")

_import.register(app, ACTIVITY)
