"""The rows of a sheet, chunk by chunk, into the database, in one transaction and one revision.

A chunk is matched with what is stored, validated by the input models, merged and checked by the rules like a
document, and written before the next one is read. A row that breaks a rule is told and left out, and its chunk is
tried again without it. No chunk holds two rows of one record, so that the verdict on each row is its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from custctl.errors import CustctlError, Exit, Place, Problem, did_you_mean, number_of
from custctl.resources import (
    ACCOUNT,
    ADDRESS_OF,
    ADDRESSES,
    CONTACT,
    ROLE,
    SALES,
    SETTING,
    USER,
    Noun,
    fold,
    slug,
    trimmed,
)
from custctl.store.apply import Item, Request, item_of, merge
from custctl.store.importing import matching
from custctl.store.importing.accounts import NewAccounts
from custctl.store.importing.addresses import find_addresses, find_inner_addresses, like
from custctl.store.importing.columns import Columns
from custctl.store.importing.earlier import Earlier, contradicted, filled, keep_said
from custctl.store.importing.plain import Page, Plain
from custctl.store.importing.rejects import Rejects
from custctl.store.importing.waiting import Waiting
from custctl.store.importing.wanted import SHOWN, Asked, Options, Outcome, RowPlace, Way
from custctl.store.lookup import near_keys
from custctl.store.removal import remove_addresses
from custctl.store.settings import SETTINGS
from custctl.store.sheets import Column, Named, Row, Sheet
from custctl.store.sheets.cells import CellError, Numbered
from custctl.store.sheets.headings import normal
from custctl.store.sheets.spoilt import any_suspect, is_spoilt
from custctl.store.unit import Draft, Unit

CHUNK = 2_000
"""So many rows are in memory at a time."""

CACHE = 64 * 1024
"""The page cache in KiB while rows are taken: keys come in no order, and each finds its place in four indexes."""

Read = Callable[[Row], Mapping[str, Any]]
"""A row as a document has its record, with `Named` where it names another record by something else than its key."""
Token = str
DROPPED = frozenset({"groups", *matching.OF_ACCOUNTS})
"""What a contact may name in vain: its row goes in without (feature I-12, oroinc/crm ContactBundle)."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What history says of the import: the command, and who ran it."""

    command: str
    actor: str


class Import:
    """One import: what it is about, what has come of it so far."""

    def __init__(
        self,
        unit: Unit,
        noun: Noun,
        sheet: Sheet,
        read: Read,
        options: Options,
        signature: Signature,
        rejects: Rejects | None = None,
        progress: Callable[[int, float | None], object] = lambda *_: None,
        short: tuple[Plain, Iterable[Page]] | None = None,
        *,
        hasty: bool,
    ) -> None:
        self.unit = unit
        self.noun = noun
        self.sheet = sheet
        self.read = read
        self.options = options
        self.signature = signature
        self.rejects = rejects
        self.progress = progress
        self.short = short
        """What goes the short road, where the rows can: what the columns are, and the rows."""
        self.hasty = hasty
        """Whether rows are taken to be new until the database finds that one is not, which raises RepeatedError."""
        self.outcome = Outcome()
        self.linked: set[str] = set()
        """The contacts of a chunk that accounts get."""
        self.waiting = Waiting(unit.connection)
        self.earlier: dict[str, Earlier] = {}
        """What the rows taken so far have said, by noun: of the records they are about, and of their addresses."""
        self.defaults: dict[str, int] = {}
        """The accounts that rows of a chunk name the default contact of, and the lines."""
        self.keys = matching.Keys(unit.connection, noun)
        self.accounts = NewAccounts(unit, noun)
        unit.connection.execute(f"PRAGMA cache_size = -{CACHE}")
        self.final = False
        """Whether the file is at its end, so that nothing can come later any more."""
        self.columns = [column for column in sheet.columns if column is not None]
        self.of_itself = {field.name for field in noun.fields if field.to == noun.name and not field.computed}
        self.optional = DROPPED if noun is CONTACT else frozenset[str]()

    def run(self) -> Outcome:
        """Take every row; what cannot be taken is in the outcome.

        Raises what the sheet raises, and exit 4 once more rows are rejected than the options allow.
        """
        if self.short is not None:
            self._by_columns(*self.short)
        else:
            self._all(map(self._asked, self.sheet.rows))
        self.final = True
        self._all(self._last())
        self.unit.forget()
        self.outcome.problems.sort(key=lambda problem: (problem.place and problem.place.line) or 0)
        return self.outcome

    def _by_columns(self, plain: Plain, pages: Iterable[Page]) -> None:
        """Take the plain new records of each page together, then its other rows one by one."""
        columns = Columns(
            self.unit,
            plain,
            self.keys,
            self.waiting,
            self._default_role,
            self.signature.actor,
            self.hasty,
            self._earlier(self.noun),
        )
        for page in pages:
            self._all(map(self._asked, page.wrong))
            self.unit.forget()
            left = columns.take(page, self._revision)
            self.outcome.counts["added"] += page.size - len(left)
            self._all(map(self._asked, left))
            self.progress(self.outcome.total, page.share)
        columns.late.make()

    def _revision(self) -> int:
        return self.unit.begin(self.signature.command, self.signature.actor)

    def _all(self, rows: Iterable[Asked | None]) -> None:
        for chunk in self._chunks(rows):
            self._settle(self._known(chunk))
            if self.short is None:
                self.progress(self.outcome.total, self.sheet.share())

    # -- reading -------------------------------------------------------------------------------------------

    def _chunks(self, rows: Iterable[Asked | None]) -> Iterator[list[Asked]]:
        """Rows in chunks, without those that cannot be read; one ends before a row that may mean what another means."""
        held: list[Asked] = []
        seen = _Seen()
        for asked in rows:
            if asked is None:
                continue
            if len(held) == CHUNK or not seen.add(self.noun, asked):
                yield held
                held, seen = [], _Seen()
                seen.add(self.noun, asked)
            held.append(asked)
        if held:
            yield held

    def _last(self) -> Iterator[Asked | None]:
        """The rows that have waited; where new records make a circle, one row is rejected and the others go in."""
        for waited in self.waiting.rows():
            asked = self._asked(waited.row)
            if asked is not None and waited.circle:
                [name] = self.of_itself
                lines = ", ".join(map(str, waited.circle))
                if waited.closes:
                    words = f"the {name} leads back to the row: lines {lines} make a circle"
                    self._reject(asked, [Problem("cycle", Exit.INVALID, words, None, asked.place(name), name)])
                    continue
                asked.named.pop(name, None)
                self.outcome.warn([f"line {asked.line} goes in without its {name}: lines {lines} make a circle"])
            yield asked

    def _asked(self, row: Row) -> Asked | None:
        asked = Asked(row.line, row.cells, {})
        asked.place = partial(self._place, asked)
        if row.wrong is not None:
            self._reject(asked, [row.wrong])
            return None
        row = row._replace(cells=_trimmed(row.cells))
        spoilt = list(self._spoilt(asked, row))
        if spoilt:
            self._reject(asked, spoilt)
            return None
        try:
            values = self.read(row)
        except CustctlError as error:
            self._reject(asked, [problem.at(problem.place or _in_row(asked, problem)) for problem in error.problems])
            return None
        except CellError as error:
            self._reject(asked, [error.problem.at(asked.place())])
            return None
        for name, value in values.items():
            if name == "delete":
                asked.delete = bool(value)
            else:
                if isinstance(value, Numbered):
                    asked.places[name] = value.places
                if not self._takes_reference(asked, name, value):
                    asked.values[name] = value
        if self.noun is CONTACT:
            asked.half = self._half_of_a_name(row)
        return asked

    def _spoilt(self, asked: Asked, row: Row) -> Iterator[Problem]:
        """What is wrong with ids that a spreadsheet has spoilt; other cells that it has are told of."""
        if isinstance(row.cells, Mapping):
            yield from self._spoilt_ids(asked, row.cells)
            return
        if not any_suspect(row.cells):
            return
        for column, cell in zip(self.sheet.columns, row.cells, strict=False):
            if column is None or not is_spoilt(cell, amount=self._is_amount(column)):
                continue
            words = f"{cell!r} is what a spreadsheet makes of another value"
            if self._is_identity(column):
                hint = "give the column the format text in the spreadsheet, fill it again, and save the file anew"
                yield Problem("spoilt", Exit.INVALID, words, hint, asked.place(*column.path), column.heading, cell)
            else:
                place = Place(self.sheet.source, asked.line)
                self.outcome.warn([f"{place}: {column.heading}: {words}; it is taken as it is"])

    def _spoilt_ids(self, asked: Asked, row: Mapping[str, Any]) -> Iterator[Problem]:
        """The same for the ids of a row of JSON, whose numbers and texts have come through a spreadsheet before."""
        for heading, value in row.items():
            text = "" if isinstance(value, bool | dict | list) else str(value)
            name = normal(heading).replace(" ", "_")
            if name in ("id", "key", "external_id", self.noun.key) and is_spoilt(text):
                words = f"{text!r} is what a spreadsheet makes of another value"
                yield Problem("spoilt", Exit.INVALID, words, None, asked.place(name), heading, text)

    def _is_identity(self, column: Column) -> bool:
        """Whether the cells of a column are ids or keys: of the record of the row, or of one that it names."""
        if column.by in ("external_id", "key"):
            return True
        name = str(column.path[0])
        return len(column.path) == 1 and name in (self.noun.key, "key", "external_id", "email", "sku", "number")

    def _is_amount(self, column: Column) -> bool:
        field = self.noun.field(str(column.path[0]))
        return field is not None and field.kind in ("money", "count")

    def _half_of_a_name(self, row: Row) -> Literal["", "first_name", "last_name"]:
        """The one of the two names that the file has, where it has not both; an empty cell says that there is none."""
        if isinstance(row.cells, Mapping):
            there = {normal(name).replace(" ", "_") for name in row.cells}
        else:
            there = {str(column.path[0]) for column in self.columns if len(column.path) == 1}
        first, last = "first_name" in there, "last_name" in there
        return "" if first == last else "first_name" if first else "last_name"

    def _takes_reference(self, asked: Asked, name: str, value: Any) -> bool:
        """Keep apart what names other records by something else than a key, or may name one that comes later."""
        looked_up = name in self.of_itself | self.optional or (name == "owner" and self.noun.name in ADDRESSES)
        entries = value if isinstance(value, list) else [value]
        if not any(isinstance(entry, Named) or (looked_up and isinstance(entry, str) and entry) for entry in entries):
            return False
        if not all(isinstance(entry, Named | str) for entry in entries):
            return False  # what the input model says about it is clearer
        asked.named[name] = [_ways(entry) for entry in entries if entry]
        return True

    def _place(self, asked: Asked, *path: str | int) -> Place:
        return RowPlace(self.sheet.source, asked.line, None, asked, path)

    # -- finding -------------------------------------------------------------------------------------------

    def _known(self, rows: Sequence[Asked]) -> list[Asked]:
        """The rows whose records are found, and those they refer to; the others wait or are rejected."""
        self.unit.forget()
        steps = [self._referring, self._matching] if not self.of_itself else [self._matching, self._referring]
        for step in (self._behind_waiting, *steps, self._completing):
            rows = step(list(rows))
        return list(rows)

    def _behind_waiting(self, rows: list[Asked]) -> list[Asked]:
        """A row about a record that another row waits with comes after it."""
        if self.final or not self.waiting.count:
            return rows
        tokens = {id(asked): _tokens(self.noun, asked) for asked in rows}
        offered = self.waiting.offering(token for found in tokens.values() for token in found)
        kept = []
        for asked in rows:
            shared = [token for token in tokens[id(asked)] if token in offered]
            if shared:
                self._wait(asked, shared[0])
            else:
                kept.append(asked)
        return kept

    def _matching(self, rows: list[Asked]) -> list[Asked]:
        if self.noun.name in ADDRESSES:
            rows = self._without(
                rows, {id(asked): [_ownerless(asked)] for asked in rows if not asked.values.get("owner")}
            )
            find_addresses(self.unit, self.noun, rows)
            return [asked for asked in rows if self._is_wanted(asked)]
        by_name = self.noun is not CONTACT or self.options.mode != "add"  # two people may be called alike
        found = matching.find_records(self.unit.connection, self.noun, rows, by_name=by_name)
        ambiguous = {id(asked): problem for asked, problem in found}
        rows = self._without(rows, {which: [problem] for which, problem in ambiguous.items()})
        rows = [asked for asked in rows if self._is_wanted(asked)]
        self.keys.give(rows)
        find_inner_addresses(self.unit, self.noun, rows)
        return rows

    def _is_wanted(self, asked: Asked) -> bool:
        """Whether the mode takes the row; one that it does not is rejected, or left as it is."""
        mode, shown = self.options.mode, asked.found
        if mode == "add" and shown is not None:
            words = f"{self.noun.title} {shown!r} exists already"
            self._reject(asked, [Problem("taken", Exit.INVALID, words, "--mode upsert changes it", asked.place())])
        elif mode == "update" and shown is None:
            self._reject(asked, [self._unknown(asked)])
        elif (mode == "skip" and shown is not None) or (asked.delete and shown is None):
            self.outcome.counts["unchanged"] += 1
        else:
            return True
        return False

    def _unknown(self, asked: Asked) -> Problem:
        text = (
            matching.given_key(self.noun, asked)
            or asked.values.get("external_id")
            or matching.title_of(self.noun, asked)
        )
        close = (
            near_keys(self.unit.connection, self.noun.table, "key", slug(str(text), ""))
            if self.noun.key == "key"
            else []
        )
        words = f"{self.noun.title} {text!r} not found"
        return Problem(
            "not-found", Exit.INVALID, words, did_you_mean(close), asked.place(), None, str(text), tuple(close)
        )

    def _referring(self, rows: list[Asked]) -> list[Asked]:
        """The rows whose references lead somewhere; what names a row that is not taken now is not taken either."""
        found: dict[int, list[Problem]] = {}
        waits: dict[int, Token] = {}

        def miss(asked: Asked, problem: Problem, way: Way) -> None:
            if problem.code == "not-found" and problem.field in self.optional:
                self._drop(asked, problem)
            elif problem.code == "not-found" and not self.final and problem.field in self.of_itself:
                waits.setdefault(id(asked), _token(way))
            else:
                found.setdefault(id(asked), []).append(problem)

        missed = matching.find_references(self.unit.connection, self.noun, rows)
        for asked, problem, way in self.accounts.without_new(missed):
            miss(asked, problem, way)
        self.accounts.give_keys(rows)
        below = self._below(rows) if found or waits else {}
        gone = [asked for asked in rows if id(asked) in found or id(asked) in waits]
        while gone:
            above = gone.pop()
            for asked, name, way in below.pop(above.key, ()) if above.found is None else ():
                if id(asked) not in found and id(asked) not in waits:
                    gone.append(asked)
                    miss(asked, matching.missing(self.unit.connection, asked, name, self.noun, way), way)
        for asked in rows:
            if id(asked) in waits and id(asked) not in found:
                self._wait(asked, waits[id(asked)])
        return self._without([asked for asked in rows if id(asked) not in waits or id(asked) in found], found)

    def _drop(self, asked: Asked, problem: Problem) -> None:
        """Let a row go in without what it names in vain; where that is all it names, the field stays as it is."""
        plain = self._in_the_sheet(asked, problem)
        self.outcome.warn([f"{plain.place}: {plain.field}: {plain.message}; the row goes in without"])

    def _below(self, rows: Sequence[Asked]) -> dict[str, list[tuple[Asked, str, Way]]]:
        """The rows that name records of the same noun, by the keys of those."""
        below: dict[str, list[tuple[Asked, str, Way]]] = {}
        for asked in rows:
            for name in self.of_itself.intersection(asked.named, asked.values):
                for ways in asked.named[name]:
                    below.setdefault(str(asked.values[name]), []).append((asked, name, ways[0]))
        return below

    def _completing(self, rows: list[Asked]) -> list[Asked]:
        """What new records get that say nothing: whoever runs the tool as owner (feature C-12), users a role."""
        is_owned = self.noun.field("owner") is not None and self.noun.name not in ADDRESSES and self.noun not in SALES
        for asked in rows:
            said = set(asked.values)
            if is_owned and asked.found is None:
                asked.values.setdefault("owner", self.signature.actor)
            if self.noun is USER and asked.found is None:
                self._complete_user(asked.values)
            asked.completed |= set(asked.values) - said
        return rows

    def _complete_user(self, values: dict[str, Any]) -> None:
        """A user who may sign in has a role, else that of the website."""
        on = values.get("enabled", not values.get("guest", False))
        if on is True and not values.get("roles"):
            values.pop("roles", None)  # so that it is seen to be completed
            values["roles"] = [self._default_role()]

    def _default_role(self) -> str:
        draft = self.unit.find(SETTING, "customer.default_role")
        return str(SETTINGS["customer.default_role"].default if draft is None else draft.image["value"])

    def _wait(self, asked: Asked, wanted: Token) -> None:
        stored = asked.found is not None
        self.waiting.put(Row(asked.line, asked.cells), wanted, _tokens(self.noun, asked), stored=stored)

    # -- writing -------------------------------------------------------------------------------------------

    def _settle(self, rows: list[Asked]) -> None:
        """Write the rows that keep the rules; the others are rejected, or wait."""
        self._keep_other_places(rows)
        rows, items = self._items(rows)
        while rows:
            try:
                self._merge(rows, items)
            except CustctlError as error:
                bad = _by_row(error.problems)
                if bad is None and len(rows) > 1:  # a problem that says nothing of its row: one half has it
                    middle = len(rows) // 2
                    self._settle(rows[:middle])
                    self._settle(rows[middle:])
                    return
                found = {id(rows[0]): list(error.problems)} if bad is None else bad
                rows = self._without(self._without_early(rows, found), found)
            else:
                self._count(rows)
                return

    def _without_early(self, rows: list[Asked], found: dict[int, list[Problem]]) -> list[Asked]:
        """Let rows wait that make a circle, or name what another row should have made: what comes may mend it."""
        if self.final:
            return rows
        late = {
            which: _token(Way("key", problems[0].value or ""))
            for which, problems in found.items()
            if all(_can_wait(problem, self.of_itself) for problem in problems)
        }
        for asked in rows:
            if id(asked) in late:
                self._wait(asked, late[id(asked)])
        return [asked for asked in rows if id(asked) not in late]

    def _keep_other_places(self, rows: Sequence[Asked]) -> None:
        """Let what numbered columns say of some places of a list stand among the other ones that are stored."""
        some = [asked for asked in rows if asked.places and asked.found is not None and not asked.delete]
        self.unit.load(self.noun, [asked.found for asked in some if asked.found is not None])
        for asked in some:
            draft = self.unit.find(self.noun, str(asked.found))
            if draft is None or draft.after is None:
                continue
            for name, places in asked.places.items():
                stored, value = draft.image.get(name), asked.values.get(name)
                if isinstance(stored, list) and isinstance(value, list) and len(value) == len(places):
                    asked.values[name] = Numbered(map(_bare, value), places).within(stored)
            asked.places = {}

    def _items(self, rows: Sequence[Asked]) -> tuple[list[Asked], dict[int, Item]]:
        """The rows that are well-formed, with their validated input."""
        items: dict[int, Item] = {}
        bad: dict[int, list[Problem]] = {}
        for asked in rows:
            try:
                if not asked.delete:
                    items[id(asked)] = item = self._item(asked)
                    asked.key = asked.key if self.noun.name in ADDRESSES else item.key
            except CustctlError as error:
                bad[id(asked)] = list(error.problems)
        return self._without(rows, bad), items

    def _item(self, asked: Asked) -> Item:
        values = dict(asked.values)
        if self.noun.name in ADDRESSES:
            owner, _ = ADDRESSES[self.noun.name]
            inner = {name: value for name, value in values.items() if name != "owner"}
            return item_of(owner, {"key": values["owner"], "addresses": [inner]}, asked.place)
        for name in matching.OF_ACCOUNTS if self.noun is CONTACT else ["customer"] if self.noun is ROLE else []:
            values.pop(name, None)
        if self.noun is USER:
            return _user_item(asked, values)
        given = values.get(self.noun.key)
        return item_of(self.noun, {**values, self.noun.key: given or asked.key}, asked.place)

    def _merge(self, rows: Sequence[Asked], items: Mapping[int, Item]) -> None:
        """Work the rows into drafts and check the rules."""
        self.unit.forget()
        self.linked.clear()
        self.defaults.clear()
        self.unit.connection.execute("SAVEPOINT chunk")  # a rename is written at once
        try:
            copies = [replace(items[id(asked)], given={**items[id(asked)].given}) for asked in rows if not asked.delete]
            merge(self.unit, Request([*self.accounts.items(rows), *copies]))
            self._link_accounts(rows)
            for asked in rows:
                if asked.delete:
                    self._delete(asked)
            self._refuse_contradictions(rows)
            self.unit.stop_if_wrong()
        except CustctlError:
            self.unit.connection.execute("ROLLBACK TO chunk")
            raise
        finally:
            self.unit.connection.execute("RELEASE chunk")

    def _link_accounts(self, rows: Sequence[Asked]) -> None:
        """Put contacts into the accounts that their rows name; those they are in already make no difference."""
        wanted: dict[str, dict[str, Any]] = {}
        for asked in rows:
            for name in matching.OF_ACCOUNTS if self.noun is CONTACT else ():
                for key in asked.values.get(name) or ():
                    account = self.unit.get(ACCOUNT, key)
                    given = wanted.setdefault(key, {"key": key, "contacts": account.image["contacts"]})
                    if asked.key not in given["contacts"]:
                        given["contacts"] = sorted((*given["contacts"], asked.key))
                        self.linked.add(asked.key)
                    if name == "default_contact_of":
                        self._make_default(asked, account)
                        self.linked |= {asked.key} if account.image["default_contact"] != asked.key else set()
                        given["default_contact"] = asked.key
        merge(self.unit, Request([Item(ACCOUNT, key, given, lambda *_: None) for key, given in wanted.items()]))

    def _make_default(self, asked: Asked, account: Draft) -> None:
        """Remember who is to be the default contact of an account; two rows of a file may not name two."""
        said = self._earlier(ACCOUNT).of(account.id)
        line = self.defaults.get(account.key) or (said[0].line if said else None)
        other = account.key in self.defaults or account.image["default_contact"] not in (None, asked.key)
        if line is not None and other:
            words = f"lines {line} and {asked.line} name two default contacts of {account.reference}"
            self.unit.problem(Problem("contradiction", Exit.INVALID, words, "leave one of them out", asked.place()))
        self.defaults[account.key] = asked.line

    def _earlier(self, noun: Noun) -> Earlier:
        return self.earlier.setdefault(noun.name, Earlier())

    def _written(self, rows: Sequence[Asked]) -> Iterator[tuple[Asked, Draft]]:
        """The records that rows are about, and the addresses that they give, with the row of each."""
        by_key = {asked.key: asked for asked in rows}
        for draft in self.unit.of(self.noun):
            if draft.key in by_key:
                yield by_key[draft.key], draft
        inner = ADDRESS_OF.get(self.noun.name)
        for draft in self.unit.of(inner) if inner is not None else ():
            image = draft.after or draft.before or {}
            if fold(image.get("owner") or "") in by_key:
                yield by_key[fold(image["owner"])], draft

    def _refuse_contradictions(self, rows: Sequence[Asked]) -> None:
        """Refuse rows that change what an earlier row of this file said (design 5.1)."""
        for asked, draft in self._written(rows):
            said = self._earlier(draft.noun).of(draft.id)
            if not said or draft.before is None:
                continue
            if draft.after is None:
                words = f"lines {said[0].line} and {asked.line} are the same {draft.noun.title}, and one takes it away"
                self.unit.problem(Problem("contradiction", Exit.INVALID, words, "leave one out", asked.place()))
                continue
            after = draft.image
            if draft.noun is USER and asked.found not in (None, asked.key):  # a rename is written by now
                after = {**after, "email": f"{after['email']} (new)"}
            keep_said(said, draft.before, draft.image)
            differing = contradicted(draft.noun, said, draft.before, after)
            if differing is not None:
                line, fields = differing
                words = f"lines {line} and {asked.line} are the same {draft.noun.title}, {draft.reference}"
                words = f"{words}, and differ in {', '.join(fields)}"
                hint = _HINTS.get(self.noun.name, "give each its own id or key, or leave one of them out")
                self.unit.problem(Problem("contradiction", Exit.INVALID, words, hint, asked.place()))

    def _remember(self, rows: Sequence[Asked]) -> None:
        """Keep what rows have said, for those that follow."""
        for asked, draft in self._written(rows):
            if draft.after is not None and draft.given:
                completed = asked.completed if draft.noun is self.noun else set[str]()
                told = filled(draft.image, draft.given - completed - {"key"})
                self._earlier(draft.noun).add(draft.id, asked.line, told)
        for key, line in self.defaults.items():
            self._earlier(ACCOUNT).add(self.unit.get(ACCOUNT, key).id, line, ("default_contact",))

    def _delete(self, asked: Asked) -> None:
        draft = self.unit.get(self.noun, asked.key)
        before = len(self.unit.problems)
        if self._is_made_here(draft):
            words = f"{draft.reference} was added by an earlier row"
            self.unit.problem(Problem("conflict", Exit.INVALID, words, "leave both rows out"))
        else:
            remove_addresses(self.unit, self.noun, [draft])
        self.unit.problems[before:] = [problem.at(asked.place()) for problem in self.unit.problems[before:]]

    def _is_made_here(self, draft: Draft) -> bool:
        query = "SELECT 1 FROM history WHERE record_id = ? AND +revision_id = ? AND op = 'add' AND record = ?"
        found = self.unit.connection.execute(query, (draft.id, self.unit.revision, draft.reference))
        return found.fetchone() is not None

    def _count(self, rows: Sequence[Asked]) -> None:
        """Write what was merged, and count what it was."""
        touched = self._owners_of_changed()
        for asked in rows:
            draft = self.unit.get(self.noun, asked.key)
            if draft.before is None:
                verdict = "added"
            elif draft.after is None:
                verdict = "deleted"
            else:
                verdict = "updated" if draft.before != draft.after or draft.key in touched else "unchanged"
            self.outcome.counts[verdict] += 1  # type: ignore[index]  # each word is a verdict
        self._remember(rows)
        self.outcome.warn(self.unit.warnings)
        self.unit.flush(self.signature.command, self.signature.actor)
        self.unit.forget()

    def _owners_of_changed(self) -> set[str]:
        """The records of the noun that are as they were, but whose addresses or accounts are not."""
        inner = ADDRESS_OF.get(self.noun.name)
        if inner is None:
            return set()
        return self.linked | {draft.image["owner"] for draft in self.unit.of(inner) if draft.before != draft.after}

    # -- rejecting -----------------------------------------------------------------------------------------

    def _without(self, rows: Sequence[Asked], bad: Mapping[int, Sequence[Problem]]) -> list[Asked]:
        """The rows that nothing is wrong with; the others are rejected."""
        for asked in rows:
            if id(asked) in bad:
                self._reject(asked, bad[id(asked)])
        return [asked for asked in rows if id(asked) not in bad]

    def _reject(self, asked: Asked, problems: Sequence[Problem]) -> None:
        told = [self._in_the_sheet(asked, problem) for problem in problems]
        most = self.options.most
        self.outcome.reject(told, SHOWN if most is None or self.options.keep_going else most)
        if self.rejects is not None:
            self.rejects.add(asked, told)
        if self.options.keep_going and most is not None and self.outcome.counts["rejected"] > most:
            words = f"more than {number_of(most, 'row')} rejected"
            raise CustctlError(Problem("rejected", Exit.INVALID, words, "nothing was written"), *self.outcome.problems)

    def _in_the_sheet(self, asked: Asked, problem: Problem) -> Problem:
        """The problem with the heading of its column, and what the cell says."""
        place = problem.place
        path = place.path if isinstance(place, RowPlace) else ()
        if self.noun.name in ADDRESSES and path[:1] == ("addresses",):
            path = path[2:]  # the rules know an address as one of those of its owner
        heading = self._heading(asked, path, problem.value)
        plain = Place(self.sheet.source, asked.line) if isinstance(place, RowPlace) or place is None else place
        field = heading or problem.field or (".".join(str(part) for part in path) or None)
        value = problem.value if problem.value is not None else self._cell(asked, heading)
        words = problem.message.removeprefix(self._invented(asked))
        return replace(problem, message=words, place=plain, field=field, value=value)

    def _invented(self, asked: Asked) -> str:
        """How a problem calls the record of a row that names none: by a key that nobody knows."""
        if asked.found or matching.given_key(self.noun, asked) or matching.title_of(self.noun, asked).strip():
            return ""
        return f"{self.noun.reference}:{asked.key}: "

    def _heading(self, asked: Asked, path: Sequence[str | int], wrong: str | None) -> str | None:
        """The heading of a field; of several, like `Parent Id` and `Parent Name`, the one whose cell is wrong."""
        among = [column for column in self.columns if path and column.path[: len(path)] == tuple(path)]
        headings = [column.heading for column in among if column.path == tuple(path)] or [c.heading for c in among]
        cells = {heading: self._cell(asked, heading) for heading in headings}
        return next(
            (heading for heading, cell in cells.items() if cell and cell.strip() == wrong),
            next((heading for heading, cell in cells.items() if cell), next(iter(headings), None)),
        )

    def _cell(self, asked: Asked, heading: str | None) -> str | None:
        if heading is None or isinstance(asked.cells, Mapping):
            return None
        place = self.sheet.headings.index(heading)
        return asked.cells[place] if place < len(asked.cells) else None


_HINTS = {CONTACT.name: "give ids, or --mode add"}


class _Seen:
    """What the rows of a chunk may mean, so that no two of them mean the same record."""

    def __init__(self) -> None:
        self.given: set[str] = set()
        self.made: set[str] = set()
        self.ids: set[str] = set()
        self.names: dict[Any, tuple[bool, bool]] = {}
        self.whole = False
        """Whether there is a contact among them of whom both names are told."""

    def add(self, noun: Noun, asked: Asked) -> bool:
        """Take a row; False when it may mean what another one means."""
        if noun.name in ADDRESSES:
            return self._address(asked)
        if asked.half and self.whole:
            return False
        key, external = matching.given_key(noun, asked), str(asked.values.get("external_id") or "")
        made = "" if key else slug(matching.title_of(noun, asked), noun.name)
        if key in self.given or key in self.made or made in self.given or (external and external in self.ids):
            return False
        name = matching.name_of(noun, asked)
        if name is not None and not self._name(matching.folded(name.by, name.text), bool(key), bool(external)):
            return False
        self.whole |= noun is CONTACT and not asked.half
        (self.given if key else self.made).add(key or made)
        self.ids.add(external)
        return True

    def _name(self, name: str, has_key: bool, has_id: bool) -> bool:
        keyed, with_id = self.names.get(name, (True, True))
        if name in self.names and not ((keyed and has_key) or (with_id and has_id)):
            return False
        self.names[name] = (keyed and has_key, with_id and has_id)
        return True

    def _address(self, asked: Asked) -> bool:
        owner = repr(asked.named.get("owner") or asked.values.get("owner"))
        key = str(asked.values.get("key") or "")
        same = {(owner, like(asked.values)), *([(owner, key)] if key else [])}
        if any(token in self.names for token in same):
            return False
        self.names.update(dict.fromkeys(same, (True, True)))
        return True


def _bare(item: Any) -> Any:
    """An e-mail address or phone number that a document would have in a table, as the text that is stored."""
    if isinstance(item, Mapping) and len(item) == 1:
        return next(iter(item.values()))
    return item


def _trimmed(cells: Sequence[str] | Mapping[str, Any]) -> Sequence[str] | Mapping[str, Any]:
    """The cells of a row without white space of any kind around them."""
    if isinstance(cells, Mapping):
        return {name: trimmed(value) if isinstance(value, str) else value for name, value in cells.items()}
    return list(map(trimmed, cells))


def _ownerless(asked: Asked) -> Problem:
    return Problem("value", Exit.INVALID, "whose address is it?", "name its owner", asked.place("owner"), "owner")


def _in_row(asked: Asked, problem: Problem) -> Place | None:
    return asked.place(problem.field) if problem.field else asked.place()


def _ways(entry: Named | str) -> tuple[Way, ...]:
    if isinstance(entry, str):
        return (Way("key", entry),)
    texts = (
        (by, text if isinstance(text, str) else " ".join(part for part in text if part)) for by, text in entry.ways
    )
    return tuple(Way(by, text) for by, text in texts)


def _token(way: Way) -> Token:
    return f"{way.by}:{matching.folded(way.by, way.text)}"


def _tokens(noun: Noun, asked: Asked) -> list[Token]:
    """Everything a row's record can be named by."""
    key, name = matching.given_key(noun, asked) or asked.key, matching.name_of(noun, asked)
    external = asked.values.get("external_id")
    found = [f"key:{key}"] if key else []
    found += [f"external_id:{external}"] if external else []
    return found + ([_token(name)] if name is not None else [])


def _by_row(problems: Iterable[Problem]) -> dict[int, list[Problem]] | None:
    """Problems by the row they are of; None when one does not say."""
    found: dict[int, list[Problem]] = {}
    for problem in problems:
        if not isinstance(problem.place, RowPlace):
            return None
        found.setdefault(id(problem.place.asked), []).append(problem)
    return found


def _can_wait(problem: Problem, of_itself: set[str]) -> bool:
    return problem.field in of_itself and problem.code in ("cycle", "not-found")


def _user_item(asked: Asked, values: dict[str, Any]) -> Item:
    """The item of a user; one who is found by id and has another e-mail address gets that."""
    email = values.get("email")
    if asked.found is not None and (not email or values.get("key")):
        values = {**values, "key": asked.found}
    elif not values.get("key") and values.get("guest"):
        values = {**values, "key": asked.key}
    item = item_of(USER, values, asked.place)
    if asked.found is not None and item.key != asked.found:
        item.was, item.found = asked.found, True
    return item
