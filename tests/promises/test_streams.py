"""Where the answer goes: pipes that close, full disks, streams that are not there, encodings that lack letters."""

from __future__ import annotations

import json
import socket
from functools import partial

import pytest

from tests.promises.process import Odd, Ran, Script, Shop, customers, finished, harm_in

ESC = "\x1b"
BOXES = "╭╮╰╯│┏┓┗┛┃"
READS = {
    "list": "customer list",
    "tree": "customer tree",
    "show": "customer show company-a",
    "json": "customer list -o json",
    "matrix": "access matrix role:buyer",
    "export": "export",
    "help": "customer --help",
    "version": "--version",
}


REASONS = {">/dev/full": "No space left on device", ">&-": "Bad file descriptor"}


def test_a_reader_who_closes_the_pipe_is_no_error(world: Shop) -> None:
    world.many(["apply", "-f", world.document(customers(range(3_000))), "--yes", "-q"])
    script = "{} | head -1; echo ${{PIPESTATUS[0]}}"
    for words in READS.values():
        for unbuffered in ("", "1"):
            ran = world.shell(script.format(f"custctl {words}"), PYTHONUNBUFFERED=unbuffered)
            assert (ran.code, ran.out.splitlines()[-1], ran.err) == (0, "0", ""), words


@pytest.mark.parametrize("output", ["json", "csv", "table"])
def test_an_answer_is_written_in_large_pieces_even_where_python_is_told_not_to_buffer(world: Shop, output: str) -> None:
    world.many(["apply", "-f", world.document(customers(range(300))), "--yes", "-q"])
    words = ("customer", "list", "--limit", "300", "-o", output)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # every write is one packet
    with ours, theirs:
        process = world.start(*words, stdout=theirs, env=world.environment | {"PYTHONUNBUFFERED": "1"})
        theirs.close()
        packets = list(iter(partial(ours.recv, 1 << 20), b""))
        assert finished(process).code == 0
    assert b"".join(packets) == world(*words).raw
    assert 1 <= len(packets) < 20


def test_a_reader_who_is_gone_before_it_begins_is_no_error(world: Shop) -> None:
    one_by_one = "; ".join(f"custctl {words}; echo $? >&2" for words in READS.values())
    for unbuffered in ("", "1"):
        ran = world.shell(f"(sleep 0.2; {one_by_one}) | true", PYTHONUNBUFFERED=unbuffered)
        assert ran.err == "0\n" * len(READS)


BOB = "bob.reyes@company-a.example"
QUESTION = {"subject": BOB, "action": "edit", "resource": "customer"}
NOES = {
    "access can": (f"access can {BOB} edit customer", 1),
    "access can, as jsonl": (f"access can {BOB} edit customer -o jsonl", 1),
    "explain": (f"access explain {BOB} edit customer", 1),
    "explain, as json": (f"access explain {BOB} edit customer -o json", 1),
    "diff": ("diff -f many.json", 1),
    "diff, as json": ("diff -f many.json -o json", 1),
    "access test": ("access test tests.json", 1),
    "access test, as yaml": ("access test tests.json -o yaml", 1),
    "a batch": ("access can --batch noes.jsonl", 1),
    "a batch with a broken line": ("access can --batch broken.jsonl", 4),
    "a batch as csv": ("access can --batch broken.jsonl -o csv", 4),
    "db check": ("db check --db odd.db", 1),
    "a refused write": ("order edit SO-1102 --status open --as wanda.hill@company-a.example", 1),
    "a guard test that fails": ("apply -f guarded.json --yes", 1),
    "a dry run of one": ("apply -f guarded.json --dry-run", 1),
    "guest can": ("guest can view order", 1),
}


@pytest.fixture
def refusing(world: Shop) -> Shop:
    """A shop with files whose answers are no."""
    many = [{"key": f"n{number}", "name": f"Customer {number} with a long name"} for number in range(300)]
    tests = [{**QUESTION, "allowed": True}]
    world.document(json.dumps({"customers": many}), "many.json")
    world.document(json.dumps({"tests": tests * 30}), "tests.json")
    world.document(json.dumps({"customers": many[:1], "tests": tests}), "guarded.json")
    noes = f"{json.dumps(QUESTION)}\n" * 1_000
    yes = json.dumps({**QUESTION, "action": "view"})
    world.document(f"{yes}\n" * 1_000 + noes[: noes.index("\n") + 1], "noes.jsonl")
    world.document(f"{noes}nope\n", "broken.jsonl")
    world.document("key,name\nfine,Fine\nbad key!,X\n", "rows.csv")
    odd = Shop(world.folder / "odd.db")
    odd.database.write_bytes(world.database.read_bytes())
    odd.sql("UPDATE customer SET parent_id = id WHERE key = 'company-a'")
    return world


@pytest.mark.parametrize("reader", ["head -1", "true"])
def test_a_reader_who_goes_away_changes_no_exit_code(refusing: Shop, reader: str) -> None:
    alone = refusing.many(*(words.split() for words, _ in NOES.values()))
    piped = refusing.many(
        *(
            Script(f"{{ sleep 0.1; custctl {words}; echo $? >&2; }} | {reader} >/dev/null")
            if reader == "true"
            else Script(f"custctl {words} | {reader} >/dev/null; echo ${{PIPESTATUS[0]}} >&2")
            for words, _ in NOES.values()
        )
    )
    for ran, behind, (name, (_, code)) in zip(alone, piped, NOES.items(), strict=True):
        assert ran.code == code, (name, ran)
        assert behind.err.splitlines()[-1] == str(code), name
    assert refusing.sql("SELECT count(*) FROM customer WHERE key = 'n0'") == [(0,)]


@pytest.mark.parametrize("where", REASONS)
def test_an_answer_of_no_that_cannot_be_written_is_74(refusing: Shop, where: str) -> None:
    some = ("access can", "diff, as json", "access test", "a batch as csv", "a refused write", "db check")
    ran = refusing.shell("\n".join(f"custctl {NOES[name][0]} {where} 2>/dev/null; echo $?" for name in some))
    assert dict(zip(some, ran.out.split(), strict=True)) == dict.fromkeys(some, "74")


@pytest.mark.parametrize("where", ["| true", ">/dev/full", ">&-"])
def test_what_an_import_has_rejected_counts_whatever_becomes_of_the_answer(refusing: Shop, where: str) -> None:
    words = "customer import rows.csv --continue-on-error --yes"
    ran = refusing.shell(f"{{ {{ sleep 0.1; custctl {words}; echo $? >&3; }} 2>/dev/null {where}; }} 3>&1")
    assert ran.out == "6\n"
    assert refusing.sql("SELECT name FROM customer WHERE key = 'fine'") == [("Fine",)]


def test_a_batch_from_standard_input_stops_at_the_broken_pipe_with_the_code_so_far(refusing: Shop) -> None:
    """Whoever writes it may never come to an end."""
    for first, code in (("nope", 4), (json.dumps(QUESTION), 1), (json.dumps({**QUESTION, "action": "view"}), 0)):
        endless = f"{{ echo '{first}'; yes '{json.dumps({**QUESTION, 'action': 'view'})}'; }}"
        ran = refusing.shell(f"{endless} | custctl access can --batch - | head -1 >/dev/null; echo ${{PIPESTATUS[1]}}")
        assert (ran.out, ran.err) == (f"{code}\n", ""), first


def test_an_error_that_nobody_can_read_keeps_its_exit_code(refusing: Shop) -> None:
    for words, code in {"customer shwo": 2, "customer": 2, "": 2, "customer show nobody -o json": 3}.items():
        for where in ("2>/dev/full", "2>&-", "2> >(true)"):
            ran = refusing.shell(f"custctl {words} {where}; echo $?")
            assert ran.out == f"{code}\n", (words, where)


def test_an_error_whose_reader_is_gone_keeps_its_exit_code(world: Shop) -> None:
    script = "(sleep 0.3; custctl customer show nobody; echo $? >&3) 2>&1 >/dev/null | true"
    ran = world.shell(f"{{ {script}; }} 3>&1")
    assert ran.out == "3\n"
    full = world.shell("custctl customer show nobody 2>/dev/full; echo $?")
    assert full.out == "3\n"


@pytest.mark.parametrize("where", REASONS)
def test_a_read_whose_answer_is_lost_is_74(world: Shop, where: str) -> None:
    message = f"the answer could not be written: {REASONS[where]}"
    for name, words in READS.items():
        for unbuffered in ("", "1"):
            ran = world.shell(f"custctl {words} {where}", PYTHONUNBUFFERED=unbuffered)
            assert ran.code == 74, words
            told = {"code": "output", "exit": 74, "message": message}
            assert ran.error == told if name == "json" else ran.err == f"error: {message}\n", words


@pytest.mark.parametrize("where", REASONS)
def test_a_write_whose_answer_is_lost_is_done_and_says_so(world: Shop, where: str) -> None:
    world.document('[[customers]]\nkey = "from-file"\nname = "From file"\n')
    writes = "customer add One", "customer add Two -o json", "apply -f world.toml --yes", "db migrate", "demo --db d.db"
    for words in writes:
        ran = world.shell(f"custctl {words} {where}")
        assert (ran.code, ran.out, ran.err) == (0, "", "done, but the answer could not be printed\n"), words
    assert world.sql("SELECT key FROM customer WHERE key IN ('one', 'two', 'from-file') ORDER BY 1") == [
        ("from-file",),
        ("one",),
        ("two",),
    ]
    unchanged = world.shell(f"custctl apply -f world.toml --yes {where}")
    assert unchanged.code == 74, "nothing was committed, so the answer was all there was to it"


def test_a_write_whose_reader_is_gone_says_nothing(world: Shop) -> None:
    ran = world.shell("(sleep 0.3; custctl customer add Silent; echo $? >&2) | true")
    assert ran.err == "0\n"
    assert world.sql("SELECT count(*) FROM customer WHERE key = 'silent'") == [(1,)]


def test_closed_streams_do_no_harm(world: Shop) -> None:
    document = world.document('[[customers]]\nkey = "a"\nname = "A"\n')
    script = """
        custctl customer list -o name <&- | grep -c .
        custctl customer list -o name 2>&- | grep -c .
        custctl customer show nobody 2>&-; echo $?
        custctl customer add Quiet >&- 2>&- <&-; echo $?
        custctl apply -f {0} <&- 2>/dev/null; echo $?
        custctl apply -f - --yes <&- 2>&1; echo $?
        custctl access can --batch - <&- 2>&1; echo $?
        custctl apply -f {0} --yes -q <&-; echo $?
    """
    ran = world.shell(script.format(document))
    closed = "error: standard input is closed"
    assert ran.out.splitlines() == ["8", "8", "3", "0", "2", closed, "  --> <stdin>", "4", closed, "4", "0"]
    assert ran.err == ""
    assert world.sql("SELECT key FROM customer WHERE key IN ('a', 'quiet') ORDER BY 1") == [("a",), ("quiet",)]
    assert world.is_sound(), "no output has gone into the file in place of a closed stream"


@pytest.fixture
def far_away(world: Shop) -> Shop:
    """A shop whose names are in every kind of letter."""
    name = "Žofia & Söhne 株式会社 😀 \\u202e\\u009b31m"
    world.document(f'[[customers]]\nkey = "far"\nname = "{name}"\nowner = "café"\n')
    assert [ran.code for ran in world.many(["apply", "-f", "world.toml", "--yes", "-q"])] == [0]
    return world


NAME = "Žofia & Söhne 株式会社 😀 \u202e\x9b31m"
NARROW = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "C": {"LC_ALL": "C"},
    "C without UTF-8": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.mark.parametrize("encoding", NARROW)
def test_an_encoding_that_lacks_letters_gets_escapes_and_json_stays_exact(far_away: Shop, encoding: str) -> None:
    env = NARROW[encoding]
    codec = env.get("PYTHONIOENCODING", "utf-8")
    for words in ("customer list", "customer tree", "customer edit far --name X --dry-run"):
        ran = far_away(*words.split(), env=env)
        assert ran.code == 0, ran
        assert harm_in(ran.raw.decode(codec)) == []
    row = far_away("customer", "show", "far", "-o", "json", env=env).json
    assert (row["name"], row["owner"]) == (NAME, "café")
    missing = far_away("customer", "show", "Žofia\x1b", env=env)
    assert missing.code == (4 if encoding == "C without UTF-8" else 3)
    assert harm_in(missing.raw_errors.decode(codec)) == []
    exports = [["export", "--format", name] for name in ("toml", "yaml", "json")]
    for export, plain in zip(exports, far_away.many(*exports), strict=True):
        exported = far_away(*export, env=env)
        assert exported.raw == plain.raw, "a document is UTF-8 everywhere"
        assert "Söhne 株式会社" in exported.out
        assert harm_in(exported.out) == []


def test_off_a_terminal_there_is_no_colour_box_or_cut_whatever_columns_says(world: Shop) -> None:
    name = ("A very long name of a company " * 8).strip()
    world.many(["customer", "add", name, "--key", "long"])
    commands = [words.split() for words in READS.values() if not words.startswith("-") and not words.endswith("help")]
    commands.append(["customer", "show", "nobody"])
    plain = world.many(*commands)
    assert name in plain[0].out
    for command, ran in zip(commands, plain, strict=True):
        assert not {ESC, *BOXES} & set(ran.out + ran.err) - ({"│"} if "tree" in command else set())
    for columns in ("10", "80", "1000"):
        env = {"COLUMNS": columns, "LINES": "5", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        assert world.many(*commands, env=env) == plain


def test_colour_is_asked_for_refused_and_never_lets_stored_text_through(world: Shop) -> None:
    world.many(["customer", "add", "Red \x1b[31m\x9b31m text", "--key", "red"])
    question = "access", "explain", "bob.reyes@company-a.example", "edit", "order:SO-1101"
    plain, forced, never = (
        world(*question, *options, env={"NO_COLOR": value})
        for options, value in (((), ""), (("--color", "always"), "1"), (("--color", "never"), ""))
    )
    assert ESC not in plain.out
    assert ESC in forced.out
    assert plain.out == never.out
    listed = world("--color", "always", "customer", "list", "--where", "key=red")
    assert "Red \\x1b[31m\\x9b31m text" in listed.out


def test_json_is_one_value_and_remarks_and_errors_stay_on_standard_error(world: Shop) -> None:
    asked: list[tuple[tuple[str, ...], int]] = [
        (("customer", "list", "--where", "key=nobody"), 0),
        (("customer", "add", "Dry", "--dry-run"), 0),
        (("customer", "show", "nobody"), 3),
        (("customer", "shwo"), 2),
        (("--db", "/nowhere/x.db", "customer", "list"), 8),
    ]
    runs: list[Ran] = world.many(*([*words, "-o", "json"] for words, _ in asked))
    assert [ran.code for ran in runs] == [code for _, code in asked]
    for ran in runs[:2]:
        assert isinstance(json.loads(ran.out), list | dict)
    for ran in runs[2:]:
        assert (ran.out, ran.error["exit"], ran.err.count("\n")) == ("", ran.code, 1)


def test_output_goes_to_a_new_file_and_never_over_one_or_through_a_link(world: Shop) -> None:
    (world.folder / "kept.toml").write_text("keep me")
    (world.folder / "link.toml").symlink_to(world.folder / "target.toml")
    over, through, nowhere, well = world.many(
        *(["export", "--out", name, "-o", "json"] for name in ("kept.toml", "link.toml", "no/folder.toml", "new.toml"))
    )
    assert [ran.code for ran in (over, through, nowhere, well)] == [5, 5, 74, 0]
    assert (world.folder / "kept.toml").read_text() == "keep me"
    assert not (world.folder / "target.toml").exists()


def test_a_file_that_could_not_be_written_whole_is_not_there(world: Shop) -> None:
    small = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))"
    applied, cut = world.many(
        ["apply", "-f", world.document(customers(range(3_000))), "--yes", "-q"],
        Odd(["export", "--out", "cut.toml", "-o", "json"], small),
    )
    assert (applied.code, cut.code, cut.error["message"]) == (0, 74, "cut.toml cannot be written: File too large")
    assert not (world.folder / "cut.toml").exists()
