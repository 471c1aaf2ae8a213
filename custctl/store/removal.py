"""Giving roles another customer, and taking records away: what stands in the way, and what goes along.

Each function works on one draft; what forbids it is noted on the unit or raised, and the records that go along
are returned, so that a command can ask before it takes them. What stands in the way is what would still be there
when the unit is done: a record that the unit has removed, or given to somebody else, does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from custctl.errors import Exit, Problem
from custctl.resources import (
    ACCOUNT,
    ADDRESSES,
    CONTACT,
    CONTACT_ADDRESS,
    CONTACT_GROUP,
    CUSTOMER,
    CUSTOMER_ADDRESS,
    ENTITY,
    GROUP,
    RECORD,
    ROLE,
    SALES,
    SETTING,
    TAG,
    TAGGED,
    TAXONOMY,
    USER,
    USER_ADDRESS,
    VISITOR,
    Noun,
)
from custctl.store.rules import BUILT_IN, BUILT_IN_ROLES, check
from custctl.store.select import Image
from custctl.store.settings import SETTINGS
from custctl.store.unit import Draft, Unit


def rehome_role(unit: Unit, role: Draft, customer: str | None) -> None:
    """Give a role to a customer: users of others lose it; without a customer nobody does (AM 6.5, R-12).

    Source: oroinc/customer-portal CustomerBundle/Form/Handler/CustomerUserRoleUpdateHandler.php, applyCustomerLimits.
    """
    if role.key in BUILT_IN_ROLES:
        unit.problem(Problem("protected", Exit.CONFLICT, f"{role.reference} is for everyone, like in every shop"))
    elif customer is not None and _is_of_website(unit, role):
        hint = "set customer.default_role or customer.guest_role to another role first"
        words = f"{role.reference} is the website's default or guest role, which is for everyone"
        unit.problem(Problem("protected", Exit.CONFLICT, words, hint))
    unit.stop_if_wrong()
    plain = role.key.rpartition("/")[2]
    key = plain if customer is None else f"{customer}/{plain}"
    if key != role.key:
        if unit.id_of(ROLE, key) is not None:
            unit.problem(Problem("taken", Exit.CONFLICT, f"role:{key} exists already", value=key))
            unit.stop_if_wrong()
        unit.rename(role, key)
    role.image["customer"] = customer
    condition = "t.id IN (SELECT ur.user_id FROM user_role ur WHERE ur.role_id = :role)"
    losing = [] if customer is None else unit.select(USER, condition, role=role.id)
    losing = [user for user in losing if user.image["customer"] != customer]
    for user in losing:
        user.image["roles"] = [held for held in user.image["roles"] if held != key]
    if losing:
        unit.warnings.append(f"{role.reference} is taken from {len(losing)} user(s) of other customers")
    check(unit, [role, *losing])
    unit.stop_if_wrong()


# -- removal ---------------------------------------------------------------------------------------------------


def remove_customer(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a customer away; its children become top-level, its addresses and settings go along.

    Refused (exit 5) while users, its own roles, sales documents or other records belong to it (feature C-13).
    Source: oroinc/customer-portal CustomerBundle/Handler/CustomerDeleteHandlerExtension.php.
    """
    blockers = _dependents(unit, draft)
    if blockers:
        hint = "move or delete them first"
        unit.problem(Problem("has-dependents", Exit.CONFLICT, f"{draft.reference} is still used by {blockers}", hint))
        return []
    for child in unit.select(CUSTOMER, "t.parent_id = :id", id=draft.id):
        if child.image["parent"] == draft.key:
            child.image["parent"] = None
    return _remove(unit, draft, _go_along(unit, draft, CUSTOMER_ADDRESS, "customer_id"))


def remove_user(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a user away with the addresses; refused while the user owns other records (feature U-17)."""
    blockers = _dependents(unit, draft)
    if blockers:
        hint = f"disable the user instead: custctl user disable {draft.key}"
        unit.problem(Problem("has-dependents", Exit.CONFLICT, f"{draft.reference} still owns {blockers}", hint))
        return []
    return _remove(unit, draft, _go_along(unit, draft, USER_ADDRESS, "user_id"))


def remove_group(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a group away, its members keep no group; the group of visitors stays (features G-05, G-06)."""
    if draft.key in BUILT_IN[GROUP.name]:
        unit.problem(Problem("protected", Exit.CONFLICT, f"{draft.reference} is a group that every shop has"))
        return []
    if _setting(unit, "guest.group") == draft.key:
        hint = "set guest.group to another group first"
        unit.problem(Problem("protected", Exit.CONFLICT, f"{draft.reference} is the group of visitors", hint))
        return []
    for member in unit.select(CUSTOMER, "t.group_id = :id", id=draft.id):
        if member.image["group"] == draft.key:
            member.image["group"] = None
    return _remove(unit, draft, unit.select(SETTING, "t.group_id = :id", id=draft.id))


def remove_role(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a role away; refused for the built-in and the website's roles, and while users have it (R-11)."""
    built_in = draft.key in BUILT_IN_ROLES
    if built_in or _is_of_website(unit, draft):
        what = "a role that every shop has" if built_in else "the website's default or guest role"
        unit.problem(Problem("protected", Exit.CONFLICT, f"{draft.reference} is {what}"))
        return []
    holders = unit.connection.execute("SELECT user_id FROM user_role WHERE role_id = ?", (draft.id,))
    users = sum(_still(unit, USER.table, row_id, lambda user: draft.key in user["roles"]) for (row_id,) in holders)
    if users:
        hint = f"give them another role first: custctl user list --where 'roles~{draft.key}'"
        unit.problem(Problem("has-dependents", Exit.CONFLICT, f"{draft.reference} is held by {users} user(s)", hint))
        return []
    return _remove(unit, draft)


def _is_of_website(unit: Unit, role: Draft) -> bool:
    """Whether visitors have the role, or users who register themselves get it."""
    return role.key in {_setting(unit, name) for name in ("customer.default_role", "customer.guest_role")}


def _setting(unit: Unit, name: str) -> object:
    """What a setting is for the whole shop when the unit is done."""
    draft = unit.find(SETTING, name)
    return SETTINGS[name].default if draft is None or draft.after is None else draft.after["value"]


def remove_addresses(unit: Unit, noun: Noun, drafts: Sequence[Draft]) -> None:
    """Take addresses away. The primary and a default one stay while there are others, for one of them must be that.

    Where a document lists the others, it says which.
    """
    kind, _ = ADDRESSES[noun.name]
    owners = [unit.get(kind, key) for key in dict.fromkeys(draft.image["owner"] for draft in drafts)]
    for draft in drafts:
        unit.remove(draft)
    rest = unit.addresses(noun, owners)
    for draft in drafts:
        gone = draft.before or {}
        others = rest[gone["owner"]]
        if others and (gone["primary"] or gone["default"]) and not any(other.given for other in others):
            what = "the primary address" if gone["primary"] else "a default address"
            words = f"{draft.reference} is {what}"
            unit.problem(Problem("protected", Exit.CONFLICT, words, "make another one that first"))


def remove_visitor(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a visitor away; refused while records belong to the session."""
    blockers = _dependents(unit, draft)
    if blockers:
        hint = "delete them first"
        unit.problem(Problem("has-dependents", Exit.CONFLICT, f"{draft.reference} still owns {blockers}", hint))
        return []
    return _remove(unit, draft)


def remove_account(unit: Unit, draft: Draft) -> list[Draft]:
    """Take an account away; its contacts stay, and accounts that it referred are referred by none (feature A-01)."""
    for referred in unit.select(ACCOUNT, "t.referred_by_id = :id", id=draft.id):
        if referred.image["referred_by"] == draft.key:
            referred.image["referred_by"] = None
    return _remove(unit, draft)


def remove_contact(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a contact away with the addresses; accounts lose it, and who reports to it reports to nobody.

    Source: oroinc/crm ContactBundle/Entity/Contact.php and AccountBundle/Entity/Account.php, ON DELETE SET NULL.
    """
    for contact in unit.select(CONTACT, "t.reports_to_id = :id", id=draft.id):
        if contact.image["reports_to"] == draft.key:
            contact.image["reports_to"] = None
    linked = "t.id IN (SELECT l.account_id FROM account_contact l WHERE l.contact_id = :id)"
    for account in unit.select(ACCOUNT, linked, id=draft.id):
        account.image["contacts"] = [key for key in account.image["contacts"] if key != draft.key]
        if account.image["default_contact"] == draft.key:
            account.image["default_contact"] = None
    return _remove(unit, draft, _go_along(unit, draft, CONTACT_ADDRESS, "contact_id"))


def remove_contact_group(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a group of contacts away; they stay. The groups that every shop has stay too (feature K-06)."""
    if draft.key in BUILT_IN[CONTACT_GROUP.name]:
        unit.problem(Problem("protected", Exit.CONFLICT, f"{draft.reference} is a group that every shop has"))
        return []
    linked = "t.id IN (SELECT l.contact_id FROM contact_in_group l WHERE l.group_id = :id)"
    for contact in unit.select(CONTACT, linked, id=draft.id):
        contact.image["groups"] = [key for key in contact.image["groups"] if key != draft.key]
    return _remove(unit, draft)


def remove_tag(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a tag away, and with it from every record that has it (feature T-09); the records it is taken from."""
    tagged: list[Draft] = []
    for noun in TAGGED:
        condition = "t.id IN (SELECT l.record_id FROM tagging l WHERE l.tag_id = :tag AND l.noun = :tagged)"
        tagged += unit.select(noun, condition, tag=draft.id, tagged=noun.name)
    for record in tagged:
        record.image["tags"] = [key for key in record.image["tags"] if key != draft.key]
    if tagged:
        unit.warnings.append(f"{draft.reference} is taken from {len(tagged)} record(s)")
    unit.remove(draft)
    return tagged


def remove_taxonomy(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a taxonomy away; its tags stay, without one (feature T-09)."""
    freed = [tag for tag in unit.select(TAG, "t.taxonomy_id = :id", id=draft.id) if tag.image["taxonomy"] == draft.key]
    for tag in freed:
        tag.image["taxonomy"] = None
    if freed:
        unit.warnings.append(f"{len(freed)} tag(s) of {draft.reference} stay, without a taxonomy")
    return _remove(unit, draft)


def remove_sales(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a sales document away, with the records whose parent it is and theirs."""
    return _remove(unit, draft, _below(unit, draft))


def remove_record(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a record away, with those whose parent it is and theirs."""
    return _remove(unit, draft, _below(unit, draft))


def _below(unit: Unit, draft: Draft) -> list[Draft]:
    """The records whose parent a record is, and theirs."""
    found: dict[str, Draft] = {}
    waiting = [draft]
    while waiting:
        above = waiting.pop()
        of_sales = above.noun is not RECORD
        ids = (above.id, None) if of_sales else (None, above.id)
        condition = f"t.{'parent_document_id' if of_sales else 'parent_record_id'} = :id"
        lines = [line for line in unit.select(RECORD, condition, id=above.id) if line.key not in found]
        lines = [line for line in lines if unit.parent_ids(line.image["parent"]) == ids]
        found |= {line.key: line for line in lines}
        waiting += lines
    return list(found.values())


def remove_entity(unit: Unit, draft: Draft) -> list[Draft]:
    """Take an entity of one's own away; refused while there are records of it, or roles say something about it."""
    name = draft.key
    records = unit.connection.execute("SELECT id FROM record WHERE entity = ?", (name,))
    roles = unit.connection.execute(_ROLES_ABOUT, {"name": name})
    blockers = _counted(
        {
            "record": sum(_still(unit, RECORD.table, row_id, bool) for (row_id,) in records),
            "role": sum(_still(unit, ROLE.table, row_id, lambda role: _says(role, name)) for (row_id,) in roles),
        }
    )
    if blockers:
        words = f"{draft.reference} is still used by {blockers}"
        unit.problem(Problem("has-dependents", Exit.CONFLICT, words, "remove them first"))
        return []
    return _remove(unit, draft)


_ROLES_ABOUT = """SELECT DISTINCT role_id FROM role_entry WHERE (kind = 'entity' AND name = :name)
    OR (kind = 'field' AND substr(name, 1, length(:name) + 1) = :name || '.')"""


def _says(role: Image, entity: str) -> bool:
    return entity in role["permissions"] or any(name.partition(".")[0] == entity for name in role["fields"])


def _remove(unit: Unit, draft: Draft, along: Sequence[Draft] = ()) -> list[Draft]:
    for part in (*along, draft):
        unit.remove(part)
    return list(along)


REMOVALS: Mapping[str, Callable[[Unit, Draft], list[Draft]]] = {
    ENTITY.name: remove_entity,
    SETTING.name: _remove,
    GROUP.name: remove_group,
    CUSTOMER.name: remove_customer,
    ROLE.name: remove_role,
    USER.name: remove_user,
    VISITOR.name: remove_visitor,
    TAXONOMY.name: remove_taxonomy,
    TAG.name: remove_tag,
    CONTACT_GROUP.name: remove_contact_group,
    CONTACT.name: remove_contact,
    ACCOUNT.name: remove_account,
    **dict.fromkeys((noun.name for noun in SALES), remove_sales),
    RECORD.name: remove_record,
}
"""How a record of each noun is taken away; addresses go several at once, by `remove_addresses`."""

_OWNED = (("sales_document", "entity"), ("record", "entity"))
_DEPENDENTS: Mapping[str, tuple[str, Iterable[tuple[str, str]]]] = {
    CUSTOMER.name: ("customer", (("customer_user", "'customer user'"), ("role", "'own role'"), *_OWNED)),
    USER.name: ("user", (*_OWNED, ("visitor", "'visitor'"))),
    VISITOR.name: ("visitor", _OWNED),
}
"""The field that names a customer, user or visitor, the tables that have it, and what to call a row of them."""


def _dependents(unit: Unit, owner: Draft) -> str:
    """What belongs to a record and keeps it from going, counted: `2 orders, 1 own role`.

    Rows that the unit has at hand count as they will be, the others as they are stored.
    """
    field, tables = _DEPENDENTS[owner.noun.name]
    found: list[str] = []

    def belongs(image: Image) -> bool:
        return bool(image[field] == owner.key)

    for table, title in tables:
        rows = unit.connection.execute(f"SELECT {title}, id FROM {table} WHERE {field}_id = ?", (owner.id,))
        counts = Counter(name for name, row_id in rows if _still(unit, table, row_id, belongs))
        found.append(_counted(dict(sorted(counts.items()))))
    return ", ".join(part for part in found if part)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for name, count in counts.items() if count)


def _still(unit: Unit, table: str, row_id: int, holds: Callable[[Image], bool]) -> bool:
    """Whether a stored row will be there when the unit is done, and what it says still holds."""
    draft = unit.of_row(table, row_id)
    return draft is None or (draft.after is not None and holds(draft.after))


def _go_along(unit: Unit, draft: Draft, addresses: Noun, column: str) -> list[Draft]:
    """The records that are part of another and are removed with it."""
    along = unit.select(addresses, f"t.{column} = :id", id=draft.id)
    if column == "customer_id":
        along += unit.select(SETTING, "t.customer_id = :id", id=draft.id)
    return along
