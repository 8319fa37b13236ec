"""Everything in ``accounts.banned``, read into a store: what every rebuild does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from agents.enrol import Enrol
from cli import output
from cli.checkpoint import Bookmark
from cli.offline.offline_scoring import BATCH_RECORDS, batches
from cli.outages import through_outages
from store.errors import StoreEmptied
from store.redis import RedisStore
from streams.errors import TopicsError
from streams.kafka.client import Reader
from streams.kafka.group_position import Positions, group_position
from streams.kafka.topics import names
from streams.outcomes import Arrival, Dead
from streams.settings import Settings


@dataclass(slots=True)
class ReadTally:
    """What a rebuild has seen so far. ``resumed_after``: records that an earlier run had done."""

    read: int = 0
    bans: int = 0
    tombstones: int = 0
    resumed_after: int = 0
    faults: list[tuple[str, Dead]] = field(default_factory=list)


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
    """How far the group is in the topics that a worker can deliver again (agents/runtime/redelivery.py)."""
    called = names(settings)
    return group_position(settings, (*called.events, called.verdicts))


async def read_all(
    opened: Reader,
    topic: str,
    enrol: Enrol,
    bookmark: Bookmark,
    done: dict[int, int],
    tally: ReadTally,
) -> None:
    """Enrols what each partition holds now, from where ``done`` ends, and notes how far it went.

    Outages are waited out. Raises ``TopicsError`` without the topic.
    """
    await through_outages(
        lambda: _read_once(opened, topic, enrol, bookmark, done, tally), lambda: sum(done.values())
    )


async def _read_once(
    opened: Reader,
    topic: str,
    enrol: Enrol,
    bookmark: Bookmark,
    done: dict[int, int],
    tally: ReadTally,
) -> None:
    partitions = opened.partitions(topic)
    if not partitions:
        raise TopicsError(f"there is no topic {topic}")
    ends = {partition: opened.end(topic, partition) for partition in partitions}
    with output.progress("rebuilding", sum(ends.values())) as hear:
        for partition in partitions:
            passed = sum(ends[other] for other in partitions if other < partition)
            for batch in batches(_until(opened, topic, partition, done, ends), BATCH_RECORDS):
                await _enrol(enrol, batch, tally)
                done[partition] = batch[-1].offset + 1
                bookmark.write(done)
                hear(passed + done[partition])


def _until(
    opened: Reader, topic: str, partition: int, done: dict[int, int], ends: dict[int, int]
) -> Iterator[Arrival]:
    """The records of a partition up to its noted end."""
    for arrival in opened.read(topic, partition, done.get(partition)):
        if arrival.offset >= ends[partition]:
            return
        yield arrival


async def _enrol(enrol: Enrol, batch: list[Arrival], tally: ReadTally) -> None:
    """Writes a batch. Its words to look-back are dropped: their bans were looked back at long ago."""
    outcomes = await enrol(batch)
    tally.read += len(batch)
    tally.tombstones += sum(arrival.value is None for arrival in batch)
    dead = [
        (arrival.address, outcome)
        for arrival, outcome in zip(batch, outcomes, strict=True)
        if isinstance(outcome, Dead)
    ]
    tally.faults += dead
    tally.bans += sum(arrival.value is not None for arrival in batch) - sum(
        arrival.value is not None and isinstance(outcome, Dead)
        for arrival, outcome in zip(batch, outcomes, strict=True)
    )
