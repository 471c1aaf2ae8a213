"""Addresses of customers and customer users; the names of tests begin with the feature they hold."""

from __future__ import annotations

from typing import Any

import pytest

from tests.runner import Refusal, Runner

LUIS = "luis.ramos@company-a.example"
WORDS = "--label Depot --organization O --street S --city C --postal-code P --country US --region US-FL"
DEPOT = WORDS.split()


def flags(runner: Runner, owner: str, group: str = "customer") -> dict[str, Any]:
    """Of each address of an owner whether it is primary, its types and its defaults; exactly one is primary."""
    rows = runner.json(group, "address", "list", owner)
    assert len([row for row in rows if row["primary"]]) == min(len(rows), 1), rows
    return {row["key"].partition("/")[2]: (row["primary"], row["types"], row["default"]) for row in rows}


def refused(runner: Runner, words: list[str]) -> Refusal:
    return runner.refusal("customer", "address", "add", "jo-miller", *words)


# D-01, D-02: what an address needs


def test_d_01_an_address_is_added_with_everything_it_has(demo: Runner) -> None:
    words = (
        "--label Home --organization O --first-name F --last-name L --street S --street2 S2 --city C"
        " --postal-code P --country us --region US-FL --phone 1 --type shipping --default billing"
    )
    (fields,) = demo.fields("customer", "address", "add", "jo-miller", *words.split()).values()
    assert {name: new for name, (_, new) in fields.items()} == {
        "key": "home",
        "label": "Home",
        "organization": "O",
        "first_name": "F",
        "last_name": "L",
        "street": "S",
        "street2": "S2",
        "city": "C",
        "postal_code": "P",
        "phone": "1",
        "country": "US",
        "region": "US-FL",
        "primary": True,
        "types": ["billing", "shipping"],
        "default": ["billing"],
        "owner": "jo-miller",
    }


@pytest.mark.parametrize("field", ["street", "city", "postal-code", "country"])
def test_d_01_street_city_postal_code_and_country_are_required(demo: Runner, field: str) -> None:
    at = DEPOT.index(f"--{field}")
    name = field.replace("-", "_")
    message = f"customer-address:jo-miller/depot: {name} is required for a new address"
    assert refused(demo, [*DEPOT[:at], *DEPOT[at + 2 :]]) == (4, "invalid", message)
    message = f"customer 'jo-miller': addresses.0.{name} must not be blank"
    assert refused(demo, [*DEPOT[:at], f"--{field}", "", *DEPOT[at + 2 :]]) == (4, "invalid", message)


@pytest.mark.parametrize(
    ("field", "length"), [("label", 255), ("street", 500), ("street2", 500), ("city", 255), ("phone", 255)]
)
def test_d_01_no_field_is_longer_than_the_shop_s(demo: Runner, field: str, length: int) -> None:
    assert demo("customer", "address", "add", "jo-miller", *DEPOT, f"--{field}", "x" * length).exit == 0
    message = f"customer 'jo-miller': addresses.0.{field} must have at most {length} characters, this has {length + 1}"
    assert refused(demo, [*DEPOT, f"--{field}", "x" * (length + 1)]) == (4, "invalid", message)


def test_d_01_an_address_is_shown_by_owner_and_key(demo: Runner) -> None:
    assert demo.json("user", "address", "show", f"{LUIS}/HOME") == {
        "key": f"{LUIS}/home",
        "label": "Home",
        "organization": None,
        "first_name": "Luis",
        "middle_name": None,
        "last_name": "Ramos",
        "street": "48 Olvera Court",
        "street2": None,
        "city": "Los Angeles",
        "postal_code": "90012",
        "phone": None,
        "country": "US",
        "region": "US-CA",
        "primary": True,
        "types": ["shipping"],
        "default": ["shipping"],
        "manager": "demo",
    }


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("show", "jo-miller/nope"), (3, "not-found", "address 'jo-miller/nope' not found")),
        (("show", "nope/hq"), (3, "not-found", "customer 'nope' not found")),
        (("show", "hq"), (4, "invalid", "'hq' is not OWNER/KEY")),
        (("list", "nope"), (3, "not-found", "customer 'nope' not found")),
        (("edit", "company-a/hq"), (2, "usage", "say what to change")),
        (("edit", "company-a/nope", "--city", "X"), (3, "not-found", "address 'company-a/nope' not found")),
        (("delete", "company-a/nope"), (3, "not-found", "address 'company-a/nope' not found")),
        (("add", "company-a", "--key", "hq"), (5, "taken", "customer-address:company-a/hq exists already")),
        (
            ("edit", "company-a/hq", "--type", "office"),
            (4, "invalid", "customer 'company-a': addresses.0.types must be one of billing, shipping"),
        ),
    ],
)
def test_d_01_an_address_that_is_not_there_or_not_right_is_refused(
    demo: Runner, words: tuple[str, ...], refusal: Refusal
) -> None:
    assert demo.refusal("customer", "address", *words) == refusal


def test_d_01_an_owner_without_addresses_is_told_so(demo: Runner) -> None:
    answer = demo("customer", "address", "list", "jo-miller")
    assert (answer.exit, answer.out, answer.err) == (0, "", "jo-miller has no addresses\n")


def test_d_01_an_edit_changes_what_was_given_and_nothing_else(demo: Runner) -> None:
    words = ("--city", "Tampa", "--phone", "", "--type", "shipping", "--default", "shipping")
    assert demo.fields("customer", "address", "edit", "company-a/HQ", *words) == {
        "customer-address:company-a/hq": {
            "city": ["Haines City", "Tampa"],
            "phone": ["+1 863 555 0142", None],
            "types": [["billing", "shipping"], ["shipping"]],
            "default": [["billing", "shipping"], ["shipping"]],
        }
    }


def test_d_01_labels_make_keys_and_equal_ones_get_numbers(demo: Runner) -> None:
    made = [demo.changes("customer", "address", "add", "jo-miller", *DEPOT)[0] for _ in range(2)]
    assert made == [("add", f"customer-address:jo-miller/{key}") for key in ("depot", "depot-2")]
    assert demo.changes("customer", "address", "add", "jo-miller", *DEPOT[2:]) == [
        ("add", "customer-address:jo-miller/address")
    ]


def test_d_02_an_address_needs_an_organization_or_both_names(demo: Runner) -> None:
    without = [word for word in DEPOT if word not in ("--organization", "O")]
    message = "customer-address:jo-miller/depot: needs an organization, or a first and a last name"
    for names in ([], ["--first-name", "F"], ["--last-name", "L"]):
        assert refused(demo, [*without, *names]) == (4, "invalid", message)
    assert demo("customer", "address", "add", "jo-miller", *without, "--first-name", "F", "--last-name", "L").exit == 0


def test_d_02_an_edit_cannot_take_the_last_name_there_is(demo: Runner) -> None:
    message = "customer-address:company-a/hq: needs an organization, or a first and a last name"
    refusal = (4, "invalid", message)
    assert demo.refusal("customer", "address", "edit", "company-a/hq", "--organization", "") == refusal


# D-03: country and region


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (["--country", "CA", "--region", "US-FL"], "'US-FL' is not a region of CA"),
        (["--country", "US"], "US has regions: one is required, like US-AK"),
        (["--country", "US", "--region", "Florida"], "'Florida' is not a region of US"),
        (["--country", "USA", "--region", "US-FL"], "'USA' is not a country code of two letters (ISO 3166)"),
        (["--country", "ZZ"], "'ZZ' is not a country code of two letters (ISO 3166)"),
    ],
)
def test_d_03_the_region_fits_the_country(demo: Runner, place: list[str], message: str) -> None:
    refusal = (4, "invalid", f"customer-address:jo-miller/depot: {message}")
    assert refused(demo, [*DEPOT[:-4], *place]) == refusal


def test_d_03_a_region_without_its_country_is_offered_with_it(demo: Runner) -> None:
    answer = demo("customer", "address", "add", "jo-miller", *DEPOT[:-1], "fl")
    assert (answer.exit, answer.out) == (4, "")
    assert answer.err == (
        "error: customer-address:jo-miller/depot: 'fl' is not a region of US\n"
        '  --> field "region"\n'
        "  hint: did you mean US-FL?\n"
    )


@pytest.mark.parametrize("region", [[], ["--region", "Anywhere"]])
def test_d_03_a_country_without_a_list_of_regions_takes_any_text_or_none(demo: Runner, region: list[str]) -> None:
    assert demo("customer", "address", "add", "jo-miller", *DEPOT[:-4], "--country", "GI", *region).exit == 0


# D-04 to D-06: primary and default


def test_d_06_the_first_address_is_primary_by_itself(demo: Runner) -> None:
    demo("customer", "address", "add", "jo-miller", *DEPOT)
    assert flags(demo, "jo-miller") == {"depot": (True, [], [])}
    demo("customer", "address", "add", "jo-miller", *DEPOT)
    assert flags(demo, "jo-miller") == {"depot": (True, [], []), "depot-2": (False, [], [])}


def test_d_04_a_new_primary_address_unsets_the_old_one(demo: Runner) -> None:
    assert demo.fields("customer", "address", "edit", "company-a/warehouse", "--primary") == {
        "customer-address:company-a/warehouse": {"primary": [False, True]},
        "customer-address:company-a/hq": {"primary": [True, False]},
    }
    demo("customer", "address", "add", "company-a", *DEPOT, "--primary")
    assert {key: primary for key, (primary, *_) in flags(demo, "company-a").items()} == {
        "depot": True,
        "hq": False,
        "warehouse": False,
    }


def test_d_04_one_stays_primary_when_a_document_says_of_all_that_they_are_not(demo: Runner) -> None:
    demo.apply(
        """
        [[customers]]
        key = "company-a"
        [[customers.addresses]]
        key = "hq"
        primary = false
        [[customers.addresses]]
        key = "warehouse"
        primary = false
        """
    )
    assert flags(demo, "company-a")["hq"][0] is True


def test_d_04_of_two_that_a_document_makes_primary_the_last_one_is(demo: Runner) -> None:
    rows = "".join(
        f'[[customers.addresses]]\nkey = "{key}"\nprimary = true\norganization = "O"\nstreet = "S"\ncity = "C"\n'
        'postal_code = "P"\ncountry = "GI"\n'
        for key in ("one", "two")
    )
    demo.apply(f'[[customers]]\nkey = "jo-miller"\n{rows}')
    assert {key: primary for key, (primary, *_) in flags(demo, "jo-miller").items()} == {"one": False, "two": True}


def test_d_05_a_second_default_moves_the_flag_and_a_default_is_of_its_type(demo: Runner) -> None:
    assert demo.fields("customer", "address", "edit", "company-a/warehouse", "--default", "billing") == {
        "customer-address:company-a/warehouse": {
            "types": [["shipping"], ["billing", "shipping"]],
            "default": [[], ["billing"]],
        },
        "customer-address:company-a/hq": {"default": [["billing", "shipping"], ["shipping"]]},
    }
    assert flags(demo, "company-a") == {
        "hq": (True, ["billing", "shipping"], ["shipping"]),
        "warehouse": (False, ["billing", "shipping"], ["billing"]),
    }


def test_d_05_a_type_cannot_go_while_the_address_is_the_default_for_it(demo: Runner) -> None:
    answer = demo("customer", "address", "edit", "company-a/hq", "--type", "")
    assert (answer.exit, answer.out) == (0, "nothing to change\n")


def test_d_05_the_addresses_of_a_user_have_flags_of_their_own(demo: Runner) -> None:
    words = ("--default", "shipping", "--default", "billing", "--primary")
    assert demo.fields("user", "address", "add", LUIS, *DEPOT, *words)[f"customer-user-address:{LUIS}/home"] == {
        "primary": [True, False],
        "default": [["shipping"], []],
    }
    assert flags(demo, LUIS, "user")["depot"] == (True, ["billing", "shipping"], ["billing", "shipping"])
    assert flags(demo, "company-a-la")["office"] == (True, ["shipping"], ["shipping"])


@pytest.mark.parametrize(
    ("setup", "address", "what"),
    [
        ((), "company-a/hq", "the primary address"),
        (("company-a/warehouse", "--default", "billing"), "company-a/warehouse", "a default address"),
    ],
)
def test_d_05_a_primary_or_default_address_cannot_be_deleted_before_another_is_one(
    demo: Runner, setup: tuple[str, ...], address: str, what: str
) -> None:
    if setup:
        demo("customer", "address", "edit", *setup)
    refusal = (5, "protected", f"customer-address:{address} is {what}")
    assert demo.refusal("customer", "address", "delete", address) == refusal


def test_d_05_another_address_can_be_deleted_and_the_last_one_too(demo: Runner) -> None:
    assert demo.changes("customer", "address", "delete", "company-a/WAREHOUSE") == [
        ("remove", "customer-address:company-a/warehouse")
    ]
    assert demo.changes("customer", "address", "delete", "company-a/hq") == [
        ("remove", "customer-address:company-a/hq")
    ]
    assert flags(demo, "company-a") == {}


# D-07: the owner


def test_d_07_no_option_changes_the_owner_of_an_address(demo: Runner) -> None:
    answer = demo("customer", "address", "edit", "company-a/hq", "--owner", "partner-c")
    assert (answer.exit, answer.out) == (2, "")
    assert answer.err.startswith("error: No such option: --owner")


def test_d_07_no_document_changes_the_owner_of_an_address(demo: Runner) -> None:
    document = """
        [[customers]]
        key = "company-a"
        [[customers.addresses]]
        key = "hq"
        owner = "partner-c"
        """
    message = "customer 'company-a': addresses.0.owner is not a field that is known here"
    assert demo.unapplied(document) == [("5:1", 4, "unknown-field", message)]


def test_d_07_an_equal_key_of_another_owner_is_another_address(demo: Runner) -> None:
    assert demo.changes("customer", "address", "add", "jo-miller", *DEPOT, "--key", "hq") == [
        ("add", "customer-address:jo-miller/hq")
    ]
    assert demo.json("customer", "address", "show", "company-a/hq")["street"] == "801 Orchard Avenue"


# D-08, D-09: permission and history


@pytest.mark.parametrize(
    ("actor", "exit_code"),
    [("grace.kim@company-a.example", 0), ("bob.reyes@company-a.example", 1), ("amanda.smith@company-a.example", 0)],
)
def test_d_08_company_addresses_are_edited_by_permission(demo: Runner, actor: str, exit_code: int) -> None:
    answer = demo("customer", "address", "edit", "company-a/hq", "--city", "Tampa", "--as", actor)
    assert answer.exit == exit_code


def test_d_09_a_change_of_an_address_is_kept_in_history_under_its_owner(demo: Runner) -> None:
    demo("customer", "address", "edit", "company-a/hq", "--city", "Tampa")
    found = demo.sql("SELECT op, record, after FROM history WHERE revision_id = 2")
    assert [row[:2] for row in found] == [("change", "customer-address:company-a/hq")]
    assert '"city":"Tampa"' in found[0][2]


def test_show_tells_the_fields_asked_for_beside_the_key_and_refuses_unknown_ones(demo: Runner) -> None:
    words = ("customer", "address", "show", "company-a/hq", "--fields")
    assert demo.json(*words, "city,default") == {
        "key": "company-a/hq",
        "city": "Haines City",
        "default": ["billing", "shipping"],
    }
    assert demo.refusal(*words, "colour") == (4, "unknown-field", "unknown field 'colour'")
