"""What the columns of a sheet mean: custctl's own headings, which are the names of fields, and OroCommerce's.

OroCommerce's are understood as its exports write them, without regard to letter case and to the number of spaces.
Source: the import and export templates of oroinc/documentation, oroinc/customer-portal and oroinc/crm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Literal, NamedTuple

from custctl import shell
from custctl.errors import CustctlError, Place, invalid, near, usage
from custctl.resources import ADDRESS_OF, ADDRESSES, CONTACT, NOUNS, RECORD, Field, Noun, fold
from custctl.store.sheets import By, Column

Headings = Literal["custctl", "oro"]

OWN_TO_REJECTS = ("_line", "_error")
"""The columns that a file of rejected rows has beside its own: read over without a word."""

_MOST_NUMBER = 999


class Meaning(NamedTuple):
    """What a heading means; `#` in the path stands for a number of the heading, counted from 1 there."""

    path: tuple[str, ...]
    by: By = "value"
    flag: str = ""


def _field(path: str, by: By = "value", flag: str = "") -> Meaning:
    return Meaning(tuple(path.split(".")), by, flag)


NOT_KEPT = Meaning(())
"""A heading of OroCommerce's that custctl keeps nothing of."""

_OWNER = {"Owner Username": _field("owner"), "Owner Id": NOT_KEPT}
_MADE = {"Organization Name": NOT_KEPT, "Created At": NOT_KEPT, "Updated At": NOT_KEPT}
_TAGS = {"Tags": _field("tags")}

_ADDRESS = {
    "Label": _field("label"),
    "Organization": _field("organization"),
    "Name prefix": NOT_KEPT,
    "First name": _field("first_name"),
    "Middle name": _field("middle_name"),
    "Last name": _field("last_name"),
    "Name suffix": NOT_KEPT,
    "Street": _field("street"),
    "Street 2": _field("street2"),
    "Zip/Postal Code": _field("postal_code"),
    "City": _field("city"),
    "State": NOT_KEPT,
    "State Combined code": _field("region"),
    "Country ISO2 code": _field("country"),
    "Address ID": NOT_KEPT,
    "Phone": _field("phone"),
    "Primary": _field("primary"),
    "Validated At": NOT_KEPT,
    "Owner Username": NOT_KEPT,
    "Owner Id": NOT_KEPT,
    "Billing": _field("types", flag="billing"),
    "Default Billing": _field("default", flag="billing"),
    "Shipping": _field("types", flag="shipping"),
    "Default Shipping": _field("default", flag="shipping"),
    "Types # Name": _field("types.#"),
}
_WITH_OWNER = {
    "Customer Id": NOT_KEPT,
    "Customer Name": NOT_KEPT,
    "Customer User ID": NOT_KEPT,
    "Email Address": NOT_KEPT,
}


def _below(prefix: str, path: str, headings: Mapping[str, Meaning]) -> dict[str, Meaning]:
    """The headings of records that stand within others."""
    return {
        f"{prefix} {heading}": meaning._replace(path=(*path.split("."), *meaning.path)) if meaning.path else NOT_KEPT
        for heading, meaning in headings.items()
    }


_BUSINESS = "Customer Business Customer"
_OF_BUSINESS = (
    *("Channel Name", "Lifetime sales value", "Account Account name", "Contact First name", "Contact Last name"),
    *("Owner Username", "Phones # Phone", "Emails # Email", "Employees", "Ownership", "Rating", "Ticker symbol"),
    *("Website", "Organization Name", "Tags"),
)
_OF_CUSTOMER = (
    *("Parent Id", "Group Name", "Owner Username", "Tax code", "Account Id", "VAT Id", "Internal rating Id"),
    "Payment term Label",
)
_WHOSE = {
    "Customer Account Account name": _field("account", "name"),
    f"{_BUSINESS} Id": _field("business_customer", "external_id"),
    f"{_BUSINESS} Customer name": _field("business_customer", "name"),
    **{f"{_BUSINESS} {heading}": NOT_KEPT for heading in _OF_BUSINESS},
    **{f"{_BUSINESS} {kind} Address {heading}": NOT_KEPT for kind in ("Shipping", "Billing") for heading in _ADDRESS},
    "Customer Customer Id": _field("customer", "external_id"),
    "Customer Customer Name": _field("customer", "name"),
    **{f"Customer Customer {heading}": NOT_KEPT for heading in _OF_CUSTOMER},
}
"""Whom leads and opportunities are about; what Oro's sheets tell of a buyer besides is in the sheets of buyers."""
_SPOKEN_TO = {
    "Contact Id": _field("contact", "external_id"),
    "Contact First name": _field("contact", "names", "first"),
    "Contact Last name": _field("contact", "names", "last"),
}

_ADDRESSES = _below("Addresses #", "addresses.#", {**_ADDRESS, **_WITH_OWNER})
_SALES_REPS = {"Sales Representatives # Username": _field("sales_reps.#")}

ORO: Mapping[str, Mapping[str, Meaning]] = {
    "customer": {
        "Id": _field("external_id"),
        "Name": _field("name"),
        "Parent Id": _field("parent", "external_id"),
        "Parent Name": _field("parent", "name"),
        "Group Name": _field("group", "name"),
        **_OWNER,
        "Tax code": _field("tax_code"),
        "Account Id": _field("account", "external_id"),
        "Account Account name": _field("account", "name"),
        "Account Name": _field("account", "name"),
        "Internal rating Id": _field("internal_rating"),
        "VAT Id": _field("vat_id"),
        **_ADDRESSES,
        "Payment term Label": _field("payment_term"),
        **_SALES_REPS,
        **_TAGS,
        **_MADE,
    },
    "customer-address": {
        **_ADDRESS,
        "Customer Id": _field("owner", "external_id"),
        "Customer Name": _field("owner", "name"),
        "Delete": _field("delete"),
    },
    "customer-user": {
        "ID": _field("external_id"),
        "Name Prefix": _field("prefix"),
        "First Name": _field("first_name"),
        "Middle Name": _field("middle_name"),
        "Last Name": _field("last_name"),
        "Name Suffix": _field("suffix"),
        "Birthday": _field("birthday"),
        "Email Address": _field("email"),
        "Customer Id": _field("customer", "external_id"),
        "Customer Name": _field("customer", "name"),
        "Roles # Role": _field("roles.#", "code"),
        "Guest": _field("guest"),
        "Enabled": _field("enabled"),
        "Confirmed": _field("confirmed"),
        **_OWNER,
        "Website Id": NOT_KEPT,
        "Website Name": NOT_KEPT,
        **_ADDRESSES,
        **_SALES_REPS,
        **_TAGS,
        **_MADE,
    },
    "customer-user-address": {
        **_ADDRESS,
        "Customer User ID": _field("owner", "external_id"),
        "Email Address": _field("owner", "email"),
        "Delete": _field("delete"),
    },
    "contact-address": {
        **_ADDRESS,
        "Contact Id": _field("owner", "external_id"),
        "Contact First name": _field("owner", "names", "first"),
        "Contact Last name": _field("owner", "names", "last"),
        "Delete": _field("delete"),
    },
    "customer-group": {
        "Id": NOT_KEPT,
        "Name": _field("name"),
        **_OWNER,
        "Payment term Label": _field("payment_term"),
        "Tax code": _field("tax_code"),
        **_TAGS,
        **_MADE,
    },
    "customer-user-role": {
        "Id": NOT_KEPT,
        "Label": _field("label"),
        "Customer Id": _field("customer", "external_id"),
        "Customer Name": _field("customer", "name"),
        "Self managed": _field("self_managed"),
        "Public": _field("public"),
        **_TAGS,
        **_MADE,
    },
    "account": {
        "Id": _field("external_id"),
        "Account name": _field("name"),
        **_OWNER,
        "Description": _field("description"),
        "Default Contact Id": _field("default_contact", "external_id"),
        "Default Contact First name": _field("default_contact", "names", "first"),
        "Default Contact Last name": _field("default_contact", "names", "last"),
        "Contacts # Id": _field("contacts.#", "external_id"),
        "Contacts # First name": _field("contacts.#", "names", "first"),
        "Contacts # Last name": _field("contacts.#", "names", "last"),
        "Referred By Id": _field("referred_by", "external_id"),
        "Referred By Account name": _field("referred_by", "name"),
        **_TAGS,
        **_MADE,
    },
    "contact": {
        "Id": _field("external_id"),
        "Name prefix": _field("prefix"),
        "First name": _field("first_name"),
        "Middle name": _field("middle_name"),
        "Last name": _field("last_name"),
        "Name suffix": _field("suffix"),
        "Gender": _field("gender"),
        "Description": _field("description"),
        "Job Title": _field("job_title"),
        "Fax": _field("fax"),
        "Skype": _field("skype"),
        "Twitter": _field("twitter"),
        "Facebook": _field("facebook"),
        "Google+": _field("google_plus"),
        "LinkedIn": _field("linkedin"),
        "Birthday": _field("birthday"),
        "Source Name": _field("source"),
        "Contact Method Name": _field("method"),
        **_OWNER,
        "Assigned to Username": _field("assigned_to"),
        "Assigned to Id": NOT_KEPT,
        "Reports to Id": _field("reports_to", "external_id"),
        "Reports to First name": _field("reports_to", "names", "first"),
        "Reports to Last name": _field("reports_to", "names", "last"),
        "Emails # Email": _field("emails.#"),
        "Phones # Phone": _field("phones.#"),
        "Groups # Label": _field("groups.#", "label"),
        "Accounts Default Contact # Account name": _field("default_contact_of.#", "name"),
        "Accounts # Id": _field("accounts.#", "external_id"),
        "Accounts # Account name": _field("accounts.#", "name"),
        **_ADDRESSES,
        "Picture URI": NOT_KEPT,
        "Picture UUID": NOT_KEPT,
        **_TAGS,
        **_MADE,
    },
    "lead": {
        "Id": _field("external_id"),
        "Lead name": _field("name"),
        "Name prefix": _field("prefix"),
        "First name": _field("first_name"),
        "Middle name": _field("middle_name"),
        "Last name": _field("last_name"),
        "Name suffix": _field("suffix"),
        "Job title": _field("job_title"),
        "Status Id": _field("status"),
        "Company name": _field("company_name"),
        "Website": _field("website"),
        "Number of employees": _field("employees"),
        "Additional comments": _field("notes"),
        "Industry": _field("industry"),
        **_SPOKEN_TO,
        **_below("Address #", "addresses.#", _ADDRESS),
        "Twitter": _field("twitter"),
        "LinkedIn": _field("linkedin"),
        **_OWNER,
        "Opportunities # Opportunity name": NOT_KEPT,
        "Emails # Email": _field("emails.#"),
        "Phones # Phone": _field("phones.#"),
        **_WHOSE,
        "Source Id": _field("source"),
        **_TAGS,
        **_MADE,
    },
    "opportunity": {
        "Id": _field("external_id"),
        "Opportunity name": _field("name"),
        "Expected close date": _field("close_date"),
        "Probability": _field("probability"),
        "Budget Amount": _field("budget"),
        "Budget Amount Currency": _field("currency"),
        "Budget Amount In Base Currency": _field("base_budget"),
        "Customer need": _field("customer_need"),
        "Close revenue": _field("close_revenue"),
        "Close revenue Currency": NOT_KEPT,
        "Close Revenue In Base Currency": _field("base_revenue"),
        "Proposed solution": _field("proposed_solution"),
        "Additional comments": _field("notes"),
        "Status Id": _field("status"),
        "Close reason Name": _field("close_reason"),
        **_SPOKEN_TO,
        "Lead Id": _field("lead", "external_id"),
        "Lead Lead name": _field("lead", "name"),
        **_OWNER,
        **_WHOSE,
        "Channel Name": NOT_KEPT,
        **_TAGS,
        **_MADE,
    },
    "contact-group": {"Id": NOT_KEPT, "Label": _field("label"), **_OWNER, **_MADE},
    "tag": {"Id": NOT_KEPT, "Name": _field("name"), "Taxonomy Name": _field("taxonomy", "name"), **_OWNER, **_MADE},
    "taxonomy": {
        "Id": NOT_KEPT,
        "Name": _field("name"),
        "Background color": _field("background_color"),
        **_OWNER,
        **_MADE,
    },
}
"""OroCommerce's headings of each noun, as it writes them, in the order of its templates."""

_TO_MANY = re.compile(
    r"\b(accounts default contact|accounts|address|addresses|contacts|emails|groups|opportunities|phones|roles"
    r"|sales representatives|types)"
    r" (\d+) "
)
_DELETABLE = frozenset(ADDRESSES)
_ACCOUNTS_OF_CONTACT = ("accounts", "default_contact_of")
"""What a row of a contact may say of accounts, though accounts keep it."""


def columns_of(
    noun: Noun, headings: Sequence[str], maps: Mapping[str, str] | None = None, places: Sequence[Place] = ()
) -> tuple[tuple[Column | None, ...], tuple[str, ...]]:
    """What the columns mean, None for one that is read over, and the headings custctl keeps nothing of.

    `maps` gives headings of the file another heading; the empty one leaves the column out. `places` says where the
    headings stand. Raises exit 4 for an unknown heading, for two of one meaning, and for a map of none.
    """
    known = _known(noun)
    renamed = _renamed(noun, headings, maps or {})
    columns: list[Column | None] = []
    ignored: list[str] = []
    seen: dict[tuple[tuple[str | int, ...], str, str], str] = {}
    for at, heading in enumerate(headings):
        place = places[at] if at < len(places) else None
        column, is_kept = _column(noun, known, heading, renamed.get(normal(heading), heading), place)
        columns.append(column)
        if not is_kept:
            ignored.append(heading)
        if column is not None:
            first = seen.setdefault((column.path, column.by, column.flag), heading)
            if first is not heading:
                message = f"{first!r} and {heading!r} mean the same"
                hint = f"leave one out: {shell.words('--map', f'{heading}=')}"
                raise invalid(message, code="headings", value=heading, hint=hint, place=place)
    return tuple(columns), tuple(ignored)


def known_meaning(noun: Noun, heading: str) -> Meaning:
    """What a heading of OroCommerce's, as the table here has it, means for a noun."""
    return _kept(noun, ORO[noun.name][heading])


def read_maps(texts: Iterable[str]) -> dict[str, str]:
    """The maps of `--map "E-Mail=email"`; raises exit 2 for another form."""
    maps: dict[str, str] = {}
    for text in texts:
        heading, equals, meaning = text.rpartition("=")
        if not equals or not heading.strip():
            raise usage(f"--map {text!r} is not HEADING=FIELD", 'like --map "E-Mail=email"')
        maps[heading] = meaning.strip()
    return maps


@cache
def normal(heading: str) -> str:
    """The form in which headings are compared."""
    return " ".join(fold(heading).split())


def known_headings(noun: Noun) -> list[str]:
    """The headings of a noun as they are written, OroCommerce's last."""
    own = [".".join(meaning.path) for _, meaning in sorted(_own(noun).items()) if meaning.path]
    return [*own, *ORO.get(noun.name, ())]


def _renamed(noun: Noun, headings: Sequence[str], maps: Mapping[str, str]) -> dict[str, str]:
    """The maps by the form in which headings are compared; each maps a heading that is there."""
    there = {normal(heading): heading for heading in headings}
    for heading, meaning in maps.items():
        if headings and normal(heading) not in there:
            message = f"--map has the heading {heading!r}, and the file does not"
            candidates = [there[name] for name in near(normal(heading), there)]
            raise invalid(message, code="headings", value=heading, candidates=candidates)
        if meaning and _found(_known(noun), meaning) is None:
            raise _no_field(noun, heading, meaning)
    return {normal(heading): meaning for heading, meaning in maps.items()}


def _column(
    noun: Noun, known: Mapping[str, Meaning], heading: str, meant: str, place: Place | None
) -> tuple[Column | None, bool]:
    """What one column means, and whether custctl keeps something of it."""
    if (heading and not meant) or heading in OWN_TO_REJECTS:
        return None, True
    found = _found(known, meant)
    if found is None:
        raise _unknown(noun, heading, place)
    meaning, numbers = found
    if not meaning.path:
        return None, False
    rest = iter(numbers)
    path = tuple(next(rest) - 1 if step == "#" else step for step in meaning.path)
    return Column(heading, path, meaning.by, meaning.flag), True


def _found(known: Mapping[str, Meaning], heading: str) -> tuple[Meaning, list[int]] | None:
    """The meaning of a heading, and the numbers in it."""
    name = normal(heading)
    dotted = re.sub(r"\.(\d+)(?=\.|$)", ".#", name)
    spaced = _TO_MANY.sub(r"\1 # ", name)
    numbers = re.findall(r"\.(\d+)(?=\.|$)", name) or [match[1] for match in _TO_MANY.findall(name)]
    meaning = known.get(dotted) or known.get(dotted.replace(" ", "_")) or known.get(spaced)
    if meaning is None or any(not 1 <= int(number[:9]) <= _MOST_NUMBER for number in numbers):
        return None
    return meaning, [int(number) for number in numbers]


def _no_field(noun: Noun, heading: str, meaning: str) -> CustctlError:
    """What --map gives a heading for its meaning is no field; the heading itself can be mapped anew."""
    written = {normal(name): name for name in known_headings(noun)}
    candidates = [written[name] for name in near(normal(meaning), written)]
    named, out = (shell.words("--map", f"{heading}={field}") for field in (*(candidates[:1] or ["name"]), ""))
    words = f"--map {heading}={meaning}: a sheet of {noun.plural} has no field {meaning!r}"
    hint = f"say what it means, like {named} or leave it out: {out}"
    return invalid(words, code="headings", value=meaning, hint=hint, candidates=candidates)


def _unknown(noun: Noun, heading: str, place: Place | None) -> CustctlError:
    if not heading:
        words, way = "the row has a name that is empty", 'the text of a row that could not be read stands under ""'
        return invalid(words, code="headings", value=heading, hint=way, place=place)
    computed = next((field for field in noun.fields if field.computed and field.name == normal(heading)), None)
    if computed is not None:
        words, way = f"{heading} of a {noun.title} is computed", f"leave it out: {shell.words('--map', f'{heading}=')}"
        return invalid(words, code="headings", value=heading, hint=way, place=place)
    written = {normal(name): name for name in known_headings(noun)}
    pattern = re.sub(r"\b\d+\b", "#", normal(heading))
    candidates = [written[name] for name in near(pattern, written)]
    named, out = shell.words("--map", f"{heading}=name"), shell.words("--map", f"{heading}=")
    hint = None if candidates else f"say what it means, like {named} or leave it out: {out}"
    return invalid(
        f"unknown heading {heading!r} for a sheet of {noun.plural}",
        code="headings",
        value=heading,
        hint=hint,
        candidates=candidates,
        place=place,
    )


@cache
def _known(noun: Noun) -> Mapping[str, Meaning]:
    """The meaning of every heading in the form in which headings are compared; custctl's own come first."""
    known = {normal(heading): _kept(noun, meaning) for heading, meaning in ORO.get(noun.name, {}).items()}
    return known | _own(noun)


def _kept(noun: Noun, meaning: Meaning) -> Meaning:
    """The meaning, unless the noun has no such field."""
    if not meaning.path:
        return meaning
    name = meaning.path[0]
    is_field = any(field.name == name for field in own_fields(noun))
    is_apart = (name == "addresses" and noun.name in ADDRESS_OF) or (name == "delete" and noun.name in _DELETABLE)
    is_of_account = noun is CONTACT and name in _ACCOUNTS_OF_CONTACT
    return meaning if is_field or is_apart or is_of_account else NOT_KEPT


_NAMED_BY: tuple[By, ...] = ("external_id", "name", "label", "code", "email")


def _own(noun: Noun) -> dict[str, Meaning]:
    """The own headings of custctl: a field, `roles.#` of a list, `addresses.#.street`, `parent.name` of a reference."""
    found: dict[str, Meaning] = {}
    for field in own_fields(noun):
        found |= _own_of(noun, field)
    kind = ADDRESS_OF.get(noun.name)
    if kind is not None:
        below = {name: meaning for name, meaning in _own(kind).items() if not name.startswith(("owner", "delete"))}
        found["addresses"] = _field("addresses")
        found |= {f"addresses.#.{name}": Meaning(("addresses", "#", *way.path), way.by) for name, way in below.items()}
    if noun.name in _DELETABLE:
        found["delete"] = _field("delete")
    return found


def _own_of(noun: Noun, field: Field) -> dict[str, Meaning]:
    """The headings of one field."""
    target = target_of(noun, field)
    by: By = "value" if target is None else "key"
    found = {field.name: Meaning((field.name,), by)}
    if target is not None:
        ways = (way for way in _NAMED_BY if target.field(way) is not None)
        found |= {f"{field.name}.{way}": Meaning((field.name,), way) for way in ways if field.kind != "links"}
    if field.kind in ("list", "links"):
        found[f"{field.name}.#"] = Meaning((field.name, "#"), by)
    return found


def own_fields(noun: Noun) -> tuple[Field, ...]:
    """The fields that a row may give: those that documents have, and whose an address is."""
    by_hand = {(RECORD.name, "parent")} | {(name, "owner") for name in ADDRESSES} | {("customer-user-role", "customer")}
    return tuple(
        field for field in noun.fields if not field.computed and (field.stored or (noun.name, field.name) in by_hand)
    )


def target_of(noun: Noun, field: Field) -> Noun | None:
    """The noun that a field leads to; tags and price lists are words, which are made where they are new.

    Choices are a table in one cell, whose keys a record's rules look at.
    """
    if noun.name in ADDRESSES and field.name == "owner":
        return ADDRESSES[noun.name][0]
    if not field.to or field.name in ("tags", "price_lists") or field.kind == "choices":
        return None
    return NOUNS[field.to]
