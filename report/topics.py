"""Writes topics and rights for Kafka's own programs, for Terraform, or for Strimzi on Kubernetes."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count, groupby
from typing import Any, Final

from streams.kafka.topics import TopicSpec


@dataclass(frozen=True, slots=True)
class Grant:
    """What one process may do with a topic or a group; ``prefixed``: with each whose name begins so."""

    process: str
    operation: str
    kind: str
    name: str
    prefixed: bool = False


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """Topics to be created, and who may do what. ``principals``: how Kafka calls each process."""

    topics: Sequence[TopicSpec]
    replication: int
    grants: Sequence[Grant]
    principals: Mapping[str, str]


def sh(plan: TopicPlan) -> str:
    """Returns a script; its arguments say how an administrator reaches the cluster."""
    lines = ["set -e  # sh topics.sh --bootstrap-server kafka:9092 --command-config admin.properties"]
    for topic in plan.topics:
        sized = f"--partitions {topic.partitions} --replication-factor {plan.replication}"
        configs = " ".join(f"--config {key}={value}" for key, value in topic.configs.items())
        lines.append(f'kafka-topics.sh "$@" --create --if-not-exists --topic {topic.name} {sized} {configs}')
    for (process, operation, kind, prefixed), grants in groupby(plan.grants, _alike):
        who = shlex.quote(plan.principals[process])
        pattern = " --resource-pattern-type prefixed" if prefixed else ""
        on = " ".join(f"--{kind} {grant.name}" for grant in grants)
        lines.append(
            f'kafka-acls.sh "$@" --add --allow-principal {who} --operation {operation}{pattern} {on}'
        )
    return "\n".join(lines)


def _alike(grant: Grant) -> tuple[str, str, str, bool]:
    return grant.process, grant.operation, grant.kind, grant.prefixed


def terraform(plan: TopicPlan) -> str:
    """Returns resources of the provider Mongey/kafka, in Terraform's JSON syntax (topics.tf.json)."""
    topics: dict[str, dict[str, Any]] = {}
    for topic in plan.topics:
        topics[_identifier(topic.name, topics)] = {
            "name": topic.name,
            "partitions": topic.partitions,
            "replication_factor": plan.replication,
            "config": topic.configs,
        }
    rights: dict[str, dict[str, Any]] = {}
    for grant in plan.grants:
        right = f"{grant.process}-{grant.operation}-{grant.kind}-{grant.name}"
        rights[_identifier(right, rights)] = {
            "resource_name": grant.name,
            "resource_type": grant.kind.title(),
            "resource_pattern_type_filter": "Prefixed" if grant.prefixed else "Literal",
            "acl_principal": plan.principals[grant.process],
            "acl_host": "*",
            "acl_operation": grant.operation,
            "acl_permission_type": "Allow",
        }
    return json.dumps({"resource": {"kafka_topic": topics, "kafka_acl": rights}}, indent=2)


def _identifier(name: str, taken: Collection[str]) -> str:
    """What Terraform calls it: `a.b` and `a-b` are two topics, and would have one identifier."""
    stem = _NO_IDENTIFIER.sub("-", name)
    candidates = chain([stem], (f"{stem}-{number}" for number in count(2)))
    return next(identifier for identifier in candidates if identifier not in taken)


_NO_IDENTIFIER: Final = re.compile("[^A-Za-z0-9_-]")  # of Terraform
_NO_NAME: Final = re.compile("[^a-z0-9.-]")  # of a Kubernetes resource


def yaml(plan: TopicPlan) -> str:
    """Returns Strimzi's KafkaTopic and KafkaUser, each as JSON, which is YAML; add authentication."""
    return "\n".join(f"---\n{json.dumps(resource, indent=2)}" for resource in _resources(plan))


def _resources(plan: TopicPlan) -> Iterator[dict[str, Any]]:
    for topic in plan.topics:
        sized = {"partitions": topic.partitions, "replicas": plan.replication, "config": topic.configs}
        yield _resource(
            "KafkaTopic", _NO_NAME.sub("-", topic.name.lower()), {"topicName": topic.name, **sized}
        )
    rights: dict[str, list[dict[str, Any]]] = {}
    for grant in plan.grants:
        pattern = "prefix" if grant.prefixed else "literal"
        on = {"type": grant.kind, "name": grant.name, "patternType": pattern}
        acl = {"resource": on, "operations": [grant.operation]}
        rights.setdefault(_user(grant.process, plan.principals[grant.process]), []).append(acl)
    for user, acls in rights.items():
        yield _resource("KafkaUser", user, {"authorization": {"type": "simple", "acls": acls}})


def _user(process: str, principal: str) -> str:
    """The name of a KafkaUser, of which Strimzi makes the principal `User:NAME`, or `User:CN=NAME` by TLS."""
    if principal == f"User:{process}":
        return f"samehand-{process}"
    name = principal.removeprefix("User:").removeprefix("CN=").partition(",")[0]
    return _NO_NAME.sub("-", name.lower())


def _resource(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "labels": {"strimzi.io/cluster": "kafka"}}
    return {"apiVersion": "kafka.strimzi.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


FORMATS: Final = {"sh": sh, "terraform": terraform, "yaml": yaml}
