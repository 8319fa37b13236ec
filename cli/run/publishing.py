"""Bans on their way to their topic: a bounded number in the air, each confirmed on all replicas."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from schemas.accounts import AccountBanned
from schemas.wire import encode
from streams.errors import TopicsError
from streams.kafka import topics
from streams.kafka.client import ANSWER_MS, Confirmation, writer
from streams.settings import Settings

IN_THE_AIR_MAX: Final = 5_000
"""Records sent and not yet confirmed: enough to fill batches, and some megabytes at worst."""


def delivered(settings: Settings, bans: Iterable[AccountBanned]) -> Iterator[AccountBanned]:
    """Sends bans and yields each once the broker has confirmed it.

    Raises:
        TopicsError: the topic is missing or is not compacted, so that bans would get lost in time.
        BrokerUnavailable: the broker does not take or confirm a record.
    """
    topic = topics.names(settings).banned
    require_topic(settings, topic)
    waiting: deque[tuple[AccountBanned, Confirmation]] = deque()
    with writer(settings) as out:
        for ban in bans:
            waiting.append((ban, out.send(topic, key=ban.key.encode(), value=encode(ban), headers=[])))
            if len(waiting) >= IN_THE_AIR_MAX:
                yield from _confirmed(waiting, IN_THE_AIR_MAX // 2)
        yield from _confirmed(waiting, 0)


def require_topic(settings: Settings, topic: str) -> None:
    """Makes missing topics if the settings say so. Raises `TopicsError` if this one would lose records."""
    for finding in topics.check(settings, create=settings.topic_create):
        # Publishing needs fewer rights than a worker does.
        if finding.topic == topic and finding.blocks and finding.kind != "forbidden":
            raise TopicsError(f"the topic {finding.topic} {finding.detail}")


def _confirmed(waiting: deque[tuple[AccountBanned, Confirmation]], left: int) -> Iterator[AccountBanned]:
    while len(waiting) > left:
        ban, confirmation = waiting.popleft()
        confirmation.get(timeout=2 * ANSWER_MS / 1000)
        yield ban
