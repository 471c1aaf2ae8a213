"""Managers: whose documents records belong to, which `apply --prune` goes by, changed by hand and kept in history."""

from __future__ import annotations

from collections.abc import Sequence

from custctl.resources import ADDRESS_OF, SETTING
from custctl.store.settings import SCOPES
from custctl.store.unit import Draft, Unit, ids_of


def adopt(unit: Unit, drafts: Sequence[Draft], manager: str | None) -> list[Draft]:
    """Let records be of another manager, None for nobody's, with their parts that were of the same; all that change.

    Parts are addresses, and settings of a group or customer: else the former manager's documents would prune them.
    """
    changed = [draft for draft in drafts if unit.adopt(draft, manager)]
    changed += [part for draft in changed for part in _parts(unit, draft) if unit.adopt(part, manager)]
    return changed


def _parts(unit: Unit, draft: Draft) -> list[Draft]:
    assert draft.adopted is not None, "only what has changed takes its parts along"
    found: list[Draft] = []
    if draft.noun.name in ADDRESS_OF:
        found += unit.addresses(ADDRESS_OF[draft.noun.name], [draft])[draft.key]
    for scope, owner in SCOPES.items():
        if owner is draft.noun:
            found += unit.select(SETTING, f"t.{scope}_id IN (SELECT value FROM json_each(:ids))", ids=ids_of([draft]))
    of_whom = {
        (table, row_id): manager
        for table in {part.noun.table for part in found}
        for row_id, manager in unit.managers(table, [part.id for part in found if part.noun.table == table])
    }
    return [part for part in found if of_whom.get((part.noun.table, part.id)) == draft.adopted[0]]
