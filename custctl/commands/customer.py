"""Customers: the companies that buy, in trees of parents and subsidiaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl.commands import _address, _buying, _context, _import, _lifetime
from custctl.commands._arguments import (
    CustomerArg,
    ExternalId,
    Key,
    Name,
    NewKey,
    NewName,
    OfAccount,
    OfChannel,
    Owner,
    PaymentTerm,
    PriceLists,
    SalesReps,
    SomeCustomers,
    Tags,
    TaxCode,
    UnmergedPriceLists,
    Where,
)
from custctl.commands._command import Call, command, group
from custctl.commands._common import add as add_record
from custctl.commands._common import allow, find, given, key_of, listed, readable, write_items
from custctl.commands._common import edit as edit_record
from custctl.commands._common import show as show_record
from custctl.commands._lists import list_verb
from custctl.commands._many import Chosen, Verb, carry_out, choose, delete_verb
from custctl.commands._merge import duplicates_verb, merge_verb
from custctl.errors import usage
from custctl.resources import ACCOUNT, CHANNEL, CUSTOMER, CUSTOMER_ADDRESS, GROUP
from custctl.result import Result
from custctl.store import lookup, reads

if TYPE_CHECKING:
    from custctl.store.removal import Outcome
    from custctl.store.unit import Draft, Unit

PriceFallback = Annotated[
    str | None,
    typer.Option(
        "--price-fallback",
        metavar="group|this_customer_only",
        help="Which price lists come behind its own; the first is the default.",
    ),
]
app = group("customer", "Customers: the companies that buy, and their tree.")
app.add_typer(_address.group_of(CUSTOMER, CUSTOMER_ADDRESS, acts=True))

Parent = Annotated[str | None, typer.Option("--parent", metavar="CUSTOMER", help='The customer above; "" for none.')]
InGroup = Annotated[str | None, typer.Option("--group", metavar="GROUP", help='The customer group; "" for none.')]
Rating = Annotated[str | None, typer.Option("--rating", help="The internal rating, 1_of_5 to 5_of_5.")]
VatId = Annotated[str | None, typer.Option("--vat-id", help="The VAT id.")]


list_verb(
    app,
    CUSTOMER,
    "List customers, by name.",
    acts=True,
    examples=("custctl customer list --where group=partners --sort -name --limit 50",),
)


@command(app, "show", acts=True, examples=("custctl customer show acme -o json",))
def show(call: Call, customer: CustomerArg) -> Result:
    """Show a customer with its addresses, parents, subsidiaries and counts."""
    connection = call.read()
    actor, row_id, key = readable(call, connection, CUSTOMER, customer)
    above, below = reads.ancestors(connection, key), [row[0] for row in reads.children(connection, row_id)]
    extra = {
        "ancestors": above if actor is None else actor.seen(CUSTOMER, above),
        "subsidiaries": below if actor is None else actor.seen(CUSTOMER, below),
        "counts": reads.belongings(connection, row_id) if actor is None else actor.belongings(row_id),
    }
    if actor is None:
        from custctl.store.buying import terms

        extra = {"terms": terms(connection, reads.by_id(connection, CUSTOMER, row_id)), **extra}
    return show_record(call, CUSTOMER, customer, extra)


@command(app, "add", acts=True, examples=("custctl customer add 'Acme West' --parent acme --group partners",))
def add(
    call: Call,
    name: Name,
    key: Key = None,
    parent: Parent = None,
    group: InGroup = None,
    account: OfAccount = None,
    channel: OfChannel = None,
    rating: Rating = None,
    owner: Owner = None,
    sales_rep: SalesReps = None,
    payment_term: PaymentTerm = None,
    tax_code: TaxCode = None,
    price_list: PriceLists = None,
    unmerged_price_list: UnmergedPriceLists = None,
    price_fallback: PriceFallback = None,
    vat_id: VatId = None,
    external_id: ExternalId = None,
    tag: Tags = None,
) -> Result:
    """Add a customer."""
    values = given(
        key=key,
        name=name,
        internal_rating=rating,
        owner=owner,
        sales_reps=sales_rep,
        payment_term=payment_term,
        tax_code=tax_code,
        price_lists=listed(price_list),
        unmerged_price_lists=listed(unmerged_price_list),
        price_fallback=price_fallback,
        vat_id=vat_id,
        external_id=external_id,
        tags=listed(tag),
    )
    links = given(parent=parent, group=group, account=account, channel=channel)
    return call.write(lambda unit: _add(unit, values, links))


def _add(unit: Unit, values: dict[str, Any], links: dict[str, str]) -> Draft:
    allow(unit, CUSTOMER, "create", {**values, **links})
    return add_record(unit, CUSTOMER, values | _keys(unit, links), values["name"])


_LINKED = {"parent": CUSTOMER, "group": GROUP, "account": ACCOUNT, "channel": CHANNEL}


def _keys(unit: Unit, links: Mapping[str, str]) -> dict[str, Any]:
    """The records that were given, as keys."""
    return {name: key_of(unit, _LINKED[name], text) for name, text in links.items()}


@command(
    app,
    "edit",
    acts=True,
    examples=(
        "custctl customer edit acme --group partners --rating 4_of_5",
        "custctl customer edit --where tags=reseller --group partners --dry-run",
    ),
)
def edit(
    call: Call,
    customers: SomeCustomers = None,
    where: Where = None,
    name: NewName = None,
    key: NewKey = None,
    parent: Parent = None,
    group: InGroup = None,
    account: OfAccount = None,
    channel: OfChannel = None,
    rating: Rating = None,
    owner: Owner = None,
    sales_rep: SalesReps = None,
    payment_term: PaymentTerm = None,
    tax_code: TaxCode = None,
    price_list: PriceLists = None,
    unmerged_price_list: UnmergedPriceLists = None,
    price_fallback: PriceFallback = None,
    vat_id: VatId = None,
    external_id: ExternalId = None,
    tag: Tags = None,
) -> Result:
    """Change fields of customers; "" clears one."""
    values = given(
        name=name,
        internal_rating=rating,
        owner=owner,
        sales_reps=listed(sales_rep),
        payment_term=payment_term,
        tax_code=tax_code,
        price_lists=listed(price_list),
        unmerged_price_lists=listed(unmerged_price_list),
        price_fallback=price_fallback,
        vat_id=vat_id,
        external_id=external_id,
        tags=listed(tag),
    )
    links = given(parent=parent, group=group, account=account, channel=channel)
    chosen = choose(call, CUSTOMER, customers, where)
    if isinstance(chosen, str):
        return call.write(lambda unit: _edit(unit, chosen, values, links, key))
    return _edit_many(call, chosen, values, links, given(**{"--key": key, "--external-id": external_id}))


def _edit(unit: Unit, text: str, values: dict[str, Any], links: dict[str, str], new_key: str | None) -> Draft:
    draft = find(unit, CUSTOMER, text, fields={**values, **links, **given(key=new_key)})
    return edit_record(unit, CUSTOMER, draft.key, values | _keys(unit, links), new_key)


def _edit_many(
    call: Call, chosen: Chosen, values: dict[str, Any], links: dict[str, str], of_one: dict[str, Any]
) -> Result:
    """The same fields for several customers; `of_one` are those that only one can have (exit 2)."""
    if of_one:
        raise usage(f"{' and '.join(of_one)} can only be that of one customer", "name one")
    if not values and not links:
        raise usage("say what to change", "what can be changed: custctl customer edit --help")

    def work(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
        from custctl.store.removal import Outcome

        shared = values | _keys(unit, links)
        write_items(unit, CUSTOMER, [{"key": draft.key, **shared} for draft in drafts])
        return Outcome([], [])

    return carry_out(call, chosen, Verb("changing", "changed", "edit"), work)


delete_verb(
    app,
    CUSTOMER,
    SomeCustomers,
    "Delete customers that nothing belongs to; their subsidiaries become top-level.",
    acts=True,
    examples=("custctl customer delete --where tags=obsolete --dry-run",),
)


merge_verb(
    app,
    CUSTOMER,
    "Make two to five customers one, with the users, roles, documents and subsidiaries of all.",
    examples=("custctl customer merge acme acme-2 --take vat_id=acme-2 --dry-run",),
)
duplicates_verb(app, CUSTOMER, ("name", "vat_id"))


@command(app, "move", examples=("custctl customer move acme-west --to acme", "custctl customer move acme-west --top"))
def move(
    call: Call,
    customer: CustomerArg,
    to: Annotated[str | None, typer.Option("--to", metavar="CUSTOMER", help="The new parent.")] = None,
    top: Annotated[bool, typer.Option("--top", help="Make it top-level.")] = False,
) -> Result:
    """Move a customer, with everything below it, under another parent."""
    if (to is None) == (not top):
        raise usage("say where to: --to CUSTOMER or --top")
    return call.write(lambda unit: edit_record(unit, CUSTOMER, customer, {"parent": key_of(unit, CUSTOMER, to) or ""}))


@command(app, "tree", examples=("custctl customer tree", "custctl customer tree acme"))
def tree(
    call: Call,
    customer: Annotated[str | None, typer.Argument(metavar="CUSTOMER", help="Its tree; by default all.")] = None,
) -> Result:
    """Show the tree of customers: parents, subsidiaries and their subsidiaries."""
    connection = call.read()
    if customer is None:
        return Result(reads.tree(connection, None), "tree", noun=CUSTOMER.reference)
    row_id, _ = lookup.require(connection, CUSTOMER, customer)
    return Result(next(reads.tree(connection, row_id)), "tree", noun=CUSTOMER.reference)


_lifetime.of_customers(app)
_lifetime.purchases(app, CUSTOMER, CustomerArg, acts=True)
_context.register(app, CUSTOMER, CustomerArg)
_buying.register(
    app,
    CUSTOMER,
    CustomerArg,
    "acme",
)
_import.register(app, CUSTOMER)
