"""Text for people is safe, text for programs exact, and both are streamed."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from custctl.formats import WRITERS, rows_of, text_of, visible, write_json, write_jsonl, write_names, write_yaml
from custctl.result import Result

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec=None), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
TRAPS = (
    *(
        "",
        " ",
        "~",
        "null",
        "Null",
        "NULL",
        "true",
        "True",
        "y",
        "Y",
        "n",
        "NO",
        "yes",
        "on",
        "Off",
        "=",
        "<<",
        "-",
        "?",
    ),
    *(
        "1",
        "-1",
        "+1",
        "1_000",
        "0o7",
        "0x1F",
        "017",
        "0b1",
        "12:30",
        "12:30:45.5",
        "1e5",
        "1.5",
        ".5",
        ".inf",
        "-.INF",
    ),
    *(
        ".nan",
        "2026-01-31",
        "2026-01-31T12:00:00Z",
        "2026-01-31 12:00:00",
        "- a",
        "? a",
        "a: b",
        "a #b",
        "#",
        "&a",
        "*a",
    ),
    *(
        "!a",
        "!!int 3",
        "|",
        ">",
        "@a",
        "`a",
        "%YAML",
        "---",
        "...",
        "{a}",
        "[a]",
        "a,b",
        "'a'",
        '"a"',
        "a\\b",
        "a  b",
        "a ",
    ),
    *(
        " a",
        "a\nb",
        "a\tb",
        "\x85",
        "\u2028",
        "\ufeff",
        "\x7f",
        "\x00",
        "\ud800",
        "\U0001f600",
        "\U000e0041",
        "k" * 1_500,
    ),
)
"""Texts that some reader of YAML takes for something else where they stand without quotes."""
YAML_TEXTS = st.sampled_from(TRAPS) | st.text(st.characters(codec=None), max_size=8) | st.text("yYnNoO~.:_-+0127ex ")
YAML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | YAML_TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(YAML_TEXTS, inner, max_size=4),
    max_leaves=25,
)
ANY_TEXT = st.text(st.characters(codec=None))


class Recorder(io.StringIO):
    """A stream that notes, at each write, how many rows had been read by then."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        super().__init__()
        self.taken = 0
        self.ahead = 0
        self.written = 0
        self._rows = rows

    def rows(self) -> Iterator[dict[str, Any]]:
        for row in self._rows:
            self.taken += 1
            yield row

    def write(self, text: str) -> int:
        self.ahead = max(self.ahead, self.taken - self.written)
        self.written += text.count("key")
        return len(text)


def written(write: Callable[[io.StringIO], None]) -> str:
    out = io.StringIO()
    write(out)
    return out.getvalue()


def in_yaml(value: Any) -> str:
    return written(lambda out: write_yaml(value, out))


def chain(depth: int) -> dict[str, Any]:
    node: dict[str, Any] = {"key": f"c{depth}", "name": "leaf", "children": []}
    for level in reversed(range(depth)):
        node = {"key": f"c{level}", "name": "node", "children": [node]}
    return node


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("Müller & Söhne", "Müller & Söhne"),
        ("日本 株式会社", "日本 株式会社"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x1b]8;;https://evil.example\x1b\\click", r"\x1b]8;;https://evil.example\x1b\click"),
        ("\x1b]52;c;ZXZpbA==\x07", r"\x1b]52;c;ZXZpbA==\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("one\rtwo\nthree\tfour\x7f\x00", r"one\rtwo\nthree\tfour\x7f\x00"),
        ("\u202egnp.exe\u2066", r"\u202egnp.exe\u2066"),
        ("a\u200bb\ufeffc\u00add", r"a\u200bb\ufeffc\xadd"),
        ("\U000e0041tag", r"\U000e0041tag"),
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
        ("\udc80", r"\udc80"),
        ("\ue000", r"\ue000"),
        ("no\u00a0break", "no\u00a0break"),
        ("क्\u200cष 👩\u200d💻", "क्\u200cष 👩\u200d💻"),
        ("[/] [red]x[/red] [link=file:///etc]y :smile:", "[/] [red]x[/red] [link=file:///etc]y :smile:"),
        ("", ""),
    ],
)
def test_visible_shows_what_a_terminal_would_obey(stored: str, shown: str) -> None:
    assert visible(stored) == shown


@given(ANY_TEXT)
def test_visible_text_holds_nothing_that_is_obeyed_and_is_not_escaped_twice(stored: str) -> None:
    shown = visible(stored)
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not [char for char in shown if unicodedata.category(char) in hidden and char not in "\u200c\u200d"]
    assert visible(shown) == shown


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (12, "12"),
        ("12.50", "12.50"),
        ([], ""),
        (["a", "b\n"], r"a, b\n"),
        ({"view": "user", "edit": None}, "view=user"),
        ({"value": None, "origin": None}, ""),
        ([{"key": "hq"}, {"key": "la", "types": ["billing"]}], "key=hq; key=la, types=billing"),
    ],
)
def test_a_cell_is_what_a_person_reads(value: object, cell: str) -> None:
    assert text_of(value) == cell


@given(st.lists(st.dictionaries(st.text(max_size=5), JSON_VALUES, max_size=4)))
def test_json_and_jsonl_give_back_exactly_what_was_written(rows: list[dict[str, Any]]) -> None:
    assert json.loads(written(lambda out: write_json(iter(rows), out))) == rows
    assert [json.loads(line) for line in written(lambda out: write_jsonl(rows, out)).splitlines()] == rows


@given(st.lists(st.dictionaries(st.text("aü\n", max_size=5), st.lists(st.integers() | st.text("bß\t")), max_size=3)))
def test_json_has_the_usual_indentation(rows: list[dict[str, Any]]) -> None:
    assert written(lambda out: write_json(rows, out)) == json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def test_an_object_is_indented_and_an_empty_array_is_short() -> None:
    assert written(lambda out: write_json({"key": "acme", "tags": [], "of": {}}, out)) == (
        '{\n  "key": "acme",\n  "tags": [],\n  "of": {}\n}\n'
    )
    assert written(lambda out: write_json(iter(()), out)) == "[]\n"
    assert written(lambda out: write_jsonl((), out)) == ""


@given(YAML_VALUES, st.sampled_from([0, 0, 0, 12, 25, 45]))
def test_yaml_is_the_value_of_json_to_an_ordinary_reader(value: Any, depth: int) -> None:
    for level in range(depth):
        value = [value] if level % 3 else {"y": value, "k" * 1_100: level}
    text = in_yaml(value)
    assert yaml.safe_load(text) == json.loads(json.dumps(value)) == value
    assert [line for line in text.splitlines() if visible(line) != line] == []
    assert text.endswith("\n")


@given(st.lists(st.dictionaries(YAML_TEXTS, YAML_VALUES, max_size=3)))
def test_yaml_that_is_read_from_the_database_is_that_of_lists(rows: list[dict[str, Any]]) -> None:
    assert in_yaml(iter(rows)) == in_yaml(rows)


def test_the_form_of_yaml() -> None:
    rows = [
        {"key": "acme", "owner": None, "enabled": True, "users": 12, "code": "012", "roles": ["buyer", "no"], "of": {}},
        {"key": "b c", "addresses": [{"key": "hq", "types": []}], "tree": {"name": "A: B"}},
    ]
    assert in_yaml(rows) == (
        "- key: acme\n  owner: null\n  enabled: true\n  users: 12\n"
        '  code: "012"\n  roles:\n    - buyer\n    - "no"\n  of: {}\n'
        "- key: b c\n  addresses:\n    - key: hq\n      types: []\n"
        '  tree:\n    name: "A: B"\n'
    )
    assert in_yaml(iter(())) == "[]\n"
    assert in_yaml({}) == "{}\n"


def test_a_deep_tree_in_yaml_is_indented_to_a_point_and_costs_the_same_at_every_level() -> None:
    small, middle, large = (len(in_yaml(chain(depth))) for depth in (2_000, 4_000, 8_000))
    assert 1.9 < (large - middle) / (middle - small) < 2.2
    assert yaml.safe_load(in_yaml(chain(60))) == chain(60)


@given(ANY_TEXT)
def test_json_is_exact_yet_holds_nothing_that_a_terminal_obeys(stored: str) -> None:
    line = written(lambda out: write_jsonl([{"name": stored}], out)).removesuffix("\n")
    assert visible(line) == line
    assert json.loads(line) == {"name": stored}


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8", "utf-16"])
@pytest.mark.parametrize("output", ["json", "jsonl"])
def test_json_is_exact_in_every_encoding(encoding: str, output: str) -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, errors="strict")
    row = {"name": "Łódź 日本 😀 \udc80 \x9b \u202e"}
    WRITERS[output](Result(row), out)
    out.flush()
    assert json.loads(raw.getvalue().decode(encoding)) == row


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8", "utf-16"])
def test_yaml_is_exact_in_every_encoding(encoding: str) -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, errors="strict")
    row = {"name": "Łódź 日本 😀 \udc80 \x9b \u202e", "Łódź": "a"}
    WRITERS["yaml"](Result(row), out)
    out.flush()
    assert yaml.safe_load(raw.getvalue().decode(encoding)) == row


@pytest.mark.parametrize("write", [write_json, write_jsonl, write_yaml])
def test_rows_are_written_as_they_are_read(write: Callable[[Iterable[dict[str, Any]], Any], None]) -> None:
    out = Recorder({"key": f"c{number}"} for number in range(100_000))
    write(out.rows(), out)
    assert out.taken == out.written == 100_000
    assert out.ahead == 1


@pytest.mark.parametrize("write", [write_json, write_yaml])
def test_nothing_is_written_before_the_first_row_is_there(
    write: Callable[[Iterable[dict[str, Any]], Any], None],
) -> None:
    def failing() -> Iterator[dict[str, Any]]:
        raise BlockingIOError
        yield {}

    out = io.StringIO()
    with pytest.raises(BlockingIOError):
        write(failing(), out)
    assert out.getvalue() == ""


@pytest.mark.parametrize("output", sorted(WRITERS))
def test_a_very_deep_tree_is_written(output: str) -> None:
    out = io.StringIO()
    WRITERS[output](Result(chain(10_000), "tree", noun="customer"), out)
    assert "c10000" in out.getvalue()
    assert len(out.getvalue()) < 10_000_000


def test_names_are_references() -> None:
    assert written(lambda out: write_names([{"key": "acme"}, {"key": "ben\x1b"}], "customer", out)) == (
        "customer:acme\ncustomer:ben\\x1b\n"
    )
    assert written(lambda out: write_names([{"key": "acme"}], None, out)) == "acme\n"
    assert written(lambda out: write_names([{"record": "order:SO-1"}], "order", out)) == "order:SO-1\n"
    assert written(lambda out: write_names([{"name": "order"}], None, out)) == "order\n"
    assert written(lambda out: write_names([{"subject": "user:a@b.example"}], None, out)) == "user:a@b.example\n"


def test_the_names_of_a_tree_are_its_nodes_and_those_of_a_write_its_records() -> None:
    tree = {"key": "a", "name": "A", "children": [{"key": "b", "children": [{"key": "c"}]}, {"key": "d"}]}
    assert written(lambda out: WRITERS["name"](Result(tree, "tree", noun="customer"), out)) == (
        "customer:a\ncustomer:b\ncustomer:c\ncustomer:d\n"
    )
    write = {"revision": 1, "changes": [{"op": "add", "record": "customer:a", "fields": {}}], "warnings": []}
    assert written(lambda out: WRITERS["name"](Result(write, "changes"), out)) == "customer:a\n"


def test_the_name_of_a_decision_is_yes_or_no() -> None:
    decision = {"subject": "user:a@b.example", "action": "view", "resource": "order", "allowed": False}
    assert written(lambda out: WRITERS["name"](Result(decision, "decision"), out)) == "no\n"


def test_a_matrix_has_a_row_a_cell() -> None:
    matrix = {
        "subject": "role:buyer",
        "sign_in": None,
        "entities": [
            {"entity": "order", "ownership": "user", "permissions": {"view": {"level": "user", "roles": ["buyer"]}}}
        ],
        "capabilities": [{"name": "quick", "allowed": True, "roles": ["buyer"]}],
        "workflows": [{"workflow": "flow", "permissions": {"perform": {"level": "none", "roles": []}}}],
        "fields": [],
    }
    assert [tuple(row.values()) for row in rows_of(Result(matrix, "matrix"))] == [
        ("role:buyer", "entity", "order", "view", "user", ["buyer"]),
        ("role:buyer", "capability", "quick", "use", "full", ["buyer"]),
        ("role:buyer", "workflow", "flow", "perform", "none", []),
    ]


def test_loading_the_formats_loads_nothing_heavy() -> None:
    code = (
        "import sys, custctl.formats, custctl.render;"
        "print([name for name in ('rich', 'yaml', 'csv', 'json', 'custctl.policy') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
