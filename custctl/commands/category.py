"""Categories: the tree that products stand in, and who sees which of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl.commands import _import
from custctl.commands._arguments import CategoryArg, Key, Name, NewKey, NewName, SomeCategories
from custctl.commands._command import Call, command, group
from custctl.commands._common import add as add_record
from custctl.commands._common import edit as edit_record
from custctl.commands._common import given, key_of
from custctl.commands._common import show as show_record
from custctl.commands._lists import list_verb
from custctl.commands._many import delete_verb
from custctl.commands._visibility import visibility_verb
from custctl.resources import CATEGORY
from custctl.result import Result
from custctl.store import lookup, reads

if TYPE_CHECKING:
    from custctl.store.unit import Unit

app = group("category", "Categories of products, and who sees them.")

Parent = Annotated[str | None, typer.Option("--parent", metavar="CATEGORY", help='The category above; "" for none.')]
Visibility = Annotated[
    str | None,
    typer.Option(
        "--visibility",
        metavar="parent_category|config|hidden|visible",
        help="Who sees it; the first is the default of one that has a parent.",
    ),
]


list_verb(
    app,
    CATEGORY,
    "List categories, by name, with how many products are in each.",
    examples=("custctl category list --where parent=lighting",),
)


@command(app, "show", examples=("custctl category show lighting",))
def show(call: Call, category: CategoryArg) -> Result:
    """Show a category with what is said about who sees it."""
    return show_record(call, CATEGORY, category)


@command(app, "add", examples=("custctl category add Lighting", "custctl category add 'Desk lamps' --parent lighting"))
def add(call: Call, name: Name, key: Key = None, parent: Parent = None, visibility: Visibility = None) -> Result:
    """Add a category."""
    values = given(key=key, name=name, visibility=visibility)
    return call.write(lambda unit: add_record(unit, CATEGORY, values | _above(unit, parent), name))


def _above(unit: Unit, parent: str | None) -> dict[str, Any]:
    return given(parent=key_of(unit, CATEGORY, parent))


@command(app, "edit", examples=("custctl category edit desk-lamps --parent office",))
def edit(
    call: Call,
    category: CategoryArg,
    name: NewName = None,
    key: NewKey = None,
    parent: Parent = None,
    visibility: Visibility = None,
) -> Result:
    """Change fields of a category; "" clears one."""
    values = given(name=name, visibility=visibility)
    return call.write(lambda unit: edit_record(unit, CATEGORY, category, values | _above(unit, parent), key))


delete_verb(
    app,
    CATEGORY,
    SomeCategories,
    "Delete categories; those below become top-level, and their products have none.",
)


@command(app, "tree", examples=("custctl category tree", "custctl category tree lighting"))
def tree(
    call: Call,
    category: Annotated[str | None, typer.Argument(metavar="CATEGORY", help="Its tree; by default all.")] = None,
) -> Result:
    """Show the tree of categories."""
    connection = call.read()
    if category is None:
        rows = reads.tree(connection, None, CATEGORY)
        return Result(call.noting(rows, "no categories"), "tree", noun=CATEGORY.reference)
    row_id, _ = lookup.require(connection, CATEGORY, category)
    return Result(next(reads.tree(connection, row_id, CATEGORY)), "tree", noun=CATEGORY.reference)


visibility_verb(
    app,
    CATEGORY,
    CategoryArg,
    "Show who sees a category, or set it: for everybody, for a customer group, for a customer.",
    "custctl category visibility lighting --all hidden --group partners=visible",
    "custctl category visibility lighting --customer acme=",
)
_import.register(app, CATEGORY)
