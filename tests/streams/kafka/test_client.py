"""Clients of Kafka: their options and look-ups of metadata."""

from __future__ import annotations

import inspect
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import kafka  # type: ignore[import-untyped]  # kafka-python ships no types
import pytest
from aiokafka.client import AIOKafkaClient  # type: ignore[import-untyped]  # aiokafka ships no types
from aiokafka.producer.sender import Sender  # type: ignore[import-untyped]  # the same
from kafka import errors as kafka_errors

from local.broker import EmbeddedBroker
from streams.errors import BrokerRefused, BrokerUnavailable
from streams.kafka import client as brokers
from streams.kafka.client import (
    Admin,
    client_options,
    error_name,
    kept_admin,
    reader,
    tls_context,
    translated,
    writer,
)
from streams.kafka.metadata_pace import PACE_SECONDS, pace_metadata
from streams.kafka.topics import check
from streams.settings import load
from tests.streams.conftest import Stage

# The door to kafka-python: how it connects, and what it makes of its errors.


def test_without_credentials_it_is_plain_text() -> None:
    options = client_options(load({"SAMEHAND_KAFKA_BROKERS": "a:1,b:2"}))
    assert options["bootstrap_servers"] == ["a:1", "b:2"]
    assert options["security_protocol"] == "PLAINTEXT"


def test_with_tls_and_a_password_it_is_both(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    options = client_options(
        load(
            {
                "SAMEHAND_KAFKA_TLS": "true",
                "SAMEHAND_KAFKA_SASL_MECHANISM": "SCRAM-SHA-256",
                "SAMEHAND_KAFKA_USERNAME": "worker",
                "SAMEHAND_KAFKA_PASSWORD_FILE": str(secret),
            }
        )
    )
    assert options["security_protocol"] == "SASL_SSL"
    assert options["sasl_plain_password"] == "hunter2"
    assert options["ssl_context"].check_hostname


def test_plain_text_needs_no_context() -> None:
    assert tls_context(load({})) is None


def test_an_outage_and_a_refusal_are_told_apart() -> None:
    with pytest.raises(BrokerUnavailable), translated():
        raise kafka_errors.KafkaConnectionError
    with pytest.raises(BrokerUnavailable), translated():
        raise ConnectionRefusedError
    with pytest.raises(BrokerRefused, match="TopicAuthorizationFailedError"), translated():
        raise kafka_errors.TopicAuthorizationFailedError("alerts")


def test_error_codes_have_names() -> None:
    assert (error_name(0), error_name(36)) == ("", "TopicAlreadyExistsError")


@pytest.mark.journey
def test_what_is_written_is_read_up_to_the_present_end(stage: Stage) -> None:
    topic = stage.names.control
    with writer(stage.settings) as out:
        for value in (b"a", None, b"c"):
            out.send(topic, key=b"k", value=value, headers=[("h", b"1")]).get(timeout=10)
    with reader(stage.settings) as opened:
        assert opened.partitions(topic) == [0]
        assert [record.value for record in opened.read(topic, 0)] == [b"a", None, b"c"]
        assert [record.offset for record in opened.read(topic, 0, since=2)] == [2]
        assert next(iter(opened.read(topic, 0))).headers == (("h", b"1"),)
        assert opened.partitions("no.such.topic") == []


@pytest.mark.journey
def test_a_kept_client_is_asked_again_and_again_over_one_connection(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = counted_clients(monkeypatch)
    kept = kept_admin(stage.settings)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(kept.ask, [names_of] * 8))
    assert all(stage.names.created in names for names in answers)
    assert made == [1]
    kept.close()
    kept.close()


@pytest.mark.journey
def test_a_kept_client_connects_anew_after_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker goes and comes back, as in a deployment."""
    monkeypatch.setattr(brokers, "ANSWER_MS", 2_000)
    with EmbeddedBroker(tmp_path / "broker") as broker:
        kept = kept_admin(load({"SAMEHAND_KAFKA_BROKERS": broker.address}))
        assert kept.ask(names_of) is not None
        broker.kill()
        for _ in range(2):
            with pytest.raises(BrokerUnavailable):
                kept.ask(names_of)
        broker.start()
        assert kept.ask(names_of) is not None
        kept.close()


@pytest.mark.journey
def test_a_broker_that_stops_answering_in_the_middle_of_a_topic_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kafka-python polls on for ever: neither a worker's start nor a desk's stop would ever end."""
    monkeypatch.setattr(brokers, "ANSWER_MS", 1_000)
    with EmbeddedBroker(tmp_path / "broker") as embedded:
        settings = load({"SAMEHAND_KAFKA_BROKERS": embedded.address})
        check(settings, create=True)
        with writer(settings) as out:
            out.send("control", value=b"one", key=b"1", headers=[]).get(10)
        with reader(settings) as opened:
            seek = opened._client.seek

            def hang(*where: object) -> None:
                seek(*where)
                embedded.freeze()

            monkeypatch.setattr(opened._client, "seek", hang)
            with ThreadPoolExecutor() as pool:
                reading = pool.submit(lambda: list(opened.read("control", 0)))
                try:
                    with pytest.raises(BrokerUnavailable, match="no record of control"):
                        reading.result(10)
                finally:
                    embedded.thaw()


def names_of(client: Admin) -> list[str]:
    return [topic["name"] for topic in client.describe_topics()]


def counted_clients(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many admin clients were made, from now on, as the only item of a list."""
    made, kind = [0], kafka.KafkaAdminClient  # which `streams.kafka.client` looks up there each time

    def make(**options: object) -> object:
        made[0] += 1
        return kind(**options)

    monkeypatch.setattr(kafka, "KafkaAdminClient", make)
    return made


# Metadata is not asked for without a pause, and what is new is asked for at once.


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
