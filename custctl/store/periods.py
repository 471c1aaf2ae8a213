"""Stretches of time as people write them: a year, a month, a day, or one moment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple

from custctl.store.codec import day_from, moment_from

DAYS_LIKE = "like 2026, 2026-01 or 2026-01-31"
LIKE = "like 2026, 2026-01, 2026-01-31 or 2026-01-31T12:00:00Z"

_MONTH = re.compile(r"(\d{4})(?:-(\d\d))?\Z", re.ASCII)
_SECOND = timedelta(seconds=1)


Grouping = Literal["day", "month", "quarter", "year"]
"""How long the periods are that a report is cut into."""


class Period(NamedTuple):
    """A stretch of time as the database compares it: from its first moment to the first one behind it."""

    start: str
    end: str

    @property
    def days(self) -> tuple[str, str]:
        """The same for a column that holds days: the first one, and the first one behind."""
        return self.start[: len("2026-01-31")], self.end[: len("2026-01-31")]


def period(text: str) -> Period:
    """The period that is written so; a moment lasts a second, because times are kept to the second.

    Raises ValueError for a text that is none.
    """
    try:
        first, behind = _ends(text.strip())
    except OverflowError:  # the last day that there is has none behind it
        raise ValueError(text) from None
    return Period(_written(first), _written(behind))


def _ends(text: str) -> tuple[datetime, datetime]:
    if found := _MONTH.match(text):
        year, month = int(found[1]), int(found[2] or 1)
        last = 12 if found[2] is None else month
        return _midnight(date(year, month, 1)), _midnight(date(year + last // 12, last % 12 + 1, 1))
    if len(text) == len("2026-01-31"):
        day = day_from(text)
        return _midnight(day), _midnight(day + timedelta(days=1))
    moment = moment_from(text)
    return moment, moment + _SECOND


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


# -- periods that follow each other ----------------------------------------------------------------------------------

_MOST_FILLED = 1_200


def sql_of(grouping: Grouping, day: str) -> str:
    """A day, given as SQL, as the name of the period that it lies in: `2026-03`, `2026-Q1`."""
    year, month = f"substr({day}, 1, 4)", f"substr({day}, 6, 2)"
    ways = {"day": day, "month": f"substr({day}, 1, 7)", "quarter": f"{year} || '-Q' || (({month} + 2) / 3)"}
    return ways.get(grouping, year)


def filled(names: Sequence[str], grouping: Grouping) -> list[str]:
    """The periods from the first to the last of some in order, those between them too.

    Only what is there where those would be more than a hundred years of months; days are never filled in.
    """
    if not names or grouping == "day":
        return list(names)
    first, last = _number(names[0], grouping), _number(names[-1], grouping)
    if last - first >= _MOST_FILLED:
        return list(names)
    return [_name(number, grouping) for number in range(first, last + 1)]


def months_until(day: str, count: int) -> list[str]:
    """So many months, the last of them the one that a day lies in; the first year has none before it."""
    last = _number(day[: len("2026-01")], "month")
    return [_name(number, "month") for number in range(max(last - count + 1, _A_YEAR["month"]), last + 1)]


_A_YEAR = {"month": 12, "quarter": 4, "year": 1}


def _number(name: str, grouping: Grouping) -> int:
    """A period as a number, one more than that of the one before it."""
    return int(name[:4]) * _A_YEAR[grouping] + int(name[5:].removeprefix("Q") or 1) - 1


def _name(number: int, grouping: Grouping) -> str:
    year, rest = divmod(number, _A_YEAR[grouping])
    return f"{year:04}" + {"month": f"-{rest + 1:02}", "quarter": f"-Q{rest + 1}"}.get(grouping, "")
