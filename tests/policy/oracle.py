"""A second opinion on who may do what, by brute force.

It enumerates: every privilege of every role, every customer below every other, and for every asker every cell
(record, level) that lies open. An answer is then a look into these tables. Nothing of the policy is used but the
facts about entities, and words stand for levels throughout, so that an error would have to be made twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tests.policy.worlds import Question, World, WorldRecord, WorldRole

LADDER = ("none", "user", "department", "corporate", "full")
CAPABILITY_NAMES = (
    "oro_customer_frontend_gridview_publish",
    "oro_customer_frontend_update_own_profile",
    *(
        f"oro_{document}_{use}"
        for document in ("order_address_shipping", "order_address_billing", "quote_address_shipping")
        for use in ("customer_use_any", "customer_user_use_default", "customer_user_use_any", "allow_manual")
    ),
    "oro_quick_add_form",
)
WORKFLOW_RECORDS = {
    "b2b_flow_checkout": "checkout",
    "b2b_flow_checkout_single_page": "checkout",
    "b2b_rfq_frontoffice_default": "request",
}
OPEN_FIELD = {"view": "full", "create": "full", "edit": "full"}
FORBIDDING_STATES = {
    ("order", "edit"): ("order-closed", ("closed", "cancelled")),
    ("quote", "view"): ("quote-unavailable", ("draft", "deleted", "expired")),
}

VISITORS_GROUP = "customer-group:non-authenticated-visitors"

Cell = tuple[str, str]
"""A record and a level that opens it."""
Target = tuple[str, str]
"""A kind and a name."""
Privileges = dict[tuple[str, str, str], tuple[str, str]]
"""Of one role, by kind, name and action: where it says so, and the level. What is missing does not exist."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the oracle holds right; `rule` is the rule of ownership, `roles` are (role, source, level)."""

    allowed: bool
    level: str
    reason: str
    roles: tuple[tuple[str, str, str], ...] = ()
    rule: str | None = None
    vetoes: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class _Asker:
    """The subject with the roles that count for one question."""

    ref: str
    roles: tuple[str, ...]
    ignore_status: bool

    @property
    def kind(self) -> str:
        return self.ref.partition(":")[0]

    @property
    def key(self) -> str:
        return self.ref.partition(":")[2]


class Oracle:
    """All there is to know about one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.below = descendants(world.customers)
        self.records = {**world.records, **world.supposed}
        self.privileges = {key: self._privileges(role) for key, role in world.roles.items()}
        self._cells: dict[str, dict[Cell, str]] = {}

    def answer(self, question: Question) -> Answer:
        """The answer of the roles, unless the asker could not even sign in."""
        asker = self._asker(question)
        answer = self._by_roles(asker, question.action, (question.kind, question.name), question.record)
        refused = self._cannot_sign_in(asker)
        if refused is None or question.ignore_status:
            return answer
        return replace(answer, allowed=False, reason=refused, vetoes=((refused, None), *answer.vetoes))

    def listed(self, subject: str, entity: str, action: str = "view", ignore_status: bool = False) -> frozenset[str]:
        """The stored records that a list of the entity shows (AM 5.4, 6.2)."""
        answer = self.answer(Question(subject, action, "entity", entity, ignore_status=ignore_status))
        if not answer.allowed:
            return frozenset()
        rows = [row for row in self.world.records.values() if row.entity == entity]
        kind, _, key = subject.partition(":")
        return frozenset(row.ref for row in rows if self._shows(kind, key, answer.level, row))

    # Levels

    def _privileges(self, role: WorldRole) -> Privileges:
        """Every privilege that exists, as this role holds it."""
        table: Privileges = {}
        for entity in self.world.entities.values():
            if entity.protected:
                default = dict.fromkeys(entity.permissions, self._default(role.default, entity.name))
                _fill(table, ("entity", entity.name), role.permissions.get(entity.name), default)
        for workflow, entity_name in WORKFLOW_RECORDS.items():
            default = dict.fromkeys(("view", "perform"), self._default(role.workflow_default, entity_name))
            _fill(table, ("workflow", workflow), role.workflows.get(workflow), default)
        for capability in CAPABILITY_NAMES:
            said = {"use": _on(role.capabilities[capability])} if capability in role.capabilities else None
            unsaid = None if role.capability_default is None else _on(role.capability_default)
            _fill(table, ("capability", capability), said, {"use": unsaid})
        for name in self.world.fields:
            words = role.fields.get(name)
            _fill(table, ("field", name), None if words is None else OPEN_FIELD | words, OPEN_FIELD)
        return table

    def _default(self, default: str | None, entity: str) -> str | None:
        """A role's default as it fits an entity (AM 1.3)."""
        ownership = self.world.entities[entity].ownership
        if default in (None, "none"):
            return default
        if ownership == "none":
            return "full"
        return "department" if (ownership, default) == ("customer", "user") else default

    # Reach

    def _cells_of(self, ref: str) -> dict[Cell, str]:
        """Every cell open to a subject, whatever its roles, with the first rule that opens it."""
        if ref not in self._cells:
            self._cells[ref] = self._enumerate(*ref.partition(":")[::2])
        return self._cells[ref]

    def _enumerate(self, kind: str, key: str) -> dict[Cell, str]:
        cells: dict[Cell, str] = {}
        for ref, record in self.records.items():
            ownerless = self.world.entities[record.entity].ownership == "none"
            for level in LADDER[1:] if ownerless else ("full",):
                cells[ref, level] = "ownerless"
        if kind == "visitor":
            _open(cells, self._of_session(key), LADDER[1:4], "visitor")
        if kind == "user":
            self._enumerate_user(cells, key)
        return cells

    def _enumerate_user(self, cells: dict[Cell, str], key: str) -> None:
        """Own records at each level; those of customers at the levels that reach these customers (AM 5.3)."""
        mine = self.world.users[key].customer
        _open(cells, [ref for ref, record in self._owned_by_users() if record.user == key], LADDER[1:4], "own")
        for level in ("department", "corporate"):
            reached = self._reached(mine, level)
            people = {user.key for user in self.world.users.values() if user.customer in reached}
            theirs = [ref for ref, row in self._owned_by_users() if row.user in people and not self._identity(row)]
            _open(cells, theirs, (level,), "owner-customer")
            _open(cells, [ref for ref, row in self._with_customer() if row.customer in reached], (level,), "customer")

    def _reached(self, mine: str | None, level: str) -> set[str]:
        """The customers of a level: one's own, and at corporate all below it."""
        if mine is None:
            return set()
        return {mine} | (self.below[mine] if level == "corporate" else set())

    def _owned_by_users(self) -> Iterable[tuple[str, WorldRecord]]:
        """Records that a user can own; a user owns itself."""
        entities = self.world.entities
        return (
            (ref, row)
            for ref, row in self.records.items()
            if entities[row.entity].ownership == "user" or entities[row.entity].identity == "user"
        )

    def _with_customer(self) -> Iterable[tuple[str, WorldRecord]]:
        entities = self.world.entities
        return (
            (ref, row)
            for ref, row in self.records.items()
            if entities[row.entity].ownership == "customer" or entities[row.entity].has_customer
        )

    def _identity(self, row: WorldRecord) -> bool:
        return self.world.entities[row.entity].identity is not None

    def _of_session(self, visitor: str) -> set[str]:
        """Owned records of one session, then the rows that hang on them, until none is new."""
        owned = {ref for ref, row in self.records.items() if self.world.entities[row.entity].ownership != "none"}
        everything = {ref for ref, row in self.records.items() if row.visitor == visitor}
        lines = {ref: row.parent for ref, row in self.records.items() if row.visitor is None}
        while more := {ref for ref, parent in lines.items() if parent in everything} - everything:
            everything |= more
        return everything & owned

    # Answers

    def _asker(self, question: Question) -> _Asker:
        kind, _, key = question.subject.partition(":")
        if kind != "user":
            role = key if kind == "role" else self.world.guest_role
            return _Asker(question.subject, (role,), question.ignore_status)
        roles = [role for role in self.world.users[key].roles if role != question.without_role]
        if question.with_role is not None and question.with_role not in self.world.users[key].roles:
            roles.append(question.with_role)
        return _Asker(question.subject, tuple(roles), question.ignore_status)

    def _by_roles(self, asker: _Asker, action: str, target: Target, record: str | None) -> Answer:
        """Levels, then reach, then vetoes."""
        said = [(role, *self.privileges[role].get((*target, action), ("nothing", "none"))) for role in asker.roles]
        level = max((level for _, _, level in said), key=LADDER.index, default="none")
        answer = Answer(False, level, self._refusal(action, target, said), tuple(said))
        if self._unprotected(action, target):
            answer = replace(answer, allowed=True, reason="unprotected")
        elif level != "none":
            answer = self._within_reach(asker, action, target, record, answer)
        return self._after_vetoes(asker, action, target, record, answer) if answer.allowed else answer

    def _unprotected(self, action: str, target: Target) -> bool:
        return target[0] == "entity" and action == "view" and not self.world.entities[target[1]].protected

    def _within_reach(self, asker: _Asker, action: str, target: Target, record: str | None, answer: Answer) -> Answer:
        granted = replace(answer, allowed=True, reason="granted")
        if record is None or target[0] == "capability":
            return granted
        rule = self._cells_of(asker.ref).get((record, answer.level))
        if rule is not None:
            return replace(granted, rule=rule)
        if asker.kind == "user" and action == "view" and target[0] == "entity" and self._open_role(record):
            return replace(granted, reason="public-role")
        return replace(answer, reason="out-of-reach")

    def _open_role(self, ref: str) -> bool:
        """A predefined role that is self-managed and public (AM 5.9)."""
        row = self.records[ref]
        if row.entity != "customer-user-role" or ref in self.world.supposed:
            return False
        role = self.world.roles[row.key]
        return role.customer is None and role.self_managed and role.public

    def _refusal(self, action: str, target: Target, said: list[tuple[str, str, str]]) -> str:
        """Why nothing but none was said."""
        exists = any((*target, action) in table for table in self.privileges.values())
        if not exists:
            return "not-applicable"
        if not said:
            return "no-role"
        if target[0] == "field":
            return "field-closed"
        return "explicit-none" if "entry" in {source for _, source, _ in said} else "no-entry"

    def _after_vetoes(self, asker: _Asker, action: str, target: Target, record: str | None, answer: Answer) -> Answer:
        found: list[tuple[str, str | None]] = []
        if target[0] == "entity" and record is not None:
            found += self._state_vetoes(action, record)
            found += self._role_vetoes(asker, action, record)
            found += self._parent_vetoes(asker, action, record)
        if self._feature_is_off(asker, target):
            found.append(("feature-off", None))
        return replace(answer, allowed=False, reason=found[0][0], vetoes=tuple(found)) if found else answer

    def _state_vetoes(self, action: str, ref: str) -> list[tuple[str, str | None]]:
        row = self.records[ref]
        reason, states = FORBIDDING_STATES.get((row.entity, action), ("", ()))
        if row.status in states:
            return [(reason, self._name(ref))]
        if action == "delete" and ref == VISITORS_GROUP:
            return [("protected-role", ref)]
        active = row.entity == "request" and action == "edit" and row.workflow_active
        return [("workflow-active", self._name(ref))] if active else []

    def _role_vetoes(self, asker: _Asker, action: str, ref: str) -> list[tuple[str, str | None]]:
        row = self.records[ref]
        if row.entity != "customer-user-role":
            return []
        found: list[tuple[str, str | None]] = []
        stored = ref in self.world.records
        kept = row.customer is None or row.key in (self.world.default_role, self.world.guest_role)
        if stored and action in ("view", "edit", "assign", "delete"):
            role = self.world.roles[row.key]
            if not (role.self_managed and role.public) or (action == "delete" and kept):
                found.append(("protected-role", ref))
        if stored and action == "delete" and any(row.key in user.roles for user in self.world.users.values()):
            found.append(("role-in-use", ref))
        customer = f"customer:{row.customer}"
        if action != "create" and row.customer is not None and not self._may(asker, "view", customer):
            found.append(("customer-not-visible", customer))
        return found

    def _parent_vetoes(self, asker: _Asker, action: str, ref: str) -> list[tuple[str, str | None]]:
        parent = self.records[ref].parent
        needed = {"view": "view", "create": "edit", "edit": "edit", "delete": "edit"}.get(action)
        if parent is None or needed is None or self._may(asker, needed, parent):
            return []
        return [("parent-denied", parent)]

    def _may(self, asker: _Asker, action: str, ref: str) -> bool:
        return self._by_roles(asker, action, ("entity", self.records[ref].entity), ref).allowed

    def _feature_is_off(self, asker: _Asker, target: Target) -> bool:
        """The second gate of guests (AM 9.3); a field has none."""
        if asker.kind not in ("guest", "visitor") or asker.ignore_status:
            return False
        kind, name = target
        entity = {"entity": name, "workflow": WORKFLOW_RECORDS.get(name)}.get(kind)
        feature = self.world.entities[entity].feature if entity is not None else None
        if target == ("capability", "oro_quick_add_form"):
            feature = "guest.quick_order"
        return feature is not None and feature not in self.world.features

    def _cannot_sign_in(self, asker: _Asker) -> str | None:
        """The first of five obstacles (AM 10)."""
        if asker.kind != "user":
            return None
        user = self.world.users[asker.key]
        obstacles = {
            "guest-record": user.guest,
            "reset": user.reset,
            "disabled": not user.enabled,
            "unconfirmed": not user.confirmed,
            "no-customer": user.customer is None,
        }
        return next((reason for reason, holds in obstacles.items() if holds), None)

    def _name(self, ref: str) -> str:
        return "" if ref in self.world.supposed else ref

    # Lists

    def _shows(self, kind: str, key: str, level: str, row: WorldRecord) -> bool:
        """Whether a list shows a record; lists go by one field, where a question about it tries several."""
        entity = self.world.entities[row.entity]
        if level == "full" or entity.ownership == "none":
            return True
        if kind in ("guest", "visitor"):
            return kind == "visitor" and row.ref in self._of_session(key)
        if kind != "user":
            return False
        if level == "user":
            return row.user == key
        reached = self._reached(self.world.users[key].customer, level)
        if row.entity == "customer-user-role":
            role = self.world.roles[row.key]
            return role.self_managed and role.public and (role.customer is None or role.customer in reached)
        by_customer = entity.ownership == "customer" or entity.has_customer
        owner = self.world.users[row.user].customer if row.user is not None else None
        return (row.customer if by_customer else owner) in reached


def descendants(parents: Mapping[str, str | None]) -> dict[str, set[str]]:
    """Every customer below each, by joining steps until nothing is new; members of a cycle have and are none."""
    steps = {(parent, child) for child, parent in parents.items() if parent is not None}
    looped = {upper for upper, lower in _closure(steps) if upper == lower}
    tree = _closure({step for step in steps if not looped.intersection(step)})
    return {key: {lower for upper, lower in tree if upper == key} for key in parents}


def _closure(steps: set[tuple[str, str]]) -> set[tuple[str, str]]:
    pairs = set(steps)
    while more := {(upper, lower) for upper, middle in pairs for top, lower in steps if middle == top} - pairs:
        pairs |= more
    return pairs


def _fill(
    table: Privileges, target: Target, entry: Mapping[str, str] | None, default: Mapping[str, str | None]
) -> None:
    """The privileges of one target: a listed one as its entry says, else none; an unlisted one as the default."""
    for action, level in default.items():
        if entry is not None:
            table[*target, action] = ("entry", entry.get(action, "none"))
        else:
            table[*target, action] = ("nothing", "none") if level is None else ("default", level)


def _on(value: bool) -> str:
    return "full" if value else "none"


def _open(cells: dict[Cell, str], refs: Iterable[str], levels: Iterable[str], rule: str) -> None:
    for ref in refs:
        for level in levels:
            cells.setdefault((ref, level), rule)
