"""The verb `list` of nouns that have views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from custctl.commands._arguments import After, Count, Limit, Sort, Where
from custctl.commands._command import Call, command
from custctl.commands._common import Asked, listing
from custctl.resources import Noun
from custctl.result import Result
from custctl.store import views


def list_by_view(app: typer.Typer, noun: Noun, text: str, *, examples: Sequence[str] = ()) -> None:
    """Give a group the verb `list` of a noun that has views; `text` is its help, the rest as for `command`."""
    words = views.words(noun)

    def list_(
        call: Call,
        view: Any = None,
        where: Where = None,
        sort: Sort = None,
        limit: Limit = None,
        after: After = None,
        count: Count = False,
    ) -> Result:
        if view is None:
            return listing(call, noun, Asked(where, sort, limit, after, count))
        order = sort if sort is not None or count else views.view(noun, view).sort
        return listing(call, noun, Asked(where, order, limit, after, count), views.condition(noun, view))

    list_.__doc__ = text
    list_.__annotations__["view"] = Annotated[
        str | None, typer.Option("--view", metavar=words, help="Only what a seller looks at together.")
    ]
    command(app, "list", examples=examples)(list_)
