"""The stores that the contract holds to its word."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from store.base import Store
from store.bounds import Bounds
from store.memory.store import MemoryStore
from store.redis import RedisEndpoint, RedisStore, Sizes
from tests.store.makers import IDENTITY

MakeStore = Callable[..., Awaitable[Store]]

SMALL = {"bans": 2_000, "remembered": 16_000, "sketch_columns": 1 << 12, "filter_bits": 1 << 16}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves crowds of 600 to stores of one shard, in which they are densest; of three, fewer are tried."""
    crowded = [item for item in items if _is_crowd_over_shards(item)]
    items[:] = [item for item in items if item not in crowded]
    config.hook.pytest_deselected(items=crowded)


def _is_crowd_over_shards(item: pytest.Item) -> bool:
    given = item.callspec.params if hasattr(item, "callspec") else {}
    return given.get("decoys") == 600 and "3 shards" in str(given.get("make_store"))


@pytest.fixture(params=["memory", "redis", "redis of 3 shards"])
async def make_store(request: pytest.FixtureRequest) -> AsyncIterator[MakeStore]:
    """Makes stores of one kind, with the bounds that a test wants."""
    kind: str = request.param
    shards = 3 if "3" in kind else 1
    made: list[Store] = []

    async def make(**bounds: float) -> Store:
        limits = Bounds(shards=shards, **bounds)  # type: ignore[arg-type]  # numbers of either kind
        store: Store = MemoryStore(limits, IDENTITY)
        if kind.startswith("redis"):
            store = RedisStore(
                RedisEndpoint(
                    url=request.getfixturevalue("redis_url"),
                    deadline_seconds=10,
                ),
                prefix=request.getfixturevalue("store_prefix"),
                identity=IDENTITY,
                sizes=Sizes(shards=shards, **SMALL),
                bounds=limits,
            )
        await store.open()
        made.append(store)
        return store

    yield make
    for store in made:
        await store.close()


@pytest.fixture
async def store(make_store: MakeStore) -> Store:
    """A store with bounds as they ship."""
    return await make_store()
