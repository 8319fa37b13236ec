"""Reads settings from an environment, and describes them. Nothing else reads the environment."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import SecretStr, ValidationError
from pydantic_settings import EnvSettingsSource
from pydantic_settings import SettingsError as NotParsed

from streams.errors import SettingsError
from streams.settings.fields import PREFIX
from streams.settings.settings import Settings

AnySettings = TypeVar("AnySettings", bound=Settings)

_MAIN: Final = "kafka_brokers redis_url pepper_file topic_prefix topic_partitions topic_replication"
MAIN: Final = (*_MAIN.split(), "likely", "possible", "remember_days", "web_port")
"""What to look at before the first worker runs, most needed first; other defaults serve the main job."""

_FIELD_NAMED: Final = re.compile(r'field "(\w+)"')


@dataclass(frozen=True, slots=True)
class Described:
    """One setting for people: its group, its variable, its default as text, what it means."""

    group: str
    name: str
    default: str
    meaning: str


class _Given(EnvSettingsSource):
    """The variables of any mapping, so that tests and `doctor` need not touch the process's own."""

    def __init__(self, kind: type[Settings], environment: Mapping[str, str]) -> None:
        self._environment = environment
        super().__init__(kind, env_ignore_empty=True)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._environment.items() if value != ""}


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings of every process from `environment`, by default the process's.

    Raises `SettingsError` with every fault at once.
    """
    return read(Settings, environment)


def read(kind: type[AnySettings], environment: Mapping[str, str] | None) -> AnySettings:
    """Reads one kind of settings, as `load` does."""
    try:
        return kind(**_Given(kind, os.environ if environment is None else environment)())
    except NotParsed as fault:
        match = _FIELD_NAMED.search(str(fault))
        name = _variable(match.group(1)) if match else PREFIX
        raise SettingsError({name: "must be JSON"}) from None
    except ValidationError as fault:
        faults: dict[str, str] = {}
        for error in fault.errors(include_url=False, include_context=False, include_input=False):
            # A contradiction between settings names them itself, so it stands under the prefix alone.
            where = [str(part) for part in error["loc"]]
            name = ".".join([_variable(where[0]), *where[1:]]) if where else PREFIX.rstrip("_")
            faults[name] = error["msg"].removeprefix("Value error, ")
        raise SettingsError(faults) from None


def unknown_names(environment: Mapping[str, str], kind: type[Settings]) -> dict[str, str]:
    """Variables with our prefix that no setting reads, each with the nearest name that is read, or ""."""
    known = [name.upper() for name in kind.model_fields]
    strangers = (name.removeprefix(PREFIX) for name in environment if name.startswith(PREFIX))
    # Without the prefix, which makes any two names alike.
    return {
        f"{PREFIX}{name}": next((f"{PREFIX}{near}" for near in difflib.get_close_matches(name, known, 1)), "")
        for name in strangers
        if name not in known
    }


def describe(kind: type[Settings]) -> list[Described]:
    """Every setting of a kind for people: those of the main job first, then by their subject."""
    fields = kind.model_fields
    return [
        Described(
            "The main job" if name in MAIN else _group(kind, name),
            _variable(name),
            _shown(fields[name].get_default(call_default_factory=True)),
            fields[name].description or "",
        )
        for name in dict.fromkeys((*MAIN, *fields))
    ]


def _group(kind: type[Settings], name: str) -> str:
    """The subject of the class that declares a setting."""
    declares = next(base for base in reversed(kind.__mro__) if name in getattr(base, "model_fields", ()))
    return (declares.__doc__ or "").splitlines()[0].partition(",")[0].rstrip(".")


def _variable(field: str) -> str:
    return f"{PREFIX}{field.upper()}"


def _shown(default: object) -> str:
    if default is None or default == {}:
        return ""
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return str(default).lower() if isinstance(default, bool) else str(default)
