"""Sales documents as commands, and small promises of rows, fields and first writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Process
from tests.runner import Runner

GROUPS = ("order", "quote", "request", "shopping-list", "checkout")


@pytest.mark.parametrize("group", GROUPS)
def test_every_row_of_a_sales_document_has_its_key(demo: Runner, group: str) -> None:
    rows = demo(group, "list", "-o", "json").json
    assert rows
    assert all(row["key"] == row["number"] for row in rows)
    assert demo(group, "show", rows[0]["key"], "-o", "json").json["key"] == rows[0]["number"]
    assert demo(group, "list", "-o", "name").lines[0] == f"{group}:{rows[0]['number']}"


@pytest.mark.parametrize("group", GROUPS)
def test_a_sales_document_is_added_changed_and_deleted(demo: Runner, group: str) -> None:
    assert demo(group, "add", "X-1", "--customer", "company-a", "--subtotal", "12.5", "--currency", "USD").exit == 0
    assert demo(group, "show", "x-1", "-o", "json").json["subtotal"] == "12.50"
    assert demo(group, "edit", "X-1", "--subtotal", "", "--customer", "partner-c").exit == 0
    shown = demo(group, "show", "X-1", "-o", "json").json
    assert (shown["subtotal"], shown["customer"]) == (None, "partner-c")
    assert demo(group, "add", "x-1").exit == 5
    assert demo(group, "delete", "X-1").exit == 0
    assert demo(group, "show", "X-1").exit == 3


def test_deleting_a_document_with_lines_needs_a_yes_and_takes_them_along(demo: Runner) -> None:
    assert demo("shopping-list", "delete", "SL-1001").exit == 2
    deleted = demo("shopping-list", "delete", "SL-1001", "--yes", "-o", "json").json
    assert {change["op"] for change in deleted["changes"]} == {"remove"}
    assert len(deleted["changes"]) > 1


def test_a_money_with_five_places_or_an_unknown_payment_status_is_refused(demo: Runner) -> None:
    assert demo("order", "edit", "SO-1001", "--subtotal", "1.00001").exit == 4
    assert demo("order", "edit", "SO-1001", "--payment-status", "payed").exit == 4


def test_show_can_be_asked_for_what_only_show_has(demo: Runner) -> None:
    shown = demo("customer", "show", "company-a", "--fields", "addresses", "-o", "json").json
    assert set(shown) == {"key", "addresses"}
    assert demo("customer", "show", "company-a", "--fields", "adresses").exit == 4


def test_a_guest_is_not_enabled(demo: Runner) -> None:
    refused = demo("user", "enable", "guest-jo-miller")
    assert refused.exit == 5
    assert "cannot sign in" in refused.err


def test_a_first_write_that_fails_leaves_no_file(process: Process, tmp_path: Path) -> None:
    database = tmp_path / "new" / "shop.db"
    assert process("--db", str(database), "customer", "add", "").exit == 4
    assert not database.parent.exists()
    assert process("--db", str(database), "customer", "add", "Acme").exit == 0
    assert database.exists()


@pytest.mark.parametrize("group", GROUPS)
def test_show_tells_the_fields_asked_for_beside_the_number_and_refuses_unknown_ones(demo: Runner, group: str) -> None:
    number = demo.json(group, "list", "--limit", "1")[0]["number"]
    words = (group, "show", number, "--fields")
    assert list(demo.json(*words, "currency,products")) == ["number", "currency", "products"]
    assert demo.refusal(*words, "colour") == (4, "unknown-field", "unknown field 'colour'")
