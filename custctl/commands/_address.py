"""The addresses of customers, customer users and contacts: the same verbs under each of their groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl import shell
from custctl.commands import _import
from custctl.commands._arguments import FirstName, LastName
from custctl.commands._command import Call, command, group
from custctl.commands._common import addresses_seen, allow, columns, given, listed, narrowed, open_names, shown, visible
from custctl.errors import invalid, usage
from custctl.resources import Noun, fold
from custctl.result import Result
from custctl.store import lookup, reads

if TYPE_CHECKING:
    from custctl.store.unit import Draft, Unit

OwnerArg = Annotated[str, typer.Argument(metavar="OWNER", help="Whose addresses.")]
AddressArg = Annotated[str, typer.Argument(metavar="OWNER/KEY", help="An address: acme/hq.")]
_KINDS = "billing|shipping"
Types = Annotated[list[str] | None, typer.Option("--type", metavar=_KINDS, help="What it is for; may be repeated.")]
Defaults = Annotated[list[str] | None, typer.Option("--default", metavar=_KINDS, help="What it is the default for.")]
Primary = Annotated[bool, typer.Option("--primary", help="Make it the primary address.")]


def _text(name: str, words: str) -> Any:
    return typer.Option(f"--{name}", help=words)


Label = Annotated[str | None, _text("label", "A label, like Headquarters.")]
Organization = Annotated[str | None, _text("organization", "The company; or give first and last name.")]
Street = Annotated[str | None, _text("street", "Street and number.")]
Street2 = Annotated[str | None, _text("street2", "A second line.")]
City = Annotated[str | None, _text("city", "City.")]
PostalCode = Annotated[str | None, _text("postal-code", "Postal code.")]
Country = Annotated[str | None, _text("country", "Country code, like US.")]
Region = Annotated[str | None, _text("region", "Region code, like US-FL.")]
Phone = Annotated[str | None, _text("phone", "Phone.")]
Key = Annotated[str | None, _text("key", "Its key; by default made from the label.")]


def group_of(owner: Noun, noun: Noun, *, acts: bool) -> typer.Typer:
    """The group `address` of one kind of owner; `acts` as for `command`."""
    app = group("address", f"Addresses of a {owner.title}.")

    @command(app, "list", acts=acts)
    def list_(call: Call, owner_key: OwnerArg) -> Result:
        """List the addresses of one owner, the primary one first."""
        return _list(call, owner, noun, owner_key)

    @command(app, "show", acts=acts)
    def show(call: Call, address: AddressArg) -> Result:
        """Show one address."""
        return _show(call, owner, noun, address)

    @command(app, "add", acts=acts)
    def add(
        call: Call,
        owner_key: OwnerArg,
        key: Key = None,
        label: Label = None,
        organization: Organization = None,
        first_name: FirstName = None,
        last_name: LastName = None,
        street: Street = None,
        street2: Street2 = None,
        city: City = None,
        postal_code: PostalCode = None,
        country: Country = None,
        region: Region = None,
        phone: Phone = None,
        type_: Types = None,
        default: Defaults = None,
        primary: Primary = False,
    ) -> Result:
        """Add an address; the first one is the primary one."""
        values = _values(locals()) | given(key=key)
        return call.write(lambda unit: _write(unit, owner, noun, owner_key, values, new=True))

    @command(app, "edit", acts=acts)
    def edit(
        call: Call,
        address: AddressArg,
        label: Label = None,
        organization: Organization = None,
        first_name: FirstName = None,
        last_name: LastName = None,
        street: Street = None,
        street2: Street2 = None,
        city: City = None,
        postal_code: PostalCode = None,
        country: Country = None,
        region: Region = None,
        phone: Phone = None,
        type_: Types = None,
        default: Defaults = None,
        primary: Primary = False,
    ) -> Result:
        """Change fields of an address; "" clears one. Its owner cannot change."""
        return _edit(call, owner, noun, address, _values(locals()))

    @command(app, "delete", acts=acts)
    def delete(call: Call, address: AddressArg) -> Result:
        """Delete an address; the primary one only when it is the last (another has to be made primary first)."""
        return call.write(lambda unit: _remove(unit, owner, noun, address))

    _import.register(app, noun)
    return app


def _edit(call: Call, owner: Noun, noun: Noun, address: str, values: dict[str, Any]) -> Result:
    if not values:
        hint = f"what can be changed: {shell.command(f'{noun.group} edit', help=True)}"
        raise usage("say what to change", hint)
    owner_key, key = _split(noun, address)
    return call.write(lambda unit: _write(unit, owner, noun, owner_key, values | {"key": key}, new=False))


def _list(call: Call, owner: Noun, noun: Noun, owner_key: str) -> Result:
    connection = call.read()
    actor = call.acting(connection)
    names = columns(call, noun)
    _, refused = visible(actor, noun)
    if refused is not None:  # the list is empty, whoever's addresses are meant
        return Result([], "list", names, noun.reference, (refused,))
    if actor is None:
        row_id, key = lookup.require(connection, owner, owner_key)
        rows = list(reads.addresses(connection, owner, row_id))
    else:
        row_id, key = actor.find_owner_of_addresses(noun, owner_key)
        rows = addresses_seen(actor, owner, row_id)
    for row in rows:
        row |= {"key": f"{key}/{row['key']}", "owner": key}
    nothing = f"{key} has no addresses" if actor is None else f"{key} has no addresses that may be viewed"
    notes = () if rows else (nothing,)
    if actor is not None:
        names, gone = open_names(call, actor, noun, names)
        notes = (*notes, *gone)
    return Result(narrowed(call, noun, names, rows), "list", names, noun.reference, notes)


def _show(call: Call, owner: Noun, noun: Noun, address: str) -> Result:
    connection = call.read()
    owner_key, key = _split(noun, address)
    actor = call.acting(connection)
    if actor is not None:
        row_id, found = actor.find_address(noun, owner_key, key, "view")
    else:
        row_id, found = lookup.require(connection, owner, owner_key)
        lookup.require_address(connection, owner, row_id, found, key)
    image = next(row for row in reads.addresses(connection, owner, row_id) if row["key"] == fold(key))
    image["key"] = f"{found}/{image['key']}"
    if actor is not None:
        from custctl.store.seen import image_seen

        image = image_seen(actor, noun, image)
    return shown(call, noun, image, actor)


_OPTIONS = (
    *("label", "organization", "first_name", "last_name", "street", "street2", "city", "postal_code"),
    *("country", "region", "phone"),
)


def _values(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as a document has them."""
    values = given(**{name: options[name] for name in _OPTIONS})
    values |= given(types=listed(options["type_"]), default=listed(options["default"]))
    return values | ({"primary": True} if options["primary"] else {})


def _split(noun: Noun, address: str) -> tuple[str, str]:
    owner, slash, key = lookup.without_type(noun, address).rpartition("/")
    if not slash:
        raise invalid(f"{address!r} is not OWNER/KEY", value=address, hint="like acme/hq")
    return owner, fold(key)


def _write(unit: Unit, owner: Noun, noun: Noun, owner_key: str, values: dict[str, Any], *, new: bool) -> list[Draft]:
    """Merge one address into its owner's, as a document would."""
    from custctl.errors import conflict
    from custctl.store.apply import Request, item_of, merge

    allow(unit, noun, "create" if new else "edit", values if new else ())
    draft = _owner(unit, owner, noun, owner_key, None if new else values["key"], "create" if new else "edit")
    stored = {address.image["key"] for address in unit.addresses(noun, [draft])[draft.key]}
    if not new:
        _require_fields(unit, noun, f"{draft.key}/{values['key']}", {*values} - {"key"})
    elif values.get("key") in stored:
        raise conflict(f"{noun.reference}:{owner_key}/{values['key']} exists already", code="taken")
    elif "key" not in values:
        from custctl.store.apply import free_key

        values = values | {"key": free_key(values.get("label") or "address", stored)}
    named_by_command(unit, noun, f"{draft.key}/{values['key']}")
    item = item_of(owner, {owner.key if owner.prefix == "" else "key": draft.key, "addresses": [values]})
    return merge(unit, Request([item]))


def _remove(unit: Unit, owner: Noun, noun: Noun, address: str) -> None:
    from custctl.store.removal import remove_addresses

    owner_key, key = _split(noun, address)
    draft = _owner(unit, owner, noun, owner_key, key, "delete")
    every = unit.addresses(noun, [draft])[draft.key]
    target = next(found for found in every if found.image["key"] == key)
    remove_addresses(unit, noun, [target])


def _owner(unit: Unit, owner: Noun, noun: Noun, owner_key: str, key: str | None, action: str) -> Draft:
    """Whose address it is, of a new one or of the one with this key; under --as the user must be allowed the action.

    Raises exit 3 when the owner or the address is not stored.
    """
    actor = unit.acting
    if actor is None:
        row_id, found = lookup.require(unit.connection, owner, owner_key)
        if key is not None:
            lookup.require_address(unit.connection, owner, row_id, found, key)
    elif key is None:
        actor.require_class(noun, action)
        found = actor.key_of(owner, owner_key)
        of_user = owner.prefix == "user"
        actor.require_owner(noun, action, found if of_user else None, None if of_user else found)
    else:
        _, found = actor.find_address(noun, owner_key, key, action)
    return unit.get(owner, fold(found))


def _require_fields(unit: Unit, noun: Noun, key: str, fields: Iterable[str]) -> None:
    if unit.acting is not None:
        unit.acting.require_fields(noun, "edit", fields, key)


def named_by_command(unit: Unit, noun: Noun, key: str) -> None:
    """Let the answer tell of the address that the command names."""
    if unit.acting is not None:
        unit.acting.named.add((noun.name, key))
