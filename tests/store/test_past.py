"""What the tables held at any revision is made from history alone, and is what they held."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from custctl.errors import CustctlError
from custctl.store.past import rows_at
from tests.runner import Runner
from tests.store.past import remade, stored

STEPS = 20
ADDRESS = ("--organization", "O", "--street", "S", "--city", "C", "--postal-code", "1", "--country", "DE")
KEYS = ("a", "b", "c", "company-a", "partner-c")
NOUNS = ("customer", "group", "account", "contact", "tag", "price-list", "product", "category", "channel")
SHEET = "Key,Name,Parent,Group\n{0},{0} one,,partners\n{1},{1} two,{0},\n{2},{2} three,,\n"


class World:
    """A demo world in which things are done at random; what is refused is left out."""

    def __init__(self, shop: Runner, seed: int) -> None:
        self.shop = shop
        self.draw = Random(seed)

    def keys(self, *group: str) -> list[str]:
        return [row.get("key") or row["number"] for row in self.shop.json(*group, "list")]

    def one(self, *group: str) -> str:
        return self.draw.choice(self.keys(*group) or ["nobody"])

    def write(self, name: str, text: str) -> str:
        path = self.shop.database.with_name(name)
        path.write_text(text)
        return str(path)

    def command(self) -> list[str]:
        """The words of a command."""
        draw, noun = self.draw, self.draw.choice(NOUNS)
        ways = (
            lambda: [noun, "edit", self.one(noun), "--key", draw.choice(KEYS)],
            lambda: [noun, "delete", self.one(noun)],
            lambda: ["customer", "add", f"New {draw.randrange(9)}", "--key", draw.choice(KEYS)],
            lambda: ["customer", "move", self.one("customer"), "--to", self.one("customer")],
            lambda: [
                "customer",
                "edit",
                self.one("customer"),
                "--tag",
                draw.choice(("vip", "gold")),
                "--group",
                "partners",
            ],
            lambda: ["customer", "address", "add", self.one("customer"), "--key", draw.choice(KEYS), *ADDRESS],
            lambda: ["customer", "merge", self.one("customer"), self.one("customer")],
            lambda: ["contact", "merge", self.one("contact"), self.one("contact")],
            lambda: ["account", "merge", self.one("account"), self.one("account")],
            lambda: ["customer", "import", self.write("sheet.csv", SHEET.format(*draw.sample(KEYS, 3)))],
            lambda: ["apply", "-f", self.write("swap.json", json.dumps(self.renames()))],
            lambda: ["apply", "--prune", "-f", self.write("few.json", json.dumps(self.few()))],
            lambda: ["role", "grant", self.one("role"), "order", f"view={draw.choice(('none', 'user', 'corporate'))}"],
            lambda: ["role", "revoke", self.one("role"), "quote"],
            lambda: ["role", "add", draw.choice(("Scout", "Clerk")), "--customer", self.one("customer")],
            lambda: ["role", "edit", self.one("role"), "--customer", ""],
            lambda: ["setting", "set", "menu.main", draw.choice(KEYS), "--for", f"customer:{self.one('customer')}"],
            lambda: ["setting", "set", "guest.group", self.one("group")],
            lambda: ["guest", "add", draw.choice(KEYS)],
            lambda: ["guest", "clean"],
            lambda: ["user", "edit", self.one("user"), "--customer", self.one("customer")],
            lambda: ["user", "delete", self.one("user")],
            lambda: ["order", "edit", self.one("order"), "--customer", self.one("customer"), "--subtotal", "12.50"],
            lambda: ["order", "delete", self.one("order")],
            lambda: ["activity", "delete", self.one("activity")],
            lambda: ["undo", str(draw.randrange(1, 2 + self.shop.json("db", "status")["revision"]))],
            lambda: ["db", "adopt", "--manager", draw.choice(("me", "")), f"customer:{self.one('customer')}"],
            lambda: ["price-list", "edit", self.one("price-list"), "--key", draw.choice(KEYS)],
            lambda: ["customer", "edit", self.one("customer"), "--price-list", self.one("price-list")],
            lambda: ["undo", "--last"],
            lambda: ["redo", "--last"],
        )
        return [*draw.choice(ways)(), "--yes"]

    def renames(self) -> dict[str, object]:
        """Two customers exchange their keys, or three do in turn."""
        stored = self.keys("customer")
        keys = self.draw.sample(stored, min(self.draw.choice((2, 3)), len(stored)))  # most may be deleted by now
        turned = zip(keys, [*keys[1:], keys[0]], strict=True)
        return {"customers": [{"key": key, "was": was} for key, was in turned]}

    def few(self) -> dict[str, object]:
        return {
            "manager": self.draw.choice(("demo", "me")),
            "customers": [{"key": self.draw.choice(KEYS), "name": "Few"}],
        }


def walk(demo_file: Path, folder: Path, seed: int) -> None:
    shop = Runner(Path(shutil.copy(demo_file, folder)))
    world = World(shop, seed)
    kept, lines = {1: stored(shop.database)}, list[str]()
    for _ in range(STEPS):
        words = world.command()
        answer = shop(*words, "-o", "json")
        assert answer.exit != 70, (words, answer)
        if answer.exit == 0 and (revision := answer.json.get("revision")) is not None:
            kept[revision] = stored(shop.database)
            lines.append(" ".join(words))
    assert len(kept) > STEPS // 4, lines
    for revision, tables in kept.items():
        told = remade(shop.database, revision)
        for name, rows in tables.items():
            assert told[name] == rows, (seed, revision, lines)


@pytest.mark.parametrize("seed", range(5))
def test_every_revision_of_a_random_world_is_remade_from_history(demo_file: Path, tmp_path: Path, seed: int) -> None:
    walk(demo_file, tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5, 50))
def test_every_revision_of_more_random_worlds_is_remade_from_history(
    demo_file: Path, tmp_path: Path, seed: int
) -> None:
    walk(demo_file, tmp_path, seed)


def test_revision_0_is_what_a_new_database_holds(custctl: Runner) -> None:
    assert custctl("tag", "add", "X").exit == 0
    assert custctl("role", "edit", "buyer", "--label", "Purchaser").exit == 0
    with closing(sqlite3.connect(custctl.database)) as connection:
        found = rows_at(connection, 0)
        assert [row["key"] for row in found["tag"]] == []
        assert sorted(row["label"] for row in found["role"]) == ["Administrator", "Buyer", "Non-Authenticated Visitors"]
        with pytest.raises(CustctlError, match="revision '9' not found"):
            rows_at(connection, 9)
