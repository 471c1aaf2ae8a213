"""On a terminal: questions before much is changed, colours, boxes as wide as the screen, and text that does no harm."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from custctl.render import cells
from tests.promises.process import Shop, customers, harm_in
from tests.promises.terminal import Terminal

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
QUESTION = "Go on? [y/N] "
HOSTILE = "\x1b[31mred\x1b]0;title\x07\x9b2J\r\u202e\u2066\u200b\U000e0041[red]x[/] :smile:"
VIEWS = {
    "list": ("customer", "list"),
    "tree": ("customer", "tree"),
    "show": ("customer", "show", "company-a"),
    "explain": ("access", "explain", "bob.reyes@company-a.example", "edit", "order:SO-1101"),
    "matrix": ("access", "matrix", "role:buyer"),
    "users": ("user", "list"),
    "roles": ("role", "list"),
    "accounts": ("account", "list"),
    "account": ("account", "show", "company-a"),
    "contacts": ("contact", "list"),
    "contact": ("contact", "show", "helen-ortiz"),
    "status": ("db", "status"),
}


@pytest.fixture
def asked(world: Shop) -> Shop:
    """A shop with a document of two customers that has not been applied."""
    world.document(customers(range(2)))
    return world


def stored(shop: Shop) -> int:
    [[count]] = shop.sql("SELECT count(*) FROM customer WHERE key IN ('c0', 'c1')")
    return int(count)


APPLY = ("apply", "-f", "world.toml")


@pytest.mark.parametrize(
    ("typed", "code", "told", "count"),
    [
        ("y\n", 0, "4 added, 0 changed, 0 removed", 2),
        ("YES\n", 0, "4 added, 0 changed, 0 removed", 2),
        ("n\n", 2, "error: not done: you did not agree\n  hint: nothing was changed", 0),
        ("\n", 2, "error: not done: you did not agree", 0),
        ("yep\n", 2, "error: not done: you did not agree", 0),
        ("\x04", 2, "error: not done: you did not agree", 0),
        ("\x03", 130, "interrupted; nothing was changed", 0),
    ],
)
def test_an_apply_asks_first(asked: Shop, typed: str, code: int, told: str, count: int) -> None:
    terminal = Terminal(asked, APPLY)
    terminal.until(QUESTION)
    assert stored(asked) == 0
    [meanwhile] = asked.many(["customer", "add", "Meanwhile", "-q"])
    assert meanwhile.code == 0, "a question keeps nobody out"
    terminal.type(typed)
    assert (terminal.end(), stored(asked)) == (code, count)
    assert told in COLOUR.sub("", terminal.screen)
    assert "applying 4 to add: customer:c0, customer:c1" in terminal.screen


def test_nobody_is_asked_where_nothing_would_change_or_all_is_agreed(asked: Shop) -> None:
    for words, code, count in (
        ((*APPLY, "--no-input"), 2, 0),
        ((*APPLY, "--dry-run"), 0, 0),
        ((*APPLY, "--yes"), 0, 2),
        (APPLY, 0, 2),
    ):
        terminal = Terminal(asked, words)
        assert (terminal.end(), stored(asked)) == (code, count), words
        assert QUESTION not in terminal.screen


def test_off_a_terminal_an_apply_needs_yes(asked: Shop) -> None:
    ran = asked(*APPLY)
    assert (ran.code, ran.out) == (2, "")
    asks = "error: applying 4 to add: customer:c0, customer:c1, account:c0, account:c1 needs --yes\n"
    assert ran.err == f"{asks}  hint: look at it first with --dry-run, then add --yes\n"
    assert stored(asked) == 0


@pytest.mark.parametrize("columns", [80, 200])
def test_every_view_is_as_wide_as_the_screen_and_lets_no_stored_text_through(world: Shop, columns: int) -> None:
    world.many(
        ["customer", "edit", "company-a", "--name", HOSTILE, "--owner", HOSTILE, "--vat-id", HOSTILE],
        ["user", "edit", "bob.reyes@company-a.example", "--first-name", HOSTILE, "--last-name", HOSTILE],
        ["role", "edit", "buyer", "--label", HOSTILE],
        ["account", "edit", "company-a", "--name", HOSTILE, "--description", HOSTILE],
        ["contact", "edit", "helen-ortiz", "--last-name", HOSTILE, "--job-title", HOSTILE],
    )
    for name, words in VIEWS.items():
        terminal = Terminal(world, words, columns)
        assert terminal.end() == (1 if name == "explain" else 0)
        plain = COLOUR.sub("", terminal.screen)
        assert harm_in(plain) == [], name
        if name not in ("tree", "explain"):  # a name in a tree and a command to copy stay on their line
            assert max(map(cells, plain.splitlines())) <= columns, name


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_wide_screen_is_used_even_where_python_is_told_not_to_buffer(world: Shop, unbuffered: str) -> None:
    terminal = Terminal(world, VIEWS["accounts"], 200, {"PYTHONUNBUFFERED": unbuffered})
    assert terminal.end() == 0
    assert 80 < max(map(cells, COLOUR.sub("", terminal.screen).splitlines())) <= 200


@pytest.mark.parametrize(
    ("words", "env", "colour"),
    [
        ((), {}, True),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"TERM": "dumb"}, False),
        (("--color", "never"), {}, False),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
    ],
)
def test_colour_follows_the_terminal_unless_somebody_says_otherwise(
    world: Shop, words: tuple[str, ...], env: dict[str, str], colour: bool
) -> None:
    terminal = Terminal(world, (*words, *VIEWS["explain"]), env=env)
    assert terminal.end() == 1
    assert ("\x1b[" in terminal.screen) is colour


def test_an_error_on_a_terminal_shows_what_was_typed_and_obeys_nothing(world: Shop) -> None:
    for words in (("customer", "show", HOSTILE), ("customer", "list", "--where", HOSTILE), (HOSTILE,)):
        terminal = Terminal(world, words)
        assert terminal.end() in (2, 3)
        assert harm_in(COLOUR.sub("", terminal.screen)) == []
        assert "\\x1b[31mred\\x1b]0;title\\x07\\x9b2J\\r\\u202e" in terminal.screen


def test_a_terminal_is_left_as_it_was_found(asked: Shop) -> None:
    terminal = Terminal(asked, APPLY)
    terminal.until(QUESTION)
    assert terminal.echoes()
    terminal.type("\x03")
    assert terminal.end() == 130
    assert not terminal.screen.endswith("\x1b")
    colours = COLOUR.findall(terminal.screen)
    assert colours.count("\x1b[0m") * 2 == len(colours), "every colour is switched off again"
    assert terminal.screen.count("\x1b[?25l") == terminal.screen.count("\x1b[?25h"), "and the cursor is there"


ASKED_OFTEN = """
import os, pty, random, signal, sys, threading, time
from custctl.commands._command import typed_line

slow = 0
for _ in range(2000):
    keyboard, screen = pty.openpty()
    sys.stdin = open(screen)
    begin, started = os.pipe()
    child = os.fork()
    if not child:
        os.read(begin, 1)
        os.kill(os.getppid(), signal.SIGINT)
        os._exit(0)
    rescue = threading.Timer(0.5, os.write, (keyboard, b"\\n"))
    rescue.start()
    since = time.monotonic()
    try:
        os.write(started, b"x")
        for _ in range(random.randrange(6000)):
            pass
        typed_line()
        time.sleep(1)
    except KeyboardInterrupt:
        slow += time.monotonic() - since > 0.45
    os.waitpid(child, 0)
    rescue.cancel()
    rescue.join()
    sys.stdin.close()
    for end in (keyboard, begin, started):
        os.close(end)
print(slow)
"""
"""Sends Ctrl-C around the moment at which the reading starts; how often only the key that followed ended the wait."""


@pytest.mark.slow
def test_ctrl_c_ends_a_question_at_whatever_moment_it_comes() -> None:
    ran = subprocess.run([sys.executable, "-c", ASKED_OFTEN], capture_output=True, text=True, timeout=300, check=True)
    assert ran.stdout == "0\n"
