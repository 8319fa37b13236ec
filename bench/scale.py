"""What more workers bring on one topic, what several shards and masters cost, and how a cost grows with bans.

Each row is one Redis or a
Redis Cluster of three masters, filled anew, and so many workers on a topic of eight partitions that read what
was put there while they stood still. On two cores the clock on the wall shows little beyond two workers; what
an event costs of all of them and of every master shows what sharing a topic, a group and a store adds. Bytes
are what the masters count on their sockets, and the sizes of the records on the topics.

How an event's cost grows is measured by turns: one worker on a store of each size, loaded anew.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

import redis

from bench import worker
from bench.page import in_words, machine, markdown
from bench.running.crowd import sign_ups
from bench.running.filled import SEED, environment, fill, filled, midnight, pepper_file
from bench.running.scene import Scene
from local.broker import EmbeddedBroker
from local.redis import EmbeddedRedis
from local.redis_cluster import MASTERS, RedisCluster
from schemas.wire import encode

BANS: Final = 5_000
EVENTS: Final = 600
PARTITIONS: Final = 8

SIZES: Final = (100_000, 300_000, 1_000_000)
SIZE_EVENTS: Final = 1_500
TURNS: Final = 3

_WARM_UP: Final = 300


@dataclass(frozen=True, slots=True)
class Setting:
    """So many masters and workers. One master is a Redis by itself, three are a cluster."""

    masters: int
    workers: int


SETTINGS: Final = (Setting(1, 1), Setting(1, 2), Setting(1, 4), Setting(MASTERS, 1), Setting(MASTERS, 2))


@dataclass(frozen=True, slots=True)
class Row:
    """A setting, and what an event cost: microseconds of all workers and all masters, bytes each way.

    Bytes into Redis are what workers sent, and out of it what they were answered; of Kafka, records read and
    alerts written, without what the protocol puts around them.
    """

    setting: Setting
    worker_microseconds: float
    redis_microseconds: float
    redis_in_bytes: float
    redis_out_bytes: float
    kafka_read_bytes: float
    kafka_written_bytes: float
    events_a_second: float


@dataclass(frozen=True, slots=True)
class Size:
    """What an event cost with so many bans: medians of the turns, in microseconds of the worker and of Redis.

    ``growth``: both together beside the first size in the same turn, the median of the turns.
    """

    bans: int
    worker_microseconds: float
    redis_microseconds: float
    growth: float


@dataclass(frozen=True, slots=True)
class Report:
    bans: int
    events: int
    rows: list[Row]
    machine: dict[str, str | int | float]
    sizes: list[Size] = field(default_factory=list)


@contextmanager
def masters(count: int) -> Iterator[tuple[str, list[Any]]]:
    """One Redis or a cluster, appending every write: the workers' URL, and a client of each server."""
    with EmbeddedRedis() if count == 1 else RedisCluster() as running, ExitStack() as clients:
        if isinstance(running, RedisCluster):
            url, nodes = f"cluster://{running.address}", list[EmbeddedRedis](running.masters)
        else:
            url, nodes = running.url, [running]
        yield (url, [clients.enter_context(redis.Redis.from_url(node.administrator_url)) for node in nodes])


def measured(
    bans: int = BANS,
    events: int = EVENTS,
    sizes: Sequence[int] = SIZES,
    settings: Sequence[Setting] = SETTINGS,
    seed: int = SEED,
) -> Report:
    """Each setting with the same bans and the same events, then one worker on stores of each size."""
    with EmbeddedBroker() as broker:
        rows = [_row(broker.address, one, bans, events, seed) for one in settings]
    return Report(bans, events, rows, machine(), by_size(sizes, seed=seed))


def by_size(
    sizes: Sequence[int] = SIZES, events: int = SIZE_EVENTS, turns: int = TURNS, seed: int = SEED
) -> list[Size]:
    """One worker on stores of each size, by turns, with bans of two years."""
    stores = [filled(size, seed, midnight()) for size in sizes]
    told = []
    for store in stores:
        count = worker.WARM_UP + events
        records = sign_ups(seed, store.bans, store.originals, count, at=time.time())
        told.append([(record.key.encode(), encode(record)) for record in records])
    found: list[list[worker.Turn]] = [[] for _ in sizes]
    with EmbeddedBroker() as broker:
        for _ in range(turns):
            for store, pairs, several in zip(stores, told, found, strict=True):
                several.append(worker.turn(worker.FULL, broker.address, store, pairs))
    return [
        Size(
            bans,
            median(turn.worker_microseconds for turn in several),
            median(turn.redis_microseconds for turn in several),
            median(
                own.microseconds / least.microseconds for own, least in zip(several, found[0], strict=True)
            ),
        )
        for bans, several in zip(sizes, found, strict=True)
    ]


def _row(broker: str, setting: Setting, bans: int, events: int, seed: int) -> Row:
    with masters(setting.masters) as (url, clients):
        own = environment(url, pepper_file(), bans)
        originals = fill(own, bans, seed, range(bans))
        records = sign_ups(seed, bans, originals, _WARM_UP + events, at=time.time())
        pairs = [(record.key.encode(), encode(record)) for record in records]
        with Scene(broker, own, partitions=PARTITIONS) as scene:
            for _ in range(setting.workers):
                scene.start()
            # One held still while others join the group would hold all of them up.
            scene.until(lambda: all(worker.is_ready() for worker in scene.workers), "workers to be ready")
            spent = scene.timed(pairs[:_WARM_UP], pairs[_WARM_UP:], clients)
            alerted = scene.bytes_on(scene.topics.alerts) / len(pairs)
    worker, servers = spent.microseconds
    return Row(
        setting=setting,
        worker_microseconds=worker,
        redis_microseconds=servers,
        redis_in_bytes=spent.redis_in_bytes,
        redis_out_bytes=spent.redis_out_bytes,
        kafka_read_bytes=sum(len(key) + len(value) for key, value in pairs) / len(pairs),
        kafka_written_bytes=alerted,
        events_a_second=1 / spent.seconds,
    )


def table(one: Report) -> str:
    first = one.rows[0].worker_microseconds + one.rows[0].redis_microseconds
    settings = markdown(
        (
            f"{one.bans:,} bans, {PARTITIONS} partitions",
            "workers",
            "worker + Redis µs an event",
            "beside the first",
            "bytes to + from Redis an event",
            "events a second by the clock",
        ),
        (
            (
                _named(it.setting),
                it.setting.workers,
                f"{it.worker_microseconds:,.0f} + {it.redis_microseconds:,.0f}",
                f"{(it.worker_microseconds + it.redis_microseconds) / first:.2f}",
                f"{it.redis_in_bytes:,.0f} + {it.redis_out_bytes:,.0f}",
                f"{it.events_a_second:,.0f}",
            )
            for it in one.rows
        ),
    )
    if not one.sizes:
        return settings
    sizes = markdown(
        ("bans, one worker", "worker + Redis µs an event", "beside the first"),
        (
            (
                f"{it.bans:,}",
                f"{it.worker_microseconds:,.0f} + {it.redis_microseconds:,.0f}",
                f"{it.growth:.2f}",
            )
            for it in one.sizes
        ),
    )
    return f"{settings}\n\n{sizes}"


def _named(setting: Setting) -> str:
    if setting.masters == 1:
        return "one Redis"
    return f"cluster of {setting.masters}"


def summary(one: Report) -> str:
    """Kafka's bytes."""
    read, written = one.rows[0].kafka_read_bytes, one.rows[0].kafka_written_bytes
    return (
        f"* {one.events:,} events a row; of Kafka an event is {read:,.0f} bytes read and {written:,.0f} of "
        f"alerts written, without the protocol's own\n* on {in_words(one.machine)}"
    )
