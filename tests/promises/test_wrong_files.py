"""Files that are not what they should be: named with the place of what is wrong, and nothing is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise

import pytest

from tests.promises.process import Shop, assert_refused


def test_a_config_file_that_is_wrong_is_named(unchanged: Shop) -> None:
    files = {
        "output = [": "is not TOML: expecting a value, at the end\n",
        "output = no": "is not TOML: expecting a value, at line 1, column 10\n",
        "outptu = 'json'": "unknown setting 'outptu'\n",
        "output = 3": "output must be text\n",
        "output = 'xml'": "is not one of table",
        "profiles = 3": "profiles must be tables\n",
        "profile = 'none'": "is not in ",
        "[profiles.a]\nprofile = 'b'": "unknown setting 'profile'\n",
    }
    path = unchanged.folder / "config.toml"
    for text, message in files.items():
        path.write_text(text)
        [ran] = unchanged.many(["customer", "list"], env={"CUSTCTL_CONFIG": str(path)})
        assert (ran.code, ran.out) == (4, ""), text
        assert message in ran.err
        assert str(path) in ran.err
    path.write_bytes(b"output = '\xff'")
    broken, folder, missing, null = (
        unchanged.many(["customer", "list", "-q"], env={"CUSTCTL_CONFIG": name})[0]
        for name in (str(path), str(unchanged.folder), "nowhere.toml", "/dev/null")
    )
    assert [ran.code for ran in (broken, folder, missing, null)] == [4, 4, 0, 0]
    assert "is not TOML: byte 0xff is not UTF-8\n" in broken.err


def test_a_null_in_a_path_of_the_config_file_is_no_path(unchanged: Shop) -> None:
    path = unchanged.folder / "config.toml"
    path.write_text('db = "a\\u0000b"')
    env = {"CUSTCTL_CONFIG": str(path), "CUSTCTL_DB": ""}
    for ran in unchanged.many(["customer", "list"], ["customer", "add", "New"], env=env):
        assert_refused(ran, 8, "a\\x00b cannot be used: its name holds a character that no file name has")


LONG = "x" * 200_000
DOCUMENTS: dict[str, tuple[str | bytes, str]] = {
    "open.toml": ("[[customers]\n", "not valid TOML: "),
    "open.yaml": ("customers:\n  - key: [\n", "not valid YAML: "),
    "open.json": ('{"customers": [', "not valid JSON: "),
    "twice.json": ('{"customers": [], "customers": []}', "'customers' is given twice"),
    "list.json": ("[]", "the document is a list, not a table"),
    "deep.json": ('{"a":' * 5_000 + "1" + "}" * 5_000, "values are nested more than 100 levels deep"),
    "utf-16.toml": ("[[customers]]\n".encode("utf-16"), "the document is UTF-16"),
    "latin.toml": (b'a = "\xe9"\n', "byte 0xe9 is not UTF-8"),
    "nul.toml": (b'a = "\x00"\n', "a NUL byte does not belong in a document"),
    "notes.txt": ("notes", "the ending of the name does not tell the format"),
    "version.toml": ('apiVersion = "custctl/v9"\n', "apiVersion 'custctl/v9' is not known"),
    "table.toml": ('[[custmers]]\nkey = "a"\n', "unknown table 'custmers'"),
    "field.toml": ('[[customers]]\nkey = "a"\nnmae = "A"\n', "customer 'a': nmae is not a field that is known here"),
    "setting.toml": ('[settings]\n"guest.acces" = true\n', "unknown setting 'guest.acces'"),
    "type.toml": ("customers = 3\n", "customers must be a list of tables"),
    "row.toml": ("customers = [3]\n", "customers must hold tables"),
    "reference.toml": ('[[customers]]\nkey = "a"\nname = "A"\nparent = "b"\n', "customer 'b' not found"),
    "cycle.toml": ('[[customers]]\nkey = "a"\nname = "A"\nparent = "a"\n', "customer:a: a customer cannot be its own"),
    "money.toml": (
        '[[orders]]\nnumber = "1"\nsubtotal = "1e999999"\n',
        "order '1': subtotal must be an amount of money like 1234.50",
    ),
    "digits.toml": (
        '[[orders]]\nnumber = "1"\nsubtotal = "1.00001"\n',
        "order '1': subtotal must have",
    ),
    "past.toml": (
        '[[orders]]\nnumber = "1"\nplaced_at = "0001-01-01T00:00:00+23:00"\n',
        "order '1': placed_at must",
    ),
    "long-name.toml": (f'[[customers]]\nkey = "a"\nname = "{LONG}"\n', "customer 'a': name must have at most 255"),
    "long-key.toml": (f'[[customers]]\nkey = "{LONG}"\nname = "A"\n', "customer 'xxx"),
    "long-field.toml": (f'[[customers]]\nkey = "a"\n{LONG} = "A"\n', "customer 'a': xxx"),
    "long-table.toml": (f'[[{LONG}]]\nkey = "a"\n', "unknown table 'xxx"),
    "long-status.toml": (f'[[orders]]\nnumber = "1"\nstatus = "{LONG}"\n', "order '1': status must have at most 255"),
    "long-entity.toml": (f'[[entities]]\nname = "{LONG}"\nownership = "none"\n', "entity 'xxx"),
    "null.json": ('{"customers": [{"key": "a\\u0000", "name": "A"}]}', "customer 'a\\x00': key "),
}


def test_a_document_that_is_wrong_is_refused_whole_with_its_place(unchanged: Shop) -> None:
    for name, (content, _) in DOCUMENTS.items():
        unchanged.document(content, name)
    runs = unchanged.many(*(["apply", "-f", name, "--yes"] for name in DOCUMENTS))
    for ran, (name, (_, message)) in zip(runs, DOCUMENTS.items(), strict=True):
        assert_refused(ran, 4, message)
        assert f"\n  --> {name}" in ran.err
        assert len(ran.err) < 4_000, "what is long is shown by its ends"


def test_a_line_of_a_batch_that_is_wrong_carries_its_error_and_the_rest_is_answered(unchanged: Shop) -> None:
    right = '{"subject": "guest", "action": "view", "resource": "order"}'
    changes = {"}": ', "extra": 1}', "view": "fly", "order": "order:\\ud800", "guest": "\\u0000"}
    wrong = ["\udcff\udcfe", '{"subject": 1}', "[]", "{", '"text"', "[" * 5_000, "NaN"]
    wrong += [right.replace(old, new) for old, new in (*changes.items(), ("guest", "nobody"), ("order", LONG))]
    text = "\n".join([right, *wrong, "", right]).encode(errors="surrogateescape")
    [ran] = unchanged.many(["access", "can", "--batch", unchanged.document(text, "batch.jsonl"), "-o", "jsonl"])
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert (ran.code, ran.err, len(answers)) == (4, "", len(wrong) + 2)
    assert [row["error"]["line"] for row in answers[1:-1]] == list(range(2, len(wrong) + 2))
    assert [row["reason"] for row in (answers[0], answers[-1])] == ["no-entry", "no-entry"]


def test_what_is_no_file_is_not_waited_for(unchanged: Shop) -> None:
    os.mkfifo(unchanged.folder / "pipe.toml")
    (unchanged.folder / "empty").mkdir()
    names = {
        "pipe.toml": "cannot be read: it is a named pipe, not a file",
        "empty": "the directory has no documents",
        "missing.toml": "cannot be read: No such file or directory",
        "/dev/zero": "cannot be read: it is a device, not a file",
        f"{'n' * 300}.toml": "cannot be read: File name too long",
    }
    for verb in ("apply", "plan"):
        runs = unchanged.many(*([verb, "-f", name] for name in names))
        for ran, message in zip(runs, names.values(), strict=True):
            assert_refused(ran, 4, message)


MEASURE = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "custctl", *sys.argv[1:]], capture_output=True, text=True, timeout=60)
sys.stderr.write(done.stderr)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""
MOST_MEMORY = 200
HEAD = "key,name\na,A\n"
HOSTILE: dict[str, tuple[str | bytes, str, str]] = {
    "utf-16-unmarked.csv": (HEAD.encode("utf-16-le"), "1:2", "a NUL character does not belong in a sheet"),
    "iso-8859-1.csv": ((HEAD + "b,Caf\xe9\n").encode("iso-8859-1"), "3:6", "byte 0xe9 is not UTF-8"),
    "ragged.csv": (HEAD + "b,B,surplus\n", "3", "the row has 3 cells for 2 headings"),
    "quote.csv": (HEAD + 'b,"B\n' + "c,C\n" * 1_000, "3:3", "a quote is opened here and never closed"),
    "quote-of-60-mb.csv": (HEAD + 'b,"' + "x\n" * 30_000_000, "3:3", "a cell has more than 131,072 characters"),
    "nul.csv": (HEAD + "b,B\0\n", "3:4", "a NUL character does not belong in a sheet"),
    "field-of-200-kb.csv": (HEAD + f"b,{LONG}\n", "3:3", "a cell has more than 131,072 characters"),
    "field-of-200-kb.jsonl": (f'{{"name": "{LONG}"}}\n', "1", "name must have at most 255 characters"),
    "line-of-17-mb.csv": (HEAD + "b," + "x" * 17_000_000 + "\n", "3:1", "what begins here is longer than 16 MiB"),
    "line-of-17-mb.jsonl": ('{"name": "' + "x" * 17_000_000, "1:1", "what begins here is longer than 16 MiB"),
    "deep.json": ("[" * 1_000_000, "1:2", "values are nested too deep"),
    "utf-16.toml": ("[[customers]]\n".encode("utf-16"), "1:1", "the document is UTF-16"),
    "iso-8859-1.yaml": (b"customers:\n- key: \xe9\n", "2:8", "byte 0xe9 is not UTF-8"),
    "quote.toml": ('[[customers]]\nkey = "a\nname = "A"\n', "2:9", "the text is not closed on its line"),
    "nul.yaml": ('customers:\n- key: "a\0"\n', "2:10", "a NUL byte does not belong in a document"),
    "field-of-200-kb.toml": (f'[[customers]]\nkey = "a"\nname = "{LONG}"\n', "3:1", "name must have at most 255"),
    "line-of-17-mb.json": (
        f'{{"customers": [{{"key": "a", "name": "{LONG * 85}"}}]}}',
        "1:29",
        "name must have at most",
    ),
    "line-of-17-mb.yaml": (f"customers:\n- key: a\n  name: {LONG * 85}\n", "3:3", "name must have at most 255"),
    "alias-bomb.yaml": (
        "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{b}: &{b} [{f'*{a},' * 9}]\n" for a, b in pairwise("abcdefghi")),
        "5:8",
        "more than 1,000 aliases",
    ),
    "nested-100000.toml": (f"a = {'[' * 100_000}", "1:105", "values are nested more than 100 levels deep"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_line_and_column_in_little_memory(unchanged: Shop, name: str) -> None:
    """In a process of its own, because what it takes of memory and time is part of the promise."""
    content, place, message = HOSTILE[name]
    unchanged.document(content, name)
    is_sheet = name.endswith(("csv", "jsonl")) or name == "deep.json"
    words = ["customer", "import", name] if is_sheet else ["apply", "-f", name, "--yes"]
    measured = [sys.executable, "-c", MEASURE, "--db", str(unchanged.database), *words]
    ran = subprocess.run(measured, cwd=unchanged.folder, capture_output=True, text=True, check=True)
    code, memory = map(int, ran.stdout.split())
    assert code == 4, ran.stderr
    assert message in ran.stderr
    assert f"\n  --> {name}:{place}" in ran.stderr
    assert len(ran.stderr) < 4_000
    assert memory <= MOST_MEMORY


def test_a_marked_sheet_is_read_whatever_it_is_written_in(world: Shop) -> None:
    text = "key,name\ncafe-{},Caf\xe9\n"
    files = {encoding: text.format(encoding).encode(encoding) for encoding in ("utf-8-sig", "utf-16", "utf-32")}
    names = [world.document(content, f"{encoding}.csv") for encoding, content in files.items()]
    runs = world.many(*(["customer", "import", name, "-q"] for name in names))
    assert [(ran.code, ran.err) for ran in runs] == [(0, "")] * len(files)
    world.document(text.format("latin").encode("iso-8859-1"), "latin.csv")
    [ran] = world.many(["customer", "import", "latin.csv", "--encoding", "iso-8859-1", "-q"])
    assert (ran.code, ran.err) == (0, "")
    assert world.sql("SELECT DISTINCT name FROM customer WHERE key GLOB 'cafe-*'") == [("Caf\xe9",)]


def test_a_sheet_that_is_no_file_is_not_waited_for(unchanged: Shop) -> None:
    os.mkfifo(unchanged.folder / "pipe.csv")
    (unchanged.folder / "folder.csv").mkdir()
    names = {
        "folder.csv": "cannot be read: it is a directory, not a file",
        "missing.csv": "cannot be read: No such file or directory",
        "/dev/zero": "cannot be read: it is a device, not a file",
        "pipe.csv": "cannot be read: nobody has opened the pipe for writing within 5 s",
    }
    runs = unchanged.many(*(["customer", "import", name, "--format", "csv"] for name in names))
    for ran, message in zip(runs, names.values(), strict=True):
        assert_refused(ran, 4, message)
