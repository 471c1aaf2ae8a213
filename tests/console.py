"""The console blocks of the documentation, run for real: each `$ ` line is a command, what follows its output.

`python -m tests.console docs/tutorial/first-steps.md` writes the output that the commands have now.

A command that needs a shell gets one. Any other is a process of its own too, forked from one that has imported
custctl: starting Python for each of hundreds of commands would take most of the time.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from custctl.__main__ import main as custctl

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHELL = re.compile(r"[|<>;&$*?`()\[\]~#\\\n]")
ROOT = Path(__file__).parent.parent

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["custctl.app", "custctl.store.rules", "custctl.store.models", "custctl.store.inputs"])


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
    words = [] if _SHELL.search(command.rstrip("\n")) else shlex.split(command)
    if words[:1] == ["custctl"]:
        return _forked(words[1:], folder, environment)
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


def _forked(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    with tempfile.NamedTemporaryFile() as output:
        process = _FORKS.Process(target=_carry_out, args=(words, folder, environment, output.name))
        process.start()
        process.join()
        return output.read().decode()


def _carry_out(words: Sequence[str], folder: Path, environment: Mapping[str, str], output: str) -> None:
    """Become the program: its streams, folder, environment and arguments."""
    for number, place, mode in ((0, os.devnull, os.O_RDONLY), (1, output, os.O_WRONLY)):
        os.dup2(os.open(place, mode), number)
    os.dup2(1, 2)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - they live as long as the process
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["custctl", *words]
    custctl()


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
