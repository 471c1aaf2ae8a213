"""What it costs to apply a document that changes nothing, beside reading it: most of what a script in CI does."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import Case, environment, machine, measure, process, program, table

RECORDS = 50_000
OF_EACH = 5
"""A customer, three users and one sales document, more or less."""
MOST_ROUNDS = 5
READ = "import sys; from custctl.store.documents.reading import read; read(sys.argv[1:])"


def main(customers: int, rounds: int) -> str:
    """The table of ratios, of a document that has as many records as half of the customers asked for."""
    count = min(RECORDS, customers // 2) // OF_EACH
    with tempfile.TemporaryDirectory() as folder:
        home = environment(Path(folder))
        document = Path(folder) / "world.toml"
        on = [*program(), "--db", str(Path(folder) / "world.db")]
        drawn = ["--customers", str(count), "--users-per-customer", "3", "--documents-per-customer", "1"]
        _run([*on, "demo", *drawn, "--out", str(document), "-q"], home)
        apply = [*on, "apply", "-f", str(document), "--yes", "-q"]
        _run(apply, home)
        reading = Case("reading it", process([sys.executable, "-c", READ, str(document)], home))
        cases = [reading, Case("apply of an unchanged document", process(apply, home), reading.name, 3.0)]
        seconds = measure(cases, min(rounds, MOST_ROUNDS))
        size = document.stat().st_size // 1024
    head = [machine(), f"a TOML document of {count:,} customers and what they have, {size:,} KiB", ""]
    return "\n".join([*head, *table(cases, seconds)])


def _run(command: Sequence[str], home: dict[str, str]) -> None:
    subprocess.run(command, env=home, check=True, stdout=subprocess.DEVNULL)
