"""Worlds to try everything on: a small one, written by hand, and generated ones of any size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from custctl import shell
from custctl.commands._command import Call, command, group
from custctl.commands._common import record
from custctl.errors import invalid, usage
from custctl.result import Result
from custctl.store import answers, reads
from custctl.store.facts import Question

if TYPE_CHECKING:
    from custctl.store.unit import Unit
    from custctl.store.worlds import World

app = group("demo", "Worlds to try everything on.")

Format = Literal["toml", "yaml", "json", "csv", "jsonl"]

ALLOWED = ("amanda.smith@company-a.example", "edit", "order:SO-1201")
DENIED = ("bob.reyes@company-a.example", "edit", "order:SO-1101")


@command(
    app,
    "demo",
    examples=(
        "custctl --db demo.db demo",
        "custctl --db big.db demo --customers 10000 --seed 7",
        "custctl demo --customers 200 --out world/ --format csv",
    ),
)
def demo(
    call: Call,
    customers: Annotated[
        int | None, typer.Option("--customers", metavar="N", min=1, help="Make a world of so many customers instead.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", min=0, help="Which world of that size; by default 1.")
    ] = None,
    users: Annotated[
        int | None, typer.Option("--users-per-customer", metavar="N", min=0, help="On average; by default 3.")
    ] = None,
    documents: Annotated[
        int | None, typer.Option("--documents-per-customer", metavar="N", min=0, help="Sales documents; by default 3.")
    ] = None,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE|DIR", help="Write a new file or folder, not the database.")
    ] = None,
    format_: Annotated[Format | None, typer.Option("--format", help="The format of a folder; by default toml.")] = None,
) -> Result:
    """Fill a database that has no customers with a small world and show some of it, or make a world of any size."""
    _refuse_too_many({"--users-per-customer": users, "--documents-per-customer": documents}, MOST_OF_A_CUSTOMER)
    _refuse_too_many({"--customers": customers}, MOST_CUSTOMERS)
    if customers is None:
        given = {"--seed": seed, "--users-per-customer": users, "--documents-per-customer": documents}
        _refuse_without("--customers", given | {"--out": out, "--format": format_}, "as in --customers 200")
        return _small(call)
    from custctl.store.worlds import Size, World

    size = Size(customers, *(3 if given is None else given for given in (users, documents)))
    world = World(size, 1 if seed is None else seed)
    if out is not None:
        return _into_files(call, world, out, format_)
    _refuse_without("--out", {"--format": format_}, "a database has no format")
    return _into_database(call, world)


def _small(call: Call) -> Result:
    """The small world, always the same, and a look at it."""
    from custctl.store.apply import merge, read_request
    from custctl.store.demo import documents, require_empty
    from custctl.store.expectations import guard

    request = read_request(documents())

    def work(unit: Unit) -> Any:
        require_empty(unit, call.database)
        return merge(unit, request)

    written = call.write(work, lambda unit, _: guard(unit.connection, request.tests))
    return written if call.dry_run else replace(written, parts=tuple(_tour(call)))


def _tour(call: Call) -> Iterator[tuple[str, Result]]:
    """What is worth seeing first, each with the command that shows it again."""
    connection = call.read()
    yield "custctl customer tree", Result(reads.tree(connection, None), "tree")
    yield "custctl access matrix role:buyer", Result(answers.matrix(connection, "role:buyer"), "matrix")
    for question in (ALLOWED, DENIED):
        answer = answers.explain(connection, Question(*question))
        yield shell.command("access explain", *question), Result(answer, "explain")
    again = shell.command("user list", db=str(call.database))
    call.note(f"the world is in {shell.words(str(call.database))}. try next: {again}")


def _into_database(call: Call, world: World) -> Result:
    """Fill the database with a generated world; the answer counts what it holds."""
    from custctl.store.worlds.filling import fill

    with call.progress("making", "customers", world.size.customers) as progress:
        filled = fill(call.writer, world, progress.at)
    again = shell.command("customer list", limit="20", db=str(call.database))
    told = f"the world is in {shell.words(str(call.database))}. try next: {again}"
    return record(call, {"revision": filled.revision, **filled.counts}, _DRY_RUN if call.dry_run else told)


def _into_files(call: Call, world: World, out: str, format: Format | None) -> Result:
    """Write a generated world into a file or a folder; the answer counts what it holds."""
    from custctl.store.worlds.files import write

    with call.progress("writing"):
        counts = write(world, out, format, dry_run=call.dry_run)
    if call.dry_run:
        return record(call, {"out": out, **counts}, _DRY_RUN)
    call.done()
    return record(call, {"out": out, **counts})


_DRY_RUN = "dry run: nothing was written"


MOST_CUSTOMERS = 10_000_000
MOST_OF_A_CUSTOMER = 1_000


def _refuse_too_many(given: Mapping[str, int | None], most: int) -> None:
    """Raise exit 4 for a number beyond what any world is made of."""
    for option, number in given.items():
        if number is not None and number > most:
            raise invalid(f"{option} is at most {most}", code="limit", value=str(number))


def _refuse_without(needed: str, given: Mapping[str, object], hint: str) -> None:
    """Raise exit 2 for an option that says nothing without another."""
    for option, value in given.items():
        if value is not None:
            raise usage(f"{option} goes with {needed}", hint)
