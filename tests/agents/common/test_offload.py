"""Only a batch that may hold pictures leaves the event loop, and every other gives it its turns."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence

import pytest

from agents.common.offload import TURN_RECORDS, offload
from agents.common.turns import Turns
from streams.outcomes import Arrival
from tests.makers import arrival


def turns() -> Turns:
    return Turns(time.perf_counter)


def where(some: Sequence[Arrival]) -> int:
    return threading.get_ident()


@pytest.mark.parametrize(
    ("value", "elsewhere"),
    [(b'{"account":{"avatar":{"image":"aGk="}}}', True), (b"{}", False), (None, False)],
)
async def test_a_batch_with_a_picture_is_read_in_a_thread(value: bytes | None, elsewhere: bool) -> None:
    [(_, there)] = await offload([arrival(b"{}"), arrival(value)], where, turns())
    assert (there != threading.get_ident()) is elsewhere


async def test_parts_come_with_the_place_of_their_first_record() -> None:
    count = 2 * TURN_RECORDS + 1
    parts = await offload([arrival(b"{}") for _ in range(count)], len, turns())
    assert parts == [(0, TURN_RECORDS), (TURN_RECORDS, TURN_RECORDS), (2 * TURN_RECORDS, 1)]


async def test_the_loop_gets_its_turn_within_a_batch_of_heavy_records() -> None:
    """Five hundred records of 10 ms each would hold it for five seconds, longer than a probe waits."""
    beats = 0

    async def heartbeat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    beating = asyncio.create_task(heartbeat())
    await offload([arrival(b"{}")] * 10 * TURN_RECORDS, lambda some: time.sleep(0.004 * len(some)), turns())
    beating.cancel()
    assert beats >= 10


async def test_a_defect_of_reading_comes_out() -> None:
    def fails(some: Sequence[Arrival]) -> None:
        raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        await offload([arrival(b'{"image":1}')], fails, turns())
