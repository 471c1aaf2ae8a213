"""The rules of selling: whom leads and opportunities are about, what may become of them, and what follows from it.

What follows is worked out for the fields that somebody gave, so an undo, which gives nothing of a record that stays and
everything of one that comes back, puts back what was.

Source: oroinc/crm SalesBundle, its entities and the workflows b2b_flow_lead and opportunity_flow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from custctl import shell
from custctl.errors import Exit
from custctl.resources import BUSINESS, CLOSED, CUSTOMER, LEAD, OPPORTUNITY, SETTING, Noun, fold
from custctl.store.codec import money_from, money_text
from custctl.store.currencies import rates_of
from custctl.store.pointers import IDS
from custctl.store.unit import Draft, Unit, ids_of, wrong

BUYERS: Mapping[Noun, str] = {CUSTOMER: "customer", BUSINESS: "business_customer"}
"""The nouns of those who buy, and the field by which leads and opportunities name one; either carries an account."""

_BACK_FIRST = {"qualified": "reactivate", "canceled": "reactivate", "won": "reopen", "lost": "reopen"}
"""What has to be done to a record before it can be decided the other way, by what it is now."""


def lead(unit: Unit, draft: Draft) -> None:
    """A lead is new, then qualified or disqualified, and neither becomes the other at once (features S-01, S-03)."""
    _whose(unit, draft)
    _not_at_once(unit, draft, ("qualified", "canceled"))


def opportunity(unit: Unit, draft: Draft) -> None:
    """An opportunity has an account; what its status means for the other fields follows (features S-05 to S-14)."""
    if _whose(unit, draft) and draft.image["account"] is None:
        hint = "give an account, or a customer that has one"
        wrong(unit, draft, "account", "account is required for an opportunity", hint=hint)
    _not_at_once(unit, draft, CLOSED)
    if not draft.given:
        return
    _chances(unit, draft)
    if _turned(draft):
        if draft.image["status"] in CLOSED:
            _close(unit, draft)
        elif draft.before is not None and draft.before["status"] in CLOSED:
            _reopen(draft)
    _currency(unit, draft)  # closing may bring the first amount
    _decided(unit, draft)
    _in_base(unit, draft)


# -- whom it is about ----------------------------------------------------------------------------------------------


def _whose(unit: Unit, draft: Draft) -> bool:
    """One buyer at most, who belongs to the account; the account is the buyer's unless it was given (S-05, S-14).

    Whether that is settled: not where several are named.
    Source: oroinc/crm SalesBundle/Entity/Customer.php, which links one account with one target.
    """
    image = draft.image
    named = [(noun, name) for noun, name in BUYERS.items() if image[name] is not None]
    if len(named) > 1 and any(draft.changed(name) for _, name in named):
        message = "is about a customer or about a business customer, not about both"
        wrong(unit, draft, named[1][1], message, value=image[named[1][1]])
        return False
    for noun, name in named:
        buyer = unit.find(noun, image[name])
        if buyer is None or buyer.after is None or not (draft.changed(name) or draft.changed("account")):
            continue
        theirs = buyer.image["account"]
        if image["account"] is None or ("account" not in draft.given and draft.changed(name)):
            image["account"] = theirs or image["account"]
        if image["account"] is not None and image["account"] != theirs:
            _of_another(unit, draft, name, buyer)
    return True


def _of_another(unit: Unit, draft: Draft, name: str, buyer: Draft) -> None:
    theirs, account = buyer.image["account"], draft.image["account"]
    where = f"belongs to account {theirs}" if theirs else "belongs to no account"
    hint = f"leave the account out, or {shell.command(f'{buyer.noun.group} edit', buyer.key, account=account)}"
    wrong(unit, draft, name, f"{buyer.reference} {where}, not to {account}", hint=hint, value=buyer.key)


def follow(unit: Unit, drafts: Iterable[Draft]) -> None:
    """What is about buyers goes along with them to another account, unless it was told its own (feature S-14).

    Upstream it names the link of buyer and account, so that it need not be told.
    """
    drafts = list(drafts)
    for kind, field in BUYERS.items():
        moved = {draft.key: draft.image["account"] for draft in drafts if draft.noun is kind and _has_moved(draft)}
        if not moved:
            continue
        ids = ids_of(draft for draft in drafts if draft.noun is kind and draft.key in moved)
        for noun in (LEAD, OPPORTUNITY):
            for other in unit.select(noun, f"t.{field}_id IN {IDS}", ids=ids):
                if other.image[field] in moved and "account" not in other.given:
                    other.image["account"] = moved[other.image[field]]


def _has_moved(buyer: Draft) -> bool:
    """Whether a stored buyer is given to another account."""
    return buyer.before is not None and buyer.changed("account") and buyer.image["account"] is not None


# -- what becomes of it --------------------------------------------------------------------------------------------


def _turned(draft: Draft) -> bool:
    """Whether a status was given that is not the one before; also that of a new record."""
    return draft.before is None or ("status" in draft.given and draft.changed("status"))


def _not_at_once(unit: Unit, draft: Draft, decisions: tuple[str, ...]) -> None:
    """What is decided is taken back before it is decided otherwise (exit 5)."""
    if draft.before is None or not _turned(draft):
        return
    old, new = draft.before["status"], draft.image["status"]
    if old in decisions and new in decisions:
        verb = _BACK_FIRST[old]
        message, hint = (
            f"is {old} and cannot become {new}",
            f"do this first: {shell.command(f'{draft.noun.group} {verb}', draft.key)}",
        )
        wrong(unit, draft, "status", message, code="status", exit_code=Exit.CONFLICT, hint=hint, value=new)


def default_probability(unit: Unit, status: str) -> int:
    """How likely an opportunity of a status is to be won, as the shop has it set, in percent (feature S-08)."""
    return int(unit.setting(f"opportunity.probability.{status}"))


def _chances(unit: Unit, draft: Draft) -> None:
    """The probability follows the status while it is the default of one; closing always sets it (feature S-07).

    One that is given with the status stays, and one that is cleared is the default again.
    Source: oroinc/crm SalesBundle tie_opportunity_probability_to_its_status.feature.
    """
    image, before = draft.image, draft.before
    if image["probability"] is None:
        image["probability"] = default_probability(unit, image["status"])
    elif before is not None and "probability" not in draft.given and _turned(draft):
        untouched = before["probability"] == default_probability(unit, before["status"])
        if untouched or image["status"] in CLOSED:
            image["probability"] = default_probability(unit, image["status"])


def _close(unit: Unit, draft: Draft) -> None:
    """What is won brings in its budget, what is lost nothing, unless it was said otherwise (features S-09, S-10)."""
    image = draft.image
    won = image["status"] == "won"
    if not _said(draft, "closed_at"):
        image["closed_at"] = unit.moment
    if not _said(draft, "close_revenue") and (not won or image["close_revenue"] is None):
        image["close_revenue"] = image["budget"] if won else "0.00"
    if won and not _said(draft, "close_reason"):
        image["close_reason"] = "won"


def _reopen(draft: Draft) -> None:
    """What is open again has neither revenue nor reason, nor a time when it was closed (feature S-10)."""
    for name in ("close_revenue", "close_reason", "closed_at"):
        if not _said(draft, name):
            draft.image[name] = None


def _said(draft: Draft, name: str) -> bool:
    return name in draft.given and draft.image[name] is not None


REASONS = {"won": "won", "outsold": "lost", "cancelled": "lost", "canceled": "lost", "lost": "lost"}
"""The reasons that say themselves how an opportunity was closed (feature S-09); any other word goes with both.

Source: oroinc/crm SalesBundle/Migrations/Data/ORM/OpportunityCloseReasons: won, outsold, cancelled.
"""


def _decided(unit: Unit, draft: Draft) -> None:
    """What a closed opportunity must have, and an open one cannot (feature S-09)."""
    image = draft.image
    status = image["status"]
    if status not in CLOSED:
        if image["closed_at"] is not None:
            message = f"closed_at is the time at which it was won or lost, and it is {status}"
            wrong(unit, draft, "closed_at", message, hint="leave it out", value=image["closed_at"])
        if image["close_reason"] is not None:
            message = f"close_reason says why it was won or lost, and it is {status}"
            wrong(unit, draft, "close_reason", message, hint="leave it out, or clear it", value=image["close_reason"])
        return
    reason = image["close_reason"]
    wanted = None if reason is None else REASONS.get(fold(reason))
    if wanted is not None and wanted != status:
        others = ", ".join(word for word, kind in REASONS.items() if kind == status)
        message = f"{reason} is no reason for an opportunity that is {status}"
        wrong(unit, draft, "close_reason", message, hint=f"like {others}, or another word", value=reason)
    needed = {"close_date": "--close-date YYYY-MM-DD", "close_reason": "--reason TEXT"}
    for name, option in needed.items():
        if image[name] is None:
            hint = f"like {option}" if draft.locate(name) is None else None
            wrong(unit, draft, name, f"{name} is required for an opportunity that is {status}", hint=hint)
    image["closed_at"] = image["closed_at"] or (draft.before or {}).get("closed_at") or unit.moment


# -- money ---------------------------------------------------------------------------------------------------------


_COPIES = {"budget": "base_budget", "close_revenue": "base_revenue"}
"""The amounts of an opportunity, and where they stand in the base currency."""
_OF_RATES = ("currency.base", "currency.rates")


def _currency(unit: Unit, draft: Draft) -> None:
    """An amount has a currency, that of the shop unless another was given, and one that there is (feature S-12)."""
    image = draft.image
    if image["currency"] is None and any(image[name] is not None for name in _COPIES):
        image["currency"] = unit.setting("currency.base")


def check_currency(unit: Unit, draft: Draft) -> None:
    """A currency is one that there is, or one that the shop has a rate for (feature S-12)."""
    code = draft.image.get("currency")
    if code is None or not draft.changed("currency"):
        return
    field = draft.noun.field("currency")
    if field is not None and not field.computed and not _is_currency(unit, code):
        wrong(unit, draft, "currency", f"{code} is not the code of a currency (ISO 4217)", value=code)


def _is_currency(unit: Unit, code: str) -> bool:
    from custctl.store.places import is_currency

    return code == unit.setting("currency.base") or code in unit.setting("currency.rates") or is_currency(code)


def _in_base(unit: Unit, draft: Draft) -> None:
    """The amounts in the base currency, at the rates of today while it is open, then as they were (feature S-12).

    An amount that is corrected afterwards is converted anew, unless the copy is given with it.
    Source: oroinc/crm SalesBundle/Entity/Opportunity.php and its listener for closed opportunities.
    """
    image, before = draft.image, draft.before
    is_closed = image["status"] in CLOSED
    is_frozen = is_closed and before is not None and before["status"] in CLOSED
    for amount, copy in _COPIES.items():
        given = is_closed and _said(draft, copy) and draft.changed(copy)
        if not given and not (is_frozen and not draft.changed(amount) and not draft.changed("currency")):
            image[copy] = _converted(unit, draft, amount)


def _converted(unit: Unit, draft: Draft, amount: str) -> str | None:
    """An amount in the base currency; None, with a warning, where its currency has no rate."""
    value, currency = draft.image[amount], draft.image["currency"]
    if value is None:
        return None
    rates = rates_of(unit.setting("currency.base"), unit.setting("currency.rates"))
    try:
        found = rates.in_base(money_from(value), currency)
    except OverflowError:
        wrong(unit, draft, amount, f"is too large an amount in {rates.base}", value=value)
        return None
    if found is not None:
        return money_text(found)
    warning = f"{currency} has no rate, so its amounts are unknown in {rates.base}: set one in currency.rates"
    if warning not in unit.warnings:
        unit.warnings.append(warning)
    return None


def follow_rates(unit: Unit, drafts: Iterable[Draft]) -> None:
    """Where rates change, the copies of open opportunities change too; those of closed ones stay (feature S-12)."""
    if not any(draft.key in _OF_RATES and draft.noun is SETTING and draft.before != draft.after for draft in drafts):
        return
    has_amount = " OR ".join(f"t.{amount} IS NOT NULL" for amount in _COPIES)
    for draft in unit.select(OPPORTUNITY, f"t.status NOT IN {CLOSED} AND ({has_amount})"):
        if draft.image["status"] not in CLOSED:
            _in_base(unit, draft)
