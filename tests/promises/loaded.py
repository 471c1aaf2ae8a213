"""A process that has loaded the program, and forks one for each command line: twenty in the time one takes to start.

`Shop.together` starts it and sends it batches. What it runs is a command line of custctl, or a script of bash in which
`custctl` is a small client that hands its streams over and waits, so that a shell's commands are forked as well.
"""

from __future__ import annotations

import gc
import importlib
import json
import marshal
import os
import pkgutil
import select
import shlex
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import rich.cells  # noqa: F401 - loaded for the processes that are forked, as all of custctl is below

import custctl.app
import custctl.render
from custctl.store.database import ENDING

_CLIENT = """
import marshal, os, socket, sys
asked = marshal.dumps((sys.argv[2:], os.getcwd(), dict(os.environ)))
with socket.socket(socket.AF_UNIX) as server:
    server.connect(sys.argv[1])
    socket.send_fds(server, [len(asked).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(asked)
    sys.exit(server.recv(1)[0])
"""


def main() -> None:
    _load()
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as clients:
        clients.bind(f"{folder}/socket")
        clients.listen()
        _write_client(Path(folder))
        for line in sys.stdin:
            batch = json.loads(line)
            answers = [_answer(command, batch, folder, clients) for command in batch["commands"]]
            sys.stdout.write(f"{json.dumps(answers)}\n")
            sys.stdout.flush()


def _load() -> None:
    """Import everything, and work out whatever is worked out once in a process: the tables of the models above all."""
    for package in ("custctl.commands", "custctl.store", "custctl.store.documents"):
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(module.name)
    with tempfile.TemporaryDirectory() as folder:
        for line in ("demo", "customer add Acme", "customer list"):
            assert custctl.app.execute(["--db", f"{folder}/shop.db", *line.split(), "-q"]) == 0, line
    gc.collect()
    gc.freeze()

    # A signal waits until the program is there to hear it, as it would be when a person sends one.
    answer = custctl.app._answer

    def hearing(invocation: Any) -> int:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        return answer(invocation)

    custctl.app._answer = hearing
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # as in a terminal, also where these tests are run by nohup


def _write_client(folder: Path) -> None:
    client, program = folder / "client.py", folder / "custctl"
    client.write_text(_CLIENT)
    words = shlex.join([sys.executable, "-IS", str(client), str(folder / "socket")])
    program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    program.chmod(0o700)


def _answer(
    command: Mapping[str, Any], batch: Mapping[str, Any], programs: str, clients: socket.socket
) -> tuple[int, str, str]:
    """The exit code, and what was written to standard output and error."""
    environment = batch["environment"]
    with (
        Path(os.devnull).open("rb") as nothing,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        fork = partial(_forked, [stream.fileno() for stream in (nothing, out, err)], batch["folder"])
        if "script" in command:
            path = f"{programs}{os.pathsep}{environment['PATH']}"
            code = _shell(command["script"], partial(fork, environment | {"PATH": path}), clients)
        else:
            code = _command(command, partial(fork, environment))
        return code, _content(out.fileno()), _content(err.fileno())


def _forked(streams: Sequence[int], folder: str, environment: Mapping[str, str], action: Callable[[], None]) -> int:
    """A process of its own that does this; its id."""
    child = os.fork()
    if not child:
        try:
            _become(action, streams, folder, environment)
        finally:
            traceback.print_exc()
            os._exit(1)
    return child


def _become(action: Callable[[], None], streams: Sequence[int], folder: str, environment: Mapping[str, str]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for number, name in enumerate(("stdin", "stdout", "stderr")):  # as they are when Python starts
        old = getattr(sys, name)
        setattr(sys, name, open(number, old.mode, encoding=old.encoding, errors=old.errors, closefd=False))  # noqa: SIM115 - a descriptor, open to the end
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    action()


def _command(command: Mapping[str, Any], fork: Callable[[Callable[[], None]], int]) -> int:
    """One command line, and what happens to it; the exit code."""

    def carry_out() -> None:
        exec(command["before"], globals().copy())  # noqa: S102 - the test's own
        custctl.app.run(command["words"])

    child = fork(carry_out)
    if command["signal"]:
        time.sleep(command["after"])
        os.kill(child, command["signal"])
    return _code(child)


def _shell(script: str, fork: Callable[[Callable[[], None]], int], clients: socket.socket) -> int:
    """A script of bash; the exit code. It is over when nothing that it has started is left."""
    left, held = os.pipe()

    def bash() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # which Python ignores
        os.set_inheritable(held, True)
        os.execvp("bash", ["bash", "-c", script])  # noqa: S606 - the test wants a shell

    child = fork(bash)
    os.close(held)
    running: dict[int, tuple[int, socket.socket]] = {}
    while True:
        ready, _, _ = select.select([clients.fileno(), left, *running], [], [])
        if clients.fileno() in ready:
            ended, begun = _served(clients)
            running[ended] = begun
        for ended in running.keys() & ready:
            os.close(ended)
            process, client = running.pop(ended)
            with client:
                client.sendall(bytes([_code(process) & 255]))
        if ready == [left]:
            break
    os.close(left)
    return _code(child)


def _served(clients: socket.socket) -> tuple[int, tuple[int, socket.socket]]:
    """A process for what a client asks; what can be read when it has ended, its id, and who waits for it."""
    client, _ = clients.accept()
    length, streams, _, _ = socket.recv_fds(client, 4, 3)
    asked = client.recv(int.from_bytes(length, "big"), socket.MSG_WAITALL)
    words, folder, environment = marshal.loads(asked)  # noqa: S302 - our own client wrote it
    ended, held = os.pipe()
    process = _forked(streams, folder, environment, lambda: custctl.app.run(words))
    for descriptor in (*streams, held):
        os.close(descriptor)
    return ended, (process, client)


def _code(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _content(file: int) -> str:
    return os.pread(file, 1 << 24, 0).decode("latin-1")


if __name__ == "__main__":
    main()
