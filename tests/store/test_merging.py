"""Merging loses no reference: every foreign key of the schema, on drawn worlds, before and after, and back again."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from custctl.resources import ACCOUNT, ADDRESS_OF, ADDRESSES, CONTACT, CUSTOMER, NOUNS, TAGGED, Noun
from custctl.store.pointers import pointers_to
from custctl.store.settings import SCOPES
from tests.runner import Rows, Runner

MERGED = (CUSTOMER, CONTACT, ACCOUNT)
"""The nouns whose records can be merged."""
KEYS = tuple("abcdef")
EMAILS = tuple(f"{key}@mail.example" for key in KEYS[:4])
ADDRESS = {"organization": "O", "street": "1", "city": "Tampa", "postal_code": "1", "country": "US", "region": "US-FL"}
OWN: dict[str, dict[str, Any]] = {
    "channel": {"type": "b2b", "active": True},
    "business-customer": {"channel": "a"},
    "activity": {"kind": "note", "subject": "S", "at": "2026-01-01"},
    "marketing-event": {"type": "send", "campaign": "c", "at": "2026-01-01"},
}
"""What a record of a noun has besides a name and what it names."""
UPWARDS = ("parent", "reports_to", "referred_by")
ONE_OF = ("contact", "lead", "business_customer", "account")


def world(draw: Random) -> dict[str, Any]:
    """A document with some records of every noun, which name each other wherever a field lets them."""
    document: dict[str, Any] = {"apiVersion": "custctl/v1", "settings": {"account.strategy": "none"}}
    document["entities"] = [{"name": "warranty-claim", "ownership": "user"}]
    document["settings"]["customer"] = {key: {"product.export": draw.random() < 0.5} for key in draw.sample(KEYS, 3)}
    document["users"] = [
        {"email": email, "first_name": "F", "last_name": "L", "customer": draw.choice(KEYS), "enabled": False}
        for email in EMAILS
    ]
    document["roles"] = [
        {"key": f"{key}/{name}", "label": name}
        for key in draw.sample(KEYS, 3)
        for name in draw.sample(("clerk", "boss"), draw.randint(1, 2))
    ]
    for user in document["users"]:
        own = [role["key"] for role in document["roles"] if role["key"].startswith(f"{user['customer']}/")]
        user["roles"] = ["buyer", *own]
    for noun in NOUNS.values():
        if noun.document not in ("users", "roles", "addresses", "settings", "entities", "tests"):
            document[noun.document] = [record(draw, noun, number) for number in range(len(KEYS))]
    return document


def record(draw: Random, noun: Noun, number: int) -> dict[str, Any]:
    key = KEYS[number]
    row: dict[str, Any] = {noun.key: key, **OWN.get(noun.name, {})}
    if noun.name == "record":
        row["entity"] = "warranty-claim"
    if noun.name in ("product", "price"):  # whose keys are made of what they are
        row = {"sku": row["key"]} if noun.name == "product" else {"amount": "1", "quantity": number + 1}
    for name in ("name", "label", "title", "first_name"):
        if (field := noun.field(name)) is not None and not field.computed:
            row[name] = f"Some {noun.plural} {key}"
    row |= named(draw, noun, number)
    if noun in TAGGED:
        row["tags"] = draw.sample(("x", "y", "z"), draw.randint(0, 2))
    if noun.name in ADDRESS_OF and draw.random() < 0.7:
        row["addresses"] = [
            {"key": name, **ADDRESS} for name in draw.sample(("hq", "shop", "yard"), draw.randint(1, 2))
        ]
    return row


def named(draw: Random, noun: Noun, number: int) -> dict[str, Any]:
    """What a record names: some of everything that its fields lead to, but for what rules do not let go together."""
    row: dict[str, Any] = {}
    for field in noun.fields:
        if field.computed or field.name == "unmerged_price_lists" or field.to in ("", "tag", "channel", "visitor"):
            continue
        keys = EMAILS if field.to == "customer-user" else KEYS
        if field.name in UPWARDS:
            row[field.name] = draw.choice(("", *KEYS[:number]))
        elif field.kind == "choices":
            row[field.name] = {key: draw.choice(("visible", "hidden")) for key in draw.sample(keys, draw.randint(0, 3))}
        elif field.kind == "links":
            row[field.name] = draw.sample(keys, draw.randint(0, 3))
        elif noun.name != "marketing-event" and not (noun.name in ("lead", "opportunity") and "customer" in field.name):
            row[field.name] = draw.choice(keys)
    if noun.name == "marketing-event":
        row[draw.choice(ONE_OF)] = draw.choice(KEYS)
    if noun.name == "content-variant":  # one of a content for the same people, who are a customer or a group
        row = {"content": KEYS[number], "customer": draw.choice(KEYS)}
    return row


def upwards(noun: Noun) -> str:
    return next(field.name for field in noun.fields if field.name in UPWARDS)


def foreign_keys(runner: Runner, table: str) -> list[tuple[str, str]]:
    """Every column of every table that names a row of this one, as SQLite knows them."""
    tables = [name for (name,) in runner.sql("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return [
        (name, row[3]) for name in tables for row in runner.sql(f"PRAGMA foreign_key_list({name})") if row[2] == table
    ]


def links(runner: Runner, table: str, column: str) -> Rows:
    """The rows of a table by what names them, and what the column says: `(the rest of the key, the id)`."""
    columns = [row[1] for row in runner.sql(f"PRAGMA table_info({table})")]
    if "id" in columns:
        return runner.sql(f"SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL")
    rest = next(name for name in columns if name != column)
    return runner.sql(f"SELECT {rest}, {column} FROM {table}")


@pytest.mark.parametrize("noun", MERGED, ids=lambda noun: noun.name)
@pytest.mark.parametrize("seed", range(5))
def test_a_11_merging_never_loses_a_reference_and_can_be_taken_back(custctl: Runner, noun: Noun, seed: int) -> None:
    draw = Random(f"{noun.name} {seed}")
    custctl.apply(json.dumps(world(draw)), "world.json")
    first = custctl.export()
    ids = {str(key): row_id for key, row_id in custctl.sql(f"SELECT key, id FROM {noun.table}")}
    named = foreign_keys(custctl, noun.table)
    assert {column for _, column in named} >= {"record_id"}
    master, *others = draw.sample(KEYS, draw.randint(2, 5))
    gone, stays = {ids[key] for key in others}, ids[master]
    before = {where: links(custctl, *where) for where in named}
    merged = custctl(noun.group, "merge", master, *others, "--yes")
    if "cannot be the parent" in merged.err or "leads back to it" in merged.err:
        merged = custctl(
            noun.group, "merge", master, *others, "--yes", "--take", f"{upwards(noun)}={min(master, *others)}"
        )
    assert merged.exit == 0, merged.err
    for (table, column), rows in before.items():
        after = links(custctl, table, column)
        moved = [(rest, stays if row_id in gone else row_id) for rest, row_id in rows]
        if table == noun.table:
            kept = [pair for pair in moved if pair[0] not in gone | {stays}]
            assert sorted(kept) == sorted(pair for pair in after if pair[0] != stays), (table, column)
        elif table == "address":
            assert sorted(row_id for _, row_id in moved) == sorted(row_id for _, row_id in after)
        elif table == "setting":
            assert {row_id for _, row_id in moved} == {row_id for _, row_id in after}
        else:
            assert set(moved) == set(after), (table, column)
    assert custctl.json("db", "check") == []
    assert custctl("undo", "--last", "--yes").exit == 0
    assert custctl.export() == first


def test_a_11_every_foreign_key_of_the_schema_is_a_field_of_the_noun_table(custctl: Runner) -> None:
    followed = {
        (field.via.table, column) if field.via else (noun.table, field.holder)
        for noun in NOUNS.values()
        for field in noun.fields
        if field.to
        for column in ((field.via.own, field.via.other) if field.via else ("",))
    }
    followed |= {("address", column) for _, column in ADDRESSES.values()}
    followed |= {("setting", f"{scope}_id") for scope in SCOPES}
    for noun in MERGED:
        assert set(foreign_keys(custctl, noun.table)) <= followed
        assert list(pointers_to(noun))
