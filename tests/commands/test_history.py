"""What was changed can be read and taken back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from tests.runner import Runner

AMANDA = "amanda.smith@company-a.example"
BOB = "bob.reyes@company-a.example"


def revisions(shop: Runner, *words: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = shop("history", *words, "-o", "json").json
    return rows


def done(shop: Runner, *words: str) -> None:
    answer = shop(*words)
    assert answer.exit == 0, answer.err


def test_h_01_a_change_tells_version_author_and_both_values(demo: Runner) -> None:
    demo.extra["CUSTCTL_ACTOR"] = "sam"
    done(demo, "customer", "edit", "company-a", "--name", "Company Alpha")
    latest, first = revisions(demo, "customer:company-a", "--field", "name")
    assert (latest["op"], latest["version"], latest["actor"]) == ("change", 2, "sam")
    assert latest["fields"] == {"name": ["Company A", "Company Alpha"]}
    assert latest["command"] == "custctl customer edit company-a --name 'Company Alpha'"
    assert (first["op"], first["version"]) == ("add", 1)


def test_h_02_what_follows_from_other_fields_and_the_time_of_a_change_are_no_change(demo: Runner) -> None:
    done(demo, "contact", "edit", "helen-ortiz", "--last-name", "Ortega")
    assert revisions(demo, "contact:helen-ortiz")[0]["fields"] == {"last_name": ["Ortiz", "Ortega"]}
    shown = demo("contact", "show", "helen-ortiz", "-o", "json").json
    told = {name for row in revisions(demo, "contact") for name in row["fields"]}
    assert set(shown) - told >= {"id", "name", "email", "phone", "accounts", "created", "updated"}
    assert [row["record"] for row in revisions(demo) if row["revision"] == 2] == ["contact:helen-ortiz"]


def test_h_03_who_changed_e_mail_addresses_in_a_period_is_one_command(demo: Runner) -> None:
    demo.extra["CUSTCTL_ACTOR"] = "kim"
    done(demo, "user", "edit", BOB, "--email", "bob@company-a.example")
    found = revisions(demo, "--field", "email", "--actor", "kim", "--since", "2026-01-01", "--until", "2100-01-01")
    assert [(row["actor"], row["fields"]["email"]) for row in found] == [("kim", [BOB, "bob@company-a.example"])]
    assert revisions(demo, "--field", "email", "--actor", "kim", "--until", "2020-01-01") == []
    by_value = revisions(demo, "--value", "BOB@company", "--actor", "kim")
    assert [row["record"] for row in by_value] == [row["record"] for row in found]
    answer = demo("history", "--field", "email", "--actor", "kim")
    assert (answer.exit, answer.err) == (0, "")
    assert answer.lines[1:] == [
        f"  custctl user edit {BOB} --email bob@company-a.example",
        f"  ~ user:bob@company-a.example  v2  email: {BOB} → bob@company-a.example",
    ]


def test_h_01_the_history_of_a_record_reads_like_a_log(demo: Runner) -> None:
    done(demo, "customer", "edit", "company-a", "--name", "Alpha", "--owner", "Kim")
    done(demo, "order", "delete", "SO-1001", "--yes")
    at = demo.sql("SELECT at FROM revision WHERE id > 1 ORDER BY id")
    assert demo("history", "--limit", "1").lines == [
        f"revision 3  {at[1][0]}  tester",
        "  custctl order delete SO-1001 --yes",
        "  - order:SO-1001  v2",
    ]
    assert demo("history", "customer:company-a", "--op", "change").lines == [
        f"revision 2  {at[0][0]}  tester",
        "  custctl customer edit company-a --name Alpha --owner Kim",
        "  ~ customer:company-a  v2",
        "      name: Company A → Alpha",
        "      owner: Sam Delgado → Kim",
    ]


def test_h_01_a_person_reads_the_old_and_the_new_value_of_each_field(demo: Runner) -> None:
    done(demo, "customer", "add", "Newcomer", "--group", "partners")
    done(demo, "customer", "edit", "newcomer", "--name", "Old hand", "--group", "")
    done(demo, "customer", "delete", "newcomer")
    told = demo("history", "customer:newcomer", "--fields", "op,version,fields").out
    added = "key: newcomer; name: Newcomer; group: partners; account: newcomer; channel: web-shop; owner: tester"
    assert told.splitlines() == [
        "OP      VERSION  FIELDS",
        "remove  3        key: newcomer; name: Old hand; account: newcomer; channel: web-shop; owner: tester",
        "change  2        name: Newcomer → Old hand; group: partners → -",
        f"add     1        {added}",
    ]


@pytest.mark.parametrize(
    ("period", "told"),
    [
        ("2026-09", ["kim"]),
        ("2026-10", ["sam"]),
        ("2026-10-31", ["sam"]),
        ("2026-10-30", []),
        ("2026", ["sam", "kim"]),
        ("2025", []),
    ],
)
def test_h_04_changes_of_contact_data_are_reported_by_period(demo: Runner, period: str, told: list[str]) -> None:
    days = {"kim": "2026-09-30T23:59:59Z", "sam": "2026-10-31T23:59:59Z"}
    for actor, mail in (("kim", "bob@a.example"), ("sam", "bob.r@a.example")):
        demo.extra["CUSTCTL_ACTOR"] = actor
        done(demo, "user", "edit", f"id:{demo.json('user', 'show', 'Bob Reyes')['id']}", "--email", mail)
        done(demo, "user", "edit", mail, "--suffix", actor)  # no contact data
    with closing(sqlite3.connect(demo.database)) as connection:
        for actor, day in days.items():
            connection.execute("UPDATE revision SET at = ? WHERE actor = ?", (day, actor))
        connection.execute("UPDATE revision SET at = '2020-01-01T00:00:00Z' WHERE actor = 'tester'")
        connection.commit()
    found = revisions(demo, "--field", "email", "--field", "emails", "--period", period)
    assert [row["actor"] for row in found] == told


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("--period", "2026-13"), (4, "invalid", "'2026-13' is not a time")),
        (("--period", "last month"), (4, "invalid", "'last month' is not a time")),
        (("--period", "2026", "--since", "2026-01"), (2, "usage", "--period says since and until: leave those out")),
    ],
)
def test_h_04_a_period_that_is_none_is_refused(
    demo: Runner, words: tuple[str, ...], refusal: tuple[int, str, str]
) -> None:
    assert demo.refusal("history", *words) == refusal


def test_h_03_a_type_and_a_kind_of_change_leave_the_others_out(demo: Runner) -> None:
    done(demo, "customer", "add", "Newcomer")
    done(demo, "customer", "edit", "newcomer", "--name", "Old hand")
    done(demo, "order", "add", "SO-77", "--customer", "newcomer")
    assert [row["record"] for row in revisions(demo, "customer", "--op", "change")] == ["customer:newcomer"]
    assert [row["record"] for row in revisions(demo, "order", "--limit", "1")] == ["order:SO-77"]
    assert {row["record"].partition(":")[0] for row in revisions(demo, "user")} == {"user"}
    assert {row["record"].partition(":")[0] for row in revisions(demo, "warranty-claim")} == {"warranty-claim"}
    assert demo.refusal("history", "custmer") == (4, "invalid", "'custmer' is neither a type nor TYPE:KEY")


def test_h_06_roles_groups_and_addresses_are_told(demo: Runner) -> None:
    done(demo, "user", "role", "add", BOB, "administrator")
    done(demo, "group", "member", "remove", "partners", "partner-c")
    done(demo, "customer", "address", "edit", "company-a/hq", "--city", "Tampa")
    assert revisions(demo, f"user:{BOB}")[0]["fields"] == {"roles": [["buyer"], ["administrator", "buyer"]]}
    assert revisions(demo, "customer:partner-c")[0]["fields"] == {"group": ["partners", None]}
    under_the_owner = revisions(demo, "customer:company-a")[0]
    assert under_the_owner["record"] == "customer-address:company-a/hq"
    assert under_the_owner["fields"] == {"city": ["Haines City", "Tampa"]}


def test_a_record_is_followed_through_its_renames(demo: Runner) -> None:
    done(demo, "customer", "edit", "company-a", "--key", "alpha")
    done(demo, "customer", "edit", "alpha", "--name", "Alpha")
    own = [row for row in revisions(demo, "customer:alpha") if row["record"].startswith("customer:")]
    assert [(row["op"], row["version"]) for row in own] == [("change", 3), ("rename", 2), ("add", 1)]


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (("history", "customer:nobody"), 3),
        (("history", "company-a"), 4),
        (("history", "--since", "yesterday"), 4),
        (("history", "--field", "e-mail"), 4),
        (("history", "--field", "name", "--field", ""), 4),
        (("undo",), 2),
        (("undo", "1", "--last"), 2),
        (("undo", "99", "--yes"), 3),
        (("undo", "1"), 2),
    ],
)
def test_what_cannot_be_asked_or_undone_is_refused(demo: Runner, words: tuple[str, ...], exit_code: int) -> None:
    assert demo(*words).exit == exit_code


@pytest.mark.parametrize("words", [("redo", "--last"), ("redo", "2"), ("redo", "3"), ("undo", "3")])
def test_an_undo_is_a_revision_that_can_be_taken_back(demo: Runner, words: tuple[str, str]) -> None:
    before = demo("export").out
    done(demo, "role", "grant", "buyer", "order", "edit=department", "--yes")
    after = demo("export").out
    done(demo, "undo", "--last", "--yes")
    assert demo("export").out == before
    done(demo, *words, "--yes")
    assert demo("export").out == after


def test_an_undo_is_refused_when_the_record_has_changed_since(demo: Runner) -> None:
    done(demo, "customer", "edit", "company-a", "--name", "One")
    done(demo, "customer", "edit", "company-a", "--name", "Two")
    refused = demo("undo", "2", "--yes", "-o", "json")
    assert refused.exit == 5
    assert refused.problems[0]["code"] == "changed-since"
    assert "custctl undo 3" in refused.problems[0]["hint"]
    done(demo, "undo", "3", "--yes")
    done(demo, "undo", "2", "--yes")
    assert demo("customer", "show", "company-a", "-o", "json").json["name"] == "Company A"


def test_an_undo_that_would_leave_a_reference_to_nothing_is_refused(demo: Runner) -> None:
    done(demo, "customer", "add", "Newcomer")
    done(demo, "order", "add", "SO-77", "--customer", "newcomer")
    assert demo.refusal("undo", "2", "--yes") == (
        5,
        "has-dependents",
        "order:SO-77 was made later and names it: customer = newcomer",
    )
    done(demo, "undo", "3", "--yes")
    done(demo, "undo", "2", "--yes")


@pytest.mark.parametrize(
    ("lines", "first"),
    [
        (("customer add Newcomer", "order add SO-77 --customer newcomer"), "undo 3"),
        (("role add Scout", f"user role add {AMANDA} scout", f"user edit {AMANDA} --suffix jr"), "undo 4"),
        (("group add New", "setting set guest.group new"), "undo 3"),
        (("customer add New", "setting set menu.main x --for customer:new"), "undo 3"),
        (
            ("role add Scout --customer partner-c", "role edit partner-c/scout --customer ", "user role add {} scout"),
            "",
        ),
    ],
)
def test_the_refusal_of_an_undo_names_the_command_that_goes_first(
    demo: Runner, lines: tuple[str, ...], first: str
) -> None:
    for line in lines:
        done(demo, *line.format(AMANDA).split(" "))
    refused = demo("undo", "3" if not first else "2", "--yes", "-o", "json")
    assert refused.exit == 5
    assert refused.problems[0]["code"] == "has-dependents"
    assert refused.problems[0]["hint"] == f"take that back first: custctl {first or 'undo 4'}"
    while refused.exit:
        done(demo, *refused.problems[0]["hint"].partition(": custctl ")[2].split(), "--yes")
        refused = demo("undo", "3" if not first else "2", "--yes", "-o", "json")


def test_a_preview_changes_nothing_and_exits_as_the_undo_would(demo: Runner) -> None:
    done(demo, "customer", "move", "company-a-la", "--top")
    before = demo("export").out
    tried = demo("undo", "--last", "--dry-run", "-o", "json")
    assert tried.exit == 0
    assert tried.json["revision"] is None
    assert demo("export").out == before


# -- taking back what others have built on since ------------------------------------------------------------------

ADDRESS = ("--organization=Office", "--street=x", "--city=y", "--postal-code=1", "--country=US", "--region=US-FL")
DANI = "dani@mail.example"


def undone(shop: Runner, *lines: str | list[str]) -> tuple[int, str, str] | None:
    """Carry out the lines, then take the first of them back: how that is refused, None when it is done."""
    first = shop.json("db", "status")["revision"] + 1
    for line in lines:
        done(shop, *(line.split() if isinstance(line, str) else line))
    answer = shop("undo", str(first), "--yes", "-o", "json")
    assert shop("db", "check").exit == 0
    if answer.exit == 0:
        return None
    problem = answer.problems[0]
    return problem["exit"], problem["code"], problem["message"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("customer edit partner-c --key p", "customer add Another --key partner-c"), "customer:p cannot be partner-c"),
        (
            (f"user edit {BOB} --email {DANI}", f"user add {BOB} --first-name B --last-name C --role buyer"),
            f"user:{DANI} cannot be {BOB}",
        ),
    ],
)
def test_a_key_that_is_taken_by_now_is_not_given_back(demo: Runner, lines: tuple[str, str], words: str) -> None:
    assert undone(demo, *lines) == (5, "taken", f"{words} again: that key is taken")


def test_what_was_named_after_a_customer_since_follows_it_back(demo: Runner) -> None:
    since = ("role add Scout --customer p", "setting set menu.main side --for customer:p")
    assert undone(demo, "customer edit partner-c --key p", *since) is None
    assert demo.json("role", "show", "partner-c/scout")["customer"] == "partner-c"
    assert demo.json("setting", "get", "menu.main", "--for", "customer:partner-c")["value"] == "side"


def test_a_setting_follows_its_group_back(demo: Runner) -> None:
    assert undone(demo, "group edit partners --key p", "setting set guest.group p") is None
    assert demo.json("setting", "get", "guest.group")["value"] == "partners"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("role add Scout", "setting set customer.default_role scout"), "setting:customer.default_role"),
        (("group add New", "setting set guest.group new"), "setting:guest.group"),
        (("group add New", "setting set menu.main x --for group:new"), "setting:group/new/menu.main"),
        (("customer add New", "setting set menu.main x --for customer:new"), "setting:customer/new/menu.main"),
    ],
)
def test_what_a_setting_names_by_now_is_not_taken_away(demo: Runner, lines: tuple[str, str], words: str) -> None:
    refused = undone(demo, *lines)
    assert refused is not None
    assert refused[:2] == (5, "has-dependents")
    assert refused[2].startswith(f"{words} was made later and names it")


@pytest.mark.parametrize(
    ("since", "holder"),
    [
        (f"user role add {AMANDA} scout", f"user:{AMANDA}"),
        ("setting set customer.default_role scout", "setting:customer.default_role"),
    ],
)
def test_a_role_that_others_have_by_now_does_not_go_back_to_its_customer(demo: Runner, since: str, holder: str) -> None:
    done(demo, "role", "add", "Scout", "--customer", "partner-c")
    words = f"role:partner-c/scout cannot go back to customer partner-c: {holder} has it"
    refused = undone(demo, ["role", "edit", "partner-c/scout", "--customer", ""], since)
    assert refused == (5, "has-dependents", words)


def test_the_primary_address_is_not_taken_from_the_others(demo: Runner) -> None:
    lines = [["customer", "address", "add", "partner-c", "--key", key, *ADDRESS] for key in ("hq", "west")]
    done(demo, "customer", "add", "New")
    lines = [[word.replace("partner-c", "new") for word in line] for line in lines]
    assert undone(demo, *lines) == (5, "protected", "customer-address:new/hq is the primary address")
    hint = demo("undo", "3", "--dry-run", "-o", "json").problems[0]["hint"]
    assert hint == "make another one that first: custctl customer address edit new/west --primary"


def test_an_address_is_not_put_back_to_an_owner_who_is_not_there(demo: Runner) -> None:
    done(demo, "customer", "add", "New")
    done(demo, "customer", "address", "add", "new", "--key", "hq", *ADDRESS)
    refused = undone(demo, "customer address delete new/hq", "customer delete new")
    assert refused == (3, "not-found", "customer 'new' not found: it was removed in revision 5")


def test_an_address_comes_back_to_its_owner_whatever_that_is_called_by_now(demo: Runner) -> None:
    done(demo, "customer", "add", "New")
    done(demo, "customer", "address", "add", "new", "--key", "hq", *ADDRESS)
    since = ("customer edit new --key newer", "customer add New --key new")
    assert undone(demo, "customer address delete new/hq", *since) is None
    assert [row["key"] for row in demo.json("customer", "show", "newer")["addresses"]] == ["hq"]
    assert demo.json("customer", "show", "new")["addresses"] == []


def test_addresses_follow_an_owner_renamed_in_the_same_revision_back(demo: Runner) -> None:
    done(demo, "customer", "add", "New")
    done(demo, "customer", "address", "add", "new", "--key", "hq", *ADDRESS)
    before = demo.export()
    demo.apply("""
        [[customers]]
        key = "newer"
        was = "new"
        addresses = [{ key = "hq", city = "Tampa" }]
    """)
    done(demo, "undo", "--last", "--yes")
    assert demo.export() == before


def test_renames_that_made_room_for_each_other_are_taken_back(demo: Runner) -> None:
    done(demo, "customer", "add", "One")
    done(demo, "customer", "add", "Two")
    before = demo.export()
    demo.apply("""
        [[customers]]
        key = "three"
        was = "two"
        [[customers]]
        key = "two"
        was = "one"
    """)
    done(demo, "undo", "--last", "--yes")
    assert demo.export() == before


# -- what a document does besides a rename -----------------------------------------------------------------------

HQ = """
[[customers.addresses]]
key = "hq"
organization = "A"
street = "S"
city = "C"
postal_code = "1"
country = "DE"
region = "DE-BE"
"""
WEST = f'manager = "m"\n[[customers]]\nkey = "a"\nname = "A"\n{HQ}'
ROLE = '[[roles]]\nkey = "a/boss"\nlabel = "Boss"\n'
RENAMED = 'manager = "m"\n[[customers]]\nkey = "b"\nwas = "a"\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(WEST, RENAMED, id="its address goes"),
        pytest.param(WEST, RENAMED + '[[customers.addresses]]\nkey = "hq"\ncity = "D"\n', id="its address changes"),
        pytest.param(WEST + ROLE, RENAMED, id="its own role goes"),
        pytest.param(WEST + ROLE, RENAMED + '[[roles]]\nkey = "b/boss"\nlabel = "Chief"\n', id="its role changes"),
        pytest.param(
            WEST + '[settings.customer.a]\n"product.export" = true\n', RENAMED + "[settings]\n", id="its setting goes"
        ),
        pytest.param(
            WEST + HQ.join(['[[customers]]\nkey = "b"\nname = "B"\nparent = "a"\n', ""]),
            'manager = "m"\n[[customers]]\nkey = "c"\nwas = "b"\n[[customers]]\nkey = "b"\nwas = "a"\n',
            id="another takes its key",
        ),
    ],
)
def test_what_a_document_does_besides_a_rename_is_taken_back_with_it(custctl: Runner, before: str, after: str) -> None:
    done(custctl, "apply", "-f", written(custctl, "before.toml", before), "--yes")
    first = custctl("export").out
    done(custctl, "apply", "-f", written(custctl, "after.toml", after), "--prune", "--yes")
    second = custctl("export").out
    assert second != first
    done(custctl, "undo", "--last", "--yes")
    assert custctl("export").out == first
    assert custctl("db", "check").exit == 0
    done(custctl, "redo", "--last", "--yes")
    assert custctl("export").out == second


def written(runner: Runner, name: str, text: str) -> str:
    path = runner.database.with_name(name)
    path.write_text(text)
    return str(path)


def test_undoing_a_rename_takes_along_what_was_named_after_it_since(custctl: Runner) -> None:
    done(custctl, "customer", "add", "A")
    done(custctl, "customer", "edit", "a", "--key", "b")
    done(custctl, "role", "add", "Boss", "--customer", "b")
    done(custctl, "setting", "set", "product.export", "on", "--for", "customer:b")
    assert {change["record"] for change in custctl.json("undo", "2", "--yes")["changes"]} == {
        "customer:a",
        "role:a/boss",
        "setting:customer/a/product.export",
    }
    assert custctl("db", "check").exit == 0


# -- records are followed by their ids ------------------------------------------------------------------------------


def told(shop: Runner, record: str) -> list[tuple[int, str, str, int]]:
    return [(row["revision"], row["op"], row["record"], row["version"]) for row in revisions(shop, record)]


def test_after_a_rename_a_new_record_under_the_old_key_shows_its_own_past_only(demo: Runner) -> None:
    done(demo, "group", "add", "One", "--key", "a")
    done(demo, "setting", "set", "menu.main", "x", "--for", "group:a")
    done(demo, "group", "edit", "a", "--key", "b")
    done(demo, "group", "add", "Two", "--key", "a")
    done(demo, "setting", "set", "menu.main", "y", "--for", "group:a")
    done(demo, "group", "edit", "b", "--name", "First")
    assert told(demo, "group:b") == [
        (7, "change", "customer-group:b", 3),
        (4, "rename", "setting:group/b/menu.main", 2),
        (4, "rename", "customer-group:b", 2),
        (3, "add", "setting:group/a/menu.main", 1),
        (2, "add", "customer-group:a", 1),
    ]
    assert told(demo, "group:a") == [(6, "add", "setting:group/a/menu.main", 1), (5, "add", "customer-group:a", 1)]
    assert demo("history", "group:a").err.splitlines() == [
        f"another record was called group:a before: custctl history customer-group:id:{named_id(demo, 'group', 'b')}"
    ]


def named_id(shop: Runner, noun: str, key: str) -> int:
    return int(shop.json(noun, "show", key)["id"])


def test_a_record_that_is_gone_is_told_of_and_one_made_anew_under_its_key_is_another(demo: Runner) -> None:
    done(demo, "tag", "add", "New", "--key", "new")
    first = named_id(demo, "tag", "new")
    done(demo, "tag", "delete", "new")
    assert told(demo, "tag:new") == [(3, "remove", "tag:new", 2), (2, "add", "tag:new", 1)]
    assert demo("history", "tag:new").err == "tag:new was removed in revision 3\n"
    done(demo, "tag", "add", "New", "--key", "new")
    assert told(demo, "tag:new") == [(4, "add", "tag:new", 1)]
    assert told(demo, f"tag:id:{first}") == [(3, "remove", "tag:new", 2), (2, "add", "tag:new", 1)]


def test_what_comes_back_is_the_record_that_it_was(demo: Runner) -> None:
    before = demo.json("tag", "show", "seasonal")
    done(demo, "tag", "delete", "seasonal", "--yes")
    done(demo, "undo", "--last", "--yes")
    after = demo.json("tag", "show", "seasonal")
    assert (after["id"], after["created"]) == (before["id"], before["created"])
    assert [row[3] for row in told(demo, "tag:seasonal")] == [3, 2, 1]


def test_the_addresses_of_a_record_that_is_gone_stand_under_it(demo: Runner) -> None:
    done(demo, "customer", "add", "New")
    done(demo, "customer", "address", "add", "new", "--key", "hq", *ADDRESS)
    done(demo, "customer", "edit", "new", "--key", "newer")
    done(demo, "customer", "address", "delete", "newer/hq")
    assert told(demo, "customer-address:newer/hq") == told(demo, "customer-address:new/hq")
    done(demo, "customer", "delete", "newer")
    assert [row[:3] for row in told(demo, "customer:new") if row[2].startswith("customer-address")] == [
        (5, "remove", "customer-address:newer/hq"),
        (3, "add", "customer-address:new/hq"),
    ]


def test_an_undo_leads_references_to_the_record_that_was_meant_and_no_other(demo: Runner) -> None:
    done(demo, "group", "add", "One", "--key", "a")
    done(demo, "customer", "add", "New", "--group", "a")
    since = ("group edit a --key b", "group add Two --key a")
    assert undone(demo, ["customer", "edit", "new", "--group", ""], *since) is None
    assert demo.json("customer", "show", "new")["group"] == "b"


def test_an_undo_does_not_name_a_new_record_that_has_the_key_of_one_that_is_gone(demo: Runner) -> None:
    done(demo, "group", "add", "One", "--key", "a")
    done(demo, "customer", "add", "New", "--group", "a")
    since = ("group delete a --yes", "group add Two --key a")
    refused = undone(demo, ["customer", "edit", "new", "--group", ""], *since)
    assert refused == (3, "not-found", "customer group 'a' not found: it was removed in revision 5")


# -- undo and redo ---------------------------------------------------------------------------------------------------


def name(shop: Runner) -> str:
    return str(shop.json("customer", "show", "company-a")["name"])


def named(shop: Runner, *names: str) -> None:
    for each in names:
        done(shop, "customer", "edit", "company-a", "--name", each)


def test_a_revision_is_taken_back_once_and_the_second_time_says_by_what(demo: Runner) -> None:
    named(demo, "Mistake")
    done(demo, "undo", "2", "--yes")
    refused = demo("undo", "2", "--yes", "-o", "json")
    assert (refused.exit, refused.problems[0]["message"]) == (5, "revision 2 was undone by revision 3")
    assert refused.problems[0]["hint"] == "there is nothing to take back; see custctl history 3"
    assert name(demo) == "Company A"


def test_undo_last_three_times_takes_three_revisions_back_and_redo_brings_them_again(demo: Runner) -> None:
    named(demo, "One", "Two", "Three")
    found = []
    for verb in ("undo", "undo", "undo", "redo", "redo", "undo", "redo", "redo"):
        done(demo, verb, "--last", "--yes")
        found.append(name(demo))
    assert found == ["Two", "One", "Company A", "One", "Two", "One", "Two", "Three"]
    assert demo.refusal("redo", "--last", "--yes") == (
        5,
        "nothing",
        "there is nothing to redo: no revision is taken back",
    )


def test_what_is_in_effect_is_not_brought_back(demo: Runner) -> None:
    named(demo, "One")
    assert demo.refusal("redo", "2", "--yes") == (5, "nothing", "revision 2 is in effect")
    done(demo, "undo", "2", "--yes")
    done(demo, "redo", "2", "--yes")
    assert demo.refusal("redo", "3", "--yes") == (5, "nothing", "revision 3 was taken back by revision 4")
    assert demo.refusal("redo", "99", "--yes") == (3, "not-found", "revision '99' not found")
    done(demo, "undo", "2", "--yes")
    assert demo("redo", "2").exit == demo("redo").exit == 2


def test_history_tells_what_undid_a_revision(demo: Runner) -> None:
    named(demo, "One")
    done(demo, "undo", "2", "--yes")
    rows = revisions(demo, "customer:company-a")
    assert [(row["revision"], row["undoes"], row["undone_by"]) for row in rows[:2]] == [(3, 2, None), (2, None, 3)]
    heads = [line.split("tester")[1] for line in demo("history", "--limit", "2").lines if line.startswith("revision")]
    assert heads == ["  undoes 2", "  undone by 3"]


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (("undo 4", "undo 3", "redo 3", "customer edit company-a --name Four"), 3),
        (("undo 4", "redo 4"), 2),
        (("undo 4", "customer edit company-a --name Four", "undo 6", "redo 6"), 2),
        (("customer edit company-a --key alpha",), 2),
        (("customer edit company-a --key alpha", "customer add Another --key company-a"), 3),
    ],
)
def test_the_hints_of_a_refused_undo_lead_to_what_was_asked_for(
    demo: Runner, lines: tuple[str, ...], wanted: int
) -> None:
    """What a revision changed is as it was before, when each hint was followed in turn."""
    named(demo, "One", "Two", "Three")
    for line in lines:
        done(demo, *line.split(), *(["--yes"] if line.startswith(("undo", "redo")) else []))
    waiting = [f"custctl undo {wanted}"]
    for _ in range(20):
        if not waiting:
            break
        answer = demo(*waiting[-1].split()[1:], "--yes", "-o", "json")
        if answer.exit == 0:
            waiting.pop()
            continue
        hint = answer.problems[0]["hint"]
        assert hint.startswith("take that back first: custctl "), answer
        waiting.append(hint.partition(": ")[2])
    assert waiting == []
    assert name(demo) == ("Company A" if wanted == 2 else "One")


# -- revisions are shown whole ---------------------------------------------------------------------------------------


def test_a_limit_counts_revisions_and_cuts_none(demo: Runner) -> None:
    done(demo, "customer", "edit", "company-a", "--name", "Alpha")
    assert {row["revision"] for row in revisions(demo, "--limit", "1")} == {2}
    assert len(revisions(demo, "--limit", "2")) == 186
    assert revisions(demo, "--limit", "0") == []


def test_one_revision_is_asked_for_by_its_number(demo: Runner) -> None:
    done(demo, "customer", "edit", "company-a", "--name", "Alpha")
    assert [row["record"] for row in revisions(demo, "2")] == ["customer:company-a"]
    assert len(revisions(demo, "1")) == 185
    assert demo.refusal("history", "3") == (3, "not-found", "revision '3' not found")
    assert demo.refusal("history", "0") == (3, "not-found", "revision '0' not found")


def test_what_a_new_database_holds_is_no_change(custctl: Runner) -> None:
    done(custctl, "tag", "add", "X")
    assert told(custctl, "role:buyer") == []
    done(custctl, "role", "edit", "buyer", "--label", "Purchaser")
    assert told(custctl, "role:buyer") == [(2, "change", "role:buyer", 1)]


def test_roles_settings_and_prices_stay_with_their_owners_when_these_exchange_their_keys_back(demo: Runner) -> None:
    for key in ("a", "b", "c"):
        done(demo, "customer", "add", key.upper(), "--key", key)
        done(demo, "role", "add", "Scout", "--customer", key)
        done(demo, "setting", "set", "menu.main", key, "--for", f"customer:{key}")
    query = """SELECT c.name, c.key, r.key, s.value FROM customer c JOIN role r ON r.customer_id = c.id
        JOIN setting s ON s.customer_id = c.id WHERE length(c.key) = 1 ORDER BY c.id"""
    before = [(key.upper(), key, f"{key}/scout", f'"{key}"') for key in ("a", "b", "c")]
    turned = [(key.upper(), new, f"{new}/scout", f'"{key}"') for key, new in (("a", "b"), ("b", "c"), ("c", "a"))]
    assert demo.sql(query) == before
    turn = "".join(
        f'[[customers]]\nkey = "{new}"\nwas = "{was}"\n' for was, new in (("a", "b"), ("b", "c"), ("c", "a"))
    )
    done(demo, "apply", "-f", demo.file(turn), "--yes")
    assert demo.sql(query) == turned
    for verb, after in (("undo", before), ("redo", turned), ("undo", before), ("redo", turned)):
        done(demo, verb, "--last", "--yes")
        assert demo.sql(query) == after
    assert demo("db", "check").exit == 0
