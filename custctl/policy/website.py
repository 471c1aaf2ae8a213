"""Which pages of the website somebody gets to see who has not signed in (AM 9.4).

While the website is open to visitors, every page is; what can be done there is a matter of the visitors' role. While
it is not, a few pages stay open, because nobody could sign in otherwise, and those that the shop has chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from posixpath import normpath
from typing import Literal
from urllib.parse import unquote, urlsplit

_USER = "/customer/user"
REGISTRATION = f"{_USER}/registration"
OPEN_PAGES: Mapping[str, str] = {
    f"{_USER}/login": "login",
    f"{_USER}/reset-request": "password recovery",
    f"{_USER}/send-email": "password recovery",
    f"{_USER}/check-email": "password recovery",
    f"{_USER}/reset": "password recovery",
    REGISTRATION: "registration",
    f"{_USER}/confirm-email": "e-mail confirmation",
    "/localization/set-current-localization": "language switch",
    "/productprice/set-current-currency": "currency switch",
    "/set-current-currency-and-localization": "language and currency switch",
    "/cookies-accepted": "cookie notice",
    "/embedded-form": "embedded form",
    "/api/login": "sign-in by API",
    "/api/doc": "API documentation",
    "/_fragment": "part of a page",
}
"""The pages that are always open, each exactly as it stands, and what they are for.

Sources: oroinc/customer-portal FrontendBundle/GuestAccess/Provider/GuestAccessAllowedUrlsProvider.php and
FrontendBundle/Tests/Unit/GuestAccess/GuestAccessDecisionMakerTest.php.
"""
OPEN_BELOW: Mapping[str, str] = {
    "/exception/": "error page",
    "/js/": "scripts",
    "/media/js/": "scripts",
    "/media/cache/": "images",
    "/embedded-form/": "embedded form",
    "/api/doc/": "API documentation",
    "/payment/callback/notify/": "notice of a payment provider",
    "/_profiler/": "developer tools",
    "/_wdt/": "developer tools",
}
"""The folders of which everything is open.

Sources: as above, and oroinc/orocommerce PaymentBundle/DependencyInjection/Compiler/PaymentGuestAccessUrlPass.php.
"""
SHORT: Mapping[str, str] = {
    "/login": f"{_USER}/login",
    "/register": REGISTRATION,
    "/registration": REGISTRATION,
    "/reset-password": f"{_USER}/reset-request",
    "/confirm-email": f"{_USER}/confirm-email",
}
"""Names under which people know these pages."""
_API = "/api/"
_MOST_ESCAPED = 10
_ABSOLUTE = re.compile(r"https?://", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)

Reason = Literal["website-open", "always-open", "allowed-page", "registration-off", "closed"]
Response = Literal["login", "401"]


@dataclass(frozen=True, slots=True)
class Website:
    """What the shop has set: whether visitors may enter, which pages they see even so, whether they may register."""

    access: bool
    pages: Iterable[str] = ()
    registration: bool = True


@dataclass(frozen=True, slots=True)
class Visit:
    """Whether a page is open to a visitor, why, and what the visitor gets instead.

    `rule` is the purpose of a page that is always open, or the page that the shop allows. `response` is the login
    page, or 401 where a program asks.
    """

    path: str
    allowed: bool
    reason: Reason
    rule: str | None = None
    response: Response | None = None


def visit(url: str, website: Website) -> Visit:
    """May a visitor see this page? Raises ValueError for what is no address of a page.

    Source: oroinc/customer-portal FrontendBundle/EventListener/GuestAccessRequestListener.php.
    """
    path = path_of(url)
    if website.access:
        return Visit(path, allowed=True, reason="website-open")
    purpose = _purpose(path)
    if purpose is not None and (SHORT.get(path, path) != REGISTRATION or website.registration):
        return Visit(path, allowed=True, reason="always-open", rule=purpose)
    if path in {page for page in map(_path_or_nothing, website.pages) if page is not None}:
        return Visit(path, allowed=True, reason="allowed-page", rule=path)
    reason: Reason = "closed" if purpose is None else "registration-off"
    return Visit(path, allowed=False, reason=reason, response="401" if f"{path}/".startswith(_API) else "login")


def _purpose(path: str) -> str | None:
    """What a page that is always open is for, None for any other."""
    exact = OPEN_PAGES.get(SHORT.get(path, path))
    return exact or next((purpose for folder, purpose in OPEN_BELOW.items() if path.startswith(folder)), None)


def path_of(url: str) -> str:
    """The page that an address leads to: its path alone, in one form, without a slash at the end.

    Whatever a browser or a server on the way makes of an address is done here, so that none of it opens a page:
    backslashes are slashes, escapes are decoded until none is left, slashes in a row are one, `.` and `..` are walked.
    The case of letters is kept, because to the website `/Login` is another page than `/login`. Raises ValueError for
    an address that leads to no page of a website.
    """
    text = url.strip().replace("\\", "/")
    if not text:
        raise ValueError("an address of a page is not empty")
    if _ABSOLUTE.match(text):
        path = _path_of_absolute(text)
    elif _OTHER_SCHEME.match(text):
        raise ValueError("an address of a page begins with http://, https:// or /")
    else:
        path = re.split("[?#]", text, maxsplit=1)[0]
    path = _decoded(path).replace("\\", "/")
    return normpath(f"/{path.lstrip('/')}")


def _path_of_absolute(text: str) -> str:
    try:
        return urlsplit(text).path
    except ValueError:
        raise ValueError("an address of a page has the name of a website") from None


def _decoded(path: str) -> str:
    """The path without escapes, also where an escape was escaped; ValueError where that was done over and over."""
    for _ in range(_MOST_ESCAPED):
        if (plain := unquote(path)) == path:
            return path
        path = plain
    raise ValueError(f"an address of a page is not escaped {_MOST_ESCAPED} times over")


def _path_or_nothing(page: str) -> str | None:
    try:
        return path_of(page)
    except ValueError:
        return None
