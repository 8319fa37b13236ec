"""Bans are yielded once the broker has them, in order, and never to a topic that would lose them."""

from __future__ import annotations

import pytest

from cli import produce
from cli.produce import delivered
from streams.errors import TopicsError
from streams.kafka.client import reader
from streams.kafka.topics import names
from streams.settings import load
from tests.makers import a_ban

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
