"""Readings that one decision is about: which can be decided together, and what differs among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from desk.database.filters import Filters
from desk.database.queue import waiting
from desk.review.deciding.decide import TOGETHER_MAX
from desk.review.deciding.review import Review
from desk.review.people import Person
from desk.review.views import Waiting, open_seals, waiting_views


@dataclass(frozen=True, slots=True)
class ValueCount:
    """How many of some readings have a value; None: those that have none."""

    value: str | None
    readings: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A first reading that cannot be decided with others: it was decided or withdrawn, is read blind, or
    is in the hands of `claimed_by`. `people`: the new account and the banned one."""

    read_id: int
    alert_id: str
    people: tuple[Person, Person]
    claimed_by: str


@dataclass(frozen=True, slots=True)
class Selection:
    """Readings that can be decided together; `left_out`: those chosen that cannot.

    The others count values among `waiting`, the most frequent first: a trait is `signal/level`, the strongest
    that speaks for a mirror; a family is the key of its first account.
    """

    waiting: tuple[Waiting, ...]
    left_out: tuple[LeftOut, ...]
    bands: tuple[ValueCount, ...]
    traits: tuple[ValueCount, ...]
    policies: tuple[ValueCount, ...]
    platforms: tuple[ValueCount, ...]
    families: tuple[ValueCount, ...]


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
    left_out = [
        LeftOut(reading.read_id, reading.alert_id, reading.people, "" if reading.mine else reading.claimed_by)
        for reading in await waiting_views(review, changed, seals)
    ]
    return Selection(
        tuple(decidable),
        tuple(left_out),
        bands=_counted([reading.band for reading in decidable]),
        traits=_counted(
            [
                f"{reading.traits[0].signal}/{reading.traits[0].level}" if reading.traits else None
                for reading in decidable
            ]
        ),
        policies=_counted([reading.policy for reading in decidable]),
        platforms=_counted([reading.platform for reading in decidable]),
        families=_counted([reading.root for reading in decidable]),
    )


def _counted(values: Sequence[str | None]) -> tuple[ValueCount, ...]:
    return tuple(ValueCount(value, count) for value, count in Counter(values).most_common())
