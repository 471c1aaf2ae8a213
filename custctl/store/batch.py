"""Thousands of questions in one process: JSON Lines in, JSON Lines out, in order."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from custctl.decoding import SURROGATE, lines
from custctl.errors import CustctlError, Exit, did_you_mean, invalid, near
from custctl.policy.decide import decide
from custctl.store.facts import Asker, Question
from custctl.syntax import json_mistake

_TEXTS = ("subject", "action", "resource", "owner", "customer", "visitor")
_SUPPOSING = frozenset({"owner", "customer", "visitor"})
_FIELDS = (*_TEXTS, "ignore_status")
COLUMNS = (*_FIELDS, "allowed", "level", "reason", "line", "error")
"""The columns of an answer as rows: those of every question and every answer, then what is wrong and where."""
LONGEST = 1 << 20
"""A question is short; a longer line is refused before it is parsed."""


class Batch:
    """A run of questions; `exit` is known when the last answer is out."""

    def __init__(
        self, connection: sqlite3.Connection, name: str, stream: Iterable[bytes], *, endless: bool = False
    ) -> None:
        """Ask the questions on the lines of a stream; `endless` ones may come as long as somebody writes them."""
        self._asker = Asker(connection)
        self._lines = lines(name, stream, "batch")
        self._endless = endless
        self._exit = Exit.OK

    def exit(self) -> Exit:
        """4 when a line could not be answered, else 1 when an answer was no."""
        return self._exit

    def undecided(self) -> bool:
        """Whether lines that are left may change the exit code, and will come to an end."""
        return not self._endless and self._exit is not Exit.INVALID

    def answers(self) -> Iterator[dict[str, Any]]:
        """The fields of each question with its answer; a line that cannot be answered carries `error`.

        Raises exit 4 for a file of zero bytes.
        """
        for number, line in self._lines:
            if isinstance(line, str) and not line.strip():
                continue
            asked: dict[str, Any] = {}
            try:
                asked = _read(line)
                loaded = self._asker.load(_question(asked))
            except CustctlError as error:
                self._exit = Exit.INVALID
                yield {**asked, "error": error.problem.as_json() | {"line": number}}
                continue
            answer = decide(loaded.subject, loaded.action, loaded.resource, loaded.facts)
            if not answer.allowed and self._exit is Exit.OK:
                self._exit = Exit.NO
            yield {
                **asked,
                "allowed": answer.allowed,
                "level": answer.level.word,
                "reason": answer.reason.value,
            }


def _read(line: str | CustctlError) -> dict[str, Any]:
    if isinstance(line, CustctlError):
        raise line
    if len(line) > LONGEST:
        raise invalid(f"a question has at most {LONGEST} characters", code="limit")
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise invalid(f"not valid JSON: {_mistake(error)}", code="syntax") from None
    if not isinstance(asked, dict):
        raise invalid("a question is a JSON object")
    return asked


def _mistake(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        words, offset = json_mistake(error)
        return f"{words}, at character {offset + 1}"
    return "values are nested too deep" if isinstance(error, RecursionError) else "a number has too many digits"


def _question(asked: Mapping[str, Any]) -> Question:
    for name, value in asked.items():
        if name not in _FIELDS:
            hint = did_you_mean(near(name, _FIELDS)) or f"the fields are {', '.join(_FIELDS)}"
            raise invalid(f"unknown field {name!r}", code="unknown-field", field=name, hint=hint)
        wanted = bool if name == "ignore_status" else str
        if not isinstance(value, wanted) and not (value is None and name in _SUPPOSING):
            raise invalid(f"{name} must be {'true or false' if wanted is bool else 'text'}", field=name)
        if isinstance(value, str) and not value.isascii() and SURROGATE.search(value):
            raise invalid(f"{name} holds half a surrogate pair, which is not a character", field=name)
    for name in ("subject", "action", "resource"):
        if not asked.get(name):
            raise invalid(f"{name} is required", field=name)
    return Question(
        asked["subject"],
        asked["action"],
        asked["resource"],
        asked.get("owner"),
        asked.get("customer"),
        not _SUPPOSING.isdisjoint(asked),
        asked.get("visitor"),
        asked.get("ignore_status", False),
    )
