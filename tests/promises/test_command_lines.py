"""What people mistype: a clear error, the right exit code, and nothing is written."""

from __future__ import annotations

from tests.promises.process import Shop, assert_refused

MISTYPED: dict[str, tuple[int, str]] = {
    "custommer list": (2, "No such command 'custommer'. Did you mean 'customer'"),
    "customer lst": (2, "No such command 'lst'. Did you mean 'list'"),
    "customer list --limt 1": (2, "No such option: --limt (Possible options: --limit"),
    "customer show": (2, "Missing argument 'CUSTOMER'"),
    "customer show a b": (2, "Got unexpected extra argument(s) (b)"),
    "customer list --limit": (
        2,
        "Option '--limit' requires an argument\n  hint: how it is written: custctl customer list --help\n",
    ),
    "customer list --limit -1": (2, "Invalid value for '--limit': -1 is less than 0"),
    "customer list --limit many": (2, "Invalid value for '--limit': 'many' is not a whole number\n"),
    "customer list --where name": (2, "--where 'name' is not FIELD OP VALUE"),
    "customer list --where nam=x": (4, "unknown field 'nam'"),
    "customer list --sort nmae": (4, "unknown field 'nmae'"),
    "customer list --fields key,nmae": (4, "unknown field 'nmae'"),
    "customer list --fields ,": (2, "--fields names no field"),
    "customer edit company-a": (2, "say what to change"),
    "customer move company-a": (2, "say where to"),
    "export --format xml": (2, "Invalid value for '--format': 'xml' is not one of 'toml', 'yaml', 'json'"),
    "export custmers": (4, "unknown table 'custmers'\n  hint: did you mean customers"),
    "customer list -o xml": (2, "output 'xml' (from --output) is not one of table, "),
    "customer list --color blue": (2, "color 'blue' (from --color) is not one of auto, always, never"),
    "customer list --profile none": (4, "profile 'none' (from --profile) is not in "),
    "customer list --db ~nobody-of-that-name/x.db": (4, "~nobody-of-that-name/x.db (from --db) begins with a home"),
    "customer show compny-a": (3, "customer 'compny-a' not found\n  hint: did you mean company-a"),
    "customer show id:0": (3, "customer 'id:0' not found"),
    "customer show id:-1": (3, "customer 'id:-1' not found"),
    "customer show id:999999999999999999": (3, "customer 'id:999999999999999999' not found"),
    "customer show id:999999999999999999999": (3, "customer 'id:999999999999999999999' not found"),
    "customer address show company-a": (4, "'company-a' is not OWNER/KEY"),
    "customer address show company-a/nowhere": (3, "address 'company-a/nowhere' not found"),
    "customer add New --key A_b": (4, "customer 'A_b': key is not a key: "),
    "customer add New --rating 9": (4, "customer 'new': internal_rating must be one of 1_of_5"),
    "customer add New --parent nobody": (3, "customer 'nobody' not found"),
    "customer edit company-a --parent company-a-la": (4, "customer:company-a: company-a-la cannot be the parent"),
    "customer edit company-a --parent company-a": (4, "customer:company-a: a customer cannot be its own parent"),
    "customer edit company-a --key partner-c": (5, "customer:company-a cannot become partner-c: that key is taken"),
    "access can nobody@x.example view order": (3, "customer user 'nobody@x.example' not found"),
    "access can guest view ordr": (4, "unknown entity 'ordr'\n  hint: did you mean order"),
    "access can guest vieuw order": (4, "unknown action 'vieuw'\n"),
    "access can guest use capability:none": (4, "unknown capability 'none'"),
    "access can guest view order:SO-9": (3, "order 'SO-9' not found"),
    "role grant buyer order": (2, ""),
    "role grant buyer order view": (2, "'view' is not ACTION=LEVEL"),
    "role grant buyer order view=all": (4, ""),
    f"customer list --limit {'9' * 5_000}": (2, "Invalid value for '--limit': the number is too long\n"),
    "account show company-a --most 1.5": (2, "Invalid value for '--most': '1.5' is not a whole number\n"),
    "completion": (2, "Missing argument 'bash|zsh|fish'\n  hint: it is one of bash, zsh, fish\n"),
    "completion ksh": (2, "Invalid value for 'bash|zsh|fish': 'ksh' is not one of 'bash', 'zsh', 'fish'\n"),
    "demo --customers 99999999999 --db new.db": (4, "--customers is at most 10000000\n"),
    "demo --customers 1 --users-per-customer 99999999999 --db new.db": (4, "--users-per-customer is at most 1000\n"),
    "config get colour": (4, "unknown setting 'colour'\n"),
    "config set colour x": (4, "unknown setting 'colour'\n"),
    "apply": (2, "say what to apply: -f FILE or --plan FILE"),
    "apply -f - -f -": (2, "standard input can be read only once"),
}
EMPTY: tuple[tuple[list[str], int, str], ...] = (
    (["--db", "", "customer", "list"], 4, "db (from --db) is empty"),
    (["--output", "", "customer", "list"], 2, "output '' (from --output) is not one of"),
    (["customer", "show", ""], 3, "customer '' not found"),
    (["customer", "add", ""], 4, "customer 'customer': name must not be blank"),
    (["customer", "add", " "], 4, "customer 'customer': name must not be blank"),
    (["customer", "add", "New", "--key", ""], 4, "customer without key: key must not be blank"),
    (["customer", "list", "--where", ""], 2, "--where '' is not FIELD OP VALUE"),
    (["customer", "list", "--fields", ""], 2, "--fields names no field"),
    (["apply", "-f", ""], 4, "the name of a document is empty"),
    (["access", "can", "", "view", "order"], 3, "customer user '' not found"),
    (["access", "can", "guest", "", "order"], 4, "unknown action ''"),
    (["access", "can", "guest", "view", ""], 4, "unknown entity ''"),
    (["", "list"], 2, "No such command ''"),
)


def test_what_is_mistyped_is_named_with_a_way_on(unchanged: Shop) -> None:
    runs = unchanged.many(*(line.split() for line in MISTYPED), *(words for words, _, _ in EMPTY))
    wanted = [*MISTYPED.values(), *((code, message) for _, code, message in EMPTY)]
    for ran, (code, message) in zip(runs, wanted, strict=True):
        assert_refused(ran, code, message)


def test_in_json_every_error_is_one_object_with_its_code(unchanged: Shop) -> None:
    runs = unchanged.many(*([*line.split(), "-o", "json"] for line in MISTYPED if "-o " not in line))
    for ran in runs:
        assert ran.error["exit"] == ran.code
        assert {"code", "message"} < set(ran.error)


def test_a_name_that_several_have_lists_whom_it_may_mean(world: Shop) -> None:
    world.many(*(["customer", "add", "Twin", "--key", f"twin-{number}"] for number in range(7)))
    asked = ["customer", "show", "twin"], ["customer", "edit", "TWIN", "--owner", "x"], ["customer", "tree", "Twin"]
    for ran in world.many(*([*words, "-o", "json"] for words in asked)):
        assert (ran.code, ran.out, ran.error["code"]) == (4, "", "ambiguous")
        assert ran.error["candidates"] == [f"twin-{number}" for number in range(5)]
        assert ran.error["hint"] == "name one by its key: twin-0, twin-1, twin-2, twin-3, twin-4 and more"


HUGE = 10**20
LIMITS: dict[str, tuple[int, int]] = {
    f"customer list --limit {HUGE} -o name": (0, 8),
    f"customer list --limit {2**63} -o name": (0, 8),
    "customer list --limit 0 -o name": (0, 0),
    f"group list --where customers<{HUGE} -o name": (0, 4),
    f"group list --where customers={'9' * 5000} -o name": (0, 0),
    "group list --where customers=²": (4, 0),
    "group list --where customers=x": (4, 0),
    "order list --where subtotal=1e999999": (4, 0),
    "order list --where subtotal=x": (4, 0),
    f"history --limit {HUGE} --where": (2, 0),
    f"undo {HUGE} --yes": (3, 0),
    "undo 0 --yes": (3, 0),
    "history --since 2026-02-30": (4, 0),
    "history --until 0001-01-01T00:00:00+23:59": (4, 0),
    "history --until 9999-12-31": (4, 0),
    "user list --where enabled=maybe": (4, 0),
    "user list --where roles<buyer": (2, 0),
}


def test_numbers_of_any_size_are_numbers(unchanged: Shop) -> None:
    for ran, (code, count) in zip(unchanged.many(*(line.split() for line in LIMITS)), LIMITS.values(), strict=True):
        assert (ran.code, len(ran.out.split())) == (code, count), ran


def test_a_group_without_a_verb_shows_its_help_as_an_error(unchanged: Shop) -> None:
    for ran, name in zip(unchanged.many([], ["customer"]), ("custctl", "custctl customer"), strict=True):
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith(f"Usage: {name} [OPTIONS] COMMAND [ARGS]...\n")
