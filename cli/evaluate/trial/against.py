"""What a dry run is held against: another table of weights, or other settings of scoring.

A file of settings is written as for ``docker --env-file`` and systemd's ``EnvironmentFile``:
``SAMEHAND_LIKELY=0.95``, one a line. It changes those that it names.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from msgspec.structs import replace

from agents.runtime.weights_of_settings import weights_of
from cli import output
from cli.inputs.input_source import read_bytes, shown_path
from cli.options import weights_of_file
from desk.settings import DeskSettings
from report.text import visible
from samehand.scoring.weights import Weights
from streams.errors import SettingsError
from streams.settings import PREFIX, Settings, load
from streams.settings.environment import unknown_names
from streams.settings.retention import RetentionSettings
from streams.settings.scoring import ScoringSettings

BYTES_MAX: Final = 1024 * 1024
"""A table of weights takes 20 KB, all settings with their meanings as much."""

_OPTION: Final = "--against"
_READ: Final = frozenset(
    f"{PREFIX}{name.upper()}" for name in (*ScoringSettings.model_fields, *RetentionSettings.model_fields)
)
"""Of a file of settings those that decide what alerts; no secret is among them."""


@dataclass(frozen=True, slots=True)
class Against:
    """Side B of a comparison. ``given`` are the variables of its file, none of a table of weights."""

    settings: Settings
    weights: Weights
    given: dict[str, str]


def against(path: Path, settings: Settings) -> Against:
    """Reads side B. ``settings`` are those of side A, which hold where the file says nothing.

    Raises ``click.BadParameter`` where it is neither a table of weights nor a file of settings.
    """
    text = read_bytes(path, BYTES_MAX)
    if text.lstrip().startswith(b"{"):
        ours = weights_of(settings)
        table = weights_of_file(path, _OPTION)
        return Against(settings, replace(table, bands=ours.bands, policy_bands=ours.policy_bands), {})
    # Variables that a trial does not read, as a file of production has them, are named and left out.
    variables: dict[str, str] = {}
    try:
        lines = text.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as fault:
        raise _wrong(path, "is neither a table of weights (JSON) nor a file of settings") from fault
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.removeprefix("export ").partition("=")
        if not equals or not name.strip().startswith(PREFIX):
            raise _wrong(path, f"line {number}: write {PREFIX}NAME=VALUE")
        value = value.strip()
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
        variables[name.strip()] = value[1:-1] if quoted else value
    for name, near in unknown_names(variables, DeskSettings).items():
        hint = f"; did you mean {near}?" if near else ""
        raise _wrong(path, f"there is no setting {visible(name, 100)}{hint}")
    if rest := sorted(variables.keys() - _READ):
        output.note(f"{shown_path(path)}: a trial does not read {', '.join(rest)}")
    if not variables.keys() & _READ:  # else a check would pass without having compared anything
        raise _wrong(path, "names no setting by which a trial alerts")
    given = {name: variables[name] for name in sorted(variables.keys() & _READ)}
    try:
        other = load({**os.environ, **given})
        return Against(other, weights_of(other), given)
    except SettingsError as fault:
        raise _wrong(path, str(fault)) from fault


def _wrong(path: Path, why: str) -> click.BadParameter:
    return click.BadParameter(f"{shown_path(path)}: {why}", param_hint=_OPTION)
