"""What a store answers follows from who is banned, not from who was banned first."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samehand.keys import SHORT_POSTING_CAP
from store.base import Ban, Store
from store.bounds import Bounds
from store.limits import SILENT_LISTS
from store.memory.store import MemoryStore
from store.redis import RedisEndpoint, RedisStore, Sizes
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_ban, a_query

EXAMPLES = settings().max_examples // 10  # each fills two stores

ENDS = [f"{one}{other}" for one in "bcdfghjklmnpqr" for other in "klmnpqrstv"]
# As many as a run of letters may propose, one more, one less, and more than a store lists.
CROWDS = {
    "umarmedia": SHORT_POSTING_CAP,
    "salmanoor": SHORT_POSTING_CAP + 1,
    "tariqnews": SHORT_POSTING_CAP - 1,
    "nadiashop": SILENT_LISTS * SHORT_POSTING_CAP + 5,
}
PASSING = SHORT_POSTING_CAP - 4  # with those who were reinstated a run has more bearers than it may propose


def roomy(shards: int) -> Sizes:
    """Buckets for a hundred times as many: prints of two bytes do not agree by chance then."""
    return Sizes(shards=shards, **{**SMALL, "bans": 200_000})


Told = tuple[Ban, bool]
"""A ban, and whether it is lifted."""


def handles(word: str, count: int) -> list[str]:
    """So many handles that share a word."""
    return [f"{word}{end}" for end in ENDS[:count]]


STAY = [
    a_ban(name, handle=name, display_name=f"{name[:5]} {name[5:9]}")
    for word, count in CROWDS.items()
    for name in handles(word, count)
]
GONE = [a_ban(f"gone {end}", handle=f"umarmedia{end}") for end in reversed(ENDS[-PASSING:])]
QUERIES = [
    a_query("asks", handle=f"{word}{end}", display_name=word[:5]) for word in CROWDS for end in ("bk", "zz9")
]
QUERIES += [a_query("asks", handle=word[:7]) for word in CROWDS]
TOLD: list[Told] = [*((ban, False) for ban in STAY), *((ban, True) for ban in GONE)]


async def filled(store: Store, order: Sequence[Told], at_once: int) -> list[object]:
    """Fills a store, lifts what is lifted, and tells what it answers."""
    await store.open()
    for start in range(0, len(order), at_once):
        some = order[start : start + at_once]
        await store.enrol([ban for ban, _ in some], now=NOW)
        await store.expunge([(ban.account, NOW) for ban, lifted in some[::2] if lifted], now=NOW)
    await store.expunge([(ban.account, NOW) for ban, lifted in order if lifted], now=NOW)
    answers: list[object] = []
    for keep in (3, 64, 1_000):
        for several in await store.bans_like(QUERIES, now=NOW, keep=keep):
            facts = await store.facts([one.ref for one in several])
            answers.append(
                [(fact and fact.account_id, one.rank) for fact, one in zip(facts, several, strict=True)]
            )
    await store.close()
    return answers


@pytest.mark.parametrize("shards", [1, 3])
def test_answers_do_not_hang_on_the_order_of_arrival(redis_url: str, shards: int) -> None:
    bounds = Bounds(shards=shards)
    expected = asyncio.run(filled(MemoryStore(bounds, IDENTITY), [(ban, False) for ban in STAY], 50))
    assert any(expected)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.permutations(range(len(TOLD))), st.sampled_from([7, 50, 300]))
    def filled_anyhow(places: list[int], at_once: int) -> None:
        order = [TOLD[place] for place in places]
        redis = RedisStore(
            RedisEndpoint(url=redis_url, deadline_seconds=10.0),
            prefix=f"samehand-{uuid.uuid4().hex[:8]}:",
            identity=IDENTITY,
            sizes=roomy(shards),
            bounds=bounds,
        )
        for store in (MemoryStore(bounds, IDENTITY), redis):
            assert asyncio.run(filled(store, order, at_once)) == expected

    filled_anyhow()
