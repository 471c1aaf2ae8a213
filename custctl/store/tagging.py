"""Tags on records: from the words somebody types to the keys of tags, which are made where they are new."""

from __future__ import annotations

from collections.abc import Sequence

from custctl.resources import TAG, Noun, fold, slug, tag_key, trimmed
from custctl.store.unit import Draft, Unit


def tags_of(unit: Unit, words: Sequence[str]) -> tuple[list[str], list[Draft]]:
    """The keys of the tags that words mean, in order, and the tags made because there was none (feature T-05).

    A word means the tag of that key, else the one of that name; letter case and what parts words make no difference,
    any other character does. A tag that is made for a record has no manager: it stays for whoever uses it next, also
    when the record's document goes.
    Source: oroinc/platform TagBundle/Entity/TagManager.php, loadOrCreateTags.
    """
    keys: dict[str, None] = {}
    made: list[Draft] = []
    for word in words:
        key = meant(unit, word)
        if key is None:
            key = new_key(unit, word)
            made.append(unit.create(TAG, key, {"key": key, "name": word}))
        keys[key] = None
    return sorted(keys), made


def new_key(unit: Unit, name: str) -> str:
    """The key of a new tag of this name."""
    made, least = tag_key(name)
    return unit.free_key(TAG, made, least=least)


def meant(unit: Unit, word: str, noun: Noun = TAG) -> str | None:
    """The key of the tag, or price list, that a word means, None when there is no such one yet (feature T-05)."""
    key, least = tag_key(word) if noun is TAG else (slug(word, noun.name), 1)
    return _named(unit, word, noun) if least > 1 or unit.id_of(noun, key) is None else key


def _named(unit: Unit, word: str, noun: Noun) -> str | None:
    """The key of the one of that name; one that is worked on in this unit has the name it is to have."""
    wanted = fold(trimmed(word))
    for draft in unit.of(noun):
        if fold(draft.image["name"] or "") == wanted:
            return draft.key
    query = f"SELECT key FROM {noun.table} WHERE name_folded = ? ORDER BY key"
    stored = (str(key) for (key,) in unit.connection.execute(query, (wanted,)))
    return next((key for key in stored if unit.id_of(noun, key) is not None), None)
