"""What Faust 0.15.3 gets wrong and no setting corrects, each with its upstream issue.

Where it says "none found", none was on 2026-11-25 among the issues of faust-streaming/faust,
robinhood/faust and aio-libs/aiokafka. `tests/streams/faust_app/test_patches.py` reads the installed source
and fails once upstream has changed one of these, so that it can go.

* **A commit passes an event in flight** (faust #606, fix in PR #707, open): `Consumer._new_offset` takes
  one missing offset at the head for a gap of a compacted topic. `SafeConsumer` never commits at or beyond
  an event that was taken and not acknowledged, nor beyond one that was given up, until the partition is
  read again from its commit.
* **A gap behind offset 0 is not seen** (none found; what gaps elsewhere did was faust #378, closed):
  `Consumer._drain_messages` asks whether the offset is true, and compaction leaves such gaps among bans.
  Commits stay at 1 until the next rebalance. `SafeConsumer` reports such gaps to Faust.
* **Fetches are held back for 1.5 s** (none found; `fetch_max_wait_ms` is hard-coded in Faust's aiokafka
  driver): under light load an event waits up to that long. `SafeConsumerThread` sets it from the settings,
  and lengthens it while fetches come back empty (`streams.faust_app.fetch_wait`).
* **A topic that makes no progress holds up all others** once more of it waits than its buffer takes (none
  found): what is fetched is put there without regard to room, and the one loop that reads for all topics
  waits for it. `SafeConsumer` stops fetching a topic by all of its partitions, and `streams.faust_app.app`
  bounds one fetch to what fits.
* **Metadata are asked for without a pause** while a partition has no leader: `streams.kafka.metadata_pace`,
  which consumers and producers are made with.
* **A compressed batch is unpacked whole**, whatever it unpacks to: `streams.kafka.bounded_batches`, which
  kafka-python gets too.
* **A producer that the broker lost count of stays** (aio-libs/aiokafka has no reset; none found in Faust):
  each record of it is refused for ever, which ended the process. `SafeProducer` makes a new one.
* **The producer is not idempotent** unless Faust's transactions are on (which send outside of transactions,
  faust #177): retries of the client may write a record twice. `SafeProducer` turns idempotence on.
* **Each start sleeps for a second** (none found; `TableManager.on_start`) before the group is joined, for
  tables that we do not have. `PromptTables` does not.
* **First records of a partition are skipped** (none found): while its group rebalances, Faust throws away
  what it has fetched and trusts in a seek to the commits, and aiokafka's `seek_to_committed` leaves a
  partition where it is whose commit is 0 or missing. In that moment `getmany` gives out what was fetched
  under the new assignment, since its set of active partitions is empty, which aiokafka takes for all. Nor
  does anything notice a seek that takes too long (`Recovery._wait`). `SafeConsumerThread` seeks every
  partition, to its first record where nothing is committed, and `SafeConsumer` reads nothing before that was
  done.
* **A worker without partitions reads its first ones before they were sought** (none found):
  `App._on_partitions_revoked` stops the flow only of a worker that had some. `SafeConsumer` stops it always.
* **A detector of standstills ends the worker** (none found; `AIOKafkaConsumerThread.verify_event_path`): it
  asks for the position of a partition that is on its way to its first record, which aiokafka asserts to be
  known. Every outage of more than five minutes it calls an error, for each partition once in 1.25 s.
  `SafeConsumer` leaves that to `streams.telemetry.watchdog`, which distinguishes waiting from a standstill.
* **A commit does not identify the topic it is about** (none found), so it outlives a topic that was deleted
  and created again. `SafeConsumerThread` commits with the topic's id, and `SafeConsumer` reads a partition
  from its start whose commit is about another topic (`streams.faust_app.topic_ids`).
* **An event that is skipped is acknowledged** by the pure-Python stream iterator, not by the compiled one
  (none found; that the two differ in what they tell sensors was faust #607, closed):
  `require_compiled_streams` refuses to start without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from types import MappingProxyType
from typing import Any, ClassVar, Final, cast

import aiokafka  # type: ignore[import-untyped]  # aiokafka ships no types
import structlog
from aiokafka import errors as kafka_errors
from aiokafka.consumer import fetcher as aiokafka_fetcher  # type: ignore[import-untyped]  # aiokafka ships no types
from aiokafka.structs import OffsetAndMetadata  # type: ignore[import-untyped]  # aiokafka ships no types
from faust import streams as faust_streams
from faust.tables.manager import TableManager
from faust.transport.consumer import RecordMap
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, Message
from faust.types.transports import ConsumerT, ProducerT

from streams.errors import StreamsError
from streams.faust_app.fetch_wait import FetchWait, be_patient
from streams.kafka.bounded_batches import bound_batches
from streams.kafka.metadata_pace import pace_metadata

SEEK_AGAIN_SECONDS: Final = 1.0
"""Until a seek that failed is tried again: meanwhile nothing is read, so nothing is passed over either."""

GROUP_LAG_SECONDS: Final = 3.0
"""For two or three questions to brokers, all of which a broker across an ocean answers within one."""

RENEW_AGAIN_SECONDS: Final = 1.0
"""Between two attempts to start a new producer."""

log = structlog.get_logger("samehand.topics")

bound_batches(aiokafka_fetcher)


class SafeConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread that fetches, with a wait of our choosing, and commits with the id of the topic."""

    fetch_wait_ms: ClassVar[int] = 10
    topic_ids: ClassVar[Mapping[str, str]] = {}

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Read when the consumer starts and makes its fetcher, which is after this.
        consumer._fetch_max_wait_ms = self.fetch_wait_ms
        pace_metadata(consumer._client)
        start, commit = consumer.start, consumer.commit

        async def start_patiently() -> None:
            await start()
            be_patient(consumer._fetcher, FetchWait(self.fetch_wait_ms))

        async def commit_with_ids(offsets: Mapping[TP, OffsetAndMetadata]) -> None:
            ids = self.topic_ids
            await commit(
                {
                    tp: OffsetAndMetadata(position.offset, ids.get(tp.topic, ""))
                    for tp, position in offsets.items()
                }
            )

        consumer.start, consumer.commit = start_patiently, commit_with_ids
        return consumer

    def reached(self, tp: TP) -> int | None:
        """The offset to fetch next, None while it is not known. Does not ask the broker."""
        subscription = self._ensure_consumer()._subscription.subscription
        assignment = subscription and subscription.assignment
        state = assignment.state_value(tp) if assignment and tp in assignment.tps else None
        return cast(int, state.position) if state is not None and state.has_valid_position else None

    async def seek_to_commits(self) -> dict[TP, int | None]:
        """Seek every assigned partition to its commit, or to its first record where nothing is committed.

        Returns the committed offsets, None for nothing. Raises `IllegalStateError` when they were revoked
        meanwhile.
        """
        sought: dict[TP, int | None] = await self.call_thread(self._seek_to_commits)
        return sought

    async def _seek_to_commits(self) -> dict[TP, int | None]:
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        commits = await consumer._coordinator.fetch_committed_offsets(assigned)
        others = {tp for tp, commit in commits.items() if self._is_about_another(tp.topic, commit)}
        if others:
            names = sorted({tp.topic for tp in others})
            log.warning("topic was created again since the last commit: reading from its start", topics=names)
        known = {tp: int(commit.offset) for tp, commit in commits.items() if tp not in others}
        for tp, offset in known.items():
            consumer.seek(tp, offset)
        if uncommitted := assigned - known.keys():
            await consumer.seek_to_beginning(*uncommitted)
        return {TP(*tp): known.get(tp) for tp in assigned}

    async def group_lag(self, topics: Sequence[str]) -> dict[TP, int]:
        """Returns how many records the group has not committed, by partition, whichever worker has it.

        Raises `TimeoutError` where no broker says so in time, and aiokafka's errors.
        """
        lag: dict[TP, int] = await self.call_thread(self._group_lag, topics)
        return lag

    async def _group_lag(self, topics: Sequence[str]) -> dict[TP, int]:
        consumer = self._ensure_consumer()
        every = [TP(topic, place) for topic in topics for place in consumer.partitions_for_topic(topic) or ()]
        # Bounded here: leaders of what others have may be away, and our commits wait in this thread.
        async with asyncio.timeout(GROUP_LAG_SECONDS):
            commits = await consumer._coordinator.fetch_committed_offsets(every)
            known = {
                TP(*tp): int(commit.offset)
                for tp, commit in commits.items()
                if not self._is_about_another(tp.topic, commit)
            }
            if uncommitted := [tp for tp in every if tp not in known]:
                known |= await consumer.beginning_offsets(uncommitted)
            ends: Mapping[TP, int] = await consumer.end_offsets(every)
        return {tp: max(0, end - known[tp]) for tp, end in ends.items() if tp in known}

    def _is_about_another(self, topic: str, commit: OffsetAndMetadata) -> bool:
        # A commit without an id is believed: an operator's tool made it, or a version that wrote none.
        return bool(commit.metadata) and commit.metadata != self.topic_ids.get(topic, commit.metadata)


class SafeConsumer(driver.Consumer):
    """A consumer whose commits never pass what has no outcome yet."""

    thread_type: ClassVar[type[SafeConsumerThread]] = SafeConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._given_up: dict[TP, int] = {}
        self._fetched: dict[TP, int] = {}
        """The last record that was fetched since the last seek."""
        self._sought = True
        """Whether every partition stands where reading is to begin. Without any there is nothing to seek."""
        self._seeks = 0
        """Rises when a seek begins and when it has ended."""

    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return self.thread_type(self, loop=self.loop, beacon=self.beacon)

    def on_buffer_full(self, tp: TP) -> None:
        """Stops fetching every partition of a topic whose buffer is nearly full: they share the buffer."""
        for each in [partition for partition in self._get_active_partitions() if partition.topic == tp.topic]:
            super().on_buffer_full(each)

    def on_buffer_drop(self, tp: TP) -> None:
        """Fetches all partitions of the topic again."""
        for each in [partition for partition in self._buffered_partitions if partition.topic == tp.topic]:
            super().on_buffer_drop(each)

    async def verify_all_partitions_active(self) -> None:
        """Leaves it to our watchdog."""

    def give_up(self, message: Message) -> None:
        """Forget an event without acknowledging it: no commit passes it before the partition is read again.

        Without this Faust would wait for it at every stop and rebalance.
        """
        if not message.acked:
            self._unacked_messages.discard(message)
            lowest = self._given_up.get(message.tp, message.offset)
            self._given_up[message.tp] = min(lowest, message.offset)

    async def group_lag(self, topics: Sequence[str]) -> dict[TP, int]:
        return await cast(SafeConsumerThread, self._thread).group_lag(topics)

    def without_holes(self, tp: TP, following: int) -> int:
        """`following`, or a later offset where it is known that no record lies between.

        By offsets alone a partition would seem to have records waiting for ever where it ends in offsets
        without any: the marker of a transaction, or what retention removed before it was read.
        """
        if not self._sought or self._fetched.get(tp, -1) >= following:
            return following  # it is on its way to an agent, or will be fetched again
        reached = cast(SafeConsumerThread, self._thread).reached(tp)
        return max(following, reached or 0)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Reads nothing of the partitions until Faust has sought them and lets them flow."""
        self._sought = False
        self.stop_flow()
        log.info("partitions assigned", partitions=len(assigned))
        await super().on_partitions_assigned(assigned, generation_id)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> RecordMap:
        if not self._sought:  # Faust gave the seek up
            try:
                await self.perform_seek()
            except Exception as fault:
                log.warning(
                    "cannot seek to the committed offsets yet: reading nothing", fault=type(fault).__name__
                )
                await self.sleep(SEEK_AGAIN_SECONDS)
            return {}
        seeks = self._seeks
        records = await super()._getmany(active_partitions, timeout)
        if seeks != self._seeks:  # they may have been fetched before the seek or after it
            self._sought = False
            return {}
        for tp, fetched in records.items():
            if fetched:
                offsets = [self._read_offset[tp], *(record.offset for record in fetched[:2])]
                for before, following in pairwise(offsets):
                    if before == 0 and following > 1:
                        await self._add_gap(tp, 1, following - 1)
                self._fetched[tp] = fetched[-1].offset
        return records

    async def perform_seek(self) -> None:
        """Seek back to the commits, from where everything that was given up is read again.

        A partition goes back to its start where nothing is committed, or its commit is about a deleted topic.
        """
        self._sought = False
        self._seeks += 1
        commits = await cast(SafeConsumerThread, self._thread).seek_to_commits()
        for tp, committed in commits.items():
            self._read_offset[tp] = committed
            self._committed_offset[tp] = committed or None  # Faust takes 0 for a commit that it may not pass
        self._fetched.clear()
        self._given_up.clear()
        self._seeks += 1
        self._sought = True

    def _new_offset(self, tp: TP) -> int | None:
        # The lowest offset without an outcome.
        taken = (message for message in self._unacked_messages if message.tp == tp)
        waiting = [message.offset for message in taken if not message.acked]
        if tp in self._given_up:
            waiting.append(self._given_up[tp])
        floor = min(waiting, default=None)
        if floor is None:
            return super()._new_offset(tp)
        # Upstream drops what it means to commit from this list, so what may not be committed is kept out of
        # it.
        acked = self._acked[tp]
        above = [offset for offset in acked if offset > floor]
        acked[:] = [offset for offset in acked if offset < floor]
        offset = super()._new_offset(tp)
        acked.extend(above)
        return None if offset is None else min(offset, floor)


class SafeProducer(driver.Producer):
    """A producer whose own retries write nothing twice, and that can be replaced while it is in use."""

    generation: int = 0

    def renew(self, generation: int) -> None:
        """Replaces aiokafka's producer, of which a broker lost count. Until then sending raises `NotReady`.

        ``generation`` is that of the producer that failed: what fails late renews no later one.
        """
        if self._producer is None or generation != self.generation:
            return
        self.generation += 1
        former, self._producer = self._producer, None
        self.add_future(self._replace(former))

    async def _replace(self, former: aiokafka.AIOKafkaProducer) -> None:
        # What it still has is written or given up first: a record must not appear behind a later one.
        with suppress(kafka_errors.KafkaError, OSError):
            await former.stop()
        while True:
            producer = self._new_producer()
            try:
                await producer.start()
            except (kafka_errors.KafkaError, OSError):
                await producer.stop()
                await asyncio.sleep(RENEW_AGAIN_SECONDS)
            except asyncio.CancelledError:
                await producer.stop()
                raise
            else:
                break
        self._producer = producer
        log.info("Kafka producer replaced", why="a broker lost count of the former one's records")

    def _new_producer(self, transactional_id: str | None = None) -> aiokafka.AIOKafkaProducer:
        producer = super()._new_producer(transactional_id)
        pace_metadata(producer.client)
        return producer

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


class PromptTables(TableManager):
    """A table manager that has no tables, and waits for none."""

    async def on_start(self) -> None:
        """Lets the group be joined."""
        await self._update_channels()
        await self.recovery.start()


class SafeTransport(driver.Transport):
    """Faust's aiokafka driver with the above."""

    Consumer: ClassVar[type[ConsumerT]] = SafeConsumer
    Producer: ClassVar[type[ProducerT]] = SafeProducer


def safe_transport(
    *, fetch_wait_ms: int, topic_ids: Mapping[str, str] = MappingProxyType({})
) -> type[SafeTransport]:
    """A transport with these settings; Faust makes its parts itself, so the settings are class attributes.

    ``topic_ids`` is read at every commit and seek, and may be filled in until the first of them.
    """

    class Thread(SafeConsumerThread):
        pass

    class Consumer(SafeConsumer):
        thread_type = Thread

    class Transport(SafeTransport):
        pass

    Thread.fetch_wait_ms = fetch_wait_ms
    Thread.topic_ids = topic_ids
    Transport.Consumer = Consumer
    return Transport


def require_compiled_streams() -> None:
    """Raises `StreamsError` where Faust runs without its compiled stream iterator."""
    if getattr(faust_streams, "_CStreamIterator", None) is None:
        raise StreamsError("this build of faust-streaming has no compiled stream iterator; unset NO_CYTHON")
