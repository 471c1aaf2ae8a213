"""Help on topics that no single command explains, and on commands by their words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from custctl import shell
from custctl.commands._command import Call, Group, command, group
from custctl.commands._topics import TOPICS
from custctl.errors import CustctlError, did_you_mean, near, usage
from custctl.result import Result

app = group("help", "Help.")


@command(app, "help", examples=("custctl help exit-codes", "custctl help customer add"))
def help_(
    call: Call,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="TOPIC|COMMAND...", help="By default the topics are listed.")
    ] = None,
) -> Result:
    """Explain a topic, or show the help of a command."""
    if not words:
        rows = [{"topic": name, "about": topic.about} for name, topic in TOPICS.items()]
        return Result(rows, "list", ("topic", "about"))
    topic = TOPICS.get(words[0])
    if topic is None:
        return Result({"text": _help_of(call, words)}, "text")
    if len(words) > 1:
        raise usage(f"{words[0]} is a topic, and nothing is below it", f"to read it: {shell.command('help', words[0])}")
    return topic.answer(topic.about)


def _help_of(call: Call, words: Sequence[str]) -> str:
    """What --help says after these words; exit 2 when they lead to no command."""
    context: Any = call.find_root()
    found = context.command
    for place, word in enumerate(words):
        below = found.use(word) if isinstance(found, Group) else None
        if below is None:
            raise _unknown(context.command_path, found, word, () if place else tuple(TOPICS))
        context = type(context)(below, parent=context, info_name=word, obj=call.invocation)
        found = below
    text: str = context.get_help()
    return text


def _unknown(path: str, found: Any, word: str, topics: Sequence[str]) -> CustctlError:
    """No such topic or command, with those that are spelled alike."""
    commands = tuple(found.commands) if isinstance(found, Group) else ()
    what = "topic or command" if topics else f"command of {path}"
    elsewhere = "what there is: custctl help or custctl --help" if topics else f"what there is: {path} --help"
    return usage(f"no {what} {word!r}", did_you_mean(near(word, (*topics, *commands))) or elsewhere)
