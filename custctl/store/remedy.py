"""The nearest remedy of a denial: what to run so that the answer becomes yes, and whom else that affects.

Fewest commands first; among those a role that other customers use is not raised while another role would do; then
fewest other pairs of user and record that open; then the smallest rise of levels. Every remedy is tried on the
policy before it is told; where no command helps there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice, product, takewhile
from typing import TYPE_CHECKING, Any

from custctl import shell
from custctl.policy.decide import applies, decide, guards, public_role, reach, role_verdict, sign_in
from custctl.policy.model import Facts, Level, Resource, Role, Subject, Target
from custctl.resources import ROLE
from custctl.store import lookup
from custctl.store.exposure import Exposure, Grant, Plan, level_of
from custctl.store.facts import targets_of
from custctl.store.sight import Showing

if TYPE_CHECKING:
    from custctl.store.facts import Asker, Loaded, Question

MOST_ROLES = 200
"""How many assignable roles are tried; a shop has a handful, a generated one may have more."""
MOST_TOGETHER = 40
"""How many of them are tried together with others."""
MOST_PLANS = 1_000
"""How many plans of the fewest commands are compared."""


@dataclass(frozen=True, slots=True)
class Need:
    """A question that must be answered yes, and the lowest level at which it is."""

    action: str
    resource: Resource
    level: Level


def nearest(asker: Asker, question: Question, loaded: Loaded) -> dict[str, Any] | None:
    """The remedy of a denial (contract: explain), None when no command would help."""
    showing = Showing([], 0, 0)
    sight = asker.sight(loaded.resource)
    if loaded.facts.hidden and sight is not None:
        showing = sight.showing(loaded.subject)
        loaded = replace(loaded, facts=replace(loaded.facts, hidden=False))
    unlocking = [] if question.ignore_status else _unlocking(loaded.subject)
    needs = _needs(loaded)
    if unlocking is None or needs is None:
        return None
    enabling = bool(unlocking) and not loaded.subject.enabled
    plans = _plans(asker, question, loaded, needs, enabling=enabling)
    if not plans or not _helps(plans[0], loaded):
        return None
    exposure = Exposure(asker, loaded.subject, loaded.resource)
    plan = _smallest(plans, exposure, loaded.subject, needs)
    users, customers = exposure.gaining(plan)
    return {
        "commands": [*showing.commands, *_commands(plan, loaded.subject), *unlocking],
        "also_affects": {"users": users + showing.users, "customers": customers + showing.customers},
    }


# -- what must be ------------------------------------------------------------------------------------------------


def _unlocking(subject: Subject) -> list[str] | None:
    """The commands that let the user sign in, to be run after roles are given; None when there are none.

    A guest is not a person who can sign in, and which customer a user should belong to nobody can guess.
    """
    if subject.kind != "user":
        return []
    if sign_in(replace(subject, reset=False, enabled=True, confirmed=True)) is not None:
        return None
    change = shell.command(
        "user edit", subject.key, auth_status="active" if subject.reset else None, confirmed=not subject.confirmed
    )
    edit = [change] if subject.reset or not subject.confirmed else []
    return edit if subject.enabled else [*edit, shell.command("user enable", subject.key)]


def _needs(loaded: Loaded) -> list[Need] | None:
    """The questions that the roles must answer yes; None when one of them has no yes."""
    needs: list[Need] = []
    for action, resource in _questions(loaded.action, loaded.resource, loaded.facts):
        if applies(action, resource):
            levels = (level for level in Level if _answers(level, loaded.subject, action, resource, loaded.facts))
            needs.append(Need(action, resource, next(levels)))
        elif resource.entity is None or resource.entity.protected or action != "view":
            return None
    return needs


def _questions(action: str, resource: Resource, facts: Facts) -> Iterator[tuple[str, Resource]]:
    """The question itself, and those that its record depends on."""
    yield action, resource
    if resource.kind == "entity" and resource.record is not None:
        for _, needed, guard in guards(action, resource.record, facts):
            yield from _questions(needed, guard, facts)


def _answers(level: Level, subject: Subject, action: str, resource: Resource, facts: Facts) -> bool:
    """Whether a level says yes, vetoes apart; full always does."""
    if level is Level.NONE:
        return False
    if resource.record is None or resource.entity is None or public_role(subject, action, resource):
        return True
    return reach(level, subject, resource.record, resource.entity, facts) is not None


def _missing(needs: Iterable[Need], roles: Sequence[Role]) -> list[Need]:
    """The needs that the roles do not answer."""
    return [need for need in needs if level_of(roles, need.action, need.resource) < need.level]


def _by_target(needs: Iterable[Need]) -> dict[Target, list[Need]]:
    """Needs by what one `role grant` can speak about."""
    found: dict[Target, list[Need]] = {}
    for need in needs:
        found.setdefault(need.resource.target, []).append(need)
    return found


# -- what could be done ------------------------------------------------------------------------------------------


def _plans(asker: Asker, question: Question, loaded: Loaded, needs: Sequence[Need], *, enabling: bool) -> list[Plan]:
    """The plans of the fewest commands; each role that is given is a command of its own."""
    held = loaded.subject.roles
    found: dict[int, list[tuple[Role, ...]]] = {}
    for given in _gifts(asker, question, loaded, needs, enabling=enabling):
        grants = _by_target(_missing(needs, (*held, *given)))
        found.setdefault(len(given) + len(grants), []).append(given)
    plans = (
        Plan(given, grants)
        for count in sorted(found)
        for given in found[count]
        for grants in _grants((*held, *given), _missing(needs, (*held, *given)))
    )
    first = next(plans, None)
    return [] if first is None else [first, *islice(_as_few(plans, first), MOST_PLANS)]


def _as_few(plans: Iterable[Plan], first: Plan) -> Iterator[Plan]:
    return takewhile(lambda plan: _size(plan) == _size(first), plans)


def _size(plan: Plan) -> int:
    """How many commands a plan takes."""
    return len(plan.added) + len(plan.grants)


def _gifts(
    asker: Asker, question: Question, loaded: Loaded, needs: Sequence[Need], *, enabling: bool
) -> Iterator[tuple[Role, ...]]:
    """The sets of roles to give: none, single ones, and those of which each answers what the others do not.

    A user without any must get one, whichever, to be raised or to be enabled at all.
    """
    subject = loaded.subject
    missing = _missing(needs, subject.roles)
    stored = {role.key for role in _stored(asker, subject)}
    must = subject.kind == "user" and ((missing and not subject.roles) or (enabling and not stored))
    if not must:
        yield ()
    if subject.kind == "user":
        gone = {lookup.require(asker.connection, ROLE, key)[1] for key in question.without_roles}
        roles = asker.assignable(subject.customer, targets_of(loaded.resource), MOST_ROLES)
        free = [role for role in roles if role.key not in stored | gone and not _is_deleted(role, loaded)]
        yield from _sets(free, missing, any_one=bool(must))


def _is_deleted(role: Role, loaded: Loaded) -> bool:
    """Whether the question is about deleting this role; given to somebody it could not go."""
    record = loaded.resource.record
    return loaded.action == "delete" and record is not None and record.ref == f"role:{role.key}"


def _sets(roles: Sequence[Role], missing: Sequence[Need], *, any_one: bool) -> Iterator[tuple[Role, ...]]:
    """Single roles that answer something, then several where each adds to the others."""
    answers = [(role, _answered(role, missing)) for role in roles]
    yield from ((role,) for role, answered in answers if any_one or answered)
    useful = [pair for pair in answers if pair[1]][:MOST_TOGETHER]
    for size in range(2, len(_by_target(missing)) + 1):
        for chosen in combinations(useful, size):
            together = [place for _, answered in chosen for place in answered]
            if all(any(together.count(place) == 1 for place in answered) for _, answered in chosen):
                yield tuple(role for role, _ in chosen)


def _answered(role: Role, missing: Sequence[Need]) -> set[int]:
    """The places of the needs that a role answers by itself."""
    return {
        place
        for place, need in enumerate(missing)
        if role_verdict(role, need.action, need.resource).level >= need.level
    }


def _grants(roles: Sequence[Role], missing: Iterable[Need]) -> Iterator[tuple[Grant, ...]]:
    """Every way to raise roles so that they answer the needs, each target by one role; none where nothing can."""
    choices = []
    for needs in _by_target(missing).values():
        levels = _levels(needs)
        choices.append([] if levels is None else [Grant(role.key, needs[0].resource, levels) for role in roles])
    yield from product(*choices)


def _levels(needs: Iterable[Need]) -> dict[str, Level] | None:
    """The lowest levels of an entry that answer needs of one target; None when an entry cannot hold them."""
    levels: dict[str, Level] = {}
    for need in needs:
        entity = need.resource.entity
        every = (Level.FULL,) if entity is None else entity.levels(need.action, need.resource.kind)
        fitting = [level for level in every if level >= max(need.level, levels.get(need.action, need.level))]
        if not fitting:
            return None
        levels[need.action] = fitting[0]
    return levels


# -- which is best -----------------------------------------------------------------------------------------------


def _smallest(plans: Sequence[Plan], exposure: Exposure, subject: Subject, needs: Sequence[Need]) -> Plan:
    """The best of plans that take equally many commands."""
    shared = [sum(exposure.is_shared(grant.role) for grant in plan.grants) for plan in plans]
    best = [plan for plan, count in zip(plans, shared, strict=True) if count == min(shared)]
    if len(best) == 1:
        return best[0]

    def cost(plan: Plan) -> tuple[float, int, tuple[int, int], list[str]]:
        return exposure.opened(plan), _rise(plan, subject, needs), exposure.gaining(plan), _commands(plan, subject)

    return min(best, key=cost)


def _rise(plan: Plan, subject: Subject, needs: Iterable[Need]) -> int:
    """By how many levels the subject is raised in what was asked, and in what that depends on."""
    after = plan.roles(subject.roles)
    actions = {(need.action, need.resource.target): need for need in needs}.values()
    return sum(
        level_of(after, need.action, need.resource) - level_of(subject.roles, need.action, need.resource)
        for need in actions
    )


def _helps(plan: Plan, loaded: Loaded) -> bool:
    """Whether the answer is yes after the plan, for a user who can sign in; a state that forbids it stays."""
    subject = replace(loaded.subject, roles=plan.roles(loaded.subject.roles))
    able = replace(subject, reset=False, enabled=True, confirmed=True)
    return decide(able, loaded.action, loaded.resource, loaded.facts).allowed


def _commands(plan: Plan, subject: Subject) -> list[str]:
    """The command lines of a plan."""
    given = (shell.command("user role add", subject.key, role.key) for role in plan.added)
    return [*given, *(_grant_command(grant) for grant in plan.grants)]


def _grant_command(grant: Grant) -> str:
    resource = grant.resource
    named = resource.kind in ("capability", "workflow")
    word = f"{resource.kind}:{resource.name}" if named else resource.name
    levels = (
        f"{action}={'on' if resource.kind == 'capability' else level.word}" for action, level in grant.levels.items()
    )
    return shell.command("role grant", grant.role, word, *levels)


def _stored(asker: Asker, subject: Subject) -> tuple[Role, ...]:
    """The roles that the user has, whatever was supposed."""
    return asker.subject(f"user:{subject.key}", ()).roles if subject.kind == "user" else ()
