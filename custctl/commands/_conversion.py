"""From a lead to an opportunity: with whom, at which company, and what is copied (feature S-02).

Source: oroinc/crm SalesBundle/Provider/LeadToOpportunityProvider.php, and the transition `qualify` of the workflow
b2b_flow_lead, which finds the account by the company's name or makes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from custctl import shell
from custctl.commands._common import add, link, write_item
from custctl.errors import conflict, invalid
from custctl.resources import (
    ACCOUNT,
    ADDRESS_FIELDS,
    CONTACT,
    CONTACT_ADDRESS,
    LEAD,
    LEAD_ADDRESS,
    OPPORTUNITY,
    fold,
)

if TYPE_CHECKING:
    from custctl.store.unit import Draft, Unit

_ABOUT = ("account", "customer", "business_customer")
"""What says at which company the opportunity is; what is asked for counts before what the lead says."""
_OF_PERSON = (
    *("prefix", "first_name", "middle_name", "last_name", "suffix", "job_title", "twitter", "linkedin", "emails"),
    *("phones", "owner"),
)
"""What a new contact gets from the lead."""


def conversion(unit: Unit, lead: Draft, asked: dict[str, Any], account_name: str | None) -> Draft:
    """Make the opportunity, with its contact and account where they are new, and qualify the lead.

    `asked` are the fields of the opportunity that were given. Raises exit 5 for a lead that was disqualified or
    converted before, 4 for one of which nobody knows the company.
    """
    _refuse_decided(unit, lead)
    about = _about(unit, lead, asked, account_name)
    contact = asked.get("contact") or _contact(unit, lead)
    name = asked.get("name") or lead.image["name"]
    owner = {"owner": lead.image["owner"]} if lead.image["owner"] else {}
    said = {"notes": lead.image["notes"], "contact": contact, "lead": lead.key, **about}
    given = {field: value for field, value in said.items() if value is not None}
    made = add(unit, OPPORTUNITY, {**owner, **given, **asked, "name": name}, name)
    account = unit.get(ACCOUNT, made.image["account"])
    if contact is not None:
        link(unit, account, "contacts", [contact])
    now = {"status": "qualified", **({"contact": contact} if contact else {})}
    write_item(unit, LEAD, {"key": lead.key, **now, **{name: made.image[name] for name in _ABOUT}})
    return made


def _refuse_decided(unit: Unit, lead: Draft) -> None:
    status = lead.image["status"]
    if status == "canceled":
        hint = f"do this first: {shell.command('lead reactivate', lead.key)}"
        raise conflict(f"{lead.reference} is canceled and cannot be converted", code="status", hint=hint)
    made = unit.select(OPPORTUNITY, "t.lead_id = :id", id=lead.id)
    if status == "qualified" and made:
        again = shell.command("lead reactivate", lead.key)
        hint = f"for another one: {again} or {shell.command('opportunity add', 'NAME', lead=lead.key)}"
        raise conflict(f"{lead.reference} was converted to {made[0].reference} already", code="status", hint=hint)


# -- at which company ----------------------------------------------------------------------------------------------


def _about(unit: Unit, lead: Draft, asked: dict[str, Any], account_name: str | None) -> dict[str, Any]:
    """The account and the buyer: those asked for, the lead's own, else the account that is called like the company."""
    if account_name is not None:
        return {"account": _new_account(unit, lead, account_name)}
    for source in (asked, lead.image):
        about = {name: source[name] for name in _ABOUT if source.get(name) is not None}
        if about:
            return about
    company = lead.image["company_name"]
    if not company:
        hint = "give --account ACCOUNT, or --account-name NAME for a new one"
        raise invalid(f"{lead.reference} names no company: which account is it?", field="account", hint=hint)
    return {"account": _called(unit, company) or _new_account(unit, lead, company)}


def _called(unit: Unit, company: str) -> str | None:
    """The one account of this name, None where there is none; exit 4 when there are several."""
    from custctl.store.importing.matching import keys_by

    keys = keys_by(unit.connection, ACCOUNT, "name", [fold(company)]).get(fold(company), [])
    if len(keys) > 1:
        hint = f"name one: {shell.words('--account', keys[0])}"
        words = f"several accounts are called {company!r}"
        raise invalid(words, code="ambiguous", field="account", value=company, hint=hint, candidates=keys)
    return keys[0] if keys else None


def _new_account(unit: Unit, lead: Draft, name: str) -> str:
    owner = {"owner": lead.image["owner"]} if lead.image["owner"] else {}
    return add(unit, ACCOUNT, {"name": name, **owner}, name).key


# -- with whom -----------------------------------------------------------------------------------------------------


def _contact(unit: Unit, lead: Draft) -> str | None:
    """The lead's contact, else the one that has its e-mail address and no other name, else a new one.

    None, with a warning, for a lead that says nothing of a person.
    """
    known = lead.image["contact"] or _known(unit, lead)
    if known is not None:
        return _completed(unit, unit.get(CONTACT, known), lead).key
    values = {name: lead.image[name] for name in _OF_PERSON if lead.image[name]}
    if not values.keys() & {"first_name", "last_name", "emails", "phones"}:
        unit.warnings.append(f"{lead.reference} says nothing of a person: no contact is made")
        return None
    title = _name(lead) or next(iter(values.get("emails", ())), "")
    return add(unit, CONTACT, {**values, "addresses": list(_addresses(unit, lead))}, title).key


def _known(unit: Unit, lead: Draft) -> str | None:
    from custctl.store.importing.matching import keys_by

    emails = [fold(email) for email in lead.image["emails"]]
    found = keys_by(unit.connection, CONTACT, "email", emails) if emails else {}
    keys = list(dict.fromkeys(key for email in emails for key in found.get(email, ())))
    same = [key for key in keys if _name(unit.get(CONTACT, key)) in ("", _name(lead)) or not _name(lead)]
    return same[0] if len(same) == 1 else None


def _name(person: Draft) -> str:
    return fold(" ".join(person.image[part] for part in ("first_name", "last_name") if person.image[part]))


def _completed(unit: Unit, contact: Draft, lead: Draft) -> Draft:
    """Give a contact what only the lead has: e-mails, phones, and addresses where there is none."""
    values: dict[str, Any] = {"key": contact.key}
    for name in ("emails", "phones"):
        values[name] = [*contact.image[name], *_more(lead.image[name], contact.image[name])]
    if not unit.addresses(CONTACT_ADDRESS, [contact])[contact.key]:
        values["addresses"] = list(_addresses(unit, lead))
    return write_item(unit, CONTACT, values)


def _more(entries: Iterable[str], held: Iterable[str]) -> Iterator[str]:
    known = {fold(entry) for entry in held}
    return (entry for entry in entries if fold(entry) not in known)


def _addresses(unit: Unit, lead: Draft) -> Iterator[dict[str, Any]]:
    """The addresses of a lead for a contact, who has one of each type: the first of several."""
    taken: set[str] = set()
    names = [field.name for field in ADDRESS_FIELDS if field.in_row]
    for address in unit.addresses(LEAD_ADDRESS, [lead])[lead.key]:
        values = {name: address.image[name] for name in names if address.image[name]}
        types = [kind for kind in values.get("types", ()) if kind not in taken]
        taken.update(types)
        yield {**values, "types": types, "default": [kind for kind in values.get("default", ()) if kind in types]}
