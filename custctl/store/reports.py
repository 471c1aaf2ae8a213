"""Reports over all accounts, leads and opportunities: each of them one query, in the base currency.

Source: oroinc/crm ReportCRMBundle, whose reports these are (features Q-01 to Q-06). What cannot be converted stands
in a row's `unconverted`, by currency, and is in no sum.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from custctl.resources import ACCOUNT, CLOSED, LEAD, OPPORTUNITY, PROBABILITIES, Noun
from custctl.store import currencies
from custctl.store.codec import money_text
from custctl.store.lifetime import Sum, prepare, total, unconverted
from custctl.store.periods import Grouping, filled, sql_of
from custctl.store.reads import Listing, conditions_of, limited
from custctl.store.select import PAID, WON, selection

Row = dict[str, Any]

TOTAL = "total"
"""What the last row of a report is called that adds up the others; what names a row is null there."""


def accounts_by_lifetime(connection: sqlite3.Connection, where: Sequence[str], limit: int | None) -> Iterator[Row]:
    """Every account with what it is worth, the worthiest first (Q-01)."""
    prepare(connection)
    conditions, parameters = conditions_of(connection, ACCOUNT, Listing(where))
    query = f"""WITH worth (account_id, currency, amount) AS ({_WORTH})
        SELECT t.key, t.name, t.owner, w.currency, sum(w.amount)
        {selection(ACCOUNT.name).source} LEFT JOIN worth w ON w.account_id = t.id
        WHERE {_all(conditions)} GROUP BY t.id, w.currency ORDER BY t.name_folded, t.key"""
    found: dict[str, tuple[Row, Sum]] = {}
    for key, name, owner, currency, amount in connection.execute(query, parameters):
        _, worth = found.setdefault(key, ({"key": key, "name": name, "owner": owner}, Sum()))
        worth.add(currency, amount or 0, 1)
    ranked = sorted(found.values(), key=lambda pair: -pair[1].value)
    return limited(({**row, **worth.told()} for row, worth in ranked), limit)


_WORTH = f"""
    SELECT c.account_id, s.currency, s.amount FROM (
        SELECT w.customer_id, NULL AS currency, sum(w.value) AS amount FROM temp.worth_of_order w
            WHERE {PAID} AND w.known GROUP BY w.customer_id
        UNION ALL SELECT w.customer_id, w.currency, sum(w.amount) FROM temp.worth_of_order w
            WHERE {PAID} AND NOT w.known GROUP BY w.customer_id, w.currency
    ) s JOIN customer c ON c.id = s.customer_id
    UNION ALL SELECT b.account_id, CASE WHEN NOT o.known THEN o.currency END, coalesce(o.value, o.amount)
    FROM temp.worth_of_opportunity o JOIN business_customer b ON b.id = o.business_customer_id WHERE {WON}"""
"""Amounts of accounts. Orders are summed by customer first, in the order of their index: that needs no sorting."""


def accounts_by_opportunities(connection: sqlite3.Connection, where: Sequence[str]) -> list[Row]:
    """How many opportunities each account has in each status, and a row for all of them together (Q-02)."""
    found: dict[str, Row] = {}
    together = _counts(None, TOTAL)
    fields = "f_account.key, f_account.name, t.status, count(*)"
    order = "GROUP BY t.account_id, t.status ORDER BY f_account.name_folded, f_account.key"
    for key, name, status, count in _select(connection, OPPORTUNITY, where, fields, order):
        for row in (found.setdefault(key, _counts(key, name)), together):
            row[status] += count
            row["total"] += count
    return [*found.values(), together] if found else []


def _counts(key: str | None, name: str) -> Row:
    return {"key": key, "name": name, **dict.fromkeys(PROBABILITIES, 0), "total": 0}


def leads_by_date(connection: sqlite3.Connection, where: Sequence[str], by: Grouping) -> list[Row]:
    """How many leads were made in each period (Q-03)."""
    period = sql_of(by, "substr(t.created_at, 1, 10)")
    found = _select(connection, LEAD, where, f"{period} AS period, count(*)", "GROUP BY 1 ORDER BY 1")
    return [{"period": told, "leads": count} for told, count in found]


def opportunities_by_status(connection: sqlite3.Connection, where: Sequence[str]) -> list[Row]:
    """How many opportunities are in each status, their budgets, and of those that are closed the revenue (Q-04)."""
    counts: dict[str, int] = dict.fromkeys(PROBABILITIES, 0)
    revenue, budget = ({status: Sum() for status in PROBABILITIES} for _ in range(2))
    fields = f"t.status, {_LOST}, {_LOST_BUDGET}, count(*), {_SUM}, {_SUM_BUDGET}"
    for status, lost, lost_budget, count, amount, asked in _worth(connection, where, fields, "GROUP BY 1, 2, 3"):
        counts[status] += count
        revenue[status].add(lost, amount or 0, count)
        budget[status].add(lost_budget, asked or 0, count)
    if not sum(counts.values()):
        return []
    return [_by_status(status, counts[status], revenue[status], budget[status]) for status in PROBABILITIES]


def _by_status(status: str, count: int, revenue: Sum, budget: Sum) -> Row:
    lost = [{"of": "budget", **part} for part in unconverted(budget.lost)]
    told = None
    if status in CLOSED:
        told = money_text(revenue.value)
        lost += [{"of": "close_revenue", **part} for part in unconverted(revenue.lost)]
    figures = {"close_revenue": told, "budget": money_text(budget.value)}
    return {"status": status, "opportunities": count, **figures, "unconverted": lost}


def opportunities_won(connection: sqlite3.Connection, where: Sequence[str], by: Grouping) -> list[Row]:
    """The opportunities that were won in each month, quarter or year, by the day on which they were closed (Q-05).

    Periods in between in which nothing was won are there too; what has no day stands last, without a period.
    """
    period = sql_of(by, "o.closed_on")
    counts, found = dict[str | None, int](), dict[str | None, Sum]()
    fields = f"{period} AS period, {_LOST}, count(*), {_SUM}"
    for told, lost, count, amount in _worth(connection, [*where, "status=won"], fields, "GROUP BY 1, 2"):
        counts[told] = counts.get(told, 0) + count
        found.setdefault(told, Sum()).add(lost, amount or 0, count)
    names: list[str | None] = [*filled(sorted(name for name in found if name is not None), by)]
    names += [None] if None in found else []
    return [
        {"period": name, "opportunities": counts.get(name, 0), **found.get(name, Sum()).told("close_revenue")}
        for name in names
    ]


def forecast(connection: sqlite3.Connection, where: Sequence[str]) -> list[Row]:
    """What open opportunities may bring, budget times probability, by status and together (Q-06)."""
    counts = dict[str, int]()
    budgets, weighted = dict[str, Sum](), dict[str, Sum]()
    value = currencies.share_sql("o.budget_value", "coalesce(o.probability, 0)", 100)
    fields = f"t.status, {_LOST_BUDGET}, count(*), {_SUM_BUDGET}, sum({value})"
    conditions = [*where, *(f"status!={status}" for status in CLOSED)]
    for status, lost, count, budget, likely in _worth(connection, conditions, fields, "GROUP BY 1, 2"):
        counts[status] = counts.get(status, 0) + count
        budgets.setdefault(status, Sum()).add(lost, budget or 0, count)
        weighted.setdefault(status, Sum()).add(lost and None, likely or 0, count)
    statuses = [status for status in PROBABILITIES if status in counts]
    rows = [_forecast(status, counts[status], budgets[status], weighted[status].value) for status in statuses]
    if not rows:
        return []
    together, likely = total(budgets.values()), sum(part.value for part in weighted.values())
    return [*rows, _forecast(None, sum(counts.values()), together, likely)]


def _forecast(status: str | None, count: int, budget: Sum, likely: int) -> Row:
    told = {"budget": money_text(budget.value), "forecast": money_text(likely)}
    return {"status": status, "opportunities": count, **told, "unconverted": unconverted(budget.lost)}


# -- queries and periods ---------------------------------------------------------------------------------------------

_LOST = "CASE WHEN NOT o.known THEN o.currency END"
_LOST_BUDGET = "CASE WHEN NOT o.budget_known THEN o.currency END"
_SUM = "sum(CASE WHEN o.known THEN o.value ELSE o.amount END)"
_SUM_BUDGET = "sum(CASE WHEN o.budget_known THEN o.budget_value ELSE o.budget END)"


def _select(
    connection: sqlite3.Connection, noun: Noun, where: Sequence[str], fields: str, tail: str, join: str = ""
) -> Iterable[Any]:
    """Groups of the records of a noun that meet the conditions of a list; raises what lists raise."""
    conditions, parameters = conditions_of(connection, noun, Listing(where))
    query = f"SELECT {fields} {selection(noun.name).source} {join} WHERE {_all(conditions)} {tail}"
    return connection.execute(query, parameters)


def _worth(connection: sqlite3.Connection, where: Sequence[str], fields: str, tail: str) -> Iterable[Any]:
    """Groups of opportunities with what they are worth, which is `o`."""
    prepare(connection)
    join = "JOIN temp.worth_of_opportunity o ON o.id = t.id"
    return _select(connection, OPPORTUNITY, where, fields, tail, join)


def _all(conditions: Sequence[str]) -> str:
    return " AND ".join(("1", *conditions))
