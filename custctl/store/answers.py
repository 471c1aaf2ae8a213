"""Answers about access as data: the shapes of `access can`, `explain` and `matrix`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from custctl.policy.catalogue import CAPABILITIES, CAPABILITY_ACTIONS, FIELD_ACTIONS, WORKFLOW_ACTIONS, WORKFLOWS
from custctl.policy.decide import decide, role_verdict, sign_in
from custctl.policy.model import LEVELS, Decision, Level, Resource, RoleVerdict, Subject
from custctl.store.facts import Asker, Loaded, Question, subject_reference


def can(connection: sqlite3.Connection, question: Question) -> dict[str, Any]:
    """The decision on one question (contract: decision)."""
    loaded = Asker(connection).load(question)
    return decision_row(loaded, decide(loaded.subject, loaded.action, loaded.resource, loaded.facts), question)


def explain(connection: sqlite3.Connection, question: Question) -> dict[str, Any]:
    """The decision with what it came from and, for a no, the nearest remedy (contract: explain)."""
    asker = Asker(connection)
    loaded = asker.load(question)
    decision = decide(loaded.subject, loaded.action, loaded.resource, loaded.facts)
    return explanation(asker, loaded, decision, question)


def explanation(asker: Asker, loaded: Loaded, decision: Decision, question: Question) -> dict[str, Any]:
    """Everything about a decision that has been made."""
    from custctl.store import remedy

    return decision_row(loaded, decision, question) | {
        "roles": [_verdict(verdict) for verdict in decision.roles],
        "match": None if decision.match is None else {"rule": decision.match.rule, "path": list(decision.match.path)},
        "vetoes": [{"reason": veto.reason.value, "record": veto.record or None} for veto in decision.vetoes],
        "remedy": None if decision.allowed else remedy.nearest(asker, question, loaded),
    }


def decision_row(loaded: Loaded, decision: Decision, question: Question) -> dict[str, Any]:
    """The fields every answer to a question has."""
    record = loaded.resource.record
    supposed = record if question.supposed else None
    return {
        "subject": loaded.subject_reference,
        "action": loaded.action,
        "resource": loaded.resource_reference,
        "owner": f"user:{supposed.user}" if supposed is not None and supposed.user is not None else None,
        "customer": supposed.customer if supposed is not None else None,
        "allowed": decision.allowed,
        "level": decision.level.word,
        "reason": decision.reason.value,
    }


def matrix(connection: sqlite3.Connection, text: str) -> dict[str, Any]:
    """Every level a subject has (contract: matrix); sign-in is told apart and does not count."""
    asker = Asker(connection)
    return matrix_of(asker, asker.subject(text, None))


def matrix_of(asker: Asker, subject: Subject) -> dict[str, Any]:
    """The matrix of a subject that was read with all that its roles say."""
    return _matrix(asker, subject, _listed_fields(subject))


def _matrix(asker: Asker, subject: Subject, fields: Iterable[str]) -> dict[str, Any]:
    refused = sign_in(subject)
    return {
        "subject": subject_reference(subject),
        "sign_in": {"allowed": refused is None, "reason": None if refused is None else refused.value},
        "entities": [
            {"entity": name, "ownership": entity.ownership}
            | {"permissions": _cells(subject, Resource("entity", name, entity), entity.permissions)}
            for name, entity in asker.entities().items()
        ],
        "capabilities": [_capability(subject, name) for name in CAPABILITIES],
        "workflows": [
            {
                "workflow": name,
                "permissions": _cells(subject, Resource("workflow", name, asker.entity(entity)), WORKFLOW_ACTIONS),
            }
            for name, entity in WORKFLOWS.items()
        ],
        "fields": [
            {"field": name, "permissions": _cells(subject, asker.resource(name), FIELD_ACTIONS)}
            for name in sorted(fields)
        ],
    }


def _listed_fields(subject: Subject) -> set[str]:
    """The fields that a role has an entry for; every other one is open."""
    return {name for role in subject.roles for kind, name in role.entries if kind == "field"}


def difference(connection: sqlite3.Connection, left_text: str, right_text: str) -> list[dict[str, Any]]:
    """The cells in which two matrices differ, rows of either side included: gained or lost from left to right."""
    asker = Asker(connection)
    subjects = [asker.subject(text, None) for text in (left_text, right_text)]
    fields = {name for subject in subjects for name in _listed_fields(subject)}
    left, right = (_flat(_matrix(asker, subject, fields)) for subject in subjects)
    return [
        {"kind": kind, "name": name, "permission": permission, "left": before, "right": after}
        | {"change": "gained" if LEVELS[after] > LEVELS[before] else "lost"}
        for (kind, name, permission), before in left.items()
        if (after := right[kind, name, permission]) != before
    ]


def _flat(cells: dict[str, Any]) -> dict[tuple[str, str, str], str]:
    """The levels of a matrix by kind, name and permission."""
    found = {}
    for kind, section in (("entity", "entities"), ("workflow", "workflows"), ("field", "fields")):
        for row in cells[section]:
            for permission, cell in row["permissions"].items():
                found[kind, row[kind], permission] = cell["level"]
    for row in cells["capabilities"]:
        found["capability", row["name"], "use"] = "full" if row["allowed"] else "none"
    return found


def _cells(subject: Subject, resource: Resource, actions: tuple[str, ...]) -> dict[str, Any]:
    """For each action the widest level, and the roles that give it."""
    cells = {}
    for action in actions:
        verdicts = [role_verdict(role, action, resource) for role in subject.roles]
        level = max((verdict.level for verdict in verdicts), default=Level.NONE)
        givers = [verdict.role for verdict in verdicts if verdict.level is level and level is not Level.NONE]
        cells[action] = {"level": level.word, "roles": givers}
    return cells


def _capability(subject: Subject, name: str) -> dict[str, Any]:
    cell = _cells(subject, Resource("capability", name), CAPABILITY_ACTIONS)["use"]
    return {"name": name, "allowed": cell["level"] != "none", "roles": cell["roles"]}


def _verdict(verdict: RoleVerdict) -> dict[str, Any]:
    return {
        "role": verdict.role,
        "assumed": verdict.assumed,
        "source": verdict.source,
        "level": verdict.level.word,
    }
