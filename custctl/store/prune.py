"""Pruning: what carries the documents' manager and is not in the documents is removed, and nothing else.

What keeps a record from being deleted by hand keeps it here too; but it is asked about the shop as it will be, so that
a customer may go together with its users.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from custctl.errors import Exit, Problem, invalid
from custctl.resources import (
    ACCOUNT,
    ADDRESSES,
    CUSTOMER,
    ENTITY,
    NOUNS,
    RECORD,
    ROLE,
    SETTING,
    SHORT_TYPES,
    Noun,
    fold,
)
from custctl.store.documents import Document
from custctl.store.removal import remove, remove_addresses
from custctl.store.rules import BUILT_IN
from custctl.store.select import keys_in
from custctl.store.settings import SETTINGS, owner_of
from custctl.store.unit import Draft, Key, Unit

_ORDER = (SETTING, *(noun for noun in reversed(tuple(NOUNS.values())) if noun not in (SETTING, ACCOUNT)), ACCOUNT)
"""What depends on others before those others; settings name roles and groups, and customers keep their accounts."""


def manager_of(documents: Sequence[Document]) -> str:
    """The manager that the documents share; exit 4 when one of them names none or another."""
    found: str | None = None
    for document in documents:
        manager = document.tables.get("manager")
        if not isinstance(manager, str) or not manager:
            hint = 'like manager = "demo": only what documents of that manager have created is ever removed'
            raise invalid("--prune needs a manager", field="manager", hint=hint, place=document.place(("manager",)))
        if found is not None and manager != found:
            words = f"--prune needs one manager: this is {manager!r}, before it is {found!r}"
            place = document.place(("manager",))
            raise invalid(words, field="manager", value=manager, hint="prune them one by one", place=place)
        found = manager
    assert found is not None, "there is no command without a document"
    return found


def prune(unit: Unit, manager: str, named: Sequence[Draft]) -> None:
    """Remove what a manager's documents once created and no longer name.

    Notes a problem (exit 5) for each record that something else, or the documents themselves, still need.
    """
    doomed = {noun: _unnamed(unit, noun, manager, named) for noun in _ORDER}
    keys = {(noun.name, draft.key) for noun, drafts in doomed.items() for draft in drafts}
    for draft in named:
        for field, target in () if draft.after is None else _mentioned(draft):
            if target in keys:
                _still_needed(unit, draft, field, unit.get(NOUNS[target[0]], target[1]))
    unit.stop_if_wrong()
    kept = [draft for draft in named if draft.after is not None]
    for noun, drafts in doomed.items():
        if noun.name in ADDRESSES:
            owner, _ = ADDRESSES[noun.name]
            alone = [draft for draft in drafts if (owner.name, draft.image["owner"]) not in keys]
            remove_addresses(unit, noun, alone)
            continue
        left = [draft for draft in drafts if draft.after is not None]  # not gone along with another
        remove(unit, noun, left, pruning=True)
    for draft in kept:
        if draft.after is None:
            words = f"{draft.reference} is in the documents, but part of what --prune removes"
            place = draft.locate(draft.noun.key)
            unit.problem(Problem("has-dependents", Exit.CONFLICT, words, None, place, draft.noun.key, draft.key))
    unit.stop_if_wrong()


def _unnamed(unit: Unit, noun: Noun, manager: str, named: Sequence[Draft]) -> list[Draft]:
    """The stored records of a noun that carry the manager, without those named and those that every shop has."""
    ids = json.dumps([draft.id for draft in named if draft.noun is noun])
    condition = "t.manager = :manager AND t.id NOT IN (SELECT value FROM json_each(:named))"
    found = unit.select(noun, condition, manager=manager, named=ids)
    return [draft for draft in found if draft.key not in BUILT_IN.get(noun.name, ())]


def _still_needed(unit: Unit, draft: Draft, field: str, target: Draft) -> None:
    words = f"{target.reference} would be removed by --prune, but {draft.reference} names it"
    hint = f"put {target.reference} into the documents, or take its name out of them"
    place = draft.locate(field)
    unit.problem(Problem("has-dependents", Exit.CONFLICT, words, hint, place, field, target.key))


def _mentioned(draft: Draft) -> Iterator[tuple[str, Key]]:
    """The records that a document needs for one of its own, each with the field that says so."""
    noun, image = draft.noun, draft.image
    for field in noun.fields:
        if field.to and field.name in draft.given:
            for key in keys_in(image[field.name]):
                yield field.name, (field.to, key)
    if noun is ROLE:
        yield "key", (CUSTOMER.name, draft.key.rpartition("/")[0])
        for table in {"permissions", "fields"} & draft.given:
            yield from ((table, (ENTITY.name, name.partition(".")[0])) for name in image[table])
    if noun is RECORD:
        yield "entity", (ENTITY.name, image["entity"])
        kind, _, key = (image["parent"] or "").partition(":")
        stored_as = SHORT_TYPES.get(kind, kind)
        yield "parent", (stored_as, fold(key)) if stored_as in NOUNS else (RECORD.name, f"{kind}:{fold(key)}")
    if noun is SETTING:
        owner, key = owner_of(draft.key)
        if owner is not None:
            yield "key", (owner.name, key)
        setting = SETTINGS[draft.key.rpartition("/")[2]]
        for key in keys_in(image["value"]) if setting.to else ():
            yield "value", (setting.to, key)
