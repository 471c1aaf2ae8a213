"""What lies where the database should be: whatever it is, it is named, left as it is, and never read as "nothing"."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from custctl.store.migrations import SCHEMA_VERSION
from tests.promises.process import Odd, Ran, Shop

READS = (
    ["customer", "list"],
    ["customer", "show", "company-a"],
    ["access", "can", "guest", "view", "order"],
    ["access", "matrix", "guest"],
    ["export"],
    ["db", "check"],
    ["db", "status"],
)
WRITES = (["customer", "add", "New"], ["customer", "edit", "company-a", "--owner", "x"], ["db", "migrate"])


def refused(shop: Shop, *commands: list[str]) -> list[Ran]:
    """The commands, each of which finds the database unusable and says nothing else."""
    runs = shop.many(*([*command, "-o", "json"] for command in commands))
    assert [(run.code, run.out) for run in runs] == [(8, "")] * len(commands)
    return runs


def codes(*runs: Ran) -> set[tuple[str, str]]:
    return {(run.error["code"], run.error["message"]) for run in runs}


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT)")


def numbered(pragma: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA {pragma}")

    return make


def text(path: Path) -> None:
    path.write_text("These are my notes about customers.\n" * 40)


def cut_header(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\x00" + bytes(20))


def dangling(path: Path) -> None:
    path.symlink_to("nowhere.db")


NOT_OURS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "another program's": (foreign, "foreign-database", "{} is not a custctl database"),
    "another number": (numbered("application_id = 7"), "foreign-database", "{} is not a custctl database"),
    "another version": (numbered("user_version = 7"), "foreign-database", "{} is not a custctl database"),
    "text": (text, "corrupt", "{} is not a database"),
    "a cut header": (cut_header, "corrupt", "{} is not a database"),
    "a folder": (Path.mkdir, "unusable", "{} is not a file"),
    "a pipe": (os.mkfifo, "unusable", "{} is not a file"),
    "a link to nothing": (dangling, "unusable", "{} is a link to a file that is missing"),
}


@pytest.mark.parametrize("kind", NOT_OURS)
def test_a_file_that_is_not_ours_is_named_and_left_as_it_is(nothing: Shop, kind: str) -> None:
    make, code, message = NOT_OURS[kind]
    make(nothing.database)
    before = nothing.database.read_bytes() if nothing.database.is_file() else b""
    assert codes(*refused(nothing, *READS, *WRITES)) == {(code, message.format(nothing.database))}
    assert before == (nothing.database.read_bytes() if nothing.database.is_file() else b"")
    assert names(nothing.folder) == ["shop.db"]


def test_an_import_into_a_link_to_nothing_is_not_told_that_somebody_else_is_writing(nothing: Shop) -> None:
    dangling(nothing.database)
    (nothing.folder / "c.csv").write_text("key,name\nacme,Acme\n")
    runs = refused(nothing, ["customer", "import", "c.csv"], ["customer", "import", "c.csv", "--dry-run"], ["demo"])
    assert codes(*runs) == {("unusable", f"{nothing.database} is a link to a file that is missing")}
    assert names(nothing.folder) == ["c.csv", "shop.db"]


def test_a_database_of_a_newer_program_is_left_as_it_is(world: Shop) -> None:
    world.sql(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = world.database.read_bytes()
    message = f"{world.database} has schema {SCHEMA_VERSION + 1}, newer than this custctl ({SCHEMA_VERSION})"
    assert codes(*refused(world, *READS, *WRITES, ["demo"])) == {("newer-database", message)}
    assert world.database.read_bytes() == before


def test_a_read_without_a_database_says_how_to_make_one_and_makes_none(nothing: Shop) -> None:
    runs = refused(nothing, *READS)
    assert codes(*runs) == {("no-database", f"there is no database at {nothing.database}")}
    named = f"--db {nothing.database}"
    hint = f"for a small world: custctl demo {named} or for an empty one: custctl db migrate {named}"
    assert {run.error["hint"] for run in runs} == {hint}
    assert names(nothing.folder) == []


def test_an_empty_file_is_unusable_for_a_read_and_a_beginning_for_a_write(nothing: Shop) -> None:
    nothing.database.touch()
    assert codes(*refused(nothing, *READS[:-1])) == {("no-database", f"{nothing.database} is empty")}
    assert nothing.database.stat().st_size == 0
    status, added, listed = nothing.many(
        ["db", "status", "-o", "json"], ["customer", "add", "New"], ["customer", "list", "-o", "name"]
    )
    assert (status.code, status.json["schema"], status.json["current"]) == (0, 0, False)
    assert (added.code, listed.out) == (0, "customer:new\n")


def test_a_write_that_fails_makes_no_database(nothing: Shop) -> None:
    wrong = nothing.document('[[customers]]\nkey = "a"\nname = "A"\nparent = "b"\n')
    runs = nothing.many(["customer", "edit", "nobody", "--owner", "x"], ["apply", "-f", wrong, "--yes"])
    assert [run.code for run in runs] == [3, 4]
    assert names(nothing.folder) == ["world.toml"]


@pytest.mark.parametrize("filler", [b"\x00", b"\xff", b"\x0d"])
def test_a_damaged_page_is_damage_and_never_no_results(world: Shop, filler: bytes) -> None:
    size = world.sql("PRAGMA page_size")[0][0]
    pages = world.sql("SELECT rootpage FROM sqlite_schema WHERE name IN ('customer', 'customer_name', 'role_entry')")
    with world.database.open("r+b") as file:
        for (page,) in pages:
            file.seek((page - 1) * size)
            file.write(filler * size)
    runs = refused(world, ["customer", "list"], ["customer", "tree"], ["access", "matrix", "role:buyer"], ["export"])
    assert codes(*runs) == {("corrupt", f"{world.database} is damaged")}
    assert {run.error["hint"] for run in runs} == {
        f"name another file, or put a back-up back: custctl db restore FILE --db {world.database}"
    }
    refused(world, ["customer", "add", "New"], ["customer", "edit", "company-a", "--owner", "x"])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_was_cut_off_is_damaged(world: Shop, share: float) -> None:
    os.truncate(world.database, int(world.database.stat().st_size * share) // 4096 * 4096)
    runs = refused(world, ["customer", "list"], ["export"], ["customer", "add", "New"])
    assert codes(*runs) == {("corrupt", f"{world.database} is damaged")}


def test_text_that_is_no_text_is_damage_and_is_not_printed(world: Shop) -> None:
    world.sql("UPDATE customer SET name = CAST(x'5365637265742dff' AS TEXT) WHERE key = 'company-a'")
    runs = refused(world, ["customer", "list"], ["customer", "show", "company-a"], ["export"])
    assert codes(*runs) == {("corrupt", f"{world.database} is damaged")}
    assert not any("Secret" in run.err for run in runs)


def test_a_write_that_meets_damage_changes_nothing(world: Shop) -> None:
    pages = world.sql("SELECT rootpage FROM sqlite_schema WHERE name = 'history_record_id'")
    with world.database.open("r+b") as file:
        file.seek((pages[0][0] - 1) * 4096)
        file.write(bytes(4096))
    refused(world, ["customer", "add", "New"], ["apply", "-f", world.document('[[customers]]\nkey="x"\nname="X"\n')])
    assert world.sql("SELECT count(*) FROM customer WHERE key IN ('new', 'x')") == [(0,)]


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nobody writes in the folder: by its mode, or for root by mounting it so, where root may."""
    if os.geteuid() != 0:
        folder.chmod(0o500)
        yield
        folder.chmod(0o700)
        return
    for options in (["--bind"], ["-o", "remount,bind,ro"]):
        if subprocess.run(["mount", *options, str(folder), str(folder)], capture_output=True, check=False).returncode:
            pytest.skip("root writes everywhere, and may not mount here")
    yield
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def elsewhere(world: Shop) -> Shop:
    """A copy of the world in a folder of its own, and commands run outside it."""
    folder = world.folder / "elsewhere"
    folder.mkdir()
    return Shop(Path(shutil.copy(world.database, folder)), home=world.folder)


def test_a_read_works_where_nothing_can_be_written_and_a_write_is_8(elsewhere: Shop) -> None:
    other = elsewhere.database.with_name("other.db")
    with read_only(elsewhere.database.parent):
        listed, checked, status, written, made = elsewhere.many(
            ["customer", "list", "-o", "name"],
            ["db", "check"],
            ["db", "status", "-o", "json"],
            ["customer", "add", "New", "-o", "json"],
            ["--db", str(other), "customer", "add", "New", "-o", "json"],
        )
    assert (listed.code, status.code, status.json["records"]["customer"]) == (0, 0, 8)
    assert len(listed.out.split()) == 8
    assert (checked.code, checked.err) == (0, "no findings\n")
    assert [ran.code for ran in (written, made)] == [8, 8]
    assert codes(written) < {
        ("unusable", f"{elsewhere.database} cannot be used: {reason}")
        for reason in ("unable to open database file", "attempt to write a readonly database")
    }
    assert made.error["message"].startswith(f"{other} cannot be made: ")
    assert names(elsewhere.database.parent) == ["shop.db"]


def test_a_read_that_would_miss_the_latest_commits_is_refused(world: Shop, elsewhere: Shop) -> None:
    with closing(sqlite3.connect(world.database)) as reader:
        reader.execute("SELECT count(*) FROM customer").fetchone()
        assert world("customer", "add", "Latest", "-q").code == 0
        for name in ("shop.db", "shop.db-wal"):
            shutil.copy(world.folder / name, elsewhere.database.with_name(name))
    with read_only(elsewhere.database.parent):
        runs = refused(elsewhere, ["customer", "list"], ["db", "status"])
    assert codes(*runs) == {("unusable", f"{elsewhere.database} cannot be used: unable to open database file")}


LOOKING = """
import os, pathlib, sys
os.umask({mask})
import custctl.store.rows as rows
commit = rows.Transaction.commit
def looked(self):
    for path in sorted(pathlib.Path("new/folder").rglob("*")):
        print("part" if path.is_dir() else path.name, oct(path.stat().st_mode)[-3:])
    commit(self)
rows.Transaction.commit = looked
"""


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_every_file_is_for_its_owner_alone_whatever_the_umask(nothing: Shop, mask: int) -> None:
    before = LOOKING.format(mask=mask)
    added, exported, kept = nothing.many(
        Odd(["--db", "new/folder/shop.db", "customer", "add", "New", "-q"], before),
        Odd(["--db", "new/folder/shop.db", "export", "--out", "all.toml"], before),
        Odd(["config", "set", "output", "json"], before),
    )
    assert (added.code, exported.code, kept.code) == (0, 0, 0)
    assert added.out == "part 700\nnew 600\nnew-shm 600\nnew-wal 600\n", "it is made beside its place"
    found = {name: oct((nothing.folder / name).stat().st_mode)[-3:] for name in names(nothing.folder)}
    assert found == {
        "all.toml": "600",
        "config": "700",
        "config/custctl": "700",
        "config/custctl/config.toml": "600",
        "new": "700",
        "new/folder": "700",
        "new/folder/shop.db": "600",
        "new/folder/shop.db-shm": "600",
        "new/folder/shop.db-wal": "600",
    }
