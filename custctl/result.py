"""What a command returns: data once, from which every output format is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from custctl.errors import Exit

Row = Mapping[str, Any]
"""A JSON-ready object: text, numbers, booleans, None, and lists and objects of these."""

View = Literal[
    "record",
    "overview",
    "list",
    "history",
    "log",
    "board",
    "tree",
    "decision",
    "explain",
    "matrix",
    "changes",
    "import",
    "diff",
    "tests",
    "text",
    "topic",
]
"""How a person is shown the data: the name of a renderer in render.py."""

LISTS: frozenset[View] = frozenset({"list", "history", "log", "board"})
"""The views that are a row a line, with the columns of the result."""


@dataclass(frozen=True, slots=True)
class Result:
    """The answer of one command.

    `data` is what `-o json` prints: an object, or an iterable of objects when the answer is a set (it may be
    a generator, and is then streamed). `columns` are the fields a table shows, in order. `noun` is the prefix
    of the references that `-o name` prints; None prints the key alone. `notes` go to standard error. `parts`
    are shown to a person instead of the data, each below the command that gives the same answer; `lines` are
    what the view `diff` shows instead. An `exit` that is only known when the last row is out is a function, asked
    after that; `undecided` tells, while rows are made, whether those that are left must be made although nobody reads
    them, because they may still change it. `natural` is the format where nobody asked for another. On a terminal a
    list draws the numbers of the column `bar` beside its rows, all but those of a row whose first column is empty:
    that is a total.
    """

    data: Row | Iterable[Row]
    view: View = "record"
    columns: tuple[str, ...] = ()
    noun: str | None = None
    notes: tuple[str, ...] = ()
    exit: Exit | Callable[[], Exit] = Exit.OK
    undecided: Callable[[], bool] = lambda: False
    parts: tuple[tuple[str, Result], ...] = ()
    lines: Iterable[str] = ()
    natural: str = "table"
    bar: str = ""

    def code(self) -> Exit:
        """The exit code, when the last row that counts is out."""
        return self.exit() if callable(self.exit) else self.exit
