"""What the documentation shows is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.console import ROOT, rendered

WITH_CONSOLE = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
WITH_CONSOLE = [page for page in WITH_CONSOLE if "```console" in page.read_text()]


@pytest.mark.parametrize("page", WITH_CONSOLE, ids=lambda page: page.name)
def test_every_command_of_a_page_prints_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    text = page.read_text()
    assert rendered(text, tmp_path) == text


def test_every_link_between_pages_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("**/*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())]
    broken = [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()]
    assert broken == []
    assert links
