"""Customer groups: customers that share terms, across the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from custctl.commands import _import
from custctl.commands._arguments import (
    After,
    Count,
    CustomersArg,
    GroupArg,
    Key,
    Limit,
    Name,
    NewKey,
    NewName,
    Owner,
    PaymentTerm,
    PriceLists,
    SomeGroups,
    Sort,
    Tags,
    TaxCode,
    UnmergedPriceLists,
    Where,
)
from custctl.commands._command import Call, command, group
from custctl.commands._common import Asked, find, given, listed, listing, write_item
from custctl.commands._common import add as add_record
from custctl.commands._common import edit as edit_record
from custctl.commands._common import show as show_record
from custctl.commands._lists import list_verb
from custctl.commands._many import delete_verb
from custctl.resources import CUSTOMER, GROUP
from custctl.result import Result
from custctl.store import lookup

if TYPE_CHECKING:
    from custctl.store.unit import Unit

PriceFallback = Annotated[
    str | None,
    typer.Option(
        "--price-fallback",
        metavar="website|this_group_only",
        help="Which price lists come behind its own; the first is the default.",
    ),
]
app = group("group", "Customer groups: customers that share terms.")
member_app = group("member", "The customers of a group.")
app.add_typer(member_app)


list_verb(app, GROUP, "List customer groups, by name.")


@command(app, "show")
def show(call: Call, group_key: GroupArg) -> Result:
    """Show a customer group."""
    return show_record(call, GROUP, group_key)


@command(app, "add", examples=("custctl group add Partners --payment-term net_30",))
def add(
    call: Call,
    name: Name,
    key: Key = None,
    owner: Owner = None,
    payment_term: PaymentTerm = None,
    tax_code: TaxCode = None,
    price_list: PriceLists = None,
    unmerged_price_list: UnmergedPriceLists = None,
    price_fallback: PriceFallback = None,
    tag: Tags = None,
) -> Result:
    """Add a customer group."""
    values = given(
        key=key,
        name=name,
        owner=owner,
        payment_term=payment_term,
        tax_code=tax_code,
        price_lists=listed(price_list),
        unmerged_price_lists=listed(unmerged_price_list),
        price_fallback=price_fallback,
        tags=listed(tag),
    )
    return call.write(lambda unit: add_record(unit, GROUP, values, name))


@command(app, "edit", examples=("custctl group edit partners --name 'Channel partners'",))
def edit(
    call: Call,
    group_key: GroupArg,
    name: NewName = None,
    key: NewKey = None,
    owner: Owner = None,
    payment_term: PaymentTerm = None,
    tax_code: TaxCode = None,
    price_list: PriceLists = None,
    unmerged_price_list: UnmergedPriceLists = None,
    price_fallback: PriceFallback = None,
    tag: Tags = None,
) -> Result:
    """Change fields of a customer group; "" clears one."""
    values = given(
        name=name,
        owner=owner,
        payment_term=payment_term,
        tax_code=tax_code,
        price_lists=listed(price_list),
        unmerged_price_lists=listed(unmerged_price_list),
        price_fallback=price_fallback,
        tags=listed(tag),
    )
    return call.write(lambda unit: edit_record(unit, GROUP, group_key, values, key))


delete_verb(
    app,
    GROUP,
    SomeGroups,
    "Delete groups; their members keep no group. The group of visitors stays.",
)


@command(member_app, "list")
def member_list(
    call: Call,
    group_key: GroupArg,
    where: Where = None,
    sort: Sort = None,
    limit: Limit = None,
    after: After = None,
    count: Count = False,
) -> Result:
    """List the customers of a group."""
    _, key = lookup.require(call.read(), GROUP, group_key)
    return listing(call, CUSTOMER, Asked([f"group={key}", *(where or ())], sort, limit, after, count))


@command(member_app, "add", examples=("custctl group member add partners acme globex",))
def member_add(call: Call, group_key: GroupArg, customers: CustomersArg) -> Result:
    """Put customers into a group; one that is in another group moves."""
    return call.write(lambda unit: _set_group(unit, group_key, customers, leave=False))


@command(member_app, "remove")
def member_remove(call: Call, group_key: GroupArg, customers: CustomersArg) -> Result:
    """Take customers out of a group; one that is not in it stays as it is."""
    return call.write(lambda unit: _set_group(unit, group_key, customers, leave=True))


def _set_group(unit: Unit, group_key: str, customers: list[str], *, leave: bool) -> None:
    target = find(unit, GROUP, group_key)
    for text in customers:
        draft = find(unit, CUSTOMER, text)
        if not leave:
            write_item(unit, CUSTOMER, {"key": draft.key, "group": target.key})
        elif draft.image["group"] == target.key:
            write_item(unit, CUSTOMER, {"key": draft.key, "group": None})
        else:
            unit.warnings.append(f"{draft.reference} is not in {target.key}")


_import.register(app, GROUP)
