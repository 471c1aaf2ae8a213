"""Small random worlds: customers, users, roles and records, and their reading as values of the policy.

A `World` is plain data, as a document would write it, so that the same world can be put before the policy, before
the oracle and into a database. `generate(seed)` makes the same world from the same seed on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random

from custctl.policy.catalogue import (
    CAPABILITIES,
    CAPABILITY_ACTIONS,
    ENTITIES,
    FIELD_ACTIONS,
    PREDEFINED_ROLES,
    WORKFLOW_ACTIONS,
    WORKFLOWS,
    PredefinedRole,
    standard_permissions,
)
from custctl.policy.model import (
    LEVELS,
    Entity,
    Facts,
    Kind,
    Level,
    Record,
    Resource,
    Role,
    RoleFacts,
    Scope,
    Subject,
    Target,
)

Words = dict[str, str]
"""Levels by action, as a document writes them."""


@dataclass(frozen=True, slots=True)
class WorldUser:
    """A customer user; a guest user has a slug for its key, everybody else the e-mail."""

    key: str
    email: str
    customer: str | None
    roles: tuple[str, ...]
    guest: bool = False
    reset: bool = False
    enabled: bool = True
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class WorldRole:
    """A role with all it says; without a customer it is predefined."""

    key: str
    customer: str | None = None
    self_managed: bool = True
    public: bool = True
    default: str | None = None
    capability_default: bool | None = None
    workflow_default: str | None = None
    permissions: Mapping[str, Words] = field(default_factory=dict)
    capabilities: Mapping[str, bool] = field(default_factory=dict)
    workflows: Mapping[str, Words] = field(default_factory=dict)
    fields: Mapping[str, Words] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorldRecord:
    """One record. A customer, a user and a role are records too; `parent` is a reference to another one."""

    entity: str
    key: str
    user: str | None = None
    customer: str | None = None
    visitor: str | None = None
    status: str | None = None
    workflow_active: bool = False
    parent: str | None = None

    @property
    def ref(self) -> str:
        return f"{self.entity}:{self.key}"


@dataclass(frozen=True)
class World:
    """A shop: `customers` maps a customer to its parent, `rows` are the records that are no party themselves.

    `supposed` are records nobody stored: a question may be about them, a list never shows them.
    """

    seed: int
    customers: Mapping[str, str | None] = field(default_factory=dict)
    users: Mapping[str, WorldUser] = field(default_factory=dict)
    roles: Mapping[str, WorldRole] = field(default_factory=dict)
    visitors: tuple[str, ...] = ()
    rows: Mapping[str, WorldRecord] = field(default_factory=dict)
    supposed: Mapping[str, WorldRecord] = field(default_factory=dict)
    own_entities: Mapping[str, Entity] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    features: frozenset[str] = frozenset()
    default_role: str = "buyer"
    guest_role: str = "visitors"

    @cached_property
    def entities(self) -> Mapping[str, Entity]:
        return {**ENTITIES, **self.own_entities}

    @cached_property
    def records(self) -> Mapping[str, WorldRecord]:
        """Everything that is stored, by reference."""
        parties = [
            *(WorldRecord("customer", key, customer=key) for key in self.customers),
            *(WorldRecord("customer-user", user.key, user.key, user.customer) for user in self.users.values()),
            *(WorldRecord("customer-user-role", role.key, customer=role.customer) for role in self.roles.values()),
        ]
        return {record.ref: record for record in parties} | dict(self.rows)

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        """Everybody who can be asked about, as references."""
        return (
            *(f"user:{key}" for key in self.users),
            *(f"role:{key}" for key in self.roles),
            "guest",
            *(f"visitor:{key}" for key in self.visitors),
        )

    def record(self, ref: str) -> WorldRecord:
        return self.supposed[ref] if ref in self.supposed else self.records[ref]


@dataclass(frozen=True, slots=True)
class Question:
    """May `subject` do `action` to the `kind` called `name`, or to one `record` of it?"""

    subject: str
    action: str
    kind: Kind
    name: str
    record: str | None = None
    ignore_status: bool = False
    with_role: str | None = None
    without_role: str | None = None


# What the generator may choose from -----------------------------------------------------------------------------

OWN_ENTITIES = (
    Entity("wish-note", "user", (*standard_permissions("user"), "approve"), has_customer=True),
    Entity("contract", "customer", standard_permissions("customer")),
    Entity("price-sheet", "none", standard_permissions("none")),
    Entity("site-visit", "user", ("view", "edit"), has_customer=True),
)
FIELD_NAMES = (
    *(
        "order.subtotal",
        "customer.internal_rating",
        "grid-view.title",
        "coupon.code",
        "product.name",
        "quote.currency",
        "customer-user-role.label",
    ),
    *("wish-note.text", "contract.sum"),
)
FIELDS_LISTED = ("order", "customer", "product", "quote", "customer-user-role")
"""The entities of those whose fields are listed; of others a field is known when a role names it."""
STATUSES: Mapping[str, tuple[str | None, ...]] = {
    "order": (None, "open", "shipped", "closed", "cancelled"),
    "quote": (None, "sent", "accepted", "draft", "deleted", "expired"),
}
VISITORS_MAY_OWN = ("shopping-list", "checkout", "quote", "request")
PARENTS: Mapping[str, tuple[str, ...]] = {
    "shopping-list-line-item": ("shopping-list",),
    "order-line-item": ("order",),
    "order-address": ("order",),
    "quote-product": ("quote",),
    "request-product": ("request",),
    "wish-note": ("shopping-list", "order", "contract", "wish-note"),
    "contract": ("customer-address", "contract"),
    "price-sheet": ("quote", "price-sheet", "wish-note"),
}
PARTS = ("customer-address",)
"""What belongs to another record, and cannot be the parent of a stored one."""
GUARDED = (
    *(("order", "edit"), ("quote", "view"), ("request", "edit")),
    *(("shopping-list-line-item", action) for action in ("create", "edit", "delete")),
    *(("customer-user-role", action) for action in ("view", "edit", "delete", "delete")),
)
"""What vetoes speak about; chance alone would seldom ask it."""
FEATURES = ("guest.shopping_list", "guest.checkout", "guest.request", "guest.quote", "guest.quick_order")
COMMON = ("order", "quote", "request", "shopping-list", "checkout", "shopping-list-line-item")
ROW_ENTITIES = (
    *COMMON * 4,
    *("customer-address", "customer-user-address", "grid-view", "order-line-item", "order-address") * 2,
    *("frontend-import-export-result", "quote-product", "request-product", "customer-group", "coupon"),
)
LISTED_ENTITIES = (
    *("customer", "customer-user", "customer-user-role", *COMMON) * 3,
    *(name for name in ENTITIES if name != "category"),
)


# The generator --------------------------------------------------------------------------------------------------


def generate(seed: int, *, loadable: bool = False) -> World:
    """The world of a seed. A `loadable` one holds nothing that a document may not say."""
    rng = Random(seed)
    customers = _customers(rng, cyclic=not loadable and rng.random() < 0.15)
    own = {entity.name: entity for entity in OWN_ENTITIES if rng.random() < 0.6}
    entities = {**ENTITIES, **own}
    roles = _roles(rng, tuple(customers), entities)
    users = _users(rng, tuple(customers), tuple(roles.values()))
    visitors = tuple(f"v{number}" for number in range(1, rng.randint(0, 3) + 1))
    maker = _Rows(rng, tuple(customers), users, visitors, loadable)
    general = [role.key for role in roles.values() if role.customer is None]
    special = [] if loadable else [role.key for role in roles.values() if role.customer is not None]
    return World(
        seed=seed,
        customers=customers,
        users=users,
        roles=roles,
        visitors=visitors,
        rows=maker.rows(own),
        supposed=maker.supposed(entities),
        own_entities=own,
        fields=tuple(name for name in FIELD_NAMES if name.split(".")[0] in entities),
        features=frozenset(feature for feature in FEATURES if rng.random() < 0.6),
        default_role=rng.choice(special if special and rng.random() < 0.5 else general),
        guest_role="visitors" if rng.random() < 0.8 else rng.choice(general),
    )


def _customers(rng: Random, *, cyclic: bool) -> dict[str, str | None]:
    """A forest; a cyclic one has a root below one of its own descendants, the other branches stay."""
    keys = [f"c{number}" for number in range(1, rng.randint(0, 12) + 1)]
    parents: dict[str, str | None] = {}
    for key in keys:
        parents[key] = rng.choice(list(parents)) if parents and rng.random() < 0.8 else None
    if cyclic and keys:
        bottom = root = rng.choice(keys)
        while (parent := parents[root]) is not None:
            root = parent
        parents[root] = bottom
    return parents


def _roles(rng: Random, customers: Sequence[str], entities: Mapping[str, Entity]) -> dict[str, WorldRole]:
    """The predefined roles, now and then changed, and up to six more."""
    roles = [_predefined(role) for role in PREDEFINED_ROLES]
    roles = [_random_role(rng, role.key, None, entities) if rng.random() < 0.3 else role for role in roles]
    for number in range(1, rng.randint(0, 6) + 1):
        customer = rng.choice(customers) if customers and rng.random() < 0.6 else None
        roles.append(_random_role(rng, f"{customer}/r{number}" if customer else f"r{number}", customer, entities))
    return {role.key: role for role in roles}


def _predefined(role: PredefinedRole) -> WorldRole:
    return WorldRole(
        role.key,
        None,
        role.self_managed,
        role.public,
        role.default.word if role.default is not None else None,
        role.capability_default is Level.FULL if role.capability_default is not None else None,
        role.workflow_default.word if role.workflow_default is not None else None,
        {name: _words(entry) for name, entry in role.permissions.items()},
        {name: level is Level.FULL for name, level in role.capabilities.items()},
        {name: _words(entry) for name, entry in role.workflows.items()},
    )


def _words(entry: Mapping[str, Level]) -> Words:
    return {action: level.word for action, level in entry.items()}


def _random_role(rng: Random, key: str, customer: str | None, entities: Mapping[str, Entity]) -> WorldRole:
    names = (*LISTED_ENTITIES, *(name for name in entities if name not in ENTITIES))
    fields = [name for name in FIELD_NAMES if name.split(".")[0] in entities]
    return WorldRole(
        key,
        customer,
        self_managed=rng.random() < 0.75,
        public=rng.random() < 0.75,
        default=rng.choice((None, "none", "user", "department", "corporate", "corporate", "corporate")),
        capability_default=rng.choice((None, False, True)),
        workflow_default=rng.choice((None, "none", "user", "department", "corporate")),
        permissions={name: _entry(rng, entities[name]) for name in rng.sample(names, rng.randint(0, 8))},
        capabilities={name: rng.random() < 0.6 for name in rng.sample(list(CAPABILITIES), rng.randint(0, 5))},
        workflows={
            name: _entry(rng, entities[WORKFLOWS[name]], "workflow")
            for name in rng.sample(list(WORKFLOWS), rng.randint(0, 2))
        },
        fields={name: _entry(rng, entities[name.split(".")[0]], "field") for name in fields if rng.random() < 0.4},
    )


def _entry(rng: Random, entity: Entity, kind: Kind = "entity") -> Words:
    """Levels that the entity may hold, for most of its permissions; the others are left out."""
    actions = {"workflow": WORKFLOW_ACTIONS, "field": FIELD_ACTIONS}.get(kind, entity.permissions)
    return {
        action: rng.choice((*entity.levels(action, kind), entity.levels(action, kind)[-1])).word
        for action in actions
        if rng.random() < 0.85
    }


def _users(rng: Random, customers: Sequence[str], roles: Sequence[WorldRole]) -> dict[str, WorldUser]:
    users = (_user(rng, number, customers, roles) for number in range(1, rng.randint(0, 15) + 1))
    return {user.key: user for user in users}


def _user(rng: Random, number: int, customers: Sequence[str], roles: Sequence[WorldRole]) -> WorldUser:
    """A user in any state; an enabled one holds a role, of its own customer or of none."""
    customer = rng.choice(customers) if customers and rng.random() < 0.88 else None
    guest = rng.random() < 0.08
    enabled = rng.random() < (0.3 if guest else 0.85)
    eligible = [role.key for role in roles if role.customer in (None, customer)]
    return WorldUser(
        key=f"guest-{number}" if guest else f"u{number}@{customer or 'nowhere'}.example",
        email="guest@nowhere.example" if guest else f"u{number}@{customer or 'nowhere'}.example",
        customer=customer,
        roles=tuple(rng.sample(eligible, min(len(eligible), rng.choice((1, 1, 1, 2, 2, 3) if enabled else (0, 0, 1))))),
        guest=guest,
        reset=rng.random() < 0.08,
        enabled=enabled,
        confirmed=rng.random() < 0.88,
    )


@dataclass(slots=True)
class _Rows:
    """Makes records whose owners, parents and states are drawn from one world."""

    rng: Random
    customers: Sequence[str]
    users: Mapping[str, WorldUser]
    visitors: Sequence[str]
    loadable: bool
    made: dict[str, WorldRecord] = field(default_factory=dict)

    def rows(self, own: Mapping[str, Entity]) -> dict[str, WorldRecord]:
        """Up to thirty, and the one group that every shop has."""
        self._keep(WorldRecord("customer-group", "non-authenticated-visitors"))
        choices = (*ROW_ENTITIES, *(*own,) * 5)
        for number in range(1, self.rng.randint(1, 30) + 1):
            name = self.rng.choice(choices)
            row = self._row({**ENTITIES, **own}[name], number)
            if row is not None:
                self._keep(row)
        return self.made

    def supposed(self, entities: Mapping[str, Entity]) -> dict[str, WorldRecord]:
        """A few records that nobody stored, with every mixture of owners; loadable ones in no state to speak of."""
        names = [name for name, entity in entities.items() if entity.protected and entity.identity is None]
        drawn = [
            self._owned(entities[name], f"supposed-{number}")
            for number, name in enumerate((*self.rng.sample(names, 4), "order", "customer-user-role"), 1)
        ]
        stateless = (replace(record, status=None, workflow_active=False) for record in drawn)
        return {record.key: record for record in (stateless if self.loadable else drawn)}

    def _keep(self, row: WorldRecord) -> None:
        self.made[row.ref] = row

    def _row(self, entity: Entity, number: int) -> WorldRecord | None:
        """A stored record, None where its only possible owner does not exist: an address belongs to somebody."""
        if entity.name == "customer-address":
            owner = self._any(self.customers)
            return WorldRecord(entity.name, f"{owner}/a{number}", customer=owner) if owner is not None else None
        if entity.name == "customer-user-address":
            owner = self._any(tuple(self.users))
            return WorldRecord(entity.name, f"{owner}/a{number}", owner) if owner is not None else None
        return self._owned(entity, f"{entity.name[0]}-{number}")

    def _owned(self, entity: Entity, key: str) -> WorldRecord:
        """A record whose fields are those its entity has, each of them perhaps empty or at odds."""
        user = self._any(tuple(self.users), 0.75) if entity.ownership == "user" else None
        visitor = self._any(self.visitors, 0.35) if entity.name in VISITORS_MAY_OWN else None
        if visitor is not None and self.rng.random() < 0.8:
            user = None
        return WorldRecord(
            entity.name,
            key,
            user,
            self._customer(entity, user),
            visitor,
            self.rng.choice(STATUSES.get(entity.name, (None,))),
            entity.name == "request" and self.rng.random() < 0.4,
            None if key.startswith("supposed") else self._parent(entity.name),
        )

    def _customer(self, entity: Entity, user: str | None) -> str | None:
        if entity.ownership == "customer":
            return self._any(self.customers, 0.9)
        if not entity.has_customer:
            return None
        if user is not None and self.rng.random() < 0.6:
            return self.users[user].customer
        return self._any(self.customers, 0.6)

    def _parent(self, name: str) -> str | None:
        choices = [entity for entity in PARENTS.get(name, ()) if not (self.loadable and entity in PARTS)]
        parents = [ref for ref, row in self.made.items() if row.entity in choices]
        return self._any(parents, 0.8)

    def _any(self, choices: Sequence[str], likelihood: float = 1.0) -> str | None:
        return self.rng.choice(choices) if choices and self.rng.random() < likelihood else None


# Questions ------------------------------------------------------------------------------------------------------


def questions(world: World, count: int) -> list[Question]:
    """A mixed sample: each subject at least once, users most; the same for the same world."""
    rng = Random(world.seed + 1)
    users = [subject for subject in world.subjects if subject.startswith("user:")]
    visitors = [subject for subject in world.subjects if subject.startswith(("guest", "visitor"))]
    pool = users * 6 + visitors * 3 + list(world.subjects)
    subjects = [*world.subjects, *rng.choices(pool, k=max(0, count - len(world.subjects)))]
    return [_question(rng, world, subject) for subject in subjects]


def _question(rng: Random, world: World, subject: str) -> Question:
    kind: Kind = rng.choices(("entity", "capability", "workflow", "field"), (14, 1, 2, 2))[0]
    action, name, record = _guarded(rng, world, subject) if kind == "entity" and rng.random() < 0.3 else ("", "", None)
    if record is None:
        name, record = _about(rng, world, subject, kind)
        action = _action(rng, world, kind, name)
    role = rng.choice(list(world.roles)) if subject.startswith("user:") and rng.random() < 0.08 else None
    assumed = rng.random() < 0.5
    return Question(
        subject,
        action,
        kind,
        name,
        record,
        ignore_status=rng.random() < 0.4,
        with_role=role if assumed else None,
        without_role=None if assumed else role,
    )


def _action(rng: Random, world: World, kind: Kind, name: str) -> str:
    """Mostly one that the thing has, now and then another's or none at all."""
    known = {"capability": CAPABILITY_ACTIONS, "workflow": WORKFLOW_ACTIONS, "field": FIELD_ACTIONS}
    actions = known.get(kind) or world.entities[name].permissions
    return rng.choice(actions) if rng.random() < 0.96 else rng.choice(("assign", "use", "perform", "edit", "frown"))


def _guarded(rng: Random, world: World, subject: str) -> tuple[str, str, str | None]:
    """Something a veto speaks about, and a record of it that is not far from the subject."""
    name, action = rng.choice(GUARDED)
    near = _near(world, subject) if rng.random() < 0.8 else world.records
    refs = [ref for ref in near if world.record(ref).entity == name]
    return action, name, rng.choice(refs) if refs else None


def _known_fields(world: World) -> list[str]:
    """The fields that a question may be about: of a listed entity, or named by a role of this world."""
    named = {name for role in world.roles.values() for name in role.fields}
    return [name for name in world.fields if name.split(".")[0] in FIELDS_LISTED or name in named]


def _about(rng: Random, world: World, subject: str, kind: Kind) -> tuple[str, str | None]:
    """What the question is about: a name, and mostly one record of that entity."""
    if kind == "capability":
        return rng.choice(["oro_quick_add_form", *CAPABILITIES]), None
    if kind == "entity":
        if rng.random() < 0.2:
            return rng.choice(list(world.entities)), None
        ref = rng.choice(_near(world, subject) if rng.random() < 0.6 else [*world.records, *world.supposed])
        return world.record(ref).entity, ref
    name = rng.choice(list(WORKFLOWS) if kind == "workflow" else _known_fields(world))
    entity = WORKFLOWS[name] if kind == "workflow" else name.split(".")[0]
    records = [ref for ref, record in {**world.records, **world.supposed}.items() if record.entity == entity]
    return name, rng.choice(records) if records and rng.random() < 0.75 else None


def _near(world: World, subject: str) -> list[str]:
    """Records that share an owner with the subject, else all of them."""
    kind, _, key = subject.partition(":")
    everything = {**world.records, **world.supposed}
    user = world.users.get(key) if kind == "user" else None
    if user is not None:
        near = [
            ref
            for ref, record in everything.items()
            if record.user == key or (user.customer is not None and record.customer == user.customer)
        ]
    else:
        lines = {ref for ref, record in everything.items() if kind == "visitor" and record.visitor == key}
        near = [ref for ref, record in everything.items() if ref in lines or record.parent in lines]
    return near or list(everything)


# The reading as values of the policy ----------------------------------------------------------------------------


def chains(parents: Mapping[str, str | None]) -> dict[str, tuple[str, ...]]:
    """Each customer with its ancestors, nearest first; the walk ends before a cycle, a member of one is alone."""
    looped = {key for key in parents if key in _above(parents, key)}
    return {key: (key, *_until(_above(parents, key), looped)) if key not in looped else (key,) for key in parents}


def _above(parents: Mapping[str, str | None], key: str) -> list[str]:
    """Every customer on the way up, each once."""
    found: list[str] = []
    parent = parents[key]
    while parent is not None and parent not in found:
        found.append(parent)
        parent = parents[parent]
    return found


def _until(path: Sequence[str], stop: set[str]) -> list[str]:
    ends = [place for place, key in enumerate(path) if key in stop]
    return list(path[: ends[0]] if ends else path)


class Values:
    """One world as the values that the policy takes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.chains = chains(world.customers)
        self.roles = {key: policy_role(role) for key, role in world.roles.items()}
        self._records: dict[str, Record] = {}
        self._facts = {ignore: Facts(self.chains, world.features, world.entities, ignore) for ignore in (False, True)}

    def facts(self, ignore_status: bool = False) -> Facts:
        return self._facts[ignore_status]

    def subject(self, ref: str, with_role: str | None = None, without_role: str | None = None) -> Subject:
        kind, _, key = ref.partition(":")
        if kind == "user":
            return self._user(self.world.users[key], with_role, without_role)
        if kind == "role":
            return Subject("role", key, (self.roles[key],))
        guest = (self.roles[self.world.guest_role],)
        return Subject("visitor", key, guest, visitor=key) if key else Subject("guest", "guest", guest)

    def _user(self, user: WorldUser, with_role: str | None, without_role: str | None) -> Subject:
        roles = [self.roles[key] for key in user.roles if key != without_role]
        if with_role is not None and with_role not in user.roles:
            roles.append(policy_role(self.world.roles[with_role], assumed=True))
        return Subject(
            "user",
            user.key,
            tuple(roles),
            user.customer,
            guest=user.guest,
            reset=user.reset,
            enabled=user.enabled,
            confirmed=user.confirmed,
        )

    def record(self, ref: str) -> Record:
        """A record of the world; a supposed one has no reference of its own and no role's facts."""
        if ref not in self._records:
            self._records[ref] = self._record(ref, self.world.record(ref))
        return self._records[ref]

    def _record(self, ref: str, row: WorldRecord) -> Record:
        stored = ref in self.world.records
        return Record(
            ref if stored else "",
            row.entity,
            row.user,
            self.world.users[row.user].customer if row.user is not None else None,
            row.customer,
            row.visitor,
            row.status,
            row.workflow_active,
            self._role_facts(row.key) if stored and row.entity == "customer-user-role" else None,
            self.record(row.parent) if row.parent is not None else None,
            kept=ref == "customer-group:non-authenticated-visitors",
        )

    def _role_facts(self, key: str) -> RoleFacts:
        role = self.world.roles[key]
        return RoleFacts(
            predefined=role.customer is None,
            self_managed=role.self_managed,
            public=role.public,
            website=key in (self.world.default_role, self.world.guest_role),
            in_use=any(key in user.roles for user in self.world.users.values()),
        )

    def resource(self, question: Question) -> Resource:
        name = question.name
        entity = {"capability": "", "workflow": WORKFLOWS.get(name, ""), "field": name.split(".")[0]}
        record = self.record(question.record) if question.record is not None else None
        return Resource(question.kind, name, self.world.entities.get(entity.get(question.kind, name)), record)

    def listed(self, scope: Scope, entity: str) -> frozenset[str]:
        """The stored records that a list under this scope shows."""
        refs = (ref for ref, row in self.world.records.items() if row.entity == entity)
        return frozenset(ref for ref in refs if self._in_scope(scope, self.record(ref)))

    def _in_scope(self, scope: Scope, record: Record) -> bool:
        if scope.kind in ("nothing", "all"):
            return scope.kind == "all"
        if scope.kind == "own":
            return record.user == scope.user
        if scope.kind == "visitor":
            return _session(record) == scope.visitor
        if scope.storefront and not (record.role and record.role.self_managed and record.role.public):
            return False
        if scope.storefront and record.customer is None:
            return True
        customer = record.customer if scope.by == "customer" else record.user_customer
        chain = self.chains[customer] if customer is not None else ()
        return bool(set(chain if scope.deep else chain[:1]) & set(scope.roots))


def _session(record: Record) -> str | None:
    """The session of a record, of a line that of its list."""
    if record.visitor is None and record.parent is not None:
        return _session(record.parent)
    return record.visitor


def policy_role(role: WorldRole, *, assumed: bool = False) -> Role:
    """A role as the policy reads it: all its entries in one table."""
    capability = {True: Level.FULL, False: Level.NONE, None: None}
    entries: dict[Target, Mapping[str, Level]] = {}
    for name, words in role.permissions.items():
        entries["entity", name] = _levels(words)
    for name, words in role.workflows.items():
        entries["workflow", name] = _levels(words)
    for name, words in role.fields.items():
        entries["field", name] = _levels(words)
    for name, on in role.capabilities.items():
        entries["capability", name] = {"use": Level.FULL if on else Level.NONE}
    return Role(
        role.key,
        entries,
        LEVELS[role.default] if role.default is not None else None,
        capability[role.capability_default],
        LEVELS[role.workflow_default] if role.workflow_default is not None else None,
        assumed,
    )


def _levels(words: Words) -> dict[str, Level]:
    return {action: LEVELS[word] for action, word in words.items()}
