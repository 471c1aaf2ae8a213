"""Accounts: companies as the seller's own people know them, with the contacts there."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl.commands import _import, _lifetime
from custctl.commands._arguments import (
    AccountArg,
    After,
    ContactsArg,
    Count,
    ExternalId,
    Key,
    Limit,
    Name,
    NewKey,
    NewName,
    Owner,
    SomeAccounts,
    Sort,
    Tags,
    Where,
)
from custctl.commands._command import Call, command, group
from custctl.commands._common import Asked, find, given, key_of, keys_of, link, listed, listing, unlink, write_item
from custctl.commands._common import add as add_record
from custctl.commands._common import edit as edit_record
from custctl.commands._common import show as show_record
from custctl.commands._lists import list_verb
from custctl.commands._many import delete_verb
from custctl.commands._merge import duplicates_verb, merge_verb
from custctl.errors import usage
from custctl.resources import ACCOUNT, CONTACT
from custctl.result import Result
from custctl.store import lookup, overview, reads

if TYPE_CHECKING:
    from custctl.store.unit import Draft, Unit

app = group("account", "Accounts: companies as the seller's own people know them.")
contact_app = group("contact", "The contacts of an account.")
app.add_typer(contact_app)

Description = Annotated[str | None, typer.Option("--description", help="A description.")]
ReferredBy = Annotated[
    str | None, typer.Option("--referred-by", metavar="ACCOUNT", help='The account that referred it; "" for none.')
]
DefaultContact = Annotated[
    str | None,
    typer.Option("--default-contact", metavar="CONTACT", help="The contact it is reached by, one of its contacts."),
]
Contacts = Annotated[
    list[str] | None, typer.Option("--contact", metavar="CONTACT", help="A contact; repeat it for the whole list.")
]


list_verb(
    app,
    ACCOUNT,
    "List accounts, by name.",
    examples=("custctl account list --where tags=vip --fields key,name,owner,tags",),
)


@command(
    app,
    "show",
    examples=("custctl account show acme", "custctl account show acme --most 50 -o json"),
)
def show(
    call: Call,
    account: AccountArg,
    most: Annotated[int, typer.Option("--most", metavar="N", min=0, help="So many of each kind; counts tell all.")] = 3,
) -> Result:
    """Show the whole company: contacts, channels, customers, their users, sales documents, leads and opportunities."""
    connection = call.read()
    image = reads.record(connection, ACCOUNT, account)
    people = reads.account_contacts(connection, image)
    extra = {"contact_details": people, **overview.of_account(connection, image["id"], most)}
    shown = show_record(call, ACCOUNT, f"id:{image['id']}", extra)
    return shown if call.option("fields") is not None else replace(shown, view="overview")


@command(app, "add", examples=("custctl account add Acme --owner 'Sam Delgado' --default-contact ann-lee --tag vip",))
def add(
    call: Call,
    name: Name,
    key: Key = None,
    description: Description = None,
    owner: Owner = None,
    referred_by: ReferredBy = None,
    contact: Contacts = None,
    default_contact: DefaultContact = None,
    external_id: ExternalId = None,
    tag: Tags = None,
) -> Result:
    """Add an account."""
    values = given(key=key, name=name, description=description, owner=owner, external_id=external_id, tags=listed(tag))
    links = partial(_links, referred_by=referred_by, contacts=listed(contact), default_contact=default_contact)
    return call.write(lambda unit: add_record(unit, ACCOUNT, values | links(unit), name))


def _links(
    unit: Unit, referred_by: str | None, contacts: list[str] | None, default_contact: str | None
) -> dict[str, Any]:
    """The records that were given, as keys."""
    return given(
        referred_by=key_of(unit, ACCOUNT, referred_by),
        contacts=contacts and keys_of(unit, CONTACT, contacts),
        default_contact=key_of(unit, CONTACT, default_contact),
    )


@command(app, "edit", examples=("custctl account edit acme --default-contact ben@acme.example --tag vip --tag key",))
def edit(
    call: Call,
    account: AccountArg,
    name: NewName = None,
    key: NewKey = None,
    description: Description = None,
    owner: Owner = None,
    referred_by: ReferredBy = None,
    contact: Contacts = None,
    default_contact: DefaultContact = None,
    external_id: ExternalId = None,
    tag: Tags = None,
) -> Result:
    """Change fields of an account; "" clears one."""
    values = given(name=name, description=description, owner=owner, external_id=external_id, tags=listed(tag))
    links = partial(_links, referred_by=referred_by, contacts=listed(contact), default_contact=default_contact)
    return call.write(lambda unit: edit_record(unit, ACCOUNT, account, values | links(unit), key))


delete_verb(app, ACCOUNT, SomeAccounts, "Delete accounts; their contacts stay.")


merge_verb(
    app,
    ACCOUNT,
    "Make two to five accounts one; everything that named the others names the first from then on.",
    examples=("custctl account merge acme acme-2 --take owner=acme-2 --take contacts=all --dry-run",),
)
duplicates_verb(app, ACCOUNT, ("name", "email", "phone"))


@command(contact_app, "list")
def contact_list(
    call: Call,
    account: AccountArg,
    where: Where = None,
    sort: Sort = None,
    limit: Limit = None,
    after: After = None,
    count: Count = False,
) -> Result:
    """List the contacts of an account, by last and first name."""
    row_id, _ = lookup.require(call.read(), ACCOUNT, account)
    return listing(call, CONTACT, Asked(where, sort, limit, after, count), reads.linked(CONTACT, "accounts", row_id))


@command(contact_app, "add", examples=("custctl account contact add acme ann-lee ben@acme.example",))
def contact_add(
    call: Call,
    account: AccountArg,
    contacts: ContactsArg,
    default: Annotated[bool, typer.Option("--default", help="Make it the default contact; one only.")] = False,
) -> Result:
    """Put contacts into an account; they stay in others too."""
    if default and len(contacts) > 1:
        raise usage("--default takes one contact", "add the others without it")
    return call.write(lambda unit: _add_contacts(unit, account, contacts, default=default))


def _add_contacts(unit: Unit, account: str, contacts: list[str], *, default: bool) -> Draft:
    draft = find(unit, ACCOUNT, account)
    keys = keys_of(unit, CONTACT, contacts)
    if default:
        return write_item(unit, ACCOUNT, {"key": draft.key, "default_contact": keys[0]})
    return link(unit, draft, "contacts", keys)


@command(contact_app, "remove")
def contact_remove(call: Call, account: AccountArg, contacts: ContactsArg) -> Result:
    """Take contacts out of an account; they are kept."""
    return call.write(
        lambda unit: unlink(unit, find(unit, ACCOUNT, account), "contacts", keys_of(unit, CONTACT, contacts))
    )


_lifetime.of_accounts(app)
_lifetime.purchases(app, ACCOUNT, AccountArg)
_import.register(app, ACCOUNT)
