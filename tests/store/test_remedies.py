"""Remedies against force: every command that could be run is tried, and what each opens is counted pair by pair.

Worlds are small and random, in a real database; CUSTCTL_STORED_WORLDS and CUSTCTL_SEED as in test_world_answers.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations, islice, product
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from unittest import mock

import pytest

from custctl.app import execute
from custctl.policy.decide import decide, role_verdict
from custctl.policy.model import LEVELS, Level, Resource, Role, Subject, Target
from custctl.store import remedy
from custctl.store.facts import Asker, actions_of
from tests.policy.oracle import Oracle
from tests.policy.worlds import Question, Values, World, generate, questions
from tests.store.loading import asked, empty, load, reading
from tests.store.test_world_answers import unanswerable

WORLDS = int(os.environ.get("CUSTCTL_STORED_WORLDS", "40"))
SEED = int(os.environ.get("CUSTCTL_SEED", "20260101"))
SEEDS = range(SEED, SEED + WORLDS)
BATCHES = [SEEDS[first : first + 10] for first in range(0, WORLDS, 10)]


class Grant(NamedTuple):
    """What `role grant` does; the levels are of one resource."""

    role: str
    target: Target
    levels: tuple[tuple[str, Level], ...]


Command = Grant | str
"""A grant, or the role that is given to the subject."""


@dataclass(frozen=True)
class State:
    """What the roles say and who the subject is after some commands."""

    roles: tuple[Role, ...]
    """Those of the subject, in the question."""
    others: tuple[tuple[str, Role], ...] = ()
    """The raised roles, by key, for everybody else."""
    stored: frozenset[str] = frozenset()
    """The roles that the subject has in the database."""


@dataclass
class Case:
    """One denial, and everything that could be done about it."""

    world: World
    values: Values
    question: Question
    found: dict[str, Any] | None
    opened_before: dict[Any, frozenset[Any]] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return f"seed {self.world.seed}: {self.question}\n  remedy {self.found}"

    # The question

    @cached_property
    def subject(self) -> Subject:
        return self.values.subject(self.question.subject, self.question.with_role, self.question.without_role)

    @cached_property
    def resource(self) -> Resource:
        return self.values.resource(self.question)

    @cached_property
    def start(self) -> State:
        user = self.world.users.get(self.subject.key) if self.subject.kind == "user" else None
        return State(self.subject.roles, (), frozenset(user.roles if user is not None else ()))

    @cached_property
    def chain(self) -> list[tuple[str, Resource]]:
        """The question, and those about the customer of a role and the parents of a row (AM 5.8)."""
        found, left = [], [(self.question.action, self.resource)]
        while left:
            action, resource = left.pop()
            found.append((action, resource))
            record = resource.record if resource.kind == "entity" else None
            if record is not None and record.entity == "customer-user-role" and record.customer and action != "create":
                left.append(("view", self.about(f"customer:{record.customer}")))
            needed = {"view": "view", "create": "edit", "edit": "edit", "delete": "edit"}.get(action)
            if record is not None and record.parent is not None and needed is not None:
                left.append((needed, self.about(record.parent.ref)))
        return found

    def about(self, ref: str) -> Resource:
        record = self.values.record(ref)
        return Resource("entity", record.entity, self.world.entities[record.entity], record)

    def works(self, state: State) -> bool:
        """Whether the answer is yes for a subject whose status is put right as far as commands can."""
        subject = replace(self.subject, roles=state.roles, reset=False, enabled=True, confirmed=True)
        facts = self.values.facts(self.question.ignore_status)
        enabling = self.subject.kind == "user" and not self.subject.enabled and not self.question.ignore_status
        if enabling and not state.stored:
            return False
        return decide(subject, self.question.action, self.resource, facts).allowed and not self.in_use(state)

    def in_use(self, state: State) -> bool:
        """Whether the role that is to be deleted was given to the subject."""
        added = state.stored - self.start.stored
        return self.question.action == "delete" and self.question.record in {
            f"customer-user-role:{key}" for key in added
        }

    # Commands

    def run(self, state: State, command: Command) -> State:
        if isinstance(command, Grant):
            raised = {
                key: self.granted(role, command) for key, role in self.named(state).items() if key == command.role
            }
            roles = tuple(replace(raised.get(role.key, role), assumed=role.assumed) for role in state.roles)
            others = {**dict(state.others), **raised}
            return replace(state, roles=roles, others=tuple(others.items()))
        held = {self.question.without_role, *(role.key for role in state.roles)}
        added = () if command in held else (self.named(state)[command],)
        return replace(state, roles=(*state.roles, *added), stored=state.stored | {command})

    def named(self, state: State) -> dict[str, Role]:
        return {**self.values.roles, **dict(state.others)}

    def granted(self, role: Role, grant: Grant) -> Role:
        """The entry with the levels; of a target that is not listed, with what counted before."""
        entry = role.entries.get(grant.target)
        resource = self.of_target(grant.target)
        if entry is None and grant.target[0] in ("entity", "workflow"):
            entry = {action: role_verdict(role, action, resource).level for action in actions_of(resource)}
        return replace(role, entries={**role.entries, grant.target: {**(entry or {}), **dict(grant.levels)}})

    def of_target(self, target: Target) -> Resource:
        return replace(self.values.resource(Question("", "", target[0], target[1])), record=None)

    def commands(self, state: State) -> Iterator[Command]:
        """Everything that one command could do: one more role, and each wider level of each role."""
        if self.subject.kind == "user":
            yield from (key for key in self.assignable() if key not in state.stored)
        for role in {role.key: role for role in state.roles}.values():
            for target in dict.fromkeys(resource.target for _, resource in self.chain):
                yield from (Grant(role.key, target, levels) for levels in self.levels(role, target))

    def levels(self, role: Role, target: Target) -> Iterator[tuple[tuple[str, Level], ...]]:
        """Everything wider that a grant could say about one or more of the actions in question."""
        resource = self.of_target(target)
        actions = list(dict.fromkeys(action for action, other in self.chain if other.target == target))
        actions = [action for action in actions if action in actions_of(resource)]
        for count in range(1, len(actions) + 1):
            for some in combinations(actions, count):
                every = [self.wider(role, resource, action) for action in some]
                yield from (tuple(zip(some, levels, strict=True)) for levels in product(*every))

    def wider(self, role: Role, resource: Resource, action: str) -> list[Level]:
        every = (Level.FULL,) if resource.entity is None else resource.entity.levels(action, resource.kind)
        return [level for level in every if level > role_verdict(role, action, resource).level]

    def assignable(self) -> list[str]:
        """Predefined roles and those of the own customer, but not the role of visitors (AM 6.3)."""
        roles = self.world.roles.values()
        return [
            role.key
            for role in roles
            if role.customer in (None, self.subject.customer) and role.key != self.world.guest_role
        ]

    def plans(self, count: int) -> Iterator[tuple[Command, ...]]:
        """Every way of so many commands, up to two, that works."""
        if count == 0 and self.works(self.start):
            yield ()
        for first in self.commands(self.start) if count else ():
            after = self.run(self.start, first)
            if count == 1 and self.works(after):
                yield (first,)
            for second in self.commands(after) if count == 2 else ():
                if self.works(self.run(after, second)):
                    yield (first, second)

    def after(self, plan: Iterable[Command]) -> State:
        state = self.start
        for command in plan:
            state = self.run(state, command)
        return state

    # What a plan costs

    def shared(self, plan: Iterable[Command]) -> int:
        """How many commands raise a role that users of other customers hold."""
        if self.subject.kind != "user":
            return 0
        others = [user for user in self.world.users.values() if user.key != self.subject.key]
        foreign = {user.key for user in others if user.customer not in (None, self.subject.customer)}
        theirs = {role for key in foreign for role in self.world.users[key].roles}
        return sum(isinstance(command, Grant) and command.role in theirs for command in plan)

    def opened(self, plan: Iterable[Command]) -> int:
        """The pairs of user and record of which some action is open after, and was not before."""
        state = self.after(plan)
        return sum(
            len({ref for ref, *_ in self.open(subject, after) - self.open(subject, before)})
            for subject, before, after in self.people(state)
        )

    def people(self, state: State) -> Iterator[tuple[Subject, tuple[Role, ...], tuple[Role, ...]]]:
        """Every user with its roles before and after."""
        raised = dict(state.others)
        for user in self.world.users.values():
            subject = self.values.subject(f"user:{user.key}")
            if self.subject.kind == "user" and user.key == self.subject.key:
                yield subject, self.start.roles, state.roles
            elif raised.keys() & set(user.roles):
                yield subject, subject.roles, tuple(raised.get(role.key, role) for role in subject.roles)

    def open(self, subject: Subject, roles: tuple[Role, ...]) -> frozenset[tuple[str, str, str]]:
        """What these roles open to a user, record by record: signing in and vetoes do not count."""
        key = (subject.key, *((role.key, id(role)) for role in roles))
        if key not in self.opened_before:
            self.opened_before[key] = frozenset(self._open(replace(subject, roles=roles)))
            self.kept.append(roles)
        return self.opened_before[key]

    kept: list[tuple[Role, ...]] = field(default_factory=list)
    """Roles whose ids are keys."""

    def _open(self, subject: Subject) -> Iterator[tuple[str, str, str]]:
        facts = self.values.facts(ignore_status=True)
        for ref in self.world.records:
            entity = self.about(ref)
            more = [] if self.resource.kind == "entity" or self.resource.entity != entity.entity else [self.resource]
            for resource in (entity, *(replace(one, record=entity.record) for one in more)):
                for action in actions_of(resource):
                    decision = decide(subject, action, resource, facts)
                    if decision.allowed or decision.vetoes:
                        yield ref, resource.kind, action

    def rise(self, plan: Iterable[Command]) -> int:
        """By how many levels the subject is raised in the question and those it depends on."""
        state = self.after(plan)
        chain = {(action, resource.target): resource for action, resource in self.chain}
        return sum(
            widest(state.roles, action, resource) - widest(self.start.roles, action, resource)
            for (action, _), resource in chain.items()
        )

    def gainers(self, plan: Iterable[Command]) -> list[Subject]:
        """The other users who get more of the question, or of those it depends on."""
        return [
            subject
            for subject, before, after in self.people(self.after(plan))
            if subject.key != self.subject.key or self.subject.kind != "user"
            if any(
                widest(after, action, self.of_target(target)) > widest(before, action, self.of_target(target))
                for target in {resource.target for _, resource in self.chain}
                for action in actions_of(self.of_target(target))
            )
        ]

    # What was found

    @cached_property
    def told(self) -> tuple[Command, ...]:
        """The remedy as commands, those that only let the user sign in left out."""
        assert self.found is not None
        lines = [shlex.split(command)[1:] for command in self.found["commands"]]
        return tuple(command for line in lines if (command := self.read(line)) is not None)

    def read(self, words: list[str]) -> Command | None:
        if words[:3] == ["user", "role", "add"]:
            assert words[3:-1] == [self.subject.key]
            return words[4]
        if words[:2] != ["role", "grant"]:
            assert words[:2] in (["user", "edit"], ["user", "enable"]), words
            assert words[2] == self.subject.key
            return None
        kind, _, name = words[3].rpartition(":")
        pairs = [word.split("=") for word in words[4:]]
        target: Target = (kind or ("field" if "." in name else "entity"), name)  # type: ignore[assignment]  # as read
        return Grant(words[2], target, tuple((action, {"on": Level.FULL, **LEVELS}[level]) for action, level in pairs))


def widest(roles: Iterable[Role], action: str, resource: Resource) -> Level:
    return max((role_verdict(role, action, resource).level for role in roles), default=Level.NONE)


# The tests ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=BATCHES, ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")
def cases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Case, Path]]:
    folder = tmp_path_factory.mktemp("remedies")
    start = empty(folder / "empty.db")
    worlds = [poorer(generate(seed, loadable=True)) for seed in request.param]
    return [case for world in worlds for case in denials(world, load(world, folder / f"{world.seed}.db", start))]


def poorer(world: World) -> World:
    """The world with roles that mostly keep silent, every second time; so more than one no stands in the way."""
    rng = Random(world.seed)
    if world.seed % 2:
        return world
    roles = {
        role.key: replace(
            role,
            default=role.default if rng.random() < 0.1 else None,
            permissions={name: entry for name, entry in role.permissions.items() if rng.random() < 0.4},
        )
        for role in world.roles.values()
    }
    return replace(world, roles=roles)


def denials(world: World, path: Path) -> Iterator[tuple[Case, Path]]:
    """Some denials of a world: of guarded records, and of every reason that there is."""
    oracle, values = Oracle(world), Values(world)
    denied = (question for question in guarded(world) if not oracle.answer(question).allowed)
    chosen, seen = dict.fromkeys(islice(denied, 5)), dict[str, int]()
    for question in questions(world, 100):
        answer = oracle.answer(question)
        if not answer.allowed and not unanswerable(question) and seen.get(answer.reason, 0) < 2:
            seen[answer.reason] = seen.get(answer.reason, 0) + 1
            chosen[question] = None
    with reading(path) as connection:
        asker = Asker(connection)
        for question in chosen:
            put = asked(world, question)
            yield Case(world, values, question, remedy.nearest(asker, put, asker.load(put))), path


def guarded(world: World) -> Iterator[Question]:
    """Questions about rows below others and roles of customers, where more than one no can stand in the way."""
    rng = Random(world.seed)
    rows = [
        row for row in world.records.values() if row.parent or (row.entity == "customer-user-role" and row.customer)
    ]
    users = [user.key for user in world.users.values() if user.customer is not None]
    for row in rng.choices(rows, k=60 if rows and users else 0):
        action, user = rng.choice(("view", "edit", "delete")), f"user:{rng.choice(users)}"
        if action in world.entities[row.entity].permissions:
            yield Question(user, action, "entity", row.entity, row.ref, ignore_status=rng.random() < 0.8)


def test_a_remedy_makes_the_answer_yes_when_its_commands_are_run(
    cases: list[tuple[Case, Path]], tmp_path: Path
) -> None:
    for case, path in cases:
        if case.found is not None:
            copy = Path(shutil.copy(path, tmp_path / "copy.db"))
            for command in case.found["commands"]:
                assert run(copy, command) == 0, case
            with reading(copy) as connection:
                assert Asker(connection).ask(asked(case.world, case.question)).allowed, case


def test_where_there_is_no_remedy_no_one_or_two_commands_help(cases: list[tuple[Case, Path]]) -> None:
    for case, _ in cases:
        if case.found is None:
            helping = [plan for count in (0, 1, 2) for plan in case.plans(count)]
            assert not helping, f"{case}\n  but {helping[:3]}"


def test_no_smaller_remedy_works(cases: list[tuple[Case, Path]]) -> None:
    for case, _ in cases:
        if case.found is not None and len(case.told) <= 2:
            fewer = [plan for count in range(len(case.told)) for plan in case.plans(count)]
            assert not fewer, f"{case}\n  but {fewer[:3]}"
            alike = list(case.plans(len(case.told)))
            assert alike, case
            best = min(alike, key=lambda plan: cost(case, plan))
            assert cost(case, case.told) == cost(case, best), f"{case}\n  but {best}"


def test_a_remedy_tells_how_many_others_gain_by_it(cases: list[tuple[Case, Path]]) -> None:
    for case, _ in cases:
        if case.found is not None:
            gainers = case.gainers(case.told)
            customers = {user.customer for user in gainers} - {None}
            assert case.found["also_affects"] == {"users": len(gainers), "customers": len(customers)}, case


def test_the_worlds_need_every_kind_of_remedy(tmp_path: Path) -> None:
    start = empty(tmp_path / "empty.db")
    worlds = [poorer(generate(seed, loadable=True)) for seed in range(20260101, 20260131)]
    kinds = {
        kind(case) for world in worlds for case, _ in denials(world, load(world, tmp_path / f"{world.seed}.db", start))
    }
    assert kinds >= {"none", "", "role", "grant", "role grant", "grant grant"}


def cost(case: Case, plan: tuple[Command, ...]) -> tuple[int, int, int]:
    return case.shared(plan), case.opened(plan), case.rise(plan)


def kind(case: Case) -> str:
    if case.found is None:
        return "none"
    return " ".join("grant" if isinstance(command, Grant) else "role" for command in case.told)


def run(database: Path, command: str) -> int:
    """A command line for real, on a database of its own."""
    environment = {"CUSTCTL_DB": str(database), "HOME": str(database.parent), "PATH": os.environ["PATH"]}
    out = io.StringIO()
    with mock.patch.dict(os.environ, environment, clear=True), contextlib.redirect_stdout(out):
        return execute(shlex.split(command)[1:])
