"""Price lists, and the prices of products in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from custctl.commands import _import
from custctl.commands._arguments import (
    After,
    Count,
    Key,
    Limit,
    Name,
    NewKey,
    NewName,
    PriceListArg,
    ProductArg,
    SomePriceLists,
    Sort,
    Where,
)
from custctl.commands._command import Call, command, group
from custctl.commands._common import Asked, given, key_in, listing, write_item
from custctl.commands._common import add as add_record
from custctl.commands._common import edit as edit_record
from custctl.commands._common import show as show_record
from custctl.commands._lists import list_verb
from custctl.commands._many import delete_verb
from custctl.errors import not_found
from custctl.resources import PRICE, PRICE_LIST, PRODUCT
from custctl.result import Result
from custctl.store import lookup

if TYPE_CHECKING:
    from custctl.store.unit import Unit

app = group("price-list", "Price lists: what products cost, for customers, groups or everybody.")
price_app = group("price", "The prices of a list.")
app.add_typer(price_app)

Active = Annotated[
    bool | None, typer.Option("--active/--inactive", help="Whether it counts; one that is inactive does not.")
]
Currency = Annotated[str | None, typer.Option("--currency", metavar="USD", help="The currency of its prices.")]
Quantity = Annotated[
    int, typer.Option("--quantity", metavar="N", min=1, help="The price of one piece, for who takes so many.")
]


list_verb(app, PRICE_LIST, "List price lists, by name, with how many prices each has.")


@command(app, "show")
def show(call: Call, price_list: PriceListArg) -> Result:
    """Show a price list; `price-list price list` shows its prices."""
    return show_record(call, PRICE_LIST, price_list)


@command(app, "add", examples=("custctl price-list add 'Dealers 2026' --key dealers --currency USD",))
def add(call: Call, name: Name, key: Key = None, active: Active = None, currency: Currency = None) -> Result:
    """Add a price list; customers, groups and the settings price.… name the lists that count."""
    values = given(key=key, name=name, active=active, currency=currency)
    return call.write(lambda unit: add_record(unit, PRICE_LIST, values, name))


@command(app, "edit", examples=("custctl price-list edit dealers --inactive",))
def edit(
    call: Call,
    price_list: PriceListArg,
    name: NewName = None,
    key: NewKey = None,
    active: Active = None,
    currency: Currency = None,
) -> Result:
    """Change fields of a price list; "" clears one."""
    values = given(name=name, active=active, currency=currency)
    return call.write(lambda unit: edit_record(unit, PRICE_LIST, price_list, values, key))


delete_verb(
    app,
    PRICE_LIST,
    SomePriceLists,
    "Delete price lists with their prices; customers and groups lose them.",
    examples=("custctl price-list delete --where active=no --dry-run",),
)
_import.register(app, PRICE_LIST)


# -- prices --------------------------------------------------------------------------------------------------------


@command(price_app, "list", examples=("custctl price-list price list dealers --where 'amount>100'",))
def price_list(
    call: Call,
    price_list: PriceListArg,
    where: Where = None,
    sort: Sort = None,
    limit: Limit = None,
    after: After = None,
    count: Count = False,
) -> Result:
    """List the prices of a price list, by SKU and quantity."""
    _, key = lookup.require(call.read(), PRICE_LIST, price_list)
    order = "product,quantity" if sort is None else sort
    return listing(
        call, PRICE, Asked([f"price_list={key}", *(where or ())], None if count else order, limit, after, count)
    )


@command(
    price_app,
    "set",
    examples=(
        "custctl price-list price set dealers 5GN27 12.50",
        "custctl price-list price set dealers 5GN27 11 --quantity 10",
    ),
)
def price_set(
    call: Call,
    price_list: PriceListArg,
    product: ProductArg,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="What one piece costs, like 12.50.")],
    quantity: Quantity = 1,
) -> Result:
    """Set the price of a product in a price list."""

    def work(unit: Unit) -> None:
        keys = _keys(unit, price_list, product)
        write_item(unit, PRICE, {**keys, "quantity": quantity, "amount": amount})

    return call.write(work)


def _keys(unit: Unit, price_list: str, product: str) -> dict[str, str]:
    return {
        "price_list": key_in(unit.connection, PRICE_LIST, price_list),
        "product": key_in(unit.connection, PRODUCT, product),
    }


@command(price_app, "delete", examples=("custctl price-list price delete dealers 5GN27 --quantity 10",))
def price_delete(call: Call, price_list: PriceListArg, product: ProductArg, quantity: Quantity = 1) -> Result:
    """Delete the price of a product in a price list."""

    def work(unit: Unit) -> None:
        from custctl.store.pricing import price_key

        key = price_key(**_keys(unit, price_list, product), quantity=quantity)
        draft = unit.find(PRICE, key)
        if draft is None:
            raise not_found("price", key, ())
        unit.remove(draft)

    return call.write(work)


_import.register(price_app, PRICE, "custctl price-list price import prices.csv --dry-run")
