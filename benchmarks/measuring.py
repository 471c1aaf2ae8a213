"""Measuring side by side: cases, rounds, ratios, and the table of them.

Every round runs every case once, in an order that turns with the rounds, so that a busy machine slows all of
them alike; a ratio is the median of the ratios of the rounds. A first round, which may have to compile bytecode,
does not count. Milliseconds are shown for orientation: they change with the machine and the hour, ratios hold.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter

Job = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Case:
    """Something that is timed, and what it is compared with; a case without a goal is a neighbour only."""

    name: str
    job: Job
    neighbour: str = ""
    goal: float = 0


def measure(cases: Sequence[Case], rounds: int) -> dict[str, list[float]]:
    """The seconds of every case in every round."""
    seconds: dict[str, list[float]] = {case.name: [] for case in cases}
    for number in range(rounds + 1):
        first = number % len(cases)
        for case in [*cases[first:], *cases[:first]]:
            start = perf_counter()
            case.job()
            if number:
                seconds[case.name].append(perf_counter() - start)
    return seconds


def ratio(case: Case, seconds: Mapping[str, Sequence[float]]) -> float:
    """The median of how many times as long as its neighbour the case took in the same round."""
    return median(own / other for own, other in zip(seconds[case.name], seconds[case.neighbour], strict=True))


# -- whole processes ---------------------------------------------------------------------------------------------


def process(command: Sequence[str], environment: Mapping[str, str]) -> Job:
    """A run of the command with its output piped; one that fails is no measurement."""

    def run() -> None:
        # Python looks into the current folder for modules when it is given a program by -c.
        done = subprocess.run(command, capture_output=True, env=environment, cwd=environment["HOME"], check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr.decode()}")

    return run


def program() -> list[str]:
    """The installed script, as people run it, else the package by the same Python."""
    script = Path(sys.executable).with_name("custctl")
    return [str(script)] if script.exists() else [sys.executable, "-m", "custctl"]


def environment(home: Path) -> dict[str, str]:
    """The caller's environment without what would change custctl or Python: no config file, bytecode is kept."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CUSTCTL_", "PYTHON", "XDG_"))}
    return kept | {"HOME": str(home)}


# -- the table ---------------------------------------------------------------------------------------------------


def table(cases: Sequence[Case], seconds: Mapping[str, Sequence[float]]) -> Iterator[str]:
    wide = max(len(case.name) for case in cases)
    yield f"{'case':{wide}}  {'ms':>7}  {'ratio':>5}  {'goal':>4}  met  neighbour"
    for case in cases:
        line = f"{case.name:{wide}}  {median(seconds[case.name]) * 1000:7.1f}"
        if case.neighbour:
            found = ratio(case, seconds)
            line += f"  {found:5.2f}  {case.goal:4.1f}  {'yes' if found <= case.goal else 'NO ':3}  {case.neighbour}"
        yield line


def machine() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python}, SQLite {sqlite3.sqlite_version}, typer {version('typer')}, {os.cpu_count()} cores"
