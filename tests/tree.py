"""Every group and command of the program, walked as Typer holds them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from custctl.app import root
from custctl.commands._invocation import Invocation

Words = tuple[str, ...]


def nodes() -> Iterator[tuple[Words, Any]]:
    """The words that lead to each group and command, and what is there; the root has no words."""
    top = root()
    yield from _below((), top, top.context_class(top, info_name="custctl", obj=Invocation()))


def leaves() -> list[Words]:
    """The words of every command that does something."""
    return [path for path, found in nodes() if not hasattr(found, "commands")]


def _below(path: Words, found: Any, context: Any) -> Iterator[tuple[Words, Any]]:
    yield path, found
    for name in found.list_commands(context) if hasattr(found, "commands") else ():
        child = found.get_command(context, name)
        inner = type(context)(child, parent=context, info_name=name, obj=context.obj)
        yield from _below((*path, name), child, inner)
