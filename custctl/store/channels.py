"""The rules of channels: who is a customer in one, who may join it, and that customers keep an account."""

from __future__ import annotations

from custctl import shell
from custctl.choices import CHANNEL_ENTITIES, CHANNEL_TYPES
from custctl.errors import Exit, did_you_mean, near, number_of
from custctl.resources import CHANNEL
from custctl.store.unit import Draft, Unit, wrong


def customer(unit: Unit, draft: Draft) -> None:
    """A customer has an account, which can be exchanged, not taken away, unless the shop makes none (feature A-09).

    An undo makes customers what they were, whatever the shop makes by now.
    Source: oroinc/orocommerce-orocrm Bridge/CustomerAccount/Form/Extension/CustomerExtension.php.
    """
    _in_channel(unit, draft, "commerce")
    bare = draft.changed("account") and draft.image["account"] is None and unit.undoes is None
    if bare and "account" in draft.given and unit.setting("account.strategy") != "none":
        message, hint = "a customer keeps an account", "give it another one, or set account.strategy to none"
        wrong(unit, draft, "account", message, code="account-required", exit_code=Exit.CONFLICT, hint=hint)


def business_customer(unit: Unit, draft: Draft) -> None:
    """A business customer is in a b2b channel, and keeps an account (features B-01, B-02).

    Source: oroinc/crm SalesBundle/Form/Type/B2bCustomerType.php.
    """
    _in_channel(unit, draft, "b2b")
    for name, hint in (("account", "give it another one"), ("channel", "name an active channel of the type b2b")):
        if draft.given and draft.image[name] is None:
            wrong(unit, draft, name, f"{name} is required for a {draft.noun.title}", hint=hint)


def _in_channel(unit: Unit, draft: Draft, kind: str) -> None:
    """A record joins a channel of its type, and only while that is active (features B-01, B-06).

    A channel that the same documents make is taken as they tell it, for it may have been switched off since.
    Source: oroinc/crm ChannelBundle/Entity/Channel.php and ChannelBundle/Form/Type/ChannelSelectType.php.
    """
    key = draft.image["channel"]
    if key is None or "channel" not in draft.given or not draft.changed("channel"):
        return
    joined = unit.find(CHANNEL, key)
    if joined is None or joined.after is None:
        return
    if joined.image["type"] != kind:
        message = f"{joined.reference} is of type {joined.image['type']}, and {draft.noun.plural} are in {kind} ones"
        wrong(unit, draft, "channel", message, value=key)
    elif not joined.image["active"] and joined.before is None:
        unit.warnings.append(f"{draft.reference}: {joined.reference} is not active")
    elif not joined.image["active"]:
        hint = shell.command("channel enable", key)
        message = f"{joined.reference} is not active"
        wrong(unit, draft, "channel", message, code="inactive", exit_code=Exit.CONFLICT, hint=hint, value=key)


def channel(unit: Unit, draft: Draft) -> None:
    """The type of a channel says who is a customer in it, and that is one of its entities (feature B-06).

    Source: oroinc/crm ChannelBundle/Validator/ChannelCustomerIdentityConstraintValidator.php.
    """
    image, identity = draft.image, CHANNEL_TYPES.get(draft.image["type"])
    if identity is None:
        return
    retyped = draft.before is not None and draft.changed("type")
    if retyped and (held := _held_by_channel(unit, draft)):
        words, hint = f"it holds {number_of(held, 'record')}, so it stays of its type", "make another channel"
        wrong(unit, draft, "type", words, code="has-dependents", exit_code=Exit.CONFLICT, hint=hint)
    if image["identity"] is None or (retyped and "identity" not in draft.given):
        image["identity"] = identity
    if not image["entities"] or (retyped and "entities" not in draft.given):
        image["entities"] = list(CHANNEL_ENTITIES[image["type"]])
    if image["identity"] != identity:
        message = f"the customers of a {image['type']} channel are {identity} records, not {image['identity']} ones"
        wrong(unit, draft, "identity", message, value=image["identity"], hint="leave it out: the type says it")
    for name in image["entities"]:
        if name not in _IN_CHANNELS:
            hint = did_you_mean(near(name, _IN_CHANNELS)) or f"it is one of {', '.join(_IN_CHANNELS)}"
            wrong(unit, draft, "entities", f"unknown entity {name!r}", hint=hint, value=name)
    if identity not in image["entities"]:
        wrong(
            unit, draft, "entities", f"entities must have {identity}, which is who a customer is in it", value=identity
        )


_IN_CHANNELS = tuple(dict.fromkeys(name for names in CHANNEL_ENTITIES.values() for name in names))


def _held_by_channel(unit: Unit, channel: Draft) -> int:
    query = "SELECT (SELECT count(*) FROM customer WHERE channel_id = :id)"
    query += " + (SELECT count(*) FROM business_customer WHERE channel_id = :id)"
    return int(unit.connection.execute(query, {"id": channel.id}).fetchone()[0])
