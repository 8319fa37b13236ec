"""The report of operations: what samehand raised in a period, what people found, how often it was wrong.

Alerts are those raised in the period, with the verdict that holds on each as the report is made. Precision
and recall rest on blind readings alone and are computed as the lead's page computes them
(:mod:`desk.review.reports.figures`), from at most its number of the latest verdicts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import requests
from desk.database.counts import period
from desk.database.counts.period import AlertGroup, Distinct
from desk.database.requests import OPEN, RequestGroup
from desk.review.reports.figures import VERDICTS_MAX, judged, judged_period
from desk.review.reports.statistics import GroupFigures, Waits, by, latest, waits
from samehand.scoring.intervals import Estimate

TERRORISM: Final = ("violent-extremism",)
"""Policies whose alerts the section on terrorist content counts, unless the caller names others."""

ROWS_MAX: Final = 100
"""Values of one table, the most frequent first; the rest are summed up in a last row."""

REST: Final = "all others"

NO_POLICY: Final = "without a policy"
"""The row of bans that name none; a policy may be called `none`, and none has blanks."""

_DETECTED_MAX: Final = 100_000

UNKNOWN: Final = (
    "items removed after removal orders, and orders not followed, with the grounds",
    "administrative or judicial reviews, their outcomes, and reinstatements that they ordered",
)
"""What Art. 7(3) of Regulation (EU) 2021/784 also asks for, and samehand cannot know."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """Alerts that share a value, by the verdict that holds, and their precision by blind readings."""

    value: str
    alerts: int
    mirror: int
    not_mirror: int
    unsure: int
    precision: Estimate | None = None


@dataclass(frozen=True, slots=True)
class BlindAccuracy:
    """``verdicts``: how many were read, ``since`` a moment that the cap on them may move forward."""

    verdicts: int
    verdicts_max: int
    since: float
    all: GroupFigures
    bands: dict[str, GroupFigures]


@dataclass(frozen=True, slots=True)
class Overturned:
    """Decisions that people took back in the period; appeals received in it, by outcome (``open``: none)."""

    taken_back: int
    appeals: dict[str, int]


@dataclass(frozen=True, slots=True)
class TerroristContent:
    """What Art. 7(3) of Regulation (EU) 2021/784 asks about material that reappears.

    ``unknown`` names what it asks for and samehand cannot know.
    """

    policies: tuple[str, ...]
    alerts: int
    mirrors_by_people: int
    mirrors_by_platform: int
    not_mirrors: int
    to_detect: Waits
    appeals: dict[str, int]
    unknown: tuple[str, ...] = UNKNOWN


@dataclass(frozen=True, slots=True)
class AuthorityRequests:
    """Lawful requests of one authority, by when they were received.

    ``refused``: by reason; ``late``: answered after the deadline, or overdue; ``accounts``: that they name;
    ``files``: case files that people handed over.
    """

    authority: str
    requests: int
    waiting: int
    disclosed: int
    withdrawn: int
    refused: dict[str, int]
    late: int
    accounts: int
    files: int


@dataclass(frozen=True, slots=True)
class OperationsReport:
    """Moments are Unix seconds.

    withdrawn   alerts of the period that were withdrawn, by reason
    mirrors     alerts that a verdict confirms, and others whose account the platform banned itself
    steps       alerts by part of the period: each part's beginning, and its alerts
    tables      by script, language, basis and policy
    """

    since: float
    until: float
    made_at: float
    alerts: int
    bands: dict[str, int]
    directions: dict[str, int]
    withdrawn: dict[str, int]
    decisions: dict[str, int]
    mirrors: dict[str, int]
    distinct: Distinct
    to_detect: Waits
    to_decide: Waits
    backlog: dict[str, int]
    accuracy: BlindAccuracy
    overturned: Overturned
    tables: dict[str, list[ReportRow]]
    steps: list[tuple[float, int]]
    terrorist_content: TerroristContent
    lawful_requests: list[AuthorityRequests]


async def operations_report(
    connection: AsyncConnection,
    *,
    since: float,
    until: float,
    now: float,
    blind_share: float,
    terrorism: Sequence[str] = TERRORISM,
) -> OperationsReport:
    """Reads and computes the report; a year with a million alerts takes some ten seconds."""
    groups = await period.alert_groups(connection, since=since, until=until)
    verdicts = await judged_period(connection, since=since, until=until)
    figures = verdicts.figures(blind_share=blind_share, now=now)
    held = latest(judged(verdicts.rows, blind_share=blind_share, drawn=verdicts.drawn, since=verdicts.since))
    beginnings = _beginnings(since, until)
    counts = await period.alerts_between(connection, [*beginnings, until])
    appeals = await period.appeal_groups(connection, since=since, until=until)
    of_terrorism = [group for group in groups if group.policy in terrorism]
    return OperationsReport(
        since=since,
        until=until,
        made_at=now,
        alerts=sum(group.alerts for group in groups),
        bands=_summed(groups, lambda group: group.band),
        directions=_summed(groups, lambda group: group.direction),
        withdrawn=_summed(
            [group for group in groups if group.withdrawn_reason], lambda group: group.withdrawn_reason or ""
        ),
        decisions=_summed(groups, lambda group: group.verdict or "undecided"),
        mirrors={"by_people": _by_people(groups), "by_platform": _by_platform(groups)},
        distinct=await period.distinct(connection, since=since, until=until),
        to_detect=figures.to_detect,
        to_decide=figures.to_decide,
        backlog=figures.waiting,
        accuracy=BlindAccuracy(figures.verdicts, VERDICTS_MAX, verdicts.since, figures.all, figures.bands),
        overturned=Overturned(
            await period.taken_back(connection, since=since, until=until),
            _outcomes((group.outcome, group.appeals) for group in appeals),
        ),
        tables={
            "script": _table(groups, lambda group: group.script or "none", figures.scripts),
            "language": _table(groups, lambda group: group.language or "none", by(held, "language")),
            "basis": _table(groups, lambda group: group.basis or "none", by(held, "basis")),
            "policy": _table(
                groups,
                lambda group: group.policy or NO_POLICY,
                {policy or NO_POLICY: estimates for policy, estimates in figures.policies.items()},
            ),
        },
        steps=list(zip(beginnings, counts, strict=True)),
        terrorist_content=TerroristContent(
            policies=tuple(terrorism),
            alerts=sum(group.alerts for group in of_terrorism),
            mirrors_by_people=_by_people(of_terrorism),
            mirrors_by_platform=_by_platform(of_terrorism),
            not_mirrors=sum(group.alerts for group in of_terrorism if group.verdict == "not_mirror"),
            to_detect=waits(
                await period.seconds_to_detect(
                    connection, terrorism, since=since, until=until, limit=_DETECTED_MAX
                )
            ),
            appeals=_outcomes(
                (group.outcome, group.appeals) for group in appeals if group.policy in terrorism
            ),
        ),
        lawful_requests=_by_authority(
            await requests.grouped(connection, since=since, until=until, now=now),
            *await requests.counted(connection, since=since, until=until),
        ),
    )


_STEP_SECONDS: Final = (3_600, 86_400, 7 * 86_400, 28 * 86_400)
_STEPS_MAX: Final = 60
"""Bars of the picture: more cannot be distinguished."""


def _beginnings(since: float, until: float) -> list[float]:
    """Returns where the parts of a period begin: hours, days, weeks, or longer ones of equal length."""
    length = until - since
    step = next((step for step in _STEP_SECONDS if length / step <= _STEPS_MAX), length / _STEPS_MAX)
    count = max(1, min(_STEPS_MAX, -int(-length // step)))
    return [since + step * number for number in range(count)]


def _by_authority(
    groups: Iterable[RequestGroup], accounts: Mapping[str, int], files: Mapping[str, int]
) -> list[AuthorityRequests]:
    """Returns a row for each authority, those with the most requests first; the rest share a last row."""
    several: dict[str, list[RequestGroup]] = {}
    for group in groups:
        several.setdefault(group.authority, []).append(group)
    ranked = sorted(
        several, key=lambda authority: (-sum(group.requests for group in several[authority]), authority)
    )
    shares = [(authority, [authority]) for authority in ranked[:ROWS_MAX]]
    if len(ranked) > ROWS_MAX:
        shares.append((REST, ranked[ROWS_MAX:]))
    rows = []
    for name, authorities in shares:
        states, refused, late = Counter[str](), Counter[str](), 0
        for group in (group for authority in authorities for group in several[authority]):
            states[group.state] += group.requests
            late += group.late
            if group.reason_code is not None:
                refused[group.reason_code] += group.requests
        rows.append(
            AuthorityRequests(
                authority=name,
                requests=states.total(),
                waiting=sum(states[state] for state in OPEN),
                disclosed=states["disclosed"],
                withdrawn=states["withdrawn"],
                refused=dict(refused.most_common()),
                late=late,
                accounts=sum(accounts.get(authority, 0) for authority in authorities),
                files=sum(files.get(authority, 0) for authority in authorities),
            )
        )
    return rows


def _summed(groups: Iterable[AlertGroup], value_of: Callable[[AlertGroup], str]) -> dict[str, int]:
    sums = Counter[str]()
    for group in groups:
        sums[value_of(group)] += group.alerts
    return dict(sums.most_common())


def _by_people(groups: Iterable[AlertGroup]) -> int:
    return sum(group.alerts for group in groups if group.verdict == "mirror")


def _by_platform(groups: Iterable[AlertGroup]) -> int:
    return sum(
        group.alerts
        for group in groups
        if group.withdrawn_reason == "account-banned" and group.verdict != "mirror"
    )


def _outcomes(appeals: Iterable[tuple[str | None, int]]) -> dict[str, int]:
    sums = Counter[str]()
    for outcome, count in appeals:
        sums[outcome or "open"] += count
    return dict(sums.most_common())


def _table(
    groups: Collection[AlertGroup],
    value_of: Callable[[AlertGroup], str],
    precision: Mapping[str, GroupFigures],
) -> list[ReportRow]:
    by_value: dict[str, Counter[str]] = {}
    for group in groups:
        by_value.setdefault(value_of(group), Counter())[group.verdict or ""] += group.alerts
    values = sorted(by_value, key=lambda value: (-by_value[value].total(), value))
    rows = [
        _row(value, by_value[value], precision[value].precision if value in precision else None)
        for value in values[:ROWS_MAX]
    ]
    if len(values) > ROWS_MAX:
        rest: Counter[str] = Counter()
        for value in values[ROWS_MAX:]:
            rest += by_value[value]
        rows.append(_row(REST, rest, None))
    return rows


def _row(value: str, verdicts: Counter[str], precision: Estimate | None) -> ReportRow:
    return ReportRow(
        value, verdicts.total(), verdicts["mirror"], verdicts["not_mirror"], verdicts["unsure"], precision
    )
