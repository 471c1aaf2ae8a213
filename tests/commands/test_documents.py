"""Documents applied, planned and exported: what they change, what they leave alone, and what they are refused for."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custctl.resources import fold, slug
from custctl.store.demo import folder
from custctl.store.documents import read, write_document
from tests.conftest import Process
from tests.runner import UNTOUCHED, Runner

Format = Literal["toml", "yaml", "json"]
FORMATS: tuple[Format, ...] = ("toml", "yaml", "json")
DEMO = str(folder())
BOB = "bob.reyes@company-a.example"
WORLDS = int(os.environ.get("CUSTCTL_WORLDS", "500")) // 20


def new_shop(runner: Runner, empty: Path, name: str = "second") -> Runner:
    """Another empty shop beside the first."""
    place = runner.database.parent / name
    place.mkdir()
    return Runner(Path(shutil.copy(empty, place / "shop.db")))


# Applying


def test_a_second_apply_changes_nothing_and_writes_no_history(demo: Runner) -> None:
    before = demo.contents()
    answer = demo("apply", "-f", DEMO, "--yes")
    assert (answer.exit, answer.out, answer.err) == (0, "nothing to change\n", "")
    assert demo.json("apply", "-f", DEMO) == {"revision": None, "access": UNTOUCHED, "changes": [], "warnings": []}
    assert demo.contents() == before


def test_an_apply_tells_every_record_and_is_one_revision(custctl: Runner) -> None:
    answer = custctl.json("apply", "-f", DEMO, "--yes")
    kinds = [change["record"].partition(":")[0] for change in answer["changes"]]
    assert (answer["revision"], len(kinds)) == (1, 185)
    assert {change["op"] for change in answer["changes"]} == {"add"}
    changes = "SELECT count(*), min(revision_id), max(revision_id) FROM history WHERE revision_id > 0"
    assert custctl.sql(changes) == [(185, 1, 1)]
    signature = custctl.sql("SELECT actor, command FROM revision WHERE id > 0")
    assert signature == [("tester", f"custctl apply -f {DEMO} --yes -o json")]


def test_what_a_document_creates_carries_its_manager(demo: Runner) -> None:
    demo.apply('manager = "other"\n[[customers]]\nkey = "company-a"\n[[customers]]\nkey = "new"\nname = "New"')
    assert demo.sql("SELECT key, manager FROM customer WHERE key IN ('company-a', 'new') ORDER BY 1") == [
        ("company-a", "demo"),
        ("new", "other"),
    ]


def test_a_field_that_is_absent_stays_as_it_is(demo: Runner) -> None:
    assert demo.apply('[[customers]]\nkey = "company-a"\n')["changes"] == []
    answer = demo.apply('[[customers]]\nkey = "company-a"\ntax_code = "T"\n')
    assert answer["changes"] == [{"op": "change", "record": "customer:company-a", "fields": {"tax_code": [None, "T"]}}]


@pytest.mark.parametrize("nothing", ['""', "null"])
def test_an_empty_text_and_null_clear_a_field(demo: Runner, nothing: str) -> None:
    row = "".join(f', "{name}": {nothing}' for name in ("parent", "group", "owner", "sales_reps", "internal_rating"))
    answer = demo.apply(f'{{"customers": [{{"key": "company-a-west"{row}}}]}}', "world.json")
    assert answer["changes"][0]["fields"] == {
        "parent": ["company-a", None],
        "group": ["all-customers", None],
        "internal_rating": ["4_of_5", None],
        "owner": ["Sam Delgado", None],
        "sales_reps": [["Priya Nair"], []],
    }
    assert demo.apply(f'{{"customers": [{{"key": "company-a-west"{row}}}]}}', "again.json")["changes"] == []


@pytest.mark.parametrize("nothing", ['""', "null", "{}"])
def test_a_table_of_a_role_can_be_cleared(demo: Runner, nothing: str) -> None:
    tables = ("permissions", "capabilities", "workflows", "fields")
    row = "".join(f', "{name}": {nothing}' for name in tables)
    demo.apply(f'{{"roles": [{{"key": "company-a/assistant"{row}}}]}}', "world.json")
    shown = demo.json("role", "show", "company-a/assistant")
    assert [shown[name] for name in tables] == [{}, {}, {}, {}]


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("name", "customer 'company-a': name must not be blank"),
        ("addresses", "customer 'company-a': addresses must be a list"),
    ],
)
def test_what_is_required_cannot_be_cleared(demo: Runner, field: str, problem: str) -> None:
    assert demo.unapplied(f'[[customers]]\nkey = "company-a"\n{field} = ""\n') == [("3:1", 4, "invalid", problem)]


def test_a_list_that_is_present_is_the_whole_list(demo: Runner) -> None:
    for name in ("a", "b"):
        assert demo("price-list", "add", name).exit == 0
    answer = demo.apply(
        f"""
        [[customers]]
        key = "company-a"
        sales_reps = ["Zoe"]
        [[users]]
        email = "{BOB}"
        roles = ["administrator", "company-a/approver"]
        [[groups]]
        key = "partners"
        price_lists = ["b", "a", "b"]
        """
    )
    assert {change["record"]: change["fields"] for change in answer["changes"]} == {
        "customer-group:partners": {"price_lists": [[], ["b", "a"]]},
        "customer:company-a": {"sales_reps": [["Priya Nair", "Tom Ekberg"], ["Zoe"]]},
        f"user:{BOB}": {"roles": [["buyer"], ["administrator", "company-a/approver"]]},
    }


def test_a_table_that_is_present_is_the_whole_table(demo: Runner) -> None:
    document = """
        [[roles]]
        key = "company-a/approver"
        [roles.permissions.order]
        view = "user"
        edit = "none"
        """
    demo.apply(document)
    shown = demo.json("role", "show", "company-a/approver")
    assert shown["permissions"] == {"order": {"view": "user"}}
    assert shown["capabilities"] == {"oro_quick_add_form": True}
    assert demo.apply(document)["changes"] == []


def test_addresses_are_matched_by_key_and_the_others_stay(demo: Runner) -> None:
    answer = demo.apply(
        """
        [[customers]]
        key = "company-a"
        [[customers.addresses]]
        key = "hq"
        city = "Tampa"
        [[customers.addresses]]
        label = "Harbour"
        organization = "Company A"
        street = "S"
        city = "C"
        postal_code = "P"
        country = "GI"
        """
    )
    assert [(change["op"], change["record"]) for change in answer["changes"]] == [
        ("change", "customer-address:company-a/hq"),
        ("add", "customer-address:company-a/harbour"),
    ]
    listed = demo.json("customer", "address", "list", "company-a")
    assert [row["key"] for row in listed] == ["company-a/hq", "company-a/harbour", "company-a/warehouse"]


def test_a_listed_entity_is_explicit_and_an_unlisted_one_follows_the_default(custctl: Runner) -> None:
    custctl.apply(
        """
        [[roles]]
        key = "clerk"
        label = "Clerk"
        default = "department"
        [roles.permissions.quote]
        view = "user"
        [roles.permissions.order]
        """
    )
    rows = {row["entity"]: row["permissions"] for row in custctl.json("access", "matrix", "role:clerk")["entities"]}
    levels = {
        name: [rows[name][action]["level"] for action in ("view", "edit")] for name in ("quote", "order", "checkout")
    }
    assert levels == {
        "quote": ["user", "none"],
        "order": ["none", "none"],
        "checkout": ["department", "department"],
    }


@pytest.mark.parametrize(
    "row",
    [
        '[roles.permissions.order]\nview = "none"\n',
        "[roles.permissions.order]\n",
        '[roles.workflows.b2b_flow_checkout]\nview = "none"\n',
        '[roles.fields."quote.subtotal"]\nview = "none"\n',
        '[roles.fields."quote.subtotal"]\n',
        "[roles.capabilities]\noro_quick_add_form = false\n",
    ],
)
def test_every_way_to_say_none_is_said_once(demo: Runner, row: str) -> None:
    document = f'[[roles]]\nkey = "company-a/bookkeeper"\n{row}'
    demo.apply(document)
    assert demo.apply(document)["changes"] == []
    demo.apply(demo.export())
    assert demo.apply(document)["changes"] == []


def test_a_setting_is_set_changed_and_put_back_to_its_default(demo: Runner) -> None:
    def changes(value: str) -> list[Any]:
        answer = demo.apply(f'[settings]\n"guest.allowed_pages" = {value}\n')
        return [(change["op"], change["record"], change["fields"].get("value")) for change in answer["changes"]]

    assert changes('["/about"]') == [("add", "setting:guest.allowed_pages", [None, ["/about"]])]
    assert changes('["/about", "/faq"]') == [
        ("change", "setting:guest.allowed_pages", [["/about"], ["/about", "/faq"]])
    ]
    assert changes('""') == [("remove", "setting:guest.allowed_pages", [["/about", "/faq"], None])]
    assert changes('""') == []


def test_entities_of_one_s_own_have_permissions_records_and_parents(custctl: Runner) -> None:
    custctl.apply(
        """
        [[customers]]
        key = "acme"
        name = "Acme"
        [[entities]]
        name = "blog-post"
        ownership = "customer"
        [[entities]]
        name = "notice"
        ownership = "none"
        permissions = ["view", "print"]
        [[records]]
        entity = "notice"
        key = "n1"
        parent = "blog-post:B1"
        [[records]]
        entity = "blog-post"
        key = "b1"
        customer = "acme"
        """
    )
    assert custctl.sql("SELECT name, ownership, permissions FROM entity ORDER BY 1") == [
        ("blog-post", "customer", '["view","create","edit","delete","assign"]'),
        ("notice", "none", '["view","print"]'),
    ]
    child = "SELECT c.key, p.key FROM record c LEFT JOIN record p ON p.id = c.parent_record_id ORDER BY 1"
    assert custctl.sql(child) == [("b1", None), ("n1", "b1")]


def test_a_user_of_another_customer_than_the_record_s_is_kept_with_a_warning(demo: Runner) -> None:
    document = """
        [[orders]]
        number = "SO-1"
        customer = "company-a"
        user = "rosa.marin@partner-c.example"
        """
    path = demo.file(document)
    answer = demo("apply", "-f", path, "--yes")
    words = "order:SO-1: its user rosa.marin@partner-c.example belongs to customer partner-c-north, not to company-a"
    assert (answer.exit, answer.err) == (0, f"warning: {words}\n")
    assert demo.sql("SELECT count(*) FROM sales_document WHERE number = 'SO-1' AND user_id IS NOT NULL") == [(1,)]
    assert demo.apply(document)["warnings"] == []


def test_a_status_that_no_rule_knows_is_kept_with_a_warning(demo: Runner) -> None:
    answer = demo.apply('[[orders]]\nnumber = "SO-1"\nstatus = "opne"\n')
    assert answer["warnings"] == ["order:SO-1: status 'opne' is not one that any rule knows; did you mean open?"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ('"12.5"', 125_000),
        ("12.5", 125_000),
        ("7", 70_000),
        ('"-0.0001"', -1),
        ('"922337203685476.9999"', 9223372036854769999),
    ],
)
def test_money_is_read_exactly(custctl: Runner, written: str, kept: int) -> None:
    custctl.apply(f'[[orders]]\nnumber = "1"\nsubtotal = {written}\n')
    assert custctl.sql("SELECT subtotal, typeof(subtotal) FROM sales_document") == [(kept, "integer")]


def test_yaml_is_read_as_text(custctl: Runner) -> None:
    custctl.apply(
        "customers:\n- key: '01234'\n  name: NO\n  vat_id: 0o17\n  external_id: 1e3\n  payment_term: null\n",
        "world.yaml",
    )
    assert custctl.sql("SELECT key, name, vat_id, external_id, payment_term FROM customer") == [
        ("01234", "NO", "0o17", "1e3", None)
    ]


# Where documents come from, in which order, and who is asked


def test_a_document_can_come_from_standard_input(demo: Runner) -> None:
    for text in ('[[customers]]\nkey = "a"\nname = "A"\n', "customers:\n- key: b\n  name: B\n", '{"customers": []}'):
        assert demo("apply", "-f", "-", "--yes", stdin=text).exit == 0
    assert demo.sql("SELECT count(*) FROM customer WHERE key IN ('a', 'b')") == [(2,)]


def test_several_files_are_one_document(custctl: Runner) -> None:
    child = custctl.file('[[customers]]\nkey = "child"\nname = "C"\nparent = "top"\n', "a.toml")
    top = custctl.file("customers:\n- {key: top, name: T}\n", "b.yaml")
    assert custctl.changes("apply", "-f", child, "-f", top, "--yes") == [
        ("add", "customer:child"),
        ("add", "customer:top"),
        ("add", "account:child"),
        ("add", "account:top"),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_documents_tables_and_rows_does_not_matter(custctl: Runner, demo: Runner, seed: int) -> None:
    shuffled = random.Random(seed)
    names: list[str] = []
    for number, document in enumerate(read([DEMO])):
        tables = list(document.tables.items())
        shuffled.shuffle(tables)
        for _, rows in tables:
            if isinstance(rows, list):
                shuffled.shuffle(rows)
        names.append(custctl.file(write_document(dict(tables), "json"), f"{number}.json"))
    shuffled.shuffle(names)
    assert custctl("apply", *(word for name in names for word in ("-f", name)), "--yes").exit == 0
    assert custctl.export() == demo.export()


@pytest.mark.parametrize("rows", list(permutations(("a", "b", "c"))))
def test_a_unique_value_may_pass_on_in_one_document_in_any_order(custctl: Runner, rows: tuple[str, ...]) -> None:
    first = {"a": "1", "b": "2", "c": ""}
    then = {"a": "2", "b": "", "c": "1"}

    def document(ids: dict[str, str]) -> str:
        tables = (f'[[customers]]\nkey = "{key}"\nname = "N"\nexternal_id = "{ids[key]}"\n' for key in rows)
        return "".join(tables)

    custctl.apply(document(first))
    custctl.apply(document(then) + '[[customers]]\nkey = "d"\nname = "N"\nexternal_id = "3"\n')
    found = custctl.sql("SELECT key, external_id FROM customer ORDER BY key")
    assert found == [("a", "2"), ("b", None), ("c", "1"), ("d", "3")]


def test_changes_need_yes_where_nobody_can_be_asked(demo: Runner) -> None:
    path = demo.file('[[customers]]\nkey = "new"\nname = "New"\n')
    answer = demo("apply", "-f", path)
    assert (answer.exit, answer.out) == (2, "")
    assert answer.err == (
        "error: applying 2 to add: customer:new, account:new needs --yes\n"
        "  hint: look at it first with --dry-run, then add --yes\n"
    )
    assert demo("apply", "-f", DEMO).exit == 0


@pytest.mark.parametrize(
    "document",
    [
        '[[customers]]\nkey = "new"\nname = "New"\n[[orders]]\nnumber = "N"\nstatus = "odd"\n',
        '[[customers]]\nkey = "acme"\nwas = "company-a"\n',
        '[[customers]]\nkey = "company-a"\n',
        '[[customers]]\nkey = "company-a"\nparent = "company-a-la"\n',
        '[[customers]]\nkey = "company-a"\nexternal_id = "ERP-20001"\n',
        '[[customers]]\nkey = "company-a"\nnmae = "ERP-20001"\n',
        f'[[tests]]\nsubject = "{BOB}"\naction = "view"\nresource = "order"\nallowed = false\n',
    ],
)
def test_a_dry_run_and_a_plan_answer_as_the_real_run_does_and_write_nothing(demo: Runner, document: str) -> None:
    path = demo.file(document)
    words = ("-f", path, "-o", "json")
    tried, planned = demo("apply", *words, "--dry-run", "--yes"), demo("plan", *words)
    real = demo("apply", *words, "--yes")
    assert tried.exit == planned.exit == real.exit
    if real.exit:
        assert tried.err == planned.err == real.err
    else:
        expected = real.json | {"revision": None}
        assert tried.json == planned.json == expected
        assert tried.err == f"{real.err}dry run: nothing was written\n"


def test_a_plan_says_in_words_what_would_be(demo: Runner) -> None:
    before = demo.contents()
    path = demo.file('[[customers]]\nkey = "new"\nname = "New"\n[[customers]]\nkey = "partner-c"\nname = "C"\n')
    answer = demo("plan", "-f", path)
    assert (answer.exit, answer.err) == (0, "")
    assert answer.lines == [
        "+ customer:new",
        "    key: new",
        "    name: New",
        "    account: new",
        "    channel: web-shop",
        "~ customer:partner-c  name: Partner C → C",
        "+ account:new",
        "    key: new",
        "    name: New",
        "2 to add, 1 to change, 0 to remove",
    ]
    assert demo.contents() == before


def test_a_plan_and_a_dry_run_need_no_database_and_make_none(custctl: Runner) -> None:
    custctl.database.unlink()
    assert custctl("plan", "-f", DEMO).lines[-1] == "185 to add, 0 to change, 0 to remove"
    assert custctl("apply", "-f", DEMO, "--dry-run").exit == 0
    assert not custctl.database.exists()


def test_a_real_process_applies_what_it_is_given(process: Process) -> None:
    text = '[[customers]]\nkey = "acme"\nname = "Acme"\n'
    answer = process("apply", "-f", "-", "--yes", "-o", "json", stdin=text)
    assert (answer.exit, answer.json["revision"], answer.err) == (0, 1, "")
    answer = process("export", "customers")
    assert (answer.exit, answer.out, answer.err) == (0, f'apiVersion = "custctl/v1"\n\n{text}account = "acme"\n', "")


def test_a_failed_test_of_a_document_keeps_everything_as_it_was(demo: Runner) -> None:
    document = f"""
        [[customers]]
        key = "new"
        name = "New"
        [[tests]]
        subject = "{BOB}"
        action = "view"
        resource = "customer:new"
        allowed = true
        """
    before = demo.export()
    for words in (("plan",), ("apply", "--yes"), ("apply", "--dry-run")):
        answer = demo(*words, "-f", demo.file(document), "-o", "json")
        assert (answer.exit, answer.err) == (1, "")
        (failed,) = answer.json["tests"]
        assert (answer.json["failed"], failed["line"], failed["expected"]) == (1, 4, {"allowed": True})
        assert failed["got"]["reason"] == "out-of-reach"
        assert demo.export() == before


# Renaming


def test_was_renames_a_customer_and_the_roles_that_are_named_after_it(demo: Runner) -> None:
    document = """
        [[customers]]
        key = "acme"
        was = "company-a"
        [[customers]]
        key = "company-a-west"
        parent = "acme"
        [[roles]]
        key = "acme/approver"
        label = "Approver"
        """
    answer = demo.apply(document)
    assert [(change["op"], change["record"]) for change in answer["changes"]] == [
        ("rename", "customer:acme"),
        ("rename", "role:acme/approver"),
        ("rename", "role:acme/bookkeeper"),
        ("rename", "role:acme/assistant"),
    ]
    assert demo.apply(document)["changes"] == []


@pytest.mark.parametrize(
    ("table", "row", "record", "old"),
    [
        (
            "users",
            'email = "bobby@x.example"\nwas = "bob.reyes@company-a.example"',
            "user:bobby@x.example",
            f"user:{BOB}",
        ),
        ("groups", 'key = "vip"\nwas = "all-customers"', "customer-group:vip", "customer-group:all-customers"),
        (
            "roles",
            'key = "company-a/chief"\nwas = "company-a/approver"',
            "role:company-a/chief",
            "role:company-a/approver",
        ),
        ("visitors", 'key = "v1"\nwas = "visitor-1"', "visitor:v1", "visitor:visitor-1"),
        ("orders", 'number = "SO-9"\nwas = "so-1001"', "order:SO-9", "order:SO-1001"),
    ],
)
def test_was_renames_once(demo: Runner, table: str, row: str, record: str, old: str) -> None:
    document = f"[[{table}]]\n{row}\n"
    ids = demo.sql("SELECT count(*), sum(id) FROM customer_user UNION SELECT count(*), sum(id) FROM sales_document")
    assert [(change["op"], change["record"]) for change in demo.apply(document)["changes"]] == [("rename", record)]
    assert demo.apply(document)["changes"] == []
    assert old not in demo.export()
    after = demo.sql("SELECT count(*), sum(id) FROM customer_user UNION SELECT count(*), sum(id) FROM sales_document")
    assert after == ids


def test_was_of_what_never_was_and_of_a_taken_key_is_refused(demo: Runner) -> None:
    document = '[[customers]]\nkey = "a"\nwas = "b"\n'
    message = "customer:a: name is required for a new customer"
    assert demo.unapplied(document) == [("1:1", 4, "invalid", message)]
    assert "it is new, because its former key 'b' is not stored" in demo("apply", "-f", demo.file(document)).err
    document = '[[customers]]\nkey = "partner-c"\nwas = "company-a"\n'
    message = "customer:company-a cannot become partner-c: that key is taken"
    assert demo.unapplied(document) == [("2:1", 5, "taken", message)]


def test_a_renamed_parent_is_still_the_parent_when_cycles_are_looked_for(demo: Runner) -> None:
    document = """
        [[customers]]
        key = "west"
        was = "company-a-west"
        [[customers]]
        key = "acme"
        was = "company-a"
        parent = "west"
        """
    message = "customer:acme: west cannot be the parent: it lies below (acme → west → acme)"
    assert demo.unapplied(document) == [("7:1", 4, "cycle", message)]


# What is refused, and where

ADDRESS = 'organization = "O"\nstreet = "S"\ncity = "C"\npostal_code = "P"\ncountry = "GI"\n'
REFUSED: dict[str, tuple[str, list[tuple[str, int, str, str]]]] = {
    "an unknown table": ('[[customer]]\nkey = "a"\n', [("1:1", 4, "invalid", "unknown table 'customer'")]),
    "an unknown field": (
        '[[customers]]\nkey = "a"\nname = "A"\n  nmae = "B"\n',
        [("4:3", 4, "unknown-field", "customer 'a': nmae is not a field that is known here")],
    ),
    "an unknown field of an address": (
        f'[[customers]]\nkey = "company-a"\n[[customers.addresses]]\n{ADDRESS}zip = "1"\n',
        [("9:1", 4, "unknown-field", "customer 'company-a': addresses.0.zip is not a field that is known here")],
    ),
    "an unknown setting": (
        '[settings]\n"guest.acess" = true\n',
        [("2:1", 4, "unknown-setting", "unknown setting 'guest.acess'")],
    ),
    "a setting of the wrong type": (
        '[settings]\n"guest.access" = "no"\n"account.strategy" = "all"\n"guest.allowed_pages" = "x"\n',
        [
            ("2:1", 4, "invalid", "setting guest.access must be true or false"),
            ("3:1", 4, "invalid", "setting account.strategy must be one of each, root, none"),
            ("4:1", 4, "invalid", "setting guest.allowed_pages must be a list of texts"),
        ],
    ),
    "a setting whose name is not quoted": (
        '[settings]\ncustomer.default_role = "administrator"\n',
        [("2:1", 4, "invalid", "settings.customer.default_role must be a table: the settings of one customer")],
    ),
    "a setting of another scope": (
        '[settings.customer.company-a]\n"guest.access" = true\n',
        [("2:1", 4, "invalid", "guest.access is set for system, not for a customer")],
    ),
    "settings that lead nowhere": (
        '[settings]\n"guest.group" = "nope"\n"customer.default_role" = "company-a/approver"\n',
        [
            ("2:1", 4, "not-found", "customer group 'nope' not found"),
            (
                "3:1",
                4,
                "invalid",
                "setting:customer.default_role: the website's roles are predefined ones, without a customer",
            ),
        ],
    ),
    "settings that are no table": ("settings = 3\n", [("1:1", 4, "invalid", "settings must be a table")]),
    "an unknown entity": (
        '[[roles]]\nkey = "company-a/approver"\n[roles.permissions.ordre]\nview = "user"\n',
        [("3:1", 4, "invalid", "role:company-a/approver: unknown entity 'ordre'")],
    ),
    "an unknown action": (
        '[[roles]]\nkey = "company-a/approver"\n[roles.permissions.quote]\nview = "user"\nveiw = "user"\n',
        [
            (
                "5:1",
                4,
                "invalid",
                "role:company-a/approver: veiw is not a permission of quote: it has view, create, edit, delete, assign",
            )
        ],
    ),
    "an unknown level": (
        '[[roles]]\nkey = "company-a/approver"\n[roles.permissions.quote]\nview = "user"\nedit = "usr"\n',
        [
            (
                "5:1",
                4,
                "invalid",
                (
                    "role 'company-a/approver': permissions.quote.edit must be one of none, user, department,"
                    " corporate, full"
                ),
            )
        ],
    ),
    "a level that the entity cannot hold": (
        '[[roles]]\nkey = "company-a/approver"\n[roles.permissions]\ncustomer = { view = "user" }\n',
        [
            (
                "4:14",
                4,
                "invalid",
                "role:company-a/approver: customer cannot hold user for view: it takes none, department, corporate",
            )
        ],
    ),
    "an unknown capability, workflow and field": (
        (
            '[[roles]]\nkey = "company-a/approver"\n[roles.capabilities]\nnope = true\n[roles.workflows.nope]\n'
            'view = "user"\n[roles.fields."nope.x"]\nview = "none"\n'
        ),
        [
            ("4:1", 4, "invalid", "role:company-a/approver: unknown capability 'nope'"),
            ("5:1", 4, "invalid", "role:company-a/approver: unknown workflow 'nope'"),
            ("7:1", 4, "invalid", "role:company-a/approver: unknown field 'nope.x'"),
        ],
    ),
    "a default that would be full": (
        '[[roles]]\nkey = "company-a/approver"\ndefault = "full"\n',
        [("3:1", 4, "invalid", "role 'company-a/approver': default must be one of none, user, department, corporate")],
    ),
    "a key twice": (
        '[[customers]]\nkey = "a"\nname = "A"\n[[customers]]\nkey = "a"\nname = "B"\n',
        [("5:1", 4, "repeated-key", "two customers have the key 'a'")],
    ),
    "a key twice in another case": (
        '[[orders]]\nnumber = "SO-1"\n[[orders]]\nnumber = "so-1"\n[[quotes]]\nnumber = "SO-1"\n',
        [("4:1", 4, "repeated-key", "two orders have the key 'so-1'")],
    ),
    "an address twice": (
        '[[customers]]\nkey = "company-a"\n[[customers.addresses]]\nkey = "hq"\n[[customers.addresses]]\nkey = "hq"\n',
        [("6:1", 4, "repeated-key", "two addresses of customer 'company-a' have the key 'hq'")],
    ),
    "a record without its key": (
        '[[customers]]\nname = "A"\n[[users]]\nfirst_name = "B"\n[[orders]]\nstatus = "open"\n',
        [
            ("1:1", 4, "invalid", "customer without key: key is required"),
            ("3:1", 4, "invalid", "a user needs an email"),
            ("5:1", 4, "invalid", "order without number: number is required"),
        ],
    ),
    "a new record without what it needs": (
        (
            '[[customers]]\nkey = "new"\n[[users]]\nemail = "new@x.example"\nroles = ["buyer"]\nlast_name = "L"\n'
            '[[roles]]\nkey = "new"\n[[entities]]\nname = "new"\n'
        ),
        [
            ("9:1", 4, "invalid", "entity:new: ownership is required for a new entity"),
            ("1:1", 4, "invalid", "customer:new: name is required for a new customer"),
            ("7:1", 4, "invalid", "role:new: label is required for a new role"),
            ("3:1", 4, "invalid", "user:new@x.example: first_name is required for a new customer user"),
        ],
    ),
    "a key that is no key": (
        '[[customers]]\nkey = "Acme Inc"\nname = "A"\n',
        [
            (
                "2:1",
                4,
                "invalid",
                "customer 'Acme Inc': key is not a key: letters, digits and single hyphens, at most 64; try 'acme-inc'",
            )
        ],
    ),
    "references that are not stored": (
        (
            '[[customers]]\nkey = "a"\nname = "A"\nparent = "nope"\ngroup = "nope"\n[[orders]]\nnumber = "1"\n'
            'user = "nope@x.example"\nvisitor = "nope"\n[[roles]]\nkey = "nope/x"\nlabel = "Nope"\n'
        ),
        [
            ("4:1", 4, "not-found", "customer 'nope' not found"),
            ("5:1", 4, "not-found", "customer group 'nope' not found"),
            ("8:1", 4, "not-found", "customer user 'nope@x.example' not found"),
            ("9:1", 4, "not-found", "visitor 'nope' not found"),
            ("11:1", 4, "not-found", "customer 'nope' not found"),
        ],
    ),
    "a name where a key is wanted": (
        (
            '[[customers]]\nkey = "a"\nname = "A"\nparent = "Company A"\n[[customers]]\nkey = "b"\nname = "B"\n'
            'parent = "id:1"\n'
        ),
        [
            ("4:1", 4, "not-found", "customer 'company a' not found"),
            ("8:1", 4, "not-found", "customer 'id:1' not found"),
        ],
    ),
    "a parent of a record that is not stored": (
        '[[records]]\nentity = "grid-view"\nkey = "a"\nparent = "order:nope"\n',
        [("4:1", 4, "not-found", "parent record 'order:nope' not found")],
    ),
    "a record of an entity that has a table of its own": (
        (
            '[[records]]\nentity = "order"\nkey = "a"\n[[records]]\nentity = "product"\nkey = "a"\n'
            '[[records]]\nentity = "nope"\nkey = "a"\n'
        ),
        [
            ("2:1", 4, "invalid", "order:a: order is not stored as a plain record"),
            ("5:1", 4, "invalid", "product:a: product is not stored as a plain record"),
            ("8:1", 4, "invalid", "nope:a: unknown entity 'nope'"),
        ],
    ),
    "a customer that is its own parent": (
        '[[customers]]\nkey = "partner-c"\nparent = "partner-c"\n',
        [("3:1", 4, "cycle", "customer:partner-c: a customer cannot be its own parent")],
    ),
    "a cycle of two customers": (
        '[[customers]]\nkey = "a"\nname = "A"\nparent = "b"\n[[customers]]\nkey = "b"\nname = "B"\nparent = "a"\n',
        [("4:1", 4, "cycle", "customer:a: b cannot be the parent: it lies below (a → b → a)")],
    ),
    "a cycle through what is stored": (
        '[[customers]]\nkey = "company-a"\nparent = "company-a-la"\n',
        [
            (
                "3:1",
                4,
                "cycle",
                (
                    "customer:company-a: company-a-la cannot be the parent: it lies below"
                    " (company-a → company-a-west → company-a-la → company-a)"
                ),
            )
        ],
    ),
    "a cycle of records": (
        (
            '[[records]]\nentity = "grid-view"\nkey = "A"\nparent = "grid-view:b"\n'
            '[[records]]\nentity = "grid-view"\nkey = "b"\nparent = "grid-view:a"\n'
        ),
        [
            (
                "4:1",
                4,
                "cycle",
                (
                    "grid-view:A: grid-view:b cannot be the parent: it lies below"
                    " (grid-view:a → grid-view:b → grid-view:a)"
                ),
            )
        ],
    ),
    "a record that is its own parent": (
        '[[records]]\nentity = "grid-view"\nkey = "a"\nparent = "grid-view:A"\n',
        [("4:1", 4, "cycle", "grid-view:a: a record cannot be its own parent")],
    ),
    "an enabled user without roles": (
        '[[users]]\nemail = "bob.reyes@company-a.example"\nroles = []\n',
        [("3:1", 5, "last-role", f"user:{BOB}: an enabled user needs at least one role")],
    ),
    "a role of another customer": (
        '[[users]]\nemail = "bob.reyes@company-a.example"\nroles = ["buyer", "partner-c/service-desk"]\n',
        [
            (
                "3:1",
                4,
                "invalid",
                f"user:{BOB}: role partner-c/service-desk belongs to customer partner-c, the user to company-a",
            )
        ],
    ),
    "a role that does not move with its user": (
        '[[users]]\nemail = "dana.lee@company-a.example"\ncustomer = "partner-c"\n',
        [
            (
                "1:1",
                4,
                "invalid",
                (
                    "user:dana.lee@company-a.example: role company-a/approver belongs to customer company-a,"
                    " the user to partner-c"
                ),
            )
        ],
    ),
    "a label that a role of the customer has": (
        '[[roles]]\nkey = "company-a/new"\nlabel = "bookkeeper"\n',
        [
            (
                "3:1",
                5,
                "taken",
                "role:company-a/new: a role with the label 'bookkeeper' already exists: role:company-a/bookkeeper",
            )
        ],
    ),
    "an external id twice in one document": (
        (
            '[[customers]]\nkey = "a"\nname = "A"\nexternal_id = "1"\n[[customers]]\nkey = "b"\nname = "B"\n'
            'external_id = "1"\n'
        ),
        [("8:1", 5, "taken", "customer:b: external id '1' is already that of customer:a")],
    ),
    "a guest without a key": (
        '[[users]]\nemail = "jo@x.example"\nguest = true\n',
        [("2:1", 4, "invalid", "guest jo@x.example needs a key, because guests may share an e-mail address")],
    ),
    "values of a sales document that cannot be": (
        (
            '[[orders]]\nnumber = "1"\nsubtotal = "1.00001"\ncurrency = "usd"\npayment_status = "paid"\n'
            'placed_at = "soon"\n[[orders]]\nnumber = "a\\u0000b"\n[[quotes]]\nnumber = "\\u202e"\n'
        ),
        [
            ("3:1", 4, "invalid", "order '1': subtotal must have at most four decimal places"),
            ("4:1", 4, "invalid", "order '1': currency must be a currency code of three capitals, like USD"),
            (
                "5:1",
                4,
                "invalid",
                (
                    "order '1': payment_status must be one of full, partially, invoiced, authorized,"
                    " authorized_partially, declined, pending, canceled, canceled_partially,"
                    " refunded, refunded_partially"
                ),
            ),
            ("6:1", 4, "invalid", "order '1': placed_at must be a time like 2026-01-31T12:00:00Z"),
            ("8:1", 4, "invalid", "order 'a\\x00b': number holds a NUL character"),
            ("10:1", 4, "invalid", "quote '\\u202e': number holds an invisible or control character"),
        ],
    ),
    "an entity that every shop has, or of no name": (
        '[[entities]]\nname = "order"\nownership = "none"\n[[entities]]\nname = "My Own"\nownership = "user"\n',
        [
            ("2:1", 4, "invalid", "entity:order: is an entity that every shop has"),
            (
                "5:1",
                4,
                "invalid",
                "entity:My Own: is not an entity name: lower-case words joined by hyphens; try 'my-own'",
            ),
        ],
    ),
    "an entity that roles say more about than it has": (
        '[[entities]]\nname = "sales-report"\npermissions = ["create"]\n',
        [
            (
                "3:1",
                4,
                "invalid",
                "role:company-a/bookkeeper: view is not a permission of sales-report: it has create",
            )
        ],
    ),
    "an ownerless entity that could be assigned": (
        '[[entities]]\nname = "new"\nownership = "none"\npermissions = ["view", "assign"]\n',
        [("4:1", 4, "invalid", "entity:new: a record that nobody owns cannot be assigned")],
    ),
    "a table that is no list of tables": (
        "customers = 3\ngroups = [4]\n",
        [
            ("1:1", 4, "invalid", "customers must be a list of tables"),
            ("2:11", 4, "invalid", "groups must hold tables"),
        ],
    ),
    "a manager that is no name": (
        'manager = "My Team"\n',
        [("1:1", 4, "invalid", "manager must be a short name like demo")],
    ),
    "another version": ('apiVersion = "custctl/v9"\n', [("1:1", 4, "invalid", "apiVersion 'custctl/v9' is not known")]),
    "a text that is not TOML": (
        '[[customers]\nkey = "a"\n',
        [("1:12", 4, "syntax", "not valid TOML: expecting ']]' behind the name of a list of tables")],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_document_is_refused_with_the_place_of_every_problem(demo: Runner, case: str) -> None:
    document, problems = REFUSED[case]
    assert demo.unapplied(document) == problems


def test_a_problem_is_told_to_a_person_with_its_place_and_what_to_do(demo: Runner) -> None:
    path = demo.file('[[customers]]\nkey = "a"\nname = "A"\nparent = "compny-a"\ngrop = "x"\n')
    answer = demo("apply", "-f", path, "--yes")
    assert (answer.exit, answer.out) == (4, "")
    assert answer.err == (
        "error: customer 'a': grop is not a field that is known here\n"
        f'  --> {path}:5:1, field "grop"\n'
        "  hint: did you mean group?\n"
    )


@pytest.mark.parametrize("name", ["world.yaml", "world.json"])
def test_places_are_told_in_every_format(demo: Runner, name: str) -> None:
    text = '{\n  "customers": [\n    {"key": "a", "name": "A",\n     "parent": "nope"}\n  ]\n}\n'
    assert demo.unapplied(text, name) == [("4:6", 4, "not-found", "customer 'nope' not found")]


def test_a_file_that_cannot_be_read_is_exit_4(demo: Runner) -> None:
    answer = demo("apply", "-f", "/nowhere/world.toml", "--yes")
    assert (answer.exit, answer.out) == (4, "")
    assert answer.err == "error: cannot be read: No such file or directory\n  --> /nowhere/world.toml\n"


def test_a_parent_and_a_child_may_change_places(demo: Runner) -> None:
    document = """
        [[customers]]
        key = "company-a"
        parent = "company-a-west"
        [[customers]]
        key = "company-a-west"
        parent = ""
        """
    assert [change["fields"] for change in demo.apply(document)["changes"]] == [
        {"parent": [None, "company-a-west"]},
        {"parent": ["company-a", None]},
    ]
    assert demo.json("customer", "show", "company-a-east")["ancestors"] == ["company-a-west", "company-a"]


def test_a_long_cycle_is_found_and_a_long_chain_is_none(custctl: Runner) -> None:
    length = 600
    rows = [{"key": f"c{number}", "name": "C", "parent": f"c{number + 1}"} for number in range(length)]
    closed = [*rows, {"key": f"c{length}", "name": "C", "parent": "c0"}]
    path = custctl.file(json.dumps({"customers": closed}), "closed.json")
    (refusal,) = custctl.refusals("apply", "-f", path, "--yes")
    assert refusal[:2] == (4, "cycle")
    custctl.apply(json.dumps({"customers": [*rows, {"key": f"c{length}", "name": "C"}]}), "open.json")
    assert len(custctl.json("customer", "show", "c0")["ancestors"]) == length


# Export


@pytest.mark.parametrize("format", FORMATS)
def test_the_demo_world_comes_back_byte_by_byte(demo: Runner, empty_file: Path, format: Format) -> None:
    text = demo.export(format)
    other = new_shop(demo, empty_file)
    other.apply(text, f"world.{format}")
    assert other.export(format) == text
    assert other.apply(text, f"again.{format}")["changes"] == []
    assert demo.apply(text, f"world.{format}")["changes"] == []


def test_an_export_is_sorted_and_holds_no_id_time_or_default(demo: Runner) -> None:
    tables = json.loads(demo.export("json"))
    assert list(tables) == [
        "apiVersion",
        "entities",
        "taxonomies",
        "tags",
        "price_lists",
        "groups",
        "customers",
        "roles",
        "users",
        "visitors",
        "contents",
        "content_variants",
        "contact_groups",
        "contacts",
        "accounts",
        "channels",
        "business_customers",
        "leads",
        "opportunities",
        "categories",
        "products",
        "prices",
        "orders",
        "quotes",
        "requests",
        "shopping_lists",
        "checkouts",
        "records",
        "activities",
        "marketing_events",
        "settings",
    ]
    assert tables["customers"][3] == {
        "key": "company-a-west",
        "name": "Company A - West",
        "parent": "company-a",
        "group": "all-customers",
        "account": "company-a",
        "channel": "web-shop",
        "internal_rating": "4_of_5",
        "owner": "Sam Delgado",
        "sales_reps": ["Priya Nair"],
        "addresses": [
            {
                "key": "office",
                "label": "Office",
                "organization": "Company A - West",
                "street": "55 Saguaro Street",
                "city": "Phoenix",
                "postal_code": "85004",
                "country": "US",
                "region": "US-AZ",
                "primary": True,
                "types": ["billing", "shipping"],
                "default": ["billing"],
            }
        ],
    }
    for name, rows in tables.items():
        if isinstance(rows, list):
            keys = [
                (
                    row.get("entity", "") or f"{row.get('price_list', '')}/{row.get('product', '')}",
                    fold(
                        str(
                            row.get("key") or row.get("sku") or row.get("email") or row.get("number") or row.get("name")
                        )
                    ),
                )
                for row in rows
            ]
            assert keys == sorted(keys), name


def test_what_every_shop_has_is_exported_as_it_was_changed(custctl: Runner, empty_file: Path) -> None:
    custctl("role", "grant", "buyer", "order", "view=corporate")
    custctl("role", "edit", "visitors", "--label", "Strangers", "--public")
    custctl("role", "revoke", "administrator", "capability-default")
    custctl("group", "edit", "non-authenticated-visitors", "--payment-term", "prepaid", "--name", "Strangers")
    other = new_shop(custctl, empty_file)
    other.apply(custctl.export())
    assert other.export() == custctl.export()


@pytest.mark.parametrize("noun", ["customers", "settings"])
def test_one_table_can_be_exported_alone(demo: Runner, noun: str) -> None:
    answer = demo("export", noun, "--format", "json")
    assert (answer.exit, answer.err) == (0, "")
    assert list(answer.json) == ["apiVersion", noun]


def test_an_unknown_table_cannot_be_exported(demo: Runner) -> None:
    assert demo.refusal("export", "custmer") == (4, "invalid", "unknown table 'custmer'")
    assert demo("export", "customer").out == demo("export", "customers").out
    assert demo("export", "role").out == demo("export", "roles").out
    assert demo.refusal("export", "--format", "xml")[:2] == (2, "usage")


def test_an_export_goes_into_a_new_file_only(demo: Runner) -> None:
    target = demo.database.parent / "out.toml"
    answer = demo("export", "--out", str(target))
    assert (answer.exit, answer.out, answer.err) == (0, f"written to {target}\n", "")
    assert target.read_text() == demo.export()
    assert target.stat().st_mode & 0o777 == 0o600
    assert demo.refusal("export", "--out", str(target)) == (5, "exists", f"{target} exists already")


# Worlds that hypothesis makes

HOSTILE = (
    "quote \" and ' and \\ and \"\"\" and '''",
    "line\nfeed\r\ntab\tform\f",
    "\x01\x1b[31m\x7f\x85\u2028\u2029",
    "\u202e\u2066bidi\u200b\ufeff",
    "😀👩‍👩‍👧‍👦 é ﬁ ß İ",
    "NO",
    "true",
    "null",
    "~",
    "1e3",
    "0x1F",
    "2001-01-01",
    "- item",
    "key: value",
    "# comment",
    "= ! @ ` % & *",
    " leading and trailing ",
    "%s {0} $HOME",
    "\U0010fffd\ue000\ufffe",
)
texts = st.sampled_from(HOSTILE) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20
)
names = texts.filter(lambda text: bool(text.strip()))
labels = names.filter(lambda text: 3 <= len(text))
visible = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=12).filter(
    lambda text: bool(text.strip())
)
slugs = names.map(lambda text: slug(text, "key"))
levels = st.sampled_from(("none", "user", "department", "corporate"))


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def keyed(keys: list[str], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """A row for each of the keys, with these fields, of which those that are None are left out."""
    rows = (st.fixed_dictionaries({"key": st.just(key), **fields}) for key in keys)
    return st.tuples(*rows).map(
        lambda made: [{name: value for name, value in row.items() if value is not None} for row in made]
    )


addresses = st.lists(
    st.fixed_dictionaries(
        {
            "key": slugs,
            "label": texts,
            "organization": names,
            "street": names,
            "city": names,
            "postal_code": names,
            "country": st.sampled_from(("GI", "gi", "HK")),
            "primary": st.booleans(),
            "types": st.lists(st.sampled_from(("billing", "shipping")), unique=True),
            "default": st.lists(st.sampled_from(("billing", "shipping")), unique=True),
        }
    ),
    unique_by=lambda row: row["key"],
    max_size=2,
)
grants = st.dictionaries(
    st.sampled_from(("order", "quote", "checkout", "own-one")),
    st.dictionaries(st.sampled_from(("view", "edit", "delete")), levels),
)


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """A document: groups, a forest of customers, roles, users and guests, sales documents, records, settings."""
    groups = draw(st.lists(slugs, unique=True, max_size=2))
    customers = draw(st.lists(slugs, unique=True, min_size=1, max_size=4))
    plain = draw(
        st.lists(slugs.filter(lambda key: key not in ("buyer", "administrator", "visitors")), max_size=2, unique=True)
    )
    own = [f"{customers[0]}/{key}" for key in plain]
    world: dict[str, Any] = {
        "manager": "hypothesis",
        "entities": [
            {
                "name": "own-one",
                "ownership": draw(st.sampled_from(("user",))),
                "permissions": ["view", "edit", "delete"],
            }
        ],
        "groups": draw(keyed(groups, name=names, owner=some(texts))),
        "customers": draw(
            keyed(
                customers,
                name=names,
                group=some(st.sampled_from(["non-authenticated-visitors", *groups])),
                vat_id=some(texts),
                sales_reps=st.lists(visible),
                internal_rating=some(st.sampled_from(("1_of_5", "5_of_5"))),
                addresses=addresses,
            )
        ),
        "roles": draw(
            keyed(
                [*plain, *own],
                self_managed=st.booleans(),
                public=st.booleans(),
                default=some(levels),
                capability_default=some(st.booleans()),
                permissions=grants,
                capabilities=st.dictionaries(st.just("oro_quick_add_form"), st.booleans()),
                workflows=st.dictionaries(st.just("b2b_flow_checkout"), st.fixed_dictionaries({"view": levels})),
                fields=st.dictionaries(
                    st.just("quote.subtotal"), st.fixed_dictionaries({"view": st.sampled_from(("none", "user"))})
                ),
            )
        ),
        "users": draw(_users(customers, plain)),
        "visitors": [{"key": "v-1", "user": "guest-1"}],
        **draw(_people()),
        "settings": draw(
            st.fixed_dictionaries(
                {}, optional={"guest.access": st.booleans(), "guest.allowed_pages": st.lists(texts, max_size=2)}
            )
        ),
    }
    for number, row in enumerate(world["customers"]):
        row["parent"] = draw(st.sampled_from(["", *customers[:number]]))
        row["external_id"] = f"{number}{draw(texts)}"[:36]
    for number, row in enumerate(world["roles"]):
        row["label"] = f"{draw(labels)} {number}"
    numbers = draw(st.lists(visible, unique_by=fold, max_size=3))
    users = [row.get("key", row.get("email")) for row in world["users"]]
    owned = {
        "customer": some(st.sampled_from(customers)),
        "user": some(st.sampled_from(users)),
        "visitor": some(st.just("v-1")),
    }
    subtotals = st.integers(-(10**15), 10**15).map(lambda units: f"{units / 10_000:.4f}")
    sales = draw(keyed(numbers, **owned, status=some(texts), subtotal=some(subtotals), currency=some(st.just("EUR"))))
    world["orders"] = [{("number" if name == "key" else name): value for name, value in row.items()} for row in sales]
    world["records"] = [{"entity": "own-one", **row} for row in draw(keyed(numbers, **owned))]
    for row, above in zip(world["records"], [None, *world["records"]], strict=False):
        row["parent"] = draw(
            st.sampled_from(["", f"order:{row['key']}", *([f"own-one:{above['key']}"] if above else [])])
        )
    return world


def _users(customers: list[str], roles: list[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    person = {
        "first_name": names,
        "last_name": names,
        "suffix": some(texts),
        "roles": st.lists(st.sampled_from(["buyer", *roles]), unique=True, min_size=1),
        "customer": st.sampled_from(customers),
        "birthday": some(st.just("1990-12-31")),
        "owner": some(texts),
        "addresses": addresses,
    }
    flags = {"enabled": some(st.booleans()), "confirmed": some(st.booleans())}
    guests = keyed(["guest-1"], **person, **flags, email=st.just("u0@x.example"), guest=st.just(True))
    people = keyed(["Ü0@x.example", "u1@x.example"], **person, **flags)
    return st.tuples(guests, people).map(
        lambda both: [
            *both[0],
            *({("email" if name == "key" else name): value for name, value in row.items()} for row in both[1]),
        ]
    )


def _people() -> st.SearchStrategy[dict[str, Any]]:
    """Contacts and accounts; a default contact may be named apart from the contacts, and reports go upwards."""
    keys = ("p-0", "p-1", "p-2")
    mails = st.sampled_from(("a@x.example", "A@x.example", "b@x.example"))
    entry = mails | st.fixed_dictionaries({"email": mails, "primary": st.just(False)})
    contacts = st.tuples(
        *(
            keyed(
                [key],
                first_name=names,
                last_name=some(texts),
                description=some(texts),
                emails=some(st.lists(entry, max_size=3)),
                phones=some(st.lists(visible, max_size=3)),
                groups=some(st.lists(st.sampled_from(("sales-group", "marketing-group")), unique=True)),
                reports_to=some(st.sampled_from(["", *keys[:number]])),
                addresses=st.lists(st.fixed_dictionaries({"country": st.just("GI"), "label": texts}), max_size=1),
                tags=some(st.lists(visible, max_size=2)),
            )
            for number, key in enumerate(keys)
        )
    ).map(lambda made: [row for rows in made for row in rows])
    accounts = keyed(
        ["acme", "globex"],
        name=names,
        owner=some(texts),
        contacts=some(st.lists(st.sampled_from(keys), unique=True)),
        default_contact=some(st.sampled_from(["", *keys])),
        tags=some(st.lists(visible, max_size=2)),
    )
    return st.fixed_dictionaries({"contacts": contacts, "accounts": accounts})


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=tmp_path_factory.getbasetemp()) as place:
        yield Path(place)


@given(world=worlds(), format=st.sampled_from(FORMATS), other=st.sampled_from(FORMATS))
@settings(max_examples=WORLDS, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_every_world_can_be_applied_twice_and_comes_back_byte_by_byte(
    empty_file: Path, shops: Path, world: dict[str, Any], format: Format, other: Format
) -> None:
    place = Path(tempfile.mkdtemp(dir=shops))
    first = Runner(Path(shutil.copy(empty_file, place / "shop.db")))
    text = write_document(world, format)
    first.apply(text, f"world.{format}")
    assert first.apply(text, f"world.{format}")["changes"] == []
    exported = first.export(other)
    second = new_shop(first, empty_file)
    second.apply(exported, f"world.{other}")
    assert second.export(other) == exported
    assert second.export(format) == first.export(format)
    assert second.apply(text, f"world.{format}")["changes"] == []
    shutil.rmtree(place)
