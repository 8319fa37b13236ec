"""Doctor on Kafka."""

from __future__ import annotations

import pytest

from desk.cli.look_kafka import look_at_kafka
from streams import topics
from streams.errors import TopicsError
from streams.settings import load


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[topics.Finding]:
    """What the brokers will say of the topics."""
    said: list[topics.Finding] = []
    monkeypatch.setattr(topics, "check", lambda settings, create: said)
    return said


def test_nothing_to_say_of_topics_is_said(found: list[topics.Finding]) -> None:
    assert [it.state for it in look_at_kafka(load({}))] == ["fine", "fine"]


def test_missing_topics_are_one_finding(found: list[topics.Finding]) -> None:
    found += [topics.Finding("alerts", "missing", ""), topics.Finding("deadletters", "missing", "")]
    assert [it.state for it in look_at_kafka(load({}))] == ["fine", "warning"]
    last = look_at_kafka(load({"SAMEHAND_TOPIC_CREATE": "false"}))[-1]
    assert last.state == "wrong"
    assert "alerts, deadletters" in last.words


def test_a_topic_that_loses_bans_is_wrong(found: list[topics.Finding]) -> None:
    found.append(topics.Finding("accounts.banned", "not-compacted", "is not compacted"))
    last = look_at_kafka(load({}))[-1]
    assert (last.state, last.about) == ("wrong", "topic accounts.banned")
    assert "cleanup.policy=compact" in last.cure


def test_brokers_that_do_not_answer_are_one_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(settings: object, create: bool) -> None:
        raise TopicsError("cannot be asked")

    monkeypatch.setattr(topics, "check", fail)
    (only,) = look_at_kafka(load({}))
    assert only.state == "wrong"
    assert "SAMEHAND_KAFKA_BROKERS" in only.cure


@pytest.mark.journey
def test_a_fresh_broker_has_no_topics_yet(servers: str) -> None:
    first, second = look_at_kafka(load())
    assert first.state == "fine"
    assert f"{servers}accounts.banned" in second.words
