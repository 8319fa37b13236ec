"""What came within the last day takes nothing off a value's rarity, in every store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

import redis
from hypothesis import given
from hypothesis import strategies as st

from samehand.frequency.rates import LATELY
from samehand.keys import KeyKind
from store.base import Remembered, Store
from store.common.count_lag import NOTHING, Version, kept_beside, matured
from store.common.counted_values import counted
from store.limits import HALF_LIFE_SECONDS
from store.redis import RedisStore
from tests.store.conftest import MakeStore
from tests.store.makers import DAY, NOW, a_remembered

HOUR = 3_600.0


def mailed(hour: int) -> Remembered:
    """An account with a mailbox of its own: what is somebody's is counted also if it comes once."""
    return a_remembered(str(hour), email=f"zarqa.bulletin.{hour:03}@valley.example")


@cache
def mailbox(hour: int) -> bytes:
    """What is counted of an hour's mailbox."""
    (one,) = mailed(hour).fingerprints
    (found,) = [it for it in counted(one, b"the account").values if it.kind is KeyKind.EMAIL]
    return found.value


def or_one_more(many: int) -> tuple[int, int]:
    """What crowds bear is counted from the second on, with the first added: one may be counted twice."""
    return many, many + 1


@dataclass(slots=True)
class Hours:
    """A store that counts what it is told, freezes after it, and is asked for events of that moment."""

    store: Store
    moment: float = NOW

    async def at(self, now: float, *accounts: Remembered, seen_at: float | None = None) -> None:
        """Accounts that were seen just now, or then."""
        self.moment = now if seen_at is None else seen_at
        await self.store.remember([replace(one, seen_at=self.moment) for one in accounts], now=now)
        await self.store.freeze(now=now + HOUR)

    async def named(self, handle: str) -> int:
        frozen = await self.store.frequencies(at=self.moment, now=self.moment)
        return frozen.count(KeyKind.HANDLE_FULL, handle.encode(), "latin")

    async def known(self, hours: Iterable[int]) -> list[int]:
        """The hours of which the mailbox was counted."""
        frozen = await self.store.frequencies(at=self.moment, now=self.moment)
        return [hour for hour in hours if frozen.count(KeyKind.EMAIL, mailbox(hour), "")]

    async def namesakes(self) -> int:
        """How many accounts names are counted among."""
        return (await self.store.frequencies(at=self.moment, now=self.moment)).accounts("latin")


async def test_a_name_of_the_last_day_is_not_counted_yet_and_later_it_is(make_store: MakeStore) -> None:
    store = Hours(await make_store())
    raid = [a_remembered(f"r{n}", handle="umar_media") for n in range(50)]
    await store.at(NOW, *raid)
    for hour in range(1, 24):
        await store.at(NOW + hour * HOUR, a_remembered(f"h{hour}", handle=f"reader{hour}x"))
        assert (await store.named("umarmedia"), await store.namesakes()) == (0, 0), hour
    for hour in range(24, 51):
        await store.at(NOW + hour * HOUR, a_remembered(f"h{hour}", handle=f"reader{hour}x"))
    assert await store.named("umarmedia") in or_one_more(50)


async def test_what_is_counted_shortly_before_a_version_is_set_aside_lags_as_long(
    make_store: MakeStore,
) -> None:
    """Nobody gains by knowing when the day changes: each value is a day old before it counts."""
    store, counted_at = Hours(await make_store()), {}
    for hour in range(100):
        await store.at(NOW + hour * HOUR, mailed(hour))
        for earlier in await store.known(set(range(hour)) - counted_at.keys()):
            counted_at[earlier] = hour - earlier
    assert set(range(48)) <= set(counted_at)
    assert min(counted_at.values()) >= 24
    assert max(counted_at.values()) <= 50


async def test_what_others_hand_out_counts_with_the_next_freeze(make_store: MakeStore) -> None:
    """A carrier's new address, and a picture that a platform gives to whoever has none."""
    store = Hours(await make_store())
    crowd = [
        a_remembered(f"c{n}", ip="39.40.1.2", device_id=f"5b1f2e9a-0000-4a51-9c6e-{n:012x}")
        for n in range(50)
    ]
    await store.at(NOW, *crowd)
    (one,) = crowd[0].fingerprints
    (address,) = [it for it in counted(one, b"the account").values if it.kind is KeyKind.ADDRESS]
    (device,) = [it for it in counted(one, b"the account").values if it.kind is KeyKind.DEVICE]
    frozen = await store.store.frequencies(at=NOW, now=NOW)
    assert frozen.count(address.kind, address.value, "") in or_one_more(50)
    assert frozen.accounts("") > 0
    assert frozen.count(device.kind, device.value, "") == 0


async def test_who_came_lately_is_told_apart_also_after_counts_have_faded(make_store: MakeStore) -> None:
    store = Hours(await make_store())
    (one,) = a_remembered(ip="39.40.1.2").fingerprints
    (address,) = [it for it in counted(one, b"the account").values if it.kind is KeyKind.ADDRESS]

    def crowd(name: str, size: int) -> list[Remembered]:
        devices = [f"5b1f2e9a-{name}-4a51-9c6e-{n:012x}" for n in range(size)]
        return [a_remembered(f"{name}{n}", ip="39.40.1.2", device_id=it) for n, it in enumerate(devices)]

    async def borne(ever: int, lately: int) -> bool:
        frozen = await store.store.frequencies(at=store.moment, now=store.moment)
        told = [frozen.count(address.kind, address.value, it) for it in ("", LATELY)]
        return told[0] in or_one_more(ever) and told[1] in or_one_more(lately)

    await store.at(NOW, *crowd("000a", 40))
    assert await borne(40, 40)
    await store.at(NOW + 25 * HOUR, *crowd("000b", 10))
    assert await borne(50, 10)
    faded = NOW + HALF_LIFE_SECONDS + HOUR
    await store.at(faded - HOUR, a_remembered("c"))
    await store.at(faded, *crowd("000d", 7))
    assert await borne(25 + 7, 7)
    lately = (await store.store.frequencies(at=store.moment, now=store.moment)).accounts(LATELY)
    assert 0 < lately <= 4


async def test_a_backlog_lags_as_the_days_that_it_comes_from(make_store: MakeStore) -> None:
    """Two days of sign-ups, read within two hours after an outage: none of the last day's counts."""
    store = Hours(await make_store(freeze_seconds=100.0))
    outage = NOW + 2 * DAY
    for hour in range(48):
        account = mailed(hour)
        await store.at(outage + 150 * hour, account, seen_at=NOW + hour * HOUR)
        known = await store.known(range(hour + 1))
        assert all(hour - earlier >= 24 for earlier in known), (hour, known)


async def test_what_has_been_common_for_a_week_is_even_if_nobody_came_since(make_store: MakeStore) -> None:
    store = Hours(await make_store())
    crowd = [a_remembered(f"w{n}", handle="umar_media") for n in range(50)]
    await store.at(NOW, *crowd, seen_at=NOW - 7 * DAY)
    store.moment = NOW
    assert await store.named("umarmedia") in or_one_more(50)


async def test_a_date_without_a_time_is_a_day_old_when_its_whole_day_is(make_store: MakeStore) -> None:
    """A raid of the evening, told by its date alone: half an hour after the next midnight it is young."""
    store = Hours(await make_store())
    midnight = NOW - NOW % DAY
    raid = [a_remembered(f"r{n}", handle="umar_media") for n in range(50)]
    await store.at(midnight + 20.5 * HOUR, *raid, seen_at=midnight)
    for hour in range(21, 75):
        await store.at(midnight + (hour + 0.5) * HOUR, a_remembered(f"h{hour}", handle=f"reader{hour}x"))
        assert hour > 46 or await store.named("umarmedia") == 0, hour
    assert await store.named("umarmedia") in or_one_more(50)


async def test_an_event_that_comes_late_knows_no_more_than_one_of_its_time(make_store: MakeStore) -> None:
    """Half a day behind the others: what was counted meanwhile is too young for it."""
    store = Hours(await make_store())
    for hour in range(60):
        await store.at(NOW + hour * HOUR, mailed(hour))
    for late in range(12):
        store.moment = NOW + (59 - late) * HOUR
        known = await store.known(range(60))
        assert all(hour <= 59 - late - 24 for hour in known), (late, known)
    assert known


async def test_no_more_than_two_former_versions_are_kept(
    make_store: MakeStore, redis_administrator: str, store_prefix: str
) -> None:
    store = Hours(await make_store())
    for hour in range(0, 240, 5):
        await store.at(NOW + hour * HOUR, a_remembered(str(hour)))
    if isinstance(store.store, RedisStore):
        client = redis.Redis.from_url(redis_administrator)
        sketches = list(client.scan_iter(match=f"{store_prefix}{{0}}:f*", count=1_000))
        client.close()
        assert len(sketches) == 3


@given(gaps=st.lists(st.floats(0, 3 * DAY), max_size=60), lag=st.sampled_from([0.0, HOUR, DAY, 7 * DAY]))
def test_what_is_read_ends_a_lag_before_the_newest_and_at_most_two_versions_wait(
    gaps: list[float], lag: float
) -> None:
    kept: tuple[Version, ...] = ()
    newest = NOTHING
    for gap in gaps:
        following = Version(newest.number + 1, (newest.until or NOW) + gap)
        kept = kept_beside(kept, newest, following, following.until, lag)
        newest = following
        assert matured((*kept, newest), newest.until, lag).until <= newest.until - lag
        assert len(kept) <= 2


@given(waits=st.lists(st.floats(1, 2 * HOUR), min_size=60, max_size=120))
def test_a_version_is_read_no_later_than_two_lags_and_two_freezes_after_it(waits: list[float]) -> None:
    kept: tuple[Version, ...] = ()
    newest, past = NOTHING, [NOTHING]
    for wait in waits:
        following = Version(newest.number + 1, (newest.until or NOW) + wait)
        kept = kept_beside(kept, newest, following, following.until, DAY)
        newest = following
        past.append(newest)
        due = [it for it in past if it.until <= newest.until - 2 * DAY - 4 * HOUR]
        assert matured((*kept, newest), newest.until, DAY).number >= max(it.number for it in due)


def test_without_a_lag_nothing_is_kept_also_where_dates_end_tomorrow() -> None:
    several = [Version(number, NOW + DAY) for number in (1, 2, 3)]
    assert matured(several, NOW, 0.0) == several[-1]
    assert kept_beside(several[:1], several[1], several[2], NOW, 0.0) == ()


def test_a_lag_that_was_made_longer_reads_the_oldest_there_is() -> None:
    several = [Version(number, NOW + number * HOUR) for number in (3, 5, 9)]
    assert matured(several, NOW + 9 * HOUR, 7 * DAY).number == 3
