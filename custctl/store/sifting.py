"""Conditions and order on answers that are computed and not stored, with the words that lists have."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from custctl.errors import did_you_mean, invalid, near, usage
from custctl.policy.model import LEVELS
from custctl.resources import fold, fold_letters
from custctl.store.codec import dump, switch_of
from custctl.store.reads import parts_of, sort_names

Row = dict[str, Any]
Test = Callable[[Row], bool]

_DIGITS = 18
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


Meanings = Mapping[str, Callable[[str], str]]
"""How the value of a condition is read, by field: it gives the form that rows have, or raises exit 4."""


def sifted(
    rows: Iterable[Row],
    fields: Sequence[str],
    where: Sequence[str] | None,
    sort: str | None,
    meanings: Meanings = MappingProxyType({}),
) -> Iterator[Row]:
    """The rows that meet all conditions, in the order asked for; streamed where no order is.

    Raises exit 4 for a field that the rows do not have or a value that does not fit it, 2 for an unreadable condition.
    """
    tests = [_test(fields, text, meanings) for text in where or ()]
    order = [] if sort is None else [_term(fields, name) for name in sort_names(sort)]
    found = (row for row in rows if all(test(row) for test in tests))
    if not order:
        return found
    known = list(found)
    for name, down in reversed(order):  # sorting keeps the order of equals, so the first term comes last
        known.sort(key=lambda row, name=name: _rank(name, row[name]), reverse=down)  # type: ignore[misc]
    return iter(known)


def _test(fields: Sequence[str], text: str, meanings: Meanings) -> Test:
    name, sign, value = parts_of(text)
    _known(fields, name)
    if value and sign in ("=", "!=") and name in meanings:
        value = meanings[name](value)
    if name == "level" and sign != "~" and value not in LEVELS:
        raise invalid(f"{value!r} is not a level", field=name, value=value, hint=f"one of {', '.join(LEVELS)}")
    if sign == "!=":
        positive = _matches(name, "=", value)
        return lambda row: not positive(row[name])
    matches = _matches(name, sign, value)
    return lambda row: matches(row[name])


def _matches(name: str, sign: str, value: str) -> Callable[[Any], bool]:
    """Whether a value of a row meets a condition; of a list, any of its members."""
    if value == "" and sign == "=":
        return lambda held: held in (None, "", [])
    if sign == "~":
        sought = fold_letters(value)
        return lambda held: any(sought in fold_letters(str(one)) for one in _members(held))
    compare, wanted = _COMPARE[sign], _wanted(name, value)

    def met(held: Any) -> bool:
        if isinstance(held, list) and sign != "=" and name in _OF_MANY_TYPES:
            return False
        if isinstance(held, list) and sign != "=":
            raise usage(f"{sign} does not apply to a list", "use = != or ~")
        return any(_is_met(compare, _rank(name, one), wanted(one)) for one in _members(held))

    return met


def _is_met(compare: Callable[[Any, Any], bool], held: Rank, wanted: Rank) -> bool:
    """Values of different types are never equal, and none of them is greater."""
    return held[0] == wanted[0] and compare(held[1], wanted[1])


def _members(held: Any) -> list[Any]:
    return held if isinstance(held, list) else [] if held is None else [held]


_OF_MANY_TYPES = frozenset(("value", "default"))
"""The fields whose type differs from row to row: what a setting is."""


def _wanted(name: str, value: str) -> Callable[[Any], Rank]:
    """The value of a condition in the form in which one of a row is compared with it."""

    def form(held: Any) -> Rank:
        if isinstance(held, bool):
            on = switch_of(value)
            if on is None and name not in _OF_MANY_TYPES:
                raise invalid(f"{name} is yes or no, not {value!r}", field=name, value=value)
            return _rank(name, value if on is None else on)
        if isinstance(held, int) and value.isascii() and value.isdecimal() and len(value) <= _DIGITS:
            return _rank(name, int(value))
        return _rank(name, value)

    return form


Rank = tuple[int, Any]


def _rank(name: str, held: Any) -> Rank:
    """How a value is compared: nothing first, levels by how far they reach, then numbers, then texts as people read.

    The first part tells the types apart, which are not compared with each other.
    """
    if held is None:
        return 0, 0
    if name == "level":
        return 1, LEVELS[held]
    if isinstance(held, bool | int | float):
        return 2 if isinstance(held, bool) else 3, held
    if isinstance(held, list):
        return 5, [fold(str(one)) for one in held]
    return 4, fold(held if isinstance(held, str) else dump(held))


def _term(fields: Sequence[str], name: str) -> tuple[str, bool]:
    plain = name.removeprefix("-")
    _known(fields, plain)
    return plain, name != plain


def _known(fields: Sequence[str], name: str) -> None:
    if name not in fields:
        hint = did_you_mean(near(name, fields)) or f"the fields are {', '.join(fields)}"
        raise invalid(f"unknown field {name!r}", code="unknown-field", field=name, hint=hint)
