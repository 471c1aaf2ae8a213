"""The noun table: what each kind of record is called, which fields it has, and which of them a list shows.

Facts only. The store makes its SELECTs, filters and sort orders from these fields, documents and exports
their shape, commands their columns; so a field is named once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

FieldKind = Literal[
    "text",
    "time",
    "day",
    "bool",
    "switch",
    "money",
    "count",
    "list",
    "json",
    "reference",
    "links",
    "choices",
    "entries",
]


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """The table that holds the links of a field, a row a link: the record's id in `own`, the other's in `other`.

    Where records of several nouns share the table, its column `noun` says which is meant. `place` is the column that
    orders the links, where their order says something; `word` the one that says something about each.
    """

    table: str
    own: str
    other: str
    shared: bool = False
    place: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One field of a noun, as documents, JSON and `--where` call it.

    `column` is its column when that has another name; a reference holds an id there and a key outside.
    `to` is the noun a reference or a link leads to, `via` where links are kept; choices are links with a word about
    each, `{KEY: WORD}`. `stored=False` marks what has no column of its own, `computed` what follows from other records
    and is only shown. A `loose` reference or link is emptied when the record it names goes; any other stands in its
    way, or goes along. One that is `added_up` is the sum of many other records, and only read where it is asked for.
    """

    name: str
    kind: FieldKind = "text"
    column: str = ""
    to: str = ""
    default: Any = None
    stored: bool = True
    computed: bool = False
    via: Link | None = None
    loose: bool = False
    added_up: bool = False

    @property
    def in_row(self) -> bool:
        """Whether the field is a column of the noun's own table."""
        return self.stored and not self.computed and self.kind not in ("links", "choices", "entries")

    @property
    def holder(self) -> str:
        """The name of the column."""
        if self.column:
            return self.column
        return f"{self.name}_id" if self.kind == "reference" else self.name


@dataclass(frozen=True, slots=True, eq=False)
class Noun:
    """A kind of record.

    `name` is its type in references, `document` its table in a document, `key` the field that names a record,
    `columns` what a list shows, `sort` the default order, `folded` the columns that hold fields folded, for looking
    up and sorting as people read, `called` the group of its commands where that is not what references say, `sought`
    the fields that `search` looks into besides the key, the folded ones, tags and addresses.
    """

    name: str
    title: str
    plural: str
    table: str
    document: str
    fields: tuple[Field, ...]
    columns: tuple[str, ...] = ()
    sort: str = "key"
    key: str = "key"
    prefix: str = ""
    folded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    called: str = ""
    sought: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """The prefix of its references in output: `user:` and `role:` are short for the long types."""
        return self.prefix or self.name

    @property
    def group(self) -> str:
        """The words its commands begin with: `user`, `contact group`."""
        return self.called or self.reference

    @property
    def named_by(self) -> str:
        """The column by which links name a record: its key, folded where numbers are kept as they were written."""
        return f"{self.key}_folded" if self.table == "sales_document" else self.key

    def field(self, name: str) -> Field | None:
        return next((found for found in self.fields if found.name == name), None)


def _texts(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name) for name in names)


_OWNED = (
    Field("customer", "reference", to="customer"),
    Field("user", "reference", to="customer-user"),
    Field("visitor", "reference", to="visitor"),
)
_MANAGER = Field("manager", computed=True)
"""Whose documents created a record: what `apply --prune` goes by. Documents say it once, for all of their records."""
_TIMES = (
    _MANAGER,
    Field("created", "time", column="created_at", computed=True),
    Field("updated", "time", column="updated_at", computed=True),
)
_LIFETIME = Field("lifetime", "money", computed=True, added_up=True)
_WAYS = ("", "_in", "_out")
_CONTACTED = (
    *(Field(f"times_contacted{way}", "count", computed=True) for way in _WAYS),
    *(Field(f"last_contacted{way}", "time", computed=True) for way in _WAYS),
)
"""How often and when somebody was called or written to, or called or wrote: counted when asked for (feature M-06)."""
_TAGS = Field("tags", "links", to="tag", default=[], via=Link("tagging", "record_id", "tag_id", shared=True))

_PRICE_LISTS = (
    Field(
        "price_lists",
        "links",
        to="price-list",
        default=[],
        via=Link("price_list_of", "record_id", "price_list_id", shared=True, place="place"),
        loose=True,
    ),
    Field(
        "unmerged_price_lists",
        "links",
        to="price-list",
        default=[],
        via=Link("price_list_unmerged", "record_id", "price_list_id", shared=True),
        loose=True,
    ),
    Field("price_fallback"),
)
"""What customers and groups say of prices: their lists in order, those of them that are not merged, what comes next."""

TAXONOMY = Noun(
    name="taxonomy",
    title="taxonomy",
    plural="taxonomies",
    table="taxonomy",
    document="taxonomies",
    fields=(*_texts("key", "name", "background_color", "owner"), Field("tags", "count", computed=True), *_TIMES),
    columns=("key", "name", "background_color", "tags"),
    sort="name",
    folded={"name_folded": ("name",)},
    called="tag taxonomy",
)
TAG = Noun(
    name="tag",
    title="tag",
    plural="tags",
    table="tag",
    document="tags",
    fields=(
        *_texts("key", "name"),
        Field("taxonomy", "reference", to="taxonomy"),
        Field("owner"),
        Field("uses", "count", computed=True),
        *_TIMES,
    ),
    columns=("key", "name", "taxonomy", "uses"),
    sort="name",
    folded={"name_folded": ("name",)},
)

PRICE_LIST = Noun(
    name="price-list",
    title="price list",
    plural="price lists",
    table="price_list",
    document="price_lists",
    fields=(
        *_texts("key", "name"),
        Field("active", "bool", default=True),
        Field("currency"),
        Field("prices", "count", computed=True),
        *_TIMES,
    ),
    columns=("key", "name", "active", "currency", "prices"),
    sort="name",
    folded={"name_folded": ("name",)},
)

GUEST_GROUP = ("non-authenticated-visitors", "Non-Authenticated Visitors")
"""Key and name of the customer group whose terms visitors get; it is there from the start."""

GROUP = Noun(
    name="customer-group",
    title="customer group",
    plural="customer groups",
    table="customer_group",
    document="groups",
    fields=(
        *_texts("key", "name", "owner", "payment_term", "tax_code"),
        *_PRICE_LISTS,
        _TAGS,
        Field("customers", "count", computed=True),
        *_TIMES,
    ),
    columns=("key", "name", "payment_term", "tax_code", "customers"),
    sort="name",
    folded={"name_folded": ("name",)},
    called="group",
)
CUSTOMER = Noun(
    name="customer",
    title="customer",
    plural="customers",
    table="customer",
    document="customers",
    fields=(
        *_texts("key", "name"),
        Field("parent", "reference", to="customer", loose=True),
        Field("group", "reference", to="customer-group", loose=True),
        Field("account", "reference", to="account", loose=True),
        Field("previous_account", "reference", to="account", loose=True),
        Field("channel", "reference", to="channel", loose=True),
        *_texts("internal_rating", "owner"),
        Field("sales_reps", "list", default=[]),
        *_texts("payment_term", "tax_code"),
        *_PRICE_LISTS,
        *_texts("vat_id", "external_id"),
        _LIFETIME,
        _TAGS,
        *_CONTACTED,
        *_TIMES,
    ),
    columns=("key", "name", "parent", "group", "account", "internal_rating"),
    sort="name",
    folded={"name_folded": ("name",)},
    sought=("external_id", "vat_id", "group", "parent"),
)
USER = Noun(
    name="customer-user",
    title="customer user",
    plural="customer users",
    table="customer_user",
    document="users",
    fields=(
        *_texts("key", "email", "prefix", "first_name", "middle_name", "last_name", "suffix"),
        Field("customer", "reference", to="customer"),
        Field("roles", "links", to="customer-user-role", default=[], via=Link("user_role", "user_id", "role_id")),
        Field("enabled", "bool", default=True),
        Field("confirmed", "bool", default=True),
        Field("guest", "bool", default=False),
        Field("auth_status", default="active"),
        Field("birthday", "day"),
        *_texts("language", "currency"),
        Field("owner"),
        Field("sales_reps", "list", default=[]),
        Field("external_id"),
        _TAGS,
        *_TIMES,
    ),
    columns=("key", "first_name", "last_name", "customer", "roles", "enabled", "confirmed"),
    prefix="user",
    folded={"name_folded": ("first_name", "last_name")},
    sought=("email", "middle_name", "external_id"),
)
ROLE = Noun(
    name="customer-user-role",
    title="role",
    plural="roles",
    table="role",
    document="roles",
    fields=(
        *_texts("key", "label"),
        Field("code", computed=True),
        Field("customer", "reference", to="customer", stored=False),
        Field("type", computed=True),
        Field("self_managed", "bool", default=False),
        Field("public", "bool", default=True),
        Field("default", column="default_level"),
        Field("capability_default", "switch"),
        Field("workflow_default"),
        Field("permissions", "entries", default={}),
        Field("capabilities", "entries", default={}),
        Field("workflows", "entries", default={}),
        Field("fields", "entries", default={}),
        _TAGS,
        Field("users", "count", computed=True),
        *_TIMES,
    ),
    columns=("key", "label", "customer", "type", "self_managed", "public", "users"),
    sort="label",
    prefix="role",
    folded={"label_folded": ("label",)},
    sought=("code",),
)
ADDRESS_TEXTS = (
    *("label", "organization", "first_name", "middle_name", "last_name", "street", "street2"),
    *("city", "postal_code", "phone", "country", "region"),
)
ADDRESS_FIELDS = (
    *_texts("key", *ADDRESS_TEXTS),
    Field("primary", "bool", column="is_primary", default=False),
    Field("types", "list", default=[]),
    Field("default", "list", column="default_types", default=[]),
    Field("owner", stored=False),
    _MANAGER,
)


def _addresses(owner: str, group: str) -> Noun:
    return Noun(
        name=f"{owner}-address",
        title="address",
        plural="addresses",
        table="address",
        document="addresses",
        fields=ADDRESS_FIELDS,
        columns=("key", "label", "street", "city", "postal_code", "region", "country", "primary", "types", "default"),
        called=f"{group} address",
        sought=ADDRESS_TEXTS,
    )


CUSTOMER_ADDRESS = _addresses("customer", "customer")
USER_ADDRESS = _addresses("customer-user", "user")
CONTACT_ADDRESS = _addresses("contact", "contact")
BUSINESS_ADDRESS = _addresses("business-customer", "business")
LEAD_ADDRESS = _addresses("lead", "lead")
VISITOR = Noun(
    name="visitor",
    title="visitor",
    plural="visitors",
    table="visitor",
    document="visitors",
    fields=(
        Field("key"),
        Field("user", "reference", to="customer-user"),
        Field("last_visit", "time"),
        *_texts("language", "currency"),
        *_TIMES,
    ),
    columns=("key", "user", "last_visit"),
    called="guest",
)
CONTENT = Noun(
    name="content",
    title="content",
    plural="contents",
    table="content",
    document="contents",
    fields=(
        *_texts("key", "title"),
        Field("kind", default="block"),
        Field("variants", "count", computed=True),
        *_TIMES,
    ),
    columns=("key", "title", "kind", "variants"),
    folded={"title_folded": ("title",)},
    sought=("title",),
)
VARIANT = Noun(
    name="content-variant",
    title="content variant",
    plural="content variants",
    table="content_variant",
    document="content_variants",
    fields=(
        Field("key"),
        Field("content", "reference", to="content"),
        Field("language"),
        Field("customer", "reference", to="customer"),
        Field("group", "reference", to="customer-group"),
        Field("text"),
        *_TIMES,
    ),
    columns=("key", "content", "language", "customer", "group", "text"),
    called="content variant",
    sought=("text",),
)
ENTITY = Noun(
    name="entity",
    title="entity",
    plural="entities",
    table="entity",
    document="entities",
    fields=(Field("name"), Field("ownership"), Field("permissions", "list", default=[]), *_TIMES),
    columns=("name", "ownership", "permissions"),
    sort="name",
    key="name",
)
CONTACT_GROUP = Noun(
    name="contact-group",
    title="contact group",
    plural="contact groups",
    table="contact_group",
    document="contact_groups",
    fields=(*_texts("key", "label", "owner"), Field("contacts", "count", computed=True), *_TIMES),
    columns=("key", "label", "owner", "contacts"),
    sort="label",
    folded={"label_folded": ("label",)},
    called="contact group",
)
_IN_GROUP = Link("contact_in_group", "contact_id", "group_id")
_OF_ACCOUNT = Link("account_contact", "account_id", "contact_id")
_IN_ACCOUNT = Link(_OF_ACCOUNT.table, _OF_ACCOUNT.other, _OF_ACCOUNT.own)
CONTACT_GROUPS = (("marketing-group", "Marketing Group"), ("sales-group", "Sales Group"))
"""The groups of contacts that every shop has (feature K-06). Source: oroinc/crm ContactBundle, LoadGroupData."""
CONTACT = Noun(
    name="contact",
    title="contact",
    plural="contacts",
    table="contact",
    document="contacts",
    fields=(
        Field("key"),
        Field("name", computed=True),
        *_texts("prefix", "first_name", "middle_name", "last_name", "suffix", "job_title"),
        Field("emails", "list", default=[]),
        Field("phones", "list", default=[]),
        Field("email", computed=True),
        Field("phone", computed=True),
        *_texts("fax", "skype", "twitter", "facebook", "google_plus", "linkedin"),
        Field("gender"),
        Field("birthday", "day"),
        *_texts("source", "method", "description", "owner", "assigned_to"),
        Field("reports_to", "reference", to="contact", loose=True),
        Field("groups", "links", to="contact-group", default=[], via=_IN_GROUP, loose=True),
        Field("accounts", "links", to="account", computed=True, via=_IN_ACCOUNT),
        Field("external_id"),
        _TAGS,
        *_CONTACTED,
        *_TIMES,
    ),
    columns=("key", "name", "email", "phone", "accounts"),
    sort="last_name,first_name",
    folded={
        "name_folded": ("first_name", "last_name"),
        "first_folded": ("first_name",),
        "last_folded": ("last_name",),
    },
    sought=("emails", "phones", "middle_name", "job_title", "external_id"),
)
ACCOUNT = Noun(
    name="account",
    title="account",
    plural="accounts",
    table="account",
    document="accounts",
    fields=(
        *_texts("key", "name", "description", "owner"),
        Field("referred_by", "reference", to="account", loose=True),
        Field("contacts", "links", to="contact", default=[], via=_OF_ACCOUNT, loose=True),
        Field("default_contact", "reference", to="contact", loose=True),
        Field("email", computed=True),
        Field("phone", computed=True),
        Field("external_id"),
        _LIFETIME,
        _TAGS,
        *_CONTACTED,
        *_TIMES,
    ),
    columns=("key", "name", "default_contact", "email", "phone"),
    sort="name",
    folded={"name_folded": ("name",)},
    sought=("external_id",),
)
CHANNEL = Noun(
    name="channel",
    title="channel",
    plural="channels",
    table="channel",
    document="channels",
    fields=(
        *_texts("key", "name", "type"),
        Field("active", "bool", default=False),
        Field("identity"),
        Field("entities", "list", default=[]),
        Field("owner"),
        Field("customers", "count", computed=True),
        Field("business_customers", "count", computed=True),
        *_TIMES,
    ),
    columns=("key", "name", "type", "active", "customers", "business_customers"),
    sort="name",
    folded={"name_folded": ("name",)},
)
_OF_PERSON = ("prefix", "first_name", "middle_name", "last_name", "suffix", "job_title")
BUSINESS = Noun(
    name="business-customer",
    title="business customer",
    plural="business customers",
    table="business_customer",
    document="business_customers",
    fields=(
        *_texts("key", "name"),
        Field("account", "reference", to="account"),
        Field("channel", "reference", to="channel"),
        Field("contact", "reference", to="contact", loose=True),
        Field("owner"),
        Field("emails", "list", default=[]),
        Field("phones", "list", default=[]),
        Field("email", computed=True),
        Field("phone", computed=True),
        Field("employees", "count"),
        *_texts("ownership", "rating", "ticker_symbol", "website", "external_id"),
        _LIFETIME,
        _TAGS,
        *_CONTACTED,
        *_TIMES,
    ),
    columns=("key", "name", "account", "channel", "contact", "email", "phone"),
    sort="name",
    folded={"name_folded": ("name",)},
    called="business",
    sought=("emails", "phones", "website", "ticker_symbol", "external_id"),
)
LEAD = Noun(
    name="lead",
    title="lead",
    plural="leads",
    table="lead",
    document="leads",
    fields=(
        *_texts("key", "name"),
        Field("status", default="new"),
        *_texts(*_OF_PERSON, "company_name", "website"),
        Field("employees", "count"),
        *_texts("industry", "source", "notes", "twitter", "linkedin"),
        Field("emails", "list", default=[]),
        Field("phones", "list", default=[]),
        Field("email", computed=True),
        Field("phone", computed=True),
        Field("contact", "reference", to="contact", loose=True),
        Field("account", "reference", to="account", loose=True),
        Field("customer", "reference", to="customer", loose=True),
        Field("business_customer", "reference", to="business-customer", loose=True),
        *_texts("owner", "external_id"),
        Field("opportunities", "count", computed=True),
        _TAGS,
        *_CONTACTED,
        *_TIMES,
    ),
    columns=("key", "name", "status", "company_name", "email", "phone", "owner"),
    sort="name",
    folded={"name_folded": ("name",)},
    sought=("first_name", "last_name", "company_name", "emails", "phones", "external_id"),
)
OPPORTUNITY = Noun(
    name="opportunity",
    title="opportunity",
    plural="opportunities",
    table="opportunity",
    document="opportunities",
    fields=(
        *_texts("key", "name"),
        Field("account", "reference", to="account"),
        Field("customer", "reference", to="customer", loose=True),
        Field("business_customer", "reference", to="business-customer", loose=True),
        Field("contact", "reference", to="contact", loose=True),
        Field("lead", "reference", to="lead", loose=True),
        Field("owner"),
        Field("status", default="open"),
        Field("close_date", "day"),
        Field("probability", "count"),
        Field("budget", "money"),
        Field("close_revenue", "money"),
        *_texts("currency", "close_reason", "customer_need", "proposed_solution", "notes"),
        Field("closed_at", "time"),
        Field("base_budget", "money"),
        Field("base_revenue", "money"),
        Field("external_id"),
        _TAGS,
        *_CONTACTED,
        *_TIMES,
    ),
    columns=("key", "name", "account", "status", "probability", "budget", "currency", "close_date", "owner"),
    sort="name",
    folded={"name_folded": ("name",)},
    sought=("external_id",),
)

PROBABILITIES = {
    "open": 0,
    "identification_alignment": 10,
    "needs_analysis": 20,
    "solution_development": 50,
    "negotiation": 80,
    "won": 100,
    "lost": 0,
}
"""The statuses of opportunities in their order, and how likely they are to be won in percent (feature S-07).

Source: oroinc/crm SalesBundle/DependencyInjection/Configuration.php, default_opportunity_probabilities.
"""
CLOSED = ("won", "lost")
"""The statuses of an opportunity that is decided; every other one is open."""


CONTACTED = (CUSTOMER, CONTACT, ACCOUNT, BUSINESS, LEAD, OPPORTUNITY)
"""The nouns whose records know how often they were contacted.

Source: oroinc/crm ActivityContactBundle, EntityConfig/ActivityScope.php and Provider/ActivityContactProvider.
"""
ABOUT: Mapping[str, str] = {
    "account": "accounts",
    "contact": "contacts",
    "customer": "customers",
    "customer-user": "users",
    "business-customer": "business_customers",
    "lead": "leads",
    "opportunity": "opportunities",
    "order": "orders",
    "quote": "quotes",
    "request": "requests",
    "shopping-list": "shopping_lists",
}
"""The nouns that activities can be about, and the field of an activity that names their records."""


def _about(noun: str, name: str) -> Field:
    """The field of an activity that names the records of a noun it is about."""
    via = Link(f"activity_{noun.replace('-', '_')}", "activity_id", "record_id")
    return Field(name, "links", to=noun, default=[], via=via, loose=True)


ACTIVITY = Noun(
    name="activity",
    title="activity",
    plural="activities",
    table="activity",
    document="activities",
    fields=(
        *_texts("key", "kind", "subject", "description", "direction"),
        Field("at", "time"),
        Field("ends_at", "time"),
        *_texts("status", "owner"),
        *(_about(noun, name) for noun, name in ABOUT.items()),
        Field("about", "list", computed=True),
        *_TIMES,
    ),
    columns=("key", "at", "kind", "direction", "subject", "status", "about"),
    sort="-at",
    folded={"subject_folded": ("subject",)},
    sought=("subject", "description"),
)
MARKETING_EVENT = Noun(
    name="marketing-event",
    title="marketing event",
    plural="marketing events",
    table="marketing_event",
    document="marketing_events",
    fields=(
        *_texts("key", "campaign", "type"),
        Field("at", "time"),
        Field("details"),
        Field("contact", "reference", to="contact"),
        Field("user", "reference", to="customer-user"),
        Field("lead", "reference", to="lead"),
        Field("business_customer", "reference", to="business-customer"),
        Field("account", "reference", to="account"),
        Field("to", computed=True),
        *_TIMES,
    ),
    columns=("key", "at", "campaign", "type", "to", "details"),
    sort="-at",
    called="marketing",
    sought=("campaign", "details"),
)


def _visibility(noun: str) -> tuple[Field, ...]:
    """Who sees a category or product: everybody, and, where that differs, each group and each customer."""
    return (
        Field("visibility"),
        Field(
            "visibility_for_groups",
            "choices",
            to="customer-group",
            default={},
            via=Link(f"{noun}_for_group", f"{noun}_id", "group_id", word="visibility"),
            loose=True,
        ),
        Field(
            "visibility_for_customers",
            "choices",
            to="customer",
            default={},
            via=Link(f"{noun}_for_customer", f"{noun}_id", "customer_id", word="visibility"),
            loose=True,
        ),
    )


CATEGORY = Noun(
    name="category",
    title="category",
    plural="categories",
    table="category",
    document="categories",
    fields=(
        *_texts("key", "name"),
        Field("parent", "reference", to="category", loose=True),
        *_visibility("category"),
        Field("products", "count", computed=True),
        *_TIMES,
    ),
    columns=("key", "name", "parent", "visibility", "products"),
    sort="name",
    folded={"name_folded": ("name",)},
    sought=("parent",),
)
PRODUCT = Noun(
    name="product",
    title="product",
    plural="products",
    table="product",
    document="products",
    fields=(
        *_texts("key", "sku", "name"),
        Field("category", "reference", to="category", loose=True),
        Field("status", default="enabled"),
        *_visibility("product"),
        _TAGS,
        *_TIMES,
    ),
    columns=("sku", "name", "category", "status", "visibility"),
    folded={"name_folded": ("name",)},
    sought=("category",),
)
PRICE = Noun(
    name="price",
    title="price",
    plural="prices",
    table="price",
    document="prices",
    fields=(
        Field("key"),
        Field("price_list", "reference", to="price-list"),
        Field("product", "reference", to="product"),
        Field("quantity", "count", default=1),
        Field("amount", "money"),
        Field("currency", computed=True),
        *_TIMES,
    ),
    columns=("price_list", "product", "quantity", "amount", "currency"),
    called="price-list price",
)
RECORD = Noun(
    name="record",
    title="record",
    plural="records",
    table="record",
    document="records",
    fields=(Field("entity"), Field("key"), *_OWNED, Field("parent", stored=False), *_TIMES),
    columns=("entity", "key", "customer", "user", "visitor", "parent"),
    folded={"key_folded": ("key",)},
)
SETTING = Noun(
    name="setting",
    title="setting",
    plural="settings",
    table="setting",
    document="settings",
    fields=(Field("key"), Field("value", "json"), _MANAGER),
    columns=("key", "value"),
)


def _sales(name: str, document: str, title: str) -> Noun:
    return Noun(
        name=name,
        title=title,
        plural=f"{title}s",
        table="sales_document",
        document=document,
        fields=(
            Field("number"),
            *_OWNED,
            Field("status"),
            Field("subtotal", "money"),
            *_texts("currency", "payment_status"),
            Field("placed_at", "time"),
            Field("owner"),
            *((Field("workflow_active", "bool", default=False),) if name == "request" else ()),
            Field("products", "list", default=[]),
            _TAGS,
            *_TIMES,
        ),
        columns=("number", "customer", "user", "status", "subtotal", "currency", "placed_at"),
        sort="number",
        key="number",
        folded={"number_folded": ("number",)},
    )


SALES = (
    _sales("order", "orders", "order"),
    _sales("quote", "quotes", "quote"),
    _sales("request", "requests", "request"),
    _sales("shopping-list", "shopping_lists", "shopping list"),
    _sales("checkout", "checkouts", "checkout"),
)

NOUNS: Mapping[str, Noun] = {
    noun.name: noun
    for noun in (
        ENTITY,
        SETTING,
        TAXONOMY,
        TAG,
        PRICE_LIST,
        GROUP,
        CUSTOMER,
        CUSTOMER_ADDRESS,
        ROLE,
        USER,
        USER_ADDRESS,
        VISITOR,
        CONTENT,
        VARIANT,
        CONTACT_GROUP,
        CONTACT,
        CONTACT_ADDRESS,
        ACCOUNT,
        CHANNEL,
        BUSINESS,
        BUSINESS_ADDRESS,
        LEAD,
        LEAD_ADDRESS,
        OPPORTUNITY,
        CATEGORY,
        PRODUCT,
        PRICE,
        *SALES,
        RECORD,
        ACTIVITY,
        MARKETING_EVENT,
    )
}
"""Every noun by its type, in the order in which documents list them."""

ADDRESSES: Mapping[str, tuple[Noun, str]] = {
    CUSTOMER_ADDRESS.name: (CUSTOMER, "customer_id"),
    USER_ADDRESS.name: (USER, "user_id"),
    CONTACT_ADDRESS.name: (CONTACT, "contact_id"),
    BUSINESS_ADDRESS.name: (BUSINESS, "business_customer_id"),
    LEAD_ADDRESS.name: (LEAD, "lead_id"),
}
"""The nouns whose records are named within an owner: the owner's noun, and the column of its id."""
ADDRESS_OF: Mapping[str, Noun] = {owner.name: NOUNS[name] for name, (owner, _) in ADDRESSES.items()}
"""The addresses of each noun that has some."""
TAGGED = tuple(noun for noun in NOUNS.values() if noun.field("tags") is _TAGS)
"""The nouns whose records can be tagged."""


SHORT_TYPES = {"user": "customer-user", "role": "customer-user-role"}
"""The types a reference may be written with instead of the long ones."""


_CALLED: Mapping[str, Noun] = {
    **{noun.document.replace("_", "-"): noun for noun in NOUNS.values() if noun.name not in ADDRESSES},
    **{name.replace(" ", "-"): noun for noun in NOUNS.values() for name in (noun.group, noun.name)},
    **{short: NOUNS[long] for short, long in SHORT_TYPES.items()},
}
CALLED = tuple(noun.name if noun.name in ADDRESSES else noun.document for noun in NOUNS.values())
"""What each noun is called where several are possible: by its table in a document, but for addresses."""


def noun_called(text: str) -> Noun | None:
    """The noun that people call by this word: `users`, `user` and `customer-user` are the same."""
    return _CALLED.get(text.casefold().replace("_", "-").replace(" ", "-"))


def noun_of(kind: str) -> Noun | None:
    """The noun of a type in a reference, long or short; None for an entity of one's own and for what is no type."""
    return NOUNS.get(SHORT_TYPES.get(kind, kind))


MAX_KEY = 64


def changing_fields() -> tuple[str, ...]:
    """The fields of all nouns that somebody can change, and so those that history tells of."""
    changing = (field for noun in NOUNS.values() for field in noun.fields if not field.computed or field is _MANAGER)
    return tuple(dict.fromkeys(field.name for field in changing))


def fold(text: str) -> str:
    """The form in which keys and names are compared: NFKC and casefolded; an e-mail address in lower case.

    Case folding makes ss of ß, which names another mailbox (RFC 6531 leaves the local part to its host).
    """
    if text.isascii():
        return text.lower()
    return fold_address(text) if "@" in text and not _BLANK.search(text) else fold_letters(text)


_BLANK = re.compile(r"\s")


def fold_address(text: str) -> str:
    """The form in which e-mail addresses are compared, of which the text may be a part: NFKC in lower case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())


def fold_letters(text: str) -> str:
    """The form in which a part of a text is searched for: NFKC and casefolded, whatever the text is."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


WHITE = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\u00a0\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u200b\u200c\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
"""White space of every kind: what `str.strip` takes, and what has no width (U+180E, U+200B-U+200D, U+2060, U+FEFF)."""


def trimmed(text: str) -> str:
    """The text without white space of any kind at either end: the one form in which text is stored and looked up."""
    return text.strip() if text.isascii() else text.strip(WHITE)


def fold_all(texts: Sequence[str]) -> list[str]:
    """Each of the texts folded; plain ones all at once, which costs a tenth."""
    joined = "\0".join(texts)
    folded = joined.lower().split("\0") if joined.isascii() else []
    return folded if len(folded) == len(texts) else [fold(text) for text in texts]


def slug(text: str, noun: str) -> str:
    """The key made from a name: folded, runs of other characters than letters and digits one `-`, at most 64.

    A name without a letter or digit gives the noun.
    """
    made = _BETWEEN_WORDS.sub("-", fold(text)).strip("-")[:MAX_KEY].strip("-")
    return made or noun


def tag_key(name: str) -> tuple[str, int]:
    """The slug of a tag's name, and the lowest number that a key made of it may have.

    A tag is its name, folded. Where the slug leaves out more than what parts words, the plain slug is left to the tag
    that has no other name: `C++` and `C#` are numbered from `c-2` on, so that `C` is a tag of its own.
    """
    made = slug(name, "tag")
    return made, 1 if _WORD_PARTS.sub("-", fold(trimmed(name))) == made else 2


_WORD_PARTS = re.compile(r"[\s_-]+")
_BETWEEN_WORDS = re.compile(r"[\W_]+")
r"""What is neither letter nor digit; `\w` is what `isalnum` says, and the underscore."""


def numbered(key: str, count: int) -> str:
    """The key itself, then `key-2`, `key-3`, none of them longer than a key may be."""
    tail = "" if count == 1 else f"-{count}"
    return key[: MAX_KEY - len(tail)].rstrip("-") + tail


def reference(noun: Noun, key: str) -> str:
    """How a record is named in output, `type:key`."""
    return f"{noun.reference}:{key}"
