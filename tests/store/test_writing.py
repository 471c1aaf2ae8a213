"""A database that one write makes is whole when it is put in its place."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from custctl.errors import CustctlError, Exit
from custctl.store.unit import Unit
from custctl.store.writing import Writer


def test_a_new_database_whose_rows_cannot_leave_its_log_is_not_put_in_its_place(tmp_path: Path) -> None:
    """SQLite keeps silent when it cannot write them into the file itself, as on a disk that is nearly full."""
    writer = Writer(tmp_path / "shop.db", "custctl", "tester")
    with closing(sqlite3.connect(":memory:")) as nothing:
        readers = [nothing]

        def work(_unit: Unit) -> None:
            [part] = tmp_path.glob(".*.part/new")
            readers.append(sqlite3.connect(part, isolation_level=None))
            readers[-1].execute("BEGIN")
            readers[-1].execute("SELECT count(*) FROM sqlite_schema").fetchone()

        with pytest.raises(CustctlError) as caught:
            writer.run_once(work)
        readers[-1].close()
    assert caught.value.problem.exit is Exit.BUSY
    assert list(tmp_path.iterdir()) == []


def test_a_new_database_has_all_of_its_rows_in_the_file(tmp_path: Path) -> None:
    Writer(tmp_path / "shop.db", "custctl", "tester").run_once(lambda _unit: None)
    assert [path.name for path in tmp_path.iterdir()] == ["shop.db"]
    with closing(sqlite3.connect(f"file:{tmp_path}/shop.db?mode=ro&immutable=1", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) > 0 FROM role").fetchone() == (1,)
