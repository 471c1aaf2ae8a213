"""Which changes access may hang on: only of those a write asks what they do to access."""

from __future__ import annotations

from custctl.resources import RECORD, SALES, Noun
from custctl.store.unit import ENTRY_FIELDS, Change

ROLE_DEFAULTS = ("default", "capability_default", "workflow_default")
_MATTERS = {
    "customer-user-role": (*ENTRY_FIELDS, *ROLE_DEFAULTS, "self_managed", "public"),
    "customer-user": ("roles", "customer", "enabled", "confirmed", "guest", "auth_status"),
    "customer": ("parent",),
    "setting": ("value",),
    "entity": ("ownership", "permissions"),
    "visitor": (),
    **{noun.name: ("user", "customer", "visitor") for noun in (*SALES, RECORD)},
}
"""The fields on which access hangs; a write that touches none of them does without asking what it does to access."""
_COUNT_WHEN_NEW = ("customer-user-role", "customer-user", "visitor", "entity", "setting")


def concerns_access(change: Change) -> bool:
    """Whether access may hang on what a change does."""
    noun, before, after = change.noun.name, change.before, change.after
    if before is None or after is None:
        return noun in _COUNT_WHEN_NEW
    return any(before.get(name) != after.get(name) for name in _MATTERS.get(noun, ()))


def matters(noun: Noun) -> bool:
    """Whether access may hang on records of a noun."""
    return noun.name in _MATTERS
