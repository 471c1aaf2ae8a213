"""Customer users, through the commands; the names of tests begin with the feature they hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.runner import Refusal, Runner

AMANDA = "amanda.smith@company-a.example"
BOB = "bob.reyes@company-a.example"
DANA = "dana.lee@company-a.example"
FRANK = "frank.moore@company-a.example"
GRACE = "grace.kim@company-a.example"
NINA = "nina.park@company-a.example"
GUEST = "guest-jo-miller"

ANN = ("ann.lee@x.example", "--first-name", "Ann", "--last-name", "Lee", "--role", "buyer")
LAST_ROLE = "an enabled user needs at least one role"


def keys(runner: Runner, *words: str) -> list[str]:
    return [row["key"] for row in runner.json("user", "list", *words)]


# U-01: the customer


def test_u_01_a_user_without_a_customer_gets_one_called_like_the_person(custctl: Runner) -> None:
    assert custctl.fields("user", "add", *ANN) == {
        "user:ann.lee@x.example": {
            "key": [None, "ann.lee@x.example"],
            "email": [None, "ann.lee@x.example"],
            "first_name": [None, "Ann"],
            "last_name": [None, "Lee"],
            "customer": [None, "ann-lee"],
            "roles": [None, ["buyer"]],
            "enabled": [None, True],
            "confirmed": [None, True],
            "guest": [None, False],
            "auth_status": [None, "active"],
            "owner": [None, "tester"],
        },
        "customer:ann-lee": {
            "key": [None, "ann-lee"],
            "name": [None, "Ann Lee"],
            "account": [None, "ann-lee"],
            "owner": [None, "tester"],
        },
        "account:ann-lee": {"key": [None, "ann-lee"], "name": [None, "Ann Lee"], "owner": [None, "tester"]},
    }


def test_u_01_the_customer_of_a_second_person_of_that_name_is_another_one(custctl: Runner) -> None:
    custctl("user", "add", *ANN)
    fields = custctl.fields("user", "add", "other@x.example", *ANN[1:])
    assert fields["customer:ann-lee-2"]["name"] == [None, "Ann Lee"]


def test_u_01_a_user_is_added_to_a_customer_with_everything_a_person_has(demo: Runner) -> None:
    options = (
        "--customer partner-c --role partner-c/service-desk --prefix Dr. --middle-name Q --suffix Jr."
        " --birthday 1990-12-31 --owner Sam --sales-rep Tom --external-id E1 --disabled --unconfirmed"
    )
    (fields,) = demo.fields("user", "add", *ANN, *options.split()).values()
    assert {name: new for name, (_, new) in fields.items() if name not in ("key", "email", "guest")} == {
        "prefix": "Dr.",
        "first_name": "Ann",
        "middle_name": "Q",
        "last_name": "Lee",
        "suffix": "Jr.",
        "customer": "partner-c",
        "roles": ["buyer", "partner-c/service-desk"],
        "enabled": False,
        "confirmed": False,
        "auth_status": "active",
        "birthday": "1990-12-31",
        "owner": "Sam",
        "sales_reps": ["Tom"],
        "external_id": "E1",
    }


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        (("--customer", "nope"), (3, "not-found", "customer 'nope' not found")),
        (("--role", "nope"), (3, "not-found", "role 'nope' not found")),
        (
            ("--customer", "company-a", "--role", "wholesaler-b/clerk"),
            (
                4,
                "invalid",
                f"user:{ANN[0]}: role wholesaler-b/clerk belongs to customer wholesaler-b, the user to company-a",
            ),
        ),
        (
            ("--external-id", "HR-0001"),
            (5, "taken", f"user:{ANN[0]}: external id 'HR-0001' is already that of user:{AMANDA}"),
        ),
        (("--key", "ann"), (4, "invalid", "user:ann: only a guest has a key of its own")),
    ],
)
def test_u_01_a_user_with_a_reference_that_does_not_fit_is_refused(
    demo: Runner, options: tuple[str, ...], refusal: Refusal
) -> None:
    assert demo.refusal("user", "add", *ANN, *options) == refusal


def test_u_01_a_user_is_shown_with_what_signing_in_would_answer(demo: Runner) -> None:
    shown = demo.json("user", "show", "sam.price@company-a.example")
    assert shown.pop("created") == shown.pop("updated")
    assert shown.pop("manager") == "demo"
    assert shown == {
        "id": 18,
        "key": "sam.price@company-a.example",
        "email": "sam.price@company-a.example",
        "prefix": None,
        "first_name": "Sam",
        "middle_name": None,
        "last_name": "Price",
        "suffix": None,
        "customer": "company-a-la",
        "roles": ["buyer"],
        "enabled": True,
        "confirmed": True,
        "guest": False,
        "auth_status": "reset",
        "birthday": None,
        "language": None,
        "currency": None,
        "owner": None,
        "sales_reps": [],
        "external_id": None,
        "tags": [],
        "addresses": [],
        "sign_in": {"allowed": False, "reason": "reset"},
        "activities": [],
        "marketing": [],
    }


@pytest.mark.parametrize("reference", [BOB, BOB.upper(), "Bob Reyes", "bob reyes", "id:2"])
def test_u_01_a_user_is_found_by_e_mail_name_and_id(demo: Runner, reference: str) -> None:
    assert demo.json("user", "show", reference)["email"] == BOB


# U-02: the e-mail address


@pytest.mark.parametrize(
    ("email", "problem"),
    [
        ("a@b.c", "email must have 6 to 255 characters, this has 5"),
        ("a" * 250 + "@b.example", "email must have 6 to 255 characters, this has 260"),
        ("ann.lee", "email is not an e-mail address: An email address must have an @-sign."),
        ("ann @x.example", "email is not an e-mail address: The email address contains invalid characters"),
        ("annie@x", "email is not an e-mail address: The part after the @-sign is not valid"),
        ("ann\u202e@x.example", "email holds an invisible or control character"),
        ("", "email must not be blank"),
    ],
)
def test_u_02_an_address_that_cannot_be_one_is_refused(custctl: Runner, email: str, problem: str) -> None:
    exit_code, code, message = custctl.refusal("user", "add", email, *ANN[1:])
    assert (exit_code, code) == (4, "invalid")
    assert problem in message


@pytest.mark.parametrize(
    ("email", "key"),
    [
        ("Ann.Lee@X.Example", "ann.lee@x.example"),
        ("ann+shop@x.example", "ann+shop@x.example"),
        ("änn@müller.example", "änn@müller.example"),
        ("a" * 64 + "@x.example", "a" * 64 + "@x.example"),
    ],
)
def test_u_02_the_folded_address_is_the_key(custctl: Runner, email: str, key: str) -> None:
    assert ("add", f"user:{key}") in custctl.changes("user", "add", email, *ANN[1:])


@pytest.mark.parametrize("email", [BOB, "Bob.Reyes@Company-A.example"])
def test_u_02_an_address_that_a_user_has_is_refused(demo: Runner, email: str) -> None:
    assert demo.refusal("user", "add", email, *ANN[1:]) == (5, "taken", f"user:{BOB} exists already")
    assert demo.refusal("user", "edit", AMANDA, "--email", email) == (5, "taken", f"user:{BOB} exists already")


def test_u_02_guests_may_share_an_address(demo: Runner) -> None:
    guest = ("user", "add", "jo.miller@mail.example", "--first-name", "Jo", "--last-name", "Miller", "--guest")
    fields = demo.fields(*guest)[f"user:{GUEST}-2"]
    assert (fields["email"], fields["enabled"], fields["confirmed"]) == (
        [None, "jo.miller@mail.example"],
        [None, False],
        [None, False],
    )
    assert demo.refusal(*guest, "--key", GUEST) == (5, "taken", f"user:{GUEST} exists already")
    assert demo.changes(*guest, "--key", "guest-other")[0] == ("add", "user:guest-other")


def test_u_02_a_user_may_have_the_address_of_a_guest(demo: Runner) -> None:
    assert ("add", "user:jo.miller@mail.example") in demo.changes("user", "add", "jo.miller@mail.example", *ANN[1:])


def test_u_02_a_new_address_is_a_new_key_and_references_follow(demo: Runner) -> None:
    assert demo.fields("user", "edit", BOB, "--email", "Bobby@company-a.example") == {
        "user:bobby@company-a.example": {
            "key": [BOB, "bobby@company-a.example"],
            "email": [BOB, "Bobby@company-a.example"],
        }
    }
    assert demo("access", "can", "bobby@company-a.example", "view", "order:SO-1001").exit == 0
    assert demo("user", "show", BOB).exit == 3


def test_u_02_the_address_of_a_guest_changes_without_a_new_key(demo: Runner) -> None:
    assert demo.fields("user", "edit", GUEST, "--email", "jo@new.example") == {
        f"user:{GUEST}": {"email": ["jo.miller@mail.example", "jo@new.example"]}
    }


# U-04: names and birthday


def test_u_04_both_names_are_required(custctl: Runner) -> None:
    assert custctl.refusals("user", "add", "ann@x.example", "--disabled") == [
        (4, "invalid", "user:ann@x.example: first_name is required for a new customer user"),
        (4, "invalid", "user:ann@x.example: last_name is required for a new customer user"),
    ]


@pytest.mark.parametrize("field", ["first-name", "last-name"])
def test_u_04_a_name_cannot_be_cleared(demo: Runner, field: str) -> None:
    message = f"customer user '{BOB}': {field.replace('-', '_')} must not be blank"
    assert demo.refusal("user", "edit", BOB, f"--{field}", " ") == (4, "invalid", message)


def test_u_04_a_birthday_is_not_in_the_future(demo: Runner) -> None:
    today = datetime.now(UTC).date()
    tomorrow = (today + timedelta(days=1)).isoformat()
    message = f"customer user '{BOB}': birthday must not be in the future"
    assert demo.refusal("user", "edit", BOB, "--birthday", tomorrow) == (4, "invalid", message)
    assert demo.fields("user", "edit", BOB, "--birthday", "2000-02-29") == {
        f"user:{BOB}": {"birthday": [None, "2000-02-29"]}
    }
    assert demo.fields("user", "edit", BOB, "--birthday", "") == {f"user:{BOB}": {"birthday": ["2000-02-29", None]}}


@pytest.mark.parametrize("birthday", ["soon", "2001-02-29", "31.12.1990", "1980-W01-1", "1980W011"])
def test_u_04_a_birthday_is_a_date(demo: Runner, birthday: str) -> None:
    message = f"customer user '{BOB}': birthday must be a date like 1990-12-31"
    assert demo.refusal("user", "edit", BOB, "--birthday", birthday) == (4, "invalid", message)


def test_u_04_an_edit_changes_what_was_given_and_nothing_else(demo: Runner) -> None:
    options = "--first-name Rob --suffix Jr. --unconfirmed --auth-status reset --owner Sam --sales-rep Tom"
    assert demo.fields("user", "edit", BOB, *options.split()) == {
        f"user:{BOB}": {
            "first_name": ["Bob", "Rob"],
            "suffix": [None, "Jr."],
            "confirmed": [True, False],
            "auth_status": ["active", "reset"],
            "owner": [None, "Sam"],
            "sales_reps": [[], ["Tom"]],
        }
    }


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ((BOB,), (2, "usage", "say what to change")),
        (("nope@x.example", "--owner", "S"), (3, "not-found", "customer user 'nope@x.example' not found")),
        ((BOB, "--email", ""), (4, "invalid", f"customer user '{BOB}': email must not be blank")),
        (
            (BOB, "--auth-status", "expired"),
            (4, "invalid", f"customer user '{BOB}': auth_status must be one of active, reset"),
        ),
    ],
)
def test_u_04_an_edit_that_cannot_be_is_refused(demo: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    assert demo.refusal("user", "edit", *words) == refusal


# U-05, U-06: roles


def test_u_05_an_enabled_user_needs_a_role(demo: Runner) -> None:
    answer = demo("user", "add", *ANN[:-2], "--customer", "company-a")
    assert (answer.exit, answer.out) == (5, "")
    assert answer.err == (
        f'error: user:ann.lee@x.example: {LAST_ROLE}\n  --> field "roles"\n  hint: give a role, or disable the user\n'
    )


def test_u_05_a_disabled_user_without_a_role_cannot_be_enabled(demo: Runner) -> None:
    assert demo("user", "add", *ANN[:-2], "--customer", "company-a", "--disabled").exit == 0
    assert demo.refusal("user", "enable", ANN[0]) == (5, "last-role", f"user:{ANN[0]}: {LAST_ROLE}")
    assert demo.fields("user", "role", "add", ANN[0], "buyer") == {f"user:{ANN[0]}": {"roles": [[], ["buyer"]]}}
    assert demo("user", "enable", ANN[0]).exit == 0


def test_u_06_the_last_role_of_an_enabled_user_stays(demo: Runner) -> None:
    refusal = (5, "last-role", f"user:{DANA}: {LAST_ROLE}")
    assert demo.refusal("user", "role", "remove", DANA, "buyer", "company-a/approver") == refusal
    assert demo.fields("user", "role", "remove", DANA, "buyer") == {
        f"user:{DANA}": {"roles": [["buyer", "company-a/approver"], ["company-a/approver"]]}
    }
    assert demo.refusal("user", "role", "remove", DANA, "company-a/approver") == refusal


def test_u_06_the_last_role_of_a_disabled_user_may_go(demo: Runner) -> None:
    assert demo.fields("user", "role", "remove", FRANK, "buyer") == {f"user:{FRANK}": {"roles": [["buyer"], []]}}


def test_u_06_roles_are_given_and_listed(demo: Runner) -> None:
    assert demo.fields("user", "role", "add", BOB, "administrator", "Bookkeeper", "buyer") == {
        f"user:{BOB}": {"roles": [["buyer"], ["administrator", "buyer", "company-a/bookkeeper"]]}
    }
    listed = demo.json("user", "role", "list", BOB)
    assert [(row["key"], row["type"]) for row in listed] == [
        ("administrator", "predefined"),
        ("buyer", "predefined"),
        ("company-a/bookkeeper", "customizable"),
    ]


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("add", BOB, "nope"), (3, "not-found", "role 'nope' not found")),
        (("add", "nope", "buyer"), (3, "not-found", "customer user 'nope' not found")),
        (("add", BOB), (2, "usage", "Missing argument 'ROLE...'")),
        (("remove", BOB, "administrator"), (5, "unchanged", f"user:{BOB} does not have administrator")),
        (
            ("add", BOB, "wholesaler-b/clerk"),
            (
                4,
                "invalid",
                f"user:{BOB}: role wholesaler-b/clerk belongs to customer wholesaler-b, the user to company-a",
            ),
        ),
    ],
)
def test_u_06_roles_that_cannot_be_given_or_taken_are_refused(
    demo: Runner, words: tuple[str, ...], refusal: Refusal
) -> None:
    assert demo.refusal("user", "role", *words) == refusal


# U-07: enable, disable


def test_u_07_a_user_is_disabled_and_enabled_again(demo: Runner) -> None:
    assert demo.fields("user", "disable", BOB) == {f"user:{BOB}": {"enabled": [True, False]}}
    assert demo.json("user", "show", BOB)["sign_in"] == {"allowed": False, "reason": "disabled"}
    assert demo.fields("user", "enable", BOB) == {f"user:{BOB}": {"enabled": [False, True]}}


@pytest.mark.parametrize(("verb", "user", "state"), [("enable", BOB, "enabled"), ("disable", FRANK, "disabled")])
def test_u_07_a_repeated_switch_is_refused(demo: Runner, verb: str, user: str, state: str) -> None:
    assert demo.refusal("user", verb, user) == (5, "unchanged", f"user:{user} is already {state}")


@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_u_07_a_user_that_is_not_stored_is_exit_3(demo: Runner, verb: str) -> None:
    assert demo.refusal("user", verb, "nope") == (3, "not-found", "customer user 'nope' not found")


# U-15, U-16: moving


def test_u_15_a_user_who_moves_leaves_the_sales_documents_behind(demo: Runner) -> None:
    assert demo.fields("user", "move", BOB, "company-a-west") == {
        f"user:{BOB}": {"customer": ["company-a", "company-a-west"]},
        "order:SO-1001": {"user": [BOB, None]},
        "quote:Q-1001": {"user": [BOB, None]},
        "quote:Q-1002": {"user": [BOB, None]},
        "request:RFQ-1001": {"user": [BOB, None]},
        "shopping-list:SL-1001": {"user": [BOB, None]},
        "checkout:CO-1001": {"user": [BOB, None]},
    }
    query = (
        "SELECT number, customer.key, user_id FROM sales_document JOIN customer ON customer.id = customer_id"
        " WHERE number IN ('SO-1001', 'Q-1001') ORDER BY 1"
    )
    assert demo.sql(query) == [("Q-1001", "company-a", None), ("SO-1001", "company-a", None)]
    assert demo.sql("SELECT count(*) FROM history WHERE revision_id = 2") == [(7,)]


def test_u_15_a_move_through_a_document_leaves_them_behind_too(demo: Runner) -> None:
    demo.apply(f'[[users]]\nemail = "{BOB}"\ncustomer = "company-a-west"')
    assert demo.sql("SELECT user_id FROM sales_document WHERE number = 'SO-1001'") == [(None,)]


def test_u_15_a_user_who_moves_loses_the_roles_of_the_old_customer(demo: Runner) -> None:
    answer = demo("user", "move", DANA, "wholesaler-b")
    assert answer.lines == [
        f"~ user:{DANA}",
        "    customer: company-a → wholesaler-b",
        "    roles: buyer, company-a/approver → buyer",
        "    customer.view                       corporate → department",
        "    customer-user.view                  corporate → department",
        "    order.view                          corporate → user",
        "    order.edit                          department → user",
        "    quote.view                          corporate → user",
        "    request.view                        corporate → user",
        "    request.edit                        corporate → user",
        "    workflow:b2b_flow_checkout.view     corporate → user",
        "    workflow:b2b_flow_checkout.perform  department → user",
        f"reach  +1 customer, -4 customers  1 user: user:{DANA}",
        "0 added, 1 changed, 0 removed",
    ]
    assert answer.err == f"warning: user:{DANA} loses role company-a/approver, which belongs to the old customer\n"


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ((GRACE, "wholesaler-b"), (5, "last-role", f"user:{GRACE}: {LAST_ROLE}")),
        ((BOB, "company-a"), (5, "unchanged", f"user:{BOB} belongs to company-a already")),
        ((BOB, "nope"), (3, "not-found", "customer 'nope' not found")),
        (("nope", "company-a"), (3, "not-found", "customer user 'nope' not found")),
    ],
)
def test_u_15_a_move_that_cannot_be_is_refused(demo: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    assert demo.refusal("user", "move", *words) == refusal


def test_u_16_only_the_back_office_moves_users_because_it_may_edit_every_document(demo: Runner) -> None:
    refusal = (2, "usage", "custctl user move does not take --as")
    assert demo.refusal("user", "move", BOB, "company-a-west", "--as", AMANDA) == refusal
    assert demo("user", "move", BOB, "company-a-west").exit == 0


# U-17: deleting


@pytest.mark.parametrize(
    ("user", "owned"),
    [
        (
            BOB,
            "1 checkout, 1 order, 2 quotes, 1 request, 1 shopping-list, 1 shopping-list-line-item, 1 warranty-claim",
        ),
        (AMANDA, "1 grid-view"),
        (GUEST, "1 visitor"),
    ],
)
def test_u_17_a_user_who_owns_records_cannot_be_deleted(demo: Runner, user: str, owned: str) -> None:
    refusal = (5, "has-dependents", f"user:{user} still owns {owned}")
    assert demo.refusal("user", "delete", user, "--yes") == refusal


def test_u_17_a_user_who_owns_nothing_goes(demo: Runner) -> None:
    assert demo.changes("user", "delete", NINA) == [("remove", f"user:{NINA}")]
    assert demo.refusal("user", "delete", NINA) == (3, "not-found", f"customer user '{NINA}' not found")
    assert demo.json("role", "show", "company-a/assistant")["users"] == 0


def test_u_17_addresses_go_along_when_that_is_agreed_to(demo: Runner) -> None:
    address = "--street S --city C --postal-code P --country MC --region MC-MC --organization O --label Home"
    demo("user", "address", "add", NINA, *address.split())
    message = f"deleting user:{NINA} together with 1 other record (1 address) needs --yes"
    assert demo.refusal("user", "delete", NINA) == (2, "usage", message)
    assert demo.changes("user", "delete", NINA, "--yes") == [
        ("remove", f"user:{NINA}"),
        ("remove", f"customer-user-address:{NINA}/home"),
    ]


def test_u_17_nobody_deletes_oneself(demo: Runner) -> None:
    message = f"user:{AMANDA} cannot delete itself"
    assert demo.refusal("user", "delete", AMANDA, "--as", AMANDA, "--yes") == (5, "self", message)


# U-25: the list


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        (["customer=company-a"], [AMANDA, BOB, DANA, GRACE, NINA]),
        (["customer=jo-miller"], [GUEST]),
        (["first_name=dana"], [DANA]),
        (["last_name~Re", "customer=company-a"], [BOB]),
        (["email~NINA"], [NINA]),
        (["email=jo.miller@mail.example"], [GUEST]),
        (["enabled=no"], [FRANK, GUEST]),
        (["enabled=yes", "customer=company-a-east"], ["erin.cole@company-a.example"]),
        (["confirmed=false"], [GUEST, "paula.reed@company-a.example"]),
        (["guest=true"], [GUEST]),
        (["auth_status=reset"], ["sam.price@company-a.example"]),
        (["auth_status!=active"], ["sam.price@company-a.example"]),
        (["roles=company-a/approver"], [DANA]),
        (["roles!=buyer", "customer=company-a"], [AMANDA, GRACE, NINA]),
        (["roles~company-a/"], [DANA, GRACE, NINA]),
        (["roles="], []),
        (["birthday<1990-01-01"], [AMANDA]),
        (["birthday=", "customer=company-a"], [BOB, DANA, GRACE, NINA]),
        (["external_id=hr-0001"], [AMANDA]),
    ],
    ids=" & ".join,
)
def test_u_25_each_filter_finds_the_users_that_meet_it(demo: Runner, conditions: list[str], found: list[str]) -> None:
    where = [word for condition in conditions for word in ("--where", condition)]
    assert keys(demo, *where) == found


def test_u_25_users_are_listed_by_key_and_each_row_has_the_address(demo: Runner) -> None:
    assert demo.json("user", "list", "--where", "customer=jo-miller") == [
        {
            "key": GUEST,
            "email": "jo.miller@mail.example",
            "first_name": "Jo",
            "last_name": "Miller",
            "customer": "jo-miller",
            "roles": ["buyer"],
            "enabled": False,
            "confirmed": False,
        }
    ]
    everyone = keys(demo)
    assert len(everyone) == 19
    assert everyone == sorted(everyone)


@pytest.mark.parametrize(
    ("condition", "refusal"),
    [
        ("enabled=maybe", (4, "invalid", "enabled is yes or no, not 'maybe'")),
        ("is_guest=yes", (4, "unknown-field", "unknown field 'is_guest'")),
        ("roles>buyer", (2, "usage", "> does not apply to a list")),
    ],
)
def test_u_25_a_filter_that_cannot_be_read_is_refused(demo: Runner, condition: str, refusal: Refusal) -> None:
    assert demo.refusal("user", "list", "--where", condition) == refusal
