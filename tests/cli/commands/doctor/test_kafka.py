"""Doctor on Kafka."""

from __future__ import annotations

import pytest

from cli.commands.doctor import kafka
from cli.commands.doctor.kafka import look_at_kafka, look_at_topics
from schemas.wire import encode
from streams.deadletters.limit import bound_of
from streams.deadletters.pause import Stop
from streams.errors import TopicsError
from streams.kafka import topics
from streams.kafka.client import writer
from streams.settings import load
from tests.makers import a_sign_up


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[topics.TopicFinding]:
    """What the brokers will say of the topics."""
    said: list[topics.TopicFinding] = []
    monkeypatch.setattr(kafka, "kafka_fault", lambda settings: None)
    monkeypatch.setattr(kafka, "stopped_topics", lambda settings: {})
    monkeypatch.setattr(kafka, "_of_weights", lambda settings: [])
    monkeypatch.setattr(kafka, "look_at_events", lambda settings: [])
    monkeypatch.setattr(topics, "check", lambda settings, create: said)
    monkeypatch.setattr(topics, "group_fault", lambda settings: "")
    monkeypatch.setattr(topics, "other_workers", lambda settings: [])
    return said


def test_nothing_to_say_of_topics_is_said(found: list[topics.TopicFinding]) -> None:
    assert [it.state for it in look_at_kafka(load({}))] == ["fine", "fine"]


def test_missing_topics_are_one_finding(found: list[topics.TopicFinding]) -> None:
    found += [topics.TopicFinding("alerts", "missing", ""), topics.TopicFinding("deadletters", "missing", "")]
    assert [it.state for it in look_at_kafka(load({}))] == ["fine", "warning"]
    last = look_at_kafka(load({"SAMEHAND_TOPIC_CREATE": "false"}))[-1]
    assert last.state == "wrong"
    assert "alerts, deadletters" in last.words


@pytest.mark.parametrize(
    ("specs", "state", "cure"),
    [
        (topics.wanted_by_desk(load({})), "warning", "the desk creates them when it starts"),
        (topics.wanted_by_gate(load({})), "warning", "the worker creates them when it starts"),
        ([topics.TopicSpec("users.signups", 0, foreign=True)], "wrong", "nobody here creates them"),
    ],
)
def test_missing_topics_come_with_who_creates_them(
    specs: list[topics.TopicSpec], state: str, cure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = [topics.TopicFinding(it.name, "missing", "") for it in specs]
    monkeypatch.setattr(kafka, "kafka_fault", lambda settings: None)
    monkeypatch.setattr(topics, "check", lambda settings, wanted: missing)
    creator = "worker" if specs[0].foreign else "desk"
    _, found = look_at_topics(load({}), specs, "", {}, creator)
    assert (found.state, found.cure.startswith(cure)) == (state, True)
    assert specs[0].name in found.words


def test_a_topic_that_loses_bans_is_wrong(found: list[topics.TopicFinding]) -> None:
    found.append(topics.TopicFinding("accounts.banned", "not-compacted", "is not compacted"))
    last = look_at_kafka(load({}))[-1]
    assert (last.state, last.about) == ("wrong", "topic accounts.banned")
    assert "cleanup.policy=compact" in last.cure


@pytest.mark.parametrize(("shadow", "state"), [("false", "warning"), ("true", "wrong")])
def test_workers_of_another_group_on_the_same_topics_are_named(
    found: list[topics.TopicFinding], monkeypatch: pytest.MonkeyPatch, shadow: str, state: str
) -> None:
    monkeypatch.setattr(topics, "other_workers", lambda settings: ["canary"])
    last = look_at_kafka(load({"SAMEHAND_SHADOW": shadow}))[-1]
    assert (last.state, last.about) == (state, "group")
    assert "group canary read the same topics" in last.words


def test_brokers_that_do_not_answer_are_one_finding() -> None:
    (only,) = look_at_kafka(load({"SAMEHAND_KAFKA_BROKERS": "127.0.0.1:1"}))
    assert (only.state, only.words) == ("wrong", "127.0.0.1:1 does not listen")
    assert "SAMEHAND_KAFKA_BROKERS" in only.cure


def test_brokers_that_fall_silent_later_are_one_finding(
    found: list[topics.TopicFinding], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: object, create: bool) -> None:
        raise TopicsError("cannot be asked")

    monkeypatch.setattr(topics, "check", fail)
    (only,) = look_at_kafka(load({}))
    assert (only.state, only.about) == ("wrong", "Kafka")


def test_a_topic_that_stands_still_is_wrong_under_the_bound_that_stopped_it(
    found: list[topics.TopicFinding], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Stop("101 dead letters", bound_of(load({})).terms)
    monkeypatch.setattr(kafka, "stopped_topics", lambda settings: {"accounts.created": stop})
    last = look_at_kafka(load({}))[-1]
    assert (last.state, last.words) == ("wrong", "stopped: 101 dead letters")
    assert "samehand letters resume accounts.created" in last.cure
    assert look_at_kafka(load({"SAMEHAND_LETTERS_SHARE": "0.5"}))[-1].state == "warning"


@pytest.mark.journey
def test_values_that_no_worker_reads_are_named_with_their_shape_and_a_cure(servers: str) -> None:
    settings = load()
    topics.check(settings, create=True)
    with writer(settings) as out:
        for number in range(3):
            record = encode(a_sign_up(f"new-{number}", phone="0301 2345678"))
            out.send(topics.names(settings).created, key=b"x", value=record, headers=[]).get(timeout=60.0)
    finding = look_at_kafka(settings)[-1]
    assert (finding.state, finding.words) == (
        "warning",
        "phone is unreadable in 3 of the newest 3 records, such as 0••• •••••••",
    )
    assert "--region PK" in finding.cure


@pytest.mark.journey
def test_a_fresh_broker_has_no_topics_yet(servers: str) -> None:
    first, second = look_at_kafka(load())
    assert first.state == "fine"
    assert f"{servers}accounts.banned" in second.words
