"""What the list of visible products costs, beside a plain SELECT of the same rows: in one process, and as a command.

There are as many products as the world has customers elsewhere, in a tree of categories; something is said of a tenth
of them for the user's group or customer. About four fifths are seen.
"""

from __future__ import annotations

import sqlite3
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from random import Random

from benchmarks.measuring import Case, environment, machine, measure, process, program, table
from benchmarks.world import NOW, SEED, Size, cached
from custctl.resources import PRODUCT, USER
from custctl.store import reads, visibility
from custctl.store.database import open_for_reading

CATEGORIES = 1_000
USER_KEY = "u4@c2.example"
PLAIN = """SELECT t.key, t.sku, t.name, c.key, t.status, t.visibility FROM product t
    LEFT JOIN category c ON c.id = t.category_id WHERE t.id IN (SELECT id FROM seen) ORDER BY t.key"""
BARE = f"""
import csv, sqlite3, sys
connection = sqlite3.connect(f"file:{{sys.argv[1]}}?mode=ro", uri=True)
out = csv.writer(sys.stdout)
for row in connection.execute('''{PLAIN}'''):
    out.writerow(row[1:])
"""


def main(customers: int, rounds: int) -> str:
    """The table of ratios, and how many products are seen."""
    path = cached(Size(min(customers, 1_000), users=3, documents=0)).with_suffix(f".{customers}.products.db")
    if not path.exists():
        _fill(path, customers)
    with closing(open_for_reading(path)) as connection:
        cases = list(_cases(connection, path, environment(path.parent)))
        seconds = measure(cases, max(3, rounds // 3))
        seen = connection.execute("SELECT count(*) FROM seen").fetchone()[0]
    head = [machine(), f"{customers:,} products, {seen:,} of them seen", ""]
    return "\n".join([*head, *table(cases, seconds)])


def _cases(connection: sqlite3.Connection, path: Path, home: Mapping[str, str]) -> Iterator[Case]:
    names = (PRODUCT.key, *PRODUCT.columns)

    def listed() -> None:
        viewer = visibility.viewer(connection, USER, USER_KEY)
        wanted = reads.Listing(among=visibility.visible(connection, viewer))
        deque(reads.rows(connection, PRODUCT, wanted, names), maxlen=0)

    plain = Case("a plain SELECT of the same rows", lambda: connection.execute(PLAIN).fetchall())
    bare = Case("a script that writes the same rows", process([sys.executable, "-c", BARE, str(path)], home))
    yield from (plain, bare)
    yield Case("the visible products", listed, plain.name, 3.0)
    command = [*program(), "--db", str(path), "user", "products", USER_KEY, "-o", "csv"]
    yield Case("user products -o csv", process(command, home), bare.name, 3.0)


def _fill(path: Path, products: int) -> None:
    """A copy of the world with a catalogue; `seen` holds what the user sees, for the neighbour."""
    source = cached(Size(min(products, 1_000), users=3, documents=0))
    draft = path.with_suffix(".part")
    draft.write_bytes(source.read_bytes())
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        _add_catalogue(connection, products, Random(SEED))
        viewer = visibility.viewer(connection, USER, USER_KEY)
        wanted = reads.Listing(among=visibility.visible(connection, viewer))
        connection.execute("CREATE TABLE seen (id INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO seen VALUES (?)", ((i,) for i in reads.ids(connection, PRODUCT, wanted)))
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
    draft.rename(path)


def _add_catalogue(connection: sqlite3.Connection, products: int, draw: Random) -> None:
    customer, group = connection.execute(
        "SELECT c.id, c.group_id FROM customer_user u JOIN customer c ON c.id = u.customer_id WHERE u.key = ?",
        (USER_KEY,),
    ).fetchone()
    if group is None:
        group = 2
        connection.execute("UPDATE customer SET group_id = ? WHERE id = ?", (group, customer))

    def insert(table: str, columns: str, rows: Iterator[tuple[object, ...]]) -> None:
        places = ", ".join("?" * len(columns.split(", ")))
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)

    insert(
        "category",
        "key, name, name_folded, parent_id, visibility, created_at, updated_at",
        (
            (f"k{n}", f"Category {n}", f"category {n}", n // 8 or None, "hidden" if n % 10 == 7 else None, NOW, NOW)
            for n in range(1, CATEGORIES + 1)
        ),
    )
    insert(
        "product",
        "key, sku, name, name_folded, category_id, status, visibility, created_at, updated_at",
        (
            (
                f"p{n}",
                f"P{n}",
                f"Product {n}",
                f"product {n}",
                draw.randint(1, CATEGORIES),
                "enabled",
                "visible" if n % 9 == 0 else None,
                NOW,
                NOW,
            )
            for n in range(1, products + 1)
        ),
    )
    for who, other in (("group", group), ("customer", customer)):
        insert(
            f"product_for_{who}",
            f"product_id, {who}_id, visibility",
            (
                (n, other, draw.choice(("visible", "hidden", "category")))
                for n in draw.sample(range(1, products), products // 20)
            ),
        )
        insert(
            f"category_for_{who}",
            f"category_id, {who}_id, visibility",
            (
                (n, other, draw.choice(("visible", "hidden")))
                for n in draw.sample(range(1, CATEGORIES), CATEGORIES // 20)
            ),
        )
