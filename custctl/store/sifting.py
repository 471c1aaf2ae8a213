"""Conditions and order on answers that are computed and not stored, with the words that lists have."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from custctl.errors import did_you_mean, invalid, near, usage
from custctl.policy.model import LEVELS
from custctl.resources import fold
from custctl.store.codec import switch_of
from custctl.store.reads import parts_of

Row = dict[str, Any]
Test = Callable[[Row], bool]

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def sifted(rows: Iterable[Row], fields: Sequence[str], where: Sequence[str] | None, sort: str | None) -> Iterator[Row]:
    """The rows that meet all conditions, in the order asked for; streamed where no order is.

    Raises exit 4 for a field that the rows do not have or a value that does not fit it, 2 for an unreadable condition.
    """
    tests = [_test(fields, text) for text in where or ()]
    order = [_term(fields, name.strip()) for name in (sort or "").split(",") if name.strip()]
    found = (row for row in rows if all(test(row) for test in tests))
    if not order:
        return found
    known = list(found)
    for name, down in reversed(order):  # sorting keeps the order of equals, so the first term comes last
        known.sort(key=lambda row, name=name: _rank(name, row[name]), reverse=down)  # type: ignore[misc]
    return iter(known)


def _test(fields: Sequence[str], text: str) -> Test:
    name, sign, value = parts_of(text)
    _known(fields, name)
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
        sought = fold(value)
        return lambda held: any(sought in fold(str(one)) for one in _members(held))
    compare, wanted = _COMPARE[sign], _wanted(name, value)

    def met(held: Any) -> bool:
        if isinstance(held, list) and sign != "=":
            raise usage(f"{sign} does not apply to a list", "use = != or ~")
        return any(compare(_rank(name, one), wanted(one)) for one in _members(held))

    return met


def _members(held: Any) -> list[Any]:
    return held if isinstance(held, list) else [] if held is None else [held]


def _wanted(name: str, value: str) -> Callable[[Any], tuple[int, Any]]:
    """The value of a condition in the form in which one of a row is compared with it."""

    def form(held: Any) -> tuple[int, Any]:
        if not isinstance(held, bool):
            return _rank(name, value)
        if (on := switch_of(value)) is None:
            raise invalid(f"{name} is yes or no, not {value!r}", field=name, value=value)
        return _rank(name, on)

    return form


def _rank(name: str, held: Any) -> tuple[int, Any]:
    """How a value is compared: nothing first, levels by how far they reach, texts as people read them."""
    if held is None:
        return 0, 0
    if name == "level":
        return 1, LEVELS[held]
    if isinstance(held, list):
        return 1, [fold(str(one)) for one in held]
    return 1, fold(held) if isinstance(held, str) else held


def _term(fields: Sequence[str], name: str) -> tuple[str, bool]:
    plain = name.removeprefix("-")
    _known(fields, plain)
    return plain, name != plain


def _known(fields: Sequence[str], name: str) -> None:
    if name not in fields:
        hint = did_you_mean(near(name, fields)) or f"the fields are {', '.join(fields)}"
        raise invalid(f"unknown field {name!r}", code="unknown-field", field=name, hint=hint)
