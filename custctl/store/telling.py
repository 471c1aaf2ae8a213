"""What a write did, told to the user in whose name it ran."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace
from typing import Any

from custctl.resources import ROLE, USER, Noun
from custctl.store.acting import Actor
from custctl.store.seen import open_fields, with_links_seen
from custctl.store.select import Image
from custctl.store.unit import Change, Draft, Effects, Report, Unit, identity
from custctl.storefront import SHOWN

Key = tuple[str, str]


class Telling:
    """What a write did, as far as the user sees it; made before the rows are written, when what goes is still there.

    The record that the command names is told of anyway, without its fields where it may not be viewed; other records
    only where they may.
    """

    def __init__(self, actor: Actor, unit: Unit) -> None:
        self.actor = actor
        self.before: dict[Key, Image | None] = {}
        """The stored records that change, by their identity before, as the user sees them; None where not at all."""
        self.closed: dict[Key, list[str]] = {}
        for draft in unit.drafts.values():
            if draft is not None and draft.before is not None and draft.before != draft.after and draft.noun in SHOWN:
                self._look_at(draft)

    def _look_at(self, draft: Draft) -> None:
        assert draft.before is not None, "it is stored"
        noun, key = draft.noun, (draft.noun.name, identity(draft.noun, draft.before))
        self.before[key] = None
        if self.actor.sees(noun, draft.key):
            self.closed[key] = self.actor.closed(noun, draft.key)
            self.before[key] = self._open(noun, draft.before, self.closed[key])
        if (noun.name, draft.key) in self.actor.named:
            self.actor.named.add(key)

    def report(self, report: Report) -> Report:
        """The report of the unit, when it is written."""
        told = (self._change(change) for change in report.changes if change.noun in SHOWN)
        changes = [change for change in told if change is not None]
        return replace(report, changes=changes, access=self._access(report.access, {one.record for one in changes}))

    def _access(self, access: Effects, told: Container[str]) -> Effects:
        """The effects on users and roles that the user sees, or whose change is told."""

        def seen(rows: Iterable[dict[str, Any]], name: str) -> list[dict[str, Any]]:
            return [row for row in rows if row.get(name) is None or self._names(row[name], told)]

        return replace(
            access,
            wider=seen(seen(access.wider, "user"), "role"),
            narrower=seen(seen(access.narrower, "user"), "role"),
            reach=seen(access.reach, "user"),
            sign_in=seen(access.sign_in, "user"),
            shown=seen(access.shown, "record"),
            new=[reference for reference in access.new if reference in told],
            gone=[reference for reference in access.gone if reference in told],
            unlisted=0,
        )

    def _names(self, reference: str, told: Container[str]) -> bool:
        kind, _, key = reference.partition(":")
        noun = {"user": USER, "role": ROLE}.get(kind)
        return reference in told or (noun is not None and self.actor.sees(noun, key))

    def _change(self, change: Change) -> Change | None:
        noun, side = change.noun, change.before or change.after or {}
        key = (noun.name, identity(noun, side))
        named, before = key in self.actor.named, self.before.get(key)
        if change.before is None:
            closed = self.actor.closed(noun, key[1]) if self.actor.sees(noun, key[1]) else None
        else:
            closed = None if before is None else self.closed[key]
        if closed is None:
            return replace(change, before=change.before and {}, after=change.after and {}) if named else None
        after = None if change.after is None else self._open(noun, change.after, closed)
        return replace(change, before=before, after=after) if named or before != after else None

    def _open(self, noun: Noun, image: Image, closed: Iterable[str]) -> Image:
        return with_links_seen(self.actor, noun, open_fields(noun, image, closed))
