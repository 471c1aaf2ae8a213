"""Databases to break: made once, copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.promises.process import Shop


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo world."""
    shop = Shop(tmp_path_factory.mktemp("promises") / "shop.db")
    assert shop("demo", "-q").code == 0
    return shop.database


@pytest.fixture
def world(made_once: Path, tmp_path: Path) -> Shop:
    """The program on a copy of the demo world."""
    return Shop(Path(shutil.copy(made_once, tmp_path)))


@pytest.fixture
def nothing(tmp_path: Path) -> Shop:
    """The program without a database."""
    return Shop(tmp_path / "shop.db")


@pytest.fixture
def unchanged(world: Shop) -> Iterator[Shop]:
    """A world in which nothing may be written."""
    before = world.sql("SELECT count(*), max(id) FROM revision")
    yield world
    assert world.sql("SELECT count(*), max(id) FROM revision") == before
    assert world.is_sound()
