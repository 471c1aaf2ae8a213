"""Expected decisions, as the `tests` of documents state them: asking the questions and comparing the answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from custctl.errors import CustctlError, Denied, Exit, Place, Problem, invalid
from custctl.policy.decide import decide
from custctl.policy.model import Decision
from custctl.store import answers
from custctl.store.apply import read_tests
from custctl.store.documents import read
from custctl.store.documents.source import named_by
from custctl.store.facts import Asker, Question
from custctl.store.inputs import TestInput

Expected = tuple[TestInput, Callable[..., Place | None]]


def guard(connection: sqlite3.Connection, tests: Iterable[Expected]) -> None:
    """Refuse (exit 1) when an expected decision is not the one the database gives; all that fail are told.

    A test that cannot be asked, of an unknown subject, action or resource, is exit 4.
    """
    report = run(connection, tests, passed_too=False)
    if report["failed"] or report["errors"]:
        raise Denied(report, "tests", exit_code(report))


def test_files(connection: sqlite3.Connection, names: Sequence[str]) -> dict[str, Any]:
    """Ask the tests of files, of the documents in folders, and of `-`: each is reported, also beside wrong ones.

    Every file needs a test, and of a folder one of its documents. Raises exit 4 when nothing could be asked.
    """
    tests, problems = list[Expected](), list[Problem]()
    for name in names:
        try:
            found, wrong = _tests_of(name)
        except CustctlError as error:
            problems += error.problems
            continue
        tests += found
        problems += wrong
        if not found and not wrong:
            words = "there is no test in it"
            hint = "a test is a table of [[tests]]: custctl help documents"
            problems.append(invalid(words, code="no-tests", hint=hint, place=Place(name)).problem)
    return run(connection, tests, problems)


def _tests_of(name: str) -> tuple[list[Expected], list[Problem]]:
    """The tests of one file or folder, and what is wrong in it; raises exit 4 where a file cannot be read at all."""
    files = [name] if name == "-" else [file for file, _ in named_by(name)]
    tests, problems = list[Expected](), list[Problem]()
    for file in files:
        try:
            found, wrong = read_tests(read([file]))
        except CustctlError as error:
            problems += error.problems
            continue
        tests += found
        problems += wrong
    return tests, problems


def run(
    connection: sqlite3.Connection, tests: Iterable[Expected], wrong: Iterable[Problem] = (), *, passed_too: bool = True
) -> dict[str, Any]:
    """Ask every test (contract: test): where each stands, what it expected, and the answer.

    One that failed has the whole explanation. Those that passed may be counted only, which spares finding their
    places. One that cannot be asked has an error in the place of the answer, and so has what was found to be `wrong`
    before. Raises exit 4 with all errors when nothing could be asked.
    """
    asker, rows, problems, passed = Asker(connection, typed=False), list[dict[str, Any]](), list(wrong), 0
    for problem in problems:
        rows.append(_error_row(problem))
    for test, locate in tests:
        try:
            question = question_of(test)
            loaded = asker.load(question)
        except CustctlError as error:
            problems += (found := [replace(problem, exit=Exit.INVALID).at(locate()) for problem in error.problems])
            rows += [_error_row(problem, test) for problem in found]
            continue
        decision = decide(loaded.subject, loaded.action, loaded.resource, loaded.facts)
        if differing(test, decision):
            got = answers.explanation(asker, loaded, decision, question)
            rows.append(_row(test, locate(), got, passed=False))
            continue
        passed += 1
        if passed_too:
            rows.append(_row(test, locate(), answers.decision_row(loaded, decision, question), passed=True))
    failed = sum("error" not in row and not row["passed"] for row in rows)
    if problems and not passed + failed:
        raise CustctlError(*problems)
    return {"passed": passed, "failed": failed, "errors": len(problems), "tests": rows}


def exit_code(report: Mapping[str, Any]) -> Exit:
    """4 when a test could not be asked, else 1 when one failed."""
    return Exit.INVALID if report["errors"] else Exit.NO if report["failed"] else Exit.OK


def _error_row(problem: Problem, test: TestInput | None = None) -> dict[str, Any]:
    place = problem.place
    expected = {} if test is None else _expected(test)
    at = {"file": None if place is None else place.file, "line": None if place is None else place.line}
    return {**at, "passed": False, "expected": expected, "got": None, "error": problem.as_json()}


def _row(test: TestInput, place: Place | None, got: dict[str, Any], *, passed: bool) -> dict[str, Any]:
    return {
        "file": None if place is None else place.file,
        "line": None if place is None else place.line,
        "passed": passed,
        "expected": _expected(test),
        "got": got,
    }


def _expected(test: TestInput) -> dict[str, Any]:
    return {name: getattr(test, name) for name in _EXPECTED if getattr(test, name) is not None}


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
