"""Metadata is not asked for without a pause, and what is new is asked for at once."""

from __future__ import annotations

import inspect
from typing import Any

from aiokafka.client import AIOKafkaClient  # type: ignore[import-untyped]  # aiokafka ships no types
from aiokafka.producer.sender import Sender  # type: ignore[import-untyped]  # the same

from streams.kafka.metadata_pace import PACE_SECONDS, pace_metadata


class Client:
    """What is used of aiokafka's, on a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked_at: list[float] = []
        pacing: Any = self
        pace_metadata(pacing, ticks=lambda: self.now, sleep=self.sleep)

    async def _metadata_update(self, cluster: object, topics: object) -> bool:
        self.asked_at.append(self.now)
        return True

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_the_same_question_waits_for_its_turn() -> None:
    client = Client()
    for _ in range(3):
        assert await client._metadata_update(None, {"alerts"})
    client.now += 10.0
    await client._metadata_update(None, {"alerts"})
    assert client.asked_at == [0.0, PACE_SECONDS, 2 * PACE_SECONDS, 2 * PACE_SECONDS + 10.0]


async def test_a_topic_that_is_new_is_asked_about_at_once() -> None:
    client = Client()
    for topics in (None, {"alerts"}, {"alerts", "letters"}):
        await client._metadata_update(None, topics)
    assert client.asked_at == [0.0, 0.0, 0.0]


def test_upstream_still_asks_without_a_pause_and_all_through_one_method() -> None:
    assert "await self._metadata_update(self.cluster, topics)" in inspect.getsource(
        AIOKafkaClient._md_synchronizer
    )
    sending = inspect.getsource(Sender._sender_routine)
    assert "fut = self.client.force_metadata_update()" in sending
    assert "sleep" not in sending, "it has a pause of its own: `pace_metadata` can go"
