"""What --help says, and that every command has something to say."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileAmberSnapshotExtension

from custctl import app
from tests.runner import Runner
from tests.tree import Words, leaves, nodes

TREE = dict(nodes())
GROUPS = sorted({path[:1] for path, found in TREE.items() if hasattr(found, "commands")})
"""The root, which has no words, and every group at the top."""


def helps(runner: Runner, words: Words) -> str:
    """The help pages of a group and of all below it; of the root also those of the commands that have no group."""
    pages = []
    for path, found in TREE.items():
        own = path[: len(words)] == words if words else len(path) < 2 and not (path and hasattr(found, "commands"))
        if own:
            answer = runner(*path, "--help")
            assert (answer.exit, answer.err) == (0, "")
            pages.append(f"$ {' '.join(('custctl', *path, '--help'))}\n{answer.out}")
    return "\n".join(pages)


@pytest.mark.parametrize("words", GROUPS, ids=lambda words: words[0] if words else "custctl")
def test_help_says_what_it_said(tmp_path: Path, words: Words, snapshot: SnapshotAssertion) -> None:
    runner = Runner(tmp_path / "shop.db")
    assert helps(runner, words) == snapshot(extension_class=SingleFileAmberSnapshotExtension)
    assert not runner.database.exists()


@pytest.mark.parametrize("name", app.GROUPS)
def test_a_group_says_of_itself_what_the_list_of_groups_says(name: str) -> None:
    assert app.load(name).help == app.GROUPS[name][1]


@pytest.mark.parametrize("words", leaves(), ids=" ".join)
def test_every_command_says_what_it_does_in_a_sentence(words: Words) -> None:
    text = inspect.getdoc(TREE[words].callback) or ""
    assert text[:1].isupper(), text
    assert text.endswith((".", "?")), text


@pytest.mark.parametrize("words", list(TREE), ids=" ".join)
def test_every_group_option_and_argument_is_described(words: Words) -> None:
    found = TREE[words]
    assert found.help
    undescribed = [param.name for param in found.params if not getattr(param, "help", None)]
    assert undescribed == []
