"""The verb `merge`, which is the same for every noun that has it, and `duplicates`, which finds what to merge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl import shell
from custctl.commands._arguments import After, Count, Limit, Sort, Where
from custctl.commands._command import Call, command
from custctl.commands._common import Asked, find, listing
from custctl.errors import did_you_mean, invalid, near, number_of, usage
from custctl.resources import Noun
from custctl.result import Result
from custctl.store import reads

if TYPE_CHECKING:
    from custctl.store.merging import Takes
    from custctl.store.unit import Draft, Report, Unit

ALL = "all"
Take = Annotated[
    list[str] | None,
    typer.Option(
        "--take",
        metavar="FIELD=KEY|all",
        help="Whose value of a field to take; all unites lists. May be repeated; else lists are united, and of single"
        " values the first counts that is there.",
    ),
]


def merge_verb(app: typer.Typer, noun: Noun, text: str, *, examples: Sequence[str] = ()) -> None:
    """Give a group the verb `merge`; `text` is its help, the rest as for `command`."""
    metavar = noun.name.replace("-", "_").upper()

    def merge(call: Call, master: Any, others: Any = None, take: Take = None) -> Result:
        return _merge(call, noun, [master, *(others or ())], take or ())

    merge.__doc__ = text
    merge.__annotations__["master"] = Annotated[
        str, typer.Argument(metavar=metavar, help=f"The {noun.title} that stays, with its key.")
    ]
    merge.__annotations__["others"] = Annotated[
        list[str] | None, typer.Argument(metavar=f"{metavar}...", help="One to four that become part of it.")
    ]
    command(app, "merge", examples=examples)(merge)


def _merge(call: Call, noun: Noun, texts: Sequence[str], takes: Sequence[str]) -> Result:
    from custctl.store.merging import LEAST, MOST, Merged, merge

    if not LEAST <= len(texts) <= MOST:
        told = f"merging takes {LEAST} to {MOST} {noun.plural}, not {len(texts)}"
        raise usage(told, "the first one stays" if len(texts) < LEAST else "merge them in several steps")
    moved: list[Draft] = []
    all_of_them: list[Draft] = []

    def work(unit: Unit) -> None:
        all_of_them[:] = master, *others = _distinct(unit, noun, texts)
        moved[:] = merge(unit, Merged(master, others, _takes(unit, all_of_them, takes)))

    def question(report: Report) -> str:
        master, *others = (draft.reference for draft in all_of_them)
        lost = f" ({'; '.join(report.warnings)})" if report.warnings else ""
        return f"merging {', '.join(others)} into {master}{_beside(moved)}{lost}"

    return call.agreed(work, question)


def _beside(moved: Sequence[Draft]) -> str:
    return f" and changing {number_of(len(moved), 'other record')}" if moved else ""


def _distinct(unit: Unit, noun: Noun, texts: Sequence[str]) -> list[Draft]:
    """The records that people mean; exit 4 when two of them are the same."""
    drafts: list[Draft] = []
    for text in texts:
        draft = find(unit, noun, text)
        if any(draft is other for other in drafts):
            words = f"{draft.reference} is named twice, and nothing is merged with itself"
            raise invalid(words, code="repeated-key", value=text)
        drafts.append(draft)
    return drafts


def _takes(unit: Unit, drafts: Sequence[Draft], texts: Sequence[str]) -> Takes:
    """What --take says, by field: the record whose value is taken, None for those of all.

    Raises exit 2 for what is not FIELD=KEY and a field that is named twice, 3 for an unknown record, 4 for a field that
    has no value to take and for a record that is not merged here.
    """
    from custctl.store.merging import takeable

    noun = drafts[0].noun
    known = takeable(noun)
    takes: dict[str, Draft | None] = {}
    for text in texts:
        name, equals, key = text.partition("=")
        if not equals or not key:
            raise usage(f"--take {text!r} is not FIELD=KEY", f"like --take {next(iter(known))}={drafts[1].key}")
        if name in takes:
            raise usage(f"--take says twice whose {name}")
        if name not in known:
            hint = did_you_mean(near(name, known)) or f"the fields are {', '.join(known)}"
            raise invalid(f"no {name!r} can be taken", code="unknown-field", field=name, hint=hint)
        takes[name] = _source(unit, drafts, name, key, several=known[name])
    return takes


def _source(unit: Unit, drafts: Sequence[Draft], name: str, key: str, *, several: bool) -> Draft | None:
    if key == ALL and not any(draft.key == ALL for draft in drafts):
        if not several:
            raise invalid(f"{name} is one value: say whose, --take {name}=KEY", field=name, value=key)
        return None
    draft = find(unit, drafts[0].noun, key)
    if not any(draft is one for one in drafts):
        hint = f"it is one of {', '.join(one.key for one in drafts)}"
        raise invalid(f"--take {name}: {draft.reference} is not merged here", field=name, value=key, hint=hint)
    return draft


# -- what to merge -------------------------------------------------------------------------------------------------


def duplicates_verb(app: typer.Typer, noun: Noun, names: Sequence[str]) -> None:
    """Give a group the verb `duplicates`: records that have the same in one of these fields, by default the first."""
    shown = [name.replace("_", "-") for name in names]
    metavar = "|".join(shown)

    def duplicates(
        call: Call,
        by: Any = shown[0],
        where: Where = None,
        sort: Sort = None,
        limit: Limit = None,
        after: After = None,
        count: Count = False,
    ) -> Result:
        if by not in shown:
            raise usage(f"--by cannot be {by!r}", did_you_mean(near(by, shown)) or f"it is one of {', '.join(shown)}")
        name = names[shown.index(by)]
        asked = name if sort is None else sort
        order = None if count else asked
        return listing(call, noun, Asked(where, order, limit, after, count), reads.alike(noun, name))

    duplicates.__doc__ = f"List the {noun.plural} that share their {_words(names[0])} with another."
    duplicates.__annotations__["by"] = Annotated[
        str, typer.Option("--by", metavar=metavar, help="What they share; letter case makes no difference.")
    ]
    command(app, "duplicates", examples=(shell.command(f"{noun.group} duplicates", by=shown[-1]),))(duplicates)


_NAMES = {"email": "primary e-mail address", "phone": "primary phone number"}


def _words(name: str) -> str:
    return _NAMES.get(name, name.replace("_", " "))
