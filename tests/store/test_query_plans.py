"""How SQLite carries out what a question and a list ask: by an index, whatever the size of the world.

The statements are those that the functions run, as SQLite reports them; no copy can go stale here. Every plan is
asked for after ANALYZE, at two sizes, because both change the planner's mind: SQLite 3.40 then turns a join in a walk
upwards into a full scan with a bloom filter.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from custctl.resources import CONTACT, CUSTOMER, GROUP, NOUNS, ROLE, USER
from custctl.store import answers, lifetime, lookup, reads, search, suggest
from custctl.store.ancestry import chain
from custctl.store.database import open_for_reading, open_for_writing
from custctl.store.facts import Asker, Question
from custctl.store.unit import Unit
from tests.runner import Runner

LARGE = ("--customers", "3000", "--users-per-customer", "2", "--documents-per-customer", "1")
"""The world beside one of three hundred customers."""
FEW = re.compile(r"up|CONSTANT|json_each|entity|source|sqlite_temp_schema|\(?subquery.*", re.IGNORECASE)
"""What a walk has found so far, a single row, entries of a field, one's own entities, the roles of one user.

Also the orders of one customer, and what a connection has made for itself.
"""
COUNTED = ("sqlite_autoindex_channel_1", "sqlite_autoindex_price_list_1")
"""Where a world has so few rows that SQLite, which has counted them, reads them all rather than look for one."""
BUYER = "buyer@shop.example"

TAGGINGS = "tagging_tag (tag_id=? AND noun=?)"

Work = Callable[[sqlite3.Connection], object]


@dataclass(frozen=True, slots=True)
class World:
    """A read-only connection to a world of one size that SQLite has statistics about."""

    connection: sqlite3.Connection

    def statements(self, work: Work) -> list[str]:
        """What SQLite was asked to do the work."""
        asked: list[str] = []
        self.connection.set_trace_callback(asked.append)
        try:
            work(self.connection)
        finally:
            self.connection.set_trace_callback(None)
        assert asked, "nothing was read"
        return asked

    def plan(self, work: Work) -> list[tuple[bool, str]]:
        """The steps of everything that the work asks; those of subqueries, which run once a row, are inner ones."""
        plans = (self.connection.execute(f"EXPLAIN QUERY PLAN {asked}") for asked in self.statements(work))
        return [(parent != 0, step) for plan in plans for _, parent, _, step in plan]

    def last_plan(self, work: Work) -> list[tuple[bool, str]]:
        """The steps of the last statement alone: those before it look up what conditions name."""
        asked = list(self.statements(work))[-1]
        plan = self.connection.execute(f"EXPLAIN QUERY PLAN {asked}")
        return [(parent != 0, step) for _, parent, _, step in plan]

    def first_key(self, table: str) -> str:
        return str(self.connection.execute(f"SELECT min(key) FROM {table}").fetchone()[0])

    def steps(self, work: Work) -> list[str]:
        return [step for _, step in self.plan(work)]

    def outer_steps(self, work: Work) -> list[str]:
        return [step for inner, step in self.plan(work) if not inner]

    def at_every_depth(self) -> dict[int, str]:
        """A customer on each level of the trees."""
        query = """WITH RECURSIVE down (id, depth) AS (
                SELECT id, 1 FROM customer WHERE parent_id IS NULL
                UNION ALL SELECT c.id, depth + 1 FROM down JOIN customer c ON c.parent_id = down.id)
            SELECT depth, (SELECT c.key FROM customer c WHERE c.id = found.id)
            FROM (SELECT depth, max(id) AS id FROM down GROUP BY depth) found"""
        return dict(self.connection.execute(query).fetchall())


@pytest.fixture(scope="module", params=["300", "3000"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path: Path = tmp_path_factory.mktemp("plans") / "world.db"
    if request.param == "300":
        shutil.copy(request.getfixturevalue("world_file"), path)
    else:
        assert Runner(path)("demo", *LARGE, "-q").exit == 0
    with closing(sqlite3.connect(path)) as connection, connection:
        name(connection)
        tag(connection)
        connection.execute("ANALYZE")
    with closing(open_for_reading(path)) as connection:
        yield World(connection)


def name(connection: sqlite3.Connection) -> None:
    """Names by which the tests can ask for records: those that are drawn differ with the size of the world."""
    connection.execute("UPDATE customer SET key = 'c' || id")
    connection.execute("UPDATE customer_user SET key = 'u' || id || '@shop.example'")
    connection.execute("UPDATE sales_document SET number = 'SO-' || id, number_folded = 'so-' || id")
    only_buyer = """SELECT user_id FROM user_role GROUP BY user_id
        HAVING count(*) = 1 AND max(role_id) = (SELECT id FROM role WHERE key = 'buyer')"""
    able = f"enabled AND confirmed AND auth_status = 'active' AND id IN ({only_buyer})"
    connection.execute(
        f"UPDATE customer_user SET key = ? WHERE id = (SELECT min(id) FROM customer_user WHERE {able})", (BUYER,)
    )
    held = "SELECT max(role_id) FROM user_role WHERE role_id IN (SELECT id FROM role WHERE customer_id IS NOT NULL)"
    connection.execute(f"UPDATE role SET key = 'c2/approver' WHERE id = ({held})")
    assert connection.execute("SELECT changes()").fetchone() == (1,)


def tag(connection: sqlite3.Connection) -> None:
    """Forty tags, each on some of the customers and users."""
    connection.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION SELECT i + 1 FROM n WHERE i < 40)"
        " INSERT INTO tag (key, name, name_folded, created_at, updated_at)"
        " SELECT 'tag-' || i, 'Tag ' || i, 'tag ' || i, :now, :now FROM n",
        {"now": "2026-01-05T08:00:00Z"},
    )
    for noun in (CUSTOMER, USER):
        found = f"SELECT '{noun.name}', t.id, tag.id FROM {noun.table} t, tag WHERE (t.id + tag.id) % 100 = 0"
        connection.execute(f"INSERT OR IGNORE INTO tagging {found}")


def asking(action: str, resource: str, subject: str = BUYER, **supposed: str) -> Work:
    question = Question(subject, action, resource, **supposed, supposed=bool(supposed))  # type: ignore[arg-type]
    return lambda connection: answers.can(connection, question)


def listing(
    noun: str,
    limit: int | None = 50,
    sort: str | None = None,
    where: tuple[str, ...] = (),
    after: str | None = None,
) -> Work:
    wanted = NOUNS[noun]
    return lambda connection: list(
        reads.rows(connection, wanted, reads.Listing(where, sort, limit, after), (wanted.key, *wanted.columns))
    )


def everything_about(customer: str) -> Work:
    """What `customer show` reads."""

    def read(connection: sqlite3.Connection) -> None:
        row_id, key = lookup.require(connection, CUSTOMER, customer)
        reads.record(connection, CUSTOMER, f"id:{row_id}")
        reads.ancestors(connection, key)
        reads.children(connection, row_id)
        reads.belongings(connection, row_id)
        reads.is_in_cycle(connection, row_id)

    return read


BY_INDEX = {
    "can, an entity": asking("view", "order"),
    "can, a sales document": asking("edit", "order:SO-11"),
    "can, a customer": asking("view", "customer:c17"),
    "can, a customer user": asking("view", "user:u17@shop.example"),
    "can, a role": asking("view", "role:buyer"),
    "can, a role with users": asking("delete", "role:c2/approver"),
    "can, a capability": asking("use", "capability:oro_quick_add_form"),
    "can, a workflow": asking("perform", "workflow:b2b_flow_checkout"),
    "can, a field": asking("view", "order.subtotal"),
    "can, a guest": asking("view", "order:SO-11", "guest"),
    "can, a role alone": asking("view", "order", "role:buyer"),
    "can, a supposed record": asking("create", "order", owner="u17@shop.example", customer="c17"),
    "matrix": lambda connection: answers.matrix(connection, BUYER),
    "ancestors": lambda connection: chain(connection, "c60"),
    "show, a customer": everything_about("c60"),
    "show, a customer by name": lambda connection: lookup.find(connection, CUSTOMER, "Nobody Ltd"),
    "show, a user": lambda connection: reads.record(connection, USER, BUYER),
    "the lifetime of a customer": lambda connection: lifetime.of_customer(connection, 60),
    "show, a group": lambda connection: reads.record(connection, GROUP, "partners"),
    "the contacts of an account": lambda connection: reads.account_contacts(
        connection, {"id": 1, "default_contact": None}
    ),
    "the contacts of a group": lambda connection: list(
        reads.rows(connection, CONTACT, reads.Listing(among=reads.linked(CONTACT, "groups", 1)), CONTACT.columns)
    ),
    "TAB, customers": lambda connection: suggest.keys(connection, CUSTOMER, "c1"),
    "TAB, users": lambda connection: suggest.keys(connection, USER, "u1"),
    "TAB, roles": lambda connection: suggest.keys(connection, ROLE, "c"),
    "TAB, orders": lambda connection: suggest.keys(connection, NOUNS["order"], "SO-1"),
    "TAB, records": lambda connection: suggest.records(connection, "warranty-claim", "w"),
    "TAB, addresses": lambda connection: suggest.addresses(connection, CUSTOMER, "c17/h"),
    "tree of one": lambda connection: list(next(reads.tree(connection, 60))["children"]),
}


@pytest.mark.parametrize("work", BY_INDEX.values(), ids=BY_INDEX)
def test_a_question_about_one_record_scans_nothing(work: Work, world: World) -> None:
    steps = world.steps(work)
    assert scanned(steps) == []
    assert built_for_one_use(steps) == []


@pytest.mark.parametrize(
    ("noun", "first"),
    [
        ("customer", "SCAN t USING INDEX customer_name"),
        ("customer-user", "SCAN t USING INDEX customer_user_key"),
        ("customer-group", "SCAN t USING INDEX customer_group_name"),
        ("contact", "SCAN t USING INDEX contact_order"),
        ("account", "SCAN t USING INDEX account_name"),
        ("order", "SEARCH t USING INDEX sqlite_autoindex_sales_document_1 (entity=?)"),
    ],
)
def test_the_first_rows_of_a_list_come_in_order_from_an_index(noun: str, first: str, world: World) -> None:
    outer = world.outer_steps(listing(noun))
    assert outer[0] == first
    assert scanned(outer[1:]) == []
    assert built_for_one_use(outer) == []
    assert "USE TEMP B-TREE FOR ORDER BY" not in outer


def test_a_list_from_the_last_name_on_goes_backwards_through_the_same_index(world: World) -> None:
    outer = world.outer_steps(listing("customer", sort="-name,-key"))
    assert outer[0] == "SCAN t USING INDEX customer_name"
    assert "USE TEMP B-TREE FOR ORDER BY" not in outer


@pytest.mark.parametrize(
    ("noun", "sort", "after", "first"),
    [
        ("customer", None, "c17", "SEARCH t USING INDEX customer_name (name_folded>?)"),
        ("customer", "-name,-key", "c17", "SEARCH t USING INDEX customer_name (name_folded<?)"),
        ("customer-user", None, BUYER, "SEARCH t USING INDEX customer_user_key (key>?)"),
        (
            "order",
            None,
            "SO-11",
            "SEARCH t USING INDEX sqlite_autoindex_sales_document_1 (entity=? AND number_folded>?)",
        ),
    ],
)
def test_the_next_page_of_a_list_begins_in_the_index(
    noun: str, sort: str | None, after: str, first: str, world: World
) -> None:
    """The rows before it are not read, and none are sorted."""
    plan = world.plan(listing(noun, sort=sort, after=after))
    outer = [step for inner, step in plan if not inner]
    assert first in outer
    assert "USE TEMP B-TREE FOR ORDER BY" not in outer
    assert scanned(outer) == []


@pytest.mark.parametrize("noun", ["customer", "customer-user", "contact", "account", "order"])
@pytest.mark.parametrize("way", [search.is_text, search.begins], ids=["is the text", "begins with it"])
def test_c_15_what_is_called_so_or_begins_so_is_found_by_index(noun: str, way: search.Way, world: World) -> None:
    wanted = search.Wanted("c1")
    steps = world.steps(lambda connection: list(search.rows(connection, NOUNS[noun], wanted, way)))
    assert scanned(steps) == []
    assert built_for_one_use(steps) == []


def test_c_15_what_holds_the_words_comes_in_the_order_of_the_list_as_it_is_found(world: World) -> None:
    wanted = search.Wanted("tools")
    outer = world.outer_steps(lambda connection: list(search.rows(connection, CUSTOMER, wanted, search.holds)))
    assert outer[0] == "SCAN t USING INDEX customer_name"
    assert "USE TEMP B-TREE FOR ORDER BY" not in outer


def test_a_condition_on_a_list_leaves_its_order_to_the_index(world: World) -> None:
    outer = world.outer_steps(listing("customer", where=("internal_rating=1_of_5",)))
    assert outer[0] == "SCAN t USING INDEX customer_name"
    assert "USE TEMP B-TREE FOR ORDER BY" not in outer


@pytest.mark.parametrize(
    ("noun", "condition", "links"),
    [
        ("customer", "tags=tag-1,Tag 2", TAGGINGS),
        ("customer-user", "tags=tag-1", TAGGINGS),
        ("customer-user", "roles=administrator", "user_role_role (role_id=?)"),
        ("order", "tags=tag-1", TAGGINGS),
        ("contact", "groups=sales-group", "contact_in_group_group (group_id=?)"),
        ("contact", "accounts={account}", "PRIMARY KEY (account_id=?)"),
        ("account", "contacts={contact}", "account_contact_contact (contact_id=?)"),
    ],
)
def test_t_07_a_list_of_what_is_linked_begins_with_the_links(
    noun: str, condition: str, links: str, world: World
) -> None:
    """The records are found by the links alone: those that are not linked are not looked at."""
    named = condition.format(account=world.first_key("account"), contact=world.first_key("contact"))
    plan = world.last_plan(listing(noun, where=(named,)))
    outer = [step for inner, step in plan if not inner]
    assert outer[0] == "SEARCH t USING INTEGER PRIMARY KEY (rowid=?)"
    assert outer[1].startswith("LIST SUBQUERY")
    assert scanned([step for _, step in plan]) == []
    assert any(step.endswith(links) and step.startswith("SEARCH l ") for _, step in plan)


@pytest.mark.parametrize("condition", ["tags!=tag-1,Tag 2", "tags="])
def test_t_07_a_list_of_what_is_not_linked_reads_the_links_once_and_keeps_the_order(
    condition: str, world: World
) -> None:
    outer = [step for inner, step in world.last_plan(listing("customer", where=(condition,))) if not inner]
    assert outer[0] == "SCAN t USING INDEX customer_name"
    assert outer[1].startswith("LIST SUBQUERY")
    assert "USE TEMP B-TREE FOR ORDER BY" not in outer


def test_a_question_takes_as_many_reads_in_a_deep_tree_as_in_a_flat_one(world: World) -> None:
    """However deep, and in either world: the subject, its only role, the record, the settings, the ancestors."""
    customers = world.at_every_depth()
    assert list(customers) == [1, 2, 3, 4, 5, 6]
    counts = [len(world.statements(asking("view", f"customer:{key}"))) for key in customers.values()]
    assert counts == [counts[0]] * 6
    assert counts[0] <= 12


def test_an_asker_reads_roles_and_settings_with_the_first_question_only(world: World) -> None:
    asker = Asker(world.connection)

    def reads_for(number: int) -> int:
        return len(world.statements(lambda _: asker.ask(Question(BUYER, "view", f"order:SO-{number}"))))

    assert reads_for(11) <= 12
    assert reads_for(12) <= 4


@pytest.mark.parametrize(
    "resource", ["order:SO-{}", "customer:c{}", "user:u{}@shop.example", "order", "order.subtotal"]
)
def test_sqlite_plans_no_statement_of_an_asker_again_for_the_next_question(resource: str, world: World) -> None:
    """It plans anew what may depend on a value, such as a join beside a partial index: that costs more than to ask."""
    asker = Asker(world.connection)
    planned: list[str | None] = []

    def seen(_action: int, table: str | None, *_: object) -> int:
        planned.append(table)
        return sqlite3.SQLITE_OK

    world.connection.set_authorizer(seen)
    try:
        for number in (21, 22):
            asker.ask(Question(f"u{number}@shop.example", "view", resource.format(number)))
        assert planned
        planned.clear()
        for number in (23, 24):
            asker.ask(Question(f"u{number}@shop.example", "view", resource.format(number)))
        assert planned == []
    finally:
        world.connection.set_authorizer(None)


def test_all_trees_are_read_by_two_statements_however_many_customers_are_at_the_top(world: World) -> None:
    selects: list[str | None] = []

    def seen(action: int, *words: str | None) -> int:
        selects.extend(words[:1] if action == sqlite3.SQLITE_SELECT else [])
        return sqlite3.SQLITE_OK

    def count(nodes: Iterator[dict[str, Any]]) -> int:
        return sum(1 + count(node["children"]) for node in nodes)

    world.connection.set_authorizer(seen)
    try:
        customers = count(reads.tree(world.connection, None))
    finally:
        world.connection.set_authorizer(None)
    assert customers >= 300
    assert len(selects) == 2


def scanned(steps: list[str]) -> list[str]:
    """The steps that read all of a table that grows with the shop."""
    large = [step for step in steps if not any(index in step for index in COUNTED)]
    return [step for step in large if step.startswith("SCAN") and not FEW.fullmatch(step.split()[1])]


def built_for_one_use(steps: list[str]) -> list[str]:
    """The steps for which SQLite reads a whole table first, to make a filter or an index of it."""
    return [step for step in steps if "BLOOM" in step or "AUTOMATIC" in step]


def test_what_a_revision_has_written_already_is_found_by_record_however_much_it_is(
    empty_file: Path, tmp_path: Path
) -> None:
    asked: list[str] = []
    with closing(open_for_writing(Path(shutil.copy(empty_file, tmp_path)))) as connection:
        unit = Unit(connection, bulk=True)
        for key in ("first", "second"):
            unit.create(GROUP, key, {"key": key, "name": key})
            connection.set_trace_callback(asked.append if key == "second" else None)
            unit.put_away("test", "nobody")
        connection.set_trace_callback(None)
        [query] = [found for found in asked if "FROM history" in found]
        first, *_ = connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()
        assert first[3] == "SEARCH h USING INDEX history_record_id (record_id=?)"
        unit.transaction.rollback()
