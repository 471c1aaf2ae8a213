"""Chance that is the same everywhere: for a seed and a purpose, the same draws on every platform and Python.

Only `Random.random` is used, whose sequence Python promises to keep for a seed; what it does with it in `choice`,
`shuffle` or `paretovariate` it may change. Nothing here takes a power or a logarithm, which platforms round in their
own ways.
"""

from __future__ import annotations

from _random import Random  # that of `random` takes a seed twice over, which is most of what a draw costs
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_NUMBERS, _PURPOSES = 2**40, 2**8


class Draw:
    """The draws for one thing: of this seed, for one purpose, with one number. No two share any."""

    __slots__ = ("share",)

    def __init__(self, seed: int, purpose: int, number: int = 0) -> None:
        self.share = Random((seed * _PURPOSES + purpose) * _NUMBERS + number).random

    def below(self, most: int) -> int:
        """A whole number from 0 to one less than `most`."""
        return int(self.share() * most)

    def between(self, least: int, most: int) -> int:
        """A whole number, both ends included."""
        return least + int(self.share() * (most - least + 1))

    def chance(self, share: float) -> bool:
        return self.share() < share

    def choice(self, items: Sequence[T]) -> T:
        return items[int(self.share() * len(items))]

    def some(self, items: Sequence[T], most: int) -> list[T]:
        """Different ones, at most so many, in the order they stand in."""
        places = {self.below(len(items)) for _ in range(self.below(most + 1))}
        return [items[place] for place in sorted(places)]

    def tail(self, most: int) -> int:
        """A whole number from 1 on: mostly small, now and then very large, `most` at most."""
        share = self.share()
        return most if share * most < 1 else int(1 / share)


def mix(**weights: int) -> tuple[str, ...]:
    """Words as often as their weights say, to draw one of."""
    return tuple(word for word, weight in weights.items() for _ in range(weight))


def shared_out(weights: Sequence[int], total: int) -> list[int]:
    """Where the parts end when a total is shared out by weight; the last end is the total itself."""
    whole, so_far, ends = sum(weights), 0, []
    for weight in weights:
        so_far += weight
        ends.append(so_far * total // whole)
    return ends
