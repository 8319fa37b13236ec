"""Whether a Kafka broker answers a client's questions, rather than only accepts its connection."""

from __future__ import annotations

from kafka import KafkaAdminClient  # type: ignore[import-untyped]  # kafka-python ships no types
from kafka.errors import KafkaError  # type: ignore[import-untyped]  # kafka-python ships no types

PROBE_MS = 1_000  # a broker that needs longer to list its topics is not ready


def lists_topics(address: str) -> bool:
    """Whether the broker at ``address`` lists its topics within about :data:`PROBE_MS`."""
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=address,
            request_timeout_ms=PROBE_MS,
            bootstrap_timeout_ms=PROBE_MS,
        )
    except (KafkaError, OSError):
        return False
    try:
        admin.list_topics()
    except (KafkaError, OSError):
        return False
    finally:
        admin.close()
    return True
