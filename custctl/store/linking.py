"""Accounts and channels that records get by themselves, and what follows when the strategy for them changes.

Sources: oroinc/orocommerce-orocrm Bridge/CustomerAccount, EventListener/CustomerCreateListener.php and
Manager/Strategy/AssignEachStrategy.php and AssignRootStrategy.php; oroinc/crm SalesBundle for business customers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from custctl.resources import ACCOUNT, BUSINESS, CHANNEL, CUSTOMER, SETTING
from custctl.store.settings import SETTINGS
from custctl.store.unit import Draft, Unit

STRATEGY = "account.strategy"


def complete(unit: Unit, asked: Sequence[Draft]) -> list[Draft]:
    """Give new customers and business customers what they were not told, and follow a new strategy.

    Returns the other records that are made or changed by that. A field that was given, empty or not, is left alone.
    """
    new = [draft for draft in asked if draft.noun is CUSTOMER and draft.after is not None and draft.before is None]
    made = _make(unit, [draft for draft in asked if _wants_one(draft)])
    _join_channel(unit, [draft for draft in new if "channel" not in draft.given])
    if unlinked := [draft for draft in new if "account" not in draft.given]:
        made += _LINK[unit.setting(STRATEGY)](unit, unlinked)
    if any(draft.noun is SETTING and draft.key == STRATEGY and _differs(draft) for draft in asked):
        given = {draft.key for draft in asked if "account" in draft.given}
        moved, more = _RELINK[unit.setting(STRATEGY)](unit, given)
        return [*made, *more, *moved]
    return made


def _wants_one(draft: Draft) -> bool:
    """Whether it is a new business customer without an account (feature B-02)."""
    return draft.noun is BUSINESS and draft.before is None and draft.after is not None and not draft.image["account"]


def _differs(setting: Draft) -> bool:
    """Whether a setting counts otherwise than before; unset it is the default."""
    default = SETTINGS[STRATEGY].default
    before, after = (default if image is None else image["value"] for image in (setting.before, setting.after))
    return bool(before != after)


# -- channels ------------------------------------------------------------------------------------------------------


def _join_channel(unit: Unit, customers: Sequence[Draft]) -> None:
    """New customers join the only active channel of the type commerce, where there is exactly one (feature B-07)."""
    channel = only_channel(unit) if customers else None
    for customer in customers:
        customer.image["channel"] = channel


def only_channel(unit: Unit) -> str | None:
    """The only active channel of the type commerce; None when there is none, or more than one."""
    unit.select(CHANNEL, "t.type = 'commerce'")
    found = [draft.key for draft in unit.of(CHANNEL) if draft.image["type"] == "commerce" and draft.image["active"]]
    return found[0] if len(found) == 1 else None


# -- accounts ------------------------------------------------------------------------------------------------------


def _make(unit: Unit, owners: Sequence[Draft]) -> list[Draft]:
    """A new account for each record, of the same name and owner, and of the same key where that is free."""
    owners = [owner for owner in owners if owner.image["name"]]  # a record without one is refused
    unit.load(ACCOUNT, (owner.key for owner in owners))
    made = []
    for owner in owners:
        key = unit.free_key(ACCOUNT, owner.key)
        given = {"key": key, "name": owner.image["name"], "owner": owner.image["owner"]}
        made.append(unit.create(ACCOUNT, key, given))
        owner.image["account"] = key
    return made


def _link_to_root(unit: Unit, customers: Sequence[Draft]) -> list[Draft]:
    """Link new customers to the account of the topmost parent; where that has none, both get one."""
    tree = _Tree.above(unit, [customer.key for customer in customers])
    tops = {customer.key: tree.top(customer.key) for customer in customers}
    unit.load(CUSTOMER, tops.values())
    roots = {key: root for key in tops.values() if (root := unit.find(CUSTOMER, key)) is not None}
    bare = [root for root in roots.values() if root.after is not None and root.image["account"] is None]
    made = _make(unit, [root for root in bare if "account" not in root.given])
    for customer in customers:
        root = roots.get(tops[customer.key])
        if root is not None and root.after is not None:
            customer.image["account"] = root.image["account"]
    return [*made, *(root for root in bare if root.before is not None)]


def accounts_of_tops(unit: Unit, customers: Iterable[int]) -> dict[int, tuple[str, int] | None]:
    """The account, key and id, of the topmost parent of each stored customer, all by their ids; None for none.

    What stands in or below a circle of parents, which no command makes, has no topmost parent and is left out.
    """
    found = unit.connection.execute(_TOP, (json.dumps(sorted(customers)),))
    return {customer: None if key is None else (key, account) for customer, key, account in found}


def _link_none(_unit: Unit, _customers: Sequence[Draft]) -> list[Draft]:
    """Without a strategy new customers have no account."""
    return []


_LINK = {"each": _make, "root": _link_to_root, "none": _link_none}


class Place(NamedTuple):
    """A customer as far as accounts are concerned."""

    parent: str | None
    account: str | None
    previous: str | None


class _Tree:
    """The customers, stored and as the unit has them at hand."""

    def __init__(self, unit: Unit, stored: Iterable[tuple[str, str | None, str | None, str | None]]) -> None:
        self.places = {key: Place(*place) for key, *place in stored}
        for draft in unit.of(CUSTOMER):
            image = draft.image
            self.places[draft.key] = Place(image["parent"], image["account"], image["previous_account"])
        self.tops: dict[str, str] = {}

    @classmethod
    def above(cls, unit: Unit, keys: Iterable[str]) -> _Tree:
        """These customers and all that are above them, read at once."""
        drafts = {draft.key: draft.image["parent"] for draft in unit.of(CUSTOMER)}
        wanted = {parent for key in (*keys, *drafts) if (parent := drafts.get(key)) is not None}
        return cls(unit, unit.connection.execute(_ABOVE, (json.dumps(sorted(wanted)),)))

    @classmethod
    def whole(cls, unit: Unit) -> _Tree:
        return cls(unit, unit.connection.execute(f"{_PLACE} ORDER BY t.id"))

    def top(self, key: str) -> str:
        """The topmost customer above one; of a circle, which the rules refuse, any."""
        path = []
        while key not in self.tops and key not in path:
            path.append(key)
            parent = self.places[key].parent if key in self.places else None
            key = parent if parent is not None and parent in self.places else key
        top = self.tops.get(key, key)
        self.tops |= dict.fromkeys(path, top)
        return top


_PLACE = """SELECT t.key, (SELECT p.key FROM customer p WHERE p.id = t.parent_id),
    (SELECT a.key FROM account a WHERE a.id = t.account_id),
    (SELECT a.key FROM account a WHERE a.id = t.previous_account_id) FROM customer t"""
_ABOVE = f"""WITH RECURSIVE up (id) AS (
        SELECT c.id FROM customer c WHERE c.key IN (SELECT value FROM json_each(?))
        UNION
        SELECT (SELECT c.parent_id FROM customer c WHERE c.id = up.id) FROM up WHERE up.id IS NOT NULL
    ) {_PLACE} WHERE t.id IN (SELECT id FROM up)"""


_TOP = """WITH RECURSIVE up (customer, id, above) AS (
        SELECT c.id, c.id, c.parent_id FROM customer c WHERE c.id IN (SELECT value FROM json_each(?))
        UNION
        SELECT up.customer, up.above, (SELECT c.parent_id FROM customer c WHERE c.id = up.above)
        FROM up WHERE up.above IS NOT NULL
    ), top (customer, account) AS (
        SELECT up.customer, (SELECT c.account_id FROM customer c WHERE c.id = up.id) FROM up WHERE up.above IS NULL
    ) SELECT customer, (SELECT a.key FROM account a WHERE a.id = top.account), account FROM top"""


# -- another strategy ----------------------------------------------------------------------------------------------

Relinked = tuple[list[Draft], list[Draft]]
"""The customers that get another account, and the accounts that are made for them."""


def _relink_each(unit: Unit, but: set[str]) -> Relinked:
    """Subsidiaries leave the account of the topmost parent: for the one they had before, or for a new one."""
    tree = _Tree.whole(unit)
    wanted: dict[str, str | None] = {}
    for key, place in tree.places.items():
        top = tree.top(key)
        shared = tree.places[top].account
        if place.account is not None and (top == key or place.account != shared):
            continue
        wanted[key] = place.previous if top != key and place.previous != shared else None
    return _relink(unit, wanted, but)


def _relink_root(unit: Unit, but: set[str]) -> Relinked:
    """Subsidiaries join the account of the topmost parent; a tree whose top has none gets one."""
    tree = _Tree.whole(unit)
    bare = {top for key in tree.places if tree.places[top := tree.top(key)].account is None}
    moved, made = _relink(unit, dict.fromkeys(bare), but)
    accounts = {top: draft.image["account"] for top in bare if (draft := unit.find(CUSTOMER, top)) is not None}
    shared = {key: accounts.get(top := tree.top(key)) or tree.places[top].account for key in tree.places}
    wanted = {key: to for key, to in shared.items() if to is not None and tree.places[key].account != to}
    also, more = _relink(unit, {key: to for key, to in wanted.items() if key not in bare}, but)
    return [*moved, *also], [*made, *more]


def _relink_none(_unit: Unit, _but: set[str]) -> Relinked:
    """Without a strategy no account is made any more; the links that are there stay."""
    return [], []


_RELINK = {"each": _relink_each, "root": _relink_root, "none": _relink_none}


def _relink(unit: Unit, wanted: Mapping[str, str | None], but: set[str]) -> Relinked:
    """Give customers other accounts, None a new one, and let each remember the one it had."""
    keys = [key for key in wanted if key not in but]
    unit.load(CUSTOMER, keys)
    customers = [draft for draft in (unit.get(CUSTOMER, key) for key in keys) if draft.before is not None]
    earlier = {customer.key: customer.image["account"] for customer in customers}
    made = _make(unit, [customer for customer in customers if wanted[customer.key] is None])
    for customer in customers:
        customer.image["account"] = wanted[customer.key] or customer.image["account"]
        customer.image["previous_account"] = earlier[customer.key] or customer.image["previous_account"]
    return customers, made
