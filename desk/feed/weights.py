"""The topic of weights is kept equal to what was decided here.

There is no outbox, whose repeats could bring an earlier table back: the topic is read, and what it lacks is
written. Of a stage the highest number holds, so that it does no harm when two desks do it at once, or when a
record comes late. Where the topic says something later than this database (a backup was restored), nothing
is written: that is for a person to settle.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from desk.database.decisions import weights as rows
from desk.database.engine import Database
from desk.feed.audit_heads import HEAD_SECONDS
from desk.feed.publish import send
from desk.review.weighing.adopted import STAGES, Highest, highest
from desk.review.weighing.weights import WeightsStatus, record_of
from desk.telemetry import Applied
from schemas.internal.weights import Stage, WeightsAdopted
from schemas.wire import encode
from streams.kafka.client import Kept, TopicReader, Writer

log = structlog.get_logger("samehand.desk.weights")

LOOK_SECONDS: Final = HEAD_SECONDS
"""How often the topic is read where nobody decided anything. It holds a few records."""

REFUSED_MAX: Final = 1_000
"""Unreadable records that are logged once each; beyond them they are logged again."""


class WeightsTopic:
    """Keeps the topic equal to the database."""

    def __init__(
        self,
        database: Database,
        topic: str,
        now: Callable[[], float],
        heard: Callable[[Applied], None],
    ) -> None:
        """`now`: Unix seconds; `heard` takes the records that cannot be read."""
        self._database = database
        self._topic = topic
        self._now = now
        self._heard = heard
        self._levelled: int | None = None
        self._looked_at = 0.0
        self._refused: set[str] = set()
        self._elsewhere: tuple[Stage, ...] = ()

    async def level(self, reader: Kept[TopicReader], out: Writer) -> int:
        """Writes what the topic lacks, once somebody decided and now and then; how many records.

        Raises what reader and writer raise, and `DatabaseUnavailable`.
        """
        async with self._database.read() as connection:
            newest = await rows.newest(connection)
        late = abs(self._now() - self._looked_at) >= LOOK_SECONDS  # a clock set back is no reason to wait
        if newest == self._levelled and not late:
            return 0
        on_topic = await asyncio.to_thread(reader.ask, self._read)
        self._log_refused(on_topic)
        await self._note(on_topic.records)
        async with self._database.read() as connection:
            held = await WeightsStatus.read(connection)
        if held.elsewhere and held.elsewhere != self._elsewhere:
            log.error("the topic of weights says what this desk does not know", stages=held.elsewhere)
        self._elsewhere = held.elsewhere
        lacking = [
            record_of(decision)
            for stage in STAGES
            if (decision := held.decision(stage)) is not None and held.arrived(stage) == "on-its-way"
        ]
        if lacking:
            records = [(record.stage.encode(), encode(record)) for record in lacking]
            await asyncio.to_thread(send, out, self._topic, records)
            await self._note({**on_topic.records, **{record.stage: record for record in lacking}})
            log.info(
                "decisions about weights are on the topic", numbers=[record.number for record in lacking]
            )
        self._levelled, self._looked_at = held.newest, self._now()
        return len(lacking)

    def _read(self, reader: TopicReader) -> Highest:
        arrivals = [
            (arrival.address, arrival.value)
            for partition in reader.partitions(self._topic)
            for arrival in reader.read(self._topic, partition)
        ]
        return highest(arrivals)

    async def _note(self, said: Mapping[Stage, WeightsAdopted]) -> None:
        now = self._now()
        async with self._database.begin() as connection:
            for stage in STAGES:
                record = said.get(stage)
                adjustment = None if record is None else record.adjustment
                # As `version_on_topic` of a decision. Any writer may put a NUL there, which no row holds.
                version = "" if adjustment is None else adjustment.weights_version.replace("\0", "")
                number = 0 if record is None else record.number
                await rows.see(connection, stage, number, version, now=now)

    def _log_refused(self, on_topic: Highest) -> None:
        """Logs each record that cannot be read, once."""
        fresh = {where: why for where, why in on_topic.refused.items() if where not in self._refused}
        if not fresh:
            return
        self._heard(Applied(0, 0, tuple((self._topic, why) for why in fresh.values())))
        for where, why in fresh.items():
            log.warning("a record cannot be read", address=where, reason=why)
        if len(self._refused) + len(fresh) > REFUSED_MAX:
            self._refused.clear()
        self._refused |= fresh.keys()
