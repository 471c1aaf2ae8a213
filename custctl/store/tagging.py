"""Tags on records: from the words somebody types to the keys of tags, which are made where they are new."""

from __future__ import annotations

from collections.abc import Sequence

from custctl.resources import TAG, fold, slug
from custctl.store.unit import Draft, Unit


def tags_of(unit: Unit, words: Sequence[str]) -> tuple[list[str], list[Draft]]:
    """The keys of the tags that words mean, in order, and the tags made because there was none (feature T-05).

    A word means the tag whose key is its slug, else the one of that name; letter case makes no difference. A tag that
    is made for a record has no manager: it stays for whoever uses it next, also when the record's document goes.
    Source: oroinc/platform TagBundle/Entity/TagManager.php, loadOrCreateTags.
    """
    keys: dict[str, None] = {}
    made: list[Draft] = []
    for word in words:
        key = meant(unit, word)
        if key is None:
            key = slug(word, TAG.name)
            made.append(unit.create(TAG, key, {"key": key, "name": word}))
        keys[key] = None
    return sorted(keys), made


def meant(unit: Unit, word: str) -> str | None:
    """The key of the tag that a word means, None when there is no such tag yet (feature T-05)."""
    key = slug(word, TAG.name)
    return _named(unit, word) if unit.id_of(TAG, key) is None else key


def _named(unit: Unit, word: str) -> str | None:
    """The key of the tag of that name; one that is worked on in this unit has the name it is to have."""
    wanted = fold(word)
    for draft in unit.of(TAG):
        if fold(draft.image["name"]) == wanted:
            return draft.key
    row = unit.connection.execute("SELECT key FROM tag WHERE name_folded = ?", (wanted,)).fetchone()
    return row[0] if row is not None and unit.id_of(TAG, row[0]) is not None else None
