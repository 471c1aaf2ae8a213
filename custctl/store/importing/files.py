"""One import from beginning to end: the file opened, its columns understood, its rows taken, its rejects kept."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from custctl.errors import CustctlError, Exit, Problem, invalid
from custctl.resources import Field, Noun
from custctl.store.concerns import matters
from custctl.store.importing.ahead import ahead
from custctl.store.importing.engine import Import, Read, Signature
from custctl.store.importing.late import RepeatedError
from custctl.store.importing.plain import TAKEN, Page, Plain
from custctl.store.importing.rejects import Rejects
from custctl.store.importing.wanted import SHOWN, Options, Outcome
from custctl.store.sheets import Format, Row, Sheet
from custctl.store.sheets.cells import assembler, object_assembler
from custctl.store.sheets.headings import columns_of
from custctl.store.sheets.reading import open_sheet
from custctl.store.unit import Effects, Report, Unit


@dataclass(frozen=True, slots=True)
class File:
    """A file of rows, and how it is written where that cannot be seen."""

    name: str
    format: Format | None = None
    delimiter: str | None = None
    encoding: str | None = None
    date_format: str | None = None
    meaning: Mapping[str, str] | None = None
    """What columns mean whose headings do not say it."""


def load(
    write: Callable[[Callable[[Unit], Any]], Report],
    noun: Noun,
    file: File,
    options: Options,
    signature: tuple[str, str],
    progress: Callable[[int, int | None], object] = lambda *_: None,
    rejects: str | None = None,
    settled: Callable[[Outcome], object] = lambda _: None,
) -> tuple[Report, Outcome]:
    """Take the rows of a file in one transaction, which `write` makes; what it has written, and what came of the rows.

    `settled` is told what came of them before it is committed.

    Raises exit 4 when the file cannot be read, when a row is wrong and the options do not allow that, with every
    problem; 5 when the file of rejected rows exists. Nothing is written then.
    """
    again = partial(_load, write, noun, file, options, Signature(*signature), progress, rejects, settled)
    if _is_regular(file):  # what comes through a pipe comes once
        with suppress(RepeatedError):
            return again(hasty=True)
    return again(hasty=False)


def _load(
    write: Callable[[Callable[[Unit], Any]], Report],
    noun: Noun,
    file: File,
    options: Options,
    signature: Signature,
    progress: Callable[[int, int | None], object],
    rejects: str | None,
    settled: Callable[[Outcome], object],
    *,
    hasty: bool,
) -> tuple[Report, Outcome]:
    """Take the rows of a file. Raises RepeatedError when it was too hasty; nothing is written then."""
    running: list[Import] = []
    short = None
    with ExitStack() as closing:
        opened = open_sheet(
            file.name,
            format=file.format,
            delimiter=file.delimiter,
            encoding=file.encoding,
            stdin=None if sys.stdin is None else sys.stdin.buffer,
        )
        sheet = closing.enter_context(opened)
        sheet.columns, sheet.ignored = columns_of(noun, sheet.headings, file.meaning, sheet.places)
        kept = Rejects(rejects, sheet) if rejects is not None else None
        if kept is not None:
            closing.callback(kept.drop)
        if sheet.headings and noun in TAKEN and options.mode != "update":
            short = closing.enter_context(_short_road(noun, file, sheet, options))

        def told(rows: int, share: float | None) -> None:
            progress(rows, round(rows / share) if share else None)

        def work(unit: Unit) -> None:
            read = _reader(noun, sheet, file, options)
            running[:] = [Import(unit, noun, sheet, read, options, signature, kept, told, short, hasty=hasty)]
            outcome = running[0].run()
            if outcome.counts["rejected"] and not options.keep_going:
                raise _refusal(outcome, options)
            if matters(noun):
                _tell(unit, outcome)
            if kept is not None:
                kept.close()
            settled(outcome)

        report = write(work)
        if kept is not None:
            kept.stays = True
    outcome = running[0].outcome
    if sheet.ignored:
        outcome.warnings.insert(0, f"custctl keeps nothing of these columns: {', '.join(sheet.ignored)}")
    return report, outcome


def _tell(unit: Unit, outcome: Outcome) -> None:
    """Say what the rows do to access, where they are not too many."""
    if outcome.written > MOST_TOLD:
        outcome.untold = outcome.written > outcome.counts["added"]
        return
    from custctl.store.past_effects import effects_of

    outcome.access = Effects() if unit.revision is None else effects_of(unit.connection, unit.revision)


MOST_TOLD = 1_000
"""Of more rows that were written it is not told what they do to access: an import is to be fast."""


def _is_regular(file: File) -> bool:
    return file.name != "-" and Path(file.name).is_file()


@contextmanager
def _short_road(noun: Noun, file: File, sheet: Sheet, options: Options) -> Iterator[tuple[Plain, Iterable[Page]]]:
    """What the columns are, and the rows; of a large file another process reads them, which a pipe might hold up."""
    plain = Plain(noun, sheet.columns, empty_is_nothing=options.empty == "keep")
    pages = plain.pages(sheet)
    if _is_regular(file) and Path(file.name).stat().st_size >= READ_AHEAD and (os.cpu_count() or 1) > 1:
        with ahead(pages) as read:
            yield plain, read
    else:
        yield plain, pages


READ_AHEAD = 4 * 1024 * 1024
"""From so many bytes on."""


def _refusal(outcome: Outcome, options: Options) -> CustctlError:
    """Why nothing is written: how many rows are wrong, then what is wrong with the first of them."""
    rejected, total = outcome.counts["rejected"], outcome.total
    words = f"{rejected} of {total} rows {'is' if rejected == 1 else 'are'} rejected; nothing was written"
    hint = "mend them, or write the others with --continue-on-error"
    error = CustctlError(Problem("rejected", Exit.INVALID, words, hint), *outcome.problems)
    error.shown = 1 + (SHOWN if options.most is None else options.most) * MOST_OF_A_ROW
    return error


MOST_OF_A_ROW = 10
"""A row that has so many faults is seldom one."""


# -- reading a row -------------------------------------------------------------------------------------------------


def _reader(noun: Noun, sheet: Sheet, file: File, options: Options) -> Read:
    """What makes a record of a row, its dates in the form that documents have."""

    def not_kept(headings: Sequence[str]) -> None:
        sheet.ignored = tuple(dict.fromkeys((*sheet.ignored, *headings)))

    by_columns = assembler(noun, sheet.columns, empty=options.empty)
    by_names = object_assembler(noun, file.meaning, empty=options.empty, not_kept=not_kept)
    dated = [field for field in noun.fields if field.kind in ("day", "time") and not field.computed]

    def read(row: Row) -> dict[str, Any]:
        values = by_names(row.cells) if isinstance(row.cells, Mapping) else by_columns(row.cells)
        for field in dated:
            if isinstance(values.get(field.name), str):
                values[field.name] = _date(values[field.name], field, file.date_format)
        return values

    return read


_AS_ORO_WRITES_IT = re.compile(r"\d{1,2}/\d{1,2}/\d{4}\Z")


def _date(text: str, field: Field, form: str | None) -> str:
    """A date as documents have it: read by the form given, else as it is or as OroCommerce writes it, 12/31/1990."""
    if form is None and not _AS_ORO_WRITES_IT.match(text):
        return text
    try:
        moment = datetime.strptime(text, form or "%m/%d/%Y")  # noqa: DTZ007 - a time without a zone is UTC
    except ValueError:
        hint = f"like {datetime(1990, 12, 31, tzinfo=UTC).strftime(form)}" if form else "--date-format says how"
        words = f"{field.name} {text!r} is not a date of that form"
        raise invalid(words, field=field.name, value=text, hint=hint) from None
    return moment.date().isoformat() if field.kind == "day" else moment.isoformat()
