"""Verbs on many records: named, from standard input, or found by a filter (features C-14, C-17 and U-26)."""

from __future__ import annotations

from contextlib import closing

import pytest

from custctl.resources import CUSTOMER, USER, Noun
from custctl.store.database import open_for_writing
from custctl.store.removal import REMOVALS
from custctl.store.unit import Unit
from tests.conftest import Process
from tests.runner import Runner

AMANDA = "amanda.smith@company-a.example"
BOB = "bob.reyes@company-a.example"
FREE = ("free-1", "free-2", "free-3")


@pytest.fixture
def shop(demo: Runner) -> Runner:
    """The demo world with three customers that nothing belongs to."""
    for key in FREE:
        assert demo("customer", "add", key, "--tag", "obsolete").exit == 0
    assert demo("customer", "edit", "partner-c", "--tag", "obsolete").exit == 0
    assert demo("customer", "edit", "company-a-west", "--tag", "obsolete").exit == 0
    return demo


def keys(runner: Runner, *words: str) -> list[str]:
    """The keys of a list."""
    return [row["key"] for row in runner.json(*words)]


def latest(runner: Runner) -> int:
    """The number of the last revision."""
    return int(runner.sql("SELECT max(id) FROM revision")[0][0])


# What a filter finds


def test_c_14_what_is_used_is_skipped_and_both_counts_are_told(shop: Runner) -> None:
    before = latest(shop)
    answer = shop("customer", "delete", "--where", "tags=obsolete", "--yes", "-o", "json")
    assert answer.exit == 0
    assert [(change["op"], change["record"]) for change in answer.json["changes"]] == [
        ("remove", f"{noun}:{key}") for noun in ("customer", "account") for key in FREE
    ]
    assert answer.json["revision"] == latest(shop) == before + 1
    assert [(row["record"], row["code"]) for row in answer.json["skipped"]] == [
        ("customer:company-a-west", "has-dependents"),
        ("customer:partner-c", "has-dependents"),
    ]
    assert answer.json["skipped"][1]["message"] == (
        "customer:partner-c is still used by 2 customer users, 1 own role, 1 order, 1 sales-report"
    )
    assert answer.err.splitlines() == [
        f"skipped: {answer.json['skipped'][0]['message']}",
        f"skipped: {answer.json['skipped'][1]['message']}",
        "3 deleted, 2 skipped",
    ]
    assert keys(shop, "customer", "list", "--where", "tags=obsolete") == ["company-a-west", "partner-c"]


def test_c_14_one_undo_brings_all_of_them_back(shop: Runner) -> None:
    before = shop.export()
    assert shop("customer", "delete", "--where", "tags=obsolete", "--yes").exit == 0
    assert shop("undo", "--last", "--yes").exit == 0
    assert shop.export() == before


def test_c_14_a_filter_needs_yes_and_says_what_would_be_done(shop: Runner) -> None:
    words = ("customer", "delete", "--where", "tags=obsolete")
    assert shop.refusal(*words) == (2, "usage", "deleting 3 customers, skipping 2 needs --yes")
    tried = shop(*words, "--dry-run")
    assert (tried.exit, tried.err.splitlines()[-2:]) == (
        0,
        ["3 would be deleted, 2 would be skipped", "dry run: nothing was written"],
    )


def test_c_14_when_all_are_skipped_nothing_is_asked_or_written(shop: Runner) -> None:
    before = latest(shop)
    answer = shop("group", "delete", "--where", "key=non-authenticated-visitors", "-o", "json")
    assert (answer.exit, answer.json["revision"], answer.json["changes"]) == (0, None, [])
    assert [(row["record"], row["code"]) for row in answer.json["skipped"]] == [
        ("customer-group:non-authenticated-visitors", "protected")
    ]
    assert latest(shop) == before


@pytest.mark.parametrize(
    ("words", "done", "skipped"),
    [
        (("role", "delete", "--where", "users>=0"), 0, {"protected", "has-dependents"}),
        (("user", "delete", "--where", "customer=company-a"), None, {"has-dependents"}),
        (("group", "delete", "--where", "name~a"), None, {"protected"}),
        (("contact", "group", "delete", "--where", "key~group"), 0, {"protected"}),
        (("account", "delete", "--where", "name~a"), None, {"has-dependents"}),
        (("contact", "delete", "--where", "key~e"), None, set()),
        (("tag", "delete", "--where", "uses>0"), None, set()),
        (("tag", "taxonomy", "delete", "--where", "tags>0"), None, set()),
        (("order", "delete", "--where", "status=closed"), None, set()),
        (("guest", "delete", "--where", "key~v"), None, {"has-dependents"}),
    ],
)
def test_c_14_every_noun_deletes_what_a_filter_finds(
    demo: Runner, words: tuple[str, ...], done: int | None, skipped: set[str]
) -> None:
    verb = words.index("delete")
    matching = demo.json(*words[:verb], "list", *words[verb + 1 :])
    answer = demo.json(*words, "--yes")
    assert {row["code"] for row in answer["skipped"]} == skipped
    left = demo.json(*words[:verb], "list", *words[verb + 1 :])
    assert len(matching) - len(left) == len(matching) - len(answer["skipped"])
    assert done is None or len(matching) - len(left) == done
    assert len(matching) > 0
    assert demo("db", "check").exit == 0


def test_only_ten_reasons_are_said_and_the_rest_counted(demo: Runner) -> None:
    names = "prefix,email,first_name,last_name,customer,enabled\n"
    rows = "".join(f"Roleless,r{n}@x.example,R,L,company-a,no\n" for n in range(12))
    assert demo("user", "import", demo.file(names + rows, "roleless.csv")).exit == 0
    answer = demo("user", "enable", "--where", "prefix=Roleless", "-o", "json")
    assert len(answer.json["skipped"]) == 12
    assert answer.err.splitlines()[9:] == [
        "skipped: user:r9@x.example: an enabled user needs at least one role",
        "skipped: 2 more; -o json has all of them",
        "0 enabled, 12 skipped",
    ]


def test_a_filter_that_finds_nothing_is_done_at_once(demo: Runner) -> None:
    answer = demo("customer", "delete", "--where", "name=nobody")
    assert (answer.exit, answer.out, answer.err) == (0, "nothing to change\n", "no customers\n")


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("customer", "delete"), 2, "name records, or say which by --where: one of the two"),
        (
            ("customer", "delete", "acme", "--where", "name=a"),
            2,
            "name records, or say which by --where: one of the two",
        ),
        (("customer", "delete", "--where", "nme=a"), 4, "unknown field 'nme'"),
        (("customer", "delete", "--where", "created>soon"), 4, "created: 'soon' is no day or time"),
        (("customer", "delete", "--where", "name"), 2, "--where 'name' is not FIELD OP VALUE"),
        (("customer", "delete", "--where", "name=a", "--as", AMANDA), 2, "--as takes one record at a time"),
        (("user", "disable", AMANDA, BOB, "--as", AMANDA), 2, "--as takes one record at a time"),
        (("customer", "edit", "--where", "name~a", "--key", "x"), 2, "--key can only be that of one customer"),
        (("customer", "edit", "--where", "name~a"), 2, "say what to change"),
        (("customer", "edit", "--where", "name~a", "--group", "prtners"), 3, "customer group 'prtners' not found"),
    ],
)
def test_what_cannot_be_read_is_refused(demo: Runner, words: tuple[str, ...], code: int, error: str) -> None:
    exit_code, _, message = demo.refusal(*words, "--yes")
    assert (exit_code, message) == (code, error)


# What is named


def test_several_that_are_named_go_together(shop: Runner) -> None:
    before = latest(shop)
    changes = [("remove", f"{noun}:{key}") for noun in ("customer", "account") for key in FREE]
    assert shop.changes("customer", "delete", *FREE, "free-1") == changes
    assert latest(shop) == before + 1


def test_when_one_that_is_named_stays_all_of_them_do(shop: Runner) -> None:
    refusals = shop.refusals("customer", "delete", "free-1", "partner-c", "company-a-west")
    assert [(code, kind, words.split()[0]) for code, kind, words in refusals] == [
        (5, "has-dependents", "customer:partner-c"),
        (5, "has-dependents", "customer:company-a-west"),
    ]


def test_all_that_are_not_stored_are_told(shop: Runner) -> None:
    assert shop.refusals("customer", "delete", "free-1", "fre-2", "nobody") == [
        (3, "not-found", "customer 'fre-2' not found"),
        (3, "not-found", "customer 'nobody' not found"),
    ]


def test_what_goes_along_with_several_must_be_agreed_to(shop: Runner) -> None:
    home = ("--organization", "A", "--street", "B 1", "--city", "C", "--postal-code", "1", "--country", "GI")
    assert shop("customer", "address", "add", "free-1", *home).exit == 0
    words = ("customer", "delete", "free-1", "free-2")
    assert shop.refusal(*words) == (
        2,
        "usage",
        "deleting 2 customers together with 1 other record (1 address) needs --yes",
    )
    assert shop.changes(*words, "--yes")[-1][0] == "remove"


def test_the_names_that_a_list_prints_are_read_from_standard_input(shop: Runner) -> None:
    names = shop("customer", "list", "--where", "key~free", "-o", "name").out
    assert names == "customer:free-1\ncustomer:free-2\ncustomer:free-3\n"
    refusal = shop.refusal("customer", "delete", "-", stdin=names)
    assert refusal == (2, "usage", "deleting 3 customers needs --yes")
    answer = shop("customer", "delete", "-", "--yes", "-o", "json", stdin=f"\n{names}  \r\n")
    assert (answer.exit, len(answer.json["changes"])) == (0, 6)


@pytest.mark.parametrize("noun", ["user", "role", "order", "account", "contact", "group", "tag"])
def test_the_names_of_every_noun_are_understood(demo: Runner, noun: str) -> None:
    names = demo(noun, "list", "-o", "name").out
    refusals = demo.refusals(noun, "delete", "-", "no-such-record", stdin=names)
    assert [code for code, _, _ in refusals] == [3]


def test_no_names_on_standard_input_are_nothing_to_do(demo: Runner) -> None:
    answer = demo("customer", "delete", "-", stdin="")
    assert (answer.exit, answer.err) == (0, "no customers\n")


def test_standard_input_that_is_no_text_is_refused(demo: Runner) -> None:
    assert demo.refusal("customer", "delete", "-", "--yes", stdin=b"\xff\xfe") == (
        4,
        "encoding",
        "the list is UTF-16",
    )


def test_names_from_windows_and_white_space_of_every_kind_are_names(demo: Runner) -> None:
    demo("tag", "add", "spare")
    stdin = b"\xef\xbb\xbf\r\n  spare\xc2\xa0\r\n"
    assert demo("tag", "delete", "-", "--yes", stdin=stdin).exit == 0
    assert demo.refusal("tag", "delete", "-", "--yes", stdin=b"a\nb\xe9\n") == (4, "encoding", "byte 0xe9 is not UTF-8")


def test_a_real_pipe_deletes_what_another_command_lists(process: Process) -> None:
    assert process("demo", "-q").exit == 0
    assert process("tag", "add", "spare").exit == 0
    names = process("tag", "list", "--where", "uses=0", "-o", "name").out
    done = process("tag", "delete", "-", "--yes", stdin=names)
    assert (done.exit, done.err) == (0, "")
    assert "- tag:spare\n" in done.out


# Users


def test_u_26_users_are_disabled_and_enabled_by_a_filter_with_counts(demo: Runner) -> None:
    users = keys(demo, "user", "list", "--where", "customer=company-a", "--where", "enabled=yes")
    answer = demo("user", "disable", "--where", "customer=company-a", "--yes", "-o", "json")
    assert [change["record"] for change in answer.json["changes"]] == [f"user:{key}" for key in users]
    assert answer.err.splitlines()[-1].startswith(f"{len(users)} disabled")
    assert keys(demo, "user", "list", "--where", "customer=company-a", "--where", "enabled=yes") == []
    assert demo("user", "enable", users[0]).exit == 0
    again = demo("user", "enable", "--where", "customer=company-a", "--yes", "-o", "json")
    assert f"user:{users[0]}" not in {row["record"] for row in again.json["skipped"]}
    assert len(again.json["changes"]) == len(users) - 1
    assert again.err.splitlines()[-1] == f"{len(users) - 1} enabled, 1 unchanged"
    once_more = demo("user", "enable", "--where", "customer=company-a", "-o", "json")
    assert (once_more.exit, once_more.json["changes"], once_more.json["skipped"]) == (0, [], [])
    assert once_more.err == f"0 enabled, {len(users)} unchanged\n"


def test_u_26_who_cannot_be_enabled_is_skipped(custctl: Runner) -> None:
    custctl.apply(
        """
        apiVersion = "custctl/v1"
        [[customers]]
        key = "acme"
        name = "Acme"
        [[users]]
        email = "a@acme.example"
        first_name = "A"
        last_name = "A"
        customer = "acme"
        roles = ["buyer"]
        enabled = false
        [[users]]
        email = "b@acme.example"
        first_name = "B"
        last_name = "B"
        customer = "acme"
        enabled = false
        [[users]]
        key = "guest-c"
        email = "c@acme.example"
        first_name = "C"
        last_name = "C"
        customer = "acme"
        guest = true
        """
    )
    answer = custctl.json("user", "enable", "--where", "customer=acme", "--yes")
    assert [change["record"] for change in answer["changes"]] == ["user:a@acme.example"]
    assert [(row["record"], row["code"]) for row in answer["skipped"]] == [
        ("user:b@acme.example", "last-role"),
        ("user:guest-c", "guest"),
    ]
    refusals = custctl.refusals("user", "enable", "a@acme.example", "b@acme.example")
    assert [kind for _, kind, _ in refusals] == ["unchanged", "last-role"]


def test_u_26_nobody_deletes_or_disables_oneself(demo: Runner) -> None:
    for verb in ("delete", "disable"):
        assert demo.refusal("user", verb, AMANDA, "--as", AMANDA)[:2] == (5, "self")
        assert demo.refusal("user", verb, "--where", "customer=company-a", "--as", AMANDA)[:2] == (2, "usage")


def test_u_26_users_who_own_nothing_are_deleted_and_the_others_skipped(demo: Runner) -> None:
    answer = demo.json("user", "delete", "--where", "customer=company-a", "--yes")
    gone = {change["record"] for change in answer["changes"] if change["record"].startswith("user:")}
    stay = {row["record"] for row in answer["skipped"]}
    assert gone
    assert stay
    assert {f"user:{key}" for key in keys(demo, "user", "list", "--where", "customer=company-a")} == stay


# Fields


def test_c_17_one_field_of_one_customer_is_changed_and_logged(demo: Runner) -> None:
    assert demo.fields("customer", "edit", "company-a", "--group", "partners") == {
        "customer:company-a": {"group": ["all-customers", "partners"]}
    }
    told = demo.json("history", "customer:company-a", "--field", "group", "--limit", "1")[0]
    assert (told["fields"], told["actor"]) == ({"group": ["all-customers", "partners"]}, "tester")


def test_c_17_one_field_of_all_that_a_filter_finds_is_changed_at_once(demo: Runner) -> None:
    words = ("customer", "edit", "--where", "key~company-a", "--group", "partners")
    assert demo.refusal(*words) == (2, "usage", "changing 4 customers needs --yes")
    answer = demo(*words, "--yes", "-o", "json")
    assert {change["record"]: change["fields"] for change in answer.json["changes"]} == {
        "customer:company-a": {"group": ["all-customers", "partners"]},
        "customer:company-a-east": {"group": ["all-customers", "partners"]},
        "customer:company-a-la": {"group": [None, "partners"]},
        "customer:company-a-west": {"group": ["all-customers", "partners"]},
    }
    assert (answer.json["skipped"], answer.err) == ([], "4 changed\n")
    assert demo(*words, "--yes").err == "0 changed, 4 unchanged\n"


def test_c_17_several_that_are_named_get_the_same_field(demo: Runner) -> None:
    found = demo.fields("customer", "edit", "partner-c", "partner-c-north", "--rating", "2_of_5")
    assert set(found) == {"customer:partner-c", "customer:partner-c-north"}
    assert demo.refusal("customer", "edit", "partner-c", "partner-c-north", "--external-id", "X")[:2] == (2, "usage")


def test_a_circle_among_many_is_refused_as_a_whole(demo: Runner) -> None:
    refusals = demo.refusals("customer", "edit", "--where", "key~company-a", "--parent", "company-a-la", "--yes")
    assert {(code, kind) for code, kind, _ in refusals} == {(4, "cycle")}


# Speed


@pytest.mark.parametrize("kind", [CUSTOMER, USER], ids=["customers", "users"])
def test_many_records_take_as_many_questions_as_few(demo: Runner, kind: Noun) -> None:
    counts = []
    for condition in ("t.id = (SELECT min(id) FROM {table})", "1"):
        asked: list[str] = []
        with closing(open_for_writing(demo.database)) as connection:
            connection.set_trace_callback(asked.append)
            unit = Unit(connection)
            drafts = unit.select(kind, condition.format(table=kind.table))
            REMOVALS[kind.name](unit, drafts)
            connection.set_trace_callback(None)
            connection.rollback()
        counts.append((len(drafts) > 1, len(asked)))
    assert [many for many, _ in counts] == [False, True]
    assert counts[1][1] <= counts[0][1] + 3  # for addresses, activities and mailings only asked when somebody goes
