"""The documents of the demonstration world, wherever custctl is installed."""

from __future__ import annotations

from pathlib import Path

from custctl.store.documents import Document, read


def folder() -> Path:
    """The documents beside an installed package, or those of the source tree."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_demo"
    return installed if installed.is_dir() else package.parent / "fixtures" / "demo"


def documents() -> list[Document]:
    """The documents of the world, in order."""
    return read([str(folder())])
