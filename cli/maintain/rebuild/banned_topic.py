"""Everything in ``accounts.banned``, read into a store: what every rebuild does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from agents.enrol import Enrol
from agents.runtime.alert_replay import AlertTopics
from cli import output
from cli.bookmark import Bookmark
from cli.running import through_outages
from store.errors import StoreEmptied
from store.redis import RedisStore
from streams.errors import TopicsError
from streams.kafka.client import TopicReader, reader, writer
from streams.kafka.group_position import Positions, group_position
from streams.kafka.topics import names
from streams.outcomes import BATCH_RECORDS, Arrival, Dead, batches
from streams.settings import Settings

if TYPE_CHECKING:  # it imports this module
    from cli.maintain.rebuild.processes import Processes


class EnrolledBatch(NamedTuple):
    """An enrolled batch: its partition, the offset after it, and what it held."""

    partition: int
    offset: int
    read: int
    bans: int
    tombstones: int
    faults: list[tuple[str, Dead]]


@dataclass(slots=True)
class ReadTally:
    """What a rebuild has seen so far. ``resumed_after``: records that an earlier run had done."""

    read: int = 0
    bans: int = 0
    tombstones: int = 0
    resumed_after: int = 0
    faults: list[tuple[str, Dead]] = field(default_factory=list)

    def add(self, step: EnrolledBatch) -> None:
        self.read += step.read
        self.bans += step.bans
        self.tombstones += step.tombstones
        self.faults += step.faults


async def open_anew(store: RedisStore, position: Callable[[], Positions]) -> str:
    """The store's epoch; one that was emptied is declared to be empty on purpose.

    An emptied or a new store lacks what the group acknowledges until its workers use this one: ``position``
    says how far it is now.
    """
    try:
        await store.open()
        begun = bool(store.epoch)
    except StoreEmptied:
        begun = False
    if not begun:
        await store.store_meta.note_behind(position())
        await store.begin_again()
    return store.epoch


def acknowledged(settings: Settings) -> Positions:
    """How far the group is in the topics that a worker can deliver again (agents/runtime/redelivery.py).

    The group writes waves and does not read them: workers learn them from the beginning of their topic.
    """
    called = names(settings)
    return group_position(settings, (*called.events, called.verdicts)) | {called.waves: {}}


async def read_all(
    opened: TopicReader,
    topic: str,
    enrol: Enrol,
    bookmark: Bookmark,
    done: dict[int, int],
    tally: ReadTally,
    elsewhere: Processes | None = None,
) -> None:
    """Enrols what each partition holds now, from where ``done`` ends, and notes how far it went.

    Outages are waited out, by other processes in each of them. Raises ``TopicsError`` without the topic.
    """
    if elsewhere:
        await _read_once(opened, topic, enrol, bookmark, done, tally, elsewhere)
        return
    await through_outages(
        lambda: _read_once(opened, topic, enrol, bookmark, done, tally), lambda: sum(done.values())
    )


async def _read_once(
    opened: TopicReader,
    topic: str,
    enrol: Enrol,
    bookmark: Bookmark,
    done: dict[int, int],
    tally: ReadTally,
    elsewhere: Processes | None = None,
) -> None:
    partitions = opened.partitions(topic)
    if not partitions:
        raise TopicsError(f"there is no topic {topic}")
    ends = {partition: opened.end(topic, partition) for partition in partitions}
    with output.progress("rebuilding", sum(ends.values())) as hear:

        def note(step: EnrolledBatch) -> None:
            tally.add(step)
            done[step.partition] = step.offset
            bookmark.write(done)
            hear(sum(done.values()))

        if elsewhere:
            elsewhere.read(topic, ends, done, note)
        else:
            await read_partitions(opened, topic, ends, done, enrol, note)


async def read_partitions(
    opened: TopicReader,
    topic: str,
    ends: Mapping[int, int],
    done: Mapping[int, int],
    enrol: Enrol,
    note: Callable[[EnrolledBatch], None],
) -> None:
    """Enrols partitions up to their ends, from where ``done`` ends, and notes each batch."""
    for partition in ends:
        for batch in batches(_until(opened, topic, partition, done, ends), BATCH_RECORDS):
            # Words to look-back are dropped: their bans were looked back at long ago.
            outcomes = await enrol(batch)
            both = list(zip(batch, outcomes, strict=True))
            note(
                EnrolledBatch(
                    batch[-1].partition,
                    batch[-1].offset + 1,
                    read=len(batch),
                    bans=sum(
                        arrival.value is not None and not isinstance(outcome, Dead)
                        for arrival, outcome in both
                    ),
                    tombstones=sum(arrival.value is None for arrival in batch),
                    faults=[
                        (arrival.address, outcome) for arrival, outcome in both if isinstance(outcome, Dead)
                    ],
                )
            )


def _until(
    opened: TopicReader, topic: str, partition: int, done: Mapping[int, int], ends: Mapping[int, int]
) -> Iterator[Arrival]:
    """The records of a partition up to its noted end."""
    for arrival in opened.read(topic, partition, done.get(partition)):
        if arrival.offset >= ends[partition]:
            return
        yield arrival


async def replay_alerts(settings: Settings, topics: AlertTopics, *, ahead: bool = False) -> None:
    """Replays all alerts, or what may be known ``ahead`` of workers that move to the store.

    Outages are waited out.
    """

    async def once() -> None:
        with reader(settings) as opened, nullcontext() if ahead else writer(settings) as out:
            await (topics.ahead(opened) if out is None else topics.whole(opened, out))

    await through_outages(once, lambda: topics.taken)
