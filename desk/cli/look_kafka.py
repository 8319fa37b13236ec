"""What ``doctor`` sees of Kafka."""

from __future__ import annotations

from collections.abc import Sequence

from desk.cli.findings import Finding, fine, warning, wrong
from streams import topics
from streams.errors import StreamsError
from streams.settings import Settings

_CURES: dict[str, str] = {
    "partitions": "set SAMEHAND_TOPIC_PARTITIONS to what there is, or add partitions",
    "forbidden": "deploy/kafka/acls.sh allows a worker what it needs",
    "not-compacted": "kafka-configs.sh --alter --entity-type topics --add-config cleanup.policy=compact",
    "compacted": "kafka-configs.sh --alter --entity-type topics --add-config cleanup.policy=delete",
    "retention": "set retention.ms, if the difference is not meant",
}


def look_at_kafka(settings: Settings) -> list[Finding]:
    """Whether the brokers answer, and how each topic differs from what it should be."""
    where = ", ".join(settings.kafka_brokers)
    try:
        found = topics.check(settings, create=False)
        group_fault = topics.group_fault(settings)
    except (StreamsError, OSError) as fault:
        cure = "start the broker, or set SAMEHAND_KAFKA_BROKERS (and TLS and SASL, if it wants them)"
        # What follows `Kafka:` is the name of an error; an OSError is a certificate that cannot be read.
        return [wrong("Kafka", f"{where}: {fault}", cure)]
    missing = [finding for finding in found if finding.kind == "missing"]
    findings = [fine("Kafka", f"reachable at {where}")]
    findings += [_of_topic(finding) for finding in found if finding.kind != "missing"]
    if missing:
        findings.append(_of_missing(missing, settings))
    elif len(findings) == 1:
        findings.append(fine("topics", "all there, set up as they should be"))
    if group_fault:
        findings.append(wrong("group", group_fault, "allow it, or set SAMEHAND_KAFKA_GROUP to one that is"))
    return findings


def _of_topic(finding: topics.Finding) -> Finding:
    cure = _CURES.get(finding.kind, "")
    if finding.blocks:
        return wrong(f"topic {finding.topic}", finding.detail, cure)
    return warning(f"topic {finding.topic}", finding.detail, cure)


def _of_missing(missing: Sequence[topics.Finding], settings: Settings) -> Finding:
    called = ", ".join(finding.topic for finding in missing)
    if settings.topic_create:
        return warning("topics", f"not there yet: {called}", "the worker creates them when it starts")
    return wrong("topics", f"missing: {called}", "create them, or set SAMEHAND_TOPIC_CREATE=true")
