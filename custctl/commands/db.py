"""The database file: where it is, what state it is in, bringing it up to date, checking, keeping and restoring it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl import config, shell
from custctl.commands._arguments import Where
from custctl.commands._command import Call, command, group
from custctl.commands._common import chosen, find, record
from custctl.commands._many import Chosen, Verb, carry_out
from custctl.errors import Exit, invalid, not_found, usage
from custctl.resources import ADDRESSES, ENTITY, RECORD, SETTING, fold, noun_called, noun_of, slug, trimmed
from custctl.result import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from custctl.store.backups import Present
    from custctl.store.removal import Outcome
    from custctl.store.unit import Draft, Unit

app = group("db", "The database file.")


@command(app, "path")
def path(call: Call) -> Result:
    """Print where the database is, by --db, CUSTCTL_DB, the profile or the default."""
    from custctl.store.database import is_there

    return record(call, {"path": str(call.database), "exists": is_there(call.database)})


@command(app, "status")
def status(call: Call) -> Result:
    """Show the state of the database: schema, revision, size and how much it holds."""
    from custctl.store import status as state

    return record(call, state.status(call.database))


@command(app, "migrate")
def migrate(call: Call) -> Result:
    """Make the database, or bring it up to date after a back-up."""
    from custctl.store import status as state

    with call.progress("migrating"):
        found: dict[str, Any] = state.migrate(call.database, call.done, dry_run=call.dry_run)
    return record(call, found)


@command(app, "check", examples=("custctl db check", "custctl db check --quiet && custctl db backup monday.backup"))
def check(call: Call) -> Result:
    """Look for damage in the file and in what it holds; nothing is changed, and findings exit 1."""
    from custctl.store import checks
    from custctl.store.database import database_errors

    columns = chosen(call.option("fields") or "", checks.COLUMNS)
    with database_errors(call.database), call.progress("checking"):
        findings = (*checks.run(call.read()), *checks.left_over(call.database, config.known_path()))
        found = [finding._asdict() for finding in findings]
    rows = [{name: row[name] for name in columns} for row in found]
    if not rows:
        call.note("no findings")
    return Result(rows, "list", columns, exit=Exit.NO if rows else Exit.OK)


_ADOPTING = Verb("adopting", "adopted", "edit")


@command(
    app,
    "adopt",
    examples=(
        "custctl db adopt --manager ci customer:acme customer-group:partners",
        "custctl db adopt --manager '' customer --where manager=ci",
    ),
)
def adopt(
    call: Call,
    records: Annotated[
        list[str], typer.Argument(metavar="TYPE:KEY...", help="Records; with --where one type alone, like customer.")
    ],
    manager: Annotated[
        str, typer.Option("--manager", metavar="NAME", help='The manager of the documents they belong to; "" for none.')
    ],
    where: Where = None,
) -> Result:
    """Give records to the documents of a manager, or take them from all: `apply --prune` removes what has its name.

    The addresses of a record, and the settings of a customer or group, go along when they were of the same manager.
    """
    name = trimmed(manager) or None
    if name is not None and name != slug(name, "manager"):
        raise invalid("--manager must be a short name like demo", field="manager", value=manager)
    if where:
        return _adopt_many(call, records, name, where)
    return call.write(lambda unit: _adopt(unit, [_record(unit, text) for text in dict.fromkeys(records)], name))


def _adopt_many(call: Call, types: list[str], name: str | None, where: list[str]) -> Result:
    noun = noun_called(types[0]) if len(types) == 1 else None
    if noun is None or noun.name in ADDRESSES or noun is SETTING:
        raise usage(
            "--where takes one type of records", f"like {shell.command('db adopt', 'customer', where='manager=ci')}"
        )

    def work(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
        from custctl.store.removal import Outcome

        _adopt(unit, drafts, name)
        return Outcome([], [])

    return carry_out(call, Chosen(noun, where=where, unseen=True), _ADOPTING, work)


def _adopt(unit: Unit, drafts: Sequence[Draft], name: str | None) -> None:
    from custctl.store import adopting

    adopting.adopt(unit, drafts, name)


def _record(unit: Unit, text: str) -> Draft:
    """The record that a reference names; exit 3 when there is none, 4 for what is no reference."""
    kind, colon, key = text.partition(":")
    if not colon:
        raise invalid(f"{text!r} is not TYPE:KEY", value=text, hint="like customer:acme or user:anna@acme.example")
    noun = noun_of(kind) or noun_called(kind)
    if noun is None or noun is SETTING or noun is ENTITY or noun.name in ADDRESSES:
        found = unit.find(RECORD, f"{kind}:{fold(key)}") if noun is None else unit.find(noun, fold(key))
        if found is None:
            raise not_found(kind, key)
        return found
    return find(unit, noun, key)


@command(app, "backup", examples=("custctl db backup monday.backup",))
def backup(call: Call, file: Annotated[str, typer.Argument(metavar="FILE", help="A new file to write.")]) -> Result:
    """Write a consistent copy of the database to a new file, while others may go on writing."""
    from custctl.store import backups

    with call.progress("copying"):
        made = backups.make(call.database, file, dry_run=call.dry_run)
    if not call.dry_run:
        call.done()
    return record(call, made, *_tried(call))


@command(
    app,
    "restore",
    examples=("custctl db restore monday.backup --dry-run", "custctl db restore monday.backup"),
)
def restore(
    call: Call, file: Annotated[str, typer.Argument(metavar="FILE", help="A back-up, or any custctl database.")]
) -> Result:
    """Replace all that the database holds by a back-up; what it held is kept in a file beside it."""
    from custctl.store import backups

    with call.progress("checking the back-up"):
        staged = backups.stage(call.database, file)
    with closing(staged.connection):
        before = backups.present(call.database)
        agreed = False
        if before is not None and not call.dry_run and not call.invocation.is_on("yes"):
            call.agree(_replacing(call, file, staged.revision, before))
            agreed = True
        with call.progress("restoring"):
            kept = backups.put_back(call.database, staged, before, agreed=agreed, dry_run=call.dry_run, done=call.done)
    told = {"file": file, "revision": staged.revision, "replaced": kept and kept.revision}
    told |= {"kept": kept and str(kept.file), "migrated": staged.migrated}
    return record(call, told, *_tried(call))


def _replacing(call: Call, file: str, revision: int, before: Present) -> str:
    """What a restore takes away, in words."""
    lost = "what can be read no more" if before.revision is None else f"revision {before.revision}"
    return f"replacing {call.database} ({lost}) by {file} (revision {revision})"


def _tried(call: Call) -> tuple[str, ...]:
    return ("dry run: nothing was written",) if call.dry_run else ()
