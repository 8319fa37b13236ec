"""Looks at the running worker now and then: lag into the metrics, and the watchdog's verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import structlog
from faust.types import TP

from streams.app import WorkerApp
from streams.lag import Lag, lags
from streams.progress import Partition, Stage
from streams.watchdog import Sight, Watchdog

WATCH_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 5.0
"""A broker that does not tell the ends of its partitions in time is asked again at the next look."""

log = structlog.get_logger("samehand.watch")


async def watch(app: WorkerApp) -> None:
    """Until the app stops. Ends the process through `app.life` when the watchdog says so."""
    dog = Watchdog(app.settings.stuck_seconds)
    known: dict[Partition, Lag] = {}
    while not app.leaving() or app.rebalancing:
        await app.clock.sleep(WATCH_SECONDS)
        known = await measure(app, known)
        app.meters.lags(known)
        for progress in app.progress:
            app.meters.topic_stopped.labels(progress.topic).set(progress.stage is Stage.STOPPED)
        records = sum(lag.records for lag in known.values())
        if why := dog.verdict(Sight(app.clock.ticks(), bool(app.rebalancing), records, app.progress)):
            log.critical("stuck", why=why)
            app.life.stuck = why
            app.life.stopping = True
            app.life.end()
            return


async def measure(app: WorkerApp, before: dict[Partition, Lag]) -> dict[Partition, Lag]:
    """The lag of every assigned partition; what was known `before` while the broker does not answer."""
    if app.rebalancing:
        return before
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await _measured(app)
    except Exception as fault:
        # Whatever a broker in trouble makes of the question: the next look asks again.
        log.info("lag unknown", fault=type(fault).__name__)
        return before


async def _measured(app: WorkerApp) -> dict[Partition, Lag]:
    consumer: Any = app.consumer
    assigned: set[TP] = set(consumer.assignment())
    if not assigned:
        return {}
    ends: Mapping[TP, int] = await consumer.highwaters(*assigned)
    following, stamps = _progress(app, assigned)
    if unknown := [tp for tp in assigned if _pair(tp) not in following]:
        earliest: Mapping[TP, int] = await consumer.earliest_offsets(*unknown)
        following |= {_pair(tp): offset for tp, offset in earliest.items()}
    return lags({_pair(tp): end for tp, end in ends.items()}, following, stamps, app.clock.now())


def _progress(app: WorkerApp, assigned: set[TP]) -> tuple[dict[Partition, int], dict[Partition, float]]:
    """Where to go on and when the last settled record was stamped.

    A partition that came back may be further.
    """
    following: dict[Partition, int] = {}
    stamps: dict[Partition, float] = {}
    committed: Mapping[TP, int | None] = app.consumer._committed_offset  # type: ignore[attr-defined]  # no other way
    for tp in assigned:
        here = max((p.next_offsets.get(_pair(tp), -1) for p in app.progress), default=-1)
        there = committed.get(tp)
        if (furthest := max(here, -1 if there is None else there)) >= 0:
            following[_pair(tp)] = furthest
        for progress in app.progress:
            if _pair(tp) in progress.last_timestamps:
                stamps[_pair(tp)] = progress.last_timestamps[_pair(tp)]
    return following, stamps


def _pair(tp: TP) -> Partition:
    return tp.topic, tp.partition
