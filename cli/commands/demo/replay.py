"""Replays the sample stream at a steady pace, and remembers when each record was sent."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.record import Record
from schemas.wire import encode
from simulate.timeline.events import PlatformTopic, SimulatedEvent, Truth
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
