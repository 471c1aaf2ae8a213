"""What a database of an older program holds is there after its schema was brought up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from custctl.store import migrations
from custctl.store.past import rows_at
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
    found = custctl("db", "check", "-o", "json").json
    assert [finding["check"] for finding in found] == ["accounts"], "customers had none before they got them"
    assert custctl.changes("undo", "1", "--yes") == [("remove", "customer:acme")]
    assert custctl.changes("redo", "--last", "--yes") == [("add", "customer:acme")]
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
        query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('history', 'revision') ORDER BY 1"
        names = [name for (name,) in old.execute(query)]
        before = {name: old.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in names}
    assert custctl("db", "migrate", "-q").exit == 0
    after = {name: custctl.sql(f"SELECT * FROM {name} ORDER BY 1, 2") for name in names}
    assert after == before
    assert (len(after["customer"]), len(after["user_role"]), len(after["account_contact"])) == (2, 1, 1)
    assert custctl("db", "check").exit == 0
    assert custctl("customer", "add", "Next").exit == 0
    assert custctl.sql("SELECT id FROM customer WHERE key = 'next'") == [(10,)], "9 was used"
    assert custctl.refusal("customer", "add", "Other", "--external-id", "C1")[0] == 5


AT = "2026-01-02T00:00:00Z"


def told(
    old: sqlite3.Connection, revision: int, command: str, *changes: tuple[str, str, str | None, str | None]
) -> None:
    """A revision of an older database: op, record and both images of each change."""
    old.execute("INSERT INTO revision (id, at, actor, command) VALUES (?, ?, 'x', ?)", (revision, AT, command))
    rows = [(revision, *change) for change in changes]
    old.executemany("INSERT INTO history (revision_id, op, record, before, after) VALUES (?, ?, ?, ?, ?)", rows)


def group(key: str) -> str:
    return f'{{"key":"{key}","name":"G","price_lists":[],"unmerged_price_lists":[],"tags":[]}}'


def test_history_of_an_older_database_gets_the_ids_of_its_records_by_their_renames(custctl: Runner) -> None:
    with older(custctl, 6) as old:
        told(old, 1, "custctl group add a", ("add", "customer-group:a", None, group("a")))
        told(old, 2, "custctl group edit a --key b", ("rename", "customer-group:b", group("a"), group("b")))
        told(old, 3, "custctl group add a", ("add", "customer-group:a", None, group("a")))
        told(
            old,
            4,
            "custctl apply -f x.toml --yes",
            ("rename", "customer-group:b", group("a"), group("b")),
            ("rename", "customer-group:c", group("b"), group("c")),
        )
        told(old, 5, "custctl group delete b", ("remove", "customer-group:b", group("b"), None))
        told(old, 6, "custctl undo --last --yes", ("add", "customer-group:b", None, group("b")))
        told(old, 7, "custctl group delete b", ("remove", "customer-group:b", group("b"), None))
        told(old, 8, "custctl group add b", ("add", "customer-group:b", None, group("b")))
        query = """INSERT INTO customer_group (id, key, name, name_folded, manager, created_at, updated_at)
            VALUES (?, ?, 'G', 'g', ?, '2026-01-02T00:00:00Z', '2026-01-02T00:00:00Z')"""
        old.executemany(query, [(2, "c", "me"), (7, "b", None)])
    assert custctl("db", "migrate", "-q").exit == 0
    found = custctl.sql("SELECT revision_id, record_id, former, manager FROM history WHERE revision_id > 0 ORDER BY id")
    assert found == [
        (1, 2, None, "me"),
        (2, 2, "customer-group:a", "me"),
        (3, 8, None, None),
        (4, 8, "customer-group:a", None),
        (4, 2, "customer-group:b", "me"),
        (5, 8, "customer-group:b", None),
        (6, 8, None, None),
        (7, 8, "customer-group:b", None),
        (8, 7, None, None),
    ]
    assert custctl.sql("SELECT id, undoes FROM revision WHERE undoes IS NOT NULL") == [(6, 5)]
    assert custctl("group", "add", "Next").exit == 0
    assert custctl.sql("SELECT id FROM customer_group WHERE key = 'next'") == [(9,)], "8 is one that is gone"
    with closing(sqlite3.connect(custctl.database)) as connection:
        keys = [{row["id"]: row["key"] for row in rows_at(connection, at)["customer_group"]} for at in range(1, 9)]
    visitors = {1: "non-authenticated-visitors"}
    assert keys == [
        visitors | {2: "a"},
        visitors | {2: "b"},
        visitors | {2: "b", 8: "a"},
        visitors | {2: "c", 8: "b"},
        visitors | {2: "c"},
        visitors | {2: "c", 8: "b"},
        visitors | {2: "c"},
        visitors | {2: "c", 7: "b"},
    ]


@pytest.mark.parametrize(
    ("command", "undoes"),
    [
        ("custctl undo 1 --yes", 1),
        ("custctl -o json undo --yes 1", 1),
        ("custctl --db 2 undo --last", 2),
        ("custctl customer add undo 1", None),
        ("custctl undo 9", None),
        ("custctl 'undo 1", None),
    ],
)
def test_what_an_older_revision_took_back_is_read_from_its_command(
    custctl: Runner, command: str, undoes: int | None
) -> None:
    with older(custctl, 6) as old:
        told(old, 1, "custctl group add a")
        told(old, 2, "custctl group add b")
        told(old, 3, command)
    assert custctl("db", "migrate", "-q").exit == 0
    assert custctl.sql("SELECT undoes FROM revision WHERE id = 3") == [(undoes,)]


def test_what_a_migration_made_is_told_in_a_revision_of_its_own(custctl: Runner) -> None:
    with older(custctl, 3) as old:
        old.execute("""UPDATE customer_group SET price_lists = '["Base"]' WHERE id = 1""")
        told(old, 1, "custctl tag add x")
    assert custctl("db", "migrate", "-q").exit == 0
    query = "SELECT id, actor, command, migration FROM revision ORDER BY id"
    assert custctl.sql(query) == [
        (0, "custctl", "new database", 1),
        (1, "x", "custctl tag add x", 0),
        (2, "custctl", "custctl db migrate", 1),
    ]
    assert custctl.sql("SELECT op, record FROM history WHERE revision_id = 2") == [("add", "price-list:base")]
    assert custctl.refusal("undo", "2", "--yes")[:2] == (5, "protected")
    with closing(sqlite3.connect(custctl.database)) as connection:
        for revision in (1, 2):
            [link] = rows_at(connection, revision)["price_list_of"]
            assert (link["record_id"], link["price_list_id"]) == (1, 1)


def test_a_user_of_an_older_database_is_named_by_the_mailbox_from_then_on(custctl: Runner) -> None:
    email = "Straße@Acme.Example"
    image = f'{{"key":"strasse@acme.example","email":"{email}","first_name":"A","last_name":"B","enabled":false}}'
    with older(custctl, 7) as old:
        old.execute(
            "INSERT INTO customer_user (id, key, email, first_name, last_name, name_folded, enabled, confirmed, guest,"
            " sales_reps, auth_status, created_at, updated_at) VALUES (7, 'strasse@acme.example', ?, 'A', 'B',"
            " 'a b', 0, 1, 0, '[]', 'active', ?, ?)",
            (email, AT, AT),
        )
        old.execute("UPDATE customer_group SET name = 'Fuß@Hof', name_folded = 'fuss@hof'")
        old.execute("INSERT INTO revision (id, at, actor, command) VALUES (1, ?, 'x', 'custctl user add')", (AT,))
        old.execute(
            "INSERT INTO history (revision_id, op, record, record_id, after, created_at, updated_at)"
            " VALUES (1, 'add', 'user:strasse@acme.example', 7, ?, ?, ?)",
            (image, AT, AT),
        )
    assert custctl("db", "migrate", "-q").exit == 0
    assert custctl.sql("SELECT key FROM customer_user") == [("straße@acme.example",)]
    assert custctl.sql("SELECT name_folded FROM customer_group") == [("fuß@hof",)]
    assert custctl.sql("SELECT op, record, former FROM history WHERE revision_id = 2") == [
        ("rename", "user:straße@acme.example", "user:strasse@acme.example")
    ]
    assert custctl("db", "check").exit == 0
    assert custctl.refusal("user", "show", "strasse@acme.example")[:2] == (3, "not-found")
    assert custctl.json("user", "show", "STRAßE@acme.example")["email"] == email
    with closing(sqlite3.connect(custctl.database)) as connection:
        keys = [[row["key"] for row in rows_at(connection, at)["customer_user"]] for at in (1, 2)]
    assert keys == [["strasse@acme.example"], ["straße@acme.example"]]
