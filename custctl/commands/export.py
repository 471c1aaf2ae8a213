"""The export: the database as a document, or the records of one noun as rows of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from custctl import shell
from custctl.commands._arguments import Limit, Sort, Where
from custctl.commands._command import Call, command, group
from custctl.errors import did_you_mean, invalid, near, usage
from custctl.formats import visible
from custctl.resources import CALLED, Noun, noun_called
from custctl.result import Result

if TYPE_CHECKING:
    from custctl.store.exporting import Piece, Wanted

app = group("export", "Exports.")

Format = Literal["toml", "yaml", "json", "csv", "jsonl"]
_ROWS = ("csv", "jsonl")
_ENDINGS: dict[str, Format] = {
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".csv": "csv",
    ".jsonl": "jsonl",
}


@command(
    app,
    "export",
    examples=(
        "custctl export > all.toml",
        "custctl export customers --format yaml",
        "custctl export users --format csv --where customer=company-a --out users.csv",
        "custctl export customers --template --headings oro > to-fill-in.csv",
    ),
)
def export(
    call: Call,
    noun: Annotated[
        str | None,
        typer.Argument(metavar="NOUN", help="One table of the document, or one noun: customers, customer-address."),
    ] = None,
    format_: Annotated[
        Format | None, typer.Option("--format", help="The format; by default toml, or what the ending of --out says.")
    ] = None,
    where: Where = None,
    sort: Sort = None,
    limit: Limit = None,
    headings: Annotated[
        Literal["custctl", "oro"] | None,
        typer.Option("--headings", help="Whose headings CSV has: custctl's or OroCommerce's."),
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option("--delimiter", metavar="D", help="What is between cells: ; or tab; a comma by default."),
    ] = None,
    guard: Annotated[
        bool, typer.Option("--guard", help="Put ' before cells that a spreadsheet would take for formulas.")
    ] = False,
    template: Annotated[
        bool, typer.Option("--template", help="Instead, a sheet to fill in: the headings and a sample row.")
    ] = False,
    out: Annotated[str | None, typer.Option("--out", metavar="FILE", help="A new file to write.")] = None,
) -> Result:
    """Write the database as a document, or one noun as rows."""
    chosen = format_ or ("csv" if template else _format_of(out))
    of_rows = {"--where": where, "--sort": sort, "--limit": limit, "--fields": call.option("fields")}
    of_csv = {"--headings": headings, "--delimiter": delimiter, "--guard": guard or None}
    if chosen != "csv":
        _refuse({**of_csv, "--template": template or None}, "csv")
    if chosen not in _ROWS:
        _refuse(of_rows, "csv or --format jsonl")
        return _document(call, noun, chosen, out)
    if template:
        _refuse(of_rows, "csv, but not with --template")
    wanted = _wanted(call, _noun(noun, chosen), where, sort, limit, headings, delimiter, guard=guard)
    return _template(call, wanted, out) if template else _rows(call, wanted, chosen, out)


def _format_of(out: str | None) -> Format:
    """The format that the ending of a file says, toml where there is none; raises exit 2 for one that says nothing."""
    from pathlib import PurePath

    ending = "" if out is None else PurePath(out).suffix.casefold()
    found = _ENDINGS.get(ending or ".toml")
    if found is None:
        hint = f"{', '.join(_ENDINGS)} say it; --format does for any other name"
        raise usage(f"the ending of {out} does not tell the format", hint)
    return found


def _refuse(given: dict[str, Any], format: str) -> None:
    """Raise exit 2 for an option that says nothing in this format."""
    for option, value in given.items():
        if value is not None:
            raise usage(f"{option} goes with --format {format}", "what goes together: custctl export --help")


def _noun(name: str | None, format: str) -> Noun:
    """The noun that is meant; raises exit 2 where none is named, 4 for an unknown one."""
    if name is None:
        raise usage(f"--format {format} takes one NOUN", f"like {shell.command('export', 'customers', format=format)}")
    found = noun_called(name)
    if found is None:
        hint = did_you_mean(near(name, CALLED)) or f"the nouns are {', '.join(CALLED)}"
        raise invalid(f"unknown noun {name!r}", value=name, hint=hint)
    return found


def _wanted(
    call: Call,
    noun: Noun,
    where: list[str] | None,
    sort: str | None,
    limit: int | None,
    headings: Literal["custctl", "oro"] | None,
    delimiter: str | None,
    *,
    guard: bool,
) -> Wanted:
    from custctl.store.exporting import Wanted, fields_asked
    from custctl.store.reads import Listing
    from custctl.store.sheets.reading import delimiter_of

    listing = Listing(tuple(where or ()), sort, limit)
    fields = fields_asked(noun, call.option("fields"))
    return Wanted(noun, listing, fields, headings or "custctl", delimiter_of(delimiter) or ",", guard)


def _rows(call: Call, wanted: Wanted, format: str, out: str | None) -> Result:
    """The records as rows, written while they are read."""
    from custctl.store import exporting, reads

    connection = call.read()

    def total() -> int:
        """How many there will be, asked beside the rows: a statement that runs lets no other one have functions."""
        found = reads.count(call.read(), wanted.noun, wanted.listing._replace(sort=None))
        return found if wanted.listing.limit is None else min(found, wanted.listing.limit)

    pieces = (exporting.csv_rows if format == "csv" else exporting.json_lines)(connection, wanted)
    pieces = _noting(call, wanted.noun, pieces)
    progress = call.progress(
        "exporting",
        wanted.noun.plural,
        total,
        shown=out is not None or call.into_a_file,
    )
    return _written(call, (piece.text for piece in progress.over(pieces, lambda piece: piece.records)), out)


def _noting(call: Call, noun: Noun, pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The same pieces; what they are is told beside the answer, where they are none or miss something."""
    records = nameless = 0
    for piece in pieces:
        records, nameless = records + piece.records, nameless + piece.nameless
        yield piece
    if not records:
        call.note(f"no {noun.plural}")
    if nameless:
        words = "have neither an id nor a name, by which an import finds them"
        call.note(f"warning: {nameless} of {records} {noun.plural} {words}")


def _template(call: Call, wanted: Wanted, out: str | None) -> Result:
    from custctl.store.exporting import csv_text
    from custctl.store.sheets.writing import template

    return _written(call, [csv_text(template(wanted.noun, wanted.headings), wanted.delimiter)], out)


def _document(call: Call, noun: str | None, format: Format, out: str | None) -> Result:
    """The database as a document, or one table of it."""
    from custctl.store.documents import write_document
    from custctl.store.export import tables

    with call.progress("exporting", shown=out is not None or call.into_a_file):
        text = write_document(tables(call.read(), noun), format)  # type: ignore[arg-type]  # it is none of rows
    return _written(call, [text], out)


def _written(call: Call, texts: Iterable[str], out: str | None) -> Result:
    """The text as the answer, or in a new file."""
    if out is None:
        return Result(({"text": text} for text in texts), "text")
    from custctl.store.files import is_stream, write_pieces

    write_pieces(out, texts, dry_run=call.dry_run)
    if call.dry_run:
        return Result((), "text", notes=("dry run: nothing was written",))
    call.done()
    if is_stream(out):  # which may be where an answer goes
        return Result((), "text", notes=(f"written to {visible(out)}",))
    return Result({"text": f"written to {visible(out)}\n"}, "text", notes=())
