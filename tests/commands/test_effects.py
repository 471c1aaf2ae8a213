"""What a write says it does to access: in every command that can change it, in JSON and as people read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.runner import Runner

AMANDA = "amanda.smith@company-a.example"
BOB = "bob.reyes@company-a.example"
DANA = "dana.lee@company-a.example"
NAMES = ("kind", "name", "permission", "before", "after", "origin")
UNLISTED = """
    [[roles]]
    key = "buyer"
    [roles.permissions.order]
    view = "user"
"""
GIVEN = f"""
    [[users]]
    email = "{BOB}"
    roles = ["buyer", "administrator"]
"""
NEWCOMER = """
    [[users]]
    email = "new@company-a.example"
    first_name = "New"
    last_name = "Comer"
    customer = "company-a"
    roles = ["buyer"]
"""


def access(runner: Runner, *words: str) -> Any:
    """The part `access` of a write that is only tried."""
    return runner.json(*words, "--dry-run")["access"]


def levels(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row.get("role") or row["user"], *(row[name] for name in NAMES)) for row in rows]


# Levels that count


def test_a_revoke_that_gives_tells_each_level_that_rises_and_for_how_many_users(demo: Runner) -> None:
    told = access(demo, "role", "revoke", "buyer", "order")
    assert (levels(told["wider"]), told["narrower"]) == (
        [
            ("role:buyer", "entity", "order", "view", "user", "corporate", "default"),
            ("role:buyer", "entity", "order", "create", "user", "corporate", "default"),
            ("role:buyer", "entity", "order", "edit", "user", "corporate", "default"),
            ("role:buyer", "entity", "order", "delete", "none", "corporate", "default"),
            ("role:buyer", "entity", "order", "assign", "none", "corporate", "default"),
        ],
        [],
    )
    # dana's own role lets her view orders corporate already, so that her own level stays
    assert [(row["users"], row["cannot_sign_in"]) for row in told["wider"]] == [(5, 4), *[(6, 4)] * 4]


def test_people_read_the_level_before_and_after_where_it_comes_from_and_for_how_many(demo: Runner) -> None:
    assert demo("role", "revoke", "buyer", "order", "--yes").lines == [
        "~ role:buyer",
        "    order.view    user → corporate (default)  5 users, 4 who cannot sign in",
        "    order.create  user → corporate (default)  6 users, 4 who cannot sign in",
        "    order.edit    user → corporate (default)  6 users, 4 who cannot sign in",
        "    order.delete  none → corporate (default)  6 users, 4 who cannot sign in",
        "    order.assign  none → corporate (default)  6 users, 4 who cannot sign in",
        "0 added, 1 changed, 0 removed",
    ]


def test_one_permission_taken_of_an_unlisted_entity_shows_that_one_alone(demo: Runner) -> None:
    assert demo("role", "revoke", "administrator", "coupon", "view").lines == [
        "~ role:administrator  coupon.view  full → none  4 users",
        "0 added, 1 changed, 0 removed",
    ]


def test_an_entry_that_changes_no_level_says_that_it_is_listed_now(demo: Runner) -> None:
    demo("role", "add", "Clerk", "-q")
    assert demo("role", "grant", "clerk", "order", "view=none").lines == [
        "~ role:clerk  order: unlisted → listed, at the same levels",
        "0 added, 1 changed, 0 removed",
    ]


def test_unlisted_and_none_are_never_the_same_word(demo: Runner) -> None:
    demo("role", "add", "Clerk", "-q")
    demo("role", "grant", "clerk", "order", "view=user", "edit=user", "-q")
    taken, unlisted = demo("role", "revoke", "clerk", "order", "edit"), demo("role", "revoke", "clerk", "order")
    assert taken.lines[0] == "~ role:clerk  order.edit  user → none  0 users"
    assert unlisted.lines[0] == "~ role:clerk  order.view  user → none (unlisted)  0 users"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            "revoke buyer capability:oro_quick_add_form use",
            "~ role:buyer  capability:oro_quick_add_form  on → off  5 users, 4 who cannot sign in",
        ),
        (
            "grant buyer workflow:b2b_flow_checkout view=department",
            "~ role:buyer  workflow:b2b_flow_checkout.view  user → department  5 users, 4 who cannot sign in",
        ),
        (
            "grant administrator order.subtotal view=none",
            "~ role:administrator  order.subtotal.view  full → none  4 users",
        ),
    ],
)
def test_capabilities_workflows_and_fields_are_told_too(demo: Runner, words: str, line: str) -> None:
    assert demo("role", *words.split()).lines[0] == line


def test_a_default_tells_every_level_that_follows_it(demo: Runner) -> None:
    told = access(demo, "role", "grant", "visitors", "capability-default=on")
    assert {row["origin"] for row in told["wider"]} == {"default"}
    assert [row["name"] for row in told["wider"]][:1] == ["oro_customer_frontend_gridview_publish"]
    assert {(row["users"], row["visitors"]) for row in told["wider"]} == {(0, 2)}


def test_a_role_given_to_a_user_tells_that_users_own_levels(demo: Runner) -> None:
    told = access(demo, "user", "role", "add", BOB, "administrator")
    assert {row["user"] for row in told["wider"]} == {f"user:{BOB}"}
    assert ("user:" + BOB, "entity", "order", "view", "user", "corporate", "entry") in levels(told["wider"])
    taken = access(demo, "user", "role", "remove", DANA, "company-a/approver")
    assert ("user:" + DANA, "entity", "order", "view", "corporate", "user", "entry") in levels(taken["narrower"])
    assert (told["narrower"], taken["wider"]) == ([], [])


def test_a_level_that_another_role_gives_already_changes_for_nobody(demo: Runner) -> None:
    [row] = access(demo, "role", "grant", "company-a/approver", "grid-view", "view=user")["wider"]
    assert (row["before"], row["after"], row["users"]) == ("none", "user", 0)


def test_an_undo_and_a_redo_tell_the_levels_that_come_back_and_go_again(demo: Runner) -> None:
    demo("role", "revoke", "administrator", "coupon", "view", "-q")
    told = access(demo, "undo", "--last")
    assert levels(told["wider"]) == [("role:administrator", "entity", "coupon", "view", "none", "full", "default")]
    demo("undo", "--last", "--yes", "-q")
    told = access(demo, "redo", "--last")
    assert levels(told["narrower"]) == [("role:administrator", "entity", "coupon", "view", "full", "none", "entry")]


def test_a_plan_and_a_diff_tell_what_an_apply_does(demo: Runner) -> None:
    path = demo.file(UNLISTED)
    told = [demo(verb, "-f", path, "-o", "json").json["access"] for verb in ("plan", "diff")]
    assert told[0] == told[1] == demo.json("apply", "-f", path, "--yes")["access"]
    assert len(told[0]["wider"]) > 20


def test_a_diff_says_what_changes_in_access_behind_the_records(demo: Runner) -> None:
    answer = demo("diff", "-f", demo.file('[[customers]]\nkey = "company-a-west"\nparent = ""\n'))
    assert answer.lines[-1].startswith("# reach  -2 customers  4 users: ")


def test_history_tells_the_levels_that_count_in_the_log_and_as_json(demo: Runner) -> None:
    demo("role", "revoke", "buyer", "order", "--yes", "-q")
    record, level, *_ = demo("history", "role:buyer", "--limit", "1").lines[2:]
    assert record.startswith("  ~ role:buyer  v")
    assert level == "      order.view    user → corporate (default)"
    [row] = demo.json("history", "role:buyer", "--limit", "1")
    assert ("role:buyer", "entity", "order", "delete", "none", "corporate", "default") in levels(row["access"]["wider"])


SWAP = """
    [[users]]
    email = "x.reyes@company-a.example"
    was = "bob.reyes@company-a.example"
    roles = ["administrator"]
    [[roles]]
    key = "company-a/helper"
    was = "company-a/assistant"
    label = "Helper"
    [roles.permissions.order]
    view = "corporate"
    [[customers]]
    key = "east"
    was = "company-a-east"
    parent = ""
"""


def test_history_tells_of_one_revision_what_its_write_told_whatever_was_done_since(demo: Runner) -> None:
    first = demo.json("db", "status")["revision"] + 1
    told = [
        demo.json(*words, "--yes")["access"]
        for words in (
            ("role", "revoke", "buyer", "order"),
            ("role", "grant", "visitors", "order", "view=user"),
            ("setting", "set", "guest.request", "on"),
            ("user", "role", "add", BOB, "administrator"),
            ("user", "disable", "--where", "customer=company-a-west"),
            ("user", "disable", AMANDA),
            ("customer", "move", "company-a-la", "--top"),
            ("order", "edit", "SO-1001", "--user", DANA),
            ("role", "edit", "buyer", "--not-public"),
            ("apply", "-f", demo.file(SWAP)),
            ("undo", "--last"),
            ("customer", "merge", "company-a", "company-a-west"),
            ("customer", "edit", "company-a", "--key", "a"),
            ("user", "role", "remove", DANA, "a/approver"),
            ("role", "delete", "a/approver"),
            ("undo", "--last"),
            ("redo", "--last"),
        )
    ]
    for revision, access in enumerate(told, first):
        rows = [row["access"] for row in demo.json("history", str(revision))]
        merged = {name: sorted(map(str, (part for row in rows for part in row[name]))) for name in rows[0]}
        assert merged == {name: sorted(map(str, part)) for name, part in access.items()}, revision
    assert sum(bool(access["wider"]) for access in told) > 5
    assert sum(bool(access["reach"]) for access in told) > 3


def test_people_read_in_the_history_of_a_revision_what_the_write_showed(demo: Runner) -> None:
    wrote = demo("customer", "move", "company-a-west", "--top").lines
    assert demo("history", "2").lines[3:] == [f"  {wrote[1]}"]
    wrote = demo("role", "grant", "visitors", "order", "view=user").lines
    assert demo("history", "3").lines[2:] == ["  ~ role:visitors  v1  order.view  none → user  0 users, guests"]
    assert wrote[0] == "~ role:visitors  order.view  none → user  0 users, guests"
    wrote = demo("setting", "set", "guest.request", "on").lines
    assert demo("history", "4").lines[3:] == [f"  {line}" for line in wrote[1:-1]]
    demo("user", "add", "z@z.example", "--first-name", "Z", "--last-name", "Z", "--role", "buyer")
    assert demo("history", "3").lines[2:] == ["  ~ role:visitors  v1  order.view  none → user  0 users, guests"]


def test_an_import_says_what_its_rows_do_to_access_and_history_says_it_again(demo: Runner) -> None:
    rows = (
        f"email,roles,customer,enabled\n{BOB},administrator,company-a-west,yes\nfrank.moore@company-a.example,,,yes\n"
    )
    path = demo.file(rows, "users.csv")
    tried = demo.json("user", "import", path, "--dry-run")["access"]
    assert ("user:" + BOB, "entity", "customer", "delete", "none", "corporate", "default") in levels(tried["wider"])
    assert tried["reach"] == [{"user": f"user:{BOB}", "gained": 2, "lost": 2}]
    assert tried["sign_in"] == [{"user": "user:frank.moore@company-a.example", "before": "disabled", "after": None}]
    assert "user:frank.moore@company-a.example can sign in now" in demo("user", "import", path, "--dry-run").lines
    assert demo.json("user", "import", path)["access"] == tried
    told = [row["access"] for row in demo.json("history", "2")]
    assert [row for one in told for row in one["reach"]] == tried["reach"]
    assert sum(len(one["wider"]) for one in told) == len(tried["wider"])
    assert demo.json("user", "import", path)["access"]["wider"] == []


def test_of_many_stored_records_an_import_names_the_command_that_tells_their_access(demo: Runner) -> None:
    names = [f"c{number}" for number in range(1_001)]
    added = demo("customer", "import", demo.file("key,name\n" + "".join(f"{name},{name}\n" for name in names), "c.csv"))
    assert "what so many rows" not in added.err
    path = demo.file("key,parent\n" + "".join(f"{name},company-a\n" for name in names), "d.csv")
    answer = demo("customer", "import", path, "-o", "json")
    assert "what so many rows do to access is not told; afterwards by: custctl history 3" in answer.err
    assert "access" not in answer.json
    assert {"user": f"user:{AMANDA}", "gained": 1_001, "lost": 0} in [
        row for change in demo.json("history", "3") for row in change["access"]["reach"]
    ]


# Reach


@pytest.mark.parametrize(
    "words", [("customer", "edit", "company-a-west", "--parent", ""), ("customer", "move", "company-a-west", "--top")]
)
def test_a_customer_that_moves_leaves_the_reach_of_those_above(demo: Runner, words: tuple[str, ...]) -> None:
    told = access(demo, *words)
    assert told["reach"] == [
        {"user": f"user:{name}@company-a.example", "gained": 0, "lost": 2}
        for name in ("amanda.smith", "bob.reyes", "dana.lee", "grace.kim")
    ]
    assert (told["wider"], told["narrower"]) == ([], [])


def test_a_user_who_moves_reaches_the_new_customer_and_no_longer_the_old_ones(demo: Runner) -> None:
    told = access(demo, "user", "move", BOB, "wholesaler-b")
    assert told["reach"] == [{"user": f"user:{BOB}", "gained": 1, "lost": 4}]


def test_a_record_with_another_owner_comes_into_reach_of_one_and_leaves_that_of_another(demo: Runner) -> None:
    told = access(demo, "order", "edit", "SO-1101", "--user", BOB)
    assert {"user": f"user:{BOB}", "gained": 1, "lost": 0} in told["reach"]
    assert {"user": "user:carlos.vega@company-a.example", "gained": 0, "lost": 1} in told["reach"]


def test_a_new_customer_below_another_is_a_new_record_and_no_gain(demo: Runner) -> None:
    assert access(demo, "customer", "add", "North", "--parent", "company-a")["reach"] == []


# Signing in, guests, and who comes and goes


def test_who_becomes_able_to_sign_in_is_told_and_who_no_longer_is(demo: Runner) -> None:
    assert access(demo, "user", "disable", BOB)["sign_in"] == [
        {"user": f"user:{BOB}", "before": None, "after": "disabled"}
    ]
    demo("user", "disable", BOB, "-q")
    assert access(demo, "user", "enable", BOB)["sign_in"] == [
        {"user": f"user:{BOB}", "before": "disabled", "after": None}
    ]


def test_a_feature_for_guests_opens_what_their_role_says(demo: Runner) -> None:
    told = access(demo, "setting", "set", "guest.quick_order", "true")
    assert levels(told["wider"]) == [("guest", "capability", "oro_quick_add_form", "use", "none", "full", "entry")]
    assert told["wider"][0]["visitors"] == 2


def test_guest_access_that_is_switched_off_is_told(demo: Runner) -> None:
    told = access(demo, "setting", "set", "guest.access", "false")
    assert told["sign_in"] == [{"user": "guest", "before": None, "after": "feature-off"}]


def test_users_who_are_new_or_gone_are_told_apart(demo: Runner) -> None:
    told = access(
        demo, "user", "add", "new@acme.example", "--first-name", "New", "--last-name", "Comer", "--role", "buyer"
    )
    assert (told["new"], told["gone"], told["wider"]) == (["user:new@acme.example"], [], [])
    demo("user", "add", "new@acme.example", "--first-name", "New", "--last-name", "Comer", "--role", "buyer", "-q")
    assert access(demo, "user", "delete", "new@acme.example")["gone"] == ["user:new@acme.example"]


def test_a_write_that_touches_no_access_says_so(demo: Runner) -> None:
    told = access(demo, "customer", "edit", "company-a", "--rating", "1_of_5")
    assert not any(told.values())


# Asking


@pytest.mark.parametrize(
    "words",
    [
        ("role", "revoke", "buyer", "order"),
        ("role", "grant", "company-a/approver", "default=corporate"),
        ("role", "grant", "company-a/bookkeeper", "capability-default=on"),
        ("role", "grant", "company-a/approver", "workflow-default=corporate"),
    ],
)
def test_what_a_revoke_or_a_default_widens_needs_yes(demo: Runner, words: tuple[str, ...]) -> None:
    code, error, message = demo.refusal(*words)
    assert (code, error) == (2, "usage")
    assert " more: " in message
    assert message.endswith(" needs --yes")
    assert demo(*words, "--dry-run").exit == 0
    assert demo(*words, "--yes").exit == 0


def test_the_question_names_the_widest_rise_and_how_many_get_it(demo: Runner) -> None:
    assert demo.refusal("role", "revoke", "buyer", "order")[2] == (
        "revoking order from buyer (which gives 6 users more: order.delete from none to corporate and 4 other levels)"
        " needs --yes"
    )


@pytest.mark.parametrize(
    "words",
    [("role", "revoke", "administrator", "coupon", "view"), ("role", "grant", "buyer", "default=none")],
)
def test_what_only_takes_is_done_unasked(demo: Runner, words: tuple[str, ...]) -> None:
    assert demo(*words).exit == 0


def test_a_default_of_a_role_that_nobody_holds_is_set_unasked(demo: Runner) -> None:
    demo("role", "add", "Clerk", "-q")
    assert demo("role", "grant", "clerk", "default=corporate").exit == 0


# --forbid-wider


@pytest.mark.parametrize("document", [UNLISTED, GIVEN])
def test_forbid_wider_writes_nothing_where_somebody_stored_gains(demo: Runner, document: str) -> None:
    path, before = demo.file(document), demo.contents()
    plan = demo.database.parent / "some.plan"
    planned = demo("plan", "--forbid-wider", "-f", path, "--out", str(plan))
    assert (planned.exit, plan.exists()) == (1, False)
    assert planned.err == (
        "access would widen for users or visitors who are stored (--forbid-wider): nothing was written\n"
    )
    assert demo("apply", "-f", path, "--forbid-wider", "--yes").exit == 1
    assert demo("diff", "-f", path, "--forbid-wider").exit == 1
    assert demo.contents() == before


@pytest.mark.parametrize(
    "document",
    [
        '[[users]]\nemail = "eve.stone@company-a.example"\nenabled = true\n',
        '[[customers]]\nkey = "wholesaler-b"\nparent = "company-a"\n',
        f'[[users]]\nemail = "{BOB}"\ncustomer = "wholesaler-b"\n',
        f'[[orders]]\nnumber = "SO-1101"\nuser = "{BOB}"\n',
        '[settings]\n"guest.checkout" = true\n',
        '[settings]\n"customer.guest_role" = "buyer"\n',
        '[[roles]]\nkey = "company-a/bookkeeper"\ncapability_default = true\n',
        '[[roles]]\nkey = "visitors"\n[roles.permissions.order]\nview = "user"\n',
    ],
)
def test_every_kind_of_gain_is_forbidden(demo: Runner, document: str) -> None:
    name = demo.sql("SELECT key FROM customer_user WHERE enabled = 0 AND guest = 0")[0][0]
    path = demo.file(document.replace("eve.stone@company-a.example", name))
    assert demo("plan", "-f", path).exit == 0
    assert demo("plan", "-f", path, "--forbid-wider").exit == 1


def test_forbid_wider_lets_through_what_only_takes(demo: Runner) -> None:
    path = demo.file('[[customers]]\nkey = "company-a-west"\nparent = ""\n')
    assert demo("apply", "-f", path, "--forbid-wider", "--yes").exit == 0


def test_new_users_count_with_all_only(demo: Runner) -> None:
    path = demo.file(NEWCOMER)
    answer = demo("plan", "-f", path, "--forbid-wider=all", "-o", "json")
    assert (answer.exit, answer.json["access"]["new"]) == (1, ["user:new@company-a.example"])
    assert demo("apply", "-f", path, "--forbid-wider", "--yes").exit == 0


def test_a_plan_that_was_made_before_is_held_to_forbid_wider_too(demo: Runner, tmp_path: Path) -> None:
    plan = str(tmp_path / "some.plan")
    demo("plan", "-f", demo.file(GIVEN), "--out", plan, "-q")
    before = demo.contents()
    assert demo("apply", "--plan", plan, "--forbid-wider", "--yes").exit == 1
    assert demo.contents() == before
    assert demo("apply", "--plan", plan, "--yes").exit == 0


def test_an_empty_shop_can_be_filled_with_forbid_wider(custctl: Runner) -> None:
    text = '[settings]\n"guest.checkout" = true\n[[customers]]\nkey = "company-a"\nname = "A"\n' + NEWCOMER
    assert custctl("apply", "-f", custctl.file(text), "--forbid-wider", "--yes").exit == 0


def test_forbid_wider_takes_no_other_value(demo: Runner) -> None:
    assert demo("plan", "-f", demo.file(GIVEN), "--forbid-wider=some").exit == 2


# What has no effect


@pytest.mark.parametrize(("entity", "grant"), [("product", "view=full"), ("category", "view=none")])
def test_nothing_is_granted_on_what_roles_do_not_protect(demo: Runner, entity: str, grant: str) -> None:
    refusal = (4, "invalid", f"roles do not protect {entity}: an entry would have no effect")
    assert demo.refusal("role", "grant", "buyer", entity, grant) == refusal
    assert demo.refusal("role", "revoke", "buyer", entity, "view") == refusal


def test_a_document_with_an_entry_that_roles_do_not_protect_is_told_so(demo: Runner) -> None:
    text = '[[roles]]\nkey = "company-a/approver"\n[roles.permissions.product]\nview = "none"\n'
    assert demo.apply(text)["warnings"] == [
        "role:company-a/approver: roles do not protect product, so the entry has no effect"
    ]


def members(runner: Runner, *own: str) -> None:
    """A group of three customers, some of them with a payment term and a tax code of their own."""
    runner("group", "add", "Club", "-q")
    for name in ("a", "b", "c"):
        terms = ("--payment-term", "net 10", "--tax-code", "X") if name in own else ()
        runner("customer", "add", name, "--group", "club", *terms, "-q")


@pytest.mark.parametrize(("option", "name"), [("--payment-term", "payment_term"), ("--tax-code", "tax_code")])
def test_a_term_of_a_group_says_how_many_members_have_their_own(custctl: Runner, option: str, name: str) -> None:
    members(custctl, "a", "b", "c")
    assert custctl.json("group", "edit", "club", option, "new")["warnings"] == [
        f"3 of 3 members of customer-group:club have their own {name}, so nothing changes for anybody"
    ]
    custctl("customer", "edit", "c", option, "", "-q")
    assert custctl.json("group", "edit", "club", option, "newer")["warnings"] == [
        f"2 of 3 members of customer-group:club have their own {name}, which counts before the group's"
    ]


def test_a_setting_of_a_group_says_how_many_members_have_their_own(custctl: Runner) -> None:
    members(custctl)
    for name in ("a", "b", "c"):
        custctl("setting", "set", "order.minimum", "USD=5", "--for", f"customer:{name}", "-q")
    answer = custctl.json("setting", "set", "order.minimum", "USD=9", "--for", "customer-group:club")
    assert answer["warnings"] == [
        "3 of 3 members of customer-group:club have their own order.minimum, so nothing changes for anybody"
    ]


# Deleting what others have something from


def test_a_group_is_not_taken_from_its_members_unasked(custctl: Runner) -> None:
    members(custctl)
    message = "deleting customer-group:club and taking it from 3 records needs --yes"
    assert custctl.refusal("group", "delete", "club") == (2, "usage", message)
    assert custctl("group", "delete", "club", "--yes").exit == 0


@pytest.mark.parametrize(
    ("noun", "key"), [("customer", "a"), ("price-list", "special"), ("channel", "fair"), ("category", "lamps")]
)
def test_what_others_have_terms_or_a_place_from_is_not_taken_from_them_unasked(
    custctl: Runner, noun: str, key: str
) -> None:
    custctl.apply(
        """
        channels = [{ key = "fair", name = "Fair", type = "commerce" }]
        price_lists = [{ key = "special", name = "Special", currency = "USD" }]
        categories = [{ key = "lamps", name = "Lamps" }, { key = "desk", name = "Desk", parent = "lamps" }]
        customers = [{ key = "a", name = "A" }, { key = "b", name = "B", parent = "a", channel = "fair" }]
        """
    )
    custctl.apply('customers = [{ key = "b", price_lists = ["special"] }]')
    message = f"deleting {noun}:{key} and taking it from 1 record needs --yes"
    assert custctl.refusal(noun, "delete", key) == (2, "usage", message)
    assert custctl(noun, "delete", key, "--yes").exit == 0


def test_the_effects_are_json_that_a_plan_file_does_not_keep(demo: Runner, tmp_path: Path) -> None:
    plan = tmp_path / "some.plan"
    demo("plan", "-f", demo.file(GIVEN), "--out", str(plan), "-q")
    assert "access" not in json.loads(plan.read_text())


def test_rows_of_roles_that_give_more_by_a_default_need_yes(demo: Runner) -> None:
    entries = demo.json("role", "show", "buyer")["permissions"]
    fewer = {name: entry for name, entry in entries.items() if name != "order"}
    path = demo.file(json.dumps([{"key": "buyer", "permissions": fewer}]), "roles.json")
    exit_code, _, message = demo.refusal("role", "import", path)
    assert (exit_code, message) == (
        2,
        (
            "importing roles (which gives 6 users more: order.delete from none to corporate and 4 other levels)"
            " needs --yes"
        ),
    )
    assert demo("role", "import", path, "--dry-run").exit == 0
    assert len(demo.json("role", "import", path, "--yes")["access"]["wider"]) == 5
    wider = {**entries, "order": {**entries["order"], "view": "corporate"}}
    path = demo.file(json.dumps([{"key": "buyer", "permissions": wider}]), "roles.json")
    assert demo("role", "import", path).exit == 0


def test_the_question_about_a_capability_says_off_and_on(demo: Runner) -> None:
    name = "capability:oro_quick_add_form"
    demo.json("role", "grant", "buyer", name, "use=off")
    assert demo.refusal("role", "revoke", "buyer", name)[2] == (
        f"revoking {name} from buyer (which gives 5 users more: oro_quick_add_form from off to on) needs --yes"
    )
