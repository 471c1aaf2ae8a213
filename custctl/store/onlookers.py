"""Who looks at the website, and by which settings: a user, a customer, or a visitor with the visitors' group.

Language and currency are what somebody has chosen while that may be chosen, else the default (features P-14, U-23).
Sources: oroinc/orocommerce FrontendLocalizationBundle/Manager/UserLocalizationManager.php and
PricingBundle/Manager/UserCurrencyManager.php.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from custctl.policy.content import Onlooker
from custctl.resources import CUSTOMER, USER, VISITOR, reference
from custctl.store import lookup, settings
from custctl.store.settings import SYSTEM, Place

Origin = dict[str, Any]
"""A value and where it comes from: `{"value", "origin"}`, both None where there is none."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who looks, as the store knows them."""

    reference: str
    kind: str
    key: str
    place: Place
    customer: str | None = None
    group: str | None = None
    group_origin: str | None = None
    chosen: Mapping[str, str | None] | None = None
    """The language and the currency that the person has chosen."""
    user: str | None = None
    """The guest user of a visitor."""

    @property
    def subject(self) -> str | None:
        """What the rules of access call the person; a customer is no subject."""
        return None if self.kind == "customer" else self.reference


Counting = Mapping[str, Mapping[str, Any]]
"""The settings that count for somebody, by name, with value, origin and default."""


def user(connection: sqlite3.Connection, text: str) -> Person:
    """A customer user; exit 3 when there is none."""
    row_id, key = lookup.require(connection, USER, text)
    query = f"SELECT u.language, u.currency, {_COMPANY} FROM customer_user u {_OF_USER} WHERE u.id = ?"
    language, currency, customer, group = connection.execute(query, (row_id,)).fetchone()
    chosen = {"language": language, "currency": currency}
    return Person(reference(USER, key), "user", key, *_company(customer, group), chosen)


def customer(connection: sqlite3.Connection, text: str) -> Person:
    """A customer, as one of its users who has chosen nothing would be; exit 3 when there is none."""
    row_id, key = lookup.require(connection, CUSTOMER, text)
    query = f"SELECT {_COMPANY} FROM customer c LEFT JOIN customer_group g ON g.id = c.group_id WHERE c.id = ?"
    company = _company(*connection.execute(query, (row_id,)).fetchone())
    return Person(reference(CUSTOMER, key), "customer", key, *company)


def visitor(connection: sqlite3.Connection, text: str | None) -> Person:
    """A visitor, or somebody without a session: of no customer, and of the group of visitors (feature V-11)."""
    named, key, chosen, guest = "guest", "guest", None, None
    if text is not None:
        row_id, key = lookup.require(connection, VISITOR, text)
        query = "SELECT v.language, v.currency, u.key FROM visitor v LEFT JOIN customer_user u ON u.id = v.user_id"
        language, currency, guest = connection.execute(f"{query} WHERE v.id = ?", (row_id,)).fetchone()
        named, chosen = reference(VISITOR, key), {"language": language, "currency": currency}
    of_visitors = settings.effective(connection, settings.SETTINGS["guest.group"])
    group, origin = of_visitors["value"], of_visitors["origin"]
    return Person(named, "visitor", key, Place("group", group), None, group, origin, chosen, guest)


_COMPANY = "c.key, g.key"
_OF_USER = "LEFT JOIN customer c ON c.id = u.customer_id LEFT JOIN customer_group g ON g.id = c.group_id"


def _company(key: str | None, group: str | None) -> tuple[Place, str | None, str | None, str | None]:
    """Where settings are looked up for somebody of a customer, the customer, its group, and who says so."""
    if key is None:
        return SYSTEM, None, None, None
    return Place("customer", key), key, group, None if group is None else reference(CUSTOMER, key)


def counting(connection: sqlite3.Connection, person: Person) -> Counting:
    """The settings that can differ by customer or group, as they count for somebody."""
    found = settings.listed(connection, person.place)
    return {row["name"]: row for row in found if "customer" in row["scopes"]}


def choice(person: Person, found: Counting, name: str) -> Origin:
    """The language or currency that somebody sees; of what is no longer enabled, nothing counts."""
    chosen = (person.chosen or {}).get(name)
    enabled, default = found[f"{name}.enabled"], found[f"{name}.default"]
    if chosen in enabled["value"]:
        return {"value": chosen, "origin": person.reference}
    if default["value"] in enabled["value"]:
        return {"value": default["value"], "origin": default["origin"]}
    return {"value": enabled["value"][0], "origin": enabled["origin"]}


def currency(connection: sqlite3.Connection, person: Person) -> str:
    """The currency in which somebody sees prices."""
    return str(choice(person, counting(connection, person), "currency")["value"])


def onlooker(person: Person, found: Counting) -> Onlooker:
    """The person as the rule of contents sees one."""
    return Onlooker(choice(person, found, "language")["value"], person.customer, person.group)


def group_of(person: Person) -> Origin:
    """The group whose terms somebody gets."""
    return {"value": person.group, "origin": person.group_origin}
