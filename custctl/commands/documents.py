"""Documents: what they would change, and making it so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from custctl import shell
from custctl.commands._arguments import FILES, Files
from custctl.commands._command import Call, changes_result, command, counted, group
from custctl.errors import Exit, conflict, number_of, usage
from custctl.result import Result

if TYPE_CHECKING:
    from custctl.store.apply import Request
    from custctl.store.documents import Document
    from custctl.store.unit import Report, Unit

app = group("documents", "Documents.")

Prune = Annotated[
    bool, typer.Option("--prune", help="Also remove what carries the documents' manager and is not in them.")
]
Forbid = Annotated[
    Literal["stored", "all"] | None,
    typer.Option(
        "--forbid-wider",
        metavar="[=all]",
        help="Exit 1 and write nothing when a stored user or visitor gains access; =all counts new ones too.",
    ),
]


@command(app, "plan", examples=("custctl plan -f customers.toml", "custctl plan -f world/ --out today.plan"))
def plan(
    call: Call,
    file: Files,
    out: Annotated[str | None, typer.Option("--out", metavar="FILE", help="A new file for the plan.")] = None,
    prune: Prune = False,
    forbid_wider: Forbid = None,
) -> Result:
    """Show what documents would change, with --out also as a plan to apply; the database stays as it is."""
    documents = _read(call, file)
    report = _try(call, _request(documents, prune=prune))
    if refusal := _gain(report, forbid_wider):
        return changes_result(report, dry_run=False, notes=(refusal,), exit_code=Exit.NO)
    if out is None:
        return changes_result(report, dry_run=False)
    from custctl.store.plans import planned, write_plan

    write_plan(out, planned(documents, report, prune=prune), dry_run=call.dry_run)
    if call.dry_run:
        return changes_result(report, dry_run=True)
    call.done()
    return changes_result(report, dry_run=False, notes=(f"planned: {shell.command('apply', plan=out)}",))


@command(app, "diff", examples=("custctl diff -f customers.toml", "custctl diff -f world/ --prune --quiet"))
def diff(call: Call, file: Files, prune: Prune = False, forbid_wider: Forbid = None) -> Result:
    """Show what documents would change, record by record as text; exit 1 when something would."""
    from custctl.store.plans import differences

    report = _try(call, _request(_read(call, file), prune=prune))
    refusal = _gain(report, forbid_wider)
    answer = changes_result(report, dry_run=False, notes=() if refusal is None else (refusal,))
    exit_code = Exit.NO if report.changes else Exit.OK
    return replace(answer, view="diff", lines=differences(report.changes), exit=exit_code)


@command(
    app,
    "apply",
    examples=(
        "custctl apply -f customers.toml --yes",
        "custctl apply -f world/ --dry-run",
        "custctl apply --plan today.plan --yes",
    ),
)
def apply(
    call: Call,
    file: Annotated[list[str] | None, FILES] = None,
    plan: Annotated[str | None, typer.Option("--plan", metavar="FILE", help="A plan: exactly that is done.")] = None,
    prune: Prune = False,
    forbid_wider: Forbid = None,
) -> Result:
    """Make the database hold what documents say, all of it or nothing; nothing is deleted without --prune."""
    if plan is not None:
        if file or prune:
            raise usage("--plan goes without -f and --prune", "the plan holds its documents, and whether it prunes")
        return _apply_plan(call, plan, forbid_wider)
    if not file:
        raise usage("say what to apply: -f FILE or --plan FILE", "how it is written: custctl apply --help")
    request = _request(_read(call, file), prune=prune)
    return _carry_out(call, lambda unit: _merge(unit, request), _guard(request), forbid_wider)


def _carry_out(
    call: Call, work: Callable[[Unit], Any], check: Callable[[Unit, Report], None], forbid: str | None
) -> Result:
    """Write after the user has agreed, unless somebody would gain what --forbid-wider keeps from him."""
    if forbid is None:
        return call.agreed(work, _question, check)
    tried = call.attempt(work, check)
    if refusal := _gain(tried, forbid):
        return changes_result(tried, dry_run=call.dry_run, notes=(refusal,), exit_code=Exit.NO)

    def check_again(unit: Unit, report: Report) -> None:
        check(unit, report)
        if _gain(report, forbid):
            raise conflict("something was changed in the meantime", code="stale", hint="look at it again")

    return call.agreed(work, _question, check_again)


def _gain(report: Report, forbid: str | None) -> str | None:
    """Why --forbid-wider lets nothing be written, None where it does not."""
    if forbid is None:
        return None
    access = report.access
    if access.widens:
        return "access would widen for users or visitors who are stored (--forbid-wider): nothing was written"
    if forbid == "all" and access.new:
        return f"{number_of(len(access.new), 'new subject')} would get access (--forbid-wider=all): nothing was written"
    return None


def _apply_plan(call: Call, name: str, forbid: str | None) -> Result:
    """Carry out a plan, unless something else would come of it by now."""
    from custctl.store.plans import read_plan

    found = read_plan(name)
    request = _request(found.documents, prune=found.prune)
    tested = _guard(request)

    def work(unit: Unit) -> None:
        found.require_current(unit)
        _merge(unit, request)

    def check(unit: Unit, report: Report) -> None:
        found.require_same(report)
        tested(unit, report)

    return _carry_out(call, work, check, forbid)


def _question(tried: Report) -> str | None:
    if not tried.changes:
        return None
    gains = " (which gives stored users or visitors more)" if tried.access.widens else ""
    return f"applying {counted(tried)}{gains}"


def _read(call: Call, files: list[str]) -> list[Document]:
    from custctl.store.documents import read

    with call.progress("reading"):
        return read(files)


def _request(documents: Sequence[Document], *, prune: bool) -> Request:
    from custctl.store.apply import read_request
    from custctl.store.prune import manager_of

    request = read_request(documents)
    request.prune = manager_of(documents) if prune else None
    return request


def _try(call: Call, request: Request) -> Report:
    return call.attempt(lambda unit: _merge(unit, request), _guard(request))


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
