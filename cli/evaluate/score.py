"""``samehand score``: the worker's judgement over two files, without servers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Group, RenderableType
from rich.text import Text

from agents.common.queries.diagnosis import PairDiagnosis
from cli import output
from cli.inputs.event_files import EventFiles, files_options
from cli.inputs.input_errors import tell_faults, tell_unusable
from cli.inputs.input_files import ACCOUNTS, BANS
from cli.inputs.truths import pair_options
from cli.offline.known_pairs import alerted_pairs, diagnosis_fields, diagnosis_shown, known_pairs, known_shown
from cli.offline.offline_scoring import Offline, Scored, refuse_nothing
from cli.offline.pair_watch import Watch
from cli.options import (
    FILE,
    OUT_FILE,
    TOPIC_FILE,
    Whole,
    flag,
    option,
    sign_ups_a_day_option,
    strict_option,
    weights_of_file,
)
from cli.output_files import writing
from cli.running import awaited
from report.accuracy import AccountPair
from report.text import plural
from report.waterfall import terminal
from schemas.wire import encode

_SHOWN: Final = 10
_CANDIDATES_MAX: Final = 60  # the index keeps 64 candidates, three of which may alert


@click.command("score")
@option(
    "--bans",
    "Banned accounts: JSONL of AccountBanned, or CSV; - is standard input.",
    TOPIC_FILE,
    required=True,
)
@option(
    "--accounts",
    "Accounts to score: JSONL of AccountCreated, or CSV; - is standard input.",
    TOPIC_FILE,
    required=True,
)
@option(
    "--out", "Write every alert to this file: JSONL of MirrorAlert, in the order of the accounts.", OUT_FILE
)
@files_options
@pair_options
@option(
    "--candidates",
    "With --out: also write each account's K best matches below the alert threshold, with band `none`.",
    click.IntRange(0, _CANDIDATES_MAX),
    default=0,
    metavar="K",
)
@option("--top", "Alerts to print, best first.", Whole(0), default=_SHOWN)
@sign_ups_a_day_option
@flag("--first-day", "Take how common values are from the shipped figures only, as a new worker does.")
@option("--weights", "Score with this table of weights (JSON) instead of the shipped one.", FILE)
@strict_option
@output.json_option
def command(
    bans: Path,
    accounts: Path,
    out: Path | None,
    files: EventFiles,
    why: AccountPair | None,
    truth: frozenset[AccountPair] | None,
    candidates: int,
    top: int,
    sign_ups_a_day: int | None,
    first_day: bool,
    weights: Path | None,
    strict: bool,
) -> int:
    """Score accounts against bans, both read from files; needs no servers.

    Enrols the bans, then looks up each account among them, with the worker's own code. Keeps nothing
    and sends nothing to any other machine. Use it to see what samehand finds in your data.

    Files are JSONL (docs/reference/events.md), or CSV whose first line names the account's fields. A row
    without account_id is named by its number.

    How common a value is, is learned from earlier accounts, as in a worker: names and the like from
    accounts a day or two older, networks and pictures from accounts an hour older. Rows without a time of
    day, or without a date (these come last), learn networks and pictures from one another.

    Lines that cannot be read are reported on standard error with their number, and the others are scored.

    \b
    Examples:
      samehand score --bans bans.csv --accounts sign-ups.csv
      samehand score --bans bans.jsonl --accounts today.jsonl --out alerts.jsonl
      samehand score --bans bans.csv --accounts a.csv --platform telegram --json
      samehand score --bans u.csv --accounts u.csv --mapping m.toml --truth t.csv
      samehand score --bans bans.csv --accounts a.csv --why x:311 x:17
    """
    started = time.monotonic()
    watch = Watch([*(truth or ()), *([] if why is None else [why])])
    offline = Offline(
        now=files.now,
        weights=None if weights is None else weights_of_file(weights),
        candidates=candidates,
        first_day=first_day,
        watch=watch,
        sign_ups_a_day=sign_ups_a_day,
    )
    files.tell_odd((bans, BANS), (accounts, ACCOUNTS), strict=strict)
    with writing(out, "--out") if out is not None else nullcontext() as file:
        awaited(offline.compare(bans, accounts, files))
        scored = offline.scored
        tell_faults(scored.faults)
        tell_unusable(scored.unusable)
        refuse_nothing(scored, bans, accounts)
        if file is not None:
            file.writelines(encode(alert) + b"\n" for alert in scored.alerts)
    figures, alerted = _figures(scored, time.monotonic() - started), alerted_pairs(scored.alerts)
    if truth is not None:
        figures["known"] = known_pairs(scored.alerts, watch.of(truth, alerted), scored.banned)
    asked = [] if why is None else watch.of([why], alerted)
    if why is not None:
        figures["why"] = [diagnosis_fields(diagnosis, scored.banned) for diagnosis in asked]
    return output.result(figures, *_shown(scored, figures, top, asked))


def _figures(scored: Scored, seconds: float) -> dict[str, Any]:
    bands = Counter(alert.band for alert in scored.alerts)
    return {
        "accounts": scored.accounts,
        "bans": scored.bans,
        "alerts": {band: bands[band] for band in ("likely", "possible")},
        "accounts_alerted": len({alert.key for alert in scored.alerts if alert.band != "none"}),
        "candidates_below": bands["none"],
        "bad_rows": len(scored.faults),
        "fields_unusable": scored.unusable.rows,
        "seconds": round(seconds, 3),
    }


def _shown(
    scored: Scored, figures: dict[str, Any], top: int, asked: Sequence[PairDiagnosis]
) -> Iterator[RenderableType]:
    for diagnosis in asked:
        yield from diagnosis_shown(diagnosis, scored.banned)
    best = sorted(
        (alert for alert in scored.alerts if alert.band != "none"), key=lambda alert: -alert.log_odds
    )
    if not asked:
        yield from (Group(terminal.alert(alert), "") for alert in best[:top])
        yield f"… and {plural(len(best) - top, 'more alert')} (--top, --out)" if len(best) > top else ""
    bands = figures["alerts"]
    yield (
        f"{plural(figures['accounts'], 'account')} against {plural(figures['bans'], 'ban')}: "
        f"{bands['likely']} likely, {bands['possible']} possible "
        f"on {plural(figures['accounts_alerted'], 'account')}; "
        f"{plural(figures['bad_rows'], 'bad row')}; {figures['seconds']:.1f} s"
    )
    if "known" in figures:
        yield from known_shown(figures["known"])
    yield Text("Resemblance, not identity; a person decides.", "dim")
