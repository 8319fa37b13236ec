"""Writes that end half way, in bulk, into another layout, or into another store than was left."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, cast

import pytest
import redis

from local.redis import EmbeddedRedis
from samehand.lineage import Descent
from samehand.normalize.text.fold import FOLD_VERSION
from store.base import Ban, Enrolled, Query, Ruling, Store
from store.bounds import Bounds
from store.errors import StoreEmptied, StoreError, StoreInUse, StoreMismatch, StoreMoving, StoreUnavailable
from store.limits import OPEN_ALERTS_A_BAN
from store.memory.store import MemoryStore
from store.redis import RedisEndpoint, RedisStore, Sizes, store_meta
from store.redis.client import RedisClient
from store.redis.resharding import Resharding, drop_store
from store.redis.store_meta import UNFILLED
from tests.redis_user import USERS, commands
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
    again,
    nth,
    open_on,
)
from tests.store.test_waves import came, gathering, new

# A worker may be killed between any two steps of a write: whoever repeats it completes it.


DEVICE = "f3b1c9d2-77aa-4e5f-9b1e-2f6c1d0e9a11"
HANDLES = ["umar_media", "salma_khan", "tariq_news"]
QUERIES = [a_query("q", handle=handle, device_id=DEVICE) for handle in HANDLES]
BANS = [a_ban(str(n), handle=handle, device_id=DEVICE) for n, handle in enumerate(HANDLES)]
SEEN = [a_remembered(f"r{n}", handle=handle, device_id=DEVICE) for n, handle in enumerate(HANDLES)]
SIZES = Sizes(**{**SMALL, "bans": 10**5})
"""Buckets for far more than there are, so that prints of two bytes do not agree by chance."""

Step = Callable[[Store], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Story:
    """What was there, and the write during which a worker is killed."""

    name: str
    before: Step
    write: Step


async def nothing(_: Store) -> None:
    """An empty store."""


async def enrol(store: Store) -> object:
    """Three accounts, which share a device."""
    return await store.enrol(BANS, now=NOW)


async def enrol_others(store: Store) -> object:
    """Two of them were called otherwise, one of these with another expiry alone."""
    others = [
        a_ban("0", handle="nadia_shop", device_id=DEVICE, occurred_at=NOW),
        a_ban("1", handle="salma_khan", device_id=DEVICE, occurred_at=NOW, expires_at=NOW + 86_400),
    ]
    return await store.enrol(others, now=NOW)


async def expunge(store: Store) -> object:
    """Two reinstatements."""
    return await store.expunge([(ban.account, NOW) for ban in BANS[:2]], now=NOW)


async def remember(store: Store) -> object:
    """Three accounts."""
    return await store.remember(SEEN, now=NOW)


async def remember_then_look(store: Store) -> object:
    """The same before a look-up."""
    return await store.remember_then_look(SEEN, QUERIES, now=NOW)


async def remember_others(store: Store) -> object:
    """One of them is called otherwise from now on."""
    later = a_remembered("r0", handle="nadia_shop", device_id=DEVICE, seen_at=NOW + 1)
    return await store.remember([later], now=NOW + 1)


async def forget(store: Store) -> object:
    """Two deletions."""
    return await store.forget([(one.account, NOW + 1) for one in SEEN[:2]], now=NOW + 1)


async def enrol_for_a_day(store: Store) -> object:
    """Three accounts, of which two are banned for a day."""
    return await store.enrol([*(again(ban, expires_at=NOW + DAY) for ban in BANS[:2]), BANS[2]], now=NOW)


async def sweep(store: Store) -> object:
    """Every worker does this each minute."""
    return await store.sweep(now=NOW + DAY)


STORIES = [
    Story("enrolment", nothing, enrol),
    Story("change of a ban", enrol, enrol_others),
    Story("reinstatement", enrol, expunge),
    Story("remembering", nothing, remember),
    Story("remembering and looking", enrol, remember_then_look),
    Story("change of what is remembered", remember, remember_others),
    Story("deletion", remember, forget),
    Story("sweep", enrol_for_a_day, sweep),
]


@contextmanager
def killed_after(calls: int, *, answered: bool) -> Iterator[None]:
    """So many calls of Redis are made, and none after that; of the last the answer may be lost."""
    made = count(1)

    def dying(real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*arguments: Any) -> Any:
            number = next(made)
            if number > calls:
                raise StoreUnavailable("killed")
            answer = await real(*arguments)
            if number == calls and not answered:
                raise StoreUnavailable("killed")
            return answer

        return call

    with pytest.MonkeyPatch.context() as patched:
        for name in ("script", "command"):
            patched.setattr(RedisClient, name, dying(getattr(RedisClient, name)))
        yield


def a_store(url: str, prefix: str, sizes: Sizes) -> RedisStore:
    """A worker's, which knows nothing of an earlier one."""
    return RedisStore(
        RedisEndpoint(url=url, deadline_seconds=10.0), prefix=prefix, identity=IDENTITY, sizes=sizes
    )


async def found(store: Store) -> list[set[str]]:
    """The accounts that look-ups find, of bans and of what is remembered."""
    banned = await store.bans_like(QUERIES, now=NOW)
    seen = await store.remembered_like(QUERIES, now=NOW + 1)
    return [
        {facts.account_id for facts in await store.facts([one.ref for one in several]) if facts}
        for several in banned
    ] + [
        {facts.account_id for facts in await store.remembered_facts([one.ref for one in several]) if facts}
        for several in seen
    ]


async def told(store: Store) -> list[object]:
    """All that look-ups answer of bans: with how many bear a value, and how rare it is."""
    queries = [*QUERIES, *(Query("x:q", (key,)) for query in QUERIES for key in query.keys)]
    return [
        [[(one.fingerprints, one.rank, one.bearers) for one in several]]
        for several in await store.bans_like(queries, now=NOW)
    ]


@dataclass(frozen=True, slots=True)
class Ends:
    """Answers of the store in memory before and after a write."""

    before: list[set[str]]
    after: list[set[str]]
    told: list[object]


async def ends_of(story: Story) -> Ends:
    """How a story begins and ends where nobody dies."""
    reference = MemoryStore(Bounds(), IDENTITY)
    await story.before(reference)
    before = await found(reference)
    await story.write(reference)
    after = await found(reference)
    return Ends(before, after, await told(reference))


async def lives(story: Story, url: str, calls: int, *, answered: bool, ends: Ends) -> bool:
    """Tells a story in which a worker dies; whether it lived to the end of it."""
    prefix = f"samehand-{uuid.uuid4().hex[:8]}:"
    first, second = (a_store(url, prefix, SIZES) for _ in range(2))
    await first.open()
    await story.before(first)
    alive = True
    with killed_after(calls, answered=answered):
        try:
            await story.write(first)
        except StoreUnavailable:
            alive = False
    await second.open()
    meanwhile = await found(second)
    await story.write(second)
    assert all(
        some <= one | other for some, one, other in zip(meanwhile, ends.before, ends.after, strict=True)
    )
    assert await found(second) == ends.after
    assert await told(second) == ends.told
    for one in (first, second):
        await one.close()
    return alive


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
async def test_whoever_repeats_a_write_completes_it(redis_url: str, story: Story, answered: bool) -> None:
    """Of the many calls for each of the tags a few are tried."""
    calls, ends = int(not answered), await ends_of(story)
    while not await lives(story, redis_url, calls, answered=answered, ends=ends):
        calls = max(calls + 1, calls * 3 // 2)
    assert calls > 1


# A store that is compacted holds the same in less memory.


CROWD = [a_ban(f"d{number}", handle=f"kuzey.{number}", device_id=DEVICE) for number in range(120)]


async def test_compacted_store_holds_the_same_in_less_memory(
    redis_url: str, redis_administrator: str, store_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where an outage breaks the compaction off: the next one goes on there."""
    store = a_store(redis_url, store_prefix, Sizes(**SMALL))
    await store.open()
    await store.enrol(CROWD, now=NOW)
    with closing(cast(Any, redis.Redis.from_url(redis_administrator))) as client:

        def postings() -> dict[bytes, tuple[bytes, int]]:
            names = client.scan_iter(match=f"{store_prefix}{{*}}:p*", count=5_000)
            return {name: (client.get(name), client.memory_usage(name)) for name in names}

        before, script, asked = postings(), store.shards.script, list[tuple[object, ...]]()

        async def away_once(name: str, tag: int, *arguments: bytes | str | float) -> Any:
            asked.append((tag, *arguments))
            if len(asked) == 2:
                raise StoreUnavailable("Redis did not answer in time")
            return await script(name, tag, *arguments)

        monkeypatch.setattr(store.shards, "script", away_once)
        with pytest.raises(StoreUnavailable):
            await store.compact()
        await store.compact()
        assert asked[1] == asked[2]
        after = postings()
    assert {name: held for name, (held, _) in after.items()} == {
        name: held for name, (held, _) in before.items()
    }
    assert sum(size for _, size in after.values()) < 0.9 * sum(size for _, size in before.values())
    await store.close()


# Carried into another layout a store says what it said; nobody works with the first one any more.


#: What whoever carries a store over may do beside what a worker may (deploy/redis/README.md).
RESHARDING = {"scan", "dump", "restore", "pttl"}
MakeLayout = Callable[..., RedisStore]


@pytest.fixture
async def layout(redis_administrator: str, store_prefix: str) -> AsyncIterator[MakeLayout]:
    """Makes a store for so many thousand bans under a prefix of its own, as an administrator."""
    made: list[RedisStore] = []

    def make(number: int, *, carrying: bool = False, working: bool = False, **bounds: float) -> RedisStore:
        store = RedisStore(
            RedisEndpoint(url=redis_administrator, deadline_seconds=10.0),
            prefix=f"{store_prefix}-{number}",
            identity=IDENTITY,
            sizes=Sizes(**{**SMALL, "bans": 1_000 * number}),
            bounds=Bounds(**bounds),  # type: ignore[arg-type]  # numbers of either kind
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


async def first_figures(layout: MakeLayout, number: int) -> int:
    """How many alerts wait for a verdict in a store that was left."""
    store = layout(number, carrying=True)
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
    assert await remembered_like(second, query, NOW + 8 * DAY + 1) == {"1"}


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
        told = "has moved to another layout: set SAMEHAND_STORE_PREFIX=.*-3 and restart"
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


async def of_another_version(store: RedisStore) -> RedisStore:
    """A store as a former version made it, with a worker of that version at work."""
    await store.open()
    await store.enrol([a_ban("1")], now=NOW)
    await store.store_meta.note(layout="9")
    return store


async def test_a_store_of_another_version_is_read_by_nobody_and_closed_all_the_same(
    layout: MakeLayout,
) -> None:
    former = await of_another_version(layout(3))
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
    with pytest.raises(StoreMoving, match=r"set SAMEHAND_STORE_PREFIX=.*-1 and restart"):
        await layout(3).open()
    await layout(1).open()
    with pytest.raises(StoreInUse, match="was handed over to it"):
        await Resharding(layout(3, carrying=True), layout(1, carrying=True)).begin()
    assert await drop_store(layout(3)) > 1


async def test_every_shard_of_a_former_store_is_closed_however_many_the_settings_say(
    layout: MakeLayout, redis_administrator: str, store_prefix: str
) -> None:
    former = await of_another_version(layout(1))
    await former.store_meta.note(shards="2")  # as up to layout 26
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
    await layout(1, carrying=True).store_meta.note(moved=left)  # and it ended before the tags were closed
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


async def test_an_operators_rights_are_four_beyond_a_workers_and_enough(
    layout: MakeLayout, redis_administrator: str, redis_user: dict[str, str], store_prefix: str
) -> None:
    if not redis_user:
        pytest.skip("the Redis to test against is somebody's own, and knows no such user")
    name = f"carrier-{store_prefix}"
    rules = (USERS.parent / "operator.acl").read_text("utf-8").split()[2:]
    assert {rule[1:] for rule in rules if rule.startswith("+")} == commands() | RESHARDING
    with redis.Redis.from_url(redis_administrator) as client:
        client.execute_command("ACL", "SETUSER", name, f">{redis_user['password']}", *rules)
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
            prefix=f"{store_prefix}-{number}",
            identity=IDENTITY,
            sizes=Sizes(**{**SMALL, "bans": 1_000 * number}),
            carrying=True,
        )
        for number in (1, 3)
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


# Is this the store that we left? Emptied, laid out otherwise, full, read-only, away: said, not hidden.


@pytest.fixture(scope="module")
def server(redis_url: str) -> Iterator[EmbeddedRedis]:
    """A Redis that tests may harm (after ``redis_url``, which skips where none can be started)."""
    with EmbeddedRedis(settings={"appendonly": "no"}) as running:
        yield running


@pytest.fixture
def url(server: EmbeddedRedis) -> str:
    """Its address, empty and as it was at first."""
    if server.pid is None:
        server.start()
    with redis.Redis.from_url(server.administrator_url) as client:
        client.replicaof("NO", "ONE")
        client.config_set("maxmemory", "0")
        client.acl_setuser("default", enabled=True, nopass=True, commands=["+info"])
        client.flushall()
    return server.url


@pytest.fixture
def administrator_url(server: EmbeddedRedis) -> str:
    """Its address for who may do everything."""
    return server.administrator_url


async def opened(
    url: str, *, identity: bytes = IDENTITY, bans: int = 2_000, known: str = "", reads: bool = False
) -> RedisStore:
    """A store at an address; ``reads``: as a gate opens it."""
    store = RedisStore(
        RedisEndpoint(url=url, deadline_seconds=1.0, read_only=reads),
        prefix="samehand:",
        identity=identity,
        sizes=Sizes(**{**SMALL, "bans": bans}),
        known_epoch=known,
    )
    await store.open()
    return store


async def test_a_store_emptied_under_us_never_answers_nothing(url: str, administrator_url: str) -> None:
    store = await opened(url)
    await store.enrol([a_ban("1")], now=NOW)
    with redis.Redis.from_url(administrator_url) as client:
        client.flushall()
    with pytest.raises(StoreEmptied):
        await store.bans_like([a_query()], now=NOW)
    with pytest.raises(StoreEmptied):
        await store.remember([a_remembered()], now=NOW)
    reason = await store.ready()
    assert reason is not None
    assert "emptied" in reason
    await store.close()


async def test_one_tag_emptied_is_noticed_by_who_asks_there(url: str, administrator_url: str) -> None:
    store, ban = await opened(url), a_ban("1")
    await store.enrol([ban], now=NOW)
    root = store.shards.root(store.shards.addresses.account(ban.account).home)
    with redis.Redis.from_url(administrator_url) as client:
        client.delete(root + "e")
    for asked in (
        store.bans([ban.account]),
        store.enrol([ban], now=NOW),
        store.expunge([(ban.account, NOW)], now=NOW),
        store.remember([a_remembered("1")], now=NOW),
        store.bans_like([a_query("9")], now=NOW),
    ):
        with pytest.raises(StoreEmptied):
            await asked
    assert await store.ready() is not None
    await store.close()


async def test_a_store_emptied_while_we_were_away_is_noticed_by_whoever_knew_its_epoch(
    url: str, administrator_url: str
) -> None:
    store = await opened(url)
    await store.enrol([a_ban("1")], now=NOW)
    epoch = store.epoch
    await store.close()
    with redis.Redis.from_url(administrator_url) as client:
        client.flushall()
    with pytest.raises(StoreEmptied):
        await opened(url, known=epoch)


async def test_a_store_that_is_not_filled_yet_is_refused_to_whoever_knows_of_bans(url: str) -> None:
    with pytest.raises(StoreEmptied, match="samehand rebuild"):
        await opened(url, known=UNFILLED)
    rebuilder = await opened(url)
    await rebuilder.begin_again()
    await rebuilder.enrol([a_ban("1")], now=NOW)
    with pytest.raises(StoreEmptied, match="not to its end"):
        await opened(url, known=UNFILLED)
    known = await opened(url, known=rebuilder.epoch)  # as noted by then
    await known.close()
    await rebuilder.close()


async def test_a_store_that_an_enrolment_began_is_as_good_as_noted(url: str) -> None:
    """Its worker died before it noted the epoch."""
    first = await opened(url)
    await first.enrol([a_ban("1")], now=NOW)
    second = await opened(url, known=UNFILLED)
    assert second.epoch == first.epoch
    assert await second.ready() is None
    await first.close()
    await second.close()


async def test_a_store_that_is_not_filled_yet_answers_nobody(url: str) -> None:
    store = RedisStore(
        RedisEndpoint(url=url, deadline_seconds=1.0),
        prefix="samehand:",
        identity=IDENTITY,
        known_epoch=UNFILLED,
    )
    with pytest.raises(StoreEmptied):
        await store.bans_like([a_query()], now=NOW)
    assert "emptied" in (await store.ready() or "")
    await store.close()


async def test_a_rebuild_begins_again_and_the_old_epoch_is_over(url: str, administrator_url: str) -> None:
    store = await opened(url)
    await store.enrol([a_ban("1")], now=NOW)
    with redis.Redis.from_url(administrator_url) as client:
        client.flushall()
    rebuilder = await opened(url)
    await rebuilder.begin_again()
    await rebuilder.enrol([a_ban("1")], now=NOW)
    (candidates,) = await rebuilder.bans_like([a_query()], now=NOW)
    assert len(candidates) == 1
    with pytest.raises(StoreEmptied):
        await store.bans_like([a_query()], now=NOW)
    await store.close()
    await rebuilder.close()


async def test_a_rebuild_begins_again_where_some_tags_alone_lost_their_epoch(
    url: str, administrator_url: str
) -> None:
    store = await opened(url)
    await store.enrol([a_ban(str(n)) for n in range(8)], now=NOW)
    with redis.Redis.from_url(administrator_url) as client:
        client.delete(*client.scan_iter(match="samehand:{[0-7]?}:*"))
    rebuilder = store
    with pytest.raises(StoreEmptied):
        await rebuilder.open()
    await rebuilder.begin_again()
    became = await rebuilder.enrol([a_ban(str(n)) for n in range(8)], now=NOW)
    assert {Enrolled.NEW, Enrolled.UNCHANGED} == set(became), "some tags were lost, others were not"
    assert await rebuilder.ready() is None
    assert (await rebuilder.figures()).fingerprints == 8
    await store.close()


async def test_its_history_is_another_after_a_restart_and_the_same_otherwise(
    server: EmbeddedRedis, url: str
) -> None:
    store = await opened(url)
    history = await store.history()
    await store.enrol([a_ban("1")], now=NOW)
    assert history == await store.history() != ""
    server.stop()
    server.start()
    with pytest.raises(StoreUnavailable):
        await store.history()  # the old connection
    assert await store.history() not in ("", history)
    await store.close()


async def test_its_history_names_the_last_refilling(url: str) -> None:
    store = await opened(url)
    before = await store.history()
    await store.begin_again()
    assert (await store.history()).partition(":") == (store.epoch, ":", before.removeprefix(":"))
    await store.close()


async def test_a_server_that_does_not_tell_its_history_has_none(url: str, administrator_url: str) -> None:
    store = await opened(url)
    with redis.Redis.from_url(administrator_url) as client:
        client.acl_setuser("default", enabled=True, nopass=True, commands=["-info"])
    assert await store.history() == ""
    await store.close()


def of_fold(version: int) -> Ban:
    """A ban whose fingerprint another program made."""
    ban = a_ban("1")
    return replace(ban, fingerprints=tuple(replace(one, fold_version=version) for one in ban.fingerprints))


@pytest.mark.parametrize("version", [FOLD_VERSION + 1, FOLD_VERSION + 2])
async def test_fingerprints_of_a_fold_that_we_do_not_read_are_refused(url: str, version: int) -> None:
    store = await opened(url)
    await store.enrol([of_fold(version)], now=NOW)
    await store.close()
    with pytest.raises(StoreMismatch, match=f"fold version {version}"):
        await opened(url)


async def test_those_of_the_fold_before_are_read_until_a_rebuild_has_finished(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await opened(url)
    await store.enrol([a_ban("1")], now=NOW)
    monkeypatch.setattr(store_meta, "FOLD_VERSION", FOLD_VERSION + 1)
    await store.open()
    await store.enrol([of_fold(FOLD_VERSION + 1)], now=NOW)
    await store.note_rebuilt()
    assert (await store.figures()).fold_versions == (FOLD_VERSION + 1,)
    monkeypatch.setattr(store_meta, "FOLD_VERSION", FOLD_VERSION + 2)
    await store.open()
    monkeypatch.setattr(store_meta, "FOLD_VERSION", FOLD_VERSION + 3)
    with pytest.raises(StoreMismatch):
        await store.open()
    await store.close()


async def test_a_worker_that_began_before_the_first_ban_learns_the_epoch(url: str) -> None:
    early, other = await opened(url), await opened(url)
    await other.enrol([a_ban("1")], now=NOW)
    await early.bans_like([a_query()], now=NOW)
    assert early.epoch == other.epoch
    await early.close()
    await other.close()


@pytest.mark.parametrize(
    ("change", "word"),
    [({"bans": 3_000}, "bans is 2000 in Redis and 3000 here"), ({"identity": b"other" * 8}, "identity")],
)
async def test_a_store_laid_out_otherwise_is_refused(url: str, change: dict[str, int], word: str) -> None:
    await (await opened(url)).close()
    with pytest.raises(StoreMismatch, match=word):
        await opened(url, **change)  # type: ignore[arg-type]  # one of either


async def test_out_of_memory_is_unavailable_and_ready_says_so(url: str, administrator_url: str) -> None:
    store = await opened(url)
    await store.enrol([a_ban("1")], now=NOW)
    with redis.Redis.from_url(administrator_url) as client:
        client.config_set("maxmemory", "1")
        with pytest.raises(StoreUnavailable, match="OutOfMemory"):
            await store.enrol([a_ban("2")], now=NOW)
        reason = await store.ready()
        assert reason is not None
        assert "OutOfMemory" in reason
        client.config_set("maxmemory", "0")
    assert await store.ready() is None
    await store.close()


async def test_a_replica_that_cannot_write_is_not_ready_though_it_answers_ping(
    url: str, administrator_url: str
) -> None:
    store = await opened(url)
    with redis.Redis.from_url(administrator_url) as client:
        client.replicaof("127.0.0.1", "1")
        assert client.ping()
    reason = await store.ready()
    assert reason is not None
    assert "ReadOnly" in reason
    await store.close()


async def test_a_server_that_is_gone_is_unavailable_and_comes_back(server: EmbeddedRedis, url: str) -> None:
    store = await opened(url)
    await store.enrol([a_ban("1")], now=NOW)
    server.kill()
    with pytest.raises(StoreUnavailable):
        await store.bans_like([a_query()], now=NOW)
    assert await store.ready() is not None
    await store.close()


async def test_an_error_never_quotes_what_was_sent(url: str, administrator_url: str) -> None:
    store = await opened(url)
    with redis.Redis.from_url(administrator_url) as client:
        for tag in range(256):
            client.set(f"samehand:{{{tag:02x}}}:bans", "of another type")
    with pytest.raises(StoreError) as fault:
        await store.enrol([a_ban("777888999", handle="zufar_zarif")], now=NOW)
    assert "zufar" not in str(fault.value)
    assert "777888999" not in str(fault.value)
    await store.close()


async def test_a_gate_says_that_no_worker_has_opened_a_store(url: str) -> None:
    gate = await opened(url, reads=True)
    assert "SAMEHAND_STORE_PREFIX" in (await gate.ready() or "")
    worker = await opened(url)
    assert await gate.ready() is None
    assert await gate.bans_like([a_query()], now=NOW) == [[]], "no account was banned yet"
    await gate.close()
    await worker.close()


async def test_a_gate_says_that_a_store_was_never_filled_until_it_is(url: str) -> None:
    with pytest.raises(StoreEmptied):
        await opened(url, known=UNFILLED)  # what a worker knows, a gate is told
    with pytest.raises(StoreEmptied, match="samehand rebuild"):
        await opened(url, reads=True)
    rebuilder = await opened(url)
    await rebuilder.begin_again()
    await rebuilder.enrol([a_ban("1")], now=NOW)
    with pytest.raises(StoreEmptied, match="not to its end"):
        await opened(url, reads=True)
    await rebuilder.note_rebuilt()
    gate = await opened(url, reads=True)
    assert await gate.ready() is None
    await gate.close()
    await rebuilder.close()


async def test_a_gate_that_runs_takes_up_a_store_that_was_rebuilt_and_not_before(
    url: str, administrator_url: str
) -> None:
    worker = await opened(url)
    await worker.enrol([a_ban("1")], now=NOW)
    gate = await opened(url, reads=True)
    with redis.Redis.from_url(administrator_url) as client:
        client.flushall()
    assert await gate.ready() is not None
    with pytest.raises(StoreEmptied):
        await worker.open()
    assert "samehand rebuild" in (await gate.ready() or "")
    await worker.begin_again()
    await worker.enrol([a_ban("1")], now=NOW)
    assert "not to its end" in (await gate.ready() or "")
    await worker.note_rebuilt()
    assert await gate.ready() is None
    (candidates,) = await gate.bans_like([a_query()], now=NOW)
    assert len(candidates) == 1
    await gate.close()
    await worker.close()


async def test_bans_enrolled_from_the_first_on_need_no_rebuild(url: str) -> None:
    """The group's offsets were set back instead."""
    with pytest.raises(StoreEmptied):
        await opened(url, known=UNFILLED)
    worker = await opened(url)
    await worker.enrol([a_ban("1")], now=NOW)
    gate = await opened(url, reads=True)
    assert await gate.ready() is None
    await gate.close()
    await worker.close()
