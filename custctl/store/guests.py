"""What the shop allows people who have not signed in: the switches, what else they need, how long a session lives."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from custctl.policy.website import Website
from custctl.resources import slug
from custctl.store import answers
from custctl.store.database import now
from custctl.store.facts import Question
from custctl.store.settings import FEATURES, SETTINGS, effective, value_of

SWITCHES: Mapping[str, str] = {slug(name.removeprefix("guest."), "switch"): name for name in FEATURES}
"""The settings that `guest enable` switches, by the words for them: access, shopping-list, checkout, ..."""

GATES: Mapping[str, tuple[str, str]] = {
    "guest.shopping_list": ("edit", "shopping-list"),
    "guest.checkout": ("create", "checkout"),
    "guest.request": ("create", "request"),
    "guest.quick_order": ("use", "capability:oro_quick_add_form"),
}
"""The permission of the guest role without which a feature stays closed though it is on (AM 9.3).

A quote is opened by its link, which needs none. Source: oroinc/orocommerce, guest_shopping_lists_turned_on_but_
guest_role_has_no_permissions.feature and the controllers of the other features.
"""


def website(connection: sqlite3.Connection) -> Website:
    """What the shop has set about its pages."""
    names = ("guest.access", "guest.allowed_pages", "customer.registration")
    return Website(*(value_of(connection, name) for name in names))


def status(connection: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    """Every setting about guests and where it comes from; for a feature also its second gate, and whether it is open.

    The second gate is what the policy says of a visitor, with the switch left aside.
    """
    for word, name in SWITCHES.items():
        yield _row(connection, word, name) | _gates(connection, name)
    for name in _OTHERS:
        yield _row(connection, name, name) | dict.fromkeys(_SECOND)


_OTHERS = (
    "guest.allowed_pages",
    "guest.group",
    "guest.visitor_lifetime_days",
    "customer.guest_role",
    "customer.registration",
)
_SECOND = ("needs", "level", "open")


def _row(connection: sqlite3.Connection, shown: str, name: str) -> dict[str, Any]:
    found = effective(connection, SETTINGS[name])
    return {"name": shown, "setting": name, "value": found["value"], "origin": found["origin"]}


def _gates(connection: sqlite3.Connection, name: str) -> dict[str, Any]:
    on = value_of(connection, name)
    if name not in GATES:
        return dict(zip(_SECOND, (None, None, on), strict=True))
    action, resource = GATES[name]
    answer = answers.can(connection, Question("guest", action, resource, ignore_status=True))
    both = on and answer["allowed"]
    return dict(zip(_SECOND, (f"{action} {resource}", answer["level"], both), strict=True))


def session(connection: sqlite3.Connection, last_visit: str | None) -> dict[str, Any]:
    """When a visitor's session expires, and whether it has; both None for one that was never used (feature V-01).

    Source: oroinc/customer-portal CustomerBundle/Command/ClearExpiredGuestCustomerUsersCommand.php.
    """
    if last_visit is None:
        return {"expires": None, "expired": None}
    days = value_of(connection, "guest.visitor_lifetime_days")
    try:
        moment = datetime.fromisoformat(last_visit) + timedelta(days=days)
    except OverflowError:  # after the year 9999
        return {"expires": None, "expired": False}
    expires = moment.isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"expires": expires, "expired": expires <= now()}
