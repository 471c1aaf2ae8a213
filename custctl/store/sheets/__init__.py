"""Sheets: rows of a file, CSV, TSV, JSON Lines or JSON, and what their columns mean for a noun.

`reading` gives rows with the line each stands on, `headings` what a column means, `cells` turns the cells of a row
into a record as documents have it and back. None of them knows the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from custctl.errors import Place, Problem

Format = Literal["csv", "tsv", "jsonl", "json"]
By = Literal["value", "key", "external_id", "name", "code", "label", "email", "names", "first_name", "last_name"]
"""How a cell names what it means: `value` is the value itself; the others name another record by that field of it
(`code`: the code of a role or its label; `names`: first and last name, from two columns; one of the two: the row of
a file that has no column of the other)."""


class Row(NamedTuple):
    """One record of a sheet: the line it begins on (from 1; of JSON the line of its object), and its cells.

    In CSV the cells stand in the order of the headings; a JSON row is its object. A record that cannot be a row says
    what is wrong; JSON that cannot be read stands under `""`.
    """

    line: int
    cells: Sequence[str] | Mapping[str, Any]
    wrong: Problem | None = None


class Named(NamedTuple):
    """Another record as a row names it, where it does not do so by key.

    The ways are in the order in which they are tried: `(("external_id", "111"), ("name", "Company A"))`. The text of
    `names` is the first and the last name with a blank between.
    """

    ways: tuple[tuple[By, str], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """What one column means: the path of the field in a document, and how its cell is read.

    `("addresses", 0, "street")` is the street of the row's first address, `("roles", 1)` the second role,
    `("emails", 0)` the primary e-mail. The cell of a `flag` column (`Billing`) puts that word into the list at the
    path where it is yes. Two columns may name one record in different ways, by `Parent Id` and `Parent Name`; of
    `names` the flag says which name it is, `first` or `last`.
    """

    heading: str
    path: tuple[str | int, ...]
    by: By = "value"
    flag: str = ""


@dataclass(slots=True)
class Sheet:
    """An open file of rows: `headings` are empty for JSON, whose rows name their own fields."""

    source: str
    format: Format
    headings: tuple[str, ...]
    rows: Iterator[Row]
    columns: tuple[Column | None, ...] = ()
    """What the cells mean, None for a column that is read over."""
    ignored: tuple[str, ...] = field(default=())
    """Headings of OroCommerce that custctl does not keep: named once in a warning."""
    places: tuple[Place, ...] = ()
    """Where each heading is written."""
    delimiter: str = ","
    encoding: str = "utf-8"
    marked: bool = False
    """How the file is written, and whether a mark says so, so that rejected rows can be written alike."""
    share: Callable[[], float | None] = lambda: None
    """How much of the file has been read, from 0 to 1; None where nobody knows its size, as of a pipe."""
    table: str = ""
    """The table of a JSON document like {"customers": […]}."""
