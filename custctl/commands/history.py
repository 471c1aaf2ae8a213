"""What was changed, by whom, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from custctl.commands._command import Call, command, counted, group
from custctl.errors import did_you_mean, invalid, near, usage
from custctl.result import Result, View
from custctl.store import history as store

if TYPE_CHECKING:
    from custctl.store.unit import Unit

app = group("history", "History.")

Op = Literal["add", "change", "remove", "rename"]
Fields = Annotated[
    list[str] | None, typer.Option("--field", metavar="FIELD", help="Changes of this field; may be repeated.")
]
Revisions = Annotated[
    int | None, typer.Option("--limit", metavar="N", min=0, help="The latest so many revisions, each in full.")
]
COLUMNS = ("revision", "at", "actor", "op", "record", "version", "fields")
FIELDS = (*COLUMNS, "id", "undoes", "undone_by", "command")  # what is pasted stands at the end of its line


@command(
    app,
    "history",
    examples=(
        "custctl history customer:acme",
        "custctl history --field email --field emails --period 2026-10",
        "custctl history user --since 2026-10-01 --until 2026-10-15T12:00:00Z",
    ),
)
def history(
    call: Call,
    record: Annotated[
        str | None,
        typer.Argument(metavar="TYPE[:KEY]", help="One record, all of a type, or a revision; by default all."),
    ] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="From this day or time on.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Up to this day or time.")] = None,
    within: Annotated[
        str | None, typer.Option("--period", metavar="PERIOD", help="In this year, month or day, like 2026-10.")
    ] = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Changes by this one.")] = None,
    op: Annotated[Op | None, typer.Option("--op", help="Changes of this kind.")] = None,
    field: Fields = None,
    value: Annotated[str | None, typer.Option("--value", help="Changes from or to a value that holds this.")] = None,
    limit: Revisions = None,
) -> Result:
    """Show what was changed, by whom and when, the latest first."""
    if within is not None:
        if since is not None or until is not None:
            raise usage("--period says since and until: leave those out")
        since = until = within
    for remark in store.remarks(call.read(), record):
        call.note(remark)
    wanted = store.Wanted(record, since, until, actor, op, tuple(field or ()), value, limit)
    return Result(call.noting(store.changes(call.read(), wanted), "no changes"), _view(call), _columns(call))


def _view(call: Call) -> View:
    """A log to read; a table where columns are asked for."""
    return "log" if call.option("fields") is None and not call.wide else "history"


def _columns(call: Call) -> tuple[str, ...]:
    """The fields of a change that `--fields` asks for; the command that made it is wide."""
    asked = call.option("fields")
    if asked is None:
        return FIELDS if call.wide else COLUMNS
    names = tuple(name.strip() for name in asked.split(","))
    for name in names:
        if name not in FIELDS:
            hint = did_you_mean(near(name, FIELDS)) or f"the fields are {', '.join(FIELDS)}"
            raise invalid(f"unknown field {name!r}", code="unknown-field", field=name, hint=hint)
    return names


@command(app, "undo", examples=("custctl undo 12 --dry-run", "custctl undo --last --yes"))
def undo(
    call: Call,
    revision: Annotated[int | None, typer.Argument(metavar="REVISION", help="A revision, see history.")] = None,
    last: Annotated[bool, typer.Option("--last", help="The latest revision that is not taken back yet.")] = False,
) -> Result:
    """Take back a revision, all of it; refused when a later one touched one of its records.

    Twice --last takes back two revisions: what is taken back, and what took it back, are stepped over.
    """
    return _take_back(call, store.revert, revision, last, "taking back")


@command(app, "redo", examples=("custctl redo 12 --dry-run", "custctl redo --last --yes"))
def redo(
    call: Call,
    revision: Annotated[
        int | None, typer.Argument(metavar="REVISION", help="A revision that is taken back, or its undo.")
    ] = None,
    last: Annotated[bool, typer.Option("--last", help="What the latest undo took back.")] = False,
) -> Result:
    """Bring back what an undo took back, all of it; refused when a later revision touched one of its records."""
    return _take_back(call, store.redo, revision, last, "bringing back")


def _take_back(
    call: Call, work: Callable[[Unit, int | None], object], revision: int | None, last: bool, doing: str
) -> Result:
    if (revision is None) == (not last):
        raise usage("say which: a REVISION or --last", "to list them: custctl history")
    which = "the latest revision" if revision is None else f"revision {revision}"
    return call.agreed(lambda unit: work(unit, revision), lambda tried: f"{doing} {which}: {counted(tried)}")
