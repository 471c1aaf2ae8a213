"""Business customers: companies that are sold to without a shop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl.commands import _address, _entries, _import, _lifetime
from custctl.commands._arguments import (
    BusinessArg,
    Emails,
    ExternalId,
    Key,
    Name,
    NewKey,
    NewName,
    OfAccount,
    OfChannel,
    Owner,
    Phones,
    SomeBusinesses,
    Tags,
)
from custctl.commands._command import Call, command, group
from custctl.commands._common import add as add_record
from custctl.commands._common import edit as edit_record
from custctl.commands._common import given, key_of, listed
from custctl.commands._common import show as show_record
from custctl.commands._lists import list_verb
from custctl.commands._many import delete_verb
from custctl.commands._merge import duplicates_verb
from custctl.resources import ACCOUNT, BUSINESS, BUSINESS_ADDRESS, CHANNEL, CONTACT
from custctl.result import Result
from custctl.store import lookup, overview

if TYPE_CHECKING:
    from custctl.store.unit import Draft, Unit

app = group("business", "Business customers: companies that are sold to without a shop.")
for entries in _entries.groups_of(BUSINESS, BusinessArg):
    app.add_typer(entries)
app.add_typer(_address.group_of(BUSINESS, BUSINESS_ADDRESS, acts=False))


def _text(name: str, words: str, metavar: str | None = None) -> Any:
    return typer.Option(f"--{name}", help=words, metavar=metavar)


Contact = Annotated[str | None, _text("contact", 'Who is spoken to; "" for nobody.', "CONTACT")]
Employees = Annotated[str | None, _text("employees", "How many people work there.", "N")]
Ownership = Annotated[str | None, _text("ownership", "Whose it is, like private or public.")]
Rating = Annotated[str | None, _text("rating", "A rating.")]
Ticker = Annotated[str | None, _text("ticker-symbol", "Its symbol at the stock exchange.")]
Website = Annotated[str | None, _text("website", "Its website.")]


list_verb(
    app,
    BUSINESS,
    "List business customers, by name.",
    examples=("custctl business list --where channel=field-sales --where 'employees>=100'",),
)


@command(app, "show", examples=("custctl business show initech",))
def show(call: Call, business: BusinessArg) -> Result:
    """Show a business customer with its addresses, and how many leads and opportunities it has."""
    row_id, _ = lookup.require(connection := call.read(), BUSINESS, business)
    return show_record(call, BUSINESS, f"id:{row_id}", {"counts": overview.sales_of_business(connection, row_id)})


@command(app, "add", examples=("custctl business add Initech --channel field-sales --email info@initech.example",))
def add(
    call: Call,
    name: Name,
    channel: OfChannel = None,
    account: OfAccount = None,
    key: Key = None,
    contact: Contact = None,
    email: Emails = None,
    phone: Phones = None,
    employees: Employees = None,
    ownership: Ownership = None,
    rating: Rating = None,
    ticker_symbol: Ticker = None,
    website: Website = None,
    owner: Owner = None,
    external_id: ExternalId = None,
    tag: Tags = None,
) -> Result:
    """Add a business customer to an enabled b2b channel; without an account one of its name is made."""
    values = _values(locals()) | given(key=key, name=name)
    return call.write(lambda unit: add_record(unit, BUSINESS, values | _links(unit, account, channel, contact), name))


@command(app, "edit", examples=("custctl business edit initech --employees 250 --tag key",))
def edit(
    call: Call,
    business: BusinessArg,
    name: NewName = None,
    key: NewKey = None,
    channel: OfChannel = None,
    account: OfAccount = None,
    contact: Contact = None,
    email: Emails = None,
    phone: Phones = None,
    employees: Employees = None,
    ownership: Ownership = None,
    rating: Rating = None,
    ticker_symbol: Ticker = None,
    website: Website = None,
    owner: Owner = None,
    external_id: ExternalId = None,
    tag: Tags = None,
) -> Result:
    """Change fields of a business customer; "" clears one, but for the account."""
    values = _values(locals()) | given(name=name)
    return call.write(lambda unit: _edit(unit, business, values, account, channel, contact, key))


def _edit(
    unit: Unit,
    text: str,
    values: dict[str, Any],
    account: str | None,
    channel: str | None,
    contact: str | None,
    new_key: str | None,
) -> Draft:
    return edit_record(unit, BUSINESS, text, values | _links(unit, account, channel, contact), new_key)


_TEXTS = ("employees", "ownership", "rating", "ticker_symbol", "website", "owner", "external_id")


def _values(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as a document has them, but for those that name other records."""
    lists = {"emails": options["email"], "phones": options["phone"], "tags": options["tag"]}
    texts = {name: options[name] for name in _TEXTS}
    return given(**texts, **{name: listed(values) for name, values in lists.items()})


def _links(unit: Unit, account: str | None, channel: str | None, contact: str | None) -> dict[str, Any]:
    """The records that were given, as keys."""
    return given(
        account=key_of(unit, ACCOUNT, account),
        channel=key_of(unit, CHANNEL, channel),
        contact=key_of(unit, CONTACT, contact),
    )


delete_verb(app, BUSINESS, SomeBusinesses, "Delete business customers with their addresses; their accounts stay.")
duplicates_verb(app, BUSINESS, ("name", "email", "phone"))
_lifetime.of_business_customers(app)
_import.register(app, BUSINESS)
