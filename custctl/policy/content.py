"""Which variant of a content somebody gets to see (features P-11, P-12).

A variant is for those of a language, of a customer or of a customer group, and without any of these for everybody.
Of those that fit, the one for the customer counts before that for the group, and then the one for the language.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

OF_CUSTOMER, OF_GROUP, OF_LANGUAGE = 250, 100, 50
"""How much each restriction weighs; together the lesser ones weigh less than the next.

Source: oroinc/customer-portal CustomerBundle/Resources/config/services.yml, whose scope criteria have the priorities
250 and 100. That a language weighs less than either is ours.
"""


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Somebody who looks at a page. Who has not signed in is of no customer, and of the group of visitors."""

    language: str
    customer: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """What a content is for some; a restriction that is None is none."""

    key: str
    language: str | None = None
    customer: str | None = None
    group: str | None = None

    @property
    def weight(self) -> int:
        """How special the variant is."""
        weights = ((self.customer, OF_CUSTOMER), (self.group, OF_GROUP), (self.language, OF_LANGUAGE))
        return sum(weight for restriction, weight in weights if restriction is not None)


def fits(variant: Variant, onlooker: Onlooker) -> bool:
    """Whether a variant is for somebody: every restriction that it has holds."""
    wanted = (variant.language, variant.customer, variant.group)
    had = (onlooker.language, onlooker.customer, onlooker.group)
    return all(restriction in (None, own) for restriction, own in zip(wanted, had, strict=True))


def shown(variants: Iterable[Variant], onlooker: Onlooker) -> Variant | None:
    """The variant that somebody sees: of those that fit the most special one, None where there is none."""
    return max(
        (variant for variant in variants if fits(variant, onlooker)),
        key=lambda variant: variant.weight,
        default=None,
    )
