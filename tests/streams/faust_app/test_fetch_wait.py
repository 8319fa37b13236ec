"""How long a fetch may be held back, and that aiokafka's fetcher takes it from us."""

from __future__ import annotations

import asyncio
import inspect

from aiokafka.consumer.fetcher import Fetcher  # type: ignore[import-untyped]  # aiokafka ships no types

from streams.faust_app.fetch_wait import SILENT_TIMES_MAX, TIMES_MAX, FetchWait, be_patient


def test_each_empty_answer_doubles_the_wait_up_to_five_times() -> None:
    wait = FetchWait(10)
    seen = []
    for _ in range(6):
        seen.append(wait.milliseconds)
        wait.answered(records=False, now=0.0)
    assert seen == [10, 20, 40, 10 * TIMES_MAX, 10 * TIMES_MAX, 10 * TIMES_MAX]


def test_a_record_makes_it_short_again() -> None:
    wait = FetchWait(10)
    for _ in range(5):
        wait.answered(records=False, now=0.0)
    wait.answered(records=True, now=0.0)
    assert wait.milliseconds == 10


def test_after_a_silence_both_waits_grow_with_it_up_to_their_limit() -> None:
    wait = FetchWait(10)
    wait.answered(records=True, now=100.0)
    seen = []
    for now in (100.1, 101.2, 101.8, 109.0, 200.0):
        wait.answered(records=False, now=now)
        seen.append((wait.milliseconds, round(wait.own_seconds, 3)))
    assert seen == [(20, 0.01), (60, 0.06), (90, 0.09), (10 * SILENT_TIMES_MAX, 0.2), (200, 0.2)]
    wait.answered(records=True, now=200.1)
    assert (wait.milliseconds, wait.own_seconds) == (10, 0.01)


class AFetcher:
    """What is used of aiokafka's: answers, each after so many seconds of the broker's."""

    def __init__(self, *answers: tuple[bool, float]) -> None:
        self._fetch_max_wait_ms = 10
        self._answers = list(answers)
        self.now = 0.0
        self.slept: list[float] = []

    async def _proc_fetch_request(self, assignment: object, node_id: int, request: object) -> bool:
        records, seconds = self._answers.pop(0)
        self.now += seconds
        return records

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds

    async def fetch(self) -> int:
        """One request; with which wait the next one will be made."""
        await self._proc_fetch_request(None, 0, None)
        return self._fetch_max_wait_ms


def a_patient(*answers: tuple[bool, float]) -> AFetcher:
    fetcher = AFetcher(*answers)
    be_patient(fetcher, FetchWait(10), ticks=lambda: fetcher.now, sleep=fetcher.sleep)
    return fetcher


async def test_the_fetcher_asks_with_the_present_wait() -> None:
    fetcher = a_patient((False, 0.011), (False, 0.021), (True, 0.001))
    assert [await fetcher.fetch() for _ in range(3)] == [20, 40, 10]
    assert fetcher.slept == [], "the broker held both back, and records wait for nobody"


async def test_what_a_broker_leaves_of_the_shortest_wait_is_waited_here() -> None:
    fetcher = a_patient((False, 0.0), (False, 0.005), (True, 0.0), (False, 0.001))
    for _ in range(4):
        await fetcher.fetch()
    assert fetcher.slept == [0.01, 0.005, 0.009]


async def test_after_a_silence_the_shortest_wait_is_longer_too() -> None:
    fetcher = a_patient(*[(False, 0.0)] * 300)
    for _ in range(300):
        await fetcher.fetch()
    assert max(fetcher.slept) == fetcher.slept[-1] == 0.2
    assert len([seconds for seconds in fetcher.slept if seconds == 0.01]) >= 20


async def test_a_stop_while_it_waits_ends_it_as_upstream_ends_a_request() -> None:
    fetcher = AFetcher((False, 0.0))
    be_patient(fetcher, FetchWait(10), ticks=lambda: fetcher.now, sleep=lambda _: asyncio.Event().wait())
    request = asyncio.create_task(fetcher._proc_fetch_request(None, 0, None))
    await asyncio.sleep(0)
    request.cancel()
    assert await request is False, "`Fetcher.close` awaits each request, and stops stopping where one raises"


def test_upstream_still_reads_the_wait_with_every_request() -> None:
    assert "self._fetch_max_wait_ms" in inspect.getsource(Fetcher._get_actions_per_node)
    assert "self._proc_fetch_request(assignment, node_id, request)" in inspect.getsource(
        Fetcher._fetch_requests_routine
    )
    assert "return needs_wakeup" in inspect.getsource(Fetcher._proc_fetch_request)
