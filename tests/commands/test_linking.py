"""The accounts that customers get by themselves, on every road, and what another strategy does to them."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.runner import Runner

TREE = """
customers = [
    {key = "acme", name = "Acme"}, {key = "west", name = "West", parent = "acme"},
    {key = "la", name = "L.A.", parent = "west"}, {key = "bolt", name = "Bolt"},
]
"""


def links(runner: Runner, name: str = "account") -> dict[str, str | None]:
    """The account of each customer."""
    return {row["key"]: row[name] for row in runner.json("customer", "list", "--fields", name, "--sort", "key")}


def accounts(runner: Runner) -> list[str]:
    return [row["key"] for row in runner.json("account", "list", "--sort", "key")]


def test_a_08_each_new_customer_gets_an_account_of_its_name_and_owner(custctl: Runner) -> None:
    answer = custctl("customer", "add", "Acme", "--owner", "Sam")
    assert (answer.exit, answer.err) == (0, "")
    assert answer.lines == [
        "+ customer:acme",
        "    key: acme",
        "    name: Acme",
        "    account: acme",
        "    owner: Sam",
        "+ account:acme",
        "    key: acme",
        "    name: Acme",
        "    owner: Sam",
        "2 added, 0 changed, 0 removed",
    ]


def test_a_08_an_account_whose_key_is_taken_gets_a_number(custctl: Runner) -> None:
    custctl.json("account", "add", "Acme")
    assert custctl.fields("customer", "add", "Acme")["customer:acme"]["account"] == [None, "acme-2"]


def test_a_08_with_root_subsidiaries_use_the_account_of_the_topmost_parent(custctl: Runner) -> None:
    custctl.json("setting", "set", "account.strategy", "root")
    for name, parent in (("Acme", ""), ("West", "acme"), ("LA", "west")):
        custctl.json("customer", "add", name, "--parent", parent)
    assert links(custctl) == {"acme": "acme", "la": "acme", "west": "acme"}
    assert accounts(custctl) == ["acme"]


def test_a_08_with_none_no_customer_gets_an_account(custctl: Runner) -> None:
    custctl.json("setting", "set", "account.strategy", "none")
    assert custctl.changes("customer", "add", "Acme") == [("add", "customer:acme")]
    assert "[[accounts]]" not in custctl.export()
    assert "account =" not in custctl.export()


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("each", {"acme": "acme", "bolt": "bolt", "la": "la", "west": "west"}),
        ("root", {"acme": "acme", "bolt": "bolt", "la": "acme", "west": "acme"}),
        ("none", {"acme": None, "bolt": None, "la": None, "west": None}),
    ],
)
def test_a_08_documents_and_sheets_make_the_same_links(
    custctl: Runner, strategy: str, expected: dict[str, str | None]
) -> None:
    custctl.json("setting", "set", "account.strategy", strategy)
    custctl.apply(TREE)
    assert links(custctl) == expected
    rows = "key,name,parent\nacme,Acme,\nwest,West,acme\nla,L.A.,west\nbolt,Bolt,\n"
    for place, text in enumerate((rows, "key,name,parent\nla,L.A.,west\nwest,West,acme\nacme,Acme,\nbolt,Bolt,\n")):
        other = Runner(custctl.database.with_name(f"{place}.db"))
        other.json("setting", "set", "account.strategy", strategy)
        other.json("customer", "import", other.file(text, "customers.csv"))
        assert links(other) == expected
        assert accounts(other) == accounts(custctl)


def test_a_08_a_sheet_that_names_accounts_links_to_them(custctl: Runner) -> None:
    custctl.json("account", "add", "Group")
    sheet = custctl.file("name,account\nAcme,group\nBolt,\n", "customers.csv")
    custctl.json("customer", "import", sheet)
    assert links(custctl) == {"acme": "group", "bolt": "bolt"}


def test_a_08_an_import_asks_no_more_for_many_customers(custctl: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    from custctl.store import database

    asked: list[str] = []
    opened = database.open_for_writing

    def traced(*words: object, **more: object) -> object:
        connection = opened(*words, **more)  # type: ignore[arg-type]  # as it is called
        connection.set_trace_callback(asked.append)
        return connection

    monkeypatch.setattr("custctl.store.writing.open_for_writing", traced)
    counts = []
    for start, rows in ((0, 50), (50, 1500)):
        asked.clear()
        lines = "".join(f"c{number},Customer {number}\n" for number in range(start, start + rows))
        custctl.json("customer", "import", custctl.file(f"key,name\n{lines}", "customers.csv"))
        counts.append(sum(not query.startswith("INSERT") for query in asked))
    assert counts[1] <= counts[0] + 5
    assert len(accounts(custctl)) == 1550


def test_a_08_another_strategy_relinks_all_and_remembers_the_account_before(custctl: Runner) -> None:
    custctl.apply(TREE)
    changed = custctl.fields("setting", "set", "account.strategy", "root")
    assert changed == {
        "setting:account.strategy": {"key": [None, "account.strategy"], "value": [None, "root"]},
        "customer:west": {"account": ["west", "acme"], "previous_account": [None, "west"]},
        "customer:la": {"account": ["la", "acme"], "previous_account": [None, "la"]},
    }
    assert accounts(custctl) == ["acme", "bolt", "la", "west"]
    custctl.json("setting", "set", "account.strategy", "each")
    assert links(custctl) == {"acme": "acme", "bolt": "bolt", "la": "la", "west": "west"}
    assert links(custctl, "previous_account") == {"acme": None, "bolt": None, "la": "acme", "west": "acme"}


def test_a_08_who_joined_under_root_gets_an_account_of_its_own_under_each(custctl: Runner) -> None:
    custctl.apply(TREE)
    custctl.json("setting", "set", "account.strategy", "root")
    custctl.json("customer", "add", "East", "--parent", "acme")
    changes = custctl.changes("setting", "set", "account.strategy", "each")
    assert ("add", "account:east") in changes
    assert links(custctl)["east"] == "east"


def test_a_08_a_switch_is_taken_back_whole(custctl: Runner) -> None:
    custctl.apply(TREE)
    before = custctl.export()
    for strategy in ("root", "each"):
        custctl.json("setting", "set", "account.strategy", strategy)
    custctl.json("undo", "--last", "--yes")
    assert links(custctl)["west"] == "acme"
    custctl.json("undo", "2", "--yes")
    assert custctl.export() == before


def test_a_08_unsetting_the_strategy_goes_back_to_each(custctl: Runner) -> None:
    custctl.json("setting", "set", "account.strategy", "root")
    custctl.apply(TREE)
    custctl.json("setting", "unset", "account.strategy")
    assert links(custctl) == {"acme": "acme", "bolt": "bolt", "la": "la", "west": "west"}


def test_a_08_none_leaves_the_links_that_are_there(custctl: Runner) -> None:
    custctl.apply(TREE)
    assert custctl.changes("setting", "set", "account.strategy", "none") == [("add", "setting:account.strategy")]
    custctl.json("customer", "edit", "acme", "--account", "")
    assert links(custctl) == {"acme": None, "bolt": "bolt", "la": "la", "west": "west"}
    custctl.json("setting", "set", "account.strategy", "each")
    assert links(custctl) == {"acme": "acme-2", "bolt": "bolt", "la": "la", "west": "west"}


def test_a_08_a_document_switches_too_and_what_it_gives_counts(custctl: Runner) -> None:
    custctl.apply(TREE)
    document = 'settings = {"account.strategy" = "root"}\ncustomers = [{key = "la", account = "bolt"}]'
    custctl.apply(document)
    assert links(custctl) == {"acme": "acme", "bolt": "bolt", "la": "bolt", "west": "acme"}


def test_a_08_leads_and_opportunities_go_along_with_their_customer(custctl: Runner) -> None:
    custctl.apply(TREE)
    custctl.apply(
        'leads = [{key = "fair", name = "Fair", customer = "west", account = "west"}]\n'
        'opportunities = [{key = "deal", name = "Deal", account = "west", customer = "west"}]'
    )
    custctl.json("setting", "set", "account.strategy", "root")
    assert custctl.sql("SELECT a.key FROM opportunity o JOIN account a ON a.id = o.account_id") == [("acme",)]
    assert custctl.sql("SELECT a.key FROM lead o JOIN account a ON a.id = o.account_id") == [("acme",)]
    custctl.json("customer", "edit", "west", "--account", "bolt")
    assert custctl.sql("SELECT a.key FROM opportunity o JOIN account a ON a.id = o.account_id") == [("bolt",)]


def test_a_08_a_customer_without_a_channel_stays_without_one_in_an_export(custctl: Runner) -> None:
    custctl.apply(TREE + '\nchannels = [{key = "shop", name = "Shop", type = "commerce", active = true}]')
    custctl.json("customer", "edit", "bolt", "--channel", "")
    exported = custctl.export()
    other = Runner(custctl.database.with_name("other.db"))
    other.apply(exported)
    assert other.export() == exported
    assert links(other, "channel")["bolt"] is None


def test_a_09_a_customer_has_an_account_by_every_way(custctl: Runner) -> None:
    """Unless the shop makes none: then accounts of customers go, and customers are added without one."""
    custctl.apply(TREE)
    used = (5, "has-dependents", "account:acme is still used by 1 customer")
    assert custctl.refusal("account", "delete", "acme", "--yes") == used
    assert "custctl customer edit --where account=acme --account ACCOUNT" in custctl("account", "delete", "acme").err
    bare = (5, "account-required", "customer:new: a customer keeps an account")
    assert custctl.refusal("customer", "add", "New", "--account", "") == bare
    document = '[[customers]]\nkey = "new"\nname = "New"\naccount = ""\n'
    assert custctl.unapplied(document) == [("4:1", *bare)]
    custctl.json("setting", "set", "account.strategy", "none")
    custctl.json("account", "delete", "acme", "--yes")
    custctl.json("customer", "add", "New", "--account", "")
    assert links(custctl)["acme"] is None
    assert custctl("db", "check").exit == 0


@pytest.mark.parametrize("way", ["account", "document"])
def test_a_09_the_check_finds_a_customer_without_the_account_that_the_shop_wants(custctl: Runner, way: str) -> None:
    custctl.apply(TREE)
    with closing(sqlite3.connect(custctl.database)) as connection, connection:
        connection.execute("UPDATE customer SET account_id = NULL WHERE key = 'acme'")
    [found] = custctl("db", "check", "-o", "json").json
    assert (found["check"], found["record"]) == ("accounts", "customer:acme")
    custctl.json("customer", "edit", "acme", "--rating", "3_of_5")
    if way == "account":
        custctl.json("customer", "edit", "acme", "--account", "bolt")
    else:
        custctl.apply('[[customers]]\nkey = "acme"\naccount = "bolt"\n')
    assert custctl("db", "check").exit == 0


def test_the_account_that_was_made_for_a_customer_goes_with_it_and_comes_back(custctl: Runner) -> None:
    for strategy in ("each", "root"):
        custctl.json("setting", "set", "account.strategy", strategy)
        custctl.json("customer", "add", "Temp")
        before = custctl.export()
        changes = custctl.changes("customer", "delete", "temp")
        assert changes == [("remove", "customer:temp"), ("remove", "account:temp")]
        assert accounts(custctl) == []
        custctl.json("undo", "--last", "--yes")
        assert custctl.export() == before
        custctl.json("customer", "delete", "temp")


@pytest.mark.parametrize(
    "line",
    [
        ["account", "edit", "temp", "--name", "Kept"],
        ["account", "edit", "temp", "--tag", "vip"],
        ["account", "edit", "temp", "--key", "kept"],
    ],
)
def test_an_account_that_was_changed_stays_and_is_told(custctl: Runner, line: list[str]) -> None:
    custctl.json("customer", "add", "Temp")
    custctl.json(*line)
    [key] = accounts(custctl)
    answer = custctl.json("customer", "delete", "temp")
    assert answer["warnings"] == [
        f"account:{key} stays, though nothing uses it any more. To remove it: custctl account delete {key}"
    ]
    assert accounts(custctl) == [key]


@pytest.mark.parametrize(
    "line",
    [
        ["customer", "add", "Other", "--account", "temp"],
        ["account", "contact", "add", "temp", "jo"],
        ["opportunity", "add", "O", "--account", "temp"],
        ["account", "add", "Friend", "--referred-by", "temp"],
        ["activity", "add", "call", "Talk", "--on", "account:temp"],
    ],
    ids=lambda line: line[0] + line[1],
)
def test_an_account_that_something_else_uses_stays(custctl: Runner, line: list[str]) -> None:
    custctl.json("contact", "add", "--key", "jo", "--first-name", "Jo")
    custctl.json("customer", "add", "Temp")
    custctl.json(*line)
    assert custctl.json("customer", "delete", "temp")["warnings"] == []
    assert "temp" in accounts(custctl)


def test_an_account_that_somebody_added_is_not_taken_along(custctl: Runner) -> None:
    custctl.json("account", "add", "Temp")
    custctl.json("customer", "add", "Temp", "--account", "temp")
    custctl.json("customer", "delete", "temp")
    assert accounts(custctl) == ["temp"]


def test_a_08_generated_worlds_follow_the_strategy(custctl: Runner) -> None:
    custctl.json("demo", "--customers", "30")
    assert custctl.sql("SELECT count(*), count(account_id), count(channel_id) FROM customer") == [(30, 30, 30)]


def test_a_09_the_account_of_a_customer_is_exchanged_not_taken_away(custctl: Runner) -> None:
    custctl.apply(TREE)
    answer = custctl("customer", "edit", "acme", "--account", "")
    assert (answer.exit, answer.out) == (5, "")
    assert answer.err == (
        "error: customer:acme: a customer keeps an account\n"
        '  --> field "account"\n'
        "  hint: give it another one, or set account.strategy to none\n"
    )
    changed = custctl.fields("customer", "edit", "acme", "--account", "bolt")
    assert changed == {"customer:acme": {"account": ["acme", "bolt"]}}
    assert custctl.refusal("customer", "edit", "acme", "--account", "nope")[:2] == (3, "not-found")
    assert [row["key"] for row in custctl.json("customer", "list", "--where", "account=bolt")] == ["acme", "bolt"]


def test_a_09_the_storefront_gives_no_accounts_or_channels(demo: Runner) -> None:
    words = ("customer", "add", "New", "--account", "partner-c", "--as", "amanda.smith@company-a.example")
    refused = demo(*words, "-o", "json")
    assert (refused.exit, refused.json["resource"], refused.json["reason"]) == (1, "customer.account", "field-closed")
    added = demo.json("customer", "add", "New", "--as", "amanda.smith@company-a.example")
    assert [change["record"] for change in added["changes"]] == ["customer:new"]
    made = demo.json("customer", "show", "new")
    assert (made["account"], made["channel"]) == ("new", "web-shop"), "the shop makes the account, and does not tell"


def test_a_13_deleting_an_account_counts_what_goes_and_needs_yes(demo: Runner) -> None:
    for key in ("company-a", "partner-c"):
        demo.json("customer", "edit", "--where", f"account={key}", "--account", "greenleaf", "--yes")
    message = (
        "deleting account:company-a together with 2 other records (1 business customer, 1 address)"
        " and taking it from 1 account, 2 activities needs --yes"
    )
    assert demo.refusal("account", "delete", "company-a") == (2, "usage", message)
    changes = demo.changes("account", "delete", "company-a", "--yes")
    assert ("remove", "business-customer:company-a-packing") in changes
    assert ("change", "account:greenleaf") in changes
    message = "deleting account:partner-c together with 3 other records (3 opportunities) needs --yes"
    assert demo.refusal("account", "delete", "partner-c") == (2, "usage", message)
    assert demo("db", "check").exit == 0


def test_c_18_the_overview_of_a_customer_counts_opportunities_too(demo: Runner) -> None:
    demo.json("opportunity", "add", "Crates", "--customer", "company-a-west")
    assert demo.json("customer", "show", "company-a-west")["counts"]["opportunities"] == 1
