"""What customers, business customers and accounts are worth, and what was bought: the verbs that their groups share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl import shell
from custctl.commands._arguments import AccountArg, After, BusinessArg, Count, CustomerArg, Limit, Sort, Where
from custctl.commands._command import Call, command
from custctl.commands._common import Asked, listing, readable, record, table
from custctl.errors import invalid, usage
from custctl.resources import ACCOUNT, BUSINESS, CUSTOMER, NOUNS, USER, Noun
from custctl.result import Result
from custctl.store import lookup

if TYPE_CHECKING:
    import sqlite3

AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DAY", help="Only what was ordered or won by the end of this day, month or year."),
]
Details = Annotated[bool, typer.Option("--details", help="Also orders, first and last purchase, and refunds.")]
History = Annotated[bool, typer.Option("--history", help="After each month that changed it, in each channel.")]
WithChildren = Annotated[bool, typer.Option("--with-children", help="With everything below it.")]


def of_customers(app: typer.Typer) -> None:
    """Give the group of customers the verb `lifetime`."""

    @command(app, "lifetime", examples=("custctl customer lifetime acme --with-children --details",))
    def lifetime(
        call: Call,
        customer: CustomerArg,
        with_children: WithChildren = False,
        details: Details = False,
        as_of: AsOf = None,
    ) -> Result:
        """Show what a customer is worth: the subtotals of its orders that are paid in full."""
        from custctl.store.lifetime import Question, of_customer

        asked = Question(as_of, with_children, details)
        return _told(call, CUSTOMER, customer, lambda connection, row_id: of_customer(connection, row_id, asked))


def of_accounts(app: typer.Typer) -> None:
    """Give the group of accounts the verb `lifetime`."""

    @command(app, "lifetime", examples=("custctl account lifetime acme --as-of 2025", _HISTORY))
    def lifetime(
        call: Call, account: AccountArg, details: Details = False, as_of: AsOf = None, history: History = False
    ) -> Result:
        """Show what an account is worth, in each channel and together, or month by month."""
        from custctl.store.lifetime import Question, of_account

        if history:
            return _history(call, account, details=details, as_of=as_of)
        asked = Question(as_of, details=details)
        return _told(call, ACCOUNT, account, lambda connection, row_id: of_account(connection, row_id, asked))


_HISTORY = "custctl account lifetime acme --history"
_RATES = "custctl setting get currency.rates"


def _history(call: Call, account: str, *, details: bool, as_of: str | None) -> Result:
    from custctl.store.lifetime import history_of_account, lost_of

    if details or as_of is not None:
        raise usage("--history goes without --details and --as-of", "each of its rows is as of the end of a month")
    connection = call.read()
    row_id, _ = lookup.require(connection, ACCOUNT, account)
    rows = history_of_account(connection, row_id)
    lost = lost_of(row for row in rows if row["current"])
    fields = ("channel", "month", "lifetime", "current", "unconverted")
    result = table(call, call.noting(rows, "nothing was paid or won"), fields if lost else fields[:-1], fields)
    return replace(
        result, bar="lifetime" if "lifetime" in result.columns else "", notes=(*result.notes, *remarks(lost))
    )


def of_business_customers(app: typer.Typer) -> None:
    """Give the group of business customers the verb `lifetime`."""

    @command(app, "lifetime", examples=("custctl business lifetime acme-industries",))
    def lifetime(call: Call, business: BusinessArg, details: Details = False, as_of: AsOf = None) -> Result:
        """Show what a business customer is worth: the revenue of its opportunities that are won."""
        from custctl.store.lifetime import Question, of_business

        asked = Question(as_of, details=details)
        return _told(call, BUSINESS, business, lambda connection, row_id: of_business(connection, row_id, asked))


def _told(call: Call, noun: Noun, text: str, worth: Callable[[sqlite3.Connection, int], Mapping[str, Any]]) -> Result:
    connection = call.read()
    row_id, key = lookup.require(connection, noun, text)
    found = worth(connection, row_id)
    return record(call, {"key": key, **found}, *remarks(found["unconverted"], found.get("undated", 0)))


def remarks(lost: Iterable[Mapping[str, Any]], undated: int = 0) -> Iterable[str]:
    """What is to be said beside sums: which amounts they leave out, and how those come in."""
    amounts = [f"{part['amount']} {part['currency']}" for part in lost]
    if amounts:
        yield f"left out, because there is no rate: {', '.join(amounts)}; {_RATES}"
    if undated:
        yield f"left out, because they have no date: {undated}"


# -- what was bought -----------------------------------------------------------------------------------------------


Until = Annotated[
    str | None, typer.Option("--until", metavar="YYYY-MM-DD", help="The last day that counts; by default today.")
]
ORDER = NOUNS["order"]
NOTHING = ("0", dict[str, Any]())
"""The condition that no record meets."""
NEWEST = "-placed_at"


def purchases(app: typer.Typer, noun: Noun, argument: Any, acts: bool = False) -> None:
    """Give a group the verbs `orders`, `volume` and `purchased`; `argument` names the record they are about.

    Where it `acts`, the orders are also listed in the name of a user, who sees what `order list` shows.
    """

    def orders(
        call: Call,
        whose: Any,
        where: Where = None,
        sort: Sort = None,
        limit: Limit = None,
        after: After = None,
        count: Count = False,
    ) -> Result:
        from custctl.store.purchases import orders_of

        connection = call.read()
        order = sort if sort is not None or count else NEWEST
        asked = Asked(where, order, limit, after, count)
        actor = call.acting(connection)
        if actor is not None and not actor.may(ORDER, "view"):  # the list is empty, whoever's orders are meant
            return listing(call, ORDER, asked, NOTHING)
        _, row_id, _ = readable(call, connection, noun, whose, actor)
        return listing(call, ORDER, asked, orders_of(noun, row_id))

    def volume(call: Call, whose: Any, until: Until = None) -> Result:
        from custctl.store import purchases as store
        from custctl.store.lifetime import lost_of

        connection = call.read()
        row_id, _ = lookup.require(connection, noun, whose)
        rows = store.volume(connection, noun, row_id, _day(until))
        lost = lost_of(rows)
        fields = ("month", "orders", "volume", "unconverted")
        result = table(call, rows, fields if lost else fields[:-1], fields)
        told = (*remarks(lost), *_undated(store.undated(connection, noun, row_id)))
        return replace(result, bar="volume" if "volume" in result.columns else "", notes=told)

    def purchased(call: Call, whose: Any, until: Until = None) -> Result:
        from custctl.store import purchases as store

        connection = call.read()
        row_id, key = lookup.require(connection, noun, whose)
        on, days = store.is_listed(connection, noun, key)
        fields = ("product", "orders", "first_purchase", "last_purchase")
        if not on:
            off = "products that were bought before are not listed: custctl setting set order.purchase_history on"
            return replace(table(call, (), fields, fields), notes=(off,))
        rows = store.products(connection, noun, row_id, _day(until), days)
        return table(call, call.noting(rows, f"no products in the last {days} days"), fields, fields)

    key = "acme" if noun is not USER else "anna@acme.example"
    orders.__doc__ = f"List the orders of {_a(noun)}, the newest first."
    volume.__doc__ = f"Show what {_a(noun)} ordered in each of twelve months; cancelled orders do not count."
    purchased.__doc__ = f"List the products that {_a(noun)} bought before, those bought latest first."
    for verb, may in ((orders, acts), (volume, False), (purchased, False)):
        verb.__annotations__["whose"] = argument
        example = shell.command(f"{noun.group} {verb.__name__}", key)
        command(app, verb.__name__, acts=may, examples=(example,))(verb)


def _undated(number: int) -> Iterator[str]:
    if number:
        orders = "1 order is" if number == 1 else f"{number} orders are"
        yield f"{orders} in no month: order edit --placed-at says when it was placed"


def _a(noun: Noun) -> str:
    return f"{'an' if noun.title[0] in 'aeiou' else 'a'} {noun.title}"


def _day(text: str | None) -> str:
    """A day that was typed, by default today; exit 4 for another text."""
    from custctl.store.codec import day_from
    from custctl.store.database import today

    if text is None:
        return today()
    try:
        return day_from(text).isoformat()
    except ValueError:
        raise invalid(f"--until {text!r} is no day", field="until", value=text, hint="like 2026-01-31") from None
