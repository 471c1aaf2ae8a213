"""Running the real program in processes of its own, with real files and streams."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Word = str | bytes

PROGRAM: tuple[str, ...] = (sys.executable, "-m", "custctl")
_TOO_LONG = 60
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)

_LOADED = Path(__file__).with_name("loaded.py")


@dataclass(frozen=True, slots=True)
class Odd:
    """A command that something happens to: a script that its process runs first, a signal after so many seconds."""

    words: Sequence[str]
    before: str = ""
    signal: int = 0
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Script:
    """A script of bash, in which `custctl` is the program."""

    script: str


Command = Odd | Script | Sequence[str]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a process left behind."""

    code: int
    raw: bytes
    raw_errors: bytes

    @property
    def out(self) -> str:
        return self.raw.decode()

    @property
    def err(self) -> str:
        return self.raw_errors.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def error(self) -> Any:
        """The first problem of a command run with `-o json`."""
        return json.loads(self.raw_errors)["error"]


@dataclass(slots=True)
class Shop:
    """A database file, and the program run on it."""

    database: Path
    env: dict[str, str] = field(default_factory=dict)
    home: Path | None = None
    """Where commands run; by default, beside the database."""

    @property
    def folder(self) -> Path:
        return self.home or self.database.parent

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the caller's own set-up."""
        home = {"HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / "config"), "CUSTCTL_ACTOR": "tester"}
        return {"PATH": os.environ["PATH"], "CUSTCTL_DB": str(self.database), **home, **self.env}

    def start(self, *words: Word, program: Sequence[Word] = PROGRAM, **options: Any) -> subprocess.Popen[bytes]:
        """The program, running."""
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        settings = {"env": self.environment, "cwd": self.folder, **streams, **options}
        return subprocess.Popen([*program, *words], **settings)

    def __call__(self, *words: Word, env: Mapping[str, str] | None = None, **options: Any) -> Ran:
        """The program, run to its end."""
        return finished(self.start(*words, env=self.environment | dict(env or {}), **options))

    def python(self, script: str, *words: str, **options: Any) -> Ran:
        """The program with something about it changed by a script, which has to run it."""
        return self(*words, program=(sys.executable, "-c", script), **options)

    def shell(self, script: str, **env: str) -> Ran:
        """A script of bash, in which `custctl` is the program."""
        program = " ".join(PROGRAM)
        return self("-c", f'custctl () {{ {program} "$@"; }}\n{script}', program=("bash",), env=env)

    def many(self, *commands: Command, env: Mapping[str, str] | None = None) -> list[Ran]:
        """The program once for each command, one after the other.

        Each is a process forked from one that has loaded the program: twenty in the time that one takes to start.
        """
        return self.together(commands, env=env)[0]

    def together(self, *series: Iterable[Command], env: Mapping[str, str] | None = None) -> list[list[Ran]]:
        """Several series of commands at the same time, each as `many` runs one."""
        while len(_loaded) < len(series):
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            _loaded.append(self.start(program=(sys.executable, "-P", str(_LOADED)), stderr=None, cwd=None, **pipes))
        common = {"folder": str(self.folder), "environment": self.environment | dict(env or {})}
        for process, commands in zip(_loaded, series, strict=False):
            _send(process, common | {"commands": [asdict(_odd(command)) for command in commands]})
        return [_received(process) for process in _loaded[: len(series)]]

    def document(self, text: Word, name: str = "world.toml") -> str:
        """The path of a new document."""
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    def sql(self, script: str) -> list[tuple[Any, ...]]:
        """What a statement gives, run by SQLite alone."""
        with contextlib.closing(sqlite3.connect(self.database)) as connection, connection:
            return connection.execute(script).fetchall()

    def is_sound(self) -> bool:
        return self.sql("PRAGMA integrity_check") == [("ok",)] and self.sql("PRAGMA foreign_key_check") == []


def finished(process: subprocess.Popen[bytes], stdin: bytes | None = None) -> Ran:
    """What a process leaves behind; no promise allows a traceback."""
    out, err = process.communicate(stdin, timeout=_TOO_LONG)
    return _checked(Ran(process.returncode, out or b"", err or b""))


def harm_in(text: str) -> list[str]:
    """The characters of a text that a terminal would obey, hide or reorder by."""
    return _HARMFUL.findall(text)


def assert_refused(ran: Ran, code: int, message: str) -> None:
    """Hold that a command ended with this code, said what is wrong, and nothing else."""
    assert (ran.code, ran.out) == (code, ""), ran
    assert ran.err.startswith(f"error: {message}"), ran.err


def customers(numbers: Iterable[int], name: str = "Customer") -> str:
    """A document with a customer for each number."""
    return "".join(f'[[customers]]\nkey = "c{number}"\nname = "{name} {number}"\n' for number in numbers)


_loaded: list[subprocess.Popen[bytes]] = []
"""Processes that have loaded the program and wait for command lines; kept for the whole session."""


def end_processes() -> None:
    """Let the waiting processes go."""
    while _loaded:
        _loaded.pop().communicate(timeout=_TOO_LONG)


def _odd(command: Command) -> Odd | Script:
    return command if isinstance(command, Odd | Script) else Odd(command)


def _send(process: subprocess.Popen[bytes], batch: Mapping[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{json.dumps(batch)}\n".encode())
    process.stdin.flush()


def _received(process: subprocess.Popen[bytes]) -> list[Ran]:
    assert process.stdout is not None
    rows = json.loads(process.stdout.readline())
    return [_checked(Ran(code, out.encode("latin-1"), err.encode("latin-1"))) for code, out, err in rows]


def _checked(ran: Ran) -> Ran:
    assert b"Traceback" not in ran.raw_errors, ran.err
    return ran
