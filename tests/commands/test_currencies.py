"""The settings of currencies: as typed, in documents of every format, in history, and what is refused."""

from __future__ import annotations

import pytest

from tests.runner import Refusal, Runner

RATES = "currency.rates"


def test_rates_are_typed_one_a_word_and_shown_as_a_table(custctl: Runner) -> None:
    changed = custctl.json("setting", "set", RATES, "GBP=1.270", "EUR=1.08")
    assert [change["fields"]["value"] for change in changed["changes"]] == [[None, {"EUR": "1.08", "GBP": "1.27"}]]
    assert custctl.json("setting", "get", RATES)["value"] == {"EUR": "1.08", "GBP": "1.27"}
    assert custctl("setting", "get", RATES, "--explain").out == (
        "LEVEL    VALUE               COUNTS\nsystem   EUR=1.08, GBP=1.27  yes\ndefault  -                   no\n"
    )


def test_a_change_of_one_rate_is_told_as_that_and_a_lost_one_with_a_warning(custctl: Runner) -> None:
    custctl.json("setting", "set", RATES, "EUR=1.08", "GBP=1.27")
    answer = custctl("setting", "set", RATES, "EUR=1.09")
    assert answer.err == "warning: currencies that no longer have a rate: GBP\n"
    assert "value.EUR: 1.08 → 1.09" in answer.out
    custctl.json("undo", "--last", "--yes")
    assert custctl.json("setting", "get", RATES)["value"] == {"EUR": "1.08", "GBP": "1.27"}
    custctl.json("setting", "unset", RATES)
    assert custctl.json("setting", "get", RATES)["value"] == {}


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("currency.base", "usd"), "setting currency.base must be a currency code of three capitals, like USD"),
        (("currency.base", "EURO"), "setting currency.base must be a currency code of three capitals, like USD"),
        ((RATES, "EUR"), "setting currency.rates: 'EUR' is no rate"),
        ((RATES, "EUR=1", "EUR=2"), "setting currency.rates: EUR is named twice"),
        ((RATES, "EUR=0"), "setting currency.rates has EUR=0, which must be a number above 0, like 1.08"),
        (
            (RATES, "eur=1"),
            "setting currency.rates has eur=1, which must be a currency code of three capitals, like USD",
        ),
        ((RATES, "USD=2"), "setting:currency.rates: USD is the base currency, and so worth 1 of itself, not 2"),
        ((RATES, ""), "setting currency.rates: '' is no rate"),
    ],
)
def test_a_currency_or_rate_that_is_none_is_refused(custctl: Runner, words: tuple[str, ...], refusal: str) -> None:
    expected: Refusal = (4, "invalid", refusal)
    assert custctl.refusal("setting", "set", *words) == expected


def test_another_base_currency_gives_the_rates_another_meaning_which_is_said(custctl: Runner) -> None:
    custctl.json("setting", "set", RATES, "CHF=1.1", "EUR=1.08")
    assert custctl.refusal("setting", "set", "currency.base", "EUR")[2] == (
        "setting:currency.base: EUR is the base currency, and so worth 1 of itself, not 1.08"
    )
    assert custctl("setting", "set", "currency.base", "GBP").err == (
        "warning: currency.rates now says what currencies are worth in GBP: CHF, EUR\n"
    )


@pytest.mark.parametrize("format", ["toml", "yaml", "json"])
def test_rates_come_back_from_an_export_of_every_format(custctl: Runner, format: str) -> None:
    custctl.json("setting", "set", RATES, "EUR=1.08", "JPY=0.0067")
    custctl.json("setting", "set", "currency.base", "GBP")
    written = custctl.export(format)
    custctl.json("setting", "unset", RATES)
    custctl.json("setting", "unset", "currency.base")
    path = custctl.file(written, f"world.{format}")
    custctl.json("apply", "-f", path, "--yes")
    assert custctl.export(format) == written
    assert custctl.json("apply", "-f", path, "--yes")["changes"] == []


def test_a_document_may_write_rates_as_numbers_and_is_told_where_one_is_wrong(custctl: Runner) -> None:
    custctl.apply('[settings]\n"currency.rates" = { EUR = 1.08, JPY = "0.0067", CHF = 2 }\n')
    assert custctl.json("setting", "get", RATES)["value"] == {"CHF": "2", "EUR": "1.08", "JPY": "0.0067"}
    wrong = "setting currency.rates has EUR=-1, which must be a number above 0, like 1.08"
    assert custctl.unapplied('[settings]\n"currency.rates" = { EUR = -1 }\n') == [("2:1", 4, "invalid", wrong)]
    no_table = "setting currency.rates must be a table of currencies and their rates, like EUR = 1.08"
    assert custctl.unapplied('[settings]\n"currency.rates" = "EUR=1.08"\n') == [("2:1", 4, "invalid", no_table)]
