"""Files that are not what they should be: named with the place of what is wrong, and nothing is written."""

from __future__ import annotations

import json
import os

from tests.promises.process import Shop, assert_refused


def test_a_config_file_that_is_wrong_is_named(unchanged: Shop) -> None:
    files = {
        "output = [": "is not TOML: ",
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


def test_a_null_in_a_path_of_the_config_file_is_no_path(unchanged: Shop) -> None:
    path = unchanged.folder / "config.toml"
    path.write_text('db = "a\\u0000b"')
    env = {"CUSTCTL_CONFIG": str(path), "CUSTCTL_DB": ""}
    for ran in unchanged.many(["customer", "list"], ["customer", "add", "New"], env=env):
        assert_refused(ran, 8, "a\\x00b cannot be used: embedded null byte")


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
    "money.toml": ('[[orders]]\nnumber = "1"\nsubtotal = "1e999999"\n', "order '1': subtotal that amount is too large"),
    "digits.toml": (
        '[[orders]]\nnumber = "1"\nsubtotal = "1.00001"\n',
        "order '1': subtotal an amount of money has",
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
