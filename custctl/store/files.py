"""Files that a command writes for its user: new ones only, for their owner alone."""

from __future__ import annotations

import os
from pathlib import Path

from custctl.errors import CustctlError, Exit, Problem, conflict


def write_new(name: str, text: str) -> None:
    """Write a file that does not exist yet, whole or not at all, 0600.

    Raises exit 5 when something of that name exists, 74 when it cannot be written.
    """
    path = Path(name)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise conflict(
            f"{name} exists already", code="exists", hint="choose another name, or remove it first"
        ) from None
    except OSError as error:
        raise _unwritable(name, error) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritable(name, error) from error


def _unwritable(name: str, error: OSError) -> CustctlError:
    return CustctlError(Problem("output", Exit.OUTPUT, f"{name} cannot be written: {error.strerror}"))
