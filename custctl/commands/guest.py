"""Visitors: their sessions, and what the shop allows people who have not signed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl import config, shell
from custctl.commands import _buying, _context, _import, access
from custctl.commands._arguments import (
    ActionArg,
    After,
    ChosenCurrency,
    Count,
    Language,
    Limit,
    ProductArg,
    ResourceArg,
    SomeVisitors,
    Sort,
    UserArg,
    Where,
)
from custctl.commands._command import Call, command, group
from custctl.commands._common import Asked, chosen, given, key_of, table, write_setting
from custctl.commands._common import add as add_record
from custctl.commands._common import edit as edit_record
from custctl.commands._common import show as show_record
from custctl.commands._lists import list_verb
from custctl.commands._many import delete_verb
from custctl.errors import Exit, did_you_mean, invalid, near, number_of
from custctl.policy.website import Reason, Response, path_of, visit
from custctl.resources import NOUNS, USER, VISITOR, Noun
from custctl.result import Result
from custctl.store import lookup, reads, settings

if TYPE_CHECKING:
    from custctl.store.unit import Report, Unit
    from custctl.store.visiting import Cleaning

app = group("guest", "Visitors, and what the shop allows them.")
page_app = group("page", "The pages that stay open to visitors while the website is not.")
app.add_typer(page_app)

AnyVisitor = Annotated[
    str | None, typer.Argument(metavar="VISITOR", help="A visitor's session; by default somebody without one.")
]
VisitorArg = Annotated[str, typer.Argument(metavar="VISITOR", help="A visitor's session: its key or id:N.")]
User = Annotated[str | None, typer.Option("--user", metavar="USER", help='The guest user it has; "" for none.')]
LastVisit = Annotated[
    str | None, typer.Option("--last-visit", metavar="TIME", help='When it was last used, RFC 3339; "" for never.')
]
FeaturesArg = Annotated[
    list[str],
    typer.Argument(
        metavar="FEATURE...", help="access (the website), shopping-list, checkout, request, quote or quick-order."
    ),
]
PagesArg = Annotated[list[str], typer.Argument(metavar="PATH...", help="Pages, like /about.")]
OfVisitor = Annotated[
    str | None, typer.Option("--visitor", metavar="VISITOR", help="This visitor, by default one without a session.")
]

STATUS_COLUMNS = ("name", "value", "origin", "needs", "level", "open")
STATUS_FIELDS = ("name", "setting", *STATUS_COLUMNS[1:])
PAGE = settings.SETTINGS["guest.allowed_pages"]


# -- visitors ------------------------------------------------------------------------------------------------------


list_verb(
    app,
    VISITOR,
    "List the sessions of visitors, by key.",
    examples=("custctl guest list --where 'last_visit<2026-09-01'",),
)


@command(app, "show")
def show(call: Call, visitor: VisitorArg) -> Result:
    """Show a visitor's session, and when it expires."""
    from custctl.store import guests

    connection = call.read()
    row_id, _ = lookup.require(connection, VISITOR, visitor)
    image = reads.by_id(connection, VISITOR, row_id)
    return show_record(call, VISITOR, f"id:{row_id}", guests.session(connection, image["last_visit"]))


@command(app, "add", examples=("custctl guest add s-17 --last-visit 2026-10-01T12:00:00Z",))
def add(
    call: Call,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key of the session.")],
    user: User = None,
    last_visit: LastVisit = None,
    language: Language = None,
    currency: ChosenCurrency = None,
) -> Result:
    """Add a visitor's session."""

    def work(unit: Unit) -> None:
        chosen = given(language=language, currency=currency)
        values = given(key=key, user=key_of(unit, USER, user), last_visit=last_visit) | chosen
        add_record(unit, VISITOR, values, key)

    return call.write(work)


@command(app, "edit", examples=("custctl guest edit s-17 --last-visit 2026-10-02",))
def edit(
    call: Call,
    visitor: VisitorArg,
    key: Annotated[str | None, typer.Option("--key", help="A new key; references follow.")] = None,
    user: User = None,
    last_visit: LastVisit = None,
    language: Language = None,
    currency: ChosenCurrency = None,
) -> Result:
    """Change fields of a visitor's session; "" clears one."""

    def work(unit: Unit) -> None:
        chosen = given(language=language, currency=currency)
        values = given(user=key_of(unit, USER, user), last_visit=last_visit) | chosen
        edit_record(unit, VISITOR, visitor, values, key)

    return call.write(work)


delete_verb(
    app,
    VISITOR,
    SomeVisitors,
    "Delete visitors' sessions that nothing belongs to.",
    examples=("custctl guest delete --where 'last_visit<2026-01-01' --yes",),
)
_import.register(app, VISITOR)


# -- what visitors do ------------------------------------------------------------------------------------------------

NumberArg = Annotated[str, typer.Argument(metavar="NUMBER", help="The number of the new document.")]
Email = Annotated[str | None, typer.Option("--email", help="The e-mail address that the visitor gives.")]
FirstName = Annotated[str | None, typer.Option("--first-name", help="The first name that the visitor gives.")]
LastName = Annotated[str | None, typer.Option("--last-name", help="The last name that the visitor gives.")]
Subtotal = Annotated[str | None, typer.Option("--subtotal", metavar="1234.50", help="Its subtotal.")]
Currency = Annotated[
    str | None, typer.Option("--currency", metavar="USD", help="Of the subtotal; else what the visitor sees.")
]
Products = Annotated[list[str] | None, typer.Option("--product", metavar="SKU", help="A product; may be repeated.")]


def _orders(noun: Noun, number: str, text: str) -> None:
    """Give the group a verb by which visitors make a document that needs to know who they are."""
    person = {"email": "jo@mail.example", "first_name": "Jo", "last_name": "Miller"}

    @command(app, noun.name, examples=(shell.command(f"guest {noun.name}", "s-17", number, **person),))
    def order(
        call: Call,
        visitor: VisitorArg,
        named: NumberArg,
        email: Email = None,
        first_name: FirstName = None,
        last_name: LastName = None,
        subtotal: Subtotal = None,
        currency: Currency = None,
        product: Products = None,
    ) -> Result:
        person = given(email=email, first_name=first_name, last_name=last_name)
        return _made(call, noun, visitor, named, given(subtotal=subtotal, currency=currency, products=product), person)

    order.__doc__ = text


def _made(
    call: Call, noun: Noun, visitor: str, number: str, values: dict[str, Any], person: dict[str, Any] | None = None
) -> Result:
    def work(unit: Unit) -> None:
        from custctl.store.visiting import Order, make

        make(unit, visitor, Order(noun, number, values, person or {}, config.actor()))

    return call.write(work)


_orders(NOUNS["checkout"], "CO-9", "Let a visitor check out: makes a guest user with a customer, and the checkout.")
_orders(
    NOUNS["request"], "RFQ-9", "Let a visitor ask for a quote: makes a guest user with a customer, and the request."
)


@command(app, "shopping-list", examples=("custctl guest shopping-list s-17 SL-9 --product ABC-1 --subtotal 12",))
def shopping_list(
    call: Call,
    visitor: VisitorArg,
    number: NumberArg,
    subtotal: Subtotal = None,
    currency: Currency = None,
    product: Products = None,
) -> Result:
    """Let a visitor begin a shopping list; each has one."""
    values = given(subtotal=subtotal, currency=currency, products=product)
    return _made(call, NOUNS["shopping-list"], visitor, number, values)


@command(
    app,
    "register",
    examples=("custctl guest register checkout:CO-9", "custctl guest register guest-jo --email jo@mail.example"),
)
def register(
    call: Call,
    guest: Annotated[
        str, typer.Argument(metavar="USER", help="A guest user, or visitor:KEY or checkout:NUMBER to find it by.")
    ],
    email: Annotated[str | None, typer.Option("--email", help="Another e-mail address to sign in by.")] = None,
    unconfirmed: Annotated[bool, typer.Option("--unconfirmed", help="The address is not confirmed yet.")] = False,
) -> Result:
    """Turn a guest user into one who signs in: the same record, with everything that belongs to it."""

    def work(unit: Unit) -> None:
        from custctl.store import visiting

        visiting.register(unit, guest, email, confirmed=not unconfirmed)

    return call.write(work)


@command(app, "login", examples=("custctl guest login s-17 anna@acme.example",))
def login(call: Call, visitor: VisitorArg, user: UserArg) -> Result:
    """Let a user sign in where a visitor was: the visitor's shopping list becomes the user's, or part of one."""

    def work(unit: Unit) -> None:
        from custctl.store import visiting

        visiting.login(unit, visitor, user)

    return call.write(work)


@command(app, "clean", examples=("custctl guest clean --dry-run", "custctl guest clean --yes"))
def clean(call: Call) -> Result:
    """Delete expired sessions and guests with their customers, but for those with documents of any kind."""
    done: list[Cleaning] = []

    def work(unit: Unit) -> None:
        from custctl.store import visiting

        done[:] = [visiting.clean(unit)]

    def question(tried: Report) -> str | None:
        return f"deleting {_counted(done[0])}" if tried.changes else None

    result = call.agreed(work, question)
    assert isinstance(result.data, Mapping), "a write answers with one object"
    kept = [{"record": one.reference, "code": why.code, "message": why.message} for one, why in done[0].kept]
    data = {**result.data, "deleted": done[0].counts, "kept": kept}
    notes = (
        *(f"kept: {row['message']}" for row in kept[:_MOST_TOLD]),
        _summary(done[0], dry_run=call.dry_run),
        *result.notes,
    )
    return replace(result, data=data, notes=notes)


_MOST_TOLD = 10


def _summary(done: Cleaning, *, dry_run: bool) -> str:
    would = "would be " if dry_run else ""
    return f"{_counted(done)} {would}deleted, {number_of(len(done.kept), 'expired record')} {would}kept"


def _counted(done: Cleaning) -> str:
    """`2 guest users, 1 customer and 0 sessions`."""
    titles = {"guest_users": "guest user", "customers": "customer", "visitors": "session"}
    told = [number_of(count, titles[name]) for name, count in done.counts.items()]
    return f"{', '.join(told[:-1])} and {told[-1]}"


_context.register(app, VISITOR, AnyVisitor, example="s-17")


# -- what the shop allows --------------------------------------------------------------------------------------------


@command(app, "status")
def status(call: Call) -> Result:
    """Show what the shop allows visitors: every switch, and for a feature whether their role lets them use it."""
    from custctl.store import guests

    call.note("guest enable and guest disable switch the first six, setting set changes the others")
    return table(call, guests.status(call.read()), STATUS_COLUMNS, STATUS_FIELDS)


@command(app, "enable", examples=("custctl guest enable shopping-list checkout",))
def enable(call: Call, features: FeaturesArg) -> Result:
    """Open the website, or features of it, to visitors."""
    return call.write(lambda unit: _switch(unit, features, on=True))


@command(app, "disable", examples=("custctl guest disable access",))
def disable(call: Call, features: FeaturesArg) -> Result:
    """Close the website, or features of it, to visitors."""
    return call.write(lambda unit: _switch(unit, features, on=False))


def _switch(unit: Unit, features: list[str], *, on: bool) -> None:
    from custctl.store.guests import SWITCHES

    for feature in features:
        name = SWITCHES.get(feature)
        if name is None:
            hint = did_you_mean(near(feature, SWITCHES)) or f"the features are {', '.join(SWITCHES)}"
            raise invalid(f"unknown feature {feature!r}", code="unknown-feature", value=feature, hint=hint)
        if settings.value_of(unit.connection, name) is on:
            unit.warnings.append(f"{feature} is {'on' if on else 'off'} already")
        else:
            write_setting(unit, settings.SYSTEM, name, on)


@command(page_app, "list")
def page_list(call: Call) -> Result:
    """List the pages that the shop has chosen."""
    rows = ({"key": page} for page in settings.value_of(call.read(), PAGE.name))
    return table(call, call.noting(rows, "no pages"), ("key",), ("key",))


@command(page_app, "add", examples=("custctl guest page add /about /faq",))
def page_add(call: Call, pages: PagesArg) -> Result:
    """Let pages stay open; each page is named exactly, what lies below it is not."""

    def work(unit: Unit) -> None:
        open_pages = list(settings.value_of(unit.connection, PAGE.name))
        for page in map(_path, pages):
            if page in open_pages:
                unit.warnings.append(f"{page} is among them already")
            else:
                open_pages.append(page)
        _choose(unit, open_pages)

    return call.write(work)


@command(page_app, "remove")
def page_remove(call: Call, pages: PagesArg) -> Result:
    """Let pages stay open no longer."""

    def work(unit: Unit) -> None:
        open_pages = list(settings.value_of(unit.connection, PAGE.name))
        for page in pages:
            leaving = {page, _path(page)} & set(open_pages)
            if not leaving:
                unit.warnings.append(f"{page} is not among them")
            open_pages = [kept for kept in open_pages if kept not in leaving]
        _choose(unit, open_pages)

    return call.write(work)


def _choose(unit: Unit, pages: list[str]) -> None:
    """Write the pages where they differ; without any, the setting is at its default again."""
    if pages != settings.value_of(unit.connection, PAGE.name):
        write_setting(unit, settings.SYSTEM, PAGE.name, pages or None)


def _path(url: str) -> str:
    """The page of an address; exit 4 for what is none."""
    try:
        return path_of(url)
    except ValueError as error:
        raise invalid(f"{url!r}: {error}", value=url, hint="like /about") from None


# -- questions -------------------------------------------------------------------------------------------------------


@command(app, "access", examples=("custctl guest access /catalog", "custctl guest access https://shop.example/login"))
def access_(
    call: Call, url: Annotated[str, typer.Argument(metavar="URL", help="A page: /catalog or all of it.")]
) -> Result:
    """May a visitor see a page of the website? Exit 0 is yes, 1 is no."""
    from custctl.store.guests import website

    _path(url)
    found = visit(url, website(call.read()))
    answer, asked = {"url": url, **asdict(found)}, call.option("fields")
    shown = answer if asked is None else {name: answer[name] for name in chosen(asked, tuple(answer))}
    instead = () if found.response is None else (_INSTEAD[found.response],)
    return Result(shown, notes=(_WHY[found.reason], *instead), exit=Exit.OK if found.allowed else Exit.NO)


_WHY: Mapping[Reason, str] = {
    "website-open": "the website is open to visitors: every page is",
    "always-open": "the website is closed to visitors, but nobody could use it without this page",
    "allowed-page": "the website is closed to visitors, but the shop lets them see this page",
    "registration-off": "the website is closed to visitors, and nobody may register: customer.registration is off",
    "closed": "the website is closed to visitors, and this page is none of those that stay open",
}
_INSTEAD: Mapping[Response, str] = {
    "login": "visitors are sent to the login page",
    "401": "a program that asks is answered 401",
}


@command(app, "can", examples=("custctl guest can view product", "custctl guest can view order"))
def can(
    call: Call,
    action: ActionArg,
    resource: ResourceArg,
    visitor: OfVisitor = None,
    ignore_status: access.IgnoreStatus = False,
) -> Result:
    """May a visitor do ACTION to RESOURCE? The same answer as that of access can guest."""
    result: Result = access.can(call, _subject(visitor), action, resource, ignore_status=ignore_status)
    return result


@command(app, "explain", examples=("custctl guest explain view order",))
def explain(
    call: Call,
    action: ActionArg,
    resource: ResourceArg,
    visitor: OfVisitor = None,
    ignore_status: access.IgnoreStatus = False,
) -> Result:
    """The same answer with everything it came from, as access explain guest gives it."""
    result: Result = access.explain(call, _subject(visitor), action, resource, ignore_status=ignore_status)
    return result


@command(app, "matrix")
def matrix(call: Call, visitor: OfVisitor = None) -> Result:
    """All levels of a visitor, as access matrix guest shows them."""
    result: Result = access.matrix(call, _subject(visitor))
    return result


@command(app, "records", examples=("custctl guest records shopping-list --visitor visitor-1",))
def records(
    call: Call,
    entity: access.EntityArg,
    visitor: OfVisitor = None,
    action: Annotated[str, typer.Option("--action", metavar="ACTION", help="The permission.")] = "view",
    ignore_status: access.IgnoreStatus = False,
    where: Where = None,
    sort: Sort = None,
    limit: Limit = None,
) -> Result:
    """The stored records of ENTITY that a list shows a visitor."""
    result: Result = access.records(call, _subject(visitor), entity, action, ignore_status, where, sort, limit)
    return result


# -- what they see and pay -------------------------------------------------------------------------------------------


@command(app, "products", examples=("custctl guest products --limit 20", "custctl guest products --explain 5GN27"))
def products(
    call: Call,
    explain: _buying.Explain = None,
    where: Where = None,
    sort: Sort = None,
    limit: Limit = None,
    after: After = None,
    count: Count = False,
) -> Result:
    """List the products that visitors see; with --explain say which setting decides about one."""
    return _buying.products(call, None, "", Asked(where, sort, limit, after, count), explain)


@command(app, "price", examples=("custctl guest price 5GN27 --explain",))
def price(
    call: Call,
    product: ProductArg,
    quantity: _buying.Quantity = 1,
    currency: _buying.Currency = None,
    explain: _buying.Chain = False,
) -> Result:
    """Show what a product costs visitors, and the price list that says so; exit 1 when none does."""
    return _buying.price(call, None, "", _buying.Wanted(product, quantity, currency), explain=explain)


def _subject(visitor: str | None) -> str:
    return "guest" if visitor is None else f"visitor:{lookup.without_type(VISITOR, visitor)}"
