"""Work that is done ahead by another process, on another processor, while this one uses what is done.

What it makes comes back through a pipe, in order. It knows nothing of the database and leaves no trace: it ends when
it is done, when nobody wants more, and when this process is gone.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, NoReturn, TypeVar

from custctl.errors import CustctlError, Exit, Problem
from custctl.store.database import ENDING, undisturbed

_Item = TypeVar("_Item")
HOLDS = 1024 * 1024
"""So many bytes fit into the pipe: as many as Linux allows everybody."""


@contextmanager
def ahead(items: Iterable[_Item]) -> Iterator[Iterator[_Item]]:
    """The items, which are made ahead; where no process can be had, they are made when they are asked for.

    What is raised while they are made is raised here, where the item would have come; 143 when it is killed.
    """
    reading, writing = _pipe()
    try:
        with undisturbed():  # what a signal raised in the other process would go on as if it were this one
            child = os.fork()
            if not child:
                os.close(reading)
                _give(items, writing)
    except OSError:  # too many processes, or no memory for one
        os.close(reading)
        os.close(writing)
        yield iter(items)
        return
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as pipe:
            yield _taken(pipe)
    finally:
        os.kill(child, signal.SIGKILL)  # it may wait for somebody to take what it has
        os.waitpid(child, 0)


def _pipe() -> tuple[int, int]:
    """A pipe that holds a large item where the system has such pipes: neither process waits in the middle of one."""
    reading, writing = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):  # on Linux
        with suppress(OSError):  # this user may have no more such pipes
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, HOLDS)
    return reading, writing


def _give(items: Iterable[object], writing: int) -> NoReturn:
    """Be the other process. Nothing of what this one has open may be closed or flushed by it."""
    try:
        for number in ENDING:  # a group gets them together: the one that waits has the words
            signal.signal(number, signal.SIG_IGN)
        with os.fdopen(writing, "wb") as pipe:
            try:
                for item in items:
                    pickle.dump((item, None), pipe, pickle.HIGHEST_PROTOCOL)
                    pipe.flush()
                pickle.dump((None, StopIteration()), pipe)
            except BrokenPipeError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where it is waited for
                pickle.dump((None, error), pipe)
    finally:
        os._exit(0)


def _taken(pipe: IO[bytes]) -> Iterator[_Item]:
    while True:
        try:
            item, error = pickle.load(pipe)  # noqa: S301 - a process of ours has written it
        except (EOFError, pickle.UnpicklingError):
            words, hint = "a process that reads ahead was killed", "nothing was changed; is there too little memory?"
            raise CustctlError(Problem("killed", Exit.TERMINATED, words, hint)) from None
        if isinstance(error, StopIteration):
            return
        if error is not None:
            raise error
        yield item
