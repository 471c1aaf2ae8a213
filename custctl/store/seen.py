"""What a user in whose name a command runs is shown of records: the fields that the storefront shows.

Names of records that the user may not view are left out of them. Lists see it by SQL, so that conditions, order and
counts go by the same; single records by value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from custctl.resources import ADDRESSES, NOUNS, ROLE, USER, Noun
from custctl.store.acting import Actor
from custctl.store.reads import View
from custctl.store.select import Image, keys_in, links_among, without_keys
from custctl.storefront import allows

_SIGN_IN = ("enabled", "confirmed", "guest", "auth_status", "customer")
"""The fields from which it follows whether somebody can sign in."""


def view_of(actor: Actor, noun: Noun) -> View:
    """How the user sees the fields of a noun in lists."""
    instead, links, parameters = dict[str, str](), dict[str, str](), dict[str, Any]()
    for field in noun.fields:
        if not field.to or not allows(noun, "read", field.name):
            continue
        target = NOUNS[field.to]
        where, values = actor.viewable(target)
        parameters |= values
        among = f"SELECT t.id FROM {target.table} t WHERE {where}"
        if where == "1":
            continue
        if field.via is not None:
            links[field.name] = among
            instead[field.name] = links_among(noun, field.via, target, among)
        elif where == "0":
            instead[field.name] = "NULL"
        else:
            shown = f"f_{field.name}.{target.key}"
            instead[field.name] = f"CASE WHEN t.{field.holder} IN ({among}) THEN {shown} END"
    if noun is ROLE:
        (where, values), _ = actor.visible(USER)
        parameters |= values
        among = f"SELECT t.id FROM {USER.table} t WHERE {where}"
        instead["users"] = f"(SELECT count(*) FROM user_role ur WHERE ur.role_id = t.id AND ur.user_id IN ({among}))"
    return View(instead, links, parameters)


def image_seen(actor: Actor, noun: Noun, image: Image) -> Image:
    """A stored record as the user sees it: without closed fields and unseen records, and with the own counts."""
    closed = actor.closed(noun, address_key(image) if noun.name in ADDRESSES else image[noun.key])
    shown = open_fields(noun, image, closed)
    if any(name in closed for name in _SIGN_IN):
        shown.pop("sign_in", None)
    if noun is ROLE and "users" in shown:
        (where, parameters), _ = actor.visible(USER)
        among = f"SELECT t.id FROM {USER.table} t WHERE {where}"
        query = f"SELECT count(*) FROM user_role WHERE role_id = :seen_role AND user_id IN ({among})"
        row = actor.connection.execute(query, parameters | {"seen_role": image["id"]}).fetchone()
        shown["users"] = row[0]
    return with_links_seen(actor, noun, shown)


def open_fields(noun: Noun, image: Mapping[str, Any], closed: Iterable[str]) -> Image:
    """The fields of an image that the storefront shows and that are not closed."""
    return {name: value for name, value in image.items() if allows(noun, "read", name) and name not in closed}


def address_key(image: Image) -> str:
    """The key OWNER/KEY of an address, which in its own image has the last part only."""
    key = str(image["key"])
    return key if "/" in key else f"{image['owner']}/{key}"


def with_links_seen(actor: Actor, noun: Noun, image: Mapping[str, Any]) -> Image:
    """An image without the names of records that the user may not view."""
    found = dict(image)
    for field in noun.fields:
        if field.to and (keys := keys_in(found.get(field.name))):
            unseen = {*keys} - {*actor.linked(NOUNS[field.to], keys)}
            value = found[field.name]
            found[field.name] = None if isinstance(value, str) and unseen else value
            if unseen and not isinstance(value, str):
                found[field.name] = without_keys(value, unseen)
    return found
