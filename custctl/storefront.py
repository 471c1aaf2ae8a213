"""What a signed-in customer user reads and writes, noun by noun: the one table behind `--as`.

A field that has no row, and a noun that has none, is neither read nor written. Which records a user sees is decided by
policy/; this table says which of their fields. docs/reference/storefront.md is made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from custctl.resources import (
    ADDRESS_TEXTS,
    CUSTOMER,
    CUSTOMER_ADDRESS,
    GROUP,
    NOUNS,
    ROLE,
    SALES,
    USER,
    USER_ADDRESS,
    Noun,
)

Use = Literal["read", "create", "edit"]
Origin = Literal["storefront", "custctl"]
"""Whose row it is: upstream's storefront has the page, form or resource, or only this tool has the verb."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field of a noun: who says that it is read, written for a new record, written for a stored one."""

    field: str
    read: Origin | None
    create: Origin | None
    edit: Origin | None


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one noun, and where they were read; `about` says what no row can."""

    rows: Mapping[str, Row]
    source: str
    about: str = ""


_ORIGINS: Mapping[str, Origin | None] = {"s": "storefront", "c": "custctl", "-": None}


def _table(fields: Mapping[str, str], source: str, about: str = "") -> Table:
    """A table from `{"name parent": "scc"}`: for each field who lets it be read, created and edited.

    `s` is upstream's storefront, `c` custctl, `-` nobody.
    """
    rows: dict[str, Row] = {}
    for names, letters in fields.items():
        read, create, edit = (_ORIGINS[letter] for letter in letters)
        rows |= {name: Row(name, read, create, edit) for name in names.split()}
    return Table(rows, source, about)


_NAME_PARTS = "prefix first_name middle_name last_name suffix"
_ADDRESS = {"key": "cc-", f"{' '.join(ADDRESS_TEXTS)} primary types default": "sss", "owner": "ss-"}
_ADDRESS_ABOUT = "The owner of a new address is chosen by the owner rule; that of a stored one never changes."

PROFILE = "profile"
"""The name of the table of one's own profile, which the capability opens, not the permission on users."""
PROFILE_CAPABILITY = "oro_customer_frontend_update_own_profile"

TABLES: Mapping[str, Table] = {
    CUSTOMER.name: _table(
        {
            "id ancestors counts": "c--",
            "key": "sc-",
            "name parent": "scc",
            "group created updated addresses subsidiaries": "s--",
        },
        "oroinc/customer-portal CustomerBundle/Resources/config/oro/api_frontend.yml (create, update and delete are"
        " false) and Tests/Functional/ApiFrontend/RestJsonApi/responses/get_customer.yml",
        "Upstream has the permissions and neither a form nor a controller: the verbs are custctl's.",
    ),
    GROUP.name: _table(
        {"key name": "s--"},
        "oroinc/customer-portal CustomerBundle, api_frontend.yml and responses/get_customer_group.yml",
    ),
    USER.name: _table(
        {
            "id addresses sign_in": "c--",
            "key": "s--",
            f"email {_NAME_PARTS} birthday customer roles enabled": "sss",
            "confirmed auth_status guest sales_reps created updated": "s--",
        },
        "oroinc/customer-portal CustomerBundle/Form/Type/FrontendCustomerUserType.php, the grid"
        " frontend-customer-customer-user-grid and responses/get_customer_user.yml",
        "Roles are read only by who may view roles at all, and only those that may be viewed. A role that may not be"
        " viewed stays with who has it.",
    ),
    PROFILE: _table(
        {f"email {_NAME_PARTS} birthday": "--s"},
        "oroinc/customer-portal CustomerBundle/Form/Type/FrontendCustomerUserProfileType.php and"
        " responses/get_customer_user_profile.yml",
        f"One's own record, by the capability `{PROFILE_CAPABILITY}` alone: never roles, customer or enabled.",
    ),
    ROLE.name: _table(
        {
            "id": "c--",
            "key": "cc-",
            "label customer permissions capabilities workflows fields": "sss",
            "code type users": "s--",
        },
        "oroinc/customer-portal CustomerBundle/Form/Type/FrontendCustomerUserRoleType.php, the grid"
        " frontend-customer-customer-user-roles-grid and responses/get_customer_user_role.yml",
        "A new role, and the copy of a predefined one, is self-managed; what a copy takes over besides, like the"
        " defaults, is copied unseen. `users` counts those that may be viewed.",
    ),
    CUSTOMER_ADDRESS.name: _table(
        _ADDRESS,
        "oroinc/customer-portal CustomerBundle/Form/Type/FrontendCustomerTypedAddressType.php and"
        " responses/get_customer_address.yml",
        _ADDRESS_ABOUT,
    ),
    USER_ADDRESS.name: _table(
        _ADDRESS,
        "oroinc/customer-portal CustomerBundle/Form/Type/FrontendCustomerUserTypedAddressType.php and"
        " doc/api_frontend/customer_user_address.md",
        _ADDRESS_ABOUT,
    ),
    "order": _table(
        {
            "id": "c--",
            "number": "sc-",
            "customer": "scc",
            "user": "ssc",
            "products": "ss-",
            "status subtotal currency payment_status placed_at created updated": "s--",
        },
        "oroinc/orocommerce OrderBundle/Resources/config/oro/api_frontend.yml, doc/api_frontend/order.md and the grid"
        " frontend-orders-grid",
        "Upstream edits no order; another owner is custctl's, by the permission assign.",
    ),
    "quote": _table(
        {
            "id": "c--",
            "number": "sc-",
            "customer": "ccc",
            "user": "scc",
            "status subtotal currency products": "s--",
        },
        "oroinc/orocommerce SaleBundle, the grid frontend-quotes-grid and Controller/Frontend/QuoteController.php"
        " (view, index, choice, subtotals)",
        "Upstream only accepts and declines; the verbs are custctl's.",
    ),
    "request": _table(
        {
            "id customer": "c--",
            "number": "sc-",
            "status user": "s--",
            "products": "sss",
        },
        "oroinc/orocommerce RFPBundle/Form/Type/Frontend/RequestType.php and the grid frontend-requests-grid",
        "It belongs to who makes it.",
    ),
    "shopping-list": _table(
        {
            "id": "c--",
            "number": "sc-",
            "products": "sss",
            "customer user": "s-s",
            "subtotal currency created updated": "s--",
        },
        "oroinc/orocommerce ShoppingListBundle/Resources/config/oro/api_frontend.yml, doc/api_frontend/shopping_list.md"
        " and the grid frontend-customer-user-shopping-lists-base-grid",
        "It belongs to who makes it; another owner by the permission assign.",
    ),
    "checkout": _table(
        {
            "id": "c--",
            "number": "cc-",
            "products": "sss",
            "status subtotal currency customer user created updated": "s--",
        },
        "oroinc/orocommerce CheckoutBundle/Resources/config/oro/api_frontend.yml, doc/api_frontend/checkout.md and the"
        " grid frontend-checkouts-grid",
        "It belongs to who makes it. The status says whether it is completed.",
    ),
}
"""Every noun of which the storefront shows something, by its type, and one's own profile."""

LONGEST_LABEL = 32
"""How long the label of a role may be in the storefront's form. Source: AbstractCustomerUserRoleType.php."""


def allows(noun: Noun, use: Use, field: str) -> bool:
    """Whether the table lets a customer user read a field, or write it for a new or for a stored record."""
    table = TABLES.get(noun.name)
    row = None if table is None else table.rows.get(field)
    return row is not None and getattr(row, use) is not None


def in_profile(field: str) -> bool:
    """Whether one's own profile has the field."""
    return field in TABLES[PROFILE].rows


def unreadable(noun: Noun) -> tuple[str, ...]:
    """The fields of a noun that no customer user reads."""
    return tuple(field.name for field in noun.fields if not allows(noun, "read", field.name))


def closed_by_table(entity: str, action: str, field: str) -> bool:
    """Whether it is this table, not a role, that closes a field for an action of the policy."""
    noun = NOUNS.get(entity)
    uses: Mapping[str, Use] = {"view": "read", "create": "create", "edit": "edit"}
    return noun in SHOWN and noun is not None and action in uses and not allows(noun, uses[action], field)


SHOWN = tuple(noun for noun in NOUNS.values() if noun.name in TABLES)
"""The nouns of which the storefront shows something."""

assert {noun.name for noun in SALES} <= set(TABLES), "every sales document has a page on the storefront"
