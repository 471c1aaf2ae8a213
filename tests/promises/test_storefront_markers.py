"""Nothing is told or written under `--as` that the policy or the table of the storefront denies.

Every text of a world is a marker. For each command that takes `--as` lines are typed with references in every spelling
and run in every format: no marker of a record that the user may not see, or of a field that is closed, is in an answer,
what is typed of an unseen record is answered like what is not stored, and rows change only where they may.
"""

from __future__ import annotations

import json
import random
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from custctl.errors import CustctlError
from custctl.resources import NOUNS, SHORT_TYPES
from custctl.store.acting import Actor
from custctl.store.facts import Asker, Question
from custctl.store.select import selection
from custctl.storefront import TABLES, allows
from tests.promises.storefront_worlds import SALES, WRITES, Line, Record, Typist, World, names, world
from tests.runner import Answer, Runner

WORLDS, LINES = 8, 56
SOAK = 10


class Judge:
    """What one user may be told, asked of the policy record by record; the table says which fields."""

    def __init__(self, connection: sqlite3.Connection, made: World, user: str) -> None:
        self.connection, self.made, self.user = connection, made, user
        self.asker = Asker(connection, typed=False)
        self.actor = Actor(connection, user)
        self.lists: dict[str, frozenset[str]] = {}
        """The keys of the records that the scope of a list has, by noun."""
        self.seen = {id(record) for record in self._records() if self._is_seen(record)}
        self.open = {self.user, *self._open_markers()}

    def _records(self) -> Iterator[Record]:
        return (record for records in self.made.records.values() for record in records)

    def may(self, action: str, noun: str, key: str) -> bool:
        if noun not in TABLES:
            return False
        try:
            return self.asker.ask(Question(f"user:{self.user}", action, f"{noun}:{key}")).allowed
        except CustctlError:
            return False

    def may_create(self, noun: str) -> bool:
        return self.asker.ask(Question(f"user:{self.user}", "create", noun)).allowed

    def _is_seen(self, record: Record) -> bool:
        """Whether the policy shows the record, alone or in a list."""
        if record.noun not in TABLES:
            return False
        return self.may("view", record.noun, record.key) or self._is_listed(record)

    def sees_address_of(self, owner: Record) -> bool:
        """Whether the policy shows an address of the record, whose key is told with it."""
        found = self.made.records.get(f"{owner.noun}-address", ())
        return any(id(address) in self.seen for address in found if address.key.startswith(f"{owner.key}/"))

    def _is_listed(self, record: Record) -> bool:
        noun = NOUNS[record.noun]
        if noun.name not in self.lists:
            (where, parameters), _ = self.actor.visible(noun)
            chosen = selection(noun.name, (noun.key, *(("owner",) if noun.document == "addresses" else ())))
            rows = chosen.rows(self.connection, f"AND ({where})", parameters)
            keys = (f"{row['owner']}/{row['key']}" if "owner" in row else row[noun.key] for _, row in rows)
            self.lists[noun.name] = frozenset(keys)
        return record.key in self.lists[noun.name]

    def _open_markers(self) -> Iterator[str]:
        for record in self._records():
            if id(record) in self.seen:
                yield from record.key.split("/")  # the key of a role or an address holds that of its customer
                for name, text in record.markers.items():
                    if allows(NOUNS[record.noun], "read", name) and self._field_is_open(record, name):
                        yield text

    def _field_is_open(self, record: Record, name: str) -> bool:
        if name in ("key", "email", "number"):
            return True
        entity = self.asker.entity(record.noun)
        found = self.asker.record(entity, record.key)
        question = Question(f"user:{self.user}", "view", f"{record.noun}.{name}", found.user, found.customer, True)
        return self.asker.ask(question).allowed

    def closed_in(self, texts: Iterable[str], typed: Iterable[str]) -> list[str]:
        """The markers in texts that may not be told and were not typed, each with where it stands."""
        text, given = " ".join(texts).lower(), " ".join(typed).lower()
        told = {marker.lower() for marker in self.open}
        parts = {part for marker in told for part in re.split(r"[@/]", marker)}
        return [
            f"{record.noun}:{record.key}.{name}={marker}"
            for record in self._records()
            for name, full in record.markers.items()
            for marker in re.split(r"[@/]", full.lower())
            if len(marker) > 9 and marker not in parts and marker in text and marker not in given
        ]


def stored_ids(connection: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """The row ids of records by noun and key."""
    found = {}
    for name in ("customer", "customer-user", "customer-user-role", "customer-group", "account", *SALES):
        noun = NOUNS[name]
        for row_id, image in selection(name, (noun.key,)).rows(connection):
            found[name, image[noun.key]] = row_id
    return found


def stranger(line: Line, judge: Judge) -> list[str] | None:
    """The words with records that may not be seen exchanged for what is not stored; None where there are none."""
    words = list(line.words)
    for place, record in line.named.items():
        if judge.user in record.key:  # whoever acts is named by every answer
            return None
        if id(record) not in judge.seen and not judge.sees_address_of(record):
            words[place] = re.sub(r"(?i)zq[a-z]{6}\d{3}qz", _bogus, re.sub(r"id:\d+", "id:999999", words[place]))
    return words if words != line.words else None


def _bogus(found: re.Match[str]) -> str:
    return "ZQXXXXXX000QZ" if found[0].isupper() else "zqxxxxxx000qz"


def normal(answer: Answer, words: list[str]) -> tuple[int, str, str]:
    """An answer without the words that were typed."""
    texts = [answer.out, answer.err]
    for word in sorted((part for text in words for part in re.split(r"[/ ]", text)), key=len, reverse=True):
        if "zq" in word.lower() or word.startswith("id:"):
            bare = word.rpartition(":")[2] if "zq" in word.lower() else word
            texts = [re.sub(re.escape(bare), "…", text, flags=re.IGNORECASE) for text in texts]
    out, err = (re.sub(r"  +|-+", " ", text) for text in texts)
    return answer.exit, out, err


def wrongly_written(runner: Runner, judge: Judge, line: Line, before: int) -> list[str]:
    """What the last revision changed that the user may not change."""
    group, verb = line.words[0], next(word for word in line.words if word in WRITES)
    rows = runner.sql("SELECT op, record, before, after FROM history WHERE revision_id > ?", before)
    wrong = []
    for op, record, old, new in rows:
        kind, _, key = record.partition(":")
        noun = NOUNS[SHORT_TYPES.get(kind, kind)]
        earlier, later = (json.loads(text) if text else {} for text in (old, new))
        names = {name for name in {**earlier, **later} if earlier.get(name) != later.get(name)}
        if noun.name in ("account", "setting", "content-variant"):  # the shop's own doing
            wrong += [] if (group, op) in (("customer", "add"), ("customer", "remove")) else [record]
        elif op == "add":
            wrong += [] if judge.may_create(noun.name) or group == "role" else [f"add {record}"]
            by_rule = {"account", "channel", "owner", "user", "customer", "key", "self_managed", "public", "enabled"}
            by_rule |= {"confirmed", "guest", "auth_status"}
            if noun.name != "customer-user-role":  # a copy takes over what cannot be seen
                wrong += [
                    f"add {record}.{name}"
                    for name in names
                    if not allows(noun, "create", name)
                    and name not in by_rule
                    and later.get(name) not in (None, [], {}, False)
                ]
        elif op == "remove":
            parts = noun.name.endswith("address") or noun.name == "record"
            wrong += [] if parts or judge.may("delete", noun.name, key) else [f"remove {record}"]
        elif noun.name == "customer-user" and group == "role":
            wrong += [] if names <= {"roles"} else [record]
        elif noun.name == "customer" and verb == "delete":
            wrong += [] if names <= {"parent"} else [record]
        else:
            was = earlier.get("key") or earlier.get("number") or key
            name = key if noun.name.endswith("address") else was
            own = noun.name == "customer-user" and was == judge.user
            wrong += [] if own or judge.may("edit", noun.name, name) else [f"change {record}"]
            kept = {"key"} if noun.name in ("customer-user", "customer-user-role") else set()
            kept |= {"self_managed"} if noun.name == "customer-user-role" else set()
            wrong += [f"change {record}.{name}" for name in names - kept if not allows(noun, "edit", name)]
    return wrong


def faults(folder: Path, seed: int) -> list[str]:
    """What is told or written in one world that must not be."""
    rng = random.Random(seed)
    made = world(rng)
    runner = Runner(folder / "shop.db")
    runner.json("apply", "-f", runner.file(made.document(), "world.json"), "--yes")
    kept, found = runner.database.read_bytes(), list[str]()
    (folder / "judged.db").write_bytes(kept)
    with closing(sqlite3.connect(folder / "judged.db")) as connection:
        ids = stored_ids(connection)
        judges = [Judge(connection, made, user.key) for user in made.records["customer-user"]]
        judges.sort(key=lambda judge: len(judge.seen), reverse=True)  # who sees nothing is refused everything
        revision = connection.execute("SELECT max(id) FROM revision").fetchone()[0]
        for name in names(LINES):
            judge = rng.choice(judges[: rng.choice((2, 3, 5))])
            line = Typist(made, ids, frozenset(judge.seen)).line(name)
            found += _faults_of(runner, judge, line, revision)
            if runner.database.read_bytes() != kept or Path(f"{runner.database}-wal").exists():
                for end in ("-wal", "-shm"):
                    Path(f"{runner.database}{end}").unlink(missing_ok=True)
                runner.database.write_bytes(kept)
    return found


def _faults_of(runner: Runner, judge: Judge, line: Line, revision: int) -> Iterator[str]:
    acting = ("--as", judge.user)
    answer = runner(*line.words, *acting)
    typed = [*line.words, *acting]
    if line.words[0] == "role":  # a new role is named within the customer that it is made for, by default one's own
        typed.append(judge.actor.customer or "")
    told = judge.closed_in((answer.out, answer.err), typed)
    yield from (f"{line.words} as {judge.user} tells {text}" for text in told)
    if answer.exit not in (0, 1, 2, 4, 5):
        yield f"{line.words} as {judge.user} exits {answer.exit}: {answer.err}"
    writes = any(word in WRITES for word in line.words)
    if writes and answer.exit == 0:
        wrong = wrongly_written(runner, judge, line, revision)
        yield from (f"{line.words} as {judge.user} writes: {text}" for text in wrong)
    other = None if writes else stranger(line, judge)
    if other is not None:
        alike = runner(*other, *acting)
        if normal(answer, line.words) != normal(alike, other):
            yield f"{line.words} as {judge.user} differs from {other}: {answer} {alike}"


@pytest.mark.parametrize("seed", range(WORLDS))
def test_nothing_is_told_or_written_that_the_storefront_denies(tmp_path: Path, seed: int) -> None:
    assert faults(tmp_path, seed) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(WORLDS, SOAK * WORLDS))
def test_nothing_is_told_or_written_that_the_storefront_denies_in_many_worlds(tmp_path: Path, seed: int) -> None:
    assert faults(tmp_path, seed) == []
