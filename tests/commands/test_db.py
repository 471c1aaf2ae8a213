"""db check, backup and restore: what they find, what they write, and what they refuse."""

from __future__ import annotations

import shlex
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from custctl.choices import closed_set
from custctl.resources import NOUNS, Field, Noun
from custctl.store import checks
from custctl.store.migrations import SCHEMA_VERSION
from custctl.store.select import selection
from tests.runner import Runner

Finding = dict[str, Any]

USER = "amanda.smith@company-a.example"


def plant(runner: Runner, *statements: str) -> None:
    """Damage, written into the file by another program, which does not care about references."""
    with closing(sqlite3.connect(runner.database)) as connection, connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0, f"nothing was damaged: {statement}"


def findings(runner: Runner) -> list[Finding]:
    """What the check finds; 1 when it is anything."""
    answer = runner("db", "check", "-o", "json")
    assert answer.exit == (1 if answer.json else 0), answer
    return list(answer.json)


def named(runner: Runner) -> list[tuple[str, str | None, str]]:
    return [(found["check"], found["record"], found["message"]) for found in findings(runner)]


def test_a_new_shop_and_the_demo_world_have_no_findings(custctl: Runner, demo: Runner) -> None:
    for runner in (custctl, demo):
        answer = runner("db", "check")
        assert (answer.exit, answer.out, answer.err) == (0, "", "no findings\n")


def test_what_commands_have_written_has_no_findings(demo: Runner) -> None:
    rename = ("customer", "edit", "company-a", "--key", "firm-a")
    address = ("--street", "Side 1", "--city", "Rome", "--postal-code", "1", "--country", "VA", "--organization", "A")
    for words in (
        rename,
        ("customer", "edit", "firm-a", "--name", "STRAẞE İ ﬁrm"),
        ("user", "edit", USER, "--first-name", "Ämanda"),
        ("customer", "address", "add", "firm-a", "--label", "Über Côté", "--default", "billing", *address),
        ("role", "grant", "firm-a/approver", "opportunity.budget", "view=full"),
        ("undo", "--last", "--yes"),
    ):
        assert demo(*words).exit == 0, words
    assert findings(demo) == []


DAMAGE: dict[str, tuple[str, str, str, str]] = {
    "a reference without a target": (
        "UPDATE customer SET group_id = 999 WHERE key = 'company-a'",
        "references",
        "customer:company-a",
        "customer.group_id leads to no customer_group",
    ),
    "a customer above itself": (
        "UPDATE customer SET parent_id = (SELECT id FROM customer WHERE key = 'company-a-la') WHERE key = 'company-a'",
        "cycles",
        "customer:company-a",
        "is above itself: customer:company-a → customer:company-a-la → customer:company-a-west → customer:company-a",
    ),
    "a plain record above itself": (
        "UPDATE record SET parent_document_id = NULL, parent_record_id = id WHERE id = 1",
        "cycles",
        "{record}",
        "is above itself: {record} → {record}",
    ),
    "a name that is not found": (
        "UPDATE customer SET name_folded = 'other' WHERE key = 'company-a'",
        "names",
        "customer:company-a",
        "name_folded is 'other', not 'company a': it is not found by its name",
    ),
    "a person who is not found": (
        f"UPDATE customer_user SET name_folded = 'other' WHERE key = '{USER}'",
        "names",
        f"user:{USER}",
        "name_folded is 'other', not 'amanda smith': it is not found by its name",
    ),
    "a label that is not found": (
        "UPDATE role SET label_folded = 'Buyer' WHERE key = 'buyer'",
        "names",
        "role:buyer",
        "label_folded is 'Buyer', not 'buyer': it is not found by its name",
    ),
    "a number that is not found": (
        "UPDATE sales_document SET number_folded = 'x' WHERE number = 'SO-1001'",
        "names",
        "order:SO-1001",
        "number_folded is 'x', not 'so-1001': it is not found by its name",
    ),
    "a record that is not found": (
        "UPDATE record SET key_folded = 'x' WHERE id = 1",
        "names",
        "{record}",
        "key_folded is 'x', not '{folded}': it is not found by its name",
    ),
    "a key that is no slug": (
        "UPDATE customer SET key = 'Company Z' WHERE key = 'partner-c-north'",
        "keys",
        "customer:Company Z",
        "its key should be 'company-z'",
    ),
    "an address whose key is no slug": (
        "UPDATE address SET key = 'H.Q.' WHERE id = 1",
        "keys",
        "{owner}/H.Q.",
        "its key should be 'h-q'",
    ),
    "a user whose key is not the e-mail": (
        f"UPDATE customer_user SET email = 'other@company-a.example' WHERE key = '{USER}'",
        "keys",
        f"user:{USER}",
        "its key should be 'other@company-a.example'",
    ),
    "a role with another customer's key": (
        "UPDATE role SET customer_id = NULL WHERE key = 'company-a/approver'",
        "keys",
        "role:company-a/approver",
        "its key should be 'approver'",
    ),
    "a list that is no JSON": (
        "UPDATE customer SET sales_reps = '[1' WHERE key = 'company-a'",
        "json",
        "customer:company-a",
        "sales_reps is '[1', not a list of texts",
    ),
    "a list that is an object": (
        "UPDATE customer SET sales_reps = '{{}}' WHERE key = 'company-a'",
        "json",
        "customer:company-a",
        "sales_reps is '{{}}', not a list of texts",
    ),
    "a list of numbers": (
        "UPDATE customer SET sales_reps = '[1]' WHERE key = 'company-a'",
        "json",
        "customer:company-a",
        "sales_reps is '[1]', not a list of texts",
    ),
    "a setting that is no JSON": (
        (
            "INSERT INTO setting (key, name, value, created_at, updated_at)"
            " VALUES ('guest.access', 'guest.access', 'yes', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')"
        ),
        "json",
        "setting:guest.access",
        "value is 'yes', not JSON",
    ),
    "a time that is none": (
        "UPDATE customer SET created_at = 'yesterday' WHERE key = 'company-a'",
        "times",
        "customer:company-a",
        "created_at is 'yesterday', not a time like 2026-01-31T12:00:00Z",
    ),
    "a day that no calendar has": (
        f"UPDATE customer_user SET birthday = '1990-02-30' WHERE key = '{USER}'",
        "times",
        f"user:{USER}",
        "birthday is '1990-02-30', not a day like 1990-12-31",
    ),
    "a time that only one noun has": (
        "UPDATE activity SET at = 'yesterday' WHERE key = 'price-talk'",
        "times",
        "activity:price-talk",
        "at is 'yesterday', not a time like 2026-01-31T12:00:00Z",
    ),
    "a day as people write it": (
        "UPDATE opportunity SET close_date = '31.12.2026' WHERE key = 'cold-store'",
        "times",
        "opportunity:cold-store",
        "close_date is '31.12.2026', not a day like 1990-12-31",
    ),
    "a word that is none of the set": (
        "UPDATE customer SET internal_rating = 'best' WHERE key = 'company-a'",
        "values",
        "customer:company-a",
        "internal_rating is 'best': it is one of 1_of_5, 2_of_5, 3_of_5, 4_of_5, 5_of_5",
    ),
    "a user of another customer's role": (
        (
            "INSERT INTO user_role SELECT u.id, r.id FROM customer_user u, role r"
            " WHERE u.key = 'wanda.hill@company-a.example' AND r.key = 'company-a/approver'"
        ),
        "foreign-roles",
        "user:wanda.hill@company-a.example",
        "holds role:company-a/approver of another customer",
    ),
    "an e-mail address that looks like another one": (
        (
            "UPDATE customer_user SET key = 'bob.r\u0435yes@company-a.example',"
            " email = 'bob.r\u0435yes@company-a.example' WHERE key = 'carlos.vega@company-a.example'"
        ),
        "look-alikes",
        "user:bob.r\u0435yes@company-a.example",
        "looks like user:bob.reyes@company-a.example",
    ),
    "an owner without a primary address": (
        "UPDATE address SET is_primary = 0 WHERE id = 1",
        "primary-addresses",
        "{owned}",
        "has 0 primary addresses, not one",
    ),
    "a default of a type that it is not": (
        "UPDATE address SET types = '[]' , default_types = '[\"billing\"]' WHERE id = 1",
        "address-types",
        "{address}",
        "is the default billing address, which it is none of",
    ),
    "an entry for an unknown entity": (
        "INSERT INTO role_entry SELECT id, 'entity', 'ship', 'view', 'full' FROM role WHERE key = 'buyer'",
        "role-entries",
        "role:buyer",
        "speaks of entity ship, which is unknown",
    ),
    "an entry for an unknown permission": (
        "INSERT INTO role_entry SELECT id, 'entity', 'order', 'burn', 'user' FROM role WHERE key = 'buyer'",
        "role-entries",
        "role:buyer",
        "speaks of burn for entity order, which has no such permission",
    ),
    "an entry at a level that the entity cannot hold": (
        (
            "UPDATE role_entry SET level = 'full' WHERE name = 'order' AND permission = 'view'"
            " AND role_id = (SELECT id FROM role WHERE key = 'buyer')"
        ),
        "role-entries",
        "role:buyer",
        "entity order cannot hold full for view",
    ),
    "an entry for an unknown capability": (
        "INSERT INTO role_entry SELECT id, 'capability', 'fly', 'use', 'full' FROM role WHERE key = 'buyer'",
        "role-entries",
        "role:buyer",
        "speaks of capability fly, which is unknown",
    ),
    "a workflow at a level that it cannot hold": (
        (
            "UPDATE role_entry SET level = 'full' WHERE name = 'b2b_flow_checkout' AND permission = 'view'"
            " AND role_id = (SELECT id FROM role WHERE key = 'buyer')"
        ),
        "role-entries",
        "role:buyer",
        "workflow b2b_flow_checkout cannot hold full for view",
    ),
    "a field of nothing": (
        "INSERT INTO role_entry SELECT id, 'field', 'budget', 'view', 'full' FROM role WHERE key = 'buyer'",
        "role-entries",
        "role:buyer",
        "speaks of field budget, which is unknown",
    ),
    "a customer without an account": (
        "UPDATE customer SET account_id = NULL WHERE key = 'company-a'",
        "accounts",
        "customer:company-a",
        "has no account, and every customer keeps one",
    ),
    "a default that is no level": (
        "UPDATE role SET default_level = 'full' WHERE key = 'buyer'",
        "role-defaults",
        "role:buyer",
        "default is 'full'",
    ),
    "a record of an unknown entity": (
        (
            "INSERT INTO record (entity, key, key_folded, created_at, updated_at)"
            " VALUES ('ship', 'One', 'one', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')"
        ),
        "records",
        "ship:One",
        "ship is not an entity of plain records",
    ),
    "a role of every shop gone": (
        "UPDATE role SET key = 'guests' WHERE key = 'visitors'",
        "built-in",
        "role:visitors",
        "is missing, and every shop has it",
    ),
    "an unknown setting": (
        (
            "INSERT INTO setting (key, name, value, created_at, updated_at)"
            " VALUES ('guest.tea', 'guest.tea', 'true', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')"
        ),
        "settings",
        "setting:guest.tea",
        "is not a setting that is known",
    ),
    "a setting of another kind": (
        (
            "INSERT INTO setting (key, name, value, created_at, updated_at)"
            " VALUES ('guest.access', 'guest.access', '1', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')"
        ),
        "settings",
        "setting:guest.access",
        "is 1: it must be true or false",
    ),
    "a setting where it cannot be set": (
        (
            "INSERT INTO setting (key, name, customer_id, value, created_at, updated_at)"
            " SELECT 'customer/company-a/guest.access', 'guest.access', id, 'true', created_at, created_at"
            " FROM customer WHERE key = 'company-a'"
        ),
        "settings",
        "setting:customer/company-a/guest.access",
        "is set for system, not for a customer",
    ),
    "a setting that leads nowhere": (
        (
            "INSERT INTO setting (key, name, value, created_at, updated_at)"
            " VALUES ('guest.group', 'guest.group', '\"gone\"', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')"
        ),
        "settings",
        "setting:guest.group",
        "leads to customer-group:gone, which is not stored",
    ),
    "a role of the website that is a customer's": (
        (
            "INSERT INTO setting (key, name, value, created_at, updated_at) VALUES ('customer.default_role',"
            " 'customer.default_role', '\"company-a/approver\"', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')"
        ),
        "settings",
        "setting:customer.default_role",
        "leads to role:company-a/approver, but the website's roles are predefined ones",
    ),
    "an image of history that is no JSON": (
        "INSERT INTO history (revision_id, op, record, record_id, after) VALUES (1, 'add', 'customer:x', 1, 'no')",
        "history",
        "customer:x",
        "its image in revision 1 (add) cannot be read",
    ),
    "more employees than anybody has": (
        "UPDATE business_customer SET employees = 1000000000 WHERE key = 'company-a-packing'",
        "values",
        "business-customer:company-a-packing",
        "employees is 1000000000: it is above 999999999",
    ),
    "a budget below nothing": (
        "UPDATE opportunity SET budget = -1 WHERE key = 'forklifts'",
        "values",
        "opportunity:forklifts",
        "budget is -1: it is below nothing",
    ),
    "a change that does not say of which record": (
        "INSERT INTO history (revision_id, op, record, after) VALUES (1, 'add', 'customer:x', '{{}}')",
        "history",
        "customer:x",
        "its change in revision 1 has no id, so its history does not show it",
    ),
    "a change without what was before": (
        (
            "INSERT INTO history (revision_id, op, record, record_id, after)"
            " VALUES (1, 'change', 'customer:x', 1, '{{}}')"
        ),
        "history",
        "customer:x",
        "its image in revision 1 (change) cannot be read",
    ),
}


def places(runner: Runner) -> dict[str, str]:
    """The names of the demo's first plain record and first address."""
    [(entity, key, folded)] = runner.sql("SELECT entity, key, key_folded FROM record WHERE id = 1")
    customer = "(SELECT key FROM customer c WHERE c.id = a.customer_id)"
    user = "(SELECT key FROM customer_user u WHERE u.id = a.user_id)"
    [(owner, person, address)] = runner.sql(f"SELECT {customer}, {user}, key FROM address a WHERE id = 1")
    long, short = ("customer-address", "customer") if owner else ("customer-user-address", "user")
    name = owner or person
    record, prefix = f"{entity}:{key}", f"{long}:{name}"
    found = {"record": record, "folded": folded, "owner": prefix, "owned": f"{short}:{name}"}
    return found | {"address": f"{prefix}/{address}"}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_named_with_its_record_and_a_remedy(demo: Runner, what: str) -> None:
    statement, *wanted = DAMAGE[what]
    known = places(demo)
    plant(demo, statement.format())
    found = findings(demo)
    told = [(row["check"], row["record"], row["message"]) for row in found]
    assert told == [tuple(text.format(**known) for text in wanted)]
    assert all(row["remedy"] for row in found)


def test_links_without_a_target_are_counted(demo: Runner) -> None:
    plant(demo, "DELETE FROM role WHERE key = 'visitors'")
    [first, *_] = found = named(demo)
    [(rows,)] = demo.sql("SELECT count(*) FROM role_entry WHERE role_id NOT IN (SELECT id FROM role)")
    assert first == ("references", None, f"role_entry.role_id leads to no role ({rows} rows)")
    assert ("built-in", "role:visitors", "is missing, and every shop has it") in found


def test_tags_on_records_that_are_gone_are_counted(demo: Runner) -> None:
    assert demo("apply", "-f", demo.file('[[customers]]\nkey = "company-a"\ntags = ["lost"]\n'), "--yes").exit == 0
    plant(demo, "UPDATE tagging SET record_id = 999 WHERE tag_id = (SELECT id FROM tag WHERE key = 'lost')")
    assert named(demo) == [("links", None, "tagging leads to what is not stored: 1 record of 'customer'")]


def test_users_without_a_role_are_found_where_they_are_enabled(demo: Runner) -> None:
    held = f"DELETE FROM user_role WHERE user_id = (SELECT id FROM customer_user WHERE key = '{USER}')"
    plant(demo, held)
    assert named(demo) == [("roles-of-users", f"user:{USER}", "is enabled and has no role")]
    plant(demo, f"UPDATE customer_user SET enabled = 0 WHERE key = '{USER}'")
    assert findings(demo) == []


def test_two_primaries_and_two_defaults_of_one_owner_are_found(custctl: Runner) -> None:
    custctl.apply("""
        [[customers]]
        key = "acme"
        name = "Acme"
        [[customers.addresses]]
        key = "a"
        street = "1"
        city = "Rome"
        postal_code = "1"
        country = "VA"
        organization = "Acme"
        default = ["billing"]
        [[customers.addresses]]
        key = "b"
        street = "2"
        city = "Rome"
        postal_code = "1"
        country = "VA"
        organization = "Acme"
        types = ["billing"]
    """)
    plant(custctl, "UPDATE address SET is_primary = 1, default_types = '[\"billing\"]' WHERE key = 'b'")
    assert named(custctl) == [
        ("primary-addresses", "customer:acme", "has 2 primary addresses, not one"),
        ("default-addresses", "customer:acme", "has 2 default billing addresses"),
    ]
    for found in findings(custctl):
        custctl.json(*shlex.split(found["remedy"])[1:])
    assert findings(custctl) == []


@pytest.mark.parametrize("what", ["a customer above itself", "an owner without a primary address"])
def test_a_remedy_that_is_a_command_mends_what_was_found(demo: Runner, what: str) -> None:
    plant(demo, DAMAGE[what][0])
    [found] = findings(demo)
    program, *words = shlex.split(found["remedy"])
    assert (program, demo(*words).exit) == ("custctl", 0)
    assert findings(demo) == []


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DROP INDEX customer_parent", "index customer_parent is missing"),
        ("DROP TRIGGER history_is_kept", "trigger history_is_kept is missing"),
        ("CREATE TABLE notes (id INTEGER, text TEXT)", "table notes is not custctl's"),
        ("ALTER TABLE customer ADD COLUMN nickname TEXT", "table customer is not as custctl makes it"),
    ],
)
def test_a_schema_that_custctl_has_not_made_is_found(demo: Runner, statement: str, message: str) -> None:
    with closing(sqlite3.connect(demo.database)) as connection:
        connection.execute(statement)
    assert named(demo) == [("schema", None, message)]


def test_text_that_is_no_text_is_found_before_it_stops_a_command(demo: Runner) -> None:
    plant(demo, "UPDATE customer SET owner = CAST(x'5365637265742dff' AS TEXT) WHERE id = 2")
    answer = demo._run(["db", "check", "-o", "json"], "")  # the runner itself could not read the rows
    found = [(row["check"], row["record"], row["message"]) for row in answer.json]
    assert (answer.exit, found) == (1, [("text", None, "customer, id 2: holds text that is not UTF-8")])


def overwrite(path: Path, index: str, change: Callable[[bytes], bytes]) -> None:
    """Change the first page of an index, as a bad disk would."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [(page,)] = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (index,))
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        before = file.read(4096)
        file.seek((page - 1) * 4096)
        file.write(change(before))


def flipped(page: bytes) -> bytes:
    return page.replace(b"company", b"xompany")


def emptied(page: bytes) -> bytes:
    return bytes(len(page))


def test_of_a_damaged_file_only_the_damage_is_told(demo: Runner) -> None:
    plant(demo, "UPDATE customer SET sales_reps = '[1'")
    overwrite(demo.database, "customer_name", flipped)
    found = findings(demo)
    assert {row["check"] for row in found} == {"integrity"}
    assert "row 1 missing from index customer_name" in [row["message"] for row in found]
    assert "custctl db restore FILE" in found[0]["remedy"]


_BAD: dict[str, tuple[Any, ...]] = {
    "time": ("yesterday", "2026-02-30T00:00:00Z", "2026-01-31", ""),
    "day": ("31.12.2026", "2026-02-30", ""),
    "bool": (2, -1),
    "switch": ("on",),
    "count": (-1,),
    "list": ("[1", "{}", "[1]", '[" a"]', '[""]', "text"),
    "json": ("yes", "{"),
    "reference": (987654,),
    "text": (" a", "a\u200b", "\u00a0", ""),
}
"""Values that no field of a kind can hold."""
_BAD_OF: dict[str, tuple[str, ...]] = {
    "currency": ("usd", "XXX"),
    "language": ("german!",),
    "email": ("nobody", "a b@x.example"),
    "emails": ('["nobody"]',),
    "website": ("nonsense",),
    "background_color": ("red",),
}
_OF_FIELDS = ("values", "times", "json", "references", "keys", "role-defaults", "settings")
_FIELDS = [
    (noun, field)
    for noun in NOUNS.values()
    for field in noun.fields
    if (field.in_row or field.name in ("created", "updated")) and field.kind in _BAD
]


@pytest.mark.parametrize(("noun", "field"), _FIELDS, ids=[f"{noun.name}.{field.name}" for noun, field in _FIELDS])
def test_what_no_field_of_its_kind_can_hold_is_found_in_every_field(
    full: Path, tmp_path: Path, noun: Noun, field: Field
) -> None:
    """Unless SQLite itself does not let it in."""
    bad = [*_BAD[field.kind], *_BAD_OF.get(field.name, ()), *(["nonsense"] if closed_set(noun, field) else [])]
    if field.kind == "text" and closed_set(noun, field) and field.default is not None:
        bad = [value for value in bad if value != ""]
    copy = Path(shutil.copy(full, tmp_path / "shop.db"))
    with closing(sqlite3.connect(copy)) as connection:
        next(checks.run(connection), None)  # which gives the connection its functions
        which = f"id = (SELECT min(t.id) FROM {noun.table} t WHERE {selection(noun.name).restriction})"
        [(before,)] = connection.execute(f"SELECT {field.holder} FROM {noun.table} WHERE {which}").fetchall()
        for value in bad:
            try:
                connection.execute(f"UPDATE {noun.table} SET {field.holder} = ? WHERE {which}", (value,))
            except sqlite3.IntegrityError:
                continue
            found = (finding for name in _OF_FIELDS for finding in checks.MODEL[name](connection))
            assert next(found, None) is not None, value
            connection.execute(f"UPDATE {noun.table} SET {field.holder} = ? WHERE {which}", (before,))
        connection.rollback()


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo world with a record of every noun."""
    runner = Runner(tmp_path_factory.mktemp("full") / "shop.db")
    assert runner("demo").exit == 0
    runner.apply(
        """
        [[leads]]
        key = "one"
        name = "One"
        addresses = [{ country = "GI" }]
        [[contacts]]
        key = "one"
        first_name = "One"
        addresses = [{ country = "GI" }]
        [settings]
        "guest.access" = true
        """
    )
    return runner.database


def test_damage_that_sqlite_cannot_read_past_is_8(demo: Runner) -> None:
    overwrite(demo.database, "customer_name", emptied)
    assert demo.refusal("db", "check") == (8, "corrupt", f"{demo.database} is damaged")


def test_every_check_finds_something_in_these_tests() -> None:
    tested = {wanted[1] for wanted in DAMAGE.values()} | {"integrity", "schema", "text", "roles-of-users"}
    tested |= {"default-addresses", "links"}
    assert tested == {*checks.FILE, *checks.MODEL}


def test_every_noun_can_be_checked(demo: Runner) -> None:
    with closing(sqlite3.connect(demo.database)) as connection:
        for noun in NOUNS.values():
            for (record,) in checks._records(connection, noun, "1"):
                assert record.partition(":")[2], noun.name


def test_a_check_shows_a_table_and_the_fields_that_are_asked_for(demo: Runner) -> None:
    plant(demo, "UPDATE role SET default_level = 'full' WHERE key = 'buyer'")
    shown = demo("db", "check", "--fields", "check,record")
    assert (shown.exit, shown.lines, shown.err) == (1, ["CHECK          RECORD", "role-defaults  role:buyer"], "")
    assert demo.refusal("db", "check", "--fields", "nope")[:2] == (4, "unknown-field")


def test_a_check_without_a_database_is_8(tmp_path: Path) -> None:
    assert Runner(tmp_path / "shop.db").refusal("db", "check")[:2] == (8, "no-database")


# -- back-ups ----------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(demo: Runner) -> str:
    """A back-up of the demo world, which has changed since."""
    path = str(demo.database.with_name("kept.db"))
    assert demo("db", "backup", path).exit == 0
    assert demo("customer", "add", "Later").exit == 0
    return path


def names(runner: Runner) -> list[str]:
    """The files in the folder, those that SQLite makes and takes away apart."""
    found = (path.name for path in runner.database.parent.iterdir())
    return sorted(name for name in found if not name.endswith(("-wal", "-shm")))


def test_a_backup_is_the_database_in_a_private_file(demo: Runner) -> None:
    path = demo.database.with_name("kept.db")
    made = demo.json("db", "backup", str(path))
    assert made == {"file": str(path), "revision": 1, "bytes": path.stat().st_size}
    assert path.stat().st_mode & 0o777 == 0o600
    assert Runner(path).contents() == demo.contents()
    assert names(demo) == ["kept.db", "shop.db"]


def test_a_backup_never_takes_the_place_of_a_file(demo: Runner, kept: str) -> None:
    before = Path(kept).read_bytes()
    dangling = demo.database.with_name("dangling.db")
    dangling.symlink_to("nowhere.db")
    for name in (kept, str(demo.database), str(dangling), str(demo.database.parent)):
        for words in ((), ("--dry-run",)):
            assert demo.refusal("db", "backup", name, *words) == (5, "exists", f"{name} exists already")
    assert Path(kept).read_bytes() == before


def test_a_backup_into_a_folder_that_is_not_there_is_74(demo: Runner) -> None:
    path = demo.database.parent / "no" / "kept.db"
    told = (74, "output", f"{path} cannot be written: No such file or directory")
    assert demo.refusal("db", "backup", str(path)) == told
    assert demo.refusal("db", "backup", str(path), "--dry-run") == told


def test_a_backup_that_is_only_tried_leaves_nothing(demo: Runner) -> None:
    path = demo.database.with_name("kept.db")
    tried = demo("db", "backup", str(path), "--dry-run", "-o", "json")
    assert (tried.exit, tried.json["revision"], tried.err) == (0, 1, "dry run: nothing was written\n")
    assert names(demo) == ["shop.db"]


def test_a_backup_of_a_damaged_database_is_refused_and_leaves_nothing(demo: Runner) -> None:
    overwrite(demo.database, "customer_name", flipped)
    refused = demo.refusal("db", "backup", str(demo.database.with_name("kept.db")))
    assert refused[:2] == (8, "database")
    assert refused[2].startswith(f"the back-up of {demo.database} is not sound: ")
    assert names(demo) == ["shop.db"]


def test_nothing_is_backed_up_where_nothing_is(tmp_path: Path) -> None:
    runner = Runner(tmp_path / "shop.db")
    assert runner.refusal("db", "backup", "kept.db")[:2] == (8, "no-database")
    runner.database.touch()
    assert runner("db", "backup", "kept.db").exit == 8
    assert names(runner) == ["shop.db"]


# -- restore -----------------------------------------------------------------------------------------------------


def test_a_restore_puts_back_what_was_and_keeps_what_is(demo: Runner, kept: str) -> None:
    now = demo.contents()
    restored = demo.json("db", "restore", kept, "--yes")
    aside = demo.database.with_name("shop.db.r2.backup")
    assert restored == {"file": kept, "revision": 1, "replaced": 2, "kept": str(aside), "migrated": []}
    assert demo.contents() == Runner(Path(kept)).contents()
    assert Runner(aside).contents() == now
    assert aside.stat().st_mode & 0o777 == 0o600
    assert findings(demo) == []
    assert demo.json("db", "restore", str(aside), "--yes")["kept"] == str(demo.database.with_name("shop.db.r1.backup"))
    assert demo.contents() == now


def test_what_is_kept_never_takes_the_place_of_a_file(demo: Runner, kept: str) -> None:
    demo.database.with_name("shop.db.r2.backup").write_text("mine")
    assert demo.json("db", "restore", kept, "--yes")["kept"].endswith("shop.db.r2-2.backup")
    assert demo.database.with_name("shop.db.r2.backup").read_text() == "mine"


def test_a_restore_needs_yes_and_says_what_it_replaces(demo: Runner, kept: str) -> None:
    refused = demo.refusal("db", "restore", kept)
    assert refused == (2, "usage", f"replacing {demo.database} (revision 2) by {kept} (revision 1) needs --yes")
    assert names(demo) == ["kept.db", "shop.db"]


def test_a_restore_that_is_only_tried_tells_what_it_would_do(demo: Runner, kept: str) -> None:
    tried = demo("db", "restore", kept, "--dry-run", "-o", "json")
    aside = str(demo.database.with_name("shop.db.r2.backup"))
    told = {"file": kept, "revision": 1, "replaced": 2, "kept": aside, "migrated": []}
    assert (tried.exit, tried.json, tried.err) == (0, told, "dry run: nothing was written\n")
    assert names(demo) == ["kept.db", "shop.db"]


@pytest.mark.parametrize("there", [False, True])
def test_a_restore_where_nothing_is_asks_nothing_and_keeps_nothing(demo: Runner, kept: str, there: bool) -> None:
    runner = Runner(demo.database.parent / "new" / "shop.db")
    if there:
        runner.database.parent.mkdir()
        runner.database.touch()
    else:
        assert runner("db", "restore", kept, "--dry-run").exit == 0
        assert not runner.database.parent.exists()
    told = {"file": kept, "revision": 1, "replaced": None, "kept": None, "migrated": []}
    assert runner.json("db", "restore", kept) == told
    assert runner.contents() == Runner(Path(kept)).contents()
    assert names(runner) == ["shop.db"]


def test_a_damaged_database_is_replaced_and_kept_as_it_was(demo: Runner, kept: str) -> None:
    overwrite(demo.database, "revision", emptied)
    before = demo.database.read_bytes()
    aside = demo.database.with_name("shop.db.damaged.backup")
    answer = demo._run(["db", "restore", kept, "--yes", "-o", "json"], "")  # the runner cannot read the rows
    assert (answer.exit, answer.json["replaced"], answer.json["kept"]) == (0, None, str(aside))
    assert demo.contents() == Runner(Path(kept)).contents()
    assert findings(demo) == []
    assert aside.read_bytes()[4096:] == before[4096:], "all but the header, which says how it is written"


def test_a_file_that_sqlite_cannot_open_is_not_overwritten(demo: Runner, kept: str) -> None:
    runner = Runner(demo.database.with_name("broken.db"))
    runner.database.write_text("These are my notes.\n" * 400)
    answer = runner._run(["db", "restore", kept, "--yes"], "")
    assert (answer.exit, answer.out) == (8, "")
    assert "mv broken.db broken.db.damaged" in answer.err
    assert runner.database.read_text().startswith("These are my notes.")


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT)")


def altered(statement: str) -> Any:
    def alter(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(statement)

    return alter


def cut(path: Path) -> None:
    path.write_bytes(b"")


def flip(path: Path) -> None:
    overwrite(path, "customer_name", flipped)


def empty(path: Path) -> None:
    overwrite(path, "customer_name", emptied)


def overwritten(path: Path) -> None:
    path.write_text("These are my notes.\n" * 400)


def new_and_foreign(path: Path) -> None:
    path.unlink()
    foreign(path)


@pytest.mark.parametrize(
    ("spoil", "code", "message"),
    [
        (overwritten, "corrupt", "{} is not a database"),
        (cut, "no-database", "{} is empty"),
        (new_and_foreign, "foreign-database", "{} is not a custctl database"),
        (altered("PRAGMA user_version = 77"), "newer-database", "{} has schema 77, newer than this custctl ("),
        (flip, "corrupt", "{} is damaged: row 1 missing from index customer_name"),
        (empty, "corrupt", "{} is damaged"),
        (altered("DROP INDEX customer_parent"), "corrupt", "{} is damaged: index customer_parent is missing"),
        (altered("PRAGMA page_size = 8192; VACUUM"), "unusable", "the back-up has pages of 8192 bytes, "),
    ],
)
def test_a_file_that_is_no_sound_backup_changes_nothing(
    demo: Runner, kept: str, spoil: Any, code: str, message: str
) -> None:
    spoil(Path(kept))
    for words in ((), ("--dry-run",)):
        refused = demo.refusal("db", "restore", kept, "--yes", *words)
        assert refused[:2] == (8, code)
        assert refused[2].startswith(message.format(kept))
    assert names(demo) == ["kept.db", "shop.db"]


def test_a_file_that_cannot_be_read_or_is_the_database_is_4(demo: Runner) -> None:
    gone, folder, itself = "gone.db", str(demo.database.parent), str(demo.database)
    link = demo.database.with_name("link.db")
    link.symlink_to(demo.database)
    for name, told in (
        (gone, ("unreadable", "gone.db cannot be read: No such file or directory")),
        (folder, ("unreadable", f"{folder} is not a file")),
        (itself, ("invalid", f"{itself} is the database itself")),
        (str(link), ("invalid", f"{link} is the database itself")),
    ):
        assert demo.refusal("db", "restore", name, "--yes") == (4, *told)


def test_a_restore_does_not_touch_the_backup(demo: Runner, kept: str) -> None:
    before = Path(kept).read_bytes()
    Path(kept).chmod(0o400)
    assert demo("db", "restore", kept, "--yes").exit == 0
    assert Path(kept).read_bytes() == before
    assert names(demo) == ["kept.db", "shop.db", "shop.db.r2.backup"]


@pytest.mark.parametrize("words", [["check"], ["backup", "x"], ["restore", "x"]])
def test_only_the_back_office_checks_keeps_and_restores(demo: Runner, words: list[str]) -> None:
    assert demo.refusal("db", *words, "--as", USER)[:2] == (2, "usage")


def test_a_record_about_the_file_shows_the_fields_that_were_asked_for(demo: Runner) -> None:
    assert demo.json("db", "path", "--fields", "exists") == {"exists": True}
    assert demo("db", "status", "--fields", "revision,schema").lines == ["revision  1", f"schema    {SCHEMA_VERSION}"]
    assert demo.refusal("db", "status", "--fields", "shcema")[:2] == (4, "unknown-field")


def test_an_entity_whose_permissions_cannot_be_read_is_one_finding(demo: Runner) -> None:
    plant(demo, "UPDATE entity SET permissions = '-5' WHERE name = 'sales-report'")
    told = [row for row in findings(demo) if row["record"] == "entity:sales-report"]
    assert [(row["check"], row["message"]) for row in told] == [("json", "permissions is '-5', not a list of texts")]
