"""What becomes of visitors: their guest users and documents, registering, signing in, and being forgotten.

Guest users are made when a visitor checks out or asks for a quote, each with a customer of its own in the group of
visitors (feature V-02). Sources: oroinc/customer-portal CustomerBundle/Entity/GuestCustomerUserManager.php and
oroinc/orocommerce CheckoutBundle, RFPBundle and ShoppingListBundle.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from custctl import shell
from custctl.errors import Problem, conflict, usage
from custctl.policy.decide import sign_in
from custctl.resources import CUSTOMER, NOUNS, RECORD, USER, VISITOR, Noun, fold, reference, slug
from custctl.store import answers, lookup, onlookers
from custctl.store.apply import Request, item_of, merge
from custctl.store.codec import money_from, money_text
from custctl.store.facts import Asker, Question
from custctl.store.guests import GATES
from custctl.store.removal import REMOVALS, Removal, remove, take_users
from custctl.store.rules import check
from custctl.store.settings import value_of
from custctl.store.unit import Draft, Unit

LIST = NOUNS["shopping-list"]
_NAMES = ("email", "first_name", "last_name")


# -- what visitors make --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Order:
    """What a visitor asks for: a document with its fields, and who the visitor says to be."""

    noun: Noun
    number: str
    values: Mapping[str, Any]
    person: Mapping[str, Any] = field(default_factory=dict)
    owner: str = ""
    """Who owns it where the shop has not said."""


def make(unit: Unit, visitor: str, order: Order) -> None:
    """A checkout, request or shopping list of a visitor; the first two with a guest user (features V-02, V-08).

    Raises exit 5 while the feature is closed to visitors, for a number that is taken, and for a second shopping list.
    """
    require_open(unit.connection, order.noun)
    session = _session(unit, visitor)
    if unit.find(order.noun, fold(order.number)) is not None:
        raise conflict(f"{order.noun.name}:{order.number} exists already", code="taken", value=order.number)
    values = {"number": order.number, "visitor": session.key, "status": "open", **order.values}
    values["owner"] = value_of(unit.connection, f"guest.{_word(order.noun)}_owner") or order.owner
    if values.get("subtotal") and "currency" not in values:
        values["currency"] = onlookers.currency(unit.connection, onlookers.visitor(unit.connection, session.key))
    used = {"key": session.key, "last_visit": unit.moment}
    if order.noun is LIST:
        _refuse_second(unit, session)
        people = []
    else:
        people = _guest(unit, session, order)
        guest = people[-1]
        values |= {"user": guest["key"], "customer": guest["customer"]}
        used["user"] = guest["key"]
    nouns = (CUSTOMER, USER) if len(people) > 1 else (USER,)
    items = [item_of(noun, row) for noun, row in zip(nouns, people, strict=False)]
    merge(unit, Request([*items, item_of(VISITOR, used), item_of(order.noun, values)]))


def require_open(connection: sqlite3.Connection, noun: Noun) -> None:
    """Raise exit 5 while visitors cannot use a feature: its switch is off, or their role does not let them (AM 9.3)."""
    name = f"guest.{_word(noun)}"
    if not value_of(connection, name):
        words = f"{noun.plural} are closed to visitors: {name} is off"
        raise conflict(words, code="feature-off", field=name, hint=shell.command("guest enable", noun.name))
    action, resource = GATES[name]
    if not answers.can(connection, Question("guest", action, resource, ignore_status=True))["allowed"]:
        role = value_of(connection, "customer.guest_role")
        words = f"{noun.plural} are closed to visitors: role:{role} does not let them {action} a {noun.title}"
        hint = shell.command("role grant", role, resource, f"{action}=user")
        raise conflict(words, code="feature-off", field=name, hint=hint)


def _word(noun: Noun) -> str:
    return noun.name.replace("-", "_")


def _session(unit: Unit, text: str) -> Draft:
    return unit.get(VISITOR, lookup.require(unit.connection, VISITOR, text)[1])


def _refuse_second(unit: Unit, session: Draft) -> None:
    """A visitor has one shopping list.

    Source: oroinc/orocommerce ShoppingListBundle/Manager/ShoppingListLimitManager.php, isCreateEnabled.
    """
    for held in unit.select(LIST, "t.visitor_id = :id", id=session.id):
        hint = f"to change it: {shell.command('shopping-list edit', held.image['number'])}"
        words = f"{session.reference} has a shopping list already: {held.reference}"
        raise conflict(words, code="taken", value=held.image["number"], hint=hint)


def _guest(unit: Unit, session: Draft, order: Order) -> list[dict[str, Any]]:
    """The guest user of a session with what the visitor says of himself; a new one comes with a customer."""
    if session.image["user"] is not None:
        return [_same_guest(unit, session, order)]
    missing = [name for name in _NAMES if not order.person.get(name)]
    if missing:
        options = " ".join(f"--{name.replace('_', '-')}" for name in missing)
        raise usage(f"{session.reference} has no guest user yet: say who it is with {options}")
    owner = value_of(unit.connection, "customer.default_owner") or order.owner
    name = f"{order.person['first_name']} {order.person['last_name']}"
    customer = unit.free_key(CUSTOMER, slug(name, "customer"))
    return [
        {"key": customer, "name": name, "group": value_of(unit.connection, "guest.group"), "owner": owner},
        {
            **order.person,
            "key": guest_key(unit, str(order.person["email"])),
            "customer": customer,
            "roles": [value_of(unit.connection, "customer.default_role")],
            "guest": True,
            "owner": owner,
        },
    ]


def _same_guest(unit: Unit, session: Draft, order: Order) -> dict[str, Any]:
    """The guest user that a session has; one who has registered since signs in instead (exit 5)."""
    guest = unit.get(USER, session.image["user"])
    if not guest.image["guest"]:
        words = f"{session.reference} is of {guest.reference}, who has registered"
        hint = f"what registered users make is added by {shell.command(f'{order.noun.group} add')}"
        raise conflict(words, code="registered", hint=hint)
    return {"key": guest.key, "customer": guest.image["customer"], "guest": True, **order.person}


def guest_key(unit: Unit, email: str) -> str:
    """A free key for a guest user, because guests may share an e-mail address (feature V-03)."""
    return unit.free_key(USER, slug(f"guest {email.partition('@')[0]}", "guest"))


# -- registering ---------------------------------------------------------------------------------------------------


def register(unit: Unit, text: str, email: str | None, *, confirmed: bool) -> None:
    """Turn a guest user into a registered one: the same record, whose key becomes its e-mail address (feature V-12).

    Other guests of that address stay what they are. Raises exit 5 where people may not register, when somebody signs
    in by that address, and for one who is registered.
    """
    guest = _guest_of(unit, text)
    if not value_of(unit.connection, "customer.registration"):
        hint = "custctl setting set customer.registration on"
        raise conflict("people may not register: customer.registration is off", code="feature-off", hint=hint)
    if not guest.image["guest"]:
        raise conflict(f"{guest.reference} is registered already", code="unchanged")
    email = email or guest.image["email"]
    key = fold(email)
    if unit.find(USER, key) is not None:
        hint = f"it belongs to somebody else, or to the same person: {shell.command('guest login', 'VISITOR', key)}"
        raise conflict(f"{reference(USER, key)} exists already", code="taken", value=email, hint=hint)
    values = {"was": guest.key, "email": email, "guest": False, "enabled": True, "confirmed": confirmed}
    if not guest.image["roles"]:
        values["roles"] = [value_of(unit.connection, "customer.default_role")]
    merge(unit, Request([item_of(USER, values)]))
    others = unit.select(USER, "t.guest = 1 AND lower(t.email) = lower(:email)", email=email)
    for other in others:
        if other is not guest and other.image["guest"]:
            unit.warnings.append(f"{other.reference} has the same e-mail address and stays a guest of its own")


def _guest_of(unit: Unit, text: str) -> Draft:
    """The user that is meant: by key, by a session, or by a checkout or request that it has made."""
    kind, _, name = text.partition(":")
    if kind == VISITOR.name:
        user = _session(unit, name).image["user"]
    elif kind in ("checkout", "request"):
        noun = NOUNS[kind]
        user = unit.get(noun, fold(lookup.require_owned(unit.connection, kind, name)[1])).image["user"]
    else:
        user = lookup.require(unit.connection, USER, text)[1]
    if user is None:
        raise conflict(f"{text} has no guest user", code="no-guest", value=text)
    return unit.get(USER, user)


# -- signing in ----------------------------------------------------------------------------------------------------


def login(unit: Unit, visitor: str, user: str) -> None:
    """Let a user sign in, in the session of a visitor, whose shopping list becomes the user's (AM 9.5).

    It moves where the user may have one more, else it is merged into the user's current list. Raises exit 5 for a user
    who cannot sign in.
    """
    session = _session(unit, visitor)
    person = unit.get(USER, lookup.require(unit.connection, USER, user)[1])
    refused = sign_in(Asker(unit.connection).subject(f"user:{person.key}", ()))
    if refused is not None:
        hint = f"to see more: {shell.command('user show', person.key)}"
        raise conflict(f"{person.reference} cannot sign in", code=refused.value, value=person.key, hint=hint)
    session.image["last_visit"] = unit.moment
    lists = unit.select(LIST, "t.visitor_id = :id", id=session.id)
    touched = [session]
    for left in lists:
        touched += _take_over(unit, left, person)
    if not lists:
        unit.warnings.append(f"{session.reference} has no shopping list to take over")
    check(unit, touched)
    unit.stop_if_wrong()


def _take_over(unit: Unit, left: Draft, person: Draft) -> list[Draft]:
    """Make a visitor's list a user's; the records that this touches."""
    own = [held for held in unit.select(LIST, "t.user_id = :id", id=person.id) if held.image["user"] == person.key]
    own += [held for held in unit.of(LIST) if held.image["user"] == person.key and held not in own]
    if _may_have_more(unit.connection, person, len(own)):
        return _move(unit, left, person)
    current = next((held for held in reversed(own) if held.image["status"] != "ordered"), None)
    if current is None:
        unit.warnings.append(f"{left.reference} stays the visitor's: {person.reference} may not have a shopping list")
        return []
    return _merge(unit, left, current)


def _may_have_more(connection: sqlite3.Connection, person: Draft, held: int) -> bool:
    """Whether a user may make one more shopping list: the roles let him, and the shop's limit is not reached.

    Source: oroinc/orocommerce ShoppingListBundle/Manager/ShoppingListLimitManager.php.
    """
    limit = value_of(connection, "shopping_list.limit")
    if limit and held >= limit:
        return False
    return bool(answers.can(connection, Question(f"user:{person.key}", "create", LIST.name))["allowed"])


def _lines(unit: Unit, document: Draft) -> list[Draft]:
    return unit.select(RECORD, "t.parent_document_id = :id", id=document.id)


def _move(unit: Unit, left: Draft, person: Draft) -> list[Draft]:
    left.image.update({"visitor": None, "user": person.key, "customer": person.image["customer"]})
    lines = _lines(unit, left)
    for line in lines:
        line.image.update({"visitor": None, "user": person.key})
    return [left, *lines]


def _merge(unit: Unit, left: Draft, current: Draft) -> list[Draft]:
    """Add lines, products and subtotal of one list to another, and take the first away."""
    lines = _lines(unit, left)
    for line in lines:
        line.image.update({"visitor": None, "user": current.image["user"], "parent": current.reference})
    into, gone = current.image, left.image
    into["products"] = list(dict.fromkeys([*into["products"], *gone["products"]]))
    if gone["subtotal"] is not None:
        if into["subtotal"] is None or into["currency"] == gone["currency"]:
            into["currency"] = gone["currency"]
            into["subtotal"] = money_text(money_from(into["subtotal"] or "0") + money_from(gone["subtotal"]))
        else:
            words = f"the subtotal of {left.reference} is in {gone['currency']} and is not added"
            unit.warnings.append(f"{current.reference}: {words}")
    unit.warnings.append(f"{left.reference} is merged into {current.reference}")
    remove(unit, LIST, [left])
    return [current, *lines]


# -- being forgotten -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Cleaning:
    """What a clean-up takes away, and what has expired and stays all the same."""

    users: list[Draft] = field(default_factory=list)
    customers: list[Draft] = field(default_factory=list)
    visitors: list[Draft] = field(default_factory=list)
    kept: list[tuple[Draft, Problem]] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        found = {"guest_users": self.users, "customers": self.customers, "visitors": self.visitors}
        return {name: len(drafts) for name, drafts in found.items()}


_EXPIRED_GUESTS = """t.guest = 1 AND t.updated_at <= :before AND NOT EXISTS (SELECT 1 FROM visitor v
    WHERE v.user_id = t.id AND coalesce(v.last_visit, v.updated_at) > :before)"""
_EXPIRED_SESSIONS = f"""t.last_visit <= :before OR t.last_visit IS NULL
    AND t.user_id IN (SELECT t.id FROM customer_user t WHERE {_EXPIRED_GUESTS})"""
"""A session that was never used does not expire by itself, and keeps no guest either."""


def clean(unit: Unit) -> Cleaning:
    """Take expired sessions away, and guests with their customers that nobody has touched for as long (feature V-09).

    Whoever owns a sales document or another record stays, and so does a customer that something else belongs to.
    Source: oroinc/customer-portal CustomerBundle/Command/ClearExpiredGuestCustomerUsersCommand.php.
    """
    days = value_of(unit.connection, "guest.visitor_lifetime_days")
    before = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    done = Cleaning()
    done.visitors = _away(unit, REMOVALS[VISITOR.name], unit.select(VISITOR, _EXPIRED_SESSIONS, before=before), done)
    done.users = _away(unit, take_users, unit.select(USER, _EXPIRED_GUESTS, before=before), done)
    group = value_of(unit.connection, "guest.group")
    homes = dict.fromkeys(user.before["customer"] for user in done.users if user.before and user.before["customer"])
    unit.load(CUSTOMER, homes)
    customers = [unit.get(CUSTOMER, key) for key in homes]
    needed = _needed(unit.connection, customers)
    alone = [home for home in customers if home.image["group"] == group and home.id not in needed]
    done.customers = _away(unit, REMOVALS[CUSTOMER.name], alone, done)
    return done


def _needed(connection: sqlite3.Connection, customers: Sequence[Draft]) -> set[int]:
    """The ids of those of these customers that are above others, or for whom there is a variant of a content."""
    query = """SELECT parent_id FROM customer WHERE parent_id IN (SELECT value FROM json_each(:ids))
        UNION SELECT customer_id FROM content_variant WHERE customer_id IN (SELECT value FROM json_each(:ids))"""
    return {row[0] for row in connection.execute(query, {"ids": json.dumps([home.id for home in customers])})}


def _away(unit: Unit, removal: Removal, drafts: Sequence[Draft], done: Cleaning) -> list[Draft]:
    """Take away what can be, and note what stays; the records that are gone."""
    if not drafts:
        return []
    _, refused = removal(unit, drafts)
    done.kept += refused
    return [draft for draft in drafts if draft.after is None]
