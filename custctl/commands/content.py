"""Contents of the website, and the variants of each: for everybody, for a language, a customer or a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl.commands import _import
from custctl.commands._arguments import Key, NewKey, SomeContents, SomeVariants
from custctl.commands._command import Call, command, group
from custctl.commands._common import add as add_record
from custctl.commands._common import edit as edit_record
from custctl.commands._common import given, key_of
from custctl.commands._common import show as show_record
from custctl.commands._lists import list_verb
from custctl.commands._many import delete_verb
from custctl.resources import CONTENT, CUSTOMER, GROUP, VARIANT
from custctl.result import Result
from custctl.store import lookup, reads

if TYPE_CHECKING:
    from custctl.store.unit import Unit

app = group("content", "Contents of the website, and who sees which variant.")
variant_app = group("variant", "The variants of contents, each for some people or for everybody.")
app.add_typer(variant_app)

ContentArg = Annotated[str, typer.Argument(metavar="CONTENT", help="A content: its key or id:N.")]
VariantArg = Annotated[str, typer.Argument(metavar="VARIANT", help="A variant: its key or id:N.")]
Kind = Annotated[str | None, typer.Option("--kind", metavar="block|page|menu", help="What it is; by default a block.")]
ForLanguage = Annotated[
    str | None, typer.Option("--language", metavar="LANGUAGE", help='Only for this language; "" for any.')
]
ForCustomer = Annotated[
    str | None, typer.Option("--customer", metavar="CUSTOMER", help='Only for this customer; "" for any.')
]
ForGroup = Annotated[
    str | None, typer.Option("--group", metavar="GROUP", help='Only for this customer group; "" for any.')
]
TextOption = Annotated[str | None, typer.Option("--text", help="What is shown.")]


list_verb(app, CONTENT, "List contents, by key, with how many variants each has.")


@command(app, "show", examples=("custctl content show home-banner",))
def show(call: Call, content: ContentArg) -> Result:
    """Show a content with its variants."""
    connection = call.read()
    row_id, _ = lookup.require(connection, CONTENT, content)
    among = ("t.content_id = :content", {"content": row_id})
    names = ("key", "language", "customer", "group", "text")
    variants = [*reads.rows(connection, VARIANT, reads.Listing(among=among), names)]
    return show_record(call, CONTENT, f"id:{row_id}", {"shown_as": variants})


@command(app, "add", examples=("custctl content add 'Banner on the home page' --key home-banner",))
def add(
    call: Call,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What it is called.")],
    key: Key = None,
    kind: Kind = None,
    text: Annotated[str | None, typer.Option("--text", help="What everybody sees: makes the first variant.")] = None,
) -> Result:
    """Add a content; without a variant nobody sees it."""

    def work(unit: Unit) -> None:
        made = add_record(unit, CONTENT, given(key=key, title=title, kind=kind), title)
        if text is not None:
            _add_variant(unit, None, {"content": made.key, "text": text})

    return call.write(work)


@command(app, "edit", examples=("custctl content edit home-banner --title 'Welcome'",))
def edit(
    call: Call,
    content: ContentArg,
    title: Annotated[str | None, typer.Option("--title", help="What it is called.")] = None,
    key: NewKey = None,
    kind: Kind = None,
) -> Result:
    """Change fields of a content."""
    return call.write(lambda unit: edit_record(unit, CONTENT, content, given(title=title, kind=kind), key))


delete_verb(app, CONTENT, SomeContents, "Delete contents with all their variants.")
_import.register(app, CONTENT)


# -- variants --------------------------------------------------------------------------------------------------------


list_verb(
    variant_app,
    VARIANT,
    "List variants, by key.",
    examples=("custctl content variant list --where content=home-banner",),
)


@command(variant_app, "show")
def variant_show(call: Call, variant: VariantArg) -> Result:
    """Show a variant."""
    return show_record(call, VARIANT, variant)


@command(
    variant_app,
    "add",
    examples=(
        "custctl content variant add home-banner --group partners --text 'Welcome, partner'",
        "custctl content variant add home-banner --customer acme --language de --text Willkommen",
    ),
)
def variant_add(
    call: Call,
    content: ContentArg,
    key: Annotated[str | None, typer.Option("--key", help="The key; by default made from what it is for.")] = None,
    language: ForLanguage = None,
    customer: ForCustomer = None,
    group: ForGroup = None,
    text: TextOption = None,
) -> Result:
    """Add a variant of a content: of those that fit somebody, the most special one is shown."""

    def work(unit: Unit) -> None:
        _add_variant(unit, key, _values(unit, content, language, customer, group, text))

    return call.write(work)


def _add_variant(unit: Unit, key: str | None, values: dict[str, Any]) -> None:
    """A new variant, by default named after its content and whom it is for."""
    from custctl.store.contents import title_of_variant

    add_record(unit, VARIANT, given(key=key) | values, title_of_variant(values))


def _values(
    unit: Unit,
    content: str | None,
    language: str | None,
    customer: str | None,
    group: str | None,
    text: str | None,
) -> dict[str, Any]:
    return given(
        content=key_of(unit, CONTENT, content),
        language=language,
        customer=key_of(unit, CUSTOMER, customer),
        group=key_of(unit, GROUP, group),
        text=text,
    )


@command(variant_app, "edit", examples=("custctl content variant edit home-banner-partners --text 'Hello again'",))
def variant_edit(
    call: Call,
    variant: VariantArg,
    key: NewKey = None,
    content: Annotated[str | None, typer.Option("--content", metavar="CONTENT", help="The content it is of.")] = None,
    language: ForLanguage = None,
    customer: ForCustomer = None,
    group: ForGroup = None,
    text: TextOption = None,
) -> Result:
    """Change whom a variant is for, or what it says; "" clears a field."""
    return call.write(
        lambda unit: edit_record(unit, VARIANT, variant, _values(unit, content, language, customer, group, text), key)
    )


delete_verb(variant_app, VARIANT, SomeVariants, "Delete variants.")
_import.register(variant_app, VARIANT)
