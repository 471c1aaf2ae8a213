"""Everything that makes out what somebody sees and may do, at once: each value with where it comes from.

The number of queries depends on how many roles the person has, and on nothing else of what is stored.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from custctl.resources import CUSTOMER, GROUP, USER, Noun, reference
from custctl.store import amounts, answers, contents, lookup, onlookers, reads
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
    access = {} if person.subject is None else _access(connection, person.subject)
    may = access.pop("may", None)
    told |= access
    if person.kind == "visitor":
        told["features"] = _features(connection)
    choices = {name: onlookers.choice(person, found, name) for name in ("language", "currency")}
    menu = found["menu.main"]
    told |= {
        "choices": choices | {"main_menu": {"value": menu["value"], "origin": menu["origin"]}},
        "terms": _terms(connection, person),
        "order_amounts": amounts.limits(found, choices["currency"]["value"]),
        "contents": _contents(connection, person, found),
        "settings": dict(_differing(found)),
    }
    return told if may is None else {**told, "may": may}


def _who(connection: sqlite3.Connection, person: Person) -> Section:
    """The person, the customer with what is above it, and the group."""
    chosen = {f"chosen_{name}": value for name, value in (person.chosen or {}).items()}
    if person.kind == "visitor":
        return {"group": onlookers.group_of(person), "guest_user": person.user, **chosen}
    name = _name(connection, person)
    above = [] if person.customer is None else reads.ancestors(connection, person.customer)
    company = {} if person.kind == "customer" else {"customer": person.customer}
    return {"name": name, **company, "above": above, "group": onlookers.group_of(person), **chosen}


def _name(connection: sqlite3.Connection, person: Person) -> str:
    columns, noun = ("first_name || ' ' || last_name", USER) if person.kind == "user" else ("name", CUSTOMER)
    row_id, _ = lookup.require(connection, noun, person.key, typed=False)
    return str(connection.execute(f"SELECT {columns} FROM {noun.table} WHERE id = ?", (row_id,)).fetchone()[0])


def _access(connection: sqlite3.Connection, subject: str) -> dict[str, Any]:
    """Whether the person can sign in, the roles, and in short what they allow."""
    asker = Asker(connection)
    acting = asker.subject(subject, None)
    cells = answers.matrix_of(asker, acting)
    return {"sign_in": cells["sign_in"], "roles": [role.key for role in acting.roles], "may": _may(cells)}


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
    """Payment term, tax code and price lists: the customer's, else its group's; a visitor's are those of the group."""
    names = ("payment_term", "tax_code", "price_lists")
    if person.customer is not None:
        return reads.terms(connection, _fields(connection, CUSTOMER, person.customer, ("key", "group", *names)))
    if person.group is None:
        return {}
    image, origin = _fields(connection, GROUP, person.group, names), reference(GROUP, person.group)
    return {name: {"value": image[name], "origin": origin if image[name] else None} for name in names}


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
