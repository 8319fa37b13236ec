"""``samehand rebuild``: the store filled again from the truth, ``accounts.banned``.

The plan:

1. Note where each partition ends now: what comes later is the workers' to read.
2. Open the store; one that lost its epoch begins a new one here, and only here. Workers that knew the old
   one go on holding their events.
3. Read each partition from its beginning (or from where a rebuild of the same store was broken off) and
   enrol in batches, tombstones included. The later ``occurred_at`` wins whatever the order, so a worker may
   enrol meanwhile.
4. Note after each batch how far it went, together with the store's epoch: a store emptied since then is
   read from the beginning.
5. Note the epoch in the control topic: workers take it over, and their events go on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from agents.enrol import Enrol
from agents.runtime.store_factory import peppers_of
from desk.cli import output
from desk.cli.checkpoint import Bookmark, read_bookmark
from desk.cli.input_errors import tell_faults
from desk.cli.offline_scoring import BATCH_RECORDS, batches
from desk.cli.run_async import awaited
from desk.cli.store_context import closing_store, house
from desk.text import plural
from store.errors import StoreEmptied
from store.redis import RedisStore
from streams.errors import TopicsError
from streams.kafka.client import Reader, reader
from streams.kafka.store_epoch import note_epoch
from streams.kafka.topics import names
from streams.outcomes import Arrival, Dead
from streams.settings import Settings, load


@dataclass(slots=True)
class Tally:
    """What a rebuild has seen so far. ``resumed_after``: records that an earlier run had done."""

    read: int = 0
    bans: int = 0
    tombstones: int = 0
    resumed_after: int = 0
    faults: list[tuple[str, Dead]] = field(default_factory=list)


@click.command("rebuild", short_help="Fill the store again from accounts.banned.")
@click.option(
    "--bookmark",
    "bookmark_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to note how far it went; by default in SAMEHAND_DATA_DIR, else in the user's own folder.",
)
@click.option("--from-start", is_flag=True, help="Read everything, wherever an earlier run was broken off.")
@output.json_option
def command(bookmark_path: Path | None, from_start: bool, as_json: bool) -> int:
    """Fill the store again from accounts.banned, while workers run or stand.

    Nothing is published. Broken off, it goes on where it was when it is run again. What was remembered of
    new accounts does not come back by this: it comes again with new events.

    \b
    Examples:
      samehand rebuild
      samehand rebuild --from-start --json
    """
    settings, started, tally = load(), time.monotonic(), Tally()
    path = bookmark_path or _bookmark_path(settings)
    fingerprints = awaited(_rebuild(settings, path, from_start, tally))
    tell_faults(tally.faults)
    figures = {
        "records": tally.read,
        "bans": tally.bans,
        "tombstones": tally.tombstones,
        "bad_records": len(tally.faults),
        "resumed_after": tally.resumed_after,
        "fingerprints": fingerprints,
        "seconds": round(time.monotonic() - started, 3),
    }
    if as_json:
        output.figures(figures)
    else:
        output.console().print(
            f"{plural(tally.read, 'record')} read ({plural(tally.tombstones, 'tombstone')}, "
            f"{plural(len(tally.faults), 'bad one')}); the store holds "
            f"{plural(fingerprints, 'banned account')}; {figures['seconds']:.1f} s"
        )
    return 0


def _bookmark_path(settings: Settings) -> Path:
    folder = settings.data_dir or Path(click.get_app_dir("samehand"))
    return folder / "rebuild.json"


async def _rebuild(settings: Settings, path: Path, from_start: bool, tally: Tally) -> int:
    peppers = peppers_of(settings)
    async with closing_store(settings, peppers) as store:
        epoch = await open_anew(store)
        topic = names(settings).banned
        bookmark = Bookmark(path, topic, settings.store_prefix, epoch)
        done = {} if from_start else read_bookmark(bookmark)
        tally.resumed_after = sum(done.values())
        with reader(settings) as opened:
            enrol = Enrol(house(settings, peppers, store))
            await read_all(opened, topic, enrol, bookmark, done, tally)
        await store.note_rebuilt()
        note_epoch(settings, store.epoch)
        bookmark.remove()
        return (await store.figures()).fingerprints


async def open_anew(store: RedisStore) -> str:
    """The store's epoch; one that was emptied is declared to be empty on purpose."""
    try:
        await store.open()
    except StoreEmptied:
        await store.begin_again()
    if not store.epoch:
        await store.begin_again()
    return store.epoch


async def read_all(
    opened: Reader,
    topic: str,
    enrol: Enrol,
    bookmark: Bookmark,
    done: dict[int, int],
    tally: Tally,
) -> None:
    """Enrols what each partition holds now, from where ``done`` ends, and notes how far it went.

    Raises ``TopicsError`` without the topic.
    """
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


async def _enrol(enrol: Enrol, batch: list[Arrival], tally: Tally) -> None:
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
