"""What every list takes: conditions on days and times, pages, counts; and conditions on the sets of access."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.runner import Runner

AMANDA = "amanda.smith@company-a.example"
BOB = "bob.reyes@company-a.example"
CREATED = {
    "a": "2025-12-31T23:59:59Z",
    "b": "2026-01-01T00:00:00Z",
    "c": "2026-01-31T12:00:00Z",
    "d": "2026-02-01T00:00:00Z",
}


def keys(runner: Runner, *words: str) -> list[str]:
    """The keys of a list."""
    return [row["key"] for row in runner.json(*words)]


@pytest.fixture
def dated(custctl: Runner) -> Runner:
    """Four customers, made around the turn of two months."""
    for key in CREATED:
        assert custctl("customer", "add", key).exit == 0
    with closing(sqlite3.connect(custctl.database)) as connection:
        connection.executemany(
            "UPDATE customer SET created_at = ? WHERE key = ?", [(at, key) for key, at in CREATED.items()]
        )
        connection.commit()
    return custctl


# Days and times


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        ("created=2026-01-01", "b"),
        ("created=2026-01", "bc"),
        ("created=2026", "bcd"),
        ("created!=2026-01", "ad"),
        ("created>2026-01-01", "cd"),
        ("created>=2026-01-01", "bcd"),
        ("created<2026-01-01", "a"),
        ("created<=2026-01-01", "ab"),
        ("created<=2026-01", "abc"),
        ("created>2026-01", "d"),
        ("created=2026-01-31T12:00:00Z", "c"),
        ("created>=2026-01-31T13:00:00+01:00", "cd"),
        ("created>2026-01-31T12:00:00Z", "d"),
        ("created < 2026-01-31 12:00:00", "ab"),
        ("created~01-31", "c"),
        ("updated>1999", "abcd"),
    ],
)
def test_a_time_is_compared_with_a_year_a_month_a_day_or_a_moment(dated: Runner, condition: str, left: str) -> None:
    assert keys(dated, "customer", "list", "--where", condition) == list(left)


def test_a_day_is_compared_with_days(custctl: Runner) -> None:
    for name, birthday in (("ann", "1990-05-01"), ("ben", "1990-05-31"), ("cem", "1991-01-01"), ("dan", "")):
        words = ("--birthday", birthday) if birthday else ()
        assert custctl("contact", "add", "--first-name", name, *words).exit == 0
    assert keys(custctl, "contact", "list", "--where", "birthday=1990-05") == ["ann", "ben"]
    assert keys(custctl, "contact", "list", "--where", "birthday>1990-05-01") == ["ben", "cem"]
    assert keys(custctl, "contact", "list", "--where", "birthday!=1990") == ["cem", "dan"]
    assert keys(custctl, "contact", "list", "--where", "birthday=") == ["dan"]


@pytest.mark.parametrize("noun", ["customer", "user", "group", "role", "contact", "account", "tag", "order"])
def test_a_time_that_is_none_is_refused_with_an_example(demo: Runner, noun: str) -> None:
    answer = demo(noun, "list", "--where", "updated>yesterday")
    assert (answer.exit, answer.out) == (4, "")
    assert answer.err == (
        "error: updated: 'yesterday' is no day or time\n"
        '  --> field "updated"\n'
        "  hint: like 2026, 2026-01, 2026-01-31 or 2026-01-31T12:00:00Z\n"
    )


@pytest.mark.parametrize(
    "value",
    ["2026-13", "2026-02-30", "26-01-01", "2026-1", "9999-12-31", "0000", "2026-W01", "2026-W01-1", "2026-01-31x12:00"],
)
def test_a_day_that_no_calendar_has_is_refused(demo: Runner, value: str) -> None:
    assert demo.refusal("order", "list", "--where", f"placed_at>{value}")[:2] == (4, "invalid")


def test_an_hour_is_refused_where_only_days_are_kept(demo: Runner) -> None:
    refusal = demo.refusal("user", "list", "--where", "birthday<1990-01-01T00:00:00Z")
    assert refusal == (4, "invalid", "birthday: '1990-01-01T00:00:00Z' is no day")


# Pages


@pytest.mark.parametrize("noun", ["customer", "user", "role", "contact", "account", "order", "tag", "group"])
@pytest.mark.parametrize("sort", [None, "-created", "-key", "created,-key"])
def test_pages_one_after_the_other_are_the_whole_list(demo: Runner, noun: str, sort: str | None) -> None:
    sort = sort and (sort.replace("key", "number") if noun == "order" else sort)
    order = () if sort is None else ("--sort", sort)
    whole = keys(demo, noun, "list", *order)
    pages: list[str] = []
    last: tuple[str, ...] = ()
    while page := keys(demo, noun, "list", *order, "--limit", "3", *last):
        pages += page
        last = ("--after", page[-1])
    assert pages == whole
    assert len(whole) > 3


@pytest.mark.parametrize("sort", ["group", "-group", "parent,-name", "-parent,name", "-internal_rating,group,-key"])
def test_pages_go_on_where_a_field_of_the_order_is_empty(demo: Runner, sort: str) -> None:
    whole = keys(demo, "customer", "list", "--sort", sort)
    for number, key in enumerate(whole):
        assert keys(demo, "customer", "list", "--sort", sort, "--after", key) == whole[number + 1 :]


def test_a_page_begins_behind_a_record_that_the_conditions_leave_out(demo: Runner) -> None:
    found = keys(demo, "customer", "list", "--where", "group=partners", "--after", "company-a")
    assert found == ["partner-c", "partner-c-north"]


def test_a_page_behind_a_record_that_is_not_stored_is_refused(demo: Runner) -> None:
    assert demo.refusal("customer", "list", "--after", "company-x") == (
        3,
        "not-found",
        "customer 'company-x' not found",
    )


def test_under_as_a_page_does_not_tell_of_records_out_of_sight(demo: Runner) -> None:
    answer = demo("customer", "list", "--after", "wholesaler-b", "--as", AMANDA, "-o", "json")
    assert (answer.exit, answer.json["reason"]) == (1, "out-of-reach")
    assert keys(demo, "customer", "list", "--after", "company-a-la", "--as", AMANDA) == ["company-a-west"]


# Counts


def test_a_count_is_that_of_the_list(demo: Runner) -> None:
    assert demo("customer", "list", "--count").out == "count  8\n"
    assert demo.json("customer", "list", "--count", "--where", "group=partners") == {"count": 2}
    assert demo.json("contact", "list", "--count", "--where", "name=nobody") == {"count": 0}
    assert demo.json("group", "member", "list", "partners", "--count") == {"count": 2}
    assert demo("order", "list", "--count", "-o", "csv").out == f"count\n{len(keys(demo, 'order', 'list'))}\n"


def test_under_as_a_count_is_that_of_what_the_user_sees(demo: Runner) -> None:
    seen = keys(demo, "order", "list", "--as", BOB)
    assert 0 < len(seen) < len(keys(demo, "order", "list"))
    assert demo.json("order", "list", "--count", "--as", BOB) == {"count": len(seen)}


@pytest.mark.parametrize("words", [("--limit", "1"), ("--sort", "name"), ("--after", "company-a")])
def test_a_count_takes_no_order_and_no_page(demo: Runner, words: tuple[str, ...]) -> None:
    assert demo.refusal("customer", "list", "--count", *words)[:2] == (2, "usage")


def test_an_unknown_field_of_a_count_gives_near_ones(demo: Runner) -> None:
    answer = demo("customer", "list", "--count", "--where", "grup=x")
    assert (answer.exit, "did you mean group" in answer.err) == (4, True)


# The sets that access answers


def subjects(runner: Runner, *words: str) -> list[str]:
    """The users that may view orders, narrowed."""
    return [row["subject"].removeprefix("user:") for row in runner.json("access", "who", "view", "order", *words)]


def test_levels_are_compared_by_how_far_they_reach(demo: Runner) -> None:
    every = demo.json("access", "who", "view", "order")
    wide = [row["subject"].removeprefix("user:") for row in every if row["level"] in ("department", "corporate")]
    assert subjects(demo, "--where", "level>=department") == wide
    assert 0 < len(wide) < len(every)
    levels = [row["level"] for row in demo.json("access", "who", "view", "order", "--sort", "-level,subject")]
    assert levels == sorted(levels, key=["corporate", "department", "user"].index)


def test_a_set_is_narrowed_by_what_its_rows_hold(demo: Runner) -> None:
    assert AMANDA in subjects(demo, "--where", "roles=administrator", "--where", "customer=Company-A")
    assert AMANDA not in subjects(demo, "--where", "roles!=administrator")
    records = demo.json("access", "records", AMANDA, "order", "--where", "customer~west", "--sort", "-record")
    assert [row["record"] for row in records] == ["order:SO-1102", "order:SO-1101"]
    owners = demo.json("access", "owners", AMANDA, "assign", "order:SO-1101", "--where", "current=yes")
    assert owners == [{"owner": "user:carlos.vega@company-a.example", "current": True}]
    nobody = demo("access", "who", "view", "order", "--where", "customer~nowhere")
    assert (nobody.exit, nobody.out, nobody.err) == (0, "", "nobody\n")


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("--where", "levl=user"), (4, "unknown-field", "unknown field 'levl'")),
        (("--sort", "-lvl"), (4, "unknown-field", "unknown field 'lvl'")),
        (("--where", "level=all"), (4, "invalid", "'all' is not a level")),
        (("--where", "level"), (2, "usage", "--where 'level' is not FIELD OP VALUE")),
        (("--where", "roles>buyer"), (2, "usage", "> does not apply to a list")),
    ],
)
def test_a_condition_that_does_not_fit_a_set_says_why(
    demo: Runner, words: tuple[str, ...], refusal: tuple[int, str, str]
) -> None:
    assert demo.refusal("access", "who", "view", "order", *words) == refusal
