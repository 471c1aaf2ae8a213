"""Merging accounts, contacts and customers, and finding what to merge; names begin with the feature they hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from custctl.resources import NOUNS
from custctl.store.merging import takeable
from tests.runner import Refusal, Runner

ACCOUNTS = """
    apiVersion = "custctl/v1"
    [[contacts]]
    key = "ann"
    first_name = "Ann"
    emails = ["Ann@acme.example"]
    [[contacts]]
    key = "ben"
    first_name = "Ben"
    emails = ["ben@acme.example", "b@acme.example"]
    phones = ["111"]
    reports_to = "ann"
    groups = ["sales-group"]
    [[contacts]]
    key = "ann-2"
    first_name = "Anne"
    last_name = "Lee"
    emails = ["ann@ACME.example", "anne@acme.example"]
    phones = ["222"]
    groups = ["marketing-group"]
    tags = ["VIP"]
    [[accounts]]
    key = "acme"
    name = "Acme"
    owner = "Sam"
    contacts = ["ann", "ben"]
    default_contact = "ann"
    tags = ["gold"]
    [[accounts]]
    key = "acme-2"
    name = "ACME"
    description = "Anvils."
    contacts = ["ann-2", "ben"]
    default_contact = "ann-2"
    external_id = "E-2"
    tags = ["VIP"]
    [[accounts]]
    key = "zed"
    name = "Zed"
    referred_by = "acme-2"
"""


@pytest.fixture
def shop(custctl: Runner) -> Runner:
    custctl.apply(ACCOUNTS)
    return custctl


def shown(runner: Runner, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = runner.json(*words)
    return found


# which values stay


def test_a_10_without_a_choice_the_master_keeps_its_values_and_takes_those_that_it_lacks(shop: Runner) -> None:
    assert shop("account", "merge", "acme", "acme-2", "--yes").exit == 0
    account = shown(shop, "account", "show", "acme")
    told = {name: account[name] for name in ("name", "owner", "description", "default_contact", "external_id")}
    assert told == {
        "name": "Acme",
        "owner": "Sam",
        "description": "Anvils.",
        "default_contact": "ann",
        "external_id": "E-2",
    }
    assert (account["contacts"], account["tags"]) == (["ann", "ann-2", "ben"], ["gold", "vip"])
    assert shop.refusal("account", "show", "acme-2") == (3, "not-found", "account 'acme-2' not found")


def test_a_10_each_field_can_be_taken_from_another_record(shop: Runner) -> None:
    takes = ("name=acme-2", "external_id=acme-2", "default_contact=acme-2", "contacts=acme-2", "tags=acme")
    words = [word for take in takes for word in ("--take", take)]
    assert shop("account", "merge", "acme", "id:2", *words, "--yes").exit == 0
    account = shown(shop, "account", "show", "acme")
    told = {name: account[name] for name in ("name", "external_id", "default_contact", "contacts", "tags")}
    assert told == {
        "name": "ACME",
        "external_id": "E-2",
        "default_contact": "ann-2",
        "contacts": ["ann-2", "ben"],
        "tags": ["gold"],
    }


def test_a_10_lists_of_a_contact_are_united_with_those_of_the_master_first(shop: Runner) -> None:
    words = ("--take", "emails=all", "--take", "phones=ben", "--take", "last_name=ann-2")
    assert shop("contact", "merge", "ann", "ann-2", "ben", *words, "--yes").exit == 0
    contact = shown(shop, "contact", "show", "ann")
    assert contact["emails"] == ["Ann@acme.example", "anne@acme.example", "ben@acme.example", "b@acme.example"]
    assert (contact["name"], contact["phones"]) == ("Ann Lee", ["111"])
    assert (contact["groups"], contact["tags"]) == (["marketing-group", "sales-group"], ["vip"])
    assert contact["accounts"] == ["acme", "acme-2"]


def test_a_10_the_primary_address_stays_where_another_record_has_it_too(custctl: Runner) -> None:
    for key, emails in (("a", ("One@x.example", "two@x.example")), ("b", ("ONE@x.example", "three@x.example"))):
        words = [word for email in emails for word in ("--email", email)]
        assert custctl("contact", "add", "--key", key, "--first-name", "A", *words).exit == 0
    assert custctl("contact", "merge", "a", "b", "--yes").exit == 0
    assert shown(custctl, "contact", "show", "a")["emails"] == ["One@x.example", "two@x.example", "three@x.example"]


def test_a_10_the_accounts_of_a_contact_can_be_those_of_one_of_them(shop: Runner) -> None:
    assert shop("contact", "merge", "ann", "ann-2", "--take", "accounts=ann-2", "--yes").exit == 0
    assert shown(shop, "contact", "show", "ann")["accounts"] == ["acme-2"]
    left, has = (shown(shop, "account", "show", key) for key in ("acme", "acme-2"))
    assert (left["contacts"], left["default_contact"]) == (["ben"], None)
    assert (has["contacts"], has["default_contact"]) == (["ann", "ben"], "ann")


def test_a_10_a_dry_run_shows_what_would_be_and_needs_no_yes(shop: Runner) -> None:
    answer = shop("account", "merge", "acme", "acme-2", "--take", "description=acme-2", "--dry-run")
    assert answer.exit == 0
    assert answer.out == (
        "~ account:acme\n"
        "    description: - → Anvils.\n"
        "    contacts: ann, ben → ann, ann-2, ben\n"
        "    external_id: - → E-2\n"
        "    tags: gold → gold, vip\n"
        "- account:acme-2\n"
        "~ account:zed  referred_by: acme-2 → acme\n"
        "0 to add, 2 to change, 1 to remove\n"
    )
    assert answer.err == (
        "warning: lost from account:acme-2: name ACME; default_contact ann-2\ndry run: nothing was written\n"
    )


def test_a_10_merging_asks_first_and_says_what_it_changes(shop: Runner) -> None:
    answer = shop("account", "merge", "acme", "acme-2")
    assert (answer.exit, answer.out) == (2, "")
    assert answer.err.splitlines()[0] == (
        "error: merging account:acme-2 into account:acme and changing 1 other record"
        " (lost from account:acme-2: name ACME; default_contact ann-2) needs --yes"
    )


def test_a_10_a_merge_is_one_revision_and_undo_takes_it_back(shop: Runner) -> None:
    first = shop.export()
    merged = shop.json("contact", "merge", "ann", "ann-2", "ben", "--take", "emails=all", "--yes")
    assert merged["revision"] == 2
    assert shop("undo", "--last", "--yes").exit == 0
    assert shop.export() == first


FULL: dict[str, dict[str, Any]] = {
    "contact": {
        "key": "full",
        "prefix": "Dr.",
        "first_name": "Helen",
        "middle_name": "M.",
        "last_name": "Ortiz",
        "suffix": "Jr.",
        "job_title": "Buyer",
        "emails": ["h@x.example", "i@x.example"],
        "phones": ["1", "2"],
        "fax": "3",
        "skype": "s",
        "twitter": "t",
        "facebook": "f",
        "google_plus": "g",
        "linkedin": "l",
        "gender": "female",
        "birthday": "1980-04-03",
        "source": "tv",
        "method": "mail",
        "description": "Long text",
        "owner": "Sam",
        "assigned_to": "Lena",
        "reports_to": "boss",
        "groups": ["sales-group"],
        "external_id": "E-1",
        "tags": ["vip"],
    },
    "account": {
        "key": "full",
        "name": "Full",
        "description": "Long text",
        "owner": "Sam",
        "referred_by": "boss",
        "contacts": ["boss"],
        "default_contact": "boss",
        "external_id": "E-1",
        "tags": ["vip"],
    },
    "customer": {
        "key": "full",
        "name": "Full",
        "parent": "boss",
        "group": "silver",
        "account": "boss",
        "previous_account": "boss",
        "channel": "shop",
        "internal_rating": "1_of_5",
        "owner": "Sam",
        "sales_reps": ["Lena"],
        "payment_term": "net 30",
        "tax_code": "T1",
        "price_lists": ["retail", "dealer"],
        "unmerged_price_lists": ["retail"],
        "price_fallback": "this_customer_only",
        "vat_id": "DE1",
        "external_id": "E-1",
        "tags": ["vip"],
    },
}
OTHER = {
    "gender": "male",
    "source": "call",
    "method": "phone",
    "internal_rating": "2_of_5",
    "birthday": "1970-01-01",
    "group": "gold",
    "channel": "sales",
    "owner": "Mia",
    "emails": ["j@x.example"],
    "phones": ["4"],
    **dict.fromkeys(("parent", "account", "previous_account", "reports_to", "referred_by", "default_contact"), "rest"),
}
"""What another record has in fields of which not every text is a value; in the others it has `Other`."""
ALONE = {
    "groups": [],
    "contacts": ["rest"],
    "price_lists": ["other"],
    "unmerged_price_lists": [],
    "price_fallback": None,
}
NEIGHBOURS: dict[str, Any] = {
    "settings": {"account.strategy": "none"},
    "contacts": [{"key": key, "first_name": key} for key in ("boss", "rest")],
    "accounts": [{"key": key, "name": key} for key in ("boss", "rest")],
    "customers": [{"key": key, "name": key} for key in ("boss", "rest")],
    "groups": [{"key": key, "name": key} for key in ("silver", "gold")],
    "channels": [{"key": key, "name": key, "type": "commerce", "active": True} for key in ("shop", "sales")],
    "price_lists": [{"key": key, "name": key} for key in ("retail", "dealer", "other")],
}


def neighbours_and(runner: Runner, noun: str, *rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Store these records and what they name; what each of them shows then."""
    table = f"{noun}s"
    document = {**NEIGHBOURS, table: [*NEIGHBOURS[table], *rows]}
    runner.apply(json.dumps(document), "world.json")
    return {row["key"]: shown(runner, noun, "show", row["key"]) for row in rows}


@pytest.mark.parametrize("noun", FULL)
def test_a_10_every_value_that_the_master_lacks_is_taken_and_none_is_lost(custctl: Runner, noun: str) -> None:
    assert {name for name, _ in takeable(NOUNS[noun]).items()} - {"addresses", "accounts"} == {*FULL[noun]} - {"key"}
    name = {"contact": "first_name"}.get(noun, "name")
    stored = neighbours_and(custctl, noun, FULL[noun], {"key": "bare", name: FULL[noun][name]})
    before = custctl.export()
    answer = custctl(noun, "merge", "bare", "full", "--yes")
    assert (answer.exit, answer.err) == (0, "")
    merged = shown(custctl, noun, "show", "bare")
    assert {name: merged[name] for name in FULL[noun] if name != "key"} == {
        name: stored["full"][name] for name in FULL[noun] if name != "key"
    }
    assert custctl("undo", "--last", "--yes").exit == 0
    assert custctl.export() == before


@pytest.mark.parametrize("noun", FULL)
def test_a_10_the_preview_lists_every_value_that_is_lost_and_from_where(custctl: Runner, noun: str) -> None:
    other: dict[str, Any] = {
        name: ["Other"] if isinstance(value, list) else "Other" for name, value in FULL[noun].items()
    }
    other |= {name: value for name, value in {**OTHER, **ALONE}.items() if name in other} | {"key": "other"}
    neighbours_and(custctl, noun, FULL[noun], other)
    answer = custctl.json(noun, "merge", "full", "other", "--dry-run")
    [told] = answer["warnings"]
    assert told.startswith(f"lost from {noun}:other: ")
    lost = dict(entry.split(" ", 1) for entry in told.removeprefix(f"lost from {noun}:other: ").split("; "))
    united = ("emails", "phones", "groups", "tags", "contacts", "sales_reps")
    assert lost == {
        name: ", ".join(value) if isinstance(value, list) else value
        for name, value in other.items()
        if name not in (*united, "key") and value
    }
    merged = next(change["fields"] for change in answer["changes"] if change["record"] == f"{noun}:full")
    for name in united:
        if other.get(name):
            both = [*FULL[noun][name], *other[name]]
            assert {*map(str.casefold, both)} == {*map(str.casefold, merged[name][1])}
    asked = custctl(noun, "merge", "full", "other").err
    assert all(f"{name} {value}" in asked for name, value in lost.items())


def test_a_10_the_label_of_a_manager_that_is_lost_is_told(custctl: Runner) -> None:
    custctl.apply('manager = "ci"\n[[accounts]]\nkey = "a"\nname = "A"\n')
    custctl.apply('[[accounts]]\nkey = "b"\nname = "A"\n')
    assert custctl.json("account", "merge", "b", "a", "--yes")["warnings"] == ["lost from account:a: manager ci"]


# what named the others


def test_a_11_what_is_named_by_both_is_named_once(shop: Runner) -> None:
    assert shop("contact", "merge", "ben", "ann", "--yes").exit == 0
    account = shown(shop, "account", "show", "acme")
    assert (account["contacts"], account["default_contact"]) == (["ben"], "ben")
    assert shown(shop, "contact", "show", "ben")["reports_to"] is None


CUSTOMERS = """
    apiVersion = "custctl/v1"
    [settings]
    "account.strategy" = "none"
    [[customers]]
    key = "top"
    name = "Top"
    [[customers]]
    key = "mid"
    name = "Mid"
    parent = "top"
    [[customers]]
    key = "low"
    name = "MID"
    parent = "mid"
    vat_id = "V-1"
    [[customers.addresses]]
    key = "hq"
    label = "Low"
    organization = "Low"
    street = "1 Main St"
    city = "Toronto"
    postal_code = "M5H"
    country = "CA"
    region = "CA-ON"
    default = ["billing"]
    [[customers.addresses]]
    key = "yard"
    organization = "Low"
    street = "2 Main St"
    city = "Toronto"
    postal_code = "M5H"
    country = "CA"
    region = "CA-ON"
    [[customers]]
    key = "two"
    name = "Two"
    [[customers.addresses]]
    key = "hq"
    label = "Two"
    organization = "Two"
    street = "3 Main St"
    city = "Toronto"
    postal_code = "M5H"
    country = "CA"
    region = "CA-ON"
    default = ["billing"]
    [[roles]]
    key = "low/clerk"
    label = "Clerk"
    [[roles]]
    key = "two/clerk"
    label = "CLERK"
    [[users]]
    email = "una@two.example"
    first_name = "Una"
    last_name = "Two"
    customer = "two"
    roles = ["two/clerk"]
    [[orders]]
    number = "SO-1"
    customer = "two"
    user = "una@two.example"
    [settings.customer.low]
    "product.export" = true
    [settings.customer.two]
    "product.export" = false
    "product.export_prices" = true
"""


@pytest.fixture
def firms(custctl: Runner) -> Runner:
    custctl.apply(CUSTOMERS)
    return custctl


def test_a_11_users_roles_documents_settings_and_addresses_of_a_customer_come_along(firms: Runner) -> None:
    first = firms.export()
    answer = firms("customer", "merge", "low", "two", "--yes")
    assert answer.exit == 0
    assert answer.err == (
        "warning: lost from customer-address:two/hq: primary yes; default billing\n"
        "warning: role:two/clerk is role:low/clerk-2 now, called 'CLERK (two)'\n"
        "warning: setting:customer/two/product.export is dropped, which was no: the setting of customer:low counts\n"
        "warning: lost from customer:two: name Two\n"
    )
    user = shown(firms, "user", "show", "una@two.example")
    assert (user["customer"], user["roles"]) == ("low", ["low/clerk-2"])
    assert shown(firms, "order", "show", "SO-1")["customer"] == "low"
    held = {row["name"]: row["value"] for row in firms.json("setting", "list", "--for", "customer:low")}
    assert (held["product.export"], held["product.export_prices"]) == (True, True)
    addresses = shown(firms, "customer", "show", "low")["addresses"]
    assert [(row["key"], row["label"], row["primary"], row["default"]) for row in addresses] == [
        ("hq", "Low", True, ["billing"]),
        ("hq-2", "Two", False, []),
        ("yard", None, False, []),
    ]
    assert firms("undo", "--last", "--yes").exit == 0
    assert firms.export() == first


def test_a_11_addresses_can_be_those_of_one_of_them(firms: Runner) -> None:
    first = firms.export()
    answer = firms("customer", "merge", "low", "two", "--take", "addresses=two", "--yes")
    assert answer.exit == 0
    assert "lost from customer-address:low/hq: Low, " in answer.err
    addresses = shown(firms, "customer", "show", "low")["addresses"]
    assert [(row["key"], row["label"], row["primary"]) for row in addresses] == [("hq", "Two", True)]
    assert firms("undo", "--last", "--yes").exit == 0
    assert firms.export() == first


def test_a_11_a_customer_that_is_merged_with_its_parent_goes_below_what_is_above(firms: Runner) -> None:
    assert firms("customer", "merge", "low", "mid", "--yes").exit == 0
    assert shown(firms, "customer", "show", "low")["parent"] == "top"


def test_a_11_subsidiaries_of_the_others_become_those_of_the_master(firms: Runner) -> None:
    assert firms("customer", "merge", "two", "mid", "--yes").exit == 0
    assert shown(firms, "customer", "show", "low")["parent"] == "two"


def test_a_11_a_circle_is_refused_and_another_parent_opens_it(firms: Runner) -> None:
    code, kind, message = firms.refusal("customer", "merge", "low", "top", "--yes")
    assert (code, kind) == (4, "cycle")
    assert "cannot be the parent: it lies below" in message
    assert firms("customer", "merge", "low", "top", "--take", "parent=top", "--yes").exit == 0
    assert shown(firms, "customer", "show", "low")["parent"] is None


def test_k_04_a_contact_has_one_address_of_each_type_after_a_merge(custctl: Runner) -> None:
    for key in ("a", "b"):
        assert custctl("contact", "add", "--first-name", key, "--key", key).exit == 0
        words = ("--key", "home", "--country", "CA", "--region", "CA-ON", "--type", "billing")
        assert custctl("contact", "address", "add", key, *words).exit == 0
    assert custctl("contact", "merge", "a", "b", "--yes").exit == 0
    addresses = shown(custctl, "contact", "show", "a")["addresses"]
    assert [(row["key"], row["types"], row["primary"]) for row in addresses] == [
        ("home", ["billing"], True),
        ("home-2", [], False),
    ]


# what is refused


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("acme",), (2, "usage", "merging takes 2 to 5 accounts, not 1")),
        (("acme", "acme-2", "zed", "a", "b", "c"), (2, "usage", "merging takes 2 to 5 accounts, not 6")),
        (
            ("acme", "acme-2", "id:1"),
            (4, "repeated-key", "account:acme is named twice, and nothing is merged with itself"),
        ),
        (("acme", "nope"), (3, "not-found", "account 'nope' not found")),
        (("acme", "acme-2", "--take", "owner"), (2, "usage", "--take 'owner' is not FIELD=KEY")),
        (("acme", "acme-2", "--take", "owner="), (2, "usage", "--take 'owner=' is not FIELD=KEY")),
        (
            ("acme", "acme-2", "--take", "owner=acme", "--take", "owner=acme-2"),
            (2, "usage", "--take says twice whose owner"),
        ),
        (("acme", "acme-2", "--take", "ownr=acme"), (4, "unknown-field", "no 'ownr' can be taken")),
        (("acme", "acme-2", "--take", "key=acme-2"), (4, "unknown-field", "no 'key' can be taken")),
        (("acme", "acme-2", "--take", "email=acme-2"), (4, "unknown-field", "no 'email' can be taken")),
        (("acme", "acme-2", "--take", "name=all"), (4, "invalid", "name is one value: say whose, --take name=KEY")),
        (("acme", "acme-2", "--take", "name=zed"), (4, "invalid", "--take name: account:zed is not merged here")),
        (("acme", "acme-2", "--take", "name=nope"), (3, "not-found", "account 'nope' not found")),
    ],
)
def test_a_12_what_cannot_be_merged_is_refused(shop: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    assert shop.refusal("account", "merge", *words, "--yes") == refusal


def test_a_12_nobody_merges_in_the_name_of_a_user(demo: Runner) -> None:
    answer = demo("customer", "merge", "company-a", "partner-c", "--as", "amanda.smith@company-a.example", "--yes")
    assert answer.exit == 2


# A-04, K-09: what to merge


def test_k_09_contacts_with_the_same_primary_address_are_duplicates(shop: Runner) -> None:
    assert [row["key"] for row in shop.json("contact", "duplicates")] == ["ann", "ann-2"]
    assert [row["key"] for row in shop.json("contact", "duplicates", "--by", "phone")] == []
    assert shop("contact", "duplicates", "--by", "name").err == "no contacts\n"


def test_k_09_what_contacts_can_share_is_told(shop: Runner) -> None:
    assert shop.refusal("contact", "duplicates", "--by", "mail") == (2, "usage", "--by cannot be 'mail'")


def test_customers_with_the_same_name_are_duplicates(firms: Runner) -> None:
    assert [row["key"] for row in firms.json("customer", "duplicates")] == ["low", "mid"]


def test_leads_are_duplicates_by_e_mail_and_business_customers_by_name(custctl: Runner) -> None:
    custctl.apply("""
        apiVersion = "custctl/v1"
        [[leads]]
        key = "a"
        name = "A"
        emails = ["ann@acme.example"]
        [[leads]]
        key = "b"
        name = "B"
        emails = ["Ann@acme.example"]
        [[leads]]
        key = "c"
        name = "C"
        emails = ["c@acme.example", "ann@acme.example"]
        [[channels]]
        key = "direct"
        name = "Direct"
        type = "b2b"
        active = true
        [[business_customers]]
        key = "x"
        name = "Plant"
        channel = "direct"
        [[business_customers]]
        key = "y"
        name = "PLANT"
        channel = "direct"
    """)
    assert [row["key"] for row in custctl.json("lead", "duplicates")] == ["a", "b"]
    assert [row["key"] for row in custctl.json("business", "duplicates")] == ["x", "y"]


def test_k_08_who_reports_to_a_deleted_contact_reports_to_nobody(shop: Runner) -> None:
    assert shop("contact", "delete", "ann").exit == 0
    assert shown(shop, "contact", "show", "ben")["reports_to"] is None
