"""Sets are read as they are written: however many records there are, a command takes the same memory."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from tests.runner import Runner

SOME, MANY = 1_000, 100_000
ALLOWED = 10 * 1024
"""What a hundred times as many records may take more, in KiB: pages that SQLite keeps, not rows."""

MEASURE = """
import resource, subprocess, sys
code = subprocess.run([sys.executable, "-m", "custctl", *sys.argv[1:]], stdout=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def planted(shop: Runner, count: int) -> None:
    """A tree of so many customers: three below each."""
    row = "(:id, :key, :key, :key, :parent, '[]', '2026-01-31T12:00:00Z', '2026-01-31T12:00:00Z')"
    columns = "(id, key, name, name_folded, parent_id, sales_reps, created_at, updated_at)"
    parents = ((number, None if number == 1 else (number + 1) // 3) for number in range(1, count + 1))
    with closing(sqlite3.connect(shop.database)) as connection, connection:
        connection.executemany(
            f"INSERT INTO customer {columns} VALUES {row}",
            ({"id": number, "key": f"c{number}", "parent": parent} for number, parent in parents),
        )


def peak(shop: Runner, *words: str) -> int:
    """The most memory that a command takes in a process of its own, in KiB."""
    measured = [sys.executable, "-c", MEASURE, *words]
    done = subprocess.run(measured, capture_output=True, text=True, env=shop.environment, check=True)
    code, most = map(int, done.stdout.split())
    assert (code, done.stderr) == (0, "")
    return most


@pytest.mark.parametrize("words", ["customer tree -o table", "customer tree -o jsonl", "customer list -o csv"])
def test_a_hundred_thousand_records_take_no_more_memory_than_a_thousand(custctl: Runner, words: str) -> None:
    planted(custctl, SOME)
    few = peak(custctl, *words.split())
    with closing(sqlite3.connect(custctl.database)) as connection, connection:
        connection.execute("DELETE FROM customer")
    planted(custctl, MANY)
    assert len(custctl("customer", "tree", "-o", "name").lines) == MANY
    assert peak(custctl, *words.split()) < few + ALLOWED


def test_a_generated_world_is_made_in_pieces_however_large_it_is(custctl: Runner) -> None:
    few = peak(custctl, "demo", "--customers", "600", "-q", "--db", str(custctl.database.with_name("few.db")))
    assert peak(custctl, "demo", "--customers", "3000", "-q") < few + ALLOWED
