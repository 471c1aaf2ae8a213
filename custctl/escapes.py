"""Characters that a terminal would obey, hide or reorder by instead of showing them, and what is written for them.

Few texts hold one, so this is imported when one does.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from json import dumps

_JOINERS = "\u200c\u200d"  # without them Indic and Persian words and composed emoji fall apart


class _Escapes(dict[int, str]):
    """A table for str.translate that learns each character when it first meets it."""

    def __init__(self, escape: Callable[[str], str]) -> None:
        super().__init__()
        self._escape = escape

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = shown = self._escape(char) if _is_hidden(char) else char
        return shown


def _is_hidden(char: str) -> bool:
    return not char.isprintable() and char not in _JOINERS and unicodedata.category(char) != "Zs"


def yaml_escape(char: str) -> str:
    r"""An escape of YAML, to which `\ud83d\ude00` is two characters and not one."""
    code = ord(char)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


IN_TEXT = _Escapes(lambda char: char.encode("unicode_escape").decode("ascii"))
IN_JSON = _Escapes(lambda char: dumps(char)[1:-1])
IN_YAML = _Escapes(yaml_escape)
