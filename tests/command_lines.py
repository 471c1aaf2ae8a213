"""Whether a command line that is shown is one that the program takes: its commands, its options, its arguments."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from typing import Any

from custctl.app import root
from custctl.commands._invocation import Invocation

_NEXT = re.compile(r" (?:or|&&) |  #| > |\)\"|\n|$")
"""What a command that is shown ends before."""


def commands_in(text: str) -> Iterator[str]:
    """The commands in a text, each from its first word to its last; a word in quotes is never its end."""
    end = 0
    for found in re.finditer(r"(?<![\w/.-])custctl (?! )", text):
        if found.start() >= end:
            end = _end(text, found.start())
            yield text[found.start() : end]


def _end(text: str, start: int) -> int:
    for found in _NEXT.finditer(text, start):
        try:
            shlex.split(text[start : found.start()])
        except ValueError:  # within quotes
            continue
        return found.start()
    return len(text)


@cache
def _root() -> tuple[Any, Any]:
    top = root()
    return top, top.context_class(top, info_name="custctl", obj=Invocation())


def wrong_with(line: str) -> str | None:
    """Why the program does not take the line, as far as its words say; None when it does."""
    program, *words = shlex.split(line)
    if program != "custctl":
        return f"{program} is another program"
    found, context = _root()
    while hasattr(found, "commands"):
        if words == ["--help"]:
            return None
        while words and words[0].startswith("--"):  # a shared option, with its value
            words = words[1:] if "=" in words[0] else words[2:]
        if not words:
            return "no command is named"
        name, *words = words
        below = found.get_command(context, name)
        if below is None:
            return f"there is no {name}"
        context = type(context)(below, parent=context, info_name=name, obj=context.obj)
        found = below
    return _misfit(found, context, words)


def _misfit(found: Any, context: Any, words: list[str]) -> str | None:
    from typer.exceptions import TyperException

    if words == ["--help"]:
        return None
    try:
        given, left, _ = found.make_parser(context).parse_args(list(words))
    except TyperException as error:
        return error.format_message()
    if left:
        return f"{left} are too many"
    for parameter in found.get_params(context):
        if parameter.required and given.get(parameter.name) in (None, ()):
            return f"{parameter.name} is not there"
    return None
