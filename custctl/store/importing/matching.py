"""From what a row says to the records it means: the one it is about, and those it refers to.

Every question is asked for a whole chunk at once. What is stored is asked, so a chunk sees what those before it wrote.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from custctl.errors import Exit, Problem, did_you_mean
from custctl.resources import (
    ACCOUNT,
    ADDRESSES,
    CONTACT,
    NOUNS,
    PRICE,
    PRODUCT,
    RECORD,
    ROLE,
    TAG,
    USER,
    VARIANT,
    Noun,
    fold,
    numbered,
    slug,
    tag_key,
)
from custctl.store.codec import language_code
from custctl.store.contents import title_of_variant
from custctl.store.importing.wanted import Asked, Way
from custctl.store.lookup import near_keys
from custctl.store.pricing import price_key
from custctl.store.sheets import By

_AMONG = "(SELECT value FROM json_each(:texts))"
_COLUMNS: Mapping[By, str] = {
    "external_id": "external_id",
    "name": "name_folded",
    "names": "name_folded",
    "label": "label_folded",
    "first_name": "first_folded",
    "last_name": "last_folded",
}
_CANDIDATES = 5


def folded(by: By, text: str) -> str:
    """The form in which a text is compared; external ids are compared as they are."""
    return text if by == "external_id" else fold(text)


def keys_by(connection: sqlite3.Connection, noun: Noun, by: By, texts: Iterable[str]) -> dict[str, list[str]]:
    """The keys of the stored records that have one of these texts (folded) there, by text, in order."""
    found: dict[str, list[str]] = {}
    wanted = sorted(set(texts))
    given = {"texts": json.dumps(wanted), "capitals": json.dumps([text.upper() for text in wanted])}
    for text, key in connection.execute(_query(noun, by), given):
        found.setdefault(fold(text) if by == "code" else text, []).append(key)
    return found


def _query(noun: Noun, by: By) -> str:
    if noun.table == "sales_document":
        of_noun = f"entity = '{noun.name}' AND number_folded IN {_AMONG}"
        return f"SELECT number_folded, number_folded FROM sales_document WHERE {of_noun}"
    if by == "email" and noun is CONTACT:
        return f"SELECT lower(e.value), t.key FROM contact t, json_each(t.emails) e WHERE lower(e.value) IN {_AMONG}"
    if by == "code" and noun is ROLE:
        return f"""SELECT code, key FROM role WHERE code IN (SELECT value FROM json_each(:capitals))
            UNION SELECT label_folded, key FROM role WHERE label_folded IN {_AMONG} ORDER BY 2"""
    column = _COLUMNS.get(by, "key")
    columns = tuple(f"{name}_folded" for name in _TITLES)
    if column in columns and column not in noun.folded:
        column = next((known for known in columns if known in noun.folded), "key")
    return f"SELECT {column}, key FROM {noun.table} WHERE {column} IN {_AMONG} ORDER BY key"


# -- the record a row is about -----------------------------------------------------------------------------------


def given_key(noun: Noun, asked: Asked) -> str | None:
    """The key that a row gives, as the unit of work knows it; None when it gives none."""
    if noun is USER:
        key = asked.values.get("key")
        if key is None and not asked.values.get("guest"):
            key = asked.values.get("email")
        return fold(str(key)) if key else None
    if noun is PRICE:
        return _price_given(asked.values)
    key = asked.values.get(noun.key) or (asked.values.get("sku") if noun is PRODUCT else None)
    return fold(str(key)) if key else None


def _price_given(values: Mapping[str, Any]) -> str | None:
    """A price is named by its list, its product and its quantity; one that is no quantity is told of later."""
    price_list, product, quantity = (values.get(name) for name in ("price_list", "product", "quantity"))
    if not isinstance(price_list, str) or not isinstance(product, str):
        return None
    count = str(quantity or 1)
    return price_key(fold(price_list), fold(product), int(count) if count.isdecimal() else 1)


_TITLES = ("name", "label", "title")


def title_of(noun: Noun, asked: Asked) -> str:
    """The words from which the key of a new record is made."""
    values = asked.values
    if noun is CONTACT:
        words = " ".join(str(values[name]) for name in ("first_name", "last_name") if values.get(name))
        emails = values.get("emails") or [""]
        first = emails[0] if isinstance(emails, list) else emails
        return words or str(first.get("email", "") if isinstance(first, Mapping) else first)
    if noun is USER:
        return "guest " + str(values.get("email") or "").partition("@")[0]
    if noun is VARIANT:
        return title_of_variant(values)
    return str(next((values[name] for name in (*_TITLES, "subject") if values.get(name)), ""))


def name_of(noun: Noun, asked: Asked) -> Way | None:
    """The identity field of a row, by which a record is found that it has neither key nor id of."""
    values = asked.values
    if noun is CONTACT:
        words = " ".join(str(values[name]) for name in ("first_name", "last_name") if values.get(name))
        return Way("names", words) if words else None
    for name in _TITLES:
        if noun.field(name) is not None and values.get(name):
            return Way("label" if name == "label" else "name", str(values[name]))
    return None


def find_records(
    connection: sqlite3.Connection, noun: Noun, rows: Sequence[Asked], *, by_name: bool = True
) -> Iterator[tuple[Asked, Problem]]:
    """Give each row the key of the stored record it means; the rows for which there are several.

    By the key that is given, else the external id, else, if wanted, the name among records whose external id is no
    other one (feature I-05).
    """
    by_key: dict[str, list[Asked]] = {}
    for asked in rows:
        asked.found = None
        key = given_key(noun, asked)
        if key is not None:
            by_key.setdefault(key, []).append(asked)
        elif noun.key != "key" or noun is RECORD:
            words = f"{noun.key} is required"
            yield asked, Problem("invalid", Exit.INVALID, words, None, asked.place(noun.key), noun.key)
    if by_key:
        for key, stored in keys_by(connection, noun, "key", by_key).items():
            for asked in by_key[key]:
                asked.found = stored[0]
    _by_external_id(connection, noun, [row for row in rows if row.found is None or noun is USER])
    if by_name:
        rest = [row for row in rows if row.found is None and given_key(noun, row) is None]
        if noun is VARIANT:
            _by_people(connection, rest)
        yield from _by_name(connection, noun, rest)


def _by_people(connection: sqlite3.Connection, rows: Sequence[Asked]) -> None:
    """Variants have no names: the one of a content that is for the same people is meant (feature P-11)."""
    query = f"""SELECT t.key, c.key, m.key, g.key, t.language
        FROM content_variant t JOIN content c ON c.id = t.content_id
        LEFT JOIN customer m ON m.id = t.customer_id LEFT JOIN customer_group g ON g.id = t.group_id
        WHERE c.key IN {_AMONG}"""
    contents = json.dumps(sorted({fold(str(row.values.get("content") or "")) for row in rows}))
    stored = {tuple(people): key for key, *people in connection.execute(query, {"texts": contents})}
    for row in rows:
        content, customer, group = (
            fold(str(row.values[name])) if row.values.get(name) else None for name in ("content", "customer", "group")
        )
        row.found = stored.get((content, customer, group, _language(row.values.get("language"))))


def _language(value: Any) -> str | None:
    """A language as it is stored; what is none is no variant's, and the input model says so."""
    try:
        return language_code(str(value)) if value else None
    except ValueError:
        return str(value)


def _by_external_id(connection: sqlite3.Connection, noun: Noun, rows: Sequence[Asked]) -> None:
    """Users are found by id before their e-mail address, which may be what changes."""
    if noun.field("external_id") is None:
        return
    ids = {str(asked.values["external_id"]): asked for asked in rows if asked.values.get("external_id")}
    if ids:
        for value, stored in keys_by(connection, noun, "external_id", ids).items():
            if ids[value].values.get("key") is None:
                ids[value].found = stored[0]


def _by_name(connection: sqlite3.Connection, noun: Noun, rows: Sequence[Asked]) -> Iterator[tuple[Asked, Problem]]:
    """A contact of whom a file has the first or the last name only is found by that (oroinc/crm ContactBundle)."""
    named: dict[By, list[tuple[Asked, str]]] = {}
    for asked in rows:
        name = name_of(noun, asked)
        if name is not None:
            by: By = asked.half or name.by
            named.setdefault(by, []).append((asked, folded(by, name.text)))
    for by, pairs in named.items():
        stored = keys_by(connection, noun, by, (text for _, text in pairs))
        if noun.field("external_id") is not None:
            stored = _without_other_ids(connection, noun, stored)
        yield from _by_one_name(noun, pairs, stored)


def _by_one_name(
    noun: Noun, named: Iterable[tuple[Asked, str]], stored: Mapping[str, list[str]]
) -> Iterator[tuple[Asked, Problem]]:
    for asked, text in named:
        wanted = asked.values.get("external_id")
        ids = stored.get(text, [])
        keys = [key.partition("\0")[0] for key in ids if not wanted or key.endswith("\0")]
        if noun is ROLE:
            owner = asked.values.get("customer")
            keys = [key for key in keys if key.rpartition("/")[0] == (owner or "")]
        if len(keys) == 1:
            asked.found = keys[0]
        elif keys:
            yield asked, _ambiguous(asked, noun, title_of(noun, asked), keys)


def _without_other_ids(
    connection: sqlite3.Connection, noun: Noun, stored: Mapping[str, list[str]]
) -> dict[str, list[str]]:
    """The same keys, those of records without an external id marked by a NUL behind them."""
    keys = json.dumps([key for found in stored.values() for key in found])
    query = f"SELECT key FROM {noun.table} WHERE key IN {_AMONG} AND external_id IS NULL"
    free = {key for (key,) in connection.execute(query, {"texts": keys})}
    return {text: [f"{key}\0" if key in free else key for key in found] for text, found in stored.items()}


def _ambiguous(asked: Asked, noun: Noun, text: str, keys: Sequence[str]) -> Problem:
    shown = tuple(sorted(keys)[:_CANDIDATES])
    more = " and more" if len(keys) > len(shown) else ""
    hint = f"name one by its key: {', '.join(shown)}{more}"
    words = f"several {noun.plural} are called {text!r}"
    path = "name" if noun.field("name") is not None and noun is not CONTACT else asked.half or "last_name"
    return Problem("ambiguous", Exit.INVALID, words, hint, asked.place(path), None, text, shown)


class Keys:
    """Makes keys for new records: the slug of their title, with -2, -3 where that is taken."""

    def __init__(self, connection: sqlite3.Connection, noun: Noun) -> None:
        self.connection = connection
        self.noun = noun
        self._counts: dict[str, int] = {}

    def give(self, rows: Sequence[Asked]) -> None:
        """Give every row its key: that of the record it means, the one it gives, or a new one."""
        taken: set[str] = set()
        new: list[tuple[Asked, str]] = []
        for asked in rows:
            given = given_key(self.noun, asked)
            asked.key = asked.found or given or ""
            if asked.key:
                taken.add(asked.key)
            else:
                new.append((asked, self._first(asked)))
        if self.noun is TAG:
            self._give_tags([asked for asked, _ in new], taken)
            return
        for (asked, _), key in zip(new, self.free([first for _, first in new], taken), strict=True):
            asked.key = key

    def _give_tags(self, rows: Sequence[Asked], taken: set[str]) -> None:
        for asked in rows:
            first, least = tag_key(title_of(TAG, asked))
            asked.key = self._free(first, taken, least)
            taken.add(asked.key)

    def free(self, firsts: Sequence[str], taken: set[str]) -> list[str]:
        """Keys that nothing stored has, nor anything taken or before them in the list."""
        stored = keys_by(self.connection, self.noun, "key", set(firsts)) if firsts else {}
        made = []
        for first in firsts:
            made.append(self._free(first, taken) if first in stored or first in taken else first)
            taken.add(made[-1])
        return made

    def _first(self, asked: Asked) -> str:
        owner = asked.values.get("customer") if self.noun is ROLE else None
        made = slug(title_of(self.noun, asked), self.noun.name)
        return f"{owner}/{made}" if owner else made

    def _free(self, first: str, taken: set[str], least: int = 1) -> str:
        """Counting goes on where it ended, so that a thousand equal names do not ask a million times."""
        owner, slash, base = first.rpartition("/")
        count = max(self._counts.get(first, 1), least)
        key = first if least == 1 else f"{owner}{slash}{numbered(base, count)}"
        while key in taken or self._is_stored(key):
            count += 1
            key = f"{owner}{slash}{numbered(base, count)}"
        self._counts[first] = count
        return key

    def _is_stored(self, key: str) -> bool:
        query = f"SELECT 1 FROM {self.noun.table} WHERE key = ?"
        return self.connection.execute(query, (key,)).fetchone() is not None


# -- the records a row refers to ---------------------------------------------------------------------------------


def target_of(noun: Noun, name: str) -> Noun:
    """The noun that a field refers to; `owner` of an address is whose it is."""
    if noun is CONTACT and name in OF_ACCOUNTS:
        return ACCOUNT
    field = noun.field(name)
    return NOUNS[field.to] if field is not None and field.to else ADDRESSES[noun.name][0]


OF_ACCOUNTS = ("accounts", "default_contact_of")
"""What a row of a contact may say of accounts, though it is accounts that keep it."""


def find_references(
    connection: sqlite3.Connection, noun: Noun, rows: Sequence[Asked]
) -> Iterator[tuple[Asked, Problem, Way]]:
    """Put the keys of the records that rows name into their values; what leads nowhere, or to several records.

    A record of the same noun may be one that another of these rows makes; references by key are looked at too, when
    they lead to the same noun, because what is missing there may come later.
    """
    own = _Own(noun, rows)
    stored = _stored(connection, noun, rows)
    for asked in rows:
        for name, entries in sorted(asked.named.items()):  # a user's customer comes before the roles
            field, target = noun.field(name), target_of(noun, name)
            keys: list[str] = []
            for ways in entries:
                key, problem = _one(connection, asked, name, target, ways, stored, own if target is noun else None)
                if problem is not None:
                    yield asked, problem, ways[0]
                elif key is not None:
                    keys.append(key)
            many = (noun is CONTACT and name in OF_ACCOUNTS) or (field is not None and field.kind == "links")
            if keys:
                asked.values[name] = keys if many else keys[0]


class _Own:
    """The records that the rows of a chunk make, by everything they can be named by."""

    def __init__(self, noun: Noun, rows: Sequence[Asked]) -> None:
        self.found: dict[tuple[By, str], list[str]] = {}
        for asked in rows:
            self._put("key", asked.key, asked.key)
            if asked.values.get("external_id"):
                self._put("external_id", str(asked.values["external_id"]), asked.key)
            name = name_of(noun, asked)
            if name is not None and asked.found is None:
                self._put(name.by, folded(name.by, name.text), asked.key)

    def _put(self, by: By, text: str, key: str) -> None:
        self.found.setdefault((by, text), []).append(key)


_Stored = Mapping[tuple[str, By], Mapping[str, list[str]]]


def _stored(connection: sqlite3.Connection, noun: Noun, rows: Sequence[Asked]) -> _Stored:
    texts: dict[tuple[str, By], set[str]] = {}
    for asked in rows:
        for name, entries in asked.named.items():
            target = target_of(noun, name)
            for ways in entries:
                for way in ways:
                    texts.setdefault((target.name, way.by), set()).add(folded(way.by, way.text))
    return {pair: keys_by(connection, NOUNS[pair[0]], pair[1], found) for pair, found in texts.items()}


def _one(
    connection: sqlite3.Connection,
    asked: Asked,
    name: str,
    target: Noun,
    ways: Sequence[Way],
    stored: _Stored,
    own: _Own | None,
) -> tuple[str | None, Problem | None]:
    """The key of the one record that a row names, or what is wrong with that."""
    for way in ways:
        text = folded(way.by, way.text)
        keys = stored[(target.name, way.by)].get(text, [])
        if own is not None:
            keys = sorted({*keys, *own.found.get((way.by, text), ())})
        if target is ROLE and len(keys) > 1:
            keys = _roles_for(asked, keys)
        if len(keys) == 1:
            return keys[0], None
        if keys:
            problem = _ambiguous(asked, target, way.text, keys)
            return None, Problem(problem.code, problem.exit, problem.message, problem.hint, asked.place(name))
    return None, missing(connection, asked, name, target, ways[0])


def _roles_for(asked: Asked, keys: Sequence[str]) -> list[str]:
    """Of roles with one label, those of the user's own customer come first, then those for everyone."""
    own = [key for key in keys if key.rpartition("/")[0] and key.rpartition("/")[0] == asked.values.get("customer")]
    return own or [key for key in keys if "/" not in key] or list(keys)


_WAYS: Mapping[By, str] = {
    "external_id": "with the external id ",
    "name": "called ",
    "label": "called ",
    "names": "called ",
}


def missing(connection: sqlite3.Connection, asked: Asked, name: str, target: Noun, way: Way) -> Problem:
    """What to say where a row names a record that is not there."""
    text = slug(way.text, "").removeprefix("role-frontend-")
    close = near_keys(connection, target.table, "key", text) if target.key == "key" else []
    words = f"{target.title} {_WAYS.get(way.by, '')}{way.text!r} not found"
    hint = did_you_mean(close)
    return Problem("not-found", Exit.INVALID, words, hint, asked.place(name), name, way.text, tuple(close))
