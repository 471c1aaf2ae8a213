"""What each noun of the table must have; a failure names the noun and what it lacks.

Each fact is looked for in what the program does: in its commands, its documents, its history and its answers.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from custctl.resources import ADDRESSES, ENTITY, MARKETING_EVENT, NOUNS, PRICE, RECORD, SALES, SETTING, Noun
from custctl.store.search import SEARCHED
from custctl.store.suggest import keys
from tests.command_lines import wrong_with
from tests.runner import Runner

DOCUMENTS = Path(__file__).parents[1] / "docs" / "reference" / "documents.md"

VERBS = ("list", "show", "add", "edit", "delete", "import")
WITHOUT: Mapping[str, tuple[str, ...]] = {
    ENTITY.name: VERBS,  # kept by documents alone, as plain records are
    RECORD.name: VERBS,
    SETTING.name: ("show", "add", "edit", "delete", "import"),  # get, set and unset
    PRICE.name: VERBS,  # `price-list price` has set and unset, and import beside them
    MARKETING_EVENT.name: ("edit",),  # a log
}
"""The verbs that a noun does not have."""
NOT_SEARCHED = {
    ENTITY.name: "has no text but its name",
    SETTING.name: "is shown by `setting list`",
    PRICE.name: "is a number",
    **dict.fromkeys(ADDRESSES, "is found by its owner"),
}
EVERY = pytest.mark.parametrize("noun", NOUNS.values(), ids=NOUNS)
VALUES: tuple[Any, ...] = (None, "", [], {}, 0, False)
NO_BUG = (0, 1, 2, 3, 4, 5)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, demo_file: Path) -> Runner:
    """The demo world, which has records of every noun; no test of this file changes it."""
    path = tmp_path_factory.mktemp("every") / "shop.db"
    path.write_bytes(demo_file.read_bytes())
    return Runner(path)


@pytest.fixture(scope="module")
def document(world: Runner) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(world.export("json"))
    return found


@EVERY
def test_each_noun_has_the_verbs_that_people_expect(noun: Noun) -> None:
    wanted = [verb for verb in VERBS if verb not in WITHOUT.get(noun.name, ())]
    lacking = [verb for verb in wanted if wrong_with(f"custctl {noun.group} {verb} --help") is not None]
    assert not lacking, f"{noun.name}: no command for {', '.join(lacking)}"
    beyond = [verb for verb in WITHOUT.get(noun.name, ()) if wrong_with(f"custctl {noun.group} {verb} --help") is None]
    assert not beyond or noun == PRICE, f"{noun.name}: has {', '.join(beyond)} by now"


@EVERY
def test_each_noun_is_exported_and_its_export_changes_nothing(
    world: Runner, document: dict[str, Any], noun: Noun
) -> None:
    tables = {table: records for table, records in document.items() if isinstance(records, list)}
    if noun.name in ADDRESSES:
        table = ADDRESSES[noun.name][0].document
        tables = {table: [one for one in tables[table] if one.get("addresses")]}
    else:
        tables = {noun.document: document.get(noun.document, [])} if noun is not SETTING else {}
    assert all(tables.values()), f"{noun.name}: nothing of it is exported"
    path = world.file(json.dumps({"apiVersion": document["apiVersion"], **tables}), "same.json")
    assert world("diff", "-f", path).exit == 0, f"{noun.name}: its own export differs from what is stored"


@EVERY
def test_each_noun_is_told_in_history(world: Runner, noun: Noun) -> None:
    kind = "%" if noun is RECORD else noun.reference
    query = "SELECT record FROM history WHERE revision_id = 1 AND record LIKE ? || ':%' AND record_id IS NOT NULL"
    told = world.sql(query, kind)
    assert told, f"{noun.name}: history has no {kind}:KEY"
    assert world("history", told[-1][0], "-o", "json").exit == 0, f"{noun.name}: history does not know {told[-1][0]}"


@EVERY
def test_each_noun_is_searched_or_says_why_not(noun: Noun) -> None:
    assert (noun in SEARCHED) != (noun.name in NOT_SEARCHED), f"{noun.name}: is it searched?"


@EVERY
def test_the_keys_of_each_noun_are_completed(world: Runner, noun: Noun) -> None:
    with closing(sqlite3.connect(world.database)) as connection:
        assert keys(connection, noun, ""), f"{noun.name}: no key is offered"


@EVERY
def test_each_noun_and_each_of_its_fields_stands_in_the_reference_of_documents(noun: Noun) -> None:
    parts = re.split(r"^## (\w+)\n", DOCUMENTS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    pages = dict(zip(parts[::2], parts[1::2], strict=True))
    if noun is SETTING:  # they have a page of their own
        return
    assert noun.document in pages, f"{noun.name}: {DOCUMENTS.name} has no part {noun.document}"
    own = [field.name for field in noun.fields if field.stored and not field.computed and field.name != "owner_type"]
    lacking = [name for name in own if f"`{name}`" not in pages[noun.document]]
    if noun.name in ADDRESSES:
        lacking = [name for name in lacking if name != "owner"]
    assert not lacking, f"{noun.name}: {DOCUMENTS.name} does not tell of {', '.join(lacking)}"


@EVERY
def test_a_record_without_one_of_its_fields_is_an_answer_and_no_fault(
    world: Runner, document: dict[str, Any], noun: Noun
) -> None:
    """What the schema requires, the input asks for: no NOT NULL of the database is ever met."""
    table, record = _example(document, noun)
    if record is None:
        return
    for name in record:
        for value in VALUES:
            changed = {**record, **_another_key(noun, record), name: value}
            _answers(world, document, table, [changed], f"{noun.name}: {name} = {value!r}")
        less = {other: value for other, value in (record | _another_key(noun, record)).items() if other != name}
        _answers(world, document, table, [less], f"{noun.name}: without {name}")


@EVERY
def test_a_second_record_with_what_is_unique_is_refused(world: Runner, document: dict[str, Any], noun: Noun) -> None:
    """What the schema holds unique, the input does: no UNIQUE of the database is ever met."""
    table, record = _example(document, noun)
    if record is None:
        return
    again = record | _another_key(noun, record)
    _answers(world, document, table, [record, record], f"{noun.name}: one record twice")
    for column in _unique(world, noun) & again.keys() - {noun.key, "key"}:
        value = {**again, column: f"{record[column] or 'X1'}"}
        code = _answers(world, document, table, [{**record, column: value[column]}, value], f"{noun.name}: {column}")
        assert code in (4, 5), f"{noun.name}: two records have one {column}"


@EVERY
def test_each_record_of_each_noun_can_be_deleted_or_says_what_is_in_the_way(world: Runner, noun: Noun) -> None:
    """What refers to a record blocks its removal or goes along: no FOREIGN KEY of the database is ever met."""
    if "delete" in WITHOUT.get(noun.name, ()):
        return
    for name in world("--quiet", *noun.group.split(), "list", *_owner(world, noun)).lines:
        answer = world(*noun.group.split(), "delete", name, "--dry-run", "-o", "json")
        assert answer.exit in NO_BUG, f"{noun.name}: delete {name} ended with {answer.exit}: {answer.err}"


def _owner(world: Runner, noun: Noun) -> list[str]:
    """The owner whose addresses are listed."""
    if noun.name not in ADDRESSES:
        return []
    owner, column = ADDRESSES[noun.name]
    query = f"SELECT o.{owner.key} FROM {owner.table} o JOIN address a ON a.{column} = o.id LIMIT 1"
    return [str(world.sql(query)[0][0])]


def _example(document: dict[str, Any], noun: Noun) -> tuple[str, dict[str, Any] | None]:
    """A record as an export writes it, the one that says most; None for what stands within others."""
    if noun.name in ADDRESSES or noun is SETTING:
        return "", None
    return noun.document, max(document[noun.document], key=len)


def _another_key(noun: Noun, record: dict[str, Any]) -> dict[str, Any]:
    names = {"email": "another@acme.example", "name": "another-one", "sku": "another", noun.key: "another-1"}
    if noun in SALES:
        return {"number": "another-1"}
    return {name: names[name] for name in ("key", "email", "sku", "name", noun.key) if name in record and name in names}


def _unique(world: Runner, noun: Noun) -> set[str]:
    """The columns of the table of which no two rows have the same value."""
    with closing(sqlite3.connect(world.database)) as connection:
        indexes = connection.execute(f"SELECT name FROM pragma_index_list('{noun.table}') WHERE \"unique\"").fetchall()
        columns = [_columns(connection, name) for (name,) in indexes]
    return {names[0] for names in columns if len(names) == 1}


def _columns(connection: sqlite3.Connection, index: str) -> list[str]:
    return [str(name) for (name,) in connection.execute(f"SELECT name FROM pragma_index_info('{index}')")]


def _answers(world: Runner, document: dict[str, Any], table: str, records: list[dict[str, Any]], what: str) -> int:
    """The exit code of a plan with these records, which is never that of a bug or of a fault of the database."""
    path = world.file(json.dumps({"apiVersion": document["apiVersion"], table: records}), "one.json")
    answer = world("apply", "--dry-run", "-f", path)
    assert answer.exit in NO_BUG, f"{what} ended with {answer.exit}: {answer.err}"
    return answer.exit


def test_every_noun_of_the_demo_world_has_records(world: Runner) -> None:
    lacking = [noun.name for noun in NOUNS.values() if not list(_rows(world, noun))]
    assert not lacking, f"the demo world has no {', '.join(lacking)}"


def _rows(world: Runner, noun: Noun) -> Iterator[Any]:
    yield from world.sql(f"SELECT 1 FROM {noun.table} LIMIT 1")
