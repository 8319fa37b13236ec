"""How many round trips to Redis an event waits for, one after the other, on whatever Redis there is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from local.ports import LOOPBACK
from local.redis_cluster import RedisCluster
from store.bounds import Bounds
from store.redis import Endpoint, RedisStore, Sizes
from streams.outcomes import Outcome, Published
from tests.agents.conftest import Life
from tests.makers import a_ban, a_sign_up, arrival
from tests.store.conftest import SMALL
from tests.trips import Trips, trips

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
BATCH = 50


@pytest.fixture(scope="module")
def cluster(redis_url: str) -> Iterator[RedisCluster]:
    """A cluster (asked for after ``redis_url``, which skips where no server can be started)."""
    with RedisCluster() as nodes:
        yield nodes


@pytest.fixture(params=["1 shard", "3 shards", "cluster of 3 shards"])
async def lived(request: pytest.FixtureRequest, life: Life, store_prefix: str) -> AsyncIterator[Life]:
    """Agents on a Redis, which have handled some events of every kind already."""
    shards = 1 if request.param == "1 shard" else 3
    if "cluster" in request.param:
        nodes: RedisCluster = request.getfixturevalue("cluster")
        endpoint = Endpoint(
            cluster=tuple((LOOPBACK, node.port) for node in nodes.nodes), deadline_seconds=10.0
        )
    else:
        endpoint = Endpoint(url=request.getfixturevalue("redis_url"), deadline_seconds=10.0)
    store = RedisStore(
        endpoint,
        prefix=store_prefix,
        identity=b"i" * 32,
        sizes=Sizes(shards=shards, **SMALL),
        bounds=Bounds(shards=shards),
    )
    await store.open()
    lived = Life(replace(life.context, store=store))
    await lived.ban(a_ban(handle="umar_media", device_id=DEVICE))
    for _ in range(2):
        for many in (1, BATCH):
            await lived.tell(
                lived.screen, *(a_sign_up(handle=f"umar_media_{n}", device_id=DEVICE) for n in range(many))
            )
    yield lived
    await store.close()


def only(counted: Trips, most: int) -> None:
    """Fails with what was sent if there were more trips."""
    assert counted.waited <= most, "\n".join(counted.sent)


async def test_an_event_without_an_alert_waits_for_three_trips(lived: Life) -> None:
    for many in (1, BATCH):
        events = [a_sign_up(handle=f"umar_kitchen_{n}") for n in range(many)]
        with trips() as counted:
            outcomes = await lived.tell(lived.screen, *events)
        assert not any(isinstance(it, Published) for it in outcomes)
        only(counted, 3 if lived_on_one_shard(lived) else 4)


async def test_an_alert_waits_for_two_more_and_its_confirmation_for_one(lived: Life) -> None:
    one = lived_on_one_shard(lived)
    for many in (1, BATCH):
        events = [a_sign_up(handle=f"umar_media_{n}", device_id=DEVICE) for n in range(many)]
        with trips() as counted:
            outcomes: list[Outcome] = await lived.screen([arrival(event) for event in events])
        assert any(isinstance(it, Published) for it in outcomes)
        only(counted, 5 if one else 8)
        with trips() as counted:
            await lived.publish(lived.screen, outcomes)
        only(counted, 1 if one else 2)


def lived_on_one_shard(lived: Life) -> bool:
    """Whether all of the store is in one shard."""
    store = lived.context.store
    assert isinstance(store, RedisStore)
    return len(store.shards.all) == 1
