"""Acting as a stored user: every step of a command is asked of the same policy that answers `access can`.

The back office may do everything. Under `--as` a command first asks whether the user may do such a thing at
all, then about the record, and for a new or another owner about that (AM 5.6, 6.2 to 6.4).
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from custctl.errors import Denied
from custctl.policy.decide import decide, scope
from custctl.policy.model import Level, Reason, Scope
from custctl.resources import CUSTOMER, ROLE, USER, Noun, fold
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
        self.customer = self.asker.subject(f"user:{self.key}", ()).customer

    def require_class(self, noun: Noun, action: str) -> None:
        """Refuse a user who may not do this to any record of the noun."""
        self._require(Question(self._subject, action, noun.name))

    def require(self, noun: Noun, action: str, key: str) -> None:
        """Refuse a user who may not do this to this record."""
        self._require(Question(self._subject, action, f"{noun.name}:{key}"))
        if noun is ROLE:
            self._require_managed(action, key)

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

    def require_role(self, key: str) -> None:
        """Refuse to give a role that the user's list of roles does not show (AM 6.3)."""
        (where, parameters), _ = self.visible(ROLE)
        query = f"SELECT EXISTS (SELECT 1 FROM role t WHERE t.key = :role_key AND {where})"
        if not self.connection.execute(query, parameters | {"role_key": key}).fetchone()[0]:
            self._refuse("view", f"role:{key}", Reason.OUT_OF_REACH)

    def _require_managed(self, action: str, key: str) -> None:
        """A role that is not self-managed and public has no page on the storefront (AM 6.2)."""
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


def settle_new_owner(actor: Actor, noun: Noun, values: dict[str, Any]) -> None:
    """Fill the owner of a new record: the user, or the user's customer (AM 5.6), and ask whether it may be."""
    if noun is CUSTOMER:
        values["parent"] = values.get("parent") or actor.customer
        actor.require_owner(noun, "create", None, values["parent"])
    elif noun is USER:
        values["customer"] = values.get("customer") or actor.customer
        actor.require_owner(noun, "create", None, values["customer"])
    elif noun.table == "sales_document":
        values["user"] = values.get("user") or actor.key
        values["customer"] = values.get("customer") or actor.customer
        actor.require_owner(noun, "create", values["user"], None)


def check_new_owner(actor: Actor, draft: Draft) -> None:
    """Ask about the owner of a stored record, where it changed."""
    name = {CUSTOMER.name: "parent", USER.name: "customer"}.get(draft.noun.name, "user")
    if draft.before is None or not draft.changed(name) or draft.image.get(name) is None:
        return
    owner = draft.image[name]
    of_user = draft.noun.table == "sales_document"
    actor.require_class(draft.noun, "assign")
    actor.require_owner(draft.noun, "assign", owner if of_user else None, None if of_user else owner)


def clone_role(unit: Unit, actor: Actor, role: Draft) -> Draft:
    """A copy of a predefined role for the actor's customer, whose users get it instead (AM 6.4).

    Source: oroinc/customer-portal CustomerBundle/Form/Handler/CustomerUserRoleUpdateFrontendHandler.php.
    """
    actor.require_class(ROLE, "view")
    actor.require_class(ROLE, "create")
    actor.require(ROLE, "view", role.key)
    actor.require_owner(ROLE, "create", None, actor.customer)
    assert actor.customer is not None, "a user without a customer cannot sign in"
    key, count = f"{actor.customer}/{role.key}", 1
    while unit.id_of(ROLE, key) is not None:
        count += 1
        key = f"{actor.customer}/{role.key}-{count}"
    copied = {name: value for name, value in role.image.items() if name not in ("key", "customer")}
    clone = unit.create(ROLE, key, {**copied, "key": key, "customer": actor.customer, "self_managed": True})
    clone.given = frozenset(("key", "self_managed"))
    for user in unit.select(USER, _HOLDERS, role=role.id, customer=actor.customer):
        user.image["roles"] = sorted(key if held == role.key else held for held in user.image["roles"])
    unit.warnings.append(f"{role.reference} is for everyone and stays as it is: {clone.reference} is made of it")
    return clone


_HOLDERS = (
    "t.id IN (SELECT ur.user_id FROM user_role ur WHERE ur.role_id = :role)"
    " AND t.customer_id = (SELECT c.id FROM customer c WHERE c.key = :customer)"
)


def is_self(actor: Actor, draft: Draft) -> bool:
    """Whether the actor is the user a command is about."""
    return draft.noun is USER and fold(draft.key) == actor.key
