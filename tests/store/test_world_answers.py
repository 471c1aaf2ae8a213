"""The store against the oracle: random worlds in a real database, asked by every way of asking.

CUSTCTL_STORED_WORLDS says how many, CUSTCTL_SEED the seed of the first; a mismatch names its seed, and
`CUSTCTL_SEED=… CUSTCTL_STORED_WORLDS=1` replays that world alone.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import pytest

from custctl.errors import CustctlError, Exit
from custctl.policy.catalogue import CAPABILITIES, FIELD_ACTIONS, WORKFLOW_ACTIONS, WORKFLOWS
from custctl.policy.decide import decide
from custctl.policy.model import LEVELS, Decision, Level, Resource
from custctl.store import answers, sets
from custctl.store.batch import Batch
from custctl.store.facts import Asker
from custctl.store.facts import Question as Asked
from tests.policy.oracle import Oracle
from tests.policy.worlds import Question, Values, World, WorldRecord, chains, generate, questions
from tests.store.loading import asked, empty, load, reading, short

WORLDS = int(os.environ.get("CUSTCTL_STORED_WORLDS", "40"))
SEED = int(os.environ.get("CUSTCTL_SEED", "20260101"))
QUESTIONS = 100
SHOWN = 5
SEEDS = range(SEED, SEED + WORLDS)
BATCHES = [SEEDS[first : first + 10] for first in range(0, WORLDS, 10)]


@dataclass(frozen=True)
class Shop:
    """One world, and the database that holds it."""

    world: World
    connection: sqlite3.Connection

    @cached_property
    def oracle(self) -> Oracle:
        return Oracle(self.world)

    @cached_property
    def asker(self) -> Asker:
        return Asker(self.connection)

    def random(self) -> Random:
        return Random(self.world.seed)


Check = Callable[[Shop], Iterator[str]]


@pytest.fixture(scope="module", params=BATCHES, ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")
def shops(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Shop]]:
    folder = tmp_path_factory.mktemp("worlds")
    start = empty(folder / "empty.db")
    with ExitStack() as stack:
        worlds = [generate(seed, loadable=True) for seed in request.param]
        paths = [load(world, folder / f"{world.seed}.db", start) for world in worlds]
        yield [Shop(world, stack.enter_context(reading(path))) for world, path in zip(worlds, paths, strict=True)]


def test_every_answer_is_the_oracles(shops: list[Shop]) -> None:
    assert_none(shops, wrong_answers)


def test_every_list_of_records_is_the_oracles(shops: list[Shop]) -> None:
    assert_none(shops, wrong_lists)


def test_who_holds_everybody_who_is_answered_yes_and_nobody_else(shops: list[Shop]) -> None:
    assert_none(shops, wrong_people)


def test_am_5_6_owners_are_those_the_level_of_create_or_assign_reaches(shops: list[Shop]) -> None:
    assert_none(shops, wrong_owners)


def test_a_matrix_holds_the_levels_of_the_policy_and_the_roles_that_give_them(shops: list[Shop]) -> None:
    assert_none(shops, wrong_cells)


def test_a_difference_holds_exactly_the_cells_that_differ_in_both_directions(shops: list[Shop]) -> None:
    assert_none(shops, wrong_differences)


def test_a_batch_answers_as_single_questions_do(shops: list[Shop]) -> None:
    assert_none(shops, wrong_lines)


def test_am_8_with_a_circle_of_parents_every_answer_is_still_the_oracles(tmp_path: Path) -> None:
    start = empty(tmp_path / "empty.db")
    circular = [world for seed in SEEDS[:10] if (world := with_circle(generate(seed, loadable=True))) is not None]
    assert circular or WORLDS < 10, "no world has two customers of one tree"
    for world in circular:
        path = load(generate(world.seed, loadable=True), tmp_path / f"{world.seed}.db", start)
        store_parents(path, world.customers)
        with reading(path) as connection:
            shop = [Shop(world, connection)]
            for check in (wrong_answers, wrong_lists, wrong_people, wrong_owners):
                assert_none(shop, check)


def assert_none(shops: list[Shop], check: Check) -> None:
    mismatches = [f"seed {shop.world.seed}: {found}" for shop in shops for found in check(shop)]
    assert not mismatches, "\n".join([f"{len(mismatches)} mismatches, the first ones:", *mismatches[:SHOWN]])


# Single questions -----------------------------------------------------------------------------------------------


def wrong_answers(shop: Shop) -> Iterator[str]:
    asker, oracle = shop.asker, shop.oracle
    for question in questions(shop.world, QUESTIONS):
        expected = oracle.answer(question)
        found = answer(asker, asked(shop.world, question))
        if unanswerable(question):
            right = found == "exit 4"
        else:
            right = found == (expected.allowed, expected.level, expected.reason)
        if not right:
            yield f"{question}\n  store {found}\n  oracle {expected}"


def unanswerable(question: Question) -> bool:
    """What the store refuses and the policy answers no: words that nothing knows, and records of a role alone."""
    return question.action == "frown" or (question.subject.startswith("role:") and question.record is not None)


def answer(asker: Asker, question: Asked) -> tuple[bool, str, str] | str:
    try:
        decision = asker.ask(question)
    except CustctlError as error:
        return f"exit {int(error.problem.exit)}"
    return outcome(decision)


def outcome(decision: Decision) -> tuple[bool, str, str]:
    return decision.allowed, decision.level.word, decision.reason.value


# Sets -----------------------------------------------------------------------------------------------------------


def wrong_lists(shop: Shop) -> Iterator[str]:
    oracle, rng = shop.oracle, shop.random()
    for place, subject in enumerate(shop.world.subjects):
        if subject.startswith("role:"):
            continue
        ignore = place % 2 == 0
        for name, entity in shop.world.entities.items():
            for action in ("view", rng.choice(entity.permissions)):
                rows = sets.records(shop.connection, subject, name, action, ignore_status=ignore)
                found = [row["record"] for row in rows]
                expected = [short(ref) for ref in oracle.listed(subject, name, action, ignore)]
                if sorted(found) != sorted(expected):
                    yield f"{subject} {action} {name} {ignore}\n  lists {found}\n  oracle {expected}"


def wrong_people(shop: Shop) -> Iterator[str]:
    rng, world = shop.random(), shop.world
    about = {name: name for name in world.entities} | {ref: row.entity for ref, row in world.records.items()}
    for text, entity in about.items():
        for action in dict.fromkeys(("view", rng.choice(world.entities[entity].permissions))):
            ignore = rng.random() < 0.5
            found = {row["subject"]: row for row in sets.who(shop.connection, action, text, ignore_status=ignore)}
            yield from wrong_crowd(shop, found, Asked("", action, text, ignore_status=ignore))


def wrong_crowd(shop: Shop, found: Mapping[str, Any], question: Asked) -> Iterator[str]:
    """Who is told, against everybody's own answer; `guest` stands for the visitors without rights of their own."""
    visitors = [f"visitor:{key}" for key in shop.world.visitors]
    for subject in (*(f"user:{key}" for key in shop.world.users), "guest", *visitors):
        decision = shop.asker.ask(question._replace(subject=subject))
        told = subject in found or (subject in visitors and "guest" in found)
        if decision.allowed is not told:
            yield f"{question}: {subject} is {decision.allowed}, who says {told}"
        elif subject in found and found[subject]["level"] != decision.level.word:
            yield f"{question}: {subject} has {decision.level.word}, who says {found[subject]['level']}"


# Owners ---------------------------------------------------------------------------------------------------------


def wrong_owners(shop: Shop) -> Iterator[str]:
    world, rng = shop.world, shop.random()
    for subject in world.subjects:
        records = rng.sample(sorted(world.records), min(6, len(world.records)))
        for text in (*world.entities, *(() if subject.startswith("role:") else records)):
            action, ignore = rng.choice(("create", "assign")), rng.random() < 0.5
            rows = sets.possible_owners(shop.connection, subject, action, text, ignore_status=ignore)
            found = sorted((row["owner"], row["current"]) for row in rows)
            expected = sorted(choices(shop, subject, action, text, ignore))
            if found != expected:
                yield f"{subject} {action} {text} {ignore}\n  owners {found}\n  AM 5.6 {expected}"


def choices(shop: Shop, subject: str, action: str, text: str, ignore: bool) -> Iterator[tuple[str, bool]]:
    """AM 5.6 by force: every user or customer is tried as the owner."""
    world = shop.world
    record = world.records.get(text)
    entity = world.entities[record.entity if record is not None else text]
    answer = shop.oracle.answer(Question(subject, action, "entity", entity.name, ignore_status=ignore))
    level = answer.level if answer.allowed and subject.startswith("user:") else "none"
    kind = {"user": "user", "customer": "customer"}.get(entity.ownership)
    current = None if record is None else present_owner(world, record)
    for key in {"user": tuple(world.users), "customer": tuple(world.customers)}.get(kind or "", ()):
        if may_choose(shop, subject.removeprefix("user:"), level, key) or key == current:
            yield f"{kind}:{key}", key == current


def present_owner(world: World, record: WorldRecord) -> str | None:
    """The owner of a customer is its parent (AM 2)."""
    if record.entity == "customer":
        return world.customers[record.key]
    return record.user if world.entities[record.entity].ownership == "user" else record.customer


def may_choose(shop: Shop, me: str, level: str, owner: str) -> bool:
    if level == "none":
        return False
    if level == "user":
        return owner == me
    mine = shop.world.users[me].customer
    theirs = shop.world.users[owner].customer if owner in shop.world.users else owner
    below = shop.oracle.below[mine] if level == "corporate" and mine is not None else set()
    return mine is not None and theirs in {mine, *below}


# The matrix -----------------------------------------------------------------------------------------------------


def wrong_cells(shop: Shop) -> Iterator[str]:
    values = Values(shop.world)
    for subject in shop.world.subjects:
        told = told_cells(answers.matrix(shop.connection, subject))
        expected = {
            cell: found for cell, found in decided(values, subject).items() if cell[0] != "field" or cell in told
        }
        if told != expected:
            wrong = {cell: (told.get(cell), expected.get(cell)) for cell in {*told, *expected}}
            yield f"{subject}: {[item for item in wrong.items() if item[1][0] != item[1][1]]}"


Cells = dict[tuple[str, str, str], tuple[str, frozenset[str]]]
"""The level of every cell, and the roles that give it."""


def told_cells(matrix: Mapping[str, Any]) -> Cells:
    """The cells of a matrix by kind, name and action."""
    cells: Cells = {
        ("capability", row["name"], "use"): ("full" if row["allowed"] else "none", frozenset(row["roles"]))
        for row in matrix["capabilities"]
    }
    for kind, section in (("entity", "entities"), ("workflow", "workflows"), ("field", "fields")):
        for row in matrix[section]:
            for action, cell in row["permissions"].items():
                cells[kind, row[kind], action] = cell["level"], frozenset(cell["roles"])
    return cells


def decided(values: Values, subject_text: str) -> Cells:
    """Every cell as the policy decides it, the fields of the world included."""
    subject = values.subject(subject_text)
    cells: Cells = {}
    for resource, action in every_cell(values.world):
        decision = decide(subject, action, resource, values.facts(ignore_status=True))
        assert decision.allowed is (decision.level > Level.NONE)
        givers = {verdict.role for verdict in decision.roles if verdict.level == decision.level > Level.NONE}
        cells[resource.kind, resource.name, action] = decision.level.word, frozenset(givers)
    return cells


def every_cell(world: World) -> Iterator[tuple[Resource, str]]:
    for entity in world.entities.values():
        if entity.protected:
            yield from ((Resource("entity", entity.name, entity), action) for action in entity.permissions)
    yield from ((Resource("capability", name), "use") for name in CAPABILITIES)
    for name, of in WORKFLOWS.items():
        yield from ((Resource("workflow", name, world.entities[of]), action) for action in WORKFLOW_ACTIONS)
    for name in world.fields:
        entity = world.entities[name.partition(".")[0]]
        yield from ((Resource("field", name, entity), action) for action in FIELD_ACTIONS)


def wrong_differences(shop: Shop) -> Iterator[str]:
    values, rng = Values(shop.world), shop.random()
    for _ in range(8):
        left, right = rng.choices(shop.world.subjects, k=2)
        before, after = decided(values, left), decided(values, right)
        cells = {cell for subject in (left, right) for cell in told_cells(answers.matrix(shop.connection, subject))}
        expected = {(*cell, before[cell][0], after[cell][0]) for cell in cells if before[cell][0] != after[cell][0]}
        rows = answers.difference(shop.connection, left, right)
        found = [tuple(row[name] for name in ("kind", "name", "permission", "left", "right")) for row in rows]
        if sorted(found) != sorted(expected):
            yield f"{left} against {right}: {sorted(expected.symmetric_difference(found))}"
        if any((row["change"] == "gained") is not (LEVELS[row["right"]] > LEVELS[row["left"]]) for row in rows):
            yield f"{left} against {right}: gained is not lost: {rows}"


# Batches --------------------------------------------------------------------------------------------------------


def wrong_lines(shop: Shop) -> Iterator[str]:
    asks = [asked(shop.world, question) for question in questions(shop.world, QUESTIONS)]
    lines = [line(question) for question in asks if not question.with_roles + question.without_roles]
    run = Batch(shop.connection, "batch.jsonl", (json.dumps(fields).encode() for fields in lines))
    found = list(run.answers())
    expected = [fields | single(shop, fields) for fields in lines]
    for got, wanted in zip(found, expected, strict=True):
        error = got.pop("error", None)
        if got != wanted or (error is None) is not ("allowed" in wanted):
            yield f"{got}\n  {error}\n  {wanted}"
    worst = Exit.INVALID if any("allowed" not in row for row in expected) else Exit.OK
    if run.exit() is not (worst or (Exit.NO if any(not row["allowed"] for row in expected) else Exit.OK)):
        yield f"exit {run.exit()}"


def line(question: Asked) -> dict[str, Any]:
    """A question as a batch reads it: owner, customer and visitor stand there when a record is supposed."""
    fields: dict[str, Any] = {name: getattr(question, name) for name in ("subject", "action", "resource")}
    if question.supposed:
        fields |= {name: getattr(question, name) for name in ("owner", "customer", "visitor")}
    return fields | ({"ignore_status": True} if question.ignore_status else {})


def single(shop: Shop, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What `can` answers to the same question; nothing where it cannot be answered."""
    question = Asked(**fields, supposed="owner" in fields)
    try:
        row = answers.can(shop.connection, question)
    except CustctlError:
        return {}
    return {name: row[name] for name in ("allowed", "level", "reason")}


# A circle of parents, which no command makes --------------------------------------------------------------------


def with_circle(world: World) -> World | None:
    """The world with the root of its longest branch below the end of that branch."""
    branch = max(chains(world.customers).values(), key=len, default=())
    if len(branch) < 2:
        return None
    return replace(world, customers={**world.customers, branch[-1]: branch[0]})


def store_parents(path: Path, customers: Mapping[str, str | None]) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "UPDATE customer SET parent_id = (SELECT p.id FROM customer p WHERE p.key = ?) WHERE key = ?",
            [(parent, key) for key, parent in customers.items()],
        )
