"""A terminal of a given size, with the program on it and somebody who types."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.promises.process import PROGRAM, Shop

_PATIENCE = 30.0
_TAKE_OVER = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
"""Makes the terminal the one that Ctrl-C comes from, then becomes the program."""


@dataclass(slots=True)
class Terminal:
    """One command on a terminal."""

    shop: Shop
    words: tuple[str, ...]
    columns: int = 80
    env: Mapping[str, str] = field(default_factory=dict)
    program: tuple[str, ...] = PROGRAM
    screen: str = ""
    _keyboard: int = field(init=False)
    _process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._keyboard, screen = pty.openpty()
        fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, self.columns, 0, 0))
        streams = {"stdin": screen, "stdout": screen, "stderr": screen, "start_new_session": True}
        environment = self.shop.environment | {"TERM": "xterm-256color"} | dict(self.env)
        program = (sys.executable, "-c", _TAKE_OVER, *self.program)
        self._process = self.shop.start(*self.words, program=program, env=environment, **streams)
        os.close(screen)

    def until(self, text: str) -> None:
        """Wait for a text on the screen."""
        last = time.monotonic() + _PATIENCE
        while text not in self.screen:
            assert self._read(), self.screen
            assert time.monotonic() < last, self.screen

    def type(self, text: str) -> None:
        os.write(self._keyboard, text.encode())

    def echoes(self) -> bool:
        """Whether the terminal shows what is typed."""
        return bool(termios.tcgetattr(self._keyboard)[3] & termios.ECHO)

    def end(self) -> int:
        """Wait for the end; the exit code."""
        while self._read():
            pass
        os.close(self._keyboard)
        return self._process.wait(_PATIENCE)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._keyboard], [], [], _PATIENCE)
        assert ready, self.screen
        data = b""
        with contextlib.suppress(OSError):  # Linux ends a terminal with EIO
            data = os.read(self._keyboard, 1 << 16)
        self.screen += data.decode(errors="replace").replace("\r\n", "\n")
        return data != b""
