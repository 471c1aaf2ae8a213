"""Every command in a hint is made in one place, and every command that is shown is one that there is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import custctl
from tests.tree import nodes

SOURCE = Path(custctl.__file__).parent
MAKES_COMMANDS = SOURCE / "shell.py"
READS_WORDS = SOURCE / "completion" / "line.py"
"""Takes a line apart that somebody is typing; shows none."""
NO_COMMANDS = ("custctl {}\n",)
"""What looks like a command and is none: the version."""
FILLED_IN = "\0"
"""Stands for a value that is put into a text."""

_VERBS = "|".join(sorted({path[0] for path, _ in nodes() if path}))
_COMMAND = re.compile(rf"\bcustctl (--[a-z-]+[ =]|{FILLED_IN}|({_VERBS})\b)[^\n]*")
_OPTION_IN_QUOTES = re.compile(rf"--[a-z-]+[ =][\"'][^\"']*{FILLED_IN}")


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def texts_with_values(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Each text that is put together, with its line: f-strings, `+`, `%`, `format` and `join`."""
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr() | ast.BinOp(op=ast.Add() | ast.Mod()):
                yield node.lineno, _text(node)
            case ast.Call(func=ast.Attribute(value=before, attr="format")):
                yield node.lineno, re.sub(r"\{[^}]*\}", FILLED_IN, _text(before))
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(between)), attr="join"), args=[joined]):
                parts = joined.elts if isinstance(joined, ast.Tuple | ast.List) else [joined]
                yield node.lineno, between.join(map(_text, parts))


def _text(node: ast.expr) -> str:
    """The text as far as the source says it."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(map(_text, parts))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left) + _text(right)
        case ast.BinOp(left=left, op=ast.Mod()):
            return re.sub(r"%[a-z]", FILLED_IN, _text(left))
        case _:
            return FILLED_IN


def offences(source: str) -> list[tuple[int, str]]:
    """Where a command, or an option in quotes, is put together with a value in it."""
    found = []
    for line, text in texts_with_values(ast.parse(source)):
        if text.replace(FILLED_IN, "{}") in NO_COMMANDS:
            continue
        command = _COMMAND.search(text)
        if (command is not None and FILLED_IN in command[0]) or _OPTION_IN_QUOTES.search(text):
            found.append((line, text.replace(FILLED_IN, "{}")))
    return found


@pytest.mark.parametrize(
    "source",
    [
        'f"custctl order edit {key} changes it"',
        'f"run custctl {noun} list"',
        'f"custctl --db {path} user list"',
        '"custctl undo " + str(number)',
        '"custctl undo %d" % number',
        '"custctl undo {}".format(number)',
        '" ".join(("custctl", "undo", number))',
        """f'leave it out: --map "{heading}="'""",
    ],
)
def test_the_search_for_commands_finds_each_way_to_put_one_together(source: str) -> None:
    assert len(offences(source)) >= 1


@pytest.mark.parametrize("source", ['"custctl history lists them"', 'f"{path} this custctl reads {it}"'])
def test_the_search_for_commands_passes_what_is_none(source: str) -> None:
    assert offences(source) == []


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_command_with_a_value_in_it_is_made_in_one_place(module: Path) -> None:
    if module != MAKES_COMMANDS:
        assert offences(module.read_text()) == []


def test_words_are_quoted_for_a_shell_in_one_place() -> None:
    using = [path for path in modules() if re.search(r"\bshlex\b", path.read_text())]
    assert using == [READS_WORDS, MAKES_COMMANDS]
