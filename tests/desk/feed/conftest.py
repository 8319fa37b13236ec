"""Topics of a test's own, for a desk that reads and publishes."""

from __future__ import annotations

import pytest

from streams.kafka import topics
from streams.settings import Settings, load


@pytest.fixture
def settings(broker: str, topic_prefix: str) -> Settings:
    """Where a desk's topics are, which have been made."""
    given = {"KAFKA_BROKERS": broker, "TOPIC_PREFIX": topic_prefix, "TOPIC_PARTITIONS": "2"}
    made = load({f"SAMEHAND_{name}": value for name, value in given.items()})
    topics.check(made, create=True)
    topics.check(made, topics.wanted_by_desk(made), create=True)
    return made
