"""Giving roles another customer, and taking records away: what stands in the way, and what goes along.

Records of one noun are taken away together. Those that something keeps stay, and are told with what does; the
records that go along are told too, so that a command can ask before it takes them. What stands in the way is what
would still be there when the unit is done: a record that the unit has removed, or given to somebody else, does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from custctl import shell
from custctl.errors import Exit, Problem, number_of
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
    CONTENT,
    CUSTOMER,
    CUSTOMER_ADDRESS,
    ENTITY,
    GROUP,
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
    SETTING,
    TAG,
    TAGGED,
    TAXONOMY,
    USER,
    USER_ADDRESS,
    VARIANT,
    VISITOR,
    Noun,
)
from custctl.store.identity import of_kind
from custctl.store.pointers import IDS, pointers_to
from custctl.store.rules import BUILT_IN, BUILT_IN_ROLES, check
from custctl.store.select import Image, keys_in, without_keys
from custctl.store.settings import SETTINGS
from custctl.store.unit import Draft, Unit, ids_of


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
            words = (
                f"role:{key} exists already" if unit.tells(ROLE, key) else f"a role with the key {plain} exists already"
            )
            unit.problem(Problem("taken", Exit.CONFLICT, words, value=key if unit.tells(ROLE, key) else plain))
            unit.stop_if_wrong()
        unit.rename([(role, key)])
    role.image["customer"] = customer
    condition = "t.id IN (SELECT ur.user_id FROM user_role ur WHERE ur.role_id = :role)"
    losing = [] if customer is None else unit.select(USER, condition, role=role.id)
    losing = [user for user in losing if user.image["customer"] != customer]
    for user in losing:
        user.image["roles"] = [held for held in user.image["roles"] if held != key]
    if told := [user for user in losing if unit.tells(USER, user.key)]:
        unit.warnings.append(f"{role.reference} is taken from {number_of(len(told), 'user')} of other customers")
    check(unit, [role, *losing])
    unit.stop_if_wrong()


# -- removal ---------------------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What became of the records that were to go: those that went along with the others, and those that stay, why."""

    along: list[Draft]
    refused: list[tuple[Draft, Problem]]


Removal = Callable[[Unit, Sequence[Draft]], Outcome]
"""Takes records of one noun away, all together, so that many take no more questions than one."""


def remove(unit: Unit, noun: Noun, drafts: Sequence[Draft], *, pruning: bool = False) -> list[Draft]:
    """Take records away; what keeps one of them from going is a problem of the unit. The records that go along.

    Pruning takes away what carries a manager and its parts, and nothing that only was made with it.
    """
    removals = {**REMOVALS, CUSTOMER.name: take_customers, USER.name: take_users} if pruning else REMOVALS
    along, refused = removals[noun.name](unit, drafts)
    for _, problem in refused:
        unit.problem(problem)
    return along


def remove_customers(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take customers away as `take_customers` does, with the accounts that were made for them."""
    done = take_customers(unit, drafts)
    _remove_made_accounts(unit, [draft for draft in drafts if draft.after is None])
    return done


def take_customers(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take customers away; their children become top-level. Addresses, settings and what only they see go along.

    Refused (exit 5) while users, its own roles, sales documents or other records belong to it (feature C-13).
    Source: oroinc/customer-portal CustomerBundle/Handler/CustomerDeleteHandlerExtension.php.
    """
    free, refused = _unused(unit, drafts, "is still used by", lambda _: "move or delete them first")
    parts = (CUSTOMER_ADDRESS, SETTING, VARIANT)
    along = [part for noun in parts for part in _of(unit, noun, "customer_id", free)]
    return _remove(unit, free, along, refused)


def _remove_made_accounts(unit: Unit, customers: Sequence[Draft]) -> None:
    """Take the accounts away that were made for customers that go, where nobody has changed or uses one since.

    One that was changed and that nothing uses any more stays, and is told.
    """
    having = [(draft, unit.find(ACCOUNT, draft.before["account"])) for draft in customers if draft.before is not None]
    accounts = {account.key: (customer, account) for customer, account in having if account and account.after}
    if not accounts:
        return
    ids, used = ids_of(account for _, account in accounts.values()), set[str]()
    for pointer in pointers_to(ACCOUNT):
        for other in unit.select(pointer.noun, pointer.condition, ids=ids):
            used.update(keys_in(other.image[pointer.field]))
    for key, (customer, account) in accounts.items():
        if key in used or account.given or account.image["contacts"]:
            continue
        if _is_as_made(unit, account, customer):
            unit.remove(account)
        elif unit.tells(ACCOUNT, key):
            words = f"{account.reference} stays, though nothing uses it any more"
            unit.warnings.append(f"{words}. To remove it: {shell.command('account delete', key)}")


def _is_as_made(unit: Unit, account: Draft, customer: Draft) -> bool:
    """Whether an account was made for this customer, and nothing was done to it since."""
    image = account.image
    if any(image[field.name] for field in ACCOUNT.fields if field.name in image and field.name not in _OF_MADE):
        return False
    about = f"FROM history h WHERE h.record_id = :id AND {of_kind()}"
    last = f"SELECT h.op, h.revision_id {about} ORDER BY h.id DESC LIMIT 1"
    values = {"id": account.id, "kind": ACCOUNT.reference}
    op, revision = unit.connection.execute(last, values).fetchone() or ("", 0)
    query = f"SELECT h.after ->> '$.account' {about} AND +h.revision_id = :revision"
    values = {"id": customer.id, "kind": CUSTOMER.reference, "revision": revision}
    told = unit.connection.execute(query, values).fetchone()
    return op == "add" and told is not None and told[0] == account.key


_OF_MADE = ("key", "name", "owner")
"""What an account that is made for a customer has from it."""


def remove_users(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take users away as `take_users` does, and tell of the customers that guests among them leave behind."""
    done = take_users(unit, drafts)
    _tell_of_homes(unit, [draft for draft in drafts if draft.after is None])
    return done


def take_users(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take users away with their addresses; refused while a user owns other records (feature U-17)."""

    def hint(draft: Draft) -> str:
        return f"disable the user instead: {shell.command('user disable', draft.key)}"

    free, refused = _unused(unit, drafts, "still owns", hint)
    return _remove(unit, free, _of(unit, USER_ADDRESS, "user_id", free), refused)


def _tell_of_homes(unit: Unit, users: Sequence[Draft]) -> None:
    """Tell of the customers of guests who go, which were made with them, where no user is left."""
    homes = dict.fromkeys(user.before["customer"] for user in users if user.before and user.before["guest"])
    for key in filter(None, homes):
        home = unit.find(CUSTOMER, key)
        empty = home is not None and home.after and not unit.select(USER, "t.customer_id = :id", id=home.id)
        if home is not None and empty and unit.tells(CUSTOMER, key):
            hint = shell.command("customer delete", key)
            unit.warnings.append(f"{home.reference} stays, though it has no user any more. To remove it: {hint}")


def remove_groups(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take groups away, their members keep no group; the group of visitors stays (features G-05, G-06).

    Settings and variants of contents that are for a group alone go along.
    """
    of_visitors = unit.setting("guest.group")

    def refusal(draft: Draft) -> Problem | None:
        if draft.key == of_visitors and draft.key not in BUILT_IN[GROUP.name]:
            return _protected(draft, "is the group of visitors", "set guest.group to another group first")
        return _built_in(draft)

    free, refused = _split(drafts, refusal)
    along = [part for noun in (SETTING, VARIANT) for part in _of(unit, noun, "group_id", free)]
    return _remove(unit, free, along, refused)


def remove_roles(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take roles away; refused for the built-in and the website's roles, and while users have it (R-11)."""
    holders = _holders(unit, drafts)

    def refusal(draft: Draft) -> Problem | None:
        if draft.key in BUILT_IN_ROLES:
            return _protected(draft, "is a role that every shop has")
        if _is_of_website(unit, draft):
            return _protected(draft, "is the website's default or guest role")
        if holders[draft.id]:
            hint = f"give them another role first: {shell.command('user list', where=f'roles={draft.key}')}"
            words = f"{draft.reference} is held by {number_of(holders[draft.id], 'user')}"
            return Problem("has-dependents", Exit.CONFLICT, words, hint)
        return None

    free, refused = _split(drafts, refusal)
    return _remove(unit, free, (), refused)


def _holders(unit: Unit, roles: Sequence[Draft]) -> Counter[int]:
    """How many users have each of these roles when the unit is done, by the role's id."""
    keys = {role.id: role.key for role in roles}
    query = f"SELECT role_id, user_id FROM user_role WHERE role_id IN {IDS}"
    counts: Counter[int] = Counter()
    for role_id, user_id in unit.connection.execute(query, {"ids": ids_of(roles)}):
        counts[role_id] += _still(unit, USER.table, user_id, partial(_holds, keys[role_id]))
    return counts


def _holds(role: str, user: Image) -> bool:
    return role in user["roles"]


def _is_of_website(unit: Unit, role: Draft) -> bool:
    """Whether visitors have the role, or users who register themselves get it."""
    return role.key in {unit.setting(name) for name in ("customer.default_role", "customer.guest_role")}


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
            what = "is the primary address" if gone["primary"] else "is a default address"
            unit.problem(_protected(draft, what, "make another one that first"))


def remove_visitors(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take visitors away; refused while records belong to the session."""
    free, refused = _unused(unit, drafts, "still owns", lambda _: "delete them first")
    return _remove(unit, free, (), refused)


def remove_contents(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take contents away with all their variants."""
    return _remove(unit, drafts, _of(unit, VARIANT, "content_id", drafts))


def remove_accounts(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take accounts away with their business customers and opportunities; contacts stay (feature A-13).

    Refused (exit 5) while customers have it, unless the shop makes no accounts: a customer keeps one (feature A-09).
    Source: oroinc/crm AccountBundle and SalesBundle, whose links to an account are ON DELETE CASCADE.
    """

    def hint(draft: Draft) -> str:
        given = shell.command("customer edit", where=f"account={draft.key}", account="ACCOUNT")
        return f"give them another one first: {given}"

    kept = unit.setting("account.strategy") != "none"
    free, refused = _unused(unit, drafts, "is still used by", hint) if kept else ([*drafts], [])
    along = [
        *_with_addresses(unit, _of(unit, BUSINESS, "account_id", free)),
        *_of(unit, OPPORTUNITY, "account_id", free),
    ]
    return _remove(unit, free, along, refused)


def remove_channels(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take channels away with their business customers (feature B-08); customers stay, without a channel.

    These count as going along, so that a command asks before they lose it.
    """
    done = _remove(unit, drafts, _with_addresses(unit, _of(unit, BUSINESS, "channel_id", drafts)))
    return Outcome([*done.along, *_of(unit, CUSTOMER, "channel_id", drafts)], done.refused)


def _with_addresses(unit: Unit, businesses: Sequence[Draft]) -> list[Draft]:
    return [*businesses, *_of(unit, BUSINESS_ADDRESS, "business_customer_id", businesses)]


def remove_contacts(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take contacts away with their addresses; accounts lose them, and who reports to one reports to nobody.

    Source: oroinc/crm ContactBundle/Entity/Contact.php and AccountBundle/Entity/Account.php, ON DELETE SET NULL.
    """
    return _remove(unit, drafts, _of(unit, CONTACT_ADDRESS, "contact_id", drafts))


def remove_contact_groups(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take groups of contacts away; these stay. The groups that every shop has stay too (feature K-06)."""
    free, refused = _split(drafts, _built_in)
    return _remove(unit, free, (), refused)


def remove_tags(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take tags away, and from every record that has one (feature T-09); these are what goes along, without a tag."""
    gone, losses = {draft.key for draft in drafts}, Counter[str]()
    linked = f"t.id IN (SELECT l.record_id FROM tagging l WHERE l.tag_id IN {IDS} AND l.noun = :tagged)"
    tagged = [record for noun in TAGGED for record in unit.select(noun, linked, ids=ids_of(drafts), tagged=noun.name)]
    for record in tagged:
        losses.update(key for key in record.image["tags"] if key in gone)
        record.image["tags"] = [key for key in record.image["tags"] if key not in gone]
    for tag in drafts:
        if losses[tag.key]:
            unit.warnings.append(f"{tag.reference} is taken from {number_of(losses[tag.key], 'record')}")
        unit.remove(tag)
    return Outcome(tagged, [])


def remove_taxonomies(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take taxonomies away; their tags stay, without one (feature T-09)."""
    freed = Counter(_forget(unit, TAG, "taxonomy", drafts))
    for draft in drafts:
        if freed[draft.key]:
            unit.warnings.append(f"{draft.reference} leaves {number_of(freed[draft.key], 'tag')} without a taxonomy")
    return _remove(unit, drafts)


def remove_price_lists(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take price lists away with their prices; customers and groups lose them. The website's lists stay."""
    of_website = [name for name, setting in SETTINGS.items() if setting.to == PRICE_LIST.name]

    def refusal(draft: Draft) -> Problem | None:
        named = next((name for name in of_website if draft.key in keys_in(unit.setting(name))), None)
        if named is None:
            return None
        hint = f"take it out of that setting first: {shell.command('setting get', named)}"
        return _protected(draft, f"is one of {named}", hint)

    free, refused = _split(drafts, refusal)
    return _remove(unit, free, _of(unit, PRICE, "price_list_id", free), refused)


def remove_categories(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take categories away; those below become top-level, and products keep none (feature P-07)."""
    outcome = _remove(unit, drafts)
    check(unit, [*unit.of(CATEGORY), *unit.of(PRODUCT)])  # what followed a category follows none now
    return outcome


def remove_products(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take products away with their prices."""
    return _remove(unit, drafts, _of(unit, PRICE, "product_id", drafts))


def remove_with_lines(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take sales documents or records away, with the records whose parent one is and theirs."""
    return _remove(unit, drafts, _below(unit, drafts))


def _below(unit: Unit, drafts: Sequence[Draft]) -> list[Draft]:
    """The records whose parent one of these is, and theirs; one that is among these is no line of another."""
    found: dict[str, Draft] = {}
    own = {draft.key for draft in drafts if draft.noun is RECORD}
    above = list(drafts)
    while above:
        of_sales = above[0].noun is not RECORD
        ids = {draft.id for draft in above}
        condition = f"t.{'parent_document_id' if of_sales else 'parent_record_id'} IN {IDS}"
        lines = unit.select(RECORD, condition, ids=ids_of(above))
        lines = [line for line in lines if line.key not in found and line.key not in own]
        lines = [line for line in lines if unit.parent_ids(line.image["parent"])[0 if of_sales else 1] in ids]
        found |= {line.key: line for line in lines}
        above = lines
    return list(found.values())


def remove_entities(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take entities of one's own away; refused while there are records of it, or roles say something about it."""
    free, refused = _split(drafts, lambda draft: _used_entity(unit, draft))
    return _remove(unit, free, (), refused)


def _used_entity(unit: Unit, draft: Draft) -> Problem | None:
    name = draft.key
    records = unit.connection.execute("SELECT id FROM record WHERE entity = ?", (name,))
    roles = unit.connection.execute(_ROLES_ABOUT, {"name": name})
    blockers = _counted(
        {
            "record": sum(_still(unit, RECORD.table, row_id, bool) for (row_id,) in records),
            "role": sum(_still(unit, ROLE.table, row_id, lambda role: _says(role, name)) for (row_id,) in roles),
        }
    )
    words = f"{draft.reference} is still used by {blockers}"
    return Problem("has-dependents", Exit.CONFLICT, words, "remove them first") if blockers else None


_ROLES_ABOUT = """SELECT DISTINCT role_id FROM role_entry WHERE (kind = 'entity' AND name = :name)
    OR (kind = 'field' AND substr(name, 1, length(:name) + 1) = :name || '.')"""


def _says(role: Image, entity: str) -> bool:
    return entity in role["permissions"] or any(name.partition(".")[0] == entity for name in role["fields"])


def remove_business_customers(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take business customers away with their addresses."""
    return _remove(unit, drafts, _of(unit, BUSINESS_ADDRESS, "business_customer_id", drafts))


def remove_leads(unit: Unit, drafts: Sequence[Draft]) -> Outcome:
    """Take leads away with their addresses; the opportunities that came of one stay."""
    return _remove(unit, drafts, _of(unit, LEAD_ADDRESS, "lead_id", drafts))


def _remove(
    unit: Unit, drafts: Sequence[Draft], along: Sequence[Draft] = (), refused: Sequence[tuple[Draft, Problem]] = ()
) -> Outcome:
    """Take records away, and those that go along; what was mailed to one goes too, what only names one lets it go."""
    parts = [*along, *drafts]
    for noun in {part.noun.name: part.noun for part in parts}.values():
        gone = [part for part in parts if part.noun is noun]
        parts += (mailed := _mailed(unit, gone))
        along = [*along, *mailed]
        _let_go(unit, gone)
    for part in parts:
        unit.remove(part)
    return Outcome(list(along), list(refused))


def _mailed(unit: Unit, gone: Sequence[Draft]) -> list[Draft]:
    """What was mailed to these records."""
    names = [field.name for field in MARKETING_EVENT.fields if field.to == gone[0].noun.name]
    return [event for name in names for event in _of(unit, MARKETING_EVENT, f"{name}_id", gone)]


def _let_go(unit: Unit, gone: Sequence[Draft]) -> None:
    """Let no record that stays name those of one noun that go, by any of its loose fields."""
    keys = {draft.key for draft in gone}
    for pointer in pointers_to(gone[0].noun):
        field = pointer.noun.field(pointer.field)
        if field is None or not field.loose:
            continue
        if field.via is None:
            _forget(unit, pointer.noun, field.name, gone)
            continue
        for other in unit.select(pointer.noun, pointer.condition, ids=ids_of(gone)):
            other.image[field.name] = without_keys(other.image[field.name], keys)


REMOVALS: Mapping[str, Removal] = {
    ENTITY.name: remove_entities,
    SETTING.name: _remove,
    GROUP.name: remove_groups,
    CUSTOMER.name: remove_customers,
    ROLE.name: remove_roles,
    USER.name: remove_users,
    VISITOR.name: remove_visitors,
    CONTENT.name: remove_contents,
    VARIANT.name: _remove,
    TAXONOMY.name: remove_taxonomies,
    TAG.name: remove_tags,
    CONTACT_GROUP.name: remove_contact_groups,
    CONTACT.name: remove_contacts,
    ACCOUNT.name: remove_accounts,
    CHANNEL.name: remove_channels,
    BUSINESS.name: remove_business_customers,
    LEAD.name: remove_leads,
    OPPORTUNITY.name: _remove,
    ACTIVITY.name: _remove,
    MARKETING_EVENT.name: _remove,
    PRICE_LIST.name: remove_price_lists,
    CATEGORY.name: remove_categories,
    PRODUCT.name: remove_products,
    PRICE.name: _remove,
    **dict.fromkeys((noun.name for noun in SALES), remove_with_lines),
    RECORD.name: remove_with_lines,
}
"""How records of each noun are taken away; addresses go by `remove_addresses`."""


def _split(
    drafts: Sequence[Draft], refusal: Callable[[Draft], Problem | None]
) -> tuple[list[Draft], list[tuple[Draft, Problem]]]:
    """The drafts that nothing keeps, and the others with what does."""
    found = [(draft, refusal(draft)) for draft in drafts]
    return [draft for draft, problem in found if problem is None], [(one, why) for one, why in found if why is not None]


def _protected(draft: Draft, what: str, hint: str | None = None) -> Problem:
    return Problem("protected", Exit.CONFLICT, f"{draft.reference} {what}", hint)


def _built_in(draft: Draft) -> Problem | None:
    """Why a group that every shop has stays."""
    return _protected(draft, "is a group that every shop has") if draft.key in BUILT_IN[draft.noun.name] else None


_OWNED = (("sales_document", "entity"), ("record", "entity"))
_DEPENDENTS: Mapping[str, tuple[str, Iterable[tuple[str, str]]]] = {
    CUSTOMER.name: ("customer", (("customer_user", "'customer user'"), ("role", "'own role'"), *_OWNED)),
    USER.name: ("user", (*_OWNED, ("visitor", "'visitor'"))),
    VISITOR.name: ("visitor", _OWNED),
    ACCOUNT.name: ("account", (("customer", "'customer'"),)),
}
"""The field that names a customer, user, visitor or account, the tables that have it, and what a row of them is."""


def _unused(
    unit: Unit, drafts: Sequence[Draft], words: str, hint: Callable[[Draft], str]
) -> tuple[list[Draft], list[tuple[Draft, Problem]]]:
    """The drafts that nothing belongs to, and the others with what does: `is still used by 2 orders, 1 own role`."""
    blockers = _dependents(unit, drafts)

    def refusal(draft: Draft) -> Problem | None:
        found = blockers.get(draft.id)
        told = f"{draft.reference} {words} {found or 'other records'}"
        return None if found is None else Problem("has-dependents", Exit.CONFLICT, told, hint(draft))

    return _split(drafts, refusal)


def _dependents(unit: Unit, owners: Sequence[Draft]) -> dict[int, str]:
    """What belongs to records of one noun and keeps them from going, counted, by id: `2 orders, 1 own role`.

    Rows that the unit has at hand count as they will be, the others as they are stored. Under --as only those are
    counted that the user may see; where there are only others, the text is empty.
    """
    if not owners:
        return {}
    field, tables = _DEPENDENTS[owners[0].noun.name]
    keys, ids = {owner.id: owner.key for owner in owners}, ids_of(owners)
    found: dict[int, list[str]] = {}
    for table, title in tables:
        counts: dict[int, Counter[str]] = {}
        query = f"SELECT {field}_id, {title}, id FROM {table} WHERE {field}_id IN {IDS}"
        for owner, name, row_id in unit.connection.execute(query, {"ids": ids}):
            if _still(unit, table, row_id, partial(_names, field, keys[owner])):
                counts.setdefault(owner, Counter())[name] += _tells_of_row(unit, table, name, row_id)
        for owner, counted in counts.items():
            parts = found.setdefault(owner, [])
            if told := _counted(dict(sorted(counted.items()))):
                parts.append(told)
    return {owner: ", ".join(parts) for owner, parts in found.items()}


def _tells_of_row(unit: Unit, table: str, entity: str, row_id: int) -> bool:
    """Whether a message may count a row: under --as only one that the user may see."""
    if unit.acting is None:
        return True
    noun = NOUNS.get(entity) or next((noun for noun in NOUNS.values() if noun.table == table), None)
    return noun is not None and noun.table == table and unit.acting.sees_row(noun, row_id)


def _names(field: str, owner: str, image: Image) -> bool:
    return bool(image[field] == owner)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for name, count in counts.items() if count)


def _still(unit: Unit, table: str, row_id: int, holds: Callable[[Image], bool]) -> bool:
    """Whether a stored row will be there when the unit is done, and what it says still holds."""
    draft = unit.of_row(table, row_id)
    return draft is None or (draft.after is not None and holds(draft.after))


def _of(unit: Unit, noun: Noun, column: str, owners: Sequence[Draft]) -> list[Draft]:
    """The records that are part of others and are removed with them."""
    return unit.select(noun, f"t.{column} IN {IDS}", ids=ids_of(owners)) if owners else []


def _forget(unit: Unit, noun: Noun, field: str, gone: Sequence[Draft]) -> list[str]:
    """Let the records of a noun no longer name those that go; the keys that they named."""
    keys, named = {draft.key for draft in gone}, []
    for other in unit.select(noun, f"t.{field}_id IN {IDS}", ids=ids_of(gone)):
        if other.image[field] in keys:
            named.append(other.image[field])
            other.image[field] = None
    return named
