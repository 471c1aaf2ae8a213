"""The values of a decision: who asks, what for, about what, and what is known.

Customers, users and visitors are named by their keys, so that an answer can be read. Every value is frozen.
The words are those of attribute-based access control; what Oro calls a permission (VIEW) is the action of a
question, and what a role holds is an entry (target, action, level).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Literal, NamedTuple


class Level(IntEnum):
    """How far a permission reaches; the widest level of a user's roles counts.

    Source: oroinc/platform SecurityBundle/Acl/AccessLevel.php (BASIC, LOCAL, DEEP, SYSTEM), with the names
    the storefront shows.
    """

    NONE = 0
    USER = 1
    """Records of this customer user."""
    DEPARTMENT = 2
    """Records of the user's own customer."""
    CORPORATE = 3
    """Records of the user's own customer and of all its descendants."""
    FULL = 4
    """Ownerless things and capabilities only: every record, or on."""

    @property
    def word(self) -> str:
        """The level as it is written everywhere outside this module."""
        return self.name.lower()


LEVELS: Mapping[str, Level] = {level.word: level for level in Level}

Ownership = Literal["user", "customer", "none"]
Kind = Literal["entity", "capability", "workflow", "field"]


class Reason(StrEnum):
    """Why a decision is what it is. The codes are a closed set, the words around them are free."""

    GRANTED = "granted"
    UNPROTECTED = "unprotected"
    PUBLIC_ROLE = "public-role"

    NO_ROLE = "no-role"
    NO_ENTRY = "no-entry"
    EXPLICIT_NONE = "explicit-none"
    OUT_OF_REACH = "out-of-reach"
    NOT_APPLICABLE = "not-applicable"
    FIELD_CLOSED = "field-closed"

    GUEST_RECORD = "guest-record"
    RESET = "reset"
    DISABLED = "disabled"
    UNCONFIRMED = "unconfirmed"
    NO_CUSTOMER = "no-customer"

    ORDER_CLOSED = "order-closed"
    WORKFLOW_ACTIVE = "workflow-active"
    QUOTE_UNAVAILABLE = "quote-unavailable"
    CUSTOMER_NOT_VISIBLE = "customer-not-visible"
    PARENT_DENIED = "parent-denied"
    PROTECTED_ROLE = "protected-role"
    ROLE_IN_USE = "role-in-use"
    FEATURE_OFF = "feature-off"
    HIDDEN = "hidden"


class Entity(NamedTuple):
    """A kind of record: who owns it, and which permissions it knows.

    `has_customer`: a user-owned entity that also carries a customer field, by which lists go (AM 5.4).
    `identity`: the records of this entity are themselves customers or customer users, so that a record is
    compared by its own key. `feature`: the setting that must be on before visitors may use it.
    """

    name: str
    ownership: Ownership
    permissions: tuple[str, ...]
    has_customer: bool = False
    identity: Literal["customer", "user"] | None = None
    feature: str | None = None
    protected: bool = True

    def levels(self, permission: str, kind: Kind = "entity") -> tuple[Level, ...]:
        """The levels an explicit entry may hold (AM 1.2).

        Source: oroinc/customer-portal CustomerBundle/Owner/Metadata/FrontendOwnershipMetadata.php, and
        oroinc/platform SecurityBundle/Acl/Extension/FieldAclExtension.php for the creation of a field.
        """
        if kind == "field" and permission == "create":
            return (Level.NONE, Level.FULL)
        return _LEVELS_BY_OWNERSHIP[self.ownership]

    def adapt(self, default: Level, permission: str) -> Level:
        """What a role's default means for this entity (AM 1.3).

        Source: oroinc/platform SecurityBundle/Acl/Extension/EntityAclExtension.php, adaptRootMask.
        """
        if self.ownership == "none":
            return Level.NONE if default is Level.NONE or permission == "assign" else Level.FULL
        if self.ownership == "customer" and default is Level.USER:
            return Level.DEPARTMENT
        return min(default, Level.CORPORATE)


_LEVELS_BY_OWNERSHIP: Mapping[Ownership, tuple[Level, ...]] = {
    "user": (Level.NONE, Level.USER, Level.DEPARTMENT, Level.CORPORATE),
    "customer": (Level.NONE, Level.DEPARTMENT, Level.CORPORATE),
    "none": (Level.NONE, Level.FULL),
}

Target = tuple[Kind, str]
"""What an entry of a role speaks about: its kind and name."""


@dataclass(frozen=True, slots=True)
class Role:
    """A customer user role: its defaults and those of its entries that the question touches.

    A target that is in `entries` is listed: a permission it leaves out is none. A target that is not follows
    the default of its kind; a default of None says nothing at all (AM 4).
    """

    key: str
    entries: Mapping[Target, Mapping[str, Level]] = field(default_factory=dict)
    default: Level | None = None
    capability_default: Level | None = None
    workflow_default: Level | None = None
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """Who asks: a customer user, a role alone, or somebody who has not signed in.

    A guest is a visitor without a session; `visitor` is the key of the session of one that has it.
    """

    kind: Literal["user", "role", "guest", "visitor"]
    key: str
    roles: tuple[Role, ...] = ()
    customer: str | None = None
    visitor: str | None = None
    guest: bool = False
    reset: bool = False
    enabled: bool = True
    confirmed: bool = True

    @property
    def anonymous(self) -> bool:
        return self.kind in ("guest", "visitor")


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """What the rules ask about a role as a record (AM 5.8, 5.9)."""

    predefined: bool
    self_managed: bool
    public: bool
    website: bool = False
    """It is the website's default or guest role."""
    in_use: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One record, stored or supposed. `ref` is empty for a supposed one.

    `user` and `user_customer` are its owner and the owner's customer. For an entity that is a customer or a
    user itself, `customer` and `user` hold the record's own key.
    """

    ref: str = ""
    entity: str = ""
    user: str | None = None
    user_customer: str | None = None
    customer: str | None = None
    visitor: str | None = None
    status: str | None = None
    workflow_active: bool = False
    role: RoleFacts | None = None
    parent: Record | None = None
    kept: bool = False
    """Nobody may delete it: the group of visitors."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What a question is about: an entity, a capability, a workflow or a field, and perhaps one record of it.

    `name` is the entity, the capability, the workflow, or `entity.field`; `entity` is the entity whose
    ownership counts (for a workflow that of its record), None for a capability.
    """

    kind: Kind
    name: str
    entity: Entity | None = None
    record: Record | None = None

    @property
    def target(self) -> Target:
        return (self.kind, self.name)


@dataclass(frozen=True, slots=True)
class Facts:
    """What else the rules need to know.

    `chains`: for each customer that the question touches, the customer itself and its ancestors, nearest
    first. A member of a cycle of parents has neither ancestors nor descendants (AM 8). `features`: the guest
    features that are switched on. `hidden`: the product or category that is asked about is hidden from the subject
    (policy/visibility.py).
    """

    chains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    features: frozenset[str] = frozenset()
    entities: Mapping[str, Entity] = field(default_factory=dict)
    ignore_status: bool = False
    hidden: bool = False


Source = Literal["entry", "default", "nothing"]


class RoleVerdict(NamedTuple):
    """What one role says: where it says it, and the level."""

    role: str
    source: Source
    level: Level
    assumed: bool = False


class Match(NamedTuple):
    """The rule of ownership by which a record is reached, and the customers walked from it upwards."""

    rule: Literal["own", "owner-customer", "customer", "ownerless", "visitor"]
    path: tuple[str, ...] = ()


class Veto(NamedTuple):
    """A rule that turns a yes into a no, and the record it is about."""

    reason: Reason
    record: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, and everything it came from.

    `level` is the widest level of the roles, also when the answer is no. `sign_in` is why the subject could
    not have a session, if so, even where that was ignored.
    """

    allowed: bool
    level: Level
    reason: Reason
    roles: tuple[RoleVerdict, ...] = ()
    match: Match | None = None
    vetoes: tuple[Veto, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """The records of an entity that a subject may act on, as a condition a list can apply (AM 5.4).

    `own`: records owned by `user`. `customers`: records of `roots` and, where `deep`, of their descendants;
    the record's own customer counts (`by="customer"`) or that of its owner (`by="owner"`). `visitor`: records
    of the session `visitor`. `storefront`: roles only; those that are self-managed and public, the
    predefined ones among them whatever the customers (AM 6.2).
    """

    kind: Literal["nothing", "own", "customers", "all", "visitor"]
    user: str | None = None
    visitor: str | None = None
    roots: tuple[str, ...] = ()
    deep: bool = False
    by: Literal["customer", "owner"] = "customer"
    storefront: bool = False
