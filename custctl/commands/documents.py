"""Documents: what they would change, making it so, and writing the database as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from custctl.commands._arguments import Files
from custctl.commands._command import Call, changes_result, command, counted, group
from custctl.result import Result

if TYPE_CHECKING:
    from custctl.store.apply import Request
    from custctl.store.unit import Report, Unit

app = group("documents", "Documents.")

Format = Literal["toml", "yaml", "json"]


@command(app, "plan", examples=("custctl plan -f customers.toml",))
def plan(call: Call, file: Files) -> Result:
    """Show what documents would change; nothing is written."""
    request = _read(file)
    return changes_result(call.attempt(lambda unit: _merge(unit, request), _guard(request)), dry_run=False)


@command(app, "apply", examples=("custctl apply -f customers.toml --yes", "custctl apply -f world/ --dry-run"))
def apply(call: Call, file: Files) -> Result:
    """Make the database hold what documents say, all of it or nothing; nothing is deleted."""
    request = _read(file)

    def question(tried: Report) -> str | None:
        return f"applying {counted(tried)}" if tried.changes else None

    return call.agreed(lambda unit: _merge(unit, request), question, _guard(request))


@command(app, "export", examples=("custctl export > all.toml", "custctl export customers --format yaml"))
def export(
    call: Call,
    noun: Annotated[
        str | None, typer.Argument(metavar="NOUN", help="One table of the document, like customers.")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="The format.")] = "toml",
    out: Annotated[str | None, typer.Option("--out", metavar="FILE", help="A new file to write.")] = None,
) -> Result:
    """Write the database as a document, sorted, without ids and times: apply makes the same world of it."""
    from custctl.store.documents import write_document
    from custctl.store.export import tables

    text = write_document(tables(call.read(), noun), format_)
    if out is not None:
        from custctl.formats import visible
        from custctl.store.files import write_new

        write_new(out, text, dry_run=call.dry_run)
        if call.dry_run:
            return Result({"text": ""}, "text", notes=("dry run: nothing was written",))
        call.done()
        return Result({"text": f"written to {visible(out)}\n"}, "text", notes=())
    return Result({"text": text}, "text")


def _read(files: list[str]) -> Request:
    from custctl.store.apply import read_request
    from custctl.store.documents import read

    return read_request(read(files))


def _guard(request: Request) -> Callable[[Unit, Report], None]:
    """The expected decisions of the documents, asked before anything is committed."""

    def check(unit: Unit, _report: Report) -> None:
        from custctl.store.expectations import guard

        if request.tests:
            guard(unit.connection, request.tests)

    return check


def _merge(unit: Unit, request: Request) -> Any:
    from custctl.store.apply import merge

    return merge(unit, request)
