"""What a spreadsheet makes of ids, phone numbers and other texts that it takes for numbers or formulas.

A spoilt cell is no longer what it was: `4.03E+11` stands for ten thousand ids. As an id or a key it is refused,
elsewhere it is told of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_SUSPECT = re.compile(r"[eE][+-]|#|=|NULL|\.0")
"""What every spoilt text has; most cells of a file are passed by this alone."""
_SPOILT = re.compile(
    r"[+-]?\d+(?:[.,]\d+)?[eE][+-]\d+"  # 4.03E+11
    r"|#(?:N/A|REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!)|#+"  # #N/A, and ### for a column that is too narrow
    r"|NULL"
    r'|="[^"]*"|=\d+'  # ="0049"
    r"|\d+[.]0+"  # 49301234.0
)
_FRACTION = re.compile(r"\d+[.]0+")


def is_spoilt(cell: str, *, amount: bool = False) -> bool:
    """Whether a cell is what a spreadsheet makes of another value; a number with a fraction is an `amount` as it is."""
    if _SUSPECT.search(cell) is None or _SPOILT.fullmatch(cell) is None:
        return False
    return not (amount and _FRACTION.fullmatch(cell))


def any_suspect(cells: Sequence[str]) -> bool:
    """Whether one of thousands of cells may be spoilt: one look at all of them."""
    return _SUSPECT.search("\n".join(cells)) is not None
