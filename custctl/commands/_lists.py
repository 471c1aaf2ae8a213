"""The verb `list`, which is the same for every noun."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from custctl.commands._arguments import After, Count, Limit, Sort, Where
from custctl.commands._command import Call, command
from custctl.commands._common import Asked, listing
from custctl.resources import Noun
from custctl.result import Result


def list_verb(app: typer.Typer, noun: Noun, text: str, *, examples: Sequence[str] = (), acts: bool = False) -> None:
    """Give a group the verb `list`; `text` is its help, the rest as for `command`."""

    def list_(
        call: Call,
        where: Where = None,
        sort: Sort = None,
        limit: Limit = None,
        after: After = None,
        count: Count = False,
    ) -> Result:
        return listing(call, noun, Asked(where, sort, limit, after, count))

    list_.__doc__ = text
    command(app, "list", acts=acts, examples=examples)(list_)
