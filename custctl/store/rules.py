"""The rules of the shop: what must hold for the records of a unit before it may be written.

Each noun has a function that looks at one draft, notes its problems on the unit and makes the changes in other
records that follow from it. What needs the whole picture is checked once at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from custctl import shell
from custctl.choices import STATUSES
from custctl.errors import CustctlError, Exit, did_you_mean, near
from custctl.policy.catalogue import (
    CAPABILITIES,
    ENTITIES,
    FIELD_ACTIONS,
    FIELD_ONLY,
    PREDEFINED_ROLES,
    STORED_ELSEWHERE,
    WORKFLOW_ACTIONS,
    WORKFLOWS,
    own_entity,
    standard_permissions,
)
from custctl.policy.model import Entity, Kind, Level
from custctl.resources import (
    ACCOUNT,
    ACTIVITY,
    ADDRESSES,
    BUSINESS,
    BUSINESS_ADDRESS,
    CATEGORY,
    CHANNEL,
    CONTACT,
    CONTACT_ADDRESS,
    CONTACT_GROUP,
    CONTACT_GROUPS,
    CONTENT,
    CUSTOMER,
    CUSTOMER_ADDRESS,
    ENTITY,
    GROUP,
    GUEST_GROUP,
    LEAD,
    LEAD_ADDRESS,
    MARKETING_EVENT,
    NOUNS,
    OPPORTUNITY,
    PRICE,
    PRICE_LIST,
    PRODUCT,
    RECORD,
    ROLE,
    SALES,
    SHORT_TYPES,
    TAG,
    TAXONOMY,
    USER,
    USER_ADDRESS,
    VARIANT,
    Noun,
    fold,
    reference,
    slug,
)
from custctl.store import channels, customs, lookalikes, selling
from custctl.store.field_names import spelled
from custctl.store.inputs import entity_name
from custctl.store.pricing import price_key
from custctl.store.select import keys_in, with_keys
from custctl.store.settings import SETTINGS, owner_of
from custctl.store.shapes import shape
from custctl.store.unit import Draft, Unit, wrong

BUILT_IN_ROLES = frozenset(role.key for role in PREDEFINED_ROLES)
BUILT_IN: Mapping[str, frozenset[str]] = {
    ROLE.name: BUILT_IN_ROLES,
    GROUP.name: frozenset((GUEST_GROUP[0],)),
    CONTACT_GROUP.name: frozenset(key for key, _ in CONTACT_GROUPS),
}
"""What every shop has: it can be changed, but neither renamed nor deleted (design 5)."""
REQUIRED: Mapping[str, tuple[str, ...]] = {
    GROUP.name: ("name",),
    CUSTOMER.name: ("name",),
    USER.name: ("email", "first_name", "last_name"),
    ROLE.name: ("label",),
    ENTITY.name: ("ownership",),
    CUSTOMER_ADDRESS.name: ("street", "city", "postal_code", "country"),
    USER_ADDRESS.name: ("street", "city", "postal_code", "country"),
    CONTACT_ADDRESS.name: ("country",),
    CONTACT_GROUP.name: ("label",),
    CONTENT.name: ("title",),
    VARIANT.name: ("content",),
    ACCOUNT.name: ("name",),
    TAG.name: ("name",),
    TAXONOMY.name: ("name",),
    CHANNEL.name: ("name", "type"),
    BUSINESS.name: ("name",),
    BUSINESS_ADDRESS.name: ("country",),
    LEAD.name: ("name",),
    LEAD_ADDRESS.name: ("country",),
    OPPORTUNITY.name: ("name",),
    ACTIVITY.name: ("kind", "subject"),
    MARKETING_EVENT.name: ("type",),
    PRICE_LIST.name: ("name",),
    CATEGORY.name: ("name",),
    PRODUCT.name: ("sku", "name"),
    PRICE.name: ("amount",),
}


def check(unit: Unit, drafts: Iterable[Draft]) -> None:
    """Apply the rules to the drafts that a caller has worked on."""
    drafts = list(drafts)
    touched = [draft for draft in drafts if draft.after is not None]
    for draft in touched:
        if draft.before is None or draft.before != draft.after:
            _required(unit, draft)
            _references(unit, draft)
            selling.check_currency(unit, draft)
    selling.follow(unit, touched)
    for draft in touched:
        rule = _RULES.get(draft.noun.name)
        if rule is not None and (draft.before is None or draft.before != draft.after):
            rule(unit, draft)
    selling.follow_rates(unit, drafts)
    for name in ADDRESSES:
        _settle_addresses(unit, NOUNS[name], [draft for draft in touched if draft.noun.name == name])
    _unique(unit, touched)
    _no_cycles(unit, touched)
    customs.tell(unit, drafts)


def _required(unit: Unit, draft: Draft) -> None:
    for name in REQUIRED.get(draft.noun.name, ()):
        if not draft.image.get(name):
            was = unit.strays.get((draft.noun.name, draft.key))
            hint = None if was is None else f"it is new, because its former key {was!r} is not stored"
            wrong(unit, draft, name, f"{name} is required for a new {draft.noun.title}", hint=hint)


def _references(unit: Unit, draft: Draft) -> None:
    """Every reference that is new leads to a record."""
    image = draft.image
    for entry, target in shape(draft.noun).references:
        if not image[entry.name] or not draft.changed(entry.name):
            continue
        value = image[entry.name] = with_keys(entry, image[entry.name], {})
        for key in keys_in(value):
            if unit.id_of(target, key) is None:
                unit.missing(target, key, draft.locate(entry.name), entry.name)


def _role(unit: Unit, draft: Draft) -> None:
    _role_key(unit, draft)
    for name, row in draft.image["permissions"].items():
        entity = unit.entity(name)
        if entity is None:
            _unknown(unit, draft, "permissions", name, "entity", _entity_names(unit))
        else:
            _tell_unprotected(unit, draft, entity)
            _levels(unit, draft, "permissions", name, row, entity, entity.permissions, "entity")
    for name in draft.image["capabilities"]:
        if name not in CAPABILITIES:
            _unknown(unit, draft, "capabilities", name, "capability", CAPABILITIES)
    for name, row in draft.image["workflows"].items():
        if name not in WORKFLOWS:
            _unknown(unit, draft, "workflows", name, "workflow", WORKFLOWS)
        else:
            _levels(unit, draft, "workflows", name, row, ENTITIES[WORKFLOWS[name]], WORKFLOW_ACTIONS, "workflow")
    for name, row in draft.image["fields"].items():
        entity = _entity_of_field(unit, name) if "." in name else None
        if entity is None:
            _unknown(unit, draft, "fields", name, "field", ())
        else:
            _levels(unit, draft, "fields", name, row, entity, FIELD_ACTIONS, "field")
    draft.image["fields"] = _fields_spelled(unit, draft)
    for table in ("permissions", "workflows"):
        draft.image[table] = _without_none(draft.image[table])
    draft.image["fields"] = {name: row for name, row in draft.image["fields"].items() if row}


def _tell_unprotected(unit: Unit, draft: Draft, entity: Entity) -> None:
    """Warn of an entry that is new or another, and that no answer hangs on (AM 2); predefined roles have one."""
    before = ((draft.before or {}).get("permissions") or {}).get(entity.name)
    if not entity.protected and before != draft.image["permissions"][entity.name]:
        unit.warnings.append(f"{draft.reference}: roles do not protect {entity.name}, so the entry has no effect")


def _entity_of_field(unit: Unit, name: str) -> Entity | None:
    """The entity that a field `entity.field` belongs to."""
    entity = name.partition(".")[0]
    return FIELD_ONLY.get(entity) or unit.entity(SHORT_TYPES.get(entity, entity))


def _fields_spelled(unit: Unit, draft: Draft) -> dict[str, dict[str, str]]:
    """The entries of fields under the names that questions ask by; an unknown field is a finding."""
    found: dict[str, dict[str, str]] = {}
    for name, row in draft.image["fields"].items():
        try:
            proper = spelled(unit.connection, name, entry=True)
        except CustctlError as error:
            problem = error.problem
            if _entity_of_field(unit, name) is not None:
                wrong(unit, draft, "fields", problem.message, hint=problem.hint, path=("fields", name), value=name)
            continue
        if proper in found:
            wrong(unit, draft, "fields", f"{proper} is named twice", path=("fields", name), value=name)
        found[proper] = row
    return found


def _without_none(table: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The one form of an entry: a permission that is none is left out; a listed target stays, if empty."""
    return {
        name: {action: level for action, level in row.items() if level != Level.NONE.word}
        for name, row in table.items()
    }


def _role_key(unit: Unit, draft: Draft) -> None:
    """`buyer` is predefined, `acme/buyer` belongs to the customer acme."""
    owner, _, own = draft.key.rpartition("/")
    if own != slug(own, "role") or not own:
        wrong(unit, draft, "key", f"{own!r} is not a key", hint=f"try {slug(own, 'role')!r}")
    if owner and unit.id_of(CUSTOMER, owner) is None:
        unit.missing(CUSTOMER, owner, draft.locate("key"), "key")
    draft.image["customer"] = owner or None
    if owner and draft.before is not None and draft.changed("customer") and unit.undoes is None:
        _no_foreign_holder(unit, draft, owner)


def _no_foreign_holder(unit: Unit, role: Draft, customer: str) -> None:
    """A role that becomes a customer's is held by users of that customer only, and is not the website's."""
    if role.key in {unit.setting(name) for name in ("customer.default_role", "customer.guest_role")}:
        message = "is the website's default or guest role, which is for everyone"
        hint = "set customer.default_role or customer.guest_role to another role first"
        wrong(unit, role, "key", message, code="protected", exit_code=Exit.CONFLICT, hint=hint, value=role.key)
    condition = "t.id IN (SELECT ur.user_id FROM user_role ur WHERE ur.role_id = :role)"
    holders = unit.select(USER, condition, role=role.id)
    others = [user for user in holders if user.image["customer"] != customer and role.key in user.image["roles"]]
    if others and "roles" not in others[0].given:  # who is given it by the same document is told so
        named = others[0].reference if unit.tells(USER, others[0].key) else "a user"
        message = f"{named} of another customer has this role" + (", and others" if len(others) > 1 else "")
        hint = f"to take it from them: {shell.command('role edit', (role.before or {})['key'], customer=customer)}"
        wrong(unit, role, "key", message, hint=hint, value=role.key)


def _levels(
    unit: Unit,
    draft: Draft,
    table: str,
    name: str,
    row: Mapping[str, str],
    entity: Entity,
    actions: Sequence[str],
    kind: Kind,
) -> None:
    """Each action is one the target knows, at a level it can hold (AM 1.2)."""
    for action, level in row.items():
        path = (table, name, action)
        if action not in actions:
            message = f"{action} is not a permission of {name}: it has {', '.join(actions)}"
            wrong(unit, draft, table, message, hint=did_you_mean(near(action, actions)), path=path, value=action)
            continue
        allowed = [found.word for found in entity.levels(action, kind)]
        if level not in allowed:
            message = f"{name} cannot hold {level} for {action}: it takes {', '.join(allowed)}"
            wrong(unit, draft, table, message, path=path, value=level)


def _unknown(unit: Unit, draft: Draft, table: str, name: str, what: str, known: Iterable[str]) -> None:
    hint = did_you_mean(near(name, known))
    wrong(unit, draft, table, f"unknown {what} {name!r}", hint=hint, path=(table, name), value=name)


def _entity_names(unit: Unit) -> list[str]:
    if unit.acting is not None:  # entities of the shop's own are not shown on the storefront
        return list(ENTITIES)
    own = [row[0] for row in unit.connection.execute("SELECT name FROM entity")]
    return [*ENTITIES, *own, *(draft.key for draft in unit.of(ENTITY))]


def _user(unit: Unit, draft: Draft) -> None:
    image = draft.image
    if image["guest"] and draft.before is None:
        image["enabled"] = image["enabled"] and "enabled" in draft.given
        image["confirmed"] = image["confirmed"] and "confirmed" in draft.given
    if not image["guest"] and image["email"] and draft.key != fold(image["email"]):
        hint = "its key is its e-mail address; leave key out, or set guest = true"
        wrong(unit, draft, "key", "only a guest has a key of its own", hint=hint)
    if image["guest"] and "@" in draft.key:
        hint = f"like {slug('guest ' + draft.key.partition('@')[0], 'guest')}, for guests may share an e-mail address"
        wrong(unit, draft, "key", "the key of a guest is no e-mail address", hint=hint)
    for key in image["roles"]:
        owner = key.rpartition("/")[0]
        if owner and owner != image["customer"]:
            message = f"role {key} belongs to customer {owner}, the user to {image['customer'] or 'no customer'}"
            if not unit.tells(ROLE, key):
                message = "a role belongs to another customer than the user"
            elif image["customer"] and not unit.tells(CUSTOMER, image["customer"]):
                message = f"role {key} belongs to another customer than the user"
            value = key if unit.tells(ROLE, key) else None
            wrong(unit, draft, "roles", message, value=value, hint=_own_role_hint(unit, key) if value else None)
    _tell_look_alike(unit, draft)
    if image["enabled"] and not image["roles"]:
        message = "an enabled user needs at least one role"
        hint = "give a role, or disable the user"
        wrong(unit, draft, "roles", message, code="last-role", exit_code=Exit.CONFLICT, hint=hint)
    if "customer" in draft.given and draft.changed("customer") and (draft.before or {}).get("customer") is not None:
        detach_documents(unit, draft)  # an undo, which is given nothing, puts back the documents that were left


_FEW = 100
"""With more drafts than these a unit has many records to write."""


def _tell_look_alike(unit: Unit, draft: Draft) -> None:
    """Warn of a new address that is taken for another user's; many at once are compared where they are not of ASCII.

    Under --as nothing is said of users whom the actor may not see.
    """
    if not draft.image["email"] or not draft.changed("email"):
        return
    email = fold(draft.image["email"])
    few = len(unit.drafts) <= _FEW
    if email.isascii() and not few:
        return
    mixed = not email.isascii() and lookalikes.is_mixed(draft.image["email"])
    other = lookalikes.like(unit.connection, email, thorough=few)
    if other is not None and other != draft.key and unit.tells(USER, other):
        unit.warnings.append(f"{draft.reference} looks like {USER.reference}:{other}, and is another address")
    elif mixed:
        unit.warnings.append(f"{draft.reference}: a word of the address has letters of several scripts")


def _own_role_hint(unit: Unit, key: str) -> str | None:
    plain = key.rpartition("/")[2]
    known = unit.id_of(ROLE, plain) is not None and unit.tells(ROLE, plain)
    return f"the predefined role {plain} is open to everyone" if known else None


def detach_documents(unit: Unit, user: Draft) -> list[Draft]:
    """A user who moves leaves the sales documents with the old customer, without a user (feature U-15).

    Source: oroinc/customer-portal, moving_customer_user_to_different_customer.feature.
    """
    left = [draft for noun in SALES for draft in unit.select(noun, "t.user_id = :id", id=user.id)]
    for draft in left:
        if "user" not in draft.given:
            draft.image["user"] = None
    return left


def _contact(unit: Unit, draft: Draft) -> None:
    """A contact can be told apart by a name, an e-mail address or a phone number (features K-02, K-05).

    Sources: oroinc/crm ContactBundle/Validator/Constraints/HasContactInformationValidator.php and
    ContactBundle/Handler/ContactEmailDeleteHandlerExtension.php.
    """
    image = draft.image
    told_by = (image["first_name"] or "", image["last_name"] or "", *image["emails"], *image["phones"])
    if not any(text.strip() for text in told_by):
        message = "needs a first name, a last name, an e-mail address or a phone number"
        if draft.before is None:
            wrong(unit, draft, "first_name", message)
        else:
            hint = "give it another of these first"
            wrong(unit, draft, "first_name", message, code="protected", exit_code=Exit.CONFLICT, hint=hint)


def _account(_unit: Unit, draft: Draft) -> None:
    """The default contact is one of the contacts: setting it adds it, taking it out unsets it (feature A-02).

    Source: oroinc/crm AccountBundle/Entity/Account.php, setDefaultContact and removeContact.
    """
    image, default = draft.image, draft.image["default_contact"]
    if default is not None and default not in image["contacts"]:
        if draft.changed("default_contact") or "default_contact" in draft.given:
            image["contacts"] = sorted((*image["contacts"], default))
        else:
            image["default_contact"] = None


def _variant(unit: Unit, draft: Draft) -> None:
    """A variant is for a customer or for a group, never both, and a content has one for the same people (P-11).

    Source: oroinc/customer-portal CustomerBundle, scope criteria; both together are refused by the form of a scope.
    """
    image = draft.image
    if image["customer"] is not None and image["group"] is not None:
        message = f"is for customer {image['customer']} or for group {image['group']}, not for both"
        hint = "make two variants, or clear one of them"
        wrong(unit, draft, "group" if "group" in draft.given else "customer", message, hint=hint)
        return
    content = image["content"] and unit.find(CONTENT, image["content"])
    if not content:
        return
    names = ("language", "customer", "group")
    unit.select(VARIANT, "t.content_id = :id", id=content.id)
    for other in unit.of(VARIANT):
        same = other.image["content"] == image["content"] and all(other.image[name] == image[name] for name in names)
        if other is not draft and same:
            message = f"{other.reference} is for the same people already"
            hint = "restrict it by language, customer or group, or edit that one"
            wrong(unit, draft, "content", message, code="taken", exit_code=Exit.CONFLICT, hint=hint)
            return


def _activity(unit: Unit, draft: Draft) -> None:
    """Calls and e-mails have a direction, tasks a status; nothing ends before it begins (feature M-07)."""
    _happening(unit, draft)
    image = draft.image
    kind = image["kind"]
    if kind is None:  # which is told: it is required
        return
    if kind == "task":
        image["status"] = image["status"] or "open"
    elif image["status"] is not None:
        wrong(unit, draft, "status", f"a task has a status, {_a(kind)} has none", value=image["status"])
    if image["direction"] is not None and kind not in ("call", "email"):
        message = f"a call or an e-mail has a direction, {_a(kind)} has none"
        wrong(unit, draft, "direction", message, value=image["direction"])
    if image["ends_at"] is not None and image["ends_at"] < image["at"]:
        wrong(unit, draft, "ends_at", f"it would end before it begins, at {image['at']}", value=image["ends_at"])


def _a(kind: str) -> str:
    return f"an {kind}" if kind.startswith("e") else f"a {kind}"


def _marketing_event(unit: Unit, draft: Draft) -> None:
    """Each event is of exactly one person or record (feature M-05).

    Source: oroinc/OroCRMMarketingBundle MarketingActivityBundle/Entity/MarketingActivity.php, entityClass and entityId.
    """
    _happening(unit, draft)
    names = [field.name for field in MARKETING_EVENT.fields if field.to]
    named = [name for name in names if draft.image[name] is not None]
    if len(named) != 1:
        told = f"it names {' and '.join(named)}" if named else "it names nobody"
        wrong(unit, draft, (named or names)[0], f"is of exactly one of {', '.join(names)}; {told}")


def _happening(unit: Unit, draft: Draft) -> None:
    """What happened without saying when happened when it was written down."""
    draft.image["at"] = draft.image["at"] or unit.moment


def _customer(unit: Unit, draft: Draft) -> None:
    channels.customer(unit, draft)
    _priced(unit, draft)


def _priced(unit: Unit, draft: Draft) -> None:
    """What is not merged is one of the record's price lists: a list that is taken out is no longer named there."""
    image = draft.image
    strangers = [key for key in image["unmerged_price_lists"] if key not in image["price_lists"]]
    known = [key for key in strangers if unit.id_of(PRICE_LIST, key) is not None]
    if known and "unmerged_price_lists" in draft.given:
        words = f"{known[0]} is not among its price_lists"
        wrong(unit, draft, "unmerged_price_lists", words, value=known[0])
    image["unmerged_price_lists"] = [key for key in image["unmerged_price_lists"] if key not in strangers]


def _category(unit: Unit, draft: Draft) -> None:
    """A category at the top has no parent to follow (feature P-07)."""
    _visibility(unit, draft, "parent", "parent_category")


def _product(unit: Unit, draft: Draft) -> None:
    """A product is keyed by its SKU; without a category there is none to follow (feature P-08)."""
    if draft.key != fold(draft.image["sku"] or ""):
        wrong(unit, draft, "key", "its key is its sku in small letters; leave key out")
    _visibility(unit, draft, "category", "category")


def _visibility(unit: Unit, draft: Draft, above: str, follow: str) -> None:
    """Nothing follows what it does not have: a choice that was there before goes, one that is made now is wrong.

    Source: oroinc/orocommerce VisibilityBundle/Entity/Visibility, where the lists of choices leave it out.
    """
    image = draft.image
    names = ("visibility_for_groups", "visibility_for_customers")
    if image[above] is None:
        following = [name for name in names if follow in image[name].values()]
        following += ["visibility"] if image["visibility"] == follow else []
        for name in following:
            if name in draft.given and draft.changed(name):
                words = f"{name} cannot be {follow}: it has no {above}"
                wrong(unit, draft, name, words, value=follow)
        for name in names:
            if name in following:
                image[name] = {key: word for key, word in image[name].items() if word != follow}
                unit.warnings.append(f"{draft.reference}: without a {above}, {name} no longer says {follow}")
    if image["visibility"] == follow:
        image["visibility"] = None


def _price(unit: Unit, draft: Draft) -> None:
    """What a price is of stands in its key."""
    image = draft.image
    if draft.key != price_key(image["price_list"], image["product"], image["quantity"]):
        wrong(unit, draft, "key", "its key is LIST/SKU, or LIST/SKU/QUANTITY; leave key out")


def _not_a_reference(unit: Unit, draft: Draft, name: str, entity: str) -> None:
    """Refuse `order:SO-1` as the number of an order: a command would take it for the order SO-1."""
    text = draft.image[name] or ""
    if draft.changed(name) and fold(text).startswith(f"{entity}:"):
        wrong(unit, draft, name, f"{name} begins with {entity}:, which says that it is one", value=text)


def _sales(unit: Unit, draft: Draft) -> None:
    _not_a_reference(unit, draft, "number", draft.noun.name)
    _consistent_owner(unit, draft)
    status = draft.image.get("status")
    if unit.acting is not None and not draft.changed("status"):
        return
    known = STATUSES[draft.noun.name]
    if status is not None and status not in known:
        guess = did_you_mean(near(status, known))
        rules = f"{draft.reference}: status {status!r} is not one that any rule knows"
        unit.warnings.append(f"{rules}; {guess}" if guess else rules)


def _consistent_owner(unit: Unit, draft: Draft) -> None:
    """A user of another customer than the record's is kept, with a warning (AM 5.7)."""
    user, customer = draft.image.get("user"), draft.image.get("customer")
    if user is None or customer is None or not (draft.changed("user") or draft.changed("customer")):
        return
    owner = unit.find(USER, user)
    if owner is not None and owner.after is not None and owner.image["customer"] not in (None, customer):
        theirs = owner.image["customer"]
        if not (unit.tells(USER, user) and unit.tells(CUSTOMER, theirs) and unit.tells(CUSTOMER, customer)):
            return
        unit.warnings.append(f"{draft.reference}: its user {user} belongs to customer {theirs}, not to {customer}")


def _record(unit: Unit, draft: Draft) -> None:
    name = draft.image["entity"]
    entity = unit.entity(name)
    if entity is None:
        hint = did_you_mean(near(name, _entity_names(unit)))
        wrong(unit, draft, "entity", f"unknown entity {name!r}", hint=hint, value=name)
        return
    if name in STORED_ELSEWHERE or not entity.protected:
        other = next((noun.document for noun in NOUNS.values() if noun.name == name), None)
        hint = f"write it under [[{other}]]" if other else "its records are not kept"
        wrong(unit, draft, "entity", f"{name} is not stored as a plain record", hint=hint, value=name)
    _not_a_reference(unit, draft, "key", name)
    _consistent_owner(unit, draft)
    parent = draft.image.get("parent")
    if parent is not None and draft.changed("parent") and unit.parent_ids(parent) == (None, None):
        unit.missing(RECORD, parent, draft.locate("parent"), "parent", "parent record")


def _entity(unit: Unit, draft: Draft) -> None:
    image = draft.image
    try:
        entity_name(image["name"])
    except ValueError as error:
        wrong(unit, draft, "name", str(error))
    image["permissions"] = image["permissions"] or list(standard_permissions(image["ownership"] or "none"))
    if image["ownership"] == "none" and "assign" in image["permissions"]:
        wrong(unit, draft, "permissions", "a record that nobody owns cannot be assigned", value="assign")
    if draft.before is not None:
        _entries_still_fit(unit, draft)


def _entries_still_fit(unit: Unit, draft: Draft) -> None:
    """What roles say about an entity of one's own holds after a change of it; else the roles must change with it."""
    entity = own_entity(draft.image["name"], draft.image["ownership"], draft.image["permissions"])
    listed = "t.id IN (SELECT role_id FROM role_entry WHERE kind = 'entity' AND name = :name)"
    for role in unit.select(ROLE, listed, name=entity.name):
        if "permissions" not in role.given:  # one that was given is looked at as a role
            role.locate = lambda *_: draft.locate("permissions")
            row = role.image["permissions"].get(entity.name, {})
            _levels(unit, role, "permissions", entity.name, row, entity, entity.permissions, "entity")


def _setting(unit: Unit, draft: Draft) -> None:
    """References of settings lead somewhere, and the website's roles are predefined."""
    setting = SETTINGS[draft.key.rpartition("/")[2]]
    value = draft.image["value"]
    owner_noun, owner = owner_of(draft.key)
    if owner_noun is not None and unit.id_of(owner_noun, owner) is None:
        unit.missing(owner_noun, owner, draft.locate(), setting.name)
    if setting.name in ("currency.base", "currency.rates"):
        _currencies(unit, draft)
    if not setting.to:
        return
    target = NOUNS[setting.to]
    lost = [key for key in keys_in(value) if unit.id_of(target, key) is None]
    for key in lost:
        unit.missing(target, key, draft.locate("value"), setting.name)
    if lost:
        return
    if target is ROLE and "/" in value:
        wrong(unit, draft, setting.name, "the website's roles are predefined ones, without a customer", value=value)


def _currencies(unit: Unit, draft: Draft) -> None:
    """The base currency is worth one of itself; what a change leaves without a rate, or gives another, is told."""
    base, rates = (unit.setting(name) for name in ("currency.base", "currency.rates"))
    if rates.get(base, "1") != "1":
        words = f"{base} is the base currency, and so worth 1 of itself, not {rates[base]}"
        wrong(unit, draft, "currency.rates", words, value=rates[base])
    if draft.key == "currency.base" and rates and draft.changed("value"):
        unit.warnings.append(f"currency.rates now says what currencies are worth in {base}: {', '.join(rates)}")
    before = (draft.before or {}).get("value") if draft.key == "currency.rates" else None
    if gone := [code for code in before or () if code not in rates]:
        unit.warnings.append(f"currencies that no longer have a rate: {', '.join(gone)}")


def _address(unit: Unit, draft: Draft) -> None:
    image = draft.image
    owner, _ = ADDRESSES[draft.noun.name]
    if unit.id_of(owner, image["owner"]) is None:
        unit.missing(owner, image["owner"], draft.locate("owner"), "owner")
    named = image["organization"] or (image["first_name"] and image["last_name"])
    if not named and draft.noun in (CUSTOMER_ADDRESS, USER_ADDRESS):
        message = "needs an organization, or a first and a last name"
        wrong(unit, draft, "organization", message)
    image["types"] = sorted({*image["types"], *image["default"]})
    image["default"] = sorted(image["default"])
    country = (image["country"] or "").upper()
    image["country"], image["region"] = country, image["region"] and image["region"].strip()
    if country:
        _place_on_earth(unit, draft, country, image["region"])


def _place_on_earth(unit: Unit, draft: Draft, country: str, region: str | None) -> None:
    """Country and region by ISO 3166; a country that has a list of regions needs one of it (feature D-03).

    Source: oroinc/platform AddressBundle/Validator.
    """
    from custctl.store.places import is_country, regions

    if not is_country(country):
        wrong(unit, draft, "country", f"{country!r} is not a country code of two letters (ISO 3166)", value=country)
        return
    known = regions(country)
    if not known or region in known:
        return
    if region is None:
        wrong(unit, draft, "region", f"{country} has regions: one is required, like {min(known)}")
        return
    guess = f"{country}-{region.upper()}"
    hint = did_you_mean([guess] if guess in known else near(region.upper(), known))
    wrong(unit, draft, "region", f"{region!r} is not a region of {country}", value=region, hint=hint)


def _settle_addresses(unit: Unit, noun: Noun, touched: Sequence[Draft]) -> None:
    """One primary address an owner, and one default a type; what was touched last wins (features D-04 to D-06)."""
    if not touched:
        return
    owner_noun, _ = ADDRESSES[noun.name]
    by_owner: dict[str, list[Draft]] = {}
    for draft in touched:
        by_owner.setdefault(draft.image["owner"], []).append(draft)
    owners = [owner for owner in (unit.find(owner_noun, key) for key in by_owner) if owner is not None]
    for key, drafts in unit.addresses(noun, owners).items():
        if noun is CONTACT_ADDRESS:
            _contact_addresses(unit, drafts, by_owner[key])
        _settle(drafts, by_owner[key])


def _contact_addresses(unit: Unit, drafts: Sequence[Draft], touched: Sequence[Draft]) -> None:
    """A contact has one primary address, and one of each type (features K-03, K-04).

    Source: oroinc/crm ContactBundle/Resources/config/validation.yml, ContainsPrimary and UniqueAddressTypes.
    """
    primary = [draft for draft in touched if draft.image["primary"] and "primary" in draft.given]
    for draft in primary[1:]:
        wrong(unit, draft, "primary", f"{primary[0].reference} is given as the primary address already")
    for draft in touched:
        for kind in draft.image["types"] if draft.changed("types") else ():
            other = next((some for some in drafts if some is not draft and kind in some.image["types"]), None)
            if other is not None:
                hint, message = f"a contact has one {kind} address", f"{other.reference} is the {kind} address"
                wrong(unit, draft, "types", message, code="taken", exit_code=Exit.CONFLICT, hint=hint, value=kind)


def _settle(drafts: Sequence[Draft], touched: Sequence[Draft]) -> None:
    """Leave one primary and one default of each type among the addresses of one owner."""
    if not drafts:
        return
    latest = [*(draft for draft in drafts if draft not in touched), *touched]
    chosen = next((draft for draft in reversed(latest) if draft.image["primary"]), None)
    chosen = chosen or next((draft for draft in drafts if (draft.before or {}).get("primary")), drafts[0])
    for draft in drafts:
        draft.image["primary"] = draft is chosen
    for kind in ("billing", "shipping"):
        holders = [draft for draft in latest if kind in draft.image["default"]]
        for draft in holders[:-1]:
            draft.image["default"] = [other for other in draft.image["default"] if other != kind]


def _unique(unit: Unit, touched: Sequence[Draft]) -> None:
    """What must be unique besides keys: external ids, and the labels of a customer's roles."""
    for noun in (CUSTOMER, USER, CONTACT, ACCOUNT, BUSINESS, LEAD, OPPORTUNITY):
        name = "external_id"
        changed = [draft for draft in touched if draft.noun is noun and draft.changed(name) and draft.image[name]]
        for draft, other in _taken(unit, changed, lambda draft: draft.image["external_id"], "t.external_id = :value"):
            message = f"external id {draft.image[name]!r} is already that of {other}"
            wrong(unit, draft, name, message, code="taken", exit_code=Exit.CONFLICT, value=draft.image[name])
    for noun, name in ((TAXONOMY, "name"), (TAG, "name"), (CONTACT_GROUP, "label")):
        changed = [draft for draft in touched if draft.noun is noun and draft.changed(name) and draft.image[name]]
        for draft, other in _taken(unit, changed, partial(_folded, name), f"t.{name}_folded = :value"):
            message = f"the {name} {draft.image[name]!r} is already that of {other}"
            wrong(unit, draft, name, message, code="taken", exit_code=Exit.CONFLICT, value=draft.image[name])
    roles = [draft for draft in touched if draft.noun is ROLE and (draft.changed("label") or draft.changed("customer"))]
    roles = [draft for draft in roles if draft.image["label"]]
    condition = "coalesce(t.customer_id, 0) || ':' || t.label_folded = :value"
    for draft, other in _taken(unit, roles, lambda draft: _label_key(unit, draft), condition):
        message = f"a role with the label {draft.image['label']!r} already exists"
        if unit.tells(ROLE, other.partition(":")[2]):
            message = f"{message}: {other}"
        wrong(unit, draft, "label", message, code="taken", exit_code=Exit.CONFLICT, value=draft.image["label"])


def _folded(name: str, draft: Draft) -> str:
    return fold(draft.image[name])


def _label_key(unit: Unit, draft: Draft) -> str:
    customer = draft.image["customer"]
    return f"{unit.id_of(CUSTOMER, customer) if customer else 0}:{fold(draft.image['label'])}"


def _taken(
    unit: Unit, drafts: Sequence[Draft], value_of_draft: Callable[[Draft], str], condition: str
) -> Iterator[tuple[Draft, str]]:
    """Drafts whose value another record has, stored or in the same unit, with that record's name."""
    seen: dict[str, Draft] = {}
    for draft in drafts:
        value = value_of_draft(draft)
        first = seen.setdefault(value, draft)
        if first is not draft:
            yield draft, first.reference
            continue
        query = f"SELECT t.key FROM {draft.noun.table} t WHERE {condition} AND t.id <> :id"
        row = unit.connection.execute(query, {"value": value, "id": draft.id}).fetchone()
        other = unit.drafts.get((draft.noun.name, row[0])) if row else None
        if row and (other is None or (other.after is not None and value_of_draft(other) == value)):
            yield draft, reference(draft.noun, row[0])


def _no_cycles(unit: Unit, touched: Sequence[Draft]) -> None:
    """Nothing is its own ancestor once everything is done; a swap of parent and child is legal (C-07, C-08)."""
    settled: set[str] = set()
    for draft in touched:
        name, parent_of = _PARENTS.get(draft.noun.name, ("", None))
        if parent_of is None or not draft.changed(name):
            continue
        path, key = {draft.key: None}, parent_of(unit, draft.key)
        while key is not None and key not in settled and key not in path:
            path[key] = None
            key = parent_of(unit, key)
        if key is not None and key == draft.key:
            _cycle(unit, draft, name, list(path))
        settled.update(path)


def _cycle(unit: Unit, draft: Draft, name: str, path: Sequence[str]) -> None:
    if name != "parent":
        message = f"{name} leads back to it ({' → '.join((*path, draft.key))})"
    elif not all(unit.tells(draft.noun, key) for key in path):
        message = "the parent cannot lie below it"
    elif len(path) == 1:
        message = f"a {draft.noun.title} cannot be its own parent"
    else:
        message = f"{path[1]} cannot be the parent: it lies below ({' → '.join(reversed((*path, draft.key)))})"
    wrong(unit, draft, name, message, code="cycle", value=draft.image[name])


def _above(noun: Noun, name: str, unit: Unit, key: str) -> str | None:
    """The record that another of the same noun names in a field."""
    draft = unit.drafts.get((noun.name, key))
    if draft is not None:
        return draft.after[name] if draft.after is not None else None
    above = f"SELECT p.key FROM {noun.table} p WHERE p.id = t.{name}_id"
    row = unit.connection.execute(f"SELECT ({above}) FROM {noun.table} t WHERE t.key = ?", (key,)).fetchone()
    return row[0] if row else None


def _parent_record(unit: Unit, key: str) -> str | None:
    """The plain record above one; a sales document has nothing above it."""
    draft = unit.find(RECORD, key)
    parent = None if draft is None or draft.after is None else draft.after.get("parent")
    kind, _, name = (parent or "").partition(":")
    return f"{kind}:{fold(name)}" if kind and kind not in {noun.name for noun in SALES} else None


_PARENTS: Mapping[str, tuple[str, Callable[[Unit, str], str | None]]] = {
    CUSTOMER.name: ("parent", partial(_above, CUSTOMER, "parent")),
    CONTACT.name: ("reports_to", partial(_above, CONTACT, "reports_to")),
    ACCOUNT.name: ("referred_by", partial(_above, ACCOUNT, "referred_by")),
    CATEGORY.name: ("parent", partial(_above, CATEGORY, "parent")),
    RECORD.name: ("parent", _parent_record),
}
"""The field of a noun that leads upwards, and what a record has there."""

_RULES: Mapping[str, Callable[[Unit, Draft], None]] = {
    ROLE.name: _role,
    USER.name: _user,
    ENTITY.name: _entity,
    "setting": _setting,
    VARIANT.name: _variant,
    RECORD.name: _record,
    CONTACT.name: _contact,
    ACCOUNT.name: _account,
    CUSTOMER.name: _customer,
    CHANNEL.name: channels.channel,
    BUSINESS.name: channels.business_customer,
    LEAD.name: selling.lead,
    OPPORTUNITY.name: selling.opportunity,
    ACTIVITY.name: _activity,
    MARKETING_EVENT.name: _marketing_event,
    GROUP.name: _priced,
    CATEGORY.name: _category,
    PRODUCT.name: _product,
    PRICE.name: _price,
    **dict.fromkeys(ADDRESSES, _address),
    **{noun.name: _sales for noun in SALES},
}
