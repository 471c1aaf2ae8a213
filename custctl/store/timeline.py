"""What was said and mailed to whom: activities and marketing events of a record.

Those of an account are also those of everything that hangs on it: contacts, customers, their users and sales documents,
business customers, leads and opportunities (features A-07, M-05). Each is one condition on a list, so one statement
whatever the size of the account. Source: oroinc/crm AccountBundle and SalesBundle, activity list inheritance.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from custctl.errors import invalid
from custctl.resources import (
    ABOUT,
    ACCOUNT,
    ACTIVITY,
    BUSINESS,
    CONTACT,
    CUSTOMER,
    MARKETING_EVENT,
    NOUNS,
    Noun,
    noun_of,
)
from custctl.store.lookup import require, require_owned
from custctl.store.reads import Listing, rows

if TYPE_CHECKING:
    from custctl.store.scopes import Condition

Row = dict[str, Any]
_LATEST = 10
"""So many of each are shown with a record; the lists of their own have all."""


def activities_of(noun: Noun, row_id: int, place: str = "on") -> Condition:
    """Which activities are about a record, of an account also about what hangs on it; `place` names the parameter."""
    nouns = ABOUT if noun is ACCOUNT else (noun.name,)
    ways = [
        f"SELECT l.activity_id FROM {_links(name)} l WHERE l.record_id IN ({_hanging(NOUNS[name], noun, place)})"
        for name in nouns
    ]
    return f"t.id IN ({' UNION ALL '.join(ways)})", {place: row_id}


def mailings_of(noun: Noun, row_id: int, place: str = "on") -> Condition:
    """Which marketing events are of a record, of an account also of what hangs on it."""
    ways = [
        f"SELECT m.id FROM marketing_event m WHERE m.{field.holder} IN ({_hanging(NOUNS[field.to], noun, place)})"
        for field in MARKETING_EVENT.fields
        if field.to and noun.name in (field.to, ACCOUNT.name)
    ]
    return f"t.id IN ({' UNION ALL '.join(ways)})", {place: row_id}


MAILED = tuple(NOUNS[field.to] for field in MARKETING_EVENT.fields if field.to)
"""The nouns whose records something can be mailed to."""


def field_to(noun: Noun) -> str:
    """The field of a marketing event that names records of this noun."""
    return next(field.name for field in MARKETING_EVENT.fields if field.to == noun.name)


def of_all(conditions: Iterable[Condition]) -> Condition | None:
    """What meets all conditions; None where there is none."""
    found = list(conditions)
    parameters = {name: value for _, own in found for name, value in own.items()}
    return (" AND ".join(condition for condition, _ in found), parameters) if found else None


def latest(connection: sqlite3.Connection, noun: Noun, row_id: int, limit: int = _LATEST) -> dict[str, list[Row]]:
    """The latest activities and marketing events of a record, as its page shows them, in two statements."""
    told: dict[str, list[Row]] = {}
    if noun.name in ABOUT:
        wanted = Listing(limit=limit, among=activities_of(noun, row_id))
        told["activities"] = list(rows(connection, ACTIVITY, wanted, ("key", *_SHOWN, *_wider(noun, "about"))))
    if noun in MAILED:
        wanted = Listing(limit=limit, among=mailings_of(noun, row_id))
        told["marketing"] = list(rows(connection, MARKETING_EVENT, wanted, ("key", *_MAILED, *_wider(noun, "to"))))
    return told


_SHOWN = ("kind", "subject", "direction", "at", "status", "owner")
_MAILED = ("campaign", "type", "at")


def _wider(noun: Noun, name: str) -> tuple[str, ...]:
    """Whom a row is about, where that is not always the record itself."""
    return (name,) if noun is ACCOUNT else ()


# -- who is meant --------------------------------------------------------------------------------------------------


def record_of(connection: sqlite3.Connection, text: str, nouns: Sequence[Noun], what: str) -> tuple[Noun, int, str]:
    """The noun, id and key of a reference TYPE:KEY to a record of one of these nouns.

    Raises exit 4 for another type, with `what` for words that say what needs one, 3 for a record that is not stored.
    """
    kind, colon, key = text.partition(":")
    noun = noun_of(kind)
    if not colon or noun is None or noun not in nouns:
        hint = f"TYPE:KEY, where TYPE is one of {', '.join(one.reference for one in nouns)}"
        raise invalid(f"{what} {text!r}: no record of that kind", value=text, hint=hint)
    found = (
        require_owned(connection, noun.name, key) if noun.table == "sales_document" else require(connection, noun, key)
    )
    return noun, *found


def _links(name: str) -> str:
    """The table of the links between activities and records of a noun."""
    field = ACTIVITY.field(ABOUT[name])
    assert field is not None, "it is made from the same table"
    assert field.via is not None, "several records can be meant"
    return field.via.table


def _hanging(noun: Noun, owner: Noun, place: str) -> str:
    """The ids of the records of a noun that hang on the record meant, which is one of `owner`.

    On an account hangs what names it, or names a customer or business customer of it.
    """
    if noun is owner:
        return f"SELECT :{place}"
    if noun is CONTACT:
        return f"SELECT c.contact_id FROM account_contact c WHERE c.account_id = :{place}"
    ways = []
    for field in noun.fields:
        if field.name == "account":
            ways.append(f"SELECT o.id FROM {noun.table} o WHERE o.account_id = :{place}")
        elif field.to in (CUSTOMER.name, BUSINESS.name) and field.name in ("customer", "business_customer"):
            of_account = f"SELECT c.id FROM {NOUNS[field.to].table} c WHERE c.account_id = :{place}"
            ways.append(f"SELECT o.id FROM {noun.table} o WHERE o.{field.holder} IN ({of_account})")
    return " UNION ALL ".join(ways)


# -- statistics ----------------------------------------------------------------------------------------------------

_WHO = " || ':' || ".join(f"coalesce(t.{field.holder}, '')" for field in MARKETING_EVENT.fields if field.to)
_PEOPLE: dict[str, tuple[str, ...]] = {
    "sent": ("send",),
    "opened": ("open",),
    "clicked": ("click",),
    "soft_bounced": ("soft_bounce",),
    "hard_bounced": ("hard_bounce",),
    "bounced": ("soft_bounce", "hard_bounce"),
    "unsubscribed": ("unsubscribe",),
}
_EVENTS = {"opens": "open", "clicks": "click"}
STATISTICS = ("campaign", *_PEOPLE, *_EVENTS, "first", "last")


def campaigns(connection: sqlite3.Connection, among: Condition | None = None) -> list[Row]:
    """What became of each campaign, by name; what belongs to none stands under None.

    `sent` to `unsubscribed` count people: records with at least one such event. `opens` and `clicks` count events.
    """
    columns = [f"count(DISTINCT CASE WHEN t.type IN ({_texts(types)}) THEN {_WHO} END)" for types in _PEOPLE.values()]
    columns += [f"sum(t.type = '{kind}')" for kind in _EVENTS.values()]
    condition, parameters = among or ("1", {})
    query = (
        f"SELECT t.campaign, {', '.join(columns)}, min(t.at), max(t.at) FROM marketing_event t"
        f" WHERE {condition} GROUP BY t.campaign ORDER BY t.campaign"
    )
    return [dict(zip(STATISTICS, row, strict=True)) for row in connection.execute(query, parameters)]


def _texts(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
