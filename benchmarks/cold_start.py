"""What one command costs, as a whole process, beside neighbours that do a part of the same work.

Every round runs every case once, in an order that turns with the rounds, so that a busy machine slows all of
them alike; a ratio is the median of the ratios of the rounds. A first round, which may have to compile bytecode,
does not count. Milliseconds are shown for orientation: they change with the machine and the hour, ratios hold.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

from benchmarks.world import SEED, Size, cached
from custctl.store.database import open_for_reading
from custctl.store.facts import Asker, Question

SMALL = 1_000
"""The world beside which the big one is measured: answers must not take longer with size."""
QUESTIONS = 1_000

Job = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Case:
    """Something that is timed, and what it is compared with; a case without a goal is a neighbour only."""

    name: str
    job: Job
    neighbour: str = ""
    goal: float = 0


def main(customers: int, rounds: int) -> str:
    """The table of all ratios."""
    big, small = (cached(Size(number, users=3, documents=3)) for number in (customers, SMALL))
    environment = _environment(big.parent)
    cases = [*_processes(big, small, environment), *_in_process(big, small)]
    seconds = measure(cases, rounds)
    return "\n".join([_machine(), f"{customers:,} customers, {rounds} rounds", "", *_table(cases, seconds)])


def measure(cases: Sequence[Case], rounds: int) -> dict[str, list[float]]:
    """The seconds of every case in every round."""
    seconds: dict[str, list[float]] = {case.name: [] for case in cases}
    for number in range(rounds + 1):
        first = number % len(cases)
        for case in [*cases[first:], *cases[:first]]:
            start = perf_counter()
            case.job()
            if number:
                seconds[case.name].append(perf_counter() - start)
    return seconds


def ratio(case: Case, seconds: Mapping[str, Sequence[float]]) -> float:
    """The median of how many times as long as its neighbour the case took in the same round."""
    return median(own / other for own, other in zip(seconds[case.name], seconds[case.neighbour], strict=True))


# -- whole processes ---------------------------------------------------------------------------------------------


def _processes(big: Path, small: Path, environment: Mapping[str, str]) -> Iterator[Case]:
    def python(code: str) -> Case:
        return Case(f"python -c '{code}'", _process([sys.executable, "-c", code], environment))

    def custctl(name: str, arguments: Sequence[str], neighbour: Case, goal: float) -> Case:
        return Case(name, _process([*_program(), *arguments], environment), neighbour.name, goal)

    def on(path: Path, *arguments: str) -> list[str]:
        return ["--db", str(path), *arguments]

    bare, typer, both = python("pass"), python("import typer"), python("import typer, sqlite3")
    yield from (bare, typer, both)
    yield custctl("custctl --version", ["--version"], bare, 1.8)
    yield custctl("custctl --help", ["--help"], typer, 3.0)
    yield custctl("customer list --limit 50", on(big, "customer", "list", "--limit", "50"), both, 1.5)
    yield custctl("customer show", on(big, "customer", "show", "c17"), both, 1.5)
    yield custctl("access can", on(big, "access", "can", *_question(big)), both, 1.5)
    smaller = custctl(f"access can, {SMALL:,} customers", on(small, "access", "can", *_question(small)), both, 1.5)
    yield smaller
    yield custctl(f"access can, all : {SMALL:,} customers", on(big, "access", "can", *_question(big)), smaller, 1.2)


def _process(command: Sequence[str], environment: Mapping[str, str]) -> Job:
    """A run of the command with its output piped; one that fails is no measurement."""

    def run() -> None:
        # Python looks into the current folder for modules when it is given a program by -c.
        done = subprocess.run(command, capture_output=True, env=environment, cwd=environment["HOME"], check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr.decode()}")

    return run


def _program() -> list[str]:
    """The installed script, as people run it, else the package by the same Python."""
    script = Path(sys.executable).with_name("custctl")
    return [str(script)] if script.exists() else [sys.executable, "-m", "custctl"]


def _environment(home: Path) -> dict[str, str]:
    """The caller's environment without what would change custctl or Python: no config file, bytecode is kept."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CUSTCTL_", "PYTHON", "XDG_"))}
    return kept | {"HOME": str(home)}


def _question(path: Path) -> tuple[str, str, str]:
    """May the first user at the top of the big tree see an order of a customer at its far end?"""
    query = """SELECT number FROM sales_document WHERE entity = 'order'
        AND customer_id <= (SELECT max(id) / 5 FROM customer) ORDER BY customer_id DESC LIMIT 1"""
    with closing(sqlite3.connect(path)) as connection:
        return "u1@c1.example", "view", f"order:{connection.execute(query).fetchone()[0]}"


# -- in this process ---------------------------------------------------------------------------------------------


def _in_process(big: Path, small: Path) -> Iterator[Case]:
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
        users = connection.execute("SELECT key, customer_id FROM customer_user ORDER BY customer_id").fetchall()
    mates = len(users) // users[-1][1]
    questions = []
    for number, customer in draw.sample(orders, min(QUESTIONS, len(orders))):
        user = users[(customer - 1) * mates + draw.randrange(mates)] if draw.random() < 0.5 else draw.choice(users)
        questions.append(Question(user[0], draw.choice(("view", "edit")), f"order:{number}"))
    return questions


# -- the table ---------------------------------------------------------------------------------------------------


def _table(cases: Sequence[Case], seconds: Mapping[str, Sequence[float]]) -> Iterator[str]:
    wide = max(len(case.name) for case in cases)
    yield f"{'case':{wide}}  {'ms':>7}  {'ratio':>5}  {'goal':>4}  met  neighbour"
    for case in cases:
        line = f"{case.name:{wide}}  {median(seconds[case.name]) * 1000:7.1f}"
        if case.neighbour:
            found = ratio(case, seconds)
            line += f"  {found:5.2f}  {case.goal:4.1f}  {'yes' if found <= case.goal else 'NO ':3}  {case.neighbour}"
        yield line


def _machine() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python}, SQLite {sqlite3.sqlite_version}, typer {version('typer')}, {os.cpu_count()} cores"
