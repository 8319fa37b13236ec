"""``samehand try``: what would be found in a live topic, before anything is deployed."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from cli import output
from cli.inputs.event_files import EventFiles, files_options
from cli.inputs.truths import pair_options
from cli.options import FILE, OUT_FOLDER, Parsed, Whole
from cli.output_files import make_folder
from cli.run_async import awaited
from report.accuracy import AccountPair
from report.text import plural, visible

CAPACITY: Final = 200
"""Alerts that a moderator reads in a day: eight hours at two and a half minutes each."""

_SPAN: Final = re.compile(r"([0-9]{1,6})([smhdw])")
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
_FILES: Final = (".csv", ".jsonl", ".ndjson", ".json")


def _moment(text: str) -> float:
    """Reads a moment in Unix seconds: so long ago (`24h`, `7d`), a date, or `start`, which is 0.

    None is below 0, where Kafka gives numbers meanings of their own.
    """
    if text == "start":
        return 0.0
    if match := _SPAN.fullmatch(text):
        return max(0.0, time.time() - int(match[1]) * _UNITS[match[2]])
    try:
        moment = datetime.fromisoformat(text)
        return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise ValueError(
            f"{visible(text)}: give 24h, 7d, a date such as 2026-11-24T12:00Z, or start"
        ) from None


_MOMENT: Final = Parsed("when", _moment)


@click.command("try", short_help="Report what samehand would find in your events; publishes nothing.")
@click.option(
    "--topic",
    "topics",
    multiple=True,
    metavar="NAME",
    help=(
        "Read sign-ups from this topic; repeatable, as for changes (accounts.updated) and verdicts "
        "(alerts.verdicts)."
    ),
)
@click.option(
    "--from",
    "since",
    type=_MOMENT,
    default="24h",
    help="With --topic: how far back to begin: 24h, 7d, a date, or start.",
)
@click.option(
    "--to", "until", type=_MOMENT, help="Leave out what occurred later: 24h for a day ago, or a date."
)
@click.option(
    "--events",
    type=FILE,
    help=(
        "Read sign-ups from a file: JSONL of AccountCreated, or CSV; with --kcat also changes, bans and "
        "verdicts; - is standard input."
    ),
)
@click.option(
    "--bans",
    metavar="FILE|TOPIC",
    help=(
        "Banned accounts: a file (JSONL of AccountBanned, or CSV), or a topic, read from its start; by "
        "default the topic accounts.banned."
    ),
)
@click.option(
    "--against",
    "--weights",
    "against",
    type=FILE,
    help=(
        "Also replay with this table of weights (JSON) or these settings (lines of SAMEHAND_NAME=VALUE), "
        "called B, and compare with those in force, A."
    ),
)
@click.option(
    "--allow",
    type=Whole(0),
    help="With --against: end with exit code 1 if more than N pairs are alerted under one side only.",
)
@click.option(
    "--capacity",
    type=Whole(1, 1_000_000),
    default=CAPACITY,
    help="How many alerts your moderators can review in a day.",
)
@click.option(
    "--records",
    type=Whole(1, 20_000_000),
    default=1_000_000,
    help="Stop with an error after this many records; each takes some 2 KB of memory.",
)
@click.option(
    "--out",
    type=OUT_FOLDER,
    default=Path("samehand-try"),
    metavar="DIR",
    help=(
        "Write report.html with its pages of alerts, report.json, alerts.jsonl and alerts.csv to this "
        "folder, which is created if missing."
    ),
)
@files_options
@pair_options
@output.json_option
def command(
    topics: tuple[str, ...],
    since: float,
    until: float | None,
    events: Path | None,
    bans: str | None,
    against: Path | None,
    allow: int | None,
    capacity: int,
    records: int,
    out: Path,
    files: EventFiles,
    why: AccountPair | None,
    truth: frozenset[AccountPair] | None,
    as_json: bool,
) -> int:
    """Report what samehand would find in your events; publishes nothing (a dry run).

    Replays bans, sign-ups, changes and verdicts in the order in which they occurred, with the worker's own
    code and settings (thresholds, weights, allowlist, days remembered), over a temporary store: an embedded
    Redis on Linux x86-64, elsewhere the store in memory, up to 200,000 records. Topics are read without a
    consumer group, so no offset moves. Your own store is not touched.

    The report lists all alerts, by band, policy and platform, each with its reasons; it says how many alerts
    each threshold raises per 1,000 sign-ups and how many of them --capacity allows, which fields were empty,
    and which signals therefore had nothing to compare. Alerts on accounts that you banned later yourselves
    are counted apart. With --against it also lists who is alerted under one side only, and why, by script
    and language, and how people judged these; with --allow that is a check for a change of weights or
    settings. The same records give the same files, byte by byte.

    With --truth it measures what was found of pairs that you know, and groups the others by why they were
    missed; with --why it explains one account or one pair.

    An alert means resemblance, not identity: a person decides.

    \b
    Examples:
      SAMEHAND_KAFKA_BROKERS=kafka:9092 \\
      samehand try --topic accounts.created --from 24h --bans bans.csv
      SAMEHAND_KAFKA_BROKERS=kafka:9092 \\
      samehand try --mapping mappings.toml --topic shop.public.users \\
        --from 7d --bans shop.public.users
      samehand try --events sign-ups.csv --bans bans.csv --capacity 50
      samehand try --mapping mappings.toml --events users.csv --truth known.csv
      samehand try --events a.csv --bans bans.csv --against new.json --allow 20
      samehand try --topic accounts.created --topic alerts.verdicts \\
        --from 14d --against b.json
      samehand try --mapping mappings.toml --events users.csv --why app:311 app:17
      samehand try --events sample.kcat.jsonl --kcat --mapping mappings.toml \\
        --bans bans.csv --out report
    """
    from cli.commands.dry_run.run import DryRunOptions, dry_run

    if not topics and events is None:
        raise click.UsageError("give --topic NAME to read from the broker, or --events FILE")
    if topics and events is not None:
        raise click.UsageError("give --topic or --events, not both")
    if allow is not None and against is None:
        raise click.UsageError("--allow says how many pairs may differ from --against: give both")
    if files.kcat and events is None:
        raise click.UsageError("--kcat says what a file is: give --events FILE")
    file, topic = _bans(bans)
    if file is None and topic is None and topics and files.mappings is None:
        topic = ""
    asked = DryRunOptions(
        topics, since, events, file, topic, against, capacity, records, files, why, truth, until
    )
    make_folder(out, "--out")
    trial = awaited(dry_run(asked))
    from cli.commands.dry_run.alert_files import write_all
    from cli.commands.dry_run.show import show

    write_all(out, trial)
    if as_json:
        output.figures({**trial.report, "run": trial.run, "out": str(out)})
    else:
        show(trial, out)
    compared = trial.report.get("compared")
    differ = 0 if compared is None else compared["only_a"] + compared["only_b"]
    if allow is not None and differ > allow:
        output.note(f"{plural(differ, 'pair')} alerted under one side only; --allow {allow}")
        return 1
    return 0


def _bans(given: str | None) -> tuple[Path | None, str | None]:
    """A file, where there is one of that name or it is named like one; else a topic."""
    if given is None:
        return None, None
    path = Path(given)
    if given == "-" or path.exists() or path.suffix.lower() in _FILES or "/" in given:
        return FILE.convert(given, None, click.get_current_context()), None
    return None, given
