"""Opportunities: sales that may come about, from the first word to won or lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl import shell
from custctl.commands import _import
from custctl.commands._arguments import (
    ExternalId,
    Key,
    Limit,
    Name,
    NewKey,
    NewName,
    OpportunityArg,
    Owner,
    SomeOpportunities,
    Tags,
    Where,
)
from custctl.commands._command import Call, command, group
from custctl.commands._common import add as add_record
from custctl.commands._common import columns, find, given, key_of, listed, write_item
from custctl.commands._common import edit as edit_record
from custctl.commands._common import show as show_record
from custctl.commands._many import delete_verb
from custctl.commands._views import list_by_view
from custctl.errors import conflict, did_you_mean, invalid, near, usage
from custctl.resources import ACCOUNT, BUSINESS, CLOSED, CONTACT, CUSTOMER, LEAD, OPPORTUNITY, PROBABILITIES
from custctl.result import Result
from custctl.store import board as boards
from custctl.store import views

if TYPE_CHECKING:
    from custctl.store.unit import Draft, Unit

app = group("opportunity", "Opportunities: sales that may come about.")

_OPEN = tuple(status for status in PROBABILITIES if status not in CLOSED)


def _text(name: str, words: str, metavar: str | None = None) -> Any:
    return typer.Option(f"--{name}", help=words, metavar=metavar)


Status = Annotated[str | None, _text("status", "How far it has come.", "|".join(PROBABILITIES))]
Account = Annotated[str | None, _text("account", "Whose it is; by default the buyer's.", "ACCOUNT")]
AccountName = Annotated[str | None, _text("account-name", "Make a new account of this name for it.", "NAME")]
Customer = Annotated[str | None, _text("customer", 'The customer it is about; "" for none.', "CUSTOMER")]
Business = Annotated[str | None, _text("business", 'The business customer it is about; "" for none.', "BUSINESS")]
Contact = Annotated[str | None, _text("contact", 'Who is spoken to; "" for nobody.', "CONTACT")]
Lead = Annotated[str | None, _text("lead", 'The lead it came of; "" for none.', "LEAD")]
CloseDate = Annotated[str | None, _text("close-date", "When it is, or was, decided.", "YYYY-MM-DD")]
Probability = Annotated[
    str | None, _text("probability", 'How likely it is, 0 to 100 percent; "" for that of its status.', "N")
]
Budget = Annotated[str | None, _text("budget", "What it may bring in.", "1234.50")]
Revenue = Annotated[str | None, _text("revenue", "What it has brought in.", "1234.50")]
Currency = Annotated[str | None, _text("currency", "The currency of both.", "USD")]
_REASONS = "won|outsold|cancelled"
Reason = Annotated[str | None, _text("reason", "Why it is closed: won, outsold, cancelled or another word.", _REASONS)]
Need = Annotated[str | None, _text("need", "What the customer needs.")]
Solution = Annotated[str | None, _text("solution", "What is proposed.")]
Notes = Annotated[str | None, _text("notes", "Notes.")]


list_by_view(
    app,
    OPPORTUNITY,
    "List opportunities, by name.",
    examples=(
        "custctl opportunity list --view overdue",
        "custctl opportunity list --view open --where 'probability>=50' --sort -budget",
    ),
)


@command(app, "show", examples=("custctl opportunity show new-shelves",))
def show(call: Call, opportunity: OpportunityArg) -> Result:
    """Show an opportunity."""
    return show_record(call, OPPORTUNITY, opportunity)


@command(
    app,
    "add",
    examples=(
        "custctl opportunity add 'New shelves' --customer acme --budget 12000 --close-date 2027-03-31",
        "custctl opportunity add 'First order' --account-name 'New Ltd' --status needs_analysis",
    ),
)
def add(
    call: Call,
    name: Name,
    account: Account = None,
    account_name: AccountName = None,
    customer: Customer = None,
    business: Business = None,
    contact: Contact = None,
    lead: Lead = None,
    key: Key = None,
    status: Status = None,
    close_date: CloseDate = None,
    probability: Probability = None,
    budget: Budget = None,
    revenue: Revenue = None,
    currency: Currency = None,
    reason: Reason = None,
    need: Need = None,
    solution: Solution = None,
    notes: Notes = None,
    owner: Owner = None,
    external_id: ExternalId = None,
    tag: Tags = None,
) -> Result:
    """Add an opportunity of an account: of one that is there, of that of a customer, or of a new one."""
    options = locals()
    _one_account(account, account_name)
    values = _values(options) | given(key=key, name=name)
    return call.write(lambda unit: add_record(unit, OPPORTUNITY, values | _links(unit, options), name))


@command(app, "edit", examples=("custctl opportunity edit new-shelves --probability 65 --close-date 2027-04-30",))
def edit(
    call: Call,
    opportunity: OpportunityArg,
    name: NewName = None,
    account: Account = None,
    account_name: AccountName = None,
    customer: Customer = None,
    business: Business = None,
    contact: Contact = None,
    lead: Lead = None,
    key: NewKey = None,
    status: Status = None,
    close_date: CloseDate = None,
    probability: Probability = None,
    budget: Budget = None,
    revenue: Revenue = None,
    currency: Currency = None,
    reason: Reason = None,
    need: Need = None,
    solution: Solution = None,
    notes: Notes = None,
    owner: Owner = None,
    external_id: ExternalId = None,
    tag: Tags = None,
) -> Result:
    """Change fields of an opportunity; "" clears one, but for the account."""
    options = locals()
    _one_account(account, account_name)
    values = _values(options) | given(name=name)
    return call.write(lambda unit: edit_record(unit, OPPORTUNITY, opportunity, values | _links(unit, options), key))


_TEXTS: dict[str, str] = {
    **{
        name: name
        for name in ("status", "close_date", "probability", "budget", "currency", "notes", "owner", "external_id")
    },
    "close_revenue": "revenue",
    "close_reason": "reason",
    "customer_need": "need",
    "proposed_solution": "solution",
}
"""Fields, and what their options are called."""


def _values(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as a document has them, but for those that name other records."""
    return given(**{name: options[option] for name, option in _TEXTS.items()}, tags=listed(options["tag"]))


def _one_account(account: str | None, account_name: str | None) -> None:
    if account is not None and account_name is not None:
        raise usage("--account and --account-name exclude each other", "give one of them")


def _links(unit: Unit, options: dict[str, Any]) -> dict[str, Any]:
    """The records that were given, as keys; an account that was given by its name is made (feature S-06)."""
    new = options["account_name"]
    made = None if new is None else add_record(unit, ACCOUNT, {"name": new}, new).key
    return given(
        account=made or key_of(unit, ACCOUNT, options["account"]),
        customer=key_of(unit, CUSTOMER, options["customer"]),
        business_customer=key_of(unit, BUSINESS, options["business"]),
        contact=key_of(unit, CONTACT, options["contact"]),
        lead=key_of(unit, LEAD, options["lead"]),
    )


delete_verb(app, OPPORTUNITY, SomeOpportunities, "Delete opportunities.")


# -- what becomes of one -------------------------------------------------------------------------------------------


@command(app, "move", examples=("custctl opportunity move new-shelves negotiation",))
def move(
    call: Call,
    opportunity: OpportunityArg,
    status: Annotated[str, typer.Argument(metavar="|".join(_OPEN), help="How far it has come.")],
) -> Result:
    """Say how far an open opportunity has come; its probability follows unless it was set by hand."""
    if status in CLOSED:
        verb = "win" if status == "won" else "lose"
        raise invalid(
            f"nothing is moved to {status}", value=status, hint=shell.command(f"opportunity {verb}", opportunity)
        )
    if status not in _OPEN:
        hint = did_you_mean(near(status, _OPEN)) or f"it is one of {', '.join(_OPEN)}"
        raise invalid(f"{status!r} is not the status of an opportunity", field="status", value=status, hint=hint)
    return call.write(lambda unit: _decide(unit, opportunity, {"status": status}, closed=False))


@command(app, "win", examples=("custctl opportunity win new-shelves --close-date 2027-03-28 --revenue 11800",))
def win(
    call: Call,
    opportunity: OpportunityArg,
    close_date: CloseDate = None,
    revenue: Revenue = None,
    currency: Currency = None,
) -> Result:
    """Close an opportunity as won; it needs a close date, and brings in its budget unless told otherwise."""
    values = given(status="won", close_date=close_date, close_revenue=revenue, currency=currency)
    return call.write(lambda unit: _decide(unit, opportunity, values, closed=False))


@command(app, "lose", examples=("custctl opportunity lose new-shelves --reason outsold --close-date 2027-03-28",))
def lose(call: Call, opportunity: OpportunityArg, reason: Reason = None, close_date: CloseDate = None) -> Result:
    """Close an opportunity as lost; it needs a close date and a reason, and brings in nothing."""
    values = given(status="lost", close_date=close_date, close_reason=reason)
    return call.write(lambda unit: _decide(unit, opportunity, values, closed=False))


@command(app, "reopen", examples=("custctl opportunity reopen new-shelves --status negotiation",))
def reopen(
    call: Call,
    opportunity: OpportunityArg,
    status: Annotated[str, _text("status", "How far it has come.", "|".join(_OPEN))] = "open",
) -> Result:
    """Take back that an opportunity was won or lost."""
    if status in CLOSED:
        raise invalid(f"{status} is not open", field="status", value=status, hint=f"it is one of {', '.join(_OPEN)}")
    return call.write(lambda unit: _decide(unit, opportunity, {"status": status}, closed=True))


def _decide(unit: Unit, text: str, values: dict[str, Any], *, closed: bool) -> Draft:
    """Give an opportunity another status; exit 5 unless it is `closed` before, or is not."""
    draft = find(unit, OPPORTUNITY, text)
    status = draft.image["status"]
    if (status in CLOSED) is not closed:
        message = f"{draft.reference} is {status}" + (", so it is open already" if closed else " already")
        hint = None if closed else f"do this first: {shell.command('opportunity reopen', draft.key)}"
        raise conflict(message, code="status", hint=hint)
    return write_item(unit, OPPORTUNITY, {"key": draft.key, **values})


# -- the board -----------------------------------------------------------------------------------------------------


@command(
    app,
    "board",
    examples=("custctl opportunity board --view open", "custctl opportunity board --where 'owner=Lena Vogt'"),
)
def board(
    call: Call,
    view: Annotated[str | None, _text("view", "Only what is looked at together.", views.words(OPPORTUNITY))] = None,
    where: Where = None,
    limit: Limit = None,
) -> Result:
    """Show opportunities by status, the next to be decided first; a column a status on a terminal."""
    connection = call.read()
    among = None if view is None else views.condition(OPPORTUNITY, view)
    names = boards.COLUMNS if call.option("fields") is None else columns(call, OPPORTUNITY)
    rows = boards.rows(connection, tuple(where or ()), among, limit, names)
    return Result(call.noting(rows, "no opportunities"), "board", names, OPPORTUNITY.reference)


_import.register(app, OPPORTUNITY)
