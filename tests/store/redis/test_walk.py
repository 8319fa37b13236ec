"""All bans of a store, told one after another: another layout filled with them answers the same."""

from __future__ import annotations

import pytest

from store.base import Ban
from store.redis import RedisEndpoint, RedisStore, Sizes
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_ban, a_query


def a_store(url: str, prefix: str, sizes: Sizes) -> RedisStore:
    """A store under a prefix."""
    return RedisStore(
        RedisEndpoint(url=url, deadline_seconds=10.0), prefix=prefix, identity=IDENTITY, sizes=sizes
    )


def a_handle(number: int) -> str:
    """One of many: what more bans share than a posting lists depends on who came first."""
    digits = f"{number * 77_368_637_368_631 % 10**14:014}"
    return "".join(
        "bcdfghjklmnpqrstvwxz"[int(pair) % 20] + "aeiou"[int(pair) // 20]
        for pair in (digits[at : at + 2] for at in range(0, 14, 2))
    )


@pytest.mark.parametrize(("shards", "fewer"), [(5, False), (1, True)])
async def test_the_same_bans_in_another_layout_are_found_alike(
    redis_url: str, store_prefix: str, shards: int, fewer: bool
) -> None:
    """In one shard and in many, and however full its postings are. Where a bucket holds more, false entries
    make some keys look less rare, and propose a few who share none.
    """
    old = a_store(redis_url, store_prefix + "old:", Sizes(shards=1, **SMALL))
    sizes = {**SMALL, "bans": 50} if fewer else SMALL
    new = a_store(redis_url, store_prefix + "new:", Sizes(shards=shards, **sizes))
    await old.open()
    await new.open()
    bans = [a_ban(str(n), handle=a_handle(n % 200)) for n in range(560)]
    await old.enrol(bans, now=NOW)
    await old.expunge([(ban.account, NOW) for ban in bans[::9]], now=NOW)
    async for batch in old.walk():
        await new.enrol(batch, now=NOW)
    found: dict[str, Ban] = {ban.account: ban async for batch in new.walk() for ban in batch}
    assert found == {ban.account: ban for place, ban in enumerate(bans) if place % 9}
    queries = [a_query("q", handle=a_handle(n) + "x") for n in range(60)]
    answers = []
    for store in (old, new):
        likes = await store.bans_like(queries, now=NOW)
        answers.append(
            [
                list(zip(await store.facts([one.ref for one in several]), several, strict=True))
                for several in likes
            ]
        )
        await store.close()
    by_chance = 0
    for mine, its in zip(*answers, strict=True):
        if fewer:
            sought, told = ({facts.account_id for facts, _ in several} for several in (mine, its))
            assert sought <= told
            by_chance += len(told - sought)
        else:
            assert [(facts, one.rank) for facts, one in mine] == [(facts, one.rank) for facts, one in its]
    assert by_chance < len(queries)
