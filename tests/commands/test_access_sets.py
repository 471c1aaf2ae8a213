"""Questions that are answered by a set, batches of questions, decision tests in files, and roles that are supposed."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from custctl.policy.model import Reason
from custctl.store import sets
from custctl.store.database import open_for_reading
from tests.runner import Answer, Runner

AMANDA = "amanda.smith@company-a.example"
BOB = "bob.reyes@company-a.example"
CARLOS = "carlos.vega@company-a.example"
FRANK = "frank.moore@company-a.example"
QUINN = "quinn.adams@partner-c.example"
GRACE = "grace.kim@company-a.example"
LUIS = "luis.ramos@company-a.example"
NINA = "nina.park@company-a.example"
THEO = "theo.lang@partner-c.example"
WANDA = "wanda.hill@company-a.example"
PEOPLE = ["amanda.smith", "bob.reyes", "carlos.vega", "dana.lee", "erin.cole", "frank.moore", "grace.kim", "luis.ramos"]
COMPANY_A = [*PEOPLE, "nina.park", "paula.reed", "sam.price", "wanda.hill"]
"""Everybody of Company A and the customers below it."""
GROUPS = ["non-authenticated-visitors", "all-customers", "wholesale-accounts", "partners"]


def told(answer: Answer) -> tuple[int, list[str], str]:
    """Exit code, lines and remarks of an answer by names."""
    return answer.exit, answer.lines, answer.err


# Records


@pytest.mark.parametrize(
    ("question", "records"),
    [
        (f"{NINA} order", []),
        (f"{BOB} order", ["order:SO-1001"]),
        (f"{GRACE} order", ["order:SO-1001", "order:SO-1002"]),
        (f"{WANDA} order", ["order:SO-1101", "order:SO-1102", "order:SO-1201", "order:SO-1202"]),
        (f"{AMANDA} order --action delete", []),
        (f"{AMANDA} order --action duplicate", []),
        (f"{WANDA} warranty-claim", ["warranty-claim:wc-1101"]),
        (f"{WANDA} customer", ["customer:company-a-west", "customer:company-a-la"]),
        (f"{BOB} customer-user-address", []),
        (f"{LUIS} customer-user-address", [f"customer-user-address:{LUIS}/home"]),
        (f"{BOB} customer-group", [f"customer-group:{key}" for key in GROUPS]),
        (f"{AMANDA} product", [f"product:{sku}" for sku in ("lmp-100", "lmp-200", "saf-1", "saf-2")]),
        (f"{AMANDA} product --action edit", []),
        (f"{FRANK} product", []),
        (f"{QUINN} category", [f"category:{key}" for key in ("lighting", "desk-lamps", "safety", "harnesses")]),
        ("guest shopping-list", []),
        ("visitor:visitor-1 shopping-list", ["shopping-list:SL-9001"]),
        ("visitor:visitor-1 shopping-list-line-item", ["shopping-list-line-item:sl-9001-1"]),
        ("visitor:visitor-2 shopping-list", []),
    ],
)
def test_the_records_of_somebody_are_those_that_a_list_shows(demo: Runner, question: str, records: list[str]) -> None:
    exit_code, names, _ = told(demo("access", "records", *question.split(), "-o", "name"))
    assert (exit_code, names) == (0, records)


def test_records_tell_owner_customer_and_rule(demo: Runner) -> None:
    assert demo.json("access", "records", BOB, "order") == [
        {"record": "order:SO-1001", "user": BOB, "customer": "company-a", "rule": "own"}
    ]
    assert [row["rule"] for row in demo.json("access", "records", GRACE, "order")] == ["customer", "customer"]
    assert demo.json("access", "records", WANDA, "grid-view") == []
    assert [row["rule"] for row in demo.json("access", "records", AMANDA, "quote-product")] == ["ownerless"] * 2


def test_am_6_2_records_of_roles_are_the_storefronts(demo: Runner) -> None:
    rows = demo.json("access", "records", AMANDA, "role")
    assert [(row["record"], row["rule"]) for row in rows] == [
        ("role:administrator", None),
        ("role:buyer", None),
        ("role:company-a/approver", "customer"),
        ("role:company-a/bookkeeper", "customer"),
    ]


def test_records_of_nobody_are_an_empty_set_with_a_remark_and_exit_0(demo: Runner) -> None:
    assert told(demo("access", "records", NINA, "order", "-o", "name")) == (0, [], "no order records\n")
    assert demo("access", "records", NINA, "order", "-o", "json").json == []


def test_a_status_can_be_ignored_for_sets(demo: Runner) -> None:
    assert told(demo("access", "records", FRANK, "order", "-o", "name"))[1] == []
    assert told(demo("access", "records", FRANK, "order", "-o", "name", "--ignore-status"))[1] == ["order:SO-1302"]
    assert f"user:{FRANK}" not in demo("access", "who", "view", "order:SO-1302", "-o", "name").lines
    assert f"user:{FRANK}" in demo("access", "who", "view", "order:SO-1302", "-o", "name", "--ignore-status").lines
    assert demo.json("access", "owners", FRANK, "create", "order") == []
    assert demo.json("access", "owners", FRANK, "create", "order", "--ignore-status") == [
        {"owner": f"user:{FRANK}", "current": False}
    ]


# Who


def test_who_tells_customer_level_roles_and_the_way_up(demo: Runner) -> None:
    assert demo.json("access", "who", "edit", "order:SO-1201") == [
        {
            "subject": f"user:{AMANDA}",
            "customer": "company-a",
            "level": "corporate",
            "roles": ["administrator"],
            "rule": "owner-customer",
            "path": ["company-a-la", "company-a-west", "company-a"],
        },
        {
            "subject": f"user:{LUIS}",
            "customer": "company-a-la",
            "level": "user",
            "roles": ["buyer"],
            "rule": "own",
            "path": [],
        },
        {
            "subject": f"user:{WANDA}",
            "customer": "company-a-west",
            "level": "corporate",
            "roles": ["administrator"],
            "rule": "owner-customer",
            "path": ["company-a-la", "company-a-west"],
        },
    ]


@pytest.mark.parametrize(
    ("question", "subjects"),
    [
        ("delete order", [f"user:{THEO}"]),
        ("delete order:SO-1001", []),
        ("edit order:SO-1102", []),
        ("view shopping-list:SL-9001", ["visitor:visitor-1"]),
        ("view shopping-list-line-item:sl-9001-1", ["visitor:visitor-1"]),
        ("view quote-product:q-1002-1", []),
        ("create frontend-import-export-result", []),
    ],
)
def test_who_names_everybody_and_the_visitor_of_a_record(demo: Runner, question: str, subjects: list[str]) -> None:
    answer = demo("access", "who", *question.split(), "-o", "name")
    assert (answer.exit, answer.lines) == (0, subjects)


def test_who_may_do_something_to_an_entity_names_guests_by_one_word(demo: Runner) -> None:
    assert demo("access", "who", "view", "shopping-list", "-o", "name").lines[-1] == "guest"
    assert demo("access", "who", "create", "request", "-o", "name").lines[-1] != "guest"
    assert demo("access", "who", "create", "request", "-o", "name", "--ignore-status").lines[-1] == "guest"
    assert demo.json("access", "who", "use", "capability:oro_quick_add_form", "--ignore-status")[-1] == {
        "subject": "guest",
        "customer": None,
        "level": "full",
        "roles": ["visitors"],
        "rule": None,
        "path": [],
    }


def test_nobody_is_an_answer_too(demo: Runner) -> None:
    assert told(demo("access", "who", "edit", "order:SO-1102", "-o", "name")) == (0, [], "nobody\n")


# Owners


@pytest.mark.parametrize(
    ("question", "owners", "current"),
    [
        (f"{BOB} create order", ["bob.reyes"], None),
        (f"{AMANDA} create order", COMPANY_A, None),
        (f"{AMANDA} assign order:SO-1201", COMPANY_A, "luis.ramos"),
        (f"{AMANDA} assign order:SO-1002", COMPANY_A, None),
        (f"{BOB} assign order:SO-1001", ["bob.reyes"], "bob.reyes"),
        (f"{BOB} create grid-view", COMPANY_A, None),
    ],
)
def test_am_5_6_owners_are_the_users_that_the_level_reaches(
    demo: Runner, question: str, owners: list[str], current: str | None
) -> None:
    rows = demo.json("access", "owners", *question.split())
    assert sorted(row["owner"] for row in rows) == [f"user:{name}@company-a.example" for name in owners]
    assert [row["owner"] for row in rows if row["current"]] == (
        [] if current is None else [f"user:{current}@company-a.example"]
    )


def test_am_5_6_what_a_customer_owns_may_go_to_the_customers_that_the_level_reaches(demo: Runner) -> None:
    assert demo.json("access", "owners", WANDA, "create", "customer-address") == [
        {"owner": "customer:company-a-west", "current": False},
        {"owner": "customer:company-a-la", "current": False},
    ]
    assert demo.json("access", "owners", WANDA, "assign", "customer-address:company-a-la/office") == [
        {"owner": "customer:company-a-west", "current": False},
        {"owner": "customer:company-a-la", "current": True},
    ]


def test_am_2_the_owner_of_a_customer_is_its_parent(demo: Runner) -> None:
    rows = demo.json("access", "owners", AMANDA, "assign", "customer:company-a-la")
    assert [row["owner"] for row in rows if row["current"]] == ["customer:company-a-west"]


@pytest.mark.parametrize("question", ["guest create request", "role:buyer create order", f"{AMANDA} assign coupon"])
def test_who_owns_nothing_and_what_nobody_owns_have_no_owners(demo: Runner, question: str) -> None:
    assert told(demo("access", "owners", *question.split(), "-o", "name")) == (0, [], "no owners\n")


# What cannot be answered


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (f"records {AMANDA} ordr", (4, "unknown-entity", "unknown entity 'ordr'")),
        (f"records {AMANDA} order --action fly", (4, "unknown-action", "unknown action 'fly'")),
        (f"records {AMANDA} order:SO-1001", (4, "invalid", "'order:SO-1001' is not an entity")),
        (
            f"records {AMANDA} capability:oro_quick_add_form",
            (4, "invalid", "'capability:oro_quick_add_form' is not an entity"),
        ),
        (
            "records role:buyer order",
            (4, "invalid", "a role alone owns nothing: name a user, guest or visitor:KEY"),
        ),
        ("records nobody order", (3, "not-found", "customer user 'nobody' not found")),
        ("records visitor:nobody order", (3, "not-found", "visitor 'nobody' not found")),
        (f"records {AMANDA}", (2, "usage", "Missing argument 'ENTITY'")),
        ("who view order:SO-9", (3, "not-found", "order 'SO-9' not found")),
        ("who fly order", (4, "unknown-action", "unknown action 'fly'")),
        ("who view ordr", (4, "unknown-entity", "unknown entity 'ordr'")),
        ("who view", (2, "usage", "Missing argument 'RESOURCE'")),
        (f"owners {AMANDA} edit order", (4, "invalid", "owners are chosen to create or assign, not to edit")),
        (
            f"owners {AMANDA} assign quote.subtotal",
            (4, "invalid", "'quote.subtotal' is not an entity or a record of one"),
        ),
        (f"owners {AMANDA} assign order:SO-9", (3, "not-found", "order 'SO-9' not found")),
        (f"matrix {AMANDA} --diff nobody", (3, "not-found", "customer user 'nobody' not found")),
        ("can --batch nothing.jsonl", (4, "unreadable", "nothing.jsonl cannot be read: No such file or directory")),
        ("can --batch .", (4, "unreadable", ". is not a file")),
        (
            f"can --batch - {AMANDA} view order",
            (2, "usage", "--batch takes its questions from the file: leave the rest out"),
        ),
        (
            "can --batch - --ignore-status",
            (2, "usage", "--batch takes its questions from the file: leave the rest out"),
        ),
        (f"can {AMANDA} view", (2, "usage", "say who, what and about what: SUBJECT ACTION RESOURCE")),
        (
            f"can {AMANDA} view order:SO-1001 --owner {BOB}",
            (4, "invalid", "a stored record has its own owner: leave --owner and --customer out"),
        ),
        (
            f"can {AMANDA} use capability:oro_quick_add_form --customer company-a",
            (4, "invalid", "a capability has no owner: leave --owner and --customer out"),
        ),
        (f"can {AMANDA} view order --owner nobody", (3, "not-found", "customer user 'nobody' not found")),
        (f"can {AMANDA} view order --with-role nothing", (3, "not-found", "role 'nothing' not found")),
        (f"can {AMANDA} view order --without-role nothing", (3, "not-found", "role 'nothing' not found")),
        ("test nothing-*.toml", (4, "unreadable", "nothing-*.toml matches no file")),
        ("test", (2, "usage", "Missing argument 'FILE...'")),
    ],
)
def test_a_set_question_with_an_unknown_word_is_an_error(
    demo: Runner, words: str, refusal: tuple[int, str, str]
) -> None:
    assert demo.refusal("access", *words.split()) == refusal


# Roles that are supposed, and records of nobody


@pytest.mark.parametrize(
    ("question", "exit_code"),
    [
        (f"{BOB} view order:SO-1201", 1),
        (f"{BOB} view order:SO-1201 --with-role administrator", 0),
        (f"{BOB} view order:SO-2001 --with-role administrator", 1),
        (f"{BOB} view order:SO-1002 --with-role administrator", 0),
        (f"{BOB} view order:SO-1001 --without-role buyer", 1),
        (f"{BOB} view order:SO-1002 --without-role buyer --with-role company-a/bookkeeper", 0),
        (f"{BOB} view order:SO-1001 --with-role buyer", 0),
        (f"{BOB} view order:SO-1001 --without-role administrator", 0),
        ("guest edit request --with-role administrator --ignore-status", 0),
        ("role:buyer delete customer --with-role administrator", 0),
    ],
)
def test_a_role_can_be_supposed_or_supposed_away(demo: Runner, question: str, exit_code: int) -> None:
    assert demo("access", "can", *question.split()).exit == exit_code


def test_a_role_that_is_supposed_is_marked_in_the_explanation(demo: Runner) -> None:
    question = (BOB, "view", "order", "--with-role", "administrator")
    assert [(role["role"], role["assumed"]) for role in demo.json("access", "explain", *question)["roles"]] == [
        ("buyer", False),
        ("administrator", True),
    ]


def test_nothing_is_left_of_what_was_supposed(demo: Runner) -> None:
    before = demo.contents()
    demo("access", "can", BOB, "view", "order", "--with-role", "administrator", "--without-role", "buyer")
    assert demo.contents() == before


@pytest.mark.parametrize(
    ("options", "owner", "customer", "reason"),
    [
        (("--customer", ""), None, None, "out-of-reach"),
        (("--owner", ""), None, None, "out-of-reach"),
        (("--owner", "", "--customer", "company-a"), None, "company-a", "granted"),
        (("--owner", BOB, "--customer", ""), f"user:{BOB}", None, "granted"),
        (("--owner", f"user:{LUIS}"), f"user:{LUIS}", None, "out-of-reach"),
        ((), None, None, "granted"),
    ],
)
def test_an_empty_owner_or_customer_is_a_record_of_nobody_and_none_is_the_entity(
    demo: Runner, options: tuple[str, ...], owner: str | None, customer: str | None, reason: str
) -> None:
    answer = demo("access", "can", GRACE, "view", "order", *options, "-o", "json")
    row = answer.json
    assert (row["owner"], row["customer"], row["reason"]) == (owner, customer, reason)
    assert answer.exit == (0 if reason == "granted" else 1)


def test_a_supposed_user_is_of_the_customer_of_its_owner(demo: Runner) -> None:
    assert demo("access", "can", BOB, "view", "user", "--owner", GRACE).exit == 0
    assert demo("access", "can", BOB, "view", "user", "--owner", LUIS).exit == 1
    assert demo("access", "can", BOB, "view", "user", "--owner", LUIS, "--customer", "company-a").exit == 0


# Batches

QUESTIONS: list[dict[str, Any]] = [
    {"subject": BOB, "action": "view", "resource": "order:SO-1001"},
    {"subject": BOB, "action": "view", "resource": "order:SO-1201"},
    {"subject": BOB, "action": "view", "resource": "order", "owner": None},
    {"subject": BOB, "action": "view", "resource": "order", "owner": BOB, "customer": None},
    {"subject": FRANK, "action": "view", "resource": "order", "ignore_status": True},
    {"subject": "guest", "action": "view", "resource": "shopping-list", "visitor": "visitor-1"},
    {"subject": "visitor:visitor-1", "action": "view", "resource": "shopping-list", "visitor": "visitor-1"},
    {"subject": "role:buyer", "action": "view", "resource": "order"},
]
ANSWERS = [
    (True, "user", "granted"),
    (False, "user", "out-of-reach"),
    (False, "user", "out-of-reach"),
    (True, "user", "granted"),
    (True, "user", "granted"),
    (False, "user", "out-of-reach"),
    (True, "user", "granted"),
    (True, "user", "granted"),
]


def lines(*questions: dict[str, Any] | str) -> str:
    return "".join((text if isinstance(text, str) else json.dumps(text)) + "\n" for text in questions)


def test_a_batch_answers_each_line_with_its_own_fields_in_order(demo: Runner) -> None:
    answer = demo("access", "can", "--batch", "-", stdin=lines(*QUESTIONS))
    assert [json.loads(line) for line in answer.lines] == [
        {**question, "allowed": allowed, "level": level, "reason": reason}
        for question, (allowed, level, reason) in zip(QUESTIONS, ANSWERS, strict=True)
    ]
    assert (answer.exit, answer.err) == (1, "")


@pytest.mark.parametrize(
    ("text", "exit_code"),
    [
        (lines(QUESTIONS[0]), 0),
        (lines(QUESTIONS[0], QUESTIONS[1]), 1),
        (lines(QUESTIONS[1], {"subject": "nobody"}, QUESTIONS[0]), 4),
        (lines("{}", QUESTIONS[0]), 4),
        (lines("{}", QUESTIONS[1]), 4),
        ("\n \n", 0),
    ],
)
@pytest.mark.parametrize("options", [(), ("-q",), ("-o", "json"), ("-o", "table"), ("-o", "name")])
def test_a_batch_exits_4_for_a_line_without_answer_else_1_for_a_no(
    demo: Runner, text: str, exit_code: int, options: tuple[str, ...]
) -> None:
    answer = demo("access", "can", "--batch", "-", *options, stdin=text)
    assert (answer.exit, answer.err) == (exit_code, "")
    assert "-q" not in options or answer.out == ""


@pytest.mark.parametrize(
    ("line", "exit_code", "code", "message"),
    [
        ("nonsense", 4, "syntax", "not valid JSON: expecting a value, at character 1"),
        ("[]", 4, "invalid", "a question is a JSON object"),
        ('{"subject": "guest", "action": "view"}', 4, "invalid", "resource is required"),
        ('{"subject": 7, "action": "view", "resource": "order"}', 4, "invalid", "subject must be text"),
        (
            '{"subject": "guest", "action": "view", "resource": "order", "ignore_status": "yes"}',
            4,
            "invalid",
            "ignore_status must be true or false",
        ),
        (
            '{"subject": "guest", "action": "view", "ressource": "order"}',
            4,
            "unknown-field",
            "unknown field 'ressource'",
        ),
        ('{"subject": "guest", "action": "fly", "resource": "order"}', 4, "unknown-action", "unknown action 'fly'"),
        ('{"subject": "guest", "action": "view", "resource": "ordr"}', 4, "unknown-entity", "unknown entity 'ordr'"),
        (
            '{"subject": "nobody", "action": "view", "resource": "order"}',
            3,
            "not-found",
            "customer user 'nobody' not found",
        ),
        ('{"subject": "guest", "action": "view", "resource": "order:SO-9"}', 3, "not-found", "order 'SO-9' not found"),
        (
            '{"subject": "guest", "action": "view", "resource": "order:SO-1001", "owner": null}',
            4,
            "invalid",
            "a stored record has its own owner: leave --owner and --customer out",
        ),
        (
            '{"subject": "role:buyer", "action": "view", "resource": "order:SO-1001"}',
            4,
            "invalid",
            "a role alone owns nothing: it can be asked about an entity only",
        ),
    ],
)
def test_a_line_that_cannot_be_answered_carries_the_error_and_the_rest_goes_on(
    demo: Runner, line: str, exit_code: int, code: str, message: str
) -> None:
    answer = demo("access", "can", "--batch", "-", stdin=lines(QUESTIONS[0], line, QUESTIONS[0]))
    first, failed, last = (json.loads(text) for text in answer.lines)
    error = failed["error"]
    assert (error["exit"], error["code"], error["message"], error["line"]) == (exit_code, code, message, 2)
    assert "allowed" not in failed
    assert first == last == {**QUESTIONS[0], "allowed": True, "level": "user", "reason": "granted"}
    assert answer.exit == 4


def test_the_names_of_a_batch_are_yes_no_and_error(demo: Runner) -> None:
    answer = demo("access", "can", "--batch", "-", "-o", "name", stdin=lines(*QUESTIONS[:2], "{}"))
    assert answer.lines == ["yes", "no", "error"]


def test_a_batch_is_written_for_people_one_line_a_question(demo: Runner) -> None:
    answer = demo("access", "can", "--batch", "-", "-o", "table", stdin=lines(*QUESTIONS[:2], '{"action": "view"}'))
    assert answer.lines == [
        f"yes  {BOB} may view order:SO-1001 (granted, level user)",
        f"no   {BOB} may not view order:SO-1201: level user does not reach this record (out-of-reach, level user)",
        "?    view: subject is required",
    ]


# Tests in files

TESTS = f"""
    apiVersion = "custctl/v1"

    [[tests]]
    subject = "{BOB}"
    action = "view"
    resource = "order:SO-1001"
    allowed = true
    level = "user"
    reason = "granted"

    [[tests]]
    subject = "{BOB}"
    action = "view"
    resource = "order:SO-1201"
    allowed = true
"""


def test_decision_tests_tell_their_place_and_the_explanation_of_a_failure(demo: Runner) -> None:
    path = demo.file(TESTS, "decisions.toml")
    answer = demo("access", "test", path, "-o", "json")
    assert answer.exit == 1
    passed, failed = answer.json.pop("tests")
    assert {name: answer.json[name] for name in ("passed", "failed")} == {"passed": 1, "failed": 1}
    assert (passed["file"], passed["line"], passed["passed"]) == (path, 3, True)
    assert passed["expected"] == {"allowed": True, "level": "user", "reason": "granted"}
    assert list(passed["got"]) == ["subject", "action", "resource", "owner", "customer", "allowed", "level", "reason"]
    assert (failed["file"], failed["line"], failed["passed"], failed["expected"]) == (
        path,
        11,
        False,
        {"allowed": True},
    )
    explained = demo("access", "explain", BOB, "view", "order:SO-1201", "-o", "json").json
    assert failed["got"] == explained


def test_failed_decision_tests_are_shown_with_their_place_and_why(demo: Runner) -> None:
    path = demo.file(TESTS, "decisions.toml")
    answer = demo("access", "test", path)
    assert answer.lines[:2] == [
        f"✗ {path}:11  expected allowed yes",
        f"no   user:{BOB} may not view order:SO-1201: level user does not reach this record (out-of-reach, level user)",
    ]
    assert answer.lines[-1] == "1 of 2 tests passed"
    assert answer.exit == 1


def test_decision_tests_that_all_pass_exit_0_and_quiet_keeps_the_exit_code(demo: Runner) -> None:
    good = demo.file(TESTS.rpartition("    [[tests]]\n")[0], "good.toml")
    assert told(demo("access", "test", good)) == (0, ["1 of 1 tests passed"], "")
    assert told(demo("access", "test", good, "-q")) == (0, [], "")
    path = demo.file(TESTS, "decisions.toml")
    assert told(demo("access", "test", path, "-q")) == (1, [], "")


@pytest.mark.parametrize("what", ["*.toml", ".", "decisions.toml second.toml"])
def test_decision_tests_are_named_by_globs_folders_and_files(
    demo: Runner, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo.file(TESTS, "decisions.toml")
    demo.file(TESTS, "second.toml")
    monkeypatch.chdir(demo.database.parent)
    answer = demo("access", "test", *what.split(), "-o", "json")
    assert (answer.exit, answer.json["passed"], answer.json["failed"]) == (1, 2, 2)


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        (
            f'subject = "{BOB}"\naction = "fly"\nresource = "order"\nallowed = true',
            "unknown-action",
            "unknown action 'fly'",
        ),
        (
            'subject = "nobody"\naction = "view"\nresource = "order"\nallowed = true',
            "not-found",
            "customer user 'nobody' not found",
        ),
        (
            f'subject = "{BOB}"\naction = "view"\nresource = "order"',
            "invalid",
            "test 1: expects nothing: give allowed, level or reason",
        ),
        (
            f'subject = "{BOB}"\naction = "view"\nresource = "order"\nlevel = "some"',
            "invalid",
            "test 1: level must be one of none, user, department, corporate, full",
        ),
        (
            f'subject = "{BOB}"\naction = "view"\nresource = "order"\nreason = "out of reach"',
            "invalid",
            f"test 1: reason must be one of {', '.join(Reason)}",
        ),
    ],
)
def test_a_decision_test_that_cannot_be_asked_is_exit_4_with_its_place(
    demo: Runner, line: str, code: str, message: str
) -> None:
    path = demo.file(f'apiVersion = "custctl/v1"\n[[tests]]\n{line}\n', "decisions.toml")
    answer = demo("access", "test", path, "-o", "json")
    (problem,) = answer.problems
    assert (answer.exit, problem["exit"], problem["code"], problem["message"]) == (4, 4, code, message)
    assert (problem["file"], problem["line"]) in ((path, 2), (path, 6))
    assert problem.get("field") != ""


DEAD = """
    [[tests]]
    subject = "ghost@x.example"
    action = "view"
    resource = "order"
    allowed = false
"""


def test_each_decision_test_is_reported_beside_one_that_cannot_be_asked(demo: Runner) -> None:
    path = demo.file(TESTS + DEAD + "[[tests]]\naction = 'view'\n", "decisions.toml")
    answer = demo("access", "test", path, "-o", "json")
    assert (answer.exit, answer.err) == (4, "")
    assert {name: answer.json[name] for name in ("passed", "failed", "errors")} == {
        "passed": 1,
        "failed": 1,
        "errors": 3,
    }
    errors = {(row["line"], row["error"]["message"]) for row in answer.json["tests"] if "error" in row}
    assert (17, "customer user 'ghost@x.example' not found") in errors
    assert [row["got"]["allowed"] for row in answer.json["tests"] if row["got"] is not None] == [True, False]
    shown = demo("access", "test", path)
    assert f"✗ {path}:11  expected allowed yes" in shown.lines
    assert f"? {path}:17  customer user 'ghost@x.example' not found" in shown.lines
    assert (shown.exit, shown.lines[-1]) == (4, "1 of 2 tests passed; 3 errors")


def test_each_file_of_decision_tests_is_reported_beside_one_that_cannot_be_read(demo: Runner) -> None:
    good, broken = demo.file(TESTS, "decisions.toml"), demo.file("[[tests]\n", "broken.toml")
    answer = demo("access", "test", broken, good, "-o", "json")
    assert (answer.exit, answer.json["passed"], answer.json["failed"], answer.json["errors"]) == (4, 1, 1, 1)


def test_a_file_without_a_decision_test_is_4(demo: Runner) -> None:
    """A folder needs one; its other documents may describe what is tested."""
    good = demo.file(TESTS.rpartition("    [[tests]]\n")[0], "good.toml")
    none = demo.file('apiVersion = "custctl/v1"\n', "none.toml")
    assert demo.refusal("access", "test", none) == (4, "no-tests", "there is no test in it")
    answer = demo("access", "test", none, good, "-o", "json")
    assert (answer.exit, answer.json["passed"], answer.json["errors"]) == (4, 1, 1)
    for name, folder in (("only.toml", "without"), ("good.toml", "with")):
        (demo.database.parent / folder).mkdir()
        (demo.database.parent / folder / name).write_text(Path(good if folder == "with" else none).read_text())
    (demo.database.parent / "with" / "world.toml").write_text(Path(none).read_text())
    assert demo("access", "test", str(demo.database.parent / "with")).exit == 0
    assert demo("access", "test", str(demo.database.parent / "without")).exit == 4
    empty = demo.database.parent / "empty.toml"
    empty.write_bytes(b"")
    assert demo.refusal("access", "test", str(empty)) == (4, "empty", "the file is empty")


def test_a_guard_test_that_cannot_be_asked_hides_none_that_fails(demo: Runner) -> None:
    answer = demo("apply", "-f", demo.file(TESTS + DEAD, "world.toml"), "--yes", "-o", "json")
    assert (answer.exit, answer.json["passed"], answer.json["failed"], answer.json["errors"]) == (4, 1, 1, 1)


BATCH_COLUMNS = "subject,action,resource,owner,customer,visitor,ignore_status,allowed,level,reason,line,error"


@pytest.mark.parametrize("order", [1, -1])
def test_the_columns_of_a_batch_do_not_depend_on_its_first_line(demo: Runner, order: int) -> None:
    ghost = {**QUESTIONS[0], "subject": "ghost@x.example"}
    asked: list[dict[str, Any] | str] = [QUESTIONS[0], ghost, '{"\u202eevil": 1}']
    text = lines(*asked[::order])
    answer = demo("access", "can", "--batch", "-", "-o", "csv", stdin=text)
    assert (answer.exit, answer.lines[0]) == (4, BATCH_COLUMNS)
    assert sorted(answer.lines[1:]) == sorted(
        [
            f"{BOB},view,order:SO-1001,,,,,true,user,granted,,",
            "ghost@x.example,view,order:SO-1001,,,,,,,,2,customer user 'ghost@x.example' not found",
            f",,,,,,,,,,{3 if order == 1 else 1},unknown field '\\u202eevil'",
        ]
    )


def test_a_batch_takes_no_fields(demo: Runner) -> None:
    assert demo("access", "can", "--batch", "-", "--fields", "allowed", stdin=lines(QUESTIONS[0])).exit == 2


def test_a_byte_order_mark_belongs_to_no_question(demo: Runner) -> None:
    text = b"\xef\xbb\xbf" + lines(QUESTIONS[0], QUESTIONS[0]).replace("\n", "\r\n").encode()
    answer = demo("access", "can", "--batch", "-", stdin=text)
    assert (answer.exit, len(answer.lines), answer.err) == (0, 2, "")


def test_bytes_of_a_batch_that_are_no_text_are_told_with_their_line(demo: Runner) -> None:
    text = lines(QUESTIONS[0]).encode() + b'"\xe9"\n\0\n' + lines(QUESTIONS[0]).encode()
    answer = demo("access", "can", "--batch", "-", stdin=text)
    errors = [row["error"] for line in answer.lines if "error" in (row := json.loads(line))]
    assert [(error["message"], error["line"], error["column"]) for error in errors] == [
        ("byte 0xe9 is not UTF-8", 2, 2),
        ("a NUL byte does not belong in a batch", 3, 1),
    ]
    assert (answer.exit, len(answer.lines)) == (4, 4)


def test_a_batch_of_zero_bytes_or_in_utf_16_is_4(demo: Runner) -> None:
    assert demo.refusal("access", "can", "--batch", "-") == (4, "empty", "standard input is empty")
    utf_16 = lines(QUESTIONS[0]).encode("utf-16")
    assert demo.refusal("access", "can", "--batch", "-", stdin=utf_16) == (4, "encoding", "the batch is UTF-16")


def test_a_decision_test_about_a_record_of_nobody_says_so_by_an_empty_owner(demo: Runner) -> None:
    question = f'[[tests]]\nsubject = "{BOB}"\naction = "view"\nresource = "order"'
    text = f'apiVersion = "custctl/v1"\n{question}\nallowed = true\n{question}\nowner = ""\nreason = "out-of-reach"\n'
    assert demo.json("access", "test", demo.file(text, "decisions.toml"))["passed"] == 2


# Differences


def test_a_difference_of_matrices_names_what_the_second_has_more_or_less(demo: Runner) -> None:
    rows = demo.json("access", "matrix", "role:company-a/approver", "--diff", "role:company-a/bookkeeper")
    assert {tuple(row) for row in rows} == {("kind", "name", "permission", "left", "right", "change")}
    assert [row for row in rows if row["name"] == "order"] == [
        {
            "kind": "entity",
            "name": "order",
            "permission": "view",
            "left": "corporate",
            "right": "department",
            "change": "lost",
        },
        {
            "kind": "entity",
            "name": "order",
            "permission": "edit",
            "left": "department",
            "right": "none",
            "change": "lost",
        },
    ]


def test_am_3_4_a_field_that_only_one_side_closes_is_lost_and_gained(demo: Runner) -> None:
    def fields(left: str, right: str) -> list[list[str]]:
        rows = demo.json("access", "matrix", left, "--diff", right)
        return [list(row.values())[1:] for row in rows if row["kind"] == "field"]

    assert fields("role:buyer", "role:company-a/assistant") == [
        ["quote.subtotal", "view", "full", "none", "lost"],
        ["quote.subtotal", "edit", "full", "none", "lost"],
    ]
    assert fields("role:company-a/assistant", "role:buyer") == [
        ["quote.subtotal", "view", "none", "full", "gained"],
        ["quote.subtotal", "edit", "none", "full", "gained"],
    ]


def test_no_difference_is_said_and_exits_0(demo: Runner) -> None:
    assert told(demo("access", "matrix", "guest", "--diff", "role:visitors", "-o", "name")) == (
        0,
        [],
        "guest and role:visitors may do the same\n",
    )


# Output


@pytest.mark.parametrize(
    "words", ["can {who} edit customer", "explain {who} edit customer", "can {who} view order:SO-1201"]
)
def test_quiet_prints_nothing_and_keeps_the_exit_code(demo: Runner, words: str) -> None:
    assert told(demo("access", *words.format(who=BOB).split(), "-q")) == (1, [], "")


@pytest.mark.parametrize(
    "words",
    [f"records {BOB} order", "who edit order:SO-1201", f"owners {BOB} create order", f"matrix {BOB} --diff guest"],
)
def test_every_format_of_a_set_holds_the_same_rows(demo: Runner, words: str) -> None:
    rows = demo.json("access", *words.split())
    assert rows
    assert [json.loads(line) for line in demo("access", *words.split(), "-o", "jsonl").lines] == rows
    assert len(demo("access", *words.split(), "-o", "name").lines) == len(rows)
    assert len(demo("access", *words.split()).lines) == len(rows) + 1
    assert told(demo("access", *words.split(), "-q")) == (0, [], "")


@pytest.mark.parametrize("output", ["json", "jsonl", "name"])
@pytest.mark.parametrize("verb", ["records", "who", "owners"])
def test_the_first_row_of_a_set_is_out_before_the_second_is_computed(
    demo: Runner, monkeypatch: pytest.MonkeyPatch, output: str, verb: str
) -> None:
    out: list[str] = []

    def rows(*_: object, **__: object) -> Iterator[dict[str, Any]]:
        yield {"record": "order:first", "subject": "user:first", "owner": "user:first"}
        out.append(written())
        yield {"record": "order:second", "subject": "user:second", "owner": "user:second"}

    monkeypatch.setattr(sets, "possible_owners" if verb == "owners" else verb, rows)
    words = {"records": (BOB, "order"), "who": ("view", "order"), "owners": (BOB, "create", "order")}[verb]
    assert demo("access", verb, *words, "-o", output).exit == 0
    (before,) = out
    assert "first" in before
    assert "second" not in before


def written() -> str:
    """What has left on standard output so far."""
    buffer = getattr(sys.stdout, "buffer", None)
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


def test_everybody_is_decided_on_as_the_answer_is_read(world_file: Path) -> None:
    """The work for the first row, counted in steps of SQLite's machine, is a small part of the work for all."""
    taken = count()
    with closing(open_for_reading(world_file)) as connection:
        connection.set_progress_handler(lambda: next(taken) < 0, 100)
        rows = sets.who(connection, "view", "order", ignore_status=True)
        next(rows)
        first = next(taken)
        assert len(list(rows)) > 500
        assert first * 10 < next(taken)
