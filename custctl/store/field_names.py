"""The fields that roles can close, `entity.field`: which of them are known, and how each is spelled.

Names are compared without regard to letter case, `-` and `_`: a spelling that no entry has would be open to everybody.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from custctl.errors import CustctlError, Exit, Problem, did_you_mean, near
from custctl.policy.catalogue import STORED_ELSEWHERE
from custctl.resources import ADDRESS_OF, NOUNS, RECORD, SHORT_TYPES, fold


def spelled(connection: sqlite3.Connection, text: str, *, entry: bool = False) -> str:
    """A field `entity.field` in the spelling that entries of roles have.

    Raises exit 4 for one that is neither a field of the entity nor named by any role. Nobody lists the fields of plain
    records, so that an `entry` of a role may name any of theirs.
    """
    name, _, field = text.partition(".")
    entity = SHORT_TYPES.get(name, name)
    known = _named(connection, entity) | _known(entity)
    found = known.get(_folded(field))
    if found is not None:
        return f"{entity}.{found}"
    if entry and field and entity not in NOUNS and entity not in STORED_ELSEWHERE:
        return f"{entity}.{field}"
    raise CustctlError(_unknown(entity, field, known.values()))


def _known(entity: str) -> dict[str, str]:
    """The fields of an entity by their folded names."""
    noun = NOUNS.get(entity, RECORD)
    names = [field.name for field in noun.fields if field.name != "entity" or noun is not RECORD]
    return {_folded(name): name for name in (*names, *(["addresses"] if noun.name in ADDRESS_OF else []))}


def _named(connection: sqlite3.Connection, entity: str) -> dict[str, str]:
    """The fields of an entity that any role has an entry for, by their folded names."""
    query = "SELECT DISTINCT name FROM role_entry WHERE kind = 'field' AND substr(name, 1, length(?) + 1) = ? || '.'"
    names = (row[0].partition(".")[2] for row in connection.execute(f"{query} ORDER BY name DESC", (entity, entity)))
    return {_folded(name): name for name in names}


def _folded(name: str) -> str:
    return fold(name).replace("-", "").replace("_", "")


def _unknown(entity: str, field: str, known: Iterable[str]) -> Problem:
    names = sorted(known)
    close = near(field.replace("-", "_"), names)
    hint = did_you_mean([f"{entity}.{name}" for name in close])
    words = f"unknown field {f'{entity}.{field}'!r}"
    hint = hint or f"the fields of {entity} are {', '.join(names)}"
    return Problem("unknown-field", Exit.INVALID, words, hint, field="resource", value=f"{entity}.{field}")
