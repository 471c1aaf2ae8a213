"""Customer user roles: permissions by access levels, capabilities, workflows and fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl import shell
from custctl.commands import _import
from custctl.commands._arguments import Key, RoleArg, SomeRoles, Tags
from custctl.commands._command import Call, command, group
from custctl.commands._common import add as add_record
from custctl.commands._common import allow, find, given, key_of, listed, widening, write_item
from custctl.commands._common import show as show_record
from custctl.commands._lists import list_verb
from custctl.commands._many import delete_verb
from custctl.errors import invalid, usage
from custctl.policy.catalogue import FIELD_ONLY
from custctl.resources import CUSTOMER, ROLE, SHORT_TYPES, fold
from custctl.result import Result

if TYPE_CHECKING:
    from custctl.store.unit import Draft, Unit

app = group("role", "Customer user roles: what people may do.")

SelfManaged = Annotated[
    bool | None, typer.Option("--self-managed/--not-self-managed", help="Storefront administrators may manage it.")
]
Public = Annotated[bool | None, typer.Option("--public/--not-public", help="Storefront administrators see it.")]
Grants = Annotated[
    list[str] | None,
    typer.Argument(metavar="ACTION=LEVEL...", help="view=department edit=user; use=on for a capability."),
]
Actions = Annotated[list[str] | None, typer.Argument(metavar="ACTION...", help="Without any, the whole entry goes.")]
ResourceArg = Annotated[
    str,
    typer.Argument(
        metavar="RESOURCE",
        help="An entity, capability:NAME, workflow:NAME, entity.field, or one of the three defaults.",
    ),
]

DEFAULTS = {
    "default": "default",
    "capability-default": "capability_default",
    "workflow-default": "workflow_default",
}
_LONGEST_LABEL = 255
_SWITCHES = {"on": True, "off": False}


list_verb(app, ROLE, "List roles, by label.", acts=True, examples=("custctl role list --where type=customizable",))


@command(app, "show", acts=True, examples=("custctl role show buyer",))
def show(call: Call, role: RoleArg) -> Result:
    """Show a role with its entries; `access matrix role:KEY` shows what they amount to."""
    return show_record(call, ROLE, role)


@command(
    app,
    "add",
    acts=True,
    examples=("custctl role add 'Order approver' --customer acme", "custctl role add Clerk --like buyer"),
)
def add(
    call: Call,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What the role is called, 3 to 255 characters.")],
    customer: Annotated[
        str | None,
        typer.Option("--customer", metavar="CUSTOMER", help="Its customer; without, the role is for everyone."),
    ] = None,
    key: Key = None,
    like: Annotated[str | None, typer.Option("--like", metavar="ROLE", help="Copy the entries of a role.")] = None,
    self_managed: SelfManaged = None,
    public: Public = None,
    tag: Tags = None,
) -> Result:
    """Add a role; a new one may do nothing until it is granted something."""
    values = given(label=label, self_managed=self_managed, public=public, tags=listed(tag))
    return call.write(lambda unit: _add(unit, values, customer, key, like))


def _add(unit: Unit, values: dict[str, Any], customer: str | None, key: str | None, like: str | None) -> Draft:
    from custctl.store.unit import ENTRY_FIELDS

    allow(unit, ROLE, "create", {**values, **given(customer=customer, key=key)})
    named, _, own = fold(key or "").rpartition("/")
    home = key_of(unit, CUSTOMER, customer or named or None)
    if unit.acting is not None:
        home = home or unit.acting.customer
        unit.acting.require_owner(ROLE, "create", None, home)
    owner = "" if home is None else f"{home}/"
    if named and named != home:
        raise invalid(f"a role of {home} has a key like {owner}{own}, not {key}", field="key", value=key)
    if like is not None:
        source = find(unit, ROLE, like, "view").image
        values |= {name: source[name] for name in (*DEFAULTS.values(), *ENTRY_FIELDS)}
    if key is not None:
        values["key"] = f"{owner}{own}"
    return add_record(unit, ROLE, _managed(unit, values), values["label"], owner)


def _managed(unit: Unit, values: dict[str, Any]) -> dict[str, Any]:
    """Under --as a role is self-managed, and its label as long as the storefront's form takes it (AM 6.1, 6.4).

    Source: oroinc/customer-portal CustomerBundle/Form/Handler/CustomerUserRoleUpdateFrontendHandler.php, onSuccess.
    """
    if unit.acting is None:
        return values
    from custctl.storefront import LONGEST_LABEL

    label = values.get("label") or ""
    if LONGEST_LABEL < len(label) <= _LONGEST_LABEL:  # a longer one is refused to everybody
        words = f"the label of a role has at most {LONGEST_LABEL} characters on the storefront, this has {len(label)}"
        raise invalid(words, field="label", value=label)
    return values | {"self_managed": True}


@command(app, "edit", acts=True, examples=("custctl role edit acme/approver --label 'Senior approver'",))
def edit(
    call: Call,
    role: RoleArg,
    label: Annotated[str | None, typer.Option("--label", help="What the role is called.")] = None,
    self_managed: SelfManaged = None,
    public: Public = None,
    customer: Annotated[
        str | None,
        typer.Option(
            "--customer",
            metavar="CUSTOMER",
            help='Give it to this customer, users of others lose it; "" for everyone.',
        ),
    ] = None,
    tag: Tags = None,
) -> Result:
    """Change the label, the flags or the customer of a role."""
    values = given(label=label, self_managed=self_managed, public=public, tags=listed(tag))
    if not values and customer is None:
        raise usage("say what to change", "what can be changed: custctl role edit --help")
    return call.write(lambda unit: _edit(unit, role, values, customer))


def _edit(unit: Unit, text: str, values: dict[str, Any], customer: str | None) -> None:
    draft = _to_change(unit, text, {**values, **given(customer=customer)}, customer, values.get("label"))
    if customer is not None and draft.before is not None:
        _rehome(unit, draft, key_of(unit, CUSTOMER, customer) or None)
    if values:
        write_item(unit, ROLE, _managed(unit, values) | {"key": draft.key})


def _rehome(unit: Unit, draft: Draft, customer: str | None) -> None:
    """Give a stored role to another customer; under --as the user must be allowed to."""
    from custctl.store.removal import rehome_role

    if unit.acting is not None and customer != draft.image["customer"]:
        unit.acting.require_owner(ROLE, "assign", None, customer)
    rehome_role(unit, draft, customer)


def _to_change(
    unit: Unit, text: str, fields: Iterable[str], customer: str | None = None, label: str | None = None
) -> Draft:
    """The role of which fields are to change; under --as a predefined one is copied, and the copy changes.

    To copy needs create, to change a role of a customer edit (AM 6.2).
    Source: oroinc/customer-portal CustomerBundle/Controller/Frontend/CustomerUserRoleController.php, updateAction.
    """
    actor = unit.acting
    predefined = None if actor is None else actor.predefined_to_copy(text)
    if actor is None or predefined is None:
        return find(unit, ROLE, text, fields=fields)
    allow(unit, ROLE, "create", fields)
    from custctl.store.acting import clone_role

    home = key_of(unit, CUSTOMER, customer) or None
    return clone_role(unit, actor, unit.get(ROLE, predefined), home, label)


delete_verb(
    app,
    ROLE,
    SomeRoles,
    "Delete roles that nobody has.",
    acts=True,
)


@command(
    app,
    "grant",
    acts=True,
    examples=(
        "custctl role grant acme/approver order view=corporate edit=department",
        "custctl role grant acme/approver capability:oro_quick_add_form use=on",
        "custctl role grant acme/approver default=user",
    ),
)
def grant(call: Call, role: RoleArg, resource: ResourceArg, grants: Grants = None) -> Result:
    """Set levels of a role; the rest of the entry stays as it counted before."""

    def work(unit: Unit) -> Draft:
        return _grant(unit, role, resource, grants or [])

    if resource.partition("=")[0] in DEFAULTS:
        return call.agreed(
            work, lambda tried: widening(tried.access.risen, f"setting {resource.partition('=')[0]} of {role}")
        )
    return call.write(work)


@command(
    app,
    "revoke",
    acts=True,
    examples=("custctl role revoke acme/approver order edit", "custctl role revoke acme/approver order"),
)
def revoke(call: Call, role: RoleArg, resource: ResourceArg, actions: Actions = None) -> Result:
    """Set permissions of a role to none, or without ACTION unlist the resource so that the default counts."""
    return call.agreed(
        lambda unit: _revoke(unit, role, resource, actions or []),
        lambda tried: widening(tried.access.risen, f"revoking {resource} from {role}"),
    )


def _grant(unit: Unit, text: str, resource: str, grants: list[str]) -> Draft:
    name, equals, level = resource.partition("=")
    draft = _to_change(unit, text, [DEFAULTS.get(name) or _target(resource)[0]])
    if name in DEFAULTS:
        chosen = level if equals else _default_level(grants)
        return write_item(unit, ROLE, {"key": draft.key, DEFAULTS[name]: _default_value(name, chosen)})
    if not grants:
        raise usage(f"say what to grant on {resource}: ACTION=LEVEL", "like view=department edit=user")
    field, target = _found(unit, resource)
    _require_effect(unit, field, target)
    wanted = dict(_pair(word) for word in grants)
    if field == "capabilities":
        return _write(unit, draft, field, target, _switch(wanted))
    return _write(unit, draft, field, target, {**_entry(unit, draft, field, target), **wanted})


def _revoke(unit: Unit, text: str, resource: str, actions: list[str]) -> Draft:
    draft = _to_change(unit, text, [DEFAULTS.get(resource) or _target(resource)[0]])
    if resource in DEFAULTS:
        return write_item(unit, ROLE, {"key": draft.key, DEFAULTS[resource]: None})
    field, target = _found(unit, resource)
    if not actions:
        return _write(unit, draft, field, target, None)
    _require_effect(unit, field, target)
    if field == "capabilities":
        return _write(unit, draft, field, target, _switch(dict.fromkeys(actions, "off")))
    none = dict.fromkeys(actions, "none")
    return _write(unit, draft, field, target, {**_entry(unit, draft, field, target), **none})


def _write(unit: Unit, draft: Draft, field: str, target: str, entry: Any) -> Draft:
    """Replace one entry of a role, or with None unlist it."""
    table = {name: row for name, row in draft.image[field].items() if name != target}
    if entry is not None:
        table[target] = entry
    elif target not in draft.image[field]:
        known = f"{draft.reference} does not list {target}"
        unit.warnings.append(known)
    return write_item(unit, ROLE, {"key": draft.key, field: table})


def _entry(unit: Unit, draft: Draft, field: str, target: str) -> dict[str, str]:
    """The entry as it stands; of a resource not listed yet, what the default gives, so that nothing else changes."""
    from custctl.store.facts import Asker

    stored = draft.image[field].get(target)
    if stored is not None:
        return dict(stored)
    if field == "fields":
        return {}
    return Asker(unit.connection).default_entry(draft.image, f"workflow:{target}" if field == "workflows" else target)


def _found(unit: Unit, resource: str) -> tuple[str, str]:
    """What `_target` says, a field in the spelling that questions ask by; exit 4 for an unknown field."""
    field, target = _target(resource)
    if field == "fields":
        from custctl.store.facts import Asker
        from custctl.store.field_names import spelled

        name = target.partition(".")[0]
        if name not in FIELD_ONLY:
            Asker(unit.connection).entity(SHORT_TYPES.get(name, name))
        return field, spelled(unit.connection, target, entry=True)
    return field, target


def _target(resource: str) -> tuple[str, str]:
    """The field of a role that holds the entry of a resource, and the entry's name."""
    kind, colon, name = resource.partition(":")
    if colon and kind == "capability":
        return "capabilities", name
    if colon and kind == "workflow":
        return "workflows", name
    if colon:
        raise invalid(f"a role speaks of entities, not of one record: {resource!r}", value=resource, hint=f"use {kind}")
    if "." in resource:
        return "fields", resource
    return "permissions", SHORT_TYPES.get(resource, resource)


def _require_effect(unit: Unit, field: str, target: str) -> None:
    """Refuse an entry that no answer hangs on (exit 4): roles do not protect products and categories (AM 2)."""
    entity = unit.entity(target) if field == "permissions" else None
    if entity is not None and not entity.protected:
        words = f"roles do not protect {target}: an entry would have no effect"
        hint = f"to say who sees one: {shell.command(f'{target} visibility', 'KEY')}"
        raise invalid(words, value=target, hint=hint)


def _pair(word: str) -> tuple[str, str]:
    action, equals, level = word.partition("=")
    if not equals or not action or not level:
        raise usage(f"{word!r} is not ACTION=LEVEL", "like view=department")
    return action, level


def _switch(wanted: dict[str, str]) -> bool:
    """The one switch of a capability."""
    if set(wanted) != {"use"} or wanted["use"] not in _SWITCHES:
        raise invalid("a capability is granted by use=on or use=off", field="use")
    return _SWITCHES[wanted["use"]]


def _default_level(grants: list[str]) -> str:
    if len(grants) != 1:
        raise usage("a default takes one level", "like default=corporate")
    return grants[0].rpartition("=")[2]


def _default_value(name: str, level: str) -> Any:
    if name != "capability-default":
        return level
    if level not in _SWITCHES:
        raise invalid(f"capability-default is on or off, not {level!r}", field=name, value=level)
    return _SWITCHES[level]


_import.register(app, ROLE)
