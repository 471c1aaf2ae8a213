"""The shape of the database: numbered steps of plain SQL, each run once, in one transaction with its number.

A step never changes once it is released, and imports no model: `PRAGMA user_version` counts the steps run.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from custctl.resources import CONTACT_GROUPS, GUEST_GROUP, fold, slug

if TYPE_CHECKING:
    from custctl.policy.catalogue import PredefinedRole
    from custctl.policy.model import Kind, Level

APPLICATION_ID = 0x63757374
"""`cust` in ASCII: a SQLite file with another number is not ours."""

_OWNER_COLUMNS = """
    customer_id INTEGER REFERENCES customer (id),
    user_id INTEGER REFERENCES customer_user (id),
    visitor_id INTEGER REFERENCES visitor (id),"""
_KEPT_COLUMNS = """
    manager TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL"""

_TABLES = f"""
CREATE TABLE revision (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    command TEXT NOT NULL
) STRICT;

CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    revision_id INTEGER NOT NULL REFERENCES revision (id),
    op TEXT NOT NULL CHECK (op IN ('add', 'change', 'remove', 'rename')),
    record TEXT NOT NULL,
    before TEXT,
    after TEXT
) STRICT;
CREATE INDEX history_record ON history (record);
CREATE INDEX history_revision ON history (revision_id);
CREATE TRIGGER history_is_kept BEFORE DELETE ON history
BEGIN SELECT RAISE (ABORT, 'history is append-only'); END;
CREATE TRIGGER history_is_not_changed BEFORE UPDATE ON history
BEGIN SELECT RAISE (ABORT, 'history is append-only'); END;

CREATE TABLE customer_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    owner TEXT,
    payment_term TEXT,
    tax_code TEXT,
    price_lists TEXT NOT NULL,{_KEPT_COLUMNS}
) STRICT;
CREATE INDEX customer_group_name ON customer_group (name_folded, key);

CREATE TABLE customer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    parent_id INTEGER REFERENCES customer (id),
    group_id INTEGER REFERENCES customer_group (id),
    internal_rating TEXT,
    owner TEXT,
    sales_reps TEXT NOT NULL,
    payment_term TEXT,
    tax_code TEXT,
    vat_id TEXT,
    external_id TEXT UNIQUE,{_KEPT_COLUMNS}
) STRICT;
CREATE INDEX customer_name ON customer (name_folded, key);
CREATE INDEX customer_parent ON customer (parent_id);
CREATE INDEX customer_group_id ON customer (group_id);

CREATE TABLE customer_user (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL,
    prefix TEXT,
    first_name TEXT NOT NULL,
    middle_name TEXT,
    last_name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    suffix TEXT,
    customer_id INTEGER REFERENCES customer (id),
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    confirmed INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
    guest INTEGER NOT NULL CHECK (guest IN (0, 1)),
    auth_status TEXT NOT NULL CHECK (auth_status IN ('active', 'reset')),
    birthday TEXT,
    owner TEXT,
    sales_reps TEXT NOT NULL,
    external_id TEXT UNIQUE,{_KEPT_COLUMNS}
) STRICT;
CREATE INDEX customer_user_name ON customer_user (name_folded, key);
CREATE INDEX customer_user_customer ON customer_user (customer_id);

CREATE TABLE role (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    customer_id INTEGER REFERENCES customer (id),
    code TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    label_folded TEXT NOT NULL,
    self_managed INTEGER NOT NULL CHECK (self_managed IN (0, 1)),
    public INTEGER NOT NULL CHECK (public IN (0, 1)),
    default_level TEXT,
    capability_default TEXT,
    workflow_default TEXT,{_KEPT_COLUMNS}
) STRICT;
CREATE UNIQUE INDEX role_label ON role (coalesce (customer_id, 0), label_folded);
CREATE INDEX role_customer ON role (customer_id);

CREATE TABLE role_entry (
    role_id INTEGER NOT NULL REFERENCES role (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('entity', 'capability', 'workflow', 'field')),
    name TEXT NOT NULL,
    permission TEXT NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('none', 'user', 'department', 'corporate', 'full')),
    PRIMARY KEY (role_id, kind, name, permission)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_role (
    user_id INTEGER NOT NULL REFERENCES customer_user (id) ON DELETE CASCADE,
    role_id INTEGER NOT NULL REFERENCES role (id),
    PRIMARY KEY (user_id, role_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_role_role ON user_role (role_id);

CREATE TABLE address (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER REFERENCES customer (id),
    user_id INTEGER REFERENCES customer_user (id),
    key TEXT NOT NULL,
    label TEXT,
    organization TEXT,
    first_name TEXT,
    middle_name TEXT,
    last_name TEXT,
    street TEXT NOT NULL,
    street2 TEXT,
    city TEXT NOT NULL,
    postal_code TEXT NOT NULL,
    phone TEXT,
    country TEXT NOT NULL,
    region TEXT,
    is_primary INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
    types TEXT NOT NULL,
    default_types TEXT NOT NULL,{_KEPT_COLUMNS},
    CHECK ((customer_id IS NULL) <> (user_id IS NULL)),
    UNIQUE (customer_id, key),
    UNIQUE (user_id, key)
) STRICT;

CREATE TABLE visitor (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    user_id INTEGER REFERENCES customer_user (id),{_KEPT_COLUMNS}
) STRICT;
CREATE INDEX visitor_user ON visitor (user_id);

CREATE TABLE sales_document (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entity TEXT NOT NULL CHECK (entity IN ('order', 'quote', 'request', 'shopping-list', 'checkout')),
    number TEXT NOT NULL,
    number_folded TEXT NOT NULL,{_OWNER_COLUMNS}
    status TEXT,
    subtotal INTEGER,
    currency TEXT,
    payment_status TEXT,
    placed_at TEXT,
    workflow_active INTEGER NOT NULL CHECK (workflow_active IN (0, 1)),{_KEPT_COLUMNS},
    UNIQUE (entity, number_folded)
) STRICT;
CREATE INDEX sales_document_customer ON sales_document (customer_id, entity);
CREATE INDEX sales_document_user ON sales_document (user_id, entity);
CREATE INDEX sales_document_visitor ON sales_document (visitor_id);

CREATE TABLE record (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entity TEXT NOT NULL,
    key TEXT NOT NULL,
    key_folded TEXT NOT NULL,{_OWNER_COLUMNS}
    parent_document_id INTEGER REFERENCES sales_document (id),
    parent_record_id INTEGER REFERENCES record (id),{_KEPT_COLUMNS},
    CHECK (parent_document_id IS NULL OR parent_record_id IS NULL),
    UNIQUE (entity, key_folded)
) STRICT;
CREATE INDEX record_customer ON record (customer_id, entity);
CREATE INDEX record_user ON record (user_id, entity);
CREATE INDEX record_visitor ON record (visitor_id);
CREATE INDEX record_parent_document ON record (parent_document_id);
CREATE INDEX record_parent_record ON record (parent_record_id);

CREATE TABLE entity (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    ownership TEXT NOT NULL CHECK (ownership IN ('user', 'customer', 'none')),
    permissions TEXT NOT NULL,{_KEPT_COLUMNS}
) STRICT;

CREATE TABLE setting (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    group_id INTEGER REFERENCES customer_group (id),
    customer_id INTEGER REFERENCES customer (id),
    value TEXT NOT NULL,{_KEPT_COLUMNS},
    CHECK (group_id IS NULL OR customer_id IS NULL)
) STRICT;
CREATE INDEX setting_group ON setting (group_id);
CREATE INDEX setting_customer ON setting (customer_id);
"""


def m001_initial(connection: sqlite3.Connection, now: str) -> None:
    """Every table, and what a shop has from the start: three roles and the group of visitors."""
    from custctl.policy.catalogue import PREDEFINED_ROLES  # a read needs the number of steps only

    for statement in _statements(_TABLES):
        connection.execute(statement)
    key, name = GUEST_GROUP
    connection.execute(
        "INSERT INTO customer_group (key, name, name_folded, price_lists, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (key, name, fold(name), "[]", now, now),
    )
    for role in PREDEFINED_ROLES:
        _insert_role(connection, role, now)


_CRM_TABLES = f"""
CREATE TABLE taxonomy (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL UNIQUE,
    background_color TEXT,
    owner TEXT,{_KEPT_COLUMNS}
) STRICT;

CREATE TABLE tag (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL UNIQUE,
    taxonomy_id INTEGER REFERENCES taxonomy (id),
    owner TEXT,{_KEPT_COLUMNS}
) STRICT;
CREATE INDEX tag_taxonomy ON tag (taxonomy_id);

CREATE TABLE tagging (
    noun TEXT NOT NULL,
    record_id INTEGER NOT NULL,
    tag_id INTEGER NOT NULL REFERENCES tag (id),
    PRIMARY KEY (noun, record_id, tag_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tagging_tag ON tagging (tag_id);

CREATE TABLE contact_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    label_folded TEXT NOT NULL UNIQUE,
    owner TEXT,{_KEPT_COLUMNS}
) STRICT;

CREATE TABLE contact (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    prefix TEXT,
    first_name TEXT,
    middle_name TEXT,
    last_name TEXT,
    suffix TEXT,
    first_folded TEXT NOT NULL,
    last_folded TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    job_title TEXT,
    emails TEXT NOT NULL,
    phones TEXT NOT NULL,
    fax TEXT,
    skype TEXT,
    twitter TEXT,
    facebook TEXT,
    google_plus TEXT,
    linkedin TEXT,
    gender TEXT,
    birthday TEXT,
    source TEXT,
    method TEXT,
    description TEXT,
    owner TEXT,
    assigned_to TEXT,
    reports_to_id INTEGER REFERENCES contact (id),
    external_id TEXT UNIQUE,{_KEPT_COLUMNS}
) STRICT;
CREATE INDEX contact_order ON contact (last_folded, first_folded, key);
CREATE INDEX contact_name ON contact (name_folded, key);
CREATE INDEX contact_reports_to ON contact (reports_to_id);

CREATE TABLE contact_in_group (
    contact_id INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    group_id INTEGER NOT NULL REFERENCES contact_group (id),
    PRIMARY KEY (contact_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_in_group_group ON contact_in_group (group_id);

CREATE TABLE account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    description TEXT,
    owner TEXT,
    referred_by_id INTEGER REFERENCES account (id),
    default_contact_id INTEGER REFERENCES contact (id),
    external_id TEXT UNIQUE,{_KEPT_COLUMNS}
) STRICT;
CREATE INDEX account_name ON account (name_folded, key);
CREATE INDEX account_referred_by ON account (referred_by_id);
CREATE INDEX account_default_contact ON account (default_contact_id);

CREATE TABLE account_contact (
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    contact_id INTEGER NOT NULL REFERENCES contact (id),
    PRIMARY KEY (account_id, contact_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_contact_contact ON account_contact (contact_id);

CREATE TABLE new_address (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER REFERENCES customer (id),
    user_id INTEGER REFERENCES customer_user (id),
    contact_id INTEGER REFERENCES contact (id),
    key TEXT NOT NULL,
    label TEXT,
    organization TEXT,
    first_name TEXT,
    middle_name TEXT,
    last_name TEXT,
    street TEXT,
    street2 TEXT,
    city TEXT,
    postal_code TEXT,
    phone TEXT,
    country TEXT NOT NULL,
    region TEXT,
    is_primary INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
    types TEXT NOT NULL,
    default_types TEXT NOT NULL,{_KEPT_COLUMNS},
    CHECK ((customer_id IS NOT NULL) + (user_id IS NOT NULL) + (contact_id IS NOT NULL) = 1),
    CHECK (contact_id IS NOT NULL OR (street IS NOT NULL AND city IS NOT NULL AND postal_code IS NOT NULL)),
    UNIQUE (customer_id, key),
    UNIQUE (user_id, key),
    UNIQUE (contact_id, key)
) STRICT;
INSERT INTO new_address (id, customer_id, user_id, key, label, organization, first_name, middle_name, last_name,
    street, street2, city, postal_code, phone, country, region, is_primary, types, default_types, manager, created_at,
    updated_at)
SELECT id, customer_id, user_id, key, label, organization, first_name, middle_name, last_name,
    street, street2, city, postal_code, phone, country, region, is_primary, types, default_types, manager, created_at,
    updated_at FROM address;
DELETE FROM sqlite_sequence WHERE name = 'new_address';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_address', seq FROM sqlite_sequence WHERE name = 'address';
DROP TABLE address;
ALTER TABLE new_address RENAME TO address;

ALTER TABLE customer ADD COLUMN price_lists TEXT NOT NULL DEFAULT '[]';
ALTER TABLE visitor ADD COLUMN last_visit TEXT;
ALTER TABLE history ADD COLUMN manager TEXT;
"""


def m002_accounts_contacts_tags(connection: sqlite3.Connection, now: str) -> None:
    """Accounts, contacts and their groups, tags and their taxonomies; addresses may belong to contacts.

    A column of `address` is loosened, for which SQLite needs a new table. History keeps who managed a record.
    """
    for statement in _statements(_CRM_TABLES):
        connection.execute(statement)
    for key, label in CONTACT_GROUPS:
        connection.execute(
            "INSERT INTO contact_group (key, label, label_folded, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
            (key, label, fold(label), now, now),
        )


_LINK_TARGETS = {
    "account": "account",
    "contact": "contact",
    "customer": "customer",
    "customer_user": "customer_user",
    "business_customer": "business_customer",
    "lead": "lead",
    "opportunity": "opportunity",
    "order": "sales_document",
    "quote": "sales_document",
    "request": "sales_document",
    "shopping_list": "sales_document",
}
"""What activities can be about, and the table that holds it."""

_SALES_TABLES = f"""
CREATE TABLE channel (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('b2b', 'commerce', 'custom')),
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    identity TEXT,
    entities TEXT NOT NULL,
    owner TEXT,{_KEPT_COLUMNS}
) STRICT;
CREATE INDEX channel_name ON channel (name_folded, key);

CREATE TABLE business_customer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    account_id INTEGER REFERENCES account (id),
    channel_id INTEGER REFERENCES channel (id),
    contact_id INTEGER REFERENCES contact (id),
    owner TEXT,
    emails TEXT NOT NULL,
    phones TEXT NOT NULL,
    employees INTEGER,
    ownership TEXT,
    rating TEXT,
    ticker_symbol TEXT,
    website TEXT,
    external_id TEXT UNIQUE,{_KEPT_COLUMNS}
) STRICT;
CREATE INDEX business_customer_name ON business_customer (name_folded, key);
CREATE INDEX business_customer_account ON business_customer (account_id);
CREATE INDEX business_customer_channel ON business_customer (channel_id);
CREATE INDEX business_customer_contact ON business_customer (contact_id);

CREATE TABLE lead (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('new', 'qualified', 'canceled')),
    prefix TEXT,
    first_name TEXT,
    middle_name TEXT,
    last_name TEXT,
    suffix TEXT,
    job_title TEXT,
    company_name TEXT,
    website TEXT,
    employees INTEGER,
    industry TEXT,
    source TEXT,
    notes TEXT,
    twitter TEXT,
    linkedin TEXT,
    emails TEXT NOT NULL,
    phones TEXT NOT NULL,
    contact_id INTEGER REFERENCES contact (id),
    account_id INTEGER REFERENCES account (id),
    customer_id INTEGER REFERENCES customer (id),
    business_customer_id INTEGER REFERENCES business_customer (id),
    owner TEXT,
    external_id TEXT UNIQUE,{_KEPT_COLUMNS}
) STRICT;
CREATE INDEX lead_name ON lead (name_folded, key);
CREATE INDEX lead_contact ON lead (contact_id);
CREATE INDEX lead_account ON lead (account_id);
CREATE INDEX lead_customer ON lead (customer_id);
CREATE INDEX lead_business_customer ON lead (business_customer_id);

CREATE TABLE opportunity (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    account_id INTEGER REFERENCES account (id),
    customer_id INTEGER REFERENCES customer (id),
    business_customer_id INTEGER REFERENCES business_customer (id),
    contact_id INTEGER REFERENCES contact (id),
    lead_id INTEGER REFERENCES lead (id),
    owner TEXT,
    status TEXT NOT NULL,
    close_date TEXT,
    probability INTEGER CHECK (probability BETWEEN 0 AND 100),
    budget INTEGER,
    close_revenue INTEGER,
    currency TEXT,
    close_reason TEXT,
    customer_need TEXT,
    proposed_solution TEXT,
    notes TEXT,
    closed_at TEXT,
    base_budget INTEGER,
    base_revenue INTEGER,
    external_id TEXT UNIQUE,{_KEPT_COLUMNS}
) STRICT;
CREATE INDEX opportunity_name ON opportunity (name_folded, key);
CREATE INDEX opportunity_account ON opportunity (account_id);
CREATE INDEX opportunity_customer ON opportunity (customer_id);
CREATE INDEX opportunity_business_customer ON opportunity (business_customer_id);
CREATE INDEX opportunity_contact ON opportunity (contact_id);
CREATE INDEX opportunity_lead ON opportunity (lead_id);

CREATE TABLE activity (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('call', 'email', 'task', 'event', 'note')),
    subject TEXT NOT NULL,
    subject_folded TEXT NOT NULL,
    description TEXT,
    direction TEXT CHECK (direction IN ('incoming', 'outgoing')),
    at TEXT NOT NULL,
    ends_at TEXT,
    status TEXT,
    owner TEXT,{_KEPT_COLUMNS}
) STRICT;
CREATE INDEX activity_at ON activity (at, key);

CREATE TABLE marketing_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    campaign TEXT,
    type TEXT NOT NULL CHECK (type IN ('send', 'open', 'click', 'soft_bounce', 'hard_bounce', 'unsubscribe')),
    at TEXT NOT NULL,
    details TEXT,
    contact_id INTEGER REFERENCES contact (id),
    user_id INTEGER REFERENCES customer_user (id),
    lead_id INTEGER REFERENCES lead (id),
    business_customer_id INTEGER REFERENCES business_customer (id),
    account_id INTEGER REFERENCES account (id),{_KEPT_COLUMNS}
) STRICT;
CREATE INDEX marketing_event_at ON marketing_event (at, key);
CREATE INDEX marketing_event_contact ON marketing_event (contact_id);
CREATE INDEX marketing_event_user ON marketing_event (user_id);
CREATE INDEX marketing_event_lead ON marketing_event (lead_id);
CREATE INDEX marketing_event_business_customer ON marketing_event (business_customer_id);
CREATE INDEX marketing_event_account ON marketing_event (account_id);

ALTER TABLE customer ADD COLUMN account_id INTEGER REFERENCES account (id);
ALTER TABLE customer ADD COLUMN previous_account_id INTEGER REFERENCES account (id);
ALTER TABLE customer ADD COLUMN channel_id INTEGER REFERENCES channel (id);
CREATE INDEX customer_account ON customer (account_id);
CREATE INDEX customer_previous_account ON customer (previous_account_id);
CREATE INDEX customer_channel ON customer (channel_id);
ALTER TABLE sales_document ADD COLUMN products TEXT NOT NULL DEFAULT '[]';
CREATE INDEX sales_document_paid
    ON sales_document (customer_id, entity, payment_status, subtotal, currency, placed_at)
    WHERE entity = 'order' AND payment_status = 'full';

CREATE TABLE new_address (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER REFERENCES customer (id),
    user_id INTEGER REFERENCES customer_user (id),
    contact_id INTEGER REFERENCES contact (id),
    business_customer_id INTEGER REFERENCES business_customer (id),
    lead_id INTEGER REFERENCES lead (id),
    key TEXT NOT NULL,
    label TEXT,
    organization TEXT,
    first_name TEXT,
    middle_name TEXT,
    last_name TEXT,
    street TEXT,
    street2 TEXT,
    city TEXT,
    postal_code TEXT,
    phone TEXT,
    country TEXT NOT NULL,
    region TEXT,
    is_primary INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
    types TEXT NOT NULL,
    default_types TEXT NOT NULL,{_KEPT_COLUMNS},
    CHECK ((customer_id IS NOT NULL) + (user_id IS NOT NULL) + (contact_id IS NOT NULL)
        + (business_customer_id IS NOT NULL) + (lead_id IS NOT NULL) = 1),
    CHECK ((customer_id IS NULL AND user_id IS NULL)
        OR (street IS NOT NULL AND city IS NOT NULL AND postal_code IS NOT NULL)),
    UNIQUE (customer_id, key),
    UNIQUE (user_id, key),
    UNIQUE (contact_id, key),
    UNIQUE (business_customer_id, key),
    UNIQUE (lead_id, key)
) STRICT;
INSERT INTO new_address (id, customer_id, user_id, contact_id, key, label, organization, first_name, middle_name,
    last_name, street, street2, city, postal_code, phone, country, region, is_primary, types, default_types, manager,
    created_at, updated_at)
SELECT id, customer_id, user_id, contact_id, key, label, organization, first_name, middle_name,
    last_name, street, street2, city, postal_code, phone, country, region, is_primary, types, default_types, manager,
    created_at, updated_at FROM address;
DELETE FROM sqlite_sequence WHERE name = 'new_address';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_address', seq FROM sqlite_sequence WHERE name = 'address';
DROP TABLE address;
ALTER TABLE new_address RENAME TO address;
"""


def m003_sales(connection: sqlite3.Connection, now: str) -> None:  # noqa: ARG001 - every step takes the time
    """Channels, business customers, leads, opportunities, activities and marketing; accounts of customers."""
    for statement in _statements(_SALES_TABLES):
        connection.execute(statement)
    for name, table in _LINK_TARGETS.items():
        connection.execute(
            f"CREATE TABLE activity_{name} (activity_id INTEGER NOT NULL REFERENCES activity (id) ON DELETE CASCADE,"
            f" record_id INTEGER NOT NULL REFERENCES {table} (id), PRIMARY KEY (activity_id, record_id))"
            " STRICT, WITHOUT ROWID"
        )
        connection.execute(f"CREATE INDEX activity_{name}_record ON activity_{name} (record_id)")


_CATALOGUE_TABLES = f"""
CREATE TABLE category (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    parent_id INTEGER REFERENCES category (id),
    visibility TEXT CHECK (visibility IN ('config', 'hidden', 'visible')),{_KEPT_COLUMNS}
) STRICT;
CREATE INDEX category_name ON category (name_folded, key);
CREATE INDEX category_parent ON category (parent_id);

CREATE TABLE category_for_group (
    category_id INTEGER NOT NULL REFERENCES category (id) ON DELETE CASCADE,
    group_id INTEGER NOT NULL REFERENCES customer_group (id),
    visibility TEXT NOT NULL CHECK (visibility IN ('parent_category', 'hidden', 'visible')),
    PRIMARY KEY (category_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX category_for_group_group ON category_for_group (group_id);

CREATE TABLE category_for_customer (
    category_id INTEGER NOT NULL REFERENCES category (id) ON DELETE CASCADE,
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    visibility TEXT NOT NULL CHECK (visibility IN ('all', 'parent_category', 'hidden', 'visible')),
    PRIMARY KEY (category_id, customer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX category_for_customer_customer ON category_for_customer (customer_id);

CREATE TABLE product (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    sku TEXT NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    category_id INTEGER REFERENCES category (id),
    status TEXT NOT NULL CHECK (status IN ('enabled', 'disabled')),
    visibility TEXT CHECK (visibility IN ('config', 'hidden', 'visible')),{_KEPT_COLUMNS}
) STRICT;
CREATE INDEX product_name ON product (name_folded, key);
CREATE INDEX product_category ON product (category_id);

CREATE TABLE product_for_group (
    product_id INTEGER NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    group_id INTEGER NOT NULL REFERENCES customer_group (id),
    visibility TEXT NOT NULL CHECK (visibility IN ('category', 'hidden', 'visible')),
    PRIMARY KEY (product_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX product_for_group_group ON product_for_group (group_id);

CREATE TABLE product_for_customer (
    product_id INTEGER NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    visibility TEXT NOT NULL CHECK (visibility IN ('current_product', 'category', 'hidden', 'visible')),
    PRIMARY KEY (product_id, customer_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX product_for_customer_customer ON product_for_customer (customer_id);

CREATE TABLE price_list (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    currency TEXT,{_KEPT_COLUMNS}
) STRICT;
CREATE INDEX price_list_name ON price_list (name_folded, key);

CREATE TABLE price (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    price_list_id INTEGER NOT NULL REFERENCES price_list (id),
    product_id INTEGER NOT NULL REFERENCES product (id),
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    amount INTEGER NOT NULL,{_KEPT_COLUMNS},
    UNIQUE (price_list_id, product_id, quantity)
) STRICT;
CREATE INDEX price_product ON price (product_id);

CREATE TABLE price_list_of (
    noun TEXT NOT NULL,
    record_id INTEGER NOT NULL,
    price_list_id INTEGER NOT NULL REFERENCES price_list (id),
    place INTEGER NOT NULL,
    PRIMARY KEY (noun, record_id, price_list_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX price_list_of_list ON price_list_of (price_list_id);

CREATE TABLE price_list_unmerged (
    noun TEXT NOT NULL,
    record_id INTEGER NOT NULL,
    price_list_id INTEGER NOT NULL REFERENCES price_list (id),
    PRIMARY KEY (noun, record_id, price_list_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX price_list_unmerged_list ON price_list_unmerged (price_list_id);

ALTER TABLE customer ADD COLUMN price_fallback TEXT CHECK (price_fallback IN ('this_customer_only'));
ALTER TABLE customer_group ADD COLUMN price_fallback TEXT CHECK (price_fallback IN ('this_group_only'));
"""


def m004_catalogue(connection: sqlite3.Connection, now: str) -> None:
    """Categories, products, price lists and prices; the names of price lists become links to lists of these names."""
    for statement in _statements(_CATALOGUE_TABLES):
        connection.execute(statement)
    for noun, table in (("customer", "customer"), ("customer-group", "customer_group")):
        query = f"SELECT id, price_lists FROM {table} WHERE price_lists <> '[]' ORDER BY id"
        for row_id, names in connection.execute(query).fetchall():
            ids = dict.fromkeys(_price_list(connection, name, now) for name in json.loads(names))
            connection.executemany(
                "INSERT INTO price_list_of (noun, record_id, price_list_id, place) VALUES (?, ?, ?, ?)",
                [(noun, row_id, list_id, place) for place, list_id in enumerate(ids)],
            )
        connection.execute(f"ALTER TABLE {table} DROP COLUMN price_lists")


def _price_list(connection: sqlite3.Connection, name: str, now: str) -> int:
    """The id of the price list that a name means, made where there is none: equal slugs are one list."""
    key = slug(name, "price-list")
    connection.execute(
        "INSERT INTO price_list (key, name, name_folded, active, created_at, updated_at) VALUES (?, ?, ?, 1, ?, ?)"
        " ON CONFLICT (key) DO NOTHING",
        (key, name, fold(name), now, now),
    )
    return int(connection.execute("SELECT id FROM price_list WHERE key = ?", (key,)).fetchone()[0])


_SEEN_TABLES = f"""
CREATE TABLE content (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    title_folded TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('block', 'page', 'menu')),{_KEPT_COLUMNS}
) STRICT;
CREATE INDEX content_title ON content (title_folded, key);

CREATE TABLE content_variant (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    content_id INTEGER NOT NULL REFERENCES content (id),
    language TEXT,
    customer_id INTEGER REFERENCES customer (id),
    group_id INTEGER REFERENCES customer_group (id),
    text TEXT,{_KEPT_COLUMNS},
    CHECK (customer_id IS NULL OR group_id IS NULL)
) STRICT;
CREATE INDEX content_variant_content ON content_variant (content_id);
CREATE INDEX content_variant_customer ON content_variant (customer_id);
CREATE INDEX content_variant_group ON content_variant (group_id);

ALTER TABLE customer_user ADD COLUMN language TEXT;
ALTER TABLE customer_user ADD COLUMN currency TEXT;
ALTER TABLE visitor ADD COLUMN language TEXT;
ALTER TABLE visitor ADD COLUMN currency TEXT;
ALTER TABLE sales_document ADD COLUMN owner TEXT;
"""


def m005_seen(connection: sqlite3.Connection, now: str) -> None:  # noqa: ARG001 - every step takes the time
    """What people see: contents and their variants, the language and currency of a person, owners of documents."""
    for statement in _statements(_SEEN_TABLES):
        connection.execute(statement)


_COME_IN_NUMBERS = {"account": "account_contact", "customer": None, "customer_user": "user_role"}
"""Tables, and the one beside each whose rows go when its rows go."""


def m006_named_keys(connection: sqlite3.Connection, now: str) -> None:  # noqa: ARG001 - every step takes the time
    """What comes in great numbers has its unique columns in indexes with names, which an import can make late.

    Nor does SQLite count the ids of these tables any more, which it does anew for every row: the unit of work does,
    in the same `sqlite_sequence`. The rows are put aside while their table is made anew, with those that would go with
    them, for foreign keys are on.
    """
    for table, beside in _COME_IN_NUMBERS.items():
        [made] = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        query = "SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND type = 'index' AND sql IS NOT NULL ORDER BY rowid"
        indexes = [sql for (sql,) in connection.execute(query, (table,))]
        last = connection.execute("SELECT name, seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchall()
        aside = [table] if beside is None else [table, beside]
        for name in aside:
            connection.execute(f"CREATE TEMP TABLE aside_{name} AS SELECT * FROM {name}")
        connection.execute(f"DROP TABLE {table}")
        connection.execute(made.replace(" UNIQUE", "").replace(" AUTOINCREMENT", ""))
        for name in aside:
            connection.execute(f"INSERT INTO {name} SELECT * FROM aside_{name}")
            connection.execute(f"DROP TABLE aside_{name}")
        for column in ("key", "external_id"):
            connection.execute(f"CREATE UNIQUE INDEX {table}_{column} ON {table} ({column})")
        for statement in indexes:
            connection.execute(statement)
        connection.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", last)


_HISTORY_OF_RECORDS = """
ALTER TABLE revision ADD COLUMN undoes INTEGER REFERENCES revision (id);
ALTER TABLE revision ADD COLUMN migration INTEGER NOT NULL DEFAULT 0 CHECK (migration IN (0, 1));
ALTER TABLE history ADD COLUMN record_id INTEGER;
ALTER TABLE history ADD COLUMN owner_id INTEGER;
ALTER TABLE history ADD COLUMN former TEXT;
ALTER TABLE history ADD COLUMN created_at TEXT;
ALTER TABLE history ADD COLUMN updated_at TEXT;
ALTER TABLE history ADD COLUMN not_in_image TEXT;
DROP INDEX history_record;
DROP TRIGGER history_is_not_changed;
"""
_HISTORY_IS_WHOLE = """
CREATE INDEX history_record_id ON history (record_id);
CREATE INDEX history_owner ON history (owner_id) WHERE owner_id IS NOT NULL;
CREATE INDEX history_former ON history (former) WHERE former IS NOT NULL;
CREATE INDEX revision_undoes ON revision (undoes) WHERE undoes IS NOT NULL;
CREATE TRIGGER history_is_not_changed BEFORE UPDATE ON history
BEGIN SELECT RAISE (ABORT, 'history is append-only'); END;
"""


def m007_history_of_records(connection: sqlite3.Connection, now: str) -> None:
    """History follows records by id, and holds all of each row; what was there before anybody changed it is told.

    `record_id` is the id of the record, `owner_id` that of the owner of an address or a setting, `former` the name
    that a renamed or removed record gives up, `not_in_image` what the rows of a record hold beside its image, as JSON.
    Revision 0 is what a new database holds.
    """
    from custctl.store import older_history  # a read needs the number of steps only

    for statement in _statements(_HISTORY_OF_RECORDS):
        connection.execute(statement)
    older_history.fill(connection, now)
    for statement in _statements(_HISTORY_IS_WHOLE):
        connection.execute(statement)


def m008_users_by_mailbox(connection: sqlite3.Connection, now: str) -> None:
    """A user is named by the address in lower case: `strasse@acme.example` is another mailbox than `straße@…`."""
    from custctl.store import older_history  # a read needs the number of steps only

    older_history.name_users_by_mailbox(connection, now)
    for table, column, source in _FOLDED:
        query = f"SELECT id, {source} FROM {table} WHERE {column} LIKE '%@%'"
        texts = [(fold(text), row_id) for row_id, text in connection.execute(query) if not text.isascii()]
        connection.executemany(f"UPDATE {table} SET {column} = ? WHERE id = ?", texts)


_PERSON = "trim(coalesce(first_name, '') || ' ' || coalesce(last_name, ''))"
_FOLDED = (
    *((table, "name_folded", "name") for table in ("taxonomy", "tag", "price_list", "customer_group", "customer")),
    *((table, "name_folded", "name") for table in ("account", "channel", "business_customer", "lead", "opportunity")),
    *((table, "name_folded", "name") for table in ("category", "product")),
    *((table, "name_folded", _PERSON) for table in ("customer_user", "contact")),
    *((table, "label_folded", "label") for table in ("role", "contact_group")),
    ("contact", "first_folded", "coalesce(first_name, '')"),
    ("contact", "last_folded", "coalesce(last_name, '')"),
    ("content", "title_folded", "title"),
    ("activity", "subject_folded", "subject"),
    ("sales_document", "number_folded", "number"),
    ("record", "key_folded", "key"),
)
"""The columns of texts as they are compared, and what each is made of."""

MIGRATIONS: Sequence[Callable[[sqlite3.Connection, str], None]] = (
    m001_initial,
    m002_accounts_contacts_tags,
    m003_sales,
    m004_catalogue,
    m005_seen,
    m006_named_keys,
    m007_history_of_records,
    m008_users_by_mailbox,
)
SCHEMA_VERSION = len(MIGRATIONS)


def run(connection: sqlite3.Connection, now: str) -> list[str]:
    """Run the steps that are missing, inside the caller's transaction; the names of those that ran.

    Foreign keys are checked when the transaction ends, where there are rows already: some tables are made anew.
    `now` is an RFC 3339 time in UTC, stamped on what a step inserts.
    """
    done = version(connection)
    for number, step in enumerate(MIGRATIONS[done:], done + 1):
        step(connection, now)
        connection.execute(f"PRAGMA user_version = {number}")
    if done == 0:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    return [step.__name__ for step in MIGRATIONS[done:]]


def version(connection: sqlite3.Connection) -> int:
    """The number of steps this database has behind it."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> list[str]:
    """The statements of a script; sqlite3's executescript would commit the transaction first."""
    statements, buffer = [], ""
    for line in script.splitlines(keepends=True):
        buffer += line
        if sqlite3.complete_statement(buffer):
            statements.append(buffer.strip())
            buffer = ""
    return statements


def _insert_role(connection: sqlite3.Connection, role: PredefinedRole, now: str) -> None:
    role_id = connection.execute(
        "INSERT INTO role (key, code, label, label_folded, self_managed, public, default_level, capability_default,"
        " workflow_default, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            role.key,
            role.code,
            role.label,
            fold(role.label),
            role.self_managed,
            role.public,
            *(level and level.word for level in (role.default, role.capability_default, role.workflow_default)),
            now,
            now,
        ),
    ).lastrowid
    entries: list[tuple[Kind, str, str, Level]] = [
        *(("entity", name, action, level) for name, row in role.permissions.items() for action, level in row.items()),
        *(("capability", name, "use", level) for name, level in role.capabilities.items()),
        *(("workflow", name, action, level) for name, row in role.workflows.items() for action, level in row.items()),
    ]
    connection.executemany(
        "INSERT INTO role_entry (role_id, kind, name, permission, level) VALUES (?, ?, ?, ?, ?)",
        [(role_id, kind, name, action, level.word) for kind, name, action, level in entries],
    )
