"""``samehand keys``: who may call the gate, made and revoked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from cli import output
from cli.commands.gate import keys_file
from cli.options import OUT_FILE, Parsed
from gate.keys import UnusableKeys, new_key, rate_of, read_keys, revoke_key
from gate.rights import EVENTS, FORMS, May, fault_of
from report.text import plural
from streams.settings import load

RATE = "50/s"


@click.group("keys", short_help="Create, list and revoke API keys for the gate.")
def command() -> None:
    """Create, list and revoke API keys for the gate, in the file that SAMEHAND_GATE_KEYS names.

    The file holds a hash of each key and no key. Gates notice a change within a second, without a restart.

    \b
    Examples:
      samehand keys new sign-up --may score --rate 200/s
      samehand keys list
      samehand keys revoke sign-up
    """


_file_option = click.option(
    "--file",
    "path",
    type=OUT_FILE,
    help="The file of keys; by default the one that SAMEHAND_GATE_KEYS names.",
)


def _rights(text: str) -> frozenset[str]:
    given = [right.strip() for right in text.split(",") if right.strip()]
    for right in given or [""]:
        if fault := fault_of(right):
            raise ValueError(fault)
    return frozenset(given)


@command.command("new", short_help="Create a key, and print it once.")
@click.argument("name")
@click.option(
    "--may",
    type=Parsed("rights", _rights),
    required=True,
    help=f"What the key may do, separated by commas: {', '.join(FORMS)}.",
)
@click.option(
    "--rate",
    type=Parsed("rate", rate_of),
    default=RATE,
    help="Most records in a second or minute: 200/s, 30/min. A call to score or read counts as one.",
)
@_file_option
@output.json_option
def new(name: str, may: frozenset[May], rate: float, path: Path | None, as_json: bool) -> int:
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
    try:
        key = new_key(path, name, may, rate, datetime.now(UTC))
    except (UnusableKeys, OSError) as fault:
        raise click.ClickException(_words(fault, path)) from fault
    if as_json:
        output.figures(
            {"name": name, "may": sorted(may), "calls_a_second": rate, "per": "record", "key": key}
        )
    else:
        output.note(f"{path}: {name} may {', '.join(sorted(may))}. Keep the key; it is shown this once.")
        click.echo(key)
    return 0


@command.command("list", short_help="List the keys, what each may do and how often.")
@_file_option
@output.json_option
def list_keys(path: Path | None, as_json: bool) -> int:
    """List the keys: name, rights, records allowed in a second, and the date of each. The keys themselves are
    not stored.

    \b
    Example:
      samehand keys list
    """
    path = _file(path)
    try:
        keys = read_keys(path)
    except UnusableKeys as fault:
        raise click.ClickException(str(fault)) from fault
    if as_json:
        output.figures(
            {
                "keys": [
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
            }
        )
        return 0
    rows = [
        (
            key.name,
            ", ".join(sorted(key.may)),
            f"{key.rate:g}{'' if key.per == 'record' else ' calls'}",
            f"{key.created_at:%Y-%m-%d}",
        )
        for key in keys
    ]
    table = output.table(("name", "may", "records a second", "made"), rows)
    output.console().print(table if keys else f"{path}: there is no key.")
    for key in keys:
        if key.warning:
            output.note(f"{key.name}: {key.warning}. Make a narrower key, and revoke this one.")
    return 0


@command.command("revoke", short_help="Revoke a key.")
@click.argument("name")
@_file_option
@output.json_option
def revoke(name: str, path: Path | None, as_json: bool) -> int:
    """Revoke the key called NAME. Gates refuse it within a second.

    \b
    Example:
      samehand keys revoke sign-up
    """
    path = _file(path)
    try:
        if not revoke_key(path, name):
            raise click.ClickException(f"{path}: there is no key {name!r}")
        left = len(read_keys(path))
    except (UnusableKeys, OSError) as fault:
        raise click.ClickException(_words(fault, path)) from fault
    if as_json:
        output.figures({"revoked": name, "keys": left})
    else:
        output.console().print(f"{name} is revoked; {plural(left, 'key')} in force.")
    return 0


def _file(path: Path | None) -> Path:
    path = path or keys_file(load())
    if not path.parent.is_dir():
        raise click.ClickException(f"{path}: there is no such folder")
    return path


def _words(fault: Exception, path: Path) -> str:
    return f"{path}: {fault.strerror}" if isinstance(fault, OSError) else str(fault)
