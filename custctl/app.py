"""The root command: groups by name, loaded when they are used, and the one place where errors end."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import re
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, NoReturn

from typer.exceptions import Abort, TyperException
from typer.exceptions import Exit as TyperExit

from custctl import streams
from custctl.commands._command import Call, Group, Waiting, built
from custctl.commands._invocation import Invocation
from custctl.config import COMPLETE_VARIABLE
from custctl.errors import CustctlError, Denied, Exit, Problem
from custctl.result import Result

HELP = "Customers of a B2B seller, and who may do what: plan, apply and explain."

GROUPS: Mapping[str, tuple[str, str]] = {
    "customer": ("custctl.commands.customer", "Customers: the companies that buy, and their tree."),
    "user": ("custctl.commands.user", "Customer users: the people who sign in."),
    "group": ("custctl.commands.group", "Customer groups: customers that share terms."),
    "role": ("custctl.commands.role", "Customer user roles: what people may do."),
    "account": ("custctl.commands.account", "Accounts: companies as the seller's own people know them."),
    "contact": ("custctl.commands.contact", "Contacts: people known to the seller, who need not sign in."),
    "lead": ("custctl.commands.lead", "Leads: people and companies that may become customers."),
    "opportunity": ("custctl.commands.opportunity", "Opportunities: sales that may come about."),
    "activity": ("custctl.commands.activity", "Activities: calls, e-mails, tasks, events and notes about records."),
    "marketing": ("custctl.commands.marketing", "The marketing log: what was mailed to whom, and what became of it."),
    "channel": ("custctl.commands.channel", "Channels: where customers come from, a shop or a sales team."),
    "business": ("custctl.commands.business", "Business customers: companies that are sold to without a shop."),
    "tag": ("custctl.commands.tag", "Tags: words to sort and find records by, over all nouns."),
    "guest": ("custctl.commands.guest", "Visitors, and what the shop allows them."),
    "access": ("custctl.commands.access", "Questions about access, and why the answer is what it is."),
    "order": ("custctl.commands.order", "Orders."),
    "quote": ("custctl.commands.quote", "Quotes."),
    "request": ("custctl.commands.request", "Requests for quote."),
    "shopping-list": ("custctl.commands.shopping_list", "Shopping lists."),
    "checkout": ("custctl.commands.checkout", "Checkouts."),
    "report": ("custctl.commands.report", "Figures over all accounts, leads and opportunities."),
    "content": ("custctl.commands.content", "Contents of the website, and who sees which variant."),
    "category": ("custctl.commands.category", "Categories of products, and who sees them."),
    "product": ("custctl.commands.product", "Products, and who sees them."),
    "price-list": (
        "custctl.commands.price_list",
        "Price lists: what products cost, for customers, groups or everybody.",
    ),
    "setting": ("custctl.commands.setting", "The settings of the shop, by group and by customer."),
    "config": ("custctl.commands.config", "The settings of this tool."),
    "db": ("custctl.commands.db", "The database file."),
}
COMMANDS: Mapping[str, tuple[str, str]] = {
    "plan": ("custctl.commands.documents", "Show what documents would change."),
    "diff": ("custctl.commands.documents", "Show what documents would change, as text."),
    "apply": ("custctl.commands.documents", "Make the database hold what documents say."),
    "export": (
        "custctl.commands.export",
        "Write the database as a document, or one noun as rows.",
    ),
    "search": (
        "custctl.commands.search",
        "Find records by name, key, e-mail, phone, number, address, tag or external id, the best first.",
    ),
    "history": ("custctl.commands.history", "Show what was changed, by whom and when, the latest first."),
    "undo": ("custctl.commands.history", "Take back a revision, all of it."),
    "redo": ("custctl.commands.history", "Bring back what an undo took back."),
    "demo": ("custctl.commands.demo", "Fill an empty database with a small or large world."),
    "help": ("custctl.commands.help", "Explain a topic, or show the help of a command."),
    "completion": ("custctl.commands.completion", "Print the script that completes on TAB in a shell."),
    "version": ("custctl.commands.version", "Show the versions of custctl and what it runs on."),
}
"""The top-level verbs; each lives in a module whose `app` has it."""


class Terminated(BaseException):
    """SIGTERM, or the terminal was closed: everything is rolled back on the way out."""


@cache
def load(name: str) -> Any:
    """The group or top-level command of a name."""
    if name in GROUPS:
        return built(importlib.import_module(GROUPS[name][0]).app)
    return built(importlib.import_module(COMMANDS[name][0]).app).use(name)


def root() -> Group:
    """The whole command tree; a module is imported when something in it is used."""
    made = Group("custctl", HELP)
    for table in (GROUPS, COMMANDS):
        for name, (_, text) in table.items():
            made.add_command(Waiting(name, text, partial(load, name)))
    return made


def run(arguments: Sequence[str]) -> NoReturn:
    """Carry out one command line and end the process with its exit code."""
    os.umask(0o077)
    streams.prepare()
    line = os.environ.get(COMPLETE_VARIABLE)
    if line is not None:
        os._exit(_complete(line))
    invocation = Invocation(arguments)
    try:
        signal.signal(signal.SIGTERM, _on_signal)
        for number in (signal.SIGHUP, signal.SIGINT):
            if signal.getsignal(number) is not signal.SIG_IGN:  # not where nohup or the shell has switched it off
                signal.signal(number, _on_signal)
        code = streams.flushed(_carry_out(invocation))
    except (KeyboardInterrupt, Terminated) as error:  # before the command began, while it ended, or a second one
        _end_on_more_signals(invocation)
        streams.discard()
        code = streams.flushed(_ended(error, invocation))
    # Tearing down the modules would take longer than most commands; everything is closed and flushed here.
    os._exit(code)


def _end_on_more_signals(invocation: Invocation) -> None:
    """End at once, with the same code, when another signal comes while what is to be said of the first is written."""

    def end(number: int, _frame: object) -> None:
        of_signal = Exit.INTERRUPTED if number == signal.SIGINT else Exit.TERMINATED
        os._exit(invocation.exit if invocation.committed else of_signal)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is _on_signal:
            signal.signal(number, end)


def _complete(line: str) -> int:
    """Answer a shell that wants to complete a line; whatever fails, whoever types is not disturbed."""
    try:
        from custctl.completion import answer

        sys.stdout.write(answer(root(), line))
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - a mistake here is shown to nobody who has not asked
        if os.environ.get("CUSTCTL_DEBUG"):
            _bug(error, "nothing was completed")
    return Exit.OK


def execute(arguments: Sequence[str]) -> int:
    """Carry out one command line; the exit code."""
    return _carry_out(Invocation(arguments))


def _carry_out(invocation: Invocation) -> int:
    """Every error ends here."""
    try:
        with invocation.closing:
            return _answer(invocation)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it must not look like the answer "no"
        return _ended(error, invocation)


def _ended(error: BaseException, invocation: Invocation) -> int:
    """The exit code of a command that did not come to its end.

    What a signal raises while SQLite calls back comes out as an error of SQLite; the signal is what counts.
    """
    if _signals and isinstance(error, Exception):
        error = _signals[0]
    try:
        return _unprinted(error, invocation.exit) if invocation.committed else _failed(error, invocation)
    except Exception as problem:  # noqa: BLE001 - a mistake in telling an error must not look like the answer "no"
        return _bug(problem, "what was asked for is done" if invocation.committed else "nothing was changed")


def _answer(invocation: Invocation) -> int:
    """Run the command and print its answer.

    Not by Typer's `main`, which would end the process with 1, our "no", when the reader of help closes the pipe.
    """
    tree = root()
    with tree.make_context("custctl", list(invocation.arguments), obj=invocation) as context:
        result = tree.invoke(context)
    if not isinstance(result, Result):
        return int(result or 0)
    if not gc.isenabled():
        gc.freeze()  # What start-up made lives to the end; a first collection would walk through all of it.
        gc.enable()
    return _told(result, invocation)


def _told(result: Result, invocation: Invocation) -> int:
    """Print an answer; the exit code, which belongs to the answer: a reader who goes away does not change it."""
    if invocation.committed:
        invocation.exit = result.code()
    try:
        _show(result, invocation)
    except ConnectionError:
        streams.discard()
        _finish(result)
    return result.code()


def _finish(result: Result) -> None:
    """Make the rows that nobody reads any more, as long as they may still change the exit code."""
    rows = iter(() if isinstance(result.data, Mapping) else result.data)
    while result.undecided() and next(rows, None) is not None:
        pass


def _failed(error: BaseException, invocation: Invocation) -> int:
    """Say what ended a command that has changed nothing; the exit code."""
    match error:
        case CustctlError():
            return _fail(error, invocation)
        case Denied():
            return _refused(error, invocation)
        case TyperExit():
            return error.exit_code
        case TyperException():
            if type(error).__name__ == "NoArgsIsHelpError" and _wanted_output(invocation) not in _WITH_ERRORS_AS_DATA:
                streams.say(f"{error.format_message()}\n")  # the help, made of our own words
                return Exit.USAGE
            return _fail(_usage_error(error), invocation)
        case KeyboardInterrupt() | Abort():
            streams.say("\ninterrupted; nothing was changed\n")
            return Exit.INTERRUPTED
        case Terminated():
            streams.say("terminated; nothing was changed\n")
            return Exit.TERMINATED
        case OSError():
            return _system_error(error, invocation)
        case UnicodeEncodeError() | MemoryError():
            return _fail(CustctlError(_NOT_TEXT if isinstance(error, ValueError) else _TOO_MUCH), invocation)
    known = _of_the_database(error, invocation)
    return _fail(known, invocation) if known else _bug(error, "nothing was changed")


def _of_the_database(error: BaseException, invocation: Invocation) -> CustctlError | None:
    """What an error of SQLite means; None for any other, and where no database has been opened."""
    database = sys.modules.get("custctl.store.database")
    if database is None:
        return None
    try:
        path = invocation.config.database
    except CustctlError:
        return None
    found: CustctlError | None = database.known(error, path)
    return found


def _refused(error: Denied, invocation: Invocation) -> int:
    """A command that somebody may not carry out answers with the decision, like the question itself."""
    try:
        return _told(Result(error.answer, error.view, exit=error.exit), invocation)
    except OSError as problem:
        return _system_error(problem, invocation)


def _unprinted(error: BaseException, code: Exit) -> int:
    """The command is done and on disk, whatever has become of its answer; the exit code is that of what was done."""
    streams.discard()
    if isinstance(error, OSError):
        if not isinstance(error, ConnectionError):
            streams.say("done, but the answer could not be printed\n")
    elif isinstance(error, CustctlError):
        streams.say(f"done, but the answer could not be printed: {_safe(error.problem.message)}\n")
    elif isinstance(error, Exception):
        _bug(error, "what was asked for is done")
    else:
        streams.say("\ndone; only the answer was interrupted\n")
    return code


def _show(result: Result, invocation: Invocation) -> None:
    from custctl.render import render

    if not invocation.is_on("quiet"):
        terminal = sys.stdout.isatty()
        render(
            result,
            _output(invocation, result),
            out=sys.stdout,
            color=_color(invocation, terminal),
            width=_width() if terminal else None,
            terminal=terminal,
        )
        sys.stdout.flush()
        for note in (*invocation.notes, *result.notes, *_details(invocation)):
            streams.say(f"{_safe(note)}\n")
    elif callable(result.exit) and not isinstance(result.data, Mapping):
        for _ in result.data:  # the exit code depends on every row
            pass


def _details(invocation: Invocation) -> Iterable[str]:
    """What --verbose tells beside an answer or an error: where settings come from, and what was read or written."""
    if not invocation.is_on("verbose") or invocation.is_on("quiet"):
        return ()
    from custctl.config import known_path

    try:
        values, file = invocation.config.values, known_path()
    except CustctlError:  # which is the answer then
        return invocation.details
    told = [f"{value.name}: {value.value or 'none'} ({value.origin})" for value in values]
    told.append("config: none" if file is None else f"config: {file}{'' if file.exists() else ' (not there)'}")
    return (*told, *invocation.details)


def _output(invocation: Invocation, result: Result) -> str:
    asked = invocation.config.output
    if result.view == "text" and asked.origin != "--output":
        return "table"  # a document is not wrapped because lists are wanted as JSON
    return result.natural if asked.origin == "default" or asked.value is None else asked.value


def _color(invocation: Invocation, terminal: bool) -> bool:
    choice = invocation.config.color.value
    if choice != "auto":
        return choice == "always"
    return terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _width() -> int:
    import shutil

    return shutil.get_terminal_size().columns


def _safe(text: str) -> str:
    from custctl.formats import visible

    return visible(text)


def _fail(error: CustctlError, invocation: Invocation) -> int:
    from custctl.render import render_error

    with contextlib.suppress(OSError):
        color = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        output = _wanted_output(invocation)
        render_error(error, output, sys.stderr, color, error.shown)
        if output not in _WITH_ERRORS_AS_DATA:
            sys.stderr.writelines(f"{_safe(detail)}\n" for detail in _details(invocation))
    return error.problem.exit


def _wanted_output(invocation: Invocation) -> str:
    """The output format for an error, known even where the command line could not be read."""
    if "output" in invocation.flags:
        return str(invocation.flags["output"])
    words = list(invocation.arguments)
    for before, word in zip(["", *words], words, strict=False):
        if before in ("-o", "--output") and not word.startswith("-"):
            return word
        if word.startswith(("--output=", "-o")) and len(word) > len("-o"):
            return word.removeprefix("--output=").removeprefix("-o")
    try:
        return invocation.config.output.value or "table"
    except CustctlError:
        return os.environ.get("CUSTCTL_OUTPUT", "table")


def _usage_error(error: TyperException) -> CustctlError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "custctl"
    if type(error).__name__ == "NoArgsIsHelpError":
        return CustctlError(Problem("usage", Exit.USAGE, "say what to do", f"what there is: {path} --help"))
    message, choices = error.format_message().rstrip("."), getattr(error, "param", None)
    message = message.partition(". Choose from:")[0]  # which has them one a line
    for theirs, ours in _WORDS:
        message = theirs.sub(ours, message)
    known = getattr(getattr(choices, "type", None), "choices", None)
    hint = f"it is one of {', '.join(map(str, known))}" if known else f"how it is written: {path} --help"
    return CustctlError(Problem("usage", Exit.USAGE, message, hint))


_WORDS = (
    (re.compile(r"'([+-]?[0-9]{1000,})' is not a valid int(?: range)?$"), "the number is too long"),
    (re.compile(r" is not a valid int(?: range)?$"), " is not a whole number"),
    (re.compile(r" is not in the range x>=(-?[0-9]+)$"), r" is less than \1"),
    (re.compile(r" is not in the range (-?[0-9]+)<=x<=(-?[0-9]+)$"), r" is not between \1 and \2"),
)
"""How Typer tells what is wrong with a value, and how we do."""


def _system_error(error: OSError, invocation: Invocation) -> int:
    """A closed pipe is no error; a full disk, a broken stream or a file that cannot be used is 74."""
    if error.filename is not None:
        words = f"{error.filename} cannot be used: {error.strerror}"
    elif streams.lost(error) == Exit.OK:
        return Exit.OK
    else:
        words = streams.unwritten(error)
    return _fail(CustctlError(Problem("output", Exit.OUTPUT, words)), invocation)


_TOO_MUCH = Problem("limit", Exit.INVALID, "there is not enough memory for this", "nothing was changed; ask for less")
_NOT_TEXT = Problem(
    "encoding",
    Exit.INVALID,
    "the command line holds bytes that are no text",
    "custctl reads UTF-8; file names may differ",
)


def _bug(error: BaseException, outcome: str) -> int:
    """A mistake in custctl: where it happened, but no value, because values may be customer data."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    where = "; ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[-4:])
    streams.say(f"error: custctl has a bug ({type(error).__name__}); {outcome}\n  {where}\n")
    if os.environ.get("CUSTCTL_DEBUG"):
        with contextlib.suppress(OSError):
            traceback.print_exception(error)
    return Exit.BUG


_WITH_ERRORS_AS_DATA = ("json", "jsonl", "yaml")

_signals: list[BaseException] = []
"""What has been raised for the signals that came."""


def _on_signal(number: int, _frame: object) -> NoReturn:
    _signals.append(KeyboardInterrupt() if number == signal.SIGINT else Terminated())
    raise _signals[-1]


__all__ = ["Call", "execute", "root", "run"]
