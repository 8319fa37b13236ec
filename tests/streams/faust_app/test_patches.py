"""The patches, and whether Faust still needs them: once it is fixed, a test here fails and a patch can go."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Sequence
from typing import TypeVar

import faust
import pytest
from aiokafka.consumer.consumer import AIOKafkaConsumer  # type: ignore[import-untyped]  # aiokafka ships no types
from aiokafka.consumer.fetcher import Fetcher  # type: ignore[import-untyped]  # the same
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata  # type: ignore[import-untyped]  # aiokafka ships no types
from faust import streams as faust_streams
from faust.tables.manager import TableManager
from faust.transport import consumer as faust_consumer
from faust.transport.conductor import ConductorCompiler
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage
from hypothesis import given
from hypothesis import strategies as st
from mode.utils.queues import FlowControlQueue

from streams.errors import StreamsError
from streams.faust_app import patches
from streams.faust_app.app import BUFFER_EVENTS, POLL_RECORDS
from streams.faust_app.patches import SafeConsumer, SafeConsumerThread, SafeProducer, safe_transport
from tests.tables import for_each

WHERE = TP("accounts.created", 0)


def a_consumer(kind: type[driver.Consumer]) -> driver.Consumer:
    """A consumer that was never connected, at offset 31."""
    app = faust.App("patches", broker="kafka://127.0.0.1:1", autodiscover=False, topic_disable_leader=True)
    transport = driver.Transport(app.conf.broker_consumer, app)
    consumer = kind(
        transport, callback=app.topics.on_message, on_partitions_revoked=None, on_partitions_assigned=None
    )
    consumer._committed_offset[WHERE] = 31
    app.topics.acking_topics.add(WHERE.topic)
    app._consumer = consumer
    return consumer


@pytest.fixture
def consumer() -> SafeConsumer:
    made = a_consumer(SafeConsumer)
    assert isinstance(made, SafeConsumer)
    return made


def take(consumer: driver.Consumer, offset: int) -> ConsumerMessage:
    """An event that an agent holds."""
    message = ConsumerMessage(
        WHERE.topic, 0, offset, 0.0, 0, [], b"k", b"v", None, 1, 1, WHERE, generation_id=0
    )
    message.incref()
    consumer.track_message(message)
    return message


def test_upstream_still_commits_past_an_event_in_flight() -> None:
    upstream = a_consumer(driver.Consumer)
    held = take(upstream, 31)
    for offset in (32, 33):
        take(upstream, offset).ack(upstream)
    assert upstream._new_offset(WHERE) == 34, "faust #606 is fixed: SafeConsumer._new_offset can go"
    assert not held.acked


def test_what_was_given_up_is_not_passed_until_it_is_read_again(consumer: SafeConsumer) -> None:
    consumer.give_up(take(consumer, 32))
    take(consumer, 31).ack(consumer)
    take(consumer, 33).ack(consumer)
    assert consumer._new_offset(WHERE) == 32
    consumer._committed_offset[WHERE] = 32
    assert consumer._new_offset(WHERE) is None
    assert not consumer.unacked, "neither a stop nor a rebalance waits for it"


def test_an_acknowledged_event_cannot_be_given_up(consumer: SafeConsumer) -> None:
    event = take(consumer, 31)
    event.ack(consumer)
    consumer.give_up(event)
    assert consumer._new_offset(WHERE) == 32


class Thread:
    """In place of the thread that asks the broker: what is committed, None for nothing."""

    def __init__(self, committed: int | None) -> None:
        self.committed = committed

    async def seek_to_commits(self) -> dict[TP, int | None]:
        return {WHERE: self.committed}


Kind = TypeVar("Kind")


def put_in(consumer: driver.Consumer, thread: Kind) -> Kind:
    consumer._thread = thread  # type: ignore[assignment]  # there is no broker
    return thread


async def test_reading_again_from_the_commit_clears_what_was_given_up(consumer: SafeConsumer) -> None:
    put_in(consumer, Thread(31))
    consumer.give_up(take(consumer, 31))
    await consumer.perform_seek()
    take(consumer, 31).ack(consumer)
    assert consumer._new_offset(WHERE) == 32


@pytest.mark.parametrize("committed", [None, 0])
async def test_a_partition_without_a_commit_is_committed_from_its_start(
    consumer: SafeConsumer, committed: int | None
) -> None:
    put_in(consumer, Thread(committed))
    await consumer.perform_seek()
    take(consumer, 0).ack(consumer)
    assert consumer._new_offset(WHERE) == 1
    assert consumer._should_commit(WHERE, 1)


class Assigned:
    """In place of aiokafka's consumer: what is assigned and committed, and what is sought."""

    def __init__(self, assigned: Sequence[TP], commits: dict[TP, OffsetAndMetadata]) -> None:
        self.assigned, self.commits = set(assigned), commits
        self.sought: dict[TP, int | None] = {}
        self._coordinator = self

    def assignment(self) -> set[TP]:
        return self.assigned

    async def fetch_committed_offsets(self, asked: set[TP]) -> dict[TP, OffsetAndMetadata]:
        return {tp: commit for tp, commit in self.commits.items() if tp in asked}

    def seek(self, tp: TP, offset: int) -> None:
        self.sought[tp] = offset

    async def seek_to_beginning(self, *partitions: TP) -> None:
        assert partitions, "aiokafka takes none for all"
        self.sought |= dict.fromkeys(partitions)


def a_thread(topic_ids: dict[str, str]) -> SafeConsumerThread:
    made = safe_transport(fetch_wait_ms=10, topic_ids=topic_ids)
    assert issubclass(made.Consumer, SafeConsumer)
    return made.Consumer.thread_type.__new__(made.Consumer.thread_type)


async def test_every_partition_is_sought_whatever_is_committed() -> None:
    never, zero, usual, replaced = (TP(WHERE.topic, number) for number in range(4))
    commits = {
        zero: OffsetAndMetadata(0, "now"),
        usual: OffsetAndMetadata(31, "now"),
        replaced: OffsetAndMetadata(31, "before"),
    }
    thread = a_thread({WHERE.topic: "now"})
    thread._consumer = assigned = Assigned([never, zero, usual, replaced], commits)
    committed = await thread._seek_to_commits()
    assert assigned.sought == {never: None, zero: 0, usual: 31, replaced: None}
    assert committed == assigned.sought, "what is about a topic that is no more is no commit"
    thread._consumer = Assigned([usual], commits)
    assert await thread._seek_to_commits() == {usual: 31}
    thread._consumer = Assigned([], commits)
    assert await thread._seek_to_commits() == {}


def test_upstream_still_leaves_partitions_where_they_are_that_have_no_commit() -> None:
    source = inspect.getsource(AIOKafkaConsumer.seek_to_committed)
    assert "if offset and offset > 0:" in source, "see whether _seek_to_commits can go"
    source = inspect.getsource(Fetcher.fetched_records)
    assert "if partitions and tp not in partitions:" in source, "none is no longer taken for all"


@for_each(("committed", "another"), [("before", True), ("now", False), ("", False), ("unknown", True)])
def test_a_commit_without_an_id_is_believed(committed: str, another: bool) -> None:
    thread = a_thread({WHERE.topic: "now"})
    assert thread._is_about_another(WHERE.topic, OffsetAndMetadata(31, committed)) is another
    assert not thread._is_about_another("a broker without ids", OffsetAndMetadata(31, committed))


@given(st.data())
def test_no_order_of_acknowledgements_commits_past_a_waiting_event(data: st.DataObject) -> None:
    consumer = a_consumer(SafeConsumer)
    messages = {offset: take(consumer, offset) for offset in range(31, 41)}
    order = data.draw(st.permutations(sorted(messages)))
    for offset in order:
        messages[offset].ack(consumer)
        if data.draw(st.booleans()):
            committed = consumer._new_offset(WHERE)
            if committed is not None:
                consumer._committed_offset[WHERE] = committed
            waiting = [offset for offset, message in messages.items() if not message.acked]
            assert (consumer._committed_offset[WHERE] or 0) <= min(waiting, default=41)
    final = consumer._new_offset(WHERE)
    assert max(final or 0, consumer._committed_offset[WHERE] or 0) == 41, "nothing stays behind either"


class Fetching:
    """In place of the thread that fetches: some records, then none, and the end of what fetches."""

    def __init__(self, *fetches: Sequence[int], reached: int | None = None) -> None:
        self.fetches = [list(offsets) for offsets in fetches]
        self.ends = asyncio.Event()
        self._stopped = self.ends  # what Faust asks of the service that fetches
        self._reached = reached

    async def getmany(self, active: set[TP], timeout: float) -> dict[TP, list[ConsumerRecord]]:
        if not self.fetches:
            self.ends.set()
            return {}
        return {WHERE: [a_record(offset) for offset in self.fetches.pop(0)]}

    def highwater(self, tp: TP) -> int:
        return 100

    def reached(self, tp: TP) -> int | None:
        return self._reached


class Rebalancing(Fetching):
    """A fetch that comes back after the seek, with what it had found before; the seek leads to the first."""

    def __init__(self, consumer: SafeConsumer, seek_fails: int = 0) -> None:
        super().__init__([6, 7], [0, 1, 2])
        self.consumer = consumer
        self.fails = seek_fails

    async def getmany(self, active: set[TP], timeout: float) -> dict[TP, list[ConsumerRecord]]:
        records = await super().getmany(active, timeout)
        if len(self.fetches) == 1:
            await self.consumer.perform_seek()  # as Faust does beside it
        return records

    async def seek_to_commits(self) -> dict[TP, int | None]:
        self.fails -= 1
        if self.fails == 0:
            raise ConnectionError("no coordinator")
        return {WHERE: None}


@pytest.mark.parametrize("fails", [0, 2])
async def test_what_was_fetched_before_a_seek_is_not_read_after_it(
    monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    consumer = a_consumer(SafeConsumer)
    assert isinstance(consumer, SafeConsumer)
    monkeypatch.setattr(patches, "SEEK_AGAIN_SECONDS", 0.001)
    assert await read(consumer, Rebalancing(consumer, fails)) == 3, "0 to 2 were read, and not taken for seen"


async def test_nothing_is_read_before_the_partitions_were_sought(consumer: SafeConsumer) -> None:
    thread = put_in(consumer, Fetching([0, 1]))
    consumer._on_partitions_assigned = nothing
    await consumer.on_partitions_assigned({WHERE})
    assert not consumer.flow_active
    assert consumer.without_holes(WHERE, 0) == 0, "and none of it is taken for read"
    assert thread.fetches == [[0, 1]]


async def nothing(*_: object) -> None:
    """In place of what the app does with an assignment."""


def a_record(offset: int) -> ConsumerRecord:
    return ConsumerRecord(WHERE.topic, 0, offset, 0, 0, b"k", b"v", None, 1, 1, [])


async def read(consumer: driver.Consumer, thread: Fetching, *, ack: bool = True) -> int:
    """Reads all of it, settles each record at once and commits; where the commit stands."""
    consumer._committed_offset[WHERE] = None
    consumer._set_active_tps({WHERE})
    put_in(consumer, thread)

    async def settle(message: ConsumerMessage) -> None:
        message.incref()
        consumer.track_message(message)
        if ack:
            message.ack(consumer)
            commit(consumer)

    consumer.callback = settle  # type: ignore[assignment]  # Faust calls with a message alone
    await consumer._drain_messages(thread)  # type: ignore[arg-type]  # it asks whether it is to end
    return commit(consumer)


def commit(consumer: driver.Consumer) -> int:
    """As Faust does every half second: where the commit stands then."""
    offset, committed = consumer._new_offset(WHERE), consumer._committed_offset[WHERE] or 0
    consumer._committed_offset[WHERE] = max(offset or 0, committed) or None
    return max(offset or 0, committed)


COMPACTED = ([[0, 5, 6, 7]], [[0], [5, 6], [7]])


@for_each("fetches", COMPACTED)
async def test_upstream_still_stands_still_after_a_gap_behind_offset_0(fetches: list[list[int]]) -> None:
    upstream = a_consumer(driver.Consumer)
    assert await read(upstream, Fetching(*fetches)) == 1, "_tell_gap_after_zero can go"


@for_each("fetches", [*COMPACTED, [[0, 1, 2], [7]], [[0, 2, 7]], [[3, 7]]])
async def test_ours_commits_past_every_gap(fetches: list[list[int]]) -> None:
    assert await read(a_consumer(SafeConsumer), Fetching(*fetches)) == 8


@given(st.sets(st.integers(0, 30), min_size=1), st.integers(1, 5))
async def test_whatever_compaction_left_is_committed_to_its_end(offsets: set[int], fetch: int) -> None:
    left = sorted(offsets)
    fetches = [left[at : at + fetch] for at in range(0, len(left), fetch)]
    assert await read(a_consumer(SafeConsumer), Fetching(*fetches)) == left[-1] + 1


async def test_a_hole_is_passed_once_nothing_before_it_is_on_its_way() -> None:
    consumer = a_consumer(SafeConsumer)
    assert isinstance(consumer, SafeConsumer)
    put_in(consumer, Fetching(reached=44))
    assert consumer.without_holes(WHERE, 31) == 44, "nothing was fetched up to there"
    await read(consumer, Fetching([31, 32], reached=44), ack=False)
    assert consumer.without_holes(WHERE, 31) == 31, "both are on their way"
    assert consumer.without_holes(WHERE, 32) == 32
    assert consumer.without_holes(WHERE, 33) == 44, "both were settled"
    put_in(consumer, Fetching(reached=None))
    assert consumer.without_holes(WHERE, 33) == 33


def test_upstream_still_waits_for_room_in_one_buffer_before_it_reads_for_others() -> None:
    source = inspect.getsource(ConductorCompiler.build)
    assert "dest_chan.put(dest_event)" in source, "SafeConsumer.on_buffer_full and POLL_RECORDS can go"


def test_what_is_left_of_a_fetch_fits_into_a_buffer_under_pressure() -> None:
    assert BUFFER_EVENTS - BUFFER_EVENTS / FlowControlQueue.pressure_high_ratio > POLL_RECORDS


def test_all_partitions_of_a_full_topic_rest_and_no_other(consumer: SafeConsumer) -> None:
    beside, other = TP(WHERE.topic, 1), TP("accounts.banned", 0)
    consumer._set_active_tps({WHERE, beside, other})
    consumer.on_buffer_full(WHERE)
    assert consumer._get_active_partitions() == {other}
    consumer.on_buffer_drop(beside)
    assert consumer._get_active_partitions() == {WHERE, beside, other}


def test_upstream_still_holds_fetches_back_for_a_second_and_a_half() -> None:
    source = inspect.getsource(driver.AIOKafkaConsumerThread._create_worker_consumer)
    assert "fetch_max_wait_ms=1500" in source, "the wait became a setting: SafeConsumerThread can go"


def test_upstream_still_sleeps_before_it_joins_the_group() -> None:
    source = inspect.getsource(TableManager.on_start)
    assert "await self.sleep(1.0)" in source, "PromptTables can go"


def test_ours_joins_at_once() -> None:
    source = inspect.getsource(TableManager.on_start)
    assert re.findall(r"await self\.(\w+)", source) == ["sleep", "_update_channels", "recovery"], (
        "PromptTables has to do what it does"
    )


async def test_a_partition_on_its_way_to_its_first_record_ends_no_worker() -> None:
    """What Faust asks of each assigned partition every 1.25 s fails while a position is not known."""
    source = inspect.getsource(driver.AIOKafkaConsumerThread.verify_event_path)
    assert "committed_offset = tp_state.position" in source, "see whether verify_all_partitions_active can go"
    consumer = a_consumer(SafeConsumer)
    put_in(consumer, None)
    await consumer.verify_all_partitions_active()


def test_upstream_still_commits_without_a_word_of_the_topic() -> None:
    source = inspect.getsource(driver.AIOKafkaConsumerThread._commit)
    assert 'OffsetAndMetadata(offset, "")' in source, "see whether _commit_with_ids can go"


def test_upstream_producers_are_still_idempotent_in_transactions_alone() -> None:
    source = inspect.getsource(driver.Producer._settings_extra)
    assert re.search(r"if self\.app\.in_transaction", source), "SafeProducer can go"


def test_upstream_still_acknowledges_what_its_python_iterator_skips() -> None:
    source = inspect.getsource(faust_streams.Stream._py_aiter)
    assert "do_ack or value is skipped_value" in source, "require_compiled_streams can go"


def test_upstream_still_loses_its_place_by_one() -> None:
    source = inspect.getsource(faust_consumer.Consumer._new_offset)
    assert "min(acked) - committed_offset > 1" in source


def test_a_transport_carries_its_settings() -> None:
    made, other = safe_transport(fetch_wait_ms=25), safe_transport(fetch_wait_ms=10)
    assert issubclass(made.Consumer, SafeConsumer)
    assert issubclass(other.Consumer, SafeConsumer)
    assert made.Consumer.thread_type.fetch_wait_ms == 25
    assert other.Consumer.thread_type.fetch_wait_ms == 10
    assert made.Producer is other.Producer is SafeProducer


def test_without_compiled_streams_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    patches.require_compiled_streams()
    monkeypatch.setattr(faust_streams, "_CStreamIterator", None)
    with pytest.raises(StreamsError, match="NO_CYTHON"):
        patches.require_compiled_streams()
