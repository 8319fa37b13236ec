"""Checks the running worker periodically: measures its lag for the metrics, and asks the watchdog."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any, Final

import structlog
from faust.types import TP

from streams.delivery.progress import Partition, Stage
from streams.faust_app.app import WorkerApp
from streams.telemetry.lag import HighWaterMarks, Known, Lag
from streams.telemetry.watchdog import Observation, Watchdog

WATCH_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 5.0
"""A broker that does not give the ends of its partitions in time is asked again at the next look."""

GROUP_LOOKS: Final = 5
"""Every so many looks the group is asked about too: who died is missed after its session, 6 s by default."""

log = structlog.get_logger("samehand.watch")


async def watch(app: WorkerApp) -> None:
    """Runs until the app stops. Ends the process through `app.life` when the watchdog says so."""
    dog = Watchdog(app.settings.stuck_seconds)
    marks, known = HighWaterMarks(), dict[Partition, Lag]()
    looks = count()
    while not app.leaving() or app.rebalancing:
        await app.clock.sleep(WATCH_SECONDS)
        if next(looks) % GROUP_LOOKS == 0 and (group := await measure_group(app)) is not None:
            app.metrics.group_lags(group)
        known = await measure(app, marks, known)
        app.metrics.lags(known, app.clock.now())
        app.metrics.ready.set(app.health.ready().healthy)
        for progress in app.progress:
            app.metrics.topic_stopped.labels(progress.topic).set(progress.stage is Stage.STOPPED)
        records = Counter[str]()
        for (topic, _), lag in known.items():
            records[topic] += lag.records
        if why := dog.verdict(Observation(app.clock.ticks(), bool(app.rebalancing), records, app.progress)):
            log.critical("stuck", why=why)
            app.life.stuck = why
            app.life.stopping = True
            app.life.end()
            return


async def measure(
    app: WorkerApp, marks: HighWaterMarks, before: dict[Partition, Lag]
) -> dict[Partition, Lag]:
    """The lag of every assigned partition; what was known `before` while the broker does not answer."""
    if app.rebalancing:
        return before
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return marks.lags(await _known(app), app.clock.now())
    except Exception as fault:
        # Whatever a broker in trouble makes of the question: the next look asks again.
        log.info("lag unknown", fault=type(fault).__name__)
        return before


async def measure_group(app: WorkerApp) -> dict[Partition, int] | None:
    """The lag of every partition, also of those of a worker that died; None while it is not known."""
    if app.rebalancing:
        return None
    consumer: Any = app.consumer
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            lags: Mapping[TP, int] = await consumer.group_lag([progress.topic for progress in app.progress])
    except Exception as fault:
        log.info("lag of the group unknown", fault=type(fault).__name__)
        return None
    return {_pair(tp): records for tp, records in lags.items()}


async def _known(app: WorkerApp) -> dict[Partition, Known]:
    consumer: Any = app.consumer
    assigned: set[TP] = set(consumer.assignment())
    if not assigned:
        return {}
    ends: Mapping[TP, int] = await consumer.highwaters(*assigned)
    following: dict[Partition, int] = {}
    committed: Mapping[TP, int | None] = app.consumer._committed_offset  # type: ignore[attr-defined]  # no other way
    for tp in assigned:
        here = max((p.next_offsets.get(_pair(tp), -1) for p in app.progress), default=-1)
        there = committed.get(tp)
        if (furthest := max(here, -1 if there is None else there)) >= 0:
            following[_pair(tp)] = furthest
    if unknown := [tp for tp in assigned if _pair(tp) not in following]:
        earliest: Mapping[TP, int] = await consumer.earliest_offsets(*unknown)
        following |= {_pair(tp): offset for tp, offset in earliest.items()}
    following |= {
        pair: consumer.without_holes(tp, following[pair])
        for tp in assigned
        if (pair := _pair(tp)) in following
    }
    in_hand = _merged(progress.in_hand for progress in app.progress)
    acknowledged = _merged(progress.last_timestamps for progress in app.progress)
    return {
        partition: Known(end, following[partition], in_hand.get(partition), acknowledged.get(partition))
        for tp, end in ends.items()
        if (partition := _pair(tp)) in following
    }


def _merged(stamps: Iterable[Mapping[Partition, float]]) -> dict[Partition, float]:
    """Each delivery has its own topic, so no partition has two."""
    return {partition: at for each in stamps for partition, at in each.items()}


def _pair(tp: TP) -> Partition:
    return tp.topic, tp.partition
