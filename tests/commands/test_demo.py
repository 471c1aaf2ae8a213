"""`demo`: the small world, and generated ones into a database, documents and sheets."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.runner import Runner

SMALL = ("demo", "--customers", "200", "--seed", "7")


@pytest.fixture
def nothing(tmp_path: Path) -> Runner:
    """The program without a database."""
    return Runner(tmp_path / "new" / "shop.db")


@pytest.fixture(scope="session")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a small generated world in it."""
    shop = Runner(tmp_path_factory.mktemp("small") / "shop.db")
    assert shop(*SMALL).exit == 0
    return shop.database


@pytest.fixture(scope="session")
def small_export(small_file: Path) -> str:
    """That world as a document."""
    return Runner(small_file).export()


def test_a_world_goes_into_a_new_database_and_says_how_much(nothing: Runner) -> None:
    ran = nothing(*SMALL, "-o", "json")
    assert ran.exit == 0
    assert ran.json["revision"] == 1
    assert [ran.json[name] for name in ("customers", "users")] == [200, 600]
    assert sum(ran.json[name] for name in ("orders", "quotes", "requests", "shopping_lists", "checkouts")) == 600
    assert f"the world is in {nothing.database}. try next:" in ran.err
    assert nothing("customer", "list", "--limit", "500", "-o", "name").out.count("\n") == 200
    assert list(nothing.database.parent.glob(".*")) == []
    assert nothing.database.stat().st_mode & 0o777 == 0o600


def test_the_numbers_of_users_and_documents_can_be_said(nothing: Runner) -> None:
    made = nothing.json("demo", "--customers", "10", "--users-per-customer", "7", "--documents-per-customer", "0")
    assert made["users"] == 70
    assert "orders" not in made


def test_a_world_has_no_findings_and_is_one_revision_with_all_of_its_history(custctl: Runner) -> None:
    """Feature Q-09; 1,200 customers are more than are held in memory at once."""
    made = custctl.json("demo", "--customers", "1200")
    checked = custctl("db", "check")
    assert (checked.exit, checked.out) == (0, "")
    assert custctl.sql("SELECT id, command FROM revision WHERE id > 0") == [
        (1, "custctl demo --customers 1200 -o json")
    ]
    kinds: list[Any] = custctl.sql("SELECT substr(record, 1, instr(record, ':') - 1), count(*) FROM history GROUP BY 1")
    told = dict(kinds)
    assert (told["customer"], told["user"], told["order"]) == (1200, 3600, made["orders"])


def test_a_large_world_has_no_findings(nothing: Runner) -> None:
    assert nothing.json("demo", "--customers", "2000", "--seed", "3")["customers"] == 2000
    checked = nothing("db", "check")
    assert (checked.exit, checked.out) == (0, "")


def test_a_world_exports_and_applies_again_unchanged(small_file: Path, small_export: str, custctl: Runner) -> None:
    path = custctl.file(small_export)
    assert Runner(small_file)("plan", "-f", path).out == "nothing to change\n"
    custctl.apply(small_export)
    assert custctl.export() == small_export


def test_a_world_can_be_taken_back(custctl: Runner) -> None:
    before = custctl.export()
    assert custctl("demo", "--customers", "20").exit == 0
    assert custctl("undo", "1", "--yes").exit == 0
    assert custctl.export() == before


@pytest.mark.parametrize("name", ["toml", "yaml", "json", "world.toml", "world.yml", "world.json"])
def test_the_documents_of_a_world_are_the_world(name: str, small_export: str, custctl: Runner) -> None:
    """A name with the ending of a document is one file, another a folder in the format that is asked for."""
    out = custctl.database.parent / name
    asked = () if "." in name else ("--format", name)
    ran = custctl(*SMALL, "--out", str(out), *asked, "-o", "json")
    assert (ran.exit, ran.json["customers"], ran.json["out"]) == (0, 200, str(out))
    assert custctl.sql("SELECT count(*) FROM customer") == [(0,)]
    applied = custctl("apply", "-f", str(out), "--yes", "-q")
    assert (applied.exit, applied.err) == (0, "")
    assert custctl.export() == small_export


def test_a_folder_is_of_toml_and_sorted_as_tables_name_each_other(nothing: Runner, tmp_path: Path) -> None:
    assert nothing(*SMALL, "--out", str(tmp_path / "world")).exit == 0
    names = sorted(path.name for path in (tmp_path / "world").iterdir())
    assert names[:5] == [
        "01-entities.toml",
        "02-taxonomies.toml",
        "03-tags.toml",
        "04-price_lists.toml",
        "05-groups.toml",
    ]
    assert names[-1] == "30-settings.toml"
    assert (tmp_path / "world").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "world").iterdir()} == {0o600}
    assert not nothing.database.exists()


def test_a_sheet_has_a_heading_for_each_field_and_addresses_a_sheet_of_their_own(
    nothing: Runner, tmp_path: Path
) -> None:
    assert nothing(*SMALL, "--out", str(tmp_path / "sheets"), "--format", "csv").exit == 0
    users = _sheet(tmp_path / "sheets" / "users.csv")
    assert list(users[0])[:3] == ["key", "email", "prefix"]
    assert len(users) == 600
    assert any(row["roles"].count(", ") == 1 for row in users)
    assert {row["enabled"] for row in users} == {"", "false"}
    addresses = _sheet(tmp_path / "sheets" / "customer_addresses.csv")
    assert list(addresses[0])[:3] == ["owner", "key", "label"]
    customers = _sheet(tmp_path / "sheets" / "customers.csv")
    assert len(customers) == 200
    assert {row["owner"] for row in addresses} <= {row["key"] for row in customers}
    assert {row["owner"] for row in _sheet(tmp_path / "sheets" / "user_addresses.csv")} <= {
        row["email"] for row in users
    }


def _sheet(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_json_lines_hold_what_the_documents_hold(nothing: Runner, tmp_path: Path) -> None:
    assert nothing(*SMALL, "--out", str(tmp_path / "lines"), "--format", "jsonl").exit == 0
    assert nothing(*SMALL, "--out", str(tmp_path / "world.json")).exit == 0
    whole = json.loads((tmp_path / "world.json").read_text(encoding="utf-8"))
    for table in ("orders", "contacts", "customers"):
        lines = (tmp_path / "lines" / f"{table}.jsonl").read_text(encoding="utf-8").splitlines()
        expected = [{name: value for name, value in row.items() if name != "addresses"} for row in whole[table]]
        assert [json.loads(line) for line in lines] == expected


def test_a_sheet_cannot_hold_roles_and_settings_so_they_are_documents(nothing: Runner, custctl: Runner) -> None:
    folder = custctl.database.parent / "sheets"
    assert nothing(*SMALL, "--out", str(folder), "--format", "csv").exit == 0
    documents = sorted(path.name for path in folder.iterdir() if path.suffix != ".csv")
    assert documents == ["roles.toml", "settings.toml"]
    assert custctl(*SMALL).exit == 0
    for name in documents:
        assert custctl("plan", "-f", str(folder / name)).out == "nothing to change\n"


def test_a_dry_run_leaves_nothing_behind(nothing: Runner, tmp_path: Path) -> None:
    for words in (SMALL, (*SMALL, "--out", str(tmp_path / "world")), (*SMALL, "--out", str(tmp_path / "world.toml"))):
        ran = nothing(*words, "--dry-run")
        assert (ran.exit, ran.err) == (0, "dry run: nothing was written\n")
        assert list(tmp_path.iterdir()) == []


def test_a_dry_run_in_a_shop_changes_nothing(custctl: Runner) -> None:
    assert custctl.json(*SMALL, "--dry-run")["revision"] is None


def test_a_database_with_customers_is_refused(demo: Runner) -> None:
    refused = (5, "not-empty", f"{demo.database} has customers already")
    assert demo.refusal(*SMALL) == refused
    assert demo.refusal("demo") == refused


def test_what_exists_is_not_written_over(nothing: Runner, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "world.toml").write_text("mine")
    for name in ("folder", "world.toml"):
        out = str(tmp_path / name)
        assert nothing.refusal(*SMALL, "--out", out) == (5, "exists", f"{out} exists already")
    assert (tmp_path / "world.toml").read_text() == "mine"
    assert list((tmp_path / "folder").iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_an_error_of_output(nothing: Runner, tmp_path: Path) -> None:
    for name in ("nowhere/folder", "nowhere/world.toml"):
        out = str(tmp_path / name)
        message = f"{out} cannot be written: No such file or directory"
        assert nothing.refusal(*SMALL, "--out", out) == (74, "output", message)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--seed", "7"], "--seed goes with --customers"),
        (["--out", "world"], "--out goes with --customers"),
        (["--users-per-customer", "2"], "--users-per-customer goes with --customers"),
        (["--customers", "5", "--format", "csv"], "--format goes with --out"),
        (
            ["--customers", "5", "--out", "w.csv"],
            "sheets are written into a folder, and w.csv is the name of one sheet",
        ),
        (
            ["--customers", "5", "--out", "w.yaml", "--format", "csv"],
            "--format csv and the name w.yaml do not go together",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(words: list[str], message: str, nothing: Runner) -> None:
    assert nothing.refusal("demo", *words) == (2, "usage", message)


@pytest.mark.parametrize("number", ["0", "-3", "many", "1.5"])
def test_a_number_of_customers_is_at_least_one(number: str, nothing: Runner) -> None:
    ran = nothing("demo", "--customers", number)
    assert (ran.exit, ran.out) == (2, "")
    assert "--customers" in ran.err


def test_an_interrupted_world_leaves_nothing_behind(nothing: Runner, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "custctl", "demo", "--customers", "50000"]
    running = subprocess.Popen(
        words, env=nothing.environment | {"CUSTCTL_DEBUG": ""}, stderr=subprocess.PIPE, text=True
    )
    while not list(tmp_path.glob("new/.custctl-*.part/new")) and running.poll() is None:
        time.sleep(0.01)
    time.sleep(1)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130, said
    assert list(tmp_path.iterdir()) == []
