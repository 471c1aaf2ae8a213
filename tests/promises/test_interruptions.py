"""Killed, interrupted, out of space: all of a write is there or nothing of it, and the exit code says which."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.promises.process import Odd, Shop, customers, finished

MANY = 3_000
BY_SIGNAL = {
    signal.SIGINT: (130, "\ninterrupted; nothing was changed\n"),
    signal.SIGTERM: (143, "terminated; nothing was changed\n"),
    signal.SIGHUP: (143, "terminated; nothing was changed\n"),
    signal.SIGKILL: (-9, ""),
}

AMID_THE_WORK = """
import signal
from custctl.store.unit import Unit
flush = Unit.flush
def interrupted(self, *arguments):
    report = flush(self, *arguments)
    signal.raise_signal({number})
    return report
Unit.flush = interrupted
"""
IN_THE_COMMIT = """
import signal
from custctl.store.rows import Transaction
commit = Transaction.commit
def interrupted(self):
    signal.raise_signal({number})
    commit(self)
Transaction.commit = interrupted
"""
SMALL_FILES = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
STARTING = """
import importlib.abc, signal, sys
class Interrupting(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {name!r}:
            signal.raise_signal({number})
sys.meta_path.insert(0, Interrupting())
from custctl.__main__ import main
main()
"""


@pytest.fixture
def big(world: Shop) -> Shop:
    """A shop with a document of some thousand records that has not been applied yet."""
    world.document(customers(range(MANY)), "big.toml")
    return world


def applied(big: Shop, number: int) -> tuple[Path, list[str]]:
    """A copy of the database, and the command that fills it."""
    copy = Path(shutil.copy(big.database, big.folder / f"copy-{number}.db"))
    return copy, ["--db", str(copy), "apply", "-f", "big.toml", "--yes", "-q"]


def content(path: Path) -> tuple[int, int]:
    """How many of the customers are there, and how many revisions, in a database that is sound."""
    shop = Shop(path)
    assert shop.is_sound()
    [[stored]] = shop.sql("SELECT count(*) FROM customer WHERE key GLOB 'c[0-9]*'")
    [[revisions]] = shop.sql("SELECT count(*) FROM revision WHERE id > 0")
    return stored, revisions


def seconds_of(big: Shop) -> float:
    """How long a forked process takes for the whole document."""
    started = time.monotonic()
    big.many(["version"])
    idle = time.monotonic()
    big.many(applied(big, 0)[1])
    return max(time.monotonic() - idle - (idle - started), 0.1)


@pytest.mark.parametrize("number", BY_SIGNAL)
def test_an_apply_that_a_signal_ends_at_any_moment_wrote_all_or_nothing(big: Shop, number: int) -> None:
    longest, moments = seconds_of(big), random.Random(number)
    copies = [applied(big, attempt) for attempt in range(1, 11)]
    before = content(copies[0][0])
    runs = big.many(*(Odd(words, "", number, moments.uniform(0.02, 1.1 * longest)) for _, words in copies))
    for run, (copy, _) in zip(runs, copies, strict=True):
        if run.code == 0:
            assert content(copy) == (MANY, before[1] + 1)
            assert run.err in ("", "\ndone; only the answer was interrupted\n")
        elif number == signal.SIGKILL:
            assert run.code == -9
            assert content(copy) in (before, (MANY, before[1] + 1))
        else:
            assert (run.code, run.err) == BY_SIGNAL[signal.Signals(number)]
            assert content(copy) == before
    assert any(run.code != 0 for run in runs), "none was caught"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_the_commit_ends_it_and_one_within_it_comes_too_late(big: Shop, number: signal.Signals) -> None:
    (early, first), (late, second) = applied(big, 1), applied(big, 2)
    before = content(early)
    rolled_back, done = big.many(
        Odd(first, AMID_THE_WORK.format(number=int(number))), Odd(second, IN_THE_COMMIT.format(number=int(number)))
    )
    assert (rolled_back.code, rolled_back.out, rolled_back.err) == (BY_SIGNAL[number][0], "", BY_SIGNAL[number][1])
    assert content(early) == before
    assert (done.code, done.out, done.err) == (0, "", "\ndone; only the answer was interrupted\n")
    assert content(late) == (MANY, before[1] + 1)


AMID_AN_EXPORT = """
import signal
from custctl.store import exporting
chunks = exporting._chunks
def interrupted(rows):
    for chunk in chunks(rows):
        yield chunk
        signal.raise_signal({number})
exporting._chunks = interrupted
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_an_export_that_a_signal_ends_leaves_no_file(world: Shop, number: signal.Signals, format: str) -> None:
    words = ["export", "users", "--out", f"users.{format}"]
    [ran] = world.many(Odd(words, AMID_AN_EXPORT.format(number=int(number))))
    assert (ran.code, ran.out, ran.err) == (BY_SIGNAL[number][0], "", BY_SIGNAL[number][1])
    assert not (world.folder / f"users.{format}").exists()


IN_A_CALLBACK = """
import signal
from custctl.store import reads
def interrupted(value):
    signal.raise_signal({number})
reads._fold_letters = interrupted
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_the_database_calls_back_is_no_error_of_the_database(
    world: Shop, number: signal.Signals
) -> None:
    words = ["customer", "list", "--where", "name~a", "-o", "json"]
    [ran] = world.many(Odd(words, IN_A_CALLBACK.format(number=int(number))))
    assert (ran.code, ran.out, ran.err) == (BY_SIGNAL[number][0], "", BY_SIGNAL[number][1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("name", ["custctl.app", "typer", "custctl.commands.customer"])
def test_a_signal_while_the_program_loads_ends_it_as_a_later_one_does(
    nothing: Shop, name: str, number: signal.Signals
) -> None:
    script = STARTING.format(name=name, number=int(number))
    ran = nothing("customer", "list", program=(sys.executable, "-c", script))
    assert (ran.code, ran.out, ran.err) == (BY_SIGNAL[number][0], "", BY_SIGNAL[number][1])


def test_a_process_that_is_killed_leaves_nothing_that_hinders_the_next(big: Shop) -> None:
    process = big.start("apply", "-f", "big.toml", "--yes")
    log = big.folder / "shop.db-wal"
    while not (log.exists() and log.stat().st_size) and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    finished(process)
    assert big("customer", "add", "After", "-q").code == 0
    assert big.is_sound()


@pytest.mark.parametrize("road", ["", "import custctl.store.rows as rows; rows.BULK = 10**6\n"], ids=["bulk", "models"])
def test_no_space_left_is_8_and_everything_is_as_it_was(big: Shop, road: str) -> None:
    size = big.database.stat().st_size
    limits = [size // 20, size - 1, 2 * size, 4 * size, 20 * size]
    copies = [applied(big, attempt) for attempt in range(len(limits))]
    before = content(copies[0][0])
    runs = big.many(
        *(
            Odd([*words, "-o", "json"], road + SMALL_FILES.format(limit=limit))
            for (_, words), limit in zip(copies, limits, strict=True)
        )
    )
    for run, (copy, _) in zip(runs, copies, strict=True):
        assert content(copy) == (before if run.code else (MANY, before[1] + 1))
        if run.code:
            assert (run.code, run.error["exit"], run.error["code"]) == (8, 8, "unusable"), run.err
            assert str(copy) in run.error["message"]
    assert [run.code for run in runs[:3]] == [8, 8, 8]
    assert runs[-1].code == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes, where the system lets us make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_8_and_the_next_write_works_when_there_is_space_again(big: Shop, small_disk: Path) -> None:
    shop = Shop(Path(shutil.copy(big.database, small_disk)))
    document = big.document(customers(range(6_000), "A company with a name that takes some space on the disk"))
    before = content(shop.database)
    full = shop("apply", "-f", document, "--yes", "-o", "json")
    assert (full.code, full.out, full.error["code"]) == (8, "", "full")
    assert full.error["message"] == f"no space left to write {shop.database}"
    assert content(shop.database) == before
    assert shop("customer", "add", "Small", "-q").code == 0
