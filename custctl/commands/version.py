"""The versions of custctl and of what it runs on."""

from __future__ import annotations

import platform

from custctl import __version__
from custctl.commands._command import Call, command, group
from custctl.commands._common import record
from custctl.result import Result
from custctl.store.database import SQLITE_VERSION
from custctl.store.migrations import SCHEMA_VERSION

app = group("version", "Versions.")


@command(app, "version")
def version(call: Call) -> Result:
    """Show the versions of custctl, its schema, SQLite and Python."""
    found = {
        "custctl": __version__,
        "schema": SCHEMA_VERSION,
        "sqlite": SQLITE_VERSION,
        "python": platform.python_version(),
    }
    return record(call, found)
