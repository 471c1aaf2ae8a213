"""A user of the system without an entry in passwd, without HOME, or with the HOME of somebody else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.promises.process import Odd, Ran, Shop, assert_refused

NOBODY = """
import os, pwd
def getpwuid(uid):
    raise KeyError(f"getpwuid(): uid not found: {uid}")
pwd.getpwuid = getpwuid
for name in ("HOME", "USER", "LOGNAME", "CUSTCTL_ACTOR", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
    os.environ.pop(name, None)
"""
NO_DATABASE = f"{NOBODY}\ndel os.environ['CUSTCTL_DB']\n"
UNNAMED = """
import os, pwd
class Entry:
    pw_name = "root"
    pw_dir = "/nowhere"
pwd.getpwuid = lambda uid: Entry
for name in ("LOGNAME", "CUSTCTL_ACTOR"):
    os.environ.pop(name, None)
os.environ["USER"] = ""
"""
UNREADABLE = f"{UNNAMED}\nos.environ.update(CUSTCTL_ACTOR=' \\u3000\\u200b', LOGNAME='\\udcff', USER='kim\\udcff')\n"
READ = ("access", "can", "amanda.smith@company-a.example", "view", "order")


def test_no_home_is_needed_where_the_database_is_named(world: Shop) -> None:
    runs = world.many(
        Odd(["--db", str(world.database), *READ], NO_DATABASE),
        Odd(READ, NOBODY),
        Odd(["version"], NO_DATABASE),
        Odd(["completion", "bash"], NO_DATABASE),
        Odd(["help", "exit-codes"], NO_DATABASE),
        Odd(["config", "show"], NO_DATABASE),
    )
    assert [(run.code, run.err) for run in runs] == [(0, "")] * len(runs)


def test_without_a_home_and_a_name_there_is_no_database_and_one_line_says_so(world: Shop) -> None:
    runs = world.many(*(Odd(words, NO_DATABASE) for words in (READ, ["customer", "add", "New"], ["db", "path"])))
    line = "error: no home folder is known: name the database with --db or CUSTCTL_DB\n"
    assert [(run.code, run.out, run.err) for run in runs] == [(8, "", line)] * len(runs)


def test_without_a_home_there_is_no_config_file_to_show_or_write(world: Shop) -> None:
    runs = world.many(Odd(["config", "path"], NOBODY), Odd(["config", "set", "output", "json"], NOBODY))
    for run in runs:
        assert_refused(run, 4, "no home folder is known: name the config file with CUSTCTL_CONFIG")


def test_an_error_without_a_home_keeps_its_own_exit_code(world: Shop) -> None:
    runs = world.many(
        Odd(["customer", "show", "nobody"], NOBODY),
        Odd(["customer", "show", "nobody", "-o", "json"], NOBODY),
        Odd(["customer", "sow"], NO_DATABASE),
        Odd(["--profile", "shop", "customer", "list"], NO_DATABASE),
    )
    assert [run.code for run in runs] == [3, 3, 2, 4]
    assert "profile 'shop' (from --profile) is not in a config file" in runs[-1].err


@pytest.mark.parametrize(("before", "name"), [(NOBODY, f"uid {os.getuid()}"), (UNNAMED, "root"), (UNREADABLE, "root")])
def test_who_wrote_is_named_by_passwd_and_by_number_only_where_it_has_no_name(
    world: Shop, before: str, name: str
) -> None:
    [added] = world.many(Odd(["customer", "add", "New"], before))
    assert added.code == 0
    assert world.sql("SELECT actor FROM revision ORDER BY id DESC LIMIT 1") == [(name,)]
    assert world.sql("SELECT owner FROM customer WHERE key = 'new'") == [(name,)]


def test_an_actor_that_is_no_text_is_told_as_one(world: Shop) -> None:
    [refused] = world.many(Odd(["customer", "add", "New"], "import os\nos.environ['CUSTCTL_ACTOR'] = '\\udcff'\n"))
    assert_refused(refused, 4, "CUSTCTL_ACTOR holds bytes that are no text")


CLOSED = """
import pathlib
real = pathlib.Path.stat
def stat(path, **options):
    if "/closed/" in str(path):
        raise PermissionError(13, "Permission denied", str(path))
    return real(path, **options)
pathlib.Path.stat = stat
"""


def test_the_home_of_somebody_else_holds_no_config_of_ours(world: Shop) -> None:
    env = {"HOME": str(world.folder / "closed"), "XDG_CONFIG_HOME": ""}
    named, unnamed = world.many(Odd(READ, CLOSED), Odd(READ, f"{CLOSED}\ndel os.environ['CUSTCTL_DB']\n"), env=env)
    assert (named.code, named.err) == (0, "")
    path = world.folder / "closed/.local/share/custctl/custctl.db"
    assert_refused(unnamed, 8, f"{path} cannot be used: Permission denied")


def start(folder: Path, script: str, **env: str) -> Ran:
    """The program as it starts, with a module of its own folder that fails to be imported."""
    (folder / "typer.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "-c", "from custctl.__main__ import main; main()", "customer", "list"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{folder}:{Path(__file__).parents[2]}", **env},
        capture_output=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_what_fails_before_the_program_has_begun_never_looks_like_the_answer_no(tmp_path: Path) -> None:
    lines = {
        "raise RuntimeError": "error: custctl has a bug (RuntimeError)\n",
        "import missing_library": "error: custctl is not installed completely: missing_library cannot be imported\n",
        "raise SystemExit(1)": "error: custctl has a bug (SystemExit)\n",
    }
    for script, line in lines.items():
        ran = start(tmp_path, script)
        assert (ran.code, ran.out, ran.err) == (70, "", line)
    assert "Traceback" in start(tmp_path, "raise RuntimeError", CUSTCTL_DEBUG="1").err
