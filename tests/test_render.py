"""Every view at the widths people have, with stored text that means harm, and in streams that hold little."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from custctl.errors import CustctlError, Exit, Place, Problem, not_found, usage
from custctl.policy.catalogue import BUYER, CAPABILITIES, ENTITIES, WORKFLOWS
from custctl.policy.model import Entity, Level, Reason
from custctl.render import REASONS, cells, render, render_error
from custctl.result import LISTS, Result, View

Data = dict[str, Any]

HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x9b31m\x90q\x9c",
    "safe\rover\nline\ttab\x7f\x00",
    "\u202egnp.exe\u2066x\u2069",
    "a\u200bb\ufeffc\U000e0041",
    "[/] [red]x[/red] [link=file:///etc/passwd]y[/link] \\[",
    ":smile: {0} {level} %s",
    "lone \udc80 \ud800",
)
PAGES = [pytest.param(None, id="pipe"), pytest.param(80, id="80"), pytest.param(200, id="200")]
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def shown(result: Result, output: str = "table", width: int | None = None, *, color: bool = False) -> str:
    """What `result` looks like on a terminal of that width, or without a width in a pipe."""
    out = io.StringIO()
    render(result, output, out=out, color=color, width=width, terminal=width is not None)
    return out.getvalue()


def shown_error(error: CustctlError, output: str = "table", *, color: bool = False) -> str:
    err = io.StringIO()
    render_error(error, output, err, color)
    return err.getvalue()


def shown_in(encoding: str, result: Result, output: str = "table", *, terminal: bool = False) -> str:
    """What is written to a stream of that encoding, which fails where it has no character."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, errors="strict")
    render(result, output, out=out, color=False, width=80 if terminal else None, terminal=terminal)
    out.flush()
    return raw.getvalue().decode(encoding)


def decision(**changes: Any) -> Data:
    return {
        "subject": "user:anna@acme.example",
        "action": "view",
        "resource": "order:SO-1",
        "owner": None,
        "customer": None,
        "allowed": True,
        "level": "department",
        "reason": "granted",
    } | changes


def role(name: str, source: str, level: str, assumed: bool = False) -> Data:
    return {"role": name, "assumed": assumed, "source": source, "level": level}


def denied(**changes: Any) -> Data:
    roles = [role("buyer", "entry", "user"), role("acme/viewer", "default", "none")]
    commands = [
        "custctl role grant acme/viewer order view=department edit=department",
        "custctl user role add anna@acme.example acme/viewer",
    ]
    remedy = {"commands": commands, "also_affects": {"users": 12, "customers": 1}}
    question = decision(action="edit", allowed=False, level="user", reason="out-of-reach")
    return question | {"roles": roles, "match": None, "vetoes": [], "remedy": remedy} | changes


def allowed() -> Data:
    roles = [
        role("buyer", "entry", "user"),
        role("acme/department-lead", "entry", "corporate"),
        role("acme/auditor", "nothing", "none", assumed=True),
    ]
    match = {"rule": "owner-customer", "path": ["la", "west", "acme"]}
    return decision(level="corporate") | {"roles": roles, "match": match, "vetoes": [], "remedy": None}


def vetoed() -> Data:
    return denied(
        reason="disabled",
        roles=[role("administrator", "entry", "corporate")],
        level="corporate",
        match={"rule": "own", "path": []},
        vetoes=[{"reason": "disabled", "record": None}, {"reason": "order-closed", "record": "order:SO-1"}],
        remedy=None,
    )


def matrix() -> Data:
    """The matrix of the predefined role Buyer: 28 entities, 15 capabilities, 3 workflows."""

    def level(entity: Entity, permission: str) -> str:
        entry = BUYER.permissions.get(entity.name)
        assert BUYER.default is not None
        default = entity.adapt(BUYER.default, permission)
        return (default if entry is None else entry.get(permission, Level.NONE)).word

    def cell(word: str) -> Data:
        return {"level": word, "roles": ["buyer"]}

    def entity_row(entity: Entity) -> Data:
        permissions = {name: cell(level(entity, name)) for name in entity.permissions}
        return {"entity": entity.name, "ownership": entity.ownership, "permissions": permissions}

    return {
        "subject": "user:anna@acme.example",
        "sign_in": {"allowed": False, "reason": "unconfirmed"},
        "entities": [entity_row(entity) for entity in ENTITIES.values() if entity.protected],
        "capabilities": [
            {"name": name, "allowed": number % 3 > 0, "roles": ["buyer"]} for number, name in enumerate(CAPABILITIES)
        ],
        "workflows": [
            {"workflow": name, "permissions": {"view": cell("user"), "perform": cell("corporate")}}
            for name in WORKFLOWS
        ],
        "fields": [
            {
                "field": "opportunity.budget",
                "permissions": {"view": cell("full"), "create": cell("none"), "edit": cell("none")},
            }
        ],
    }


def changes(revision: int | None = 12) -> Data:
    office = {"key": "hq", "city": "Berlin"}
    listed = [
        {
            "op": "add",
            "record": "customer:acme",
            "fields": {"key": [None, "acme"], "tags": [None, ["a", "b"]], "parent": [None, None]},
        },
        {
            "op": "change",
            "record": "role:buyer",
            "fields": {
                "permissions": [
                    {"order": {"view": "user", "edit": "user"}},
                    {"order": {"view": "user", "edit": "department"}},
                ]
            },
        },
        {
            "op": "change",
            "record": "customer:la",
            "fields": {
                "name": ["LA", "Los Angeles"],
                "tax_code": [None, "US-CA"],
                "addresses": [[office], [office | {"city": "Bonn"}, {"key": "b", "city": "Köln"}]],
            },
        },
        {"op": "rename", "record": "customer:lax", "fields": {"key": ["la", "lax"]}},
        {"op": "remove", "record": "tag:old", "fields": {"name": ["Old", None]}},
    ]
    return {"revision": revision, "changes": listed, "warnings": []}


CUSTOMER: Data = {
    "key": "acme",
    "name": "Acme Corporation of North America",
    "group": "wholesale",
    "parent": None,
    "payment_term": "net-30",
    "internal_rating": 5,
}
CUSTOMERS: list[Data] = [
    CUSTOMER,
    CUSTOMER | {"key": "west", "name": "Acme West 日本 株式会社", "parent": "acme", "internal_rating": 3},
    CUSTOMER | {"key": "la", "name": "Łódź [red]x[/red] :smile:", "group": "", "parent": "west", "internal_rating": 12},
]
RECORD = CUSTOMER | {
    "enabled": True,
    "tags": ["vip", "b2b"],
    "description": "What it buys, when it pays, and whom to call in the night when things go wrong with an order.",
    "addresses": [
        {"key": "hq", "street": "1 Main St", "types": ["billing", "shipping"]},
        {"key": "la", "street": None, "types": []},
    ],
    "permissions": {"order": {"view": "department", "edit": "user"}, "customer": {"view": "department"}},
    "contacts": [],
}
TREE: Data = {
    "key": "acme",
    "name": "Acme Corp",
    "children": [
        {
            "key": "east",
            "name": "Acme East",
            "children": [{"key": "nyc", "name": "NYC"}, {"key": "bos", "name": "Boston"}],
        },
        {"key": "west", "name": "west", "children": [{"key": "la", "name": "日本", "children": []}]},
    ],
}
COLUMNS = ("key", "name", "group", "parent")
DIFF = (
    "--- customer:acme",
    "+++ customer:acme",
    "@@ -1,3 +1,3 @@",
    " [[customers]]",
    ' key = "acme"',
    '-name = "Łódź [red]x[/red]"',
    f'+name = "{"long " * 40}"',
)


def board(count: int = 1) -> Result:
    rows = [
        {"status": status, "key": f"{status}-{number}", "name": "A cold store", "budget": "1200.00", "owner": None}
        for status in ("open", "needs_analysis", "negotiation", "won", "lost")
        for number in range(count)
    ]
    return Result(rows, "board", ("status", "key", "name", "budget", "owner"))


def overview() -> Result:
    ann = {"key": "ann-lee", "name": "Ann Lee", "email": "ann@acme.example", "phone": None, "default": True}
    order = {"number": "SO-2", "status": "open", "subtotal": "12.50", "currency": "USD"}
    row = {
        "id": 7,
        "key": "acme",
        "name": "Acme [bold]",
        "description": None,
        "contacts": ["ann-lee"],
        "lifetime": "118.05",
        "counts": {"contacts": 1, "customers": 12, "activities": 1, "marketing": 1},
        "contact_details": [ann],
        "customers": [{"key": "acme-la", "name": "Acme LA", "lifetime": "18.00", "unconverted": []}],
        "documents": {
            "orders": {"count": 2, "latest": [order | {"placed_at": "2026-01-31T12:00:00Z"}]},
            "quotes": {"count": 0, "latest": []},
        },
        "activities": [
            {"key": "a", "at": "2026-01-31T12:00:00Z", "kind": "call", "subject": "Prices", "about": ["account:acme"]}
        ],
        "marketing": [
            {"key": "m", "at": "2026-01-30T12:00:00Z", "campaign": "spring", "type": "open", "to": "contact:ann-lee"}
        ],
    }
    return Result(row, "overview", noun="account")


RESULTS: dict[View, Result] = {
    "record": Result(RECORD, "record", noun="customer"),
    "list": Result(CUSTOMERS, "list", COLUMNS, "customer"),
    "board": board(),
    "overview": overview(),
    "tree": Result(TREE, "tree", noun="customer"),
    "decision": Result(decision(allowed=False, reason="order-closed"), "decision"),
    "explain": Result(denied(), "explain"),
    "matrix": Result(matrix(), "matrix"),
    "history": Result([{"revision": 12, **change} for change in changes()["changes"]], "history"),
    "changes": Result(changes(), "changes"),
    "import": Result(
        {
            "revision": 7,
            "added": 1200,
            "updated": 3,
            "unchanged": 0,
            "deleted": 0,
            "rejected": 1,
            "errors": [
                {
                    "code": "not-found",
                    "exit": 4,
                    "message": "customer called 'Acne' not found",
                    "file": "customers.csv",
                    "line": 7,
                    "field": "Parent Name",
                    "value": "Acne",
                    "hint": "did you mean acme?",
                    "candidates": ["acme"],
                }
            ],
        },
        "import",
    ),
    "diff": Result(changes(), "diff", lines=DIFF),
    "log": Result(
        [
            {**stamp, "version": number, **change}
            for stamp in (
                {"revision": 3, "at": "2026-01-31T12:00:00Z", "actor": "sam", "command": "custctl apply -f world.toml"}
                | {"undoes": None, "undone_by": None},
                {"revision": 2, "at": "2026-01-30T12:00:00Z", "actor": "kim", "command": "custctl undo 1 --yes"}
                | {"undoes": 1, "undone_by": None},
            )
            for number, change in enumerate(changes()["changes"], 1)
        ],
        "log",
        ("revision", "at", "actor", "op", "record", "version", "fields"),
    ),
    "tests": Result(
        {
            "passed": 1,
            "failed": 1,
            "tests": [
                {
                    "file": "a.toml",
                    "line": 3,
                    "passed": True,
                    "expected": {"allowed": True},
                    "got": allowed(),
                },
                {"file": "a.toml", "line": 9, "passed": False, "expected": {"allowed": True}, "got": denied()},
            ],
        },
        "tests",
    ),
    "text": Result({"text": "one\ntwo\n"}, "text"),
    "topic": Result(
        {
            "topic": "keys",
            "about": "How records are named.",
            "sections": [
                {
                    "title": "Keys",
                    "text": ["A key is made of letters, digits and hyphens. " * 3, "Another paragraph."],
                    "example": ['key = "acme"', "", f'name = "{"Acme " * 20}"'],
                    "rows": [],
                },
                {
                    "title": "Fields",
                    "text": [],
                    "example": [],
                    "rows": [
                        {"field": "key", "type": "text", "required": "always", "default": None, "about": None},
                        {
                            "field": "on",
                            "type": "one of " + "a, " * 30,
                            "required": None,
                            "default": True,
                            "about": "b",
                        },
                    ],
                },
            ],
        },
        "topic",
    ),
}


def poisoned(value: Any, poison: str) -> Any:
    """The same data with the poison in every text, but for the words that a view looks up."""
    if isinstance(value, Mapping):
        return {
            name: part if name in ("op", "source", "rule") else poisoned(part, poison) for name, part in value.items()
        }
    if isinstance(value, list):
        return [poisoned(part, poison) for part in value]
    return f"{value}{poison}" if isinstance(value, str) else value


def obeyed(text: str) -> list[str]:
    """The characters that a terminal would not show but obey."""
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return [char for char in text if char not in "\n\u200c\u200d" and unicodedata.category(char) in hidden]


def many(number: int) -> Iterator[Data]:
    return ({"key": f"c{count}", "name": f"Customer {count}"} for count in range(number))


# Snapshots


@pytest.mark.parametrize("view", get_args(View))
@pytest.mark.parametrize("width", PAGES)
def test_view(view: View, width: int | None, snapshot: SnapshotAssertion) -> None:
    assert shown(RESULTS[view], width=width) == snapshot


@pytest.mark.parametrize("output", ["json", "jsonl"])
@pytest.mark.parametrize("view", get_args(View))
def test_format(view: View, output: str, snapshot: SnapshotAssertion) -> None:
    small = matrix() | {"entities": matrix()["entities"][:2], "capabilities": matrix()["capabilities"][:1]}
    result = Result(small, "matrix") if view == "matrix" else RESULTS[view]
    assert shown(result, output) == snapshot


@pytest.mark.parametrize("view", ["record", "list", "tree", "changes"])
def test_names(view: View, snapshot: SnapshotAssertion) -> None:
    assert shown(RESULTS[view], "name") == snapshot


@pytest.mark.parametrize("view", ["list", "decision", "explain", "changes", "diff", "matrix"])
def test_view_in_colour(view: View, snapshot: SnapshotAssertion) -> None:
    assert shown(RESULTS[view], width=80, color=True).replace("\x1b", "␛") == snapshot


def test_explanations(snapshot: SnapshotAssertion) -> None:
    assert shown(Result([allowed(), vetoed()], "explain")) == snapshot


# Safety


@pytest.mark.parametrize("poison", HOSTILE, ids=ascii)
@pytest.mark.parametrize("width", PAGES)
@pytest.mark.parametrize("view", sorted(set(RESULTS) - {"text"}))
def test_no_view_lets_stored_text_command_the_terminal(view: View, width: int | None, poison: str) -> None:
    given = RESULTS[view]
    data = poisoned(given.data, poison)
    result = Result(data, view, given.columns, lines=[f"{line}{poison}" for line in given.lines])
    assert obeyed(shown(result, width=width)) == []
    assert obeyed(COLOURS.sub("", shown(result, width=width, color=True))) == []
    assert json.loads(shown(result, "json")) == data


@pytest.mark.parametrize("poison", HOSTILE, ids=ascii)
def test_names_and_errors_are_safe_too(poison: str) -> None:
    assert obeyed(shown(Result({"key": poison}, noun=f"n{poison}"), "name")) == []
    problem = Problem("x", Exit.INVALID, poison, poison, Place(poison, 1, 2), poison, poison, (f"{poison}!",))
    assert obeyed(shown_error(CustctlError(problem, problem))) == []
    assert json.loads(shown_error(CustctlError(problem), "json"))["error"]["message"] == poison


def test_markup_is_shown_as_it_is_stored() -> None:
    text = "[red]x[/red] [/] [link=file:///etc]y[/link] :smile: \\["
    for width in (None, 80, 200):
        assert text in shown(Result([{"key": "a", "name": text}], "list", ("key", "name")), width=width)


def test_without_colour_there_is_no_escape_and_with_it_every_line_is_reset() -> None:
    for result in RESULTS.values():
        assert "\x1b" not in shown(result, width=80)
        for line in shown(result, width=80, color=True).splitlines():
            assert len(COLOURS.findall(line)) % 2 == 0


def test_the_environment_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = shown(RESULTS["list"], width=60, color=True)
    for name, value in {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "20", "FORCE_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    assert shown(RESULTS["list"], width=60, color=True) == usual


# Width


@pytest.mark.parametrize("width", [40, 80, 119, 120, 200])
@pytest.mark.parametrize("view", ["record", "list", "decision", "matrix"])
def test_no_line_is_wider_than_the_terminal(view: View, width: int) -> None:
    fits = max(width, 80) if view == "matrix" else width  # a matrix needs the eighty columns of a terminal
    assert max(map(cells, shown(RESULTS[view], width=width).splitlines())) <= fits


@pytest.mark.parametrize("width", [None, 40, 80, 200])
def test_nothing_is_cut(width: int | None) -> None:
    name = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft " * 3
    for view in ("record", "list"):
        result = Result([{"key": "acme", "name": name, "parent": name}], view)
        letters = re.sub(r"[^a-zä]", "", shown(result, width=width))
        assert len(letters) >= 2 * len(name.replace(" ", "").replace("D", ""))


def test_columns_are_aligned_by_cells_not_characters() -> None:
    names = ["Müller", "日本 株式会社", "e\u0301te\u0301", "👩\u200d💻 Ada", "plain"]
    rows = [{"name": name, "key": "k"} for name in names]
    lines = shown(Result(rows, "list", ("name", "key"))).splitlines()
    assert len({cells(line) for line in lines[1:]}) == 1
    assert len({cells(line) for line in shown(Result(rows, "list", ("name", "key")), width=80).splitlines()}) == 1


def test_a_table_that_has_no_room_is_shown_row_by_row() -> None:
    text = shown(Result(CUSTOMERS, "list", tuple(CUSTOMER)), width=40)
    assert "│" not in text
    assert text.startswith(
        "key              acme\nname             Acme Corporation of\n                 North America\n"
    )


def test_what_a_part_of_an_overview_folds_stands_further_in_than_its_rows() -> None:
    lines = shown(overview(), width=40).splitlines()
    rows = [line for line in lines if line.startswith("  ")]
    assert any(line.startswith(" " * 6) for line in rows)
    assert all(line.startswith(" " * 6) or line[2] != " " for line in rows)


def test_numbers_stand_right_in_a_table() -> None:
    rows = [{"key": "a", "users": 1}, {"key": "b", "users": 1000}]
    assert "a        1" in shown(Result(rows, "list"), width=80)


def test_lines_of_a_pipe_are_trimmed_and_whole() -> None:
    text = shown(Result([{"key": "a", "name": "x" * 500, "parent": None}, {"key": "b"}], "list"))
    assert text.splitlines()[0].split() == ["KEY", "NAME", "PARENT"]
    assert "x" * 500 in text
    assert not [line for line in text.splitlines() if line != line.rstrip()]


# Lists and trees


@pytest.mark.parametrize("width", [None, 80])
def test_an_empty_list_prints_nothing(width: int | None) -> None:
    assert shown(Result(iter(()), "list", COLUMNS), width=width) == ""
    assert shown(Result(iter(()), "list"), width=width) == ""


def test_a_long_list_is_aligned_text_on_a_terminal_too() -> None:
    assert "──" in shown(Result(many(200), "list"), width=80)
    long = shown(Result(many(201), "list"), width=80)
    assert "──" not in long
    assert long == shown(Result(many(201), "list"))


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_wide_list_is_neither_boxed_nor_folded_on_a_terminal(width: int) -> None:
    result = Result([{"key": "a", "name": "N" * 300}, {"key": "b", "name": "short"}], "list", ("key", "name"))
    assert shown(result, "wide", width=width) == shown(result) == f"KEY  NAME\na    {'N' * 300}\nb    short\n"


@pytest.mark.parametrize("view", sorted(set(RESULTS) - LISTS))
def test_what_is_no_list_is_no_wider_than_its_table(view: View) -> None:
    assert shown(RESULTS[view], "wide", width=80) == shown(RESULTS[view], width=80)


def test_an_error_in_yaml_is_that_of_json() -> None:
    error = not_found("customer", "a\x1b", ["b"])
    assert yaml.safe_load(shown_error(error, "yaml")) == json.loads(shown_error(error, "json"))
    assert obeyed(shown_error(error, "yaml")) == []


def test_a_list_of_any_length_streams() -> None:
    read = 0

    def rows() -> Iterator[Data]:
        nonlocal read
        for row in many(100_000):
            read += 1
            yield row

    class Watcher(io.StringIO):
        first: int | None = None

        def write(self, text: str) -> int:
            self.first = self.first or read
            return len(text)

        def writelines(self, lines: Any) -> None:
            for line in lines:
                self.write(line)

    out = Watcher()
    render(Result(rows(), "list"), "table", out=out, color=False, width=None, terminal=False)
    assert read == 100_000
    assert out.first is not None
    assert out.first <= 10_001


@pytest.mark.parametrize("width", [None, 80])
def test_a_tree_of_ten_thousand_levels_is_drawn(width: int | None) -> None:
    node: Data = {"key": "leaf"}
    for level in range(10_000):
        node = {"key": f"c{level}", "name": "x", "children": iter([node])}
    text = shown(Result(node, "tree"), width=width)
    assert len(text.splitlines()) == 10_001
    assert text.splitlines()[-1].endswith("└─ (10000) leaf")
    assert len(text) < 2_000_000


def test_a_forest_has_several_roots_and_the_tree_streams() -> None:
    roots = ({"key": f"r{number}", "children": ({"key": "x"} for _ in range(2))} for number in range(2))
    assert shown(Result(roots, "tree")) == "r0\n├─ x\n└─ x\nr1\n├─ x\n└─ x\n"


# Decisions


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words(reason: Reason) -> None:
    assert set(REASONS) == {str(known) for known in Reason}
    line = shown(Result(decision(reason=str(reason), allowed=False), "decision"))
    assert line.startswith("no   user:anna@acme.example may not view order:SO-1")
    assert line.endswith(f"({reason}, level department)\n")
    assert "{" not in line


def test_a_decision_is_one_line() -> None:
    assert shown(Result(decision(), "decision")) == (
        "yes  user:anna@acme.example may view order:SO-1 (granted, level department)\n"
    )
    assert shown(Result(decision(resource="order", customer="acme", owner="ben@acme.example"), "decision")) == (
        "yes  user:anna@acme.example may view order of customer acme owned by ben@acme.example"
        " (granted, level department)\n"
    )
    assert shown(Result(decision(allowed=False, reason="no-entry", level="none"), "decision")) == (
        "no   user:anna@acme.example may not view order:SO-1: no role says anything about it (no-entry)\n"
    )


def test_a_batch_is_a_line_a_question_also_where_there_is_no_answer() -> None:
    failed = {
        "subject": "nobody",
        "action": "view",
        "resource": "order",
        "error": {"message": "user 'nobody' not found"},
    }
    assert shown(Result([decision(), failed], "decision")).splitlines()[1] == (
        "?    nobody view order: user 'nobody' not found"
    )


def test_a_reason_of_a_later_version_stands_for_itself() -> None:
    assert ": too-late (too-late" in shown(Result(decision(allowed=False, reason="too-late"), "decision"))


def test_commands_are_never_folded() -> None:
    command = "custctl role grant acme/viewer order " + " ".join(f"permission-{number}=user" for number in range(20))
    remedy = {"commands": [command], "also_affects": {"users": 0, "customers": 0}}
    text = shown(Result(denied(remedy=remedy), "explain"), width=80)
    assert f"\n  {command}\n" in text
    assert text.endswith("also affects: nobody else\n")


def test_folded_lines_of_an_explanation_keep_their_branch() -> None:
    wide = denied(roles=[role("a" * 30, "entry", "user"), role("b" * 30, "default", "none")])
    text = shown(Result(wide, "explain"), width=40)
    assert "│  ├─ ✓ " in text
    assert "│  │    " in text


def test_a_role_has_no_sign_in() -> None:
    text = shown(Result(matrix() | {"subject": "role:buyer", "sign_in": None}, "matrix"))
    assert text.startswith("role:buyer\n\nENTITY")


# Changes


def test_without_a_revision_the_summary_speaks_of_what_would_be_done() -> None:
    assert shown(Result(changes(), "changes")).endswith("\n1 added, 2 changed, 1 renamed, 1 removed\n")
    assert shown(Result(changes(None), "changes")).endswith("\n1 to add, 2 to change, 1 to rename, 1 to remove\n")


def test_no_changes() -> None:
    assert shown(Result({"revision": None, "changes": [], "warnings": []}, "changes")) == "nothing to change\n"


def test_added_records_show_their_fields_only_in_short_answers() -> None:
    def added(number: int) -> str:
        listed = [{"op": "add", "record": f"tag:t{count}", "fields": {"name": [None, "T"]}} for count in range(number)]
        return shown(Result({"revision": 1, "changes": listed, "warnings": []}, "changes"))

    assert added(20).startswith("+ tag:t0\n    name: T\n+ tag:t1\n")
    assert added(21).startswith("+ tag:t0\n+ tag:t1\n")
    assert added(21).endswith("\n21 added, 0 changed, 0 removed\n")


# Errors


def test_errors(snapshot: SnapshotAssertion) -> None:
    place = Place("customers.csv", 17, 3)
    row = Problem(
        "unknown", Exit.INVALID, "parent 'acmee' not found", "did you mean acme?", place, "parent", "acmee", ("acme",)
    )
    several = CustctlError(row, *[row] * 29)
    assert shown_error(several).count("error:") == 20
    assert shown_error(several).endswith("\n… 10 more\n")
    found = [
        shown_error(CustctlError(row)),
        shown_error(not_found("customer", "acm", ["acme", "acme-east"])),
        shown_error(
            CustctlError(Problem("ambiguous", Exit.USAGE, "two are named Acme", candidates=("acme", "acme-2")))
        ),
        shown_error(CustctlError(Problem("invalid", Exit.INVALID, "too long", field="name"))),
        shown_error(usage("needs --yes"), color=True).replace("\x1b", "␛"),
        shown_error(CustctlError(row, row), "json"),
    ]
    assert "\n".join(found) == snapshot


def test_an_error_in_json_is_one_object_on_one_line() -> None:
    line = shown_error(usage("two\nlines"), "jsonl")
    assert line.count("\n") == 1
    assert json.loads(line) == {"error": {"code": "usage", "exit": 2, "message": "two\nlines"}, "more": []}


# Streams


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("view", get_args(View))
def test_every_encoding_is_good_enough(view: View, terminal: bool, encoding: str) -> None:
    text = shown_in(encoding, RESULTS[view], terminal=terminal)
    assert ("├" in text or "│" in text) <= (encoding == "utf-8")
    for output in ("json", "jsonl"):
        assert json.loads(shown_in(encoding, Result(CUSTOMER | {"name": "日本"}), output))["name"] == "日本"


def test_glyphs_of_ascii(snapshot: SnapshotAssertion) -> None:
    drawn = [shown_in("ascii", RESULTS[view], terminal=True) for view in ("list", "tree", "explain", "changes")]
    assert "\n".join(drawn) == snapshot


def test_rich_is_loaded_only_for_a_box_or_a_script_that_needs_it() -> None:
    code = """if True:
        import io, sys
        from custctl.render import render, render_error
        from custctl.errors import usage
        from custctl.result import Result
        rows = [{"key": "a", "name": "Müller"}]
        for view, data in {"list": rows, "record": rows[0], "tree": rows[0]}.items():
            render(Result(data, view), "table", out=io.StringIO(), color=True, width=None, terminal=False)
        render_error(usage("no"), "table", io.StringIO(), True)
        print("rich" in sys.modules, "json" in sys.modules)
        render(Result(rows, "list"), "table", out=io.StringIO(), color=True, width=80, terminal=True)
        print("rich" in sys.modules)
    """
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False False\nTrue\n"


def report(*values: str) -> Result:
    rows = [{"key": f"r{n}", "lifetime": value} for n, value in enumerate(values)]
    return Result([*rows, {"key": None, "lifetime": "999999.00"}], "list", ("key", "lifetime"), bar="lifetime")


def test_q_01_a_report_has_bars_on_a_terminal_the_longest_for_the_most_and_none_for_the_sum_of_all() -> None:
    lines = shown(report("1000.00", "500.00", "0.01", "0.00"), width=80).splitlines()
    assert [line.rstrip() for line in lines[2:]] == [
        f"r0   1000.00    {'█' * 40}",
        f"r1   500.00     {'█' * 20}",
        "r2   0.01       █",
        "r3   0.00",
        "-    999999.00",
    ]
    lines = shown(report("10.00", "5.00"), width=40).splitlines()
    assert max(len(line) for line in lines) <= 40
    assert [line.count("█") for line in lines[2:4]] == [22, 11]


def test_q_01_a_report_has_no_bars_in_a_pipe_and_in_a_terminal_without_room() -> None:
    assert "█" not in shown(report("1000.00", "500.00"))
    assert "█" not in shown(report("1000.00", "500.00"), width=20)
    assert "█" not in shown_in("ascii", report("1000.00", "500.00"), terminal=True)


def test_s_13_a_board_has_a_column_a_status_and_those_without_room_below() -> None:
    assert shown(board(2), width=80) == (
        "OPEN (2)            NEEDS ANALYSIS (2)  NEGOTIATION (2)     WON (2)\n"
        "open-0              needs_analysis-0    negotiation-0       won-0\n"
        "  A cold store,       A cold store,       A cold store,       A cold store,\n"
        "  1200.00             1200.00             1200.00             1200.00\n"
        "open-1              needs_analysis-1    negotiation-1       won-1\n"
        "  A cold store,       A cold store,       A cold store,       A cold store,\n"
        "  1200.00             1200.00             1200.00             1200.00\n"
        "\n"
        "LOST (2)\n"
        "lost-0\n"
        "  A cold store,\n"
        "  1200.00\n"
        "lost-1\n"
        "  A cold store,\n"
        "  1200.00\n"
        "\n"
    )


def test_s_13_a_board_is_a_table_in_a_pipe_and_has_all_lanes_side_by_side_on_a_wide_terminal() -> None:
    assert shown(board()).splitlines()[:2] == [
        "STATUS          KEY               NAME          BUDGET   OWNER",
        "open            open-0            A cold store  1200.00  -",
    ]
    assert shown(board(), width=200).splitlines()[0].split("  ")[0] == "OPEN (1)"
    assert len(shown(board(), width=200).splitlines()) == 4
    assert shown(Result([], "board", ("status", "key")), width=80) == ""
