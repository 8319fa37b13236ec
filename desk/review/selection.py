"""Readings that one decision is about: which can be decided together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from desk.database.filters import Filters
from desk.database.queue import waiting
from desk.review.deciding.decide import TOGETHER_MAX
from desk.review.deciding.review import Review
from desk.review.views import Waiting, open_seals, waiting_views


@dataclass(frozen=True, slots=True)
class Selection:
    """Readings that can be decided together; `left_out`: those chosen that cannot, since they were decided or
    withdrawn, are read blind, or are in other hands."""

    waiting: tuple[Waiting, ...]
    left_out: tuple[Waiting, ...]


async def selection(review: Review, filters: Filters, read_ids: Sequence[int] | None) -> Selection:
    """Returns what can be decided together of the readings that were chosen, or of a view of the queue (the
    first `TOGETHER_MAX`) where none was."""
    review.reader.need("decide")
    rows = await waiting.decidable_together(
        review.connection,
        review.reader.user_id,
        filters,
        now=review.now,
        limit=TOGETHER_MAX,
        read_ids=read_ids,
        quoted=True,
    )
    decidable = await waiting_views(review, rows, open_seals(review.reader, rows))
    others = {*(read_ids or ())} - {reading.read_id for reading in decidable}
    changed = await waiting.first_readings(review.connection, review.reader.user_id, others) if others else []
    seals = await review.seals([row.read.alert_id for row in changed])
    return Selection(tuple(decidable), tuple(await waiting_views(review, changed, seals)))
