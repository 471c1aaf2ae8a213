"""Values that are well-formed and cannot be meant: by commands, documents and imports alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.runner import Runner

NEXT_DAY, NEXT_TIME = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"
"""Tomorrow, in the form of days and of times."""
EARLY = "must not be before 1900"
FUTURE = "must not be in the future"
NO_CODE = "must be a currency code of three capitals, like USD"
NO_WEB = "must be a web address that begins with http:// or https://"
NO_PROFILE = "must be the name of a profile, or a web address that begins with http:// or https://"
NEEDED = {
    "customer-user": ("users", 'email = "u@x.example"\nfirst_name = "U"\nlast_name = "U"\nenabled = false\n'),
    "contact": ("contacts", 'key = "u"\nfirst_name = "U"\n'),
    "visitor": ("visitors", 'key = "u"\n'),
    "order": ("orders", 'number = "u"\n'),
    "price-list": ("price_lists", 'key = "u"\nname = "U"\n'),
    "opportunity": ("opportunities", 'key = "u"\nname = "U"\naccount = "acme"\n'),
    "business-customer": ("business_customers", 'key = "u"\nname = "U"\nchannel = "b2b"\naccount = "acme"\n'),
    "lead": ("leads", 'key = "u"\nname = "U"\n'),
    "activity": ("activities", 'key = "u"\nkind = "task"\nsubject = "U"\n'),
    "marketing-event": ("marketing_events", 'key = "u"\ntype = "open"\naccount = "acme"\n'),
}
COMMANDS = {
    "customer-user": "user add u@x.example --first-name U --last-name U --disabled",
    "contact": "contact add --first-name U",
    "visitor": "guest add u",
    "order": "order add u",
    "price-list": "price-list add U",
    "opportunity": "opportunity add U --account acme",
    "business-customer": "business add U --channel b2b --account acme",
    "lead": "lead add U",
    "activity": "activity add task U",
}
SLIPS = [
    *[("customer-user", "birthday", value, words) for value, words in (("0001-01-01", EARLY), (NEXT_DAY, FUTURE))],
    *[("contact", "birthday", value, words) for value, words in (("1899-12-30", EARLY), (NEXT_DAY, FUTURE))],
    *[("visitor", "last_visit", value, words) for value, words in (("0001-01-01", EARLY), (NEXT_TIME, FUTURE))],
    *[("order", "placed_at", value, words) for value, words in (("1899-12-30", EARLY), (NEXT_TIME, FUTURE))],
    ("marketing-event", "at", NEXT_TIME, FUTURE),
    ("opportunity", "close_date", "0001-01-01", EARLY),
    ("activity", "at", "0001-01-01T00:00:00Z", EARLY),
    *[
        (noun, "currency", code, NO_CODE)
        for noun in ("customer-user", "visitor", "order", "price-list", "opportunity")
        for code in ("XXX", "XTS")
    ],
    *[
        (noun, "currency", "ABC", "ABC is not the code of a currency (ISO 4217)")
        for noun in ("customer-user", "visitor", "order", "price-list", "opportunity")
    ],
    *[
        (noun, "website", value, NO_WEB)
        for noun in ("business-customer", "lead")
        for value in ("nonsense", "javascript:alert(1)", "http://", "https://a b.example")
    ],
    *[
        ("contact", name, value, NO_PROFILE)
        for name in ("twitter", "facebook", "google_plus", "linkedin")
        for value in ("javascript:alert(1)", "two words")
    ],
    *[("lead", name, "ftp://x.example", NO_PROFILE) for name in ("twitter", "linkedin")],
]


@pytest.fixture
def shop(custctl: Runner) -> Runner:
    custctl.apply(
        '[[accounts]]\nkey = "acme"\nname = "Acme"\n'
        '[[channels]]\nkey = "b2b"\nname = "B2B"\ntype = "b2b"\nactive = true\n'
    )
    return custctl


@pytest.mark.parametrize(("noun", "field", "value", "words"), SLIPS)
def test_a_slip_is_refused_in_documents_and_by_commands(
    shop: Runner, noun: str, field: str, value: str, words: str
) -> None:
    if value in (NEXT_DAY, NEXT_TIME):
        value = (datetime.now(UTC) + timedelta(days=1)).strftime(value)
    table, needed = NEEDED[noun]
    [(_, exit_code, _, message)] = shop.unapplied(f"[[{table}]]\n{needed}{field} = '{value}'\n")
    assert (exit_code, words in message) == (4, True), message
    if noun in COMMANDS:
        option = {"placed_at": "placed-at"}.get(field, field.replace("_", "-"))
        code, _, message = shop.refusal(*COMMANDS[noun].split(), f"--{option}", value)
        assert (code, words in message) == (4, True), message


def test_a_slip_is_refused_in_imports(shop: Runner) -> None:
    sheet = shop.file("Email,First name,Last name,Birthday,Enabled\nu@x.example,U,U,0001-01-01,no\n", "users.csv")
    assert EARLY in shop("user", "import", sheet).err
    sheet = shop.file("Number,Currency\nSO-1,XXX\nSO-2,ABC\n", "orders.csv")
    err = shop("order", "import", sheet).err
    assert NO_CODE in err
    assert "ABC is not the code of a currency" in err


@pytest.mark.parametrize("value", ["acme", "@acme", "https://social.example/acme", "HTTP://x.example:8080/a?b#c"])
def test_a_profile_is_a_name_or_a_web_address(shop: Runner, value: str) -> None:
    assert shop.fields("contact", "add", "--first-name", "U", "--linkedin", value)["contact:u"]["linkedin"][1] == value


def test_a_currency_that_the_shop_has_a_rate_for_is_one(shop: Runner) -> None:
    shop.json("setting", "set", "currency.rates", "PTS=0.01")
    assert shop.json("order", "add", "SO-1", "--currency", "PTS")["changes"]
    for name, value in (("currency.base", "XXX"), ("currency.rates", "XTS=1"), ("order.minimum", "XXX=1")):
        assert shop.refusal("setting", "set", name, value)[:2] == (4, "invalid")


CLOSE = "--close-date", "2026-01-31"


@pytest.mark.parametrize(
    ("status", "reason", "right"),
    [
        ("lost", "won", False),
        ("lost", "WON", False),
        ("won", "outsold", False),
        ("won", "cancelled", False),
        ("won", "lost", False),
        ("won", "won", True),
        ("won", "best price", True),
        ("lost", "outsold", True),
        ("lost", "best price", True),
        ("open", "outsold", False),
        ("negotiation", "best price", False),
    ],
)
def test_a_close_reason_goes_with_how_an_opportunity_was_closed(
    shop: Runner, status: str, reason: str, right: bool
) -> None:
    shop.json("opportunity", "add", "U", "--account", "acme")
    document = (
        f'[[opportunities]]\nkey = "u"\nstatus = "{status}"\nclose_reason = "{reason}"\nclose_date = "2026-01-31"\n'
    )
    if right:
        assert shop.apply(document)["changes"]
        return
    [(_, exit_code, _, message)] = shop.unapplied(document)
    assert (exit_code, "reason" in message) == (4, True)
    if status == "lost":
        assert shop("opportunity", "lose", "u", *CLOSE, "--reason", reason).exit == 4
    elif status == "open":
        message = "opportunity:u: close_reason says why it was won or lost, and it is open"
        assert shop.refusal("opportunity", "edit", "u", "--reason", reason) == (4, "invalid", message)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("--for shop", "--for shop", ""),
        ("--for group:gold", "--for shop", " for group:gold"),
        ("--for shop", "--for group:gold", ""),
        ("--for group:gold", "--for customer:acme", ""),
        ("--for customer:acme", "--for group:gold", " for customer:acme"),
    ],
)
def test_the_minimum_of_an_order_is_not_above_its_maximum(shop: Runner, first: str, second: str, words: str) -> None:
    shop.json("group", "add", "Gold")
    shop.json("customer", "add", "Acme", "--group", "gold")
    at = [[] if place == "--for shop" else place.split() for place in (first, second)]
    shop.json("setting", "set", "order.minimum", "USD=100", *at[0])
    shop.json("setting", "set", "order.maximum", "EUR=50", *at[1])
    refused = shop.refusal("setting", "set", "order.maximum", "USD=99.99", *at[1])
    assert refused[:2] == (4, "invalid")
    assert f"the minimum of 100.00 USD is above the maximum of 99.99 USD{words}" in refused[2]
    shop.json("setting", "set", "order.maximum", "USD=100", *at[1])


@pytest.mark.parametrize(
    ("table", "field", "number"),
    [
        ("orders", "number", "order:SO-1"),
        ("quotes", "number", "QUOTE:Q-1"),
        ("shopping_lists", "number", "shopping-list:1"),
        ("records", "key", "warranty-claim:wc-1"),
    ],
)
def test_a_reference_is_no_number(demo: Runner, table: str, field: str, number: str) -> None:
    entity = 'entity = "warranty-claim"\n' if table == "records" else ""
    path = demo.file(f'[[{table}]]\n{entity}{field} = "{number}"\ncustomer = "company-a"\n')
    code, kind, message = demo.refusal("plan", "-f", path)
    kind_of = number.partition(":")[0].lower()
    assert (code, kind) == (4, "invalid")
    assert message.endswith(f"{field} begins with {kind_of}:, which says that it is one")


@pytest.mark.parametrize("form", ["zz", "%d.%m", "%H:%M", "%Q", ""])
def test_a_form_of_dates_that_names_no_date_is_refused_though_no_column_is_one(demo: Runner, form: str) -> None:
    path = demo.file("key,name\nnew,New\n", "rows.csv")
    message = f"--date-format {form!r} does not name a day, a month and a year"
    assert demo.refusal("customer", "import", path, "--date-format", form) == (2, "usage", message)
    assert demo("customer", "import", path, "--date-format", "%d.%m.%y", "--dry-run").exit == 0
