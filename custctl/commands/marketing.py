"""The marketing log: what was mailed to whom, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from custctl.commands import _import
from custctl.commands._arguments import After, Count, Key, Limit, Sort, Where
from custctl.commands._command import Call, command, group
from custctl.commands._common import Asked, given, listing, table
from custctl.commands._common import add as add_record
from custctl.commands._common import show as show_record
from custctl.commands._many import delete_verb
from custctl.resources import MARKETING_EVENT
from custctl.result import Result
from custctl.store import timeline

if TYPE_CHECKING:
    from custctl.store.scopes import Condition
    from custctl.store.unit import Unit

app = group("marketing", "The marketing log: what was mailed to whom, and what became of it.")

EventArg = Annotated[str, typer.Argument(metavar="EVENT", help="An event of the log: its key or id:N.")]
SomeEvents = Annotated[
    list[str] | None,
    typer.Argument(metavar="EVENT...", help="Events of the log: keys or id:N; - reads them from standard input."),
]
On = Annotated[
    str | None,
    typer.Option("--on", metavar="TYPE:KEY", help="Only those of this record, of an account also of what hangs on it."),
]
Campaign = Annotated[str | None, typer.Option("--campaign", help="The campaign it belongs to.")]


@command(app, "list", examples=("custctl marketing list --on account:acme --where type=click",))
def list_(
    call: Call,
    on: On = None,
    where: Where = None,
    sort: Sort = None,
    limit: Limit = None,
    after: After = None,
    count: Count = False,
) -> Result:
    """List what was mailed and what became of it, the latest first."""
    return listing(call, MARKETING_EVENT, Asked(where, sort, limit, after, count), _among(call, on))


def _among(call: Call, on: str | None) -> Condition | None:
    if on is None:
        return None
    noun, row_id, _ = timeline.record_of(call.read(), on, timeline.MAILED, "--on")
    return timeline.mailings_of(noun, row_id)


@command(app, "show", examples=("custctl marketing show send-spring-ann-lee",))
def show(call: Call, event: EventArg) -> Result:
    """Show one event of the log."""
    return show_record(call, MARKETING_EVENT, event)


@command(
    app,
    "add",
    examples=("custctl marketing add click --to contact:ann-lee --campaign spring --details https://acme.example",),
)
def add(
    call: Call,
    type: Annotated[
        str, typer.Argument(metavar="send|open|click|soft_bounce|hard_bounce|unsubscribe", help="What happened.")
    ],
    to: Annotated[str, typer.Option("--to", metavar="TYPE:KEY", help="The person or record that it was mailed to.")],
    campaign: Campaign = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="When it happened, RFC 3339; by default now.")
    ] = None,
    details: Annotated[str | None, typer.Option("--details", help="Like the address that was clicked.")] = None,
    key: Key = None,
) -> Result:
    """Keep what was mailed to somebody, or what became of it."""
    values = given(key=key, type=type, campaign=campaign, at=at, details=details)

    def work(unit: Unit) -> None:
        noun, _, named = timeline.record_of(unit.connection, to, timeline.MAILED, "--to")
        title = " ".join(filter(None, (type, campaign, named)))
        add_record(unit, MARKETING_EVENT, values | {timeline.field_to(noun): named}, title)

    return call.write(work)


delete_verb(app, MARKETING_EVENT, SomeEvents, "Delete events of the log.")


@command(app, "campaigns", examples=("custctl marketing campaigns --on account:acme",))
def campaigns(call: Call, on: On = None) -> Result:
    """Show how many people each campaign was sent to, and how many opened, clicked, bounced and unsubscribed."""
    connection = call.read()
    rows = timeline.campaigns(connection, _among(call, on))
    columns = ("campaign", "sent", "opened", "clicked", "bounced", "unsubscribed")
    return table(call, call.noting(rows, "no campaigns"), columns, timeline.STATISTICS)


_import.register(app, MARKETING_EVENT)
