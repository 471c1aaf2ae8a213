"""Leads, through the commands; the names of tests begin with the feature they hold."""

from __future__ import annotations

import pytest

from tests.runner import Runner

JERRY = (
    *("--first-name", "Jerry", "--last-name", "Coleman", "--company-name", "Gov Mart"),
    *("--email", "jerry@govmart.example", "--phone", "555"),
)


@pytest.fixture
def shop(custctl: Runner) -> Runner:
    """A shop with one lead, who says who he is."""
    assert custctl("lead", "add", "Gov Mart", *JERRY, "--owner", "Lena Vogt").exit == 0
    return custctl


def statuses(shop: Runner) -> dict[str, str]:
    return {row["key"]: row["status"] for row in shop.json("lead", "list")}


# S-01: leads and their statuses


def test_s_01_a_lead_is_added_with_everything_it_has(demo: Runner) -> None:
    words = (
        "--key gov --status new --prefix Mr. --first-name Jerry --middle-name A. --last-name Coleman --suffix Jr."
        " --job-title Boss --company-name GovMart --website https://govmart.example --employees 12 --industry Retail"
        " --source Partner --notes N --twitter @jerry --linkedin jc --email a@x.example --email b@x.example --phone 1"
        " --contact helen-ortiz --account company-a --owner O --external-id L-1 --tag vip"
    )
    assert {name: new for name, (_, new) in demo.fields("lead", "add", "Gov", *words.split())["lead:gov"].items()} == {
        "key": "gov",
        "name": "Gov",
        "status": "new",
        "prefix": "Mr.",
        "first_name": "Jerry",
        "middle_name": "A.",
        "last_name": "Coleman",
        "suffix": "Jr.",
        "job_title": "Boss",
        "company_name": "GovMart",
        "website": "https://govmart.example",
        "employees": 12,
        "industry": "Retail",
        "source": "Partner",
        "notes": "N",
        "twitter": "@jerry",
        "linkedin": "jc",
        "emails": ["a@x.example", "b@x.example"],
        "phones": ["1"],
        "contact": "helen-ortiz",
        "account": "company-a",
        "owner": "O",
        "external_id": "L-1",
        "tags": ["vip"],
    }
    shown = demo.json("lead", "show", "Gov")
    assert (shown["email"], shown["phone"], shown["opportunities"]) == ("a@x.example", "1", 0)


def test_s_01_a_lead_needs_a_name_and_a_website_that_is_one(custctl: Runner) -> None:
    assert custctl.refusal("lead", "add", "") == (4, "invalid", "lead 'lead': name must not be blank")
    assert custctl.refusal("lead", "add", "Gov", "--website", "ftp://x") == (
        4,
        "invalid",
        "lead 'gov': website must be a web address that begins with http:// or https://",
    )
    assert custctl.refusal("lead", "add", "Gov", "--status", "hot") == (
        4,
        "invalid",
        "lead 'gov': status must be one of new, qualified, canceled",
    )


def test_s_01_a_lead_is_edited_cleared_and_deleted(shop: Runner) -> None:
    assert shop.fields("lead", "edit", "gov-mart", "--job-title", "Buyer", "--company-name", "", "--key", "gov") == {
        "lead:gov": {
            "key": ["gov-mart", "gov"],
            "job_title": [None, "Buyer"],
            "company_name": ["Gov Mart", None],
        }
    }
    assert shop.changes("lead", "delete", "gov") == [("remove", "lead:gov")]
    assert shop.refusal("lead", "show", "gov")[0] == 3


def test_s_01_a_lead_has_addresses_and_entries_that_go_along_when_it_is_deleted(shop: Runner) -> None:
    address = "--street X --city Y --postal-code 1 --country DE --region DE-BY"
    assert shop("lead", "address", "add", "gov-mart", "--label", "Office", *address.split()).exit == 0
    assert [row["key"] for row in shop.json("lead", "address", "list", "gov-mart")] == ["gov-mart/office"]
    assert shop("lead", "email", "add", "gov-mart", "office@govmart.example", "--primary").exit == 0
    assert shop("lead", "phone", "remove", "gov-mart", "555").exit == 0
    shown = shop.json("lead", "show", "gov-mart")
    assert (shown["emails"], shown["phones"]) == (["office@govmart.example", "jerry@govmart.example"], [])
    refused = shop.refusal("lead", "email", "remove", "gov-mart", "office@govmart.example")
    assert refused[:2] == (5, "protected")
    assert shop("lead", "delete", "gov-mart").exit == 2
    assert shop.changes("lead", "delete", "gov-mart", "--yes") == [
        ("remove", "lead:gov-mart"),
        ("remove", "lead-address:gov-mart/office"),
    ]


# S-03: what becomes of one


def test_s_03_a_lead_is_qualified_disqualified_and_reactivated(shop: Runner) -> None:
    for verb, status in (
        ("qualify", "qualified"),
        ("reactivate", "new"),
        ("disqualify", "canceled"),
        ("reactivate", "new"),
    ):
        assert shop("lead", verb, "gov-mart").exit == 0
        assert statuses(shop) == {"gov-mart": status}
    again = shop.json("lead", "reactivate", "gov-mart")
    assert (again["revision"], again["changes"]) == (None, [])


@pytest.mark.parametrize(
    ("first", "then", "now"), [("qualify", "disqualify", "qualified"), ("disqualify", "qualify", "canceled")]
)
def test_s_03_a_decided_lead_is_not_decided_otherwise_at_once(shop: Runner, first: str, then: str, now: str) -> None:
    assert shop("lead", first, "gov-mart").exit == 0
    refused = shop("lead", then, "gov-mart")
    other = "canceled" if now == "qualified" else "qualified"
    assert (refused.exit, refused.out) == (5, "")
    assert f"lead:gov-mart: is {now} and cannot become {other}" in refused.err
    assert "do this first: custctl lead reactivate gov-mart" in refused.err


def test_s_03_documents_and_imports_keep_the_same_order_of_things(shop: Runner) -> None:
    assert shop("lead", "disqualify", "gov-mart").exit == 0
    document = 'apiVersion = "custctl/v1"\n[[leads]]\nkey = "gov-mart"\nstatus = "qualified"\n'
    assert shop("apply", "-f", "-", "--yes", stdin=document).exit == 5
    row = '{"Lead name": "Gov Mart", "Status Id": "qualified"}\n'
    rejected = shop("lead", "import", "-", stdin=row)
    assert (rejected.exit, "is canceled and cannot become qualified" in rejected.err) == (4, True)


def test_s_03_many_leads_are_disqualified_and_those_that_cannot_be_are_skipped(shop: Runner) -> None:
    assert shop("lead", "add", "Other", "--status", "qualified").exit == 0
    assert shop("lead", "add", "Third", "--status", "canceled").exit == 0
    assert shop("lead", "disqualify", "--where", "name!=x").exit == 2
    done = shop.json("lead", "disqualify", "--where", "name!=x", "--yes")
    assert [change["record"] for change in done["changes"]] == ["lead:gov-mart"]
    assert [(one["record"], one["code"]) for one in done["skipped"]] == [("lead:other", "status")]
    told = shop("lead", "disqualify", "--where", "name!=x", "--yes", "--dry-run").err
    assert "0 would be disqualified, 1 would be skipped, 2 would be unchanged" in told


def test_s_03_an_undo_puts_back_what_no_verb_would(shop: Runner) -> None:
    assert shop("lead", "qualify", "gov-mart").exit == 0
    assert shop("lead", "reactivate", "gov-mart").exit == 0
    assert shop("lead", "disqualify", "gov-mart").exit == 0
    assert shop("undo", "4", "--yes").exit == 0
    assert statuses(shop) == {"gov-mart": "new"}


# S-04: the view of open leads


def test_s_04_the_open_view_has_the_leads_that_are_neither_qualified_nor_canceled(shop: Runner) -> None:
    assert shop("lead", "add", "Other", "--status", "qualified").exit == 0
    assert shop("lead", "add", "Third", "--status", "canceled").exit == 0
    assert [row["key"] for row in shop.json("lead", "list", "--view", "open")] == ["gov-mart"]
    assert shop.json("lead", "list", "--view", "open", "--where", "status!=new", "--count") == {"count": 0}
    assert shop.refusal("lead", "list", "--view", "closed") == (2, "usage", "leads have no view 'closed'")


# S-02: from a lead to an opportunity


def test_s_02_a_lead_is_converted_with_a_contact_and_an_account_of_its_own(shop: Runner) -> None:
    address = "--street X --city Y --postal-code 1 --country DE --region DE-BY --type billing"
    for label in ("Office", "Home"):
        assert shop("lead", "address", "add", "gov-mart", "--label", label, *address.split()).exit == 0
    converted = shop("lead", "convert", "gov-mart", "--budget", "1200", "--close-date", "2027-03-31", "-o", "json")
    assert sorted((change["op"], change["record"]) for change in converted.json["changes"]) == [
        ("add", "account:gov-mart"),
        ("add", "contact-address:jerry-coleman/home"),
        ("add", "contact-address:jerry-coleman/office"),
        ("add", "contact:jerry-coleman"),
        ("add", "opportunity:gov-mart"),
        ("change", "lead:gov-mart"),
    ]
    contact = shop.json("contact", "show", "jerry-coleman")
    assert (contact["emails"], contact["phones"]) == (["jerry@govmart.example"], ["555"])
    assert (contact["owner"], contact["accounts"]) == ("Lena Vogt", ["gov-mart"])
    assert [(one["key"], one["types"]) for one in contact["addresses"]] == [("office", ["billing"]), ("home", [])]
    lead = shop.json("lead", "show", "gov-mart")
    assert (lead["status"], lead["contact"], lead["account"], lead["opportunities"]) == (
        "qualified",
        "jerry-coleman",
        "gov-mart",
        1,
    )
    made = shop.json("opportunity", "show", "gov-mart")
    told = ("name", "account", "contact", "lead", "owner", "status", "budget", "close_date")
    assert [made[name] for name in told] == [
        *("Gov Mart", "gov-mart", "jerry-coleman", "gov-mart", "Lena Vogt", "open", "1200.00", "2027-03-31")
    ]


def test_s_02_contact_and_account_are_found_by_e_mail_and_by_the_companys_name(shop: Runner) -> None:
    person = ("--first-name", "jerry", "--last-name", "COLEMAN", "--email", "x@y.example", "--phone", "1")
    assert shop("contact", "add", *person, "--email", "Jerry@GovMart.example").exit == 0
    assert shop("account", "add", "GOV MART", "--key", "gm").exit == 0
    assert sorted(shop.changes("lead", "convert", "gov-mart", "--name", "Deal")) == [
        ("add", "opportunity:deal"),
        ("change", "account:gm"),
        ("change", "contact:jerry-coleman"),
        ("change", "lead:gov-mart"),
    ]
    contact = shop.json("contact", "show", "jerry-coleman")
    assert (contact["emails"], contact["phones"]) == (["x@y.example", "Jerry@govmart.example"], ["1", "555"])


def test_s_02_somebody_of_another_name_behind_the_same_e_mail_is_somebody_else(shop: Runner) -> None:
    assert shop("contact", "add", "--first-name", "Ann", "--email", "jerry@govmart.example").exit == 0
    assert ("add", "contact:jerry-coleman") in shop.changes("lead", "convert", "gov-mart")


def test_s_02_what_is_asked_for_counts_before_what_the_lead_says(demo: Runner) -> None:
    assert demo("lead", "add", "Gov Mart", *JERRY).exit == 0
    words = ("--account", "partner-c", "--contact", "helen-ortiz", "--key", "deal")
    assert sorted(demo.changes("lead", "convert", "gov-mart", *words)) == [
        ("add", "opportunity:deal"),
        ("change", "account:partner-c"),
        ("change", "lead:gov-mart"),
    ]
    assert demo.json("opportunity", "show", "deal")["contact"] == "helen-ortiz"


def test_s_02_a_new_account_gets_the_name_that_is_given(shop: Runner) -> None:
    assert ("add", "account:new-ltd") in shop.changes("lead", "convert", "gov-mart", "--account-name", "New Ltd")
    both = ("--account", "x", "--account-name", "y")
    assert shop.refusal("lead", "convert", "gov-mart", *both)[:2] == (2, "usage")


def test_s_02_a_lead_without_a_company_or_a_person_says_so(custctl: Runner) -> None:
    assert custctl("lead", "add", "Somebody").exit == 0
    refused = (4, "invalid", "lead:somebody names no company: which account is it?")
    assert custctl.refusal("lead", "convert", "somebody") == refused
    done = custctl.json("lead", "convert", "somebody", "--account-name", "New Ltd")
    assert done["warnings"] == ["lead:somebody says nothing of a person: no contact is made"]


def test_s_02_of_several_accounts_with_the_companys_name_one_has_to_be_named(shop: Runner) -> None:
    assert shop("account", "add", "Gov Mart").exit == 0
    assert shop("account", "add", "gov mart").exit == 0
    code = shop.refusal("lead", "convert", "gov-mart")
    assert code == (4, "ambiguous", "several accounts are called 'Gov Mart'")
    assert shop("lead", "convert", "gov-mart", "--account", "gov-mart-2").exit == 0


def test_s_02_a_lead_that_was_disqualified_or_converted_is_not_converted(shop: Runner) -> None:
    assert shop("lead", "disqualify", "gov-mart").exit == 0
    assert shop.refusal("lead", "convert", "gov-mart") == (
        5,
        "status",
        "lead:gov-mart is canceled and cannot be converted",
    )
    assert shop("lead", "reactivate", "gov-mart").exit == 0
    assert shop("lead", "convert", "gov-mart").exit == 0
    assert shop.refusal("lead", "convert", "gov-mart") == (
        5,
        "status",
        "lead:gov-mart was converted to opportunity:gov-mart already",
    )
    assert shop("lead", "reactivate", "gov-mart").exit == 0
    assert [record for _, record in shop.changes("lead", "convert", "gov-mart")] == [
        "lead:gov-mart",
        "opportunity:gov-mart-2",
    ]


def test_s_02_a_conversion_is_one_revision_that_is_taken_back_whole(shop: Runner) -> None:
    before = shop("export").out
    assert shop("lead", "convert", "gov-mart").exit == 0
    assert shop("undo", "--last", "--yes").exit == 0
    assert shop("export").out == before


# around them


def test_leads_are_imported_under_oros_headings_and_make_their_accounts(custctl: Runner) -> None:
    sheet = (
        "Id,Lead name,Name prefix,First name,Last name,Job title,Status Id,Company name,Number of employees,"
        "Additional comments,Industry,Address 1 Label,Address 1 Street,Address 1 City,Address 1 Zip/Postal Code,"
        "Address 1 Country ISO2 code,Address 1 State Combined code,Owner Username,Emails 1 Email,Phones 1 Phone,"
        "Phones 2 Phone,Customer Account Account name,Organization Name,Source Id,Tags\n"
        "7,Oro Lead,Mr.,John,Barrows,Manager,new,Oro Inc.,33,Call him,Internet,Primary Address,873 John Avenue,Jackson,"
        "49201,US,US-MI,admin,jb@oro.example,3333333,978-242-1314,Jennifer Paxton,Oro,Partner,custom tag\n"
    )
    imported = custctl("lead", "import", "-", "-o", "json", stdin=sheet)
    assert (imported.exit, imported.json["added"], imported.json["rejected"]) == (0, 1, 0)
    lead = custctl.json("lead", "show", "oro-lead")
    assert (lead["account"], lead["phones"], lead["employees"], lead["notes"]) == (
        "jennifer-paxton",
        ["3333333", "978-242-1314"],
        33,
        "Call him",
    )
    assert [(one["label"], one["region"]) for one in lead["addresses"]] == [("Primary Address", "US-MI")]
    again = custctl("lead", "import", "-", "-o", "json", stdin=sheet)
    assert (again.json["unchanged"], again.json["revision"]) == (1, None)


def test_leads_are_searched_tagged_and_told_by_history(shop: Runner) -> None:
    assert [row["record"] for row in shop.json("search", "govmart.example")] == ["lead:gov-mart"]
    assert shop("lead", "edit", "gov-mart", "--tag", "vip").exit == 0
    assert [row["record"] for row in shop.json("search", "coleman", "--tag", "vip")] == ["lead:gov-mart"]
    assert [row["key"] for row in shop.json("lead", "list", "--where", "tags=vip")] == ["gov-mart"]
    assert [row["op"] for row in shop.json("history", "lead:gov-mart")][-1] == "add"


def test_a_lead_does_not_act_for_a_user(shop: Runner) -> None:
    assert shop("lead", "list", "--as", "anna@acme.example").exit == 2
