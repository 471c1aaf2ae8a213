"""What a decision needs, read from the database: the subject, the resource, and the customers between them.

Facts are loaded for one question: the subject with those entries of its roles that the question touches, and
the ancestors of one record; never the world. An `Asker` keeps what it has read, so that thousands of questions
on one snapshot read a role once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from custctl.errors import did_you_mean, invalid, near
from custctl.policy.catalogue import (
    CAPABILITIES,
    CAPABILITY_ACTIONS,
    ENTITIES,
    FIELD_ACTIONS,
    FIELD_ONLY,
    SALES_DOCUMENTS,
    WORKFLOW_ACTIONS,
    WORKFLOWS,
    own_entity,
)
from custctl.policy.decide import decide, role_verdict
from custctl.policy.model import (
    LEVELS,
    Decision,
    Entity,
    Facts,
    Kind,
    Level,
    Record,
    Resource,
    Role,
    RoleFacts,
    Subject,
    Target,
)
from custctl.resources import CUSTOMER, NOUNS, ROLE, SHORT_TYPES, USER, Noun, fold
from custctl.store import lookup
from custctl.store.ancestry import chain
from custctl.store.settings import guest_features, value_of

if TYPE_CHECKING:
    from custctl.store.sight import Sight


class Question(NamedTuple):
    """A question as it was put; `owner` and `customer` are None unless `supposed` says they were given."""

    subject: str
    action: str
    resource: str
    owner: str | None = None
    customer: str | None = None
    supposed: bool = False
    visitor: str | None = None
    ignore_status: bool = False
    with_roles: tuple[str, ...] = ()
    without_roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A question with everything the policy wants to know."""

    subject: Subject
    action: str
    resource: Resource
    facts: Facts

    @property
    def subject_reference(self) -> str:
        return subject_reference(self.subject)

    @property
    def resource_reference(self) -> str:
        record = self.resource.record
        if record is not None and record.ref:
            return record.ref
        kind = self.resource.kind
        return f"{kind}:{self.resource.name}" if kind in ("capability", "workflow") else self.resource.name


@dataclass(slots=True)
class Asker:
    """Answers questions on one connection, reading what each touches once."""

    connection: sqlite3.Connection
    typed: bool = True
    """Whether references were typed on a command line, where `id:17` and a unique name work too."""
    _roles: dict[tuple[int, tuple[Target, ...] | None], Role] = field(default_factory=dict)
    _held: dict[tuple[str, tuple[Target, ...] | None], tuple[Role, ...]] = field(default_factory=dict)
    _entities: dict[str, Entity | None] = field(default_factory=dict)
    _features: frozenset[str] | None = None
    _fields: dict[str, str] = field(default_factory=dict)
    _sights: dict[str, Sight | None] = field(default_factory=dict)

    def ask(self, question: Question) -> Decision:
        """The decision on one question. Raises what `load` raises."""
        loaded = self.load(question)
        return decide(loaded.subject, loaded.action, loaded.resource, loaded.facts)

    def load(self, question: Question) -> Loaded:
        """Everything the policy needs for one question.

        Raises exit 3 when the subject or the record is not stored, 4 when a word is not known.
        """
        resource = self.resource(question.resource)
        check_action(question.action, resource)
        if question.supposed:
            resource = self.suppose(resource, question.owner, question.customer, question.visitor)
        subject = self.subject(question.subject, targets_of(resource))
        if question.with_roles or question.without_roles:
            subject = self.assume(subject, targets_of(resource), question.with_roles, question.without_roles)
        if subject.kind == "role" and resource.record is not None:
            hint = "ask about an entity, or name a user"
            raise invalid("a role alone owns nothing: it can be asked about an entity only", hint=hint)
        facts = self.facing(subject, resource, self.facts(resource, question.ignore_status))
        return Loaded(subject, question.action, resource, facts)

    def _require(self, noun: Noun, text: str) -> tuple[int, str]:
        """The id and key of a record; in a document only its key names it."""
        return lookup.require(self.connection, noun, text, typed=self.typed)

    # -- subjects ------------------------------------------------------------------------------------------

    def subject(self, text: str, targets: Iterable[Target] | None) -> Subject:
        """The subject a word on the command line means, with the entries for `targets`, None for all."""
        if text == "guest":
            return Subject("guest", "guest", self._guest_roles(targets))
        kind, key = split_subject(text)
        if kind == "role":
            role_id, role_key = self._require(ROLE, key)
            return Subject("role", role_key, self.roles([role_id], targets))
        if kind == "visitor":
            _, visitor = self._require(NOUNS["visitor"], key)
            return Subject("visitor", visitor, self._guest_roles(targets), visitor=visitor)
        return self._user(key, targets)

    def assume(
        self, subject: Subject, targets: Iterable[Target] | None, with_roles: Iterable[str], without: Iterable[str]
    ) -> Subject:
        """The subject as if it had other roles; nothing is written."""
        gone = {self._require(ROLE, key)[1] for key in without}
        held = {role.key for role in subject.roles}
        added = [self._require(ROLE, key)[0] for key in with_roles]
        assumed = [replace(role, assumed=True) for role in self.roles(added, targets) if role.key not in held]
        return replace(subject, roles=(*(role for role in subject.roles if role.key not in gone), *assumed))

    def assignable(self, customer: str | None, targets: Iterable[Target] | None, most: int) -> tuple[Role, ...]:
        """The roles that may be given to a user of this customer: predefined ones and the customer's own (AM 6.3).

        The role of visitors is for nobody who signs in.
        """
        guest = value_of(self.connection, "customer.guest_role")
        rows = self.connection.execute(
            "SELECT id FROM role WHERE (customer_id IS NULL AND key <> ?)"
            " OR customer_id = (SELECT id FROM customer WHERE key = ?) ORDER BY customer_id IS NULL, key LIMIT ?",
            (guest, customer, most),
        )
        return self.roles([row[0] for row in rows], targets)

    def _user(self, text: str, targets: Iterable[Target] | None) -> Subject:
        row = self.connection.execute(f"{_USER} u.key = ?", (fold(text),)).fetchone()
        if row is None:  # not a key: an id, a name, or nobody
            user_id, _ = self._require(USER, text)
            row = self.connection.execute(f"{_USER} u.id = ?", (user_id,)).fetchone()
        key, customer, guest, status, enabled, confirmed, ids = row
        wanted = None if targets is None else tuple(targets)
        roles = self._held.get((ids, wanted))
        if roles is None:
            roles = self._held[ids, wanted] = self.roles(json.loads(ids), wanted)
        return Subject(
            "user", key, roles, customer, None, bool(guest), status == "reset", bool(enabled), bool(confirmed)
        )

    def _guest_roles(self, targets: Iterable[Target] | None) -> tuple[Role, ...]:
        key = value_of(self.connection, "customer.guest_role")
        return self.roles([self._require(ROLE, key)[0]], targets)

    def roles(self, ids: Iterable[int], targets: Iterable[Target] | None) -> tuple[Role, ...]:
        """The roles of these ids in order of key, each with its entries for the targets."""
        wanted = None if targets is None else tuple(targets)
        roles = [self._role(role_id, wanted) for role_id in ids]
        return tuple(sorted(roles, key=lambda role: role.key)) if len(roles) > 1 else tuple(roles)

    def _role(self, role_id: int, targets: tuple[Target, ...] | None) -> Role:
        found = self._roles.get((role_id, targets))
        if found is None:
            row = self.connection.execute(
                "SELECT key, default_level, capability_default, workflow_default FROM role WHERE id = ?", (role_id,)
            ).fetchone()
            default, capability, workflow = (None if word is None else LEVELS[word] for word in row[1:])
            entries = self._entries(role_id, targets)
            found = self._roles[role_id, targets] = Role(row[0], entries, default, capability, workflow)
        return found

    def _entries(self, role_id: int, targets: tuple[Target, ...] | None) -> Mapping[Target, Mapping[str, Level]]:
        if targets is None:
            return self._all_entries(role_id)
        read = {target: self._entry(role_id, target) for target in targets}
        return {target: entry for target, entry in read.items() if entry is not None}

    def _entry(self, role_id: int, target: Target) -> Mapping[str, Level] | None:
        query = "SELECT permission, level FROM role_entry WHERE role_id = ? AND kind = ? AND name = ?"
        rows = self.connection.execute(query, (role_id, *target))
        return {permission: LEVELS[level] for permission, level in rows} or None

    def _all_entries(self, role_id: int) -> dict[Target, dict[str, Level]]:
        entries: dict[Target, dict[str, Level]] = {}
        query = "SELECT kind, name, permission, level FROM role_entry WHERE role_id = ?"
        for kind, name, permission, level in self.connection.execute(query, (role_id,)):
            entries.setdefault((kind, name), {})[permission] = LEVELS[level]
        return entries

    def default_entry(self, role: Mapping[str, Any], resource: str) -> dict[str, str]:
        """What a role, stored or not yet, gives for each action of a resource it does not list, as an entry says it."""
        target = self.resource(resource)
        held = Role(role["key"], {}, LEVELS.get(role["default"]), None, LEVELS.get(role["workflow_default"]))
        levels = {action: role_verdict(held, action, target).level for action in actions_of(target)}
        return {action: level.word for action, level in levels.items() if level is not Level.NONE}

    # -- resources -----------------------------------------------------------------------------------------

    def resource(self, text: str) -> Resource:
        """The resource a word means: an entity, `type:key`, `capability:NAME`, `workflow:NAME`, `entity.field`."""
        kind, colon, key = text.partition(":")
        if kind == "capability" and colon:
            return Resource("capability", _known(key, CAPABILITIES, "capability"))
        if kind == "workflow" and colon:
            name = _known(key, WORKFLOWS, "workflow")
            return Resource("workflow", name, self.entity(WORKFLOWS[name]))
        if colon:
            entity = self.entity(SHORT_TYPES.get(kind, kind))
            return Resource("entity", entity.name, entity, self.record(entity, key))
        if "." in kind.rstrip("."):
            name = kind.partition(".")[0]
            entity = FIELD_ONLY.get(name) or self.entity(SHORT_TYPES.get(name, name))
            return Resource("field", self._spelled(kind), entity)
        entity = self.entity(SHORT_TYPES.get(kind, kind))
        return Resource("entity", entity.name, entity)

    def _spelled(self, text: str) -> str:
        """A field in the spelling that roles have, looked up once; exit 4 for an unknown one."""
        if text not in self._fields:
            from custctl.store.field_names import spelled  # most questions are about entities and records

            self._fields[text] = spelled(self.connection, text)
        return self._fields[text]

    def suppose(
        self, resource: Resource, owner: str | None, customer: str | None, visitor: str | None = None
    ) -> Resource:
        """The resource as a record that is not stored, of this owner, customer or visitor."""
        if resource.record is not None:
            raise invalid("a stored record has its own owner: leave --owner and --customer out")
        entity = resource.entity
        if entity is None:
            raise invalid("a capability has no owner: leave --owner and --customer out")
        user = user_customer = None
        if owner is not None:
            user_id, user = self._require(USER, split_subject(owner)[1])
            user_customer = self._customer_of("customer_user", user_id)
        key = None if customer is None else self._require(CUSTOMER, customer)[1]
        if entity.identity == "user":
            key = key or user_customer
        session = None if visitor is None else self._require(NOUNS["visitor"], visitor)[1]
        return replace(resource, record=Record("", entity.name, user, user_customer, key, session))

    def entity(self, name: str) -> Entity:
        """An entity of the shop or of one's own; exit 4 when there is none of that name."""
        if name in ENTITIES:
            return ENTITIES[name]
        if name not in self._entities:
            row = self.connection.execute(
                "SELECT name, ownership, permissions FROM entity WHERE name = ?", (name,)
            ).fetchone()
            self._entities[name] = row and own_entity(row[0], row[1], json.loads(row[2]))
        found = self._entities[name]
        if found is None:
            own = [row[0] for row in self.connection.execute("SELECT name FROM entity")]
            words = f"unknown entity {name!r}"
            raise invalid(words, code="unknown-entity", value=name, candidates=near(name, [*ENTITIES, *own]))
        return found

    def entities(self) -> dict[str, Entity]:
        """Every protected entity: those of the shop, then one's own."""
        own = [row[0] for row in self.connection.execute("SELECT name FROM entity ORDER BY name")]
        return {name: self.entity(name) for name in [*ENTITIES, *own] if self.entity(name).protected}

    def record(self, entity: Entity, key: str) -> Record:
        """A stored record with its owners; exit 3 when there is none of that key."""
        if entity.name == "customer":
            _, found = self._require(CUSTOMER, key)
            return Record(f"customer:{found}", entity.name, customer=found)
        if entity.name == "customer-user":
            user_id, found = self._require(USER, key)
            return Record(f"user:{found}", entity.name, found, customer=self._customer_of("customer_user", user_id))
        if entity.name == "customer-user-role":
            return self._role_record(key)
        if entity.name in ("customer-address", "customer-user-address"):
            return self._address_record(entity, key)
        if entity.name == "customer-group":
            _, found = self._require(NOUNS["customer-group"], key)
            return Record(
                f"customer-group:{found}", entity.name, kept=found == value_of(self.connection, "guest.group")
            )
        if not entity.protected:
            stored = lookup.find(self.connection, NOUNS[entity.name], key, typed=self.typed)
            return Record(f"{entity.name}:{stored[1] if stored else key}", entity.name)
        record = self._named_record(entity.name, key)
        if record is None:  # a number may begin like a reference; else one was typed within another
            record = self._named_record(entity.name, lookup.require_owned(self.connection, entity.name, key)[1])
        assert record is not None, "require_owned has raised"
        return record

    def _named_record(self, entity: str, key: str) -> Record | None:
        """A sales document or plain record by its key, or, where it was typed, by `id:17`."""
        column = "number_folded" if entity in SALES_DOCUMENTS else "key_folded"
        by_id = lookup.id_in(key) if self.typed else None
        condition = f"t.entity = ? AND t.{column if by_id is None else 'id'} = ?"
        return self._owned_record(entity, condition, (entity, fold(key) if by_id is None else by_id), ())

    def _owned_record(
        self, entity: str, condition: str, parameters: Sequence[Any], below: Sequence[str]
    ) -> Record | None:
        """A sales document or plain record with its parents; `below` are the references on the way down.

        A record that is its own ancestor, which no command makes, has no parent.
        """
        query = _DOCUMENT if entity in SALES_DOCUMENTS else _RECORD
        row = self.connection.execute(f"{query} {condition}", parameters).fetchone()
        if row is None:
            return None
        key, status, active, document, record, user, user_customer, customer, visitor = row
        reference = f"{entity}:{key}"
        parent = None if reference in below else self._parent(document, record, (*below, reference))
        return Record(reference, entity, user, user_customer, customer, visitor, status, bool(active), None, parent)

    def _parent(self, document: int | None, record: int | None, below: Sequence[str]) -> Record | None:
        if document is None and record is None:
            return None
        table = "sales_document" if document is not None else "record"
        row_id = record if document is None else document
        entity = self.connection.execute(f"SELECT entity FROM {table} WHERE id = ?", (row_id,)).fetchone()[0]
        parent = self._owned_record(entity, "t.id = ?", (row_id,), below)
        return None if parent is None or parent.ref in below else parent

    def _role_record(self, key: str) -> Record:
        role_id, found = self._require(ROLE, key)
        customer, self_managed, public, users = self.connection.execute(
            "SELECT (SELECT c.key FROM customer c WHERE c.id = r.customer_id), r.self_managed, r.public,"
            " EXISTS (SELECT 1 FROM user_role ur WHERE ur.role_id = r.id) FROM role r WHERE r.id = ?",
            (role_id,),
        ).fetchone()
        website = found in {value_of(self.connection, f"customer.{name}_role") for name in ("default", "guest")}
        role = RoleFacts(customer is None, bool(self_managed), bool(public), website, bool(users))
        return Record(f"role:{found}", "customer-user-role", customer=customer, role=role)

    def _address_record(self, entity: Entity, key: str) -> Record:
        owner_key, _, address = key.rpartition("/")
        of_customer = entity.name == "customer-address"
        noun = CUSTOMER if of_customer else USER
        owner_id, owner = self._require(noun, owner_key or key)
        lookup.require_address(self.connection, noun, owner_id, owner, address)
        reference = f"{entity.name}:{owner}/{fold(address)}"
        if of_customer:
            return Record(reference, entity.name, customer=owner)
        return Record(reference, entity.name, owner, self._customer_of("customer_user", owner_id))

    def _customer_of(self, table: str, row_id: int) -> str | None:
        query = f"SELECT (SELECT c.key FROM customer c WHERE c.id = t.customer_id) FROM {table} t WHERE t.id = ?"
        found = self.connection.execute(query, (row_id,)).fetchone()[0]
        return None if found is None else str(found)

    # -- facts ---------------------------------------------------------------------------------------------

    def facts(self, resource: Resource | None, ignore_status: bool = False) -> Facts:
        """The customers around a resource, the switched-on features, and the entities its rules look at."""
        if self._features is None:
            self._features = guest_features(self.connection)
        customers: set[str] = set()
        entities = {"customer": ENTITIES["customer"]}
        record = resource.record if resource is not None else None
        while record is not None:
            customers |= {key for key in (record.customer, record.user_customer) if key is not None}
            if record.parent is not None:
                entities[record.parent.entity] = self.entity(record.parent.entity)
            record = record.parent
        chains = {key: chain(self.connection, key) for key in customers}
        return Facts(chains, self._features, entities, ignore_status)

    def facing(self, subject: Subject, resource: Resource, facts: Facts) -> Facts:
        """The facts with what depends on the subject as well: whether the product asked about is hidden from it."""
        sight = self.sight(resource)
        return facts if sight is None else replace(facts, hidden=sight.hides(subject))

    def sight(self, resource: Resource) -> Sight | None:
        """Who sees the product or category that is asked about; None for anything else."""
        record = resource.record
        if record is None or resource.entity is None or resource.entity.protected:
            return None
        from custctl.store.sight import Sight

        if record.ref not in self._sights:
            self._sights[record.ref] = Sight.of(self.connection, record)
        return self._sights[record.ref]


_USER = """SELECT u.key, (SELECT c.key FROM customer c WHERE c.id = u.customer_id), u.guest, u.auth_status, u.enabled,
    u.confirmed, (SELECT json_group_array(ur.role_id) FROM user_role ur WHERE ur.user_id = u.id)
    FROM customer_user u WHERE"""
_OWNERS = """(SELECT u.key FROM customer_user u WHERE u.id = t.user_id),
    (SELECT c.key FROM customer c WHERE c.id = (SELECT u.customer_id FROM customer_user u WHERE u.id = t.user_id)),
    (SELECT c.key FROM customer c WHERE c.id = t.customer_id),
    (SELECT v.key FROM visitor v WHERE v.id = t.visitor_id)"""
"""Without a join: SQLite would plan one anew for each document, as a partial index may fit the entity asked for."""
_DOCUMENT = f"SELECT t.number, t.status, t.workflow_active, NULL, NULL, {_OWNERS} FROM sales_document t WHERE"
_RECORD = f"SELECT t.key, NULL, 0, t.parent_document_id, t.parent_record_id, {_OWNERS} FROM record t WHERE"


def split_subject(text: str) -> tuple[Literal["user", "role", "visitor"], str]:
    """The kind and key of a subject: an e-mail, `user:KEY`, `role:KEY` or `visitor:KEY`."""
    kind, colon, key = text.partition(":")
    if not colon:
        return "user", text
    kind = _SHORT_OF.get(kind, kind)
    if kind in ("user", "role", "visitor"):
        return kind, key  # type: ignore[return-value]  # narrowed by the test
    return "user", text


_SHORT_OF = {long: short for short, long in SHORT_TYPES.items()}


def subject_reference(subject: Subject) -> str:
    """How a subject is named in output."""
    return subject.key if subject.kind == "guest" else f"{subject.kind}:{subject.key}"


def actions_of(resource: Resource) -> tuple[str, ...]:
    """The permissions that exist for a resource."""
    by_kind: dict[Kind, tuple[str, ...]] = {
        "capability": CAPABILITY_ACTIONS,
        "workflow": WORKFLOW_ACTIONS,
        "field": FIELD_ACTIONS,
    }
    if resource.kind in by_kind:
        return by_kind[resource.kind]
    return resource.entity.permissions if resource.entity is not None else ()


def check_action(action: str, resource: Resource) -> None:
    """Refuse a permission that nothing at all has (exit 4); one that this resource lacks is answered no."""
    own = actions_of(resource)
    if action in own or action in EVERY_ACTION:
        return
    hint = did_you_mean(near(action, {*own, *EVERY_ACTION})) or f"its permissions are {', '.join(own)}"
    raise invalid(f"unknown action {action!r}", code="unknown-action", field="action", value=action, hint=hint)


EVERY_ACTION = frozenset(
    {
        *(action for entity in ENTITIES.values() for action in entity.permissions),
        *CAPABILITY_ACTIONS,
        *WORKFLOW_ACTIONS,
        *FIELD_ACTIONS,
    }
)
"""Every permission of the shop from the start; own entities may have others."""


def _known(name: str, known: Iterable[str], what: str) -> str:
    if name not in known:
        words = f"unknown {what} {name!r}"
        raise invalid(words, code=f"unknown-{what}", value=name, candidates=near(name, known))
    return name


def targets_of(resource: Resource) -> list[Target]:
    """The targets of roles that a question touches: the resource, its parents, and the customer of a role."""
    record, targets = resource.record, [resource.target]
    if record is not None and record.entity == "customer-user-role":
        targets.append(("entity", "customer"))
    while record is not None and record.parent is not None:
        targets.append(("entity", record.parent.entity))
        record = record.parent
    return targets
