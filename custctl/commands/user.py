"""Customer users: the people who act for a customer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl.commands import _address, _buying, _context, _import, _lifetime
from custctl.commands._arguments import (
    Birthday,
    ChosenCurrency,
    CustomerArg,
    ExternalId,
    FirstName,
    Language,
    LastName,
    MiddleName,
    Owner,
    Prefix,
    RolesArg,
    SalesReps,
    SomeUsers,
    Suffix,
    Tags,
    UserArg,
    Where,
)
from custctl.commands._command import Call, command, group
from custctl.commands._common import (
    allow,
    allow_fields,
    columns,
    find,
    given,
    key_of,
    listed,
    named,
    narrowed,
    not_oneself,
    readable,
    refuse_taken,
    settle_owner,
    write_item,
    write_items,
)
from custctl.commands._common import show as show_record
from custctl.commands._lists import list_verb
from custctl.commands._many import Verb, carry_out, choose, delete_verb
from custctl.errors import CustctlError, Problem, conflict, usage
from custctl.resources import CUSTOMER, ROLE, USER, USER_ADDRESS, fold, slug
from custctl.result import Result
from custctl.store import lookup

if TYPE_CHECKING:
    from custctl.store.removal import Outcome
    from custctl.store.unit import Draft, Unit

app = group("user", "Customer users: the people who sign in.")
app.add_typer(_address.group_of(USER, USER_ADDRESS, acts=True))
roles_app = group("role", "The roles of a user.")
app.add_typer(roles_app)

Roles = Annotated[list[str] | None, typer.Option("--role", metavar="ROLE", help="A role; may be repeated.")]


list_verb(
    app,
    USER,
    "List customer users, by e-mail.",
    acts=True,
    examples=("custctl user list --where customer=acme --where enabled=yes",),
)


@command(app, "show", acts=True, examples=("custctl user show anna@acme.example",))
def show(call: Call, user: UserArg) -> Result:
    """Show a customer user with roles, addresses and whether signing in is possible."""
    from custctl.policy.decide import sign_in
    from custctl.store.facts import Asker

    _, _, key = readable(call, connection := call.read(), USER, user)
    refused = sign_in(Asker(connection).subject(f"user:{key}", ()))
    status = {"allowed": refused is None, "reason": None if refused is None else refused.value}
    return show_record(call, USER, user, {"sign_in": status})


@command(
    app,
    "add",
    acts=True,
    examples=("custctl user add anna@acme.example --first-name Anna --last-name Kim --customer acme --role buyer",),
)
def add(
    call: Call,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The e-mail address, by which the person signs in.")],
    first_name: FirstName = None,
    last_name: LastName = None,
    customer: Annotated[
        str | None,
        typer.Option("--customer", metavar="CUSTOMER", help="The customer; without, one is made of the person's name."),
    ] = None,
    role: Roles = None,
    prefix: Prefix = None,
    middle_name: MiddleName = None,
    suffix: Suffix = None,
    birthday: Birthday = None,
    language: Language = None,
    currency: ChosenCurrency = None,
    owner: Owner = None,
    sales_rep: SalesReps = None,
    external_id: ExternalId = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="Not enabled yet.")] = False,
    unconfirmed: Annotated[bool, typer.Option("--unconfirmed", help="Not confirmed yet.")] = False,
    guest: Annotated[bool, typer.Option("--guest", help="A guest: cannot sign in, may share an e-mail.")] = False,
    key: Annotated[str | None, typer.Option("--key", help="The key of a guest; by default guest-...")] = None,
    tag: Tags = None,
) -> Result:
    """Add a customer user."""
    values = given(
        email=email,
        key=key,
        first_name=first_name,
        last_name=last_name,
        prefix=prefix,
        middle_name=middle_name,
        suffix=suffix,
        birthday=birthday,
        language=language,
        currency=currency,
        owner=owner,
        sales_reps=sales_rep,
        external_id=external_id,
        guest=guest or None,
        enabled=False if disabled else None,
        confirmed=False if unconfirmed else None,
        tags=listed(tag),
    )
    return call.write(lambda unit: _add(unit, dict(values), customer, role))


def _add(unit: Unit, values: dict[str, Any], customer: str | None, roles: list[str] | None) -> None:
    """A new user; without a customer one is made that is called like the person (feature U-01)."""
    from custctl.store.apply import Request, item_of, merge
    from custctl.store.visiting import guest_key

    allow(unit, USER, "create", {**values, **given(customer=customer, roles=roles)})
    if values.get("guest") and "key" not in values:
        values["key"] = guest_key(unit, values["email"])
    values["customer"] = key_of(unit, CUSTOMER, customer)
    settle_owner(unit, USER, values)
    refuse_taken(unit, USER, values.get("key") or fold(values["email"]))
    values["roles"] = _given_roles(unit, roles or [])
    if values["customer"] is not None:
        named(unit, write_item(unit, USER, values))
        return
    name = f"{values.get('first_name', '')} {values.get('last_name', '')}".strip()
    key = unit.free_key(CUSTOMER, slug(name, "customer"))
    made = {"key": key, "name": name or values["email"], "owner": values["owner"]}
    user = item_of(USER, values | {"customer": made["key"]})
    merge(unit, Request([item_of(CUSTOMER, made), user]))


def _given_roles(unit: Unit, roles: list[str], held: Collection[str] = ()) -> list[str]:
    """The keys of roles to give; under --as only those that the user's list of roles shows.

    A role that is held and may not be seen stays: who gives the whole list does not know of it.
    """
    if unit.acting is None:
        return [lookup.require(unit.connection, ROLE, role)[1] for role in roles]
    keys = [unit.acting.role_to_give(role, held) for role in roles]
    return [*keys, *(key for key in held if not unit.acting.sees(ROLE, key))]


@command(app, "edit", acts=True, examples=("custctl user edit anna@acme.example --email anna.kim@acme.example",))
def edit(
    call: Call,
    user: UserArg,
    email: Annotated[str | None, typer.Option("--email", help="A new e-mail address; references follow.")] = None,
    first_name: FirstName = None,
    last_name: LastName = None,
    prefix: Prefix = None,
    middle_name: MiddleName = None,
    suffix: Suffix = None,
    birthday: Birthday = None,
    language: Language = None,
    currency: ChosenCurrency = None,
    owner: Owner = None,
    sales_rep: SalesReps = None,
    external_id: ExternalId = None,
    role: Annotated[
        list[str] | None, typer.Option("--role", metavar="ROLE", help="The roles from now on; may be repeated.")
    ] = None,
    confirmed: Annotated[bool | None, typer.Option("--confirmed/--unconfirmed", help="Confirmed or not.")] = None,
    auth_status: Annotated[
        str | None, typer.Option("--auth-status", metavar="active|reset", help="Whether the password was reset.")
    ] = None,
    tag: Tags = None,
) -> Result:
    """Change fields of a customer user; "" clears one."""
    values = given(
        email=email,
        first_name=first_name,
        last_name=last_name,
        prefix=prefix,
        middle_name=middle_name,
        suffix=suffix,
        birthday=birthday,
        language=language,
        currency=currency,
        owner=owner,
        sales_reps=listed(sales_rep),
        external_id=external_id,
        confirmed=confirmed,
        auth_status=auth_status,
        tags=listed(tag),
    )
    if not values and role is None:
        raise usage("say what to change", "what can be changed: custctl user edit --help")
    return call.write(lambda unit: _edit(unit, user, values, role))


def _edit(unit: Unit, text: str, values: dict[str, Any], roles: list[str] | None) -> Draft:
    """Merge fields into a user; a new e-mail address of one who signs in is a new key."""
    fields = {**values, **given(roles=roles)}
    draft = _own_profile(unit, text, fields)
    if draft is None:
        draft = find(unit, USER, text, fields=fields)
    values = values | {"key": draft.key}
    if roles is not None:
        held = draft.image["roles"]
        values["roles"] = _given_roles(unit, [role for role in roles if role], held)
        if {*values["roles"]} != {*held}:
            not_oneself(unit, draft, "change the roles of")
    if values.get("email") and not draft.image["guest"] and fold(values["email"]) != draft.key:
        refuse_taken(unit, USER, fold(values["email"]))
        values |= {"key": None, "was": draft.key}
    return write_item(unit, USER, values)


def _own_profile(unit: Unit, text: str, fields: Iterable[str]) -> Draft | None:
    """Under --as the acting user's own record, where the fields are those of a profile that may be changed.

    The profile obeys the capability, the page of users the permission: these are two doors (AM 3.2).
    """
    actor = unit.acting
    if actor is None or not actor.is_own_profile(text, fields):
        return None
    draft = unit.get(USER, actor.key)
    allow_fields(unit, draft, fields)
    return draft


@command(app, "enable", acts=True, examples=("custctl user enable --where customer=acme",))
def enable(call: Call, users: SomeUsers = None, where: Where = None) -> Result:
    """Let users sign in; each needs a role."""
    return _switch(call, users, where, Verb("enabling", "enabled", "edit"), on=True)


@command(app, "disable", acts=True, examples=("custctl user disable --where customer=acme --yes",))
def disable(call: Call, users: SomeUsers = None, where: Where = None) -> Result:
    """Keep users from signing in; nothing else changes."""
    return _switch(call, users, where, Verb("disabling", "disabled", "edit"), on=False)


def _switch(call: Call, users: list[str] | None, where: list[str] | None, verb: Verb, *, on: bool) -> Result:
    chosen = choose(call, USER, users, where)
    if isinstance(chosen, str):
        return call.write(lambda unit: _switch_one(unit, chosen, on=on))
    return carry_out(call, chosen, verb, partial(_switch_many, on=on))


def _switch_one(unit: Unit, text: str, *, on: bool) -> None:
    draft = find(unit, USER, text, fields=["enabled"])
    if not on:
        not_oneself(unit, draft, "disable")
    if problem := _unswitchable(draft, on=on):
        raise CustctlError(problem)
    write_item(unit, USER, {"key": draft.key, "enabled": on})


def _switch_many(unit: Unit, drafts: Sequence[Draft], *, on: bool) -> Outcome:
    from custctl.store.removal import Outcome

    found = [(draft, _unswitchable(draft, on=on)) for draft in drafts]
    write_items(unit, USER, [{"key": draft.key, "enabled": on} for draft, problem in found if problem is None])
    return Outcome([], [(draft, problem) for draft, problem in found if problem is not None])


def _unswitchable(draft: Draft, *, on: bool) -> Problem | None:
    """Why a user cannot be enabled or disabled; also when it is so already (features U-07, U-26)."""
    if on and draft.image["guest"]:
        return conflict(f"{draft.reference} is a guest, who cannot sign in", code="guest").problem
    if draft.image["enabled"] is on:
        words = f"{draft.reference} is already {'enabled' if on else 'disabled'}"
        return conflict(words, code="unchanged").problem
    if on and not draft.image["roles"]:
        words = f"{draft.reference}: an enabled user needs at least one role"
        return conflict(words, code="last-role", field="roles", hint="give a role first").problem
    return None


delete_verb(app, USER, SomeUsers, "Delete customer users who own no records.", acts=True)


@command(app, "move", examples=("custctl user move anna@acme.example globex",))
def move(call: Call, user: UserArg, customer: CustomerArg) -> Result:
    """Move a user to another customer; sales documents stay with the old one, without a user."""
    return call.write(lambda unit: _move(unit, user, customer))


def _move(unit: Unit, text: str, customer: str) -> None:
    """The roles of the old customer are not valid at the new one and are taken away."""
    draft = find(unit, USER, text)
    key = key_of(unit, CUSTOMER, customer)
    if draft.image["customer"] == key:
        raise conflict(f"{draft.reference} belongs to {key} already", code="unchanged")
    kept = [role for role in draft.image["roles"] if "/" not in role or role.startswith(f"{key}/")]
    for role in draft.image["roles"]:
        if role not in kept:
            unit.warnings.append(f"{draft.reference} loses role {role}, which belongs to the old customer")
    write_item(unit, USER, {"key": draft.key, "customer": key, "roles": kept})


@command(roles_app, "list")
def role_list(call: Call, user: UserArg) -> Result:
    """List the roles of a user."""
    from custctl.store import reads

    image = reads.record(connection := call.read(), USER, user)
    rows = [reads.record(connection, ROLE, f"id:{lookup.require(connection, ROLE, key)[0]}") for key in image["roles"]]
    names = columns(call, ROLE)
    return Result(narrowed(call, ROLE, names, rows), "list", names, ROLE.reference)


@command(roles_app, "add", examples=("custctl user role add anna@acme.example administrator",))
def role_add(call: Call, user: UserArg, roles: RolesArg) -> Result:
    """Give a user more roles."""
    return call.write(lambda unit: _roles(unit, user, add=roles, remove=[]))


@command(roles_app, "remove")
def role_remove(call: Call, user: UserArg, roles: RolesArg) -> Result:
    """Take roles from a user; the last one of an enabled user stays."""
    return call.write(lambda unit: _roles(unit, user, add=[], remove=roles))


def _roles(unit: Unit, text: str, *, add: list[str], remove: list[str]) -> None:
    draft = find(unit, USER, text)
    gone = {lookup.require(unit.connection, ROLE, role)[1] for role in remove}
    more = [lookup.require(unit.connection, ROLE, role)[1] for role in add]
    absent = sorted(gone - set(draft.image["roles"]))
    if absent:
        raise conflict(f"{draft.reference} does not have {', '.join(absent)}", code="unchanged")
    roles = [role for role in dict.fromkeys([*draft.image["roles"], *more]) if role not in gone]
    write_item(unit, USER, {"key": draft.key, "roles": roles})


_lifetime.purchases(app, USER, UserArg, acts=True)
_context.register(app, USER, UserArg)
_buying.register(
    app,
    USER,
    UserArg,
    "anna@acme.example",
)
_import.register(app, USER)
