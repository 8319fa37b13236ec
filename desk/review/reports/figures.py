"""Verdicts of the database as what figures are made of."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import reads, users, verdicts
from desk.database.engine import Database
from desk.database.reads import DrawnRow
from desk.database.verdicts import JudgedRow
from desk.review.reports.statistics import (
    ANSWERS,
    Agreement,
    Answer,
    Band,
    GroupFigures,
    JudgedPair,
    Waits,
    backlog,
    by,
    by_band,
    latest,
    overall,
    readers_agree,
    waits,
)

DAYS: Final = 90
VERDICTS_MAX: Final = 20_000
"""The latest: more change a share of it by less than its interval is wide."""

WAITING_MAX: Final = 100_000
READERS_MAX: Final = 100
"""People with something in hand: more than sit in one shift."""


@dataclass(frozen=True, slots=True)
class LeadFigures:
    """What a lead sees: precision and recall of all and by group, agreement, backlog, delay."""

    all: GroupFigures
    bands: dict[str, GroupFigures]
    policies: dict[str, GroupFigures]
    signals: dict[str, GroupFigures]
    scripts: dict[str, GroupFigures]
    readers: Agreement
    waiting: dict[str, int]
    to_decide: Waits
    to_detect: Waits
    verdicts: int


Class = tuple[Band, int]
"""Alerts of a band, or pairs below the bands (`none`) of a stratum: each drawn alike."""


def class_of(band: str, stratum: int | None, *, below: bool) -> Class:
    """The class of an alert or, where ``below``, of a pair from the sample."""
    return ("none", stratum or 0) if below else (cast(Band, band), 0)


def by_class(rows: Iterable[DrawnRow]) -> dict[Class, int]:
    """Returns by class how many alerts were drawn for blind reading."""
    return {class_of(row.band, row.stratum, below=row.below): row.drawn for row in rows}


def judged(
    rows: Iterable[JudgedRow],
    *,
    blind_share: float,
    drawn: Mapping[Class, int] | None = None,
    since: float = 0.0,
) -> list[JudgedPair]:
    """Rows of :func:`desk.database.verdicts.latest` as verdicts that count. Rows of unknown alerts do not.

    ``drawn``: of each class how many that arrived after ``since`` were laid out to be read blind. Those that
    nobody has read, or whose readers were unsure, are stood for by those decided: an alert's probability is
    the share of alerts read blind, a sampled pair's that of its record on the topic (the desk lays out every
    one), each times the share of its class that was decided. Nobody chooses: blind reads wait by lot.
    """
    decided = [row for row in rows if row.band is not None and row.verdict in ANSWERS]
    read: dict[Class, set[str]] = defaultdict(set)
    for row in decided:
        if row.blind and row.verdict != "unsure" and (row.arrived_at or 0.0) >= since:
            read[_class(row)].add(row.alert_id)
    shares = {
        each: min(1.0, len(read[each]) / number) for each, number in (drawn or {}).items() if read[each]
    }
    return [
        JudgedPair(
            alert_id=row.alert_id,
            reader=row.reviewer,
            answer=cast(Answer, row.verdict),
            decided_at=row.decided_at,
            blind=bool(row.blind),
            band=_class(row)[0],
            drawn_with=(row.sampled or blind_share or 1.0) * shares.get(_class(row), 1.0),
            stratum=_class(row)[1],
            signals=frozenset((row.signals or "").split()),
            script=row.script or "none",
            policy=row.alert_policy or "",
            language=row.language or "none",
            basis=row.basis or "none",
            forward=row.direction == "forward",
            independent=bool(row.independent),
        )
        for row in decided
    ]


def _class(row: JudgedRow) -> Class:
    assert row.band is not None  # judged() leaves out alerts that are not known
    return class_of(row.band, row.stratum, below=row.sampled is not None)


def lead_figures(
    rows: Sequence[JudgedRow],
    waiting_since: Iterable[float],
    *,
    blind_share: float,
    now: float,
    drawn: Mapping[Class, int] | None = None,
    since: float = 0.0,
) -> LeadFigures:
    """All of them, from the verdicts given, what was laid out blind and what waits."""
    every = judged(rows, blind_share=blind_share, drawn=drawn, since=since)
    held = latest(every)
    first: dict[str, JudgedRow] = {}
    for row in rows:
        if row.detected_at is None:
            continue
        if row.alert_id not in first or row.decided_at < first[row.alert_id].decided_at:
            first[row.alert_id] = row
    return LeadFigures(
        all=overall(held),
        bands=by_band(held),
        policies=by(held, "policy"),
        signals=by(held, "signals"),
        scripts=by(held, "script"),
        readers=readers_agree(every),
        waiting=backlog(waiting_since, now),
        to_decide=waits([row.decided_at - (row.detected_at or 0.0) for row in first.values()]),
        to_detect=waits(_to_detect(rows)),
        verdicts=len(every),
    )


@dataclass(frozen=True, slots=True)
class LeadView:
    """What the lead's page shows. `hands`: who has reads in hand (initials), how many, and for how many
    seconds the oldest has waited; `oldest_seconds`: of all that waits, None where nothing does."""

    figures: LeadFigures
    hands: tuple[tuple[str, int, float], ...]
    oldest_seconds: float | None


@dataclass(frozen=True, slots=True)
class JudgedPeriod:
    """Verdicts of a period and what else its figures rest on, as :func:`lead_figures` takes them.

    since    the period's beginning, or the earliest of the latest `VERDICTS_MAX` verdicts (Unix seconds)
    waiting  since when each open reading waits, the longest first (Unix seconds)
    """

    rows: list[JudgedRow]
    waiting: list[float]
    drawn: dict[Class, int]
    since: float

    def figures(self, *, blind_share: float, now: float) -> LeadFigures:
        """Returns the figures; intervals are simulated for seconds."""
        return lead_figures(
            self.rows, self.waiting, blind_share=blind_share, now=now, drawn=self.drawn, since=self.since
        )


async def judged_period(
    connection: AsyncConnection, *, since: float, until: float | None = None
) -> JudgedPeriod:
    """Reads the latest `VERDICTS_MAX` verdicts of a period."""
    rows = await verdicts.latest(connection, since=since, until=until, limit=VERDICTS_MAX)
    waiting = await reads.waiting_since(connection, WAITING_MAX)
    if len(rows) == VERDICTS_MAX:  # what is beyond the latest verdicts is as if before the first day
        since = rows[-1].decided_at
    drawn = by_class(await reads.drawn_blind(connection, since=since, until=until))
    return JudgedPeriod(rows, waiting, drawn, since)


async def lead_view(database: Database, *, blind_share: float, now: float) -> LeadView:
    """Reads and computes what the lead's page shows of the last `DAYS`."""
    async with database.read() as connection:
        period = await judged_period(connection, since=now - DAYS * 86_400)
        hands = await reads.in_hand(connection, now=now, limit=READERS_MAX)
        people = await users.initials(connection)
    # Others are served while intervals are simulated.
    figures = await asyncio.to_thread(period.figures, blind_share=blind_share, now=now)
    return LeadView(
        figures,
        tuple((people.get(row.user_id, "–"), row.claims, now - row.oldest) for row in hands),
        now - min(period.waiting) if period.waiting else None,
    )


def _to_detect(rows: Iterable[JudgedRow]) -> list[float]:
    """Of each alert that a verdict holds to be a mirror: how long after the ban it was found."""
    last: dict[str, JudgedRow] = {}
    for row in rows:
        if row.band is None or row.sampled is not None:
            continue
        if row.alert_id not in last or row.decided_at > last[row.alert_id].decided_at:
            last[row.alert_id] = row
    return [
        row.seconds_to_detect
        for row in last.values()
        if row.verdict == "mirror" and row.seconds_to_detect is not None
    ]
