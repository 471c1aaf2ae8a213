"""Accounts that are made with the rows that name them: a new name makes a new account (features S-05, S-06).

Source: oroinc/crm SalesBundle, import_opportunity.feature.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from custctl.errors import Problem
from custctl.resources import ACCOUNT, LEAD, OPPORTUNITY, Noun, fold, slug
from custctl.store.apply import Item, item_of
from custctl.store.importing import matching
from custctl.store.importing.wanted import Asked, Way
from custctl.store.unit import Unit

MAKE_ACCOUNTS = (LEAD, OPPORTUNITY)
"""The nouns whose rows make the accounts they name in vain."""


class NewAccounts:
    """The accounts of one import that are not there yet."""

    def __init__(self, unit: Unit, noun: Noun) -> None:
        self.unit = unit
        self.makes = noun in MAKE_ACCOUNTS
        self.keys = matching.Keys(unit.connection, ACCOUNT)

    def without_new(self, missed: Iterable[tuple[Asked, Problem, Way]]) -> Iterator[tuple[Asked, Problem, Way]]:
        """What rows name in vain, but for the names of accounts that are made."""
        for asked, problem, way in missed:
            if self.makes and problem.code == "not-found" and problem.field == "account" and way.by == "name":
                asked.account = way.text
            else:
                yield asked, problem, way

    def give_keys(self, rows: Sequence[Asked]) -> None:
        """Let the rows of a chunk that make accounts name these by their keys; one name is one account."""
        names = list(dict.fromkeys(fold(asked.account) for asked in rows if asked.account))
        keys = dict(zip(names, self.keys.free([slug(name, ACCOUNT.name) for name in names], set()), strict=True))
        for asked in rows:
            if asked.account:
                asked.values["account"] = keys[fold(asked.account)]

    def items(self, rows: Sequence[Asked]) -> Iterator[Item]:
        """The accounts of these rows that are not stored; each is owned by the owner of the first row."""
        made = {str(asked.values["account"]): asked for asked in reversed(rows) if asked.account}
        for key, asked in made.items():
            if self.unit.id_of(ACCOUNT, key) is None:
                owner = {"owner": asked.values["owner"]} if asked.values.get("owner") else {}
                yield item_of(ACCOUNT, {"key": key, "name": asked.account, **owner})
