"""``samehand report``: figures of a period, for those to whom a platform accounts."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from cli import output
from cli.categories import POLICY, categories_of, category_option
from cli.desk_database import desk_database, opened_desk
from cli.options import MOMENT, OUT_FILE, F, Parsed, moment, platform_name
from cli.output_files import write
from cli.run_async import in_event_loop
from report.rendering import environment
from report.text import plural, visible
from streams.settings import load

if TYPE_CHECKING:
    from desk.review.reports.operations import OperationsReport
    from desk.review.reports.statistics import Waits
    from samehand.scoring.intervals import Estimate

_LENGTH: Final = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_SECONDS: Final = {"h": 3_600, "d": 86_400, "w": 7 * 86_400}


def _since(text: str) -> int | datetime:
    """Reads a date, or a length of time like `7d`, `24h` or `4w`, as seconds."""
    if length := _LENGTH.fullmatch(text):
        return int(length[1]) * _SECONDS[length[2]]
    try:
        return moment(text)
    except ValueError:
        raise ValueError(
            f"{visible(text, 64)!r} is neither a length like 7d, 24h or 4w nor a date like 2026-11-20"
        ) from None


def _policies(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    for policy in given:
        if not POLICY.fullmatch(policy):
            raise click.BadParameter(
                f"{visible(policy, 80)}: a policy has 1 to 64 lower-case letters, digits and hyphens"
            )
    return given


def period_options(command: F) -> F:
    """Begin and end of a period, as `_period` reads them."""
    since = click.option(
        "--since",
        type=Parsed("when", _since),
        default="7d",
        help="Begin of the period: a length back from its end (24h, 7d, 4w) or a date (UTC).",
    )
    until = click.option(
        "--until", type=MOMENT, help="End of the period (UTC), itself left out; by default now."
    )
    return since(until(command))


@click.group("report", short_help="Report a period's figures: what was found, how often it was wrong.")
def command() -> None:
    """Report a period's figures: what was found, how often it was wrong.

    \b
    Examples:
      samehand report operations --since 7d
      samehand report operations --since 2026-01-01 --page year.html
      samehand report statements --platform x --jsonl week.jsonl
    """


@command.command("operations", short_help="Report alerts, mirrors, accuracy, reversals and the backlog.")
@period_options
@click.option(
    "--terrorism",
    multiple=True,
    metavar="POLICY",
    callback=_policies,
    help="A policy against terrorist content, repeatable; by default violent-extremism.",
)
@click.option("--page", type=OUT_FILE, help="Write a page (HTML, no script, one file) with pictures.")
@category_option
@output.json_option
@in_event_loop
async def operations(
    since: int | datetime,
    until: datetime | None,
    terrorism: tuple[str, ...],
    named: tuple[str, ...],
    page: Path | None,
    as_json: bool,
) -> int:
    """Report alerts, mirrors, accuracy, reversals and the backlog of a period.

    Reads the desk's database (SAMEHAND_DATABASE_URL) and changes no record; tables of an older version
    are brought up to date first. Counts the alerts raised in the period, with the verdict that holds on
    each now. Precision and recall are those of the lead's page: from blind verdicts alone, with
    intervals of 95 %, and absent below 30 of them. A section answers what Art. 7(3) of Regulation (EU)
    2021/784 asks about terrorist content that reappears, and names what samehand cannot know. --json also has
    figures for the DSA's transparency report (transparency), by the names of Annex I of Implementing
    Regulation (EU) 2024/2835. The report holds no account.

    \b
    Examples:
      samehand report operations --since 7d
      samehand report operations --since 2026-01-01 --page year.html --json
    """
    from desk.database.engine import REPORT_MS
    from desk.review.reports.operations import TERRORISM, operations_report
    from desk.review.reports.transparency import transparency_figures

    now = time.time()
    begin, end = _period(since, until, now)
    categories = categories_of(named)
    settings = load()
    async with desk_database(settings, reading=True, statement_ms=REPORT_MS) as connection:
        report = await operations_report(
            connection,
            since=begin,
            until=end,
            now=now,
            blind_share=settings.desk_blind_share,
            terrorism=terrorism or TERRORISM,
        )
        transparency = await transparency_figures(connection, since=begin, until=end, categories=categories)
    if page is not None:
        write(page, operations_page(report).encode(), "--page")
    if as_json:
        output.figures({**msgspec.to_builtins(report), "transparency": msgspec.to_builtins(transparency)})
    else:
        _show(report)
        if page is not None:
            click.echo(f"{visible(str(page))}: the report as a page")
    return 0


def operations_page(report: OperationsReport) -> str:
    """Returns the report as one HTML page without a script."""
    made = environment(
        {
            "day": _day,
            "estimate": _estimate,
            "hours": _hours,
            "integer": "{:,}".format,
            "whole": lambda part, of: f"{100 * part / of:.1f}" if of else "0",
        }
    )
    return made.get_template("operations.html").render(report=report, words=_WORDS)


_SHOWN_MAX: Final = 1_000
"""Actions without a statement that are listed: a person corrects no more at a time."""


@command.command("statements", short_help="Write the statements of reasons for the Commission's database.")
@click.option(
    "--platform", required=True, metavar="NAME", callback=platform_name, help="Platform of the accounts."
)
@period_options
@category_option
@click.option("--jsonl", type=OUT_FILE, required=True, help="Write the statements to this file, one a line.")
@output.json_option
@in_event_loop
async def statements(
    platform: str,
    since: int | datetime,
    until: datetime | None,
    named: tuple[str, ...],
    jsonl: Path,
    as_json: bool,
) -> int:
    """Write the statements of reasons for the Commission's database.

    Article 24(5) of the DSA wants them in the DSA Transparency Database. Writes one for each restriction on
    the topic accounts.actioned that took effect in the period, names an alert on its account, and was ordered
    by no authority, by the field names that the database publishes; lists the others with what they lack.
    Sends nothing: docs/accountability.md says how to file them. An action has the same puid each time.

    \b
    Examples:
      samehand report statements --platform x --since 2026-11-01 --jsonl nov.jsonl
    """
    from desk.database.engine import REPORT_MS
    from desk.review.commission import KEY_NAME, REASONS, Lacking
    from desk.review.commission import statements as stated_in

    begin, end = _period(since, until, time.time())
    categories = categories_of(named)
    lines: list[bytes] = []
    reasons: Counter[str] = Counter()
    lacking: list[dict[str, Any]] = []
    async with opened_desk(load()) as database:
        key = await database.secret(KEY_NAME)
        async with database.read(statement_ms=REPORT_MS) as connection:
            async for stated in stated_in(
                connection, platform=platform, since=begin, until=end, categories=categories, key=key
            ):
                if not isinstance(stated.statement, Lacking):
                    lines.append(msgspec.json.encode(stated.statement))
                    continue
                reasons.update(stated.statement.reasons)
                if len(lacking) < _SHOWN_MAX:
                    lacking.append(
                        {
                            "account": stated.account,
                            "event_id": stated.event_id,
                            "reasons": list(stated.statement.reasons),
                        }
                    )
    write(jsonl, b"".join(line + b"\n" for line in lines), "--jsonl")
    if as_json:
        output.figures({"statements": len(lines), "lacking": lacking, "reasons": dict(reasons)})
        return 0
    screen = output.console()
    output.line(screen, f"{visible(str(jsonl))}: {plural(len(lines), 'statement')}")
    for reason, count in reasons.most_common():
        output.line(screen, f"without a statement, {count:,}: {REASONS[reason]}")
    if reasons:
        output.line(screen, "--json lists these actions")
    return 0


def _period(since: int | datetime, until: datetime | None, now: float) -> tuple[float, float]:
    """Returns begin and end of a period (Unix seconds)."""
    end = now if until is None else until.timestamp()
    begin = end - since if isinstance(since, int) else since.timestamp()
    if not 0 <= begin < end:
        raise click.BadParameter(
            f"the period begins before 1970 or at its end or later ({_day(end)})", param_hint="--since"
        )
    return begin, end


_WORDS: Final = {
    "not_mirror": "not a mirror",
    "forward": "as the account came",
    "lookback": "as the ban came",
    "update": "as the account changed",
    "by_people": "confirmed by people",
    "by_platform": "banned by the platform itself",
}


def _show(report: OperationsReport) -> None:
    screen = output.console()
    screen.print(f"Alerts raised from {_day(report.since)} to {_day(report.until)} (UTC)")
    screen.print(output.table(("figure", "value"), _summary(report)))
    for name, rows in report.tables.items():
        screen.print()
        screen.print(
            output.table(
                (name, "alerts", "mirror", "not a mirror", "unsure", "precision (95 %)"),
                (
                    (
                        visible(row.value, 64),
                        f"{row.alerts:,}",
                        f"{row.mirror:,}",
                        f"{row.not_mirror:,}",
                        f"{row.unsure:,}",
                        _estimate(row.precision),
                    )
                    for row in rows
                ),
            )
        )
    content = report.terrorist_content
    screen.print()
    screen.print(f"Terrorist content ({', '.join(content.policies)}), Art. 7(3) of Regulation (EU) 2021/784")
    screen.print(
        output.table(
            ("figure", "value"),
            (
                ("alerts", f"{content.alerts:,}"),
                ("mirrors confirmed by people", f"{content.mirrors_by_people:,}"),
                ("mirrors banned by the platform itself", f"{content.mirrors_by_platform:,}"),
                ("not mirrors", f"{content.not_mirrors:,}"),
                ("median time from the ban to its mirror's alert", _hours(content.to_detect.median_seconds)),
                ("appeals", _counts(content.appeals)),
                *(("samehand cannot know", missing) for missing in content.unknown),
            ),
        )
    )
    if report.lawful_requests:
        screen.print()
        screen.print("Lawful requests by authority")
        heads = ("authority", "requests", "waiting", "answered", "withdrawn", "refused", "late", "accounts")
        screen.print(
            output.table(
                (*heads, "case files"),
                (
                    (
                        visible(row.authority, 128),
                        f"{row.requests:,}",
                        f"{row.waiting:,}",
                        f"{row.disclosed:,}",
                        f"{row.withdrawn:,}",
                        _counts(row.refused),
                        f"{row.late:,}",
                        f"{row.accounts:,}",
                        f"{row.files:,}",
                    )
                    for row in report.lawful_requests
                ),
            )
        )


def _summary(report: OperationsReport) -> Iterator[tuple[str, str]]:
    accuracy, overturned = report.accuracy, report.overturned
    yield "alerts", f"{report.alerts:,} ({_counts(report.bands)})"
    yield "found", _counts(report.directions)
    yield (
        "accounts alerted",
        f"{report.distinct.accounts:,}, resembling {report.distinct.banned:,} banned ones",
    )
    yield "verdicts that hold", _counts(report.decisions)
    yield "mirrors", f"{_counts(report.mirrors)} ({plural(report.distinct.mirrors, 'account')})"
    yield "withdrawn", _counts(report.withdrawn)
    yield "precision, recall", f"{_estimate(accuracy.all.precision)}, {_estimate(accuracy.all.recall)}"
    for band, figures in accuracy.bands.items():
        yield f"precision of {band}", _estimate(figures.precision)
    yield "from", f"{plural(accuracy.verdicts, 'verdict')} since {_day(accuracy.since)}"
    yield (
        "time to detect, median and 90 %",
        _times(report.to_detect),
    )
    yield (
        "time to decide, median and 90 %",
        _times(report.to_decide),
    )
    yield "waiting now", _counts(report.backlog)
    yield "decisions taken back", f"{overturned.taken_back:,}"
    yield "appeals", _counts(overturned.appeals)


def _counts(counts: Mapping[str, int]) -> str:
    parts = (
        f"{_WORDS.get(name, name.replace('-', ' '))} {count:,}" for name, count in counts.items() if count
    )
    return ", ".join(parts) or "none"


def _estimate(share: Estimate | None) -> str:
    return "–" if share is None else f"{share.value:.3f} ({share.low:.3f} to {share.high:.3f})"


def _hours(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds / 3_600:,.1f} h"


def _times(waits: Waits) -> str:
    return f"{_hours(waits.median_seconds)}, {_hours(waits.p90_seconds)}"


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M")
