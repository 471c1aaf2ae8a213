"""An import of many customers and users against SQLite alone, and against a tool that only inserts.

The neighbour is `executemany` of tuples that are ready, into the same tables with the same indexes: no file is read,
nothing is checked, and there is no history. `sqlite-utils insert --csv` reads the same files into tables of text,
where it is installed beside Python or on the path.

Measured are seconds on the clock, for custctl reads a large file with a second process, and beside them the seconds of
all processors. custctl is measured twice: with no accounts made, which is the rows that the neighbours write, and as
it is by default, when each of the customers gets an account. Memory is that of both processes together.
"""

from __future__ import annotations

import csv
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple

from benchmarks.measuring import environment, machine, program
from custctl.store import migrations
from custctl.store.database import now

USERS_OF_EACH = 5
MOST_ROUNDS = 5
GOALS = {"executemany": 0.2, "sqlite-utils": 2.0}
"""Rows a second, as a multiple of the neighbour's."""
MOST_MEMORY = 200


STRATEGIES = {"no accounts": "none", "an account each": "each"}


def main(customers: int, rounds: int) -> str:
    """The table; in memory where there is a folder for that, for a disk costs the system more or less as it likes."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder below it is new and of this user alone
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        return "\n".join(_lines(Path(folder), customers, min(rounds, MOST_ROUNDS)))


def _lines(folder: Path, customers: int, rounds: int) -> Iterator[str]:
    files = _write(folder, customers)
    utils = _sqlite_utils()
    runs: dict[str, list[Run]] = {}
    for _ in range(rounds):
        for name, strategy in STRATEGIES.items():
            runs.setdefault(name, []).append(_imported(folder, files, strategy))
        runs.setdefault("executemany", []).append(_raw(folder, customers))
        if utils is not None:
            runs.setdefault("sqlite-utils", []).append(_with_utils(folder, utils, files))
    rows = customers * (1 + USERS_OF_EACH)
    yield f"{machine()}, {rows:,} rows, {rounds} rounds"
    seconds = {name: [run.seconds for run in each] for name, each in runs.items()}
    for name, each in runs.items():
        shown = f"custctl, {name}" if name in STRATEGIES else name
        took, work = median(seconds[name]), median(run.processors for run in each)
        yield f"{shown:26}  {took:6.1f} s  {rows / took:9,.0f} rows/s  {work:6.1f} s of processors"
    for neighbour, goal in GOALS.items():
        if neighbour not in seconds:
            yield f"{neighbour} is not installed"
            continue
        for name in STRATEGIES:
            ratio = median(theirs / ours for ours, theirs in zip(seconds[name], seconds[neighbour], strict=True))
            met = "yes" if ratio >= goal else "NO"
            yield f"{name:16} against {neighbour:12}  {ratio:.2f} x (goal {goal}: {met})"
    peak = max(run.memory for name in STRATEGIES for run in runs[name])
    yield f"peak memory {peak} MiB (goal {MOST_MEMORY}: {'yes' if peak <= MOST_MEMORY else 'NO'})"


def _write(folder: Path, customers: int) -> Sequence[Path]:
    files = folder / "customers.csv", folder / "users.csv"
    with files[0].open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["key", "name", "parent", "internal_rating", "external_id"])
        writer.writerows(_customers(customers))
    with files[1].open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["email", "first_name", "last_name", "customer", "roles", "external_id"])
        writer.writerows(_users(customers))
    return files


def _customers(count: int) -> Iterator[tuple[str, ...]]:
    for number in range(count):
        parent = f"company-{number // 8}" if number > 9 else ""
        yield f"company-{number}", f"Company {number * 7919 % count}", parent, "3_of_5", f"C{number}"


def _users(customers: int) -> Iterator[tuple[str, ...]]:
    for number in range(customers * USERS_OF_EACH):
        email = f"user.{number * 7919 % (customers * USERS_OF_EACH)}@company{number % 977}.example"
        yield email, f"First{number % 500}", f"Last{number % 3000}", f"company-{number // 5}", "buyer", f"U{number}"


class Run(NamedTuple):
    """What something took: seconds on the clock and of all processors, and MiB of memory at the most."""

    seconds: float
    processors: float
    memory: int = 0

    def then(self, other: Run) -> Run:
        return Run(self.seconds + other.seconds, self.processors + other.processors, max(self.memory, other.memory))


def _imported(folder: Path, files: Sequence[Path], strategy: str) -> Run:
    """Both imports, as whole commands."""
    custctl = [*program(), "--db", str(_fresh(folder / "custctl.db"))]
    _measured([*custctl, "setting", "set", "account.strategy", strategy, "-q"], environment(folder))
    words = zip(("customer", "user"), files, strict=True)
    first, second = (
        _measured([*custctl, noun, "import", str(file), "-q"], environment(folder)) for noun, file in words
    )
    return first.then(second)


def _with_utils(folder: Path, utils: str, files: Sequence[Path]) -> Run:
    database = folder / "utils.db"
    database.unlink(missing_ok=True)
    first, second = (
        _measured([utils, "insert", str(database), file.stem, str(file), "--csv"], environment(folder))
        for file in files
    )
    return first.then(second)


def _measured(command: Sequence[str], environment: Mapping[str, str]) -> Run:
    """What a command takes; a small process starts it, for a new one counts the memory of the one it is made from."""
    measured = [sys.executable, "-I", "-c", _MEASURE, *command]
    done = subprocess.run(measured, stdout=subprocess.PIPE, env=environment, check=True, text=True)
    code, seconds, processors, memory = done.stdout.split()
    if int(code):
        raise RuntimeError(f"{' '.join(command)}: exit {code}")
    return Run(float(seconds), float(processors), int(memory) // 1024)


_MEASURE = """
import resource, subprocess, sys, time
from pathlib import Path

def memory(pid):  # of a process and its children; what they share counts once
    folder = Path(f"/proc/{pid}")
    try:
        sizes = [int(line.split()[1]) for line in open(folder / "smaps_rollup") if line.startswith("Pss:")]
        children = (folder / "task" / str(pid) / "children").read_text().split()
    except OSError:  # it is gone, or the system has no such files
        return 0
    return sum(sizes) + sum(map(memory, children))

start, most = time.perf_counter(), 0
running = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
looks = 0
while running.poll() is None:
    if looks % 50 == 0:  # not often, for the process stands still meanwhile
        most = max(most, memory(running.pid))
    looks += 1
    time.sleep(0.01)
took = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(running.returncode, took, used.ru_utime + used.ru_stime, most or used.ru_maxrss)
"""


def _raw(folder: Path, customers: int) -> Run:
    """Inserting the same rows into the same tables, in one transaction, ready as tuples."""
    at = now()
    owners = [
        (n + 1, key, name, name.lower(), n // 8 + 1 if parent else None, rating, "[]", external, at, at)
        for n, (key, name, parent, rating, external) in enumerate(_customers(customers))
    ]
    users = [
        (n + 1, email, email, first, last, f"{first} {last}".lower(), n // 5 + 1, "[]", external, at, at)
        for n, (email, first, last, _, _, external) in enumerate(_users(customers))
    ]
    with closing(sqlite3.connect(_fresh(folder / "raw.db"), isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        start, work = perf_counter(), process_time()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_CUSTOMER, owners)
        connection.executemany(_USER, users)
        connection.execute("COMMIT")
        return Run(perf_counter() - start, process_time() - work)


_CUSTOMER = """INSERT INTO customer (id, key, name, name_folded, parent_id, internal_rating, sales_reps,
    external_id, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_USER = """INSERT INTO customer_user (id, key, email, first_name, last_name, name_folded, customer_id, sales_reps,
    external_id, created_at, updated_at, enabled, confirmed, guest, auth_status)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 1, 0, 'active')"""


def _fresh(path: Path) -> Path:
    """An empty shop."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN")
        migrations.run(connection, now())
        connection.execute("COMMIT")
    return path


def _sqlite_utils() -> str | None:
    beside = Path(sys.executable).with_name("sqlite-utils")
    return str(beside) if beside.exists() else shutil.which("sqlite-utils")
