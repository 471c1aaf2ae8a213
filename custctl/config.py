"""Where settings of the tool come from: flag, environment, profile, config file, default; in that order."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from custctl.errors import CustctlError, did_you_mean, invalid, near, unusable, usage

OUTPUTS = ("table", "wide", "json", "jsonl", "csv", "yaml", "name")
COLORS = ("auto", "always", "never")
SETTINGS = ("db", "output", "color")
"""What the config file and its profiles may hold; `profile` itself may stand at the top only."""
VARIABLES = {"db": "CUSTCTL_DB", "output": "CUSTCTL_OUTPUT", "color": "CUSTCTL_COLOR", "profile": "CUSTCTL_PROFILE"}
CONFIG_VARIABLE = "CUSTCTL_CONFIG"
ACTOR_VARIABLE = "CUSTCTL_ACTOR"
COMPLETE_VARIABLE = "CUSTCTL_COMPLETE"
"""A command line to complete, which the scripts of `custctl completion` set: see `custctl.completion`."""
OTHER_VARIABLES = {
    CONFIG_VARIABLE: "The config file, instead of custctl/config.toml where the operating system keeps such files.",
    ACTOR_VARIABLE: "Who history says made a change; by default the user of the operating system.",
    COMPLETE_VARIABLE: "A command line to complete; the scripts of `custctl completion` set it.",
    "CUSTCTL_DEBUG": "Set to anything: a mistake in custctl shows where it happened, in full.",
    "NO_COLOR": "Set to anything: no colours, unless --color asks for them.",
    "XDG_CONFIG_HOME": "The folder of custctl/config.toml.",
    "XDG_DATA_HOME": "The folder of custctl/custctl.db, the database that is used when nothing names one.",
}
"""The variables that no option stands for, and what each of them says."""
_CHOICES = {"output": OUTPUTS, "color": COLORS}


class Value(NamedTuple):
    """One setting: its value, and where that came from."""

    name: str
    value: str | None
    origin: str


class Config(NamedTuple):
    """The settings of one run."""

    db: Value
    output: Value
    color: Value
    profile: Value

    @property
    def database(self) -> Path:
        """The database file. Raises exit 8 when nothing names one and there is no home folder, 4 for an empty name."""
        if self.db.value is None:
            raise unusable(f"{_NO_HOME}: name the database with --db or CUSTCTL_DB", code="no-database")
        if not self.db.value:
            raise invalid(f"db (from {self.db.origin}) is empty", field="db", value="", hint="name a file")
        return _expanded(self.db.value, self.db.origin)

    @property
    def values(self) -> tuple[Value, ...]:
        return (self.db, self.output, self.color, self.profile)


def load(flags: Mapping[str, str | None], environment: Mapping[str, str] | None = None) -> Config:
    """Resolve every setting.

    Raises exit 2 for a flag that is none of the choices, 4 for such a value from elsewhere or an unreadable file.
    """
    env = os.environ if environment is None else environment
    path, file = _found(env)
    profile = _first("profile", flags, env, {}, file, path, None)
    table: Mapping[str, Any] = {}
    if profile.value is not None:
        profiles = file.get("profiles", {})
        if profile.value not in profiles:
            words = f"profile {profile.value!r} (from {profile.origin}) is not in {path or 'a config file'}"
            raise invalid(words, field="profile", value=profile.value, candidates=near(profile.value, profiles))
        table = profiles[profile.value]
    found = {name: _first(name, flags, env, table, file, path, profile.value) for name in SETTINGS}
    for name, choices in _CHOICES.items():
        value = found[name]
        if value.value not in choices:
            words = f"{name} {value.value!r} (from {value.origin}) is not one of {', '.join(choices)}"
            if value.origin.startswith("--"):
                raise usage(words, did_you_mean(near(str(value.value), choices)))
            raise invalid(words, field=name, value=value.value, candidates=near(str(value.value), choices))
    return Config(found["db"], found["output"], found["color"], profile)


def config_path(environment: Mapping[str, str] | None = None) -> Path:
    """The config file; CUSTCTL_CONFIG names another. Raises exit 4 when neither it nor a home folder is known."""
    path = known_path(environment)
    if path is None:
        raise invalid(f"{_NO_HOME}: name the config file with {CONFIG_VARIABLE}", code="no-home")
    return path


def known_path(environment: Mapping[str, str] | None = None) -> Path | None:
    """As `config_path`; None where neither is known."""
    env = os.environ if environment is None else environment
    if env.get(CONFIG_VARIABLE):
        return _expanded(env[CONFIG_VARIABLE], CONFIG_VARIABLE)
    folder = _linux_folder(env, "XDG_CONFIG_HOME", ".config")
    if folder is not None:
        return folder / "custctl" / "config.toml"
    from platformdirs import user_config_path

    try:
        return user_config_path("custctl") / "config.toml"
    except RuntimeError:  # neither HOME nor an entry in passwd
        return None


def _found(env: Mapping[str, str]) -> tuple[Path | None, dict[str, Any]]:
    """The config file and what is in it.

    There is none where the user has no home folder, or may not enter the one that HOME names, which is another user's
    then; a file that CUSTCTL_CONFIG names must be readable.
    """
    path = known_path(env)
    if path is None or (not env.get(CONFIG_VARIABLE) and _is_out_of_reach(path)):
        return path, {}
    return path, _read(path)


def _is_out_of_reach(path: Path) -> bool:
    try:
        path.stat()
    except OSError as error:
        return isinstance(error, PermissionError)
    return False


def _expanded(path: str, origin: str) -> Path:
    """The path with `~` and `~name` replaced; exit 4 when there is no such home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        words = f"{path} (from {origin}) begins with a home folder that is not known"
        raise invalid(words, value=path, hint="write ./~ for a file that is called so") from None


def default_database(environment: Mapping[str, str] | None = None) -> Path | None:
    """Where the database is when nothing names one; None where the user has no home folder."""
    env = os.environ if environment is None else environment
    folder = _linux_folder(env, "XDG_DATA_HOME", ".local/share")
    if folder is not None:
        return folder / "custctl" / "custctl.db"
    from platformdirs import user_data_path

    try:
        return user_data_path("custctl") / "custctl.db"
    except RuntimeError:
        return None


_NO_HOME = "no home folder is known"


def _linux_folder(env: Mapping[str, str], variable: str, usual: str) -> Path | None:
    """The folder that XDG names; on Linux the usual one too, so that no command waits for platformdirs there."""
    if env.get(variable):
        return Path(env[variable])
    return Path(env["HOME"]) / usual if sys.platform == "linux" and env.get("HOME") else None


def save(name: str, value: str | None, profile: str | None, *, dry_run: bool = False) -> Path:
    """Set or, with None, unset one setting in the config file; written whole or not at all, 0600."""
    import tomli_w

    known = SETTINGS if profile is not None else (*SETTINGS, "profile")
    if name not in known:
        raise invalid(f"unknown setting {name!r}", field=name, value=name, hint=_known(name, known))
    if value is not None and name in _CHOICES and value not in _CHOICES[name]:
        raise invalid(f"{name} is one of {', '.join(_CHOICES[name])}, not {value!r}", field=name, value=value)
    path = config_path()
    content = dict(_read(path))
    if name == "profile" and value is not None and value not in content.get("profiles", {}):
        hint = did_you_mean(near(value, content.get("profiles", {}))) or "config set db PATH --in NAME makes a profile"
        raise invalid(f"profile {value!r} is not in {path}", field=name, value=value, hint=hint)
    table = content if profile is None else content.setdefault("profiles", {}).setdefault(profile, {})
    table.pop(name, None) if value is None else table.update({name: value})
    if dry_run:
        return path
    _write(Path(os.path.realpath(path)), tomli_w.dumps(content).encode())
    return path


def _write(path: Path, content: bytes) -> None:
    """Have this in a file, whatever it held before, whole or not at all, 0600."""
    from custctl.parts import part, put_over

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with part(path) as made:
        with os.fdopen(os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        put_over(made, path)


def profiles(environment: Mapping[str, str] | None = None) -> dict[str, dict[str, str]]:
    """The profiles of the config file by name. Raises exit 4 when it cannot be read."""
    _, file = _found(os.environ if environment is None else environment)
    found: dict[str, dict[str, str]] = file.get("profiles", {})
    return found


def actor(environment: Mapping[str, str] | None = None) -> str:
    """Who history says made a change: CUSTCTL_ACTOR, else the operating system's user, by number if it has no name.

    Raises exit 4 when CUSTCTL_ACTOR is no text; another name that is none is passed over.
    """
    from custctl.decoding import SURROGATE  # a read does not ask

    env = os.environ if environment is None else environment
    for variable in (ACTOR_VARIABLE, "LOGNAME", "USER"):
        name = env.get(variable, "").strip()
        if not SURROGATE.search(name):
            if any(map(str.isprintable, name)):  # else it is blank, or of characters that have no width
                return name
        elif variable == ACTOR_VARIABLE:
            raise invalid(f"{ACTOR_VARIABLE} holds bytes that are no text", code="encoding", hint="custctl reads UTF-8")
    return _user_name()


def _user_name() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _first(
    name: str,
    flags: Mapping[str, str | None],
    env: Mapping[str, str],
    table: Mapping[str, Any],
    file: Mapping[str, Any],
    path: Path | None,
    profile: str | None,
) -> Value:
    """The first place that says something about a setting."""
    if flags.get(name) is not None:
        return Value(name, flags[name], f"--{name}")
    if env.get(VARIABLES[name]):
        return Value(name, env[VARIABLES[name]], VARIABLES[name])
    if name in table:
        return Value(name, str(table[name]), f"profile {profile} in {path}")
    if name in file:
        return Value(name, str(file[name]), str(path))
    if name == "db":
        path = default_database(env)
        return Value(name, None if path is None else str(path), "default")
    return Value(name, {"output": "table", "color": "auto"}.get(name), "default")


def _read(path: Path) -> dict[str, Any]:
    """The config file as a table; empty when there is none."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise invalid(f"{path} cannot be read: {error.strerror}", code="unreadable") from error
    import tomllib
    from dataclasses import replace

    from custctl.decoding import decoded

    try:
        content = tomllib.loads(decoded(str(path), text, "config file").replace("\r\n", "\n"))
    except CustctlError as error:
        words = f"{path} is not TOML: {error.problem.message}"
        raise CustctlError(replace(error.problem, message=words, hint="mend it, or move it away")) from None
    except tomllib.TOMLDecodeError as error:
        words = f"{path} is not TOML: {_mistake(error)}"
        raise invalid(words, code="syntax", hint="mend it, or move it away") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, or tables in tables in tables
        raise invalid(f"{path} holds what no setting is", code="syntax", hint="mend it, or move it away") from error
    _check(content, path)
    return content


def _mistake(error: ValueError) -> str:
    from custctl.syntax import toml_mistake

    words, place = toml_mistake(error)
    return f"{words}, at the end" if place is None else f"{words}, at line {place[0]}, column {place[1]}"


def _check(content: Mapping[str, Any], path: Path) -> None:
    profiles = content.get("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(table, dict) for table in profiles.values()):
        raise invalid(f"{path}: profiles must be tables", field="profiles")
    known = (*SETTINGS, "profile", "profiles")
    for table, names in ((content, known), *((table, SETTINGS) for table in profiles.values())):
        for name, value in table.items():
            if name not in names:
                raise invalid(f"{path}: unknown setting {name!r}", field=name, hint=_known(name, names))
            if name != "profiles" and not isinstance(value, str):
                raise invalid(f"{path}: {name} must be text", field=name, value=str(value))


def _known(name: str, known: tuple[str, ...]) -> str:
    return did_you_mean(near(name, known)) or f"the settings are {', '.join(known)}"
