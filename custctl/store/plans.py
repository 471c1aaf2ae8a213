"""Plans: what documents would change, as a unified text, and kept in a file so that exactly that is done later.

A plan file holds the documents and what was to come of them. It is trusted no more than a document: its tables are
validated again, and the changes that follow from them must be those that somebody has looked at.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from custctl.errors import CustctlError, Exit, Problem, conflict, invalid
from custctl.resources import ADDRESSES, SETTING, Noun
from custctl.store.documents import API_VERSION, SIZE_LIMIT, Document, read_json, write_record, write_table
from custctl.store.export import record_of, settings_of
from custctl.store.files import write_new
from custctl.store.inputs import message
from custctl.store.select import Image
from custctl.store.unit import Change, Report, Unit, identity, record_reference


@dataclass(frozen=True, slots=True)
class Plan:
    """What was planned: the documents, whether they prune, the revision they were compared with, and the changes."""

    documents: Sequence[Document]
    prune: bool
    revision: int
    changes: list[Any]

    def require_current(self, unit: Unit) -> None:
        """Refuse (exit 5) when something was written since the plan was made."""
        latest = unit.latest()
        if latest != self.revision:
            words = f"the plan was made at revision {self.revision}, the database is at {latest}"
            raise conflict(words, code="stale-plan", hint=_AGAIN)

    def require_same(self, report: Report) -> None:
        """Refuse (exit 5) when anything else would be done than was planned."""
        if _changes(report) != self.changes:
            raise conflict("the plan would no longer do what it says", code="stale-plan", hint=_AGAIN)


_AGAIN = "make a new plan and look at it: custctl plan -f DOCUMENT --out FILE"


def write_plan(name: str, plan: Plan, *, dry_run: bool) -> None:
    """Write a plan to a file that does not exist yet, 0600.

    Raises exit 5 when it exists, 4 when it would be too large to be read again, 74 when it cannot be written.
    """
    content = {
        "apiVersion": API_VERSION,
        "kind": "plan",
        "revision": plan.revision,
        "prune": plan.prune,
        "documents": [{"source": document.source, "tables": document.tables} for document in plan.documents],
        "changes": plan.changes,
    }
    text = json.dumps(content, indent=1, default=_money) + "\n"
    if len(text) > SIZE_LIMIT:
        size = f"{SIZE_LIMIT // 1024 // 1024} MiB"
        raise invalid(f"the plan is larger than {size}", code="limit", hint="plan the documents one by one")
    write_new(name, text, dry_run=dry_run)


def _money(value: Any) -> str:
    assert isinstance(value, Decimal), "documents hold no other values that JSON lacks"
    return f"{value:f}"


def read_plan(name: str) -> Plan:
    """The plan of a file; exit 4 with the place when it is none, is damaged, or is of a version that is not known."""
    file = read_json(name)
    if file.tables.get("kind") != "plan":
        hint = "documents are applied with -f; to make a plan: custctl plan -f DOCUMENT --out FILE"
        raise invalid("this is not a plan", field="kind", hint=hint, place=file.place(("kind",)))
    try:
        found = _PlanFile.model_validate(file.tables)
    except ValidationError as error:
        raise CustctlError(*(_damage(file, finding) for finding in error.errors(include_url=False))) from None
    documents = [
        file.below(("documents", number, "tables"), document.tables) for number, document in enumerate(found.documents)
    ]
    return Plan(documents, found.prune, found.revision, found.changes)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _PlannedDocument(_Strict):
    source: str
    tables: dict[str, Any]


class _PlanFile(_Strict):
    kind: Literal["plan"]
    revision: int = Field(ge=0)
    prune: bool
    documents: list[_PlannedDocument] = Field(min_length=1)
    changes: list[Any]


def _damage(file: Document, finding: Any) -> Problem:
    path = tuple(finding["loc"])
    name = ".".join(str(part) for part in path)
    return Problem(
        "invalid", Exit.INVALID, f"the plan is damaged: {name} {message(finding)}", None, file.place(path), name
    )


def planned(documents: Sequence[Document], report: Report, *, prune: bool) -> Plan:
    """The plan that a try of documents has come to."""
    return Plan(documents, prune, report.base, _changes(report))


def _changes(report: Report) -> list[Any]:
    """The changes as a file gives them back."""
    return [json.loads(json.dumps(change.as_json())) for change in report.changes]


# -- what would change, as text ------------------------------------------------------------------------------------


def differences(changes: Iterable[Change]) -> Iterator[str]:
    """The lines of a unified diff: every record that changes, as a document says it before and after."""
    for change in changes:
        old, new = _text(change.noun, change.before), _text(change.noun, change.after)
        was, is_now = (_name(change.noun, image) for image in (change.before, change.after))
        yield from difflib.unified_diff(old, new, was, is_now, lineterm="")


def _name(noun: Noun, image: Image | None) -> str:
    return "/dev/null" if image is None else record_reference(noun, image, identity(noun, image))


def _text(noun: Noun, image: Image | None) -> list[str]:
    """The lines in which a document says a record; none where there is no record."""
    if image is None:
        return []
    if noun is SETTING:
        return write_table(("settings",), settings_of([image])).splitlines()
    return write_record(_path(noun), record_of(noun, image)).splitlines()


def _path(noun: Noun) -> tuple[str, ...]:
    """Where a document has such records: addresses stand inside the records they are of."""
    if noun.name in ADDRESSES:
        owner, _ = ADDRESSES[noun.name]
        return (owner.document, noun.document)
    return (noun.document,)
