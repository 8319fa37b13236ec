"""A store laid out for another size, filled from the old one: the same in every answer."""

from __future__ import annotations

from store.base import Ban
from store.rebuild import copy
from store.redis import Endpoint, RedisStore, Sizes
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_ban, a_query


def a_store(url: str, prefix: str, sizes: Sizes) -> RedisStore:
    """A store under a prefix."""
    return RedisStore(Endpoint(url=url, deadline_seconds=10.0), prefix=prefix, identity=IDENTITY, sizes=sizes)


def a_handle(number: int) -> str:
    """One of many: what more bans share than a posting lists depends on who came first."""
    return "".join("bdfgklmnrs"[int(digit)] + "aeiou"[int(digit) % 5] for digit in f"{number * 7919:07}")


async def test_a_copy_in_another_layout_finds_the_same_in_the_same_order(
    redis_url: str, store_prefix: str
) -> None:
    old = a_store(redis_url, store_prefix + "old:", Sizes(**SMALL))
    new = a_store(redis_url, store_prefix + "new:", Sizes(**{**SMALL, "bans": 50}))
    await old.open()
    await new.open()
    bans = [a_ban(str(n), handle=a_handle(n % 200)) for n in range(700)]
    await old.enrol(bans, now=NOW)
    await old.expunge([(ban.account, NOW) for ban in bans[::9]], now=NOW)
    done: list[int] = []
    kept = [ban for place, ban in enumerate(bans) if place % 9]
    assert await copy(old, new, now=NOW, progress=done.append) == len(kept)
    assert done[-1] == len(kept)
    assert await copy(old, new, now=NOW) == 0
    found: dict[str, Ban] = {ban.account: ban async for batch in new.walk() for ban in batch}
    assert found == {ban.account: ban for ban in kept}
    queries = [a_query("q", handle=a_handle(n) + "x") for n in range(60)]
    answers = []
    for store in (old, new):
        likes = await store.bans_like(queries, now=NOW)
        facts = [await store.facts([one.ref for one in several]) for several in likes]
        answers.append(([[one.rarity_bits for one in several] for several in likes], facts))
        await store.close()
    assert answers[0] == answers[1]
