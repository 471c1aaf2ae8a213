"""One run of the program, and the options that every command has, which stand before or after the verb.

Annotations are evaluated here where they are written: Typer would compile those of the options a dozen times over,
at the start of every command.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer
from typer.main import get_command_from_info
from typer.models import CommandInfo

from custctl import config
from custctl.errors import Exit


@dataclass(slots=True)
class Invocation:
    """One run of the program: the options given so far, and what has to be closed when the answer is out."""

    arguments: Sequence[str] = ()
    flags: dict[str, Any] = field(default_factory=dict)
    closing: ExitStack = field(default_factory=ExitStack)
    notes: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    """What --verbose tells besides."""
    committed: bool = False
    """Whether something has been written for good: from then on, nothing may be called an error."""
    exit: Exit = Exit.OK
    """The exit code of what has been written for good, whatever becomes of its answer."""
    _config: config.Config | None = None

    @property
    def config(self) -> config.Config:
        if self._config is None:
            self._config = config.load(self.flags)
        return self._config

    def is_on(self, flag: str) -> bool:
        return bool(self.flags.get(flag))


def _keep(context: typer.Context, param: Any, value: Any) -> Any:
    """Put a shared option where every context sees it; one given nearer to the verb wins."""
    if value is not None and value is not False and isinstance(context.obj, Invocation):
        context.obj.flags[param.name] = value
    return value


def _option(*names: str, help: str, metavar: str | None = None) -> Any:
    return typer.Option(*names, help=help, metavar=metavar, callback=_keep, show_default=False)


def options(
    db: Annotated[str | None, _option("--db", help="The database file.", metavar="PATH")] = None,
    profile: Annotated[str | None, _option("--profile", help="A profile of the config file.", metavar="NAME")] = None,
    output: Annotated[
        str | None, _option("--output", "-o", help="How to print the answer.", metavar="|".join(config.OUTPUTS))
    ] = None,
    as_user: Annotated[
        str | None, _option("--as", help="Act as this user, by the same rules as access.", metavar="USER")
    ] = None,
    fields: Annotated[str | None, _option("--fields", help="The fields to show.", metavar="A,B")] = None,
    dry_run: Annotated[bool, _option("--dry-run", help="Do everything but keep nothing.")] = False,
    yes: Annotated[bool, _option("--yes", help="Agree to what would be asked.")] = False,
    no_input: Annotated[bool, _option("--no-input", help="Never ask.")] = False,
    quiet: Annotated[bool, _option("--quiet", "-q", help="Print no answer and no remarks.")] = False,
    verbose: Annotated[
        bool,
        _option("--verbose", "-v", help="Say more about what is done."),
    ] = False,
    color: Annotated[str | None, _option("--color", help="Colour the answer.", metavar="|".join(config.COLORS))] = None,
) -> None:
    """The signature is the declaration; see `_shared`."""


def _shared() -> list[Any]:
    """The shared options as Typer's parameters, which a command's function never sees."""
    declared = CommandInfo("options", callback=options)
    made = get_command_from_info(declared, pretty_exceptions_short=False, rich_markup_mode=None)
    for param in made.params:
        param.expose_value = False
    return list(made.params)


SHARED = _shared()
