"""Customer users: the people who act for a customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl.commands import _address
from custctl.commands._arguments import (
    Birthday,
    CustomerArg,
    ExternalId,
    FirstName,
    LastName,
    Limit,
    MiddleName,
    Owner,
    Prefix,
    RolesArg,
    SalesReps,
    Sort,
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
    free_key,
    given,
    key_of,
    listed,
    listing,
    narrowed,
    not_oneself,
    readable,
    refuse_taken,
    settle_owner,
    tags_given,
    write_item,
)
from custctl.commands._common import delete as delete_record
from custctl.commands._common import show as show_record
from custctl.errors import conflict, usage
from custctl.resources import CUSTOMER, ROLE, USER, USER_ADDRESS, fold, slug
from custctl.result import Result
from custctl.store import lookup

if TYPE_CHECKING:
    from custctl.store.unit import Draft, Unit

app = group("user", "Customer users: the people who sign in.")
app.add_typer(_address.group_of(USER, USER_ADDRESS, acts=True))
roles_app = group("role", "The roles of a user.")
app.add_typer(roles_app)

Roles = Annotated[list[str] | None, typer.Option("--role", metavar="ROLE", help="A role; may be repeated.")]


@command(app, "list", acts=True, examples=("custctl user list --where customer=acme --where enabled=yes",))
def list_(call: Call, where: Where = None, sort: Sort = None, limit: Limit = None) -> Result:
    """List customer users, by e-mail."""
    return listing(call, USER, where, sort, limit)


@command(app, "show", acts=True, examples=("custctl user show anna@acme.example",))
def show(call: Call, user: UserArg) -> Result:
    """Show a customer user with roles, addresses and whether signing in is possible."""
    from custctl.policy import sign_in
    from custctl.store.facts import Asker

    readable(call, connection := call.read(), USER, user)
    _, key = lookup.require(connection, USER, user)
    refused = sign_in(Asker(connection).subject(f"user:{key}", ()))
    status = {"allowed": refused is None, "reason": None if refused is None else refused.value}
    return show_record(call, USER, key, {"sign_in": status})


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
        owner=owner,
        sales_reps=sales_rep,
        external_id=external_id,
        guest=guest or None,
        enabled=False if disabled else None,
        confirmed=False if unconfirmed else None,
        tags=tags_given(call, tag),
    )
    return call.write(lambda unit: _add(unit, values, customer, role or []))


def _add(unit: Unit, values: dict[str, Any], customer: str | None, roles: list[str]) -> None:
    """A new user; without a customer one is made that is called like the person (feature U-01)."""
    from custctl.store.apply import Request, item_of, merge

    allow(unit, USER, "create")
    if values.get("guest") and "key" not in values:
        values["key"] = free_key(unit, USER, slug(f"guest {values['email'].partition('@')[0]}", "guest"))
    values["customer"] = key_of(unit, CUSTOMER, customer)
    settle_owner(unit, USER, values)
    refuse_taken(unit, USER, values.get("key") or fold(values["email"]))
    values["roles"] = _given_roles(unit, roles)
    if values["customer"] is not None:
        write_item(unit, USER, values)
        return
    name = f"{values.get('first_name', '')} {values.get('last_name', '')}".strip()
    made = {"key": free_key(unit, CUSTOMER, slug(name, "customer")), "name": name or values["email"]}
    user = item_of(USER, values | {"customer": made["key"]})
    merge(unit, Request([item_of(CUSTOMER, made), user]))


def _given_roles(unit: Unit, roles: list[str], held: set[str] | None = None) -> list[str]:
    """The keys of roles to give; under --as only those that the user's list of roles shows, or that are held."""
    keys = [lookup.require(unit.connection, ROLE, role)[1] for role in roles]
    if unit.acting is not None:
        for key in keys:
            if key not in (held or ()):
                unit.acting.require_role(key)
    return keys


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
        owner=owner,
        sales_reps=listed(sales_rep),
        external_id=external_id,
        confirmed=confirmed,
        auth_status=auth_status,
        tags=tags_given(call, tag),
    )
    if not values and role is None:
        raise usage("say what to change", "--help lists the options")
    return call.write(lambda unit: _edit(unit, user, values, role))


def _edit(unit: Unit, text: str, values: dict[str, Any], roles: list[str] | None) -> Draft:
    """Merge fields into a user; a new e-mail address of one who signs in is a new key."""
    draft = find(unit, USER, text)
    allow_fields(unit, draft, values if roles is None else (*values, "roles"))
    values = values | {"key": draft.key}
    if roles is not None:
        held = set(draft.image["roles"])
        values["roles"] = _given_roles(unit, [role for role in roles if role], held)
        if set(values["roles"]) != held:
            not_oneself(unit, draft, "change the roles of")
    if values.get("email") and not draft.image["guest"] and fold(values["email"]) != draft.key:
        refuse_taken(unit, USER, fold(values["email"]))
        values |= {"key": None, "was": draft.key}
    return write_item(unit, USER, values)


@command(app, "enable", acts=True)
def enable(call: Call, user: UserArg) -> Result:
    """Let a user sign in; needs a role."""
    return call.write(lambda unit: _switch(unit, user, on=True))


@command(app, "disable", acts=True)
def disable(call: Call, user: UserArg) -> Result:
    """Keep a user from signing in; nothing else changes."""
    return call.write(lambda unit: _switch(unit, user, on=False))


def _switch(unit: Unit, text: str, *, on: bool) -> None:
    """Enable or disable; refused when it is so already (feature U-07)."""
    draft = find(unit, USER, text)
    allow_fields(unit, draft, ["enabled"])
    if not on:
        not_oneself(unit, draft, "disable")
    if on and draft.image["guest"]:
        raise conflict(f"{draft.reference} is a guest, who cannot sign in", code="guest")
    if draft.image["enabled"] is on:
        raise conflict(f"{draft.reference} is already {'enabled' if on else 'disabled'}", code="unchanged")
    write_item(unit, USER, {"key": draft.key, "enabled": on})


@command(app, "delete", acts=True)
def delete(call: Call, user: UserArg) -> Result:
    """Delete a customer user who owns no records."""
    from custctl.store.removal import remove_user

    return delete_record(call, USER, user, remove_user)


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
