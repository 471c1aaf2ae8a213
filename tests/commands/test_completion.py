"""What TAB offers: the answers to a line that ends at the cursor, and the scripts in real shells."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from custctl.completion.values import are_files, sources
from custctl.resources import NOUNS
from tests.promises.process import Shop
from tests.runner import Answer, Runner
from tests.tree import nodes

SCRIPTS = Path(__file__).parents[2] / "custctl" / "shells"

Complete = Callable[..., Answer]


@pytest.fixture
def complete(tmp_path: Path, demo_file: Path) -> Complete:
    """Asks the program to complete a line, on the demo world unless told otherwise; it never fails."""
    shop = Shop(demo_file, home=tmp_path)

    def ask(line: str, **variables: str) -> Answer:
        [ran] = shop.many([], env={"CUSTCTL_COMPLETE": line, "CUSTCTL_DEBUG": "1", **variables})
        assert (ran.code, ran.err) == (0, "")
        return Answer(ran.code, ran.out, ran.err)

    return ask


def values(answer: Answer) -> list[str]:
    """The words offered."""
    kind, *lines = answer.lines
    assert kind.startswith("values\t")
    return [line.partition("\t")[0] for line in lines]


def told(answer: Answer) -> dict[str, str]:
    """The words offered, and what each of them is."""
    return dict(line.split("\t") for line in answer.lines[1:])


EAST_LA_WEST = ["company-a-east", "company-a-la", "company-a-west"]
AMANDA = "amanda.smith@company-a.example"
WANDA = "wanda.hill@company-a.example"

OFFERED: dict[str, list[str]] = {
    # names of commands
    "custctl cu": ["customer"],
    "custctl shop": ["shopping-list"],
    "custctl customer d": ["delete", "duplicates"],
    "custctl customer address ": ["list", "show", "add", "edit", "delete", "import"],
    "custctl -o json customer sh": ["show"],
    "custctl --db x -qv customer sh": ["show"],
    "custctl completion ": ["bash", "zsh", "fish"],
    # options, before and behind the verb
    "custctl --ou": ["--output"],
    "custctl customer --dry": ["--dry-run"],
    "custctl customer list --li": ["--limit"],
    "custctl role edit buyer --no": ["--not-self-managed", "--not-public", "--no-input"],
    "custctl customer list --limit 3 --li": [],
    "custctl --output json customer list --ou": [],
    "custctl -ojson customer list --ou": [],
    "custctl role edit buyer --public --not-p": [],
    "custctl customer list --where a=b --wh": ["--where"],
    "custctl customer list --a": ["--after", "--as"],
    "custctl group list --a": ["--after"],
    "custctl customer list --after partner": ["partner-c", "partner-c-north"],
    "custctl customer list -- --li": [],
    # choices
    "custctl --output js": ["json", "jsonl"],
    "custctl -o js": ["json", "jsonl"],
    "custctl -ojs": ["-ojson", "-ojsonl"],
    "custctl -qojs": [],
    "custctl customer list --output=js": ["--output=json", "--output=jsonl"],
    "custctl customer list --color ": ["auto", "always", "never"],
    "custctl export --format ": ["toml", "yaml", "json", "csv", "jsonl"],
    "custctl user edit a --auth-status ": ["active", "reset"],
    "custctl customer address add company-a --type ": ["billing", "shipping"],
    "custctl access owners guest ": ["create", "assign"],
    "custctl config get ": ["db", "output", "color", "profile"],
    # records
    "custctl customer show company-a-": EAST_LA_WEST,
    "custctl customer show COMPANY-A-E": ["company-a-east"],
    "custctl customer show customer:company-a-e": ["customer:company-a-east"],
    "custctl customer show role:b": [],
    "custctl customer move company-a-la --to partner": ["partner-c", "partner-c-north"],
    "custctl customer add New --parent=part": ["--parent=partner-c", "--parent=partner-c-north"],
    "custctl customer list -o json --as am": [AMANDA],
    # under --as what that user sees
    f"custctl customer show --as {WANDA} ": ["company-a-la", "company-a-west"],
    f"custctl order show --as {WANDA} so-1": ["SO-1101", "SO-1102", "SO-1201", "SO-1202"],
    f"custctl customer address show --as {WANDA} wholesaler-b/": [],
    f"custctl role list --as {WANDA} --where users=1 --sort ": ["key", "label", "code", "customer", "type", "users"],
    f"custctl customer edit --as {WANDA} --price-list ": [],
    "custctl customer show --as nobody@x.example ": [],
    "custctl --as=am": [f"--as={AMANDA}"],
    "custctl user show am": [AMANDA],
    "custctl user show user:am": [f"user:{AMANDA}"],
    "custctl user show customer-user:am": [f"customer-user:{AMANDA}"],
    "custctl user show amanda.smith@": [AMANDA],
    'custctl user show "user:am': [f"user:{AMANDA}"],
    "custctl user show 'am": [AMANDA],
    "custctl user show user\\:am": [f"user:{AMANDA}"],
    "custctl user show guest-": ["guest-jo-miller"],
    "custctl user add x@y.example --customer whole": ["wholesaler-b"],
    "custctl user role add a@b.example bu": ["buyer"],
    "custctl user role add a@b.example buyer bu": [],
    "custctl group show part": ["partners"],
    "custctl group member add partners company-a-la company-a-": ["company-a-east", "company-a-west"],
    "custctl group member add part": ["partners"],
    "custctl order show SO-11": ["SO-1101", "SO-1102"],
    "custctl order show so-11": ["SO-1101", "SO-1102"],
    "custctl order add SO-9 --user am": [AMANDA],
    "custctl customer address list company-a-": EAST_LA_WEST,
    "custctl customer address show wholesaler": ["wholesaler-b/"],
    "custctl customer address show company-a/": ["company-a/hq", "company-a/warehouse"],
    "custctl user address show am": [f"{AMANDA}/"],
    "custctl history cust": ["customer-group:", "customer:", "customer-address:", "customer-user-address:"],
    "custctl history customer:partner-c-": ["customer:partner-c-north"],
    "custctl history customer-address:company-a/h": ["customer-address:company-a/hq"],
    "custctl history order:SO-11": ["order:SO-1101", "order:SO-1102"],
    "custctl history nothing:": [],
    "custctl undo ": ["1"],
    # questions
    "custctl access can gu": ["guest", "guest-jo-miller"],
    "custctl access can ro": ["role:", "rosa.marin@partner-c.example"],
    "custctl access can role:b": ["role:buyer"],
    "custctl access matrix role:buyer --diff role:adm": ["role:administrator"],
    "custctl access can guest vi": ["view"],
    "custctl access can guest view check": ["checkout"],
    "custctl access can guest view sales": ["sales-report"],
    "custctl access can guest view order:SO-11": ["order:SO-1101", "order:SO-1102"],
    "custctl access can guest view order.sub": ["order.subtotal"],
    "custctl access can guest use capability:oro_quick": ["capability:oro_quick_add_form"],
    "custctl access can guest perform workflow:b2b_r": ["workflow:b2b_rfq_frontoffice_default"],
    "custctl access records guest shopping-list-": ["shopping-list-line-item"],
    "custctl access owners a create shopping-list-": ["shopping-list-line-item"],
    "custctl access owners a assign order:SO-11": ["order:SO-1101", "order:SO-1102"],
    "custctl access can a view order --with-role adm": ["administrator"],
    # grants
    "custctl role grant buyer def": ["default"],
    "custctl role grant buyer order a": ["assign="],
    "custctl role grant buyer order view=": ["view=none", "view=user", "view=department", "view=corporate"],
    "custctl role grant buyer customer view=user edit=": ["edit=none", "edit=department", "edit=corporate"],
    "custctl role grant buyer coupon view=": ["view=none", "view=full"],
    "custctl role grant buyer capability:oro_quick_add_form ": ["use="],
    "custctl role grant buyer capability:oro_quick_add_form use=": ["use=on", "use=off"],
    "custctl role grant buyer capability-default ": ["on", "off"],
    "custctl role revoke buyer shopping-list re": ["rename"],
    # fields
    "custctl customer list --sort na": ["name"],
    "custctl customer list --sort -na": ["-name"],
    "custctl customer list --sort name,-k": ["name,-key"],
    "custctl customer list --fields key,na": ["key,name"],
    "custctl customer list --fields name,na": [],
    "custctl customer list --where gr": ["group="],
    "custctl customer list --where group=part": ["group=partners"],
    "custctl customer list --where=group!=part": ["--where=group!=partners"],
    "custctl user list --where 'enabled=": ["enabled=yes", "enabled=no"],
    "custctl group member list partners --sort internal": ["internal_rating"],
    "custctl user role list a --fields self": ["self_managed"],
    "custctl customer address list company-a --fields postal": ["postal_code"],
    "custctl history --field auth": ["auth_status"],
    "custctl history --field upd": [],
    "custctl export shop": ["shopping_lists"],
    "custctl export customer-a": ["customer-address"],
    "custctl export customers --where gr": ["group="],
    "custctl export users --fields key,birth": ["key,birthday"],
    # nothing to say
    "custctl": [],
    "": [],
    "custctl custmer ": [],
    "custctl custmer show ": [],
    "custctl customer add ": [],
    "custctl customer list --limit ": [],
    "custctl customer list --nonsense=": [],
    "custctl customer show \\": [
        "company-a",
        *EAST_LA_WEST,
        "jo-miller",
        "partner-c",
        "partner-c-north",
        "wholesaler-b",
    ],
}


@pytest.mark.parametrize("line", OFFERED, ids=lambda line: line or "nothing")
def test_a_line_is_offered_what_fits_at_its_end(line: str, complete: Complete) -> None:
    assert values(complete(line)) == OFFERED[line]


@pytest.mark.parametrize(
    "line",
    [
        "custctl apply -f ",
        "custctl apply --file wor",
        "custctl export --out=",
        "custctl access can --batch ",
        "custctl access test a b",
        "custctl customer show --db ",
    ],
)
def test_files_are_left_to_the_shell(line: str, complete: Complete) -> None:
    assert complete(line).out == "files\n"


def test_candidates_say_what_they_are(complete: Complete) -> None:
    assert told(complete("custctl plan"))["plan"] == "Show what documents would change."
    assert told(complete("custctl customer list --li"))["--limit"] == "At most so many."
    assert told(complete("custctl customer show wh"))["wholesaler-b"] == "Wholesaler B"
    assert told(complete("custctl user show am"))[AMANDA] == "Amanda Smith"
    assert told(complete("custctl order show SO-1101"))["SO-1101"] == "company-a-west open"
    assert told(complete("custctl access records guest order"))["order"] == "owned by a user"
    assert told(complete("custctl customer list --where par"))["parent="] == "customer"


def test_the_word_is_told_without_its_quotes(complete: Complete) -> None:
    assert complete('custctl user show "user:am').lines[0] == "values\tuser:am"


def test_a_group_without_a_word_offers_commands_and_a_full_command_its_options(complete: Complete) -> None:
    assert values(complete("custctl "))[:2] == ["customer", "user"]
    assert values(complete("custctl customer list "))[:3] == ["--where", "--sort", "--limit"]
    assert values(complete("custctl customer list -"))[-3:] == ["-o", "-q", "-v"]


def test_every_kind_of_record_is_offered_as_a_reference(complete: Complete) -> None:
    offered = values(complete("custctl history "))
    assert {f"{noun.reference}:" for noun in NOUNS.values() if noun.name != "record"} <= set(offered)


def test_plain_records_are_offered_by_their_entity(complete: Complete, demo: Runner) -> None:
    demo.apply("""
        apiVersion = "custctl/v1"
        [[records]]
        entity = "warranty-claim"
        key = "W-77"
        """)
    answer = complete("custctl history warranty-claim:w-7", CUSTCTL_DB=str(demo.database))
    assert values(answer) == ["warranty-claim:W-77"]


FREE = {
    *("#RRGGBB", "'HEADING=FIELD'", "1234.50", "D", "EMAIL", "FORMAT", "KEY", "LABEL", "N", "NAME", "PERIOD", "PHONE"),
    *("CUSTOMER=CHOICE", "GROUP=CHOICE", "AMOUNT", "CHOICE", "DAY", "SKU", "TEXT", "TIME", "TITLE", "URL", "USD"),
    *("VALUE", "VALUE...", "YYYY-MM-DD"),
}
"""What help calls values that nobody can know before they are typed."""


def test_whatever_help_gives_a_name_to_has_values_or_is_free() -> None:
    """A new argument with a name of its own wants a line in the table of sources, or here."""
    params = [param for _, found in nodes() for param in found.params if param.metavar is not None]
    without = {param.metavar for param in params if not sources(param) and not are_files(param)}
    assert without == FREE


# -- the database ------------------------------------------------------------------------------------------------


def test_the_database_typed_on_the_line_is_read(complete: Complete, demo_file: Path, empty_file: Path) -> None:
    line = "custctl {} customer show partner-c-"
    assert values(complete(line.format(f"--db {empty_file}"))) == []
    assert values(complete(line.format(f"--db={demo_file}"), CUSTCTL_DB=str(empty_file))) == ["partner-c-north"]
    behind = f"custctl customer list --db {empty_file} --db {demo_file} --where parent=company-a-w"
    assert values(complete(behind, CUSTCTL_DB="/nowhere.db")) == ["parent=company-a-west"]


def test_profiles_are_offered_and_the_one_typed_is_read(
    complete: Complete, custctl: Runner, demo_file: Path, tmp_path: Path
) -> None:
    assert custctl("config", "set", "db", str(demo_file), "--in", "test").exit == 0
    assert custctl("config", "set", "db", "/nowhere.db", "--in", "trial").exit == 0
    config = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "CUSTCTL_DB": ""}
    assert told(complete("custctl --profile t", **config)) == {"test": str(demo_file), "trial": "/nowhere.db"}
    assert values(complete("custctl config set db x --in te", **config)) == ["test"]
    assert values(complete("custctl --profile test customer show wh", **config)) == ["wholesaler-b"]
    assert values(complete("custctl --profile trial customer show wh", **config)) == []
    assert values(complete("custctl --profile none customer show wh", **config)) == []


def test_without_a_database_there_are_no_values_and_none_is_made(complete: Complete, tmp_path: Path) -> None:
    missing = tmp_path / "none.db"
    assert values(complete("custctl customer show ", CUSTCTL_DB=str(missing))) == []
    assert values(complete("custctl access can gu", CUSTCTL_DB=str(missing))) == ["guest"]
    assert values(complete("custctl access records guest ord", CUSTCTL_DB=str(missing)))[0] == "order"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be taken for one" * 50])
def test_a_file_that_is_no_database_has_no_values(content: bytes, complete: Complete, tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    file.write_bytes(content)
    assert values(complete("custctl customer show ", CUSTCTL_DB=str(file))) == []
    assert file.read_bytes() == content


def test_a_locked_database_has_no_values_and_is_not_waited_for(complete: Complete, demo: Runner) -> None:
    with contextlib.closing(sqlite3.connect(demo.database, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        line = "custctl customer show part"
        begun = time.monotonic()
        assert values(complete(line, CUSTCTL_DB=str(demo.database))) == []
        assert time.monotonic() - begun < 4, "a command waits for five seconds"
        other.execute("COMMIT")
    assert values(complete(line, CUSTCTL_DB=str(demo.database))) == ["partner-c", "partner-c-north"]


def test_a_writer_at_work_does_not_matter(complete: Complete, demo: Runner) -> None:
    with contextlib.closing(sqlite3.connect(demo.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = complete("custctl customer show wh", CUSTCTL_DB=str(demo.database))
        assert values(answer) == ["wholesaler-b"]


def test_a_broken_config_file_has_no_values(complete: Complete, tmp_path: Path) -> None:
    broken = tmp_path / "config.toml"
    broken.write_text("no toml")
    assert values(complete("custctl customer show wh", CUSTCTL_CONFIG=str(broken))) == []
    assert values(complete("custctl --profile ", CUSTCTL_CONFIG=str(broken))) == []


def test_nothing_is_written(complete: Complete, demo: Runner) -> None:
    before = demo.database.read_bytes()
    complete("custctl customer show ", CUSTCTL_DB=str(demo.database))
    assert demo.database.read_bytes() == before


def test_at_most_fifty_values_are_offered_in_order(complete: Complete, custctl: Runner) -> None:
    customers = [f'[[customers]]\nkey = "c{number:03}"\nname = "C"\n' for number in range(120)]
    custctl.apply(f'apiVersion = "custctl/v1"\n{"".join(customers)}')
    offered = values(complete("custctl customer show c0", CUSTCTL_DB=str(custctl.database)))
    assert offered == [f"c{number:03}" for number in range(50)]


def test_stored_text_does_nothing_to_a_terminal(complete: Complete, demo: Runner) -> None:
    with contextlib.closing(sqlite3.connect(demo.database, isolation_level=None)) as other:
        other.execute("UPDATE customer SET name = ? WHERE key = 'wholesaler-b'", ("a\x1b[31m\tb\nc\u202e",))
        other.execute("UPDATE customer SET key = ? WHERE key = 'partner-c'", ("partner-\x1b]0;c",))
        other.execute("UPDATE customer SET key = ? WHERE key = 'partner-c-north'", ("partner-\nc",))
    answer = complete("custctl customer show ", CUSTCTL_DB=str(demo.database))
    assert values(answer) == ["company-a", *EAST_LA_WEST, "jo-miller", "wholesaler-b"]
    assert told(answer)["wholesaler-b"] == r"a\x1b[31m\tb\nc\u202e"


def test_a_line_that_is_no_text_has_no_values(complete: Complete) -> None:
    assert values(complete("custctl customer show \udcff")) == []
    assert values(complete("custctl customer show \x07")) == []


@pytest.mark.parametrize(
    ("line", "loaded"),
    [
        ("custctl cust", []),
        ("custctl customer ", ["customer"]),
        ("custctl customer show c1", ["customer"]),
        ("custctl user role add ", ["user"]),
        ("custctl history order:", ["history"]),
    ],
)
def test_only_the_module_of_the_command_is_loaded(line: str, loaded: list[str], demo_file: Path) -> None:
    code = """
import sys
from custctl.app import root
from custctl.completion import answer
answer(root(), sys.argv[1])
print(*(name for name in sys.modules if name.startswith("custctl.commands.") and "._" not in name))
"""
    environment = {**os.environ, "CUSTCTL_DB": str(demo_file)}
    done = subprocess.run([sys.executable, "-c", code, line], env=environment, capture_output=True, check=True)
    assert done.stdout.decode().split() == [f"custctl.commands.{name}" for name in loaded]


# -- the scripts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_printed(shell: str, custctl: Runner) -> None:
    answer = custctl("completion", shell)
    assert (answer.exit, answer.out, answer.err) == (0, (SCRIPTS / f"custctl.{shell}").read_text(), "")
    assert answer.out.isascii()


def test_a_script_for_another_shell_is_refused(custctl: Runner) -> None:
    status, code, message = custctl.refusal("completion", "tcsh")
    assert (status, code) == (2, "usage")
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in message


MARK = "\x14"
"""Ctrl-T, bound to a function that prints the line as it is, between << and >>."""
BASH = r"""
PS1='$ '
bind 'set enable-bracketed-paste off'
eval "$(custctl completion bash)"
_show() { echo "<<$READLINE_LINE>>"; }
bind -x '"\C-t": _show'
echo rea''dy
"""
ZSH = r"""
PS1='$ '
unset zle_bracketed_paste
autoload -U compinit
compinit -u
source <(custctl completion zsh)
_show() { print -r -- "<<$BUFFER>>" >$TTY }
zle -N _show
bindkey '^T' _show
print rea''dy
"""
COMPLETED: dict[str, str] = {
    "custctl cus": "custctl customer ",
    "custctl customer sh": "custctl customer show ",
    "FOO=1 custctl ver": "FOO=1 custctl version ",
    "custctl customer show wh": "custctl customer show wholesaler-b ",
    "custctl customer show company-a-w": "custctl customer show company-a-west ",
    "custctl customer show part": "custctl customer show partner-c",
    "custctl user show user:am": f"custctl user show user:{AMANDA} ",
    "custctl user show amanda.smith@": f"custctl user show {AMANDA} ",
    'custctl user show "user:am': f'custctl user show "user:{AMANDA}" ',
    "custctl --as=am": f"custctl --as={AMANDA} ",
    "custctl customer list --color=ne": "custctl customer list --color=never ",
    "custctl customer list --where group=part": "custctl customer list --where group=partners ",
    "custctl customer list --sort name,ow": "custctl customer list --sort name,owner ",
    "custctl access can us": "custctl access can user:",
    "custctl role grant buyer order vi": "custctl role grant buyer order view=",
    "custctl customer address show whole": "custctl customer address show wholesaler-b/",
    "custctl customer address show company-a/h": "custctl customer address show company-a/hq ",
    "custctl apply -f wor": "custctl apply -f world.toml ",
    "custctl --db=wor": "custctl --db=world.toml ",
    "custctl plan -f x >wor": "custctl plan -f x >world.toml ",
    "custctl customer show nobody": "custctl customer show nobody",
}


class Shell:
    """An interactive shell on a terminal, of which one sees what TAB makes of a line."""

    def __init__(self, command: list[str], environment: Mapping[str, str], folder: Path) -> None:
        self._keyboard, screen = pty.openpty()
        self._process = subprocess.Popen(
            command, stdin=screen, stdout=screen, stderr=screen, env=environment, cwd=folder, start_new_session=True
        )
        os.close(screen)

    def type(self, text: str) -> None:
        os.write(self._keyboard, text.encode())

    def until(self, text: str) -> str:
        """What the screen shows up to a text."""
        shown = ""
        while text not in shown:
            ready, _, _ = select.select([self._keyboard], [], [], 30)
            assert ready, shown
            shown += os.read(self._keyboard, 1 << 16).decode(errors="replace")
        return shown

    def completed(self, line: str) -> str:
        """The line after TAB."""
        self.type(f"{line}\t{MARK}")
        found = self.until(">>").rpartition("<<")[2].partition(">>")[0]
        self.type("\x15")
        return found

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._keyboard)


@pytest.fixture(scope="module")
def shell_environment(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A home with a document in it, and custctl on the path."""
    home = tmp_path_factory.mktemp("shell")
    (home / "world.toml").touch()
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "ZDOTDIR": str(home),
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
        "CUSTCTL_DB": str(demo_file),
    }


def shell(name: str, arguments: list[str], setup: str, environment: Mapping[str, str]) -> Iterator[Shell]:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name} here")
    home = Path(environment["HOME"])
    (home / "setup").write_text(setup)
    started = Shell([found, *arguments], environment, home)
    try:
        started.type(" . ./setup\n")
        started.until("ready")
        yield started
    finally:
        started.close()


@pytest.fixture(scope="module")
def bash(shell_environment: Mapping[str, str]) -> Iterator[Shell]:
    yield from shell("bash", ["--norc", "--noprofile", "-i"], BASH, shell_environment)


@pytest.fixture(scope="module")
def zsh(shell_environment: Mapping[str, str]) -> Iterator[Shell]:
    yield from shell("zsh", ["-i"], ZSH, shell_environment)


@pytest.mark.parametrize("line", COMPLETED)
def test_bash_completes_a_line(line: str, bash: Shell) -> None:
    assert bash.completed(line) == COMPLETED[line]


@pytest.mark.parametrize("line", COMPLETED)
def test_zsh_completes_a_line(line: str, zsh: Shell) -> None:
    assert zsh.completed(line) == COMPLETED[line]


def test_fish_completes_a_line(shell_environment: Mapping[str, str]) -> None:
    """fish tells what it would offer for a line; how it goes on behind a word is its own affair."""
    if shutil.which("fish") is None:
        pytest.skip("there is no fish here")
    quiet = {line: made.split()[-1].strip('"') for line, made in COMPLETED.items() if not line.endswith("nobody")}
    code = "custctl completion fish | source; for line in $argv; complete -C $line; echo --; end"
    done = subprocess.run(
        ["fish", "--no-config", "-c", code, *quiet],
        env=dict(shell_environment),
        cwd=shell_environment["HOME"],
        capture_output=True,
        check=True,
    )
    offered = done.stdout.decode().split("--\n")
    for line, found in zip(quiet, offered, strict=False):
        assert found.startswith(quiet[line].removeprefix(">")), (line, found)


def test_bash_quotes_what_the_shell_would_take_for_its_own(
    custctl: Runner, shell_environment: Mapping[str, str]
) -> None:
    assert custctl("order", "add", "X $(touch hacked);1").exit == 0
    environment = {**shell_environment, "CUSTCTL_DB": str(custctl.database)}
    for bash in shell("bash", ["--norc", "--noprofile", "-i"], BASH, environment):
        assert bash.completed("custctl order show X") == r"custctl order show X\ \$\(touch\ hacked\)\;1 "
        assert bash.completed('custctl order show "X') == 'custctl order show "X'
        assert bash.completed("custctl history order:X") == r"custctl history order:X\ \$\(touch\ hacked\)\;1 "


def test_bash_without_the_functions_of_completion_does_no_harm(shell_environment: Mapping[str, str]) -> None:
    """The function called by itself, as a bash does that has no compopt; set -u is somebody's habit."""
    code = """
set -u
compopt() { return 127; }
eval "$(custctl completion bash)"
COMP_LINE='custctl customer show company-a-' COMP_POINT=32
_custctl custctl company-a- show
printf '%s\\n' "${COMPREPLY[@]}"
"""
    done = subprocess.run(["bash", "-c", code], env=dict(shell_environment), capture_output=True, check=True)
    assert (done.stdout.decode().split(), done.stderr) == (EAST_LA_WEST, b"")
