"""The documents of the demonstration world, wherever custctl is installed, and where worlds may go."""

from __future__ import annotations

from pathlib import Path

from custctl.errors import conflict
from custctl.store.documents import Document, read
from custctl.store.unit import Unit


def folder() -> Path:
    """The documents beside an installed package, or those of the source tree."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_demo"
    return installed if installed.is_dir() else package.parent / "fixtures" / "demo"


def documents() -> list[Document]:
    """The documents of the world, in order."""
    return read([str(folder())])


def require_empty(unit: Unit, path: Path) -> None:
    """Raise exit 5 for a database that has customers."""
    if unit.connection.execute("SELECT EXISTS (SELECT 1 FROM customer)").fetchone()[0]:
        hint = "name a new file: custctl --db demo.db demo"
        raise conflict(f"{path} has customers already", code="not-empty", hint=hint)
