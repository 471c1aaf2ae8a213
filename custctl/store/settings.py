"""The settings of the shop: their names, types, defaults and the scopes that may set them, in one list."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from custctl.policy.catalogue import GUEST_GROUP
from custctl.resources import CUSTOMER, GROUP, Noun

Scope = Literal["system", "group", "customer"]
SCOPES: Mapping[str, Noun] = {"group": GROUP, "customer": CUSTOMER}
"""The scopes besides the whole shop, and whose settings they hold."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. A reference names the noun it leads to; `obligatory` ones cannot be cleared to nothing."""

    name: str
    kind: Literal["bool", "text", "list", "choice", "reference"]
    default: Any
    choices: tuple[str, ...] = ()
    to: str = ""
    scopes: tuple[Scope, ...] = ("system",)
    about: str = ""

    def check(self, value: Any) -> Any:
        """The value in its proper form; raises ValueError with words that say what is wanted."""
        if self.kind == "bool" and not isinstance(value, bool):
            raise ValueError("must be true or false")
        if self.kind == "list":
            if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
                raise ValueError("must be a list of texts")
            return list(value)
        if self.kind in ("text", "choice", "reference") and (not isinstance(value, str) or not value):
            raise ValueError("must be text")
        if self.kind == "choice" and value not in self.choices:
            raise ValueError(f"must be one of {', '.join(self.choices)}")
        return value


SETTINGS: Mapping[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting(
            "customer.default_role",
            "reference",
            "buyer",
            to="customer-user-role",
            about="The role of a user who registers, where nothing else is said.",
        ),
        Setting(
            "customer.guest_role",
            "reference",
            "visitors",
            to="customer-user-role",
            about="The role of whoever is not signed in.",
        ),
        Setting(
            "guest.group", "reference", GUEST_GROUP[0], to="customer-group", about="The group of guests' customers."
        ),
        Setting("guest.access", "bool", True, about="Guests may enter the shop."),
        Setting("guest.allowed_pages", "list", [], about="The pages that guests may see where they may not enter."),
        Setting("guest.shopping_list", "bool", False, about="Guests may have a shopping list."),
        Setting("guest.checkout", "bool", False, about="Guests may check out."),
        Setting("guest.request", "bool", False, about="Guests may ask for a quote."),
        Setting("guest.quote", "bool", False, about="Guests may see quotes that were sent to them."),
        Setting("guest.quick_order", "bool", False, about="Guests may use the quick order form."),
        Setting(
            "account.strategy",
            "choice",
            "each",
            choices=("each", "root", "none"),
            about="Which customers get an account of their own: each one, roots of trees alone, or none.",
        ),
    )
}
"""Every setting by name (features 6 and 8.4 for their meaning and defaults)."""

FEATURES = tuple(name for name, setting in SETTINGS.items() if name.startswith("guest.") and setting.kind == "bool")


def owner_of(key: str) -> tuple[Noun | None, str]:
    """Whose setting it is, by its key: `group/partners/NAME`, `customer/acme/NAME`; the whole shop's is nobody's."""
    scope, slash, rest = key.partition("/")
    return (SCOPES[scope], rest.rpartition("/")[0]) if slash else (None, "")


def value_of(connection: sqlite3.Connection, name: str) -> Any:
    """What a setting is for the whole shop: the stored value, else its default."""
    row = connection.execute("SELECT value FROM setting WHERE key = ?", (name,)).fetchone()
    return json.loads(row[0]) if row else SETTINGS[name].default


def guest_features(connection: sqlite3.Connection) -> frozenset[str]:
    """The guest features that are switched on."""
    return frozenset(name for name in FEATURES if value_of(connection, name))
