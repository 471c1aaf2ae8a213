"""What tests of commands start from: an empty shop, the demo world, and the real program."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path

import pytest

from tests.promises.process import end_processes
from tests.runner import Answer, Runner

Process = Callable[..., Answer]

MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder in it that is the user's own


def pytest_configure(config: pytest.Config) -> None:
    """Databases go where no disk has to be waited for, if the machine has such a place with room enough.

    On a disk the tests take twice as long: each write waits until it is there.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background: Ctrl-C is tested too
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not config.option.basetemp and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 << 30:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """The modules and thousands of tests live to the end: they are never searched for garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def processes() -> Iterator[None]:
    """Ends what the tests have kept running."""
    yield
    end_processes()


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as a new shop has it; made once, because copying is faster."""
    runner = Runner(tmp_path_factory.mktemp("empty") / "shop.db")
    assert runner("db", "migrate").exit == 0
    return runner.database


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the demo world in it."""
    runner = Runner(tmp_path_factory.mktemp("demo") / "shop.db")
    assert runner("demo").exit == 0
    return runner.database


@pytest.fixture(scope="session")
def world_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a generated world of three hundred customers in it, in trees of up to six levels."""
    runner = Runner(tmp_path_factory.mktemp("world") / "shop.db")
    assert runner("demo", "--customers", "300", "--seed", "2", "-q").exit == 0
    return runner.database


@pytest.fixture
def custctl(tmp_path: Path, empty_file: Path) -> Runner:
    """The program on a shop without customers."""
    return Runner(Path(shutil.copy(empty_file, tmp_path)))


@pytest.fixture
def demo(tmp_path: Path, demo_file: Path) -> Runner:
    """The program on a copy of the demo world."""
    return Runner(Path(shutil.copy(demo_file, tmp_path)))


@pytest.fixture
def process(tmp_path: Path) -> Process:
    """The real program in a process of its own: `process("customer", "list", stdin="", env={...})`."""
    environment = Runner(tmp_path / "shop.db").environment

    def run(*words: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Answer:
        done = subprocess.run(
            [sys.executable, "-m", "custctl", *words],
            cwd=tmp_path,
            input=stdin.encode(),
            env={**environment, **(env or {})},
            capture_output=True,
            check=False,
            timeout=60,
        )
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run
