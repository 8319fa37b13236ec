"""``samehand rebuild``: fills the store again from ``accounts.banned`` and the topics of alerts.

The plan:

1. Note where each partition ends now: what comes later is the workers' to read.
2. Open the store; one that lost its epoch begins a new one here, and only here. Workers that knew the old
   one go on holding their events.
3. Read each partition from its beginning (or from where a rebuild of the same store was broken off) and
   enrol in batches, tombstones included. The later ``occurred_at`` wins whatever the order, so a worker may
   enrol meanwhile.
4. Note after each batch how far it went, together with the store's epoch: a store emptied since then is
   read from the beginning.
5. Take back which alerts are open and which were dismissed (``alerts.state``), then what people decided
   (``alerts.verdicts``). Otherwise a lifted ban would withdraw nothing, and dismissed pairs would alert.
   Releases up to 0.2.0 wrote ``alerts`` alone; the state of these alerts is noted.
6. Note the epoch in the control topic: workers take it over, and their events go on.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from agents.enrol import Enrol
from agents.runtime.alert_replay import AlertReplay, AlertTopics
from agents.runtime.store_factory import peppers_of
from cli import output
from cli.bookmark import Bookmark, bookmark_option, default_bookmark, read_bookmark
from cli.inputs.input_errors import tell_faults
from cli.maintain.rebuild.banned_topic import ReadTally, acknowledged, open_anew, read_all, replay_alerts
from cli.maintain.rebuild.processes import Processes
from cli.maintain.rebuild.reshard import Carried, beside, drop_layout, reshard
from cli.opening import closing_store, command_context
from cli.options import Whole, flag, option
from cli.running import awaited, through_outages
from report.sizing import PROCESSES_MAX
from report.text import plural
from streams.kafka.client import reader
from streams.kafka.store_epoch import EpochTopic
from streams.kafka.topics import names
from streams.settings import Settings, load


@click.command("rebuild")
@bookmark_option
@flag("--from-start", "Read the topic from its start, even if an interrupted run could be continued.")
@option(
    "--into",
    "Upgrade or resize: fill a second store with this key prefix beside the live one, and move to it.",
    metavar="PREFIX",
)
@option(
    "--bans",
    "With --into: how many bans the new store is sized for; by default SAMEHAND_STORE_BANS.",
    Whole(1_000, 1_000_000_000),
)
@option(
    "--remembered",
    "With --into: how many remembered accounts; by default SAMEHAND_STORE_REMEMBERED.",
    Whole(1_000, 1_000_000_000),
)
@option(
    "--drop",
    "Delete the store with this key prefix, which workers have left for a new one.",
    metavar="PREFIX",
)
@option(
    "--processes",
    "Distil bans in this many processes, each with partitions of its own.",
    Whole(1, PROCESSES_MAX),
    default=1,
)
@output.json_option
def command(
    bookmark_path: Path | None,
    from_start: bool,
    into: str | None,
    bans: int | None,
    remembered: int | None,
    drop: str | None,
    processes: int,
) -> int:
    """Fill the store again from accounts.banned and the topics of alerts, with or without workers.

    Use it if Redis lost its data or was restored from an older dump, after `samehand pepper rotate`, to
    upgrade, or to resize. Reads Kafka and writes Redis; publishes the state of alerts of release 0.2.0.
    An interrupted run continues where it was when started again, and an outage of some minutes is waited
    out. Remembered new accounts are on no topic: they come back only with new events.

    One process enrols up to a thousand bans a second. --processes uses more processors, as many as
    accounts.banned has partitions; each takes some 150 MB of memory. Until it ends, bans take a sixth
    more memory in Redis.

    To upgrade to a version with another store layout, or to lay the store out for more bans
    (docs/howto/keep.md), --into fills a second store beside the live one, which workers keep using. When the
    first worker starts with the new SAMEHAND_STORE_PREFIX, the old store is closed and the new one takes
    over; --drop then deletes the old one. If the old store has the same layout, remembered accounts and
    alerts are moved. That and --drop need more Redis permissions than a worker has.

    \b
    Examples:
      samehand rebuild
      samehand rebuild --from-start --json
      samehand rebuild --processes 8
      samehand rebuild --into samehand-2
      samehand rebuild --into samehand-2 --bans 10000000
      samehand rebuild --drop samehand
    """
    settings, started, tally = load(), time.monotonic(), ReadTally()
    second = [name for name in (into, bans, remembered) if name is not None]
    if drop is not None:
        if second or from_start or bookmark_path or processes > 1:
            raise click.UsageError("--drop takes no other option but --json")
        return _drop(settings, drop)
    carried, replayed = Carried(), AlertReplay()
    if second:
        if into is None:
            raise click.UsageError("give --bans and --remembered only with --into")
        target = beside(settings, into, bans=bans, remembered=remembered)
        path = bookmark_path or default_bookmark(settings, f"rebuild-{into.replace(':', '_')}.json")
        fingerprints = awaited(
            reshard(settings, target, path, from_start, tally, carried, replayed, processes)
        )
    else:
        path = bookmark_path or default_bookmark(settings, "rebuild.json")
        fingerprints = awaited(_rebuild(settings, path, from_start, tally, replayed, processes))
    tell_faults(tally.faults)
    seconds = round(time.monotonic() - started, 3)
    counted = asdict(replayed) | (asdict(carried) if second else {})
    return output.result(
        {
            "records": tally.read,
            "bans": tally.bans,
            "tombstones": tally.tombstones,
            "bad_records": len(tally.faults),
            "resumed_after": tally.resumed_after,
            "fingerprints": fingerprints,
            "seconds": seconds,
            **counted,
        },
        f"{plural(tally.read, 'record')} read ({plural(tally.tombstones, 'tombstone')}, "
        f"{plural(len(tally.faults), 'bad one')}); the store holds "
        f"{plural(fingerprints, 'banned account')}; {seconds:.1f} s",
        ""
        if second and carried.copied
        else f"{plural(replayed.alerts, 'alert')} known again; {plural(replayed.verdicts, 'verdict')} read",
        f"{_hand_over(carried)}; workers held for {carried.held_seconds:.1f} s. Once all run with "
        f"SAMEHAND_STORE_PREFIX={into}: samehand rebuild --drop {settings.store_prefix}"
        if second
        else "",
    )


def _hand_over(carried: Carried) -> str:
    if carried.copied:
        return (
            f"{plural(carried.remembered, 'remembered account')} and {plural(carried.keys, 'key')} of "
            "alerts, verdicts and markers carried over"
        )
    lost = f"; {plural(carried.owed, 'withdrawal')} could not be published before" if carried.owed else ""
    return (
        "the former store has the layout of another version: remembered accounts and counts begin anew"
        f"{lost}; workers deliver again what was acknowledged since this rebuild began"
    )


def _drop(settings: Settings, prefix: str) -> int:
    if prefix == settings.store_prefix:
        raise click.UsageError(f"{prefix} is what SAMEHAND_STORE_PREFIX says: workers are to work with it")
    keys = awaited(drop_layout(settings, prefix))
    return output.result({"keys": keys}, f"{plural(keys, 'key')} under {prefix} dropped")


async def _rebuild(
    settings: Settings, path: Path, from_start: bool, tally: ReadTally, replayed: AlertReplay, processes: int
) -> int:
    peppers = peppers_of(settings)
    async with closing_store(settings, peppers) as store:
        epoch = await through_outages(lambda: open_anew(store, lambda: acknowledged(settings)))
        topic = names(settings).banned
        bookmark = Bookmark(path, topic, settings.store_prefix, epoch)
        noted = read_bookmark(bookmark)
        done = {} if from_start else noted
        tally.resumed_after = sum(done.values())
        context = command_context(settings, peppers, store)
        with reader(settings) as opened:
            elsewhere = Processes(processes, settings, partial(_enrolling, settings, epoch))
            several = elsewhere if processes > 1 else None
            await read_all(opened, topic, Enrol(context), bookmark, done, tally, several)
        await through_outages(store.compact)
        alerts = AlertTopics(context, replayed, output.progress)
        await replay_alerts(settings, alerts)
        tally.faults += alerts.faults.items()
        await through_outages(store.note_rebuilt)
        await through_outages(lambda: EpochTopic(settings).note(store.epoch))
        bookmark.remove()
        return (await through_outages(store.figures)).fingerprints


@asynccontextmanager
async def _enrolling(settings: Settings, epoch: str) -> AsyncIterator[Enrol]:
    """What each of several processes enrols with."""
    peppers = peppers_of(settings)
    async with closing_store(settings, peppers, known_epoch=epoch) as store:
        await through_outages(store.open)
        yield Enrol(command_context(settings, peppers, store))
