"""A world of any size, drawn from a seed: customers in uneven trees, their users, roles and sales documents.

The same size and seed give the same rows, on every machine. A world is made once and kept below the temporary
folder; `VERSION` is raised when a change here would draw another one.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from custctl.policy import Level
from custctl.policy.catalogue import CAPABILITIES, ENTITIES, PREDEFINED_ROLES, PROTECTED, WORKFLOW_ACTIONS, WORKFLOWS
from custctl.resources import fold, slug
from custctl.store import migrations

VERSION = 1
NOW = "2026-01-05T08:00:00Z"
SEED = 20_260_105

DEEPEST = 6
"""How many levels a tree of customers has at most."""
BIGGEST_TREE = 5
"""The first customer is the root of one in so many of the world."""
OWN_ROLES = 50
"""Half of them are for everyone, half belong to one customer each."""


def _words(text: str, separator: str = " ") -> tuple[str, ...]:
    return tuple(text.split(separator))


_PLACES = _words("Northgate Lindau Ashford Porto Malmö Győr Aurora Halden Verona Utrecht Dover Tampere Kōbe Zürich")
_TRADES = _words("Tools Bearings Paper Seeds Optics Pumps Valves Textiles Glass Timber Lighting Foods Cables Paints")
_FORMS = _words("Ltd GmbH Inc AB S.p.A. SAS BV Oy")
_FIRST_NAMES = _words("Amanda Bob Chloé Dana Émile Farid Grace Hiro Ines Jürgen Kamala Leo Mei Noah Olga Priya")
_LAST_NAMES = _words("Adams Brown Castro Díaz Evans Fischer García Huang Ito Jones Kowalski Lee Müller Nair Okafor")
_DUTIES = _words("Purchaser, Order approver, Accountant, Warehouse clerk, Site manager", ", ")
_RANKS = _words("Junior Regular Senior Deputy Leading")
_GROUPS = _words("All Customers, Partners, Wholesale, Public sector, Resellers, Prepaid, Key accounts, Trial", ", ")
_REPS = ("Sam Delgado", "Priya Nair", "Tom Ekberg", "Ruth Stein")
_NUMBERS = {"order": "SO", "quote": "Q", "request": "RFQ", "shopping-list": "SL", "checkout": "CO"}
_STATUSES = {"order": ("open", "open", "closed", "cancelled"), "quote": ("draft", "open", "expired")}

Rows = Iterable[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Size:
    """How many customers a world has, and how many users and sales documents each of them."""

    customers: int
    users: int = 3
    documents: int = 10

    @property
    def name(self) -> str:
        return f"{self.customers}x{self.users}x{self.documents}"


@dataclass(frozen=True, slots=True)
class _Role:
    """An own role as far as handing it out needs it."""

    row_id: int
    key: str
    label: str
    customer: int | None


def cached(size: Size, seed: int = SEED) -> Path:
    """The database of a world, made when there is none of this version yet."""
    folder = Path(tempfile.gettempdir()) / f"custctl-benchmarks-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"world-{VERSION}-{migrations.SCHEMA_VERSION}-{size.name}-{seed}.db"
    if not path.exists():
        part = path.with_suffix(f".{os.getpid()}.part")
        make(part, size, seed)
        part.replace(path)
    return path


def make(path: Path, size: Size, seed: int = SEED) -> None:
    """Fill a new database file, in one transaction; a file that is left from a broken run is replaced."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")  # A world that a power cut spoils is made again.
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("BEGIN")
        migrations.run(connection, NOW)
        fill(connection, size, seed)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")


def fill(connection: sqlite3.Connection, size: Size, seed: int = SEED) -> None:
    """The rows of the world into an empty database of the current schema; the caller commits."""
    draw = Random(seed)
    parents = trees(size.customers, draw)
    roles = _own_roles(size.customers)
    _insert(connection, "customer_group", "key name name_folded", _groups())
    columns = "key name name_folded parent_id group_id internal_rating owner sales_reps external_id"
    _insert(connection, "customer", columns, _customers(parents, draw))
    columns = "id key customer_id code label label_folded self_managed public default_level capability_default"
    _insert(connection, "role", columns, _role_rows(roles, draw))
    columns = "role_id kind name permission level"
    _insert(connection, "role_entry", columns, _role_entries(roles, draw), kept=False)
    columns = "key email first_name last_name name_folded customer_id enabled confirmed guest auth_status sales_reps"
    _insert(connection, "customer_user", columns, _users(size, draw))
    _insert(connection, "user_role", "user_id role_id", _memberships(size, roles, draw), kept=False)
    columns = "entity number number_folded customer_id user_id status subtotal currency placed_at workflow_active"
    _insert(connection, "sales_document", columns, _documents(size, draw))


def trees(customers: int, draw: Random) -> list[int | None]:
    """The parent of each customer; customers count from 1, the first entry stands for none."""
    parents: list[int | None] = [None] * (customers + 1)
    depths = [1] * (customers + 1)
    for root, end in _extents(customers, draw):
        for child in range(root + 1, end):
            above = root + int((child - root) * draw.random() ** 2)  # The older ones have more subsidiaries.
            if depths[above] == DEEPEST:
                above = parents[above] or root
            parents[child] = above
            depths[child] = depths[above] + 1
    return parents


def _extents(customers: int, draw: Random) -> Iterator[tuple[int, int]]:
    """Where each tree starts and ends: one big one, then many small ones and a few of some size."""
    start, length = 1, max(1, customers // BIGGEST_TREE)
    while start <= customers:
        end = min(start + length, customers + 1)
        yield start, end
        start, length = end, min(int(draw.paretovariate(0.9)), max(1, customers // 20))


def _insert(connection: sqlite3.Connection, table: str, columns: str, rows: Rows, *, kept: bool = True) -> None:
    """Rows into a table; one that keeps times gets them."""
    names = columns.split()
    places = ["?"] * len(names)
    if kept:
        names += ["created_at", "updated_at"]
        places += [f"'{NOW}'"] * 2
    connection.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(places)})", rows)


def _groups() -> Rows:
    return [(slug(name, "group"), name, fold(name)) for name in _GROUPS]


def _customers(parents: Sequence[int | None], draw: Random) -> Rows:
    group_ids = range(2, len(_GROUPS) + 2)  # The first group is that of the visitors.
    for customer in range(1, len(parents)):
        name = f"{draw.choice(_PLACES)} {draw.choice(_TRADES)} {customer} {draw.choice(_FORMS)}"
        reps = json.dumps(draw.sample(_REPS, draw.randrange(3)))
        rating = f"{draw.randint(1, 5)}_of_5"
        group = draw.choice(group_ids) if draw.random() < 0.7 else None
        owner = draw.choice(_REPS)
        yield f"c{customer}", name, fold(name), parents[customer], group, rating, owner, reps, f"ERP-{customer}"


def _own_roles(customers: int) -> list[_Role]:
    """The roles besides the predefined ones: those for everyone, then those of one customer each."""
    labels = [f"{rank} {duty.lower()}" for rank in _RANKS for duty in _DUTIES]
    first = len(PREDEFINED_ROLES) + 1
    everyone = OWN_ROLES // 2
    roles = []
    for number in range(OWN_ROLES):
        label = labels[number % len(labels)]
        customer = None if number < everyone else 1 + (number - everyone) % customers
        prefix = "" if customer is None else f"c{customer}/"
        roles.append(_Role(first + number, prefix + slug(label, "role"), label, customer))
    return roles


def _role_rows(roles: Iterable[_Role], draw: Random) -> Rows:
    for role in roles:
        code = f"ROLE_FRONTEND_{slug(role.key, 'role').replace('-', '_').upper()}"
        default = draw.choice((None, "user", "department", "corporate"))
        capability = draw.choice((None, "none", "full"))
        label = (role.label, fold(role.label))
        yield role.row_id, role.key, role.customer, code, *label, 1, 1, default, capability


def _role_entries(roles: Iterable[_Role], draw: Random) -> Rows:
    """Entries of about half of the entities, of some capabilities and of one workflow."""
    for role in roles:
        for name in draw.sample(PROTECTED, len(PROTECTED) // 2):
            for permission in ENTITIES[name].permissions:
                yield role.row_id, "entity", name, permission, _level(draw, ENTITIES[name].levels(permission))
        for name in draw.sample(sorted(CAPABILITIES), 5):
            yield role.row_id, "capability", name, "use", draw.choice(("none", "full"))
        workflow, entity = draw.choice(sorted(WORKFLOWS.items()))
        for permission in WORKFLOW_ACTIONS:
            yield role.row_id, "workflow", workflow, permission, _level(draw, ENTITIES[entity].levels(permission))


def _level(draw: Random, levels: Sequence[Level]) -> str:
    return draw.choice(levels).word


def _users(size: Size, draw: Random) -> Rows:
    for customer in range(1, size.customers + 1):
        for user in _users_of(customer, size):
            first, last = draw.choice(_FIRST_NAMES), draw.choice(_LAST_NAMES)
            mail = f"u{user}@c{customer}.example"
            enabled, confirmed = draw.random() < 0.97, draw.random() < 0.98
            yield mail, mail, first, last, fold(f"{first} {last}"), customer, enabled, confirmed, False, "active", "[]"


def _users_of(customer: int, size: Size) -> range:
    """The numbers of a customer's users; users count from 1 through the world."""
    return range((customer - 1) * size.users + 1, customer * size.users + 1)


def _memberships(size: Size, roles: Sequence[_Role], draw: Random) -> Rows:
    """One to three roles a user: predefined ones, those for everyone, and those of the user's own customer."""
    everyone = [role.row_id for role in roles if role.customer is None]
    for customer in range(1, size.customers + 1):
        own = [role.row_id for role in roles if role.customer == customer]
        for user in _users_of(customer, size):
            held = {draw.choices((1, 2, draw.choice(everyone)), (10, 70, 20))[0]}
            held |= {draw.choice(own or everyone) for _ in range(draw.choices((0, 1, 2), (60, 30, 10))[0])}
            yield from ((user, role) for role in sorted(held))


def _documents(size: Size, draw: Random) -> Rows:
    for customer in range(1, size.customers + 1):
        users = _users_of(customer, size)
        for number in range((customer - 1) * size.documents + 1, customer * size.documents + 1):
            entity = draw.choices(tuple(_NUMBERS), (80, 8, 6, 4, 2))[0]
            name = f"{_NUMBERS[entity]}-{number}"
            user = draw.choice(users) if users and draw.random() < 0.9 else None
            status = draw.choice(_STATUSES.get(entity, (None,)))
            money = (draw.randint(1, 10**9), "USD", f"2025-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}T09:30:00Z")
            yield entity, name, fold(name), customer, user, status, *money, entity == "request" and number % 2
