"""The database file: where it is, what state it is in, bringing it up to date."""

from __future__ import annotations

from typing import Any

from custctl.commands._command import Call, command, group
from custctl.result import Result

app = group("db", "The database file.")


@command(app, "path")
def path(call: Call) -> Result:
    """Print where the database is, by --db, CUSTCTL_DB, the profile or the default."""
    from custctl.store.database import is_there

    return Result({"path": str(call.database), "exists": is_there(call.database)}, "record")


@command(app, "status")
def status(call: Call) -> Result:
    """Show the state of the database: schema, revision, size and how much it holds."""
    from custctl.store import status as state

    return Result(state.status(call.database), "record")


@command(app, "migrate")
def migrate(call: Call) -> Result:
    """Make the database, or bring it up to date after a back-up."""
    from custctl.store import status as state

    found: dict[str, Any] = state.migrate(call.database, dry_run=call.dry_run)
    if not call.dry_run:
        call.done()
    return Result(found, "record")
