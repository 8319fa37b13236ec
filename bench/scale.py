"""What more workers bring on one topic of eight partitions: processor time an event, by how many share it.

``python -m bench.scale [--bans 20000] [--events 4000] [--workers 1,2,4] [--json]``. All of them read
what was put on the topic while they stood still. On two cores the clock on the wall shows little beyond
two workers; what an event costs of all of them and of Redis shows what sharing a topic, a group and a
store adds.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from bench.machine import in_words, machine
from bench.running.crowd import sign_ups
from bench.running.filled import SEED, Filled, environment, filled
from bench.running.scene import Scene
from local.broker import EmbeddedBroker
from schemas.wire import encode

BANS: Final = 20_000
EVENTS: Final = 4_000
WORKERS: Final = (1, 2, 4)
PARTITIONS: Final = 8

_WARM_UP: Final = 500
_SETTLE_SECONDS: Final = 3.0  # until every worker has its partitions


@dataclass(frozen=True, slots=True)
class Shared:
    """So many workers on the topic. Microseconds an event, of all of them and of Redis."""

    workers: int
    worker_microseconds: float
    redis_microseconds: float
    events_a_second: float


@dataclass(frozen=True, slots=True)
class Report:
    """One run."""

    bans: int
    events: int
    several: list[Shared]
    machine: dict[str, str | int | float]


def measured(
    bans: int = BANS, events: int = EVENTS, workers: Sequence[int] = WORKERS, seed: int = SEED
) -> Report:
    """Each number of workers from the same snapshot, with the same events."""
    own = filled(bans, seed)
    records = sign_ups(seed, bans, own.originals, _WARM_UP + events, at=time.time())
    pairs = [(record.key.encode(), encode(record)) for record in records]
    with EmbeddedBroker() as broker:
        several = [_shared(broker.address, own, pairs, count) for count in workers]
    return Report(bans, events, several, machine())


def _shared(broker: str, own: Filled, pairs: Sequence[tuple[bytes, bytes]], count: int) -> Shared:
    with (
        own.server() as server,
        Scene(broker, environment(server.url, own.pepper, own.bans), partitions=PARTITIONS) as scene,
    ):
        created, rest = scene.topics.created, pairs[_WARM_UP:]
        workers = [scene.start() for _ in range(count)]
        scene.publish(created, pairs[:_WARM_UP])
        scene.until_committed(created, _WARM_UP)
        time.sleep(_SETTLE_SECONDS)
        for one in workers:
            one.child.freeze()
        scene.publish(created, rest)
        before, redis_before = sum(one.cpu_seconds() for one in workers), server.cpu_seconds()
        began = time.monotonic()
        for one in workers:
            one.child.thaw()
        scene.until_committed(created, len(pairs))
        seconds = time.monotonic() - began
        spent = sum(one.cpu_seconds() for one in workers) - before
        return Shared(
            workers=count,
            worker_microseconds=spent / len(rest) * 1e6,
            redis_microseconds=(server.cpu_seconds() - redis_before) / len(rest) * 1e6,
            events_a_second=len(rest) / seconds,
        )


def table(one: Report) -> str:
    """For people."""
    lines = [
        f"| workers, {PARTITIONS} partitions, {one.bans:,} bans | worker + Redis µs an event "
        "| beside the first | events a second by the clock |",
        "|---|---|---|---|",
    ]
    first = one.several[0].worker_microseconds
    lines += [
        f"| {it.workers} | {it.worker_microseconds:,.0f} + {it.redis_microseconds:,.0f} "
        f"| {it.worker_microseconds / first:.2f} | {it.events_a_second:,.0f} |"
        for it in one.several
    ]
    return "\n".join([*lines, "", f"* on {in_words(one.machine)}"])


def main() -> None:
    """Prints a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bans", type=int, default=BANS)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--workers", default=",".join(map(str, WORKERS)))
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    workers = [int(count) for count in chosen.workers.split(",")]
    found = measured(chosen.bans, chosen.events, workers)
    print(json.dumps(asdict(found), indent=1) if chosen.json else table(found))


if __name__ == "__main__":
    main()
