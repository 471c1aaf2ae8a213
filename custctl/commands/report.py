"""Reports: figures over all accounts, leads and opportunities, for reading and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer

from custctl.commands._arguments import Limit, Where
from custctl.commands._command import Call, command, group
from custctl.commands._common import table
from custctl.commands._lifetime import remarks
from custctl.resources import ACCOUNT, PROBABILITIES
from custctl.result import Result, Row
from custctl.store.periods import Grouping

app = group("report", "Figures over all accounts, leads and opportunities.")


By = Annotated[Grouping, typer.Option("--by", help="How long a period is.")]


@command(
    app,
    "accounts-by-lifetime",
    examples=(
        "custctl report accounts-by-lifetime --limit 10",
        "custctl report accounts-by-lifetime --where tags=reseller -o csv",
    ),
)
def accounts_by_lifetime(call: Call, where: Where = None, limit: Limit = None) -> Result:
    """Show what every account is worth, the worthiest first."""
    from custctl.store import reports

    rows = list(reports.accounts_by_lifetime(call.read(), where or (), limit))
    return _report(call, rows, ("key", "name", "owner", "lifetime"), "lifetime", "no accounts", ACCOUNT.reference)


@command(
    app,
    "accounts-by-opportunities",
    examples=("custctl report accounts-by-opportunities --where close_date=2026 --where 'created>=2026-01'",),
)
def accounts_by_opportunities(call: Call, where: Where = None) -> Result:
    """Count the opportunities of each account by status, with a row for all of them; --where is about opportunities."""
    from custctl.store import reports

    rows = reports.accounts_by_opportunities(call.read(), where or ())
    columns = ("key", "name", *PROBABILITIES, "total")
    return _report(call, rows, columns, "total", "no opportunities", ACCOUNT.reference)


@command(app, "leads-by-date", examples=("custctl report leads-by-date --where created=2026-03",))
def leads_by_date(
    call: Call,
    where: Where = None,
    by: By = "day",
) -> Result:
    """Count the leads made in each period; --where is about leads."""
    from custctl.store import reports

    rows = reports.leads_by_date(call.read(), where or (), by)
    return _report(call, rows, ("period", "leads"), "leads", "no leads")


@command(
    app, "opportunities-by-status", examples=("custctl report opportunities-by-status --where 'owner=Sam Delgado'",)
)
def opportunities_by_status(call: Call, where: Where = None) -> Result:
    """Show how many opportunities are in each status, their budgets, and the revenue of those that are closed."""
    from custctl.store import reports

    rows = reports.opportunities_by_status(call.read(), where or ())
    columns = ("status", "opportunities", "budget", "close_revenue")
    return _report(call, rows, columns, "opportunities", "no opportunities")


@command(app, "opportunities-won", examples=("custctl report opportunities-won --by quarter --where close_date=2026",))
def opportunities_won(
    call: Call,
    where: Where = None,
    by: By = "month",
) -> Result:
    """Show the revenue won in each period, by the day on which opportunities were closed."""
    from custctl.store import reports

    rows = reports.opportunities_won(call.read(), where or (), by)
    columns = ("period", "opportunities", "close_revenue")
    return _report(call, rows, columns, "close_revenue", "no opportunities were won")


@command(app, "forecast", examples=("custctl report forecast --where account=acme",))
def forecast(call: Call, where: Where = None) -> Result:
    """Show what open opportunities may bring, budget times probability, with a row for all of them."""
    from custctl.store import reports

    rows = reports.forecast(call.read(), where or ())
    columns = ("status", "opportunities", "budget", "forecast")
    return _report(call, rows, columns, "forecast", "no open opportunities")


def _report(
    call: Call, rows: Sequence[Row], columns: tuple[str, ...], bar: str, empty: str, noun: str | None = None
) -> Result:
    """A report as a table with bars; what could not be converted is a column only where there is some."""
    fields = columns if not rows or "unconverted" not in rows[0] else (*columns, "unconverted")
    lost = _together(rows)
    shown = fields if lost else columns
    result = table(call, rows, shown, fields, noun)
    notes = tuple(remarks(lost)) if rows else (empty,)
    return replace(result, bar=bar if bar in result.columns else "", notes=notes)


def _together(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """What the rows leave out, by currency; a row that adds up the others says it again."""
    from custctl.store.lifetime import lost_of

    return lost_of(row for row in rows if next(iter(row.values())) is not None)
