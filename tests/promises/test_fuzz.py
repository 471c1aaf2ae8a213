"""Whole command lines and whatever is read, made at random: never a bug (70), never a false 8, never without end.

Each case runs in this process on a copy of the demo world. CUSTCTL_FUZZ says how many there are.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from custctl.commands._invocation import SHARED as SHARED_PARAMS
from custctl.errors import Exit
from custctl.resources import NOUNS
from tests.runner import Answer, Runner
from tests.tree import Words, nodes

CASES = int(os.environ.get("CUSTCTL_FUZZ", "2000"))
LONGEST = 30
"""Seconds after which a command is taken not to end; the slowest case takes one."""

PARTS = 4
"""Each kind is several tests, which run side by side."""


def many(share: float) -> settings:
    """So many of all cases, whatever has been found before."""
    return settings(
        max_examples=max(int(CASES * share / PARTS), 1),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


# -- running one case ----------------------------------------------------------------------------------------------


@pytest.fixture
def fuzzed(demo: Runner, demo_file: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Runs one case on a fresh copy of the demo world, and holds the promise."""
    monkeypatch.chdir(demo.database.parent)

    def run(*words: str, stdin: bytes = b"", may_be_unusable: bool = False, **environment: str) -> Answer:
        _clear(demo.database.parent, demo_file)
        demo.extra = environment
        with _soon_over(words):
            answer = demo(*words, stdin=stdin)
        assert answer.exit in {*Exit} - {Exit.BUG}, (words, stdin, answer)
        assert "Traceback" not in answer.err, (words, stdin, answer)
        assert answer.exit != Exit.DATABASE or may_be_unusable, (words, stdin, answer)
        return answer

    return run


_KEPT = "in"
"""What a case reads has names that begin so; whatever else lies in the folder has been written by one before."""


def _clear(folder: Path, demo_file: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif not path.name.startswith(_KEPT):
            path.unlink()
    shutil.copy(demo_file, folder / "shop.db")


@contextmanager
def _soon_over(words: Sequence[str]) -> Iterator[None]:
    def too_long(*_: object) -> NoReturn:
        raise TimeoutError(f"more than {LONGEST} s: {words}")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(LONGEST)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


# -- command lines -------------------------------------------------------------------------------------------------

NUMBERS = ("-1", "0", "1", "3", "1.5", "99999999999", "9" * 30, "9" * 5_000, "ten", "1_0", "٣", "1e9999999", "nan", "")
TEXTS = (
    *("", " ", "-", "--", "a", "A-B", "ß", "İ", "x" * 300, "a\tb", "a\nb", "\u202e", "\U0001f600", "\udcff", "'", '"'),
    *("%", "_", "*", "\\", "a,b", "a;b", "$(x)", "=1+1", "id:1", "id:0", "id:99999999999999999999", "id:x", "type:key"),
    *("::", ":", "guest", "none", "all", "null", "true", "on", "2026-02-30", "2026-02-28", "0001-01-01", "9999-12-31"),
    *("2026-01-01T00:00:00+23:59", "12:00", "1.50", "1,50", "-0", "1e3", "USD", "XXX", "de-DE", "x@y", "@", "a@b.c"),
)
REFERENCES = (
    *("customer:company-a", "user:bob.reyes@company-a.example", "role:buyer", "group:partners", "order:SO-1001"),
    *("quote:Q-1001", "visitor:visitor-1", "contact:ben", "account:company-a", "lead:x", "opportunity:x", "tag:gold"),
    *("capability:checkout", "capability:x", "workflow:x", "opportunity.budget", "quote.subtotal", "order", "product"),
    *("customer-address:company-a/hq", "customer-user-role:buyer", "business:x", "record:x", "setting:guest.access"),
)
SUBJECTS = ("guest", "role:buyer", "role:company-a/assistant", "visitor:x", "user:x")
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "~", "==", "", " = ")
FIELDS = tuple(dict.fromkeys(field.name for noun in NOUNS.values() for field in noun.fields))
WORDS: st.SearchStrategy[str] = st.one_of(st.sampled_from(TEXTS), st.sampled_from(REFERENCES), st.sampled_from(NUMBERS))
RANDOM = st.text(st.characters(exclude_characters="/\0", exclude_categories=()), max_size=8)
SHARED = frozenset({"db", "profile", "help"})
"""Options that are left out: another database may well be unusable."""


@functools.cache
def commands() -> list[tuple[Words, tuple[Any, ...], bool]]:
    """Every command with its parameters, and whether it takes --as."""
    return [(path, tuple(found.params), found.acts) for path, found in nodes() if not hasattr(found, "commands")]


RIGHT = {
    "SUBJECT": SUBJECTS,
    "ACTION": ("view", "create", "edit", "delete", "assign", "use", "perform", "duplicate"),
    "RESOURCE": REFERENCES,
    "TYPE:KEY": REFERENCES,
    "ENTITY": ("order", "quote", "customer", "customer-user", "shopping-list", "product"),
    "ACTION=LEVEL": ("view=none", "view=corporate", "edit=user", "delete=full", "use=on", "use=off", "x=y"),
    "SETTING": ("guest.access", "currency.rates", "guest.allowed_pages", "opportunity.probability.won"),
    "FEATURE": ("shopping-list", "checkout", "request", "quote"),
    "CHOICE": ("visible", "hidden", "category", "config"),
    "TIME": ("2026-01-01", "2026-03", "2026-01-01T10:00:00Z", "9999-12-31T23:59:59-12:00"),
    "YYYY-MM-DD": ("2026-01-01", "1980-02-29", "2026-02-30"),
    "DAY": ("2026-01-01", "2026-02-30"),
    "1234.50": ("1", "0.0001", "1234.50", "922337203685477.5807", "1e3", "-1", "999999999999999999999"),
    "USD": ("USD", "EUR", "XXX", "usd"),
    "FILE": ("out.csv", "in.toml", "out/x.json"),
    "N": NUMBERS,
}
"""Values that a metavar stands for, right and nearly right."""
STORED = {
    "CUSTOMER": "SELECT key FROM customer UNION SELECT name FROM customer",
    "USER": "SELECT key FROM customer_user",
    "SUBJECT": "SELECT key FROM customer_user UNION SELECT 'visitor:' || key FROM visitor",
    "GROUP": "SELECT key FROM customer_group",
    "ROLE": "SELECT key FROM role UNION SELECT label FROM role",
    "ACCOUNT": "SELECT key FROM account",
    "CONTACT": "SELECT key FROM contact",
    "CONTACT_GROUP": "SELECT key FROM contact_group",
    "TAG": "SELECT key FROM tag UNION SELECT name FROM tag",
    "TAXONOMY": "SELECT key FROM taxonomy",
    "NUMBER": "SELECT number FROM sales_document",
    "LAST": "SELECT number FROM sales_document UNION SELECT key FROM customer",
    "CHANNEL": "SELECT key FROM channel",
    "BUSINESS": "SELECT key FROM business_customer",
    "LEAD": "SELECT key FROM lead",
    "OPPORTUNITY": "SELECT key FROM opportunity",
    "ACTIVITY": "SELECT key FROM activity",
    "VISITOR": "SELECT key FROM visitor",
    "PRODUCT": "SELECT sku FROM product",
    "SKU": "SELECT sku FROM product",
    "PRICE_LIST": "SELECT key FROM price_list",
    "CATEGORY": "SELECT key FROM category",
    "CONTENT": "SELECT key FROM content",
    "VARIANT": "SELECT key FROM content_variant",
    "RESOURCE": "SELECT entity || ':' || number FROM sales_document",
    "TYPE:KEY": "SELECT DISTINCT record FROM history",
    "OWNER/KEY": "SELECT c.key || '/' || a.key FROM address a JOIN customer c ON c.id = a.customer_id",
}
"""What finds the keys of what is stored, by the metavar of an argument."""


@functools.cache
def stored(database: Path) -> Mapping[str, tuple[str, ...]]:
    """The right values by metavar; under the empty one those of all."""
    runner = Runner(database)
    found = {metavar: list(values) for metavar, values in RIGHT.items()}
    for metavar, query in STORED.items():
        found.setdefault(metavar, []).extend(str(key) for (key,) in runner.sql(query))
    found[""] = sorted({value for metavar in STORED for value in found[metavar]})
    return {metavar: tuple(values) for metavar, values in found.items()}


@st.composite
def near(draw: st.DrawFn, word: str) -> str:
    """A word, or something that is nearly the same."""
    match draw(st.integers(0, 7)):
        case 0:
            return word.upper()
        case 1:
            return f" {word} "
        case 2:
            return word[:-1]
        case 3:
            at = draw(st.integers(0, len(word)))
            return word[:at] + draw(RANDOM) + word[at:]
    return word


@st.composite
def value_of(draw: st.DrawFn, param: Any, names: Mapping[str, Sequence[str]]) -> str:
    """A value for a parameter: mostly of the kind that it wants, now and then nearly so, or something else."""
    metavar = str(param.metavar or "").removesuffix("...")
    if choices := getattr(param.type, "choices", None):
        wanted: st.SearchStrategy[str] = st.sampled_from(list(choices))
    elif "|" in metavar and "FILE" not in metavar and "RECORD" not in metavar:
        wanted = st.sampled_from(metavar.split("|"))
    elif param.type.name.startswith("int"):
        wanted = st.sampled_from(NUMBERS)
    elif param.name in ("where", "sort", "fields"):
        field = st.sampled_from((*FIELDS, *FIELDS, "", "x"))
        value = st.one_of(WORDS, RANDOM, st.sampled_from(names[""]), st.sampled_from(NUMBERS))
        several = st.lists(st.tuples(st.sampled_from(("", "-")), field).map("".join), max_size=4).map(",".join)
        where = st.tuples(field, st.sampled_from(OPERATORS), value).map("".join)
        wanted = where if param.name == "where" else several
    else:
        wanted = st.sampled_from(names.get(metavar, names[""]))
    chance = draw(st.integers(0, 11))
    return draw(wanted if chance < 9 else wanted.flatmap(near) if chance < 10 else WORDS if chance < 11 else RANDOM)


@st.composite
def command_lines(draw: st.DrawFn, names: Mapping[str, Sequence[str]], part: int) -> list[str]:
    """A line that is often carried out and often refused: arguments and some options of one command."""
    path, params, acts = draw(st.sampled_from(commands()[part::PARTS]))
    words: list[str] = []
    for param in params:
        if param.param_type_name == "argument":
            count = draw(st.integers(1, 3)) if param.nargs == -1 else draw(st.sampled_from((*[1] * 9, 0)))
            words += [draw(value_of(param, names)) for _ in range(count)]
    options = [param for param in params if param.param_type_name == "option" and param.name not in SHARED]
    own, shared = options[: -len(SHARED_OPTIONS)], options[-len(SHARED_OPTIONS) :]
    asked = draw(st.lists(st.sampled_from(own or shared), max_size=4, unique_by=id))
    asked += [param for param in own if param.required]
    if draw(st.integers(0, 2)) == 0:
        asked += [
            param for param in draw(st.lists(st.sampled_from(shared), max_size=2)) if acts or param.name != "as_user"
        ]
    for param in asked:
        name = draw(st.sampled_from([*param.opts, *param.secondary_opts]))
        words += [name] if param.is_flag else [name, draw(value_of(param, names))]
    words += ["--yes"] if draw(st.booleans()) else []
    if draw(st.integers(0, 29)) == 0:
        words.insert(draw(st.integers(0, len(words))), draw(RANDOM))
    return [*path, *words]


SHARED_OPTIONS = [param for param in SHARED_PARAMS if param.name not in SHARED]


UNUSABLE = (("db", "restore"),)
"""What reads another database, which may well be none."""


@pytest.mark.parametrize("part", range(PARTS))
def test_no_command_line_is_a_bug_or_ends_with_a_false_8(
    fuzzed: Callable[..., Answer], demo_file: Path, part: int
) -> None:
    @many(0.6)
    @given(command_lines(stored(demo_file), part), st.one_of(st.just(b""), st.binary(max_size=40)))
    def hold(words: list[str], stdin: bytes) -> None:
        fuzzed(*words, stdin=stdin, may_be_unusable=tuple(words[:2]) in UNUSABLE)

    hold()


# -- what is read --------------------------------------------------------------------------------------------------

TOKENS = (
    *(
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xff",
        b"\0",
        b"\r",
        b"\n",
        b"\r\n",
        b'"',
        b"'",
        b"[[",
        b"]]",
        b"{",
        b"}",
        b"[",
        b"]",
    ),
    *(b":", b"=", b",", b";", b"\t", b"- ", b"\\", b"\\ud800", b"\\u0000", b"null", b"true", b"{}", b"[]", b"0", b"-1"),
    *(
        b"1e9999999",
        b"9" * 40,
        b"9" * 5_000,
        b"nan",
        b"0.1",
        b"[0,[1,5],1]",
        b"\xe2\x80\xae",
        b"\xc2\xa0",
        b"#",
        b"&a *a",
    ),
    *(
        b"2026-02-30",
        b"1979-05-27T07:32:00Z",
        b"x" * 300,
        b"[" * 2_000,
        b'"" = 1\n',
        b"<<: *a\n",
        b"!!python/x",
        b"=cmd",
    ),
)


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """A text with some bytes put in, taken out, doubled or cut off; now and then nothing but noise."""
    text = draw(st.sampled_from(seeds))
    if draw(st.integers(0, 19)) == 0:
        return draw(st.binary(max_size=60))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        upto = min(at + draw(st.integers(1, 30)), len(text))
        match draw(st.integers(0, 5)):
            case 0:
                text = text[:at] + text[upto:]
            case 1:
                text = text[:upto] + text[at:]
            case 2:
                text = text[:at] if at > len(text) // 2 else text
            case 3:
                text = text[:at] + draw(st.binary(min_size=1, max_size=3)) + text[at:]
            case _:
                text = text[:at] + draw(st.sampled_from(TOKENS)) + text[upto if draw(st.booleans()) else at :]
    return text


@functools.cache
def seeds(database: Path) -> Mapping[str, Sequence[bytes]]:
    """Right texts of every kind that is read, by the ending of the file."""
    runner = Runner(database)
    whole = json.loads(runner.export("json"))
    tables = {name: rows[:2] if isinstance(rows, list) else rows for name, rows in whole.items()}
    found: dict[str, list[bytes]] = {"toml": [], "yaml": [], "json": [], "csv": [], "jsonl": []}
    from custctl.store.documents import write_document

    for name, rows in tables.items():
        if isinstance(rows, list | dict):
            for ending in ("toml", "yaml", "json"):
                found[ending].append(write_document({name: rows}, ending).encode())
    found["toml"].append(TESTS.encode())
    return found


TESTS = """apiVersion = "custctl/v1"
[[tests]]
subject = "bob.reyes@company-a.example"
action = "view"
resource = "order:SO-1001"
allowed = true
level = "user"
reason = "granted"
[[customers]]
key = "new"
was = "company-a"
name = "New"
"""
BATCH = b"""{"subject": "bob.reyes@company-a.example", "action": "view", "resource": "order:SO-1001"}
{"subject": "guest", "action": "view", "resource": "order", "owner": null, "customer": "company-a"}
{"subject": "role:buyer", "action": "edit", "resource": "quote.subtotal", "ignore_status": true, "visitor": null}
"""
CONFIG = b"""output = "json"
color = "never"
profile = "a"
[profiles.a]
output = "csv"
"""


@pytest.mark.parametrize("part", range(PARTS))
def test_no_document_is_a_bug(fuzzed: Callable[..., Answer], demo_file: Path, part: int) -> None:
    ending = ("toml", "yaml", "json", "toml")[part]
    verbs = st.sampled_from((["apply", "--yes", "-f"], ["plan", "-f"], ["diff", "--prune", "-f"], ["access", "test"]))

    @many(0.15)
    @given(mutated(seeds(demo_file)[ending]), verbs, st.booleans())
    def hold(text: bytes, verb: list[str], piped: bool) -> None:
        name = f"{_KEPT}.{ending}"
        Path(name).write_bytes(text)
        fuzzed(*verb, "-" if piped else name, stdin=text if piped else b"")

    hold()


@functools.cache
def imports(database: Path) -> list[tuple[tuple[str, ...], list[bytes]]]:
    """Every command that imports rows, with right sheets for it."""
    runner, found = Runner(database), []
    for path, node in nodes():
        if path[-1:] != ("import",) or hasattr(node, "commands"):
            continue
        noun = next((noun for noun in NOUNS.values() if (noun.group, "import") == path), None)
        name = noun.document if noun is not None else " ".join(path[:-1])
        sheets = []
        for ending in ("csv", "jsonl"):
            answer = runner("export", name, "--format", ending, "--limit", "3")
            if answer.exit == 0 and answer.out:
                sheets.append(answer.out.encode())
        found.append(
            (path, sheets or [b"key,name\na,A\n", b'{"key": "a", "name": "A"}\n', b"name;email\nA;a@b.example\n"])
        )
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_no_sheet_is_a_bug(fuzzed: Callable[..., Answer], demo_file: Path, part: int) -> None:
    options = st.lists(
        st.sampled_from(
            [
                *(
                    ["--continue-on-error"],
                    ["--dry-run"],
                    ["--mode", "add"],
                    ["--mode", "update"],
                    ["--empty", "clear"],
                ),
                *(["--delimiter", ";"], ["--encoding", "latin-1"], ["--encoding", "utf-16"], ["--map", "name=key"]),
                *(["--date-format", "%d.%m.%Y"], ["--max-errors", "1"], ["-o", "json"], ["--map", "x=notes"]),
            ]
        ),
        max_size=3,
    )

    @many(0.15)
    @given(st.data(), options, st.sampled_from(("csv", "tsv", "json", "jsonl", "-")))
    def hold(data: st.DataObject, words: list[list[str]], ending: str) -> None:
        path, sheets = data.draw(st.sampled_from(imports(demo_file)[part::PARTS]))
        text = data.draw(mutated(sheets))
        name = "-" if ending == "-" else f"{_KEPT}.{ending}"
        if ending != "-":
            Path(name).write_bytes(text)
        fuzzed(*path, name, "--yes", *(word for pair in words for word in pair), stdin=text)

    hold()


@pytest.mark.parametrize("part", range(PARTS))
def test_no_batch_plan_config_or_list_of_names_is_a_bug(
    fuzzed: Callable[..., Answer], demo_file: Path, part: int, tmp_path: Path
) -> None:
    document = tmp_path / f"{_KEPT}.toml"
    document.write_text(TESTS)
    outputs = st.sampled_from(("table", "json", "jsonl", "csv", "yaml", "name"))
    names = "\r\n".join(stored(demo_file)[""][:20]).encode()
    fuzzed("plan", "-f", str(document), "--out", f"{_KEPT}.plan")
    plan = Path(f"{_KEPT}.plan").read_bytes()

    @many(0.1)
    @given(mutated((BATCH, plan, CONFIG, names)[part : part + 1]), outputs, st.booleans())
    @example(b"", "json", False)
    def hold(text: bytes, output: str, also: bool) -> None:
        match part:
            case 0:
                fuzzed("access", "can", "--batch", "-", "-o", output, stdin=text)
            case 1:
                Path(f"{_KEPT}.json").write_bytes(text)
                fuzzed("apply", "--plan", f"{_KEPT}.json", "--yes", "-o", output)
            case 2:
                Path(f"{_KEPT}.cfg").write_bytes(text)
                verb = ("config", "set", "color", "never") if also else ("customer", "list")
                # Another database may well be unusable.
                fuzzed(*verb, CUSTCTL_CONFIG=f"{_KEPT}.cfg", may_be_unusable=b"db" in text)
            case _:
                noun = ("customer", "delete") if also else ("user", "disable")
                fuzzed(*noun, "-", "--yes", "-o", output, stdin=text)

    hold()
