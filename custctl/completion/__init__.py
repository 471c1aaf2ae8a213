"""What TAB offers, in every shell.

The protocol: a shell's script (`custctl completion SHELL` prints it) runs `custctl` with the environment variable
CUSTCTL_COMPLETE set to the command line up to the cursor, quotes and all. The answer is on standard output:

    values <TAB> the word before the cursor, without its quotes
    candidate <TAB> what it is
    ...

or `files` in the first line, where the shell shall offer files by itself. A candidate replaces the whole word; one
that ends with `:`, `=`, `/` or `,` wants to be gone on with. Whatever happens, nothing is written to standard error
and the exit code is 0: no database, a locked one or a line that nobody can read have no values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from custctl.completion.line import Place, words
from custctl.formats import visible

Candidate = tuple[str, str]
"""What a word may become, and what that is."""


def answer(tree: Any, line: str) -> str:
    """The answer for a command line that ends at the cursor; `tree` is the root of the commands."""
    typed = words(line)
    if len(typed) < 2:
        return "values\t\n"
    place = Place(tree)
    for word in typed[1:-1]:
        place.take(word)
    if place.node is None:
        return "values\t\n"
    word = typed[-1]
    found = _candidates(place, word)
    if found is None:
        return "files\n"
    lines = (f"{value}\t{visible(told)}\n" for value, told in found if value.isprintable())
    return f"values\t{visible(word)}\n{''.join(lines)}"


def _candidates(place: Place, word: str) -> Iterable[Candidate] | None:
    """What the word may become; None when it is the name of a file."""
    param, head, text = place.value_of(word)
    if param is None:
        return ((name, told) for name, told in _names(place, word) if name.startswith(word))
    from custctl.completion.values import Values, are_files

    if are_files(param):
        return None
    return ((f"{head}{value}", told) for value, told in Values(place, text).of(param))


def _names(place: Place, word: str) -> Iterator[Candidate]:
    """The commands of a group; options where one has begun, or nothing else can follow."""
    if place.is_group and not word.startswith("-"):
        for name, command in place.node.commands.items():
            if not command.hidden:
                yield name, (command.help or "").partition("\n")[0]
    elif not place.only_arguments:
        yield from place.open_options()
