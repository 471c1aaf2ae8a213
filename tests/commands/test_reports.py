"""Reports over all accounts, leads and opportunities; the names of tests begin with the feature they hold."""

from __future__ import annotations

from typing import Any

import pytest

from custctl.commands.report import app
from custctl.resources import PROBABILITIES
from tests.commands.test_lifetime import SHOP
from tests.runner import Runner

REPORTS = [str(info.name) for info in app.registered_commands]
DEALS = """
[[accounts]]
key = "beta"
name = "Beta"
owner = "Sam"
[[opportunities]]
key = "won-late"
name = "Won late"
account = "beta"
status = "won"
close_date = "2025-12-01"
close_reason = "won"
budget = "120.00"
close_revenue = "100.00"
currency = "EUR"
owner = "Sam"
[[opportunities]]
key = "lost"
name = "Lost"
account = "beta"
status = "lost"
close_date = "2025-05-05"
close_reason = "outsold"
budget = "50.00"
close_revenue = "0.00"
currency = "USD"
[[opportunities]]
key = "hope"
name = "Hope"
account = "beta"
status = "needs_analysis"
probability = 25
budget = "0.0002"
currency = "USD"
[[opportunities]]
key = "yen"
name = "Yen"
account = "beta"
status = "negotiation"
probability = 80
budget = "500.00"
currency = "JPY"
[[leads]]
key = "one"
name = "One"
[[leads]]
key = "two"
name = "Two"
owner = "Sam"
"""


@pytest.fixture
def shop(custctl: Runner) -> Runner:
    custctl.apply(SHOP)
    custctl.apply(DEALS)
    custctl.apply('[[opportunities]]\nkey = "lathe"\nprobability = 50\n')
    return custctl


def report(runner: Runner, name: str, *options: str) -> Any:
    return runner.json("report", name, *options)


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def test_q_01_accounts_by_lifetime_agree_with_the_lifetime_of_each(shop: Runner) -> None:
    rows = report(shop, "accounts-by-lifetime")
    assert [(row["key"], row["lifetime"]) for row in rows] == [("acme", "418.055"), ("other", "0.50"), ("beta", "0.00")]
    for row in rows:
        assert shop.json("account", "lifetime", row["key"])["lifetime"] == row["lifetime"]
    assert [row["key"] for row in report(shop, "accounts-by-lifetime", "--limit", "1")] == ["acme"]
    assert [row["key"] for row in report(shop, "accounts-by-lifetime", "--where", "owner=Sam")] == ["beta"]
    assert shop("report", "accounts-by-lifetime", "-o", "name").lines[0] == "account:acme"


def test_q_01_what_has_no_rate_is_told_beside_the_accounts(shop: Runner) -> None:
    shop.json("order", "edit", "2", "--currency", "JPY")
    rows = report(shop, "accounts-by-lifetime", "--where", "key=acme")
    assert [(row["lifetime"], row["unconverted"]) for row in rows] == [
        ("407.00", [{"currency": "JPY", "amount": "10.05"}])
    ]
    answer = shop("report", "accounts-by-lifetime")
    assert answer.err == "left out, because there is no rate: 10.05 JPY; custctl setting get currency.rates\n"
    assert answer.lines[0].split() == ["KEY", "NAME", "OWNER", "LIFETIME", "UNCONVERTED"]


def test_q_01_it_is_one_query_whatever_there_is(shop: Runner) -> None:
    import contextlib
    import sqlite3

    from custctl.store import reports
    from custctl.store.lifetime import prepare

    ran: list[str] = []
    with contextlib.closing(sqlite3.connect(shop.database)) as connection:
        prepare(connection)
        connection.set_trace_callback(ran.append)
        rows = list(reports.accounts_by_lifetime(connection, (), None))
    assert len(rows) == 3
    # The settings of the rates, a look at each of the views, and the report itself.
    assert [line.split()[0] for line in ran] == ["SELECT"] * 3 + ["WITH"]


def test_q_02_accounts_by_opportunities_have_a_count_for_each_status_and_a_total(shop: Runner) -> None:
    rows = report(shop, "accounts-by-opportunities")
    assert [without(row, "open", "identification_alignment", "solution_development") for row in rows] == [
        {"key": "acme", "name": "Acme", "needs_analysis": 0, "negotiation": 1, "won": 1, "lost": 0, "total": 2},
        {"key": "beta", "name": "Beta", "needs_analysis": 1, "negotiation": 1, "won": 1, "lost": 1, "total": 4},
        {"key": None, "name": "total", "needs_analysis": 1, "negotiation": 2, "won": 2, "lost": 1, "total": 6},
    ]
    closed = report(shop, "accounts-by-opportunities", "--where", "close_date=2025-12", "--where", "created>2025")
    assert [(row["key"], row["total"]) for row in closed] == [("beta", 1), (None, 1)]


def test_q_03_leads_are_counted_by_the_date_on_which_they_were_made(shop: Runner) -> None:
    [made] = shop.sql("SELECT DISTINCT substr(created_at, 1, 10) FROM lead")
    assert report(shop, "leads-by-date") == [{"period": made[0], "leads": 2}]
    assert report(shop, "leads-by-date", "--by", "year") == [{"period": made[0][:4], "leads": 2}]
    assert report(shop, "leads-by-date", "--where", "owner=Sam")[0]["leads"] == 1
    assert report(shop, "leads-by-date", "--where", "created<2020") == []


def test_q_04_opportunities_by_status_have_a_revenue_only_where_they_are_closed(shop: Runner) -> None:
    rows = {row.pop("status"): row for row in report(shop, "opportunities-by-status")}
    assert list(rows) == list(PROBABILITIES)
    assert rows["won"] == {
        "opportunities": 2,
        "close_revenue": "410.00",
        "budget": "132.00",
        "unconverted": [],
    }
    assert rows["lost"] == {"opportunities": 1, "close_revenue": "0.00", "budget": "50.00", "unconverted": []}
    assert rows["negotiation"] == {
        "opportunities": 2,
        "close_revenue": None,
        "budget": "900.00",
        "unconverted": [{"of": "budget", "currency": "JPY", "amount": "500.00"}],
    }
    assert rows["open"] == {"opportunities": 0, "close_revenue": None, "budget": "0.00", "unconverted": []}
    assert report(shop, "opportunities-by-status", "--where", "account=beta")[4]["budget"] == "0.00"


@pytest.mark.parametrize(
    ("by", "periods"),
    [
        (
            "month",
            [("2025-06", 1, "300.00"), *((f"2025-{n:02}", 0, "0.00") for n in range(7, 12)), ("2025-12", 1, "110.00")],
        ),
        ("quarter", [("2025-Q2", 1, "300.00"), ("2025-Q3", 0, "0.00"), ("2025-Q4", 1, "110.00")]),
        ("year", [("2025", 2, "410.00")]),
    ],
)
def test_q_05_won_opportunities_by_month_quarter_or_year(
    shop: Runner, by: str, periods: list[tuple[str, int, str]]
) -> None:
    rows = report(shop, "opportunities-won", "--by", by)
    assert [(row["period"], row["opportunities"], row["close_revenue"]) for row in rows] == periods
    assert report(shop, "opportunities-won", "--where", "close_date>2025-12") == []


def test_q_06_a_forecast_is_budget_times_probability_of_what_is_open(shop: Runner) -> None:
    rows = report(shop, "forecast")
    assert [(row["status"], row["opportunities"], row["budget"], row["forecast"]) for row in rows] == [
        ("needs_analysis", 1, "0.0002", "0.00"),  # half of a ten-thousandth goes to the even one
        ("negotiation", 2, "900.00", "450.00"),
        (None, 3, "900.0002", "450.00"),
    ]
    assert rows[-1]["unconverted"] == [{"currency": "JPY", "amount": "500.00"}]
    assert shop("report", "forecast").err.startswith("left out, because there is no rate: 500.00 JPY;")
    assert report(shop, "forecast", "--where", "account=acme")[-1]["forecast"] == "450.00"


@pytest.mark.parametrize("name", REPORTS)
def test_a_shop_without_anything_has_empty_reports(custctl: Runner, name: str) -> None:
    answer = custctl("report", name)
    assert (answer.exit, answer.out) == (0, "")
    assert answer.err.startswith("no ")
    assert report(custctl, name) == []
    assert custctl("report", name, "-o", "csv").lines[0].count(",") >= 1


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_refuses_an_unknown_field_and_acts_for_nobody(demo: Runner, name: str) -> None:
    assert demo.refusal("report", name, "--where", "nope=1")[:2] == (4, "unknown-field")
    assert demo.refusal("report", name, "--as", "amanda.smith@company-a.example")[0] == 2
