"""Questions about access: may somebody do something, why, and what would have to change."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from custctl.commands._arguments import ActionArg, ResourceArg, SubjectArg
from custctl.commands._command import Call, command, group
from custctl.errors import Exit
from custctl.result import Result

app = group("access", "Questions about access, and why the answer is what it is.")

OwnerOption = Annotated[
    str | None, typer.Option("--owner", metavar="USER", help="Ask about a record that this user would own.")
]
CustomerOption = Annotated[
    str | None, typer.Option("--customer", metavar="CUSTOMER", help="Ask about a record of this customer.")
]
IgnoreStatus = Annotated[
    bool, typer.Option("--ignore-status", help="Ask the roles alone, not whether signing in is possible.")
]


@command(
    app,
    "can",
    examples=(
        "custctl access can amanda.smith@company-a.example view order",
        "custctl access can amanda.smith@company-a.example edit order:SO-1",
    ),
)
def can(
    call: Call,
    subject: SubjectArg,
    action: ActionArg,
    resource: ResourceArg,
    owner: OwnerOption = None,
    customer: CustomerOption = None,
    ignore_status: IgnoreStatus = False,
) -> Result:
    """May SUBJECT do ACTION to RESOURCE? Exit 0 is yes, 1 is no; an unknown word is an error."""
    from custctl.store import answers

    answer = answers.can(call.read(), _question(subject, action, resource, owner, customer, ignore_status))
    return _answered(answer, "decision")


@command(app, "explain", examples=("custctl access explain bob@company-a.example edit order:SO-1",))
def explain(
    call: Call,
    subject: SubjectArg,
    action: ActionArg,
    resource: ResourceArg,
    owner: OwnerOption = None,
    customer: CustomerOption = None,
    ignore_status: IgnoreStatus = False,
) -> Result:
    """The same answer with everything it came from and, for a no, the nearest remedy."""
    from custctl.store import answers

    answer = answers.explain(call.read(), _question(subject, action, resource, owner, customer, ignore_status))
    return _answered(answer, "explain")


@command(app, "matrix", examples=("custctl access matrix role:buyer", "custctl access matrix guest"))
def matrix(call: Call, subject: SubjectArg) -> Result:
    """All levels of a subject: entities by permissions, capabilities and workflows."""
    from custctl.store import answers

    return Result(answers.matrix(call.read(), subject), "matrix")


def _question(
    subject: str, action: str, resource: str, owner: str | None, customer: str | None, ignore_status: bool
) -> Any:
    from custctl.store.facts import Question

    supposed = owner is not None or customer is not None
    return Question(subject, action, resource, owner or None, customer or None, supposed, None, ignore_status)


def _answered(answer: dict[str, Any], view: Any) -> Result:
    return Result(answer, view, exit=Exit.OK if answer["allowed"] else Exit.NO)
