"""What more workers bring on one topic, and what a store of several shards and masters costs an event.

Each row is one Redis or a
Redis Cluster of three masters, filled anew, and so many workers on a topic of eight partitions that read what
was put there while they stood still. On two cores the clock on the wall shows little beyond two workers; what
an event costs of all of them and of every master shows what sharing a topic, a group and a store adds. Bytes
are what the masters count on their sockets, and the sizes of the records on the topics.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import redis

from bench.machine import in_words, machine
from bench.page import markdown
from bench.running.crowd import sign_ups
from bench.running.filled import SEED, environment, fill, pepper_file
from bench.running.scene import Scene
from local.broker import EmbeddedBroker
from local.redis import EmbeddedRedis
from local.redis_cluster import MASTERS, RedisCluster
from schemas.wire import encode

BANS: Final = 5_000
EVENTS: Final = 600
PARTITIONS: Final = 8
GOAL_A_SECOND: Final = 10_000
"""Sign-ups a second that docs/scale.md derives needs for."""

_WARM_UP: Final = 300


@dataclass(frozen=True, slots=True)
class Setting:
    """So many masters, shards and workers. One master is a Redis by itself, three are a cluster."""

    masters: int
    shards: int
    workers: int


SETTINGS: Final = (
    Setting(1, 1, 1),
    Setting(1, 1, 2),
    Setting(1, 1, 4),
    Setting(MASTERS, 3, 1),
    Setting(MASTERS, 3, 2),
    Setting(MASTERS, 12, 1),
)


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
class Report:
    bans: int
    events: int
    rows: list[Row]
    machine: dict[str, str | int | float]


@contextmanager
def masters(count: int) -> Iterator[tuple[str, list[Any]]]:
    """One Redis or a cluster, appending every write: the workers' URL, and a client of each server."""
    with EmbeddedRedis() if count == 1 else RedisCluster() as running, ExitStack() as clients:
        if isinstance(running, RedisCluster):
            url, nodes = f"cluster://{running.address}", list[EmbeddedRedis](running.masters)
        else:
            url, nodes = running.url, [running]
        yield (
            url,
            [clients.enter_context(redis.Redis.from_url(node.administrator_url)) for node in nodes],
        )


def measured(
    bans: int = BANS, events: int = EVENTS, settings: Sequence[Setting] = SETTINGS, seed: int = SEED
) -> Report:
    """Each setting with the same bans and the same events."""
    with EmbeddedBroker() as broker:
        rows = [_row(broker.address, one, bans, events, seed) for one in settings]
    return Report(bans, events, rows, machine())


def _row(broker: str, setting: Setting, bans: int, events: int, seed: int) -> Row:
    with masters(setting.masters) as (url, clients):
        own = {**environment(url, pepper_file(), bans), "SAMEHAND_STORE_SHARDS": str(setting.shards)}
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
    return markdown(
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


def _named(setting: Setting) -> str:
    if setting.masters == 1:
        return "one Redis"
    return f"cluster of {setting.masters}, {setting.shards} shards"


def summary(one: Report) -> str:
    """Kafka's bytes, and all of them at the goal."""
    read, written = one.rows[0].kafka_read_bytes, one.rows[0].kafka_written_bytes
    at_goal = "; ".join(
        f"{_named(it.setting)} {_megabytes(it.redis_in_bytes)} to Redis and "
        f"{_megabytes(it.redis_out_bytes)} from it"
        for it in one.rows
        if it.setting.workers == 1
    )
    return "\n".join(
        (
            f"* {one.events:,} events a row; of Kafka an event is {read:,.0f} bytes read and {written:,.0f} "
            "of alerts written, without the protocol's own",
            f"* {GOAL_A_SECOND:,} events a second, multiplied, in MB a second: {at_goal}; of Kafka "
            f"{_megabytes(read)} read and {_megabytes(written)} written",
            f"* on {in_words(one.machine)}",
        )
    )


def _megabytes(bytes_an_event: float) -> str:
    return f"{bytes_an_event * GOAL_A_SECOND / 1e6:,.1f}"
