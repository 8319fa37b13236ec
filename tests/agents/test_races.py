"""Bans and their mirrors that arrive at the same time, on a real Redis: one alert each.

`SAMEHAND_RACES=10000` makes a soak of it, as `make test-faults` does.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from uuid import UUID

import pytest

from schemas.accounts import AccountBanned, AccountCreated
from store.redis import RedisEndpoint, RedisStore
from streams.outcomes import Published
from tests.agents.conftest import Life
from tests.makers import a_ban, a_sign_up, arrival

pytestmark = pytest.mark.journey

RACES = int(os.environ.get("SAMEHAND_RACES", "400"))
BATCH = 25
BATCHES_AT_ONCE = 4  # of each side: a ban meets its mirror in any of as many batches as there are
APART_SECONDS = 0.1
"""About as long as a batch takes, so that every step of one falls on every step of another; on a busy machine
it takes longer, and so do the races after the first."""


def races(rng: random.Random) -> Iterator[tuple[AccountBanned, AccountCreated]]:
    """A ban and its mirror, over and over."""
    number = 0
    while True:
        number += 1
        handle = "".join(rng.choices("bdfghklmnprstvz", k=9))
        device = str(UUID(int=rng.getrandbits(128), version=4))
        yield (
            a_ban(f"b{number}", handle=handle, device_id=device),
            a_sign_up(f"n{number}", handle=f"{handle}_2", device_id=device),
        )


async def raced(
    life: Life,
    bans: Sequence[AccountBanned],
    mirrors: Sequence[AccountCreated],
    rng: random.Random,
    apart_seconds: float,
) -> None:
    """Batches of both at once, each through its agents as delivery would take it."""

    async def banned(batch: Sequence[AccountBanned], start: float) -> None:
        await asyncio.sleep(start)
        outcomes = await life.enrol([arrival(ban) for ban in batch])
        emits = [emit for it in outcomes if isinstance(it, Published) for emit in it.emits]
        assert len(emits) == len(batch)
        await life.tell(life.lookback, *(emit.value for emit in emits))

    async def created(batch: Sequence[AccountCreated], start: float) -> None:
        await asyncio.sleep(start)
        await life.tell(life.screen, *batch)

    jobs = [
        job
        for at in range(0, len(bans), BATCH)
        for job in (
            banned(bans[at : at + BATCH], rng.uniform(0, apart_seconds)),
            created(mirrors[at : at + BATCH], rng.uniform(0, apart_seconds)),
        )
    ]
    await asyncio.gather(*jobs)


async def race_all(life: Life, count: int, redis_url: str, store_prefix: str) -> None:
    """So many races on a Redis; fails unless each pair was told once and either side won some."""
    store = RedisStore(
        RedisEndpoint(url=redis_url, deadline_seconds=20.0), prefix=store_prefix, identity=b"i" * 32
    )
    await store.open()
    lived = Life(replace(life.context, store=store))
    rng = random.Random(7)
    source, apart_seconds = races(rng), APART_SECONDS
    for first in range(0, count, BATCH * BATCHES_AT_ONCE):
        several = list(islice(source, min(BATCH * BATCHES_AT_ONCE, count - first)))
        mirrors = [mirror for _, mirror in several]
        rng.shuffle(mirrors)  # so that those of one batch of bans are in several batches of accounts
        began = time.monotonic()
        await raced(lived, [ban for ban, _ in several], mirrors, rng, apart_seconds)
        apart_seconds = max(APART_SECONDS, (time.monotonic() - began) / BATCHES_AT_ONCE)
    told = Counter((alert.account_id, alert.matched.account_id) for alert in lived.alerts)
    assert told == Counter({(f"n{number}", f"b{number}"): 1 for number in range(1, count + 1)})
    assert {alert.direction for alert in lived.alerts} == {"forward", "lookback"}, "each should win sometimes"
    assert lived.context.metrics.duplicates_suppressed._value.get() > 0, "some should have met"
    await store.close()


async def test_whoever_wins_the_pair_is_told_once(life: Life, redis_url: str, store_prefix: str) -> None:
    await race_all(life, RACES, redis_url, store_prefix)
