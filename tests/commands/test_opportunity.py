"""Opportunities, through the commands; the names of tests begin with the feature they hold."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from custctl.resources import LEAD, OPPORTUNITY
from tests.runner import Runner


@pytest.fixture(scope="module")
def selling_file(tmp_path_factory: pytest.TempPathFactory, empty_file: Path) -> Path:
    """Two accounts, each with a customer, one with a business customer too; and one opportunity."""
    runner = Runner(Path(shutil.copy(empty_file, tmp_path_factory.mktemp("selling"))))
    runner.apply("""
        apiVersion = "custctl/v1"
        [[accounts]]
        key = "acme"
        name = "Acme"
        [[accounts]]
        key = "bolt"
        name = "Bolt"
        [[customers]]
        key = "acme-shop"
        name = "Acme shop"
        account = "acme"
        [[customers]]
        key = "bolt-shop"
        name = "Bolt shop"
        account = "bolt"
        [[channels]]
        key = "field"
        name = "Field"
        type = "b2b"
        active = true
        [[business_customers]]
        key = "acme-trade"
        name = "Acme trade"
        account = "acme"
        channel = "field"
        [[opportunities]]
        key = "shelves"
        name = "Shelves"
        account = "acme"
        budget = "1200.00"
        """)
    return runner.database


@pytest.fixture
def shop(tmp_path: Path, selling_file: Path) -> Runner:
    return Runner(Path(shutil.copy(selling_file, tmp_path)))


def shown(shop: Runner, key: str, *fields: str) -> list[Any]:
    image = shop.json("opportunity", "show", key)
    return [image[name] for name in fields]


# S-05, S-06: whose it is


def test_s_05_an_opportunity_is_added_with_everything_it_has(shop: Runner) -> None:
    assert shop("contact", "add", "--first-name", "Ann").exit == 0
    assert shop("lead", "add", "Hint").exit == 0
    words = (
        "--key deal --customer acme-shop --contact ann --lead hint --status negotiation --close-date 2031-02-28"
        " --probability 65 --budget 10 --currency USD --need N --solution S --notes T --owner O --external-id X"
        " --tag vip"
    )
    fields = shop.fields("opportunity", "add", "Deal", *words.split())["opportunity:deal"]
    assert {name: new for name, (_, new) in fields.items()} == {
        "key": "deal",
        "name": "Deal",
        "account": "acme",
        "customer": "acme-shop",
        "contact": "ann",
        "lead": "hint",
        "owner": "O",
        "status": "negotiation",
        "close_date": "2031-02-28",
        "probability": 65,
        "budget": "10.00",
        "currency": "USD",
        "customer_need": "N",
        "proposed_solution": "S",
        "notes": "T",
        "base_budget": "10.00",
        "external_id": "X",
        "tags": ["vip"],
    }


def test_s_05_an_opportunity_without_an_account_is_refused(shop: Runner) -> None:
    told = (4, "invalid", "opportunity:deal: account is required for an opportunity")
    assert shop.refusal("opportunity", "add", "Deal") == told
    assert shop.refusal("opportunity", "edit", "shelves", "--account", "")[2] == told[2].replace("deal", "shelves")
    assert shop.refusal("opportunity", "add", "Deal", "--account", "nobody")[:2] == (3, "not-found")


def test_s_05_the_account_is_that_of_the_buyer(shop: Runner) -> None:
    assert shop("opportunity", "add", "A", "--business", "acme-trade").exit == 0
    assert shown(shop, "a", "account", "business_customer") == ["acme", "acme-trade"]
    assert shop.fields("opportunity", "edit", "a", "--business", "", "--customer", "bolt-shop") == {
        "opportunity:a": {
            "account": ["acme", "bolt"],
            "customer": [None, "bolt-shop"],
            "business_customer": ["acme-trade", None],
        }
    }
    both = ("--business", "acme-trade", "--customer", "acme-shop")
    assert shop.refusal("opportunity", "add", "B", *both) == (
        4,
        "invalid",
        "opportunity:b: is about a customer or about a business customer, not about both",
    )


def test_s_05_an_opportunity_is_edited_renamed_and_deleted(shop: Runner) -> None:
    assert shop.fields("opportunity", "edit", "shelves", "--need", "Room", "--key", "racks") == {
        "opportunity:racks": {"key": ["shelves", "racks"], "customer_need": [None, "Room"]}
    }
    assert shop.changes("opportunity", "delete", "racks") == [("remove", "opportunity:racks")]
    assert shop.refusal("opportunity", "delete", "racks")[0] == 3


def test_s_06_typing_a_new_name_makes_the_account(shop: Runner) -> None:
    assert shop.changes("opportunity", "add", "Deal", "--account-name", "New Ltd") == [
        ("add", "account:new-ltd"),
        ("add", "opportunity:deal"),
    ]
    assert shown(shop, "deal", "account") == ["new-ltd"]
    both = ("--account", "acme", "--account-name", "New Ltd")
    assert shop.refusal("opportunity", "add", "Deal", *both)[:2] == (2, "usage")


def test_s_06_an_import_makes_the_accounts_that_it_names_by_new_names(shop: Runner) -> None:
    sheet = (
        "Customer Account Account name,Opportunity name,Status Id,Probability,Channel Name\n"
        "Charlie,Opportunity one,in_progress,5,Business Customers\n"
        "CHARLIE,Opportunity two,needs_analysis,,\n"
        "acme,Opportunity three,negotiation,,\n"
    )
    assert shop("opportunity", "import", "-", stdin=sheet).exit == 0
    found = shop.json("opportunity", "list", "--where", "name~opportunity", "--fields", "account,status,probability")
    assert [tuple(row.values()) for row in found] == [
        ("opportunity-one", "charlie", "open", 5),
        ("opportunity-three", "acme", "negotiation", 80),
        ("opportunity-two", "charlie", "needs_analysis", 20),
    ]
    assert [row["name"] for row in shop.json("account", "list")] == ["Acme", "Bolt", "Charlie"]


def test_s_06_what_is_wrong_with_a_row_is_told_and_makes_no_account(shop: Runner) -> None:
    sheet = (
        "Opportunity name,Customer Account Account name,Customer Customer Name,Budget Amount,Budget Amount Currency\n"
        "One,,,1,USD\n"
        "Two,Acme,Bolt shop,1,USD\n"
        "Three,New Ltd,,1,dollars\n"
        "Four,New Ltd,,1,ZZZ\n"
        "Five,New Ltd,,-1,USD\n"
        "Six,Bolt,,1,USD\n"
    )
    answer = shop("opportunity", "import", "-", "--continue-on-error", "-o", "json", stdin=sheet)
    assert (answer.exit, answer.json["added"], answer.json["rejected"]) == (6, 1, 5)
    assert [(one["line"], one["field"], one["message"]) for one in answer.json["errors"]] == [
        (2, "Customer Account Account name", "opportunity:one: account is required for an opportunity"),
        (3, "Customer Customer Name", "opportunity:two: customer:bolt-shop belongs to account bolt, not to acme"),
        (
            4,
            "Budget Amount Currency",
            "opportunity 'three': currency must be a currency code of three capitals, like USD",
        ),
        (5, "Budget Amount Currency", "opportunity:four: ZZZ is not the code of a currency (ISO 4217)"),
        (6, "Budget Amount", "opportunity 'five': budget must not be negative"),
    ]
    assert [row["key"] for row in shop.json("account", "list")] == ["acme", "bolt"]


# S-14: a customer of the account


def test_s_14_a_customer_of_another_account_is_refused(shop: Runner) -> None:
    words = ("opportunity", "add", "Deal", "--account", "acme", "--customer", "bolt-shop")
    refused = shop(*words)
    assert (refused.exit, refused.out) == (4, "")
    assert "opportunity:deal: customer:bolt-shop belongs to account bolt, not to acme" in refused.err
    assert "custctl customer edit bolt-shop --account acme" in refused.err
    document = """
        apiVersion = "custctl/v1"
        [[opportunities]]
        key = "shelves"
        customer = "bolt-shop"
        account = "acme"
        """
    assert shop.unapplied(document)[0][1:] == (
        4,
        "invalid",
        "opportunity:shelves: customer:bolt-shop belongs to account bolt, not to acme",
    )


def test_s_14_what_is_about_a_customer_follows_it_to_another_account(shop: Runner) -> None:
    assert shop("opportunity", "edit", "shelves", "--customer", "acme-shop").exit == 0
    assert shop("lead", "add", "Hint", "--customer", "acme-shop").exit == 0
    moved = {"apiVersion": "custctl/v1", "customers": [{"key": "acme-shop", "account": "bolt"}]}
    done = shop("apply", "-f", "-", "--yes", "-o", "json", stdin=json.dumps(moved))
    assert done.exit == 0, done
    assert {change["record"]: change["fields"] for change in done.json["changes"]} == {
        "customer:acme-shop": {"account": ["acme", "bolt"]},
        "lead:hint": {"account": ["acme", "bolt"]},
        "opportunity:shelves": {"account": ["acme", "bolt"]},
    }
    assert shop("undo", "--last", "--yes").exit == 0
    assert shown(shop, "shelves", "account") == ["acme"]


def test_s_14_what_is_about_merged_customers_and_accounts_goes_along(shop: Runner) -> None:
    assert shop("opportunity", "add", "Deal", "--customer", "bolt-shop").exit == 0
    before = shop.export()
    assert shop("customer", "merge", "acme-shop", "bolt-shop", "--yes").exit == 0
    assert shown(shop, "deal", "customer", "account") == ["acme-shop", "acme"]
    assert shop("undo", "--last", "--yes").exit == 0
    assert shop.export() == before
    assert shop("account", "merge", "acme", "bolt", "--yes").exit == 0
    assert shown(shop, "deal", "customer", "account") == ["bolt-shop", "acme"]
    assert shop("undo", "--last", "--yes").exit == 0
    assert shop.export() == before


# S-07, S-08: how likely it is


def test_s_07_the_probability_follows_the_status_until_it_is_edited_by_hand(shop: Runner) -> None:
    for status, percent in {"open": 5, "identification_alignment": 20, "needs_analysis": 10, "negotiation": 75}.items():
        assert shop("setting", "set", f"opportunity.probability.{status}", str(percent)).exit == 0
    assert shop("opportunity", "add", "Star", "--account", "acme", "--status", "needs_analysis").exit == 0
    assert shown(shop, "star", "probability") == [10]
    assert shop("opportunity", "move", "star", "open").exit == 0
    assert shown(shop, "star", "probability") == [5]
    assert shop("opportunity", "edit", "star", "--probability", "50").exit == 0
    assert shop("opportunity", "move", "star", "negotiation").exit == 0
    assert shown(shop, "star", "status", "probability") == ["negotiation", 50]
    assert shop("opportunity", "edit", "star", "--probability", "").exit == 0
    assert shown(shop, "star", "probability") == [75]


def test_s_07_a_document_that_gives_both_keeps_both(shop: Runner) -> None:
    shop.apply("""
        apiVersion = "custctl/v1"
        [[opportunities]]
        key = "shelves"
        status = "negotiation"
        probability = 33
        """)
    assert shown(shop, "shelves", "status", "probability") == ["negotiation", 33]


def test_s_07_closing_sets_the_probability_also_where_it_was_edited(shop: Runner) -> None:
    assert shop("opportunity", "edit", "shelves", "--probability", "33").exit == 0
    assert shop("opportunity", "win", "shelves", "--close-date", "2026-01-31").exit == 0
    assert shown(shop, "shelves", "probability") == [100]
    assert shop("opportunity", "reopen", "shelves", "--status", "solution_development").exit == 0
    assert shown(shop, "shelves", "status", "probability") == ["solution_development", 50]


@pytest.mark.parametrize("value", ["120", "high", "10.5"])
def test_s_08_a_default_probability_is_a_whole_number_from_0_to_100(shop: Runner, value: str) -> None:
    refused = shop.refusal("setting", "set", "opportunity.probability.negotiation", value)
    words = "setting opportunity.probability.negotiation must be a whole number from 0 to 100"
    assert refused == (4, "invalid", words)
    assert shop.refusal("opportunity", "edit", "shelves", "--probability", value)[2] == (
        "opportunity 'shelves': probability must be a whole number from 0 to 100"
    )


# S-09, S-10: closing and reopening


def test_s_09_winning_needs_a_date_and_brings_in_the_budget(shop: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custctl.store.unit.now", lambda: "2026-02-01T12:00:00Z")
    refused = shop("opportunity", "win", "shelves")
    assert (refused.exit, refused.out) == (4, "")
    assert "opportunity:shelves: close_date is required for an opportunity that is won" in refused.err
    assert shop.fields("opportunity", "win", "shelves", "--close-date", "2026-01-31")["opportunity:shelves"] == {
        "status": ["open", "won"],
        "close_date": [None, "2026-01-31"],
        "probability": [0, 100],
        "close_revenue": [None, "1200.00"],
        "close_reason": [None, "won"],
        "closed_at": [None, "2026-02-01T12:00:00Z"],
        "base_revenue": [None, "1200.00"],
    }


def test_s_09_winning_brings_in_what_is_said_where_it_is_said(shop: Runner) -> None:
    words = ("--close-date", "2026-01-31", "--revenue", "999.9")
    assert shop("opportunity", "win", "shelves", *words).exit == 0
    assert shown(shop, "shelves", "budget", "close_revenue") == ["1200.00", "999.90"]


def test_s_09_losing_needs_a_date_and_a_reason_and_brings_in_nothing(shop: Runner) -> None:
    told = [message for _, _, message in shop.refusals("opportunity", "lose", "shelves")]
    assert told == [
        "opportunity:shelves: close_date is required for an opportunity that is lost",
        "opportunity:shelves: close_reason is required for an opportunity that is lost",
    ]
    words = ("--close-date", "2026-01-31", "--reason", "outsold")
    assert shop("opportunity", "lose", "shelves", *words).exit == 0
    told = shown(shop, "shelves", "status", "probability", "close_revenue", "close_reason", "base_revenue")
    assert told == ["lost", 0, "0.00", "outsold", "0.00"]


def test_s_09_documents_and_imports_are_held_to_the_same(shop: Runner) -> None:
    document = """
        apiVersion = "custctl/v1"
        [[opportunities]]
        key = "shelves"
        status = "lost"
        """
    assert [problem[3] for problem in shop.unapplied(document)] == [
        "opportunity:shelves: close_date is required for an opportunity that is lost",
        "opportunity:shelves: close_reason is required for an opportunity that is lost",
    ]
    sheet = "Opportunity name,Status Id\nShelves,won\n"
    imported = shop("opportunity", "import", "-", stdin=sheet)
    assert (imported.exit, "close_date is required for an opportunity that is won" in imported.err) == (4, True)


def test_s_09_what_is_closed_is_reopened_before_it_goes_on(shop: Runner) -> None:
    assert shop("opportunity", "win", "shelves", "--close-date", "2026-01-31").exit == 0
    for words in (("win",), ("lose", "--reason", "x"), ("move", "negotiation")):
        refused = shop("opportunity", words[0], "shelves", *words[1:])
        assert (refused.exit, "opportunity:shelves is won already" in refused.err) == (5, True)
        assert "do this first: custctl opportunity reopen shelves" in refused.err
    document = 'apiVersion = "custctl/v1"\n[[opportunities]]\nkey = "shelves"\nstatus = "lost"\nclose_reason = "x"\n'
    assert shop.unapplied(document)[0][1:3] == (5, "status")
    assert shop("opportunity", "reopen", "shelves").exit == 0
    assert shop.refusal("opportunity", "reopen", "shelves") == (
        5,
        "status",
        "opportunity:shelves is open, so it is open already",
    )


def test_s_09_won_and_lost_are_not_picked_directly(shop: Runner) -> None:
    refused = shop("opportunity", "move", "shelves", "won")
    assert (refused.exit, refused.out) == (4, "")
    assert "custctl opportunity win shelves" in refused.err
    assert shop.refusal("opportunity", "move", "shelves", "negotation") == (
        4,
        "invalid",
        "'negotation' is not the status of an opportunity",
    )
    assert shop.refusal("opportunity", "reopen", "shelves", "--status", "lost")[:2] == (4, "invalid")


def test_s_10_the_time_of_closing_is_set_and_emptied_again(shop: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custctl.store.unit.now", lambda: "2026-02-01T12:00:00Z")
    assert shop("opportunity", "win", "shelves", "--close-date", "2026-01-31").exit == 0
    assert shown(shop, "shelves", "closed_at") == ["2026-02-01T12:00:00Z"]
    monkeypatch.setattr("custctl.store.unit.now", lambda: "2026-03-01T12:00:00Z")
    assert shop("opportunity", "edit", "shelves", "--notes", "Well done").exit == 0
    assert shown(shop, "shelves", "closed_at") == ["2026-02-01T12:00:00Z"]
    assert shop("opportunity", "reopen", "shelves").exit == 0
    told = shown(shop, "shelves", "closed_at", "close_reason", "close_revenue", "close_date", "probability")
    assert told == [None, None, None, "2026-01-31", 0]


def test_s_10_a_document_may_say_when_it_was_closed_but_not_of_an_open_one(shop: Runner) -> None:
    document = """
        apiVersion = "custctl/v1"
        [[opportunities]]
        key = "shelves"
        status = "STATUS"
        close_date = "2025-01-31"
        closed_at = "2025-01-30T10:00:00Z"
        """
    shop.apply(document.replace("STATUS", "won"))
    assert shown(shop, "shelves", "closed_at") == ["2025-01-30T10:00:00Z"]
    assert shop.unapplied(document.replace("STATUS", "open"))[0][1:] == (
        4,
        "invalid",
        "opportunity:shelves: closed_at is the time at which it was won or lost, and it is open",
    )


def test_s_10_an_undo_of_reopening_and_of_deleting_puts_back_all_of_it(shop: Runner) -> None:
    assert shop("opportunity", "win", "shelves", "--close-date", "2026-01-31", "--revenue", "7").exit == 0
    before = shop.export()
    assert shop("opportunity", "reopen", "shelves").exit == 0
    assert shop("undo", "--last", "--yes").exit == 0
    assert shop.export() == before
    assert shop("opportunity", "delete", "shelves").exit == 0
    assert shop("undo", "--last", "--yes").exit == 0
    assert shop.export() == before


# S-11: views


def test_s_11_the_views_of_a_fixed_day(shop: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custctl.store.database.now", lambda: "2026-03-31T23:59:59Z")
    for key, status, day in (
        ("late", "negotiation", "2026-03-30"),
        ("later", "open", "2025-12-24"),
        ("due", "open", "2026-03-31"),
        ("won-today", "won", "2026-03-31"),
        ("won-30", "won", "2026-03-01"),
        ("won-31", "won", "2026-02-28"),
        ("lost", "lost", "2026-03-30"),
    ):
        words = ("--key", key, "--account", "acme", "--status", status, "--close-date", day)
        reason = ("--reason", "x") if status == "lost" else ()
        assert shop("opportunity", "add", key, *words, *reason).exit == 0

    def view(word: str) -> list[str]:
        return [row["key"] for row in shop.json("opportunity", "list", "--view", word)]

    assert view("open") == ["due", "late", "later", "shelves"]
    assert view("overdue") == ["later", "late"]
    assert view("recently-closed") == ["won-today", "won-30"]
    narrowed = shop.json("opportunity", "list", "--view", "overdue", "--where", "status=open", "--sort", "-name")
    assert [row["key"] for row in narrowed] == ["later"]
    assert shop.refusal("opportunity", "list", "--view", "opne")[:2] == (2, "usage")


# S-12: money


def test_s_12_amounts_are_not_negative_and_have_a_currency_that_there_is(shop: Runner) -> None:
    refused = shop.refusal("opportunity", "edit", "shelves", "--budget", "-1")
    assert refused == (4, "invalid", "opportunity 'shelves': budget must not be negative")
    refused = shop.refusal("opportunity", "edit", "shelves", "--currency", "ABC")
    assert refused == (4, "invalid", "opportunity:shelves: ABC is not the code of a currency (ISO 4217)")
    assert shown(shop, "shelves", "currency") == ["USD"]


def test_s_12_the_copy_in_the_base_currency_follows_the_rate_until_it_is_closed(shop: Runner) -> None:
    warned = shop.json("opportunity", "edit", "shelves", "--currency", "EUR")["warnings"]
    assert warned == ["EUR has no rate, so its amounts are unknown in USD: set one in currency.rates"]
    assert shown(shop, "shelves", "base_budget") == [None]
    assert shop.fields("setting", "set", "currency.rates", "EUR=1.1") == {
        "setting:currency.rates": {"key": [None, "currency.rates"], "value": [None, {"EUR": "1.1"}]},
        "opportunity:shelves": {"base_budget": [None, "1320.00"]},
    }
    assert shop("opportunity", "win", "shelves", "--close-date", "2026-01-31", "--revenue", "1000").exit == 0
    assert shown(shop, "shelves", "base_budget", "base_revenue") == ["1320.00", "1100.00"]
    assert shop.changes("setting", "set", "currency.rates", "EUR=2") == [("change", "setting:currency.rates")]
    assert shop("opportunity", "edit", "shelves", "--notes", "N").exit == 0
    assert shown(shop, "shelves", "base_budget", "base_revenue") == ["1320.00", "1100.00"]
    assert shop("opportunity", "reopen", "shelves").exit == 0
    assert shown(shop, "shelves", "base_budget", "base_revenue") == ["2400.00", None]


def test_s_12_another_base_currency_converts_what_is_open_and_unset_rates_leave_it_unknown(shop: Runner) -> None:
    assert shop("setting", "set", "currency.rates", "USD=1", "EUR=1.1").exit == 0
    assert shop("opportunity", "add", "Euro", "--account", "acme", "--budget", "10", "--currency", "EUR").exit == 0
    assert shown(shop, "euro", "base_budget") == ["11.00"]
    assert shop("setting", "unset", "currency.rates").exit == 0
    assert shown(shop, "euro", "base_budget") == [None]
    assert shop("undo", "--last", "--yes").exit == 0
    assert shown(shop, "euro", "base_budget") == ["11.00"]


def test_s_12_an_amount_that_is_corrected_after_closing_is_converted_anew(shop: Runner) -> None:
    assert shop("setting", "set", "currency.rates", "EUR=2").exit == 0
    words = ("--status", "won", "--close-date", "2026-01-31", "--revenue", "10", "--currency", "EUR")
    assert shop("opportunity", "edit", "shelves", *words).exit == 0
    assert shop("opportunity", "edit", "shelves", "--revenue", "11").exit == 0
    assert shown(shop, "shelves", "base_revenue") == ["22.00"]


def test_s_12_export_and_apply_keep_the_frozen_copies(shop: Runner, tmp_path: Path, empty_file: Path) -> None:
    assert shop("setting", "set", "currency.rates", "EUR=1.1").exit == 0
    words = ("--status", "won", "--close-date", "2026-01-31", "--revenue", "10", "--currency", "EUR")
    assert shop("opportunity", "edit", "shelves", *words).exit == 0
    assert shop("setting", "set", "currency.rates", "EUR=3").exit == 0
    assert shop("opportunity", "add", "Open", "--account", "acme", "--budget", "5", "--currency", "EUR").exit == 0
    exported = shop.export()
    (tmp_path / "other").mkdir()
    other = Runner(Path(shutil.copy(empty_file, tmp_path / "other")))
    assert other("apply", "-f", "-", "--yes", stdin=exported).exit == 0
    assert other.export() == exported
    assert shown(other, "shelves", "base_revenue") == ["11.00"]


# S-13: the board


def test_s_13_the_board_tells_opportunities_by_status_and_close_date(shop: Runner) -> None:
    for key, status, day in (
        ("b", "negotiation", "2026-02-01"),
        ("a", "negotiation", "2026-01-01"),
        ("c", "won", "2026-01-01"),
    ):
        words = ("--account", "bolt", "--status", status, "--close-date", day)
        assert shop("opportunity", "add", key, *words).exit == 0
    rows = shop.json("opportunity", "board")
    assert [(row["status"], row["key"]) for row in rows] == [
        ("open", "shelves"),
        ("negotiation", "a"),
        ("negotiation", "b"),
        ("won", "c"),
    ]
    narrowed = ("--view", "open", "--where", "account=bolt", "--limit", "1", "-o", "csv", "--fields", "name")
    assert shop("opportunity", "board", *narrowed).out == "name\na\n"
    assert shop.refusal("opportunity", "board", "--view", "x")[:2] == (2, "usage")
    assert shop("opportunity", "board", "--where", "name=nobody").err == "no opportunities\n"


# around them


def test_opportunities_are_counted_with_their_customer(shop: Runner) -> None:
    assert shop.json("customer", "show", "acme-shop")["counts"]["opportunities"] == 0
    assert shop("opportunity", "edit", "shelves", "--customer", "acme-shop").exit == 0
    assert shop.json("customer", "show", "acme-shop")["counts"]["opportunities"] == 1


def test_every_field_of_leads_and_opportunities_can_be_searched_by(shop: Runner) -> None:
    for noun in (LEAD, OPPORTUNITY):
        for field in noun.fields:
            value = {"time": "2026", "day": "2026", "count": "1", "money": "1"}.get(field.kind, "x")
            operator = "=" if value != "x" else "~"
            assert shop(noun.name, "list", "--where", f"{field.name}{operator}{value}").exit == 0, field.name


def test_a_plan_says_what_follows_from_a_status(shop: Runner) -> None:
    document = 'apiVersion = "custctl/v1"\n[[opportunities]]\nkey = "shelves"\nstatus = "negotiation"\n'
    planned = shop.json("plan", "-f", shop.file(document))
    assert planned["changes"] == [
        {
            "op": "change",
            "record": "opportunity:shelves",
            "fields": {"status": ["open", "negotiation"], "probability": [0, 80]},
        }
    ]
