"""The tables as SQLModel classes: the road of writes. A test holds that they equal the migrated schema.

Importing this module costs more than a whole read command, so only `unit.py` does, when there is something to
write. Table models do not validate; the models of `inputs.py` do.
"""

from __future__ import annotations

from sqlmodel import Field, SQLModel


class _Kept(SQLModel):
    """What every record has: who created it through a document, and when it was made and changed."""

    id: int | None = Field(default=None, primary_key=True)
    manager: str | None = None
    created_at: str
    updated_at: str


class CustomerGroup(_Kept, table=True):
    __tablename__ = "customer_group"

    key: str = Field(unique=True)
    name: str
    name_folded: str
    owner: str | None = None
    payment_term: str | None = None
    tax_code: str | None = None
    price_fallback: str | None = None


class Customer(_Kept, table=True):
    __tablename__ = "customer"

    key: str = Field(unique=True)
    name: str
    name_folded: str
    parent_id: int | None = Field(default=None, foreign_key="customer.id")
    group_id: int | None = Field(default=None, foreign_key="customer_group.id")
    account_id: int | None = Field(default=None, foreign_key="account.id")
    previous_account_id: int | None = Field(default=None, foreign_key="account.id")
    channel_id: int | None = Field(default=None, foreign_key="channel.id")
    internal_rating: str | None = None
    owner: str | None = None
    sales_reps: str
    payment_term: str | None = None
    tax_code: str | None = None
    price_fallback: str | None = None
    vat_id: str | None = None
    external_id: str | None = Field(default=None, unique=True)


class CustomerUser(_Kept, table=True):
    __tablename__ = "customer_user"

    key: str = Field(unique=True)
    email: str
    prefix: str | None = None
    first_name: str
    middle_name: str | None = None
    last_name: str
    name_folded: str
    suffix: str | None = None
    customer_id: int | None = Field(default=None, foreign_key="customer.id")
    enabled: bool
    confirmed: bool
    guest: bool
    auth_status: str
    birthday: str | None = None
    language: str | None = None
    currency: str | None = None
    owner: str | None = None
    sales_reps: str
    external_id: str | None = Field(default=None, unique=True)


class Role(_Kept, table=True):
    __tablename__ = "role"

    key: str = Field(unique=True)
    customer_id: int | None = Field(default=None, foreign_key="customer.id")
    code: str = Field(unique=True)
    label: str
    label_folded: str
    self_managed: bool
    public: bool
    default_level: str | None = None
    capability_default: str | None = None
    workflow_default: str | None = None


class RoleEntry(SQLModel, table=True):
    __tablename__ = "role_entry"

    role_id: int = Field(primary_key=True, foreign_key="role.id")
    kind: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    permission: str = Field(primary_key=True)
    level: str


class UserRole(SQLModel, table=True):
    __tablename__ = "user_role"

    user_id: int = Field(primary_key=True, foreign_key="customer_user.id")
    role_id: int = Field(primary_key=True, foreign_key="role.id")


class Address(_Kept, table=True):
    __tablename__ = "address"

    customer_id: int | None = Field(default=None, foreign_key="customer.id")
    user_id: int | None = Field(default=None, foreign_key="customer_user.id")
    contact_id: int | None = Field(default=None, foreign_key="contact.id")
    business_customer_id: int | None = Field(default=None, foreign_key="business_customer.id")
    lead_id: int | None = Field(default=None, foreign_key="lead.id")
    key: str
    label: str | None = None
    organization: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    street: str | None = None
    street2: str | None = None
    city: str | None = None
    postal_code: str | None = None
    phone: str | None = None
    country: str
    region: str | None = None
    is_primary: bool
    types: str
    default_types: str


class Visitor(_Kept, table=True):
    __tablename__ = "visitor"

    key: str = Field(unique=True)
    user_id: int | None = Field(default=None, foreign_key="customer_user.id")
    last_visit: str | None = None
    language: str | None = None
    currency: str | None = None


class Content(_Kept, table=True):
    __tablename__ = "content"

    key: str = Field(unique=True)
    title: str
    title_folded: str
    kind: str


class ContentVariant(_Kept, table=True):
    __tablename__ = "content_variant"

    key: str = Field(unique=True)
    content_id: int = Field(foreign_key="content.id")
    language: str | None = None
    customer_id: int | None = Field(default=None, foreign_key="customer.id")
    group_id: int | None = Field(default=None, foreign_key="customer_group.id")
    text: str | None = None


class Taxonomy(_Kept, table=True):
    __tablename__ = "taxonomy"

    key: str = Field(unique=True)
    name: str
    name_folded: str = Field(unique=True)
    background_color: str | None = None
    owner: str | None = None


class Tag(_Kept, table=True):
    __tablename__ = "tag"

    key: str = Field(unique=True)
    name: str
    name_folded: str = Field(unique=True)
    taxonomy_id: int | None = Field(default=None, foreign_key="taxonomy.id")
    owner: str | None = None


class Tagging(SQLModel, table=True):
    __tablename__ = "tagging"

    noun: str = Field(primary_key=True)
    record_id: int = Field(primary_key=True)
    tag_id: int = Field(primary_key=True, foreign_key="tag.id")


class ContactGroup(_Kept, table=True):
    __tablename__ = "contact_group"

    key: str = Field(unique=True)
    label: str
    label_folded: str = Field(unique=True)
    owner: str | None = None


class Contact(_Kept, table=True):
    __tablename__ = "contact"

    key: str = Field(unique=True)
    prefix: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    suffix: str | None = None
    first_folded: str
    last_folded: str
    name_folded: str
    job_title: str | None = None
    emails: str
    phones: str
    fax: str | None = None
    skype: str | None = None
    twitter: str | None = None
    facebook: str | None = None
    google_plus: str | None = None
    linkedin: str | None = None
    gender: str | None = None
    birthday: str | None = None
    source: str | None = None
    method: str | None = None
    description: str | None = None
    owner: str | None = None
    assigned_to: str | None = None
    reports_to_id: int | None = Field(default=None, foreign_key="contact.id")
    external_id: str | None = Field(default=None, unique=True)


class ContactInGroup(SQLModel, table=True):
    __tablename__ = "contact_in_group"

    contact_id: int = Field(primary_key=True, foreign_key="contact.id")
    group_id: int = Field(primary_key=True, foreign_key="contact_group.id")


class Account(_Kept, table=True):
    __tablename__ = "account"

    key: str = Field(unique=True)
    name: str
    name_folded: str
    description: str | None = None
    owner: str | None = None
    referred_by_id: int | None = Field(default=None, foreign_key="account.id")
    default_contact_id: int | None = Field(default=None, foreign_key="contact.id")
    external_id: str | None = Field(default=None, unique=True)


class AccountContact(SQLModel, table=True):
    __tablename__ = "account_contact"

    account_id: int = Field(primary_key=True, foreign_key="account.id")
    contact_id: int = Field(primary_key=True, foreign_key="contact.id")


class Channel(_Kept, table=True):
    __tablename__ = "channel"

    key: str = Field(unique=True)
    name: str
    name_folded: str
    type: str
    active: bool
    identity: str | None = None
    entities: str
    owner: str | None = None


class BusinessCustomer(_Kept, table=True):
    __tablename__ = "business_customer"

    key: str = Field(unique=True)
    name: str
    name_folded: str
    account_id: int | None = Field(default=None, foreign_key="account.id")
    channel_id: int | None = Field(default=None, foreign_key="channel.id")
    contact_id: int | None = Field(default=None, foreign_key="contact.id")
    owner: str | None = None
    emails: str
    phones: str
    employees: int | None = None
    ownership: str | None = None
    rating: str | None = None
    ticker_symbol: str | None = None
    website: str | None = None
    external_id: str | None = Field(default=None, unique=True)


class Lead(_Kept, table=True):
    __tablename__ = "lead"

    key: str = Field(unique=True)
    name: str
    name_folded: str
    status: str
    prefix: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    suffix: str | None = None
    job_title: str | None = None
    company_name: str | None = None
    website: str | None = None
    employees: int | None = None
    industry: str | None = None
    source: str | None = None
    notes: str | None = None
    twitter: str | None = None
    linkedin: str | None = None
    emails: str
    phones: str
    contact_id: int | None = Field(default=None, foreign_key="contact.id")
    account_id: int | None = Field(default=None, foreign_key="account.id")
    customer_id: int | None = Field(default=None, foreign_key="customer.id")
    business_customer_id: int | None = Field(default=None, foreign_key="business_customer.id")
    owner: str | None = None
    external_id: str | None = Field(default=None, unique=True)


class Opportunity(_Kept, table=True):
    __tablename__ = "opportunity"

    key: str = Field(unique=True)
    name: str
    name_folded: str
    account_id: int | None = Field(default=None, foreign_key="account.id")
    customer_id: int | None = Field(default=None, foreign_key="customer.id")
    business_customer_id: int | None = Field(default=None, foreign_key="business_customer.id")
    contact_id: int | None = Field(default=None, foreign_key="contact.id")
    lead_id: int | None = Field(default=None, foreign_key="lead.id")
    owner: str | None = None
    status: str
    close_date: str | None = None
    probability: int | None = None
    budget: int | None = None
    close_revenue: int | None = None
    currency: str | None = None
    close_reason: str | None = None
    customer_need: str | None = None
    proposed_solution: str | None = None
    notes: str | None = None
    closed_at: str | None = None
    base_budget: int | None = None
    base_revenue: int | None = None
    external_id: str | None = Field(default=None, unique=True)


class Activity(_Kept, table=True):
    __tablename__ = "activity"

    key: str = Field(unique=True)
    kind: str
    subject: str
    subject_folded: str
    description: str | None = None
    direction: str | None = None
    at: str
    ends_at: str | None = None
    status: str | None = None
    owner: str | None = None


class _AboutRecord(SQLModel):
    activity_id: int = Field(primary_key=True, foreign_key="activity.id")


class ActivityAccount(_AboutRecord, table=True):
    __tablename__ = "activity_account"

    record_id: int = Field(primary_key=True, foreign_key="account.id")


class ActivityContact(_AboutRecord, table=True):
    __tablename__ = "activity_contact"

    record_id: int = Field(primary_key=True, foreign_key="contact.id")


class ActivityCustomer(_AboutRecord, table=True):
    __tablename__ = "activity_customer"

    record_id: int = Field(primary_key=True, foreign_key="customer.id")


class ActivityCustomerUser(_AboutRecord, table=True):
    __tablename__ = "activity_customer_user"

    record_id: int = Field(primary_key=True, foreign_key="customer_user.id")


class ActivityBusinessCustomer(_AboutRecord, table=True):
    __tablename__ = "activity_business_customer"

    record_id: int = Field(primary_key=True, foreign_key="business_customer.id")


class ActivityLead(_AboutRecord, table=True):
    __tablename__ = "activity_lead"

    record_id: int = Field(primary_key=True, foreign_key="lead.id")


class ActivityOpportunity(_AboutRecord, table=True):
    __tablename__ = "activity_opportunity"

    record_id: int = Field(primary_key=True, foreign_key="opportunity.id")


class _AboutDocument(_AboutRecord):
    record_id: int = Field(primary_key=True, foreign_key="sales_document.id")


class ActivityOrder(_AboutDocument, table=True):
    __tablename__ = "activity_order"


class ActivityQuote(_AboutDocument, table=True):
    __tablename__ = "activity_quote"


class ActivityRequest(_AboutDocument, table=True):
    __tablename__ = "activity_request"


class ActivityShoppingList(_AboutDocument, table=True):
    __tablename__ = "activity_shopping_list"


class MarketingEvent(_Kept, table=True):
    __tablename__ = "marketing_event"

    key: str = Field(unique=True)
    campaign: str | None = None
    type: str
    at: str
    details: str | None = None
    contact_id: int | None = Field(default=None, foreign_key="contact.id")
    user_id: int | None = Field(default=None, foreign_key="customer_user.id")
    lead_id: int | None = Field(default=None, foreign_key="lead.id")
    business_customer_id: int | None = Field(default=None, foreign_key="business_customer.id")
    account_id: int | None = Field(default=None, foreign_key="account.id")


class Category(_Kept, table=True):
    __tablename__ = "category"

    key: str = Field(unique=True)
    name: str
    name_folded: str
    parent_id: int | None = Field(default=None, foreign_key="category.id")
    visibility: str | None = None


class CategoryForGroup(SQLModel, table=True):
    __tablename__ = "category_for_group"

    category_id: int = Field(primary_key=True, foreign_key="category.id")
    group_id: int = Field(primary_key=True, foreign_key="customer_group.id")
    visibility: str


class CategoryForCustomer(SQLModel, table=True):
    __tablename__ = "category_for_customer"

    category_id: int = Field(primary_key=True, foreign_key="category.id")
    customer_id: int = Field(primary_key=True, foreign_key="customer.id")
    visibility: str


class Product(_Kept, table=True):
    __tablename__ = "product"

    key: str = Field(unique=True)
    sku: str
    name: str
    name_folded: str
    category_id: int | None = Field(default=None, foreign_key="category.id")
    status: str
    visibility: str | None = None


class ProductForGroup(SQLModel, table=True):
    __tablename__ = "product_for_group"

    product_id: int = Field(primary_key=True, foreign_key="product.id")
    group_id: int = Field(primary_key=True, foreign_key="customer_group.id")
    visibility: str


class ProductForCustomer(SQLModel, table=True):
    __tablename__ = "product_for_customer"

    product_id: int = Field(primary_key=True, foreign_key="product.id")
    customer_id: int = Field(primary_key=True, foreign_key="customer.id")
    visibility: str


class PriceList(_Kept, table=True):
    __tablename__ = "price_list"

    key: str = Field(unique=True)
    name: str
    name_folded: str
    active: bool
    currency: str | None = None


class Price(_Kept, table=True):
    __tablename__ = "price"

    key: str = Field(unique=True)
    price_list_id: int = Field(foreign_key="price_list.id")
    product_id: int = Field(foreign_key="product.id")
    quantity: int
    amount: int


class PriceListOf(SQLModel, table=True):
    __tablename__ = "price_list_of"

    noun: str = Field(primary_key=True)
    record_id: int = Field(primary_key=True)
    price_list_id: int = Field(primary_key=True, foreign_key="price_list.id")
    place: int


class PriceListUnmerged(SQLModel, table=True):
    __tablename__ = "price_list_unmerged"

    noun: str = Field(primary_key=True)
    record_id: int = Field(primary_key=True)
    price_list_id: int = Field(primary_key=True, foreign_key="price_list.id")


class _Owned(_Kept):
    customer_id: int | None = Field(default=None, foreign_key="customer.id")
    user_id: int | None = Field(default=None, foreign_key="customer_user.id")
    visitor_id: int | None = Field(default=None, foreign_key="visitor.id")


class SalesDocument(_Owned, table=True):
    __tablename__ = "sales_document"

    entity: str
    number: str
    number_folded: str
    status: str | None = None
    subtotal: int | None = None
    currency: str | None = None
    payment_status: str | None = None
    placed_at: str | None = None
    owner: str | None = None
    workflow_active: bool
    products: str = "[]"


class Record(_Owned, table=True):
    __tablename__ = "record"

    entity: str
    key: str
    key_folded: str
    parent_document_id: int | None = Field(default=None, foreign_key="sales_document.id")
    parent_record_id: int | None = Field(default=None, foreign_key="record.id")


class Entity(_Kept, table=True):
    __tablename__ = "entity"

    name: str = Field(unique=True)
    ownership: str
    permissions: str


class Setting(_Kept, table=True):
    __tablename__ = "setting"

    key: str = Field(unique=True)
    name: str
    group_id: int | None = Field(default=None, foreign_key="customer_group.id")
    customer_id: int | None = Field(default=None, foreign_key="customer.id")
    value: str


class Revision(SQLModel, table=True):
    __tablename__ = "revision"

    id: int | None = Field(default=None, primary_key=True)
    at: str
    actor: str
    command: str
    undoes: int | None = Field(default=None, foreign_key="revision.id")
    migration: int = 0


class History(SQLModel, table=True):
    __tablename__ = "history"

    id: int | None = Field(default=None, primary_key=True)
    revision_id: int = Field(foreign_key="revision.id")
    op: str
    record: str
    before: str | None = None
    after: str | None = None
    manager: str | None = None
    record_id: int | None = None
    owner_id: int | None = None
    former: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    not_in_image: str | None = None


MODELS: dict[str, type[SQLModel]] = {
    str(model.__tablename__): model
    for model in (
        CustomerGroup,
        Customer,
        CustomerUser,
        Role,
        RoleEntry,
        UserRole,
        Address,
        Visitor,
        Content,
        ContentVariant,
        Taxonomy,
        Tag,
        Tagging,
        ContactGroup,
        Contact,
        ContactInGroup,
        Account,
        AccountContact,
        Channel,
        BusinessCustomer,
        Lead,
        Opportunity,
        Activity,
        ActivityAccount,
        ActivityContact,
        ActivityCustomer,
        ActivityCustomerUser,
        ActivityBusinessCustomer,
        ActivityLead,
        ActivityOpportunity,
        ActivityOrder,
        ActivityQuote,
        ActivityRequest,
        ActivityShoppingList,
        MarketingEvent,
        Category,
        CategoryForGroup,
        CategoryForCustomer,
        Product,
        ProductForGroup,
        ProductForCustomer,
        PriceList,
        Price,
        PriceListOf,
        PriceListUnmerged,
        SalesDocument,
        Record,
        Entity,
        Setting,
        Revision,
        History,
    )
}
"""The model of each table."""
