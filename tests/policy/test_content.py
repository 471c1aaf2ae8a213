"""Which variant somebody sees, over every combination of restrictions, and the amounts of orders."""

from __future__ import annotations

import itertools

import pytest

from custctl.policy.amounts import Limits, compare
from custctl.policy.content import Onlooker, Variant, fits, shown

MINE = Onlooker("de", "acme", "partners")
EVERY = {
    (language, customer, group): Variant(f"{language}-{customer}-{group}", language, customer, group)
    for language, customer, group in itertools.product((None, "de"), (None, "acme"), (None, "partners"))
    if customer is None or group is None
}


@pytest.mark.parametrize(
    ("language", "customer", "group", "expected"),
    [
        (None, None, None, True),
        ("de", None, None, True),
        ("fr", None, None, False),
        (None, "acme", None, True),
        (None, "globex", None, False),
        (None, None, "partners", True),
        (None, None, "others", False),
        ("de", "acme", None, True),
        ("fr", "acme", None, False),
        ("de", "globex", None, False),
        ("de", None, "others", False),
    ],
)
def test_p_11_a_variant_fits_whoever_meets_all_that_it_asks(
    language: str | None, customer: str | None, group: str | None, expected: bool
) -> None:
    assert fits(Variant("v", language, customer, group), MINE) is expected


def test_p_12_the_customer_counts_before_the_group_and_that_before_the_language() -> None:
    order = [
        ("de", "acme", None),
        (None, "acme", None),
        ("de", None, "partners"),
        (None, None, "partners"),
        ("de", None, None),
        (None, None, None),
    ]
    assert set(order) == set(EVERY)
    for place, restrictions in enumerate(order):
        left = [EVERY[other] for other in reversed(order[place:])]
        found = shown(left, MINE)
        assert found is EVERY[restrictions]


def test_p_12_a_variant_for_the_group_of_visitors_is_hidden_from_everybody_else() -> None:
    banner = [Variant("for-visitors", group="visitors")]
    assert shown(banner, Onlooker("en", None, "visitors")) is banner[0]
    assert shown(banner, Onlooker("en", "acme", "partners")) is None
    assert shown(banner, Onlooker("en", "acme", None)) is None
    assert shown([], MINE) is None


@pytest.mark.parametrize(
    ("subtotal", "verdict"),
    [
        ("9.99", "below-minimum"),
        ("10.00", None),
        ("10", None),
        ("99.9999", None),
        ("100.00", None),
        ("100.0001", "above-maximum"),
        ("-1", "below-minimum"),
    ],
)
def test_p_15_the_limits_themselves_are_within(subtotal: str, verdict: str | None) -> None:
    assert compare(subtotal, Limits("10.00", "100.00")) == verdict


def test_p_15_without_limits_every_amount_is_within() -> None:
    assert compare("0", Limits()) is None
    assert compare("1000000000", Limits(least="1")) is None
    assert compare("0.01", Limits(most="1")) is None
