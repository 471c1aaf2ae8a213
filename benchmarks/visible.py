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
from benchmarks.world import NOW, SEED, cached
from custctl.resources import PRODUCT, USER
from custctl.store import reads, viewers, visibility
from custctl.store.database import open_for_reading
from custctl.store.worlds import Size

CATEGORIES = 1_000
FIRST_CATEGORY, FIRST_PRODUCT = 1_001, 1_001
"""Ids beyond those of the categories and products that every world has."""
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
    world = cached(Size(min(customers, 1_000), users=3, documents=0))
    path = world.with_suffix(f".{customers}.products.db")
    if not path.exists():
        _fill(path, world, customers)
    with closing(open_for_reading(path)) as connection:
        cases = list(_cases(connection, path, environment(path.parent)))
        seconds = measure(cases, max(3, rounds // 3))
        seen = connection.execute("SELECT count(*) FROM seen").fetchone()[0]
    head = [machine(), f"{customers:,} products, {seen:,} of them seen", ""]
    return "\n".join([*head, *table(cases, seconds)])


def _cases(connection: sqlite3.Connection, path: Path, home: Mapping[str, str]) -> Iterator[Case]:
    names = (PRODUCT.key, *PRODUCT.columns)

    user = _user(connection)

    def listed() -> None:
        viewer = viewers.viewer(connection, USER, user)
        wanted = reads.Listing(among=visibility.visible(connection, viewer))
        deque(reads.rows(connection, PRODUCT, wanted, names), maxlen=0)

    plain = Case("a plain SELECT of the same rows", lambda: connection.execute(PLAIN).fetchall())
    bare = Case("a script that writes the same rows", process([sys.executable, "-c", BARE, str(path)], home))
    yield from (plain, bare)
    yield Case("the visible products", listed, plain.name, 3.0)
    command = [*program(), "--db", str(path), "user", "products", user, "-o", "csv"]
    yield Case("user products -o csv", process(command, home), bare.name, 3.0)


def _user(connection: sqlite3.Connection) -> str:
    """A user of a customer that is in a group."""
    query = """SELECT u.key FROM customer_user u JOIN customer c ON c.id = u.customer_id
        WHERE c.group_id IS NOT NULL AND u.enabled AND u.confirmed ORDER BY u.id LIMIT 1"""
    return str(connection.execute(query).fetchone()[0])


def _fill(path: Path, world: Path, products: int) -> None:
    """A copy of the world with a larger catalogue; `seen` holds what the user sees, for the neighbour."""
    draft = path.with_suffix(".part")
    draft.write_bytes(world.read_bytes())
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        _add_catalogue(connection, products, Random(SEED))
        viewer = viewers.viewer(connection, USER, _user(connection))
        wanted = reads.Listing(among=visibility.visible(connection, viewer))
        connection.execute("CREATE TABLE seen (id INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO seen VALUES (?)", ((i,) for i in reads.ids(connection, PRODUCT, wanted)))
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
    draft.rename(path)


def _add_catalogue(connection: sqlite3.Connection, products: int, draw: Random) -> None:
    customer, group = connection.execute(
        "SELECT c.id, c.group_id FROM customer_user u JOIN customer c ON c.id = u.customer_id WHERE u.key = ?",
        (_user(connection),),
    ).fetchone()

    def insert(table: str, columns: str, rows: Iterator[tuple[object, ...]]) -> None:
        places = ", ".join("?" * len(columns.split(", ")))
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)

    insert(
        "category",
        "id, key, name, name_folded, parent_id, visibility, created_at, updated_at",
        (
            (
                FIRST_CATEGORY + n,
                f"k{n}",
                f"Category {n}",
                f"category {n}",
                FIRST_CATEGORY + (n - 1) // 8 if n else None,
                "hidden" if n % 10 == 6 else None,
                NOW,
                NOW,
            )
            for n in range(CATEGORIES)
        ),
    )
    insert(
        "product",
        "id, key, sku, name, name_folded, category_id, status, visibility, created_at, updated_at",
        (
            (
                FIRST_PRODUCT + n,
                f"p{n}",
                f"P{n}",
                f"Product {n}",
                f"product {n}",
                FIRST_CATEGORY + draw.randrange(CATEGORIES),
                "enabled",
                "visible" if n % 9 == 0 else None,
                NOW,
                NOW,
            )
            for n in range(products)
        ),
    )
    for who, other in (("group", group), ("customer", customer)):
        insert(
            f"product_for_{who}",
            f"product_id, {who}_id, visibility",
            (
                (FIRST_PRODUCT + n, other, draw.choice(("visible", "hidden", "category")))
                for n in draw.sample(range(products), products // 20)
            ),
        )
        insert(
            f"category_for_{who}",
            f"category_id, {who}_id, visibility",
            (
                (FIRST_CATEGORY + n, other, draw.choice(("visible", "hidden")))
                for n in draw.sample(range(CATEGORIES), CATEGORIES // 20)
            ),
        )
