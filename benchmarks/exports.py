"""An export of all customer users to JSON Lines and CSV, against a bare `csv.writer` over the same query.

The neighbour is a process of Python that imports sqlite3 and csv and nothing else, reads the same columns of the same
rows in the same order, and writes them as they come: lists stay JSON, nothing is escaped or looked at.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.measuring import environment, machine, program
from benchmarks.world import cached
from custctl.resources import USER
from custctl.store import exporting
from custctl.store.database import open_for_reading
from custctl.store.worlds import Size

USERS_OF_EACH = 6
MOST_ROUNDS = 5
GOAL = 0.5
"""Rows a second of JSON Lines, as a multiple of the neighbour's."""
BARE = """
import csv, sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
csv.writer(sys.stdout).writerows(connection.execute(sys.argv[2]))
"""


def main(customers: int, rounds: int) -> str:
    path = cached(Size(customers, users=USERS_OF_EACH, documents=0))
    with TemporaryDirectory() as folder:
        return "\n".join(_lines(path, Path(folder), min(rounds, MOST_ROUNDS)))


def _lines(path: Path, home: Path, rounds: int) -> Iterator[str]:
    with closing(open_for_reading(path)) as connection:
        [[rows]] = connection.execute("SELECT count(*) FROM customer_user").fetchall()
    export = [*program(), "--db", str(path), "export", "users", "--format"]
    cases = {
        "bare csv.writer": [sys.executable, "-I", "-c", BARE, str(path), _query(path)],
        "export --format jsonl": [*export, "jsonl"],
        "export --format csv": [*export, "csv"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    firsts: list[float] = []
    for _ in range(rounds):
        for name, command in cases.items():
            seconds[name].append(_took(command, home))
        firsts.append(_first_row(cases["export --format jsonl"], home))
    yield f"{machine()}, {rows:,} rows, {rounds} rounds"
    bare = seconds["bare csv.writer"]
    for name, own in seconds.items():
        ratio = median(theirs / mine for mine, theirs in zip(own, bare, strict=True))
        met = f" (goal {GOAL}: {'yes' if ratio >= GOAL else 'NO'})" if name.endswith("jsonl") else ""
        yield f"{name:22}  {median(own):6.2f} s  {rows / median(own):9,.0f} rows/s  {ratio:.2f} x{met}"
    yield f"first row of JSON Lines after {median(firsts) * 1000:.0f} ms"


def _query(path: Path) -> str:
    """The query of the export to CSV, as SQLite is asked it."""
    asked: list[str] = []
    with closing(open_for_reading(path)) as connection:
        connection.set_trace_callback(asked.append)
        pieces = exporting.csv_rows(connection, exporting.Wanted(USER))
        next(pieces), next(pieces)
    return asked[-1]


def _took(command: list[str], home: Path) -> float:
    start = perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, env=environment(home), check=True)
    return perf_counter() - start


def _first_row(command: list[str], home: Path) -> float:
    start = perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(home)) as running:
        assert running.stdout is not None
        running.stdout.readline()
        took = perf_counter() - start
        running.stdout.close()
    return took
