"""Conditions of lists: a value that must be stored or known is refused where it is not, wherever a list is narrowed."""

from __future__ import annotations

import pytest

from custctl.choices import closed_set
from custctl.resources import NOUNS, RECORD, SALES, SETTING, Noun
from custctl.store import inputs
from custctl.store.inputs import in_words
from tests.runner import Runner

LISTED = [noun for noun in NOUNS.values() if not noun.name.endswith("-address") and noun not in (SETTING, RECORD)]
NAMING = [
    (noun, field.name)
    for noun in LISTED
    for field in noun.fields
    if field.to or closed_set(noun, field) or field.name in ("currency", "language", "about", "to")
]


def _listed(noun: Noun) -> list[str]:
    own = {"entity": ["export", "entities"], "price": ["export", "prices"], "content-variant": ["export"]}
    words = own.get(noun.name, [*noun.group.split(), "list"])
    return [*words, "content_variants"] if words == ["export"] else words


@pytest.mark.parametrize(("noun", "name"), NAMING, ids=lambda value: getattr(value, "name", value))
def test_a_value_that_names_nothing_stored_or_known_is_refused(demo: Runner, noun: Noun, name: str) -> None:
    more = ["--format", "csv"] if _listed(noun)[0] == "export" else []
    for operator in ("=", "!="):
        words = [*_listed(noun), *more, "--where", f"{name}{operator}nosuch"]
        code, problem, message = demo.refusal(*words)
        assert (code, problem) == (4, "unknown-value"), (words, message)
    assert demo(*_listed(noun), *more, "--where", f"{name}=", "-q").exit == 0
    assert demo(*_listed(noun), *more, "--where", f"{name}~nosuch", "-q").exit == 0


def test_settings_are_sorted_and_compared_by_values_of_any_type(demo: Runner) -> None:
    for field in ("value", "default", "-value"):
        assert len(demo.json("setting", "list", "--sort", field)) > 40
    days = {row["name"] for row in demo.json("setting", "list", "--where", "value>=30", "--where", "kind=int")}
    assert {"guest.visitor_lifetime_days", "order.purchase_history_days"} <= days
    assert demo.json("setting", "list", "--where", "value=nosuch") == []
    assert [row["name"] for row in demo.json("setting", "list", "--where", "value=buyer")] == ["customer.default_role"]


def test_every_closed_set_of_the_models_of_input_is_known_to_conditions() -> None:
    for table, model in inputs.INPUTS.items():
        noun = next((noun for noun in NOUNS.values() if noun.document == table), None)
        for name, info in model.model_fields.items():
            words = in_words(info.annotation, info.metadata)
            field = None if noun is None else noun.field(name)
            if noun is None or field is None or field.via is not None or not words.startswith("one of "):
                continue
            known = words.removeprefix("one of ").removesuffix("; the first is the default").split(", ")
            assert closed_set(noun, field) == tuple(known), (table, name)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (
            ["user", "list", "--where", "customer=company-a-weast"],
            "did you mean company-a-west or company-a-east or company-a-la?",
        ),
        (["user", "list", "--count", "--where", "customer=company-a-weast"], "did you mean company-a-west"),
        (["user", "disable", "--where", "customer=company-a-weast", "--yes"], "did you mean company-a-west"),
        (["customer", "delete", "--where", "group=partnrs", "--yes"], "did you mean partners?"),
        (["customer", "list", "--where", "tags=Key acount"], "did you mean key-account?"),
        (["export", "users", "--format", "csv", "--where", "roles=buyr"], "did you mean buyer?"),
        (["report", "forecast", "--where", "account=company-aa"], "did you mean company-a"),
        (["opportunity", "board", "--where", "account=company-aa"], "did you mean company-a"),
        (["order", "list", "--where", "status=opn"], "did you mean open?"),
        (["user", "list", "--where", "auth_status=rest"], "did you mean reset?"),
        (
            ["access", "records", "bob.reyes@company-a.example", "order", "--where", "rule=customr"],
            "did you mean customer",
        ),
        (["access", "who", "view", "order", "--where", "roles=buyr"], "did you mean buyer?"),
        (["setting", "list", "--where", "effect=kept"], "kept only"),
        (["access", "who", "view", "order", "--where", "subject=amanda.smith@company-b.example"], "amanda.smith@"),
    ],
)
def test_what_is_near_to_an_unknown_value_is_offered(demo: Runner, words: list[str], hint: str) -> None:
    (problem,) = demo(*words, "-o", "json").problems
    assert (problem["exit"], problem["code"]) == (4, "unknown-value")
    assert hint in problem["hint"]


def test_all_unknown_values_of_a_condition_are_told_at_once(demo: Runner) -> None:
    told = demo.refusals("user", "list", "--where", "roles=buyr,administrator,visitor")
    assert [message for _, _, message in told] == [
        "roles: no role 'buyr' is stored",
        "roles: no role 'visitor' is stored",
    ]


@pytest.mark.parametrize("value", ["company-a", "Company-A", "customer:company-a", "Company A"])
def test_a_record_in_a_condition_is_named_as_in_an_argument(demo: Runner, value: str) -> None:
    keys = demo.json("user", "list", "--where", "customer=company-a")
    assert keys
    assert demo.json("user", "list", "--where", f"customer={value}") == keys


def test_a_status_of_sales_documents_that_no_rule_knows_is_found_once_one_has_it(demo: Runner) -> None:
    assert demo.refusal("order", "list", "--where", "status=on_hold")[:2] == (4, "unknown-value")
    assert demo("order", "edit", "SO-1001", "--status", "on_hold", "-q").exit == 0
    rows = demo.json("order", "list", "--where", "status=on_hold")
    assert [row["number"] for row in rows] == ["SO-1001"]
    assert demo.refusal("quote", "list", "--where", "status=on_hold")[:2] == (4, "unknown-value")


def test_a_currency_is_known_by_the_standard_or_because_a_record_has_it(demo: Runner) -> None:
    assert demo.json("order", "list", "--where", "currency=CHF") == []
    assert demo.refusal("order", "list", "--where", "currency=EURO")[:2] == (4, "unknown-value")


@pytest.mark.parametrize(
    ("condition", "operator", "hint"),
    [
        (
            "group==partners",
            "==",
            "did you mean 'group=partners'? A value that begins with = stands behind a blank: 'group= =partners'",
        ),
        ("group=~partners", "=~", "did you mean 'group=partners'?"),
        ("subtotal=>5", "=>", "did you mean 'subtotal=5'?"),
        ("group<>partners", "<>", "did you mean 'group<partners'?"),
        ("group!partners", "!", "OP is one of = != < <= > >= ~"),
    ],
)
@pytest.mark.parametrize("words", [["customer", "list"], ["access", "who", "view", "order"]])
def test_signs_that_are_no_operator_are_an_error_about_the_operator(
    demo: Runner, words: list[str], condition: str, operator: str, hint: str
) -> None:
    (problem,) = demo(*words, "--where", condition, "-o", "json").problems
    assert (problem["exit"], problem["message"]) == (2, f"--where {condition!r}: {operator} is no operator")
    assert problem["hint"].startswith(hint)


def test_a_value_that_begins_with_a_sign_stands_behind_a_blank(demo: Runner) -> None:
    assert demo("customer", "add", "=SUM", "-q").exit == 0
    assert [row["key"] for row in demo.json("customer", "list", "--where", "name= =SUM")] == ["sum"]


@pytest.mark.parametrize("noun", [*SALES, NOUNS["product"], NOUNS["customer"], NOUNS["customer-user"]])
def test_key_finds_in_every_list_what_its_rows_have_as_key(demo: Runner, noun: Noun) -> None:
    rows = demo.json(noun.group, "list", "--sort", "key")
    for row in rows[:2]:
        assert [found["key"] for found in demo.json(noun.group, "list", "--where", f"key={row['key']}")] == [row["key"]]
    assert [row["key"] for row in rows] == [row["key"] for row in demo.json(noun.group, "list")] or noun.sort != "key"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["customer", "list", "--where", "addresses=x"], "custctl customer address list"),
        (["role", "list", "--where", "permissions=x"], "custctl role show"),
        (["user", "list", "--where", "id=1"], "custctl user show"),
        (["order", "list", "--where", "Status=open"], "did you mean status or"),
        (["order", "list", "--where", "placed-at=2025"], "did you mean placed_at?"),
    ],
)
def test_a_field_that_cannot_be_a_condition_says_why(demo: Runner, words: list[str], hint: str) -> None:
    (problem,) = demo(*words, "-o", "json").problems
    assert (problem["exit"], problem["code"]) == (4, "unknown-field")
    assert hint in problem["hint"]


def test_the_word_for_what_counts_where_nothing_is_said_finds_those_that_say_nothing(demo: Runner) -> None:
    every = len(demo.json("customer", "list"))
    demo.json("customer", "edit", "wholesaler-b", "--price-fallback", "this_customer_only")
    assert [row["key"] for row in demo.json("customer", "list", "--where", "price_fallback!=group")] == ["wholesaler-b"]
    assert len(demo.json("customer", "list", "--where", "price_fallback=GROUP")) == every - 1
    assert len(demo.json("group", "list", "--where", "price_fallback=website")) == len(demo.json("group", "list"))


@pytest.mark.parametrize("number", ["1_000", "\u0661", "\uff11", "1.0", "1e3", "", "0x10"])
def test_a_whole_number_of_an_option_is_written_in_ascii_digits_alone(demo: Runner, number: str) -> None:
    for words in (("customer", "list", "--limit"), ("history", "--limit"), ("demo", "--customers")):
        message = f"Invalid value for '{words[-1]}': {number!r} is not a whole number"
        assert demo.refusal(*words, number) == (2, "usage", message)
    assert len(demo.json("customer", "list", "--limit", "+2")) == 2


@pytest.mark.parametrize("number", ["1_0", "\u0661", "\uff11", "\u00b2"])
def test_a_number_in_a_condition_is_written_in_ascii_digits_alone(demo: Runner, number: str) -> None:
    for words, field in (("opportunity list", "probability"), ("customer list", "times_contacted")):
        message = f"{field} is a number, not {number!r}"
        assert demo.refusal(*words.split(), "--where", f"{field}>{number}") == (4, "invalid", message)


def test_a_number_in_a_condition_may_begin_with_any_number_of_zeros(demo: Runner) -> None:
    found = demo.json("opportunity", "list", "--where", f"probability={'0' * 30}65")
    assert found == demo.json("opportunity", "list", "--where", "probability=65") != []
