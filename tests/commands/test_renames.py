"""Renames: all of a run are resolved against what was stored before it, and done at once."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest

from custctl.store.inputs import INPUTS
from tests.runner import Runner

PAIR = '[[customers]]\nkey = "a"\nname = "A"\n[[customers]]\nkey = "b"\nname = "B"\n'
SWAP = '[[customers]]\nkey = "b"\nwas = "a"\n[[customers]]\nkey = "a"\nwas = "b"\n'
ADDRESS = {"organization": "O", "street": "S", "city": "C", "postal_code": "P", "country": "GI"}

ROWS: dict[str, dict[str, Any]] = {
    "taxonomies": {},
    "tags": {},
    "price_lists": {},
    "groups": {},
    "customers": {"addresses": [{"key": "hq", **ADDRESS}], "price_lists": ["retail"]},
    "roles": {"label": None},
    "users": {"first_name": "F", "last_name": "L", "roles": ["buyer"], "addresses": [{"key": "hq", **ADDRESS}]},
    "visitors": {},
    "contents": {"title": None},
    "content_variants": {"content": "hero", "language": None},
    "contact_groups": {"label": None},
    "contacts": {"first_name": None, "addresses": [{"key": "hq", "country": "GI"}]},
    "accounts": {},
    "channels": {"type": "custom"},
    "business_customers": {"channel": "b2b"},
    "leads": {"addresses": [{"key": "hq", "country": "GI"}]},
    "opportunities": {"account": "acme"},
    "categories": {},
    "products": {},
    "orders": {"subtotal": "1.00"},
    "quotes": {"subtotal": "1.00"},
    "requests": {"subtotal": "1.00"},
    "shopping_lists": {"subtotal": "1.00"},
    "checkouts": {"subtotal": "1.00"},
    "activities": {"kind": "note", "subject": None},
    "marketing_events": {"type": "open", "contact": "jo"},
}
"""What a record of each table needs besides its key and name; None stands for a text of its own."""
KEYS = {"content_variants": ("de-1", "en-2"), "users": ("a@x.example", "b@x.example"), "orders": ("A-1", "B-1")}
OTHERS: dict[str, Any] = {
    "price_lists": [{"key": "retail", "name": "Retail"}],
    "contents": [{"key": "hero", "title": "Hero"}],
    "accounts": [{"key": "acme", "name": "Acme"}],
    "channels": [{"key": "b2b", "name": "B2B", "type": "b2b", "active": True}],
    "contacts": [{"key": "jo", "first_name": "Jo"}],
}


def _rows(table: str) -> tuple[str, list[dict[str, Any]]]:
    """The field that names records of a table, and two records of it."""
    model = INPUTS[table]
    keys = KEYS.get(table, ("one-1", "two-2"))
    made = []
    for key, name in zip(keys, ("First", "Second"), strict=True):
        row = {field: name if value is None else value for field, value in ROWS[table].items()}
        if "language" in row:
            row["language"] = key[:2]
        made.append({model.names: key, **({"name": name} if "name" in model.model_fields else {}), **row})
    return model.names, made


def _apply(runner: Runner, document: dict[str, Any]) -> list[tuple[str, str]]:
    return runner.changes("apply", "-f", runner.file(json.dumps(document), "world.json"), "--yes")


@pytest.mark.parametrize("table", [name for name, model in INPUTS.items() if "was" in model.model_fields])
def test_records_of_every_noun_exchange_their_keys_and_undo_gives_them_back(custctl: Runner, table: str) -> None:
    named, (first, second) = _rows(table)
    _apply(custctl, {**OTHERS, table: [*OTHERS.get(table, []), first, second]})
    before = custctl.export("json")
    swap = {table: [{named: second[named], "was": first[named]}, {named: first[named], "was": second[named]}]}
    changes = custctl.changes("plan", "-f", custctl.file(json.dumps(swap), "swap.json"))
    assert [op for op, _ in changes] == ["rename", "rename"]
    assert _apply(custctl, swap) == changes
    exported = {row[named]: row for row in json.loads(custctl.export("json"))[table]}
    for row, other in ((first, second), (second, first)):
        told = {name: value for name, value in exported[other[named]].items() if name not in (named, "key")}
        former = {entry[named]: entry for entry in json.loads(before)[table]}[row[named]]
        assert told == {name: value for name, value in former.items() if name not in (named, "key")}
    assert custctl("db", "check").exit == 0
    assert _apply(custctl, swap) == []
    assert custctl("undo", "--last", "--yes").exit == 0
    assert custctl.export("json") == before
    assert len(_apply(custctl, swap)) == 2


CHAIN = ('key = "d"\nwas = "c"', 'key = "c"\nwas = "b"', 'key = "b"\nwas = "a"\nname = "First"')


@pytest.mark.parametrize("order", [*permutations(CHAIN)])
@pytest.mark.parametrize("files", [1, 3])
def test_a_chain_of_renames_is_the_same_in_any_order_of_tables_and_files(
    custctl: Runner, order: tuple[str, ...], files: int
) -> None:
    custctl.apply(PAIR + '[[customers]]\nkey = "c"\nname = "C"\nparent = "a"\n')
    before = custctl.export()
    texts = [f"[[customers]]\n{table}\n" for table in order]
    if files == 1:
        texts = ["".join(texts)]
    words = [word for at, text in enumerate(texts) for word in ("-f", custctl.file(text, f"{at}.toml"))]
    assert sorted(custctl.changes("apply", *words, "--yes")) == [
        ("rename", "customer:b"),
        ("rename", "customer:c"),
        ("rename", "customer:d"),
    ]
    assert custctl.sql("SELECT key, name FROM customer ORDER BY key") == [("b", "First"), ("c", "B"), ("d", "C")]
    assert custctl.json("customer", "show", "d")["parent"] == "b"
    assert custctl.changes("apply", *words, "--yes") == []
    assert custctl("undo", "--last", "--yes").exit == 0
    assert custctl.export() == before


@pytest.mark.parametrize("documents", [SWAP, "".join(f"[[customers]]\n{table}\n" for table in CHAIN)])
def test_a_document_with_renames_seeds_an_empty_database(custctl: Runner, documents: str) -> None:
    text = documents.replace("was", 'name = "N"\nwas').replace('name = "First"\n', "").replace('name = "First"', "")
    added = custctl.changes("apply", "-f", custctl.file(text), "--yes")
    assert {op for op, _ in added} == {"add"}
    customers = [record for _, record in added if record.startswith("customer:")]
    assert len(customers) == text.count("[[customers]]")


def test_what_is_named_after_customers_and_names_them_follows_when_they_exchange_their_keys(custctl: Runner) -> None:
    text = PAIR
    for key, parent in (("a", "b"), ("b", "")):
        text += f'[[users]]\nemail = "{key}@x.example"\nfirst_name = "F"\nlast_name = "L"\ncustomer = "{key}"\n'
        text += f'roles = ["{key}/boss"]\n[[roles]]\nkey = "{key}/boss"\nlabel = "Boss of {key}"\n'
        text += f'[[customers]]\nkey = "{key}-sub"\nname = "Sub"\nparent = "{parent}"\n'
        text += f'[settings.customer.{key}]\n"menu.main" = "menu-{key}"\n'
    custctl.apply(text)
    before = custctl.export()
    custctl.apply(SWAP)
    assert custctl.json("user", "show", "a@x.example")["customer"] == "b"
    assert custctl.json("user", "show", "a@x.example")["roles"] == ["b/boss"]
    assert custctl.json("role", "show", "b/boss")["label"] == "Boss of a"
    assert custctl.json("customer", "show", "a-sub")["parent"] == "a"
    assert custctl.sql("SELECT key, value FROM setting WHERE name = 'menu.main' ORDER BY key") == [
        ("customer/a/menu.main", '"menu-b"'),
        ("customer/b/menu.main", '"menu-a"'),
    ]
    assert custctl("db", "check").exit == 0
    assert custctl("undo", "--last", "--yes").exit == 0
    assert custctl.export() == before


def test_prices_follow_when_lists_and_products_exchange_their_keys(custctl: Runner) -> None:
    lists = '[[price_lists]]\nkey = "l1"\nname = "L1"\n[[price_lists]]\nkey = "l2"\nname = "L2"\n'
    products = '[[products]]\nsku = "p1"\nname = "P1"\n[[products]]\nsku = "p2"\nname = "P2"\n'
    prices = '[[prices]]\nprice_list = "l1"\nproduct = "p1"\namount = "1.00"\n'
    prices += '[[prices]]\nprice_list = "l2"\nproduct = "p2"\namount = "2.00"\n'
    prices += '[[prices]]\nprice_list = "l1"\nproduct = "p2"\namount = "3.00"\n'
    custctl.apply(lists + products + prices)
    before = custctl.export()
    custctl.apply(
        '[[price_lists]]\nkey = "l1"\nwas = "l2"\n[[price_lists]]\nkey = "l2"\nwas = "l1"\n'
        '[[products]]\nsku = "p1"\nwas = "p2"\n[[products]]\nsku = "p2"\nwas = "p1"\n'
    )
    assert custctl.sql("SELECT key, amount / 10000 FROM price ORDER BY key") == [
        ("l1/p1", 2),
        ("l2/p1", 3),
        ("l2/p2", 1),
    ]
    assert custctl("db", "check").exit == 0
    assert custctl("undo", "--last", "--yes").exit == 0
    assert custctl.export() == before


def test_references_in_a_document_mean_the_new_keys(custctl: Runner) -> None:
    custctl.apply(PAIR)
    custctl.apply(SWAP + '[[customers]]\nkey = "sub"\nname = "Sub"\nparent = "b"\n')
    parent = custctl.json("customer", "show", custctl.json("customer", "show", "sub")["parent"])
    assert parent["name"] == "A"
    refused = custctl.unapplied(
        '[[customers]]\nkey = "c"\nwas = "b"\n[[customers]]\nkey = "sub"\nparent = "b"\n',
    )
    assert refused == [("6:1", 4, "not-found", "customer 'b' not found")]
    assert "did you mean c?" in custctl("apply", "-f", str(custctl.database.parent / "world.toml"), "--yes").err


def test_one_record_is_not_renamed_twice(custctl: Runner) -> None:
    text = '[[customers]]\nkey = "x"\nname = "X"\nwas = "a"\n[[customers]]\nkey = "y"\nname = "Y"\nwas = "a"\n'
    for _ in range(2):
        assert custctl.unapplied(text) == [("8:1", 4, "repeated-key", "two customers were 'a'")]
        custctl.apply(PAIR)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[customers]]\nkey = "b"\nwas = "a"\n', "customer:a cannot become b: that key is taken"),
        (
            '[[customers]]\nkey = "b"\nwas = "a"\n[[customers]]\nkey = "c"\nwas = "b"\n',
            "customer:b cannot become c: that key is taken",
        ),
    ],
    ids=["alone", "chain"],
)
def test_a_key_that_another_record_keeps_is_taken(custctl: Runner, text: str, message: str) -> None:
    custctl.apply(PAIR + '[[customers]]\nkey = "c"\nname = "C"\n')
    assert [problem[1:] for problem in custctl.unapplied(text)] == [(5, "taken", message)]
    assert custctl.refusal("customer", "edit", "a", "--key", "b")[:2] == (5, "taken")


def test_a_former_key_that_is_nearly_stored_is_told(custctl: Runner) -> None:
    custctl.apply('[[customers]]\nkey = "alpha"\nname = "Alpha"\n')
    answer = custctl.apply('[[customers]]\nkey = "beta"\nname = "Beta"\nwas = "alpah"\n')
    assert answer["warnings"] == ["customer 'beta' is new: 'alpah' is not stored; did you mean was = 'alpha'?"]


def test_users_of_an_import_exchange_their_e_mail_addresses(custctl: Runner) -> None:
    sheet = "External id,Email,First name,Last name,Roles\n"
    rows = ("1,ann@x.example,Ann,A,buyer\n", "2,bob@x.example,Bob,B,buyer\n")
    assert custctl("user", "import", custctl.file(sheet + "".join(rows), "users.csv")).exit == 0
    rows = ("1,bob@x.example,Ann,A,buyer\n", "2,ann@x.example,Bob,B,buyer\n")
    path = custctl.file(sheet + "".join(rows), "users.csv")
    assert custctl.json("user", "import", path)["updated"] == 2
    assert custctl.sql("SELECT key, first_name FROM customer_user ORDER BY key") == [
        ("ann@x.example", "Bob"),
        ("bob@x.example", "Ann"),
    ]
    assert custctl.json("user", "import", path)["unchanged"] == 2
    assert custctl("undo", "--last", "--yes").exit == 0
    assert custctl.json("user", "show", "ann@x.example")["first_name"] == "Ann"


HELPER = '[[roles]]\nkey = "wholesaler-b/helper"\nwas = "company-a/assistant"\n'
NINA = "nina.park@company-a.example"


def test_a_role_is_not_renamed_into_a_customer_while_users_of_others_hold_it(demo: Runner) -> None:
    message = f"role:wholesaler-b/helper: user:{NINA} of another customer has this role"
    assert [problem[1:] for problem in demo.unapplied(HELPER)] == [(4, "invalid", message)]
    demo.apply(f'{HELPER}[[users]]\nemail = "{NINA}"\nroles = ["buyer"]\n')
    assert demo("db", "check").exit == 0
    assert demo.json("role", "show", "wholesaler-b/helper")["customer"] == "wholesaler-b"


def test_a_role_goes_to_another_customer_together_with_its_user(demo: Runner) -> None:
    demo.apply(f'{HELPER}[[users]]\nemail = "{NINA}"\ncustomer = "wholesaler-b"\n')
    assert demo("db", "check").exit == 0
    assert demo.json("user", "show", NINA)["roles"] == ["wholesaler-b/helper"]


def test_a_role_of_the_website_is_not_renamed_into_a_customer(demo: Runner) -> None:
    demo.apply('[[roles]]\nkey = "scout"\nlabel = "Scout"\n[settings]\n"customer.default_role" = "scout"\n')
    message = "role:partner-c/scout: is the website's default or guest role, which is for everyone"
    document = '[[roles]]\nkey = "partner-c/scout"\nwas = "scout"\n'
    assert [problem[1:] for problem in demo.unapplied(document)] == [(5, "protected", message)]
