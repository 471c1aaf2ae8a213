"""`custctl help`: topics made from the tables that the program works by, and the help of commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from custctl.commands._topics import TOPICS
from custctl.config import OUTPUTS, VARIABLES
from custctl.errors import Exit
from custctl.resources import NOUNS
from custctl.store.inputs import INPUTS, AddressInput, Input
from custctl.store.reference import _MEANINGS
from custctl.store.rules import REQUIRED
from custctl.store.settings import SETTINGS
from tests.conftest import Process
from tests.promises.process import Shop
from tests.runner import Answer, Runner
from tests.tree import nodes


def section(runner: Runner, topic: str, title: str) -> list[dict[str, Any]]:
    """The rows of one section of a topic."""
    [found] = [part for part in runner.json("help", topic)["sections"] if part["title"] == title]
    rows: list[dict[str, Any]] = found["rows"]
    return rows


def field(runner: Runner, table: str, name: str) -> tuple[Any, ...]:
    """What `help documents` says of a field: type, required, default and what it is for."""
    [row] = [row for row in section(runner, "documents", table) if row["field"] == name]
    return tuple(row.values())[1:]


def test_help_alone_lists_the_topics_without_a_database(process: Process) -> None:
    answer = process("help", env={"CUSTCTL_DB": "/nowhere/shop.db"})
    assert (answer.exit, answer.err) == (0, "")
    assert answer.lines[0] == "TOPIC        ABOUT"
    assert [line.split()[0] for line in answer.lines[1:]] == list(TOPICS)
    assert process("help", "-o", "name").lines == list(TOPICS)


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_every_topic_is_told_in_every_format_and_opens_no_database(topic: str, output: str, tmp_path: Path) -> None:
    [answer] = Shop(Path("/nowhere/shop.db"), home=tmp_path).many(["help", topic, "-o", output])
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.endswith("\n")
    assert "None" not in answer.out


def test_the_exit_codes_are_those_that_commands_end_with(custctl: Runner) -> None:
    rows = custctl.json("help", "exit-codes")
    assert [(row["code"], row["meaning"]) for row in rows] == [(int(code), code.meaning) for code in Exit]
    assert rows[:4] == [
        {"code": 0, "name": "ok", "meaning": "Done, yes, no difference, nothing to do."},
        {
            "code": 1,
            "name": "no",
            "meaning": "The answer is no: a denial, a difference, a failed test. Never an error.",
        },
        {
            "code": 2,
            "name": "usage",
            "meaning": "The command line cannot be read, lacks --yes, or has an option the command refuses.",
        },
        {"code": 3, "name": "not-found", "meaning": "A reference typed on the command line is not stored."},
    ]
    assert [row["code"] for row in rows] == [0, 1, 2, 3, 4, 5, 6, 8, 70, 74, 75, 130, 143]


def test_every_table_and_field_that_a_document_may_hold_is_explained(custctl: Runner) -> None:
    told = {part["title"]: part["rows"] for part in custctl.json("help", "documents")["sections"] if part["rows"]}
    assert set(told) == {*INPUTS, "addresses"}
    models: dict[str, type[Input]] = {**INPUTS, "addresses": AddressInput}
    for table, model in models.items():
        assert {row["field"] for row in told[table]} == set(model.model_fields)
        assert all(row["type"] for row in told[table])


@pytest.mark.parametrize(
    ("table", "name", "said"),
    [
        (
            "customers",
            "key",
            ("a key: letters, digits and single hyphens, at most 64", "always", None, None),
        ),
        ("customers", "name", ("text, at most 255 characters", "when new", None, None)),
        ("customers", "parent", ("the key of a customer", None, None, None)),
        ("customers", "addresses", ("a list of tables", None, None, "matched by key; only added or changed")),
        ("users", "email", ("an e-mail address", "when new", None, None)),
        ("users", "roles", ("a list of keys of roles", None, None, None)),
        ("users", "guest", ("true or false", None, False, "somebody who ordered without signing in")),
        ("users", "birthday", ("a date like 1990-12-31", None, None, None)),
        ("orders", "subtotal", ("money like 1234.50, as text", None, None, None)),
        ("orders", "currency", ("a currency code of three capitals, like USD", None, None, None)),
        ("addresses", "types", ("a list of billing and shipping", None, None, None)),
    ],
)
def test_a_field_of_a_document_is_told_as_the_model_reads_it(
    custctl: Runner, table: str, name: str, said: tuple[Any, ...]
) -> None:
    assert field(custctl, table, name) == said


def test_tables_within_tables_are_told_with_what_they_hold(custctl: Runner) -> None:
    levels = "one of none, user, department, corporate, full"
    assert field(custctl, "roles", "permissions")[0] == f"a table of tables: {levels}"
    assert field(custctl, "roles", "capabilities")[0] == "a table: true or false"


def test_what_is_required_is_what_the_models_and_the_rules_ask_for(custctl: Runner) -> None:
    for noun in (noun for noun in NOUNS.values() if noun.document in INPUTS):
        model = INPUTS[noun.document]
        required = {row["field"]: row["required"] for row in section(custctl, "documents", noun.document)}
        assert {name for name, when in required.items() if when == "when new"} == set(REQUIRED.get(noun.name, ()))
        assert {name for name, when in required.items() if when == "always"} == {
            name for name, info in model.model_fields.items() if info.is_required()
        }


def test_nothing_is_explained_that_is_not_there() -> None:
    models: dict[str, type[Input]] = {**INPUTS, "addresses": AddressInput}
    fields = {name for model in models.values() for name in model.model_fields}
    fields |= {f"{table}.{name}" for table, model in models.items() for name in model.model_fields}
    assert set(_MEANINGS) - fields == set()


def test_the_example_of_help_documents_can_be_applied(custctl: Runner) -> None:
    form = custctl.json("help", "documents")["sections"][0]
    document = "\n".join(form["example"]).replace('group = "partners"\n', "")
    assert [change["record"] for change in custctl.apply(document)["changes"]] == [
        "setting:guest.shopping_list",
        "customer:acme",
        "user:anna@acme.example",
        "account:acme",
    ]


def test_the_settings_are_those_that_documents_may_hold(custctl: Runner) -> None:
    rows = custctl.json("help", "settings")
    assert [row["name"] for row in rows] == list(SETTINGS)
    [strategy] = [row for row in rows if row["name"] == "account.strategy"]
    assert (strategy["type"], strategy["default"], strategy["choices"]) == (
        "one of the choices",
        "each",
        ["each", "root", "none"],
    )


def test_the_types_of_references_the_formats_and_the_variables_come_from_their_tables(custctl: Runner) -> None:
    types = {row["type"]: row["about"] for row in section(custctl, "keys", "Types")}
    assert types["user"] == "customer users, by key; also customer-user"
    assert types["order"] == "orders, by number"
    assert len(types) == len(NOUNS) - 1
    assert [row["format"] for row in section(custctl, "output", "Formats")] == list(OUTPUTS)
    variables = {row["variable"]: row["about"] for row in section(custctl, "environment", "Variables")}
    assert set(VARIABLES.values()) < set(variables)
    assert variables["CUSTCTL_DB"] == "As --db: The database file."


@pytest.mark.parametrize("words", [words for words, _ in nodes() if words], ids=" ".join)
def test_help_of_a_command_is_what_its_own_option_says(custctl: Runner, words: tuple[str, ...]) -> None:
    asked = custctl("help", *words)
    assert asked == custctl(*words, "--help")
    assert asked.exit == 0


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("exit-code", "no topic or command 'exit-code'", "did you mean exit-codes?"),
        ("custmer", "no topic or command 'custmer'", "did you mean customer or user?"),
        ("zzz", "no topic or command 'zzz'", "what there is: custctl help or custctl --help"),
        ("customer ad", "no command of custctl customer 'ad'", "did you mean add?"),
        ("customer add x", "no command of custctl customer add 'x'", "what there is: custctl customer add --help"),
        ("keys x", "keys is a topic, and nothing is below it", "to read it: custctl help keys"),
    ],
)
def test_words_that_lead_nowhere_are_refused_with_what_is_near(
    custctl: Runner, words: str, message: str, hint: str
) -> None:
    assert custctl("help", *words.split()) == Answer(2, "", f"error: {message}\n  hint: {hint}\n")


def test_help_is_nobodys_in_particular(custctl: Runner) -> None:
    assert custctl.refusal("help", "keys", "--as", "anna@acme.example")[:2] == (2, "usage")
