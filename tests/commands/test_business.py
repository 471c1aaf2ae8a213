"""Business customers, through the commands; the names of tests begin with the feature they hold."""

from __future__ import annotations

import pytest

from tests.runner import Runner


@pytest.fixture
def team(custctl: Runner) -> Runner:
    """A shop with an active b2b channel."""
    custctl.json("channel", "add", "Field sales", "--type", "b2b", "--active")
    return custctl


def test_b_01_a_business_customer_needs_an_active_b2b_channel(team: Runner) -> None:
    assert team.refusal("business", "add", "Initech") == (
        4,
        "invalid",
        "business-customer:initech: channel is required for a business customer",
    )
    team.json("channel", "add", "Web shop", "--type", "commerce", "--active")
    problem = "business-customer:initech: channel:web-shop is of type commerce, and business customers are in b2b ones"
    assert team.refusal("business", "add", "Initech", "--channel", "web-shop") == (4, "invalid", problem)
    team.json("channel", "disable", "field-sales")
    assert team.refusal("business", "add", "Initech", "--channel", "field-sales") == (
        5,
        "inactive",
        "business-customer:initech: channel:field-sales is not active",
    )


def test_b_01_one_that_is_in_can_be_edited_while_the_channel_is_off(team: Runner) -> None:
    team.json("business", "add", "Initech", "--channel", "field-sales")
    team.json("channel", "disable", "field-sales")
    changed = team.fields("business", "edit", "initech", "--rating", "A")
    assert changed == {"business-customer:initech": {"rating": [None, "A"]}}


def test_b_02_an_account_of_the_same_name_is_made_where_none_is_given(team: Runner) -> None:
    answer = team("business", "add", "Initech", "--channel", "field-sales")
    assert (answer.exit, answer.err) == (0, "")
    assert answer.lines == [
        "+ business-customer:initech",
        "    key: initech",
        "    name: Initech",
        "    account: initech",
        "    channel: field-sales",
        "    owner: tester",
        "+ account:initech",
        "    key: initech",
        "    name: Initech",
        "    owner: tester",
        "2 added, 0 changed, 0 removed",
    ]


def test_b_02_the_account_stays_when_editing(team: Runner) -> None:
    team.json("business", "add", "Initech", "--channel", "field-sales")
    problem = "business-customer:initech: account is required for a business customer"
    assert team.refusal("business", "edit", "initech", "--account", "") == (4, "invalid", problem)
    team.json("account", "add", "Initrode")
    changed = team.fields("business", "edit", "initech", "--account", "initrode")
    assert changed == {"business-customer:initech": {"account": ["initech", "initrode"]}}


def test_b_02_a_given_account_is_taken_also_without_a_strategy_for_customers(team: Runner) -> None:
    team.json("setting", "set", "account.strategy", "none")
    team.json("account", "add", "Initrode")
    added = team.changes("business", "add", "Initech", "--channel", "field-sales", "--account", "initrode")
    assert added == [("add", "business-customer:initech")]
    assert ("add", "account:lumon") in team.changes("business", "add", "Lumon", "--channel", "field-sales")


def test_b_03_the_fields_of_a_company_are_stored_and_exported(team: Runner) -> None:
    team.json("contact", "add", "--first-name", "Bill", "--last-name", "Lumbergh")
    words = (
        "--employees 250 --ownership private --rating A --ticker-symbol INI --website https://initech.example"
        " --email info@initech.example --email sales@initech.example --contact bill-lumbergh --external-id E-1"
        " --owner Sam --tag Key"
    )
    team.json("business", "add", "Initech", "--phone", "+1 555 0100", "--channel", "field-sales", *words.split())
    exported = team("export", "business_customers", "--format", "yaml")
    assert exported.out == (
        "apiVersion: custctl/v1\n"
        "business_customers:\n"
        "  - key: initech\n"
        "    name: Initech\n"
        "    account: initech\n"
        "    channel: field-sales\n"
        "    contact: bill-lumbergh\n"
        "    owner: Sam\n"
        "    emails:\n"
        "      - info@initech.example\n"
        "      - sales@initech.example\n"
        "    phones:\n"
        '      - "+1 555 0100"\n'
        "    employees: 250\n"
        "    ownership: private\n"
        "    rating: A\n"
        "    ticker_symbol: INI\n"
        '    website: "https://initech.example"\n'
        "    external_id: E-1\n"
        "    tags:\n"
        "      - key\n"
    )


def test_b_03_employees_are_a_number(team: Runner) -> None:
    problem = "business customer 'initech': employees must be a whole number from 0 to 999999999"
    words = ("business", "add", "Initech", "--channel", "field-sales", "--employees", "many")
    assert team.refusal(*words) == (4, "invalid", problem)


def test_b_04_the_lifetime_cannot_be_set(team: Runner) -> None:
    document = 'business_customers = [{key = "initech", name = "Initech", channel = "field-sales", lifetime = "5"}]'
    problems = team.unapplied(document)
    assert [(exit_code, code) for _, exit_code, code, _ in problems] == [(4, "unknown-field")]
    assert "lifetime" in problems[0][3]


def test_b_05_its_leads_and_opportunities_are_counted(demo: Runner) -> None:
    demo.apply('leads = [{key = "line-two", name = "Line two", business_customer = "company-a-packing"}]')
    assert demo.json("business", "show", "company-a-packing")["counts"] == {"leads": 1, "opportunities": 0}
    assert demo.json("business", "show", "greenleaf-foods")["counts"] == {"leads": 0, "opportunities": 1}


def test_b_03_emails_phones_and_addresses_are_kept_as_those_of_contacts(team: Runner) -> None:
    team.json("business", "add", "Initech", "--channel", "field-sales", "--email", "a@initech.example")
    team.json("business", "email", "add", "initech", "b@initech.example", "--primary")
    assert team("business", "email", "list", "initech").lines == [
        "EMAIL              PRIMARY",
        "b@initech.example  yes",
        "a@initech.example  no",
    ]
    refusal = team.refusal("business", "email", "remove", "initech", "b@initech.example")
    assert refusal == (
        5,
        "protected",
        "b@initech.example is the primary e-mail address of business-customer:initech",
    )
    team.json("business", "phone", "add", "initech", "+1 555 0100")
    team.json("business", "address", "add", "initech", "--label", "Plant", "--country", "US", "--region", "US-TX")
    assert team.json("business", "address", "list", "initech")[0]["key"] == "initech/plant"
    assert team.refusal("business", "address", "show", "initech/none")[0] == 3


def test_b_03_business_customers_are_listed_found_and_deleted(team: Runner) -> None:
    for name, people in (("Initech", "250"), ("Lumon", "40")):
        team.json("business", "add", name, "--channel", "field-sales", "--employees", people)
    rows = team.json("business", "list", "--where", "employees>=100", "--where", "channel=field-sales")
    assert [row["key"] for row in rows] == ["initech"]
    assert [row["record"] for row in team.json("search", "lumon")] == ["account:lumon", "business-customer:lumon"]
    assert team.changes("business", "delete", "lumon") == [("remove", "business-customer:lumon")]
    assert team.refusal("business", "show", "lumon")[0] == 3
    assert team.json("account", "show", "lumon")["business_customers"] == []


def test_b_03_business_customers_are_imported(team: Runner) -> None:
    sheet = team.file("name,channel,employees\nInitech,field-sales,12\nLumon,nope,1\n", "business.csv")
    assert team("business", "import", sheet).exit == 4
    answer = team("business", "import", sheet, "--continue-on-error")
    assert (answer.exit, answer.lines[1:2], answer.lines[5]) == (6, ["added      1"], "rejected   1")
    assert team.json("business", "show", "initech")["account"] == "initech"


def test_b_02_a_changed_business_customer_is_taken_back(team: Runner) -> None:
    before = team.export()
    team.json("business", "add", "Initech", "--channel", "field-sales")
    team.json("undo", "--last", "--yes")
    assert team.export() == before
    assert team("db", "check").exit == 0
