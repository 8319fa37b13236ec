"""Topics: what is wanted, what is found, and how the difference is told."""

from __future__ import annotations

import pytest

from streams.errors import TopicsError
from streams.kafka.topics import DAY_MS, Finding, Found, Names, Topic, check, compare, wanted
from streams.settings import Settings, load
from tests.streams.conftest import Stage, free_port

LETTERS = Topic("deadletters", 8, retention_days=7)
BANNED = Topic("accounts.banned", 8, compacted=True)


def kinds(findings: list[Finding]) -> list[str]:
    return [finding.kind for finding in findings]


def test_every_name_has_the_prefix_and_a_topic() -> None:
    settings = load({"SAMEHAND_TOPIC_PREFIX": "eu."})
    named = Names("eu.")
    # The desk alone writes heads of its audit, and makes that topic itself.
    assert {topic.name for topic in wanted(settings)} == set(vars(named).values()) - {named.audit}
    assert all(topic.name.startswith("eu.") for topic in wanted(settings))


def test_bans_are_compacted_and_letters_gone_after_a_week() -> None:
    by_name = {topic.name: topic for topic in wanted(load({}))}
    assert by_name["accounts.banned"].configs == {"cleanup.policy": "compact"}
    assert by_name["deadletters"].configs["retention.ms"] == str(7 * DAY_MS)


def test_as_wanted_there_is_nothing_to_tell() -> None:
    assert compare(BANNED, Found(8, BANNED.configs)) == []
    assert compare(LETTERS, Found(8, LETTERS.configs)) == []


@pytest.mark.parametrize("policy", ["delete", "compact,delete"])
def test_bans_that_would_be_forgotten_block(policy: str) -> None:
    (finding,) = compare(BANNED, Found(8, {"cleanup.policy": policy}))
    assert (finding.kind, finding.blocks) == ("not-compacted", True)
    assert finding.detail == f"has cleanup.policy={policy} instead of compact: old records get lost"


def test_events_that_would_be_compacted_away_block() -> None:
    (finding,) = compare(Topic("accounts.created", 8), Found(8, {"cleanup.policy": "compact"}))
    assert (finding.kind, finding.blocks) == ("compacted", True)


def test_a_topic_of_somebody_elses_is_theirs_to_set_up() -> None:
    users = Topic("users", 0, rights=frozenset({"READ"}), foreign=True)
    assert compare(users, Found(3, {"cleanup.policy": "compact"}, {"DESCRIBE", "READ"})) == []
    assert compare(users, Found(3, None)) == []
    (finding,) = compare(users, Found(3, None, {"DESCRIBE"}))
    assert (finding.kind, finding.blocks) == ("forbidden", True)


def test_other_partitions_and_retention_are_told_and_do_not_block() -> None:
    findings = compare(LETTERS, Found(3, {"cleanup.policy": "delete", "retention.ms": "-1"}))
    assert kinds(findings) == ["partitions", "retention"]
    assert "for ever" in findings[1].detail
    assert not any(finding.blocks for finding in findings)


def test_a_right_that_a_worker_lacks_blocks_and_is_named() -> None:
    banned = next(topic for topic in wanted(load({})) if topic.name == "accounts.banned")
    (finding,) = compare(banned, Found(8, banned.configs, {"DESCRIBE", "READ"}))
    assert (finding.kind, finding.blocks) == ("forbidden", True)
    assert "write" in finding.detail
    assert compare(banned, Found(8, banned.configs, {"DESCRIBE", "READ", "WRITE"})) == []
    assert compare(banned, Found(8, banned.configs, None)) == []


def test_a_broker_that_tells_no_configuration_is_told() -> None:
    assert kinds(compare(BANNED, Found(8, None))) == ["unknown"]


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


def test_without_a_broker_there_is_one_clear_line(brokerless: Settings) -> None:
    with pytest.raises(TopicsError, match="cannot be asked about topics"):
        check(brokerless)
