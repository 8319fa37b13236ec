"""Looking at a running app, with a consumer that answers as told."""

from __future__ import annotations

from typing import Any

from faust.types import TP
from prometheus_client import CollectorRegistry

from streams.delivery.progress import Progress
from streams.faust_app.app import WorkerApp
from streams.faust_app.monitor import measure, measure_group, watch
from streams.settings import load
from streams.telemetry.lag import HighWaterMarks, Lag
from streams.telemetry.metrics import Metrics
from tests.streams.fakes import TOPIC, FakeClock


class Consumer:
    """Two partitions that end at 10, without records from `hole` on; `silent` answers nothing."""

    def __init__(
        self, committed: dict[TP, int | None], *, hole: int | None = None, silent: bool = False
    ) -> None:
        self._committed_offset = committed
        self.hole = hole
        self.silent = silent

    async def group_lag(self, topics: list[str]) -> dict[TP, int]:
        if self.silent:
            raise ConnectionError
        return {TP(topic, number): number for topic in topics for number in range(3)}

    def assignment(self) -> set[TP]:
        return {TP(TOPIC, 0), TP(TOPIC, 1)}

    async def highwaters(self, *partitions: TP) -> dict[TP, int]:
        if self.silent:
            raise ConnectionError
        return dict.fromkeys(partitions, 10)

    async def earliest_offsets(self, *partitions: TP) -> dict[TP, int]:
        return dict.fromkeys(partitions, 2)

    def without_holes(self, tp: TP, following: int) -> int:
        return 10 if following == self.hole else following


def an_app(consumer: Consumer, clock: FakeClock | None = None) -> WorkerApp:
    app = WorkerApp(load({"SAMEHAND_STUCK_SECONDS": "30"}), Metrics(CollectorRegistry()), clock=clock)
    stand_in: Any = consumer
    app._consumer = stand_in
    return app


async def records(app: WorkerApp) -> dict[tuple[str, int], int]:
    return {partition: lag.records for partition, lag in (await measure(app, HighWaterMarks(), {})).items()}


async def test_lag_counts_from_the_commit_or_from_what_was_settled_since() -> None:
    app = an_app(Consumer({TP(TOPIC, 0): 4, TP(TOPIC, 1): 4}))
    app.progress.append(Progress("screen", TOPIC, next_offsets={(TOPIC, 0): 7}))
    assert await records(app) == {(TOPIC, 0): 3, (TOPIC, 1): 6}


async def test_the_oldest_record_in_hand_tells_the_age() -> None:
    app = an_app(Consumer({TP(TOPIC, 0): 4, TP(TOPIC, 1): 10}), FakeClock())
    app.progress.append(Progress("screen", TOPIC, in_hand={(TOPIC, 0): 60.0}))
    known = await measure(app, HighWaterMarks(), {})
    assert known == {(TOPIC, 0): Lag(6, 60.0), (TOPIC, 1): Lag(0, None)}


async def test_a_partition_that_was_never_committed_counts_from_its_start() -> None:
    assert await records(an_app(Consumer({}))) == {(TOPIC, 0): 8, (TOPIC, 1): 8}


async def test_where_there_is_no_record_none_waits() -> None:
    app = an_app(Consumer({TP(TOPIC, 0): 4, TP(TOPIC, 1): 7}, hole=7))
    assert await records(app) == {(TOPIC, 0): 6, (TOPIC, 1): 0}


async def test_the_lag_of_the_group_is_of_every_partition_whoever_has_it() -> None:
    app = an_app(Consumer({}))
    app.progress.append(Progress("screen", TOPIC))
    assert await measure_group(app) == {(TOPIC, 0): 0, (TOPIC, 1): 1, (TOPIC, 2): 2}
    app.rebalancing = True
    assert await measure_group(app) is None
    assert await measure_group(an_app(Consumer({}, silent=True))) is None


async def test_while_the_broker_is_silent_the_last_answer_stands() -> None:
    before = {(TOPIC, 0): Lag(3, 1.0)}
    assert await measure(an_app(Consumer({}, silent=True)), HighWaterMarks(), before) == before


async def test_a_worker_that_gets_nowhere_is_ended() -> None:
    app, ends = an_app(Consumer({}), FakeClock()), list[str]()
    app.progress.append(Progress("screen", TOPIC))
    app.life.end = lambda: ends.append("end")
    await watch(app)
    assert ends == ["end"]
    assert f"16 records of {TOPIC} wait" in app.life.stuck
    assert app.leaving()
