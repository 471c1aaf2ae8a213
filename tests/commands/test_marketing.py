"""The marketing log, on the record, rolled up on the account, and by campaign (feature M-05)."""

from __future__ import annotations

import pytest

from tests.commands.test_activity import SHOP
from tests.runner import Refusal, Runner


@pytest.fixture
def shop(custctl: Runner) -> Runner:
    custctl.apply(SHOP)
    return custctl


def add(runner: Runner, kind: str, to: str, *words: str) -> None:
    answer = runner("marketing", "add", kind, "--to", to, *words)
    assert answer.exit == 0, answer


def listed(runner: Runner, *words: str) -> list[str]:
    return [row["key"] for row in runner.json("marketing", "list", *words)]


@pytest.fixture
def mailed(shop: Runner) -> Runner:
    for at, (kind, to) in enumerate(
        (
            ("send", "contact:ann"),
            ("send", "user:una@west.example"),
            ("send", "lead:hint"),
            ("send", "contact:other"),
            ("open", "contact:ann"),
            ("open", "contact:ann"),
            ("open", "contact:other"),
            ("click", "contact:ann"),
            ("soft_bounce", "lead:hint"),
            ("hard_bounce", "lead:hint"),
            ("unsubscribe", "user:una@west.example"),
        )
    ):
        add(shop, kind, to, "--campaign", "spring", "--at", f"2026-03-{at + 1:02}")
    add(shop, "send", "business-customer:plant", "--campaign", "autumn", "--at", "2026-09-01")
    return shop


def test_m_05_an_event_is_kept_with_everything_it_has(shop: Runner) -> None:
    words = ("--to", "contact:ann", "--campaign", "Spring", "--at", "2026-03-01", "--details", "https://acme.example")
    fields = shop.fields("marketing", "add", "click", *words)
    assert {name: new for name, (_, new) in fields["marketing-event:click-spring-ann"].items()} == {
        "key": "click-spring-ann",
        "campaign": "Spring",
        "type": "click",
        "at": "2026-03-01T00:00:00Z",
        "details": "https://acme.example",
        "contact": "ann",
    }
    assert shop.json("marketing", "show", "click-spring-ann")["to"] == "contact:ann"


def test_m_05_the_log_is_shown_on_the_record(mailed: Runner) -> None:
    told = mailed.json("contact", "show", "ann")["marketing"]
    assert [(row["type"], row["at"][:10]) for row in told] == [
        ("click", "2026-03-08"),
        ("open", "2026-03-06"),
        ("open", "2026-03-05"),
        ("send", "2026-03-01"),
    ]
    told = mailed.json("user", "show", "una@west.example")["marketing"]
    assert [row["type"] for row in told] == ["unsubscribe", "send"]


def test_m_05_an_account_has_the_log_of_everybody_who_hangs_on_it(mailed: Runner) -> None:
    rows = mailed.json("marketing", "list", "--on", "account:acme")
    assert {row["to"] for row in rows} == {
        "contact:ann",
        "user:una@west.example",
        "lead:hint",
        "business-customer:plant",
    }
    assert len(rows) == 10
    assert rows[0]["at"] == "2026-09-01T00:00:00Z"
    assert listed(mailed, "--on", "account:globex") == []


def test_m_05_campaigns_count_people_and_opens_and_clicks_count_events(mailed: Runner) -> None:
    fields = "campaign,sent,opened,clicked,soft_bounced,hard_bounced,bounced,unsubscribed,opens,clicks,first,last"
    autumn, spring = mailed.json("marketing", "campaigns", "--fields", fields)
    assert spring == {
        "campaign": "spring",
        "sent": 4,
        "opened": 2,
        "clicked": 1,
        "soft_bounced": 1,
        "hard_bounced": 1,
        "bounced": 1,
        "unsubscribed": 1,
        "opens": 3,
        "clicks": 1,
        "first": "2026-03-01T00:00:00Z",
        "last": "2026-03-11T00:00:00Z",
    }
    assert (autumn["campaign"], autumn["sent"], autumn["opened"]) == ("autumn", 1, 0)
    (alone,) = mailed.json("marketing", "campaigns", "--on", "contact:other")
    assert (alone["sent"], alone["opened"], alone["opens"]) == (1, 1, 1)


def test_m_05_without_events_there_are_no_campaigns(shop: Runner) -> None:
    answer = shop("marketing", "campaigns")
    assert (answer.exit, answer.out, answer.err) == (0, "", "no campaigns\n")


def test_m_05_events_follow_a_merge_and_go_with_their_person(mailed: Runner) -> None:
    assert mailed("contact", "merge", "ann", "other", "--yes").exit == 0
    assert len(listed(mailed, "--on", "contact:ann")) == 6
    first = mailed.export()
    assert mailed("contact", "delete", "ann", "--yes").exit == 0
    assert mailed.json("marketing", "list", "--where", "contact!=", "--count") == {"count": 0}
    assert mailed("undo", "--last", "--yes").exit == 0
    assert mailed.export() == first


def test_m_05_events_are_imported_and_deleted(shop: Runner) -> None:
    rows = "key,type,campaign,at,contact\nx,send,spring,2026-01-05T10:00:00Z,ann\n"
    assert shop("marketing", "import", shop.file(rows, "m.csv")).exit == 0
    assert listed(shop) == ["x"]
    assert shop("marketing", "delete", "x").exit == 0
    assert listed(shop) == []


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (
            ("sent", "--to", "contact:ann"),
            (
                4,
                "invalid",
                (
                    "marketing event 'sent-ann': type must be one of "
                    "send, open, click, soft_bounce, hard_bounce, unsubscribe"
                ),
            ),
        ),
        (("send",), (2, "usage", "Missing option '--to'")),
        (("send", "--to", "customer:west"), (4, "invalid", "--to 'customer:west': no record of that kind")),
        (("send", "--to", "contact:nope"), (3, "not-found", "contact 'nope' not found")),
    ],
)
def test_m_05_what_is_no_event_is_refused(shop: Runner, words: tuple[str, ...], refusal: Refusal) -> None:
    assert shop.refusal("marketing", "add", *words) == refusal


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("", "it names nobody"),
        ('contact = "ann"\nlead = "hint"', "it names contact and lead"),
    ],
)
def test_m_05_an_event_is_of_exactly_one_person(shop: Runner, named: str, told: str) -> None:
    problems = shop.unapplied(f'[[marketing_events]]\nkey = "x"\ntype = "send"\n{named}\n')
    words = f"marketing-event:x: is of exactly one of contact, user, lead, business_customer, account; {told}"
    assert [problem[1:] for problem in problems] == [(4, "invalid", words)]
