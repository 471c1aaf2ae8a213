"""The models of writes and the tables that migrations make are two descriptions of one schema: they agree."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import SQLModel

from custctl.store.database import open_in_memory
from custctl.store.models import MODELS

AFFINITIES = {"INTEGER": "INTEGER", "BOOLEAN": "INTEGER", "VARCHAR": "TEXT"}


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    """A database as the migrations make it."""
    made = open_in_memory()
    yield made
    made.close()


def table(name: str) -> Any:
    return SQLModel.metadata.tables[name]


def test_there_is_a_model_of_every_table(connection: sqlite3.Connection) -> None:
    query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    stored = {name for (name,) in connection.execute(query)}
    assert stored == set(MODELS) == set(SQLModel.metadata.tables)


@pytest.mark.parametrize("name", MODELS)
def test_columns_have_the_same_types_nullability_and_primary_key(connection: sqlite3.Connection, name: str) -> None:
    stored = {
        column: (affinity, not required and not key, bool(key))
        for _, column, affinity, required, _, key in connection.execute(f"PRAGMA table_info({name})")
    }
    modelled = {
        column.name: (AFFINITIES[str(column.type)], bool(column.nullable), bool(column.primary_key))
        for column in table(name).columns
    }
    assert modelled == stored


@pytest.mark.parametrize("name", MODELS)
def test_references_lead_to_the_same_tables(connection: sqlite3.Connection, name: str) -> None:
    stored = {
        (column, target, key)
        for _, _, target, column, key, *_ in connection.execute(f"PRAGMA foreign_key_list({name})")
    }
    modelled = {
        (column.name, *key.target_fullname.split(".")) for column in table(name).columns for key in column.foreign_keys
    }
    assert modelled == stored


@pytest.mark.parametrize("name", MODELS)
def test_the_same_single_columns_are_unique(connection: sqlite3.Connection, name: str) -> None:
    unique = set()
    for _, index, is_unique, origin, _ in connection.execute(f"PRAGMA index_list({name})").fetchall():
        columns = [row[2] for row in connection.execute(f"PRAGMA index_info({index})")]
        if is_unique and origin != "pk" and len(columns) == 1:
            unique.add(columns[0])
    assert {column.name for column in table(name).columns if column.unique} == unique
