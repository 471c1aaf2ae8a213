"""What looks at whole columns, or puts work off, leaves what looking at each value, and at once, leaves."""

from __future__ import annotations

import json
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from custctl.resources import CUSTOMER, USER, Noun, fold, fold_all
from custctl.store.importing import columns, engine, files, late, plain
from custctl.store.importing.engine import Import
from custctl.store.inputs import INPUTS, keeps_all
from custctl.store.unit import Unit
from tests.runner import Runner
from tests.store.past import remade, stored
from tests.store.test_importing import sheet

TEXTS = [
    (noun, field.name)
    for noun in (CUSTOMER, USER)
    for field in noun.fields
    if field.kind == "text" and not field.computed
]
PLAIN = {
    "key": ["acme", "a-1", "x" * 64],
    "email": ["a.b@acme.example", "x1@some-shop.com"],
    "internal_rating": ["3_of_5", "1_of_5"],
    "payment_term": ["net 30"],
}
EASY = ("name", "internal_rating", "owner", "payment_term", "vat_id", "external_id", "email", "prefix", "first_name")
"""What files are full of."""
PIECES = st.sampled_from(
    [*'aZ0 -_.@+|\n\t\0\x1b"\\,;', "\xa0", "é", "ß", "İ", "\u202e", "名", "😀", "\ud800", "\udc00", "a@b.co", "x" * 40]
)
STRANGE = st.lists(st.lists(PIECES, min_size=1, max_size=8).map("".join), max_size=4)


@cache
def hint_of(noun: Noun, name: str) -> Any:
    return get_type_hints(INPUTS[noun.document], include_extras=True)[name]


@cache
def checked(noun: Noun, name: str) -> TypeAdapter[list[Any]]:
    return TypeAdapter(list[hint_of(noun, name)])  # type: ignore[misc,arg-type]  # a type by its name


@settings(deadline=None)
@given(STRANGE)
def test_texts_that_a_look_at_the_column_keeps_are_those_that_the_model_keeps(texts: list[str]) -> None:
    for noun, name in TEXTS:
        hint = hint_of(noun, name)
        if keeps_all(hint, texts):
            assert checked(noun, name).validate_python(texts) == texts, (noun.name, name)


@pytest.mark.parametrize(("noun", "name"), TEXTS, ids=lambda part: getattr(part, "name", part))
def test_a_look_at_the_column_tells_plain_texts_from_those_that_the_model_refuses(noun: Noun, name: str) -> None:
    hint, plain = hint_of(noun, name), PLAIN.get(name, ["Plain 1", "Ünï"])
    if name in EASY or (noun, name) == (CUSTOMER, "key"):
        assert keeps_all(hint, plain)
    for wrong in ("a\0b", "x" * 600, "\ud800"):
        with pytest.raises(ValidationError):
            checked(noun, name).validate_python([*plain, wrong])
        assert not keeps_all(hint, [*plain, wrong])


@given(STRANGE)
def test_texts_are_folded_together_as_each_is_alone(texts: list[str]) -> None:
    assert fold_all(texts) == [fold(text) for text in texts]


def rows_of(start: int, count: int) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    customers = [
        {
            "key": f"c{n}",
            "name": f"Company {n % 7}",
            "parent": f"c{start + (n - start) // 3}" if n > start else "",
            "external_id": f"C{n}",
        }
        for n in range(start, start + count)
    ]
    users = [
        {
            "email": f"u{n * 7 % 1000}-{n}@x.example",
            "first_name": f"Given {n % 5}" if n % 4 else 'Say "so" \\',
            "last_name": f"Family {n % 11}",
            "customer": f"c{n}",
            "roles": "buyer" if n % 3 else "administrator",
            "enabled": "no" if n % 5 == 0 else "",
            "middle_name": "Tab\tbed" if n % 6 == 0 else "",
            "external_id": f"U{n}",
        }
        for n in range(start, start + count)
    ]
    return customers, users


def schema(shop: Runner) -> set[tuple[str, str, str | None]]:
    return set(shop.sql("SELECT type, name, sql FROM sqlite_schema"))


def content(shop: Runner) -> dict[str, list[list[Any]]]:
    """What is stored, times apart; of history not the order, in which changed records follow new ones of a batch."""
    found = shop.contents("revision", "history")
    columns = "revision_id, op, record, before, after, former, manager, not_in_image"
    found["history"] = shop.sql(f"SELECT {columns} FROM history ORDER BY 1, 3")
    [[latest]] = shop.sql("SELECT max(id) FROM revision")
    assert remade(shop.database, latest) == stored(shop.database)
    return {
        table: [[value for value in row if not (isinstance(value, str) and value.endswith("Z"))] for row in rows]
        for table, rows in found.items()
    }


@pytest.fixture
def two(empty_file: Path, tmp_path: Path) -> tuple[Runner, Runner]:
    """Two empty shops."""
    shops = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        shops.append(Runner(tmp_path / name / "shop.db"))
        shops[-1].database.write_bytes(empty_file.read_bytes())
    return shops[0], shops[1]


def tables_without_indexes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables whose indexes imports will drop from now on."""
    dropped: list[str] = []
    drop = late.LateIndexes._drop

    def seen(self: late.LateIndexes, table: str) -> None:
        dropped.append(table)
        drop(self, table)

    monkeypatch.setattr(late.LateIndexes, "_drop", seen)
    return dropped


def test_indexes_that_are_made_when_the_rows_are_in_leave_the_same_rows_schema_and_history(
    two: tuple[Runner, Runner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain, "BATCH", 5)
    dropped = tables_without_indexes(monkeypatch)
    shapes = [schema(shop) for shop in two]
    for shop, least in zip(two, (8, 10**9), strict=True):
        monkeypatch.setattr(late, "LEAST", least)
        for start in (0, 40):
            for noun, rows in zip(("customer", "user"), rows_of(start, 40), strict=True):
                counts = shop.json(noun, "import", sheet(tmp_path / "rows.csv", rows))
                assert (counts["added"], counts["rejected"]) == (40, 0)
    assert {*dropped} == {"account", "customer", "customer_user", "user_role", "history"}
    assert [schema(shop) for shop in two] == shapes
    assert content(two[0]) == content(two[1])
    for shop in two:
        assert shop("db", "check").exit == 0
    assert two[0].sql("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("least", [3, 10**9])
def test_rows_that_are_stored_already_are_found_wherever_they_come_in_the_file(
    two: tuple[Runner, Runner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, least: int
) -> None:
    """The new records have the ids and the history that they have when every row goes through the unit of work."""
    monkeypatch.setattr(late, "LEAST", least)
    customers, users = rows_of(0, 24)
    for number, row in enumerate(customers):
        row["vat_id"] = ""
        row["external_id"] = "" if number == 12 else row["external_id"]
    again = [{**row, "vat_id": "V"} for row in customers[8:11]]  # within the file
    again += [{**customers[3], "key": "", "vat_id": "W"}, {**customers[12], "external_id": "C-new"}]
    for row in users:
        row["suffix"] = ""
    users.append({**users[4], "suffix": "MD"})
    for shop, taken in zip(two, (plain.TAKEN, ()), strict=True):
        monkeypatch.setattr(files, "TAKEN", taken)
        monkeypatch.setattr(plain, "BATCH", 6)
        monkeypatch.setattr(engine, "CHUNK", 6)
        for row in (customers[14], customers[15]):
            shop("customer", "add", row["name"], "--key", row["key"])
        found = [shop.json("customer", "import", sheet(tmp_path / "c.csv", customers + again))]
        found.append(shop.json("user", "import", sheet(tmp_path / "u.csv", users)))
        assert [(one["added"], one["updated"], one["rejected"]) for one in found] == [(22, 7, 0), (24, 1, 0)]
        unchanged = shop.json("user", "import", sheet(tmp_path / "u.csv", users[:8]), "--mode", "skip")
        assert (unchanged["unchanged"], unchanged["revision"]) == (8, None)
    assert content(two[0]) == content(two[1])
    ids = "SELECT max(id), (SELECT seq FROM sqlite_sequence WHERE name = 'customer_user') FROM customer_user"
    assert two[0].sql(ids) == [(24, 24)]


def test_rows_that_name_one_record_in_two_columns_say_the_same_by_columns_as_one_by_one(
    two: tuple[Runner, Runner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I-02: by id, then by name; what is missing, blank or named in vain is told as it is of each row alone."""
    ways = list(product(("", "1", "2", " 1", "99"), ("", "Alpha", "ALPHA ", "Nobody", "Beta")))
    customers = [{"Id": "1", "Name": "Alpha", "Parent Id": "", "Parent Name": ""}, {"Id": "2", "Name": "Beta"}]
    customers += [
        {"Id": f"{n}", "Name": f"Company {n}", "Parent Id": by_id, "Parent Name": by_name}
        for n, (by_id, by_name) in enumerate(ways, 10)
    ]
    roles = list(product(("", "yes", "no"), ("", "Buyer", "administrator", "nothing"), ("", "Administrator")))
    users = [
        {"Email Address": f"u{n}@x.example", "First Name": "Ü", "Last Name": 'B "', "Enabled": enabled}
        | {"Customer Id": "1" if n % 2 else "", "Customer Name": "Beta", "Roles 1 Role": one, "Roles 2 Role": other}
        for n, (enabled, one, other) in enumerate(roles)
    ]
    told = []
    for shop, taken in zip(two, (plain.TAKEN, ()), strict=True):
        monkeypatch.setattr(files, "TAKEN", taken)
        monkeypatch.setattr(plain, "BATCH", 9)
        for noun, rows in (("customer", customers), ("user", users)):
            file = sheet(tmp_path / f"{noun}.csv", rows)
            told.append(shop(noun, "import", file, "--continue-on-error", "-o", "json"))
    assert [(answer.exit, answer.out) for answer in told[:2]] == [(answer.exit, answer.out) for answer in told[2:]]
    assert [answer.exit for answer in told[:2]] == [6, 6]
    assert content(two[0])["history"] == content(two[1])["history"]  # ids differ: those taken by columns come first
    links = "SELECT u.key, r.key FROM user_role JOIN customer_user u ON u.id = user_id JOIN role r ON r.id = role_id"
    parents = "SELECT c.key, p.key FROM customer c JOIN customer p ON p.id = c.parent_id"
    for query in (links, parents):
        assert sorted(two[0].sql(query)) == sorted(two[1].sql(query)) != []


@pytest.mark.parametrize("through", ["file", "pipe"])
@pytest.mark.parametrize("repeated", ["email", "external_id"])
def test_a_file_with_a_row_that_repeats_an_earlier_one_is_begun_again_and_a_pipe_is_looked_through_at_once(
    two: tuple[Runner, Runner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, through: str, repeated: str
) -> None:
    """Nobody looks for keys and ids while the indexes are gone; what is wrong further on is still told only once."""
    monkeypatch.setattr(late, "LEAST", 5)
    began: list[bool] = []
    begin = Import.__init__

    def seen(self: Import, *words: Any, hasty: bool) -> None:
        began.append(hasty)
        begin(self, *words, hasty=hasty)

    monkeypatch.setattr(Import, "__init__", seen)
    users = [{**user, "customer": "", "suffix": ""} for user in rows_of(0, 40)[1]]
    again = {**users[2], "suffix": "MD"}
    if repeated == "external_id":
        again["email"] = "new.address@x.example"  # which contradicts the earlier row
    else:
        del again["external_id"]
    users.insert(20, again)
    users += [{**users[0], "email": "nobody", "external_id": "N"}, {**users[1], "email": "", "external_id": "U1"}]
    sheets = sheet(tmp_path / "u.csv", users)
    for shop, taken in zip(two, (plain.TAKEN, ()), strict=True):
        monkeypatch.setattr(files, "TAKEN", taken)
        monkeypatch.setattr(plain, "BATCH", 6)
        words = ("user", "import", sheets if through == "file" else "-", "--format", "csv", "-o", "json")
        rejects = tmp_path / f"{shop.database.parent.name}.csv"
        answer = shop(
            *words, "--continue-on-error", "--rejects", str(rejects), stdin=Path(sheets).read_text(encoding="utf-8")
        )
        assert answer.exit == 6
        told = json.loads(answer.out)
        assert len(told.pop("access")["new"]) == 40
        assert {**told, "errors": ()} == {
            "revision": 1,
            "added": 40,
            "updated": int(repeated == "email"),
            "unchanged": 1,
            "deleted": 0,
            "rejected": 1 + (repeated == "external_id"),
            "errors": (),
        }
        *_, rejected = rejects.read_text().splitlines()[1:]
        assert rejected.startswith("nobody,")
    assert began == ([True, False, True] if through == "file" else [False, False])
    assert content(two[0]) == content(two[1])
    assert (tmp_path / "one.csv").read_text() == (tmp_path / "other.csv").read_text()
    assert two[0]("db", "check").exit == 0


@pytest.mark.parametrize("heading", ["parent", "Parent Id", "Parent Name", "account", "Account Id", "Account Name"])
def test_what_rows_refer_to_is_found_by_an_index_also_while_others_are_gone(
    two: tuple[Runner, Runner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heading: str
) -> None:
    monkeypatch.setattr(plain, "BATCH", 6)
    monkeypatch.setattr(late, "LEAST", 5)
    dropped = tables_without_indexes(monkeypatch)
    find, plans = columns._targets, set[str]()

    def seen(unit: Unit, noun: Noun, *words: Any) -> dict[str, columns.Target | None]:
        asked: list[str] = []
        unit.connection.set_trace_callback(asked.append)
        found = find(unit, noun, *words)
        unit.connection.set_trace_callback(None)
        if dropped:
            plans.update(row[3] for query in asked for row in unit.connection.execute(f"EXPLAIN QUERY PLAN {query}"))
        return found

    monkeypatch.setattr(columns, "_targets", seen)
    shop = two[0]
    first = {"key": "top", "Name": "Top", "external_id": "T", heading: ""}
    rows = [first, *({"key": f"c{n}", "Name": f"C {n}", "external_id": f"C{n}"} for n in range(40))]
    rows[12:] = [{**row, heading: {"parent": "top", "account": "top"}.get(heading, "T")} for row in rows[12:]]
    if heading.startswith("Account"):
        shop.json("account", "import", sheet(tmp_path / "a.csv", [{"key": "t", "name": "T", "external_id": "T"}]))
    if heading == "Parent Name":
        first["Name"] = "T"
    counts = shop.json("customer", "import", sheet(tmp_path / "c.csv", rows))
    assert (counts["added"], counts["rejected"]) == (41, 0)
    assert dropped
    table = "account" if heading.lower().startswith("account") else "customer"
    assert plans
    assert [step for step in plans if step.startswith(f"SCAN {table}")] == []


@pytest.mark.parametrize("strategy", ["none", "each", "root"])
@pytest.mark.parametrize("repeated", ["key", "external_id"])
@pytest.mark.parametrize("stored", [True, False])
def test_a_customer_that_stands_twice_is_one_customer_with_one_account_whatever_its_file_dropped_meanwhile(
    two: tuple[Runner, Runner],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    strategy: str,
    repeated: str,
    stored: bool,
) -> None:
    """Keys are needed for the parents, ids for nothing; accounts of rows that turn out to be old are taken back."""
    monkeypatch.setattr(late, "LEAST", 5)
    customers = rows_of(0, 40)[0]
    for row in customers:
        row["vat_id"] = ""
    again = {**customers[2], "vat_id": "V", "key" if repeated == "external_id" else "external_id": ""}
    customers.insert(31, again)
    for shop, taken in zip(two, (plain.TAKEN, ()), strict=True):
        monkeypatch.setattr(files, "TAKEN", taken)
        monkeypatch.setattr(plain, "BATCH", 6)
        monkeypatch.setattr(engine, "CHUNK", 6)
        shop.json("setting", "set", "account.strategy", strategy)
        if stored:
            shop.json("customer", "import", sheet(tmp_path / "some.csv", customers[20:21]), "--map", "parent=")
        counts = shop.json("customer", "import", sheet(tmp_path / "c.csv", customers))
        assert (counts["added"], counts["updated"], counts["rejected"]) == (39, 2, 0) if stored else (40, 1, 0)
        assert shop("db", "check").exit == 0
    assert content(two[0]) == content(two[1])


ACCOUNTS = "SELECT c.key, a.key FROM customer c LEFT JOIN account a ON a.id = c.account_id ORDER BY c.id"


@pytest.mark.parametrize("size", [3, 7, 1000])
def test_subsidiaries_share_the_account_of_their_topmost_parent_by_columns_as_one_by_one(
    two: tuple[Runner, Runner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """A-08: with the strategy `root`, a row that names an account included; no row is left to the unit of work."""
    rows = [
        {"key": f"c{n}", "name": f"C {n}", "parent": f"c{n // 3}" if n > 3 else "", "account": "own" if n == 2 else ""}
        for n in range(1, 40)
    ]
    for shop, taken in zip(two, (plain.TAKEN, ()), strict=True):
        monkeypatch.setattr(files, "TAKEN", taken)
        for module, name in ((engine, "CHUNK"), (plain, "BATCH")):
            monkeypatch.setattr(module, name, size)
        shop.json("setting", "set", "account.strategy", "root")
        shop.json("account", "add", "Own")
        if taken:
            monkeypatch.setattr(engine.Import, "_settle", lambda *_: pytest.fail("a row goes the long way"))
        counts = shop.json("customer", "import", sheet(tmp_path / "c.csv", rows))
        monkeypatch.undo()
        assert (counts["added"], counts["rejected"]) == (39, 0)
    assert content(two[0]) == content(two[1])
    found = two[0].sql(ACCOUNTS)
    assert {key for _, key in found} == {"c1", "own", "c3"}
    assert ("c7", "own") in found


def test_a_topmost_parent_without_an_account_gets_one_with_its_new_subsidiaries(
    two: tuple[Runner, Runner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"key": f"n{n}", "name": f"N {n}", "parent": f"n{n - 1}" if n else "bare"} for n in range(5)]
    rows += [{"key": "alone", "name": "Alone", "parent": ""}]
    for shop, taken in zip(two, (plain.TAKEN, ()), strict=True):
        monkeypatch.setattr(files, "TAKEN", taken)
        shop.json("setting", "set", "account.strategy", "none")
        shop.json("customer", "add", "Bare")
        shop.json("setting", "set", "account.strategy", "root")
        shop.json("customer", "import", sheet(tmp_path / "c.csv", rows))
        below = [(f"n{n}", "bare") for n in range(5)]
        assert sorted(shop.sql(ACCOUNTS)) == [("alone", "alone"), ("bare", "bare"), *below]
        assert shop("db", "check").exit == 0


def test_languages_and_currencies_that_may_not_be_chosen_are_told_of_by_columns_as_one_by_one(
    two: tuple[Runner, Runner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P-14: what everybody may choose needs no look at each user, unless a customer or group has its own settings."""
    told = []
    for shop, taken in zip(two, (plain.TAKEN, ()), strict=True):
        monkeypatch.setattr(files, "TAKEN", taken)
        for name in ("Here", "There"):
            shop.json("customer", "add", name)
        for start, own in ((0, ()), (12, ("--for", "customer:here"))):
            shop.json("setting", "set", "language.enabled", "en", "de" if own else "fr", *own)
            users = [
                {**user, "customer": ("", "here", "there")[number % 3], "language": language, "currency": currency}
                for number, (user, (language, currency)) in enumerate(
                    zip(rows_of(start, 12)[1], product(("", "en", "de", "fr"), ("", "USD", "EUR")), strict=True)
                )
            ]
            told.append(shop("user", "import", sheet(tmp_path / "u.csv", users)))
    assert told[:2] == told[2:]
    first, second = (answer.err for answer in told[:2])
    assert first.count("is none of the languages that may be chosen: en, fr (system)") == 3
    assert first.count("is none of the currencies that may be chosen: USD (default)") == 4
    assert second.count("is none of the languages that may be chosen: en, de (customer:here)") == 1
    assert content(two[0])["history"] == content(two[1])["history"]


@pytest.mark.parametrize(("noun", "wrong"), [("customer", {"key": "no key!"}), ("user", {"email": "nobody"})])
def test_a_row_whose_key_is_none_does_not_keep_the_indexes_for_all_that_follow(
    two: tuple[Runner, Runner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noun: str, wrong: dict[str, str]
) -> None:
    monkeypatch.setattr(plain, "BATCH", 5)
    dropped = tables_without_indexes(monkeypatch)
    above = "customer" if noun == "user" else "parent"
    rows = [{**row, above: ""} for row in rows_of(0, 30)[noun == "user"]]
    rows.insert(2, {**rows[0], **wrong, "external_id": "other"})
    for shop, least in zip(two, (8, 10**9), strict=True):
        monkeypatch.setattr(late, "LEAST", least)
        shop.json("setting", "set", "account.strategy", "none")
        answer = shop(noun, "import", sheet(tmp_path / "rows.csv", rows), "--continue-on-error", "-o", "json")
        assert (answer.exit, answer.json["added"], answer.json["rejected"]) == (6, 30, 1)
    assert {*dropped} > {"history"}
    assert content(two[0]) == content(two[1])
