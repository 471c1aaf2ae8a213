"""What is wrong with a text in JSON or TOML, in words and places of our own: those of parsers differ by Python."""

from __future__ import annotations

import re
from json import JSONDecodeError
from typing import NamedTuple

_KEY = "expecting a key in double quotes"
VALUE = "expecting a value"
CONTROL = "a control character does not belong here"
TWICE = "a key is given twice"
_JSON = (
    ("Expecting property name", _KEY),
    ("Expecting value", VALUE),
    ("Expecting ':'", "expecting ':'"),
    ("Expecting ','", "expecting ','"),
    ("Unterminated string", "a text is opened here and never closed"),
    ("Invalid control character", "a control character in a text is written as an escape"),
    ("Invalid \\u", "\\u is followed by four hexadecimal digits"),
    ("Invalid \\", "a backslash in a text is written twice, or begins an escape like \\n"),
    ("Extra data", "nothing may follow the value"),
    ("Unexpected UTF-8 BOM", "a byte order mark does not belong here"),
)
_AFTER_COMMA = re.compile(r",[ \t\r\n]*([}\]])")
_TOML = (
    ("Invalid statement", "expecting a key or a table"),
    ("Expected newline", "expecting a new line"),
    ("Found invalid character", CONTROL),
    ("Illegal character", CONTROL),
    ("Invalid initial character", "expecting a key"),
    ("Expected '='", "expecting '=' after the key"),
    ("Expected ']]'", "expecting ']]' behind the name of a list of tables"),
    ("Expected ']'", "expecting ']' behind the name of a table"),
    ("Expected", "the text is not closed"),
    ("Unterminated string", "the text is not closed"),
    ("Unclosed array", "a list is not closed"),
    ("Unclosed inline table", "an inline table is not closed"),
    ("Unescaped", "a backslash in a text is written twice, or begins an escape like \\n"),
    ("Invalid hex value", "an escape of a character has four or eight hexadecimal digits"),
    ("Escaped character", "the escape is that of no character"),
    ("Invalid date", "there is no such date or time"),
    ("Invalid value", VALUE),
    ("Cannot", TWICE),
    ("Duplicate", TWICE),
)
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class TomlMistake(NamedTuple):
    """What is wrong with a text in TOML, and where: None at its end."""

    words: str
    place: tuple[int, int] | None


def json_mistake(error: JSONDecodeError) -> tuple[str, int]:
    """What is wrong with a text in JSON, and the offset. Where something must follow a comma, that is behind it."""
    comma = _AFTER_COMMA.match(error.doc, error.pos)
    if comma is not None and error.msg.startswith("Illegal trailing comma"):
        return (_KEY if comma[1] == "}" else VALUE), comma.start(1)
    return next((ours for words, ours in _JSON if error.msg.startswith(words)), "this is not expected"), error.pos


def toml_mistake(error: ValueError) -> TomlMistake:
    """What is wrong with a text in TOML, of what `tomllib` raises."""
    told = str(error)
    found = _TOML_PLACE.search(told)
    place = (int(found[1]), int(found[2])) if found and found[1] else None
    return TomlMistake(next((ours for words, ours in _TOML if told.startswith(words)), "this is not expected"), place)
