"""Amounts in the base currency: the expression of SQL, its counterpart in Python and the arithmetic of fractions."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from custctl.store import currencies
from custctl.store.codec import rate_parts, rate_text
from custctl.store.currencies import Rates
from tests.runner import Runner

AMOUNTS = st.integers(-(2**63 - 1), 2**63 - 1)
RATES = st.builds(
    lambda digits, places: f"{Decimal(digits).scaleb(-places):f}", st.integers(1, 10**12), st.integers(0, 10)
)


def converted(rates: Rates, units: int, currency: str | None) -> object:
    query = f"SELECT {rates.sql('d.units', 'd.currency')} FROM (SELECT ? AS units, ? AS currency) d"
    with closing(sqlite3.connect(":memory:")) as connection:
        return connection.execute(query, (units, currency)).fetchone()[0]


@given(AMOUNTS, RATES)
@example(5, "0.1")
@example(15, "0.1")
@example(-5, "0.1")
@example(-15, "0.1")
@example(2**63 - 1, "0.9999999999")
def test_an_amount_is_converted_exactly_and_rounded_half_to_even(units: int, written: str) -> None:
    try:
        rate = rate_text(written)
    except ValueError:
        assume(False)
        raise
    exact = round(units * Fraction(rate))  # Fraction rounds half to even
    rates = Rates("USD", {"EUR": rate_parts(rate)})
    if abs(exact) > 2**63 - 1:
        with pytest.raises(OverflowError):
            rates.in_base(units, "EUR")
        with pytest.raises(sqlite3.DatabaseError, match="integer overflow"):
            converted(rates, units, "EUR")
        return
    assert rates.in_base(units, "EUR") == exact
    # What comes within a unit of the last amount that has room may be refused, never wrong.
    if abs(exact) < (2**63 - 1) - 2 * Fraction(rate) * rate_parts(rate)[1] - 2:
        assert converted(rates, units, "EUR") == exact


def test_the_base_currency_and_no_currency_are_taken_as_they_are_and_what_has_no_rate_is_not() -> None:
    rates = Rates("USD", {"EUR": (108, 100), "USD": (1, 1)})
    assert [rates.in_base(10_000, code) for code in ("USD", None, "EUR", "GBP")] == [10_000, 10_000, 10_800, None]
    assert [converted(rates, 10_000, code) for code in ("USD", None, "EUR", "GBP")] == [10_000, 10_000, 10_800, None]
    assert [rates.knows(code) for code in ("USD", None, "EUR", "GBP")] == [True, True, True, False]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("1.08", "1.08"),
        ("1.080", "1.08"),
        ("2", "2"),
        (2, "2"),
        (" 2 ", "2"),
        ("002.50", "2.5"),
        ("0.0000631234", "0.0000631234"),
    ],
)
def test_a_rate_is_kept_in_its_shortest_form(written: str, kept: str) -> None:
    assert rate_text(written) == kept


@pytest.mark.parametrize(
    ("written", "message"),
    [
        *(
            (written, "must be a number above 0, like 1.08")
            for written in ("", "0", "0.000", "-1", "x", "NaN", "Infinity", "1E+1", 1.08, True, None)
        ),
        ("1" + "0" * 400, "is too large a number"),
        (10**400, "is too large a number"),
        ("1.00000000001", "must have at most 10 decimal places"),
        ("123456.1234567", "has too many digits: leave some of the decimal places out"),
    ],
)
def test_a_rate_that_cannot_be_worked_with_is_refused(written: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        rate_text(written)


def test_rates_are_read_from_the_settings(custctl: Runner) -> None:
    def read() -> Rates:
        with closing(sqlite3.connect(custctl.database)) as connection:
            return currencies.rates(connection)

    assert read() == Rates("USD", {})
    custctl.json("setting", "set", "currency.base", "EUR")
    custctl.json("setting", "set", "currency.rates", "USD=0.92", "GBP=1.2")
    assert read() == Rates("EUR", {"GBP": (12, 10), "USD": (92, 100)})
