"""The e-mail addresses and phone numbers of a contact: the same verbs for both. The first is the primary one."""
# No `from __future__ import annotations`: the argument below differs from group to group.

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from custctl.commands._arguments import ContactArg
from custctl.commands._command import Call, command, group
from custctl.commands._common import find, write_item
from custctl.errors import conflict, near, not_found
from custctl.resources import CONTACT, fold
from custctl.result import Result
from custctl.store import reads

if TYPE_CHECKING:
    from custctl.store.unit import Unit

Primary = Annotated[bool, typer.Option("--primary", help="Make it the primary one, also when it is there already.")]


def group_of(name: str, field: str, title: str, text: str) -> typer.Typer:
    """The group of one kind of entry: the field of a contact that holds them, what one is called, the help."""
    app = group(name, text)
    entry_argument = typer.Argument(metavar=name.upper(), help=f"The {title}.")

    @command(app, "list")
    def list_(call: Call, contact: ContactArg) -> Result:
        """List them, the primary one first."""
        image = reads.record(call.read(), CONTACT, contact)
        rows = [{name: entry, "primary": place == 0} for place, entry in enumerate(image[field])]
        return Result(rows, "list", (name, "primary"), notes=() if rows else (f"{image['key']} has no {field}",))

    @command(app, "add")
    def add(call: Call, contact: ContactArg, entry: Annotated[str, entry_argument], primary: Primary = False) -> Result:
        """Add one; the first is the primary one."""
        return call.write(lambda unit: _add(unit, field, contact, entry, first=primary))

    @command(app, "remove")
    def remove(call: Call, contact: ContactArg, entry: Annotated[str, entry_argument]) -> Result:
        """Remove one; the primary one only when it is the last."""
        return call.write(lambda unit: _remove(unit, name, field, title, contact, entry))

    return app


def _add(unit: "Unit", field: str, contact: str, text: str, *, first: bool) -> None:
    draft = find(unit, CONTACT, contact)
    entries = draft.image[field]
    entry = _held(entries, text) or text
    write_item(unit, CONTACT, {"key": draft.key, field: [entry, *entries] if first else [*entries, entry]})


def _remove(unit: "Unit", name: str, field: str, title: str, contact: str, text: str) -> None:
    """The primary one stays while there are others (feature K-05).

    Source: oroinc/crm ContactBundle/Handler, ContactEmailDeleteHandlerExtension.php and the same for phones.
    """
    draft = find(unit, CONTACT, contact)
    entries = draft.image[field]
    entry = _held(entries, text)
    if entry is None:
        raise not_found(f"{title} of {draft.reference}", text, near(text, entries))
    if len(entries) > 1 and entry == entries[0]:
        other = f"custctl contact {name} add {draft.key} {shlex.quote(entries[1])} --primary"
        message = f"{entry} is the primary {title} of {draft.reference}"
        raise conflict(message, hint=f"make another one that first: {other}", code="protected")
    write_item(unit, CONTACT, {"key": draft.key, field: [other for other in entries if other != entry]})


def _held(entries: list[str], text: str) -> str | None:
    """The entry that somebody typed, as it is stored; letter case makes no difference."""
    return next((entry for entry in entries if fold(entry) == fold(text)), None)
