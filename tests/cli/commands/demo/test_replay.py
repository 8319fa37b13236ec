"""The sample is sent at a pace, and the sender knows when it sent what."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cli.commands.demo.replay import DemoReplay
from simulate.sample import sample
from streams.settings import load

pytestmark = pytest.mark.journey


def test_every_event_is_sent_and_remembered(broker: str, topic_prefix: str) -> None:
    settings = load({"SAMEHAND_KAFKA_BROKERS": broker, "SAMEHAND_TOPIC_PREFIX": topic_prefix})
    events = list(sample(7, 200, ends_at=datetime.now(UTC)))
    replay = DemoReplay(settings, events, 0.5)
    replay.start()
    replay.join(60)
    sent = replay.sent
    assert sent.finished
    assert sent.fault == ""
    assert sent.total == len(events)
    assert sent.broken > 0
    assert {truth.strategy for truth in sent.truths} == set(range(1, 9))
    assert all(f"{truth.banned_platform}:{truth.banned_account_id}" in sent.bans for truth in sent.truths)


def test_one_that_is_told_to_stop_sends_no_more(broker: str, topic_prefix: str) -> None:
    settings = load({"SAMEHAND_KAFKA_BROKERS": broker, "SAMEHAND_TOPIC_PREFIX": topic_prefix})
    replay = DemoReplay(settings, list(sample(7, 200, ends_at=datetime.now(UTC))), 600.0)
    replay.start()
    replay.stop()
    replay.join(60)
    assert replay.sent.finished
    assert replay.sent.total < 200


def test_a_broker_that_is_not_there_is_told_in_the_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.kafka.client.ANSWER_MS", 500)
    replay = DemoReplay(load({"SAMEHAND_KAFKA_BROKERS": "127.0.0.1:1"}), [], 1.0)
    replay.run()
    assert replay.sent.fault == "BrokerUnavailable"
