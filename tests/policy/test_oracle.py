"""The policy against the oracle, on many random worlds.

CUSTCTL_WORLDS says how many, CUSTCTL_SEED the seed of the first; each further world has the next seed. A mismatch
names its seed, and `CUSTCTL_SEED=… CUSTCTL_WORLDS=1` replays that world alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from custctl.policy.catalogue import CAPABILITIES, FIELD_ACTIONS, WORKFLOW_ACTIONS, WORKFLOWS
from custctl.policy.decide import decide, role_verdict, scope
from custctl.policy.model import Decision, Level, Match, Reason, Resource, Scope
from tests.policy.oracle import Answer, Oracle
from tests.policy.worlds import Question, Values, World, chains, generate, questions

WORLDS = int(os.environ.get("CUSTCTL_WORLDS", "500"))
SEED = int(os.environ.get("CUSTCTL_SEED", "20260101"))
QUESTIONS = 100
SHOWN = 5

SEEDS = range(SEED, SEED + WORLDS)
BATCHES = [SEEDS[first : first + 50] for first in range(0, WORLDS, 50)]
"""Worlds of one test, so that several processes can share them."""
MATRIX_SEEDS = SEEDS[::20]
"""A matrix has some two hundred cells a subject, so only one world in so many is asked for all of them."""
SURVEY = range(SEED, SEED + 200)
"""Worlds that must reach every outcome, even where a single one is replayed."""

EVERY_RULE = {"own", "owner-customer", "customer", "ownerless", "visitor"}
EVERY_SCOPE = {"nothing", "own", "all", "visitor", "customers/customer", "customers/owner", "customers/storefront"}

each_batch = pytest.mark.parametrize("seeds", BATCHES, ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")


@pytest.fixture(scope="module", autouse=True)
def _seed_is_told() -> Iterator[None]:
    yield
    sys.stdout.write(f"\nCUSTCTL_SEED={SEED} CUSTCTL_WORLDS={WORLDS}\n")


@each_batch
def test_every_decision_is_the_oracles(seeds: range) -> None:
    mismatches = [mismatch for seed in seeds for mismatch in _wrong_decisions(generate(seed))]
    assert not mismatches, _report(mismatches)


@each_batch
def test_every_list_shows_what_the_oracle_shows(seeds: range) -> None:
    mismatches = [mismatch for seed in seeds for mismatch in _wrong_lists(generate(seed))]
    assert not mismatches, _report(mismatches)


def test_a_class_question_says_what_the_cell_of_the_matrix_says() -> None:
    mismatches = [mismatch for seed in MATRIX_SEEDS for mismatch in _wrong_cells(generate(seed))]
    assert not mismatches, _report(mismatches)


def test_the_worlds_reach_every_reason_and_every_rule_of_ownership() -> None:
    """Visibility apart, which has its own random shops."""
    decisions = [decision for seed in SURVEY for decision in _decisions(generate(seed))]
    assert {decision.reason for decision in decisions} == {*Reason} - {Reason.HIDDEN}, f"survey from {SEED}"
    assert {decision.match.rule for decision in decisions if decision.match} == EVERY_RULE, f"survey from {SEED}"
    assert {decision.allowed for decision in decisions if decision.match} == {True, False}, f"survey from {SEED}"


def test_the_worlds_reach_every_kind_of_list() -> None:
    kinds = {_kind(seen) for seed in SURVEY for _, _, seen in _scopes(Values(generate(seed)))}
    assert kinds == EVERY_SCOPE, f"survey from {SEED}"


def test_a_seed_makes_the_same_world_and_the_same_questions_again() -> None:
    world = generate(SEED)
    assert generate(SEED) == world
    assert questions(generate(SEED), QUESTIONS) == questions(world, QUESTIONS)


def test_a_loadable_world_holds_nothing_a_document_may_not_say() -> None:
    for seed in SURVEY:
        world = generate(seed, loadable=True)
        assert all(world.customers[chain[-1]] is None for chain in chains(world.customers).values()), "a cycle"
        assert world.roles[world.default_role].customer is world.roles[world.guest_role].customer is None
        for user in world.users.values():
            assert user.roles or not user.enabled
            assert {world.roles[role].customer for role in user.roles} <= {None, user.customer}


# Decisions ------------------------------------------------------------------------------------------------------


def _wrong_decisions(world: World) -> Iterator[str]:
    values, oracle = Values(world), Oracle(world)
    for question in questions(world, QUESTIONS):
        decision, expected = _decide(values, question), oracle.answer(question)
        if _answer(decision) != expected:
            yield f"seed {world.seed}: {question}\n  policy {decision}\n  oracle {expected}"
        elif not _well_founded(decision.match, question, values):
            yield f"seed {world.seed}: {question}\n  a path that is none: {decision.match}"


def _decisions(world: World) -> Iterator[Decision]:
    values = Values(world)
    return (_decide(values, question) for question in questions(world, QUESTIONS))


def _decide(values: Values, question: Question) -> Decision:
    subject = values.subject(question.subject, question.with_role, question.without_role)
    return decide(subject, question.action, values.resource(question), values.facts(question.ignore_status))


def _answer(decision: Decision) -> Answer:
    """A decision in the oracle's words."""
    return Answer(
        decision.allowed,
        decision.level.word,
        decision.reason.value,
        tuple((verdict.role, verdict.source, verdict.level.word) for verdict in decision.roles),
        decision.match.rule if decision.match is not None else None,
        tuple((veto.reason.value, veto.record) for veto in decision.vetoes),
    )


def _well_founded(match: Match | None, question: Question, values: Values) -> bool:
    """Whether a path goes step by step from a customer of the record up to the subject's own."""
    if match is None or match.rule not in {"owner-customer", "customer"}:
        return match is None or match.path == ()
    assert question.record is not None
    record, parents = values.record(question.record), values.world.customers
    first = record.user_customer if match.rule == "owner-customer" else record.customer
    steps = zip(match.path, match.path[1:], strict=False)
    return (
        match.path[0] == first
        and match.path[-1] == values.subject(question.subject).customer
        and all(parents[lower] == upper for lower, upper in steps)
    )


# Lists ----------------------------------------------------------------------------------------------------------


def _wrong_lists(world: World) -> Iterator[str]:
    values, oracle = Values(world), Oracle(world)
    for question, entity, seen in _scopes(values):
        listed = values.listed(seen, entity)
        expected = oracle.listed(question.subject, entity, ignore_status=question.ignore_status)
        if listed != expected:
            yield f"seed {world.seed}: {question}\n  {seen}\n  shows {set(listed)}\n  not {set(expected)}"
        elif seen.kind != "all" and (closed := _out_of_reach(values, question, listed)):
            yield f"seed {world.seed}: {question}\n  {seen}\n  but the same question about one says no: {closed}"


def _scopes(values: Values) -> Iterator[tuple[Question, str, Scope]]:
    """What each subject sees of each entity; for half of them their status and the features are ignored."""
    for place, subject in enumerate(values.world.subjects):
        ignore = (values.world.seed + place) % 2 == 0
        for name, entity in values.world.entities.items():
            question = Question(subject, "view", "entity", name, ignore_status=ignore)
            yield question, name, scope(values.subject(subject), entity, "view", values.facts(ignore))


def _out_of_reach(values: Values, question: Question, listed: frozenset[str]) -> list[str]:
    """Records of a list that the question about one would not reach; a veto is no matter of reach."""
    asked = {
        ref: _decide(values, Question(question.subject, "view", "entity", question.name, ref, question.ignore_status))
        for ref in listed
    }
    return [ref for ref, decision in asked.items() if not decision.allowed and not decision.vetoes]


def _kind(seen: Scope) -> str:
    if seen.kind != "customers":
        return seen.kind
    return f"customers/{'storefront' if seen.storefront else seen.by}"


# The matrix -----------------------------------------------------------------------------------------------------


def _wrong_cells(world: World) -> Iterator[str]:
    """Cells where the level, the class question and the oracle are not of one mind."""
    values, oracle = Values(world), Oracle(world)
    for ref in world.subjects:
        subject = values.subject(ref)
        for resource, action in _cells(world):
            cell = max((role_verdict(role, action, resource).level for role in subject.roles), default=Level.NONE)
            decision = decide(subject, action, resource, values.facts(ignore_status=True))
            answer = oracle.answer(Question(ref, action, resource.kind, resource.name, ignore_status=True))
            yes = cell > Level.NONE or decision.reason is Reason.UNPROTECTED
            if (decision.level, decision.allowed, answer.level) != (cell, yes, cell.word):
                yield f"seed {world.seed}: {ref} {action} {resource.name}\n  {cell!r}\n  {decision}\n  {answer}"


def _cells(world: World) -> Iterator[tuple[Resource, str]]:
    """Every cell of a matrix: what there is, and each of its permissions."""
    for entity in world.entities.values():
        yield from ((Resource("entity", entity.name, entity), action) for action in entity.permissions)
    yield from ((Resource("capability", name), "use") for name in CAPABILITIES)
    for name, of in WORKFLOWS.items():
        yield from ((Resource("workflow", name, world.entities[of]), action) for action in WORKFLOW_ACTIONS)
    for name in world.fields:
        entity = world.entities[name.partition(".")[0]]
        yield from ((Resource("field", name, entity), action) for action in FIELD_ACTIONS)


def _report(mismatches: list[str]) -> str:
    return "\n".join([f"{len(mismatches)} mismatches, the first ones:", *mismatches[:SHOWN]])
