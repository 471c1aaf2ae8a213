"""The values of an argument or option: one table from what help calls them, the metavar, to where they come from.

A new noun needs no line where its metavar is its name in capitals, else one in `_NOUNS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from custctl import config
from custctl.completion.line import Place
from custctl.errors import CustctlError
from custctl.resources import (
    ADDRESSES,
    CALLED,
    CONTACT,
    CUSTOMER,
    NOUNS,
    SHORT_TYPES,
    TAGGED,
    Field,
    Noun,
    changing_fields,
    fold,
    noun_called,
    noun_of,
)
from custctl.store import suggest
from custctl.store.suggest import Candidate

if TYPE_CHECKING:
    import sqlite3

    from custctl.policy.model import Resource
    from custctl.store.acting import Actor
    from custctl.store.scopes import Condition

Candidates = Iterator[Candidate]

_NOUNS: Mapping[str, str] = {
    "USER": "customer-user",
    "GROUP": "customer-group",
    "ROLE": "customer-user-role",
    "BUSINESS": "business-customer",
    "VARIANT": "content-variant",
    "EVENT": "marketing-event",
}
"""The nouns that commands call otherwise than by their name."""
_GROUPS: Mapping[str, Noun] = {
    **{noun.group: noun for noun in NOUNS.values()},
    **{f"{owner.group} address": NOUNS[name] for name, (owner, _) in ADDRESSES.items()},
    "group member": CUSTOMER,
    "contact group member": CONTACT,
}
"""The noun that a group of commands is about, by its words."""
_FILES = frozenset({"FILE", "DIR", "PATH"})


@dataclass(slots=True)
class Values:
    """What the value at the cursor may become: `text` is what has been typed of it."""

    place: Place
    text: str
    closing: ExitStack = field(default_factory=ExitStack)
    _connection: sqlite3.Connection | None = None
    _actor: Actor | None = None
    _free: bool = False
    """Whether the value is not one that the user of `--as` must be able to see: that user itself."""

    def of(self, param: Any) -> list[Candidate]:
        """The values of a parameter that begin as the text does and have not been given yet.

        What cannot be read, because there is no database or another process holds it, is left out.
        """
        given, typed = self.place.given(param), fold(self.text)
        self._free = param.name == "as_user"
        fitting = (
            (value, told)
            for source in sources(param)
            for value, told in self._from(source)
            if fold(value).startswith(typed) and value not in given
        )
        with self.closing:
            return list(islice(dict.fromkeys(fitting), suggest.MOST))

    def _from(self, source: Source) -> Candidates:
        with suppress(*suggest.UNREADABLE):
            yield from source(self)

    @property
    def connection(self) -> sqlite3.Connection:
        """The database that the line means, opened when it is first needed."""
        if self._connection is None:
            flags = {"db": self.place.option("db"), "profile": self.place.option("profile")}
            path = config.load(flags).database
            self._connection = self.closing.enter_context(closing(suggest.open_database(path)))
        return self._connection

    @property
    def actor(self) -> Actor | None:
        """The user in whose name the line is typed, None for the back office."""
        named = None if self._free else self.place.option("as_user")
        if named is not None and self._actor is None:
            self._actor = suggest.actor(self.connection, named)
        return None if named is None else self._actor

    def seen(self, noun: Noun) -> Condition | None:
        """What the user of `--as` may see of a noun, None where everything may be."""
        return None if self.actor is None else self.actor.viewable(noun)

    @property
    def noun(self) -> Noun | None:
        """The noun that the command's group is about, or that is its argument."""
        named = self.place.argument("NOUN")
        return _noun_of(self.place.groups) if named is None else noun_called(named)


Source = Callable[[Values], Candidates]


def are_files(param: Any) -> bool:
    """Whether a parameter takes the name of a file, which the shell knows best."""
    return not _FILES.isdisjoint(_words(param))


def _words(param: Any) -> list[str]:
    """The words of a metavar: `FILE|DIR|-`, `ROLE...`, `'FIELD OP VALUE'`."""
    return (param.metavar or "").strip("'").removesuffix("...").split("|")


def sources(param: Any) -> list[Source]:
    """Where the values of a parameter come from: choices, then what each word of its metavar means."""
    if param.name == "profile":  # its metavar is that of any name
        return [_profiles]
    choices = getattr(param.type, "choices", None) or [word for word in _words(param) if re.match("[a-z]", word)]
    found: list[Source] = [lambda _: _plain(map(str, choices))] if choices else []
    for word in _words(param):
        noun = NOUNS.get(_NOUNS.get(word, word.lower().replace("_", "-")))
        if word in _TABLE:
            found.append(_TABLE[word])
        elif word.isupper() and noun is not None:
            found.append(_records_of(noun))
    return found


def _noun_of(groups: tuple[str, ...]) -> Noun | None:
    """The noun of the lowest group that is about one: `contact group member` before `member`."""
    tails = (" ".join(groups[start:]) for start in range(len(groups)))
    return next((_GROUPS[words] for words in tails if words in _GROUPS), None)


def _behind(head: str, candidates: Iterable[Candidate]) -> Candidates:
    return ((f"{head}{value}", told) for value, told in candidates)


def _plain(words: Iterable[str]) -> Candidates:
    return ((word, "") for word in words)


# -- records -----------------------------------------------------------------------------------------------------


def _records_of(noun: Noun) -> Source:
    """The keys of a noun, also behind its type: `anna@acme.example` and `user:anna@acme.example`."""

    def records(asked: Values) -> Candidates:
        kind, colon, rest = asked.text.partition(":")
        typed = bool(colon) and SHORT_TYPES.get(kind, kind) == noun.name
        yield from _keys(asked, noun, f"{kind}:" if typed else "", rest if typed else asked.text)

    return records


def _keys(asked: Values, noun: Noun, head: str, text: str) -> Candidates:
    return _behind(head, suggest.keys(asked.connection, noun, text, asked.seen(noun)))


def _numbers(asked: Values) -> Candidates:
    if asked.noun is not None:
        yield from _records_of(asked.noun)(asked)


def _owners(asked: Values) -> Candidates:
    """Whose addresses: the group above the group of addresses says of what kind they are."""
    if owner := _noun_of(asked.place.groups[:-1]):
        yield from _records_of(owner)(asked)


def _addresses(asked: Values) -> Candidates:
    if owner := _noun_of(asked.place.groups[:-1]):
        yield from suggest.addresses(asked.connection, owner, asked.text, asked.seen)


def _references(asked: Values) -> Candidates:
    """TYPE:KEY: the types first, then the keys of the one that was typed."""
    kind, colon, key = asked.text.partition(":")
    name = SHORT_TYPES.get(kind, kind)
    if not colon:
        for noun in NOUNS.values():
            if noun.name != "record":
                yield f"{noun.reference}:", noun.title
        yield from ((f"{entity.name}:", "entity of your own") for entity in _own(asked))
    elif name in ADDRESSES:
        owner, _ = ADDRESSES[name]
        yield from _behind(f"{kind}:", suggest.addresses(asked.connection, owner, key))
    elif name in NOUNS:
        yield from _keys(asked, NOUNS[name], f"{kind}:", key)
    else:
        yield from _behind(f"{kind}:", suggest.records(asked.connection, kind, key))


def _switches(_asked: Values) -> Candidates:
    from custctl.store.guests import SWITCHES

    yield from SWITCHES.items()


def _tagged_types(_asked: Values) -> Candidates:
    yield from ((noun.reference, noun.title) for noun in TAGGED)


def _topics(_asked: Values) -> Candidates:
    from custctl.commands._topics import TOPICS

    yield from ((name, topic.about) for name, topic in TOPICS.items())


def _revisions(asked: Values) -> Candidates:
    yield from suggest.revisions(asked.connection, asked.text)


# -- questions about access --------------------------------------------------------------------------------------


def _subjects(asked: Values) -> Candidates:
    """Somebody: an e-mail, or one of the words that lead to others."""
    if ":" in asked.text:
        yield from _references(asked)
        return
    yield "guest", "a visitor without a session"
    for kind, noun in (("role", "customer-user-role"), ("user", "customer-user"), ("visitor", "visitor")):
        yield f"{kind}:", NOUNS[noun].title
    yield from _keys(asked, NOUNS["customer-user"], "", asked.text)


def _resources(asked: Values) -> Candidates:
    """Whatever a question or a role is about: entities, records, capabilities, workflows and fields."""
    from custctl.policy.catalogue import CAPABILITIES, WORKFLOWS

    name, dot, _ = asked.text.partition(".")
    if asked.text.startswith("capability:"):
        yield from ((f"capability:{word}", told) for word, told in CAPABILITIES.items())
    elif asked.text.startswith("workflow:"):
        yield from ((f"workflow:{word}", told) for word, told in WORKFLOWS.items())
    elif ":" in asked.text:
        yield from _references(asked)
    elif dot:
        yield from _behind(f"{name}.", _fields_of(noun_of(name)))
    else:
        if asked.noun is not None and asked.noun.name == "customer-user-role":
            yield from _plain(_DEFAULTS)
        yield from _plain(("capability:", "workflow:", "user:", "role:"))
        yield from _entities(asked)


_DEFAULTS: Mapping[str, tuple[str, ...]] = {
    "default": ("none", "user", "department", "corporate"),
    "capability-default": ("on", "off"),
    "workflow-default": ("none", "user", "department", "corporate"),
}
"""What a role says of what it does not list, and the levels of each."""


def _entities(asked: Values) -> Candidates:
    from custctl.policy.catalogue import ENTITIES

    owned = {"user": "owned by a user", "customer": "owned by a customer", "none": "owned by nobody"}
    yield from ((entity.name, owned[entity.ownership]) for entity in ENTITIES.values())
    yield from ((entity.name, owned[entity.ownership]) for entity in _own(asked))


def _own(asked: Values) -> list[suggest.Own]:
    return suggest.own_entities(asked.connection) if asked.actor is None else []


def _actions(asked: Values) -> Candidates:
    """The permissions of the resource that stands before; where none does, every one there is."""
    from custctl.store.facts import EVERY_ACTION, actions_of

    resource = _resource(asked)
    if resource is not None:
        yield from _plain(actions_of(resource))
        return
    yield from _plain(sorted(EVERY_ACTION))
    yield from _plain(dict.fromkeys(word for entity in _own(asked) for word in entity.permissions))


def _grants(asked: Values) -> Candidates:
    """ACTION=LEVEL: the permissions of the resource, then the levels that the one typed may have."""
    action, equals, _ = asked.text.partition("=")
    name, resource = asked.place.argument("RESOURCE") or "", _resource(asked)
    if name in _DEFAULTS:
        yield from _plain(_DEFAULTS[name])
    elif not equals:
        yield from ((f"{word}=", told) for word, told in _actions(asked))
    elif resource is not None:
        entity, kind = resource.entity, resource.kind
        levels = [level.word for level in entity.levels(action, kind)] if entity is not None else ["on", "off"]
        yield from _behind(f"{action}=", _plain(levels))


def _resource(asked: Values) -> Resource | None:
    """The resource that stands before on the line; of a record its entity, stored or not."""
    from custctl.store.facts import Asker

    text = asked.place.argument("RESOURCE")
    if text is None or text in _DEFAULTS:
        return None
    kind = text.partition(":")[0]
    with suppress(CustctlError):
        return Asker(asked.connection).resource(text if kind in ("capability", "workflow") else kind)
    return None


# -- fields ------------------------------------------------------------------------------------------------------


def _fields_of(noun: Noun | None) -> Candidates:
    """The fields that a list can show, sort and be searched by."""
    fields = () if noun is None else noun.fields
    return ((known.name, _told(known)) for known in fields if known.kind != "entries")


def _open_fields(asked: Values) -> Candidates:
    """The fields of the line's noun; under `--as` those that the user reads."""
    hidden = [] if asked.actor is None or asked.noun is None else asked.actor.hidden(asked.noun)
    yield from (known for known in _fields_of(asked.noun) if known[0] not in hidden)


def _told(known: Field) -> str:
    return NOUNS[known.to].title if known.to in NOUNS else ""


def _every_field(_asked: Values) -> Candidates:
    yield from _plain(changing_fields())


def _shown_fields(asked: Values) -> Candidates:
    """A,B: one more field behind the last comma."""
    head, comma, _ = asked.text.rpartition(",")
    taken = [name.removeprefix("-") for name in head.split(",")]
    yield from _behind(f"{head}{comma}", (known for known in _open_fields(asked) if known[0] not in taken))


def _sort_fields(asked: Values) -> Candidates:
    """FIELD,-FIELD: as fields to show; one with a hyphen only where it has been typed."""
    last = asked.text.rpartition(",")[2]
    head = asked.text.removesuffix(last)
    for value, told in _shown_fields(asked):
        name = value.removeprefix(head)
        yield f"{head}-{name}" if last.startswith("-") else value, told


def _conditions(asked: Values) -> Candidates:
    """FIELD OP VALUE: the field, then what a reference or a switch may be equal to."""
    found = re.match(r"([a-z_]+)(!?=)(.*)", asked.text, re.DOTALL)
    if found is None or asked.noun is None:
        yield from ((f"{name}=", told) for name, told in _open_fields(asked))
        return
    known, head = asked.noun.field(found[1]), f"{found[1]}{found[2]}"
    if known is not None and known.to in NOUNS:
        yield from _keys(asked, NOUNS[known.to], head, found[3])
    elif known is not None and known.kind in ("bool", "switch"):
        yield from _behind(head, _plain(("yes", "no")))


# -- names -------------------------------------------------------------------------------------------------------


def _profiles(_asked: Values) -> Candidates:
    yield from ((name, table.get("db", "")) for name, table in config.profiles().items())


def _settings(_asked: Values) -> Candidates:
    from custctl.store.settings import SETTINGS

    yield from ((name, setting.about) for name, setting in SETTINGS.items())


def _languages(asked: Values) -> Candidates:
    from custctl.store.settings import value_of

    yield from _plain(value_of(asked.connection, "language.enabled"))


def _tables(_asked: Values) -> Candidates:
    """The tables of a document, and addresses, which are rows of their own in sheets."""
    yield from ((called, noun.plural) for called, noun in zip(CALLED, NOUNS.values(), strict=True))


_TABLE: Mapping[str, Source] = {
    "A,B": _shown_fields,
    "ACTION": _actions,
    "ACTION=LEVEL": _grants,
    "ENTITY": _entities,
    "FIELD": _every_field,
    "FIELD OP VALUE": _conditions,
    "FIELD,-FIELD": _sort_fields,
    "LANGUAGE": _languages,
    "LAST": _numbers,
    "NOUN": _tables,
    "NUMBER": _numbers,
    "OWNER": _owners,
    "OWNER/KEY": _addresses,
    "PROFILE": _profiles,
    "RECORD": _references,
    "RESOURCE": _resources,
    "REVISION": _revisions,
    "SETTING": _settings,
    "SUBJECT": _subjects,
    "FEATURE": _switches,
    "TOPIC": _topics,
    "TYPE": _tagged_types,
    "TYPE:KEY": _references,
    "TYPE[:KEY]": _references,
}
"""Where the values of a metavar come from; those that are a noun's, of `FILE` and of `a|b|c` need no line."""
