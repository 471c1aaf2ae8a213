"""`search`: records of every kind by what stands in them (feature C-15)."""

from __future__ import annotations

import pytest

from tests.runner import Runner

AMANDA = "amanda.smith@company-a.example"


def found(runner: Runner, *words: str) -> list[str]:
    """The references that a search finds, in its order."""
    answer = runner("search", *words, "-o", "name")
    assert answer.exit == 0, answer
    return answer.lines


def where(runner: Runner, *words: str) -> dict[str, tuple[str, str]]:
    """The field in which each record was found, and what stands there."""
    return {row["record"]: (row["matched"], row["text"]) for row in runner.json("search", *words)}


def test_c_15_a_city_finds_the_customer_whose_address_is_there(demo: Runner) -> None:
    matched, text = where(demo, "Haines City")["customer:company-a"]
    assert matched == "addresses"
    assert text == ("Head office, Company A, 801 Orchard Avenue, Haines City, 33844, +1 863 555 0142, US, US-FL")
    assert found(demo, "haines CITY") == ["customer:company-a", f"user:{AMANDA}", "contact:helen-ortiz"]


def test_c_15_a_customer_is_found_by_its_group_and_by_its_parent(demo: Runner) -> None:
    assert where(demo, "partners", "--type", "customer") == {
        "customer:partner-c": ("group", "Partners (partners)"),
        "customer:partner-c-north": ("group", "Partners (partners)"),
    }
    assert where(demo, "west", "--type", "customer")["customer:company-a-la"] == (
        "parent",
        "Company A - West (company-a-west)",
    )


def test_a_row_tells_the_record_and_where_the_words_stand(demo: Runner) -> None:
    assert demo.json("search", "amanda", "--type", "user") == [
        {
            "record": f"user:{AMANDA}",
            "type": "user",
            "key": AMANDA,
            "name": "Amanda Smith",
            "matched": "name",
            "text": "Amanda Smith",
        }
    ]


def test_what_is_called_so_comes_before_what_begins_so_and_that_before_what_holds_it(custctl: Runner) -> None:
    for name in ("The Acme", "Acme", "Acme West", "Other"):
        assert custctl("customer", "add", name).exit == 0
    assert custctl("tag", "add", "acme").exit == 0
    assert found(custctl, "ACME") == [
        "tag:acme",
        "customer:acme",
        "account:acme",
        "customer:acme-west",
        "account:acme-west",
        "customer:the-acme",
        "account:the-acme",
    ]
    assert found(custctl, "acme", "--limit", "2") == ["tag:acme", "customer:acme"]


@pytest.mark.parametrize(
    ("text", "record", "matched"),
    [
        ("SO-1101", "order:SO-1101", "number"),
        ("so 110", "order:SO-1101", "number"),
        ("kontakt@", "contact:ada", "emails"),
        ("55 77", "contact:ada", "phones"),
        ("erp 9", "customer:strasse", "external_id"),
        ("STRASSE", "customer:strasse", "name"),
        ("de811", "customer:strasse", "vat_id"),
        ("vip", "customer:strasse", "tags"),
        ("role_frontend_buyer", "role:buyer", "code"),
        ("sales gr", "contact-group:sales-group", "label"),
        ("münch", "customer:strasse", "addresses"),
        ("strasse münchen", "customer:strasse", "addresses"),
    ],
)
def test_every_word_must_be_found_wherever_it_stands(custctl: Runner, text: str, record: str, matched: str) -> None:
    custctl.apply(
        """
        apiVersion = "custctl/v1"
        [[customers]]
        key = "strasse"
        name = "Große Straße"
        external_id = "ERP-9"
        vat_id = "DE811128135"
        tags = ["Very important (VIP)"]
        [[customers.addresses]]
        label = "Laden"
        organization = "Große Straße"
        street = "Am Tor 1"
        city = "MÜNCHEN"
        postal_code = "80331"
        country = "DE"
        region = "DE-BY"
        [[contacts]]
        key = "ada"
        first_name = "Ada"
        emails = ["ada@home.example", "Kontakt@Strasse.Example"]
        phones = ["+49 89 55 77"]
        [[orders]]
        number = "SO-1101"
        customer = "strasse"
        """
    )
    rows = where(custctl, text)
    assert rows[record][0] == matched


def test_a_search_is_narrowed_by_types_and_by_all_of_some_tags(demo: Runner) -> None:
    assert found(demo, "company a", "--type", "customer", "--type", "account", "--limit", "3") == [
        "customer:company-a",
        "account:company-a",
        "customer:company-a-east",
    ]
    assert found(demo, "o", "--tag", "seasonal") == [
        "customer:wholesaler-b",
        "user:peter.jansen@wholesaler-b.example",
        "order:SO-2001",
    ]
    assert found(demo, "o", "--tag", "seasonal", "--tag", "key-account") == []


def test_plain_records_of_an_entity_are_found_by_their_key(demo: Runner) -> None:
    (key, *_) = (row[0] for row in demo.sql("SELECT key FROM record WHERE entity = 'warranty-claim' ORDER BY key"))
    assert f"warranty-claim:{key}" in found(demo, key)


def test_percent_signs_and_underlines_are_no_wildcards(custctl: Runner) -> None:
    for name in ("100% Cotton", "100 Cotton", "a_b", "axb"):
        assert custctl("customer", "add", name).exit == 0
    assert found(custctl, "0%") == ["customer:100-cotton", "account:100-cotton"]
    assert found(custctl, "a_b") == ["customer:a-b", "account:a-b"]


@pytest.mark.parametrize("text", ['","', "[", '"'])
def test_the_form_in_which_lists_are_stored_is_not_searched(custctl: Runner, text: str) -> None:
    assert custctl("contact", "add", "--email", "a@x.example", "--email", "b@x.example").exit == 0
    assert found(custctl, text) == []


def test_nothing_found_is_no_error_but_said(demo: Runner) -> None:
    answer = demo("search", "no such thing")
    assert (answer.exit, answer.out, answer.err) == (0, "", "nothing found\n")
    assert demo.json("search", "no such thing") == []


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("",), (2, "usage", "say what to search for")),
        ((" ",), (2, "usage", "say what to search for")),
        (("a", "--type", "custmer"), (4, "invalid", "'custmer' is no type of record that is searched")),
        (("a", "--tag", "no-such"), (3, "not-found", "tag 'no-such' not found")),
        (("a", "--as", AMANDA), (2, "usage", "custctl search does not take --as")),
        (("a", "--fields", "nme"), (4, "unknown-field", "unknown field 'nme'")),
    ],
)
def test_a_search_that_cannot_be_carried_out_says_why(
    demo: Runner, words: tuple[str, ...], refusal: tuple[int, str, str]
) -> None:
    assert demo.refusal("search", *words) == refusal


def test_a_record_whose_key_is_the_text_and_whose_name_begins_with_it_is_found_once(demo: Runner) -> None:
    found = [row["record"] for row in demo.json("search", "greenleaf", "--type", "account")]
    assert found == ["account:greenleaf"]
