"""What is common: a raid makes nothing so, a week does, and what others hand out is from its first hour."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from agents.runtime.store_factory import peppers_of, store_of
from schemas.accounts import Account, AccountBanned, AccountCreated, Avatar
from schemas.wire import encode
from simulate.population.people import Population
from simulate.sampling import seeded
from simulate.timeline.records import banned, created
from store.limits import SNAPSHOT_SECONDS
from streams.kafka.client import writer
from streams.settings import load
from tests.journeys.conftest import Platform, opened
from tests.makers import a_ban, a_sign_up

pytestmark = pytest.mark.journey

NOW = datetime.now(UTC).replace(microsecond=0)
WEEK = timedelta(days=7)
RAID, WEEKS_CROWD, CROWD, FIRST_HOUR = 600, 1_000, 2_000, 120
NAME = "qorvetzan_bulletin"  # with a word that no list knows: a handle of common words never alerts alone

QUEUE_A_THOUSAND = 5
"""Alerts a thousand sign-ups: the least that a team of moderators is measured with (docs/quality.md)."""

DEFAULT_PICTURE = "f8f8f0cce0f4e84d0e370a22028f67f0b36e2ed596623e1d33e6339c4e9c9b22"
CARRIER = "39.40.12.7"


@dataclass(slots=True)
class Day:
    """A platform of its own, whose hours pass as the story wants."""

    platform: Platform
    hours: int = 0
    sent: int = 0
    started: float = field(default_factory=time.time)

    def ban(self, *bans: AccountBanned) -> None:
        """Bans, until a new account could be found by them."""
        self.platform.publish(self.platform.topics.banned, *bans)
        known = f'samehand_events_total{{outcome="published",topic="{self.platform.topics.banned}"}}'
        self.platform.until(lambda: self.platform.metric(known) >= len(bans), "the bans to be enrolled")

    def sign_up(self, accounts: Sequence[AccountCreated]) -> None:
        """Sign-ups, until each has its outcome."""
        topic = self.platform.topics.created
        with writer(self.platform.settings) as out:
            waits = [out.send(topic, value=encode(it), key=it.key.encode(), headers=[]) for it in accounts]
            for wait in waits:
                wait.get(30.0)
        self.sent += len(accounts)
        while (done := self._done()) < self.sent:
            self.platform.until(partial(self._more_than, done), "further outcomes")

    def _more_than(self, done: float) -> bool:
        return self._done() > done

    def _done(self) -> float:
        return sum(
            self.platform.metric(
                f'samehand_events_total{{outcome="{outcome}",topic="{self.platform.topics.created}"}}'
            )
            for outcome in ("nothing", "published", "dead")
        )

    def hour_passes(self) -> None:
        """Counts are frozen, as the worker does it each hour, and those that it had read before are old."""
        self.hours += 2
        asyncio.run(self._freeze())
        time.sleep(SNAPSHOT_SECONDS)

    async def _freeze(self) -> None:
        # As busy as this machine may be: a freeze reads and writes whole sketches.
        settings = load({**self.platform.environment, "SAMEHAND_REDIS_TIMEOUT_MS": "10000"})
        store = store_of(settings, peppers_of(settings))
        await store.open()
        try:
            assert await store.freeze(now=self.started + self.hours * 3_600.0)
        finally:
            await store.close()

    def alerted(self) -> set[str]:
        """The accounts with an alert."""
        return {alert.account_id for alert in self.platform.alerts()}


@pytest.fixture
def day(tmp_path: Path, broker: str, redis_url: str, redis_user: dict[str, str]) -> Iterator[Day]:
    """A day on a platform that nobody else uses."""
    for platform in opened(Platform(tmp_path, broker, redis_url, redis_user=redis_user)):
        yield Day(platform)


def under_one_name(count: int, since: datetime, *, first: int = 0) -> list[AccountCreated]:
    """Accounts of one name, each from a network of its own and a minute after the last."""
    return [
        a_sign_up(f"r{i}", handle=NAME, ip=f"39.{i // 250}.{i % 250}.9", at=since + timedelta(minutes=i))
        for i in range(first, first + count)
    ]


def test_a_raid_under_a_banned_name_alerts_on_each(day: Day) -> None:
    day.ban(a_ban("old", handle=NAME, at=NOW - timedelta(days=9), banned_at=NOW - timedelta(days=9)))
    for first in range(0, RAID, RAID // 4):
        day.sign_up(under_one_name(RAID // 4, NOW - timedelta(hours=20), first=first))
        day.hour_passes()
    assert day.alerted() == {f"r{i}" for i in range(RAID)}


def test_a_name_that_has_been_common_for_a_week_is(day: Day) -> None:
    day.sign_up(under_one_name(WEEKS_CROWD, NOW - WEEK))
    day.hour_passes()
    shown: dict[str, Any] = {"handle": NAME, "email": "zarqa.desk@valley.example"}
    day.ban(a_ban("old", at=NOW - timedelta(days=9), banned_at=NOW - timedelta(days=9), **shown))
    day.sign_up(
        [
            a_sign_up("namesake", handle=NAME, at=NOW),
            a_sign_up("mirror", at=NOW, **shown),
        ]
    )
    (alert,) = day.platform.alerts_on("mirror")
    shared = [line for line in alert.counter_evidence if line.level == "shared-by-many"]
    assert [line.signal for line in shared] == ["handle"]
    assert day.platform.alerts_on("namesake") == []


HANDED_OUT: Mapping[str, Account] = {
    "a new default picture": Account(account_id="", avatar=Avatar(pdq=DEFAULT_PICTURE, quality=92)),
    "a carrier's new address": Account(account_id="", ip=CARRIER),
}


@pytest.mark.parametrize("what", HANDED_OUT)
def test_what_thousands_are_given_within_a_day_floods_no_queue(day: Day, what: str) -> None:
    """Twenty of those who have it are banned in its second hour, among bans of two years."""
    # At the worker's clock, however long the suite ran before; all bans fall within one hour.
    now = datetime.now(UTC).replace(minute=0)
    rng, population = seeded(7, what), Population(7, CROWD)
    crowd = [
        with_it(rng, population, what, now - timedelta(hours=20) + timedelta(seconds=30 * i))
        for i in range(CROWD)
    ]
    former = [
        banned(population.person(rng), (now - timedelta(days=3 * i + 1)).timestamp(), "spam")
        for i in range(200)
    ]
    just_now = [
        replace(
            one,
            event_id=f"ban-{i}",
            account=given(population, rng, what),
            occurred_at=now - timedelta(hours=19) + timedelta(seconds=90 * i),
            banned_at=now - timedelta(hours=19) + timedelta(seconds=90 * i),
        )
        for i, one in enumerate(former[:20])
    ]
    day.sign_up(crowd[:FIRST_HOUR])
    day.hour_passes()
    day.ban(*(replace(one, expires_at=None) for one in (*former[20:], *just_now)))
    day.sign_up(crowd[FIRST_HOUR:])
    alerted = day.alerted()
    assert len(alerted) <= QUEUE_A_THOUSAND * len(crowd) / 1_000


def with_it(rng: Random, population: Population, what: str, at: datetime) -> AccountCreated:
    """Somebody new who was given it."""
    one = created(population.person(rng), at.timestamp())
    return replace(one, account=_given(one.account, what))


def given(population: Population, rng: Random, what: str) -> Account:
    """The profile of somebody who was given it."""
    return _given(created(population.person(rng), 0.0).account, what)


def _given(account: Account, what: str) -> Account:
    it = HANDED_OUT[what]
    return replace(account, avatar=it.avatar or account.avatar, ip=it.ip or account.ip)
