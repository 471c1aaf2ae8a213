"""What a shop knows from the start: its entities, capabilities, workflows and predefined roles.

The facts are those of oroinc/customer-portal and oroinc/orocommerce (the entities' ownership configuration and
the `frontend_roles.yml` of every bundle, merged); entities are written in kebab-case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from custctl.policy.model import Entity, Level, Ownership

OWNERLESS_PERMISSIONS = ("view", "create", "edit", "delete")
PERMISSIONS = (*OWNERLESS_PERMISSIONS, "assign")
SHOPPING_LIST_PERMISSIONS = ("duplicate", "rename", "set-as-default")
FIELD_ACTIONS = ("view", "create", "edit")
WORKFLOW_ACTIONS = ("view", "perform")
CAPABILITY_ACTIONS = ("use",)


def standard_permissions(ownership: Ownership) -> tuple[str, ...]:
    """The permissions of an entity that names none; an ownerless one cannot be assigned (AM 3.1)."""
    return OWNERLESS_PERMISSIONS if ownership == "none" else PERMISSIONS


def own_entity(name: str, ownership: Ownership, permissions: Iterable[str]) -> Entity:
    """An entity of one's own; one owned by users also carries a customer (design 5)."""
    return Entity(name, ownership, tuple(permissions), has_customer=ownership == "user")


def _ownerless(*names: str, feature: str | None = None) -> tuple[Entity, ...]:
    return tuple(Entity(name, "none", OWNERLESS_PERMISSIONS, feature=feature) for name in names)


def _document(name: str, *own: str, feature: str | None = None) -> Entity:
    return Entity(name, "user", (*PERMISSIONS, *own), has_customer=True, feature=feature)


ENTITIES: Mapping[str, Entity] = {
    entity.name: entity
    for entity in (
        Entity("customer", "customer", PERMISSIONS, identity="customer"),
        Entity("customer-user", "customer", PERMISSIONS, identity="user"),
        Entity("customer-user-role", "customer", PERMISSIONS),
        Entity("customer-address", "customer", PERMISSIONS),
        Entity("customer-user-address", "user", PERMISSIONS),
        Entity("grid-view", "user", PERMISSIONS),
        *_ownerless("customer-group"),
        Entity("frontend-import-export-result", "user", ("view",), has_customer=True),
        *_ownerless("pdf-document"),
        _document("shopping-list", *SHOPPING_LIST_PERMISSIONS, feature="guest.shopping_list"),
        Entity("shopping-list-line-item", "user", PERMISSIONS, feature="guest.shopping_list"),
        _document("checkout", feature="guest.checkout"),
        _document("order"),
        *_ownerless("order-address", "order-line-item", "order-product-kit-item-line-item"),
        _document("quote", feature="guest.quote"),
        *_ownerless(
            "quote-product", "quote-product-request", "quote-product-kit-item-line-item", feature="guest.quote"
        ),
        _document("request", feature="guest.request"),
        *_ownerless(
            "request-product",
            "request-product-item",
            "request-product-kit-item-line-item",
            feature="guest.request",
        ),
        *_ownerless("coupon", "customer-tax-code", "search-result-history", "search-term-report"),
        Entity("product", "none", ("view",), protected=False),
        Entity("category", "none", ("view",), protected=False),
    )
}
"""Every entity of the storefront by name; the last two are known but unprotected: no role entry counts."""

FIELD_ONLY: Mapping[str, Entity] = {
    name: Entity(name, "none", (), protected=False) for name in ("account", "opportunity")
}
"""Entities of the back office that have field permissions (AM 3.4): nothing else about them is asked here."""

PROTECTED = tuple(name for name, entity in ENTITIES.items() if entity.protected)
SALES_DOCUMENTS = ("order", "quote", "request", "shopping-list", "checkout")
STORED_ELSEWHERE = frozenset(
    {
        "customer",
        "customer-user",
        "customer-user-role",
        "customer-address",
        "customer-user-address",
        "customer-group",
        *SALES_DOCUMENTS,
    }
)
"""Entities with a table of their own; every other protected one is stored as a plain record."""

CAPABILITIES: Mapping[str, str] = {
    "oro_customer_frontend_gridview_publish": "Share a saved view",
    "oro_customer_frontend_update_own_profile": "Update one's own profile",
    "oro_order_address_shipping_customer_use_any": "Checkout: ship to any address of the customer",
    "oro_order_address_shipping_customer_user_use_default": "Checkout: ship to one's own default address",
    "oro_order_address_shipping_customer_user_use_any": "Checkout: ship to any own address",
    "oro_order_address_shipping_allow_manual": "Checkout: type the shipping address",
    "oro_order_address_billing_customer_use_any": "Checkout: bill to any address of the customer",
    "oro_order_address_billing_customer_user_use_default": "Checkout: bill to one's own default address",
    "oro_order_address_billing_customer_user_use_any": "Checkout: bill to any own address",
    "oro_order_address_billing_allow_manual": "Checkout: type the billing address",
    "oro_quote_address_shipping_customer_use_any": "Quote: ship to any address of the customer",
    "oro_quote_address_shipping_customer_user_use_default": "Quote: ship to one's own default address",
    "oro_quote_address_shipping_customer_user_use_any": "Quote: ship to any own address",
    "oro_quote_address_shipping_allow_manual": "Quote: type the shipping address",
    "oro_quick_add_form": "Use the quick order form",
}

WORKFLOWS: Mapping[str, str] = {
    "b2b_flow_checkout": "checkout",
    "b2b_flow_checkout_single_page": "checkout",
    "b2b_rfq_frontoffice_default": "request",
}
"""Workflows and the entity of their records, whose ownership gives their levels (AM 3.3)."""


@dataclass(frozen=True, slots=True)
class PredefinedRole:
    """A role that a new database has; it can be changed, never deleted."""

    key: str
    code: str
    label: str
    self_managed: bool
    public: bool
    default: Level | None
    capability_default: Level | None
    workflow_default: Level | None
    permissions: Mapping[str, Mapping[str, Level]]
    capabilities: Mapping[str, Level]
    workflows: Mapping[str, Mapping[str, Level]]


_LETTERS = {
    "-": Level.NONE,
    "U": Level.USER,
    "D": Level.DEPARTMENT,
    "C": Level.CORPORATE,
    "F": Level.FULL,
}


def _entries(**rows: str) -> dict[str, Mapping[str, Level]]:
    """Entries from rows of letters, in the order of the entity's permissions."""
    named = {name.replace("_", "-"): row for name, row in rows.items()}
    return {
        name: {permission: _LETTERS[letter] for permission, letter in zip(ENTITIES[name].permissions, row, strict=True)}
        for name, row in named.items()
    }


def _checkout(level: Level) -> dict[str, Mapping[str, Level]]:
    return {
        name: dict.fromkeys(WORKFLOW_ACTIONS, level) for name in ("b2b_flow_checkout", "b2b_flow_checkout_single_page")
    }


_OPEN_LINES = {
    "order_address": "FFFF",
    "order_line_item": "FFFF",
    "quote_product": "FFFF",
    "quote_product_request": "FFFF",
    "request_product": "FFFF",
    "request_product_item": "FFFF",
}

ADMINISTRATOR = PredefinedRole(
    key="administrator",
    code="ROLE_FRONTEND_ADMINISTRATOR",
    label="Administrator",
    self_managed=True,
    public=True,
    default=Level.CORPORATE,
    capability_default=Level.FULL,
    workflow_default=Level.CORPORATE,
    permissions=_entries(checkout="CCCCC", order="CCC-C", quote="CC--C", request="CCC-C", **_OPEN_LINES),
    capabilities={"oro_quick_add_form": Level.FULL},
    workflows=_checkout(Level.CORPORATE),
)

BUYER = PredefinedRole(
    key="buyer",
    code="ROLE_FRONTEND_BUYER",
    label="Buyer",
    self_managed=True,
    public=True,
    default=Level.CORPORATE,
    capability_default=Level.FULL,
    workflow_default=Level.CORPORATE,
    permissions=_entries(
        customer="D----",
        customer_user="D----",
        customer_user_role="-----",
        customer_address="D----",
        customer_user_address="U----",
        shopping_list="UUUU-UUU",
        checkout="UUUU-",
        order="UUU--",
        quote="U----",
        request="UUU--",
        **_OPEN_LINES,
    ),
    capabilities={"oro_quick_add_form": Level.FULL},
    workflows=_checkout(Level.USER),
)

VISITORS = PredefinedRole(
    key="visitors",
    code="ROLE_FRONTEND_ANONYMOUS",
    label="Non-Authenticated Visitors",
    self_managed=False,
    public=False,
    default=None,
    capability_default=None,
    workflow_default=Level.CORPORATE,
    permissions=_entries(
        shopping_list="U-U-----",
        shopping_list_line_item="U-UU-",
        checkout="UUUU-",
        request="-U---",
        product="F",
        **dict.fromkeys(_OPEN_LINES, "----"),
    ),
    capabilities={
        "oro_order_address_billing_allow_manual": Level.FULL,
        "oro_order_address_shipping_allow_manual": Level.FULL,
        "oro_quick_add_form": Level.FULL,
    },
    workflows=_checkout(Level.USER),
)

PREDEFINED_ROLES = (ADMINISTRATOR, BUYER, VISITORS)
