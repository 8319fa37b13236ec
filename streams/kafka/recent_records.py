"""Reads again the records that the group acknowledged last, for when the store may have lost their effect.

How far back: by time, for a quiet topic, and by number, for one that was being caught up with when it
happened, whose records of the last seconds may be hours old. Or from given offsets on, for a store that was
filled beside the one with which the group acknowledged them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Generator, Iterator, Mapping
from contextlib import suppress
from itertools import islice, takewhile
from threading import Lock
from typing import Final

from streams.errors import BrokerRefused, BrokerUnavailable
from streams.kafka.client import TopicReader, reader
from streams.outcomes import Arrival
from streams.settings import Settings

BACK_SECONDS: Final = 300.0
"""A replica lags by milliseconds; a master that was cut off takes writes until its node time-out (15 s by
default) or the Sentinels' (30 s), and failovers are noticed within seconds. Five minutes are far beyond."""

BACK_RECORDS: Final = 10_000
"""In a partition, whatever their age: what some workers acknowledge in half a minute while they catch up."""

BACK_RECORDS_MAX: Final = 100_000
"""In a partition, so that five minutes of a flood do not keep a worker busy for an hour."""

BATCH_RECORDS: Final = 100
"""Small, so that fresh events in between wait for some milliseconds alone."""


class Recent:
    """Reads those records in a thread, a batch at a time.

    ``output``: compacted topics that the group writes and does not read, so it acknowledges nothing there.
    They are read to their end, and of each key only the last record: a former one may be about what has been
    forgotten since.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        seconds: float = BACK_SECONDS,
        records: int = BACK_RECORDS,
        output: Collection[str] = (),
    ) -> None:
        self._settings = settings
        self._output = output
        self._seconds = seconds
        self._records = records

    async def batches(
        self, topic: str, since: Mapping[int, int] | None = None
    ) -> AsyncIterator[list[Arrival]]:
        """A topic's records, partition by partition, in order. Raises `BrokerUnavailable`.

        ``since``: all from these offsets on, by partition; of a partition that is not listed, all.
        """
        batches, turn = self._read(topic, since), Lock()

        def following() -> list[Arrival] | None:
            with turn:
                return next(batches, None)

        def close() -> None:
            # A cancelled caller leaves a read under way to its thread: a generator that runs cannot be
            # closed.
            with turn, suppress(BrokerUnavailable, BrokerRefused):
                batches.close()

        try:
            while batch := await asyncio.to_thread(following):
                yield batch
        except BrokerRefused as refusal:  # a missing right is waited out, as an outage is
            raise BrokerUnavailable(str(refusal)) from refusal
        finally:
            asyncio.get_running_loop().run_in_executor(None, close)

    def _read(self, topic: str, since: Mapping[int, int] | None) -> Generator[list[Arrival], None, None]:
        with reader(self._settings, grouped=True) as opened:
            for partition in opened.partitions(topic):
                output = topic in self._output
                last = opened.end(topic, partition) if output else opened.committed(topic, partition)
                if since is None:
                    by_time = opened.offset_at(topic, partition, time.time() - self._seconds)
                    first = max(0, last - BACK_RECORDS_MAX, min(by_time, last - self._records))
                else:
                    first = since.get(partition, 0)
                yield from self._between(opened, topic, partition, first, last)

    def _between(
        self, opened: TopicReader, topic: str, partition: int, first: int, last: int
    ) -> Iterator[list[Arrival]]:
        if first >= last:
            return

        def before() -> Iterator[Arrival]:
            return takewhile(lambda arrival: arrival.offset < last, opened.read(topic, partition, first))

        records = before()
        if topic in self._output:  # read twice, so that memory holds keys and offsets alone
            latest = {arrival.key: arrival.offset for arrival in records}
            records = (arrival for arrival in before() if latest[arrival.key] == arrival.offset)
        while batch := list(islice(records, BATCH_RECORDS)):
            yield batch
