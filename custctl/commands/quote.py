"""The group `quote`."""

from __future__ import annotations

from custctl.commands._sales import group_of
from custctl.resources import NOUNS

app = group_of(NOUNS["quote"], "Quotes.")
