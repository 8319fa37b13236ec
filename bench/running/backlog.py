"""What a small rate costs a worker, and how long a backlog takes beside the time in which it came.

``python -m bench.running.backlog [--bans 100000] [--events 30000] [--new-bans 300]``. A worker reads events
at each rate and then, after it stood still, a backlog with new bans among it. Outages that its log announces
are false ones: Redis answers all the time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.page import in_words, machine, markdown
from bench.running.crowd import ban, people, sign_ups
from bench.running.filled import SEED, environment, filled
from bench.running.scene import Scene, Spent
from local.broker import EmbeddedBroker
from schemas.wire import encode
from store.redis.deadline import LATE

RATES: Final = (20, 150)
"""Events a second, of a small platform and of a larger one; the backlog came at the latter."""
RATE_SECONDS: Final = 30.0

Pair = tuple[bytes, bytes]


def paced(scene: Scene, pairs: Sequence[Pair], a_second: float, servers: Sequence[object]) -> Spent:
    """What an event costs that comes at a rate, ten times a second as many as are due."""
    topic, before, done = scene.topics.created, scene.spent(servers), scene.committed(scene.topics.created)
    began, sent = time.monotonic(), 0
    while sent < len(pairs):
        due = min(len(pairs), round((time.monotonic() - began) * a_second))
        scene.publish(topic, pairs[sent:due])
        sent = due
        time.sleep(0.1)
    scene.until_committed(topic, done + len(pairs))
    return scene.spent(servers).an_event(before, len(pairs))


def measured(bans: int, events: int, new_bans: int) -> str:
    """The table."""
    own, rows = filled(bans, SEED), list[tuple[object, ...]]()
    counts = [round(rate * RATE_SECONDS) for rate in RATES]
    records = sign_ups(SEED, bans, own.originals, sum(counts) + events, at=time.time())
    pairs = [(record.key.encode(), encode(record)) for record in records]
    newly = [
        ban(bans + number, person, time.time())
        for number, person in enumerate(people(SEED + 1, bans, range(bans, bans + new_bans)))
    ]
    with EmbeddedBroker() as broker, own.server() as server:
        given = environment(server.url, own.pepper, bans) | {"SAMEHAND_REDIS_TIMEOUT_MS": "250"}
        with Scene(broker.address, given) as scene:
            worker = scene.start()
            scene.until(worker.is_ready, "a worker that is ready")
            for rate, count in zip(RATES, counts, strict=True):
                some, pairs = pairs[:count], pairs[count:]
                spent = paced(scene, some, rate, [server.client])
                rows.append((f"{rate} a second", *(f"{part / 1000:.2f}" for part in spent.microseconds), ""))
            worker.freeze()
            scene.publish(scene.topics.banned, newly)
            scene.publish(scene.topics.created, pairs)
            before = scene.spent([server.client])
            worker.thaw()
            scene.until_committed(scene.topics.banned, len(newly), 3_600)
            scene.until_committed(scene.topics.created, sum(counts) + events, 3_600)
            spent = scene.spent([server.client]).an_event(before, events)
            took = f"{spent.seconds * events:.0f} s, came in {events / RATES[-1]:.0f} s"
            name = f"backlog of {events:,} and {new_bans:,} bans"
            rows.append((name, *(f"{part / 1000:.2f}" for part in spent.microseconds), took))
            log = Path(scene.settings.data_dir or "", "0.log").read_text("utf-8")
            late = {
                labels["cause"]: seconds
                for labels, seconds in worker.samples("samehand_store_late_seconds_total")
            }
    heads = (f"{bans:,} bans, embedded broker", "worker ms an event", "Redis ms an event", "to drain")
    outages = f"{log.count('outage: retrying')} false outages announced"
    waited = "; ".join(f"late by {cause}: {late.get(cause, 0.0):.1f} s" for cause in LATE)
    return f"{markdown(heads, rows)}\n\n{outages}; {waited}. {in_words(machine())}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--bans", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=30_000)
    parser.add_argument("--new-bans", type=int, default=300)
    given = parser.parse_args()
    print(measured(given.bans, given.events, given.new_bans))


if __name__ == "__main__":
    main()
