"""Many writers at once: each waits for its turn, sees what the one before it wrote, and loses nothing."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
from collections.abc import Iterable

from custctl.store import database
from tests.promises.process import Odd, Ran, Shop, customers, finished

WRITERS = range(8)
EDITS = {
    "name": "New name",
    "parent": "partner-c",
    "group": "partners",
    "rating": "1_of_5",
    "owner": "somebody",
    "payment-term": "net_9",
    "tax-code": "T9",
    "vat-id": "V9",
}
"""An option of `customer edit` for each writer."""

IMPATIENT = "from custctl.store import database; database.BUSY_SECONDS = 0.3"

LOADED = """
import sys
from custctl.store import writing
opened = writing.open_for_writing
def looked(*paths):
    slow = {"custctl.store.apply", "custctl.store.models", "sqlmodel"}
    print(*sorted(slow & set(sys.modules)))
    return opened(*paths)
writing.open_for_writing = looked
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
    assert nothing.sql("SELECT id FROM revision WHERE id > 0 ORDER BY id") == [(number,) for number in range(1, 41)]
    told = "SELECT substr(record, 1, 8), count(*) FROM history WHERE revision_id > 0 GROUP BY 1"
    assert nothing.sql(told) == [("account:", 40), ("customer", 40)]
    assert nothing.is_sound()
    assert sorted(path.name for path in nothing.folder.glob("shop.db*")) == ["shop.db"], "nothing was backed up"


def test_eight_writers_of_the_same_records_leave_what_each_of_them_added(world: Shop) -> None:
    user, customer = "bob.reyes@company-a.example", "jo-miller"
    world.many(["group", "add", "Club"], *(["customer", "add", f"M{writer}"] for writer in WRITERS))
    world.many(*(["role", "add", f"Role {writer}"] for writer in WRITERS))
    first = world.sql("SELECT max(id) FROM revision")[0][0]
    done = world.together(
        *(
            [
                ["group", "member", "add", "club", f"m{writer}"],
                ["user", "role", "add", user, f"role-{writer}"],
                ["customer", "edit", customer, f"--{option}", value],
            ]
            for writer, (option, value) in enumerate(EDITS.items())
        )
    )
    assert_all_done(*done)
    members, held, edited = world.many(
        ["customer", "list", "--where", "group=club", "-o", "name"],
        ["user", "show", user, "-o", "json"],
        ["customer", "show", customer, "-o", "json"],
    )
    assert members.out.split() == [f"customer:m{writer}" for writer in WRITERS]
    assert held.json["roles"] == ["buyer", *(f"role-{writer}" for writer in WRITERS)]
    columns = {option: "internal_rating" if option == "rating" else option.replace("-", "_") for option in EDITS}
    assert {option: edited.json[column] for option, column in columns.items()} == EDITS
    revisions = world.sql(f"SELECT id FROM revision WHERE id > {first} ORDER BY id")
    assert revisions == [(first + number,) for number in range(1, 25)]
    assert world.sql(f"SELECT count(*) FROM history WHERE revision_id > {first}") == [(24,)]


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
    applied = ("apply", "-f", world.document(customers([1])), "--yes")
    words = [("customer", "add", "New"), applied, ("db", "migrate"), ("customer", "list")]
    with contextlib.closing(sqlite3.connect(world.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        add, apply, migrate, listed = world.many(*(Odd([*command, "-o", "json"], IMPATIENT) for command in words))
    message = f"{world.database} is in use by another process (waited 0.3 s)"
    hint = "nothing was changed; try again"
    for ran in (add, apply, migrate):
        assert (ran.code, ran.out) == (75, "")
        assert ran.error == {"code": "busy", "exit": 75, "message": message, "hint": hint}
    assert listed.code == 0
    assert world("customer", "add", "New").code == 0


def test_an_interrupt_ends_the_wait_at_once(world: Shop) -> None:
    with contextlib.closing(sqlite3.connect(world.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        patient = Odd(["customer", "add", "New"], IMPATIENT.replace("0.3", "50"), signal.SIGINT, 0.5)
        [ran] = world.many(patient)
    assert (ran.code, ran.err) == (130, "\ninterrupted; nothing was changed\n")


def test_a_writer_waits_for_five_seconds() -> None:
    assert database.BUSY_SECONDS == 5.0


def test_nobody_waits_for_a_writer_that_is_still_loading(nothing: Shop) -> None:
    ran = nothing.python(LOADED, "customer", "add", "New", "-q")
    assert (ran.code, ran.out) == (0, "custctl.store.apply custctl.store.models sqlmodel\n")


def test_a_new_database_that_another_one_is_making_is_waited_for(nothing: Shop) -> None:
    with contextlib.closing(sqlite3.connect(nothing.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert [ran.code for ran in nothing.many(Odd(["customer", "add", "New"], IMPATIENT))] == [75]
        waiting = nothing.start("customer", "add", "New", "-q")
        other.execute("ROLLBACK")
    assert finished(waiting).code == 0
