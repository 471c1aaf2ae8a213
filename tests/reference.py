"""The pages of docs/reference that are made from the code: the commands, and the topics of `custctl help`.

`python -m tests.reference` writes them; a test compares them with what would be written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from custctl.commands._command import ActingCommand
from custctl.commands._invocation import SHARED, Invocation
from custctl.commands._topics import TOPICS
from custctl.formats import text_of
from custctl.resources import ADDRESSES, NOUNS
from custctl.storefront import TABLES
from tests.console import ROOT
from tests.tree import Words, nodes

FOLDER = ROOT / "docs" / "reference"
WRITTEN_BY_HAND = {"json.md": "The shapes of `-o json`, with examples."}

_MADE = "<!-- Made by `python -m tests.reference` from the code; do not edit. -->\n"


def pages() -> dict[str, str]:
    """Every page by its file name."""
    topics = {f"{name}.md": _page(_title(name), _topic(name)) for name in TOPICS}
    own = {"commands.md": _page("Commands", _commands()), "storefront.md": _page(STOREFRONT, _storefront())}
    return {"README.md": _page("Reference", _index())} | own | topics


def _page(title: str, blocks: Iterable[str]) -> str:
    return "\n".join([_MADE, f"# {title}\n", *(f"{block}\n" for block in blocks)])


def _index() -> Iterator[str]:
    lines = ["- [Commands](commands.md): every command with its arguments and options."]
    lines += [f"- [{STOREFRONT}](storefront.md): the fields that a customer user reads and writes, under `--as`."]
    lines += [f"- [{_title(name)}]({name}.md): {_lowered(topic.about)}" for name, topic in TOPICS.items()]
    lines += [f"- [{_title(name[:-3])}]({name}): {_lowered(text)}" for name, text in WRITTEN_BY_HAND.items()]
    yield "\n".join(lines)
    yield "`custctl help TOPIC` and `custctl help COMMAND` say the same on the command line."


def _title(name: str) -> str:
    words = name.replace("-", " ")
    return "JSON" if name == "json" else f"{words[:1].upper()}{words[1:]}"


def _lowered(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"


# Commands


def _commands() -> Iterator[str]:
    yield "These options stand before or after the verb, in every group and command:"
    yield _options(SHARED)
    yield "`--as` is refused (exit 2) by every command that does not say otherwise here."
    for words, found in nodes():
        if words:
            yield from _command(words, found)


def _command(words: Words, found: Any) -> Iterator[str]:
    """One group, or one command with what is its own."""
    line = " ".join(("custctl", *words))
    yield f"{'#' * min(len(words) + 1, 4)} {line}"
    yield str(found.help)
    if hasattr(found, "commands"):
        return
    context = found.context_class(found, info_name=line, obj=Invocation())
    yield f"```text\n{' '.join((line, *found.collect_usage_pieces(context)))}\n```"
    own = [param for param in found.params if param not in SHARED]
    if own:
        yield _options(own)
    if issubclass(type(found), ActingCommand):
        yield "Takes `--as`."
    if found.epilog:
        yield "```sh\n" + "\n".join(line.strip() for line in found.epilog.splitlines()[2:]) + "\n```"


def _options(params: Sequence[Any]) -> str:
    return _table(("argument or option", "meaning"), [(_code(_left(param)), _right(param)) for param in params])


def _left(param: Any) -> str:
    """How an argument or option is written."""
    if param.param_type_name == "argument":
        return str(param.metavar or param.name.upper())
    names = ", ".join(sorted(param.opts, key=len))
    if param.is_flag:
        return names
    choices = getattr(param.type, "choices", None)
    return f"{names} {param.metavar or ('|'.join(choices) if choices else 'TEXT')}"


def _right(param: Any) -> str:
    more = []
    if param.required:
        more.append("required")
    if param.default not in (None, False) and not param.required:
        more.append(f"default: `{param.default}`")
    return str(param.help) + (f" ({', '.join(more)})" if more else "")


# The storefront

STOREFRONT = "What the storefront shows"


def _storefront() -> Iterator[str]:
    yield (
        "Under `--as USER` a command shows and writes these fields and no others; which records it shows is decided by"
        " the user's [roles](../explanation/access-model.md). A field that is not listed is closed to every customer"
        " user: it is left out, cannot be searched or sorted by, and writing it is refused (exit 1, `field-closed`)."
        " What is not listed at all, like accounts, contacts, tags and price lists, is not on the storefront."
    )
    yield (
        "*storefront*: OroCommerce's storefront has a page, a form or a resource for it. *custctl*: roles hold the"
        " permission, and only this tool has the verb. A field that names another record, like `customer`, names only"
        " records that the user may view."
    )
    for name, table in TABLES.items():
        noun = NOUNS.get(name)
        title = "one's own profile" if noun is None else noun.plural
        title = f"{title} of {ADDRESSES[name][0].plural}" if name in ADDRESSES else title
        yield f"## {title[:1].upper()}{title[1:]}"
        if table.about:
            yield table.about
        yield _table(
            ("field", "read", "written when new", "written later"),
            [(_code(row.field), row.read or "", row.create or "", row.edit or "") for row in table.rows.values()],
        )
        yield f"Source: {table.source}."


# Topics


def _topic(name: str) -> Iterator[str]:
    """One topic of help; a list is a table, what has sections has them."""
    topic = TOPICS[name]
    answer = topic.answer(topic.about)
    yield topic.about
    if not isinstance(answer.data, Mapping):
        yield _rows(list(answer.data))
        return
    for section in answer.data["sections"]:
        yield f"## {section['title']}"
        yield from section["text"]
        if section["example"]:
            yield "```text\n" + "\n".join(section["example"]) + "\n```"
        if section["rows"]:
            yield _rows(section["rows"])


def _rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """Facts as a table; a column that says nothing of any of them is left out."""
    columns = [name for name in rows[0] if any(row[name] not in (None, []) for row in rows)]
    first, *rest = columns
    return _table(columns, [(_code(text_of(row[first])), *(_cell(row[name]) for name in rest)) for row in rows])


def _cell(value: Any) -> str:
    return f"`{str(value).lower()}`" if isinstance(value, bool) else text_of(value)


def _code(text: str) -> str:
    return f"`{text}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
