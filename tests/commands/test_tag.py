"""Tags and taxonomies: features T-01 to T-03, T-05 and T-07 to T-10."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runner import Runner

AMANDA = "amanda.smith@company-a.example"
PETER = "peter.jansen@wholesaler-b.example"
SEASONAL = ["customer:wholesaler-b", f"user:{PETER}", "order:SO-2001"]
TAGGABLE = (
    "these can: customer-group, customer, role, user, contact, account, business-customer, lead, opportunity, product,"
    " order, quote, request, shopping-list, checkout"
)


def keys(runner: Runner, *words: str) -> list[str]:
    """The keys of a list."""
    return [row["key"] for row in runner.json(*words)]


def tags_of(runner: Runner, noun: str, key: str) -> list[str]:
    """The tags that a record shows."""
    found = runner.json(noun, "show", key)["tags"]
    assert isinstance(found, list)
    return found


def tagged(runner: Runner, *words: str) -> list[str]:
    """The references that a search by tag finds."""
    answer = runner("tag", "member", "list", *words, "-o", "name")
    assert answer.exit == 0, answer
    return answer.lines


# T-01, T-05 and T-10: tags


def test_t_01_a_tag_is_added_with_the_slug_of_its_name_as_key(demo: Runner) -> None:
    assert demo.fields("tag", "add", "Big Spender", "--taxonomy", "Tier", "--owner", "Sam") == {
        "tag:big-spender": {
            "key": [None, "big-spender"],
            "name": [None, "Big Spender"],
            "taxonomy": [None, "tier"],
            "owner": [None, "Sam"],
        }
    }
    assert demo.json("tag", "show", "Big spender")["key"] == "big-spender"
    assert demo.fields("tag", "add", "Vip", "--key", "very-important")["tag:very-important"]["name"] == [None, "Vip"]


@pytest.mark.parametrize(("length", "exit_code"), [(50, 0), (51, 4)])
def test_t_01_a_name_has_at_most_50_characters(custctl: Runner, length: int, exit_code: int) -> None:
    for words in (("tag", "add", "x" * length), ("tag", "taxonomy", "add", "x" * length)):
        answer = custctl(*words)
        assert answer.exit == exit_code, answer
        assert ("at most 50 characters, this has 51" in answer.err) is bool(exit_code)


@pytest.mark.parametrize("name", ["", "   ", "a\u202eb"])
def test_t_01_a_name_is_not_blank_and_hides_nothing(custctl: Runner, name: str) -> None:
    assert custctl.refusal("tag", "add", name)[:2] == (4, "invalid")


def test_t_01_a_name_is_unique_without_regard_to_case(demo: Runner) -> None:
    message = "tag:seasonal: the name 'KEY account' is already that of tag:key-account"
    assert demo.refusal("tag", "edit", "seasonal", "--name", "KEY account") == (5, "taken", message)
    message = "tag:other: the name 'seasonal' is already that of tag:seasonal"
    assert demo.refusal("tag", "add", "seasonal", "--key", "other") == (5, "taken", message)
    assert demo.refusal("tag", "add", "Other", "--key", "seasonal") == (5, "taken", "tag:seasonal exists already")
    assert demo.refusal("tag", "add", "Other", "--key", "No Key")[:2] == (4, "invalid")


def test_t_01_a_tag_keeps_its_records_when_it_gets_another_name_and_key(demo: Runner) -> None:
    words = ("tag", "edit", "seasonal", "--name", "Winter", "--key", "winter", "--taxonomy", "program")
    assert demo.changes(*words) == [("rename", "tag:winter")]
    assert tagged(demo, "Winter") == SEASONAL
    assert demo.json("tag", "show", "winter")["taxonomy"] == "program"
    assert demo.fields("tag", "edit", "winter", "--taxonomy", "") == {"tag:winter": {"taxonomy": ["program", None]}}
    assert demo.refusal("tag", "edit", "winter", "--key", "key-account")[:2] == (5, "taken")


def test_t_01_an_edit_needs_a_change_and_a_tag_and_a_taxonomy_that_are_stored(demo: Runner) -> None:
    assert demo.refusal("tag", "edit", "seasonal")[:2] == (2, "usage")
    assert demo.refusal("tag", "edit", "seasonl", "--name", "x") == (3, "not-found", "tag 'seasonl' not found")
    assert "did you mean seasonal?" in demo("tag", "show", "seasonl").err
    assert demo.refusal("tag", "edit", "seasonal", "--taxonomy", "tiers")[:2] == (3, "not-found")
    assert "did you mean tier?" in demo("tag", "add", "New", "--taxonomy", "tiers").err


@pytest.mark.parametrize("name", ["seasonal", "SEASONAL", " Seasonal\u200b", "\uff33\uff25asonal"])
def test_t_05_a_tag_is_its_name_folded(demo: Runner, name: str) -> None:
    before = demo.contents()
    answer = demo("tag", "add", name)
    assert (answer.exit, answer.out) == (0, "nothing to change\n")
    assert answer.err == "warning: tag:seasonal exists already: Seasonal\n"
    assert demo.contents() == before


def test_t_05_what_parts_words_makes_no_other_tag(custctl: Runner) -> None:
    assert custctl.changes("tag", "add", "Big Spender") == [("add", "tag:big-spender")]
    for name in ("big-spender", "BIG_SPENDER", "Big  Spender"):
        assert custctl.json("tag", "add", name)["warnings"] == ["tag:big-spender exists already: Big Spender"]


SYMBOLS = ("C++", "C#", "C", "A+", "A-", "A", "+", "-", "\u2605", "R&D", "R D")


@pytest.mark.parametrize("names", [SYMBOLS, SYMBOLS[::-1]], ids=["symbols-first", "letters-first"])
@pytest.mark.parametrize("way", ["add", "edit", "document", "import", "import-tags"])
def test_t_05_names_that_differ_in_a_symbol_are_different_tags(
    custctl: Runner, way: str, names: tuple[str, ...]
) -> None:
    custctl("customer", "add", "Acme")
    if way == "import-tags":
        rows = "\n".join(f'"{name}"' for name in names)
        assert custctl("tag", "import", custctl.file(f"Name\n{rows}\n", "tags.csv")).exit == 0
    for name in names if way != "import-tags" else ():
        if way == "add":
            assert custctl("tag", "add", "--", name).exit == 0
        elif way == "edit":
            assert custctl("customer", "edit", "acme", f"--tag={name}").exit == 0
        elif way == "document":
            custctl.apply(f"[[customers]]\nkey = 'acme'\ntags = ['{name}']\n")
        else:
            sheet = custctl.file(f'Key,Tags\nacme,"{name}"\n', "customers.csv")
            assert custctl("customer", "import", sheet).exit == 0
    assert sorted(row["name"] for row in custctl.json("tag", "list")) == sorted(names)
    for name in names:
        custctl("customer", "edit", "acme", f"--tag={name}")
        [key] = custctl.json("customer", "show", "acme")["tags"]
        assert custctl.json("tag", "show", key)["name"] == name
        assert len(custctl.json("customer", "list", "--where", f"tags={name}")) == 1
    exported = custctl.export()
    assert custctl.changes("apply", "-f", custctl.file(exported, "export.toml")) == []


def test_t_05_adding_a_tag_again_changes_what_is_given_besides_its_name(demo: Runner) -> None:
    answer = demo.json("tag", "add", "SEASONAL", "--owner", "Lena Vogt", "--taxonomy", "program")
    assert answer["warnings"] == ["tag:seasonal exists already: Seasonal"]
    assert [change["fields"] for change in answer["changes"]] == [
        {"taxonomy": [None, "program"], "owner": [None, "Lena Vogt"]}
    ]


def test_t_05_a_word_means_the_tag_of_that_key_else_the_one_of_that_name(demo: Runner) -> None:
    demo("tag", "edit", "seasonal", "--key", "winter")
    assert demo.json("tag", "add", "SEASONAL")["warnings"] == ["tag:winter exists already: Seasonal"]
    demo("tag", "member", "add", "seasonal", "customer:partner-c")
    assert tags_of(demo, "customer", "partner-c") == ["key-account", "winter"]
    assert keys(demo, "customer", "list", "--where", "tags=Seasonal") == ["partner-c", "wholesaler-b"]


def test_t_10_a_list_of_tags_counts_their_uses(demo: Runner) -> None:
    rows = demo.json("tag", "list", "--fields", "key,taxonomy,uses")
    assert rows == [
        {"key": "early-adopter", "taxonomy": "program", "uses": 1},
        {"key": "key-account", "taxonomy": "tier", "uses": 5},
        {"key": "long-tail", "taxonomy": "tier", "uses": 0},
        {"key": "seasonal", "taxonomy": None, "uses": 3},
    ]
    assert keys(demo, "tag", "list", "--sort", "-uses", "--limit", "1") == ["key-account"]
    assert keys(demo, "tag", "list", "--where", "uses=0") == ["long-tail"]
    assert keys(demo, "tag", "list", "--where", "taxonomy=tier") == ["key-account", "long-tail"]
    demo("tag", "member", "remove", "seasonal", "order:SO-2001")
    shown = demo.json("tag", "show", "seasonal")
    assert (shown["uses"], shown["counts"]) == (2, {"customers": 1, "users": 1})


# T-02, T-03 and T-09: taxonomies


def test_t_02_a_taxonomy_has_a_name_and_a_colour(custctl: Runner) -> None:
    assert custctl.fields("tag", "taxonomy", "add", "Tier", "--background-color", "#f2c14e") == {
        "taxonomy:tier": {
            "key": [None, "tier"],
            "name": [None, "Tier"],
            "background_color": [None, "#F2C14E"],
            "owner": [None, "tester"],
        }
    }
    words = ("tag", "taxonomy", "edit", "tier", "--background-color", "", "--name", "Rank", "--key", "rank")
    assert custctl.changes(*words) == [("rename", "taxonomy:rank")]
    assert custctl.json("tag", "taxonomy", "show", "Rank")["background_color"] is None


@pytest.mark.parametrize("color", ["red", "#FFF", "#12345G", "123456", "#1234567"])
def test_t_02_a_colour_is_refused_that_is_none(demo: Runner, color: str) -> None:
    add = ("tag", "taxonomy", "add", "New", "--background-color", color)
    message = "taxonomy 'new': background_color must be a colour like #1A2B3C"
    assert demo.refusal(*add) == (4, "invalid", message)
    assert demo.refusal("tag", "taxonomy", "edit", "tier", "--background-color", color)[:2] == (4, "invalid")


def test_t_02_the_name_of_a_taxonomy_is_unique_without_regard_to_case(demo: Runner) -> None:
    assert demo.refusal("tag", "taxonomy", "add", "TIER")[:2] == (5, "taken")
    assert demo.refusal("tag", "taxonomy", "edit", "program", "--name", "tier")[:2] == (5, "taken")


def test_t_02_a_list_of_taxonomies_counts_their_tags(demo: Runner) -> None:
    assert demo("tag", "taxonomy", "list").lines == [
        "KEY      NAME     BACKGROUND_COLOR  TAGS",
        "program  Program  #2E86AB           1",
        "tier     Tier     #F2C14E           2",
    ]


def test_t_03_the_tree_has_taxonomies_with_their_tags_and_last_the_tags_without(demo: Runner) -> None:
    assert demo("tag", "tree").out == (
        "program  Program\n"
        "└─ early-adopter  Early adopter\n"
        "tier  Tier\n"
        "├─ key-account  Key account\n"
        "└─ long-tail  Long tail\n"
        "seasonal  Seasonal\n"
    )
    whole = demo.json("tag", "tree")
    assert [(node["key"], node["name"], node["record"], len(node["children"])) for node in whole] == [
        ("program", "Program", "taxonomy:program", 1),
        ("tier", "Tier", "taxonomy:tier", 2),
        ("seasonal", "Seasonal", "tag:seasonal", 0),
    ]
    demo("tag", "add", "Aardvark", "--taxonomy", "tier")
    assert [node["key"] for node in demo.json("tag", "tree", "tier")["children"]] == [
        "aardvark",
        "key-account",
        "long-tail",
    ]
    assert demo("tag", "tree", "-o", "name").lines[2:5] == ["taxonomy:tier", "tag:aardvark", "tag:key-account"]
    assert demo.json("tag", "tree", "Program") == {
        "key": "program",
        "name": "Program",
        "record": "taxonomy:program",
        "children": [{"key": "early-adopter", "name": "Early adopter", "record": "tag:early-adopter", "children": []}],
    }


def test_t_03_the_tree_of_a_shop_without_tags_says_so_and_of_an_unknown_taxonomy_fails(custctl: Runner) -> None:
    answer = custctl("tag", "tree")
    assert (answer.exit, answer.out, answer.err) == (0, "", "no tags\n")
    assert custctl.refusal("tag", "tree", "tier") == (3, "not-found", "taxonomy 'tier' not found")


def test_t_09_a_deleted_taxonomy_frees_its_tags_and_tells_how_many(demo: Runner) -> None:
    answer = demo.json("tag", "taxonomy", "delete", "tier", "--yes")
    assert {change["record"]: change["op"] for change in answer["changes"]} == {
        "taxonomy:tier": "remove",
        "tag:key-account": "change",
        "tag:long-tail": "change",
    }
    assert answer["warnings"] == ["taxonomy:tier leaves 2 tags without a taxonomy"]
    assert tags_of(demo, "customer", "partner-c") == ["key-account"]
    demo("undo", "--last", "--yes")
    assert keys(demo, "tag", "list", "--where", "taxonomy=tier") == ["key-account", "long-tail"]


# T-09: deleting tags


def test_t_09_deleting_a_tag_that_records_have_counts_them_and_needs_yes(demo: Runner) -> None:
    message = "deleting tag:seasonal and taking it from 3 records needs --yes"
    assert demo.refusal("tag", "delete", "Seasonal") == (2, "usage", message)
    answer = demo("tag", "delete", "Seasonal", "--yes", "--dry-run")
    assert (answer.exit, answer.err) == (
        0,
        "warning: tag:seasonal is taken from 3 records\ndry run: nothing was written\n",
    )
    answer = demo("tag", "delete", "Seasonal", "--yes")
    assert answer.out == (
        "- tag:seasonal\n"
        "~ customer:wholesaler-b  tags: seasonal → -\n"
        f"~ user:{PETER}  tags: seasonal → -\n"
        "~ order:SO-2001  tags: seasonal → -\n"
        "0 added, 3 changed, 1 removed\n"
    )
    assert demo.sql("SELECT count(*) FROM tagging JOIN tag ON tag.id = tag_id WHERE key = 'seasonal'") == [(0,)]


def test_t_09_a_tag_that_no_record_has_is_deleted_without_asking(demo: Runner) -> None:
    answer = demo("tag", "delete", "long-tail")
    assert (answer.exit, answer.out, answer.err) == (0, "- tag:long-tail\n0 added, 0 changed, 1 removed\n", "")
    assert demo.refusal("tag", "delete", "long-tail")[:2] == (3, "not-found")


def test_t_09_undo_of_a_deletion_brings_the_assignments_back(demo: Runner) -> None:
    before = demo.export()
    demo("tag", "delete", "seasonal", "--yes")
    assert demo.export() != before
    assert demo("undo", "--last", "--yes").exit == 0
    assert demo.export() == before
    assert tagged(demo, "seasonal") == SEASONAL


def test_a_record_that_is_deleted_leaves_no_assignment_and_undo_brings_it_back(demo: Runner) -> None:
    demo("customer", "add", "New", "--tag", "VIP")
    demo("customer", "delete", "new")
    assert demo.json("tag", "show", "vip")["uses"] == 0
    demo("undo", "--last", "--yes")
    assert tagged(demo, "vip") == ["customer:new"]


# T-05: tagging


def test_t_05_records_of_any_kind_are_tagged_and_the_tag_is_made_with_them(demo: Runner) -> None:
    demo.apply('[[contacts]]\nkey = "kim"\nfirst_name = "Kim"\n[[accounts]]\nkey = "acme"\nname = "Acme"\n')
    records = [
        *("customer-group:partners", "customer:partner-c", "role:buyer", "role:company-a/bookkeeper"),
        *(f"user:{AMANDA}", "contact:kim", "account:acme"),
        *("order:SO-1001", "quote:Q-1001", "request:RFQ-1001", "shopping-list:SL-1001", "checkout:CO-1001"),
    ]
    changes = demo.changes("tag", "member", "add", "Brand New", *records)
    assert sorted(changes) == sorted([("add", "tag:brand-new"), *(("change", record) for record in records)])
    assert sorted(tagged(demo, "brand-new")) == sorted(records)
    assert demo.changes("tag", "member", "add", "brand new", *records) == []
    assert demo.changes("tag", "member", "remove", "Brand New", *records) == [("change", record) for record in records]
    assert tagged(demo, "brand-new") == []


def test_t_05_a_record_is_named_in_every_way_it_can_be_typed_and_tagged_once(demo: Runner) -> None:
    row_id = demo.json("customer", "show", "partner-c")["id"]
    words = ("customer:PARTNER-C", f"customer:id:{row_id}", "customer:Partner C", f"customer-user:{AMANDA.upper()}")
    assert demo.fields("tag", "member", "add", "seasonal", *words) == {
        "customer:partner-c": {"tags": [["key-account"], ["key-account", "seasonal"]]},
        f"user:{AMANDA}": {"tags": [[], ["seasonal"]]},
    }


@pytest.mark.parametrize("verb", ["add", "remove"])
def test_a_record_that_is_not_stored_or_cannot_be_tagged_is_an_error(demo: Runner, verb: str) -> None:
    words = ("tag", "member", verb, "seasonal", "customer:company-a")
    assert demo.refusal(*words, "customer:nope") == (3, "not-found", "customer 'nope' not found")
    assert demo.refusal(*words, "order:SO-9")[:2] == (3, "not-found")
    message = "'visitor' is no type of record that can be tagged"
    assert demo.refusal(*words, "visitor:x") == (4, "invalid", message)
    assert TAGGABLE in demo(*words, "visitor:x").err
    assert "did you mean customer" in demo(*words, "custmer:x").err
    assert demo.refusal(*words, "company-a") == (4, "invalid", "'company-a' is not TYPE:KEY")


def test_t_05_a_new_tag_must_be_a_name(demo: Runner) -> None:
    message = "customer 'company-a': tags must have at most 50 characters each, one has 51"
    assert demo.refusal("tag", "member", "add", "x" * 51, "customer:company-a") == (4, "invalid", message)
    assert demo.refusal("tag", "member", "add", "", "customer:company-a")[:2] == (4, "invalid")


def test_a_tag_is_removed_from_those_that_have_it_and_the_others_are_told(demo: Runner) -> None:
    answer = demo("tag", "member", "remove", "seasonal", "customer:company-a", "customer:wholesaler-b")
    assert (answer.exit, answer.out) == (
        0,
        "~ customer:wholesaler-b  tags: seasonal → -\n0 added, 1 changed, 0 removed\n",
    )
    assert answer.err == "warning: customer:company-a is not tagged seasonal\n"
    assert demo.refusal("tag", "member", "remove", "nope", "customer:company-a")[:2] == (3, "not-found")


@pytest.mark.parametrize(
    ("noun", "key", "add"),
    [
        ("customer", "acme", "Acme"),
        ("group", "acme", "Acme"),
        ("role", "acme", "Acme"),
        (
            "user",
            "al@acme.example",
            "al@acme.example --first-name Al --last-name Lee --customer company-a --role buyer",
        ),
        ("order", "SO-9", "SO-9"),
        ("shopping-list", "SL-9", "SL-9"),
    ],
)
def test_t_05_tags_are_given_where_a_record_is_added_and_edited(demo: Runner, noun: str, key: str, add: str) -> None:
    demo.json(noun, "add", *add.split(), "--tag", "VIP", "--tag", "Key Account", "--tag", "vip")
    assert tags_of(demo, noun, key) == ["key-account", "vip"]
    demo.json(noun, "edit", key, "--tag", "Other")
    assert tags_of(demo, noun, key) == ["other"]
    demo.json(noun, "edit", key, "--tag", "")
    assert tags_of(demo, noun, key) == []


# T-08: search over all kinds of records


def test_t_08_a_search_by_tag_finds_records_of_every_kind_in_order(demo: Runner) -> None:
    words = ("tag", "member", "list", "Early adopter", "seasonal")
    assert demo(*words).out == (
        "RECORD                                  NAME          TAGS\n"
        "customer:company-a                      Company A     early-adopter, key-account\n"
        "customer:wholesaler-b                   Wholesaler B  seasonal\n"
        f"user:{PETER}  Peter Jansen  seasonal\n"
        "order:SO-2001                           -             seasonal\n"
    )
    rows = demo.json("tag", "member", "list", "seasonal", "--type", "user", "--type", "order")
    assert rows == [
        {"record": f"user:{PETER}", "type": "user", "key": PETER, "name": "Peter Jansen", "tags": ["seasonal"]},
        {"record": "order:SO-2001", "type": "order", "key": "SO-2001", "name": None, "tags": ["seasonal"]},
    ]
    assert tagged(demo, "seasonal", "--limit", "1") == ["customer:wholesaler-b"]
    assert demo.json("tag", "member", "list", "early-adopter", "--fields", "name") == [
        {"record": "customer:company-a", "name": "Company A"}
    ]


def test_t_08_none_finds_the_records_without_any_of_the_tags(demo: Runner) -> None:
    words = ("seasonal", "key-account", "--none")
    assert tagged(demo, *words, "--type", "customer") == [
        "customer:company-a-east",
        "customer:company-a-la",
        "customer:company-a-west",
        "customer:jo-miller",
        "customer:partner-c-north",
    ]
    assert f"user:{AMANDA}" in tagged(demo, *words)
    assert f"user:{PETER}" not in tagged(demo, *words)


def test_t_08_what_a_search_finds_can_be_tagged_again(demo: Runner) -> None:
    demo("tag", "member", "add", "winter", *tagged(demo, "seasonal"))
    assert tagged(demo, "winter") == SEASONAL


def test_t_08_a_search_for_nothing_stored_says_so(demo: Runner) -> None:
    answer = demo("tag", "member", "list", "long-tail")
    assert (answer.exit, answer.out, answer.err) == (0, "", "no records\n")
    assert demo.refusal("tag", "member", "list", "seasonal", "nope") == (3, "not-found", "tag 'nope' not found")
    message = "'visitor' is no type of record that can be tagged"
    assert demo.refusal("tag", "member", "list", "seasonal", "--type", "visitor") == (4, "invalid", message)
    assert demo.refusal("tag", "member", "list", "seasonal", "--fields", "nme")[:2] == (4, "unknown-field")


# T-07: filters


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("tags=seasonal,key-account", ["company-a", "partner-c", "wholesaler-b"]),
        ("tags=Key account, ", ["company-a", "partner-c"]),
        ("tags = EARLY ADOPTER", ["company-a"]),
        (
            "tags!=Seasonal,Early adopter",
            ["company-a-east", "company-a-la", "company-a-west", "jo-miller", "partner-c"],
        ),
        ("tags=", ["company-a-east", "company-a-la", "company-a-west", "jo-miller"]),
        ("tags!=", ["company-a", "partner-c", "wholesaler-b"]),
        ("tags~account", ["company-a", "partner-c"]),
        ("tags=,", []),
    ],
)
def test_t_07_customers_by_any_none_empty_and_not_empty(demo: Runner, condition: str, found: list[str]) -> None:
    where = ("--where", condition, "--where", "key!=partner-c-north")
    assert keys(demo, "customer", "list", *where) == found


@pytest.mark.parametrize(
    ("condition", "users", "orders", "groups", "roles"),
    [
        ("tags=Key account,Seasonal", [AMANDA, PETER], ["SO-2001"], ["partners"], ["buyer"]),
        ("tags!=seasonal", [AMANDA], ["SO-1001"], ["partners"], ["administrator", "buyer"]),
        ("tags=", [], ["SO-1001"], [], ["administrator"]),
        ("tags!=", [AMANDA, PETER], ["SO-2001"], ["partners"], ["buyer"]),
    ],
)
def test_t_07_the_four_filters_on_lists_of_other_kinds(
    demo: Runner, condition: str, users: list[str], orders: list[str], groups: list[str], roles: list[str]
) -> None:
    demo("tag", "member", "add", "key-account", f"user:{AMANDA}", "customer-group:partners", "role:buyer")
    two = {
        "user": [AMANDA, PETER],
        "order": ["SO-1001", "SO-2001"],
        "group": ["partners"],
        "role": ["administrator", "buyer"],
    }
    found = {noun: [key for key in keys(demo, noun, "list", "--where", condition) if key in two[noun]] for noun in two}
    assert found == {"user": users, "order": orders, "group": groups, "role": roles}


def test_t_07_an_assignment_counts_for_its_own_kind_of_record_only(demo: Runner) -> None:
    """Ids are of one table each, so a customer and an order of the same id are told apart by the noun."""
    demo("tag", "member", "add", "vip", "order:SO-1001", "quote:Q-1001")
    row_id = demo.json("order", "show", "SO-1001")["id"]
    assert row_id in [row for (row,) in demo.sql("SELECT id FROM customer")]
    assert keys(demo, "customer", "list", "--where", "tags=vip") == []
    assert keys(demo, "order", "list", "--where", "tags=vip") == ["SO-1001"]


def test_t_07_a_filter_on_tags_takes_no_order(demo: Runner) -> None:
    assert demo.refusal("customer", "list", "--where", "tags<vip") == (2, "usage", "< does not apply to a list")


@pytest.mark.parametrize(
    ("condition", "is_found"),
    [
        ("roles=administrator, company-a/assistant", lambda roles: roles & {"administrator", "company-a/assistant"}),
        ("roles!=buyer,administrator", lambda roles: not roles & {"buyer", "administrator"}),
        ("roles=", lambda roles: not roles),
        ("roles!=", lambda roles: roles),
        ("roles~COMPANY-A/", lambda roles: any("company-a/" in role for role in roles)),
        ("roles~", lambda roles: roles),
    ],
)
def test_t_07_the_same_filters_find_users_by_their_roles(
    demo: Runner, condition: str, is_found: Callable[[set[str]], bool]
) -> None:
    demo.json(*["user", "add", "al@acme.example", "--first-name", "Al", "--last-name", "Lee", "--disabled"])
    rows = demo.json("user", "list", "--fields", "roles")
    expected = [row["key"] for row in rows if is_found(set(row["roles"]))]
    assert 0 < len(expected) < len(rows)
    assert keys(demo, "user", "list", "--where", condition) == expected


# Under --as


@pytest.mark.parametrize(
    "words",
    [
        ("customer", "add", "New"),
        ("customer", "edit", "company-a"),
        ("user", "edit", AMANDA),
        ("role", "add", "New"),
        ("role", "edit", "company-a/bookkeeper"),
        ("order", "add", "SO-9"),
        ("order", "edit", "SO-1001"),
    ],
)
def test_only_the_back_office_gives_tags(demo: Runner, words: tuple[str, ...]) -> None:
    action = {"add": "create", "edit": "edit"}[words[1]]
    entity = {"user": "customer-user", "role": "customer-user-role"}.get(words[0], words[0])
    for tag in ("vip", ""):
        answer = demo(*words, "--tag", tag, "--as", AMANDA, "-o", "json")
        told = answer.json
        assert (answer.exit, told["action"], told["resource"]) == (1, action, f"{entity}.tags")
        assert told["reason"] == "field-closed"


@pytest.mark.parametrize("words", ["list", "tree", "add VIP", "member list seasonal", "taxonomy list"])
def test_tags_themselves_are_the_back_offices(demo: Runner, words: str) -> None:
    code, _, message = demo.refusal("tag", *words.split(), "--as", AMANDA)
    assert (code, "does not take --as" in message) == (2, True)


def test_tags_are_the_sellers_own_and_not_shown_on_the_storefront(demo: Runner) -> None:
    shown = demo.json("customer", "show", "company-a", "--as", AMANDA)
    assert {"internal_rating", "owner", "tags"} & set(shown) == set()
    answer = demo("customer", "list", "--where", "tags=key-account", "--as", AMANDA, "-o", "json")
    assert (answer.exit, answer.json["resource"], answer.json["reason"]) == (1, "customer.tags", "field-closed")


def test_a_copy_that_a_storefront_makes_of_a_role_is_not_tagged(demo: Runner) -> None:
    demo("tag", "member", "add", "vip", "role:buyer")
    demo("role", "edit", "buyer", "--label", "Our buyer", "--as", AMANDA)
    assert (tags_of(demo, "role", "company-a/buyer"), tags_of(demo, "role", "buyer")) == ([], ["vip"])


# Documents, history and undo

WORLD = """
    manager = "crm"
    [[taxonomies]]
    key = "tier"
    name = "Tier"
    background_color = "#aabbcc"
    [[tags]]
    key = "gold"
    name = "Gold"
    taxonomy = "tier"
    [[groups]]
    key = "partners"
    name = "Partners"
    tags = ["gold"]
    [[customers]]
    key = "acme"
    name = "Acme"
    tags = ["VIP", "GOLD", "Key account"]
    [[users]]
    email = "al@acme.example"
    first_name = "Al"
    last_name = "Lee"
    customer = "acme"
    roles = ["buyer"]
    tags = ["vip"]
    [[roles]]
    key = "buyer"
    tags = ["Key account"]
    [[contacts]]
    key = "kim"
    first_name = "Kim"
    tags = ["vip"]
    [[accounts]]
    key = "acme"
    name = "Acme"
    tags = ["vip"]
    [[orders]]
    number = "SO-1"
    customer = "acme"
    tags = ["vip"]
    """


@pytest.mark.parametrize("format", ["toml", "yaml", "json"])
def test_a_document_with_tags_comes_back_byte_for_byte(
    custctl: Runner, tmp_path: Path, empty_file: Path, format: str
) -> None:
    custctl.apply(WORLD)
    text = custctl.export(format)
    (tmp_path / "other").mkdir()
    other = Runner(Path(shutil.copy(empty_file, tmp_path / "other")))
    other.apply(text, f"world.{format}")
    assert other.export(format) == text
    assert other.apply(text, f"again.{format}")["changes"] == []


def test_t_05_names_in_a_document_that_are_new_make_tags(custctl: Runner) -> None:
    custctl.apply(WORLD)
    tables = json.loads(custctl.export("json"))
    assert tables["taxonomies"] == [{"key": "tier", "name": "Tier", "background_color": "#AABBCC"}]
    assert tables["tags"] == [
        {"key": "gold", "name": "Gold", "taxonomy": "tier"},
        {"key": "key-account", "name": "Key account"},
        {"key": "vip", "name": "VIP"},
    ]
    assert tables["customers"][0]["tags"] == ["gold", "key-account", "vip"]
    assert custctl.sql("SELECT key, manager FROM tag ORDER BY key") == [
        ("gold", "crm"),
        ("key-account", None),
        ("vip", None),
    ]
    assert custctl.apply(WORLD)["changes"] == []


def test_a_tag_and_a_taxonomy_are_renamed_in_a_document_by_was(custctl: Runner) -> None:
    custctl.apply(WORLD)
    custctl.apply("""
        [[taxonomies]]
        key = "rank"
        was = "tier"
        [[tags]]
        key = "silver"
        was = "gold"
        name = "Silver"
        [[groups]]
        key = "partners"
        tags = ["silver", "new"]
        """)
    assert custctl.json("tag", "show", "silver")["taxonomy"] == "rank"
    assert tagged(custctl, "silver") == ["customer-group:partners", "customer:acme"]
    assert tags_of(custctl, "group", "partners") == ["new", "silver"]


def test_tags_in_a_document_are_the_whole_list_and_left_out_they_stay(custctl: Runner) -> None:
    custctl.apply(WORLD)
    custctl.apply('[[customers]]\nkey = "acme"\nvat_id = "1"\n')
    assert tags_of(custctl, "customer", "acme") == ["gold", "key-account", "vip"]
    custctl.apply('[[customers]]\nkey = "acme"\ntags = ["vip"]\n')
    assert tags_of(custctl, "customer", "acme") == ["vip"]
    custctl.apply('[[customers]]\nkey = "acme"\ntags = []\n')
    assert tags_of(custctl, "customer", "acme") == []


def test_what_is_wrong_with_tags_in_a_document_is_told_with_its_place(custctl: Runner) -> None:
    long = "x" * 51
    assert custctl.unapplied(
        f'[[tags]]\nkey = "a"\nname = "{long}"\n[[customers]]\nkey = "b"\nname = "B"\ntags = ["{long}"]\n'
        '[[tags]]\nkey = "d"\nname = "D"\ntaxonomy = 3\nuses = 1\n'
        '[[taxonomies]]\nkey = "c"\nname = "C"\nbackground_color = "red"\n'
    ) == [
        ("3:1", 4, "invalid", "tag 'a': name must have at most 50 characters, this has 51"),
        ("12:1", 4, "unknown-field", "tag 'd': uses is computed, and cannot be given"),
        ("7:1", 4, "invalid", "customer 'b': tags must have at most 50 characters each, one has 51"),
        ("16:1", 4, "invalid", "taxonomy 'c': background_color must be a colour like #1A2B3C"),
    ]
    assert custctl.unapplied('[[tags]]\nkey = "a"\nname = "A"\ntaxonomy = "nope"\n') == [
        ("4:1", 4, "not-found", "taxonomy 'nope' not found")
    ]


def test_history_shows_the_tags_of_a_record_changing_and_undo_takes_it_back(demo: Runner) -> None:
    demo("tag", "member", "add", "vip", "customer:partner-c")
    demo("customer", "edit", "partner-c", "--tag", "Seasonal")
    fields = [row["fields"] for row in demo.json("history", "customer:partner-c", "--field", "tags", "--limit", "2")]
    assert fields == [
        {"tags": [["key-account", "vip"], ["seasonal"]]},
        {"tags": [["key-account"], ["key-account", "vip"]]},
    ]
    demo("undo", "--last", "--yes")
    assert tags_of(demo, "customer", "partner-c") == ["key-account", "vip"]
    demo("undo", "2", "--yes")
    assert tags_of(demo, "customer", "partner-c") == ["key-account"]
    assert demo.refusal("tag", "show", "vip")[:2] == (3, "not-found")
