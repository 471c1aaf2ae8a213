"""Any commands in any order: the shop is what a plain model of it says, and all of it can be taken back.

`make test` walks the same ways each time, `make soak` others and more of them; CUSTCTL_WALKS says how many.
A failure prints the command lines that lead to it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.runner import Answer, Runner
from tests.store.past import Tables, remade, stored
from tests.store.shop import (
    ACTIONS,
    ADDRESSES,
    DOCUMENT,
    INVALID,
    LINKS,
    NOT_FOUND,
    PROTECTED,
    SALES,
    SETTING_LINKS,
    TAGGED,
    TAKEN,
    UNCHANGED,
    Record,
    Refused,
    Shop,
    Step,
    owned,
    read_export,
    shown,
    slug,
)

WALKS = int(os.environ.get("CUSTCTL_WALKS", "8"))
LENGTH = 40
NOBODY = "nobody"
"""A key that nothing ever has."""


# -- what there is to draw from ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class One:
    """A record of this table, at times one that is not there; "" for none."""

    table: str


@dataclass(frozen=True)
class Several:
    """Some records of this table."""

    table: str


@dataclass(frozen=True)
class Words:
    """Some of these texts."""

    texts: tuple[str, ...]


Kind = One | Several | Words | tuple[str, ...]
"""What an option takes; a tuple is one of its texts."""

TAGS = Words(("VIP", "vip", "Gold", "gold star", "GOLD STAR"))
NEW_KEYS = ("a", "b", "c", "d")
IDS = ("X-1", "X-2", "")
TERMS = ("net_30", "net_60", "")
SALES_OPTIONS: Mapping[str, tuple[str, Kind]] = {
    "--customer": ("customer", One("customer")),
    "--user": ("user", One("user")),
    "--status": ("status", ("open", "cancelled", "")),
    "--subtotal": ("subtotal", ("12.50", "0.0001", "")),
    "--currency": ("currency", ("USD", "")),
    "--tag": ("tags", TAGS),
}


@dataclass(frozen=True)
class Noun:
    """The commands of one table: their first words, what a new record is called, the options and their fields."""

    words: tuple[str, ...]
    called: str
    names: tuple[str, ...]
    options: Mapping[str, tuple[str, Kind]]
    owned: bool = True


NOUNS: Mapping[str, Noun] = {
    "customer": Noun(
        ("customer",),
        "name",
        ("Acme Ltd", "Globex Ltd", "Wonka Ltd"),
        {
            "--parent": ("parent", One("customer")),
            "--group": ("group", One("customer-group")),
            "--rating": ("internal_rating", ("1_of_5", "5_of_5", "")),
            "--external-id": ("external_id", IDS),
            "--tag": ("tags", TAGS),
        },
    ),
    "customer-group": Noun(
        ("group",),
        "name",
        ("Partners", "Retail"),
        {"--payment-term": ("payment_term", TERMS), "--tax-code": ("tax_code", ("EU", "US", ""))},
    ),
    "account": Noun(
        ("account",),
        "name",
        ("Big Deal", "Small Deal"),
        {
            "--referred-by": ("referred_by", One("account")),
            "--contact": ("contacts", Several("contact")),
            "--default-contact": ("default_contact", One("contact")),
            "--external-id": ("external_id", IDS),
            "--tag": ("tags", TAGS),
        },
    ),
    "contact-group": Noun(
        ("contact", "group"), "label", ("Fair 2026", "Press", "press"), {"--owner": ("owner", ("Sam", ""))}
    ),
    "taxonomy": Noun(
        ("tag", "taxonomy"),
        "name",
        ("Tier", "Region", "tier"),
        {"--background-color": ("background_color", ("#FF0000", ""))},
    ),
    "visitor": Noun(("guest",), "key", NEW_KEYS, {"--user": ("user", One("user"))}, owned=False),
    **{name: Noun((name,), "number", ("N-1", "N-2", "N-3"), SALES_OPTIONS, owned=False) for name in SALES},
}
"""The nouns whose add and edit have nothing of their own."""

USER_OPTIONS: Mapping[str, tuple[str, Kind]] = {
    "--role": ("roles", Several("role")),
    "--external-id": ("external_id", IDS),
    "--tag": ("tags", TAGS),
}
EMAILS = tuple(f"{name}@mail.example" for name in ("ann", "ben", "cyd", "dee"))
CONTACT_OPTIONS: Mapping[str, tuple[str, Kind]] = {
    "--first-name": ("first_name", ("Ann", "Ben", "")),
    "--email": ("emails", Words(EMAILS[:3])),
    "--phone": ("phones", Words(("111", "222"))),
    "--group": ("groups", Several("contact-group")),
    "--reports-to": ("reports_to", One("contact")),
    "--external-id": ("external_id", IDS),
    "--tag": ("tags", TAGS),
}
GROUPS: Mapping[str, tuple[str, ...]] = {
    **{table: noun.words for table, noun in NOUNS.items()},
    "user": ("user",),
    "role": ("role",),
    "contact": ("contact",),
    "tag": ("tag",),
}
"""The words that the commands of a table begin with."""
RENAMED = ("customer", "customer-group", "account", "contact", "contact-group", "tag", "taxonomy", "visitor")

ADDRESS = ("--street", "1 Main St", "--city", "Tampa", "--postal-code", "33601", "--country", "US", "--region", "US-FL")
ADDRESS_FIELDS = {
    "street": "1 Main St",
    "city": "Tampa",
    "postal_code": "33601",
    "country": "US",
    "region": "US-FL",
    "organization": "Office",
}
MENU, EXPORT = "menu.main", "product.export"


WORLD = {
    "taxonomies": [{"key": "tier", "name": "Tier"}],
    "tags": [{"key": "vip", "name": "VIP", "taxonomy": "tier"}],
    "groups": [{"key": "g", "name": "G"}],
    "customers": [
        {"key": "a", "name": "A", "group": "g", "addresses": [{"key": "hq", **ADDRESS_FIELDS}]},
        {"key": "b", "name": "B", "parent": "a", "tags": ["vip"]},
        {"key": "e", "name": "E"},
    ],
    "roles": [{"key": "a/clerk", "label": "Clerk", "permissions": {"order": {"view": "user"}}}],
    "users": [
        {"email": "ann@mail.example", "first_name": "Ann", "last_name": "Kim", "customer": "a", "roles": ["a/clerk"]},
        {"email": "eve@mail.example", "first_name": "Eve", "last_name": "Roe", "customer": "b", "roles": ["buyer"]},
    ],
    "visitors": [{"key": "v"}],
    "contacts": [{"key": "ann", "first_name": "Ann", "emails": ["ann@mail.example"], "groups": ["sales-group"]}],
    "accounts": [{"key": "big", "name": "Big", "default_contact": "ann"}],
    "orders": [{"number": "N-0", "customer": "a", "user": "ann@mail.example"}],
    "settings": {"account.strategy": "none"},
}
"""What a walk starts from, so that its first steps lead somewhere. The model makes no accounts for customers."""


def step(carry_out: Callable[[Machine], None]) -> Any:
    """A rule whose choices come from a seed of its own: steps before it can be left out without changing them."""

    def drawn(self: Machine, draw: Random) -> None:
        self.draw = draw
        carry_out(self)

    drawn.__name__ = carry_out.__name__
    return rule(draw=st.randoms(use_true_random=True))(drawn)


class Machine(RuleBasedStateMachine):
    """A shop and its model; each rule is one command line with drawn arguments."""

    start_file: Path

    @initialize(draw=st.randoms(use_true_random=True))
    def open(self, draw: Random) -> None:
        self.draw = draw
        self.folder = TemporaryDirectory()
        self.custctl = Runner(Path(shutil.copy(self.start_file, self.folder.name)))
        self.first = self.custctl.export()
        self.start = int(self.custctl.json("db", "status")["revision"]) + 1
        self.shop = Shop(read_export(json.loads(self.custctl.export("json"))))
        self.expected: list[Step] | set[tuple[int, str]] = []
        self.copies: dict[tuple[Path, int], Tables] = {}
        self.keep(self.start - 1)

    # -- drawing --------------------------------------------------------------------------------------------

    def one(self, table: str) -> str:
        """The key of a record, at times of none."""
        keys = sorted(self.shop.state[table])
        return NOBODY if not keys or self.rarely(12) else self.draw.choice(keys)

    def some(self, table: str) -> list[str]:
        keys = sorted(self.shop.state[table])
        return self.draw.sample(keys, min(len(keys), self.draw.randint(1, 2))) or [NOBODY]

    def rarely(self, often: int = 4) -> bool:
        return self.draw.randrange(often) == 0

    def value(self, kind: Kind) -> str | list[str]:
        match kind:
            case One(table):
                return "" if self.rarely() else self.one(table)
            case Several(table):
                return self.some(table)
            case Words(texts):
                return [] if self.rarely() else self.draw.sample(texts, self.draw.randint(1, 2))
        return self.draw.choice(kind)

    def options(
        self, options: Mapping[str, tuple[str, Kind]], least: int = 0
    ) -> tuple[list[str], dict[str, Any], list[tuple[str, str]]]:
        """Some options: as words, as fields, and the records they name."""
        words: list[str] = []
        values: dict[str, Any] = {}
        named: list[tuple[str, str]] = []
        for option in self.draw.sample(sorted(options), self.draw.randint(least, min(3, len(options)))):
            name, kind = options[option]
            value = values[name] = self.value(kind)
            given = value if isinstance(value, list) else [value]
            words += chain.from_iterable((option, text) for text in given or [""])
            if isinstance(kind, One | Several):
                named += [(kind.table, key) for key in given if key]
        return words, values, named

    # -- one command line -----------------------------------------------------------------------------------

    @contextmanager
    def expecting(self, missing: tuple[int, str] = NOT_FOUND) -> Iterator[Shop]:
        """What the model says of a command; `missing` is what a reference to nothing is called."""
        self.shop.begin()
        try:
            yield self.shop
            self.expected = self.shop.finish(missing)
        except Refused as refused:
            self.expected = refused.reasons

    def run(self, *words: str) -> None:
        """Carry out a command line, at times after a dry run; it must do what the model has done."""
        note(f"custctl {' '.join(word or repr(word) for word in words)}")
        if self.rarely(3):
            tried = self.custctl(*words, "--dry-run", "-o", "json")
            self.compare(tried)
            assert tried.exit != 0 or tried.json["revision"] is None
        answer = self.custctl(*words, "-o", "json")
        self.compare(answer)
        if isinstance(self.expected, list):
            assert (answer.json["revision"] is None) == (not self.expected), answer
            self.shop.commit(self.expected)
            self.keep(answer.json["revision"])

    def keep(self, revision: int | None) -> None:
        """Keep a copy of what the tables hold after a revision, for what history makes of it later."""
        if revision is not None:
            self.copies[self.custctl.database, revision] = stored(self.custctl.database)

    def compare(self, answer: Answer) -> None:
        """The exit code, and what changes; of several reasons to refuse any may be told first."""
        if isinstance(self.expected, list):
            assert answer.exit == 0, answer
            changes = sorted((change["op"], change["record"]) for change in answer.json["changes"])
            assert changes == sorted((step.op, step.name) for step in self.expected)
        else:
            assert answer.exit != 0, (answer, self.expected)
            problem = answer.problems[0]
            assert (problem["exit"], problem["code"]) in self.expected, (answer, self.expected)

    # -- nouns with nothing of their own --------------------------------------------------------------------

    @step
    def add(self) -> None:
        self._add(self.draw.choice(("customer", "customer", "customer", *NOUNS)))

    @step
    def add_sales(self) -> None:
        self._add(self.draw.choice(SALES))

    def _add(self, table: str) -> None:
        noun = NOUNS[table]
        name = self.draw.choice(noun.names)
        words, values, named = self.options(noun.options)
        given = self.draw.choice(NEW_KEYS) if noun.called in ("name", "label") and not self.rarely() else None
        with self.expecting() as shop:
            for other, key in named:
                shop.have(other, key)
            free = name if noun.called in ("key", "number") else shop.free(table, slug(name, table))
            key = given or free
            if key in shop.made[table]:
                shop.no(TAKEN)
                raise Refused(*shop.reasons)
            values = owned(values) if noun.owned else values
            record = values if noun.called in ("key", "number") else {**values, noun.called: name}
            shop.put(table, key, record)
        self.run(*noun.words, "add", name, *(("--key", given) if given else ()), *words)

    @step
    def edit(self) -> None:
        table = self.draw.choice(sorted(NOUNS))
        noun, key = NOUNS[table], self.one(table)
        words, values, named = self.options(noun.options, least=1)
        if noun.called in ("name", "label") and self.rarely():
            values[noun.called] = self.draw.choice(noun.names)
            words += [f"--{noun.called}", values[noun.called]]
        with self.expecting() as shop:
            for other, name in named:
                shop.have(other, name)
            shop.need(table, key)
            shop.put(table, key, values)
        self.run(*noun.words, "edit", key, *words)

    @step
    def rename(self) -> None:
        table = self.draw.choice(RENAMED)
        key, new = self.one(table), self.draw.choice(NEW_KEYS)
        with self.expecting() as shop:
            shop.need(table, key)
            if new != key:
                shop.rename(table, key, new)
        self.run(*GROUPS[table], "edit", key, "--key", new)

    @step
    def rename_customer(self) -> None:
        key, new = self.one("customer"), self.draw.choice(NEW_KEYS)
        with self.expecting() as shop:
            shop.need("customer", key)
            if new != key:
                shop.rename("customer", key, new)
        self.run("customer", "edit", key, "--key", new)

    @step
    def delete(self) -> None:
        table = self.draw.choice(sorted(GROUPS))
        key = self.one(table)
        with self.expecting() as shop:
            shop.need(table, key)
            shop.remove(table, key)
        self.run(*GROUPS[table], "delete", key, "--yes")

    # -- customers and groups -------------------------------------------------------------------------------

    @step
    def move_customer(self) -> None:
        key, to = self.one("customer"), self.one("customer")
        top = self.rarely()
        with self.expecting() as shop:
            if not top:
                shop.have("customer", to)
            shop.need("customer", key)
            shop.put("customer", key, {"parent": "" if top else to})
        self.run("customer", "move", key, *(("--top",) if top else ("--to", to)))

    @step
    def member_of_group(self) -> None:
        group, members = self.one("customer-group"), self.some("customer")
        verb = self.draw.choice(("add", "remove"))
        with self.expecting() as shop:
            shop.need("customer-group", group)
            for key in members:
                held = shop.need("customer", key).get("group") == group
                if verb == "add" or held:
                    shop.put("customer", key, {"group": group if verb == "add" else ""})
        self.run("group", "member", verb, group, *members)

    # -- users ----------------------------------------------------------------------------------------------

    @step
    def add_user(self) -> None:
        email, customer = self.draw.choice(EMAILS), "" if self.rarely() else self.one("customer")
        words, values, named = self.options(USER_OPTIONS)
        if "roles" not in values and not self.rarely():
            words += ["--role", "buyer"]
            values["roles"] = ["buyer"]
        guest, disabled = self.rarely(), self.rarely()
        with self.expecting() as shop:
            shop.have("customer", customer)
            for other, key in named:
                shop.have(other, key)
            key = shop.free("user", slug(f"guest {email.partition('@')[0]}", "guest")) if guest else email
            if key in shop.made["user"]:
                shop.no(TAKEN)
            values |= {"email": email, "first_name": "Pat", "last_name": "Kim", "customer": customer}
            values |= {"guest": guest or None, "enabled": False if disabled and not guest else None}
            if not customer:
                values["customer"] = shop.free("customer", "pat-kim")
                shop.put("customer", values["customer"], owned({"name": "Pat Kim"}))
            if not shop.reasons:
                shop.put("user", key, owned(values))
        where = ("--customer", customer) if customer else ()
        flags = [*(["--guest"] if guest else []), *(["--disabled"] if disabled else [])]
        self.run("user", "add", email, "--first-name", "Pat", "--last-name", "Kim", *where, *flags, *words)

    @step
    def edit_user(self) -> None:
        key = self.one("user")
        words, values, named = self.options(USER_OPTIONS, least=1)
        email = self.draw.choice(EMAILS) if self.rarely(2) else None
        with self.expecting() as shop:
            user = shop.need("user", key)
            for other, name in named:
                shop.have(other, name)
            renamed = email is not None and not user.get("guest") and email != key
            if email is not None and renamed and not shop.reasons:
                shop.rename("user", key, email)
            values |= {} if email is None else {"email": email}
            shop.put("user", email if email is not None and renamed else key, values)
        self.run("user", "edit", key, *(("--email", email) if email else ()), *words)

    @step
    def move_user(self) -> None:
        key, customer = self.one("user"), self.one("customer")
        with self.expecting() as shop:
            user = shop.need("user", key)
            shop.need("customer", customer)
            if user.get("customer") == customer:
                raise Refused(UNCHANGED)
            if "customer" in user:
                for name in SALES:
                    for number, record in shop.made[name].items():
                        if record.get("user") == key:
                            shop.put(name, number, {"user": ""})
            roles = [role for role in user.get("roles", []) if "/" not in role or role.startswith(f"{customer}/")]
            shop.put("user", key, {"customer": customer, "roles": roles})
        self.run("user", "move", key, customer)

    @step
    def switch_user(self) -> None:
        key, on = self.one("user"), self.rarely(2)
        with self.expecting() as shop:
            user = shop.need("user", key)
            if on and user.get("guest"):
                raise Refused((5, "guest"))
            if user.get("enabled", not user.get("guest")) is on:
                raise Refused(UNCHANGED)
            shop.put("user", key, {"enabled": None if on else False})
        self.run("user", "enable" if on else "disable", key)

    @step
    def roles_of_user(self) -> None:
        key, roles, verb = self.one("user"), self.some("role"), self.draw.choice(("add", "remove"))
        with self.expecting() as shop:
            held = set(shop.need("user", key).get("roles", []))
            if verb == "remove" and not held.issuperset(roles):
                raise Refused(UNCHANGED)
            shop.put("user", key, {"roles": list(held | set(roles) if verb == "add" else held - set(roles))})
        self.run("user", "role", verb, key, *roles)

    # -- roles ----------------------------------------------------------------------------------------------

    @step
    def add_role(self) -> None:
        label, customer = self.draw.choice(("Clerk", "Chief", "clerk")), "" if self.rarely() else self.one("customer")
        like = self.one("role") if self.rarely() else None
        own = self.draw.choice(NEW_KEYS) if self.rarely(2) else None
        with self.expecting() as shop:
            shop.have("customer", customer)
            source = {} if like is None or shop.reasons else shop.need("role", like)
            prefix = f"{customer}/" if customer else ""
            key = f"{prefix}{own}" if own else shop.free("role", slug(label, "role"), prefix)
            if key in shop.made["role"]:
                shop.no(TAKEN)
            if shop.reasons:
                raise Refused(*shop.reasons)
            names = (
                "default",
                "capability_default",
                "workflow_default",
                "permissions",
                "capabilities",
                "workflows",
                "fields",
            )
            shop.put("role", key, {"label": label, **{name: source.get(name) for name in names}})
        where = ("--customer", customer) if customer else ()
        self.run("role", "add", label, *where, *(("--like", like) if like else ()), *(("--key", own) if own else ()))

    @step
    def edit_role(self) -> None:
        key, home = self.one("role"), "" if self.rarely() else self.one("customer")
        label = self.draw.choice(("Clerk", "Boss", "boss")) if self.rarely(2) else None
        public = "--public" if self.rarely(2) else "--not-public"
        moved = self.rarely(2)
        with self.expecting() as shop:
            shop.need("role", key)
            new = self._rehome(shop, key, home) if moved else key
            shop.put("role", new, {"public": None if public == "--public" else False})
            if label:
                shop.put("role", new, {"label": label})
        self.run(
            "role",
            "edit",
            key,
            public,
            *(("--customer", home) if moved else ()),
            *(("--label", label) if label else ()),
        )

    def _rehome(self, shop: Shop, key: str, home: str) -> str:
        """Give a role to another customer: users of others lose it."""
        shop.have("customer", home)
        if key in ("administrator", "buyer", "visitors"):
            shop.no(PROTECTED)
        if home and key in (shop.value("customer.default_role"), shop.value("customer.guest_role")):
            shop.no(PROTECTED)
        if shop.reasons:
            raise Refused(*shop.reasons)
        plain = key.rpartition("/")[2]
        new = f"{home}/{plain}" if home else plain
        if new != key:
            shop.rename("role", key, new)
        for email, user in shop.made["user"].items():
            if home and new in user.get("roles", []) and user.get("customer") != home:
                shop.put("user", email, {"roles": [role for role in user["roles"] if role != new]})
        return new

    @step
    def grant(self) -> None:
        key, entity = self.one("role"), self.draw.choice(("order", "quote"))
        action, level = self.draw.choice(ACTIONS), self.draw.choice(("none", "user", "department", "corporate"))
        with self.expecting() as shop:
            role = shop.need("role", key)
            entry = {**self._entry(role, entity), action: level}
            self._put_entry(shop, key, "permissions", entity, {k: v for k, v in entry.items() if v != "none"})
        self.run("role", "grant", key, entity, f"{action}={level}")

    @step
    def revoke(self) -> None:
        key, entity = self.one("role"), self.draw.choice(("order", "quote"))
        action = None if self.rarely(2) else self.draw.choice(ACTIONS)
        with self.expecting() as shop:
            role = shop.need("role", key)
            entry = None if action is None else {k: v for k, v in self._entry(role, entity).items() if k != action}
            self._put_entry(shop, key, "permissions", entity, entry)
        self.run("role", "revoke", key, entity, *([action] if action else []), "--yes")

    @step
    def grant_otherwise(self) -> None:
        key = self.one("role")
        name, level = self.draw.choice((("default", "department"), ("default", "none"), ("workflow-default", "user")))
        switch = self.draw.choice(("on", "off"))
        field = self.rarely()
        with self.expecting() as shop:
            shop.need("role", key)
            if field:
                self._put_entry(shop, key, "fields", "order.subtotal", {"view": "user"})
            elif name == "workflow-default":
                self._put_entry(shop, key, "capabilities", "oro_quick_add_form", switch == "on")
            else:
                shop.put("role", key, {name: level})
        if field:
            self.run("role", "grant", key, "order.subtotal", "view=user")
        elif name == "workflow-default":
            self.run("role", "grant", key, "capability:oro_quick_add_form", f"use={switch}")
        else:
            self.run("role", "grant", key, f"{name}={level}", "--yes")

    @staticmethod
    def _entry(role: Record, entity: str) -> dict[str, str]:
        """What counts for an entity: its entry, else what the default gives."""
        default = role.get("default")
        given = {} if default in (None, "none") else dict.fromkeys(ACTIONS, str(default))
        return dict(role.get("permissions", {}).get(entity, given))

    @staticmethod
    def _put_entry(shop: Shop, key: str, table: str, name: str, entry: Any) -> None:
        rows = {other: row for other, row in shop.made["role"][key].get(table, {}).items() if other != name}
        shop.put("role", key, {table: (rows if entry is None else {**rows, name: entry}) or None})

    # -- addresses ------------------------------------------------------------------------------------------

    @step
    def add_address(self) -> None:
        owner_table = self.draw.choice(sorted(ADDRESSES))
        table, owner = ADDRESSES[owner_table], self.one(owner_table)
        words, values = self._address_options()
        own = self.draw.choice(("hq", "b")) if not self.rarely() else None
        with self.expecting() as shop:
            shop.need(owner_table, owner)
            key = f"{owner}/{own}" if own else shop.free(table, "address", f"{owner}/")
            if key in shop.made[table]:
                raise Refused(TAKEN)
            shop.put(table, key, {**ADDRESS_FIELDS, **values, "owner": owner})
        named = ("--organization", "Office", *(("--key", own) if own else ()))
        self.run(owner_table, "address", "add", owner, *ADDRESS, *named, *words)

    @step
    def edit_address(self) -> None:
        owner_table = self.draw.choice(sorted(ADDRESSES))
        table = ADDRESSES[owner_table]
        key, (words, values) = self.one(table), self._address_options()
        key = key if "/" in key else f"{NOBODY}/{key}"
        with self.expecting() as shop:
            stored = shop.need(table, key)
            whole: Record = {"types": [], "default": [], **stored, **values}
            types = sorted({*whole["types"], *whole["default"]})
            shop.put(table, key, {"city": "Miami", **values, "types": types})
        self.run(owner_table, "address", "edit", key, "--city", "Miami", *words)

    def _address_options(self) -> tuple[list[str], dict[str, Any]]:
        types = self.draw.choice(([], ["billing"], ["shipping"], ["billing", "shipping"]))
        default = self.draw.choice(([], [], ["billing"], ["shipping"]))
        primary = self.rarely()
        words = [word for kind in types for word in ("--type", kind)]
        words += [word for kind in default for word in ("--default", kind)]
        values: dict[str, Any] = {"types": sorted({*types, *default})} if types or default else {}
        values |= {"default": default} if default else {}
        return [*words, *(["--primary"] if primary else [])], values | ({"primary": True} if primary else {})

    @step
    def delete_address(self) -> None:
        owner_table = self.draw.choice(sorted(ADDRESSES))
        table = ADDRESSES[owner_table]
        key = self.one(table)
        key = key if "/" in key else f"{NOBODY}/{key}"
        with self.expecting() as shop:
            address = shop.need(table, key)
            if len(shop.addresses(table, address["owner"])) > 1 and (address.get("primary") or address.get("default")):
                raise Refused(PROTECTED)
            del shop.made[table][key]
        self.run(owner_table, "address", "delete", key)

    # -- contacts and accounts ------------------------------------------------------------------------------

    @step
    def add_contact(self) -> None:
        words, values, named = self.options(CONTACT_OPTIONS)
        given = self.draw.choice(NEW_KEYS) if self.rarely(2) else None
        accounts = self.some("account") if self.rarely() else []
        with self.expecting() as shop:
            for other, key in named:
                shop.have(other, key)
            if given in shop.made["contact"]:
                shop.no(TAKEN)
            title = values.get("first_name") or next(iter(values.get("emails", [])), "")
            key = given or shop.free("contact", slug(title, "contact"))
            if shop.reasons:
                raise Refused(*shop.reasons)
            shop.put("contact", key, owned(values))
            shop.have("account", *accounts)
            for account in accounts if not shop.reasons else []:
                held = shop.made["account"][account].get("contacts", [])
                shop.put("account", account, {"contacts": [*held, key]})
        into = [word for account in accounts for word in ("--account", account)]
        self.run("contact", "add", *(("--key", given) if given else ()), *words, *into)

    @step
    def edit_contact(self) -> None:
        key, new = self.one("contact"), self.draw.choice(NEW_KEYS) if self.rarely() else None
        words, values, named = self.options(CONTACT_OPTIONS, least=1)
        accounts = self.some("account") if self.rarely() else None
        with self.expecting() as shop:
            for other, name in named:
                shop.have(other, name)
            shop.need("contact", key)
            shop.have("account", *(accounts or ()))
            if new not in (None, key) and not shop.reasons:
                shop.rename("contact", key, str(new))
            called = new or key
            shop.put("contact", called, values)
            for name, account in shop.made["account"].items():
                held = account.get("contacts", [])
                if accounts is not None and (called in held) != (name in accounts):
                    kept = [other for other in held if other != called]
                    shop.put("account", name, {"contacts": [*kept, called] if name in accounts else kept})
        of = [word for account in accounts or [] for word in ("--account", account)]
        self.run("contact", "edit", key, *(("--key", new) if new else ()), *words, *of)

    @step
    def entry_of_contact(self) -> None:
        key, verb = self.one("contact"), self.draw.choice(("add", "remove"))
        noun, texts = self.draw.choice((("email", EMAILS[:3]), ("phone", ("111", "222"))))
        text, primary = self.draw.choice(texts), verb == "add" and self.rarely(2)
        with self.expecting() as shop:
            held = shop.need("contact", key).get(f"{noun}s", [])
            if verb == "remove":
                if text not in held:
                    raise Refused(NOT_FOUND)
                if len(held) > 1 and text == held[0]:
                    raise Refused(PROTECTED)
                entries = [entry for entry in held if entry != text]
            else:
                entries = list(dict.fromkeys([text, *held] if primary else [*held, text]))
            shop.put("contact", key, {f"{noun}s": entries})
        self.run("contact", noun, verb, key, text, *(["--primary"] if primary else []))

    @step
    def contact_of_account(self) -> None:
        account, verb = self.one("account"), self.draw.choice(("add", "remove"))
        contacts = self.some("contact")
        default = verb == "add" and len(contacts) == 1 and self.rarely(2)
        with self.expecting() as shop:
            held = shop.need("account", account).get("contacts", [])
            shop.have("contact", *contacts)
            if default:
                shop.put("account", account, {"default_contact": contacts[0]})
            else:
                left = [key for key in held if key not in contacts]
                shop.put("account", account, {"contacts": [*left, *contacts] if verb == "add" else left})
        self.run("account", "contact", verb, account, *contacts, *(["--default"] if default else []))

    @step
    def member_of_contact_group(self) -> None:
        group, contacts = self.one("contact-group"), self.some("contact")
        verb = self.draw.choice(("add", "remove"))
        with self.expecting() as shop:
            shop.need("contact-group", group)
            for key in contacts:
                left = [name for name in shop.need("contact", key).get("groups", []) if name != group]
                shop.put("contact", key, {"groups": [*left, group] if verb == "add" else left})
        self.run("contact", "group", "member", verb, group, *contacts)

    # -- tags -----------------------------------------------------------------------------------------------

    @step
    def add_tag(self) -> None:
        name, taxonomy = self.draw.choice(TAGS.texts), "" if self.rarely(2) else self.one("taxonomy")
        given = self.draw.choice((*NEW_KEYS, "vip")) if self.rarely() else None
        with self.expecting() as shop:
            shop.have("taxonomy", taxonomy)
            found = shop.meant(name)
            values = {"taxonomy": taxonomy} if taxonomy else {}
            if found is not None and given in (None, found):
                shop.put("tag", found, values)
            else:
                if given in shop.made["tag"]:
                    shop.no(TAKEN)
                    raise Refused(*shop.reasons)
                shop.put("tag", given or shop.free("tag", slug(name, "tag")), owned({"name": name, **values}))
        words = [*(["--key", given] if given else []), *(["--taxonomy", taxonomy] if taxonomy else [])]
        self.run("tag", "add", name, *words)

    @step
    def edit_tag(self) -> None:
        key, name, taxonomy = self.one("tag"), self.draw.choice(TAGS.texts), self.value(One("taxonomy"))
        with self.expecting() as shop:
            shop.have("taxonomy", str(taxonomy))
            shop.need("tag", key)
            shop.put("tag", key, {"name": name, "taxonomy": taxonomy})
        self.run("tag", "edit", key, "--name", name, "--taxonomy", str(taxonomy))

    @step
    def tag_records(self) -> None:
        word = self.one("tag") if self.rarely(2) else self.draw.choice(TAGS.texts)
        named = [(table, self.one(table)) for table in self.draw.sample(TAGGED, 2)]
        with self.expecting() as shop:
            for table, key in named:
                tags = shop.need(table, key).get("tags", [])
                shop.put(table, key, {"tags": [*tags, word]})
        self.run("tag", "member", "add", word, *(f"{table}:{key}" for table, key in named))

    @step
    def untag_records(self) -> None:
        tag = self.one("tag")
        having = [
            (table, key)
            for table in TAGGED
            for key, row in self.shop.state[table].items()
            if tag in row.get("tags", [])
        ]
        named = [*self.draw.sample(having, min(len(having), 2)), ("customer", self.one("customer"))]
        with self.expecting() as shop:
            shop.need("tag", tag)
            for table, key in named:
                tags = shop.need(table, key).get("tags", [])
                shop.put(table, key, {"tags": [other for other in tags if other != tag]})
        self.run("tag", "member", "remove", tag, *(f"{table}:{key}" for table, key in named))

    # -- settings -------------------------------------------------------------------------------------------

    @step
    def set_setting(self) -> None:
        table, scope = self.draw.choice((("customer-group", "group"), ("customer", "customer"), ("", "")))
        owner = self.one(table) if table else ""
        name, typed, value = self.draw.choice(
            ((MENU, "top", "top"), (EXPORT, "on", True), ("guest.checkout", "on", True))
        )
        with self.expecting() as shop:
            if table:
                shop.need(table, owner)
            if table and name == "guest.checkout":
                raise Refused(INVALID)
            shop.put("setting", f"{scope}/{owner}/{name}" if table else name, {"value": value})
        self.run("setting", "set", name, typed, *(("--for", f"{scope}:{owner}") if table else ()))

    @step
    def set_reference(self) -> None:
        name = self.draw.choice(sorted(SETTING_LINKS))
        key = self.one(SETTING_LINKS[name])
        with self.expecting() as shop:
            shop.need(SETTING_LINKS[name], key)
            shop.put("setting", name, {"value": key})
        self.run("setting", "set", name, key)

    @step
    def unset_setting(self) -> None:
        keys = sorted(self.shop.state["setting"].keys() - {"account.strategy"})  # the model makes no accounts
        key = self.draw.choice(keys) if keys and not self.rarely() else MENU
        scope, _, rest = key.rpartition("/")[0].partition("/")
        with self.expecting() as shop:
            shop.made["setting"].pop(key, None)
        self.run("setting", "unset", key.rpartition("/")[2], *(("--for", f"{scope}:{rest}") if scope else ()))

    @step
    def switch_feature(self) -> None:
        feature, on = self.draw.choice(("access", "quote")), self.rarely(2)
        with self.expecting() as shop:
            stored = shop.made["setting"].get(f"guest.{feature}", {"value": feature == "access"})
            if stored["value"] is not on:
                shop.put("setting", f"guest.{feature}", {"value": on})
                shop.made["setting"][f"guest.{feature}"] = {"value": on}
        self.run("guest", "enable" if on else "disable", feature)

    # -- documents ------------------------------------------------------------------------------------------

    @step
    def apply(self) -> None:
        document = self.document()
        prune = "manager" in document and self.rarely(2)
        note(json.dumps(document))
        with self.expecting(missing=(4, "not-found")) as shop:
            apply(shop, document, prune=prune)
        path = self.custctl.database.parent / "document.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        self.run("apply", "-f", str(path), "--yes", *(["--prune"] if prune else []))

    def document(self) -> dict[str, Any]:
        """A small document about some of what there is and some that is new."""
        draw = self.draw
        made: dict[str, Any] = {"manager": draw.choice(("left", "right"))} if not self.rarely() else {}
        made["groups"] = [{"key": key, "name": f"Group {key}"} for key in draw.sample(NEW_KEYS, draw.randint(0, 2))]
        made["customers"] = [self._customer(key) for key in draw.sample(NEW_KEYS, draw.randint(0, 3))]
        customers = sorted(self.shop.state["customer"])
        if made["customers"] and customers and self.rarely():
            made["customers"][0]["was"] = draw.choice(customers)
        made["users"] = [
            {"email": email, "first_name": "Lee", "last_name": "Roe", "roles": ["buyer"]}
            for email in draw.sample(EMAILS, draw.randint(0, 2))
        ]
        made["orders"] = [self._order(number) for number in draw.sample(("N-1", "N-2"), draw.randint(0, 1))]
        made["settings"] = {MENU: "side"} if self.rarely() else {}
        return {name: rows for name, rows in made.items() if rows}

    def _customer(self, key: str) -> Record:
        made: Record = {"key": key, "name": f"Customer {key}"}
        if self.rarely(2):
            made["parent"] = self.draw.choice((*NEW_KEYS, ""))
        if self.rarely(3):
            made["group"] = self.draw.choice((*NEW_KEYS, ""))
        if self.rarely(3):
            made["tags"] = self.draw.sample(TAGS.texts, 2)
        if self.rarely(3):
            made["addresses"] = [
                {"key": own, **ADDRESS_FIELDS} for own in self.draw.sample(("hq", "b"), self.draw.randint(1, 2))
            ]
        return made

    def _order(self, number: str) -> Record:
        made: Record = {"number": number, "customer": self.draw.choice(NEW_KEYS)}
        if self.rarely(2):
            made["user"] = self.draw.choice(EMAILS)
        if self.rarely():
            made["visitor"] = self.draw.choice(NEW_KEYS)
        return made

    # -- taking back ----------------------------------------------------------------------------------------

    @step
    def undo_last(self) -> None:
        index = self.shop.to_undo()
        if index is not None:  # else it is the one that makes the world that the walk starts from
            with self.expecting() as shop:
                shop.undo(index)
            self.run("undo", "--last", "--yes")

    @step
    def redo_last(self) -> None:
        with self.expecting() as shop:
            shop.redo(None)
        self.run("redo", "--last", "--yes")

    @step
    def redo(self) -> None:
        if self.shop.revisions:
            index = max(0, len(self.shop.revisions) - 1 - self.draw.randrange(8))
            with self.expecting() as shop:
                shop.redo(index)
            self.run("redo", str(self.start + index), "--yes")

    @step
    def undo(self) -> None:
        self.take_back(max(0, len(self.shop.revisions) - 1 - self.draw.randrange(8)))

    def take_back(self, index: int) -> None:
        with self.expecting() as shop:
            shop.undo(index)
        self.run("undo", str(self.start + index), "--yes")

    # -- what always holds ----------------------------------------------------------------------------------

    @invariant()
    def the_export_is_the_model(self) -> None:
        if hasattr(self, "shop"):
            exported = read_export(json.loads(self.custctl.export("json")))
            for table, rows in self.shop.state.items():
                assert exported[table] == {key: shown(row) for key, row in rows.items()}, table

    @invariant()
    def the_check_finds_nothing(self) -> None:
        if hasattr(self, "shop"):
            answer = self.custctl("db", "check", "-o", "json")
            assert (answer.exit, answer.json) == (0, []), answer.out

    @invariant()
    def list_and_show_agree_with_the_model(self) -> None:
        if hasattr(self, "shop"):
            table = self.draw.choice(sorted(GROUPS))
            rows = self.custctl.json(*GROUPS[table], "list", "-o", "wide")
            name = "number" if table in SALES else "key"
            stored = self.shop.state[table]
            assert {row[name] for row in rows} == set(stored)
            if stored:
                key = self.draw.choice(sorted(stored))
                told = self.custctl.json(*GROUPS[table], "show", key)
                for field, value in shown(stored[key]).items():
                    assert told[field] == value, field

    def teardown(self) -> None:
        if hasattr(self, "shop"):
            self.take_back_each()
            self.take_back_everything()
            self.history_holds_every_revision()
            self.folder.cleanup()

    def take_back_each(self) -> None:
        """Each revision with nothing later on its records alone, on a copy, whatever was built on them since."""
        walked, shop = self.custctl, self.shop
        for number in range(len(shop.revisions)):
            if shop.undone_by(number) is None and shop.is_as_left(number):
                copy = Path(shutil.copy(walked.database, walked.database.with_name("copy.db")))
                self.custctl, self.shop = Runner(copy), deepcopy(shop)
                self.take_back(number)
                self.the_export_is_the_model()
                self.the_check_finds_nothing()
        self.custctl, self.shop = walked, shop

    def take_back_everything(self) -> None:
        """One revision after the other, the latest first: what is left is the world of the beginning."""
        for number in range(self.start + len(self.shop.revisions) - 1, self.start - 1, -1):
            undone = self.custctl("undo", str(number), "--yes")
            assert undone.exit == 0, (number, undone)
        assert self.custctl.export() == self.first

    def history_holds_every_revision(self) -> None:
        for (database, revision), kept in self.copies.items():
            if database == self.custctl.database:
                assert remade(database, revision) == kept, revision


def apply(shop: Shop, document: Mapping[str, Any], *, prune: bool) -> None:
    """What a document makes of a shop."""
    for row in document.get("customers", ()):
        was = row.get("was", row["key"])
        if was != row["key"] and was in shop.made["customer"]:
            shop.rename("customer", was, row["key"])
    named: set[tuple[str, str]] = set()
    mentioned: set[tuple[str, str]] = set()
    for table, key, values in _asked(document):
        is_new = key not in shop.made[table]
        record = shop.put(table, key, values)
        if is_new and "manager" in document:
            record["_manager"] = document["manager"]
        named.add((table, key))
        for name, target in LINKS.get(table, {}).items():
            value = record.get(name) if name in values and table != "customer-address" else None
            mentioned |= {(target, other) for other in (value if isinstance(value, list) else [value]) if other}
    if prune:
        _prune(shop, str(document["manager"]), named, mentioned)


def _asked(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Record]]:
    """The records of a document: table, key and fields."""
    for name, table in DOCUMENT.items():
        for row in document.get(name, ()):
            key = row.get("key") or row.get("number") or row["email"]
            yield table, key, {k: v for k, v in row.items() if k not in ("key", "number", "was", "addresses")}
            for address in row.get("addresses", ()):
                own = {k: v for k, v in address.items() if k != "key"}
                yield "customer-address", f"{key}/{address['key']}", {**own, "owner": key}
    for name, value in document.get("settings", {}).items():
        yield "setting", name, {"value": value}


def _prune(shop: Shop, manager: str, named: set[tuple[str, str]], mentioned: set[tuple[str, str]]) -> None:
    """Take away what the manager's documents have made and no longer name."""
    doomed = [
        (table, key)
        for table, rows in shop.made.items()
        for key, row in rows.items()
        if row.get("_manager") == manager and (table, key) not in named
    ]
    if mentioned & set(doomed):
        raise Refused((5, "has-dependents"))
    order = ("setting", "order", "customer-address", "visitor", "user", "customer", "customer-group", "tag")
    assert {table for table, _ in doomed} <= set(order), doomed
    for table, key in sorted(doomed, key=lambda name: order.index(name[0])):
        row = shop.made[table].get(key)
        if row is None:
            continue
        if table == "customer-address":
            if ("customer", row["owner"]) in doomed:
                continue
            del shop.made[table][key]
            rest = shop.addresses(table, row["owner"])
            if rest and row.get("primary") and not any((table, other) in named for other in rest):
                left = [other for other in rest if (table, other) not in doomed]
                if left:
                    shop.no(PROTECTED)
        else:
            shop.no_blockers(table, key)
            shop.drop(table, key)


@pytest.fixture(scope="module")
def start_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    custctl = Runner(tmp_path_factory.mktemp("machine") / "shop.db")
    custctl.apply(json.dumps(WORLD), "world.json")
    return custctl.database


def _walk(start_file: Path, **how: Any) -> None:
    Machine.start_file = start_file
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Machine,
        settings=settings(
            stateful_step_count=LENGTH, deadline=None, suppress_health_check=checks, database=None, **how
        ),
    )


def test_whatever_is_done_the_shop_is_as_its_model_and_all_of_it_can_be_undone(start_file: Path) -> None:
    _walk(start_file, max_examples=WALKS, derandomize=True)


@pytest.mark.slow
def test_the_same_holds_on_ways_that_nobody_has_walked(start_file: Path) -> None:
    _walk(start_file, max_examples=30 * WALKS, print_blob=True)
