"""The road of writes: rows into the database, by the models when they are few and by executemany when many.

Both roads get the same rows, made by the unit, and a test holds that they leave identical tables.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlmodel import Session

BULK = 200
"""From so many rows of one table on, a model object a row costs more than it tells.

Work that is known to be of many rows goes in bulk from the first one, and then the models need not be loaded.
"""

Row = Mapping[str, Any]


class Transaction:
    """One transaction on one connection: reads beside it go by plain SQL, rows are written through it.

    The session is made with the first row, so that a command with nothing to write never imports SQLModel.
    """

    def __init__(self, connection: sqlite3.Connection, *, bulk: bool = False) -> None:
        self.connection = connection
        self._many = 1 if bulk else BULK
        self._session: Session | None = None

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        if len(rows) >= self._many:
            self.insert_columns(table, {column: [row[column] for row in rows] for column in rows[0]})
        elif rows:
            from custctl.store.models import MODELS

            session = self._open()
            session.add_all([MODELS[table](**row) for row in rows])
            session.flush()
            session.expunge_all()

    def insert_columns(self, table: str, columns: Mapping[str, Sequence[Any]]) -> None:
        """Rows that are given column by column, all of the same length."""
        rows = list(zip(*columns.values(), strict=True))
        if len(rows) >= self._many:
            places = ", ".join("?" * len(columns))
            self.connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)
        else:
            self.insert(table, [dict(zip(columns, row, strict=True)) for row in rows])

    def update(self, table: str, row_id: int, values: Row) -> None:
        from sqlalchemy import update

        self._run(update(_table(table)).where(_table(table).c.id == row_id).values(**values))

    def update_many(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """The same columns of many rows; each row carries its `id`."""
        if len(rows) >= self._many:
            places = ", ".join(f"{column} = :{column}" for column in columns)
            self.connection.executemany(f"UPDATE {table} SET {places} WHERE id = :id", rows)
        else:
            for row in rows:
                self.update(table, row["id"], {column: row[column] for column in columns})

    def delete_many(self, table: str, rows: Sequence[Row]) -> None:
        """Delete, for each of these, the rows whose columns equal its values; all have the same columns."""
        if len(rows) >= self._many:
            equal = " AND ".join(f"{column} = :{column}" for column in rows[0])
            self.connection.executemany(f"DELETE FROM {table} WHERE {equal}", rows)
            return
        from sqlalchemy import delete

        for row in rows:
            statement = delete(_table(table))
            for column, value in row.items():
                statement = statement.where(_table(table).c[column] == value)
            self._run(statement)

    def commit(self) -> None:
        """Make everything durable. Nothing may be read or written after it."""
        if self._session is not None:
            self._session.commit()
            self._session.close()
        else:
            self.connection.execute("COMMIT")

    def rollback(self) -> None:
        if self._session is not None:
            self._session.rollback()
            self._session.close()
        elif self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def _run(self, statement: Any) -> None:
        self._open().connection().execute(statement)

    def _open(self) -> Session:
        if self._session is None:
            self._session = _session_on(self.connection)
        return self._session


def _table(name: str) -> Any:
    from custctl.store.models import MODELS

    return MODELS[name].__table__  # type: ignore[attr-defined]  # SQLModel adds it to table classes only


def _session_on(connection: sqlite3.Connection) -> Session:
    """A session inside the transaction that `connection` already holds."""
    from sqlmodel import Session

    engine = _engine()
    _waiting.append(connection)
    return Session(engine, expire_on_commit=False, autoflush=False)


@cache
def _engine() -> Engine:
    """What sessions are on: one engine a process, because an engine keeps its statements, made from models, at hand.

    SQLAlchemy rolls the first connection of an engine back after looking at the server, so it gets another
    one to look at. `hide_parameters`: its errors would print customer data.
    """
    from sqlalchemy.pool import NullPool
    from sqlmodel import create_engine

    _waiting.append(sqlite3.connect(":memory:", check_same_thread=False))
    engine = create_engine("sqlite://", creator=_waiting.pop, poolclass=NullPool, hide_parameters=True)
    engine.connect().close()
    return engine


_waiting: list[sqlite3.Connection] = []
"""The connection that the next session takes."""


def names(rows: Iterable[tuple[Any, ...]]) -> list[str]:
    """The first column of every row."""
    return [str(row[0]) for row in rows]
