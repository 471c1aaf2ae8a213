"""What documents would change: as a diff, in a plan that is carried out later, and with what they no longer name."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custctl.resources import ADDRESSES, NOUNS
from custctl.store.documents import write_document
from custctl.store.removal import REMOVALS
from tests.commands.test_documents import WORLDS, new_shop, worlds
from tests.conftest import Process
from tests.promises.process import Shop
from tests.promises.terminal import Terminal
from tests.runner import UNTOUCHED, Runner

ACME = """
    manager = "web"
    [[groups]]
    key = "gold"
    name = "Gold"
    [[customers]]
    key = "acme"
    name = "Acme"
    group = "gold"
    external_id = "42"
    [[customers.addresses]]
    key = "hq"
    organization = "Acme"
    street = "Main St 1"
    city = "Gibraltar"
    postal_code = "1"
    country = "GI"
    default = ["billing"]
    [[customers.addresses]]
    key = "store"
    organization = "Acme"
    street = "Main St 2"
    city = "Gibraltar"
    postal_code = "1"
    country = "GI"
    [[customers]]
    key = "west"
    name = "West"
    parent = "acme"
    [[roles]]
    key = "acme/approver"
    label = "Approver"
    [roles.permissions.order]
    view = "user"
    [[users]]
    email = "anna@acme.example"
    first_name = "Anna"
    last_name = "Kern"
    customer = "acme"
    roles = ["buyer", "acme/approver"]
    [[orders]]
    number = "W-1"
    customer = "acme"
    user = "anna@acme.example"
    subtotal = 12.50
    [settings]
    "guest.access" = false
    """
EVERYTHING = [
    "customer-address:acme/hq",
    "customer-address:acme/store",
    "customer-group:gold",
    "customer:acme",
    "customer:west",
    "order:W-1",
    "role:acme/approver",
    "setting:guest.access",
    "user:anna@acme.example",
]
WEST = 'manager = "web"\n[[customers]]\nkey = "west"\nname = "West"\n'
CHANGE = {"op": "change", "record": "customer:west", "fields": {"name": ["West", "Far West"]}}
FAILING = '[[tests]]\nsubject = "guest"\naction = "edit"\nresource = "order"\nallowed = true\n'
SHIPMENT = '[[entities]]\nname = "shipment"\nownership = "user"\n'
LINES = """
    [[records]]
    entity = "shipment"
    key = "a"
    parent = "order:1"
    [[records]]
    entity = "shipment"
    key = "b"
    parent = "shipment:a"
    """
NOTHING = 'manager = "web"\n'


@pytest.fixture
def acme(custctl: Runner) -> Runner:
    """A shop in which documents of the manager web have made everything."""
    custctl.apply(ACME)
    return custctl


def pruned(runner: Runner, text: str) -> list[tuple[str, str]]:
    """What a document changes with --prune, in order of reference."""
    found = runner.changes("apply", "-f", runner.file(text), "--prune", "--yes")
    return sorted(found, key=lambda change: change[1])


def unpruned(runner: Runner, text: str) -> list[tuple[int, str, str]]:
    """Why a document cannot be applied with --prune."""
    return runner.refusals("apply", "-f", runner.file(text), "--prune", "--yes")


# What would change, as text


def test_no_difference_is_exit_0_and_says_nothing(acme: Runner) -> None:
    answer = acme("diff", "-f", acme.file(ACME))
    assert (answer.exit, answer.out, answer.err) == (0, "", "")
    assert acme.json("diff", "-f", acme.file(ACME)) == {
        "revision": None,
        "access": UNTOUCHED,
        "changes": [],
        "warnings": [],
    }


def test_a_difference_is_exit_1_and_shows_a_record_as_a_document_says_it(acme: Runner) -> None:
    before = acme.contents()
    path = acme.file('[[customers]]\nkey = "west"\nparent = ""\nsales_reps = ["Zoe"]\n')
    answer = acme("diff", "-f", path)
    assert (answer.exit, answer.err) == (1, "")
    assert answer.lines == [
        "--- customer:west",
        "+++ customer:west",
        "@@ -1,5 +1,7 @@",
        " [[customers]]",
        ' key = "west"',
        ' name = "West"',
        '-parent = "acme"',
        ' account = "west"',
        "+sales_reps = [",
        '+    "Zoe",',
        "+]",
        "# reach  -1 customer  1 user: user:anna@acme.example",
    ]
    assert acme.contents() == before


def test_what_comes_and_what_goes_has_nothing_on_the_other_side(acme: Runner) -> None:
    path = acme.file('manager = "web"\n[[visitors]]\nkey = "v-1"\n[[customers]]\nkey = "west"\nname = "West"\n')
    answer = acme("diff", "-f", path, "--prune")
    heads = [line for line in answer.lines if line.startswith(("---", "+++"))]
    assert answer.exit == 1
    assert heads[heads.index("+++ visitor:v-1") - 1] == "--- /dev/null"
    assert heads[heads.index("--- order:W-1") + 1] == "+++ /dev/null"
    assert '-subtotal = "12.50"' in answer.lines


def test_a_rename_shows_both_names(acme: Runner) -> None:
    answer = acme("diff", "-f", acme.file('[[customers]]\nkey = "east"\nwas = "west"\n'))
    assert answer.lines == [
        "--- customer:west",
        "+++ customer:east",
        "@@ -1,5 +1,5 @@",
        " [[customers]]",
        '-key = "west"',
        '+key = "east"',
        ' name = "West"',
        ' parent = "acme"',
        ' account = "west"',
    ]


def test_addresses_and_settings_are_shown_as_they_stand_in_a_document(acme: Runner) -> None:
    path = acme.file(
        '[[customers]]\nkey = "acme"\naddresses = [{key = "hq", street = "X"}]\n[settings]\n"guest.access" = ""\n'
    )
    answer = acme("diff", "-f", path)
    assert answer.lines[:5] == [
        "--- setting:guest.access",
        "+++ /dev/null",
        "@@ -1,2 +0,0 @@",
        "-[settings]",
        '-"guest.access" = false',
    ]
    assert answer.lines[5:9] == [
        "--- customer-address:acme/hq",
        "+++ customer-address:acme/hq",
        "@@ -1,7 +1,7 @@",
        " [[customers.addresses]]",
    ]
    assert answer.lines[11:13] == ['-street = "Main St 1"', '+street = "X"']


def test_the_order_in_which_a_role_lists_entities_is_no_difference(acme: Runner) -> None:
    acme.apply(
        '{"roles": [{"key": "acme/approver", "permissions": {"order": {"view": "user"}, "quote": {"view": "user"}}}]}',
        "a.json",
    )
    row = '{"key": "acme/approver", "label": "New", "permissions": {"quote": {"view": "user"}, '
    row += '"order": {"view": "user"}}}'
    answer = acme("diff", "-f", acme.file(f'{{"roles": [{row}]}}', "b.json"))
    assert [line for line in answer.lines[2:] if line[0] in "+-"] == ['-label = "Approver"', '+label = "New"']


def test_a_diff_and_a_plan_are_the_same_json(acme: Runner) -> None:
    path = acme.file(WEST.replace('"West"', '"Far West"'))
    planned, differing = acme("plan", "-f", path, "-o", "json"), acme("diff", "-f", path, "-o", "json")
    assert (planned.exit, differing.exit, planned.err, differing.err) == (0, 1, "", "")
    assert (
        planned.json == differing.json == {"revision": None, "access": UNTOUCHED, "changes": [CHANGE], "warnings": []}
    )


def test_a_diff_fails_as_a_plan_does(acme: Runner) -> None:
    wrong = acme.file('[[customers]]\nkey = "west"\nnmae = "X"\n')
    assert acme.refusal("diff", "-f", wrong) == acme.refusal("plan", "-f", wrong)
    failing = acme.file(FAILING)
    planned, differing = acme("plan", "-f", failing), acme("diff", "-f", failing)
    assert (differing.exit, differing.out, differing.err) == (1, planned.out, planned.err)
    assert "guest" in differing.out


def test_a_diff_needs_no_database_and_makes_none(custctl: Runner) -> None:
    custctl.database.unlink()
    answer = custctl("diff", "-f", custctl.file('[[customers]]\nkey = "a"\nname = "A"\n'))
    assert (answer.exit, answer.lines[:2]) == (1, ["--- /dev/null", "+++ customer:a"])
    assert not custctl.database.exists()


def test_stored_text_is_harmless_in_a_diff(acme: Runner) -> None:
    path = acme.file('[[customers]]\nkey = "west"\nname = "\\u001b[31mred\\u202e\\nline"\n')
    answer = acme("diff", "-f", path, "--color", "never")
    assert '+name = "\\u001b[31mred\\u202e\\nline"' in answer.lines
    assert "\x1b" not in answer.out


def test_colours_mark_what_comes_and_what_goes(acme: Runner) -> None:
    path = acme.file('[[customers]]\nkey = "west"\nname = "East"\n')
    plain, coloured = acme("diff", "-f", path), acme("diff", "-f", path, "--color", "always")
    assert "\x1b" not in plain.out
    assert coloured.lines[:3] == [
        "\x1b[1m--- customer:west\x1b[0m",
        "\x1b[1m+++ customer:west\x1b[0m",
        "\x1b[36m@@ -1,5 +1,5 @@\x1b[0m",
    ]
    assert '\x1b[31m-name = "West"\x1b[0m' in coloured.lines
    assert '\x1b[32m+name = "East"\x1b[0m' in coloured.lines


def test_a_line_of_a_diff_that_looks_like_a_head_is_none(acme: Runner) -> None:
    acme.apply('[[customers]]\nkey = "west"\nvat_id = "- x"\n')
    path = acme.file('[[customers]]\nkey = "west"\nvat_id = "+ y"\n')
    answer = acme("diff", "-f", path, "--color", "always")
    assert '\x1b[31m-vat_id = "- x"\x1b[0m' in answer.lines


def test_a_terminal_of_any_width_shows_whole_lines(acme: Runner) -> None:
    name = "N" * 120
    terminal = Terminal(
        Shop(acme.database), ("diff", "-f", acme.file(f'[[customers]]\nkey = "west"\nname = "{name}"\n'))
    )
    assert terminal.end() == 1
    assert f'\x1b[32m+name = "{name}"\x1b[0m\n' in terminal.screen


# Plans in files


def plan_of(runner: Runner, text: str, *words: str) -> str:
    """The path of a plan for a document."""
    path = str(runner.database.parent / "world.plan")
    answer = runner("plan", "-f", runner.file(text), "--out", path, *words)
    assert (answer.exit, answer.err) == (0, f"planned: custctl apply --plan {path}\n")
    return path


def altered(path: str, **changes: Any) -> str:
    """The plan of a file with other contents, in a file beside it."""
    content = {**json.loads(Path(path).read_text()), **changes}
    other = f"{path}.altered"
    Path(other).write_text(json.dumps({name: value for name, value in content.items() if value is not None}))
    return other


def test_a_plan_is_carried_out_exactly(custctl: Runner) -> None:
    path = plan_of(custctl, ACME)
    custctl.file("broken", "world.toml")
    planned = json.loads(Path(path).read_text())
    assert list(planned) == ["apiVersion", "kind", "revision", "prune", "documents", "changes"]
    assert (planned["apiVersion"], planned["kind"], planned["revision"], planned["prune"]) == (
        "custctl/v1",
        "plan",
        0,
        False,
    )
    assert planned["documents"][0]["tables"]["orders"][0]["subtotal"] == "12.50"
    done = custctl.json("apply", "--plan", path, "--yes")
    assert (done["revision"], done["changes"]) == (1, planned["changes"])
    assert sorted(change["record"] for change in done["changes"]) == ["account:acme", "account:west", *EVERYTHING]
    assert custctl.sql("SELECT manager, subtotal FROM sales_document") == [("web", 125000)]
    assert custctl.sql("SELECT command FROM revision WHERE id > 0") == [(f"custctl apply --plan {path} --yes -o json",)]


def test_a_plan_goes_into_a_new_file_of_its_owner_alone(custctl: Runner) -> None:
    path = plan_of(custctl, ACME)
    assert Path(path).stat().st_mode & 0o777 == 0o600
    kept = Path(path).read_text()
    words = ("plan", "-f", custctl.file(WEST), "--out", path)
    assert custctl.refusal(*words) == (5, "exists", f"{path} exists already")
    assert custctl.refusal(*words, "--dry-run") == (5, "exists", f"{path} exists already")
    assert Path(path).read_text() == kept


def test_a_dry_run_and_a_plan_that_fails_leave_no_file(acme: Runner) -> None:
    path = acme.database.parent / "world.plan"
    answer = acme("plan", "-f", acme.file(WEST), "--out", str(path), "--dry-run")
    assert (answer.exit, answer.err) == (0, "dry run: nothing was written\n")
    assert acme("plan", "-f", acme.file("[[customers]]\n"), "--out", str(path)).exit == 4
    assert acme("plan", "-f", acme.file(FAILING), "--out", str(path)).exit == 1
    assert not path.exists()
    nowhere = str(acme.database.parent / "none" / "world.plan")
    assert acme.refusal("plan", "-f", acme.file(WEST), "--out", nowhere)[:2] == (74, "output")


def test_a_plan_is_stale_when_anything_was_written_since(acme: Runner) -> None:
    path = plan_of(acme, WEST.replace('"West"', '"Far West"'))
    acme("group", "add", "Silver")
    for words in (("--yes",), ("--dry-run",), ()):
        refusal = acme.refusal("apply", "--plan", path, *words)
        assert refusal == (5, "stale-plan", "the plan was made at revision 1, the database is at 2")
    acme("undo", "--last", "--yes")
    assert acme.refusal("apply", "--plan", path, "--yes")[1] == "stale-plan"


def test_a_plan_is_done_once(acme: Runner) -> None:
    path = plan_of(acme, WEST.replace('"West"', '"Far West"'))
    assert acme.changes("apply", "--plan", path, "--yes") == [("change", "customer:west")]
    assert acme.refusal("apply", "--plan", path, "--yes")[1] == "stale-plan"


def test_a_plan_whose_changes_are_not_those_that_follow_is_stale(acme: Runner, empty_file: Path) -> None:
    path = plan_of(acme, WEST.replace('"West"', '"Far West"'))
    tables = {"customers": [{"key": "west", "name": "Elsewhere"}]}
    message = "the plan would no longer do what it says"
    for other in (
        altered(path, documents=[{"source": "x", "tables": tables}]),
        altered(path, changes=[]),
        altered(path, prune=True),
    ):
        assert acme.refusal("apply", "--plan", other, "--yes") == (5, "stale-plan", message)
    other_shop = new_shop(acme, empty_file)
    other_shop.apply(ACME.replace('"West"', '"Wild West"'))
    assert other_shop.refusal("apply", "--plan", path, "--yes") == (5, "stale-plan", message)


def test_a_plan_made_without_a_database_is_carried_out_without_one_or_on_an_empty_one(
    custctl: Runner, empty_file: Path
) -> None:
    custctl.database.unlink()
    path = plan_of(custctl, ACME)
    assert not custctl.database.exists()
    assert custctl("apply", "--plan", path, "--dry-run").exit == 0
    assert not custctl.database.exists()
    assert custctl.json("apply", "--plan", path, "--yes")["revision"] == 1
    assert new_shop(custctl, empty_file).json("apply", "--plan", path, "--yes")["revision"] == 1
    assert custctl.refusal("apply", "--plan", path, "--yes")[1] == "stale-plan"


def test_a_plan_with_nothing_to_do_is_a_plan(acme: Runner) -> None:
    path = plan_of(acme, WEST)
    answer = acme("apply", "--plan", path)
    assert (answer.exit, answer.out, answer.err) == (0, "nothing to change\n", "")


def test_a_plan_with_changes_needs_yes_where_nobody_can_be_asked(custctl: Runner) -> None:
    path = plan_of(custctl, '[[customers]]\nkey = "new"\nname = "New"\n')
    assert custctl.refusal("apply", "--plan", path) == (
        2,
        "usage",
        "applying 2 to add: customer:new, account:new needs --yes",
    )


def test_the_tests_of_a_plan_are_asked_again(custctl: Runner) -> None:
    path = plan_of(custctl, WEST + FAILING.replace("true", "false"))
    documents = json.loads(Path(path).read_text())["documents"]
    documents[0]["tables"]["tests"][0]["allowed"] = True
    answer = custctl("apply", "--plan", altered(path, documents=documents), "--yes", "-o", "json")
    assert (answer.exit, answer.json["failed"]) == (1, 1)
    assert custctl("apply", "--plan", path, "--yes").exit == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "say what to apply: -f FILE or --plan FILE"),
        (("--prune",), "say what to apply: -f FILE or --plan FILE"),
        (("-f", "a.toml", "--plan", "b"), "--plan goes without -f and --prune"),
        (("--plan", "b", "--prune"), "--plan goes without -f and --prune"),
    ],
)
def test_documents_and_a_plan_exclude_each_other(custctl: Runner, words: tuple[str, ...], message: str) -> None:
    assert custctl.refusal("apply", *words, "--yes") == (2, "usage", message)


@pytest.mark.parametrize(
    ("text", "place", "code", "message"),
    [
        ("", None, "empty", "the file is empty"),
        ("{}", "1:1", "invalid", "this is not a plan"),
        ('{"kind": "list"}', "1:2", "invalid", "this is not a plan"),
        ('apiVersion = "custctl/v1"', "1:1", "syntax", "not valid JSON: expecting a value"),
        ("[1]", "1:1", "invalid", "the document is a list, not a table"),
        ('{"kind": "plan", "apiVersion": "custctl/v2"}', "1:18", "invalid", "apiVersion 'custctl/v2' is not known"),
        ('{"kind": "plan"', "1:16", "syntax", "not valid JSON: expecting ','"),
        ('{"kind": "plan", "kind": "plan"}', "1:18", "duplicate", "'kind' is given twice"),
    ],
)
def test_what_is_no_plan_is_refused_with_its_place(
    custctl: Runner, text: str, place: str | None, code: str, message: str
) -> None:
    path = custctl.file(text, "no.plan")
    (problem,) = custctl("apply", "--plan", path, "--yes", "-o", "json").problems
    assert (problem["exit"], problem["code"], problem["message"], problem["file"]) == (4, code, message, path)
    assert place is None or f"{problem['line']}:{problem['column']}" == place


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"revision": "1"}, "the plan is damaged: revision Input should be a valid integer"),
        ({"revision": -1}, "the plan is damaged: revision Input should be greater than or equal to 0"),
        ({"prune": "no"}, "the plan is damaged: prune Input should be a valid boolean"),
        ({"documents": []}, "the plan is damaged: documents List should have at least 1 item after validation, not 0"),
        ({"documents": [{"source": "a", "tables": []}]}, "the plan is damaged: documents.0.tables must be a table"),
        ({"changes": {}}, "the plan is damaged: changes must be a list"),
        ({"changes": None}, "the plan is damaged: changes is required"),
        ({"hook": "rm"}, "the plan is damaged: hook is not a field that is known here"),
    ],
)
def test_a_damaged_plan_is_refused(custctl: Runner, changes: dict[str, Any], message: str) -> None:
    path = altered(plan_of(custctl, WEST), **changes)
    (problem,) = custctl("apply", "--plan", path, "--yes", "-o", "json").problems
    assert (problem["exit"], problem["message"], problem["file"]) == (4, message, path)
    assert problem["line"] == 1


def test_what_a_plan_holds_is_validated_as_a_document_is(custctl: Runner) -> None:
    tables = {
        "customers": [{"key": "Not A Key", "name": ""}],
        "orders": [{"number": "1", "subtotal": "1.00001"}],
        "x": [],
    }
    path = altered(plan_of(custctl, WEST), documents=[{"source": "a", "tables": tables}])
    problems = custctl("apply", "--plan", path, "--yes", "-o", "json").problems
    assert [(problem["exit"], problem["field"], problem["line"]) for problem in problems] == [
        (4, "key", 1),
        (4, "name", 1),
        (4, "subtotal", 1),
        (4, "x", 1),
    ]
    columns = [problem["column"] for problem in problems]
    assert columns == sorted(columns)
    assert columns[0] > Path(path).read_text().index('"tables"')
    pruning = altered(path, prune=True, documents=[{"source": "a", "tables": {"customers": []}}])
    assert custctl.refusal("apply", "--plan", pruning, "--yes") == (4, "invalid", "--prune needs a manager")


def test_a_plan_that_is_not_there_is_exit_4(custctl: Runner) -> None:
    path = str(custctl.database.parent / "none.plan")
    assert custctl.refusal("apply", "--plan", path) == (4, "unreadable", "cannot be read: No such file or directory")


def test_a_real_process_plans_and_applies(process: Process) -> None:
    text = '{"customers": [{"key": "acme", "name": "Acme"}], "orders": [{"number": "1", "subtotal": 0.1}]}'
    planned = process("plan", "-f", "-", "--out", "a plan", stdin=text)
    assert (planned.exit, planned.err) == (0, "planned: custctl apply --plan 'a plan'\n")
    done = process("apply", "--plan", "a plan", "--yes", "-o", "name")
    assert (done.exit, done.out, done.err) == (0, "customer:acme\norder:1\naccount:acme\n", "")


# Pruning


def test_only_what_carries_the_manager_and_is_not_named_goes(acme: Runner) -> None:
    acme.apply('manager = "other"\n[[customers]]\nkey = "theirs"\nname = "T"\n')
    acme("customer", "add", "By Hand", "--key", "hand")
    assert pruned(acme, WEST) == [
        *(("remove", name) for name in EVERYTHING[:4]),
        ("change", "customer:west"),
        *(("remove", name) for name in EVERYTHING[5:]),
    ]
    assert [row[0] for row in acme.sql("SELECT key FROM customer ORDER BY key")] == ["hand", "theirs", "west"]
    assert acme.sql("SELECT parent_id FROM customer WHERE key = 'west'") == [(None,)]
    assert pruned(acme, WEST) == []


def test_without_prune_nothing_goes(acme: Runner) -> None:
    assert acme.apply(WEST)["changes"] == []


def test_a_plan_prunes_when_it_was_made_to(acme: Runner) -> None:
    path = plan_of(acme, NOTHING, "--prune")
    assert json.loads(Path(path).read_text())["prune"] is True
    assert sorted(record for _, record in acme.changes("apply", "--plan", path, "--yes")) == EVERYTHING
    assert acme("diff", "-f", acme.file(NOTHING), "--prune").exit == 0


def test_pruning_needs_yes_where_nobody_can_be_asked(acme: Runner) -> None:
    answer = acme("apply", "-f", acme.file(NOTHING), "--prune")
    assert (answer.exit, answer.out) == (2, "")
    assert answer.err.startswith("error: applying 9 to remove: setting:guest.access, order:W-1, ")


@pytest.mark.parametrize("head", ["# nothing", '[[customers]]\nkey = "acme"\n', "manager = null"])
def test_pruning_without_a_manager_is_refused(acme: Runner, head: str) -> None:
    name = "none.yaml" if "null" in head else "none.toml"
    path = acme.file(head.replace(" = null", ":"), name)
    for verb in ("plan", "diff", "apply"):
        (problem,) = acme(verb, "-f", acme.file(WEST), "-f", path, "--prune", "-o", "json").problems
        assert (problem["exit"], problem["message"], problem["file"]) == (4, "--prune needs a manager", path)


def test_pruning_for_two_managers_at_once_is_refused(acme: Runner) -> None:
    paths = ("-f", acme.file(WEST), "-f", acme.file('# other\nmanager = "other"\n', "other.toml"))
    (problem,) = acme("plan", *paths, "--prune", "-o", "json").problems
    assert (problem["exit"], problem["line"], problem["column"]) == (4, 2, 1)
    assert problem["message"] == "--prune needs one manager: this is 'other', before it is 'web'"


def test_documents_of_one_manager_are_pruned_together(acme: Runner) -> None:
    first, second = acme.file(WEST, "a.toml"), acme.file('manager = "web"\n[[groups]]\nkey = "gold"\n', "b.toml")
    found = acme.changes("plan", "-f", first, "-f", second, "--prune")
    assert {record for op, record in found if op == "remove"} == {*EVERYTHING} - {
        "customer:west",
        "customer-group:gold",
    }


def test_an_address_that_its_owner_no_longer_lists_goes(acme: Runner) -> None:
    add_address(acme, "hand")
    assert pruned(acme, ACME.replace('key = "hq"', 'key = "new"')) == [
        ("remove", "customer-address:acme/hq"),
        ("add", "customer-address:acme/new"),
    ]
    assert acme.sql("SELECT key, is_primary, default_types FROM address ORDER BY key") == [
        ("hand", 0, "[]"),
        ("new", 1, '["billing"]'),
        ("store", 0, "[]"),
    ]


def test_all_addresses_go_where_an_owner_lists_none(acme: Runner) -> None:
    text = ACME[: ACME.index("    [[customers.addresses]]")] + ACME[ACME.index('    [[customers]]\n    key = "west"') :]
    assert pruned(acme, text) == [("remove", "customer-address:acme/hq"), ("remove", "customer-address:acme/store")]


def test_the_primary_address_stays_while_no_document_says_which_other_would_be_it(acme: Runner) -> None:
    add_address(acme, "hand")
    text = ACME[: ACME.index("    [[customers.addresses]]")] + ACME[ACME.index('    [[customers]]\n    key = "west"') :]
    assert unpruned(acme, text) == [(5, "protected", "customer-address:acme/hq is the primary address")]
    acme("customer", "address", "edit", "acme/hand", "--primary")
    assert unpruned(acme, text) == [(5, "protected", "customer-address:acme/hq is a default address")]
    acme("customer", "address", "edit", "acme/hand", "--default", "billing")
    assert len(pruned(acme, text)) == 2


def add_address(runner: Runner, key: str) -> None:
    """An address of acme that no document has made."""
    row = f'key = "{key}", organization = "A", street = "S", city = "C", postal_code = "1", country = "GI"'
    runner.apply(f'[[customers]]\nkey = "acme"\naddresses = [{{{row}}}]\n', "address.toml")


def add_user(runner: Runner) -> None:
    """A user of acme that no document of its manager has made."""
    runner.apply(
        """
        [[users]]
        email = "hand@acme.example"
        first_name = "H"
        last_name = "H"
        customer = "acme"
        roles = ["acme/approver"]
        """,
        "user.toml",
    )


def test_a_record_that_others_still_use_stays(acme: Runner) -> None:
    add_user(acme)
    acme.apply('manager = "other"\n[[orders]]\nnumber = "O-1"\ncustomer = "acme"\nuser = "anna@acme.example"\n')
    assert unpruned(acme, NOTHING) == [
        (5, "has-dependents", "user:anna@acme.example still owns 1 order"),
        (5, "has-dependents", "role:acme/approver is held by 2 users"),
        (5, "has-dependents", "customer:acme is still used by 2 customer users, 1 own role, 1 order"),
    ]


def test_a_record_goes_when_the_same_document_gives_away_what_used_it(acme: Runner) -> None:
    add_user(acme)
    acme.apply('[[orders]]\nnumber = "O-1"\ncustomer = "acme"\n')
    moved = '[[users]]\nemail = "hand@acme.example"\ncustomer = "west"\nroles = ["buyer"]\n'
    moved += '[[orders]]\nnumber = "O-1"\ncustomer = "west"\n'
    assert ("remove", "customer:acme") in pruned(acme, WEST + moved)
    assert acme.sql("SELECT (SELECT c.key FROM customer c WHERE c.id = u.customer_id) FROM customer_user u") == [
        ("west",)
    ]


@pytest.mark.parametrize(
    ("named", "place", "message"),
    [
        (
            '[[customers]]\nkey = "west"\nparent = "acme"',
            "4:1",
            "customer:acme would be removed by --prune, but customer:west names it",
        ),
        (
            '[[customers]]\nkey = "new"\nname = "New"\ngroup = "gold"',
            "5:1",
            "customer-group:gold would be removed by --prune, but customer:new names it",
        ),
        (
            '[[roles]]\nkey = "acme/new"\nlabel = "New"',
            "3:1",
            "customer:acme would be removed by --prune, but role:acme/new names it",
        ),
        (
            '[[orders]]\nnumber = "N"\nuser = "anna@acme.example"',
            "4:1",
            "user:anna@acme.example would be removed by --prune, but order:N names it",
        ),
    ],
)
def test_what_the_documents_themselves_refer_to_is_not_pruned(
    acme: Runner, named: str, place: str, message: str
) -> None:
    path = acme.file(f'manager = "web"\n{named}\n')
    (problem,) = acme("apply", "-f", path, "--prune", "--yes", "-o", "json").problems
    assert (problem["exit"], problem["message"]) == (5, message)
    assert (problem["file"], f"{problem['line']}:{problem['column']}") == (path, place)


def test_records_of_entities_of_one_s_own_go_in_order_and_hold_what_they_need(custctl: Runner) -> None:
    custctl.apply(f'{NOTHING}{SHIPMENT}[[orders]]\nnumber = "1"\n{dedent(LINES)}')
    assert unpruned(custctl, f'{NOTHING}[[records]]\nentity = "shipment"\nkey = "a"\n') == [
        (5, "has-dependents", "entity:shipment would be removed by --prune, but shipment:a names it"),
        (5, "has-dependents", "order:1 would be removed by --prune, but shipment:a names it"),
    ]
    custctl("role", "grant", "buyer", "shipment", "view=user")
    assert unpruned(custctl, NOTHING) == [(5, "has-dependents", "entity:shipment is still used by 1 role")]
    custctl("role", "revoke", "buyer", "shipment")
    assert [record for _, record in pruned(custctl, NOTHING)] == [
        "entity:shipment",
        "order:1",
        "shipment:a",
        "shipment:b",
    ]


def test_a_record_in_the_documents_does_not_go_along_with_another(custctl: Runner) -> None:
    custctl.apply(f'{NOTHING}{SHIPMENT}[[orders]]\nnumber = "1"\n')
    custctl.apply(LINES)
    text = f'{NOTHING}[[entities]]\nname = "shipment"\n[[records]]\nentity = "shipment"\nkey = "b"\n'
    assert unpruned(custctl, text) == [
        (5, "has-dependents", "shipment:b is in the documents, but part of what --prune removes")
    ]


def test_a_visitor_goes_only_without_records(acme: Runner) -> None:
    acme.apply(f'{NOTHING}[[visitors]]\nkey = "v-1"\n')
    acme.apply('[[orders]]\nnumber = "V-1"\nvisitor = "v-1"\n')
    assert unpruned(acme, ACME) == [(5, "has-dependents", "visitor:v-1 still owns 1 order")]
    acme("order", "delete", "V-1")
    assert pruned(acme, ACME) == [("remove", "visitor:v-1")]


def test_a_role_of_the_website_goes_with_the_setting_that_names_it_and_not_before(custctl: Runner) -> None:
    role = '[[roles]]\nkey = "starter"\nlabel = "Starter"\n'
    setting = '[settings]\n"customer.default_role" = "starter"\n'
    custctl.apply(NOTHING + role)
    custctl.apply(setting)
    assert unpruned(custctl, NOTHING) == [(5, "protected", "role:starter is the website's default or guest role")]
    assert pruned(custctl, f'{NOTHING}[settings]\n"customer.default_role" = "administrator"\n') == [
        ("remove", "role:starter"),
        ("change", "setting:customer.default_role"),
    ]
    custctl.apply(f'{NOTHING}[settings]\n"customer.default_role" = ""\n')
    custctl.apply(NOTHING + role + setting)
    assert unpruned(custctl, NOTHING + setting)[0][:2] == (5, "has-dependents")
    assert [record for _, record in pruned(custctl, NOTHING)] == ["role:starter", "setting:customer.default_role"]


def test_a_group_of_visitors_goes_with_the_setting_that_names_it_and_not_before(custctl: Runner) -> None:
    custctl.apply(f'{NOTHING}[[groups]]\nkey = "guests"\nname = "Guests"\n')
    custctl.apply('[settings]\n"guest.group" = "guests"\n')
    assert unpruned(custctl, NOTHING) == [(5, "protected", "customer-group:guests is the group of visitors")]


def test_what_every_shop_has_is_never_pruned(custctl: Runner) -> None:
    rows = '[[roles]]\nkey = "buyer"\nlabel = "Purchaser"\n[[groups]]\nkey = "non-authenticated-visitors"\nname = "N"\n'
    custctl.apply(NOTHING + rows)
    assert pruned(custctl, NOTHING) == []
    assert custctl.sql("SELECT count(*) FROM role") == [(3,)]


def test_what_must_be_unique_passes_from_what_goes_to_what_comes(acme: Runner) -> None:
    renamed = (
        ACME.replace('"acme"', '"ajax"').replace("acme/approver", "ajax/approver").replace('"anna@acme', '"ann@acme')
    )
    found = pruned(acme, renamed)
    assert {("remove", "customer:acme"), ("add", "customer:ajax"), ("remove", "role:acme/approver")} <= {*found}
    assert acme.sql("SELECT key, external_id FROM customer WHERE external_id IS NOT NULL") == [("ajax", "42")]


def test_a_renamed_record_is_named(acme: Runner) -> None:
    text = (
        ACME.replace('key = "acme"', 'key = "ajax"\n    was = "acme"')
        .replace('"acme"\n    r', '"ajax"\n    r')
        .replace("acme/", "ajax/")
    )
    text = text.replace('parent = "acme"', 'parent = "ajax"').replace('customer = "acme"', 'customer = "ajax"')
    assert pruned(acme, text) == [("rename", "customer:ajax"), ("rename", "role:ajax/approver")]


def test_every_noun_can_be_taken_away() -> None:
    assert {*REMOVALS} == {*NOUNS} - {*ADDRESSES}


def test_undo_brings_back_what_was_pruned_with_its_manager(acme: Runner) -> None:
    before, managers = acme.export(), acme.sql(MANAGERS)
    pruned(acme, WEST)
    assert acme.export() != before
    acme("undo", "--last", "--yes")
    assert acme.export() == before
    assert acme.sql(MANAGERS) == managers
    acme.json("redo", "--last", "--yes")
    acme.json("undo", "--last", "--yes")
    assert (acme.export(), acme.sql(MANAGERS)) == (before, managers)
    assert len(pruned(acme, NOTHING)) == len(EVERYTHING)


MANAGERS = (
    " UNION ALL ".join(
        f"SELECT '{table}', {name}, manager FROM {table}"
        for table, name in (
            ("customer_group", "key"),
            ("customer", "key"),
            ("role", "key"),
            ("customer_user", "key"),
            ("address", "key"),
            ("sales_document", "number"),
            ("setting", "key"),
        )
    )
    + " ORDER BY 1, 2"
)


def test_undo_brings_back_a_guest_as_enabled_as_he_was(custctl: Runner) -> None:
    names = 'key = "guest-1"\nemail = "g@x.example"\nfirst_name = "G"\nlast_name = "G"\nroles = ["buyer"]\n'
    guest = f"[[users]]\n{names}guest = true\nenabled = true\nconfirmed = true\n"
    custctl.apply(NOTHING + guest)
    before = custctl.export()
    custctl("user", "delete", "guest-1")
    custctl("undo", "--last", "--yes")
    assert custctl.export() == before


def test_a_change_of_what_another_manager_made_is_warned_of(acme: Runner) -> None:
    text = 'manager = "other"\n[[customers]]\nkey = "west"\nname = "{}"\n[[customers]]\nkey = "acme"\n'
    assert acme.apply(text.format("West"))["warnings"] == []
    words = "documents of other change what is managed by web: customer:west"
    assert acme.apply(text.format("East"))["warnings"] == [words]
    answer = acme("plan", "-f", acme.file(text.format("North")))
    assert (answer.exit, answer.err) == (0, f"warning: {words}\n")
    acme("customer", "add", "By Hand", "--key", "hand")
    assert acme.apply('manager = "other"\n[[customers]]\nkey = "hand"\nname = "H"\n')["warnings"] == []
    assert acme.apply('[[customers]]\nkey = "west"\nname = "W"\n')["warnings"] == []


def test_a_warning_names_a_few_of_many(custctl: Runner) -> None:
    rows = "".join(f'[[groups]]\nkey = "g{number}"\nname = "{{}}"\n' for number in range(7))
    custctl.apply(NOTHING + rows.replace("{}", "G"))
    (warning,) = custctl.apply('manager = "other"\n' + rows.replace("{}", "H"))["warnings"]
    assert warning.endswith(
        ": customer-group:g0, customer-group:g1, customer-group:g2, customer-group:g3, customer-group:g4, ..."
    )


# Worlds that hypothesis makes


@st.composite
def pairs_of_worlds(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A world and a smaller one of the same manager, in which nothing refers to what is gone."""
    world = draw(worlds())
    less = json.loads(json.dumps(world))
    for table in ("groups", "customers", "roles", "users", "orders", "records"):
        less[table] = [row for row in less[table] if draw(st.booleans())]
    if not draw(st.booleans()):
        less["settings"] = {}
    customers = {row["key"] for row in less["customers"]}
    less["roles"] = [row for row in less["roles"] if row["key"].rpartition("/")[0] in {"", *customers}]
    roles = {row["key"] for row in less["roles"]}
    there = {
        "group": {row["key"] for row in less["groups"]},
        "customer": customers,
        "parent": customers,
        "user": {row.get("key", row.get("email")) for row in less["users"]},
    }
    for row in less["users"]:
        row["roles"] = [key for key in row["roles"] if key in roles] or ["buyer"]
    for row in (*less["customers"], *less["users"], *less["visitors"], *less["orders"]):
        _forget(row, there)
    there["parent"] = {f"order:{row['number']}" for row in less["orders"]}
    for row in less["records"]:
        _forget(row, there)
        there["parent"].add(f"own-one:{row['key']}")
    for row in less["customers"]:
        row["addresses"] = [address for address in row["addresses"] if draw(st.booleans())]
    return world, less


def _forget(row: dict[str, Any], there: dict[str, set[str]]) -> None:
    for name, keys in there.items():
        if row.get(name) and row[name] not in keys:
            row[name] = ""


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=tmp_path_factory.getbasetemp()) as place:
        yield Path(place)


def without_accounts(shop: Runner) -> Runner:
    """A shop that makes no accounts for customers: they would stay when a document no longer has the customer."""
    shop.json("setting", "set", "account.strategy", "none")
    return shop


@given(pair=pairs_of_worlds())
@settings(
    max_examples=WORLDS // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_what_is_planned_is_done_and_leaves_what_the_document_says_and_can_be_undone(
    empty_file: Path, shops: Path, pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    place = Path(tempfile.mkdtemp(dir=shops))
    shop = without_accounts(Runner(Path(shutil.copy(empty_file, place / "shop.db"))))
    for number, world in enumerate(pair):
        before, path = shop.export(), shop.file(write_document(world, "toml"), f"{number}.toml")
        told, plan = ("-f", path, "--prune"), str(place / f"{number}.plan")
        planned = shop.json("plan", *told, "--out", plan)
        differing = shop("diff", *told, "-o", "json")
        assert (differing.exit, differing.json) == (int(bool(planned["changes"])), planned)
        done = shop.json("apply", "--plan", plan, "--yes")
        assert done | {"revision": None} == planned
        answer = shop("diff", *told)
        assert (answer.exit, answer.out) == (0, "")
        fresh = without_accounts(new_shop(shop, empty_file, f"fresh-{number}"))
        fresh.apply(write_document(world, "toml"))
        after = shop.export()
        assert fresh.export() == after
        if done["changes"]:
            shop.json("undo", "--last", "--yes")
            assert shop.export() == before
            shop.json("redo", "--last", "--yes")
            assert shop.export() == after
    shutil.rmtree(place)
