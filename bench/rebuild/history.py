"""What happened to banned accounts, and what a compacted topic keeps of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from zlib import crc32

from prometheus_client import CollectorRegistry

from agents.common.context import OPERATIONS, AgentContext
from agents.common.decisions.weights_in_force import WeightsInForce
from agents.common.tombstones import tombstone
from agents.enrol import Enrol
from bench.index.population import BannedNames
from bench.running.crowd import BANNED_AT, account_id
from bench.store.bans import KEYERS
from samehand.scoring.weights import default_weights
from schemas.accounts import Account, AccountBanned
from schemas.wire import encode
from store.redis import RedisStore
from streams.kafka.topics import Names
from streams.outcomes import Arrival
from streams.telemetry.metrics import Metrics

TOPIC = "accounts.banned"
_PARTITIONS = 4
_TWICE, _LIFTED = 20, 50  # one account in so many is banned a second time; is reinstated


NOW = BANNED_AT + 86_400.0
"""The moment at which the history ends and its bans are looked up (Unix seconds)."""

_BATCH = 500


class BrokenOff(Exception):
    """The rebuild was interrupted, as by an operator."""


@dataclass(frozen=True, slots=True)
class History:
    """What happened to banned accounts, told twice over: as it came, and as compaction leaves it."""

    held: Sequence[BannedNames]

    def ban(self, number: int, *, at: float, called: int | None = None) -> Arrival:
        """The record of a ban; ``called``: whose handle the account had at that time, by default its own."""
        own, then = self.held[number], self.held[number if called is None else called]
        moment = datetime.fromtimestamp(at, UTC)
        event = AccountBanned(
            event_id=f"{number}-{at:.0f}",
            version=1,
            occurred_at=moment,
            banned_at=moment,
            platform=own.platform,
            policy="spam",
            queue="integrity",
            account=Account(
                account_id=account_id(number), handle=then.handle, display_name=then.display_name or None
            ),
        )
        return Arrival(TOPIC, 0, 0, event.key.encode(), encode(event), timestamp=at)

    def lifted(self, number: int) -> Arrival:
        """The tombstone of a reinstated account."""
        emit = tombstone(f"{self.held[number].platform}:{account_id(number)}", BANNED_AT + 20, TOPIC)
        return Arrival(TOPIC, 0, 0, emit.key, None, emit.headers, BANNED_AT + 20)

    def told(self, numbers: range) -> Iterator[Arrival]:
        """All of it, in order."""
        for number in numbers:
            if number % _TWICE == 3:
                yield self.ban(number, at=BANNED_AT, called=number - 1)
            else:
                yield self.ban(number, at=BANNED_AT + 10)
        for number in numbers[3::_TWICE]:
            yield self.ban(number, at=BANNED_AT + 10)
        for number in numbers[7::_LIFTED]:
            yield self.lifted(number)

    def last(self, number: int) -> Arrival:
        """The last record of an account."""
        return self.lifted(number) if number % _LIFTED == 7 else self.ban(number, at=BANNED_AT + 10)


@dataclass(slots=True)
class Compacted:
    """The topic of bans as :class:`streams.kafka.client.TopicReader` shows it; ``broken_off_after`` so many
    records.
    """

    history: History
    numbers: range
    broken_off_after: int | None = None
    partitions_: list[list[int]] = field(default_factory=list)
    given: int = 0

    def __post_init__(self) -> None:
        self.partitions_ = [[] for _ in range(_PARTITIONS)]
        for number in reversed(self.numbers):
            self.partitions_[crc32(account_id(number).encode()) % _PARTITIONS].append(number)

    def partitions(self, topic: str) -> list[int]:
        return list(range(_PARTITIONS))

    def end(self, topic: str, partition: int) -> int:
        """The offset after the last record."""
        return len(self.partitions_[partition])

    def read(self, topic: str, partition: int, since: int | None = None) -> Iterator[Arrival]:
        """The records from an offset on. Raises :class:`BrokenOff` when it is time."""
        for offset in range(since or 0, self.end(topic, partition)):
            if self.given == self.broken_off_after:
                raise BrokenOff
            self.given += 1
            last = self.history.last(self.partitions_[partition][offset])
            yield Arrival(topic, partition, offset, last.key, last.value, last.headers, last.timestamp)


def an_agent(store: RedisStore) -> Enrol:
    """The worker's agent, which a rebuild uses too."""
    context = AgentContext(
        store=store,
        keyers=KEYERS,
        weights=WeightsInForce(default_weights()),
        topics=Names("bench."),
        metrics=Metrics(CollectorRegistry(), operations=OPERATIONS),
        now=lambda: NOW,
    )
    return Enrol(context)


async def tell(store: RedisStore, records: Iterator[Arrival]) -> int:
    """Tells a store of all records in turn; answers how many there were."""
    enrol, told = an_agent(store), 0
    while batch := list(islice(records, _BATCH)):
        await enrol(batch)
        told += len(batch)
    return told
