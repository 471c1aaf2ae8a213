"""Renames: which of those that are asked for are done, all of them together, and what follows from each.

They are resolved against what is stored before any of them is done, so that neither the order of tables nor that of
files matters, and records may exchange their keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from custctl.errors import Exit, Problem
from custctl.resources import CUSTOMER, GROUP, PRICE, PRICE_LIST, PRODUCT, ROLE, SETTING, Noun, fold
from custctl.store import rules, settings
from custctl.store.identity import of_kind
from custctl.store.lookup import near_keys
from custctl.store.pricing import price_key
from custctl.store.revisions import Revisions
from custctl.store.select import keys_in
from custctl.store.unit import Draft, Unit, identity, ids_of

if TYPE_CHECKING:
    from custctl.store.apply import Item

_Renames = dict[str, "Item"]
"""The items that rename a record, by the key that it has before."""


def resolve(unit: Unit, asked: Mapping[Noun, Sequence[Item]]) -> None:
    """Do the renames of all items at once; references are read afterwards, and so mean the new keys.

    An item renames the stored record of the key in `was`. Where there is none, it is no rename: the record was renamed
    before, or is new. Nor is it one where its own key is stored and stays, and another item has the key in `was` for
    its own: then the renames were done before. Renames that form a cycle count as done when the last renames of their
    records were these. Raises exit 5 for a key that another record keeps, and for a record that keeps its key.
    """
    renames: dict[Noun, _Renames] = {}
    for noun, items in asked.items():
        renamed = [item for item in items if item.was is not None and item.was != item.key]
        if renamed:
            unit.load(noun, (key for item in renamed for key in (str(item.was), item.key)))
            stored = {str(item.was): item for item in renamed if _is_stored(unit, noun, str(item.was))}
            keys = {item.key for item in items}
            _note_strays(unit, noun, [item for item in renamed if item.was not in stored], keys)
            owners = renames.get(CUSTOMER, {}) if noun is ROLE else {}
            renames[noun] = _effective(unit, noun, stored, keys, owners)
    unit.stop_if_wrong()
    drafts = {noun: [(unit.get(noun, was), item.key) for was, item in found.items()] for noun, found in renames.items()}
    for noun, pairs in drafts.items():
        rename(unit, noun, pairs)


def _is_stored(unit: Unit, noun: Noun, key: str) -> bool:
    draft = unit.find(noun, key)
    return draft is not None and draft.after is not None


def _effective(unit: Unit, noun: Noun, stored: _Renames, keys: set[str], owners: _Renames) -> _Renames:
    """Those of the renames that are to be done.

    `keys` are those of all items; `owners` the renames of the customers whose own roles follow them.
    """
    left = dict(stored)
    done: dict[str, Item] = {}
    while blocked := [was for was, item in left.items() if _is_kept(unit, noun, item.key, left, owners)]:
        for was in blocked:
            item = left.pop(was)
            if was in keys and not item.found:
                done[was] = item
                continue
            while item.key in done:  # one after the other made room: the last of them is refused
                item = done[item.key]
            old = unit.get(noun, str(item.was))
            words = f"{old.reference} cannot become {item.key}: that key is taken"
            unit.problem(Problem("taken", Exit.CONFLICT, words, None, item.locate(noun.key), noun.key, item.key))
    for cycle in _cycles(left):
        if not any(item.found for item in cycle) and _done_before(unit, noun, cycle):
            shown = " and ".join(sorted(item.key for item in cycle))
            unit.warnings.append(f"{noun.plural} {shown} have exchanged their keys before: they keep them")
            for item in cycle:
                del left[str(item.was)]
    for was, item in left.items():
        if was in rules.BUILT_IN.get(noun.name, ()):
            words = f"{unit.get(noun, was).reference} keeps its key, because every shop has it"
            unit.problem(Problem("protected", Exit.CONFLICT, words, None, item.locate(noun.key), noun.key, item.key))
    return left


def _is_kept(unit: Unit, noun: Noun, key: str, renames: _Renames, owners: _Renames) -> bool:
    """Whether a record has this key that none of the renames takes from it."""
    return _is_stored(unit, noun, key) and key not in renames and key.rpartition("/")[0] not in owners


def _cycles(renames: _Renames) -> list[list[Item]]:
    """The renames after which the same keys are there as before."""
    found, seen = list[list["Item"]](), set[str]()
    for start in renames:
        chain: list[Item] = []
        key = start
        while key in renames and key not in seen:
            seen.add(key)
            chain.append(renames[key])
            key = renames[key].key
        if chain and key == start:
            found.append(chain)
    return found


def _done_before(unit: Unit, noun: Noun, cycle: Sequence[Item]) -> bool:
    """Whether one revision did these renames last, which was not one that took others back."""
    query = f"""SELECT h.before, h.revision_id FROM history h
        WHERE h.record_id = :id AND {of_kind()} AND h.op = 'rename' ORDER BY h.id DESC LIMIT 1"""
    revisions = set[int]()
    for item in cycle:
        of_record = {"id": unit.get(noun, item.key).id, "kind": noun.reference}
        row = unit.connection.execute(query, of_record).fetchone()
        if row is None or identity(noun, json.loads(row[0])) != item.was:
            return False
        revisions.add(row[1])
    return len(revisions) == 1 and not Revisions(unit.connection).is_undo(revisions.pop())


def _note_strays(unit: Unit, noun: Noun, strays: Iterable[Item], keys: set[str]) -> None:
    """Note new records whose former key is not stored; where one is near that no item has, it may be mistyped."""
    for item in strays:
        if _is_stored(unit, noun, item.key):
            continue
        was = unit.strays[(noun.name, item.key)] = str(item.was)
        numbers = noun.table == "sales_document"
        column, entity = ("number", noun.name) if numbers else ("key", None)
        close = [key for key in near_keys(unit.connection, noun.table, column, was, entity) if fold(key) not in keys]
        if close:
            words = f"{noun.title} {item.key!r} is new: {was!r} is not stored"
            unit.warnings.append(f"{words}; did you mean was = {close[0]!r}?")


def rename(unit: Unit, noun: Noun, renames: Sequence[tuple[Draft, str]]) -> None:
    """Give records of a noun other keys at once; what is named after them, or names them by key, follows.

    The caller has seen to it that no other record has one of the keys.
    """
    new = {draft.key: key for draft, key in renames}
    unit.rename(renames)
    _rename_in_settings(unit, noun, new)
    ids = ids_of(draft for draft, _ in renames)
    if noun in (CUSTOMER, GROUP):
        _rename_own_settings(unit, "customer_id" if noun is CUSTOMER else "group_id", ids, new)
    if noun in (PRICE_LIST, PRODUCT):
        column = "price_list_id" if noun is PRICE_LIST else "product_id"
        prices = unit.select(PRICE, f"t.{column} IN (SELECT value FROM json_each(:ids))", ids=ids)
        unit.rename([(price, _price_key(price)) for price in prices])
    if noun is CUSTOMER:
        roles = unit.select(ROLE, "t.customer_id IN (SELECT value FROM json_each(:ids))", ids=ids)
        keys = [role.key.rpartition("/") for role in roles]
        unit.rename([(role, f"{new[owner]}/{own}") for role, (owner, _, own) in zip(roles, keys, strict=True)])
        for role in roles:
            role.image["customer"] = role.key.rpartition("/")[0]


def _price_key(price: Draft) -> str:
    return price_key(price.image["price_list"], price.image["product"], price.image["quantity"])


def _rename_own_settings(unit: Unit, column: str, ids: str, new: Mapping[str, str]) -> None:
    """Let the settings of customers or groups be named after them."""
    renames = []
    for own in unit.select(SETTING, f"t.{column} IN (SELECT value FROM json_each(:ids))", ids=ids):
        scope, owner, name = own.key.split("/", 2)
        renames.append((own, f"{scope}/{new[owner]}/{name}"))
    unit.rename(renames)


def _rename_in_settings(unit: Unit, noun: Noun, new: Mapping[str, str]) -> None:
    """Let settings whose value is a key, or a list of keys, name renamed records by their new ones."""
    for setting in settings.SETTINGS.values():
        if setting.to == noun.name:
            held = "EXISTS (SELECT 1 FROM json_each(t.value) v JOIN json_each(:old) o ON v.value = o.value)"
            old = json.dumps(list(new))
            for stored in unit.select(SETTING, f"t.name = :name AND {held}", name=setting.name, old=old):
                value = stored.image["value"]
                kept = [new.get(entry, entry) for entry in keys_in(value)]
                stored.image["value"] = kept if isinstance(value, list) else kept[0]
