"""Countries and their regions, by ISO 3166; loaded only where an address is written."""

from __future__ import annotations

from functools import cache

from custctl.store.codec import NO_CURRENCIES


@cache
def _countries() -> frozenset[str]:
    import pycountry

    return frozenset(country.alpha_2 for country in pycountry.countries)


@cache
def regions(country: str) -> frozenset[str]:
    """The codes of a country's regions, like US-FL; empty for a country that has none."""
    import pycountry

    found = pycountry.subdivisions.get(country_code=country) or []  # type: ignore[no-untyped-call]  # not typed there
    return frozenset(region.code for region in found)


def is_country(code: str) -> bool:
    """Whether this is a country code of two capitals."""
    return code in _countries()


@cache
def is_currency(code: str) -> bool:
    """Whether this is the code of a currency, three capitals by ISO 4217."""
    import pycountry

    return code not in NO_CURRENCIES and pycountry.currencies.get(alpha_3=code) is not None
