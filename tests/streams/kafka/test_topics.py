"""Topics: found, made, mapped, made anew."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import kafka  # type: ignore[import-untyped]  # kafka-python ships no types
import pytest

from schemas.mapping.compiler import MAPPING_BYTES_MAX
from streams.deadletters.control_topic import resume
from streams.errors import BrokerRefused, BrokerUnavailable, SettingsError, TopicsError
from streams.faust_app.start_checks import canary_fault
from streams.kafka.client import client_options, writer
from streams.kafka.mapped_topics import foreign_topics, mappings_of
from streams.kafka.store_epoch import EpochTopic, known_epoch, note_epoch
from streams.kafka.topic_ids import created_again, topic_ids
from streams.kafka.topics import (
    DAY_MS,
    Names,
    TopicFinding,
    TopicsOnBroker,
    TopicSpec,
    check,
    compare,
    other_workers,
    wanted,
)
from streams.settings import Settings, load
from tests.streams.conftest import Stage, free_port
from tests.streams.fakes import TOPIC
from tests.tables import for_each

# Topics: what is wanted, what is found, and how the difference is told.

LETTERS = TopicSpec("deadletters", 8, retention_days=7)
BANNED = TopicSpec("accounts.banned", 8, compacted=True)


def kinds(findings: list[TopicFinding]) -> list[str]:
    return [finding.kind for finding in findings]


def test_every_name_has_the_prefix_and_a_topic() -> None:
    settings = load({"SAMEHAND_TOPIC_PREFIX": "eu."})
    named = Names("eu.")
    # Desks and gates make these themselves.
    elsewhere = {named.audit, named.appeals, named.gate_audit}
    assert {topic.name for topic in wanted(settings)} == set(vars(named).values()) - elsewhere
    assert all(topic.name.startswith("eu.") for topic in wanted(settings))


def test_bans_are_compacted_and_letters_gone_after_a_week() -> None:
    by_name = {topic.name: topic for topic in wanted(load({}))}
    assert by_name["accounts.banned"].configs == {"cleanup.policy": "compact"}
    assert by_name["deadletters"].configs["retention.ms"] == str(7 * DAY_MS)


def test_as_wanted_there_is_nothing_to_tell() -> None:
    assert compare(BANNED, TopicsOnBroker(8, BANNED.configs)) == []
    assert compare(LETTERS, TopicsOnBroker(8, LETTERS.configs)) == []


@for_each("policy", ["delete", "compact,delete"])
def test_bans_that_would_be_forgotten_block(policy: str) -> None:
    (finding,) = compare(BANNED, TopicsOnBroker(8, {"cleanup.policy": policy}))
    assert (finding.kind, finding.blocks) == ("not-compacted", True)
    assert finding.detail == f"has cleanup.policy={policy} instead of compact: old records get lost"


def test_events_that_would_be_compacted_away_block() -> None:
    (finding,) = compare(TopicSpec("accounts.created", 8), TopicsOnBroker(8, {"cleanup.policy": "compact"}))
    assert (finding.kind, finding.blocks) == ("compacted", True)


def test_a_topic_of_somebody_elses_is_theirs_to_set_up() -> None:
    users = TopicSpec("users", 0, rights=frozenset({"READ"}), foreign=True)
    assert compare(users, TopicsOnBroker(3, {"cleanup.policy": "compact"}, {"DESCRIBE", "READ"})) == []
    assert compare(users, TopicsOnBroker(3, None)) == []
    (finding,) = compare(users, TopicsOnBroker(3, None, {"DESCRIBE"}))
    assert (finding.kind, finding.blocks) == ("forbidden", True)


def test_other_partitions_and_retention_are_told_and_do_not_block() -> None:
    findings = compare(LETTERS, TopicsOnBroker(3, {"cleanup.policy": "delete", "retention.ms": "-1"}))
    assert kinds(findings) == ["partitions", "retention"]
    assert "for ever" in findings[1].detail
    assert not any(finding.blocks for finding in findings)


def test_a_right_that_a_worker_lacks_blocks_and_is_named() -> None:
    banned = next(topic for topic in wanted(load({})) if topic.name == "accounts.banned")
    (finding,) = compare(banned, TopicsOnBroker(8, banned.configs, {"DESCRIBE", "READ"}))
    assert (finding.kind, finding.blocks) == ("forbidden", True)
    assert "write" in finding.detail
    assert compare(banned, TopicsOnBroker(8, banned.configs, {"DESCRIBE", "READ", "WRITE"})) == []
    assert compare(banned, TopicsOnBroker(8, banned.configs, None)) == []


def test_a_broker_that_tells_no_configuration_is_told() -> None:
    assert kinds(compare(BANNED, TopicsOnBroker(8, None))) == ["unknown"]


@pytest.mark.journey
def test_topics_are_missing_then_created_then_well(broker: str) -> None:
    settings = load({"SAMEHAND_KAFKA_BROKERS": broker, "SAMEHAND_TOPIC_PREFIX": f"t{free_port()}."})
    assert set(kinds(check(settings))) == {"missing"}
    assert set(kinds(check(settings, create=True))) == {"created"}
    assert check(settings) == []


@pytest.mark.journey
def test_a_topic_with_other_partitions_is_found(stage: Stage) -> None:
    stage.environment["SAMEHAND_TOPIC_PARTITIONS"] = "3"
    assert set(kinds(check(stage.settings))) == {"partitions"}


@pytest.mark.journey
def test_workers_of_another_group_keep_a_canary_out_while_they_live(broker: str) -> None:
    given = {"SAMEHAND_KAFKA_BROKERS": broker, "SAMEHAND_TOPIC_PREFIX": f"t{free_port()}."}
    live, canary = (load({**given, "SAMEHAND_KAFKA_GROUP": f"g{free_port()}"}) for _ in "ab")
    check(live, create=True)
    assert other_workers(canary) == []
    member: Any = kafka.KafkaConsumer(**client_options(live), group_id=live.kafka_group)
    member.subscribe([Names(live.topic_prefix).enrolled])
    try:
        until = time.monotonic() + 60.0
        while not member.assignment():
            member.poll(timeout_ms=200)
            assert time.monotonic() < until
        assert other_workers(canary) == [live.kafka_group]
        assert other_workers(live) == []
        assert canary_fault(canary) is None  # it alerts: only a declared canary is kept out
        fault = canary_fault(canary.model_copy(update={"shadow": True}))
        assert fault is not None
        assert f"workers of the group {live.kafka_group} read the same topics" in fault.what
    finally:
        member.close()
    assert other_workers(canary) == []


def test_without_a_broker_there_is_one_clear_line(brokerless: Settings) -> None:
    with pytest.raises(TopicsError, match="cannot be asked about topics"):
        check(brokerless)


# A file of mappings that cannot be used is one setting that is wrong, named with its lines.

GOOD = "[topics.hooks]\nformat = 'mastodon'\nconstants.platform = 'm'\n"


def settings(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "mappings.toml"
    path.write_text(text)
    return load({"SAMEHAND_MAPPINGS": str(path), "SAMEHAND_TOPIC_PREFIX": "eu."})


def test_the_topics_of_a_file_are_known(tmp_path: Path) -> None:
    assert foreign_topics(settings(tmp_path, GOOD)) == ("hooks",)
    assert foreign_topics(load({})) == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[topics.hooks]\nformat = 'xml'", "mappings.toml: line 2: topics.hooks.format: must be one of"),
        (
            GOOD.replace("hooks", "'eu.accounts.created'"),
            "eu.accounts.created: a topic of samehand cannot be mapped",
        ),
        (GOOD.replace("hooks", "'eu.alerts'"), "eu.alerts: a topic of samehand cannot be mapped"),
        ("#" * MAPPING_BYTES_MAX + "#", "is over 256 KiB"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(SettingsError) as said:
        mappings_of(settings(tmp_path, text))
    assert why in said.value.faults["SAMEHAND_MAPPINGS"]


def test_without_a_file_there_is_nothing_to_do() -> None:
    with pytest.raises(SettingsError, match="is not set"):
        mappings_of(load({}))


def test_a_file_that_goes_away_is_named(tmp_path: Path) -> None:
    known = settings(tmp_path, GOOD)
    (tmp_path / "mappings.toml").unlink()
    with pytest.raises(SettingsError, match="No such file"):
        mappings_of(known)


# A topic is told from another of the same name.


def test_another_id_is_another_topic_and_a_missing_one_may_come_back() -> None:
    known = {"a": "1", "b": "2", "c": "3"}
    assert created_again(known, {"a": "1", "b": "9", "d": "4"}) == ["b"]


def test_without_a_broker_it_is_an_outage(brokerless: Settings) -> None:
    with pytest.raises(BrokerUnavailable):
        topic_ids(brokerless, [TOPIC])


@pytest.mark.journey
def test_what_does_not_exist_has_no_id(stage: Stage) -> None:
    assert topic_ids(stage.settings, ["elsewhere.accounts.created"]) == {}


# The store's epoch outlives the store, in the control topic.


@pytest.mark.journey
def test_the_last_word_on_this_store_counts(stage: Stage) -> None:
    assert known_epoch(stage.settings) == ""
    note_epoch(stage.settings, "first")
    resume(stage.settings, stage.names.created)
    note_epoch(stage.settings, "second")
    stage.environment["SAMEHAND_STORE_PREFIX"] = "another:"
    note_epoch(stage.settings, "another's")
    del stage.environment["SAMEHAND_STORE_PREFIX"]
    assert known_epoch(stage.settings) == "second"


@pytest.mark.journey
def test_without_its_topic_there_is_no_word_yet(stage: Stage) -> None:
    stage.environment["SAMEHAND_TOPIC_PREFIX"] = "elsewhere."
    assert known_epoch(stage.settings) == ""


@pytest.mark.journey
def test_a_word_that_cannot_be_read_is_not_taken_for_none(stage: Stage) -> None:
    key = f"store-epoch:{stage.settings.store_prefix}".encode()
    with writer(stage.settings) as out:
        out.send(stage.names.control, key=key, value=b"\xff", headers=[]).get(timeout=60.0)
    with pytest.raises(BrokerRefused, match="cannot be decoded"):
        known_epoch(stage.settings)


async def test_without_a_broker_it_is_an_outage_in_store_epoch(brokerless: Settings) -> None:
    epochs = EpochTopic(brokerless)
    with pytest.raises(BrokerUnavailable):
        await epochs.known()
