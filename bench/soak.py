"""Whether a worker's memory stays flat at full speed, and what a flood of one key does to it and to others.

``python -m bench.soak [--bans 20000] [--minutes 10] [--json]``. A real ``samehand worker`` always has
events waiting for so long; its resident memory is read every two seconds, and what counts is the slope
over the later two thirds. Then the flood: sign-ups that all have one address, one device and one handle,
between two stretches of ordinary ones. A posting must stay below its cap, and an ordinary event must cost
no more than before.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from msgspec.structs import replace

from bench.machine import in_words, machine
from bench.running.clocks import resident_bytes
from bench.running.crowd import sign_ups
from bench.running.filled import SEED, Filled, environment, filled
from bench.running.scene import Running, Scene
from bench.store.server import Server
from local.broker import EmbeddedBroker
from schemas.accounts import AccountCreated

BANS: Final = 20_000
MINUTES: Final = 10.0
SLOPE_GOAL_MB: Final = 1.0
"""Megabytes an hour that pass for flat, after what a store's own caches grow by is full."""

_LOOK_SECONDS: Final = 2.0
_WAITING: Final = 1_000  # events put on the topic at a time, and how few may wait before the next
_FLOOD: Final = 1_000
_SHARED_IP, _SHARED_DEVICE, _SHARED_HANDLE = (
    "39.40.12.7",
    "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b",
    "one_of_many",
)


@dataclass(frozen=True, slots=True)
class Flood:
    """What one shared key did: microseconds of the worker an event; bytes of the longest bucket."""

    events: int
    before_microseconds: float
    flood_microseconds: float
    after_microseconds: float
    longest_before_bytes: int
    longest_after_bytes: int

    @property
    def slower(self) -> float:
        """What an ordinary event costs after the flood beside before it."""
        return self.after_microseconds / self.before_microseconds


@dataclass(frozen=True, slots=True)
class Report:
    """One run."""

    minutes: float
    events: int
    resident_mb_first: float
    resident_mb_last: float
    slope_mb_an_hour: float
    flood: Flood
    machine: dict[str, str | int | float]


def measured(bans: int = BANS, minutes: float = MINUTES, seed: int = SEED) -> Report:
    """The soak, then the flood, with one worker."""
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
        ends = time.monotonic() + 60 * minutes
        while time.monotonic() < ends:
            if sent - scene.committed(scene.topics.created) < _WAITING:
                sent += _publish(scene, _batch(own, seed, sent))
            seen.append((time.monotonic(), resident_bytes(worker.pid)))
            time.sleep(_LOOK_SECONDS)
        scene.until_committed(scene.topics.created, sent)
        flood = _flood(scene, worker, server, own, seed, sent)
        return Report(
            minutes=minutes,
            events=sent,
            resident_mb_first=seen[0][1] / 1e6,
            resident_mb_last=seen[-1][1] / 1e6,
            slope_mb_an_hour=slope(seen[len(seen) // 3 :]),
            flood=flood,
            machine=machine(),
        )


def slope(seen: Sequence[tuple[float, int]]) -> float:
    """Megabytes an hour of the straight line through (seconds, bytes)."""
    if len(seen) < 2:
        return 0.0
    seconds, size = np.array(seen).T
    return float(np.polyfit(seconds - seconds[0], size, 1)[0] * 3600 / 1e6)


def _batch(own: Filled, seed: int, first: int) -> list[AccountCreated]:
    return sign_ups(seed, own.bans, own.originals, _WAITING, at=time.time(), first=first)


def _publish(scene: Scene, records: Sequence[AccountCreated]) -> int:
    return scene.publish(scene.topics.created, records)


def _flood(scene: Scene, worker: Running, server: Server, own: Filled, seed: int, sent: int) -> Flood:
    several = []
    longest = []
    for turn, some in enumerate(_stretches(own, seed, sent)):
        longest.append(_longest_posting(server))
        began = worker.cpu_seconds()
        scene.publish(scene.topics.created, some)
        scene.until_committed(scene.topics.created, sent + (turn + 1) * _FLOOD)
        several.append((worker.cpu_seconds() - began) / _FLOOD * 1e6)
    before, during, after = several
    return Flood(_FLOOD, before, during, after, longest[1], longest[2])


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


def summary(one: Report) -> str:
    """In a few lines."""
    flood = one.flood
    return "\n".join(
        (
            f"* {one.events:,} events in {one.minutes:g} minutes: {one.resident_mb_first:.0f} MB resident at "
            f"first, {one.resident_mb_last:.0f} at last; over the later two thirds "
            f"{one.slope_mb_an_hour:+.1f} MB an hour",
            f"* {flood.events:,} sign-ups with one address, device and handle: "
            f"{flood.flood_microseconds:,.0f} µs each, beside {flood.before_microseconds:,.0f} of ordinary "
            f"ones before and {flood.after_microseconds:,.0f} after ({flood.slower:.2f} times)",
            f"* the longest bucket of postings: {flood.longest_before_bytes:,} bytes before, "
            f"{flood.longest_after_bytes:,} after",
            f"* on {in_words(one.machine)}",
        )
    )


def main() -> None:
    """Prints a summary, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bans", type=int, default=BANS)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    found = measured(chosen.bans, chosen.minutes)
    print(json.dumps(asdict(found), indent=1) if chosen.json else summary(found))


if __name__ == "__main__":
    main()
