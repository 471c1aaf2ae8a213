"""What many questions cost in one process, beside a script that does no more than the reading and writing.

`access can --batch` of ten thousand mixed questions is compared with a bare script that reads the same lines, does
two indexed SELECTs a line and writes them; `access who` with a SELECT of all users with their roles.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from random import Random

from benchmarks.measuring import Case, environment, machine, measure, process, program, table
from benchmarks.world import SEED, cached
from custctl.store.worlds import Size

LINES = 10_000

BARE = """
import json, sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
for line in open(sys.argv[2]):
    asked = json.loads(line)
    user = connection.execute("SELECT id, customer_id FROM customer_user WHERE key = ?", (asked["subject"],)).fetchone()
    entity, _, number = asked["resource"].partition(":")
    query = "SELECT id FROM sales_document WHERE entity = ? AND number_folded = ?"
    record = connection.execute(query, (entity, number.lower())).fetchone()
    sys.stdout.write(json.dumps({**asked, "user": user, "record": record}) + "\\n")
"""
EVERYBODY = """
import sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
query = "SELECT u.key, u.customer_id, group_concat(r.role_id) FROM customer_user u"
for row in connection.execute(query + " LEFT JOIN user_role r ON r.user_id = u.id GROUP BY u.id"):
    pass
"""

WATCH = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def main(customers: int, rounds: int) -> str:
    """The table of ratios, and the peak memory of the batch."""
    path = cached(Size(customers, users=3, documents=3))
    asked = path.with_suffix(".questions.jsonl")
    asked.write_text("".join(f"{json.dumps(question)}\n" for question in _questions(path)))
    home = environment(path.parent)
    cases = list(_cases(path, asked, home))
    seconds = measure(cases, max(3, rounds // 3))
    memory = _peak([*program(), "--db", str(path), "access", "can", "--batch", str(asked)], home)
    head = [machine(), f"{customers:,} customers, {LINES:,} questions", ""]
    return "\n".join([*head, *table(cases, seconds), f"peak memory of the batch: {memory:.0f} MiB (goal 100)"])


def _cases(path: Path, asked: Path, home: Mapping[str, str]) -> Iterator[Case]:
    def script(name: str, code: str, *arguments: str) -> Case:
        return Case(name, process([sys.executable, "-c", code, *arguments], home))

    bare = script("two SELECTs a line", BARE, str(path), str(asked))
    everybody = script("all users with their roles", EVERYBODY, str(path))
    yield from (bare, everybody)
    batch = [*program(), "--db", str(path), "access", "can", "--batch", str(asked)]
    yield Case("access can --batch", process(batch, home), bare.name, 4.0)
    who = [*program(), "--db", str(path), "access", "who", "edit", _an_order(path)]
    yield Case("access who edit order:X", process(who, home), everybody.name, 3.0)


def _questions(path: Path) -> Iterator[dict[str, str]]:
    """Questions about stored orders, entities, capabilities and workflows, by users of any customer."""
    draw = Random(SEED)
    with closing(sqlite3.connect(path)) as connection:
        users = connection.execute("SELECT key, customer_id FROM customer_user").fetchall()
        documents = connection.execute("SELECT entity || ':' || number, customer_id FROM sales_document").fetchall()
    by_customer: dict[int, list[str]] = {}
    for reference, customer in documents:
        by_customer.setdefault(customer, []).append(reference)
    for _ in range(LINES):
        user, customer = draw.choice(users)
        near = by_customer.get(customer) or [documents[0][0]]
        resource, action = draw.choices(
            (
                (draw.choice(documents)[0], draw.choice(("view", "edit"))),
                (draw.choice(near), draw.choice(("view", "edit"))),
                (draw.choice(("order", "quote", "customer-user")), draw.choice(("view", "create", "delete"))),
                ("capability:oro_quick_add_form", "use"),
                ("workflow:b2b_flow_checkout", "perform"),
            ),
            (3, 3, 2, 1, 1),
        )[0]
        yield {"subject": user, "action": action, "resource": resource}


def _an_order(path: Path) -> str:
    """An order of a customer deep in the big tree, which holds every fifth customer."""
    query = """SELECT number FROM sales_document WHERE entity = 'order'
        AND customer_id >= (SELECT max(id) / 6 FROM customer) ORDER BY customer_id LIMIT 1"""
    with closing(sqlite3.connect(path)) as connection:
        return f"order:{connection.execute(query).fetchone()[0]}"


def _peak(command: list[str], home: Mapping[str, str]) -> float:
    """The most memory a process held, in MiB.

    A small process starts it, because a process counts what it was forked from, too.
    """
    done = subprocess.run([sys.executable, "-c", WATCH, *command], env=home, capture_output=True, check=True)
    return int(done.stdout) / 1024
