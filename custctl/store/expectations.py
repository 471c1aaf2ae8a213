"""Expected decisions, as the `tests` of documents state them: asking the questions and comparing the answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from custctl.errors import CustctlError, Denied, Exit, Place, Problem
from custctl.policy import Decision, decide
from custctl.store import answers
from custctl.store.facts import Asker, Question
from custctl.store.inputs import TestInput

Expected = tuple[TestInput, Callable[..., Place | None]]


def guard(connection: sqlite3.Connection, tests: Iterable[Expected]) -> None:
    """Refuse (exit 1) when an expected decision is not the one the database gives; all that fail are told.

    Raises exit 4 for a test that cannot be asked: an unknown subject, action or resource.
    """
    rows = run(connection, tests, passed_too=False)
    if rows["failed"]:
        raise Denied(rows, "tests")


def run(connection: sqlite3.Connection, tests: Iterable[Expected], *, passed_too: bool = True) -> dict[str, Any]:
    """Ask every test (contract: test): where each stands, what it expected, and the answer.

    One that failed has the whole explanation. Those that passed may be counted only, which spares finding their
    places. Raises exit 4 when a test cannot be asked.
    """
    asker, rows, problems, passed = Asker(connection, typed=False), list[dict[str, Any]](), list[Problem](), 0
    for test, locate in tests:
        try:
            question = question_of(test)
            loaded = asker.load(question)
        except CustctlError as error:
            problems += [replace(problem, exit=Exit.INVALID).at(locate()) for problem in error.problems]
            continue
        decision = decide(loaded.subject, loaded.action, loaded.resource, loaded.facts)
        if differing(test, decision):
            got = answers.explanation(asker, loaded, decision, question)
            rows.append(_row(test, locate(), got, passed=False))
            continue
        passed += 1
        if passed_too:
            rows.append(_row(test, locate(), answers.decision_row(loaded, decision, question), passed=True))
    if problems:
        raise CustctlError(*problems)
    return {"passed": passed, "failed": sum(not row["passed"] for row in rows), "tests": rows}


def _row(test: TestInput, place: Place | None, got: dict[str, Any], *, passed: bool) -> dict[str, Any]:
    return {
        "file": None if place is None else place.file,
        "line": None if place is None else place.line,
        "passed": passed,
        "expected": {name: getattr(test, name) for name in _EXPECTED if getattr(test, name) is not None},
        "got": got,
    }


_EXPECTED = ("allowed", "level", "reason")


def question_of(test: TestInput) -> Question:
    """The question a test asks; an owner or customer that is "" is a record of nobody."""
    supposed = not {"owner", "customer"}.isdisjoint(test.model_fields_set)
    return Question(
        test.subject, test.action, test.resource, test.owner, test.customer, supposed, None, test.ignore_status
    )


def differing(test: TestInput, decision: Decision) -> list[str]:
    """What a test expects that the decision is not, in words."""
    found = (
        ("allowed", test.allowed, decision.allowed),
        ("level", test.level, decision.level.word),
        ("reason", test.reason, decision.reason.value),
    )
    return [
        f"{name} is {_word(got)}, expected {_word(expected)}"
        for name, expected, got in found
        if expected is not None and expected != got
    ]


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
