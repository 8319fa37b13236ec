"""What ``doctor`` sees of Kafka: what a worker asks before it joins its group, by the same code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from agents.runtime.former_weights import former_weights_fault
from agents.runtime.store_factory import expected_epoch
from cli.commands.doctor.events import look_at_events
from cli.commands.doctor.findings import DoctorFinding, fine, of_start, warning, wrong
from report.text import visible
from streams.deadletters.control_topic import stopped_topics
from streams.deadletters.limit import bound_of
from streams.errors import BrokerRefused, StreamsError
from streams.faust_app.start_checks import BESIDE_CURE, beside, kafka_fault, refused_by_kafka
from streams.kafka import topics
from streams.settings import Settings

_CURES: Final[dict[str, str]] = {
    "partitions": "set SAMEHAND_TOPIC_PARTITIONS to what there is, or add partitions",
    "forbidden": "deploy/kafka/acls.sh allows a worker what it needs",
    "not-compacted": "kafka-configs.sh --alter --entity-type topics --add-config cleanup.policy=compact",
    "compacted": "kafka-configs.sh --alter --entity-type topics --add-config cleanup.policy=delete",
    "retention": "set retention.ms, unless the difference is intended",
}


def look_at_kafka(settings: Settings) -> list[DoctorFinding]:
    """Whether a broker takes us, how each topic differs from what it should be, and which stand still."""
    where = ", ".join(settings.kafka_brokers)
    if (fault := kafka_fault(settings)) is not None:
        return [of_start(fault)]
    try:
        checked = topics.check(settings, create=False)
        group_fault, others = topics.group_fault(settings), topics.other_workers(settings)
        stopped = [*_of_stopped(settings), *_of_former(settings), *look_at_events(settings)]
    except BrokerRefused as refusal:
        return [of_start(refused_by_kafka(refusal))]
    except (StreamsError, OSError) as fault:
        return [
            wrong("Kafka", f"{where}: {fault}", "accepted the login, then stopped answering: see its log")
        ]
    missing = [finding for finding in checked if finding.kind == "missing"]
    findings = [fine("Kafka", f"reachable at {where}")]
    findings += [of_topic(finding) for finding in checked if finding.kind != "missing"]
    if missing:
        findings += of_missing(missing, settings)
    elif len(findings) == 1:
        findings.append(fine("topics", "all there, set up as they should be"))
    if group_fault:
        findings.append(wrong("group", group_fault, "allow it, or set SAMEHAND_KAFKA_GROUP to one that is"))
    if others:
        state = wrong if settings.shadow else warning  # a worker in shadow would not start
        findings.append(state("group", beside(others), BESIDE_CURE))
    return findings + stopped


def look_at_topics(
    settings: Settings,
    wanted: Sequence[topics.TopicSpec],
    words: str,
    cures: Mapping[str, str],
    creator: str = "worker",
) -> list[DoctorFinding]:
    """Whether a broker takes us, and how each topic that a process needs differs from what it should be.

    `words`: what it may do with them if nothing differs; `creator`: the process that creates those of ours.
    """
    where = ", ".join(settings.kafka_brokers)
    if (fault := kafka_fault(settings)) is not None:
        return [of_start(fault)]
    try:
        checked = topics.check(settings, wanted)
    except (StreamsError, OSError) as failed:
        return [
            wrong("Kafka", f"{where}: {failed}", "accepted the login, then stopped answering: see its log")
        ]
    missing = [finding for finding in checked if finding.kind == "missing"]
    findings = [fine("Kafka", f"reachable at {where}")]
    findings += [of_topic(finding, cures) for finding in checked if finding.kind != "missing"]
    if missing:
        findings += of_missing(missing, settings, creator)
    elif len(findings) == 1:
        findings.append(fine("topics", words))
    return findings


def noted_epoch(settings: Settings) -> str:
    """The epoch that the store should have by what Kafka knows.

    "" for none, or where Kafka does not answer, which another finding reports.
    """
    try:
        return expected_epoch(settings)
    except StreamsError:
        return ""


def _of_stopped(settings: Settings) -> list[DoctorFinding]:
    """Topics on which a worker that starts would stand still."""
    findings, bound = [], bound_of(settings).terms
    for topic, stop in stopped_topics(settings).items():
        if stop.bound == bound:
            cure = f"`samehand letters list --topic {topic}` says why; then `samehand letters resume {topic}`"
            findings.append(wrong(f"topic {topic}", f"stopped: {visible(stop.why, 300)}", cure))
        else:
            words = "was stopped under another limit of dead letters; the next worker to start resumes it"
            findings.append(warning(f"topic {topic}", words))
    return findings


def _of_former(settings: Settings) -> list[DoctorFinding]:
    """Topics of former releases: one that keeps a worker from starting, or those that may be deleted."""
    if (fault := former_weights_fault(settings)) is not None:
        return [of_start(fault)]
    if not (left := ", ".join(topics.former_topics(settings))):
        return []
    cure = "delete them once everything is upgraded: kafka-topics.sh --delete --topic NAME"
    return [warning("topics", f"left by a former release, used by nobody: {left}", cure)]


def of_topic(finding: topics.TopicFinding, cures: Mapping[str, str] = _CURES) -> DoctorFinding:
    """What is wrong with a topic, and how that is mended, by its kind."""
    cure = cures.get(finding.kind, "")
    if finding.blocks:
        return wrong(f"topic {finding.topic}", finding.detail, cure)
    return warning(f"topic {finding.topic}", finding.detail, cure)


def of_missing(
    missing: Sequence[topics.TopicFinding], settings: Settings, creator: str = "worker"
) -> list[DoctorFinding]:
    """Topics that are not there: in one finding those of others, in another ours, which `creator` creates."""
    ours = set(vars(topics.names(settings)).values())
    findings = []
    if sources := ", ".join(finding.topic for finding in missing if finding.topic not in ours):
        cure = "nobody here creates them: correct their names, or wait until your platform created them"
        findings.append(wrong("topics", f"missing: {sources}", cure))
    if called := ", ".join(finding.topic for finding in missing if finding.topic in ours):
        if settings.topic_create:
            cure = f"the {creator} creates them when it starts"
            findings.append(warning("topics", f"not there yet: {called}", cure))
        else:
            cure = "create them, or set SAMEHAND_TOPIC_CREATE=true"
            findings.append(wrong("topics", f"missing: {called}", cure))
    return findings
