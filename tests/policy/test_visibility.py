"""Who sees categories and products: every choice at every level against tables and an oracle written separately."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product as every

import pytest

from custctl.policy.visibility import (
    Config,
    Level,
    Words,
    category_for_customer,
    category_for_everybody,
    category_for_group,
    product,
)

# -- an oracle: follow the choices, as the table of each level says where each of them leads ------------------------

Place = tuple[int, str]
"""A category, counted from the lowest, and a level; the answers are `visible`, `hidden` and `config`."""

CATEGORY_CHOICES: Mapping[str, Mapping[str | None, tuple[int, str]]] = {
    "everybody": {None: (1, "everybody"), "parent_category": (1, "everybody")},
    "group": {None: (0, "everybody"), "parent_category": (1, "group")},
    "customer": {None: (0, "group"), "all": (0, "everybody"), "parent_category": (1, "customer")},
}
"""Where a choice that is no answer leads: so many categories upwards, and to which level there."""


def followed(chain: list[Mapping[str, str | None]], level: str, config: str) -> str:
    """The answer for the lowest category of a chain, found by walking from choice to choice."""
    at: Place = (0, level)
    for _ in range(100):
        if at[0] >= len(chain):
            return config
        choice = chain[at[0]][at[1]]
        if choice == "config":
            return config
        if choice in ("visible", "hidden"):
            return choice
        up, to = CATEGORY_CHOICES[at[1]][choice]
        at = (at[0] + up, to)
    raise AssertionError("the walk does not end")


ALL, ALL_AT_TOP = (None, "config", "hidden", "visible"), (None, "config", "hidden", "visible")
GROUP, GROUP_AT_TOP = (None, "parent_category", "hidden", "visible"), (None, "hidden", "visible")
CUSTOMER = (None, "all", "parent_category", "hidden", "visible")
CUSTOMER_AT_TOP = (None, "all", "hidden", "visible")
RESOLVE = {"everybody": category_for_everybody, "group": category_for_group, "customer": category_for_customer}


def chains() -> Iterator[list[Mapping[str, str | None]]]:
    """Every category at the top, and every category below every one of them."""
    for top in every(ALL_AT_TOP, GROUP_AT_TOP, CUSTOMER_AT_TOP):
        above = dict(zip(RESOLVE, top, strict=True))
        yield [above]
        for own in every(ALL, GROUP, CUSTOMER):
            yield [dict(zip(RESOLVE, own, strict=True)), above]


def words_of(chain: list[Mapping[str, str | None]]) -> list[Words]:
    return [Words(f"category:c{at}", **category) for at, category in enumerate(chain)]


def test_p_07_every_choice_of_a_category_and_its_parent_gives_what_the_table_says() -> None:
    asked = 0
    for chain in chains():
        for level, resolve in RESOLVE.items():
            for config in (True, False):
                wanted = followed(chain, level, "visible" if config else "hidden")
                assert resolve(words_of(chain), config).visible is (wanted == "visible"), (chain, level, config)
                asked += 1
    assert asked == (4 * 3 * 4 + 4 * 3 * 4 * 4 * 4 * 5) * 3 * 2


@pytest.mark.parametrize(
    ("words", "visible", "record"),
    [
        ([{}, {"everybody": "hidden"}], {"everybody": False, "group": False, "customer": False}, "category:c1"),
        ([{"everybody": "visible"}, {"everybody": "hidden"}], dict.fromkeys(RESOLVE, True), "category:c0"),
        ([{}, {"group": "hidden"}], dict.fromkeys(RESOLVE, True), "setting:category.visibility"),
        (
            [{"group": "parent_category"}, {"group": "hidden"}],
            {"everybody": True, "group": False, "customer": False},
            "category:c1",
        ),
        (
            [{"customer": "all"}, {"everybody": "visible", "group": "hidden"}],
            {"everybody": True, "group": True, "customer": True},
            "category:c1",
        ),
        ([{}, {}, {}, {"everybody": "hidden"}], dict.fromkeys(RESOLVE, False), "category:c3"),
    ],
)
def test_p_07_a_hidden_parent_hides_its_children_unless_they_say_something(
    words: list[dict[str, str]], visible: dict[str, bool], record: str
) -> None:
    path = [Words(f"category:c{at}", **said) for at, said in enumerate(words)]
    assert {level: resolve(path, True).visible for level, resolve in RESOLVE.items()} == visible
    assert category_for_customer(path, True).record == record


# -- products --------------------------------------------------------------------------------------------------------

SCORES: Mapping[str, Mapping[str | None, str]] = {
    "product": {"category": "category", "config": "config", "hidden": "-1", "visible": "1"},
    "group": {None: "0", "category": "category", "hidden": "-10", "visible": "10"},
    "customer": {
        None: "0",
        "current_product": "product",
        "category": "category",
        "hidden": "-100",
        "visible": "100",
    },
}
"""What each choice gives: a number, or whose answer is weighed."""
OUTCOMES = ("visible", "hidden")


def scored(
    said: Mapping[str, str | None], category: Mapping[str, str] | None, levels: tuple[str, ...], config: int
) -> int:
    """The score by the table; `category` is what everybody, the group and the customer see of it."""

    def sign(level: str) -> int:
        assert category is not None
        return 1 if category[level] == "visible" else -1

    choice = said["product"] or ("config" if category is None else "category")
    given = SCORES["product"][choice]
    of_product = config if given == "config" else sign("everybody") if given == "category" else int(given)
    total = of_product
    for level, weight in (("group", 10), ("customer", 100)):
        if level in levels:
            given = SCORES[level][said[level]]
            if given == "product":
                total += weight * of_product
            elif given == "category":
                total += weight * sign(level)
            else:
                total += int(given)
    return total


VIEWERS: tuple[tuple[Level, ...], ...] = (
    ("product",),
    ("product", "group"),
    ("product", "customer"),
    ("product", "group", "customer"),
)


def test_p_08_every_choice_of_a_product_scores_as_the_table_says() -> None:
    asked = 0
    categories = [None, *(dict(zip(RESOLVE, outcome, strict=True)) for outcome in every(OUTCOMES, repeat=3))]
    for everybody, group, customer in every((None, *SCORES["product"]), SCORES["group"], SCORES["customer"]):
        said = {"product": everybody, "group": group, "customer": customer}
        for category in categories:
            if category is None and "category" in said.values():
                continue  # these choices vanish for a product without one
            path = [] if category is None else [Words("category:c", **category)]
            for levels, config, enabled in every(VIEWERS, (1, -1), (True, False)):
                wanted = scored(said, category, levels, config)
                words = Words("product:p", everybody, group, customer)
                seen = product(words, path, Config(config > 0, config < 0), enabled=enabled, levels=levels)
                assert (seen.score, seen.visible) == (wanted, enabled and wanted > 0), (said, category, levels)
                asked += 1
    with_category, without = 5 * 4 * 5 * 8, 4 * 3 * 4
    assert asked == (with_category + without) * len(VIEWERS) * 2 * 2


def seen(
    words: dict[str, str], *above: dict[str, str], levels: tuple[Level, ...] = VIEWERS[3], enabled: bool = True
) -> tuple[bool, str]:
    path = [Words(f"category:c{at}", **said) for at, said in enumerate(above)]
    found = product(Words("product:p", **words), path, Config(), enabled=enabled, levels=levels)
    return found.visible, found.decided


def test_p_09_a_product_counts_before_its_category() -> None:
    assert seen({"everybody": "visible"}, {"everybody": "hidden"}) == (True, "product")
    assert seen({}, {"everybody": "hidden"}) == (False, "product")


def test_p_09_a_customer_counts_before_its_group_and_that_before_the_product() -> None:
    assert seen({"everybody": "visible", "group": "hidden"}) == (False, "group")
    assert seen({"everybody": "hidden", "group": "hidden", "customer": "visible"}) == (True, "customer")
    assert seen({"everybody": "visible", "group": "hidden", "customer": "current_product"}) == (True, "customer")
    assert seen({"group": "hidden", "customer": "visible"}, levels=("product", "group")) == (False, "group")


@pytest.mark.parametrize(
    ("words", "above", "visible", "record"),
    [
        ({}, [], True, "setting:product.visibility"),
        ({"everybody": "config"}, [{}], True, "setting:product.visibility"),
        ({}, [{}], False, "setting:category.visibility"),
        ({}, [{"everybody": "config"}, {"everybody": "visible"}], False, "setting:category.visibility"),
    ],
)
def test_p_08_a_product_that_follows_a_category_follows_the_configuration_of_categories(
    words: dict[str, str], above: list[dict[str, str]], visible: bool, record: str
) -> None:
    path = [Words(f"category:c{at}", **said) for at, said in enumerate(above)]
    found = product(Words("product:p", **words), path, Config(products=True, categories=False))
    assert (found.visible, found.terms[0].said and found.terms[0].said.record) == (visible, record)


def test_a_disabled_product_is_seen_by_nobody_whatever_is_said() -> None:
    assert seen({"everybody": "visible", "customer": "visible"}, enabled=False) == (False, "status")


def test_a_term_tells_which_word_of_which_record_it_comes_from() -> None:
    path = [Words("category:low"), Words("category:top", everybody="hidden", group="visible")]
    found = product(Words("product:p", group="category"), path, Config(), levels=("product", "group"))
    told = [(term.choice, term.stored, term.score, term.said and term.said.record) for term in found.terms]
    assert told == [("category", False, -1, "category:top"), ("category", True, -10, "category:top")]
