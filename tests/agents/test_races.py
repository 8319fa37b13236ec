"""Bans and their mirrors that arrive at the same time, on a real Redis: one alert each.

`SAMEHAND_RACES=10000` makes a soak of it.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from uuid import UUID

import pytest

from schemas.accounts import AccountBanned, AccountCreated
from store.redis import Endpoint, RedisStore
from streams.outcomes import Published
from tests.agents.conftest import Life
from tests.makers import a_ban, a_sign_up, arrival

pytestmark = pytest.mark.journey

RACES = int(os.environ.get("SAMEHAND_RACES", "1000"))
AT_ONCE = 25
APART_SECONDS = (
    0.02  # about as long as either takes, so that every step of one falls on every step of the other
)


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


async def raced(life: Life, ban: AccountBanned, mirror: AccountCreated, head_start: float) -> None:
    """Both events at once, each through its agents as delivery would take it."""

    async def banned() -> None:
        await asyncio.sleep(max(0.0, -head_start))
        (outcome,) = await life.enrol([arrival(ban)])
        assert isinstance(outcome, Published)
        for emit in outcome.emits:
            await life.tell(life.lookback, emit.value)

    async def created() -> None:
        await asyncio.sleep(max(0.0, head_start))
        await life.tell(life.screen, mirror)

    await asyncio.gather(banned(), created())


async def test_whoever_wins_the_pair_is_told_once(life: Life, redis_url: str, store_prefix: str) -> None:
    store = RedisStore(
        Endpoint(url=redis_url, deadline_seconds=20.0), prefix=store_prefix, identity=b"i" * 32
    )
    await store.open()
    lived = Life(replace(life.house, store=store))
    rng = random.Random(7)
    source = races(rng)
    done = 0
    while done < RACES:
        several = list(islice(source, min(AT_ONCE, RACES - done)))
        apart = [rng.uniform(-APART_SECONDS, APART_SECONDS) for _ in several]
        jobs = [raced(lived, *race, start) for race, start in zip(several, apart, strict=True)]
        await asyncio.gather(*jobs)
        done += len(several)
    told = Counter((alert.account_id, alert.matched.account_id) for alert in lived.alerts)
    assert told == Counter({(f"n{number}", f"b{number}"): 1 for number in range(1, RACES + 1)})
    assert {alert.direction for alert in lived.alerts} == {"forward", "lookback"}, "each should win sometimes"
    assert lived.house.meters.duplicates_suppressed._value.get() > 0, "some should have met"
    await store.close()
