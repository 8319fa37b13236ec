"""Whether a worker's memory stays flat at full speed, and what a flood of one key does to it and to others.

``python -m bench.soak [--bans 20000] [--minutes 25] [--rate 200]``. A real ``samehand worker``
always has events waiting for so long, or gets so many a second. Its resident memory is read every two
seconds, and what counts is the slope over the last third, by when caches and the overview's quarter of an
hour are full: what it comes to in as many events as half an hour brings at 200 a second. Then the flood: more
sign-ups than any posting may list, all with one address, one device and one handle, between two stretches of
ordinary ones. A posting must end at its cap, and an ordinary event must cost no more than before.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np
from msgspec.structs import replace

from agents.common.converters import remembered_of
from agents.runtime.store_factory import peppers_of
from bench.machine import in_words, machine
from bench.running.crowd import sign_ups
from bench.running.filled import SEED, Filled, environment, filled
from bench.running.scene import Running, Scene, resident_bytes
from bench.store.server import Server
from local.broker import EmbeddedBroker
from samehand.fingerprint.distil import enrolment_keys
from samehand.keys import EXACT_POSTING_CAP, Key, KeyKind, kind_of, posting_cap
from schemas.accounts import AccountCreated
from store.common.key_digests import Addresses
from store.limits import GENERATIONS, LISTED_LATER, NAMING_KINDS
from store.redis.layout import SLOT_BYTES, Layout, Sizes, places
from streams.settings import Settings

BANS: Final = 20_000
MINUTES: Final = 25.0
GROWTH_GOAL_MB: Final = 5.0
HALF_HOUR_EVENTS: Final = 200 * 1_800
"""In so many events a worker that is warm may grow by so much and pass for flat."""

_LOOK_SECONDS: Final = 2.0
_WAITING: Final = 1_000  # events put on the topic at a time, and how few may wait before the next
_MINUTE_LOOKS: Final = 30
_FLOOD: Final = EXACT_POSTING_CAP * 3 // 2  # more than the longest posting may list
_SHARED_IP, _SHARED_DEVICE, _SHARED_HANDLE = (
    "39.40.12.7",
    "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b",
    "one_of_many",
)


_FLOODED: Final = {
    "handle": KeyKind.HANDLE_FULL,
    "address": KeyKind.ADDRESS,
    "device": KeyKind.DEVICE,
}
"""What all of a flood share, and the kind of key that lists it."""


@dataclass(frozen=True, slots=True)
class Posting:
    """How many accounts one value lists in the generation that lists the most, and how many it may."""

    entries: int
    cap: int


@dataclass(frozen=True, slots=True)
class Flood:
    """What shared keys did: microseconds of worker and Redis an event; bytes of the longest bucket."""

    events: int
    before_microseconds: float
    flood_microseconds: float
    after_microseconds: float
    redis_before_microseconds: float
    redis_flood_microseconds: float
    redis_after_microseconds: float
    longest_before_bytes: int
    longest_after_bytes: int
    postings: dict[str, Posting]

    @property
    def slower(self) -> float:
        """What an ordinary event costs after the flood beside before it."""
        return self.after_microseconds / self.before_microseconds


@dataclass(frozen=True, slots=True)
class Report:
    bans: int
    minutes: float
    events: int
    resident_mb_first: float
    resident_mb_last: float
    slope_mb_an_hour: float
    last_slope_mb_an_hour: float
    second_half_mb: float
    flood: Flood
    machine: dict[str, str | int | float]

    @property
    def half_hour_mb(self) -> float:
        """What the last third's slope comes to in half an hour's events."""
        return self.last_slope_mb_an_hour * self.minutes / 60 * HALF_HOUR_EVENTS / self.events


def measured(
    bans: int = BANS, minutes: float = MINUTES, seed: int = SEED, rate: float | None = None
) -> Report:
    """The soak, then the flood, with one worker. ``rate``: events a second; by default some always wait."""
    own = filled(bans, seed)
    with (
        EmbeddedBroker() as broker,
        own.server() as server,
        Scene(broker.address, environment(server.url, own.pepper, bans)) as scene,
    ):
        worker = scene.start()
        sent = _publish(scene, _batch(own, seed, 0))
        scene.until_committed(scene.topics.created, sent)
        seen: list[tuple[float, int]] = []
        began, first = time.monotonic(), sent
        while (passed := time.monotonic() - began) < 60 * minutes:
            if sent - scene.committed(scene.topics.created) < _WAITING:
                due = _WAITING if rate is None else min(_WAITING, int(rate * passed) - (sent - first))
                sent += _publish(scene, _batch(own, seed, sent, due))
            seen.append((time.monotonic(), resident_bytes(worker.pid)))
            time.sleep(_LOOK_SECONDS)
        scene.until_committed(scene.topics.created, sent)
        flood = _flood(scene, worker, server, own, seed, sent)
        return Report(
            bans=bans,
            minutes=minutes,
            events=sent,
            resident_mb_first=seen[0][1] / 1e6,
            resident_mb_last=seen[-1][1] / 1e6,
            slope_mb_an_hour=slope(seen[len(seen) // 3 :]),
            last_slope_mb_an_hour=slope(seen[2 * len(seen) // 3 :]),
            second_half_mb=later_half_mb([size for _, size in seen]),
            flood=flood,
            machine=machine(),
        )


def slope(seen: Sequence[tuple[float, int]]) -> float:
    """Megabytes an hour of the straight line through (seconds, bytes)."""
    if len(seen) < 2:
        return 0.0
    seconds, size = np.array(seen).T
    return float(np.polyfit(seconds - seconds[0], size, 1)[0] * 3600 / 1e6)


def later_half_mb(sizes: Sequence[int]) -> float:
    """Megabytes that the later half of some looks grew by: its last minute beside its first."""
    half, minute = sizes[len(sizes) // 2 :], min(_MINUTE_LOOKS, len(sizes) // 2)
    return (median(half[-minute:]) - median(half[:minute])) / 1e6


def _batch(own: Filled, seed: int, first: int, count: int = _WAITING) -> list[AccountCreated]:
    return sign_ups(seed, own.bans, own.originals, count, at=time.time(), first=first)


def _publish(scene: Scene, records: Sequence[AccountCreated]) -> int:
    return scene.publish(scene.topics.created, records)


def _flood(scene: Scene, worker: Running, server: Server, own: Filled, seed: int, sent: int) -> Flood:
    several, redis_several, longest = [], [], []
    for turn, some in enumerate(_stretches(own, seed, sent)):
        longest.append(_longest_posting(server))
        began, redis_began = worker.cpu_seconds(), server.cpu_seconds()
        scene.publish(scene.topics.created, some)
        scene.until_committed(scene.topics.created, sent + (turn + 1) * _FLOOD)
        several.append((worker.cpu_seconds() - began) / _FLOOD * 1e6)
        redis_several.append((server.cpu_seconds() - redis_began) / _FLOOD * 1e6)
    (one,) = sign_ups(seed, own.bans, [], 1, at=time.time())
    postings = flooded(server, scene.settings, shared(one))
    before, during, after = several
    redis_before, redis_during, redis_after = redis_several
    return Flood(
        events=_FLOOD,
        before_microseconds=before,
        flood_microseconds=during,
        after_microseconds=after,
        redis_before_microseconds=redis_before,
        redis_flood_microseconds=redis_during,
        redis_after_microseconds=redis_after,
        longest_before_bytes=longest[1],
        longest_after_bytes=longest[2],
        postings=postings,
    )


def _stretches(own: Filled, seed: int, first: int) -> Iterator[list[AccountCreated]]:
    """Ordinary events, the flood, and ordinary ones again."""
    for turn in range(3):
        some = sign_ups(seed, own.bans, [], _FLOOD, at=time.time(), first=first + turn * _FLOOD)
        yield [shared(one) for one in some] if turn == 1 else some


def shared(record: AccountCreated) -> AccountCreated:
    """The same sign-up from the one address and device, under the one handle."""
    account = replace(
        record.account, ip=_SHARED_IP, device_id=_SHARED_DEVICE, handle=_SHARED_HANDLE, device_hmac=None
    )
    return replace(record, account=account)


def _longest_posting(server: Server) -> int:
    """Bytes of the longest bucket of postings, of bans and of what is remembered."""
    pipeline = server.client.pipeline(transaction=False)
    for key in server.client.scan_iter(match="samehand{*}:*p????", count=5_000):
        pipeline.strlen(key)
    return max(pipeline.execute(), default=0)


def flooded(server: Server, settings: Settings, record: AccountCreated) -> dict[str, Posting]:
    """What is listed under the values that a flood shares."""
    peppers = peppers_of(settings)
    (fingerprint, *_) = remembered_of(record, peppers.keyers).fingerprints
    sizes = Sizes(
        shards=settings.store_shards, bans=settings.store_bans, remembered=settings.store_remembered
    )
    layout = Layout(sizes, Addresses(peppers.identity), settings.store_prefix)
    keys = enrolment_keys(fingerprint)
    return {
        what: Posting(
            max(_entries(server, layout, key) for key in keys if kind_of(key) == kind),
            posting_cap(kind) + (LISTED_LATER if kind in NAMING_KINDS else 0),
        )
        for what, kind in _FLOODED.items()
    }


def _entries(server: Server, layout: Layout, key: Key) -> int:
    """How often a key's print stands in its bucket, in the generation where it does most often."""
    spread = layout.remembered
    (bucket,), (print_,) = places(layout.addresses.keys([key]), spread)
    name, mark = int(bucket).to_bytes(4, "big"), int(print_).to_bytes(spread.print_bytes, "big")
    width, most = spread.print_bytes + SLOT_BYTES, 0
    for generation in range(GENERATIONS + 1):
        raw = server.client.get(f"{layout.root(0)}g{generation}:p".encode() + name) or b""
        most = max(most, sum(raw.startswith(mark, at) for at in range(0, len(raw), width)))
    return most


def table(one: Report) -> str:
    flood = one.flood
    rows = (
        ("ordinary, before", flood.before_microseconds, flood.redis_before_microseconds),
        ("the flood", flood.flood_microseconds, flood.redis_flood_microseconds),
        ("ordinary, after", flood.after_microseconds, flood.redis_after_microseconds),
    )
    lines = [
        f"| {flood.events:,} sign-ups each | worker + Redis µs an event | beside before |",
        "|---|---|---|",
    ]
    lines += [
        f"| {what} | {spent:,.0f} + {redis:,.0f} | {spent / flood.before_microseconds:.2f} |"
        for what, spent, redis in rows
    ]
    return "\n".join(lines)


def summary(one: Report) -> str:
    flood = one.flood
    held = "; ".join(f"{what} {it.entries:,} of {it.cap:,}" for what, it in flood.postings.items())
    verdict = "reached" if abs(one.half_hour_mb) <= GROWTH_GOAL_MB else "missed"
    return "\n".join(
        (
            f"* {one.events:,} events in {one.minutes:g} minutes, {one.bans:,} bans: "
            f"{one.resident_mb_first:.1f} MB resident at first, {one.resident_mb_last:.1f} at last; over the "
            f"later two thirds {one.slope_mb_an_hour:+.1f} MB an hour, over the last third "
            f"{one.last_slope_mb_an_hour:+.1f}, which is {one.half_hour_mb:+.1f} in {HALF_HOUR_EVENTS:,} "
            f"events; goal {GROWTH_GOAL_MB:g}: {verdict}; between the middle and the end "
            f"{one.second_half_mb:+.1f} MB",
            f"* the flood has one address, one device, one handle; listed of each, of its cap: {held}",
            f"* the longest bucket of postings: {flood.longest_before_bytes:,} bytes before, "
            f"{flood.longest_after_bytes:,} after",
            f"* on {in_words(one.machine)}",
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bans", type=int, default=BANS)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--rate", type=float, help="events a second; by default some always wait")
    chosen = parser.parse_args()
    found = measured(chosen.bans, chosen.minutes, rate=chosen.rate)
    print(f"{table(found)}\n\n{summary(found)}")


if __name__ == "__main__":
    main()
