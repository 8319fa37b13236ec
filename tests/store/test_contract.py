"""What every store promises of fingerprints and counts, told as stories."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from samehand.frequency.rates import LATELY, SIGN_UPS_A_DAY_UNKNOWN
from samehand.keys import PERSONAL_POSTING_CAP, SHORT_POSTING_CAP, Key, KeyKind, key_of, kind_of, value_of
from samehand.scoring.key_table import STEPS_A_NAT, KeyTable, RivalSums
from samehand.showings import Showings, Span
from store.base import Ban, Enrolled, Query, Remembered, Store
from store.common.count_lag import NOTHING, Version, kept_beside, matured
from store.common.counted_values import counted as counted_of
from store.common.records import keys_of_fingerprints
from store.limits import HALF_LIFE_SECONDS, LISTED_LATER, REMEMBERED_AT_ONCE, WAITING_MAX
from store.memory.store import MemoryStore
from store.pepper.pepper import Pepper, Peppers
from store.redis import RedisStore
from tests.store.conftest import MakeStore
from tests.store.makers import DAY, NOW, PEPPERS, a_ban, a_query, a_remembered, again

# What every store promises, told as stories.


UNLIMITED = 1 << 40
DEVICE = "f3b1c9d2-77aa-4e5f-9b1e-2f6c1d0e9a11"
NETWORK, OTHER_NETWORK = "39.40.1.2", "103.12.9.1"
DECOYS = PERSONAL_POSTING_CAP + LISTED_LATER + 30
"""More than a posting lists."""
ON_DEVICE = a_query("1", handle=None, device_id=DEVICE)


@cache
def decoy(number: int) -> tuple[Remembered, Ban]:
    """An account of one network that shares a device with others, before and after its ban."""
    return sharing(f"d{number}", NETWORK)


def sharing(name: str, ip: str) -> tuple[Remembered, Ban]:
    """Somebody on the device of others, before and after their ban."""
    return (
        a_remembered(name, handle=name, device_id=DEVICE, ip=ip),
        a_ban(name, handle=name, device_id=DEVICE, ip=ip),
    )


async def both(store: Store, several: list[tuple[Remembered, Ban]]) -> None:
    """Some are remembered, and banned as well."""
    await store.remember([one for one, _ in several], now=NOW)
    await store.enrol([ban for _, ban in several], now=NOW)


async def found(store: Store, query: Query, *, now: float = NOW, keep: int = 64) -> list[str]:
    """The account ids of the bans that a query finds, best first."""
    (candidates,) = await store.bans_like([query], now=now, keep=keep)
    facts = await store.facts([one.ref for one in candidates])
    return [fact.account_id for fact in facts if fact]


async def recalled(store: Store, query: Query, *, now: float = NOW) -> list[str]:
    """The account ids of remembered accounts that a query finds, best first."""
    (candidates,) = await store.remembered_like([query], now=now)
    facts = await store.remembered_facts([one.ref for one in candidates])
    return [fact.account_id for fact in facts if fact]


class TestBans:
    async def test_a_ban_is_found_by_what_it_shares_and_quoted_as_enrolled(self, store: Store) -> None:
        ban = a_ban("1", handle="umar_media", email="umar@example.org", policy="violent-extremism")
        assert await store.enrol([ban], now=NOW) == [Enrolled.NEW]
        (candidates,) = await store.bans_like([a_query(handle="um4r.media.official")], now=NOW)
        assert [one.fingerprint for one in candidates] == list(ban.fingerprints)
        assert await store.facts([candidates[0].ref]) == [ban.facts]
        assert await store.bans([ban.account, "x:nobody"]) == [ban, None]

    async def test_what_shares_nothing_is_not_found(self, store: Store) -> None:
        await store.enrol([a_ban("1", handle="umar_media")], now=NOW)
        assert await found(store, a_query(handle="salma_khan")) == []

    async def test_an_account_never_finds_itself(self, store: Store) -> None:
        await store.enrol([a_ban("1"), a_ban("2")], now=NOW)
        assert await found(store, a_query("1")) == ["2"]

    async def test_the_same_id_on_two_platforms_is_two_accounts(self, store: Store) -> None:
        await store.enrol([a_ban("1", platform="x"), a_ban("1", platform="telegram")], now=NOW)
        (candidates,) = await store.bans_like([a_query("1")], now=NOW)
        facts = await store.facts([one.ref for one in candidates])
        assert [fact.platform for fact in facts if fact] == ["telegram"]

    async def test_enrolling_twice_changes_nothing(self, store: Store) -> None:
        ban = a_ban("1")
        assert await store.enrol([ban, ban], now=NOW) == [Enrolled.NEW, Enrolled.UNCHANGED]
        assert await found(store, a_query()) == ["1"]
        assert (await store.figures()).fingerprints == 1

    async def test_a_later_ban_replaces_the_former_without_a_rest(self, store: Store) -> None:
        await store.enrol([a_ban("1", handle="umar_media")], now=NOW)
        later = a_ban("1", handle="salma_khan", occurred_at=NOW)
        assert await store.enrol([later], now=NOW) == [Enrolled.CHANGED]
        assert await found(store, a_query(handle="umar_media")) == []
        assert await found(store, a_query(handle="salma_khan")) == ["1"]

    async def test_an_earlier_ban_that_comes_late_changes_nothing(self, store: Store) -> None:
        await store.enrol([a_ban("1", occurred_at=NOW)], now=NOW)
        late = a_ban("1", handle="salma_khan", occurred_at=NOW - DAY)
        assert await store.enrol([late], now=NOW) == [Enrolled.SUPERSEDED]
        assert await found(store, a_query(handle="umar_media")) == ["1"]

    async def test_candidates_come_by_rarity_and_are_cut(self, store: Store) -> None:
        many = [a_ban(str(n), handle=f"media_number_{n}", display_name=f"N{n}") for n in range(30)]
        await store.enrol([*many, a_ban("best", handle="umar_media_number_77")], now=NOW)
        query = a_query(handle="umar_media_number_77", display_name="Umar")
        assert (await found(store, query))[0] == "best"
        assert len(await found(store, query, keep=5)) == 5
        assert (await found(store, query, keep=5)) == (await found(store, query))[:5]

    async def test_the_order_of_equals_does_not_depend_on_the_order_of_enrolment(
        self, make_store: MakeStore
    ) -> None:
        one, other = await make_store(), await make_store()
        bans = [a_ban(str(n)) for n in range(9)]  # fewer than any posting's cap
        await one.enrol(bans, now=NOW)
        first = await found(one, a_query(), keep=10)
        await one.expunge([(ban.account, NOW) for ban in bans], now=NOW)
        await other.enrol([again(ban, occurred_at=NOW + 1) for ban in reversed(bans)], now=NOW)
        assert await found(other, a_query(), keep=10) == first

    async def test_of_many_bans_on_a_device_the_best_are_read(self, store: Store) -> None:
        crowd = [a_ban(str(n), handle=None, device_id=DEVICE) for n in range(PERSONAL_POSTING_CAP * 3)]
        await store.enrol(crowd, now=NOW)
        query = a_query(handle=None, device_id=DEVICE)
        everybody = await found(store, query, keep=1_000)
        assert len(everybody) == len(crowd)
        assert await found(store, query) == everybody[:64]
        await store.expunge([(ban.account, NOW) for ban in crowd], now=NOW)
        assert await found(store, query, keep=1_000) == []

    async def test_a_name_that_too_many_bear_proposes_nobody_until_fewer_do(self, store: Store) -> None:
        query = Query("x:q", tuple(key for key in a_query().keys if kind_of(key) is KeyKind.NAMING_RUN))
        bans = [a_ban(str(n)) for n in range(SHORT_POSTING_CAP + 20)]
        await store.enrol(bans[:SHORT_POSTING_CAP], now=NOW)
        assert len(await found(store, query)) == SHORT_POSTING_CAP
        await store.enrol(bans[SHORT_POSTING_CAP:], now=NOW)
        assert await found(store, query) == []
        left = {str(n) for n in range(20, len(bans))}
        await store.expunge([(ban.account, NOW) for ban in bans[:20]], now=NOW)
        assert set(await found(store, query)) == left

    async def test_a_name_that_is_silent_adds_nothing_to_what_others_find(self, store: Store) -> None:
        runs = tuple(key for key in a_query().keys if kind_of(key) is KeyKind.NAMING_RUN)
        device = tuple(key for key in a_query(device_id=DEVICE).keys if kind_of(key) is KeyKind.DEVICE)
        await store.enrol([a_ban(str(n), device_id=DEVICE) for n in range(2)], now=NOW)
        await store.enrol([a_ban(str(n)) for n in range(2, 99)], now=NOW)
        asked = [Query("x:q", device), Query("x:r", runs + device)]
        alone, both = await store.bans_like(asked, now=NOW)
        assert len(alone) == 2
        assert [found.rank for found in alone] == [found.rank for found in both]

    async def test_a_batch_may_be_empty_and_a_query_without_keys(self, store: Store) -> None:
        assert await store.bans_like([], now=NOW) == []
        assert await store.enrol([], now=NOW) == []
        assert await store.facts([]) == []
        assert await store.bans([]) == []
        assert await store.bans_like([Query("x:1", ())], now=NOW) == [[]]
        assert await store.remembered_like(
            [Query("x:1", (key_of(KeyKind.EMAIL, b"0123456789"),))], now=NOW
        ) == [[]]

    async def test_while_peppers_rotate_both_find(self, store: Store) -> None:
        old, new = PEPPERS.peppers[0], Pepper(2, b"another pepper of the tests, 32 b")
        both = Peppers(PEPPERS.identity, (new, old))
        ban = a_ban("1", handle=None, email="umar@example.org", peppers=both)
        await store.enrol([ban], now=NOW)
        for pepper in (old, new):
            query = a_ban("2", handle=None, email="umar@example.org", peppers=Peppers(b"", (pepper,)))
            keys = tuple(key_of(KeyKind.EMAIL, key) for key in _emails(query.fingerprints[0]))
            (candidates,) = await store.bans_like([Query("x:2", keys)], now=NOW)
            assert [one.fingerprints for one in candidates] == [ban.fingerprints]


def _emails(fingerprint: object) -> list[bytes]:
    from samehand.fingerprint.distil import Fingerprint, enrolment_keys

    assert isinstance(fingerprint, Fingerprint)
    return [value_of(key) for key in enrolment_keys(fingerprint) if kind_of(key) is KeyKind.EMAIL]


def a_table(keys: Mapping[Key, tuple[int, float]], least: float, **others: Any) -> KeyTable:
    """A table of keys by their fact, and what sharing them adds (nats)."""
    facts, nats = zip(*keys.values(), strict=True)
    plain: dict[str, Any] = {
        "floors": (0, 0),
        "groups": (),
        "beyond": (),
        "moments": ((-math.inf, 0),),
        "at": NOW,
        "rivals": (RivalSums(0, (UNLIMITED, UNLIMITED), timed=True),),
    }
    return KeyTable(
        keys=tuple(keys),
        listed=(),
        facts=(facts,),
        steps=(tuple(int(each * STEPS_A_NAT) for each in nats),),
        least=int(least * STEPS_A_NAT),
        **(plain | others),
    )


def keys_of_handle(*handles: str) -> list[Key]:
    """The keys of whole handles."""
    return [key_of(KeyKind.HANDLE_FULL, handle.encode()) for handle in handles]


class TestReach:
    """With a table only those are read who can reach what it asks for."""

    async def test_who_cannot_reach_it_is_not_read(self, store: Store) -> None:
        await store.enrol([a_ban("1", handle="umar"), a_ban("2", handle="salma")], now=NOW)
        umar, salma = keys_of_handle("umar", "salma")
        table = a_table({umar: (0, 5.0), salma: (0, 4.0)}, 4.5)
        assert await found(store, Query.by("x:q", table)) == ["1"]

    async def test_of_several_keys_of_one_fact_the_best_counts_and_facts_add_up(self, store: Store) -> None:
        await store.enrol([a_ban("1", handle="umar"), a_ban("2", handle="umar", device_id=DEVICE)], now=NOW)
        (umar,) = keys_of_handle("umar")
        word = key_of(KeyKind.HANDLE_WORD, b"umar")
        (device,) = (key for key in a_query(device_id=DEVICE).keys if kind_of(key) is KeyKind.DEVICE)
        table = a_table({umar: (0, 3.0), word: (0, 2.0), device: (1, 2.0)}, 5.0)
        (candidates,) = await store.bans_like([Query.by("x:q", table)], now=NOW)
        assert [one.rank for one in candidates] == [5.0]
        assert [dict(one.bearers) for one in candidates] == [{device: 1}]

    async def test_who_stays_below_against_one_rival_is_not_read(self, store: Store) -> None:
        """However much the sum: a rival that explains the names leaves the device alone."""
        await store.enrol([a_ban("1", handle="umar"), a_ban("2", handle="umar", device_id=DEVICE)], now=NOW)
        (umar,) = keys_of_handle("umar")
        (device,) = (key for key in a_query(device_id=DEVICE).keys if kind_of(key) is KeyKind.DEVICE)
        by_age = ((-math.inf, STEPS_A_NAT), (3_600.0, -STEPS_A_NAT))
        stranger = RivalSums(0, (UNLIMITED, UNLIMITED), timed=False)
        for limit, offset, timed, read in (
            (UNLIMITED, 0, False, ["1", "2"]),
            (STEPS_A_NAT, 0, False, ["2"]),
            (STEPS_A_NAT, 4 * STEPS_A_NAT, False, ["1", "2"]),
            (STEPS_A_NAT, 4 * STEPS_A_NAT, True, ["2"]),
        ):
            namesake = RivalSums(offset, (limit, UNLIMITED), timed)
            table = a_table(
                {umar: (0, 9.0), device: (1, 4.0)},
                5.0,
                rivals=(stranger, namesake),
                moments=by_age,
                at=NOW + 30 * DAY,
            )
            assert sorted(await found(store, Query.by("x:q", table))) == read, (limit, offset, timed)

    async def test_they_are_ranked_by_it_and_a_cliche_takes_no_place(self, store: Store) -> None:
        bans = [a_ban(str(n), handle="umar") for n in range(9)]
        await store.enrol([*bans, a_ban("best", handle="salma")], now=NOW)
        umar, salma = keys_of_handle("umar", "salma")
        table = a_table({umar: (0, 2.0), salma: (0, 8.0)}, 1.0)
        assert (await found(store, Query.by("x:q", table), keep=2))[0] == "best"

    async def test_the_moment_of_a_ban_is_known(self, store: Store) -> None:
        ages = {"now": 10.0, "day": DAY, "month": 30 * DAY}
        await store.enrol([dated(a_ban(name), NOW - age) for name, age in ages.items()], now=NOW)
        (umar,) = keys_of_handle("umarmedia")
        moments = ((-math.inf, 4 * STEPS_A_NAT), (3_600.0, 2 * STEPS_A_NAT), (2 * DAY, -STEPS_A_NAT))
        for least, names in ((5.0, {"now"}), (3.0, {"now", "day"}), (-0.5, set(ages))):
            table = a_table({umar: (0, 0.5)}, least - 0.5, moments=moments)
            assert set(await found(store, Query.by("x:q", table))) == names, least

    async def test_the_moments_of_many_are_known_whoever_was_enrolled_since(
        self, store: Store, make_store: MakeStore
    ) -> None:
        (umar,) = keys_of_handle("umarmedia")
        order = sorted(range(600), key=lambda n: n * 7_919 % 601)
        for first, some in ((0, 1), (1, 40), (41, 9), (50, 400), (450, 20), (470, 130)):
            enrolled = order[first : first + some]
            await store.enrol([dated(a_ban(f"{n}"), NOW - 1_000 * n) for n in enrolled], now=NOW)
            table = a_table({umar: (0, 0.5)}, 1.2, moments=((-math.inf, STEPS_A_NAT), (60_500.0, 0)))
            looking = [store] if isinstance(store, MemoryStore) else [store, await make_store()]
            for one in looking:
                names = {int(name) for name in await found(one, Query.by("x:q", table), keep=2_000)}
                assert names == {n for n in order[: first + some] if n <= 60}, (first, one)

    async def test_a_ban_without_a_moment_is_not_taken_for_an_old_one(self, store: Store) -> None:
        await store.enrol([dated(a_ban("1"), None)], now=NOW)
        (umar,) = keys_of_handle("umarmedia")
        table = a_table({umar: (0, 5.0)}, 5.0, moments=((-math.inf, STEPS_A_NAT), (0.0, -STEPS_A_NAT)))
        assert await found(store, Query.by("x:q", table)) == ["1"]

    async def test_who_was_banned_again_is_as_young_as_the_later_ban(self, store: Store) -> None:
        await store.enrol([dated(a_ban("1", occurred_at=NOW - DAY), NOW - 30 * DAY)], now=NOW)
        await store.enrol([dated(a_ban("1", occurred_at=NOW - 10), NOW - 10)], now=NOW)
        (umar,) = keys_of_handle("umarmedia")
        table = a_table({umar: (0, 5.0)}, 5.5, moments=((-math.inf, STEPS_A_NAT), (3_600.0, 0)))
        assert await found(store, Query.by("x:q", table)) == ["1"]

    async def test_remembered_accounts_are_asked_for_so_as_well(self, store: Store) -> None:
        await store.remember([a_remembered("1", handle="umar"), a_remembered("2", handle="salma")], now=NOW)
        umar, salma = keys_of_handle("umar", "salma")
        table = a_table({umar: (0, 5.0), salma: (0, 4.0)}, 4.5, at=None)
        assert await recalled(store, Query.by("x:q", table)) == ["1"]

    async def test_an_account_is_listed_under_the_keys_that_were_made_with_its_look_up(
        self, store: Store
    ) -> None:
        account = a_remembered("1")
        keys = keys_of_fingerprints(account.fingerprints)
        await store.remember([replace(account, keys=tuple(reversed(keys)))], now=NOW)
        assert await recalled(store, a_query("9")) == ["1"]
        assert await store.forget([(account.account, NOW + 1)], now=NOW) == [True]
        assert await recalled(store, a_query("9")) == []


def dated(ban: Ban, at: float | None) -> Ban:
    """The same ban, of another moment or of none."""
    return replace(ban, fingerprints=tuple(replace(one, at=at) for one in ban.fingerprints))


class TestExpiry:
    async def test_an_expired_ban_is_not_found_and_is_swept(self, store: Store) -> None:
        await store.enrol([a_ban("1", expires_at=NOW + DAY), a_ban("2")], now=NOW)
        assert sorted(await found(store, a_query())) == ["1", "2"]
        assert await found(store, a_query(), now=NOW + DAY) == ["2"]
        assert await store.bans(["x:1"], now=NOW + DAY) == [None]
        assert await store.sweep(now=NOW + DAY - 1) == 0
        assert await store.sweep(now=NOW + DAY) == 1
        assert await store.bans(["x:1"]) == [None]

    async def test_a_ban_is_swept_when_it_ends_by_its_last_record(self, store: Store) -> None:
        ends = {"earlier": NOW + DAY, "later": NOW + 3 * DAY, "same hour": NOW + 2 * DAY}
        await store.enrol([a_ban(name, expires_at=NOW + 2 * DAY) for name in ends], now=NOW)
        await store.enrol([a_ban(name, expires_at=end) for name, end in ends.items()], now=NOW)
        left = []
        for day in (1, 2, 3):
            assert await store.sweep(now=NOW + day * DAY) == 1
            left.append(sorted(await found(store, a_query())))
        assert left == [["later", "same hour"], ["later"], []]

    async def test_bans_of_one_hour_are_swept_one_bounded_sweep_after_the_other(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module in ("store.memory.store", "store.redis.bans"):
            monkeypatch.setattr(f"{module}.SWEEP_AT_ONCE", 2)
        await store.enrol([a_ban(f"{n}", expires_at=NOW + 60 * n) for n in range(1, 10)], now=NOW)
        await store.expunge([("x:4", NOW)], now=NOW)
        swept: list[int] = []
        while swept[-1:] != [0]:
            swept.append(await store.sweep(now=NOW + DAY))
        assert sum(swept) == 8
        assert len(swept) > 2
        assert (await store.figures()).fingerprints == 0

    async def test_a_ban_that_comes_after_its_end_is_not_enrolled(self, store: Store) -> None:
        assert await store.enrol([a_ban("1", expires_at=NOW)], now=NOW) == [Enrolled.EXPIRED]
        assert await found(store, a_query()) == []

    async def test_an_end_that_is_lifted_stays_lifted(self, store: Store) -> None:
        await store.enrol([a_ban("1", expires_at=NOW + 1)], now=NOW)
        await store.enrol([a_ban("1", occurred_at=NOW)], now=NOW)
        assert await store.sweep(now=NOW + DAY) == 0
        assert await found(store, a_query(), now=NOW + DAY) == ["1"]


class TestReinstatement:
    async def test_whoever_is_reinstated_is_forgotten(self, store: Store) -> None:
        await store.enrol([a_ban("1")], now=NOW)
        (candidates,) = await store.bans_like([a_query()], now=NOW)
        assert await store.expunge([("x:1", NOW), ("x:2", NOW)], now=NOW) == [True, False]
        assert await found(store, a_query()) == []
        assert await store.facts([candidates[0].ref]) == [None]

    async def test_a_slot_used_again_is_not_quoted_for_the_account_that_had_it(self, store: Store) -> None:
        await store.enrol([a_ban("1")], now=NOW)
        (candidates,) = await store.bans_like([a_query()], now=NOW)
        await store.expunge([("x:1", NOW)], now=NOW)
        await store.enrol([a_ban(str(n)) for n in range(2, 12)], now=NOW)
        assert await store.facts([candidates[0].ref]) == [None]

    @pytest.mark.parametrize("reinstated_first", [True, False])
    async def test_the_later_of_ban_and_reinstatement_wins_in_any_order(
        self, store: Store, reinstated_first: bool
    ) -> None:
        if reinstated_first:
            await store.expunge([("x:1", NOW)], now=NOW)
        earlier = await store.enrol([a_ban("1", occurred_at=NOW - 1)], now=NOW)
        if not reinstated_first:
            await store.expunge([("x:1", NOW)], now=NOW)
        assert earlier == [Enrolled.SUPERSEDED if reinstated_first else Enrolled.NEW]
        assert await found(store, a_query()) == []
        assert await store.enrol([a_ban("1", occurred_at=NOW + 1)], now=NOW) == [Enrolled.NEW]
        assert await store.expunge([("x:1", NOW)], now=NOW) == [False]
        assert await found(store, a_query()) == ["1"]

    async def test_what_was_remembered_of_it_goes_too(self, store: Store) -> None:
        await store.remember([a_remembered("1")], now=NOW)
        assert await store.expunge([("x:1", NOW)], now=NOW) == [True]
        assert await recalled(store, a_query("5")) == []


BIO = "Beekeeper in the upper valley, honey and candles every second Saturday"


class TestRemembered:
    async def test_a_remembered_account_is_found_and_quoted(self, store: Store) -> None:
        account = a_remembered("7", display_name="Umar Media")
        await store.remember([account], now=NOW)
        (candidates,) = await store.remembered_like([a_query("9001")], now=NOW)
        assert [one.fingerprint for one in candidates] == list(account.fingerprints)
        (facts,) = await store.remembered_facts([candidates[0].ref])
        assert facts is not None
        assert (facts.account, facts.seen_at, facts.quoted) == (account.account, NOW, account.quoted)

    async def test_accounts_are_remembered_and_looked_up_as_by_two_calls(self, store: Store) -> None:
        await store.enrol([a_ban("9001", handle="umar_media"), a_ban("9002", handle="salma_khan")], now=NOW)
        accounts = [a_remembered(str(n), handle="umar_media") for n in range(REMEMBERED_AT_ONCE + 3)]
        queries = [a_query("1", handle="umar_media"), a_query("2", handle="salma_khan")]
        shown, found, _ = await store.remember_then_look(accounts, queries, now=NOW, keep=1)
        assert shown == await store.showings(accounts, now=NOW)
        alone = await store.bans_like(queries, now=NOW, keep=1)
        assert [[one.ref for one in several] for several in found] == [
            [one.ref for one in several] for several in alone
        ]
        assert [len(several) for several in found] == [1, 1]
        assert (await store.figures()).remembered == len(accounts)

    async def test_nobody_to_remember_leaves_the_look_up(self, store: Store) -> None:
        await store.enrol([a_ban("9001", handle="umar_media")], now=NOW)
        queries = [a_query("1", handle="umar_media")]
        shown, found, companions = await store.remember_then_look([], queries, now=NOW)
        assert (shown, [len(several) for several in found], companions) == ([], [1], [])

    async def test_account_is_kept_for_the_retention_time_from_when_it_was_written_last(
        self, store: Store
    ) -> None:
        await store.remember([a_remembered("7"), a_remembered("8")], now=NOW)
        await store.remember([a_remembered("8", seen_at=NOW + DAY)], now=NOW + DAY)
        assert set(await recalled(store, a_query("1"), now=NOW + 30 * DAY - 1)) == {"7", "8"}
        assert await recalled(store, a_query("1"), now=NOW + 30 * DAY) == ["8"]
        assert await recalled(store, a_query("1"), now=NOW + 31 * DAY) == []

    async def test_an_update_replaces_the_former_state(self, store: Store) -> None:
        await store.remember([a_remembered("7", handle="umar_media")], now=NOW)
        changed = a_remembered("7", handle="salma_khan", seen_at=NOW + 5 * DAY)
        await store.remember([changed], now=NOW + 5 * DAY)
        assert await recalled(store, a_query("1", handle="umar_media"), now=NOW + 5 * DAY) == []
        assert await recalled(store, a_query("1", handle="salma_khan"), now=NOW + 5 * DAY) == ["7"]

    async def test_since_when_an_account_shows_its_values_outlives_its_changes(self, store: Store) -> None:
        made, renamed = Showings(int(NOW), int(NOW)), Showings(None, int(NOW) + 5)
        first = replace(a_remembered("7", handle="umar_media", bio=BIO), shown=made)
        assert await store.remember([first], now=NOW) == [made]
        later = a_remembered("7", handle="salma_khan", bio=BIO, seen_at=NOW + 5)
        later = replace(later, shown=renamed)
        for _ in range(2):  # also when it comes again
            (shown,) = await store.remember([later], now=NOW + 5)
            assert shown.of("bio") == Span(int(NOW), int(NOW))
            assert shown.of("handle") == Span(int(NOW) + 5, int(NOW) + 5)
            assert await store.remembered(["x:7", "x:8"], now=NOW + 5) == [replace(later, shown=shown), None]
        (candidates,) = await store.remembered_like([a_query("1", handle="salma_khan")], now=NOW + 5)
        (facts,) = await store.remembered_facts([candidates[0].ref])
        assert facts is not None
        assert facts.shown == shown

    async def test_an_older_state_that_comes_late_is_told_by_itself(self, store: Store) -> None:
        await store.remember([replace(a_remembered("7"), shown=Showings(None, int(NOW)))], now=NOW)
        late = replace(a_remembered("7", seen_at=NOW - 9), shown=Showings(int(NOW) - 9, int(NOW) - 9))
        assert await store.remember([late], now=NOW) == [late.shown]

    async def test_what_is_over_is_remembered_of_nobody(self, store: Store) -> None:
        await store.remember([a_remembered("7")], now=NOW)
        assert await store.remembered(["x:7"], now=NOW + 30 * DAY * 9 / 8) == [None]
        await store.forget([("x:7", NOW + 1)], now=NOW)
        assert await store.remembered(["x:7"], now=NOW) == [None]

    async def test_an_older_state_that_comes_late_changes_nothing(self, store: Store) -> None:
        await store.remember([a_remembered("7", handle="salma_khan", seen_at=NOW)], now=NOW)
        await store.remember([a_remembered("7", handle="umar_media", seen_at=NOW - 1)], now=NOW)
        assert await recalled(store, a_query("1", handle="salma_khan")) == ["7"]

    @pytest.mark.parametrize("deleted_first", [True, False])
    async def test_a_deleted_account_is_forgotten_in_any_order(
        self, store: Store, deleted_first: bool
    ) -> None:
        if deleted_first:
            assert await store.forget([("x:7", NOW + 1)], now=NOW) == [False]
        await store.remember([a_remembered("7", seen_at=NOW)], now=NOW)
        if not deleted_first:
            assert await store.forget([("x:7", NOW + 1)], now=NOW) == [True]
        assert await recalled(store, a_query("1")) == []
        await store.remember([a_remembered("7", seen_at=NOW + 2)], now=NOW)
        assert await store.forget([("x:7", NOW + 1)], now=NOW) == [False]
        assert await recalled(store, a_query("1")) == ["7"]

    @pytest.mark.parametrize("before", [1.0, 0.0, 0.5], ids=["forwards", "in reverse", "around it"])
    async def test_no_decoys_of_another_network_hide_who_shares_their_device(
        self, store: Store, before: float
    ) -> None:
        several = [decoy(number) for number in range(DECOYS)]
        first = round(before * DECOYS)
        mirror = sharing("mirror", OTHER_NETWORK)
        for some in (several[:first], [mirror], several[first:]):
            await both(store, some)
        assert "mirror" in await recalled(store, ON_DEVICE)
        assert "mirror" in await found(store, ON_DEVICE, keep=200)

    async def test_decoys_that_go_leave_nobody_hidden(self, store: Store) -> None:
        """All are of one network, half come before the mirror and half after it, and then they all go."""
        several = [decoy(number) for number in range(DECOYS)]
        mirror = sharing("mirror", NETWORK)
        for some in (several[: DECOYS // 2], [mirror], several[DECOYS // 2 :]):
            await both(store, some)
        listed = PERSONAL_POSTING_CAP + LISTED_LATER
        (waiting,) = await store.turned_away([ON_DEVICE], now=NOW)
        assert waiting == {KeyKind.DEVICE: DECOYS + 1 - listed}
        assert len(await recalled(store, ON_DEVICE)) == listed
        gone = [(ban.account, NOW + 1) for _, ban in several]
        assert all(await store.forget(gone, now=NOW + 1))
        assert all(await store.expunge(gone, now=NOW + 1))
        assert await recalled(store, ON_DEVICE) == await found(store, ON_DEVICE) == ["mirror"]
        assert await store.turned_away([ON_DEVICE, a_query("1")], now=NOW + 1) == [{}, {}]

    async def test_more_decoys_than_a_value_keeps_are_counted(self, store: Store) -> None:
        several = [decoy(n)[0] for n in range(PERSONAL_POSTING_CAP + LISTED_LATER + WAITING_MAX + 5)]
        await store.remember(several, now=NOW)
        assert await store.turned_away([ON_DEVICE], now=NOW) == [{KeyKind.DEVICE: WAITING_MAX + 5}]

    async def test_of_a_crowded_network_the_oldest_and_the_newest_are_listed(self, store: Store) -> None:
        crowd = [f"s{n}" for n in range(2 * PERSONAL_POSTING_CAP)]
        for name in crowd:  # in turn, so that they come in this order to every shard
            await store.remember([a_remembered(name, handle=name, ip=NETWORK)], now=NOW)
            await store.enrol([a_ban(name, handle=name, ip=NETWORK)], now=NOW)
        half = PERSONAL_POSTING_CAP // 2
        asked = a_query("1", handle=None, ip=NETWORK)
        expected = {*crowd[:half], *crowd[-half:]}
        assert set(await recalled(store, asked)) == set(await found(store, asked)) == expected

    async def test_account_that_is_written_again_is_listed_once(self, store: Store) -> None:
        """Kafka brings a batch again after each restart."""
        crowd = range(2 * PERSONAL_POSTING_CAP)
        seen = [a_remembered(f"s{n}", handle=f"name{n}", device_id=DEVICE) for n in crowd]
        bans = [a_ban(f"b{n}", handle=f"name{n}", device_id=DEVICE) for n in crowd]
        longer = [again(ban, occurred_at=NOW, expires_at=NOW + DAY) for ban in bans]
        await store.remember(seen, now=NOW)
        await store.enrol(bans, now=NOW)
        before = await store.turned_away([ON_DEVICE], now=NOW)
        assert before == [{KeyKind.DEVICE: PERSONAL_POSTING_CAP - LISTED_LATER}]
        await store.remember(seen, now=NOW)
        await store.enrol(bans, now=NOW)
        await store.enrol(longer, now=NOW)
        assert await store.turned_away([ON_DEVICE], now=NOW) == before
        (candidates,) = await store.bans_like([ON_DEVICE], now=NOW)
        assert dict(candidates[0].bearers) == {ON_DEVICE.keys[0]: len(bans)}

    async def test_account_in_the_middle_of_a_crowd_is_listed_where_there_is_room(self, store: Store) -> None:
        crowd = range(PERSONAL_POSTING_CAP + 1)
        seen = [a_remembered(f"s{n}", handle=f"name{n}", ip=NETWORK) for n in crowd]
        bans = [a_ban(f"b{n}", handle=f"name{n}", ip=NETWORK) for n in crowd]
        asked = a_query("1", handle=None, ip=NETWORK)
        for account, ban in zip(seen, bans, strict=True):
            await store.remember([account], now=NOW)
            await store.enrol([ban], now=NOW)
        middle = str(PERSONAL_POSTING_CAP // 2)
        assert f"s{middle}" not in await recalled(store, asked)
        assert f"b{middle}" not in await found(store, asked)
        await store.forget([(seen[0].account, NOW)], now=NOW)
        await store.expunge([(bans[0].account, NOW)], now=NOW)
        assert f"s{middle}" in await recalled(store, asked)
        assert f"b{middle}" in await found(store, asked)

    async def test_over_the_byte_budget_the_oldest_go_first_and_are_counted(
        self, make_store: MakeStore
    ) -> None:
        budget = 100_000
        store = await make_store(remembered_bytes=budget)
        for batch in range(20):
            names = [f"{batch}-{n}" for n in range(30)]
            await store.remember([a_remembered(name) for name in names], now=NOW + batch)
        figures = await store.figures()
        assert figures.remembered_bytes <= budget
        assert figures.remembered + figures.remembered_evicted == 600
        assert figures.remembered_evicted > 0
        names = await recalled(store, a_query("1"), now=NOW + 20)
        assert names
        assert all(not name.startswith("0-") for name in names)

    async def test_a_crowd_of_one_value_lists_no_more_than_its_cap_a_generation(self, store: Store) -> None:
        accounts = [a_remembered(str(n), device_id=DEVICE) for n in range(PERSONAL_POSTING_CAP * 3)]
        await store.remember(accounts, now=NOW)
        keys = tuple(key for key in a_query(device_id=DEVICE).keys if kind_of(key) is KeyKind.DEVICE)
        (candidates,) = await store.remembered_like([Query("x:q", keys)], now=NOW, keep=1_000)
        assert len(candidates) == PERSONAL_POSTING_CAP + LISTED_LATER

    async def test_a_name_of_too_many_in_all_generations_together_proposes_nobody(self, store: Store) -> None:
        query = Query("x:q", tuple(key for key in a_query().keys if kind_of(key) is KeyKind.NAMING_RUN))
        several = [a_remembered(str(n)) for n in range(SHORT_POSTING_CAP)]
        await store.remember(several[::2], now=NOW)
        await store.remember(several[1::2], now=NOW + 10 * DAY)
        assert len(await recalled(store, query, now=NOW + 10 * DAY)) == SHORT_POSTING_CAP
        await store.remember([a_remembered("one more")], now=NOW + 10 * DAY)
        assert await recalled(store, query, now=NOW + 10 * DAY) == []


class TestFrequencies:
    async def test_counts_are_seen_after_a_freeze_and_not_before(self, make_store: MakeStore) -> None:
        store = await make_store(freeze_seconds=100.0, lag_seconds=0.0)
        await store.enrol([a_ban("9001")], now=NOW)
        accounts = [a_remembered(str(n), handle="umar_media") for n in range(50)]
        await store.remember(accounts, now=NOW)
        assert not await store.freeze(now=NOW + 99)
        before = await store.frequencies(at=NOW + 1_000, now=NOW + 1_000)
        assert (before.bans, before.accounts("")) == (1, 0)
        await store.enrol([a_ban("9002")], now=NOW)
        assert await store.freeze(now=NOW + 100)
        assert not await store.freeze(now=NOW + 101)
        await store.enrol([a_ban("9003")], now=NOW)
        frozen = await store.frequencies(at=NOW + 1_000, now=NOW + 1_000)
        stratum = accounts[0].fingerprints[0].stratum
        assert frozen.bans == 2
        assert frozen.accounts("") == frozen.accounts(stratum) == 50
        assert frozen.count(KeyKind.HANDLE_FULL, b"umarmedia", stratum) in (50, 51)
        assert frozen.count(KeyKind.HANDLE_FULL, b"salmakhan", stratum) == 0

    async def test_a_farm_counts_its_values_once(self, make_store: MakeStore) -> None:
        store = await make_store(freeze_seconds=100.0, lag_seconds=0.0)
        farm = [a_remembered(str(n), ip="39.40.1.2", handle="umar_media") for n in range(200)]
        await store.remember(farm, now=NOW)
        await store.remember([a_remembered("201", ip="103.12.9.1", handle="umar_media")], now=NOW)
        await store.freeze(now=NOW + 100)
        frozen = await store.frequencies(at=NOW + 1_000, now=NOW + 1_000)
        assert frozen.count(KeyKind.HANDLE_FULL, b"umarmedia", farm[0].fingerprints[0].stratum) in (2, 3)

    async def test_banned_accounts_and_repeats_do_not_count(self, make_store: MakeStore) -> None:
        store = await make_store(freeze_seconds=100.0, lag_seconds=0.0)
        await store.enrol([a_ban("1")], now=NOW)
        await store.remember([a_remembered("1"), a_remembered("2")], now=NOW)
        await store.remember([a_remembered("2")], now=NOW)
        await store.freeze(now=NOW + 100)
        assert (await store.frequencies(at=NOW + 1_000, now=NOW + 1_000)).accounts("") == 1

    async def test_counts_add_up_over_freezes(self, make_store: MakeStore) -> None:
        store = await make_store(freeze_seconds=100.0, lag_seconds=0.0)
        for turn in range(3):
            await store.remember([a_remembered(str(turn))], now=NOW + 100 * turn)
            await store.freeze(now=NOW + 100 * (turn + 1))
        assert (await store.frequencies(at=NOW + 1_000, now=NOW + 1_000)).accounts("") == 3


class TestFigures:
    async def test_operators_see_how_much_there_is(self, store: Store) -> None:
        await store.enrol([a_ban("1"), a_ban("2")], now=NOW)
        await store.remember([a_remembered("7")], now=NOW)
        figures = await store.figures()
        assert (figures.fingerprints, figures.remembered, figures.remembered_evicted) == (2, 1, 0)
        assert figures.remembered_bytes > 0
        assert len(figures.fold_versions) == 1
        assert await store.ready() is None


# What came within the last day takes nothing off a value's rarity, in every store.


HOUR = 3_600.0


def mailed(hour: int) -> Remembered:
    """An account with a mailbox of its own: what is somebody's is counted also if it comes once."""
    return a_remembered(str(hour), email=f"zarqa.bulletin.{hour:03}@valley.example")


@cache
def mailbox(hour: int) -> bytes:
    """What is counted of an hour's mailbox."""
    (one,) = mailed(hour).fingerprints
    (found,) = [it for it in counted_of(one, b"the account").values if it.kind is KeyKind.EMAIL]
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

    async def sign_ups_a_day(self) -> int:
        frozen = await self.store.frequencies(at=self.moment, now=self.moment)
        return round(frozen.sign_ups.of("x").usual * DAY)

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
    store = Hours(await make_store())
    counted_at: dict[int, int] = {}
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
    (address,) = [it for it in counted_of(one, b"the account").values if it.kind is KeyKind.ADDRESS]
    (device,) = [it for it in counted_of(one, b"the account").values if it.kind is KeyKind.DEVICE]
    frozen = await store.store.frequencies(at=NOW, now=NOW)
    assert frozen.count(address.kind, address.value, "") in or_one_more(50)
    assert frozen.accounts("") > 0
    assert frozen.count(device.kind, device.value, "") == 0


async def test_who_came_lately_is_told_apart_also_after_counts_have_faded(make_store: MakeStore) -> None:
    store = Hours(await make_store())
    (one,) = a_remembered(ip="39.40.1.2").fingerprints
    (address,) = [it for it in counted_of(one, b"the account").values if it.kind is KeyKind.ADDRESS]

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


# How many accounts sign up a second, in every store.


def newcomers(hour: int, many: int = 10) -> list[Remembered]:
    """Accounts of one hour, all of one network, as are those of every other hour."""
    return [a_remembered(f"{hour}x{n}", ip="39.40.1.2", handle=f"reader{hour}x{n}") for n in range(many)]


async def test_every_sign_up_counts_also_of_one_network_and_none_before_a_day_has_passed(
    make_store: MakeStore,
) -> None:
    store = Hours(await make_store())
    flows = []
    for hour in range(40):
        await store.at(NOW + hour * HOUR, *newcomers(hour))
        flows.append(await store.sign_ups_a_day())
    assert flows[:24] == [SIGN_UPS_A_DAY_UNKNOWN] * 24
    assert flows[24:] == [240] * 16
    frozen = await store.store.frequencies(at=store.moment, now=store.moment)
    assert frozen.accounts("") < 30, "one network is worth a few accounts among which values are common"


async def test_each_platform_has_the_sign_ups_of_its_own(make_store: MakeStore) -> None:
    store = Hours(await make_store())
    for hour in range(50):
        crowd = [
            replace(one, account=f"y:{one.account_id}", platform="y") for one in newcomers(99 + hour, 20)
        ]
        await store.at(NOW + hour * HOUR, *newcomers(hour), *crowd)
    frozen = await store.store.frequencies(at=store.moment, now=store.moment)
    assert [round(frozen.sign_ups.of(name).usual * DAY) for name in ("x", "y")] == [240, 480]
    assert [round(rate * DAY) for rate in frozen.sign_ups.range()] == [240, 480]


async def test_sign_ups_of_a_backlog_are_as_many_a_day_as_when_they_came(make_store: MakeStore) -> None:
    store = Hours(await make_store(freeze_seconds=100.0))
    outage = NOW + 2 * DAY
    for hour in range(40):
        await store.at(outage + 150 * hour, *newcomers(hour), seen_at=NOW + hour * HOUR)
    assert await store.sign_ups_a_day() == 240


async def test_imports_changes_and_former_times_are_no_sign_ups(make_store: MakeStore) -> None:
    store = Hours(await make_store())
    for hour in range(40):
        moment = NOW + hour * HOUR
        if hour > 30:
            await store.at(moment, *newcomers(100 + hour, 50), seen_at=NOW - (50 - hour) * DAY)
            await store.at(moment, *(replace(one, signs_up=False) for one in newcomers(200 + hour, 50)))
        await store.at(moment, *newcomers(hour))
        flow = await store.sign_ups_a_day()  # asked each hour, as a worker asks: it learns of versions so
    assert flow == 240
    store.moment += 3 * DAY  # nobody has come since; the next event asks
    assert await store.sign_ups_a_day() == 240


async def test_when_counts_fade_the_sign_ups_a_day_stay(make_store: MakeStore) -> None:
    store = Hours(await make_store())
    await store.at(NOW, *newcomers(0))
    month = int(HALF_LIFE_SECONDS / HOUR)
    for hour in range(month - 60, month + 60):
        await store.at(NOW + hour * HOUR, *newcomers(hour))
        if hour >= month - 10:
            assert await store.sign_ups_a_day() == 240, hour - month


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
        sketches = list(client.scan_iter(match=f"{store_prefix}{{00}}:f[0-9]*", count=1_000))
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
