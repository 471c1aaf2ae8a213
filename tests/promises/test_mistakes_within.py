"""Mistakes within the program: they are told as such, and no value is printed, for values are customers' data."""

from __future__ import annotations

import pytest

from tests.promises.process import Odd, Shop

BROKEN = {
    "a mistake": ("raise KeyError('secret-value')", 70, "error: custctl has a bug (KeyError); nothing was changed\n  "),
    "wrong SQL": (
        "self.connection.execute('SELECT nowhere FROM customer WHERE name = ?', ('secret-value',))",
        8,
        "error: {}: no such column: nowhere\n",
    ),
    "a constraint": (
        "self.connection.execute('INSERT INTO revision VALUES (1, ?, ?, ?)', ['secret-value'] * 3)",
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
