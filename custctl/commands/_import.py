"""Imports: the same verb under the group of every noun that has rows in files."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl import config, shell
from custctl.commands._command import Call, command
from custctl.commands._common import widening
from custctl.errors import Exit, did_you_mean, near, usage
from custctl.resources import ROLE, Noun
from custctl.result import Result

if TYPE_CHECKING:
    from custctl.store.importing.wanted import Outcome
    from custctl.store.unit import Report

_COLLECTED_AFTER = 50_000
"""New objects until a collection: rows are thousands of lists that make no circles, and looking through them costs."""

FileArg = Annotated[str, typer.Argument(metavar="FILE|-", help="A sheet (.csv .tsv .jsonl .json), or stdin.")]
Format = Annotated[
    str | None, typer.Option("--format", metavar="csv|tsv|jsonl|json", help="What it is; by default its ending tells.")
]
Delimiter = Annotated[
    str | None, typer.Option("--delimiter", metavar="D", help="What is between cells: ; or tab; by default found out.")
]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", metavar="NAME", help="Like iso-8859-1; by default UTF-8, or what a mark says."),
]
DateFormat = Annotated[
    str | None, typer.Option("--date-format", metavar="FORMAT", help="How dates are written, like %d.%m.%Y.")
]
Map = Annotated[
    list[str] | None, typer.Option("--map", metavar="'HEADING=FIELD'", help="What a column means; may be repeated.")
]
Mode = Annotated[
    str, typer.Option("--mode", metavar="upsert|add|update|skip", help="What happens to records that exist, or do not.")
]
Empty = Annotated[str, typer.Option("--empty", metavar="keep|clear", help="What an empty cell does to a stored value.")]
KeepGoing = Annotated[bool, typer.Option("--continue-on-error", help="Write the good rows when others are wrong.")]
RejectsFile = Annotated[
    str | None, typer.Option("--rejects", metavar="FILE", help="Write the rejected rows there, to be mended.")
]
MaxErrors = Annotated[
    int | None,
    typer.Option("--max-errors", metavar="N", min=0, help="Tell so many (20); with --continue-on-error allow no more."),
]


def register(app: typer.Typer, noun: Noun, *examples: str) -> None:
    """Give a group the verb `import`."""

    @command(
        app,
        "import",
        examples=examples or (shell.command(f"{noun.group} import", f"{noun.document}.csv", dry_run=True),),
    )
    def import_(
        call: Call,
        file: FileArg,
        format: Format = None,
        delimiter: Delimiter = None,
        encoding: Encoding = None,
        date_format: DateFormat = None,
        map_: Map = None,
        mode: Mode = "upsert",
        empty: Empty = "keep",
        continue_on_error: KeepGoing = False,
        rejects: RejectsFile = None,
        max_errors: MaxErrors = None,
    ) -> Result:
        """Add and change records by the rows of a file: all of them, or none."""
        from custctl.store.importing.files import File, load
        from custctl.store.importing.wanted import EMPTIES, MODES, Options
        from custctl.store.sheets.headings import read_maps

        options = Options(
            _one_of("--mode", mode, MODES), _one_of("--empty", empty, EMPTIES), continue_on_error, max_errors
        )
        source = File(file, _format(format), delimiter, encoding, date_format, read_maps(map_ or []))
        if date_format is not None and not _names_a_date(date_format):
            raise usage(
                f"--date-format {date_format!r} does not name a day, a month and a year",
                "like %d.%m.%Y for 31.12.1990 (the codes of strftime)",
            )
        if rejects is not None and not continue_on_error:
            raise usage("--rejects goes with --continue-on-error", "without it nothing is written when a row is wrong")
        if not gc.isenabled():  # it is off while the program starts, and this may run for long
            gc.freeze()
            gc.enable()
            gc.set_threshold(_COLLECTED_AFTER, *gc.get_threshold()[1:])
        with call.progress("importing", "rows") as progress:
            report, outcome = load(
                call.load,
                noun,
                source,
                options,
                (call.command_line, config.actor()),
                progress.at,
                None if call.dry_run else rejects,
                lambda outcome: _settled(call, noun, outcome),
            )
        return _result(call, report, outcome)


def _settled(call: Call, noun: Noun, outcome: Outcome) -> None:
    """What is done before the rows are committed: of roles, what they give by a default has to be agreed to."""
    if noun is ROLE and outcome.access is not None and not (call.dry_run or call.invocation.is_on("yes")):
        asked = widening([row for row in outcome.access.risen if row["origin"] != "entry"], "importing roles")
        if asked is not None:  # not asked on a terminal: others would wait for the answer
            raise usage(f"{asked} needs --yes", "look at it first with --dry-run, then add --yes")
    call.will_exit(_code(outcome))


def _names_a_date(form: str) -> bool:
    """Whether a date that is written in this form can be read back."""
    from datetime import UTC, datetime  # few imports say how dates are written

    day = datetime(1990, 12, 31, tzinfo=UTC)
    try:
        if day.strftime(form) == day.replace(year=1991).strftime(form):
            return False  # without a year Python warns
        return datetime.strptime(day.strftime(form), form).date() == day.date()  # noqa: DTZ007 - only the day counts
    except ValueError:
        return False


def _one_of(option: str, word: str, known: tuple[Any, ...]) -> Any:
    if word not in known:
        hint = did_you_mean(near(word, known)) or f"it is one of {', '.join(known)}"
        raise usage(f"{option} cannot be {word!r}", hint)
    return word


def _format(word: str | None) -> Any:
    return None if word is None else _one_of("--format", word, ("csv", "tsv", "jsonl", "json"))


def _result(call: Call, report: Report, outcome: Outcome) -> Result:
    """The counts, and what is wrong with the rows that were rejected (design 4.1)."""
    data: dict[str, Any] = {"revision": report.revision, **{str(verdict): n for verdict, n in outcome.counts.items()}}
    if outcome.access is not None:
        data["access"] = outcome.access.as_json()
    data["errors"] = [problem.as_json() for problem in outcome.problems]
    notes = [f"warning: {warning}" for warning in outcome.warnings]
    if outcome.more_warnings:
        notes.append(f"warning: {outcome.more_warnings} more like these")
    verdicts = ", ".join(f"{verdict} {count}" for verdict, count in outcome.counts.items())
    if outcome.untold:
        where = "" if call.dry_run else f"; afterwards by: {shell.command('history', str(report.revision))}"
        notes.append(f"what so many rows do to access is not told{where}")
    notes.append(f"would be {verdicts}" if call.dry_run else verdicts)
    if call.dry_run:
        notes.append("dry run: nothing was written")
    return Result(data, "import", notes=tuple(notes), exit=_code(outcome))


def _code(outcome: Outcome) -> Exit:
    """6 when rows were rejected and the others were taken."""
    return Exit.PARTIAL if outcome.counts["rejected"] else Exit.OK
