"""An import that is killed, interrupted or watched: all of it or nothing, and a bar on a terminal only."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.promises.process import Odd, Shop
from tests.promises.terminal import Terminal
from tests.promises.test_memory import peak
from tests.runner import Runner

MANY = 12_000
AHEAD = "from custctl.store.importing import files; files.READ_AHEAD = 0"
"""Has another process read the rows, as of a larger file."""
SAID = {
    signal.SIGINT: (130, "\ninterrupted; nothing was changed\n"),
    signal.SIGTERM: (143, "terminated; nothing was changed\n"),
    signal.SIGKILL: (-9, ""),
}


@pytest.fixture
def many(world: Shop) -> Shop:
    """A shop, and a sheet of some thousand customers, some of which say more than the short road takes."""
    rows = "".join(f"n{number},New {number},{'big' if number % 50 == 0 else ''}\n" for number in range(MANY))
    world.document(f"key,name,tags\n{rows}", "rows.csv")
    return world


def command(many: Shop, number: int) -> tuple[Path, list[str]]:
    copy = Path(shutil.copy(many.database, many.folder / f"copy-{number}.db"))
    return copy, ["--db", str(copy), "customer", "import", "rows.csv", "-q"]


def stored(path: Path) -> tuple[int, int]:
    """How many of the rows are there, and how many revisions, in a database that is sound."""
    shop = Shop(path)
    assert shop.is_sound()
    [[rows]] = shop.sql("SELECT count(*) FROM customer WHERE key GLOB 'n[0-9]*'")
    [[revisions]] = shop.sql("SELECT count(*) FROM revision WHERE id > 0")
    return rows, revisions


def end_at_random(many: Shop, number: int, times: int) -> None:
    started = time.monotonic()
    many.many(command(many, 0)[1])
    longest = max(time.monotonic() - started, 0.1)
    moments = random.Random(number)
    copies = [command(many, attempt) for attempt in range(1, times + 1)]
    before = stored(copies[0][0])
    runs = many.many(
        *(
            Odd(words, AHEAD if at % 2 else "", number, moments.uniform(0.02, 1.1 * longest))
            for at, (_, words) in enumerate(copies)
        )
    )
    for run, (copy, _) in zip(runs, copies, strict=True):
        done = (MANY, before[1] + 1)
        if run.code == 0:
            assert stored(copy) == done
        elif number == signal.SIGKILL:
            assert run.code == -9
            assert stored(copy) in (before, done)
        else:
            assert (run.code, run.err) == SAID[signal.Signals(number)]
            assert stored(copy) == before
        copy.unlink()
    assert any(run.code != 0 for run in runs), "none was caught"


@pytest.mark.parametrize("number", SAID)
def test_an_import_that_a_signal_ends_at_any_moment_wrote_all_or_nothing(many: Shop, number: int) -> None:
    end_at_random(many, number, 10)


@pytest.mark.slow
def test_an_import_killed_a_hundred_times_wrote_all_or_nothing(many: Shop) -> None:
    end_at_random(many, signal.SIGKILL, 100)


def test_a_hundred_thousand_rows_take_less_than_200_mib(custctl: Runner) -> None:
    rows = "".join(f"n{number},New {number},n{number // 9 if number else ''}\n" for number in range(1, 100_000))
    path = custctl.file(f"key,name,parent\nn0,New,\n{rows}", "rows.csv")
    assert peak(custctl, "customer", "import", path, "-q") < 200 * 1024
    assert peak(custctl, "customer", "import", path, "-q") < 200 * 1024, "the second time, row by row"
    assert custctl.sql("SELECT count(*) FROM customer") == [(100_000,)]


def feeding(pipe: Path, count: int) -> threading.Event:
    """Writes rows into a named pipe: some, more than a second later the others, and no end before the event."""

    def feed() -> None:
        with contextlib.suppress(BrokenPipeError), pipe.open("w") as file:
            file.write("key,name\n")
            for part in range(3):
                file.writelines(f"n{number},N\n" for number in range(part * count, (part + 1) * count))
                file.flush()
                time.sleep(1.2)
            released.wait()

    released = threading.Event()
    threading.Thread(target=feed, daemon=True).start()
    return released


def test_a_long_import_shows_how_far_it_is_on_a_terminal_and_ctrl_c_rolls_it_back(world: Shop) -> None:
    pipe = world.folder / "rows"
    os.mkfifo(pipe)
    [before] = world.sql("SELECT count(*) FROM customer")
    release = feeding(pipe, 5_000)
    terminal = Terminal(world, ("customer", "import", "rows", "--format", "csv"))
    terminal.until(" rows")
    terminal.type("\x03")
    assert terminal.end() == 130
    assert "interrupted; nothing was changed" in terminal.screen
    release.set()
    assert world.sql("SELECT count(*) FROM customer") == [before]


def test_nothing_is_drawn_for_a_pipe_or_where_quiet_is_wanted(world: Shop) -> None:
    world.document("key,name\n" + "".join(f"n{number},N\n" for number in range(10)), "rows.csv")
    slow = "import custctl.commands._progress as module; module.SHOW_AFTER = 0\n"
    [piped] = world.many(Odd(["customer", "import", "rows.csv"], slow))
    assert piped.err == "added 10, updated 0, unchanged 0, deleted 0, rejected 0\n"
    terminal = Terminal(world, ("customer", "import", "rows.csv", "-q"))
    assert terminal.end() == 0
    assert terminal.screen == ""


WITH_EVERY_STEP = """
import time
from custctl.store import exporting
from custctl.commands import _progress
_progress.SHOW_AFTER = 0
exporting.CHUNK = 5
shown = _progress.Progress.at
def at(self, done, total=None):
    while self.wanted and self.bar is None:
        time.sleep(0.01)
    shown(self, done, total)
    if self.wanted:
        self.bar.refresh()
_progress.Progress.at = at
from custctl.__main__ import main
main()
"""


def test_a_bar_shows_how_far_an_export_into_a_file_is(world: Shop) -> None:
    program = (sys.executable, "-c", WITH_EVERY_STEP)
    terminal = Terminal(world, ("export", "users", "--out", "users.jsonl"), program=program)
    assert terminal.end() == 0
    assert {f"exporting {rows} customer users" in terminal.screen for rows in (1, 6, 11, 16, 19)} == {True}
    assert terminal.screen.endswith("written to users.jsonl\n")
    on_screen = Terminal(world, ("export", "users", "--format", "csv", "--limit", "1"), program=program)
    assert on_screen.end() == 0
    assert "exporting" not in on_screen.screen, "the rows themselves are seen"
