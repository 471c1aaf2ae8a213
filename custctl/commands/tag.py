"""Tags and taxonomies: words that records of every noun are sorted and found by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from custctl.commands import _import
from custctl.commands._arguments import Key, Limit, Name, NewName, Owner, SomeTags, SomeTaxonomies, TagArg, TaxonomyArg
from custctl.commands._command import Call, command, group
from custctl.commands._common import add as add_record
from custctl.commands._common import chosen, find, given, key_of, write_item
from custctl.commands._common import edit as edit_record
from custctl.commands._common import show as show_record
from custctl.commands._lists import list_verb
from custctl.commands._many import delete_verb
from custctl.errors import did_you_mean, invalid, near
from custctl.resources import SHORT_TYPES, TAG, TAGGED, TAXONOMY, Noun
from custctl.result import Result
from custctl.store import lookup, reads, tagged

if TYPE_CHECKING:
    from custctl.store.unit import Draft, Unit

app = group("tag", "Tags: words to sort and find records by, over all nouns.")
taxonomy_app = group("taxonomy", "Taxonomies: categories of tags.")
app.add_typer(taxonomy_app)
member_app = group("member", "The records that have a tag.")
app.add_typer(member_app)

Taxonomy = Annotated[
    str | None, typer.Option("--taxonomy", metavar="TAXONOMY", help='The category of the tag; "" for none.')
]
NewKey = Annotated[str | None, typer.Option("--key", help="A new key; references follow.")]
BackgroundColor = Annotated[
    str | None, typer.Option("--background-color", metavar="#RRGGBB", help="The colour its tags are shown in.")
]
TagsArg = Annotated[list[str], typer.Argument(metavar="TAG...", help="Tags: any of them.")]
NewTagArg = Annotated[str, typer.Argument(metavar="TAG", help="A tag; a name that is new makes one.")]
RecordsArg = Annotated[
    list[str], typer.Argument(metavar="TYPE:KEY...", help="Records, like customer:acme or user:anna@acme.example.")
]


# -- tags --------------------------------------------------------------------------------------------------------


list_verb(
    app,
    TAG,
    "List tags, by name, with how many records have each.",
    examples=("custctl tag list --where taxonomy=tier --sort -uses",),
)


@command(app, "show", examples=("custctl tag show vip",))
def show(call: Call, tag: TagArg) -> Result:
    """Show a tag with how many records of each kind have it."""
    connection = call.read()
    row_id, _ = lookup.require(connection, TAG, tag)
    return show_record(call, TAG, f"id:{row_id}", {"counts": tagged.counts(connection, row_id)})


@command(app, "add", examples=("custctl tag add VIP", "custctl tag add 'Key account' --taxonomy tier"))
def add(call: Call, name: Name, key: Key = None, taxonomy: Taxonomy = None, owner: Owner = None) -> Result:
    """Add a tag; one that differs in letter case only is the same tag."""
    return call.write(lambda unit: _add(unit, name, key, _values(unit, taxonomy, owner)))


def _values(unit: Unit, taxonomy: str | None, owner: str | None) -> dict[str, Any]:
    return given(taxonomy=key_of(unit, TAXONOMY, taxonomy), owner=owner)


def _add(unit: Unit, name: str, key: str | None, values: dict[str, Any]) -> None:
    """A new tag. The tag that the name means already only gets what was given besides (feature T-05)."""
    from custctl.store.tagging import meant, new_key

    found = meant(unit, name)
    if found is None or key not in (None, found):
        add_record(unit, TAG, {"key": new_key(unit, name) if key is None else key, "name": name, **values}, name)
        return
    stored = unit.get(TAG, found)
    unit.warnings.append(f"{stored.reference} exists already: {stored.image['name']}")
    if values:
        write_item(unit, TAG, {"key": found, **values})


@command(app, "edit", examples=("custctl tag edit vip --name 'Very important' --taxonomy tier",))
def edit(
    call: Call,
    tag: TagArg,
    name: NewName = None,
    key: NewKey = None,
    taxonomy: Taxonomy = None,
    owner: Owner = None,
) -> Result:
    """Change fields of a tag; "" clears one. Records keep the tag."""
    return call.write(lambda unit: edit_record(unit, TAG, tag, given(name=name) | _values(unit, taxonomy, owner), key))


delete_verb(
    app,
    TAG,
    SomeTags,
    "Delete tags, and take them from every record that has one.",
    examples=("custctl tag delete --where uses=0",),
)


@command(app, "tree", examples=("custctl tag tree", "custctl tag tree tier"))
def tree(
    call: Call,
    taxonomy: Annotated[str | None, typer.Argument(metavar="TAXONOMY", help="Its tags; by default all.")] = None,
) -> Result:
    """Show taxonomies with their tags below, and the tags that are in none."""
    connection = call.read()
    if taxonomy is None:
        return Result(call.noting(tagged.tree(connection, None), "no tags"), "tree")
    row_id, _ = lookup.require(connection, TAXONOMY, taxonomy)
    return Result(next(tagged.tree(connection, row_id)), "tree")


# -- taxonomies --------------------------------------------------------------------------------------------------


list_verb(taxonomy_app, TAXONOMY, "List taxonomies, by name, with how many tags each has.")


@command(taxonomy_app, "show")
def taxonomy_show(call: Call, taxonomy: TaxonomyArg) -> Result:
    """Show a taxonomy; `tag tree TAXONOMY` shows its tags."""
    return show_record(call, TAXONOMY, taxonomy)


@command(taxonomy_app, "add", examples=("custctl tag taxonomy add Tier --background-color '#F2C14E'",))
def taxonomy_add(
    call: Call, name: Name, key: Key = None, background_color: BackgroundColor = None, owner: Owner = None
) -> Result:
    """Add a taxonomy."""
    values = given(key=key, name=name, background_color=background_color, owner=owner)
    return call.write(lambda unit: add_record(unit, TAXONOMY, values, name))


@command(taxonomy_app, "edit", examples=("custctl tag taxonomy edit tier --name Rank",))
def taxonomy_edit(
    call: Call,
    taxonomy: TaxonomyArg,
    name: NewName = None,
    key: NewKey = None,
    background_color: BackgroundColor = None,
    owner: Owner = None,
) -> Result:
    """Change fields of a taxonomy; "" clears one."""
    values = given(name=name, background_color=background_color, owner=owner)
    return call.write(lambda unit: edit_record(unit, TAXONOMY, taxonomy, values, key))


delete_verb(
    taxonomy_app,
    TAXONOMY,
    SomeTaxonomies,
    "Delete taxonomies; their tags stay, without one.",
)


# -- tagged records ----------------------------------------------------------------------------------------------

_FIELDS = ("record", "type", "key", "name", "tags")
_COLUMNS = ("record", "name", "tags")


@command(
    member_app, "list", examples=("custctl tag member list vip gold", "custctl tag member list vip --type customer")
)
def member_list(
    call: Call,
    tags: TagsArg,
    types: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help="Only records of this type; may be repeated.")
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="The records that have none of the tags.")] = False,
    limit: Limit = None,
) -> Result:
    """List the records, of all kinds, that have any of the tags."""
    nouns = [_taggable(name) for name in types or ()]
    connection = call.read()
    keys = [lookup.require(connection, TAG, tag)[1] for tag in tags]
    condition = f"tags{'!=' if none else '='}{','.join(keys)}"
    wanted = [noun for noun in TAGGED if not nouns or noun in nouns]
    rows = call.noting(reads.limited(tagged.records(connection, wanted, condition), limit), "no records")
    asked = call.option("fields")
    if asked is None:
        return Result(rows, "list", _COLUMNS)
    columns = chosen(asked, _FIELDS)
    return Result(({name: row[name] for name in ("record", *columns)} for row in rows), "list", columns)


@command(member_app, "add", examples=("custctl tag member add vip customer:acme user:anna@acme.example",))
def member_add(call: Call, tag: NewTagArg, records: RecordsArg) -> Result:
    """Tag records; one that has the tag already stays as it is."""
    return call.write(lambda unit: _tag(unit, tag, records))


@command(member_app, "remove", examples=("custctl tag member remove vip customer:acme",))
def member_remove(call: Call, tag: TagArg, records: RecordsArg) -> Result:
    """Take a tag from records; one that does not have it stays as it is."""
    return call.write(lambda unit: _untag(unit, tag, records))


def _tag(unit: Unit, word: str, texts: list[str]) -> None:
    _write(unit, [(draft, [*draft.image["tags"], word]) for draft in _records(unit, texts)])


def _untag(unit: Unit, text: str, texts: list[str]) -> None:
    tag = find(unit, TAG, text)
    having = []
    for draft in _records(unit, texts):
        if tag.key in draft.image["tags"]:
            having.append((draft, [key for key in draft.image["tags"] if key != tag.key]))
        else:
            unit.warnings.append(f"{draft.reference} is not tagged {tag.key}")
    _write(unit, having)


def _write(unit: Unit, tagged_records: list[tuple[Draft, list[str]]]) -> None:
    """Give records these tags, all together."""
    from custctl.store.apply import Request, item_of, merge

    items = [
        item_of(draft.noun, {draft.noun.key: draft.image[draft.noun.key], "tags": tags})
        for draft, tags in tagged_records
    ]
    merge(unit, Request(items))


def _records(unit: Unit, texts: list[str]) -> list[Draft]:
    """The records that references name, each once; exit 3 for one that is not stored, 4 for what cannot be tagged."""
    found = {}
    for text in texts:
        kind, colon, key = text.partition(":")
        if not colon:
            raise invalid(f"{text!r} is not TYPE:KEY", value=text, hint="like customer:acme or user:anna@acme.example")
        draft = find(unit, _taggable(kind), key)
        found[draft.reference] = draft
    return list(found.values())


def _taggable(name: str) -> Noun:
    """The noun of a type, long or short, whose records can be tagged (exit 4)."""
    nouns = {noun.name: noun for noun in TAGGED} | {noun.reference: noun for noun in TAGGED}
    noun = nouns.get(SHORT_TYPES.get(name, name))
    if noun is None:
        types = [noun.reference for noun in TAGGED]
        hint = "; ".join(filter(None, (did_you_mean(near(name, types)), f"these can: {', '.join(types)}")))
        raise invalid(f"{name!r} is no type of record that can be tagged", value=name, hint=hint)
    return noun


_import.register(app, TAG)
_import.register(taxonomy_app, TAXONOMY)
