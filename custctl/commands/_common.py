"""What the verbs of several nouns share: showing, listing, and writing one record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from custctl import config, shell
from custctl.commands._command import Call
from custctl.errors import CustctlError, Exit, Problem, did_you_mean, invalid, near, number_of, usage
from custctl.resources import ACCOUNT, ADDRESS_OF, SALES, USER, Noun, fold, reference, slug
from custctl.result import Result, Row
from custctl.store import lookup, reads

if TYPE_CHECKING:
    import sqlite3

    from custctl.store.acting import Actor
    from custctl.store.scopes import Condition
    from custctl.store.settings import Place
    from custctl.store.unit import Draft, Unit


def show(call: Call, noun: Noun, key: str, extra: Mapping[str, Any] | None = None) -> Result:
    """One record with everything about it."""
    connection = call.read()
    actor, row_id, _ = readable(call, connection, noun, key)
    image = {**reads.by_id(connection, noun, row_id), **(extra or {})}
    if actor is None and noun is not ACCOUNT:  # whose page shows those of everything that hangs on it
        from custctl.store.timeline import latest

        image |= latest(connection, noun, image["id"])
    return shown(call, noun, as_seen(actor, noun, image), actor)


def shown(call: Call, noun: Noun, image: dict[str, Any], actor: Actor | None = None) -> Result:
    """One stored record, with the fields that `--fields` asks for beside what names it; a remark about closed ones."""
    asked = call.option("fields")
    if asked is None:
        return Result(image, "record", noun=noun.reference)
    names = _told(noun, _shown_fields(noun, image, asked))
    if actor is None:
        return Result({name: image.get(name) for name in names}, "record", noun=noun.reference)
    gone = [name for name in names if name not in image]
    image = {name: image[name] for name in names if name in image}
    return Result(image, "record", noun=noun.reference, notes=_closed_to(actor, gone))


def _closed_to(actor: Actor, names: Sequence[str]) -> tuple[str, ...]:
    """The remark about fields that were asked for and are closed to the user."""
    return (f"closed to {actor.key}: {', '.join(names)}",) if names else ()


def _shown_fields(noun: Noun, image: Mapping[str, Any], asked: str) -> tuple[str, ...]:
    """The fields `--fields a,b` asks for, of all that a record shows: also addresses, entries and counts."""
    names = tuple(name.strip() for name in asked.split(",") if name.strip())
    closed_or_unknown = [name for name in names if name not in image]
    if closed_or_unknown:
        reads.field_names(noun, ",".join(closed_or_unknown))  # raises for what no record has
    return names


def as_seen(actor: Actor | None, noun: Noun, image: dict[str, Any]) -> dict[str, Any]:
    """A record as the user in whose name it is shown sees it: without closed fields and what is out of reach."""
    if actor is None:
        return image
    from custctl.store.seen import image_seen

    shown = image_seen(actor, noun, image)
    if noun.name in ADDRESS_OF:
        shown["addresses"] = addresses_seen(actor, noun, image["id"])
    return shown


def addresses_seen(actor: Actor, owner: Noun, owner_id: int) -> list[dict[str, Any]]:
    """The addresses of one owner that a list shows the user, without the fields that are closed."""
    noun = ADDRESS_OF[owner.name]
    (within, _), hidden = actor.visible(noun), actor.hidden(noun)
    rows = reads.addresses(actor.connection, owner, owner_id, within)
    return [{name: value for name, value in row.items() if name not in hidden} for row in rows]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a list: the options that every list has."""

    where: Sequence[str] | None = None
    sort: str | None = None
    limit: int | None = None
    after: str | None = None
    count: bool = False


def listing(call: Call, noun: Noun, asked: Asked, among: Condition | None = None) -> Result:
    """The records that the conditions leave, streamed, or how many; a remark when there are none.

    `among` narrows them to those that the command is about, like the contacts of one account.
    """
    connection = call.read()
    wanted = reads.Listing(tuple(asked.where or ()), asked.sort, asked.limit, asked.after, among)
    actor = call.acting(connection)
    within, refused = visible(actor, noun)
    shown = () if asked.count else columns(call, noun)
    names, notes = _open_fields(call, actor, noun, shown, wanted)
    wanted = wanted._replace(within=within)
    if actor is not None:
        from custctl.store.seen import view_of

        wanted = wanted._replace(view=view_of(actor, noun), find=actor.id_of)
    if asked.count:
        return _counted(call, connection, noun, wanted)
    if asked.after is not None and actor is not None:
        _, row_id, _ = readable(call, connection, noun, asked.after, actor)
        wanted = wanted._replace(after=f"id:{row_id}")
    rows = reads.rows(connection, noun, wanted, _told(noun, names))
    return Result(call.noting(rows, refused or f"no {noun.plural}"), "list", names, noun.reference, notes)


def _counted(call: Call, connection: sqlite3.Connection, noun: Noun, wanted: reads.Listing) -> Result:
    """How many records meet the conditions of a list."""
    if (wanted.sort, wanted.limit, wanted.after) != (None, None, None):
        raise usage("--count counts all that --where leaves: leave --sort, --limit and --after out")
    return record(call, {"count": reads.count(connection, noun, wanted)})


def columns(call: Call, noun: Noun) -> tuple[str, ...]:
    """The fields of a list: those of --fields, all of them for -o wide, else the columns of the noun."""
    asked = call.option("fields")
    return reads.all_field_names(noun) if asked is None and call.wide else reads.field_names(noun, asked)


def narrowed(call: Call, noun: Noun, names: Sequence[str], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Whole records as --fields wants them: programs get no more than people then."""
    if call.option("fields") is None:
        return rows
    told = _told(noun, names)
    return [{name: row.get(name) for name in told} for row in rows]


def _open_fields(
    call: Call, actor: Actor | None, noun: Noun, names: tuple[str, ...], wanted: reads.Listing
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Under --as the fields that a list may show, and a remark about the others.

    A list is not searched or sorted by a closed field either, for that would tell its values.
    """
    hidden = [] if actor is None else actor.hidden(noun)
    if actor is None or not hidden:
        return names, ()
    if closed := [name for name in reads.searched(wanted) if name in hidden]:
        actor.refuse_closed(noun, closed)
        raise usage(f"{', '.join(closed)} is not open to {actor.key} for every {noun.title} that the list shows")
    return open_names(call, actor, noun, names, hidden)


def open_names(
    call: Call, actor: Actor, noun: Noun, names: tuple[str, ...], hidden: Collection[str] | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields of a list that the user sees, and a remark about the others.

    What no storefront shows is only told of where it was asked for.
    """
    from custctl.storefront import allows

    hidden = actor.hidden(noun) if hidden is None else hidden
    gone = [name for name in names if name in hidden]
    if call.option("fields") is None:
        gone = [name for name in gone if allows(noun, "read", name)]
    return tuple(name for name in names if name not in hidden), _closed_to(actor, gone)


def _told(noun: Noun, names: Sequence[str]) -> tuple[str, ...]:
    """The fields of a row as programs read it: what names the record is always among them."""
    return tuple(dict.fromkeys(("key", "email", *names) if noun is USER else (noun.key, *names)))


def visible(actor: Actor | None, noun: Noun) -> tuple[Condition | None, str | None]:
    """Under --as the condition of what a list shows, and a remark where it shows nothing at all."""
    if actor is None:
        return None, None
    within, refused = actor.visible(noun)
    return within, None if refused is None else f"{actor.key} may not view any {noun.title} ({refused.value})"


def readable(
    call: Call, connection: sqlite3.Connection, noun: Noun, text: str, actor: Actor | None = None
) -> tuple[Actor | None, int, str]:
    """The id and key of the record that a person means; under --as also who looks, and only what that user may see."""
    actor = actor or call.acting(connection)
    found = row_in(connection, noun, text) if actor is None else actor.find(noun, text)
    return actor, *found


def row_in(connection: sqlite3.Connection, noun: Noun, text: str) -> tuple[int, str]:
    """The id and key of the record a person means; exit 3 when there is none."""
    if noun.table == "sales_document":
        return lookup.require_owned(connection, noun.name, text)
    return lookup.require(connection, noun, text)


def key_in(connection: sqlite3.Connection, noun: Noun, text: str) -> str:
    """The key of the record a person means; exit 3 when there is none."""
    return row_in(connection, noun, text)[1]


def given(**values: Any) -> dict[str, Any]:
    """The options that were given: None is one that was not."""
    return {name: value for name, value in values.items() if value is not None}


def listed(values: Sequence[str] | None) -> list[str] | None:
    """The values of an option that may be repeated, None where it was not given; "" alone is an empty list."""
    return None if values is None else [value for value in values if value]


def allow(unit: Unit, noun: Noun, action: str, fields: Iterable[str] = ()) -> None:
    """Under --as ask the class question, before anything that was typed is looked up; then about the fields given."""
    if unit.acting is not None:
        unit.acting.require_class(noun, action)
        unit.acting.require_written(noun, action, fields)


def allow_fields(unit: Unit, draft: Draft, names: Iterable[str]) -> None:
    """Under --as ask whether these fields of a stored record may be changed."""
    if unit.acting is not None:
        unit.acting.require_fields(draft.noun, "edit", names, draft.key)


def find(unit: Unit, noun: Noun, text: str, action: str = "edit", fields: Iterable[str] = ()) -> Draft:
    """The record a person means, as a draft; exit 3 when there is none, 4 when several have the name.

    Under --as the user must be allowed the action: on any record, then on this one, then on the fields given.
    """
    if unit.acting is not None:
        _, key = unit.acting.find(noun, text, action)
    else:
        _, key = row_in(unit.connection, noun, text)
    draft = unit.get(noun, fold(key))
    if fields:
        allow_fields(unit, draft, fields)
    return draft


def key_of(unit: Unit, noun: Noun, text: str | None) -> str | None:
    """The key of the record a person means in an option; "" and None are as they are.

    Under --as it is that of an owner, about which the policy is to be asked before it is written.
    """
    if not text:
        return text
    return lookup.require(unit.connection, noun, text)[1] if unit.acting is None else unit.acting.key_of(noun, text)


def keys_of(unit: Unit, noun: Noun, texts: Iterable[str]) -> list[str]:
    """The keys of the records that people mean; exit 3 for the first that there is none of."""
    return [lookup.require(unit.connection, noun, text)[1] for text in texts]


def write_item(unit: Unit, noun: Noun, values: Mapping[str, Any]) -> Draft:
    """Merge one record, as a document would; tags that are made for it are not what is returned."""
    from custctl.store.apply import Request, item_of, merge

    item = item_of(noun, values)
    merge(unit, Request([item]))
    return unit.get(noun, item.key)


def write_items(unit: Unit, noun: Noun, rows: Iterable[Mapping[str, Any]]) -> None:
    """Merge many records of a noun together, as a document would."""
    from custctl.store.apply import Request, item_of, merge

    merge(unit, Request([item_of(noun, values) for values in rows]))


def write_setting(unit: Unit, place: Place, name: str, value: Any) -> None:
    """Set a setting at a place, as a document would; None lets it follow the next level again."""
    from custctl.store.apply import Request, merge, setting_item

    merge(unit, Request([setting_item(place, name, value)]))


def add(unit: Unit, noun: Noun, values: dict[str, Any], title: str, prefix: str = "") -> Draft:
    """A new record.

    A key that was given must be free; one that is made from the name gets -2, -3.
    """
    settle_owner(unit, noun, values)
    key = values.get("key")
    if key is None:
        values["key"] = unit.free_key(noun, slug(title, noun.name), prefix)
    else:
        refuse_taken(unit, noun, key)
    return named(unit, write_item(unit, noun, values))


def named(unit: Unit, draft: Draft) -> Draft:
    """The record that a command makes, of which it tells whoever it is made for."""
    if unit.acting is not None:
        unit.acting.named.add((draft.noun.name, draft.key))
    return draft


def settle_owner(unit: Unit, noun: Noun, values: dict[str, Any]) -> None:
    """Give a new record its owner, whoever runs the tool unless told otherwise (feature C-12).

    Under --as ask whether such a record may be made, and by whom it is owned on the storefront.
    """
    if unit.acting is not None:
        from custctl.store.acting import settle_new_owner

        allow(unit, noun, "create")
        unit.acting.require_open(noun, "create", values)
        settle_new_owner(unit.acting, noun, values)
    if noun.field("owner") is not None and noun not in SALES:  # a document has one only where the shop says so
        values.setdefault("owner", config.actor())


def refuse_taken(unit: Unit, noun: Noun, key: str) -> None:
    """A new record cannot have a key that is taken (exit 5); whose it is, is told to who may see that record."""
    found = unit.find(noun, key)
    if found is None:
        return
    told, hint = found.reference, f"to change it: {shell.command(f'{noun.group} edit', key)}"
    if not unit.tells(noun, found.key):
        told, hint = reference(noun, key), "choose another one"
    raise CustctlError(Problem("taken", Exit.CONFLICT, f"{told} exists already", hint, value=key))


def edit(unit: Unit, noun: Noun, text: str, values: dict[str, Any], new_key: str | None = None) -> Draft:
    """Change the fields given of one record; `new_key` renames it."""
    if not values and new_key is None:
        hint = f"what can be changed: {shell.command(f'{noun.group} edit', help=True)}"
        raise usage("say what to change", hint)
    draft = find(unit, noun, text, fields=values)
    check_owner(unit, draft, values)
    values[noun.key] = draft.image[noun.key]
    if new_key is not None and new_key != draft.key:
        values |= {noun.key: new_key, "was": draft.key}
    return write_item(unit, noun, values)


def link(unit: Unit, draft: Draft, name: str, keys: Iterable[str]) -> Draft:
    """Link a record to more others by one of its fields; those it is linked to already make no difference."""
    return write_item(unit, draft.noun, {"key": draft.key, name: sorted({*draft.image[name], *keys})})


def unlink(unit: Unit, draft: Draft, name: str, keys: Collection[str]) -> Draft:
    """Take links from a record; a remark about those that it did not have."""
    held = draft.image[name]
    unit.warnings += [f"{draft.reference}: {key} is not among its {name}" for key in keys if key not in held]
    return write_item(unit, draft.noun, {"key": draft.key, name: [key for key in held if key not in keys]})


def check_owner(unit: Unit, draft: Draft, values: Mapping[str, Any]) -> None:
    """Under --as ask whether the record may go to the owner that is given."""
    if unit.acting is not None:
        from custctl.store.acting import check_new_owner

        check_new_owner(unit.acting, draft, values)


def not_oneself(unit: Unit, draft: Draft, verb: str) -> Draft:
    """Nobody deletes or disables the user in whose name a command runs (AM 8, 10)."""
    if unit.acting is not None:
        from custctl.store.acting import is_self

        if is_self(unit.acting, draft):
            raise CustctlError(Problem("self", Exit.CONFLICT, f"{draft.reference} cannot {verb} itself"))
    return draft


def record(call: Call, data: Mapping[str, Any], *notes: str) -> Result:
    """One object that is no stored record, with the fields that `--fields` asks for."""
    names = chosen(call.option("fields") or "", tuple(data))
    return Result({name: data[name] for name in names}, "record", notes=notes)


def chosen(asked: str, known: Sequence[str]) -> tuple[str, ...]:
    """The fields `--fields a,b` asks for, of those that an answer has; exit 4 names an unknown one."""
    names = tuple(name.strip() for name in asked.split(",") if name.strip())
    for name in names:
        if name not in known:
            hint = did_you_mean(near(name, known)) or f"the fields are {', '.join(known)}"
            raise invalid(f"unknown field {name!r}", code="unknown-field", field=name, hint=hint)
    return names or tuple(known)


def table(
    call: Call, rows: Iterable[Row], columns: tuple[str, ...], fields: tuple[str, ...], noun: str | None = None
) -> Result:
    """A list of what are no records: its columns, or the fields asked for, beside the first, which names a row."""
    asked = call.option("fields")
    if asked is None:
        return Result(rows, "list", columns, noun)
    names = chosen(asked, fields)
    shown = dict.fromkeys((fields[0], *names))
    return Result(({name: row[name] for name in shown} for row in rows), "list", names, noun)


# -- access ----------------------------------------------------------------------------------------------------------


def widening(risen: Sequence[Mapping[str, Any]], what: str) -> str | None:
    """The question where more than what was typed is given, by what is unlisted or by a default: levels that rise."""
    if not risen:
        return None
    from custctl.policy.model import LEVELS

    order = list(LEVELS)
    most = max(risen, key=lambda row: (row["users"], order.index(row["after"]) - order.index(row["before"])))
    users = most["users"] or most.get("cannot_sign_in", 0)
    who = number_of(users, "user") if users else "guests"
    more = f" and {number_of(len(risen) - 1, 'other level')}" if len(risen) > 1 else ""
    switch = {"none": "off", "full": "on"} if most["kind"] == "capability" else {}
    before, after = (switch.get(most[side], most[side]) for side in ("before", "after"))
    name = most["name"] if most["kind"] == "capability" else f"{most['name']}.{most['permission']}"
    return f"{what} (which gives {who} more: {name} from {before} to {after}{more})"
