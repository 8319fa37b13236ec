"""The topics: their names, how they should be set up, and whether they are.

`accounts.banned` is compacted: it is the truth from which Redis can be rebuilt, so the last record of each
account is kept for ever. So is `alerts.state`: which alerts are open, and which were dismissed. `deadletters`
may hold raw personal values and is kept for 7 days. `control` carries operators' messages to stopped topics
(see `streams.deadletters.pause`) and the store's epoch (see `streams.kafka.store_epoch`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from streams.errors import BrokerRefused, BrokerUnavailable, TopicsError
from streams.kafka.client import KafkaAdmin, admin, config_resource, error_name
from streams.settings import Settings

DAY_MS: Final = 24 * 60 * 60 * 1000
GROUPS_MAX: Final = 1_000
"""Consumer groups that are asked about; of a cluster with more, any may be left out."""

LETTERS_DAYS: Final = 7
"""The longest that raw personal values may lie in dead letters."""

Kind = Literal[
    "created",
    "missing",
    "refused",
    "forbidden",
    "partitions",
    "not-compacted",
    "compacted",
    "retention",
    "unknown",
]

BLOCKING: Final[frozenset[Kind]] = frozenset(
    {"missing", "refused", "forbidden", "not-compacted", "compacted"}
)
"""With these a worker loses data or cannot start; the others are for a person to look at."""


Right = Literal["READ", "WRITE"]
"""As Kafka's ACLs call them. Either brings the right to see the topic."""

_READ: Final[frozenset[Right]] = frozenset({"READ"})
_WRITE: Final[frozenset[Right]] = frozenset({"WRITE"})


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How one topic should be. `retention_days` None: as the broker's default says.

    `rights`: what a process must be allowed there, which `samehand topics` writes. `foreign`: a topic of
    others, who set it up as they like; it only must exist.
    """

    name: str
    partitions: int
    compacted: bool = False
    retention_days: int | None = None
    rights: frozenset[Right] = frozenset()
    foreign: bool = False

    @property
    def configs(self) -> dict[str, str]:
        configs = {"cleanup.policy": "compact" if self.compacted else "delete"}
        if self.retention_days is not None:
            configs["retention.ms"] = str(self.retention_days * DAY_MS)
        return configs


@dataclass(frozen=True, slots=True)
class TopicFinding:
    """What a check found about a topic, in plain words."""

    topic: str
    kind: Kind
    detail: str

    @property
    def blocks(self) -> bool:
        """True if a worker must not run like this."""
        return self.kind in BLOCKING


@dataclass(frozen=True, slots=True)
class TopicsOnBroker:
    """How a topic is, and what we may do there. None: the broker would not say."""

    partitions: int
    configs: Mapping[str, str] | None
    rights: Set[str] | None = None


EVENTS: Final = "created updated remembered banned reinstated deleted"
"""What workers read of platforms, by the attributes of `Names`."""

PUBLISHED: Final = f"{EVENTS} actioned"
"""What platforms publish, themselves or by a bridge or gate."""


class Names:
    """The topics' names under one prefix."""

    def __init__(self, prefix: str = "") -> None:
        self.created = f"{prefix}accounts.created"
        self.updated = f"{prefix}accounts.updated"
        self.remembered = f"{prefix}accounts.remembered"
        self.scanned = f"{prefix}accounts.scanned"
        self.deleted = f"{prefix}accounts.deleted"
        self.banned = f"{prefix}accounts.banned"
        self.reinstated = f"{prefix}accounts.reinstated"
        self.actioned = f"{prefix}accounts.actioned"
        self.alerts = f"{prefix}alerts"
        self.shadow = f"{prefix}alerts.shadow"
        self.sample = f"{prefix}alerts.sample"
        self.state = f"{prefix}alerts.state"
        self.waves = f"{prefix}alerts.waves"
        self.verdicts = f"{prefix}alerts.verdicts"
        self.appeals = f"{prefix}appeals.decided"
        self.enrolled = f"{prefix}fingerprints.enrolled"
        self.letters = f"{prefix}deadletters"
        self.control = f"{prefix}control"
        self.audit = f"{prefix}desk.audit"
        self.gate_audit = f"{prefix}gate.audit"

    @property
    def events(self) -> tuple[str, ...]:
        """What workers read of platforms."""
        return tuple(getattr(self, topic) for topic in EVENTS.split())


def names(settings: Settings) -> Names:
    return Names(settings.topic_prefix)


_COMPACTED: Final = frozenset({"banned", "state", "waves", "control", "audit"})
"""By the attribute of `Names`. Heads of the audit are keyed by number and hash: compaction keeps all."""

_DAYS: Final = {1: "scanned", 30: "alerts", 365: "actioned verdicts appeals gate_audit"} | {
    LETTERS_DAYS: "letters shadow sample enrolled"
}
"""Raw profiles are read within seconds; samples quote accounts without an alert; verdicts are learnt from."""

_IN_ORDER: Final = frozenset({"control", "audit", "gate_audit"})
"""Of one partition: their few records have one order."""


def every(settings: Settings) -> dict[str, TopicSpec]:
    """Returns each topic of ours as it should be, by its attribute of `Names`, without rights."""
    days = {topic: days for days, topics in _DAYS.items() for topic in topics.split()}
    return {
        topic: TopicSpec(
            name, 1 if topic in _IN_ORDER else settings.topic_partitions, topic in _COMPACTED, days.get(topic)
        )
        for topic, name in vars(names(settings)).items()
    }


def allowed(settings: Settings, *, read: str = "", write: str = "") -> list[TopicSpec]:
    """Returns the topics that a process reads and writes, by their attributes of `Names`, with its rights."""
    rights: dict[str, frozenset[Right]] = dict.fromkeys(read.split(), _READ)
    for topic in write.split():
        rights[topic] = rights.get(topic, frozenset()) | _WRITE
    return [replace(spec, rights=rights[topic]) for topic, spec in every(settings).items() if topic in rights]


def wanted(settings: Settings) -> list[TopicSpec]:
    """What a worker needs. It writes to what it reads, too: tombstones of accounts to be forgotten, verdicts
    on alerts that led to a ban, and what a rebuild reads again.
    """
    shadow = " shadow" if settings.shadow else ""
    sample = " sample" if settings.sample_share else ""
    return allowed(
        settings,
        read=f"{EVENTS} scanned alerts state waves verdicts enrolled control{shadow}",
        write=f"alerts state waves verdicts letters banned enrolled control{shadow}{sample}",
    )


def wanted_by_desk(settings: Settings, *, appeals: bool = False) -> list[TopicSpec]:
    """What a desk needs; it writes dead letters of unreadable actions, and outcomes of ``appeals``."""
    taken = " appeals" if appeals else ""
    return allowed(
        settings, read="actioned alerts sample waves verdicts audit", write=f"verdicts letters audit{taken}"
    )


def wanted_by_gate(settings: Settings) -> list[TopicSpec]:
    """What a gate needs: to write what platforms publish and what people decided, which workers set up, and
    what leads asked it.
    """
    own = {names(settings).actioned, names(settings).gate_audit}
    specs = allowed(settings, write=f"{PUBLISHED} verdicts gate_audit")
    return [replace(spec, foreign=spec.name not in own) for spec in specs]


def wanted_by_deliver(settings: Settings, *, waves: bool, appeals: bool) -> list[TopicSpec]:
    """What delivery needs: alerts, and ``waves`` and decided ``appeals`` where an endpoint takes them."""
    taken = (" waves" if waves else "") + (" appeals" if appeals else "")
    return allowed(settings, read=f"alerts control{taken}", write="letters control")


def former_weights(settings: Settings) -> str:
    """The topic on which the desks of former releases published adopted weights."""
    return f"{settings.topic_prefix}weights"


def check(
    settings: Settings, topics: Sequence[TopicSpec] | None = None, *, create: bool = False
) -> list[TopicFinding]:
    """What is missing or wrong, and with `create` what was created; by default of a worker's topics.

    Raises `TopicsError` when the broker cannot be asked.
    """
    topics = wanted(settings) if topics is None else topics
    try:
        with admin(settings) as client:
            on_broker = look_up(client, [topic.name for topic in topics])
            absent = [topic for topic in topics if topic.name not in on_broker]
            ours = [topic for topic in absent if create and not topic.foreign]
            made = _create(client, ours, settings.topic_replication) if ours else []
            made += [
                TopicFinding(topic.name, "missing", "does not exist, or we may not see it")
                for topic in absent
                if topic not in ours
            ]
    except (BrokerUnavailable, BrokerRefused) as fault:
        where = ",".join(settings.kafka_brokers)
        raise TopicsError(f"the brokers at {where} cannot be asked about topics ({fault})") from fault
    present = [topic for topic in topics if topic.name in on_broker]
    return made + [finding for topic in present for finding in compare(topic, on_broker[topic.name])]


def group_fault(settings: Settings) -> str:
    """Why our user may not join the workers' group, "" where nothing speaks against it.

    A worker that may not join tries for ever: better ask before.
    """
    group = settings.kafka_group
    try:
        with admin(settings) as client:
            described = client.describe_groups([group]).get(group, {})
    except (BrokerUnavailable, BrokerRefused) as fault:
        # A cluster on its first day has no coordinator yet; small brokers do not know the question, nor ACLs.
        return _MAY_NOT_JOIN.format(group) if "Authorization" in str(fault) else ""
    allowed = frozenset(described.get("authorized_operations") or ())
    # A user who sees a group may at least describe it: a broker that says otherwise knows no ACLs.
    return _MAY_NOT_JOIN.format(group) if "DESCRIBE" in allowed and "READ" not in allowed else ""


def other_workers(settings: Settings) -> list[str]:
    """Groups beside ours with workers on the same topics: a second installation, which shares `alerts.state`.

    Such are known by `fingerprints.enrolled`, which workers alone read. Empty where the broker does not say.
    """
    enrolled = names(settings).enrolled
    try:
        with admin(settings) as client:
            others = [group["group_id"] for group in client.list_groups()]
            described = client.describe_groups(
                [name for name in others if name != settings.kafka_group][:GROUPS_MAX]
            )
    except (BrokerUnavailable, BrokerRefused):
        return []
    return sorted(name for name, group in described.items() if enrolled in _assigned(group))


def _assigned(group: Mapping[str, Any]) -> set[str]:
    """The topics that the living members of a group read; none where the members are not consumers."""
    given = [member.get("member_assignment") for member in group.get("members") or ()]
    return {
        partition["topic"]
        for assignment in given
        if isinstance(assignment, dict)
        for partition in assignment.get("assigned_partitions", ())
    }


_MAY_NOT_JOIN: Final = "we may not read as the group {} (Kafka's ACLs)"


def compare(topic: TopicSpec, on_broker: TopicsOnBroker) -> list[TopicFinding]:
    """How a topic that exists differs from what is wanted."""
    findings = []
    if on_broker.partitions != topic.partitions and not topic.foreign:
        detail = f"has {on_broker.partitions} partitions instead of {topic.partitions}"
        findings.append(TopicFinding(topic.name, "partitions", detail))
    if on_broker.rights is not None and (lacking := sorted(topic.rights - on_broker.rights)):
        detail = f"does not allow us to {' or '.join(right.lower() for right in lacking)} (Kafka's ACLs)"
        findings.append(TopicFinding(topic.name, "forbidden", detail))
    if topic.foreign:
        return findings
    if on_broker.configs is None:
        return [*findings, TopicFinding(topic.name, "unknown", "the broker does not tell its configuration")]
    policies = set(on_broker.configs.get("cleanup.policy", "delete").split(","))
    if topic.compacted and policies != {"compact"}:
        detail = f"has cleanup.policy={','.join(sorted(policies))} instead of compact: old records get lost"
        findings.append(TopicFinding(topic.name, "not-compacted", detail))
    elif not topic.compacted and "compact" in policies:
        detail = "has cleanup.policy=compact, which drops events of an account"
        findings.append(TopicFinding(topic.name, "compacted", detail))
    if topic.retention_days is not None and "retention.ms" in on_broker.configs:
        kept_ms = int(on_broker.configs["retention.ms"])
        if kept_ms != topic.retention_days * DAY_MS:
            kept = "for ever" if kept_ms < 0 else f"{kept_ms / DAY_MS:g} days"
            detail = f"keeps records {kept} instead of {topic.retention_days} days"
            findings.append(TopicFinding(topic.name, "retention", detail))
    return findings


def look_up(client: KafkaAdmin, topics: list[str]) -> dict[str, TopicsOnBroker]:
    """The topics that exist. Lists instead of describing by name, which makes some brokers create them."""
    everything = client.describe_topics()
    described = [entry for entry in everything if entry["name"] in topics and not entry["error_code"]]
    answer: dict[str, Any] = {}
    if described:
        resources = [config_resource(entry["name"]) for entry in described]
        # Small brokers know no DescribeConfigs and answer each in their own way; `unknown` is then reported.
        with suppress(Exception):
            answer = client.describe_configs(resources, config_filter="all")
    configs = {
        topic: {key: str(config["value"]) for key, config in entries.items()}
        for topic, entries in answer.get("topic", {}).items()
    }
    on_broker: dict[str, TopicsOnBroker] = {}
    for entry in described:
        # A user who sees a topic may at least describe it: a broker that says otherwise knows no ACLs.
        allowed = frozenset(entry.get("authorized_operations") or ())
        rights = allowed if "DESCRIBE" in allowed else None
        on_broker[entry["name"]] = TopicsOnBroker(
            len(entry["partitions"]), configs.get(entry["name"]), rights
        )
    return on_broker


def _create(client: KafkaAdmin, topics: list[TopicSpec], replication: int) -> list[TopicFinding]:
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


def _creation(topic: str, error_code: int) -> TopicFinding:
    error = error_name(error_code)
    # Another worker that starts at the same moment may have been faster.
    if error in ("", "TopicAlreadyExistsError"):
        return TopicFinding(topic, "created", "was created")
    return TopicFinding(topic, "refused", f"could not be created ({error})")
