"""The report of operations over a year of alerts: how long it takes, and whether its sums are right.

Rows are written as the feed and decisions leave them, without what the report does not read (quotes, terms
to find). SQLite always, PostgreSQL where Debian's is there.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table, insert, text

from bench.databases import on_each_database
from bench.page import markdown
from cli.output import progress
from desk.database import schema
from desk.database.engine import REPORT_MS, opened
from desk.review.reports.operations import operations_report
from samehand.elapsed import DAY_SECONDS

ALERTS: Final = 1_000_000
GOAL_SECONDS: Final = 60.0

_YEAR_SECONDS: Final = 365 * DAY_SECONDS
_AT_ONCE: Final = 5_000
_BLIND_SHARE: Final = 0.15
_DECIDED: Final = 0.3
_POLICIES: Final = ("hate", "spam", "abuse", "violent-extremism", None)
_SCRIPTS: Final = ("latin", "arabic", "cyrillic", "devanagari", None)
_LANGUAGES: Final = ("en", "ur", "ar", "ru", None)
_BASES: Final = ("platform", "UN", "PK", None)


@dataclass(frozen=True, slots=True)
class Reported:
    """One database. ``differing``: sums of the report that are not those of the rows written."""

    database: str
    alerts: int
    verdicts: int
    seconds: float
    differing: int


def _rows(first: int, end: int, count: int, since: float) -> dict[Table, list[dict[str, Any]]]:
    drawn = random.Random(first)
    alerts, reads, verdicts = [], [], []
    for number in range(first, end):
        at = since + number * _YEAR_SECONDS / count
        likely, blind = drawn.random() < 0.7, drawn.random() < _BLIND_SHARE
        alert_id = f"alert-{number}"
        alerts.append(
            {
                "alert_id": alert_id,
                "revision": 1,
                "status": "open",
                "account": f"x:new-{number - number % 2}",
                "banned": f"x:banned-{number % 50_000}",
                "root": f"x:banned-{number % 50_000}",
                "generation": 0,
                "platform": "x",
                "band": "likely" if likely else "possible",
                "direction": drawn.choice(("forward", "lookback", "update")),
                "policy": drawn.choice(_POLICIES),
                "basis": drawn.choice(_BASES),
                "script": drawn.choice(_SCRIPTS),
                "language": drawn.choice(_LANGUAGES),
                "probability": 0.99 if likely else 0.7,
                "weights_version": "1",
                "signals": "bio handle",
                "seconds_to_detect": drawn.expovariate(1e-4),
                "detected_at": at,
                "arrived_at": at,
            }
        )
        decided = drawn.random() < _DECIDED
        reads.append(
            {
                "alert_id": alert_id,
                "kind": "first",
                "blind": blind,
                "state": "done" if decided else "open",
                "rank": 0,
                "waits_since": at,
                "opened_at": at,
            }
        )
        if decided:
            verdicts.append(
                {
                    "verdict_id": f"verdict-{number}",
                    "alert_id": alert_id,
                    "revision": 1,
                    "verdict": "mirror" if number % 10 else "not_mirror",
                    "reason_code": "several-traits",
                    "reviewer": f"reader-{number % 20}",
                    "decided_at": at + 600,
                    "blind": blind,
                    "kind": "first",
                    "batch": f"batch-{number}",
                    "independent": True,
                }
            )
    return {schema.alerts: alerts, schema.reads: reads, schema.verdicts: verdicts}


async def _on(url: str, count: int) -> Reported:
    now = time.time()
    since = now - _YEAR_SECONDS - DAY_SECONDS
    async with opened(url) as database:
        verdicts = mirrors = 0
        with progress("alerts", count) as done:
            for first in range(0, count, _AT_ONCE):
                rows = _rows(first, min(count, first + _AT_ONCE), count, since)
                async with database.begin() as connection:
                    for table, several in rows.items():
                        await connection.execute(insert(table), several)
                verdicts += len(rows[schema.verdicts])
                mirrors += sum(verdict["verdict"] == "mirror" for verdict in rows[schema.verdicts])
                done(first + _AT_ONCE)
        async with database.begin() as connection:
            await connection.execute(text("ANALYZE"))
        began = time.perf_counter()
        async with database.read(statement_ms=REPORT_MS) as connection:
            report = await operations_report(
                connection, since=since, until=now, now=now, blind_share=_BLIND_SHARE
            )
        seconds = time.perf_counter() - began
        sums = (
            (report.alerts, count),
            (report.decisions["mirror"], mirrors),
            (report.decisions["undecided"], count - verdicts),
            (sum(alerts for _, alerts in report.steps), count),
            (sum(row.alerts for row in report.tables["basis"]), count),
        )
        differing = sum(value != expected for value, expected in sums)
        return Reported(
            "SQLite" if database.is_sqlite else "PostgreSQL", count, verdicts, round(seconds, 1), differing
        )


def measured(alerts: int = ALERTS) -> list[Reported]:
    """The report over so many alerts of a year, on each database that is there."""
    return on_each_database(lambda url: _on(url, alerts))


def table(reports: list[Reported]) -> str:
    return markdown(
        ("report of a year", "alerts", "verdicts", "seconds", f"≤ {GOAL_SECONDS:g} s", "sums that differ"),
        _cells(reports),
    )


def _cells(reports: list[Reported]) -> Iterator[tuple[str, ...]]:
    for report in reports:
        yield (
            report.database,
            f"{report.alerts:,}",
            f"{report.verdicts:,}",
            f"{report.seconds:g}",
            "met" if report.seconds <= GOAL_SECONDS else "**missed**",
            str(report.differing),
        )
