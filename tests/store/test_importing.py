"""Imports and documents are two roads to one place: the same rows and the same history, however rows are chunked."""

from __future__ import annotations

import csv
import json
import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from custctl.commands import _progress
from custctl.store.importing import engine, plain
from custctl.store.sheets import text
from tests.runner import Runner

Record = dict[str, Any]

_REFERENCES = ("parent_id", "group_id", "customer_id", "user_id", "role_id", "account_id")
_TAKEN_APART = ("id", *_REFERENCES, "created_at", "updated_at", "at")


def world(seed: int, count: int = 60) -> tuple[list[Record], list[Record]]:
    """Customers and users with everything that a row can say, parents before and behind their children."""
    draw = random.Random(seed)
    customers: list[Record] = []
    for number in range(count):
        values = {
            "key": f"c{number}",
            "name": draw.choice(["Acme", "Åse & Søn", 'Straße "7"', "名前 株式会社", "Back\\slash", "Tab\tbed"])
            + f" {number}",
            "parent": f"c{draw.randrange(number)}" if number and draw.random() < 0.6 else "",
            "group": draw.choice(["", "gold", "silver"]),
            "internal_rating": draw.choice(["", "", "3_of_5"]),
            "payment_term": draw.choice(["", "net 30"]),
            "tax_code": draw.choice(["", "EU-1"]),
            "vat_id": draw.choice(["", f"DE{number}"]),
            "owner": draw.choice(["", "jo"]),
            "external_id": draw.choice(["", str(number)]),
            "tags": draw.choice(["", "", "", "big, new"]),
        }
        customers.append(values)
    users: list[Record] = [
        {
            "email": draw.choice(
                ["u{0}@x.example", "U{0}@Company-A.com", "ünï{0}@x.example", "u+{0}@sub.x.org"]
            ).format(number),
            "prefix": draw.choice(["", "Dr."]),
            "first_name": draw.choice(["Anna", "Øyvind"]),
            "last_name": f"O'Neil {number}",
            "customer": f"c{draw.randrange(count)}",
            "roles": draw.choice(["buyer", "administrator", "administrator, buyer"]),
            "enabled": draw.choice(["", "true", "0"]),
            "confirmed": draw.choice(["", "yes", "no"]),
            "auth_status": draw.choice(["", "reset"]),
            "birthday": draw.choice(["", "", "1990-12-31"]),
            "external_id": draw.choice(["", f"U{number}"]),
        }
        for number in range(count * 2)
    ]
    draw.shuffle(customers)
    return customers, users


def sheet(path: Path, rows: Sequence[Mapping[str, str]]) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def owned(rows: Sequence[Mapping[str, str]]) -> list[Record]:
    """The rows as an import takes them that are new: whoever runs it is the owner where nobody else is (C-12)."""
    return [{**row, "owner": row.get("owner") or "tester"} for row in rows]


def document(path: Path, **tables: Sequence[Mapping[str, str]]) -> str:
    """The same records as a document has them: what a cell leaves empty is not said."""
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

    def value(name: str, cell: str) -> Any:
        if name in ("tags", "roles"):
            return cell.split(", ")
        return words[cell] if name in ("enabled", "confirmed") else cell

    def record(row: Mapping[str, str]) -> Record:
        return {name: value(name, cell) for name, cell in row.items() if cell}

    path.write_text(
        json.dumps({name: [record(row) for row in rows] for name, rows in tables.items()}), encoding="utf-8"
    )
    return str(path)


def told(shop: Runner, revision: int) -> Iterator[tuple[Any, ...]]:
    """What is stored, and what history says since a revision, ids and the order of records apart."""
    for table in ("customer", "customer_user", "customer_group", "address", "tag"):
        names = [row[1] for row in shop.sql(f"PRAGMA table_info({table})") if row[1] not in _TAKEN_APART]
        yield (table, *sorted(shop.sql(f"SELECT {', '.join(names)} FROM {table}"), key=repr))
    yield from sorted(
        shop.sql(
            "SELECT c.key, p.key, g.key, a.key FROM customer c LEFT JOIN customer p ON p.id = c.parent_id"
            " LEFT JOIN customer_group g ON g.id = c.group_id LEFT JOIN account a ON a.id = c.account_id"
        )
    )
    yield from sorted(
        shop.sql(
            "SELECT u.key, r.key FROM customer_user u JOIN user_role l ON l.user_id = u.id"
            " JOIN role r ON r.id = l.role_id"
        )
    )
    yield from sorted(shop.sql("SELECT u.key, c.key FROM customer_user u JOIN customer c ON c.id = u.customer_id"))
    yield from sorted(shop.sql("SELECT t.key, l.noun FROM tagging l JOIN tag t ON t.id = l.tag_id"))
    changes = "SELECT op, record, before, after, manager FROM history WHERE revision_id > ? ORDER BY record"
    yield from shop.sql(changes, revision)


@pytest.fixture
def pair(custctl: Runner, tmp_path: Path) -> tuple[Runner, Runner]:
    """Two equal shops with two groups."""
    for name in ("Gold", "Silver"):
        custctl("group", "add", name)
    other = tmp_path / "other"
    other.mkdir()
    return custctl, Runner(Path(shutil.copy(custctl.database, other)))


@pytest.mark.parametrize(("chunk", "seed"), [(7, 1), (1000, 2), (23, 3)])
def test_an_import_and_a_document_with_the_same_records_leave_the_same_rows_and_history(
    pair: tuple[Runner, Runner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, seed: int
) -> None:
    monkeypatch.setattr(engine, "CHUNK", chunk)
    monkeypatch.setattr(plain, "BATCH", chunk + 1)
    imported, applied = pair
    customers, users = world(seed)
    counts = imported.json("customer", "import", sheet(tmp_path / "customers.csv", customers))
    assert (counts["added"], counts["rejected"]) == (len(customers), 0)
    counts = imported.json("user", "import", sheet(tmp_path / "users.csv", users))
    assert (counts["added"], counts["rejected"]) == (len(users), 0)
    applied.json("apply", "-f", document(tmp_path / "c.json", customers=owned(customers)), "--yes")
    applied.json("apply", "-f", document(tmp_path / "u.json", users=owned(users)), "--yes")
    assert list(told(imported, 2)) == list(told(applied, 2))
    assert imported("db", "check").exit == 0


@pytest.mark.parametrize("seed", [11, 12])
def test_an_import_over_what_is_stored_and_a_document_leave_the_same_rows_and_history(
    pair: tuple[Runner, Runner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(engine, "CHUNK", 9)
    imported, applied = pair
    stored = sorted(world(seed)[0], key=lambda row: int(row["key"][1:]))  # parents before their children
    customers = [
        {**row, "name": f"{row['name']} again" if number % 3 else row["name"]} for number, row in enumerate(stored)
    ]
    half = len(stored) // 2
    for shop in pair:
        shop.json("apply", "-f", document(tmp_path / "c.json", customers=stored[:half]), "--yes")
    imported.json("customer", "import", sheet(tmp_path / "customers.csv", customers))
    customers[half:] = owned(customers[half:])
    applied.json("apply", "-f", document(tmp_path / "c2.json", customers=customers), "--yes")
    assert list(told(imported, 2)) == list(told(applied, 2))


SINGLE = {
    "customer": ({"name": "Wide"}, ("Wide",), ("--owner", "jo")),
    "user": (
        {"email": "A@x.example", "first_name": "A", "last_name": "B", "customer": "c", "roles": "buyer"},
        ("A@x.example", "--first-name", "A", "--last-name", "B", "--customer", "c", "--role", "buyer"),
        ("--owner", "jo"),
    ),
    "group": ({"name": "Bronze"}, ("Bronze",), ("--owner", "jo")),
    "account": ({"name": "Big"}, ("Big",), ("--owner", "jo")),
    "contact": ({"first_name": "Ann"}, ("--first-name", "Ann"), ("--owner", "jo")),
    "tag": ({"name": "vip"}, ("vip",), ()),
    "order": ({"number": "SO-1", "customer": "c"}, ("SO-1", "--customer", "c"), ()),
}


@pytest.mark.parametrize("noun", SINGLE)
@pytest.mark.parametrize("form", ["csv", "json"])
def test_an_import_of_one_row_and_the_verb_add_leave_the_same_row_and_history(
    pair: tuple[Runner, Runner], noun: str, form: str
) -> None:
    """C-12: the owner of a new record is who makes it, unless another one is given."""
    row, words, given = SINGLE[noun]
    for shop in pair:
        shop("customer", "add", "C")
    by_import, by_hand = pair
    for number, owner in enumerate([(), given] if given else [()]):
        values = {**row, **({"owner": owner[1]} if owner else {})}
        name = "email" if noun == "user" else next(iter(row))
        values[name] = f"{number}{values[name]}"
        text = json.dumps([values]) if form == "json" else ",".join(values) + "\n" + ",".join(values.values()) + "\n"
        by_import.json(noun, "import", by_import.file(text, f"rows.{form}"))
        renamed = [f"{number}{word}" if word == row[name] else word for word in words]
        by_hand.json(noun, "add", *renamed, *owner)
    assert list(told(by_import, 3)) == list(told(by_hand, 3))
    for table in ("contact", "account", "tag", "sales_document"):
        rows = [[row[1:] for row in shop.sql(f"SELECT * FROM {table}")] for shop in pair]
        assert [_without_times(row) for row in rows[0]] == [_without_times(row) for row in rows[1]]


def _without_times(row: Sequence[Any]) -> list[Any]:
    return [value for value in row if not (isinstance(value, str) and value.endswith("Z"))]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_i_07_of_each_circle_of_new_rows_one_is_rejected_wherever_the_file_is_cut(
    custctl: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, seed: int
) -> None:
    for module, name in ((engine, "CHUNK"), (plain, "BATCH")):
        monkeypatch.setattr(module, name, size)
    rows = [{"key": f"c{n}", "name": f"C {n}", "parent": f"c{n // 10 * 10 + (n + 1) % 10}"} for n in range(30)]
    rows += [{"key": f"below{n}", "name": f"Below {n}", "parent": f"below{n - 1}" if n else "c0"} for n in range(5)]
    rows += [{"key": f"sound{n}", "name": f"Sound {n}", "parent": f"sound{n - 1}" if n else ""} for n in range(5)]
    random.Random(seed).shuffle(rows)
    path = sheet(tmp_path / "c.csv", rows)
    answer = custctl("customer", "import", path, "--continue-on-error", "-o", "json")
    assert (answer.json["added"], answer.json["rejected"]) == (37, 3)
    assert {problem["code"] for problem in answer.json["errors"]} == {"cycle"}
    assert custctl.sql("SELECT count(*) FROM customer WHERE parent_id IS NULL") == [(3 + 1,)]
    above = "SELECT p.key FROM customer c JOIN customer p ON p.id = c.parent_id WHERE c.key = ?"
    assert custctl.sql(above, "below0") == [("c0",)]
    assert custctl("db", "check").exit == 0


def test_a_record_that_chunks_touch_again_has_one_row_of_history_and_is_undone_as_one(
    custctl: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "CHUNK", 1)
    custctl("customer", "add", "Old")
    before = custctl.contents("revision", "history")
    rows = [
        {"key": "a", "name": "A", "vat_id": ""},
        {"key": "old", "name": "O", "vat_id": ""},
        {"key": "a", "name": "A", "vat_id": "B"},
        {"key": "old", "name": "O", "vat_id": "P"},
    ]
    counts = custctl.json("customer", "import", sheet(tmp_path / "c.csv", rows))
    assert (counts["added"], counts["updated"]) == (1, 3)
    found = custctl.sql(
        "SELECT op, record, json_extract(before, '$.name'), json_extract(after, '$.vat_id') FROM history"
        " WHERE revision_id = 2 ORDER BY record"
    )
    assert found == [
        ("add", "account:a", None, None),
        ("add", "customer:a", None, "B"),
        ("change", "customer:old", "Old", "P"),
    ]
    custctl("undo", "2", "--yes")
    after = custctl.contents("revision", "history")
    assert [row[1] for row in after["customer"]] == [row[1] for row in before["customer"]]


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_a_record_that_a_row_deletes_and_a_later_one_adds_again_has_one_row_of_history(
    custctl: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(engine, "CHUNK", size)
    custctl("customer", "add", "Acme")
    rest = {
        "owner": "acme",
        "city": "Rome",
        "postal_code": "1",
        "country": "IT",
        "region": "IT-RM",
        "organization": "O",
    }
    first = [{**rest, "key": key, "street": f"{key} 1", "delete": ""} for key in ("a", "b", "c")]
    custctl("customer", "address", "import", sheet(tmp_path / "first.csv", first))
    before = custctl.contents("revision", "history")
    steps = [("b", "", "1"), ("c", "", "1"), ("b", "new 2", ""), ("c", "new 3", ""), ("c", "", "1")]
    rows = [{**rest, "key": key, "street": street, "delete": delete} for key, street, delete in steps]
    counts = custctl.json("customer", "address", "import", sheet(tmp_path / "again.csv", rows))
    assert (counts["deleted"], counts["added"], counts["rejected"]) == (3, 2, 0)
    found = custctl.sql(
        "SELECT op, record, json_extract(before, '$.street'), json_extract(after, '$.street') FROM history"
        " WHERE revision_id = 3 ORDER BY record"
    )
    assert found == [
        ("change", "customer-address:acme/b", "b 1", "new 2"),
        ("remove", "customer-address:acme/c", "c 1", None),
    ]
    custctl("undo", "3", "--yes")
    streets = "SELECT key, street FROM address ORDER BY key"
    assert custctl.sql(streets) == [("a", "a 1"), ("b", "b 1"), ("c", "c 1")]
    assert len(custctl.contents("revision", "history")["address"]) == len(before["address"])
    assert custctl("db", "check").exit == 0


def test_the_order_of_rows_that_wait_for_each_other_makes_no_difference_and_takes_no_passes(
    custctl: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I-06: a chain from the deepest child up to its root, in chunks of three."""
    monkeypatch.setattr(engine, "CHUNK", 3)
    monkeypatch.setattr(plain, "BATCH", 3)
    rows = [{"key": f"c{n}", "name": f"C {n}", "parent": f"c{n - 1}" if n else ""} for n in reversed(range(40))]
    counts = custctl.json("customer", "import", sheet(tmp_path / "c.csv", rows))
    assert (counts["added"], counts["rejected"]) == (40, 0)
    assert custctl.sql("SELECT count(*) FROM customer WHERE parent_id IS NOT NULL") == [(39,)]
    told = "SELECT substr(record, 1, 8), count(*) FROM history WHERE revision_id = 1 GROUP BY 1"
    assert custctl.sql(told) == [("account:", 40), ("customer", 40)]


@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_how_far_an_import_is_follows_from_how_much_of_the_file_is_read(
    custctl: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    told: list[tuple[int, int | None]] = []
    monkeypatch.setattr(_progress.Progress, "at", lambda _, done, total=None: told.append((done, total)))
    monkeypatch.setattr(text, "CHUNK", 64)
    for module, name in ((engine, "CHUNK"), (plain, "BATCH")):
        monkeypatch.setattr(module, name, 10)
    rows = [{"key": f"company-{n:03}", "name": f"Company {n:03}"} for n in range(100)]
    name = sheet(tmp_path / "c.csv", rows)
    if form != "csv":
        lines = [json.dumps(row) for row in rows]
        whole = "\n".join(lines) if form == "jsonl" else f"[{','.join(lines)}]"
        (tmp_path / f"c.{form}").write_text(whole)
        name = str(tmp_path / f"c.{form}")
    custctl("customer", "import", name)
    assert [done for done, _ in told][-1] == 100
    assert len(told) >= 10
    assert all(total is not None and done <= total for done, total in told)
    assert all(80 <= (total or 0) <= 110 for done, total in told if done >= 20)
    told.clear()
    custctl("customer", "import", "-", "--format", form, stdin=Path(name).read_bytes())
    assert told[-1] == (100, None)
