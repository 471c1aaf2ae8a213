"""What may be written: one validated model a noun, for single commands, documents and bulk alike.

A field that is not given stays untouched; "" and null clear it. Messages are ours, so that an error reads the
same wherever the value came from. References are checked for their form here and for their target by the unit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import repeat
from operator import itemgetter
from typing import Annotated, Any, ClassVar, Self, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    ValidationError,
    model_validator,
)

from custctl.choices import (
    ACTIVITY_KINDS,
    ADDRESS_TYPES,
    AUTH_STATUSES,
    CATEGORY_CUSTOMER_VISIBILITIES,
    CATEGORY_GROUP_VISIBILITIES,
    CATEGORY_VISIBILITIES,
    CHANNEL_TYPES,
    CONTENT_KINDS,
    CUSTOMER_FALLBACKS,
    DIRECTIONS,
    GENDERS,
    GROUP_FALLBACKS,
    LEAD_STATUSES,
    MANUAL_DEFAULTS,
    MARKETING_TYPES,
    METHODS,
    OWNERSHIPS,
    PAYMENT_STATUSES,
    PRODUCT_CUSTOMER_VISIBILITIES,
    PRODUCT_GROUP_VISIBILITIES,
    PRODUCT_STATUSES,
    PRODUCT_VISIBILITIES,
    RATINGS,
    SOURCES,
    TASK_STATUSES,
)
from custctl.formats import visible
from custctl.policy.catalogue import ENTITIES, FIELD_ONLY, SALES_DOCUMENTS
from custctl.policy.model import LEVELS, Reason
from custctl.resources import MAX_KEY, NOUNS, PROBABILITIES, SHORT_TYPES, fold, slug, trimmed
from custctl.store.codec import (
    currency_code,
    day_from,
    is_web_address,
    language_code,
    moment_from,
    money_from,
    money_text,
)

MAX_TAG = 50
_KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")


_Check = TypeVar("_Check", bound=Callable[..., Any])
_WORDS: dict[Callable[..., Any], str] = {}


def _means(words: str) -> Callable[[_Check], _Check]:
    """Say what a value that passes the check is; words with a comma in front only narrow those of an earlier check."""

    def keep(check: _Check) -> _Check:
        _WORDS[check] = words
        return check

    return keep


_Keeps = Callable[[Sequence[str], str], bool]
_KEEPS: dict[Callable[..., Any], _Keeps] = {}


def _keeps(test: _Keeps) -> Callable[[_Check], _Check]:
    """Say of which texts, of all of them and of them in one, it is certain that the check leaves each as it is."""

    def keep(check: _Check) -> _Check:
        _KEEPS[check] = test
        return check

    return keep


def keeps_all(hint: Any, texts: Sequence[str]) -> bool:
    """Whether a field of this type surely takes each of these texts, none of them empty, exactly as it is.

    One look at thousands of texts costs what one text costs by the model; where it cannot tell, the model can.
    """
    tests = [_KEEPS.get(getattr(check, "func", _never), _never) for check in getattr(hint, "__metadata__", ())]
    joined = "".join(texts)
    return bool(tests) and all(test(texts, joined) for test in tests)


def _never(_texts: Sequence[str], _joined: str) -> bool:
    return False


def _is_text(texts: Sequence[str], joined: str) -> bool:
    try:
        joined.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in joined and list(map(str.strip if joined.isascii() else trimmed, texts)) == list(texts)


def _each(pattern: str) -> _Keeps:
    match = re.compile(pattern).match
    return lambda texts, _joined: all(map(match, texts))


@_keeps(_is_text)
@_means("text")
def _text(value: Any) -> str | None:
    """Text without white space around it, or None for what clears; a number in a document is read as written."""
    if value is None:
        return None
    if type(value) is str and value.isascii() and "\0" not in value:  # as most are
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("must be text")
    text = trimmed(str(value))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds a character that is not valid Unicode") from None
    if "\0" in text:  # SQL functions stop at it, and PostgreSQL cannot keep it
        raise ValueError("holds a NUL character")
    return text or None


@_keeps(lambda texts, _joined: all(texts))
def _required(value: str | None) -> str:
    if value is None:
        raise ValueError("must not be blank")
    return value


def _longest(limit: int, shortest: int = 0) -> Callable[[str | None], str | None]:
    wanted = f"{shortest} to {limit}" if shortest else f"at most {limit}"

    @_keeps(lambda texts, _joined: all(shortest <= size <= limit for size in {*map(len, texts)}))
    @_means(f", {wanted} characters")
    def check(value: str | None) -> str | None:
        if value is not None and not shortest <= len(value) <= limit:
            raise ValueError(f"must have {wanted} characters, this has {len(value)}")
        return value

    return check


def _one_of(words: Sequence[str]) -> Callable[[str | None], str | None]:
    @_keeps(lambda texts, _joined: {*texts} <= {*words})
    @_means(f"one of {', '.join(words)}")
    def check(value: str | None) -> str | None:
        if value is not None and value not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return value

    return check


def _unsaid_is(default: str) -> Callable[[str | None], str]:
    """The default of a field that is cleared."""
    return lambda value: value or default


def _if_given(check: Callable[[str], str]) -> Callable[[str | None], str | None]:
    """The check, for a value that may be absent."""

    @_means(_WORDS[check])
    def check_given(value: str | None) -> str | None:
        return None if value is None else check(value)

    return check_given


@_keeps(_each(rf"(?=.{{1,{MAX_KEY}}}\Z)[a-z0-9]+(?:-[a-z0-9]+)*\Z"))
@_means(f"a key: letters, digits and single hyphens, at most {MAX_KEY}")
def _slug(value: str) -> str:
    """A given key must be its own slug; the slug is offered."""
    proper = slug(value, "key")
    if value != proper:
        raise ValueError(f"is not a key: letters, digits and single hyphens, at most {MAX_KEY}; try {proper!r}")
    return value


@_means("an e-mail address, or the key of a guest")
def _user_key(value: str | None) -> str | None:
    """An e-mail address, or the slug of a guest."""
    return value and (fold(value) if "@" in value else _slug(value))


@_keeps(lambda _texts, joined: joined.isprintable())
def _visible(value: str) -> str:
    if visible(value) != value:
        raise ValueError("holds an invisible or control character")
    return value


_PLAIN_LOCAL = r"[a-z0-9][a-z0-9_+-]{0,30}(?:\.[a-z0-9_+-]{1,15}){0,2}"
_PLAIN_DOMAIN = r"(?:[a-z0-9]{1,20}(?:-[a-z0-9]{1,20})?\.){1,4}(?:com|org|net|example)"
_PLAIN_EMAIL = re.compile(rf"(?=.{{6,200}}\Z){_PLAIN_LOCAL}@{_PLAIN_DOMAIN}\Z")
"""Plain addresses that the library accepts unchanged: asking it costs more than all else about a user."""


_IS_PLAIN_LOCAL, _IS_PLAIN_DOMAIN = (re.compile(rf"{part}\Z").match for part in (_PLAIN_LOCAL, _PLAIN_DOMAIN))


def _all_plain_emails(texts: Sequence[str], _joined: str) -> bool:
    """What `_PLAIN_EMAIL` says of each of thousands of addresses; a domain that many share is looked at once."""
    if not all(6 <= size <= 200 for size in {*map(len, texts)}):
        return False
    parts = list(map(str.partition, texts, repeat("@")))
    domains = {domain for _, _, domain in parts}
    return all(map(_IS_PLAIN_DOMAIN, domains)) and all(map(_IS_PLAIN_LOCAL, map(itemgetter(0), parts)))


@_keeps(lambda texts, joined: "id:" not in joined and "-" not in texts)
def _naming(value: str) -> str:
    """A command line would take `id:17` for another record, and `-` for names on standard input."""
    if value == "-" or re.fullmatch(r"id:[0-9]+", value):
        raise ValueError("must be neither - nor like id:17, which name something else")
    return value


@_keeps(_all_plain_emails)
@_means("an e-mail address")
def _email(value: str) -> str:
    if len(value) < 6 or len(value) > 255:
        raise ValueError(f"must have 6 to 255 characters, this has {len(value)}")
    if _PLAIN_EMAIL.match(value):
        return value
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise ValueError(f"is not an e-mail address: {error}") from None


FIRST_YEAR = 1900
"""Days and times before it are slips, like the days from which spreadsheets count."""


@_means("a date like 1990-12-31")
def _day(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        day = day_from(value)
    except ValueError:
        raise ValueError("must be a date like 1990-12-31") from None
    if day.year < FIRST_YEAR:
        raise ValueError(f"must not be before {FIRST_YEAR}")
    return day.isoformat()


def _not_in_the_future(day: str | None) -> str | None:
    if day is not None and day > datetime.now(UTC).date().isoformat():
        raise ValueError("must not be in the future")
    return day


@_means("a time like 2026-01-31T12:00:00Z")
def _time(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        moment = moment_from(value)
    except (ValueError, OverflowError):  # OverflowError: before the year 1 or after 9999 in UTC
        raise ValueError("must be a time like 2026-01-31T12:00:00Z") from None
    if moment.year < FIRST_YEAR:
        raise ValueError(f"must not be before {FIRST_YEAR}")
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


_CLOCKS_DIFFER = timedelta(minutes=5)
"""By so much a time of another machine may lie ahead."""


def _not_yet_to_come(moment: str | None) -> str | None:
    if moment is not None and datetime.fromisoformat(moment) > datetime.now(UTC) + _CLOCKS_DIFFER:
        raise ValueError("must not be in the future")
    return moment


@_means("money like 1234.50, as text")
def _money(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and not trimmed(value)):
        return None
    return money_text(money_from(value))


@_means("a currency code of three capitals, like USD")
def _currency(code: str) -> str:
    return currency_code(code)


@_means("a language like en or pt-BR")
def _language(code: str) -> str:
    return language_code(code)


@_means("true or false")
def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


@_means("true or false")
def _switch(value: Any) -> bool | None:
    return None if value is None or value == "" else _bool(value)


def _list_of(item: Callable[[str], Any] = _visible) -> Callable[[Any], list[Any]]:
    @_means(f"a list of {_WORDS.get(item, 'texts')}")
    def check(value: Any) -> list[Any]:
        if value is None or value == "":
            return []
        if not isinstance(value, list):
            raise ValueError("must be a list")
        made = [item(_required(_text(entry))) for entry in value]
        return list(dict.fromkeys(made))

    return check


def _entries(name: str, item: Callable[[str], str]) -> Callable[[Any], list[str]]:
    """Texts, the primary one first; or tables with the text under `name`, of which one may be `primary`.

    Texts that differ in letter case only are one.
    """

    def one(text: str) -> str:
        try:
            return item(text)
        except ValueError as error:
            raise ValueError(f"holds {text!r}, which {error}") from None

    each = _list_of(one)

    @_means(f"a list of {name}s, the primary one first")
    def check(value: Any) -> list[str]:
        texts = _primary_first(value, name) if isinstance(value, list) else value
        entries: dict[str, str] = {}
        for entry in each(texts):
            entries.setdefault(fold(entry), entry)
        return list(entries.values())

    return check


def _primary_first(entries: list[Any], name: str) -> list[Any]:
    texts = [_entry_text(entry, name) for entry in entries]
    primary = [place for place, entry in enumerate(entries) if isinstance(entry, dict) and entry.get("primary")]
    if len(primary) > 1:
        raise ValueError(f"has {len(primary)} primary entries: one is the primary")
    return [texts[place] for place in primary] + [text for place, text in enumerate(texts) if place not in primary]


def _entry_text(entry: Any, name: str) -> Any:
    if not isinstance(entry, dict):
        return entry
    if set(entry) - {name, "primary"} or name not in entry or not isinstance(entry.get("primary", False), bool):
        raise ValueError(f"holds texts, or tables with {name} and primary = true or false")
    return entry[name]


@_means("words; a tag that is new is made")
def _tag(value: str) -> str:
    if len(value) > MAX_TAG:
        raise ValueError(f"must have at most {MAX_TAG} characters each, one has {len(value)}")
    return _visible(value)


@_means("price lists by key or name")
def _price_list(value: str) -> str:
    if len(value) > 255:
        raise ValueError(f"must have at most 255 characters each, one has {len(value)}")
    return _visible(value)


@_means("a colour like #1A2B3C")
def _color(value: str | None) -> str | None:
    """`#RRGGBB`, in capitals (feature T-02)."""
    if value is not None and not re.fullmatch("#[0-9A-Fa-f]{6}", value):
        raise ValueError("must be a colour like #1A2B3C")
    return value and value.upper()


@_means("letters, digits, - and _")
def _code(value: str | None) -> str | None:
    """A tax code (feature P-02). Source: oroinc/orocommerce TaxBundle, AbstractTaxCode validation."""
    if value is not None and not re.fullmatch("[A-Za-z0-9_-]{1,255}", value):
        raise ValueError("must be letters, digits, - and _")
    return value


@_means("letters, digits, - . and _")
def _sku(value: str) -> str:
    """A SKU. Source: oroinc/orocommerce ProductBundle/Resources/config/validation.yml; the dot is ours."""
    if not re.fullmatch("[A-Za-z0-9._-]{1,255}", value):
        raise ValueError("must be letters, digits, - . and _, at most 255")
    return value


def _first_is_unsaid(words: Sequence[str]) -> Callable[[str | None], str | None]:
    """One of the words, where the first is the same as nothing: what counts when nothing is said."""
    one = _one_of(words)

    @_means(f"one of {', '.join(words)}; the first is the default")
    def check(value: str | None) -> str | None:
        return None if one(value) == words[0] else value

    return check


def _choices(words: Sequence[str]) -> Callable[[Any], dict[str, str]]:
    """A word about each of several records, by key; the first word, "" and null are the same as none."""
    unsaid = _first_is_unsaid(words)

    @_means(f"a table by key: one of {', '.join(words)}; the first is the default")
    def check(value: Any) -> dict[str, str]:
        if value is None or value == "":
            return {}
        if not isinstance(value, dict):
            raise ValueError("must be a table: a word for each key")
        said: dict[str, str] = {}
        for key, word in value.items():
            try:
                chosen = unsaid(_text(word))
            except ValueError as error:
                raise ValueError(f"{key}: {error}") from None
            if chosen is not None:
                said[fold(trimmed(key))] = chosen
        return dict(sorted(said.items()))

    return check


_address_type = _one_of(ADDRESS_TYPES)


@_means("billing and shipping")
def _address_types(value: str) -> str | None:
    return _address_type(value)


@_means(f"one of {', '.join(LEVELS)}")
def _level(value: Any) -> str:
    if not isinstance(value, str) or value not in LEVELS:
        raise ValueError(f"must be one of {', '.join(LEVELS)}")
    return value


def _table(value: Any) -> Any:
    return {} if value is None or value == "" else value


_at_most_255 = _longest(255)


def _short(value: str) -> str:
    _at_most_255(value)
    return value


@_means("keys")
def _folded_key(value: str) -> str:
    return fold(value)


def _whole(least: int, most: int) -> Callable[[Any], int | None]:
    @_means(f"a whole number from {least} to {most}")
    def check(value: Any) -> int | None:
        if value is None or value == "":
            return None
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(most)):
            value = int(value)  # YAML, sheets and a terminal give it as text
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return value

    return check


@_means("a whole number from 1 to 999999999")
def _quantity(value: Any) -> int:
    quantity = _whole(1, 999_999_999)(value)
    return 1 if quantity is None else quantity


@_means("an amount, nothing or more")
def _not_negative(value: str | None) -> str | None:
    if value is not None and value.startswith("-"):
        raise ValueError("must not be negative")
    return value


@_means("a web address like https://acme.example")
def _web(value: str | None) -> str | None:
    if value is not None and not is_web_address(value):
        raise ValueError("must be a web address that begins with http:// or https://")
    return value


@_means("a web address, or the name of a profile")
def _profile(value: str | None) -> str | None:
    """Who somebody is at a social network: a name without blanks, or the address of the page.

    Source: oroinc/crm ContactBundle/Resources/config/validation.yml, where these are addresses; names are ours.
    """
    if value is None or is_web_address(value) or not re.search(r"[\s:/\\]", value):
        return value
    raise ValueError("must be the name of a profile, or a web address that begins with http:// or https://")


Text = Annotated[str | None, PlainValidator(_text)]
Short = Annotated[Text, AfterValidator(_longest(255))]
Long = Annotated[Text, AfterValidator(_longest(500))]
Website = Annotated[Short, AfterValidator(_web)]
Profile = Annotated[Short, AfterValidator(_profile)]
Name = Annotated[str, PlainValidator(_text), AfterValidator(_required), AfterValidator(_longest(255))]
Label = Annotated[str, PlainValidator(_text), AfterValidator(_required), AfterValidator(_longest(255, 3))]
Slug = Annotated[str, PlainValidator(_text), AfterValidator(_required), AfterValidator(_slug)]
Number = Annotated[
    str,
    PlainValidator(_text),
    AfterValidator(_required),
    AfterValidator(_visible),
    AfterValidator(_naming),
    AfterValidator(_longest(255)),
]
Email = Annotated[
    str, PlainValidator(_text), AfterValidator(_required), AfterValidator(_visible), AfterValidator(_email)
]
Reference = Annotated[Text, AfterValidator(lambda value: value and fold(value))]
Rating = Annotated[Text, AfterValidator(_one_of(RATINGS))]
Bool = Annotated[bool, PlainValidator(_bool)]
Switch = Annotated[bool | None, PlainValidator(_switch)]
Day = Annotated[Text, AfterValidator(_day)]
Date = Annotated[Day, AfterValidator(_not_in_the_future)]
Time = Annotated[Text, AfterValidator(_time)]
PastTime = Annotated[Time, AfterValidator(_not_yet_to_come)]
Money = Annotated[str | None, PlainValidator(_money)]
Texts = Annotated[list[str], PlainValidator(_list_of())]
Tags = Annotated[list[str], PlainValidator(_list_of(_tag))]
Emails = Annotated[list[str], PlainValidator(_entries("email", lambda text: _email(_visible(text))))]
Phones = Annotated[list[str], PlainValidator(_entries("phone", lambda text: _visible(_short(text))))]
TagName = Annotated[
    str, PlainValidator(_text), AfterValidator(_required), AfterValidator(_visible), AfterValidator(_longest(MAX_TAG))
]
PaymentTerm = Annotated[Text, AfterValidator(_longest(255, 3))]
PriceLists = Annotated[list[str], PlainValidator(_list_of(_price_list))]
TaxCode = Annotated[Text, AfterValidator(_code)]
ExternalId = Annotated[Text, AfterValidator(_longest(36))]
Language = Annotated[Text, AfterValidator(_if_given(_language))]
Currency = Annotated[Text, AfterValidator(_if_given(_currency))]
References = Annotated[list[str], PlainValidator(_list_of(_folded_key))]
Default = Annotated[Text, AfterValidator(_one_of(MANUAL_DEFAULTS))]
Entry = Annotated[dict[str, Annotated[str, PlainValidator(_level)]], BeforeValidator(_table)]
Grants = Annotated[dict[str, Entry], BeforeValidator(_table)]
Switches = Annotated[dict[str, Bool], BeforeValidator(_table)]


class Input(BaseModel):
    """What every input has in common: nothing unknown, and `was` for a rename."""

    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True)  # a command needs few of the models

    names: ClassVar[str] = "key"

    def given(self) -> dict[str, Any]:
        """The fields that were given, those that are not the record's own left out."""
        return {name: getattr(self, name) for name in self.model_fields_set if name not in ("was", "addresses")}


class TaxonomyInput(Input):
    """A category of tags (feature T-02)."""

    key: Slug
    was: Reference = None
    name: TagName = ""
    background_color: Annotated[Text, AfterValidator(_color)] = None
    owner: Short = None


class TagInput(Input):
    """A tag, in at most one taxonomy (feature T-01). Source: oroinc/platform TagBundle/Entity/Tag.php."""

    key: Slug
    was: Reference = None
    name: TagName = ""
    taxonomy: Reference = None
    owner: Short = None


class PriceListInput(Input):
    """A list of prices, in one currency (feature P-03).

    Source: oroinc/orocommerce PricingBundle/Entity/PriceList.php.
    """

    key: Slug
    was: Reference = None
    name: Name = ""
    active: Bool = True
    currency: Annotated[Text, AfterValidator(_if_given(_currency))] = None


class GroupInput(Input):
    key: Slug
    was: Reference = None
    name: Name = ""
    owner: Short = None
    payment_term: PaymentTerm = None
    tax_code: TaxCode = None
    price_lists: PriceLists = []
    unmerged_price_lists: References = []
    price_fallback: Annotated[Text, AfterValidator(_first_is_unsaid(GROUP_FALLBACKS))] = None
    tags: Tags = []


class ContactAddressInput(Input):
    """An address of a contact: a country is enough (feature K-03)."""

    key: Annotated[str | None, PlainValidator(_text), AfterValidator(_if_given(_slug))] = None
    label: Short = None
    organization: Short = None
    first_name: Short = None
    middle_name: Short = None
    last_name: Short = None
    street: Long = None
    street2: Long = None
    city: Short = None
    postal_code: Short = None
    phone: Short = None
    country: Annotated[str, PlainValidator(_text), AfterValidator(_required)] = ""
    region: Short = None
    primary: Bool = False
    types: Annotated[list[str], PlainValidator(_list_of(_address_types))] = []
    default: Annotated[list[str], PlainValidator(_list_of(_address_types))] = []


class AddressInput(ContactAddressInput):
    """An address of a customer or a customer user.

    Required: country, street, city, postal code, and a name or an organization (features D-01, D-02).
    """

    street: Annotated[Long, AfterValidator(_required)] = ""
    city: Annotated[Short, AfterValidator(_required)] = ""
    postal_code: Annotated[Short, AfterValidator(_required)] = ""


class CustomerInput(Input):
    key: Slug
    was: Reference = None
    name: Name = ""
    parent: Reference = None
    group: Reference = None
    account: Reference = None
    previous_account: Reference = None
    channel: Reference = None
    internal_rating: Rating = None
    owner: Short = None
    sales_reps: Texts = []
    payment_term: PaymentTerm = None
    tax_code: TaxCode = None
    price_lists: PriceLists = []
    unmerged_price_lists: References = []
    price_fallback: Annotated[Text, AfterValidator(_first_is_unsaid(CUSTOMER_FALLBACKS))] = None
    vat_id: Short = None
    external_id: ExternalId = None
    tags: Tags = []
    addresses: list[AddressInput] = []


class UserInput(Input):
    names: ClassVar[str] = "email"

    key: Annotated[str | None, PlainValidator(_text), AfterValidator(_user_key)] = None
    was: Reference = None
    email: Email = ""
    prefix: Short = None
    first_name: Name = ""
    middle_name: Short = None
    last_name: Name = ""
    suffix: Short = None
    customer: Reference = None
    roles: References = []
    enabled: Bool = True
    confirmed: Bool = True
    guest: Bool = False
    auth_status: Annotated[Text, AfterValidator(_unsaid_is("active")), AfterValidator(_one_of(AUTH_STATUSES))] = (
        "active"
    )
    birthday: Date = None
    language: Language = None
    currency: Currency = None
    owner: Short = None
    sales_reps: Texts = []
    external_id: ExternalId = None
    tags: Tags = []
    addresses: list[AddressInput] = []


class RoleInput(Input):
    key: Annotated[str, PlainValidator(_text), AfterValidator(_required), AfterValidator(fold)]
    was: Reference = None
    label: Label = ""
    self_managed: Bool = False
    public: Bool = True
    default: Default = None
    capability_default: Switch = None
    workflow_default: Default = None
    permissions: Grants = {}
    capabilities: Switches = {}
    workflows: Grants = {}
    fields: Grants = {}
    tags: Tags = []


class VisitorInput(Input):
    key: Slug
    was: Reference = None
    user: Reference = None
    last_visit: PastTime = None
    language: Language = None
    currency: Currency = None


class ContentInput(Input):
    """Something of the website that may differ by who sees it (features P-11, P-13)."""

    key: Slug
    was: Reference = None
    title: Name = ""
    kind: Annotated[Text, AfterValidator(_unsaid_is("block")), AfterValidator(_one_of(CONTENT_KINDS))] = "block"


class ContentVariantInput(Input):
    """What a content is for those of a language, of a customer or of a group; for everybody without any of these.

    Source: oroinc/customer-portal CustomerBundle/Resources/config/services.yml, scope criteria of customer and group.
    """

    key: Slug
    was: Reference = None
    content: Reference = None
    language: Language = None
    customer: Reference = None
    group: Reference = None
    text: Text = None


class ContactGroupInput(Input):
    """A group of contacts (feature K-06)."""

    key: Slug
    was: Reference = None
    label: Label = ""
    owner: Short = None


class ContactInput(Input):
    """A person known to the seller, who need not sign in (features K-01 to K-08).

    Source: oroinc/crm ContactBundle/Entity/Contact.php and its validation.yml.
    """

    key: Slug
    was: Reference = None
    prefix: Short = None
    first_name: Annotated[Text, AfterValidator(_longest(100))] = None
    middle_name: Short = None
    last_name: Annotated[Text, AfterValidator(_longest(100))] = None
    suffix: Short = None
    job_title: Short = None
    emails: Emails = []
    phones: Phones = []
    fax: Short = None
    skype: Short = None
    twitter: Profile = None
    facebook: Profile = None
    google_plus: Profile = None
    linkedin: Profile = None
    gender: Annotated[Text, AfterValidator(_one_of(GENDERS))] = None
    birthday: Date = None
    source: Annotated[Text, AfterValidator(_one_of(SOURCES))] = None
    method: Annotated[Text, AfterValidator(_one_of(METHODS))] = None
    description: Text = None
    owner: Short = None
    assigned_to: Short = None
    reports_to: Reference = None
    groups: References = []
    external_id: ExternalId = None
    tags: Tags = []
    addresses: list[ContactAddressInput] = []


class AccountInput(Input):
    """A company as the seller's people know it, over all channels (features A-01, A-02).

    Source: oroinc/crm AccountBundle/Entity/Account.php.
    """

    key: Slug
    was: Reference = None
    name: Name = ""
    description: Text = None
    owner: Short = None
    referred_by: Reference = None
    contacts: References = []
    default_contact: Reference = None
    external_id: ExternalId = None
    tags: Tags = []


class ChannelInput(Input):
    """A source of customers (feature B-06). Source: oroinc/crm ChannelBundle/Entity/Channel.php."""

    key: Slug
    was: Reference = None
    name: Annotated[str, PlainValidator(_text), AfterValidator(_required), AfterValidator(_longest(250))] = ""
    type: Annotated[Text, AfterValidator(_one_of(tuple(CHANNEL_TYPES)))] = None
    active: Bool = False
    identity: Short = None
    entities: Texts = []
    owner: Short = None


class BusinessCustomerInput(Input):
    """A company that is sold to directly, without a shop (features B-01 to B-05).

    Source: oroinc/crm SalesBundle/Entity/B2bCustomer.php.
    """

    key: Slug
    was: Reference = None
    name: Name = ""
    account: Reference = None
    channel: Reference = None
    contact: Reference = None
    owner: Short = None
    emails: Emails = []
    phones: Phones = []
    employees: Annotated[int | None, PlainValidator(_whole(0, 999_999_999))] = None
    ownership: Short = None
    rating: Short = None
    ticker_symbol: Short = None
    website: Website = None
    external_id: ExternalId = None
    tags: Tags = []
    addresses: list[ContactAddressInput] = []


class LeadInput(Input):
    """Somebody who may become a customer (features S-01 to S-04). Source: oroinc/crm SalesBundle/Entity/Lead.php."""

    key: Slug
    was: Reference = None
    name: Name = ""
    status: Annotated[Text, AfterValidator(_unsaid_is("new")), AfterValidator(_one_of(LEAD_STATUSES))] = "new"
    prefix: Short = None
    first_name: Short = None
    middle_name: Short = None
    last_name: Short = None
    suffix: Short = None
    job_title: Short = None
    company_name: Short = None
    website: Website = None
    employees: Annotated[int | None, PlainValidator(_whole(0, 999_999_999))] = None
    industry: Short = None
    source: Short = None
    notes: Text = None
    twitter: Profile = None
    linkedin: Profile = None
    emails: Emails = []
    phones: Phones = []
    contact: Reference = None
    account: Reference = None
    customer: Reference = None
    business_customer: Reference = None
    owner: Short = None
    external_id: ExternalId = None
    tags: Tags = []
    addresses: list[ContactAddressInput] = []


Amount = Annotated[str | None, PlainValidator(_money), AfterValidator(_not_negative)]


class OpportunityInput(Input):
    """A sale that may come about (features S-05 to S-14). Source: oroinc/crm SalesBundle/Entity/Opportunity.php."""

    key: Slug
    was: Reference = None
    name: Name = ""
    account: Reference = None
    customer: Reference = None
    business_customer: Reference = None
    contact: Reference = None
    lead: Reference = None
    owner: Short = None
    status: Annotated[Text, AfterValidator(_unsaid_is("open")), AfterValidator(_one_of(tuple(PROBABILITIES)))] = "open"
    close_date: Day = None
    probability: Annotated[int | None, PlainValidator(_whole(0, 100))] = None
    budget: Amount = None
    close_revenue: Amount = None
    currency: Annotated[Text, AfterValidator(_if_given(_currency))] = None
    close_reason: Short = None
    customer_need: Text = None
    proposed_solution: Text = None
    notes: Text = None
    closed_at: PastTime = None
    base_budget: Amount = None
    base_revenue: Amount = None
    external_id: ExternalId = None
    tags: Tags = []


class ActivityInput(Input):
    """A call, e-mail, task, event or note, about any number of records (features M-06, M-07)."""

    key: Slug
    was: Reference = None
    kind: Annotated[Text, AfterValidator(_one_of(ACTIVITY_KINDS))] = None
    subject: Name = ""
    description: Text = None
    direction: Annotated[Text, AfterValidator(_one_of(DIRECTIONS))] = None
    at: Time = None
    ends_at: Time = None
    status: Annotated[Text, AfterValidator(_one_of(TASK_STATUSES))] = None
    owner: Short = None
    accounts: References = []
    contacts: References = []
    customers: References = []
    users: References = []
    business_customers: References = []
    leads: References = []
    opportunities: References = []
    orders: References = []
    quotes: References = []
    requests: References = []
    shopping_lists: References = []


class MarketingEventInput(Input):
    """What became of a mailing to one person (feature M-05).

    Source: oroinc/OroCRMMarketingBundle MarketingActivityBundle/Entity/MarketingActivity.php.
    """

    key: Slug
    was: Reference = None
    campaign: Short = None
    type: Annotated[Text, AfterValidator(_one_of(MARKETING_TYPES))] = None
    at: PastTime = None
    details: Text = None
    contact: Reference = None
    user: Reference = None
    lead: Reference = None
    business_customer: Reference = None
    account: Reference = None


class CategoryInput(Input):
    """A category of products, and who sees it (feature P-07)."""

    key: Slug
    was: Reference = None
    name: Name = ""
    parent: Reference = None
    visibility: Annotated[Text, AfterValidator(_one_of(CATEGORY_VISIBILITIES))] = None
    visibility_for_groups: Annotated[dict[str, str], PlainValidator(_choices(CATEGORY_GROUP_VISIBILITIES))] = {}
    visibility_for_customers: Annotated[dict[str, str], PlainValidator(_choices(CATEGORY_CUSTOMER_VISIBILITIES))] = {}


class ProductInput(Input):
    """A product, and who sees it (features P-08, P-09); its SKU names it, in capitals or not."""

    names: ClassVar[str] = "sku"

    key: Reference = None
    was: Reference = None
    sku: Annotated[str, PlainValidator(_text), AfterValidator(_required), AfterValidator(_sku)] = ""
    name: Name = ""
    category: Reference = None
    status: Annotated[Text, AfterValidator(_unsaid_is("enabled")), AfterValidator(_one_of(PRODUCT_STATUSES))] = (
        "enabled"
    )
    visibility: Annotated[Text, AfterValidator(_one_of(PRODUCT_VISIBILITIES))] = None
    visibility_for_groups: Annotated[dict[str, str], PlainValidator(_choices(PRODUCT_GROUP_VISIBILITIES))] = {}
    visibility_for_customers: Annotated[dict[str, str], PlainValidator(_choices(PRODUCT_CUSTOMER_VISIBILITIES))] = {}
    tags: Tags = []


class PriceInput(Input):
    """What one product costs in one price list, from a quantity on (features P-03, P-05).

    Source: oroinc/orocommerce PricingBundle/Entity/ProductPrice.php; units are not kept.
    """

    names: ClassVar[str] = "product"

    key: Reference = None
    price_list: Annotated[str, PlainValidator(_text), AfterValidator(_required), AfterValidator(fold)]
    product: Annotated[str, PlainValidator(_text), AfterValidator(_required), AfterValidator(fold)]
    quantity: Annotated[int, PlainValidator(_quantity)] = 1
    amount: Amount = None


class EntityInput(Input):
    names: ClassVar[str] = "name"

    name: Annotated[str, PlainValidator(_text), AfterValidator(_required), AfterValidator(_longest(MAX_KEY))]
    ownership: Annotated[str, PlainValidator(_text), AfterValidator(_required), AfterValidator(_one_of(OWNERSHIPS))] = (
        ""
    )
    permissions: Texts = []


class OwnedInput(Input):
    customer: Reference = None
    user: Reference = None
    visitor: Reference = None


class SalesInput(OwnedInput):
    """An order, quote, request, shopping list or checkout; the statuses depend on which."""

    names: ClassVar[str] = "number"

    number: Number
    was: Reference = None
    status: Short = None
    subtotal: Money = None
    currency: Currency = None
    payment_status: Annotated[Text, AfterValidator(_one_of(PAYMENT_STATUSES))] = None
    placed_at: PastTime = None
    owner: Short = None
    products: Texts = []
    tags: Tags = []


class RequestInput(SalesInput):
    workflow_active: Bool = False


class RecordInput(OwnedInput):
    entity: Annotated[str, PlainValidator(_text), AfterValidator(_required)]
    key: Number
    parent: Text = None


class TestInput(Input):
    """An expected decision (design 5, `tests`)."""

    __test__: ClassVar[bool] = False

    subject: Number
    action: Number
    resource: Number
    owner: Text = None
    customer: Text = None
    ignore_status: Bool = False
    allowed: Annotated[bool | None, PlainValidator(_switch)] = None
    level: Annotated[str | None, PlainValidator(_if_given(_level))] = None
    reason: Annotated[Text, AfterValidator(_one_of(tuple(Reason)))] = None

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if (self.allowed, self.level, self.reason) == (None, None, None):
            raise ValueError("expects nothing: give allowed, level or reason")
        return self


INPUTS: dict[str, type[Input]] = {
    "entities": EntityInput,
    "taxonomies": TaxonomyInput,
    "tags": TagInput,
    "price_lists": PriceListInput,
    "groups": GroupInput,
    "customers": CustomerInput,
    "roles": RoleInput,
    "users": UserInput,
    "visitors": VisitorInput,
    "contents": ContentInput,
    "content_variants": ContentVariantInput,
    "contact_groups": ContactGroupInput,
    "contacts": ContactInput,
    "accounts": AccountInput,
    "channels": ChannelInput,
    "business_customers": BusinessCustomerInput,
    "leads": LeadInput,
    "opportunities": OpportunityInput,
    "categories": CategoryInput,
    "products": ProductInput,
    "prices": PriceInput,
    "orders": SalesInput,
    "quotes": SalesInput,
    "requests": RequestInput,
    "shopping_lists": SalesInput,
    "checkouts": SalesInput,
    "records": RecordInput,
    "activities": ActivityInput,
    "marketing_events": MarketingEventInput,
    "tests": TestInput,
}
"""The input model of each table of a document."""


def in_words(annotation: Any, checks: Sequence[Any]) -> str:
    """What a value of a type may be, in words: from its checks, else from what its tables hold."""
    words = ""
    for check in checks:
        said = _WORDS.get(getattr(check, "func", None) or check, "")
        words = words + said if said.startswith(",") else said or words
    if words:
        return words
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return in_words(inner, more)
    if get_origin(annotation) is dict:
        held = in_words(get_args(annotation)[1], ())
        return f"a table of tables{held.removeprefix('a table')}" if held.startswith("a table") else f"a table: {held}"
    return "a list of tables"


@cache
def field_names(model: type[Input]) -> tuple[str, ...]:
    """The fields a document may give, for hints."""
    return tuple(model.model_fields)


_RESERVED = frozenset(
    {
        *NOUNS,
        *SHORT_TYPES,
        *FIELD_ONLY,
        *("capability", "workflow", "guest", "default", "capability-default", "workflow-default", "id"),
    }
)


def entity_name(value: str) -> str:
    """The name of an entity of one's own: kebab-case, and none that exists already."""
    if not _KEBAB.match(value):
        raise ValueError(f"is not an entity name: lower-case words joined by hyphens; try {slug(value, 'entity')!r}")
    if value in ENTITIES or value in SALES_DOCUMENTS:
        raise ValueError("is an entity that every shop has")
    if value in _RESERVED:
        raise ValueError("is a word that references begin with")
    return value


def message(error: Any) -> str:
    """Our words for one finding of pydantic."""
    kind = error["type"]
    if kind == "extra_forbidden":
        return "is not a field that is known here"
    if kind == "missing":
        return "is required"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind in ("list_type", "model_type", "dict_type", "model_attributes_type"):
        return {"list_type": "must be a list"}.get(kind, "must be a table")
    return str(error["msg"])


__all__ = [name for name in dir() if name.endswith("Input")] + ["INPUTS", "ValidationError", "message"]
