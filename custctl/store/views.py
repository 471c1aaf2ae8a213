"""The views of lists: the leads and opportunities that a seller looks at, each by a word (features S-04, S-11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from custctl.errors import did_you_mean, near, usage
from custctl.resources import CLOSED, LEAD, OPPORTUNITY, Noun
from custctl.store.database import today

if TYPE_CHECKING:
    from custctl.store.scopes import Condition

_RECENT_DAYS = 30


class View(NamedTuple):
    """Which records a view shows, on a day, and in what order where nobody asks for another."""

    condition: Callable[[str], Condition]
    sort: str | None = None


def _open_leads(_: str) -> Condition:
    return "t.status = 'new'", {}


def _open(_: str) -> Condition:
    return f"t.status NOT IN {CLOSED}", {}


def _overdue(day: str) -> Condition:
    return f"t.status NOT IN {CLOSED} AND t.close_date < :today", {"today": day}


def _recently_closed(day: str) -> Condition:
    first = date.fromisoformat(day) - timedelta(days=_RECENT_DAYS)
    within = "t.status = 'won' AND t.close_date BETWEEN :first AND :today"
    return within, {"first": first.isoformat(), "today": day}


VIEWS: Mapping[str, Mapping[str, View]] = {
    LEAD.name: {"open": View(_open_leads)},
    OPPORTUNITY.name: {
        "open": View(_open),
        "overdue": View(_overdue, "close_date"),
        "recently-closed": View(_recently_closed, "-close_date"),
    },
}
"""The views of each noun by their words.

Source: oroinc/crm SalesBundle/Datagrid/OpportunityViewList.php and LeadViewList.php.
"""


def words(noun: Noun) -> str:
    """The words of a noun's views, as help has them."""
    return "|".join(VIEWS[noun.name])


def view(noun: Noun, word: str) -> View:
    """The view that a word means; exit 2 for a word that means none."""
    known = VIEWS[noun.name]
    if word not in known:
        hint = did_you_mean(near(word, known)) or f"there is {', '.join(known)}"
        raise usage(f"{noun.plural} have no view {word!r}", hint)
    return known[word]


def condition(noun: Noun, word: str) -> Condition:
    """Which records the view shows today."""
    return view(noun, word).condition(today())
