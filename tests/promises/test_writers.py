"""Many writers at once: each waits for its turn, sees what the one before it wrote, and loses nothing."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable

from custctl.store import database
from tests.promises.process import Ran, Shop, finished

WRITERS = range(8)
IMPATIENT = """
import sys
from custctl.store import database
database.BUSY_SECONDS = 0.3
from custctl.app import run
run(sys.argv[1:])
"""


def assert_all_done(*series: Iterable[Ran]) -> None:
    assert [(run.code, run.err) for runs in series for run in runs if run.code or run.err] == []


def test_eight_writers_on_a_database_that_does_not_exist_lose_nothing(nothing: Shop) -> None:
    keys = [[f"c{writer}-{count}" for count in range(5)] for writer in WRITERS]
    added = nothing.together(*([["customer", "add", key] for key in written] for written in keys))
    assert_all_done(*added)
    wanted = [(key,) for written in keys for key in written]
    assert nothing.sql("SELECT key FROM customer ORDER BY key") == wanted
    assert nothing.sql("SELECT id FROM revision ORDER BY id") == [(number,) for number in range(1, 41)]
    assert nothing.sql("SELECT count(*) FROM history") == [(40,)]
    assert nothing.is_sound()
    assert sorted(path.name for path in nothing.folder.glob("shop.db*")) == ["shop.db"], "nothing was backed up"


def test_eight_writers_of_one_group_all_get_their_member_in(world: Shop) -> None:
    world.many(["group", "add", "Club", "-q"], *(["customer", "add", f"M{writer}", "-q"] for writer in WRITERS))
    assert_all_done(*world.together(*([["group", "member", "add", "club", f"m{writer}"]] for writer in WRITERS)))
    members = "SELECT c.key FROM customer c JOIN customer_group g ON g.id = c.group_id WHERE g.key = 'club' ORDER BY 1"
    assert world.sql(members) == [(f"m{writer}",) for writer in WRITERS]


def test_eight_writers_of_one_user_all_get_their_role_in(world: Shop) -> None:
    world.many(*(["role", "add", f"Role {writer}", "-q"] for writer in WRITERS))
    user = "bob.reyes@company-a.example"
    assert_all_done(*world.together(*([["user", "role", "add", user, f"role-{writer}"]] for writer in WRITERS)))
    assert world("user", "show", user, "-o", "json").json["roles"] == ["buyer", *(f"role-{n}" for n in WRITERS)]


def test_eight_writers_of_different_fields_of_one_record_leave_all_eight(world: Shop) -> None:
    edits = {
        "name": ("--name", "New name"),
        "parent": ("--parent", "partner-c"),
        "group": ("--group", "partners"),
        "internal_rating": ("--rating", "1_of_5"),
        "owner": ("--owner", "somebody"),
        "payment_term": ("--payment-term", "net_9"),
        "tax_code": ("--tax-code", "T9"),
        "vat_id": ("--vat-id", "V9"),
    }
    first = world.sql("SELECT max(id) FROM revision")[0][0]
    assert_all_done(*world.together(*([["customer", "edit", "jo-miller", *edit]] for edit in edits.values())))
    found = world("customer", "show", "jo-miller", "-o", "json").json
    assert {name: found[name] for name in edits} == {name: value for name, (_, value) in edits.items()}
    numbers = world.sql(f"SELECT id FROM revision WHERE id > {first} ORDER BY id")
    assert numbers == [(first + number,) for number in range(1, 9)]
    assert world.sql(f"SELECT count(*) FROM history WHERE revision_id > {first}") == [(8,)]


def test_a_reader_sees_each_of_the_writers_commits_whole_or_not_at_all(nothing: Shop) -> None:
    assert nothing("db", "migrate", "-q").code == 0
    pair = '[[customers]]\nkey = "a{0}"\nname = "A"\n[[customers]]\nkey = "b{0}"\nname = "B"\n'
    for number in range(24):
        nothing.document(pair.format(number), f"{number}.toml")
    applied = [["apply", "-f", f"{number}.toml", "--yes"] for number in range(24)]
    reads = [["db", "status", "-o", "json"], ["customer", "list", "-o", "json"]] * 20
    *written, read = nothing.together(applied[:8], applied[8:16], applied[16:], reads)
    assert_all_done(*written)
    seen = [(ran.json["revision"], ran.json["records"]["customer"]) for ran in read[::2]]
    for listed in read[1::2]:
        keys = [row["key"] for row in listed.json]
        assert {key[1:] for key in keys if key[0] == "a"} == {key[1:] for key in keys if key[0] == "b"}
    assert [customers for _, customers in seen] == [2 * revision for revision, _ in seen]
    assert seen == sorted(seen)
    assert len(set(seen)) > 2, "the reader saw the database between the writes"


def test_a_writer_who_waits_too_long_is_told_so_and_a_reader_does_not_wait(world: Shop) -> None:
    words = [("customer", "add", "New"), ("apply", "-f", world.document("")), ("db", "migrate"), ("customer", "list")]
    with contextlib.closing(sqlite3.connect(world.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        add, apply, migrate, listed = (world.python(IMPATIENT, *command, "-o", "json") for command in words)
    message = f"{world.database} is in use by another process (waited 0.3 s)"
    hint = "nothing was changed; try again"
    for ran in (add, apply, migrate):
        assert (ran.code, ran.out) == (75, "")
        assert ran.error == {"code": "busy", "exit": 75, "message": message, "hint": hint}
    assert listed.code == 0
    assert world("customer", "add", "New").code == 0


def test_a_writer_waits_for_five_seconds() -> None:
    assert database.BUSY_SECONDS == 5.0


def test_a_new_database_that_another_one_is_making_is_waited_for(nothing: Shop) -> None:
    with contextlib.closing(sqlite3.connect(nothing.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        ran = nothing.python(IMPATIENT, "customer", "add", "New")
        assert (ran.code, ran.out) == (75, "")
        waiting = nothing.start("customer", "add", "New", "-q")
        other.execute("ROLLBACK")
    assert finished(waiting).code == 0
