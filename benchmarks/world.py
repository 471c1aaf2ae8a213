"""Generated worlds to measure on: what `custctl demo --customers N` makes, kept below the temporary folder.

One of a hundred thousand customers takes minutes, so it is made once: a file is named after the schema, and after the
modules that draw, so that what changes either makes another.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path

from benchmarks.measuring import environment, program
from custctl.store import migrations, worlds
from custctl.store.worlds import Size

NOW = "2026-01-05T08:00:00Z"
SEED = 20_260_105
DRAWING = ("draw", "lands", "records", "skeleton", "world")
"""The modules that say what a world holds."""


def cached(size: Size) -> Path:
    """The database of a world, made when there is none yet."""
    folder = Path(tempfile.gettempdir()) / f"custctl-benchmarks-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    drawn = f"{size.customers}x{size.users}x{size.documents}-{SEED}"
    path = folder / f"world-{migrations.SCHEMA_VERSION}-{_version()}-{drawn}.db"
    if not path.exists():
        part = path.with_suffix(f".{os.getpid()}.part")
        options = {"customers": size.customers, "users-per-customer": size.users, "seed": SEED}
        options["documents-per-customer"] = size.documents
        words = [f"--{name}={value}" for name, value in options.items()]
        subprocess.run([*program(), "--db", part, "demo", *words, "-q"], env=environment(folder), check=True)
        for stale in folder.glob(f"world-*-{drawn}.*"):  # of another version: they are large
            if stale != part:
                stale.unlink()
        part.replace(path)
    return path


def _version() -> str:
    """What tells apart the worlds of programs that draw differently."""
    folder = Path(str(worlds.__file__)).parent
    return sha256(b"".join((folder / f"{name}.py").read_bytes() for name in DRAWING)).hexdigest()[:8]
