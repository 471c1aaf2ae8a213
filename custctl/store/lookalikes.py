"""E-mail addresses that look like others: letters of another script, full-width ones, marks that are easily missed.

Whoever reads amanda@x.example with a Cyrillic letter a takes it for that of Amanda. Such an address may be
right, so that it is told of and not refused.
"""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Iterator

_FROM = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u051d\u04bb\u043a\u043c\u0442\u0432"
    "\u03b1\u03bf\u03bd\u03c1\u03c5\u03b9\u03ba\u03c4\u03c7\u03b3\u03c9"
    "\u0131\u0142\u00f8"
)
_INTO = "aeopcyxijsdqwhkmtbaovpuiktxywilo"
_SAME = str.maketrans(_FROM, _INTO)
"""Letters of the Cyrillic and Greek scripts, and the Latin ones that they are taken for (Unicode TR 39)."""
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "HEBREW", "ARABIC")
NON_ASCII = "GLOB '*[^ -~]*'"


def skeleton(address: str) -> str:
    """What an address looks like: two with one skeleton are taken for each other."""
    plain = unicodedata.normalize("NFKD", address.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char)).translate(_SAME)


def is_mixed(address: str) -> bool:
    """Whether a word of an address has letters of several scripts."""
    words = address.replace("@", ".").replace("-", ".").replace("_", ".").split(".")
    return any(len({_script(char) for char in word if char.isalpha()} - {""}) > 1 for word in words)


def _script(char: str) -> str:
    name = unicodedata.name(char, "")
    return next((script for script in _SCRIPTS if name.startswith((script, f"FULLWIDTH {script}"))), "")


def like(connection: sqlite3.Connection, key: str, *, thorough: bool) -> str | None:
    """The key of a stored user that a new address looks like; `thorough` looks through all that are not of ASCII."""
    seen = skeleton(key)
    if seen != key:
        row = connection.execute("SELECT key FROM customer_user WHERE key = ?", (seen,)).fetchone()
        if row is not None:
            return str(row[0])
    if not thorough and key.isascii():
        return None
    query = f"SELECT key FROM customer_user WHERE key {NON_ASCII} AND key <> ? ORDER BY key"
    return next((other for (other,) in connection.execute(query, (key,)) if skeleton(other) == seen), None)


def pairs(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """The stored users whose addresses look alike, each pair once: the one that is not of ASCII first."""
    first: dict[str, str] = {}
    for (key,) in connection.execute(f"SELECT key FROM customer_user WHERE key {NON_ASCII} ORDER BY key").fetchall():
        seen = skeleton(key)
        plain = connection.execute("SELECT 1 FROM customer_user WHERE key = ?", (seen,)).fetchone()
        other = seen if plain is not None and seen != key else first.get(seen)
        if other is not None:
            yield key, other
        first.setdefault(seen, key)
