"""Questions about access: may somebody do something, why, and what would have to change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl.commands._arguments import (
    ACTION,
    RESOURCE,
    SUBJECT,
    ActionArg,
    Limit,
    ResourceArg,
    Sort,
    SubjectArg,
    Where,
)
from custctl.commands._command import Call, command, group
from custctl.commands._common import Asked, chosen
from custctl.errors import Exit, usage
from custctl.result import Result, View
from custctl.store import reads
from custctl.store.facts import Question

if TYPE_CHECKING:
    import sqlite3

app = group("access", "Questions about access, and why the answer is what it is.")

OwnerOption = Annotated[
    str | None,
    typer.Option("--owner", metavar="USER", help='Ask about a record that this user would own; "" for nobody.'),
]
CustomerOption = Annotated[
    str | None, typer.Option("--customer", metavar="CUSTOMER", help='Ask about a record of this customer; "" for none.')
]
IgnoreStatus = Annotated[
    bool, typer.Option("--ignore-status", help="Ask the roles alone, not whether signing in is possible.")
]
WithRole = Annotated[
    list[str] | None, typer.Option("--with-role", metavar="ROLE", help="As if the subject had it too; repeatable.")
]
WithoutRole = Annotated[
    list[str] | None, typer.Option("--without-role", metavar="ROLE", help="As if the subject had it not; repeatable.")
]
EntityArg = Annotated[str, typer.Argument(metavar="ENTITY", help="An entity, like order.")]


@command(
    app,
    "can",
    examples=(
        "custctl access can amanda.smith@company-a.example view order",
        "custctl access can amanda.smith@company-a.example edit order:SO-1001",
        "custctl access can --batch questions.jsonl",
    ),
)
def can(
    call: Call,
    subject: Annotated[str | None, SUBJECT] = None,
    action: Annotated[str | None, ACTION] = None,
    resource: Annotated[str | None, RESOURCE] = None,
    owner: OwnerOption = None,
    customer: CustomerOption = None,
    with_role: WithRole = None,
    without_role: WithoutRole = None,
    ignore_status: IgnoreStatus = False,
    batch: Annotated[
        str | None, typer.Option("--batch", metavar="FILE|-", help="Questions as JSON Lines; answers as JSON Lines.")
    ] = None,
) -> Result:
    """May SUBJECT do ACTION to RESOURCE? Exit 0 is yes, 1 is no; an unknown word is an error."""
    from custctl.store import answers

    if batch is not None:
        return _batch(call, batch, (subject, owner, customer, with_role, without_role, ignore_status or None))
    if subject is None or action is None or resource is None:
        raise usage("say who, what and about what: SUBJECT ACTION RESOURCE", "or --batch FILE")
    question = _question(subject, action, resource, owner, customer, with_role, without_role, ignore_status)
    return _answered(call, answers.can(call.read(), question), "decision")


@command(app, "explain", examples=("custctl access explain bob.reyes@company-a.example edit order:SO-1101",))
def explain(
    call: Call,
    subject: SubjectArg,
    action: ActionArg,
    resource: ResourceArg,
    owner: OwnerOption = None,
    customer: CustomerOption = None,
    with_role: WithRole = None,
    without_role: WithoutRole = None,
    ignore_status: IgnoreStatus = False,
) -> Result:
    """The same answer with everything it came from and, for a no, the nearest remedy."""
    from custctl.store import answers

    question = _question(subject, action, resource, owner, customer, with_role, without_role, ignore_status)
    return _answered(call, answers.explain(call.read(), question), "explain")


@command(app, "matrix", examples=("custctl access matrix role:buyer", "custctl access matrix role:buyer --diff guest"))
def matrix(
    call: Call,
    subject: SubjectArg,
    diff: Annotated[
        str | None, typer.Option("--diff", metavar="SUBJECT", help="Only what this subject has more or less.")
    ] = None,
) -> Result:
    """All levels of a subject: entities by permissions, capabilities and workflows."""
    from custctl.store import answers

    if call.option("fields") is not None:
        raise usage("a matrix is shown whole: leave --fields out", "-o jsonl has a row a cell to choose from")
    if diff is None:
        return Result(answers.matrix(call.read(), subject), "matrix")
    rows = answers.difference(call.read(), subject, diff)
    notes = () if rows else (f"{subject} and {diff} may do the same",)
    return Result(rows, "list", ("name", "permission", "left", "right", "change"), notes=notes)


@command(app, "records", examples=("custctl access records amanda.smith@company-a.example order --action edit",))
def records(
    call: Call,
    subject: SubjectArg,
    entity: EntityArg,
    action: Annotated[str, typer.Option("--action", metavar="ACTION", help="The permission.")] = "view",
    ignore_status: IgnoreStatus = False,
    where: Where = None,
    sort: Sort = None,
    limit: Limit = None,
) -> Result:
    """The stored records of ENTITY that a list shows SUBJECT, and by which rule each is there."""
    from custctl.store import sets

    connection = call.read()
    rows = sets.records(connection, subject, entity, action, ignore_status=ignore_status)
    return _set(
        call,
        connection,
        rows,
        Asked(where, sort, limit),
        ("record", "user", "customer", "rule"),
        (),
        f"no {entity} records",
    )


@command(
    app,
    "who",
    examples=("custctl access who edit order:SO-1201", "custctl access who view order --where 'level>=department'"),
)
def who(
    call: Call,
    action: ActionArg,
    resource: ResourceArg,
    ignore_status: IgnoreStatus = False,
    where: Where = None,
    sort: Sort = None,
    limit: Limit = None,
) -> Result:
    """Everybody who may do ACTION to RESOURCE, with the level and the roles that give it."""
    from custctl.store import sets

    connection = call.read()
    rows = sets.who(connection, action, resource, ignore_status=ignore_status)
    return _set(
        call,
        connection,
        rows,
        Asked(where, sort, limit),
        ("subject", "customer", "level", "roles", "rule"),
        ("path",),
        "nobody",
    )


@command(app, "owners", examples=("custctl access owners amanda.smith@company-a.example assign order:SO-1201",))
def owners(
    call: Call,
    subject: SubjectArg,
    action: Annotated[str, typer.Argument(metavar="create|assign", help="To make a record, or give one away.")],
    resource: Annotated[str, typer.Argument(metavar="ENTITY|RECORD", help="An entity, or a stored record.")],
    ignore_status: IgnoreStatus = False,
    where: Where = None,
    sort: Sort = None,
    limit: Limit = None,
) -> Result:
    """Whom SUBJECT may make the owner of a new or a stored record."""
    from custctl.store import sets

    connection = call.read()
    rows = sets.possible_owners(connection, subject, action, resource, ignore_status=ignore_status)
    return _set(call, connection, rows, Asked(where, sort, limit), ("owner", "current"), (), "no owners")


@command(app, "test", examples=("custctl access test decisions.toml", "custctl access test 'tests/*.yaml'"))
def test(
    call: Call,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Documents with tests, folders, or globs.")],
) -> Result:
    """Ask the expected decisions in files; exit 1 when one is not as expected."""
    from custctl.store import expectations
    from custctl.store.files import matching

    if files.count("-") > 1:
        raise usage("standard input can be read only once", "write `-` a single time")
    report = expectations.test_files(call.read(), matching(files))
    return Result(report, "tests", exit=expectations.exit_code(report))


def _set(
    call: Call,
    connection: sqlite3.Connection,
    rows: Iterable[dict[str, Any]],
    wanted: Asked,
    columns: tuple[str, ...],
    more: tuple[str, ...],
    empty: str,
) -> Result:
    """The answer to a question about a set: the members asked for, with the fields asked for; `more` are wide."""
    from custctl.store.sets import meanings
    from custctl.store.sifting import sifted

    asked, every = call.option("fields"), (*columns, *more)
    found = sifted(rows, every, wanted.where, wanted.sort, meanings(connection) if wanted.where else {})
    some = call.noting(reads.limited(found, wanted.limit), empty)
    if asked is None:
        return Result(some, "list", every if call.wide else columns)
    names = chosen(asked, every)
    return Result(({name: row.get(name) for name in (columns[0], *names)} for row in some), "list", names)


def _batch(call: Call, name: str, others: tuple[Any, ...]) -> Result:
    """Answers to a file of questions, one after the other."""
    from custctl.store.batch import COLUMNS, Batch
    from custctl.store.files import opened

    if any(other is not None for other in others):
        raise usage("--batch takes its questions from the file: leave the rest out")
    if call.option("fields") is not None:
        raise usage("the answers of a batch have every field: leave --fields out", "-o csv has a column for each")
    stream = opened(name, call.invocation.closing)
    run = Batch(call.read(), "<stdin>" if name == "-" else name, stream, endless=name == "-")
    return Result(run.answers(), "decision", COLUMNS, exit=run.exit, undecided=run.undecided, natural="jsonl")


def _question(
    subject: str,
    action: str,
    resource: str,
    owner: str | None,
    customer: str | None,
    with_roles: list[str] | None,
    without_roles: list[str] | None,
    ignore_status: bool,
) -> Question:
    supposed = owner is not None or customer is not None
    return Question(
        subject,
        action,
        resource,
        owner or None,
        customer or None,
        supposed,
        None,
        ignore_status,
        tuple(with_roles or ()),
        tuple(without_roles or ()),
    )


def _answered(call: Call, answer: dict[str, Any], view: View) -> Result:
    exit_code = Exit.OK if answer["allowed"] else Exit.NO
    asked = call.option("fields")
    if asked is None:
        return Result(answer, view, exit=exit_code)
    return Result({name: answer[name] for name in chosen(asked, tuple(answer))}, "record", exit=exit_code)
