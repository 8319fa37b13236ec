"""Verdicts of the database as what figures are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from desk.review.statistics import (
    Accuracy,
    Agreement,
    Answer,
    Band,
    Figures,
    Judged,
    Waits,
    backlog,
    by_band,
    by_policy,
    golden_accuracy,
    latest,
    overall,
    readers_agree,
    waits,
)


@dataclass(frozen=True, slots=True)
class LeadFigures:
    """What a lead sees: precision and recall of all and by group, agreement, exercises, backlog, delay."""

    all: Figures
    bands: dict[str, Figures]
    policies: dict[str, Figures]
    readers: Agreement
    exercises: Accuracy
    waiting: dict[str, int]
    to_decide: Waits
    verdicts: int


def judged(rows: Iterable[Any], *, blind_share: float) -> list[Judged]:
    """Rows of :func:`desk.database.verdicts.latest` as verdicts that count. Rows of unknown alerts do not."""
    found = []
    for row in rows:
        if row.band is None or row.verdict not in ("mirror", "not_mirror", "unsure"):
            continue
        found.append(
            Judged(
                alert_id=row.alert_id,
                reader=row.reviewer,
                answer=cast(Answer, row.verdict),
                decided_at=row.decided_at,
                blind=bool(row.blind),
                band=cast(Band, "none" if row.sampled is not None else row.band),
                drawn_with=row.sampled or blind_share or 1.0,
                policy=row.alert_policy or "",
                golden=bool(row.golden),
            )
        )
    return found


def lead_figures(
    rows: Sequence[Any],
    answers: Mapping[str, Answer],
    waiting_since: Iterable[float],
    *,
    blind_share: float,
    now: float,
) -> LeadFigures:
    """All of them, from the verdicts given and what waits."""
    every = judged(rows, blind_share=blind_share)
    held = latest(every)
    return LeadFigures(
        all=overall(held),
        bands=by_band(held),
        policies=by_policy(held),
        readers=readers_agree(every),
        exercises=golden_accuracy(every, answers)[0],
        waiting=backlog(waiting_since, now),
        to_decide=waits(row.decided_at - row.detected_at for row in rows if row.detected_at is not None),
        verdicts=len(every),
    )
