"""Whatever is stored and typed, a command that the program shows can be pasted: nothing of a value is carried out.

Every command is run with hostile references, and those that offer a command in the situations in which they do; each
line with a command in it then goes into real shells, in an empty folder, where `custctl` only tells its arguments.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command_lines import commands_in, wrong_with
from tests.runner import Answer, Runner
from tests.tree import leaves, nodes

SHELLS = [name for name in ("bash", "dash", "zsh") if shutil.which(name)]

MARK = "zq7"
"""In every value: where it is seen, the whole value must be."""
KEPT = (
    f"{MARK}$(touch pwned)",
    f"{MARK}`touch pwned`;touch pwned|touch pwned&touch pwned>pwned",
    f"{MARK}'$(touch pwned)'\"$(touch pwned)\"",
    f"-{MARK}",
    f"~{MARK} #!* {{a,b}} \\",
    f"={MARK}",
)
"""Values that can be stored where a noun's key is free."""
TYPED = (*KEPT, f"{MARK}\ntouch pwned\n$(touch pwned) x", f"{MARK}\u202e$(touch pwned)", f"--{MARK}=$(touch pwned)")
MAILS = (f"{MARK}$`touch{{pwned}}`@x.example", f"{MARK}'|touch&pwned!*#@x.example", f"-{MARK}@x.example")
OFF = f"off-{MAILS[0]}"
FILES = (f"{MARK}$(touch pwned).plan", f"{MARK}'`touch pwned`'.plan", f"-{MARK};touch pwned.plan", f"{MARK}\n.plan")
SALES = ("order", "quote", "request", "shopping-list", "checkout")


ELSEWHERE = (("demo",), ("help",), ("version",))
"""A world is made in a test of its own; the others tell about the program, in sentences."""


class Pasting:
    """Shells in an empty folder, where `custctl` tells what it is called with."""

    def __init__(self, folder: Path) -> None:
        self.empty = folder / "empty"
        self.told = folder / "told"
        programs = folder / "programs"
        self.empty.mkdir()
        programs.mkdir()
        stub = programs / "custctl"
        stub.write_text(f"#!/bin/sh\nprintf '%s\\0' \"$@\" '' >> {shlex.quote(str(self.told))}\n")
        stub.chmod(0o755)
        self.environment = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(self.empty)}

    def __call__(self, shell: str, line: str) -> list[str]:
        """The words that `custctl` was called with, all calls together; nothing else may have been done."""
        self.told.write_bytes(b"")
        ran = subprocess.run(
            [shell, "-c", line],
            cwd=self.empty,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert [path.name for path in self.empty.iterdir()] == [], line
        assert b"pwned" not in ran.stderr, (line, ran.stderr)
        return [os.fsdecode(word) for word in self.told.read_bytes().split(b"\0")]


def texts(answer: Answer) -> Iterator[str]:
    """The lines of an answer for people, the texts of one for programs; what is wrong is told in sentences."""
    for stream in (answer.out, answer.err):
        with contextlib.suppress(json.JSONDecodeError):
            yield from _in_json(json.loads(stream))
            continue
        yield from (line for line in stream.splitlines() if not line.startswith("error: "))


def _in_json(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [text for part in value for text in _in_json(part)]
        case dict():
            return [text for name, part in value.items() if name != "message" for text in _in_json(part)]
        case _:
            return []


def harmless(pasting: Pasting, answers: Iterable[Answer]) -> set[str]:
    """Paste every command of the answers into each shell, alone and with what follows; those with a value in them.

    A command is one that there is, and has its values exactly, perhaps within `order:VALUE` or `VALUE/hq`.
    """
    values = {text for value in (*TYPED, *MAILS, OFF, *FILES) for text in (value, value.casefold(), value.strip())}
    begun = [re.search(r"custctl (?! ).*", text, re.DOTALL) for answer in answers for text in texts(answer)]
    lines = {found[0] for found in begun if found}
    commands = {command for line in lines for command in commands_in(line)}
    for line in lines | commands:
        for shell in SHELLS:
            words = [word for word in pasting(shell, line) if MARK in word]
            if line in commands:
                assert bool(words) == (MARK in line), line
                assert all(word.removesuffix("/hq").endswith(tuple(values)) for word in words), (line, words)
    for command in commands:
        assert wrong_with(command) is None, (command, wrong_with(command))
    return {command for command in commands if MARK in command}


@pytest.fixture
def pasting(tmp_path: Path) -> Pasting:
    return Pasting(tmp_path)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command writes by a relative name goes where nobody minds."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, empty_file: Path) -> Path:
    """A shop whose free keys, names and addresses are hostile."""
    run = Runner(Path(shutil.copy(empty_file, tmp_path_factory.mktemp("filled"))))
    person = {"first_name": KEPT[0], "last_name": KEPT[1], "customer": "acme", "roles": ["buyer"]}
    world: dict[str, Any] = {
        "customers": [{"key": "acme", "name": KEPT[0]}, {"key": "other", "name": KEPT[1]}],
        "users": [*({"email": mail, **person} for mail in MAILS), {"email": OFF, "enabled": False, **person}],
        "roles": [{"key": "other/own", "label": KEPT[0]}],
        "contacts": [{"key": "ann", "last_name": KEPT[1], "emails": list(MAILS)}],
        "accounts": [{"key": "big", "name": KEPT[2]}],
        "leads": [{"key": "lead", "name": KEPT[0], "status": "canceled"}],
        "opportunities": [{"key": "sale", "name": KEPT[0], "account": "big"}],
        "visitors": [{"key": "s-1"}],
        "entities": [{"name": "things", "ownership": "user"}],
        "records": [{"entity": "things", "key": key, "customer": "acme"} for key in KEPT],
        "shopping_lists": [{"number": KEPT[0], "visitor": "s-1"}],
        "settings": {"guest.shopping_list": True, "guest.checkout": True},
    }
    for noun in ("orders", "quotes", "requests", "checkouts"):
        world[noun] = [{"number": number, "customer": "acme", "user": MAILS[0]} for number in KEPT]
    run.apply(json.dumps(world), "world.json")
    return run.database


@pytest.fixture
def shop(filled: Path, tmp_path: Path) -> Runner:
    return Runner(Path(shutil.copy(filled, tmp_path)))


def both(run: Runner, *words: str, stdin: str = "") -> Iterator[Answer]:
    """The answer for people and the one for programs."""
    yield run(*words, stdin=stdin)
    yield run("-o", "json", *words, stdin=stdin)


@pytest.mark.parametrize("path", [path for path in leaves() if path not in ELSEWHERE], ids=" ".join)
def test_no_command_shows_one_that_carries_out_what_was_typed(
    filled: Path, pasting: Pasting, path: tuple[str, ...]
) -> None:
    run = Runner(filled)
    parameters = dict(nodes())[path].params
    needed = sum(parameter.param_type_name == "argument" and parameter.required for parameter in parameters)
    options = [
        option.opts[0]
        for option in parameters
        if option.param_type_name == "option" and not option.is_flag and option.opts[0] not in ("--db", "--output")
    ]
    turn = len(" ".join(path))  # not each command needs each value
    values = [(*TYPED, *MAILS)[(turn + step) % len((*TYPED, *MAILS))] for step in range(0, 9, 3)]
    answers = [answer for value in values for answer in both(run, *path, "--dry-run", "--", *[value] * needed)]
    answers.append(run(*path, values[0], values[1], values[2], "x", "--dry-run"))
    for place, option in enumerate(options):
        answers.append(run(*path, f"{option}={values[place % 3]}", "--dry-run", "--", *["acme"] * needed))
    harmless(pasting, answers)


# -- in the situations in which a command is offered ---------------------------------------------------------------


@pytest.mark.parametrize("noun", SALES[:3])
@pytest.mark.parametrize("number", KEPT)
def test_a_number_that_is_taken(shop: Runner, pasting: Pasting, noun: str, number: str) -> None:
    assert harmless(pasting, both(shop, noun, "add", "--customer", "acme", "--", number))


@pytest.mark.parametrize("mail", MAILS)
def test_a_user_who_owns_something(shop: Runner, pasting: Pasting, mail: str) -> None:
    for number in KEPT:
        shop("order", "edit", "--user", mail, "--", number)
    assert harmless(pasting, both(shop, "user", "delete", "--", mail))


@pytest.mark.parametrize("mail", MAILS)
def test_a_user_who_cannot_sign_in(shop: Runner, pasting: Pasting, mail: str) -> None:
    assert shop("user", "disable", "--", mail).exit == 0
    assert harmless(pasting, both(shop, "guest", "login", "--", "s-1", mail))
    assert harmless(pasting, both(shop, "access", "explain", "--", mail, "view", "order"))
    assert harmless(pasting, both(shop, "access", "explain", "--", mail, "view", f"order:{KEPT[0]}"))


@pytest.mark.parametrize("mail", MAILS[:2])
def test_the_primary_address_of_a_contact(shop: Runner, pasting: Pasting, mail: str) -> None:
    others = [other for other in MAILS if other != mail]
    shop("contact", "edit", "ann", *(f"--email={other}" for other in (mail, *others)))
    assert harmless(pasting, both(shop, "contact", "email", "remove", "ann", "--", mail))


def test_a_second_shopping_list_of_a_visitor(shop: Runner, pasting: Pasting) -> None:
    assert harmless(pasting, both(shop, "guest", "shopping-list", "s-1", "L-2"))


@pytest.mark.parametrize("mail", MAILS)
def test_a_guest_who_registers_by_an_address_that_is_taken(shop: Runner, pasting: Pasting, mail: str) -> None:
    shop("guest", "checkout", "s-1", "C-1", "--email", "jo@x.example", "--first-name", "Jo", "--last-name", "Li")
    assert harmless(pasting, both(shop, "guest", "register", "visitor:s-1", f"--email={mail}"))


@pytest.mark.parametrize("status", ["won", "lost"])
@pytest.mark.parametrize("value", TYPED)
def test_an_opportunity_that_is_moved_to_its_end(shop: Runner, pasting: Pasting, value: str, status: str) -> None:
    assert harmless(pasting, both(shop, "opportunity", "move", "--", value, status))


@pytest.mark.parametrize("file", FILES)
def test_a_plan_in_a_file(shop: Runner, pasting: Pasting, file: str) -> None:
    document = shop.file('[[customers]]\nkey = "new"\nname = "New"\n')
    assert harmless(pasting, [shop("plan", "-f", document, f"--out={file}")])


@pytest.mark.parametrize("file", FILES)
def test_a_world_in_a_database(pasting: Pasting, tmp_path: Path, file: str) -> None:
    run = Runner(tmp_path / file.strip())
    assert harmless(pasting, [run("demo")])


@pytest.mark.parametrize("heading", TYPED)
def test_a_heading_of_no_meaning(shop: Runner, pasting: Pasting, heading: str) -> None:
    """What is shown is an option, to be added to the command that was typed."""
    cell = heading.replace('"', '""')
    sheet = shop.file(f'Key,Name,"{cell}"\na,A,x\n', "sheet.csv")
    answer = shop("customer", "import", sheet)
    options = [f"custctl {part}" for part in re.split(" or leave it out: |, like ", answer.err) if part[:5] == "--map"]
    for line in options:
        for name in SHELLS:
            assert pasting(name, line)[1] in (f"{heading}=name", f"{heading}=")
    assert len(options) == 2 or "did you mean" in answer.err


@pytest.mark.parametrize("value", TYPED)
def test_the_commands_of_history(shop: Runner, pasting: Pasting, value: str) -> None:
    assert shop("customer", "edit", "acme", f"--owner={value}").exit == 0
    assert harmless(pasting, [*both(shop, "history"), shop("history", "-o", "wide")])


DAMAGE = (
    "DELETE FROM user_role",
    "INSERT INTO user_role SELECT u.id, r.id FROM customer_user u, role r WHERE r.key = 'other/own'",
    "INSERT INTO role_entry SELECT id, 'entity', '{name}', 'view', 'user' FROM role",
    "INSERT INTO role_entry SELECT id, 'capability', '{name}', 'use', 'full' FROM role",
)


PLAIN_DAMAGE = (
    "UPDATE address SET is_primary = 0",
    """UPDATE address SET default_types = '["billing"]', types = '[]'""",
    "UPDATE customer SET parent_id = id",
)


@pytest.mark.parametrize("statement", PLAIN_DAMAGE)
def test_each_remedy_of_damage_is_a_command_that_there_is(shop: Runner, pasting: Pasting, statement: str) -> None:
    address = {"key": "hq", "first_name": "A", "last_name": "B", "street": "S", "city": "C", "postal_code": "1"}
    at = {"addresses": [address | {"country": "AW", "primary": True}]}
    world = {
        "customers": [{"key": "acme", **at}],
        "users": [{"email": MAILS[0], **at}],
        "contacts": [{"key": "ann", **at}],
        "channels": [{"key": "field", "name": "Field", "type": "b2b"}],
        "business_customers": [{"key": "shop", "name": "Shop", "account": "big", "channel": "field", **at}],
        "leads": [{"key": "other", "name": "Other", "status": "new", **at}],
    }
    shop.apply(json.dumps(world), "more.json")
    with contextlib.closing(sqlite3.connect(shop.database)) as connection, connection:
        connection.execute(statement)
    answers = list(both(shop, "db", "check"))
    assert "custctl" in answers[0].out
    harmless(pasting, answers)


@pytest.mark.parametrize("statement", DAMAGE)
@pytest.mark.parametrize("name", KEPT)
def test_what_would_mend_damage(shop: Runner, pasting: Pasting, statement: str, name: str) -> None:
    with contextlib.closing(sqlite3.connect(shop.database)) as connection, connection:
        connection.execute(statement.replace("{name}", name.replace("'", "''")))
    assert harmless(pasting, both(shop, "db", "check"))
