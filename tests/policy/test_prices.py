"""Which price lists count, in which order, and which price they come to, against tables and a slow second reading."""

from __future__ import annotations

from itertools import product as every

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custctl.policy.prices import Link, Offer, Owner, Strategy, at, chain, combined

LISTS = ("customer", "group", "website", "config")


def chained(*, customer_only: bool = False, group_only: bool = False, website_only: bool = False) -> list[str]:
    ends = (customer_only, group_only, website_only, True)
    owners = [Owner(name, (f"{name}-list",), ends=end) for name, end in zip(LISTS, ends, strict=True)]
    links = chain(owners, frozenset(f"{name}-list" for name in LISTS))
    return [link.owner for link in links]


@pytest.mark.parametrize(
    ("customer_only", "group_only", "website_only", "wanted"),
    [
        (False, False, False, LISTS),
        (False, False, True, LISTS[:3]),
        (False, True, False, LISTS[:2]),
        (False, True, True, LISTS[:2]),
        (True, False, False, LISTS[:1]),
        (True, False, True, LISTS[:1]),
        (True, True, False, LISTS[:1]),
        (True, True, True, LISTS[:1]),
    ],
)
def test_p_04_the_chain_ends_at_the_first_level_that_wants_only_its_own(
    customer_only: bool, group_only: bool, website_only: bool, wanted: tuple[str, ...]
) -> None:
    found = chained(customer_only=customer_only, group_only=group_only, website_only=website_only)
    assert found == list(wanted)


def test_p_03_lists_keep_their_order_inactive_ones_and_repeated_ones_are_left_out() -> None:
    owners = [Owner("customer", ("b", "a", "old"), frozenset({"a"})), Owner("website", ("a", "c"))]
    links = chain(owners, frozenset({"a", "b", "c"}))
    assert links == [Link("b", "customer", True), Link("a", "customer", False), Link("c", "website", True)]


A, B, C = (Link(name, "customer", True) for name in "abc")
ALONE = {link.price_list: Link(link.price_list, "customer", False) for link in (A, B, C)}


def usd(price_list: str, quantity: int, amount: int) -> Offer:
    return Offer(price_list, "USD", quantity, amount)


OFFERS = [usd("a", 1, 100), usd("b", 1, 80), usd("b", 10, 70), usd("c", 10, 60), usd("c", 50, 50)]


@pytest.mark.parametrize(
    ("strategy", "links", "wanted"),
    [
        ("minimal_prices", [A, B, C], {1: ("b", 80), 10: ("c", 60), 50: ("c", 50)}),
        ("minimal_prices", [ALONE["a"], B, C], {1: ("b", 80), 10: ("c", 60), 50: ("c", 50)}),
        ("merge_by_priority", [A, B, C], {1: ("a", 100), 10: ("b", 70), 50: ("c", 50)}),
        ("merge_by_priority", [C, B, A], {1: ("b", 80), 10: ("c", 60), 50: ("c", 50)}),
        ("merge_by_priority", [ALONE["a"], B, C], {1: ("a", 100)}),
        ("merge_by_priority", [A, ALONE["b"], C], {1: ("a", 100), 10: ("c", 60), 50: ("c", 50)}),
        ("merge_by_priority", [ALONE["b"], ALONE["a"], C], {1: ("b", 80), 10: ("b", 70)}),
        ("merge_by_priority", [], {}),
    ],
)
def test_p_05_the_same_prices_combine_by_strategy_order_and_merging(
    strategy: Strategy, links: list[Link], wanted: dict[int, tuple[str, int]]
) -> None:
    found = combined(links, OFFERS, strategy)
    assert {quantity: (held.link.price_list, held.offer.amount) for (_, quantity), held in found.items()} == wanted


@pytest.mark.parametrize(("quantity", "amount"), [(1, 100), (9, 100), (10, 70), (49, 70), (50, 50), (1_000_000, 50)])
def test_the_price_of_a_quantity_is_that_of_the_largest_one_reached(quantity: int, amount: int) -> None:
    found = at(combined([A, B, C], OFFERS, "merge_by_priority"), quantity, "USD")
    assert found is not None
    assert found.offer.amount == amount


def test_there_is_no_price_below_the_smallest_quantity_or_in_another_currency() -> None:
    prices = combined([C], OFFERS, "minimal_prices")
    assert (at(prices, 9, "USD"), at(prices, 10, "EUR")) == (None, None)


def test_currencies_are_not_compared_with_each_other() -> None:
    offers = [usd("a", 1, 100), Offer("b", "EUR", 1, 90)]
    prices = combined([A, B], offers, "minimal_prices")
    assert {key: held.offer.price_list for key, held in prices.items()} == {("USD", 1): "a", ("EUR", 1): "b"}


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=4, unique_by=lambda pair: pair[0]),
    st.dictionaries(st.tuples(st.sampled_from("abcd"), st.sampled_from((1, 5))), st.integers(1, 4)),
)
def test_p_05_both_strategies_agree_with_a_slow_reading_of_their_rules(
    order: list[tuple[str, bool]], amounts: dict[tuple[str, int], int]
) -> None:
    links = [Link(name, "x", merged) for name, merged in order]
    offers = [usd(name, quantity, amount) for (name, quantity), amount in amounts.items()]
    lowest, first = combined(links, offers, "minimal_prices"), combined(links, offers, "merge_by_priority")
    for quantity in (1, 5):
        named = [
            (amounts[name, quantity], at_, name) for at_, (name, _) in enumerate(order) if (name, quantity) in amounts
        ]
        wanted = min(named)[2] if named else None
        found = lowest.get(("USD", quantity))
        assert (found and found.link.price_list) == wanted
        counting = [name for _, _, name in sorted(named, key=lambda row: row[1]) if counts(order, amounts, name)]
        found = first.get(("USD", quantity))
        assert (found and found.link.price_list) == (counting[0] if counting else None)


def counts(order: list[tuple[str, bool]], amounts: dict[tuple[str, int], int], name: str) -> bool:
    """Whether a list gives prices: no list before it closed the product, and one that stands alone is the first."""
    priced = [(other, merged) for other, merged in order if any((other, quantity) in amounts for quantity in (1, 5))]
    place = [other for other, _ in priced].index(name)
    closed = place > 0 and not priced[0][1]
    return not closed and (place == 0 or priced[place][1])


def test_all_chains_of_levels_are_prefixes_of_each_other() -> None:
    for switches in every((False, True), repeat=3):
        found = chained(customer_only=switches[0], group_only=switches[1], website_only=switches[2])
        assert found == list(LISTS[: len(found)])
