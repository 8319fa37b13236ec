"""``samehand score``: the worker's judgement over two files, without servers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

import click

from desk.cli import output
from desk.cli.inputs.input_errors import tell_faults
from desk.cli.inputs.input_files import ACCOUNTS, BANS, read_accounts, read_bans, size
from desk.cli.inputs.oddities import tell_odd
from desk.cli.offline.offline_scoring import Offline, Scored, refuse_nothing
from desk.cli.offline.weights_file import weights_of_file
from desk.cli.options import FILE, platform_option, strict_option
from desk.cli.output_files import writing
from desk.cli.run_async import awaited
from desk.text import plural
from desk.waterfall import terminal
from schemas.alerts import MirrorAlert
from schemas.wire import encode

_SHOWN: Final = 10
_CANDIDATES_MAX: Final = 60  # the index keeps 64 candidates, three of which may alert


@click.command("score", short_help="Score accounts against bans, from files, without a broker.")
@click.option("--bans", type=FILE, required=True, help="Banned accounts: JSONL of AccountBanned, or CSV.")
@click.option("--accounts", type=FILE, required=True, help="Accounts: JSONL of AccountCreated, or CSV.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write every alert here, one MirrorAlert a line, in the order of the accounts.",
)
@platform_option
@click.option(
    "--candidates",
    type=click.IntRange(0, _CANDIDATES_MAX),
    default=0,
    metavar="K",
    help="Also write the best K below the bands of each account, with band `none`.",
)
@click.option("--top", type=click.IntRange(0), default=_SHOWN, show_default=True, help="Alerts to show.")
@click.option(
    "--first-day",
    is_flag=True,
    help="Count nothing: values are as common as shipped figures say, as for a new worker.",
)
@click.option("--weights", type=FILE, help="Another table of weights (JSON), to try it out.")
@strict_option
@output.json_option
def command(
    bans: Path,
    accounts: Path,
    out: Path | None,
    platform: str,
    candidates: int,
    top: int,
    first_day: bool,
    weights: Path | None,
    strict: bool,
    as_json: bool,
) -> int:
    """Score accounts against bans, from files, without a broker.

    The same agents as in the worker enrol the bans, then look at each account. Nothing is stored and nothing
    leaves this machine. CSV files have the account's field names as columns; without account_id a row is
    named by its number. One of the files may be `-`, standard input.

    How common a value is, each account learns from those before it, as in a worker: of names and the like
    from those a day or two older, of networks and pictures from those an hour older. Rows of one date without
    a time, and rows that do not say when, which come last, learn of networks and pictures from one another.

    \b
    Examples:
      samehand score --bans bans.csv --accounts sign-ups.csv
      samehand score --bans bans.jsonl --accounts today.jsonl --out alerts.jsonl
      samehand score --bans bans.csv --accounts a.csv --platform telegram --json | tail -n 1

    Bad lines are told on standard error with their address, and the rest goes on.
    """
    started = time.monotonic()
    offline = Offline(
        now=time.time(),
        weights=None if weights is None else weights_of_file(weights),
        candidates=candidates,
        first_day=first_day,
    )
    tell_odd(((bans, BANS), (accounts, ACCOUNTS)), strict=strict)
    with writing(out, "--out") if out is not None else nullcontext() as file:
        awaited(_run(offline, bans, accounts, platform))
        scored = offline.scored
        tell_faults(scored.faults)
        scored.unusable.tell()
        refuse_nothing(scored, bans, accounts)
        if file is not None:
            file.writelines(encode(alert) + b"\n" for alert in scored.alerts)
    figures = _figures(scored, time.monotonic() - started)
    if as_json:
        output.figures(figures)
    else:
        _show(scored.alerts, figures, top)
    return 0


async def _run(offline: Offline, bans: Path, accounts: Path, platform: str) -> None:
    now = time.time()
    with output.progress("enrolling bans", size([bans])) as hear:
        await offline.enrol(read_bans(bans, now=now, platform=platform, hear=hear))
    with output.progress("reading accounts", size([accounts])) as hear:
        lines = list(read_accounts(accounts, now=now, platform=platform, hear=hear))
    with output.progress("looking up accounts", len(lines)) as hear:
        await offline.screen(lines, hear)


def _figures(scored: Scored, seconds: float) -> dict[str, Any]:
    bands = Counter(alert.band for alert in scored.alerts)
    return {
        "accounts": scored.accounts,
        "bans": scored.bans,
        "alerts": {band: bands[band] for band in ("likely", "possible")},
        "accounts_alerted": len({alert.key for alert in scored.alerts if alert.band != "none"}),
        "candidates_below": bands["none"],
        "bad_rows": len(scored.faults),
        "fields_unusable": scored.unusable.figures,
        "seconds": round(seconds, 3),
    }


def _show(alerts: Sequence[MirrorAlert], figures: dict[str, Any], top: int) -> None:
    screen = output.console()
    best = sorted((one for one in alerts if one.band != "none"), key=lambda one: -one.log_odds)
    for alert in best[:top]:
        screen.print(terminal.alert(alert))
        screen.print()
    if len(best) > top:
        screen.print(f"… and {plural(len(best) - top, 'more alert')} (--top, --out)\n")
    bands = figures["alerts"]
    screen.print(
        f"{plural(figures['accounts'], 'account')} against {plural(figures['bans'], 'ban')}: "
        f"{bands['likely']} likely, {bands['possible']} possible "
        f"on {plural(figures['accounts_alerted'], 'account')}; "
        f"{plural(figures['bad_rows'], 'bad row')}; {figures['seconds']:.1f} s"
    )
    screen.print("Resemblance, not identity; a person decides.", style="dim")
