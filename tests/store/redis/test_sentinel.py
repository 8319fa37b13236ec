"""Sentinels that let nobody in without a name: a store behind them is found with it, and not without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.ports import LOOPBACK
from local.redis import EmbeddedRedis
from local.redis_users import WORKER
from local.waiting import wait_until
from store.errors import StoreUnavailable
from store.redis import RedisEndpoint, RedisStore, Sizes
from tests.servers.redis_sentinel import MASTER_NAME, Sentinel
from tests.store.conftest import SMALL
from tests.store.makers import IDENTITY, NOW, a_ban, a_query

_PASSWORD = "only-of-this-test"  # a server on loopback that lives as long as the test


@pytest.fixture
def sentinel(redis_url: str, tmp_path: Path) -> Iterator[Sentinel]:
    """One Sentinel with a password, and its master (after ``redis_url``, which skips where there is none)."""
    with EmbeddedRedis(tmp_path / "redis", settings={"appendonly": "no"}) as master:
        alone = Sentinel(tmp_path / "sentinel", master.port, quorum=1, password=_PASSWORD)
        with alone:
            # It names its master once it has spoken to it.
            assert wait_until(lambda: alone.master_seen()["flags"] == "master", 10)
            yield alone


def store_behind(sentinel: Sentinel, options: dict[str, str]) -> RedisStore:
    """The store of the master that the Sentinel names."""
    return RedisStore(
        RedisEndpoint(
            sentinels=((LOOPBACK, sentinel.port),),
            service=MASTER_NAME,
            deadline_seconds=10.0,
            sentinel_options=options,
        ),
        prefix="samehand:",
        identity=IDENTITY,
        sizes=Sizes(shards=1, **SMALL),
    )


async def test_a_worker_that_says_its_name_to_sentinels_is_told_the_master(sentinel: Sentinel) -> None:
    store = store_behind(sentinel, {"username": WORKER, "password": _PASSWORD})
    await store.open()
    await store.enrol([a_ban("1", handle="umar_media")], now=NOW)
    (found,) = await store.bans_like([a_query("q", handle="um4r.media")], now=NOW)
    assert len(found) == 1
    await store.close()


@pytest.mark.parametrize("options", [{}, {"username": WORKER, "password": "of-somebody-else"}])
async def test_who_says_no_name_or_a_wrong_password_is_told_that_redis_is_not_there(
    sentinel: Sentinel, options: dict[str, str]
) -> None:
    store = store_behind(sentinel, options)
    with pytest.raises(StoreUnavailable) as refused:
        await store.open()
    assert "of-somebody-else" not in str(refused.value)
    await store.close()
