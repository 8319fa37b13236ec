"""Follows the topics on which the desk says what leads decided about scoring: weights and quarantine.

A thread of its own reads them, since kafka-python blocks. They hold a few records: after an outage they are
read again from their beginning.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Final

import structlog

from agents.common.context import AgentContext
from samehand.errors import UnusableWeights
from schemas.internal.quarantine import ValueQuarantined
from schemas.internal.weights import Stage, WeightsAdopted
from schemas.malformed import Malformed
from schemas.wire import decode_quarantine, decode_weights
from streams.errors import BrokerRefused, BrokerUnavailable
from streams.kafka.client import reader
from streams.kafka.follower import WAIT_SECONDS, Follower
from streams.outcomes import Arrival
from streams.settings import Settings

OUTAGE_SECONDS: Final = 5.0
"""Between two tries to read the topic: nobody waits for weights."""

log = structlog.get_logger("samehand.weights")


@dataclass(slots=True)
class DecisionsFollower:
    """Keeps weights and quarantine of a context equal to what the topics say.

    ``fault``: why the topics cannot be read now, "" while they can; decisions stay as they were.
    """

    settings: Settings
    context: AgentContext
    fault: str = field(init=False)
    _topic_ids: dict[str, str] = field(init=False, default_factory=dict)
    _stopping: Event = field(init=False, default_factory=Event)

    def __post_init__(self) -> None:
        """Tells the tables that the settings ask for."""
        self.fault = "not read yet" if self.settings.follow_weights else ""
        self._tell("live")
        self._tell("shadow")

    def catch_up(self) -> None:
        """Reads all that the topics say now. Passes over one that does not exist; does nothing unless asked.

        Raises:
            BrokerUnavailable: no broker answers.
            BrokerRefused: we may not read a topic.
        """
        if not self.settings.follow_weights:
            return
        with reader(self.settings) as opened:
            for topic in self.context.topics.decisions:
                for partition in opened.partitions(topic):
                    for arrival in opened.read(topic, partition):
                        self.hear(arrival)
        self.fault = ""

    async def run(self) -> None:
        """Follows the topics until cancelled. Raises what is a fault of our own."""
        if not self.settings.follow_weights:
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
            follower.start(self.context.topics.decisions, {})
            for topic in self.context.topics.decisions:
                before, here = self._topic_ids.get(topic, ""), follower.ids.get(topic, "")
                if before not in ("", here):
                    loop.call_soon_threadsafe(self._begin_again, topic)
                self._topic_ids[topic] = here
            while not self._stopping.is_set():
                arrivals = follower.poll()
                for arrival in arrivals:
                    loop.call_soon_threadsafe(self.hear, arrival)
                self.fault = ""
                if not arrivals:
                    self._stopping.wait(WAIT_SECONDS)
        except (BrokerUnavailable, BrokerRefused) as outage:
            if self.fault != str(outage):
                log.warning("decisions about scoring are not followed now", why=str(outage))
            self.fault = str(outage)
        finally:
            if follower is not None:
                follower.close()

    def _begin_again(self, topic: str) -> None:
        """Forgets what a topic said that is gone: the numbers of another one count from wherever they do."""
        log.warning("a topic was deleted and created again: what it says now holds", topic=topic)
        if topic == self.context.topics.quarantine:
            self.context.quarantine.begin_again()
            return
        self.context.weights.begin_again()
        self._tell("live")
        self._tell("shadow")

    def hear(self, arrival: Arrival) -> None:
        """Takes what one record says into force; one that nobody can read is logged and passed over."""
        of_values = arrival.topic == self.context.topics.quarantine
        decode = decode_quarantine if of_values else decode_weights
        decoded = decode(arrival.value, now=self.context.now())
        if isinstance(decoded, Malformed):
            log.error(
                "a record about scoring cannot be read",
                address=arrival.address,
                reason=decoded.reason,
                path=decoded.path,
            )
        elif isinstance(decoded.record, ValueQuarantined):
            self._quarantine(decoded.record)
        else:
            self._adopt(decoded.record)

    def _quarantine(self, record: ValueQuarantined) -> None:
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

    def _adopt(self, adopted: WeightsAdopted) -> None:
        refused = ""
        try:
            if not self.context.weights.adopt(adopted):
                return
        except UnusableWeights as fault:
            refused = str(fault)
        except Exception as fault:  # a record on which our own logic fails costs only itself
            log.error("weights could not be taken into force", exc_info=fault)
            refused = type(fault).__name__
        self._tell(adopted.stage, refused=bool(refused))
        if refused:
            log.error(
                "adopted weights cannot be used here",
                stage=adopted.stage,
                number=adopted.number,
                why=refused,
                instead=self.context.weights.version(adopted.stage),
            )
        else:
            log.info(
                "adopted weights were taken back" if adopted.adjustment is None else "weights were adopted",
                stage=adopted.stage,
                number=adopted.number,
                weights_version=self.context.weights.version(adopted.stage),
            )

    def _tell(self, stage: Stage, *, refused: bool = False) -> None:
        self.context.metrics.weighs(stage, self.context.weights.version(stage), refused=refused)
