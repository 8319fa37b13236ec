"""Records and bans that a command publishes."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.runtime.store_factory import peppers_of
from cli import produce
from cli.banned_topic import open_anew
from cli.produce import delivered
from cli.run_async import awaited
from cli.store_context import closing_store
from streams.errors import TopicsError
from streams.kafka.client import reader
from streams.kafka.topics import names
from streams.settings import load
from tests.makers import a_ban

# Bans are yielded once the broker has them, in order, and never to a topic that would lose them.

pytestmark = pytest.mark.journey


def test_each_ban_is_on_the_topic_when_it_is_told(
    broker: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(produce, "IN_THE_AIR_MAX", 4)
    settings = load({"SAMEHAND_KAFKA_BROKERS": broker, "SAMEHAND_TOPIC_PREFIX": topic_prefix})
    bans = [a_ban(str(number)) for number in range(11)]
    assert list(delivered(settings, bans)) == bans
    topic = names(settings).banned
    with reader(settings) as opened:
        keys = {it.key for part in opened.partitions(topic) for it in opened.read(topic, part)}
    assert keys == {ban.key.encode() for ban in bans}


def test_a_topic_that_is_missing_is_refused_before_anything_is_sent(broker: str, topic_prefix: str) -> None:
    settings = load(
        {
            "SAMEHAND_KAFKA_BROKERS": broker,
            "SAMEHAND_TOPIC_PREFIX": topic_prefix,
            "SAMEHAND_TOPIC_CREATE": "false",
        }
    )
    with pytest.raises(TopicsError, match=r"accounts\.banned"):
        list(delivered(settings, [a_ban("1")]))


# What every rebuild reads: all that stood in the topic when it began, batch by batch.


def test_a_store_without_an_epoch_is_given_one(servers: str, pepper_file: Path) -> None:
    async def opened() -> list[str]:
        epochs = []
        for _ in range(2):
            async with closing_store(load(), peppers_of(load())) as store:
                epochs.append(await open_anew(store, dict))
        return epochs

    first, second = awaited(opened())
    assert first
    assert second == first
