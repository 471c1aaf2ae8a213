"""Documents into the database: read inputs, find the records they mean, merge, check, write.

Single commands go the same way with one record, so that there is one set of rules. `Request` is what a caller
asks for; nothing is committed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from custctl.errors import CustctlError, Exit, Place, Problem, did_you_mean, invalid, near
from custctl.resources import (
    ADDRESSES,
    NOUNS,
    PRICE,
    PRODUCT,
    RECORD,
    SETTING,
    USER,
    Noun,
    fold,
    numbered,
    slug,
)
from custctl.store import linking, renaming, rules, settings
from custctl.store.documents import Document
from custctl.store.inputs import (
    INPUTS,
    AddressInput,
    Input,
    ProductInput,
    TestInput,
    UserInput,
    field_names,
    message,
)
from custctl.store.pricing import lists_of, price_key
from custctl.store.prune import prune
from custctl.store.tagging import tags_of
from custctl.store.unit import Draft, Unit

Locate = Callable[..., Place | None]

NOUN_OF_TABLE: Mapping[str, Noun] = {
    noun.document: noun for noun in NOUNS.values() if noun.document not in ("addresses", "settings")
}
_HEAD = ("apiVersion", "manager")


@dataclass(slots=True)
class Item:
    """One record that is asked for: its validated input, and where its fields stand."""

    noun: Noun
    key: str
    given: dict[str, Any]
    locate: Locate
    was: str | None = None
    found: bool = False
    """Whether the record that `was` names is known to be meant; then it is renamed, or that is refused."""
    manager: str | None = None
    addresses: tuple[Mapping[str, Any], ...] | None = None


@dataclass(slots=True)
class Request:
    """Everything one or more documents ask for; with `prune`, what carries that manager and is not in them goes."""

    items: list[Item] = field(default_factory=list)
    tests: list[tuple[TestInput, Locate]] = field(default_factory=list)
    prune: str | None = None


def read_request(documents: Sequence[Document]) -> Request:
    """Validate every table of the documents; raises all problems together (exit 4)."""
    request, problems = _validated(documents)
    if problems:
        raise CustctlError(*problems)
    return request


def read_tests(documents: Sequence[Document]) -> tuple[list[tuple[TestInput, Locate]], list[Problem]]:
    """The tests of documents that can be read, and everything that is wrong with the documents."""
    request, problems = _validated(documents)
    return request.tests, problems


def _validated(documents: Sequence[Document]) -> tuple[Request, list[Problem]]:
    request, problems = Request(), list[Problem]()
    for document in documents:
        for table in document.tables:
            try:
                _read_table(request, document, table, problems)
            except CustctlError as error:
                problems.extend(error.problems)
    problems.extend(_repeated(request.items))
    return request, problems


def merge(unit: Unit, request: Request) -> list[Draft]:
    """Work every item into the unit's drafts and check the rules; the drafts asked for."""
    items = _by_noun(request.items)
    renaming.resolve(unit, items)
    drafts: list[Draft] = []
    for noun, asked in items.items():
        unit.load(noun, (item.key for item in asked))
        for item in asked:
            keyed, made = _with_keys(unit, item)
            drafts += [*made, _merge_item(unit, keyed)]
    for name, (owner, _) in ADDRESSES.items():
        drafts += _merge_addresses(unit, NOUNS[name], [item for item in items.get(owner, []) if item.addresses])
    unit.stop_if_wrong()
    drafts += linking.complete(unit, drafts)
    if request.prune is not None:
        prune(unit, request.prune, drafts)
    rules.check(unit, drafts)
    unit.stop_if_wrong()
    _warn_of_managers(unit, drafts)
    return drafts


def item_of(noun: Noun, values: Mapping[str, Any], locate: Locate = lambda *_: None) -> Item:
    """One validated item from plain values, as a command gives them.

    Raises exit 4 with every field that is wrong.
    """
    problems: list[Problem] = []
    item = _read_item(noun, values, locate, problems)
    if item is None or problems:
        raise CustctlError(*problems)
    return item


def known_item(noun: Noun, values: Mapping[str, Any]) -> Item:
    """An item of values that nobody typed: they are already what the input model would make of them."""
    given = {name: value for name, value in values.items() if name != "addresses"}
    key = _name(noun, given)
    return Item(noun, key, given, lambda *_: None, addresses=tuple(values.get("addresses", ())))


# -- reading inputs --------------------------------------------------------------------------------------------


def _read_table(request: Request, document: Document, table: str, problems: list[Problem]) -> None:
    rows = document.tables[table]
    locate = _locator(document, table)
    if table in _HEAD:
        if table == "manager" and rows is not None and (not isinstance(rows, str) or rows != slug(rows, "manager")):
            raise invalid("manager must be a short name like demo", field="manager", place=locate())
    elif table == "settings":
        for item in _read_settings(document, rows, problems):
            item.manager = document.tables.get("manager")
            request.items.append(item)
    elif table not in INPUTS:
        hint = did_you_mean(near(table, [*INPUTS, "settings", *_HEAD]))
        known = f"the tables are {', '.join(INPUTS)} and settings"
        raise invalid(f"unknown table {table!r}", field=table, hint=hint or known, place=locate())
    elif rows is not None and not isinstance(rows, list):
        raise invalid(f"{table} must be a list of tables", field=table, place=locate())
    else:
        for number, row in enumerate(rows or []):
            _read_row(request, document, table, number, row, problems)


def _read_row(request: Request, document: Document, table: str, number: int, row: Any, problems: list[Problem]) -> None:
    locate = _locator(document, table, number)
    if not isinstance(row, dict):
        problems.append(invalid(f"{table} must hold tables", field=table, place=locate()).problem)
    elif table == "tests":
        test = _validate(TestInput, row, f"test {number + 1}", locate, problems)
        if isinstance(test, TestInput):
            request.tests.append((test, locate))
    else:
        item = _read_item(NOUN_OF_TABLE[table], row, locate, problems)
        if item is not None:
            item.manager = document.tables.get("manager")
            request.items.append(item)


def _locator(document: Document, *start: str | int) -> Locate:
    def locate(*path: str | int) -> Place:
        return document.place((*start, *path))

    return locate


def _read_item(noun: Noun, row: Mapping[str, Any], locate: Locate, problems: list[Problem]) -> Item | None:
    model = INPUTS[noun.document]
    name = str(row.get(model.names) or row.get("key") or "")
    title = f"{noun.title} {name!r}" if name else f"{noun.title} without {model.names}"
    made = _validate(model, row, title, locate, problems, noun)
    if made is None:
        return None
    given = made.given()
    problems.extend(_nameless(made, locate))
    addresses = getattr(made, "addresses", None) if "addresses" in made.model_fields_set else None
    was = getattr(made, "was", None)
    inner = None if addresses is None else tuple(address.given() for address in addresses)
    return Item(noun, _name(noun, given), given, locate, was, addresses=inner)


def _nameless(made: Input, locate: Locate) -> Iterator[Problem]:
    """What is wrong with a user or product of which nothing says how it is called."""
    if isinstance(made, UserInput) and made.key is None:
        if not made.email:
            yield Problem("invalid", Exit.INVALID, "a user needs an email", None, locate(), "email")
        elif made.guest:
            text = f"guest {made.email} needs a key, because guests may share an e-mail address"
            hint = f"key = {slug('guest ' + made.email.partition('@')[0], 'guest')!r}"
            yield Problem("invalid", Exit.INVALID, text, hint, locate("email"), "key")
    if isinstance(made, ProductInput) and made.key is None and not made.sku:
        yield Problem("invalid", Exit.INVALID, "a product needs a sku", None, locate(), "sku")


def _name(noun: Noun, given: dict[str, Any]) -> str:
    """The folded key by which the unit knows the record; where another field names it, that gives it its key."""
    if noun in (USER, PRODUCT):
        given["key"] = given.get("key") or fold(given.get("email" if noun is USER else "sku", ""))
    elif noun is PRICE:
        given["key"] = price_key(given["price_list"], given["product"], given.get("quantity", 1))
    elif noun is RECORD:
        return f"{given['entity']}:{fold(given['key'])}"
    elif noun.table == "sales_document":
        return fold(given["number"])
    return str(given[noun.key])


def _validate(
    model: type[Input],
    row: Mapping[str, Any],
    title: str,
    locate: Locate,
    problems: list[Problem],
    noun: Noun | None = None,
) -> Input | None:
    try:
        return model.model_validate(row)
    except ValidationError as error:
        problems += [_problem(model, finding, title, locate, noun) for finding in error.errors(include_url=False)]
        return None


def _problem(model: type[Input], finding: Mapping[str, Any], title: str, locate: Locate, noun: Noun | None) -> Problem:
    path = tuple(finding["loc"])
    name = ".".join(str(part) for part in path)
    hint = None
    if finding["type"] == "extra_forbidden":
        inner = AddressInput if path[0] == "addresses" else model
        fields = field_names(inner)
        hint = did_you_mean(near(str(path[-1]), fields)) or f"the fields are {', '.join(fields)}"
    value = finding["input"] if isinstance(finding["input"], str | int | bool) else None
    words = f"{title}: {name} {message(finding)}" if name else f"{title}: {message(finding)}"
    known = None if noun is None else noun.field(name)
    if finding["type"] == "extra_forbidden" and known is not None and known.computed:
        hint, words = "leave it out", f"{title}: {name} is computed, and cannot be given"
    code = "unknown-field" if finding["type"] == "extra_forbidden" else "invalid"
    told = None if value is None else str(value)
    return Problem(code, Exit.INVALID, words, hint, locate(*path), name or None, told)


def _read_settings(document: Document, rows: Any, problems: list[Problem]) -> Iterator[Item]:
    """Flat names are of the whole shop; the tables `group` and `customer` hold a table a key."""
    if not isinstance(rows, dict):
        raise invalid("settings must be a table", field="settings", place=document.place(("settings",)))
    for name, value in rows.items():
        if name not in ("group", "customer"):
            yield from _setting_items(document, ("settings", name), settings.SYSTEM, value, problems)
            continue
        if not isinstance(value, dict):
            problems.append(_no_table(document, ("settings", name), f"settings.{name} must be a table"))
            continue
        for owner, table in value.items():
            if not isinstance(table, dict):
                quoted = f'"{name}.{owner}"'
                hint = f"quote the whole name: {quoted}" if f"{name}.{owner}" in settings.SETTINGS else None
                words = f"settings.{name}.{owner} must be a table: the settings of one {name}"
                problems.append(_no_table(document, ("settings", name, owner), words, hint))
                continue
            place = settings.Place("group" if name == "group" else "customer", fold(owner))
            for inner, setting in table.items():
                yield from _setting_items(document, ("settings", name, owner, inner), place, setting, problems)


def _no_table(document: Document, path: Sequence[str], words: str, hint: str | None = None) -> Problem:
    return Problem("invalid", Exit.INVALID, words, hint, document.place(path), ".".join(path))


def _setting_items(
    document: Document, path: Sequence[str], place: settings.Place, value: Any, problems: list[Problem]
) -> Iterator[Item]:
    def locate(*_: str | int) -> Place:
        return document.place(path)

    try:
        yield setting_item(place, path[-1], value, locate)
    except CustctlError as error:
        problems += [problem.at(locate()) for problem in error.problems]


def setting_item(place: settings.Place, name: str, value: Any, locate: Locate = lambda *_: None) -> Item:
    """What is asked for one setting; None and "" let it follow the next level again.

    Raises exit 4 for an unknown setting, a scope that cannot set it, a value that does not fit.
    """
    setting, key = settings.setting_of(name, place.scope), place.key(name)
    if value is None or value == "":
        return Item(SETTING, key, {"key": key, "value": None}, locate)
    try:
        return Item(SETTING, key, {"key": key, "value": setting.check(value)}, locate)
    except ValueError as error:
        raise invalid(f"setting {name} {error}", field=name, value=str(value)) from None


def _repeated(items: Iterable[Item]) -> Iterator[Problem]:
    """A key that two items share, or two addresses of one item, or a record that two items rename."""
    seen: set[tuple[str, str]] = set()
    renamed: set[tuple[str, str]] = set()
    for item in items:
        keys = [address.get("key") for address in item.addresses or ()]
        for number, key in enumerate(keys):
            if key is not None and key in keys[:number]:
                place = item.locate("addresses", number, "key")
                words = f"two addresses of {item.noun.title} {item.key!r} have the key {key!r}"
                yield Problem("repeated-key", Exit.INVALID, words, None, place, "addresses", key)
        if (item.noun.name, item.key) in seen:
            words = f"two {item.noun.plural} have the key {item.key!r}"
            yield Problem(
                "repeated-key", Exit.INVALID, words, None, item.locate(item.noun.key), item.noun.key, item.key
            )
        seen.add((item.noun.name, item.key))
        if item.was is not None:
            if (item.noun.name, item.was) in renamed:
                words = f"two {item.noun.plural} were {item.was!r}"
                hint = "a record that is there gets one new key"
                yield Problem("repeated-key", Exit.INVALID, words, hint, item.locate("was"), "was", item.was)
            renamed.add((item.noun.name, item.was))


# -- merging ---------------------------------------------------------------------------------------------------


def _by_noun(items: Iterable[Item]) -> dict[Noun, list[Item]]:
    """Items by noun, in the order in which one may refer to another."""
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(item.noun.name, []).append(item)
    return {noun: found[name] for name, noun in NOUNS.items() if name in found}


def _merge_item(unit: Unit, item: Item) -> Draft:
    draft = unit.find(item.noun, item.key)
    cleared = item.noun is SETTING and item.given["value"] is None
    if draft is None or draft.after is None:
        draft = unit.create(item.noun, item.key, item.given)
    else:
        draft.image.update(item.given)
    draft.manager = item.manager
    draft.locate, draft.given = item.locate, frozenset(item.given)
    if cleared:
        unit.remove(draft)
    return draft


def _with_keys(unit: Unit, item: Item) -> tuple[Item, list[Draft]]:
    """The item with keys in the place of words for tags and price lists, and what is made for words that are new.

    The item itself stays as it was asked for: a work may be done more than once.
    """
    words = [name for name in _WORDS if item.given.get(name)]
    if not words:
        return item, []
    given, made = dict(item.given), list[Draft]()
    for name in words:
        given[name], new = _WORDS[name](unit, given[name])
        made += new
    return replace(item, given=given), made


_WORDS: Mapping[str, Callable[[Unit, Sequence[str]], tuple[list[str], list[Draft]]]] = {
    "tags": tags_of,
    "price_lists": lists_of,
}
"""The fields in which a word that is new makes a record."""


def _merge_addresses(unit: Unit, noun: Noun, owners: Sequence[Item]) -> list[Draft]:
    """Addresses are matched by key within their owner, all of them read at once."""
    items = [item for owner in owners for item in _address_items(noun, owner)]
    unit.load(noun, (item.key for item in items))
    return [_merge_item(unit, item) for item in items]


def _warn_of_managers(unit: Unit, drafts: Iterable[Draft]) -> None:
    """Tell of the records that documents of one manager change though those of another have created them."""
    asking: dict[Noun, dict[int, Draft]] = {}
    for draft in drafts:
        if draft.manager is not None and draft.before is not None and draft.before != draft.after:
            asking.setdefault(draft.noun, {})[draft.id] = draft
    told: dict[tuple[str, str], list[str]] = {}
    for noun, asked in asking.items():
        for row_id, manager in unit.managers(noun.table, asked):
            draft = asked[row_id]
            if manager not in (None, draft.manager):
                told.setdefault((manager, str(draft.manager)), []).append(draft.reference)
    for (theirs, ours), names in told.items():
        shown = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
        unit.warnings.append(f"documents of {ours} change what is managed by {theirs}: {shown}")


_NAMED = 5


def _address_items(noun: Noun, owner: Item) -> Iterator[Item]:
    """The addresses that an owner's item gives; one without a key gets that of its label."""
    given = owner.addresses or ()
    taken = {address["key"] for address in given if address.get("key")}
    for number, address in enumerate(given):
        key = address.get("key") or free_key(address.get("label") or "address", taken)
        taken.add(key)
        values = {**address, "key": key, "owner": owner.key}
        locate = _address_locator(owner.locate, number)
        yield Item(noun, f"{owner.key}/{key}", values, locate, manager=owner.manager)


def _address_locator(locate: Locate, number: int) -> Locate:
    return lambda *path: locate("addresses", number, *path)


def free_key(label: str, taken: set[str]) -> str:
    """The slug of a label, with -2, -3 behind it where that is taken."""
    key = first = slug(label, "address")
    count = 1
    while key in taken:
        count += 1
        key = numbered(first, count)
    return key
