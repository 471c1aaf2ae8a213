"""Verbs on many records at once: those that are named, those that standard input names, or those that a filter finds.

Records that are named are done together or not at all. Of those that a filter finds, the ones that cannot be done are
skipped, and told with the reason (features C-14, U-26). All of it is one transaction and one revision.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from custctl.commands._arguments import Where
from custctl.commands._command import Call, command
from custctl.commands._common import find, not_oneself
from custctl.errors import Problem, number_of, usage
from custctl.resources import (
    ACCOUNT,
    CATEGORY,
    CHANNEL,
    CUSTOMER,
    GROUP,
    LEAD,
    NOUNS,
    OPPORTUNITY,
    PRICE_LIST,
    PRODUCT,
    TAG,
    TAXONOMY,
    Noun,
    fold,
    trimmed,
)
from custctl.result import Result
from custctl.store import lookup, reads

if TYPE_CHECKING:
    from custctl.store.removal import Outcome
    from custctl.store.unit import Draft, Report, Unit

Work = Callable[["Unit", "Sequence[Draft]"], "Outcome"]
"""What is done to records of one noun; those that it cannot be done to are told with what forbids it."""

FROM_INPUT = "-"
"""The key that stands for those on standard input, one a line."""
_MOST_TOLD = 10
"""So many skipped records are told as remarks; JSON has all of them."""


class Verb(NamedTuple):
    """The words for what is done: `deleting` before, `deleted` after; `action` is what a user must be allowed."""

    doing: str
    done: str
    action: str


DELETE = Verb("deleting", "deleted", "delete")


@dataclass(slots=True)
class Chosen:
    """The records that a verb is to do something to, as the command line chooses them."""

    noun: Noun
    keys: Sequence[str] = ()
    where: Sequence[str] = ()
    unseen: bool = False
    """Whether it is not the command line itself that names them: then it wants to be agreed to."""

    def drafts(self, unit: Unit) -> list[Draft]:
        """The records; exit 3 when one that was named is not stored."""
        if self.where:
            found = reads.ids(unit.connection, self.noun, reads.Listing(tuple(self.where)))
            return unit.select(self.noun, "t.id IN (SELECT value FROM json_each(:ids))", ids=json.dumps(found))
        keys = [fold(key) for key in lookup.require_all(unit.connection, self.noun, self.keys)]
        unit.load(self.noun, keys)
        return [unit.get(self.noun, key) for key in dict.fromkeys(keys)]


def choose(call: Call, noun: Noun, keys: Sequence[str] | None, where: Sequence[str] | None) -> Chosen | str:
    """What the command line chooses: one record by the text that names it, or several.

    Raises exit 2 for none, for both ways at once, and for more than one under --as.
    """
    if bool(keys) == bool(where):
        raise usage(
            "name records, or say which by --where: one of the two", f"how it is written: {call.command_path} --help"
        )
    if keys and len(keys) == 1 and keys[0] != FROM_INPUT:
        return keys[0]
    if call.option("as_user") is not None:
        raise usage("--as takes one record at a time", f"name one {noun.title}")
    if where:
        return Chosen(noun, where=where, unseen=True)
    return Chosen(noun, [*_given(keys or ())], unseen=FROM_INPUT in (keys or ()))


def _given(keys: Iterable[str]) -> Iterable[str]:
    """The keys, with those on standard input in the place of `-`; empty lines are none."""
    from custctl.decoding import names

    for key in keys:
        if key != FROM_INPUT:
            yield key
            continue
        if sys.stdin is not None:
            yield from filter(None, map(trimmed, names(sys.stdin.buffer, "<stdin>")))


@dataclass(slots=True)
class _Done:
    """What became of the records chosen; filled anew each time the work is done."""

    drafts: list[Draft] = field(default_factory=list)
    along: list[Draft] = field(default_factory=list)
    refused: list[tuple[Draft, Problem]] = field(default_factory=list)

    @property
    def changed(self) -> int:
        return sum(draft.differs for draft in self.drafts)

    def counted(self, verb: Verb, *, dry_run: bool) -> str:
        """`12 deleted, 3 skipped`; of a dry run `12 would be deleted, 3 would be skipped`."""
        changed, skipped = self.changed, len(self.refused)
        parts = {verb.done: changed, "skipped": skipped, "unchanged": len(self.drafts) - changed - skipped}
        would = "would be " if dry_run else ""
        return ", ".join(f"{count} {would}{word}" for word, count in parts.items() if count or word == verb.done)

    def skipped(self) -> list[dict[str, Any]]:
        return [{"record": one.reference, "code": why.code, "message": why.message} for one, why in self.refused]

    def remarks(self) -> Iterable[str]:
        """The first of the records that were skipped, each with the reason."""
        for _, problem in self.refused[:_MOST_TOLD]:
            yield f"skipped: {problem.message}"
        if len(self.refused) > _MOST_TOLD:
            yield f"skipped: {len(self.refused) - _MOST_TOLD} more; -o json has all of them"


def carry_out(call: Call, chosen: Chosen, verb: Verb, work: Work) -> Result:
    """Do something to many records; those that a filter found are skipped where it cannot be done."""
    done = _Done()

    def do(unit: Unit) -> None:
        done.drafts = chosen.drafts(unit)
        done.along, done.refused = work(unit, done.drafts)
        if chosen.where:  # a filter may find what is so already: that is counted, and needs no reason
            done.refused = [(draft, problem) for draft, problem in done.refused if problem.code != "unchanged"]
            return
        for _, problem in done.refused:
            unit.problem(problem)

    def question(tried: Report) -> str | None:
        beside = _beside(chosen.noun, done.along, tried) if verb is DELETE else ""
        if not done.changed or not (chosen.unseen or beside):
            return None
        title = chosen.noun.title if done.changed == 1 else chosen.noun.plural
        skipped = f", skipping {len(done.refused)}" if done.refused else ""
        return f"{verb.doing} {done.changed} {title}{skipped}{beside}"

    result = call.agreed(do, question)
    if not done.drafts:
        return replace(result, notes=(*result.notes, f"no {chosen.noun.plural}"))
    if not chosen.where:
        return result
    assert isinstance(result.data, Mapping), "a write answers with one object"
    notes = (*done.remarks(), done.counted(verb, dry_run=call.dry_run), *result.notes)
    return replace(result, data={**result.data, "skipped": done.skipped()}, notes=notes)


def _beside(noun: Noun, along: Sequence[Draft], tried: Report) -> str:
    """What a deletion does to other records, counted: they go too, or lose what is deleted (features A-13, B-08)."""
    leave = [draft.noun for draft in along if draft.after is None]
    lose = [change.noun for change in tried.changes if change.op == "change"]
    if leave:
        losing = f" and taking it from {_counted(lose)}" if lose else ""
        return f" together with {number_of(len(leave), 'other record')} ({_counted(leave)}){losing}"
    missed = len(along) or sum(one in _TERMS.get(noun, ()) for one in lose)
    return f" and taking it from {number_of(missed, 'record')}" if missed else ""


_TERMS: Mapping[Noun, tuple[Noun, ...]] = {
    GROUP: (CUSTOMER,),
    CUSTOMER: (CUSTOMER,),
    ACCOUNT: (ACCOUNT, CUSTOMER, LEAD, OPPORTUNITY),
    PRICE_LIST: (CUSTOMER, GROUP),
    CHANNEL: (CUSTOMER, LEAD, OPPORTUNITY),
    TAXONOMY: (TAG,),
    CATEGORY: (CATEGORY, PRODUCT),
}
"""What others have terms, a place or an order from, and those others: it is not taken from them unasked."""


def _counted(nouns: Iterable[Noun]) -> str:
    """`2 opportunities, 1 business customer`."""
    counts = Counter(noun.title for noun in nouns)
    plurals = {noun.title: noun.plural for noun in NOUNS.values()}
    return ", ".join(f"{count} {title if count == 1 else plurals[title]}" for title, count in counts.items())


# -- deleting ------------------------------------------------------------------------------------------------------


def delete_verb(
    app: typer.Typer, noun: Noun, argument: Any, text: str, *, examples: Sequence[str] = (), acts: bool = False
) -> None:
    """Give a group the verb `delete`; `argument` names the records, `text` is its help, the rest as for `command`."""

    def delete(call: Call, keys: Any = None, where: Where = None) -> Result:
        chosen = choose(call, noun, keys, where)
        if isinstance(chosen, str):
            return _delete_one(call, noun, chosen)
        from custctl.store.removal import REMOVALS

        return carry_out(call, chosen, DELETE, REMOVALS[noun.name])

    delete.__doc__ = text
    delete.__annotations__["keys"] = argument
    command(app, "delete", acts=acts, examples=examples)(delete)


def _delete_one(call: Call, noun: Noun, text: str) -> Result:
    """Take one record away; what would go along with it needs --yes."""
    from custctl.store.removal import remove

    along: list[Draft] = []
    told: list[Draft] = []
    """Those of them that the user in whose name it is done may see."""

    def work(unit: Unit) -> None:
        draft = not_oneself(unit, find(unit, noun, text, DELETE.action), DELETE.action)
        along[:] = remove(unit, noun, [draft])
        told[:] = [part for part in along if unit.tells(part.noun, part.key)]

    def question(tried: Report) -> str | None:
        beside = _beside(noun, told, tried) or (" together with other records" if along else "")
        return f"{DELETE.doing} {tried.changes[0].record}{beside}" if beside else None

    return call.agreed(work, question)
