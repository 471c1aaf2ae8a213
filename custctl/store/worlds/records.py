"""The records of a generated world, a customer at a time: what belongs to each, as documents write it.

A record names only records of its own customer or of an earlier one, and what all customers share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from custctl.policy.catalogue import CAPABILITIES, ENTITIES, PROTECTED, WORKFLOW_ACTIONS, WORKFLOWS
from custctl.resources import GUEST_GROUP, slug
from custctl.store.worlds.draw import Draw, mix
from custctl.store.worlds.lands import Land, Name
from custctl.store.worlds.skeleton import (
    ACCOUNT,
    CONTACT,
    CUSTOMER,
    DUTY,
    PAPER,
    RECORD,
    ROLE,
    SETTING,
    USER,
    VISITOR,
    Company,
    Person,
    Skeleton,
)

Row = dict[str, Any]

BEGIN = datetime(2021, 1, 1)  # noqa: DTZ001 - UTC like everything, and told as Z
SECONDS = 5 * 365 * 24 * 3600
"""Sales documents are of the five years from there on: no clock is read, or tomorrow's world would be another."""

_STAFF = ("Sam Delgado", "Priya Nair", "Tom Ekberg", "Ruth Stein", "Lena Vogt", "Kenji Mori", "Łucja Wrona")
_TERMS = ("net 30", "net 60", "net 14", "prepaid")
_TAX_CODES = ("RESALE", "EXPORT", "PUBLIC", "REDUCED_7")
_PRICES = (("Base", 100, True), ("Wholesale 2025", 80, True), ("Spring campaign", 90, False), ("EU tier 2", 85, True))
"""The price lists: name, per cent of the base price, and whether the list is active."""
_PRICE_LISTS = tuple(slug(name, "price-list") for name, _, _ in _PRICES)
_SHELVES = (
    ("Lighting", ("Desk lamp", "Floodlight", "Light strip", "Headlamp")),
    ("Safety", ("Hard hat", "Harness", "Safety gloves", "Schutzbrille")),
    ("Tools", ("Torque wrench", "Cable cutter", "Riveter", "Clé à molette")),
    ("Storage", ("Pallet rack", "Bin", "Cabinet", "作業台")),
)
"""The categories and what is in them, each in several sizes."""
_SIZES = ("S", "M", "L")
_RATINGS = ("1_of_5", "2_of_5", "3_of_5", "3_of_5", "4_of_5", "4_of_5", "5_of_5")
_GROUPS = (
    ("all-customers", "All Customers", "net 30", None),
    ("partners", "Partners", "net 45", "PARTNER"),
    ("wholesale", "Wholesale", "net 60", "RESALE"),
    ("public-sector", "Public sector", "net 30", "PUBLIC"),
    ("wiederverkäufer", "Wiederverkäufer", "net 14", "RESALE"),
    ("prepaid", "Prepaid", "prepaid", None),
    ("key-accounts", "Key accounts", "net 90", None),
    ("trial", "Trial", None, None),
)
_TAXONOMIES = (
    ("Tier", "#F2C14E", ("Key account", "Mid market", "Long tail")),
    ("Program", "#2E86AB", ("Early adopter", "Loyalty 2025", "Beta tester")),
    ("Branche", "#5B8C5A", ("Baugewerbe", "Maschinenbau", "Großhandel", "Öffentliche Hand")),
    ("Risk", "#C73E1D", ("Slow payer", "Credit limit")),
)
_LOOSE_TAGS = ("Seasonal", "Trade fair", "要確認")
_TAGS = tuple(slug(name, "tag") for name in (*(name for *_, names in _TAXONOMIES for name in names), *_LOOSE_TAGS))
_CHANNELS = (("web-shop", "Web shop", "commerce"), ("field-sales", "Field sales", "b2b"))
_CONTACT_GROUPS = (("trade-fair-guests", "Trade fair guests"), ("newsletter", "Newsletter"))
_IN_GROUPS = ("marketing-group", "sales-group", *(key for key, _ in _CONTACT_GROUPS))
_DUTIES = (
    "Purchaser",
    "Order approver",
    "Accountant",
    "Warehouse clerk",
    "Site manager",
    "Auditor",
    "Service desk",
    "Junior purchaser",
    "Regional manager",
    "Read only",
)
"""The labels of the roles that are for everyone, besides the predefined ones."""
_DUTY_KEYS = tuple(slug(label, "") for label in _DUTIES)
_OWN_DUTIES = ("Order approver", "Bookkeeper", "Einkäufer", "Responsable des achats", "発注担当者", "مسؤول المشتريات")
"""The labels of roles that a customer may have for itself."""
_OWN_ENTITY = "warranty-claim"
_JOBS = ("Head of purchasing", "Buyer", "Owner", "Dock foreman", "Consultant", "CFO", "Leiter Technik", "Gérante")
_SITES = (("hq", "Head office"), ("warehouse", "Warehouse"), ("plant", "Plant"), ("store", "Store"))

_KINDS = mix(order=75, quote=9, request=7, shopping_list=6, checkout=3)
_TABLES = {
    "orders": "order",
    "quotes": "quote",
    "requests": "request",
    "shopping_lists": "shopping_list",
    "checkouts": "checkout",
}
"""The tables of sales documents, and what `_KINDS` calls them."""
_PREFIXES = {"order": "SO", "quote": "Q", "request": "RFQ", "shopping_list": "SL", "checkout": "CO"}
_STATUSES = {
    "order": mix(closed=60, shipped=10, processing=8, open=10, pending=4, cancelled=6, archived=2),
    "quote": mix(draft=15, sent_to_customer=25, accepted=30, declined=10, expired=15, under_review=5),
    "request": mix(submitted=30, processed=50, requires_attention=10, cancelled=10),
    "shopping_list": mix(open=70, ordered=30),
    "checkout": mix(open=50, completed=40, cancelled=10),
}
_PAYMENTS = mix(full=60, pending=12, invoiced=12, partially=8, authorized=4, refunded=2, declined=2)
_WITHOUT_CENTS = ("JPY",)
_ADDRESS_COUNTS = (0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 4)


# -- what all customers share ------------------------------------------------------------------------------------


def shared(world: Skeleton, table: str) -> Iterator[Row]:
    """The records of a table that belong to no customer."""
    if table == "roles":
        yield from (_role(world.draw(ROLE, number), slug(label, ""), label) for number, label in enumerate(_DUTIES))
    yield from _SHARED.get(table, ())
    yield from _CATALOGUE.get(table, tuple)()


_SHARED: Mapping[str, Sequence[Row]] = {
    "entities": [{"name": _OWN_ENTITY, "ownership": "user"}],
    "taxonomies": [{"key": slug(name, ""), "name": name, "background_color": color} for name, color, _ in _TAXONOMIES],
    "tags": [
        *(
            {"key": slug(name, ""), "name": name, "taxonomy": slug(taxonomy, "")}
            for taxonomy, _, names in _TAXONOMIES
            for name in names
        ),
        *({"key": slug(name, ""), "name": name} for name in _LOOSE_TAGS),
    ],
    "groups": [
        {"key": key, "name": name} | ({"payment_term": term} if term else {}) | ({"tax_code": code} if code else {})
        for key, name, term, code in _GROUPS
    ],
    "channels": [{"key": key, "name": name, "type": kind, "active": True} for key, name, kind in _CHANNELS],
    "contact_groups": [{"key": key, "label": label} for key, label in _CONTACT_GROUPS],
}
"""What all customers share, by table; callers do not change it."""


def _price_lists() -> Iterator[Row]:
    for name, _, active in _PRICES:
        yield {"key": slug(name, ""), "name": name, "active": active, "currency": "USD"}


def _categories() -> Iterator[Row]:
    for name, kinds in _SHELVES:
        yield {"key": slug(name, ""), "name": name}
        for kind in kinds:
            yield {"key": slug(kind, ""), "name": kind, "parent": slug(name, "")}


def _articles() -> Iterator[tuple[int, str, str, str]]:
    """The products: number, SKU, name and category."""
    kinds = [kind for _, kinds in _SHELVES for kind in kinds]
    for number, (kind, size) in enumerate(((kind, size) for kind in kinds for size in _SIZES), 1):
        yield number, f"ART-{number:04}", f"{kind} {size}", slug(kind, "")


def _products() -> Iterator[Row]:
    """Every ninth is for wholesale only, every eleventh hidden from visitors, the last of each thirteen is gone."""
    for number, sku, name, category in _articles():
        groups = {"wholesale": "visible"} if number % 9 == 0 else {GUEST_GROUP[0]: "hidden"} if number % 11 == 0 else {}
        yield _said(
            {
                "sku": sku,
                "name": name,
                "category": category,
                "status": "disabled" if number % 13 == 0 else None,
                "visibility": "hidden" if number % 9 == 0 else None,
                "visibility_for_groups": groups,
            }
        )


def _prices_of_products() -> Iterator[Row]:
    for number, sku, _, _ in _articles():
        for name, percent, _ in _PRICES:
            if percent == 100 or number % 3:
                cents = number * 7 * percent
                price = {"price_list": slug(name, ""), "product": sku, "amount": f"{cents // 100}.{cents % 100:02}"}
                yield price
                if number % 4 == 0:
                    yield {**price, "quantity": 50, "amount": f"{cents // 110}.00"}


_CATALOGUE: Mapping[str, Callable[[], Iterable[Row]]] = {
    "price_lists": _price_lists,
    "categories": _categories,
    "products": _products,
    "prices": _prices_of_products,
}
"""What there is to buy: the same in every world."""

SHOP_SETTINGS: Mapping[str, Any] = {
    "price.website_lists": ["base"],
    "guest.checkout": True,
    "guest.shopping_list": True,
    "product.export": True,
    "group": {"wholesale": {"product.export_prices": True}, "trial": {"product.export": False}},
}


def settings_of(world: Skeleton, number: int) -> Row:
    """The settings that a customer has for itself."""
    draw = world.draw(SETTING, number)
    if not draw.chance(0.01):
        return {}
    return draw.choice(({"product.export": False}, {"customer.invitations": False}, {"menu.main": "short_menu"}))


# -- customers ---------------------------------------------------------------------------------------------------


def customers_of(world: Skeleton, number: int) -> Iterator[Row]:
    """The customer itself, with its addresses."""
    company, draw = world.company(number), world.draw(CUSTOMER, number)
    parent = world.parents[number]
    group = draw.choice(_GROUPS)[0] if draw.chance(0.7) else None
    yield _said(
        {
            "key": company.key,
            "name": company.name,
            "parent": world.company(parent).key if parent else None,
            "group": GUEST_GROUP[0] if company.guest else group,
            "account": company.key if _has_account(world, number) else None,
            "internal_rating": draw.choice(_RATINGS) if draw.chance(0.8) else None,
            "owner": draw.choice(_STAFF),
            "sales_reps": draw.some(_STAFF, 2),
            "payment_term": draw.choice(_TERMS) if draw.chance(0.15) else None,
            "tax_code": draw.choice(_TAX_CODES) if draw.chance(0.1) else None,
            "price_lists": draw.some(_PRICE_LISTS, 1),
            "vat_id": f"{company.land.country}{_filled('#########', draw)}" if draw.chance(0.6) else None,
            "external_id": f"ERP-{number:06}" if draw.chance(0.9) else None,
            "tags": _tags(draw, 0.3),
            "addresses": _addresses_of_company(company, draw),
        }
    )


def _addresses_of_company(company: Company, draw: Draw) -> list[Row]:
    """None to four addresses; the first is the primary one, and for bills."""
    return [
        _said(
            {
                "key": key,
                "label": label,
                "organization": company.name,
                **_place(company, draw),
                "primary": place == 0,
                "types": ["billing", "shipping"] if place == 0 else ["shipping"],
                "default": ["billing"] if place == 0 else ["shipping"] if place == 1 else [],
            }
        )
        for place, (key, label) in enumerate(_SITES[: draw.choice(_ADDRESS_COUNTS)])
    ]


def _place(company: Company, draw: Draw) -> Row:
    """Where something of a company is: in its own town, now and then in another of the land."""
    land = company.land
    city = company.city if draw.chance(0.8) else draw.choice(land.cities)
    return {
        "street": draw.choice(land.streets).format(N=draw.between(1, 199)),
        "street2": f"{draw.choice(('Gate', 'Floor', 'Building'))} {draw.between(1, 9)}" if draw.chance(0.1) else None,
        "city": city.name.text,
        "postal_code": _filled(land.postal_code, draw),
        "phone": _filled(land.phone, draw) if draw.chance(0.7) else None,
        "country": land.country,
        "region": city.region,
    }


# -- roles -------------------------------------------------------------------------------------------------------


def roles_of(world: Skeleton, number: int) -> Iterator[Row]:
    """The roles that a customer has for itself."""
    for place, label in enumerate(_own_labels(world, number)):
        key = f"{world.company(number).key}/{slug(label, '')}"
        yield _role(world.draw(ROLE, number * 100 + place), key, label)


def _own_labels(world: Skeleton, number: int) -> list[str]:
    """Some customers with five people or more give themselves roles."""
    if len(world.users(number)) < 5 or world.company(number).guest:
        return []
    draw = world.draw(DUTY, number)
    return draw.some(_OWN_DUTIES, 2) if draw.chance(0.3) else []


def _role(draw: Draw, key: str, label: str) -> Row:
    """Entries for about half of the entities, some capabilities and a workflow; the rest follows the defaults."""
    permissions = {
        name: {action: _level(draw, ENTITIES[name].levels(action)) for action in ENTITIES[name].permissions}
        for name in PROTECTED
        if draw.chance(0.5)
    }
    workflow = draw.choice(sorted(WORKFLOWS))
    levels = ENTITIES[WORKFLOWS[workflow]]
    return _said(
        {
            "key": key,
            "label": label,
            "self_managed": draw.chance(0.7),
            "public": draw.chance(0.9),
            "default": draw.choice((None, None, "user", "department", "corporate")),
            "capability_default": draw.choice((None, True, False)),
            "workflow_default": draw.choice((None, "user")),
            "permissions": permissions,
            "capabilities": {name: draw.chance(0.6) for name in sorted(CAPABILITIES) if draw.chance(0.3)},
            "workflows": {workflow: {action: _level(draw, levels.levels(action)) for action in WORKFLOW_ACTIONS}},
            "fields": {"quote.subtotal": {"view": "none", "edit": "none"}} if draw.chance(0.1) else None,
        }
    )


def _level(draw: Draw, levels: Sequence[Any]) -> str:
    return str(draw.choice(levels).word)


# -- people ------------------------------------------------------------------------------------------------------


def users_of(world: Skeleton, number: int) -> Iterator[Row]:
    """The users of a customer; of a guest's customer, guests."""
    company, people = world.company(number), world.people(number)
    own = [f"{company.key}/{slug(label, '')}" for label in _own_labels(world, number)]
    for place, (user, person) in enumerate(zip(world.users(number), people, strict=True)):
        draw = world.draw(USER, user)
        yield _guest(company, person) if company.guest else _user(company, person, user, draw, own, first=place == 0)


def _guest(company: Company, person: Person) -> Row:
    return {
        "key": person.key,
        "email": person.email,
        "first_name": person.first.text,
        "last_name": person.last.text,
        "customer": company.key,
        "roles": ["buyer"],
        "guest": True,
    }


def _user(company: Company, person: Person, user: int, draw: Draw, own: Sequence[str], *, first: bool) -> Row:
    """One who signs in, or cannot: of a hundred, five are disabled, three unconfirmed, two have to reset."""
    state = draw.below(100)
    leaver = state < 2
    return _said(
        {
            "email": person.email,
            "prefix": draw.choice(("Dr.", "Mx.", "Prof.")) if draw.chance(0.04) else None,
            "first_name": person.first.text,
            "middle_name": draw.choice(company.land.first_names).text if draw.chance(0.05) else None,
            "last_name": person.last.text,
            "suffix": "Jr." if draw.chance(0.01) else None,
            "customer": company.key,
            "roles": [] if leaver else _held(draw, own, first=first),
            "enabled": False if state < 5 else None,
            "confirmed": False if 5 <= state < 8 else None,
            "auth_status": "reset" if 8 <= state < 10 else None,
            "birthday": _day(draw) if draw.chance(0.2) else None,
            "owner": draw.choice(_STAFF) if draw.chance(0.2) else None,
            "external_id": f"HR-{user:07}" if draw.chance(0.2) else None,
            "tags": _tags(draw, 0.03),
            "addresses": [_address_of_person(company, person, draw)] if draw.chance(0.15) else [],
        }
    )


def _held(draw: Draw, own: Sequence[str], *, first: bool) -> list[str]:
    """One to three roles: mostly the buyer's, the first user's the administrator's, now and then others beside."""
    share = draw.share()
    held = {"administrator" if first or share < 0.05 else "buyer" if share < 0.75 else draw.choice(_DUTY_KEYS)}
    if own and draw.chance(0.5):
        held.add(draw.choice(own))
    if draw.chance(0.15):
        held.add(draw.choice(_DUTY_KEYS))
    return sorted(held)


def _address_of_person(company: Company, person: Person, draw: Draw) -> Row:
    return _said(
        {
            "key": "office",
            "label": "Office",
            "organization": company.name if draw.chance(0.5) else None,
            "first_name": person.first.text,
            "last_name": person.last.text,
            **_place(company, draw),
            "primary": True,
            "types": ["billing", "shipping"],
            "default": ["shipping"],
        }
    )


def visitors_of(world: Skeleton, number: int) -> Iterator[Row]:
    """The session in which a guest ordered; and some of people of whom nothing is known."""
    company, draw = world.company(number), world.draw(VISITOR, number)
    people = world.people(number) if company.guest else []
    if people or draw.chance(0.03):
        user = people[0].key if people else None
        yield _said({"key": _visitor(number), "user": user, "last_visit": _moment(draw)})


def _visitor(number: int) -> str:
    return f"visitor-{number}"


# -- what the seller's own people know ---------------------------------------------------------------------------


def contacts_of(world: Skeleton, number: int) -> Iterator[Row]:
    """The people whom the seller's staff know at a customer; some report to the first."""
    company = world.company(number)
    first = None
    for place, (key, given, family, draw) in enumerate(_known(world, number)):
        yield _contact(company, place, key, (given, family), draw, first)
        first = first or key


def _known(world: Skeleton, number: int) -> Iterator[tuple[str, Name, Name, Draw]]:
    """A customer's contacts: key, first and last name, and what else is drawn; of half of the customers there are none.

    The name is drawn first, because the key is made of it.
    """
    company, draw = world.company(number), world.draw(CONTACT, number * 100)
    land, count = company.land, draw.tail(12) if draw.chance(0.5) and not company.guest else 0
    for place in range(1, count + 1):
        own = world.draw(CONTACT, number * 100 + place)
        first, last = own.choice(land.first_names), own.choice(land.last_names)
        yield f"{first.plain}-{last.plain}-{number}-{place}", first, last, own


def _contact(company: Company, place: int, key: str, name: tuple[Name, Name], draw: Draw, first: str | None) -> Row:
    land = company.land
    given, family = name
    emails = [f"{given.plain}.{family.plain}@{company.domain}", f"{given.plain}{place}@mail.example"]
    emails += [f"purchasing@{company.domain}", f"info@{company.domain}"]
    phones = [_filled(land.phone, draw) for _ in range(draw.below(4))]
    named = place == 0 or draw.chance(0.95)
    return _said(
        {
            "key": key,
            "prefix": draw.choice(("Dr.", "Prof.")) if draw.chance(0.05) else None,
            "first_name": given.text if named else None,
            "last_name": family.text if named else None,
            "job_title": draw.choice(_JOBS) if draw.chance(0.7) else None,
            "emails": emails[: draw.choice((0, 1, 1, 1, 1, 2, 2, 3, 4))] if named else emails[:1],
            "phones": list(dict.fromkeys(phones)),
            "skype": f"{given.plain}.{family.plain}" if draw.chance(0.05) else None,
            "gender": draw.choice(("male", "female")) if draw.chance(0.3) else None,
            "birthday": _day(draw) if draw.chance(0.15) else None,
            "source": draw.choice(("call", "website", "tv", "other")) if draw.chance(0.5) else None,
            "method": draw.choice(("phone", "email", "mail")) if draw.chance(0.4) else None,
            "description": f"Speaks for {company.name}." if draw.chance(0.05) else None,
            "owner": draw.choice(_STAFF),
            "assigned_to": draw.choice(_STAFF) if draw.chance(0.3) else None,
            "reports_to": first if draw.chance(0.6) else None,
            "groups": sorted(draw.some(_IN_GROUPS, 2)),
            "external_id": f"CRM-{company.number:06}-{place}" if draw.chance(0.3) else None,
            "tags": _tags(draw, 0.1),
            "addresses": [_address_of_contact(company, draw)] if draw.chance(0.1) else [],
        }
    )


def _address_of_contact(company: Company, draw: Draw) -> Row:
    where = _place(company, draw)
    if draw.chance(0.3):  # Of a contact's address a country is enough.
        where = {"country": where["country"], "region": where["region"]}
    return _said({"key": "office", "label": "Office", **where, "primary": True, "types": ["billing"]})


def accounts_of(world: Skeleton, number: int) -> Iterator[Row]:
    """The account of a customer at the top of a tree, with the contacts there."""
    if not _has_account(world, number):
        return
    company, draw = world.company(number), world.draw(ACCOUNT, number)
    draw.share()  # The one that decided.
    contacts = sorted(key for key, *_ in _known(world, number))
    referrer = draw.between(1, number)
    referred = referrer < number and draw.chance(0.2) and _has_account(world, referrer)
    yield _said(
        {
            "key": company.key,
            "name": company.name,
            "description": f"{company.land.country}, since {draw.between(1998, 2024)}." if draw.chance(0.3) else None,
            "owner": draw.choice(_STAFF),
            "referred_by": world.company(referrer).key if referred else None,
            "contacts": contacts,
            "default_contact": contacts[0] if contacts else None,
            "external_id": f"CRM-A-{number:06}" if draw.chance(0.5) else None,
            "tags": _tags(draw, 0.2),
        }
    )


def _has_account(world: Skeleton, number: int) -> bool:
    return world.is_root(number) and not world.company(number).guest and world.draw(ACCOUNT, number).chance(0.7)


# -- sales -------------------------------------------------------------------------------------------------------


def papers_of(world: Skeleton, number: int, table: str) -> Iterator[Row]:
    """The sales documents of a customer that one table holds."""
    for paper in world.papers(number):
        if _kind(world, paper) == _TABLES[table]:
            yield _paper(world, number, paper, _TABLES[table])


def _kind(world: Skeleton, paper: int) -> str:
    """What a sales document is: told by its number alone, because every table asks."""
    return _KINDS[(paper * 61 + world.seed) % len(_KINDS)]


def _paper(world: Skeleton, number: int, paper: int, kind: str) -> Row:
    company, draw = world.company(number), world.draw(PAPER, paper)
    placed = max(draw.below(SECONDS), draw.below(SECONDS))  # Business has grown.
    visitor = company.guest and kind in ("shopping_list", "checkout") and world.users(number)
    return _said(
        {
            "number": f"{_PREFIXES[kind]}-{paper:06}",
            "customer": company.key,
            "user": _buyer(world, number, draw),
            "visitor": _visitor(number) if visitor else None,
            "status": draw.choice(_STATUSES[kind]),
            "subtotal": _amount(draw, company.land),
            "currency": company.land.currency,
            "payment_status": draw.choice(_PAYMENTS) if kind == "order" else None,
            "placed_at": _time(placed),
            "workflow_active": True if kind == "request" and draw.chance(0.3) else None,
            "tags": _tags(draw, 0.02),
        }
    )


def _buyer(world: Skeleton, number: int, draw: Draw) -> str | None:
    """Who placed it: one of the customer's users, the first ones more often; of some nobody knows."""
    people = world.people(number)
    share = draw.share()
    return people[int(share * share * len(people))].key if people and draw.chance(0.92) else None


def _amount(draw: Draw, land: Land) -> str:
    """Mostly small amounts, now and then a very large one."""
    units = draw.between(5, 400) * draw.tail(5_000)
    return f"{units}.00" if land.currency in _WITHOUT_CENTS else f"{units}.{draw.below(100):02}"


def records_of(world: Skeleton, number: int) -> Iterator[Row]:
    """Lines of shopping lists, and claims about orders."""
    company = world.company(number)
    for paper in world.papers(number):
        kind = _kind(world, paper)
        if kind not in ("order", "shopping_list"):
            continue
        draw = world.draw(RECORD, paper)
        owner = {"customer": company.key, "user": _buyer(world, number, draw)}
        parent = f"{kind.replace('_', '-')}:{_PREFIXES[kind]}-{paper:06}"
        if kind == "shopping_list":
            for line in range(1, draw.tail(4) + 1):
                key = f"sl-{paper:06}-{line}"
                yield {"entity": "shopping-list-line-item", "key": key, "parent": parent}
        elif draw.chance(0.03):
            yield _said({"entity": _OWN_ENTITY, "key": f"wc-{paper:06}", **owner, "parent": parent})


# -- values ------------------------------------------------------------------------------------------------------


_NOTHING: tuple[Any, ...] = (None, [], {})


def _said(row: Row) -> Row:
    """A record without the fields that say nothing."""
    return {name: value for name, value in row.items() if value or value not in _NOTHING}


def _tags(draw: Draw, share: float) -> list[str]:
    return sorted(draw.some(_TAGS, 3)) if draw.chance(share) else []


def _filled(pattern: str, draw: Draw) -> str:
    """A pattern with digits and capital letters in it."""
    return "".join([draw.choice(_SIGNS[sign]) if sign in _SIGNS else sign for sign in pattern])


_SIGNS: Mapping[str, str] = {"#": "0123456789", "@": "ABCDEFGHJKLMNPRSTUVWXY"}


def _day(draw: Draw) -> str:
    return (datetime(1950, 1, 1, tzinfo=UTC) + timedelta(days=draw.below(365 * 55))).date().isoformat()


def _moment(draw: Draw) -> str:
    return _time(draw.below(SECONDS))


def _time(seconds: int) -> str:
    return f"{(BEGIN + timedelta(seconds=seconds)).isoformat()}Z"
