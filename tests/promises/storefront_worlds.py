"""Worlds in which every text is a marker, and command lines for every command that takes `--as`.

A marker stands in one field of one record, so that an answer that holds it tells that field of that record.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.tree import nodes

ENTITIES = ("customer", "customer-user", "customer-user-role", "customer-address", "customer-user-address")
SALES = ("order", "quote", "request", "shopping-list", "checkout")
GROUPS = {"customer": "customer", "user": "customer-user", "role": "customer-user-role"}
LEVELS = ("none", "department", "corporate")
CLOSED = (
    "customer.group",
    "customer-user.first_name",
    "customer-user.roles",
    "order.subtotal",
    "quote.subtotal",
    "customer-address.street",
)
FORMATS = ("json", "jsonl", "csv", "yaml", "wide", "table", "html", "name")
WRITES = ("add", "edit", "delete", "enable", "disable", "grant", "revoke")


@dataclass(slots=True)
class Record:
    """One stored record: its noun, its key, and the marker in each of its fields."""

    noun: str
    key: str
    markers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class World:
    """A document, and the records that it makes, by noun."""

    rng: random.Random
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    records: dict[str, list[Record]] = field(default_factory=dict)
    made: int = 0

    def marker(self) -> str:
        """A word that stands nowhere else; the middle is random, so that no other marker is near by its number."""
        self.made += 1
        letters = "".join(self.rng.choices("bcdfghjklmnprstvw", k=6))
        return f"zq{letters}{self.made:03}qz"

    def record(self, noun: str, table: str, key_field: str, key: str, texts: str, **more: Any) -> Record:
        """A record with a marker in each of these fields, and its row in the document."""
        markers = {name: self.marker() for name in texts.split()}
        found = Record(noun, key, {key_field: key, **markers})
        self.tables.setdefault(table, []).append({key_field: key, **markers, **more})
        self.records.setdefault(noun, []).append(found)
        return found

    def some(self, noun: str) -> Record:
        return self.rng.choice(self.records[noun])

    def document(self) -> str:
        return json.dumps({"apiVersion": "custctl/v1", **self.tables})


def world(rng: random.Random) -> World:
    """Customers in a forest with people, roles of every kind, addresses and documents."""
    made = World(rng)
    for _ in range(2):
        made.record("account", "accounts", "key", made.marker(), "name description owner external_id")
        made.record("tag", "tags", "key", (tag := made.marker()), "")
        made.tables["tags"][-1]["name"] = tag
        lists = made.record("price-list", "price_lists", "key", made.marker(), "name")
        made.record(
            "customer-group", "groups", "key", made.marker(), "name owner payment_term", price_lists=[lists.key]
        )
    customers: list[Record] = []
    for _ in range(7):
        parent = rng.choice(customers).key if customers and rng.random() < 0.8 else None
        texts = "name owner payment_term tax_code vat_id external_id"
        links = {"group": made.some("customer-group").key, "account": made.some("account").key}
        listed = {"sales_reps": [made.marker()], "tags": [made.some("tag").key]}
        listed["price_lists"] = [made.some("price-list").key]
        found = made.record("customer", "customers", "key", made.marker(), texts, parent=parent, **links, **listed)
        found.markers["sales_reps"] = listed["sales_reps"][0]
        _addresses(made, found, "customer-address")
        customers.append(found)
    for number in range(9):
        _role(made, None if number < 3 else rng.choice(customers).key)
    users = [_user(made, rng.choice(customers).key) for _ in range(10)]
    for noun in SALES:
        for _ in range(5):
            _document(made, noun, rng.choice(users), rng.choice(customers).key)
    return made


def _addresses(made: World, owner: Record, noun: str) -> None:
    texts = "label organization street city postal_code"
    markers = {name: made.marker() for name in texts.split()}
    key = made.marker()
    made.records.setdefault(noun, []).append(Record(noun, f"{owner.key}/{key}", {"key": key, **markers}))
    made.tables["customers" if noun == "customer-address" else "users"][-1]["addresses"] = [
        {"key": key, **markers, "country": "AQ"}
    ]


def _role(made: World, customer: str | None) -> None:
    rng, permissions = made.rng, {}
    for entity in (*ENTITIES, *SALES, "customer-group"):
        if rng.random() < 0.75:
            levels = ("none", "full") if entity == "customer-group" else LEVELS
            actions = ("view", "create", "edit", "delete", *(() if entity == "customer-group" else ("assign",)))
            weights = (1, 3) if entity == "customer-group" else (1, 3, 6)
            permissions[entity] = {action: rng.choices(levels, weights)[0] for action in actions}
    key = made.marker() if customer is None else f"{customer}/{made.marker()}"
    flags = {"self_managed": rng.random() < 0.7, "public": rng.random() < 0.8}
    more: dict[str, Any] = {"permissions": permissions, "default": rng.choice([None, None, "corporate"])}
    more["capabilities"] = {"oro_customer_frontend_update_own_profile": rng.random() < 0.5}
    more["fields"] = {name: {"view": "none", "edit": "none"} for name in CLOSED if rng.random() < 0.15}
    made.record("customer-user-role", "roles", "key", key, "label", **flags, **more)


def _user(made: World, customer: str) -> Record:
    rng = made.rng
    fitting = [role.key for role in made.records["customer-user-role"] if role.key.rpartition("/")[0] in ("", customer)]
    texts = "first_name last_name middle_name prefix external_id owner"
    email = f"{made.marker()}@x.example"
    roles = rng.sample(fitting, min(len(fitting), rng.choice((1, 1, 2))))
    reps = made.marker()
    more = {"customer": customer, "roles": roles, "sales_reps": [reps], "tags": [made.some("tag").key]}
    found = made.record("customer-user", "users", "email", email, texts, **more)
    found.markers["sales_reps"] = reps
    _addresses(made, found, "customer-user-address")
    return found


def _document(made: World, noun: str, user: Record, customer: str) -> None:
    rng, number = made.rng, made.marker().upper()
    theirs = next(row for row in made.tables["users"] if row["email"] == user.key)["customer"]
    owner, product = made.marker(), made.marker()
    subtotal = f"{700_000 + made.made}.{rng.randrange(1001, 9999):04}".rstrip("0")
    row = {"user": user.key if rng.random() < 0.8 else None, "customer": theirs if rng.random() < 0.85 else customer}
    row |= {"owner": owner, "products": [product], "subtotal": subtotal, "currency": "USD"}
    status = {"order": "open", "quote": rng.choice(("draft", "open")), "checkout": "completed"}.get(noun, "open")
    table = f"{noun.replace('-', '_')}s"
    made.tables.setdefault(table, []).append({"number": number, "status": status, **row})
    markers = {"number": number, "owner": owner, "products": product, "subtotal": subtotal}
    made.records.setdefault(noun, []).append(Record(noun, number, markers))


# -- command lines ---------------------------------------------------------------------------------------------------

COMMANDS = {" ".join(path): found for path, found in nodes() if getattr(found, "acts", False)}
"""Every command that takes `--as`, by its words."""
_SHARED = {"db", "profile", "output", "as_user", "dry_run", "yes", "no_input", "quiet", "verbose", "color", "help"}


@dataclass(slots=True)
class Line:
    """A command line without `--as`: its words, each record that it names with its place among the words."""

    words: list[str]
    named: dict[int, Record] = field(default_factory=dict)


@dataclass(slots=True)
class Typist:
    """Types command lines about a world; `ids` are the row ids of records, by noun and key."""

    made: World
    ids: dict[tuple[str, str], int]
    seen: frozenset[int] = frozenset()
    """The records, by `id`, that whoever types sees: they are named more often than others."""

    def line(self, name: str) -> Line:
        """A command with everything that it needs and some of what it takes, in one of the formats."""
        rng, found = self.made.rng, COMMANDS[name]
        line = Line(name.split())
        params = [param for param in found.params if param.name not in _SHARED]
        chosen = [param for param in params if param.param_type_name == "argument" or rng.random() < 0.12]
        if name.endswith("edit") and not any(param.param_type_name == "option" for param in chosen):
            chosen.append(rng.choice([param for param in params if param.param_type_name == "option"]))
        for param in sorted(chosen, key=lambda param: param.param_type_name != "argument"):
            if param.param_type_name == "argument":
                self._value(name, param, line)
            elif getattr(param, "is_flag", False):
                line.words.append(rng.choice([*param.opts, *param.secondary_opts]))
            else:
                line.words.append(param.opts[0])
                self._value(name, param, line)
        if name.rsplit(maxsplit=1)[-1] in WRITES:
            line.words.append("--yes")
        line.words += ["-o", rng.choice(FORMATS[:6]) if name.rsplit(maxsplit=1)[-1] not in WRITES else "json"]
        return line

    def _value(self, name: str, param: Any, line: Line) -> None:
        metavar = (param.metavar or "").strip("'").removesuffix("...")
        group = name.split(maxsplit=1)[0]
        noun = GROUPS.get(group, group)
        kinds = {"CUSTOMER": "customer", "USER": "customer-user", "ROLE": "customer-user-role", "NUMBER": noun}
        kinds |= {"GROUP": "customer-group", "ACCOUNT": "account", "PRICE_LIST": "price-list", "TAG": "tag"}
        kinds |= {"LAST": noun, "OWNER": noun, "OWNER/KEY": f"{noun}-address", "EMAIL": "customer-user"}
        if metavar in kinds:
            new = name.endswith("add") and metavar in ("NUMBER", "EMAIL")
            self._record(kinds[metavar], line, new=new)
        else:
            line.words.append(self._text(name, noun, param, metavar))

    def _record(self, noun: str, line: Line, *, new: bool = False) -> None:
        """A record in one of its spellings, or a word near to one that nothing is called."""
        rng = self.made.rng
        shown = [record for record in self.made.records[noun] if id(record) in self.seen]
        found = rng.choice(shown) if shown and rng.random() < 0.6 else self.made.some(noun)
        spelled = [found.key, found.key, found.key.upper(), f"{noun}:{found.key}"]
        row_id = self.ids.get((noun, found.key))
        if row_id is not None and not new:
            spelled += [f"id:{row_id}", f"id:{row_id}"]
        spelled += [
            text for part, text in found.markers.items() if part in ("name", "label", "external_id") and not new
        ]
        if "first_name" in found.markers and not new:
            spelled.append(f"{found.markers['first_name']} {found.markers['last_name']}")
        if rng.random() < (0.6 if new else 0.15):
            at = len(found.key.rpartition("/")[0]) + 6
            line.words.append(f"{found.key[:at]}x{found.key[at + 1 :]}")
            return
        line.named[len(line.words)] = found
        line.words.append(rng.choice(spelled))

    def _text(self, name: str, noun: str, param: Any, metavar: str) -> str:
        rng = self.made.rng
        nouns = {"customer orders": "order", "user orders": "order"}
        fields = _fields(nouns.get(name, noun))
        some = rng.choice(fields)
        if metavar == "FIELD OP VALUE":
            known = [record for records in self.made.records.values() for record in records]
            about = self.made.records.get(noun, known) if rng.random() < 0.5 else known
            return f"{some}{rng.choice(('=', '!=', '~', '~'))}{rng.choice([*rng.choice(about).markers.values()])}"
        texts = {
            "FIELD,-FIELD": rng.choice((some, f"-{some}")),
            "A,B": ",".join(rng.sample(fields, min(len(fields), 4))),
            "N": "3",
            "RESOURCE": rng.choice((*SALES, "customer", "capability:oro_quick_add_form", "order.subtotal", "default")),
            "ACTION=LEVEL": rng.choice(("view=department", "edit=none", "use=on")),
            "ACTION": "edit",
            "YYYY-MM-DD": "1980-02-03",
            "TIME": "2026-01-02T03:04:05Z",
            "USD": "EUR",
            "1234.50": "7.50",
            "LANGUAGE": "en",
            "CHANNEL": "web-shop",
            "NAME": "Fresh name",
            "LABEL": "Fresh label",
        }
        if metavar in texts:
            return texts[metavar]
        choices = [word for word in metavar.split("|") if word.islower()]
        return rng.choice(choices) if choices else {"country": "AQ", "region": ""}.get(param.name, "fresh")


def _fields(noun: str) -> list[str]:
    from custctl.resources import NOUNS

    return [known.name for known in NOUNS[noun].fields if known.kind != "entries"]


def names(count: int) -> Iterator[str]:
    """So many commands, each as often as the others."""
    every = list(COMMANDS)
    return (every[number % len(every)] for number in range(count))
