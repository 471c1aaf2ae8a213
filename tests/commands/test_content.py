"""Contents and their variants, and who sees which; the names of tests begin with the feature they hold."""

from __future__ import annotations

import pytest

from tests.runner import Refusal, Runner

ANNA = "anna@acme.example"


@pytest.fixture
def shop(custctl: Runner) -> Runner:
    """A banner for everybody, and people of a customer in a group, of one in no group, and none."""
    custctl.apply("""
        [[groups]]
        key = "partners"
        name = "Partners"
        [[customers]]
        key = "acme"
        name = "Acme"
        group = "partners"
        [[customers]]
        key = "globex"
        name = "Globex"
        [[users]]
        email = "anna@acme.example"
        first_name = "Anna"
        last_name = "Lee"
        customer = "acme"
        roles = ["buyer"]
        [[users]]
        email = "gus@globex.example"
        first_name = "Gus"
        last_name = "Orr"
        customer = "globex"
        roles = ["buyer"]
        [[contents]]
        key = "banner"
        title = "Banner"
        [[content_variants]]
        key = "banner"
        content = "banner"
        text = "Hello"
        [settings]
        "language.enabled" = ["en", "de"]
    """)
    return custctl


def sees(runner: Runner, *words: str) -> tuple[str | None, str | None]:
    """The variant of the banner that somebody sees, and why."""
    row = next(row for row in runner.json(*words) if row["content"] == "banner")
    return row["variant"], row["why"]


def add(runner: Runner, *words: str) -> str:
    """Add a variant of the banner; its key."""
    [(op, record)] = runner.changes("content", "variant", "add", "banner", *words)
    assert op == "add"
    return record.removeprefix("content-variant:")


# Contents


def test_p_11_a_content_is_added_with_what_everybody_sees_changed_renamed_and_deleted(custctl: Runner) -> None:
    assert custctl.changes("content", "add", "Home banner", "--text", "Hello") == [
        ("add", "content:home-banner"),
        ("add", "content-variant:home-banner"),
    ]
    assert custctl("content", "list").out == (
        "KEY          TITLE        KIND   VARIANTS\nhome-banner  Home banner  block  1\n"
    )
    custctl.json("content", "edit", "home-banner", "--kind", "page", "--key", "front")
    shown = custctl.json("content", "show", "front")
    assert (shown["kind"], shown["variants"]) == ("page", 1)
    assert [row["key"] for row in shown["shown_as"]] == ["home-banner"]
    assert custctl.json("content", "variant", "show", "home-banner")["content"] == "front"
    assert custctl.refusal("content", "delete", "front") == (
        2,
        "usage",
        "deleting content:front together with 1 other record (1 content variant) needs --yes",
    )
    assert custctl.changes("content", "delete", "front", "--yes") == [
        ("remove", "content:front"),
        ("remove", "content-variant:home-banner"),
    ]


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("show", "nope"), (3, "not-found", "content 'nope' not found")),
        (("add", "Banner"), (0, "", "")),
        (("add", "Banner", "--key", "banner"), (5, "taken", "content:banner exists already")),
        (
            ("add", "X", "--kind", "film"),
            (4, "invalid", "content 'x': kind must be one of block, page, menu"),
        ),
        (("edit", "banner"), (2, "usage", "say what to change")),
        (("variant", "show", "nope"), (3, "not-found", "content variant 'nope' not found")),
        (("variant", "add", "nope", "--text", "x"), (3, "not-found", "content 'nope' not found")),
        (("variant", "add", "banner", "--group", "nope"), (3, "not-found", "customer group 'nope' not found")),
        (
            ("variant", "add", "banner", "--language", "deutsch"),
            (4, "invalid", "content variant 'banner-deutsch': language must be a language like en or pt-BR"),
        ),
        (("variant", "edit", "banner"), (2, "usage", "say what to change")),
        (
            ("variant", "edit", "banner", "--content", ""),
            (4, "invalid", "content-variant:banner: content is required for a new content variant"),
        ),
    ],
)
def test_p_11_what_is_wrong_with_a_content_is_said(shop: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    if refusal[0] == 0:
        assert shop.changes("content", *words) == [("add", "content:banner-2")]
    else:
        assert shop.refusal("content", *words) == refusal


def test_p_11_a_variant_is_for_a_customer_or_for_a_group_and_never_for_both(shop: Runner) -> None:
    words = "is for customer acme or for group partners, not for both"
    refused = (4, "invalid", f"content-variant:banner-acme-partners: {words}")
    assert shop.refusal("content", "variant", "add", "banner", "--customer", "acme", "--group", "partners") == refused
    add(shop, "--customer", "acme")
    refused = (4, "invalid", f"content-variant:banner-acme: {words}")
    assert shop.refusal("content", "variant", "edit", "banner-acme", "--group", "partners") == refused
    assert shop.unapplied("""
        [[content_variants]]
        key = "both"
        content = "banner"
        customer = "acme"
        group = "partners"
    """) == [("5:1", 4, "invalid", f"content-variant:both: {words}")]
    moved = shop.fields("content", "variant", "edit", "banner-acme", "--customer", "", "--group", "partners")
    assert moved == {"content-variant:banner-acme": {"customer": ["acme", None], "group": [None, "partners"]}}


def test_p_11_a_content_has_one_variant_for_the_same_people(shop: Runner) -> None:
    words = "content-variant:banner-2: content-variant:banner is for the same people already"
    assert shop.refusal("content", "variant", "add", "banner", "--text", "Hi") == (5, "taken", words)
    add(shop, "--group", "partners", "--language", "de")
    add(shop, "--group", "partners")
    assert shop.refusal("content", "variant", "edit", "banner-partners-de", "--language", "")[:2] == (5, "taken")


# Who sees what


def test_p_12_the_variant_of_the_customer_counts_before_that_of_its_group(shop: Runner) -> None:
    assert sees(shop, "user", "content", ANNA) == ("banner", "everybody")
    add(shop, "--group", "partners")
    assert sees(shop, "user", "content", ANNA) == ("banner-partners", "customer-group:partners")
    add(shop, "--customer", "acme")
    assert sees(shop, "user", "content", ANNA) == ("banner-acme", "customer:acme")
    assert sees(shop, "customer", "content", "acme") == ("banner-acme", "customer:acme")
    assert sees(shop, "user", "content", "gus@globex.example") == ("banner", "everybody")
    assert sees(shop, "guest", "content") == ("banner", "everybody")


def test_p_12_the_language_counts_after_the_group(shop: Runner) -> None:
    add(shop, "--language", "de")
    shop.json("user", "edit", ANNA, "--language", "de")
    assert sees(shop, "user", "content", ANNA) == ("banner-de", "language:de")
    add(shop, "--group", "partners")
    assert sees(shop, "user", "content", ANNA) == ("banner-partners", "customer-group:partners")
    add(shop, "--group", "partners", "--language", "de")
    assert sees(shop, "user", "content", ANNA) == ("banner-partners-de", "customer-group:partners, language:de")


def test_p_12_a_variant_for_the_visitors_group_is_hidden_from_everybody_else(shop: Runner) -> None:
    shop.json("content", "variant", "delete", "banner")
    add(shop, "--group", "non-authenticated-visitors")
    assert sees(shop, "guest", "content") == (
        "banner-non-authenticated-visitors",
        "customer-group:non-authenticated-visitors",
    )
    for words in (("user", "content", ANNA), ("customer", "content", "globex")):
        assert sees(shop, *words) == (None, None)
    shop.json("setting", "set", "guest.group", "partners")
    assert sees(shop, "guest", "content") == (None, None)


def test_p_12_an_explanation_tells_every_variant_and_which_counts(shop: Runner) -> None:
    add(shop, "--group", "partners", "--text", "Partners")
    add(shop, "--customer", "globex")
    assert shop("user", "content", ANNA, "--explain", "banner").out == (
        "VARIANT          FOR                      WEIGHT  FITS  SHOWN  TEXT\n"
        "banner-partners  customer-group:partners  100     yes   yes    Partners\n"
        "banner           everybody                0       yes   no     Hello\n"
        "banner-globex    customer:globex          250     no    no     -\n"
    )
    shop.json("content", "variant", "delete", "banner")
    hidden = shop("guest", "content", "--explain", "banner")
    assert (hidden.exit, hidden.err) == (0, "guest does not see content:banner: no variant is for them\n")
    assert shop.refusal("user", "content", ANNA, "--explain", "nope") == (3, "not-found", "content 'nope' not found")


def test_p_13_a_menu_is_overridden_by_group_and_by_customer_and_the_setting_says_which_is_the_main_one(
    demo: Runner,
) -> None:
    def menu(*words: str) -> str:
        return next(str(row["text"]) for row in demo.json(*words) if row["content"] == "commerce-main-menu")

    assert menu("customer", "content", "wholesaler-b") == "Products, Pallets, Quick order, About us"
    assert menu("customer", "content", "company-a") == "Products, Quick order, About us"
    words = ("content", "variant", "add", "commerce-main-menu", "--customer", "wholesaler-b", "--text", "Pallets")
    demo.json(*words)
    assert menu("customer", "content", "wholesaler-b") == "Pallets"
    demo.json("setting", "set", "menu.main", "short_menu", "--for", "group:partners")
    assert demo.json("customer", "context", "partner-c")["choices"]["main_menu"] == {
        "value": "short_menu",
        "origin": "customer-group:partners",
    }


def test_p_13_the_main_menu_of_the_customer_counts_before_that_of_its_group_and_that_before_the_websites(
    demo: Runner,
) -> None:
    def main_menu() -> tuple[str, str]:
        told = demo.json("customer", "context", "wholesaler-b")["choices"]["main_menu"]
        return told["value"], told["origin"]

    for place, origin in (
        ((), "system"),
        (("--for", "group:wholesale-accounts"), "customer-group:wholesale-accounts"),
        (("--for", "customer:wholesaler-b"), "customer:wholesaler-b"),
    ):
        demo.json("setting", "set", "menu.main", f"menu of {origin}", *place)
        assert main_menu() == (f"menu of {origin}", origin)
    demo.json("setting", "set", "menu.main", "other menu")
    assert main_menu() == ("menu of customer:wholesaler-b", "customer:wholesaler-b")


# In documents, import, history and undo


def test_p_11_a_variant_goes_with_the_customer_or_group_that_it_is_for(shop: Runner) -> None:
    add(shop, "--customer", "globex")
    add(shop, "--group", "partners")
    shop.json("user", "delete", "gus@globex.example")
    assert shop.refusal("customer", "delete", "globex")[:2] == (2, "usage")
    assert shop.changes("customer", "delete", "globex", "--yes") == [
        ("remove", "customer:globex"),
        ("remove", "content-variant:banner-globex"),
        ("remove", "account:globex"),
    ]
    assert ("remove", "content-variant:banner-partners") in shop.changes("group", "delete", "partners", "--yes")
    assert [row["key"] for row in shop.json("content", "variant", "list")] == ["banner"]
    shop.json("undo", "--last", "--yes")
    assert shop.json("content", "variant", "show", "banner-partners")["group"] == "partners"


def test_p_11_contents_are_exported_and_come_back_the_same(demo: Runner) -> None:
    document = demo.export()
    assert "[[content_variants]]" in document
    other = Runner(demo.database.with_name("other.db"))
    other.apply(document)
    assert other.export() == document


def test_p_11_variants_are_imported_and_found_by_search(shop: Runner) -> None:
    path = shop.file("Key,Content,Group,Text\nnew,banner,partners,Good morning\nbad,banner,nope,x\n", "variants.csv")
    answer = shop("content", "variant", "import", path, "--continue-on-error", "-o", "json")
    assert (answer.exit, answer.json["added"], answer.json["rejected"]) == (6, 1, 1)
    assert sees(shop, "user", "content", ANNA) == ("new", "customer-group:partners")
    assert [row["record"] for row in shop.json("search", "good morning")] == ["content-variant:new"]
    assert [row["op"] for row in shop.json("history", "content-variant:new")] == ["add"]


def test_p_11_two_rows_of_a_sheet_for_the_same_people_are_refused_by_the_keys_they_would_have(shop: Runner) -> None:
    path = shop.file("content,language,customer\nbanner,de,acme\nbanner,DE,acme\n", "variants.csv")
    assert [words for _, _, words in shop.refusals("content", "variant", "import", path)[1:]] == [
        "content-variant:banner-acme-de: content-variant:banner-acme-de-2 is for the same people already",
        "content-variant:banner-acme-de-2: content-variant:banner-acme-de is for the same people already",
    ]
    assert [row["key"] for row in shop.json("content", "variant", "list")] == ["banner"]


def test_p_12_a_sheet_of_variants_without_keys_is_imported_again_without_a_change(shop: Runner) -> None:
    path = shop.file(
        "content,language,customer,group,text\nbanner,,,,Good day\nbanner,DE,acme,,Guten Tag\nbanner,,,partners,Moin\n",
        "variants.csv",
    )
    counts = ("added", "updated", "unchanged", "rejected")
    found = shop.json("content", "variant", "import", path)
    assert tuple(found[name] for name in counts) == (2, 1, 0, 0)
    assert [(row["key"], row["text"]) for row in shop.json("content", "variant", "list")] == [
        ("banner", "Good day"),
        ("banner-acme-de", "Guten Tag"),
        ("banner-partners", "Moin"),
    ]
    found = shop.json("content", "variant", "import", path)
    assert tuple(found[name] for name in counts) == (0, 0, 3, 0)
    path = shop.file("content,language,text\nbanner,x,Oops\n", "wrong.csv")
    assert shop.refusals("content", "variant", "import", path)[-1][2] == (
        "content variant 'banner-x': language must be a language like en or pt-BR"
    )


def test_p_13_contents_without_keys_in_a_sheet_are_named_and_found_by_their_titles(shop: Runner) -> None:
    path = shop.file("title,kind\nMain menu,menu\nBanner,block\n", "contents.csv")
    assert shop.json("content", "import", path)["added"] == 1
    assert [row["key"] for row in shop.json("content", "list")] == ["banner", "main-menu"]
    assert shop.json("content", "import", path)["unchanged"] == 2
    shop.json("content", "add", "Banner")
    answer = shop.refusals("content", "import", path)[-1]
    assert answer == (4, "ambiguous", "several contents are called 'Banner'")
