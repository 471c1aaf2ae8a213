"""The rules of access, in full: `decide` answers one question, `scope` says what a list may show.

Deny by default; total; no clock, no input or output. The rules are those of OroCommerce's storefront; each
function names the place they were read from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from custctl.policy.model import (
    Decision,
    Entity,
    Facts,
    Level,
    Match,
    Reason,
    Record,
    Resource,
    Role,
    RoleVerdict,
    Scope,
    Subject,
    Veto,
)

CLOSED_ORDER = frozenset({"closed", "cancelled"})
UNAVAILABLE_QUOTE = frozenset({"draft", "deleted", "expired"})
PARENT_ACTION = {"view": "view", "create": "edit", "edit": "edit", "delete": "edit"}
ROLE_RECORD = "customer-user-role"
ROLE_ACTIONS = ("view", "edit", "assign", "delete")


def decide(subject: Subject, action: str, resource: Resource, facts: Facts) -> Decision:
    """May `subject` do `action` to `resource`?

    A resource without a record is the class question: may it be done at all? Vetoes are asked only where the
    roles say yes, sign-in before everything else.
    """
    answer = _by_rules(subject, action, resource, facts)
    refused = None if facts.ignore_status else sign_in(subject)
    if refused is None:
        return answer
    return replace(answer, allowed=False, reason=refused, vetoes=(Veto(refused), *answer.vetoes))


def sign_in(subject: Subject) -> Reason | None:
    """Why this user cannot sign in, or None; asked in this order.

    Source: oroinc/customer-portal CustomerBundle/Security/UserChecker.php.
    """
    if subject.kind != "user":
        return None
    if subject.guest:
        return Reason.GUEST_RECORD
    if subject.reset:
        return Reason.RESET
    if not subject.enabled:
        return Reason.DISABLED
    if not subject.confirmed:
        return Reason.UNCONFIRMED
    return Reason.NO_CUSTOMER if subject.customer is None else None


def role_verdict(role: Role, action: str, resource: Resource) -> RoleVerdict:
    """What one role says about an action: its entry, else its default, else nothing.

    An entry replaces the default as a whole; a permission that it leaves out is none.
    Source: oroinc/platform SecurityBundle/Acl/Domain/RootAclWrapper.php, addRootAces. A field without an
    entry is open to everyone: oroinc/platform SecurityBundle, FullAccessFieldRootAclBuilder.
    """
    if not applies(action, resource):
        return RoleVerdict(role.key, "nothing", Level.NONE, role.assumed)
    entry = role.entries.get(resource.target)
    if entry is not None:
        return RoleVerdict(role.key, "entry", _entered(entry, action, resource), role.assumed)
    default = _default(role, action, resource)
    if default is None:
        return RoleVerdict(role.key, "nothing", Level.NONE, role.assumed)
    return RoleVerdict(role.key, "default", default, role.assumed)


def applies(action: str, resource: Resource) -> bool:
    """Whether the permission exists for this kind of thing at all."""
    if resource.kind == "capability":
        return action == "use"
    if resource.kind == "workflow":
        return action in ("view", "perform")
    if resource.kind == "field":
        return action in ("view", "create", "edit")
    entity = _entity(resource)
    return entity.protected and action in entity.permissions


def reach(level: Level, subject: Subject, record: Record, entity: Entity, facts: Facts) -> Match | None:
    """By which rule of ownership this level covers the record, or None (AM 5.3, and 9.2 for visitors).

    Source: oroinc/platform SecurityBundle/Owner/AbstractEntityOwnershipDecisionMaker.php and oroinc/customer-portal
    CustomerBundle/Owner/{EntityOwnershipDecisionMaker,AnonymousOwnershipDecisionMaker}.php.
    """
    if level is Level.NONE:
        return None
    if level is Level.FULL or entity.ownership == "none":
        return Match("ownerless")
    if subject.anonymous:
        same = subject.visitor is not None and subject.visitor == _visitor(record)
        return Match("visitor") if same else None
    if subject.kind != "user":
        return None
    if record.user == subject.key and (entity.ownership == "user" or entity.identity == "user"):
        return Match("own")
    if level is Level.USER:
        return None
    if entity.ownership == "user":
        path = _path(level, subject, record.user_customer, facts)
        if path:
            return Match("owner-customer", path)
        if not entity.has_customer:
            return None
    path = _path(level, subject, record.customer, facts)
    return Match("customer", path) if path else None


def scope(subject: Subject, entity: Entity, action: str, facts: Facts) -> Scope:
    """What a list of `entity` shows the subject for `action` (AM 5.4, and 6.2 for roles).

    A list and the question about one record differ where a record's user and customer disagree; both are kept.
    Source: oroinc/customer-portal CustomerBundle/ORM/Walker/CustomerOwnershipConditionDataBuilder.php and
    CustomerBundle/Acl/AccessRule/SelfManagedPublicCustomerUserRoleAccessRule.php.
    """
    answer = decide(subject, action, Resource("entity", entity.name, entity), facts)
    if not answer.allowed:
        return Scope("nothing")
    if answer.level is Level.FULL or entity.ownership == "none" or not entity.protected:
        return Scope("all")
    if subject.anonymous:
        return Scope("visitor", visitor=subject.visitor) if subject.visitor is not None else Scope("nothing")
    if subject.kind != "user":
        return Scope("nothing")
    if answer.level is Level.USER:
        return Scope("own", user=subject.key)
    storefront = entity.name == ROLE_RECORD
    roots = () if subject.customer is None else (subject.customer,)
    if not roots and not storefront:
        return Scope("nothing")
    return Scope(
        "customers",
        roots=roots,
        deep=answer.level is Level.CORPORATE,
        by="customer" if entity.ownership == "customer" or entity.has_customer else "owner",
        storefront=storefront,
    )


def owners(subject: Subject, entity: Entity, action: str, facts: Facts) -> Scope:
    """Whom the subject may make the owner of a new record (`create`) or of a stored one (`assign`) (AM 5.6).

    The owners are users for an entity owned by users, and customers for one owned by customers.
    Source: oroinc/customer-portal CustomerBundle/Validator/Constraints/FrontendOwnerValidator.php.
    """
    if entity.ownership == "none" or subject.kind != "user":
        return Scope("nothing")
    reached = scope(subject, entity, action, facts)
    return replace(reached, by="customer", storefront=False)


def _by_rules(subject: Subject, action: str, resource: Resource, facts: Facts) -> Decision:
    """The answer of roles, ownership and vetoes; sign-in is asked once, by the outer question."""
    answer = _by_roles(subject, action, resource, facts)
    vetoes = _vetoes(subject, action, resource, facts) if answer.allowed else ()
    return replace(answer, allowed=False, reason=vetoes[0].reason, vetoes=vetoes) if vetoes else answer


def _by_roles(subject: Subject, action: str, resource: Resource, facts: Facts) -> Decision:
    """The answer of roles and ownership, before any veto."""
    verdicts = tuple(role_verdict(role, action, resource) for role in subject.roles)
    level = max((verdict.level for verdict in verdicts), default=Level.NONE)
    if resource.kind == "entity" and not _entity(resource).protected:
        seen = action in _entity(resource).permissions
        return Decision(seen, Level.NONE, Reason.UNPROTECTED if seen else Reason.NOT_APPLICABLE, verdicts)
    if not applies(action, resource):
        return Decision(False, Level.NONE, Reason.NOT_APPLICABLE, verdicts)
    if level is Level.NONE:
        return Decision(False, level, _refusal(resource, verdicts), verdicts)
    if resource.record is None or resource.kind == "capability":
        return Decision(True, level, Reason.GRANTED, verdicts)
    match = reach(level, subject, resource.record, _entity(resource), facts)
    if match is not None:
        return Decision(True, level, Reason.GRANTED, verdicts, match)
    if public_role(subject, action, resource):
        return Decision(True, level, Reason.PUBLIC_ROLE, verdicts)
    return Decision(False, level, Reason.OUT_OF_REACH, verdicts)


def _refusal(resource: Resource, verdicts: tuple[RoleVerdict, ...]) -> Reason:
    if not verdicts:
        return Reason.NO_ROLE
    if resource.kind == "field":
        return Reason.FIELD_CLOSED
    entered = any(verdict.source == "entry" for verdict in verdicts)
    return Reason.EXPLICIT_NONE if entered else Reason.NO_ENTRY


def _entered(entry: Mapping[str, Level], action: str, resource: Resource) -> Level:
    """The level of an entry; one that the entity cannot hold is cut to one that it can (AM 5.1).

    Source: oroinc/customer-portal CustomerBundle/Owner/Metadata/FrontendOwnershipMetadataProvider.php,
    getMaxAccessLevel.
    """
    if resource.kind == "field":
        return entry.get(action, Level.FULL)
    level = entry.get(action, Level.NONE)
    return level if resource.kind == "capability" else _entity(resource).adapt(level, action)


def _default(role: Role, action: str, resource: Resource) -> Level | None:
    """The level of a target that the role does not list, None when the role says nothing about its kind."""
    if resource.kind == "capability":
        return role.capability_default
    if resource.kind == "field":
        return Level.FULL
    default = role.default if resource.kind == "entity" else role.workflow_default
    return None if default is None else _entity(resource).adapt(default, action)


def _vetoes(subject: Subject, action: str, resource: Resource, facts: Facts) -> tuple[Veto, ...]:
    """The rules that turn a yes of the roles into a no (AM 5.8, 9.3), in a fixed order."""
    vetoes: list[Veto] = []
    record = resource.record
    if resource.kind == "entity" and record is not None:
        vetoes += _by_state(action, record)
        vetoes += _by_role_record(action, record)
        for reason, needed, guard in guards(action, record, facts):
            if not _by_rules(subject, needed, guard, facts).allowed:
                vetoes.append(Veto(reason, guard.record.ref if guard.record is not None else None))
        if facts.hidden and not _entity(resource).protected:
            vetoes.append(Veto(Reason.HIDDEN, record.ref))
    feature = feature_of(resource)
    if subject.anonymous and feature is not None and not facts.ignore_status and feature not in facts.features:
        vetoes.append(Veto(Reason.FEATURE_OFF))
    return tuple(vetoes)


def _by_state(action: str, record: Record) -> list[Veto]:
    """What the state of a sales document forbids.

    Source: oroinc/orocommerce OrderBundle EditOrderVoter, RFPBundle/Acl/Voter/FrontendRequestVoter.php, and the
    storefront availability of quotes in SaleBundle.
    """
    if record.entity == "order" and action == "edit" and record.status in CLOSED_ORDER:
        return [Veto(Reason.ORDER_CLOSED, record.ref)]
    if record.entity == "request" and action == "edit" and record.workflow_active:
        return [Veto(Reason.WORKFLOW_ACTIVE, record.ref)]
    if record.kept and action == "delete":
        return [Veto(Reason.PROTECTED_ROLE, record.ref)]
    if record.entity == "quote" and action == "view" and record.status in UNAVAILABLE_QUOTE:
        return [Veto(Reason.QUOTE_UNAVAILABLE, record.ref)]
    return []


def _by_role_record(action: str, record: Record) -> list[Veto]:
    """What protects a role: it has no page unless it is self-managed and public, and some are never deleted.

    Sources: oroinc/customer-portal CustomerBundle/Controller/Frontend/CustomerUserRoleController.php and
    CustomerBundle/Acl/Voter/CustomerUserRoleVoter.php; a predefined role is never deleted on the storefront.
    """
    role = record.role
    if record.entity != ROLE_RECORD or role is None or action not in ROLE_ACTIONS:
        return []
    vetoes: list[Veto] = []
    kept = action == "delete" and (role.predefined or role.website)
    if kept or not (role.self_managed and role.public):
        vetoes.append(Veto(Reason.PROTECTED_ROLE, record.ref))
    if action == "delete" and role.in_use:
        vetoes.append(Veto(Reason.ROLE_IN_USE, record.ref))
    return vetoes


def guards(action: str, record: Record, facts: Facts) -> Iterator[tuple[Reason, str, Resource]]:
    """The questions about other records that must be yes as well, each with the reason that its no is.

    For a role of a customer sight of that customer; for a child row its parent: to see it see the parent, to
    change it edit the parent. Source: oroinc/customer-portal CustomerBundle/Acl/Voter/CustomerUserRoleVoter.php;
    oroinc/platform and oroinc/orocommerce, AssociationAwareVoter and the access rules of order, checkout and
    shopping list lines.
    """
    if record.entity == ROLE_RECORD and record.customer is not None and action in ROLE_ACTIONS:
        owner = Record(f"customer:{record.customer}", "customer", customer=record.customer)
        yield Reason.CUSTOMER_NOT_VISIBLE, "view", Resource("entity", "customer", facts.entities["customer"], owner)
    parent, needed = record.parent, PARENT_ACTION.get(action)
    if parent is not None and needed is not None:
        yield Reason.PARENT_DENIED, needed, Resource("entity", parent.entity, facts.entities[parent.entity], parent)


def public_role(subject: Subject, action: str, resource: Resource) -> bool:
    """Every signed-in user may view a predefined role that is self-managed and public (AM 5.9).

    Source: oroinc/customer-portal CustomerBundle/Acl/Domain/PermissionGrantingStrategy.php.
    """
    role = resource.record.role if resource.record is not None else None
    return (
        role is not None
        and resource.kind == "entity"
        and subject.kind == "user"
        and action == "view"
        and role.predefined
        and role.self_managed
        and role.public
    )


def feature_of(resource: Resource) -> str | None:
    """The guest feature a resource belongs to; a field is answered alone and belongs to none."""
    if resource.kind == "capability":
        return "guest.quick_order" if resource.name == "oro_quick_add_form" else None
    return None if resource.kind == "field" else _entity(resource).feature


def _path(level: Level, subject: Subject, customer: str | None, facts: Facts) -> tuple[str, ...]:
    """The customers from `customer` up to the subject's own, when the level reaches that far; else empty."""
    if customer is None or subject.customer is None:
        return ()
    if customer == subject.customer:
        return (customer,)
    chain = facts.chains.get(customer, (customer,))
    if level is Level.CORPORATE and subject.customer in chain:
        return chain[: chain.index(subject.customer) + 1]
    return ()


def _visitor(record: Record) -> str | None:
    """The session a record belongs to: its own, else its parent's (a line of a visitor's shopping list)."""
    if record.visitor is not None or record.parent is None:
        return record.visitor
    return _visitor(record.parent)


def _entity(resource: Resource) -> Entity:
    assert resource.entity is not None, "only a capability has no entity"
    return resource.entity
