"""The short road for new customers and users, which are most of what large files hold: whole columns at a time.

It takes the pages of `plain.py`, finds what their rows refer to, and writes what the unit of work would write for them,
rows and history alike; a test holds that. All other rows are left to the unit of work: those that mean a stored record
or each other, and all in which anything is wrong, for it has the words for that.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count, repeat
from json.encoder import encode_basestring
from typing import Any, NamedTuple, TypeVar

from custctl.resources import ACCOUNT, CHANNEL, CUSTOMER, NOUNS, ROLE, USER, Field, Noun, slug
from custctl.store import linking
from custctl.store.codec import to_column
from custctl.store.customs import CHOSEN, open_to_all
from custctl.store.importing import matching
from custctl.store.importing.earlier import Earlier
from custctl.store.importing.late import LateIndexes
from custctl.store.importing.plain import Cell, Page, Plain
from custctl.store.importing.waiting import Waiting
from custctl.store.sheets import By, Row
from custctl.store.unit import Unit

_Value = TypeVar("_Value")
_ONE_KEY = re.compile(r"[\w@./+-]+\Z")
_FEW = ("group", "roles")
"""What there are few of: their keys and ids are kept."""
_OF_ACCOUNT = {"name", "owner"}
"""What an account that is made for a customer has from it."""


class Target(NamedTuple):
    """A record that is referred to."""

    key: str
    id: int


class Columns:
    """The short road, and what is known on it of the database."""

    def __init__(
        self,
        unit: Unit,
        plain: Plain,
        keys: matching.Keys,
        waiting: Waiting,
        role: Callable[[], str],
        owner: str,
        hasty: bool,
        earlier: Earlier,
    ) -> None:
        self.unit = unit
        self.plain = plain
        self.noun = noun = plain.noun
        self.keys = keys
        self.waiting = waiting
        self.role = role
        self.owner = owner
        self.earlier = earlier
        self.said = frozenset((*plain.texts, *plain.bools, *plain.references)) - {"key"}
        self.known: dict[tuple[str, By, str], Target | None] = {}
        self.accounts = matching.Keys(unit.connection, ACCOUNT)
        self.strategy = str(unit.setting(linking.STRATEGY))
        self.channel = self._only_channel()
        self.open = {name: open_to_all(unit, name) for name in CHOSEN if name in plain.texts}
        """What may be chosen in a field without a warning."""
        self.looks = not hasty
        """Whether keys and ids are looked for before anything is written: from when some were there already."""
        needed = {f"{noun.table}_{column}" for column in plain.named_by(noun)}
        self.late = LateIndexes(unit.connection, self._tables(), {*needed, f"{ACCOUNT.table}_key"}, hasty=hasty)

    def _tables(self) -> list[str]:
        """The tables that rows are added to, without that of accounts where rows name some, however they do."""
        if self.noun is USER:
            return [USER.table, "history", "user_role"]
        makes_accounts = self.strategy != "none" and "account" not in self.plain.references
        return [CUSTOMER.table, "history", *([ACCOUNT.table] if makes_accounts else [])]

    def _only_channel(self) -> Target | None:
        """The channel that new customers join by themselves (feature B-07)."""
        key = linking.only_channel(self.unit)
        return None if key is None else _targets(self.unit, CHANNEL, "key", {key})[key]

    def take(self, page: Page, begin: Callable[[], int]) -> list[Row]:
        """Write the rows that this road can write; the others, in their order.

        `begin` gives the revision, which is made when it is needed.
        """
        batch = _Batch(self, page)
        made = batch.made()
        accounts = self._make_accounts(batch, batch.accounts(made))
        batch.share_accounts()
        writing = _Writing(self.unit, self.noun, batch, made)
        try:
            writing.insert()
        except sqlite3.IntegrityError:
            if self.looks:
                raise
            self.looks = True
            self.late.make()
            self.late.hasty = False
            writing.take_back()
            accounts.take_back()
            self.accounts = matching.Keys(self.unit.connection, ACCOUNT)
            return self.take(page, begin)
        if made:
            accounts.tell(begin())
            writing.tell(begin())
            self._remember(page, writing)
        if batch.left:
            self.late.make()
        elif made:
            self.late.added(len(made), page.expected)
        return [page.row(at) for at in sorted(batch.left)]

    def _remember(self, page: Page, writing: _Writing) -> None:
        """Keep what the rows have said, for those that follow; what a row left blank and got all the same, it did not.

        An empty cell whose field stays empty needs no word about it: what fills it contradicts nothing.
        """
        made = writing.made
        lines = page.lines if len(made) == page.size else [page.lines[at] for at in made]
        self.earlier.range(writing.new_ids, lines, self.said)
        blank: dict[int, set[str]] = {}
        for name, places in page.blank().items():
            for at in places:
                blank.setdefault(at, set()).add(name)
        for at, names in blank.items():
            if at in writing.ids:
                row_id = writing.ids[at]
                self.earlier.range(range(row_id, row_id + 1), [page.lines[at]], self.said - names)

    def default(self, entry: Field) -> Any:
        """What a new record has where a row says nothing: whoever runs the tool is its owner (feature C-12)."""
        if entry.name != "owner":
            return entry.default
        return self.owner if self.plain.empty_is_nothing or entry.name not in self.plain.texts else None

    def _make_accounts(self, batch: _Batch, owners: Sequence[int]) -> _Writing:
        """Write an account for each of these customers, as the unit of work would, and link them."""
        made = _Records(self, len(owners))
        made.keys = self.accounts.free([batch.keys[at] for at in owners], set())
        made.named = [batch.named[at] for at in owners]
        made.values = {name: [batch.values[name][at] for at in owners] for name in _OF_ACCOUNT & batch.values.keys()}
        made.simple = batch.simple & {*_OF_ACCOUNT, "key"}
        writing = _Writing(self.unit, ACCOUNT, made, range(len(owners)))
        writing.insert()
        if owners:
            links = batch.links.setdefault("account", [None] * batch.size)
            for number, at in enumerate(owners):
                links[at] = Target(made.keys[number], writing.ids[number])
        return writing

    def default_role(self) -> Target | None:
        """The role of users who have no other."""
        key = self.role()
        return self.targets("roles", "key", [key])[key]

    def targets(self, name: str, by: By, texts: Iterable[str]) -> dict[str, Target | None]:
        """The records that texts name in a field, None for none or several."""
        noun = NOUNS[str(self.noun.field(name).to)] if name != "roles" else ROLE  # type: ignore[union-attr]  # it is one
        if noun is self.noun and by == "name":
            self.late.keep()
        by = "key" if by == "value" else by
        if name not in _FEW:
            return dict(_targets(self.unit, noun, by, set(texts)))
        new = {text for text in texts if (name, by, text) not in self.known}
        if new:
            found = _targets(self.unit, noun, by, new)
            self.known |= {(name, by, text): found.get(text) for text in new}
        return {text: self.known[name, by, text] for text in texts}


def _targets(unit: Unit, noun: Noun, by: By, texts: set[str]) -> dict[str, Target | None]:
    keys = {text: text for text in texts}
    if by != "key":
        keys_by = matching.keys_by(unit.connection, noun, by, texts)
        keys = {text: found[0] for text, found in keys_by.items() if len(found) == 1}
    query = f"SELECT key, id FROM {noun.table} WHERE key IN (SELECT value FROM json_each(?))"
    ids = dict(unit.connection.execute(query, (json.dumps(list(keys.values())),)))
    return {text: Target(key, ids[key]) for text, key in keys.items() if key in ids}


class _Records:
    """New records, column by column."""

    def __init__(self, columns: Columns, size: int) -> None:
        self.columns = columns
        self.size = size
        self.keys: Sequence[str] = []
        self.named: Sequence[str | None] = []
        """Their names, folded."""
        self.values: dict[str, Sequence[Any]] = {}
        self.simple: frozenset[str] = frozenset()
        """The fields whose texts are all there, and stand in JSON as they are."""
        self.links: dict[str, list[Target | None]] = {}
        self.roles: list[tuple[Target, ...]] = []
        self.parents: dict[int, int] = {}
        """The records whose parent is another one of them, and which."""
        self.shared: dict[int, Target | int | None] = {}
        """The records that share the account of their topmost parent: that account, or which of them the parent is.

        None is no account, where the topmost parent is stored and has none, or there is a circle instead."""


class _Batch(_Records):
    """The rows of a page. `left` are the places of those that go the long way."""

    def __init__(self, columns: Columns, page: Page) -> None:
        super().__init__(columns, page.size)
        self.noun = columns.noun
        self.cells = page.cells
        self.left = set(page.left)
        self.values = page.values
        self.given = page.given
        self.named = page.named
        self.simple = page.simple
        self.mentioned = page.mentioned
        self.said_of_roles = page.roles
        self.here: dict[By, dict[str, int]] = {}

    def made(self) -> list[int]:
        """The places of the rows that are new records and that nothing is wrong with; the others are left."""
        if not self.size:
            return []
        self._identities()
        for name in self.columns.plain.references:
            if name != "roles":
                self._reference(name)
        if self.noun is CUSTOMER:
            self._linked()
        if self.noun is USER:
            self._roles()
        self._chosen()
        self._above()
        return [at for at in range(self.size) if at not in self.left]

    def _leave(self, places: Iterable[int]) -> None:
        self.left.update(places)

    def _identities(self) -> None:
        """Keys, all of them new; a row is left when it names a record by something that another one has too."""
        ids = self._column("external_id")
        if any(key is None and at not in self.left for at, key in enumerate(self.given)):
            self.columns.late.keep()
        self._leave_stored(ids)
        self._leave_waiting(ids)
        self.keys = self._keys()

    def _leave_stored(self, ids: Sequence[str | None]) -> None:
        """A row whose key, id or, where it has no key, name is stored may mean that record.

        Keys and ids are unique: most files hold only new ones, and then it is enough that the database refuses others.
        """
        given = self.given
        keyless = {at for at, key in enumerate(given) if key is None} - self.left
        nameless = [name if at in keyless else None for at, name in enumerate(self.named)] if keyless else []
        unique = (("key", given), ("external_id", ids)) if self.columns.looks else ()
        for column, texts in (*unique, ("name_folded", nameless)):
            wanted = {text for text in texts if text is not None}
            query = f"SELECT {column} FROM {self.noun.table} WHERE {column} IN (SELECT value FROM json_each(?))"
            stored = {text for (text,) in self._ask(query, wanted)} if wanted else set()
            if stored:
                self._leave(at for at, text in enumerate(texts) if text in stored)

    def _leave_waiting(self, ids: Sequence[str | None]) -> None:
        """A row about a record that another row waits with is left, to wait behind it."""
        if not self.columns.waiting.count:
            return
        for by, texts in (("key", self.given), ("external_id", ids), ("name", self.named)):
            offered = self.columns.waiting.offering({f"{by}:{text}" for text in texts if text is not None})
            self._leave(at for at, text in enumerate(texts) if f"{by}:{text}" in offered)

    def _ask(self, query: str, texts: Iterable[str]) -> Iterable[Any]:
        return self.columns.unit.connection.execute(query, (json.dumps(list(texts)),))

    def _keys(self) -> Sequence[str]:
        """The key of each row: the one it gives, or a new one made from its name."""
        given, named = self.given, self.named
        if None not in given:
            return given  # type: ignore[return-value]  # none is None
        taken = {key for key in given if key is not None}
        nameless = {slug(str(name), self.noun.name) for name, key in zip(named, given, strict=True) if key is None}
        self._leave(at for at, key in enumerate(given) if key in nameless)
        new = [at for at, key in enumerate(given) if key is None and at not in self.left]
        slugs = {at: slug(str(named[at]), self.noun.name) for at in new}
        self._leave(at for at, first in slugs.items() if first in taken)
        made = dict(zip(slugs, self.columns.keys.free(list(slugs.values()), taken), strict=True))
        return [key if key is not None else made.get(at, "") for at, key in enumerate(given)]

    def _reference(self, name: str) -> None:
        """The records that a field refers to; a row that names one in vain is left."""
        said, codes = self.mentioned[name]
        ways = {by for by, _ in said}
        found = {by: self.columns.targets(name, by, [text for way, text in said if way == by]) for by in ways}
        targets = [found[by].get(text) for by, text in said]
        missed = {code for code, target in enumerate(targets) if target is None}
        if missed:
            places = [at for at, code in enumerate(codes) if code in missed]
            self._leave(at for at in places if not self._is_here(name, at, *said[codes[at]]))
        targets.append(None)  # that of the code for none
        self.links[name] = [targets[code] for code in codes]

    def _linked(self) -> None:
        """Give new customers their channel; who names one is left, or whose topmost parent is to get an account too."""
        self._leave(at for at, channel in enumerate(self.links.get("channel", ())) if channel is not None)
        if self.columns.strategy == "root":
            self._share()
            self._leave(at for at, account in self.shared.items() if account is None and self._is_open("account", at))
        own = self.columns.channel
        self.links["channel"] = [own if self._is_open("channel", at) else None for at in range(self.size)]

    def _share(self) -> None:
        """Find whose account subsidiaries share; parents stand before their children here."""
        parents = self.links.get("parent") or [None] * self.size
        stored = linking.accounts_of_tops(self.columns.unit, {parent.id for parent in parents if parent is not None})
        accounts = {parent: account and Target(*account) for parent, account in stored.items()}
        for at, parent in enumerate(parents):
            if parent is not None:
                self.shared[at] = accounts.get(parent.id)
            elif at in self.parents and at not in self.left:
                above = self.parents[at]
                self.shared[at] = self.shared.get(above, above)

    def share_accounts(self) -> None:
        """Link subsidiaries to the accounts that their topmost parents have by now."""
        if not self.shared:
            return
        links = self.links.setdefault("account", [None] * self.size)
        for at, account in self.shared.items():
            if self._is_open("account", at):
                links[at] = links[account] if isinstance(account, int) else account

    def _is_open(self, name: str, at: int) -> bool:
        """Whether a row leaves a field to be filled by itself."""
        if name not in self.columns.plain.references:
            return True
        return self.columns.plain.empty_is_nothing and self.links[name][at] is None

    def accounts(self, made: Sequence[int]) -> list[int]:
        """The places of the new customers that get an account of their own (feature A-08)."""
        if self.noun is not CUSTOMER or self.columns.strategy == "none":
            return []
        return [at for at in made if at not in self.shared and self._is_open("account", at)]

    def _is_here(self, name: str, at: int, by: By, text: str) -> bool:
        """Whether the customer above is one that an earlier row makes; of one name there may be several."""
        if name != "parent" or by == "name":
            return False
        if by not in self.here:
            texts = self._column("external_id") if by == "external_id" else self.keys
            self.here[by] = {other: place for place, other in enumerate(texts) if other}
        above = self.here[by].get(text, self.size)
        self.parents[at] = above
        return above < at

    def _above(self) -> None:
        """A row whose parent is left is left too; parents stand before their children here, so one look is enough."""
        for at, above in sorted(self.parents.items()):
            if above in self.left or above >= at:
                self.left.add(at)

    def _chosen(self) -> None:
        """Leave rows that choose a language or currency that not everybody may choose: that is told (feature P-14)."""
        for name, known in self.columns.open.items():
            self._leave(at for at, text in enumerate(self._column(name)) if text is not None and text not in known)

    def _roles(self) -> None:
        """The roles of users; who may sign in and has none gets that of the website."""
        said, codes = self.said_of_roles
        cells = self.columns.plain.references.get("roles", ())
        found = [self._roles_of(bool(enabled), list(zip(cells, texts, strict=True))) for enabled, *texts in said]
        if None in found:
            self._leave(at for at, code in enumerate(codes) if code >= 0 and found[code] is None)
        kinds = [*(roles or () for roles in found), ()]  # the last one is that of the code for none
        self.roles = [kinds[code] for code in codes]

    def _roles_of(self, enabled: bool, said: Sequence[tuple[Cell, str]]) -> tuple[Target, ...] | None:
        """The roles of users of whom the cells say this; None when only the unit of work understands it."""
        found: list[Target] = []
        for (_, by), cell in said:
            if cell:
                text = matching.folded(by, cell)
                target = self.columns.targets("roles", by, [text])[text] if _ONE_KEY.match(cell) else None
                if target is None or "/" in target.key or target in found:
                    return None
                found.append(target)
        if enabled and not found:
            default = self.columns.default_role()
            return None if default is None else (default,)
        return tuple(sorted(found))

    def _column(self, name: str) -> Sequence[Any]:
        return self.values.get(name) or [None] * self.size


class _Writing:
    """The rows of a batch on their way into the tables."""

    def __init__(self, unit: Unit, noun: Noun, batch: _Records, made: Sequence[int]) -> None:
        self.unit = unit
        self.noun = noun
        self.batch = batch
        self.made = made
        self.new_ids = unit.reserve(noun, len(made)) if made else range(0)
        self.ids = dict(zip(made, self.new_ids, strict=True))
        self.told: list[str | Sequence[str]] = []
        """What history tells of the records."""

    def take_back(self) -> None:
        """Have the records gone that are not told of yet."""
        if self.made:
            self.unit.give_back(self.noun, self.new_ids)

    def insert(self) -> None:
        """Write the records and the roles of users, as a flush of the unit would."""
        if not self.made:
            return
        columns: dict[str, Iterable[Any]] = {"id": self.ids.values()}
        for entry in self.noun.fields:
            if not entry.computed:
                column, told = self._field(entry)
                self.told += told
                columns |= column
        columns |= dict.fromkeys(self.noun.folded, self._of_made(self.batch.named))
        columns |= dict.fromkeys(("created_at", "updated_at"), repeat(self.unit.moment))
        self._insert(self.noun.table, columns)
        if self.noun is USER:
            self._insert_roles()

    def tell(self, revision: int) -> None:
        """Write a row of history for each record."""
        if not self.made:
            return
        prefix = f"{self.noun.reference}:"
        history: dict[str, Iterable[Any]] = {
            "revision_id": repeat(revision),
            "op": repeat("add"),
            "record": [prefix + key for key in self._of_made(self.batch.keys)],
            "after": _joined(["{", *self.told, "}"], len(self.made)),
            "record_id": self.ids.values(),
            **dict.fromkeys(("created_at", "updated_at"), repeat(self.unit.moment)),
        }
        connection = self.unit.connection
        connection.execute("PRAGMA ignore_check_constraints = ON")  # its only one is of `op`, and costs half of it all
        self._insert("history", history)
        connection.execute("PRAGMA ignore_check_constraints = OFF")

    def _insert(self, table: str, columns: Mapping[str, Iterable[Any]]) -> None:
        """Write rows. What we say of all of them stands in the statement, and two columns alike are bound once.

        To bind these costs a fifth; what comes from outside is bound.
        """
        same = {name: _literal(next(values)) for name, values in columns.items() if isinstance(values, repeat)}
        bound = {id(values): values for name, values in columns.items() if not same.get(name)}
        number = dict(zip(bound, count(1), strict=False))
        wanted = [number[id(values)] for name, values in columns.items() if not same.get(name)]
        rows: Iterable[tuple[Any, ...]] = zip(*bound.values(), strict=False)
        marks = (f"?{place}" for place in wanted)
        if not _NUMBERED:
            rows = (tuple(row[place - 1] for place in wanted) for row in rows)
            marks = ("?" for _ in wanted)
        places = (same.get(name) or next(marks) for name in columns)
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(places)})"
        self.unit.connection.executemany(statement, rows)

    def _insert_roles(self) -> None:
        """One statement a role, of which there are few: a row at a time costs twice as much."""
        users = list(self.ids.values())
        roles = self._of_made(self.batch.roles)
        holders: dict[int, list[int]] = {}
        for held in set(roles):
            having = [user for user, own in zip(users, roles, strict=True) if own is held or own == held]
            for role in held:
                holders.setdefault(role.id, []).extend(having)
        for role_id, having in sorted(holders.items()):
            statement = "INSERT INTO user_role (user_id, role_id) SELECT value, ? FROM json_each(?)"
            self.unit.connection.execute(statement, (role_id, json.dumps(having)))

    def _of_made(self, values: Sequence[_Value]) -> Sequence[_Value]:
        """Of a column of the batch, what is of the rows that are written."""
        return values if len(self.made) == self.batch.size else [values[at] for at in self.made]

    def _field(self, entry: Field) -> tuple[dict[str, Iterable[Any]], list[str | Sequence[str]]]:
        """The column of a field, and what the image of each record says of it: the same, or a text a record."""
        name = entry.name
        start = f'"{name}":' if name == "key" else f',"{name}":'  # which is the first
        if name == "roles":
            roles = self._of_made(self.batch.roles)
            texts = {held: _json([role.key for role in held]) for held in set(roles)}
            return {}, [start, [texts[held] for held in roles]]
        if entry.kind == "reference":
            return self._reference(entry, start)
        values = self._values(entry)
        if values is None:
            default = self.batch.columns.default(entry)
            if default is None:
                return {}, []
            stored = to_column(entry, default)
            each: Iterable[Any] = repeat(stored) if default is entry.default else [stored] * len(self.made)
            return {entry.holder: each} if entry.in_row else {}, [start + _json(default)]
        if entry.kind == "bool":
            return {entry.holder: values}, [start, ["true" if value else "false" for value in values]]
        if name in self.batch.simple:
            return {entry.holder: values}, [f'{start}"', values, '"']
        return {entry.holder: values}, _told(start, values)

    def _values(self, entry: Field) -> Sequence[Any] | None:
        if entry.name == "key":
            return self._of_made(self.batch.keys)
        if entry.name not in self.batch.values:
            return None
        values, default = self._of_made(self.batch.values[entry.name]), self.batch.columns.default(entry)
        if default is None or None not in values:
            return values
        return [default if value is None else value for value in values]

    def _reference(self, entry: Field, start: str) -> tuple[dict[str, Iterable[Any]], list[str | Sequence[str]]]:
        targets = self.batch.links.get(entry.name)
        if targets is None:
            return {}, []
        found = self._of_made(targets)
        if None in found:
            found = [target or self._in_batch(entry, at) for at, target in zip(self.made, found, strict=True)]
        ids = [target and target.id for target in found]
        return {entry.holder: ids}, _told(start, [target and target.key for target in found])

    def _in_batch(self, entry: Field, at: int) -> Target | None:
        above = self.batch.parents.get(at) if entry.name == "parent" else None
        return None if above is None else Target(self.batch.keys[above], self.ids[above])


_NUMBERED = not (3, 12) <= sys.version_info < (3, 12, 4)
"""Whether numbered places like ?1 are bound in silence: Python 3.12 took them for named ones at first, row by row."""


def _literal(value: Any) -> str | None:
    """How SQL writes a number, or a text in which nothing is special; None for everything else."""
    if isinstance(value, int):
        return f"{value:d}"
    return f"'{value}'" if isinstance(value, str) and _WORD.match(value) else None


_WORD = re.compile(r"[\w:.\[\]-]+\Z", re.ASCII)


def _told(start: str, texts: Sequence[str | None]) -> list[str | Sequence[str]]:
    """What images say of a field that has these texts; where one has none, nothing."""
    said = {text: "" if text is None else start + encode_basestring(text) for text in set(texts)}
    return [[said[text] for text in texts]]


def _joined(parts: Iterable[str | Sequence[str]], count: int) -> Iterable[str]:
    """The parts one behind the other, so many times; a part is the same each time, or has a text for each."""
    columns: list[Iterable[str]] = []
    same = ""
    for part in parts:
        if isinstance(part, str):
            same += part
        else:
            columns += [repeat(same, count), part]
            same = ""
    return map("".join, zip(*columns, repeat(same, count), strict=True))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
