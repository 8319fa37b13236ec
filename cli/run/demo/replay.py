"""Replays the sample stream, a wave in its midst, at a steady pace; remembers when each record was sent."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from schemas.accounts import Account, AccountCreated
from schemas.keys import account_key
from schemas.record import Record
from schemas.wire import encode
from simulate.timeline.events import EventLabel, PlatformTopic, SimulatedEvent, Truth
from simulate.timeline.records import moment
from streams.kafka.client import writer
from streams.settings import Settings

CONFIRM_SECONDS = 20.0


@dataclass(slots=True)
class PublishedEvents:
    """What went out. ``accounts`` and ``bans`` say when (monotonic seconds) each key was last sent."""

    accounts: dict[str, float] = field(default_factory=dict)
    bans: dict[str, float] = field(default_factory=dict)
    by_topic: Counter[str] = field(default_factory=Counter)
    truths: list[Truth] = field(default_factory=list)
    broken: int = 0
    finished: bool = False
    fault: str = ""

    @property
    def total(self) -> int:
        return sum(self.by_topic.values())


class DemoReplay(threading.Thread):
    """Sends events over ``seconds``, or until :meth:`stop`."""

    def __init__(self, settings: Settings, events: Sequence[SimulatedEvent], seconds: float) -> None:
        super().__init__(name="replay", daemon=True)
        self.sent = PublishedEvents()
        self._settings = settings
        self._events = events
        self._seconds = seconds
        self._told = threading.Event()

    def stop(self) -> None:
        self._told.set()

    def run(self) -> None:
        """Sends until done or stopped. Keeps a fault instead of raising it."""
        try:
            start, count = time.monotonic(), max(len(self._events), 1)
            last = None
            with writer(self._settings) as out:
                for number, event in enumerate(self._events):
                    wait = start + self._seconds * number / count - time.monotonic()
                    if self._told.wait(max(wait, 0.0)):
                        break
                    now = time.monotonic()
                    self.sent.by_topic[event.topic] += 1
                    if not isinstance(event.value, Record):
                        self.sent.broken += 1
                    elif event.topic in (PlatformTopic.CREATED, PlatformTopic.UPDATED):
                        self.sent.accounts[event.key] = now
                    elif event.topic == PlatformTopic.BANNED:
                        self.sent.bans[event.key] = now
                    if event.label.truth is not None:
                        self.sent.truths.append(event.label.truth)
                    value = encode(event.value) if isinstance(event.value, Record) else event.value
                    topic = self._settings.topic_prefix + event.topic
                    last = out.send(topic, value=value, key=event.key.encode(), headers=[])
                if last is not None:
                    last.get(CONFIRM_SECONDS)
        except Exception as fault:  # a thread's fault would only be printed; the summary must tell it
            self.sent.fault = type(fault).__name__
        self.sent.finished = True


SIGN_UPS: Final = 10
"""Workers publish a wave of five and again one of ten, so that both are seen at once."""

_PAUSE_SECONDS: Final = 6.0
_BIO: Final = "Earn 300 a day from home, no experience needed, ask t.me/nicole_private how it works"


def with_wave(events: Sequence[SimulatedEvent]) -> list[SimulatedEvent]:
    """Returns the events with those of a wave in their midst; none where there are no events."""
    if not events:
        return []
    middle = len(events) // 2
    wave: list[SimulatedEvent] = []
    for number in range(SIGN_UPS):
        at = events[middle].at + _PAUSE_SECONDS * number
        account_id = f"wave-{number + 1}"
        value = AccountCreated(
            event_id=f"created-{account_id}",
            version=1,
            occurred_at=moment(at),
            platform="x",
            account=Account(
                account_id=account_id,
                handle=f"nicole_{1_000 + 371 * number}",
                bio=_BIO,
                ip=f"203.0.113.{number + 1}",
            ),
        )
        label = EventLabel("wave", "en")
        key = account_key("x", account_id)
        wave.append(SimulatedEvent(at, PlatformTopic.CREATED, key, value, label))
    return [*events[:middle], *wave, *events[middle:]]
