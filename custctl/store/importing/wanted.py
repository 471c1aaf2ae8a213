"""What an import is asked to do, what one row of it wants, and what came of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from custctl.errors import Exit, Place, Problem
from custctl.store.sheets import By
from custctl.store.unit import Effects

Mode = Literal["add", "update", "upsert", "skip"]
MODES: tuple[Mode, ...] = ("upsert", "add", "update", "skip")
Empty = Literal["keep", "clear"]
EMPTIES: tuple[Empty, ...] = ("keep", "clear")
Verdict = Literal["added", "updated", "unchanged", "deleted", "rejected"]
VERDICTS: tuple[Verdict, ...] = ("added", "updated", "unchanged", "deleted", "rejected")


@dataclass(frozen=True, slots=True)
class Options:
    """How rows are taken: what happens to records that exist or do not, to empty cells, and to rows that are wrong.

    With `keep_going` the good rows are written; `most` is how many bad ones are told, and then also how many there
    may be, None for any number.
    """

    mode: Mode = "upsert"
    empty: Empty = "keep"
    keep_going: bool = False
    most: int | None = None


SHOWN = 20
"""So many problems are told when nobody says how many."""


class Way(NamedTuple):
    """A way to find a record that a cell means: by one of its fields, which has this text."""

    by: By
    text: str


@dataclass(slots=True)
class Asked:
    """One row: its fields as a document has them, and the records it names by something else than their key.

    `named` has, for each field that refers to others, what it names, each with the ways to find it, the best first.
    `delete` asks for the record to go.
    """

    line: int
    cells: Sequence[str] | Mapping[str, Any]
    values: dict[str, Any]
    named: dict[str, list[tuple[Way, ...]]] = field(default_factory=dict)
    delete: bool = False
    account: str = ""
    """The name of an account that is made with the row, because there is none of that name."""
    half: Literal["", "first_name", "last_name"] = ""
    """The only name of a contact that the file says anything of."""
    key: str = ""
    """The key of the record, once it is known, as the unit of work knows it."""
    places: dict[str, Sequence[int]] = field(default_factory=dict)
    """The places that its numbered columns speak of, by field: the other ones of a stored list stay."""
    completed: set[str] = field(default_factory=set)
    """The fields that the row says nothing of and that a new record gets all the same."""
    found: str | None = None
    """The key of the stored record that the row means, None when it is a new one."""
    place: Callable[..., Place | None] = lambda *_: None


@dataclass(frozen=True, slots=True)
class RowPlace(Place):
    """A place in a sheet that knows its row and the field within it, so that a problem finds back to both."""

    asked: Asked | None = None
    path: tuple[str | int, ...] = ()


@dataclass(slots=True)
class Outcome:
    """What became of the rows: how many ended how, and the first problems of those that were rejected."""

    counts: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(VERDICTS, 0))
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    more_warnings: int = 0
    access: Effects | None = None
    """What was done to access, None where no row can do anything to it, or it is not told."""
    untold: bool = False
    """Whether so many stored records were changed that it is not told what that does to access."""

    def reject(self, problems: Iterable[Problem], shown: int) -> None:
        """Count one row as rejected, and keep what is wrong with it while there are not too many."""
        self.counts["rejected"] += 1
        if self.counts["rejected"] <= shown:
            self.problems += [replace(problem, exit=Exit.INVALID) for problem in problems]

    def warn(self, warnings: Iterable[str]) -> None:
        for warning in warnings:
            if len(self.warnings) < SHOWN:
                self.warnings.append(warning)
            else:
                self.more_warnings += 1

    @property
    def written(self) -> int:
        return self.counts["added"] + self.counts["updated"] + self.counts["deleted"]

    @property
    def total(self) -> int:
        return sum(self.counts.values())
