"""`samehand topics`: what it writes for Kafka's programs, for Terraform and for Strimzi."""

from __future__ import annotations

import shlex
from itertools import pairwise

import pytest

from streams.kafka.topics import DAY_MS, Names, TopicSpec, every, wanted
from streams.settings import load
from tests.cli.running import Samehand

PROCESSES = {"worker", "platform", "moderation", "operator"}


def after(words: list[str], option: str) -> list[str]:
    """Every value of an option."""
    return [value for name, value in pairwise(words) if name == option]


def commands(samehand: Samehand, *options: str) -> list[list[str]]:
    """The words of each command of Kafka's programs."""
    ran = samehand("topics", "--format", "sh", *options)
    assert ran.code == 0, ran.err
    return [shlex.split(line) for line in ran.out.splitlines()[1:]]


def rights(lines: list[list[str]]) -> dict[str, dict[str, set[str]]]:
    """What each principal may do with which topics."""
    found: dict[str, dict[str, set[str]]] = {}
    for words in lines:
        for who in after(words, "--allow-principal"):
            (operation,) = after(words, "--operation")
            found.setdefault(who, {}).setdefault(operation, set()).update(after(words, "--topic"))
    return found


def as_set_up(words: list[str]) -> TopicSpec:
    configs = dict(each.split("=") for each in after(words, "--config"))
    (name,), (partitions,) = after(words, "--topic"), after(words, "--partitions")
    kept_ms = configs.get("retention.ms")
    days = None if kept_ms is None else int(kept_ms) // DAY_MS
    return TopicSpec(name, int(partitions), configs["cleanup.policy"] == "compact", days)


def test_without_features_topics_are_those_that_a_worker_needs(samehand: Samehand) -> None:
    lines = commands(samehand)
    made = [as_set_up(words) for words in lines if words[0] == "kafka-topics.sh"]
    needed = {spec.name for spec in wanted(load({}))}
    assert made == [spec for spec in every(load({})).values() if spec.name in needed]
    assert set(rights(lines)) == {f"User:{process}" for process in PROCESSES}


def test_rights_of_a_worker_are_those_that_it_checks_when_it_starts(samehand: Samehand) -> None:
    given = rights(commands(samehand))["User:worker"]
    for right in ("Read", "Write"):
        needed = {spec.name for spec in wanted(load({})) if right.upper() in spec.rights}
        assert given[right] - {""} == needed


@pytest.mark.parametrize(
    ("features", "topics"),
    [
        ("shadow", {"alerts.shadow"}),
        ("sample", {"alerts.sample"}),
        ("desk", {"alerts.sample", "accounts.actioned", "desk.audit"}),
        ("desk,appeals", {"alerts.sample", "accounts.actioned", "desk.audit", "appeals.decided"}),
        ("gate", {"accounts.actioned", "gate.audit"}),
        ("deliver", set()),
    ],
)
def test_a_feature_adds_its_topics_and_no_others(samehand: Samehand, features: str, topics: set[str]) -> None:
    made = [after(words, "--topic") for words in commands(samehand, "--features", features)]
    named = {topic for each in made for topic in each}
    assert named - {spec.name for spec in wanted(load({}))} == topics


def test_a_gate_publishes_events_and_verdicts_and_may_do_nothing_else(
    samehand: Samehand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_TOPIC_PREFIX", "eu.")
    monkeypatch.setenv("SAMEHAND_TOPIC_CREATE", "false")
    names = Names("eu.")
    given = rights(commands(samehand, "--features", "gate", "--principal", "gate=User:edge"))["User:edge"]
    assert given == {
        "Write": {*names.events, names.actioned, names.verdicts, names.gate_audit},
        "DescribeConfigs": {names.actioned, names.gate_audit},
    }


@pytest.mark.parametrize("options", [("--features", "desks"), ("--principal", "desks=User:x")])
def test_an_unknown_feature_or_process_is_bad_input_that_names_the_known(
    samehand: Samehand, options: tuple[str, str]
) -> None:
    ran = samehand("topics", "--format", "sh", *options)
    assert ran.code == 2
    assert "desks: choose from" in ran.err


def test_a_bridge_reads_what_its_mappings_name(samehand: Samehand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMEHAND_MAPPINGS", "examples/debezium/mappings.toml")
    given = rights(commands(samehand, "--features", "bridge"))["User:bridge"]
    assert "shop.public.users" in given["Read"]
    assert "shop.public.users" not in given["Create"]
    assert {"accounts.created", "deadletters"} <= given["Write"]
