"""What a person sees on a terminal while something takes longer than a second: how far it is, or that it goes on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from threading import Lock, Timer

    from rich.progress import Progress as Bar

_Item = TypeVar("_Item")
Total = int | Callable[[], int] | None

SHOW_AFTER = 1.0
"""Nobody needs to be told that something goes on that takes less."""


class Progress(AbstractContextManager["Progress"]):
    """A bar on standard error, or a spinner where no total is known; nothing at all where that is no terminal.

    It appears by itself, so it also shows what tells nothing before it is done, and is gone before the next word.
    `unit` is what is counted; without one only the time is told. rich is loaded when the bar is shown, never for a
    pipe.
    """

    def __init__(self, wanted: bool, title: str, unit: str = "", total: Total = None) -> None:
        self.wanted = wanted and sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self.title = title
        self.unit = unit
        self.total = total
        self.done = 0
        self.bar: Bar | None = None
        self.timer: Timer | None = None
        self.lock: Lock | None = None
        self.ended = False

    def at(self, done: int, total: int | None = None) -> None:
        """So much of it is done, of so much, where that is known better than at the beginning."""
        self.done = done
        self.total = self.total if total is None else total
        if self.bar is not None:
            self.bar.update(self.bar.task_ids[0], completed=done, total=self._known_total(), description=self._told())

    def over(self, items: Iterable[_Item], size: Callable[[_Item], int] = lambda _: 1) -> Iterator[_Item]:
        """The same items, counted while somebody takes them."""
        done = 0
        with self:
            for item in items:
                yield item
                done += size(item)
                self.at(done)

    def __enter__(self) -> Self:
        if self.wanted:
            from threading import Lock, Timer

            self.lock = Lock()
            self.timer = Timer(SHOW_AFTER, self._show)
            self.timer.daemon = True
            self.timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.timer is None or self.lock is None:
            return
        self.timer.cancel()
        with self.lock:
            self.ended = True
            if self.bar is not None:
                self.bar.stop()
                self.bar = None

    def _show(self) -> None:
        assert self.lock is not None
        with self.lock:
            if not self.ended:
                self.bar = _bar(self._told())

    def _told(self) -> str:
        return f"{self.title} {self.done:,} {self.unit}" if self.unit else self.title

    def _known_total(self) -> int | None:
        """The total, asked for once and not before the bar is there: counting takes time too."""
        if callable(self.total):
            self.total = self.total()
        return self.total


def _bar(title: str) -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task(title, total=None)
    bar.start()
    return bar
