"""The store is looked after: its faults are told, its size is measured, its counts are frozen."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
import redis

from agents.runtime.store_monitor import StoreMonitor
from store.errors import StoreMismatch, StoreUnavailable
from store.limits import SWEPT_SECONDS
from store.redis import RedisEndpoint, RedisStore
from streams.clock import SystemClock
from streams.errors import BrokerUnavailable
from tests.agents.conftest import Life
from tests.makers import a_ban, a_sign_up


@dataclass
class Noted:
    """The epochs as the control topic would keep them."""

    words: list[str] = field(default_factory=list)
    away: bool = False

    async def known(self) -> str:
        if self.away:
            raise BrokerUnavailable("Kafka: it is away")
        return self.words[-1] if self.words else ""

    async def note(self, epoch: str) -> None:
        await self.known()
        self.words.append(epoch)


def monitor_of(life: Life, noted: Noted | None = None, epoch: str = "") -> StoreMonitor:
    return StoreMonitor(life.context, SystemClock(), noted or Noted(), epoch)


async def test_a_store_is_not_well_before_it_was_looked_at(life: Life) -> None:
    monitor = monitor_of(life)
    assert monitor.fault
    await monitor.look()
    assert monitor.fault == ""


async def test_what_is_in_it_is_measured(life: Life) -> None:
    await life.ban(a_ban(handle="umar"), a_ban(handle="salma"))
    await monitor_of(life).look()
    assert "samehand_fingerprints 2.0" in life.context.metrics.exposition().decode()


async def test_how_full_it_is_shows(life: Life) -> None:
    await life.tell(life.screen, a_sign_up(handle="umar_media"))
    await monitor_of(life).look()
    value = life.context.metrics.registry.get_sample_value
    assert value("samehand_remembered_bytes") == (await life.context.store.figures()).remembered_bytes
    assert value("samehand_remembered_evicted") == 0.0
    assert value("samehand_store_memory_limit_bytes") == 0.0, "nothing limits a store in memory"


async def test_an_outage_is_noted_and_over_when_it_is_over(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor = monitor_of(life)

    async def away(*_: object) -> None:
        raise StoreUnavailable("Redis did not answer in time")

    with monkeypatch.context() as patch:
        patch.setattr(type(life.context.store), "ready", away)
        await monitor.look()
        assert "did not answer" in monitor.fault
    await monitor.look()
    assert monitor.fault == ""


@pytest.fixture
async def on_redis(life: Life, redis_url: str, store_prefix: str) -> AsyncIterator[Life]:
    """A context on a real Redis, with a ban enrolled."""
    store = RedisStore(RedisEndpoint(url=redis_url), prefix=store_prefix, identity=b"i" * 32)
    lived = Life(replace(life.context, store=store))
    await store.open()
    await lived.ban(a_ban(handle="umar"))
    yield lived
    await store.close()


def emptied(redis_administrator: str, store_prefix: str) -> None:
    with redis.Redis.from_url(redis_administrator) as client:
        client.unlink(*client.scan_iter(match=f"{store_prefix}*"))


async def test_the_epoch_is_noted_once_and_again_after_an_outage_of_the_broker(on_redis: Life) -> None:
    noted = Noted(away=True)
    monitor = monitor_of(on_redis, noted)
    await monitor.look()
    assert (monitor.fault, noted.words) == ("", [])
    noted.away = False
    await monitor.look()
    await monitor.look()
    figures = await on_redis.context.store.figures()
    assert noted.words == [figures.epoch]


async def test_an_emptied_store_is_not_well_until_somebody_rebuilt_it(
    on_redis: Life, redis_url: str, redis_administrator: str, store_prefix: str
) -> None:
    noted = Noted()
    monitor = monitor_of(on_redis, noted)
    await monitor.look()
    emptied(redis_administrator, store_prefix)
    await monitor.look()
    assert "samehand rebuild" in monitor.fault
    noted.away = True
    await monitor.look()
    noted.away = False
    rebuilt = RedisStore(RedisEndpoint(url=redis_url), prefix=store_prefix, identity=b"i" * 32)
    await rebuilt.begin_again()
    await monitor.look()
    assert "samehand rebuild" in monitor.fault, "nobody has said yet that it is whole"
    await noted.note(rebuilt.epoch)
    await rebuilt.close()
    await monitor.look()
    await monitor.look()
    assert (monitor.fault, monitor.epoch) == ("", rebuilt.epoch)


async def test_a_store_of_another_make_is_not_waited_for(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    async def other(*_: object) -> None:
        raise StoreMismatch("written with another layout")

    monkeypatch.setattr(type(life.context.store), "open", other)
    with pytest.raises(StoreMismatch):
        await monitor_of(life).look()


async def test_expired_bans_are_swept_out(life: Life) -> None:
    soon = datetime.fromtimestamp(time.time() - SWEPT_SECONDS, UTC)  # in the hour before this one
    life.seconds = time.time() - 2 * SWEPT_SECONDS
    await life.ban(a_ban(handle="umar", expires_at=soon), a_ban(handle="salma"))
    await monitor_of(life).look()
    assert (await life.context.store.figures()).fingerprints == 1
