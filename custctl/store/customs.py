"""What settings say of records that are written: kept all the same, but told; and settings that must fit each other.

Settings are read once for all the records of a unit, and only where one of them asks.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from custctl import shell
from custctl.errors import Exit
from custctl.policy.amounts import Limits, Verdict, compare
from custctl.resources import CUSTOMER, SETTING, USER, VISITOR
from custctl.store.codec import money_from
from custctl.store.settings import SETTINGS, SYSTEM, Place, owner_of
from custctl.store.unit import Draft, Unit, wrong

CHOSEN = {"language": "languages", "currency": "currencies"}
"""What people choose, and what the settings `enabled` of each list."""
ORDERS = ("order", "checkout")
"""The documents whose amount is looked at."""


class Customs:
    """The settings of some names as they will be when the unit is done, read once."""

    def __init__(self, unit: Unit, names: Collection[str]) -> None:
        self.unit = unit
        unit.select(SETTING, "t.name IN (SELECT value FROM json_each(:names))", names=json.dumps([*names]))
        drafts = unit.of(SETTING)
        self.stored = {draft.key: draft.image["value"] for draft in drafts if draft.key.rpartition("/")[2] in names}

    def value(self, name: str, places: Sequence[Place]) -> tuple[Any, str]:
        """The value that counts at the first of these places that has one, and where it comes from."""
        for place in places:
            if place.key(name) in self.stored:
                return self.stored[place.key(name)], place.title
        return SETTINGS[name].default, "default"

    def places(self, customer: str | None, *, of_visitor: bool = False) -> list[Place]:
        """Where settings are looked up for a customer: there, at its group, in the shop; of a visitor at its group."""
        draft = None if customer is None else self.unit.find(CUSTOMER, customer)
        group = None if draft is None or draft.after is None else draft.image["group"]
        if customer is None and of_visitor:
            group = self.value("guest.group", [SYSTEM])[0]
        own = [] if customer is None else [Place("customer", customer)]
        return [*own, *([] if group is None else [Place("group", group)]), SYSTEM]


def open_to_all(unit: Unit, name: str) -> frozenset[str]:
    """What everybody may choose in a field; nothing where settings of customers or groups say it of their people."""
    customs = Customs(unit, (f"{name}.enabled",))
    enabled, _ = customs.value(f"{name}.enabled", [SYSTEM])
    return frozenset(enabled) if {*customs.stored} <= {SYSTEM.key(f"{name}.enabled")} else frozenset()


def tell(unit: Unit, drafts: Sequence[Draft]) -> None:
    """Warn of choices that are not open, and of orders beyond their limits; refuse defaults that are not enabled."""
    touched = [draft for draft in drafts if draft.after is not None]
    _choices(unit, [draft for draft in touched if draft.noun in (USER, VISITOR)])
    _amounts(unit, [draft for draft in touched if draft.noun.name in ORDERS])
    settings = [draft for draft in drafts if draft.noun is SETTING]
    _defaults(unit, settings)
    _limits(unit, settings)


def _limits(unit: Unit, drafts: Sequence[Draft]) -> None:
    """The least amount of an order is not above the most, wherever one of the two is set (feature P-15)."""
    ends = ("order.minimum", "order.maximum")
    changed = [draft for draft in drafts if draft.key.rpartition("/")[2] in ends and draft.before != draft.after]
    if not changed:
        return
    customs = Customs(unit, (*ends, "guest.group"))
    for key in [key for key in customs.stored if key.rpartition("/")[2] in ends]:
        (least, _), (most, _) = (customs.value(end, [*_places(customs, key)]) for end in ends)
        above = [code for code in least if code in most and money_from(least[code]) > money_from(most[code])]
        if above:
            code, told = above[0], next((draft for draft in changed if draft.key == key), changed[0])
            words = f"the minimum of {least[code]} {code} is above the maximum of {most[code]} {code}"
            where = "" if told.key == key else f" for {key.rpartition('/')[0].replace('/', ':')}"
            wrong(unit, told, key.rpartition("/")[2], words + where, path=("value",))
            return


def _choices(unit: Unit, people: Sequence[Draft]) -> None:
    """A language or currency that may not be chosen is kept, and does not count (feature P-14)."""
    for name, plural in CHOSEN.items():
        chosen = [draft for draft in people if draft.changed(name) and draft.image[name] is not None]
        if not chosen:
            continue
        customs = Customs(unit, (f"{name}.enabled", "guest.group"))
        unit.load(CUSTOMER, filter(None, (draft.image.get("customer") for draft in chosen)))
        for draft in chosen:
            places = customs.places(draft.image.get("customer"), of_visitor=draft.noun is VISITOR)
            enabled, origin = customs.value(f"{name}.enabled", places)
            if draft.image[name] not in enabled:
                words = f"{draft.reference}: {name} {draft.image[name]} is none of the {plural} that may be chosen"
                unit.warnings.append(f"{words}: {', '.join(enabled)} ({origin})")


def _amounts(unit: Unit, orders: Sequence[Draft]) -> None:
    """An order below the least amount or above the most is kept, and told (feature P-15)."""
    names = ("subtotal", "currency", "customer")
    priced = [
        draft
        for draft in orders
        if draft.image["subtotal"] is not None
        and draft.image["currency"] is not None
        and any(draft.changed(name) for name in names)
    ]
    if not priced:
        return
    customs = Customs(unit, ("order.minimum", "order.maximum", "guest.group"))
    if not any(key.rpartition("/")[2].startswith("order.") for key in customs.stored):
        return
    unit.load(CUSTOMER, filter(None, (draft.image["customer"] for draft in priced)))
    for draft in priced:
        places = customs.places(draft.image["customer"], of_visitor=draft.image["visitor"] is not None)
        (least, least_of), (most, most_of) = (customs.value(f"order.{end}", places) for end in ("minimum", "maximum"))
        currency = draft.image["currency"]
        verdict = compare(draft.image["subtotal"], Limits(least.get(currency), most.get(currency)))
        if verdict is not None:
            words = beyond(verdict, draft.image["subtotal"], currency, least.get(currency), most.get(currency))
            unit.warnings.append(f"{draft.reference}: {words} ({least_of if verdict == 'below-minimum' else most_of})")


def beyond(verdict: Verdict, subtotal: str, currency: str, least: str | None, most: str | None) -> str:
    """What is wrong with the amount of an order, in words."""
    if verdict == "below-minimum":
        return f"{subtotal} {currency} is below the minimum of {least} {currency}"
    return f"{subtotal} {currency} is above the maximum of {most} {currency}"


def _defaults(unit: Unit, drafts: Sequence[Draft]) -> None:
    """The default language and currency are among those that may be chosen, wherever either is set or unset (P-14).

    Source: oroinc/platform LocaleBundle, DefaultLocalization validation.
    """
    for draft in drafts:
        what, _, end = draft.key.rpartition("/")[2].partition(".")
        if what not in CHOSEN or end not in ("enabled", "default"):
            continue
        customs = Customs(unit, (f"{what}.enabled", f"{what}.default"))
        places = [*_places(customs, draft.key)]
        enabled, _ = customs.value(f"{what}.enabled", places)
        default, _ = customs.value(f"{what}.default", places)
        if default in enabled or (end == "enabled" and _is_asked_too(unit, draft, f"{what}.default")):
            continue
        where = None if places[0] is SYSTEM else places[0].title
        hint = (
            shell.command("setting set", f"{what}.enabled", *enabled, default, for_=where)
            if end == "default"
            else f"keep {default} among them, or choose another {what}.default first"
        )
        words = f"the default {what} {default} is none of {', '.join(enabled)}"
        name = draft.key.rpartition("/")[2]
        path = ("value",)
        wrong(
            unit, draft, name, words, code="not-enabled", exit_code=Exit.CONFLICT, hint=hint, path=path, value=default
        )


def _is_asked_too(unit: Unit, draft: Draft, name: str) -> bool:
    """Whether the other setting of the same place is asked for in the same unit, which then tells of both."""
    other = unit.drafts.get((SETTING.name, f"{draft.key.rpartition('/')[0]}/{name}".lstrip("/")))
    return other is not None and other.after is not None and other.before != other.after


def _places(customs: Customs, key: str) -> Iterator[Place]:
    """Where a setting of this key is looked up, which says at what place it is set."""
    noun, owner = owner_of(key)
    if noun is None:
        yield SYSTEM
    elif noun is CUSTOMER:
        yield from customs.places(owner)
    else:
        yield from (Place("group", owner), SYSTEM)
