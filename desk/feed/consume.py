"""Alerts, waves, verdicts and actions of Kafka become rows; offsets move in the same transaction: each counts
once.

A record that cannot be read is counted, logged by its address and passed over. An action becomes a dead
letter before; writers of the others have dead letters of their own. An outage of either side holds everything
up and loses nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import groupby

import structlog
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import audit, waves
from desk.database.engine import Database
from desk.database.topics import offsets
from desk.review.actions import take_action
from desk.review.arrivals import Arrivals
from desk.review.forgetting import FORGOTTEN
from desk.review.policy import Policy
from desk.telemetry import Applied
from schemas.actions import AccountActioned
from schemas.alerts import MirrorAlert
from schemas.malformed import Malformed
from schemas.unusable import UNKNOWN_FIELD, FieldFault
from schemas.verdicts import VerdictGiven
from schemas.wire import Decoded, decode_actioned, decode_alert, decode_verdict, decode_wave
from streams.kafka.topics import Names
from streams.outcomes import Arrival

log = structlog.get_logger("samehand.desk.consume")


class Overtaken(Exception):
    """Another process has moved an offset on: what we hold is out of date, so start again from the rows."""


class Consumer:
    def __init__(self, database: Database, topics: Names, policy: Policy, now: Callable[[], float]) -> None:
        """Takes the open database, the topics' names, the desk's policy and the clock (Unix seconds)."""
        self._database = database
        self._topics = topics
        self._policy = policy
        self._now = now

    @property
    def consumed(self) -> tuple[str, ...]:
        topics = self._topics
        return (topics.alerts, topics.sample, topics.waves, topics.verdicts, topics.actioned)

    async def apply(self, arrivals: Sequence[Arrival]) -> Applied:
        """Keeps records and moves the offsets on, all or nothing.

        Raises `Overtaken`, and `DatabaseUnavailable`.
        """
        new: Counter[str] = Counter()
        refused: list[tuple[str, str]] = []
        unusable: list[tuple[str, str, str]] = []
        async with self._database.begin() as connection:
            if any(reason.encode() in (arrival.value or b"") for arrival in arrivals for reason in FORGOTTEN):
                await audit.lock(connection)  # before any reading, as those who decide do
            known = await offsets.positions(connection)
            # In partitions' order, so that two processes meet at the first and not crosswise.
            ordered = sorted(arrivals, key=lambda arrival: (arrival.topic, arrival.partition, arrival.offset))
            for (topic, partition), group in groupby(
                ordered, key=lambda arrival: (arrival.topic, arrival.partition)
            ):
                before = known.get((topic, partition))
                fresh = [arrival for arrival in group if before is None or arrival.offset >= before]
                if not fresh:
                    continue
                after = fresh[-1].offset + 1
                if not await offsets.advance(connection, topic, partition, before=before, after=after):
                    raise Overtaken
                for arrival in fresh:
                    action = self._action_of(arrival) if self._is_action(arrival) else None
                    is_new = await self._take(connection, arrival, action)
                    if isinstance(is_new, Malformed):
                        refused.append((topic, is_new.reason))
                        log.warning("a record cannot be read", address=arrival.address, reason=is_new.reason)
                        continue
                    new[topic] += is_new
                    if isinstance(action, Decoded):
                        unusable += _unusable(topic, action)
        verdicts, actions = new[self._topics.verdicts], new[self._topics.actioned]
        return Applied(new.total() - verdicts - actions, verdicts, tuple(refused), actions, tuple(unusable))

    def dead(self, arrivals: Sequence[Arrival]) -> list[tuple[Arrival, Malformed]]:
        """Returns the actions that cannot be read, each with what is wrong."""
        acted = [(arrival, self._action_of(arrival)) for arrival in arrivals if self._is_action(arrival)]
        return [(arrival, read) for arrival, read in acted if isinstance(read, Malformed)]

    def _is_action(self, arrival: Arrival) -> bool:
        return arrival.topic == self._topics.actioned

    def _action_of(self, arrival: Arrival) -> Decoded[AccountActioned] | Malformed:
        read = decode_actioned(arrival.value, now=max(self._now(), arrival.timestamp))
        if isinstance(read, Malformed) or not read.clamped:
            return read
        exact = decode_actioned(arrival.value, now=math.inf)
        if isinstance(exact, Malformed):
            return exact
        # Set to when it is read it would be a later one at each replay.
        record = replace(read.record, occurred_at=exact.record.occurred_at)
        return Decoded(record, read.unknown_fields, read.clamped, read.unusable)

    async def _take(
        self,
        connection: AsyncConnection,
        arrival: Arrival,
        action: Decoded[AccountActioned] | Malformed | None,
    ) -> bool | Malformed:
        """Returns True if the record is new, and False if it is known or not decided on.

        `action`: the record if it is one, decoded; else None.
        """
        now = self._now()
        if isinstance(action, Malformed):
            return action
        if action is not None:
            return await take_action(connection, action.record, now=now)
        arrivals = Arrivals(connection, self._policy, now)
        if arrival.topic == self._topics.verdicts:
            # Where our clock was set back the record's own moment says that it is not of the future.
            checked = decode_verdict(arrival.value, now=max(now, arrival.timestamp))
            if isinstance(checked, Malformed):
                return checked
            # When it was decided, as it says: set to when it is read it would be another one at each replay.
            verdict = decode_verdict(arrival.value, now=math.inf)
            if isinstance(verdict, Malformed):
                return verdict
            return await arrivals.take_verdict(verdict.record, verdict_id_of(verdict.record))
        if arrival.topic == self._topics.waves:
            return await self._take_wave(connection, arrivals, arrival)
        # A worker wrote it by its clock, and by none of ours is it passed over.
        alert = decode_alert(arrival.value, now=math.inf)
        if isinstance(alert, Malformed):
            return alert
        if not isinstance(alert.record, MirrorAlert):
            await arrivals.take_summary(alert.record)
            return False  # it counts pairs, and nobody decides on it
        drawn = alert.record.drawn
        return await arrivals.take_alert(alert.record, sampled=None if drawn is None else drawn.probability)

    async def _take_wave(
        self, connection: AsyncConnection, arrivals: Arrivals, arrival: Arrival
    ) -> bool | Malformed:
        """Takes a wave, or forgets one of which a record has no value. It is no alert, and counts as none."""
        if arrival.value is None:
            await waves.forget(connection, [(arrival.key or b"").decode(errors="replace").replace("\0", "")])
            return False
        wave = decode_wave(arrival.value, now=math.inf)
        if isinstance(wave, Malformed):
            return wave
        await arrivals.take_wave(wave.record)
        return False

    async def move(self, topic: str, partition: int, position: int, topic_id: str | None = None) -> None:
        """Goes on from another offset, since what was asked for is not there."""
        async with self._database.begin() as connection:
            await offsets.move(connection, topic, partition, position, topic_id)

    async def topic_ids(self) -> dict[tuple[str, int], str]:
        """Of which topic each offset is, where that is known."""
        async with self._database.read() as connection:
            return await offsets.topic_ids(connection)

    async def note_topics(self, ids: Mapping[str, str], begun: Mapping[tuple[str, int], int]) -> None:
        """Notes of which topic each offset is. ``begun``: where partitions are read from."""
        async with self._database.begin() as connection:
            for (topic, partition), position in sorted(begun.items()):
                if topic in ids:
                    await offsets.note_topic(connection, topic, partition, ids[topic], begun=position)

    async def positions(self) -> dict[tuple[str, int], int]:
        """Where to go on from."""
        async with self._database.read() as connection:
            return await offsets.positions(connection)


def _unusable(topic: str, action: Decoded[AccountActioned]) -> Iterator[tuple[str, str, str]]:
    """Yields topic, field and reason of what could not be used of a record; unknown fields once, as one."""
    for unusable in action.unusable:
        yield topic, unusable.field, str(unusable.reason)
    if action.unknown_fields:
        yield topic, UNKNOWN_FIELD, str(FieldFault.UNKNOWN_FIELD)


def verdict_id_of(verdict: VerdictGiven) -> str:
    """The name of a verdict; of one that brings none, what tells it from others of the same alert.

    Not its address: a topic that is made anew has other records there, and copies have other addresses.
    """
    if verdict.verdict_id is not None:
        return verdict.verdict_id
    return sha256(f"{verdict.alert_id} {verdict.identity}".encode(errors="surrogatepass")).hexdigest()[:32]
