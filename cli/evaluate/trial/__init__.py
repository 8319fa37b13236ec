"""``samehand try``: what would be found in a live topic, before anything is deployed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import click

from cli import output
from cli.inputs.event_files import files_options
from cli.inputs.truths import pair_options
from cli.options import (
    FILE,
    OUT_FOLDER,
    TOPIC_FILE,
    Parsed,
    Whole,
    length,
    moment,
    option,
    sign_ups_a_day_option,
)
from cli.output_files import make_folder
from cli.running import awaited
from report.text import plural, visible

CAPACITY: Final = 200
"""Alerts that a moderator reads in a day: eight hours at two and a half minutes each."""

_FILES: Final = (".csv", ".jsonl", ".ndjson", ".json")


def _moment(text: str) -> float:
    """Reads a moment in Unix seconds: so long ago (`24h`, `7d`), a date, or `start`, which is 0.

    None is below 0, where Kafka gives numbers meanings of their own.
    """
    seconds = length(text)
    try:
        at = (
            0.0 if text == "start" else moment(text).timestamp() if seconds is None else time.time() - seconds
        )
    except ValueError:
        raise ValueError(
            f"{visible(text)}: give 24h, 7d, a date such as 2026-11-24T12:00Z, or start"
        ) from None
    return max(0.0, at)


_MOMENT: Final = Parsed("when", _moment)


@click.command("try")
@option(
    "--topic",
    "Read sign-ups from this topic; repeatable, as for changes (accounts.updated) and verdicts "
    "(alerts.verdicts).",
    into="topics",
    multiple=True,
    metavar="NAME",
)
@option(
    "--from",
    "With --topic: how far back to begin: 24h, 7d, a date, or start.",
    _MOMENT,
    "since",
    default="24h",
)
@option("--to", "Leave out what occurred later: 24h for a day ago, or a date.", _MOMENT, "until")
@option(
    "--events",
    "Read sign-ups from a file: JSONL of AccountCreated, or CSV; with --kcat also changes, bans and "
    "verdicts; - is standard input. TOPIC=FILE where --mapping has several topics, as for --bans.",
    TOPIC_FILE,
)
@option(
    "--bans",
    "Banned accounts: a file (JSONL of AccountBanned, or CSV), or a topic, read from its start; by default "
    "the topic accounts.banned.",
    metavar="FILE|TOPIC",
)
@click.option(
    "--against",
    "--weights",
    "against",
    type=FILE,
    help="Also replay with this table of weights (JSON) or these settings (lines of SAMEHAND_NAME=VALUE), "
    "called B, and compare with those in force, A.",
)
@option(
    "--allow",
    "With --against: end with exit code 1 if more than N pairs are alerted under one side only.",
    Whole(0),
)
@option(
    "--capacity",
    "How many alerts your moderators can review in a day.",
    Whole(1, 1_000_000),
    default=CAPACITY,
)
@sign_ups_a_day_option
@option(
    "--records",
    "Stop with an error after this many records; each takes some 2 KB of memory.",
    Whole(1, 20_000_000),
    default=1_000_000,
)
@option(
    "--out",
    "Write report.html with its pages of alerts, report.json, alerts.jsonl and alerts.csv to this folder, "
    "which is created if missing.",
    OUT_FOLDER,
    default=Path("samehand-try"),
    metavar="DIR",
)
@files_options
@pair_options
@output.json_option
def command(bans: str | None, allow: int | None, out: Path, **given: Any) -> int:
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
      samehand try --mapping mappings.toml --events site.users=users.csv \\
        --bans site.bans=bans.csv
      samehand try --events a.csv --bans bans.csv --against new.json --allow 20
      samehand try --topic accounts.created --topic alerts.verdicts \\
        --from 14d --against b.json
      samehand try --mapping mappings.toml --events users.csv --why app:311 app:17
      samehand try --events sample.kcat.jsonl --kcat --mapping mappings.toml \\
        --bans bans.csv --out report
    """
    from cli.evaluate.trial.run import DryRunOptions, dry_run

    asked = DryRunOptions(**given)
    if not asked.topics and asked.events is None:
        raise click.UsageError("give --topic NAME to read from the broker, or --events FILE")
    if asked.topics and asked.events is not None:
        raise click.UsageError("give --topic or --events, not both")
    if allow is not None and asked.against is None:
        raise click.UsageError("--allow says how many pairs may differ from --against: give both")
    if asked.files.kcat and asked.events is None:
        raise click.UsageError("--kcat says what a file is: give --events FILE")
    if bans is not None and (
        bans == "-" or Path(bans).exists() or bans.lower().endswith(_FILES) or "/" in bans
    ):
        asked.bans_file = TOPIC_FILE.convert(bans, None, click.get_current_context())
    elif bans is not None or (asked.topics and asked.files.mappings is None):
        asked.bans_topic = bans or ""
    make_folder(out, "--out")
    trial = awaited(dry_run(asked))
    from cli.evaluate.trial.alert_files import write_all
    from cli.evaluate.trial.show import shown

    write_all(out, trial)
    compared = trial.report.get("compared", {"only_a": 0, "only_b": 0})
    differ = compared["only_a"] + compared["only_b"]
    failed = allow is not None and differ > allow
    if failed:
        output.note(f"{plural(differ, 'pair')} alerted under one side only; --allow {allow}")
    figures = {**trial.report, "run": trial.run, "out": str(out)}
    return output.result(figures, *shown(trial, out), code=int(failed))
