"""What customers, business customers and accounts are worth: computed when it is asked for, and so never stale.

- A customer: the subtotals of its own orders that are paid in full (feature L-01). Source:
  oroinc/orocommerce-orocrm Bridge/CustomerAccount/Manager/LifetimeProcessor.php. There a refund does not lower the
  value and a moved order counts twice until a command is run; here there is nothing to run (L-02, L-06).
- A business customer: the close revenue of its opportunities that are won (L-03). Source: oroinc/crm
  SalesBundle/EventListener/B2bCustomerLifetimeListener.php.
- An account: its customers and business customers, by channel and together (L-04). Source: oroinc/crm
  ChannelBundle/Entity/LifetimeValueHistory.php.

Amounts are in the base currency (`currencies`); those without a rate stand beside, by currency, and are never added.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from custctl.errors import invalid
from custctl.resources import CLOSED
from custctl.store import currencies
from custctl.store.codec import money_from, money_text
from custctl.store.reads import is_in_cycle
from custctl.store.select import PAID, WON

Row = dict[str, Any]

REFUNDS = ("refunded", "refunded_partially")
"""The payment statuses of orders that were paid back, in whole or in part."""


def prepare(connection: sqlite3.Connection) -> currencies.Rates:
    """Make the views of amounts in the base currency, of this connection alone; the rates.

    `worth_of_order` and `worth_of_opportunity` have each order and opportunity with its `value`, `known` saying
    whether there is a rate for it. A budget is `budget_value`. What was frozen when an opportunity was closed stays.
    """
    rates = currencies.rates(connection)
    for name, query in (("worth_of_order", _orders_view(rates)), ("worth_of_opportunity", _opportunities_view(rates))):
        found = connection.execute("SELECT sql FROM sqlite_temp_schema WHERE name = ?", (name,)).fetchone()
        if found is not None and found[0] == f"CREATE VIEW {name} AS {query}":
            continue
        connection.execute(f"DROP VIEW IF EXISTS temp.{name}")
        connection.execute(f"CREATE TEMP VIEW IF NOT EXISTS {name} AS {query}")
    return rates


def _orders_view(rates: currencies.Rates) -> str:
    return (
        "SELECT d.id, d.customer_id, d.user_id, d.status, d.payment_status, d.placed_at, d.currency,"
        f" d.subtotal AS amount, {rates.sql('d.subtotal', 'd.currency')} AS value,"
        f" {rates.known_sql('d.currency')} AS known FROM main.sales_document d WHERE d.entity = 'order'"
    )


def _opportunities_view(rates: currencies.Rates) -> str:
    revenue, budget = (rates.sql(f"o.{name}", "o.currency") for name in ("close_revenue", "budget"))
    known = rates.known_sql("o.currency")
    frozen = f"CASE WHEN o.status IN {CLOSED} THEN o.{{}} END"
    return (
        "SELECT o.id, o.account_id, o.customer_id, o.business_customer_id, o.status, o.probability, o.currency,"
        " o.close_revenue AS amount, o.budget, coalesce(o.close_date, substr(o.closed_at, 1, 10)) AS closed_on,"
        f" coalesce({frozen.format('base_revenue')}, {revenue}) AS value,"
        f" coalesce({frozen.format('base_budget')}, {budget}) AS budget_value,"
        f" ({frozen.format('base_revenue')} IS NOT NULL OR {known}) AS known,"
        f" ({frozen.format('base_budget')} IS NOT NULL OR {known}) AS budget_known FROM main.opportunity o"
    )


# -- sums ------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Sum:
    """Amounts added up: those that can be converted together, the others by currency."""

    value: int = 0
    count: int = 0
    lost: dict[str, int] = field(default_factory=dict)

    def add(self, currency: str | None, amount: int, count: int) -> None:
        """Take in the sum of some amounts: of those converted without a currency, else of those of one without rate."""
        self.count += count
        if currency is None:
            self.value += amount
        else:
            self.lost[currency] = self.lost.get(currency, 0) + amount

    def told(self, name: str = "lifetime") -> Row:
        """The sum as text under a name, and beside it what could not be converted."""
        return {name: money_text(self.value), "unconverted": unconverted(self.lost)}


def unconverted(lost: Mapping[str, int]) -> list[Row]:
    """Amounts by currency, as answers tell them."""
    found = sorted((currency, amount) for currency, amount in lost.items() if amount)
    return [{"currency": currency, "amount": money_text(amount)} for currency, amount in found]


def lost_of(rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """What the rows of an answer leave out together."""
    lost: dict[str, int] = {}
    for part in (part for row in rows for part in row.get("unconverted", ())):
        lost[part["currency"]] = lost.get(part["currency"], 0) + money_from(part["amount"])
    return unconverted(lost)


def sums(connection: sqlite3.Connection, source: str, parameters: Mapping[str, Any]) -> dict[Any, Sum]:
    """The sums of a SELECT of `place, value, amount, currency, known`, by place, in one query."""
    query = f"""WITH source (place, value, amount, currency, known) AS ({source})
        SELECT place, NULL, sum(value), count(*) FROM source WHERE known GROUP BY place
        UNION ALL
        SELECT place, currency, sum(amount), count(*) FROM source WHERE NOT known GROUP BY place, currency"""
    found: dict[Any, Sum] = {}
    for place, currency, amount, count in connection.execute(query, parameters):
        found.setdefault(place, Sum()).add(currency, amount or 0, count)
    return found


def total(found: Iterable[Sum]) -> Sum:
    """Several sums as one."""
    made = Sum()
    for part in found:
        made.value += part.value
        made.count += part.count
        for currency, amount in part.lost.items():
            made.lost[currency] = made.lost.get(currency, 0) + amount
    return made


# -- one customer, business customer or account --------------------------------------------------------------------


class Question(NamedTuple):
    """What is asked about a lifetime: `day` is the last one that counts, `children` takes subsidiaries in."""

    day: str | None = None
    children: bool = False
    details: bool = False

    @property
    def before(self) -> str | None:
        """The first day that no longer counts; exit 4 for a text that is no day, month or year."""
        if self.day is None:
            return None
        from custctl.store.periods import DAYS_LIKE, period

        try:
            if len(self.day) <= len("2026-01-31"):
                return period(self.day).days[1]
        except ValueError:
            pass
        raise invalid(f"--as-of {self.day!r} is no day", field="as-of", value=self.day, hint=DAYS_LIKE)


_PLAIN = Question()
_ALONE = "(SELECT :id)"
_BELOW = """(WITH RECURSIVE below (id) AS (
    SELECT :id UNION SELECT c.id FROM below JOIN customer c ON c.parent_id = below.id
) SELECT id FROM below)"""
_OF_ACCOUNT = "(SELECT c.id FROM customer c WHERE c.account_id = :id)"
_BUSINESS_OF_ACCOUNT = "(SELECT b.id FROM business_customer b WHERE b.account_id = :id)"
_PLACED = "(:before IS NULL OR w.placed_at < :before)"
_CLOSED = "(:before IS NULL OR o.closed_on < :before)"


def of_customer(connection: sqlite3.Connection, row_id: int, asked: Question = _PLAIN) -> Row:
    """What one customer is worth: `{"currency", "lifetime", "unconverted"}`, and what else is asked for.

    With its children, `lifetime` is that of the whole tree below it and `own` its own (L-07). A member of a circle,
    which no command makes, has no descendants.
    """
    rates = prepare(connection)
    among = _BELOW if asked.children and not is_in_cycle(connection, row_id) else _ALONE
    parameters = {"id": row_id, "before": asked.before}
    source = f"""SELECT w.customer_id = :id, w.value, w.amount, w.currency, w.known FROM temp.worth_of_order w
        WHERE w.customer_id IN {among} AND {PAID} AND {_PLACED}"""
    found = sums(connection, source, parameters)
    told = {"currency": rates.base, **total(found.values()).told()}
    if asked.children:
        count = connection.execute(f"SELECT count(*) FROM {among}", {"id": row_id}).fetchone()[0]
        told |= {"own": money_text(found.get(1, Sum()).value), "customers": count}
    return told | _further(asked, _orders(connection, among, parameters))


def of_customers(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, Row]:
    """What each of several customers is worth, by id, in one query."""
    rates = prepare(connection)
    wanted = list(ids)
    source = f"""SELECT w.customer_id, w.value, w.amount, w.currency, w.known FROM temp.worth_of_order w
        WHERE w.customer_id IN (SELECT value FROM json_each(:ids)) AND {PAID}"""
    found = sums(connection, source, {"ids": json.dumps(wanted)})
    return {row_id: {"currency": rates.base, **found.get(row_id, Sum()).told()} for row_id in wanted}


def of_business(connection: sqlite3.Connection, row_id: int, asked: Question = _PLAIN) -> Row:
    """What one business customer is worth (L-03)."""
    rates = prepare(connection)
    parameters = {"id": row_id, "before": asked.before}
    source = f"""SELECT 1, o.value, o.amount, o.currency, o.known FROM temp.worth_of_opportunity o
        WHERE o.business_customer_id = :id AND {WON} AND {_CLOSED}"""
    found = total(sums(connection, source, parameters).values())
    return {"currency": rates.base, **found.told()} | _further(asked, _won(connection, _ALONE, parameters))


def of_account(connection: sqlite3.Connection, row_id: int, asked: Question = _PLAIN) -> Row:
    """What an account is worth together and by channel: `channels` are rows of `of_account_by_channel` (L-04)."""
    rates = prepare(connection)
    parameters = {"id": row_id, "before": asked.before}
    found = sums(connection, _ACCOUNT_SOURCE, parameters)
    told = {"currency": rates.base, **total(found.values()).told()}
    told |= _further(asked, _orders(connection, _OF_ACCOUNT, parameters))
    if asked.details or asked.day is not None:
        further = _further(asked, _won(connection, _BUSINESS_OF_ACCOUNT, parameters))
        told |= {**further, "undated": told["undated"] + further["undated"]} if "undated" in further else further
    return told | {"channels": list(_channels(connection, row_id, found))}


def of_account_by_channel(connection: sqlite3.Connection, row_id: int) -> list[Row]:
    """What an account is worth in each channel that it has customers in, and last in none (L-04).

    A row is `{"channel", "name", "customers", "business_customers", "lifetime", "unconverted"}`; the channel is a key,
    None for customers without one.
    """
    prepare(connection)
    return list(_channels(connection, row_id, sums(connection, _ACCOUNT_SOURCE, {"id": row_id, "before": None})))


def _of_account_by(orders: str, won: str) -> str:
    """The orders and opportunities that an account is worth, each by a place that is given as SQL."""
    return f"""SELECT {orders}, w.value, w.amount, w.currency, w.known FROM customer c
        JOIN temp.worth_of_order w ON w.customer_id = c.id AND {PAID} AND {_PLACED} WHERE c.account_id = :id
        UNION ALL
        SELECT {won}, o.value, o.amount, o.currency, o.known FROM business_customer b
        JOIN temp.worth_of_opportunity o ON o.business_customer_id = b.id AND {WON} AND {_CLOSED}
        WHERE b.account_id = :id"""


_MONTH = "coalesce({}.channel_id, '') || ':' || coalesce(substr({}, 1, 7), '')"
_ACCOUNT_SOURCE = _of_account_by("c.channel_id", "b.channel_id")
_MONTHS_SOURCE = _of_account_by(_MONTH.format("c", "w.placed_at"), _MONTH.format("b", "o.closed_on"))


def history_of_account(connection: sqlite3.Connection, row_id: int) -> list[Row]:
    """What an account was worth in each channel after each month that changed it, as its documents say today (L-04).

    A row is `{"channel", "month", "lifetime", "current", "unconverted"}`, the channel a key, and the last one of each
    channel is the current one. What has no date counts from the start, in a row without a month.
    """
    prepare(connection)
    found = sums(connection, _MONTHS_SOURCE, {"id": row_id, "before": None})
    months: dict[str, dict[str, Sum]] = {}
    for place in sorted(found):
        channel, _, month = place.partition(":")
        months.setdefault(channel, {})[month] = found[place]
    channels = connection.execute("SELECT CAST(id AS TEXT), key FROM channel ORDER BY name_folded, key")
    return [row for channel, key in (*channels, ("", None)) for row in _grown(key, months.get(channel, {}))]


def _grown(channel: str | None, months: Mapping[str, Sum]) -> Iterator[Row]:
    """A row for each month of a channel, with all that came before it."""
    worth = Sum()
    for count, (month, part) in enumerate(months.items(), 1):
        worth = total((worth, part))
        told = worth.told()
        yield {"channel": channel, "month": month or None, **told, "current": count == len(months)}


def _channels(connection: sqlite3.Connection, row_id: int, found: Mapping[Any, Sum]) -> Iterator[Row]:
    """A row for each channel of an account's customers, by name."""
    query = """SELECT h.id, h.key, h.name, sum(m.buys), sum(NOT m.buys) FROM (
            SELECT channel_id, 1 AS buys FROM customer WHERE account_id = :id
            UNION ALL SELECT channel_id, 0 FROM business_customer WHERE account_id = :id
        ) m LEFT JOIN channel h ON h.id = m.channel_id GROUP BY h.id ORDER BY h.id IS NULL, h.name_folded, h.key"""
    for channel, key, name, customers, business in connection.execute(query, {"id": row_id}):
        counts = {"customers": customers, "business_customers": business}
        yield {"channel": key, "name": name, **counts, **found.get(channel, Sum()).told()}


def _further(asked: Question, told: Row) -> Row:
    """What is told besides the sum: about a day, what has no date and so counts on none; the details, if asked for."""
    undated = told.pop("undated")
    named = {} if asked.day is None else {"as_of": asked.day, "undated": undated}
    return named | (told if asked.details else {})


def _orders(connection: sqlite3.Connection, among: str, parameters: Mapping[str, Any]) -> Row:
    """The orders of some customers in numbers: purchases are those paid in full (feature L-08)."""
    refunds = ", ".join(f"'{status}'" for status in REFUNDS)
    query = f"""SELECT count(*) FILTER (WHERE {_PLACED}), count(*) FILTER (WHERE {PAID} AND {_PLACED}),
            min(w.placed_at) FILTER (WHERE {PAID} AND {_PLACED}), max(w.placed_at) FILTER (WHERE {PAID} AND {_PLACED}),
            count(*) FILTER (WHERE w.payment_status IN ({refunds}) AND {_PLACED}),
            count(*) FILTER (WHERE {PAID} AND w.placed_at IS NULL)
        FROM temp.worth_of_order w WHERE w.customer_id IN {among}"""
    names = ("orders", "paid_orders", "first_purchase", "last_purchase", "refunds", "undated")
    told = dict(zip(names, connection.execute(query, parameters).fetchone(), strict=True))
    source = f"""SELECT 1, w.value, w.amount, w.currency, w.known FROM temp.worth_of_order w
        WHERE w.customer_id IN {among} AND w.payment_status = 'refunded' AND {_PLACED}"""
    refunded = total(sums(connection, source, parameters).values())
    told |= {"refunded": money_text(refunded.value), "refunded_unconverted": unconverted(refunded.lost)}
    return told


def _won(connection: sqlite3.Connection, among: str, parameters: Mapping[str, Any]) -> Row:
    """The opportunities that some business customers gave, in numbers."""
    query = f"""SELECT count(*) FILTER (WHERE {_CLOSED}), min(o.closed_on) FILTER (WHERE {_CLOSED}),
            max(o.closed_on) FILTER (WHERE {_CLOSED}), count(*) FILTER (WHERE o.closed_on IS NULL)
        FROM temp.worth_of_opportunity o WHERE o.business_customer_id IN {among} AND {WON}"""
    names = ("won_opportunities", "first_won", "last_won", "undated")
    return dict(zip(names, connection.execute(query, parameters).fetchone(), strict=True))
