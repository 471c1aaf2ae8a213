"""Who sees one product or category, for questions about access: visibility comes on top of the roles there.

What is worked out once for a group counts for each of its customers of which nothing else is said.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from custctl import shell
from custctl.policy.model import Entity, Record, Subject
from custctl.policy.visibility import category, product
from custctl.resources import NOUNS, PRODUCT, Noun
from custctl.store import viewers, visibility
from custctl.store.scopes import Condition
from custctl.store.viewers import Viewer


class Change(NamedTuple):
    """A record put on sale and, unless `level` is None, shown at a level: to everybody, a group or a customer."""

    level: str | None = None
    of: tuple[int, str] | None = None

    def shows(self, viewer: Viewer) -> bool:
        """Whether the level is one of those that count for who looks."""
        return self.level == "everybody" or (self.of is not None and self.of in (viewer.group, viewer.customer))


class Showing(NamedTuple):
    """What would show a record to somebody: the commands, and the other users who would see it then, too."""

    commands: list[str]
    users: int
    customers: int


def viewer_of(connection: sqlite3.Connection, subject: Subject) -> Viewer:
    """Who looks: a user by its customer, anybody else as a visitor."""
    if subject.kind != "user":
        return viewers.viewer(connection, None, "")
    customer = connection.execute("SELECT id FROM customer WHERE key = ?", (subject.customer,)).fetchone()
    return viewers.with_customer(connection, f"user:{subject.key}", customer and customer[0])


def seen(connection: sqlite3.Connection, subject: Subject, entity: Entity) -> Condition:
    """The condition on products or categories that the subject sees; `t` is their table."""
    viewer = viewer_of(connection, subject)
    condition = visibility.visible if entity.name == PRODUCT.name else visibility.visible_categories
    return condition(connection, viewer)


@dataclass(slots=True)
class Sight:
    """Who sees one stored product or category."""

    connection: sqlite3.Connection
    noun: Noun
    row_id: int
    key: str
    _apart: set[int] | None = None
    _hidden: dict[tuple[bool, str | None], bool] = field(default_factory=dict)
    _known: dict[tuple[object, ...], bool] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: sqlite3.Connection, record: Record) -> Sight | None:
        """The sight of a record of the policy, None for one that is not stored: nothing hides that."""
        noun = NOUNS[record.entity]
        key = record.ref.partition(":")[2]
        row = connection.execute(f"SELECT id FROM {noun.table} WHERE key = ?", (key,)).fetchone()
        return None if row is None else cls(connection, noun, row[0], key)

    def hides(self, subject: Subject) -> bool:
        """Whether it is hidden from the subject: visibility hides it, or it is not on sale."""
        whose = (subject.kind == "user", subject.customer)  # what `viewer_of` goes by: many users share a customer
        if whose not in self._hidden:
            self._hidden[whose] = not self._is_seen(viewer_of(self.connection, subject))
        return self._hidden[whose]

    def showing(self, subject: Subject) -> Showing:
        """What would show it to a subject from whom it is hidden, and to as few others as can be.

        A customer is shown it alone; visitors share a group; a user without a customer sees what everybody does.
        """
        viewer = viewer_of(self.connection, subject)
        change, commands = Change(), list[str]()
        on_sale = self._is_on_sale()
        if not on_sale:
            commands.append(shell.command(f"{self.noun.name} edit", self.key, status="enabled"))
        if not self._is_seen(viewer, change):
            change, option = _nearest(viewer)
            commands.append(shell.command(f"{self.noun.name} visibility", self.key, **option))
        only = viewer.customer if on_sale else None
        users = dict(self._gaining(subject, change, only))
        return Showing(commands, sum(users.values()), len(users.keys() - {None}))

    def _gaining(
        self, subject: Subject, change: Change, only: tuple[int, str] | None
    ) -> Iterator[tuple[int | None, int]]:
        """How many other users of each customer, or of this one only, see it after a change who did not before."""
        where = "" if only is None else "AND u.customer_id = :customer"
        query = f"SELECT u.customer_id, count(*) FROM customer_user u WHERE u.key <> :me {where} GROUP BY 1"
        me = subject.key if subject.kind == "user" else ""
        rows = self.connection.execute(query, {"me": me, "customer": only and only[0]})
        for customer, number in rows.fetchall():
            viewer = viewers.with_customer(self.connection, "", customer)
            if not self._is_seen(viewer) and self._is_seen(viewer, change):
                yield customer, number

    def _is_seen(self, viewer: Viewer, change: Change | None = None) -> bool:
        """Whether somebody sees it, as it is or after a change."""
        if viewer.customer not in (None, change and change.of) and not self._is_told_apart(viewer):
            viewer = viewer._replace(customer=None)
        known = (viewer.group, viewer.customer, change)
        if known not in self._known:
            self._known[known] = self._decided(viewer, change)
        return self._known[known]

    def _decided(self, viewer: Viewer, change: Change | None) -> bool:
        """The answer of the policy."""
        words, path, on_sale = visibility.said(self.connection, viewer, self.noun, self.row_id)
        config = visibility.config(self.connection)
        if change is not None:
            on_sale = True
            if change.level is not None and change.shows(viewer):
                words = replace(words, **{change.level: "visible"})
        if self.noun is PRODUCT:
            return product(words, path, config, enabled=on_sale, levels=viewer.levels).visible
        return category([words, *path], config.categories, viewer.levels[-1]).visible

    def _is_on_sale(self) -> bool:
        """Whether it is a product that is enabled, or no product."""
        return visibility.said(self.connection, Viewer(""), self.noun, self.row_id)[2]

    def _is_told_apart(self, viewer: Viewer) -> bool:
        """Whether something is said of the customer, for the record or for a category above it."""
        if self._apart is None:
            self._apart = visibility.customers_told_apart(self.connection, self.noun, self.row_id)
        return viewer.customer is not None and viewer.customer[0] in self._apart


def _nearest(viewer: Viewer) -> tuple[Change, dict[str, str]]:
    """The change that shows something to who looks and fewest others, and the options of the command."""
    if viewer.customer is not None:
        return Change("customer", viewer.customer), {"customer": f"{viewer.customer[1]}=visible"}
    if viewer.group is not None:
        return Change("group", viewer.group), {"group": f"{viewer.group[1]}=visible"}
    return Change("everybody"), {"all": "visible"}
