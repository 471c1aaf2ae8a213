"""Running command lines in tests: in this process, on a database file of their own, in an environment of their own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any
from unittest import mock

import pytest

from custctl.app import execute

Rows = list[tuple[Any, ...]]
UNTOUCHED: dict[str, Any] = {
    "wider": [],
    "narrower": [],
    "reach": [],
    "sign_in": [],
    "shown": [],
    "new": [],
    "gone": [],
}
"""What a write says of access that it does not touch."""
Refusal = tuple[int, str, str]
"""Exit code, error code and message."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one command line gave."""

    exit: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def problems(self) -> list[dict[str, Any]]:
        """The problems of an error under `-o json`: one object on standard error, nothing on standard output."""
        assert self.out == "", self.out
        told = json.loads(self.err)
        return [told["error"], *told["more"]]


@dataclass(slots=True)
class Runner:
    """Runs command lines on one database file, and holds every one to the same promise.

    A command that does not exit 0 (or 6: some rows were rejected), or that only tries, leaves every row as it was.
    """

    database: Path
    extra: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, stdin: str | bytes = "") -> Answer:
        before = self._bytes()
        answer = self._run(words, stdin)
        if (answer.exit not in (0, 6) or "--dry-run" in words) and self._bytes() != before:
            assert self.contents() == _contents_of(before), f"exit {answer.exit}, but rows have changed: {words}"
        return answer

    def json(self, *words: str) -> Any:
        """The answer of a command that succeeds, as JSON."""
        answer = self(*words, "-o", "json")
        assert answer.exit == 0, answer
        return answer.json

    def changes(self, *words: str) -> list[tuple[str, str]]:
        """What a command that succeeds writes: each operation and its record."""
        return [(change["op"], change["record"]) for change in self.json(*words)["changes"]]

    def fields(self, *words: str) -> dict[str, dict[str, Any]]:
        """What a command that succeeds writes: the fields that differ, old and new, by record."""
        return {change["record"]: change["fields"] for change in self.json(*words)["changes"]}

    def refusal(self, *words: str, stdin: str | bytes = "") -> Refusal:
        """The one problem of a command that fails."""
        refusals = self.refusals(*words, stdin=stdin)
        assert len(refusals) == 1, refusals
        return refusals[0]

    def refusals(self, *words: str, stdin: str | bytes = "") -> list[Refusal]:
        """Every problem of a command that fails; the exit code is that of the first."""
        answer = self(*words, "-o", "json", stdin=stdin)
        problems = answer.problems
        assert answer.exit == problems[0]["exit"], answer
        return [(problem["exit"], problem["code"], problem["message"]) for problem in problems]

    def file(self, text: str, name: str = "world.toml") -> str:
        """The path of a new document."""
        path = self.database.parent / name
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8", newline="")
        return str(path)

    def apply(self, text: str, name: str = "world.toml") -> Any:
        """Apply a document that is right; the answer as JSON."""
        return self.json("apply", "-f", self.file(text, name), "--yes")

    def unapplied(self, text: str, name: str = "world.toml") -> list[tuple[str, int, str, str]]:
        """Apply a document that is wrong; the place, exit code, error code and message of each problem."""
        path = self.file(text, name)
        answer = self("apply", "-f", path, "--yes", "-o", "json")
        problems = answer.problems
        assert answer.exit == problems[0]["exit"], answer
        assert {problem["file"] for problem in problems} == {path}
        return [
            (f"{problem['line']}:{problem['column']}", problem["exit"], problem["code"], problem["message"])
            for problem in problems
        ]

    def export(self, format: str = "toml") -> str:
        answer = self("export", "--format", format)
        assert (answer.exit, answer.err) == (0, ""), answer
        return answer.out

    def sql(self, query: str, *values: Any) -> Rows:
        """What a query finds in the file."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()

    def contents(self, *without: str) -> dict[str, Rows]:
        """Every row of every table but those named; empty while there is no file."""
        if not self.database.exists():
            return {}
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'sqlite_sequence' ORDER BY name"
            names = [name for (name,) in connection.execute(query) if name not in without]
            return {name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in names}

    def _bytes(self) -> dict[str, bytes]:
        """The database's files as they are: where these are equal, so is every row. A read leaves an empty log."""
        files = {end: Path(f"{self.database}{end}") for end in ("", "-wal")}
        return {end: content for end, file in files.items() if file.is_file() and (content := file.read_bytes())}

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the caller's own set-up; a bug shows its traceback."""
        home = self.database.parent
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "COLUMNS": "80",
            "CUSTCTL_DB": str(self.database),
            "CUSTCTL_ACTOR": "tester",
            "CUSTCTL_DEBUG": "1",
        } | self.extra

    def _run(self, words: Iterable[str], stdin: str | bytes) -> Answer:
        _opened.clear()
        out, err, given = _stream(), _stream(), _stream(stdin.encode() if isinstance(stdin, str) else stdin)
        with (
            mock.patch.object(os, "environ", self.environment),
            mock.patch("sys.stdin", given),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = execute(list(words))
        _require_closed()
        return Answer(int(code), *(stream.buffer.getvalue().decode() for stream in (out, err)))


def _contents_of(files: Mapping[str, bytes]) -> dict[str, Rows]:
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(Path(folder) / "shop.db")
        for end, content in files.items():
            Path(f"{runner.database}{end}").write_bytes(content)
        return runner.contents()


_opened: list[sqlite3.Connection] = []
"""The connections that were opened since the last look."""


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "sqlite3.connect/handle":
        _opened.append(arguments[0])


sys.addaudithook(_watch)


def _require_closed() -> None:
    """Whatever a command opens is closed when it ends, also when that is an error: Python says so from 3.13 on only."""
    for connection in _opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
            _ = connection.total_changes
    _opened.clear()


def _stream(content: bytes = b"") -> io.TextIOWrapper[io.BytesIO]:
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="", write_through=True)


def differences(before: Mapping[str, Rows], after: Mapping[str, Rows]) -> Iterator[str]:
    """The tables whose rows differ."""
    return (name for name in after if before.get(name) != after[name])
