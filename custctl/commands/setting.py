"""The settings of the shop: for all of it, for one group, or for one customer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from custctl.commands._arguments import Limit, Sort, Where
from custctl.commands._command import Call, command, group
from custctl.commands._common import chosen, table, write_setting
from custctl.resources import SETTING
from custctl.result import Result, Row
from custctl.store import settings
from custctl.store.reads import limited

if TYPE_CHECKING:
    import sqlite3

    from custctl.store.unit import Unit

app = group("setting", "The settings of the shop, by group and by customer.")

SettingArg = Annotated[str, typer.Argument(metavar="SETTING", help="A setting, like guest.access.")]
For = Annotated[
    str | None,
    typer.Option("--for", metavar="TYPE:KEY", help="For one group or customer: group:partners, customer:acme."),
]

COLUMNS = ("name", "value", "origin", "default", "effect")
FIELDS = ("key", *COLUMNS, "kind", "scopes", "about")
LEVEL_COLUMNS = ("level", "value", "counts")
LEVEL_FIELDS = ("level", "value", "stored", "counts")


@command(
    app,
    "list",
    examples=(
        "custctl setting list",
        "custctl setting list --for customer:acme",
        "custctl setting list --where 'origin!=default' --sort -name",
    ),
)
def list_(call: Call, place: For = None, where: Where = None, sort: Sort = None, limit: Limit = None) -> Result:
    """List the settings with the value that counts and where it comes from; with --for those it can have."""
    from custctl.store.sifting import sifted

    connection = call.read()
    rows = settings.listed(connection, settings.place_of(connection, place))
    found = limited(sifted(rows, FIELDS, where, sort, settings.meanings(connection) if where else {}), limit)
    return table(call, call.noting(found, "no settings"), COLUMNS, FIELDS, SETTING.reference)


@command(
    app,
    "get",
    examples=("custctl setting get guest.access", "custctl setting get product.export --for customer:acme --explain"),
)
def get(
    call: Call,
    name: SettingArg,
    where: For = None,
    explain: Annotated[bool, typer.Option("--explain", help="What each level says, and which counts.")] = False,
) -> Result:
    """Show the value of a setting that counts, and where it comes from."""
    connection = call.read()
    setting, place = _meant(connection, name, where)
    if explain:
        return table(call, _explained(settings.levels(connection, setting, place)), LEVEL_COLUMNS, LEVEL_FIELDS)
    found, asked = settings.effective(connection, setting, place), call.option("fields")
    shown = found if asked is None else {field: found[field] for field in chosen(asked, FIELDS)}
    return Result(shown, noun=SETTING.reference)


def _explained(levels: list[settings.Value]) -> Iterator[Row]:
    """A row a level, the nearest first."""
    counting = settings.counting(levels)
    for level in levels:
        yield {"level": level.level, "value": level.value, "stored": level.stored, "counts": level is counting}


def _meant(connection: sqlite3.Connection, name: str, where: str | None) -> tuple[settings.Setting, settings.Place]:
    """The setting and the place that were typed; a name may also stand as output prints it, `setting:NAME`."""
    place = settings.place_of(connection, where)
    return settings.setting_of(name.removeprefix("setting:"), place.scope), place


@command(
    app,
    "set",
    examples=(
        "custctl setting set guest.checkout on",
        "custctl setting set guest.allowed_pages /about /faq",
        "custctl setting set product.export on --for group:partners",
    ),
)
def set_(
    call: Call,
    name: SettingArg,
    values: Annotated[list[str], typer.Argument(metavar="VALUE...", help="The value; of a list, every entry.")],
    where: For = None,
) -> Result:
    """Set a setting for the shop, or for one group or customer."""

    def work(unit: Unit) -> None:
        setting, place = _meant(unit.connection, name, where)
        write_setting(unit, place, setting.name, settings.read(unit.connection, setting, values))

    return call.write(work)


@command(app, "unset", examples=("custctl setting unset product.export --for group:partners",))
def unset(call: Call, name: SettingArg, where: For = None) -> Result:
    """Let a setting follow the next level again: customer, group, shop, default."""

    def work(unit: Unit) -> None:
        setting, place = _meant(unit.connection, name, where)
        if unit.id_of(SETTING, place.key(setting.name)) is None:
            unit.warnings.append(f"{setting.name} is not set for {place.title}")
        else:
            write_setting(unit, place, setting.name, None)

    return call.write(work)
