"""Products, as far as it matters who sees them and at what price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl.commands import _import
from custctl.commands._arguments import NewName, ProductArg, SomeProducts, Tags
from custctl.commands._command import Call, command, group
from custctl.commands._common import edit as edit_record
from custctl.commands._common import given, key_of, listed, refuse_taken, write_item
from custctl.commands._common import show as show_record
from custctl.commands._lists import list_verb
from custctl.commands._many import delete_verb
from custctl.commands._visibility import visibility_verb
from custctl.resources import CATEGORY, PRODUCT, fold
from custctl.result import Result

if TYPE_CHECKING:
    from custctl.store.unit import Unit

app = group("product", "Products, and who sees them.")

InCategory = Annotated[
    str | None, typer.Option("--category", metavar="CATEGORY", help='The category it is in; "" for none.')
]
Status = Annotated[
    str | None, typer.Option("--status", metavar="enabled|disabled", help="A disabled one is seen by nobody.")
]
Visibility = Annotated[
    str | None,
    typer.Option(
        "--visibility",
        metavar="category|config|hidden|visible",
        help="Who sees it; the first is the default of one that has a category.",
    ),
]


list_verb(app, PRODUCT, "List products, by SKU.", examples=("custctl product list --where category=lighting",))


@command(app, "show", examples=("custctl product show 5GN27",))
def show(call: Call, product: ProductArg) -> Result:
    """Show a product with what is said about who sees it."""
    return show_record(call, PRODUCT, product)


@command(app, "add", examples=("custctl product add 5GN27 'Desk lamp' --category lighting",))
def add(
    call: Call,
    sku: Annotated[str, typer.Argument(metavar="SKU", help="The SKU: letters, digits, - . and _.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name.")],
    category: InCategory = None,
    status: Status = None,
    visibility: Visibility = None,
    tag: Tags = None,
) -> Result:
    """Add a product."""

    def work(unit: Unit) -> None:
        refuse_taken(unit, PRODUCT, fold(sku))
        values = given(sku=sku, name=name, status=status, visibility=visibility, tags=listed(tag))
        write_item(unit, PRODUCT, values | _within(unit, category))

    return call.write(work)


def _within(unit: Unit, category: str | None) -> dict[str, Any]:
    return given(category=key_of(unit, CATEGORY, category))


@command(app, "edit", examples=("custctl product edit 5GN27 --status disabled",))
def edit(
    call: Call,
    product: ProductArg,
    sku: Annotated[str | None, typer.Option("--sku", help="A new SKU; references follow.")] = None,
    name: NewName = None,
    category: InCategory = None,
    status: Status = None,
    visibility: Visibility = None,
    tag: Tags = None,
) -> Result:
    """Change fields of a product; "" clears one."""
    values = given(sku=sku, name=name, status=status, visibility=visibility, tags=listed(tag))
    key = None if sku is None else fold(sku)
    return call.write(lambda unit: edit_record(unit, PRODUCT, product, values | _within(unit, category), key))


delete_verb(
    app,
    PRODUCT,
    SomeProducts,
    "Delete products; their prices go along.",
    examples=("custctl product delete --where status=disabled --dry-run",),
)
visibility_verb(
    app,
    PRODUCT,
    ProductArg,
    "Show who sees a product, or set it: for everybody, for a customer group, for a customer.",
    "custctl product visibility 5GN27 --all hidden --group partners=visible",
    "custctl product visibility 5GN27 --customer acme=",
)
_import.register(app, PRODUCT)
