"""Rows are written by model objects or in bulk; whichever it is, every table holds the same, and values come back."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custctl.resources import BUSINESS, CONTACT, CUSTOMER, NOUNS, ROLE, SETTING, USER, VISITOR, Noun
from custctl.store import rows
from custctl.store.codec import amount_text, money_from, money_text, rate_text, to_column
from custctl.store.demo import folder
from custctl.store.select import selection
from tests.runner import Rows, Runner
from tests.store.memory import empty

NEVER, ALWAYS = 1_000_000, 1
"""When writing in bulk begins: the two roads."""

CHANGES = """
[[customers]]
key = "acme"
was = "company-a"
external_id = "ERP-20001"
[[customers]]
key = "wholesaler-b"
external_id = ""
sales_reps = ["Zoe", "Änne \\U0001F600"]
[[customers]]
key = "company-a-west"
parent = ""
[[price_lists]]
key = "a"
name = "A"
[[price_lists]]
key = "b"
name = "B"
[[groups]]
key = "partners"
price_lists = ["a", "b"]
[[roles]]
key = "acme/approver"
capability_default = false
[roles.permissions.order]
view = "user"
[roles.fields."quote.subtotal"]
view = "none"
[[users]]
email = "bob.reyes@company-a.example"
customer = "partner-c"
roles = ["administrator", "buyer"]
enabled = false
[[users]]
email = "dana@company-a.example"
was = "dana.lee@company-a.example"
[[orders]]
number = "SO-1002"
subtotal = "0.0001"
status = ""
[[requests]]
number = "RFQ-1001"
workflow_active = true
[[records]]
entity = "warranty-claim"
key = "wc-1001"
parent = "order:SO-1001"
[[entities]]
name = "sales-report"
permissions = ["view", "create", "print"]
[settings]
"guest.shopping_list" = ""
"guest.allowed_pages" = ["/", ""]
"""


def written(empty: Path, place: Path, bulk: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, Rows]:
    """Every row after the demo world and changes of every kind, by one of the roads, at one moment."""
    monkeypatch.setattr("custctl.store.rows.BULK", bulk)
    monkeypatch.setattr("custctl.store.unit.now", lambda: "2026-01-31T12:00:00Z")
    place.mkdir()
    runner = Runner(Path(shutil.copy(empty, place / "shop.db")))
    runner.extra = {"CUSTCTL_DB": str(runner.database)}
    with monkeypatch.context() as here:
        here.chdir(place)
        Path("changes.toml").write_text(CHANGES, encoding="utf-8")
        assert runner("apply", "-f", str(folder()), "--yes").exit == 0
        answer = runner("apply", "-f", "changes.toml", "--yes", "-o", "json")
        assert (answer.exit, len(answer.json["changes"])) == (0, 22), answer
        assert runner("customer", "address", "delete", "acme/warehouse").exit == 0
        assert runner("group", "delete", "wholesale-accounts", "--yes").exit == 0
    return runner.contents()


def test_both_roads_leave_the_same_rows_and_the_same_history(
    empty_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_models = written(empty_file, tmp_path / "models", NEVER, monkeypatch)
    in_bulk = written(empty_file, tmp_path / "bulk", ALWAYS, monkeypatch)
    assert {name: len(found) for name, found in by_models.items()} == {
        name: len(found) for name, found in in_bulk.items()
    }
    assert by_models == in_bulk
    assert len(by_models["history"]) > 100


def test_rows_in_bulk_need_no_model(custctl: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a session was opened")

    monkeypatch.setattr("custctl.store.rows.BULK", ALWAYS)
    monkeypatch.setattr("custctl.store.rows._session_on", refuse)
    assert custctl("apply", "-f", str(folder()), "--yes").exit == 0


# Values

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
amounts = st.integers(-(2**62), 2**62).map(money_text)
json_values = st.booleans() | texts | st.lists(texts)

STORED: dict[str, tuple[Noun, dict[str, Any], Mapping[str, st.SearchStrategy[Any]]]] = {
    "text": (
        CUSTOMER,
        {"name_folded": "", "sales_reps": "[]"},
        {"key": texts, "name": texts, "vat_id": st.none() | texts},
    ),
    "list": (CUSTOMER, {"key": "k", "name": "", "name_folded": ""}, {"sales_reps": st.lists(texts)}),
    "bool": (
        USER,
        {
            **dict.fromkeys(("key", "email", "first_name", "last_name", "name_folded"), "x"),
            "auth_status": "active",
            "sales_reps": "[]",
        },
        {"enabled": st.booleans(), "confirmed": st.booleans(), "guest": st.booleans()},
    ),
    "time": (VISITOR, {"key": "k"}, {"last_visit": st.none() | st.datetimes().map(lambda at: f"{at:%FT%TZ}")}),
    "day": (
        CONTACT,
        {**dict.fromkeys(("key", "first_folded", "last_folded", "name_folded"), "x"), "emails": "[]", "phones": "[]"},
        {"birthday": st.none() | st.dates().map(str)},
    ),
    "count": (
        BUSINESS,
        {**dict.fromkeys(("key", "name", "name_folded"), "x"), "emails": "[]", "phones": "[]"},
        {"employees": st.none() | st.integers(0, 2**53)},
    ),
    "switch": (
        ROLE,
        {**dict.fromkeys(("key", "code", "label", "label_folded"), "x"), "self_managed": 0, "public": 0},
        {"capability_default": st.none() | st.booleans()},
    ),
    "money": (
        NOUNS["order"],
        {"entity": "order", "number": "n", "number_folded": "n", "workflow_active": 0},
        {"subtotal": st.none() | amounts},
    ),
    "json": (SETTING, {"key": "k", "name": "k"}, {"value": json_values}),
}
"""For each kind of column a noun that has it, what its row needs besides, and values of the kind."""


def come_back(noun: Noun, values: Mapping[str, Any], columns: Mapping[str, Any], bulk: int) -> dict[str, Any]:
    """The values as they are read after they were written by one of the roads."""
    fields = {field.name: field for field in noun.fields}
    row = {fields[name].holder: to_column(fields[name], value) for name, value in values.items()}
    times = {"created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z"}
    with closing(empty()) as connection, mock.patch.object(rows, "BULK", bulk):
        transaction = rows.Transaction(connection)
        transaction.insert(noun.table, [{"id": 100, **columns, **times, **row}])
        ((_, image),) = selection(noun.name).rows(connection, "AND t.id = 100")
        transaction.rollback()
    return {name: image[name] for name in values}


@pytest.mark.parametrize("bulk", [NEVER, ALWAYS], ids=["models", "bulk"])
@pytest.mark.parametrize("kind", STORED)
def test_values_of_every_kind_come_back_as_they_were(kind: str, bulk: int) -> None:
    noun, columns, strategies = STORED[kind]
    assert {field.kind for field in noun.fields if field.name in strategies} == {kind}

    @given(st.fixed_dictionaries(dict(strategies)))
    @settings(max_examples=25, deadline=None)
    def check(values: dict[str, Any]) -> None:
        assert come_back(noun, values, columns, bulk) == values

    check()


def test_every_kind_of_column_is_among_those_that_come_back() -> None:
    kinds = {
        field.kind for noun in NOUNS.values() for field in noun.fields if field.in_row and field.kind != "reference"
    }
    assert kinds == set(STORED)


@given(st.integers(-(2**63) + 1, 2**63 - 10_000))
def test_every_amount_that_can_be_kept_is_written_and_read_exactly(units: int) -> None:
    text = money_text(units)
    assert len(text.partition(".")[2]) in (2, 3, 4)
    if abs(units) < 2**63 // 10_000 * 10_000:
        assert money_from(text) == units


@pytest.mark.parametrize(
    ("written", "units", "shown"),
    [
        ("1234.5", 12_345_000, "1234.50"),
        ("0", 0, "0.00"),
        ("-0.0001", -1, "-0.0001"),
        ("+5", 50_000, "5.00"),
        (" 5\u00a0", 50_000, "5.00"),
        ("12.500000", 125_000, "12.50"),
        (Decimal("12.5"), 125_000, "12.50"),
        ("0.1250", 1_250, "0.125"),
        (7, 70_000, "7.00"),
    ],
)
def test_money_is_shown_with_two_places_and_no_more_than_it_needs(
    written: str | int | Decimal, units: int, shown: str
) -> None:
    assert (money_from(written), money_text(units)) == (units, shown)


NO_MONEY = "must be an amount of money like 1234.50"


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "x", "1,5", ".", ".5", "5.", "1.2.3", "--1", "1 000", "1'000", "$5", "0x10", "1_000", "1_0.50"),
        *("1e3", "1E3", "1e9999999", "1e-9999999", "NaN", "nan", "-nan", "sNaN", "Infinity", "inf", "-inf"),
        *("\u0661\u0662", "\uff11\uff12", "1\u066b5", "\u00b2", "\u2212" + "5"),
        *(True, False, 1.5, float("nan"), None, [], {}, (), [0, [1, 5], 1], (0, (1, 5), 1), {"a": 1}, b"1"),
        *(Decimal("1E+3"), Decimal("NaN"), Decimal("Infinity"), Decimal("1E-7")),
    ],
    ids=repr,
)
def test_money_is_digits_of_ascii_with_one_point_and_nothing_else(value: object) -> None:
    with pytest.raises(ValueError, match=f"^{NO_MONEY}$"):
        money_from(value)
    with pytest.raises(ValueError, match=r"^must be a number above 0, like 1\.08$"):
        rate_text(value)
    with pytest.raises(ValueError, match=r"^must be money written as text, nothing or more"):
        amount_text(value)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("1.00001", "must have at most four decimal places"),
        ("922337203685477", "is too large an amount"),
        ("-922337203685477", "is too large an amount"),
        ("1" + "0" * 400, "is too large an amount"),
        ("1" + "0" * 40_000, "is too large an amount"),
        (10**400, "is too large an amount"),
        ("1." + "0" * 40 + "1", "must have at most four decimal places"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, str) else "a large integer",
)
def test_an_amount_that_cannot_be_kept_exactly_is_refused(amount: str | int, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}$"):
        money_from(amount)
