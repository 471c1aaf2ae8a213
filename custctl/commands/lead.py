"""Leads: people and companies that may become customers, until one is qualified, disqualified or converted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl import shell
from custctl.commands import _address, _entries, _import
from custctl.commands._arguments import (
    Emails,
    ExternalId,
    FirstName,
    Key,
    LastName,
    LeadArg,
    MiddleName,
    Name,
    NewKey,
    NewName,
    Owner,
    Phones,
    Prefix,
    SomeLeads,
    Suffix,
    Tags,
    Where,
)
from custctl.commands._command import Call, command, group
from custctl.commands._common import add as add_record
from custctl.commands._common import edit as edit_record
from custctl.commands._common import find, given, key_of, listed, write_items
from custctl.commands._common import show as show_record
from custctl.commands._conversion import conversion
from custctl.commands._many import Verb, carry_out, choose, delete_verb
from custctl.commands._merge import duplicates_verb
from custctl.commands._views import list_by_view
from custctl.errors import Problem, conflict, usage
from custctl.resources import ACCOUNT, BUSINESS, CONTACT, CUSTOMER, LEAD, LEAD_ADDRESS
from custctl.result import Result

if TYPE_CHECKING:
    from custctl.store.removal import Outcome
    from custctl.store.unit import Draft, Unit

app = group("lead", "Leads: people and companies that may become customers.")
for entries in _entries.groups_of(LEAD, LeadArg):
    app.add_typer(entries)
app.add_typer(_address.group_of(LEAD, LEAD_ADDRESS, acts=False))


def _text(name: str, words: str, metavar: str | None = None) -> Any:
    return typer.Option(f"--{name}", help=words, metavar=metavar)


Status = Annotated[str | None, _text("status", "What has become of it.", "new|qualified|canceled")]
CompanyName = Annotated[str | None, _text("company-name", "The company's name.")]
JobTitle = Annotated[str | None, _text("job-title", "Job title.")]
Website = Annotated[str | None, _text("website", "The company's website, like https://acme.example.")]
Employees = Annotated[str | None, _text("employees", "How many people work there.", "N")]
Industry = Annotated[str | None, _text("industry", "What the company does.")]
Source = Annotated[str | None, _text("source", "How it was found, like Website or Partner.")]
Notes = Annotated[str | None, _text("notes", "Notes.")]
Twitter = Annotated[str | None, _text("twitter", "Twitter handle or address.")]
LinkedIn = Annotated[str | None, _text("linkedin", "LinkedIn handle or address.")]
Contact = Annotated[str | None, _text("contact", 'The contact it is; "" for none.', "CONTACT")]
Account = Annotated[str | None, _text("account", 'The account it is about; "" for none.', "ACCOUNT")]
Customer = Annotated[str | None, _text("customer", 'The customer it is about; "" for none.', "CUSTOMER")]
Business = Annotated[str | None, _text("business", 'The business customer it is about; "" for none.', "BUSINESS")]


list_by_view(
    app,
    LEAD,
    "List leads, by name.",
    examples=(
        "custctl lead list --view open",
        "custctl lead list --where status=canceled --fields key,name,company_name,updated",
    ),
)


@command(app, "show", examples=("custctl lead show jerry-coleman",))
def show(call: Call, lead: LeadArg) -> Result:
    """Show a lead with its addresses, and how many opportunities came of it."""
    return show_record(call, LEAD, lead)


@command(
    app,
    "add",
    examples=("custctl lead add 'Gov Mart' --first-name Jerry --last-name Coleman --email jerry@govmart.example",),
)
def add(
    call: Call,
    name: Name,
    first_name: FirstName = None,
    last_name: LastName = None,
    company_name: CompanyName = None,
    email: Emails = None,
    phone: Phones = None,
    key: Key = None,
    status: Status = None,
    prefix: Prefix = None,
    middle_name: MiddleName = None,
    suffix: Suffix = None,
    job_title: JobTitle = None,
    website: Website = None,
    employees: Employees = None,
    industry: Industry = None,
    source: Source = None,
    notes: Notes = None,
    twitter: Twitter = None,
    linkedin: LinkedIn = None,
    contact: Contact = None,
    account: Account = None,
    customer: Customer = None,
    business: Business = None,
    owner: Owner = None,
    external_id: ExternalId = None,
    tag: Tags = None,
) -> Result:
    """Add a lead; it is new unless told otherwise."""
    options = locals()
    values = _values(options) | given(key=key, name=name)
    return call.write(lambda unit: add_record(unit, LEAD, values | _links(unit, options), name))


@command(app, "edit", examples=("custctl lead edit gov-mart --company-name 'Gov Mart Inc.' --tag trade-fair",))
def edit(
    call: Call,
    lead: LeadArg,
    name: NewName = None,
    first_name: FirstName = None,
    last_name: LastName = None,
    company_name: CompanyName = None,
    email: Emails = None,
    phone: Phones = None,
    key: NewKey = None,
    status: Status = None,
    prefix: Prefix = None,
    middle_name: MiddleName = None,
    suffix: Suffix = None,
    job_title: JobTitle = None,
    website: Website = None,
    employees: Employees = None,
    industry: Industry = None,
    source: Source = None,
    notes: Notes = None,
    twitter: Twitter = None,
    linkedin: LinkedIn = None,
    contact: Contact = None,
    account: Account = None,
    customer: Customer = None,
    business: Business = None,
    owner: Owner = None,
    external_id: ExternalId = None,
    tag: Tags = None,
) -> Result:
    """Change fields of a lead; "" clears one."""
    options = locals()
    values = _values(options) | given(name=name)
    return call.write(lambda unit: edit_record(unit, LEAD, lead, values | _links(unit, options), key))


_TEXTS = (
    *("status", "prefix", "first_name", "middle_name", "last_name", "suffix", "job_title", "company_name", "website"),
    *("employees", "industry", "source", "notes", "twitter", "linkedin", "owner", "external_id"),
)


def _values(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as a document has them, but for those that name other records."""
    lists = {"emails": options["email"], "phones": options["phone"], "tags": options["tag"]}
    texts = {name: options[name] for name in _TEXTS}
    return given(**texts, **{name: listed(values) for name, values in lists.items()})


def _links(unit: Unit, options: dict[str, Any]) -> dict[str, Any]:
    """The records that were given, as keys."""
    return given(
        contact=key_of(unit, CONTACT, options["contact"]),
        account=key_of(unit, ACCOUNT, options["account"]),
        customer=key_of(unit, CUSTOMER, options["customer"]),
        business_customer=key_of(unit, BUSINESS, options["business"]),
    )


delete_verb(app, LEAD, SomeLeads, "Delete leads with their addresses; the opportunities that came of them stay.")
duplicates_verb(app, LEAD, ("email", "phone", "name"))


# -- what becomes of leads -----------------------------------------------------------------------------------------


@command(app, "qualify", examples=("custctl lead qualify gov-mart",))
def qualify(call: Call, leads: SomeLeads = None, where: Where = None) -> Result:
    """Say that leads are worth working on; `convert` does it with an opportunity."""
    return _become(call, leads, where, Verb("qualifying", "qualified", "edit"), "qualified")


@command(app, "disqualify", examples=("custctl lead disqualify --where 'created<2025' --where status=new --dry-run",))
def disqualify(call: Call, leads: SomeLeads = None, where: Where = None) -> Result:
    """Say that nothing comes of leads."""
    return _become(call, leads, where, Verb("disqualifying", "disqualified", "edit"), "canceled")


@command(app, "reactivate", examples=("custctl lead reactivate gov-mart",))
def reactivate(call: Call, leads: SomeLeads = None, where: Where = None) -> Result:
    """Make leads new again that were qualified or disqualified."""
    return _become(call, leads, where, Verb("reactivating", "reactivated", "edit"), "new")


def _become(call: Call, leads: list[str] | None, where: list[str] | None, verb: Verb, status: str) -> Result:
    chosen = choose(call, LEAD, leads, where)
    if isinstance(chosen, str):
        return call.write(lambda unit: edit_record(unit, LEAD, chosen, {"status": status}))
    return carry_out(call, chosen, verb, partial(_become_all, status=status))


def _become_all(unit: Unit, drafts: Sequence[Draft], *, status: str) -> Outcome:
    from custctl.store.removal import Outcome

    found = [(draft, _stays(draft, status)) for draft in drafts]
    write_items(unit, LEAD, [{"key": draft.key, "status": status} for draft, problem in found if problem is None])
    return Outcome([], [(draft, problem) for draft, problem in found if problem is not None])


def _stays(draft: Draft, status: str) -> Problem | None:
    """Why a lead of several does not become this: it is so already, or was decided otherwise."""
    now = draft.image["status"]
    if now == status:
        return conflict(f"{draft.reference} is already {now}", code="unchanged").problem
    if "new" not in (now, status):
        hint = f"do this first: {shell.command('lead reactivate', draft.key)}"
        return conflict(f"{draft.reference} is {now} and cannot become {status}", code="status", hint=hint).problem
    return None


@command(
    app,
    "convert",
    examples=(
        "custctl lead convert gov-mart --budget 12000 --currency USD --close-date 2027-03-31",
        "custctl lead convert gov-mart --account acme --name 'Shelves for the new stores'",
    ),
)
def convert(
    call: Call,
    lead: LeadArg,
    name: Annotated[str | None, _text("name", "What the opportunity is called; by default like the lead.")] = None,
    account: Annotated[
        str | None, _text("account", "Whose it is; by default found by the company's name, or made.", "ACCOUNT")
    ] = None,
    account_name: Annotated[str | None, _text("account-name", "Make a new account of this name.", "NAME")] = None,
    customer: Annotated[str | None, _text("customer", "The customer it is about.", "CUSTOMER")] = None,
    business: Annotated[str | None, _text("business", "The business customer it is about.", "BUSINESS")] = None,
    contact: Annotated[
        str | None, _text("contact", "Who is spoken to; by default found by e-mail, or made.", "CONTACT")
    ] = None,
    key: Annotated[str | None, _text("key", "The opportunity's key; by default made from its name.")] = None,
    budget: Annotated[str | None, _text("budget", "What it may bring in.", "1234.50")] = None,
    currency: Annotated[str | None, _text("currency", "The currency.", "USD")] = None,
    close_date: Annotated[str | None, _text("close-date", "When it is to be decided.", "YYYY-MM-DD")] = None,
    owner: Owner = None,
) -> Result:
    """Make an opportunity of a lead, with a contact and an account; the lead is qualified by it."""
    if account is not None and account_name is not None:
        raise usage("--account and --account-name exclude each other", "give one of them")
    asked = given(name=name, key=key, budget=budget, currency=currency, close_date=close_date, owner=owner)

    def work(unit: Unit) -> None:
        draft = find(unit, LEAD, lead)
        named = given(
            account=key_of(unit, ACCOUNT, account),
            customer=key_of(unit, CUSTOMER, customer),
            business_customer=key_of(unit, BUSINESS, business),
            contact=key_of(unit, CONTACT, contact),
        )
        conversion(unit, draft, asked | named, account_name)

    return call.write(work)


_import.register(app, LEAD)
