"""What earlier rows of a file have said of each record, so that a later row does not contradict them (design 5.1).

A row for a record that an earlier row wrote or found may repeat what that said, or fill what it left blank. Kept are
the line and the fields, not the values: a value that was said is the stored one, or else a row was in between that did
not say it either. Eight bytes a record.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from custctl.resources import Noun, fold

_DENSE = 50_000_000
"""Up to this id the lines stand in an array by id; ids are counted, so that nearly every one is below it."""


class Said(NamedTuple):
    """The line of a row, and the fields that it said something of."""

    line: int
    fields: frozenset[str]


class Earlier:
    """The rows of a file that have been taken, by the records of one noun that they are about."""

    def __init__(self) -> None:
        self._lines = array("I")
        self._sets = array("I")
        self._rest: dict[int, list[Said]] = {}
        """The records that several rows have said something of, and those beyond the array."""
        self._numbers: dict[frozenset[str], int] = {}
        self._fields: list[frozenset[str]] = []

    def range(self, ids: range, lines: Sequence[int], fields: frozenset[str]) -> None:
        """Take rows that have made new records with these ids."""
        if ids and ids[-1] >= _DENSE:
            for row_id, line in zip(ids, lines, strict=True):
                self.add(row_id, line, fields)
        elif ids:
            self._grow(ids[-1])
            self._lines[ids[0] : ids[-1] + 1] = array("I", lines)
            self._sets[ids[0] : ids[-1] + 1] = array("I", [self._number(fields)]) * len(ids)

    def add(self, row_id: int, line: int, fields: Iterable[str]) -> None:
        """Take a row that has said something of a record."""
        told = frozenset(fields)
        said = self.of(row_id)
        if said and told <= frozenset().union(*(one.fields for one in said)):
            return
        if said or row_id >= _DENSE:
            self._rest[row_id] = [*said, Said(line, told)]
            return
        self._grow(row_id)
        self._lines[row_id], self._sets[row_id] = line, self._number(told)

    def of(self, row_id: int) -> list[Said]:
        """What the rows taken so far have said of a record, in their order."""
        if row_id in self._rest:
            return self._rest[row_id]
        if row_id >= len(self._lines) or not self._lines[row_id]:
            return []
        return [Said(self._lines[row_id], self._fields[self._sets[row_id]])]

    def _grow(self, row_id: int) -> None:
        missing = row_id + 1 - len(self._lines)
        if missing > 0:
            more = max(missing, len(self._lines) // 8)
            self._lines.extend(array("I", [0]) * more)
            self._sets.extend(array("I", [0]) * more)

    def _number(self, fields: frozenset[str]) -> int:
        if fields not in self._numbers:
            self._numbers[fields] = len(self._fields)
            self._fields.append(fields)
        return self._numbers[fields]


def filled(image: Mapping[str, Any], names: Iterable[str]) -> frozenset[str]:
    """Those of the fields that hold something."""
    return frozenset(name for name in names if not _is_nothing(image.get(name)))


def contradicted(
    noun: Noun, said: Iterable[Said], before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[int, list[str]] | None:
    """The line that said otherwise, and the fields that it said so of; None where nothing that was said is lost.

    Texts are compared folded, and phone numbers by their digits; links without an order as sets.
    """
    fields: list[str] = []
    line = 0
    for one in said:
        lost = [name for name in sorted(one.fields) if _is_lost(noun, name, before.get(name), after.get(name))]
        line = line or (one.line if lost else 0)
        fields += lost
    order = [field.name for field in noun.fields]
    return (line, sorted(set(fields), key=order.index)) if fields else None


def keep_said(said: Iterable[Said], before: Mapping[str, Any], after: dict[str, Any]) -> None:
    """Leave what was said in the spelling of the row that said it first, so that two spellings do not take turns."""
    for name in frozenset().union(*(one.fields for one in said)):
        if (
            name in after
            and not _is_nothing(before.get(name))
            and _normal(name, before[name]) == _normal(name, after[name])
        ):
            after[name] = before[name]


def _is_lost(noun: Noun, name: str, before: Any, after: Any) -> bool:
    field = noun.field(name)
    if field is None or field.computed or _is_nothing(before):
        return False
    if isinstance(before, list) and isinstance(after, list) and field.via is not None and not field.via.place:
        return set(before) != set(after)
    return bool(_normal(name, before) != _normal(name, after))


def _normal(name: str, value: Any) -> Any:
    """The form in which values are compared: of a key, a name or an e-mail address folded, of a phone its digits."""
    if isinstance(value, list):
        return [_normal(name, one) for one in value]
    if not isinstance(value, str):
        return value
    if name in ("phones", "phone", "fax"):
        digits = "".join(char for char in value if char.isdigit() or char == "+")
        return digits or fold(value)
    return " ".join(fold(value).split()) if name in _FOLDED else value


_FOLDED = frozenset(
    (
        "sku",
        "number",
        "name",
        "first_name",
        "middle_name",
        "last_name",
        "label",
        "title",
        "email",
        "emails",
        "owner",
        "sales_reps",
    )
)


def _is_nothing(value: Any) -> bool:
    return value is None or value in ("", [], {})
