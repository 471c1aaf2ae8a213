"""What a customer user reads and writes under `--as`: the table of custctl/storefront.py, rule by rule."""

from __future__ import annotations

from typing import Any

import pytest

from custctl.resources import CUSTOMER, NOUNS, SALES, USER
from custctl.storefront import PROFILE, TABLES, allows
from tests.runner import Answer, Runner
from tests.tree import nodes

AMANDA = "amanda.smith@company-a.example"
BOB = "bob.reyes@company-a.example"
DANA = "dana.lee@company-a.example"
NINA = "nina.park@company-a.example"
WANDA = "wanda.hill@company-a.example"
LUIS = "luis.ramos@company-a.example"


def refusal(runner: Runner, *words: str) -> tuple[str, str, str]:
    """The action, resource and reason with which a command is refused."""
    answer = runner(*words, "-o", "json")
    assert (answer.exit, answer.err) == (1, ""), answer
    return answer.json["action"], answer.json["resource"], answer.json["reason"]


# -- what is written -------------------------------------------------------------------------------------------------

SELLERS = {
    "--price-list": ("price_lists", "wholesale"),
    "--unmerged-price-list": ("unmerged_price_lists", "wholesale"),
    "--price-fallback": ("price_fallback", "group"),
    "--group": ("group", "partners"),
    "--account": ("account", "partner-c"),
    "--channel": ("channel", "web-shop"),
    "--rating": ("internal_rating", "5_of_5"),
    "--owner": ("owner", "Sam"),
    "--sales-rep": ("sales_reps", "Sam"),
    "--payment-term": ("payment_term", "net 90"),
    "--tax-code": ("tax_code", "X"),
    "--vat-id": ("vat_id", "X"),
    "--external-id": ("external_id", "X"),
    "--tag": ("tags", "vip"),
}


@pytest.mark.parametrize("option", SELLERS)
@pytest.mark.parametrize(("verb", "action"), [("add New", "create"), ("edit company-a", "edit")])
def test_what_the_seller_decides_of_a_customer_is_a_refused_write(
    demo: Runner, verb: str, action: str, option: str
) -> None:
    name, value = SELLERS[option]
    for given in (value, "not-stored", ""):
        refused = refusal(demo, "customer", *verb.split(), option, given, "--as", AMANDA)
        assert refused == (action, f"customer.{name}", "field-closed")


@pytest.mark.parametrize("noun", ["customer", "user", "role", *(noun.name for noun in SALES)])
def test_every_option_is_refused_whose_field_the_table_does_not_have(demo: Runner, noun: str) -> None:
    target = {"customer": "company-a", "user": BOB, "role": "company-a/approver"}.get(noun, "X-1")
    entity = {"user": "customer-user", "role": "customer-user-role"}.get(noun, noun)
    renamed = {"rating": "internal_rating", "sales_rep": "sales_reps", "tag": "tags", "price_list": "price_lists"}
    renamed |= {"unmerged_price_list": "unmerged_price_lists", "product": "products", "role": "roles"}
    if noun not in ("customer", "user", "role"):
        demo.json(noun, "add", "X-1", "--user", AMANDA, "--customer", "company-a")
        demo.json("role", "grant", "administrator", noun, "edit=corporate")
    found = next(found for path, found in nodes() if path == (noun, "edit"))
    tried = 0
    for param in found.params:
        name = renamed.get(param.name, param.name)
        known = NOUNS[entity].field(name)
        if param.param_type_name != "option" or known is None or allows(NOUNS[entity], "edit", name):
            continue
        words = [param.opts[0]] if param.is_flag else [param.opts[0], "X"]
        assert refusal(demo, noun, "edit", target, *words, "--as", AMANDA) == (
            "edit",
            f"{entity}.{name}",
            "field-closed",
        )
        tried += 1
    assert tried > 2


def test_naming_a_record_under_as_makes_none(demo: Runner) -> None:
    before = demo.contents()
    for option in ("--price-list", "--tag", "--account"):
        assert demo("customer", "edit", "company-a", option, "brand-new", "--as", AMANDA).exit == 1
    assert demo.contents() == before


def test_a_refused_field_says_that_the_storefront_does_not_have_it(demo: Runner) -> None:
    told = demo("customer", "edit", "company-a", "--owner", "Sam", "--as", AMANDA)
    reason = "the storefront does not let a customer user write this field (field-closed)"
    assert told.out == f"no   user:{AMANDA} may not edit customer.owner: {reason}\n"


# -- one's own profile (AM 3.2) --------------------------------------------------------------------------------------


def test_a_profile_is_changed_by_its_capability_alone(demo: Runner) -> None:
    words = ("user", "edit", BOB, "--first-name", "Rob", "--birthday", "1980-01-02", "--as", BOB)
    assert demo.fields(*words) == {f"user:{BOB}": {"first_name": ["Bob", "Rob"], "birthday": [None, "1980-01-02"]}}
    demo.json("role", "grant", "buyer", "capability:oro_customer_frontend_update_own_profile", "use=off")
    assert refusal(demo, *words) == ("edit", "customer-user", "explicit-none")


@pytest.mark.parametrize(
    "words",
    [("--role", "administrator"), ("--unconfirmed",), ("--owner", "Sam"), ("--first-name", "R", "--role", "buyer")],
)
def test_a_profile_has_neither_roles_nor_what_the_seller_decides(demo: Runner, words: tuple[str, ...]) -> None:
    assert refusal(demo, "user", "edit", BOB, *words, "--as", BOB) == ("edit", "customer-user", "explicit-none")


def test_the_profile_of_somebody_else_is_no_profile(demo: Runner) -> None:
    refused = ("edit", "customer-user", "explicit-none")
    assert refusal(demo, "user", "edit", DANA, "--first-name", "D", "--as", BOB) == refused


def test_the_profile_may_change_only_what_the_users_page_may() -> None:
    assert {row.field for row in TABLES[PROFILE].rows.values()} <= {
        field.name for field in USER.fields if allows(USER, "edit", field.name)
    }


# -- what is read ----------------------------------------------------------------------------------------------------


def test_a_customer_shows_what_the_storefront_shows(demo: Runner) -> None:
    shown = demo.json("customer", "show", "company-a", "--as", BOB)
    assert set(shown) == {
        *("id", "key", "name", "parent", "group", "created", "updated"),
        *("addresses", "ancestors", "subsidiaries", "counts"),
    }
    assert demo("customer", "list", "--as", BOB).lines[0].split() == ["KEY", "NAME", "PARENT", "GROUP"]


@pytest.mark.parametrize("noun", [CUSTOMER, USER, NOUNS["customer-user-role"], *SALES], ids=lambda noun: noun.name)
def test_a_closed_field_is_neither_searched_nor_sorted_by_nor_counted(demo: Runner, noun: Any) -> None:
    closed = [field.name for field in noun.fields if not allows(noun, "read", field.name) and field.kind != "entries"]
    assert closed
    for name in closed:
        for words in (("--where", f"{name}=x"), ("--where", f"{name}~x", "--count"), ("--sort", f"-{name}")):
            refused = refusal(demo, noun.group, "list", *words, "--as", AMANDA)
            assert refused == ("view", f"{noun.name}.{name}", "field-closed")
        answer = demo(noun.group, "list", "--fields", f"key,{name}" if noun.key == "key" else name, "--as", AMANDA)
        assert (answer.exit, answer.err) == (0, f"closed to {AMANDA}: {name}\n")


@pytest.mark.parametrize("format", ["json", "yaml", "csv", "wide", "table"])
def test_show_leaves_a_closed_field_out_and_says_so_in_every_format(demo: Runner, format: str) -> None:
    answer = demo("quote", "show", "Q-1001", "--fields", "number,subtotal", "--as", NINA, "-o", format)
    assert (answer.exit, answer.err) == (0, f"closed to {NINA}: subtotal\n")
    assert "Q-1001" in answer.out
    assert "subtotal" not in answer.out.lower()


def test_the_users_of_a_role_are_counted_as_far_as_they_are_seen(demo: Runner) -> None:
    seen = {row["key"]: row["users"] for row in demo.json("role", "list", "--fields", "users", "--as", WANDA)}
    holders = {key: demo.json("user", "list", "--where", f"roles={key}", "--as", WANDA, "--count") for key in seen}
    assert seen == {key: count["count"] for key, count in holders.items()} == {"administrator": 1, "buyer": 4}
    assert demo.json("role", "show", "buyer", "--as", WANDA)["users"] == 4
    assert demo.json("role", "list", "--where", "users>4", "--as", WANDA) == []
    assert demo.json("role", "show", "buyer")["users"] > 4


def test_a_record_names_only_records_that_may_be_viewed(demo: Runner) -> None:
    demo.json("role", "grant", "administrator", "customer", "view=none")
    demo.json("role", "grant", "administrator", "customer-user", "view=department")
    assert demo.json("order", "show", "SO-1201", "--as", WANDA)["customer"] is None
    rows = demo.json("order", "list", "--fields", "number,customer,user", "--as", WANDA)
    assert [(row["customer"], row["user"]) for row in rows if row["number"] == "SO-1201"] == [(None, None)]
    assert demo.json("order", "list", "--where", "customer~company", "--as", WANDA) == []
    assert demo.json("user", "show", WANDA, "--as", WANDA)["customer"] is None


def test_the_answer_of_a_write_tells_only_what_may_be_viewed(demo: Runner) -> None:
    added = demo.json("customer", "add", "North", "--as", AMANDA)
    assert [(change["record"], list(change["fields"])) for change in added["changes"]] == [
        ("customer:north", ["key", "name", "parent"])
    ]
    gone = demo.json("customer", "delete", "north", "--yes", "--as", AMANDA)
    assert [change["record"] for change in gone["changes"]] == ["customer:north"]
    assert gone["warnings"] == []


# -- records that may not be seen, and records that are not stored ---------------------------------------------------


def alike(first: Answer, second: Answer, *typed: str) -> bool:
    """Whether two answers differ in what was typed alone."""
    one, other = typed
    return (first.exit, first.out.replace(one, other), first.err.replace(one, other)) == (
        second.exit,
        second.out,
        second.err,
    )


HIDDEN = {
    "customer show": ("wholesaler-b", "wholesaler-x", "customer:wholesaler-b", "customer:wholesaler-x"),
    "customer orders": ("wholesaler-b", "wholesaler-x"),
    "customer address list": ("wholesaler-b", "wholesaler-x"),
    "customer address show": ("wholesaler-b/hq", "wholesaler-x/hq", "company-a/hq-1", "company-a/hq-2"),
    "user show": ("olivia.brown@wholesaler-b.example", "olivia.brawn@wholesaler-b.example", "Olivia Brown", "Olivia B"),
    "user orders": ("olivia.brown@wholesaler-b.example", "olivia.brawn@wholesaler-b.example"),
    "role show": ("visitors", "visitor", "company-a/assistant", "company-a/assistent"),
    "order show": ("SO-2001", "SO-2901", "order:SO-2001", "order:SO-2901"),
    "order delete": ("SO-2001", "SO-2901"),
    "user disable": ("olivia.brown@wholesaler-b.example", "olivia.brawn@wholesaler-b.example"),
    "role delete": ("company-a/assistant", "company-a/assistent"),
}


@pytest.mark.parametrize("command", HIDDEN)
def test_what_may_not_be_seen_is_answered_like_what_is_not_stored(demo: Runner, command: str) -> None:
    demo.json("role", "grant", "administrator", "order", "delete=corporate")
    names = HIDDEN[command]
    for hidden, absent in zip(names[::2], names[1::2], strict=True):
        first, second = (demo(*command.split(), name, "--as", AMANDA, "-o", "json") for name in (hidden, absent))
        assert first.exit == 1
        assert alike(first, second, hidden, absent), (first, second)
        assert first.json["reason"] == "out-of-reach"


@pytest.mark.parametrize(("noun", "table"), [("customer", "customer"), ("user", "customer_user"), ("role", "role")])
def test_an_id_tells_nothing_of_a_record_that_may_not_be_seen(demo: Runner, noun: str, table: str) -> None:
    shown = {row["id"] for row in demo.json(noun, "list", "--as", WANDA) if "id" in row}
    for (row_id,) in demo.sql(f"SELECT id FROM {table}"):
        answer = demo(noun, "show", f"id:{row_id}", "--as", WANDA, "-o", "json")
        absent = demo(noun, "show", "id:9999", "--as", WANDA, "-o", "json")
        assert answer.exit == 0 or alike(answer, absent, f"id:{row_id}", "id:9999")
        shown |= {row_id} if answer.exit == 0 else set()
    assert len(shown) == len(demo.json(noun, "list", "--as", WANDA))


@pytest.mark.parametrize(
    "words",
    [
        ("order", "add", "N-1", "--user", "olivia.brown@wholesaler-b.example"),
        ("order", "add", "N-1", "--customer", "wholesaler-b"),
        ("order", "edit", "SO-1001", "--user", "olivia.brown@wholesaler-b.example"),
        ("customer", "add", "New", "--parent", "wholesaler-b"),
        ("customer", "edit", "company-a-la", "--parent", "wholesaler-b"),
        ("user", "add", "n@x.example", "--customer", "wholesaler-b"),
        ("user", "edit", BOB, "--role", "visitors"),
        ("role", "add", "New", "--customer", "wholesaler-b"),
        ("role", "add", "New", "--like", "visitors"),
        ("role", "edit", "company-a/approver", "--customer", "wholesaler-b"),
        ("customer", "address", "add", "wholesaler-b"),
        ("order", "list", "--where", "customer=wholesaler-b"),
        ("order", "list", "--where", "user=olivia.brown@wholesaler-b.example"),
        ("order", "list", "--after", "SO-2001"),
    ],
)
def test_an_option_tells_nothing_of_a_record_that_may_not_be_seen(demo: Runner, words: tuple[str, ...]) -> None:
    hidden = words[-1].rpartition("=")[2]
    first = demo(*words, "--as", AMANDA, "-o", "json")
    absent = f"{hidden[:3]}q{hidden[4:]}"
    second = demo(*words[:-1], words[-1].replace(hidden, absent), "--as", AMANDA, "-o", "json")
    assert first.exit in (1, 4)
    assert alike(first, second, hidden, absent), (first, second)
    assert "candidates" not in first.err


def test_a_name_that_only_one_visible_record_has_means_that_one(demo: Runner) -> None:
    demo.json("customer", "add", "Twin", "--key", "twin-hidden", "--parent", "wholesaler-b")
    demo.json("customer", "add", "Twin", "--key", "twin-seen", "--parent", "company-a")
    assert demo.json("customer", "show", "Twin", "--as", AMANDA)["key"] == "twin-seen"
    assert demo.refusal("customer", "show", "Twin")[:2] == (4, "ambiguous")


def test_messages_count_only_what_may_be_seen(demo: Runner) -> None:
    demo.json("customer", "add", "North", "--parent", "company-a")
    demo.json("order", "add", "N-1", "--customer", "north")
    assert demo.refusal("customer", "delete", "north", "--as", AMANDA)[2] == "customer:north is still used by 1 order"
    demo.json("role", "grant", "administrator", "order", "view=none")
    hidden = demo.refusal("customer", "delete", "north", "--as", AMANDA)
    assert hidden == (5, "has-dependents", "customer:north is still used by other records")


def test_a_taken_key_is_said_and_not_whose_it_is(demo: Runner) -> None:
    demo.json("order", "add", "Hidden-1", "--customer", "wholesaler-b")
    answer = demo("order", "add", "hidden-1", "--as", BOB)
    assert (answer.exit, answer.out) == (5, "")
    assert answer.err == "error: order:hidden-1 exists already\n  hint: choose another one\n"


def test_a_label_that_a_role_out_of_sight_has_is_taken_without_its_name(demo: Runner) -> None:
    label = demo.json("role", "show", "company-a/assistant")["label"]
    answer = demo("role", "add", label, "--as", AMANDA)
    assert answer.exit == 5
    assert answer.err.splitlines()[0].endswith(f"a role with the label {label!r} already exists")


# -- roles: one policy for the question and the page (AM 5.8, 6.2) ---------------------------------------------------


def test_a_question_about_a_role_and_its_page_agree_for_everybody(demo: Runner) -> None:
    roles = [row["key"] for row in demo.json("role", "list")]
    for person in (AMANDA, WANDA, BOB, NINA):
        for role in roles:
            asked = demo("access", "can", person, "view", f"role:{role}").exit
            assert demo("role", "show", role, "--as", person).exit == asked, (person, role)


def test_a_role_that_is_not_self_managed_is_denied_with_the_true_reason(demo: Runner) -> None:
    answer = demo("access", "can", AMANDA, "view", "role:company-a/assistant")
    assert answer.exit == 1
    assert "the role is not self-managed and public, so the storefront does not show it (protected-role" in answer.out


# -- what a write does to access -------------------------------------------------------------------------------------


def test_the_effects_of_a_write_count_only_whom_the_user_may_see(demo: Runner) -> None:
    demo.json("role", "grant", "administrator", "customer-user", "view=none")
    told = demo.json("role", "grant", "buyer", "order", "view=department", "--as", AMANDA, "--yes")
    assert {row.get("role") for row in (*told["access"]["wider"], *told["access"]["narrower"])} == {
        "role:company-a/buyer"
    }
    assert {row["users"] for row in (*told["access"]["wider"], *told["access"]["narrower"])} == {0}
    assert [change["record"] for change in told["changes"]] == ["role:company-a/buyer"]


def test_the_effects_of_a_move_name_only_whom_the_user_may_see(demo: Runner) -> None:
    words = ("customer", "edit", "company-a-la", "--parent", "company-a-east")
    everybody = demo.json(*words, "--dry-run")["access"]["reach"]
    told = demo.json(*words, "--as", AMANDA, "--dry-run")["access"]["reach"]
    assert {row["user"] for row in told} == {row["user"] for row in everybody}
    demo.json("role", "grant", "administrator", "customer-user", "view=none")
    assert demo.json(*words, "--as", AMANDA, "--dry-run")["access"]["reach"] == []
