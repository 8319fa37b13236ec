"""``samehand try``: what would be found in a live topic, before anything is deployed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from cli import output
from cli.options import FILE, platform_option, weights_option
from cli.run_async import awaited
from report.rendering import environment
from report.text import plural, visible
from report.waterfall import rivals
from report.waterfall.steps import Scale, quoted, steps
from schemas.alerts import EvidenceLine, RivalShare

CAPACITY: Final = 200
"""Alerts that a moderator reads in a day: eight hours at two and a half minutes each."""

_SPAN: Final = re.compile(r"([0-9]{1,6})([smhdw])")
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
_STORES: Final = {"redis": "an embedded Redis", "memory": "memory"}
_FILES: Final = (".csv", ".jsonl", ".ndjson", ".json")


class _Moment(click.ParamType):
    """A moment in Unix seconds: so long ago (`24h`, `7d`), a date, or `start`.

    None is below 0, where Kafka gives numbers meanings of their own.
    """

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The moment; 0 for the start."""
        if isinstance(value, float):
            return value
        if value == "start":
            return 0.0
        if match := _SPAN.fullmatch(value):
            return max(0.0, time.time() - int(match[1]) * _UNITS[match[2]])
        try:
            moment = datetime.fromisoformat(value)
            return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            self.fail(
                f"{visible(value)}: give 24h, 7d, a date such as 2026-11-24T12:00Z, or start", param, ctx
            )


@click.command("try", short_help="Report what samehand would find in your events; publishes nothing.")
@click.option(
    "--topic", "topics", multiple=True, metavar="NAME", help="Read sign-ups from this topic; repeatable."
)
@click.option(
    "--from",
    "since",
    type=_Moment(),
    default="24h",
    show_default=True,
    metavar="WHEN",
    help="With --topic: how far back to begin: 24h, 7d, a date, or start.",
)
@click.option(
    "--events",
    type=FILE,
    help="Read sign-ups from a file: JSONL of AccountCreated, or CSV; - is standard input.",
)
@click.option(
    "--bans",
    metavar="FILE|TOPIC",
    help="Banned accounts: a file (JSONL of AccountBanned, or CSV), or a topic, read from its start; by "
    "default the topic accounts.banned.",
)
@click.option(
    "--mapping",
    type=FILE,
    help="The mapping file (TOML) for topics whose records are not samehand's (docs/mapping.md).",
)
@click.option("--kcat", is_flag=True, help="With --mapping: the file --events is the output of `kcat -J`.")
@weights_option(
    "Also replay with this table of weights (JSON), called B, and compare it with the one in force, A."
)
@click.option(
    "--capacity",
    type=click.IntRange(1, 1_000_000),
    default=CAPACITY,
    show_default=True,
    metavar="N",
    help="How many alerts your moderators can review in a day.",
)
@click.option(
    "--records",
    type=click.IntRange(1, 20_000_000),
    default=1_000_000,
    show_default=True,
    metavar="N",
    help="Stop with an error after this many records; each takes some 2 KB of memory.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("samehand-try"),
    show_default=True,
    metavar="DIR",
    help="Write report.html and report.json to this folder, which is created if missing.",
)
@platform_option
@output.json_option
def command(
    topics: tuple[str, ...],
    since: float,
    events: Path | None,
    bans: str | None,
    mapping: Path | None,
    kcat: bool,
    weights: Path | None,
    capacity: int,
    records: int,
    out: Path,
    platform: str,
    as_json: bool,
) -> int:
    """Report what samehand would find in your events; publishes nothing (a dry run).

    Replays bans and sign-ups in the order in which they occurred, with the worker's own code and settings
    (thresholds, weights, allowlist, days remembered), over a temporary store: an embedded Redis on Linux
    x86-64, elsewhere the store in memory, up to 200,000 records. Topics are read without a consumer group,
    so no offset moves. Your own store is not touched.

    The report lists alerts by band and explains the best of them; it says how many alerts each threshold
    raises per 1,000 sign-ups and how many of them --capacity allows, which fields were empty, and which
    signals therefore had nothing to compare. With --weights it also lists who is alerted under one table
    only, and why. The same records give the same report, byte by byte.

    An alert means resemblance, not identity: a person decides.

    \b
    Examples:
      SAMEHAND_KAFKA_BROKERS=kafka:9092 \\
      samehand try --topic accounts.created --from 24h --bans bans.csv
      SAMEHAND_KAFKA_BROKERS=kafka:9092 \\
      samehand try --mapping mappings.toml --topic shop.public.users \\
        --from 7d --bans shop.public.users
      samehand try --events sign-ups.csv --bans bans.csv --capacity 50
      samehand try --events sample.kcat.jsonl --kcat --mapping mappings.toml \\
        --bans bans.csv --out report
    """
    from cli.commands.dry_run.run import DryRunOptions, dry_run

    if not topics and events is None:
        raise click.UsageError("give --topic NAME to read from the broker, or --events FILE")
    if topics and events is not None:
        raise click.UsageError("give --topic or --events, not both")
    if kcat and (mapping is None or events is None):
        raise click.UsageError("--kcat says of --events what they are, with --mapping what becomes of them")
    file, topic = _bans(bans)
    if file is None and topic is None and topics and mapping is None:
        topic = ""
    asked = DryRunOptions(
        topics, since, events, file, topic, mapping, kcat, weights, capacity, records, platform
    )
    _make(out)
    report, run = awaited(dry_run(asked))
    from cli.offline.silent_signals import sentence
    from cli.output_files import write

    cost_of_silence = sentence(report["signals"]["silent"])
    write(out / "report.html", page(report, cost_of_silence).encode(), "--out")
    whole = {"report": report, "run": run}
    write(out / "report.json", (json.dumps(whole, indent=2, ensure_ascii=False) + "\n").encode(), "--out")
    if as_json:
        output.figures({**report, "run": run, "out": str(out)})
    else:
        _show(report, run, out)
    return 0


def _bans(given: str | None) -> tuple[Path | None, str | None]:
    """A file, where there is one of that name or it is named like one; else a topic."""
    if given is None:
        return None, None
    path = Path(given)
    if given == "-" or path.exists() or path.suffix.lower() in _FILES or "/" in given:
        return FILE.convert(given, None, click.get_current_context()), None
    return None, given


def _make(out: Path) -> None:
    """Before the work, so that a wrong path costs no waiting."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise click.BadParameter(f"{out}: {fault.strerror}", param_hint="--out") from fault


def _show(report: dict[str, Any], run: dict[str, Any], out: Path) -> None:
    screen = output.console()
    alerts, kinds = report["alerts"], report["events"]["kinds"]
    output.line(
        screen,
        f"{plural(kinds['created'], 'sign-up')} and {plural(kinds['banned'], 'ban')}: "
        f"{alerts['likely']:,} likely, {alerts['possible']:,} possible "
        f"on {plural(alerts['accounts'], 'account')}; {plural(report['events']['bad'], 'bad record')}.",
    )
    rows = [
        (
            f"{row['threshold']:g}",
            f"{row['alerts']:,}",
            _number(row["per_1000_sign_ups"]),
            _number(row["a_day"]),
            {None: "–", True: "yes", False: "no"}[row["fits"]],
        )
        for row in report["capacity"]["thresholds"]
    ]
    heads = ("from", "alerts", "per 1,000 sign-ups", "a day", f"fits {report['capacity']['a_day']:,} a day")
    screen.print(output.table(heads, rows))
    for kind, fields in report["fields"].items():
        if fields["empty"]:
            output.line(screen, f"Empty in every `{kind}`: {', '.join(fields['empty'])}")
    output.line(
        screen, f"Signals with nothing to compare: {', '.join(report['signals']['silent']) or 'none'}"
    )
    if "compared" in report:
        compared = report["compared"]
        output.line(screen, f"Under B alone: {compared['only_b']:,}; under A alone: {compared['only_a']:,}.")
    seconds = run["seconds"]
    output.line(
        screen,
        f"Read in {seconds['reading']:.1f} s, replayed in {seconds['replaying']:.1f} s ({run['store']}).",
    )
    output.line(screen, f"{visible(str(out / 'report.html'), 4_096)}: open it in a browser.")
    screen.print("Resemblance, not identity; a person decides.", style="dim")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}"


def page(report: Mapping[str, Any], cost_of_silence: str) -> str:
    """The whole page; equal arguments give equal bytes.

    ``cost_of_silence`` is a sentence on what silent signals cost, "" where nothing is known of it.
    """
    filters: dict[str, Callable[..., Any]] = {
        "bars": _bars,
        "integer": "{:,}".format,
        "number": lambda value: "–" if value is None else f"{value:,.2f}",
        "rivals": lambda alert: rivals.telling(
            msgspec.convert(alert.get("rivals", ()), tuple[RivalShare, ...])
        ),
        "short": "{:g}".format,
        "signed": lambda nats: "nothing" if nats is None else f"{nats:+.2f}".replace("-", "−"),
        "who": rivals.who,
    }
    template = environment(filters).get_template("trial.html")
    return template.render(report=report, cost_of_silence=cost_of_silence, question=rivals.QUESTION)


def _bars(alert: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yields every reason of an alert with its bar in percent of the track."""
    drawn = steps(
        alert["prior"],
        msgspec.convert(alert["evidence"], tuple[EvidenceLine, ...]),
        msgspec.convert(alert["counter_evidence"], tuple[EvidenceLine, ...]),
        alert["log_odds"],
    )
    scale = Scale.over(drawn, 100.0)
    for step in drawn:
        left, width = scale.bar(step)
        yield {"step": step, "left": f"{left:.1f}", "width": f"{width:.1f}", "quoted": quoted(step)}
