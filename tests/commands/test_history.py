"""What was changed can be read and taken back."""

from __future__ import annotations

from random import Random
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
    assert told.splitlines() == [
        "OP      VERSION  FIELDS",
        "remove  3        key: newcomer; name: Old hand; owner: tester",
        "change  2        name: Newcomer → Old hand; group: partners → -",
        "add     1        key: newcomer; name: Newcomer; group: partners; owner: tester",
    ]


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


def test_an_undo_is_a_revision_that_can_be_undone(demo: Runner) -> None:
    before = demo("export").out
    done(demo, "role", "grant", "buyer", "order", "edit=department")
    after = demo("export").out
    done(demo, "undo", "--last", "--yes")
    assert demo("export").out == before
    done(demo, "undo", "--last", "--yes")
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


def test_a_preview_changes_nothing_and_exits_as_the_undo_would(demo: Runner) -> None:
    done(demo, "customer", "move", "company-a-la", "--top")
    before = demo("export").out
    tried = demo("undo", "--last", "--dry-run", "-o", "json")
    assert tried.exit == 0
    assert tried.json["revision"] is None
    assert demo("export").out == before


# -- anything that was done can be taken back --------------------------------------------------------------------


class Walk:
    """A random way through the verbs that write, on the demo world."""

    def __init__(self, shop: Runner, seed: int) -> None:
        self.shop, self.draw, self.count = shop, Random(seed), 0
        self.customers = [row["key"] for row in shop("customer", "list", "-o", "json").json]
        self.users = [row["key"] for row in shop("user", "list", "-o", "json").json]
        self.orders = [row["number"] for row in shop("order", "list", "-o", "json").json]

    def step(self) -> bool:
        """One verb with whatever it is drawn for; whether the shop let it be done."""
        self.count += 1
        customer, other = self.draw.choice(self.customers), self.draw.choice(self.customers)
        user, order = self.draw.choice(self.users), self.draw.choice(self.orders)
        verbs: list[tuple[str, ...]] = [
            ("customer", "add", f"Made {self.count}", "--parent", other),
            ("customer", "edit", customer, "--name", f"Called {self.count}", "--group", "partners"),
            ("customer", "edit", customer, "--key", f"renamed-{self.count}"),
            ("customer", "move", customer, "--to", other),
            ("customer", "delete", customer, "--yes"),
            ("user", "edit", user, "--email", f"u{self.count}@moved.example"),
            ("user", "move", user, other),
            ("user", "disable", user),
            ("user", "role", "add", user, "administrator"),
            ("user", "delete", user, "--yes"),
            ("role", "grant", "buyer", "order", f"edit={self.draw.choice(('user', 'department'))}"),
            ("role", "add", f"Role {self.count}", "--customer", customer),
            ("order", "edit", order, "--status", "closed", "--user", user),
            ("order", "delete", order, "--yes"),
            ("order", "add", f"N-{self.count}", "--customer", customer, "--subtotal", "12.5", "--currency", "USD"),
            ("group", "delete", "wholesale-accounts", "--yes"),
            ("customer", "address", "edit", f"{customer}/hq", "--city", f"City {self.count}"),
        ]
        words = self.draw.choice(verbs)
        answer = self.shop(*words)
        if answer.exit == 0 and "--key" in words:
            self.customers[self.customers.index(customer)] = f"renamed-{self.count}"
        return answer.exit == 0


@pytest.mark.parametrize("seed", range(6))
def test_undoing_everything_in_reverse_gives_the_first_export(demo: Runner, seed: int) -> None:
    first = demo("export").out
    start = demo("db", "status", "-o", "json").json["revision"]
    walk = Walk(demo, seed)
    assert sum(walk.step() for _ in range(40)) > 5
    last = demo("db", "status", "-o", "json").json["revision"]
    for revision in range(last, start, -1):
        undone = demo("undo", str(revision), "--yes")
        assert undone.exit == 0, f"seed {seed}, revision {revision}: {undone.err}"
    assert demo("export").out == first
