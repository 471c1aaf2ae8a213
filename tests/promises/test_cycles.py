"""Cycles that no command makes, put into the file by hand: every read ends, and says what it can."""

from __future__ import annotations

import json

import pytest

from tests.promises.process import Shop

AMANDA, BOB = "amanda.smith@company-a.example", "bob.reyes@company-a.example"
READS = f"""
customer list
customer tree
customer tree company-a
customer tree company-a-la
customer tree partner-c
customer show company-a
customer show company-a-la
user show {AMANDA}
user list
group list
role list
order list
access can {AMANDA} view customer:company-a-west
access can {AMANDA} edit order:SO-1201
access can {AMANDA} view order
access can {AMANDA} create order --customer company-a-la
access explain {AMANDA} edit order:SO-1201
access explain {BOB} edit order:SO-1101
access explain {BOB} view customer:company-a-la
access matrix {AMANDA}
access records {AMANDA} order
access records {AMANDA} customer
access who view order:SO-1201
access owners {AMANDA} create order
export
export --format yaml
db status
--as {AMANDA} customer list
--as {AMANDA} order list
"""
CYCLES = {
    "itself": {"company-a": "company-a"},
    "two": {"company-a": "company-a-west"},
    "three": {"company-a": "company-a-la"},
    "more than one": {"company-a": "partner-c", "partner-c": "company-a-la", "jo-miller": "jo-miller"},
}


def commands(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


def close_circles(shop: Shop, parents: dict[str, str]) -> None:
    for child, parent in parents.items():
        parent_id = f"(SELECT id FROM customer WHERE key = '{parent}')"
        shop.sql(f"UPDATE customer SET parent_id = {parent_id} WHERE key = '{child}'")


@pytest.mark.parametrize("kind", CYCLES)
def test_every_read_ends_on_a_cycle_of_customers(world: Shop, kind: str) -> None:
    close_circles(world, CYCLES[kind])
    for command, ran in zip(commands(READS), world.many(*commands(READS)), strict=True):
        assert ran.code in (0, 1), (command, ran)


def test_the_members_of_a_cycle_have_neither_ancestors_nor_descendants(world: Shop) -> None:
    close_circles(world, CYCLES["two"])
    tree, below, shown, above, outside, inside, own = world.many(
        *commands(f"""
            customer tree company-a -o json
            customer tree company-a-west -o json
            customer show company-a -o json
            customer show company-a-la -o json
            access can {AMANDA} edit order:SO-1201 -o json
            access can {AMANDA} view customer:company-a-west -o json
            access can {AMANDA} view customer:company-a -o json
        """)
    )
    assert (tree.json["children"], below.json["children"]) == ([], [])
    assert shown.json["ancestors"] == []
    assert above.json["ancestors"] == []
    assert (outside.code, inside.code, own.code) == (1, 1, 0)


def test_a_cycle_is_mended_by_a_command(world: Shop) -> None:
    close_circles(world, CYCLES["three"])
    mended, tree = world.many(
        ["customer", "move", "company-a", "--top"], ["customer", "tree", "company-a", "-o", "name"]
    )
    assert mended.code == 0
    names = ["company-a", "company-a-east", "company-a-west", "company-a-la"]
    assert tree.out.split() == [f"customer:{name}" for name in names]


def test_every_read_ends_on_a_cycle_of_records(world: Shop) -> None:
    records = [{"entity": "pdf-document", "key": key, "customer": "company-a"} for key in "abc"]
    world.document(json.dumps({"records": records}), "records.json")
    assert world("apply", "-f", "records.json", "--yes", "-q").code == 0
    for child, parent in ("ab", "bc", "ca"):
        of = "(SELECT id FROM record WHERE entity = 'pdf-document' AND key = '{}')"
        world.sql(f"UPDATE record SET parent_record_id = {of.format(parent)} WHERE id = {of.format(child)}")
    reads = f"""
        access can {AMANDA} view pdf-document:a
        access explain {AMANDA} view pdf-document:b
        access explain {BOB} edit pdf-document:c
        access who view pdf-document:a
        access records {AMANDA} pdf-document
        access owners {AMANDA} assign pdf-document:a
        export
    """
    for command, ran in zip(commands(reads), world.many(*commands(reads)), strict=True):
        assert ran.code in (0, 1), (command, ran)


@pytest.mark.parametrize("kind", CYCLES)
def test_an_import_below_a_circle_ends_where_subsidiaries_share_the_account_of_the_topmost(
    world: Shop, kind: str
) -> None:
    [switched] = world.many(["setting", "set", "account.strategy", "root", "-q"])
    assert switched.code == 0
    close_circles(world, CYCLES[kind])
    (world.folder / "new.csv").write_text("key,name,parent\nnew,New,company-a\n")
    ran = world("customer", "import", "new.csv", "-o", "json")
    assert (ran.code, ran.json["added"]) == (0, 1)


def test_a_chain_of_thousands_of_customers_is_read_and_written(nothing: Shop) -> None:
    rows = [{"key": "c0", "name": "C"}]
    rows += [{"key": f"c{number}", "name": "C", "parent": f"c{number - 1}"} for number in range(1, 5_000)]
    nothing.document(json.dumps({"customers": rows}), "deep.json")
    reads = commands("""
        customer tree c0 -o name
        customer tree c0
        customer tree c0 -o json
        customer tree c0 -o jsonl
        customer show c4999 -o json
        export
    """)
    applied, *read = nothing.many(["apply", "-f", "deep.json", "--yes", "-q"], *reads)
    assert (applied.code, [ran.code for ran in read]) == (0, [0] * len(reads))
    assert [len(read[0].out.split()), read[1].out.count("\n"), len(read[4].json["ancestors"])] == [5_000, 5_000, 4_999]
    assert (read[2].out.count('"key"'), read[3].out.count('"key"')) == (5_000, 5_000)
    [refused] = nothing.many(["customer", "edit", "c0", "--parent", "c4999", "-o", "json"])
    assert (refused.code, refused.error["code"]) == (4, "cycle")
