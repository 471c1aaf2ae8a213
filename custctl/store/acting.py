"""Acting as a stored user: every step of a command is asked of the same policy that answers `access can`.

The back office may do everything. Under `--as` a command first asks whether the user may do such a thing at
all, then about the record, and for a new or another owner about that (AM 5.6, 6.2 to 6.4).
"""

from __future__ import annotations

import copy
import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from custctl import shell
from custctl.errors import Denied, conflict
from custctl.policy.decide import decide, scope
from custctl.policy.model import Level, Reason, Scope
from custctl.resources import CUSTOMER, ROLE, SALES, USER, Noun, fold, numbered
from custctl.store import answers, lookup
from custctl.store.facts import Asker, Question
from custctl.store.scopes import Condition, condition

if TYPE_CHECKING:
    from custctl.store.unit import Draft, Unit


class Actor:
    """A user in whose name a command runs, on one connection."""

    def __init__(self, connection: sqlite3.Connection, text: str) -> None:
        """Raises exit 3 when there is no such user."""
        self.connection = connection
        self.id, self.key = lookup.require(connection, USER, text)
        self.asker = Asker(connection)
        self.customer = self.customer_of(self.key)

    def require_class(self, noun: Noun, action: str) -> None:
        """Refuse a user who may not do this to any record of the noun."""
        self._require(Question(self._subject, action, noun.name))

    def require(self, noun: Noun, action: str, key: str) -> None:
        """Refuse a user who may not do this to this record."""
        self._require(Question(self._subject, action, f"{noun.name}:{key}"))
        if noun is ROLE:
            self.require_managed(action, key)

    def require_owner(self, noun: Noun, action: str, user: str | None, customer: str | None) -> None:
        """Refuse an owner that the user may not choose (AM 5.6); `action` is create or assign."""
        self._require(Question(self._subject, action, noun.name, user, customer, supposed=True))

    def visible(self, noun: Noun) -> tuple[Condition, Reason | None]:
        """What a list of the noun shows the user, and why it shows nothing where it does."""
        resource = self.asker.resource(noun.name)
        assert resource.entity is not None, "nouns with lists are entities"
        subject = self.asker.subject(self._subject, [resource.target])
        facts = self.asker.facts(None)
        decision = decide(subject, "view", resource, facts)
        reached: Scope = scope(subject, resource.entity, "view", facts)
        return condition(self.connection, reached, resource.entity), None if decision.allowed else decision.reason

    def require_fields(self, noun: Noun, action: str, names: Iterable[str], key: str | None = None) -> None:
        """Refuse to write a field that is closed to the user; `key` names a stored record (AM 3.4)."""
        given = set(names)
        for name in self._fields(noun):
            if name in given:
                self._require(self._field_question(noun, action, name, key))

    def closed(self, noun: Noun, key: str) -> list[str]:
        """The fields of a record that are not shown to the user (AM 3.4)."""
        questions = {name: self._field_question(noun, "view", name, key) for name in self._fields(noun)}
        closed = [name for name, question in questions.items() if not self.asker.ask(question).allowed]
        return [*_of_sellers(noun), *closed]

    def hidden(self, noun: Noun) -> list[str]:
        """The fields that a list of the noun does not show: those that are not open wherever its records are."""
        reached = self.asker.ask(Question(self._subject, "view", noun.name)).level
        levels = {name: self.asker.ask(self._field_question(noun, "view", name)).level for name in self._fields(noun)}
        return [*_of_sellers(noun), *(name for name, level in levels.items() if level < reached)]

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

    def seen(self, noun: Noun, keys: Iterable[str]) -> list[str]:
        """Those of the records that a list shows the user."""
        (where, parameters), _ = self.visible(noun)
        among = "t.key IN (SELECT value FROM json_each(:seen_keys))"
        query = f"SELECT t.key FROM {noun.table} t WHERE {among} AND ({where})"
        wanted = list(keys)
        found = {row[0] for row in self.connection.execute(query, parameters | {"seen_keys": json.dumps(wanted)})}
        return [key for key in wanted if key in found]

    def belongings(self, customer_id: int) -> dict[str, int]:
        """How many users, roles and sales documents of a customer the user's lists show."""
        counts = {}
        for noun in (USER, ROLE, *SALES):
            (where, parameters), _ = self.visible(noun)
            of_noun = "t.entity = :seen_entity" if noun in SALES else "1"
            query = f"SELECT count(*) FROM {noun.table} t WHERE t.customer_id = :seen_id AND {of_noun} AND ({where})"
            row = self.connection.execute(query, parameters | {"seen_id": customer_id, "seen_entity": noun.name})
            counts[noun.document] = int(row.fetchone()[0])
        return counts

    def require_role(self, key: str) -> None:
        """Refuse to give a role that the user's list of roles does not show (AM 6.3)."""
        self.require_class(ROLE, "view")
        if not self.seen(ROLE, [key]):
            self._refuse("view", f"role:{key}", Reason.OUT_OF_REACH)

    def customer_of(self, user: str) -> str | None:
        return self.asker.subject(f"user:{user}", ()).customer

    def require_managed(self, action: str, key: str) -> None:
        """A role that is not self-managed and public has no page on the storefront (AM 6.2).

        Source: oroinc/customer-portal CustomerBundle/Controller/Frontend/CustomerUserRoleController.php.
        """
        row = self.connection.execute("SELECT self_managed AND public FROM role WHERE key = ?", (key,)).fetchone()
        if row is None or not row[0]:
            self._refuse(action, f"role:{key}", Reason.PROTECTED_ROLE)

    @property
    def _subject(self) -> str:
        return f"user:{self.key}"

    def _require(self, question: Question) -> None:
        loaded = self.asker.load(question)
        decision = decide(loaded.subject, loaded.action, loaded.resource, loaded.facts)
        if not decision.allowed:
            raise Denied(answers.decision_row(loaded, decision, question))

    def _refuse(self, action: str, resource: str, reason: Reason) -> None:
        """A refusal by a rule of the storefront that is not one of a single decision."""
        found = self.asker.resource(ROLE.name)
        subject = self.asker.subject(self._subject, [found.target])
        level = decide(subject, action, found, self.asker.facts(None, ignore_status=True)).level
        raise Denied(refusal(self._subject, action, resource, level, reason))


def _of_sellers(noun: Noun) -> list[str]:
    """The fields that only the back office sees: sums over records that the user's own lists may not show."""
    return [field.name for field in noun.fields if field.added_up]


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


def check_new_owner(actor: Actor, draft: Draft) -> None:
    """Ask about the owner of a stored record, where it changed; one that is taken away needs no more than edit."""
    if draft.noun not in SALES:
        field = _OWNERS[draft.noun.name]
        if draft.changed(field) and draft.image[field] is not None:
            actor.require_owner(draft.noun, "assign", None, draft.image[field])
        return
    if draft.changed("user") and draft.image["user"] is not None:
        actor.require_owner(draft.noun, "assign", draft.image["user"], None)
    if draft.changed("customer"):
        _require_beside(actor, draft.noun, "assign", draft.image)


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
    actor.require_managed("edit", role.key)
    customer = customer or actor.customer
    actor.require_owner(ROLE, "create", None, customer)
    assert customer is not None, "a user without a customer cannot sign in"
    _refuse_second(unit, role, customer, label or role.image["label"])
    key, count = f"{customer}/{role.key}", 1
    while unit.id_of(ROLE, key) is not None:
        count += 1
        key = f"{customer}/{numbered(role.key, count)}"
    clone = unit.create(ROLE, key, {**copy.deepcopy(role.image), "key": key, "customer": customer, "tags": []})
    for user in unit.select(USER, _HOLDERS, role=role.id, customer=customer):
        user.image["roles"] = sorted(key if held == role.key else held for held in user.image["roles"])
    unit.warnings.append(f"{role.reference} is for everyone and stays as it is: {clone.reference} is made of it")
    return clone


_OF_CUSTOMER = "t.customer_id = (SELECT c.id FROM customer c WHERE c.key = :customer)"
_HOLDERS = f"t.id IN (SELECT ur.user_id FROM user_role ur WHERE ur.role_id = :role) AND {_OF_CUSTOMER}"


def _refuse_second(unit: Unit, role: Draft, customer: str, label: str) -> None:
    """A label is unique per customer, so a second copy needs another one, or is the first one meant (exit 5)."""
    for other in unit.select(ROLE, f"t.label_folded = :label AND {_OF_CUSTOMER}", label=fold(label), customer=customer):
        hint = (
            f"change {other.key} instead, or make another copy: {shell.command('role edit', role.key, label='LABEL')}"
        )
        words = f"{customer} has a role with the label {label!r} already: {other.reference}"
        raise conflict(words, code="taken", field="label", value=label, hint=hint)


def is_self(actor: Actor, draft: Draft) -> bool:
    """Whether the actor is the user a command is about."""
    return draft.noun is USER and fold(draft.key) == actor.key
