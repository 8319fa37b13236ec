"""Whether a worker's memory stays flat at full speed, and what a flood of one key costs.

``python -m bench.soak [--bans 20000] [--minutes 25] [--rate 200]``. A real ``samehand worker``
always has events waiting for so long, or gets so many a second. Its resident memory is read every two
seconds, and what counts is the slope over the last third, by when caches and the overview's quarter of an
hour are full: what it comes to in as many events as half an hour brings at 200 a second. Then the flood: more
sign-ups than any posting may list, all with one address, one device and one handle, between two stretches of
ordinary ones, which must cost no more after it than before.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from msgspec.structs import replace

from bench.page import in_words, machine, markdown
from bench.running.crowd import sign_ups
from bench.running.filled import SEED, environment, filled
from bench.running.scene import Scene, Spent, resident_bytes
from local.broker import EmbeddedBroker
from samehand.keys import EXACT_POSTING_CAP
from schemas.accounts import AccountCreated

BANS: Final = 20_000
MINUTES: Final = 25.0
GROWTH_GOAL_MB: Final = 5.0
HALF_HOUR_EVENTS: Final = 200 * 1_800
"""In so many events a worker that is warm may grow by so much and pass for flat."""

_LOOK_SECONDS: Final = 2.0
_WAITING: Final = 1_000  # events put on the topic at a time, and how few may wait before the next
_FLOOD: Final = EXACT_POSTING_CAP * 3 // 2  # more than the longest posting may list
_SHARED_IP, _SHARED_DEVICE, _SHARED_HANDLE = (
    "39.40.12.7",
    "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b",
    "one_of_many",
)
_STRETCHES: Final = ("ordinary, before", "the flood", "ordinary, after")


@dataclass(frozen=True, slots=True)
class Report:
    """``flood``: what an event cost in each of :data:`_STRETCHES`."""

    bans: int
    minutes: float
    events: int
    resident_mb_first: float
    resident_mb_last: float
    last_slope_mb_an_hour: float
    flood: list[Spent]
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
        worker, created, sent = scene.start(), scene.topics.created, 0

        def publish(count: int, *, flood: bool = False, mirrors: bool = True) -> None:
            nonlocal sent
            originals = own.originals if mirrors else []
            some = sign_ups(seed, bans, originals, count, at=time.time(), first=sent)
            sent += scene.publish(created, [shared(one) for one in some] if flood else some)

        publish(_WAITING)
        scene.until_committed(created, sent)
        seen: list[tuple[float, int]] = []
        began, first = time.monotonic(), sent
        while (passed := time.monotonic() - began) < 60 * minutes:
            if sent - scene.committed(created) < _WAITING:
                publish(_WAITING if rate is None else min(_WAITING, int(rate * passed) - (sent - first)))
            seen.append((time.monotonic(), resident_bytes(worker.pid)))
            time.sleep(_LOOK_SECONDS)
        scene.until_committed(created, sent)
        events, stretches = sent, []
        for turn in range(len(_STRETCHES)):
            before = scene.spent([server.client])
            publish(_FLOOD, flood=turn == 1, mirrors=False)
            scene.until_committed(created, sent)
            stretches.append(scene.spent([server.client]).an_event(before, _FLOOD))
        return Report(
            bans=bans,
            minutes=minutes,
            events=events,
            resident_mb_first=seen[0][1] / 1e6,
            resident_mb_last=seen[-1][1] / 1e6,
            last_slope_mb_an_hour=slope(seen[2 * len(seen) // 3 :]),
            flood=stretches,
            machine=machine(),
        )


def slope(seen: Sequence[tuple[float, int]]) -> float:
    """Megabytes an hour of the straight line through (seconds, bytes)."""
    if len(seen) < 2:
        return 0.0
    seconds, size = np.array(seen).T
    return float(np.polyfit(seconds - seconds[0], size, 1)[0] * 3600 / 1e6)


def shared(record: AccountCreated) -> AccountCreated:
    """The same sign-up from the one address and device, under the one handle."""
    account = replace(
        record.account, ip=_SHARED_IP, device_id=_SHARED_DEVICE, handle=_SHARED_HANDLE, device_hmac=None
    )
    return replace(record, account=account)


def table(one: Report) -> str:
    return markdown(
        (f"{_FLOOD:,} sign-ups each", "worker + Redis µs an event", "beside before"),
        (
            (
                what,
                "{:,.0f} + {:,.0f}".format(*it.microseconds),
                f"{it.worker_seconds / one.flood[0].worker_seconds:.2f}",
            )
            for what, it in zip(_STRETCHES, one.flood, strict=True)
        ),
    )


def summary(one: Report) -> str:
    verdict = "reached" if abs(one.half_hour_mb) <= GROWTH_GOAL_MB else "missed"
    return "\n".join(
        (
            f"* {one.events:,} events in {one.minutes:g} minutes, {one.bans:,} bans: "
            f"{one.resident_mb_first:.1f} MB resident at first, {one.resident_mb_last:.1f} at last; over the "
            f"last third {one.last_slope_mb_an_hour:+.1f} MB an hour, which is {one.half_hour_mb:+.1f} in "
            f"{HALF_HOUR_EVENTS:,} events; goal {GROWTH_GOAL_MB:g}: {verdict}",
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
