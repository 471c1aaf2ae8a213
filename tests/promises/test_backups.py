"""Back-ups while others write, and restores that are whole whatever happens to them."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from custctl.store.migrations import SCHEMA_VERSION
from tests.promises.process import Odd, Shop, customers, finished
from tests.promises.test_migrations import NEXT

MANY = 3_000
SHORT = "import custctl.store.backups as backups; backups.BUSY_SECONDS = 0.3"
HELD = """
import signal, sys
from custctl.store import backups
step = backups._Step.__call__
def held(self, status, remaining, total):
    step(self, status, remaining, total)
    if remaining == {remaining}:
        {then}
backups._Step.__call__ = held
"""


@pytest.fixture(scope="session")
def grown(made_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a back-up of the demo world, which has got some thousand customers since."""
    shop = Shop(Path(shutil.copy(made_once, tmp_path_factory.mktemp("grown"))))
    assert shop("db", "backup", "kept.db", "-q").code == 0
    shop.document(customers(range(MANY)), "big.toml")
    assert shop("apply", "-f", "big.toml", "--yes", "-q").code == 0
    return shop.folder


@pytest.fixture
def kept(world: Shop, grown: Path) -> str:
    """The back-up of a world that has grown since."""
    shutil.copytree(grown, world.folder, dirs_exist_ok=True)
    return "kept.db"


def count(shop: Shop) -> int:
    assert shop.is_sound()
    [[stored]] = shop.sql("SELECT count(*) FROM customer")
    return int(stored)


def names(shop: Shop) -> list[str]:
    """What lies in the folder, beside what SQLite makes and takes away."""
    found = (path.name for path in shop.folder.iterdir())
    return sorted(name for name in found if not name.endswith(("-wal", "-shm")))


@pytest.fixture
def writer(world: Shop) -> Iterator[sqlite3.Connection]:
    """Another program that holds the write lock."""
    with closing(sqlite3.connect(world.database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


def test_backups_made_while_others_write_are_whole_revisions(world: Shop) -> None:
    before = count(world)
    adds = [["customer", "add", f"New {number}", "-q"] for number in range(20)]
    copies = [["db", "backup", f"copy-{number}.db", "-o", "json"] for number in range(10)]
    added, made = world.together(adds, copies)
    assert {ran.code for ran in (*added, *made)} == {0}
    revisions = [ran.json["revision"] for ran in made]
    found = [count(Shop(world.folder / f"copy-{number}.db")) for number in range(10)]
    assert found == [before + revision - 1 for revision in revisions]
    assert revisions == sorted(revisions)


def test_of_two_backups_to_one_name_one_is_made(world: Shop) -> None:
    command = ["db", "backup", "copy.db", "-q"]
    codes = sorted(ran.code for [ran] in world.together([command], [command]))
    assert codes == [0, 5]
    assert Shop(world.folder / "copy.db").is_sound()
    assert names(world) == ["copy.db", "shop.db"]


def test_no_space_for_a_backup_leaves_nothing(world: Shop) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))"
    [ran] = world.many(Odd(["db", "backup", "copy.db", "-o", "json"], limit))
    assert (ran.code, ran.out, ran.error["code"]) == (8, "", "unusable")
    assert "copy.db cannot be used: " in ran.error["message"]
    assert names(world) == ["shop.db"]


def test_a_reader_at_work_keeps_what_it_sees(world: Shop, kept: str) -> None:
    with closing(sqlite3.connect(world.database, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        before = reader.execute("SELECT count(*) FROM customer").fetchone()
        assert world("db", "restore", kept, "--yes", "-q").code == 0
        assert reader.execute("SELECT count(*) FROM customer").fetchone() == before == (MANY + 8,)
        reader.execute("COMMIT")
        assert reader.execute("SELECT count(*) FROM customer").fetchone() == (8,)
    assert count(world) == 8


def test_a_restore_waits_for_a_writer_and_loses_nothing_of_it(world: Shop, writer: sqlite3.Connection) -> None:
    assert world("db", "backup", "kept.db", "-q").code == 0
    writer.execute("UPDATE customer SET owner = 'the writer' WHERE key = 'company-a'")
    waiting = world.start("db", "restore", "kept.db", "--yes", "-o", "json")
    time.sleep(1)
    assert waiting.poll() is None
    writer.execute("COMMIT")
    ran = finished(waiting)
    assert ran.code == 0
    owned = "SELECT count(*) FROM customer WHERE owner = 'the writer'"
    assert (world.sql(owned), Shop(Path(ran.json["kept"])).sql(owned)) == ([(0,)], [(1,)])


@pytest.mark.parametrize("words", [["--yes"], ["--dry-run"]])
def test_a_writer_that_does_not_stop_makes_a_restore_75(
    world: Shop, writer: sqlite3.Connection, words: list[str]
) -> None:
    assert world("db", "backup", "kept.db", "-q").code == 0
    [ran] = world.many(Odd(["db", "restore", "kept.db", *words, "-o", "json"], SHORT))
    assert (ran.code, ran.out, ran.error["code"]) == (75, "", "busy")
    assert writer.in_transaction
    assert names(world) == ["kept.db", "shop.db"]


def test_nobody_writes_between_what_is_kept_and_what_is_put_back(world: Shop) -> None:
    assert world("db", "backup", "kept.db", "-q").code == 0
    adds = [[Odd(["customer", "add", f"New {run} {number}", "-q"]) for number in range(12)] for run in range(2)]
    restores = [["db", "restore", "kept.db", "--yes", "-o", "json"]] * 6
    *added, restored = world.together(*adds, restores)
    assert {ran.code for runs in (*added, restored) for ran in runs} == {0}
    asides = [Shop(Path(ran.json["kept"])) for ran in restored]
    new = "SELECT key FROM customer WHERE key GLOB 'new-*'"
    assert all(shop.is_sound() for shop in (world, *asides))
    found = [key for shop in (world, *asides) for (key,) in shop.sql(new)]
    assert sorted(found) == sorted(f"new-{run}-{number}" for run in range(2) for number in range(12))


@pytest.mark.parametrize("remaining", [1, 10, 40])
def test_a_restore_that_is_killed_amid_its_pages_has_changed_nothing(world: Shop, kept: str, remaining: int) -> None:
    then = "import os; os.kill(os.getpid(), signal.SIGKILL)"
    [ran] = world.many(Odd(["db", "restore", kept, "--yes"], HELD.format(remaining=remaining, then=then)))
    assert ran.code == -9
    assert count(world) == MANY + 8
    assert world("db", "restore", kept, "--yes", "-q").code == 0
    assert count(world) == 8


def test_a_restore_that_is_killed_at_any_moment_leaves_the_old_or_the_new(world: Shop, kept: str) -> None:
    copies = [Path(shutil.copy(world.database, world.folder / f"copy-{number}.db")) for number in range(20)]
    commands = [["--db", str(copy), "db", "restore", kept, "--yes", "-q"] for copy in copies]
    started = time.monotonic()
    world.many(commands[0])
    longest, moments = time.monotonic() - started, random.Random(7)
    odd = (Odd(words, "", signal.SIGKILL, moments.uniform(0, longest)) for words in commands[1:])
    runs = world.many(*odd)
    for ran, copy in zip(runs, copies[1:], strict=True):
        assert count(Shop(copy)) in ((8,) if ran.code == 0 else (8, MANY + 8))
    assert any(ran.code == -9 for ran in runs), "none was caught"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_before_the_pages_ends_it_and_one_amid_them_comes_too_late(
    world: Shop, kept: str, number: signal.Signals, code: int
) -> None:
    command = ["db", "restore", kept, "--yes", "-q"]
    raised = f"signal.raise_signal({int(number)})"
    early = f"from custctl.store import backups\nimport signal\nbackups.put_numbered = lambda *_: {raised}"
    [ended] = world.many(Odd(command, early))
    assert (ended.code, ended.err.split("; ")[-1]) == (code, "nothing was changed\n")
    assert (count(world), names(world)) == (MANY + 8, ["big.toml", "kept.db", "shop.db"])
    [done] = world.many(Odd(command, HELD.format(remaining=10, then=raised)))
    assert (done.code, done.err) == (0, "\ndone; only the answer was interrupted\n")
    assert count(world) == 8


def test_no_space_for_what_is_kept_changes_nothing(world: Shop, kept: str) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))"
    [ran] = world.many(Odd(["db", "restore", kept, "--yes", "-o", "json"], limit))
    assert (ran.code, ran.out) == (8, "")
    assert (count(world), names(world)) == (MANY + 8, ["big.toml", "kept.db", "shop.db"])


def test_a_backup_of_an_older_program_is_brought_up_to_date(world: Shop) -> None:
    assert world("db", "backup", "kept.db", "-q").code == 0
    old = (world.folder / "kept.db").read_bytes()
    added, restored, again = world.many(
        Odd(["customer", "add", "New", "-q"], NEXT),
        Odd(["db", "restore", "kept.db", "--yes", "-o", "json"], NEXT),
        Odd(["db", "check"], NEXT),
    )
    assert (added.code, restored.code, again.code, again.err) == (0, 0, 0, "no findings\n")
    assert (restored.json["migrated"], restored.json["revision"]) == (["nickname"], 1)
    assert (world.sql("PRAGMA user_version"), count(world)) == ([(SCHEMA_VERSION + 1,)], 8)
    assert (world.folder / "kept.db").read_bytes() == old


def test_what_has_changed_since_it_was_shown_is_not_replaced(world: Shop) -> None:
    """Agreed to on a terminal, while another process writes."""
    script = """
import sys
from custctl.commands._command import Call
def agree(self, what):
    import contextlib, sqlite3
    with contextlib.closing(sqlite3.connect(self.database)) as connection, connection:
        connection.execute("INSERT INTO revision (at, actor, command) VALUES ('2026-01-01T00:00:00Z', 'x', 'x')")
Call.agree = agree
from custctl.__main__ import main
main()
"""
    assert world("db", "backup", "kept.db", "-q").code == 0
    ran = world("db", "restore", "kept.db", "-o", "json", program=(sys.executable, "-c", script))
    assert (ran.code, ran.error["code"]) == (5, "stale")
    assert names(world) == ["kept.db", "shop.db"]
