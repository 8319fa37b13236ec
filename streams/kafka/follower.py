"""Reads topics from given offsets, without a consumer group, for programs that store offsets themselves."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import kafka  # type: ignore[import-untyped]  # kafka-python ships no types

from streams.errors import BrokerUnavailable
from streams.kafka.client import arrival_of, client_options, kept_admin, translated
from streams.kafka.topic_ids import created_again, ids_of
from streams.outcomes import Arrival
from streams.settings import Settings

WAIT_SECONDS: Final = 0.25
"""Pause between two polls that find nothing. The caller waits, since it knows when to stop.

kafka-python does not wait: the embedded broker answers a fetch without records at once, and a poll with time
left sends the next. That took half a processor of each idle process. A record is read within two waits: one
poll asks for it, the next one has it.
"""

MORE_MS: Final = 50
"""How long a poll after records waits for more: a fetch is on its way, and takes some milliseconds."""

RECORDS_MAX: Final = 500
"""A poll hands over so many at most: one transaction of its reader."""


LOOK_SECONDS: Final = 5.0
"""How often the brokers are asked: kafka-python reads on for ever, as if nothing came, when they are away."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A partition that is read from another offset than was asked for, and how many records were missed.

    ``another``: its topic was deleted and created again, so that nobody knows how many of the former one's.
    """

    topic: str
    partition: int
    position: int
    records: int
    another: bool = False


class Follower:
    """Reads partitions in order, each from its offset. Used by one thread at a time."""

    def __init__(self, settings: Settings) -> None:
        """Raises `BrokerUnavailable` if no broker answers."""
        self._asked = kept_admin(settings)
        self._looked_at = time.monotonic()
        self._topics: tuple[str, ...] = ()
        self._found = False
        self.ids: dict[str, str] = {}
        """The ids of the topics that are followed, of those that have one."""
        self.begun: dict[tuple[str, int], int] = {}
        """By topic and partition, the offset that was read first."""
        with translated():
            self._client: Any = kafka.KafkaConsumer(
                **client_options(settings),
                group_id=None,
                enable_auto_commit=False,
                # `start` reports records that are gone, and a topic that was created again.
                auto_offset_reset="none",
                allow_auto_create_topics=False,
                max_poll_records=RECORDS_MAX,
            )

    def start(
        self,
        topics: Sequence[str],
        positions: Mapping[tuple[str, int], int],
        ids: Mapping[tuple[str, int], str],
    ) -> list[Moved]:
        """Starts every partition of the topics at its position, without one at the earliest record.

        ``ids``: of which topic each position is, where that is known. Returns those that could not start
        there: retention was faster, or the topic was created again and its records are other ones. Raises
        `BrokerUnavailable`, also while a topic is not there.
        """
        moved = []
        self._topics = tuple(topics)
        # Before its offsets: a topic that is made anew in between is noticed by the next look.
        self.ids = self._asked.ask(lambda client: ids_of(client, self._topics))
        with translated():
            partitions = []
            for topic in topics:
                numbers = self._client.partitions_for_topic(topic)
                if not numbers:
                    raise BrokerUnavailable(f"there is no topic {topic} yet")
                partitions += [kafka.TopicPartition(topic, number) for number in sorted(numbers)]
            self._client.assign(partitions)
            first = self._client.beginning_offsets(partitions)
            last = self._client.end_offsets(partitions)
            for where in partitions:
                asked = positions.get((where.topic, where.partition))
                position = int(first[where]) if asked is None else asked
                present = self.ids.get(where.topic)
                another = present is not None and ids.get((where.topic, where.partition), present) != present
                if another or not first[where] <= position <= last[where]:
                    position = int(first[where])
                    missed = 0 if another else max(0, position - (asked or 0))
                    moved.append(Moved(where.topic, where.partition, position, missed, another))
                self.begun[where.topic, where.partition] = position
                self._client.seek(where, position)
        return moved

    def poll(self) -> list[Arrival]:
        """Returns at once what came, in order within each partition; after nothing, wait `WAIT_SECONDS`.

        Raises `BrokerUnavailable`, also where a topic was made anew, and `BrokerRefused`.
        """
        if time.monotonic() - self._looked_at >= LOOK_SECONDS:
            again = created_again(self.ids, self._asked.ask(lambda client: ids_of(client, self._topics)))
            if again:
                raise BrokerUnavailable(f"{', '.join(again)}: deleted and created again")
            self._looked_at = time.monotonic()
        with translated():
            polled = self._client.poll(timeout_ms=MORE_MS if self._found else 0)
        self._found = bool(polled)
        return [arrival_of(record) for records in polled.values() for record in records]

    def close(self) -> None:
        self._client.close()
        self._asked.close()
