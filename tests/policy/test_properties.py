"""What holds for every role, subject and record: the promises of the policy by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from hypothesis import assume, given
from hypothesis import strategies as st

from custctl.policy.catalogue import ENTITIES, WORKFLOWS
from custctl.policy.decide import decide, scope
from custctl.policy.model import (
    Decision,
    Entity,
    Facts,
    Kind,
    Level,
    Match,
    Reason,
    Record,
    Resource,
    Role,
    RoleFacts,
    Scope,
    Subject,
    Target,
)
from tests.policy.oracle import descendants
from tests.policy.worlds import chains

CUSTOMERS = ("acme", "acme-west", "acme-la", "globex", "initech")
USERS = ("anna@acme.example", "bob@acme.example", "cyd@west.example", "dan@globex.example")
VISITORS = ("v1", "v2")
ACTIONS = ("view", "create", "edit", "delete", "assign", "duplicate", "use", "perform", "frown")
FEATURES = ("guest.shopping_list", "guest.checkout", "guest.request", "guest.quote", "guest.quick_order")
RARE, USUAL = (False, False, False, True), (True, True, True, False)
YES = {Reason.GRANTED, Reason.UNPROTECTED, Reason.PUBLIC_ROLE}

NAMES = (
    *("customer", "customer-user", "customer-user-role", "customer-address", "customer-user-address"),
    *("order", "quote", "request", "shopping-list", "shopping-list-line-item", "order-line-item", "product"),
)
ABOVE = (*(None,) * 12, *NAMES[:-1])
OWNED = tuple(name for name in NAMES if ENTITIES[name].ownership != "none")
TARGETS: tuple[Target, ...] = (
    *(("entity", name) for name in NAMES),
    *(("capability", name) for name in ("oro_quick_add_form", "oro_customer_frontend_update_own_profile")),
    *(("workflow", name) for name in WORKFLOWS),
    *(("field", f"{name}.note") for name in ("order", "customer", "order-line-item")),
)


@dataclass(frozen=True)
class Case:
    """One question with all it stands on."""

    subject: Subject
    action: str
    resource: Resource
    facts: Facts

    def decide(self) -> Decision:
        return decide(self.subject, self.action, self.resource, self.facts)

    def listed(self) -> Scope:
        assert self.resource.entity is not None
        return scope(self.subject, self.resource.entity, self.action, self.facts)

    def by(self, *roles: Role) -> Case:
        return replace(self, subject=replace(self.subject, roles=roles))

    def about(self, user: str | None, user_customer: str | None, customer: str | None) -> Case:
        """The same question about the same record in other hands."""
        role = replace(self.record.role, predefined=customer is None) if self.record.role is not None else None
        record = replace(self.record, user=user, user_customer=user_customer, customer=customer, role=role)
        return replace(self, resource=replace(self.resource, record=record))

    def about_none(self) -> Case:
        return replace(self, resource=replace(self.resource, record=None))

    @property
    def record(self) -> Record:
        assert self.resource.record is not None
        return self.resource.record


# Most of what is drawn lies open, or the promises about a yes would hold for want of one.
levels = st.sampled_from(Level)
maybe_levels = st.sampled_from((None, *Level, *(Level.CORPORATE,) * 5))
actions = st.sampled_from(("view",) * 4 + ("edit",) * 3 + ACTIONS)
targets = st.sampled_from(TARGETS)
entries = st.dictionaries(targets, st.dictionaries(actions, levels, max_size=6), max_size=4)
roles = st.builds(
    Role,
    key=st.sampled_from(("buyer", "clerk", "acme/chief")),
    entries=entries,
    default=maybe_levels,
    capability_default=maybe_levels,
    workflow_default=maybe_levels,
    assumed=st.booleans(),
)
role_lists = st.lists(roles, max_size=4).map(tuple)
homes = st.fixed_dictionaries({user: st.none() | st.sampled_from(CUSTOMERS) for user in USERS})
plain_roles = st.sampled_from((Level.USER, Level.DEPARTMENT, Level.CORPORATE)).map(
    lambda level: (Role("plain", default=level, workflow_default=level),)
)
tangles = st.fixed_dictionaries({key: st.none() | st.sampled_from(CUSTOMERS) for key in CUSTOMERS})
trees = st.fixed_dictionaries({key: st.sampled_from((None, *CUSTOMERS[:place])) for place, key in enumerate(CUSTOMERS)})
parents = trees | trees | tangles
features = st.just(frozenset(FEATURES)) | st.frozensets(st.sampled_from(FEATURES))
Homes = Mapping[str, str | None]


@st.composite
def users(draw: st.DrawFn, homes: Homes) -> Subject:
    key = draw(st.sampled_from(USERS))
    guest, reset, enabled, confirmed = (draw(st.sampled_from(likely)) for likely in (RARE, RARE, USUAL, USUAL))
    return Subject(
        "user",
        key,
        draw(role_lists),
        homes[key],
        guest=guest,
        reset=reset,
        enabled=enabled,
        confirmed=confirmed,
    )


@st.composite
def visitors(draw: st.DrawFn) -> Subject:
    """Somebody who has not signed in, with a session or without."""
    key = draw(st.none() | st.sampled_from(VISITORS))
    kind: Literal["guest", "visitor"] = "guest" if key is None else "visitor"
    return Subject(kind, key or "guest", draw(role_lists), visitor=key)


lone_roles = roles.map(lambda role: Subject("role", role.key, (role,)))


@st.composite
def records(draw: st.DrawFn, entity: Entity, homes: Homes, depth: int = 2) -> Record:
    """A record with every mixture of owners; a customer or user is its own owner."""
    user = draw(st.none() | st.sampled_from(USERS))
    customer = draw(st.none() | st.sampled_from(CUSTOMERS))
    if entity.identity == "user":
        customer = homes[user] if user is not None else None
    above = draw(st.sampled_from(ABOVE)) if depth and entity.identity is None else None
    return Record(
        f"{entity.name}:1",
        entity.name,
        user,
        homes[user] if user is not None else None,
        customer,
        draw(st.none() | st.sampled_from(VISITORS)),
        draw(st.sampled_from((None, "open", "closed", "draft"))),
        draw(st.booleans()),
        draw(_role_facts(customer)) if entity.name == "customer-user-role" else None,
        draw(records(ENTITIES[above], homes, depth - 1)) if above is not None else None,
    )


def _role_facts(customer: str | None) -> st.SearchStrategy[RoleFacts]:
    flag = st.booleans()
    return st.builds(RoleFacts, st.just(customer is None), flag, flag, website=flag, in_use=flag)


def _entity_of(kind: Kind, name: str) -> Entity | None:
    if kind == "capability":
        return None
    return ENTITIES[WORKFLOWS[name] if kind == "workflow" else name.partition(".")[0]]


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    subjects: st.SearchStrategy[Subject] | None = None,
    of: tuple[Target, ...] = TARGETS,
    about: bool | None = None,
    ignore_status: bool | None = None,
) -> Case:
    """A question about one of `of`; `about` asks for a record always or never, None leaves it open."""
    home = draw(homes)
    kind, name = draw(st.sampled_from(of))
    entity = _entity_of(kind, name)
    asked = draw(st.booleans()) if about is None else about
    record = draw(records(entity, home)) if entity is not None and asked else None
    return Case(
        draw(subjects if subjects is not None else st.one_of(users(home), users(home), visitors(), lone_roles)),
        draw(actions),
        Resource(kind, name, entity, record),
        Facts(
            chains(draw(parents)),
            draw(features),
            ENTITIES,
            draw(st.booleans()) if ignore_status is None else ignore_status,
        ),
    )


@st.composite
def owned_cases(draw: st.DrawFn) -> Case:
    """A user, regardless of status, asks about one record of something owned."""
    of: tuple[Target, ...] = (*(("entity", name) for name in OWNED), *(("workflow", name) for name in WORKFLOWS))
    case = draw(cases(of=of, about=True, ignore_status=True))
    key = draw(st.sampled_from(USERS))
    subject = Subject("user", key, draw(plain_roles | role_lists), draw(st.sampled_from(CUSTOMERS)))
    return replace(case, subject=subject)


# Deny by default ------------------------------------------------------------------------------------------------


@given(cases())
def test_every_question_has_an_answer(case: Case) -> None:
    assert isinstance(case.decide().reason, Reason)


@given(cases(of=tuple(("entity", name) for name in NAMES)))
def test_every_list_has_a_scope(case: Case) -> None:
    assert isinstance(case.listed(), Scope)


@given(cases())
def test_without_roles_nothing_is_allowed_but_seeing_what_is_unprotected(case: Case) -> None:
    decision = case.by().decide()
    assert decision.level is Level.NONE
    assert not decision.allowed or (decision.reason is Reason.UNPROTECTED and case.action == "view")


@given(cases())
def test_the_reason_tells_a_yes_from_a_no(case: Case) -> None:
    decision = case.decide()
    assert decision.allowed == (decision.reason in YES)


@given(cases())
def test_a_veto_always_means_no_and_gives_the_reason(case: Case) -> None:
    decision = case.decide()
    assert not decision.vetoes or (not decision.allowed and decision.reason is decision.vetoes[0].reason)


@given(cases(about=True))
def test_a_yes_about_a_record_is_a_yes_about_its_entity(case: Case) -> None:
    assert case.about_none().decide().allowed or not case.decide().allowed


@given(cases(about=True))
def test_the_level_is_that_of_the_roles_whatever_the_record(case: Case) -> None:
    assert case.decide().level is case.about_none().decide().level


@given(cases(ignore_status=False))
def test_ignoring_the_status_never_takes_access_away(case: Case) -> None:
    regardless = replace(case, facts=replace(case.facts, ignore_status=True))
    assert regardless.decide().allowed or not case.decide().allowed


@given(cases(of=tuple(("entity", name) for name in NAMES)))
def test_a_list_is_empty_where_the_class_question_is_no(case: Case) -> None:
    if not case.about_none().decide().allowed:
        assert case.listed() == Scope("nothing")


# Roles are a set, and more is never less ------------------------------------------------------------------------


@given(cases(), roles)
def test_another_role_never_takes_access_away(case: Case, more: Role) -> None:
    before, after = case.decide(), case.by(*case.subject.roles, more).decide()
    assert after.level >= before.level
    assert after.allowed or not before.allowed


@given(cases(), st.data())
def test_a_raised_level_never_takes_access_away(case: Case, data: st.DataObject) -> None:
    assume(case.subject.roles)
    place = data.draw(st.integers(0, len(case.subject.roles) - 1))
    raised = list(case.subject.roles)
    raised[place] = data.draw(_raised(raised[place]))
    before, after = case.decide(), case.by(*raised).decide()
    assert after.level >= before.level
    assert after.allowed or not before.allowed


def _raised(role: Role) -> st.SearchStrategy[Role]:
    """The role with its defaults or one of its entries lifted to a floor."""
    lifted = levels.map(lambda floor: _with_default_of(role, floor))
    if not role.entries:
        return lifted
    return lifted | st.builds(_with_entry_of, st.just(role), st.sampled_from(list(role.entries)), levels)


def _with_default_of(role: Role, floor: Level) -> Role:
    return replace(
        role,
        default=max(role.default or Level.NONE, floor),
        capability_default=max(role.capability_default or Level.NONE, floor),
        workflow_default=max(role.workflow_default or Level.NONE, floor),
    )


def _with_entry_of(role: Role, target: Target, floor: Level) -> Role:
    entry = {action: max(level, floor) for action, level in role.entries[target].items()}
    return replace(role, entries={**role.entries, target: entry})


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_roles_does_not_matter(case: Case, shuffle: Random) -> None:
    mixed = list(case.subject.roles)
    shuffle.shuffle(mixed)
    assert _essence(case.by(*mixed).decide()) == _essence(case.decide())


@given(cases())
def test_a_role_held_twice_counts_once(case: Case) -> None:
    assert _essence(case.by(*case.subject.roles, *case.subject.roles).decide()) == _essence(case.decide())


def _essence(decision: Decision) -> Decision:
    """A decision without the list of what each role said."""
    return replace(decision, roles=())


@given(cases(about=False), maybe_levels)
def test_an_entry_replaces_the_default(case: Case, default: Level | None) -> None:
    listed = [replace(role, entries={case.resource.target: {}, **role.entries}) for role in case.subject.roles]
    changed = [replace(role, default=default, capability_default=default, workflow_default=default) for role in listed]
    assert case.by(*changed).decide() == case.by(*listed).decide()


# Reach ----------------------------------------------------------------------------------------------------------


@given(owned_cases(), parents, st.data())
def test_nothing_reaches_upward_or_sideways(case: Case, above: Mapping[str, str | None], data: st.DataObject) -> None:
    mine = case.subject.customer
    assert mine is not None
    elsewhere = st.sampled_from((None, *sorted(set(CUSTOMERS) - {mine} - descendants(above)[mine])))
    foreign = replace(case, facts=replace(case.facts, chains=chains(above))).about(
        data.draw(st.sampled_from((None, *sorted(set(USERS) - {case.subject.key})))),
        data.draw(elsewhere),
        data.draw(elsewhere),
    )
    decision = foreign.decide()
    assert not decision.allowed or decision.reason is Reason.PUBLIC_ROLE


@given(owned_cases())
def test_whoever_reaches_one_of_a_customers_records_belongs_to_it_or_above(case: Case) -> None:
    match = case.decide().match
    if match is not None and match.path:
        assert match.path[-1] == case.subject.customer
        assert match.path[0] in {case.record.user_customer, case.record.customer}


@given(owned_cases(), st.data())
def test_at_department_level_no_other_customer_opens(case: Case, data: st.DataObject) -> None:
    held = Role("plain", default=Level.DEPARTMENT, workflow_default=Level.DEPARTMENT)
    other = st.sampled_from(sorted(set(CUSTOMERS) - {case.subject.customer}))
    somebody = st.sampled_from(sorted(set(USERS) - {case.subject.key}))
    decision = case.by(held).about(data.draw(somebody), data.draw(other), data.draw(other)).decide()
    assert not decision.allowed


@given(owned_cases())
def test_at_user_level_only_ones_own_records_open(case: Case) -> None:
    mine = case.subject.customer
    held = Role("plain", default=Level.USER, workflow_default=Level.USER)
    decision = case.by(held).about(case.record.user, mine, mine).decide()
    if decision.allowed and decision.level is Level.USER:
        assert decision.match == Match("own")
        assert case.record.user == case.subject.key


@given(cases(subjects=visitors(), of=tuple(("entity", name) for name in OWNED), about=True))
def test_a_visitor_sees_only_what_is_its_own(case: Case) -> None:
    if case.decide().allowed:
        assert case.subject.visitor is not None
        assert _session(case.record) == case.subject.visitor


def _session(record: Record) -> str | None:
    """The session of a record, else of the nearest record above it that has one."""
    row: Record | None = record
    while row is not None and row.visitor is None:
        row = row.parent
    return row.visitor if row is not None else None


@given(cases(subjects=lone_roles, of=tuple(("entity", name) for name in OWNED), about=True))
def test_a_role_alone_owns_nothing(case: Case) -> None:
    assert not case.decide().allowed
    assert case.listed().kind == "nothing"
