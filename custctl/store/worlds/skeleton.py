"""What a world keeps of its customers: who is above whom, how many people and papers each has, and their names.

Everything is drawn for itself, from the seed and its number, so that any part of a world can be made without the
rest: what a world holds in memory is a few numbers a customer.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from custctl.resources import MAX_KEY, slug
from custctl.store.worlds.draw import Draw, shared_out
from custctl.store.worlds.lands import SHARES, City, Land, Name

DEEPEST = 6
"""How many levels a tree of customers has at most."""
BIGGEST_TREE = 5
"""One tree holds so many of the customers: every fifth. No other holds more than a twentieth."""
_KEPT = 2_000
"""So many customers are remembered, because their own records, and those below them, ask for them again."""

(
    TREES,
    PLACE,
    NAME,
    CUSTOMER,
    USER_COUNT,
    PERSON,
    USER,
    ROLE,
    VISITOR,
    CONTACT,
    ACCOUNT,
    PAPER_COUNT,
    PAPER,
    RECORD,
    SETTING,
    DUTY,
) = range(16)
"""What is drawn for; a purpose that is added goes to the end, so that the others keep their draws."""

_DIVISIONS = ("Branch", "Depot", "Plant", "Store", "Office", "Workshop")


@dataclass(frozen=True, slots=True)
class Size:
    """How many customers a world has, and how many users and sales documents there are for each on average."""

    customers: int
    users: int = 3
    documents: int = 3


class Company(NamedTuple):
    """A customer as far as other records name it; a `guest` is a person who ordered without an account."""

    number: int
    land: Land
    city: City
    brand: Name
    name: str
    key: str
    domain: str
    guest: bool


class Person(NamedTuple):
    """A customer user as far as other records name it."""

    first: Name
    last: Name
    email: str
    key: str


class Skeleton:
    """The customers of a size and seed, counted from 1."""

    def __init__(self, size: Size, seed: int) -> None:
        self.size = size
        self.seed = seed
        self.parents, self._roots = _trees(size.customers, Draw(seed, TREES))
        self._users = _ends(size.customers, size.users, Draw(seed, USER_COUNT))
        self._papers = _ends(size.customers, size.documents, Draw(seed, PAPER_COUNT))
        self._companies: dict[int, Company] = {}
        self._people: dict[int, list[Person]] = {}

    def draw(self, purpose: int, number: int = 0) -> Draw:
        return Draw(self.seed, purpose, number)

    def users(self, customer: int) -> range:
        """The numbers of a customer's users; users count from 1 through the world."""
        return range(self._users[customer - 1] + 1, self._users[customer] + 1)

    def papers(self, customer: int) -> range:
        """The numbers of a customer's sales documents; they count from 1 through the world."""
        return range(self._papers[customer - 1] + 1, self._papers[customer] + 1)

    def is_root(self, customer: int) -> bool:
        return self.parents[customer] == 0

    def is_single(self, customer: int) -> bool:
        """Whether there is nobody above and nobody below."""
        alone = customer == self.size.customers or self._roots[customer + 1] != customer
        return self.is_root(customer) and alone

    def company(self, number: int) -> Company:
        found = self._companies.get(number)
        if found is None:
            if len(self._companies) >= _KEPT:
                self._companies.clear()
            found = self._companies[number] = self._root(number) if self.is_root(number) else self._subsidiary(number)
        return found

    def people(self, customer: int) -> list[Person]:
        """The users of a customer; who shares a name with an earlier one has a number in the address."""
        found = self._people.get(customer)
        if found is None:
            if len(self._people) >= _KEPT:
                self._people.clear()
            found = self._people[customer] = list(self._persons(customer))
        return found

    def _persons(self, customer: int) -> Iterator[Person]:
        company = self.company(customer)
        seen: dict[str, int] = {}
        for number in self.users(customer):
            draw = self.draw(PERSON, number)
            first, last = draw.choice(company.land.first_names), draw.choice(company.land.last_names)
            local = f"{first.plain}.{last.plain}"
            seen[local] = seen.get(local, 0) + 1
            count = "" if seen[local] == 1 else str(seen[local])
            email = f"{local}{'' if company.guest else count}@{company.domain}"
            key = _key(f"guest {first.text} {last.text}", number) if company.guest else email
            yield Person(first, last, email, key)

    def _root(self, number: int) -> Company:
        place, draw = self.draw(PLACE, number), self.draw(NAME, number)
        land = place.choice(SHARES)
        city, brand, trade = place.choice(land.cities), draw.choice(land.last_names), draw.choice(land.trades)
        if self.is_single(number) and draw.chance(0.05):
            first = draw.choice(land.first_names)
            name = full_name(land, first, brand)
            return Company(number, land, city, brand, name, _key(name, number), "mail.example", guest=True)
        trades = ", ".join(each.text for each in land.trades) if draw.chance(0.02) else trade.text
        name = draw.choice(land.forms).format(B=brand.text, T=trades)
        domain = f"{brand.plain}-{trade.plain}{number}.example"
        return Company(number, land, city, brand, name, _key(name, number), domain, guest=False)

    def _subsidiary(self, number: int) -> Company:
        """One below another: called after the one at the top and its own place, mostly in the same land."""
        place, draw = self.draw(PLACE, number), self.draw(NAME, number)
        top = self.company(self._roots[number])
        land = top.land if place.chance(0.8) else place.choice(SHARES)
        city = place.choice(land.cities)
        called = f"{city.name.text} {draw.choice(_DIVISIONS)}"
        name = f"{top.name[:200]} - {called}"
        key = _key(f"{top.name[:30]} {called}", number)
        return Company(number, land, city, top.brand, name, key, f"{city.name.plain}{number}.{top.domain}", guest=False)


def full_name(land: Land, first: Name, last: Name) -> str:
    """A person's name as it is written in the land."""
    return land.person.format(first=first.text, last=last.text)


def _key(text: str, number: int) -> str:
    """A slug that nobody else has, because the number ends it."""
    tail = f"-{number}"
    return slug(text, "customer")[: MAX_KEY - len(tail)].rstrip("-") + tail


def _trees(customers: int, draw: Draw) -> tuple[array[int], array[int]]:
    """Who is above each customer, 0 for nobody, and who is at the top of its tree; the first entries mean nobody."""
    parents, roots, depths = (array("L", bytes(array("L").itemsize * (customers + 1))) for _ in range(3))
    for root, end in _extents(customers, draw):
        roots[root], depths[root] = root, 1
        for child in range(root + 1, end):
            share = draw.share()
            above = root + int((child - root) * share * share)  # The older ones have more below them.
            if depths[above] == DEEPEST:
                above = parents[above]
            parents[child], roots[child], depths[child] = above, root, depths[above] + 1
    return parents, roots


def _extents(customers: int, draw: Draw) -> Iterator[tuple[int, int]]:
    """Where each tree begins and ends: one giant, then many single customers and a few trees of some size."""
    start, length = 1, max(1, customers // BIGGEST_TREE)
    while start <= customers:
        end = min(start + length, customers + 1)
        yield start, end
        start, length = end, draw.tail(max(1, customers // 20))


def _ends(customers: int, average: int, draw: Draw) -> array[int]:
    """The number of the last thing that each customer has: few have many, many have few, some have none."""
    most = max(10, customers // 20)
    weights = [draw.tail(most) for _ in range(customers)]
    return array("L", [0, *shared_out(weights, customers * average)])
