"""What a document may hold, told from the models that read it and the table of nouns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import get_args

from custctl.choices import STATUSES
from custctl.resources import NOUNS, Noun
from custctl.result import Row
from custctl.store.inputs import INPUTS, Input, in_words
from custctl.store.rules import REQUIRED

_MEANINGS: Mapping[str, str] = {
    "action": "the permission",
    "addresses": "matched by key; only added or changed",
    "auth_status": "reset: the password was reset, and signing in is not possible",
    "capabilities": "by name",
    "capability_default": "for capabilities that the role does not list",
    "confirmed": "an unconfirmed user cannot sign in",
    "default": "the level for entities that the role does not list",
    "enabled": "a disabled user cannot sign in; an enabled one needs a role",
    "external_id": "the id in another system; unique",
    "fields": "by entity.field and permission",
    "guest": "somebody who ordered without signing in",
    "owner": "the back-office person, as text",
    "permissions": "by entity and permission; an entity that is listed has no permission that is left out",
    "public": "false hides it from customer users",
    "sales_reps": "back-office people, as text",
    "self_managed": "customer users may manage it, if it is public too",
    "amount": "what one piece costs",
    "price_fallback": "whether other price lists count behind these",
    "price_lists": "the first counts first",
    "quantity": "from so many pieces on",
    "sku": "names the product, in capitals or not",
    "unmerged_price_lists": "those of the price lists that are not merged with others",
    "visibility": "who sees it where nothing else is said",
    "visibility_for_customers": "by key of a customer, before its group",
    "visibility_for_groups": "by key of a customer group",
    "was": "the key until now, to rename",
    "workflow_default": "for workflows that the role does not list",
    "workflows": "by name and permission",
    "addresses.country": "ISO 3166, like US",
    "addresses.default": "the types it is the default of",
    "addresses.key": "else made from the label",
    "addresses.region": "ISO 3166-2, like US-FL",
    "business_customers.ownership": "who owns the company, like Public or Private",
    "entities.ownership": "whose level reaches a record: its user's, its customer's, or anybody's",
    "entities.name": "lower-case words joined by hyphens",
    "entities.permissions": "else the standard ones",
    "records.entity": "one that has no table of its own",
    "records.parent": "the record it belongs to, as entity:key",
    "roles.key": "buyer is the shop's, acme/buyer a role of customer acme",
    "tests.allowed": "the answer to expect",
    "tests.customer": "of a record that would be this customer's",
    "tests.ignore_status": "ask the roles alone",
    "tests.level": "the level to expect",
    "tests.owner": "of a record that this user would own",
    "tests.reason": "the reason code to expect",
    "tests.resource": "an entity, a record, capability:NAME, workflow:NAME or entity.field",
    "tests.subject": "an e-mail, user:KEY, role:KEY, guest or visitor:KEY",
    "price_lists.active": "one that is not active counts for nobody",
    "price_lists.currency": "of all its prices",
    "prices.key": "made from the others; left out",
    "products.key": "the sku in small letters; left out",
    "products.status": "a disabled one is seen by nobody",
    "users.key": "needed for a guest, because guests may share an e-mail",
}
"""What a field is for, where its name and type do not say it: by its name, or by table and name."""


def tables() -> Iterator[tuple[str, str, list[Row]]]:
    """Every table of a document: its name, what it holds, and its fields; then the tables inside of others."""
    holders: dict[str, list[str]] = {}
    models: dict[str, type[Input]] = {}
    for table, model in INPUTS.items():
        noun = _noun(table)
        yield table, noun.plural if noun is not None else "expected decisions", list(_fields(table, model, noun))
        for name, info in model.model_fields.items():
            for held in get_args(info.annotation):
                if isinstance(held, type) and issubclass(held, Input):
                    models[name] = held
                    holders.setdefault(name, []).append(table)
    for name, model in models.items():
        yield name, f"inside {' and '.join(holders[name])}", list(_fields(name, model, _noun(name)))


def _noun(table: str) -> Noun | None:
    return next((noun for noun in NOUNS.values() if noun.document == table), None)


def _fields(table: str, model: type[Input], noun: Noun | None) -> Iterator[Row]:
    """The fields of a table, those that name its records first."""
    names = sorted(model.model_fields, key=lambda name: (name not in (model.names, "key"), name == "was"))
    needed = REQUIRED.get(noun.name, ()) if noun is not None else ()
    for name in names:
        info = model.model_fields[name]
        required = "always" if info.is_required() else "when new" if name in needed else None
        yield {
            "field": name,
            "type": _leads_to(noun, name) or in_words(info.annotation, info.metadata),
            "required": required,
            "default": None if info.is_required() or info.default in ("", [], {}) else info.default,
            "about": _about(table, name, noun),
        }


def _leads_to(noun: Noun | None, name: str) -> str | None:
    """What a reference is: the key of another record."""
    field = None if noun is None else noun.field(name)
    if field is None or not field.to or field.kind == "choices":
        return None
    target = NOUNS[field.to]
    if field.kind == "links":
        return f"a list of keys of {target.plural}"
    return f"the key of {'an' if target.title[0] in 'aeio' else 'a'} {target.title}"


def _about(table: str, name: str, noun: Noun | None) -> str | None:
    if name == "status" and noun is not None and noun.name in STATUSES:
        return f"rules know {', '.join(STATUSES[noun.name])}"
    return _MEANINGS.get(f"{table}.{name}") or _MEANINGS.get(name)
