"""Whether the amount of an order lies within what the shop wants (feature P-15)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Verdict = Literal["below-minimum", "above-maximum"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The least and the most that an order in one currency comes to; None is no limit."""

    least: str | None = None
    most: str | None = None


def compare(subtotal: str, limits: Limits) -> Verdict | None:
    """What is wrong with the subtotal of an order, None where it lies within the limits; both belong to them.

    Source: oroinc/orocommerce CheckoutBundle/Provider/OrderLimitProvider.php.
    """
    amount = Decimal(subtotal)
    if limits.least is not None and amount < Decimal(limits.least):
        return "below-minimum"
    if limits.most is not None and amount > Decimal(limits.most):
        return "above-maximum"
    return None
