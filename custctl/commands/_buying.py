"""What buyers get to see: the products, and their prices, of a customer, a customer user or a visitor."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, NamedTuple

import typer

from custctl import shell
from custctl.commands._arguments import After, Count, Limit, ProductArg, Sort, Where
from custctl.commands._command import Call, command
from custctl.commands._common import Asked, listing, record
from custctl.commands._context import person
from custctl.errors import Exit, invalid, usage
from custctl.resources import PRODUCT, Noun
from custctl.result import Result
from custctl.store.codec import currency_code

Explain = Annotated[
    str | None, typer.Option("--explain", metavar="PRODUCT", help="Of this product: which setting decides.")
]
Chain = Annotated[bool, typer.Option("--explain", help="Show every price list that counts, in their order.")]
Quantity = Annotated[int, typer.Option("--quantity", metavar="N", min=1, help="For so many pieces.")]
Currency = Annotated[
    str | None,
    typer.Option(
        "--currency", metavar="USD", help="In this currency; by default the one they see, if there is a price."
    ),
]


class Wanted(NamedTuple):
    """A product whose price is asked for: of so many pieces, in a currency."""

    product: str
    quantity: int
    currency: str | None


def register(app: typer.Typer, noun: Noun, argument: Any, example: str) -> None:
    """Give a group the verbs `products` and `price` of one of its records."""

    def products_(
        call: Call,
        who: Any,
        explain: Explain = None,
        where: Where = None,
        sort: Sort = None,
        limit: Limit = None,
        after: After = None,
        count: Count = False,
    ) -> Result:
        return products(call, noun, who, Asked(where, sort, limit, after, count), explain)

    def price_(
        call: Call,
        who: Any,
        product: ProductArg,
        quantity: Quantity = 1,
        currency: Currency = None,
        explain: Chain = False,
    ) -> Result:
        return price(call, noun, who, Wanted(product, quantity, currency), explain=explain)

    for verb, work, text, tails in (
        (
            "products",
            products_,
            f"List the products that a {noun.title} sees; with --explain say which setting decides about one.",
            ("--limit 20", "--explain 5GN27"),
        ),
        (
            "price",
            price_,
            f"Show what a product costs a {noun.title}, and the price list that says so; exit 1 when none does.",
            ("5GN27 --quantity 10", "5GN27 --explain"),
        ),
    ):
        work.__doc__ = text
        work.__annotations__["who"] = argument
        examples = [shell.line([noun.group, verb, *example.split(), *tail.split()]) for tail in tails]
        command(app, verb, examples=examples)(work)


def products(call: Call, noun: Noun | None, who: str, asked: Asked, explain: str | None) -> Result:
    """The products that somebody sees, or why one of them is seen or not; without a noun it is a visitor who looks."""
    from custctl.store import viewers, visibility

    connection = call.read()
    viewer = viewers.viewer(connection, noun, who)
    if explain is None:
        return listing(call, PRODUCT, asked, visibility.visible(connection, viewer))
    if asked != Asked():
        raise usage("--explain is about one product", "leave the options of the list out")
    answer = visibility.explain(connection, viewer, explain)
    seen = "sees" if answer["visible"] else "does not see"
    told = record(call, answer, f"{viewer.name} {seen} {answer['product']}: {_WHY[answer['decided']]}")
    return replace(told, exit=Exit.OK if answer["visible"] else Exit.NO)


_WHY = {
    "status": "the product is disabled",
    "product": "what counts for everybody decides",
    "group": "what is said for the group decides",
    "customer": "what is said for the customer decides",
}
_ONLY_EXPLAINED = ("chain", "inactive")


def price(call: Call, noun: Noun | None, who: str, wanted: Wanted, *, explain: bool) -> Result:
    """What a product costs somebody, in the currency that they see; exit 1 when no price list says so."""
    from custctl.store import onlookers, prices, viewers

    currency = None if wanted.currency is None else _code(wanted.currency)
    connection = call.read()
    viewer = viewers.viewer(connection, noun, who)
    seen = onlookers.currency(connection, person(connection, noun, who or None))
    answer = prices.price(connection, viewer, wanted.product, wanted.quantity, currency=currency, seen=seen)
    notes = [] if answer["visible"] else [f"{viewer.name} does not see {answer['product']}"]
    if answer["amount"] is None:
        asked = f"{wanted.quantity} in {currency}" if currency else wanted.quantity
        notes.append(f"none of the price lists that count has a price of {answer['product']} for {asked}")
    elif currency is None and answer["currency"] not in (seen, None):
        notes.append(
            f"{viewer.name} sees prices in {seen}, and no price list that counts has one of {answer['product']}"
        )
    if not explain and call.option("fields") is None:
        answer = {name: value for name, value in answer.items() if name not in _ONLY_EXPLAINED}
    return replace(record(call, answer, *notes), exit=Exit.NO if answer["amount"] is None else Exit.OK)


def _code(text: str) -> str:
    """A currency as it is typed, in capitals; raises exit 4 for what is none."""
    try:
        return currency_code(text.upper())
    except ValueError as error:
        raise invalid(f"currency {error}", field="currency", value=text) from None
