"""What a database of an older program holds is there after its schema was brought up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from custctl.store import migrations
from tests.runner import Runner


@contextmanager
def older(shop: Runner, version: int) -> Iterator[sqlite3.Connection]:
    """The database of a shop in a transaction, made anew as an older program made it."""
    shop.database.unlink()
    with closing(sqlite3.connect(shop.database, isolation_level=None)) as old:
        old.execute("PRAGMA journal_mode = WAL")
        old.execute("BEGIN")
        for number, step in enumerate(migrations.MIGRATIONS[:version], 1):
            step(old, "2026-01-01T00:00:00Z")
            old.execute(f"PRAGMA user_version = {number}")
        old.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID}")
        yield old
        old.execute("COMMIT")


def test_names_of_price_lists_of_an_older_database_become_lists_of_these_names(custctl: Runner) -> None:
    with older(custctl, 3) as old:
        at = "'2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'"
        old.execute(
            "INSERT INTO customer (key, name, name_folded, sales_reps, price_lists, created_at, updated_at)"
            f""" VALUES ('acme', 'Acme', 'acme', '[]', '["VIP 2026", "Base", "base!"]', {at})"""
        )
        old.execute("""UPDATE customer_group SET price_lists = '["Base"]' WHERE id = 1""")
        image = '{"key":"acme","name":"Acme","sales_reps":[],"price_lists":["VIP 2026","Base","base!"],"tags":[]}'
        old.execute("INSERT INTO revision VALUES (1, '2026-01-01T00:00:00Z', 'x', 'custctl')")
        old.execute(
            "INSERT INTO history (revision_id, op, record, after) VALUES (1, 'add', 'customer:acme', ?)", (image,)
        )
    assert custctl("db", "migrate", "-q").exit == 0
    assert custctl.json("customer", "show", "acme")["price_lists"] == ["vip-2026", "base"]
    assert custctl.json("group", "show", "non-authenticated-visitors")["price_lists"] == ["base"]
    assert [row["name"] for row in custctl.json("price-list", "list")] == ["Base", "VIP 2026"]
    assert custctl("db", "check").exit == 0
    assert custctl.changes("undo", "1", "--yes") == [("remove", "customer:acme")]
    assert custctl.changes("undo", "--last", "--yes") == [("add", "customer:acme")]
    assert custctl.json("customer", "show", "acme")["price_lists"] == ["vip-2026", "base"]


def test_tables_that_are_made_anew_keep_their_rows_what_refers_to_them_and_the_ids_that_were_used(
    custctl: Runner,
) -> None:
    """Rows that go when their record goes are among them: roles of users, contacts of accounts."""
    at = "'2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'"
    with older(custctl, 5) as old:
        old.execute(f"INSERT INTO account VALUES (7, 'acme', 'Acme', 'acme', NULL, NULL, NULL, NULL, 'A1', NULL, {at})")
        old.execute(
            "INSERT INTO customer (id, key, name, name_folded, parent_id, account_id, sales_reps, external_id,"
            f" created_at, updated_at) VALUES (4, 'acme', 'Acme', 'acme', NULL, 7, '[]', 'C1', {at}),"
            f" (3, 'sub', 'Sub', 'sub', 4, 7, '[]', NULL, {at}), (9, 'gone', 'Gone', 'gone', 4, NULL, '[]', NULL, {at})"
        )
        old.execute("DELETE FROM customer WHERE id = 9")
        old.execute(
            "INSERT INTO customer_user (id, key, email, first_name, last_name, name_folded, customer_id, enabled,"
            " confirmed, guest, auth_status, sales_reps, language, created_at, updated_at)"
            f" VALUES (5, 'a@b.example', 'A@b.example', 'A', 'B', 'a b', 3, 1, 1, 0, 'active', '[]', 'de', {at})"
        )
        old.execute("INSERT INTO user_role SELECT 5, id FROM role WHERE key = 'buyer'")
        old.execute(
            "INSERT INTO contact (id, key, first_name, first_folded, last_folded, name_folded, emails, phones,"
            f" created_at, updated_at) VALUES (2, 'kim', 'Kim', 'kim', '', 'kim', '[]', '[]', {at})"
        )
        old.execute("INSERT INTO account_contact (account_id, contact_id) VALUES (7, 2)")
        names = [name for (name,) in old.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")]
        before = {name: old.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in names}
    assert custctl("db", "migrate", "-q").exit == 0
    after = {name: custctl.sql(f"SELECT * FROM {name} ORDER BY 1, 2") for name in names}
    assert after == before
    assert (len(after["customer"]), len(after["user_role"]), len(after["account_contact"])) == (2, 1, 1)
    assert custctl("db", "check").exit == 0
    assert custctl("customer", "add", "Next").exit == 0
    assert custctl.sql("SELECT id FROM customer WHERE key = 'next'") == [(10,)], "9 was used"
    assert custctl.refusal("customer", "add", "Other", "--external-id", "C1")[0] == 5
