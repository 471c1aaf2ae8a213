"""What a fresh process imports: the part of start-up that can be held without a clock.

`make bench` measures what it amounts to. A module here that a command does not need costs every call of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CUSTCTL = "from custctl.__main__ import main; main()"
HEAVY = frozenset(
    {
        "asyncio",
        "email_validator",
        "importlib.metadata",
        "pycountry",
        "pydantic",
        "rich",
        "sqlalchemy",
        "sqlmodel",
        "tomli_w",
        "yaml",
    }
)
"""What only writes, documents in YAML and terminals need."""


READ = "import typer, typer._click.decorators, sqlite3, __future__, dataclasses, decimal, gc, json, unicodedata"
HELP, COMPLETION, CHECK = "typer._click._textwrap", "shlex", "array"
"""What help, completion and `db check` take besides."""


@pytest.fixture(scope="session")
def libraries(demo_file: Path) -> frozenset[str]:
    """What every read takes of the libraries, with all that this Python loads for it."""
    return imported(f"{READ}, {HELP}, {COMPLETION}, {CHECK}", home=demo_file.parent)


def imported(program: str, *words: str, home: Path, **variables: str) -> frozenset[str]:
    """The modules that a fresh Python imports to run a program with these words, and to start itself."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CUSTCTL_", "PYTHON", "XDG_"))}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program, *words],
        cwd=Path(__file__).parents[1],
        env=kept | {"HOME": str(home)} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return frozenset(line.rpartition("|")[2].strip() for line in lines)


def heavy(modules: frozenset[str]) -> list[str]:
    return sorted(name for name in modules if name in HEAVY or name.partition(".")[0] in HEAVY)


def test_the_version_is_told_without_importing_anything(tmp_path: Path) -> None:
    bare = imported("pass", home=tmp_path)
    assert imported(CUSTCTL, "--version", home=tmp_path) - bare == {"custctl", "custctl.__main__"}


@pytest.mark.parametrize(
    # A few more than today: a module is added with a thought, twenty are an accident.
    ("most", "line"),
    [
        (15, "--help"),
        (32, "customer --help"),
        (32, "customer list --help"),
        (17, "config show"),
        (19, "help"),
        (19, "help exit-codes"),
        (38, "customer list --limit 50 -o wide"),
        (38, "customer list --limit 50 -o yaml"),
        (36, "customer list --limit 50"),
        (36, "customer list --where group=partners --sort -name -o json"),
        (45, "customer show company-a-west"),
        (36, "customer tree"),
        (42, "user show bob.reyes@company-a.example"),
        (32, "order list --limit 50"),
        (34, "contact list --limit 50"),
        (37, "account list --limit 50"),
        (35, "access can bob.reyes@company-a.example view order"),
        (35, "access can bob.reyes@company-a.example view customer:company-a-west -o json"),
        (35, "access matrix bob.reyes@company-a.example"),
        (38, "db check"),
    ],
)
def test_a_read_imports_little_besides_typer_and_sqlite(
    most: int, line: str, demo_file: Path, libraries: frozenset[str]
) -> None:
    modules = imported(CUSTCTL, "--db", str(demo_file), *line.split(), home=demo_file.parent)
    own = sorted(modules - libraries)
    assert heavy(modules) == []
    assert [name for name in own if not name.startswith("custctl")] == []
    assert len(own) <= most, own


@pytest.mark.parametrize(
    ("most", "line"),
    [
        (18, "custctl cust"),
        (35, "custctl customer "),
        (39, "custctl customer show company"),
        (34, "custctl user list --wh"),
        (37, "custctl access can bob.reyes@company-a.example view order:SO-1"),
        (40, "custctl role grant buyer order view="),
    ],
)
def test_completion_imports_no_more_than_a_read(
    most: int, line: str, demo_file: Path, libraries: frozenset[str]
) -> None:
    modules = imported(CUSTCTL, home=demo_file.parent, CUSTCTL_COMPLETE=line, CUSTCTL_DB=str(demo_file))
    own = sorted(modules - libraries)
    assert heavy(modules) == []
    assert [name for name in own if not name.startswith("custctl")] == []
    assert len(own) <= most, own
