"""What a change of a group does not change, because its customers have their own: terms, price lists, settings.

A customer's own payment term, tax code and settings count before its group's (feature P-06), and nothing of the
group's price lists is behind those of a customer that says so (feature P-04).
"""

from __future__ import annotations

from collections.abc import Iterator

from custctl.resources import GROUP, SETTING
from custctl.store.unit import Draft, Unit

OWN = {
    "payment_term": "payment_term IS NOT NULL",
    "tax_code": "tax_code IS NOT NULL",
    "price_lists": "price_fallback IS NOT NULL",
    "unmerged_price_lists": "price_fallback IS NOT NULL",
    "price_fallback": "price_fallback IS NOT NULL",
}
"""The fields of a group that its members inherit, and the SQL of a member that has its own."""


def tell(unit: Unit) -> None:
    """Warn of changes that reach not all members of a group; call it after `flush`."""
    for draft in unit.drafts.values():
        if draft is not None and draft.before != draft.after:
            unit.warnings += _of_group(unit, draft) if draft.noun is GROUP else _of_setting(unit, draft)


def _of_group(unit: Unit, draft: Draft) -> Iterator[str]:
    if draft.before is None or draft.after is None:
        return
    for name, own in OWN.items():
        if draft.changed(name):
            row = unit.connection.execute(
                f"SELECT count(*), coalesce(sum({own}), 0) FROM customer WHERE group_id = ?", (draft.id,)
            ).fetchone()
            what = "price lists alone" if "price" in name else name
            yield from _told(draft.reference, what, *row)


def _of_setting(unit: Unit, draft: Draft) -> Iterator[str]:
    """A setting of one group, against those of its members; one that follows the shop again counts as changed too."""
    scope, _, rest = draft.key.partition("/")
    if draft.noun is not SETTING or scope != "group":
        return
    group, _, name = rest.partition("/")
    row = unit.connection.execute(
        """SELECT count(*), coalesce(sum(EXISTS (
            SELECT 1 FROM setting s WHERE s.customer_id = c.id AND s.name = :name)), 0)
        FROM customer c WHERE c.group_id = (SELECT g.id FROM customer_group g WHERE g.key = :group)""",
        {"name": name, "group": group},
    ).fetchone()
    yield from _told(f"customer-group:{group}", name, *row)


def _told(group: str, what: str, members: int, own: int) -> Iterator[str]:
    if own:
        rest = "so nothing changes for anybody" if own == members else "which counts before the group's"
        has, members_ = ("has", "member") if own == members == 1 else ("have", "members")
        yield f"{own} of {members} {members_} of {group} {has} their own {what}, {rest}"
