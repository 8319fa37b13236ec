"""The id that distinguishes a topic from one of the same name that was deleted and created again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from streams.kafka.client import KafkaAdmin, admin
from streams.settings import Settings

NO_ID: Final = str(UUID(int=0))


def topic_ids(settings: Settings, topics: Collection[str]) -> dict[str, str]:
    """The id of each topic that exists and has one: brokers before Kafka 2.8 give none.

    Raises `BrokerUnavailable`, `BrokerRefused`.
    """
    with admin(settings) as client:
        return ids_of(client, topics)


def ids_of(client: KafkaAdmin, topics: Collection[str]) -> dict[str, str]:
    """The same, by a client that is kept."""
    described = client.describe_topics(list(topics))
    ids = {
        entry["name"]: str(entry.get("topic_id") or NO_ID) for entry in described if not entry["error_code"]
    }
    return {topic: known for topic, known in ids.items() if known != NO_ID}


def created_again(known: Mapping[str, str], present: Mapping[str, str]) -> list[str]:
    """The topics whose name stands for another topic now. One that is missing may still come back."""
    return sorted(topic for topic, id_ in present.items() if topic in known and known[topic] != id_)
