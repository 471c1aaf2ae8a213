"""What all accounts are worth, against one SUM … GROUP BY over the same orders.

The neighbour is what SQLite needs at the least: the paid orders of a world in one currency, added up by customer
with the index that custctl has for it. The report converts every order that is not in the base currency, and takes
customers to their accounts.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random

from benchmarks.measuring import Case, Job, machine, measure, table
from benchmarks.world import NOW, SEED
from custctl.resources import ACCOUNT
from custctl.store import lifetime, migrations, reads, reports
from custctl.store.database import open_for_reading

CUSTOMERS = 1_000
ORDERS = 100_000
GOAL = 3.0
CURRENCIES = ("USD", "USD", "USD", "EUR")


def main(_customers: int, rounds: int) -> str:
    """The table of ratios; the world has the size that the goal is about."""
    with tempfile.TemporaryDirectory() as folder:
        path = _made(Path(folder) / "shop.db")
        cases = list(_cases(path))
        seconds = measure(cases, rounds)
    size = f"{CUSTOMERS:,} customers, {ORDERS:,} orders paid in full, {rounds} rounds"
    return "\n".join([machine(), size, "", *table(cases, seconds)])


def _cases(path: Path) -> Iterator[Case]:
    sum_by_customer = """SELECT customer_id, sum(subtotal) FROM sales_document
        WHERE entity = 'order' AND payment_status = 'full' GROUP BY customer_id"""
    neighbour = Case("SUM ... GROUP BY", _on(path, lambda connection: connection.execute(sum_by_customer).fetchall()))
    yield neighbour
    for name, work in WORKS.items():
        yield Case(name, _on(path, work), neighbour.name, GOAL)


def _on(path: Path, work: Callable[[sqlite3.Connection], object]) -> Job:
    """The work on a connection of its own, as a command has it."""

    def run() -> None:
        with closing(open_for_reading(path)) as connection:
            work(connection)

    return run


def _report(connection: sqlite3.Connection) -> object:
    return list(reports.accounts_by_lifetime(connection, (), None))


def _customers(connection: sqlite3.Connection) -> object:
    return lifetime.of_customers(connection, range(1, CUSTOMERS + 1))


def _list(connection: sqlite3.Connection) -> object:
    return list(reads.rows(connection, ACCOUNT, reads.Listing(sort="-lifetime"), ("key", "lifetime")))


WORKS = {
    "report accounts-by-lifetime": _report,
    "lifetime of every customer": _customers,
    "account list --sort -lifetime --fields lifetime": _list,
}


def _made(path: Path) -> Path:
    """A shop with a hundred orders a customer, three of four in the base currency."""
    draw = Random(SEED)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        migrations.run(connection, NOW)
        named = [(f"k{number}", NOW) for number in range(CUSTOMERS)]
        columns = "(key, name, name_folded, created_at, updated_at"
        connection.executemany(f"INSERT INTO account {columns}) VALUES (?1, ?1, ?1, ?2, ?2)", named)
        connection.executemany(f"INSERT INTO customer {columns}, sales_reps) VALUES (?1, ?1, ?1, ?2, ?2, '[]')", named)
        connection.execute("UPDATE customer SET account_id = id")
        rates = """INSERT INTO setting (key, name, value, created_at, updated_at)
            VALUES ('currency.rates', 'currency.rates', '{"EUR":"1.08"}', ?, ?)"""
        connection.execute(rates, (NOW, NOW))
        connection.executemany(
            "INSERT INTO sales_document (entity, number, number_folded, customer_id, status, subtotal, currency,"
            " payment_status, placed_at, workflow_active, created_at, updated_at)"
            " VALUES ('order', ?1, ?1, ?2, 'closed', ?3, ?4, 'full', ?5, 0, ?5, ?5)",
            (
                (f"so-{n}", draw.randint(1, CUSTOMERS), draw.randint(1, 10**8), draw.choice(CURRENCIES), NOW)
                for n in range(ORDERS)
            ),
        )
        connection.execute("COMMIT")
    return path
