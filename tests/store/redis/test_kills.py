"""A worker may be killed between any two steps of a write: whoever repeats it completes it.

Of one shard a write is one step; of several its record comes first, in the shard of the account, and then its
entries, in those of its keys.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
import redis

from store.base import Query, Store
from store.bounds import Bounds
from store.errors import StoreUnavailable
from store.limits import SLOT_RESTS_SECONDS
from store.memory.store import MemoryStore
from store.redis import RedisEndpoint, RedisStore, Sizes
from store.redis.client import RedisClient
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_ban, a_query, a_remembered

DEVICE = "f3b1c9d2-77aa-4e5f-9b1e-2f6c1d0e9a11"
HANDLES = ["umar_media", "salma_khan", "tariq_news"]
QUERIES = [a_query("q", handle=handle, device_id=DEVICE) for handle in HANDLES]
BANS = [a_ban(str(n), handle=handle, device_id=DEVICE) for n, handle in enumerate(HANDLES)]
SEEN = [a_remembered(f"r{n}", handle=handle, device_id=DEVICE) for n, handle in enumerate(HANDLES)]
#: Buckets for far more than there are, so that prints of two bytes do not agree by chance. In the last the
#: places of entries have four bytes.
SIZES = [
    Sizes(shards=shards, **{**SMALL, "bans": bans}) for shards, bans in ((1, 10**5), (3, 10**5), (3, 10**8))
]

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


async def lifted_a_while_ago(store: Store) -> object:
    """Bans of which the slots have rested once."""
    await enrol(store)
    return await expunge(store)


async def sweep(store: Store) -> object:
    """What every worker does each minute."""
    return await store.sweep(now=NOW + SLOT_RESTS_SECONDS + 1)


STORIES = [
    Story("enrolment", nothing, enrol),
    Story("change of a ban", enrol, enrol_others),
    Story("reinstatement", enrol, expunge),
    Story("remembering", nothing, remember),
    Story("remembering and looking", enrol, remember_then_look),
    Story("change of what is remembered", remember, remember_others),
    Story("deletion", remember, forget),
    Story("sweep", lifted_a_while_ago, sweep),
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
        RedisEndpoint(url=url, deadline_seconds=10.0),
        prefix=prefix,
        identity=IDENTITY,
        sizes=sizes,
        bounds=Bounds(shards=sizes.shards),
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


async def swept(store: Store) -> None:
    """What is left of a removal goes once its slots have rested twice."""
    for turn in (1, 2, 3):
        await store.sweep(now=NOW + turn * (SLOT_RESTS_SECONDS + 1))


@dataclass(frozen=True, slots=True)
class Ends:
    """Answers of the store in memory before and after a write."""

    before: list[set[str]]
    after: list[set[str]]
    told: list[object]


async def ends_of(story: Story, sizes: Sizes) -> Ends:
    """How a story begins and ends where nobody dies."""
    reference = MemoryStore(Bounds(shards=sizes.shards), IDENTITY)
    await story.before(reference)
    before = await found(reference)
    await story.write(reference)
    after = await found(reference)
    return Ends(before, after, await told(reference))


async def lives(story: Story, url: str, sizes: Sizes, calls: int, *, answered: bool, ends: Ends) -> bool:
    """Tells a story in which a worker dies; whether it lived to the end of it."""
    prefix = f"samehand-{uuid.uuid4().hex[:8]}:"
    first, second = (a_store(url, prefix, sizes) for _ in range(2))
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
    await swept(second)
    assert await told(second) == ends.told
    assert (await second.figures()).resting == 0
    for one in (first, second):
        await one.close()
    return alive


#: Large shards differ in how an entry is written, moved and taken away. To die before a call or while waiting
#: for the answer of the last leaves Redis the same, so that each is tried on one kind of shards.
OF_LARGE = ("enrolment", "remembering", "sweep")
TRIED = [
    *(
        pytest.param(story, sizes, True, id=f"{story.name}-{sizes.shards}-before")
        for story in STORIES
        for sizes in SIZES[:2]
    ),
    *(
        pytest.param(story, SIZES[2], False, id=f"{story.name}-large-within")
        for story in STORIES
        if story.name in OF_LARGE
    ),
]


@pytest.mark.parametrize(("story", "sizes", "answered"), TRIED)
async def test_whoever_repeats_a_write_completes_it(
    redis_url: str, story: Story, sizes: Sizes, answered: bool
) -> None:
    deaths, ends = 0, await ends_of(story, sizes)
    while not await lives(story, redis_url, sizes, deaths + (not answered), answered=answered, ends=ends):
        deaths += 1
    assert deaths >= 1


async def test_a_late_entry_of_a_ban_that_was_lifted_goes_with_its_slot(
    redis_url: str, redis_administrator: str, store_prefix: str
) -> None:
    """Somebody enrols and somebody else reinstates: whose entries come last, nothing of them stays."""
    store = a_store(redis_url, store_prefix, SIZES[1])
    await store.open()
    late: list[tuple[Any, ...]] = []

    async def kept_back(client: RedisClient, name: str, *arguments: Any) -> Any:
        if name == "entries":
            late.append((client, name, *arguments))
            return b"OK"
        return await real(client, name, *arguments)

    real = RedisClient.script
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(RedisClient, "script", kept_back)
        await enrol(store)
    await expunge(store)
    for arguments in late:
        await real(*arguments)
    assert (await found(store))[:3] == [{"2"}] * 3
    assert (await store.figures()).resting == 2
    await swept(store)
    reference = MemoryStore(Bounds(shards=3), IDENTITY)
    await reference.enrol(BANS[2:], now=NOW)
    assert await told(store) == await told(reference)
    await store.expunge([(BANS[2].account, NOW)], now=NOW)
    await swept(store)
    with redis.Redis.from_url(redis_administrator) as client:
        keys = list(client.scan_iter(match=f"{store_prefix}*"))
        assert [key for key in keys if re.search(rb":b:[parq]", key)] == []
    await store.close()
