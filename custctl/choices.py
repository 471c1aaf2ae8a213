"""The words that a field of a closed set may hold; reads and writes know them from here, without any library."""

from __future__ import annotations

from collections.abc import Mapping

from custctl.resources import (
    ACTIVITY,
    ADDRESSES,
    CATEGORY,
    CHANNEL,
    CONTACT,
    CONTENT,
    CUSTOMER,
    ENTITY,
    GROUP,
    LEAD,
    MARKETING_EVENT,
    OPPORTUNITY,
    PROBABILITIES,
    PRODUCT,
    ROLE,
    SALES,
    USER,
    Field,
    Noun,
)

RATINGS = tuple(f"{stars}_of_5" for stars in range(1, 6))
AUTH_STATUSES = ("active", "reset")
ADDRESS_TYPES = ("billing", "shipping")
STATUSES = {
    "order": ("open", "pending", "processing", "shipped", "closed", "cancelled", "archived"),
    "quote": (
        "draft",
        "open",
        "submitted_for_review",
        "under_review",
        "reviewed",
        "not_approved",
        "sent_to_customer",
        "accepted",
        "declined",
        "expired",
        "deleted",
    ),
    "request": ("open", "submitted", "pending_approval", "requires_attention", "processed", "cancelled", "deleted"),
    "shopping-list": ("open", "ordered"),
    "checkout": ("open", "completed", "cancelled"),
}
PAYMENT_STATUSES = (
    "full",
    "partially",
    "invoiced",
    "authorized",
    "authorized_partially",
    "declined",
    "pending",
    "canceled",
    "canceled_partially",
    "refunded",
    "refunded_partially",
)
CHANNEL_TYPES = {"b2b": "business-customer", "commerce": "customer", "custom": "customer-identity"}
"""The types of channels, and the noun that is the customer in each (feature B-06).

Source: oroinc/crm ChannelBundle/Resources/config and SalesBundle, channel_types.
"""
CHANNEL_ENTITIES = {
    "b2b": ("business-customer", "lead", "opportunity"),
    "commerce": ("customer", "customer-user", "order", "quote", "request", "shopping-list"),
    "custom": ("customer-identity",),
}
"""What a channel of each type is about unless it is told otherwise."""
PRODUCT_STATUSES = ("enabled", "disabled")
CATEGORY_VISIBILITIES = ("parent_category", "config", "hidden", "visible")
CATEGORY_GROUP_VISIBILITIES = ("all", "parent_category", "hidden", "visible")
CATEGORY_CUSTOMER_VISIBILITIES = ("customer_group", "all", "parent_category", "hidden", "visible")
PRODUCT_VISIBILITIES = ("category", "config", "hidden", "visible")
PRODUCT_GROUP_VISIBILITIES = ("current_product", "category", "hidden", "visible")
PRODUCT_CUSTOMER_VISIBILITIES = ("customer_group", "current_product", "category", "hidden", "visible")
"""What each level may say about who sees a category or a product; the first counts unsaid (features P-07, P-08).

Source: oroinc/orocommerce VisibilityBundle/Entity/Visibility, `getVisibilityList` and `getDefault` of each.
"""
CUSTOMER_FALLBACKS = ("group", "this_customer_only")
GROUP_FALLBACKS = ("website", "this_group_only")
LEAD_STATUSES = ("new", "qualified", "canceled")
ACTIVITY_KINDS = ("call", "email", "task", "event", "note")
DIRECTIONS = ("incoming", "outgoing")
TASK_STATUSES = ("open", "in_progress", "closed")
MARKETING_TYPES = ("send", "open", "click", "soft_bounce", "hard_bounce", "unsubscribe")
CONTENT_KINDS = ("block", "page", "menu")
GENDERS = ("male", "female")
SOURCES = ("call", "tv", "website", "other")
METHODS = ("phone", "email", "mail")
MANUAL_DEFAULTS = ("none", "user", "department", "corporate")
OWNERSHIPS = ("user", "customer", "none")
ROLE_TYPES = ("predefined", "customizable")

_CLOSED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    ENTITY.name: {"ownership": OWNERSHIPS},
    GROUP.name: {"price_fallback": GROUP_FALLBACKS},
    CUSTOMER.name: {"internal_rating": RATINGS, "price_fallback": CUSTOMER_FALLBACKS},
    ROLE.name: {"type": ROLE_TYPES, "default": MANUAL_DEFAULTS, "workflow_default": MANUAL_DEFAULTS},
    USER.name: {"auth_status": AUTH_STATUSES},
    CONTENT.name: {"kind": CONTENT_KINDS},
    CONTACT.name: {"gender": GENDERS, "source": SOURCES, "method": METHODS},
    CHANNEL.name: {"type": tuple(CHANNEL_TYPES)},
    LEAD.name: {"status": LEAD_STATUSES},
    OPPORTUNITY.name: {"status": tuple(PROBABILITIES)},
    CATEGORY.name: {"visibility": CATEGORY_VISIBILITIES},
    PRODUCT.name: {"visibility": PRODUCT_VISIBILITIES, "status": PRODUCT_STATUSES},
    ACTIVITY.name: {"kind": ACTIVITY_KINDS, "direction": DIRECTIONS, "status": TASK_STATUSES},
    MARKETING_EVENT.name: {"type": MARKETING_TYPES},
    **{noun.name: {"payment_status": PAYMENT_STATUSES} for noun in SALES},
    **{name: {"types": ADDRESS_TYPES, "default": ADDRESS_TYPES} for name in ADDRESSES},
}


_UNSAID: Mapping[tuple[str, str], str] = {
    (GROUP.name, "price_fallback"): GROUP_FALLBACKS[0],
    (CUSTOMER.name, "price_fallback"): CUSTOMER_FALLBACKS[0],
}


def is_unsaid(noun: Noun, field: Field, word: str) -> bool:
    """Whether the word says what counts where a record says nothing, which is how it is stored."""
    return _UNSAID.get((noun.name, field.name)) == word.lower()


def closed_set(noun: Noun, field: Field) -> tuple[str, ...] | None:
    """The words that a field of a noun may hold, None where they are not a closed set."""
    return _CLOSED.get(noun.name, {}).get(field.name)
