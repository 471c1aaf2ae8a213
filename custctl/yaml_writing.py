"""The one way to write YAML: what JSON can hold, so that readers of YAML 1.1 and 1.2 alike take it for the same.

A value is written as it is read and without recursion: lists may be long, trees deep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from json import JSONEncoder
from typing import Any

from custctl.escapes import IN_YAML, yaml_escape

Quote = Callable[[str], str]

# Words that need no quotes: letters first, so no number, date or sign that means something.
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9 _.@/+-]*[A-Za-z0-9_.@/+-])?")
_WORDS_WITH_A_MEANING = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})

# A longer key must be announced with `?`; YAML looks no further than 1,024 characters for the colon.
_LONG_KEY = 1_000

# Below this level all stands on one line: margins that grew with every level would make a deep tree quadratic.
_LAST_INDENTED = 40

_END = object()

_json = JSONEncoder(ensure_ascii=False).encode


def quoted(text: str) -> str:
    """The text in quotes; what a terminal would obey or hide, and what YAML does not allow, is an escape."""
    shown = _json(text)
    return shown if shown.isprintable() else shown.translate(IN_YAML)


def quoted_in_ascii(text: str) -> str:
    """The text in quotes, for a stream that cannot hold every character."""
    shown = quoted(text)
    return shown if shown.isascii() else "".join(char if char.isascii() else yaml_escape(char) for char in shown)


def pieces(value: Any, quote: Quote = quoted) -> Iterator[str]:
    """YAML piece by piece: of mappings, iterables, texts, booleans, ints and None.

    Nothing is read ahead but the first member of a container, which tells whether it is empty.
    """
    opened: list[Iterator[tuple[str, str, Any]]] = [iter([("", "", value)])]
    while opened:
        for beside, above, member in opened[-1]:
            margin = "  " * (len(opened) - 1)
            members = _members(member)
            if members is None:
                yield f"{beside}{_scalar(member, quote)}\n"
            elif len(opened) > _LAST_INDENTED:
                yield beside
                yield from _on_one_line(member, quote)
                yield "\n"
            elif (some := _unless_empty(members)) is None:
                yield f"{beside}{_brackets(member)}\n"
            else:
                yield above
                first_margin = margin if above.endswith("\n") else ""
                write = _fields if isinstance(member, Mapping) else _items
                opened.append(write(some, first_margin, margin, quote))
                break
        else:
            opened.pop()


def _fields(fields: Iterable[tuple[str, Any]], lead: str, margin: str, quote: Quote) -> Iterator[tuple[str, str, Any]]:
    """Each member of a mapping, with what stands before it when it is beside its key, and when it is below."""
    for name, member in fields:
        word = _text(str(name), quote)
        key = f"{lead}{word}:" if len(word) <= _LONG_KEY else f"{lead}? {word}\n{margin}:"
        yield f"{key} ", f"{key}\n", member
        lead = margin


def _items(items: Iterable[Any], lead: str, margin: str, _quote: Quote) -> Iterator[tuple[str, str, Any]]:
    """Each member of a list, with the dash that it stands behind in any case."""
    for item in items:
        yield f"{lead}- ", f"{lead}- ", item
        lead = margin


def _on_one_line(value: Any, quote: Quote) -> Iterator[str]:
    """A container in brackets."""
    opened = [_bracketed(value, quote)]
    while opened:
        for lead, member in opened[-1]:
            yield lead
            if _members(member) is not None:
                opened.append(_bracketed(member, quote))
                break
            if member is not _END:
                yield _scalar(member, quote)
        else:
            opened.pop()


def _bracketed(value: Any, quote: Quote) -> Iterator[tuple[str, Any]]:
    """The members of a container, each with the text before it; last comes the closing bracket."""
    brackets = _brackets(value)
    lead, closing = brackets[0], brackets[1]
    if isinstance(value, Mapping):
        for name, member in value.items():
            word = _text(str(name), quote)
            yield f"{lead}{word if len(word) <= _LONG_KEY else f'? {word} '}: ", member
            lead = ", "
    else:
        for member in value:
            yield lead, member
            lead = ", "
    yield (closing if lead == ", " else lead + closing), _END


def _brackets(container: Any) -> str:
    return "{}" if isinstance(container, Mapping) else "[]"


def _members(value: Any) -> Iterable[Any] | None:
    """What is inside a container; None of anything else."""
    if isinstance(value, Mapping):
        return value.items()
    return value if isinstance(value, Iterable) and not isinstance(value, str) else None


def _unless_empty(members: Iterable[Any]) -> Iterator[Any] | None:
    rest = iter(members)
    for first in rest:
        return chain((first,), rest)
    return None


def _scalar(value: Any, quote: Quote) -> str:
    return _text(value, quote) if isinstance(value, str) else _json(value)  # true, false, null and digits are JSON's


def _text(text: str, quote: Quote) -> str:
    """The text, in quotes unless every reader of YAML, old or new, takes it for text without."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS_WITH_A_MEANING:
        return text
    return quote(text)
