"""The board of opportunities: all of them by status, in the order of statuses (feature S-13)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from custctl.resources import OPPORTUNITY, PROBABILITIES
from custctl.store import reads
from custctl.store.select import Image

if TYPE_CHECKING:
    from custctl.store.scopes import Condition

COLUMNS = ("status", "key", "name", "account", "probability", "budget", "currency", "close_date", "owner")


def rows(
    connection: sqlite3.Connection,
    where: Sequence[str],
    among: Condition | None,
    limit: int | None,
    names: Sequence[str],
) -> Iterator[Image]:
    """The opportunities that the conditions leave, streamed, those of one status together, by close date.

    `limit` is how many there are of one status at most. Raises what a list raises.
    """
    told = tuple(dict.fromkeys(("status", "key", *names)))
    every = [
        reads.rows(connection, OPPORTUNITY, _of_status(status, where, among, limit), told) for status in PROBABILITIES
    ]
    return chain.from_iterable(every)


def _of_status(status: str, where: Sequence[str], among: Condition | None, limit: int | None) -> reads.Listing:
    condition, parameters = among or ("1", {})
    of_status = f"t.status = :status AND ({condition})", {"status": status, **parameters}
    return reads.Listing(where, "close_date", limit, among=of_status)
