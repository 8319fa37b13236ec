"""What is common: a raid makes nothing so, a week does, and what others hand out is from its first hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from schemas.accounts import Account, AccountCreated, Avatar
from schemas.decoding.dates import from_seconds
from schemas.record import Record
from simulate.population.people import Population
from simulate.sampling import seeded
from simulate.timeline.records import banned, created
from store.limits import SNAPSHOT_SECONDS
from tests.agents.conftest import Life, MakeLife
from tests.makers import NOON, a_ban, a_sign_up

WEEK = timedelta(days=7)
RAID, WEEKS_CROWD, CROWD, FIRST_HOUR = 200, 500, 500, 120
BATCH = 100
NAME = "qorvetzan_bulletin"  # with a word that no list knows: a handle of common words never alerts alone

QUEUE_A_THOUSAND = 5
"""Alerts a thousand sign-ups: the least that a team of moderators is measured with (docs/quality.md)."""

DEFAULT_PICTURE = "f8f8f0cce0f4e84d0e370a22028f67f0b36e2ed596623e1d33e6339c4e9c9b22"
CARRIER = "39.40.12.7"


async def enrol(life: Life, bans: Sequence[Record]) -> None:
    for first in range(0, len(bans), BATCH):
        await life.ban(*bans[first : first + BATCH])
    await life.relay()


async def sign_up(life: Life, accounts: Sequence[AccountCreated]) -> None:
    for first in range(0, len(accounts), BATCH):
        await life.tell(life.screen, *accounts[first : first + BATCH])


async def hour_passes(life: Life) -> None:
    """Counts are frozen, as a worker does it each hour."""
    life.seconds += 2 * 3_600.0
    assert await life.context.store.freeze(now=life.seconds)
    life.seconds += SNAPSHOT_SECONDS


def alerted(life: Life) -> set[str]:
    return {alert.account_id for alert in life.alerts}


def under_one_name(count: int, since: float) -> list[AccountCreated]:
    """Accounts of one name, each from a network of its own and a minute after the last."""
    return [
        a_sign_up(f"r{i}", handle=NAME, ip=f"39.{i // 250}.{i % 250}.9", at=from_seconds(since + 60.0 * i))
        for i in range(count)
    ]


async def test_a_raid_under_a_banned_name_alerts_on_each(life: Life) -> None:
    before = NOON - timedelta(days=9)
    await enrol(life, [a_ban("old", handle=NAME, at=before, banned_at=before)])
    raid = under_one_name(RAID, life.seconds - 20 * 3_600.0)
    for first in range(0, RAID, RAID // 4):
        await sign_up(life, raid[first : first + RAID // 4])
        await hour_passes(life)
    assert alerted(life) == {f"r{i}" for i in range(RAID)}


async def test_a_name_that_has_been_common_for_a_week_is(life: Life) -> None:
    await sign_up(life, under_one_name(WEEKS_CROWD, life.seconds - WEEK.total_seconds()))
    await hour_passes(life)
    shown: dict[str, Any] = {"handle": NAME, "email": "zarqa.desk@valley.example"}
    before = NOON - timedelta(days=9)
    await enrol(life, [a_ban("old", at=before, banned_at=before, **shown)])
    await sign_up(life, [a_sign_up("namesake", handle=NAME), a_sign_up("mirror", **shown)])
    [alert] = life.alerts
    assert alert.account_id == "mirror"
    shared = [line for line in alert.counter_evidence if line.level == "shared-by-many"]
    assert [line.signal for line in shared] == ["handle"]


HANDED_OUT: Mapping[str, Account] = {
    "a new default picture": Account(account_id="", avatar=Avatar(pdq=DEFAULT_PICTURE, quality=92)),
    "a carrier's new address": Account(account_id="", ip=CARRIER),
}


@pytest.mark.parametrize("what", HANDED_OUT)
async def test_what_thousands_are_given_within_a_day_floods_no_queue(life: Life, what: str) -> None:
    """Twenty of those who have it are banned in its second hour, among bans of two years."""
    now = life.seconds
    rng, population = seeded(7, what), Population(7, CROWD)
    crowd = [_with_it(rng, population, what, now - 20 * 3_600.0 + 30.0 * number) for number in range(CROWD)]
    former = [banned(population.person(rng), now - 86_400.0 * (3 * i + 1), "spam") for i in range(200)]
    just_now = [
        replace(
            ban,
            event_id=f"ban-{i}",
            account=_given(created(population.person(rng), 0.0).account, what),
            occurred_at=from_seconds(now - 19 * 3_600.0 + 90.0 * i),
            banned_at=from_seconds(now - 19 * 3_600.0 + 90.0 * i),
        )
        for i, ban in enumerate(former[:20])
    ]
    await sign_up(life, crowd[:FIRST_HOUR])
    await hour_passes(life)
    await enrol(life, [replace(ban, expires_at=None) for ban in (*former[20:], *just_now)])
    await sign_up(life, crowd[FIRST_HOUR:])
    assert len(alerted(life)) <= QUEUE_A_THOUSAND * len(crowd) / 1_000


def _with_it(rng: Random, population: Population, what: str, at: float) -> AccountCreated:
    sign_up = created(population.person(rng), at)
    return replace(sign_up, account=_given(sign_up.account, what))


def _given(account: Account, what: str) -> Account:
    handed_out = HANDED_OUT[what]
    return replace(account, avatar=handed_out.avatar or account.avatar, ip=handed_out.ip or account.ip)


def profile(name: str, digit: str) -> dict[str, Any]:
    """A profile that its mirror takes up."""
    return {"handle": f"{name}_kandak{digit}", "email": f"{name}@valley.example"}


async def test_after_an_hour_of_standstill_a_return_weighs_what_it_weighed_live(make_life: MakeLife) -> None:
    life = make_life(late_ban_seconds=1e9)
    banned_at, back = NOON, NOON + timedelta(minutes=8)
    old = [banned_at - timedelta(days=n) for n in range(1, 121)]
    await enrol(life, [a_ban(f"old {n}", at=at, banned_at=at) for n, at in enumerate(old)])
    both = ("zufar", "gulbar")  # whose mirror is read at once, and whose later
    await enrol(life, [a_ban(name, at=banned_at, banned_at=banned_at, **profile(name, "")) for name in both])
    live, later = (a_sign_up(f"new {name}", at=back, **profile(name, "2")) for name in both)
    await sign_up(life, [live])
    # While nobody reads, an hour of many bans passes.
    since = [back + timedelta(seconds=60 + 20 * n) for n in range(150)]
    life.seconds += 3_600.0
    await enrol(life, [a_ban(f"since {n}", at=at, banned_at=at) for n, at in enumerate(since)])
    await sign_up(life, [later])
    told_live, told_later = life.alerts
    assert (told_live.account_id, told_later.account_id) == ("new zufar", "new gulbar")
    weights = [
        sum(line.weight for line in alert.evidence if line.signal == "timing")
        for alert in (told_live, told_later)
    ]
    assert weights[0] > 1.5
    assert weights[1] == pytest.approx(weights[0], abs=1e-9)
