"""What customers, users and visitors see and pay; the names of tests begin with the feature they hold."""

from __future__ import annotations

import pytest

from tests.runner import Runner

BOB = "bob.reyes@company-a.example"


def seen(shop: Runner, *words: str) -> list[str]:
    return [row["sku"] for row in shop.json(*words, "--fields", "sku")]


# -- products --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "skus"),
    [
        (["customer", "products", "company-a"], ["LMP-100", "LMP-200", "SAF-1", "SAF-2"]),
        (["customer", "products", "company-a-west"], ["FLD-10", "LMP-100", "LMP-200", "SAF-1", "SAF-2"]),
        (["customer", "products", "company-a-la"], ["LMP-100", "LMP-200", "SAF-2"]),
        (["customer", "products", "wholesaler-b"], ["FLD-10", "LMP-100", "LMP-200", "SAF-1", "SAF-2"]),
        (["customer", "products", "partner-c"], ["LMP-100", "LMP-200", "OEM-7", "SAF-1", "SAF-2"]),
        (["user", "products", BOB], ["LMP-100", "LMP-200", "SAF-1", "SAF-2"]),
        (["guest", "products"], ["LMP-100", "SAF-1", "SAF-2"]),
    ],
)
def test_p_10_customers_users_and_visitors_see_different_products(
    demo: Runner, words: list[str], skus: list[str]
) -> None:
    assert seen(demo, *words) == skus
    assert demo.json(*words, "--count") == {"count": len(skus)}


def test_p_10_the_list_is_narrowed_sorted_and_cut_like_any_other(demo: Runner) -> None:
    words = ["customer", "products", "wholesaler-b"]
    assert seen(demo, *words, "--where", "category=desk-lamps", "--sort", "-name") == ["LMP-100", "LMP-200"]
    assert seen(demo, *words, "--limit", "1", "--after", "FLD-10") == ["LMP-100"]
    answer = demo(*words, "--where", "name=nothing")
    assert (answer.exit, answer.err) == (0, "no products\n")


def test_v_11_what_is_hidden_from_the_group_of_visitors_is_hidden_from_guests_only(demo: Runner) -> None:
    answer = demo("guest", "products", "--explain", "LMP-200", "-o", "json")
    assert (answer.exit, answer.err) == (1, "guest does not see lmp-200: what is said for the group decides\n")
    assert answer.json == {
        "subject": "guest",
        "product": "lmp-200",
        "visible": False,
        "score": -9,
        "decided": "group",
        "levels": [
            {
                "level": "product",
                "of": "everybody",
                "choice": "category",
                "stored": False,
                "score": 1,
                "record": "setting:category.visibility",
                "record_level": "everybody",
                "word": "visible",
            },
            {
                "level": "group",
                "of": "customer-group:non-authenticated-visitors",
                "choice": "hidden",
                "stored": True,
                "score": -10,
                "record": "product:lmp-200",
                "record_level": "group",
                "word": "hidden",
            },
        ],
    }
    assert demo("customer", "products", "company-a", "--explain", "LMP-200").exit == 0


@pytest.mark.parametrize(
    ("customer", "sku", "exit_code", "score", "decided", "record"),
    [
        ("company-a", "FLD-10", 1, -1, "product", "category:floodlights"),
        ("wholesaler-b", "FLD-10", 0, 9, "group", "category:floodlights"),
        ("company-a-west", "FLD-10", 0, 99, "customer", "product:fld-10"),
        ("company-a-la", "SAF-1", 1, -99, "customer", "category:harnesses"),
        ("partner-c", "OEM-7", 0, 99, "customer", "product:oem-7"),
        ("company-a", "OLD-1", 1, 1, "status", "setting:category.visibility"),
    ],
)
def test_p_08_explain_says_which_level_decides_and_where_the_word_stands(
    demo: Runner, customer: str, sku: str, exit_code: int, score: int, decided: str, record: str
) -> None:
    answer = demo("customer", "products", customer, "--explain", sku, "-o", "json")
    told = answer.json
    assert (answer.exit, told["score"], told["decided"]) == (exit_code, score, decided)
    assert told["levels"][-1]["record"] == record or told["levels"][0]["record"] == record


def test_p_09_a_word_about_the_product_counts_before_one_about_its_category(demo: Runner) -> None:
    demo.json("category", "visibility", "lighting", "--all", "hidden")
    assert seen(demo, "customer", "products", "company-a") == ["SAF-1", "SAF-2"]
    demo.json("product", "visibility", "LMP-100", "--all", "visible")
    assert seen(demo, "customer", "products", "company-a") == ["LMP-100", "SAF-1", "SAF-2"]
    demo.json("category", "visibility", "lighting", "--customer", "company-a=hidden")
    assert "LMP-100" in seen(demo, "customer", "products", "company-a")


def test_p_09_a_word_for_the_customer_counts_before_one_for_its_group(demo: Runner) -> None:
    words = ("customer", "products", "wholesaler-b")
    demo.json("product", "visibility", "SAF-2", "--group", "wholesale-accounts=hidden")
    assert "SAF-2" not in seen(demo, *words)
    demo.json("product", "visibility", "SAF-2", "--customer", "wholesaler-b=visible")
    assert "SAF-2" in seen(demo, *words)
    demo.json("product", "visibility", "SAF-2", "--group", "wholesale-accounts=visible")
    demo.json("product", "visibility", "SAF-2", "--customer", "wholesaler-b=hidden")
    assert "SAF-2" not in seen(demo, *words)


def test_p_07_a_word_counts_for_what_lies_however_deep_below_it(custctl: Runner) -> None:
    levels = range(1, 1100)
    above = "".join(f'[[categories]]\nkey = "c-{n}"\nname = "C"\nparent = "c-{n - 1}"\n' for n in levels)
    top = '[[categories]]\nkey = "c-0"\nname = "C"\nvisibility = "hidden"\n'
    custctl.apply(f'{top}{above}[[products]]\nsku = "P"\nname = "P"\ncategory = "c-{levels[-1]}"\n')
    assert seen(custctl, "guest", "products") == []
    answer = custctl("guest", "products", "--explain", "P", "-o", "json")
    assert (answer.exit, answer.json["levels"][0]["record"]) == (1, "category:c-0")
    assert custctl("guest", "can", "view", "product:P").exit == 1


def test_p_07_the_configuration_counts_where_nothing_is_said(demo: Runner) -> None:
    assert demo("product", "edit", "OEM-7", "--visibility", "", "-q").exit == 0
    assert demo("setting", "set", "category.visibility", "hidden", "-q").exit == 0
    assert seen(demo, "customer", "products", "company-a") == ["OEM-7"]
    assert demo("setting", "set", "product.visibility", "hidden", "-q").exit == 0
    assert seen(demo, "customer", "products", "company-a") == []
    assert seen(demo, "customer", "products", "company-a-west") == ["FLD-10"]
    assert demo("category", "visibility", "lighting", "--all", "visible", "-q").exit == 0
    assert seen(demo, "customer", "products", "company-a") == ["LMP-100", "LMP-200"]


def test_explain_is_about_a_stored_product_and_goes_without_the_options_of_a_list(demo: Runner) -> None:
    words = ["customer", "products", "company-a", "--explain"]
    assert demo.refusal(*words, "nope") == (3, "not-found", "product 'nope' not found")
    assert demo.refusal(*words, "OEM-7", "--limit", "1") == (2, "usage", "--explain is about one product")
    assert demo.refusal("customer", "products", "nobody") == (3, "not-found", "customer 'nobody' not found")
    assert demo.refusal("guest", "products", "--as", BOB)[0] == 2


# -- prices ----------------------------------------------------------------------------------------------------------


def paid(shop: Runner, *words: str) -> tuple[str | None, str | None]:
    told = shop(*words, "-o", "json").json
    return told["amount"], told["price_list"]


def test_v_10_visitors_pay_what_the_lists_of_their_group_say_then_those_of_the_website(demo: Runner) -> None:
    assert paid(demo, "guest", "price", "LMP-100") == ("29.90", "retail")
    assert demo("group", "edit", "non-authenticated-visitors", "--price-list", "wholesale", "-q").exit == 0
    assert paid(demo, "guest", "price", "LMP-100") == ("24.00", "wholesale")
    assert paid(demo, "guest", "price", "SAF-2") == ("14.50", "retail")


def test_p_03_the_lists_of_customer_group_and_website_count_in_their_order(demo: Runner) -> None:
    assert paid(demo, "customer", "price", "wholesaler-b", "LMP-100") == ("24.00", "wholesale")
    assert paid(demo, "customer", "price", "wholesaler-b", "LMP-100", "--quantity", "50") == ("21.50", "wholesale")
    assert paid(demo, "user", "price", BOB, "LMP-100") == ("29.90", "retail")
    answer = demo("customer", "price", "partner-c", "LMP-100", "--explain", "-o", "json")
    assert answer.json["chain"] == [
        {
            "price_list": "partner-c-contract",
            "origin": "customer:partner-c",
            "merged": False,
            "currency": "USD",
            "prices": {"1": "26.00"},
            "counts": True,
        },
        {
            "price_list": "retail",
            "origin": "setting:price.website_lists",
            "merged": True,
            "currency": "USD",
            "prices": {"1": "29.90"},
            "counts": False,
        },
    ]
    assert answer.json["inactive"] == ["clearance"]


def test_p_05_the_strategy_decides_between_the_lowest_and_the_first_price(demo: Runner) -> None:
    words = ["customer", "price", "partner-c", "LMP-100", "--quantity", "50"]
    assert demo("price-list", "price", "set", "retail", "LMP-100", "20", "--quantity", "50", "-q").exit == 0
    assert paid(demo, *words) == ("20.00", "retail")
    assert demo("setting", "set", "price.strategy", "merge_by_priority", "-q").exit == 0
    assert paid(demo, *words) == ("26.00", "partner-c-contract")
    assert demo("customer", "edit", "partner-c", "--unmerged-price-list", "", "-q").exit == 0
    assert paid(demo, *words) == ("20.00", "retail")
    assert paid(demo, *words[:-2]) == ("26.00", "partner-c-contract")


@pytest.mark.parametrize("website", [False, True])
@pytest.mark.parametrize("group", [False, True])
@pytest.mark.parametrize("customer", [False, True])
def test_p_04_the_chain_stops_where_only_the_own_lists_count(
    custctl: Runner, customer: bool, group: bool, website: bool
) -> None:
    document = f"""
apiVersion = "custctl/v1"
[[groups]]
key = "g"
name = "G"
price_lists = ["of-group"]
price_fallback = "{"this_group_only" if group else "website"}"
[[customers]]
key = "c"
name = "C"
group = "g"
price_lists = ["of-customer"]
price_fallback = "{"this_customer_only" if customer else "group"}"
[[products]]
sku = "P"
name = "P"
[settings]
"price.website_lists" = ["of-website"]
"price.default_lists" = ["of-config"]
"price.website_fallback" = "{"this_website_only" if website else "config"}"
"""
    names = ("of-customer", "of-group", "of-website", "of-config")
    for name in names:
        document += f'[[price_lists]]\nkey = "{name}"\nname = "{name}"\n'
        document += f'[[prices]]\nprice_list = "{name}"\nproduct = "P"\namount = "1"\n'
    document = document.replace("[settings]", "#settings", 1)
    head, _, tail = document.partition("#settings")
    settings, _, rest = tail.partition("[[price_lists]]")
    ordered = f"{head}[[price_lists]]{rest}[settings]{settings}"
    assert custctl("apply", "-f", "-", "--yes", "-q", stdin=ordered).exit == 0
    chain = custctl.json("customer", "price", "c", "P", "--explain")["chain"]
    length = 1 if customer else 2 if group else 3 if website else 4
    assert [link["price_list"] for link in chain] == list(names[:length])
    chain = custctl.json("guest", "price", "P", "--explain")["chain"]
    assert [link["price_list"] for link in chain] == list(names[2 : 3 if website else 4])


def test_where_no_list_has_a_price_the_answer_is_no(demo: Runner) -> None:
    answer = demo("guest", "price", "OEM-7", "-o", "json")
    assert (answer.exit, answer.json["amount"], answer.json["price_list"]) == (1, None, None)
    assert answer.err.splitlines() == [
        "guest does not see oem-7",
        "none of the price lists that count has a price of oem-7 for 1",
    ]
    assert demo.refusal("guest", "price", "nope") == (3, "not-found", "product 'nope' not found")


def test_a_price_is_asked_in_one_currency(demo: Runner) -> None:
    assert demo("price-list", "add", "Euro", "--currency", "EUR", "-q").exit == 0
    assert demo("price-list", "price", "set", "euro", "LMP-100", "1", "-q").exit == 0
    assert demo("setting", "set", "price.website_lists", "retail", "euro", "-q").exit == 0
    assert paid(demo, "guest", "price", "LMP-100") == ("29.90", "retail")
    assert paid(demo, "guest", "price", "LMP-100", "--currency", "eur") == ("1.00", "euro")
    assert paid(demo, "guest", "price", "LMP-100", "--currency", "GBP") == (None, None)


def test_p_14_a_price_is_in_the_currency_that_somebody_sees_while_a_list_has_one(demo: Runner) -> None:
    assert demo("price-list", "add", "Canada", "--currency", "CAD", "-q").exit == 0
    assert demo("price-list", "price", "set", "canada", "LMP-100", "40", "-q").exit == 0
    assert demo("setting", "set", "price.website_lists", "canada", "retail", "-q").exit == 0
    assert demo.json("user", "context", BOB)["choices"]["currency"] == {"value": "USD", "origin": "default"}
    assert paid(demo, "user", "price", BOB, "LMP-100") == ("29.90", "retail")
    assert paid(demo, "customer", "price", "company-a", "LMP-100") == ("29.90", "retail")
    assert paid(demo, "customer", "price", "partner-c-north", "LMP-100") == ("40.00", "canada")
    assert paid(demo, "guest", "price", "LMP-100") == ("29.90", "retail")
    answer = demo("customer", "price", "partner-c-north", "SAF-1", "--fields", "amount,currency")
    assert (answer.exit, answer.out) == (0, "amount    89.00\ncurrency  USD\n")
    assert answer.err == (
        "customer:partner-c-north sees prices in CAD, and no price list that counts has one of saf-1\n"
    )


def test_u_23_a_user_is_told_prices_in_the_chosen_currency_while_it_may_be_chosen(demo: Runner) -> None:
    assert demo("price-list", "add", "Canada", "--currency", "CAD", "-q").exit == 0
    assert demo("price-list", "price", "set", "canada", "LMP-100", "40", "-q").exit == 0
    assert demo("setting", "set", "price.website_lists", "retail", "canada", "-q").exit == 0
    assert demo("user", "edit", BOB, "--currency", "CAD", "-q").exit == 0
    assert paid(demo, "user", "price", BOB, "LMP-100") == ("40.00", "canada")
    assert paid(demo, "user", "price", BOB, "LMP-100", "--currency", "USD") == ("29.90", "retail")
    assert demo("setting", "set", "currency.enabled", "USD", "--for", "customer:company-a", "-q").exit == 0
    assert paid(demo, "user", "price", BOB, "LMP-100") == ("29.90", "retail")


def test_a_price_in_a_currency_that_is_none_is_refused_and_one_without_a_price_is_named(demo: Runner) -> None:
    words = ("guest", "price", "LMP-100", "--currency")
    wanted = "currency must be a currency code of three capitals, like USD"
    assert demo.refusal(*words, "dollars") == (4, "invalid", wanted)
    assert demo.refusal(*words, "") == (4, "invalid", wanted)
    answer = demo(*words, "gbp", "--fields", "amount,currency")
    assert (answer.exit, answer.out) == (1, "amount    -\ncurrency  GBP\n")
    assert answer.err == "none of the price lists that count has a price of lmp-100 for 1 in GBP\n"
