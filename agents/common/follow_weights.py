"""Follows the topic on which the desk says which weights a lead adopted.

A thread of its own reads it, since kafka-python blocks. The topic holds a few records: after an outage it is
read again from its beginning.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Final

import structlog

from agents.common.context import AgentContext
from samehand.errors import UnusableWeights
from schemas.malformed import Malformed
from schemas.weights import Stage
from schemas.wire import decode_weights
from streams.errors import BrokerRefused, BrokerUnavailable
from streams.kafka.client import reader
from streams.kafka.follower import WAIT_SECONDS, Follower
from streams.outcomes import Arrival
from streams.settings import Settings

OUTAGE_SECONDS: Final = 5.0
"""Between two tries to read the topic: nobody waits for weights."""

log = structlog.get_logger("samehand.weights")


@dataclass(slots=True)
class WeightsFollower:
    """Keeps the weights of a context equal to what the topic says.

    ``fault``: why the topic cannot be read now, "" while it can; the weights stay as they were.
    """

    settings: Settings
    context: AgentContext
    fault: str = field(init=False)
    _topic_id: str = field(init=False, default="")
    _stopping: Event = field(init=False, default_factory=Event)

    def __post_init__(self) -> None:
        """Tells the tables that the settings ask for."""
        self.fault = "not read yet" if self.settings.follow_weights else ""
        self._tell("live")
        self._tell("shadow")

    def catch_up(self) -> None:
        """Reads all that the topic says now. Does nothing where it does not exist, or is not to be followed.

        Raises:
            BrokerUnavailable: no broker answers.
            BrokerRefused: we may not read the topic.
        """
        if not self.settings.follow_weights:
            return
        topic = self.context.topics.weights
        with reader(self.settings) as opened:
            for partition in opened.partitions(topic):
                for arrival in opened.read(topic, partition):
                    self.hear(arrival)
        self.fault = ""

    async def run(self) -> None:
        """Follows the topic until cancelled. Raises what is a fault of our own."""
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
        Thread(target=follow, name="weights", daemon=True).start()
        try:
            await ended
        finally:
            self._stopping.set()

    def _follow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Reads until asked to stop, or until an outage, which ``fault`` then holds."""
        follower: Follower | None = None
        try:
            follower = Follower(self.settings)
            topic = self.context.topics.weights
            follower.start([topic], {})
            before, self._topic_id = self._topic_id, follower.ids.get(topic, "")
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
                log.warning("adopted weights are not followed now", why=str(outage))
            self.fault = str(outage)
        finally:
            if follower is not None:
                follower.close()

    def _begin_again(self) -> None:
        """Forgets what a topic said that is gone: the numbers of another one count from wherever they do."""
        log.warning("the topic of weights was deleted and created again: what it says now holds")
        self.context.weights.begin_again()
        self._tell("live")
        self._tell("shadow")

    def hear(self, arrival: Arrival) -> None:
        """Takes what one record says into force; one that nobody can read is logged and passed over."""
        decoded = decode_weights(arrival.value, now=self.context.now())
        if isinstance(decoded, Malformed):
            log.error(
                "a record about weights cannot be read",
                address=arrival.address,
                reason=decoded.reason,
                path=decoded.path,
            )
            return
        adopted = decoded.record
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
