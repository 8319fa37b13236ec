"""Follows the topic on which the desk says which values leads put in quarantine.

A thread of its own reads it, since kafka-python blocks. It holds a few records: after an outage it is read
again from its beginning.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Final

import structlog

from agents.common.context import AgentContext
from schemas.malformed import Malformed
from schemas.wire import decode_quarantine
from streams.errors import BrokerRefused, BrokerUnavailable
from streams.kafka.client import reader
from streams.kafka.follower import WAIT_SECONDS, Follower
from streams.outcomes import Arrival
from streams.settings import Settings

OUTAGE_SECONDS: Final = 5.0
"""Between two tries to read the topic: a quarantine lasts for weeks."""

log = structlog.get_logger("samehand.quarantine")


@dataclass(slots=True)
class DecisionsFollower:
    """Keeps the quarantine of a context equal to what the topic says.

    ``fault``: why the topic cannot be read now, "" while it can; decisions stay as they were.
    """

    settings: Settings
    context: AgentContext
    fault: str = field(init=False)
    _topic_id: str = field(init=False, default="")
    _stopping: Event = field(init=False, default_factory=Event)

    def __post_init__(self) -> None:
        """Begins with a topic that was not read."""
        self.fault = "not read yet" if self.settings.follow_quarantine else ""

    @property
    def _topic(self) -> str:
        return self.context.topics.quarantine

    def catch_up(self) -> None:
        """Reads all that the topic says now. Passes over a missing topic; does nothing unless asked.

        Raises:
            BrokerUnavailable: no broker answers.
            BrokerRefused: we may not read the topic.
        """
        if not self.settings.follow_quarantine:
            return
        with reader(self.settings) as opened:
            for partition in opened.partitions(self._topic):
                for arrival in opened.read(self._topic, partition):
                    self.hear(arrival)
        self.fault = ""

    async def run(self) -> None:
        """Follows the topic until cancelled. Raises what is a fault of our own."""
        if not self.settings.follow_quarantine:
            return
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        def end(fault: Exception | None) -> None:
            if not ended.done():
                ended.set_result(None) if fault is None else ended.set_exception(fault)

        def follow() -> None:
            fault: Exception | None = None
            try:
                while not self._stopping.is_set():
                    self._follow(loop)
                    self._stopping.wait(OUTAGE_SECONDS)
            except Exception as ours:
                fault = ours
            if not loop.is_closed():
                loop.call_soon_threadsafe(end, fault)

        # A daemon: a broker that hangs must not keep the process from ending.
        Thread(target=follow, name="decisions", daemon=True).start()
        try:
            await ended
        finally:
            self._stopping.set()

    def _follow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Reads until asked to stop, or until an outage, which ``fault`` then holds."""
        follower: Follower | None = None
        try:
            follower = Follower(self.settings)
            follower.start((self._topic,), {})
            before, self._topic_id = self._topic_id, follower.ids.get(self._topic, "")
            if before not in ("", self._topic_id):
                loop.call_soon_threadsafe(self._begin_again)
            while not self._stopping.is_set():
                arrivals = follower.poll()
                for arrival in arrivals:
                    loop.call_soon_threadsafe(self.hear, arrival)
                self.fault = ""
                if not arrivals:
                    self._stopping.wait(WAIT_SECONDS)
        except (BrokerUnavailable, BrokerRefused) as outage:
            if self.fault != str(outage):
                log.warning("the quarantine is not followed now", why=str(outage))
            self.fault = str(outage)
        finally:
            if follower is not None:
                follower.close()

    def _begin_again(self) -> None:
        """Forgets a topic that is gone: revisions on another one count from wherever they do."""
        log.warning("the topic was deleted and created again: what it says now holds", topic=self._topic)
        self.context.quarantine.begin_again()

    def hear(self, arrival: Arrival) -> None:
        """Takes a decision into force; one that nobody can read is logged and passed over."""
        decoded = decode_quarantine(arrival.value, now=self.context.now())
        if isinstance(decoded, Malformed):
            log.error(
                "a record about quarantine cannot be read",
                address=arrival.address,
                reason=decoded.reason,
                path=decoded.path,
            )
            return
        record = decoded.record
        facts = {"digest": record.digest, "revision": record.revision, "by": record.by}
        try:
            if not self.context.quarantine.hear(record):
                return
        except OverflowError as fault:
            log.error("a value cannot be put in quarantine", **facts, why=str(fault))
            return
        until = None if record.until is None else record.until.isoformat()
        log.info(
            "a quarantine was ended" if until is None else "a value is in quarantine", **facts, until=until
        )
