"""Bridge: records of somebody else's topic become ours, under our keys.

A bridge decides nothing about accounts: workers read its output from our topics like any platform's events. A
foreign record is acknowledged once the broker has confirmed ours, as in every delivery.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import structlog

from agents.common.decoding import count, dead, reading_moment
from agents.common.unusable_fields import UnusableFields
from agents.common.yielder import Yielder
from schemas.malformed import Malformed
from schemas.mapping.mapper import NotMapped, TopicMapping
from schemas.wire import encode
from streams.kafka.mapped_topics import topic_of
from streams.kafka.topics import Names
from streams.off_loop import off_loop
from streams.outcomes import NOTHING, Arrival, Emit, Outcome, Published, contained
from streams.registry.transcode import Transcoder
from streams.telemetry.metrics import Metrics

log = structlog.get_logger("samehand.bridge")

TURN_RECORDS: Final = 8
"""Records between two looks at the clock, as in :mod:`agents.common.yielder`; a thread reads large ones."""


class Bridge:
    """Maps the records of one foreign topic to ours."""

    def __init__(
        self,
        mapping: TopicMapping,
        topics: Names,
        metrics: Metrics,
        *,
        transcoder: Transcoder | None = None,
        now: Callable[[], float],
        ticks: Callable[[], float],
    ) -> None:
        """``now`` returns Unix seconds, ``ticks`` monotonic seconds.

        ``transcoder`` decodes values by the schemas of a registry; it is used where the mapping says so.
        """
        self._transcoder = transcoder if mapping.encoding == "registry" else None
        self._mapping = mapping
        self._topics = topic_of(topics)
        self._metrics = metrics
        self._now = now
        self._ticks = ticks
        self._unusable = UnusableFields()

    async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Returns one outcome per arrival: a record of ours, nothing, or a dead letter.

        Raises `Transient` while the schema registry does not answer.
        """
        if self._transcoder is not None:
            await asyncio.to_thread(self._transcoder.prepare, arrivals)
        outcomes: list[Outcome] = []
        yielder = Yielder(self._ticks)
        for place, arrival in enumerate(arrivals, 1):
            # The bytes that a mapping may read.
            beside = sum(len(value or b"") for _, value in arrival.headers)
            outcomes.append(
                await off_loop(
                    len(arrival.value or b"") + len(arrival.key or b"") + beside,
                    partial(contained, self._decided, arrival),
                )
            )
            if place % TURN_RECORDS == 0:
                await yielder.pause()
        return outcomes

    def _decided(self, arrival: Arrival) -> Outcome:
        if self._transcoder is not None:
            transcoded = self._transcoder.json_of(arrival)
            if isinstance(transcoded, Malformed):
                return dead(transcoded)
            arrival = transcoded
        mapped = self._mapping.map(arrival, now=reading_moment(arrival, self._now()))
        if isinstance(mapped, Malformed):
            return dead(mapped)
        if isinstance(mapped, NotMapped):
            return NOTHING
        count(mapped.found, arrival.topic, self._metrics)
        record = mapped.found.record
        # Values that no worker will be able to read; the first of each field is logged by its shape.
        unread = self._unusable.add(record, mapped.found.unusable, pictures=False)
        self._metrics.unusable(arrival.topic, [(unusable.field, unusable.reason) for unusable in unread])
        for unusable in unread:
            if self._unusable.counts[unusable] == 1:
                row = self._unusable.row(unusable)
                log.warning(
                    "a field cannot be read",
                    topic=arrival.topic,
                    field=unusable.field,
                    reason=str(unusable.reason),
                    example=row["example"],
                    hint=row["hint"],
                )
        return Published((Emit(self._topics[mapped.kind], record.key.encode(), encode(record)),))
