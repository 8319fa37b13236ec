"""The topics: their names, how they should be set up, and whether they are.

`accounts.banned` is compacted: it is the truth from which Redis can be rebuilt, so the last word on each
account is kept for ever. `deadletters` may hold raw personal values and is kept for 7 days. `control` carries
operators' words to stopped topics (see `streams.resumes`) and the store's epoch (see `streams.epochs`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from streams.brokers import Admin, admin, config_resource, error_name
from streams.errors import BrokerRefused, BrokerUnavailable, TopicsError
from streams.settings import Settings

DAY_MS: Final = 24 * 60 * 60 * 1000
LETTERS_DAYS: Final = 7
"""The longest that raw personal values may lie in dead letters (DESIGN § 3)."""

Kind = Literal[
    "created", "missing", "refused", "partitions", "not-compacted", "compacted", "retention", "unknown"
]

BLOCKING: Final[frozenset[Kind]] = frozenset({"missing", "refused", "not-compacted", "compacted"})
"""With these a worker loses data or cannot start; the others are for a person to look at."""


@dataclass(frozen=True, slots=True)
class Topic:
    """How one topic should be. `retention_days` None: as the broker's default says."""

    name: str
    partitions: int
    compacted: bool = False
    retention_days: int | None = None

    @property
    def configs(self) -> dict[str, str]:
        """As Kafka spells it."""
        configs = {"cleanup.policy": "compact" if self.compacted else "delete"}
        if self.retention_days is not None:
            configs["retention.ms"] = str(self.retention_days * DAY_MS)
        return configs


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to tell about a topic, in plain words."""

    topic: str
    kind: Kind
    detail: str

    @property
    def blocks(self) -> bool:
        """Whether a worker must not run like this."""
        return self.kind in BLOCKING


@dataclass(frozen=True, slots=True)
class Found:
    """How a topic is. `configs` None: the broker would not say."""

    partitions: int
    configs: Mapping[str, str] | None


class Names:
    """The topics' names under one prefix."""

    def __init__(self, prefix: str = "") -> None:
        self.created = f"{prefix}accounts.created"
        self.updated = f"{prefix}accounts.updated"
        self.deleted = f"{prefix}accounts.deleted"
        self.banned = f"{prefix}accounts.banned"
        self.reinstated = f"{prefix}accounts.reinstated"
        self.alerts = f"{prefix}alerts"
        self.shadow = f"{prefix}alerts.shadow"
        self.verdicts = f"{prefix}alerts.verdicts"
        self.enrolled = f"{prefix}fingerprints.enrolled"
        self.letters = f"{prefix}deadletters"
        self.control = f"{prefix}control"


def names(settings: Settings) -> Names:
    """The names that `settings` ask for."""
    return Names(settings.topic_prefix)


def wanted(settings: Settings) -> list[Topic]:
    """Every topic as it should be."""
    called, many = names(settings), settings.topic_partitions
    return [
        Topic(called.created, many),
        Topic(called.updated, many),
        Topic(called.deleted, many),
        Topic(called.banned, many, compacted=True),
        Topic(called.reinstated, many),
        Topic(called.alerts, many, retention_days=30),
        Topic(called.shadow, many, retention_days=7),
        Topic(called.verdicts, many, retention_days=365),  # what `samehand learn` reads
        Topic(called.enrolled, many, retention_days=7),
        Topic(called.letters, many, retention_days=LETTERS_DAYS),
        Topic(called.control, 1, compacted=True),  # one partition: operators' words have one order
    ]


def check(settings: Settings, *, create: bool = False) -> list[Finding]:
    """What is missing or wrong, and with `create` what was created.

    Raises `TopicsError` when the broker cannot be asked.
    """
    topics = wanted(settings)
    try:
        with admin(settings) as client:
            found = look_up(client, [topic.name for topic in topics])
            absent = [topic for topic in topics if topic.name not in found]
            make = create and absent
            made = _create(client, absent, settings.topic_replication) if make else _missing(absent)
    except (BrokerUnavailable, BrokerRefused) as fault:
        where = ",".join(settings.kafka_brokers)
        raise TopicsError(f"the brokers at {where} cannot be asked about topics ({fault})") from fault
    present = [topic for topic in topics if topic.name in found]
    return made + [finding for topic in present for finding in compare(topic, found[topic.name])]


def compare(topic: Topic, found: Found) -> list[Finding]:
    """How a topic that exists differs from what is wanted."""
    findings = []
    if found.partitions != topic.partitions:
        detail = f"has {found.partitions} partitions instead of {topic.partitions}"
        findings.append(Finding(topic.name, "partitions", detail))
    if found.configs is None:
        return [*findings, Finding(topic.name, "unknown", "the broker does not tell its configuration")]
    return findings + _compare_cleanup(topic, found.configs) + _compare_retention(topic, found.configs)


def _compare_cleanup(topic: Topic, configs: Mapping[str, str]) -> list[Finding]:
    policies = set(configs.get("cleanup.policy", "delete").split(","))
    if topic.compacted and policies != {"compact"}:
        detail = f"has cleanup.policy={','.join(sorted(policies))} instead of compact: bans get lost"
        return [Finding(topic.name, "not-compacted", detail)]
    if not topic.compacted and "compact" in policies:
        detail = "has cleanup.policy=compact, which drops events of an account"
        return [Finding(topic.name, "compacted", detail)]
    return []


def _compare_retention(topic: Topic, configs: Mapping[str, str]) -> list[Finding]:
    if topic.retention_days is None or "retention.ms" not in configs:
        return []
    kept_ms, wanted_ms = int(configs["retention.ms"]), topic.retention_days * DAY_MS
    if kept_ms == wanted_ms:
        return []
    kept = "for ever" if kept_ms < 0 else f"{kept_ms / DAY_MS:g} days"
    return [Finding(topic.name, "retention", f"keeps records {kept} instead of {topic.retention_days} days")]


def look_up(client: Admin, topics: list[str]) -> dict[str, Found]:
    """The topics that exist. Lists instead of describing by name, which makes some brokers create them."""
    everything = client.describe_topics()
    described = [entry for entry in everything if entry["name"] in topics and not entry["error_code"]]
    configs = _configs(client, [entry["name"] for entry in described])
    return {entry["name"]: Found(len(entry["partitions"]), configs.get(entry["name"])) for entry in described}


def _configs(client: Admin, topics: list[str]) -> dict[str, dict[str, str]]:
    if not topics:
        return {}
    try:
        answer = client.describe_configs([config_resource(topic) for topic in topics], config_filter="all")
    except Exception:
        # Small brokers know no DescribeConfigs and answer each in their own way; `unknown` is then reported.
        return {}
    return {
        topic: {key: str(config["value"]) for key, config in entries.items()}
        for topic, entries in answer.get("topic", {}).items()
    }


def _missing(topics: list[Topic]) -> list[Finding]:
    return [Finding(topic.name, "missing", "does not exist") for topic in topics]


def _create(client: Admin, topics: list[Topic], replication: int) -> list[Finding]:
    orders: dict[str, Any] = {
        topic.name: {
            "num_partitions": topic.partitions,
            "replication_factor": replication,
            "configs": topic.configs,
        }
        for topic in topics
    }
    answer = client.create_topics(orders, raise_errors=False)
    return [_creation(entry["name"], int(entry["error_code"])) for entry in answer["topics"]]


def _creation(topic: str, error_code: int) -> Finding:
    error = error_name(error_code)
    # Another worker that starts at the same moment may have been faster.
    if error in ("", "TopicAlreadyExistsError"):
        return Finding(topic, "created", "was created")
    return Finding(topic, "refused", f"could not be created ({error})")
