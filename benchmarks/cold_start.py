"""What one command costs, as a whole process, beside neighbours that do a part of the same work."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

from benchmarks.measuring import Case, Job, environment, machine, measure, process, program, table
from benchmarks.world import SEED, cached
from custctl import config
from custctl.store.database import open_for_reading
from custctl.store.facts import Asker, Question
from custctl.store.worlds import Size

SMALL = 1_000
"""The world beside which the big one is measured: answers must not take longer with size."""
QUESTIONS = 1_000
COMPLETED = (
    "custctl cust",
    "custctl customer show {letters}",
    "custctl user list --wh",
    "custctl access can {user} view order:SO-0001",
    "custctl role grant buyer order vi",
)
"""Command lines of which the end is to be completed; {letters} are the first ones of a customer's key."""


def main(customers: int, rounds: int) -> str:
    """The table of all ratios."""
    big, small = (cached(Size(number, users=3, documents=3)) for number in (customers, SMALL))
    home = environment(big.parent)
    cases = [*_processes(big, small, home), *_inprocess(big, small)]
    seconds = measure(cases, rounds)
    return "\n".join([machine(), f"{customers:,} customers, {rounds} rounds", "", *table(cases, seconds)])


# -- whole processes ---------------------------------------------------------------------------------------------


def _processes(big: Path, small: Path, home: Mapping[str, str]) -> Iterator[Case]:
    def python(code: str) -> Case:
        return Case(f"python -c '{code}'", process([sys.executable, "-c", code], home))

    def custctl(name: str, arguments: Sequence[str], neighbour: Case, goal: float) -> Case:
        return Case(name, process([*program(), *arguments], home), neighbour.name, goal)

    def on(path: Path, *arguments: str) -> list[str]:
        return ["--db", str(path), *arguments]

    bare, typer, both = python("pass"), python("import typer"), python("import typer, sqlite3")
    yield from (bare, typer, both)
    yield custctl("custctl --version", ["--version"], bare, 1.8)
    yield custctl("custctl --help", ["--help"], typer, 3.0)
    yield custctl("customer list --limit 50", on(big, "customer", "list", "--limit", "50"), both, 1.5)
    yield custctl("customer show", on(big, "customer", "show", _customer(big)), both, 1.5)
    yield custctl("access can", on(big, "access", "can", *_question(big)), both, 1.5)
    smaller = custctl(f"access can, {SMALL:,} customers", on(small, "access", "can", *_question(small)), both, 1.5)
    yield smaller
    yield custctl(f"access can, all : {SMALL:,} customers", on(big, "access", "can", *_question(big)), smaller, 1.2)
    yield from (_completed(line, big, home, typer) for line in COMPLETED)


def _completed(line: str, path: Path, home: Mapping[str, str], neighbour: Case) -> Case:
    """What a shell waits for after TAB: the same for every shell, each of which calls custctl once."""
    typed = line.format(letters=_customer(path)[:3], user=_question(path)[0])
    environ = {**home, config.COMPLETE_VARIABLE: typed, config.VARIABLES["db"]: str(path)}
    return Case(f"TAB: {line}", process(program(), environ), neighbour.name, 1.7)


def _customer(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT key FROM customer WHERE id = 17").fetchone()[0])


def _question(path: Path) -> tuple[str, str, str]:
    """May the first user near the top of the big tree see an order of a customer at its far end?"""
    query = """WITH RECURSIVE first (customer, user) AS (
                SELECT customer_id, key FROM customer_user WHERE enabled AND confirmed ORDER BY id LIMIT 1
            ), down (id) AS (
                SELECT customer FROM first UNION ALL SELECT c.id FROM down JOIN customer c ON c.parent_id = down.id
            )
        SELECT user, number FROM first, sales_document d JOIN down ON d.customer_id = down.id
        WHERE d.entity = 'order' ORDER BY d.customer_id DESC LIMIT 1"""
    with closing(sqlite3.connect(path)) as connection:
        user, number = connection.execute(query).fetchone()
    return user, "view", f"order:{number}"


# -- in this process ---------------------------------------------------------------------------------------------


def _inprocess(big: Path, small: Path) -> Iterator[Case]:
    # A hundred times as many rows make B-trees deeper and caches colder; a scan would cost a hundred times as much.
    neighbour = f"{QUESTIONS:,} questions, {SMALL:,} customers"
    yield Case(neighbour, _asking(small))
    yield Case(f"{QUESTIONS:,} questions, all : {SMALL:,} customers", _asking(big), neighbour, 2.0)


def _asking(path: Path) -> Job:
    """One asker that answers a thousand questions about as many records."""
    questions = _questions(path)

    def ask() -> None:
        with closing(open_for_reading(path)) as connection:
            asker = Asker(connection)
            for question in questions:
                asker.ask(question)

    return ask


def _questions(path: Path) -> list[Question]:
    """Questions about different orders, each by a user of the order's own customer or of any other."""
    draw = Random(SEED)
    with closing(sqlite3.connect(path)) as connection:
        orders = connection.execute("SELECT number, customer_id FROM sales_document WHERE entity = 'order'").fetchall()
        users = connection.execute("SELECT key, customer_id FROM customer_user ORDER BY customer_id, id").fetchall()
    mates: dict[int, list[str]] = {}
    for key, customer in users:
        mates.setdefault(customer, []).append(key)
    questions = []
    for number, customer in draw.sample(orders, min(QUESTIONS, len(orders))):
        own = mates.get(customer)
        user = draw.choice(own) if own and draw.random() < 0.5 else draw.choice(users)[0]
        questions.append(Question(user, draw.choice(("view", "edit")), f"order:{number}"))
    return questions
