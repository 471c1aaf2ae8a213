"""The settings of the shop: their names, types, defaults and the scopes that may set them, in one list.

A customer's setting counts before its group's, that before the shop's, and the default comes last (feature P-06).
Source: oroinc/customer-portal CustomerBundle/Resources/config/services.yml, where the scope of a customer has
priority 290 and that of a group 280. One database is one website, so nothing lies between a group and the shop.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from custctl import shell
from custctl.errors import did_you_mean, invalid, near, usage
from custctl.resources import CUSTOMER, GROUP, GUEST_GROUP, NOUNS, PROBABILITIES, Noun, reference, trimmed
from custctl.store import lookup
from custctl.store.codec import BASE_CURRENCY, amount_text, currency_code, language_code, rate_text, switch_of

Scope = Literal["system", "group", "customer"]
SCOPES: Mapping[str, Noun] = {"group": GROUP, "customer": CUSTOMER}
"""The scopes besides the whole shop, and whose settings they hold."""
EVERYWHERE: tuple[Scope, ...] = ("system", "group", "customer")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. A reference, or a list of them, names the noun it leads to; a number lies between two others.

    `form` gives a text of it, or each of a list that is never empty, its proper form, or raises ValueError.
    """

    name: str
    kind: Literal["bool", "int", "text", "list", "choice", "reference", "currency", "rates", "amounts"]
    default: Any
    about: str
    choices: tuple[str, ...] = ()
    to: str = ""
    scopes: tuple[Scope, ...] = ("system",)
    least: int = 0
    most: int = 0
    form: Callable[[str], str] | None = None

    def check(self, value: Any) -> Any:
        """The value in its proper form; raises ValueError with words that say what is wanted."""
        if isinstance(value, str):
            value = trimmed(value)
        if self.kind == "bool" and not isinstance(value, bool):
            raise ValueError("must be true or false")
        if self.kind == "int":
            return self._number(value)
        if self.kind == "list":
            if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
                raise ValueError("must be a list of texts")
            texts = list(filter(None, map(trimmed, value)))
            return texts if self.form is None else self._formed(texts, self.form)
        if self.kind in TABLES:
            return _by_currency(value, TABLES[self.kind])
        if self.kind in ("text", "choice", "reference", "currency") and (not isinstance(value, str) or not value):
            raise ValueError("must be text")
        if self.kind == "choice" and value not in self.choices:
            raise ValueError(f"must be one of {', '.join(self.choices)}")
        if self.form is not None:
            return self.form(value)
        return currency_code(value) if self.kind == "currency" else value

    @staticmethod
    def _formed(texts: Sequence[str], form: Callable[[str], str]) -> list[str]:
        """Each text in its proper form, once; of several the one that is wrong is named."""
        if not texts:
            raise ValueError("must have one entry at least")
        formed: dict[str, None] = {}
        for text in texts:
            try:
                formed[form(text)] = None
            except ValueError as error:
                raise ValueError(f"has {text!r}, which {error}") from None
        return list(formed)

    def _number(self, value: Any) -> int:
        """A whole number within its limits; YAML and a terminal give it as text."""
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(self.most)):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not self.least <= value <= self.most:
            raise ValueError(f"must be a whole number from {self.least} to {self.most}")
        return value


class Table(NamedTuple):
    """A kind of setting that is a table by currency: the form of a value, what it is called, and what one types."""

    form: Callable[[Any], str]
    what: str
    example: str


TABLES: Mapping[str, Table] = {
    "rates": Table(rate_text, "rate", "EUR=1.08 GBP=1.27"),
    "amounts": Table(amount_text, "amount", "USD=100 EUR=90"),
}


def _by_currency(value: Any, table: Table) -> dict[str, str]:
    """The values of currencies, by code; raises ValueError with the one that is wrong."""
    if not isinstance(value, Mapping):
        example = table.example.partition(" ")[0].replace("=", " = ")
        raise ValueError(f"must be a table of currencies and their {table.what}s, like {example}")
    values = {}
    for code, entry in sorted(value.items()):
        try:
            values[currency_code(code)] = table.form(entry)
        except ValueError as error:
            raise ValueError(f"has {code}={entry}, which {error}") from None
    return values


KEPT_ONLY = frozenset(
    (
        "customer.invitations",
        "menu.main",
        "product.export",
        "product.export_prices",
        "product.export_price_tiers",
        "search.history",
        "search.history_collection",
    )
)
"""The settings that nothing here depends on: they are kept, shown and exported for the shop that has the feature."""
_EFFECTS = ("used", "kept only")

SETTINGS: Mapping[str, Setting] = {
    setting.name: replace(setting, about=f"{setting.about} Kept only.") if setting.name in KEPT_ONLY else setting
    for setting in (
        # oroinc/customer-portal CustomerBundle/DependencyInjection/Configuration.php: registration_allowed,
        # anonymous_customer_group, customer_visitor_cookie_lifetime_days. The roles are fields of its website.
        Setting(
            "customer.default_role",
            "reference",
            "buyer",
            "The role of users who register themselves.",
            to="customer-user-role",
        ),
        Setting(
            "customer.guest_role", "reference", "visitors", "What visitors may do: their role.", to="customer-user-role"
        ),
        Setting("customer.registration", "bool", True, "Whether people may register themselves."),
        # oroinc/customer-portal CustomerBundle/DependencyInjection/Configuration.php: default_customer_owner.
        Setting(
            "customer.default_owner",
            "text",
            None,
            "Who owns the customers and users that visitors make; without, whoever runs the command.",
        ),
        # Documented for the enterprise edition: oroinc/documentation-markdown, user/back-office/customers/
        # customer-groups/customer-group-configuration/commerce/customer/index.md.
        Setting(
            "customer.invitations",
            "bool",
            True,
            "Whether customer users may invite others by e-mail.",
            scopes=EVERYWHERE,
        ),
        Setting(
            "guest.group",
            "reference",
            GUEST_GROUP[0],
            "The customer group whose terms visitors get.",
            to="customer-group",
        ),
        Setting(
            "guest.visitor_lifetime_days",
            "int",
            30,
            "For how many days after the last visit a visitor's session is kept.",
            least=1,
            most=36_500,
        ),
        # oroinc/customer-portal FrontendBundle/DependencyInjection/Configuration.php: guest_access_enabled and
        # guest_access_allowed_system_pages; oroinc/orocommerce CMSBundle: guest_access_allowed_cms_pages.
        Setting("guest.access", "bool", True, "Whether the website is open to visitors."),
        Setting("guest.allowed_pages", "list", [], "The pages that stay open to visitors while the website is not."),
        # oroinc/orocommerce: availability_for_guests (ShoppingListBundle), guest_checkout (CheckoutBundle), guest_rfp
        # (RFPBundle), enable_guest_quote (SaleBundle), guest_quick_order_form (ProductBundle).
        Setting("guest.shopping_list", "bool", False, "Whether visitors may keep a shopping list."),
        Setting("guest.checkout", "bool", False, "Whether visitors may check out."),
        Setting("guest.request", "bool", False, "Whether visitors may ask for a quote."),
        Setting("guest.quote", "bool", False, "Whether visitors may open a quote by its link."),
        Setting("guest.quick_order", "bool", False, "Whether visitors may use the quick order form."),
        # The same bundles: default_guest_shopping_list_owner, default_guest_checkout_owner, default_guest_rfp_owner.
        Setting("guest.shopping_list_owner", "text", None, "Who owns the shopping lists of visitors."),
        Setting("guest.checkout_owner", "text", None, "Who owns the checkouts of visitors."),
        Setting("guest.request_owner", "text", None, "Who owns the requests of visitors."),
        # oroinc/orocommerce ShoppingListBundle/DependencyInjection/Configuration.php: shopping_list_limit.
        Setting(
            "shopping_list.limit",
            "int",
            0,
            "How many shopping lists a user may have, 0 for any number.",
            most=1_000_000,
        ),
        # oroinc/platform LocaleBundle and oroinc/orocommerce PricingBundle/DependencyInjection/Configuration.php:
        # enabled_localizations, default_localization, enabled_currencies, default_currency.
        Setting(
            "language.enabled",
            "list",
            ["en"],
            "The languages that people may choose from.",
            scopes=EVERYWHERE,
            form=language_code,
        ),
        Setting(
            "language.default",
            "text",
            "en",
            "The language of those who have chosen none, or one that may not be chosen.",
            scopes=EVERYWHERE,
            form=language_code,
        ),
        Setting(
            "currency.enabled",
            "list",
            ["USD"],
            "The currencies that people may choose from.",
            scopes=EVERYWHERE,
            form=currency_code,
        ),
        Setting(
            "currency.default",
            "currency",
            "USD",
            "The currency of those who have chosen none, or one that may not be chosen.",
            scopes=EVERYWHERE,
        ),
        # oroinc/orocommerce CheckoutBundle/DependencyInjection/Configuration.php: minimum_order_amount and
        # maximum_order_amount.
        Setting("order.minimum", "amounts", {}, "The least that an order comes to, by currency.", scopes=EVERYWHERE),
        Setting("order.maximum", "amounts", {}, "The most that an order comes to, by currency.", scopes=EVERYWHERE),
        # oroinc/orocommerce WebsiteSearchBundle/DependencyInjection/Configuration.php:
        # enable_global_search_history_feature and _tracking; groups and customers have the second alone.
        Setting("search.history", "bool", False, "Whether the shop has a history of searches on the storefront."),
        Setting(
            "search.history_collection",
            "bool",
            True,
            "Whether searches are kept, where the shop has a history of them.",
            scopes=EVERYWHERE,
        ),
        # oroinc/orocommerce ProductBundle/DependencyInjection/Configuration.php: product_data_export_enabled,
        # product_prices_export_enabled, product_price_tiers_export_enabled.
        Setting(
            "product.export",
            "bool",
            False,
            "Whether products may be exported from a list.",
            scopes=EVERYWHERE,
        ),
        Setting("product.export_prices", "bool", False, "Whether that export has prices.", scopes=EVERYWHERE),
        Setting("product.export_price_tiers", "bool", False, "Whether it has price tiers.", scopes=EVERYWHERE),
        # oroinc/orocommerce VisibilityBundle/DependencyInjection/Configuration.php: category_visibility and
        # product_visibility.
        Setting(
            "category.visibility",
            "choice",
            "visible",
            "Who sees a category that follows the configuration.",
            choices=("visible", "hidden"),
        ),
        Setting(
            "product.visibility",
            "choice",
            "visible",
            "Who sees a product that follows the configuration.",
            choices=("visible", "hidden"),
        ),
        # oroinc/orocommerce PricingBundle/DependencyInjection/Configuration.php: price_strategy and
        # default_price_lists; Entity/PriceListToWebsite.php and PriceListWebsiteFallback.php.
        Setting(
            "price.strategy",
            "choice",
            "minimal_prices",
            "Which price counts: the lowest of all lists, or that of the first list that has one.",
            choices=("minimal_prices", "merge_by_priority"),
        ),
        Setting(
            "price.website_lists",
            "list",
            [],
            "The price lists of the website, the first first, behind those of customers and groups.",
            to="price-list",
        ),
        Setting(
            "price.website_unmerged_lists",
            "list",
            [],
            "Those of them whose prices are not merged with those of other lists.",
            to="price-list",
        ),
        Setting(
            "price.website_fallback",
            "choice",
            "config",
            "What comes behind the price lists of the website: those of the configuration, or nothing.",
            choices=("config", "this_website_only"),
        ),
        Setting("price.default_lists", "list", [], "The price lists of the configuration.", to="price-list"),
        Setting(
            "price.default_unmerged_lists",
            "list",
            [],
            "Those of them whose prices are not merged with those of other lists.",
            to="price-list",
        ),
        # oroinc/customer-portal CommerceMenuBundle/DependencyInjection/Configuration.php: main_navigation_menu.
        Setting(
            "menu.main",
            "text",
            "commerce_main_menu",
            "The menu that is the storefront's main menu.",
            scopes=EVERYWHERE,
        ),
        # oroinc/crm SalesBundle/DependencyInjection/Configuration.php: default_opportunity_probabilities.
        *(
            Setting(
                f"opportunity.probability.{status}",
                "int",
                percent,
                f"How likely an opportunity is to be won whose status is {status}, in percent.",
                most=100,
            )
            for status, percent in PROBABILITIES.items()
        ),
        # oroinc/orocommerce-orocrm Bridge/CustomerAccount/DependencyInjection/Configuration.php:
        # customer_account_settings; `none` is ours.
        Setting(
            "account.strategy",
            "choice",
            "each",
            "For which customers an account is made: each, those at the root of a tree, or none.",
            choices=("each", "root", "none"),
        ),
        # oroinc/orocommerce OrderBundle/DependencyInjection/Configuration.php: enable_purchase_history.
        Setting(
            "order.purchase_history",
            "bool",
            False,
            "Whether the products that were bought before are listed.",
            scopes=EVERYWHERE,
        ),
        Setting(
            "order.purchase_history_days",
            "int",
            90,
            "For how many days a product counts as bought before.",
            scopes=EVERYWHERE,
            least=1,
            most=36_500,
        ),
        # oroinc/platform CurrencyBundle/DependencyInjection/Configuration.php: default_currency. Oro keeps the rate
        # of each amount; here one table has those that count.
        Setting(
            "currency.base", "currency", BASE_CURRENCY, "The currency in which amounts of several currencies are told."
        ),
        Setting(
            "currency.rates",
            "rates",
            {},
            "What one unit of each other currency is worth in the base currency.",
        ),
    )
}
"""Every setting by name (features 3.4, 3.5, 6, 7.5 and 8.4 for their meaning and defaults)."""

FEATURES = tuple(name for name, setting in SETTINGS.items() if name.startswith("guest.") and setting.kind == "bool")


def owner_of(key: str) -> tuple[Noun | None, str]:
    """Whose setting it is, by its key: `group/partners/NAME`, `customer/acme/NAME`; the whole shop's is nobody's."""
    scope, slash, rest = key.partition("/")
    return (SCOPES[scope], rest.rpartition("/")[0]) if slash else (None, "")


def value_of(connection: sqlite3.Connection, name: str) -> Any:
    """What a setting is for the whole shop: the stored value, else its default."""
    row = connection.execute("SELECT value FROM setting WHERE key = ?", (name,)).fetchone()
    return json.loads(row[0]) if row else SETTINGS[name].default


def guest_features(connection: sqlite3.Connection) -> frozenset[str]:
    """The guest features that are switched on."""
    return frozenset(name for name in FEATURES if value_of(connection, name))


# -- where a setting is set ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where a setting can be set: the whole shop, or one group or customer."""

    scope: Scope = "system"
    owner: str = ""

    def key(self, name: str) -> str:
        """The key of the record that holds a setting here."""
        return name if self.scope == "system" else f"{self.scope}/{self.owner}/{name}"

    @property
    def title(self) -> str:
        """How output calls it: `customer:acme`, `customer-group:partners`, `system`."""
        return self.scope if self.scope == "system" else reference(SCOPES[self.scope], self.owner)


SYSTEM = Place()


def place_of(connection: sqlite3.Connection, text: str | None) -> Place:
    """The place that `group:partners` or `customer:acme` means, None the whole shop.

    Raises exit 4 for another type, 3 for a group or customer that is not stored.
    """
    if text is None:
        return SYSTEM
    kind, _, key = text.partition(":")
    scope: Scope | None = "customer" if kind == CUSTOMER.name else "group" if kind in ("group", GROUP.name) else None
    if scope is None or not key:
        hint = "like --for group:partners or --for customer:acme"
        raise invalid(f"settings are for a group or a customer, not for {text!r}", field="for", value=text, hint=hint)
    return Place(scope, lookup.require(connection, SCOPES[scope], key)[1])


def setting_of(name: str, scope: Scope = "system") -> Setting:
    """The setting of that name; exit 4 for an unknown one, and for a scope that cannot set it."""
    setting = SETTINGS.get(name)
    if setting is None:
        close = near(name, SETTINGS)
        hint = did_you_mean(close) or "to see them all: custctl setting list"
        raise invalid(f"unknown setting {name!r}", code="unknown-setting", field=name, hint=hint, candidates=close)
    if scope not in setting.scopes:
        words = f"{name} is set for {' or '.join(setting.scopes)}, not for a {scope}"
        raise invalid(words, field=name)
    return setting


def read(connection: sqlite3.Connection, setting: Setting, words: Sequence[str]) -> Any:
    """The value that was typed, by the setting's kind: each word an entry of a list, else there is one word.

    Raises exit 2 for more words than one, 3 for a reference that leads nowhere, 4 for a value that does not fit.
    """
    if setting.kind == "list":
        _refuse_commas(setting, words)
        if not setting.to:
            return list(words)
        return [lookup.require(connection, NOUNS[setting.to], word)[1] for word in dict.fromkeys(words) if word]
    if setting.kind in TABLES:
        return _typed_table(setting, TABLES[setting.kind], words)
    if len(words) != 1:
        raise usage(f"{setting.name} takes one value, not {len(words)}", "quote a value that holds spaces")
    text = words[0]
    if setting.kind == "reference" and text:
        return lookup.require(connection, NOUNS[setting.to], text)[1]
    if setting.kind == "bool":
        on = switch_of(text)
        if on is None:
            raise invalid(f"setting {setting.name} is on or off, not {text!r}", field=setting.name, value=text)
        return on
    if not text:
        hint = f"to put back what counts without it: {shell.command('setting unset', setting.name)}"
        raise invalid(f"setting {setting.name} cannot be nothing", field=setting.name, value=text, hint=hint)
    return text


def _refuse_commas(setting: Setting, words: Sequence[str]) -> None:
    """Raise exit 4 for entries written with commas, as output shows them, where no entry can hold a comma."""
    typed = " ".join(words)
    if setting.form is not None and "," in typed:
        hint = f"every entry is a word of its own: {' '.join(typed.replace(',', ' ').split())}"
        wrong = f"setting {setting.name} has its entries apart, without commas"
        raise invalid(wrong, field=setting.name, value=typed, hint=hint)


def _typed_table(setting: Setting, table: Table, words: Sequence[str]) -> dict[str, str]:
    """The table that words like `EUR=1.08` are; exit 4 for another word, and for a currency that is named twice."""
    values = {}
    for word in words:
        code, sign, value = word.partition("=")
        if not sign or code in values:
            wrong = f"{code} is named twice" if sign else f"{word!r} is no {table.what}"
            hint = f"like {shell.command('setting set', setting.name, *table.example.split())}"
            raise invalid(f"setting {setting.name}: {wrong}", field=setting.name, value=word, hint=hint)
        values[code] = value
    return values


# -- which value counts --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Value:
    """What one level says about a setting; `stored` tells a stored value from none."""

    level: str
    value: Any
    stored: bool


def levels(connection: sqlite3.Connection, setting: Setting, place: Place) -> list[Value]:
    """What each level says, the nearest first: customer, its group, the shop, the default."""
    return next(_levels(connection, [setting], place))


def counting(found: Sequence[Value]) -> Value:
    """The one of these levels that counts: the first that stores a value; the default always does."""
    return next(value for value in found if value.stored)


def effective(connection: sqlite3.Connection, setting: Setting, place: Place = SYSTEM) -> dict[str, Any]:
    """A setting as commands show it: the value that counts at a place, and the level it comes from."""
    return _told(setting, place, counting(levels(connection, setting, place)))


def listed(connection: sqlite3.Connection, place: Place) -> Iterator[dict[str, Any]]:
    """Every setting that can be set at a place, by name, as commands show it."""
    named = [setting for _, setting in sorted(SETTINGS.items()) if place.scope in setting.scopes]
    for setting, found in zip(named, _levels(connection, named, place), strict=True):
        yield _told(setting, place, counting(found))


def meanings(connection: sqlite3.Connection) -> dict[str, Callable[[str], str]]:
    """How values of conditions on settings are read: names, kinds, scopes and origins that are known (exit 4)."""
    from custctl.store.meant import Reader, one_of  # a single setting is read without conditions

    kinds = tuple(dict.fromkeys(setting.kind for setting in SETTINGS.values()))

    def origin(word: str) -> str:
        return word if word in ("system", "default") else Reader(connection).reference("origin", word)

    return {
        "name": one_of("name", tuple(SETTINGS)),
        "kind": one_of("kind", kinds),
        "scopes": one_of("scopes", EVERYWHERE),
        "origin": origin,
        "effect": one_of("effect", _EFFECTS),
    }


def _levels(connection: sqlite3.Connection, settings: Sequence[Setting], place: Place) -> Iterator[list[Value]]:
    """What each level says about each setting, all of it read at once."""
    chain = _chain(connection, place)
    keys = [level.key(setting.name) for setting in settings for level in chain]
    query = "SELECT key, value FROM setting WHERE key IN (SELECT value FROM json_each(?))"
    stored = {key: json.loads(value) for key, value in connection.execute(query, (json.dumps(keys),))}
    for setting in settings:
        named = [(level.title, level.key(setting.name)) for level in chain if level.scope in setting.scopes]
        found = [Value(title, stored.get(key), key in stored) for title, key in named]
        yield [*found, Value("default", setting.default, stored=True)]


def _chain(connection: sqlite3.Connection, place: Place) -> list[Place]:
    """A place and those that count after it."""
    if place.scope == "system":
        return [SYSTEM]
    if place.scope == "group":
        return [place, SYSTEM]
    query = "SELECT g.key FROM customer c JOIN customer_group g ON g.id = c.group_id WHERE c.key = ?"
    row = connection.execute(query, (place.owner,)).fetchone()
    return [place, *([Place("group", row[0])] if row else []), SYSTEM]


def _told(setting: Setting, place: Place, value: Value) -> dict[str, Any]:
    return {
        "key": place.key(setting.name),
        "name": setting.name,
        "value": value.value,
        "origin": value.level,
        "default": setting.default,
        "effect": _EFFECTS[setting.name in KEPT_ONLY],
        "kind": setting.kind,
        "scopes": list(setting.scopes),
        "about": setting.about,
    }
