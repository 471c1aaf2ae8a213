"""Categories, products and price lists through the commands; the names of tests begin with the feature they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runner import Runner

FOR_GROUPS = ("current_product", "category", "hidden", "visible")


@pytest.fixture
def shop(custctl: Runner) -> Runner:
    """Two categories, one in the other, two products, a group with a customer, and a price list."""
    for words in (
        ["category", "add", "Lighting"],
        ["category", "add", "Desk lamps", "--parent", "lighting"],
        ["product", "add", "LMP-1", "Desk lamp", "--category", "desk-lamps"],
        ["product", "add", "Hat.2_b", "Hard hat"],
        ["group", "add", "Partners"],
        ["customer", "add", "Acme", "--group", "partners"],
        ["price-list", "add", "Retail", "--currency", "USD"],
    ):
        assert custctl(*words, "-q").exit == 0
    return custctl


# -- categories ------------------------------------------------------------------------------------------------------


def test_categories_are_listed_by_name_and_shown_as_a_tree(shop: Runner) -> None:
    assert shop("category", "list").lines == [
        "KEY         NAME        PARENT    VISIBILITY  PRODUCTS",
        "desk-lamps  Desk lamps  lighting  -           1",
        "lighting    Lighting    -         -           0",
    ]
    lamps = {"key": "desk-lamps", "name": "Desk lamps", "children": []}
    assert shop.json("category", "tree") == [{"key": "lighting", "name": "Lighting", "children": [lamps]}]
    assert shop.json("category", "tree", "desk-lamps") == lamps


def test_a_category_is_shown_with_all_that_is_said_of_it(shop: Runner) -> None:
    shown = shop.json("category", "show", "desk-lamps")
    assert shown.pop("created") == shown.pop("updated")
    assert shown == {
        "id": 2,
        "key": "desk-lamps",
        "name": "Desk lamps",
        "parent": "lighting",
        "visibility": None,
        "visibility_for_groups": {},
        "visibility_for_customers": {},
        "products": 1,
        "manager": None,
    }


def test_p_07_a_category_is_no_ancestor_of_itself(shop: Runner) -> None:
    message = "category:lighting: desk-lamps cannot be the parent: it lies below (lighting → desk-lamps → lighting)"
    assert shop.refusal("category", "edit", "lighting", "--parent", "desk-lamps") == (4, "cycle", message)


def test_p_07_a_category_at_the_top_has_no_parent_to_follow(shop: Runner) -> None:
    words = "category:lighting: visibility cannot be parent_category: it has no parent"
    assert shop.refusal("category", "visibility", "lighting", "--all", "parent_category") == (4, "invalid", words)
    words = "category:lighting: visibility_for_groups cannot be parent_category: it has no parent"
    group = ["category", "visibility", "lighting", "--group", "partners=parent_category"]
    assert shop.refusal(*group) == (4, "invalid", words)


def test_p_07_what_a_category_follows_unsaid_is_not_kept(shop: Runner) -> None:
    assert shop.json("category", "visibility", "desk-lamps", "--all", "parent_category")["changes"] == []
    assert shop.json("category", "visibility", "desk-lamps", "--group", "partners=all")["changes"] == []
    assert shop.fields("category", "visibility", "desk-lamps", "--all", "config") == {
        "category:desk-lamps": {"visibility": [None, "config"]}
    }


def test_p_07_a_category_that_becomes_top_level_follows_its_parent_no_longer(shop: Runner) -> None:
    said = ["--group", "partners=parent_category", "--customer", "acme=hidden"]
    assert shop("category", "visibility", "desk-lamps", *said, "-q").exit == 0
    answer = shop("category", "edit", "desk-lamps", "--parent", "")
    warning = "category:desk-lamps: without a parent, visibility_for_groups no longer says parent_category"
    assert (answer.exit, answer.err) == (0, f"warning: {warning}\n")
    shown = shop.json("category", "show", "desk-lamps")
    assert (shown["visibility_for_groups"], shown["visibility_for_customers"]) == ({}, {"acme": "hidden"})


def test_deleting_a_category_leaves_its_products_and_those_below_without_one(shop: Runner) -> None:
    assert shop.fields("category", "delete", "lighting", "--yes") == {
        "category:lighting": {"key": ["lighting", None], "name": ["Lighting", None]},
        "category:desk-lamps": {"parent": ["lighting", None]},
    }
    assert shop("product", "visibility", "LMP-1", "--customer", "acme=category", "-q").exit == 0
    answer = shop("category", "delete", "desk-lamps", "--yes", "-q")
    assert answer.exit == 0
    assert shop.json("product", "show", "LMP-1")["visibility_for_customers"] == {}
    assert shop("undo", "--last", "--yes", "-q").exit == 0
    product = shop.json("product", "show", "LMP-1")
    assert (product["category"], product["visibility_for_customers"]) == ("desk-lamps", {"acme": "category"})


# -- products --------------------------------------------------------------------------------------------------------


def test_a_product_is_found_by_its_sku_in_capitals_or_not(shop: Runner) -> None:
    assert shop("product", "list").lines == [
        "SKU      NAME       CATEGORY    STATUS   VISIBILITY",
        "Hat.2_b  Hard hat   -           enabled  -",
        "LMP-1    Desk lamp  desk-lamps  enabled  -",
    ]
    for text in ("LMP-1", "lmp-1", "product:lmp-1", "Desk lamp", "id:1"):
        assert shop.json("product", "show", text)["sku"] == "LMP-1"
    assert shop.refusal("product", "show", "LMP-2") == (3, "not-found", "product 'LMP-2' not found")


def test_a_sku_is_taken_once_and_has_no_spaces(shop: Runner) -> None:
    assert shop.refusal("product", "add", "lmp-1", "Other") == (5, "taken", "product:lmp-1 exists already")
    words = "product 'a b': sku must be letters, digits, - . and _, at most 255"
    assert shop.refusal("product", "add", "a b", "Other") == (4, "invalid", words)


def test_a_new_sku_renames_the_product_and_its_prices_and_all_of_it_is_taken_back(shop: Runner) -> None:
    assert shop("price-list", "price", "set", "retail", "LMP-1", "10", "-q").exit == 0
    assert shop.changes("product", "edit", "LMP-1", "--sku", "LMP-9") == [
        ("rename", "product:lmp-9"),
        ("rename", "price:retail/lmp-9"),
    ]
    assert shop.changes("undo", "--last", "--yes") == [("rename", "product:lmp-1"), ("rename", "price:retail/lmp-1")]
    assert shop.json("product", "show", "LMP-1")["sku"] == "LMP-1"


def test_p_08_a_product_without_a_category_has_none_to_follow(shop: Runner) -> None:
    words = "product:hat.2_b: visibility cannot be category: it has no category"
    assert shop.refusal("product", "visibility", "Hat.2_b", "--all", "category") == (4, "invalid", words)
    words = "product:hat.2_b: visibility_for_customers cannot be category: it has no category"
    customer = ["product", "visibility", "Hat.2_b", "--customer", "acme=category"]
    assert shop.refusal(*customer) == (4, "invalid", words)


def test_who_sees_a_product_is_shown_level_by_level(shop: Runner) -> None:
    words = ["product", "visibility", "LMP-1", "--all", "hidden", "--group", "partners=visible"]
    assert shop.fields(*words, "--customer", "acme=current_product") == {
        "product:lmp-1": {
            "visibility": [None, "hidden"],
            "visibility_for_groups": [{}, {"partners": "visible"}],
            "visibility_for_customers": [{}, {"acme": "current_product"}],
        }
    }
    assert shop("product", "visibility", "LMP-1").lines == [
        "LEVEL     OF                       CHOICE           STORED",
        "all       -                        hidden           yes",
        "group     customer-group:partners  visible          yes",
        "customer  customer:acme            current_product  yes",
    ]
    assert shop("product", "visibility", "Hat.2_b").lines[1:] == ["all    -   config  no"]
    assert shop.fields("product", "visibility", "LMP-1", "--customer", "acme=") == {
        "product:lmp-1": {"visibility_for_customers": [{"acme": "current_product"}, {}]}
    }


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["--group", "partners"], (2, "usage", "'partners' is not GROUP=CHOICE")),
        (["--group", "nobody=hidden"], (3, "not-found", "customer group 'nobody' not found")),
        (
            ["--group", "partners=config"],
            (
                4,
                "invalid",
                "product 'lmp-1': visibility_for_groups partners: must be one of " + ", ".join(FOR_GROUPS),
            ),
        ),
        (
            ["--all", "parent_category"],
            (4, "invalid", "product 'lmp-1': visibility must be one of category, config, hidden, visible"),
        ),
    ],
)
def test_a_choice_that_a_level_does_not_have_is_refused(
    shop: Runner, words: list[str], refusal: tuple[int, str, str]
) -> None:
    assert shop.refusal("product", "visibility", "LMP-1", *words) == refusal


def test_groups_and_customers_that_go_take_what_is_said_of_them_along(shop: Runner) -> None:
    said = ["--group", "partners=hidden", "--customer", "acme=visible"]
    for noun, key in (("product", "LMP-1"), ("category", "lighting")):
        assert shop(noun, "visibility", key, *said, "-q").exit == 0
    assert shop.changes("customer", "delete", "acme") == [
        ("remove", "customer:acme"),
        ("change", "category:lighting"),
        ("change", "product:lmp-1"),
        ("remove", "account:acme"),
    ]
    assert shop("group", "delete", "partners", "-q").exit == 0
    assert shop.json("product", "show", "LMP-1")["visibility_for_groups"] == {}
    assert shop.json("category", "show", "lighting")["visibility_for_groups"] == {}
    for _ in range(2):
        assert shop("undo", "--last", "--yes", "-q").exit in (0, 5)


def test_renamed_groups_and_customers_are_named_anew_where_something_is_said_of_them(shop: Runner) -> None:
    assert shop("product", "visibility", "LMP-1", "--customer", "acme=hidden", "-q").exit == 0
    assert shop("customer", "edit", "acme", "--key", "apex", "-q").exit == 0
    assert shop.json("product", "show", "LMP-1")["visibility_for_customers"] == {"apex": "hidden"}
    assert shop.json("product", "list", "--where", "visibility_for_customers=apex", "--fields", "sku") == [
        {"key": "lmp-1", "sku": "LMP-1"}
    ]


def test_merged_customers_keep_the_price_lists_and_the_visibility_of_the_master(shop: Runner) -> None:
    for name in "ABC":
        assert shop("price-list", "add", name, "-q").exit == 0
    assert shop("customer", "edit", "acme", "--price-list", "B", "--price-list", "A", "-q").exit == 0
    assert shop("customer", "add", "Apex", "--price-list", "C", "-q").exit == 0
    said = ["--customer", "acme=hidden", "--customer", "apex=visible"]
    assert shop("product", "visibility", "LMP-1", *said, "-q").exit == 0
    assert shop("product", "visibility", "Hat.2_b", "--customer", "apex=visible", "-q").exit == 0
    assert shop("customer", "merge", "acme", "apex", "--yes", "-q").exit == 0
    assert shop.json("customer", "show", "acme")["price_lists"] == ["b", "a"]
    assert shop.json("product", "show", "LMP-1")["visibility_for_customers"] == {"acme": "hidden"}
    assert shop.json("product", "show", "Hat.2_b")["visibility_for_customers"] == {"acme": "visible"}
    assert shop("undo", "--last", "--yes", "-q").exit == 0
    assert shop.json("product", "show", "Hat.2_b")["visibility_for_customers"] == {"apex": "visible"}
    words = ["customer", "merge", "acme", "apex", "--take", "price_lists=all", "--yes", "-q"]
    assert shop(*words).exit == 0
    assert shop.json("customer", "show", "acme")["price_lists"] == ["b", "a", "c"]


# -- documents, files, search ------------------------------------------------------------------------------------------

DOCUMENT = """
apiVersion = "custctl/v1"
[[groups]]
key = "partners"
name = "Partners"
price_lists = ["Dealers 2026", "retail"]
unmerged_price_lists = ["dealers-2026"]
price_fallback = "this_group_only"
[[customers]]
key = "acme"
name = "Acme"
[[categories]]
key = "lamps"
name = "Lamps"
visibility = "hidden"
visibility_for_customers = { acme = "visible" }
[[products]]
sku = "L-1"
name = "Lamp"
category = "lamps"
tags = ["New arrival"]
[products.visibility_for_groups]
partners = "category"
[[price_lists]]
key = "retail"
name = "Retail"
currency = "USD"
[[price_lists]]
key = "dealers-2026"
name = "Dealers 2026"
[[prices]]
price_list = "retail"
product = "L-1"
amount = "10"
[[prices]]
price_list = "retail"
product = "L-1"
quantity = 10
amount = "9.5"
"""


def test_a_document_makes_a_catalogue_that_exports_as_it_was(custctl: Runner, tmp_path: Path) -> None:
    answer = custctl("apply", "-f", "-", "--yes", stdin=DOCUMENT)
    assert answer.exit == 0, answer
    assert custctl.json("price-list", "show", "dealers-2026")["name"] == "Dealers 2026"
    assert custctl.json("tag", "show", "new-arrival")["name"] == "New arrival"
    assert custctl("plan", "-f", "-", "-o", "json", stdin=DOCUMENT).json["changes"] == []
    exported = custctl("export").out
    other = Runner(tmp_path / "other.db")
    assert other("apply", "-f", "-", "--yes", stdin=exported).exit == 0
    assert other("export").out == exported
    assert other.json("group", "show", "partners")["price_lists"] == ["dealers-2026", "retail"]
    assert other("db", "check").exit == 0


def test_products_and_prices_come_from_files(shop: Runner, tmp_path: Path) -> None:
    products = tmp_path / "products.csv"
    products.write_text(
        "sku,name,category,status,visibility_for_groups\n"
        'A-1,Anvil,lighting,enabled,"{""partners"": ""hidden""}"\n'
        "LMP-1,Lamp,,disabled,\n"
    )
    answer = shop.json("product", "import", str(products))
    assert (answer["added"], answer["updated"], answer["rejected"]) == (1, 1, 0)
    assert shop.json("product", "show", "A-1")["visibility_for_groups"] == {"partners": "hidden"}
    prices = tmp_path / "prices.csv"
    prices.write_text("price_list,product,quantity,amount\nretail,A-1,,12.5\nretail,A-1,10,11\nretail,LMP-1,1,3\n")
    answer = shop.json("price-list", "price", "import", str(prices))
    assert (answer["added"], answer["rejected"]) == (3, 0)
    prices.write_text("price_list,product,quantity,amount\nretail,A-1,10,10.99\n")
    assert shop.json("price-list", "price", "import", str(prices))["updated"] == 1
    assert shop("price-list", "price", "list", "retail").lines == [
        "PRICE_LIST  PRODUCT  QUANTITY  AMOUNT  CURRENCY",
        "retail      a-1      1         12.50   USD",
        "retail      a-1      10        10.99   USD",
        "retail      lmp-1    1         3.00    USD",
    ]
    categories = tmp_path / "categories.csv"
    categories.write_text("key,name,parent\nsafety,Safety,\nhelmets,Helmets,safety\n")
    assert shop.json("category", "import", str(categories))["added"] == 2


def test_products_are_searched_by_sku_name_category_and_tag(shop: Runner) -> None:
    assert shop("product", "edit", "Hat.2_b", "--tag", "Best seller", "-q").exit == 0
    found = {row["record"]: row["matched"] for row in shop.json("search", "lamp")}
    assert found == {"product:lmp-1": "name", "category:desk-lamps": "name"}
    assert [row["record"] for row in shop.json("search", "LMP-1")] == ["product:lmp-1"]
    assert [row["record"] for row in shop.json("search", "best seller")][-1] == "product:hat.2_b"


# -- price lists -------------------------------------------------------------------------------------------------------


def test_p_03_a_price_is_set_changed_and_deleted(shop: Runner) -> None:
    assert shop.fields("price-list", "price", "set", "retail", "LMP-1", "12.5") == {
        "price:retail/lmp-1": {
            "key": [None, "retail/lmp-1"],
            "price_list": [None, "retail"],
            "product": [None, "lmp-1"],
            "quantity": [None, 1],
            "amount": [None, "12.50"],
        }
    }
    assert shop.fields("price-list", "price", "set", "retail", "LMP-1", "12") == {
        "price:retail/lmp-1": {"amount": ["12.50", "12.00"]}
    }
    assert shop.json("price-list", "show", "retail")["prices"] == 1
    assert shop.refusal("price-list", "price", "delete", "retail", "LMP-1", "--quantity", "5") == (
        3,
        "not-found",
        "price 'retail/lmp-1/5' not found",
    )
    assert shop.changes("price-list", "price", "delete", "retail", "LMP-1") == [("remove", "price:retail/lmp-1")]
    message = "price 'lmp-1': amount must be an amount of money like 1234.50"
    assert shop.refusal("price-list", "price", "set", "retail", "LMP-1", "x") == (4, "invalid", message)


def test_p_03_customers_and_groups_name_price_lists_in_order_and_some_alone(shop: Runner) -> None:
    assert shop("price-list", "add", "VIP prices", "-q").exit == 0
    words = ["--price-list", "VIP prices", "--price-list", "retail", "--unmerged-price-list", "vip-prices"]
    assert shop("customer", "edit", "acme", *words, "-q").exit == 0
    shown = shop.json("customer", "show", "acme")
    assert (shown["price_lists"], shown["unmerged_price_lists"]) == (["vip-prices", "retail"], ["vip-prices"])
    words = ["customer", "edit", "acme", "--unmerged-price-list", "other"]
    assert shop.refusal(*words) == (3, "not-found", "price list 'other' not found")
    assert shop("price-list", "add", "Other", "-q").exit == 0
    assert shop.refusal(*words) == (4, "invalid", "customer:acme: other is not among its price_lists")
    assert shop.fields("customer", "edit", "acme", "--price-list", "retail") == {
        "customer:acme": {
            "price_lists": [["vip-prices", "retail"], ["retail"]],
            "unmerged_price_lists": [["vip-prices"], []],
        }
    }


def test_no_price_list_is_made_by_naming_it(shop: Runner) -> None:
    for noun, key in (("customer", "acme"), ("group", "partners")):
        words = [noun, "edit", key, "--price-list", "retial"]
        assert shop.refusal(*words) == (3, "not-found", "price list 'retial' not found")
        assert "did you mean retail?" in shop(*words).err
    assert (
        "to make it first: custctl price-list add wholesale"
        in shop("customer", "add", "N", "--price-list=wholesale").err
    )
    document = '[[groups]]\nkey = "partners"\nprice_lists = ["retial"]\n'
    assert shop.unapplied(document) == [("3:1", 4, "not-found", "price list 'retial' not found")]
    sheet = shop.file("Key,Price lists\nacme,retial\n", "customers.csv")
    answer = shop("customer", "import", sheet, "--map", "Price lists=price_lists")
    assert (answer.exit, "price list 'retial' not found" in answer.err) == (4, True)
    assert [row["key"] for row in shop.json("price-list", "list")] == ["retail"]


NOT_THERE = {
    "customer edit acme": ("group", "account", "channel", "parent"),
    "user edit u@x.example": ("role",),
    "product edit LMP-1": ("category",),
    "category edit lighting": ("parent",),
    "contact edit c": ("group", "reports-to"),
    "account edit acme": ("contact", "default-contact", "referred-by"),
    "business edit b": ("account", "channel", "contact"),
    "lead edit l": ("account", "contact", "customer", "business"),
    "opportunity edit o": ("account", "contact", "customer", "business", "lead"),
    "tag edit t": ("taxonomy",),
    "order edit SO-1": ("customer", "user"),
}


@pytest.mark.parametrize(("line", "option"), [(line, option) for line, found in NOT_THERE.items() for option in found])
def test_naming_what_is_not_stored_makes_nothing_but_tags(shop: Runner, line: str, option: str) -> None:
    for words in (
        ["user", "add", "u@x.example", "--first-name", "U", "--last-name", "U", "--disabled"],
        ["contact", "add", "--key", "c", "--first-name", "C"],
        ["channel", "add", "B2B", "--type", "b2b", "--active"],
        ["business", "add", "B", "--channel", "b2b"],
        ["lead", "add", "L"],
        ["opportunity", "add", "O", "--account", "acme"],
        ["tag", "add", "T"],
        ["order", "add", "SO-1"],
    ):
        assert shop(*words, "-q").exit == 0, words
    assert shop.refusal(*line.split(), f"--{option}", "nothing-like-it")[:2] == (3, "not-found")


def test_p_04_where_prices_come_from_next_is_a_choice_of_two(shop: Runner) -> None:
    assert shop.json("customer", "edit", "acme", "--price-fallback", "group")["changes"] == []
    assert shop.fields("customer", "edit", "acme", "--price-fallback", "this_customer_only") == {
        "customer:acme": {"price_fallback": [None, "this_customer_only"]}
    }
    message = "customer group 'partners': price_fallback must be one of website, this_group_only"
    assert shop.refusal("group", "edit", "partners", "--price-fallback", "group") == (4, "invalid", message)


def test_a_price_list_goes_with_its_prices_unless_the_website_has_it(shop: Runner) -> None:
    assert shop("price-list", "price", "set", "retail", "LMP-1", "1", "-q").exit == 0
    assert shop("customer", "edit", "acme", "--price-list", "retail", "-q").exit == 0
    assert shop("setting", "set", "price.website_lists", "retail", "-q").exit == 0
    message = "price-list:retail is one of price.website_lists"
    assert shop.refusal("price-list", "delete", "retail", "--yes") == (5, "protected", message)
    assert shop("setting", "unset", "price.website_lists", "-q").exit == 0
    message = (
        "deleting price-list:retail together with 1 other record (1 price) and taking it from 1 customer needs --yes"
    )
    assert shop.refusal("price-list", "delete", "retail") == (2, "usage", message)
    assert shop.changes("price-list", "delete", "retail", "--yes") == [
        ("remove", "price-list:retail"),
        ("remove", "price:retail/lmp-1"),
        ("change", "customer:acme"),
    ]


def test_a_renamed_price_list_is_named_anew_in_prices_customers_and_settings(shop: Runner) -> None:
    assert shop("price-list", "price", "set", "retail", "LMP-1", "1", "-q").exit == 0
    assert shop("customer", "edit", "acme", "--price-list", "retail", "-q").exit == 0
    assert shop("setting", "set", "price.website_lists", "retail", "-q").exit == 0
    before = shop("export").out
    assert shop("price-list", "edit", "retail", "--key", "list-1", "-q").exit == 0
    assert shop.json("customer", "show", "acme")["price_lists"] == ["list-1"]
    assert shop.json("setting", "get", "price.website_lists")["value"] == ["list-1"]
    assert shop.json("price-list", "price", "list", "list-1")[0]["key"] == "list-1/lmp-1"
    assert shop("undo", "--last", "--yes", "-q").exit == 0
    assert shop("export").out == before
    assert shop("db", "check").exit == 0


def test_settings_name_price_lists_that_are_stored(shop: Runner) -> None:
    assert shop.refusal("setting", "set", "price.website_lists", "nope") == (
        3,
        "not-found",
        "price list 'nope' not found",
    )
    document = 'apiVersion = "custctl/v1"\n[settings]\n"price.default_lists" = ["retail", "nope"]\n'
    assert shop.refusal("apply", "-f", "-", "--yes", stdin=document) == (
        4,
        "not-found",
        "price list 'nope' not found",
    )
