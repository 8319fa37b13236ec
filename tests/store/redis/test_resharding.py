"""Carried into another layout a store says what it said; nobody works with the first one any more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import redis

from samehand.lineage import Descent
from store.base import Query, Ruling
from store.bounds import Bounds
from store.errors import StoreEmptied, StoreInUse, StoreMismatch, StoreMoving
from store.limits import OPEN_ALERTS_A_BAN
from store.redis import RedisEndpoint, RedisStore, Sizes
from store.redis.resharding import Resharding, drop_store
from tests.redis_user import with_password
from tests.store.conftest import SMALL
from tests.store.makers import (
    DAY,
    IDENTITY,
    NOW,
    a_ban,
    a_claim,
    a_decision,
    a_member,
    a_proposal,
    a_query,
    a_remembered,
    nth,
    open_on,
)
from tests.store.test_waves import came, gathering, new

DEVICE = "f3b1c9d2-77aa-4e5f-9b1e-2f6c1d0e9a11"
#: What whoever carries a store over may do beside what a worker may (docs/resharding.md).
RESHARDING = {"scan", "dump", "restore", "pttl"}
MakeLayout = Callable[..., RedisStore]


@pytest.fixture
async def layout(redis_administrator: str, store_prefix: str) -> AsyncIterator[MakeLayout]:
    """Makes a store of so many shards under a prefix of its own, as an administrator."""
    made: list[RedisStore] = []

    def make(shards: int, *, carrying: bool = False, working: bool = False, **bounds: float) -> RedisStore:
        store = RedisStore(
            RedisEndpoint(url=redis_administrator, deadline_seconds=10.0),
            prefix=f"{store_prefix}-{shards}",
            identity=IDENTITY,
            sizes=Sizes(shards=shards, **SMALL),
            bounds=Bounds(shards=shards, **bounds),  # type: ignore[arg-type]  # numbers of either kind
            carrying=carrying,
            working=working,
        )
        made.append(store)
        return store

    yield make
    for store in made:
        await store.close()


async def carried(layout: MakeLayout, source: int, target: int, *, now: float = NOW) -> None:
    """All of it, as the command does."""
    one = Resharding(layout(source, carrying=True), layout(target, carrying=True))
    await one.begin()
    await one.carry_remembered(now, lambda _: None)
    await one.close_source()
    await one.carry_remembered(now, lambda _: None)
    await one.carry_rest(lambda _: None)
    await one.finish()


async def remembered_like(store: RedisStore, query: Query, now: float = NOW) -> set[str]:
    (found,) = await store.remembered_like([query], now=now)
    facts = await store.remembered_facts([one.ref for one in found])
    return {fact.account_id for fact in facts if fact}


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1), (3, 5)])
async def test_what_no_topic_brings_again_is_carried(layout: MakeLayout, before: int, after: int) -> None:
    first = layout(before)
    await first.open()
    bans = [a_ban(str(n), handle=f"umar_media_{n}", device_id=DEVICE) for n in range(6)]
    seen = [a_remembered(str(7000 + n), handle=f"salma_{n}", device_id=DEVICE) for n in range(9)]
    proposals = [a_proposal(f"x:{7000 + n}", f"x:{n}") for n in range(6)]
    await first.enrol(bans, now=NOW)
    await first.remember(seen, now=NOW)
    await first.propose(proposals, now=NOW)
    await first.confirm([a_claim(it) for it in proposals[:4]], now=NOW)  # of the others nobody died yet
    await first.decide([a_decision(proposals[0].alert_id), a_decision("a pair that is not known")], now=NOW)
    await first.join([a_member("x:7001", Descent("x:1", 1))], now=NOW)
    (opened,) = await open_on(first, "x:2")
    await first.withdraw(opened, reason="verdict", now=NOW)
    await first.expunge([("x:3", NOW)], now=NOW)
    await first.forget([("x:7005", NOW + 5)], now=NOW)
    await carried(layout, before, after)

    second = layout(after)
    await second.open()
    await second.enrol([ban for ban in bans if ban.account != "x:3"], now=NOW)
    kept = [one.account for one in seen if one.account != "x:7005"]
    assert [it and it.account for it in await second.remembered([one.account for one in seen], now=NOW)] == [
        one.account if one.account in kept else None for one in seen
    ]
    assert await remembered_like(second, a_query("q", handle="nobody", device_id=DEVICE)) == {
        account.removeprefix("x:") for account in kept
    }
    found = await open_on(second, *[ban.account for ban in bans])
    assert [[it.alert_id for it in several] for several in found] == [
        [proposals[0].alert_id],
        [proposals[1].alert_id],
        [],
        [],
        [proposals[4].alert_id],
        [proposals[5].alert_id],
    ]
    owed = {it.alert.alert_id: it for it in await second.owed("relay", now=NOW)}
    assert owed.keys() == {proposals[2].alert_id, proposals[3].alert_id}
    assert {it.revision for it in owed.values()} == {nth(2)}
    rulings = [it.ruling for it in await second.propose(proposals, now=NOW)]
    assert rulings == [
        Ruling.SUPPRESSED,
        Ruling.DUPLICATE,
        Ruling.PUBLISH,
        Ruling.NOT_BANNED,
        Ruling.PUBLISH,  # by the event that noted it: it was never confirmed
        Ruling.ACCOUNT_DELETED,
    ]
    assert await second.descents(["x:7001"]) == [Descent("x:1", 1)]
    await second.leave([a_member("x:7001", Descent("x:1", 1)).alert_id])
    assert await second.descents(["x:7001"]) == [None], "who joined by which decision is carried too"
    unknown = a_proposal("x:7002", "x:1")
    assert (await second.alerts_about(["x:7001"]))[0][0].alert_id == proposals[1].alert_id
    assert [it.ruling for it in await second.propose([unknown], now=NOW)] == [Ruling.PUBLISH]
    assert (await second.figures()).unjudged == (await first_figures(layout, before))


async def first_figures(layout: MakeLayout, shards: int) -> int:
    """How many alerts wait for a verdict in a store that was left."""
    store = layout(shards, carrying=True)
    await store.open()
    return (await store.figures()).unjudged


async def test_a_reinstatement_stays_later_than_its_ban(layout: MakeLayout) -> None:
    first, ban = layout(1), a_ban("1", occurred_at=NOW - 60)
    await first.open()
    await first.enrol([a_ban("2")], now=NOW)
    await first.expunge([(ban.account, NOW)], now=NOW)
    await carried(layout, 1, 3)
    second = layout(3)
    await second.open()
    assert [one.value for one in await second.enrol([ban], now=NOW)] == ["superseded"]


async def test_what_changed_since_it_was_carried_is_carried_once_more(layout: MakeLayout) -> None:
    first = layout(3)
    await first.open()
    await first.enrol([a_ban("1")], now=NOW)
    await first.remember(
        [a_remembered(str(n), handle=f"salma_{n}", device_id=DEVICE) for n in range(200)], now=NOW
    )
    one = Resharding(layout(3, carrying=True), layout(5, carrying=True))
    await one.begin()
    assert await one.carry_remembered(NOW, lambda _: None) == 200
    later = NOW + 60
    renamed = a_remembered("7", handle="nadia_shop", device_id=DEVICE, seen_at=later)
    fresh = a_remembered("300", handle="tariq_news", device_id=DEVICE, seen_at=later)
    await first.remember([renamed, fresh], now=later)
    await first.forget([("x:9", later)], now=later)
    await first.expunge([("x:11", later)], now=later)
    await one.close_source()
    assert await one.carry_remembered(later, lambda _: None) == 2
    await one.carry_rest(lambda _: None)
    await one.finish()
    second = layout(5)
    await second.open()
    accounts = [f"x:{n}" for n in (6, 7, 9, 11, 300)]
    told = [it and it.quoted.handle for it in await second.remembered(accounts, now=later)]
    assert told == ["salma_6", "nadia_shop", None, None, "tariq_news"]
    assert (await second.figures()).remembered == 199
    assert "7" not in await remembered_like(second, a_query("q", handle="salma_7"), later)


async def test_generations_end_when_they_would_have(layout: MakeLayout) -> None:
    first = layout(1, retention_seconds=8 * DAY)
    await first.open()
    await first.enrol([a_ban("1")], now=NOW)
    old, new = (a_remembered(str(n), handle=f"salma_{n}", device_id=DEVICE) for n in range(2))
    await first.remember([old], now=NOW)
    await first.remember([new], now=NOW + 2 * DAY)
    then = NOW + 2 * DAY + 60
    one = Resharding(
        layout(1, carrying=True, retention_seconds=8 * DAY),
        layout(3, carrying=True, retention_seconds=8 * DAY),
    )
    await one.begin()
    await one.close_source()
    await one.carry_remembered(then, lambda _: None)
    await one.finish()
    second = layout(3, retention_seconds=8 * DAY)
    await second.open()
    query = a_query("q", handle="nobody", device_id=DEVICE)
    assert await remembered_like(second, query, then) == {"0", "1"}
    assert await remembered_like(second, query, NOW + 9 * DAY + 1) == {"1"}


async def test_the_counts_of_a_bans_summary_are_carried(layout: MakeLayout) -> None:
    first = layout(1)
    await first.open()
    await first.enrol([a_ban("1")], now=NOW)
    many = [a_proposal(f"x:{n}", "x:1") for n in range(7000, 7000 + OPEN_ALERTS_A_BAN + 3)]
    for at in range(0, len(many), 500):
        await first.propose(many[at : at + 500], now=NOW)
    await carried(layout, 1, 3)
    second = layout(3)
    await second.open()
    await second.enrol([a_ban("1")], now=NOW)
    (opened,) = await open_on(second, "x:1")
    assert len(opened) == OPEN_ALERTS_A_BAN
    assert [it.ruling for it in await second.propose(many[-3:], now=NOW)] == [Ruling.WITHHELD] * 3


async def test_nobody_works_with_a_store_that_was_left(layout: MakeLayout) -> None:
    busy, idle = layout(1), layout(1)
    await busy.open()
    await idle.open()  # which has seen no ban yet
    await busy.enrol([a_ban("1")], now=NOW)
    await carried(layout, 1, 3)
    steps: list[Any] = [
        lambda it: it.remember([a_remembered("7")], now=NOW),
        lambda it: it.propose([a_proposal("x:7", "x:1")], now=NOW),
        lambda it: it.decide([a_decision("an alert")], now=NOW),
        lambda it: it.join([a_member("x:7", Descent("x:1", 1))], now=NOW),
        lambda it: it.forget([("x:7", NOW)], now=NOW),
        lambda it: it.expunge([("x:1", NOW)], now=NOW),
        lambda it: it.enrol([a_ban("2")], now=NOW),
        lambda it: it.bans_like([a_query()], now=NOW),
        lambda it: it.owed("relay", now=NOW),
    ]
    for store in (busy, idle):
        for step in steps:
            with pytest.raises(StoreEmptied):
                await step(store)
        told = "has moved to another layout: set SAMEHAND_STORE_PREFIX=.*-3 and SAMEHAND_STORE_SHARDS=3"
        with pytest.raises(StoreMoving, match=told):
            await store.open()
        with pytest.raises(StoreMoving):
            await store.decide([a_decision("an alert")], now=NOW)


async def test_who_comes_to_a_store_that_is_being_filled_waits_and_is_heard(layout: MakeLayout) -> None:
    first = layout(1)
    await first.open()
    await first.enrol([a_ban("1")], now=NOW)
    one = Resharding(layout(1, carrying=True), layout(3, carrying=True))
    await one.begin()
    assert not await one.asked()
    somebody, early = layout(3), layout(3, working=True)
    with pytest.raises(StoreMoving, match="is being filled from"):
        await somebody.open()
    assert not await one.asked(), "a command that looks has nothing handed over"
    with pytest.raises(StoreMoving, match="is being filled from"):
        await early.open()
    with pytest.raises(StoreMoving):
        await early.bans_like([a_query()], now=NOW)
    assert await early.ready() is not None
    assert await one.asked()
    await one.close_source()
    await one.finish()
    await early.open()
    assert await early.ready() is None
    assert await early.bans_like([a_query()], now=NOW) == [[]]


async def test_another_run_goes_on_where_one_was_broken_off(layout: MakeLayout) -> None:
    first = layout(1)
    await first.open()
    await first.enrol([a_ban("1")], now=NOW)
    await first.remember([a_remembered("7"), a_remembered("8")], now=NOW)
    broken = Resharding(layout(1, carrying=True), layout(3, carrying=True))
    await broken.begin()
    await broken.carry_remembered(NOW, lambda _: None)
    await first.forget([("x:8", NOW)], now=NOW)
    await broken.close_source()
    again = Resharding(layout(1, carrying=True), layout(3, carrying=True))
    await again.begin()
    assert again.closed
    assert await again.asked()
    await again.close_source()
    await again.carry_remembered(NOW, lambda _: None)
    await again.carry_rest(lambda _: None)
    await again.finish()
    second = layout(3)
    await second.open()
    assert [it is None for it in await second.remembered(["x:7", "x:8"], now=NOW)] == [False, True]


async def of_another_version(store: RedisStore, shards: int = 1) -> RedisStore:
    """A store as a former version made it, with a worker of that version at work."""
    await store.open()
    await store.enrol([a_ban("1")], now=NOW)
    await store.store_meta.note(layout="9", shards=str(shards))
    return store


async def test_a_store_of_another_version_is_read_by_nobody_and_closed_all_the_same(
    layout: MakeLayout,
) -> None:
    former = await of_another_version(layout(3), shards=3)
    one = Resharding(layout(3, carrying=True), layout(1, carrying=True))
    await one.begin()
    assert not one.copies
    await former.enrol([a_ban("2")], now=NOW)
    with pytest.raises(StoreMismatch, match="layout is 9 in Redis"):
        await layout(3).open()
    await one.close_source()
    with pytest.raises(StoreEmptied):
        await former.enrol([a_ban("3")], now=NOW)
    await one.finish()
    with pytest.raises(StoreMoving, match=r"set SAMEHAND_STORE_PREFIX=.*-1 and SAMEHAND_STORE_SHARDS=1"):
        await layout(3).open()
    await layout(1).open()
    with pytest.raises(StoreInUse, match="was handed over to it"):
        await Resharding(layout(3, carrying=True), layout(1, carrying=True)).begin()
    assert await drop_store(layout(3)) > 1


async def test_every_shard_of_a_former_store_is_closed_however_many_the_settings_say(
    layout: MakeLayout, redis_administrator: str, store_prefix: str
) -> None:
    await of_another_version(layout(1), shards=2)
    one = Resharding(layout(1, carrying=True), layout(3, carrying=True))
    await one.begin()
    await one.close_source()
    with redis.Redis.from_url(redis_administrator) as client:
        assert [client.get(f"{store_prefix}-1{{{shard}}}:e") for shard in range(2)] == [b"moved"] * 2


async def test_a_fence_that_was_broken_off_is_put_up_by_the_next_run(layout: MakeLayout) -> None:
    former = await of_another_version(layout(1))
    broken = Resharding(layout(1, carrying=True), layout(3, carrying=True))
    await broken.begin()
    await layout(3, carrying=True).store_meta.note_behind({"created": {0: 7, 1: 0}})
    left = f"{layout(3).shards.layout.prefix} 3"
    await layout(1, carrying=True).store_meta.note(moved=left)  # and it ended before the shards were closed
    await former.enrol([a_ban("2")], now=NOW)
    target = layout(3, carrying=True)
    again = Resharding(layout(1, carrying=True), target)
    await again.begin()
    await target.store_meta.note_behind({"created": {0: 9, 1: 4}, "deleted": {0: 2}})
    assert (again.copies, again.closed) == (False, True)
    await again.close_source()
    with pytest.raises(StoreEmptied):
        await former.enrol([a_ban("3")], now=NOW)
    await again.finish()
    second = layout(3)
    await second.open()
    assert await second.behind() == {"created": {0: 7, 1: 0}, "deleted": {0: 2}}
    await second.caught_up("created")
    assert await second.behind() == {"deleted": {0: 2}}


async def test_what_another_version_owes_is_counted(layout: MakeLayout) -> None:
    former = await of_another_version(layout(1))
    await former.propose([a_proposal("x:7", "x:1")], now=NOW)
    await former.confirm([a_claim(a_proposal("x:7", "x:1"))], now=NOW)
    one = Resharding(layout(1, carrying=True), layout(3, carrying=True))
    await one.begin()
    assert await one.owed() == 0
    await former.expunge([("x:1", NOW + 5)], now=NOW)
    assert await one.owed() == 1


async def test_a_store_of_another_pepper_is_not_left(layout: MakeLayout) -> None:
    former = await of_another_version(layout(1))
    await former.store_meta.note(identity="another")
    with pytest.raises(StoreMismatch, match="pepper"):
        await Resharding(layout(1, carrying=True), layout(3, carrying=True)).begin()


async def test_nothing_is_written_over_and_nothing_dropped_that_is_in_use(
    layout: MakeLayout, redis_administrator: str, store_prefix: str
) -> None:
    first, other = layout(1), layout(5)
    for store in (first, other):
        await store.open()
        await store.enrol([a_ban("1")], now=NOW)
    with pytest.raises(StoreInUse, match="there is a store under"):
        await Resharding(layout(1, carrying=True), layout(5, carrying=True)).begin()
    with pytest.raises(StoreInUse, match="has not moved"):
        await drop_store(other)
    with pytest.raises(StoreInUse, match="does not exist"):
        await drop_store(layout(7))
    await carried(layout, 1, 3)
    with pytest.raises(StoreInUse, match="has already moved to"):
        await Resharding(layout(1, carrying=True), layout(7, carrying=True)).begin()
    assert await drop_store(layout(1)) > 5
    with redis.Redis.from_url(redis_administrator) as client:
        left = list(client.scan_iter(match=f"{store_prefix}-*"))
    assert not [key for key in left if key.startswith(f"{store_prefix}-1".encode())]
    assert [key for key in left if key.startswith(f"{store_prefix}-5".encode())]
    assert await other.ready() is None


async def test_four_rights_beyond_a_workers_are_enough(
    layout: MakeLayout, redis_administrator: str, redis_user: dict[str, str], store_prefix: str
) -> None:
    if not redis_user:
        pytest.skip("the Redis to test against is somebody's own, and knows no such user")
    name = f"carrier-{store_prefix}"
    beyond = [f"+{command}" for command in sorted(RESHARDING)]
    with redis.Redis.from_url(redis_administrator) as client:
        client.execute_command("ACL", "SETUSER", name, *with_password().split()[2:], *beyond)
    first = layout(1)
    await first.open()
    await first.enrol([a_ban("1")], now=NOW)
    await first.remember([a_remembered("7")], now=NOW)
    await first.propose([a_proposal("x:7", "x:1")], now=NOW)
    as_carrier = {"username": name, "password": redis_user["password"]}
    url = redis_administrator.rpartition("@")[2]
    stores = [
        RedisStore(
            RedisEndpoint(url=f"redis://{url}", deadline_seconds=10.0, options=as_carrier),
            prefix=f"{store_prefix}-{shards}",
            identity=IDENTITY,
            sizes=Sizes(shards=shards, **SMALL),
            carrying=True,
        )
        for shards in (1, 3)
    ]
    one = Resharding(*stores)
    await one.begin()
    await one.close_source()
    assert await one.carry_remembered(NOW, lambda _: None) == 1
    assert await one.carry_rest(lambda _: None) == 4  # marker, open alert, where it lies, about whom it is
    await one.finish()
    assert await drop_store(stores[0]) > 0
    for store in stores:
        await store.close()
    with redis.Redis.from_url(redis_administrator) as client:
        client.execute_command("ACL", "DELUSER", name)


@pytest.mark.parametrize(("source", "target"), [(1, 3), (3, 2)])
async def test_waves_are_carried_with_what_is_silenced_owed_and_noted(
    layout: MakeLayout, source: int, target: int
) -> None:
    one = layout(source)
    await one.open()
    await one.enrol([a_ban("9001")], now=NOW)
    await one.gather(gathering(0, 1, 2, 3, 4), now=NOW)
    (wave,) = await one.waves(["one"])
    await came(one, *(new(number) for number in range(20, 24)))
    await carried(layout, source, target)
    other = layout(target)
    await other.open()
    assert await other.waves(["one"]) == [wave]
    assert await other.wave_ids(["x:w3"]) == ["one"]
    assert [it.wave_id for it in await other.owed_waves("me", now=NOW)] == ["one"]
    (companions,) = await came(other, new(24))
    assert len(companions.accounts) == 4


async def test_account_can_leave_a_wave_for_as_long_as_that_is_kept(layout: MakeLayout) -> None:
    """A wave that grows for months is kept on; its first members' keys must not end before it."""
    store = layout(1)
    await store.open()
    await store.enrol([a_ban("9001")], now=NOW)
    await store.gather(gathering(0, 1, 2, 3, 4), now=NOW)
    digest = store.shards.addresses.account("x:w0").raw
    key = store.shards.root(0).encode() + b"vm:" + digest
    await store.shards.client.command("EXPIRE", key, 60)
    await store.settle_waves(await store.owed_waves("me", now=NOW))
    assert await store.shards.client.command("TTL", key) > 30 * DAY
