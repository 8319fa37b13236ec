"""What every store promises about waves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from samehand.showings import Showings
from samehand.waves.membership import covered, successor
from schemas.revisions import by_time
from store.base import ALONE, Companions, Gathering, Place, Remembered, Store, WaveMember
from store.common.key_digests import Addresses
from store.limits import RELAY_SECONDS, WAVE_QUIET_SECONDS
from store.memory.noting import NotedInMemory
from tests.store.conftest import MakeStore
from tests.store.makers import DAY, NOW, a_remembered

BIO = "Lonely nurse, message me on t.me/nicole_private for free pictures and a good time"


def new(number: int, *, at: float = NOW, **traits: Any) -> Remembered:
    """A new account that came with others, and one that did not where it is given other traits."""
    shown = {"bio": BIO, "ip": f"203.0.113.{number % 250}"} | traits
    account = a_remembered(f"w{number}", handle=f"h{number}q", seen_at=at, **shown)
    return replace(account, shown=Showings(int(at), int(at)))


async def came(store: Store, *accounts: Remembered) -> list[Companions]:
    """Remembers accounts one after another, as events come."""
    found = []
    for account in accounts:
        *_, (companions,) = await store.remember_then_look([account], [], now=account.seen_at)
        found.append(companions)
    return found


def gathering(*numbers: int, wave_id: str = "one", began_at: float = NOW, **how: object) -> Gathering:
    members = [a_member(number) for number in numbers]
    accounts = [one.account for one in members]
    given: dict[str, object] = {"resembling": accounts[1:]} | how
    return Gathering(wave_id=wave_id, began_at=began_at, joining=members, **given)  # type: ignore[arg-type]  # as named


def a_member(number: int) -> WaveMember:
    return WaveMember(f"x:w{number}", f"h{number}q", NOW + number, 4.5, ("bio.almost-same",))


async def sizes(store: Store) -> dict[str, int]:
    """The members of each owed wave."""
    owed = await store.owed_waves("me", now=NOW)
    return {wave_id: len(wave.members) if wave else -1 for wave_id, wave in owed}


async def test_the_fifth_account_has_four_companions(store: Store) -> None:
    found = await came(store, *(new(number, at=NOW + number) for number in range(5)))
    assert [len(one.accounts) for one in found] == [0, 0, 0, 0, 4]
    assert {one.account for one in found[-1].accounts} == {f"x:w{number}" for number in range(4)}
    assert found[-1].wave_id is None


async def test_accounts_of_one_batch_and_a_repeat_have_the_same_company(store: Store) -> None:
    accounts = [new(number) for number in range(6)]
    *_, found = await store.remember_then_look(accounts, [], now=NOW)
    assert [len(one.accounts) for one in found] == [0, 0, 0, 0, 4, 5]
    *_, again = await store.remember_then_look(accounts, [], now=NOW)
    assert [len(one.accounts) for one in again] == [5] * 6


async def test_company_is_looked_up_without_noting_anything(store: Store) -> None:
    await came(store, *(new(number) for number in range(5)))
    await store.gather(gathering(0, 1, 2, 3, 4), now=NOW)
    for _ in range(2):
        found, none = await store.company([new(6), new(7, bio="", ip="198.51.100.9")], now=NOW)
        assert {one.account.account for one in found} == {f"x:w{number}" for number in range(5)}
        assert {one.place for one in found} == {Place("one", NOW, 5, a_member(number)) for number in range(5)}
        assert none == []


async def test_account_of_long_ago_that_comes_late_is_no_company(store: Store) -> None:
    await came(store, new(0), *(new(number, at=NOW - DAY + 3_600) for number in range(1, 6)))
    (found,) = await came(store, new(6, at=NOW + 3 * 3_600))
    assert not found.accounts, "those of a day ago stand behind one of today"


@pytest.mark.parametrize(
    "traits",
    [
        {"bio": ""},  # one network by itself
        {"bio": "", "referrer": "https://news.example/launch"},
        {"bio": "Somebody else entirely, who bakes bread in Lahore", "ip": "198.51.100.9"},
    ],
)
async def test_who_shares_too_little_has_no_company(store: Store, traits: dict[str, Any]) -> None:
    await came(store, *(new(number, bio="", ip="203.0.113.7") for number in range(8)))
    (alone,) = await came(store, new(9, **{"ip": "203.0.113.7"} | traits))
    assert not alone.accounts


@pytest.mark.parametrize(("decoys", "found"), [(15, 4), (64, 0)])
async def test_decoys_hide_an_account_that_come_sixty_four_after_each(
    make_store: MakeStore, decoys: int, found: int
) -> None:
    store = await make_store()
    device, companions = "f3b1c9d2-77aa-4e5f-9b1e-2f6c1d0e9a11", ALONE
    plain = BIO.replace("t.me/nicole_private", "me")
    for number in range(5):
        account = new(number, bio=plain, device_id=device, ip=f"198.51.{number}.7")
        (companions,) = await came(store, account)
        others = [
            new(1_000 * (number + 1) + turn, bio=plain, ip=f"203.{turn}.{number}.9") for turn in range(decoys)
        ]
        await store.remember_then_look(others, [], now=NOW)
    assert len(companions.accounts) == found


async def test_full_wave_swallows_no_other(store: Store) -> None:
    await store.gather(gathering(*range(498)), now=NOW)
    await store.gather(gathering(*range(600, 605), wave_id="two", began_at=NOW + 1), now=NOW)
    bridge = [f"x:w{number}" for number in (0, 1, 2, 3, 600, 601, 602, 603)]
    assert await store.gather(gathering(700, resembling=bridge), now=NOW) == "one"
    one, two = await store.waves(["one", "two"])
    assert one is not None
    assert two is not None
    assert (len(one.members), len(two.members), two.withdrawn) == (499, 5, None)


async def test_company_ends_with_the_day(store: Store) -> None:
    await came(store, *(new(number) for number in range(4)))
    (late,) = await came(store, new(5, at=NOW + DAY + 61))
    assert not late.accounts
    (early,) = await came(store, new(6, at=NOW + DAY / 2))
    assert not early.accounts, "the four are as old as the day for the one that came late"


def test_what_nobody_can_meet_any_more_leaves_memory() -> None:
    values = NotedInMemory(Addresses(bytes(32)))
    values.note(new(0))
    values.sweep(NOW + DAY)
    assert values.noted
    values.sweep(NOW + 3 * DAY)
    assert not values.noted


async def test_an_old_account_that_changes_has_no_company(store: Store) -> None:
    await came(store, *(new(number) for number in range(5)))
    (changed,) = await came(store, replace(new(7), shown=Showings(int(NOW - 90 * DAY), int(NOW))))
    assert not changed.accounts


async def test_deleted_accounts_are_no_company(store: Store) -> None:
    await came(store, *(new(number) for number in range(5)))
    await store.forget([("x:w0", NOW + 1), ("x:w7", NOW + 1)], now=NOW + 1)
    one, gone = await came(store, new(6, at=NOW + 2), new(7))
    assert {it.account for it in one.accounts} == {f"x:w{number}" for number in range(1, 5)}
    assert not gone.accounts


async def test_a_wave_takes_five_and_is_owed_at_its_sizes(store: Store) -> None:
    assert await store.gather(gathering(0, 1, 2, 3), now=NOW) is None
    assert await store.gather(gathering(0, 1, 2, 3, 4), now=NOW) == "one"
    assert await sizes(store) == {"one": 5}
    assert await store.wave_ids(["x:w0", "x:w9"]) == ["one", None]
    await store.settle_waves(await store.owed_waves("me", now=NOW))
    assert await store.gather(gathering(5, resembling=["x:w0", "x:w1"]), now=NOW) == "one"
    assert await sizes(store) == {}, "a sixth member waits"
    (late,) = await store.owed_waves("me", now=NOW + WAVE_QUIET_SECONDS)
    assert late.wave is not None
    assert [one.account for one in late.wave.members] == [f"x:w{number}" for number in range(6)]
    assert late.wave.members[5] == a_member(5)
    assert late.wave.revision > by_time(NOW)
    assert await store.gather(gathering(6, 7, 8, 9, resembling=["x:w0"]), now=NOW) == "one"
    assert await sizes(store) == {"one": 10}


async def test_gathering_again_changes_nothing(store: Store) -> None:
    await store.gather(gathering(0, 1, 2, 3, 4), now=NOW)
    (before,) = await store.waves(["one"])
    assert await store.gather(gathering(0, 1, 2, 3, 4, wave_id="two"), now=NOW) == "one"
    assert await store.waves(["one", "two"]) == [before, None]
    (companions,) = await came(store, new(3))
    assert companions.wave_id == "one"


async def test_what_changed_while_it_was_published_stays_owed(store: Store) -> None:
    await store.gather(gathering(0, 1, 2, 3, 4), now=NOW)
    published = await store.owed_waves("me", now=NOW)
    await store.gather(gathering(5, resembling=["x:w0"]), now=NOW)
    await store.settle_waves(published)
    assert await sizes(store) == {"one": 6}


async def test_one_holder_at_a_time_publishes_waves(make_store: MakeStore) -> None:
    store = await make_store()
    await store.gather(gathering(0, 1, 2, 3, 4), now=NOW)
    assert len(await store.owed_waves("me", now=NOW)) == 1
    assert await store.owed_waves("another", now=NOW) == []
    assert RELAY_SECONDS < WAVE_QUIET_SECONDS


@pytest.mark.parametrize("ahead_seconds", [3600.0, -3600.0])
async def test_wave_of_a_clock_that_is_wrong_is_owed_at_once(store: Store, ahead_seconds: float) -> None:
    """A relay with a sound clock would keep the wave of another that is ahead from people for as long."""
    assert await store.gather(gathering(*range(5)), now=NOW + ahead_seconds) == "one"
    assert await sizes(store) == {"one": 5}


async def test_two_waves_merge_into_the_older(store: Store) -> None:
    await store.gather(gathering(0, 1, 2, 3, 4, wave_id="young", began_at=NOW + 9), now=NOW)
    await store.gather(gathering(10, 11, 12, 13, 14, wave_id="old"), now=NOW)
    near = [f"x:w{number}" for number in (0, 1, 2, 3, 10, 11, 12, 13)]
    assert await store.gather(gathering(20, resembling=near), now=NOW) == "old"
    young, old = await store.waves(["young", "old"])
    assert young is not None
    assert old is not None
    assert (young.withdrawn, young.merged_into, young.members) == ("merged", "old", ())
    assert (old.withdrawn, len(old.members)) == (None, 11)
    assert await sizes(store) == {"young": 0, "old": 11}
    assert await store.wave_ids(["x:w0", "x:w20"]) == ["old", "old"]


async def test_a_bridge_to_a_few_merges_nothing(store: Store) -> None:
    await store.gather(gathering(0, 1, 2, 3, 4, wave_id="young", began_at=NOW + 9), now=NOW)
    await store.gather(gathering(10, 11, 12, 13, 14, wave_id="old"), now=NOW)
    near = [f"x:w{number}" for number in (0, 1, 2, 3, 10, 11, 12)]
    assert await store.gather(gathering(20, resembling=near), now=NOW) == "young"
    assert [one.withdrawn for one in await store.waves(["young", "old"]) if one] == [None, None]


async def test_members_leave_and_a_wave_of_four_is_withdrawn(store: Store) -> None:
    await store.gather(gathering(0, 1, 2, 3, 4, 5), now=NOW)
    await store.settle_waves(await store.owed_waves("me", now=NOW))
    await store.leave_waves(["x:w0", "x:w99"], reason="account-deleted", now=NOW)
    assert await sizes(store) == {"one": 5}
    await store.leave_waves(["x:w1"], reason="no-longer-resembles", now=NOW)
    (wave,) = await store.waves(["one"])
    assert wave is not None
    assert (wave.withdrawn, wave.members) == ("no-longer-resembles", ())
    assert await store.wave_ids(["x:w2"]) == [None]
    assert await store.gather(gathering(0, 1, 2, 3, 4), now=NOW) == "one", "it may come again"


ANEW = successor("one")


async def members(store: Store, wave_id: str) -> tuple[str | None, int]:
    """Why a wave was withdrawn, and how many members it has."""
    (wave,) = await store.waves([wave_id])
    assert wave is not None
    return wave.withdrawn, len(wave.members)


async def comes(store: Store, number: int, *resembling: int) -> str | None:
    """An account comes that resembles members of a wave."""
    near = [f"x:w{other}" for other in resembling or range(4)]
    return await store.gather(gathering(number, resembling=near), now=NOW)


async def dismissed(store: Store, many: int = 5, covers: int = 6) -> None:
    """A wave that was published and dismissed."""
    await store.gather(gathering(*range(many)), now=NOW)
    await store.decide_wave("one", covers=covers, now=NOW)
    await store.settle_waves(await store.owed_waves("me", now=NOW))


async def test_dismissal_covers_the_members_and_as_many_as_it_says_and_beyond_all_are_a_new_wave(
    store: Store,
) -> None:
    await dismissed(store)
    for _ in range(2):  # a redelivery changes nothing
        assert await store.gather(gathering(0, 1, 2, 3, 4), now=NOW) == "one"
        assert await comes(store, 5) == "one"
    assert await members(store, "one") == ("verdict", 6)
    assert await store.owed_waves("me", now=NOW + WAVE_QUIET_SECONDS) == [], "nobody hears of it"
    assert await store.wave_ids(["x:w0", "x:w5"]) == [None, None]
    assert await comes(store, 6) == ANEW
    assert await sizes(store) == {"one": 0, ANEW: 7}
    (former,) = await store.waves(["one"])
    assert former is not None
    assert (former.withdrawn, former.merged_into) == ("merged", ANEW)
    assert await store.wave_ids(["x:w0", "x:w6"]) == [ANEW, ANEW]
    assert await comes(store, 7) == ANEW
    assert await members(store, ANEW) == (None, 8)


async def test_wave_that_outgrew_a_dismissal_before_it_came_is_a_new_wave_at_once(store: Store) -> None:
    await store.gather(gathering(*range(12)), now=NOW)
    await store.decide_wave("one", covers=6, now=NOW)
    assert await sizes(store) == {"one": 0, ANEW: 12}


async def test_repeated_dismissal_covers_no_more_than_the_first(store: Store) -> None:
    await dismissed(store)
    await comes(store, 5)
    await store.decide_wave("one", covers=7, now=NOW)
    assert await comes(store, 6) == ANEW


async def test_dismissal_that_is_taken_back_opens_the_wave_with_all_that_came(store: Store) -> None:
    await dismissed(store)
    await comes(store, 5)
    await store.decide_wave("one", covers=None, now=NOW)
    assert await sizes(store) == {"one": 6}
    assert await store.wave_ids(["x:w0", "x:w5"]) == ["one", "one"]
    assert await comes(store, 6) == "one"
    await store.decide_wave("one", covers=8, now=NOW)
    assert await comes(store, 7) == "one"
    assert await members(store, "one") == ("verdict", 8)


async def test_dismissal_taken_back_or_repeated_after_the_new_wave_changes_nothing(store: Store) -> None:
    await dismissed(store)
    await comes(store, 5)
    await comes(store, 6)
    before = await store.waves(["one", ANEW])
    for covers in (None, 6):
        await store.decide_wave("one", covers=covers, now=NOW + 1)
    assert await store.waves(["one", ANEW]) == before


async def test_new_wave_is_dismissed_as_any_other(store: Store) -> None:
    await dismissed(store)
    await comes(store, 5)
    await comes(store, 6)
    await store.decide_wave(ANEW, covers=8, now=NOW)
    assert await comes(store, 7) == ANEW
    assert await members(store, ANEW) == ("verdict", 8)
    assert await comes(store, 8) == successor(ANEW)


async def test_account_that_leaves_a_dismissed_wave_makes_room(store: Store) -> None:
    await dismissed(store)
    await comes(store, 5)
    await store.leave_waves(["x:w5"], reason="account-deleted", now=NOW)
    assert await comes(store, 6) == "one"
    assert await members(store, "one") == ("verdict", 6)


async def test_newcomer_near_an_open_wave_joins_it_though_it_is_near_a_dismissed_one(store: Store) -> None:
    await dismissed(store)
    await store.gather(gathering(*range(10, 15), wave_id="two"), now=NOW)
    assert await comes(store, 20, 0, 1, 2, 3, 10, 11, 12, 13) == "two"
    assert await comes(store, 21, 0, 1, 2, 3, 10) == "one", "one of the open wave is too few"


async def test_newcomer_near_too_few_of_a_dismissed_wave_founds_another(store: Store) -> None:
    await dismissed(store)
    five = gathering(20, 21, 22, 23, 24, wave_id="two", resembling=["x:w0", "x:w1", "x:w2", "x:w21"])
    assert await store.gather(five, now=NOW) == "two"


async def test_lost_dismissal_is_recalled_with_what_it_covers(make_store: MakeStore) -> None:
    store = await make_store()
    await dismissed(store)
    (wave,) = await store.waves(["one"])
    assert wave is not None
    await store.recall_waves([replace(wave, revision=wave.revision + 7)], now=NOW)
    assert await comes(store, 5) == "one"
    assert await comes(store, 6) == ANEW


@pytest.mark.parametrize("seed", range(12))
async def test_a_crowd_is_in_one_wave_that_is_open_or_covered_in_every_order(store: Store, seed: int) -> None:
    """Arrivals, redeliveries, departures, verdicts and their undoing, in any order."""
    rng, there, covers, verdict_on = Random(seed), list(range(5)), 0, "one"
    await store.gather(gathering(*there), now=NOW)
    coming = iter(range(5, 100))
    for _ in range(40):
        before = {wave_id async for wave_id in placed(store, there)}
        assert len(before) == 1, "all are in one wave"
        (current,) = before
        act = rng.choice(("comes", "comes", "comes", "again", "leaves", "dismissed", "undone"))
        if act in ("comes", "again"):
            number = next(coming) if act == "comes" else rng.choice(there)
            near = rng.sample([one for one in there if one != number], 4)
            there = sorted({*there, number})
            await comes(store, number, *near)
        elif act == "leaves" and len(there) > 6:
            there.remove(gone := rng.choice(there))
            await store.leave_waves([f"x:w{gone}"], reason="account-deleted", now=NOW)
        elif act == "dismissed":
            if (await members(store, current))[0] is None:
                covers, verdict_on = covered(len(there)), current
            await store.decide_wave(current, covers=covered(len(there)), now=NOW)
        elif act == "undone":
            await store.decide_wave(verdict_on, covers=None, now=NOW)
        (current,) = {wave_id async for wave_id in placed(store, there)}
        status, many = await members(store, current)
        assert many == len(there)
        assert status is None or (status == "verdict" and many <= covers)


async def placed(store: Store, accounts: Sequence[int]) -> AsyncIterator[str]:
    """The wave, open or dismissed, of each account."""
    chain = ["one"]
    while len(chain) < 40:
        chain.append(successor(chain[-1]))
    waves = [wave for wave in await store.waves(chain) if wave is not None]
    for number in accounts:
        (own,) = [wave.wave_id for wave in waves if f"x:w{number}" in {it.account for it in wave.members}]
        yield own


async def test_banned_member_is_marked_once_and_the_wave_owed_at_once(store: Store) -> None:
    await store.gather(gathering(0, 1, 2, 3, 4), now=NOW)
    await store.settle_waves(await store.owed_waves("me", now=NOW))
    for banned in (True, False):
        await store.mark_banned(["x:w2", "x:elsewhere"], banned=banned, now=NOW)
        ((_, wave),) = owed = await store.owed_waves("me", now=NOW)
        assert wave is not None
        assert [one.account for one in wave.members if one.banned] == ["x:w2"] * banned
        assert wave.members[0] == a_member(0)
        await store.settle_waves(owed)
        await store.mark_banned(["x:w2"], banned=banned, now=NOW)
        assert await store.owed_waves("me", now=NOW) == [], "a repeat changes nothing"


async def test_member_of_a_silenced_wave_that_joins_another_is_in_that_one_alone(store: Store) -> None:
    await store.gather(gathering(0, 1, 2, 3, 4), now=NOW)
    await store.decide_wave("one", covers=6, now=NOW)
    assert await store.gather(gathering(0, 5, 6, 7, 8, wave_id="two"), now=NOW) == "two"
    await store.leave_waves(["x:w0"], reason="account-deleted", now=NOW)
    await store.decide_wave("one", covers=None, now=NOW)
    one, two = await store.waves(["one", "two"])
    assert one is not None
    assert two is not None
    assert "x:w0" not in {it.account for it in (*one.members, *two.members)}
    assert one.withdrawn == "verdict", "four are left, which are no wave"


async def test_reinstated_account_joins_no_wave_again_that_day(store: Store) -> None:
    await store.gather(gathering(0, 1, 2, 3, 4, 5), now=NOW)
    await store.leave_waves(["x:w0", "x:w9"], reason="reinstated", now=NOW)
    assert await store.gather(gathering(6, 0, 9, 1), now=NOW) == "one"
    assert await store.wave_ids(["x:w0", "x:w9", "x:w6"]) == [None, None, "one"]
    assert await store.gather(gathering(9, 10, 11, 12, 13, wave_id="two"), now=NOW) is None, "four are left"


async def test_open_wave_is_not_founded_again_by_its_first_account(store: Store) -> None:
    await store.gather(gathering(0, 1, 2, 3, 4, 5), now=NOW)
    await store.leave_waves(["x:w0"], reason="no-longer-resembles", now=NOW)
    assert await store.gather(gathering(0, 10, 11, 12, 13), now=NOW) is None
    (wave,) = await store.waves(["one"])
    assert wave is not None
    assert {one.account for one in wave.members} == {f"x:w{number}" for number in range(1, 6)}


async def test_member_that_leaves_and_comes_again_has_the_wave_published_once_a_while(store: Store) -> None:
    await store.gather(gathering(*range(10)), now=NOW)
    await store.settle_waves(await store.owed_waves("me", now=NOW))
    for turn in range(3):
        await store.leave_waves(["x:w9"], reason="no-longer-resembles", now=NOW + turn)
        assert await store.gather(gathering(9, 0, 1, 2, 3), now=NOW + turn) == "one"
        assert await store.owed_waves("me", now=NOW + turn) == []
    assert len(await store.owed_waves("me", now=NOW + 2 + WAVE_QUIET_SECONDS)) == 1


async def test_beyond_the_cap_the_wave_that_changed_longest_ago_is_forgotten(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.rules.waves.WAVES_KEPT_MAX", 2)
    for number in range(3):
        five = gathering(*range(10 * number, 10 * number + 5), wave_id=f"{number}")
        await store.gather(five, now=NOW + number)
    owed = {one.wave_id: one.wave for one in await store.owed_waves("me", now=NOW + 3)}
    assert (owed["0"], await store.wave_ids(["x:w0"])) == (None, [None])
    assert owed["1"] is not None
    assert owed["2"] is not None


@pytest.mark.parametrize("at", [NOW - 40 * 365 * DAY, NOW - 20 * 365 * DAY])
async def test_accounts_of_before_2020_have_no_company(store: Store, at: float) -> None:
    found = await came(store, *(new(number, at=at + 90 * DAY * number) for number in range(6)))
    assert not any(one.accounts for one in found)


async def test_nothing_is_noted_where_nobody_asks_for_company(store: Store) -> None:
    for number in range(6):
        *_, (alone,) = await store.remember_then_look([new(number)], [], now=NOW, notes=False)
        assert alone == ALONE
    (first,) = await came(store, new(7))
    assert not first.accounts


async def test_a_wave_is_forgotten_after_the_retention_time(store: Store) -> None:
    await store.gather(gathering(0, 1, 2, 3, 4), now=NOW)
    await store.settle_waves(await store.owed_waves("me", now=NOW))
    (forgotten,) = await store.owed_waves("me", now=NOW + 30 * DAY)
    assert (forgotten.wave_id, forgotten.wave, forgotten.revision) == ("one", None, 0)
    await store.settle_waves([forgotten])
    assert await store.owed_waves("me", now=NOW + 30 * DAY) == []
    assert await store.waves(["one"]) == [None]


async def test_lost_waves_are_recalled(make_store: MakeStore) -> None:
    store = await make_store()
    await store.gather(gathering(0, 1, 2, 3, 4), now=NOW)
    (wave,) = await store.waves(["one"])
    assert wave is not None
    assert await store.recall_waves([wave], now=NOW) == 0
    later = replace(wave, revision=wave.revision + 7, members=wave.members[:2], withdrawn="verdict")
    assert await store.recall_waves([later], now=NOW) == 1
    assert await store.waves(["one"]) == [later]
    assert await store.owed_waves("me", now=NOW) == []
    other = replace(wave, wave_id="two")
    assert await store.recall_waves([other, other], now=NOW) == 1
    assert await store.wave_ids(["x:w0", "x:w4"]) == ["two", "two"]


async def test_recalled_wave_takes_over_the_younger_one_of_its_members(store: Store) -> None:
    """After a failover the accounts of a lost wave may have founded another before it is recalled."""
    await store.gather(gathering(*range(6)), now=NOW)
    (lost,) = await store.waves(["one"])
    assert lost is not None
    await store.leave_waves([one.account for one in lost.members], reason="account-deleted", now=NOW)
    await store.gather(gathering(*range(3, 10), wave_id="two", began_at=NOW + 3), now=NOW + 60)
    recalled = replace(lost, revision=by_time(NOW + 50))
    assert await store.recall_waves([recalled], now=NOW + 61) == 1
    one, two = await store.waves(["one", "two"])
    assert one is not None
    assert two is not None
    assert (two.withdrawn, two.merged_into, two.members) == ("merged", "one", ())
    assert (one.withdrawn, [it.account for it in one.members]) == (None, [f"x:w{n}" for n in range(10)])
    assert one.revision > recalled.revision
    assert await store.wave_ids(["x:w0", "x:w9"]) == ["one", "one"]
    assert dict(await store.owed_waves("me", now=NOW + 61)).keys() == {"one", "two"}


async def test_recalled_wave_goes_into_the_older_one_of_its_members(store: Store) -> None:
    await store.gather(gathering(*range(5), wave_id="old"), now=NOW)
    (old,) = await store.waves(["old"])
    assert old is not None
    members = tuple(a_member(number) for number in range(4, 11))
    young = replace(old, wave_id="young", began_at=NOW + 4, members=members, revision=by_time(NOW + 1))
    assert await store.recall_waves([young], now=NOW + 60) == 1
    kept, gone = await store.waves(["old", "young"])
    assert kept is not None
    assert gone is not None
    assert (gone.withdrawn, gone.merged_into, gone.members) == ("merged", "old", ())
    assert len(kept.members) == 11


@pytest.mark.parametrize("full_is_recalled", [True, False])
async def test_recalled_waves_merge_up_to_the_cap(store: Store, full_is_recalled: bool) -> None:
    waves = {"full": gathering(*range(500), wave_id="full")}
    waves["young"] = gathering(*range(490, 510), wave_id="young", began_at=NOW + 490)
    known, recalled = ("young", "full") if full_is_recalled else ("full", "young")
    await store.gather(waves[known], now=NOW)
    (wave,) = await store.waves([known])
    assert wave is not None
    members, began_at = tuple(waves[recalled].joining), waves[recalled].began_at
    lost = replace(wave, wave_id=recalled, members=members, began_at=began_at)
    assert await store.recall_waves([lost], now=NOW + 60) == 1
    full, young = await store.waves(["full", "young"])
    assert full is not None
    assert young is not None
    assert ([one.account for one in full.members], young.withdrawn) == (
        [f"x:w{n}" for n in range(500)],
        "merged",
    )
    assert young.members == ()
    assert await store.wave_ids(["x:w0", "x:w495", "x:w505"]) == ["full", "full", None]
