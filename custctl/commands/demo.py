"""A small world to try everything on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from custctl.commands._command import Call, command, group
from custctl.errors import conflict
from custctl.result import Result
from custctl.store import answers, reads
from custctl.store.facts import Question

if TYPE_CHECKING:
    from custctl.store.unit import Unit

app = group("demo", "A small world.")

ALLOWED = ("amanda.smith@company-a.example", "edit", "order:SO-1201")
DENIED = ("bob.reyes@company-a.example", "edit", "order:SO-1101")


@command(app, "demo", examples=("custctl --db demo.db demo",))
def demo(call: Call) -> Result:
    """Fill a database that has no customers with a small world, and show some of it."""
    from custctl.store.apply import merge, read_request
    from custctl.store.demo import documents
    from custctl.store.expectations import guard

    request = read_request(documents())

    def work(unit: Unit) -> Any:
        if unit.connection.execute("SELECT EXISTS (SELECT 1 FROM customer)").fetchone()[0]:
            hint = "name a new file: custctl --db demo.db demo"
            raise conflict(f"{call.database} has customers already", code="not-empty", hint=hint)
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
        yield f"custctl access explain {' '.join(question)}", Result(answer, "explain")
    call.note(f"the world is in {call.database}. try next: custctl --db {call.database} user list")
