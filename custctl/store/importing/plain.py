"""What the rows of a sheet say in plain values, whole columns at a time: all of the short road that needs no database.

A page of rows is checked by the checks of the input model. Rows of which anything is wrong, or that say more than
plain values and references, are left: the long way has the words for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice, repeat
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from custctl.resources import CUSTOMER, USER, Field, Noun, fold_all, trimmed
from custctl.store.inputs import INPUTS, keeps_all
from custctl.store.sheets import By, Column, Row, Sheet
from custctl.store.sheets.spoilt import any_suspect, is_spoilt

BATCH = 8_000
"""So many rows are taken together."""
TAKEN = (CUSTOMER, USER)
"""The nouns that have a short road."""

_CELLS, _WRONG = itemgetter(1), itemgetter(2)
_WORDS = {"true": 1, "false": 0, "1": 1, "0": 0, "yes": 1, "no": 0}
_NOTHING = -2
_WAYS: tuple[By, ...] = ("external_id", "key", "value", "name")
_ROLES: tuple[By, ...] = ("key", "value", "code", "label")
_Value = TypeVar("_Value")


class Cell(NamedTuple):
    """A column that names a record, and how it does."""

    place: int
    by: By


class Coded(NamedTuple, Generic[_Value]):
    """A column of values that recur: each of them once, and for each row which of them it has; -1 where it has none."""

    distinct: Sequence[_Value]
    codes: Sequence[int]


class Page(NamedTuple):
    """Some rows, column by column; it goes from one process to another, and two columns alike go once."""

    lines: Sequence[int]
    cells: Sequence[Sequence[str]]
    """A column each, as it is written."""
    left: frozenset[int]
    """The places of the rows that go the long way."""
    values: dict[str, Sequence[Any]]
    """The fields whose cells are values, None where a cell says nothing."""
    given: Sequence[str | None]
    """The key of each row, folded; of a user the e-mail address."""
    named: Sequence[str | None]
    """The name of each row, folded."""
    simple: frozenset[str]
    """The fields whose texts are all there, and stand in JSON as they are."""
    mentioned: dict[str, Coded[tuple[By, str]]]
    """How rows name the records that they refer to, by field; the texts are folded, but for external ids."""
    roles: Coded[tuple[Any, ...]]
    """Of users: whether they may sign in, and their cells about roles."""
    wrong: Sequence[Row] = ()
    """Records of these lines that are no rows."""
    share: float | None = None
    """How much of the file is read by now, from 0 to 1."""
    expected: float = 0
    """How many rows the file has, as far as can be seen by now; 0 where nobody knows."""

    @property
    def size(self) -> int:
        return len(self.lines)

    def blank(self) -> dict[str, list[int]]:
        """The places of the rows that say nothing of a field that a new record gets all the same, by field."""
        found: dict[str, list[int]] = {}
        owners = self.values.get("owner", ())
        if None in owners:
            found["owner"] = [at for at, owner in enumerate(owners) if owner is None]
        for name, codes in (("account", self.mentioned.get("account")), ("channel", self.mentioned.get("channel"))):
            if codes is not None and -1 in codes.codes:
                found[name] = [at for at, code in enumerate(codes.codes) if code == -1]
        silent = {code for code, (_, *cells) in enumerate(self.roles.distinct) if not any(cells)}
        if silent:
            found["roles"] = [at for at, code in enumerate(self.roles.codes) if code in silent]
        return found

    def row(self, at: int) -> Row:
        """A row as it stands in the sheet."""
        return Row(self.lines[at], [column[at] for column in self.cells])


_NO_ROWS = Page((), (), frozenset(), {}, (), (), frozenset(), {}, Coded((), ()))


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
        rows, seen = iter(sheet.rows), 0
        while batch := list(islice(rows, BATCH)):
            seen += len(batch)
            wrong = [row for row in batch if row.wrong is not None] if any(map(_WRONG, batch)) else []
            good = [row for row in batch if row.wrong is None] if wrong else batch
            page = _Reading(self, good).page() if good else _NO_ROWS
            share = sheet.share()
            yield page._replace(wrong=wrong, share=share, expected=seen / share if share else 0)

    def named_by(self, noun: Noun) -> set[str]:
        """The columns by which records of a noun are looked for: what the cells name them by, and their keys."""
        names = [entry.name for entry in self.noun.fields if entry.to == noun.name]
        ways: set[str] = {cell.by for name in names for cell in self.references.get(name, ())}
        return {"key", *ways} - {"value"} if ways else set()


class _Reading:
    """The rows of a page while they are looked at."""

    def __init__(self, plain: Plain, rows: Sequence[Row]) -> None:
        self.plain = plain
        self.size = len(rows)
        self.lines = [row.line for row in rows]
        self.cells: list[Sequence[Any]] = list(zip(*map(_CELLS, rows), strict=True))
        self.left: set[int] = set()
        self.values: dict[str, Sequence[Any]] = {}

    def page(self) -> Page:
        for place in self.plain.others:
            self._leave(at for at, cell in enumerate(self.cells[place]) if cell)
        self._texts()
        self._bools()
        given, named = self._given(), self._named()
        self._leave_repeated(given, named)
        texts = {**{name: self.values[name] for name in self.plain.texts}, "key": given}
        simple = frozenset(name for name, column in texts.items() if _is_simple(column))
        mentioned, roles = self._mentioned(), self._roles()
        left = frozenset(self.left)
        return Page(self.lines, self.cells, left, self.values, given, named, simple, mentioned, roles)

    def _leave(self, places: Iterable[int]) -> None:
        self.left.update(places)

    def _texts(self) -> None:
        """Values that the input model takes as they are, or cleans; an empty cell says nothing."""
        for name, place in self.plain.texts.items():
            cells = self.cells[place]
            if any_suspect(cells):
                self._leave(at for at, cell in enumerate(cells) if is_spoilt(cell.strip()))
            if keeps_all(self.plain.hints[name], [cell for cell in cells if cell] if "" in cells else cells):
                self.values[name] = [cell or None for cell in cells] if "" in cells else cells
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

    def _given(self) -> Sequence[str | None]:
        """The folded keys; a user without an e-mail address is left, and one who has another key beside it."""
        if self.plain.noun is not USER:
            return _folded(self._column("key"))
        given = _folded(self._column("email"))
        self._leave(at for at, key in enumerate(given) if key is None)
        if not all(key is None or key.isascii() for key in given):  # they may look like others, which is told of
            self._leave(at for at, key in enumerate(given) if key is not None and not key.isascii())
        if "key" in self.values:
            other = self._column("key")
            self._leave(at for at, key in enumerate(other) if key is not None and key != given[at])
        return given

    def _named(self) -> Sequence[str | None]:
        """The folded names; a row without one is left, because a record needs it."""
        if self.plain.noun is CUSTOMER:
            names = self._column("name")
            self._leave(at for at, name in enumerate(names) if name is None)
            return _folded(names)
        first, last = self._column("first_name"), self._column("last_name")
        if None in first or None in last:
            self._leave(at for at in range(self.size) if first[at] is None or last[at] is None)
        return _folded([f"{one} {other}" for one, other in zip(first, last, strict=True)])

    def _leave_repeated(self, given: Sequence[str | None], named: Sequence[str | None]) -> None:
        """Leave rows that name their record by something that another row has too."""
        ids = self._column("external_id")
        texts = [given, ids] if None not in given or all(ids) else [given, ids, named]
        for column in texts:
            if len(set(column)) < len(column):
                counts = Counter(column)
                self._leave(at for at, text in enumerate(column) if text is not None and counts[text] > 1)

    def _mentioned(self) -> dict[str, Coded[tuple[By, str]]]:
        """The records that rows refer to, by their first cell that says it; a cell with blanks around it is left."""
        mentioned = {}
        for name, cells in self.plain.references.items():
            if name == "roles":
                continue
            rows, codes = _coded(zip(*(self.cells[place] for place, _ in cells), strict=True))
            blank = {code for code, row in enumerate(rows) if _is_odd(row)}
            if blank:
                self._leave(at for at, code in enumerate(codes) if code in blank)
            firsts = [next((by, text) for (_, by), text in zip(cells, row, strict=True) if text) for row in rows]
            folded = fold_all([text for _, text in firsts])
            said = [(by, text if by == "external_id" else low) for (by, text), low in zip(firsts, folded, strict=True)]
            mentioned[name] = Coded(said, codes)
        return mentioned

    def _roles(self) -> Coded[tuple[Any, ...]]:
        if self.plain.noun is not USER:
            return Coded([], [])
        enabled = self.values.get("enabled") or repeat(1, self.size)
        cells = (self.cells[place] for place, _ in self.plain.references.get("roles", ()))
        return _coded(zip(enabled, *cells, strict=False))

    def _column(self, name: str) -> Sequence[Any]:
        return self.values.get(name) or [None] * self.size

    def _entry(self, name: str) -> Field:
        found = self.plain.noun.field(name)
        assert found is not None
        return found


def _is_odd(cells: Sequence[str]) -> bool:
    """Whether cells have white space around them, or are spoilt: the long way has the words for it."""
    return any(cell != trimmed(cell) or is_spoilt(cell) for cell in cells)


def _is_simple(texts: Sequence[str | None]) -> bool:
    """Whether all of the texts are there, and none of them is escaped in JSON."""
    if None in texts:
        return False
    joined = "".join(texts)  # type: ignore[arg-type]  # none is None
    return joined.isprintable() and '"' not in joined and "\\" not in joined


def _coded(rows: Iterable[tuple[Any, ...]]) -> Coded[tuple[Any, ...]]:
    """Rows of which many are alike; one in which there is nothing has none."""
    rows = list(rows)
    distinct = [row for row in dict.fromkeys(rows) if any(row)]
    code_of = dict(zip(distinct, count(), strict=False))
    return Coded(distinct, [code_of.get(row, -1) for row in rows])


def _folded(texts: Sequence[str | None]) -> Sequence[str | None]:
    """Each of the texts folded, None where there is none; the same texts where nothing is to be folded."""
    folded = [text or None for text in fold_all([text or "" for text in texts])]
    return texts if folded == list(texts) else folded  # which costs less on the way to another process
