"""Many writers at once: each waits for its turn, sees what the one before it wrote, and loses nothing."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from collections.abc import Iterable, Sequence

import pytest

from tests.promises.process import PROGRAM, Ran, Shop, finished

WRITERS = range(8)

IMPATIENT = """
import sys
from custctl.store import database
database.BUSY_SECONDS = 0.3
from custctl.app import run
run(sys.argv[1:])
"""


def together(shop: Shop, commands: Iterable[Sequence[str]]) -> list[Ran]:
    """Every command in a process of its own, all at the same time."""
    running = [shop.start(*command) for command in commands]
    return [finished(process) for process in running]


def each_in_turn(shop: Shop, scripts: Iterable[str]) -> list[Ran]:
    """Every script of bash in a process of its own, all at the same time."""
    program = " ".join(PROGRAM)
    lead = f'set -e; custctl () {{ {program} "$@"; }}\n'
    running = [shop.start("-c", lead + script, program=("bash",)) for script in scripts]
    return [finished(process) for process in running]


def assert_all_done(runs: Iterable[Ran]) -> None:
    assert [(run.code, run.err) for run in runs] == [(0, "")] * len(WRITERS)


def test_eight_writers_on_a_database_that_does_not_exist_lose_nothing(nothing: Shop) -> None:
    loop = "for count in 1 2 3 4 5; do custctl customer add 'Company {0} '$count --key c{0}-$count -q; done"
    assert_all_done(each_in_turn(nothing, (loop.format(writer) for writer in WRITERS)))
    wanted = [(f"c{writer}-{count}",) for writer in WRITERS for count in range(1, 6)]
    assert nothing.sql("SELECT key FROM customer ORDER BY key") == wanted
    assert nothing.sql("SELECT id FROM revision ORDER BY id") == [(number,) for number in range(1, 41)]
    assert nothing.sql("SELECT count(*) FROM history") == [(40,)]
    assert nothing.is_sound()
    assert sorted(path.name for path in nothing.folder.glob("shop.db*")) == ["shop.db"], "nothing was backed up"


def test_eight_writers_of_one_group_all_get_their_member_in(world: Shop) -> None:
    world.many(["group", "add", "Club", "-q"], *(["customer", "add", f"M{writer}", "-q"] for writer in WRITERS))
    assert_all_done(together(world, (("group", "member", "add", "club", f"m{writer}", "-q") for writer in WRITERS)))
    members = "SELECT c.key FROM customer c JOIN customer_group g ON g.id = c.group_id WHERE g.key = 'club' ORDER BY 1"
    assert world.sql(members) == [(f"m{writer}",) for writer in WRITERS]


def test_eight_writers_of_one_user_all_get_their_role_in(world: Shop) -> None:
    world.many(*(["role", "add", f"Role {writer}", "-q"] for writer in WRITERS))
    user = "bob.reyes@company-a.example"
    assert_all_done(together(world, (("user", "role", "add", user, f"role-{writer}", "-q") for writer in WRITERS)))
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
    assert_all_done(together(world, (("customer", "edit", "jo-miller", *edit, "-q") for edit in edits.values())))
    found = world("customer", "show", "jo-miller", "-o", "json").json
    assert {name: found[name] for name in edits} == {name: value for name, (_, value) in edits.items()}
    numbers = world.sql(f"SELECT id FROM revision WHERE id > {first} ORDER BY id")
    assert numbers == [(first + number,) for number in range(1, 9)]
    assert world.sql(f"SELECT count(*) FROM history WHERE revision_id > {first}") == [(8,)]


def test_a_reader_sees_each_of_the_writers_commits_whole_or_not_at_all(nothing: Shop) -> None:
    assert nothing("db", "migrate", "-q").code == 0
    pair = '[[customers]]\nkey = "a{0}"\nname = "A"\n[[customers]]\nkey = "b{0}"\nname = "B"\n'
    for number in range(12):
        nothing.document(pair.format(number), f"{number}.toml")
    loop = "for n in {}; do custctl apply -f $n.toml --yes -q; done"
    program = " ".join(PROGRAM)
    lead = f'set -e; custctl () {{ {program} "$@"; }}\n'
    writers = [
        nothing.start("-c", lead + loop.format(" ".join(map(str, range(start, 12, 3)))), program=("bash",))
        for start in range(3)
    ]
    seen = []
    while any(writer.poll() is None for writer in writers):
        state, listed = nothing.many(["db", "status", "-o", "json"], ["customer", "list", "-o", "json"])
        assert (state.code, listed.code) == (0, 0)
        seen.append((state.json["revision"], state.json["records"]["customer"]))
        keys = {row["key"] for row in listed.json}
        assert {key[1:] for key in keys if key[0] == "a"} == {key[1:] for key in keys if key[0] == "b"}
    assert [finished(writer).code for writer in writers] == [0, 0, 0]
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


@pytest.mark.parametrize("waits", [5.0])
def test_a_writer_waits_for_five_seconds(waits: float) -> None:
    from custctl.store import database

    assert database.BUSY_SECONDS == waits


def test_a_new_database_that_another_one_is_making_is_waited_for(nothing: Shop) -> None:
    with contextlib.closing(sqlite3.connect(nothing.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        ran = nothing.python(IMPATIENT, "customer", "add", "New")
        assert (ran.code, ran.out) == (75, "")
        waiting = nothing.start("customer", "add", "New", "-q", program=PROGRAM)
        with contextlib.suppress(TimeoutError):
            waiting.wait(0.5) if sys.platform == "none" else None
        other.execute("ROLLBACK")
    assert finished(waiting).code == 0
