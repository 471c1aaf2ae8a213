"""Amounts of several currencies as amounts of one: the shop's base currency, by the rates of its settings.

Every amount is converted by itself, exactly, and rounded once, half to even, to a ten-thousandth. So totals agree
however they are cut: the lifetime of an account is that of its customers added up, to the last digit. What has no
rate is never added to anything; an amount without a currency is one of the base currency.

Whole numbers of 64 bits are enough, because a rate is two of them whose product stays below 2**62 (`codec.rate_text`).
A converted amount beyond them, some nine hundred million million units, ends the read with exit 5, as does a sum.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from custctl.store.codec import BASE_CURRENCY, currency_code, rate_parts

_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Rates:
    """The base currency, and what one unit of each other one is worth in it, as two whole numbers."""

    base: str
    parts: Mapping[str, tuple[int, int]]

    def knows(self, currency: str | None) -> bool:
        """Whether amounts of the currency can be converted."""
        return currency in (None, self.base) or currency in self.parts

    def in_base(self, units: int, currency: str | None) -> int | None:
        """Ten-thousandths of a currency in those of the base currency, None for one without a rate.

        Raises OverflowError for an amount that no column can hold.
        """
        if currency in (None, self.base):
            return units
        parts = self.parts.get(str(currency))
        if parts is None:
            return None
        above, below = parts
        whole, rest = divmod(units * above, below)
        found = whole + (2 * rest > below or (2 * rest == below and whole % 2))
        if abs(found) > _LARGEST:
            raise OverflowError(f"{found} ten-thousandths")
        return found

    def sql(self, amount: str, currency: str) -> str:
        """The same as an expression of SQL, NULL for a currency without a rate; both arguments are columns."""
        ways = [
            f"WHEN '{code}' THEN {_converted(amount, above, below)}"
            for code, (above, below) in self.parts.items()
            if code != self.base
        ]
        own = f"WHEN {currency} IS NULL OR {currency} = '{self.base}' THEN {amount}"
        others = f" ELSE CASE {currency} {' '.join(ways)} END" if ways else ""
        return f"CASE {own}{others} END"

    def known_sql(self, currency: str) -> str:
        """Whether amounts of a currency can be converted, as an expression of SQL."""
        codes = ", ".join(f"'{code}'" for code in dict.fromkeys((self.base, *self.parts)))
        return f"({currency} IS NULL OR {currency} IN ({codes}))"


def rates(connection: sqlite3.Connection) -> Rates:
    """The rates that count in a database."""
    query = "SELECT key, value FROM setting WHERE key IN ('currency.base', 'currency.rates')"
    stored = {key: json.loads(value) for key, value in connection.execute(query)}
    return rates_of(stored.get("currency.base", BASE_CURRENCY), stored.get("currency.rates", {}))


def rates_of(base: str, table: Mapping[str, str]) -> Rates:
    """The same from what the two settings hold."""
    return Rates(currency_code(base), {currency_code(code): rate_parts(rate) for code, rate in table.items()})


def share_sql(amount: str, part: str, of: int) -> str:
    """The share of an amount, like a percentage of 100, rounded half to even; `part` is SQL, and at most `of`."""
    return _scaled(amount, part, of)


def _converted(amount: str, above: int, below: int) -> str:
    """An amount times `above` through `below`, rounded half to even; neither is ever beyond 64 bits.

    The amount is taken apart into what `below` divides and a rest, whose product with `above` has room. The result
    itself may have none: then `abs` raises what SQLite raises for a sum that is too large.
    """
    if (above, below) == (1, 1):
        return amount
    most = _LARGEST // above * below - below if above > below else _LARGEST
    made = _scaled(amount, str(above), below)
    if most == _LARGEST:
        return made
    return f"CASE WHEN {amount} BETWEEN {-most} AND {most} THEN {made} ELSE abs({amount} * 0 - {_LARGEST} - 1) END"


def _scaled(amount: str, above: str, below: int) -> str:
    """The arithmetic of it: all are columns or whole numbers."""
    scaled = f"({amount} % {below} * {above})"
    whole = f"({amount} / {below} * {above} + {scaled} / {below})"
    if below == 1:
        return whole
    rest = f"({scaled} % {below})"
    up = f"(2 * abs({rest}) > {below} OR (2 * abs({rest}) = {below} AND {whole} % 2 <> 0))"
    return f"({whole} + {up} * (({rest} > 0) - ({rest} < 0)))"
