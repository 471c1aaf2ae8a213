"""Questions about access in the demo world: the answer, its exit code and shape, and remedies that do what they say."""

from __future__ import annotations

import random
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runner import Refusal, Runner

AMANDA = "amanda.smith@company-a.example"
BOB = "bob.reyes@company-a.example"
CARLOS = "carlos.vega@company-a.example"
DANA = "dana.lee@company-a.example"
ERIN = "erin.cole@company-a.example"
FRANK = "frank.moore@company-a.example"
GRACE = "grace.kim@company-a.example"
LUIS = "luis.ramos@company-a.example"
NINA = "nina.park@company-a.example"
PAULA = "paula.reed@company-a.example"
SAM = "sam.price@company-a.example"
WANDA = "wanda.hill@company-a.example"
OLIVIA = "olivia.brown@wholesaler-b.example"
PETER = "peter.jansen@wholesaler-b.example"
QUINN = "quinn.adams@partner-c.example"
THEO = "theo.lang@partner-c.example"

DECISION = ["subject", "action", "resource", "owner", "customer", "allowed", "level", "reason"]
EXPLAIN = [*DECISION, "roles", "match", "vetoes", "remedy"]

QUICK_ORDER = "capability:oro_quick_add_form"
CHECKOUT = "workflow:b2b_flow_checkout"

ANSWERS = [
    # A class: may it be done at all?
    (f"{NINA} view order", "none", "explicit-none"),
    (f"{BOB} view order", "user", "granted"),
    (f"{AMANDA} delete order", "none", "explicit-none"),
    (f"{GRACE} view quote", "none", "no-entry"),
    (f"{THEO} view customer", "department", "granted"),
    (f"{AMANDA} view coupon", "full", "granted"),
    (f"{AMANDA} duplicate order", "none", "not-applicable"),
    (f"{AMANDA} assign coupon", "none", "not-applicable"),
    # A record: own, of the own customer, below it; not above, beside or elsewhere.
    (f"{BOB} view order:SO-1001", "user", "granted"),
    (f"{BOB} view order:so-1001", "user", "granted"),
    (f"{BOB} view order:SO-1002", "user", "out-of-reach"),
    (f"{GRACE} view order:SO-1002", "department", "granted"),
    (f"{GRACE} view order:SO-1201", "department", "out-of-reach"),
    (f"{AMANDA} view order:SO-1201", "corporate", "granted"),
    (f"{WANDA} view order:SO-1001", "corporate", "out-of-reach"),
    (f"{WANDA} view order:SO-1301", "corporate", "out-of-reach"),
    (f"{AMANDA} view order:SO-2001", "corporate", "out-of-reach"),
    (f"{AMANDA} view customer:company-a-la", "corporate", "granted"),
    (f"{WANDA} view customer:company-a", "corporate", "out-of-reach"),
    (f"{BOB} view user:{GRACE}", "department", "granted"),
    (f"{BOB} view customer-user:{ERIN}", "department", "out-of-reach"),
    (f"{GRACE} edit customer-address:company-a/hq", "department", "granted"),
    (f"{LUIS} view customer-user-address:{LUIS}/home", "user", "granted"),
    (f"{BOB} view customer-user-address:{LUIS}/home", "user", "out-of-reach"),
    (f"{AMANDA} view customer-group:partners", "full", "granted"),
    # A record that is not stored, of an owner or a customer.
    (f"{BOB} view order --owner {BOB}", "user", "granted"),
    (f"{BOB} view order --owner {DANA}", "user", "out-of-reach"),
    (f"{AMANDA} view order --owner user:{LUIS}", "corporate", "granted"),
    (f"{AMANDA} create order --customer company-a-la", "corporate", "granted"),
    (f"{AMANDA} create order --customer wholesaler-b", "corporate", "out-of-reach"),
    (f"{BOB} create order --customer company-a", "user", "out-of-reach"),
    (f"{BOB} create order --customer company-a --owner {BOB}", "user", "granted"),
    # Roles add up; each gives what it gives.
    (f"{DANA} view order:SO-1201", "corporate", "granted"),
    (f"{DANA} edit order:SO-1002", "department", "granted"),
    (f"{DANA} edit order:SO-1101", "department", "out-of-reach"),
    # What the state of a record, its parent or a role forbids.
    (f"{CARLOS} edit order:SO-1102", "user", "order-closed"),
    (f"{CARLOS} edit request:RFQ-1101", "user", "workflow-active"),
    (f"{BOB} view quote:Q-1002", "user", "quote-unavailable"),
    (f"{BOB} edit shopping-list-line-item:sl-1201-1", "corporate", "parent-denied"),
    (f"{AMANDA} view quote-product:q-1002-1", "full", "parent-denied"),
    (f"{AMANDA} view product:SAF-2", "none", "unprotected"),
    (f"{AMANDA} view product:OEM-7", "none", "hidden"),
    (f"{QUINN} view product:OEM-7", "none", "unprotected"),
    (f"{AMANDA} view product:OLD-1", "none", "hidden"),
    (f"{AMANDA} view category:floodlights", "none", "hidden"),
    (f"{AMANDA} edit product:OEM-7", "none", "not-applicable"),
    ("guest view product:OEM-7", "none", "hidden"),
    (f"{AMANDA} view role:buyer", "corporate", "public-role"),
    (f"{AMANDA} view role:visitors", "corporate", "out-of-reach"),
    (f"{AMANDA} delete role:company-a/approver", "corporate", "role-in-use"),
    # Capabilities, workflows and fields.
    (f"{PETER} use {QUICK_ORDER}", "none", "explicit-none"),
    (f"{BOB} use {QUICK_ORDER}", "full", "granted"),
    (f"{GRACE} use {QUICK_ORDER}", "none", "no-entry"),
    (f"{DANA} perform {CHECKOUT}", "department", "granted"),
    (f"{GRACE} view {CHECKOUT}", "none", "no-entry"),
    (f"{NINA} view quote.subtotal", "none", "field-closed"),
    (f"{NINA} create quote.subtotal", "full", "granted"),
    # Entities of one's own, and those that nothing protects.
    (f"{WANDA} view warranty-claim:wc-1102", "corporate", "granted"),
    (f"{THEO} view sales-report:partner-c-2025-q1", "department", "granted"),
    ("guest view product", "none", "unprotected"),
    (f"{AMANDA} view product:anything", "none", "unprotected"),
    ("guest edit category", "none", "not-applicable"),
    # Guests and visitors: both gates must be open, and only one's own session is reached.
    ("guest view order", "none", "no-entry"),
    ("guest view customer", "none", "no-entry"),
    ("guest create request", "user", "feature-off"),
    ("guest create request --ignore-status", "user", "granted"),
    ("guest view shopping-list", "user", "granted"),
    ("guest view shopping-list:SL-9001", "user", "out-of-reach"),
    ("visitor:visitor-1 view shopping-list:SL-9001", "user", "granted"),
    ("visitor:visitor-1 edit shopping-list-line-item:sl-9001-1", "user", "granted"),
    ("visitor:visitor-1 delete shopping-list:SL-9001", "none", "explicit-none"),
    ("visitor:visitor-2 view shopping-list:SL-9001", "user", "out-of-reach"),
    (f"visitor:visitor-1 use {QUICK_ORDER}", "full", "feature-off"),
    # Roles by themselves.
    ("role:buyer view order", "user", "granted"),
    ("role:company-a/bookkeeper edit order", "none", "explicit-none"),
    ("role:visitors create checkout", "user", "granted"),
    # Who cannot sign in is answered no with that reason; the roles alone say yes.
    (f"{FRANK} view order:SO-1302", "user", "disabled"),
    (f"{FRANK} view order:SO-1302 --ignore-status", "user", "granted"),
    (f"{PAULA} view order", "user", "unconfirmed"),
    (f"{PAULA} view order --ignore-status", "user", "granted"),
    (f"{SAM} view order", "user", "reset"),
    (f"{SAM} view order --ignore-status", "user", "granted"),
    ("user:guest-jo-miller view order", "user", "guest-record"),
    ("user:guest-jo-miller view order --ignore-status", "user", "granted"),
    (f"{FRANK} view product", "none", "disabled"),
]
YES = {"granted", "unprotected", "public-role"}


@pytest.mark.parametrize(("question", "level", "reason"), ANSWERS)
def test_the_answer_is_the_exit_code_the_level_and_the_reason(
    demo: Runner, question: str, level: str, reason: str
) -> None:
    answer = demo("access", "can", *question.split(), "-o", "json")
    allowed = reason in YES
    assert (answer.exit, answer.err) == (0 if allowed else 1, "")
    decision = answer.json
    assert list(decision) == DECISION
    assert (decision["allowed"], decision["level"], decision["reason"]) == (allowed, level, reason)
    explained = demo("access", "explain", *question.split(), "-o", "json")
    assert (explained.exit, explained.err) == (answer.exit, "")
    assert list(explained.json) == EXPLAIN
    assert {name: explained.json[name] for name in DECISION} == decision


@pytest.mark.parametrize(
    ("set_up", "question", "reason"),
    [
        (f"user move {BOB} ''", f"{BOB} view product", "no-customer"),
        (f"user role remove {FRANK} buyer", f"{FRANK} view order --ignore-status", "no-role"),
        (f"user role add {BOB} administrator", f"{BOB} delete role:buyer", "out-of-reach"),
        ("role add Clerk --customer company-a --self-managed", f"{AMANDA} delete role:company-a/clerk", "granted"),
        (
            "role grant company-a/assistant customer-user-role view=department delete=department",
            f"{NINA} delete role:company-a/bookkeeper",
            "role-in-use",
        ),
        (
            "role grant company-a/bookkeeper customer-user-role view=corporate",
            f"{GRACE} view role:company-a/approver",
            "granted",
        ),
        ("role revoke company-a/bookkeeper customer", f"{GRACE} view order:SO-1002", "granted"),
        (f"user disable {AMANDA}", f"{AMANDA} view order:SO-2001", "disabled"),
        (f"user edit {BOB} --auth-status reset --unconfirmed", f"{BOB} view order", "reset"),
        ("role revoke visitors shopping-list", "visitor:visitor-1 view shopping-list:SL-9001", "no-entry"),
    ],
)
def test_the_reason_follows_what_is_stored(demo: Runner, set_up: str, question: str, reason: str) -> None:
    assert demo(*shlex.split(set_up)).exit == 0
    answer = demo("access", "can", *question.split(), "-o", "json")
    assert (answer.json["reason"], answer.exit) == (reason, 0 if reason in YES else 1)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (f"{BOB} view order", {"subject": f"user:{BOB}", "resource": "order", "owner": None, "customer": None}),
        ("id:2 view order:so-1001", {"subject": f"user:{BOB}", "resource": "order:SO-1001"}),
        (f"user:{BOB.upper()} view user:{GRACE}", {"subject": f"user:{BOB}", "resource": f"user:{GRACE}"}),
        (f"{BOB} view customer-user-role:buyer", {"resource": "role:buyer"}),
        (f"{BOB} view order --owner {LUIS}", {"resource": "order", "owner": f"user:{LUIS}", "customer": None}),
        (f"{BOB} view order --customer Partner-C", {"resource": "order", "owner": None, "customer": "partner-c"}),
        (f"{BOB} view user --customer partner-c", {"resource": "customer-user", "customer": "partner-c"}),
        (f"{BOB} use {QUICK_ORDER}", {"resource": QUICK_ORDER}),
        (f"{BOB} view quote.subtotal", {"resource": "quote.subtotal"}),
        ("role:Buyer view order", {"subject": "role:buyer"}),
        ("guest view order", {"subject": "guest"}),
        ("visitor:VISITOR-1 view order", {"subject": "visitor:visitor-1"}),
    ],
)
def test_the_answer_names_what_was_asked_about(demo: Runner, question: str, told: dict[str, Any]) -> None:
    answer = demo("access", "can", *question.split(), "-o", "json").json
    assert {name: answer[name] for name in told} == told


@pytest.mark.parametrize("verb", ["can", "explain"])
@pytest.mark.parametrize(
    ("question", "refusal"),
    [
        ("nobody@x.example view order", (3, "not-found", "customer user 'nobody@x.example' not found")),
        ("role:nope view order", (3, "not-found", "role 'nope' not found")),
        ("visitor:nope view order", (3, "not-found", "visitor 'nope' not found")),
        (f"{BOB} view order:SO-9", (3, "not-found", "order 'SO-9' not found")),
        (f"{BOB} view warranty-claim:nope", (3, "not-found", "warranty-claim 'nope' not found")),
        (f"{BOB} view customer-address:company-a/nope", (3, "not-found", "address 'company-a/nope' not found")),
        (f"{BOB} view order --owner nope", (3, "not-found", "customer user 'nope' not found")),
        (f"{BOB} view order --customer nope", (3, "not-found", "customer 'nope' not found")),
        (f"{BOB} view ordr", (4, "unknown-entity", "unknown entity 'ordr'")),
        (f"{BOB} view ordr.total", (4, "unknown-entity", "unknown entity 'ordr'")),
        (f"{BOB} veiw order", (4, "unknown-action", "unknown action 'veiw'")),
        (f"{BOB} use capability:nope", (4, "unknown-capability", "unknown capability 'nope'")),
        (f"{BOB} view workflow:nope", (4, "unknown-workflow", "unknown workflow 'nope'")),
        (
            f"{BOB} view order:SO-1001 --owner {BOB}",
            (4, "invalid", "a stored record has its own owner: leave --owner and --customer out"),
        ),
        (
            f"{BOB} use {QUICK_ORDER} --customer company-a",
            (4, "invalid", "a capability has no owner: leave --owner and --customer out"),
        ),
        (
            "role:buyer view order:SO-1001",
            (4, "invalid", "a role alone owns nothing: it can be asked about an entity only"),
        ),
    ],
)
def test_a_question_with_an_unknown_word_is_an_error_and_never_a_no(
    demo: Runner, verb: str, question: str, refusal: Refusal
) -> None:
    assert demo.refusal("access", verb, *question.split()) == refusal


def test_the_answer_is_one_line_for_a_person(demo: Runner) -> None:
    answer = demo("access", "can", BOB, "view", "order:SO-1002")
    why = "level user does not reach this record (out-of-reach, level user)"
    assert (answer.exit, answer.err) == (1, "")
    assert answer.out == f"no   user:{BOB} may not view order:SO-1002: {why}\n"
    answer = demo("access", "can", BOB, "view", "order:SO-1001")
    assert (answer.exit, answer.out, answer.err) == (
        0,
        f"yes  user:{BOB} may view order:SO-1001 (granted, level user)\n",
        "",
    )


# Explanations


def test_an_explanation_tells_roles_match_and_vetoes(demo: Runner) -> None:
    assert demo("access", "explain", DANA, "view", "order:SO-1201", "-o", "json").json == {
        "subject": f"user:{DANA}",
        "action": "view",
        "resource": "order:SO-1201",
        "owner": None,
        "customer": None,
        "allowed": True,
        "level": "corporate",
        "reason": "granted",
        "roles": [
            {"role": "buyer", "assumed": False, "source": "entry", "level": "user"},
            {"role": "company-a/approver", "assumed": False, "source": "entry", "level": "corporate"},
        ],
        "match": {"rule": "owner-customer", "path": ["company-a-la", "company-a-west", "company-a"]},
        "vetoes": [],
        "remedy": None,
    }


@pytest.mark.parametrize(
    ("question", "match"),
    [
        (f"{BOB} view order:SO-1001", {"rule": "own", "path": []}),
        (f"{AMANDA} view order:SO-1202", {"rule": "customer", "path": ["company-a-la", "company-a-west", "company-a"]}),
        (f"{GRACE} view order:SO-1001", {"rule": "owner-customer", "path": ["company-a"]}),
        (f"{AMANDA} view coupon --customer company-a", {"rule": "ownerless", "path": []}),
        ("visitor:visitor-1 view shopping-list:SL-9001", {"rule": "visitor", "path": []}),
        (f"{BOB} view order", None),
        (f"{BOB} view order:SO-1002", None),
    ],
)
def test_an_explanation_tells_by_which_rule_a_record_is_reached(
    demo: Runner, question: str, match: dict[str, Any] | None
) -> None:
    assert demo("access", "explain", *question.split(), "-o", "json").json["match"] == match


@pytest.mark.parametrize(
    ("question", "vetoes"),
    [
        (f"{FRANK} view order", [{"reason": "disabled", "record": None}]),
        (f"{CARLOS} edit order:SO-1102", [{"reason": "order-closed", "record": "order:SO-1102"}]),
        (f"{AMANDA} view quote-product:q-1002-1", [{"reason": "parent-denied", "record": "quote:Q-1002"}]),
        (f"{AMANDA} delete role:buyer", []),
        ("guest create checkout", [{"reason": "feature-off", "record": None}]),
        (f"{AMANDA} view product:OEM-7", [{"reason": "hidden", "record": "product:oem-7"}]),
        (
            f"{FRANK} view category:floodlights",
            [{"reason": "disabled", "record": None}, {"reason": "hidden", "record": "category:floodlights"}],
        ),
    ],
)
def test_an_explanation_tells_every_veto(demo: Runner, question: str, vetoes: list[Any]) -> None:
    explained = demo("access", "explain", *question.split(), "-o", "json").json
    assert explained["vetoes"] == vetoes


def test_an_explanation_is_a_tree_for_a_person(demo: Runner) -> None:
    answer = demo("access", "explain", BOB, "edit", "order:SO-1101")
    assert (answer.exit, answer.err) == (1, "")
    assert answer.lines == [
        f"no   user:{BOB} may not edit order:SO-1101: level user does not reach this record (out-of-reach, level user)",
        "├─ ✓ roles: the widest level is user",
        "│  └─ ✓ buyer  user  by its entry",
        "└─ ✗ ownership: level user reaches only the user's own records",
        "nearest remedy:",
        f"  custctl user role add {BOB} administrator",
        "also affects: nobody else",
    ]


# The matrix


def test_a_matrix_tells_every_level_and_which_roles_give_it(demo: Runner) -> None:
    matrix = demo.json("access", "matrix", DANA)
    assert list(matrix) == ["subject", "sign_in", "entities", "capabilities", "workflows", "fields"]
    assert (matrix["subject"], matrix["sign_in"]) == (f"user:{DANA}", {"allowed": True, "reason": None})
    entities = {row["entity"]: row for row in matrix["entities"]}
    assert len(entities) == 30
    assert entities["order"] == {
        "entity": "order",
        "ownership": "user",
        "permissions": {
            "view": {"level": "corporate", "roles": ["company-a/approver"]},
            "create": {"level": "user", "roles": ["buyer"]},
            "edit": {"level": "department", "roles": ["company-a/approver"]},
            "delete": {"level": "none", "roles": []},
            "assign": {"level": "none", "roles": []},
        },
    }
    assert list(entities["sales-report"]["permissions"]) == ["view", "create"]
    assert {"name": "oro_quick_add_form", "allowed": True, "roles": ["buyer", "company-a/approver"]} in matrix[
        "capabilities"
    ]
    assert matrix["workflows"][0] == {
        "workflow": "b2b_flow_checkout",
        "permissions": {
            "view": {"level": "corporate", "roles": ["company-a/approver"]},
            "perform": {"level": "department", "roles": ["company-a/approver"]},
        },
    }
    assert matrix["fields"] == []


def test_a_matrix_lists_the_fields_that_roles_speak_of(demo: Runner) -> None:
    closed, opened = {"level": "none", "roles": []}, {"level": "full", "roles": ["company-a/assistant"]}
    assert demo.json("access", "matrix", NINA)["fields"] == [
        {"field": "quote.subtotal", "permissions": {"view": closed, "create": opened, "edit": closed}}
    ]


@pytest.mark.parametrize(
    ("user", "reason"),
    [(FRANK, "disabled"), (PAULA, "unconfirmed"), (SAM, "reset"), ("user:guest-jo-miller", "guest-record")],
)
def test_a_matrix_tells_sign_in_apart_from_the_roles(demo: Runner, user: str, reason: str) -> None:
    matrix = demo.json("access", "matrix", user)
    assert matrix["sign_in"] == {"allowed": False, "reason": reason}
    assert matrix["entities"] == demo.json("access", "matrix", "role:buyer")["entities"]


def test_a_matrix_and_single_questions_agree(demo: Runner) -> None:
    for subject in (NINA, THEO, "guest", "role:company-a/approver"):
        matrix = demo.json("access", "matrix", subject)
        for row in matrix["entities"][:12]:
            for action, cell in row["permissions"].items():
                asked = demo("access", "can", subject, action, row["entity"], "--ignore-status", "-o", "json")
                assert asked.json["level"] == cell["level"], (subject, action, row["entity"])
                assert asked.exit == (1 if cell["level"] == "none" else 0)


@pytest.mark.parametrize(
    ("subject", "message"),
    [("nope", "customer user 'nope' not found"), ("role:nope", "role 'nope' not found")],
)
def test_a_matrix_of_nobody_is_exit_3(demo: Runner, subject: str, message: str) -> None:
    assert demo.refusal("access", "matrix", subject) == (3, "not-found", message)


def test_a_database_that_is_not_there_is_exit_8(custctl: Runner) -> None:
    custctl.database.unlink()
    for words in (("can", "guest", "view", "order"), ("explain", "guest", "view", "order"), ("matrix", "guest")):
        refusal = (8, "no-database", f"there is no database at {custctl.database}")
        assert custctl.refusal("access", *words) == refusal
    assert not custctl.database.exists()


# Remedies


@pytest.mark.parametrize(
    ("question", "commands", "affected"),
    [
        (f"{FRANK} view order:SO-1302", [f"custctl user enable {FRANK}"], (0, 0)),
        (f"{PAULA} view order", [f"custctl user edit {PAULA} --confirmed"], (0, 0)),
        (f"{SAM} view order", [f"custctl user edit {SAM} --auth-status active"], (0, 0)),
        (f"{NINA} view order:SO-1001", ["custctl role grant company-a/assistant order view=department"], (0, 0)),
        (f"{PETER} use {QUICK_ORDER}", [f"custctl role grant wholesaler-b/clerk {QUICK_ORDER} use=on"], (0, 0)),
        (f"{BOB} edit order:SO-1101", [f"custctl user role add {BOB} administrator"], (0, 0)),
        (
            f"{FRANK} view order:SO-1301",
            [f"custctl user role add {FRANK} administrator", f"custctl user enable {FRANK}"],
            (0, 0),
        ),
        (f"{AMANDA} view product:OEM-7", ["custctl product visibility oem-7 --customer company-a=visible"], (4, 1)),
        (f"{AMANDA} view product:OLD-1", ["custctl product edit old-1 --status enabled"], (18, 8)),
        (
            "guest view category:floodlights",
            ["custctl category visibility floodlights --group non-authenticated-visitors=visible"],
            (1, 1),
        ),
    ],
)
def test_the_nearest_remedy_is_told(
    demo: Runner, question: str, commands: list[str], affected: tuple[int, int]
) -> None:
    explained = demo("access", "explain", *question.split(), "-o", "json").json
    users, customers = affected
    assert explained["remedy"] == {"commands": commands, "also_affects": {"users": users, "customers": customers}}


@pytest.mark.parametrize(
    "question",
    [
        f"{BOB} view order:SO-1001",
        "user:guest-jo-miller view order",
        f"{AMANDA} view order:SO-2001",
        f"{AMANDA} assign coupon",
        f"{CARLOS} edit order:SO-1102",
        "guest create checkout",
        "visitor:visitor-2 view shopping-list:SL-9001",
        f"{AMANDA} delete role:company-a/approver",
    ],
)
def test_where_no_command_helps_there_is_no_remedy(demo: Runner, question: str) -> None:
    assert demo("access", "explain", *question.split(), "-o", "json").json["remedy"] is None


RECORDS = ["SO-1001", "SO-1002", "SO-1102", "SO-1201", "SO-1302", "SO-2002", "SO-3101"]
RESOURCES = [
    *("order", "quote", "request", "shopping-list", "checkout", "customer", "user", "role", "customer-address"),
    *("grid-view", "coupon", "customer-group", "warranty-claim", "sales-report", "quote-product"),
    *(f"order:{number}" for number in RECORDS),
    *("quote:Q-1001", "quote:Q-1002", "quote:Q-1101", "request:RFQ-1001", "request:RFQ-1101", "shopping-list:SL-1001"),
    *("shopping-list-line-item:sl-1001-1", "shopping-list-line-item:sl-1201-1", "quote-product:q-1001-1"),
    *("warranty-claim:wc-1102", "warranty-claim:wc-3101", "sales-report:company-a-2025-q1", "grid-view:open-orders"),
    *("customer:company-a", "customer:company-a-la", "customer:partner-c-north", f"user:{BOB}", f"user:{LUIS}"),
    *("role:buyer", "role:company-a/approver", "role:wholesaler-b/clerk", "customer-address:company-a/hq"),
    f"customer-user-address:{LUIS}/home",
    *("product:OEM-7", "product:OLD-1", "product:FLD-10", "category:floodlights"),
]
SPECIAL = [
    *(
        (action, resource)
        for action in ("view", "perform")
        for resource in (CHECKOUT, "workflow:b2b_rfq_frontoffice_default")
    ),
    *(("use", f"capability:{name}") for name in ("oro_quick_add_form", "oro_customer_frontend_gridview_publish")),
    *((action, "quote.subtotal") for action in ("view", "edit")),
    *(("duplicate", resource) for resource in ("shopping-list", "shopping-list:SL-1201")),
]


def denials(runner: Runner, subject: str, count: int) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Some questions that a subject is denied and that have a remedy, always the same ones."""
    actions = ("view", "create", "edit", "delete", "assign")
    questions = [*((action, resource) for action in actions for resource in RESOURCES), *SPECIAL]
    random.Random(subject).shuffle(questions)
    if subject.startswith("role:"):  # a role alone is not asked about records
        questions = [(action, resource) for action, resource in questions if ":" not in resource]
    for action, resource in questions:
        words = (subject, action, resource)
        explained = runner("access", "explain", *words, "-o", "json").json
        if explained["remedy"] is not None:
            yield words, explained
            count -= 1
        if not count:
            return


SUBJECTS = [AMANDA, BOB, DANA, GRACE, NINA, WANDA, LUIS, ERIN, OLIVIA, PETER, QUINN, THEO, FRANK, PAULA, SAM]


@pytest.mark.parametrize("subject", [*SUBJECTS, "role:company-a/assistant", "guest", "visitor:visitor-1"])
def test_after_its_remedy_the_answer_is_yes(demo: Runner, demo_file: Path, subject: str) -> None:
    told = list(denials(demo, subject, 6))
    assert told
    for number, (words, explained) in enumerate(told):
        place = demo.database.parent / str(number)
        place.mkdir()
        shop = Runner(Path(shutil.copy(demo_file, place / "shop.db")))
        for command in explained["remedy"]["commands"]:
            name, *line = shlex.split(command)
            assert name == "custctl"
            assert shop("access", "can", *words).exit == 1, (words, explained)
            done = shop(*line)
            assert (done.exit, done.err) == (0, ""), (words, command, done)
        assert shop("access", "can", *words).exit == 0, (words, explained)


def test_a_field_without_a_name_is_no_field(demo: Runner) -> None:
    assert demo("access", "can", "guest", "view", "order.").exit == 4
