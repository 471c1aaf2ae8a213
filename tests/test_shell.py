"""A command that is shown can be pasted: the shell runs it with the very values, and nothing that is in them."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custctl import shell

SHELLS = [name for name in ("bash", "dash", "zsh") if shutil.which(name)]
HOSTILE = (
    "$(touch pwned)",
    "`touch pwned`",
    "a; touch pwned",
    "a | touch pwned",
    "a & touch pwned",
    "> pwned",
    "it's $(touch pwned)",
    "'$(touch pwned)'",
    '"$(touch pwned)"',
    "a'\"$(touch pwned)\"'b",
    "two\nlines; touch pwned",
    "\n$(touch pwned)\n\tx",
    "wow!! !$ !touch",
    "*",
    "~",
    "~root/x",
    "-x",
    "--yes",
    "# a comment",
    "a b  c",
    "ab\u202e$(touch pwned)",
    "a\u00a0b",
    "\x1b[31mred$(touch pwned)",
    "%d %s \\n \\0101",
    "=ls",
    "{a,b}",
    "[a-z]?",
    "\\",
    "",
    "Müller & Söhne",
    "山田",
    "a\udcffb",
)


@pytest.fixture(scope="module", params=SHELLS)
def pasted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Paste:
    return Paste(request.param, tmp_path_factory.mktemp("pasted"))


class Paste:
    """A shell in an empty folder, where `custctl` writes down what it is called with."""

    def __init__(self, name: str, folder: Path) -> None:
        self.shell = str(shutil.which(name))
        self.folder = folder / "empty"
        self.folder.mkdir()
        self.told = folder / "told"
        programs = folder / "programs"
        programs.mkdir()
        stub = programs / "custctl"
        stub.write_text(f"#!/bin/sh\nfor word; do printf '%s\\0' \"$word\"; done >> {shlex.quote(str(self.told))}\n")
        stub.chmod(0o755)
        self.environment = {"PATH": f"{programs}:{os.environ['PATH']}"}

    def __call__(self, line: str) -> list[str]:
        """What `custctl` was called with; the folder must stay empty."""
        self.told.write_bytes(b"")
        subprocess.run(
            [self.shell, "-c", line], cwd=self.folder, env=self.environment, capture_output=True, check=True, timeout=60
        )
        assert list(self.folder.iterdir()) == []
        return [os.fsdecode(word) for word in self.told.read_bytes().split(b"\0")[:-1]]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_shell_gives_the_command_the_very_value_and_runs_nothing_of_it(pasted: Paste, value: str) -> None:
    told = pasted(shell.command("order edit", value, "B", note=value, primary=True, left_out=None))
    if value.startswith("-"):
        assert told == ["order", "edit", f"--note={value}", "--primary", "--", value, "B"]
    else:
        assert told == ["order", "edit", value, "B", "--note", value, "--primary"]


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12))
@settings(max_examples=40, deadline=None)
def test_every_text_reaches_the_command_as_it_is(pasted: Paste, value: str) -> None:
    assert pasted(shell.line(["x", value])) == ["x", "VALUE" if value.endswith("\n") else value]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_command_is_shown_in_characters_that_a_terminal_shows(value: str) -> None:
    assert shell.command("order edit", value).isprintable()


def test_what_is_not_strange_is_shown_as_it_is() -> None:
    line = shell.command("user role add", "anna@acme.example", "ROLE", dry_run=True, for_="group:x", tag=["a", "b"])
    assert line == "custctl user role add anna@acme.example ROLE --dry-run --for group:x --tag a --tag b"


@pytest.mark.parametrize("value", ["ends\n", "a\0b", "\ud800"])
def test_a_value_that_no_command_line_can_carry_is_not_shown(value: str) -> None:
    assert shell.command("order edit", value) == "custctl order edit VALUE"
