"""New files are whole or not there, whenever their process is killed; what it leaves is named, and removed later."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.promises.process import Odd, Shop, assert_refused, customers

KILLED = """
import os, signal, sys
left = [{number}]
def counting(event, arguments):
    if event in ("open", "os.mkdir", "os.link", "os.rename", "os.remove", "os.rmdir", "sqlite3.connect"):
        if any(".part" in str(argument) for argument in arguments):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(counting)
"""
"""Kills the process when it touches what it is making for the so many-th time."""


def parts(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if ".part" in path.name)


def whole(path: Path) -> object:
    """What is compared of a file or folder that is whole."""
    if path.is_dir():
        return {file.name: file.read_bytes() for file in path.iterdir()}
    content = path.read_bytes()
    if not content.startswith(b"SQLite format 3"):
        return content
    shop = Shop(path)
    assert shop.is_sound()
    return shop.sql("SELECT key, name FROM customer ORDER BY key")


NEW = ("--db", "new.db")
MAKING: dict[str, tuple[Sequence[str], str]] = {
    "an export": (["export", "users", "--out", "users.csv"], "users.csv"),
    "a plan": (["plan", "-f", "world.toml", "--out", "today.plan"], "today.plan"),
    "a back-up": (["db", "backup", "new.backup"], "new.backup"),
    "a restored database": ([*NEW, "db", "restore", "kept.backup", "--yes"], "new.db"),
    "an empty database": ([*NEW, "db", "migrate"], "new.db"),
    "a database by its first record": ([*NEW, "customer", "add", "Acme"], "new.db"),
    "a database by its first sheet": ([*NEW, "customer", "import", "rows.csv"], "new.db"),
    "a database by a world": ([*NEW, "demo", "--customers", "2"], "new.db"),
    "a world as a document": (["demo", "--customers", "2", "--out", "two.toml"], "two.toml"),
    "a world as a folder": (["demo", "--customers", "2", "--out", "two", "--format", "csv"], "two"),
    "rejected rows": (["customer", "import", "bad.csv", "--continue-on-error", "--rejects", "rej.csv"], "rej.csv"),
}


@pytest.fixture
def making(world: Shop) -> Shop:
    world.document(customers(range(3)))
    world.document("name\nOne\nTwo\n", "rows.csv")
    world.document("key,name\nk-1,\n", "bad.csv")
    assert world("db", "backup", "kept.backup").code == 0
    return world


@pytest.mark.parametrize("what", MAKING)
def test_a_new_file_is_whole_or_not_there_at_whatever_step_its_process_is_killed(making: Shop, what: str) -> None:
    words, name = MAKING[what]
    target = making.folder / name
    left: list[object] = []
    for number in count(1):
        [ran] = making.many(Odd([*words, "-q"], KILLED.format(number=number)))
        found = whole(target) if target.exists() else None
        if ran.code != -signal.SIGKILL:
            assert ran.code in (0, 6), ran
            assert (number > 2, found is not None) == (True, True)
            assert left in ([], [found] * len(left))
            break
        if found is not None:
            left.append(found)
            shutil.rmtree(target) if target.is_dir() else target.unlink()
    assert parts(making.folder) == [], "what the killed ones had left"


# -- what is left over ---------------------------------------------------------------------------------------------

HOLDS_A_PART = """
import sys
from pathlib import Path
from custctl.parts import part
with part(Path(sys.argv[1])) as made:
    made.write_text("half")
    print(made.parent.name, flush=True)
    sys.stdin.read()
"""


@contextmanager
def busy_with(target: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process that is making a file, and its part."""
    words = [sys.executable, "-c", HOLDS_A_PART, str(target)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    with process.stdout, process.stdin:
        yield process, target.with_name(process.stdout.readline().strip())
        process.kill()
        process.wait()


WRITES: dict[str, Sequence[str]] = {
    "a write": ("customer", "add", "New"),
    "a write that changes nothing": ("apply", "-f", "nothing.toml"),
    "an export beside the database": ("export", "--out", "all.toml"),
    "a back-up": ("db", "backup", "new.backup"),
    "a migration": ("db", "migrate"),
}


@pytest.mark.parametrize("write", WRITES)
def test_what_a_killed_process_has_left_is_named_by_check_and_removed_by_the_next_write(
    world: Shop, write: str
) -> None:
    world.document("[[customers]]\nkey = 'company-a'\n", "nothing.toml")
    with busy_with(world.database) as (process, left):
        process.kill()
        process.wait()
        checked, listed = world.many(["db", "check", "-o", "json"], ["customer", "list", "-q"])
        assert (checked.code, listed.code, left.exists()) == (1, 0, True)
        assert checked.json == [
            {
                "check": "left-over",
                "record": None,
                "message": f"{left} was left by a process that was killed",
                "remedy": "nothing is missing; the next write into that folder removes it",
            }
        ]
        written, again = world.many([*WRITES[write], "-q"], ["db", "check", "-q"])
        assert (written.code, again.code, left.exists()) == (0, 0, False)


def test_a_dry_run_and_a_read_remove_nothing(world: Shop) -> None:
    with busy_with(world.database) as (process, left):
        process.kill()
        process.wait()
        for ran in world.many(["customer", "add", "New", "--dry-run"], ["customer", "list"], ["db", "status"]):
            assert (ran.code, left.exists()) == (0, True)


def test_the_part_of_a_process_that_lives_is_neither_named_nor_removed(world: Shop) -> None:
    with busy_with(world.database) as (_, part):
        for words in (["db", "check"], *WRITES.values()):
            if words[0] != "apply":
                assert world.many([*words, "-q"])[0].code == 0
        assert (part / "new").read_text() == "half"


def test_a_part_is_left_over_though_another_process_has_the_number_of_its_own(world: Shop) -> None:
    with busy_with(world.database) as (process, left):
        process.kill()
        process.wait()
        reused = left.rename(left.with_name(f".custctl-{os.getpid()}-1.part"))
        checked, added = world.many(["db", "check", "-q"], ["customer", "add", "New", "-q"])
        assert (checked.code, added.code, reused.exists()) == (1, 0, False)


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_files_of_earlier_versions_are_left_over_when_their_process_has_ended(world: Shop) -> None:
    ended, lives = ended_process(), os.getpid()
    names = (".custctl-{}.part", ".shop.db.{}.part", ".shop.db.{}.part-wal", ".shop.db.{}.part-shm")
    left = [world.folder / name.format(ended) for name in names]
    kept = [world.folder / name.format(lives) for name in names]
    others = [world.folder / f".movie.{ended}.part", world.folder / ".notes.part", world.folder / ".config.abcdefgh"]
    for path in (*left, *kept, *others):
        path.write_text("half")
    reused = world.folder / f".custctl-{lives}.part-journal"
    reused.write_text("half")
    os.utime(reused, (time.time() - 10**8, time.time() - 10**8))
    [checked] = world.many(["db", "check", "-o", "json"])
    told = {row["message"].partition(" was left")[0] for row in checked.json}
    assert (checked.code, told) == (1, {str(path) for path in (*left, reused)})
    assert world.many(["customer", "add", "New", "-q"])[0].code == 0
    assert [path.exists() for path in (*left, reused)] == [False] * 5
    assert [path.exists() for path in (*kept, *others)] == [True] * 7


def test_what_is_left_beside_the_config_file_is_named_and_removed_when_it_is_written(world: Shop) -> None:
    folder = world.folder / "config/custctl"
    folder.mkdir(parents=True)
    with busy_with(folder / "config.toml") as (process, left):
        process.kill()
        process.wait()
        (folder / ".config.ab_d3fgh").write_text("output =")
        [checked] = world.many(["db", "check", "-o", "json"])
        assert (checked.code, len(checked.json)) == (1, 2)
        written, again = world.many(["config", "set", "color", "never"], ["db", "check", "-q"])
        assert (written.code, again.code, left.exists()) == (0, 0, False)
    assert [path.name for path in folder.iterdir()] == ["config.toml"]


def test_a_link_called_like_a_part_is_left_alone_with_what_it_leads_to(world: Shop) -> None:
    precious = world.folder / "precious"
    precious.mkdir()
    (precious / "file").write_text("mine")
    link = world.folder / ".custctl-1-1.part"
    link.symlink_to(precious)
    checked, added = world.many(["db", "check", "-q"], ["customer", "add", "New", "-q"])
    assert (checked.code, added.code) == (0, 0)
    assert ((precious / "file").read_text(), link.is_symlink()) == ("mine", True)


# -- a name that is taken ------------------------------------------------------------------------------------------

MADE_MEANWHILE = """
import sys
def making(event, arguments):
    if event in ("os.link", "os.rename"):
        with open(arguments[1], "x") as file:
            file.write("theirs")
sys.addaudithook(making)
"""
"""Another process makes a file of the name at the last moment."""

NO_LINKS = """
import errno, os
def link(source, target, **_):
    raise OSError(errno.EPERM, os.strerror(errno.EPERM), source, None, target)
os.link = link
"""
"""A file system without hard links."""

OUT = {
    "export": ["export", "--out", "target.toml"],
    "plan": ["plan", "-f", "world.toml", "--out", "target.toml"],
    "backup": ["db", "backup", "target.toml"],
    "world": ["demo", "--customers", "2", "--out", "target.toml"],
}


@pytest.mark.parametrize("command", OUT)
def test_a_file_that_exists_or_is_made_meanwhile_is_not_overwritten(making: Shop, command: str) -> None:
    target = making.folder / "target.toml"
    links: list[Callable[[], object]] = [
        lambda: target.write_text("theirs"),
        lambda: target.symlink_to("nowhere"),
        target.mkdir,
    ]
    for make in links:
        make()
        [ran] = making.many(OUT[command])
        assert_refused(ran, 5, "target.toml exists already")
        target.rmdir() if target.is_dir() else target.unlink()
    [late] = making.many(Odd(OUT[command], MADE_MEANWHILE))
    assert_refused(late, 5, "target.toml exists already")
    assert target.read_text() == "theirs"
    assert parts(making.folder) == []


def test_a_folder_that_is_made_meanwhile_is_not_overwritten(making: Shop) -> None:
    [late] = making.many(Odd(["demo", "--customers", "2", "--out", "two", "--format", "csv"], MADE_MEANWHILE))
    assert_refused(late, 5, "two exists already")
    assert (making.folder / "two").read_text() == "theirs"


@pytest.mark.parametrize("command", OUT)
def test_a_file_system_without_links_is_no_hindrance_and_overwrites_nothing(making: Shop, command: str) -> None:
    first, second = making.many(Odd([*OUT[command], "-q"], NO_LINKS), Odd(OUT[command], NO_LINKS))
    assert (first.code, (making.folder / "target.toml").stat().st_size > 0) == (0, True)
    assert_refused(second, 5, "target.toml exists already")


# -- pipes and devices ---------------------------------------------------------------------------------------------


def test_what_is_no_file_takes_what_is_written_as_it_comes(making: Shop) -> None:
    whole = making("export", "groups", "--format", "csv").out
    to = "custctl export groups --format csv --out"
    ran = {
        "pipe": making.shell(f"{to} /dev/stdout | cat"),
        "file": making.shell(f"echo before > f; {to} /dev/stdout >> f; cat f"),
        "descriptor": making.shell(f"{to} /dev/fd/3 3>&1 >/dev/null"),
        "substitution": making.shell(f"{to} >(cat) >/dev/null; wait; sleep 0.5"),
        "fifo": making.shell(f"mkfifo p; cat p & {to} p -q; wait"),
        "null": making.shell(f"{to} /dev/null -q"),
    }
    assert {name: found.code for name, found in ran.items()} == dict.fromkeys(ran, 0)
    assert (ran["pipe"].out, ran["pipe"].err) == (whole, "written to /dev/stdout\n")
    assert ran["file"].out == f"before\n{whole}"
    assert [ran[name].out for name in ("descriptor", "substitution", "fifo", "null")] == [whole, whole, whole, ""]


def test_a_device_that_is_full_is_74(making: Shop) -> None:
    for command in (["export"], ["plan", "-f", "world.toml"]):
        [ran] = making.many([*command, "--out", "/dev/full"])
        assert_refused(ran, 74, "/dev/full cannot be written: No space left on device")
    [ran] = making.many(["db", "backup", "/dev/full"])
    assert_refused(ran, 5, "/dev/full exists already")


def test_a_name_that_no_file_can_have_is_74_before_anything_is_made(making: Shop) -> None:
    reasons = {
        "n" * 300: "File name too long",
        "world.toml/x": "Not a directory",
        "none/x": "No such file or directory",
    }
    for name, reason in reasons.items():
        for command in (["export", "--format", "toml"], ["plan", "-f", "world.toml"], ["demo", "--customers", "2"]):
            [ran] = making.many([*command, "--out", name])
            assert_refused(ran, 74, f"{name} cannot be written: {reason}")


def test_a_config_file_that_is_a_link_stays_one(world: Shop) -> None:
    kept, link = world.folder / "dotfiles.toml", world.folder / "config/custctl/config.toml"
    kept.write_text('color = "never"\n')
    link.parent.mkdir(parents=True)
    link.symlink_to(kept)
    assert world("config", "set", "output", "json").code == 0
    assert link.is_symlink()
    assert kept.read_text() == 'color = "never"\noutput = "json"\n'


# -- one path in what is said --------------------------------------------------------------------------------------

SMALL_FILES = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))"


@pytest.mark.parametrize(
    "words",
    [["demo", "--customers", "50"], ["customer", "import", "rows.csv"], ["customer", "add", "New"], ["db", "migrate"]],
)
def test_an_error_in_a_database_that_is_being_made_names_its_place(making: Shop, words: list[str]) -> None:
    before = sorted(path.name for path in making.folder.iterdir())
    [ran] = making.many(Odd(["--db", "new.db", *words], SMALL_FILES))
    assert_refused(ran, 8, "new.db cannot be used: disk I/O error")
    assert ".part" not in ran.err
    assert sorted(path.name for path in making.folder.iterdir()) == before


def test_a_path_that_begins_with_two_strokes_is_a_path(world: Shop) -> None:
    new = world.folder / "new/shop.db"
    runs = world.many(
        ["--db", f"/{world.database}", "customer", "list", "-q"],
        ["--db", f"/{world.database}", "customer", "add", "New", "-q"],
        ["--db", f"/{new}", "customer", "add", "New", "-q"],
        ["--db", f"/{world.folder}/odd?name#100%.db", "db", "migrate", "-q"],
        ["--db", f"/{world.folder}/odd?name#100%.db", "db", "check", "-q"],
    )
    assert [(ran.code, ran.err) for ran in runs] == [(0, "")] * len(runs)
    assert (new.exists(), (world.folder / "odd?name#100%.db").exists()) == (True, True)


# -- a write that was cut off where there is no log ----------------------------------------------------------------


def cut_off(source: Path, target: Path) -> list[tuple[str]]:
    """A database as a crash amid a write leaves it, with a hot journal; the names that were committed before."""
    work = source.with_name("work.db")
    with closing(sqlite3.connect(source)) as made, closing(sqlite3.connect(work)) as copy:
        made.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        names = copy.execute("SELECT name FROM customer ORDER BY id").fetchall()
    crash(work, target, "UPDATE customer SET name = hex(randomblob(500))", "CREATE TABLE begun (text)")
    return names


def crash(work: Path, target: Path, *statements: str) -> None:
    """Copy a database and its journal amid a transaction, in which many pages have gone to the file already."""
    with closing(sqlite3.connect(work, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("BEGIN IMMEDIATE")
        for statement in statements:
            writer.execute(statement)
        writer.executemany("INSERT INTO begun VALUES (?)", [("x" * 1000,)] * 1000)
        for end in ("", "-journal"):
            shutil.copy(f"{work}{end}", f"{target}{end}")
        writer.execute("ROLLBACK")
    work.unlink()


READS = (["customer", "list", "-q"], ["db", "check", "-q"], ["db", "status", "-q"], ["export", "-q"])


@pytest.mark.parametrize("words", READS)
def test_a_read_takes_back_a_write_that_a_crash_has_cut_off(world: Shop, words: list[str]) -> None:
    crashed = Shop(world.folder / "crashed.db")
    names = cut_off(world.database, crashed.database)
    assert Path(f"{crashed.database}-journal").stat().st_size > 0
    [ran] = crashed.many(words)
    assert (ran.code, ran.err) == (0, "")
    assert crashed.sql("SELECT name FROM customer ORDER BY id") == names
    assert crashed.is_sound()


def test_where_a_read_cannot_take_it_back_it_says_who_can(world: Shop) -> None:
    crashed = Shop(world.folder / "crashed.db")
    cut_off(world.database, crashed.database)
    readable = """
import sqlite3
connect = sqlite3.connect
sqlite3.connect = lambda name, **options: connect(name.replace("mode=rw", "mode=ro"), **options)
"""
    [ran] = crashed.many(Odd(["customer", "list"], readable))
    message = f"{crashed.database} holds a write that was cut off, and cannot be changed\n"
    hint = "run a command as somebody who may write to the file and its folder: that takes it back\n"
    assert (ran.code, ran.err) == (8, f"error: {message}  hint: {hint}")


def test_a_write_that_was_cut_off_in_the_file_of_another_program_is_left_to_it(nothing: Shop) -> None:
    work = nothing.folder / "work.db"
    with closing(sqlite3.connect(work)) as made:
        made.execute("CREATE TABLE begun (text)")
    crash(work, nothing.database)
    before = nothing.database.read_bytes()
    [ran] = nothing.many(["customer", "list"])
    assert_refused(ran, 8, f"{nothing.database} is not a custctl database")
    assert nothing.database.read_bytes() == before


def test_a_crash_at_the_first_commit_of_an_empty_file_leaves_an_empty_file(nothing: Shop) -> None:
    crash(nothing.folder / "work.db", nothing.database, "CREATE TABLE begun (text)")
    listed, added, again = nothing.many(["customer", "list"], ["customer", "add", "New", "-q"], ["customer", "list"])
    assert_refused(listed, 8, f"{nothing.database} is empty")
    assert (added.code, again.code) == (0, 0)
