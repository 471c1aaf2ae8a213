"""A database of an older program: a read refuses it, a write brings it up to date after a back-up, or not at all."""

from __future__ import annotations

import shutil
import signal

import pytest

from custctl.store.migrations import SCHEMA_VERSION
from tests.promises.process import Odd, Ran, Shop

NEWER = """
import signal
from custctl.store import migrations
def nickname(connection, now):
    connection.execute("ALTER TABLE customer ADD COLUMN nickname TEXT")
    connection.execute("UPDATE customer SET nickname = key")
    {then}
migrations.MIGRATIONS = (*migrations.MIGRATIONS, nickname)
migrations.SCHEMA_VERSION += 1
"""
NEXT = NEWER.format(then="")
"""The program of the next release, which adds a column."""
OLD, NEW = SCHEMA_VERSION, SCHEMA_VERSION + 1
BACKUP = f"shop.db.v{OLD}.backup"

NO_ROOM = """
import os
def link(*_, **__):
    raise OSError(28, "No space left on device")
os.link = link
"""
UNCOMMITTED = """
import sqlite3
from custctl.store import database
class Failing(database.Writing):
    def commit(self):
        raise sqlite3.OperationalError("disk I/O error")
    def execute(self, statement, *parameters):
        if statement == "COMMIT" and self.migrated_from:
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(statement, *parameters)
database.Writing = Failing
"""
COLUMNS = "SELECT name FROM pragma_table_info('customer') WHERE name = 'nickname'"


def state(shop: Shop) -> tuple[int, int, bool]:
    """The version of the schema, the number of customers, and whether the column of the new one is there."""
    assert shop.is_sound()
    [[version]] = shop.sql("PRAGMA user_version")
    [[count]] = shop.sql("SELECT count(*) FROM customer")
    return version, count, shop.sql(COLUMNS) != []


def backup_of(shop: Shop) -> Shop:
    return Shop(shop.database.with_name(BACKUP))


def backups(shop: Shop) -> list[str]:
    return sorted(path.name for path in shop.folder.glob("*.backup"))


def test_a_read_of_an_old_database_is_8_and_says_what_to_do(world: Shop) -> None:
    before = world.database.read_bytes()
    reads = ["customer", "list"], ["access", "can", "guest", "view", "order"], ["export"], ["customer", "tree"]
    for ran in world.many(*(Odd([*words, "-o", "json"], NEXT) for words in reads)):
        assert (ran.code, ran.out, ran.error["code"]) == (8, "", "old-database")
        assert ran.error["message"] == f"{world.database} has schema {OLD}, this custctl reads {NEW}"
        assert ran.error["hint"] == f"to bring it up to date, after a back-up: custctl db migrate --db {world.database}"
    [status] = world.many(Odd(["db", "status", "-o", "json"], NEXT))
    assert (status.code, status.json["schema"], status.json["current"]) == (0, OLD, False)
    assert world.database.read_bytes() == before


@pytest.mark.parametrize("words", [["customer", "add", "New", "-q"], ["db", "migrate", "-q"]])
def test_a_write_migrates_after_a_backup_that_is_sound_and_private(world: Shop, words: list[str]) -> None:
    before = state(world)
    first, again = world.many(Odd(words, NEXT), Odd(["db", "migrate", "-o", "json"], NEXT))
    assert (first.code, first.err, again.code, again.json["migrated"]) == (0, "", 0, [])
    assert state(world) == (NEW, before[1] + ("add" in words), True)
    assert state(backup_of(world)) == before
    assert backup_of(world).database.stat().st_mode & 0o777 == 0o600
    assert [ran.code for ran in world.many(["customer", "list"])] == [8], "the old program refuses the new schema"
    [restored] = backup_of(world).many(["customer", "list", "-o", "name"])
    assert len(restored.out.split()) == before[1]


def test_a_dry_run_or_a_write_that_fails_leaves_the_old_schema(world: Shop) -> None:
    before = state(world)
    runs = world.many(
        Odd(["customer", "add", "New", "--dry-run"], NEXT),
        Odd(["db", "migrate", "--dry-run", "-o", "json"], NEXT),
        Odd(["plan", "-f", world.document('[[customers]]\nkey = "x"\nname = "X"\n')], NEXT),
        Odd(["customer", "edit", "nobody", "--owner", "x"], NEXT),
    )
    assert [ran.code for ran in runs] == [0, 0, 0, 3]
    assert runs[1].json["migrated"] == ["nickname"]
    assert state(world) == before
    assert backups(world) == [], "nothing was migrated"


@pytest.mark.parametrize(
    ("then", "code"),
    [
        ("signal.raise_signal(signal.SIGKILL)", -signal.SIGKILL),
        ("signal.raise_signal(signal.SIGINT)", 130),
        ("signal.raise_signal(signal.SIGTERM)", 143),
        ("connection.execute('SELECT nothing FROM nowhere')", 8),
        ("raise ValueError('a mistake')", 70),
    ],
)
def test_a_migration_that_does_not_end_changes_nothing_and_can_be_repeated(world: Shop, then: str, code: int) -> None:
    before = state(world)
    assert [ran.code for ran in world.many(Odd(["db", "migrate"], NEWER.format(then=then)))] == [code]
    assert state(world) == before
    assert backups(world) == []
    [repeated] = world.many(Odd(["db", "migrate", "-o", "json"], NEXT))
    assert (repeated.code, repeated.json["migrated"]) == (0, ["nickname"])
    assert state(world) == (NEW, before[1], True)
    assert state(backup_of(world)) == before


@pytest.mark.parametrize("words", [["customer", "add", "New", "-q"], ["db", "migrate", "-q"]])
def test_a_backup_that_cannot_be_made_stops_the_migration(world: Shop, words: list[str]) -> None:
    before = state(world)
    [stopped] = world.many(Odd(words, NEXT + NO_ROOM))
    message = f"error: the back-up of {world.database} cannot be made: No space left on device\n"
    assert (stopped.code, stopped.err) == (8, f"{message}  hint: nothing was changed\n")
    assert state(world) == before


@pytest.mark.parametrize("words", [["customer", "add", "New", "-q"], ["db", "migrate", "-q"]])
def test_a_commit_that_fails_leaves_no_backup(world: Shop, words: list[str]) -> None:
    before = state(world)
    [failed] = world.many(Odd(words, NEXT + UNCOMMITTED))
    assert failed.code == 8
    assert (state(world), backups(world)) == (before, [])


def test_a_backup_of_an_earlier_migration_is_kept_beside_that_of_a_later_one(world: Shop) -> None:
    world("db", "backup", "kept.backup")
    for number in range(3):
        [added] = world.many(Odd(["customer", "add", f"New {number}", "-q"], NEXT))
        assert added.code == 0
        old = Shop(world.folder / f"shop.db.v{OLD}{f'-{number + 1}' if number else ''}.backup")
        assert old.sql("SELECT count(*) FROM customer WHERE key GLOB 'new-*'") == [(0,)]
        assert old.is_sound()
        old_again(world)
    assert [name for name in backups(world) if ".v" in name] == [
        f"shop.db.v{OLD}-2.backup",
        f"shop.db.v{OLD}-3.backup",
        f"shop.db.v{OLD}.backup",
    ]


def test_what_lies_where_the_backup_would_go_stays(world: Shop) -> None:
    notes = backup_of(world).database
    notes.write_text("mine")
    [migrated] = world.many(Odd(["db", "migrate", "-o", "json"], NEXT))
    assert (migrated.code, notes.read_text()) == (0, "mine")
    assert migrated.json["kept"] == f"{world.database}.v{OLD}-2.backup"


def old_again(shop: Shop) -> None:
    """Put the database back as the old program had it."""
    for path in shop.folder.glob("shop.db*"):
        if not path.name.endswith(".backup"):
            path.unlink()
    shutil.copy(shop.folder / "kept.backup", shop.database)


def test_eight_programs_that_find_an_old_database_migrate_it_once(world: Shop) -> None:
    before = state(world)
    adds = [[Odd(["customer", "add", f"New {number}", "-q"], NEXT)] for number in range(8)]
    runs: list[Ran] = [ran for [ran] in world.together(*adds)]
    assert [(ran.code, ran.err) for ran in runs] == [(0, "")] * 8
    assert state(world) == (NEW, before[1] + 8, True)
    assert state(backup_of(world)) == before
    kept = sorted(path.name for path in world.folder.iterdir() if not path.name.endswith(("-wal", "-shm")))
    assert kept == ["shop.db", BACKUP]


def test_a_backup_is_whole_though_its_writer_was_killed_while_it_was_made(world: Shop) -> None:
    part = world.folder / f".{BACKUP}.part"
    part.write_bytes(b"half a back-up")
    [ran] = world.many(Odd(["db", "migrate", "-q"], NEXT))
    assert (ran.code, part.exists(), state(backup_of(world))[0]) == (0, False, OLD)
