"""Looking at a running app, with a consumer that answers as told."""

from __future__ import annotations

from typing import Any

from faust.types import TP
from prometheus_client import CollectorRegistry

from streams.app import WorkerApp
from streams.lag import Lag
from streams.meters import Meters
from streams.progress import Progress
from streams.settings import load
from streams.watch import measure, watch
from tests.streams.fakes import TOPIC, FakeClock


class Consumer:
    """Two partitions that end at 10; `silent` answers nothing."""

    def __init__(self, committed: dict[TP, int | None], *, silent: bool = False) -> None:
        self._committed_offset = committed
        self.silent = silent

    def assignment(self) -> set[TP]:
        return {TP(TOPIC, 0), TP(TOPIC, 1)}

    async def highwaters(self, *partitions: TP) -> dict[TP, int]:
        if self.silent:
            raise ConnectionError
        return dict.fromkeys(partitions, 10)

    async def earliest_offsets(self, *partitions: TP) -> dict[TP, int]:
        return dict.fromkeys(partitions, 2)


def an_app(consumer: Consumer, clock: FakeClock | None = None) -> WorkerApp:
    app = WorkerApp(load({"SAMEHAND_STUCK_SECONDS": "30"}), Meters(CollectorRegistry()), clock=clock)
    stand_in: Any = consumer
    app._consumer = stand_in
    return app


async def test_lag_counts_from_the_commit_or_from_what_was_settled_since() -> None:
    app = an_app(Consumer({TP(TOPIC, 0): 4, TP(TOPIC, 1): 4}))
    app.progress.append(Progress("screen", TOPIC, next_offsets={(TOPIC, 0): 7}))
    assert await measure(app, {}) == {(TOPIC, 0): Lag(3, 0.0), (TOPIC, 1): Lag(6, 0.0)}


async def test_a_partition_that_was_never_committed_counts_from_its_start() -> None:
    assert await measure(an_app(Consumer({})), {}) == {(TOPIC, 0): Lag(8, 0.0), (TOPIC, 1): Lag(8, 0.0)}


async def test_while_the_broker_is_silent_the_last_answer_stands() -> None:
    before = {(TOPIC, 0): Lag(3, 1.0)}
    assert await measure(an_app(Consumer({}, silent=True)), before) == before


async def test_a_worker_that_gets_nowhere_is_ended() -> None:
    app, ends = an_app(Consumer({}), FakeClock()), list[str]()
    app.progress.append(Progress("screen", TOPIC))
    app.life.end = lambda: ends.append("end")
    await watch(app)
    assert ends == ["end"]
    assert "16 records wait" in app.life.stuck
    assert app.leaving()
