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


@pytest.fixture(params=["memory", "redis"])
async def make_store(request: pytest.FixtureRequest) -> AsyncIterator[MakeStore]:
    """Makes stores of one kind, with the bounds that a test wants."""
    kind: str = request.param
    made: list[Store] = []

    async def make(**bounds: float) -> Store:
        limits = Bounds(**bounds)  # type: ignore[arg-type]  # numbers of either kind
        store: Store = MemoryStore(limits, IDENTITY)
        if kind == "redis":
            store = RedisStore(
                RedisEndpoint(url=request.getfixturevalue("redis_url"), deadline_seconds=10),
                prefix=request.getfixturevalue("store_prefix"),
                identity=IDENTITY,
                sizes=Sizes(**SMALL),
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


@pytest.fixture
def few_alerts(monkeypatch: pytest.MonkeyPatch) -> int:
    """As many open alerts as nobody would read, of which a test can make more."""
    for module in ("store.rules.alerts", "store.rules.ban_alerts", "store.rules.outbox"):
        monkeypatch.setattr(f"{module}.OPEN_ALERTS_A_BAN", 2)
    return 2
