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
from rich.console import RenderableType

from cli import output
from cli.opening import desk_database, opened_desk
from cli.options import MOMENT, OUT_FILE, PLATFORM, F, Parsed, length, moment, option, word
from cli.output_files import write
from cli.running import in_event_loop
from desk.settings import load
from report.dsa import CATEGORIES, KEYWORDS
from report.rendering import environment
from report.text import plural, visible

if TYPE_CHECKING:
    from desk.review.reports.operations import OperationsReport
    from desk.review.reports.statistics import Waits
    from samehand.scoring.intervals import Estimate

_POLICY_FORM: Final = re.compile(r"[a-z0-9-]{1,64}")
_POLICY: Final = word("policy", _POLICY_FORM, "a policy has 1 to 64 lower-case letters, digits and hyphens")
_CATEGORY: Final = "violent-extremism=STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY/KEYWORD_TERRORIST_CONTENT"


def _since(text: str) -> int | datetime:
    """Reads a date, or a length of time like `7d`, `24h` or `4w`, as seconds."""
    seconds = length(text)
    try:
        return moment(text) if seconds is None else seconds
    except ValueError:
        raise ValueError(
            f"{visible(text, 64)!r} is neither a length like 7d, 24h or 4w nor a date like 2026-11-20"
        ) from None


def _category(text: str) -> tuple[str, tuple[str, ...]]:
    """Reads a policy and its category, with or without a keyword."""
    policy, _, name = text.partition("=")
    category, slash, keyword = name.partition("/")
    if (
        not _POLICY_FORM.fullmatch(policy)
        or category not in CATEGORIES
        or (slash and keyword not in KEYWORDS)
    ):
        raise ValueError(
            f"{visible(text, 120)}: must be POLICY=CATEGORY or POLICY=CATEGORY/KEYWORD, with the DSA's names "
            "such as STATEMENT_CATEGORY_SCAMS_AND_FRAUD/KEYWORD_PHISHING"
        )
    return policy, (category, keyword) if slash else (category,)


def _categories(_: click.Context, param: click.Parameter, given: Any) -> dict[str, tuple[str, ...]]:
    categories = dict(given or [_category(_CATEGORY)])
    for policy, keys in given:
        if categories[policy] != keys:
            raise click.BadParameter(f"{policy}: has two categories; name one of them", param=param)
    return categories


def period_options(command: F) -> F:
    """Begin and end of a period, as `_period` reads them, and the categories of policies."""
    since = option(
        "--since",
        "Begin of the period: a length back from its end (24h, 7d, 4w) or a date (UTC).",
        Parsed("when", _since),
        default="7d",
    )
    until = option("--until", "End of the period (UTC), itself left out; by default now.", MOMENT)
    categories = option(
        "--category",
        f"The DSA's category for a policy, repeatable; by default {_CATEGORY}.",
        Parsed("category", _category),
        "categories",
        multiple=True,
        metavar="POLICY=CATEGORY[/KEYWORD]",
        callback=_categories,
    )
    return since(until(categories(command)))


@click.group("report")
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
@option(
    "--terrorism",
    "A policy against terrorist content, repeatable; by default violent-extremism.",
    _POLICY,
    multiple=True,
    metavar="POLICY",
)
@option("--page", "Write a page (HTML, no script, one file) with pictures.", OUT_FILE)
@output.json_option
@in_event_loop
async def operations(
    since: int | datetime,
    until: datetime | None,
    categories: dict[str, tuple[str, ...]],
    terrorism: tuple[str, ...],
    page: Path | None,
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
    return output.result(
        {**msgspec.to_builtins(report), "transparency": msgspec.to_builtins(transparency)},
        *_shown(report),
        "" if page is None else f"{visible(str(page))}: the report as a page",
    )


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
@option("--platform", "Platform of the accounts.", PLATFORM, required=True, metavar="NAME")
@period_options
@option("--jsonl", "Write the statements to this file, one a line.", OUT_FILE, required=True)
@output.json_option
@in_event_loop
async def statements(
    platform: str,
    since: int | datetime,
    until: datetime | None,
    categories: dict[str, tuple[str, ...]],
    jsonl: Path,
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
    from desk.review.reports.commission import KEY_NAME, REASONS, Lacking
    from desk.review.reports.commission import statements as stated_in

    begin, end = _period(since, until, time.time())
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
    return output.result(
        {"statements": len(lines), "lacking": lacking, "reasons": dict(reasons)},
        f"{visible(str(jsonl))}: {plural(len(lines), 'statement')}",
        *(f"without a statement, {count:,}: {REASONS[reason]}" for reason, count in reasons.most_common()),
        "--json lists these actions" if reasons else "",
    )


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


_GROUPS: Final[output.Columns] = {
    "alerts": "alerts",
    "mirror": "mirror",
    "not a mirror": "not_mirror",
    "unsure": "unsure",
    "precision (95 %)": lambda row: _estimate(row.precision),
}
_REQUESTS: Final[output.Columns] = {
    **{name: name for name in ("authority", "requests", "waiting")},
    "answered": "disclosed",
    **{name: name for name in ("withdrawn", "refused", "late", "accounts")},
    "case files": "files",
}


def _shown(report: OperationsReport) -> Iterator[RenderableType]:
    yield f"Alerts raised from {_day(report.since)} to {_day(report.until)} (UTC)"
    yield output.facts(("figure", "value"), dict(_summary(report)))
    for name, rows in report.tables.items():
        yield output.table({name: "value", **_GROUPS}, rows)
    content = report.terrorist_content
    yield f"Terrorist content ({', '.join(content.policies)}), Art. 7(3) of Regulation (EU) 2021/784"
    found = {
        "alerts": content.alerts,
        "mirrors confirmed by people": content.mirrors_by_people,
        "mirrors banned by the platform itself": content.mirrors_by_platform,
        "not mirrors": content.not_mirrors,
        "median time from the ban to its mirror's alert": _hours(content.to_detect.median_seconds),
        "appeals": _counts(content.appeals),
    }
    yield output.facts(("figure", "value"), found)
    yield from (f"samehand cannot know: {missing}" for missing in content.unknown)
    if report.lawful_requests:
        yield "Lawful requests by authority"
        yield output.table(_REQUESTS, report.lawful_requests)


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
    yield "time to detect, median and 90 %", _times(report.to_detect)
    yield "time to decide, median and 90 %", _times(report.to_decide)
    yield "waiting now", _counts(report.backlog)
    yield "decisions taken back", f"{overturned.taken_back:,}"
    yield "appeals", _counts(overturned.appeals)


def _counts(counts: Mapping[str, int]) -> str:
    return output.cell({_WORDS.get(name, name): count for name, count in counts.items()})


def _estimate(share: Estimate | None) -> str:
    return "–" if share is None else f"{share.value:.3f} ({share.low:.3f} to {share.high:.3f})"


def _hours(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds / 3_600:,.1f} h"


def _times(waits: Waits) -> str:
    return f"{_hours(waits.median_seconds)}, {_hours(waits.p90_seconds)}"


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M")
