"""Every command in a hint is made in one place, and every command that is shown is one that there is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import custctl
from custctl import shell
from tests.command_lines import commands_in, wrong_with
from tests.tree import nodes

SOURCE = Path(custctl.__file__).parent
MAKES_COMMANDS = SOURCE / "shell.py"
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
    quoting = re.compile(r"\bshlex\.(quote|join)\b|\bshlex import .*(quote|join)")
    assert [path for path in modules() if quoting.search(path.read_text())] == [MAKES_COMMANDS]


# -- every command that is shown is one that there is --------------------------------------------------------------


def constants(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The texts of a module, with their lines; those that explain the source are left out."""
    explained = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explained:
            yield node.lineno, node.value


TOLD = {"_topics.py", "config.py", "app.py", "errors.py"}
"""Where texts speak of commands in sentences."""


@pytest.mark.parametrize(
    "line", ["custctl order edti X", "custctl order edit --nubmer 3 X", "custctl undo 3 4", "custctl", "rm x"]
)
def test_a_command_that_there_is_not_is_found(line: str) -> None:
    assert wrong_with(line) is not None


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_command_that_is_shown_is_one_that_there_is(module: Path) -> None:
    """A text names a command from its first word to its last; what follows would be pasted too."""
    tree = ast.parse(module.read_text())
    wrong = [
        (line, command, reason)
        for line, text in constants(tree)
        if module.name not in TOLD and _COMMAND.search(text)
        for command in commands_in(text)
        if (reason := wrong_with(command)) is not None
    ]
    assert wrong == []


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="shell"), attr="command")):
                yield node


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_command_with_values_is_one_that_there_is(module: Path) -> None:
    """Its verb is of some group, and takes its options and so many values."""
    for call in calls(ast.parse(module.read_text())):
        verb, *values = call.args
        options = [shell.command("", **{str(option.arg): "1"}).split()[1] for option in call.keywords if option.arg]
        named = _text(verb).replace(FILLED_IN, "[a-z -]+")
        found = [node for path, node in nodes() if path and re.fullmatch(named, " ".join(path))]
        assert found, ast.unparse(call)
        assert any(_takes(node, options, values) for node in found), ast.unparse(call)


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_nothing_stands_behind_a_command_but_another_one(module: Path) -> None:
    behind = [
        ast.unparse(node)
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.JoinedStr)
        for part, rest in zip(node.values, node.values[1:], strict=False)
        if isinstance(part, ast.FormattedValue)
        and "shell.command(" in ast.unparse(part)
        and not _text(rest).startswith((" or ", " or, "))
    ]
    assert behind == []


def _takes(node: Any, options: Sequence[str], values: Sequence[ast.expr]) -> bool:
    known = {name for parameter in node.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    if not known.issuperset(options) or "--help" in options:
        return known.issuperset(options)
    arguments = [parameter for parameter in node.params if parameter.param_type_name == "argument"]
    least = sum(1 for parameter in arguments if parameter.required)
    most = sum(parameter.nargs if parameter.nargs > 0 else 100 for parameter in arguments)
    return any(isinstance(value, ast.Starred) for value in values) or least <= len(values) <= most
