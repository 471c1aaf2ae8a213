"""What can go wrong, and the exit code of each: the only exceptions a command raises on purpose."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Literal, Self


class Exit(IntEnum):
    """The exit codes of custctl, each with its meaning; `custctl help exit-codes` and its page are made from this.

    The code belongs to the answer, not to its printing: of several items the worst counts.
    """

    meaning: str

    OK = 0, "Done, yes, no difference, nothing to do."
    NO = 1, "The answer is no: a denial, a difference, a failed test. Never an error."
    USAGE = 2, "The command line cannot be read, lacks --yes, or has an option the command refuses."
    NOT_FOUND = 3, "A reference typed on the command line is not stored."
    INVALID = 4, "A value breaks a rule: ill-formed, unknown, a cycle, a reference inside a file that is not stored."
    CONFLICT = 5, "Well-formed, but what is stored forbids it: key taken, protected delete, last role."
    PARTIAL = 6, "Rows were rejected under --continue-on-error; every one is named."
    DATABASE = 8, "The database is missing for a read, corrupt, foreign, newer than this program, or full."
    BUG = 70, "A mistake in custctl."
    OUTPUT = 74, "The output of a read could not be written; a reader that goes away early is no such case."
    BUSY = 75, "Another process holds the database; try again."
    INTERRUPTED = 130, "Ctrl-C; everything was rolled back."
    TERMINATED = 143, "SIGTERM, or the terminal was closed; everything was rolled back."

    def __new__(cls, code: int, meaning: str) -> Self:
        made = int.__new__(cls, code)
        made._value_ = code
        made.meaning = meaning
        return made


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file an error is; lines and columns count from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what, where, and what to do next; of a text that is very long, both ends.

    A very long hint with a command in it is left out: a part of a command would be another command when pasted.
    """

    code: str
    exit: Exit
    message: str
    hint: str | None = None
    place: Place | None = None
    field: str | None = None
    value: str | None = None
    candidates: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.hint is not None and len(self.hint) > _LONGEST and ("custctl " in self.hint or "--" in self.hint):
            object.__setattr__(self, "hint", None)
        for name in ("message", "hint", "field", "value"):
            text = getattr(self, name)
            if text is not None and len(text) > _LONGEST:
                object.__setattr__(self, name, f"{text[: _LONGEST // 2]} ... {text[-_LONGEST // 2 :]}")

    def at(self, place: Place | None) -> Problem:
        """The same problem, found at `place`."""
        return self if place is None else replace(self, place=place)

    def as_json(self) -> dict[str, object]:
        """The problem in the form of the JSON error contract; absent parts are left out."""
        found: dict[str, object] = {"code": self.code, "exit": int(self.exit), "message": self.message}
        if self.place is not None:
            found |= {"file": self.place.file, "line": self.place.line, "column": self.place.column}
        found |= {"field": self.field, "value": self.value, "hint": self.hint}
        found["candidates"] = list(self.candidates) or None
        return {key: value for key, value in found.items() if value is not None}


class CustctlError(Exception):
    """One or more problems that end the command; the first decides the exit code. So many of them are `shown`."""

    shown = 20

    def __init__(self, problem: Problem, *more: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.more = more

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (self.problem, *self.more)

    def __reduce__(self) -> tuple[type[CustctlError], tuple[Problem, ...]]:
        """How it goes from one process to another."""
        return type(self), self.problems

    def as_json(self) -> dict[str, object]:
        return {"error": self.problem.as_json(), "more": [problem.as_json() for problem in self.more]}


class Denied(Exception):  # noqa: N818 - an answer, not an error
    """The answer is no, and the command has changed nothing: exit 1, with what says no.

    That is the decision on what the user in whose name it runs wanted, or the tests of a document that fail; `exit` is
    4 where others of them cannot be asked.
    """

    def __init__(
        self, answer: dict[str, Any], view: Literal["decision", "tests"] = "decision", exit: Exit = Exit.NO
    ) -> None:
        super().__init__(view)
        self.answer = answer
        self.view = view
        self.exit = exit


def usage(message: str, hint: str | None = None) -> CustctlError:
    """The command line cannot be carried out as typed (exit 2)."""
    return CustctlError(Problem("usage", Exit.USAGE, message, hint))


def not_found(what: str, value: str, candidates: Sequence[str] = (), hint: str | None = None) -> CustctlError:
    """A reference typed on the command line is not stored (exit 3)."""
    return CustctlError(
        Problem(
            "not-found",
            Exit.NOT_FOUND,
            f"{what} {value!r} not found",
            hint or did_you_mean(candidates),
            value=value,
            candidates=tuple(candidates),
        )
    )


def invalid(
    message: str,
    *,
    code: str = "invalid",
    field: str | None = None,
    value: str | None = None,
    hint: str | None = None,
    candidates: Sequence[str] = (),
    place: Place | None = None,
) -> CustctlError:
    """A value breaks a rule (exit 4)."""
    hint = hint or did_you_mean(candidates)
    return CustctlError(Problem(code, Exit.INVALID, message, hint, place, field, value, tuple(candidates)))


def conflict(
    message: str, *, code: str = "conflict", hint: str | None = None, field: str | None = None, value: str | None = None
) -> CustctlError:
    """The request is well-formed, but what is stored forbids it (exit 5)."""
    return CustctlError(Problem(code, Exit.CONFLICT, message, hint, field=field, value=value))


def unusable(message: str, hint: str | None = None, code: str = "database") -> CustctlError:
    """The database cannot be used (exit 8)."""
    return CustctlError(Problem(code, Exit.DATABASE, message, hint))


def reason(error: OSError | ValueError) -> str:
    """Why a file cannot be used: the words of the system, or ours where Python knows its name to be none."""
    if isinstance(error, OSError):
        return error.strerror or "the system does not say why"
    return "its name holds a character that no file name has"


def number_of(count: int, one: str) -> str:
    """So many of something: `1 record`, `2 records`."""
    return f"{count} {one}" if count == 1 else f"{count} {one}s"


def near(value: str, known: Iterable[str]) -> list[str]:
    """The known words that `value` may have been meant to be, best first, at most three."""
    return difflib.get_close_matches(value.casefold(), list(known), n=3, cutoff=0.6)


def did_you_mean(candidates: Sequence[str]) -> str | None:
    """A hint that offers the candidates, or nothing when there are none."""
    return f"did you mean {' or '.join(candidates)}?" if candidates else None
