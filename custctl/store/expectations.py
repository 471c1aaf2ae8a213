"""Expected decisions, as the `tests` of documents state them: asking the questions and comparing the answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from custctl.errors import CustctlError, Exit, Place, Problem
from custctl.policy import Decision, decide
from custctl.store import answers
from custctl.store.facts import Asker, Question
from custctl.store.inputs import TestInput

Expected = tuple[TestInput, Callable[..., Place | None]]


def guard(connection: sqlite3.Connection, tests: Iterable[Expected]) -> None:
    """Refuse (exit 1) when an expected decision is not the one the database gives; all that fail are told.

    Raises exit 4 for a test that cannot be asked: an unknown subject, action or resource.
    """
    asker = Asker(connection)
    problems = [problem for test, locate in tests for problem in _failures(asker, test, locate)]
    if problems:
        raise CustctlError(*sorted(problems, key=lambda problem: problem.exit, reverse=True))


def run(connection: sqlite3.Connection, tests: Iterable[Expected]) -> list[dict[str, Any]]:
    """Ask every test; where each stands, whether it passed, what it expected and the answer (contract: test).

    Raises exit 4 when a test cannot be asked.
    """
    asker, rows, problems = Asker(connection), list[dict[str, Any]](), list[Problem]()
    for test, locate in tests:
        try:
            question = question_of(test)
            loaded = asker.load(question)
        except CustctlError as error:
            problems += [replace(problem, exit=Exit.INVALID).at(locate()) for problem in error.problems]
            continue
        decision = decide(loaded.subject, loaded.action, loaded.resource, loaded.facts)
        passed = not differing(test, decision)
        place = locate()
        rows.append(
            {
                "file": None if place is None else place.file,
                "line": None if place is None else place.line,
                "passed": passed,
                "expected": {name: getattr(test, name) for name in _EXPECTED if getattr(test, name) is not None},
                "got": answers.decision_row(loaded, decision, question)
                if passed
                else answers.explanation(asker, loaded, decision, question),
            }
        )
    if problems:
        raise CustctlError(*problems)
    return rows


_EXPECTED = ("allowed", "level", "reason")


def _failures(asker: Asker, test: TestInput, locate: Callable[..., Place | None]) -> list[Problem]:
    try:
        decision = asker.ask(question_of(test))
    except CustctlError as error:
        return [replace(problem, exit=Exit.INVALID).at(locate()) for problem in error.problems]
    differences = differing(test, decision)
    if not differences:
        return []
    words = f"test failed: {test.subject} {test.action} {test.resource}: {'; '.join(differences)}"
    hint = f"custctl access explain {test.subject} {test.action} {test.resource}"
    return [Problem("test-failed", Exit.NO, words, hint, locate())]


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
