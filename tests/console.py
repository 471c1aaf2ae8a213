"""The console blocks of the documentation, run for real: each `$ ` line is a command, what follows its output.

`python -m tests.console docs/tutorial/first-steps.md` writes the output that the commands have now.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
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
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "CUSTCTL_DB": "shop.db",
        "CUSTCTL_ACTOR": "you",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(  # noqa: S602 - the documentation shows shell commands
        command,
        shell=True,
        executable="/bin/bash",
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.stdout.decode()


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


if __name__ == "__main__":
    main(sys.argv[1:])
