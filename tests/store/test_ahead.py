"""What another process makes ahead comes as if it were made here, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from custctl.errors import CustctlError, Exit, Place, Problem
from custctl.store.database import ENDING
from custctl.store.importing import ahead as ahead_module
from custctl.store.importing import files
from custctl.store.importing.ahead import ahead
from custctl.store.sheets import Row
from tests.runner import Runner
from tests.store.test_columns import content, rows_of, two  # noqa: F401 - a fixture
from tests.store.test_importing import sheet

PROBLEM = Problem("syntax", Exit.INVALID, "no end", "close it", Place("f", 3, 7), "name", "x", ("y",))


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_items_come_in_order_from_another_process() -> None:
    items = ((number, os.getpid(), Row(number, ["a"] * 1000, PROBLEM)) for number in range(300))
    with ahead(items) as made:
        found = list(made)
    assert [number for number, *_ in found] == [*range(300)]
    assert {maker for _, maker, _ in found} != {os.getpid()}
    assert found[7][2] == Row(7, ["a"] * 1000, PROBLEM)


@pytest.mark.parametrize("error", [CustctlError(PROBLEM, PROBLEM), ValueError("a mistake")])
def test_what_is_raised_while_they_are_made_is_raised_where_the_next_one_would_come(error: Exception) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise error

    before = children()
    with ahead(items()) as made:
        assert next(made) == 1
        with pytest.raises(type(error), match=str(error)) as caught:
            next(made)
    assert getattr(caught.value, "problems", ()) == getattr(error, "problems", ())
    assert children() == before


def test_nobody_is_left_when_no_more_is_wanted() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 100_000

    before = children()
    with ahead(endless()) as made:
        assert next(made)
        assert len(children() - before) == 1
    assert children() == before
    with suppress(KeyboardInterrupt), ahead(endless()) as made:
        next(made)
        raise KeyboardInterrupt
    assert children() == before


@pytest.mark.parametrize("begun", [b"", b"\x80\x05\x95\xff"], ids=["between items", "within an item"])
def test_a_maker_that_is_killed_is_an_error_and_no_end(begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel does it when memory is short: that is no bug."""
    reading, writing = ahead_module._pipe()
    monkeypatch.setattr(ahead_module, "_pipe", lambda: (reading, writing))

    def items() -> Iterator[int]:
        yield 1
        os.write(writing, begun)
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(CustctlError, match="was killed") as caught, ahead(items()) as made:
        list(made)
    assert caught.value.problem.exit is Exit.TERMINATED


def test_signals_that_mean_the_command_leave_the_maker_alone() -> None:
    """A group of processes gets them one by one: the maker is not to be gone before the command has heard of it."""

    def items() -> Iterator[int]:
        for number in ENDING:
            os.kill(os.getpid(), number)
        yield 1

    with ahead(items()) as made:
        assert list(made) == [1]


ENDLESS = """
import os, sys
from custctl.store.importing.ahead import ahead
def endless():
    while True:
        yield os.getpid(), b"x" * 100_000
with ahead(endless()) as made:
    print(next(made)[0], flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_maker_ends_when_the_process_that_takes_is_gone(number: signal.Signals) -> None:
    taker = subprocess.Popen([sys.executable, "-c", ENDLESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with taker:
        assert taker.stdout is not None
        maker = int(taker.stdout.readline())
        taker.send_signal(number)
    for _ in range(500):
        if not is_running(maker):
            break
        time.sleep(0.01)
    assert not is_running(maker)


def is_running(process: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_without_a_process_to_be_had_items_are_made_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    before = len(list(Path("/proc/self/fd").iterdir()))
    monkeypatch.setattr(os, "fork", none)
    with ahead(os.getpid() for _ in range(2)) as made:
        assert list(made) == [os.getpid()] * 2
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("faulty", [False, True])
def test_rows_that_are_read_ahead_leave_what_rows_read_here_leave(
    two: tuple[Runner, Runner],  # noqa: F811 - the fixture
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    faulty: bool,
) -> None:
    forked: list[int] = []
    fork = os.fork

    def counted() -> int:
        forked.append(1)
        return fork()

    monkeypatch.setattr(os, "fork", counted)
    names = [sheet(tmp_path / f"{n}.csv", rows) for n, rows in enumerate(rows_of(0, 50))]
    if faulty:
        for name in names:
            lines = Path(name).read_text().splitlines()
            lines[20:20] = ["too,few", lines[3].replace("0", "1"), "much," * 30]
            Path(name).write_text("\n".join(lines))
    answers: list[list[Any]] = []
    for shop, least in zip(two, (0, 10**9), strict=True):
        monkeypatch.setattr(files, "READ_AHEAD", least)
        told = [
            shop(noun, "import", name, "--continue-on-error", "-o", "json")
            for noun, name in zip(("customer", "user"), names, strict=True)
        ]
        answers.append([(answer.exit, answer.out, answer.err) for answer in told])
        if least == 0:
            assert len(forked) >= 2
            forked.clear()
    assert not forked
    assert answers[0] == answers[1]
    assert [exit_code for exit_code, *_ in answers[0]] == ([6, 6] if faulty else [0, 0])
    assert content(two[0]) == content(two[1])


def test_a_file_that_breaks_off_is_told_with_its_place_when_it_is_read_ahead(
    custctl: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "READ_AHEAD", 0)
    (tmp_path / "c.csv").write_text('name\nAcme\n"Beta\n')
    answer = custctl("customer", "import", str(tmp_path / "c.csv"))
    assert (answer.exit, answer.out) == (4, "")
    assert "a quote is opened here and never closed" in answer.err
    assert "c.csv:3:1" in answer.err
