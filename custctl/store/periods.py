"""Stretches of time as people write them: a year, a month, a day, or one moment."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

DAYS_LIKE = "like 2026, 2026-01 or 2026-01-31"
LIKE = "like 2026, 2026-01, 2026-01-31 or 2026-01-31T12:00:00Z"

_MONTH = re.compile(r"(\d{4})(?:-(\d\d))?\Z", re.ASCII)
_SECOND = timedelta(seconds=1)


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
        day = date.fromisoformat(text)
        return _midnight(day), _midnight(day + timedelta(days=1))
    moment = datetime.fromisoformat(text)
    moment = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)
    return moment, moment + _SECOND


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
