"""A shop as plain dicts: what every write command must do to it, said a second time and without the code under test.

`Shop` holds tables of records in the words of an export, `Shop.revisions` what each revision did. A method carries
out one command line: it raises `Refused` with every reason that there is, or leaves the new state behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]
State = dict[str, dict[str, Record]]
"""Records by table, which is the type that output calls them by, and by key."""
Name = tuple[str, str]
"""A table and a key."""

SALES = ("order", "quote", "request", "shopping-list", "checkout")
DOCUMENT = {
    "taxonomies": "taxonomy",
    "tags": "tag",
    "groups": "customer-group",
    "customers": "customer",
    "roles": "role",
    "users": "user",
    "visitors": "visitor",
    "contact_groups": "contact-group",
    "contacts": "contact",
    "accounts": "account",
    "orders": "order",
    "quotes": "quote",
    "requests": "request",
    "shopping_lists": "shopping-list",
    "checkouts": "checkout",
}
"""The tables of a document, in the order in which they may name each other, and what output calls their records."""
ADDRESSES = {"customer": "customer-address", "user": "customer-user-address", "contact": "contact-address"}
OWNERS = {table: owner for owner, table in ADDRESSES.items()}

_OWNED = {"customer": "customer", "user": "user", "visitor": "visitor"}
LINKS: Mapping[str, Mapping[str, str]] = {
    "tag": {"taxonomy": "taxonomy"},
    "customer-group": {"tags": "tag"},
    "customer": {"parent": "customer", "group": "customer-group", "tags": "tag"},
    "role": {"tags": "tag"},
    "user": {"customer": "customer", "roles": "role", "tags": "tag"},
    "visitor": {"user": "user"},
    "contact": {"reports_to": "contact", "groups": "contact-group", "tags": "tag"},
    "account": {"referred_by": "account", "contacts": "contact", "default_contact": "contact", "tags": "tag"},
    **{table: {"owner": owner} for table, owner in OWNERS.items()},
    **{name: {**_OWNED, "tags": "tag"} for name in SALES},
}
"""The fields that name other records, and the table they lead to."""
SETTING_LINKS = {"customer.default_role": "role", "customer.guest_role": "role", "guest.group": "customer-group"}
SETTING_DEFAULTS = {
    "customer.default_role": "buyer",
    "customer.guest_role": "visitors",
    "guest.group": "non-authenticated-visitors",
}
PARENTS = {"customer": "parent", "contact": "reports_to", "account": "referred_by"}
UNIQUE = {
    **dict.fromkeys(("customer", "user", "contact", "account"), "external_id"),
    "tag": "name",
    "taxonomy": "name",
    "contact-group": "label",
    "role": "label",
}
BUILT_IN = {
    "role": {"administrator", "buyer", "visitors"},
    "customer-group": {"non-authenticated-visitors"},
    "contact-group": {"marketing-group", "sales-group"},
}
TAGGED = tuple(table for table, links in LINKS.items() if "tags" in links)
ACTOR = "tester"
ACTIONS = ("view", "create", "edit", "delete", "assign")


class Refused(Exception):  # noqa: N818 - it is an answer
    """The command must fail; each reason as the exit code and the code of the error."""

    def __init__(self, *reasons: tuple[int, str]) -> None:
        super().__init__(reasons)
        self.reasons = set(reasons)


NOT_FOUND = (3, "not-found")
INVALID = (4, "invalid")
TAKEN = (5, "taken")
PROTECTED = (5, "protected")
DEPENDENTS = (5, "has-dependents")
UNCHANGED = (5, "unchanged")
LAST_ROLE = (5, "last-role")
CHANGED = (5, "changed-since")
UNDONE = (5, "undone")
NOTHING = (5, "nothing")


@dataclass(frozen=True)
class Step:
    """What one revision did to one record: key and fields on both sides, None where there was or is none."""

    table: str
    old_key: str | None
    new_key: str | None
    before: Record | None
    after: Record | None

    @property
    def op(self) -> str:
        if self.old_key is None:
            return "add"
        if self.new_key is None:
            return "remove"
        return "change" if self.old_key == self.new_key else "rename"

    @property
    def name(self) -> str:
        return f"{self.table}:{self.new_key or self.old_key}"


def slug(text: str, empty: str) -> str:
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-") or empty


def clean(record: Mapping[str, Any]) -> Record:
    return {name: value for name, value in record.items() if value not in (None, "", [])}


def shown(record: Record) -> Record:
    """A record without what is kept about it beside its fields."""
    return {name: value for name, value in record.items() if not name.startswith("_")}


def read_export(document: Mapping[str, Any]) -> State:
    """The tables of an export: every record by key, addresses and settings apart."""
    state: State = {table: {} for table in (*DOCUMENT.values(), *OWNERS, "setting")}
    for name, table in DOCUMENT.items():
        for row in document.get(name, ()):
            record = clean({k: v for k, v in row.items() if k not in ("key", "number", "addresses")})
            key = row.get("key") or row.get("number") or row["email"].lower()
            if table == "role":
                record = {k: v for k, v in record.items() if (k, v) not in (("self_managed", False), ("public", True))}
            state[table][key] = record
            for address in row.get("addresses", ()):
                own = {k: v for k, v in address.items() if k != "key"}
                state[ADDRESSES[table]][f"{key}/{address['key']}"] = clean({**own, "owner": key})
    for name, value in document.get("settings", {}).items():
        if name in ("group", "customer"):
            for owner, inner in value.items():
                state["setting"] |= {f"{name}/{owner}/{key}": {"value": each} for key, each in inner.items()}
        else:
            state["setting"][name] = {"value": value}
    return state


@dataclass
class Shop:
    """The state, and what every revision did; `made` is the state that a command works on.

    Each record has an id, `_id`, that it keeps whatever it is called; `names` tells after each revision which record
    had which name, `undoes` which revision another one took back.
    """

    state: State
    revisions: list[list[Step]] = field(default_factory=list)
    names: list[dict[Name, int]] = field(default_factory=list)
    undoes: dict[int, int] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)))
    taking_back: int | None = None
    made: State = field(default_factory=dict)
    renames: list[tuple[str, str, str]] = field(default_factory=list)
    touched: list[Name] = field(default_factory=list)
    reasons: list[tuple[int, str]] = field(default_factory=list)

    # -- one command -----------------------------------------------------------------------------------------

    def __post_init__(self) -> None:
        for rows in self.state.values():
            for row in rows.values():
                row["_id"] = next(self.ids)
        self.names.append(self._names())

    def _names(self) -> dict[Name, int]:
        return {(table, key): row["_id"] for table, rows in self.state.items() for key, row in rows.items()}

    def begin(self) -> None:
        self.taking_back = None
        self.made, self.renames, self.touched, self.reasons = deepcopy(self.state), [], [], []

    def finish(self, missing: tuple[int, str] = NOT_FOUND) -> list[Step]:
        """Settle what follows, hold the rules, and say what has changed; `missing` is a reference to nothing."""
        self._settle()
        self.reasons += self._broken(missing)
        if self.reasons:
            raise Refused(*self.reasons)
        return self._steps()

    def commit(self, steps: list[Step]) -> None:
        self.state = self.made
        if steps:
            if self.taking_back is not None:
                self.undoes[len(self.revisions)] = self.taking_back
            self.revisions.append(steps)
            self.names.append(self._names())

    def no(self, reason: tuple[int, str]) -> None:
        self.reasons.append(reason)

    def need(self, table: str, key: str) -> Record:
        """A record that the command line names."""
        if key not in self.made[table]:
            raise Refused(*self.reasons, NOT_FOUND)
        return self.made[table][key]

    def have(self, table: str, *keys: str | None) -> None:
        """Records that options name; "" clears a field."""
        if any(key and key not in self.made[table] for key in keys):
            self.no(NOT_FOUND)

    def value(self, name: str) -> Any:
        """A setting of the whole shop that names another record."""
        return self.made["setting"].get(name, {"value": SETTING_DEFAULTS[name]})["value"]

    # -- records ---------------------------------------------------------------------------------------------

    def free(self, table: str, first: str, prefix: str = "") -> str:
        key, count = f"{prefix}{first}", 1
        while key in self.made[table]:
            count += 1
            key = f"{prefix}{first}-{count}"
        return key

    def put(self, table: str, key: str, values: Mapping[str, Any]) -> Record:
        """Merge fields into a record, a new one if there is none."""
        values = dict(values)
        if values.get("tags"):
            values["tags"] = self.tags(values["tags"])
        for name in LINKS.get(table, {}):
            if isinstance(values.get(name), list):
                values[name] = sorted(set(values[name]))
        record = clean({**self.made[table].get(key, {}), **values})
        if table == "account":
            _default_contact(record, self.made[table].get(key, {}), values)
        self.made[table][key] = record
        self.touched.append((table, key))
        return record

    def tags(self, words: Iterable[str]) -> list[str]:
        """The keys of tags that words mean; those that are new are made."""
        keys = set()
        for word in words:
            key = self.meant(word)
            if key is None:
                key = slug(word, "tag")
                self.made["tag"][key] = {"name": word}
            keys.add(key)
        return sorted(keys)

    def meant(self, word: str) -> str | None:
        tags = self.made["tag"]
        key = slug(word, "tag")
        if key in tags:
            return key
        return next((found for found, tag in tags.items() if tag["name"].lower() == word.lower()), None)

    def rename(self, table: str, old: str, new: str) -> None:
        """Give a record another key; what names it, or is named after it, follows."""
        if table in BUILT_IN and old in BUILT_IN[table]:
            self.no(PROTECTED)
        if new in self.made[table]:
            self.no(TAKEN)
        if self.reasons:
            raise Refused(*self.reasons)
        _rename(self.made, table, old, new)
        self.renames.append((table, old, new))
        for record in self.made["setting"]:
            if SETTING_LINKS.get(record.rpartition("/")[2]) == table and self.made["setting"][record]["value"] == old:
                self.made["setting"][record] = {"value": new}
        scope = {"customer": "customer", "customer-group": "group"}.get(table)
        for key in [key for key in self.made["setting"] if scope and key.startswith(f"{scope}/{old}/")]:
            self._rename_along("setting", key, f"{scope}/{new}/{key.rpartition('/')[2]}")
        for key in [key for key in self.made["role"] if table == "customer" and key.startswith(f"{old}/")]:
            self._rename_along("role", key, f"{new}/{key.partition('/')[2]}")

    def _rename_along(self, table: str, old: str, new: str) -> None:
        _rename(self.made, table, old, new)
        self.renames.append((table, old, new))

    def remove(self, table: str, key: str) -> None:
        """Take a record away with what is part of it, if nothing keeps it."""
        self.no_blockers(table, key)
        self.drop(table, key)

    def no_blockers(self, table: str, key: str) -> None:
        made = self.made
        if key in BUILT_IN.get(table, ()):
            self.no(PROTECTED)
        if table == "customer-group" and self.value("guest.group") == key:
            self.no(PROTECTED)
        if table == "role" and key in (self.value("customer.default_role"), self.value("customer.guest_role")):
            self.no(PROTECTED)
        holders = {
            "customer": [("customer", table) for table in ("user", *SALES)],
            "user": [("user", table) for table in ("visitor", *SALES)],
            "visitor": [("visitor", table) for table in SALES],
        }
        if any(record.get(name) == key for name, other in holders.get(table, ()) for record in made[other].values()):
            self.no(DEPENDENTS)
        if table == "customer" and any(role.startswith(f"{key}/") for role in made["role"]):
            self.no(DEPENDENTS)
        if table == "role" and any(key in user.get("roles", ()) for user in made["user"].values()):
            self.no(DEPENDENTS)

    def drop(self, table: str, key: str) -> None:
        """Take a record away; what named it names nothing."""
        made = self.made
        del made[table][key]
        if table in ADDRESSES:
            for own in self.addresses(ADDRESSES[table], key):
                del made[ADDRESSES[table]][own]
        scope = {"customer": "customer", "customer-group": "group"}.get(table)
        for own in [own for own in made["setting"] if scope and own.startswith(f"{scope}/{key}/")]:
            del made["setting"][own]
        for other, links in LINKS.items():
            for name, target in links.items():
                if target == table:
                    for record in made[other].values():
                        _unlink(record, name, key)

    def addresses(self, table: str, owner: str) -> list[str]:
        return [key for key, record in self.made[table].items() if record["owner"] == owner]

    # -- rules -----------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """One primary address an owner, one default a type; what was touched last wins."""
        for table in OWNERS:
            changed = list(dict.fromkeys(key for name, key in self.touched if name == table))
            for owner in dict.fromkeys(self.made[table][key]["owner"] for key in changed if key in self.made[table]):
                own = self.addresses(table, owner)
                latest = [*(key for key in own if key not in changed), *(key for key in changed if key in own)]
                rows = [self.made[table][key] for key in latest]
                primary = [row for row in rows if row.get("primary")]
                if not primary:
                    before = [row for key, row in zip(latest, rows, strict=True) if self._was_primary(table, key)]
                    primary = before or [self.made[table][own[0]]]
                for row in rows:
                    row.pop("primary", None)
                primary[-1]["primary"] = True
                for kind in ("billing", "shipping"):
                    for row in [row for row in rows if kind in row.get("default", ())][:-1]:
                        _unlink(row, "default", kind)

    def _was_primary(self, table: str, key: str) -> bool:
        return bool(self.state[table].get(key, {}).get("primary"))

    def _broken(self, missing: tuple[int, str]) -> Iterator[tuple[int, str]]:
        made = self.made
        if any(key not in made[target] for target, key in _mentions(made)):
            yield missing
        for name in ("customer.default_role", "customer.guest_role"):
            if "/" in self.value(name):
                yield INVALID
        for table, name in UNIQUE.items():
            values = [_unique_value(table, key, record[name]) for key, record in made[table].items() if name in record]
            if len(set(values)) < len(values):
                yield TAKEN
        for table, name in PARENTS.items():
            if any(_is_below_itself(made[table], key, name) for key in made[table]):
                yield (4, "cycle")
        yield from self._broken_people()
        kinds = [(row["owner"], kind) for row in made["contact-address"].values() for kind in row.get("types", ())]
        if len(set(kinds)) < len(kinds):
            yield TAKEN

    def _broken_people(self) -> Iterator[tuple[int, str]]:
        for user in self.made["user"].values():
            if user.get("enabled", not user.get("guest")) and not user.get("roles"):
                yield LAST_ROLE
            if any("/" in role and role.partition("/")[0] != user.get("customer") for role in user.get("roles", ())):
                yield INVALID
        for key, contact in self.made["contact"].items():
            if not any(contact.get(name) for name in ("first_name", "last_name", "emails", "phones")):
                yield PROTECTED if key in self.state["contact"] or self.renames else INVALID

    # -- revisions -------------------------------------------------------------------------------------------

    def _steps(self) -> list[Step]:
        """What differs, record by record, with everything called as it is called now."""
        before = deepcopy(self.state)
        for rename in self.renames:
            _rename(before, *rename)
        old_key = {(table, new): old for table, old, new in self.renames}
        steps = []
        for table, rows in self.made.items():
            for key in {**before[table], **rows}:
                old, new = before[table].get(key), rows.get(key)
                if new is not None and "_id" not in new:
                    new["_id"] = next(self.ids) if old is None else old["_id"]
                was = old_key.get((table, key), key)
                if old is None or new is None or shown(old) != shown(new) or was != key:
                    ends = (None if old is None else was, None if new is None else key)
                    steps.append(Step(table, *ends, deepcopy(old), deepcopy(new)))
        return steps

    def undone_by(self, index: int) -> int | None:
        """The latest revision in effect that takes one back."""
        by = [later for later, of in self.undoes.items() if of == index]
        return next((later for later in reversed(by) if self.undone_by(later) is None), None)

    def is_undo(self, index: int) -> bool:
        found = False
        while index in self.undoes:
            index, found = self.undoes[index], not found
        return found

    def to_undo(self) -> int | None:
        """The revision that `undo --last` takes back, None for one of before."""
        plain = [index for index in range(len(self.revisions)) if index not in self.undoes]
        return next((index for index in reversed(plain) if self.undone_by(index) is None), None)

    def undo(self, index: int) -> None:
        """Put every record of a revision back; refused when one of them is not as the revision left it."""
        if not 0 <= index < len(self.revisions):
            raise Refused(NOT_FOUND)
        if self.undone_by(index) is not None:
            raise Refused(UNDONE)
        self.take_back(index)

    def redo(self, index: int | None) -> None:
        """Take an undo back: that of a revision, the one named, or the latest."""
        found: int | None
        if index is None:
            undos = [later for later in self.undoes if self.is_undo(later) and self.undone_by(later) is None]
            found = max(undos, default=None)
        elif self.is_undo(index):
            found = index if self.undone_by(index) is None else None
        else:
            found = self.undone_by(index)
        if found is None:
            raise Refused(NOTHING)
        self.take_back(found)

    def take_back(self, index: int) -> None:
        self.taking_back = index
        steps = self.revisions[index]
        if not self.is_as_left(index):
            raise Refused(CHANGED)
        befores = [step.before and self._today(step.table, step.before, index) for step in steps]
        if any(GONE in str(before) for before in befores):
            raise Refused(NOT_FOUND)
        self._rename_back(steps)
        put_back = [self._put_back(step, before, index) for step, before in zip(steps, befores, strict=True)]
        removed = {name for name in put_back if name is not None}
        if removed & set(_mentions(self.made)) or self._has_foreign_role():
            self.no(DEPENDENTS)
        self._settle()
        for table, key in removed:
            rest = self.addresses(table, key.rpartition("/")[0]) if table in OWNERS else []
            if rest and not any(self.made[table][other].get("primary") for other in rest):
                self.no(PROTECTED)

    def _put_back(self, step: Step, before: Record | None, index: int) -> Name | None:
        """Make a record what it was; the name of one that goes."""
        row = before or step.after
        assert row is not None
        key = self._key_in(self.made, step.table, row["_id"])
        if before is None:
            assert key is not None
            del self.made[step.table][key]
            return step.table, key
        if key is None:
            assert step.old_key is not None
            key = self._called_again(step.table, self._own_key(step.table, step.old_key, index))
            if key in self.made[step.table]:
                raise Refused(CHANGED)
        self.made[step.table][key] = deepcopy(before)
        for rename in self.renames:
            _follow({step.table: {key: self.made[step.table][key]}}, *rename)
        self.touched.append((step.table, key))
        return None

    def _rename_back(self, steps: list[Step]) -> None:
        """What a customer took along has its old key back with it; of several renames the last goes first."""
        back = [step for step in reversed(steps) if step.op == "rename"]
        for step in sorted(back, key=lambda step: step.table not in ("customer", "customer-group")):
            assert step.old_key is not None
            assert step.new_key is not None
            if step.new_key in self.made[step.table]:
                self.rename(step.table, step.new_key, step.old_key)

    def _has_foreign_role(self) -> bool:
        """Whether a role of one customer is held by a user of another, or by the website."""
        users = self.made["user"].values()
        held = [(role, user.get("customer")) for user in users for role in user.get("roles", ())]
        held += [(self.value(name), None) for name in ("customer.default_role", "customer.guest_role")]
        return any("/" in role and role.partition("/")[0] != customer for role, customer in held)

    def _called_again(self, table: str, key: str) -> str:
        """The key of an address once its owner has its old key back."""
        owner, _, own = key.rpartition("/")
        for renamed, new, old in self.renames:
            if OWNERS.get(table) == renamed and owner == new:
                return f"{old}/{own}"
        return key

    def is_as_left(self, index: int) -> bool:
        """Whether every record of a revision is as that left it."""
        for step in self.revisions[index]:
            row = step.after or step.before
            assert row is not None
            key = self._key_in(self.state, step.table, row["_id"])
            if step.after is None or step.new_key is None:
                if key is not None:
                    return False
                continue
            if key is None or key != self._own_key(step.table, step.new_key, index, addresses=True):
                return False
            if shown(self.state[step.table][key]) != shown(self._today(step.table, step.after, index)):
                return False
        return True

    def _key_in(self, state: State, table: str, row_id: int) -> str | None:
        return next((key for key, row in state[table].items() if row["_id"] == row_id), None)

    def _now(self, table: str, key: str, index: int) -> str:
        """What the record is called now that had a key when a revision was done, or that this removed."""
        row_id = self.names[index + 1].get((table, key)) or self.names[index].get((table, key))
        if row_id is None:
            return key
        now = self._key_in(self.state, table, row_id)
        if now is not None:
            return now
        is_back = any(
            step.after is None and step.before and step.before["_id"] == row_id for step in self.revisions[index]
        )
        return self._own_key(table, key, index) if is_back else f"{GONE}{row_id}"

    def _own_key(self, table: str, key: str, index: int, *, addresses: bool = False) -> str:
        """The key of a record that is named after its owner."""
        owner, slash, own = key.rpartition("/")
        if not slash or (addresses and table not in OWNERS):
            return key
        if table in OWNERS:
            return f"{self._now(OWNERS[table], owner, index)}/{own}"
        if table == "role":
            return f"{self._now('customer', owner, index)}/{own}"
        scope, _, owner = owner.partition("/")
        return f"{scope}/{self._now('customer' if scope == 'customer' else 'customer-group', owner, index)}/{own}"

    def _today(self, table: str, record: Record, index: int) -> Record:
        """A record of some revision with the names that others have now."""
        made = deepcopy(record)
        links = LINKS.get(table, {})
        if table == "setting":
            return made
        for name, target in links.items():
            value = made.get(name)
            if isinstance(value, list):
                made[name] = sorted(self._now(target, key, index) for key in value)
            elif value is not None:
                made[name] = self._now(target, value, index)
        return made


GONE = "gone-"


def _default_contact(record: Record, before: Record, given: Mapping[str, Any]) -> None:
    default, contacts = record.get("default_contact"), record.get("contacts", [])
    if default is not None and default not in contacts:
        if "default_contact" in given or default != before.get("default_contact"):
            record["contacts"] = sorted((*contacts, default))
        else:
            del record["default_contact"]


def _mentions(state: State) -> Iterator[Name]:
    """Every record that another one names."""
    for table, links in LINKS.items():
        for record in state[table].values():
            for name, target in links.items():
                value = record.get(name)
                yield from ((target, key) for key in (value if isinstance(value, list) else [value]) if key is not None)
    for key in state["role"]:
        if "/" in key:
            yield "customer", key.partition("/")[0]
    for key, record in state["setting"].items():
        scope, _, rest = key.partition("/")
        if rest:
            yield ("customer" if scope == "customer" else "customer-group"), rest.partition("/")[0]
        if key in SETTING_LINKS:
            yield SETTING_LINKS[key], record["value"]


def _rename(state: State, table: str, old: str, new: str) -> None:
    if old in state[table]:
        state[table][new] = state[table].pop(old)
    _follow(state, table, old, new)
    addresses = ADDRESSES.get(table)
    for key in [key for key in state.get(addresses or "", ()) if key.startswith(f"{old}/")]:
        assert addresses is not None
        state[addresses][f"{new}/{key.rpartition('/')[2]}"] = state[addresses].pop(key)


def _follow(state: State, table: str, old: str, new: str) -> None:
    """Let records name another one by its new key."""
    for other, links in LINKS.items():
        for name, target in links.items():
            if target == table:
                for record in state.get(other, {}).values():
                    value = record.get(name)
                    if isinstance(value, list) and old in value:
                        record[name] = sorted(new if key == old else key for key in value)
                    elif value == old:
                        record[name] = new


def _unlink(record: Record, name: str, key: str) -> None:
    value = record.get(name)
    if isinstance(value, list) and key in value:
        record[name] = [other for other in value if other != key]
    if record.get(name) in (key, []):
        del record[name]
    if name == "contacts" and record.get("default_contact") == key:
        del record["default_contact"]


def _unique_value(table: str, key: str, value: str) -> tuple[str, str]:
    return (key.rpartition("/")[0] if table == "role" else "", value.lower() if table != "customer" else value)


def _is_below_itself(rows: Mapping[str, Record], key: str, name: str) -> bool:
    seen, above = set[str](), rows[key].get(name)
    while above is not None and above in rows and above not in seen:
        if above == key:
            return True
        seen.add(above)
        above = rows[above].get(name)
    return False


def owned(values: Mapping[str, Any]) -> Record:
    """What a new record of the back office begins with: who made it."""
    return {"owner": ACTOR, **values}
