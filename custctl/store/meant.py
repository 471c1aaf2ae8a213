"""What the value of a condition means: a stored record, or a word of a closed set.

A value that is neither stored nor known is refused with exit 4: a condition that finds nothing because of a typing
mistake would read like an answer. Words that the shop may add to, like the statuses of orders, are known when a rule
knows them or a record has them. What is free text, like an owner, is not checked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from custctl.errors import CustctlError, Exit, Problem, did_you_mean, near
from custctl.resources import NOUNS, RECORD, SALES, TAG, Field, Noun, fold, noun_of, reference, slug, tag_key
from custctl.store import lookup
from custctl.store.select import selection

if TYPE_CHECKING:
    from custctl.store.scopes import Condition

Find = Callable[[Noun, str], int | None]
"""How the user in whose name a command runs finds a record: one that he may not see is as if not stored."""

_TYPED = frozenset((("activity", "about"), ("marketing-event", "to"), ("record", "parent")))
"""The fields that name records of any noun, as TYPE:KEY."""
_MOST_SHOWN = 12


class Reader(NamedTuple):
    """Reads the values of conditions on one connection."""

    connection: sqlite3.Connection
    find: Find | None = None
    within: Condition | None = None
    """What that user may see of the records that are listed."""

    def records(self, field: Field, words: Sequence[str]) -> list[int]:
        """The ids of the records that words name; raises exit 4 for all of those that name none."""
        target = NOUNS[field.to]
        ids, problems = list[int](), list[Problem]()
        for word in words:
            row_id = self._found(target, word)
            if row_id is None:
                problems.append(self._missing(field.name, target, word))
            else:
                ids.append(row_id)
        if problems:
            raise CustctlError(*problems)
        return ids

    def check(self, noun: Noun, field: Field, word: str) -> None:
        """Refuse a value that the field of a noun cannot hold (exit 4)."""
        if (noun.name, field.name) in _TYPED:
            self.check_reference(field.name, word)
            return
        from custctl.choices import closed_set  # most conditions are about records or amounts

        known: Iterable[str] | None = closed_set(noun, field)
        if known is None:
            known = self._open_set(noun, field, word)
        if known is not None and fold(word) not in map(fold, known):
            raise CustctlError(_unknown(field.name, word, known))

    def check_reference(self, name: str, word: str) -> None:
        """Refuse a value that is no TYPE:KEY of a stored record (exit 4)."""
        kind, colon, key = word.partition(":")
        noun = noun_of(kind)
        if noun is not None and colon and (noun.table != "record"):
            if self._found(noun, key) is None:
                raise CustctlError(self._missing(name, noun, key))
            return
        query = "SELECT 1 FROM record WHERE entity = ? AND key_folded = ?"
        if self.connection.execute(query, (kind, fold(key))).fetchone() is None:
            hint = "records are written as TYPE:KEY, like customer:acme"
            raise CustctlError(_problem(name, f"{name}: no record {word!r} is stored", word, hint=hint))

    def key(self, name: str, noun: Noun, word: str) -> str:
        """The key of the record of a noun that a value names; raises exit 4 where there is none."""
        row_id = self._found(noun, word)
        if row_id is None:
            raise CustctlError(self._missing(name, noun, word))
        query = f"SELECT {noun.key} FROM {noun.table} WHERE id = ?"
        return str(self.connection.execute(query, (row_id,)).fetchone()[0])

    def reference(self, name: str, word: str, default: Noun | None = None) -> str:
        """A record in the form that answers have, `user:KEY`; without a type it is of the default noun (exit 4)."""
        kind, colon, key = word.partition(":")
        noun = noun_of(kind) if colon else default
        if noun is None:
            self.check_reference(name, word)
            return word
        return reference(noun, self.key(name, noun, key if colon else word))

    def _found(self, noun: Noun, word: str) -> int | None:
        return self._stored(noun, word) if self.find is None else self.find(noun, word)

    def _stored(self, noun: Noun, word: str) -> int | None:
        """The id of the record that a word means, as where it is named as an argument."""
        if noun in SALES:
            query = "SELECT id FROM sales_document WHERE entity = ? AND number_folded = ?"
            row = self.connection.execute(query, (noun.name, fold(word.removeprefix(f"{noun.name}:")))).fetchone()
            return None if row is None else int(row[0])
        if noun is TAG:
            return self._tag(word)
        found = lookup.find(self.connection, noun, word)
        return None if found is None else found[0]

    def _tag(self, word: str) -> int | None:
        """A tag by its key, else by its name, as where records are tagged."""
        key, least = tag_key(word)
        query = (
            "SELECT coalesce((SELECT o.id FROM tag o WHERE o.key = :key), (SELECT o.id FROM tag o WHERE"
            " o.name_folded = :name))"
        )
        names = {"key": key if least == 1 else None, "name": fold(word)}
        row_id = self.connection.execute(query, names).fetchone()[0]
        return None if row_id is None else int(row_id)

    def _missing(self, name: str, noun: Noun, word: str) -> Problem:
        column = "number" if noun in SALES else "key"
        entity = noun.name if noun in SALES else None
        sought = slug(word, noun.name) if column == "key" and "@" not in word and "/" not in word else fold(word)
        keys = lookup.near_keys(self.connection, noun.table, column, sought, entity)
        seen = [key for key in keys if self._found(noun, key) is not None]
        from custctl import shell

        hint = None if seen or self.find is not None else f"see what there is: {shell.command(f'{noun.group} list')}"
        return _problem(name, f"{name}: no {noun.title} {word!r} is stored", word, seen, hint)

    def _open_set(self, noun: Noun, field: Field, word: str) -> Iterable[str] | None:
        """The words of a set that may grow, None where a field is free text: those known besides the stored ones."""
        known = self._known(noun, field, word)
        if known is None or not field.in_row:
            return known
        column, every = f"t.{field.holder}", selection(noun.name).restriction
        source = f"{noun.table} t, json_each({column}) e" if field.kind == "list" else f"{noun.table} t"
        held = "e.value" if field.kind == "list" else column
        within, parameters = self.within or ("1", {})
        query = f"SELECT EXISTS (SELECT 1 FROM {source} WHERE {every} AND ({within}) AND lower({held}) = :word)"
        if fold(word) in map(fold, known):
            return known
        stored = self.connection.execute(query, {"word": fold(word), **parameters}).fetchone()[0]
        return [*known, word] if stored else known

    def _known(self, noun: Noun, field: Field, word: str) -> list[str] | None:
        from custctl.choices import CHANNEL_ENTITIES, STATUSES

        if field.name == "status" and noun.name in STATUSES:
            return list(STATUSES[noun.name])
        if field.name in ("currency", "country", "region"):
            return _by_iso(field.name, word)
        if field.name == "language":
            from custctl.store.settings import value_of  # most lists are not narrowed by language

            return [str(code) for code in value_of(self.connection, "language.enabled")]
        if (noun, field.name) == (RECORD, "entity"):
            from custctl.policy.catalogue import ENTITIES

            return [*ENTITIES, *(row[0] for row in self.connection.execute("SELECT name FROM entity ORDER BY name"))]
        if (noun.name, field.name) == ("channel", "entities"):
            return list(dict.fromkeys(name for names in CHANNEL_ENTITIES.values() for name in names))
        return None


def _by_iso(name: str, word: str) -> list[str]:
    """The word itself where the standard knows it, else near ones."""
    from custctl.store import places  # a library that most lists do not need

    code = word.upper()
    if name == "currency":
        known = places.is_currency(code)
    elif name == "country":
        known = places.is_country(code)
    else:
        known = code in places.regions(code.partition("-")[0])
    return [code] if known else []


def one_of(name: str, known: Sequence[str]) -> Callable[[str], str]:
    """Read one of the words of a closed set, in any letter case; raises exit 4 for another one."""

    def read(word: str) -> str:
        if fold(word) not in known:
            raise CustctlError(_unknown(name, word, known))
        return fold(word)

    return read


def _unknown(name: str, word: str, known: Iterable[str]) -> Problem:
    words = list(known)
    close = near(word, words)
    more = ", …" if len(words) > _MOST_SHOWN else ""
    hint = did_you_mean(close) or (f"{name} is one of {', '.join(words[:_MOST_SHOWN])}{more}" if words else None)
    return _problem(name, f"{name}: {word!r} is not one of the values that are known", word, close, hint)


def _problem(name: str, message: str, word: str, candidates: Sequence[str] = (), hint: str | None = None) -> Problem:
    told = hint or did_you_mean(candidates)
    return Problem("unknown-value", Exit.INVALID, message, told, field=name, value=word, candidates=tuple(candidates))
