"""What the documentation shows is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import reference
from tests.console import ROOT, rendered

WITH_CONSOLE = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
WITH_CONSOLE = [page for page in WITH_CONSOLE if "```console" in page.read_text()]


@pytest.mark.parametrize("page", WITH_CONSOLE, ids=lambda page: page.name)
def test_every_command_of_a_page_prints_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    text = page.read_text()
    assert rendered(text, tmp_path) == text


@pytest.mark.parametrize("name", reference.pages())
def test_a_page_of_the_reference_is_what_the_code_says(name: str) -> None:
    page = reference.FOLDER / name
    written = page.read_text() if page.exists() else ""
    assert written == reference.pages()[name], f"{name} is behind the code: python -m tests.reference"


def test_every_page_of_the_reference_is_made_or_known_to_be_written_by_hand() -> None:
    there = {page.name for page in reference.FOLDER.iterdir()}
    assert there == {*reference.pages(), *reference.WRITTEN_BY_HAND}


def test_every_link_between_pages_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("**/*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())]
    broken = [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()]
    assert broken == []
    assert links


def test_no_field_of_documents_is_said_to_have_two_lengths() -> None:
    page = (reference.FOLDER / "documents.md").read_text()
    assert [line for line in page.splitlines() if line.count(" characters") > 1] == []


def test_no_page_shows_only_a_command_that_fails_as_its_example() -> None:
    page = (ROOT / "docs" / "how-to" / "make-a-world-to-test-with.md").read_text()
    assert "\nerror:" not in page
