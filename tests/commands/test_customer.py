"""Customers and their tree, through the commands; the names of tests begin with the feature they hold."""

from __future__ import annotations

import json

import pytest

from tests.runner import UNTOUCHED, Refusal, Runner


def keys(runner: Runner, *words: str) -> list[str]:
    """The keys of a list of customers."""
    return [row["key"] for row in runner.json("customer", "list", *words)]


# C-01, C-02: adding


def test_c_01_a_customer_needs_no_more_than_a_name(custctl: Runner) -> None:
    assert custctl.json("customer", "add", "Acme & Sons, Inc.") == {
        "revision": 1,
        "access": UNTOUCHED,
        "changes": [
            {
                "op": "add",
                "record": "customer:acme-sons-inc",
                "fields": {
                    "key": [None, "acme-sons-inc"],
                    "name": [None, "Acme & Sons, Inc."],
                    "account": [None, "acme-sons-inc"],
                    "owner": [None, "tester"],
                },
            },
            {
                "op": "add",
                "record": "account:acme-sons-inc",
                "fields": {
                    "key": [None, "acme-sons-inc"],
                    "name": [None, "Acme & Sons, Inc."],
                    "owner": [None, "tester"],
                },
            },
        ],
        "warnings": [],
    }


def test_c_01_adding_says_what_it_did_to_a_person(custctl: Runner) -> None:
    answer = custctl("customer", "add", "Acme", "--rating", "5_of_5")
    assert (answer.exit, answer.err) == (0, "")
    assert answer.lines == [
        "+ customer:acme",
        "    key: acme",
        "    name: Acme",
        "    account: acme",
        "    internal_rating: 5_of_5",
        "    owner: tester",
        "+ account:acme",
        "    key: acme",
        "    name: Acme",
        "    owner: tester",
        "2 added, 0 changed, 0 removed",
    ]


def test_c_12_who_adds_a_customer_owns_it_unless_told_otherwise(custctl: Runner) -> None:
    reps = ("--sales-rep", "Priya Nair", "--sales-rep", "Tom Ekberg")
    added = custctl.fields("customer", "add", "Acme", *reps)["customer:acme"]
    assert (added["owner"], added["sales_reps"]) == ([None, "tester"], [None, ["Priya Nair", "Tom Ekberg"]])
    assert custctl.fields("customer", "add", "Other", "--owner", "Sam")["customer:other"]["owner"] == [None, "Sam"]
    assert "owner" not in custctl.fields("customer", "add", "Nobody's", "--owner", "")["customer:nobody-s"]


def test_c_12_whom_the_storefront_adds_is_owned_by_the_person_of_the_back_office(demo: Runner) -> None:
    amanda = ("--as", "amanda.smith@company-a.example")
    demo.json("customer", "add", "Acme", *amanda)
    assert demo.json("customer", "show", "acme")["owner"] == "tester"
    for field, words in {"owner": ("--owner", "Sam"), "sales_reps": ("--sales-rep", "Sam")}.items():
        refused = demo("customer", "add", "Other", *words, *amanda, "-o", "json")
        assert (refused.exit, refused.json["resource"]) == (1, f"customer.{field}")


def test_c_11_a_rating_is_one_of_the_list(custctl: Runner) -> None:
    custctl("customer", "add", "Acme", "--rating", "3_of_5")
    problem = "internal_rating must be one of 1_of_5, 2_of_5, 3_of_5, 4_of_5, 5_of_5"
    assert custctl.refusal("customer", "edit", "acme", "--rating", "9") == (
        4,
        "invalid",
        f"customer 'acme': {problem}",
    )
    assert custctl.json("customer", "show", "acme")["internal_rating"] == "3_of_5"


def test_c_19_an_external_id_belongs_to_one_customer(custctl: Runner) -> None:
    custctl("customer", "add", "Acme", "--external-id", "ERP-1")
    problem = "external id 'ERP-1' is already that of customer:acme"
    assert custctl.refusal("customer", "add", "Other", "--external-id", "ERP-1") == (
        5,
        "taken",
        f"customer:other: {problem}",
    )


def test_c_01_a_name_of_255_characters_passes(custctl: Runner) -> None:
    assert custctl.changes("customer", "add", "Ä" * 255) == [
        ("add", f"customer:{'ä' * 64}"),
        ("add", f"account:{'ä' * 64}"),
    ]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "name must not be blank"),
        (" \t", "name must not be blank"),
        ("x" * 256, "name must have at most 255 characters, this has 256"),
        ("A\0B", "name holds a NUL character"),
    ],
)
def test_c_01_a_name_that_is_blank_too_long_or_no_text_is_refused(custctl: Runner, name: str, problem: str) -> None:
    refusal = (4, "invalid", f"customer 'acme': {problem}")
    assert custctl.refusal("customer", "add", name, "--key", "acme") == refusal


def test_c_01_what_is_wrong_is_told_to_a_person_with_the_field(custctl: Runner) -> None:
    answer = custctl("customer", "add", "")
    assert (answer.exit, answer.out) == (4, "")
    assert answer.err == "error: customer 'customer': name must not be blank\n  --> field \"name\"\n"


def test_c_01_a_customer_can_be_added_with_everything_it_has(demo: Runner) -> None:
    words = (
        "customer add Acme --key the-acme --parent company-a --group partners --rating 3_of_5 --owner Sam"
        " --sales-rep Tom --sales-rep Priya --payment-term prepaid --tax-code T1 --vat-id DE1 --external-id E1"
    )
    fields = demo.fields(*words.split())["customer:the-acme"]
    assert {name: new for name, (_, new) in fields.items()} == {
        "key": "the-acme",
        "name": "Acme",
        "parent": "company-a",
        "group": "partners",
        "account": "the-acme",
        "channel": "web-shop",
        "internal_rating": "3_of_5",
        "owner": "Sam",
        "sales_reps": ["Tom", "Priya"],
        "payment_term": "prepaid",
        "tax_code": "T1",
        "vat_id": "DE1",
        "external_id": "E1",
    }


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        (("--parent", "nope"), (3, "not-found", "customer 'nope' not found")),
        (("--group", "nope"), (3, "not-found", "customer group 'nope' not found")),
        (
            ("--rating", "9"),
            (4, "invalid", "customer 'acme': internal_rating must be one of 1_of_5, 2_of_5, 3_of_5, 4_of_5, 5_of_5"),
        ),
        (
            ("--key", "Acme Inc"),
            (
                4,
                "invalid",
                "customer 'Acme Inc': key is not a key: letters, digits and single hyphens, at most 64; try 'acme-inc'",
            ),
        ),
        (("--key", "company-a"), (5, "taken", "customer:company-a exists already")),
        (
            ("--external-id", "ERP-10001"),
            (5, "taken", "customer:acme: external id 'ERP-10001' is already that of customer:company-a"),
        ),
        (
            ("--external-id", "x" * 37),
            (4, "invalid", "customer 'acme': external_id must have at most 36 characters, this has 37"),
        ),
    ],
)
def test_c_01_a_customer_with_a_wrong_value_is_refused(
    demo: Runner, options: tuple[str, ...], refusal: Refusal
) -> None:
    assert demo.refusal("customer", "add", "Acme", *options) == refusal


def test_c_02_two_customers_may_share_a_name_and_get_different_keys(custctl: Runner) -> None:
    assert custctl.changes("customer", "add", "Acme") == [("add", "customer:acme"), ("add", "account:acme")]
    assert custctl.changes("customer", "add", "ACME") == [("add", "customer:acme-2"), ("add", "account:acme-2")]
    assert custctl.changes("customer", "add", "acme!") == [("add", "customer:acme-3"), ("add", "account:acme-3")]


def test_c_02_the_keys_of_equal_long_names_stay_keys(custctl: Runner) -> None:
    made = [custctl.changes("customer", "add", "x" * 100) for _ in range(2)]
    first, second = "x" * 64, f"{'x' * 62}-2"
    assert made == [[("add", f"customer:{key}"), ("add", f"account:{key}")] for key in (first, second)]


def test_c_02_a_name_that_two_customers_share_names_neither(custctl: Runner) -> None:
    custctl("customer", "add", "Acme", "--key", "one")
    custctl("customer", "add", "acme", "--key", "two")
    answer = custctl("customer", "show", "Acme")
    assert (answer.exit, answer.out) == (4, "")
    assert answer.err == "error: several customers are called 'Acme'\n  hint: name one by its key: one, two\n"


# C-03: showing and editing


def test_c_03_a_customer_is_shown_with_everything_about_it(demo: Runner) -> None:
    shown = demo.json("customer", "show", "company-a-west")
    created = shown.pop("created")
    assert created == shown.pop("updated") == demo.sql("SELECT at FROM revision WHERE id = 1")[0][0]
    assert shown == {
        "id": 2,
        "key": "company-a-west",
        "name": "Company A - West",
        "parent": "company-a",
        "group": "all-customers",
        "account": "company-a",
        "previous_account": None,
        "channel": "web-shop",
        "internal_rating": "4_of_5",
        "owner": "Sam Delgado",
        "sales_reps": ["Priya Nair"],
        "payment_term": None,
        "tax_code": None,
        "price_lists": [],
        "unmerged_price_lists": [],
        "price_fallback": None,
        "vat_id": None,
        "external_id": None,
        "tags": [],
        "lifetime": "2999.99",
        **dict.fromkeys(("times_contacted", "times_contacted_in", "times_contacted_out"), 0),
        **dict.fromkeys(("last_contacted", "last_contacted_in", "last_contacted_out")),
        "activities": [],
        "addresses": [
            {
                "key": "office",
                "label": "Office",
                "organization": "Company A - West",
                "first_name": None,
                "middle_name": None,
                "last_name": None,
                "street": "55 Saguaro Street",
                "street2": None,
                "city": "Phoenix",
                "postal_code": "85004",
                "phone": None,
                "country": "US",
                "region": "US-AZ",
                "primary": True,
                "types": ["billing", "shipping"],
                "default": ["billing"],
                "manager": "demo",
            }
        ],
        "manager": "demo",
        "terms": {
            "payment_term": {"value": "net 30", "origin": "customer-group:all-customers"},
            "tax_code": {"value": None, "origin": None},
            "price_lists": {"value": ["retail"], "origin": "setting:price.website_lists"},
        },
        "ancestors": ["company-a"],
        "subsidiaries": ["company-a-la"],
        "counts": {
            "users": 3,
            "roles": 0,
            "opportunities": 0,
            "orders": 2,
            "quotes": 1,
            "requests": 1,
            "shopping_lists": 1,
            "checkouts": 0,
        },
    }


@pytest.mark.parametrize("reference", ["company-a-la", "COMPANY-A-LA", "Company A - LA", "company a - la", "id:3"])
def test_c_03_a_customer_is_found_by_key_name_and_id(demo: Runner, reference: str) -> None:
    assert demo.json("customer", "show", reference)["key"] == "company-a-la"


@pytest.mark.parametrize("reference", ["company-b", "id:999", "id:0", ""])
def test_c_03_a_customer_that_is_not_stored_is_exit_3(demo: Runner, reference: str) -> None:
    assert demo.refusal("customer", "show", reference) == (3, "not-found", f"customer {reference!r} not found")


def test_c_03_near_keys_are_offered_for_one_that_is_not_stored(demo: Runner) -> None:
    (problem,) = demo("customer", "show", "company-b", "-o", "json").problems
    assert problem["hint"] == "did you mean company-a or company-a-la or company-a-west?"
    assert problem["candidates"] == ["company-a", "company-a-la", "company-a-west"]


def test_c_03_editing_changes_what_was_given_and_nothing_else(demo: Runner) -> None:
    words = ("--name", "West", "--sales-rep", "Tom", "--owner", "", "--rating", "1_of_5")
    assert demo.fields("customer", "edit", "company-a-west", *words) == {
        "customer:company-a-west": {
            "name": ["Company A - West", "West"],
            "internal_rating": ["4_of_5", "1_of_5"],
            "owner": ["Sam Delgado", None],
            "sales_reps": [["Priya Nair"], ["Tom"]],
        }
    }


def test_c_03_an_empty_value_clears_a_field(demo: Runner) -> None:
    words = ("--group", "", "--parent", "", "--sales-rep", "", "--rating", "")
    assert demo.fields("customer", "edit", "company-a-west", *words) == {
        "customer:company-a-west": {
            "parent": ["company-a", None],
            "group": ["all-customers", None],
            "internal_rating": ["4_of_5", None],
            "sales_reps": [["Priya Nair"], []],
        }
    }


def test_c_03_an_edit_to_what_is_already_so_makes_no_revision(demo: Runner) -> None:
    before = demo.contents()
    answer = demo("customer", "edit", "company-a", "--name", "Company A")
    assert (answer.exit, answer.out, answer.err) == (0, "nothing to change\n", "")
    assert demo.contents() == before


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("company-a",), (2, "usage", "say what to change")),
        (("nope", "--name", "X"), (3, "not-found", "customer 'nope' not found")),
        (("company-a", "--name", ""), (4, "invalid", "customer 'company-a': name must not be blank")),
        (("company-a", "--parent", "nope"), (3, "not-found", "customer 'nope' not found")),
        (
            ("company-a", "--external-id", "ERP-20001"),
            (5, "taken", "customer:company-a: external id 'ERP-20001' is already that of customer:wholesaler-b"),
        ),
        (
            ("company-a", "--key", "partner-c"),
            (5, "taken", "customer:company-a cannot become partner-c: that key is taken"),
        ),
    ],
)
def test_c_03_an_edit_that_cannot_be_is_refused(demo: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    assert demo.refusal("customer", "edit", *words) == refusal


def test_c_03_a_new_key_takes_everything_along(demo: Runner) -> None:
    assert demo.changes("customer", "edit", "company-a", "--key", "acme") == [
        ("rename", "customer:acme"),
        ("rename", "role:acme/approver"),
        ("rename", "role:acme/bookkeeper"),
        ("rename", "role:acme/assistant"),
    ]
    assert demo.json("user", "show", "dana.lee@company-a.example")["roles"] == ["acme/approver", "buyer"]
    assert demo.json("customer", "show", "company-a-west")["parent"] == "acme"
    assert demo("customer", "show", "company-a").exit == 3
    assert demo("access", "can", "dana.lee@company-a.example", "edit", "order:SO-1002").exit == 0


def test_c_03_every_change_is_kept_in_history_with_both_images(demo: Runner) -> None:
    demo("customer", "edit", "jo-miller", "--tax-code", "T1")
    assert demo.sql("SELECT id, actor, command FROM revision WHERE id > 1") == [
        (2, "tester", "custctl customer edit jo-miller --tax-code T1")
    ]
    ((op, record, before, after),) = demo.sql("SELECT op, record, before, after FROM history WHERE revision_id = 2")
    image = {"key": "jo-miller", "name": "Jo Miller", "group": "non-authenticated-visitors", "sales_reps": []}
    image |= {"price_lists": [], "unmerged_price_lists": [], "tags": []}
    image |= {"account": "jo-miller", "channel": "web-shop"}
    assert (op, record) == ("change", "customer:jo-miller")
    assert json.loads(before) == image
    assert json.loads(after) == image | {"tax_code": "T1"}


# C-04, C-05: lists

EVERYONE = [
    "company-a",
    "company-a-east",
    "company-a-la",
    "company-a-west",
    "jo-miller",
    "partner-c",
    "partner-c-north",
    "wholesaler-b",
]


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        (["name=COMPANY A"], ["company-a"]),
        (["name~west"], ["company-a-west"]),
        (["name!=Company A", "name~company"], ["company-a-east", "company-a-la", "company-a-west"]),
        (["key=Company-A"], ["company-a"]),
        (["group=partners"], ["partner-c", "partner-c-north"]),
        (["group="], ["company-a-la"]),
        (["group!=all-customers"], ["company-a-la", "jo-miller", "partner-c", "partner-c-north", "wholesaler-b"]),
        (["parent=company-a"], ["company-a-east", "company-a-west"]),
        (["parent="], ["company-a", "jo-miller", "partner-c", "wholesaler-b"]),
        (["internal_rating=3_of_5"], ["company-a-la", "partner-c"]),
        (["internal_rating >= 4_of_5"], ["company-a", "company-a-east", "company-a-west"]),
        (["internal_rating<2_of_5"], ["partner-c-north"]),
        (["payment_term=prepaid"], ["company-a-la"]),
        (["tax_code="], EVERYONE),
        (["tax_code=RESALE"], []),
        (["owner~lena", "internal_rating!=1_of_5"], ["partner-c", "wholesaler-b"]),
        (["sales_reps=priya nair"], ["company-a", "company-a-west"]),
        (["sales_reps~tom", "sales_reps!=Priya Nair"], ["wholesaler-b"]),
        (["sales_reps=", "parent=company-a"], ["company-a-east"]),
        (["external_id<ERP-2"], ["company-a"]),
        (["vat_id!="], ["company-a"]),
        (["created>2000-01-01T00:00:00Z"], EVERYONE),
        (["updated<2000-01-01T00:00:00Z"], []),
    ],
    ids=" & ".join,
)
def test_c_04_each_filter_finds_the_customers_that_meet_it(
    demo: Runner, conditions: list[str], found: list[str]
) -> None:
    where = [word for condition in conditions for word in ("--where", condition)]
    assert keys(demo, *where) == found


def test_c_04_a_list_without_a_hit_says_so_beside_an_empty_answer(demo: Runner) -> None:
    answer = demo("customer", "list", "--where", "name=nobody")
    assert (answer.exit, answer.out, answer.err) == (0, "", "no customers\n")


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("--where", "nmae=x"), (4, "unknown-field", "unknown field 'nmae'")),
        (("--where", "group"), (2, "usage", "--where 'group' is not FIELD OP VALUE")),
        (("--where", "sales_reps<x"), (2, "usage", "< does not apply to a list")),
        (("--sort", "-bogus"), (4, "unknown-field", "unknown field 'bogus'")),
        (("--fields", "key,bogus"), (4, "unknown-field", "unknown field 'bogus'")),
        (("--limit", "-1"), (2, "usage", "Invalid value for '--limit': -1 is less than 0")),
    ],
)
def test_c_04_a_list_that_cannot_be_read_is_refused(demo: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    assert demo.refusal("customer", "list", *words) == refusal


def test_c_05_the_list_is_sorted_by_name_without_regard_to_case(custctl: Runner) -> None:
    for name in ("beta", "Alpha", "Gamma", "alpha"):
        custctl("customer", "add", name)
    assert keys(custctl) == ["alpha", "alpha-2", "beta", "gamma"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--sort", "-name", "--limit", "2"), ["wholesaler-b", "partner-c-north"]),
        (
            ("--sort", "parent,-key", "--limit", "5"),
            ["wholesaler-b", "partner-c", "jo-miller", "company-a", "company-a-west"],
        ),
        (("--sort", "-internal_rating", "--limit", "3"), ["company-a", "company-a-east", "company-a-west"]),
        (("--sort", "owner,-name", "--limit", "4"), ["jo-miller", "wholesaler-b", "partner-c-north", "partner-c"]),
        (("--limit", "0"), []),
    ],
)
def test_c_05_any_column_sorts_and_the_key_settles_ties(demo: Runner, words: tuple[str, ...], found: list[str]) -> None:
    assert keys(demo, *words) == found


# C-06 to C-10: the tree


def test_c_06_the_tree_shows_parents_with_their_subsidiaries(demo: Runner) -> None:
    answer = demo("customer", "tree")
    assert (answer.exit, answer.err) == (0, "")
    assert answer.lines == [
        "company-a  Company A",
        "├─ company-a-east  Company A - East",
        "└─ company-a-west  Company A - West",
        "   └─ company-a-la  Company A - LA",
        "jo-miller  Jo Miller",
        "partner-c  Partner C",
        "└─ partner-c-north  Partner C - North",
        "wholesaler-b  Wholesaler B",
    ]


def test_c_06_a_parent_is_set_and_the_tree_follows(demo: Runner) -> None:
    demo("customer", "edit", "partner-c", "--parent", "company-a-east")
    assert demo.json("customer", "tree", "company-a-east") == {
        "key": "company-a-east",
        "name": "Company A - East",
        "children": [
            {
                "key": "partner-c",
                "name": "Partner C",
                "children": [{"key": "partner-c-north", "name": "Partner C - North", "children": []}],
            }
        ],
    }


def test_c_06_a_customer_moves_with_everything_below_it(demo: Runner) -> None:
    assert demo.fields("customer", "move", "company-a-west", "--to", "partner-c-north") == {
        "customer:company-a-west": {"parent": ["company-a", "partner-c-north"]}
    }
    assert demo.json("customer", "show", "company-a-la")["ancestors"] == [
        "partner-c",
        "partner-c-north",
        "company-a-west",
    ]
    assert demo.fields("customer", "move", "company-a-west", "--top") == {
        "customer:company-a-west": {"parent": ["partner-c-north", None]}
    }


@pytest.mark.parametrize("options", [(), ("--top", "--to", "partner-c")])
def test_c_06_a_move_needs_exactly_one_place_to_go(demo: Runner, options: tuple[str, ...]) -> None:
    refusal = (2, "usage", "say where to: --to CUSTOMER or --top")
    assert demo.refusal("customer", "move", "company-a-la", *options) == refusal


def test_c_06_the_tree_of_a_customer_that_is_not_stored_is_exit_3(demo: Runner) -> None:
    assert demo.refusal("customer", "tree", "nope") == (3, "not-found", "customer 'nope' not found")


@pytest.mark.parametrize("words", [("edit", "company-a", "--parent"), ("move", "company-a", "--to")])
def test_c_07_a_customer_cannot_be_its_own_parent(demo: Runner, words: tuple[str, ...]) -> None:
    message = "customer:company-a: a customer cannot be its own parent"
    assert demo.refusal("customer", *words, "company-a") == (4, "cycle", message)


def test_c_08_a_child_cannot_become_the_parent(demo: Runner) -> None:
    path = "company-a → company-a-east → company-a"
    message = f"customer:company-a: company-a-east cannot be the parent: it lies below ({path})"
    assert demo.refusal("customer", "edit", "company-a", "--parent", "company-a-east") == (4, "cycle", message)


def test_c_08_a_descendant_cannot_become_the_parent(demo: Runner) -> None:
    answer = demo("customer", "move", "company-a", "--to", "company-a-la")
    assert (answer.exit, answer.out) == (4, "")
    assert answer.err == (
        "error: customer:company-a: company-a-la cannot be the parent: it lies below"
        " (company-a → company-a-west → company-a-la → company-a)\n"
        '  --> field "parent"\n'
    )


def test_c_09_ancestors_and_descendants_of_a_chain_of_any_length_are_found(custctl: Runner) -> None:
    chain = [f"c{level:03}" for level in range(200)]
    tables = [f'[[customers]]\nkey = "{key}"\nname = "{key}"\n' for key in chain]
    parents = [f'parent = "{key}"\n' for key in chain]
    custctl.apply("".join(table + parent for table, parent in zip(tables, ["", *parents], strict=False)))
    assert custctl.json("customer", "show", "c199")["ancestors"] == chain[:-1]
    assert custctl("customer", "tree", "c000", "-o", "name").lines == [f"customer:{key}" for key in chain]
    assert custctl.refusal("customer", "move", "c000", "--to", "c199")[:2] == (4, "cycle")


def test_c_10_a_subsidiary_is_added_below_its_parent_and_listed_there(demo: Runner) -> None:
    assert demo.changes("customer", "add", "Company A - Delta", "--parent", "Company A") == [
        ("add", "customer:company-a-delta"),
        ("add", "account:company-a-delta"),
    ]
    shown = demo.json("customer", "show", "company-a")
    assert shown["subsidiaries"] == ["company-a-delta", "company-a-east", "company-a-west"]
    assert keys(demo, "--where", "parent=company-a") == ["company-a-delta", "company-a-east", "company-a-west"]


# C-13: deleting


def test_c_13_a_customer_that_others_belong_to_cannot_be_deleted(demo: Runner) -> None:
    message = (
        "customer:company-a is still used by 5 customer users, 3 own roles, 1 checkout, 2 orders, 2 quotes,"
        " 1 request, 1 shopping-list, 1 sales-report, 1 warranty-claim"
    )
    assert demo.refusal("customer", "delete", "company-a", "--yes") == (5, "has-dependents", message)


def test_c_13_an_own_role_alone_keeps_a_customer(custctl: Runner) -> None:
    custctl("customer", "add", "Acme")
    custctl("role", "add", "Clerk", "--customer", "acme")
    message = "customer:acme is still used by 1 own role"
    assert custctl.refusal("customer", "delete", "acme") == (5, "has-dependents", message)


def test_c_13_the_children_of_a_deleted_customer_become_top_level(custctl: Runner) -> None:
    for name, parent in (("Top", ""), ("Middle", "top"), ("Left", "middle"), ("Right", "middle")):
        custctl("customer", "add", name, "--parent", parent)
    assert custctl.changes("customer", "delete", "middle", "--yes") == [
        ("remove", "customer:middle"),
        ("change", "customer:left"),
        ("change", "customer:right"),
        ("remove", "account:middle"),
    ]
    assert custctl("customer", "tree").lines == ["left  Left", "right  Right", "top  Top"]


def test_c_13_addresses_go_along_with_their_customer_only_when_that_is_agreed_to(demo: Runner) -> None:
    demo("customer", "add", "Acme", "--key", "acme")
    address = "--organization O --street S --city C --postal-code P --country MC --region MC-MC"
    demo("customer", "address", "add", "acme", "--label", "Home", *address.split())
    message = "deleting customer:acme together with 1 other record (1 address) needs --yes"
    assert demo.refusal("customer", "delete", "acme") == (2, "usage", message)
    assert demo.changes("customer", "delete", "acme", "--yes") == [
        ("remove", "customer:acme"),
        ("remove", "customer-address:acme/home"),
        ("remove", "account:acme"),
    ]
    assert demo.sql("SELECT count(*) FROM address WHERE label = 'Home' AND customer_id IS NOT NULL") == [(0,)]


def test_c_13_a_customer_that_nothing_belongs_to_goes_without_asking(demo: Runner) -> None:
    demo("customer", "add", "Acme")
    assert demo("customer", "delete", "acme").lines == [
        "- customer:acme",
        "- account:acme",
        "0 added, 0 changed, 2 removed",
    ]
    assert demo.refusal("customer", "delete", "acme") == (3, "not-found", "customer 'acme' not found")
