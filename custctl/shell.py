r"""Commands that are shown to people, who paste them: every command in a hint or an answer is made here.

Each value is quoted for a POSIX shell, so that nothing in it is carried out and the command gets the value exactly. A
value with characters that a terminal hides or obeys is written with escapes, `"$(printf %b 'a\0012b')"`, which bash,
dash and zsh read alike; `$'…'` would be shorter, but dash takes it for another value.
"""

from __future__ import annotations

from collections.abc import Iterable

UNSHOWN = "VALUE"
"""Stands for a value that no command line can carry: one with a NUL, a surrogate, or a line feed at its end."""

_PROGRAM = "custctl"
_PLAIN = "@%+=:,./-_"
"""What no shell finds a meaning for: letters, digits and these; but zsh takes `=word` for the path of a program."""


def command(verb: str, /, *values: str, **options: str | bool | Iterable[str] | None) -> str:
    """The command line that carries out `verb`, like `command("order edit", "SO-1", status="open")`.

    `verb` is of our own words, separated by blanks. `values` are the arguments: what is stored or typed, or a
    placeholder in capitals. Each of `options` is named by its long name, with `_` for `-` and one more at the end
    where Python keeps the word for itself; a text is its value, several are the option several times, True is a
    switch, and None and False leave it out. Values that begin with `-` stand last, behind `--`.
    """
    written = list(_options(options))
    if any(value.startswith("-") for value in values):
        return line((*verb.split(), *written, "--", *values))
    return line((*verb.split(), *values, *written))


def line(arguments: Iterable[str]) -> str:
    """The command line with these arguments, as they were typed."""
    return words(_PROGRAM, *arguments)


def words(*parts: str) -> str:
    """Words to be typed into a shell, quoted, with blanks between them: `words("--map", "E-Mail=email")`."""
    return " ".join(map(_quoted, parts))


def _options(options: dict[str, str | bool | Iterable[str] | None]) -> Iterable[str]:
    for name, given in options.items():
        option = f"--{name.rstrip('_').replace('_', '-')}"
        if isinstance(given, bool) or given is None:
            yield from [option] if given else []
            continue
        for value in [given] if isinstance(given, str) else given:
            yield from [f"{option}={value}"] if value.startswith("-") else [option, value]


def _quoted(text: str) -> str:
    if text and text.isascii() and all(char.isalnum() or char in _PLAIN for char in text) and text[0] != "=":
        return text
    from shlex import quote

    if text.isprintable():
        return f"'{text}'" if text.startswith("=") else quote(text)
    if "\0" in text or text.endswith("\n"):
        return UNSHOWN
    try:
        return f"\"$(printf %b '{''.join(map(_escaped, text))}')\""
    except UnicodeEncodeError:
        return UNSHOWN


def _escaped(char: str) -> str:
    """A character for `printf %b`; whatever a shell might find a meaning for is an escape, also within quotes."""
    if char.isprintable() and (char.isalnum() or char in f" {_PLAIN}"):
        return char
    return "".join(f"\\0{byte:03o}" for byte in char.encode(errors="surrogateescape"))
