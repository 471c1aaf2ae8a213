"""What `custctl help TOPIC` says: facts from the tables that the program works by, and a few words around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from custctl import config
from custctl.commands import _invocation
from custctl.errors import Exit
from custctl.resources import MAX_KEY, NOUNS, SHORT_TYPES
from custctl.result import Result, Row

if TYPE_CHECKING:
    from custctl.store.settings import Setting


class Topic(NamedTuple):
    """Something that is explained in one place: a line about it, and the answer."""

    about: str
    answer: Callable[[str], Result]


def _exit_codes(_about: str) -> Result:
    rows = [
        {"code": int(code), "name": code.name.lower().replace("_", "-"), "meaning": code.meaning}
        for code in Exit.__members__.values()
    ]
    return Result(rows, "list", ("code", "name", "meaning"))


def _settings(_about: str) -> Result:
    from custctl.store.settings import SETTINGS

    rows = [
        {
            "name": setting.name,
            "type": _type(setting),
            "default": setting.default,
            "scopes": list(setting.scopes),
            "choices": list(setting.choices),
            "about": setting.about,
        }
        for setting in SETTINGS.values()
    ]
    return Result(rows, "list", ("name", "type", "default", "scopes", "choices", "about"))


def _type(setting: Setting) -> str:
    if not setting.to:
        return str(_KINDS.get(setting.kind, setting.kind))
    target = NOUNS[setting.to]
    return f"list of keys of {target.plural}" if setting.kind == "list" else f"key of a {target.title}"


_KINDS = {
    "bool": "true or false",
    "list": "list of texts",
    "choice": "one of the choices",
    "currency": "currency code",
    "rates": "table: a rate for each currency code",
    "amounts": "table: an amount for each currency code",
}


def _documents(about: str) -> Result:
    from custctl.store.reference import tables

    facts = [_section(name, f"{holds[:1].upper()}{holds[1:]}.", rows=rows) for name, holds, rows in tables()]
    return _topic("documents", about, [*_ABOUT_DOCUMENTS, *facts])


def _keys(about: str) -> Result:
    return _topic("keys", about, [*_ABOUT_KEYS, _section("Types", rows=_types())])


def _types() -> list[Row]:
    """The types that references begin with, and by what a record of each is found."""
    short = {long: name for name, long in SHORT_TYPES.items()}
    return [
        {
            "type": short.get(noun.name, noun.name),
            "about": f"{noun.plural}, by {noun.key}" + (f"; also {noun.name}" if noun.name in short else ""),
        }
        for noun in NOUNS.values()
        if noun.name != "setting"
    ]


def _output(about: str) -> Result:
    formats = [{"format": name, "about": _FORMATS[name]} for name in config.OUTPUTS]
    return _topic("output", about, [_section("Formats", rows=formats), *_ABOUT_OUTPUT])


def _environment(about: str) -> Result:
    helps = {param.name: param.help for param in _invocation.SHARED}
    rows = [
        {"variable": variable, "about": f"As --{name}: {helps[name]}"} for name, variable in config.VARIABLES.items()
    ]
    rows += [{"variable": variable, "about": text} for variable, text in config.OTHER_VARIABLES.items()]
    return _topic("environment", about, [*_ABOUT_PRECEDENCE, _section("Variables", rows=rows)])


def _topic(name: str, about: str, sections: Iterable[Row]) -> Result:
    return Result({"topic": name, "about": about, "sections": list(sections)}, "topic")


def _section(title: str, text: str = "", example: str = "", rows: Sequence[Row] = ()) -> Row:
    """Prose, an example and facts; an empty line parts the paragraphs of the prose."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip()]
    return {"title": title, "text": paragraphs, "example": example.strip("\n").splitlines(), "rows": list(rows)}


TOPICS: Mapping[str, Topic] = {
    "exit-codes": Topic("What the exit code of every command says.", _exit_codes),
    "documents": Topic("What plan, apply, export and access test read and write.", _documents),
    "keys": Topic("How records are named, on the command line, in documents and in answers.", _keys),
    "output": Topic("How answers are printed, and what stays the same in later versions.", _output),
    "environment": Topic("Where custctl takes its settings from.", _environment),
    "settings": Topic("The settings of the shop, which are kept in the database.", _settings),
}

_FORMATS = {
    "table": "For people: a list as a table, a record as its fields, a decision in words. Any version may change it.",
    "wide": "As table, but a list has every field, and no line is folded or shortened to the width of a terminal.",
    "json": "An object for one thing, an array for a list. Names and meanings stay; there may be more fields later.",
    "jsonl": "An object a line: a list a row a line, a matrix a cell a line.",
    "csv": "A row a row, with the columns of the table; a cell that a spreadsheet takes for a formula begins with '.",
    "yaml": "The same value as json; a list is a sequence that is written as it is read.",
    "name": "A reference a line, as other commands take it: customer:acme; yes or no for a question.",
}

_ABOUT_OUTPUT = (
    _section(
        "Streams",
        """
        The answer is on standard output, everything else on standard error: remarks, questions, errors. The format
        never depends on the terminal; only a terminal gets boxes, colours and folded lines.

        Under json, jsonl and yaml an error is one object on standard error: error has code, exit, message and what is
        known of file, line, column, field, value, hint and candidates; more has the other errors.

        Lists are written as they are read, whatever their length; a reader that stops early (| head) is no error.
        """,
    ),
    _section(
        "Values",
        """
        Times are RFC 3339 in UTC. Money is text, so that no digit is lost. What has no value is null.

        Characters of stored text that a terminal would obey or hide are shown as escapes. JSON and YAML keep the text:
        their own escapes stand for the same characters.
        """,
    ),
    _section(
        "Choosing",
        """
        --fields a,b shows these fields, in this order, and wins over the columns of table and wide. --where, --sort and
        --limit choose rows. A record is never without its key in json, jsonl and yaml.
        """,
        "custctl customer list --where group=partners --sort -updated --limit 10 --fields key,name,updated",
    ),
)

_ABOUT_PRECEDENCE = (
    _section(
        "Precedence",
        """
        The first that says something counts: the option on the command line, the variable, the profile, the top of the
        config file, the default. An empty variable says nothing. Nothing is read from the current folder by itself.

        custctl config show --origin tells the values that hold, and where each comes from.
        """,
    ),
    _section(
        "The config file",
        "config set writes it. A profile is a table of its own, chosen by --profile.",
        """
db = "/srv/shop/custctl.db"
[profiles.test]
db = "/tmp/test.db"
output = "json"
""",
    ),
)

_ABOUT_KEYS = (
    _section(
        "Keys",
        f"""
        A key is made of letters, digits and single hyphens, at most {MAX_KEY} characters. When none is given, it is
        made from the name: Company A - West becomes company-a-west, and the next of that name company-a-west-2. Keys
        are the same in capitals and small letters.

        A customer user is named by e-mail; a guest user by a key, because guests may share an e-mail. A sales document
        is named by its number, which is unique among those of its kind.

        A role of the shop is a plain key (buyer), a role of one customer has the customer before it (acme/buyer). An
        address is its owner and its key: customer-address:acme/hq.
        """,
    ),
    _section(
        "References",
        """
        Where several types are possible, a reference is type:key, split at the first colon. Answers print the same
        references that commands take.
        """,
        """
custctl access explain user:anna@acme.example edit order:SO-1001
custctl history role:acme/buyer
""",
    ),
    _section(
        "On the command line only",
        """
        id:17 is the record with that number, as show tells it; and a name or label finds its record when only one has
        it. When several have it, the error lists their keys (exit 4). Documents take keys alone.
        """,
    ),
)

_ABOUT_DOCUMENTS = (
    _section(
        "Form",
        """
        A document is TOML, YAML or JSON, told by its ending; all three have one shape. -f takes files, folders (their
        documents, sorted by name) and - for standard input.

        YAML is read as text throughout: NO and 01234 stay what they are, and only true and false are switches. Money is
        text.
        """,
        """
apiVersion = "custctl/v1"
manager = "erp"

[[customers]]
key = "acme"
name = "Acme"
group = "partners"

[[users]]
email = "anna@acme.example"
first_name = "Anna"
last_name = "Lee"
customer = "acme"
roles = ["buyer"]

[settings]
"guest.shopping_list" = true

[[tests]]
subject = "anna@acme.example"
action = "view"
resource = "order"
allowed = true
""",
    ),
    _section(
        "Meaning",
        """
        apply makes the database hold what a document says, all of it or nothing, and changes nothing the second time;
        plan shows what it would change. Order does not matter, also not among several documents.

        A field that is absent stays as it is; "" or null clears it. A list or a table that is present is the whole
        value, but addresses are matched by key. What a document does not name stays.

        was renames: the record that had this key gets the new one. All renames are done at once, so records may
        exchange their keys, and every other reference in the documents means the new keys. Where no record has the key
        in was, it renames nothing: the record was renamed before, or is new. A former key that nothing has any more
        may stay in the document.

        manager is a label for what the document creates.

        Settings are quoted flat names (custctl help settings); settings.group.KEY and settings.customer.KEY are tables
        with the settings of one group or customer.

        tests are asked inside the transaction, when everything is in place; when one fails, nothing is written and the
        exit code is 1.

        A table or field that is not known is an error (exit 4), told with file, line and column.
        """,
    ),
)
