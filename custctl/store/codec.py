"""The one translation between a column and the value that people, JSON and documents see.

Money is an INTEGER of ten-thousandths, because SQLModel's Decimal loses digits on SQLite; switches are the
levels full and none; lists are JSON text; levels, times and everything else are plain text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from custctl.resources import Field, FieldKind, trimmed

MONEY_UNIT = 10_000
"""Money is kept in 1/10,000 of its currency's unit."""


_NUMBER = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?")
"""A number as money and rates are written: digits of ASCII and one point; no exponent, no separators, no words."""
_PLACES = 4
_LONGEST_INTEGER = 1_000
_MOST_DIGITS = len(str(2**63 // MONEY_UNIT))


def money_from(value: object) -> int:
    """Ten-thousandths of an amount that is written as text or is a number of a document.

    The one reader of money. Raises ValueError for what is no such amount, is too large or has more than four places.
    """
    sign, whole, places = _number(value) or ("", "", "")
    if not whole:
        raise ValueError("must be an amount of money like 1234.50")
    places = places.rstrip("0")
    if len(places) > _PLACES:
        raise ValueError("must have at most four decimal places")
    whole = whole.lstrip("0")
    if len(whole) > _MOST_DIGITS or int(whole or "0") >= 2**63 // MONEY_UNIT:
        raise ValueError("is too large an amount")
    units = int(whole + places.ljust(_PLACES, "0"))
    return -units if sign == "-" else units


def _number(value: object) -> tuple[str, str, str] | None:
    """The sign, the whole part and the decimal places of a number, None for what is written in another way.

    A float is refused because its digits are not those that were written.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    if isinstance(value, int) and value.bit_length() > _LONGEST_INTEGER:  # str() refuses some thousand digits
        return ("-" if value < 0 else "", "9" * _LONGEST_INTEGER, "")
    found = _NUMBER.fullmatch(trimmed(str(value)))
    return (found[1], found[2], found[3] or "") if found else None


_DAY = "[0-9]{4}(-?)[0-9]{2}\\1[0-9]{2}"
_WHOLE_DAY = re.compile(_DAY)
_MOMENT = re.compile(rf"{_DAY}(?:[Tt ].*)?")
"""Days by month, as people write them: a week, `2026-W01-1`, can be read as well, but nobody means a day by it."""


def day_from(text: str) -> date:
    """The day that is written as `2026-01-31` or `20260131`; raises ValueError for what is none."""
    if not _WHOLE_DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def moment_from(text: str) -> datetime:
    """The moment that is written as `2026-01-31T12:00:00Z`, in UTC, which is meant where no zone is given.

    Raises ValueError for what is none, OverflowError for one before the year 1 or after 9999.
    """
    if not _MOMENT.fullmatch(text):
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)


def money_text(units: int) -> str:
    """The written amount: at least two decimal places, no more than needed."""
    text = f"{Decimal(units) / MONEY_UNIT:.4f}"
    return text[:-2] if text.endswith("00") else text.rstrip("0")


BASE_CURRENCY = "USD"
"""The currency of a shop that has set no other."""
_CODE = re.compile("[A-Z]{3}")
_RATE_PLACES = 10
_RATE_ROOM = 2**62


def currency_code(text: str) -> str:
    """The code of a currency as it is written; raises ValueError for a text that is none."""
    if not _CODE.fullmatch(text) or text in NO_CURRENCIES:
        raise ValueError("must be a currency code of three capitals, like USD")
    return text


NO_CURRENCIES = frozenset(("XXX", "XTS", "XBA", "XBB", "XBC", "XBD", "XSU", "XUA"))
"""Codes of ISO 4217 that nobody pays in: no currency, one for tests, and units of banks."""


def is_web_address(text: str) -> bool:
    """Whether this is an address of the web, `https://acme.example/about`."""
    return _WEB_ADDRESS.fullmatch(text) is not None


_WEB_ADDRESS = re.compile(r"https?://[^\s/?#:@]+(:[0-9]+)?([/?#]\S*)?", re.IGNORECASE)


def rate_parts(text: str) -> tuple[int, int]:
    """A rate of exchange as two whole numbers, the second one a power of ten: `1.08` is 108 and 100."""
    whole, _, places = text.partition(".")
    return int(whole + places), int(10 ** len(places))


def rate_text(value: object) -> str:
    """A rate of exchange in its shortest form; raises ValueError for what is none.

    Its two whole numbers multiplied stay below 2**62, so that amounts are converted within 64 bits.
    """
    sign, whole, places = _number(value) or ("-", "", "")
    whole, places = whole.lstrip("0"), places.rstrip("0")
    if sign == "-" or not (whole or places):
        raise ValueError("must be a number above 0, like 1.08")
    if len(whole) > len(str(_RATE_ROOM)):
        raise ValueError("is too large a number")
    if len(places) > _RATE_PLACES:
        raise ValueError(f"must have at most {_RATE_PLACES} decimal places")
    text = f"{whole or '0'}.{places}" if places else whole
    above, below = rate_parts(text)
    if above * below >= _RATE_ROOM:
        raise ValueError("has too many digits: leave some of the decimal places out")
    return text


_LANGUAGE = re.compile("[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")


def language_code(text: str) -> str:
    """The code of a language by BCP 47 in its proper form, `pt-BR`; raises ValueError for a text that is none."""
    language, *parts = text.replace("_", "-").split("-")
    code = "-".join((language.lower(), *(part.upper() if len(part) == 2 else part.title() for part in parts)))
    if not _LANGUAGE.fullmatch(code):
        raise ValueError("must be a language like en or pt-BR")
    return code


def amount_text(value: object) -> str:
    """An amount of money that is not below nothing; raises ValueError for what is none."""
    wrong = "must be money written as text, nothing or more, like 1234.50"
    try:
        units = money_from(value)
    except ValueError:
        raise ValueError(wrong) from None
    if units < 0:
        raise ValueError(wrong)
    return money_text(units)


dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""The JSON text of a value as columns and history keep it."""


_TO_COLUMN: dict[FieldKind, Callable[[Any], Any]] = {
    "bool": int,
    "switch": lambda on: "full" if on else "none",
    "money": money_from,
    "list": lambda entries: dump(entries) if entries else "[]",
    "json": dump,
}
_FROM_COLUMN: dict[FieldKind, Callable[[Any], Any]] = {
    "bool": bool,
    "switch": lambda level: level == "full",
    "money": money_text,
    "list": json.loads,
    "json": json.loads,
    "links": json.loads,
    "choices": json.loads,
}


def to_column(field: Field, value: Any) -> Any:
    """What the field's column holds for a value; references are resolved elsewhere."""
    encode = encoder(field)
    return value if value is None or encode is None else encode(value)


def encoder(field: Field) -> Callable[[Any], Any] | None:
    """How to write a value of the field, None when it is written as it is; absent values are never encoded."""
    return _TO_COLUMN.get(field.kind)


def decoder(field: Field) -> Callable[[Any], Any] | None:
    """How to read the field's column, None when it is read as it is."""
    return _FROM_COLUMN.get(field.kind)


_SWITCHES = {"on": True, "yes": True, "true": True, "1": True, "off": False, "no": False, "false": False, "0": False}


def switch_of(text: str) -> bool | None:
    """What a person means by on or off, yes or no, true or false; None for another word."""
    return _SWITCHES.get(text.casefold())
