"""``samehand keys``: who may call the gate, made and revoked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from cli import output
from cli.options import OUT_FILE, Parsed, option
from cli.run.gate import keys_file
from gate.keys import UnusableKeys, new_key, rate_of, read_keys, revoke_key
from gate.rights import EVENTS, FORMS, May, fault_of
from report.text import plural
from streams.settings import load

RATE: Final = "50/s"
_COLUMNS: Final[output.Columns] = {
    "name": "name",
    "may": "may",
    "records a second": lambda key: f"{key['calls_a_second']:g}{'' if key['per'] == 'record' else ' calls'}",
    "made": lambda key: key["created_at"][:10],
}


@click.group("keys")
def command() -> None:
    """Create, list and revoke API keys for the gate, in the file that SAMEHAND_GATE_KEYS names.

    The file holds a hash of each key and no key. Gates notice a change within a second, without a restart.

    \b
    Examples:
      samehand keys new sign-up --may score --rate 200/s
      samehand keys list
      samehand keys revoke sign-up
    """


_file_option = option(
    "--file", "The file of keys; by default the one that SAMEHAND_GATE_KEYS names.", OUT_FILE, "path"
)


def _rights(text: str) -> frozenset[str]:
    given = [right.strip() for right in text.split(",") if right.strip()]
    for right in given or [""]:
        if fault := fault_of(right):
            raise ValueError(fault)
    return frozenset(given)


@command.command("new", short_help="Create a key, and print it once.")
@click.argument("name")
@option(
    "--may",
    f"What the key may do, separated by commas: {', '.join(FORMS)}.",
    Parsed("rights", _rights),
    required=True,
)
@option(
    "--rate",
    "Most records in a second or minute: 200/s, 30/min. A call to score or read counts as one.",
    Parsed("rate", rate_of),
    default=RATE,
)
@_file_option
@output.json_option
def new(name: str, may: frozenset[May], rate: float, path: Path | None) -> int:
    """Create an API key called NAME and print it on standard output. It is printed once and stored nowhere.

    The right `score` scores sign-ups; its answers hold outcome, band and reasons, and name no banned account
    unless the key also has `alerts`, which reads alerts. `events:KIND` publishes account events of one kind,
    `events:KIND@PLATFORM` those of one platform; `verdicts` publishes what people decided; `appeals` and
    `appeals@PLATFORM` relay what holders contest; `related`, for a desk, says who is like an account, and
    goes with no `score`. A call holds at most as many records as the key may publish in a minute.

    \b
    Examples:
      samehand keys new sign-up --may score --rate 200/s
      samehand keys new app --may events:created@app,events:updated@app
      samehand keys new review --may score,alerts,verdicts
      samehand keys new desk --may related --rate 60/min
    """
    path = _file(path)
    if EVENTS in may:
        output.note(
            "`events` publishes every kind of event for every platform: anyone with this key can delete and "
            "reinstate all accounts. Name kinds and platforms: events:created@app"
        )
    with _faults(path):
        key = new_key(path, name, may, rate, datetime.now(UTC))
    rights = sorted(may)
    if not output.wants_json():
        output.note(f"{path}: {name} may {', '.join(rights)}. Keep the key; it is shown this once.")
    return output.result(
        {"name": name, "may": rights, "calls_a_second": rate, "per": "record", "key": key}, key
    )


@command.command("list", short_help="List the keys, what each may do and how often.")
@_file_option
@output.json_option
def list_keys(path: Path | None) -> int:
    """List the keys: name, rights, records allowed in a second, and the date of each. The keys themselves are
    not stored.

    \b
    Example:
      samehand keys list
    """
    path = _file(path)
    with _faults(path):
        keys = read_keys(path)
    rows = [
        {
            "name": key.name,
            "may": sorted(key.may),
            "calls_a_second": key.rate,
            "per": key.per,
            "created_at": key.created_at.isoformat(),
            "warning": key.warning,
        }
        for key in keys
    ]
    if not output.wants_json():
        for key in keys:
            if key.warning:
                output.note(f"{key.name}: {key.warning}. Make a narrower key, and revoke this one.")
    return output.result(
        {"keys": rows}, output.table(_COLUMNS, rows) if keys else f"{path}: there is no key."
    )


@command.command("revoke", short_help="Revoke a key.")
@click.argument("name")
@_file_option
@output.json_option
def revoke(name: str, path: Path | None) -> int:
    """Revoke the key called NAME. Gates refuse it within a second.

    \b
    Example:
      samehand keys revoke sign-up
    """
    path = _file(path)
    with _faults(path):
        if not revoke_key(path, name):
            raise click.ClickException(f"{path}: there is no key {name!r}")
        left = len(read_keys(path))
    return output.result(
        {"revoked": name, "keys": left}, f"{name} is revoked; {plural(left, 'key')} in force."
    )


def _file(path: Path | None) -> Path:
    path = path or keys_file(load())
    if not path.parent.is_dir():
        raise click.ClickException(f"{path}: there is no such folder")
    return path


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    """Ends a command in one line where the file of keys cannot be used."""
    try:
        yield
    except UnusableKeys as fault:
        raise click.ClickException(str(fault)) from fault
    except OSError as fault:
        raise click.ClickException(f"{path}: {fault.strerror}") from fault
