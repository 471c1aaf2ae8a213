"""Giving roles another customer, and taking records away: what stands in the way, and what goes along.

Each function works on one draft; what forbids it is noted on the unit or raised, and the records that go along
are returned, so that a command can ask before it takes them.
"""

from __future__ import annotations

from custctl.errors import Exit, Problem
from custctl.resources import (
    ACCOUNT,
    CONTACT,
    CONTACT_ADDRESS,
    CONTACT_GROUP,
    CUSTOMER,
    CUSTOMER_ADDRESS,
    GROUP,
    NOUNS,
    RECORD,
    ROLE,
    TAG,
    TAGGED,
    USER,
    USER_ADDRESS,
    Noun,
)
from custctl.store.rules import BUILT_IN, BUILT_IN_ROLES, check
from custctl.store.settings import value_of
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
    blockers = _dependents(unit, "customer_id", draft.id)
    if blockers:
        hint = "move or delete them first"
        unit.problem(Problem("has-dependents", Exit.CONFLICT, f"{draft.reference} is still used by {blockers}", hint))
        return []
    for child in unit.select(CUSTOMER, "t.parent_id = :id", id=draft.id):
        child.image["parent"] = None
    along = _go_along(unit, draft, CUSTOMER_ADDRESS, "customer_id")
    unit.remove(draft)
    return along


def remove_user(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a user away with the addresses; refused while the user owns other records (feature U-17)."""
    blockers = _dependents(unit, "user_id", draft.id)
    if blockers:
        hint = f"disable the user instead: custctl user disable {draft.key}"
        unit.problem(Problem("has-dependents", Exit.CONFLICT, f"{draft.reference} still owns {blockers}", hint))
        return []
    along = _go_along(unit, draft, USER_ADDRESS, "user_id")
    unit.remove(draft)
    return along


def remove_group(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a group away, its members keep no group; the group of visitors stays (features G-05, G-06)."""
    if draft.key in BUILT_IN[GROUP.name]:
        unit.problem(Problem("protected", Exit.CONFLICT, f"{draft.reference} is a group that every shop has"))
        return []
    if value_of(unit.connection, "guest.group") == draft.key:
        hint = "set guest.group to another group first"
        unit.problem(Problem("protected", Exit.CONFLICT, f"{draft.reference} is the group of visitors", hint))
        return []
    for member in unit.select(CUSTOMER, "t.group_id = :id", id=draft.id):
        member.image["group"] = None
    along = unit.select(NOUNS["setting"], "t.group_id = :id", id=draft.id)
    for setting in along:
        unit.remove(setting)
    unit.remove(draft)
    return along


def remove_role(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a role away; refused for the built-in and the website's roles, and while users have it (R-11)."""
    built_in = draft.key in BUILT_IN_ROLES
    if built_in or _is_of_website(unit, draft):
        what = "a role that every shop has" if built_in else "the website's default or guest role"
        unit.problem(Problem("protected", Exit.CONFLICT, f"{draft.reference} is {what}"))
        return []
    users = unit.connection.execute("SELECT count(*) FROM user_role WHERE role_id = ?", (draft.id,)).fetchone()[0]
    if users:
        hint = f"give them another role first: custctl user list --where 'roles~{draft.key}'"
        unit.problem(Problem("has-dependents", Exit.CONFLICT, f"{draft.reference} is held by {users} user(s)", hint))
        return []
    unit.remove(draft)
    return []


def remove_visitor(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a visitor's session away; refused while something belongs to it."""
    blockers = _dependents(unit, "visitor_id", draft.id)
    if blockers:
        hint = "move or delete them first"
        unit.problem(Problem("has-dependents", Exit.CONFLICT, f"{draft.reference} still owns {blockers}", hint))
        return []
    unit.remove(draft)
    return []


def remove_account(unit: Unit, draft: Draft) -> list[Draft]:
    """Take an account away; its contacts stay, and accounts that it referred are referred by none (feature A-01)."""
    for referred in unit.select(ACCOUNT, "t.referred_by_id = :id", id=draft.id):
        referred.image["referred_by"] = None
    unit.remove(draft)
    return []


def remove_contact(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a contact away with the addresses; accounts lose it, and who reports to it reports to nobody.

    Source: oroinc/crm ContactBundle/Entity/Contact.php and AccountBundle/Entity/Account.php, ON DELETE SET NULL.
    """
    for contact in unit.select(CONTACT, "t.reports_to_id = :id", id=draft.id):
        contact.image["reports_to"] = None
    linked = "t.id IN (SELECT l.account_id FROM account_contact l WHERE l.contact_id = :id)"
    for account in unit.select(ACCOUNT, linked, id=draft.id):
        account.image["contacts"] = [key for key in account.image["contacts"] if key != draft.key]
        if account.image["default_contact"] == draft.key:
            account.image["default_contact"] = None
    along = _go_along(unit, draft, CONTACT_ADDRESS, "contact_id")
    unit.remove(draft)
    return along


def remove_contact_group(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a group of contacts away; they stay. The groups that every shop has stay too (feature K-06)."""
    if draft.key in BUILT_IN[CONTACT_GROUP.name]:
        unit.problem(Problem("protected", Exit.CONFLICT, f"{draft.reference} is a group that every shop has"))
        return []
    linked = "t.id IN (SELECT l.contact_id FROM contact_in_group l WHERE l.group_id = :id)"
    for contact in unit.select(CONTACT, linked, id=draft.id):
        contact.image["groups"] = [key for key in contact.image["groups"] if key != draft.key]
    unit.remove(draft)
    return []


def remove_tag(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a tag away, and with it from every record that has it (feature T-09); the records it is taken from."""
    tagged: list[Draft] = []
    for noun in TAGGED:
        condition = "t.id IN (SELECT l.record_id FROM tagging l WHERE l.tag_id = :tag AND l.noun = :tagged)"
        tagged += unit.select(noun, condition, tag=draft.id, tagged=noun.name)
    for record in tagged:
        record.image["tags"] = [key for key in record.image["tags"] if key != draft.key]
    unit.remove(draft)
    return tagged


def remove_taxonomy(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a taxonomy away; its tags stay, without one (feature T-09)."""
    for tag in unit.select(TAG, "t.taxonomy_id = :id", id=draft.id):
        tag.image["taxonomy"] = None
    unit.remove(draft)
    return []


def _is_of_website(unit: Unit, role: Draft) -> bool:
    """Whether visitors have the role, or users who register themselves get it."""
    names = ("customer.default_role", "customer.guest_role")
    return role.key in {value_of(unit.connection, name) for name in names}


def remove_sales(unit: Unit, draft: Draft) -> list[Draft]:
    """Take a sales document away, with the records whose parent it is and theirs."""
    along = unit.select(RECORD, _LINES, id=draft.id)
    for line in along:
        unit.remove(line)
    unit.remove(draft)
    return along


_LINES = """t.id IN (WITH RECURSIVE lines (id) AS (
    SELECT r.id FROM record r WHERE r.parent_document_id = :id
    UNION SELECT r.id FROM lines JOIN record r ON r.parent_record_id = lines.id
) SELECT id FROM lines)"""
_OWNED_TABLES = (("sales_document", "entity"), ("record", "entity"))
_DEPENDENTS = {
    "customer_id": (("customer_user", "'customer user'"), ("role", "'own role'"), *_OWNED_TABLES),
    "user_id": (*_OWNED_TABLES, ("visitor", "'visitor'")),
    "visitor_id": _OWNED_TABLES,
}
"""The tables whose rows belong to a customer or a user, and what to call a row of them."""


def _dependents(unit: Unit, column: str, owner: int) -> str:
    """What belongs to a customer or user and keeps it from going, counted: `2 orders, 1 own role`."""
    found: list[str] = []
    for table, title in _DEPENDENTS[column]:
        query = f"SELECT {title}, count(*) FROM {table} WHERE {column} = ? GROUP BY 1"
        rows = unit.connection.execute(query, (owner,))
        found += [f"{count} {name}{'s' if count > 1 else ''}" for name, count in rows if count]
    return ", ".join(found)


def _go_along(unit: Unit, draft: Draft, addresses: Noun, column: str) -> list[Draft]:
    """The records that are part of another and are removed with it."""
    along = unit.select(addresses, f"t.{column} = :id", id=draft.id)
    if column == "customer_id":
        along += unit.select(NOUNS["setting"], "t.customer_id = :id", id=draft.id)
    for part in along:
        unit.remove(part)
    return along
