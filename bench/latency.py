"""How long an alert takes: from the event's record to the alert's, at a steady rate of events.

Events are sent one by one at their moments, one in ten of them a mirror, to a real ``samehand
worker`` on the snapshot of a filled Redis; a consumer of ours notes when each alert is there to be read.
Bans are sent beside them, and the worker's own metric says how long each took to be found. Times are by
the clock on the wall, so a busy machine makes them longer: ``busy`` is the worker's share of a processor,
and a rate that it could not keep up with is told as such, since what waits in a growing queue says
nothing of the worker.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiokafka  # type: ignore[import-untyped]  # aiokafka ships no types
import numpy as np

from bench.page import in_words, machine, markdown
from bench.running.crowd import ban, people, sign_ups
from bench.running.filled import SEED, Filled, environment, filled
from bench.running.scene import BROKERS, Running, Scene
from bench.worker import BANS
from schemas.alerts import MirrorAlert
from schemas.wire import Decoded, decode_alert, encode
from simulate.population.people import Person
from streams.faust_app.fetch_wait import FetchWait, be_patient

RATES: Final = (50, 200, 500)
SECONDS: Final = 20.0
GOAL_MS: Final = (25.0, 100.0)
"""The 50th and the 99th percentile at 200 events a second."""
GOAL_SEARCHABLE_SECONDS: Final = 1.0

_WARM_UP: Final = 300
_LISTENING_MS: Final = 2  # by so much an alert may be told late
_MIRRORS_EVERY: Final = 10  # enough alerts for a 99th percentile; compared are all candidates of each anyway
_BANS_A_SECOND: Final = 5
_SETTLED_SECONDS_MAX: Final = 240.0
_LATE_SECONDS: Final = (
    2.0  # what is acknowledged later than this after the last event was sent, was a backlog
)

Pair = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Latency:
    """One rate. Milliseconds from event to alert; ``behind_seconds``: how long the last event had to wait."""

    rate: int
    events: int
    lost: int
    alerts: int
    p50_ms: float
    p99_ms: float
    searchable_p99_seconds: float
    busy: float
    behind_seconds: float

    @property
    def kept_up(self) -> bool:
        """True if the worker was as fast as the events came."""
        return self.behind_seconds < _LATE_SECONDS


@dataclass(frozen=True, slots=True)
class Report:
    bans: int
    broker: str
    rates: list[Latency]
    machine: dict[str, str | int | float]


def measured(
    bans: int = BANS,
    rates: Sequence[int] = RATES,
    seconds: float = SECONDS,
    broker: str = "embedded",
    seed: int = SEED,
) -> Report:
    """Each rate with a worker and a Redis of its own."""
    own = filled(bans, seed)
    with BROKERS[broker]() as running:
        told = [at_rate(running.address, own, rate, seconds, seed) for rate in rates]
    return Report(bans, broker, told, machine())


def at_rate(broker: str, own: Filled, rate: int, seconds: float, seed: int = SEED) -> Latency:
    """One rate for so long."""
    now, count = time.time(), round(rate * seconds)
    records = sign_ups(seed, own.bans, own.originals, _WARM_UP + count, at=now, every=_MIRRORS_EVERY)
    events = [(record.key.encode(), encode(record)) for record in records]
    numbers = range(own.bans, own.bans + round(_BANS_A_SECOND * seconds))
    banned = list(zip(numbers, people(seed, own.bans, numbers), strict=True))
    with own.server() as server, Scene(broker, environment(server.url, own.pepper, own.bans)) as scene:
        scene.publish(scene.topics.created, events[:_WARM_UP])
        worker = scene.start()
        scene.until_committed(scene.topics.created, _WARM_UP)
        time.sleep(1.0)  # what was said of the warm-up is out
        cpu, began = worker.cpu_seconds(), time.monotonic()
        heard, behind = asyncio.run(_stream(scene, events[_WARM_UP:], banned, seconds))
        took = time.monotonic() - began
        busy = (worker.cpu_seconds() - cpu) / took
        settled = scene.committed(scene.topics.created)
        late = np.array(sorted(heard)) * 1e3
        return Latency(
            rate=rate,
            events=count,
            lost=len(events) - settled,
            alerts=len(heard),
            p50_ms=float(np.percentile(late, 50)) if len(late) else math.nan,
            p99_ms=float(np.percentile(late, 99)) if len(late) else math.nan,
            searchable_p99_seconds=_searchable(worker),
            busy=busy,
            behind_seconds=behind,
        )


async def _stream(
    scene: Scene, events: Sequence[Pair], banned: Sequence[tuple[int, Person]], seconds: float
) -> tuple[list[float], float]:
    """Sends all at its moment; the seconds each alert took, and those until the last acknowledgement."""
    brokers = list(scene.settings.kafka_brokers)
    producer = aiokafka.AIOKafkaProducer(bootstrap_servers=brokers, acks="all")
    consumer = aiokafka.AIOKafkaConsumer(
        scene.topics.alerts,
        bootstrap_servers=brokers,
        auto_offset_reset="latest",
        fetch_max_wait_ms=_LISTENING_MS,
    )
    sent: dict[bytes, float] = {}
    took: list[float] = []
    async with producer, consumer:
        # The embedded broker answers an empty fetch at once: unheld, ours took most of a processor.
        be_patient(consumer._fetcher, FetchWait(_LISTENING_MS))
        await consumer.seek_to_end()
        hearing = asyncio.create_task(_hear(consumer, sent, took))
        await asyncio.gather(
            _send(producer, scene.topics.created, lambda at: events[at], len(events), seconds, sent),
            _send(producer, scene.topics.banned, lambda at: _ban(*banned[at]), len(banned), seconds, {}),
        )
        ended = time.monotonic()
        total = await asyncio.to_thread(scene.count, scene.topics.created)
        await asyncio.to_thread(
            scene.until_committed, scene.topics.created, total, _SETTLED_SECONDS_MAX + 3 * seconds
        )
        behind = time.monotonic() - ended
        await asyncio.sleep(1.0)
        hearing.cancel()
        await asyncio.wait([hearing])
    return took, behind


def _ban(number: int, person: Person) -> Pair:
    record = ban(number, person, time.time())
    return record.key.encode(), encode(record)


async def _send(
    producer: Any,
    topic: str,
    made: Callable[[int], Pair],
    count: int,
    seconds: float,
    sent: dict[bytes, float],
) -> None:
    """So many records, evenly over so long; notes when each was handed over."""
    began, confirmations = time.monotonic(), []
    for number in range(count):
        if (wait := began + number * seconds / count - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        key, value = made(number)
        sent[key] = time.monotonic()
        confirmations.append(await producer.send(topic, value, key))
    await asyncio.gather(*confirmations)


async def _hear(consumer: Any, sent: dict[bytes, float], took: list[float]) -> None:
    """Notes the first forward alert of each event."""
    told: set[bytes] = set()
    async for record in consumer:
        moment = time.monotonic()
        read = decode_alert(record.value, now=math.inf)
        if not (isinstance(read, Decoded) and isinstance(read.record, MirrorAlert)):
            continue
        if read.record.direction == "forward" and record.key in sent and record.key not in told:
            told.add(record.key)
            took.append(moment - sent[record.key])


def _searchable(worker: Running) -> float:
    """The edge of the bucket below which 99 % of the bans were found."""
    buckets = sorted(
        (float(labels["le"]), count) for labels, count in worker.samples("samehand_searchable_seconds_bucket")
    )
    total = buckets[-1][1] if buckets else 0.0
    return next((edge for edge, count in buckets if total and count >= 0.99 * total), math.nan)


def table(several: Sequence[Report]) -> str:
    return markdown(
        (
            *("events a second", "broker", "event → alert p50 / p99, ms", "ban → searchable p99, s"),
            *("worker's share of a processor", "kept up"),
        ),
        (
            (
                it.rate,
                one.broker,
                f"{it.p50_ms:,.1f} / {it.p99_ms:,.1f}",
                f"≤ {it.searchable_p99_seconds:g}",
                f"{it.busy:.2f}",
                "yes" if it.kept_up else f"no: {it.behind_seconds:.0f} s behind",
            )
            for one in several
            for it in one.rates
        ),
    )


def summary(several: Sequence[Report]) -> str:
    """What the table leaves out."""
    first = several[0]
    lost = sum(it.lost for one in several for it in one.rates)
    alerts = " + ".join(str(it.alerts) for one in several for it in one.rates)
    return "\n".join(
        (
            f"* {first.bans:,} bans; {alerts} alerts timed; {lost} events lost",
            f"* goals at 200 a second: {GOAL_MS[0]:.0f} / {GOAL_MS[1]:.0f} ms, "
            f"and {GOAL_SEARCHABLE_SECONDS:.0f} s until a ban is searchable",
            f"* on {in_words(first.machine)}",
        )
    )
