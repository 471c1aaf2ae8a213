"""The e-mail addresses and phone numbers of a record: the same verbs for both. The first is the primary one."""
# No `from __future__ import annotations`: the arguments below differ from group to group.

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, get_args

import typer

from custctl import shell
from custctl.commands._command import Call, command, group
from custctl.commands._common import find, write_item
from custctl.errors import conflict, near, not_found
from custctl.resources import Noun, fold
from custctl.result import Result
from custctl.store import reads

if TYPE_CHECKING:
    from custctl.store.unit import Unit

Primary = Annotated[bool, typer.Option("--primary", help="Make it the primary one, also when it is there already.")]


class _Entries(NamedTuple):
    """One kind of entry: whose it is, what commands call it, the field that holds it, what one is called."""

    owner: Noun
    name: str
    field: str
    title: str


def groups_of(owner: Noun, argument: Any) -> tuple[typer.Typer, typer.Typer]:
    """The groups `email` and `phone` of a noun whose records have both; `argument` is the type that names one."""
    email = _Entries(owner, "email", "emails", "e-mail address")
    phone = _Entries(owner, "phone", "phones", "phone number")
    article = "an" if owner.title[0] in "aeiou" else "a"
    return (
        _group(email, argument, f"E-mail addresses of {article} {owner.title}."),
        _group(phone, argument, f"Phone numbers of {article} {owner.title}."),
    )


def _group(kind: _Entries, argument: Any, text: str) -> typer.Typer:
    app = group(kind.name, text)
    owner_argument = get_args(argument)[1]
    entry_argument = typer.Argument(metavar=kind.name.upper(), help=f"The {kind.title}.")

    @command(app, "list")
    def list_(call: Call, owner: Annotated[str, owner_argument]) -> Result:
        """List them, the primary one first."""
        image = reads.record(call.read(), kind.owner, owner)
        rows = [{kind.name: entry, "primary": place == 0} for place, entry in enumerate(image[kind.field])]
        notes = () if rows else (f"{image['key']} has no {kind.field}",)
        return Result(rows, "list", (kind.name, "primary"), notes=notes)

    @command(app, "add")
    def add(
        call: Call,
        owner: Annotated[str, owner_argument],
        entry: Annotated[str, entry_argument],
        primary: Primary = False,
    ) -> Result:
        """Add one; the first is the primary one."""
        return call.write(lambda unit: _add(unit, kind, owner, entry, first=primary))

    @command(app, "remove")
    def remove(call: Call, owner: Annotated[str, owner_argument], entry: Annotated[str, entry_argument]) -> Result:
        """Remove one; the primary one only when it is the last."""
        return call.write(lambda unit: _remove(unit, kind, owner, entry))

    return app


def _add(unit: "Unit", kind: _Entries, owner: str, text: str, *, first: bool) -> None:
    draft = find(unit, kind.owner, owner)
    entries = draft.image[kind.field]
    entry = _held(entries, text) or text
    write_item(unit, kind.owner, {"key": draft.key, kind.field: [entry, *entries] if first else [*entries, entry]})


def _remove(unit: "Unit", kind: _Entries, owner: str, text: str) -> None:
    """The primary one stays while there are others (feature K-05).

    Source: oroinc/crm ContactBundle/Handler, ContactEmailDeleteHandlerExtension.php and the same for phones.
    """
    draft = find(unit, kind.owner, owner)
    entries = draft.image[kind.field]
    entry = _held(entries, text)
    if entry is None:
        raise not_found(f"{kind.title} of {draft.reference}", text, near(text, entries))
    if len(entries) > 1 and entry == entries[0]:
        other = shell.command(f"{kind.owner.group} {kind.name} add", draft.key, entries[1], primary=True)
        message = f"{entry} is the primary {kind.title} of {draft.reference}"
        raise conflict(message, hint=f"make another one that first: {other}", code="protected")
    write_item(unit, kind.owner, {"key": draft.key, kind.field: [other for other in entries if other != entry]})


def _held(entries: list[str], text: str) -> str | None:
    """The entry that somebody typed, as it is stored; letter case makes no difference."""
    return next((entry for entry in entries if fold(entry) == fold(text)), None)
