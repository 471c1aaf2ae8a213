"""Everything that makes out what somebody sees and may do, at once: each value with where it comes from.

The number of queries depends on how many roles the person has, and on nothing else of what is stored; products are
counted by one of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from custctl.resources import CUSTOMER, GROUP, USER, Noun, reference
from custctl.store import amounts, answers, buying, contents, lookup, onlookers, prices, reads, viewers, visibility
from custctl.store.facts import Asker
from custctl.store.guests import SWITCHES
from custctl.store.onlookers import Counting, Origin, Person
from custctl.store.select import Image, selection
from custctl.store.settings import SETTINGS, effective

Section = dict[str, Any]


def of(connection: sqlite3.Connection, person: Person) -> dict[str, Any]:
    """The context of a user, a customer or a visitor: one object, a section a kind of facts."""
    found = onlookers.counting(connection, person)
    told: dict[str, Any] = {"subject": person.reference, "who": _who(connection, person)}
    may = None
    if person.subject is not None:
        roles, told["sign_in"], may = _access(connection, person.subject)
        told["who"]["roles"] = _from(roles, _giver(connection, person))
    if person.kind == "visitor":
        told["features"] = _features(connection)
    choices = {name: onlookers.choice(person, found, name) for name in ("language", "currency")}
    menu = found["menu.main"]
    viewer = viewers.viewer(connection, _VIEWERS.get(person.kind), person.key)
    told |= {
        "choices": choices | {"main_menu": {"value": menu["value"], "origin": menu["origin"]}},
        "terms": _terms(connection, person),
        "price_lists": prices.lists_of(connection, viewer),
        "products": visibility.counted(connection, viewer),
        "order_amounts": amounts.limits(found, choices["currency"]["value"]),
        "contents": _contents(connection, person, found),
        "settings": dict(_differing(found)),
    }
    return told if may is None else {**told, "may": may}


_VIEWERS = {"user": USER, "customer": CUSTOMER}


def _who(connection: sqlite3.Connection, person: Person) -> Section:
    """The person, the customer with what is above it, and the group."""
    chosen = {f"chosen_{name}": value for name, value in (person.chosen or {}).items()}
    if person.kind == "visitor":
        return {"group": onlookers.group_of(person), "guest_user": person.user, **chosen}
    name = _name(connection, person)
    above = [] if person.customer is None else reads.ancestors(connection, person.customer)
    company = {} if person.kind == "customer" else {"customer": _from(person.customer, person.reference)}
    chain = _from(above, person.customer and reference(CUSTOMER, person.customer))
    return {"name": name, **company, "above": chain, "group": onlookers.group_of(person), **chosen}


def _from(value: Any, origin: str | None) -> Origin:
    """A value with where it comes from; of nothing, nothing is said."""
    return {"value": value, "origin": origin if value else None}


def _name(connection: sqlite3.Connection, person: Person) -> str:
    columns, noun = ("first_name || ' ' || last_name", USER) if person.kind == "user" else ("name", CUSTOMER)
    row_id, _ = lookup.require(connection, noun, person.key, typed=False)
    return str(connection.execute(f"SELECT {columns} FROM {noun.table} WHERE id = ?", (row_id,)).fetchone()[0])


def _access(connection: sqlite3.Connection, subject: str) -> tuple[list[str], Section, dict[str, Origin]]:
    """The roles of a person, whether the person can sign in, and in short what the roles allow."""
    asker = Asker(connection)
    acting = asker.subject(subject, None)
    cells = answers.matrix_of(asker, acting)
    return [role.key for role in acting.roles], cells["sign_in"], _may(cells)


def _giver(connection: sqlite3.Connection, person: Person) -> str:
    """Where the roles of a person come from: a user has them, all visitors have that of the shop."""
    if person.kind == "user":
        return person.reference
    return str(effective(connection, SETTINGS["customer.guest_role"])["origin"])


def _may(cells: Mapping[str, Any]) -> dict[str, Origin]:
    """The permissions of each entity by level, what is wide open and capabilities together; none is left out."""
    may, opened, openers = {}, list[str](), set[str]()
    for row in cells["entities"]:
        levels: dict[str, list[str]] = {}
        for action, cell in row["permissions"].items():
            if cell["level"] != "none":
                levels.setdefault(cell["level"], []).append(action)
        givers = {giver for cell in row["permissions"].values() for giver in cell["roles"]}
        if levels.get("full") == [*row["permissions"]]:
            opened.append(row["entity"])
            openers |= givers
        elif levels:
            may[row["entity"]] = {"value": levels, "origin": _roles(givers)}
    if opened:
        may["everything"] = {"value": opened, "origin": _roles(openers)}
    allowed = [row for row in cells["capabilities"] if row["allowed"]]
    if allowed:
        givers = {giver for row in allowed for giver in row["roles"]}
        may["capabilities"] = {"value": [row["name"] for row in allowed], "origin": _roles(givers)}
    return may


def _roles(keys: set[str]) -> str:
    return ", ".join(f"role:{key}" for key in sorted(keys))


def _features(connection: sqlite3.Connection) -> Section:
    """The features that the shop has for visitors, on or off."""
    found = {word: effective(connection, SETTINGS[name]) for word, name in SWITCHES.items()}
    return {word: {"value": row["value"], "origin": row["origin"]} for word, row in found.items()}


def _terms(connection: sqlite3.Connection, person: Person) -> dict[str, Origin]:
    """Payment term and tax code, the customer's or else its group's, and how price lists combine.

    A visitor's are those of the group.
    """
    found = _of_buyer(connection, person)
    strategy = effective(connection, SETTINGS["price.strategy"])
    return {**found, "price_strategy": {"value": strategy["value"], "origin": strategy["origin"]}}


def _of_buyer(connection: sqlite3.Connection, person: Person) -> dict[str, Origin]:
    names = ("payment_term", "tax_code")
    if person.customer is not None:
        image = _fields(connection, CUSTOMER, person.customer, ("key", "group", *names))
        return buying.paying(connection, image)
    if person.group is None:
        return {name: _from(None, None) for name in names}
    image = _fields(connection, GROUP, person.group, names)
    return {name: _from(image[name], reference(GROUP, person.group)) for name in names}


def _fields(connection: sqlite3.Connection, noun: Noun, key: str, names: tuple[str, ...]) -> Image:
    """Some fields of a record that is known to be there: all of them would add up what it is worth."""
    _, image = next(selection(noun.name, names).rows(connection, "AND t.key = :key", {"key": key}))
    return image


def _contents(connection: sqlite3.Connection, person: Person, found: Counting) -> dict[str, Origin]:
    """Every content, with the variant that is shown and whom that is for."""
    rows = contents.seen(connection, onlookers.onlooker(person, found))
    return {row["content"]: {"value": row["variant"], "origin": row["why"]} for row in rows}


def _differing(found: Counting) -> Iterator[tuple[str, Origin]]:
    """The settings that are not as they are in a new shop."""
    for name, row in found.items():
        if row["value"] != row["default"]:
            yield name, {"value": row["value"], "origin": row["origin"]}
