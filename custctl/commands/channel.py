"""Channels: where customers come from, a shop or a sales team."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from custctl.commands import _import
from custctl.commands._arguments import ChannelArg, Key, Name, NewKey, NewName, Owner, SomeChannels, Where
from custctl.commands._command import Call, command, group
from custctl.commands._common import add as add_record
from custctl.commands._common import edit as edit_record
from custctl.commands._common import find, given, listed, write_item, write_items
from custctl.commands._common import show as show_record
from custctl.commands._lists import list_verb
from custctl.commands._many import Verb, carry_out, choose, delete_verb
from custctl.errors import CustctlError, Problem, conflict
from custctl.resources import CHANNEL
from custctl.result import Result

if TYPE_CHECKING:
    from custctl.store.removal import Outcome
    from custctl.store.unit import Draft, Unit

app = group("channel", "Channels: where customers come from, a shop or a sales team.")

Type = Annotated[
    str, typer.Option("--type", metavar="b2b|commerce|custom", help="b2b has business customers, commerce customers.")
]
NewType = Annotated[
    str | None, typer.Option("--type", metavar="b2b|commerce|custom", help="The type, while nothing is in it.")
]
Identity = Annotated[
    str | None, typer.Option("--identity", metavar="ENTITY", help="What a customer is in it; the type says so.")
]
Entities = Annotated[
    list[str] | None,
    typer.Option("--entity", metavar="ENTITY", help="An entity that it is about; repeat it for the whole list."),
]


list_verb(app, CHANNEL, "List channels, by name.", examples=("custctl channel list --where active=yes",))


@command(app, "show")
def show(call: Call, channel: ChannelArg) -> Result:
    """Show a channel, and how many customers it has."""
    return show_record(call, CHANNEL, channel)


@command(app, "add", examples=("custctl channel add 'Web shop' --type commerce --active",))
def add(
    call: Call,
    name: Name,
    type_: Type,
    key: Key = None,
    active: Annotated[bool, typer.Option("--active", help="Take customers from the start.")] = False,
    identity: Identity = None,
    entity: Entities = None,
    owner: Owner = None,
) -> Result:
    """Add a channel; it takes customers once it is enabled."""
    values = given(key=key, name=name, type=type_, identity=identity, entities=listed(entity), owner=owner)
    return call.write(lambda unit: add_record(unit, CHANNEL, values | {"active": active}, name))


@command(app, "edit", examples=("custctl channel edit web-shop --name 'Web shop EU'",))
def edit(
    call: Call,
    channel: ChannelArg,
    name: NewName = None,
    key: NewKey = None,
    type_: NewType = None,
    identity: Identity = None,
    entity: Entities = None,
    owner: Owner = None,
) -> Result:
    """Change fields of a channel; "" clears one."""
    values = given(name=name, type=type_, identity=identity, entities=listed(entity), owner=owner)
    return call.write(lambda unit: edit_record(unit, CHANNEL, channel, values, key))


@command(app, "enable", examples=("custctl channel enable web-shop",))
def enable(call: Call, channels: SomeChannels = None, where: Where = None) -> Result:
    """Let channels take customers."""
    return _switch(call, channels, where, Verb("enabling", "enabled", "edit"), on=True)


@command(app, "disable")
def disable(call: Call, channels: SomeChannels = None, where: Where = None) -> Result:
    """Keep customers from joining channels; those that are in stay."""
    return _switch(call, channels, where, Verb("disabling", "disabled", "edit"), on=False)


def _switch(call: Call, channels: list[str] | None, where: list[str] | None, verb: Verb, *, on: bool) -> Result:
    chosen = choose(call, CHANNEL, channels, where)
    if isinstance(chosen, str):
        return call.write(lambda unit: _switch_one(unit, chosen, on=on))
    return carry_out(call, chosen, verb, partial(_switch_many, on=on))


def _switch_one(unit: Unit, text: str, *, on: bool) -> None:
    draft = find(unit, CHANNEL, text)
    if problem := _unswitchable(draft, on=on):
        raise CustctlError(problem)
    write_item(unit, CHANNEL, {"key": draft.key, "active": on})


def _switch_many(unit: Unit, drafts: Sequence[Draft], *, on: bool) -> Outcome:
    from custctl.store.removal import Outcome

    found = [(draft, _unswitchable(draft, on=on)) for draft in drafts]
    write_items(unit, CHANNEL, [{"key": draft.key, "active": on} for draft, problem in found if problem is None])
    return Outcome([], [(draft, problem) for draft, problem in found if problem is not None])


def _unswitchable(draft: Draft, *, on: bool) -> Problem | None:
    """Why a channel cannot be switched: it is so already."""
    if draft.image["active"] is not on:
        return None
    return conflict(f"{draft.reference} is already {'enabled' if on else 'disabled'}", code="unchanged").problem


delete_verb(
    app,
    CHANNEL,
    SomeChannels,
    "Delete channels with their business customers; customers of the shop stay, without a channel.",
    examples=("custctl channel delete field-sales --dry-run",),
)
_import.register(app, CHANNEL)
