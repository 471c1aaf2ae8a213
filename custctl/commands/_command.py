"""What makes a function a command: the options every command has, the call it is given, and its group.

A command takes a `Call` first, does its work and returns a `Result`; it never prints. The options that stand
before or after the verb are declared once, in `_invocation`, and appended to every group and command.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from functools import partial
from inspect import getdoc
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command_from_info

from custctl import config, shell
from custctl.commands._invocation import SHARED, Invocation
from custctl.errors import Exit, conflict, usage
from custctl.result import Result, Row

if TYPE_CHECKING:
    import sqlite3

    from custctl.commands._progress import Progress, Total
    from custctl.store.acting import Actor
    from custctl.store.unit import Report, Unit
    from custctl.store.writing import Writer


class Call(typer.Context):
    """What a command is given besides its arguments: the database, the shared options, a place for remarks."""

    @property
    def invocation(self) -> Invocation:
        assert isinstance(self.obj, Invocation), "the app passes it to the root context"
        return self.obj

    @property
    def config(self) -> config.Config:
        return self.invocation.config

    @property
    def database(self) -> Path:
        return self.config.database

    @property
    def dry_run(self) -> bool:
        return self.invocation.is_on("dry_run")

    @property
    def wide(self) -> bool:
        """Whether a list is to be shown with all that there is."""
        return self.config.output.value == "wide"

    def option(self, name: str) -> Any:
        """A shared option as it was given, None when it was not."""
        return self.invocation.flags.get(name)

    def note(self, text: str) -> None:
        """Say something on standard error, beside the answer."""
        self.invocation.notes.append(text)

    def noting(self, rows: Iterable[Row], empty: str) -> Iterator[Row]:
        """The same rows, streamed; a set that turns out empty says so beside the answer, unless none were asked for."""
        some = self.params.get("limit") == 0
        for row in rows:
            some = True
            yield row
        if not some:
            self.note(empty)

    def progress(self, title: str, unit: str = "", total: Total = None, *, shown: bool = True) -> Progress:
        """A bar on a terminal while something goes on that takes longer than a second."""
        from custctl.commands._progress import Progress

        bar = Progress(shown and not self.invocation.is_on("quiet"), title, unit, total)
        self.invocation.closing.push(bar)  # whatever ends the command, it is gone before that is told
        return bar

    @property
    def into_a_file(self) -> bool:
        """Whether the answer goes into a file, so that a terminal shows nothing of it."""
        from stat import S_ISREG

        try:
            return S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
        except (OSError, ValueError):  # a stream in memory has no descriptor
            return False

    def read(self) -> sqlite3.Connection:
        """One snapshot of the database, closed when the answer has been written."""
        from custctl.store.database import open_for_reading

        connection = open_for_reading(self.database)
        self.invocation.closing.callback(connection.close)
        if self.invocation.is_on("verbose"):
            from custctl.store.database import revision_of

            self.detail(f"read: revision {revision_of(connection)}")
        return connection

    def detail(self, text: str) -> None:
        """Say something on standard error under --verbose."""
        self.invocation.details.append(text)

    def _written(self, report: Report) -> Report:
        revision = "nothing" if report.revision is None else f"revision {report.revision}"
        self.detail(f"written: {revision}")
        return report

    def acting(self, connection: sqlite3.Connection) -> Actor | None:
        """The user in whose name the command reads, None for the back office."""
        as_user = self.option("as_user")
        if as_user is None:
            return None
        from custctl.store.acting import Actor

        return Actor(connection, as_user)

    def write(self, work: Callable[[Unit], Any], check: Callable[[Unit, Report], Any] | None = None) -> Result:
        """Do the work in one transaction and commit it, or try it under --dry-run; the changes are the answer."""
        with self.progress("writing"):
            report = self._written(self.writer.run(work, check))
        return changes_result(report, dry_run=self.dry_run)

    def agreed(
        self,
        work: Callable[[Unit], Any],
        question: Callable[[Report], str | None],
        check: Callable[[Unit, Report], Any] | None = None,
    ) -> Result:
        """Write after the user has agreed to what would change; --yes agrees beforehand.

        `question` puts the changes into words, None when there is nothing to ask. What is written is what was
        shown: when another process has changed something in between, nothing is (exit 5).
        """
        if self.dry_run or self.invocation.is_on("yes"):
            return self.write(work, check)
        tried = self.attempt(work, check)
        asked = question(tried)
        if asked is None:
            return self.write(work, check)
        self.agree(asked)

        def unchanged(unit: Unit, report: Report) -> None:
            if report.changes != tried.changes:
                raise conflict("something was changed in the meantime", code="stale", hint="look at it again")
            if check is not None:
                check(unit, report)

        return self.write(work, unchanged)

    def done(self) -> None:
        """From here on what was asked for is on disk, whatever becomes of the answer."""
        self.invocation.committed = True

    def will_exit(self, code: Exit) -> None:
        """Say with what code the command ends once its work is on disk, where that is not 0."""
        self.invocation.exit = code

    def attempt(self, work: Callable[[Unit], Any], check: Callable[[Unit, Report], Any] | None = None) -> Report:
        """Do the work and roll it back: what it would change."""
        with self.progress("trying"):
            return self.writer.run(work, check, dry_run=True)

    def load(self, work: Callable[[Unit], Any]) -> Report:
        """Do work that can be done only once, in one transaction, and commit it; what it has written."""
        return self._written(self.writer.run_once(work))

    @property
    def writer(self) -> Writer:
        """The road of this command's writes, for a work that `write` does not fit."""
        from custctl.store.writing import Writer

        as_user = self.option("as_user")
        return Writer(self.database, self.command_line, config.actor(), self.dry_run, self.done, as_user)

    def agree(self, what: str) -> None:
        """Ask on a terminal; refuse without --yes elsewhere (exit 2)."""
        from custctl.formats import visible

        terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
        if self.invocation.is_on("no_input") or not terminal:
            raise usage(f"{what} needs --yes", "look at it first with --dry-run, then add --yes")
        sys.stderr.write(f"{visible(what)}. Go on? [y/N] ")
        sys.stderr.flush()
        typed = typed_line()
        if not typed:  # the end of input, which leaves the cursor behind the question
            sys.stderr.write("\n")
        if typed.strip().casefold() not in ("y", "yes"):
            raise usage("not done: you did not agree", "nothing was changed")

    @property
    def command_line(self) -> str:
        """The command as history keeps it, in characters that can be shown."""
        return shell.line(self.invocation.arguments)


def typed_line() -> str:
    """A line from the keyboard.

    Ctrl-C ends the wait whenever it comes: between the question and the moment the reading starts, a signal alone
    would be noticed with the next key only.
    """
    import select
    import signal

    heard, told = os.pipe()
    os.set_blocking(told, False)
    before = signal.set_wakeup_fd(told)
    try:
        select.select([sys.stdin, heard], [], [])
    finally:
        signal.set_wakeup_fd(before)
        os.close(heard)
        os.close(told)
    return sys.stdin.readline()


def counted(report: Report) -> str:
    """What a write would do, in a few words: `2 to add, 1 to change: customer:acme, user:anna@acme.example, ...`."""
    words = {"add": "to add", "change": "to change", "rename": "to rename", "remove": "to remove"}
    counts = {op: sum(change.op == op for change in report.changes) for op in words}
    told = ", ".join(f"{count} {words[op]}" for op, count in counts.items() if count)
    names = [change.record for change in report.changes[:_NAMED]]
    more = ", ..." if len(report.changes) > _NAMED else ""
    return f"{told}: {', '.join(names)}{more}"


_NAMED = 5


def changes_result(report: Report, *, dry_run: bool, notes: Sequence[str] = (), exit_code: Exit = Exit.OK) -> Result:
    """The answer of a write: the contract of design 4.1, with the warnings as remarks too."""
    data = {
        "revision": report.revision,
        "access": report.access.as_json(),
        "changes": [change.as_json() for change in report.changes],
        "warnings": report.warnings,
    }
    remarks = [*(f"warning: {warning}" for warning in report.warnings), *notes]
    if dry_run:
        remarks.append("dry run: nothing was written")
    return Result(data, "changes", notes=tuple(remarks), exit=exit_code)


# -- commands and groups with the shared options --------------------------------------------------------------


def _strict(whole_numbers: Any) -> Any:
    """The type of a parameter that takes a whole number only as it is read elsewhere: no `1_000`, no other digits."""
    strict = copy(whole_numbers)

    def convert(value: Any, param: Any, ctx: Any) -> Any:
        if isinstance(value, str) and not _WHOLE.fullmatch(value):
            strict.fail(f"{value!r} is not a whole number.", param, ctx)
        return whole_numbers.convert(value, param, ctx)

    strict.convert = convert
    return strict


_WHOLE = re.compile(r"[+-]?[0-9]+")


class Command(TyperCommand):
    """A command with the shared options behind its own."""

    context_class = Call

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *SHARED]
        for param in self.params:
            if "int" in param.type.name.split():  # "int", "int range": Typer has no public name for the types
                param.type = _strict(param.type)

    acts: ClassVar[bool] = False

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words; of an option without its value Typer does not say whose option it is."""
        try:
            return super().parse_args(ctx, list(_with_values(args)))
        except TyperException as error:
            if getattr(error, "ctx", ctx) is None:
                error.__dict__["ctx"] = ctx
            raise

    def invoke(self, ctx: Any) -> Any:  # Typer's own context class has no public name
        """Run the command; one that only the back office has refuses to act as somebody."""
        if not self.acts and isinstance(ctx.obj, Invocation) and ctx.obj.flags.get("as_user") is not None:
            raise usage(f"{ctx.command_path} does not take --as", "only the back office does this")
        return super().invoke(ctx)


_VALUE_WHEN_ALONE = {"--forbid-wider": "stored"}
"""Options whose value may be left out, and the value that is meant then; Typer knows no such options."""


def _with_values(words: Sequence[str]) -> Iterator[str]:
    """The words of a command line with the values that may be left out."""
    end = words.index("--") if "--" in words else len(words)
    for place, word in enumerate(words):
        yield f"{word}={_VALUE_WHEN_ALONE[word]}" if place < end and word in _VALUE_WHEN_ALONE else word


class ActingCommand(Command):
    """A command that also runs in the name of a stored user."""

    acts: ClassVar[bool] = True


class Waiting(TyperCommand):
    """Stands for a command until it is used: making its parameters takes Typer longer than most commands take."""

    def __init__(self, name: str, text: str | None, build: Callable[[], Any]) -> None:
        super().__init__(name, help=text)
        self.build = build


class Group(TyperGroup):
    """A group with the shared options, which builds a command when it is used; without a verb it shows its help."""

    context_class = Call

    def __init__(self, name: str | None, text: str | None) -> None:
        super().__init__(name=name, help=text, no_args_is_help=True, rich_markup_mode=None)
        self.params = [*self.params, *SHARED]

    def use(self, name: str) -> Any:
        """The command of that name, built, or None."""
        found = self.commands.get(name)
        if isinstance(found, Waiting):
            found = self.commands[name] = found.build()
        return found

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, built; a list of commands is made of those that wait."""
        return self.commands.get(cmd_name) if ctx.obj is None or ctx.meta.get(_LISTING) else self.use(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        ctx.meta[_LISTING] = True
        super().format_commands(ctx, formatter)


_LISTING = "custctl.listing"


def group(name: str, text: str) -> typer.Typer:
    """A group of commands, as its module declares it."""
    return typer.Typer(name=name, help=text, add_completion=False)


def built(declared: typer.Typer) -> Group:
    """The group that a module declares; its commands wait until they are used."""
    made = Group(declared.info.name, declared.info.help)
    for info in declared.registered_commands:
        assert info.name is not None, "`command` names it"
        build = partial(get_command_from_info, info, pretty_exceptions_short=False, rich_markup_mode=None)
        made.add_command(Waiting(info.name, getdoc(info.callback), build))
    for below in declared.registered_groups:
        assert below.typer_instance is not None, "add_typer was given it"
        made.add_command(built(below.typer_instance))
    return made


def command(app: typer.Typer, name: str, *, examples: Sequence[str] = (), acts: bool = False) -> Callable[..., Any]:
    """Register a function that takes a `Call` and returns a `Result` as a command of a group.

    `acts` says that it also runs in the name of a stored user, under --as.
    """
    epilog = "\b\nExamples:\n" + "\n".join(f"  {line}" for line in examples) if examples else None
    return app.command(name, cls=ActingCommand if acts else Command, epilog=epilog)
