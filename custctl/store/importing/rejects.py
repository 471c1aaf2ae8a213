"""The rows that were not taken, in the format of the file they come from, with `_line` and `_error` behind.

The file is there only when something was rejected, and only when what was not rejected has been written.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from custctl.errors import Problem
from custctl.store.files import is_stream, new_file, require_free
from custctl.store.importing.wanted import Asked
from custctl.store.sheets import Sheet

LINE, ERROR = "_line", "_error"


class Rejects:
    """Rows in the order of their file, though those that wait are rejected last: kept aside, written by `close`.

    `drop` takes the file away again unless it is said to stay.
    """

    def __init__(self, name: str, sheet: Sheet) -> None:
        self.name = name
        self.sheet = sheet
        self.stays = False
        self._written = False
        if not is_stream(name):
            require_free(name)
        self._aside = sqlite3.connect("", isolation_level=None)  # in memory while it is small, else on disk
        self._aside.execute("CREATE TABLE rejected (line INTEGER, text TEXT)")
        self._aside.execute("BEGIN")

    def add(self, asked: Asked, problems: Sequence[Problem]) -> None:
        """Keep a row and what is wrong with it."""
        error = "; ".join(dict.fromkeys(_told(problem) for problem in problems))
        text = self._line(asked, error).encode(errors="surrogatepass")  # SQLite takes no lone surrogate as text
        self._aside.execute("INSERT INTO rejected VALUES (?, ?)", (asked.line, text))

    def close(self) -> None:
        """Write the rows, and put them on disk; raises exit 5 when the file exists, 74 when it cannot be written."""
        rows = self._aside.execute("SELECT text FROM rejected ORDER BY line, rowid")
        texts = (text.decode(errors="surrogatepass") for (text,) in rows)
        first = next(texts, None)
        if first is None:
            return
        start, between, end = ("[\n", ",\n", "\n]\n") if self.sheet.format == "json" else ("", "", "")
        with new_file(self.name, encoding=self.sheet.encoding, errors="backslashreplace") as file:
            if self.sheet.marked:
                file.write("\ufeff")
            if self.sheet.headings:
                file.write(self._text((*_without_own(self.sheet.headings, self.sheet.headings), LINE, ERROR)))
            file.write(start + first)
            for text in texts:
                file.write(between + text)
            file.write(end)
        self._written = not is_stream(self.name)

    def drop(self) -> None:
        """Take the file away: nothing was written, so nothing was left out."""
        self._aside.close()
        if self._written and not self.stays:
            Path(self.name).unlink(missing_ok=True)

    def _line(self, asked: Asked, error: str) -> str:
        if isinstance(asked.cells, Mapping):
            row = {name: value for name, value in asked.cells.items() if name not in (LINE, ERROR)}
            text = json.dumps({**row, LINE: asked.line, ERROR: error}, ensure_ascii=False)
            return f"{text}\n" if self.sheet.format == "jsonl" else text
        count = len(self.sheet.headings)
        surplus = self._text(asked.cells[count:]).rstrip("\n")
        told = f"{error}; beyond the headings: {surplus}" if surplus else error
        cells = [*asked.cells, *[""] * (count - len(asked.cells))]
        return self._text((*_without_own(cells, self.sheet.headings), str(asked.line), told))

    def _text(self, cells: Iterable[str]) -> str:
        lines = _Lines()
        csv.writer(lines, delimiter=self.sheet.delimiter, lineterminator="\n").writerow(cells)
        return lines.text


class _Lines:
    """Where a writer of CSV puts one line."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def _without_own(cells: Sequence[str], headings: Sequence[str]) -> list[str]:
    """The cells without those of the two columns that a file of rejected rows has."""
    return [cell for cell, heading in zip(cells, headings, strict=False) if heading not in (LINE, ERROR)]


def _told(problem: Problem) -> str:
    words = f"{problem.field}: {problem.message}" if problem.field else problem.message
    return f"{words} ({problem.hint})" if problem.hint else words
