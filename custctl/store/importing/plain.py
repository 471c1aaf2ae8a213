"""What the rows of a sheet say in plain values, whole columns at a time: all of the short road that needs no database.

A page of rows is checked by the checks of the input model. Rows of which anything is wrong, or that say more than
plain values and references, are left: the long way has the words for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple, get_type_hints

from pydantic import TypeAdapter, ValidationError

from custctl.resources import CUSTOMER, USER, Field, Noun, fold_all
from custctl.store.inputs import INPUTS, keeps_all
from custctl.store.sheets import By, Column, Row, Sheet

BATCH = 8_000
"""So many rows are taken together."""
TAKEN = (CUSTOMER, USER)
"""The nouns that have a short road."""

_CELLS, _WRONG = itemgetter(1), itemgetter(2)
_WORDS = {"true": 1, "false": 0, "1": 1, "0": 0, "yes": 1, "no": 0}
_NOTHING = -2
_WAYS: tuple[By, ...] = ("external_id", "key", "value", "name")
_ROLES: tuple[By, ...] = ("key", "value", "code", "label")


class Cell(NamedTuple):
    """A column that names a record, and how it does."""

    place: int
    by: By


class Page(NamedTuple):
    """Some rows, column by column; it goes from one process to another."""

    lines: Sequence[int]
    cells: Sequence[Sequence[str]]
    """A column each, as it is written."""
    left: frozenset[int]
    """The places of the rows that go the long way."""
    values: dict[str, list[Any]]
    """The fields whose cells are values, None where a cell says nothing."""
    given: list[str | None]
    """The key of each row, folded; of a user the e-mail address."""
    named: list[str | None]
    """The name of each row, folded."""
    wrong: Sequence[Row]
    """Records of these lines that are no rows."""
    share: float | None
    """How much of the file is read by now, from 0 to 1."""

    @property
    def size(self) -> int:
        return len(self.lines)

    def row(self, at: int) -> Row:
        """A row as it stands in the sheet."""
        return Row(self.lines[at], [column[at] for column in self.cells])


class Plain:
    """What the columns of a sheet are, and its rows in pages."""

    def __init__(self, noun: Noun, columns: Sequence[Column | None], *, empty_is_nothing: bool) -> None:
        self.noun = noun
        self.empty_is_nothing = empty_is_nothing
        self.words = {**_WORDS, "": _NOTHING} if empty_is_nothing else _WORDS
        self.texts: dict[str, int] = {}
        self.bools: dict[str, int] = {}
        self.references: dict[str, list[Cell]] = {}
        self.others: list[int] = []
        """Columns that only the unit of work understands: a row is taken where they are empty."""
        for place, column in enumerate(columns):
            if column is not None:
                self._sort(place, column)
        self.hints = hints = get_type_hints(INPUTS[noun.document], include_extras=True)
        self.checks = {name: TypeAdapter(list[hint]) for name, hint in hints.items() if name in self.texts}  # type: ignore[valid-type]  # by name

    def _sort(self, place: int, column: Column) -> None:
        """Find what a column is, by its field and by how its cells name what they mean."""
        name = str(column.path[0])
        entry, depth = self.noun.field(name), len(column.path)
        if entry is None or column.flag or entry.computed:
            self.others.append(place)
        elif name == "roles" and column.by in _ROLES:
            self.references.setdefault(name, []).append(Cell(place, column.by))
        elif entry.kind == "reference" and depth == 1 and column.by in _WAYS:
            cells = [*self.references.get(name, []), Cell(place, column.by)]
            self.references[name] = sorted(cells, key=lambda cell: cell.by != "external_id")
        elif entry.kind == "bool" and depth == 1:
            self.bools[name] = place
        elif entry.kind == "text" and depth == 1 and name != "birthday":
            self.texts[name] = place
        else:
            self.others.append(place)

    def pages(self, sheet: Sheet) -> Iterator[Page]:
        """The rows of a sheet."""
        rows = iter(sheet.rows)
        while batch := list(islice(rows, BATCH)):
            wrong = [row for row in batch if row.wrong is not None] if any(map(_WRONG, batch)) else []
            page = _Reading(self, [row for row in batch if row.wrong is None] if wrong else batch).page()
            yield page._replace(wrong=wrong, share=sheet.share())

    def refers_to_itself(self) -> bool:
        """Whether records are named that other rows may make."""
        return any(entry.name in self.references for entry in self.noun.fields if entry.to == self.noun.name)


class _Reading:
    """The rows of a page while they are looked at."""

    def __init__(self, plain: Plain, rows: Sequence[Row]) -> None:
        self.plain = plain
        self.size = len(rows)
        self.lines = [row.line for row in rows]
        self.cells: list[Sequence[Any]] = list(zip(*map(_CELLS, rows), strict=True))
        self.left: set[int] = set()
        self.values: dict[str, list[Any]] = {}

    def page(self) -> Page:
        if self.size:
            for place in self.plain.others:
                self._leave(at for at, cell in enumerate(self.cells[place]) if cell)
            self._texts()
            self._bools()
        given, named = self._given(), self._named()
        return Page(self.lines, self.cells, frozenset(self.left), self.values, given, named, (), None)

    def _leave(self, places: Iterable[int]) -> None:
        self.left.update(places)

    def _texts(self) -> None:
        """Values that the input model takes as they are, or cleans; an empty cell says nothing."""
        for name, place in self.plain.texts.items():
            cells = self.cells[place]
            if keeps_all(self.plain.hints[name], [cell for cell in cells if cell] if "" in cells else cells):
                self.values[name] = [cell or None for cell in cells]
                continue
            cells = [cell or None for cell in cells]
            filled = [cell for cell in cells if cell is not None]
            try:
                clean = iter(self.plain.checks[name].validate_python(filled))
            except ValidationError as error:
                wrong = {int(finding["loc"][0]) for finding in error.errors(include_url=False, include_context=False)}
                places = [at for at, cell in enumerate(cells) if cell is not None]
                self._leave(places[number] for number in wrong)
                cells = [cell if at not in self.left else None for at, cell in enumerate(cells)]
                clean = iter(self.plain.checks[name].validate_python([cell for cell in cells if cell is not None]))
            self.values[name] = [None if cell is None else next(clean) for cell in cells]

    def _bools(self) -> None:
        for name, place in self.plain.bools.items():
            entry = self._entry(name)
            found = [self.plain.words.get(cell, -1) for cell in self.cells[place]]
            found = [int(entry.default) if value == _NOTHING else value for value in found]
            if min(found) < 0 or (name == "guest" and any(found)):
                self._leave(at for at, value in enumerate(found) if value < 0 or (name == "guest" and value))
            self.values[name] = found

    def _given(self) -> list[str | None]:
        """The folded keys; a user without an e-mail address is left, and one who has another key beside it."""
        if self.plain.noun is not USER:
            return _folded(self._column("key"))
        given = _folded(self._column("email"))
        self._leave(at for at, key in enumerate(given) if key is None)
        if "key" in self.values:
            other = self._column("key")
            self._leave(at for at, key in enumerate(other) if key is not None and key != given[at])
        return given

    def _named(self) -> list[str | None]:
        """The folded names; a row without one is left, because a record needs it."""
        if self.plain.noun is CUSTOMER:
            names = self._column("name")
            self._leave(at for at, name in enumerate(names) if name is None)
            return _folded(names)
        first, last = self._column("first_name"), self._column("last_name")
        if None in first or None in last:
            self._leave(at for at in range(self.size) if first[at] is None or last[at] is None)
        return _folded([f"{one} {other}" for one, other in zip(first, last, strict=True)])

    def _column(self, name: str) -> Sequence[Any]:
        return self.values.get(name) or [None] * self.size

    def _entry(self, name: str) -> Field:
        found = self.plain.noun.field(name)
        assert found is not None
        return found


def _folded(texts: Sequence[str | None]) -> list[str | None]:
    """Each of the texts folded, None where there is none."""
    folded = fold_all([text or "" for text in texts])
    return [text or None for text in folded]
