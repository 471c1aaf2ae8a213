"""Finding records of all nouns by what stands in them: names, keys, e-mails, phones, numbers, addresses, tags.

What is looked into follows from the noun table. Every word must be found somewhere in a record or its addresses, as
people read it. Names and keys that are the text come first, over all nouns, then those that begin with it; both by
index. The rest is found by reading every record, which is streamed: whoever wants few rows waits for few.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from custctl.errors import usage
from custctl.resources import (
    ADDRESS_OF,
    ADDRESSES,
    ENTITY,
    NOUNS,
    PRICE,
    RECORD,
    SETTING,
    TAG,
    TAGGED,
    Field,
    Noun,
    fold_letters,
    reference,
)
from custctl.store.reads import Listing, conditions_of
from custctl.store.select import Image, Selection, selection

Row = dict[str, Any]

SEARCHED = tuple(noun for noun in NOUNS.values() if noun not in (ENTITY, SETTING, PRICE) and noun.name not in ADDRESSES)
"""The nouns that are searched; addresses are found with their owners."""

_LAST = "\U0010ffff"


class Wanted(NamedTuple):
    """What is searched for, and among which records."""

    text: str
    nouns: Sequence[Noun] = SEARCHED
    tags: Sequence[str] = ()
    """The keys of tags that a record must have, all of them."""

    @property
    def words(self) -> list[str]:
        return fold_letters(self.text).split()


def found(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[Row]:
    """The records that hold every word of a text, best first, streamed: `{record, type, key, name, matched, text}`.

    `matched` is the field that holds the most of the words, and `text` what stands there (feature C-15).
    Raises exit 2 for a text without a word.
    """
    if not wanted.words:
        raise usage("say what to search for", "like custctl search 'Haines City'")
    nouns = [noun for noun in wanted.nouns if not wanted.tags or noun in TAGGED]
    return (row for way in (is_text, begins, holds) for noun in nouns for row in rows(connection, noun, wanted, way))


Way = Callable[[Noun, Wanted], str]
"""The condition of one way in which records of a noun can be found."""


def rows(connection: sqlite3.Connection, noun: Noun, wanted: Wanted, way: Way) -> Iterator[Row]:
    """The records of one noun that are found in one way, in the order of its list."""
    tagged, parameters = conditions_of(connection, noun, Listing([f"tags={key}" for key in wanted.tags]))
    parameters |= {f"word{number}": word for number, word in enumerate(wanted.words)}
    whole = " ".join(wanted.words)
    parameters |= {"whole": whole, "behind": whole + _LAST}
    order = ", ".join(_term(noun, name) for name in noun.sort.split(",") if name != noun.key)
    tail = " ".join(f"AND {part}" for part in (*tagged, way(noun, wanted)))
    tail += f" ORDER BY {', '.join(filter(None, (order, selection(noun.name).order(noun.key))))}"
    for row_id, image in _selection(noun).rows(connection, tail, parameters):
        matched, text = _where(connection, noun, row_id, image, wanted.words)
        key = image[noun.key]
        yield {
            "record": f"{image['entity']}:{key}" if noun is RECORD else reference(noun, key),
            "type": image["entity"] if noun is RECORD else noun.reference,
            "key": key,
            "name": _joined(image[name] for name in _called(noun)),
            "matched": matched,
            "text": text,
        }


def _term(noun: Noun, name: str) -> str:
    """One term of a list's order, `-at` downwards."""
    down = name.startswith("-")
    return f"{selection(noun.name).order(name.removeprefix('-'))}{' DESC' if down else ''}"


# -- which records -------------------------------------------------------------------------------------------------


def is_text(noun: Noun, _: Wanted) -> str:
    """The key or the name is the text."""
    return "(" + " OR ".join(f"{column} = :whole" for column in _names(noun)) + ")"


def begins(noun: Noun, wanted: Wanted) -> str:
    """The key or the name begins with the text, and neither is the text."""
    longer = " OR ".join(f"({column} > :whole AND {column} < :behind)" for column in _names(noun))
    return f"({longer}) AND {is_text(noun, wanted)} IS NOT TRUE"


def holds(noun: Noun, wanted: Wanted) -> str:
    """Every word is somewhere, and neither key nor name begins with the text."""
    beginning = " OR ".join(f"({column} >= :whole AND {column} < :behind)" for column in _names(noun))
    every = [_has(noun, f":word{number}") for number in range(len(wanted.words))]
    return " AND ".join((*every, f"({beginning}) IS NOT TRUE"))


def _names(noun: Noun) -> list[str]:
    """The columns that hold the key and the name in the form in which they are compared."""
    whole = _called(noun)
    columns = [column for column, fields in noun.folded.items() if fields == whole]
    return list(dict.fromkeys((selection(noun.name).order(noun.key), *(f"t.{column}" for column in columns))))


def _called(noun: Noun) -> tuple[str, ...]:
    """The fields that say what a record is called; a sales document has none."""
    columns = ("name_folded", "label_folded", "subject_folded")
    return next((noun.folded[column] for column in columns if column in noun.folded), ())


def _has(noun: Noun, word: str) -> str:
    """A word is somewhere in a record, in what is tagged to it, named by it, or in its addresses."""
    ways = [f"instr({column}, {word}) > 0" for column in _names(noun)]
    ways += [_in_field(noun, field, word) for field in _sought(noun) if not field.to]
    ways += [f"t.{field.holder} IN ({_named_so(NOUNS[field.to], word)})" for field in _sought(noun) if field.to]
    if noun in TAGGED:
        meant = _named_so(TAG, word)
        ways.append(
            f"t.id IN (SELECT l.record_id FROM tagging l WHERE l.tag_id IN ({meant}) AND l.noun = '{noun.name}')"
        )
    if noun.name in ADDRESS_OF:
        address = ADDRESS_OF[noun.name]
        column = ADDRESSES[address.name][1]
        held = " OR ".join(_in_field(address, field, word) for field in _sought(address))
        ways.append(f"t.id IN (SELECT t.{column} FROM address t WHERE t.{column} IS NOT NULL AND ({held}))")
    return f"({' OR '.join(ways)})"


def _named_so(target: Noun, word: str) -> str:
    """The ids of the records whose key or name holds a word."""
    held = " OR ".join(f"instr({column}, {word}) > 0" for column in _names(target))
    return f"SELECT t.id FROM {target.table} t WHERE {held}"


def _in_field(noun: Noun, field: Field, word: str) -> str:
    """A field holds a word; a list of texts is looked at as a whole first, which is quick, then member by member."""
    text = selection(noun.name).expression(field.name)
    if field.kind != "list":
        return _in_text(text, word)
    member = f"EXISTS (SELECT 1 FROM json_each({text}) WHERE {_in_text('value', word)})"
    return f"({_in_text(text, word)}) AND {member}"


def _in_text(text: str, word: str) -> str:
    """A text holds a word; only one that is not all ASCII takes the long way out of SQLite to be folded."""
    other = f"length({text}) <> length(CAST({text} AS BLOB))"
    return f"instr(lower({text}), {word}) > 0 OR ({other} AND instr(fold_letters({text}), {word}) > 0)"


def _sought(noun: Noun) -> list[Field]:
    return [field for field in noun.fields if field.name in noun.sought]


def _selection(noun: Noun) -> Selection:
    """What the rows of a search are told from."""
    entity = ("entity",) if noun is RECORD else ()
    return selection(noun.name, tuple(dict.fromkeys((noun.key, *entity, *_called(noun), *noun.sought))))


# -- where in a record ---------------------------------------------------------------------------------------------


def _where(
    connection: sqlite3.Connection, noun: Noun, row_id: int, image: Image, words: Sequence[str]
) -> tuple[str, str]:
    """The field that holds the most of the words, the first of those that hold as many, and its text."""
    best, most = ("", ""), 0
    for name, text in _places(connection, noun, row_id, image):
        held = sum(word in fold_letters(text) for word in words)
        if held > most:
            best, most = (name, text), held
        if most == len(words):
            break
    return best


def _places(connection: sqlite3.Connection, noun: Noun, row_id: int, image: Image) -> Iterator[tuple[str, str]]:
    """What a record can be found by, what it is called first; what stands beside it is read when it is needed."""
    if name := _joined(image[field] for field in _called(noun)):
        yield "name" if len(_called(noun)) > 1 else _called(noun)[0], name
    yield noun.key, image[noun.key]
    for field in _sought(noun):
        value = image[field.name]
        if field.to and value is not None:
            yield field.name, f"{_name_of(connection, NOUNS[field.to], value)} ({value})"
        else:
            for text in value if isinstance(value, list) else [] if value is None else [value]:
                yield field.name, text
    if noun in TAGGED:
        query = "SELECT o.key, o.name FROM tagging l JOIN tag o ON o.id = l.tag_id WHERE l.noun = ? AND l.record_id = ?"
        yield from (("tags", f"{name} ({key})") for key, name in connection.execute(query, (noun.name, row_id)))
    if noun.name in ADDRESS_OF:
        yield from (("addresses", text) for text in _addresses(connection, noun, row_id))


def _name_of(connection: sqlite3.Connection, target: Noun, key: str) -> str:
    return str(connection.execute(f"SELECT name FROM {target.table} WHERE key = ?", (key,)).fetchone()[0])


def _addresses(connection: sqlite3.Connection, noun: Noun, row_id: int) -> Iterator[str]:
    """The addresses of a record, each on one line."""
    address = ADDRESS_OF[noun.name]
    column = ADDRESSES[address.name][1]
    tail = f"AND t.{column} = :id ORDER BY t.is_primary DESC, t.key"
    for _, image in selection(address.name, address.sought).rows(connection, tail, {"id": row_id}):
        yield ", ".join(text for text in image.values() if text)


def _joined(texts: Iterable[str | None]) -> str | None:
    return " ".join(text for text in texts if text) or None


TYPES: Mapping[str, Noun] = {noun.reference: noun for noun in SEARCHED if noun is not RECORD}
"""The nouns that are searched, by what references begin with."""
