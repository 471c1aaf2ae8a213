"""Revisions and what took them back: which are in effect, and which one to undo or to redo next.

A revision is in effect unless one that takes it back is in effect; a redo is what takes an undo back.
"""

from __future__ import annotations

import sqlite3

from custctl import shell
from custctl.errors import CustctlError, Exit, Problem, not_found


class Revisions:
    """How the revisions of a database relate to each other."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.undoes: dict[int, int] = {}
        """What each revision takes back, where it takes one back."""
        self._by: dict[int, list[int]] = {}
        rows = connection.execute("SELECT id, undoes FROM revision WHERE undoes IS NOT NULL ORDER BY id")
        for number, of in rows:
            self.undoes[number] = of
            self._by.setdefault(of, []).append(number)
        self._in_effect: dict[int, bool] = {}
        for number in reversed(self.undoes):  # what takes one back is later
            self._in_effect[number] = self.undone_by(number) is None

    def undone_by(self, number: int) -> int | None:
        """The latest revision that takes this one back and is in effect."""
        return next((by for by in reversed(self._by.get(number, ())) if self._in_effect[by]), None)

    def is_undo(self, number: int) -> bool:
        """Whether a revision is an undo; what takes an undo back is a redo, and takes no revision's change away."""
        found = False
        while number in self.undoes:
            number, found = self.undoes[number], not found
        return found

    def to_undo(self) -> int:
        """The latest revision in effect that is neither an undo nor a redo nor a migration; exit 5 when there is none.

        Taking these back one after the other leads to the beginning.
        """
        query = "SELECT id FROM revision WHERE id > 0 AND undoes IS NULL AND NOT migration ORDER BY id DESC"
        for (number,) in self.connection.execute(query):
            if self.undone_by(number) is None:
                return int(number)
        nothing = "nothing was changed yet" if not self._any() else "everything is taken back already"
        raise CustctlError(Problem("nothing", Exit.CONFLICT, nothing))

    def to_redo(self) -> int:
        """The latest undo in effect; exit 5 when there is none."""
        for number in reversed(self.undoes):
            if self.is_undo(number) and self._in_effect[number]:
                return number
        raise CustctlError(Problem("nothing", Exit.CONFLICT, "there is nothing to redo: no revision is taken back"))

    def undoable(self, number: int) -> int:
        """A revision that can be taken back. Raises exit 3 for one that there is not, 5 for one that cannot."""
        self._require(number)
        by = self.undone_by(number)
        if by is not None:
            words = f"revision {number} was undone by revision {by}"
            hint = f"there is nothing to take back; see {shell.command('history', str(by))}"
            raise CustctlError(Problem("undone", Exit.CONFLICT, words, hint))
        return number

    def redoable(self, number: int) -> int:
        """The undo to take back for a revision that is undone, or for the undo itself; exit 3 and 5 likewise."""
        self._require(number)
        by = self.undone_by(number)
        if self.is_undo(number):
            if by is None:
                return number
            words = f"revision {number} was taken back by revision {by}"
        elif by is not None:
            return by
        else:
            words = f"revision {number} is in effect"
        hint = f"there is nothing to redo; see {shell.command('history', str(by or number))}"
        raise CustctlError(Problem("nothing", Exit.CONFLICT, words, hint))

    def first(self, number: int) -> int:
        """The revision that undos and redos began with: itself, unless it took another one back."""
        while number in self.undoes:
            number = self.undoes[number]
        return number

    def _require(self, number: int) -> None:
        query = "SELECT migration FROM revision WHERE id = ? AND id > 0"
        row = self.connection.execute(query, (min(number, 2**63 - 1),)).fetchone()
        if row is None:
            raise not_found("revision", str(number))
        if row[0]:
            words = f"revision {number} was made by a migration, which cannot be taken back"
            raise CustctlError(Problem("protected", Exit.CONFLICT, words))

    def _any(self) -> bool:
        return self.connection.execute("SELECT 1 FROM revision WHERE id > 0").fetchone() is not None
