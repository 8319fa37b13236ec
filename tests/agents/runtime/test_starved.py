"""A worker that has no processor, and one whose Redis is frozen: only the second is an outage."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import uvloop
from structlog.testing import capture_logs

from agents.common.context import AgentContext
from agents.runtime.store_monitor import StoreMonitor
from local.redis import EmbeddedRedis
from store.redis import RedisEndpoint, RedisStore, Sizes
from store.redis.deadline import Deadline
from streams.delivery.circuit_breaker import BreakerState
from streams.delivery.delivery import Delivery
from streams.outcomes import NOTHING, Arrival, Outcome
from streams.telemetry.health import Health
from tests.agents.conftest import a_life
from tests.agents.runtime.test_redelivery import Noted
from tests.streams.fakes import TOPIC, Scene, stream

ANSWER_SECONDS = 0.05
COMMAND_SECONDS = 0.1
HELD_SECONDS = 0.12
"""How long a task holds the interpreter at a time: longer than a whole command may take."""
FREE_SECONDS = 0.001

RECORDS = 40
TRIES_MAX = 60


@pytest.fixture
def server(redis_url: str) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(settings={"appendonly": "no"}) as server:
        yield server


class Worker:
    """What of a worker asks the store, with deadlines as it has them, but shorter."""

    def __init__(self, server: EmbeddedRedis) -> None:
        options = {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": ANSWER_SECONDS}
        endpoint = RedisEndpoint(url=server.url, deadline_seconds=COMMAND_SECONDS, options=options)
        store = RedisStore(endpoint, prefix="samehand", identity=b"i" * 32, sizes=Sizes())
        self.context: AgentContext = replace(a_life().context, store=store)
        self.scene = Scene(records_max=RECORDS, failures_in_a_row=3)
        self.monitor = StoreMonitor(self.context, self.scene.clock, Noted())
        self.batches: list[int] = []
        around = replace(self.scene.around, deadline=Deadline)
        self.delivery = Delivery("screen", TOPIC, self.decide, around)
        self.health = Health(
            self.scene.clock.ticks,
            [self.delivery.progress],
            breaker=lambda: self.scene.breaker.state,
            rebalancing=lambda: False,
            store=lambda: self.monitor.fault,
        )

    async def decide(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        self.batches.append(len(arrivals))
        assert len(self.batches) < TRIES_MAX, "it never ends"
        await self.context.call_store(self.context.store.bans([f"x:{it.offset}" for it in arrivals]))
        return [NOTHING] * len(arrivals)

    async def settle(self, records: int) -> None:
        await self.delivery.run(stream(self.scene.taken([b"a"] * records)))

    @property
    def faults(self) -> Mapping[str, str]:
        """Why `/ready` answers 503."""
        return self.health.ready().faults

    def late_seconds(self, cause: str) -> float:
        found = self.context.metrics.registry.get_sample_value(
            "samehand_store_late_seconds_total", {"cause": cause}
        )
        assert found is not None
        return found


@asynccontextmanager
async def held_up() -> AsyncIterator[None]:
    """Meanwhile a task holds the interpreter nearly all the time."""

    async def hold() -> None:
        while True:
            time.sleep(HELD_SECONDS)  # noqa: ASYNC251  # nothing else may run meanwhile
            await asyncio.sleep(FREE_SECONDS)

    holding = asyncio.create_task(hold())
    yield
    holding.cancel()


def lines(told: Sequence[Any], word: str) -> list[Any]:
    return [line for line in told if word in line["event"]]


def test_a_worker_without_processor_says_so_and_is_ready_as_before(server: EmbeddedRedis) -> None:
    async def live() -> None:
        worker = Worker(server)
        while worker.faults:  # until it has a connection: this machine may be busy too
            await worker.monitor.look()
        with capture_logs() as told:
            async with held_up():
                for _ in range(2):
                    await worker.settle(RECORDS)
                    await worker.monitor.look()
                    assert worker.faults == {}
        await worker.context.store.close()
        assert sum(worker.batches) == 2 * RECORDS, "nothing was tried twice"
        assert len(worker.batches) == 2, "no batch was halved"
        assert worker.scene.breaker.state is BreakerState.CLOSED
        assert lines(told, "outage") == []
        (line,) = lines(told, "lacks processor")
        assert line["late_seconds"] > 0
        assert worker.late_seconds("worker") > 0
        assert worker.late_seconds("store") == 0

    uvloop.run(live())


def test_a_frozen_redis_is_an_outage_as_ever_and_over_when_it_answers(server: EmbeddedRedis) -> None:
    async def live() -> None:
        worker = Worker(server)
        while worker.faults:
            await worker.monitor.look()
        server.freeze()
        with capture_logs() as told:
            settling = asyncio.create_task(worker.settle(RECORDS))
            await worker.monitor.look()
            assert "store" in worker.faults
            opened = asyncio.Event()
            worker.scene.breaker._on_change = lambda _: opened.set()
            await opened.wait()
            assert {"store", "breaker"} <= set(worker.faults)
            server.thaw()
            await settling
            while worker.faults:
                await worker.monitor.look()
        await worker.context.store.close()
        assert len(lines(told, "outage: retrying")) == len(lines(told, "outage over")) == 1
        assert worker.late_seconds("store") > 0

    uvloop.run(live())
