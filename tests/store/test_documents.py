"""Documents: what is read is what was written, and what is wrong is told with its file, line and column."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from custctl.errors import CustctlError, Exit, Place, Problem
from custctl.store.documents import Document, read, reading, source, write_document, yaml_text
from custctl.store.documents.source import Format

BROKEN = Path(__file__).parents[2] / "fixtures" / "broken"
FORMATS: tuple[Format, ...] = get_args(Format)


@pytest.fixture(params=["CBaseLoader", "BaseLoader"])
def yaml_loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers of YAML: the one in C, and the one that is there without it."""
    monkeypatch.setattr(yaml_text, "_LOADER", getattr(yaml, request.param))


def read_text(text: str | bytes, ending: str, folder: Path) -> list[Document]:
    path = folder / f"document.{ending}"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read([str(path)])


def tables_of(text: str, ending: str, folder: Path) -> dict[str, Any]:
    [document] = read_text(text, ending, folder)
    return document.tables


def problem_of(*paths: str | Path, stdin: bytes | None = None) -> Problem:
    with pytest.raises(CustctlError) as caught:
        read([str(path) for path in paths], None if stdin is None else io.BytesIO(stdin))
    assert caught.value.problem.exit in {Exit.INVALID, Exit.USAGE}
    return caught.value.problem


def problem_in(text: str | bytes, ending: str, folder: Path) -> Problem:
    with pytest.raises(CustctlError) as caught:
        read_text(text, ending, folder)
    return caught.value.problem


# What is written reads back.

# A busy machine is no failure.
unhurried = settings(deadline=None)

# What YAML, TOML, JSON, a terminal or an editor might take for something else.
TRAPS = ["NO", "on", "null", "~", "true", "01234", "12:30:45", "1e3", "0x1F", "<<", "=", "---", "...", "%YAML", "!tag"]
TRAPS += ["&a", "*a", "?", "|", ">", "@", "`", "'", "'''", "[[a]]", "a:b", "#b", "\\", "\\u0041"]
TRAPS += ["", '"""', " a", "a ", "- a", "a: b", "a #b", "\r\n", "\r", "\u2028", "\x85", "\ufeff", "\x00", "\x1b[31m"]
TRAPS += ["e\u0301", "\u202e", "\ud7ff", "\ufffe", "\U000e0041", "\U0001f600"]
texts = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(TRAPS)
scalars = texts | st.booleans() | st.integers(-(2**63), 2**63 - 1)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=20
)
names = texts.filter(lambda name: name != "apiVersion")
tables = st.dictionaries(names, values | st.lists(st.dictionaries(texts, values, max_size=4), max_size=4), max_size=5)


def in_yaml(value: Any) -> Any:
    """What YAML gives back: the digits of a number."""
    if isinstance(value, dict):
        return {key: in_yaml(item) for key, item in value.items()}
    if isinstance(value, list):
        return [in_yaml(item) for item in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def read_back(text: str, ending: Format) -> dict[str, Any]:
    [document] = reading._PARSERS[ending](source._source("document", text.encode()))
    return document.tables


@unhurried
@given(tables)
@example({"roles": [{"permissions": {"order": {"view": "none"}}}, {}], "a": [{}], "b": [], "c": {}, "": {"": {"": 1}}})
@example({"a": [{"[a]": 1}, {"b": [{"c": "x" * 120}]}], "k" * 2000: {"l" * 2000: ["m"]}})
def test_every_format_reads_back_what_was_written(written: dict[str, Any]) -> None:
    assert read_back(write_document(written, "toml"), "toml") == written
    assert read_back(write_document(written, "json"), "json") == written
    assert read_back(write_document(written, "yaml"), "yaml") == in_yaml(written)


@unhurried
@given(tables)
def test_the_yaml_that_is_written_means_the_same_to_an_ordinary_reader(written: dict[str, Any]) -> None:
    assert yaml.safe_load(write_document(written, "yaml")) == {"apiVersion": "custctl/v1", **written}


@unhurried
@given(tables)
def test_writing_is_deterministic(written: dict[str, Any]) -> None:
    for ending in FORMATS:
        text = write_document(written, ending)
        assert write_document({"apiVersion": "custctl/v1", **written}, ending) == text
        if ending != "yaml":
            assert write_document(read_back(text, ending), ending) == text


@pytest.mark.parametrize("ending", FORMATS)
def test_a_text_of_200_kilobytes_survives(ending: Format, tmp_path: Path) -> None:
    long = {"customers": [{"key": "acme", "name": "é.\"'\\\n" * 40_000}]}
    assert tables_of(write_document(long, ending), ending, tmp_path) == long


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_null_survives_where_there_is_one(ending: Format, tmp_path: Path) -> None:
    cleared = {"customers": [{"key": "acme", "parent": None}]}
    assert tables_of(write_document(cleared, ending), ending, tmp_path) == cleared


DEMO = {
    "manager": "demo",
    "groups": [],
    "customers": [{"key": "acme", "tags": ["new"], "addresses": [{"key": "hq"}]}, {"key": "no", "name": "A: \u202eb"}],
    "roles": [{"permissions": {"order": {"view": "none"}}}],
    "settings": {"guest.access": True},
}


def test_the_form_of_toml() -> None:
    assert write_document(DEMO, "toml") == (
        'apiVersion = "custctl/v1"\nmanager = "demo"\ngroups = []\n\n'
        '[[customers]]\nkey = "acme"\ntags = [\n    "new",\n]\naddresses = [\n    { key = "hq" },\n]\n\n'
        '[[customers]]\nkey = "no"\nname = "A: \\u202eb"\n\n'
        '[[roles]]\n\n[roles.permissions.order]\nview = "none"\n\n'
        '[settings]\n"guest.access" = true\n'
    )


def test_the_form_of_yaml() -> None:
    assert write_document(DEMO, "yaml") == (
        "apiVersion: custctl/v1\nmanager: demo\ngroups: []\n"
        "customers:\n  - key: acme\n    tags:\n      - new\n    addresses:\n      - key: hq\n"
        '  - key: "no"\n    name: "A: \\u202eb"\n'
        "roles:\n  - permissions:\n      order:\n        view: none\n"
        "settings:\n  guest.access: true\n"
    )


def test_the_form_of_json() -> None:
    text = write_document({"customers": [{"key": "é"}]}, "json")
    assert text == '{\n  "apiVersion": "custctl/v1",\n  "customers": [\n    {\n      "key": "é"\n    }\n  ]\n}\n'


# Values.


@pytest.mark.usefixtures("yaml_loader")
def test_yaml_is_read_as_text_throughout(tmp_path: Path) -> None:
    text = (
        "country: NO\nzip: 01234\nat: 12:30:45\nn: 5\nx: 1.50\nYes: On\nTrue: TRUE\nnothing: Null\n"
        "yes: true\nno: false\na: null\nb: ~\nc:\nd: 'true'\ne: \"null\"\nf: ''\ng: |\n  true\nh: !!str false\n"
        "i: &t true\nj: *t\n~: key\ntrue: key\n'<<': key\n"
    )
    assert tables_of(text, "yaml", tmp_path) == (
        {"country": "NO", "zip": "01234", "at": "12:30:45", "n": "5", "x": "1.50", "Yes": "On", "True": "TRUE"}
        | {"nothing": "Null", "yes": True, "no": False, "a": None, "b": None, "c": None, "d": "true", "e": "null"}
        | {"f": "", "g": "true\n", "h": "false", "i": True, "j": True, "~": "key", "true": "key", "<<": "key"}
    )


def test_what_an_alias_repeats_is_a_copy(tmp_path: Path) -> None:
    read_tables = tables_of("a: &a [{k: v}]\nb: *a\nc: *a\n", "yaml", tmp_path)
    assert read_tables == {name: [{"k": "v"}] for name in "abc"}
    assert len({id(read_tables[name][0]) for name in "abc"}) == 3


@pytest.mark.parametrize(
    ("aliases", "problem"), [(1_000, None), (1_001, "more than 1,000 aliases, with those that aliases repeat")]
)
def test_a_thousand_aliases_are_enough(aliases: int, problem: str | None, tmp_path: Path) -> None:
    text = "a: &a x\nb: [" + "*a," * aliases + "]\n"
    if problem is None:
        assert tables_of(text, "yaml", tmp_path)["b"] == ["x"] * aliases
    else:
        assert problem_in(text, "yaml", tmp_path).message == problem


def test_numbers_are_exact(tmp_path: Path) -> None:
    toml = tables_of("a = 0.10\nb = 1_000.50\nc = 123456789012345678901234567890\nd = 1e3", "toml", tmp_path)
    expected = {"a": Decimal("0.10"), "b": Decimal("1000.50"), "c": 123456789012345678901234567890, "d": Decimal(1000)}
    assert toml == expected
    assert str(toml["a"]) == "0.10"
    assert (
        tables_of('{"a": 0.10, "b": 1000.50, "c": 123456789012345678901234567890, "d": 1e3}', "json", tmp_path) == toml
    )


def test_times_of_toml_are_text(tmp_path: Path) -> None:
    text = (
        "[[orders]]\nat = 1979-05-27T07:32:00Z\noff = 1979-05-27 00:32:00.5-07:00\n"
        "x = { local = 1979-05-27T07:32:00, days = [1979-05-27], time = 07:32:00 }\n"
    )
    assert tables_of(text, "toml", tmp_path)["orders"] == [
        {
            "at": "1979-05-27T07:32:00Z",
            "off": "1979-05-27T00:32:00.500000-07:00",
            "x": {"local": "1979-05-27T07:32:00", "days": ["1979-05-27"], "time": "07:32:00"},
        }
    ]


@pytest.mark.parametrize("ending", ["toml", "yaml", "yml", "json", "TOML"])
@pytest.mark.parametrize("text", ["\n", "\n \n", "\ufeff"])
def test_an_empty_document_has_no_tables(ending: str, text: str, tmp_path: Path) -> None:
    assert tables_of(text, ending, tmp_path) == {}


def test_a_document_of_zero_bytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"")
    place = Place(str(tmp_path / "a.toml"))
    for name in (str(tmp_path / "a.toml"), str(tmp_path)):
        problem = problem_of(name)
        assert (problem.code, problem.message, problem.place) == ("empty", "the file is empty", place)
    assert problem_of("-", stdin=b"").message == "standard input is empty"


@pytest.mark.parametrize("text", ["# nothing\n", "---\n", "~\n", "null"])
def test_a_yaml_document_of_nothing_has_no_tables(text: str, tmp_path: Path) -> None:
    assert tables_of(text, "yaml", tmp_path) == {}


def test_a_byte_order_mark_and_the_line_ends_of_windows_are_accepted(tmp_path: Path) -> None:
    text = '\ufeffapiVersion = "custctl/v1"\r\n[[customers]]\r\nkey = "acme"\r\nname = """a\r\nb"""\r\n'
    [document] = read_text(text, "toml", tmp_path)
    assert document.tables == {"customers": [{"key": "acme", "name": "a\nb"}]}
    assert document.place(["customers", 0, "name"]).line == 4


def test_each_of_several_yaml_documents_is_one(tmp_path: Path) -> None:
    first, second, third = read_text("manager: a\n---\n---\ncustomers:\n- key: b\n", "yaml", tmp_path)
    assert (first.tables, second.tables) == ({"manager": "a"}, {})
    assert third.tables == {"customers": [{"key": "b"}]}
    assert str(third.place(("customers", 0, "key"))).endswith("document.yaml:5:3")
    assert str(first.place(("manager",))).endswith("document.yaml:1:1")


@pytest.mark.parametrize("ending", FORMATS)
def test_a_hundred_levels_are_read(ending: Format, tmp_path: Path) -> None:
    deep: Any = "x"
    for level in range(99):
        deep = [deep] if level % 2 else {"a": deep}
    assert tables_of(write_document({"a": deep}, ending), ending, tmp_path) == {"a": deep}
    assert problem_in(write_document({"a": {"a": deep}}, ending), ending, tmp_path).code == "limit"


# Where documents come from.


def test_the_documents_of_a_directory_are_read_in_order(tmp_path: Path) -> None:
    for name in ("b.toml", "a.yaml", "c.json", ".hidden.toml", "notes.txt", "d.YML"):
        (tmp_path / name).write_text("{}" if name.endswith("json") else "\n")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "e.toml").write_text("\n")
    documents = read([str(tmp_path / "b.toml"), str(tmp_path)])
    assert [document.source for document in documents] == [
        str(tmp_path / name) for name in ("b.toml", "a.yaml", "b.toml", "c.json", "d.YML")
    ]


def test_a_source_is_named_as_it_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.toml").write_text("\n")
    assert [document.source for document in read(["./a.toml", "."])] == ["./a.toml", "./a.toml"]


def test_nothing_to_read_is_no_documents() -> None:
    assert read([]) == []


def test_a_directory_without_documents_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    problem = problem_of(tmp_path)
    assert (problem.code, problem.place) == ("unreadable", Place(str(tmp_path)))
    assert problem.message == "the directory has no documents"


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    problem = problem_of(tmp_path / "none.toml")
    assert (problem.code, problem.place) == ("unreadable", Place(str(tmp_path / "none.toml")))
    assert problem.message == f"cannot be read: {os.strerror(errno.ENOENT)}"
    assert problem_of("a\0b.toml").code == "unreadable"


def test_a_broken_link_in_a_directory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.toml").symlink_to(tmp_path / "none.toml")
    assert problem_of(tmp_path).place == Place(str(tmp_path / "a.toml"))


def test_an_unknown_ending_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    problem = problem_of(tmp_path / "a.txt")
    assert (problem.code, problem.hint) == ("format", "a document ends in .toml, .yaml, .yml or .json")


@pytest.mark.parametrize("inside", [False, True])
def test_a_named_pipe_is_refused_at_once(inside: bool, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    found: list[Problem] = []
    reader = threading.Thread(target=lambda: found.append(problem_of(tmp_path if inside else pipe)), daemon=True)
    reader.start()
    reader.join(timeout=10)
    assert [(problem.message, problem.place) for problem in found] == [
        ("cannot be read: it is a named pipe, not a file", Place(str(pipe)))
    ]


def test_a_pipe_that_takes_the_place_of_a_file_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    monkeypatch.setattr(source, "_mode", lambda _path: 0o100600)
    assert problem_of(pipe).message == "cannot be read: it is a named pipe, not a file"


def test_a_device_is_refused() -> None:
    problem = problem_of("/dev/zero")
    assert problem.message == "cannot be read: it is a device, not a file"
    assert problem.hint == "to read standard input, write `-` and redirect into it"


def test_a_directory_inside_that_looks_like_a_document_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").mkdir()
    assert problem_of(tmp_path).message == "cannot be read: it is a directory, not a file"


def test_a_document_of_more_than_64_mib_is_refused(tmp_path: Path) -> None:
    large = tmp_path / "large.toml"
    with large.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    problem = problem_of(large)
    assert (problem.code, problem.message) == ("limit", "the document is larger than 64 MiB")
    assert problem_of("-", stdin=bytes(64 * 1024 * 1024 + 1)).place == Place("<stdin>")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b' {"manager": "a"}', {"manager": "a"}),
        (b'manager = "a"', {"manager": "a"}),
        (b"manager: a", {"manager": "a"}),
        (b"- a: [", None),
        (b"\n", {}),
    ],
)
def test_the_format_of_standard_input_is_found_out(text: bytes, expected: dict[str, Any] | None) -> None:
    if expected is not None:
        [document] = read(["-"], io.BytesIO(text))
        assert (document.source, document.tables) == ("<stdin>", expected)
    else:
        assert problem_of("-", stdin=text).message.startswith("not valid YAML")


@pytest.mark.parametrize(
    ("text", "place", "format"),
    [
        (b"# a\n[[customers]]\nname = \n", "<stdin>:3:7", "TOML"),
        (b'name = "a: b\n', "<stdin>:1:13", "TOML"),
        (b"customers:\n  - key: a: b\n", "<stdin>:2:11", "YAML"),
        (b'{"customers": [}', "<stdin>:1:16", "JSON"),
    ],
)
def test_a_mistake_on_standard_input_is_told_in_the_likelier_format(text: bytes, place: str, format: str) -> None:
    problem = problem_of("-", stdin=text)
    assert (str(problem.place), problem.message.split(":")[0]) == (place, f"not valid {format}")


def test_standard_input_is_read_once() -> None:
    assert problem_of("-", "-", stdin=b"").exit is Exit.USAGE


def test_standard_input_that_cannot_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.BytesIO()
    closed.close()
    with pytest.raises(CustctlError, match="cannot be read"):
        read(["-"], closed)
    monkeypatch.setattr(sys, "stdin", None)
    assert problem_of("-").message == "standard input is closed"


# What is wrong, and where.

MISTAKES = [
    ("alias-bomb.yaml", 4, 36, "limit", "more than 1,000 aliases, with those that aliases repeat"),
    ("alias-itself.yaml", 3, 5, "syntax", "not valid YAML: there is no anchor 'all' before this alias"),
    ("colon.json", 3, 12, "syntax", "not valid JSON: expecting ':'"),
    ("colon.yaml", 3, 15, "syntax", "not valid YAML: mapping values are not allowed"),
    ("comment.json", 2, 3, "syntax", "not valid JSON: expecting a key in double quotes"),
    ("control.yaml", 3, 16, "syntax", "not valid YAML: '\\x07' is not allowed"),
    ("deep-dotted.toml", 2, 1, "limit", "values are nested more than 100 levels deep"),
    ("deep.json", 1, 115, "limit", "values are nested more than 100 levels deep"),
    ("deep.toml", 1, 113, "limit", "values are nested more than 100 levels deep"),
    ("deep.yaml", 2, 203, "limit", "values are nested more than 100 levels deep"),
    ("half-surrogate.json", 3, 21, "encoding", "the text has half a surrogate pair, which is not a character"),
    ("infinity.json", 3, 24, "invalid", "'-Infinity' is not a number that can be kept exactly"),
    ("key-list.yaml", 2, 5, "unsupported", "a key must be plain or quoted text"),
    ("latin-1.toml", 3, 12, "encoding", "byte 0xe9 is not UTF-8"),
    ("list.json", 2, 1, "invalid", "the document is a list, not a table"),
    ("list.yaml", 2, 1, "invalid", "the document is a list, not a table"),
    ("long-integer.json", 1, 17, "invalid", f"'{'9' * 59}…' is not a number that can be kept exactly"),
    ("long-integer.toml", 2, 19, "invalid", "the integer is not a number that can be kept exactly"),
    ("merge.yaml", 5, 5, "unsupported", "merge keys (<<) are not supported"),
    ("nan.toml", 5, 1, "invalid", "'nan' is not a number that can be kept exactly"),
    ("nul.toml", 2, 10, "encoding", "a NUL byte does not belong in a document"),
    ("second.yaml", 5, 15, "syntax", "not valid YAML: "),
    ("tab.yaml", 2, 1, "syntax", "not valid YAML: found character "),
    ("tag-python.yaml", 1, 12, "unsupported", "the tag 'tag:yaml.org,2002:python/object/apply:os.system'"),
    ("tag.yaml", 3, 12, "unsupported", "the tag 'tag:yaml.org,2002:timestamp' is not supported"),
    ("text.yaml", 1, 1, "invalid", "the document is a single value, not a table"),
    ("twice-dotted.toml", 5, 1, "duplicate", "'view' is given twice"),
    ("twice-flow.yaml", 2, 48, "duplicate", "'view' is given twice"),
    ("twice-inline.toml", 5, 31, "duplicate", "'key' is given twice"),
    ("twice-list.toml", 3, 1, "duplicate", "'addresses' is given twice"),
    ("twice-nested.json", 4, 58, "duplicate", "'order' is given twice"),
    ("twice-table.toml", 6, 1, "duplicate", "'order' is given twice"),
    ("twice.json", 3, 21, "duplicate", "'key' is given twice"),
    ("twice.toml", 7, 3, "duplicate", "'key' is given twice"),
    ("twice.yaml", 4, 5, "duplicate", "'key' is given twice"),
    ("unclosed-array.toml", 4, 1, "syntax", "not valid TOML: a list is not closed"),
    ("unclosed-string.toml", 2, 12, "syntax", "not valid TOML: the text is not closed on its line"),
    ("unclosed.json", 3, 20, "syntax", "not valid JSON: expecting ','"),
    ("utf-16.toml", 1, 1, "encoding", "the document is UTF-16"),
    ("version.json", 2, 3, "invalid", "apiVersion '2' is not known"),
    ("version.toml", 2, 1, "invalid", "apiVersion 'custctl/v2' is not known"),
    ("version.yaml", 4, 1, "invalid", "apiVersion 'custctl/v2' is not known"),
    ("words.toml", 3, 11, "syntax", "not valid TOML: expecting a value"),
]


@pytest.mark.usefixtures("yaml_loader")
@pytest.mark.parametrize(("name", "line", "column", "code", "message"), MISTAKES, ids=[name for name, *_ in MISTAKES])
def test_a_mistake_is_told_with_its_place(name: str, line: int, column: int, code: str, message: str) -> None:
    problem = problem_of(BROKEN / name)
    assert (problem.place, problem.code) == (Place(str(BROKEN / name), line, column), code)
    assert problem.message.startswith(message)


def test_every_broken_file_is_tested() -> None:
    assert sorted(name for name, *_ in MISTAKES) == sorted(path.name for path in BROKEN.iterdir())


def test_a_version_that_is_not_known_is_answered_with_the_one_that_is() -> None:
    problem = problem_of(BROKEN / "version.toml")
    assert (problem.field, problem.value) == ("apiVersion", "custctl/v2")
    assert problem.hint == 'this program reads "custctl/v1"'


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_other_encodings_are_refused_by_name(encoding: str, tmp_path: Path) -> None:
    problem = problem_in('\ufeffmanager = "a"'.encode(encoding), "toml", tmp_path)
    assert problem.message == f"the document is {encoding.upper()[:6]}"


def test_columns_are_those_of_characters(tmp_path: Path) -> None:
    assert str(problem_in("a = 'é😀'\nb = 'é😀' x", "toml", tmp_path).place).endswith(":2:10")
    assert str(problem_in("a: é\nb: [é, 😀, a: b: c]", "yaml", tmp_path).place).endswith(":2:15")
    assert str(problem_in('{"é": "😀"; }', "json", tmp_path).place).endswith(":1:10")
    assert str(problem_in('\ufeff# "é😀\n\té😀'.encode() + b"\xff", "toml", tmp_path).place).endswith(":2:4")


@pytest.mark.parametrize("text", ['a: "\\ud800"', 'a: "\\UFFFFFFFF"', "%YAML 1." + "9" * 5000 + "\n--- a"])
@pytest.mark.usefixtures("yaml_loader")
def test_what_only_one_yaml_parser_refuses_is_an_error_with_both(text: str, tmp_path: Path) -> None:
    assert problem_in(text, "yaml", tmp_path).exit is Exit.INVALID


REPEATS = [
    ("a = 1\n[a]", 2),
    ("[a]\n[[a]]", 2),
    ("[[a]]\n[a]", 2),
    ("a = []\n[[a]]", 2),
    ("a = {}\n[x]\n[a.b]", 3),
    ("[a.b]\n[a]\nb.c = 1", 3),
    ("[a]\nb.c = 1\n[a.b]", 3),
    ("a.b = 1\na.c = 2\na = 3", 3),
    ("a.b = 1\na.c = [{ d = 1 }]\na.b = [{ d = 1 }]", 3),
    ("b = 1\na = { b = { c = 1 }, d = 1, b = { c = 1 } }", 2),
    ("a.b.c = 1\na.d = 1\na.b.c.e = 1", 3),
]


@pytest.mark.parametrize(("text", "line"), REPEATS)
def test_a_table_or_key_that_toml_has_twice_is_told_at_the_second(text: str, line: int, tmp_path: Path) -> None:
    problem = problem_in(f"{text}\nz = 1\n", "toml", tmp_path)
    assert (problem.code, problem.place and problem.place.line) == ("duplicate", line)


@pytest.mark.parametrize(
    "text",
    ['{"a": 1e1000000000}', '{"a": -1e-401}', '{"a": NaN}', '{"a": Infinity}', '{"a": 1e99999999999999999999}'],
)
def test_a_number_that_cannot_be_kept_is_refused(text: str, tmp_path: Path) -> None:
    problem = problem_in(text, "json", tmp_path)
    assert str(problem.place).endswith(":1:2")
    assert "is not a number that can be kept exactly" in problem.message


# Places.

PLACES = '''# a comment with [[customers]] in it
manager = "demo"

[[customers]]
key = "acme"
name = """
[[customers]]
key = "not this" """
text = \'\'\'
[roles]
\'\'\'
addresses = [ # [[customers]]
  { key = "hq", "street.2" = "x]" },

  { key = "b", primary = true },
]

  [[customers]]
key = "beta"
a.b."c.d" = { e = [1, [2, "},"]], f = 1979-05-27 07:32:00 }
[customers.extra]
x = 1

[[roles]]
key = "buyer"
[[roles]]
key = "seller" # key = "x"
[roles.permissions.order]
view = "none"
[roles.fields."entity.field"]
"\\U0001F600 \\"" = 1
'''


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("manager",), "2:1"),
        (("customers",), "4:1"),
        (("customers", 0), "4:1"),
        (("customers", 0, "key"), "5:1"),
        (("customers", 0, "name"), "6:1"),
        (("customers", 0, "none"), "4:1"),
        (("customers", 0, "addresses", 0), "13:3"),
        (("customers", 0, "addresses", 0, "street.2"), "13:17"),
        (("customers", 0, "addresses", 1, "primary"), "15:16"),
        (("customers", 0, "addresses", 2, "key"), "12:1"),
        (("customers", 1), "18:3"),
        (("customers", 1, "a", "b", "c.d"), "20:1"),
        (("customers", 1, "a", "b", "c.d", "e", 1, 1), "20:27"),
        (("customers", 1, "a", "b", "c.d", "f"), "20:35"),
        (("customers", 1, "extra", "x"), "22:1"),
        (("customers", 2), "4:1"),
        (("roles", 1, "key"), "27:1"),
        (("roles", 1, "permissions", "order"), "28:1"),
        (("roles", 1, "permissions", "order", "view"), "29:1"),
        (("roles", 1, "permissions", "order", "edit"), "28:1"),
        (("roles", 1, "permissions"), "28:1"),
        (("roles", 0, "permissions"), "24:1"),
        (("roles", 1, "fields", "entity.field", '\U0001f600 "'), "31:1"),
    ],
)
def test_places_in_toml(path: tuple[str | int, ...], place: str, tmp_path: Path) -> None:
    [document] = read_text(PLACES, "toml", tmp_path)
    assert str(document.place(path)).removeprefix(f"{document.source}:") == place


def test_what_is_not_in_the_document_is_where_it_begins(tmp_path: Path) -> None:
    [document] = read_text(PLACES, "toml", tmp_path)
    assert document.place(("nothing",)) == Place(document.source, 2, 1)
    assert Document("typed", {}).place(("nothing",)) == Place("typed")


@pytest.mark.parametrize(
    ("path", "place"),
    [((), "2:1"), (("a",), "3:2"), (("a", 1), "3:13"), (("a", 1, "b\n"), "3:14"), (("a", 2), "3:2"), (("c",), "4:1")],
)
def test_places_in_json_with_tabs(path: tuple[str | int, ...], place: str, tmp_path: Path) -> None:
    [document] = read_text('\n{\n\t"a":\t[1e5,\t{"b\\n": "}"}\t],\n"c":0}', "json", tmp_path)
    assert str(document.place(path)).removeprefix(f"{document.source}:") == place


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), "2:1"),
        (("a",), "2:1"),
        (("a", 0), "3:5"),
        (("a", 0, "b"), "3:5"),
        (("a", 0, "c"), "4:5"),
        (("a", 1, "d", 0, "e"), "5:12"),
        (("a", 0, "none"), "3:5"),
        (("f",), "6:1"),
        (("f", 0, "b"), "6:1"),
    ],
)
def test_places_in_yaml(path: tuple[str | int, ...], place: str, tmp_path: Path) -> None:
    [document] = read_text("# a\na: &a\n  - b: x\n    c: y\n  - 'd': [{e: 1}]\nf: *a\n", "yaml", tmp_path)
    assert str(document.place(path)).removeprefix(f"{document.source}:") == place


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict | list):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*path, step))
    else:
        yield path, value


shapes = st.recursive(
    st.none(), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=25
)


@unhurried
@given(st.dictionaries(names, shapes, max_size=5), st.sampled_from(FORMATS))
def test_the_first_mark_behind_the_place_of_a_value_is_its_own(shape: dict[str, Any], ending: Format) -> None:
    counted = iter(range(1_000_000))

    def marked(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: marked(item) for key, item in value.items()}
        return [marked(item) for item in value] if isinstance(value, list) else f"mark {next(counted):06}"

    text = write_document(marked(shape), ending)
    lines = text.split("\n")
    [document] = reading._PARSERS[ending](source.Source("document", text))
    for path, value in leaves(document.tables):
        place = document.place(path)
        assert place.line is not None
        assert place.column is not None
        behind = "\n".join([lines[place.line - 1][place.column - 1 :], *lines[place.line :]])
        found = re.search(r"mark \d{6}", behind)
        assert found is not None
        assert found[0] == value


@pytest.mark.parametrize("ending", FORMATS)
def test_no_place_is_worked_out_without_need(ending: Format, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_text: str) -> Iterator[Any]:
        raise AssertionError

    for module, name in ((reading, "toml_spots"), (reading, "json_spots"), (yaml_text, "spots")):
        monkeypatch.setattr(module, name, refuse)
    [document] = read_text(write_document(DEMO, ending), ending, tmp_path)
    assert document.tables == DEMO
    with pytest.raises(AssertionError):
        document.place(("manager",))


# Hostile texts.

HOSTILE = {
    "dotted.toml": "a." * 300_000 + "a = 1",
    "dotted-header.toml": "[" + '"a".' * 300_000 + "a]",
    "dots.toml": 'x = "' + "." * 300_000 + '"',
    "arrays.toml": "x = " + "[" * 300_000,
    "tables.toml": "x = " + "{a=" * 300_000,
    "quotes.toml": 'x = "' + "." * 200 + '"\ny = [\n' + '"""\\' * 100_000,
    "arrays.json": '{"a": ' + "[" * 300_000 + "]" * 300_000 + "}",
    "objects.json": '{"a":' * 300_000,
    "lists.yaml": "- " * 300_000,
    "flow.yaml": "[" * 300_000,
    "keys.yaml": "? " * 300_000,
    "tower.yaml": "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} {'[' * 40}*a{i - 1}{']' * 40}\n" for i in range(1, 40)),
    "wide.yaml": "a: &a [" + "x," * 60_000 + "]\nb: [*a, *a]\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_costs_little(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(HOSTILE[name])
    before = time.process_time()
    if name == "dots.toml":
        read([str(tmp_path / name)])
    else:
        problem = problem_of(tmp_path / name)
        assert problem.place is not None
        assert problem.place.line is not None
        assert len(problem.message) < 200
    assert time.process_time() - before < 10


def test_an_alias_bomb_takes_no_memory() -> None:
    problem_of(BROKEN / "alias-bomb.yaml")
    tracemalloc.start()
    problem_of(BROKEN / "alias-bomb.yaml")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


FRAGMENTS = ['"', "'", "'''", "[", "]", "{", "}", "=", ":", ",", ".", "#", "\\", "\\ud800", "*a", "...", "%", "|", "@"]
FRAGMENTS += ["é", "1e999", "nan", "null", "a", "b", "a.b", '{"a":1}', "1979-05-27", "07:32:00Z", "true"]
FRAGMENTS += [" ", "\n", "\t", "&a ", "!x ", "<<: ", "- ", "? ", "---\n", "[[a]]\n", "[a]\n", "x = 1\n", "a: b\n"]
FRAGMENTS += ['"""', "\u2028", "\x01", "\ufeff", "\r"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join), st.sampled_from(FORMATS))
def test_any_text_is_read_or_refused_with_a_line(text: str, ending: Format) -> None:
    try:
        documents = reading._PARSERS[ending](source.Source("document", text))
        places = [document.place(("a", 0, "b")) for document in documents if document.tables]
    except CustctlError as error:
        places = [problem.place or Place("nowhere") for problem in error.problems]
    assert all(place.line for place in places)


@pytest.mark.parametrize("ending", ["toml", "json"])
def test_yaml_is_imported_for_yaml_alone(ending: Format, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    path.write_text(write_document(DEMO, ending))
    program = (
        "import json, sys; from custctl.store.documents import read; "
        f"[d] = read([{str(path)!r}]); d.place(['manager']); "
        "print(json.dumps([name for name in ('yaml', 'tomli_w', 'pydantic', 'sqlmodel') if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
