"""The settings of this tool: where the database is, and how answers are printed."""

from __future__ import annotations

from typing import Annotated

import typer

from custctl import config as settings
from custctl.commands._command import Call, command, group
from custctl.errors import invalid, near
from custctl.formats import visible
from custctl.result import Result

app = group("config", "The settings of this tool.")

NameArg = Annotated[str, typer.Argument(metavar="|".join((*settings.SETTINGS, "profile")), help="A setting.")]
InProfile = Annotated[str | None, typer.Option("--in", metavar="PROFILE", help="In this profile, not at the top.")]


@command(app, "show", examples=("custctl config show --origin",))
def show(
    call: Call, origin: Annotated[bool, typer.Option("--origin", help="Show where each value comes from.")] = False
) -> Result:
    """Show every setting; flags come before the environment, a profile, the file and the defaults."""
    origin = origin or call.wide
    rows = [
        {"name": value.name, "value": value.value} | ({"origin": value.origin} if origin else {})
        for value in call.config.values
    ]
    return Result(rows, "list", ("name", "value", *(("origin",) if origin else ())))


@command(app, "get")
def get(call: Call, name: NameArg) -> Result:
    """Print one setting."""
    found = next((value for value in call.config.values if value.name == name), None)
    if found is None:
        known = [value.name for value in call.config.values]
        raise invalid(f"unknown setting {name!r}", field=name, value=name, candidates=near(name, known))
    return Result({"name": name, "value": found.value, "origin": found.origin})


@command(app, "path")
def path(call: Call) -> Result:  # noqa: ARG001 - every command takes the call
    """Print where the config file is."""
    return Result({"text": f"{visible(str(settings.config_path()))}\n"}, "text")


@command(app, "set", examples=("custctl config set db ~/shop.db", "custctl config set db ~/test.db --in test"))
def set_(
    call: Call,
    name: NameArg,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The value.")],
    in_profile: InProfile = None,
) -> Result:
    """Set a setting in the config file."""
    return _save(call, name, value, in_profile)


@command(app, "unset")
def unset(call: Call, name: NameArg, in_profile: InProfile = None) -> Result:
    """Remove a setting from the config file."""
    return _save(call, name, None, in_profile)


def _save(call: Call, name: str, value: str | None, in_profile: str | None) -> Result:
    """Write one setting, into the profile that --in or --profile names."""
    written = settings.save(name, value, in_profile or call.option("profile"), dry_run=call.dry_run)
    if not call.dry_run:
        call.done()
    notes = ("dry run: nothing was written",) if call.dry_run else ()
    return Result({"name": name, "value": value, "file": str(written)}, notes=notes)
