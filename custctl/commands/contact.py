"""Contacts: people known to the seller, who need not sign in, and the groups they are put into."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl.commands import _address, _entries, _import
from custctl.commands._arguments import (
    After,
    Birthday,
    ContactArg,
    ContactGroupArg,
    ContactsArg,
    Count,
    Emails,
    ExternalId,
    FirstName,
    Key,
    LastName,
    Limit,
    MiddleName,
    NewKey,
    Owner,
    Phones,
    Prefix,
    SomeContactGroups,
    SomeContacts,
    Sort,
    Suffix,
    Tags,
    Where,
)
from custctl.commands._command import Call, command, group
from custctl.commands._common import Asked, find, given, key_of, keys_of, link, listed, listing, unlink
from custctl.commands._common import add as add_record
from custctl.commands._common import edit as edit_record
from custctl.commands._common import show as show_record
from custctl.commands._lists import list_verb
from custctl.commands._many import delete_verb
from custctl.commands._merge import duplicates_verb, merge_verb
from custctl.resources import ACCOUNT, CONTACT, CONTACT_ADDRESS, CONTACT_GROUP
from custctl.result import Result
from custctl.store import lookup, reads

if TYPE_CHECKING:
    from custctl.store.unit import Draft, Unit

app = group("contact", "Contacts: people known to the seller, who need not sign in.")
for entries in _entries.groups_of(CONTACT, ContactArg):
    app.add_typer(entries)
app.add_typer(_address.group_of(CONTACT, CONTACT_ADDRESS, acts=False))
group_app = group("group", "Contact groups, like Sales Group; a contact may be in several.")
app.add_typer(group_app)
member_app = group("member", "The contacts of a contact group.")
group_app.add_typer(member_app)


def _text(name: str, words: str, metavar: str | None = None) -> Any:
    return typer.Option(f"--{name}", help=words, metavar=metavar)


JobTitle = Annotated[str | None, _text("job-title", "Job title.")]
Fax = Annotated[str | None, _text("fax", "Fax number.")]
Skype = Annotated[str | None, _text("skype", "Skype name.")]
Twitter = Annotated[str | None, _text("twitter", "Twitter handle or address.")]
Facebook = Annotated[str | None, _text("facebook", "Facebook handle or address.")]
GooglePlus = Annotated[str | None, _text("google-plus", "Google+ handle or address.")]
LinkedIn = Annotated[str | None, _text("linkedin", "LinkedIn handle or address.")]
Gender = Annotated[str | None, _text("gender", "male or female.")]
Source = Annotated[str | None, _text("source", "How the contact was found: call, tv, website or other.")]
Method = Annotated[str | None, _text("method", "The preferred way of contact: phone, email or mail.")]
Description = Annotated[str | None, _text("description", "A description.")]
AssignedTo = Annotated[str | None, _text("assigned-to", "Who in the back office looks after the contact, as text.")]
ReportsTo = Annotated[str | None, _text("reports-to", 'The contact above; "" for none.', "CONTACT")]
Groups = Annotated[list[str] | None, _text("group", "A contact group; may be repeated.", "CONTACT_GROUP")]
Accounts = Annotated[list[str] | None, _text("account", "An account to put it into; may be repeated.", "ACCOUNT")]


list_verb(
    app,
    CONTACT,
    "List contacts, by last and first name.",
    examples=("custctl contact list --where groups=sales-group --where 'email~@acme.example'",),
)


@command(app, "show", examples=("custctl contact show ann@acme.example",))
def show(call: Call, contact: ContactArg) -> Result:
    """Show a contact with its addresses, groups and accounts."""
    return show_record(call, CONTACT, contact)


@command(
    app,
    "add",
    examples=("custctl contact add --first-name Ann --last-name Lee --email ann@acme.example --account acme",),
)
def add(
    call: Call,
    first_name: FirstName = None,
    last_name: LastName = None,
    email: Emails = None,
    phone: Phones = None,
    key: Key = None,
    prefix: Prefix = None,
    middle_name: MiddleName = None,
    suffix: Suffix = None,
    job_title: JobTitle = None,
    account: Accounts = None,
    group: Groups = None,
    reports_to: ReportsTo = None,
    source: Source = None,
    method: Method = None,
    gender: Gender = None,
    birthday: Birthday = None,
    fax: Fax = None,
    skype: Skype = None,
    twitter: Twitter = None,
    facebook: Facebook = None,
    google_plus: GooglePlus = None,
    linkedin: LinkedIn = None,
    description: Description = None,
    owner: Owner = None,
    assigned_to: AssignedTo = None,
    external_id: ExternalId = None,
    tag: Tags = None,
) -> Result:
    """Add a contact: a name, an e-mail address or a phone number."""
    values = _values(locals()) | given(key=key)
    return call.write(lambda unit: _add(unit, values, reports_to, listed(group), listed(account) or []))


@command(app, "edit", examples=("custctl contact edit ann-lee --job-title Buyer --reports-to ben-ash",))
def edit(
    call: Call,
    contact: ContactArg,
    first_name: FirstName = None,
    last_name: LastName = None,
    email: Emails = None,
    phone: Phones = None,
    key: NewKey = None,
    prefix: Prefix = None,
    middle_name: MiddleName = None,
    suffix: Suffix = None,
    job_title: JobTitle = None,
    account: Annotated[
        list[str] | None, _text("account", "The accounts it is in from now on; may be repeated.", "ACCOUNT")
    ] = None,
    group: Annotated[
        list[str] | None, _text("group", "The groups it is in from now on; may be repeated.", "CONTACT_GROUP")
    ] = None,
    reports_to: ReportsTo = None,
    source: Source = None,
    method: Method = None,
    gender: Gender = None,
    birthday: Birthday = None,
    fax: Fax = None,
    skype: Skype = None,
    twitter: Twitter = None,
    facebook: Facebook = None,
    google_plus: GooglePlus = None,
    linkedin: LinkedIn = None,
    description: Description = None,
    owner: Owner = None,
    assigned_to: AssignedTo = None,
    external_id: ExternalId = None,
    tag: Tags = None,
) -> Result:
    """Change fields of a contact; "" clears one."""
    values = _values(locals())
    return call.write(lambda unit: _edit(unit, contact, values, reports_to, listed(group), listed(account), key))


_TEXTS = (
    *("prefix", "first_name", "middle_name", "last_name", "suffix", "job_title", "fax", "skype", "twitter"),
    *("facebook", "google_plus", "linkedin", "gender", "birthday", "source", "method", "description", "owner"),
    *("assigned_to", "external_id"),
)


def _values(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as a document has them, but for those that name other records."""
    lists = {"emails": options["email"], "phones": options["phone"], "tags": options["tag"]}
    texts = {name: options[name] for name in _TEXTS}
    return given(**texts, **{name: listed(values) for name, values in lists.items()})


def _links(unit: Unit, reports_to: str | None, groups: list[str] | None) -> dict[str, Any]:
    """The contact above and the groups, where they were given, as keys."""
    return given(reports_to=key_of(unit, CONTACT, reports_to), groups=groups and keys_of(unit, CONTACT_GROUP, groups))


def _add(
    unit: Unit, values: dict[str, Any], reports_to: str | None, groups: list[str] | None, accounts: list[str]
) -> None:
    """A new contact is called like the person, else like the primary e-mail address (design 3)."""
    name = " ".join(values[part] for part in ("first_name", "last_name") if values.get(part))
    title = name or next(iter(values.get("emails", ())), "")
    draft = add_record(unit, CONTACT, values | _links(unit, reports_to, groups), title)
    _put_into(unit, draft, keys_of(unit, ACCOUNT, accounts))


def _edit(
    unit: Unit,
    text: str,
    values: dict[str, Any],
    reports_to: str | None,
    groups: list[str] | None,
    accounts: list[str] | None,
    new_key: str | None,
) -> None:
    values = values | _links(unit, reports_to, groups)
    if accounts is None:
        edit_record(unit, CONTACT, text, values, new_key)
        return
    draft = find(unit, CONTACT, text)
    held, wanted = reads.by_id(unit.connection, CONTACT, draft.id)["accounts"], keys_of(unit, ACCOUNT, accounts)
    if values or new_key is not None:
        draft = edit_record(unit, CONTACT, f"id:{draft.id}", values, new_key)
    _put_into(unit, draft, [key for key in wanted if key not in held])
    for key in held:
        if key not in wanted:
            unlink(unit, unit.get(ACCOUNT, key), "contacts", [draft.key])


def _put_into(unit: Unit, draft: Draft, accounts: list[str]) -> None:
    for key in accounts:
        link(unit, unit.get(ACCOUNT, key), "contacts", [draft.key])


delete_verb(
    app,
    CONTACT,
    SomeContacts,
    "Delete contacts with their addresses; their accounts stay.",
)

merge_verb(
    app,
    CONTACT,
    "Make two to five contacts one; everything that named the others names the first from then on.",
    examples=("custctl contact merge ann-lee a-lee --take emails=all --take job_title=a-lee --dry-run",),
)
duplicates_verb(app, CONTACT, ("email", "phone", "name"))


# -- groups --------------------------------------------------------------------------------------------------------

GroupLabel = Annotated[str, typer.Argument(metavar="LABEL", help="The label, 3 to 255 characters.")]


list_verb(group_app, CONTACT_GROUP, "List contact groups, by label.")


@command(group_app, "show")
def group_show(call: Call, contact_group: ContactGroupArg) -> Result:
    """Show a contact group."""
    return show_record(call, CONTACT_GROUP, contact_group)


@command(group_app, "add", examples=("custctl contact group add 'Trade fair 2026' --owner 'Sam Delgado'",))
def group_add(call: Call, label: GroupLabel, key: Key = None, owner: Owner = None) -> Result:
    """Add a contact group."""
    return call.write(lambda unit: add_record(unit, CONTACT_GROUP, given(key=key, label=label, owner=owner), label))


@command(group_app, "edit")
def group_edit(
    call: Call,
    contact_group: ContactGroupArg,
    label: Annotated[str | None, _text("label", "The label, 3 to 255 characters.")] = None,
    key: NewKey = None,
    owner: Owner = None,
) -> Result:
    """Change fields of a contact group; "" clears one."""
    return call.write(
        lambda unit: edit_record(unit, CONTACT_GROUP, contact_group, given(label=label, owner=owner), key)
    )


delete_verb(
    group_app,
    CONTACT_GROUP,
    SomeContactGroups,
    "Delete contact groups; their contacts stay. Those that every shop has cannot be deleted.",
)


@command(member_app, "list")
def member_list(
    call: Call,
    contact_group: ContactGroupArg,
    where: Where = None,
    sort: Sort = None,
    limit: Limit = None,
    after: After = None,
    count: Count = False,
) -> Result:
    """List the contacts of a contact group, by last and first name."""
    row_id, _ = lookup.require(call.read(), CONTACT_GROUP, contact_group)
    return listing(call, CONTACT, Asked(where, sort, limit, after, count), reads.linked(CONTACT, "groups", row_id))


@command(member_app, "add", examples=("custctl contact group member add sales-group ann-lee ben-ash",))
def member_add(call: Call, contact_group: ContactGroupArg, contacts: ContactsArg) -> Result:
    """Put contacts into a contact group; they stay in others too."""
    return call.write(lambda unit: _members(unit, contact_group, contacts, link))


@command(member_app, "remove")
def member_remove(call: Call, contact_group: ContactGroupArg, contacts: ContactsArg) -> Result:
    """Take contacts out of a contact group."""
    return call.write(lambda unit: _members(unit, contact_group, contacts, unlink))


def _members(unit: Unit, contact_group: str, contacts: list[str], change: Callable[..., Draft]) -> None:
    """Membership stands with the contacts."""
    key = find(unit, CONTACT_GROUP, contact_group).key
    for contact in keys_of(unit, CONTACT, contacts):
        change(unit, unit.get(CONTACT, contact), "groups", [key])


_import.register(app, CONTACT)
_import.register(group_app, CONTACT_GROUP)
