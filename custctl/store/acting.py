"""Acting as a stored user: every step of a command is asked of the same policy that answers `access can`.

The back office may do everything. Under `--as` a command first asks whether the user may do such a thing at
all, then about the fields (custctl/storefront.py) and the record, and for a new or another owner about that
(AM 5.6, 6.2 to 6.4). What is typed is resolved within what the user may see: a record that may not be seen and one
that is not stored are answered alike.
"""

from __future__ import annotations

import copy
import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from custctl import shell
from custctl.errors import CustctlError, Denied, Exit, Problem, conflict
from custctl.policy.catalogue import PREDEFINED_ROLES
from custctl.policy.decide import decide, scope
from custctl.policy.model import Decision, Level, Reason, Scope
from custctl.resources import ADDRESSES, CUSTOMER, ROLE, SALES, USER, Noun, fold, numbered, reference, trimmed
from custctl.store import answers, lookup
from custctl.store.facts import Asker, Loaded, Question
from custctl.store.scopes import Condition, condition
from custctl.storefront import PROFILE_CAPABILITY, SHOWN, Use, allows, in_profile, unreadable

if TYPE_CHECKING:
    from custctl.store.unit import Draft, Unit

_KNOWN_ROLES = frozenset(role.key for role in PREDEFINED_ROLES)
NOTHING: Condition = ("0", {})
"""The condition that no record meets."""
_MOST_NAMESAKES = 5
_USES: Mapping[str, Use] = {"view": "read", "create": "create", "edit": "edit"}


class Actor:
    """A user in whose name a command runs, on one connection."""

    def __init__(self, connection: sqlite3.Connection, text: str) -> None:
        """Raises exit 3 when there is no such user."""
        self.connection = connection
        self.id, self.key = lookup.require(connection, USER, text)
        self.asker = Asker(connection, typed=False)
        self.customer = self.customer_of(self.key)
        self.named: set[tuple[str, str]] = set()
        """The records that the command itself names or makes, by noun and folded key."""
        self._visible: dict[str, tuple[Condition, Reason | None]] = {}
        self._typed: dict[tuple[str, str], str] = {}

    # -- questions ---------------------------------------------------------------------------------------------

    def may(self, noun: Noun, action: str) -> bool:
        """Whether the user may do this to any record of the noun."""
        return self.asker.ask(Question(self._subject, action, noun.name)).allowed

    def require_class(self, noun: Noun, action: str) -> None:
        """Refuse a user who may not do this to any record of the noun."""
        self._require(Question(self._subject, action, noun.name))

    def require(self, noun: Noun, action: str, key: str) -> None:
        """Refuse a user who may not do this to this record, which is stored."""
        self._require(Question(self._subject, action, f"{noun.name}:{key}"))

    def require_owner(self, noun: Noun, action: str, user: str | None, customer: str | None) -> None:
        """Refuse an owner that the user may not choose (AM 5.6); `action` is create or assign.

        One that the user may not see is refused as one that is not stored, the way it was typed.
        """
        owner, key = (CUSTOMER, customer or "") if user is None else (USER, user)
        typed = key if self.sees(owner, key) else self._typed.get((owner.name, fold(key)), key)
        told = {"owner": reference(USER, typed)} if owner is USER else {"customer": typed or None}
        try:
            self.require_class(noun, action)
        except Denied as denied:
            raise Denied(denied.answer | told) from None
        question = Question(self._subject, action, noun.name, user, customer, supposed=True)
        try:
            loaded = self.asker.load(question)
        except CustctlError:  # it is not stored
            raise Denied(self._refusal(noun, action, noun.name, Reason.OUT_OF_REACH) | told) from None
        decision = _decided(loaded)
        if decision.allowed:
            return
        reason = decision.reason if self.sees(owner, key) else Reason.OUT_OF_REACH
        raise Denied(answers.decision_row(loaded, decision, question) | told | {"reason": reason.value})

    def is_own_profile(self, text: str, fields: Iterable[str]) -> bool:
        """Whether this is the user's own record and the profile may be changed, which has these fields (AM 3.2).

        The permission to edit the record opens more, and is asked first.
        """
        found = self._by_key(USER, text) or self._by_id(USER, text)
        if found is None or found[0] != self.id or not all(map(in_profile, fields)):
            return False
        question = Question(self._subject, "use", f"capability:{PROFILE_CAPABILITY}")
        if self._allowed(USER, "edit", self.key) or not self.asker.ask(question).allowed:
            return False
        self.named.add((USER.name, self.key))
        return True

    # -- finding records -----------------------------------------------------------------------------------------

    def find(self, noun: Noun, text: str, action: str = "view") -> tuple[int, str]:
        """The id and key of the record that a person means, to which the user may do this.

        It is looked for among what the user may see; a record that may not be seen is found by its key alone, where
        the action is allowed. Raises exit 4 for a name that several visible records have.
        """
        self.require_class(noun, action)
        found = self.look_up(noun, text) or self._unseen(noun, text, action)
        if found is None:
            raise self.unseen(noun, action, text)
        self.named.add((noun.name, fold(found[1])))
        self.require(noun, action, found[1])
        return found

    def look_up(self, noun: Noun, text: str) -> tuple[int, str] | None:
        """The record that a person means by key, `id:17` or name, among those that the user may see."""
        found = self._by_id(noun, text) or self._by_key(noun, text)
        if found is not None and self.sees(noun, found[1]):
            return found
        return self._by_name(noun, text)

    def id_of(self, noun: Noun, text: str) -> int | None:
        """The id of a record that a condition names, None where the user may not view it, or it is not stored."""
        found = self.look_up(noun, text) if noun in SHOWN else None
        return found[0] if found is not None and self.linked(noun, [found[1]]) else None

    def sees(self, noun: Noun, key: str) -> bool:
        """Whether the user may view a stored record, or a list shows it."""
        if self.seen(noun, [key]):
            return True
        try:
            return self.asker.ask(Question(self._subject, "view", f"{noun.name}:{key}")).allowed
        except CustctlError:  # it is not stored
            return False

    def unseen(self, noun: Noun, action: str, text: str) -> Denied:
        """The refusal of a record that may not be seen, or is not stored: nothing tells which."""
        typed = reference(noun, bare(noun, text))
        return Denied(self._refusal(noun, action, typed, Reason.OUT_OF_REACH))

    def key_of(self, noun: Noun, text: str) -> str:
        """The key of an owner that was typed; it is to be asked about by `require_owner`, stored or not."""
        found = self.look_up(noun, text) or self._by_key(noun, text)
        key = found[1] if found is not None else fold(bare(noun, text))
        self._typed[noun.name, fold(key)] = bare(noun, text)
        return key

    def role_to_give(self, text: str, held: Iterable[str] = ()) -> str:
        """The key of a role that the user's list of roles shows (AM 6.3); one that is held already and seen stays."""
        self.require_class(ROLE, "view")
        found = self.look_up(ROLE, text)
        if found is None or (found[1] not in held and not self.seen(ROLE, [found[1]])):
            raise self.unseen(ROLE, "view", text)
        return found[1]

    def predefined_to_copy(self, text: str) -> str | None:
        """The key of a predefined role with a page on the storefront, which is copied to be changed (AM 6.2, 6.4).

        Those that every shop has are known to everybody; another one must be visible.
        """
        found = self.look_up(ROLE, text)
        if found is None:
            found = self._by_key(ROLE, text)
            if found is None or found[1] not in _KNOWN_ROLES or not self._has_page(found[0]):
                return None
        return found[1] if "/" not in found[1] else None

    def _has_page(self, role_id: int) -> bool:
        query = "SELECT self_managed AND public FROM role WHERE id = ?"
        return bool(self.connection.execute(query, (role_id,)).fetchone()[0])

    def find_address(self, noun: Noun, owner_text: str, key: str, action: str) -> tuple[int, str]:
        """The id and key of the owner of an address to which the user may do this."""
        self.require_class(noun, action)
        owner, column = ADDRESSES[noun.name]
        found = self.look_up(owner, owner_text) or self._by_key(owner, owner_text)
        if found is not None:
            query = f"SELECT 1 FROM address WHERE {column} = ? AND key = ?"
            if self.connection.execute(query, (found[0], fold(key))).fetchone():
                name = f"{found[1]}/{fold(key)}"
                if self.sees(noun, name) or self._allowed(noun, action, name):
                    self.named.add((noun.name, name))
                    self.require(noun, action, name)
                    return found
        raise self.unseen(noun, action, f"{bare(owner, owner_text)}/{key}")

    def find_owner_of_addresses(self, noun: Noun, text: str) -> tuple[int, str]:
        """The id and key of a record of which the user sees addresses, or itself."""
        owner, column = ADDRESSES[noun.name]
        found = self.look_up(owner, text)
        if found is not None:
            return found
        by_key = self._by_key(owner, text)
        if by_key is not None:
            (where, parameters), _ = self.visible(noun)
            query = f"SELECT 1 FROM address t WHERE t.{column} = :seen_owner AND ({where})"
            if self.connection.execute(query, parameters | {"seen_owner": by_key[0]}).fetchone():
                return by_key
        raise self.unseen(owner, "view", text)

    def _unseen(self, noun: Noun, text: str, action: str) -> tuple[int, str] | None:
        found = None if action == "view" else self._by_key(noun, text)
        return found if found is not None and self._allowed(noun, action, found[1]) else None

    def _allowed(self, noun: Noun, action: str, key: str) -> bool:
        return self.asker.ask(Question(self._subject, action, f"{noun.name}:{key}")).allowed

    def _by_id(self, noun: Noun, text: str) -> tuple[int, str] | None:
        by_id = lookup.id_in(bare(noun, text))
        return None if by_id is None else self._one(noun, "t.id = :seen_value", by_id)

    def _by_key(self, noun: Noun, text: str) -> tuple[int, str] | None:
        return self._one(noun, f"t.{noun.named_by} = :seen_value", fold(bare(noun, text)))

    def _one(self, noun: Noun, where: str, value: str | int) -> tuple[int, str] | None:
        query = f"SELECT t.id, t.{noun.key} FROM {noun.table} t WHERE {_restriction(noun)} AND {where}"
        found: tuple[int, str] | None = self.connection.execute(query, {"seen_value": value}).fetchone()
        return found

    def _by_name(self, noun: Noun, text: str) -> tuple[int, str] | None:
        """The one visible record of a name; exit 4 when several have it."""
        column = next((name for name in lookup.NAMES if name in noun.folded), None)
        name = bare(noun, text)
        if column is None or not name:
            return None
        (where, parameters), _ = self.visible(noun)
        query = f"SELECT t.id, t.key FROM {noun.table} t WHERE t.{column} = :seen_value AND ({where}) ORDER BY t.key"
        values = parameters | {"seen_value": fold(name)}
        rows = self.connection.execute(f"{query} LIMIT {_MOST_NAMESAKES}", values).fetchall()
        if len(rows) > 1:
            keys = tuple(row[1] for row in rows)
            words, hint = f"several {noun.plural} are called {name!r}", f"name one by its key: {', '.join(keys)}"
            raise CustctlError(Problem("ambiguous", Exit.INVALID, words, hint, value=name, candidates=keys))
        return rows[0] if rows else None

    # -- what is visible -----------------------------------------------------------------------------------------

    def visible(self, noun: Noun) -> tuple[Condition, Reason | None]:
        """What a list of the noun shows the user, and why it shows nothing where it does."""
        if noun.name not in self._visible:
            self._visible[noun.name] = self._scope_of(noun)
        return self._visible[noun.name]

    def _scope_of(self, noun: Noun) -> tuple[Condition, Reason | None]:
        resource = self.asker.resource(noun.name)
        assert resource.entity is not None, "nouns with lists are entities"
        subject = self.asker.subject(self._subject, [resource.target])
        facts = self.asker.facts(None)
        decision = decide(subject, "view", resource, facts)
        reached: Scope = scope(subject, resource.entity, "view", facts)
        return condition(self.connection, reached, resource.entity), None if decision.allowed else decision.reason

    def viewable(self, noun: Noun) -> Condition:
        """The condition that the user may view a record that another one names.

        A list of roles goes by levels; a single role also needs sight of its customer (AM 5.8).
        """
        if noun not in SHOWN:
            return NOTHING
        (where, parameters), _ = self.visible(noun)
        if noun is ROLE:
            (customers, more), _ = self.visible(CUSTOMER)
            of_customer = f"t.customer_id IN (SELECT t.id FROM {CUSTOMER.table} t WHERE {customers})"
            return f"({where}) AND (t.customer_id IS NULL OR {of_customer})", parameters | more
        return where, parameters

    def seen(self, noun: Noun, keys: Iterable[str]) -> list[str]:
        """Those of the records that a list shows the user."""
        return self._among(noun, keys, self.visible(noun)[0]) if noun in SHOWN else []

    def linked(self, noun: Noun, keys: Iterable[str]) -> list[str]:
        """Those of the records that another one names and that the user may view."""
        return self._among(noun, keys, self.viewable(noun))

    def _among(self, noun: Noun, keys: Iterable[str], among: Condition) -> list[str]:
        wanted, (where, parameters) = list(keys), among
        if not wanted or where == "0":
            return []
        if noun.name in ADDRESSES:
            owner, column = ADDRESSES[noun.name]
            key = f"(SELECT o.key FROM {owner.table} o WHERE o.id = t.{column}) || '/' || t.key"
        else:
            key = f"t.{noun.named_by}"
        some = "(SELECT value FROM json_each(:seen_keys))"
        query = f"SELECT {key} FROM {noun.table} t WHERE {_restriction(noun)} AND {key} IN {some} AND ({where})"
        values = parameters | {"seen_keys": json.dumps([fold(name) for name in wanted])}
        found = {row[0] for row in self.connection.execute(query, values)}
        return [name for name in wanted if fold(name) in found]

    def sees_row(self, noun: Noun, row_id: int) -> bool:
        """Whether the user may see the record of a row."""
        found = self._one(noun, "t.id = :seen_value", row_id) if noun in SHOWN else None
        return found is not None and self.sees(noun, found[1])

    def count_seen(self, noun: Noun, column: str, row_id: int) -> int:
        """How many records of the noun that name a row in a column the user's lists show."""
        if noun not in SHOWN:
            return 0
        (where, parameters), _ = self.visible(noun)
        query = (
            f"SELECT count(*) FROM {noun.table} t WHERE {_restriction(noun)} AND t.{column} = :seen_id AND ({where})"
        )
        return int(self.connection.execute(query, parameters | {"seen_id": row_id}).fetchone()[0])

    def belongings(self, customer_id: int) -> dict[str, int]:
        """How many users, roles and sales documents of a customer the user's lists show."""
        return {noun.document: self.count_seen(noun, "customer_id", customer_id) for noun in (USER, ROLE, *SALES)}

    # -- fields --------------------------------------------------------------------------------------------------

    def require_written(self, noun: Noun, action: str, names: Iterable[str]) -> None:
        """Refuse to write a field that the storefront does not let a customer user write."""
        for name in names:
            if not allows(noun, _USES[action], name):
                raise self._closed_field(noun, action, name)

    def require_fields(self, noun: Noun, action: str, names: Iterable[str], key: str | None = None) -> None:
        """Refuse to write fields that are closed to the user; `key` names a stored record."""
        given = set(names)
        self.require_written(noun, action, sorted(given))
        self.require_open(noun, action, given, key)

    def require_open(self, noun: Noun, action: str, names: Iterable[str], key: str | None = None) -> None:
        """Refuse fields that the user's roles close (AM 3.4)."""
        given = set(names)
        for name in self._fields(noun):
            if name in given:
                self._require(self._field_question(noun, action, name, key))

    def closed(self, noun: Noun, key: str) -> list[str]:
        """The fields of a record that are not shown to the user (AM 3.4)."""
        questions = {name: self._field_question(noun, "view", name, key) for name in self._fields(noun)}
        return [
            *self._closed_to_all(noun),
            *(name for name, one in questions.items() if not self.asker.ask(one).allowed),
        ]

    def hidden(self, noun: Noun) -> list[str]:
        """The fields that a list of the noun does not show: those that are not open wherever its records are."""
        reached = self.asker.ask(Question(self._subject, "view", noun.name)).level
        levels = {name: self.asker.ask(self._field_question(noun, "view", name)).level for name in self._fields(noun)}
        return [*self._closed_to_all(noun), *(name for name, level in levels.items() if level < reached)]

    def refuse_closed(self, noun: Noun, names: Iterable[str]) -> None:
        """Refuse to search or sort by fields that the user does not read in any record."""
        for name in names:
            if name in self._closed_to_all(noun):
                raise self._closed_field(noun, "view", name)
            if name in self._fields(noun):
                self._require(self._field_question(noun, "view", name))

    def _closed_to_all(self, noun: Noun) -> tuple[str, ...]:
        """The fields that no storefront shows; roles only to those who may view roles."""
        closed = unreadable(noun)
        return (*closed, "roles") if noun is USER and not self.may(ROLE, "view") else closed

    def _closed_field(self, noun: Noun, action: str, name: str) -> Denied:
        return Denied(refusal(self._subject, action, f"{noun.name}.{name}", Level.NONE, Reason.FIELD_CLOSED))

    def _fields(self, noun: Noun) -> list[str]:
        """The fields of a noun that a role of the user speaks of; all others are open, and what names a record is."""
        query = (
            "SELECT DISTINCT e.name FROM user_role ur JOIN role_entry e ON e.role_id = ur.role_id"
            " WHERE ur.user_id = ? AND e.kind = 'field' AND e.name GLOB ? || '.*' ORDER BY e.name"
        )
        names = [row[0].partition(".")[2] for row in self.connection.execute(query, (self.id, noun.name))]
        return [name for name in names if noun.field(name) is not None and name not in (noun.key, "email")]

    def _field_question(self, noun: Noun, action: str, name: str, key: str | None = None) -> Question:
        """Whether the user may do this to a field, of one record or at all."""
        record = None if key is None else self.asker.record(self.asker.entity(noun.name), key)
        if record is None:
            return Question(self._subject, action, f"{noun.name}.{name}")
        owner, customer = record.user, record.customer
        return Question(self._subject, action, f"{noun.name}.{name}", owner, customer, supposed=True)

    # -- the decision --------------------------------------------------------------------------------------------

    def customer_of(self, user: str) -> str | None:
        """The customer of a user; None also for one who is not stored."""
        query = "SELECT (SELECT c.key FROM customer c WHERE c.id = u.customer_id) FROM customer_user u WHERE u.key = ?"
        row = self.connection.execute(query, (fold(user),)).fetchone()
        return None if row is None else row[0]

    @property
    def _subject(self) -> str:
        return reference(USER, self.key)

    def _require(self, question: Question) -> None:
        loaded = self.asker.load(question)
        decision = _decided(loaded)
        if not decision.allowed:
            raise Denied(answers.decision_row(loaded, decision, question))

    def _refusal(self, noun: Noun, action: str, resource: str, reason: Reason) -> dict[str, Any]:
        """A refusal that says no more than the class question."""
        found = self.asker.resource(noun.name)
        subject = self.asker.subject(self._subject, [found.target])
        level = decide(subject, action, found, self.asker.facts(None, ignore_status=True)).level
        return refusal(self._subject, action, resource, level, reason)


def _decided(loaded: Loaded) -> Decision:
    return decide(loaded.subject, loaded.action, loaded.resource, loaded.facts)


def _restriction(noun: Noun) -> str:
    """Which rows of a shared table are of this noun; only names of the noun table enter it."""
    if noun.table == "sales_document":
        return f"t.entity = '{noun.name}'"
    return f"t.{ADDRESSES[noun.name][1]} IS NOT NULL" if noun.name in ADDRESSES else "1"


def bare(noun: Noun, text: str) -> str:
    """What was typed without the type before it: `order:SO-1` and `SO-1` are the same."""
    text = trimmed(text)
    return text.removeprefix(f"{noun.name}:") if noun.table == "sales_document" else lookup.without_type(noun, text)


def refusal(subject: str, action: str, resource: str, level: Level, reason: Reason) -> dict[str, Any]:
    """A decision that is no, in the shape of the contract."""
    return {
        "subject": subject,
        "action": action,
        "resource": resource,
        "owner": None,
        "customer": None,
        "allowed": False,
        "level": level.word,
        "reason": reason.value,
    }


# -- what a write asks ---------------------------------------------------------------------------------------------


_OWNERS: Mapping[str, str] = {CUSTOMER.name: "parent", USER.name: "customer"}
"""The owner field of what customers own; a sales document has a user, and a customer beside."""


def settle_new_owner(actor: Actor, noun: Noun, values: dict[str, Any]) -> None:
    """Fill the owner of a new record: the user, or the user's customer (AM 5.6), and ask whether it may be.

    A document made for somebody else belongs to that user's customer, so that the two agree (AM 5.7).
    Source: oroinc/customer-portal CustomerBundle/EventListener/RecordOwnerDataListener.php.
    """
    if noun in SALES:
        values["user"] = values.get("user") or actor.key
        actor.require_owner(noun, "create", values["user"], None)
        values["customer"] = values.get("customer") or actor.customer_of(values["user"])
        _require_beside(actor, noun, "create", values)
    elif noun.name in _OWNERS:  # a role has its customer in its key
        field = _OWNERS[noun.name]
        values[field] = values.get(field) or actor.customer
        actor.require_owner(noun, "create", None, values[field])


def check_new_owner(actor: Actor, draft: Draft, values: Mapping[str, Any]) -> None:
    """Ask about the owner that a stored record is to get; one that is taken away needs no more than edit.

    The one that it has is asked about too where the user may not see it, who else could find it out by trying.
    """
    names = ("user", "customer") if draft.noun in SALES else (_OWNERS.get(draft.noun.name, ""),)
    given = {name: values[name] or None for name in names if name in values}
    changed = {name: key for name, key in given.items() if key != draft.image[name] or not _is_seen(actor, name, key)}
    if draft.noun not in SALES:
        for key in changed.values():
            if key is not None:
                actor.require_owner(draft.noun, "assign", None, key)
        return
    if changed.get("user") is not None:
        actor.require_owner(draft.noun, "assign", changed["user"], None)
    if "customer" in changed:
        _require_beside(actor, draft.noun, "assign", {**draft.image, **given})


def _is_seen(actor: Actor, field: str, key: str | None) -> bool:
    return key in (None, actor.key, actor.customer) or actor.sees(USER if field == "user" else CUSTOMER, str(key))


def _require_beside(actor: Actor, noun: Noun, action: str, image: Mapping[str, Any]) -> None:
    """A document's customer is that of its user, or one that the level reaches.

    Lists go by the customer (AM 5.4), so to choose it freely would be to write into the lists of others.
    Source: oroinc/customer-portal CustomerBundle, CustomerOwnerValidator, which takes the user's own only.
    """
    customer, user = image.get("customer"), image.get("user")
    if customer is not None and (user is None or customer != actor.customer_of(user)):
        actor.require_owner(noun, action, None, customer)


def clone_role(unit: Unit, actor: Actor, role: Draft, customer: str | None = None, label: str | None = None) -> Draft:
    """A copy of a predefined role for a customer, by default the actor's, whose users get it instead (AM 6.4).

    Source: oroinc/customer-portal CustomerBundle/Form/Handler/CustomerUserRoleUpdateFrontendHandler.php and
    CustomerBundle/Form/Type/FrontendCustomerUserRoleType.php.
    """
    customer = customer or actor.customer
    actor.require_owner(ROLE, "create", None, customer)
    assert customer is not None, "a user without a customer cannot sign in"
    _refuse_second(unit, actor, role, customer, label or role.image["label"])
    key, count = f"{customer}/{role.key}", 1
    while unit.id_of(ROLE, key) is not None:
        count += 1
        key = f"{customer}/{numbered(role.key, count)}"
    clone = unit.create(ROLE, key, {**copy.deepcopy(role.image), "key": key, "customer": customer, "tags": []})
    actor.named.add((ROLE.name, key))
    for user in unit.select(USER, _HOLDERS, role=role.id, customer=customer):
        user.image["roles"] = sorted(key if held == role.key else held for held in user.image["roles"])
    unit.warnings.append(f"{role.reference} is for everyone and stays as it is: {clone.reference} is made of it")
    return clone


_OF_CUSTOMER = "t.customer_id = (SELECT c.id FROM customer c WHERE c.key = :customer)"
_HOLDERS = f"t.id IN (SELECT ur.user_id FROM user_role ur WHERE ur.role_id = :role) AND {_OF_CUSTOMER}"


def _refuse_second(unit: Unit, actor: Actor, role: Draft, customer: str, label: str) -> None:
    """A label is unique per customer, so a second copy needs another one, or is the first one meant (exit 5)."""
    another = f"make another copy: {shell.command('role edit', role.key, label='LABEL')}"
    for other in unit.select(ROLE, f"t.label_folded = :label AND {_OF_CUSTOMER}", label=fold(label), customer=customer):
        words, hint = f"a role with the label {label!r} exists already", another
        if actor.sees(ROLE, other.key):
            words = f"{customer} has a role with the label {label!r} already: {other.reference}"
            hint = f"change {other.key} instead, or {another}"
        raise conflict(words, code="taken", field="label", value=label, hint=hint)


def is_self(actor: Actor, draft: Draft) -> bool:
    """Whether the actor is the user a command is about."""
    return draft.noun is USER and fold(draft.key) == actor.key
