"""Mistakes in JSON and TOML are told in words of our own: the same on every Python, whatever its parser says."""

from __future__ import annotations

import json
import tomllib

import pytest

from custctl.syntax import json_mistake, toml_mistake


@pytest.mark.parametrize(
    ("text", "words", "offset"),
    [
        ('{"a": 1,}', "expecting a key in double quotes", 8),
        ('{"a": 1, \n }', "expecting a key in double quotes", 11),
        ("{,}", "expecting a key in double quotes", 1),
        ("{a: 1}", "expecting a key in double quotes", 1),
        ("{", "expecting a key in double quotes", 1),
        ("[1, 2, ]", "expecting a value", 7),
        ("", "expecting a value", 0),
        ("[1, x]", "expecting a value", 4),
        ('{"a" 1}', "expecting ':'", 5),
        ("[1 2]", "expecting ','", 3),
        ('{"a": 1 "b": 2}', "expecting ','", 8),
        ("[1", "expecting ','", 2),
        ('["a', "a text is opened here and never closed", 1),
        ('["a\nb"]', "a control character in a text is written as an escape", 3),
        ('["\\x"]', "a backslash in a text is written twice, or begins an escape like \\n", 2),
        ('["\\u12"]', "\\u is followed by four hexadecimal digits", 3),
        ("1 2", "nothing may follow the value", 2),
    ],
)
def test_a_mistake_in_json_has_words_and_a_place_of_our_own(text: str, words: str, offset: int) -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(text)
    assert json_mistake(caught.value) == (words, offset)


@pytest.mark.parametrize(
    ("text", "words", "place"),
    [
        ("a = ", "expecting a value", None),
        ("a = no", "expecting a value", (1, 5)),
        ("a = 1 b = 2", "expecting a new line", (1, 7)),
        ("= 1", "expecting a key or a table", (1, 1)),
        ("a. = 1", "expecting a key", (1, 4)),
        ("a 1", "expecting '=' after the key", (1, 3)),
        ("[a", "expecting ']' behind the name of a table", None),
        ("[[a]", "expecting ']]' behind the name of a list of tables", (1, 4)),
        ("a = [1", "a list is not closed", None),
        ("a = {b = 1", "an inline table is not closed", None),
        ('a = "x', "the text is not closed", None),
        ("a = 'x", "the text is not closed", None),
        ('a = "\\q"', "a backslash in a text is written twice, or begins an escape like \\n", (1, 8)),
        ('a = "\\u12"', "an escape of a character has four or eight hexadecimal digits", (1, 8)),
        ('a = "\\ud800"', "the escape is that of no character", (1, 12)),
        ("a = 2026-02-30", "there is no such date or time", (1, 5)),
        ("# \x01", "a control character does not belong here", (1, 3)),
        ('a = "\x01"', "a control character does not belong here", (1, 6)),
        ("a = 1\na = 2", "a key is given twice", None),
        ("[a]\n[a]", "a key is given twice", (2, 3)),
        ("a = {b = 1, b = 2}", "a key is given twice", (1, 18)),
    ],
)
def test_a_mistake_in_toml_has_words_of_our_own(text: str, words: str, place: tuple[int, int] | None) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    assert toml_mistake(caught.value) == (words, place)
