"""From records as documents have them to the cells of a sheet, which is read back as the same records.

A list stands in one cell under custctl's own headings, addresses in numbered columns; under OroCommerce's headings
every item has columns of its own, and other records are named by their ids and names.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TextIO

from custctl.errors import invalid, usage
from custctl.resources import ADDRESS_OF, ADDRESSES, CONTACT, NOUNS, ROLE, Noun
from custctl.store.sheets.cells import SPELLINGS, Record, joined
from custctl.store.sheets.headings import (
    NOT_KEPT,
    ORO,
    Headings,
    Meaning,
    columns_of,
    known_meaning,
    own_fields,
    target_of,
)

NameOf = Callable[[Noun, str, str], str | None]
"""The field of the record of a noun that has this key: `name_of(CUSTOMER, "acme", "external_id")`."""

_Cell = Callable[[Record], str]
_TYPES = 2
"""An address has at most two types."""


class Cells(NamedTuple):
    """The headings of a sheet, and what makes the cells of a record."""

    headings: tuple[str, ...]
    of: Callable[[Record], list[str]]


def cells_of(
    noun: Noun,
    headings: Headings = "custctl",
    *,
    fields: Sequence[str] | None = None,
    widths: Mapping[str, int] | None = None,
    name_of: NameOf | None = None,
) -> Cells:
    """How records of a noun become rows, with the columns of these fields in this order, by default of all.

    `widths` says how many items a list with columns of its own has at most, like {"addresses": 2}; see `widest`.
    `name_of` tells what OroCommerce's headings say of other records; custctl's own name them by key. Raises exit 2
    for a noun that OroCommerce has no headings of, 4 for a field that it has none of.
    """
    if headings == "oro":
        written = _oro(noun, widths or {}, fields)
        cells = [_oro_cell(noun, meaning, path, name_of or _nameless) for _, meaning, path in written]
        return _cells([heading for heading, _, _ in written], cells)
    names = told_fields(noun) if fields is None else fields
    paths = [path for name in names for path in _own_paths(noun, name, widths or {})]
    return _cells([_own_heading(path) for path in paths], [_own_cell(path) for path in paths])


def told_fields(noun: Noun, headings: Headings = "custctl") -> tuple[str, ...]:
    """The fields that a whole sheet of a noun tells; raises exit 2 for a noun that OroCommerce has no headings of."""
    if headings == "oro":
        return tuple(dict.fromkeys(str(meaning.path[0]) for _, meaning in _oro_headings(noun)))
    names = sorted((field.name for field in own_fields(noun)), key=lambda name: not _is_whose(noun, name))
    return (*names, "addresses") if noun.name in ADDRESS_OF else tuple(names)


def _is_whose(noun: Noun, name: str) -> bool:
    """Whether a field says whose an address is, which stands before its key."""
    return noun.name in ADDRESSES and name == "owner"


def _own_paths(noun: Noun, name: str, widths: Mapping[str, int]) -> Iterable[tuple[str | int, ...]]:
    if name != "addresses" or noun.name not in ADDRESS_OF:
        return [(name,)]
    parts = [field.name for field in own_fields(ADDRESS_OF[noun.name]) if field.name != "owner"]
    return [(name, number, part) for number in range(widths.get(name, 0)) for part in parts]


def _own_heading(path: Iterable[str | int]) -> str:
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in path)


def widest(records: Iterable[Record]) -> dict[str, int]:
    """How many items the lists of the records have at most."""
    widths: dict[str, int] = {}
    for record in records:
        for name, value in record.items():
            if isinstance(value, list):
                widths[name] = max(widths.get(name, 0), len(value))
    return widths


def write_rows(out: TextIO, rows: Iterable[Sequence[str]], *, delimiter: str = ",") -> None:
    """Write rows of cells as CSV, so that every one is read back as it is."""
    plain = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    quoted = csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        # The module leaves a CR without quotes where it does not end lines, and reads one as the end of a line.
        (quoted if any("\r" in cell for cell in row) else plain).writerow(row)


def _cells(headings: Sequence[str], cells: Sequence[_Cell]) -> Cells:
    return Cells(tuple(headings), lambda record: [cell(record) for cell in cells])


def _own_cell(path: tuple[str | int, ...]) -> _Cell:
    if len(path) == 1:
        name = str(path[0])
        return lambda record: _text(record.get(name))
    return lambda record: _text(_at(record, path))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return joined(value)
    if isinstance(value, int | Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _at(record: Any, path: Iterable[str | int]) -> Any:
    """What stands at a path, None where nothing does."""
    found = record
    for step in path:
        if isinstance(step, int):
            found = found[step] if isinstance(found, list) and step < len(found) else None
        else:
            found = found.get(step) if isinstance(found, dict) else None
    return found


# -- under OroCommerce's headings ----------------------------------------------------------------------------------


class _Written(NamedTuple):
    heading: str
    meaning: Meaning
    path: tuple[str | int, ...]


def _oro(noun: Noun, widths: Mapping[str, int], fields: Sequence[str] | None) -> list[_Written]:
    """The columns in the order of the templates, or of the fields asked for; those of one item stand together."""
    groups: dict[str, list[tuple[str, Meaning]]] = {}
    for heading, meaning in _oro_headings(noun):
        group = heading.partition(" # ")[0] if " # " in heading and meaning.path[0] != "types" else heading
        groups.setdefault(group, []).append((heading, meaning))
    found: list[_Written] = []
    for columns in groups.values() if fields is None else _chosen(noun, list(groups.values()), fields):
        name = columns[0][1].path[0]
        count = widths.get(name, 0) if "#" in columns[0][1].path and name != "types" else 1
        for number in range(count):
            for heading, meaning in columns:
                found += _expanded(heading, meaning, number)
    return found


def _chosen(
    noun: Noun, groups: Iterable[list[tuple[str, Meaning]]], fields: Sequence[str]
) -> Iterator[list[tuple[str, Meaning]]]:
    """The columns of the fields, in their order; raises exit 4 for a field without one."""
    of_field: dict[str, list[list[tuple[str, Meaning]]]] = {}
    for columns in groups:
        of_field.setdefault(columns[0][1].path[0], []).append(columns)
    for name in fields:
        if name not in of_field:
            message = f"OroCommerce has no column for {name!r} of {noun.plural}"
            raise invalid(message, code="unknown-field", field=name, hint=f"it has some for {', '.join(of_field)}")
        yield from of_field[name]


def _oro_headings(noun: Noun) -> Iterator[tuple[str, Meaning]]:
    """OroCommerce's headings of what custctl keeps, each meaning once; raises exit 2 where it has none."""
    if noun.name not in ORO:
        known = ", ".join(dict.fromkeys(NOUNS[name].plural for name in ORO))
        raise usage(f"OroCommerce has no sheets of {noun.plural}", f"it has those of {known}")
    done: set[Meaning] = set()
    for heading in ORO[noun.name]:
        meaning = known_meaning(noun, heading)
        if meaning is not NOT_KEPT and meaning not in done and _is_exported(noun, meaning):
            done.add(meaning)
            yield heading, meaning


def _is_exported(noun: Noun, meaning: Meaning) -> bool:
    """Of two ways to say the types of an address that of the noun's template, and nothing that is no field."""
    of_contact = noun is CONTACT or noun.name == "contact-address"
    if meaning.path[-2:] == ("types", "#"):
        return of_contact
    if meaning.path[-1] == "types" and meaning.flag:
        return not of_contact
    return meaning.path[0] not in ("delete", "default_contact_of")


def _expanded(heading: str, meaning: Meaning, number: int) -> list[_Written]:
    """The heading with its number; within an address, as many of a list as an address can have."""
    inner = (
        range(_TYPES)
        if meaning.path[-1] == "#" and (meaning.path.count("#") > 1 or meaning.path[0] == "types")
        else (0,)
    )
    written: list[_Written] = []
    for within in inner:
        numbers = iter([number, within] if meaning.path[0] != "types" else [within])
        path = tuple(next(numbers) if step == "#" else step for step in meaning.path)
        shown = (str(step + 1) for step in path if isinstance(step, int))
        written.append(_Written(_numbered_heading(heading, shown), meaning, path))
    return written


def _numbered_heading(heading: str, numbers: Iterator[str]) -> str:
    return re.sub("#", lambda _: next(numbers), heading)


def _oro_cell(noun: Noun, meaning: Meaning, path: tuple[str | int, ...], name_of: NameOf) -> _Cell:
    if meaning.by not in ("value", "key"):
        return _name_cell(_target(noun, meaning), meaning, path, name_of)
    field = noun.field(meaning.path[0])
    if field is not None and field.kind == "day":
        return lambda record: _oro_date(_at(record, path))
    if (noun.name, meaning.path[0]) == ("opportunity", "status"):
        return lambda record: _IN_ORO.get(_text(_at(record, path)), _text(_at(record, path)))
    if meaning.flag:
        return lambda record: "" if (words := _at(record, path)) is None else _digit(meaning.flag in words)
    return lambda record: _digit(value) if isinstance(value := _at(record, path), bool) else _text(value)


_IN_ORO = {ours: theirs for theirs, ours in SPELLINGS["opportunity", "status"].items()}


def _oro_date(text: str | None) -> str:
    """A day as OroCommerce writes it, 04/19/1987."""
    if not text:
        return ""
    year, month, day = text.split("-")
    return f"{month}/{day}/{year}"


def _digit(value: bool) -> str:
    return "1" if value else "0"


def _target(noun: Noun, meaning: Meaning) -> Noun:
    field = noun.field(meaning.path[0])
    target = None if field is None else target_of(noun, field)
    assert target is not None
    return target


def _name_cell(target: Noun, meaning: Meaning, path: tuple[str | int, ...], name_of: NameOf) -> _Cell:
    wanted = f"{meaning.flag}_name" if meaning.by == "names" else meaning.by

    def cell(record: Record) -> str:
        key = _at(record, path)
        if key is None:
            return ""
        found = name_of(target, key, wanted)
        return (found or name_of(target, key, "label") or "") if target is ROLE else found or ""

    return cell


def _nameless(_noun: Noun, _key: str, _field: str) -> None:
    return None


# -- templates -----------------------------------------------------------------------------------------------------

_ADDRESS_PARTS = (
    "Label,Organization,Name prefix,First name,Middle name,Last name,Name suffix,Street,Street 2,Zip/Postal Code,City,"
    "State,State Combined code,Country ISO2 code"
)
_FLAGS = "Billing,Default Billing,Shipping,Default Shipping,Delete,Validated At"


def _numbered(prefix: str, parts: str) -> str:
    return ",".join(f"{prefix} {part}" for part in parts.split(","))


_TEMPLATES = {
    "customer": "ID,Name,Parent ID,Group Name,Owner ID,Tax Code,Account ID,VAT ID,Payment term Label",
    "customer-address": f"{_ADDRESS_PARTS},Address ID,Phone,Primary,Customer Id,Customer Name,Owner Username,{_FLAGS}",
    "customer-user": (
        "ID,Name Prefix,First Name,Middle Name,Last Name,Name Suffix,Birthday,Email Address,Customer Id,Customer Name,"
        "Roles 1 Role,Enabled,Confirmed,Owner Id,Website Id"
    ),
    "customer-user-address": (
        f"{_ADDRESS_PARTS.replace(' prefix', ' Prefix').replace(' suffix', ' Suffix').replace(' name', ' Name')},"
        f"Address ID,Phone,Primary,Customer User ID,Email Address,Owner Username,{_FLAGS}"
    ),
    "account": "ID,Account Name,Owner Username,Default Contact First name,Organization Name",
    "contact": (
        "Id,Name prefix,First name,Middle name,Last name,Name suffix,Gender,Description,Job Title,Fax,Skype,Twitter,"
        "Facebook,Google+,LinkedIn,Birthday,Source Name,Contact Method Name,Owner Username,Assigned to Username,"
        "Emails 1 Email,Emails 2 Email,Emails 3 Email,Phones 1 Phone,Phones 2 Phone,Phones 3 Phone,Groups 1 Label,"
        "Groups 2 Label,Accounts Default Contact 1 Account name,Accounts 1 Account name,Accounts 2 Account name,"
        + ",".join(
            _numbered(f"Addresses {number}", f"{_ADDRESS_PARTS},Types 1 Name,Types 2 Name") for number in (1, 2, 3)
        )
        + ",Organization Name,Picture URI,Picture UUID,Tags"
    ),
    "contact-group": "Label",
    "lead": (
        "ID,Lead Name,Name prefix,First name,Last Name,Status Id,Company name,Address 1 Label,Twitter,LinkedIn,"
        "Owner Username"
    ),
    "opportunity": (
        "ID,Opportunity Name,Expected Close Date,Probability,Budget Amount,Budget Amount Currency,Close Revenue,"
        "Close Revenue Currency,Status Id,Contact First Name,Contact Last Name"
    ),
}
"""OroCommerce's templates. Source: oroinc/documentation user/back-office/customers and user/back-office/sales;
oroinc/customer-portal CustomerBundle Tests/Behat; oroinc/crm ContactBundle export_template_with_oro_org.csv."""

_ADDRESS: Record = {
    "label": "Head office",
    "first_name": "Jerry",
    "last_name": "Coleman",
    "street": "1215 Caldwell Road",
    "city": "Rochester",
    "postal_code": "14608",
    "country": "US",
    "region": "US-NY",
    "primary": True,
    "types": ["billing", "shipping"],
    "default": ["billing"],
}
_SAMPLES: Mapping[str, Record] = {
    "customer": {
        "name": "Company A",
        "external_id": "1111",
        "tax_code": "FOREIGN_GOVERNMENTS",
        "vat_id": "DE123456789",
        "payment_term": "net 60",
        "tags": ["first tag", "second tag"],
        "addresses": [_ADDRESS],
    },
    "customer-address": {"owner": "company-a", **_ADDRESS},
    "customer-user": {
        "email": "jerry.coleman@example.org",
        "first_name": "Jerry",
        "last_name": "Coleman",
        "birthday": "1987-04-19",
        "roles": ["buyer"],
        "enabled": True,
        "confirmed": True,
        "external_id": "1",
    },
    "customer-user-address": {"owner": "jerry.coleman@example.org", **_ADDRESS},
    "contact-address": {"owner": "jerry-coleman", **_ADDRESS},
    "customer-group": {"name": "Partners", "payment_term": "net 60"},
    "customer-user-role": {"label": "Approver", "permissions": {"order": {"view": "department"}}},
    "account": {"name": "Company A", "external_id": "111", "owner": "admin"},
    "contact": {
        "first_name": "Jerry",
        "last_name": "Coleman",
        "gender": "male",
        "birthday": "1973-03-07",
        "emails": ["jerry.coleman@example.org"],
        "phones": ["585-255-1127"],
        "groups": ["sales-group"],
        "tags": ["first tag", "second tag"],
        "addresses": [_ADDRESS],
    },
    "contact-group": {"label": "Partners"},
    "lead": {
        "name": "Gov Mart",
        "prefix": "Mr",
        "first_name": "Jerry",
        "last_name": "Coleman",
        "status": "new",
        "company_name": "Gov Mart",
        "emails": ["jerry.coleman@example.org"],
        "twitter": "@Jerry",
        "external_id": "111",
        "owner": "admin",
    },
    "lead-address": {"owner": "gov-mart", **_ADDRESS},
    "opportunity": {
        "name": "Henry Vining",
        "account": "company-a",
        "status": "negotiation",
        "close_date": "2027-12-15",
        "probability": 80,
        "budget": "2000.00",
        "currency": "USD",
        "external_id": "111",
    },
    "visitor": {"key": "visitor-1", "last_visit": "2025-01-15T10:00:00Z"},
    "channel": {"name": "Trade fairs", "type": "b2b"},
    "business-customer": {
        "name": "Gov Mart",
        "account": "company-a",
        "channel": "trade-fairs",
        "emails": ["jerry.coleman@example.org"],
        "employees": 120,
        "website": "https://gov-mart.example",
        "external_id": "111",
        "owner": "admin",
    },
    "business-customer-address": {"owner": "gov-mart", **_ADDRESS},
    "activity": {
        "kind": "call",
        "subject": "Delivery dates",
        "direction": "outgoing",
        "at": "2027-01-15T10:00:00Z",
        "contacts": ["jerry-coleman"],
        "owner": "admin",
    },
    "marketing-event": {
        "campaign": "spring-2025",
        "type": "send",
        "at": "2025-03-01T08:00:00Z",
        "contact": "jerry-coleman",
    },
    "content": {"title": "Terms of delivery", "kind": "block"},
    "content-variant": {"content": "commerce-main-menu", "language": "de", "text": "Produkte, Schnellbestellung"},
    "category": {"name": "Pumps"},
    "product": {"sku": "PMP-1", "name": "Garden pump", "status": "enabled"},
    "price-list": {"name": "Wholesale", "currency": "USD"},
    "price": {"price_list": "wholesale", "product": "pmp-1", "quantity": 1, "amount": "12.50"},
    "taxonomy": {"name": "Region", "background_color": "#1A2B3C"},
    "tag": {"name": "Preferred"},
    **{
        noun: {"number": "NR-1", "customer": "company-a", "subtotal": "100.00", "currency": "USD"}
        for noun in ("order", "quote", "request", "shopping-list", "checkout")
    },
}
"""A record of each noun that people write by hand; what it refers to is there from the start, or in another sample."""

_SAMPLE_NAMES = {
    ("company-a", "name"): "Company A",
    ("company-a", "external_id"): "1111",
    ("jerry.coleman@example.org", "email"): "jerry.coleman@example.org",
    ("jerry.coleman@example.org", "external_id"): "1",
    ("jerry-coleman", "first_name"): "Jerry",
    ("jerry-coleman", "last_name"): "Coleman",
    ("buyer", "code"): "ROLE_FRONTEND_BUYER",
    ("sales-group", "label"): "Sales Group",
}


def template(noun: Noun, headings: Headings = "custctl") -> list[list[str]]:
    """A sheet to fill in: the headings, and where the noun has one a sample row (feature I-01); raises exit 2."""
    sample = _SAMPLES.get(noun.name)
    genuine = _TEMPLATES.get(noun.name) if headings == "oro" else None
    if genuine is None:
        cells = cells_of(noun, headings, widths={"addresses": 1, **widest([sample or {}])}, name_of=_sample_name)
        return [list(cells.headings), *([cells.of(sample)] if sample else [])]
    names = genuine.split(",")
    columns, _ = columns_of(noun, names)
    row = [
        _oro_cell(noun, Meaning((str(column.path[0]),), column.by, column.flag), column.path, _sample_name)(
            sample or {}
        )
        if column is not None and not _is_apart(noun, column.path)
        else ""
        for column in columns
    ]
    return [names, row]


def _is_apart(noun: Noun, path: Sequence[str | int]) -> bool:
    """Whether a column says what no record of the noun has."""
    return noun.field(str(path[0])) is None and path[0] != "addresses"


def _sample_name(_noun: Noun, key: str, field: str) -> str | None:
    return _SAMPLE_NAMES.get((key, field))


assert set(_SAMPLES) <= set(NOUNS)
