"""Topics and rights as Kafka's programs, Terraform and Strimzi take them: the same in each."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from itertools import pairwise

import pytest

from report.topics import Grant, TopicPlan, sh, terraform, yaml
from streams.kafka.topics import TopicSpec

TOPICS = [TopicSpec("accounts.banned", 8, compacted=True), TopicSpec("alerts", 8, retention_days=30)]
GRANTS = [
    Grant("worker", "Read", "topic", "accounts.banned"),
    Grant("worker", "Write", "topic", "accounts.banned"),
    Grant("worker", "Write", "topic", "alerts"),
    Grant("deliver", "Read", "topic", "alerts"),
    Grant("deliver", "Read", "group", "samehand-deliver-", prefixed=True),
]
PLAN = TopicPlan(TOPICS, 3, GRANTS, {"worker": "User:CN=worker,O=x y", "deliver": "User:deliver"})
MONTH_MS = 30 * 24 * 60 * 60 * 1000


def after(words: list[str], option: str) -> list[str]:
    """Every value of an option."""
    return [value for name, value in pairwise(words) if name == option]


def test_script_creates_each_topic_and_allows_what_is_alike_at_once() -> None:
    lines = [shlex.split(line) for line in sh(PLAN).splitlines()[1:]]
    assert [after(words, "--topic") for words in lines] == [
        ["accounts.banned"],
        ["alerts"],
        ["accounts.banned"],
        ["accounts.banned", "alerts"],
        ["alerts"],
        [],
    ]
    assert [after(words, "--config") for words in lines[:2]] == [
        ["cleanup.policy=compact"],
        ["cleanup.policy=delete", f"retention.ms={MONTH_MS}"],
    ]
    assert after(lines[3], "--allow-principal") == ["User:CN=worker,O=x y"]
    assert after(lines[5], "--resource-pattern-type") == ["prefixed"]


def test_terraform_gets_every_topic_and_grant() -> None:
    written = json.loads(terraform(PLAN))["resource"]
    assert written["kafka_topic"]["alerts"] == {
        "name": "alerts",
        "partitions": 8,
        "replication_factor": 3,
        "config": {"cleanup.policy": "delete", "retention.ms": str(MONTH_MS)},
    }
    acls = [
        (it["acl_principal"], it["acl_operation"], it["resource_type"].lower(), it["resource_name"])
        for it in written["kafka_acl"].values()
    ]
    assert acls == [(PLAN.principals[it.process], it.operation, it.kind, it.name) for it in GRANTS]
    patterns = [it["resource_pattern_type_filter"] for it in written["kafka_acl"].values()]
    assert patterns == ["Literal"] * 4 + ["Prefixed"]


def test_topics_whose_names_terraform_cannot_tell_apart_are_all_there() -> None:
    names = ["a.b", "a-b", "a-b-2", "a_b"]
    grants = [Grant("worker", "Read", "topic", name) for name in names]
    plan = TopicPlan([TopicSpec(name, 1) for name in names], 1, grants, {"worker": "User:worker"})
    written = json.loads(terraform(plan))["resource"]
    assert [it["name"] for it in written["kafka_topic"].values()] == names
    assert [it["resource_name"] for it in written["kafka_acl"].values()] == names


def test_processes_of_one_principal_are_one_user_of_strimzi() -> None:
    plan = replace(PLAN, principals={"worker": "User:CN=samehand,O=x", "deliver": "User:samehand"})
    users = [json.loads(it) for it in yaml(plan).split("---\n") if "KafkaUser" in it]
    assert [user["metadata"]["name"] for user in users] == ["samehand"]
    assert len(users[0]["spec"]["authorization"]["acls"]) == len(GRANTS)


def test_strimzi_gets_every_topic_and_grant() -> None:
    resources = list(pytest.importorskip("yaml").safe_load_all(yaml(PLAN)))
    assert [(it["kind"], it["metadata"]["name"]) for it in resources] == [
        ("KafkaTopic", "accounts.banned"),
        ("KafkaTopic", "alerts"),
        ("KafkaUser", "worker"),
        ("KafkaUser", "samehand-deliver"),
    ]
    assert resources[1]["spec"] == {
        "topicName": "alerts",
        "partitions": 8,
        "replicas": 3,
        "config": {"cleanup.policy": "delete", "retention.ms": str(MONTH_MS)},
    }
    acls = [acl for it in resources[2:] for acl in it["spec"]["authorization"]["acls"]]
    assert [(acl["operations"], acl["resource"]["type"], acl["resource"]["name"]) for acl in acls] == [
        ([it.operation], it.kind, it.name) for it in GRANTS
    ]
    assert acls[-1]["resource"]["patternType"] == "prefix"
