"""Sales documents: orders, quotes, requests, shopping lists and checkouts have the same verbs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from inspect import signature
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl import shell
from custctl.commands import _import
from custctl.commands._arguments import SomeNumbers, Tags
from custctl.commands._command import Call, command, group
from custctl.commands._common import (
    allow,
    as_seen,
    find,
    given,
    key_of,
    listed,
    named,
    readable,
    record,
    refuse_taken,
    settle_owner,
    shown,
    write_item,
)
from custctl.commands._common import edit as edit_record
from custctl.commands._lists import list_verb
from custctl.commands._many import delete_verb
from custctl.errors import Exit
from custctl.resources import CUSTOMER, USER, Noun, fold
from custctl.result import Result
from custctl.store import lookup, reads

if TYPE_CHECKING:
    from custctl.store.unit import Unit

NumberArg = Annotated[str, typer.Argument(metavar="NUMBER", help="Its number.")]
Customer = Annotated[str | None, typer.Option("--customer", metavar="CUSTOMER", help='Its customer; "" for none.')]
User = Annotated[str | None, typer.Option("--user", metavar="USER", help='The user it belongs to; "" for none.')]
Status = Annotated[str | None, typer.Option("--status", help="Its status.")]
Subtotal = Annotated[str | None, typer.Option("--subtotal", metavar="1234.50", help="Its subtotal.")]
Currency = Annotated[str | None, typer.Option("--currency", metavar="USD", help="The currency.")]
PaymentStatus = Annotated[str | None, typer.Option("--payment-status", help="full, partially, refunded, ...")]
Products = Annotated[
    list[str] | None,
    typer.Option("--product", metavar="SKU", help='A product in it; repeat it for all of them, "" for none.'),
]
WorkflowActive = Annotated[
    bool | None, typer.Option("--workflow-active/--no-workflow-active", help="Whether a workflow is at work on it.")
]
PlacedAt = Annotated[str | None, typer.Option("--placed-at", metavar="TIME", help="When it was placed, RFC 3339.")]


def group_of(noun: Noun, text: str) -> typer.Typer:
    """The group of one kind of sales document."""
    app = group(noun.name, text)

    told = "List them, by number; under --as those that the user may see."
    list_verb(app, noun, told, acts=True, examples=(shell.command(f"{noun.name} list", as_="anna@acme.example"),))

    @command(app, "show", acts=True)
    def show(call: Call, number: NumberArg) -> Result:
        """Show one."""
        connection = call.read()
        actor, row_id, _ = readable(call, connection, noun, number)
        return shown(call, noun, as_seen(actor, noun, reads.by_id(connection, noun, row_id)), actor)

    def add(
        call: Call,
        number: NumberArg,
        customer: Customer = None,
        user: User = None,
        status: Status = None,
        subtotal: Subtotal = None,
        currency: Currency = None,
        payment_status: PaymentStatus = None,
        placed_at: PlacedAt = None,
        workflow_active: WorkflowActive = None,
        product: Products = None,
        tag: Tags = None,
    ) -> Result:
        """Add one; under --as it belongs to the user and the user's customer unless told otherwise."""
        values = _values(number, status, subtotal, currency, payment_status, placed_at)
        values |= given(products=listed(product), workflow_active=workflow_active, tags=listed(tag))
        return call.write(lambda unit: _add(unit, noun, values, customer, user))

    def edit(
        call: Call,
        number: NumberArg,
        customer: Customer = None,
        user: User = None,
        status: Status = None,
        subtotal: Subtotal = None,
        currency: Currency = None,
        payment_status: PaymentStatus = None,
        placed_at: PlacedAt = None,
        workflow_active: WorkflowActive = None,
        product: Products = None,
        tag: Tags = None,
    ) -> Result:
        """Change fields of one; "" clears one. Another user is another owner, which needs assign under --as."""
        values = _values(None, status, subtotal, currency, payment_status, placed_at)
        values |= given(products=listed(product), workflow_active=workflow_active, tags=listed(tag))
        return call.write(lambda unit: _edit(unit, noun, number, values, customer, user))

    for verb in (add, edit):
        command(app, verb.__name__, acts=True)(_with_its_options(verb, noun))
    delete_verb(app, noun, SomeNumbers, "Delete some; their lines go along.", acts=True)

    if noun.name in ("order", "checkout"):
        _check_verb(app, noun)

    _import.register(app, noun)
    return app


def _with_its_options(verb: Callable[..., Result], noun: Noun) -> Callable[..., Result]:
    """The verb, without the options of fields that the noun does not have."""
    told = signature(verb, eval_str=True)
    kept = [param for name, param in told.parameters.items() if name != "workflow_active" or noun.field(name)]
    verb.__signature__ = told.replace(parameters=kept)  # type: ignore[attr-defined]  # functions may have one
    return verb


def _check_verb(app: typer.Typer, noun: Noun) -> None:
    """Give a group the verb `check`, which asks about the amount."""

    @command(app, "check", examples=(shell.command(f"{noun.name} check", f"{noun.name[0].upper()}-1"),))
    def check(call: Call, number: NumberArg) -> Result:
        """Does its subtotal lie within the least and the most that the shop wants? Exit 0 is yes, 1 is no."""
        from custctl.store import amounts

        connection = call.read()
        row_id, _ = lookup.require_owned(connection, noun.name, number)
        found = amounts.check(connection, noun, row_id)
        outside = found["verdict"] in ("below-minimum", "above-maximum")
        return replace(record(call, found), exit=Exit.NO if outside else Exit.OK)


def _values(
    number: str | None,
    status: str | None,
    subtotal: str | None,
    currency: str | None,
    payment_status: str | None,
    placed_at: str | None,
) -> dict[str, Any]:
    return given(
        number=number,
        status=status,
        subtotal=subtotal,
        currency=currency,
        payment_status=payment_status,
        placed_at=placed_at,
    )


def _owners(unit: Unit, customer: str | None, user: str | None) -> dict[str, Any]:
    """The owners that were given, as keys."""
    return given(customer=key_of(unit, CUSTOMER, customer), user=key_of(unit, USER, user))


def _add(unit: Unit, noun: Noun, values: dict[str, Any], customer: str | None, user: str | None) -> None:
    allow(unit, noun, "create", _given_fields(values, customer, user))
    values = values | _owners(unit, customer, user)
    settle_owner(unit, noun, values)
    refuse_taken(unit, noun, fold(values["number"]))
    named(unit, write_item(unit, noun, values))


def _edit(unit: Unit, noun: Noun, number: str, values: dict[str, Any], customer: str | None, user: str | None) -> None:
    draft = find(unit, noun, number, fields=_given_fields(values, customer, user))
    edit_record(unit, noun, draft.key, values | _owners(unit, customer, user))


def _given_fields(values: dict[str, Any], customer: str | None, user: str | None) -> Iterable[str]:
    """The names of the fields that were given."""
    return {**values, **given(customer=customer, user=user)}
