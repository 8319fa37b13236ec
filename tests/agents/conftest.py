"""A context for agents: the store in memory, a clock that stands still until it is told to go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from agents.common.context import OPERATIONS, AgentContext, AlertPolicy
from agents.common.weighing import Weighing
from agents.enrol import Enrol
from agents.expunge import Expunge
from agents.forget import Forget
from agents.judge import Judge
from agents.lookback import Lookback
from agents.remember import Remember
from agents.runtime.outbox import Relay
from agents.scan import Scan
from agents.screen import Screen
from samehand.scoring.weights import Weights, default_weights
from schemas.alert_headers import alert_headers
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.record import Record
from schemas.revisions import by_time
from schemas.wire import Decoded, decode_alert
from store.bounds import Bounds
from store.memory.store import MemoryStore
from store.pepper.pepper import Pepper
from streams.clock import SystemClock
from streams.kafka.topics import Names
from streams.outcomes import Dead, Emit, Outcome, Published
from streams.telemetry.metrics import Metrics
from tests.makers import NOON, arrival


@dataclass
class Life:
    """A context with everybody in it, driven one record at a time as delivery would."""

    context: AgentContext
    seconds: float = (NOON + timedelta(hours=2)).timestamp()
    heard: list[MirrorAlert | AlertSummary] = field(default_factory=list)
    words: list[bytes] = field(default_factory=list)
    """Words to look-back that the relay has published and nobody has read yet."""
    waves: list[tuple[str, bytes | None]] = field(default_factory=list)
    states: dict[bytes, bytes] = field(default_factory=dict)  # what compaction leaves of the topic

    def number(self, alert: MirrorAlert | AlertSummary) -> int:
        """Which record of its pair it is, counted from 1, if all were noted within this second."""
        return alert.revision - by_time(self.seconds) + 1

    async def tell(self, agent: Any, *records: Record | bytes | None, **how: Any) -> list[Outcome]:
        """Handles records as one batch, publishes, and confirms."""
        outcomes: list[Outcome] = await agent([arrival(record, **how) for record in records])
        await self.publish(agent, outcomes)
        return outcomes

    async def publish(self, agent: Any, outcomes: Sequence[Outcome]) -> None:
        """What delivery does once the broker has confirmed."""
        emits = [emit for it in outcomes if isinstance(it, Published) for emit in it.emits]
        for emit in sorted(emits, key=lambda it: it.last):
            self.hear(emit)
        if emits and hasattr(agent, "confirm"):
            await agent.confirm(emits)

    def hear(self, emit: Emit) -> None:
        """Takes an alert, or its state, from the broker."""
        if (alert := self.alert(emit)) is not None:
            self.heard.append(alert)
        elif emit.topic == self.context.topics.waves:
            assert emit.key is not None
            self.waves.append((emit.key.decode(), emit.value))
        elif emit.topic == self.context.topics.state:
            assert emit.last, "a state is published after its alert"
            assert emit.key is not None
            if emit.value is None:
                self.states.pop(emit.key, None)
            else:
                self.states[emit.key] = emit.value

    def alert(self, emit: Emit) -> MirrorAlert | AlertSummary | None:
        """The alert in an emit, if it is one."""
        if emit.topic != self.context.alerts_topic:
            return None
        read = decode_alert(emit.value, now=self.seconds)
        assert isinstance(read, Decoded)
        assert emit.headers == alert_headers(read.record), "whoever routes alerts reads their headers alone"
        return read.record

    @property
    def alerts(self) -> list[MirrorAlert]:
        """The alerts so far, summaries aside."""
        return [alert for alert in self.heard if isinstance(alert, MirrorAlert)]

    async def relay(self) -> None:
        """Publishes all that the store owes, and lets look-back have the words among it."""
        while await self.relaying.look() or await self.relaying.look_at_waves() or self.words:
            words, self.words = self.words, []
            await self.tell(self.lookback, *words)

    async def send(self, emit: Emit) -> Awaitable[object]:
        """What the relay publishes; the broker confirms it at once."""
        if emit.topic == self.context.topics.enrolled:
            assert emit.value is not None
            self.words.append(emit.value)
        else:
            self.hear(emit)
        confirmed: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        confirmed.set_result(None)
        return confirmed

    def __post_init__(self) -> None:
        self.screen = Screen(self.context)
        self.changed = Screen(self.context, "update")
        self.scan = Scan(self.context)
        self.remember = Remember(self.context)
        self.enrol = Enrol(self.context)
        self.lookback = Lookback(self.context)
        self.expunge = Expunge(self.context)
        self.judge = Judge(self.context)
        self.forget = Forget(self.context)
        self.relaying = Relay(self.context, self, SystemClock())

    async def ban(self, *bans: Record | bytes) -> None:
        """Enrols bans and lets look-back have the word of it."""
        await self.look_back(await self.tell(self.enrol, *bans))

    async def look_back(self, outcomes: Sequence[Outcome]) -> None:
        """Lets look-back have the words among what was published."""
        for outcome in outcomes:
            for emit in outcome.emits if isinstance(outcome, Published) else ():
                if emit.topic == self.context.topics.enrolled:
                    await self.tell(self.lookback, emit.value)


def dead(outcomes: Sequence[Outcome]) -> list[str]:
    """The reasons of the dead letters among outcomes."""
    return [outcome.reason for outcome in outcomes if isinstance(outcome, Dead)]


MakeLife = Callable[..., Life]


def a_life(weights: Weights | None = None, **alert_policy: Any) -> Life:
    """A context under given rules, and the shipped weights unless others are given."""
    pepper = Pepper(1, b"p" * 32)
    life: Life
    context = AgentContext(
        store=MemoryStore(Bounds()),
        keyers=((1, pepper.digest),),
        weighing=Weighing.by(weights or default_weights()),
        topics=Names("t."),
        metrics=Metrics(CollectorRegistry(), operations=OPERATIONS),
        now=lambda: life.seconds,
        ticks=lambda: life.seconds,
        alert_policy=AlertPolicy(**alert_policy),
    )
    life = Life(context)
    return life


@pytest.fixture
def make_life() -> MakeLife:
    """Builds a context under given rules."""
    return a_life


@pytest.fixture
def life(make_life: MakeLife) -> Life:
    """A context under the usual rules."""
    return make_life()
