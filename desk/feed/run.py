"""Consumes and publishes until the process stops, through outages of either side.

Of several desks on one PostgreSQL one does it; the others ask each few seconds whether it is still there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from desk.database import actions
from desk.database.engine import Database, Lead
from desk.database.errors import DatabaseUnavailable
from desk.feed.audit_heads import KEY_NAME, publish_lines
from desk.feed.consume import Consumer, Overtaken
from desk.feed.publish import VerdictPublisher, bury
from desk.feed.upkeep import BATCH, Steadiness, refold, tidy
from desk.review.policy import Policy
from desk.settings import DeskSettings
from desk.telemetry import Applied, State
from streams.errors import BrokerRefused, BrokerUnavailable, TopicsError
from streams.kafka.client import writer
from streams.kafka.follower import WAIT_SECONDS, Follower
from streams.kafka.topics import check, names, wanted_by_desk

log = structlog.get_logger("samehand.desk.feed")

OUTAGE_SECONDS: Final = 2.0
"""Between two tries: what is down for a second is not asked a hundred times."""

FOLLOWER_SECONDS: Final = 5.0
"""How often a desk that does not lead asks whether it should."""

LEAD_SECONDS: Final = 2.0
"""How often a desk that leads asks whether it holds the lock: less than another one takes to ask for it."""

PUBLISH_SECONDS: Final = 0.5
"""How often the outbox is looked at; a verdict has waited for ten seconds then."""

TIDY_SECONDS: Final = 30.0
"""What is erased after months may wait; who waits for a clock that was set back should not for longer."""

REFOLD_SECONDS: Final = 0.2
"""Between two parts of the search terms that are made anew: 50,000 alerts take a quarter of an hour."""


class TopicsWrong(BrokerUnavailable):
    """Kafka answers, and a topic is missing, is another one than is wanted, or may not be used."""


_OUTAGES: Final = (BrokerUnavailable, BrokerRefused, DatabaseUnavailable, Overtaken)


def require_topics(settings: DeskSettings) -> None:
    """Makes the desk's topics where it may. Raises `TopicsWrong` with what is missing or wrong, and
    `BrokerUnavailable`.
    """
    try:
        wanted = wanted_by_desk(settings, appeals=settings.desk_appeals_secret_file is not None)
        topics = check(settings, wanted, create=settings.topic_create)
    except TopicsError as fault:
        raise BrokerUnavailable(str(fault)) from fault
    wrong = [f"{topic.topic} {topic.detail}" for topic in topics if topic.blocks]
    if wrong:
        raise TopicsWrong("; ".join(wrong))


class _Logged:
    """The kinds of outage that were logged since all was well: one line each, whatever the message."""

    def __init__(self) -> None:
        self._kinds: set[type[Exception]] = set()

    def begins(self, outage: Exception) -> bool:
        """Returns True if this kind is new since all was well."""
        new = type(outage) not in self._kinds
        self._kinds.add(type(outage))
        return new

    def clear(self) -> None:
        self._kinds.clear()


class Feed:
    """Both directions, as long as this desk leads."""

    def __init__(
        self,
        database: Database,
        settings: DeskSettings,
        consumer: Consumer,
        publisher: VerdictPublisher,
        *,
        heard: Callable[[Applied], None],
        state: State,
        policy: Policy,
        now: Callable[[], float],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`heard` takes each batch, for metrics; `now`: Unix seconds; `steady`: monotonic clock, seconds."""
        self._database = database
        self._settings = settings
        self._consumer = consumer
        self._publisher = publisher
        self._heard = heard
        self.state = state
        self._policy = policy
        self._now = now
        self._steady = steady
        self._steadiness = Steadiness(now(), steady())

    async def run(self) -> None:
        state = self.state
        while not state.stopping.is_set():
            try:
                async with self._database.leading() as lead:
                    state.leading = lead.won
                    if lead.won:
                        await self._lead(lead)
                    else:
                        state.consuming = state.publishing = ""
            except DatabaseUnavailable as outage:
                state.consuming = state.publishing = str(outage)
            state.leading = False
            await state.pause(FOLLOWER_SECONDS)

    async def _lead(self, lead: Lead) -> None:
        """Until the process stops, or the lock is another's."""
        jobs = (self._consume, self._publish, self._tidy, self._refold)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job()) for job in jobs]
            while not self.state.stopping.is_set():
                if not await lead.held():
                    log.warning("this desk leads no longer", why="the database let go of its lock")
                    for task in tasks:
                        task.cancel()
                    return
                await self.state.pause(LEAD_SECONDS)

    async def _consume(self) -> None:
        state, logged = self.state, _Logged()
        while not state.stopping.is_set():
            follower: Follower | None = None
            try:
                await asyncio.to_thread(require_topics, self._settings)
                follower = await asyncio.to_thread(Follower, self._settings)
                positions, ids = await self._consumer.positions(), await self._consumer.topic_ids()
                moved = await asyncio.to_thread(follower.start, self._consumer.consumed, positions, ids)
                for gap in moved:
                    log.error(
                        "a partition is read from another offset: what lay between is gone",
                        topic=gap.topic,
                        partition=gap.partition,
                        position=gap.position,
                        records=gap.records,
                        another_topic=gap.another,
                    )
                    present = follower.ids.get(gap.topic)
                    await self._consumer.move(gap.topic, gap.partition, gap.position, present)
                await self._consumer.note_topics(follower.ids, follower.begun)
                while not state.stopping.is_set():
                    arrivals = await asyncio.to_thread(follower.poll)
                    if arrivals:
                        # Before the offsets move on: a crash may write a letter twice, which counts once.
                        if dead := self._consumer.dead(arrivals):
                            await bury(self._settings, dead, now=self._now())
                        self._heard(await self._consumer.apply(arrivals))
                    state.consuming = ""
                    logged.clear()
                    if not arrivals:
                        await state.pause(WAIT_SECONDS)
            except _OUTAGES as outage:
                if logged.begins(outage):
                    log.warning("nothing is consumed now", why=str(outage))
                state.consuming = str(outage) or "another desk was faster"
                await state.pause(OUTAGE_SECONDS)
            finally:
                if follower is not None:
                    await asyncio.to_thread(follower.close)

    async def _publish(self) -> None:
        state, logged = self.state, _Logged()
        while not state.stopping.is_set():
            try:
                key = await self._database.secret(KEY_NAME)
                with writer(self._settings) as out:
                    while not state.stopping.is_set():
                        if not await self._publisher.publish(out):
                            await state.pause(PUBLISH_SECONDS)
                        await publish_lines(self._database, key, names(self._settings).audit, out, self._now)
                        # Only now: what one topic refuses is not well again because another one does not.
                        state.publishing = ""
                        logged.clear()
            except _OUTAGES as outage:
                if logged.begins(outage):
                    log.warning("nothing is published now", why=str(outage))
                state.publishing = str(outage)
                await state.pause(OUTAGE_SECONDS)

    async def _tidy(self) -> None:
        while not self.state.stopping.is_set():
            try:
                now = self._now()
                async with self._database.begin() as connection:
                    steady = self._steadiness.look(now, self._steady())
                    erased = await tidy(connection, self._settings, self._policy, now=now, steady=steady)
                async with self._database.read() as connection:
                    self.state.actions_without_ban = await actions.without_ban(connection, now=now)
                if erased:
                    log.info("what was kept long enough is erased", alerts=erased)
                if erased < BATCH:
                    await self.state.pause(TIDY_SECONDS)
            except DatabaseUnavailable:
                await self.state.pause(OUTAGE_SECONDS)

    async def _refold(self) -> None:
        after: str | None = ""
        while after is not None and not self.state.stopping.is_set():
            try:
                async with self._database.begin() as connection:
                    after = await refold(connection, after)
                await self.state.pause(REFOLD_SECONDS)
            except DatabaseUnavailable:
                await self.state.pause(OUTAGE_SECONDS)
