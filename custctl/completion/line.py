"""Where on a command line the cursor is: in which command, at which parameter, and what was given before."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_CURSOR = "\0"
"""Stands for the cursor, so that a word that has not begun is a word; no command line can hold it."""


def words(line: str) -> list[str]:
    """The words of a command line that ends at the cursor, without their quotes; the last may be empty.

    None at all where the line breaks off in what is no quoting.
    """
    for quote in ("", "'", '"'):
        try:
            found = shlex.split(f"{line}{_CURSOR}{quote}")
        except ValueError:  # this quote is not the one that is open
            continue
        return [word.replace(_CURSOR, "") for word in found]
    return []


@dataclass(slots=True)
class Place:
    """How far the words before the cursor lead, read as Typer reads them.

    `node` is the group or command reached and `path` the words that lead there; `options` and `arguments` hold what
    was given, options by the name of their parameter. An unknown word leads nowhere: then `node` is None.
    """

    node: Any
    path: tuple[str, ...] = ()
    options: dict[str, list[str]] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    only_arguments: bool = False
    """Whether `--` has been given."""
    _open: Any = None
    """The option that the next word is the value of."""

    @property
    def is_group(self) -> bool:
        return hasattr(self.node, "commands")

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that lead to the command."""
        return self.path if self.is_group else self.path[:-1]

    def take(self, word: str) -> None:
        """Go past one word."""
        if self.node is None:
            return
        if self._open is not None:
            self._give(self._open, word)
        elif self.only_arguments or not _is_option(word):
            self._go(word)
        elif word == "--":
            self.only_arguments = True
        else:
            self._take_option(word)

    def value_of(self, word: str) -> tuple[Any, str, str]:
        """The parameter that a word is the value of, if any; what stands before the value in the word; the value."""
        if self._open is not None:
            return self._open, "", word
        if self.only_arguments or not word.startswith("-"):
            return self._next_argument(), "", word
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            return (self._option(name) if equals else None), f"{name}=", value
        param = self._option(word[:2])
        return (param if len(word) > 2 and _takes_value(param) else None), word[:2], word[2:]

    def open_options(self) -> Iterator[tuple[str, str]]:
        """The options that may still be given, and what they are for: long names first."""
        params = [param for param in self._options() if param.multiple or param.name not in self.options]
        names = [(name, param.help or "") for param in params for name in (*param.opts, *param.secondary_opts)]
        names.append(("--help", "Show this message and exit."))
        yield from sorted(names, key=lambda pair: not pair[0].startswith("--"))

    def given(self, param: Any) -> list[str]:
        """The values that a parameter has so far."""
        if param.param_type_name == "option":
            return self.options.get(param.name, [])
        return self.arguments[self._arguments().index(param) :]

    def argument(self, metavar: str) -> str | None:
        """The argument of that metavar, if it has been given."""
        found = (
            word for param, word in zip(self._arguments(), self.arguments, strict=False) if param.metavar == metavar
        )
        return next(found, None)

    def option(self, name: str) -> str | None:
        """The value of an option as it was given last."""
        values = self.options.get(name)
        return values[-1] if values else None

    # -- reading ---------------------------------------------------------------------------------------------

    def _go(self, word: str) -> None:
        """Past the name of a group or command, or past an argument."""
        if not self.is_group:
            self.arguments.append(word)
            return
        self.node = self.node.use(word)
        self.path = (*self.path, word)
        self.only_arguments = False

    def _take_option(self, word: str) -> None:
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            self._give(self._option(name), value if equals else None)
            return
        for place, letter in enumerate(word[1:], 2):  # -qo json, -ojson
            param = self._option(f"-{letter}")
            if _takes_value(param):
                self._give(param, word[place:] or None)
                return
            self._give(param, None)

    def _give(self, param: Any, value: str | None) -> None:
        """Note an option; one whose value has not come yet stays open."""
        self._open = None
        if param is None:
            return
        if value is None and _takes_value(param):
            self._open = param
        else:
            self.options.setdefault(param.name, []).append(value or "")

    # -- parameters ------------------------------------------------------------------------------------------

    def _option(self, name: str) -> Any:
        return next((param for param in self._options() if name in (*param.opts, *param.secondary_opts)), None)

    def _options(self) -> list[Any]:
        """The options of the group or command that it does not hide or refuse."""
        refused = () if getattr(self.node, "acts", True) else ("as_user",)
        params = (param for param in self.node.params if param.param_type_name == "option")
        return [param for param in params if not param.hidden and param.name not in refused]

    def _arguments(self) -> list[Any]:
        return [param for param in self.node.params if param.param_type_name == "argument"]

    def _next_argument(self) -> Any:
        """The argument that comes next; the last one where it takes any number."""
        known = self._arguments()
        if len(self.arguments) < len(known):
            return known[len(self.arguments)]
        return known[-1] if known and known[-1].nargs == -1 else None


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def _takes_value(param: Any) -> bool:
    return param is not None and not param.is_flag
