"""The arguments and options that several commands share, each described once."""

from __future__ import annotations

from typing import Annotated, Any

import typer

CustomerArg = Annotated[str, typer.Argument(metavar="CUSTOMER", help="A customer: its key, id:N or unique name.")]
UserArg = Annotated[str, typer.Argument(metavar="USER", help="A customer user: e-mail, id:N or unique name.")]
GroupArg = Annotated[str, typer.Argument(metavar="GROUP", help="A customer group: its key, id:N or unique name.")]
RoleArg = Annotated[str, typer.Argument(metavar="ROLE", help="A role: buyer, acme/buyer, id:N or unique label.")]
AccountArg = Annotated[str, typer.Argument(metavar="ACCOUNT", help="An account: its key, id:N or unique name.")]
ContactArg = Annotated[
    str, typer.Argument(metavar="CONTACT", help="A contact: its key, id:N, unique name or unique e-mail address.")
]
ContactsArg = Annotated[list[str], typer.Argument(metavar="CONTACT...", help="Contacts.")]
ContactGroupArg = Annotated[
    str, typer.Argument(metavar="CONTACT_GROUP", help="A contact group: its key, id:N or unique label.")
]
RolesArg = Annotated[list[str], typer.Argument(metavar="ROLE...", help="Roles.")]
CustomersArg = Annotated[list[str], typer.Argument(metavar="CUSTOMER...", help="Customers.")]
LeadArg = Annotated[str, typer.Argument(metavar="LEAD", help="A lead: its key, id:N or unique name.")]
OpportunityArg = Annotated[
    str, typer.Argument(metavar="OPPORTUNITY", help="An opportunity: its key, id:N or unique name.")
]
ChannelArg = Annotated[str, typer.Argument(metavar="CHANNEL", help="A channel: its key, id:N or unique name.")]
BusinessArg = Annotated[
    str, typer.Argument(metavar="BUSINESS", help="A business customer: its key, id:N or unique name.")
]
TagArg = Annotated[str, typer.Argument(metavar="TAG", help="A tag: its key, id:N or name.")]
TaxonomyArg = Annotated[str, typer.Argument(metavar="TAXONOMY", help="A taxonomy: its key, id:N or name.")]

CategoryArg = Annotated[str, typer.Argument(metavar="CATEGORY", help="A category: its key, id:N or unique name.")]
ProductArg = Annotated[str, typer.Argument(metavar="PRODUCT", help="A product: its SKU, id:N or unique name.")]
PriceListArg = Annotated[str, typer.Argument(metavar="PRICE_LIST", help="A price list: its key, id:N or unique name.")]


def _some(metavar: str, help: str) -> Any:
    """The argument of verbs that work on many records: it may be left out, and `-` stands for standard input."""
    return typer.Argument(metavar=f"{metavar}...", help=f"{help}; - reads them from standard input.")


SomeCustomers = Annotated[list[str] | None, _some("CUSTOMER", "Customers: keys, id:N or unique names")]
SomeUsers = Annotated[list[str] | None, _some("USER", "Customer users: e-mails, id:N or unique names")]
SomeGroups = Annotated[list[str] | None, _some("GROUP", "Customer groups: keys, id:N or unique names")]
SomeRoles = Annotated[list[str] | None, _some("ROLE", "Roles: buyer, acme/buyer, id:N or unique labels")]
SomeAccounts = Annotated[list[str] | None, _some("ACCOUNT", "Accounts: keys, id:N or unique names")]
SomeContacts = Annotated[list[str] | None, _some("CONTACT", "Contacts: keys, id:N, unique names or e-mails")]
SomeContactGroups = Annotated[list[str] | None, _some("CONTACT_GROUP", "Contact groups: keys, id:N or unique labels")]
SomeLeads = Annotated[list[str] | None, _some("LEAD", "Leads: keys, id:N or unique names")]
SomeOpportunities = Annotated[list[str] | None, _some("OPPORTUNITY", "Opportunities: keys, id:N or unique names")]
SomeChannels = Annotated[list[str] | None, _some("CHANNEL", "Channels: keys, id:N or unique names")]
SomeBusinesses = Annotated[list[str] | None, _some("BUSINESS", "Business customers: keys, id:N or unique names")]
SomeVisitors = Annotated[list[str] | None, _some("VISITOR", "Visitors' sessions: keys or id:N")]
SomeContents = Annotated[list[str] | None, _some("CONTENT", "Contents: keys or id:N")]
SomeVariants = Annotated[list[str] | None, _some("VARIANT", "Variants: keys or id:N")]
SomeTags = Annotated[list[str] | None, _some("TAG", "Tags: keys, id:N or names")]
SomeTaxonomies = Annotated[list[str] | None, _some("TAXONOMY", "Taxonomies: keys, id:N or names")]
SomeCategories = Annotated[list[str] | None, _some("CATEGORY", "Categories: keys, id:N or unique names")]
SomeProducts = Annotated[list[str] | None, _some("PRODUCT", "Products: SKUs, id:N or unique names")]
SomePriceLists = Annotated[list[str] | None, _some("PRICE_LIST", "Price lists: keys, id:N or unique names")]
SomeNumbers = Annotated[list[str] | None, _some("NUMBER", "Their numbers")]

SUBJECT = typer.Argument(metavar="SUBJECT", help="An e-mail, user:KEY, role:KEY, guest or visitor:KEY.")
ACTION = typer.Argument(metavar="ACTION", help="A permission: view, create, edit, ...")
RESOURCE = typer.Argument(
    metavar="RESOURCE",
    help="An entity (order), a record (order:SO-1), capability:NAME, workflow:NAME or a field (entity.field).",
)
SubjectArg = Annotated[str, SUBJECT]
ActionArg = Annotated[str, ACTION]
ResourceArg = Annotated[str, RESOURCE]

Where = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="'FIELD OP VALUE'", help="Only these; may be repeated. OP: = != < <= > >= ~"),
]
Sort = Annotated[str | None, typer.Option("--sort", metavar="FIELD,-FIELD", help="The order; - is descending.")]
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", min=0, help="At most so many.")]
After = Annotated[
    str | None,
    typer.Option("--after", metavar="LAST", help="Only what comes behind this record, the last of the page before."),
]
Count = Annotated[bool, typer.Option("--count", help="Only how many there are.")]

Key = Annotated[str | None, typer.Option("--key", help="The key; by default made from the name.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The name.")]
NewKey = Annotated[str | None, typer.Option("--key", help="A new key; references follow.")]
NewName = Annotated[str | None, typer.Option("--name", help="The name.")]
Owner = Annotated[str | None, typer.Option("--owner", help="The back-office owner, as text.")]
SalesReps = Annotated[list[str] | None, typer.Option("--sales-rep", help="A sales representative; may be repeated.")]
PaymentTerm = Annotated[str | None, typer.Option("--payment-term", help="The payment term.")]
TaxCode = Annotated[str | None, typer.Option("--tax-code", help="The tax code.")]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", help='A tag, made if it is new; repeat it for all of them, "" for none.'),
]
OfAccount = Annotated[str | None, typer.Option("--account", metavar="ACCOUNT", help="The account it belongs to.")]
OfChannel = Annotated[
    str | None, typer.Option("--channel", metavar="CHANNEL", help='The channel it comes from; "" for none.')
]
Emails = Annotated[
    list[str] | None, typer.Option("--email", help="An e-mail address; repeat it for all, the primary one first.")
]
Phones = Annotated[
    list[str] | None, typer.Option("--phone", help="A phone number; repeat it for all, the primary one first.")
]
PriceLists = Annotated[
    list[str] | None,
    typer.Option(
        "--price-list",
        metavar="PRICE_LIST",
        help='A price list, by key or name; repeat it for all of them in their order, "" for none.',
    ),
]
UnmergedPriceLists = Annotated[
    list[str] | None,
    typer.Option(
        "--unmerged-price-list",
        metavar="PRICE_LIST",
        help='One of them that is not merged with others; may be repeated, "" for none.',
    ),
]
ExternalId = Annotated[str | None, typer.Option("--external-id", help="The id in another system; unique.")]
Prefix = Annotated[str | None, typer.Option("--prefix", help="Before the name, like Dr.")]
FirstName = Annotated[str | None, typer.Option("--first-name", help="First name.")]
MiddleName = Annotated[str | None, typer.Option("--middle-name", help="Middle name.")]
LastName = Annotated[str | None, typer.Option("--last-name", help="Last name.")]
Suffix = Annotated[str | None, typer.Option("--suffix", help="After the name, like Jr.")]
Birthday = Annotated[str | None, typer.Option("--birthday", metavar="YYYY-MM-DD", help="Birthday.")]
Language = Annotated[
    str | None,
    typer.Option("--language", metavar="LANGUAGE", help='The chosen language, like en or pt-BR; "" for none.'),
]
ChosenCurrency = Annotated[
    str | None, typer.Option("--currency", metavar="USD", help='The chosen currency; "" for none.')
]
FILES = typer.Option("--file", "-f", metavar="FILE|DIR|-", help="A document, a folder of them, or stdin.")
Files = Annotated[list[str], FILES]
