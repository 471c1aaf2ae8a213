"""Several records become one: the master takes the values that are chosen, and everything that named the others.

What names a record is read from the noun table, so that no reference is forgotten when a noun is added. Values are
chosen field by field; without a choice lists are united, and the master keeps its own single values and takes from the
others those that it lacks (features A-10 to A-12). Every value that is lost is told.

Source: oroinc/platform EntityMergeBundle, Model/Strategy/ReplaceStrategy.php, UniteStrategy.php and
Model/Step/MergeFieldsStep.php, RemoveEntitiesStep.php.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from custctl.formats import text_of
from custctl.resources import (
    ADDRESS_OF,
    ADDRESS_TEXTS,
    CONTACT_ADDRESS,
    CUSTOMER,
    ROLE,
    SETTING,
    Field,
    Noun,
    fold,
    numbered,
)
from custctl.store import rules
from custctl.store.pointers import IDS, kept_by, pointers, pointers_to
from custctl.store.select import with_keys
from custctl.store.settings import SCOPES, SETTINGS, Place
from custctl.store.unit import Draft, Unit, ids_of

LEAST, MOST = 2, 5
"""So many records can be merged. Source: oroinc/platform EntityMergeBundle, max_element_count."""
ADDRESSES = "addresses"

Takes = Mapping[str, Draft | None]
"""Whose value of a field is taken; None unites those of all."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The record that stays, those that become part of it, and whose values are taken."""

    master: Draft
    others: Sequence[Draft]
    takes: Takes

    @property
    def noun(self) -> Noun:
        return self.master.noun

    @property
    def all(self) -> list[Draft]:
        return [self.master, *self.others]

    @property
    def gone(self) -> set[str]:
        """The keys that nothing may name when it is done."""
        return {draft.key for draft in self.others}


def takeable(noun: Noun) -> dict[str, bool]:
    """The fields whose value can be chosen, and whether several can be united."""
    found = {
        field.name: field.kind in ("list", "links")
        for field in noun.fields
        if (not field.computed and field.name != noun.key) or kept_by(field)
    }
    return found | ({ADDRESSES: True} if noun.name in ADDRESS_OF else {})


def merge(unit: Unit, merged: Merged) -> list[Draft]:
    """Make several records one; the other records that this changes.

    Raises what the rules refuse in the result: a circle (exit 4), when the master lies below one of the others with
    something between them, or a value that does not go with another one.
    """
    _take_values(unit, merged)
    touched = [*_move_addresses(unit, merged), *_let_go(unit, merged)]
    if merged.noun is CUSTOMER:
        touched += _move_roles(unit, merged)
    touched += _move_settings(unit, merged)
    unit.warnings += lost(unit, merged)
    touched += _follow(unit, merged)
    for other in merged.others:
        unit.remove(other)
    touched = list({id(draft): draft for draft in touched}.values())
    rules.check(unit, [merged.master, *touched])
    unit.stop_if_wrong()
    return [draft for draft in touched if draft.before != draft.after]


# -- the values of the master --------------------------------------------------------------------------------------


def _take_values(unit: Unit, merged: Merged) -> None:
    master = merged.master
    for field in merged.noun.fields:
        if field.computed or field.name == merged.noun.key:
            continue
        source = merged.takes.get(field.name, _by_itself(unit, merged, field))
        if source is None:
            master.image[field.name] = _united(field, [_held(draft, field.name) for draft in merged.all])
        else:
            value = _held(source, field.name)
            master.image[field.name] = list(value) if isinstance(value, list) else value
        if field.to == merged.noun.name and field.kind == "reference":
            master.image[field.name] = _outside(merged, field.name, master.image[field.name])


_OF_PRICES = ("price_lists", "unmerged_price_lists", "price_fallback")
"""The fields that say together whose prices count: they come from one record, because they are one contract."""


def _by_itself(unit: Unit, merged: Merged, field: Field) -> Draft | None:
    """Whose value counts where nothing is chosen: the first that has one, the master before the others; None of all."""
    name = field.name
    if name in _OF_PRICES:
        chosen = merged.takes.get(_OF_PRICES[0])
        return chosen or next(
            (draft for draft in merged.all if any(_held(draft, one) for one in _OF_PRICES)), merged.master
        )
    if field.kind in ("list", "links"):
        return None
    having = (draft for draft in merged.all if _held(draft, name) not in (None, "", [], {}))
    if field.to == merged.noun.name:
        having = (draft for draft in having if draft is merged.master or _leads_out(unit, merged, draft, name))
    return next(having, merged.master)


def _leads_out(unit: Unit, merged: Merged, draft: Draft, name: str) -> bool:
    """Whether what another record names in its own noun lies outside of the master and what is below it."""
    seen, key = set[str](), _outside(merged, name, _held(draft, name))
    found = key is not None
    while key is not None and key not in seen:
        seen.add(key)
        above = unit.find(merged.noun, key)
        key = None if above is None or above.before is None else above.before[name]
        if key in {one.key for one in merged.all}:
            return False
    return found


def lost(unit: Unit, merged: Merged) -> list[str]:
    """Every value of the others that the master does not have in the end, a line for each of them that loses some."""
    managers = dict(unit.managers(merged.noun.table, [draft.id for draft in merged.all]))
    told = []
    for draft in merged.all:
        values = list(_lost_values(merged, draft))
        manager = managers.get(draft.id)
        if manager is not None and manager != managers.get(merged.master.id):
            values.append(f"manager {manager}")
        if values:
            told.append(f"lost from {draft.reference}: {'; '.join(values)}")
    return told


def _lost_values(merged: Merged, draft: Draft) -> Iterator[str]:
    for field in merged.noun.fields:
        if field.computed or field.name == merged.noun.key:
            continue
        before, kept = _held(draft, field.name), merged.master.image[field.name]
        selves = {one.key for one in merged.all} if field.to == merged.noun.name else set[str]()
        if isinstance(before, list):
            having = selves | set(map(fold, kept))
            gone = [member for member in before if fold(member) not in having]
        else:
            gone = [] if before in (None, kept, *selves) else [text_of(before)]
        if gone:
            yield f"{field.name} {', '.join(gone)}"


def _held(draft: Draft, name: str) -> Any:
    """What a record had in a field before anything was merged."""
    assert draft.before is not None, "only stored records are merged"
    return draft.before[name]


def _united(field: Field, lists: Iterable[Sequence[str]]) -> list[str]:
    """The members of all lists, those of the master first; texts that differ in letter case only are one."""
    members: dict[str, str] = {}
    for member in chain.from_iterable(lists):
        members.setdefault(fold(member), member)
    is_set = field.via is not None and not field.via.place
    return sorted(members.values()) if is_set else list(members.values())


def _outside(merged: Merged, name: str, key: str | None) -> str | None:
    """What a field that leads to its own noun names: not one of the records that become one, but what is above it."""
    above = {draft.key: _held(draft, name) for draft in merged.all}
    for _ in merged.all:
        key = above.get(key, key) if key is not None else None
    return None if key in above else key


# -- what belongs to the others ------------------------------------------------------------------------------------


def _move_addresses(unit: Unit, merged: Merged) -> list[Draft]:
    """Give the master the addresses that are taken; a key that it has already gets -2, -3.

    What only one address can be, the primary one or the default of a type, stays with the master's.
    """
    noun = ADDRESS_OF.get(merged.noun.name)
    if noun is None:
        return []
    source = merged.takes.get(ADDRESSES)
    found = unit.addresses(noun, merged.all)
    managers = dict(unit.managers(noun.table, [draft.id for held in found.values() for draft in held]))
    taken = [draft for owner in merged.others if source in (None, owner) for draft in found[owner.key]]
    kept = found[merged.master.key] if source in (None, merged.master) else []
    images = [(draft, {**draft.image}) for draft in taken]
    gone = [draft for held in found.values() for draft in held if draft not in kept]
    for draft in gone:
        unit.remove(draft)
    if source is not None:
        unit.warnings += _addresses_lost(owner for owner in found.items() if owner[0] != source.key)
    for old, image in images:
        image |= {"owner": merged.master.key, "key": _free_address(unit, noun, merged.master, image["key"])}
        before = {**image}
        _yield_to(noun, image, [draft.image for draft in kept])
        given_up = [f"{name} {text_of(before[name])}" for name in before if before[name] != image[name]]
        if given_up:
            unit.warnings.append(f"lost from {old.reference}: {'; '.join(given_up)}")
        kept.append(_put(unit, noun, f"{image['owner']}/{image['key']}", image))
        kept[-1].manager = managers.get(old.id)
    return [*kept, *gone]


def _addresses_lost(owners: Iterable[tuple[str, Sequence[Draft]]]) -> Iterator[str]:
    """The addresses of each owner whose addresses are not taken, as people read them."""
    for _, held in owners:
        for draft in held:
            parts = [draft.before[name] for name in ADDRESS_TEXTS if draft.before is not None and draft.before[name]]
            yield f"lost from {draft.reference}: {', '.join(parts)}"


def _free_address(unit: Unit, noun: Noun, owner: Draft, first: str) -> str:
    key, count = first, 1
    while unit.id_of(noun, f"{owner.key}/{key}") is not None or _stays(unit, noun, f"{owner.key}/{key}"):
        count += 1
        key = numbered(first, count)
    return key


def _stays(unit: Unit, noun: Noun, key: str) -> bool:
    draft = unit.find(noun, key)
    return draft is not None and draft.after is not None


def _put(unit: Unit, noun: Noun, key: str, image: dict[str, Any]) -> Draft:
    """A record of this key: a new one, or one that was just taken away with another content."""
    found = unit.find(noun, key)
    if found is None:
        return unit.create(noun, key, image)
    found.after = image
    return found


def _yield_to(noun: Noun, image: dict[str, Any], kept: Sequence[Mapping[str, Any]]) -> None:
    """Leave to the addresses that are there what only one can be (features D-04, D-05, K-04)."""
    image["primary"] = image["primary"] and not kept
    image["default"] = [kind for kind in image["default"] if not any(kind in other["default"] for other in kept)]
    if noun is CONTACT_ADDRESS:
        image["types"] = [kind for kind in image["types"] if not any(kind in other["types"] for other in kept)]
        image["default"] = [kind for kind in image["default"] if kind in image["types"]]


def _move_roles(unit: Unit, merged: Merged) -> list[Draft]:
    """Give the master the roles that others had for themselves; equal keys and labels are told apart."""
    own = unit.select(ROLE, "t.customer_id = :id", id=merged.master.id)
    labels = {fold(role.image["label"]) for role in own}
    moved = unit.select(ROLE, f"t.customer_id IN {IDS}", ids=ids_of(merged.others))
    for role in moved:
        old, (owner, _, plain) = role.reference, role.key.rpartition("/")
        key, count = f"{merged.master.key}/{plain}", 1
        while unit.id_of(ROLE, key) is not None:
            count += 1
            key = f"{merged.master.key}/{numbered(plain, count)}"
        unit.rename([(role, key)])
        role.image["customer"] = merged.master.key
        role.image["label"] = _free_label(role.image["label"], owner, labels)
        unit.warnings.append(f"{old} is {role.reference} now, called {role.image['label']!r}")
    return moved


def _free_label(label: str, owner: str, taken: set[str]) -> str:
    """A label that no role of the customer has: with the former customer behind it where it must be."""
    tails = ("", f" ({owner})", *(f" ({owner} {count})" for count in range(2, len(taken) + 3)))
    made = next(found for tail in tails if fold(found := label[: 255 - len(tail)] + tail) not in taken)
    taken.add(fold(made))
    return made


def _move_settings(unit: Unit, merged: Merged) -> list[Draft]:
    """Give the master the settings of the others that it does not have, and let settings that name one name it."""
    touched: list[Draft] = []
    for scope, owner in SCOPES.items():
        if owner is not merged.noun:
            continue
        for own in unit.select(SETTING, f"t.{scope}_id IN {IDS}", ids=ids_of(merged.others)):
            name = own.key.rpartition("/")[2]
            key = Place("customer" if scope == "customer" else "group", merged.master.key).key(name)
            if unit.id_of(SETTING, key) is None:
                touched.append(unit.create(SETTING, key, {"key": key, "value": own.image["value"]}))
            elif unit.get(SETTING, key).image["value"] != own.image["value"]:
                value = text_of(own.image["value"])
                words = (
                    f"{own.reference} is dropped, which was {value}: the setting of {merged.master.reference} counts"
                )
                unit.warnings.append(words)
            unit.remove(own)
            touched.append(own)
    for name in (name for name, setting in SETTINGS.items() if setting.to == merged.noun.name):
        for stored in unit.select(SETTING, "t.name = :name", name=name):
            if stored.image["value"] in merged.gone:
                stored.image["value"] = merged.master.key
                touched.append(stored)
    return touched


# -- what names the others -----------------------------------------------------------------------------------------


def _let_go(unit: Unit, merged: Merged) -> list[Draft]:
    """Where links that another noun keeps are taken from one record, let the others of that noun go.

    The accounts of a contact are lists of the accounts': those that do not have the chosen contact lose all of them.
    """
    keys, freed = {draft.key for draft in merged.all}, list[Draft]()
    for name, source in merged.takes.items():
        field = merged.noun.field(name)
        held = kept_by(field) if field is not None else None
        if held is None or source is None:
            continue
        holder, own = held
        naming = [pointer for pointer in pointers(holder) if pointer.to == merged.noun.name]
        found = next(pointer for pointer in naming if pointer.field == own.name)
        for draft in unit.select(holder, found.condition, ids=ids_of(merged.all)):
            if source.key in draft.image[own.name]:
                continue
            for pointer in naming:
                value = draft.image[pointer.field]
                if isinstance(value, list):
                    draft.image[pointer.field] = [key for key in value if key not in keys]
                elif value in keys:
                    draft.image[pointer.field] = None
            freed.append(draft)
    return freed


def _follow(unit: Unit, merged: Merged) -> list[Draft]:
    """Let everything that names one of the others name the master."""
    found, keys = list[Draft](), {draft.key for draft in merged.all}
    for pointer in pointers_to(merged.noun):
        if pointer.noun.name in (noun.name for noun in ADDRESS_OF.values()) or pointer.noun is ROLE:
            continue  # these are named after what they name, and have been moved
        for draft in unit.select(pointer.noun, pointer.condition, ids=ids_of(merged.others)):
            if draft.noun is merged.noun and draft.key in keys:
                continue
            value = draft.image[pointer.field]
            if isinstance(value, list):
                named = {merged.master.key if key in merged.gone else key for key in value}
                draft.image[pointer.field] = sorted(named)
            elif isinstance(value, dict):
                own = {key: word for key, word in value.items() if key == merged.master.key}
                draft.image[pointer.field] = with_keys(None, value, dict.fromkeys(merged.gone, merged.master.key)) | own
            elif value in merged.gone:
                draft.image[pointer.field] = merged.master.key
            found.append(draft)
    return found
