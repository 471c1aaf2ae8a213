"""The nearest remedy of a denial: what to run so that the answer becomes yes, and whom else that affects.

Fewest commands first, then fewest other pairs of user and record that open, then the smallest rise of a level.
A role that other customers use is not raised while another role would do. Every remedy is tried on the policy
before it is told; where no command helps there is none.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from custctl.policy.decide import decide, reach, role_verdict, sign_in
from custctl.policy.model import Decision, Facts, Level, Reason, Resource, Role, Subject
from custctl.store import exposure
from custctl.store.facts import targets_of

if TYPE_CHECKING:
    from custctl.store.facts import Asker, Loaded, Question

MOST_STEPS = 3
MOST_ROLES = 200
"""How many assignable roles are tried; a shop has a handful, a generated one may have more."""

_BY_ROLES = frozenset({Reason.NO_ROLE, Reason.NO_ENTRY, Reason.EXPLICIT_NONE, Reason.OUT_OF_REACH, Reason.FIELD_CLOSED})
_SIGN_IN_COMMANDS = {
    Reason.RESET: ("edit", "{}", "--auth-status", "active"),
    Reason.DISABLED: ("enable", "{}"),
    Reason.UNCONFIRMED: ("edit", "{}", "--confirmed"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One command, and what it changes: a role gets a level, or the subject another role."""

    words: tuple[str, ...]
    role: str
    resource: Resource | None = None
    action: str = ""
    level: Level = Level.NONE


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps that lead from the subject as it is to `subject`."""

    subject: Subject
    steps: tuple[Step, ...] = ()

    def then(self, step: Step, subject: Subject) -> Plan:
        return Plan(subject, (*self.steps, step))


def nearest(asker: Asker, question: Question, loaded: Loaded, decision: Decision) -> dict[str, Any] | None:
    """The remedy of a denial (contract: explain), None when no command would help."""
    unlocking, subject = ([], loaded.subject) if question.ignore_status else _unlock(loaded.subject)
    if subject is None:
        return None
    asked = replace(loaded, subject=subject)
    plan = _cheapest(asker, asked, decision)
    if plan is None:
        return None
    users, customers = exposure.gaining(asker, loaded.subject, plan.steps)
    commands = [*unlocking, *(("custctl", *step.words) for step in plan.steps)]
    return {
        "commands": [shlex.join(words) for words in commands],
        "also_affects": {"users": users, "customers": customers},
    }


def _unlock(subject: Subject) -> tuple[list[tuple[str, ...]], Subject | None]:
    """The commands that let the user sign in, and the user after them; None when no command does.

    A guest is not a person who can sign in, and which customer a user should belong to nobody can guess.
    """
    commands: list[tuple[str, ...]] = []
    while (refused := sign_in(subject)) is not None:
        if refused not in _SIGN_IN_COMMANDS:
            return [], None
        words = (word.replace("{}", subject.key) for word in _SIGN_IN_COMMANDS[refused])
        commands.append(("custctl", "user", *words))
        if refused is Reason.RESET:
            subject = replace(subject, reset=False)
        elif refused is Reason.DISABLED:
            subject = replace(subject, enabled=True)
        else:
            subject = replace(subject, confirmed=True)
    return commands, subject


def _cheapest(asker: Asker, asked: Loaded, decision: Decision) -> Plan | None:
    """The best plan by roles; the empty one when signing in was all that was missing."""
    if _answer(asked.subject, asked).allowed:
        return Plan(asked.subject)
    if decision.reason is Reason.NOT_APPLICABLE:
        return None
    for shared in (False, True):
        plans = [Plan(asked.subject)]
        for _ in range(MOST_STEPS):
            plans = [longer for plan in plans for longer in _longer(asker, asked, plan, shared=shared)]
            done = [plan for plan in plans if _answer(plan.subject, asked).allowed]
            if done:
                return _best(asker, asked, done)
    return None


def _best(asker: Asker, asked: Loaded, plans: Sequence[Plan]) -> Plan:
    if len(plans) == 1:
        return plans[0]
    before = _answer(asked.subject, asked).level

    def cost(plan: Plan) -> tuple[float, int, list[tuple[str, ...]]]:
        rise = _answer(plan.subject, asked).level - before
        opened = exposure.opened(asker, asked.subject, plan.steps)
        return opened, rise, [step.words for step in plan.steps]

    return min(plans, key=cost)


def _answer(subject: Subject, asked: Loaded) -> Decision:
    return decide(subject, asked.action, asked.resource, asked.facts)


def _longer(asker: Asker, asked: Loaded, plan: Plan, *, shared: bool) -> Iterator[Plan]:
    """The plans with one step more, each of which moves what stands in the way."""
    blocked = _blocked(_answer(plan.subject, asked), asked)
    if blocked is None:
        return
    action, resource = blocked
    for role in plan.subject.roles:
        if shared or not exposure.is_shared(asker, role.key, asked.subject):
            yield from _raised(plan, role, action, resource, asked.facts)
    if asked.subject.kind == "user":
        yield from _assigned(asker, asked, plan, action, resource)


def _blocked(answer: Decision, asked: Loaded) -> tuple[str, Resource] | None:
    """The question whose no makes the answer no, as far as roles can change it."""
    record = asked.resource.record
    if answer.reason in _BY_ROLES:
        return asked.action, asked.resource
    if len(answer.vetoes) != 1:
        return None
    if answer.reason is Reason.CUSTOMER_NOT_VISIBLE and record is not None:
        entity = asked.facts.entities["customer"]
        owner = replace(record, ref="", entity="customer", role=None, parent=None, user=None, user_customer=None)
        return "view", Resource("entity", "customer", entity, owner)
    return _blocked_parent(asked) if answer.reason is Reason.PARENT_DENIED else None


def _blocked_parent(asked: Loaded) -> tuple[str, Resource] | None:
    record = asked.resource.record
    if record is None or record.parent is None:
        return None
    action = "view" if asked.action == "view" else "edit"
    parent = Resource("entity", record.parent.entity, asked.facts.entities[record.parent.entity], record.parent)
    return action, parent


def _raised(plan: Plan, role: Role, action: str, resource: Resource, facts: Facts) -> Iterator[Plan]:
    """The plan with a role of the subject raised to the lowest level that covers the record."""
    for level in _levels_above(role, action, resource):
        raised = _with_level(role, action, resource, level)
        roles = tuple(raised if held.key == role.key else held for held in plan.subject.roles)
        subject = replace(plan.subject, roles=roles)
        if not _covers(subject, resource, level, facts):
            continue
        setting = "on" if resource.kind == "capability" else level.word
        words = ("role", "grant", role.key, _resource_word(resource), f"{action}={setting}")
        yield plan.then(Step(words, role.key, resource, action, level), subject)
        return


def _assigned(asker: Asker, asked: Loaded, plan: Plan, action: str, resource: Resource) -> Iterator[Plan]:
    """The plan with one more role for the subject, for every role that may be given and covers the record."""
    held = {role.key for role in plan.subject.roles}
    for role in asker.assignable(asked.subject.customer, targets_of(asked.resource), MOST_ROLES):
        if role.key in held:
            continue
        level = role_verdict(role, action, resource).level
        subject = replace(plan.subject, roles=(*plan.subject.roles, role))
        if _covers(subject, resource, level, asked.facts):
            words = ("user", "role", "add", plan.subject.key, role.key)
            yield plan.then(Step(words, role.key), subject)


def _covers(subject: Subject, resource: Resource, level: Level, facts: Facts) -> bool:
    """Whether a level of this subject answers the question yes, vetoes apart."""
    if level is Level.NONE:
        return False
    if resource.record is None or resource.entity is None:
        return True
    return reach(level, subject, resource.record, resource.entity, facts) is not None


def _levels_above(role: Role, action: str, resource: Resource) -> list[Level]:
    """The levels an entry could hold that are wider than what the role gives."""
    now = role_verdict(role, action, resource).level
    every = (
        (Level.NONE, Level.FULL)
        if resource.kind == "capability" or resource.entity is None
        else resource.entity.levels(action, resource.kind)
    )
    return [level for level in every if level > now]


def _with_level(role: Role, action: str, resource: Resource, level: Level) -> Role:
    """The role after the grant: its entry, or what its default gave, with the action at the level."""
    entry = dict(role.entries.get(resource.target) or {})
    if not entry and resource.entity is not None and resource.kind != "field":
        actions = resource.entity.permissions if resource.kind == "entity" else ("view", "perform")
        entry = {other: role_verdict(role, other, resource).level for other in actions}
    return replace(role, entries={**role.entries, resource.target: {**entry, action: level}})


def _resource_word(resource: Resource) -> str:
    """The resource as `role grant` takes it."""
    return f"{resource.kind}:{resource.name}" if resource.kind in ("capability", "workflow") else resource.name
