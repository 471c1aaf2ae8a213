"""Mistakes within the program: they are told as such, and no value is printed, for values are customers' data."""

from __future__ import annotations

import pytest

from tests.promises.process import Odd, Shop

BROKEN = {
    "a mistake": ("raise KeyError('secret-value')", 70, "error: custctl has a bug (KeyError); nothing was changed\n  "),
    "wrong SQL": (
        "self.connection.execute('SELECT nowhere FROM customer WHERE name = ?', ('secret-value',))",
        70,
        "error: custctl has a bug (OperationalError); nothing was changed\n",
    ),
    "a constraint": (
        (
            "columns, values = '(id, at, actor, command)', ['secret-value'] * 3\n"
            "    self.connection.execute(f'INSERT INTO revision {columns} VALUES (1, ?, ?, ?)', values)"
        ),
        5,
        "error: what is stored forbids it: UNIQUE constraint failed: revision.id\n",
    ),
    "a constraint of a model": (
        "self.transaction.insert('revision', [{'id': 1, 'at': 'secret-value', 'actor': 'a', 'command': 'b'}])",
        5,
        "error: what is stored forbids it: UNIQUE constraint failed: revision.id\n",
    ),
    "a model that lacks a value": (
        "self.transaction.insert('history', [{'record': 'secret-value'}])",
        5,
        "error: what is stored forbids it: NOT NULL constraint failed: history.revision_id\n",
    ),
}
BREAKING = """
import {module}
def broken(*_, **__):
    raise ValueError("secret-value")
{module}.{name} = broken
"""


@pytest.mark.parametrize("kind", BROKEN)
def test_no_error_from_within_prints_a_value(unchanged: Shop, kind: str) -> None:
    statement, code, message = BROKEN[kind]
    before = f"from custctl.store.unit import Unit\ndef flush(self, *_):\n    {statement}\nUnit.flush = flush\n"
    words = ["customer", "add", "Very secret-value", "--owner", "secret-value"]
    for ran in unchanged.many(Odd(words, before), Odd([*words, "-o", "json"], before)):
        assert (ran.code, ran.out) == (code, ""), ran.err
        assert "secret-value" not in ran.err
    [told] = unchanged.many(Odd(words, before))
    assert told.err.startswith(message.format(unchanged.database))


def test_a_mistake_while_reading_prints_no_value_either(unchanged: Shop) -> None:
    before = (
        "import custctl.store.select as s\ndef broken(*_):\n    raise ValueError('secret-value')\ns.decoder = broken\n"
    )
    for ran in unchanged.many(Odd(["customer", "show", "company-a"], before), Odd(["customer", "list"], before)):
        assert (ran.code, ran.out) == (70, "")
        assert ran.err.startswith("error: custctl has a bug (ValueError); nothing was changed\n  ")
        assert "secret-value" not in ran.err


def test_a_mistake_after_the_commit_does_not_say_that_nothing_was_changed(world: Shop) -> None:
    before = (
        "import custctl.render as r\ndef broken(*_, **__):\n    raise ValueError('secret-value')\nr.render = broken\n"
    )
    [ran] = world.many(Odd(["customer", "add", "New"], before))
    assert (ran.code, ran.err.splitlines()[0]) == (
        0,
        "error: custctl has a bug (ValueError); what was asked for is done",
    )
    assert world.sql("SELECT name FROM customer WHERE key = 'new'") == [("New",)]


@pytest.mark.parametrize("words", ["customer list", "customer edit company-a --name New"])
@pytest.mark.parametrize(
    "statement", ["SELECT nothing FROM customer", "SELECT * FROM nowhere", "SELEC", "SELECT ?1, ?2"]
)
def test_a_statement_of_ours_that_cannot_be_run_is_a_bug_and_no_fault_of_the_database(
    world: Shop, words: str, statement: str
) -> None:
    script = f"""
from custctl.store import lookup, reads
def wrong(connection, *_, **__):
    return connection.execute({statement!r}, ()).fetchall()
reads.rows = lookup.require = lookup.require_all = wrong
"""
    [ran] = world.many(Odd(words.split(), script))
    assert ran.code == 70, ran
    assert ran.err.startswith("error: custctl has a bug (")
    assert ran.err.splitlines()[0].endswith("nothing was changed")


def test_a_table_that_somebody_has_altered_is_the_databases_fault(world: Shop) -> None:
    world.sql("ALTER TABLE customer RENAME COLUMN name TO title")
    for ran in world.many(["customer", "list"], ["customer", "edit", "company-a", "--name", "New"]):
        assert (ran.code, ran.out) == (8, "")
