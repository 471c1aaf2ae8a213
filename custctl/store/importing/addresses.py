"""Which stored address a row means: by key, else by street, city, postal code, country and region (feature I-10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from custctl.resources import ADDRESS_OF, ADDRESSES, Noun, fold, numbered, slug
from custctl.store.importing.wanted import Asked
from custctl.store.unit import Draft, Unit

_IDENTITY = ("street", "city", "postal_code", "country", "region")


def like(values: Mapping[str, Any]) -> tuple[str, ...]:
    """What makes two addresses of one owner the same."""
    return tuple(fold(str(values.get(name) or "")).strip() for name in _IDENTITY)


def find_addresses(unit: Unit, noun: Noun, rows: Sequence[Asked]) -> None:
    """Give each row of an address its key within the owner, and tell whether such an address is stored."""
    stored = _stored(unit, noun, {asked.values["owner"] for asked in rows})
    for asked in rows:
        owner = asked.values["owner"]
        found = _settle(asked.values, stored.setdefault(owner, []))
        asked.key = f"{owner}/{asked.values['key']}"
        asked.found = asked.key if found else None


def find_inner_addresses(unit: Unit, owner_noun: Noun, rows: Sequence[Asked]) -> None:
    """Give the addresses within rows of their owners the keys of the stored ones that they mean."""
    rows = [asked for asked in rows if asked.values.get("addresses")]
    if not rows or owner_noun.name not in ADDRESS_OF:
        return
    stored = _stored(unit, ADDRESS_OF[owner_noun.name], {asked.found for asked in rows if asked.found is not None})
    for asked in rows:
        known = stored.get(asked.found or "", [])
        for values in asked.values["addresses"]:
            if isinstance(values, dict):
                _settle(values, known)


def _stored(unit: Unit, noun: Noun, owners: set[str]) -> dict[str, list[Mapping[str, Any]]]:
    owner_noun, _ = ADDRESSES[noun.name]
    unit.load(owner_noun, owners)
    drafts: list[Draft] = [draft for key in owners if (draft := unit.find(owner_noun, key)) is not None]
    found = unit.addresses(noun, drafts)
    return {key: [draft.image for draft in held] for key, held in found.items()}


def _settle(values: dict[str, Any], known: list[Mapping[str, Any]]) -> bool:
    """Give an address its key; whether it is one of the known ones, among which it is from now on."""
    keys = {str(image["key"]) for image in known}
    if values.get("key"):
        values["key"] = fold(str(values["key"]))
        found = values["key"] in keys
    else:
        same = next((image for image in known if like(image) == like(values)), None)
        found = same is not None
        values["key"] = same["key"] if same is not None else _free(values, keys)
    if not found:
        known.append(values)
    return found


def _free(values: Mapping[str, Any], taken: set[str]) -> str:
    first = slug(str(values.get("label") or "address"), "address")
    key, count = first, 1
    while key in taken:
        count += 1
        key = numbered(first, count)
    return key
