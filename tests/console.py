"""The console blocks of the documentation, run for real: each `$ ` line is a command, what follows its output.

`python -m tests.console docs/tutorial/first-steps.md` writes the output that the commands have now.

A command that needs a shell gets one. Each is a process of its own, forked from one that has imported custctl:
starting Python for each of hundreds of commands would take most of the time.
"""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.promises.process import Odd, Script, Shop, end_processes

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHELL = re.compile(r"[|<>;&$*?`()\[\]~#\\\n]")
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Shown:
    """One command of a block, and the output shown below it."""

    command: str
    output: str


def commands(block: str) -> Iterator[Shown]:
    """The commands of one block; a here-document belongs to its command."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        here = re.search(r"<<'(\w+)'$", lines[0])
        count = lines.index(f"{here[1]}\n") + 1 if here else 1
        yield Shown("".join(lines[:count]), "".join(lines[count:]))


def run(command: str, folder: Path) -> str:
    """What a command prints, both streams, in a shell that finds this custctl."""
    mine = {"CUSTCTL_DB": "shop.db", "CUSTCTL_ACTOR": "you", "LC_ALL": "C.UTF-8"}
    shop = Shop(folder / "shop.db", mine)
    words = [] if _SHELL.search(command.rstrip("\n")) else shlex.split(command)
    if words[:1] == ["custctl"]:
        [ran] = shop.many(Odd(words[1:], before="os.dup2(1, 2)"))
    else:
        [ran] = shop.many(Script(f"exec 2>&1\n{command}"))
    return ran.out


def rendered(page: str, folder: Path) -> str:
    """The page with the output its commands have now; its commands share a folder, in the order of the page."""

    def block(match: re.Match[str]) -> str:
        told = (f"$ {shown.command}{run(shown.command, folder)}" for shown in commands(match[1]))
        return f"```console\n{''.join(told)}```"

    return _BLOCK.sub(block, page)


def main(names: list[str]) -> None:
    for name in names:
        page = Path(name)
        with tempfile.TemporaryDirectory() as folder:
            page.write_text(rendered(page.read_text(), Path(folder)))
    end_processes()


if __name__ == "__main__":
    main(sys.argv[1:])
