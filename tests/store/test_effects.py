"""What a write says it does to access, against the oracle's levels and reach of everybody before and after it.

Worlds are small and random, in a real database; each is changed several times in a row, by documents. The first
tenth of the changes is made by `make test`, the rest by `make soak`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from custctl.store.apply import Request, merge, read_request
from custctl.store.documents import Document
from custctl.store.unit import Effects, Unit
from custctl.store.writing import Writer
from tests.policy.oracle import LADDER, Oracle, descendants
from tests.policy.worlds import (
    FEATURES,
    Question,
    World,
    WorldRecord,
    WorldRole,
    WorldUser,
    _entry,
    _random_role,
    generate,
)
from tests.store.loading import SALES, _document, _role, _user, empty, load

SEED = 20260601
CHANGES = 10
"""So many changes of each world."""
REACHING = ("user", "department", "corporate")

Cell = tuple[str, str, str]
"""A kind, a name and an action."""
Moved = tuple[str, str]
"""The levels before and after."""


@pytest.mark.parametrize("seeds", [range(SEED, SEED + 10)], ids=["first"])
def test_the_effects_told_are_the_differences_of_everybodys_levels_and_reach(seeds: range, tmp_path: Path) -> None:
    assert_told(seeds, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [range(SEED + first, SEED + first + 10) for first in range(10, 100, 10)])
def test_the_effects_told_are_the_differences_in_ninety_more_worlds(seeds: range, tmp_path: Path) -> None:
    assert_told(seeds, tmp_path)


def merge_into(request: Request, unit: Unit) -> None:
    merge(unit, request)


def assert_told(seeds: range, folder: Path) -> None:
    start = empty(folder / "empty.db")
    made, said = 0, 0
    for seed in seeds:
        before = Side(generate(seed, loadable=True))
        path = load(before.world, folder / f"{seed}.db", start)
        rng = Random(seed)
        for number in range(CHANGES):
            world, tables = changed(rng, before.world)
            after = Side(world)
            request = read_request([Document("change", tables)])
            report = Writer(path, "test", "tester").run(partial(merge_into, request))
            wrong = list(mismatches(before, after, report.access))
            assert not wrong, "\n".join([f"seed {seed}, change {number}: {tables}", *wrong[:10]])
            before, made = after, made + 1
            said += bool(report.access.wider or report.access.narrower or report.access.reach)
    assert made == len(seeds) * CHANGES
    assert said > made // 3, "too few of the changes touched access"


# Changes --------------------------------------------------------------------------------------------------------


def changed(rng: Random, world: World) -> tuple[World, dict[str, Any]]:
    """One to three random changes of a world together, and the document that asks for them."""
    after = world
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        change = rng.choice(
            (
                *(regrant, regrant, unlist, set_default, rewrite_role, give_role, take_role, switch),
                *(move_customer, move_customer, move_user, hand_over, hand_over, set_feature, set_guest_role),
            )
        )
        after = change(rng, after)
    return after, document(world, after)


def document(world: World, after: World) -> dict[str, Any]:
    """The records of a world that are other than they were, as a document says them."""
    tables: dict[str, Any] = {
        "customers": [
            {"key": key, "parent": parent} for key, parent in after.customers.items() if world.customers[key] != parent
        ],
        "roles": [_role(role) for key, role in after.roles.items() if world.roles[key] != role],
        "users": [
            {name: value for name, value in _user(after, user).items() if name != "addresses"}
            for key, user in after.users.items()
            if world.users[key] != user
        ],
        "settings": {
            name: name in after.features for name in FEATURES if (name in after.features) != (name in world.features)
        },
    }
    if after.guest_role != world.guest_role:
        tables["settings"]["customer.guest_role"] = after.guest_role
    for entity, table in SALES.items():
        rows = [row for ref, row in after.rows.items() if row.entity == entity and world.rows[ref] != row]
        tables[table] = [_document(row) for row in rows]
    return tables


def with_role(world: World, role: WorldRole) -> World:
    return replace(world, roles={**world.roles, role.key: role})


def with_user(world: World, user: WorldUser) -> World:
    return replace(world, users={**world.users, user.key: user})


def regrant(rng: Random, world: World) -> World:
    """Other levels of one entity, workflow or field of a role."""
    role = rng.choice(list(world.roles.values()))
    names = [name for name, entity in world.entities.items() if entity.protected]
    if world.fields and rng.random() < 0.3:
        name = rng.choice(world.fields)
        return with_role(
            world, replace(role, fields={**role.fields, name: _entry(rng, world.entities[name.split(".")[0]], "field")})
        )
    name = rng.choice([*names, *("order", "quote", "customer") * 3])
    return with_role(world, replace(role, permissions={**role.permissions, name: _entry(rng, world.entities[name])}))


def unlist(rng: Random, world: World) -> World:
    role = rng.choice(list(world.roles.values()))
    table = rng.choice(("permissions", "permissions", "capabilities", "workflows", "fields"))
    entries = dict(getattr(role, table))
    if entries:
        entries.pop(rng.choice(list(entries)))
    changes: dict[str, Any] = {table: entries}
    return with_role(world, replace(role, **changes))


def set_default(rng: Random, world: World) -> World:
    role = rng.choice(list(world.roles.values()))
    name = rng.choice(("default", "default", "capability_default", "workflow_default"))
    value = rng.choice((None, True, False) if name == "capability_default" else (None, "none", *REACHING))
    changes: dict[str, Any] = {name: value}
    return with_role(world, replace(role, **changes))


def rewrite_role(rng: Random, world: World) -> World:
    role = rng.choice(list(world.roles.values()))
    return with_role(world, _random_role(rng, role.key, role.customer, world.entities))


def give_role(rng: Random, world: World) -> World:
    if not world.users:
        return world
    user = rng.choice(list(world.users.values()))
    free = [
        key for key, role in world.roles.items() if role.customer in (None, user.customer) and key not in user.roles
    ]
    return with_user(world, replace(user, roles=(*user.roles, rng.choice(free)))) if free else world


def take_role(rng: Random, world: World) -> World:
    users = [user for user in world.users.values() if len(user.roles) > (1 if user.enabled else 0)]
    if not users:
        return world
    user = rng.choice(users)
    gone = rng.choice(user.roles)
    return with_user(world, replace(user, roles=tuple(role for role in user.roles if role != gone)))


def move_customer(rng: Random, world: World) -> World:
    if not world.customers:
        return world
    key = rng.choice(list(world.customers))
    below = descendants(world.customers)[key] | {key}
    parent = rng.choice([None, *(other for other in world.customers if other not in below)])
    return replace(world, customers={**world.customers, key: parent})


def move_user(rng: Random, world: World) -> World:
    """A user moves with the roles that are for everybody, and leaves the sales documents behind (feature U-15)."""
    users = [user for user in world.users.values() if user.customer is not None]
    if not users or len(world.customers) < 2:
        return world
    user = rng.choice(users)
    customer = rng.choice([key for key in world.customers if key != user.customer])
    kept = tuple(key for key in user.roles if world.roles[key].customer is None)
    if user.enabled and not kept:
        return world
    rows = {
        ref: replace(row, user=None) if row.user == user.key and row.entity in SALES else row
        for ref, row in world.rows.items()
    }
    return with_user(replace(world, rows=rows), replace(user, customer=customer, roles=kept))


def hand_over(rng: Random, world: World) -> World:
    """A sales document gets another user, customer or both."""
    rows = [row for row in world.rows.values() if row.entity in SALES]
    if not rows:
        return world
    row = rng.choice(rows)
    user = rng.choice([None, row.user, *world.users])
    customer = rng.choice([None, row.customer, *world.customers])
    return replace(world, rows={**world.rows, row.ref: replace(row, user=user, customer=customer)})


def switch(rng: Random, world: World) -> World:
    users = [user for user in world.users.values() if user.roles]
    if not users:
        return world
    user = rng.choice(users)
    return with_user(world, replace(user, enabled=not user.enabled))


def set_feature(rng: Random, world: World) -> World:
    return replace(world, features=world.features ^ {rng.choice(FEATURES)})


def set_guest_role(rng: Random, world: World) -> World:
    return replace(world, guest_role=rng.choice([key for key, role in world.roles.items() if role.customer is None]))


# What should be told --------------------------------------------------------------------------------------------


@dataclass
class Side:
    """One side of a change, as the oracle knows it."""

    world: World

    @cached_property
    def oracle(self) -> Oracle:
        return Oracle(self.world)

    def of_role(self, key: str) -> dict[Cell, str]:
        return {cell: level for cell, (_, level) in self.oracle.privileges[key].items()}

    @cached_property
    def _users(self) -> dict[str, dict[Cell, str]]:
        return {key: self.of_roles(user.roles) for key, user in self.world.users.items()}

    def of_user(self, key: str) -> dict[Cell, str]:
        return self._users[key]

    def of_roles(self, roles: tuple[str, ...]) -> dict[Cell, str]:
        every = dict.fromkeys((cell for table in self.oracle.privileges.values() for cell in table), "none")
        for role in roles:
            for cell, level in self.of_role(role).items():
                every[cell] = max(every[cell], level, key=LADDER.index)
        return every

    def of_guests(self) -> dict[Cell, str]:
        levels = self.of_roles((self.world.guest_role,))
        asker = self.oracle._asker(Question("guest", "view", "entity", "order"))
        return {
            cell: "none" if self.oracle._feature_is_off(asker, cell[:2]) else level for cell, level in levels.items()
        }

    def able(self, key: str) -> bool:
        user = self.world.users[key]
        return user.enabled and user.confirmed and not user.guest and not user.reset and user.customer is not None

    def reached(self, key: str, level: str) -> set[str]:
        return self.oracle._reached(self.world.users[key].customer, level)


def differing(before: Mapping[Cell, str], after: Mapping[Cell, str]) -> dict[Cell, Moved]:
    return {cell: (before[cell], after[cell]) for cell in before if before[cell] != after[cell]}


def rises(moved: Moved) -> bool:
    return LADDER.index(moved[1]) > LADDER.index(moved[0])


def mismatches(before: Side, after: Side, told: Effects) -> Iterator[str]:
    yield from wrong_levels(before, after, told)
    yield from wrong_guests(before, after, told)
    yield from wrong_reach(before, after, told)
    yield from wrong_sign_in(before, after, told)


Told = tuple[str, ...]
"""The subject of a row, the cell and the levels."""


def wrong_levels(before: Side, after: Side, told: Effects) -> Iterator[str]:
    """Rows of roles that change, with their holders who change too, and rows of users whose roles change."""
    named = {name for side in (before, after) for role in side.world.roles.values() for name in role.fields}
    moves = {
        key: {
            cell: moved
            for cell, moved in differing(before.of_user(key), after.of_user(key)).items()
            if cell[0] != "field" or cell[1] in named  # a first role opens every field, also those nobody thinks of
        }
        for key in before.world.users
    }
    same = [key for key in moves if set(before.world.users[key].roles) == set(after.world.users[key].roles)]
    expected = {**role_rows(before, after, moves, same), **user_rows(moves, moves.keys() - same)}
    missing = {(key, cell) for key, found in moves.items() for cell in found}
    missing -= {(key, row[1:4]) for row, users in expected.items() for key in users}
    if missing:
        yield f"nothing tells {sorted(missing)[:3]}"
    if not share_rows(before, after, moves.keys() - same):
        yield from wrong_rows(after, expected, told)
    for rows, up in ((told.wider, True), (told.narrower, False)):
        if any(rises((row["before"], row["after"])) is not up for row in rows):
            yield "a row is on the wrong side"


def role_rows(
    before: Side, after: Side, moves: Mapping[str, Mapping[Cell, Moved]], same: list[str]
) -> dict[Told, list[str]]:
    """Each level of a role that changes, with those who hold it as before and whose own level goes the same way."""
    return {
        (f"role:{role}", *cell, *moved): [
            key
            for key in same
            if role in before.world.users[key].roles and cell in moves[key] and rises(moves[key][cell]) is rises(moved)
        ]
        for role in before.world.roles
        for cell, moved in differing(before.of_role(role), after.of_role(role)).items()
    }


def user_rows(moves: Mapping[str, Mapping[Cell, Moved]], keys: Iterable[str]) -> dict[Told, list[str]]:
    return {(f"user:{key}", *cell, *moved): [key] for key in keys for cell, moved in moves[key].items()}


def share_rows(before: Side, after: Side, keys: Iterable[str]) -> bool:
    """Whether the roles of several people change alike: they share rows, which are told by role."""
    changes = Counter(tuple(frozenset(side.world.users[key].roles) for side in (before, after)) for key in keys)
    return any(number > 1 for number in changes.values())


def wrong_rows(after: Side, expected: Mapping[Told, list[str]], told: Effects) -> Iterator[str]:
    able = {row: sum(map(after.able, users)) for row, users in expected.items()}
    right = {row: (able[row], len(users) - able[row]) for row, users in expected.items()}
    found = {
        (row.get("role") or row["user"], *of_row(row)): (row["users"], row.get("cannot_sign_in", 0))
        for row in (*told.wider, *told.narrower)
        if row.get("user") != "guest"
    }
    if found != right:
        yield f"told and not so: {sorted(found.items() - right.items())[:4]}"
        yield f"so and not told: {sorted(right.items() - found.items())[:4]}"


def of_row(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] for name in ("kind", "name", "permission", "before", "after"))


def wrong_guests(before: Side, after: Side, told: Effects) -> Iterator[str]:
    expected = {(*cell, *moved) for cell, moved in differing(before.of_guests(), after.of_guests()).items()}
    rows = [row for row in (*told.wider, *told.narrower) if "visitors" in row]
    found = [of_row(row) for row in rows]
    if sorted(found) != sorted(expected):
        yield f"guests: {sorted(expected.symmetric_difference(found))[:4]}"
    if any(row["visitors"] != len(before.world.visitors) for row in rows):
        yield "visitors are miscounted"


def wrong_reach(before: Side, after: Side, told: Effects) -> Iterator[str]:
    expected = {}
    for key in before.world.users:
        gained, lost = reach_of(key, before, after)
        if (gained or lost) and after.able(key):
            expected[f"user:{key}"] = (len(gained), len(lost))
    found = {row["user"]: (row["gained"], row["lost"]) for row in told.reach if row["user"].startswith("user:")}
    if found != expected:
        yield f"reach {found}, and it is {expected}"


def reach_of(key: str, before: Side, after: Side) -> tuple[set[str | None], set[str | None]]:
    """The customers that come into reach of a user and go out of it: by moves, and by records that change hands."""
    gained, lost = set[str | None](), set[str | None]()
    levels, later = before.of_user(key), after.of_user(key)
    moved = before.world.users[key].customer != after.world.users[key].customer
    if moved or before.reached(key, "corporate") != after.reached(key, "corporate"):
        for cell, level in levels.items():
            pair = (level, later[cell])
            if cell[0] != "capability" and "full" not in pair:
                had = before.reached(key, level) if level in REACHING[1:] else set()
                has = after.reached(key, pair[1]) if pair[1] in REACHING[1:] else set()
                gained |= has - had
                lost |= had - has
    for ref, row in before.world.rows.items():
        new = after.world.rows[ref]
        if (row.user, row.customer) != (new.user, new.customer):
            for action in before.world.entities[row.entity].permissions:
                cell = ("entity", row.entity, action)
                reached = (
                    (ref, levels[cell]) in before.oracle._cells_of(f"user:{key}"),
                    (ref, later[cell]) in after.oracle._cells_of(f"user:{key}"),
                )
                if reached == (False, True):
                    gained.add(home(before.world, row))
                if reached == (True, False):
                    lost.add(home(after.world, new))
    return gained, lost


def home(world: World, row: WorldRecord) -> str | None:
    """The customer of a record, else that of its user."""
    return row.customer or (None if row.user is None else world.users[row.user].customer)


def wrong_sign_in(before: Side, after: Side, told: Effects) -> Iterator[str]:
    expected = {f"user:{key}": after.able(key) for key in before.world.users if before.able(key) != after.able(key)}
    found = {row["user"]: row["after"] is None for row in told.sign_in}
    if found != expected:
        yield f"sign-in {found}, and it is {expected}"
