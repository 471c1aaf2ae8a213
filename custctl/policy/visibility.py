"""Who sees a product or a category: what is said for everybody, for a customer group and for a customer.

A product has a score: 1 for everybody, 10 for the group, 100 for the customer, each below zero where the product is
hidden there and left out where nothing is said; above zero it is seen (features P-07 to P-09). So a customer counts
before its group, and that before the product; what is said of the product counts before what is said of its category.

Sources: oroinc/orocommerce VisibilityBundle/Entity/Visibility for the choices, VisibilityResolved/Repository for what
each resolves to, and VisibilityBundle/Model/ProductVisibilityQueryBuilderModifier.php for the score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["product", "group", "customer"]
WEIGHTS: Mapping[Level, int] = {"product": 1, "group": 10, "customer": 100}


@dataclass(frozen=True, slots=True)
class Words:
    """What is said of one record at each level, None where nothing is; of the group and customer who look."""

    record: str
    everybody: str | None = None
    group: str | None = None
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """Whether products, and categories, are seen of which nothing is said; a category's counts for what follows it."""

    products: bool = True
    categories: bool = True


@dataclass(frozen=True, slots=True)
class Said:
    """Whether something is seen, and where the word stands that says so: the record, its level and the word."""

    visible: bool
    record: str
    level: str
    word: str


@dataclass(frozen=True, slots=True)
class Term:
    """What one level gives to the score of a product: the choice that counts there, and where it leads."""

    level: Level
    choice: str
    stored: bool
    score: int
    said: Said | None


@dataclass(frozen=True, slots=True)
class Seen:
    """Whether a product is seen, its score, the level that decided (`status` for a disabled one), and all terms."""

    visible: bool
    score: int
    decided: str
    terms: tuple[Term, ...]


CATEGORY_CONFIG = "setting:category.visibility"
PRODUCT_CONFIG = "setting:product.visibility"
"""Where the word stands that counts for categories, and for products, of which nothing is said."""


def category_for_everybody(path: Sequence[Words], config: bool) -> Said:
    """Whether a category is seen where nothing is said of a group or customer.

    `path` is the category and those above it, the nearest first. One at the top follows the configuration.
    """
    for words in path:
        if words.everybody in ("visible", "hidden"):
            return Said(words.everybody == "visible", words.record, "everybody", words.everybody)
        if words.everybody == "config":
            break
    return _configured(CATEGORY_CONFIG, config)


def category_for_group(path: Sequence[Words], config: bool) -> Said:
    """The same for a customer group, which sees what everybody sees unless something else is said."""
    for place, words in enumerate(path):
        if words.group in ("visible", "hidden"):
            return Said(words.group == "visible", words.record, "group", words.group)
        if words.group is None:
            return category_for_everybody(path[place:], config)
    return category_for_everybody((), config)


def category_for_customer(path: Sequence[Words], config: bool) -> Said:
    """The same for a customer, who sees what the group sees unless something else is said."""
    for place, words in enumerate(path):
        if words.customer in ("visible", "hidden"):
            return Said(words.customer == "visible", words.record, "customer", words.customer)
        if words.customer == "all":
            return category_for_everybody(path[place:], config)
        if words.customer is None:
            return category_for_group(path[place:], config)
    return category_for_everybody((), config)


def category(path: Sequence[Words], config: bool, level: Level) -> Said:
    """Whether a category is seen by somebody for whom `level` is the nearest that applies."""
    return _CATEGORY[level](path, config)


_CATEGORY = {"product": category_for_everybody, "group": category_for_group, "customer": category_for_customer}


def product(
    words: Words,
    path: Sequence[Words],
    config: Config,
    *,
    enabled: bool = True,
    levels: Sequence[Level] = ("product",),
) -> Seen:
    """Whether a product is seen. `path` is its category and those above that, empty for a product without one.

    `levels` are those that apply to who looks: a visitor has no customer, a customer perhaps no group.
    """
    terms = tuple(_TERMS[level](words, path, config) for level in levels)
    score = sum(term.score for term in terms)
    decided = next((term.level for term in reversed(terms) if term.score), "product")
    return Seen(enabled and score > 0, score, decided if enabled else "status", terms)


def _configured(setting: str, visible: bool) -> Said:
    return Said(visible, setting, "everybody", "visible" if visible else "hidden")


def _for_everybody(words: Words, path: Sequence[Words], config: Config) -> Term:
    choice = words.everybody or ("category" if path else "config")
    if choice == "category":
        said = category_for_everybody(path, config.categories)
    elif choice == "config":
        said = _configured(PRODUCT_CONFIG, config.products)
    else:
        said = Said(choice == "visible", words.record, "everybody", choice)
    return _term("product", choice, words.everybody, said)


def _for_group(words: Words, path: Sequence[Words], config: Config) -> Term:
    if words.group is None:
        return Term("group", "current_product", stored=False, score=0, said=None)
    if words.group == "category":
        said = category_for_group(path, config.categories)
    else:
        said = Said(words.group == "visible", words.record, "group", words.group)
    return _term("group", words.group, words.group, said)


def _for_customer(words: Words, path: Sequence[Words], config: Config) -> Term:
    choice = words.customer
    if choice is None:
        return Term("customer", "customer_group", stored=False, score=0, said=None)
    if choice == "current_product":
        found = _for_everybody(words, path, config).said
        assert found is not None, "everybody is told something"
        said = found
    elif choice == "category":
        said = category_for_customer(path, config.categories)
    else:
        said = Said(choice == "visible", words.record, "customer", choice)
    return _term("customer", choice, choice, said)


def _term(level: Level, choice: str, stored: str | None, said: Said) -> Term:
    return Term(level, choice, stored is not None, WEIGHTS[level] if said.visible else -WEIGHTS[level], said)


_TERMS = {"product": _for_everybody, "group": _for_group, "customer": _for_customer}
